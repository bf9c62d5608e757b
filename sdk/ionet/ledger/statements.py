"""What a ledger's readers ask its database: each statement is made once, as that takes longer than an answer.

Where there is no bound, bounds are `FIRST` and `LAST`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from ionet.ledger import schema

#: Before and after every slot and time.
FIRST: Final = -(1 << 62)
LAST: Final = (1 << 62) - 1

_C, _T = schema.events.c, schema.transactions.c
_ORDER: Final = (_C.slot, _C.tx, _C.instruction, _C.inner, _C.part)
_PLACE: Final = ("slot", "tx", "instruction", "inner", "part")
_BOOKED: Final = schema.events.alias().c
_ENDED: Final = schema.events.alias().c
_BEFORE: Final = schema.events.alias().c


def _place(columns: Any) -> sa.Tuple:
    """Places; as bound values, `place_slot` and so on."""
    return sa.tuple_(*(columns[name] for name in _PLACE))


def _bound_place() -> sa.Tuple:
    types = (sa.BigInteger(), *(sa.Integer() for _ in _PLACE[1:]))
    return sa.tuple_(
        *(sa.bindparam(f"place_{name}", type_=kind) for name, kind in zip(_PLACE, types, strict=True))
    )


def _most() -> sa.BindParameter[int]:
    return sa.bindparam("most", type_=sa.Integer())


def of_place(place: tuple[int, ...]) -> dict[str, int]:
    """The values of a place."""
    return dict(zip((f"place_{name}" for name in _PLACE), place, strict=True))


def of_kinds(kinds: list[int]) -> dict[str, int]:
    """The values of kinds."""
    return {f"kind_{number}": kind for number, kind in enumerate(kinds)}


def _of_kinds(many: int) -> sa.ColumnElement[bool]:
    return _C.kind.in_([sa.bindparam(name, type_=sa.Integer()) for name in of_kinds([0] * many)])


class Inside(NamedTuple):
    """What there is of some slots, in the chain's order."""

    transactions: sa.Select[Any]
    events: sa.Select[Any]


def between(after: int, upto: int) -> Inside:
    """What there is of the slots after `after` up to `upto`."""
    sent = sa.select(_T.slot, _T.tx, _T.signature, _T.time, _T.truncated)
    return Inside(
        sent.where(_T.slot > after, _T.slot <= upto).order_by(_T.slot, _T.tx),
        sa.select(schema.events).where(_C.slot > after, _C.slot <= upto).order_by(*_ORDER),
    )


@cache
def page(by: str, kinds: int | None, *, newest_first: bool, beyond: bool) -> sa.Select[Any]:
    """Events with signatures, of slots after `after` up to `upto`, `most` of them: a walk along an index.

    Args:
        by: account or also, which is `about`; kind; empty: all events.
        kinds: how many kinds they may have; None: any.
        newest_first: the other way round.
        beyond: only those that follow a place.
    """
    its = sa.select(_T.signature).where(_T.slot == _C.slot, _T.tx == _C.tx).scalar_subquery()
    query = sa.select(schema.events, its.label("signature"))
    query = query.where(_C.slot > sa.bindparam("after"), _C.slot <= sa.bindparam("upto"))
    if by == "kind":
        query = query.where(schema.kind_of_event == sa.bindparam("kind", type_=sa.Integer()))
    elif by:
        query = query.where(_C[by] == sa.bindparam("about"))
    if kinds is not None:
        query = query.where(_of_kinds(kinds))
    if beyond:
        here = _place(_C)
        query = query.where(here < _bound_place() if newest_first else here > _bound_place())
    return query.order_by(*(column.desc() if newest_first else column for column in _ORDER)).limit(_most())


