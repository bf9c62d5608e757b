"""Who keeps what in a store, until when, and which uploads are open: a small database beside the files."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: What a file counts for at least, since each takes a place on the disk as well.
LEAST: Final = 4096

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS files (digest BLOB PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (
    owner BLOB NOT NULL, digest BLOB NOT NULL, counts INTEGER NOT NULL, free INTEGER NOT NULL,
    until REAL NOT NULL, PRIMARY KEY (owner, digest)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS claims_of_digest ON claims (digest);
CREATE INDEX IF NOT EXISTS claims_by_end ON claims (until);
CREATE TABLE IF NOT EXISTS uploads (
    token TEXT PRIMARY KEY, owner BLOB NOT NULL, digest BLOB NOT NULL, size INTEGER NOT NULL,
    counts INTEGER NOT NULL, free INTEGER NOT NULL, until REAL NOT NULL, ends REAL NOT NULL,
    UNIQUE (owner, digest)
) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS unneeded AS SELECT digest FROM files
    WHERE NOT EXISTS (SELECT 1 FROM claims WHERE claims.digest = files.digest)
    AND NOT EXISTS (SELECT 1 FROM uploads WHERE uploads.digest = files.digest);
"""


class TooMuch(Exception):
    """A bound would be passed.

    Attributes:
        code: which, in a word.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may be kept; bytes, and numbers of uploads."""

    total: int
    free_total: int
    uploads: int
    free_uploads: int
    uploads_of_key: int


@dataclass(frozen=True, slots=True)
class Row:
    """An open upload as it is written down.

    Attributes:
        token: its name.
        owner: key.
        digest: sha256 of the content.
        size: bytes.
        free: whether nothing on the chain allows it.
        until: unix time at which it ends without any further bytes.
        ends: unix time at which it ends in any case.
    """

    token: str
    owner: bytes
    digest: bytes
    size: int
    free: bool
    until: float
    ends: float


def counted(size: int) -> int:
    """What a file of this size counts for."""
    return max(size, LEAST)


