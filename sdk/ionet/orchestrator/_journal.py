"""A record of what happened, for people and to count attempts: a cache that may be lost at any time."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from ionet._generated.shared import ProofReason

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    lease TEXT NOT NULL, attempt INTEGER NOT NULL, outcome TEXT, detail TEXT, PRIMARY KEY (lease, attempt));
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, job TEXT NOT NULL, step TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS verdicts (
    evidence BLOB PRIMARY KEY, node BLOB NOT NULL, at INTEGER NOT NULL, score_bps INTEGER NOT NULL,
    reason INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS entries_of_job ON entries (job, id);
"""
_INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal.

    Attributes:
        at: this machine's clock, Unix seconds.
        job: the job's address in hex, or the lease's name.
        step: what was done or found.
        detail: for people.
    """

    at: float
    job: str
    step: str
    detail: str


class Journal:
    """An SQLite file. The chain and the store decide what is done next; the journal only counts and reports.

    Args:
        path: the file; a damaged one is renamed and replaced by a new one.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        try:
            self._db = self._open()
        except sqlite3.DatabaseError:
            self._path.replace(self._path.with_suffix(".damaged"))
            self._db = self._open()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.executescript(_SCHEMA)
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def begin_run(self, lease: str) -> int:
        """Records that a run begins and returns its attempt, from 1; runs left open were interrupted."""
        self._db.execute(
            "UPDATE runs SET outcome = ? WHERE lease = ? AND outcome IS NULL", (_INTERRUPTED, lease)
        )
        query = "SELECT COALESCE(MAX(attempt), 0) FROM runs WHERE lease = ?"
        attempt = int(self._db.execute(query, (lease,)).fetchone()[0]) + 1
        self._db.execute("INSERT INTO runs VALUES (?, ?, NULL, NULL)", (lease, attempt))
        return attempt

    def end_run(self, lease: str, attempt: int, outcome: str, detail: str = "") -> None:
        """Records how a run ended: ``succeeded`` or a failure's reason."""
        self._db.execute(
            "UPDATE runs SET outcome = ?, detail = ? WHERE lease = ? AND attempt = ?",
            (outcome, detail, lease, attempt),
        )

    def failures(self, lease: str) -> int:
        """Returns how many runs of the lease failed by themselves."""
        row = self._db.execute(
            "SELECT COUNT(*) FROM runs WHERE lease = ? AND outcome IS NOT NULL AND outcome != ?",
            (lease, _INTERRUPTED),
        ).fetchone()
        return int(row[0])

    def interruptions(self, lease: str) -> int:
        """Returns how many runs of the lease ended with the orchestrator's process."""
        row = self._db.execute(
            "SELECT COUNT(*) FROM runs WHERE lease = ? AND (outcome IS NULL OR outcome = ?)",
            (lease, _INTERRUPTED),
        ).fetchone()
        return int(row[0])

    def note(self, job: str, step: str, detail: str = "") -> None:
        """Adds a line, unless the job's last line says the same."""
        row = self._db.execute(
            "SELECT step, detail FROM entries WHERE job = ? ORDER BY id DESC LIMIT 1", (job,)
        ).fetchone()
        if row != (step, detail):
            self._db.execute(
                "INSERT INTO entries (at, job, step, detail) VALUES (?, ?, ?, ?)",
                (time.time(), job, step, detail),
            )

    def entries(self, job: str | None = None) -> list[Entry]:
        """Returns the lines of a job, or of all, oldest first."""
        where, values = ("WHERE job = ?", (job,)) if job is not None else ("", ())
        rows = self._db.execute(f"SELECT at, job, step, detail FROM entries {where} ORDER BY id", values)  # noqa: S608
        return [Entry(*row) for row in rows]

    def keep_verdict(
        self, node: bytes, at: int, score_bps: int, reason: ProofReason, evidence: bytes
    ) -> None:
        """Keeps a verdict on a node's compute proof; keeping it again does nothing."""
        self._db.execute(
            "INSERT OR IGNORE INTO verdicts VALUES (?, ?, ?, ?, ?)",
            (evidence, node, at, score_bps, int(reason)),
        )

    def verdicts(self, after: int, until: int) -> list[tuple[bytes, int, ProofReason, bytes]]:
        """Returns each node's latest verdict in a period: node, speed in bps, reason, evidence.

        Args:
            after: start of the period, exclusive, Unix seconds.
            until: end of the period, inclusive, Unix seconds.
        """
        rows = self._db.execute(
            "SELECT node, score_bps, reason, evidence, MAX(at) FROM verdicts"
            " WHERE at > ? AND at <= ? GROUP BY node ORDER BY node",
            (after, until),
        )
        return [(bytes(row[0]), row[1], ProofReason(row[2]), bytes(row[3])) for row in rows]

    def close(self) -> None:
        """Closes the file."""
        with contextlib.suppress(sqlite3.Error):
            self._db.close()
