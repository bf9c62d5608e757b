"""The jobs program: disputes, the resolver's decision, and the bond.

Two hours of alice's node in USDC: P = 4.000000, F = 0.090000, D = 4.090000. The bond of a dispute is 5 % of
what it freezes.
"""

from __future__ import annotations

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from tests.programs.market import EVIDENCE, TWO_HOURS, Market
from tests.programs.people import TOKEN
from tests.programs.support import DAY, HOUR
from tests.programs.test_jobs_money import COMPLETED
from tests.programs.test_jobs_payment import close_wallet
from tests.programs.test_jobs_running import jobs_params

from ionet import USDC, accounts, errors, events, ix, pda, token_account, types

D_USDC = 4_090_000
RESOLVED = 9
FORTNIGHT = 14 * DAY
UNDECIDED, UPHELD, REJECTED = range(3)


def half_paid(market: Market) -> Pubkey:
    """A running job of which the first hour was good and is paid: 1.955 of 4.09."""
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    market.send(market.jobs("settle", job))
    return job


def completed(market: Market, good: int = TWO_HOURS) -> Pubkey:
    job = market.run(mint=market.usdc)
    market.world.advance(TWO_HOURS)
    market.attest(job, good, TWO_HOURS)
    market.send(market.jobs("complete", job))
    return job


def state(market: Market, dispute: Pubkey) -> accounts.jobs.Dispute:
    return market.world.client.fetch(accounts.jobs.Dispute, dispute)


# -- made


def test_a_dispute_freezes_what_is_not_paid_and_takes_a_bond(market: Market) -> None:
    job = half_paid(market)
    before = market.purse(market.renter, market.usdc)
    sent = market.send(market.jobs("dispute", job))
    dispute, now = pda.jobs.dispute(job, market.renter.pubkey()), market.world.now
    # 4.09 − 1.955 = 2.135 are frozen; 5 % of it.
    assert sent.event(events.jobs.DisputeMade) == events.jobs.DisputeMade(
        seq=5,
        job=job,
        dispute=dispute,
        party=market.renter.pubkey(),
        frozen=2_135_000,
        bond=106_750,
        until=now + FORTNIGHT,
        evidence_hash=EVIDENCE,
    )
    assert market.purse(market.renter, market.usdc) == before - 106_750
    found = state(market, dispute)
    assert market.world.balance(found.bond_vault) == 106_750
    assert (found.job, found.party, found.by_renter, found.outcome) == (job, market.renter.pubkey(), 1, 0)
    assert (market.job(job).frozen_until, market.job(job).disputes) == (now + FORTNIGHT, 1)


def test_a_disputed_job_works_on_but_pays_nobody(market: Market) -> None:
    job = half_paid(market)
    market.dispute(job)
    market.world.advance(HOUR)
    market.attest(job, TWO_HOURS)
    market.refused(market.jobs("settle", job), errors.jobs.Disputed)
    market.send(market.jobs("complete", job))
    for name in ("settle", "refund", "collect_fees"):
        market.refused(market.jobs(name, job), errors.jobs.Disputed)
    market.refused(market.jobs("close", job), errors.jobs.NotSettled)
    # The lease ended with the work.
    market.book(mint=market.usdc)


@pytest.mark.parametrize("seconds", [0, DAY])
def test_a_job_is_disputed_within_a_day_of_its_end(market: Market, seconds: int) -> None:
    job = completed(market)
    market.world.advance(seconds)
    market.dispute(job, market.alice.owner)


def test_later_or_before_its_start_it_is_not(market: Market) -> None:
    job = market.book(mint=market.usdc)
    market.refused(market.jobs("dispute", job), errors.jobs.NotRunning)
    market.send(market.jobs("cancel", job))
    market.refused(market.jobs("dispute", job), errors.jobs.NotRunning)
    job = completed(market)
    market.world.advance(DAY + 1)
    market.refused(market.jobs("dispute", job), errors.jobs.DisputeWindowOver)
    assert market.pay_out(job) == (3_910_000, 180_000, 0)


def test_what_is_paid_cannot_be_disputed(market: Market) -> None:
    job = completed(market, HOUR)
    for name in ("settle", "refund", "collect_fees"):
        market.send(market.jobs(name, job))
    market.refused(market.jobs("dispute", job), errors.jobs.NothingToDispute)


