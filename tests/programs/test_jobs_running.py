"""The jobs program: starts, attestations, and the end of the booked time."""

from __future__ import annotations

from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.programs.market import DOLLAR, TWO_HOURS, Market
from tests.programs.people import SAMPLES, TOKEN, attestation
from tests.programs.support import DAY, HOUR, MINUTE, Refusal, World

from ionet import accounts, errors, events, ix, pda, types

P_USDC, F_USDC, D_USDC = 4_000_000, 90_000, 4_090_000
#: 24 h of it are 1,000.000008 USD: two attesters; of a millionth less, 999.999984 USD: one.
LARGE_RATE = 41_666_667


# -- start


@pytest.mark.parametrize("who", ["supplier", "device", "attester"])
def test_the_supplier_the_device_or_an_attester_starts_a_job(market: Market, who: str) -> None:
    job = market.book()
    market.world.advance(20 * MINUTE)
    operator = {
        "supplier": market.alice.key,
        "device": market.alice.device_key.pubkey(),
        "attester": market.attesters[1].pubkey(),
    }[who]
    event = market.send(market.jobs("start", job, operator=operator)).event(events.jobs.Started)
    now = market.world.now
    assert event == events.jobs.Started(2, job, operator, now, now + TWO_HOURS)
    found = market.job(job)
    assert (found.state, found.started_at, found.ends_at) == (1, now, now + TWO_HOURS)
    assert (market.offer().lease_job, market.offer().lease_until) == (job, now + TWO_HOURS)


def test_nobody_else_starts_a_job(market: Market) -> None:
    job = market.book()
    for other in (market.renter.pubkey(), market.bob.key, market.bob.device_key.pubkey()):
        market.refused(market.jobs("start", job, operator=other), errors.jobs.MayNotStart)
    # An attester that left its seat is none any more.
    seats = [
        types.proofs.Seat(Pubkey.default(), 0),
        types.proofs.Seat(market.attesters[1].pubkey(), 1),
    ]
    market.send(ix.proofs.set_attesters(authority=market.world.deployer, seats=seats, threshold=1))
    left = market.attesters[0].pubkey()
    market.refused(market.jobs("start", job, operator=left), errors.jobs.MayNotStart)


def test_a_job_starts_once_and_within_twenty_minutes(market: Market) -> None:
    job = market.book()
    market.world.advance(20 * MINUTE + 1)
    found = market.refused(market.jobs("start", job), errors.jobs.StartWindowOver)
    assert found.compared == (str(market.world.now - 1), str(market.world.now))
    job = market.run()
    market.world.advance(MINUTE)
    market.refused(market.jobs("start", job), errors.jobs.NotBooked)


