"""The leaves of an hour's report, by its evidence, which has to lead to the report's root."""

from __future__ import annotations

import hashlib
import threading
from array import array
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.explorer import _models as m
from ionet.explorer._values import of_io
from ionet.formats import canonical
from ionet.ledger.replay import records as r
from ionet.rewards import Why, build_report, read_evidence

#: Bytes of a file up to which it is read, files that are remembered, and seconds that a reader waits for one.
_LARGEST: Final = 64 << 20
_KEPT: Final = 24
_PATIENCE: Final = 2.0
_NONE: Final = "the evidence of this report is not here"


@dataclass(slots=True)
class _Read:
    """What reading a file has come to.

    Attributes:
        why: what is wrong with it; empty: it leads to the root.
        starts: where each leaf's line starts, and the last one ends.
        measures: how many attesters have measured a node.
        stamp: of the file as it was read.
    """

    done: threading.Event = field(default_factory=threading.Event)
    why: str = ""
    starts: array[int] = field(default_factory=lambda: array("Q"))
    measures: Counter[str] = field(default_factory=Counter)
    stamp: tuple[int, ...] = ()


class Tables:
    """Leaves in files of evidence, each checked once, one after the other and beside the answers.

    Args:
        folder: with files named by the hex SHA-256 of their content; None: there is none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._kept: OrderedDict[tuple[bytes, bytes], _Read] = OrderedDict()
        self._lock, self._one = threading.Lock(), threading.Lock()

    def lines(
        self, report: r.Report, first: int, limit: int
    ) -> tuple[str, int, Sequence[tuple[dict[str, Any], int]]]:
        """Some leaves of a report.

        Returns:
            What stands against them, in words, and then there are none; how many leaves there are; the
            leaves as the file has them, each with the number of its measurements.
        """
        if self._folder is None or not any(report.evidence_hash):
            return _NONE, 0, ()
        path = self._folder / report.evidence_hash.hex()
        try:
            if not path.is_file():
                return _NONE, 0, ()
            if (size := path.stat().st_size) > _LARGEST:
                return f"the evidence has {size:,} bytes, and {_LARGEST:,} are read at most", 0, ()
            read = self._read(path, report)
            if not read.done.wait(_PATIENCE):
                return "the evidence is being checked; ask again in some seconds", 0, ()
            if read.why:
                return read.why, 0, ()
            starts = read.starts[first : first + limit + 1] or read.starts[-1:]
            with path.open("rb") as file:
                file.seek(starts[0])
                content = file.read(starts[-1] - starts[0])
            if _stamp(path) != read.stamp:
                return "the evidence is being replaced; ask again in some seconds", 0, ()
        except OSError:
            return _NONE, 0, ()
        values = (
            canonical.decode(content[begin - starts[0] : end - starts[0] - 1])
            for begin, end in pairwise(starts)
        )
        rows: list[Any] = [value for value in values if isinstance(value, dict)]
        return "", len(read.starts) - 1, [(row, read.measures[row["node"]]) for row in rows]

    def _read(self, path: Path, report: r.Report) -> _Read:
        key = (report.evidence_hash, report.root)
        with self._lock:
            read = self._kept.get(key)
            if read is None or (read.done.is_set() and read.stamp != _stamp(path)):
                read = self._kept[key] = _Read()
                threading.Thread(target=self._check, args=(path, report, read), daemon=True).start()
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return read

    def _check(self, path: Path, report: r.Report, read: _Read) -> None:
        with self._one:
            try:
                read.stamp = _stamp(path)
                read.why = _checked(path, report, read)
            except (IonetError, OSError) as bad:
                read.why = f"the evidence cannot be read: {bad}"
            finally:
                read.done.set()


def _stamp(path: Path) -> tuple[int, ...]:
    it = path.stat()
    return it.st_ino, it.st_size, it.st_mtime_ns


def _checked(path: Path, report: r.Report, read: _Read) -> str:
    evidence = read_evidence(path)
    if evidence.digest != report.evidence_hash:
        return "the file here is not the evidence whose hash is in the report"
    correction = evidence.restated is not None
    root = build_report(evidence.leaves, evidence.period_end, evidence.digest, correction=correction).root
    if root != report.root or evidence.period_end != report.period_end:
        return f"the leaves in the evidence lead to the root {root.hex()}, and not to the report's"
    read.measures.update(str(Pubkey.from_bytes(each.node)) for each in evidence.measures)
    digest, at = hashlib.sha256(), 0
    with path.open("rb") as file:
        for number, line in enumerate(file):
            if 0 < number <= len(evidence.leaves) + 1:
                read.starts.append(at)
            digest.update(line)
            at += len(line)
    if len(read.starts) == len(evidence.leaves):
        read.starts.append(at)
    return "" if digest.digest() == evidence.digest else "the evidence was replaced while it was read"


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
    live = "waiting" not in row
    reward, verdict = int(row.get("reward", 0)), row["verdict"]
    if not live:
        why = ["it no longer took part in this hour"]
    else:
        why = [] if reward else Why(row["why"]).explain().split("; ")
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
