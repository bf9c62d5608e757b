"""The jobs program: who is paid what on every path of a job, to the base unit.

The booking fee b is 25 bps a side; the payment fee p is 0 in IO and 200 bps in USDC. Alice's node is at 2 USD
an hour, so two hours cost 4 USD:

    IO at 2.00 − 0.02 USD   P = ⌈4 / 1.98⌉        = 2.02020203 IO       (2.0202020202…)
                            F = ⌈P · 25 / 10⁴⌉    = 0.00505051 IO       (505,050.5075)
                            D = P + F             = 2.02525254 IO
    USDC                    P = 4.000000,  F = P · 225 / 10⁴ = 0.090000,  D = 4.090000
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from solders.pubkey import Pubkey
from tests.programs.market import CLASS, DOLLAR, IO_MINT, MANIFEST, RATE, TWO_HOURS, Market
from tests.programs.people import TOKEN, attestation, class_args
from tests.programs.support import DAY, HOUR, MINUTE

from ionet import errors, events, ix, pda, token_account, types

P_IO, F_IO, D_IO = 202_020_203, 505_051, 202_525_254
P_USDC, F_USDC, D_USDC = 4_000_000, 90_000, 4_090_000

(COMPLETED, TIMED_OUT, RENTER_STOPPED, SUPPLIER_STOPPED, NO_SHOW) = range(1, 6)
(SUPPLIER_CANCELLED, RENTER_CANCELLED, LOST) = range(6, 9)


@dataclass(frozen=True, slots=True)
class Currency:
    """One of the two, with the deposit of two hours."""

    name: str
    price: int
    fee: int

    def mint(self, market: Market) -> Pubkey:
        return IO_MINT if self.name == "IO" else market.usdc


IN_IO, IN_USDC = Currency("IO", P_IO, F_IO), Currency("USDC", P_USDC, F_USDC)


def ended(market: Market, job: Pubkey, reason: int, owed: tuple[int, int, int]) -> None:
    """The job is over for this reason, and owes supplier, fee vault and renter this."""
    found = market.job(job)
    assert (found.state, found.reason) == (2, reason)
    assert (found.owed_supplier, found.owed_fees, found.owed_refund) == owed
    assert found.ended_at == market.world.now
    # What anyone is owed is what was deposited.
    assert sum(owed) == found.price + found.fee


# -- booking


@pytest.mark.parametrize("currency", [IN_IO, IN_USDC], ids=lambda one: one.name)
def test_a_booking_moves_the_deposit_into_the_jobs_own_escrow(market: Market, currency: Currency) -> None:
    mint = currency.mint(market)
    before = market.purse(market.renter, mint)
    market.set_price(mint)
    sent = market.send(market.booking(mint=mint))
    job = pda.jobs.job(market.alice.offer, 1)
    found = market.job(job)
    deposit = currency.price + currency.fee
    assert market.purse(market.renter, mint) == before - deposit
    assert market.world.balance(found.escrow) == deposit
    assert sent.event(events.jobs.Booked) == events.jobs.Booked(
        seq=1,
        job=job,
        offer=market.alice.offer,
        node=market.alice.node,
        renter=market.renter.pubkey(),
        payer=market.renter.pubkey(),
        refund_to=market.renter.pubkey(),
        source=token_account(market.renter.pubkey(), mint),
        supplier=market.alice.key,
        mint=mint,
        usd=4 * DOLLAR,
        price=currency.price,
        fee=currency.fee,
        seconds=TWO_HOURS,
        attesters=1,
        payout=types.jobs.PayoutKind.AS_PAID,
        cluster_size=1,
        cluster=Pubkey.default(),
        replaces=0,
        manifest_hash=MANIFEST,
        # 2 USD for an IO, 1 USD for a USDC.
        currency_price=200_000_000 if currency is IN_IO else 100_000_000,
        currency_exponent=-8,
    )
    assert (found.price, found.fee, found.seconds) == (currency.price, currency.fee, TWO_HOURS)
    assert (found.rate, found.units, found.attesters, found.payout) == (RATE, 1, 1, 1)
    assert (found.renter, found.supplier) == (market.renter.pubkey(), market.alice.key)
    assert (found.mint, found.rent_payer) == (mint, market.renter.pubkey())
    assert (found.refund_to, found.verdict_at) == (market.renter.pubkey(), market.world.now)
    assert found.escrow == pda.jobs.escrow(job)
    assert found.fee_vault == pda.buyback.vault(mint, bytes(job)[-1] % 8)
    assert (found.booked_at, found.started_at, found.state) == (market.world.now, 0, 0)
    offer = market.offer()
    # The lease lasts for the start window, its last second included.
    assert (offer.lease_job, offer.lease_until, offer.nonce) == (job, market.world.now + 20 * MINUTE + 1, 1)


def test_several_processors_cost_several_times_as_much(market: Market) -> None:
    # 8 · 2 USD · 1.5 h = 24 USD.
    market.poke(market.alice.node, type(market.node()), "units", b"\x08")
    args = class_args(base_minimum=10 * TOKEN)
    market.send(ix.staking.set_class(authority=market.world.deployer, id=CLASS, args=args))
    found = market.job(market.book(90 * MINUTE, mint=market.usdc))
    assert (found.price, found.fee, found.units) == (24_000_000, 540_000, 8)


def test_every_rounding_of_a_booking_is_at_the_renters_expense(market: Market) -> None:
    # 1.234567 USD an hour for 3,601 s are 1.23490993… USD, so 1.234910; F = ⌈1,234,910 · 225 / 10⁴⌉ = 27,786.
    market.set_offer(rate=1_234_567)
    found = market.job(market.book(3_601, mint=market.usdc))
    assert (found.price, found.fee) == (1_234_910, 27_786)


# -- completed


def test_a_job_in_io_that_was_good_all_the_time_pays_the_supplier_all_but_his_fee(market: Market) -> None:
    job = market.run()
    market.world.advance(TWO_HOURS)
    market.attest(job, TWO_HOURS)
    event = market.send(market.jobs("complete", job)).event(events.jobs.Ended)
    # G = P; the supplier's fee is ⌈505,050.5075⌉ as well.
    owed = (P_IO - F_IO, 2 * F_IO, 0)
    ended(market, job, COMPLETED, owed)
    assert (event.job, event.reason, event.attested) == (job, COMPLETED, TWO_HOURS)
    assert (event.owed_supplier, event.owed_fees, event.owed_refund) == owed
    assert market.pay_out(job) == owed


def test_a_job_in_usdc_costs_both_sides_two_per_cent_more(market: Market) -> None:
    job = market.run(mint=market.usdc)
    market.world.advance(TWO_HOURS)
    market.attest(job, TWO_HOURS)
    market.send(market.jobs("complete", job))
    ended(market, job, COMPLETED, (3_910_000, 180_000, 0))
    assert market.pay_out(job) == (3_910_000, 180_000, 0)


def test_only_good_time_is_paid_for_and_the_rest_goes_back(market: Market) -> None:
    # 1.234567 USDC for an hour, F = ⌈27,777.7575⌉ = 27,778, D = 1,262,345; 2,400 of 3,600 s were good:
    # G = ⌊823,044.66…⌋, the supplier's fee ⌈18,518.49⌉, E = F since it was completed.
    market.set_offer(rate=1_234_567)
    job = market.run(HOUR, mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, 2_400, HOUR)
    market.send(market.jobs("complete", job))
    owed = (823_044 - 18_519, 18_519 + 27_778, 1_262_345 - 823_044 - 27_778)
    assert owed == (804_525, 46_297, 411_523)
    ended(market, job, COMPLETED, owed)
    assert market.pay_out(job) == owed


def test_a_job_without_a_good_second_pays_the_supplier_nothing(market: Market) -> None:
    job = market.run()
    market.world.advance(TWO_HOURS)
    market.attest(job, 0, TWO_HOURS)
    market.send(market.jobs("complete", job))
    # The renter keeps the price; his fee is kept, as the booked time was served to its end.
    ended(market, job, COMPLETED, (0, F_IO, P_IO))
    assert market.pay_out(job) == (0, F_IO, P_IO)


# -- streaming


def test_attested_time_is_paid_as_it_passes_from_the_first_hour_on(market: Market) -> None:
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR - 1)
    market.attest(job, HOUR - 1)
    market.refused(market.jobs("settle", job), errors.jobs.FirstHour)
    market.world.advance(1)
    # G = ⌊4,000,000 · 3,599 / 7,200⌋ = 1,999,444, less ⌈44,987.49⌉ = 44,988.
    before = market.purse(market.alice.owner, market.usdc)
    event = market.send(market.jobs("settle", job)).event(events.jobs.Paid)
    first = 1_999_444 - 44_988
    assert market.purse(market.alice.owner, market.usdc) == before + first
    assert (event.job, event.party, event.amount, event.paid) == (job, 0, first, first)
    assert event.destination == token_account(market.alice.key, market.usdc)
    assert event.held == D_USDC - first
    # Nothing new was attested: the same call again pays nothing and says nothing.
    assert market.paid("settle", job) == 0
    market.world.advance(1_401)
    market.attest(job, 5_000)
    # G = ⌊2,777,777.7…⌋, its fee ⌈62,499.98⌉ = 62,500: 2,715,277 in all.
    event = market.send(market.jobs("settle", job)).event(events.jobs.Paid)
    assert (event.amount, event.paid) == (2_715_277 - first, 2_715_277)
    market.world.advance(2_200)
    market.attest(job, 7_200)
    market.send(market.jobs("complete", job))
    assert market.pay_out(job) == (3_910_000 - 2_715_277, 180_000, 0)


def test_the_rhythm_of_payments_changes_no_sum(market: Market) -> None:
    market.set_offer(rate=1_234_567)
    paid = []
    for steps in ([7_200], [3_601, 3_777, 4_999, 5_000, 7_199, 7_200]):
        job = market.run(mint=market.usdc)
        before = market.purse(market.alice.owner, market.usdc)
        start = market.world.now
        for step in steps:
            market.world.advance(start + step - market.world.now)
            market.attest(job, step)
            market.send(market.jobs("settle", job))
        market.send(market.jobs("complete", job))
        market.pay_out(job)
        paid.append(market.purse(market.alice.owner, market.usdc) - before)
    # P = 2.469134, fee ⌈55,555.515⌉ = 55,556.
    assert paid == [2_469_134 - 55_556] * 2


def test_nothing_is_paid_before_the_start(market: Market) -> None:
    job = market.book()
    market.refused(market.jobs("settle", job), errors.jobs.NotRunning)
    for name in ("refund", "collect_fees"):
        market.refused(market.jobs(name, job), errors.jobs.NotEnded)
    market.start(job)
    for name in ("refund", "collect_fees"):
        market.refused(market.jobs(name, job), errors.jobs.NotEnded)
    market.refused(market.jobs("close", job), errors.jobs.NotSettled)


# -- stopping


def test_a_renter_who_stops_in_the_first_hour_pays_for_the_whole_of_it(market: Market) -> None:
    job = market.run()
    market.world.advance(10 * MINUTE)
    event = market.send(market.jobs("stop", job)).event(events.jobs.Stopped)
    assert (event.job, event.by, event.reason) == (job, market.renter.pubkey(), RENTER_STOPPED)
    assert event.ends_at == market.world.now
    assert market.offer().lease_job == Pubkey.default()
    market.refused(market.jobs("complete", job), errors.jobs.NotAttestedToItsEnd)
    market.world.advance(MINUTE)
    market.attest(job, 500, 600)
    market.send(market.jobs("complete", job))
    # B = 500 + 3,000: G = ⌊202,020,203 · 3,500 / 7,200⌋ = 98,204,265 (…265.3), fee ⌈245,510.66⌉ = 245,511.
    owed = (98_204_265 - 245_511, 245_511 + F_IO, D_IO - 98_204_265 - F_IO)
    ended(market, job, RENTER_STOPPED, owed)
    assert market.pay_out(job) == owed


def test_a_renter_who_stops_later_pays_the_good_time(market: Market) -> None:
    job = market.run(mint=market.usdc)
    market.world.advance(5_000)
    market.send(market.jobs("stop", job))
    market.attest(job, 4_900, 5_000)
    market.send(market.jobs("complete", job))
    # G = ⌊2,722,222.2…⌋, fee ⌈61,249.995⌉ = 61,250; his own fee is kept whole.
    owed = (2_660_972, 61_250 + F_USDC, D_USDC - 2_722_222 - F_USDC)
    ended(market, job, RENTER_STOPPED, owed)
    assert market.pay_out(job) == owed


def test_a_supplier_who_leaves_in_the_first_hour_gets_nothing(market: Market) -> None:
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR - 1)
    market.attest(job, HOUR - 1)
    market.send(market.jobs("stop", job, party=market.alice.key))
    market.world.advance(HOUR)
    assert market.paid("settle", job) == 0
    market.send(market.jobs("complete", job))
    # Neither side keeps a fee: E = ⌈F · 0 / P⌉.
    ended(market, job, SUPPLIER_STOPPED, (0, 0, D_USDC))
    assert market.pay_out(job) == (0, 0, D_USDC)


def test_a_supplier_who_leaves_after_it_is_paid_what_was_good(market: Market) -> None:
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    market.send(market.jobs("stop", job, party=market.alice.key))
    market.send(market.jobs("complete", job))
    # Half of everything: G = 2,000,000, fee 45,000, E = ⌈90,000 · 2,000,000 / 4,000,000⌉ = 45,000.
    owed = (1_955_000, 90_000, 2_045_000)
    ended(market, job, SUPPLIER_STOPPED, owed)
    assert market.pay_out(job) == owed


def test_only_a_party_stops_a_job_and_only_while_it_runs(market: Market) -> None:
    job = market.book()
    market.refused(market.jobs("stop", job), errors.jobs.NotRunning)
    market.start(job)
    stranger = market.actor().pubkey()
    for other in (stranger, market.attesters[0].pubkey(), market.alice.device_key.pubkey()):
        market.refused(market.jobs("stop", job, party=other), errors.jobs.NotAParty)
    market.world.advance(TWO_HOURS)
    market.refused(market.jobs("stop", job), errors.jobs.Over)


def test_a_job_is_stopped_once(market: Market) -> None:
    job = market.run()
    market.world.advance(10 * MINUTE)
    market.send(market.jobs("stop", job))
    for party in (market.renter.pubkey(), market.alice.key):
        market.refused(market.jobs("stop", job, party=party), errors.jobs.Over)
    assert market.job(job).reason == RENTER_STOPPED


# -- cancelling


@pytest.mark.parametrize(
    ("currency", "seconds", "kept"),
    [
        # ⌈P · 25 / 10⁴⌉ at least; of USDC the payment fee goes back.
        (IN_IO, 0, 505_051),
        (IN_IO, 18, 505_051),
        (IN_USDC, 0, 10_000),
        # ⌈P · 120 / 7,200⌉, and a sixth of it.
        (IN_IO, 120, 3_367_004),
        (IN_IO, 1_200, 33_670_034),
        (IN_USDC, 1_200, 666_667),
    ],
    ids=str,
)
def test_a_renter_who_cancels_pays_for_the_time_held_and_the_booking_fee_at_least(
    market: Market, currency: Currency, seconds: int, kept: int
) -> None:
    job = market.book(mint=currency.mint(market))
    market.world.advance(seconds)
    event = market.send(market.jobs("cancel", job)).event(events.jobs.Ended)
    owed = (0, kept, currency.price + currency.fee - kept)
    assert (event.reason, event.owed_refund) == (RENTER_CANCELLED, owed[2])
    ended(market, job, RENTER_CANCELLED, owed)
    assert market.pay_out(job) == owed


def test_a_supplier_cancels_at_no_cost_to_the_renter(market: Market) -> None:
    job = market.book(mint=market.usdc)
    market.world.advance(15 * MINUTE)
    market.send(market.jobs("cancel", job, party=market.alice.key))
    ended(market, job, SUPPLIER_CANCELLED, (0, 0, D_USDC))
    assert market.pay_out(job) == (0, 0, D_USDC)


def test_only_a_party_cancels_and_only_before_the_start(market: Market) -> None:
    job = market.book()
    stranger = market.actor().pubkey()
    for other in (stranger, market.attesters[0].pubkey(), market.alice.device_key.pubkey()):
        market.refused(market.jobs("cancel", job, party=other), errors.jobs.NotAParty)
    market.start(job)
    for party in (market.renter.pubkey(), market.alice.key):
        market.refused(market.jobs("cancel", job, party=party), errors.jobs.NotBooked)


def test_a_job_is_cancelled_once(market: Market) -> None:
    job = market.book()
    market.send(market.jobs("cancel", job))
    market.refused(market.jobs("cancel", job), errors.jobs.NotBooked)
    market.refused(market.jobs("start", job), errors.jobs.NotBooked)


# -- expiring


def test_a_job_that_nobody_started_costs_the_time_that_its_node_was_held(market: Market) -> None:
    job = market.book(mint=market.usdc)
    market.world.advance(20 * MINUTE)
    market.refused(market.jobs("expire", job), errors.jobs.StartWindowOpen)
    market.world.advance(1)
    market.refused(market.jobs("start", job), errors.jobs.StartWindowOver)
    # What the renter ends then was over before.
    copy = market.jobs("cancel", job)
    event = market.send(market.jobs("expire", job)).event(events.jobs.Ended)
    market.refused(copy, errors.jobs.NotBooked)
    assert event.reason == NO_SHOW
    # ⌈4 · 1,200 / 7,200⌉.
    owed = (0, 666_667, D_USDC - 666_667)
    ended(market, job, NO_SHOW, owed)
    assert market.pay_out(job) == owed


def test_a_job_that_could_be_started_and_was_not_costs_nothing(market: Market) -> None:
    job = market.book(mint=market.usdc)
    confirm = market.jobs("confirm_manifest", job)
    for other in (market.renter, market.alice.owner, market.alice.device_key):
        theirs = market.jobs("confirm_manifest", job, attester=other.pubkey())
        market.refused(theirs, errors.jobs.NotAttester)
    market.world.advance(10 * MINUTE)
    event = market.send(confirm).event(events.jobs.ManifestConfirmed)
    assert (event.job, event.seat, market.job(job).manifest_seen) == (job, 0, 1)
    market.world.advance(10 * MINUTE + 1)
    market.send(market.jobs("expire", job))
    ended(market, job, NO_SHOW, (0, 0, D_USDC))
    assert market.pay_out(job) == (0, 0, D_USDC)


def test_a_manifest_at_hand_makes_no_cancellation_free(market: Market) -> None:
    job = market.book(mint=market.usdc)
    market.send(market.jobs("confirm_manifest", job))
    market.world.advance(10 * MINUTE)
    market.send(market.jobs("cancel", job))
    # ⌈4 · 600 / 7,200⌉.
    ended(market, job, RENTER_CANCELLED, (0, 333_334, D_USDC - 333_334))


def test_a_job_whose_attesters_are_silent_for_a_day_pays_what_they_saw(market: Market) -> None:
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    market.world.advance(DAY)
    market.refused(market.jobs("expire", job), errors.jobs.NotSilent)
    market.world.advance(1)
    market.send(market.jobs("expire", job))
    # Half of everything, as when the supplier leaves.
    ended(market, job, TIMED_OUT, (1_955_000, 90_000, 2_045_000))
    assert market.pay_out(job) == (1_955_000, 90_000, 2_045_000)
    assert market.offer().lease_job == Pubkey.default()


def test_silence_from_the_start_pays_the_supplier_nothing(market: Market) -> None:
    job = market.run()
    market.world.advance(DAY + 1)
    assert market.paid("settle", job) == 0
    market.send(market.jobs("expire", job))
    ended(market, job, TIMED_OUT, (0, 0, D_IO))


def test_silence_after_a_stop_divides_as_the_stop_does(market: Market) -> None:
    job = market.run()
    market.world.advance(10 * MINUTE)
    market.send(market.jobs("stop", job))
    market.world.advance(DAY + 1)
    market.send(market.jobs("expire", job))
    # B = 0 + 3,000: G = ⌊84,175,084.58⌋, fee ⌈210,437.71⌉ = 210,438.
    ended(market, job, RENTER_STOPPED, (84_175_084 - 210_438, 210_438 + F_IO, D_IO - 84_175_084 - F_IO))


def test_an_ended_job_does_not_end_again(market: Market) -> None:
    job = market.run()
    market.world.advance(TWO_HOURS)
    market.attest(job, TWO_HOURS)
    market.send(market.jobs("complete", job))
    before = market.job(job)
    market.world.advance(2 * DAY)
    for name, error in [
        ("complete", errors.jobs.NotRunning),
        ("expire", errors.jobs.NotRunning),
        ("stop", errors.jobs.NotRunning),
        ("cancel", errors.jobs.NotBooked),
        ("start", errors.jobs.NotBooked),
    ]:
        market.refused(market.jobs(name, job), error)
    late = market.jobs("attest", job, args=attestation(TWO_HOURS))
    market.refused(late, errors.jobs.NotRunning)
    assert market.job(job) == before
