"""The leaves of an hour's report, by its evidence, which has to lead to the report's root."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.explorer import _models as m
from ionet.explorer._checking import Checked, Checker, stamp_of
from ionet.explorer._fetching import Fetching
from ionet.explorer._values import of_io
from ionet.formats import canonical
from ionet.ledger.replay import records as r
from ionet.rewards import Why

#: Bytes of a file up to which it is read; files, and leaves in them, whose places are remembered; seconds
#: that a reader waits for files to be checked, and how many readers may: others are told at once.
_LARGEST: Final = 512 << 20
_KEPT: Final = 400
_LEAVES: Final = 8_000_000
_PATIENCE: Final = 2.0
_WAITING: Final = 4
_NONE: Final = "the evidence of this report is not here"


@dataclass(slots=True)
class _Read:
    """A file, and what reading it has come to once that is done."""

    path: Path
    report: r.Report
    done: threading.Event = field(default_factory=threading.Event)
    checked: Checked = field(default_factory=lambda: Checked(""))


class _Without(Exception):
    """There are no leaves; the text says why."""


class _NotYet(_Without):
    """… as of now."""


class Tables:
    """Leaves in files of evidence, each checked once, one after the other, by a process beside the answers.

    They are in a folder of this machine, or come from stores of the operator's choice: never from where
    strangers say that they are.

    Args:
        folder: with files named by the hex SHA-256 of their content; None: there is none.
        fetching: fetches what is not in it; None: nothing does.
    """

    def __init__(self, folder: Path | None = None, fetching: Fetching | None = None) -> None:
        self._folder, self._fetching = folder, fetching
        self._kept: OrderedDict[tuple[bytes, bytes], _Read] = OrderedDict()
        self._due: list[_Read] = []
        self._lock, self._checking = threading.Lock(), False
        self._waiting = threading.BoundedSemaphore(_WAITING)

    def lines(
        self, report: r.Report, first: int, limit: int
    ) -> tuple[str, int, Sequence[tuple[dict[str, Any], int]]]:
        """Some leaves of a report.

        Returns:
            What stands against them, in words, and then there are none; how many leaves there are; the
            leaves as the file has them, each with the number of its measurements.
        """
        try:
            read = self._read(report)
            self._wait([read])
            _settled(read)
            count = len(read.checked.starts) - 1
            places = range(min(first, count), min(first + limit, count))
            with _opened(read) as file:
                return (
                    "",
                    count,
                    [(_line(file, read, place), read.checked.measures[place]) for place in places],
                )
        except _Without as without:
            return str(without), 0, ()

    def of_node(self, node: Pubkey, reports: Sequence[r.Report]) -> list[tuple[bool, dict[str, Any] | None]]:
        """A node's leaves in reports.

        Returns:
            For each report whether its evidence is still being checked, and the leaf as the file has it, or
            None: there is no such leaf, or evidence, here.
        """
        reads = list[_Read | _Without]()
        # The one that is asked for last is checked first.
        for report in reversed(reports):
            try:
                reads.insert(0, self._read(report))
            except _Without as without:
                reads.insert(0, without)
        self._wait([read for read in reads if isinstance(read, _Read)])
        rows: list[tuple[bool, dict[str, Any] | None]] = []
        for read in reads:
            try:
                if isinstance(read, _Without):
                    raise read
                rows.append((False, _of_node(read, node)))
            except _Without as without:
                rows.append((isinstance(without, _NotYet), None))
        return rows

    def _read(self, report: r.Report) -> _Read:
        """What is known of a report's file, which is to be checked if it is not.

        Raises:
            _Without: there is none, it is still to come, or it is too large.
        """
        path = self._place(report.evidence_hash)
        try:
            stamp, size = stamp_of(path), path.stat().st_size
        except OSError:
            raise _Without(_NONE) from None
        if size > _LARGEST:
            raise _Without(f"the evidence has {size:,} bytes, and {_LARGEST:,} are read at most")
        key = (report.evidence_hash, report.root)
        with self._lock:
            read = self._kept.pop(key, None)
            if read is None or (read.done.is_set() and read.checked.stamp != stamp):
                read = _Read(path, report)
                self._due.append(read)
                if not self._checking:
                    self._checking = True
                    threading.Thread(target=self._check_due, daemon=True).start()
            self._kept[key] = read
            self._forget()
        return read

    def _place(self, digest: bytes) -> Path:
        """Where the file of a hash is.

        Raises:
            _Without: there is none, or it is still to come.
        """
        places = [] if self._folder is None else [self._folder / digest.hex()]
        if self._fetching is not None:
            places.append(self._fetching.path(digest))
        if any(digest):
            for path in places:
                with suppress(OSError):
                    if path.is_file():
                        return path
            if self._fetching is not None:
                if why := self._fetching.ask(digest):
                    raise _Without(why)
                raise _NotYet("the evidence is being fetched; ask again in some seconds")
        raise _Without(_NONE)

    def _forget(self) -> None:
        leaves = sum(len(read.checked.starts) for read in self._kept.values() if read.done.is_set())
        while len(self._kept) > _KEPT or (leaves > _LEAVES and len(self._kept) > 1):
            _, read = self._kept.popitem(last=False)
            leaves -= len(read.checked.starts) if read.done.is_set() else 0
            self._due = [each for each in self._due if each is not read]

    def _wait(self, reads: Sequence[_Read]) -> None:
        """Gives files some seconds to be checked."""
        if all(read.done.is_set() for read in reads) or not self._waiting.acquire(blocking=False):
            return
        try:
            until = time.monotonic() + _PATIENCE
            for read in reads:
                read.done.wait(max(0.0, until - time.monotonic()))
        finally:
            self._waiting.release()

    def _check_due(self) -> None:
        checker = Checker()
        while True:
            with self._lock:
                if not self._due:
                    self._checking = False
                    break
                read = self._due.pop()
            try:
                self.check(checker, read)
            except Exception as bad:  # as where no process can be started
                read.checked = Checked(f"the evidence cannot be checked: {bad}")
            finally:
                read.done.set()
        checker.stop()

    def check(self, checker: Checker, read: _Read) -> None:
        """Has a file checked."""
        report = read.report
        read.checked = checker.check(read.path, report.evidence_hash, report.root, report.period_end)


def _settled(read: _Read) -> None:
    """Raises `_Without` if a file has not been checked, or leads nowhere."""
    if not read.done.is_set():
        raise _NotYet("the evidence is being checked; ask again in some seconds")
    if read.checked.why:
        raise _Without(read.checked.why)


@contextmanager
def _opened(read: _Read) -> Iterator[BinaryIO]:
    """A file that was checked; what comes of it counts if it is still the same at the end."""
    try:
        with read.path.open("rb") as file:
            yield file
        same = stamp_of(read.path) == read.checked.stamp
    except (IonetError, OSError, ValueError):
        same = False
    if not same:
        raise _NotYet("the evidence is being replaced; ask again in some seconds")


def _line(file: BinaryIO, read: _Read, place: int) -> dict[str, Any]:
    begin, end = read.checked.starts[place : place + 2]
    file.seek(begin)
    value: Any = canonical.decode(file.read(end - begin - 1))
    if not isinstance(value, dict):
        raise ValueError("no leaf")
    return value


def _of_node(read: _Read, node: Pubkey) -> dict[str, Any] | None:
    """A node's line, by a binary search: lines are in the order of nodes' keys."""
    _settled(read)
    with _opened(read) as file:
        low, high = 0, len(read.checked.starts) - 1
        while low < high:
            middle = (low + high) // 2
            line = _line(file, read, middle)
            key = bytes(Pubkey.from_string(line["node"]))
            if key == bytes(node):
                return line
            low, high = (middle + 1, high) if key < bytes(node) else (low, middle)
    return None


def leaves(
    tables: Tables, now: m.AsOf, end: int, known: tuple[Pubkey, r.Report] | None, first: int, limit: int
) -> m.Leaves:
    """The leaves of an hour's report, in its order, without the first ones."""
    if known is None:
        return m.Leaves(
            as_of=now,
            end=end,
            report=None,
            root=None,
            count=0,
            checked=False,
            why="no report of this hour is on chain",
            leaves=[],
            next=None,
        )
    key, report = known
    why, count, rows = tables.lines(report, first, limit)
    more = first + len(rows) < count
    return m.Leaves(
        as_of=now,
        end=end,
        report=str(key),
        root=report.root.hex(),
        count=report.leaves,
        checked=not why,
        why=why,
        leaves=[_leaf(row, measures) for row, measures in rows],
        next=str(first + limit) if more else None,
    )


def _leaf(row: dict[str, Any], measures: int) -> m.Leaf:
    (reward, why), verdict = earned(row), row["verdict"]
    return m.Leaf(
        node=row["node"],
        reward=of_io(reward),
        lifetime=of_io(int(row["lifetime"])),
        why=why,
        pool=row.get("pool", ""),
        units=row.get("units", 0),
        up_hours=row.get("up_hours", 0),
        stake=of_io(int(row.get("stake", 0))),
        required_stake=of_io(int(row.get("required_stake", 0))),
        proof=row.get("proof", ""),
        score_bps=verdict["score_bps"],
        in_use=row.get("in_use", False),
        fees=of_io(int(row.get("fees", 0))),
        measures=measures,
    )


def earned(row: dict[str, Any]) -> tuple[int, list[str]]:
    """What a node earned in an hour by its leaf, base units of IO, and if nothing, why."""
    if "waiting" in row:
        return 0, ["it no longer took part in this hour"]
    reward = int(row["reward"])
    return reward, [] if reward else Why(row["why"]).explain().split("; ")
