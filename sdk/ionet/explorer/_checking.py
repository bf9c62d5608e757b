"""Checks files of evidence in a process of its own: a large one would take answers their lock and memory."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ionet.chain.errors import IonetError
from ionet.explorer._apart import Apart, Gone, answers
from ionet.rewards import build_report, read_evidence

#: How much less urgent it is than answers.
_NICE: Final = 10


@dataclass(slots=True)
class Checked:
    """What a file has come to.

    Attributes:
        why: what is wrong with it; empty: it leads to the root.
        stamp: of the file as it was read; empty: it could not be.
        starts: where each leaf's line starts, and the last one ends.
        measures: how many attesters have measured each leaf's node.
    """

    why: str
    stamp: tuple[int, ...] = ()
    starts: array[int] = field(default_factory=lambda: array("Q"))
    measures: array[int] = field(default_factory=lambda: array("I"))


class Checker:
    """A process that checks files, started for the first one; one thread asks it at a time."""

    def __init__(self) -> None:
        self._apart = Apart(__name__)

    @property
    def pid(self) -> int | None:
        """The process's number; None: there is none."""
        return self._apart.pid

    def check(self, path: Path, digest: bytes, root: bytes, end: int) -> Checked:
        """Checks a file against its hash, its report's root and the end of its hour."""
        try:
            answer: Checked = self._apart.ask((path, digest, root, end))
        except Gone:
            return Checked("the evidence could not be checked: the process that did so has ended")
        return answer

    def stop(self) -> None:
        """Ends the process."""
        self._apart.stop()


def stamp_of(path: Path) -> tuple[int, ...]:
    """Changes when the file does."""
    it = path.stat()
    return it.st_ino, it.st_size, it.st_mtime_ns


def serve(number: int) -> None:
    """Checks files until nobody asks any more.

    Args:
        number: of the file that a pipe is.
    """
    answers(number, lambda question: _answer(*question), _NICE)


def _answer(path: Path, digest: bytes, root: bytes, end: int) -> Checked:
    checked = Checked("")
    try:
        checked.stamp = stamp_of(path)
        checked.why = _check(checked, path, digest, root, end)
    except (IonetError, OSError) as bad:
        checked.why = f"the evidence cannot be read: {bad}"
    except Exception as bad:  # whatever is wrong with a file, the next one is read
        checked.why = f"the evidence cannot be read: {type(bad).__name__}"
    return checked


def _check(checked: Checked, path: Path, wanted: bytes, root: bytes, end: int) -> str:
    evidence = read_evidence(path)
    if evidence.digest != wanted:
        return "the file here is not the evidence whose hash is in the report"
    correction = evidence.restated is not None
    its = build_report(evidence.leaves, evidence.period_end, evidence.digest, correction=correction).root
    if its != root or evidence.period_end != end:
        return f"the leaves in the evidence lead to the root {its.hex()}, and not to the report's"
    measures = Counter(each.node for each in evidence.measures)
    checked.measures.extend(measures[bytes(node)] for node in evidence.leaves.nodes)
    digest, at = hashlib.sha256(), 0
    with path.open("rb") as file:
        for number, line in enumerate(file):
            if 0 < number <= len(evidence.leaves) + 1:
                checked.starts.append(at)
            digest.update(line)
            at += len(line)
    if len(checked.starts) == len(evidence.leaves):
        checked.starts.append(at)
    return "" if digest.digest() == evidence.digest else "the evidence was replaced while it was read"
