"""How many transactions and events a ledger has: kept as they are written, since to count them takes long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from ionet.ledger import schema
from ionet.ledger.rowfiles import Facts

#: Their names in `meta`.
NAMES: Final = ("transactions", "events")

_M: Final = schema.meta.c
_KEPT: Final = sa.select(_M.name, _M.value).where(_M.name.in_(NAMES))
_ADDED: Final = (
    sa.update(schema.meta)
    .where(_M.name == sa.bindparam("of"))
    .values(
        value=sa.cast(sa.cast(_M.value, sa.BigInteger) + sa.bindparam("more", type_=sa.BigInteger()), sa.Text)
    )
)


def kept(connection: sa.Connection) -> tuple[int, int] | None:
    """Transactions and events; None: the ledger was made by software that did not keep them."""
    there = {row.name: int(row.value) for row in connection.execute(_KEPT)}
    return None if len(there) < len(NAMES) else (there["transactions"], there["events"])


def add(connection: sa.Connection, transactions: int, events: int) -> None:
    """Counts what is written, or with negative numbers what is taken back."""
    for name, more in zip(NAMES, (transactions, events), strict=True):
        connection.execute(_ADDED, {"of": name, "more": more})


def counted(connection: sa.Connection, filed: Sequence[Facts]) -> tuple[int, int]:
    """Transactions and events, one by one.

    Args:
        connection: of the ledger's database.
        filed: its files.
    """
    sent = schema.transactions.c.slot
    # Those whose logs were cut stay in the table, too.
    upto = filed[-1].last_slot if filed else -1
    rest = connection.execute(sa.select(sa.func.count()).where(sent > upto)).scalar_one()
    events = connection.execute(sa.select(sa.func.sum(schema.by_hour.c.events))).scalar()
    return sum(each.transactions for each in filed) + rest, int(events or 0)


def keep(connection: sa.Connection, filed: Sequence[Facts]) -> None:
    """Counts what was written by software that did not, once.

    Args:
        connection: of the ledger's database.
        filed: its files.
    """
    if kept(connection) is None:
        rows = zip(NAMES, map(str, counted(connection, filed)), strict=True)
        connection.execute(sa.delete(schema.meta).where(_M.name.in_(NAMES)))
        connection.execute(sa.insert(schema.meta), [{"name": name, "value": value} for name, value in rows])


__all__ = ["NAMES", "add", "counted", "keep", "kept"]
