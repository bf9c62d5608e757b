"""A ledger's database: opening it, writing what the chain did, reading it back.

One process writes, any number read. Everything that a call of `write` brings is one transaction, the sums
and the marks included; so whatever ends the process, the database is as after some whole call.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, islice, starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import sqlalchemy as sa
from solders.pubkey import Pubkey
from sqlalchemy.dialects import postgresql, sqlite

from ionet import events as event_types
from ionet import pda
from ionet.chain.errors import DecodeError
from ionet.chain.events import EmittedEvent
from ionet.chain.following import MARGIN, WatchedEvent
from ionet.jobs.receipt import BROKEN, DONE, Leases, is_of
from ionet.ledger import archive, counting, schema, sieves, statements
from ionet.ledger.archive import Archive
from ionet.ledger.errors import LedgerError
from ionet.ledger.lock import Lock
from ionet.ledger.records import Cut, Entry, Gap, Landed, Marks, Place, Signed, Total
from ionet.ledger.rowfiles import Patience, Row, Sent, Wanted
from ionet.ledger.subjects import CLOSING, PROGRAMS, Subject, subjects, types
from ionet.types import jobs as job_types

if TYPE_CHECKING:
    from ionet.chain.schema import Event
    from ionet.ledger.replay.state import State

_HOUR: Final = 3600
_BILLION: Final = 10**9
_READ_AT_ONCE: Final = 10_000
#: Files of old hours whose keys are kept in a call, where older software kept none.
_SIEVED_AT_ONCE: Final = 4
#: Addresses whose class and currency are remembered.
_PLACES_KEPT: Final = 1_000_000
#: KiB of pages that a connection to SQLite keeps; readers have up to fifteen, and the system keeps more.
_WRITERS_CACHE: Final = 65_536
_READERS_CACHE: Final = 8_192
_UNKNOWN: Final = "unknown"
#: What a booking makes of an address.
_RENTS: Final = 1
_SUPPLIES: Final = 2


def _roles(booked: event_types.jobs.Booked) -> dict[bytes, int]:
    """Whom a booking names, and as what."""
    roles = dict.fromkeys(map(bytes, (booked.renter, booked.payer, booked.refund_to)), _RENTS)
    supplier = bytes(booked.supplier)
    roles[supplier] = roles.get(supplier, 0) | _SUPPLIES
    return roles


def rows_of(url: sa.URL) -> Path | None:
    """The folder for rows of old hours; None: only a ledger in an SQLite file has one."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(f"{url.database}.rows")


def url_of(where: str) -> sa.URL:
    """The URL of a database: of a file's name, or as it was given.

    Raises:
        LedgerError: it is no URL, or of a database that is not supported.
    """
    if not where:
        raise LedgerError("a ledger needs a place: the name of a file, or the URL of a database")
    if "://" not in where:
        return sa.URL.create("sqlite+pysqlite", database=where)
    try:
        url = sa.make_url(where)
    except sa.exc.ArgumentError:
        raise LedgerError(f"{where!r} is not the URL of a database") from None
    drivers = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}
    if (name := url.get_backend_name()) not in drivers:
        raise LedgerError(f"a ledger is kept in SQLite or PostgreSQL, not in {name}")
    return url.set(drivername=drivers[name])


@contextmanager
def _plainly(url: sa.URL) -> Iterator[None]:
    """Reports what a database refuses in one sentence."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error) as bad:
        # SQLite's own come where its own connection is used.
        text = " ".join(str(bad.orig if isinstance(bad, sa.exc.DBAPIError) else bad).split())
        raise LedgerError(f"the database {_shown(url)} cannot be used: {text}") from bad
    except OSError as bad:
        raise LedgerError(f"the database {_shown(url)} cannot be used: {bad.strerror}") from bad


def _shown(url: sa.URL) -> str:
    """A URL without its password; a file by its name."""
    if url.get_backend_name() == "sqlite":
        return url.database or "in memory"
    return url.render_as_string(hide_password=True)


@dataclass(slots=True)
class _Batch:
    """What a call of `write` adds or takes away."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    #: By table, key, kind and mint: events and base units.
    sums: defaultdict[str, defaultdict[tuple[Any, ...], list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: [0, 0]))
    )
    #: By program and account: events, highest number, whether it began anew.
    heads: dict[tuple[int, bytes], list[int]] = field(default_factory=dict)
    places: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    parties: list[dict[str, Any]] = field(default_factory=list)
    #: Whether sums may have come to nothing by it.
    emptied: bool = False


class _Numbered(NamedTuple):
    """Type and number of an event."""

    kind: int
    seq: int


class _Named(NamedTuple):
    """An event with its type's name."""

    slot: int
    tx: int
    instruction: int
    inner: int
    part: int
    kind: str
    time: int
    account: bytes | None
    also: bytes | None
    seq: int | None
    data: bytes


class _Where(NamedTuple):
    """Node, class and currency of a job; class of a node."""

    node: bytes | None
    class_: int
    mint: int


_NOWHERE: Final = _Where(None, 0, 0)


