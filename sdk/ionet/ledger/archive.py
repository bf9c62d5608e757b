"""The rows of old hours in files beside a ledger's database: which there are, making them, reading them.

A file is written, named and safe on the disk before the transaction that takes its rows from the database; so
whatever ends the process, each row is in the one or in the other. What is in no file's entry in the database
counts for nothing, and is written anew.
"""

from __future__ import annotations

import math
import os
import resource
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from ionet.formats.when import DAY, HOUR
from ionet.ledger import schema, sieves
from ionet.ledger.errors import LedgerError
from ionet.ledger.rowfiles import (
    Facts,
    Identity,
    Row,
    RowFile,
    Sent,
    Wanted,
    Writer,
    key_of_account,
    key_of_kind,
    key_of_signature,
)

if TYPE_CHECKING:
    from collections.abc import Callable

#: Events after which a file ends with the hour; it ends with the day in any case.
ENOUGH: Final = 100_000
#: Files that are kept open, each with little memory: to open it anew takes as long as to read of it. Of what
#: a process may have open it is a part at most: connections need the others.
_OPEN: Final = 512
_PART: Final = 4
#: Files whose indexes are compared before anybody asks, and types at most that are looked for in sieves.
_COMPARED, _SOUGHT = 512, 16
_AT_ONCE: Final = 10_000
#: Seconds after which a file of which no sieve could be made is tried again, though it is as it was.
_TRIED_AGAIN: Final = 3_600
#: Files that are sifted first: a page has 50 rows, and a node a row in each hour.
_AT_FIRST: Final = 64
#: How many files there are, in `meta`.
_COUNT: Final = "files"


