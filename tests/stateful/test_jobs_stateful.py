"""Random walks through bookings, work, disputes and sales, beside the independent model.

Each step is tried on the programs jobs and buyback and in the model (`tests/model/rentals.py`). The model
says whether it succeeds or which refusals it may meet; afterwards every job, escrow, lease, cluster, bond,
payout, fee vault and purse agrees with it, and with what events alone say. At the end everything ends and
everybody is paid.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant
from solders.pubkey import Pubkey
from tests.model import escrow
from tests.model.escrow import Ending
from tests.model.rentals import IO, USDC, Rental
from tests.programs.support import DAY, HOUR
from tests.stateful.arena import decoded
from tests.stateful.paying import Paying
from tests.stateful.renting import NODES, PEOPLE, RATES, action, some_seconds

from ionet import accounts, pda

#: Steps of a walk.
STEPS: Final = 50
NOBODY: Final = Pubkey.default()
#: Of a job's account.
REASONS: Final = {
    None: 9,
    Ending.COMPLETED: 1,
    Ending.SILENT: 2,
    Ending.RENTER_STOPPED: 3,
    Ending.SUPPLIER_STOPPED: 4,
    Ending.NO_START: 5,
    Ending.SUPPLIER_CANCELLED: 6,
    Ending.RENTER_CANCELLED: 7,
    Ending.LOST: 8,
    Ending.CLUSTER_BROKEN: 10,
}


class Walk(Paying):
    """A walk: what may be done, and when."""

    @initialize(rates=st.tuples(*[st.sampled_from(RATES)] * 3), in_io=st.tuples(*[st.booleans()] * 3))
    def begin(self, rates: tuple[int, ...], in_io: tuple[bool, ...]) -> None:
        self.set_up()
        for node, rate, payout in zip(NODES, rates, in_io, strict=True):
            self.set_offer(node, rate, 24 * HOUR, True, payout)

    # -- time

    @action(weight=3, seconds=some_seconds)
    def wait(self, seconds: int) -> None:
        self.world.advance(seconds)

    @action(weight=6, pick=st.integers(0, 12), off=st.sampled_from((-1, 0, 1)))
    def be_in_time(self, pick: int, off: int) -> None:
        """Tries what a time decides about, right then, a second before, or a second after."""
        ahead = [one for one in self.deadlines() if one[0] + off > self.now]
        if ahead:
            time, action = ahead[pick % len(ahead)]
            self.world.advance(time + off - self.now)
            action()

    def deadlines(self) -> list[tuple[int, Callable[[], None]]]:
        """All times that decide, and what about."""
        found: list[tuple[int, Callable[[], None]]] = []
        every = self.open_jobs()
        for back, one in enumerate(reversed(every)):
            # Beyond 5 it picks among all, so it is this very job.
            found += self._of_job(one, back + len(every) * 6)
        for number, cluster in self.model.clusters.items():
            pick = sorted(self.model.clusters, reverse=True).index(number)
            found.append((cluster.opened_at + escrow.START_WINDOW, partial(self.close_cluster, pick)))
            found.append((cluster.runs_until, partial(self.close_cluster, pick)))
        disputes = [(n, who) for n, one in enumerate(self.model.jobs) for who in one.disputes]
        for pick, (n, who) in enumerate(reversed(disputes)):
            until = self.model.jobs[n].disputes[who].until
            found.append((until, partial(self.close_dispute, pick)))
            found.append((until, partial(self.resolve, pick, 50, 0)))
        payouts = [one for one in self.model.jobs if one.payout is not None]
        for pick, one in enumerate(reversed(payouts)):
            if one.payout is not None and one.payout.left:
                lapse = one.payout.started + 2 * one.payout.terms.period
                found.append((lapse, partial(self.sell_to_supplier, pick, 10**12, "usable", 0, False)))
                found.append((lapse, partial(self.start_payout, pick, "usable")))
        return sorted(found, key=lambda one: one[0])

    def _of_job(self, one: Rental, pick: int) -> list[tuple[int, Callable[[], None]]]:
        job = one.job
        if job.is_booked:
            window = job.booked_at + escrow.START_WINDOW
            manifest = job.booked_at + escrow.MANIFEST_WINDOW
            return [
                (manifest, partial(self.confirm_manifest, pick, 0)),
                (window, partial(self.cancel, pick, 0)),
                (window, partial(self.start, pick, "supplier")),
                (window, partial(self.expire, pick)),
            ]
        if job.is_running and job.started_at is not None:
            silent = min(job.last_word, job.ends_at) + escrow.SILENCE
            return [
                (job.started_at + HOUR, partial(self.settle, pick)),
                (job.started_at + HOUR, partial(self.stop, pick, 1)),
                (job.ends_at, partial(self.stop, pick, 0)),
                (job.ends_at, partial(self.extend, pick, HOUR, 0, "usable", None, 1)),
                (job.ends_at, partial(self.complete, pick)),
                (job.ends_at, partial(self.lose, pick, 0)),
                *(
                    (one.lost_at + escrow.LOST_WITHIN, partial(self.lose, pick, 1 - seat))
                    for seat, one in job.seats.items()
                    if seat < 2
                ),
                (silent, partial(self.expire, pick)),
                (job.frozen_until, partial(self.settle, pick)),
            ]
        return [
            (job.ended_at + escrow.DISPUTE_WINDOW, partial(self.dispute, pick, 1)),
            (job.frozen_until, partial(self.refund, pick)),
        ]

    # -- the end

    def teardown(self) -> None:
        """Every state can be left: everything ends by what anyone may do, and everybody is paid."""
        if sys.exc_info()[1] is not None or not hasattr(self, "model"):
            return
        for who, currency in tuple(self.model.shut):
            self.reopen(who, currency)
        self.world.advance(30 * DAY)
        for number, one in enumerate(self.model.jobs):
            if one.job.owed is None:
                self.expired(number)
            if not one.is_closed:
                self.paid_out(number, [number % 3, (number + 1) % 3, (number + 2) % 3])
            while one.disputes:
                self.close_dispute(0)
            if one.payout is not None:
                self.withdrawn(number)
                self.closed_payout(number)
        for _ in tuple(self.model.clusters):
            self.close_cluster(0)
        assert not self.open_jobs()
        assert not self.model.clusters
        assert not any(one.disputes or one.payout for one in self.model.jobs)
        self.agrees()

    # -- after each step

    @invariant()
    def agrees(self) -> None:
        for number, one in enumerate(self.model.jobs):
            if one.is_closed:
                assert not self.arena.data(self.addresses[number])
            else:
                self.job_agrees(self.addresses[number], one)
            self.bonds_and_payouts_agree(self.addresses[number], one)
        self.leases_agree()
        self.vaults_and_purses_agree()
        self.events_alone_rebuild_the_ledger()
        assert self.model.tokens == self.tokens

    def job_agrees(self, address: Pubkey, one: Rental) -> None:
        """Deposit = supplier + fees + refund + what the escrow holds, by account, vault and model."""
        found, job = decoded(accounts.jobs.Job, self.arena.data(address)), one.job
        paid = (found.paid_supplier, found.paid_fees, found.paid_refund)
        held = self.arena.balance(found.escrow) - one.surplus
        assert found.price + found.fee == sum(paid) + held == job.deposit
        assert (paid, held) == (tuple(job.paid.values()), job.escrow)
        owed = (found.owed_supplier, found.owed_fees, found.owed_refund)
        if job.owed is not None:
            assert owed == (job.owed.supplier, job.owed.fees, job.owed.refund)
            assert sum(owed) == job.deposit
            assert (found.state, found.reason) == (2, 9 if job.resolved else REASONS[job.ending])
            assert found.ended_at == job.ended_at
        else:
            assert found.state == (0 if job.is_booked else 1)
        assert (found.booked_at, found.started_at) == (job.booked_at, job.started_at or 0)
        assert job.started_at is None or found.ends_at == job.ends_at
        assert (found.seconds, found.segment_count) == (job.seconds, len(job.segments))
        assert found.frozen_until == job.frozen_until
        assert (found.manifest_seen, found.settled_good) == (job.manifest_seen, job.settled_good)
        assert (found.renter, found.refund_to) == tuple(
            self.person(who).pubkey() for who in (one.renter, one.refund_to)
        )
        for seat, seen in job.seats.items():
            assert (found.seen[seat].good, found.seen[seat].upto) == (seen.good, seen.upto)

    def bonds_and_payouts_agree(self, address: Pubkey, one: Rental) -> None:
        for who, bond in one.disputes.items():
            dispute = pda.jobs.dispute(address, self.person(who).pubkey())
            found = decoded(accounts.jobs.Dispute, self.arena.data(dispute))
            assert self.arena.balance(found.bond_vault) == found.bond == bond.bond
            assert (found.until, found.outcome) == (bond.until, {None: 0, True: 1, False: 2}[bond.upheld])
        if one.is_exchanged:
            vault = self.arena.balance(pda.buyback.payout_vault(address))
            assert vault == (0 if one.payout is None else one.payout.held)
            if one.payout is not None:
                state = decoded(accounts.buyback.Payout, self.arena.data(pda.buyback.payout(address)))
                assert state.lot.left == one.payout.left

    def leases_agree(self) -> None:
        for name, offer in self.model.offers.items():
            found = decoded(accounts.jobs.Offer, self.arena.data(self.node(name).offer))
            lease = NOBODY if offer.lease is None else self.addresses[offer.lease]
            assert (found.lease_job, found.lease_until) == (lease, offer.until)
        for number, cluster in self.model.clusters.items():
            state = decoded(accounts.jobs.Cluster, self.arena.data(self.clusters[number]))
            assert (state.joined, state.waiting) == (cluster.joined, cluster.waiting)
            assert (state.lost, state.runs_until) == (cluster.lost, cluster.runs_until)
            assert state.places == cluster.places
            assert (state.broken != 0) == (cluster.broken is not None)

    def vaults_and_purses_agree(self) -> None:
        for currency, vaults in self.model.fees.items():
            for shard, vault in enumerate(vaults):
                assert self.arena.balance(self.fee_vault(currency, shard)) == vault.held
                if currency == USDC and (vault.left or vault.sold):
                    state = decoded(accounts.buyback.Auction, self.arena.data(self.auction(shard)))
                    assert state.lot.left == vault.left
        for who in PEOPLE:
            for currency in (IO, USDC):
                if (who, currency) not in self.model.shut:
                    assert self.purse(who, currency) == self.model.purses[who, currency]

    def events_alone_rebuild_the_ledger(self) -> None:
        flows, shut = self.receipts.flows, {self.wallet(*one) for one in self.model.shut}
        for address, before in self.beginning.items():
            if address not in shut:
                assert self.arena.balance(address) == before + flows[address]
        for address, one in zip(self.addresses, self.model.jobs, strict=True):
            book = self.receipts.jobs[address]
            assert (book.held, book.is_closed) == (one.job.escrow, one.is_closed)
            assert flows[pda.jobs.escrow(address)] == (0 if one.is_closed else one.job.escrow + one.surplus)
            if one.job.owed is not None:
                assert book.owed == [one.job.owed.supplier, one.job.owed.fees, one.job.owed.refund]
            if one.is_exchanged:
                held = 0 if one.payout is None else one.payout.held
                assert flows[pda.buyback.payout_vault(address)] == held
        bonds = sum(bond.bond for one in self.model.jobs for bond in one.disputes.values())
        assert sum(self.receipts.bonds.values()) == bonds
        assert self.receipts.burned == self.model.burned


Walk.TestCase.settings = settings(settings.default, stateful_step_count=STEPS, report_multiple_bugs=False)
TestJobsAndSalesAgreeWithTheModel = Walk.TestCase