class Database:
    """A ledger's database.

    Args:
        engine: of SQLAlchemy.
        genesis: the chain's genesis hash, base58.
        lock: held by the process that writes; None: this one only reads.
    """

    def __init__(self, engine: sa.Engine, genesis: str, lock: Lock | None) -> None:
        self._engine = engine
        self.genesis = genesis
        self._lock = lock
        self._insert = (sqlite if self._is_sqlite else postgresql).insert
        self._compiled: dict[tuple[str, int], tuple[str, list[str] | None]] = {}
        self._kinds: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._mints: dict[bytes, int] = {}
        self._places: dict[bytes, _Where] = {}
        #: Only asked whether others have written.
        self._watch: sa.PoolProxiedConnection | None = None
        self._archive = Archive(rows_of(engine.url))
        #: The hour in which was looked last whether rows may go to files.
        self._looked = -1
        self._load()

    @property
    def name(self) -> str:
        """Its file's name, or its URL without the password."""
        return _shown(self._engine.url)

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    # -- opening

    @classmethod
    def create(cls, where: str, genesis: str) -> Self:
        """Opens a database to write to, and makes its tables if it is new.

        Args:
            where: a file's name, or the URL of an SQLite or PostgreSQL database.
            genesis: the chain's genesis hash, base58.

        Raises:
            LedgerError: it is of another version or chain, another process writes to it, or the server or the
                file cannot be used.
        """
        url = url_of(where)
        with _plainly(url):
            engine = _engine(url, _WRITERS_CACHE)
            lock = Lock.take(engine)
            try:
                if not sa.inspect(engine).get_table_names():
                    _make(engine, genesis)
                _check(engine, url, genesis)
                # Ledgers that were made before them do not have all.
                schema.metadata.create_all(engine, [schema.files, schema.leases, schema.sieves])
                made = cls(engine, genesis, lock)
                with engine.begin() as connection:
                    counting.keep(connection, made._archive.facts(connection))
                return made
            except BaseException:
                lock.release()
                engine.dispose()
                raise

    @classmethod
    def open(cls, where: str, genesis: str | None = None) -> Self:
        """Opens a database to read from, also while another process writes to it.

        Args:
            where: see `create`.
            genesis: the chain's genesis hash, base58; None: of any chain.

        Raises:
            LedgerError: there is none, or it is of another version or chain.
        """
        url = url_of(where)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise _absent(url)
        with _plainly(url):
            engine = _engine(url)
            return cls(engine, _check(engine, url, genesis), None)

    def close(self) -> None:
        """Closes it."""
        if self._lock is not None:
            self._lock.release()
        if self._watch is not None:
            self._watch.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _load(self) -> None:
        with self._engine.connect() as connection:
            self._kinds = {row.name: row.id for row in connection.execute(sa.select(schema.kinds))}
            self._mints = {row.address: row.id for row in connection.execute(sa.select(schema.mints))}
        self._names = {number: name for name, number in self._kinds.items()}

    # -- writing

    def write(
        self,
        landed: Sequence[Landed] = (),
        *,
        scanned: int | None = None,
        final: int | None = None,
        dropped: Iterable[tuple[int, str]] = (),
    ) -> int:
        """Writes transactions, all of them or none; those that it has already are left as they are.

        Args:
            landed: transactions, in any order.
            scanned: every transaction up to this slot is in it now.
            final: … and none of them can go any more.
            dropped: slots and signatures of transactions that the chain has dropped.

        Returns:
            How many transactions are new.

        Raises:
            LedgerError: the database refuses, for example since the disk is full.
        """
        assert self._lock is not None, "opened to read only"
        known = dict(self._kinds), dict(self._mints), dict(self._places)
        try:
            with _plainly(self._engine.url), self._engine.begin() as connection:
                for slot, signature in dropped:
                    self._drop(connection, slot, signature)
                fresh = self._fresh(connection, landed)
                if fresh:
                    self._add(connection, fresh)
                self._mark(connection, scanned=scanned, final=final)
                self.committing()
        except BaseException:
            self._kinds, self._mints, self._places = known
            raise
        return len(fresh)

    def committing(self) -> None:
        """Is called before each commit."""

    def _mark(self, connection: sa.Connection, **marks: int | None) -> None:
        for name, value in marks.items():
            if value is not None:
                wanted = schema.meta.c.name == name
                connection.execute(sa.update(schema.meta).where(wanted).values(value=str(value)))

    def _fresh(self, connection: sa.Connection, landed: Sequence[Landed]) -> list[Landed]:
        """Those that it does not have yet, in the chain's order."""
        if not landed:
            return []
        ordered = sorted(landed, key=lambda sent: (sent.slot, sent.tx))
        table = schema.transactions
        if ordered[0].slot <= (upto := self._archive.upto(connection)):
            ordered = [sent for sent in ordered if sent.slot > upto or not self._is_filed(connection, sent)]
            if not ordered:
                return []
        inside = table.c.slot.between(ordered[0].slot, ordered[-1].slot)
        there = {
            (row.slot, row.tx): row.signature
            for row in connection.execute(
                sa.select(table.c.slot, table.c.tx, table.c.signature).where(inside)
            )
        }
        fresh = []
        for sent in ordered:
            key = (sent.slot, sent.tx)
            if there.get(key) == sent.signature:
                continue
            if key in there:
                self._drop(connection, sent.slot, there[key])
            there[key] = sent.signature
            fresh.append(sent)
        self._drop_moved(connection, fresh)
        return fresh

    def _drop_moved(self, connection: sa.Connection, fresh: Sequence[Landed]) -> None:
        """Takes back what has landed elsewhere: the chain has a transaction once."""
        c = schema.transactions.c
        signatures, meta = [sent.signature for sent in fresh], schema.meta.c
        final = int(connection.execute(sa.select(meta.value).where(meta.name == "final")).scalar_one())
        for start in range(0, len(signatures), 500):
            named = c.signature.in_(signatures[start : start + 500])
            for row in connection.execute(sa.select(c.slot, c.signature).where(c.slot > final, named)).all():
                self._drop(connection, row.slot, row.signature)

    def _is_filed(self, connection: sa.Connection, sent: Landed) -> bool:
        """Whether a transaction of a slot whose rows are in files is one of them.

        Raises:
            LedgerError: it is not, and comes too late.
        """
        its = self._archive.transaction(connection, sent.signature)
        if its is None or its[0].slot != sent.slot:
            raise LedgerError(
                f"transaction {sent.signature} of slot {sent.slot} comes after the ledger has put that slot's"
                " rows into a file: fill a new ledger"
            )
        return True

    def _add(self, connection: sa.Connection, fresh: Sequence[Landed]) -> None:
        batch = _Batch()
        emitted = [(sent, event) for sent in fresh for event in sent.log.emitted]
        self._find_places(connection, [event.event for _, event in emitted])
        if self._has_later(connection, fresh[0]):
            self._count_early(connection, batch, [event.event for _, event in emitted])
        for sent, event in emitted:
            self._take(connection, batch, sent, event)
        for sent in fresh:
            for unread in sent.log.undecoded:
                place = (sent.slot, sent.tx, unread.instruction_index, unread.inner_index, unread.part)
                more = (self._kind(connection, _UNKNOWN), sent.time, None, None, None, unread.data)
                batch.rows.append(dict(zip(_COLUMNS, (*place, *more), strict=True)))
        rows = [
            {
                "slot": sent.slot,
                "tx": sent.tx,
                "signature": sent.signature,
                "time": sent.time,
                "truncated": int(sent.log.truncated),
            }
            for sent in fresh
        ]
        self._many(connection, sa.insert(schema.transactions), rows)
        if batch.rows:
            self._many(connection, sa.insert(schema.events), batch.rows)
        if batch.parties:
            self._many(connection, sa.insert(schema.parties), batch.parties)
        counting.add(connection, len(fresh), len(emitted))
        late = self._closed_before(connection, batch)
        self._write_heads(connection, batch)
        for program, account in late:
            self._recount(connection, program, account)
        self._write_sums(connection, batch)
        if batch.emptied:
            self._drop_empty(connection, batch)
        if batch.places:
            statement = self._insert(schema.places)
            new = {name: statement.excluded[name] for name in ("node", "class", "mint")}
            connection.execute(
                statement.on_conflict_do_update(index_elements=["address"], set_=new),
                [*batch.places.values()],
            )

    def _take(self, connection: sa.Connection, batch: _Batch, sent: Landed, emitted: EmittedEvent) -> None:
        """Notes an event: its row, its number, what it adds to sums."""
        event, subject = emitted.event, subjects()[type(emitted.event)]
        account = bytes(subject.account(event))
        also = None if subject.also is None else bytes(subject.also(event))
        seq: int | None = event.seq if subject.seq else None  # type: ignore[attr-defined]
        kind = self._kind(connection, subject.name)
        place = (sent.slot, sent.tx, emitted.instruction_index, emitted.inner_index, emitted.part)
        row = (*place, kind, sent.time, account, also, seq, emitted.data)
        batch.rows.append(dict(zip(_COLUMNS, row, strict=True)))
        if isinstance(event, event_types.jobs.Booked):
            keys = ("slot", "tx", "instruction", "inner", "part")
            batch.parties += [
                {"address": party, **dict(zip(keys, place, strict=True)), "role": role, "job": account}
                for party, role in _roles(event).items()
            ]
        if seq is not None:
            _count(batch, subject, account, seq)
        self._sum(connection, batch, sent.time, event, subject, 1)

    def _sum(
        self,
        connection: sa.Connection,
        batch: _Batch,
        time: int,
        event: Event,
        subject: Subject,
        sign: int,
    ) -> None:
        kind = self._kind(connection, subject.measure(event))
        self._place(connection, batch, event, subject)
        job = None if subject.job is None else bytes(subject.job(event))
        node = None if subject.node is None else bytes(subject.node(event))
        class_ = mint = 0
        if job is not None:
            place = self._places.get(job, _NOWHERE)
            node, class_ = node or place.node, place.class_
            mint = place.mint if subject.currency else 0
        elif node is not None:
            class_ = self._places.get(node, _NOWHERE).class_
        amount = 0 if subject.amount is None else sign * subject.amount(event)
        hour = time // _HOUR * _HOUR
        sums = batch.sums
        keys: list[tuple[str, tuple[Any, ...]]] = [("by_hour", (hour,))]
        if node is not None:
            keys += [("by_class", (class_, hour)), ("by_node", (node,))]
        if job is not None:
            keys.append(("by_job", (job,)))
        for table, key in keys:
            total = sums[table][(*key, kind, mint)]
            total[0] += sign
            total[1] += amount

    def _place(self, connection: sa.Connection, batch: _Batch, event: Event, subject: Subject) -> None:
        """Remembers the class of a node, and node, class and currency of a job."""
        placed = self._placed(connection, event)
        if placed is not None:
            self._remember(batch, *placed)

    def _placed(self, connection: sa.Connection, event: Event) -> tuple[bytes, _Where] | None:
        """The node or job whose place an event says, and its place."""
        if isinstance(event, event_types.staking.NodeRegistered):
            return bytes(event.node), _Where(None, event.class_, 0)
        if isinstance(event, event_types.jobs.Booked):
            class_ = self._places.get(bytes(event.node), _NOWHERE).class_
            mint = self._mint(connection, bytes(event.mint))
            return bytes(event.job), _Where(bytes(event.node), class_, mint)
        return None

    def _remember(self, batch: _Batch, address: bytes, place: _Where) -> None:
        self._places[address] = place
        batch.places[address] = dict(
            zip(("address", "node", "class", "mint"), (address, *place), strict=True)
        )

    def _has_later(self, connection: sa.Connection, first: Landed) -> bool:
        """Whether it has a transaction that comes after one in the chain."""
        c = schema.transactions.c
        last = sa.select(c.slot, c.tx).order_by(c.slot.desc(), c.tx.desc()).limit(1)
        row = connection.execute(last).first()
        return row is not None and tuple(row) > (first.slot, first.tx)

    def _count_early(self, connection: sa.Connection, batch: _Batch, emitted: Sequence[Event]) -> None:
        """Counts what was there before its node's registration, or its job's booking, where it belongs."""
        for event in emitted:
            placed = self._placed(connection, event)
            if placed is None or self._places.get(placed[0], _NOWHERE) == placed[1]:
                continue
            address, place = placed
            changes = {address: place}
            if place.node is None:
                table = schema.places
                jobs = connection.execute(sa.select(table).where(table.c.node == address))
                changes |= {row.address: _Where(row.node, place.class_, row.mint) for row in jobs}
            there = [each for moved in changes for each in self._about(connection, moved)]
            for sign in (-1, 1):
                for time, moving in there:
                    self._sum(connection, batch, time, moving, subjects()[type(moving)], sign)
                for moved, its in changes.items():
                    self._remember(batch, moved, its)
            batch.emptied = batch.emptied or bool(there)

    def _about(self, connection: sa.Connection, address: bytes) -> list[tuple[int, Event]]:
        """The events that are summed up by the place of a node or job, with their times."""
        c = schema.events.c
        queries = [sa.select(schema.events).where(column == address) for column in (c.account, c.also)]
        told = []
        for row in connection.execute(sa.union(*queries)).all():
            event = self._decoded(row.kind, row.data)
            if event is None or isinstance(event, event_types.staking.NodeRegistered):
                continue
            subject = subjects()[type(event)]
            of = subject.node if subject.job is None else subject.job
            if of is not None and bytes(of(event)) == address:
                told.append((row.time, event))
        return told

    def _drop_empty(self, connection: sa.Connection, batch: _Batch) -> None:
        """Deletes sums of no events."""
        for name in batch.sums:
            table = schema.metadata.tables[name]
            connection.execute(sa.delete(table).where(table.c.events == 0))

    def _find_places(self, connection: sa.Connection, emitted: Sequence[Event]) -> None:
        """Reads what is known of the nodes and jobs of these events."""
        if len(self._places) > _PLACES_KEPT:
            self._places.clear()
        wanted = set()
        for event in emitted:
            subject = subjects()[type(event)]
            wanted |= {bytes(of(event)) for of in (subject.node, subject.job) if of is not None}
        missing = [address for address in wanted if address not in self._places]
        table = schema.places
        for start in range(0, len(missing), 500):
            chosen = table.c.address.in_(missing[start : start + 500])
            for row in connection.execute(sa.select(table).where(chosen)):
                self._places[row.address] = _Where(row.node, row[2], row.mint)

    def _closed_before(self, connection: sa.Connection, batch: _Batch) -> list[tuple[int, bytes]]:
        """Accounts whose end is there already, and earlier events of which come only now."""
        heads = schema.heads.c
        lacking = sa.select(heads.program, heads.account).where(heads.events < 0)
        return [
            (row.program, row.account) for row in connection.execute(lacking) if tuple(row) in batch.heads
        ]

    def _write_heads(self, connection: sa.Connection, batch: _Batch) -> None:
        for anew in (0, 1):
            rows = [
                {"program": program, "account": account, "events": count, "top": top}
                for (program, account), (count, top, began) in batch.heads.items()
                if began == anew
            ]
            if not rows:
                continue
            statement = self._insert(schema.heads)
            old, new = schema.heads.c, statement.excluded
            top = sa.case((old.top > new.top, old.top), else_=new.top)
            changed = {"events": old.events + new.events, "top": new.top if anew else top}
            key = ["program", "account"]
            self._many(
                connection, statement.on_conflict_do_update(index_elements=key, set_=changed), rows, anew
            )

    def _write_sums(self, connection: sa.Connection, batch: _Batch) -> None:
        for name, totals in batch.sums.items():
            table = schema.metadata.tables[name]
            keys = [column.name for column in table.primary_key.columns]
            rows = [
                dict(zip(keys, key, strict=True))
                | {"events": count, "billions": amount // _BILLION, "units": amount % _BILLION}
                for key, (count, amount) in totals.items()
            ]
            statement = self._insert(table)
            added = {
                name: table.c[name] + statement.excluded[name] for name in ("events", "billions", "units")
            }
            self._many(connection, statement.on_conflict_do_update(index_elements=keys, set_=added), rows)

    def _many(
        self,
        connection: sa.Connection,
        statement: sa.Insert,
        rows: Sequence[Mapping[str, Any]],
        anew: int = 0,
    ) -> None:
        """Inserts rows by the driver itself, in half the time; `anew` tells a table's statements apart."""
        key = (statement.table.description, anew)
        if (known := self._compiled.get(key)) is None:
            compiled = statement.compile(dialect=self._engine.dialect, column_keys=list(rows[0]))
            assert isinstance(compiled, sa.sql.compiler.SQLCompiler)
            known = self._compiled[key] = (str(compiled), compiled.positiontup)
        text, names = known
        values: Any = rows if names is None else [tuple(row[name] for name in names) for row in rows]
        connection.exec_driver_sql(text, values)

    def _drop(self, connection: sa.Connection, slot: int, signature: str) -> None:
        """Takes a transaction back, with all that it added."""
        if slot <= self._archive.upto(connection):
            raise LedgerError(
                f"transaction {signature} of slot {slot} was final, and its rows are in a file: fill a new"
                " ledger"
            )
        of = schema.transactions.c
        its = sa.and_(of.slot == slot, of.signature == signature)
        tx = connection.execute(sa.select(of.tx).where(its)).scalar()
        if tx is None:
            return
        here = sa.and_(schema.events.c.slot == slot, schema.events.c.tx == tx)
        rows = connection.execute(sa.select(schema.events).where(here)).all()
        batch, touched = _Batch(), set()
        gone = [(row, event) for row in rows if (event := self._decoded(row.kind, row.data)) is not None]
        self._find_places(connection, [event for _, event in gone])
        for row, event in gone:
            subject = subjects()[type(event)]
            self._sum(connection, batch, row.time, event, subject, -1)
            if row.seq is not None:
                touched.add((subject.program, row.account))
        connection.execute(sa.delete(schema.events).where(here))
        kept = schema.parties.c
        for _, event in gone:
            if isinstance(event, event_types.jobs.Booked):
                its_own = kept.address.in_(list(_roles(event)))
                connection.execute(sa.delete(schema.parties).where(its_own, kept.slot == slot, kept.tx == tx))
        connection.execute(sa.delete(schema.transactions).where(its))
        counting.add(connection, -1, -len(gone))
        self._write_sums(connection, batch)
        self._drop_empty(connection, batch)
        for program, account in touched:
            self._recount(connection, program, account)

    def _recount(self, connection: sa.Connection, program: int, account: bytes) -> None:
        """Counts an account's events anew."""
        c = schema.events.c
        ids = [number for name, number in self._kinds.items() if _program(name) == program]
        query = sa.select(c.kind, c.seq).where(c.account == account, c.seq.is_not(None), c.kind.in_(ids))
        count = top = 0
        wanted = self._wanted(about=account, kinds=ids)
        filed = (row for row in self._archive.rows(connection, wanted) if row.account == account)
        numbers = [(self._kinds[row.kind], row.seq) for row in filed if row.seq is not None]
        rest = connection.execute(query.order_by(c.slot, c.tx, c.instruction, c.inner, c.part))
        for row in (*starmap(_Numbered, numbers), *rest):
            closing = self._names[row.kind] in CLOSING
            count, top = (count + 1 - row.seq, 0) if closing else (count + 1, max(top, row.seq))
        heads = schema.heads.c
        its = sa.and_(heads.program == program, heads.account == account)
        connection.execute(sa.delete(schema.heads).where(its))
        if count or top:
            counted = {"program": program, "account": account, "events": count, "top": top}
            connection.execute(sa.insert(schema.heads).values(counted))

    def _kind(self, connection: sa.Connection, name: str) -> int:
        number = self._kinds.get(name)
        if number is None:
            number = self._kinds[name] = max(self._kinds.values(), default=0) + 1
            self._names[number] = name
            connection.execute(sa.insert(schema.kinds).values(id=number, name=name))
        return number

    def _mint(self, connection: sa.Connection, address: bytes) -> int:
        number = self._mints.get(address)
        if number is None:
            number = self._mints[address] = max(self._mints.values(), default=0) + 1
            connection.execute(sa.insert(schema.mints).values(id=number, address=address))
        return number

    @property
    def can_archive(self) -> bool:
        """Whether rows of old hours can go to files: only beside a database that is a file."""
        return self._archive.folder is not None

    def archive(self, keep: int) -> int:
        """Moves the rows of old hours to files beside the database; sums and indexes of them stay.

        Args:
            keep: rows of so many seconds before the last transaction stay.

        Returns:
            How many files it made.

        Raises:
            LedgerError: it is kept elsewhere than in an SQLite file, or there is no room.
        """
        assert self._lock is not None, "opened to read only"
        if not self.can_archive:
            raise LedgerError("only a ledger in an SQLite file can have the rows of old hours in files")
        self._keep_sieves()
        marks = self.marks()
        if (hour := marks.time // _HOUR) == self._looked:
            return 0
        self._looked, made = hour, 0
        for end in archive.spans(self._hours_to_file(), (marks.time - keep) // _HOUR * _HOUR):
            slot = self.slot_at(end - 1)
            if slot > marks.final - 2 * MARGIN:
                break
            with _plainly(self._engine.url):
                made += self._move(slot)
        if made and self._is_sqlite:
            with _plainly(self._engine.url):
                raw = self._engine.raw_connection()
                # Other calls of the driver free one page, and end.
                raw.cursor().executescript("PRAGMA incremental_vacuum")
                raw.close()
        return made

    def _hours_to_file(self) -> list[tuple[int, int]]:
        """Hours with rows in the database, and how many."""
        c, sent = schema.by_hour.c, schema.transactions.c
        with self._reading() as connection:
            upto = self._archive.upto(connection)
            first = connection.execute(
                sa.select(sent.time).where(sent.slot > upto).order_by(sent.slot).limit(1)
            ).scalar()
            if first is None:
                return []
            query = sa.select(c.hour, sa.func.sum(c.events)).where(c.hour >= first // _HOUR * _HOUR)
            rows = connection.execute(query.group_by(c.hour).order_by(c.hour))
            return [(row[0], int(row[1])) for row in rows]

    def _move(self, slot: int) -> bool:
        """Moves the rows up to a slot to a file; returns whether there were some."""
        streaming = {"yield_per": _READ_AT_ONCE}
        with self._engine.connect() as connection:
            facts = self._archive.facts(connection)
            upto = facts[-1].last_slot if facts else -1
            inside = statements.between(upto, slot)
            sent = (
                Sent(*row) for row in connection.execute(inside.transactions, execution_options=streaming)
            )
            if (first := next(sent, None)) is None:
                return False
            rows = connection.execute(inside.events, execution_options=streaming)
            made = self._archive.make(
                len(facts) + 1,
                chain([first], sent),
                (_Named._make((*row[:5], self._name(row.kind), *row[6:])) for row in rows),
            )
        sieve = self._archive.sieve(made)
        with self._engine.begin() as connection:
            self._keep_leases(connection, upto, slot)
            archive.note(connection, made, sieve)
            self.committing()
        return True

    def _keep_sieves(self) -> None:
        """Keeps what files have that older software wrote, some at a time."""
        with _plainly(self._engine.url):
            with self._engine.connect() as connection:
                lacking = self._archive.lacking(connection)[:_SIEVED_AT_ONCE]
            for facts in lacking:
                before = self._archive.standing(facts)
                try:
                    sieve = self._archive.sieve(facts)
                except LedgerError:
                    # Whoever needs it is told; the others are not to wait for it.
                    self._archive.unread(facts, before)
                    continue
                with self._engine.begin() as connection:
                    sieves.keep(connection, facts.number, sieve)

    def open_files(self) -> None:
        """Compares the indexes of the newest files of old hours before somebody asks what they have.

        Raises:
            LedgerError: one is missing, or not the one that was written.
        """
        with self._reading() as connection:
            self._archive.open_all(connection)

    def _keep_leases(self, connection: sa.Connection, after: int, upto: int) -> None:
        """Notes which leases began and ended in slots whose rows go to a file."""
        c, leases = schema.events.c, schema.leases
        inside = sa.and_(c.slot > after, c.slot <= upto)
        booked = sa.select(c.account, c.also).where(inside, c.kind == self._kinds["jobs.Booked"])
        for job, node in connection.execute(booked).all():
            statement = self._insert(leases).values(job=job, node=node)
            connection.execute(statement.on_conflict_do_nothing())
        kind = self._kinds["jobs.Ended"]
        query = sa.select(c.account, c.time, c.data).where(inside, c.kind == kind)
        for row in connection.execute(query.order_by(c.slot, c.tx, c.instruction, c.inner)).all():
            event = self._decoded(kind, row.data)
            if isinstance(event, event_types.jobs.Ended):
                its = sa.and_(leases.c.job == row.account, leases.c.ended.is_(None))
                change = sa.update(leases).where(its)
                connection.execute(change.values(ended=row.time, reason=int(event.reason)))

    def damages(self) -> list[str]:
        """What is wrong with files of old hours, a sentence for each; it reads all of them."""
        with self._reading() as connection:
            return self._archive.damages(connection)

    def files(self) -> int:
        """How many files it has of old hours."""
        with self._reading() as connection:
            return len(self._archive.facts(connection))

    # -- reading

    def marks(self) -> Marks:
        """How far it has come."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(schema.meta.c.name, schema.meta.c.value)).all()
            values = {row.name: row.value for row in rows}
            c = schema.transactions.c
            last = sa.select(c.time).order_by(c.slot.desc(), c.tx.desc()).limit(1)
            time = connection.execute(last.where(c.slot <= int(values["scanned"]))).scalar()
        return Marks(int(values["scanned"]), int(values["final"]), time or 0)

    def stamp(self) -> object:
        """Another value whenever something was written since it was asked; None: that cannot be told."""
        if not self._is_sqlite or isinstance(self._engine.pool, sa.pool.StaticPool):
            return None
        with _plainly(self._engine.url):
            if self._watch is None:
                self._watch = self._engine.raw_connection()
            # It changes with what other connections write, and this one writes nothing.
            cursor = self._watch.cursor()
            try:
                return cursor.execute("PRAGMA data_version").fetchone()[0]
            finally:
                cursor.close()

    def known(self, since: int) -> dict[str, int]:
        """Signatures of its transactions from a slot on, with their slots."""
        c = schema.transactions.c
        with self._reading() as connection:
            rows = connection.execute(sa.select(c.signature, c.slot).where(c.slot >= since))
            return {row.signature: row.slot for row in rows}

    def last_final(self) -> tuple[int, str] | None:
        """Slot and signature of its last transaction that cannot go any more."""
        c = schema.transactions.c
        with self._reading() as connection:
            final = sa.select(schema.meta.c.value).where(schema.meta.c.name == "final").scalar_subquery()
            query = sa.select(c.slot, c.signature).where(c.slot <= sa.cast(final, sa.BigInteger))
            row = connection.execute(query.order_by(c.slot.desc(), c.tx.desc()).limit(1)).one_or_none()
        return None if row is None else (row.slot, row.signature)

    def is_final(self, before: int) -> bool:
        """Whether a transaction of a time or later is final, and so everything before that time.

        Args:
            before: Unix seconds.
        """
        c = schema.transactions.c
        last = self.last_final()
        if last is None:
            return False
        with self._reading() as connection:
            query = sa.select(c.time).where(c.slot == last[0], c.signature == last[1])
            return int(connection.execute(query).scalar_one()) >= before

    def programs(self) -> frozenset[str]:
        """Names of the programs of which there are events."""
        c = schema.by_hour.c
        with self._reading() as connection:
            rows = connection.execute(sa.select(c.kind).distinct())
            return frozenset(self._name(row.kind).partition(".")[0] for row in rows)

    def counts(self) -> tuple[int, int]:
        """How many transactions and events there are."""
        with self._reading() as connection:
            its = counting.kept(connection)
            return its or counting.counted(connection, self._archive.facts(connection))

    def entries(
        self,
        *,
        slot: int | None = None,
        time: int | None = None,
        after: Place | None = None,
        about: Pubkey | None = None,
        names: Iterable[str] | None = None,
    ) -> Iterator[Entry]:
        """Its events, in the chain's order.

        Args:
            slot: up to this slot.
            time: up to this time, Unix seconds.
            after: only those after this place.
            about: only those about this account.
            names: only of these types, `program.Type`.
        """
        c = schema.events.c
        order = (c.slot, c.tx, c.instruction, c.inner, c.part)
        query = sa.select(schema.events).order_by(*order).limit(_READ_AT_ONCE)
        if slot is not None:
            query = query.where(c.slot <= slot)
        if time is not None:
            query = query.where(c.time <= time)
        if about is not None:
            query = query.where(sa.or_(c.account == bytes(about), c.also == bytes(about)))
        kinds = self._of_names(names)
        if kinds is not None:
            query = query.where(c.kind.in_(kinds))
        wanted = self._wanted(
            after=None if after is None else after.slot - 1,
            upto=slot,
            until=time,
            about=None if about is None else bytes(about),
            kinds=kinds,
        )
        with self._reading() as connection:
            for filed in self._archive.rows(connection, wanted):
                if after is None or _numbers(after) < filed[:5]:
                    yield self._entry(filed)
            while True:
                later = query
                if after is not None:
                    place = (after.slot, after.tx, after.instruction, after.inner, after.part)
                    later = query.where(sa.tuple_(*order) > sa.tuple_(*place))
                rows = connection.execute(later).all()
                for row in rows:
                    yield self._entry(row)
                if len(rows) < _READ_AT_ONCE:
                    return
                last = rows[-1]
                after = Place(last.slot, last.tx, last.instruction, last.inner, last.part)

    def watched(
        self,
        *,
        about: Pubkey | None = None,
        names: Iterable[str] | None = None,
        since: int | None = None,
        until: int | None = None,
        after: int | None = None,
        slot: int | None = None,
    ) -> Iterator[WatchedEvent]:
        """Its events with their transactions, in the chain's order; those it can decode.

        Args:
            about: only those about this account.
            names: only of these types, `program.Type`.
            since: from this time on, Unix seconds.
            until: up to this time.
            after: only of slots after this one.
            slot: up to this slot.
        """
        kinds = self._of_names(names)
        query = statements.watched(None if kinds is None else len(kinds), about=about is not None)
        values: dict[str, Any] = {
            "since": statements.FIRST if since is None else since,
            "until": statements.LAST if until is None else until,
            "after": statements.FIRST if after is None else after,
            "upto": statements.LAST if slot is None else slot,
            **statements.of_kinds(kinds or []),
        }
        if about is not None:
            values["about"] = bytes(about)
        wanted = self._wanted(
            after=after,
            upto=slot,
            since=since,
            until=until,
            about=values.get("about"),
            kinds=kinds,
        )
        with self._reading() as connection:
            rows: Iterable[Any] = self._archive.rows(connection, wanted)
            for row in chain(rows, connection.execute(query, values)):
                event = _decoded(self._name_of(row), row.data)
                if event is not None:
                    yield WatchedEvent(event, event.PROGRAM_ID, row.signature, row.place, row.slot, row.time)

    def _of_names(self, names: Iterable[str] | None) -> list[int] | None:
        """The numbers of types that there are; None: of all."""
        return None if names is None else sorted({self._kinds[name] for name in names if name in self._kinds})

    def page(
        self,
        limit: int,
        *,
        about: Pubkey | None = None,
        names: Iterable[str] | None = None,
        since: int | None = None,
        until: int | None = None,
        slot: int | None = None,
        beyond: Place | None = None,
        newest_first: bool = False,
        patience: Patience | None = None,
    ) -> list[Signed]:
        """Some of its events with their transactions, in the chain's order or the other way round.

        Args:
            limit: how many at most.
            about: only those about this account.
            names: only of these types, `program.Type`.
            since: from this time on, Unix seconds.
            until: up to this time.
            slot: up to this slot.
            beyond: only those that follow this place in the order of the page.
            newest_first: the other way round.
            patience: with old hours that have nothing of it; None: all are looked through.

        Raises:
            TooRare: there are more.
        """
        kinds = self._of_names(names)
        # Slots grow with time, and they are the key.
        bounds = [] if slot is None else [slot]
        bounds += [] if until is None else [self.slot_at(until)]
        values: dict[str, Any] = {
            "after": statements.FIRST if since is None else self.slot_at(since - 1),
            "upto": min(bounds, default=statements.LAST),
            "most": limit,
        }
        if beyond is not None:
            values |= statements.of_place(_numbers(beyond))
            # So that the walk begins there.
            if newest_first:
                values["upto"] = min(values["upto"], beyond.slot)
            else:
                values["after"] = max(values["after"], beyond.slot - 1)
        # Each part is a walk along an index, which ends after as many rows as are wanted.
        parts: list[tuple[str, int | None, dict[str, Any]]]
        if about is not None:
            many = None if kinds is None else len(kinds)
            more = {"about": bytes(about), **statements.of_kinds(kinds or [])}
            parts = [("account", many, more), ("also", many, more)]
        elif kinds is not None:
            parts = [("kind", None, {"kind": kind}) for kind in kinds]
        else:
            parts = [("", None, {})]
        rows = list[Any]()
        with self._reading() as connection:
            if not newest_first:
                rows += self._filed(connection, values, about, kinds, beyond, patience, newest_first=False)
            # What is in files comes before all that is not.
            for by, many, more in parts if len(rows) < limit else []:
                query = statements.page(by, many, newest_first=newest_first, beyond=beyond is not None)
                rows += connection.execute(query, values | more)
            if newest_first and len(set(map(_place_of, rows))) < limit:
                rows += self._filed(connection, values, about, kinds, beyond, patience, newest_first=True)
        its = {_place_of(row): row for row in rows}
        return [self._signed(its[place]) for place in sorted(its, reverse=newest_first)[:limit]]

    def _filed(
        self,
        connection: sa.Connection,
        values: Mapping[str, Any],
        about: Pubkey | None,
        kinds: Iterable[int] | None,
        beyond: Place | None,
        patience: Patience | None,
        *,
        newest_first: bool,
    ) -> Iterable[Row]:
        """The first rows of a page that are in files; see `page`."""
        wanted = self._wanted(
            after=values["after"],
            upto=values["upto"],
            about=None if about is None else bytes(about),
            kinds=kinds,
            patience=patience,
        )
        rows: Iterable[Row] = self._archive.rows(connection, wanted, newest_first=newest_first)
        if beyond is not None:
            place = _numbers(beyond)
            rows = (row for row in rows if (row[:5] < place if newest_first else row[:5] > place))
        return islice(rows, values["most"])

    def _signed(self, row: Any) -> Signed:
        return Signed(self._entry(row), row.signature)

    def _entry(self, row: Any) -> Entry:
        """A row of the database or of a file."""
        name = self._name_of(row)
        event = _decoded(name, row.data)
        place = Place(row.slot, row.tx, row.instruction, row.inner, row.part)
        return Entry(place, row.time, name if event is not None else "", event, row.data)

    def _name_of(self, row: Any) -> str:
        """The type of a row's event; files have the names themselves."""
        return row.kind if isinstance(row.kind, str) else self._name(row.kind)

    def _wanted(
        self,
        *,
        after: int | None = None,
        upto: int | None = None,
        since: int | None = None,
        until: int | None = None,
        about: bytes | None = None,
        kinds: Iterable[int] | None = None,
        patience: Patience | None = None,
    ) -> Wanted:
        """Rows of files; where there is no bound, all of them."""
        return Wanted(
            statements.FIRST if after is None else after,
            statements.LAST if upto is None else upto,
            statements.FIRST if since is None else since,
            statements.LAST if until is None else until,
            about,
            None if kinds is None else frozenset(map(self._name, kinds)),
            patience,
        )

    def slot_at(self, time: int) -> int:
        """The slot of the last transaction up to a time; -1: there is none.

        Args:
            time: Unix seconds.
        """
        with self._reading() as connection:
            low, high = -1, connection.execute(statements.LAST_SLOT).scalar()
            if high is None:
                return -1
            high += 1
            # The answer is at least `low`, and below `high`.
            while high - low > 1:
                middle = (low + high) // 2
                row = connection.execute(statements.LATER, {"least": middle}).one_or_none()
                if row is not None and row.time <= time:
                    low = row.slot
                else:
                    high = middle
            if low <= self._archive.upto(connection):
                # Of a time of which only transactions with cut logs are not in files.
                low = self._archive.slot_at(connection, time)
        return low

    def transaction(self, signature: str) -> list[Signed] | None:
        """The events of a transaction in their order; None: the ledger has no such transaction.

        Args:
            signature: base58.
        """
        with self._reading() as connection:
            place = connection.execute(statements.PLACE_OF, {"signed": signature}).first()
            if place is None or place.slot <= self._archive.upto(connection):
                filed = self._archive.transaction(connection, signature)
                return None if filed is None else list(map(self._signed, filed[1]))
            values = {"signed": signature, "in_slot": place.slot, "tx": place.tx}
            return [self._signed(row) for row in connection.execute(statements.EVENTS_OF, values)]

    def of_job(self, job: Pubkey) -> Iterator[WatchedEvent]:
        """The events of a job, of its payout and of its disputes, in the chain's order."""
        return (told for told in self.watched(about=job) if is_of(job, told.event))

    def booked_by(
        self, party: Pubkey, *, as_renter: bool = True, as_supplier: bool = True
    ) -> Iterator[Pubkey]:
        """The jobs that a party has booked or supplied, in the chain's order.

        Args:
            party: an address.
            as_renter: those that it rented, paid for or gets the refund of.
            as_supplier: those that it is paid for.
        """
        wanted = _RENTS * as_renter | _SUPPLIES * as_supplier
        values = {"address": bytes(party), "wanted": wanted}
        with self._reading() as connection:
            for row in connection.execute(statements.booked_by(), values):
                yield Pubkey.from_bytes(row.job)

    def bookings(
        self, party: Pubkey, limit: int, *, slot: int | None = None, beyond: Place | None = None
    ) -> list[tuple[Place, Pubkey]]:
        """Some of the jobs that a party has booked or supplied, in the chain's order, with their places.

        Args:
            party: an address.
            limit: how many at most.
            slot: booked up to this slot.
            beyond: only those after this place.
        """
        upto = statements.LAST if slot is None else slot
        values: dict[str, Any] = {"address": bytes(party), "upto": upto, "most": limit}
        if beyond is not None:
            values |= statements.of_place(_numbers(beyond))
        with self._reading() as connection:
            rows = connection.execute(statements.bookings(beyond=beyond is not None), values).all()
        return [(Place(*row[:5]), Pubkey.from_bytes(row.job)) for row in rows]

    def leases(self, nodes: Iterable[Pubkey], *, until: int | None = None) -> dict[Pubkey, Leases]:
        """How the leases of nodes ended, by the first ending of each.

        Args:
            nodes: their addresses.
            until: only endings up to this time, Unix seconds.
        """
        booked, ended = self._kinds["jobs.Booked"], self._kinds["jobs.Ended"]
        counts = {node: [0, 0] for node in nodes}
        addresses = [bytes(node) for node in counts]
        values: dict[str, Any] = {
            "booked": booked,
            "ended": ended,
            "until": statements.LAST if until is None else until,
        }
        told = set[bytes]()
        with self._reading() as connection:
            old = self._old_leases(connection, addresses, values["until"])
            for node, job, reason in old:
                told.add(job)
                counts[Pubkey.from_bytes(node)][0] += reason in DONE
                counts[Pubkey.from_bytes(node)][1] += reason in BROKEN
            for start in range(0, len(addresses), 500):
                values["nodes"] = addresses[start : start + 500]
                for row in connection.execute(statements.leases(), values):
                    event = self._decoded(ended, row.data)
                    if row.account in told or not isinstance(event, event_types.jobs.Ended):
                        continue
                    told.add(row.account)
                    count = counts[Pubkey.from_bytes(row.also)]
                    count[0] += event.reason in DONE
                    count[1] += event.reason in BROKEN
        return {node: Leases(*count) for node, count in counts.items()}

    def _old_leases(
        self, connection: sa.Connection, nodes: Sequence[bytes], until: int
    ) -> Iterator[tuple[bytes, bytes, int]]:
        """Node, job and reason of leases that were booked in hours of files, and ended until a time."""
        if not self._archive.facts(connection):
            return
        c, ended = schema.events.c, self._kinds["jobs.Ended"]
        for start in range(0, len(nodes), 500):
            its = sa.select(schema.leases).where(schema.leases.c.node.in_(nodes[start : start + 500]))
            for lease in connection.execute(its).all():
                time, reason = lease.ended, lease.reason
                if time is None:
                    later = sa.select(c.time, c.data).where(c.account == lease.job, c.kind == ended)
                    later = later.order_by(c.slot, c.tx, c.instruction, c.inner)
                    if (last := connection.execute(later).first()) is not None:
                        event = self._decoded(ended, last.data)
                        assert isinstance(event, event_types.jobs.Ended)
                        time, reason = last.time, int(event.reason)
                if time is not None and time <= until:
                    yield lease.node, lease.job, reason

    def at(self, time: int) -> State:
        """The state of every account at the end of a second, by the events until then.

        A long history is replayed from a checkpoint of an hour before, if there is one; see
        `ionet.ledger.checkpoints`.

        Args:
            time: Unix seconds.
        """
        from ionet.ledger.checkpoints import Checkpoints

        return Checkpoints(self, self.checkpoints()).at(time)

    def checkpoints(self) -> Path | None:
        """The folder for checkpoints of what is replayed from it; None: it is in memory."""
        from ionet.ledger.checkpoints import folder_of

        url = self._engine.url
        if not self._is_sqlite:
            return folder_of(url.set(password=None).render_as_string(), self.genesis)
        if not url.database or url.database == ":memory:":
            return None
        return folder_of(str(Path(url.database).resolve()), self.genesis)

    def events_before(self, hour: int) -> int:
        """How many events there are before an hour.

        Args:
            hour: its beginning, Unix seconds.
        """
        c = schema.by_hour.c
        with self._reading() as connection:
            return int(
                connection.execute(sa.select(sa.func.sum(c.events)).where(c.hour < hour)).scalar() or 0
            )

    def gaps(self) -> list[Gap]:
        """The accounts of which events are missing, by their own numbers."""
        heads, c = schema.heads, schema.events.c
        gaps = []
        with self._reading() as connection:
            query = sa.select(heads).where(heads.c.events != heads.c.top)
            for row in connection.execute(query.order_by(heads.c.program, heads.c.account)).all():
                name = PROGRAMS[row.program]
                ids = [number for kind, number in self._kinds.items() if kind.startswith(f"{name}.")]
                numbers = sa.select(c.seq).where(
                    c.account == row.account, c.seq.is_not(None), c.kind.in_(ids)
                )
                there = {counted.seq for counted in connection.execute(numbers)}
                wanted = self._wanted(about=row.account, kinds=ids)
                filed = self._archive.rows(connection, wanted)
                there |= {old.seq for old in filed if old.account == row.account}
                missing = []
                for number in range(1, row.top + 1):
                    if number not in there:
                        missing.append(number)
                    if len(missing) == 100:
                        break
                gaps.append(Gap(name, Pubkey.from_bytes(row.account), row.events, row.top, missing))
        return gaps

    def cuts(self) -> list[Cut]:
        """The transactions whose logs were cut."""
        c = schema.transactions.c
        with self._reading() as connection:
            query = sa.select(c.slot, c.signature).where(c.truncated == 1).order_by(c.slot, c.tx)
            return [Cut(row.slot, row.signature) for row in connection.execute(query)]

    def head(self, program: str, account: Pubkey) -> int:
        """The highest number that an account has given to an event; 0: none."""
        c = schema.heads.c
        its = (c.program == PROGRAMS.index(program), c.account == bytes(account))
        with self._reading() as connection:
            return connection.execute(sa.select(c.top).where(*its)).scalar() or 0

    def totals(
        self,
        *,
        hour: int | None = None,
        class_: int | None = None,
        node: Pubkey | None = None,
        job: Pubkey | None = None,
    ) -> list[Total]:
        """What happened: in an hour, of a class (in an hour), of a node, or of a job.

        Args:
            hour: its beginning, Unix seconds.
            class_: number of the class.
            node: its address.
            job: its address.
        """
        table, wanted = schema.by_hour, dict[str, Any]()
        if class_ is not None:
            table, wanted = schema.by_class, {"class": class_}
        elif node is not None:
            table, wanted = schema.by_node, {"node": bytes(node)}
        elif job is not None:
            table, wanted = schema.by_job, {"job": bytes(job)}
        if hour is not None:
            wanted["hour"] = hour
        query = statements.totals(table.name, tuple(wanted))
        mints = {number: Pubkey.from_bytes(address) for address, number in self._mints.items()}
        with self._reading() as connection:
            rows = connection.execute(query, {f"of_{name}": value for name, value in wanted.items()}).all()
        totals = [
            Total(
                self._name(row.kind),
                mints[row.mint],
                int(row.events),
                int(row.billions) * _BILLION + int(row.units),
            )
            for row in rows
        ]
        return sorted(totals, key=lambda total: total.name)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with _plainly(self._engine.url), self._engine.connect() as connection:
            yield connection

    def _name(self, kind: int) -> str:
        if kind not in self._names:
            self._load()
        return self._names[kind]

    def _decoded(self, kind: int, data: bytes) -> Event | None:
        return _decoded(self._name(kind), data)


_COLUMNS: Final = tuple(column.name for column in schema.events.columns)


@cache
def _types() -> dict[str, type[Event]]:
    return types()


def _decoded(name: str, data: bytes) -> Event | None:
    known = _types().get(name)
    if known is None:
        return None
    try:
        return known.decode(data)
    except DecodeError:
        return None


def _place_of(row: Any) -> tuple[int, ...]:
    return row.slot, row.tx, row.instruction, row.inner, row.part


def _numbers(place: Place) -> tuple[int, ...]:
    return place.slot, place.tx, place.instruction, place.inner, place.part


def _program(name: str) -> int:
    program = name.partition(".")[0]
    return PROGRAMS.index(program) if program in PROGRAMS else -1


def _count(batch: _Batch, subject: Subject, account: bytes, seq: int) -> None:
    head = batch.heads.setdefault((subject.program, account), [0, 0, 0])
    if subject.name in CLOSING:
        # Whoever opens it again counts from 1: none are left of those before, if there were as many.
        head[0] += 1 - seq
        head[1], head[2] = 0, 1
    else:
        head[0] += 1
        head[1] = max(head[1], seq)


def _engine(url: sa.URL, cache: int = _READERS_CACHE) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url)
    in_memory = not url.database or url.database == ":memory:"
    pool = sa.pool.StaticPool if in_memory else sa.pool.QueuePool
    arguments = {"timeout": 30, "isolation_level": None, "check_same_thread": False}
    engine = sa.create_engine(url, poolclass=pool, connect_args=arguments)

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        # What was committed outlives the process; only a loss of power may take the last of it.
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute(f"PRAGMA cache_size=-{cache}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _programs() -> str:
    """The programs' addresses, as a ledger remembers them."""
    return " ".join(str(getattr(event_types, name).Initialized.PROGRAM_ID) for name in PROGRAMS)


def _make(engine: sa.Engine, genesis: str) -> None:
    facts = {
        "version": str(schema.VERSION),
        "genesis": genesis,
        "programs": _programs(),
        "scanned": "-1",
        "final": "-1",
        **dict.fromkeys(counting.NAMES, "0"),
    }
    names = [*types(), *(f"jobs.Paid:{party.name.lower()}" for party in job_types.Party), _UNKNOWN]
    if engine.dialect.name == "sqlite":
        raw = engine.raw_connection()
        # What goes to files makes the database smaller. It has to be said before anything is in the file.
        raw.cursor().execute("PRAGMA auto_vacuum=INCREMENTAL")
        # Readers do not wait for the writer, nor it for them. The file keeps this.
        raw.cursor().execute("PRAGMA journal_mode=WAL")
        raw.close()
    with engine.begin() as connection:
        schema.metadata.create_all(connection)
        connection.execute(
            sa.insert(schema.meta), [{"name": name, "value": value} for name, value in facts.items()]
        )
        connection.execute(
            sa.insert(schema.kinds), [{"id": number, "name": name} for number, name in enumerate(names, 1)]
        )
        connection.execute(sa.insert(schema.mints).values(id=0, address=bytes(pda.mint.MINT)))


def _absent(url: sa.URL) -> LedgerError:
    return LedgerError(f"there is no ledger {_shown(url)}; ionet ledger run makes one")


def _check(engine: sa.Engine, url: sa.URL, genesis: str | None) -> str:
    """Returns the genesis hash of a database's chain.

    Raises:
        LedgerError: it is no ledger, or of another version or chain.
    """
    tables = sa.inspect(engine).get_table_names()
    if not tables:
        # As a full disk leaves it that has no room for them.
        raise _absent(url)
    if "meta" not in tables:
        raise LedgerError(f"{_shown(url)} is a database, but not a ledger")
    with engine.connect() as connection:
        facts = {row.name: row.value for row in connection.execute(sa.select(schema.meta))}
    if facts.get("version") not in (str(schema.VERSION), str(schema.VERSION_WITH_FILES)):
        raise LedgerError(
            f"the ledger {_shown(url)} is of version {facts.get('version')}, and this is version"
            f" {schema.VERSION}; fill a new one"
        )
    if lacking := [name for name in ("genesis", "programs", "scanned", "final") if name not in facts]:
        raise LedgerError(f"the ledger {_shown(url)} is damaged: it lacks its {lacking[0]}; fill a new one")
    if genesis is not None and facts["genesis"] != genesis:
        raise LedgerError(
            f"the ledger {_shown(url)} is of the chain {facts['genesis']}, and this node's is {genesis}"
        )
    if facts["programs"] != _programs():
        raise LedgerError(f"the ledger {_shown(url)} is of programs at other addresses; fill a new one")
    return str(facts["genesis"])
