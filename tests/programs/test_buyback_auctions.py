"""The auctions that sell fees for IO, and burn it."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.model.auction import Sale, Vault
from tests.model.refusal import Refused
from tests.programs.auctions import DOLLAR, PLENTY, Auctions, params, set_params
from tests.programs.market import IO_FEED, IO_MINT, USDC_FEED, Market
from tests.programs.support import DAY, HOUR, MINUTE

from ionet import IO, errors, events, ix, pda, price_feed, token_account

#: A vault of this much offers 200 USDC a day.
THOUSAND = 1_000 * DOLLAR


@pytest.fixture
def auctions(market: Market) -> Auctions:
    return Auctions(market)


def another_mint(market: Market, decimals: int) -> Pubkey:
    """A token with these decimals, which the deployer mints."""
    mint = Keypair().pubkey()
    market.world.client.cheats.set_mint(mint, decimals=decimals, authority=market.world.deployer)
    return mint


def until_midnight(auctions: Auctions) -> int:
    """Seconds to 00:00 UTC."""
    return DAY - auctions.world.now % DAY


# -- the price

#: Seconds, and what 200 USDC cost at 2.00 USD an IO: 200 / (2 · (0.97 + 0.05 · min(t, 3600) / 3600)).
BY_TIME = [
    (0, 10_309_278_351),  # 1.94
    (1, 10_309_130_740),  # 1.94002777…
    (900, 10_178_117_049),  # 1.965
    (1_800, 10_050_251_257),  # 1.99
    (2_160, 10_000_000_000),  # 2.00
    (3_599, 9_804_055_067),  # 2.03997222…
    (3_600, 9_803_921_569),  # 2.04
    (7_200, 9_803_921_569),
]


@pytest.mark.parametrize(("elapsed", "io"), BY_TIME)
def test_the_price_rises_by_five_per_cent_in_an_hour_and_stays(
    auctions: Auctions, elapsed: int, io: int
) -> None:
    auctions.offer(THOUSAND)
    auctions.world.advance(elapsed)
    sale = auctions.sell()
    assert (sale.elapsed, sale.out, sale.io) == (elapsed, 200 * DOLLAR, io)
    assert (sale.price, sale.exponent) == (200_000_000, -8)


@pytest.mark.parametrize(
    ("decimals", "exponent", "price", "io"),
    [
        (6, -8, 200_000_000, 10_309_278_351),
        (6, -5, 200_000, 10_309_278_351),
        (8, -8, 200_000_000, 10_309_278_351),
        (8, -5, 200_000, 10_309_278_351),
        (9, -8, 200_000_000, 10_309_278_351),
        (2, -8, 200_000_000, 10_309_278_351),
        # A third of a dollar, which no feed can quote exactly: 200 / (0.33333333 · 0.97).
        (6, -8, 33_333_333, 61_855_670_722),
        (8, -8, 33_333_333, 61_855_670_722),
    ],
)
def test_decimals_of_the_currency_and_digits_of_the_feed_are_told_apart(
    market: Market, decimals: int, exponent: int, price: int, io: int
) -> None:
    # decimal_blind_floor
    auctions = Auctions(market, another_mint(market, decimals))
    auctions.wallet(auctions.seller)
    auctions.offer(1_000 * 10**decimals)
    market.set_price(IO_MINT, price, exponent=exponent, confidence=0)
    sale = auctions.sell(fresh=False)
    assert (sale.out, sale.io) == (200 * 10**decimals, io)


def test_a_seller_gives_no_more_than_he_offers_and_gets_what_it_pays_for(auctions: Auctions) -> None:
    auctions.offer(THOUSAND)
    # 30 IO at 1.94 are 58.20 USDC exactly; one base unit more buys nothing more, and is not taken.
    assert auctions.sell(IO(30).base + 1).io == IO(30).base
    # 50.000001 USDC cost 25.77319640 IO rounded up, and 25.77319639 pay for 50.000000 only.
    sale = auctions.sell(2_577_319_639)
    assert (sale.out, sale.io) == (50_000_000, 2_577_319_588)


def test_the_price_follows_the_oracle_and_not_the_start(auctions: Auctions) -> None:
    auctions.offer(THOUSAND)
    auctions.world.advance(36 * MINUTE)
    auctions.market.set_price(IO_MINT, 250_000_000)
    assert auctions.sell(fresh=False).io == IO(80).base


# -- receipts


def test_sales_and_burnt_fees_are_numbered_together_and_add_up(auctions: Auctions) -> None:
    world = auctions.world
    supply, burned = world.supply, 0
    auctions.offer(THOUSAND)
    purse = world.give_io(world.deployer, IO(3))
    world.pay_io(purse, pda.buyback.vault(IO_MINT, 4), IO(3).base)
    first = auctions.sell(IO(30).base)
    second = world.send(ix.buyback.burn_fees(shard=4)).event(events.buyback.FeesBurned)
    third = auctions.sell(IO(40).base)
    receipts: list[events.buyback.IoSold | events.buyback.FeesBurned] = [first, second, third]
    for receipt, event in enumerate(receipts, 1):
        burned += event.supply_before - event.supply_after
        assert (event.receipt, event.burned_total) == (receipt, burned)
    assert [(one.sale, one.seq) for one in (first, third)] == [(1, 3), (2, 4)]
    assert supply - world.supply == burned == world.buyback_config.burned
    state = auctions.state()
    assert (state.sales, state.sold, state.bought) == (2, first.out + third.out, first.io + third.io)
    assert (third.sold_total, third.bought_total) == (state.sold, state.bought)
    assert third.left == state.lot.left == 200 * DOLLAR - state.sold


def test_what_auctions_burn_counts_as_demand(auctions: Auctions) -> None:
    auctions.offer(THOUSAND)
    sale = auctions.sell()
    assert auctions.world.buyback_config.burned == sale.io
    assert sale.seller == auctions.seller.pubkey()


# -- slippage


def test_the_sellers_minimum_is_checked_against_what_is_paid(auctions: Auctions) -> None:
    # unused_slippage_argument
    auctions.offer(THOUSAND)
    auctions.market.set_price()
    above = auctions.selling(IO(30).base, 58_200_001)
    auctions.market.refused(above, errors.buyback.BelowMinimum)
    assert auctions.sell(IO(30).base, 58_200_000).out == 58_200_000


def test_the_sellers_minimum_holds_after_the_price_has_moved(auctions: Auctions) -> None:
    # stale_min_out: what was fair a moment ago is not, at the price of now.
    auctions.offer(THOUSAND)
    auctions.market.set_price(IO_MINT, 199_000_000, confidence=0)
    quoted = auctions.selling(IO(30).base, 58_200_000)
    auctions.market.refused(quoted, errors.buyback.BelowMinimum)


def test_two_sellers_in_one_slot_pay_the_same_price_for_what_there_is(auctions: Auctions) -> None:
    dave = auctions.market.dave
    auctions.world.give_io(dave.pubkey(), IO(200))
    auctions.offer(THOUSAND)
    auctions.world.advance(36 * MINUTE)
    first = auctions.sell(IO(60).base, 120 * DOLLAR)
    # 80 USDC are left: who wants 120 is refused, and loses nothing.
    auctions.market.refused(auctions.selling(IO(60).base, 120 * DOLLAR, by=dave), errors.buyback.BelowMinimum)
    second = auctions.sell(IO(60).base, 80 * DOLLAR, by=dave)
    assert (first.io, second.io, second.out) == (IO(60).base, IO(40).base, 80 * DOLLAR)
    auctions.market.refused(auctions.selling(by=dave), errors.buyback.NoLot)


# -- lots


def test_a_sale_takes_fifty_dollars_or_the_rest(auctions: Auctions) -> None:
    auctions.offer(400 * DOLLAR)
    auctions.world.advance(36 * MINUTE)
    auctions.market.set_price()
    # 80 USDC are for sale, at 2.00.
    for small in (0, 1, IO(25).base - 1):
        auctions.market.refused(auctions.selling(small), errors.buyback.SaleTooSmall)
    assert auctions.sell(IO(25).base).left == 30 * DOLLAR
    auctions.market.refused(auctions.selling(IO(15).base - 1), errors.buyback.SaleTooSmall)
    assert auctions.sell(IO(15).base).left == 0


def test_nothing_is_sold_before_a_lot_is_started_and_after_it_is_sold(auctions: Auctions) -> None:
    auctions.pay(auctions.vault, THOUSAND)
    auctions.market.set_price()
    auctions.market.refused(auctions.selling(), errors.buyback.NoLot)
    auctions.world.send(auctions.starting())
    auctions.sell()
    auctions.market.refused(auctions.selling(), errors.buyback.NoLot)


def test_the_clock_starts_with_the_lot_and_not_with_the_vault(auctions: Auctions) -> None:
    # Fees that waited for long are offered from 3 % below the oracle, as any.
    auctions.pay(auctions.vault, THOUSAND)
    auctions.world.advance(5 * HOUR)
    sent = auctions.world.send(auctions.starting())
    event = sent.event(events.buyback.AuctionStarted)
    assert (event.time, event.size, event.minimum) == (auctions.world.now, 200 * DOLLAR, 50 * DOLLAR)
    # 2 USD for an IO, and USDC at par.
    stated = (event.price, event.exponent, event.currency_price, event.currency_exponent)
    assert stated == (200_000_000, -8, 1, 0)
    assert auctions.sell().io == BY_TIME[0][1]


def test_a_lot_is_not_started_again_while_it_is_for_sale(auctions: Auctions) -> None:
    auctions.offer(2 * THOUSAND)
    for _ in range(3):
        auctions.market.refused(auctions.starting(), errors.buyback.LotIsOpen)
        auctions.world.advance(40 * MINUTE)
    # Nor by what a sale leaves, while it is a lot.
    assert auctions.sell(IO(30).base).left > 50 * DOLLAR
    auctions.market.refused(auctions.starting(), errors.buyback.LotIsOpen)


def test_a_lot_that_nobody_buys_lapses_an_hour_after_its_last_price(auctions: Auctions) -> None:
    auctions.offer(THOUSAND)
    auctions.world.advance(2 * HOUR + 1)
    auctions.market.set_price()
    auctions.market.refused(auctions.selling(), errors.buyback.LotHasLapsed)
    auctions.world.send(auctions.starting())
    assert auctions.sell().io == BY_TIME[0][1]


def test_dust_sales_move_no_clock(auctions: Auctions) -> None:
    # A seller who sells the least that he may neither lowers nor raises the price of what is left.
    auctions.offer(THOUSAND)
    auctions.world.advance(30 * MINUTE)
    auctions.sell(2_600_000_000)
    auctions.world.advance(6 * MINUTE)
    sale = auctions.sell()
    assert (sale.elapsed, sale.io * 2) == (2_160, sale.out * 100)


def test_a_rest_keeps_no_full_lot_waiting(auctions: Auctions) -> None:
    auctions.world.advance(until_midnight(auctions) - 60)
    auctions.offer(200 * DOLLAR)
    assert auctions.state().lot.size == 40 * DOLLAR
    # The day's share is of what it began with: a gift makes no full lot of the rest.
    auctions.pay(auctions.vault, 60 * DOLLAR)
    auctions.market.refused(auctions.starting(), errors.buyback.LotIsOpen)
    auctions.world.advance(60)
    auctions.world.send(auctions.starting())
    lot = auctions.state().lot
    assert (lot.size, lot.left, lot.started_at) == (52 * DOLLAR, 52 * DOLLAR, auctions.world.now)
    auctions.market.refused(auctions.starting(), errors.buyback.LotIsOpen)


def test_an_empty_vault_offers_nothing(auctions: Auctions) -> None:
    auctions.market.refused(auctions.starting(), errors.buyback.NothingToSell)
    # A fifth of four units is less than one.
    auctions.pay(auctions.vault, 4)
    auctions.market.refused(auctions.starting(), errors.buyback.DayIsSold)


# -- the day's share


def test_a_fifth_of_the_vault_is_sold_in_a_day_and_no_more(auctions: Auctions) -> None:
    auctions.offer(THOUSAND)
    auctions.sell()
    auctions.market.refused(auctions.starting(), errors.buyback.DayIsSold)
    auctions.world.advance(until_midnight(auctions) - 1)
    auctions.market.refused(auctions.starting(), errors.buyback.DayIsSold)
    auctions.world.advance(1)
    auctions.world.send(auctions.starting())
    state = auctions.state()
    assert (state.day, state.opening, state.sold_today) == (auctions.world.now // DAY, 800 * DOLLAR, 0)
    assert auctions.sell().out == 160 * DOLLAR


def test_a_lot_that_is_open_at_midnight_goes_into_the_new_days_share(auctions: Auctions) -> None:
    auctions.world.advance(until_midnight(auctions) - 60)
    auctions.offer(THOUSAND)
    assert auctions.sell(IO(50).base).sold_today == 97 * DOLLAR
    auctions.world.advance(60)
    sale = auctions.sell()
    assert (sale.out, sale.sold_today) == (103 * DOLLAR, 103 * DOLLAR)
    assert auctions.state().opening == 903 * DOLLAR
    # 180.60 a day from now on: 77.60 are left of it.
    auctions.world.send(auctions.starting())
    assert auctions.state().lot.size == 77_600_000


def test_a_gift_raises_neither_the_lot_nor_the_days_share(auctions: Auctions) -> None:
    auctions.offer(THOUSAND)
    auctions.pay(auctions.vault, 1_000 * THOUSAND)
    assert auctions.sell().out == 200 * DOLLAR
    auctions.market.refused(auctions.starting(), errors.buyback.DayIsSold)


def test_a_gift_before_the_day_begins_costs_five_times_what_it_lets_be_sold(auctions: Auctions) -> None:
    auctions.pay(auctions.vault, THOUSAND)
    auctions.pay(auctions.vault, THOUSAND)
    auctions.world.send(auctions.starting())
    assert auctions.state().lot.size == (THOUSAND + THOUSAND) // 5


def test_a_clock_that_goes_back_begins_no_day_again(auctions: Auctions) -> None:
    auctions.world.advance(until_midnight(auctions))
    auctions.offer(THOUSAND)
    auctions.sell()
    auctions.world.turn_back(MINUTE)
    auctions.market.refused(auctions.starting(), errors.buyback.DayIsSold)


def test_shards_are_sold_apart(auctions: Auctions) -> None:
    market, world = auctions.market, auctions.world
    world.send(ix.buyback.open_auction(payer=world.deployer, mint=auctions.mint, shard=1))
    other: dict[str, Any] = {
        "auction": pda.buyback.auction(auctions.mint, 1),
        "vault": pda.buyback.vault(auctions.mint, 1),
    }
    auctions.offer(THOUSAND)
    auctions.sell()
    auctions.pay(other["vault"], THOUSAND)
    world.send(auctions.starting(**other))
    market.set_price()
    sale = market.send(auctions.selling(**other)).event(events.buyback.IoSold)
    assert (sale.out, sale.receipt, sale.sale) == (200 * DOLLAR, 2, 1)
    # Neither's vault is the other's.
    market.refused(auctions.starting(vault=other["vault"]), errors.buyback.WrongVault)
    market.refused(auctions.selling(vault=other["vault"]), errors.buyback.WrongVault)


# -- the oracle


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"publish_time": -61}, "StalePrice"),
        ({"publish_time": 61}, "StalePrice"),
        ({"confidence": 2_000_001}, "UncertainPrice"),
        ({"ema_price": 210_526_317}, "VolatilePrice"),
        ({"ema_price": 190_476_190}, "VolatilePrice"),
        ({"price": 0, "confidence": 0}, "UnusablePrice"),
        ({"price": -1, "confidence": 0, "ema_price": 1}, "UnusablePrice"),
        ({"exponent": 1}, "UnusablePrice"),
        ({"exponent": -13}, "UnusablePrice"),
        ({"owner": Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")}, "NotAPrice"),
        ({"signatures": 5}, "PriceNotVerified"),
    ],
    ids=lambda one: "" if isinstance(one, str) else next(iter(one)),
)
def test_no_sale_at_a_price_that_cannot_be_relied_on(
    auctions: Auctions, change: dict[str, Any], error: str
) -> None:
    auctions.offer(THOUSAND)
    if "publish_time" in change:
        change = {"publish_time": auctions.world.now + change["publish_time"]}
    auctions.market.set_price(IO_MINT, **change)
    auctions.market.refused(auctions.selling(), getattr(errors.buyback, error))
    # The same price within the limits is fine.
    auctions.market.set_price(
        IO_MINT, publish_time=auctions.world.now - 60, confidence=2_000_000, ema_price=210_526_315
    )
    auctions.sell(fresh=False)


def test_the_price_is_read_from_one_account_and_one_feed(auctions: Auctions) -> None:
    # omitted_oracle, wrong_feed
    market = auctions.market
    auctions.offer(THOUSAND)
    market.set_price(auctions.mint)
    elsewhere = market.world.client.cheats.set_price(IO_FEED, 1, address=Keypair().pubkey())
    for wrong in (price_feed(USDC_FEED), elsewhere, pda.buyback.CONFIG):
        market.refused(auctions.selling(price=wrong), errors.buyback.WrongPriceAccount)
    market.world.client.cheats.set_price(USDC_FEED, 200_000_000, address=price_feed(IO_FEED))
    market.refused(auctions.selling(), errors.buyback.WrongFeed)
    auctions.sell()


def test_nothing_is_sold_until_the_price_account_is_set(auctions: Auctions) -> None:
    auctions.offer(THOUSAND)
    auctions.market.set_price()
    set_params(auctions.market, price_account=Pubkey.default())
    auctions.market.refused(auctions.selling(), errors.buyback.WrongPriceAccount)
    nothing = auctions.selling(price=Pubkey.default())
    auctions.market.refused(nothing, errors.buyback.NotAPrice)


# -- accounts


def test_the_ios_source_is_the_sellers_and_the_dollars_go_to_him(auctions: Auctions) -> None:
    # wrong_owner_destination
    market, dave = auctions.market, auctions.market.dave
    auctions.offer(THOUSAND)
    market.set_price()
    daves = token_account(dave.pubkey(), auctions.mint)
    market.refused(auctions.selling(destination=daves), errors.buyback.WrongDestination)
    market.refused(auctions.selling(destination=auctions.vault), "ConstraintDuplicateMutableAccount")
    in_io = token_account(auctions.seller.pubkey(), IO_MINT)
    market.refused(
        auctions.selling(destination=in_io, source=token_account(dave.pubkey(), IO_MINT)),
        errors.buyback.WrongMint,
    )
    market.refused(auctions.selling(source=token_account(dave.pubkey(), IO_MINT)), "OwnerMismatch")
    # The seller's dollars are no IO.
    auctions.pay(auctions.purse, 20 * THOUSAND)
    other = Keypair().pubkey()
    market.world.client.network.set_account(
        other,
        data=bytes(market.world.raw(auctions.purse).data),
        owner=market.world.raw(auctions.purse).owner,
    )
    market.refused(auctions.selling(source=other), "MintMismatch")


def test_who_has_too_little_io_sells_nothing(auctions: Auctions) -> None:
    auctions.offer(THOUSAND)
    auctions.market.set_price()
    poor = auctions.market.actor()
    auctions.world.io_account(poor.pubkey())
    auctions.wallet(poor)
    auctions.market.refused(auctions.selling(by=poor), "InsufficientFunds")


def test_io_itself_has_no_auction(auctions: Auctions) -> None:
    # underfunded_by_fee_mint: the mint that is paid is never the one that is burned.
    world = auctions.world
    own = ix.buyback.open_auction(payer=world.deployer, mint=IO_MINT, shard=0)
    world.refused(own, errors.buyback.IoIsBurned)


def test_an_auction_is_opened_once_for_a_vault_that_is_there(auctions: Auctions) -> None:
    world = auctions.world
    again = ix.buyback.open_auction(payer=world.deployer, mint=auctions.mint, shard=0)
    world.refused(again, "AccountAlreadyInUse")
    ninth = ix.buyback.open_auction(payer=world.deployer, mint=auctions.mint, shard=8)
    world.refused(ninth, "AccountNotInitialized")
    elsewhere = ix.buyback.open_auction(
        payer=world.deployer, mint=auctions.mint, shard=1, vault=auctions.vault
    )
    world.refused(elsewhere, "ConstraintSeeds")


def test_a_lot_is_started_and_sold_with_its_own_currency(auctions: Auctions) -> None:
    market = auctions.market
    auctions.pay(auctions.vault, THOUSAND)
    for wrong in (pda.jobs.currency(IO_MINT), pda.buyback.CONFIG):
        market.refused(auctions.starting(currency=wrong), errors.buyback.WrongCurrency)
    market.refused(auctions.starting(currency_price=price_feed(IO_FEED)), errors.buyback.WrongCurrencyPrice)
    market.send(auctions.starting())
    for wrong in (pda.jobs.currency(IO_MINT), pda.buyback.CONFIG):
        market.refused(auctions.selling(currency=wrong), errors.buyback.WrongCurrency)
    elsewhere = auctions.selling(currency_price=price_feed(IO_FEED))
    market.refused(elsewhere, errors.buyback.WrongCurrencyPrice)


def test_a_pause_stops_auctions_and_what_is_in_the_vaults_stays(auctions: Auctions) -> None:
    world, market = auctions.world, auctions.market
    auctions.offer(THOUSAND)
    market.set_price()
    world.send(ix.buyback.set_paused(signer=world.deployer, paused=0b10))
    market.refused(auctions.selling(), errors.buyback.Paused)
    market.refused(auctions.starting(), errors.buyback.Paused)
    world.send(ix.buyback.burn_fees(shard=0))
    world.send(ix.buyback.set_paused(signer=world.deployer, paused=0b01))
    auctions.sell()


# -- parameters


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"start_bps": -1_001}, "SlopeOutOfBounds"),
        ({"start_bps": 201}, "SlopeOutOfBounds"),
        ({"end_bps": 1_001}, "SlopeOutOfBounds"),
        ({"start_bps": 1_001, "end_bps": 1_002}, "SlopeOutOfBounds"),
        ({"end_bps": -301}, "SlopeOutOfBounds"),
        ({"period": 599}, "PeriodOutOfBounds"),
        ({"period": 14_401}, "PeriodOutOfBounds"),
        ({"min_lot": 999_999}, "MinimumLotOutOfBounds"),
        ({"min_lot": 10_000_000_001}, "MinimumLotOutOfBounds"),
        ({"daily_share_bps": 0}, "DailyShareOutOfBounds"),
        ({"daily_share_bps": 5_001}, "DailyShareOutOfBounds"),
        ({"max_price_age": 0}, "PriceAgeOutOfBounds"),
        ({"max_price_age": 301}, "PriceAgeOutOfBounds"),
        ({"max_confidence_bps": 501}, "ConfidenceOutOfBounds"),
        ({"max_ema_distance_bps": 0}, "EmaDistanceOutOfBounds"),
        ({"max_ema_distance_bps": 2_001}, "EmaDistanceOutOfBounds"),
    ],
    ids=str,
)
def test_parameters_have_bounds(market: Market, change: dict[str, int], error: str) -> None:
    authority = market.world.deployer
    beyond = ix.buyback.set_params(authority=authority, params=params(authority, **change))
    market.refused(beyond, getattr(errors.buyback, error))


@pytest.mark.parametrize(
    "change",
    [
        {"start_bps": -1_000, "end_bps": 1_000},
        {"start_bps": -1_000, "end_bps": -1_000},
        {"start_bps": 1_000, "end_bps": 1_000},
        {"period": 600},
        {"period": 14_400},
        {"min_lot": 1_000_000},
        {"min_lot": 10_000_000_000},
        {"daily_share_bps": 1},
        {"daily_share_bps": 5_000},
        {"max_price_age": 1},
        {"max_price_age": 300},
        {"max_confidence_bps": 0},
        {"max_confidence_bps": 500},
        {"max_ema_distance_bps": 1},
        {"max_ema_distance_bps": 2_000},
    ],
    ids=str,
)
def test_parameters_can_be_set_up_to_their_bounds(market: Market, change: dict[str, int]) -> None:
    sent = set_params(market, **change)
    assert sent.event(events.buyback.ParamsSet).params == params(market.world.deployer, **change)
    config = market.world.buyback_config
    limits = config.price_limits
    found = {
        "start_bps": config.start_bps,
        "end_bps": config.end_bps,
        "period": config.period,
        "min_lot": config.min_lot,
        "daily_share_bps": config.daily_share_bps,
        "max_price_age": limits.max_age,
        "max_confidence_bps": limits.max_confidence_bps,
        "max_ema_distance_bps": limits.max_ema_distance_bps,
    }
    assert found.items() >= change.items()
    assert (config.feed_id, config.price_account) == (IO_FEED, price_feed(IO_FEED))


def test_a_change_of_the_slope_holds_at_once_and_the_minimum_protects_the_seller(auctions: Auctions) -> None:
    # stale_after_config_change
    auctions.offer(THOUSAND)
    auctions.market.set_price()
    quoted = auctions.selling(IO(100).base, 194 * DOLLAR)
    set_params(auctions.market, start_bps=-500)
    auctions.market.refused(quoted, errors.buyback.BelowMinimum)
    assert auctions.sell(IO(100).base).out == 190 * DOLLAR


# -- the model


@pytest.mark.parametrize("seed", range(4))
def test_the_program_does_what_the_model_says(market: Market, seed: int) -> None:
    dice = random.Random(seed)
    decimals = dice.choice([6, 8])
    auctions = Auctions(market, None if decimals == 6 else another_mint(market, decimals))
    auctions.wallet(auctions.seller)
    model, unit = Vault(decimals), 10**decimals
    # Every other seed sells a currency that is not at par.
    at_par = seed % 2 == 0
    if not at_par:
        auctions.price_by_feed()
    step: Callable[[], Sale | None]
    for _ in range(100):
        auctions.world.advance(dice.choice([0, 1, 61, 20 * MINUTE, 20 * MINUTE, HOUR, 5 * HOUR]))
        now = auctions.world.now
        if dice.random() < 0.3:
            amount = dice.choice([1, 7 * unit, 333 * unit + 5, 4_000 * unit])
            auctions.pay(auctions.vault, amount)
            model.held += amount
        price = dice.randrange(30_000_000, 900_000_000)
        market.set_price(IO_MINT, price, confidence=0)
        # A currency between 20 cents and 30 dollars; at par its feed says anything.
        quoted = dice.randrange(20_000_000, 3_000_000_000)
        market.set_price(auctions.mint, quoted)
        worth = Fraction(1) if at_par else Fraction(quoted, 10**8)
        if dice.random() < 0.5:
            call, step = auctions.starting(fresh=False), partial(model.start, now, worth)
        else:
            io = dice.choice([51, *(dice.randrange(10**9, 10**11) for _ in range(3)), PLENTY])
            least = dice.choice([0, 0, 0, 60 * unit])
            call = auctions.selling(io, least)
            step = partial(model.sell, io, least, Fraction(price, 10**8), now, worth)
        try:
            expected = step()
        except Refused as refused:
            market.refused(call, getattr(errors.buyback, str(refused)))
            continue
        sent = market.send(call)
        if expected is not None:
            sale = sent.event(events.buyback.IoSold)
            assert (sale.out, sale.io) == (expected.out, expected.io)
        state = auctions.state()
        assert (auctions.held(), state.lot.left, state.lot.started_at) == (
            model.held,
            model.left,
            model.started,
        )
        assert state.sold_today == model.sold.get(now // DAY, 0)
    assert auctions.state().sales >= 3
