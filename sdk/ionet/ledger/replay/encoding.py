"""Accounts in the programs' own bytes, as events say what they hold.

What no event says (bumps, versions, reserved bytes) is zero.
"""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from typing import Any, cast

from ionet.chain.schema import Account
from ionet.ledger.replay import records as r
from ionet.ledger.replay.compare import types


def account_of(record: r.Record) -> Account | None:
    """The account of a record; None: its type has no fixed size."""
    kind = types()[record.KIND]
    if kind.SIZE is None:
        return None
    account = kind.decode(kind.DISCRIMINATOR + bytes(kind.SIZE - len(kind.DISCRIMINATOR)))
    for path, value in record.stated():
        account = cast("Account", _with(account, path.split("."), value))
    return account


def _with(part: Any, steps: list[str], value: Any) -> Any:
    """A part of an account in which what is at the end of the steps is another value."""
    if not steps:
        return _fitted(part, value)
    step, rest = steps[0], steps[1:]
    if step.isdigit():
        at = int(step)
        return (*part[:at], _with(part[at], rest, value), *part[at + 1 :])
    return replace(part, **{step: _with(getattr(part, step), rest, value)})


def _fitted(there: Any, value: Any) -> Any:
    """A record's value in the form of its account."""
    match value:
        case r.Slots():
            slots = tuple(
                replace(
                    slot,
                    amount=its.amount,
                    weight=its.weight,
                    ready_at=its.ready_at,
                    counts_to=its.counts_to,
                )
                for slot, its in zip(there.slots, value.slots, strict=True)
            )
            return replace(there, slots=slots)
        case r.Snapshot():
            return replace(there, week=value.week, now=value.now, past=tuple(value.past))
        case r.Outflow():
            return replace(there, day=value.day, out=tuple(value.out))
        case tuple():
            return (*value, *there[len(value) :])
        case int() if isinstance(there, IntEnum):
            return type(there)(value)
    return value
