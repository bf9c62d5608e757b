"""Faults that attackers found in jobs and in who attests, by their names: what is honest works, then the
attack fails.

Two hours in IO are P = 2.02020203, F = 0.00505051, D = 2.02525254; see test_jobs_money.
"""

from __future__ import annotations

from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import approve, revoke
from spl.token.models import ApproveParams, RevokeParams
from tests.programs.market import DOLLAR, IO_MINT, OTHER_CLASS, TWO_HOURS, Market
from tests.programs.people import TOKEN, attestation, class_args
from tests.programs.support import DAY, HOUR, MINUTE, Refusal
from tests.programs.test_jobs_booking import bobs_node
from tests.programs.test_jobs_clusters import state
from tests.programs.test_jobs_money import (
    D_IO,
    D_USDC,
    F_IO,
    LOST,
    NO_SHOW,
    P_IO,
    P_USDC,
    RENTER_CANCELLED,
    RENTER_STOPPED,
    ended,
)
from tests.programs.test_jobs_running import jobs_params

from ionet import accounts, errors, events, ix, pda, token_account, types

NOBODY = Pubkey.default()
#: Dollars an hour from which on two attesters have to agree.
LARGE_RATE = 42 * DOLLAR
WEEK = 7 * DAY


def seating(market: Market, *keys: Keypair | None) -> Instruction:
    """A change of the attester set; None for a vacant seat."""
    seats = [types.proofs.Seat(one.pubkey(), 1) if one else types.proofs.Seat(NOBODY, 0) for one in keys]
    threshold = sum(one.weight for one in seats) // 2 + 1
    return ix.proofs.set_attesters(authority=market.world.deployer, seats=seats, threshold=threshold)


# -- holding nodes


def test_node_held_for_nothing(market: Market) -> None:
    """Book, wait, cancel, again: it costs what the time would have cost, into the fee vault."""
    before, fees = market.purse(market.renter), 0
    for _ in range(10):
        job = market.book()
        market.world.advance(100)
        market.send(market.jobs("cancel", job))
        fees += market.pay_out(job)[1]
    # Ten times ⌈P · 100 / 7,200⌉.
    assert before - market.purse(market.renter) == fees == 10 * 2_805_837


def test_nobody_holds_a_node_for_nothing_by_not_starting(market: Market) -> None:
    """Nor with a manifest that is not there, or at hand when there is no time left to start it."""
    for late in (None, 10 * MINUTE + 1, 20 * MINUTE):
        job = market.book()
        if late is not None:
            market.world.advance(late)
            market.refused(market.jobs("confirm_manifest", job), errors.jobs.ManifestLate)
        market.world.advance(20 * MINUTE + 1 - (late or 0))
        market.send(market.jobs("expire", job))
        # ⌈P · 1,200 / 7,200⌉.
        ended(market, job, NO_SHOW, (0, 33_670_034, D_IO - 33_670_034))


def test_two_together_hold_no_third_node_for_nothing(market: Market) -> None:
    """A renter and the supplier of one node of a cluster, who cancels for nothing, hold the others."""
    market.join(market.bob, 300 * TOKEN)
    cluster = market.cluster()
    victim = market.book(cluster=cluster)
    accomplice = market.book(of=market.bob, cluster=cluster)
    market.world.advance(19 * MINUTE)
    market.send(market.jobs("cancel", accomplice, party=market.bob.key))
    market.send(market.jobs("expire", victim))
    # ⌈P · 1,140 / 7,200⌉.
    assert market.pay_out(victim) == (0, 31_986_533, D_IO - 31_986_533)


# -- seats


def test_job_without_enough_seats(market: Market) -> None:
    """Nothing of it would ever be attested, and its supplier not be paid."""
    market.set_offer(rate=LARGE_RATE)
    running = market.run()
    assert market.job(running).attesters == 2
    market.world.advance(HOUR)
    market.send(seating(market, market.attesters[0], None))
    market.set_price()
    found = market.refused(market.jobs("extend", running, seconds=HOUR), errors.jobs.TooFewSeats)
    assert found.compared == ("1", "2")
    market.send(market.jobs("stop", running))
    market.refused(market.booking(), errors.jobs.TooFewSeats)
    heir = market.actor()
    market.send(seating(market, market.attesters[0], heir))
    market.book()


