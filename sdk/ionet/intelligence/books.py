"""Who may use how much, and what they have used: keys, quotas, prepaid balances, in one SQLite file.

The most that a request can cost is set aside before its first token, and what it has cost is taken of that
when it ends. Both are one transaction each, so that no number of requests at a time can use more than there
is. Tokens are noted before they are told, some ahead: what a process leaves open when it dies is settled by
the next one at what was noted, so that no crash gives anything away.

Amounts are integers: millionths of a dollar, or base units of a currency. Every movement of a balance is a
posting from one account of the books to another, and the sum of all of them is nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from ionet.chain.amounts import IO
from ionet.chain.errors import ConfigError
from ionet.intelligence.errors import unpaid
from ionet.intelligence.prices import Rate

Currency = Literal["usdc", "io"]
Cycle = Literal["day", "week", "month", "ever"]
CYCLES: Final[tuple[Cycle, ...]] = ("day", "week", "month", "ever")
#: Of this file.
VERSION: Final = 2
#: Keys of keys of keys.
_DEPTH: Final = 4
_KEYS: Final = (
    "SELECT keys.id, account, address, name, hint, models, cap, cycle, parent, keys.created, revoked"
    " FROM keys JOIN accounts ON accounts.id = account"
)
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


#: From the first version to this one: leases and surpluses came in.
_UPGRADE: Final = (
    "ALTER TABLE balances RENAME TO balances_1",
    _statement("balances"),
    "INSERT INTO balances SELECT * FROM balances_1",
    "DROP TABLE balances_1",
    _statement("sends"),
    _statement("gaps"),
    "UPDATE about SET value = '2' WHERE name = 'version'",
)


@dataclass(frozen=True, slots=True)
class Key:
    """An API key, without its secret.

    Attributes:
        id: names it.
        account: of whom.
        address: of the account.
        name: for people.
        hint: its first and last letters.
        models: that it may be used for; None: all.
        cap: millionths of a dollar that it may use in a cycle; None: no limit of its own.
        cycle: begins anew each UTC day, Monday, or month; or never.
        parent: the key that made it, or None.
        created: Unix seconds.
        revoked: Unix seconds, or None.
    """

    id: int
    account: int
    address: str
    name: str
    hint: str
    models: frozenset[str] | None
    cap: int | None
    cycle: Cycle
    parent: int | None
    created: int
    revoked: int | None


@dataclass(frozen=True, slots=True)
class Funds:
    """What an account may use.

    Attributes:
        quota: millionths of a dollar a day that cost nothing.
        used: of them today.
        usdc, io: base units of what was paid in advance.
    """

    quota: int
    used: int
    usdc: int
    io: int

    def dollars(self, rate: Rate | None) -> int:
        """Millionths of a dollar for one request: currencies are not added up, as one pays for all of it."""
        io = 0 if rate is None else rate.to_dollars(self.io)
        return max(0, self.quota - self.used) + max(self.usdc, io)


@dataclass(frozen=True, slots=True)
class Hold:
    """What was set aside for a request.

    Attributes:
        id: the request's.
        dollars: millionths of a dollar, all of it.
        free: of them, of the day's quota.
        currency: of what pays for the rest, or None.
        units: base units of it.
    """

    id: str
    dollars: int
    free: int
    currency: Currency | None
    units: int


@dataclass(frozen=True, slots=True)
class Charge:
    """What a request has cost.

    Attributes:
        dollars: millionths of a dollar.
        free: of them, of the day's quota.
        currency: that paid for the rest, or None.
        units: base units of it.
    """

    dollars: int
    free: int
    currency: Currency | None
    units: int


@dataclass(frozen=True, slots=True)
class Deposit:
    """A payment in advance, as the chain shows it.

    Attributes:
        what: names it: signature and place in the transaction; it counts once.
        address: whose it is.
        currency: of it.
        units: base units.
        at: Unix seconds.
    """

    what: str
    address: str
    currency: Currency
    units: int
    at: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Transactions of a till that the node did not have when they were looked for.

    Attributes:
        till: the token account.
        after: the last transaction that was seen before; empty: none was.
        before: the first one that was seen after.
        units: base units by which the till's balance has moved in it.
    """

    till: str
    after: str
    before: str
    units: int