def test_a_start_belongs_to_the_jobs_own_offer_and_node(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    job = market.book()
    wrong = market.jobs("start", job, offer=market.bob.offer)
    market.refused(wrong, errors.jobs.WrongOffer)
    # Bob's device must not start alice's job.
    wrong = market.jobs("start", job, node=market.bob.node, operator=market.bob.device_key.pubkey())
    market.refused(wrong, errors.jobs.WrongNode)


def test_a_node_that_has_left_the_market_starts_nothing(market: Market) -> None:
    job = market.book()
    for state in (b"\x01", b"\x02"):
        market.poke(market.alice.node, accounts.staking.Node, "state", state)
        market.refused(market.jobs("start", job), errors.jobs.NodeNotLive)
    market.poke(market.alice.node, accounts.staking.Node, "state", b"\x00")
    market.start(job)


def test_every_end_belongs_to_the_jobs_own_offer(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    booked, running = market.book(), market.run(of=market.bob)
    for job, names, other in (
        (booked, ("cancel", "expire"), market.bob.offer),
        (running, ("stop", "complete", "expire"), market.alice.offer),
    ):
        for name in names:
            market.refused(market.jobs(name, job, offer=other), errors.jobs.WrongOffer)


# -- attest


def test_an_attester_says_what_it_saw(market: Market) -> None:
    job = market.run()
    market.world.advance(HOUR)
    digest, result = b"\x01" * 32, b"\x02" * 32
    sent = market.attest(job, 3_000, HOUR, seat=1, proof_digest=digest, result_hash=result)
    assert sent.event(events.jobs.Attested) == events.jobs.Attested(
        seq=3,
        job=job,
        seat=1,
        good=3_000,
        upto=HOUR,
        reason=7,
        attested=3_000,
        proof_digest=digest,
        timelock=SAMPLES,
        result_hash=result,
    )
    found = market.job(job)
    assert found.seen[1] == types.jobs.Seen(3_000, HOUR, 0, market.attesters[1].pubkey())
    assert (found.proof_digest, found.result_hash, found.last_attested_at) == (
        digest,
        result,
        market.world.now,
    )
    # Zeros leave both as they are.
    market.world.advance(60)
    market.attest(job, 3_060, HOUR + 60, seat=1, reason=0)
    found = market.job(job)
    assert (found.proof_digest, found.result_hash) == (digest, result)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (attestation(999, 1_100), errors.jobs.AttestationFalls),
        (attestation(1_000, 1_099, reason=0), errors.jobs.AttestationFalls),
        (attestation(2_001), errors.jobs.AttestationAhead),
        (attestation(2**32 - 1), errors.jobs.AttestationAhead),
        # 1,000 of 1,100 s were good: 900 more seconds cannot hold 901 good ones.
        (attestation(1_901, 2_000, reason=0), errors.jobs.AttestationOverlaps),
        (attestation(2_000, 2_000), errors.jobs.AttestationOverlaps),
        (attestation(1_500, 2_000, reason=0), errors.jobs.BreakWithoutReason),
        (attestation(1_900, 2_000, reason=7), errors.jobs.BreakWithoutReason),
    ],
    ids=str,
)
def test_attestations_never_fall_overlap_or_run_ahead(
    market: Market, said: types.jobs.AttestArgs, error: Refusal
) -> None:
    job = market.run()
    market.world.advance(1_100)
    market.attest(job, 1_000, 1_100)
    market.world.advance(900)
    market.refused(market.jobs("attest", job, args=said), error)
    market.attest(job, 1_900, 2_000, reason=0)
    assert market.job(job).seen[0] == types.jobs.Seen(1_900, 2_000, 0, market.attesters[0].pubkey())


def test_nobody_else_attests(market: Market) -> None:
    job = market.run()
    market.world.advance(60)
    others = [market.renter, market.alice.owner, market.alice.device_key, market.people.deployer]
    for other in others:
        wrong = market.jobs("attest", job, attester=other.pubkey(), args=attestation(60))
        market.refused(wrong, errors.jobs.NotAttester)


def test_only_running_jobs_are_attested(market: Market) -> None:
    job = market.book()
    said = market.jobs("attest", job, args=attestation(0))
    market.refused(said, errors.jobs.NotRunning)
    market.send(market.jobs("cancel", job))
    market.refused(said, errors.jobs.NotRunning)


def test_no_time_behind_the_end_is_attested(market: Market) -> None:
    job = market.run()
    market.world.advance(TWO_HOURS + 500)
    beyond = market.jobs("attest", job, args=attestation(TWO_HOURS + 1))
    market.refused(beyond, errors.jobs.AttestationAhead)
    market.attest(job, TWO_HOURS)
    other = market.run()
    market.world.advance(600)
    market.send(market.jobs("stop", other))
    market.world.advance(600)
    market.refused(market.jobs("attest", other, args=attestation(601)), errors.jobs.AttestationAhead)
    market.attest(other, 600)


def test_a_seat_keeps_what_it_saw_while_its_key_changes(market: Market) -> None:
    job = market.run()
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    successor = market.actor()
    seats = [types.proofs.Seat(one.pubkey(), 1) for one in (successor, market.attesters[1])]
    market.send(ix.proofs.set_attesters(authority=market.world.deployer, seats=seats, threshold=2))
    old = market.jobs("attest", job, args=attestation(HOUR))
    market.refused(old, errors.jobs.NotAttester)
    less = market.jobs("attest", job, attester=successor.pubkey(), args=attestation(HOUR - 1, HOUR - 1))
    market.refused(less, errors.jobs.AttestationFalls)
    market.send(market.jobs("attest", job, attester=successor.pubkey(), args=attestation(HOUR)))
    assert market.job(job).seen[0] == types.jobs.Seen(HOUR, HOUR, 0, successor.pubkey())


