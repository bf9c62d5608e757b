"""Receipts of jobs of every way to end: from the chain and from a ledger they say the same, and add up."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey
from tests.ledger.history import truth
from tests.ledger.test_database import GENESIS
from tests.programs.market import IO_MINT, TWO_HOURS, Market
from tests.programs.support import DAY, HOUR, MINUTE

from ionet import CloseReason, Receipt, accounts, events, pda
from ionet.jobs.receipt import receipt_of
from ionet.ledger import Database, Leases


@pytest.fixture
def market() -> Market:
    return Market.new()


def read(market: Market, job: Pubkey) -> Receipt:
    """A job's receipt, from both."""
    client = market.world.client
    bill = client.jobs.receipt(job)
    with Database.create(":memory:", GENESIS) as database:
        database.write(truth(client))
        assert client.jobs.receipt(job, ledger=database) == bill
        assert list(database.booked_by(market.renter.pubkey()))[-1] == job
    assert bill.adds_up, bill.checks
    return bill


def paid_as(market: Market, job: Pubkey) -> Receipt:
    """Pays everyone and closes; the receipt names what token accounts have received."""
    received = market.pay_out(job)
    bill = read(market, job)
    paid = (bill.paid_supplier.base, bill.paid_fees.base, bill.paid_refund.base)
    assert paid == received
    assert sum(received) == bill.deposit.base
    assert bill.renter_fees is not None
    assert bill.supplier_fees is not None
    assert bill.renter_fees.base + bill.supplier_fees.base == received[1]
    assert (bill.closed, bill.held.base) == (True, 0)
    return bill


