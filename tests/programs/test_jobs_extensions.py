"""The jobs program: more time for a job that runs.

Alice's node is at 2 USD an hour: a third hour costs 2 USD, see test_jobs_money for the first two.

    IO at 2.50 − 0.02 USD   P = ⌈2 / 2.48⌉       = 0.80645162 IO      (0.8064516129…)
                            F = ⌈P · 25 / 10⁴⌉   = 0.00201613 IO      (201,612.905)
    USDC                    P = 2.000000, F = P · 225 / 10⁴ = 0.045000
"""

from __future__ import annotations

from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.programs.market import CONFIDENCE, DOLLAR, IO_MINT, TWO_HOURS, USDC_FEED, Market
from tests.programs.people import TOKEN
from tests.programs.support import HOUR, Refusal
from tests.programs.test_jobs_money import COMPLETED, RENTER_STOPPED, ended
from tests.programs.test_jobs_running import jobs_params

from ionet import accounts, errors, events, ix, pda, price_feed, token_account, types

P_IO, F_IO, D_IO = 202_020_203, 505_051, 202_525_254
P_MORE, F_MORE = 80_645_162, 201_613
DEARER = 250_000_000


def test_an_extension_pays_its_own_hour_at_todays_price(market: Market) -> None:
    job = market.run()
    start = market.world.now
    market.world.advance(HOUR)
    market.set_price(price=DEARER, confidence=CONFIDENCE)
    before = market.purse(market.renter)
    sent = market.send(market.jobs("extend", job, seconds=HOUR))
    assert market.purse(market.renter) == before - P_MORE - F_MORE
    assert sent.event(events.jobs.Extended) == events.jobs.Extended(
        seq=3,
        job=job,
        payer=market.renter.pubkey(),
        source=token_account(market.renter.pubkey(), IO_MINT),
        usd=2 * DOLLAR,
        price=P_MORE,
        fee=F_MORE,
        seconds=HOUR,
        ends_at=start + 3 * HOUR,
        held=D_IO + P_MORE + F_MORE,
        currency_price=DEARER,
        currency_exponent=-8,
    )
    found = market.job(job)
    assert (found.price, found.fee, found.seconds) == (P_IO + P_MORE, F_IO + F_MORE, 3 * HOUR)
    assert found.segments[:2] == (types.jobs.Segment(TWO_HOURS, P_IO), types.jobs.Segment(HOUR, P_MORE))
    assert (found.segment_count, found.ends_at) == (2, start + 3 * HOUR)
    assert (market.offer().lease_job, market.offer().lease_until) == (job, start + 3 * HOUR)
    market.world.advance(2 * HOUR)
    market.attest(job, 9_000, 3 * HOUR)
    market.send(market.jobs("complete", job))
    # G = P_IO + ⌊P_MORE / 2⌋ = 242,342,784, its fee ⌈605,856.96⌉ = 605,857; both segments' F are kept.
    owed = (241_736_927, 605_857 + 706_664, 40_322_581)
    ended(market, job, COMPLETED, owed)
    assert market.pay_out(job) == owed


def test_an_extension_in_usdc_costs_both_sides_two_per_cent(market: Market) -> None:
    job = market.run(mint=market.usdc)
    market.extend(job, HOUR)
    assert (market.job(job).price, market.job(job).fee) == (6_000_000, 135_000)
    market.world.advance(3 * HOUR)
    market.attest(job, 3 * HOUR)
    market.send(market.jobs("complete", job))
    assert market.pay_out(job) == (6_000_000 - 135_000, 2 * 135_000, 0)


def test_what_was_paid_before_an_extension_stays_earned(market: Market) -> None:
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    market.send(market.jobs("settle", job))
    market.extend(job, HOUR)
    # Dearer time behind it changes nothing of what the first hour was worth.
    assert market.paid("settle", job) == 0
    market.send(market.jobs("stop", job))
    market.send(market.jobs("complete", job))
    # G = 2,000,000, fee 45,000; the renter who stops gets no fee back: 90,000 + 45,000.
    owed = (1_955_000, 45_000 + 135_000, 6_000_000 - 2_000_000)
    ended(market, job, RENTER_STOPPED, owed)


def test_a_job_is_extended_four_times(market: Market) -> None:
    job = market.run()
    for _ in range(4):
        market.extend(job, 600)
    market.refused(market.jobs("extend", job, seconds=600), errors.jobs.TooManyExtensions)
    assert market.job(job).seconds == TWO_HOURS + 4 * 600


def test_only_the_renter_extends_and_only_while_it_runs(market: Market) -> None:
    job = market.book()
    more = market.jobs("extend", job, seconds=HOUR)
    market.refused(more, errors.jobs.NotRunning)
    market.start(job)
    for other in (market.alice.owner, market.dave):
        source = token_account(other.pubkey(), IO_MINT)
        given = {"party": other.pubkey(), "payer": other.pubkey(), "source": source}
        theirs = market.jobs("extend", job, seconds=HOUR, **given)
        market.refused(theirs, errors.jobs.NotRenter)
    market.world.advance(TWO_HOURS - 1)
    market.set_price()
    market.send(more)
    market.world.advance(HOUR + 1)
    market.set_price()
    market.refused(market.jobs("extend", job, seconds=HOUR), errors.jobs.Over)


def test_a_stopped_or_disputed_job_takes_no_more_money(market: Market) -> None:
    stopped = market.run()
    market.send(market.jobs("stop", stopped))
    market.refused(market.jobs("extend", stopped, seconds=HOUR), errors.jobs.Over)
    disputed = market.run()
    market.dispute(disputed)
    market.refused(market.jobs("extend", disputed, seconds=HOUR), errors.jobs.Disputed)


@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        (0, errors.jobs.DurationOutOfBounds),
        (22 * HOUR + 1, errors.jobs.DurationOutOfBounds),
        (2**32, errors.jobs.DurationOutOfBounds),
        (2**64 - 1, errors.jobs.Overflow),
    ],
)
def test_an_extension_stays_within_the_longest_rental(market: Market, seconds: int, error: Refusal) -> None:
    job = market.run()
    market.refused(market.jobs("extend", job, seconds=seconds), error)
    market.extend(job, 22 * HOUR)


def test_a_supplier_takes_his_word_back_by_closing_his_offer(market: Market) -> None:
    job = market.run()
    more = market.jobs("extend", job, seconds=HOUR)
    market.set_offer(open=False)
    market.refused(more, errors.jobs.OfferClosed)
    market.set_offer(max_seconds=TWO_HOURS)
    market.refused(more, errors.jobs.DurationOutOfBounds)
    # A new rate is for new jobs: while the offer stands, the hour costs what it cost.
    market.set_offer(rate=100 * DOLLAR)
    market.send(more)
    assert market.job(job).segments[1].price == 101_010_102


def test_an_extension_has_a_limit(market: Market) -> None:
    job = market.run()
    # ⌈2 / 1.98⌉ = 1.01010102, F = ⌈252,525.255⌉.
    deposit = 101_010_102 + 252_526
    tight = market.jobs("extend", job, seconds=HOUR, max_deposit=deposit - 1)
    found = market.refused(tight, errors.jobs.DepositAboveLimit)
    assert found.compared == (str(deposit - 1), str(deposit))
    market.send(market.jobs("extend", job, seconds=HOUR, max_deposit=deposit))


@pytest.mark.parametrize(
    ("price", "error"),
    [
        ({"publish_time": -61}, errors.jobs.StalePrice),
        ({"confidence": CONFIDENCE + 1}, errors.jobs.UncertainPrice),
        ({"ema_price": 190_000_000}, errors.jobs.VolatilePrice),
        ({"signatures": 5}, errors.jobs.PriceNotVerified),
        ({"owner": Pubkey.default()}, errors.jobs.NotAPrice),
    ],
    ids=str,
)
def test_a_price_that_cannot_be_trusted_extends_nothing(
    market: Market, price: dict[str, Any], error: Refusal
) -> None:
    job = market.run()
    change = dict(price)
    if "publish_time" in change:
        change["publish_time"] += market.world.now
    market.set_price(**change)
    market.refused(market.jobs("extend", job, seconds=HOUR), error)
    market.extend(job, HOUR)


def test_an_extension_is_paid_in_the_jobs_own_currency(market: Market) -> None:
    job = market.run()
    usdc = token_account(market.renter.pubkey(), market.usdc)
    other = market.jobs(
        "extend", job, seconds=HOUR, currency=pda.jobs.currency(market.usdc), price=price_feed(USDC_FEED)
    )
    market.refused(other, errors.jobs.WrongMint)
    market.refused(market.jobs("extend", job, seconds=HOUR, source=usdc), "MintMismatch")
    feed = market.jobs("extend", job, seconds=HOUR, price=price_feed(USDC_FEED))
    market.refused(feed, errors.jobs.WrongPriceAccount)


def test_an_extension_belongs_to_the_jobs_own_offer_node_and_escrow(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    job, other = market.run(), market.run(of=market.bob)
    for given, error in (
        ({"offer": market.bob.offer}, errors.jobs.WrongOffer),
        ({"node": market.bob.node}, errors.jobs.WrongNode),
        ({"escrow": market.job(other).escrow}, errors.jobs.WrongEscrow),
    ):
        market.refused(market.jobs("extend", job, seconds=HOUR, **given), error)


def test_a_node_that_is_not_the_suppliers_any_more_is_not_extended(market: Market) -> None:
    job = market.run()
    more = market.jobs("extend", job, seconds=HOUR)
    market.poke(market.alice.node, accounts.staking.Node, "state", b"\x01")
    market.refused(more, errors.jobs.NodeNotLive)
    market.poke(market.alice.node, accounts.staking.Node, "state", b"\x00")
    market.poke(market.alice.node, accounts.staking.Node, "owner", bytes(market.bob.key))
    market.refused(more, errors.jobs.NodePassedOn)
    market.poke(market.alice.node, accounts.staking.Node, "owner", bytes(market.alice.key))
    market.send(more)


def test_a_pause_of_booking_and_a_disabled_currency_stop_extensions(market: Market) -> None:
    job, deployer = market.run(), market.world.deployer
    more = market.jobs("extend", job, seconds=HOUR)
    market.send(ix.jobs.set_paused(signer=deployer, paused=0b10))
    market.refused(more, errors.jobs.Paused)
    market.send(ix.jobs.set_paused(signer=deployer, paused=0b01))
    currency = pda.jobs.currency(IO_MINT)
    for enabled in (False, True):
        args = market.currency_args(enabled=enabled)
        market.send(ix.jobs.set_currency(authority=deployer, currency=currency, args=args))
        if not enabled:
            market.refused(more, errors.jobs.CurrencyDisabled)
    market.send(more)


def test_an_extension_costs_the_fees_of_the_booking(market: Market) -> None:
    job, deployer = market.run(mint=market.usdc), market.world.deployer
    market.send(ix.jobs.set_params(authority=deployer, params=jobs_params(market, booking_bps=100)))
    args = market.currency_args(market.usdc, payment_bps=300)
    currency = pda.jobs.currency(market.usdc)
    market.send(ix.jobs.set_currency(authority=deployer, currency=currency, args=args))
    market.extend(job, HOUR)
    assert market.job(job).fee == 90_000 + 45_000