def test_the_same_attestation_again_changes_no_sum(market: Market) -> None:
    job = market.run()
    market.world.advance(HOUR)
    for _ in range(2):
        event = market.attest(job, HOUR).event(events.jobs.Attested)
        assert (event.good, event.attested) == (HOUR, HOUR)
    assert market.job(job).seen[0] == types.jobs.Seen(HOUR, HOUR, 0, market.attesters[0].pubkey())


def test_without_an_attester_set_nobody_attests(bare: World, market: Market) -> None:
    """The set's address is fixed: where nothing is, or something else, it is refused."""
    job = market.run()
    market.world.client.network.set_account(pda.proofs.ATTESTER_SET, lamports=10**9)
    wrong = market.jobs("attest", job, args=attestation(0))
    market.refused(wrong, errors.jobs.WrongAttesterSet)
    start = market.jobs("start", job, operator=market.attesters[0].pubkey())
    market.refused(start, errors.jobs.WrongAttesterSet)
    elsewhere = market.jobs("attest", job, args=attestation(0), attester_set=pda.proofs.CONFIG)
    market.refused(elsewhere, "ConstraintAddress")
    assert bare.client.account(pda.proofs.ATTESTER_SET) is None


# -- how many attesters


@pytest.mark.parametrize(("rate", "attesters"), [(LARGE_RATE, 2), (LARGE_RATE - 1, 1)])
def test_jobs_of_a_thousand_dollars_a_day_need_two_attesters(
    market: Market, rate: int, attesters: int
) -> None:
    market.set_offer(rate=rate)
    assert market.job(market.book(HOUR)).attesters == attesters


def test_a_second_counts_when_both_attesters_saw_it(market: Market) -> None:
    # ⌈41.666667 · 2⌉ = 83.333334 USDC, F = 83.333334 · 2.25 % = ⌈1,875,000.015⌉.
    market.set_offer(rate=LARGE_RATE)
    job = market.run(mint=market.usdc)
    assert (market.job(job).price, market.job(job).fee) == (83_333_334, 1_875_001)
    market.world.advance(HOUR)
    assert market.attest(job, HOUR, seat=0).event(events.jobs.Attested).attested == 0
    assert market.paid("settle", job) == 0
    assert market.attest(job, 1_800, HOUR, seat=1).event(events.jobs.Attested).attested == 1_800
    # A quarter of the time: G = ⌊20,833,333.5⌋, fee ⌈468,749.99⌉ = 468,750.
    paid = market.send(market.jobs("settle", job)).event(events.jobs.Paid)
    assert paid.amount == 20_833_333 - 468_750
    market.world.advance(HOUR)
    market.attest(job, TWO_HOURS, seat=0)
    market.refused(market.jobs("complete", job), errors.jobs.NotAttestedToItsEnd)
    market.attest(job, 1_800, TWO_HOURS, seat=1)
    market.send(market.jobs("complete", job))
    found = market.job(job)
    assert found.owed_supplier == 20_833_333 - 468_750
    assert found.owed_fees == 468_750 + 1_875_001
    assert found.owed_refund == 83_333_334 - 20_833_333


def test_one_attester_cannot_count_twice(market: Market) -> None:
    market.set_offer(rate=LARGE_RATE)
    job = market.run()
    market.world.advance(HOUR)
    for _ in range(2):
        assert market.attest(job, HOUR).event(events.jobs.Attested).attested == 0


def test_the_number_of_attesters_is_that_of_the_booking(market: Market) -> None:
    job = market.run()
    params = jobs_params(market, attesters=2)
    market.send(ix.jobs.set_params(authority=market.world.deployer, params=params))
    market.world.advance(HOUR)
    assert market.attest(job, HOUR).event(events.jobs.Attested).attested == HOUR
    market.send(market.jobs("stop", job))
    assert market.job(market.book()).attesters == 2


# -- the end


