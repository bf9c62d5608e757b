"""Who may use how much, and what they have used: keys, quotas, prepaid balances, in one SQLite file.

The most that a request can cost is set aside before its first token, and what it has cost is taken of that
when it ends. Both are one transaction each, so that no number of requests at a time can use more than there
is. Tokens are noted before they are told, some ahead: what a process leaves open when it dies is settled by
the next one at what was noted, so that no crash gives anything away.

Amounts are integers: millionths of a dollar, or base units of a currency. Every movement of a balance is a
posting from one account of the books to another, and the sum of all of them is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ionet.chain.amounts import IO
from ionet.intelligence.errors import unpaid
from ionet.intelligence.keyring import Keyring
from ionet.intelligence.prices import Rate
from ionet.intelligence.records import (
    Charge,
    Currency,
    Deposit,
    Funds,
    Gap,
    Hold,
    Key,
    cycle_of,
    day_of,
    written,
)


@dataclass(slots=True)
class Books(Keyring):
    """The books. Not to be shared by threads; see `Storage` for their arguments."""

    def spent(self, key: Key, at: int) -> int:
        """Millionths of a dollar that a key has used in its cycle, with what is set aside."""
        return self._used(key.id, cycle_of(key.cycle, at))

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


def _holder(account: int) -> str:
    return f"account {account}"


def _deposited(deposit: Deposit) -> str:
    return f"deposit {deposit.what}"
