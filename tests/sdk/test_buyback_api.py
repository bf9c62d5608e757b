"""The namespace of the buyback: a quote is what the program takes, and every instruction is reached."""

from __future__ import annotations

import inspect
from fractions import Fraction

import pytest
from solders.pubkey import Pubkey
from tests.programs.auctions import DOLLAR, PLENTY, Auctions
from tests.programs.market import IO_MINT, Market
from tests.programs.test_buyback_payouts import owing

from ionet import IO, AsyncClient, Client, errors, ix, pda, token_account
from ionet.buyback._async import buyback

MINUTE = 60
ADMINISTRATIVE = {"set_params", "set_paused", "propose_authority", "accept_authority"}


@pytest.fixture
def auctions() -> Auctions:
    return Auctions(Market.new())


def seller(auctions: Auctions) -> Client:
    """A client of carol, who has IO."""
    return auctions.world.client.as_(auctions.seller)


def test_every_instruction_is_reached_through_the_namespace() -> None:
    source = inspect.getsource(buyback)
    builders = {name for name in vars(ix.buyback) if not name.startswith("_")}
    instructions = {name for name in builders if inspect.isfunction(getattr(ix.buyback, name))}
    reached = {name for name in instructions if f"ix.buyback.{name}(" in source}
    assert instructions - reached <= ADMINISTRATIVE


@pytest.mark.parametrize("elapsed", [0, 1, 1_234, 3_600, 7_200])
def test_a_quote_is_what_a_sale_costs(auctions: Auctions, elapsed: int) -> None:
    auctions.offer(1_000 * DOLLAR)
    auctions.world.advance(elapsed)
    auctions.market.set_price(IO_MINT, 187_654_321, confidence=0)
    client = seller(auctions)
    quote = client.buyback.quote(auctions.mint, 0)
    assert quote is not None
    assert (quote.available, quote.minimum) == (200 * DOLLAR, 50 * DOLLAR)
    some, everything = IO("31.234567"), quote.io_for(quote.available)
    receipt = client.buyback.sell_io(auctions.mint, 0, some, min_out=quote.out_for(some)).send().result
    assert (receipt.out, receipt.io) == (quote.out_for(some), quote.io_for(receipt.out).base)
    rest = client.buyback.sell_io(auctions.mint, 0, everything).send().result
    assert (rest.out, rest.left) == (200 * DOLLAR - receipt.out, 0)
    assert client.buyback.quote(auctions.mint, 0) is None


def test_a_seller_without_an_account_for_the_dollars_gets_one(auctions: Auctions) -> None:
    auctions.offer(1_000 * DOLLAR)
    auctions.market.set_price()
    new = auctions.market.actor()
    auctions.world.give_io(new.pubkey(), IO(40))
    client = auctions.world.client.as_(new)
    receipt = client.buyback.sell_io(auctions.mint, 0, IO(40)).send().result
    assert client.tokens(new.pubkey(), auctions.mint) == receipt.out == 77_600_000


def test_without_a_minimum_one_per_cent_below_the_quote_is_asked_for(auctions: Auctions) -> None:
    auctions.offer(1_000 * DOLLAR)
    auctions.market.set_price(IO_MINT, 200_000_000, confidence=0)
    call = seller(auctions).buyback.sell_io(auctions.mint, 0, IO(50))
    auctions.market.set_price(IO_MINT, 197_000_000, confidence=0)
    with pytest.raises(errors.buyback.BelowMinimum):
        call.send()
    auctions.market.set_price(IO_MINT, 199_000_000, confidence=0)
    assert call.send().result.out == 96_515_000