def test_bond_when_renter_is_named_supplier(market: Market) -> None:
    """Attack of this name: a payer named the supplier as renter: their dispute was the renter's, and a
    decision for the supplier took their bond."""
    payer, alice = market.renter.pubkey(), market.alice.key
    named = market.booking(renter=alice, payer=payer, refund_to=payer)
    market.refused(named, errors.jobs.OwnerUnsigned)
    # Whoever rents from themselves signs, or pays.
    signs = [
        AccountMeta(one.pubkey, one.is_signer or one.pubkey == alice, one.is_writable)
        for one in named.accounts
    ]
    market.send(Instruction(named.program_id, named.data, signs))


def test_only_a_party_disputes_and_each_once(market: Market) -> None:
    job = half_paid(market)
    for other in (market.dave, market.people.resolver, market.attesters[0]):
        market.world.give_usdc(other.pubkey(), USDC(10))
        wrong = market.jobs("dispute", job, party=other.pubkey())
        market.refused(wrong, errors.jobs.NotAParty)
    first = market.dispute(job)
    market.refused(market.jobs("dispute", job, party=market.alice.key), errors.jobs.Disputed)
    market.world.advance(FORTNIGHT)
    market.send(market.closing(first))
    market.refused(market.jobs("dispute", job), errors.jobs.DisputedBefore)
    # The other side had none yet; it freezes another fortnight, and then nobody can.
    second = market.dispute(job, market.alice.owner)
    market.world.advance(FORTNIGHT)
    market.send(market.closing(second))
    for party in (market.renter.pubkey(), market.alice.key):
        market.refused(market.jobs("dispute", job, party=party), errors.jobs.DisputedBefore)
    market.send(market.jobs("expire", job))
    market.pay_out(job)


def test_a_bond_has_a_limit_and_bounds(market: Market) -> None:
    job = half_paid(market)
    tight = market.jobs("dispute", job, max_bond=106_749)
    found = market.refused(tight, errors.jobs.BondAboveLimit)
    assert found.compared == ("106749", "106750")
    deployer = market.world.deployer
    market.send(ix.jobs.set_params(authority=deployer, params=jobs_params(market, dispute_bond_bps=101)))
    # 1.01 % of 2.135 are 0.0215635, rounded up.
    dispute = market.dispute(job, max_bond=21_564)
    assert state(market, dispute).bond == 21_564


def test_who_has_no_bond_disputes_nothing(market: Market) -> None:
    job = half_paid(market)
    close_wallet(market, market.renter.pubkey(), market.usdc)
    market.world.usdc_account(market.renter.pubkey())
    market.refused(market.jobs("dispute", job), "InsufficientFunds")
    assert market.job(job).frozen_until == 0


# -- decided


@pytest.mark.parametrize(
    ("gross", "owed", "outcome"),
    [
        # Attested are all two hours, G = 4. S = G − ⌈G · 2.25 %⌉, E = ⌈0.09 · G / 4⌉, as much.
        (2_000_000, (1_955_000, 90_000, 2_045_000), UPHELD),
        (2_000_001, (1_955_000, 45_001 + 45_001, 2_044_998), UPHELD),
        (3_333_333, (3_258_333, 75_000 + 75_000, 681_667), UPHELD),
        (4_000_000, (3_910_000, 180_000, 0), REJECTED),
    ],
    ids=str,
)
def test_the_resolver_decides_on_any_split(
    market: Market, gross: int, owed: tuple[int, int, int], outcome: int
) -> None:
    job = half_paid(market)
    dispute = market.dispute(job)
    market.world.advance(HOUR)
    market.attest(job, TWO_HOURS)
    market.send(market.jobs("complete", job))
    before = market.purse(market.renter, market.usdc)
    vault = market.job(job).fee_vault
    fees = market.world.balance(vault)
    sent = market.send(market.jobs("resolve", job, gross=gross))
    assert sent.event(events.jobs.DisputeResolved) == events.jobs.DisputeResolved(
        seq=8, job=job, dispute=dispute, gross=gross, outcome=types.jobs.DisputeOutcome(outcome)
    )
    event = sent.event(events.jobs.Ended)
    assert (event.seq, event.reason) == (9, RESOLVED)
    found = market.job(job)
    assert (found.owed_supplier, found.owed_fees, found.owed_refund) == owed
    assert sum(owed) == D_USDC
    assert market.pay_out(job) == (owed[0] - 1_955_000, owed[1], owed[2])
    # The job is closed; its dispute lives on until the bond is where it belongs.
    closed = market.send(market.closing(dispute)).event(events.jobs.DisputeClosed)
    assert (closed.outcome, closed.amount, closed.job) == (outcome, 106_750, job)
    back = 106_750 if outcome == UPHELD else 0
    assert market.purse(market.renter, market.usdc) == before + owed[2] + back
    assert market.world.balance(vault) == fees + owed[1] + 106_750 - back