@dataclass(slots=True)
class Books:
    """The books. Not to be shared by threads.

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
        with self._change():
            if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'").fetchone():
                for statement in _SCHEMA.split(";"):
                    self._db.execute(statement)
                about = {"version": str(VERSION), "environment": self.environment}
                self._db.executemany("INSERT INTO about VALUES (?, ?)", about.items())
            if dict(self._db.execute("SELECT name, value FROM about")).get("version") == "1":
                for statement in _UPGRADE:
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

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Has all changes within it be made together, or none."""
        with self._change():
            yield

    @contextmanager
    def _change(self) -> Iterator[None]:
        part_of_whole: bool = self._db.in_transaction
        if part_of_whole:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            # SQLite itself has ended it already where the disk was full.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    # -- accounts and keys

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

    def revoke(self, account: int, key: int, at: int) -> bool:
        """Ends a key and all that it has made; returns whether the account has such a key.

        Args:
            account: whose.
            key: which.
            at: Unix seconds.
        """
        with self._change():
            there = self._db.execute("SELECT 1 FROM keys WHERE id = ? AND account = ?", (key, account))
            if there.fetchone() is None:
                return False
            self._db.execute(
                "WITH RECURSIVE under (id) AS (VALUES (?) UNION"
                " SELECT keys.id FROM keys JOIN under ON keys.parent = under.id)"
                " UPDATE keys SET revoked = coalesce(revoked, ?) WHERE id IN (SELECT id FROM under)",
                (key, at),
            )
        return True

    def spent(self, key: Key, at: int) -> int:
        """Millionths of a dollar that a key has used in its cycle, with what is set aside."""
        return self._used(key.id, cycle_of(key.cycle, at))

    def _chain(self, key: int) -> Iterator[tuple[int, int | None, Cycle, str]]:
        """A key and those above it: id, cap, cycle, name."""
        at: int | None = key
        while at is not None:
            row = self._db.execute("SELECT parent, cap, cycle, name FROM keys WHERE id = ?", (at,)).fetchone()
            yield at, row[1], row[2], row[3]
            at = row[0]

    # -- money

    def funds(self, account: int, quota: int, at: int) -> Funds:
        """What an account may use.

        Args:
            account: whose.
            quota: millionths of a dollar a day that cost nothing.
            at: Unix seconds.
        """
        row = self._db.execute(
            "SELECT dollars FROM free WHERE account = ? AND day = ?", (account, day_of(at))
        ).fetchone()
        return Funds(
            quota, int(row[0]) if row else 0, self._balance(account, "usdc"), self._balance(account, "io")
        )

    def _balance(self, account: int, currency: Currency) -> int:
        row = self._db.execute(
            "SELECT units FROM balances WHERE holder = ? AND currency = ?", (_holder(account), currency)
        ).fetchone()
        return int(row[0]) if row else 0

    def left(self, key: Key, at: int) -> int | None:
        """Millionths of a dollar that the caps of a key and of those above it leave; None: all."""
        rooms = [
            cap - self._used(each, cycle_of(cycle, at))
            for each, cap, cycle, _ in self._chain(key.id)
            if cap is not None
        ]
        return max(0, min(rooms)) if rooms else None

    def _used(self, key: int, cycle: str) -> int:
        row = self._db.execute(
            "SELECT dollars FROM spent WHERE key = ? AND cycle = ?", (key, cycle)
        ).fetchone()
        return int(row[0]) if row else 0

    def reserve(self, request: str, key: Key, dollars: int, quota: int, rate: Rate | None, at: int) -> Hold:
        """Sets aside the most that a request can cost.

        Args:
            request: names it.
            key: that it comes with.
            dollars: millionths of a dollar.
            quota: of them, what the account may use today for nothing.
            rate: what an IO is worth now; None: nobody knows, and IO pays nothing.
            at: Unix seconds.

        Raises:
            Refused: there is not as much; then nothing has changed.
        """
        with self._change():
            self._within_caps(key, dollars, at)
            funds = self.funds(key.account, quota, at)
            free = min(dollars, max(0, funds.quota - funds.used))
            currency, units = _payment(dollars - free, funds, rate)
            kept = rate or Rate(1, 1)
            self._db.execute(
                "INSERT INTO holds (id, account, key, at, day, dollars, free, currency, units, rate_dollars,"
                " rate_units) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(request, key.account, key.id, at, day_of(at), dollars, free, currency, units),
                    *(kept.dollars, kept.units),
                ),
            )
            for each, _, cycle, _ in self._chain(key.id):
                named = cycle_of(cycle, at)
                self._db.execute("INSERT INTO held VALUES (?, ?, ?)", (request, each, named))
                self._add_spent(each, named, dollars)
            self._add_free(key.account, day_of(at), free)
            if currency is not None and units:
                self._move(f"hold {request}", _holder(key.account), "held", currency, units, at)
        return Hold(request, dollars, free, currency, units)

    def _within_caps(self, key: Key, dollars: int, at: int) -> None:
        if self._revoked(key.id):
            raise unpaid("this key was revoked")
        for each, cap, cycle, name in self._chain(key.id):
            if cap is not None and self._used(each, cycle_of(cycle, at)) + dollars > cap:
                span = {"day": "today", "week": "this week", "month": "this month", "ever": "in all"}[cycle]
                raise unpaid(f"the key {name!r} may use {written(cap)} {span}, and this could go beyond it")

    def seen(self, costs: Mapping[str, int]) -> None:
        """Notes what open requests have cost so far, for the case that this process dies.

        Args:
            costs: millionths of a dollar by the requests' ids.
        """
        with self._change():
            rows = [(cost, request) for request, cost in costs.items()]
            self._db.executemany("UPDATE holds SET seen = min(?, dollars) WHERE id = ?", rows)

    def settle(self, request: str, dollars: int, at: int) -> Charge:
        """Takes what a request has cost of what was set aside for it, and gives back the rest.

        Args:
            request: its name.
            dollars: millionths of a dollar; what is beyond the hold is not taken.
            at: Unix seconds.

        Raises:
            KeyError: nothing is set aside for it, or no more.
        """
        with self._change():
            return self._settle(request, dollars, at)

    def _settle(self, request: str, dollars: int, at: int) -> Charge:
        row = self._db.execute(
            "SELECT account, day, dollars, free, currency, units, rate_dollars, rate_units"
            " FROM holds WHERE id = ?",
            (request,),
        ).fetchone()
        if row is None:
            raise KeyError(request)
        account, day, most, free, currency, units, rate_dollars, rate_units = row
        cost = max(0, min(dollars, most))
        free_used = min(free, cost)
        rest = cost - free_used
        used = rest if currency == "usdc" else Rate(rate_dollars, rate_units).to_io(rest)
        used = min(used, units) if currency is not None else 0
        for key, cycle in self._db.execute(
            "SELECT key, cycle FROM held WHERE hold = ?", (request,)
        ).fetchall():
            self._add_spent(key, cycle, cost - most)
        self._add_free(account, day, free_used - free)
        if currency is not None:
            if used:
                self._move(f"use {request}", "held", "earned", currency, used, at)
            if units > used:
                self._move(f"return {request}", "held", _holder(account), currency, units - used, at)
        self._db.execute("DELETE FROM holds WHERE id = ?", (request,))
        return Charge(cost, free_used, currency if used else None, used)

    def recover(self, at: int) -> int:
        """Settles what an earlier process has left open, at what it saw last; returns how many that were."""
        with self._change():
            left = self._db.execute("SELECT id, seen FROM holds").fetchall()
            for request, seen in left:
                self._settle(request, seen, at)
        return len(left)

    def deposit(self, deposit: Deposit) -> bool:
        """Adds a payment to its account's balance; returns whether it is new."""
        with self._change():
            if self._db.execute("SELECT 1 FROM postings WHERE what = ?", (_deposited(deposit),)).fetchone():
                return False
            holder = _holder(self._account(deposit.address, deposit.at))
            self._move(_deposited(deposit), "outside", holder, deposit.currency, deposit.units, deposit.at)
        return True

    def mark(self, name: str, value: str | None = None) -> str | None:
        """Returns what is noted under a name, or notes it."""
        if value is not None:
            with self._change():
                self._db.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (f"mark {name}", value))
            return value
        row = self._db.execute("SELECT value FROM about WHERE name = ?", (f"mark {name}",)).fetchone()
        return str(row[0]) if row else None

    def gaps(self, till: str) -> list[Gap]:
        """What was not seen of a till."""
        rows = self._db.execute("SELECT till, after, before, units FROM gaps WHERE till = ?", (till,))
        return [Gap(*row) for row in rows]

    def miss(self, gap: Gap) -> None:
        """Notes that something was not seen."""
        with self._change():
            row = (gap.till, gap.after, gap.before, gap.units)
            self._db.execute("INSERT OR IGNORE INTO gaps VALUES (?, ?, ?, ?)", row)

    def filled(self, gap: Gap) -> None:
        """Notes that it was seen after all."""
        with self._change():
            self._db.execute("DELETE FROM gaps WHERE till = ? AND before = ?", (gap.till, gap.before))

    def currency_of(self, what: str) -> Currency:
        """The currency of a posting; raises KeyError if there is none of that name."""
        row = self._db.execute("SELECT currency FROM postings WHERE what = ?", (what,)).fetchone()
        if row is None:
            raise KeyError(what)
        return "usdc" if row[0] == "usdc" else "io"

    def balances(self) -> dict[tuple[str, Currency], int]:
        """Base units of everyone, in each currency; they add up to nothing."""
        rows = self._db.execute("SELECT holder, currency, units FROM balances")
        return {(holder, currency): units for holder, currency, units in rows}

    def _move(self, what: str, giver: str, taker: str, currency: Currency, units: int, at: int) -> None:
        self._db.execute(
            "INSERT INTO postings (at, what, giver, taker, currency, units) VALUES (?, ?, ?, ?, ?, ?)",
            (at, what, giver, taker, currency, units),
        )
        for holder, change in ((giver, -units), (taker, units)):
            self._db.execute(
                "INSERT INTO balances VALUES (?, ?, 0) ON CONFLICT DO NOTHING", (holder, currency)
            )
            self._db.execute(
                "UPDATE balances SET units = units + ? WHERE holder = ? AND currency = ?",
                (change, holder, currency),
            )

    def _add_spent(self, key: int, cycle: str, dollars: int) -> None:
        self._db.execute("INSERT INTO spent VALUES (?, ?, 0) ON CONFLICT DO NOTHING", (key, cycle))
        self._db.execute(
            "UPDATE spent SET dollars = dollars + ? WHERE key = ? AND cycle = ?", (dollars, key, cycle)
        )

    def _add_free(self, account: int, day: str, dollars: int) -> None:
        if dollars:
            self._db.execute("INSERT INTO free VALUES (?, ?, 0) ON CONFLICT DO NOTHING", (account, day))
            self._db.execute(
                "UPDATE free SET dollars = dollars + ? WHERE account = ? AND day = ?", (dollars, account, day)
            )