@cache
def watched(kinds: int | None, *, about: bool) -> sa.Select[Any]:
    """Events with signatures and places in their transactions, in the chain's order.

    They are of slots after `after` up to `upto`, of times from `since` to `until`, about `about`.
    """
    inside = _PLACE[2:]
    index = (
        sa.select(sa.func.count())
        .where(_BEFORE.slot == _C.slot, _BEFORE.tx == _C.tx)
        .where(sa.tuple_(*(_BEFORE[n] for n in inside)) < sa.tuple_(*(_C[n] for n in inside)))
        .scalar_subquery()
    )
    its = sa.and_(_T.slot == _C.slot, _T.tx == _C.tx)
    query = sa.select(_C.slot, _C.time, _C.kind, _C.data, _T.signature, index.label("place"))
    query = query.join_from(schema.events, schema.transactions, its)
    query = query.where(_C.time >= sa.bindparam("since"), _C.time <= sa.bindparam("until"))
    query = query.where(_C.slot > sa.bindparam("after"), _C.slot <= sa.bindparam("upto"))
    if about:
        query = query.where(sa.or_(_C.account == sa.bindparam("about"), _C.also == sa.bindparam("about")))
    if kinds is not None:
        query = query.where(_of_kinds(kinds))
    return query.order_by(*_ORDER)


@cache
def bookings(*, beyond: bool) -> sa.Select[Any]:
    """Places and jobs that `address` has to do with, booked up to the slot `upto`, `most` of them."""
    c = schema.parties.c
    order = [c[name] for name in _PLACE]
    query = sa.select(*order, c.job).where(
        c.address == sa.bindparam("address"), c.slot <= sa.bindparam("upto")
    )
    if beyond:
        query = query.where(_place(c) > _bound_place())
    return query.order_by(*order).limit(_most())


@cache
def booked_by() -> sa.Select[Any]:
    """Jobs that `address` has to do with in one of the roles `wanted`, in the chain's order."""
    c = schema.parties.c
    role = c.role.bitwise_and(sa.bindparam("wanted", type_=sa.Integer())) != 0
    query = sa.select(c.job).where(c.address == sa.bindparam("address"), role)
    return query.order_by(*(c[name] for name in _PLACE))


@cache
def leases() -> sa.Select[Any]:
    """Endings up to the time `until` of leases of `nodes`, by kinds `booked` and `ended`, in their order."""
    query = sa.select(_BOOKED.also, _BOOKED.account, _ENDED.data).where(
        _BOOKED.kind == sa.bindparam("booked"),
        _ENDED.account == _BOOKED.account,
        _ENDED.kind == sa.bindparam("ended"),
        _ENDED.time <= sa.bindparam("until"),
        _BOOKED.also.in_(sa.bindparam("nodes", expanding=True)),
    )
    return query.order_by(*(_ENDED[name] for name in _PLACE))


@cache
def totals(table: str, keys: tuple[str, ...]) -> sa.Select[Any]:
    """Sums of a table by kind and currency, of those rows that have these keys."""
    c = schema.metadata.tables[table].c
    sums = [sa.func.sum(c[name]).label(name) for name in ("events", "billions", "units")]
    query = sa.select(c.kind, c.mint, *sums).group_by(c.kind, c.mint)
    return query.where(*(c[name] == sa.bindparam(f"of_{name}") for name in keys))


#: The first transaction of the slot `least` or later, and the last slot there is.
LATER: Final = (
    sa.select(_T.slot, _T.time).where(_T.slot >= sa.bindparam("least")).order_by(_T.slot).limit(sa.literal(1))
)
LAST_SLOT: Final = sa.select(sa.func.max(_T.slot))
#: Where the transaction `signed` is, and the events of the transaction `tx` of `in_slot`.
PLACE_OF: Final = sa.select(_T.slot, _T.tx).where(_T.signature == sa.bindparam("signed"))
EVENTS_OF: Final = (
    sa.select(schema.events, sa.bindparam("signed", type_=sa.Text()).label("signature"))
    .where(_C.slot == sa.bindparam("in_slot"), _C.tx == sa.bindparam("tx"))
    .order_by(*_ORDER)
)
