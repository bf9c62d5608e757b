"""The tables of the books, the same in SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

#: Of the tables below; books of another version are refused.
VERSION: Final = 1

metadata: Final = sa.MetaData()


def _table(name: str, *columns: sa.Column[Any] | sa.Index | sa.UniqueConstraint) -> sa.Table:
    return sa.Table(name, metadata, *columns)


def _big(name: str, **more: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False, **more)


def _text(name: str, **more: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, **more)


#: Facts about the books: their version. Whoever checks a limit locks its row until the payment is in.
meta: Final = _table("meta", _text("name", primary_key=True), _text("value"))

quotes: Final = _table(
    "quotes",
    _text("id", primary_key=True),
    _text("customer", index=True),
    _big("expires"),
    # As JSON: what was offered, and at what price.
    _text("body"),
)

payments: Final = _table(
    "payments",
    _text("id", primary_key=True),
    # A quote is paid once.
    _text("quote", unique=True),
    _text("customer", index=True),
    _text("state"),
    _text("dispute"),
    _text("intent", index=True),
    _text("job", index=True),
    _text("card", index=True),
    _big("total"),
    _big("created"),
    # When it is looked at next, and how many messages about it have not been looked into.
    _big("due", index=True),
    _big("look"),
    _big("version"),
    # As JSON: all of it.
    _text("body"),
)

postings: Final = _table(
    "postings",
    _text("payment", primary_key=True),
    _big("version", primary_key=True),
    _big("part", primary_key=True),
    _big("at"),
    _text("giver"),
    _text("taker"),
    _big("units"),
    _text("why"),
)

#: Signed transactions, kept before any of them is sent.
outbox: Final = _table(
    "outbox",
    _text("payment", primary_key=True),
    _big("attempt", primary_key=True),
    _text("signature", unique=True),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    _big("last_valid"),
    _big("slot"),
    _text("job"),
    _big("at"),
)

#: Messages of the card's side, each taken once.
messages: Final = _table(
    "messages", _text("id", primary_key=True), _text("kind"), _text("payment"), _big("at")
)
