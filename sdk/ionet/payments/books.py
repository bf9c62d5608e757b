"""The books: quotes, payments with every movement of their money, signed transactions, messages taken.

Each step of a payment is one transaction of the database: the payment as it then stands, its postings, and
what is to be sent. It is written only if the payment is still as it was when the step was thought out, so
that two processes on the same books never do the same thing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final

import sqlalchemy as sa

from ionet.chain.errors import ConfigError, IonetError
from ionet.payments import schema
from ionet.payments.machine import Step
from ionet.payments.payment import Payment, dumped, loaded
from ionet.payments.purse import Account, Posting, Purse
from ionet.payments.quoting import CardQuote
from ionet.payments.spent import Spent

#: Seconds for which a payment that has ended is left alone.
NEVER: Final = 2**62


class Stale(IonetError):
    """Somebody else has taken the next step of a payment; it has to be read again."""


class BooksDown(IonetError):
    """The database takes nothing at present: its disk is full, or it is away. Ask again."""


class QuoteGone(IonetError):
    """There is no such quote, or it is of somebody else, or over."""


@dataclass(frozen=True, slots=True)
class Out:
    """A signed transaction.

    Attributes:
        signature: its first one, which names it, base58.
        raw: its bytes.
        last_valid: the last block in which it can land.
        slot: of the chain when it was made.
        job: address of the job that it books or extends.
    """

    signature: str
    raw: bytes
    last_valid: int
    slot: int
    job: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A posting as the books have it.

    Attributes:
        payment: of which payment.
        at: Unix seconds.
        posting: what moved.
    """

    payment: str
    at: int
    posting: Posting


