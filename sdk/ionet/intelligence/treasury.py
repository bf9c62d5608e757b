"""What becomes of what users have paid: leases' cost, the surplus for the buyback, and what waits.

Everything that moves at a till is a posting in the books, as the chain shows it: what users pay in, what goes
into leases' escrows and comes back, what is sent to the buyback's vaults, and what the operator moves. So the
books say to the base unit what a till holds::

    deposits = accounts + spent          spent = leases' cost + sent + waiting
    till     = accounts + waiting + operator

Leases are paid by the operator, who has lent what users have not covered yet; of what users have spent their
cost is covered first, as much waits as lies in open escrows, and the rest is surplus.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ionet.intelligence.books import Books
from ionet.intelligence.records import Currency

#: Seconds of a period.
PERIOD: Final = 3_600
Kind = Literal["lease", "refund", "in", "out"]
_ESCROW: Final = "escrow "


@dataclass(frozen=True, slots=True)
class Flow:
    """What has moved at a till beside users' payments.

    Attributes:
        what: names it: signature and place in the transaction; it counts once.
        kind: into a lease's escrow, back from it, or the operator's.
        currency: of it.
        units: base units.
        other: the token account at the other end; empty: it is not known.
        at: Unix seconds.
    """

    what: str
    kind: Kind
    currency: Currency
    units: int
    other: str
    at: int


@dataclass(frozen=True, slots=True)
class Send:
    """A surplus on its way: a transaction that was signed before anything was sent.

    Attributes:
        signature: of it.
        currency: of it.
        period: that it is of, Unix seconds / 3,600.
        units: base units.
        vault: the fee vault.
        raw: the signed transaction.
        until: the last block in which it can land.
        state: `signed`, `landed` or `failed`.
    """

    signature: str
    currency: Currency
    period: int
    units: int
    vault: str
    raw: bytes
    until: int
    state: str = "signed"


@dataclass(frozen=True, slots=True)
class Statement:
    """The books of a currency, base units.

    Attributes:
        deposits: that users have paid in.
        accounts: what they have left.
        held: what is set aside for requests at work.
        covered: leases' cost that users have paid.
        cost: leases' cost, of those that are over.
        escrow: what lies in open leases' escrows.
        earned: what users have spent, that waits.
        sending: surplus that is on its way.
        sent: surplus that is in the buyback's vaults.
        operator: what the operator has in the till; negative: has taken out of it for leases.
    """

    deposits: int
    accounts: int
    held: int
    covered: int
    cost: int
    escrow: int
    earned: int
    sending: int
    sent: int
    operator: int

    @property
    def spent(self) -> int:
        """What users have spent, with what is set aside."""
        return self.covered + self.sent + self.waiting

    @property
    def waiting(self) -> int:
        """Of it what is neither cost nor sent."""
        return self.held + self.earned + self.sending

    @property
    def till(self) -> int:
        """What the till holds, by the books."""
        return self.accounts + self.waiting + self.operator

    def differences(self) -> list[str]:
        """Why these books do not balance; empty: they do."""
        wrong = []
        if self.deposits != self.accounts + self.spent:
            wrong.append(f"deposits are {self.deposits}, accounts and spent {self.accounts + self.spent}")
        if self.covered > self.cost:
            wrong.append(f"users have covered {self.covered} of leases that cost {self.cost}")
        return wrong


class Treasury:
    """Moves what users have paid, in the books.

    Args:
        books: them.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self._db: sqlite3.Connection = books._db

    def record(self, flows: Iterable[Flow]) -> int:
        """Notes what has moved at a till; returns how much of it is new."""
        count = 0
        for flow in flows:
            with self._books._change():
                if self._knows(f"{flow.kind} {flow.what}"):
                    continue
                giver, taker = self._ends(flow)
                self._books._move(
                    f"{flow.kind} {flow.what}", giver, taker, flow.currency, flow.units, flow.at
                )
                count += 1
        return count

    def _knows(self, what: str) -> bool:
        return self._db.execute("SELECT 1 FROM postings WHERE what = ?", (what,)).fetchone() is not None

    def _ends(self, flow: Flow) -> tuple[str, str]:
        escrow = f"{_ESCROW}{flow.other}"
        match flow.kind:
            case "lease":
                return "operator", escrow
            case "refund" if self._of(escrow, flow.currency) >= flow.units:
                return escrow, "operator"
            case "out":
                return "operator", "outside"
        return "outside", "operator"  # also what comes back of a lease that was paid elsewhere

    def _of(self, holder: str, currency: Currency) -> int:
        row = self._db.execute(
            "SELECT units FROM balances WHERE holder = ? AND currency = ?", (holder, currency)
        ).fetchone()
        return int(row[0]) if row else 0

    def escrows(self, currency: Currency) -> list[str]:
        """The escrows, token accounts, of leases that are not over."""
        rows = self._db.execute(
            "SELECT holder FROM balances WHERE currency = ? AND units > 0 AND holder LIKE ? ORDER BY holder",
            (currency, f"{_ESCROW}%"),
        )
        return [str(row[0]).removeprefix(_ESCROW) for row in rows]

    def over(self, currency: Currency, escrow: str, at: int) -> None:
        """Notes that a lease is over and paid: what has not come back of its escrow is its cost."""
        with self._books._change():
            holder = f"{_ESCROW}{escrow}"
            if units := self._of(holder, currency):
                # An account of the same address may be paid into once more.
                number = self._db.execute(
                    "SELECT count(*) FROM postings WHERE giver = ? AND taker = 'cost'", (holder,)
                ).fetchone()[0]
                self._books._move(f"cost {escrow} {number}", holder, "cost", currency, units, at)

    # -- the surplus

    def begin(self, send: Send, at: int) -> bool:
        """Sets a surplus aside, with the transaction that sends it; returns whether it was still there.

        Once, whoever tries it and however often: the transaction is in the books, and on the disk, before it
        is anywhere else.
        """
        self._db.execute("PRAGMA synchronous=FULL")
        try:
            with self._books._change():
                if self.surplus(send.currency, send.period) < send.units:
                    return False
                self._books._move(
                    f"send {send.signature}", "earned", "sending", send.currency, send.units, at
                )
                self._db.execute(
                    "INSERT INTO sends VALUES (?, ?, ?, ?, ?, ?, ?, 'signed')",
                    (
                        *(send.signature, send.currency, send.period, send.units, send.vault),
                        *(send.raw, send.until),
                    ),
                )
        finally:
            self._db.execute("PRAGMA synchronous=NORMAL")
        return True

    def cover(self, currency: Currency, period: int, at: int) -> int:
        """Has users cover leases' cost, of what they have spent until a period's end; returns how much."""
        with self._books._change():
            units = min(
                self._spent_by(currency, period), self._of("cost", currency) - self._of("covered", currency)
            )
            if units > 0:
                number = self._db.execute("SELECT count(*) FROM postings WHERE taker = 'covered'").fetchone()
                self._books._move(f"cover {currency} {number[0]}", "earned", "covered", currency, units, at)
            return max(0, units)

    def surplus(self, currency: Currency, period: int) -> int:
        """What users have spent until a period's end, above leases' cost and what open ones may cost."""
        uncovered = self._of("cost", currency) - self._of("covered", currency)
        escrow = sum(self._of(f"{_ESCROW}{each}", currency) for each in self.escrows(currency))
        return max(0, self._spent_by(currency, period) - uncovered - escrow)

    def _spent_by(self, currency: Currency, period: int) -> int:
        later = self._db.execute(
            "SELECT coalesce(sum(units), 0) FROM postings"
            " WHERE taker = 'earned' AND giver = 'held' AND currency = ? AND at >= ?",
            (currency, (period + 1) * PERIOD),
        ).fetchone()
        return max(0, self._of("earned", currency) - int(later[0]))

    def sends(self, state: str | None = None) -> Sequence[Send]:
        """Surpluses that were or are sent, the oldest first; of one state only, if it is named."""
        rows = self._db.execute(
            "SELECT signature, currency, period, units, vault, raw, until, state FROM sends"
            " WHERE ? IS NULL OR state = ? ORDER BY period, rowid",
            (state, state),
        )
        return [Send(*row) for row in rows]

    def began(self, signature: str) -> int:
        """When a surplus was set aside, Unix seconds."""
        row = self._db.execute("SELECT at FROM postings WHERE what = ?", (f"send {signature}",)).fetchone()
        return int(row[0])

    def landed(self, signature: str, at: int) -> None:
        """Notes that a surplus is in its vault, also one that was given up before."""
        with self._books._change():
            for currency, units, state in self._db.execute(
                "SELECT currency, units, state FROM sends WHERE signature = ?", (signature,)
            ).fetchall():
                if state == "landed":
                    continue
                giver = "sending" if state == "signed" else "earned"
                # What was given up may have been spent since; then the operator has paid it.
                own = min(units, self._of(giver, currency))
                moves = (("landed", giver, "sent", own), ("landed twice", "operator", "outside", units - own))
                for what, source, taker, part in moves:
                    if part:
                        self._books._move(f"{what} {signature}", source, taker, currency, part, at)
                self._db.execute("UPDATE sends SET state = 'landed' WHERE signature = ?", (signature,))

    def failed(self, signature: str, at: int) -> None:
        """Notes that a transaction has not landed, and no longer can: its surplus waits again."""
        with self._books._change():
            row = self._db.execute(
                "UPDATE sends SET state = 'failed' WHERE signature = ? AND state = 'signed'"
                " RETURNING currency, units",
                (signature,),
            ).fetchone()
            if row is not None:
                self._books._move(f"failed {signature}", "sending", "earned", row[0], row[1], at)

    # -- what there is

    def statement(self, currency: Currency) -> Statement:
        """The books of a currency."""
        balances = {
            holder: units for (holder, each), units in self._books.balances().items() if each == currency
        }
        paid = self._db.execute(
            "SELECT coalesce(sum(units), 0) FROM postings WHERE currency = ? AND giver = 'outside'"
            " AND taker LIKE 'account %'",
            (currency,),
        ).fetchone()
        covered, cost = balances.get("covered", 0), balances.get("cost", 0)
        return Statement(
            deposits=int(paid[0]),
            accounts=sum(units for holder, units in balances.items() if holder.startswith("account ")),
            held=balances.get("held", 0),
            covered=covered,
            cost=cost,
            escrow=sum(units for holder, units in balances.items() if holder.startswith(_ESCROW)),
            earned=balances.get("earned", 0),
            sending=balances.get("sending", 0),
            sent=balances.get("sent", 0),
            # What users have covered of leases is the operator's.
            operator=balances.get("operator", 0) + covered,
        )
