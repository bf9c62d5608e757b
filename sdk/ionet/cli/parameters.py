"""Parameters of programs as people write them: `500 IO`, `14d`, `0.25%`; shown values can be given again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import typer
from solders.pubkey import Pubkey

from ionet import IO, USD, Amount, AmountError
from ionet.cli.arguments import UNITS, address, length_of
from ionet.cli.failures import UserError

#: Amounts, by their unit; `*_bps` are shares; addresses and hashes are recognised by their type.
AMOUNTS: Final[Mapping[str, type[Amount]]] = {
    **dict.fromkeys(("min_stake", "bond", "challenge_bond"), IO),
    **dict.fromkeys(("min_lot", "large_daily_usd"), USD),
}
#: Lengths of time in seconds.
LENGTHS: Final = frozenset(
    {
        *("appeal", "challenge_freeze", "challenge_window", "cooldown", "extension", "hold", "hold_up"),
        *("max_price_age", "period", "verdict_age", "voting"),
    }
)
#: Plain numbers.
COUNTS: Final = frozenset({"attesters", "attesters_large", "up_hours"})


def value_of(name: str, raw: Any) -> Any:
    """Returns a parameter for JSON: amounts in their unit, the rest as it is on the chain."""
    return AMOUNTS[name].from_base(raw) if name in AMOUNTS else raw


def written(name: str, raw: Any) -> str:
    """Returns a parameter as people write it."""
    if isinstance(raw, Pubkey):
        return "nobody" if raw == Pubkey.default() else str(raw)
    if isinstance(raw, bytes):
        return raw.hex()
    if name in LENGTHS:
        unit = next(unit for unit in ("d", "h", "min", "s") if raw % UNITS[unit] == 0)
        return f"{raw // UNITS[unit]}{unit}"
    if name.endswith("_bps"):
        return f"{Decimal(raw) / 100:f}%"
    return str(value_of(name, raw))


def changes_of(current: Mapping[str, Any], texts: Iterable[str]) -> dict[str, Any]:
    """Returns new values of parameters from `NAME=VALUE`, for `ionet.governance.parameters`.

    Args:
        current: the present parameters, by name.
        texts: what the person wrote.

    Raises:
        UserError: it is not `NAME=VALUE`, a name is given twice, or a value cannot be read.
    """
    changes: dict[str, Any] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise UserError(f"{text!r} is not of the form NAME=VALUE")
        if name in changes:
            raise UserError(f"{name} is given twice")
        # An unknown name is left to `parameters`, which knows all names.
        changes[name] = _read(name, value.strip(), current[name]) if name in current else value
    return changes


def _read(name: str, text: str, current: Any) -> Any:
    try:
        if isinstance(current, Pubkey):
            return Pubkey.default() if text == "nobody" else address(text)
        if isinstance(current, bytes):
            return _hash(text, len(current))
        if name in AMOUNTS:
            unit = AMOUNTS[name]
            return unit(text.removesuffix(unit.SYMBOL).strip()).base
        if text.endswith("%"):
            return _bps(name, text)
        if name in LENGTHS and not text.isdigit():
            return length_of(text)
        return int(text)
    except (typer.BadParameter, AmountError) as bad:
        raise UserError(f"{name}: {bad}") from None
    except (ValueError, InvalidOperation):
        raise UserError(
            f"{name}: {text!r} is not a value such as {written(name, current)}, which it has now"
        ) from None


def _hash(text: str, size: int) -> bytes:
    data = bytes.fromhex(text)
    if len(data) != size:
        raise ValueError
    return data


def _bps(name: str, text: str) -> int:
    bps = Decimal(text.removesuffix("%").strip()) * 100
    if not name.endswith("_bps") or not bps.is_finite() or bps != int(bps):
        raise ValueError
    return int(bps)