class Ledger:
    """The database. Each method is one transaction; threads may share it.

    Args:
        path: the file; made if it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            self._db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {_SCHEMA}")
        except sqlite3.Error:
            self._db.close()
            raise

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._db.close()

    def used(self, owner: bytes) -> int:
        """What an owner's files and open uploads count for, bytes."""
        with self._lock:
            return self._used(owner)

    def files(self, owner: bytes) -> int:
        """How many files an owner keeps."""
        with self._lock:
            return self._number("SELECT count(*) FROM claims WHERE owner = ?", owner)

    def has(self, owner: bytes, digest: bytes) -> bool:
        """Whether an owner keeps a file."""
        with self._lock:
            return (
                self._number("SELECT count(*) FROM claims WHERE owner = ? AND digest = ?", owner, digest) > 0
            )

    def kept(self, owner: bytes, after: bytes, most: int) -> list[tuple[bytes, int, float]]:
        """Digest, size and unix time of the end of what an owner keeps, by digest, `most` at most."""
        with self._lock:
            rows = self._db.execute(
                "SELECT digest, size, until FROM claims JOIN files USING (digest)"
                " WHERE owner = ? AND digest > ? ORDER BY digest LIMIT ?",
                (owner, after, most),
            )
            return list(rows)

    def claim(
        self,
        owner: bytes,
        digest: bytes,
        size: int,
        *,
        allowed: int,
        free: bool,
        until: float,
        bounds: Bounds,
    ) -> None:
        """Has an owner keep a file that is here; its time is never shortened.

        Raises:
            TooMuch: the owner's share or that of all free files is used up.
        """
        with self._transaction():
            self._admit(owner, digest, counted(size), allowed=allowed, free=free, bounds=bounds)
            self._claim(owner, digest, counted(size), free, until)

    def open(self, row: Row, *, allowed: int, bounds: Bounds) -> None:
        """Writes down a new upload, and sets its size aside.

        Raises:
            TooMuch: a bound would be passed.
        """
        with self._transaction():
            number = self._number("SELECT count(*) FROM uploads")
            free = self._number("SELECT count(*) FROM uploads WHERE free")
            own = self._number("SELECT count(*) FROM uploads WHERE owner = ?", row.owner)
            if own >= bounds.uploads_of_key:
                raise TooMuch("uploads", f"{own} uploads of this key are open; finish or give up some first")
            if number >= bounds.uploads or (row.free and free >= bounds.free_uploads):
                raise TooMuch("busy", "too many uploads are open at this store; try again later")
            total = self._number(
                "SELECT (SELECT ifnull(sum(size), 0) FROM files) + (SELECT ifnull(sum(size), 0) FROM uploads)"
            )
            if total + row.size > bounds.total:
                raise TooMuch("full", f"this store keeps at most {bounds.total} bytes, and has {total}")
            self._admit(
                row.owner, row.digest, counted(row.size), allowed=allowed, free=row.free, bounds=bounds
            )
            values = (
                *(row.token, row.owner, row.digest, row.size),
                *(counted(row.size), row.free, row.until, row.ends),
            )
            self._db.execute("INSERT INTO uploads VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def prolong(self, token: str, until: float) -> None:
        """An upload has until this moment."""
        with self._transaction():
            self._db.execute("UPDATE uploads SET until = ? WHERE token = ?", (until, token))

    def adding(self, digest: bytes, size: int) -> None:
        """A file is about to be added: if that is interrupted, a later sweep knows of it."""
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO files VALUES (?, ?)", (digest, size))

    def finish(self, row: Row, until: float) -> None:
        """An upload is complete: its owner keeps the file."""
        with self._transaction():
            self._db.execute("DELETE FROM uploads WHERE token = ?", (row.token,))
            self._claim(row.owner, row.digest, counted(row.size), row.free, until)

    def discard(self, token: str) -> None:
        """Forgets an upload."""
        with self._transaction():
            self._db.execute("DELETE FROM uploads WHERE token = ?", (token,))

    def uploads(self) -> list[Row]:
        """All uploads."""
        with self._lock:
            rows = self._db.execute("SELECT token, owner, digest, size, free, until, ends FROM uploads")
            return [
                Row(token, owner, digest, size, bool(free), until, ends)
                for token, owner, digest, size, free, until, ends in rows
            ]

    def over(self, now: float, most: int) -> list[tuple[bytes, bytes]]:
        """Owners and digests of the files whose time is over, `most` at most."""
        with self._lock:
            rows = self._db.execute(
                "SELECT owner, digest FROM claims WHERE until < ? ORDER BY until LIMIT ?", (now, most)
            )
            return list(rows)

    def keep(self, owner: bytes, digest: bytes, until: float) -> None:
        """A file is kept for longer, and no longer among the free ones."""
        with self._transaction():
            self._db.execute(
                "UPDATE claims SET until = ?, free = 0 WHERE owner = ? AND digest = ?", (until, owner, digest)
            )

    def let_go(self, owner: bytes, digest: bytes) -> bool:
        """An owner no longer keeps a file; returns whether it did."""
        with self._transaction():
            done = self._db.execute("DELETE FROM claims WHERE owner = ? AND digest = ?", (owner, digest))
            return done.rowcount > 0

    def unneeded(self, most: int) -> list[bytes]:
        """Digests of files that nobody keeps or uploads, `most` at most."""
        with self._lock:
            rows = self._db.execute("SELECT digest FROM unneeded LIMIT ?", (most,))
            return [digest for (digest,) in rows]

    def is_unneeded(self, digest: bytes) -> bool:
        """Whether the store added a file that nobody keeps or uploads."""
        with self._lock:
            return self._number("SELECT count(*) FROM unneeded WHERE digest = ?", digest) > 0

    def removed(self, digest: bytes) -> None:
        """A file is gone."""
        with self._transaction():
            self._db.execute("DELETE FROM files WHERE digest = ?", (digest,))

    def set_aside(self) -> int:
        """The sizes of all open uploads, bytes."""
        with self._lock:
            return self._number("SELECT ifnull(sum(size), 0) FROM uploads")

    # -- parts

    def _admit(
        self, owner: bytes, digest: bytes, counts: int, *, allowed: int, free: bool, bounds: Bounds
    ) -> None:
        old = self._number("SELECT count(*) FROM claims WHERE owner = ? AND digest = ?", owner, digest)
        if old:
            return
        used = self._used(owner)
        if used + counts > allowed:
            raise TooMuch(
                "quota",
                f"this key may keep {allowed} bytes and keeps {used}; {counts} more are too many."
                " Bytes are allowed by the deposits of open jobs, to nodes and to attesters",
            )
        if free:
            taken = self._number(
                "SELECT (SELECT ifnull(sum(counts), 0) FROM claims WHERE free)"
                " + (SELECT ifnull(sum(counts), 0) FROM uploads WHERE free)"
            )
            if taken + counts > bounds.free_total:
                raise TooMuch(
                    "free", "what this store keeps without a deposit is used up; book a job first, or wait"
                )

    def _claim(self, owner: bytes, digest: bytes, counts: int, free: bool, until: float) -> None:
        self._db.execute(
            "INSERT INTO claims VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " until = max(until, excluded.until), free = min(free, excluded.free)",
            (owner, digest, counts, free, until),
        )

    def _used(self, owner: bytes) -> int:
        return self._number(
            "SELECT (SELECT ifnull(sum(counts), 0) FROM claims WHERE owner = ?1)"
            " + (SELECT ifnull(sum(counts), 0) FROM uploads WHERE owner = ?1)",
            owner,
        )

    def _number(self, query: str, *values: bytes) -> int:
        (number,) = self._db.execute(query, values).fetchone()
        return int(number)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