def test_seat_moved(market: Market) -> None:
    """One attester at two seats' records would be two."""
    market.set_offer(rate=LARGE_RATE)
    job, (first, second) = market.run(10 * HOUR), market.attesters
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    heir = market.actor()
    market.refused(seating(market, second, first), errors.proofs.SeatMoved)
    market.send(seating(market, heir, second))
    for moved in ((heir, first), (first, second)):
        market.refused(seating(market, *moved), errors.proofs.KeyDeparted)
    market.world.advance(WEEK - 1)
    market.refused(seating(market, heir, first), errors.proofs.KeyDeparted)
    assert market.job(job).paid_supplier == 0


def test_a_key_that_moves_after_a_week_speaks_once_for_a_job(market: Market) -> None:
    """A lease may be longer than the week in which a departed key takes no seat."""
    market.set_offer(rate=LARGE_RATE // 100, max_seconds=30 * DAY)
    market.send(ix.jobs.set_params(authority=market.world.deployer, params=jobs_params(market, attesters=2)))
    job, (first, second) = market.run(10 * DAY), market.attesters
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    heir = market.actor()
    market.send(seating(market, heir, second))
    market.world.advance(WEEK)
    market.send(seating(market, heir, first))
    again = market.jobs("attest", job, attester=first.pubkey(), args=attestation(HOUR))
    market.refused(again, errors.jobs.SeatMoved)
    market.refused(market.jobs("lose", job, attester=first.pubkey()), errors.jobs.SeatMoved)
    # Once the heir stands by what the seat has said, or has corrected it, it is his.
    market.send(market.jobs("attest", job, attester=heir.pubkey(), args=attestation(0, HOUR)))
    market.send(again)
    assert market.job(job).settled_good == 0
    assert market.paid("settle", job) == 0


def test_sixteen_keys_leave_in_a_week_and_no_seventeenth(market: Market) -> None:
    second = market.attesters[1]
    for _ in range(16):
        market.send(seating(market, market.actor(), second))
    last = seating(market, market.actor(), second)
    market.refused(last, errors.proofs.TooManyDeparted)
    departed = market.world.attester_set.departed
    assert departed[0].key == market.attesters[0].pubkey()
    assert {one.until for one in departed} == {market.world.now + WEEK}
    market.world.advance(WEEK)
    market.send(last)


def test_a_clock_that_goes_back_brings_no_departed_key_back_sooner(market: Market) -> None:
    first, second = market.attesters
    heir = market.actor()
    market.send(seating(market, heir, second))
    market.world.advance(WEEK)
    market.send(seating(market, heir, second))
    market.world.turn_back(10)
    market.send(seating(market, heir, first))
    assert market.world.attester_set.changed_at == market.world.now + 10


def test_successor_cannot_correct(market: Market) -> None:
    """What a dismissed attester has wrongly called good is taken back by a successor: once, with a reason,
    and not what was paid."""
    job = market.run()
    market.world.advance(HOUR)
    market.attest(job, HOUR - 600, HOUR)
    market.send(market.jobs("settle", job))
    market.world.advance(30 * MINUTE)
    market.attest(job, HOUR + 20 * MINUTE, HOUR + 30 * MINUTE, reason=0)
    heir, looked = market.actor(), HOUR + 30 * MINUTE
    own = market.jobs("attest", job, args=attestation(HOUR, looked, reason=16))
    market.refused(own, errors.jobs.AttestationFalls)
    market.send(seating(market, heir, market.attesters[1]))

    def says(good: int, upto: int = looked, reason: int = 16) -> Instruction:
        said = attestation(good, upto, reason=reason)
        return market.jobs("attest", job, attester=heir.pubkey(), args=said)

    market.refused(says(HOUR, reason=0), errors.jobs.BreakWithoutReason)
    found = market.refused(says(HOUR - 601), errors.jobs.LoweredBelowPaid)
    assert found.compared == (str(HOUR - 601), str(HOUR - 600))
    market.refused(says(HOUR, looked - 1), errors.jobs.AttestationFalls)
    event = market.send(says(HOUR - 600)).event(events.jobs.TimeLost)
    # Twenty minutes and ten that were called good before.
    assert (event.from_, event.upto, event.lost, event.reason) == (0, looked, 30 * MINUTE, 16)
    assert market.paid("settle", job) == 0
    # Nor does it fall again by the next one.
    other = market.actor()
    market.send(says(HOUR - 600, reason=0))
    market.send(seating(market, other, market.attesters[1]))
    lower = attestation(HOUR - 900, looked, reason=16)
    again = market.jobs("attest", job, attester=other.pubkey(), args=lower)
    market.refused(again, errors.jobs.LoweredBefore)


# -- lost nodes


def test_dead_node_costs_first_hour(market: Market) -> None:
    """Attesters end a job whose node is gone: ten good minutes are paid, and the fee for them."""
    job = market.run()
    market.world.advance(10 * MINUTE)
    market.attest(job, 10 * MINUTE)
    for other in (market.renter, market.alice.owner, market.alice.device_key):
        market.refused(market.jobs("lose", job, attester=other.pubkey()), errors.jobs.NotAttester)
    sent = market.send(market.jobs("lose", job))
    assert sent.event(events.jobs.NodeLost) == events.jobs.NodeLost(4, job, 0)
    # G = ⌊P · 600 / 7,200⌋ = 16,835,016; both fees ⌈42,087.54⌉ and ⌈505,051 · G / P⌉ = ⌈42,087.58⌉.
    whole, fee = 16_835_016, 42_088
    owed = (whole - fee, 2 * fee, D_IO - whole - fee)
    ended(market, job, LOST, owed)
    assert (market.offer().lease_job, market.pay_out(job)) == (NOBODY, owed)


def test_a_job_of_two_attesters_is_lost_when_both_say_so_within_an_hour(market: Market) -> None:
    market.set_offer(rate=LARGE_RATE)
    job = market.run(DAY, mint=market.usdc)
    first, second = (market.jobs("lose", job, attester=one.pubkey()) for one in market.attesters)
    market.send(first)
    market.world.advance(HOUR + 1)
    assert not market.send(second).events[1:]
    # Attesting takes it back.
    market.attest(job, HOUR, seat=1)
    market.send(first)
    assert market.job(job).state == 1
    market.world.advance(HOUR)
    sent = market.send(second)
    assert sent.event(events.jobs.Ended).reason == LOST
    assert market.job(job).owed_supplier == 0
    market.refused(first, errors.jobs.NotRunning)


def test_only_a_job_that_works_is_lost(market: Market) -> None:
    job = market.book()
    market.refused(market.jobs("lose", job), errors.jobs.NotRunning)
    market.start(job)
    market.world.advance(MINUTE)
    # A supplier who leaves in the first hour is paid nothing, whatever attesters say then.
    market.send(market.jobs("stop", job, party=market.alice.key))
    market.refused(market.jobs("lose", job), errors.jobs.Over)
    over = market.run()
    market.world.advance(TWO_HOURS)
    market.refused(market.jobs("lose", over), errors.jobs.Over)


@pytest.fixture
def running(market: Market) -> tuple[Market, Pubkey, Pubkey]:
    """A cluster of alice's and bob's nodes that runs, and alice's job."""
    market.join(market.bob, 300 * TOKEN)
    cluster = market.cluster()
    first = market.book(cluster=cluster)
    second = market.book(of=market.bob, cluster=cluster)
    market.send(market.jobs("start", first), market.jobs("start", second))
    return market, cluster, first


def test_a_running_cluster_takes_a_replacement_for_a_lost_job(
    running: tuple[Market, Pubkey, Pubkey],
) -> None:
    market, cluster, first = running
    market.world.advance(HOUR)
    for wrong in (None, market.cluster(number=2)):
        market.refused(market.jobs("lose", first, cluster=wrong), errors.jobs.WrongCluster)
    market.send(market.jobs("lose", first))
    assert state(market, cluster).lost == 1
    second = market.book(cluster=cluster)
    assert (market.job(second).replaces, state(market, cluster).lost) == (1, 0)
    market.set_price()
    market.send(market.jobs("cancel", second))
    # It leaves its place, and nothing is broken.
    assert (state(market, cluster).lost, state(market, cluster).broken) == (1, 0)
    third = market.book(cluster=cluster)
    market.start(third)
    found = state(market, cluster)
    assert (found.joined, found.waiting, found.lost) == (2, 0, 0)
    assert found.runs_until == market.job(third).ends_at
    market.send(market.jobs("stop", third))
    market.set_price()
    market.refused(market.booking(cluster=cluster), errors.jobs.ClusterFull)


def test_a_cluster_is_kept_as_long_as_its_jobs_are_extended(running: tuple[Market, Pubkey, Pubkey]) -> None:
    market, cluster, first = running
    market.set_price()
    market.refused(market.jobs("extend", first, seconds=HOUR, cluster=None), errors.jobs.WrongCluster)
    market.extend(first, HOUR)
    close = ix.jobs.close_cluster(renter=market.renter.pubkey(), cluster=cluster)
    market.world.advance(3 * HOUR - 1)
    market.refused(close, errors.jobs.ClusterRuns)
    market.world.advance(1)
    market.send(close)


def test_a_delegate_with_a_session_key_replaces_lost_jobs_up_to_its_limit(
    running: tuple[Market, Pubkey, Pubkey],
) -> None:
    market, cluster, first = running
    session, renter = market.actor(), market.renter.pubkey()
    purse = token_account(renter, IO_MINT)
    named: dict[str, Any] = {"payer": session.pubkey(), "refund_to": renter}
    allow = ApproveParams(
        program_id=TOKEN_PROGRAM_ID, source=purse, delegate=session.pubkey(), owner=renter, amount=D_IO
    )
    market.send(approve(allow))
    market.send(market.jobs("lose", first))
    market.set_price()
    booking = market.booking(cluster=cluster, source=purse, **named)
    market.refused(booking, errors.jobs.NotClusterBooker)
    naming = ix.jobs.set_delegate(renter=renter, cluster=cluster, delegate=session.pubkey())
    theft = ix.jobs.set_delegate(renter=session.pubkey(), cluster=cluster, delegate=session.pubkey())
    market.refused(theft, errors.jobs.NotClusterRenter)
    event = market.send(naming).event(events.jobs.DelegateSet)
    assert (event.cluster, event.delegate) == (cluster, session.pubkey())
    before = market.purse(market.renter)
    job = market.book(cluster=cluster, source=purse, **named)
    assert before - market.purse(market.renter) == D_IO
    found = market.job(job)
    assert (found.renter, found.rent_payer, found.refund_to) == (renter, session.pubkey(), renter)
    market.start(job)
    # What it was allowed is used up; and it is not the renter's hand in anything else.
    given = {"party": session.pubkey(), "payer": session.pubkey(), "source": purse}
    market.set_price()
    market.refused(market.jobs("extend", job, seconds=HOUR, **given), "OwnerMismatch")
    market.refused(market.jobs("stop", job, party=session.pubkey()), errors.jobs.NotAParty)
    market.send(approve(allow))
    market.send(market.jobs("extend", job, seconds=HOUR, **given))
    market.send(revoke(RevokeParams(program_id=TOKEN_PROGRAM_ID, account=purse, owner=renter)))
    market.refused(market.jobs("extend", job, seconds=HOUR, **given), "OwnerMismatch")


# -- payers


def test_payer_refund_theft(market: Market) -> None:
    """Somebody else pays for a renter, and gets back what is given back."""
    payer, renter = market.dave, market.renter.pubkey()
    before = market.purse(payer), market.purse(market.renter)
    booking = market.booking(payer=payer.pubkey())
    assert renter not in [meta.pubkey for meta in booking.accounts if meta.is_signer]
    job = market.book(payer=payer.pubkey())
    found = market.job(job)
    assert (found.renter, found.rent_payer, found.refund_to) == (renter, payer.pubkey(), payer.pubkey())
    rent = market.world.raw(job).lamports + market.world.raw(found.escrow).lamports
    # The renter may end it, but not for his own purse.
    market.send(market.jobs("cancel", job))
    for thief in (renter, market.alice.key):
        theft = market.jobs("refund", job, destination=token_account(thief, IO_MINT))
        market.refused(theft, errors.jobs.WrongDestination)
    market.refused(market.jobs("close", job, rent_payer=renter), errors.jobs.WrongRentPayer)
    lamports = market.world.client.balance(payer.pubkey()).base
    assert market.pay_out(job) == (0, 505_051, D_IO - 505_051)
    assert market.world.client.balance(payer.pubkey()).base == lamports + rent
    assert (market.purse(payer), market.purse(market.renter)) == (before[0] - 505_051, before[1])


def test_whoever_gets_the_refund_stops_a_job_as_the_renter_does(market: Market) -> None:
    payer = market.dave
    job = market.run(payer=payer.pubkey(), mint=market.usdc)
    market.world.advance(10 * MINUTE)
    market.attest(job, 10 * MINUTE)
    event = market.send(market.jobs("stop", job, party=payer.pubkey())).event(events.jobs.Stopped)
    assert (event.by, event.reason) == (payer.pubkey(), RENTER_STOPPED)
    market.send(market.jobs("complete", job))
    # Half of it for the hour, and the fee.
    assert market.pay_out(job) == (1_955_000, 45_000 + 90_000, 2_000_000)
    booked = market.book(payer=payer.pubkey(), mint=market.usdc)
    market.send(market.jobs("cancel", booked, party=payer.pubkey()))
    ended(market, booked, RENTER_CANCELLED, (0, 10_000, D_USDC - 10_000))
    theirs = market.jobs("dispute", booked, party=payer.pubkey())
    market.refused(theirs, errors.jobs.NotAParty)


def test_a_payer_names_another_wallet_for_the_refund(market: Market) -> None:
    job = market.book(payer=market.dave.pubkey(), refund_to=market.carol.pubkey())
    market.refused(market.jobs("cancel", job, party=market.dave.pubkey()), errors.jobs.NotAParty)
    market.send(market.jobs("cancel", job, party=market.carol.pubkey()))
    before = market.purse(market.carol)
    market.pay_out(job)
    assert market.purse(market.carol) == before + D_IO - 505_051


def test_a_stranger_pays_an_extension_for_whoever_wants_it_and_uses_none_up(market: Market) -> None:
    """Extensions are four: who pays one for somebody else needs the other's word."""
    job, payer = market.run(mint=market.usdc), market.dave
    stranger = {"party": payer.pubkey(), "payer": payer.pubkey(), "seconds": 1}
    source = token_account(payer.pubkey(), market.usdc)
    market.set_price(market.usdc)
    market.refused(market.jobs("extend", job, source=source, **stranger), errors.jobs.NotRenter)
    before = market.purse(payer, market.usdc)
    market.send(market.jobs("extend", job, payer=payer.pubkey(), seconds=HOUR))
    # 2 USDC and ⌈0.045⌉; what is given back of it goes where the booking said.
    assert before - market.purse(payer, market.usdc) == 2_045_000
    market.send(market.jobs("stop", job))
    market.world.advance(DAY + 1)
    market.send(market.jobs("expire", job))
    refund = market.job(job).owed_refund
    # 4 + 2 USDC less the first hour.
    assert refund == P_USDC
    held = market.purse(market.renter, market.usdc)
    market.pay_out(job)
    assert market.purse(market.renter, market.usdc) == held + refund


def test_who_pays_for_a_cluster_needs_its_renters_signature(market: Market) -> None:
    cluster = market.cluster()
    market.set_price()
    call = market.booking(cluster=cluster, payer=market.dave.pubkey())
    market.refused(call, errors.jobs.NotClusterBooker)
    metas = [
        AccountMeta(one.pubkey, one.is_signer or one.pubkey == market.renter.pubkey(), one.is_writable)
        for one in call.accounts
    ]
    market.send(Instruction(call.program_id, bytes(call.data), metas))
    job = market.job(pda.jobs.job(market.alice.offer, 1))
    assert (job.cluster, job.refund_to) == (cluster, market.dave.pubkey())


# -- which nodes are booked


def test_only_a_node_with_its_owners_own_stake_is_booked(market: Market) -> None:
    """Pending stake, and that of co-stakers, do not count; nor does a minimum of yesterday."""
    market.book(nonce=1)
    market.send(market.jobs("cancel", pda.jobs.job(market.alice.offer, 1)))
    args = class_args(base_minimum=501 * TOKEN)
    market.send(ix.staking.set_class(authority=market.world.deployer, id=1, args=args))
    market.send(market.staking("owner_stake", amount=TOKEN))
    found = market.refused(market.booking(), errors.jobs.StakeBelowMinimum)
    assert found.compared == (str(500 * TOKEN), str(501 * TOKEN))
    for wrong in (pda.staking.class_(OTHER_CLASS), market.alice.node, pda.staking.CONFIG):
        market.refused(market.booking(class_=wrong), errors.jobs.WrongClass)


def test_a_node_without_its_owners_stake_is_not_offered(market: Market) -> None:
    bobs_node(market, stake=0)
    found = market.refused(market.offering(market.bob), errors.jobs.StakeBelowMinimum)
    assert found.compared == ("0", str(200 * TOKEN))
    market.send(market.offering(market.bob, market.offer_args(open=False)))


def test_the_node_of_a_banned_device_is_neither_offered_nor_booked_started_or_extended(
    market: Market,
) -> None:
    bobs_node(market)
    running = market.run()
    market.poke(market.alice.node, accounts.staking.Node, "banned", b"\x01")
    market.set_price()
    market.refused(market.jobs("extend", running, seconds=HOUR), errors.jobs.NodeBanned)
    market.send(market.jobs("stop", running))
    market.refused(market.booking(), errors.jobs.NodeBanned)
    args = market.offer_args()
    again = ix.jobs.set_offer(owner=market.alice.key, node=market.alice.node, args=args)
    market.refused(again, errors.jobs.NodeBanned)
    market.set_offer(open=False)
    market.send(market.offering(market.bob))
    job = market.book(of=market.bob)
    market.poke(market.bob.node, accounts.staking.Node, "banned", b"\x01")
    market.refused(market.jobs("start", job), errors.jobs.NodeBanned)


@pytest.mark.parametrize(
    ("age", "passed", "error"),
    [
        (0, False, errors.jobs.NoVerdict),
        (6 * HOUR + 1, True, errors.jobs.VerdictTooOld),
        (6 * HOUR, True, None),
        (0, True, None),
    ],
    ids=str,
)
def test_a_node_is_booked_on_a_compute_proof_that_it_passed_of_late(
    market: Market, age: int, passed: bool, error: Refusal | None
) -> None:
    market.set_price()
    booking = market.booking()
    at = market.world.now - age
    market.prove(at=at, passed=passed)
    if error is not None:
        market.refused(booking, error)
        return
    market.send(booking)
    job = pda.jobs.job(market.alice.offer, 1)
    # The start uses the one that was booked on, however old it is by then, and whatever came later.
    market.world.advance(20 * MINUTE)
    market.prove(passed=False)
    market.start(job)
    assert market.job(job).verdict_at == at


def test_a_node_that_has_never_shown_to_compute_is_not_booked(market: Market) -> None:
    booking = market.booking()
    market.poke(market.alice.node, accounts.staking.Node, "last_proof", bytes(48))
    market.refused(booking, errors.jobs.NoVerdict)


def test_the_age_of_a_compute_proof_is_a_parameter(market: Market) -> None:
    params = jobs_params(market, verdict_age=HOUR)
    market.send(ix.jobs.set_params(authority=market.world.deployer, params=params))
    market.set_price()
    booking = market.booking()
    market.prove(at=market.world.now - HOUR - 1)
    found = market.refused(booking, errors.jobs.VerdictTooOld)
    assert found.compared == (str(HOUR), str(HOUR + 1))


assert P_IO + F_IO == D_IO
