"""The tables of a ledger, the same in SQLite and PostgreSQL.

Addresses are their 32 bytes. Sums are kept as billions and units of base units, since a sum of many amounts
may have more than 63 bits.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

#: Of the tables below; a ledger of another version is refused.
VERSION: Final = 2
#: Of a ledger of which some rows are in files: software that does not know of them refuses it.
VERSION_WITH_FILES: Final = 3

metadata: Final = sa.MetaData()


def _table(name: str, *columns: sa.Column[Any] | sa.Index) -> sa.Table:
    """A table that SQLite keeps in the order of its key."""
    return sa.Table(name, metadata, *columns, sqlite_with_rowid=False)


def _big(name: str, *, key: bool = False, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, primary_key=key, nullable=null, autoincrement=False)


def _small(name: str, *, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, primary_key=key, nullable=False, autoincrement=False)


def _bytes(name: str, *, key: bool = False, null: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, primary_key=key, nullable=null)


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=False)


#: Facts about the ledger itself: version, chain, and up to which slot it is whole.
meta: Final = _table("meta", _text("name", key=True), _text("value"))

#: Types of events, and what is summed up, by number.
kinds: Final = _table("kinds", _small("id", key=True), _text("name"))

#: Currencies by number; IO is 0.
mints: Final = _table("mints", _small("id", key=True), _bytes("address"))

transactions: Final = _table(
    "transactions",
    _big("slot", key=True),
    _small("tx", key=True),
    _text("signature"),
    _big("time"),
    # Whether its log was cut, so that events of it may be missing.
    _small("truncated"),
)
# Ledgers that were made before it do without it: they find a signature by reading all of them.
sa.Index("transactions_by_signature", transactions.c.signature)

events: Final = _table(
    "events",
    _big("slot", key=True),
    _small("tx", key=True),
    _small("instruction", key=True),
    _small("inner", key=True),
    _small("part", key=True),
    _small("kind"),
    # Of its slot, Unix seconds.
    _big("time"),
    _bytes("account", null=True),
    _bytes("also", null=True),
    _big("seq", null=True),
    # As the program wrote it.
    _bytes("data"),
)
sa.Index("events_by_account", events.c.account)
sa.Index(
    "events_by_also",
    events.c.also,
    sqlite_where=events.c.also.is_not(None),
    postgresql_where=events.c.also.is_not(None),
)

#: A type's events in their order. As a sum, since planners would prefer a type's number to an account's.
kind_of_event: Final = events.c.kind + sa.literal_column("0")
# Ledgers that were made before it do without it: they find a type by reading events of all.
sa.Index("events_by_kind", kind_of_event, *events.primary_key.columns)

#: Whom a booking names: who rents, pays or gets the refund (1), who supplies (2), or both (3).
parties: Final = _table(
    "parties",
    _bytes("address", key=True),
    _big("slot", key=True),
    _small("tx", key=True),
    _small("instruction", key=True),
    _small("inner", key=True),
    _small("part", key=True),
    _small("role"),
    _bytes("job"),
)

#: How many events each account has counted, and the highest number: equal where nothing is missing.
heads: Final = _table(
    "heads", _small("program", key=True), _bytes("account", key=True), _big("events"), _big("top")
)

#: Class of a node; node, class and currency of a job. For the sums by class.
places: Final = _table(
    "places", _bytes("address", key=True), _bytes("node", null=True), _small("class"), _small("mint")
)


#: Files with the rows of old hours; see `ionet.ledger.archive`.
files: Final = _table(
    "files",
    _big("number", key=True),
    *(_big(name) for name in ("first_slot", "last_slot", "first_time", "last_time")),
    *(_big(name) for name in ("transactions", "events", "size")),
    _bytes("digest"),
)

#: Which of these files have what; see `ionet.ledger.sieves`.
sieves: Final = _table("sieves", _small("bucket", key=True), _big("number", key=True), _bytes("prints"))

#: Leases of which rows are in files: the node, and when and why a lease first ended.
leases: Final = _table(
    "leases",
    _bytes("job", key=True),
    _bytes("node"),
    _big("ended", null=True),
    _big("reason", null=True),
)
sa.Index("leases_by_node", leases.c.node)


def _sums(name: str, *keys: sa.Column[Any]) -> sa.Table:
    more = (_small("kind", key=True), _small("mint", key=True))
    return _table(name, *keys, *more, _big("events"), _big("billions"), _big("units"))


#: How many events of a kind, and what they moved: in an hour, of a class in an hour, of a node, of a job.
by_hour: Final = _sums("by_hour", _big("hour", key=True))
by_class: Final = _sums("by_class", _small("class", key=True), _big("hour", key=True))
by_node: Final = _sums("by_node", _bytes("node", key=True))
by_job: Final = _sums("by_job", _bytes("job", key=True))