def _payment(dollars: int, funds: Funds, rate: Rate | None) -> tuple[Currency | None, int]:
    """What pays for what is not free: USDC, or else IO, all of it in one of them."""
    if dollars == 0:
        return None, 0
    if funds.usdc >= dollars:
        return "usdc", dollars
    if rate is not None and funds.io >= (units := rate.to_io(dollars)):
        return "io", units
    raise unpaid(
        f"this could cost {written(dollars)} beyond what is left of the day's quota; the prepaid balance is"
        f" {written(funds.usdc)} in USDC and {IO.from_base(funds.io)}: ask for fewer tokens, stake more IO,"
        " or pay in"
    )


def _hash(secret: str) -> bytes:
    # Secrets have 256 random bits: nobody guesses one, however fast the hash.
    return hashlib.sha256(secret.encode()).digest()


def _holder(account: int) -> str:
    return f"account {account}"


def _deposited(deposit: Deposit) -> str:
    return f"deposit {deposit.what}"


def written(dollars: int) -> str:
    """Millionths of a dollar, in dollars."""
    whole, rest = divmod(dollars, 10**6)
    return f"${whole}.{rest:06d}".rstrip("0").rstrip(".") if rest else f"${whole}"


def day_of(at: int) -> str:
    """The UTC day of a time, as 2026-11-30."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def cycle_of(cycle: Cycle, at: int) -> str:
    """Names the cycle that a time is in."""
    day = datetime.fromtimestamp(at, UTC).date()
    if cycle == "week":
        day -= timedelta(days=day.weekday())
    elif cycle == "month":
        day = day.replace(day=1)
    return "ever" if cycle == "ever" else f"{cycle} {day.isoformat()}"
