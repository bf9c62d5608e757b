"""The file of the books: its tables, and changes that are made whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ionet.chain.errors import ConfigError
from ionet.intelligence.logs import leave_log

#: Of this file.
VERSION: Final = 3
_SCHEMA: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, created INTEGER NOT NULL
) STRICT;
CREATE TABLE keys (
    id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts, parent INTEGER REFERENCES keys,
    hash BLOB NOT NULL UNIQUE, hint TEXT NOT NULL, name TEXT NOT NULL, models TEXT, cap INTEGER,
    cycle TEXT NOT NULL, created INTEGER NOT NULL, revoked INTEGER
) STRICT;
CREATE TABLE spent (
    key INTEGER NOT NULL REFERENCES keys, cycle TEXT NOT NULL, dollars INTEGER NOT NULL CHECK (dollars >= 0),
    PRIMARY KEY (key, cycle)
) STRICT, WITHOUT ROWID;
CREATE TABLE free (
    account INTEGER NOT NULL REFERENCES accounts, day TEXT NOT NULL,
    dollars INTEGER NOT NULL CHECK (dollars >= 0), PRIMARY KEY (account, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE balances (
    holder TEXT NOT NULL, currency TEXT NOT NULL, units INTEGER NOT NULL, PRIMARY KEY (holder, currency),
    CHECK (units >= 0 OR holder IN ('outside', 'operator'))
) STRICT, WITHOUT ROWID;
CREATE TABLE postings (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, what TEXT NOT NULL UNIQUE, giver TEXT NOT NULL,
    taker TEXT NOT NULL, currency TEXT NOT NULL, units INTEGER NOT NULL CHECK (units > 0)
) STRICT;
CREATE INDEX postings_at ON postings (at);
CREATE TABLE holds (
    id TEXT PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts, key INTEGER NOT NULL REFERENCES keys,
    at INTEGER NOT NULL, day TEXT NOT NULL, dollars INTEGER NOT NULL, free INTEGER NOT NULL,
    currency TEXT, units INTEGER NOT NULL, rate_dollars INTEGER NOT NULL, rate_units INTEGER NOT NULL,
    seen INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE held (
    hold TEXT NOT NULL REFERENCES holds ON DELETE CASCADE, key INTEGER NOT NULL, cycle TEXT NOT NULL,
    PRIMARY KEY (hold, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE sends (
    signature TEXT PRIMARY KEY, currency TEXT NOT NULL, period INTEGER NOT NULL,
    units INTEGER NOT NULL CHECK (units > 0), vault TEXT NOT NULL, raw BLOB NOT NULL, until INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE TABLE gaps (
    till TEXT NOT NULL, after TEXT NOT NULL, before TEXT NOT NULL, units INTEGER NOT NULL,
    PRIMARY KEY (till, before)
) STRICT, WITHOUT ROWID;
"""


def _statement(table: str) -> str:
    begin = _SCHEMA.index(f"CREATE TABLE {table} (")
    return _SCHEMA[begin : _SCHEMA.index(";", begin)]


#: From each version to the next one. With the second, leases and surpluses came in.
_SECOND: Final = (
    "ALTER TABLE balances RENAME TO balances_1",
    _statement("balances"),
    "INSERT INTO balances SELECT * FROM balances_1",
    "DROP TABLE balances_1",
    _statement("sends"),
    _statement("gaps"),
    "UPDATE about SET value = '2' WHERE name = 'version'",
)
#: With the third, what is old is forgotten.
_THIRD: Final = (
    "CREATE INDEX postings_at ON postings (at)",
    "UPDATE about SET value = '3' WHERE name = 'version'",
)


@contextmanager
def changing(database: sqlite3.Connection) -> Iterator[None]:
    """Has all changes within it be made together, or none; within another one, with that one's."""
    part_of_whole: bool = database.in_transaction
    if part_of_whole:
        yield
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    finally:
        # SQLite itself has ended it already where the disk was full.
        if database.in_transaction:
            database.execute("ROLLBACK")


@dataclass(slots=True)
class Storage:
    """The file. Not to be shared by threads.

    Args:
        path: the file; made where there is none.
        environment: a word that keys begin with, so that one of another environment is known at sight.
    """

    path: Path
    environment: str = "live"
    _db: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        try:
            self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10.0)
            self.path.chmod(0o600)
            self._prepare()
        except sqlite3.Error as bad:
            raise ConfigError(f"{self.path} cannot be used for the books: {bad}") from None

    def _prepare(self) -> None:
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; PRAGMA synchronous=NORMAL;")
        # What is forgotten is not left in the file, either.
        self._db.execute("PRAGMA secure_delete=ON").fetchall()
        with self._change():
            if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'").fetchone():
                for statement in _SCHEMA.split(";"):
                    self._db.execute(statement)
                about = {"version": str(VERSION), "environment": self.environment}
                self._db.executemany("INSERT INTO about VALUES (?, ?)", about.items())
            for version, statements in (("1", _SECOND), ("2", _THIRD)):
                if dict(self._db.execute("SELECT name, value FROM about")).get("version") == version:
                    for statement in statements:
                        self._db.execute(statement)
        about = dict(self._db.execute("SELECT name, value FROM about"))
        if about.get("version") != str(VERSION):
            raise ConfigError(f"{self.path} is of version {about.get('version')}, and this is {VERSION}")
        if about.get("environment") != self.environment:
            raise ConfigError(
                f"{self.path} is of the environment {about.get('environment')!r}, not {self.environment!r}"
            )

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def leave_log(self) -> None:
        """See `ionet.intelligence.logs.leave_log`."""
        leave_log(self._db)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Has all changes within it be made together, or none."""
        with self._change():
            yield

    def _change(self) -> AbstractContextManager[None]:
        return changing(self._db)
