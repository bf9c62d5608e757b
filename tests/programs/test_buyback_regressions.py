"""Attacks on auctions and payouts, each by its name in docs/threat-model.md; what two oracles must say."""

from __future__ import annotations

import random
from itertools import count
from typing import Any, Final

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from tests.programs.auctions import DOLLAR, PLENTY, Auctions, set_params
from tests.programs.market import IO_FEED, IO_MINT, USDC_FEED, Market
from tests.programs.support import DAY, HOUR, MINUTE
from tests.programs.test_buyback_auctions import another_mint
from tests.programs.test_buyback_payouts import offer, owing

from ionet import IO, errors, events, ix, pda, price_feed

Error = errors.buyback
THOUSAND: Final = 1_000 * DOLLAR


@pytest.fixture
def auctions(market: Market) -> Auctions:
    return Auctions(market)


@pytest.fixture
def job(auctions: Auctions) -> Pubkey:
    """A job of alice's that is paid in USDC and owes her IO, with an open payout."""
    job = owing(auctions)
    auctions.world.send(auctions.payouts("open_payout", job))
    return job


# -- lots that age


def test_auction_ages_unsold(auctions: Auctions) -> None:
    """A lot started while the oracle is silent, so that it stands at its best price when it speaks."""
    world, market = auctions.world, auctions.market
    auctions.pay(auctions.vault, THOUSAND)
    market.set_price(publish_time=world.now - 61)
    market.refused(auctions.starting(fresh=False), Error.StalePrice)
    world.advance(HOUR)
    market.refused(auctions.starting(fresh=False), Error.StalePrice)
    # It speaks again: whoever buys first buys at 3 % below it, and not at 2 % above.
    market.send(auctions.starting())
    assert auctions.sell().io == 10_309_278_351


def test_a_payout_ages_no_more_unsold_than_an_auction(auctions: Auctions, job: Pubkey) -> None:
    world, market = auctions.world, auctions.market
    auctions.pay(pda.buyback.payout_vault(job), THOUSAND)
    market.set_price(publish_time=world.now - 61)
    market.refused(auctions.payouts("start_payout", job, fresh=False), Error.StalePrice)
    market.send(auctions.payouts("start_payout", job))
    assert auctions.credit(job).elapsed == 0


# -- both oracles


def changed(market: Market, mint: Pubkey, **changes: Any) -> None:
    """A price account as of now that differs from a good one."""
    market.set_price(mint, **{"price": 200_000_000, "confidence": 0, **changes})


#: What each price may be at worst, and a little more (rule 15: 60 s, 1 %, 5 %).
BOUNDS: Final = [
    ({"confidence": 2_000_000}, {"confidence": 2_000_001}, Error.UncertainPrice),
    ({"ema_price": 210_526_316}, {"ema_price": 210_526_317}, Error.VolatilePrice),
    ({"ema_price": 190_476_191}, {"ema_price": 190_476_190}, Error.VolatilePrice),
    ({"price": 1}, {"price": 0}, Error.UnusablePrice),
]


def steps(auctions: Auctions, job: Pubkey, name: str) -> Instruction:
    """A start, or a sale of a lot that was started at good prices."""
    calls = {
        "start_auction": lambda: auctions.starting(fresh=False),
        "start_payout": lambda: auctions.payouts("start_payout", job, fresh=False),
        "sell_io": lambda: auctions.selling(IO(100).base),
        "sell_to_supplier": lambda: auctions.crediting(job, IO(100).base),
    }
    return calls[name]()


@pytest.mark.parametrize("whose", ["IO's", "the currency's"])
@pytest.mark.parametrize("name", ["start_auction", "sell_io", "start_payout", "sell_to_supplier"])
def test_each_of_two_prices_has_the_same_bounds(
    auctions: Auctions, job: Pubkey, name: str, whose: str
) -> None:
    market, world = auctions.market, auctions.world
    auctions.price_by_feed()
    about, other = (IO_MINT, market.usdc) if whose == "IO's" else (market.usdc, IO_MINT)
    auctions.pay(auctions.vault, THOUSAND)
    auctions.pay(pda.buyback.payout_vault(job), THOUSAND)
    for mint in (about, other):
        changed(market, mint)
    if name.startswith("sell"):
        market.send(auctions.starting(fresh=False), auctions.payouts("start_payout", job, fresh=False))
    for _, worse, error in BOUNDS:
        changed(market, about, **worse)
        market.refused(steps(auctions, job, name), error)
    for age in (61, -61):
        changed(market, about, publish_time=world.now - age)
        market.refused(steps(auctions, job, name), Error.StalePrice)
    # A price of another feed at the named place, and no price at all.
    place = price_feed(IO_FEED if about == IO_MINT else USDC_FEED)
    changed(market, about)
    kept = world.raw(place)
    foreign = bytearray(kept.data)
    foreign[41] ^= 1
    partly = bytearray(kept.data)
    partly[40] = 0
    for data, owner, error in (
        (foreign, kept.owner, Error.WrongFeed),
        (partly, kept.owner, Error.PriceNotVerified),
        (kept.data, pda.buyback.CONFIG, Error.NotAPrice),
    ):
        world.client.network.set_account(place, lamports=kept.lamports, data=bytes(data), owner=owner)
        market.refused(steps(auctions, job, name), error)
    world.client.network.set_account(place, lamports=kept.lamports, data=bytes(kept.data), owner=kept.owner)
    for mint in (about, other):
        changed(market, mint, publish_time=world.now - 60)
    changed(market, about, confidence=2_000_000, publish_time=world.now - 60)
    market.send(steps(auctions, job, name))


