"""What a console remembers: packages, bookings, API keys. Amounts are the chain's, and are not in here."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet.console._card_book import CARDS, CardBook

#: What a key may be for: reading; uploading and planning; having transactions built, and sending signed ones.
SCOPES: Final = ("read", "files", "rent")
_PREFIX: Final = "ionet"
#: Seconds for which a booking that was built, and is not on the chain, is remembered.
_UNSIGNED: Final = 86_400
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS packages (id TEXT PRIMARY KEY, owner TEXT NOT NULL, made INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS files (package TEXT NOT NULL, name TEXT NOT NULL, place TEXT NOT NULL,
    size INTEGER NOT NULL, PRIMARY KEY (package, name));
CREATE TABLE IF NOT EXISTS jobs (job TEXT NOT NULL, owner TEXT NOT NULL, title TEXT NOT NULL,
    node TEXT NOT NULL, built INTEGER NOT NULL, booked INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (job, owner));
CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, owner TEXT NOT NULL, label TEXT NOT NULL,
    digest BLOB NOT NULL, scopes TEXT NOT NULL, made INTEGER NOT NULL, expires INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS hooks (id TEXT PRIMARY KEY, owner TEXT NOT NULL, url TEXT NOT NULL,
    made INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS hooks_of ON hooks (owner);
CREATE TABLE IF NOT EXISTS deliveries (job TEXT NOT NULL, owner TEXT NOT NULL, package TEXT NOT NULL,
    argv TEXT NOT NULL, manifest BLOB NOT NULL, built INTEGER NOT NULL, PRIMARY KEY (job, owner));
CREATE INDEX IF NOT EXISTS packages_of ON packages (owner);
CREATE INDEX IF NOT EXISTS jobs_of ON jobs (owner);
CREATE INDEX IF NOT EXISTS keys_of ON keys (owner);
"""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """An uploaded file.

    Attributes:
        name: as the program sees it, a POSIX path.
        place: its file's name here, which says nothing.
        size: bytes.
    """

    name: str
    place: str
    size: int


@dataclass(frozen=True, slots=True)
class KeptJob:
    """A job that was booked from here.

    Attributes:
        job: its address.
        title: what was run, for people.
        node: where.
        built: when its booking was built, Unix seconds.
    """

    job: str
    title: str
    node: str
    built: int


@dataclass(frozen=True, slots=True)
class KeptKey:
    """An API key, without its secret.

    Attributes:
        id: names it.
        owner: whose it is.
        label: for people.
        scopes: what it may do.
        made, expires, used: Unix seconds; used 0: never.
    """

    id: str
    owner: Pubkey
    label: str
    scopes: tuple[str, ...]
    made: int
    expires: int
    used: int


@dataclass(frozen=True, slots=True)
class KeptDelivery:
    """What a job's node is to be sent.

    Attributes:
        job: its address.
        owner: whose it is.
        package: its files.
        argv: its command.
        manifest: what was booked.
    """

    job: Pubkey
    owner: Pubkey
    package: str
    argv: tuple[str, ...]
    manifest: bytes


@dataclass(frozen=True, slots=True)
class KeptHook:
    """A URL for alerts.

    Attributes:
        id: names it.
        owner: whose alerts go there.
        url: the URL.
    """

    id: str
    owner: Pubkey
    url: str


