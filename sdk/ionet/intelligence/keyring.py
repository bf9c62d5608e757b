"""Accounts and their API keys, in the books."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ionet.intelligence.records import Cycle, Key
from ionet.intelligence.storage import Storage

#: Keys of keys of keys.
_DEPTH: Final = 4
_KEYS: Final = (
    "SELECT keys.id, account, address, name, hint, models, cap, cycle, parent, keys.created, revoked"
    " FROM keys JOIN accounts ON accounts.id = account"
)


@dataclass(slots=True)
class Keyring(Storage):
    """Who may ask. See `Storage` for its arguments."""

    def account(self, address: str, at: int) -> int:
        """The account of an address; made where there is none.

        Args:
            address: a wallet's.
            at: Unix seconds.
        """
        with self._change():
            return self._account(address, at)

    def _account(self, address: str, at: int) -> int:
        self._db.execute("INSERT OR IGNORE INTO accounts (address, created) VALUES (?, ?)", (address, at))
        row = self._db.execute("SELECT id FROM accounts WHERE address = ?", (address,)).fetchone()
        return int(row[0])

    def make_key(
        self,
        account: int,
        name: str,
        at: int,
        *,
        models: Iterable[str] | None = None,
        cap: int | None = None,
        cycle: Cycle = "ever",
        parent: Key | None = None,
    ) -> tuple[Key, str]:
        """Makes an API key, whose secret nobody sees again.

        Args:
            account: whose.
            name: for people.
            at: Unix seconds.
            models: that it may be used for; None: all that its parent may.
            cap: millionths of a dollar that it may use in a cycle; None: no limit of its own.
            cycle: see `Key`.
            parent: the key that makes it; what it may is a part of what that may.

        Returns:
            The key, and its secret.

        Raises:
            ValueError: it would be allowed more than its parent, its parent was revoked, or is a key of a key
                of a key of a key.
        """
        wanted = None if models is None else frozenset(models)
        if parent is not None and parent.models is not None:
            wanted = parent.models if wanted is None else wanted
            if not wanted <= parent.models:
                raise ValueError(f"this key is only for {', '.join(sorted(parent.models))}")
        secret = f"sk-io-{self.environment}-{secrets.token_urlsafe(32)}"
        with self._change():
            if parent is not None:
                # The request was let in before; its body may have come long after.
                if self._revoked(parent.id):
                    raise ValueError("this key was revoked, and makes no others")
                if len(list(self._chain(parent.id))) >= _DEPTH:
                    raise ValueError(f"keys of keys go {_DEPTH} levels deep at most")
            row = (
                account,
                None if parent is None else parent.id,
                _hash(secret),
                f"{secret[:12]}…{secret[-4:]}",
                name,
                None if wanted is None else "\n".join(sorted(wanted)),
                cap,
                cycle,
                at,
            )
            made = self._db.execute(
                "INSERT INTO keys (account, parent, hash, hint, name, models, cap, cycle, created)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                row,
            ).fetchone()
        return self._keys("keys.id = ?", made[0])[0], secret

    def _revoked(self, key: int) -> bool:
        state = self._db.execute("SELECT revoked FROM keys WHERE id = ?", (key,)).fetchone()
        return state is None or state[0] is not None

    def find_key(self, secret: str) -> Key | None:
        """The key of a secret, revoked or not; None: there is none."""
        keys = self._keys("hash = ?", _hash(secret))
        return keys[0] if keys else None

    def keys(self, account: int) -> list[Key]:
        """All keys of an account."""
        return self._keys("account = ?", account)

    def _keys(self, where: str, value: object) -> list[Key]:
        rows = self._db.execute(f"{_KEYS} WHERE {where} ORDER BY keys.id", (value,))
        return [
            Key(
                id=row[0],
                account=row[1],
                address=row[2],
                name=row[3],
                hint=row[4],
                models=None if row[5] is None else frozenset(row[5].split("\n")),
                cap=row[6],
                cycle=row[7],
                parent=row[8],
                created=row[9],
                revoked=row[10],
            )
            for row in rows
        ]

    def revoke(self, account: int, key: int, at: int) -> frozenset[int]:
        """Ends a key and all that it has made; returns them all, none if the account has no such key.

        Args:
            account: whose.
            key: which.
            at: Unix seconds.
        """
        with self._change():
            there = self._db.execute("SELECT 1 FROM keys WHERE id = ? AND account = ?", (key, account))
            if there.fetchone() is None:
                return frozenset()
            ended = self._db.execute(
                "WITH RECURSIVE under (id) AS (VALUES (?) UNION"
                " SELECT keys.id FROM keys JOIN under ON keys.parent = under.id)"
                " UPDATE keys SET revoked = coalesce(revoked, ?) WHERE id IN (SELECT id FROM under)"
                " RETURNING id",
                (key, at),
            ).fetchall()
        return frozenset(each for (each,) in ended)

    def _chain(self, key: int) -> Iterator[tuple[int, int | None, Cycle, str]]:
        """A key and those above it: id, cap, cycle, name."""
        at: int | None = key
        while at is not None:
            row = self._db.execute("SELECT parent, cap, cycle, name FROM keys WHERE id = ?", (at,)).fetchone()
            yield at, row[1], row[2], row[3]
            at = row[0]


def _hash(secret: str) -> bytes:
    # Secrets have 256 random bits: nobody guesses one, however fast the hash.
    return hashlib.sha256(secret.encode()).digest()
