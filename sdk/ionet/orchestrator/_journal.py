"""A record of what happened, for people and to count attempts: a cache that may be lost at any time."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ionet._generated.shared import ProofReason
from ionet.chain.errors import IonetError
from ionet.chain.files import state_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    lease TEXT NOT NULL, attempt INTEGER NOT NULL, outcome TEXT, detail TEXT, PRIMARY KEY (lease, attempt));
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, job TEXT NOT NULL, step TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS verdicts (
    evidence BLOB PRIMARY KEY, node BLOB NOT NULL, at INTEGER NOT NULL, score_bps INTEGER NOT NULL,
    reason INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS entries_of_job ON entries (job, id);
CREATE INDEX IF NOT EXISTS verdicts_at ON verdicts (at);
"""
_INTERRUPTED = "interrupted"
#: Jobs whose last line is kept in memory.
_REMEMBERED = 100_000


class JournalError(IonetError):
    """The file cannot be read."""


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

    While the file cannot be made or written, as on a full disk, it is kept in memory; later it is written.

    Args:
        path: the file; a damaged one is renamed and replaced by a new one.
        retry: seconds between attempts to write a file that could not be written.

    Attributes:
        told: called with each line that is added: job, step, detail.
    """

    def __init__(self, path: str | Path, retry: float = 10.0) -> None:
        self._path = Path(path)
        self.told: Callable[[str, str, str], None] = lambda job, step, detail: None
        self._retry = retry
        self._retry_at: float | None = None
        #: The last line of each job, of the latest ones.
        self._last: dict[str, tuple[str, str]] = {}
        state_folder(self._path.parent)
        try:
            self._db = self._open(self._path)
        except sqlite3.OperationalError:
            self._begin_in_memory()
        except sqlite3.DatabaseError:
            with contextlib.suppress(FileNotFoundError):
                self._path.replace(self._path.with_suffix(".damaged"))
            self._db = self._open(self._path)

    @property
    def in_memory(self) -> bool:
        """Whether the file cannot be written at present."""
        return self._retry_at is not None

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        if self._retry_at is not None and time.monotonic() >= self._retry_at:
            self._return_to_file()
        try:
            self._db.execute(statement, values)
        except sqlite3.OperationalError:
            if self.in_memory:
                raise
            self._move_to_memory()
            self._db.execute(statement, values)

    def _begin_in_memory(self) -> None:
        """Begins with what can be read of a file that cannot be written."""
        log = self._path.with_name(f"{self._path.name}-wal")
        # Where nothing is left to be added to it, it can be read without files beside it.
        whole = not log.exists() or not log.stat().st_size
        try:
            self._db = sqlite3.connect(_reading(self._path) + "&immutable=1" * whole, uri=True)
        except sqlite3.OperationalError:
            self._db = sqlite3.connect(":memory:")
        self._move_to_memory()

    def _move_to_memory(self) -> None:
        memory = sqlite3.connect(":memory:", isolation_level=None)
        # What cannot be read any more is lost, as the whole journal may be.
        with contextlib.suppress(sqlite3.Error):
            self._db.backup(memory)
        with contextlib.suppress(sqlite3.Error):
            self._db.close()
        memory.executescript(_SCHEMA)
        self._db, self._retry_at = memory, time.monotonic() + self._retry

    def _return_to_file(self) -> None:
        self._retry_at = time.monotonic() + self._retry
        with contextlib.suppress(sqlite3.Error):
            file = self._open(self._path)
            try:
                self._db.backup(file)
            except sqlite3.Error:
                file.close()
                raise
            self._db.close()
            self._db, self._retry_at = file, None

    @staticmethod
    def _open(path: str | Path) -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None)
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
        self._write("UPDATE runs SET outcome = ? WHERE lease = ? AND outcome IS NULL", (_INTERRUPTED, lease))
        query = "SELECT COALESCE(MAX(attempt), 0) FROM runs WHERE lease = ?"
        attempt = int(self._db.execute(query, (lease,)).fetchone()[0]) + 1
        self._write("INSERT INTO runs VALUES (?, ?, NULL, NULL)", (lease, attempt))
        return attempt

    def end_run(self, lease: str, attempt: int, outcome: str, detail: str = "") -> None:
        """Records how a run ended: ``succeeded`` or a failure's reason."""
        self._write(
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
        last = self._last.get(job)
        if last is None:
            last = self._db.execute(
                "SELECT step, detail FROM entries WHERE job = ? ORDER BY id DESC LIMIT 1", (job,)
            ).fetchone()
        if last != (step, detail):
            self._write(
                "INSERT INTO entries (at, job, step, detail) VALUES (?, ?, ?, ?)",
                (time.time(), job, step, detail),
            )
            self.told(job, step, detail)
        self._last[job] = step, detail
        if len(self._last) > _REMEMBERED:
            del self._last[next(iter(self._last))]

    def entries(self, job: str | None = None) -> list[Entry]:
        """Returns the lines of a job, or of all, oldest first."""
        where, values = ("WHERE job = ?", (job,)) if job is not None else ("", ())
        rows = self._db.execute(f"SELECT at, job, step, detail FROM entries {where} ORDER BY id", values)  # noqa: S608
        return [Entry(*row) for row in rows]

    def keep_verdict(
        self, node: bytes, at: int, score_bps: int, reason: ProofReason, evidence: bytes
    ) -> None:
        """Keeps a verdict on a node's compute proof; keeping it again does nothing."""
        self._write(
            "INSERT OR IGNORE INTO verdicts VALUES (?, ?, ?, ?, ?)",
            (evidence, node, at, score_bps, int(reason)),
        )

    def verdicts(self, after: int, until: int) -> list[tuple[bytes, int, ProofReason, bytes]]:
        """Returns each node's verdict in a period: node, speed in bps, reason, evidence.

        It is the latest one, or the latest failed one where any has failed: nothing makes up for that.

        Args:
            after: start of the period, exclusive, Unix seconds.
            until: end of the period, inclusive, Unix seconds.
        """
        rows = self._db.execute(
            "SELECT node, score_bps, reason, evidence, MAX((reason <> ?) * ? + at) FROM verdicts"
            " WHERE at > ? AND at <= ? GROUP BY node ORDER BY node",
            (int(ProofReason.PASSED), until + 1, after, until),
        )
        return [(bytes(row[0]), row[1], ProofReason(row[2]), bytes(row[3])) for row in rows]

    def prune(self, before: float, verdicts_before: int) -> None:
        """Forgets lines of before a time, and verdicts that no report needs any more.

        Args:
            before: this machine's clock, Unix seconds.
            verdicts_before: the chain's time, Unix seconds.
        """
        self._write("DELETE FROM entries WHERE at < ?", (before,))
        self._write("DELETE FROM verdicts WHERE at < ?", (verdicts_before,))

    def close(self) -> None:
        """Closes the file."""
        with contextlib.suppress(sqlite3.Error):
            self._db.close()


def latest_entries(path: Path, most: int) -> list[Entry]:
    """Returns the latest lines of a journal, oldest first, also while another process writes it.

    Raises:
        JournalError: it cannot be read.
    """
    try:
        db = sqlite3.connect(_reading(path), uri=True, timeout=1.0)
        try:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchone():
                # There was no room for its tables: the orchestrator makes them when there is.
                return []
            rows = db.execute(
                "SELECT at, job, step, detail FROM entries ORDER BY id DESC LIMIT ?", (most,)
            ).fetchall()
        finally:
            db.close()
    except sqlite3.Error as bad:
        raise JournalError(f"{path} cannot be read: {bad}") from None
    return [Entry(*row) for row in reversed(rows)]


def _reading(path: Path) -> str:
    """A file as SQLite opens it to read only."""
    return f"file:{quote(str(path))}?mode=ro"