class Kept:
    """A console's database.

    Attributes:
        cards: prices for cards, and payments.

    Args:
        path: its file, or ``:memory:``.
    """

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.Lock()
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._base.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + _SCHEMA + CARDS)
        self.cards = CardBook(self._do)

    def close(self) -> None:
        """Closes it."""
        self._base.close()

    def _do(self, text: str, *values: object) -> list[Any]:
        with self._lock:
            return self._base.execute(text, values).fetchall()

    # -- packages

    def new_package(self, owner: Pubkey, now: int) -> str:
        """Begins a package; returns its id, which nobody can guess."""
        name = secrets.token_hex(16)
        self._do("INSERT INTO packages VALUES (?, ?, ?)", name, str(owner), now)
        return name

    def has_package(self, package: str, owner: Pubkey) -> bool:
        """Whether a package is an owner's."""
        return bool(self._do("SELECT 1 FROM packages WHERE id = ? AND owner = ?", package, str(owner)))

    def began(self, package: str) -> int:
        """When a package was begun, Unix seconds; 0: there is none."""
        rows = self._do("SELECT made FROM packages WHERE id = ?", package)
        return int(rows[0][0]) if rows else 0

    def packages(self, owner: Pubkey) -> int:
        """How many an owner has."""
        return int(self._do("SELECT count(*) FROM packages WHERE owner = ?", str(owner))[0][0])

    def files(self, package: str) -> list[KeptFile]:
        """The files of a package, by name."""
        rows = self._do("SELECT name, place, size FROM files WHERE package = ? ORDER BY name", package)
        return [KeptFile(*row) for row in rows]

    def put_file(self, package: str, file: KeptFile) -> KeptFile | None:
        """Adds a file; returns the one of this name that it replaces.

        Raises:
            KeyError: the package was forgotten meanwhile.
        """
        before = next((each for each in self.files(package) if each.name == file.name), None)
        put = self._do(
            "INSERT OR REPLACE INTO files SELECT id, ?, ?, ? FROM packages WHERE id = ? RETURNING package",
            *(file.name, file.place, file.size, package),
        )
        if not put:
            raise KeyError(package)
        return before

    def size(self) -> int:
        """Bytes of all files."""
        return int(self._do("SELECT coalesce(sum(size), 0) FROM files")[0][0])

    def forget_packages(self, before: int) -> list[str]:
        """Forgets packages that were begun before a time; returns their ids."""
        gone = [row[0] for row in self._do("SELECT id FROM packages WHERE made < ?", before)]
        for package in gone:
            self._do("DELETE FROM files WHERE package = ?", package)
            self._do("DELETE FROM packages WHERE id = ?", package)
        return gone

    # -- jobs

    def add_job(self, job: Pubkey, owner: Pubkey, title: str, node: Pubkey, now: int) -> None:
        """Remembers a job whose booking was built; it may never be signed, or become another's first."""
        self._do("DELETE FROM jobs WHERE NOT booked AND built < ?", now - _UNSIGNED)
        values = (str(job), str(owner), title, str(node), now)
        self._do(
            "INSERT OR REPLACE INTO jobs (job, owner, title, node, built) VALUES (?, ?, ?, ?, ?)", *values
        )

    def booked(self, job: Pubkey, owner: Pubkey) -> None:
        """Notes that a job was seen on the chain as an owner's."""
        self._do("UPDATE jobs SET booked = 1 WHERE job = ? AND owner = ?", str(job), str(owner))

    def has_booked(self, job: str, owner: Pubkey) -> bool:
        """Whether a job was seen on the chain as an owner's."""
        return bool(self._do("SELECT 1 FROM jobs WHERE job = ? AND owner = ? AND booked", job, str(owner)))

    def jobs(self, owner: Pubkey) -> list[KeptJob]:
        """The jobs that an owner has booked, the latest first."""
        rows = self._do(
            "SELECT job, title, node, built FROM jobs WHERE owner = ? AND booked ORDER BY built DESC, job",
            str(owner),
        )
        return [KeptJob(*row) for row in rows]

    def job(self, job: str, owner: Pubkey) -> KeptJob | None:
        """A job whose booking an owner has had built."""
        rows = self._do(
            "SELECT job, title, node, built FROM jobs WHERE job = ? AND owner = ?", job, str(owner)
        )
        return KeptJob(*rows[0]) if rows else None

    # -- what nodes are still to be sent

    def add_delivery(self, it: KeptDelivery, now: int) -> None:
        """Remembers what a job's node is sent once it is booked."""
        self._do("DELETE FROM deliveries WHERE built < ?", now - _UNSIGNED)
        values = (str(it.job), str(it.owner), it.package, json.dumps(list(it.argv)), it.manifest, now)
        self._do("INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?, ?, ?, ?)", *values)

    def deliveries(self, since: int) -> list[KeptDelivery]:
        """What is still to be sent, of jobs that were built since a time."""
        rows = self._do("SELECT job, owner, package, argv, manifest FROM deliveries WHERE built >= ?", since)
        return [
            KeptDelivery(
                Pubkey.from_string(job), Pubkey.from_string(owner), package, tuple(json.loads(argv)), manifest
            )
            for job, owner, package, argv, manifest in rows
        ]

    def delivered(self, job: Pubkey, owner: Pubkey) -> None:
        """Forgets what a job's node was to be sent by its owner."""
        self._do("DELETE FROM deliveries WHERE job = ? AND owner = ?", str(job), str(owner))

    # -- alerts

    def add_hook(self, owner: Pubkey, url: str, now: int) -> str:
        """Remembers a URL for an owner's alerts; returns its id."""
        name = secrets.token_hex(16)
        self._do("INSERT INTO hooks VALUES (?, ?, ?, ?)", name, str(owner), url, now)
        return name

    def hooks(self, owner: Pubkey) -> list[KeptHook]:
        """Where an owner's alerts go."""
        return [hook for hook in self.all_hooks() if hook.owner == owner]

    def all_hooks(self) -> list[KeptHook]:
        """Where alerts go, the first first."""
        rows = self._do("SELECT id, owner, url FROM hooks ORDER BY made, id")
        return [KeptHook(name, Pubkey.from_string(owner), url) for name, owner, url in rows]

    def remove_hook(self, name: str, owner: Pubkey) -> bool:
        """Forgets a URL; returns whether it was the owner's."""
        return bool(self._do("DELETE FROM hooks WHERE id = ? AND owner = ? RETURNING id", name, str(owner)))

    # -- API keys

    def new_key(
        self, owner: Pubkey, label: str, scopes: Sequence[str], now: int, expires: int
    ) -> tuple[str, str]:
        """Makes an API key; returns its id and the key itself, of which only a hash is kept."""
        name, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        values = (name, str(owner), label, _hash(secret), json.dumps(list(scopes)), now, expires)
        self._do(
            "INSERT INTO keys (id, owner, label, digest, scopes, made, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
            *values,
        )
        return name, f"{_PREFIX}_{name}_{secret}"

    def keys(self, owner: Pubkey) -> list[KeptKey]:
        """An owner's keys, the latest first."""
        rows = self._do("SELECT * FROM keys WHERE owner = ? ORDER BY made DESC, id", str(owner))
        return [_key(row) for row in rows]

    def key_of(self, text: str, now: int) -> KeptKey | None:
        """The key that a text is; None: it is none, has expired or was revoked."""
        prefix, _, rest = text.partition("_")
        name, _, secret = rest.partition("_")
        if prefix != _PREFIX:
            return None
        rows = self._do("SELECT * FROM keys WHERE id = ? AND expires > ?", name, now)
        if not rows or not secrets.compare_digest(rows[0][3], _hash(secret)):
            return None
        self._do("UPDATE keys SET used = ? WHERE id = ?", now, name)
        return _key(rows[0])

    def revoke_key(self, name: str, owner: Pubkey) -> bool:
        """Ends a key; returns whether the owner had it."""
        return bool(self._do("DELETE FROM keys WHERE id = ? AND owner = ? RETURNING id", name, str(owner)))


def _key(row: Sequence[Any]) -> KeptKey:
    name, owner, label, _, scopes, made, expires, used = row
    return KeptKey(name, Pubkey.from_string(owner), label, tuple(json.loads(scopes)), made, expires, used)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
