"""What an agent remembers of a lease across restarts: one small file a lease."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ionet.chain.files import replace_secret


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a lease's work ended.

    Attributes:
        reason: a `FailureReason`; None if it succeeded.
        detail: what failed.
        value: the entrypoint's return value.
        outputs: names, hashes in hex and sizes of its files, sorted by name.
        log: hash of its log in hex, or None.
    """

    reason: str | None
    detail: str = ""
    value: Any = None
    outputs: tuple[tuple[str, str, int], ...] = ()
    log: str | None = None


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """A lease as its agent knows it.

    Attributes:
        job: the job's address in hex.
        renter: the renter's address in hex.
        asked: whether a seat has asked for its run.
        begun: runs that a process of the worker has begun.
        failed: runs that failed by themselves.
        outcome: how it ended; None while it goes on.
        head: of a lease over several machines, the job in hex whose node runs it.
    """

    job: str
    renter: str = ""
    asked: bool = False
    begun: int = 0
    failed: int = 0
    outcome: Outcome | None = None
    head: str = ""

    def save(self, folder: Path) -> LeaseRecord:
        """Replaces the lease's file and returns the record.

        Raises:
            OSError: it cannot be written.
        """
        replace_secret(_path(folder, self.job), json.dumps(asdict(self), sort_keys=True) + "\n")
        return self

    def but(self, folder: Path, **changes: Any) -> LeaseRecord:
        """Returns the record with some fields changed, and saves it."""
        return replace(self, **changes).save(folder)

    @classmethod
    def load(cls, folder: Path, job: bytes) -> LeaseRecord:
        """Reads a lease's record; a new one if there is none, or none that can be read."""
        try:
            value: Any = json.loads(_path(folder, job.hex()).read_bytes())
            outcome = value.pop("outcome")
            return cls(**value, outcome=None if outcome is None else _outcome(outcome))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return cls(job.hex())

    @staticmethod
    def known(folder: Path, job: bytes) -> bool:
        """Returns whether a lease has a record."""
        return _path(folder, job.hex()).exists()

    @classmethod
    def unfinished(cls, folder: Path) -> list[bytes]:
        """Returns the jobs, 32 bytes each, whose run was asked for, and has no outcome yet."""
        records = [cls.load(folder, bytes.fromhex(path.stem)) for path in sorted(folder.glob("*.lease"))]
        return [bytes.fromhex(known.job) for known in records if known.asked and known.outcome is None]

    @staticmethod
    def forget(folder: Path, keep: int) -> None:
        """Removes all but the newest records and samples.

        Args:
            folder: where they are.
            keep: how many leases are kept.
        """
        records = sorted(folder.glob("*.lease"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in records[keep:]:
            path.with_suffix(".samples").unlink(missing_ok=True)
            path.with_suffix(".ends").unlink(missing_ok=True)
            path.unlink(missing_ok=True)


def _outcome(value: Mapping[str, Any]) -> Outcome:
    outputs = tuple((str(name), str(digest), int(size)) for name, digest, size in value["outputs"])
    return Outcome(value["reason"], value["detail"], value["value"], outputs, value["log"])


def _path(folder: Path, job: str) -> Path:
    return folder / f"{job}.lease"