def test_a_decision_ends_a_job_that_runs(market: Market) -> None:
    job = half_paid(market)
    market.dispute(job)
    market.world.advance(600)
    event = market.send(market.jobs("resolve", job, gross=4_000_000)).event(events.jobs.Ended)
    assert event.owed_refund == 0
    found = market.job(job)
    assert (found.state, found.ended_at, found.ends_at) == (2, market.world.now, market.world.now)
    assert market.offer().lease_job == Pubkey.default()
    assert market.pay_out(job) == (3_910_000 - 1_955_000, 180_000, 0)


def test_a_supplier_gets_what_attesters_withheld(market: Market) -> None:
    job = completed(market, 0)
    dispute = market.dispute(job, market.alice.owner)
    resolve = market.jobs("resolve", job, gross=4_000_000, dispute=dispute)
    market.send(resolve)
    assert state(market, dispute).outcome == UPHELD
    before = market.purse(market.alice.owner, market.usdc)
    market.send(market.closing(dispute))
    # 5 % of 4.09.
    assert market.purse(market.alice.owner, market.usdc) == before + 204_500
    assert market.pay_out(job) == (3_910_000, 180_000, 0)


def test_a_decision_takes_nothing_back(market: Market) -> None:
    job = half_paid(market)
    market.dispute(job)
    # 1.955 were paid, for which G = 2.
    found = market.refused(market.jobs("resolve", job, gross=1_999_999), errors.jobs.SplitBelowPaid)
    assert found.compared == ("1954999", "1955000")
    market.refused(market.jobs("resolve", job, gross=0), errors.jobs.SplitBelowPaid)
    market.refused(market.jobs("resolve", job, gross=4_000_001), errors.jobs.SplitAbovePrice)
    market.refused(market.jobs("resolve", job, gross=2**64 - 1), errors.jobs.SplitAbovePrice)
    market.send(market.jobs("resolve", job, gross=2_000_000))


def test_only_what_is_frozen_is_divided(market: Market) -> None:
    job = completed(market, HOUR)
    # Fees and refund are paid: 0.135 and 2; the supplier's 1.955 are left.
    for name in ("collect_fees", "refund"):
        market.send(market.jobs(name, job))
    dispute = market.dispute(job)
    assert state(market, dispute).frozen == 1_955_000
    # More for the supplier would have to come from the refund.
    market.refused(market.jobs("resolve", job, gross=2_100_000), errors.jobs.SplitBelowPaid)
    market.send(market.jobs("resolve", job, gross=1_000_000))
    found = market.job(job)
    # S = 1 − 0.0225; the fees that are paid stay paid, the rest goes back to the renter.
    assert (found.owed_supplier, found.owed_fees, found.owed_refund) == (977_500, 135_000, 2_977_500)
    assert market.pay_out(job) == (977_500, 0, 977_500)


def test_only_the_resolver_decides_and_only_in_time(market: Market) -> None:
    job = half_paid(market)
    market.refused(
        market.jobs("resolve", job, gross=0, dispute=market.alice.offer), "AccountDiscriminatorMismatch"
    )
    market.dispute(job)
    for other in (market.world.deployer, market.renter.pubkey(), market.people.slasher.pubkey()):
        wrong = market.jobs("resolve", job, gross=2_000_000, resolver=other)
        market.refused(wrong, errors.jobs.NotResolver)
    market.world.advance(FORTNIGHT)
    late = market.jobs("resolve", job, gross=2_000_000)
    market.refused(late, errors.jobs.NotDisputed)