def test_a_token_of_nine_decimals_at_150_dollars_is_bought_back(market: Market) -> None:
    auctions = Auctions(market, another_mint(market, 9))
    auctions.wallet(auctions.seller)
    auctions.price_by_feed()
    market.set_price(auctions.mint, 15_000_000_000)
    auctions.offer(100 * 10**9)
    lot = auctions.state().lot
    assert (lot.size, lot.minimum) == (20 * 10**9, 333_333_334)
    # 3,000 dollars at 1.94.
    sale = auctions.sell()
    assert (sale.out, sale.io) == (20 * 10**9, 154_639_175_258)
    assert (sale.price, sale.currency_price, sale.currency_exponent) == (200_000_000, 15_000_000_000, -8)


def test_at_par_a_currency_counts_as_a_dollar_and_its_oracle_is_not_read(auctions: Auctions) -> None:
    auctions.market.set_price(auctions.mint, 50_000_000, publish_time=auctions.world.now - DAY)
    auctions.offer(THOUSAND)
    sale = auctions.sell()
    assert (sale.io, sale.currency_price, sale.currency_exponent) == (10_309_278_351, 1, 0)


def test_an_open_lot_is_sold_by_the_price_account_that_is_named_now(auctions: Auctions) -> None:
    # stale_after_config_change
    market = auctions.market
    auctions.offer(THOUSAND)
    auctions.price_by_feed()
    market.set_price()
    market.set_price(auctions.mint, 200_000_000, publish_time=auctions.world.now - DAY)
    market.refused(auctions.selling(), Error.StalePrice)
    market.set_price(auctions.mint, 200_000_000)
    # Of a token at two dollars each: twice as much IO.
    assert auctions.sell().io == 20_618_556_702
    before = auctions.selling()
    auctions.price_by_feed(feed_id=IO_FEED, price_account=price_feed(IO_FEED))
    market.refused(before, Error.WrongCurrencyPrice)


# -- bounds and books


@pytest.mark.parametrize("moved", ["IO's", "the currency's"])
def test_stale_min_out(auctions: Auctions, job: Pubkey, moved: str) -> None:
    """A minimum that was computed before the price moved protects the seller by what is paid."""
    market = auctions.market
    auctions.price_by_feed()
    for mint in (IO_MINT, auctions.mint):
        market.set_price(mint)
    auctions.offer(THOUSAND)
    offer(auctions, job, THOUSAND)
    # 50 IO at 1.94 are 97 dollars.
    sale, credit = (
        auctions.selling(IO(50).base, 97 * DOLLAR),
        auctions.crediting(job, IO(50).base, 97 * DOLLAR),
    )
    if moved == "IO's":
        market.set_price(IO_MINT, 199_999_999, confidence=0)
    else:
        market.set_price(auctions.mint, 100_000_001)
    market.refused(sale, Error.BelowMinimum)
    market.refused(credit, Error.BelowMinimum)
    for mint in (IO_MINT, auctions.mint):
        market.set_price(mint)
    assert market.send(sale).event(events.buyback.IoSold).out == 97 * DOLLAR
    assert market.send(credit).event(events.buyback.IoCredited).out == 97 * DOLLAR


@pytest.mark.parametrize("seed", range(3))
def test_burned_total_equals_the_drop_in_supply(auctions: Auctions, seed: int) -> None:
    """Fees in IO, at par and by two prices, in any order: each receipt, and their sum."""
    dice, world, market = random.Random(seed), auctions.world, auctions.market
    purse = world.give_io(world.deployer, IO(1_000))
    supply, receipts = world.supply, count(1)
    set_params(market, min_lot=DOLLAR)
    for step in range(40):
        if step == 20:
            auctions.price_by_feed()
        world.advance(dice.choice([1, 30 * MINUTE, 3 * HOUR, DAY]))
        before, burned = world.supply, world.buyback_config.burned
        if dice.random() < 0.3:
            amount = dice.randrange(1, 10**8)
            world.pay_io(purse, pda.buyback.vault(IO_MINT, 3), amount)
            sent = market.send(ix.buyback.burn_fees(shard=3))
            event: Any = sent.event(events.buyback.FeesBurned)
            assert event.amount == amount
        else:
            auctions.pay(auctions.vault, dice.randrange(10, 900) * DOLLAR)
            world.advance(DAY)
            market.set_price(IO_MINT, dice.randrange(50_000_000, 400_000_000), confidence=0)
            market.set_price(auctions.mint, dice.randrange(90_000_000, 300_000_000))
            market.send(auctions.starting(fresh=False))
            event = market.send(auctions.selling(PLENTY)).event(events.buyback.IoSold)
        drop = before - world.supply
        assert (event.receipt, event.supply_before - event.supply_after) == (next(receipts), drop)
        assert event.burned_total == world.buyback_config.burned == burned + drop
    assert world.buyback_config.burned == supply - world.supply > 0
