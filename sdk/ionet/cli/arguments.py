"""Arguments that commands share, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from solders.pubkey import Pubkey

from ionet import IO, AmountError, ConfigError


def address(text: str) -> Pubkey:
    """An address in base58, or that of the keypair in a file."""
    try:
        return Pubkey.from_string(text)
    except ValueError:
        pass
    if not Path(text).expanduser().exists():
        raise typer.BadParameter(f"{text!r} is neither an address nor a keypair file")
    from ionet import load_keypair

    try:
        return load_keypair(text).pubkey()
    except ConfigError as bad:
        raise typer.BadParameter(str(bad)) from None


def io_amount(text: str) -> IO:
    """IO above zero: `12.5`."""
    try:
        found = IO(text)
    except AmountError as bad:
        raise typer.BadParameter(str(bad)) from None
    if found.base <= 0:
        raise typer.BadParameter(f"an amount is above zero, not {text}")
    if found.base >= 1 << 64:
        raise typer.BadParameter(f"{text} IO are more than there can be")
    return found


def percent(text: str) -> int:
    """Per cent with at most two decimals, as basis points: `12.5` is 1,250."""
    from decimal import Decimal, InvalidOperation

    try:
        bps = Decimal(text.removesuffix("%")) * 100
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not a number of per cent") from None
    if not bps.is_finite() or bps != int(bps) or not 0 <= bps <= 10_000:
        raise typer.BadParameter(f"{text!r} is not 0 to 100 per cent with at most two decimals")
    return int(bps)


def digest(text: str) -> bytes:
    """32 bytes as hex."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise typer.BadParameter(f"{text!r} is not a sha256: 64 hexadecimal digits")
    return found


NodeAddress: TypeAlias = Annotated[
    Pubkey, typer.Argument(metavar="NODE", parser=address, help="The node's address.")
]
IoAmount: TypeAlias = Annotated[IO, typer.Argument(metavar="AMOUNT", parser=io_amount, help="How many IO.")]