def test_a_completed_job_with_an_extension_and_a_break(market: Market) -> None:
    job = market.book(TWO_HOURS, mint=market.usdc)
    first = market.job(job)
    market.world.advance(60)
    market.start(job)
    begun = market.job(job).started_at
    market.extend(job, HOUR)
    whole = market.job(job)
    assert read(market, job).held.base == whole.price + whole.fee
    market.world.advance(3 * HOUR)
    market.attest(job, 3 * HOUR - 600, 3 * HOUR, reason=1 << 1)
    market.send(market.jobs("complete", job))
    # Two segments, each rounded down.
    good = first.price + (whole.price - first.price) * (HOUR - 600) // HOUR
    bps = whole.booking_bps + whole.supplier_payment_bps
    bill = paid_as(market, job)
    assert (bill.reason, bill.good, bill.not_good) == (CloseReason.COMPLETED, 3 * HOUR - 600, 600)
    assert bill.due is not None
    assert bill.due.base == good
    assert bill.renter_fees is not None
    assert bill.renter_fees.base == whole.fee
    assert bill.supplier_fees is not None
    assert bill.supplier_fees.base == -(-good * bps // 10_000)
    assert bill.paid_refund.base == whole.price - good
    assert (bill.booked_at, bill.started_at) == (first.booked_at, begun)
    assert bill.started_at - bill.booked_at == 60
    assert bill.ends_at - begun == bill.ended_at - begun == 3 * HOUR
    assert [(more.seconds, more.price.base) for more in bill.extensions] == [
        (HOUR, whole.price - first.price)
    ]
    assert [(lost.seconds, lost.reasons) for lost in bill.breaks] == [(600, ("foreign-process",))]
    assert (bill.mint, bill.class_id, bill.node) == (
        market.usdc,
        market.node().class_,
        market.alice.node,
    )
    history = market.world.client.history(job)
    assert {sent.signature for sent in bill.transactions} <= {*history}
    assert bill.transactions[0].events == ("Booked",)
    assert bill.transactions[-1].events[-1] == "JobClosed"


def test_a_stopped_job_pays_the_first_hour(market: Market) -> None:
    job = market.run()
    booked = market.job(job)
    market.world.advance(10 * MINUTE)
    market.attest(job, 10 * MINUTE)
    market.send(market.jobs("stop", job))
    market.send(market.jobs("complete", job))
    bill = paid_as(market, job)
    assert bill.reason == CloseReason.RENTER_STOPPED
    assert bill.due is not None
    assert bill.due.base == booked.price * HOUR // TWO_HOURS
    assert (bill.good, bill.not_good) == (600, 0)


def test_a_lost_job_pays_fees_in_part(market: Market) -> None:
    job = market.run()
    market.world.advance(10 * MINUTE)
    market.attest(job, 10 * MINUTE)
    market.send(market.jobs("lose", job))
    bill = paid_as(market, job)
    assert bill.reason == CloseReason.LOST
    # As computed by hand in tests/programs/test_jobs_attacks.py.
    assert (bill.due, bill.renter_fees, bill.supplier_fees) == tuple(
        type(bill.price).from_base(base) for base in (16_835_016, 42_088, 42_088)
    )
    with Database.create(":memory:", GENESIS) as database:
        database.write(truth(market.world.client))
        assert database.leases([market.alice.node])[market.alice.node] == Leases(0, 1)


def test_the_result_of_a_closed_job_is_that_on_which_its_attesters_agreed_last(market: Market) -> None:
    """By the chain's history as by a ledger."""
    job, digest = market.run(), b"\5" * 32
    market.world.advance(TWO_HOURS)
    market.attest(job, HOUR, HOUR, result_hash=b"\6" * 32)
    market.attest(job, TWO_HOURS, result_hash=digest)
    market.send(market.jobs("complete", job))
    market.world.advance(DAY)
    market.pay_out(job)
    jobs = market.world.client.jobs
    with Database.create(":memory:", GENESIS) as database:
        database.write(truth(market.world.client))
        assert jobs.agreed_result(job) == jobs.agreed_result(job, ledger=database) == digest
        assert jobs.ending(job) == jobs.ending(job, ledger=database)
        other = market.alice.node
        assert jobs.agreed_result(other) is jobs.agreed_result(other, ledger=database) is None
        assert jobs.ending(other, ledger=database) is None


def test_an_expired_job_that_nobody_started(market: Market) -> None:
    job = market.book()
    booked = market.job(job)
    market.world.advance(20 * MINUTE + 1)
    market.send(market.jobs("expire", job))
    bill = paid_as(market, job)
    assert (bill.reason, bill.started_at, bill.good) == (CloseReason.NO_SHOW, 0, 0)
    # The price of 20 of 120 minutes, up: the node was held for nothing.
    assert bill.paid_fees.base == -(-booked.price * 20 // 120)
    assert bill.paid_supplier.base == 0


def test_an_expired_job_whose_attesters_fell_silent(market: Market) -> None:
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    market.world.advance(DAY + HOUR + 1)
    market.send(market.jobs("expire", job))
    bill = paid_as(market, job)
    assert (bill.reason, bill.good, bill.not_good) == (CloseReason.TIMED_OUT, HOUR, HOUR)
    assert bill.due is not None
    assert bill.due.base == bill.price.base // 2


def test_a_disputed_job_is_split_by_the_decision(market: Market) -> None:
    job = market.run(mint=IO_MINT)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    dispute = market.dispute(job)
    bond = market.world.client.fetch(accounts.jobs.Dispute, dispute).bond
    due = market.job(job).price * 6 // 10
    market.send(market.jobs("resolve", job, gross=due))
    outcome = market.world.client.fetch(accounts.jobs.Dispute, dispute).outcome
    bill = paid_as(market, job)
    assert bill.reason == CloseReason.RESOLVED
    assert bill.due is not None
    assert bill.due.base == due
    (told,) = bill.disputes
    assert (told.address, told.bond.base, told.outcome) == (dispute, bond, outcome)


def test_a_missing_event_is_named(market: Market) -> None:
    job = market.run()
    market.world.advance(10 * MINUTE)
    market.send(market.jobs("lose", job))
    market.pay_out(job)
    past = list(market.world.client.past_events(job))
    bill = read(market, job)
    payments = [told for told in past if type(told.event).__name__ == "Paid"]
    cut = receipt_of(job, [told for told in past if told is not payments[-1]], type(bill.price))
    assert not cut.adds_up
    assert cut.missing == (payments[-1].event.seq,)  # type: ignore[attr-defined]
    assert [check.name for check in cut.checks if not check.holds]
    with pytest.raises(LookupError, match="no booking"):
        receipt_of(job, past[1:], type(bill.price))
    with pytest.raises(LookupError, match="does not show"):
        market.world.client.jobs.receipt(pda.jobs.job(market.alice.offer, 999))


def test_closed_jobs_are_listed_for_both_parties(market: Market) -> None:
    done = []
    for _ in range(2):
        job = market.book()
        market.send(market.jobs("cancel", job))
        if market.world.client.account(job) is not None:
            market.pay_out(job)
        done.append(job)
    still = market.book()
    client = market.world.client
    with Database.create(":memory:", GENESIS) as database:
        database.write(truth(client))
        for party in (market.renter, market.alice.owner):
            from_chain = client.jobs.closed(party.pubkey())
            assert [bill.job for bill in from_chain] == done[::-1]
            assert client.jobs.closed(party.pubkey(), ledger=database) == from_chain
        assert client.jobs.closed(market.renter.pubkey(), as_renter=False) == []
    assert not read(market, still).closed


def test_jobs_are_found_by_whoever_takes_part_in_them(market: Market) -> None:
    client, renter, supplier = market.world.client, market.renter.pubkey(), market.alice.owner.pubkey()
    first = market.book(HOUR)
    market.send(market.jobs("cancel", first))
    market.pay_out(first)
    second = market.book(HOUR, by=market.carol)
    landed = truth(client)
    with Database.create(":memory:", GENESIS) as database:
        database.write(landed)
        assert list(database.booked_by(renter)) == [first]
        assert list(database.booked_by(supplier)) == [first, second]
        assert list(database.booked_by(supplier, as_supplier=False)) == []
        assert list(database.booked_by(renter, as_renter=False)) == []
        assert list(database.booked_by(market.carol.pubkey())) == [second]
        # Nobody's other events are read for it.
        with database._engine.connect() as connection:
            plan = "EXPLAIN QUERY PLAN SELECT job FROM parties WHERE address = ?"
            (step,) = connection.exec_driver_sql(plan, (bytes(renter),)).all()
            assert "SEARCH parties" in step.detail
        # What the chain has dropped is gone from it.
        booked = next(
            sent
            for sent in landed
            if any(isinstance(one.event, events.jobs.Booked) for one in sent.log.emitted)
        )
        database.write(dropped=[(booked.slot, booked.signature)])
        assert list(database.booked_by(renter)) == []
        assert list(database.booked_by(supplier)) == [second]