class Archive:
    """The files of a ledger.

    Args:
        folder: where they are; None: this ledger has none, and gets none.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._facts: tuple[Facts, ...] = ()
        self._open: OrderedDict[int, RowFile] = OrderedDict()
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most = _OPEN if soft == resource.RLIM_INFINITY else min(_OPEN, soft // _PART)
        #: Of files whose indexes were compared.
        self._checked: dict[int, Identity] = {}
        self._has_sieves = False
        #: What files were when no sieve could be made of them (None: missing), and when that was, by number.
        self._unread: dict[int, tuple[tuple[int, int] | None, float]] = {}
        self._lock = threading.Lock()

    # -- which there are

    def facts(self, connection: sa.Connection) -> tuple[Facts, ...]:
        """Those that count for what this connection sees, the oldest first."""
        count = int(connection.execute(_COUNTED).scalar() or 0)
        if count > len(self._facts):
            rows = connection.execute(sa.select(schema.files).order_by(schema.files.c.number))
            self._facts = tuple(Facts(*row) for row in rows)
        return self._facts[:count]

    def upto(self, connection: sa.Connection) -> int:
        """The last slot whose rows are in files; -1: none is."""
        facts = self.facts(connection)
        return facts[-1].last_slot if facts else -1

    # -- reading

    def rows(self, connection: sa.Connection, wanted: Wanted, *, newest_first: bool = False) -> Iterator[Row]:
        """Rows of files in the chain's order, or the other way round.

        Raises:
            LedgerError: a file that may have some is missing, or not the one that was written.
        """
        facts = tuple(each for each in self.facts(connection) if wanted.touches(each))
        most = _AT_FIRST
        while facts:
            # Mostly the first of them have enough, and the others need not be sifted.
            part, facts = (facts[-most:], facts[:-most]) if newest_first else (facts[:most], facts[most:])
            most = len(facts)
            if wanted.kinds is not None and len(wanted.kinds) <= _SOUGHT:
                part = self._sifted(connection, part, map(key_of_kind, wanted.kinds))
            if wanted.about is not None:
                part = self._sifted(connection, part, [key_of_account(wanted.about)])
            for each in reversed(part) if newest_first else part:
                yield from self._file(each).rows(wanted, newest_first=newest_first)

    def _sifted(
        self, connection: sa.Connection, facts: tuple[Facts, ...], keys: Iterable[int]
    ) -> tuple[Facts, ...]:
        """Those of some files that may have one of these keys."""
        if len(facts) < 2:
            return facts
        self._has_sieves = self._has_sieves or sieves.are_there(connection)
        return sieves.sifted(connection, facts, keys) if self._has_sieves else facts

    def transaction(self, connection: sa.Connection, signature: str) -> tuple[Sent, list[Row]] | None:
        """A transaction in files, and its events; None: it is in none."""
        facts = self._sifted(connection, self.facts(connection), [key_of_signature(signature)])
        for each in reversed(facts):
            if (its := self._file(each).transaction(signature)) is not None:
                return its
        return None

    def slot_at(self, connection: sa.Connection, time: int) -> int:
        """The slot of the last transaction of files up to a time; -1: there is none."""
        its = [each for each in self.facts(connection) if each.first_time <= time]
        if not its:
            return -1
        return its[-1].last_slot if its[-1].last_time <= time else self._file(its[-1]).slot_at(time)

    def damages(self, connection: sa.Connection) -> list[str]:
        """What is wrong with files, a sentence for each that is missing or not the one that was written."""
        found = []
        kept = sieves.are_there(connection)
        for each in self.facts(connection):
            try:
                file = RowFile(self._path(each), each)
                file.check()
            except LedgerError as bad:
                found.append(str(bad))
                continue
            if kept and not sieves.says_of(connection, each.number, file):
                found.append(
                    f"{each.name}: what the database keeps of its keys (`sieves`) is not what the file has:"
                    " events in it may be hidden; delete the row of bucket -1 and number"
                    f" {each.number} from `sieves`, and they are made anew"
                )
        return found

    def _path(self, facts: Facts) -> Path:
        if self.folder is None:
            raise LedgerError("the ledger has rows in files, which only one in an SQLite file can have")
        return self.folder / facts.name

    def _file(self, facts: Facts) -> RowFile:
        with self._lock:
            if (known := self._open.get(facts.number)) is not None:
                self._open.move_to_end(facts.number)
                return known
        opened = RowFile(self._path(facts), facts, self._checked.get(facts.number))
        with self._lock:
            self._checked[facts.number] = opened.identity
            self._open[facts.number] = opened
            while len(self._open) > self._most:
                self._open.popitem(last=False)
        return opened

    def open_all(self, connection: sa.Connection) -> None:
        """Compares the indexes of the newest files, so that nobody who asks waits for it.

        Raises:
            LedgerError: a file is missing, or not the one that was written.
        """
        for each in self.facts(connection)[-_COMPARED:]:
            self._file(each)

    # -- making

    def sieve(self, facts: Facts) -> dict[int, bytes]:
        """What is kept of a file's keys; see `ionet.ledger.sieves`."""
        return sieves.of(self._file(facts))

    def lacking(self, connection: sa.Connection) -> list[Facts]:
        """Files of whose keys nothing is kept, but for those of which none could be made of late."""
        lacking = sieves.lacking(connection, self.facts(connection))
        return [each for each in lacking if not self._failed(each)]

    def unread(self, facts: Facts, standing: tuple[int, int] | None) -> None:
        """Notes that no sieve could be made of a file as it was before."""
        self._unread[facts.number] = (standing, time.monotonic())

    def _failed(self, facts: Facts) -> bool:
        """Whether no sieve could be made of a file in the last hour, and it is as it was."""
        standing, at = self._unread.get(facts.number, (None, -math.inf))
        return time.monotonic() - at < _TRIED_AGAIN and standing == self.standing(facts)

    def standing(self, facts: Facts) -> tuple[int, int] | None:
        """Another value whenever a file is another one, or was written to; None: it is missing."""
        try:
            told = os.lstat(self._path(facts))
        except (OSError, LedgerError):
            return None
        return told.st_ino, told.st_ctime_ns

    def make(
        self, number: int, sent: Iterable[Sent], rows: Iterable[Any], safe: Callable[[int], None] = os.fsync
    ) -> Facts:
        """Writes a file, which counts only once the database has its facts.

        Args:
            number: of the file.
            sent: transactions in the chain's order.
            rows: their events in the chain's order, with their types' names.
            safe: makes sure that an opened file is on the disk.

        Raises:
            LedgerError: there is no room for it, or the folder is not the ledger's own.
        """
        assert self.folder is not None, "only where there may be files"
        part = self.folder / f".{secrets.token_hex(8)}.part"
        try:
            self.folder.mkdir(exist_ok=True)
            if self.folder.is_symlink():
                raise LedgerError(f"{self.folder.name} is a link; rows are kept in a folder of its own")
            for left in self.folder.glob(".*.part"):
                left.unlink(missing_ok=True)
            with part.open("xb") as file:
                facts = _write(Writer(file), number, sent, rows)
                file.flush()
                safe(file.fileno())
            part.replace(self.folder / facts.name)
            folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                safe(folder)
            finally:
                os.close(folder)
        except OSError as bad:
            raise LedgerError(f"rows of old hours cannot be kept in {self.folder}: {bad.strerror}") from bad
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        with self._lock:
            self._open.pop(number, None)
        return facts