def test_a_dispute_of_another_job_or_time_decides_nothing(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    mine, other = market.run(mint=market.usdc), market.run(mint=market.usdc, of=market.bob)
    lapsed = market.dispute(mine)
    market.world.advance(FORTNIGHT)
    foreign, open_ = market.dispute(other), market.dispute(mine, market.alice.owner)
    for wrong in (foreign, lapsed):
        call = market.jobs("resolve", mine, gross=0, dispute=wrong)
        market.refused(call, errors.jobs.WrongDispute)
    market.send(market.jobs("resolve", mine, gross=0, dispute=open_))


def test_a_decision_is_final(market: Market) -> None:
    job = half_paid(market)
    market.dispute(job)
    decision = market.jobs("resolve", job, gross=2_000_000)
    market.send(decision)
    market.refused(decision, errors.jobs.WrongDispute)
    market.refused(market.jobs("dispute", job, party=market.alice.key), errors.jobs.AlreadyDecided)


# -- undecided


def test_undecided_after_a_fortnight_it_becomes_the_attested_split(market: Market) -> None:
    job = completed(market, HOUR)
    dispute = market.dispute(job)
    market.world.advance(FORTNIGHT - 1)
    market.refused(market.jobs("settle", job), errors.jobs.Disputed)
    market.refused(market.closing(dispute), errors.jobs.DisputeOpen)
    market.world.advance(1)
    ended_as = market.job(job)
    assert (ended_as.reason, ended_as.state) == (COMPLETED, 2)
    # Anyone pays it out, and the bond comes back.
    before = market.purse(market.renter, market.usdc)
    assert market.pay_out(job) == (1_955_000, 135_000, 2_000_000)
    event = market.send(market.closing(dispute)).event(events.jobs.DisputeClosed)
    assert (event.outcome, event.amount) == (UNDECIDED, 204_500)
    assert market.purse(market.renter, market.usdc) == before + 2_000_000 + 204_500


def test_a_job_that_nobody_decides_ends_by_silence_as_any_other(market: Market) -> None:
    job = half_paid(market)
    market.dispute(job)
    market.world.advance(DAY + 1)
    market.send(market.jobs("expire", job))
    market.refused(market.jobs("refund", job), errors.jobs.Disputed)
    market.world.advance(FORTNIGHT)
    assert market.pay_out(job) == (0, 90_000, 2_045_000)


# -- the bond


def test_a_bond_goes_where_it_belongs_and_the_rent_back(market: Market) -> None:
    job = half_paid(market)
    lamports = market.world.client.balance(market.renter.pubkey())
    dispute = market.dispute(job)
    market.send(market.jobs("resolve", job, gross=2_000_000))
    own = token_account(market.renter.pubkey(), market.usdc)
    for wrong in (own, token_account(market.alice.key, market.usdc)):
        call = market.closing(dispute, destination=wrong)
        market.refused(call, errors.jobs.WrongDestination)
    thief = market.closing(dispute, rent_payer=market.dave.pubkey())
    market.refused(thief, errors.jobs.WrongRentPayer)
    other = market.closing(dispute, bond_vault=market.job(job).escrow)
    market.refused(other, errors.jobs.WrongBond)
    bond_vault = state(market, dispute).bond_vault
    market.send(market.closing(dispute))
    assert market.world.client.account(dispute) is None
    assert market.world.client.account(bond_vault) is None
    assert market.world.client.balance(market.renter.pubkey()) == lamports


def test_a_bond_that_is_given_back_goes_to_its_party_alone(market: Market) -> None:
    job = half_paid(market)
    dispute = market.dispute(job)
    market.world.advance(FORTNIGHT)
    for wrong in (market.job(job).fee_vault, token_account(market.dave.pubkey(), market.usdc)):
        call = market.closing(dispute, destination=wrong)
        market.refused(call, errors.jobs.WrongDestination)
    market.send(market.closing(dispute))


def test_a_closed_account_of_the_disputer_blocks_only_his_bond(market: Market) -> None:
    job = half_paid(market)
    dispute = market.dispute(job)
    market.world.advance(HOUR)
    market.attest(job, TWO_HOURS)
    market.send(market.jobs("complete", job))
    close_wallet(market, market.renter.pubkey(), market.usdc)
    market.send(market.jobs("resolve", job, gross=2_000_000))
    for name in ("settle", "collect_fees"):
        market.send(market.jobs(name, job))
    market.refused(market.closing(dispute), "AccountNotInitialized")
    market.world.usdc_account(market.renter.pubkey())
    market.send(market.closing(dispute))
    market.send(market.jobs("refund", job))
    market.send(market.jobs("close", job))


def test_a_dispute_of_a_payout_in_io_freezes_it_too(market: Market) -> None:
    market.set_offer(payout=0)
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    market.open_payout(job)
    market.dispute(job)
    market.refused(market.jobs("settle", job), errors.jobs.Disputed)
    market.send(market.jobs("resolve", job, gross=1_000_000))
    # S = 1 − 0.0025; E = ⌈0.09 / 4⌉ = 0.0225.
    assert market.pay_out(job) == (997_500, 2_500 + 22_500, D_USDC - 1_022_500)


def test_a_renter_of_his_own_node_disputes_once(market: Market) -> None:
    alice = market.alice.owner
    job = market.run(by=alice)
    dispute = market.dispute(job, alice)
    market.world.advance(FORTNIGHT)
    market.send(market.closing(dispute))
    market.refused(market.jobs("dispute", job, party=alice.pubkey()), errors.jobs.DisputedBefore)