def test_vaults_tell_what_is_for_sale_and_what_the_day_leaves(auctions: Auctions) -> None:
    client = seller(auctions)
    auctions.pay(auctions.vault, 1_000 * DOLLAR)
    found = client.buyback.vaults(auctions.mint)
    assert [(one.held, one.allowed, one.lot) for one in found[:2]] == [
        (1_000 * DOLLAR, 200 * DOLLAR, None),
        (0, 0, None),
    ]
    assert found[1].auction is None
    client.buyback.start_auctions(auctions.mint, 0).send()
    auctions.world.advance(36 * MINUTE)
    auctions.market.set_price()
    lot = client.buyback.vaults(auctions.mint)[0].lot
    assert lot is not None
    assert (lot.usd_per_io, lot.io_for(lot.available)) == (Fraction(2), IO(100))
    client.buyback.sell_io(auctions.mint, 0, IO(60)).send()
    vault = client.buyback.vaults(auctions.mint)[0]
    assert vault.lot is not None
    assert (vault.held, vault.allowed, vault.lot.left) == (880 * DOLLAR, 80 * DOLLAR, 80 * DOLLAR)


def test_who_asks_for_a_lot_that_is_not_there_is_told(auctions: Auctions) -> None:
    with pytest.raises(LookupError, match="nothing is for sale in shard 0: start a lot"):
        seller(auctions).buyback.sell_io(auctions.mint, 0, IO(1))


def test_parameters_change_one_by_one(auctions: Auctions) -> None:
    client = auctions.world.client
    before = client.buyback.get_config()
    client.buyback.set_params(daily_share_bps=1_000).send()
    after = client.buyback.get_config()
    assert (after.daily_share_bps, after.period, after.feed_id) == (1_000, before.period, before.feed_id)
    with pytest.raises(TypeError, match="dayly"):
        client.buyback.set_params(dayly_share_bps=1_000)  # type: ignore[call-arg]


def test_the_life_of_a_payout(auctions: Auctions) -> None:
    market, client = auctions.market, seller(auctions)
    job = owing(auctions)
    vault = client.buyback.open_payout(job).send().result
    auctions.pay(vault, 500 * DOLLAR)
    assert client.buyback.payout_quote(job) is None
    client.buyback.start_payout(job).send()
    auctions.world.advance(36 * MINUTE)
    market.set_price()
    quote = client.buyback.payout_quote(job)
    assert quote is not None
    assert (quote.usd_per_io, quote.available) == (Fraction(2), 500 * DOLLAR)
    # The supplier's account is made where it is missing.
    auctions.world.client.network.set_account(token_account(market.alice.key, IO_MINT), lamports=0)
    receipt = client.buyback.sell_to_supplier(job, IO(150)).send().result
    assert (receipt.out, receipt.io) == (300 * DOLLAR, IO(150).base)
    assert client.tokens(market.alice.key, IO_MINT, IO) == IO(150)
    found = client.buyback.payouts(supplier=market.alice.key)
    assert [one.account.credited for one in found] == [IO(150).base]
    alice = client.as_(market.alice.owner)
    assert alice.buyback.withdraw_payout(job).send().result == 196 * DOLLAR
    with pytest.raises(errors.buyback.JobIsOpen):
        client.buyback.close_payout(job).send()


async def test_the_same_for_coroutines(auctions: Auctions) -> None:
    auctions.offer(1_000 * DOLLAR)
    auctions.market.set_price()
    client = AsyncClient.local(network=auctions.world.client.network, signer=auctions.seller)
    quote = await client.buyback.quote(auctions.mint, 0)
    assert quote is not None
    sale = await client.buyback.sell_io(auctions.mint, 0, IO.from_base(PLENTY)).send()
    assert (sale.result.out, sale.result.io) == (quote.available, quote.io_for(quote.available).base)


def test_addresses_are_those_of_the_seeds() -> None:
    job, program = Pubkey.new_unique(), Pubkey.from_string("ioBtFpfDmKyGmc4baQQPDfYDY4xmst2G3J577yHjhC8")
    find = Pubkey.find_program_address
    assert pda.buyback.payout_vault(job) == find([b"payout", bytes(job)], program)[0]
    assert pda.buyback.payout(job) == find([b"payout_state", bytes(job)], program)[0]
    assert pda.buyback.auction(job, 3) == find([b"auction", bytes(job), b"\3"], program)[0]