class Books:
    """Books in a database.

    Args:
        url: of the database; its tables are made if it has none.

    Raises:
        ConfigError: it cannot be opened, or holds something else.
    """

    def __init__(self, url: sa.URL) -> None:
        self._engine = _engine(url)
        try:
            with self._engine.begin() as connection:
                schema.metadata.create_all(connection)
                rows = {row.name: row.value for row in connection.execute(sa.select(schema.meta))}
                if not rows:
                    version = str(schema.VERSION)
                    connection.execute(sa.insert(schema.meta).values(name="version", value=version))
                elif rows.get("version") != str(schema.VERSION):
                    raise ConfigError(
                        f"these books are of version {rows.get('version')}, not of {schema.VERSION}; use the"
                        " software that has made them"
                    )
        except BooksDown as bad:
            raise ConfigError(f"the books cannot be opened: {bad}") from None
        except sa.exc.DBAPIError as bad:
            raise ConfigError(f"the books cannot be opened: {_text(bad)}") from None

    def close(self) -> None:
        """Closes the database."""
        self._engine.dispose()

    def try_to_write(self) -> None:
        """Writes something, and changes nothing.

        Raises:
            BooksDown: nothing can be written at present.
        """
        with self._alone():
            pass

    # -- quotes and new payments

    def keep_quote(self, quote: CardQuote) -> None:
        """Keeps a quote, so that a payment names it instead of amounts."""
        row = {"id": quote.id, "customer": quote.customer, "expires": quote.expires, "body": quote.dumped()}
        with self._engine.begin() as connection:
            connection.execute(sa.delete(schema.quotes).where(schema.quotes.c.expires < quote.made - 86_400))
            connection.execute(sa.insert(schema.quotes).values(**row))

    def quote(self, id_: str, customer: str) -> CardQuote:
        """A customer's quote.

        Raises:
            QuoteGone: there is none.
        """
        asked = sa.select(schema.quotes.c.body).where(
            schema.quotes.c.id == id_, schema.quotes.c.customer == customer
        )
        with self._engine.connect() as connection:
            body = connection.execute(asked).scalar()
        if body is None:
            raise QuoteGone("there is no such quote; ask for a new one")
        return CardQuote.loaded(body)

    def open(self, payment: Payment, quote: str, refuse: Callable[[Spent], None]) -> Payment:
        """Begins a payment of a quote; the one that is there already, if there is one.

        Args:
            payment: the new one.
            quote: its quote.
            refuse: raises if limits do not allow it; nobody else begins one meanwhile.
        """
        with self._alone() as connection:
            asked = sa.select(schema.payments.c.body).where(schema.payments.c.quote == quote)
            body = connection.execute(asked).scalar()
            if body is not None:
                return loaded(body)
            refuse(Spent(connection))
            row = _row(payment) | {"quote": quote, "due": 0, "look": 0}
            connection.execute(sa.insert(schema.payments).values(**row))
        return payment

    def spent(self, since: int, **of: str) -> int:
        """See `Spent.cents`."""
        with self._engine.connect() as connection:
            return Spent(connection).cents(since, **of)

    # -- steps

    def record(self, before: Payment, step: Step, at: int, out: Out | None = None) -> Payment:
        """Writes a step of a payment, and what is to be sent with it. Gives the payment as it then stands.

        Raises:
            Stale: the payment is not as it was before any more; nothing is written.
            Unbalanced: the money would not add up; nothing is written.
        """
        after = step.payment
        if after == before:
            return before
        before.purse.after(step.postings).check()
        table = schema.payments
        rows = [
            {
                "payment": after.id,
                "version": after.version,
                "part": part,
                "at": at,
                "giver": posting.giver.value,
                "taker": posting.taker.value,
                "units": posting.units,
                "why": posting.why,
            }
            for part, posting in enumerate(step.postings)
        ]
        with self._engine.begin() as connection:
            where = (table.c.id == after.id) & (table.c.version == before.version)
            changed = connection.execute(sa.update(table).where(where).values(**_row(after), due=0))
            if changed.rowcount != 1:
                raise Stale(f"payment {after.id} has gone on meanwhile")
            if rows:
                connection.execute(sa.insert(schema.postings), rows)
            if out is not None:
                kept = {"payment": after.id, "attempt": after.attempt, "at": at, **asdict(out)}
                connection.execute(sa.insert(schema.outbox).values(**kept))
        return after

    def schedule(self, payment: Payment, due: int, *, whatever: bool = False) -> None:
        """Says when a payment is looked at next, unless something has happened to it since.

        Args:
            payment: as it was.
            due: Unix seconds.
            whatever: also if there are messages about it that could not be looked into.
        """
        table = schema.payments
        where = (table.c.id == payment.id) & (table.c.version == payment.version)
        if not whatever:
            where &= table.c.look == 0
        with self._engine.begin() as connection:
            connection.execute(sa.update(table).where(where).values(due=due))

    def take(self, message: str, kind: str, intent: str, at: int) -> bool:
        """Takes a message of the card's side, once: has the payment that it is about looked into.

        Args:
            message: its name.
            kind: its kind.
            intent: of the charge that it is about, or the payment's id.
            at: Unix seconds.

        Returns:
            Whether it is new.
        """
        table = schema.payments
        with self._alone() as connection:
            known = sa.select(schema.messages.c.id).where(schema.messages.c.id == message)
            if connection.execute(known).scalar() is not None:
                return False
            about = sa.select(table.c.id).where((table.c.intent == intent) | (table.c.id == intent))
            payment = (connection.execute(about).scalar() or "") if intent else ""
            row = {"id": message, "kind": kind, "payment": payment, "at": at}
            connection.execute(sa.insert(schema.messages).values(**row))
            poked = sa.update(table).where(table.c.id == payment)
            connection.execute(poked.values(due=0, look=table.c.look + 1))
        return True

    def looked(self, payment: str, count: int) -> None:
        """Says that so many messages about a payment have been looked into."""
        table = schema.payments
        update = sa.update(table).where(table.c.id == payment).values(look=table.c.look - count)
        with self._engine.begin() as connection:
            connection.execute(update)

    # -- reading

    def payment(self, id_: str, customer: str | None = None) -> Payment | None:
        """A payment; None: there is none, or it is another customer's.

        Args:
            id_: the payment's.
            customer: whose it has to be; None: anybody's.
        """
        table = schema.payments.c
        asked = sa.select(table.body).where(table.id == id_)
        if customer is not None:
            asked = asked.where(table.customer == customer)
        with self._engine.connect() as connection:
            body = connection.execute(asked).scalar()
        return None if body is None else loaded(body)

    def payments(self, **of: str) -> list[Payment]:
        """Payments in the order in which they were begun, by `customer`, `job`, `state` or `intent`."""
        table = schema.payments.c
        asked = sa.select(table.body).where(*(table[name] == value for name, value in of.items()))
        with self._engine.connect() as connection:
            rows = connection.execute(asked.order_by(table.created, table.id)).scalars()
            return [loaded(body) for body in rows]

    def due(self, now: int, most: int = 100) -> list[tuple[Payment, int]]:
        """Payments to be looked at now, with the number of messages about them that are new."""
        table = schema.payments.c
        asked = sa.select(table.body, table.look).where(table.due <= now).order_by(table.due).limit(most)
        with self._engine.connect() as connection:
            return [(loaded(row.body), int(row.look)) for row in connection.execute(asked)]

    def news(self, id_: str) -> int:
        """The number of messages about a payment that are new."""
        table = schema.payments.c
        with self._engine.connect() as connection:
            return int(connection.execute(sa.select(table.look).where(table.id == id_)).scalar_one())

    def frozen(self, customer: str, card: str = "") -> bool:
        """See `Spent.frozen`."""
        with self._engine.connect() as connection:
            return Spent(connection).frozen(customer, card)

    def out(self, payment: Payment) -> Out:
        """The transaction of a payment's latest attempt."""
        table = schema.outbox.c
        columns = (table.signature, table.raw, table.last_valid, table.slot, table.job)
        asked = sa.select(*columns).where(table.payment == payment.id, table.attempt == payment.attempt)
        with self._engine.connect() as connection:
            row = connection.execute(asked).one()
        return Out(row.signature, bytes(row.raw), int(row.last_valid), int(row.slot), row.job)

    def signed_at(self, payment: Payment) -> int:
        """When the transaction of a payment's latest attempt was signed, Unix seconds."""
        table = schema.outbox.c
        asked = sa.select(table.at).where(table.payment == payment.id, table.attempt == payment.attempt)
        with self._engine.connect() as connection:
            return int(connection.execute(asked).scalar_one())

    def entries(self, payment: str | None = None) -> list[Entry]:
        """Postings in order, of one payment or of all."""
        table = schema.postings.c
        asked = sa.select(schema.postings).order_by(table.payment, table.version, table.part)
        if payment is not None:
            asked = asked.where(table.payment == payment)
        with self._engine.connect() as connection:
            return [
                Entry(
                    row.payment,
                    int(row.at),
                    Posting(Account(row.giver), Account(row.taker), int(row.units), row.why),
                )
                for row in connection.execute(asked)
            ]

    # -- parts

    @contextmanager
    def _alone(self) -> Iterator[sa.Connection]:
        """A transaction beside which no other of its kind runs."""
        with self._engine.begin() as connection:
            # Writing first locks the row in PostgreSQL, and the file in SQLite.
            version = sa.update(schema.meta).where(schema.meta.c.name == "version")
            connection.execute(version.values(value=schema.meta.c.value))
            yield connection