def _write(writer: Writer, number: int, sent: Iterable[Sent], rows: Iterable[Any]) -> Facts:
    groups = groupby(rows, key=lambda row: (row.slot, row.tx))
    ahead = next(groups, None)
    for each in sent:
        its: Sequence[Any] = ()
        if ahead is not None and ahead[0] == (each.slot, each.tx):
            its = list(ahead[1])
            ahead = next(groups, None)
        writer.add(each, its)
    assert ahead is None, "an event has a transaction"
    return writer.finish(number)


def spans(counts: Sequence[tuple[int, int]], until: int) -> Iterator[int]:
    """Where files end: after whole hours that make enough events, or with the day.

    Args:
        counts: hours with events, by their beginning, and how many, in their order.
        until: everything before this time may go to files, Unix seconds.

    Yields:
        Unix seconds; a file has what is before it.
    """
    total = 0
    for number, (hour, events) in enumerate(counts):
        total += events
        end = hour + HOUR
        following = counts[number + 1][0] if number + 1 < len(counts) else until
        day = end // DAY * DAY if end % DAY == 0 else (hour // DAY + 1) * DAY
        if end <= until and (total >= ENOUGH or (following >= day and day <= until)):
            yield end
            total = 0


_COUNTED: Final = sa.select(schema.meta.c.value).where(schema.meta.c.name == _COUNT)


def note(connection: sa.Connection, facts: Facts, sieve: dict[int, bytes]) -> None:
    """Lets a file count, and takes its rows from the database; all of it in the caller's transaction.

    Args:
        connection: of the ledger's database.
        facts: of the file.
        sieve: what is kept of its keys.
    """
    sieves.keep(connection, facts.number, sieve)
    inserted = dict(zip((column.name for column in schema.files.columns), _values(facts), strict=True))
    connection.execute(sa.insert(schema.files).values(**inserted))
    connection.execute(sa.delete(schema.meta).where(schema.meta.c.name == _COUNT))
    connection.execute(sa.insert(schema.meta).values(name=_COUNT, value=str(facts.number)))
    version = schema.meta.c.name == "version"
    connection.execute(sa.update(schema.meta).where(version).values(value=str(schema.VERSION_WITH_FILES)))
    connection.execute(sa.delete(schema.events).where(schema.events.c.slot <= facts.last_slot))
    # Those whose logs were cut stay, to be named.
    sent = schema.transactions.c
    its = sa.and_(sent.slot <= facts.last_slot, sent.truncated == 0)
    connection.execute(sa.delete(schema.transactions).where(its))


def _values(facts: Facts) -> tuple[Any, ...]:
    return tuple(getattr(facts, name) for name in Facts.__slots__)


__all__ = ["ENOUGH", "Archive", "note", "spans"]
