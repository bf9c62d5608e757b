"""The jobs program: currencies, offers, bookings and the lease."""

from __future__ import annotations

from typing import Any

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.market import (
    CONFIDENCE,
    DOLLAR,
    IO_FEED,
    IO_MINT,
    PRICE,
    RATE,
    TWO_HOURS,
    USDC_FEED,
    Market,
)
from tests.programs.people import TOKEN
from tests.programs.support import DAY, HOUR, MINUTE, Refusal, with_variant

from ionet import SOL, accounts, errors, events, ix, pda, price_feed, token_account, types

NOBODY = Pubkey.default()
#: Two hours at 2 USD and 1.98 USD per IO, with the fee: see test_jobs_money.
DEPOSIT = 202_525_254
TOKEN_2022 = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")


# -- currencies


def new_mint(market: Market, decimals: int = 9) -> Pubkey:
    mint = Keypair().pubkey()
    market.world.client.cheats.set_mint(mint, decimals=decimals)
    return mint


def test_the_authority_makes_a_mint_a_currency(market: Market) -> None:
    mint, deployer = new_mint(market), market.world.deployer
    args = market.currency_args(pricing=1, payment_bps=300)
    sent = market.send(ix.jobs.create_currency(authority=deployer, mint=mint, args=args))
    expected = events.jobs.CurrencySet(3, mint, 9, args)
    assert sent.event(events.jobs.CurrencySet) == expected
    found = market.world.client.fetch(accounts.jobs.Currency, pda.jobs.currency(mint))
    assert (found.mint, found.decimals, found.pricing, found.enabled) == (mint, 9, 1, 1)
    assert (found.feed_id, found.price_account) == (IO_FEED, price_feed(IO_FEED))
    assert found.vaults == tuple(pda.buyback.vault(mint, shard) for shard in range(8))
    change = market.currency_args(enabled=False, payment_bps=0)
    sent = market.send(
        ix.jobs.set_currency(authority=deployer, currency=pda.jobs.currency(mint), args=change)
    )
    expected = events.jobs.CurrencySet(4, mint, 9, change)
    assert sent.event(events.jobs.CurrencySet) == expected
    found = market.world.client.fetch(accounts.jobs.Currency, pda.jobs.currency(mint))
    assert (found.pricing, found.enabled, found.payment_bps, found.decimals) == (0, 0, 0, 9)
    again = ix.jobs.create_currency(authority=deployer, mint=mint, args=args)
    market.refused(again, "AccountAlreadyInUse")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"payment_bps": 301}, errors.jobs.PaymentFeeOutOfBounds),
        ({"payment_bps": 65_535}, errors.jobs.PaymentFeeOutOfBounds),
    ],
    ids=str,
)
def test_a_currencys_terms_have_bounds(market: Market, change: dict[str, Any], error: Refusal) -> None:
    deployer, args = market.world.deployer, market.currency_args(**change)
    currency = pda.jobs.currency(IO_MINT)
    market.refused(ix.jobs.create_currency(authority=deployer, mint=new_mint(market), args=args), error)
    market.refused(ix.jobs.set_currency(authority=deployer, currency=currency, args=args), error)


@pytest.mark.parametrize("number", [2, 255])
def test_there_is_no_third_way_of_pricing(market: Market, number: int) -> None:
    deployer, mint, currency = market.world.deployer, new_mint(market), pda.jobs.currency(IO_MINT)

    def making(pricing: int) -> Instruction:
        args = market.currency_args(pricing=types.jobs.Pricing(pricing))
        return ix.jobs.create_currency(authority=deployer, mint=mint, args=args)

    def changing(pricing: int) -> Instruction:
        args = market.currency_args(pricing=types.jobs.Pricing(pricing))
        return ix.jobs.set_currency(authority=deployer, currency=currency, args=args)

    market.refused(with_variant(making, number), errors.jobs.UnknownPricing)
    market.refused(with_variant(changing, number), errors.jobs.UnknownPricing)


def test_nobody_else_makes_or_changes_currencies(market: Market) -> None:
    thief, args = market.actor().pubkey(), market.currency_args()
    making = ix.jobs.create_currency(authority=thief, mint=new_mint(market), args=args)
    market.refused(making, errors.jobs.NotAuthority)
    change = ix.jobs.set_currency(authority=thief, currency=pda.jobs.currency(IO_MINT), args=args)
    market.refused(change, errors.jobs.NotAuthority)


def test_currencies_are_of_classic_tokens_only(market: Market) -> None:
    mint = new_mint(market)
    found = market.world.raw(mint)
    market.world.client.network.set_account(mint, data=bytes(found.data), owner=TOKEN_2022)
    call = ix.jobs.create_currency(authority=market.world.deployer, mint=mint, args=market.currency_args())
    market.refused(call, "AccountOwnedByWrongProgram")


# -- offers


def bobs_node(market: Market, *, stake: int = 300 * TOKEN) -> None:
    """Bob has a node without an offer."""
    for call in (market.register_device(market.bob), market.register_node(market.bob)):
        market.world.send(call, signers=market.signers(call))
    market.watch(market.bob)
    if stake:
        market.send(
            market.staking("owner_stake", of=market.bob, amount=stake),
            market.staking("owner_activate", of=market.bob),
        )


def test_an_owner_offers_his_node_once(market: Market) -> None:
    bobs_node(market)
    event = market.send(market.offering(market.bob)).event(events.jobs.OfferSet)
    expected = (market.bob.offer, market.bob.node, RATE, HOUR, 24 * HOUR, True, 1)
    found = (
        event.offer,
        event.node,
        event.rate,
        event.min_seconds,
        event.max_seconds,
        event.open,
        event.payout,
    )
    assert found == expected
    offer = market.offer(market.bob)
    assert (offer.node, offer.rate, offer.open, offer.payout) == (market.bob.node, RATE, 1, 1)
    assert (offer.lease_job, offer.nonce, offer.seq) == (NOBODY, 0, 1)
    assert offer.currencies == (IO_MINT, market.usdc, NOBODY, NOBODY)
    # The node named this address when it was registered.
    assert market.node(market.bob).offer == market.bob.offer
    market.refused(market.offering(market.bob), "AccountAlreadyInUse")


def test_an_offer_changes_for_new_jobs_alone(market: Market) -> None:
    job = market.book()
    before = market.job(job)
    market.set_offer(rate=7 * DOLLAR, open=False, payout=0, currencies=(IO_MINT, NOBODY, NOBODY, NOBODY))
    offer = market.offer()
    assert (offer.rate, offer.open, offer.payout, offer.lease_job) == (7 * DOLLAR, 0, 0, job)
    assert market.job(job) == before


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"rate": 0}, errors.jobs.ZeroRate),
        ({"min_seconds": HOUR - 1}, errors.jobs.RentalTooShort),
        ({"min_seconds": 0}, errors.jobs.RentalTooShort),
        ({"max_seconds": HOUR - 1}, errors.jobs.RentalBoundsCrossed),
        ({"currencies": (NOBODY,) * 4}, errors.jobs.NoCurrency),
    ],
    ids=str,
)
def test_an_offers_terms_have_bounds(market: Market, change: dict[str, Any], error: Refusal) -> None:
    bobs_node(market)
    market.refused(market.offering(market.bob, market.offer_args(**change)), error)
    args = market.offer_args(**change)
    set_offer = ix.jobs.set_offer(owner=market.alice.key, node=market.alice.node, args=args)
    market.refused(set_offer, error)


@pytest.mark.parametrize("number", [2, 255])
def test_there_is_no_third_kind_of_payout(market: Market, number: int) -> None:
    bobs_node(market)

    def offering(payout: int) -> Instruction:
        return market.offering(market.bob, market.offer_args(payout=types.jobs.PayoutKind(payout)))

    market.refused(with_variant(offering, number), errors.jobs.UnknownPayout)


def test_only_the_owner_of_a_live_node_offers_it(market: Market) -> None:
    bobs_node(market)
    alice, args = market.alice, market.offer_args()
    for owner in (alice.key, market.bob.device_key.pubkey()):
        theft = market.offering(market.bob, owner=owner)
        market.refused(theft, errors.jobs.NotNodeOwner)
    change = ix.jobs.set_offer(owner=market.bob.key, node=alice.node, args=args)
    market.refused(change, errors.jobs.NotNodeOwner)
    other = ix.jobs.set_offer(owner=market.bob.key, node=market.bob.node, offer=alice.offer, args=args)
    market.refused(other, errors.jobs.WrongNode)
    for wrong in (alice.vault, alice.device, alice.key, pda.staking.CONFIG):
        nowhere = ix.jobs.offer(owner=alice.key, node=wrong, args=args)
        market.refused(nowhere, errors.jobs.NotANode)
    for state in (b"\x01", b"\x02"):
        market.poke(market.bob.node, accounts.staking.Node, "state", state)
        market.refused(market.offering(market.bob), errors.jobs.NodeNotLive)


def test_a_forged_node_is_no_node(market: Market) -> None:
    forged, owner = Keypair().pubkey(), market.alice.key
    data = bytes(market.world.raw(market.alice.node).data)
    market.world.client.network.set_account(forged, data=data, owner=market.world.deployer)
    offer = ix.jobs.offer(owner=owner, node=forged, args=market.offer_args())
    market.refused(offer, errors.jobs.NotANode)


# -- pauses


def test_pauses_stop_offers_and_bookings_but_nothing_that_is_booked(market: Market) -> None:
    job = market.book()
    bobs_node(market)
    market.send(ix.jobs.set_paused(signer=market.world.deployer, paused=0b11))
    market.refused(market.offering(market.bob), errors.jobs.Paused)
    market.refused(market.booking(), errors.jobs.Paused)
    market.set_offer(open=False)
    market.start(job)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    market.send(market.jobs("settle", job))
    market.send(market.jobs("stop", job))
    market.send(market.jobs("complete", job))
    market.pay_out(job)
    # One is paused without the other.
    market.set_offer()
    market.send(ix.jobs.set_paused(signer=market.world.deployer, paused=0b01))
    late = market.book()
    market.send(ix.jobs.set_paused(signer=market.world.deployer, paused=0b10))
    market.send(market.offering(market.bob))
    market.send(market.jobs("cancel", late))
    market.refused(market.booking(), errors.jobs.Paused)


# -- booking


def test_a_booking_takes_no_more_than_the_renter_allows(market: Market) -> None:
    found = market.refused(market.booking(max_deposit=DEPOSIT - 1), errors.jobs.DepositAboveLimit)
    assert found.compared == (str(DEPOSIT - 1), str(DEPOSIT))
    market.refused(market.booking(max_deposit=0), errors.jobs.DepositAboveLimit)
    market.book(max_deposit=DEPOSIT)


def test_a_price_that_rises_before_the_booking_is_caught_by_the_limit(market: Market) -> None:
    # IO at 1.90 instead of 2.00 USD: the deposit grows.
    market.set_price(price=190_000_000, confidence=1_900_000)
    market.refused(market.booking(max_deposit=DEPOSIT), errors.jobs.DepositAboveLimit)


@pytest.mark.parametrize("seconds", [0, 1, HOUR - 1, 24 * HOUR + 1])
def test_rentals_are_of_the_length_that_the_offer_takes(market: Market, seconds: int) -> None:
    market.refused(market.booking(seconds), errors.jobs.DurationOutOfBounds)
    market.book(24 * HOUR if seconds else HOUR)


def test_a_length_whose_price_no_number_holds_is_refused(market: Market) -> None:
    market.refused(market.booking(2**64 - 1), errors.jobs.Overflow)


def test_a_renter_who_has_not_enough_books_nothing(market: Market) -> None:
    # 24 h at 200 USD an hour are 4,800 USD, or 2,424 IO; the renter has 2,000.
    market.set_offer(rate=100 * RATE)
    market.refused(market.booking(24 * HOUR), "InsufficientFunds")
    theirs = token_account(market.carol.pubkey(), IO_MINT)
    market.refused(market.booking(source=theirs), "OwnerMismatch")


def test_nonces_grow_by_at_most_256(market: Market) -> None:
    for nonce in (0, 257, 2**64 - 1):
        market.refused(market.booking(nonce=nonce), errors.jobs.NonceOutOfBounds)
    market.send(market.jobs("cancel", market.book(nonce=256)))
    assert market.offer().nonce == 256
    for nonce in (1, 255, 513):
        market.refused(market.booking(nonce=nonce), errors.jobs.NonceOutOfBounds)
    market.book(nonce=512)


def test_the_address_of_a_closed_job_never_comes_again(market: Market) -> None:
    job = market.book()
    market.send(market.jobs("cancel", job))
    market.refused(market.booking(nonce=1), "AccountAlreadyInUse")
    market.pay_out(job)
    market.refused(market.booking(nonce=1), errors.jobs.NonceOutOfBounds)


def test_lamports_and_tokens_at_the_new_addresses_stop_no_booking(market: Market) -> None:
    job = pda.jobs.job(market.alice.offer, 1)
    for address in (job, pda.jobs.escrow(job)):
        market.world.client.airdrop(address, SOL("0.01"))
    assert market.book() == job


def test_a_closed_offer_or_a_node_that_is_not_live_is_not_booked(market: Market) -> None:
    market.set_offer(open=False)
    market.refused(market.booking(), errors.jobs.OfferClosed)
    market.set_offer()
    for state in (b"\x01", b"\x02"):
        market.poke(market.alice.node, accounts.staking.Node, "state", state)
        market.refused(market.booking(), errors.jobs.NodeNotLive)


def test_a_node_of_a_layout_that_is_not_known_is_not_booked(market: Market) -> None:
    market.poke(market.alice.node, accounts.staking.Node, "version", b"\x02")
    market.refused(market.booking(), errors.jobs.NotANode)


def test_the_node_has_to_be_the_offers(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    other = market.booking(node=market.bob.node, offer=market.alice.offer)
    market.refused(other, errors.jobs.WrongNode)


def test_only_mints_that_the_offer_takes_pay(market: Market) -> None:
    market.set_offer(currencies=(NOBODY, market.usdc, NOBODY, NOBODY))
    market.refused(market.booking(), errors.jobs.MintNotTaken)
    market.book(mint=market.usdc)


def test_the_currency_has_to_be_the_mints(market: Market) -> None:
    currency = pda.jobs.currency(market.usdc)
    feed = price_feed(USDC_FEED)
    market.refused(market.booking(currency=currency, price=feed), errors.jobs.WrongMint)
    wrong = market.booking(source=token_account(market.renter.pubkey(), market.usdc))
    market.refused(wrong, "MintMismatch")


def test_a_currency_out_of_use_takes_no_new_jobs(market: Market) -> None:
    job, deployer = market.run(), market.world.deployer
    args = market.currency_args(enabled=False)
    market.send(ix.jobs.set_currency(authority=deployer, currency=pda.jobs.currency(IO_MINT), args=args))
    market.world.advance(TWO_HOURS)
    market.refused(market.booking(), errors.jobs.CurrencyDisabled)
    market.attest(job, TWO_HOURS)
    market.send(market.jobs("complete", job))
    market.pay_out(job)


# -- prices


@pytest.mark.parametrize(
    ("price", "error"),
    [
        ({"publish_time": -61}, errors.jobs.StalePrice),
        ({"publish_time": 61}, errors.jobs.StalePrice),
        ({"confidence": CONFIDENCE + 1}, errors.jobs.UncertainPrice),
        ({"confidence": PRICE, "price": PRICE}, errors.jobs.UncertainPrice),
        ({"ema_price": 190_000_000}, errors.jobs.VolatilePrice),
        ({"ema_price": 211_000_000}, errors.jobs.VolatilePrice),
        ({"ema_price": 0}, errors.jobs.VolatilePrice),
        ({"price": 0, "confidence": 0}, errors.jobs.UnusablePrice),
        ({"price": -PRICE}, errors.jobs.UnusablePrice),
        ({"exponent": 1}, errors.jobs.UnusablePrice),
        ({"exponent": -13}, errors.jobs.UnusablePrice),
        ({"signatures": 5}, errors.jobs.PriceNotVerified),
        ({"owner": Pubkey.default()}, errors.jobs.NotAPrice),
    ],
    ids=str,
)
def test_a_price_that_cannot_be_trusted_books_nothing(
    market: Market, price: dict[str, Any], error: Refusal
) -> None:
    change = dict(price)
    if "publish_time" in change:
        # The transaction that writes it does not move the clock.
        change["publish_time"] += market.world.now
    market.set_price(**change)
    market.refused(market.booking(), error)
    market.book()


@pytest.mark.parametrize(
    "price",
    [
        {"publish_time": -60},
        {"confidence": CONFIDENCE},
        # |2.00 − ema| is at most 5 % of it.
        {"ema_price": 190_476_191},
        {"ema_price": 210_526_315},
    ],
    ids=str,
)
def test_a_price_at_the_limit_is_taken(market: Market, price: dict[str, int]) -> None:
    change: dict[str, Any] = dict(price)
    if "publish_time" in change:
        change["publish_time"] += market.world.now
    market.set_price(**change)
    market.send(market.booking())


def test_the_price_is_of_the_currencys_feed_and_account(market: Market) -> None:
    market.set_price()
    elsewhere = market.set_price(address=Keypair().pubkey())
    market.refused(market.booking(price=elsewhere), errors.jobs.WrongPriceAccount)
    market.refused(market.booking(price=price_feed(USDC_FEED)), errors.jobs.WrongPriceAccount)
    market.world.client.cheats.set_price(USDC_FEED, PRICE, confidence=CONFIDENCE, address=price_feed(IO_FEED))
    market.refused(market.booking(), errors.jobs.WrongFeed)
    market.set_price()
    found = market.world.raw(price_feed(IO_FEED))
    short = bytes(found.data)[:100]
    market.world.client.network.set_account(price_feed(IO_FEED), data=short, owner=found.owner)
    market.refused(market.booking(), errors.jobs.NotAPrice)


def test_dollars_below_ninety_nine_cents_are_no_dollars(market: Market) -> None:
    market.set_price(market.usdc, 98_999_999)
    market.refused(market.booking(mint=market.usdc), errors.jobs.BelowPar)
    market.set_price(market.usdc, 99_000_000)
    market.send(market.booking(mint=market.usdc))
    # At par, not at the feed: 4 USD are 4 USDC.
    assert market.job(pda.jobs.job(market.alice.offer, 1)).price == 4 * DOLLAR


def test_a_price_in_other_digits_is_the_same_price(market: Market) -> None:
    market.set_price(price=200_000, confidence=2_000, exponent=-5)
    market.send(market.booking(max_deposit=DEPOSIT))


# -- the lease


def test_a_leased_node_is_booked_by_nobody_else(market: Market) -> None:
    job = market.book()
    for seconds in (0, 20 * MINUTE):
        market.world.advance(seconds)
        market.set_price()
        market.refused(market.booking(by=market.dave), errors.jobs.Leased)
    market.start(job)
    assert (market.offer().lease_job, market.offer().lease_until) == (job, market.world.now + TWO_HOURS)
    market.world.advance(TWO_HOURS - 1)
    market.set_price()
    market.refused(market.booking(by=market.dave), errors.jobs.Leased)


def test_the_lease_ends_with_the_work_and_not_with_settlement(market: Market) -> None:
    job = market.run()
    market.world.advance(TWO_HOURS)
    later = market.run()
    # The first one still pays, and takes nothing of the second's lease.
    market.attest(job, TWO_HOURS)
    market.send(market.jobs("complete", job))
    market.pay_out(job)
    assert (market.offer().lease_job, market.offer().lease_until) == (later, market.world.now + TWO_HOURS)


def test_a_booking_that_nobody_started_frees_the_node_by_itself(market: Market) -> None:
    job = market.book()
    market.world.advance(20 * MINUTE + 1)
    later = market.book()
    market.send(market.jobs("expire", job))
    assert market.offer().lease_job == later
    market.refused(market.jobs("start", job), errors.jobs.NotBooked)


@pytest.mark.parametrize("name", ["cancel", "stop"])
def test_an_early_end_frees_the_node_at_once(market: Market, name: str) -> None:
    job = market.run() if name == "stop" else market.book()
    market.send(market.jobs(name, job))
    assert (market.offer().lease_job, market.offer().lease_until) == (NOBODY, market.world.now)
    market.book()


def test_a_job_that_lost_its_lease_does_not_start(market: Market) -> None:
    job = market.book()
    market.poke(market.alice.offer, accounts.jobs.Offer, "lease_job", bytes(32))
    market.refused(market.jobs("start", job), errors.jobs.LeaseLost)


def test_a_clock_that_goes_back_does_not_shorten_a_lease(market: Market) -> None:
    market.world.advance(DAY)
    first = market.book()
    market.send(market.jobs("cancel", first))
    market.world.turn_back(30)
    job = market.book()
    assert market.job(job).booked_at == market.world.now + 30