def balances(entries: Sequence[Entry]) -> Purse:
    """What postings come to."""
    return Purse().after(entry.posting for entry in entries)


def _row(payment: Payment) -> dict[str, Any]:
    names = ("id", "customer", "dispute", "intent", "job", "card", "total", "created", "version")
    row: dict[str, Any] = {name: getattr(payment, name) for name in names}
    return row | {"state": payment.state.value, "body": dumped(payment)}


def _text(bad: sa.exc.DBAPIError) -> str:
    return " ".join(str(bad.orig).split())


def _engine(url: sa.URL) -> sa.Engine:
    engine = _engine_of(url)

    @sa.event.listens_for(engine, "handle_error")
    def _failed(context: sa.engine.ExceptionContext) -> None:
        # What is wrong with the database, and not with what is asked of it.
        if isinstance(bad := context.sqlalchemy_exception, sa.exc.OperationalError | sa.exc.InterfaceError):
            raise BooksDown(_text(bad))

    return engine


def _engine_of(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url)
    in_memory = not url.database or url.database == ":memory:"
    pool = sa.pool.StaticPool if in_memory else sa.pool.QueuePool
    arguments = {"timeout": 30, "isolation_level": None, "check_same_thread": False}
    engine = sa.create_engine(url, poolclass=pool, connect_args=arguments)

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # What was committed outlives a loss of power, too: transactions are kept before they are sent.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine
