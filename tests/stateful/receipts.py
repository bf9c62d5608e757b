"""What events alone say of jobs, their escrows and bonds, payouts and fee vaults (rule 23).

It takes nothing from an account. Where an event states a sum, the sum has to be what the events before made
of it, and each account's numbers run without a gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from solders.pubkey import Pubkey
from tests.programs.market import IO_MINT

from ionet import events, pda, token_account

_J, _B = events.jobs, events.buyback
#: The fields of an event that may name the account whose number it carries, the first that it has.
_NUMBERED = {
    _J.DisputeClosed: "dispute",
    _J.ClusterOpened: "cluster",
    _J.ClusterClosed: "cluster",
    _J.DelegateSet: "cluster",
    _J.ClusterGrown: "cluster",
}
_OTHERS = ("job", "offer", "auction")


@dataclass(slots=True)
class JobBook:
    """What events say of one job."""

    renter: Pubkey
    mint: Pubkey
    fee_vault: Pubkey
    deposit: int
    paid: list[int] = field(default_factory=lambda: [0, 0, 0])
    owed: list[int] | None = None
    is_closed: bool = False

    @property
    def held(self) -> int:
        return self.deposit - sum(self.paid)


@dataclass(slots=True)
class Receipts:
    """What events say of everything.

    Attributes:
        numbers: the latest, by the account that counts.
        flows: into token accounts, less what went out of them.
    """

    numbers: dict[Pubkey | str, int] = field(default_factory=dict)
    flows: Counter[Pubkey] = field(default_factory=Counter)
    jobs: dict[Pubkey, JobBook] = field(default_factory=dict)
    bonds: dict[Pubkey, int] = field(default_factory=dict)
    burned: int = 0
    mints: dict[Pubkey, Pubkey] = field(default_factory=dict)

    def apply(self, event: Any) -> None:
        """Adds an event."""
        self._numbered(event)
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def _numbered(self, event: Any) -> None:
        place = _NUMBERED.get(type(event)) or next((one for one in _OTHERS if hasattr(event, one)), None)
        key: Pubkey | str = type(event).__module__ if place is None else getattr(event, place)
        if place == "job" and type(event).__module__ == _B.IoSold.__module__:
            # A payout counts by itself.
            key = pda.buyback.payout(event.job)
        known = self.numbers.get(key)
        # What was there before the walk has its number from then; what begins in it begins with 1.
        assert known is None or event.seq == known + 1, f"{event} follows {known}"
        self.numbers[key] = event.seq

    def _move(self, source: Pubkey, destination: Pubkey, amount: int) -> None:
        self.flows[source] -= amount
        self.flows[destination] += amount

    def _booked(self, event: Any) -> None:
        assert event.job not in self.jobs, event
        vault = pda.buyback.vault(event.mint, bytes(event.job)[-1] % 8)
        self.jobs[event.job] = JobBook(event.renter, event.mint, vault, event.price + event.fee)
        escrow = pda.jobs.escrow(event.job)
        self._move(event.source, escrow, event.price + event.fee)

    def _extended(self, event: Any) -> None:
        book = self.jobs[event.job]
        book.deposit += event.price + event.fee
        assert event.held == book.held, event
        self._move(event.source, pda.jobs.escrow(event.job), event.price + event.fee)

    def _ended(self, event: Any) -> None:
        book = self.jobs[event.job]
        book.owed = [event.owed_supplier, event.owed_fees, event.owed_refund]
        assert sum(book.owed) == book.deposit, event
        assert all(paid <= owed for paid, owed in zip(book.paid, book.owed, strict=True)), event

    def _paid(self, event: Any) -> None:
        book = self.jobs[event.job]
        assert not book.is_closed, event
        book.paid[event.party] += event.amount
        assert (event.paid, event.held) == (book.paid[event.party], book.held), event
        assert book.owed is None or book.paid[event.party] == book.owed[event.party], event
        self._move(pda.jobs.escrow(event.job), event.destination, event.amount)

    def _closed(self, event: Any) -> None:
        book = self.jobs[event.job]
        assert (book.held, book.paid, book.is_closed) == (0, book.owed, False), event
        book.is_closed = True
        self._move(pda.jobs.escrow(event.job), book.fee_vault, event.surplus)

    def _disputed(self, event: Any) -> None:
        book = self.jobs[event.job]
        assert event.frozen == book.held, event
        self.bonds[event.dispute] = event.bond
        self.flows[token_account(event.party, book.mint)] -= event.bond

    def _bond(self, event: Any) -> None:
        assert self.bonds.pop(event.dispute) == event.amount, event
        self.flows[event.destination] += event.amount

    def _opened(self, event: Any) -> None:
        self.mints[event.job] = event.mint

    def _credited(self, event: Any) -> None:
        vault, mint = pda.buyback.payout_vault(event.job), self.mints[event.job]
        assert event.vault_before == self.flows[vault], event
        self._move(vault, token_account(event.seller, mint), event.out)
        self._move(token_account(event.seller, IO_MINT), token_account(event.supplier, IO_MINT), event.io)

    def _withdrawn(self, event: Any) -> None:
        vault = pda.buyback.payout_vault(event.job)
        self._move(vault, event.destination, event.amount)
        self._move(vault, self.jobs[event.job].fee_vault, event.fee)

    def sold(self, event: Any, vault: Pubkey, mint: Pubkey) -> None:
        """`apply`, for a sale of fees: its event names the auction, whose vault and mint never change."""
        self._numbered(event)
        self._move(vault, token_account(event.seller, mint), event.out)
        self.flows[token_account(event.seller, IO_MINT)] -= event.io
        self._burns(event, event.io)

    def _burned(self, event: Any) -> None:
        self.flows[pda.buyback.vault(IO_MINT, event.shard)] -= event.amount
        self._burns(event, event.amount)

    def _burns(self, event: Any, amount: int) -> None:
        self.burned += amount
        assert event.supply_before - event.supply_after == amount, event
        assert event.burned_total == self.burned, event


_HANDLERS: dict[type[Any], Callable[[Receipts, Any], None]] = {
    _J.Booked: Receipts._booked,
    _J.Extended: Receipts._extended,
    _J.Ended: Receipts._ended,
    _J.Paid: Receipts._paid,
    _J.JobClosed: Receipts._closed,
    _J.DisputeMade: Receipts._disputed,
    _J.DisputeClosed: Receipts._bond,
    _B.PayoutOpened: Receipts._opened,
    _B.IoCredited: Receipts._credited,
    _B.PayoutWithdrawn: Receipts._withdrawn,
    _B.FeesBurned: Receipts._burned,
}
