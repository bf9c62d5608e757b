"""From the ledger's values to those of the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlencode

from solders.pubkey import Pubkey

from ionet import pda
from ionet.chain.amounts import IO, Amount
from ionet.explorer import _models as m
from ionet.ledger import Place, Signed, State
from ionet.staking.hardware import hardware_classes
from ionet.token.currency import unit_of

if TYPE_CHECKING:
    from ionet import accounts

NOBODY: Final = Pubkey.default()
_PLACE: Final = re.compile(r"-?[0-9]{1,19}(\.-?[0-9]{1,10}){4}", re.ASCII)


class BadQuestion(Exception):
    """What was asked cannot be meant; the text says what would be right."""


def money(amount: Amount) -> m.Money:
    """An amount."""
    exact = format(amount.to_decimal(), "f")
    return m.Money(amount=exact, unit=type(amount).SYMBOL, base=str(amount.base))


def of_io(base: int) -> m.Money:
    """Base units of IO."""
    return money(IO.from_base(base))


def unit(state: State, mint: Pubkey) -> type[Amount]:
    """The amount type of a currency; of one that no event has named, whole base units."""
    if mint == pda.mint.MINT:
        return IO
    currency = state.currencies.get(mint)
    if currency is None:
        return type("Units", (Amount,), {"__slots__": (), "SYMBOL": f"units of {mint}", "DECIMALS": 0})
    # A record has the fields of its account.
    return unit_of(cast("accounts.jobs.Currency", currency))


@cache
def _class_names() -> dict[int, str]:
    return {class_.id: class_.name for class_ in hardware_classes()}


def class_name(number: int) -> str:
    """A class's name, by the table that ids on the chain are taken from."""
    return _class_names().get(number, f"class {number}")


def word(value: Enum) -> str:
    """A member of an enumeration, as the API writes it."""
    return value.name.lower().replace("_", " ")


def known(key: Pubkey) -> str | None:
    """An address, or None where there is none."""
    return None if key == NOBODY else str(key)


def text(raw: bytes) -> str:
    """Text that others wrote; what does not belong into a line of text is shown as �."""
    written = raw.rstrip(b"\0").decode(errors="replace")
    return "".join(sign if sign.isprintable() else "�" for sign in written)


def plain(value: Any) -> Any:
    """A field of an event for JSON: whole numbers as text."""
    # By its very type first: pages have hundreds of fields.
    if (made := _PLAIN.get(type(value))) is not None:
        return made(value)
    match value:
        case str():
            return value
        case Enum():
            return value.name.lower()
        case list() | tuple():
            return [plain(item) for item in value]
    if is_dataclass(value):
        return {name: plain(getattr(value, its)) for its, name in _names(value.__class__)}
    return str(value)


_PLAIN: Final[Mapping[type, Callable[[Any], Any]]] = {
    bool: bool,
    type(None): lambda _: None,
    str: str,
    int: str,
    Pubkey: str,
    bytes: bytes.hex,
}


@cache
def _names(kind: Any) -> tuple[tuple[str, str], ...]:
    """The fields of a record, and what they are called in JSON."""
    return tuple((field.name, field.name.rstrip("_")) for field in fields(kind))


def place_text(place: Place) -> str:
    """A place as text, also a cursor."""
    return ".".join(map(str, (place.slot, place.tx, place.instruction, place.inner, place.part)))


def place_of(cursor: str) -> Place:
    """The place that a cursor names.

    Raises:
        BadQuestion: it names none.
    """
    if not _PLACE.fullmatch(cursor):
        raise BadQuestion("the cursor is none that an answer has named as its `next`")
    numbers = [int(part) for part in cursor.split(".")]
    if any(abs(number) >= 1 << 31 for number in numbers[1:]) or abs(numbers[0]) >= 1 << 63:
        raise BadQuestion("the cursor is none that an answer has named as its `next`")
    return Place(*numbers)


def address_of(given: str) -> Pubkey:
    """An address.

    Raises:
        BadQuestion: it is none.
    """
    try:
        return Pubkey.from_string(given)
    except ValueError:
        raise BadQuestion(f"{given[:60]!r} is no address: one is 32 to 44 letters and digits") from None


def event_of(signed: Signed, index: int | None = None) -> m.Event:
    """An event; with its place in its transaction, also the bytes that the program wrote."""
    entry = signed.entry
    fields_ = {"data": entry.data.hex()} if entry.event is None else plain(entry.event)
    return m.Event(
        place=place_text(entry.place),
        time=entry.time,
        slot=entry.place.slot,
        signature=signed.signature,
        name=entry.name,
        fields=fields_,
        data=None if index is None else entry.data.hex(),
        index=index,
    )


def events_at(**asked: Any) -> str:
    """Where the API shows the events that a number is the sum of."""
    wanted = [(name, value) for name, value in asked.items() if value is not None]
    flat = [(k, v) for k, value in wanted for v in (value if isinstance(value, tuple) else (value,))]
    return f"/api/v1/events?{urlencode(flat)}"
