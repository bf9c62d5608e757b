"""Arguments that several commands take, and their parsers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer
from solders.pubkey import Pubkey

from ionet import IO, AmountError, ConfigError
from ionet.formats.when import DAY, HOUR, MINUTE

#: Seconds in each unit of a length of time.
UNITS: Final = {"s": 1, "min": MINUTE, "h": HOUR, "d": DAY}


def address(text: str) -> Pubkey:
    """Returns an address given in base58, or as a keypair file."""
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
    """Returns an amount of IO above zero, such as `12.5`."""
    try:
        amount = IO(text)
    except AmountError as bad:
        raise typer.BadParameter(str(bad)) from None
    if amount.base <= 0:
        raise typer.BadParameter(f"an amount must be above zero, not {text}")
    if amount.base >= 1 << 64:
        raise typer.BadParameter(f"{text} IO is more than can exist")
    return amount


def percent(text: str) -> int:
    """Returns a percentage with at most two decimals as basis points: `12.5` is 1,250."""
    from decimal import Decimal, InvalidOperation

    try:
        bps = Decimal(text.removesuffix("%")) * 100
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not a percentage") from None
    if not bps.is_finite() or bps != int(bps) or not 0 <= bps <= 10_000:
        raise typer.BadParameter(f"{text!r} is not a percentage from 0 to 100 with at most two decimals")
    return int(bps)


def digest(text: str) -> bytes:
    """Returns the 32 bytes of a hash given as hex."""
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != 32:
        raise typer.BadParameter(f"{text!r} is not a sha256: 64 hexadecimal digits")
    return data


def length_of(text: str) -> int:
    """Returns the seconds in a length of time such as `14d`."""
    match = re.fullmatch(r"(\d+)\s*(s|min|h|d)", text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r} is not a length of time; write for example 90s, 30min, 5h or 14d")
    return int(match[1]) * UNITS[match[2]]


NodeAddress: TypeAlias = Annotated[
    Pubkey, typer.Argument(metavar="NODE", parser=address, help="The node's address.")
]
IoAmount: TypeAlias = Annotated[IO, typer.Argument(metavar="AMOUNT", parser=io_amount, help="How much IO.")]