def test_the_booked_time_ends_when_it_is_over_and_seen(market: Market) -> None:
    job = market.book()
    market.refused(market.jobs("complete", job), errors.jobs.NotRunning)
    market.start(job)
    market.world.advance(TWO_HOURS - 1)
    market.attest(job, TWO_HOURS - 1)
    market.refused(market.jobs("complete", job), errors.jobs.NotOver)
    market.world.advance(1)
    market.refused(market.jobs("complete", job), errors.jobs.NotAttestedToItsEnd)
    market.attest(job, TWO_HOURS - 1, TWO_HOURS)
    # Anyone may.
    market.world.call(market.jobs("complete", job)).paid_by(market.actor()).send()
    assert market.job(job).state == 2


def test_a_result_hash_alone_pays_nothing(market: Market) -> None:
    job = market.run(mint=market.usdc)
    market.world.advance(TWO_HOURS)
    market.attest(job, 0, TWO_HOURS, result_hash=b"\x09" * 32)
    assert market.paid("settle", job) == 0
    event = market.send(market.jobs("complete", job)).event(events.jobs.Ended)
    assert event.result_hash == b"\x09" * 32
    assert (event.owed_supplier, event.owed_refund) == (0, P_USDC)


def test_a_job_that_costs_next_to_nothing_still_pays_out(market: Market) -> None:
    """Rounding must block no payment: every part may come to nothing."""
    # 1 micro-dollar an hour: P = ⌈1⌉ = 1 unit of USDC, F = ⌈0.0225⌉ = 1; G = 0 until the end.
    market.set_offer(rate=1)
    job = market.run(HOUR, mint=market.usdc)
    assert (market.job(job).price, market.job(job).fee) == (1, 1)
    market.world.advance(HOUR)
    market.attest(job, HOUR - 1, HOUR)
    market.send(market.jobs("complete", job))
    # G = 0: the renter gets the unit back, but for the fee.
    assert market.pay_out(job) == (0, 1, 1)
    job = market.run(HOUR, mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    market.send(market.jobs("complete", job))
    # G = 1, and the supplier's fee ⌈0.0225⌉ takes all of it.
    assert market.pay_out(job) == (0, 2, 0)


def test_the_terms_of_a_job_do_not_change_with_the_programs(market: Market) -> None:
    job, deployer = market.run(mint=market.usdc), market.world.deployer
    dearer = jobs_params(market, booking_bps=100)
    market.send(ix.jobs.set_params(authority=deployer, params=dearer))
    args = market.currency_args(market.usdc, payment_bps=300)
    currency = pda.jobs.currency(market.usdc)
    market.send(ix.jobs.set_currency(authority=deployer, currency=currency, args=args))
    market.world.advance(TWO_HOURS)
    market.attest(job, TWO_HOURS)
    market.send(market.jobs("complete", job))
    assert market.pay_out(job) == (3_910_000, 180_000, 0)
    # New ones pay 4 % a side.
    assert market.job(market.book(mint=market.usdc)).fee == 160_000


# -- parameters


def jobs_params(market: Market, **changes: Any) -> types.jobs.ParamsArgs:
    """The published defaults."""
    usual: dict[str, Any] = {
        "pauser": market.world.deployer,
        "resolver": market.people.resolver.pubkey(),
        "booking_bps": 25,
        "dispute_bond_bps": 500,
        "max_confidence_bps": 100,
        "max_ema_distance_bps": 500,
        "max_price_age": 60,
        "verdict_age": 6 * HOUR,
        "attesters": 1,
        "attesters_large": 2,
        "large_daily_usd": 1_000 * DOLLAR,
    }
    return types.jobs.ParamsArgs(**usual | changes)


def test_the_program_begins_with_the_published_defaults(bare: World) -> None:
    sent = bare.send(bare.initialize("jobs", bare.deployer))
    began = sent.event(events.jobs.Initialized)
    defaults = types.jobs.ParamsArgs(
        bare.deployer, bare.resolver.pubkey(), 25, 500, 100, 500, 60, 6 * HOUR, 1, 2, 1_000 * DOLLAR
    )
    assert (began.authority, began.params) == (bare.deployer, defaults)
    config = bare.client.fetch(accounts.jobs.Config, pda.jobs.CONFIG)
    assert (config.booking_bps, config.attesters, config.attesters_large) == (25, 1, 2)
    assert config.large_daily_usd == 1_000 * DOLLAR
    assert config.price_limits == types.jobs.PriceLimits(60, 100, 500)
    assert (config.dispute_bond_bps, config.verdict_age) == (500, 6 * HOUR)
    assert (config.resolver, config.roles.pauser) == (bare.resolver.pubkey(), bare.deployer)


def test_the_authority_sets_every_parameter(market: Market) -> None:
    pauser, resolver = market.actor().pubkey(), market.actor().pubkey()
    wanted = types.jobs.ParamsArgs(pauser, resolver, 100, 2_000, 500, 2_000, 300, DAY, 5, 4, 7)
    sent = market.send(ix.jobs.set_params(authority=market.world.deployer, params=wanted))
    assert sent.event(events.jobs.ParamsSet) == events.jobs.ParamsSet(3, wanted)
    config = market.world.client.fetch(accounts.jobs.Config, pda.jobs.CONFIG)
    assert (config.roles.pauser, config.resolver, config.booking_bps) == (pauser, resolver, 100)
    assert config.price_limits == types.jobs.PriceLimits(300, 500, 2_000)
    assert (config.attesters, config.attesters_large, config.large_daily_usd) == (5, 4, 7)
    assert config.verdict_age == DAY


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"booking_bps": 101}, errors.jobs.BookingFeeOutOfBounds),
        ({"dispute_bond_bps": 99}, errors.jobs.DisputeBondOutOfBounds),
        ({"dispute_bond_bps": 2_001}, errors.jobs.DisputeBondOutOfBounds),
        ({"max_price_age": 0}, errors.jobs.PriceAgeOutOfBounds),
        ({"max_price_age": 301}, errors.jobs.PriceAgeOutOfBounds),
        ({"verdict_age": HOUR - 1}, errors.jobs.VerdictAgeOutOfBounds),
        ({"verdict_age": 48 * HOUR + 1}, errors.jobs.VerdictAgeOutOfBounds),
        ({"max_confidence_bps": 501}, errors.jobs.ConfidenceOutOfBounds),
        ({"max_ema_distance_bps": 0}, errors.jobs.EmaDistanceOutOfBounds),
        ({"max_ema_distance_bps": 2_001}, errors.jobs.EmaDistanceOutOfBounds),
        ({"attesters": 0}, errors.jobs.AttestersOutOfBounds),
        ({"attesters": 6}, errors.jobs.AttestersOutOfBounds),
        ({"attesters_large": 0}, errors.jobs.AttestersOutOfBounds),
        ({"attesters_large": 6}, errors.jobs.AttestersOutOfBounds),
    ],
    ids=str,
)
def test_each_parameter_stays_within_its_bounds(
    market: Market, change: dict[str, int], error: Refusal
) -> None:
    call = ix.jobs.set_params(authority=market.world.deployer, params=jobs_params(market, **change))
    market.refused(call, error)


def test_nobody_else_sets_parameters(market: Market) -> None:
    thief = market.actor().pubkey()
    mine = ix.jobs.set_params(authority=thief, params=jobs_params(market))
    market.refused(mine, errors.jobs.NotAuthority)


# -- silence


def test_silence_is_counted_from_the_last_word(market: Market) -> None:
    job = market.run(DAY)
    market.world.advance(20 * HOUR)
    market.attest(job, 10, 20 * HOUR)
    market.world.advance(DAY)
    market.refused(market.jobs("expire", job), errors.jobs.NotSilent)
    market.world.advance(1)
    market.send(market.jobs("expire", job))


def test_words_after_the_end_keep_no_job_open(market: Market) -> None:
    """One of two attesters could otherwise keep the deposit locked for ever."""
    market.set_offer(rate=LARGE_RATE)
    job = market.run()
    for _ in range(2):
        market.world.advance(TWO_HOURS)
        market.attest(job, TWO_HOURS)
    # A day after the end, two hours before it would be a day after the last word.
    market.world.advance(DAY - TWO_HOURS)
    market.refused(market.jobs("expire", job), errors.jobs.NotSilent)
    market.world.advance(1)
    market.send(market.jobs("expire", job))
    assert market.job(job).owed_supplier == 0
