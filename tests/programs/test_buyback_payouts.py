"""Payouts: what a job paid in dollars owes its supplier in IO is sold for IO that he gets."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.model.auction import Vault
from tests.programs.auctions import DOLLAR, PLENTY, Auctions, set_params
from tests.programs.market import IO_FEED, IO_MINT, Market
from tests.programs.people import TOKEN
from tests.programs.support import HOUR, MINUTE

from ionet import IO, SOL, errors, events, ix, pda, price_feed, token_account
from ionet.administration.shards import vault_of

THOUSAND = 1_000 * DOLLAR


@pytest.fixture
def auctions(market: Market) -> Auctions:
    return Auctions(market)


@pytest.fixture
def job(auctions: Auctions) -> Pubkey:
    """A job of alice's that is paid in USDC and owes her IO, with an open payout."""
    job = owing(auctions)
    auctions.world.send(auctions.payouts("open_payout", job))
    return job


def owing(auctions: Auctions) -> Pubkey:
    """A job that is paid in USDC and owes its supplier IO."""
    auctions.market.set_offer(payout=0)
    return auctions.market.run(mint=auctions.mint)


def offer(auctions: Auctions, job: Pubkey, amount: int) -> None:
    """Puts `amount` into the job's payout, and starts its lot."""
    auctions.pay(pda.buyback.payout_vault(job), amount)
    auctions.world.send(auctions.payouts("start_payout", job))


# -- opening


def test_anyone_opens_the_payout_of_a_job_that_owes_io(auctions: Auctions) -> None:
    job, payer = owing(auctions), auctions.market.actor()
    before = auctions.world.client.balance(payer.pubkey())
    sent = auctions.market.send(auctions.payouts("open_payout", job, payer=payer.pubkey()))
    vault, alice = pda.buyback.payout_vault(job), auctions.market.alice.key
    event = events.buyback.PayoutOpened(seq=1, job=job, supplier=alice, mint=auctions.mint, vault=vault)
    assert sent.events == (event,)
    found = auctions.world.client.token_account(vault)
    assert (found.mint, found.owner, found.amount) == (auctions.mint, pda.buyback.CONFIG, 0)
    assert (found.delegate, found.close_authority) == (None, None)
    payout = auctions.payout(job)
    assert (payout.supplier, payout.rent_payer, payout.lot.left) == (alice, payer.pubkey(), 0)
    rents = [auctions.world.raw(one).lamports for one in (vault, pda.buyback.payout(job))]
    assert auctions.world.client.balance(payer.pubkey()) == before - SOL.from_base(sum(rents))


def test_only_a_job_that_owes_io_for_another_currency_has_a_payout(auctions: Auctions) -> None:
    market = auctions.market
    market.join(market.bob, 300 * TOKEN)
    as_paid = market.run(mint=market.usdc, of=market.bob)
    market.refused(auctions.payouts("open_payout", as_paid), errors.buyback.NotPaidOutInIo)
    market.set_offer(payout=0)
    in_io = market.run()
    market.refused(auctions.payouts("open_payout", in_io, mint=IO_MINT), errors.buyback.NotPaidOutInIo)
    for other in (market.alice.offer, market.alice.node, Keypair().pubkey()):
        market.refused(auctions.payouts("open_payout", other), errors.buyback.NotAJob)


def test_a_payout_is_of_the_mint_that_the_job_is_paid_in(auctions: Auctions) -> None:
    job = owing(auctions)
    wrong = auctions.payouts("open_payout", job, mint=IO_MINT)
    auctions.market.refused(wrong, errors.buyback.WrongMint)


def test_a_payout_is_opened_once(auctions: Auctions, job: Pubkey) -> None:
    auctions.market.refused(auctions.payouts("open_payout", job), "AccountAlreadyInUse")


def test_lamports_sent_to_its_addresses_do_not_stop_a_payout(auctions: Auctions) -> None:
    job = owing(auctions)
    for address in (pda.buyback.payout(job), pda.buyback.payout_vault(job)):
        auctions.world.client.airdrop(address, SOL("0.01"))
    auctions.world.send(auctions.payouts("open_payout", job))
    assert auctions.payout(job).job == job


# -- selling


@pytest.mark.parametrize(
    ("elapsed", "io"),
    [(0, 51_546_391_753), (1_800, 50_251_256_282), (2_160, 50_000_000_000), (3_600, 49_019_607_844)],
)
def test_the_supplier_gets_io_at_the_auctions_price(
    auctions: Auctions, job: Pubkey, elapsed: int, io: int
) -> None:
    # 1,000 USDC at 1.94, 1.99, 2.00 and 2.04, rounded up for the supplier.
    offer(auctions, job, THOUSAND)
    auctions.world.advance(elapsed)
    event = auctions.credit(job)
    assert (event.out, event.io, event.elapsed, event.left) == (THOUSAND, io, elapsed, 0)


def test_receipts_are_numbered_job_by_job_and_add_up(auctions: Auctions, job: Pubkey) -> None:
    market = auctions.market
    market.join(market.bob, 300 * TOKEN)
    terms = market.offer_args(payout=0)
    market.send(ix.jobs.set_offer(owner=market.bob.key, node=market.bob.node, args=terms))
    other = market.run(mint=market.usdc, of=market.bob)
    auctions.world.send(auctions.payouts("open_payout", other))
    offer(auctions, job, THOUSAND)
    offer(auctions, other, THOUSAND)
    bobs = token_account(market.bob.key, IO_MINT)
    first = auctions.credit(job, 30 * TOKEN)
    market.set_price()
    sent = market.send(auctions.crediting(other, 100 * TOKEN, credit=bobs))
    elsewhere = sent.event(events.buyback.IoCredited)
    second = auctions.credit(job, 40 * TOKEN)
    assert [one.receipt for one in (first, elsewhere, second)] == [1, 1, 2]
    assert [one.supplier for one in (first, elsewhere)] == [market.alice.key, market.bob.key]
    assert (second.sold_total, second.credited_total) == (first.out + second.out, first.io + second.io)
    payout = auctions.payout(job)
    assert (payout.sold, payout.credited, payout.sales) == (second.sold_total, second.credited_total, 2)
    assert auctions.in_payout(job) + payout.sold == THOUSAND
    # 100 IO at 1.94.
    assert (elsewhere.out, auctions.payout(other).credited) == (194 * DOLLAR, 100 * TOKEN)


def test_payouts_have_no_daily_limit_and_no_pause(auctions: Auctions, job: Pubkey) -> None:
    auctions.world.send(ix.buyback.set_paused(signer=auctions.world.deployer, paused=0b11))
    for _ in range(3):
        offer(auctions, job, 30 * THOUSAND)
        assert auctions.credit(job).out == 30 * THOUSAND


def test_what_comes_in_later_waits_for_the_next_lot(auctions: Auctions, job: Pubkey) -> None:
    offer(auctions, job, 100 * DOLLAR)
    auctions.world.advance(HOUR)
    auctions.pay(pda.buyback.payout_vault(job), THOUSAND)
    auctions.market.refused(auctions.payouts("start_payout", job), errors.buyback.LotIsOpen)
    assert auctions.credit(job).out == 100 * DOLLAR
    auctions.market.refused(auctions.crediting(job), errors.buyback.NoLot)
    sent = auctions.world.send(auctions.payouts("start_payout", job))
    event = sent.event(events.buyback.PayoutStarted)
    assert (event.size, event.minimum, event.time) == (THOUSAND, 50 * DOLLAR, auctions.world.now)
    stated = (event.price, event.exponent, event.currency_price, event.currency_exponent)
    assert stated == (200_000_000, -8, 1, 0)
    # From 3 % below the oracle again.
    assert auctions.credit(job).io == 51_546_391_753


def test_a_lot_lapses_and_is_started_again(auctions: Auctions, job: Pubkey) -> None:
    offer(auctions, job, THOUSAND)
    auctions.world.advance(2 * HOUR + 1)
    auctions.market.set_price()
    auctions.market.refused(auctions.crediting(job), errors.buyback.LotHasLapsed)
    auctions.world.send(auctions.payouts("start_payout", job))
    assert auctions.credit(job).elapsed == 0


def test_a_sale_takes_fifty_dollars_or_the_rest_and_gives_the_minimum(
    auctions: Auctions, job: Pubkey
) -> None:
    offer(auctions, job, 80 * DOLLAR)
    auctions.world.advance(36 * MINUTE)
    auctions.market.set_price()
    small, market = auctions.crediting(job, 25 * TOKEN - 1), auctions.market
    market.refused(small, errors.buyback.SaleTooSmall)
    greedy = auctions.crediting(job, 25 * TOKEN, 50 * DOLLAR + 1)
    market.refused(greedy, errors.buyback.BelowMinimum)
    assert auctions.credit(job, 25 * TOKEN).left == 30 * DOLLAR
    assert auctions.credit(job, 15 * TOKEN).left == 0


def test_the_io_goes_to_the_jobs_supplier_and_nobody_else(auctions: Auctions, job: Pubkey) -> None:
    # wrong_owner_destination
    market, dave = auctions.market, auctions.market.dave
    offer(auctions, job, THOUSAND)
    market.set_price()
    for owner in (dave, market.bob.owner):
        theirs = token_account(owner.pubkey(), IO_MINT)
        market.refused(auctions.crediting(job, credit=theirs), errors.buyback.WrongDestination)
    own = auctions.crediting(job, credit=token_account(auctions.seller.pubkey(), IO_MINT))
    market.refused(own, errors.buyback.WrongDestination)
    in_dollars = token_account(market.alice.key, auctions.mint)
    market.refused(auctions.crediting(job, credit=in_dollars), errors.buyback.WrongMint)
    daves = token_account(dave.pubkey(), auctions.mint)
    market.refused(auctions.crediting(job, destination=daves), errors.buyback.WrongDestination)
    market.refused(auctions.crediting(job, vault=auctions.vault), errors.buyback.WrongVault)
    market.refused(auctions.crediting(job, price=price_feed(b"x" * 32)), errors.buyback.WrongPriceAccount)


def test_a_supplier_who_sells_to_himself_needs_two_accounts(auctions: Auctions, job: Pubkey) -> None:
    market = auctions.market
    alice = market.alice.owner
    offer(auctions, job, THOUSAND)
    market.set_price()
    market.refused(auctions.crediting(job, by=alice), errors.buyback.WrongDestination)


def test_a_closed_account_of_the_supplier_blocks_only_himself(auctions: Auctions, job: Pubkey) -> None:
    world, alice = auctions.world, auctions.market.alice
    offer(auctions, job, THOUSAND)
    auctions.market.set_price()
    account = token_account(alice.key, IO_MINT)
    world.client.network.set_account(account, lamports=0)
    auctions.market.refused(auctions.crediting(job), "AccountNotInitialized")
    # Anybody makes the account again.
    world.io_account(alice.key)
    assert auctions.credit(job).out == THOUSAND


def test_a_frozen_account_of_the_supplier_blocks_only_himself(auctions: Auctions, job: Pubkey) -> None:
    world, alice = auctions.world, auctions.market.alice
    offer(auctions, job, THOUSAND)
    auctions.market.set_price()
    account = token_account(alice.key, IO_MINT)
    found = world.raw(account)
    data = bytearray(found.data)
    data[108] = 2
    world.client.network.set_account(account, data=bytes(data), owner=found.owner)
    auctions.market.refused(auctions.crediting(job), "AccountFrozen")
    # Any other account of his will do.
    other = Keypair().pubkey()
    data[108] = 1
    data[64:72] = bytes(8)
    world.client.network.set_account(other, data=bytes(data), owner=found.owner)
    sent = auctions.market.send(auctions.crediting(job, credit=other))
    assert world.balance(other) == sent.event(events.buyback.IoCredited).io


def test_no_sale_at_a_stale_price(auctions: Auctions, job: Pubkey) -> None:
    offer(auctions, job, THOUSAND)
    auctions.market.set_price(publish_time=auctions.world.now - 61)
    auctions.market.refused(auctions.crediting(job), errors.buyback.StalePrice)


def test_a_payout_is_sold_with_its_own_currency(auctions: Auctions, job: Pubkey) -> None:
    market = auctions.market
    offer(auctions, job, THOUSAND)
    market.set_price()
    cases: tuple[tuple[dict[str, Any], Any], ...] = (
        ({"currency": pda.jobs.currency(IO_MINT)}, errors.buyback.WrongCurrency),
        ({"currency_price": price_feed(IO_FEED)}, errors.buyback.WrongCurrencyPrice),
    )
    for wrong, error in cases:
        market.refused(auctions.payouts("start_payout", job, **wrong), error)
        market.refused(auctions.crediting(job, **wrong), error)


def test_a_supplier_who_wants_io_gets_it_for_a_currency_that_is_not_at_par(
    auctions: Auctions, job: Pubkey
) -> None:
    market = auctions.market
    auctions.price_by_feed()
    auctions.pay(pda.buyback.payout_vault(job), 1_000 * DOLLAR)
    market.set_price(market.usdc, 150_000_000)
    market.send(auctions.payouts("start_payout", job))
    # The smallest sale is of 50 dollars: a third of a token less than 34.
    assert auctions.payout(job).lot.minimum == 33_333_334
    auctions.world.advance(36 * MINUTE)
    market.set_price()
    market.refused(auctions.crediting(job), errors.buyback.StalePrice)
    market.set_price(market.usdc, 150_000_000)
    # 1,000 tokens at 1.50 dollars, with an IO at 2.00.
    sale = auctions.credit(job)
    assert (sale.out, sale.io) == (1_000 * DOLLAR, IO(750).base)
    assert (sale.currency_price, sale.currency_exponent) == (150_000_000, -8)


def test_the_payouts_of_the_model_and_of_the_program_agree(auctions: Auctions, job: Pubkey) -> None:
    model = Vault(6, capped=False)
    for amount, wait, io in ((777 * DOLLAR + 1, 1_234, 123_456_789_01), (1, 0, PLENTY), (DOLLAR, 99, PLENTY)):
        model.held += amount
        offer(auctions, job, amount)
        model.start(auctions.world.now)
        auctions.world.advance(wait)
        while model.left:
            expected = model.sell(io, 0, Fraction(2), auctions.world.now)
            sale = auctions.credit(job, io)
            assert (sale.out, sale.io, sale.left) == (expected.out, expected.io, model.left)
    assert auctions.in_payout(job) == model.held == 0


# -- exits


def test_a_supplier_takes_what_is_left_for_the_fee_of_the_currency(auctions: Auctions, job: Pubkey) -> None:
    market, alice = auctions.market, auctions.market.alice
    offer(auctions, job, THOUSAND)
    # Also where no price can be read, and while everything is paused.
    auctions.world.send(ix.buyback.set_paused(signer=auctions.world.deployer, paused=0b11))
    set_params(market, price_account=Pubkey.default())
    purse, fees = (
        token_account(alice.key, auctions.mint),
        vault_of(job, auctions.mint),
    )
    before = auctions.world.balance(purse), auctions.world.balance(fees)
    event = market.send(auctions.payouts("withdraw_payout", job)).event(events.buyback.PayoutWithdrawn)
    assert (event.amount, event.fee, event.withdrawn_total) == (980 * DOLLAR, 20 * DOLLAR, THOUSAND)
    after = auctions.world.balance(purse), auctions.world.balance(fees)
    assert (after[0] - before[0], after[1] - before[1]) == (980 * DOLLAR, 20 * DOLLAR)
    assert auctions.payout(job).lot.left == auctions.in_payout(job) == 0
    market.refused(auctions.payouts("withdraw_payout", job), errors.buyback.NothingToSell)


def test_nobody_else_withdraws_and_nowhere_else(auctions: Auctions, job: Pubkey) -> None:
    market, dave = auctions.market, auctions.market.dave
    offer(auctions, job, THOUSAND)
    thief = auctions.payouts(
        "withdraw_payout",
        job,
        supplier=dave.pubkey(),
        destination=token_account(dave.pubkey(), auctions.mint),
    )
    market.refused(thief, errors.buyback.NotSupplier)
    daves = auctions.payouts("withdraw_payout", job, destination=thief.accounts[5].pubkey)
    market.refused(daves, errors.buyback.WrongDestination)
    in_io = auctions.payouts("withdraw_payout", job, destination=token_account(market.alice.key, IO_MINT))
    market.refused(in_io, errors.buyback.WrongMint)
    shard = (bytes(job)[-1] + 1) % 8
    elsewhere = auctions.payouts("withdraw_payout", job, fee_vault=pda.buyback.vault(auctions.mint, shard))
    market.refused(elsewhere, errors.buyback.WrongVault)
    other = auctions.payouts("withdraw_payout", job, currency=pda.jobs.currency(IO_MINT))
    market.refused(other, errors.buyback.WrongCurrency)


def end(market: Market, job: Pubkey) -> None:
    """Runs the job to its end, pays everyone and closes it."""
    market.world.advance(2 * HOUR)
    market.attest(job, 2 * HOUR)
    market.send(market.jobs("complete", job))
    market.pay_out(job)


def test_an_empty_payout_of_a_closed_job_is_closed_and_its_rent_returned(
    auctions: Auctions, job: Pubkey
) -> None:
    market, world = auctions.market, auctions.world
    vault, state = pda.buyback.payout_vault(job), pda.buyback.payout(job)
    closing = auctions.payouts("close_payout", job)
    market.refused(closing, errors.buyback.JobIsOpen)
    nobodys = auctions.payouts("close_payout", job, job=Keypair().pubkey())
    market.refused(nobodys, errors.buyback.WrongJob)
    end(market, job)
    market.refused(closing, errors.buyback.PayoutNotEmpty)
    world.send(auctions.payouts("start_payout", job))
    auctions.credit(job)
    # One unit that somebody sent keeps it open until somebody buys it.
    offer(auctions, job, 1)
    market.refused(closing, errors.buyback.PayoutNotEmpty)
    assert auctions.credit(job).io == 52
    thief = auctions.payouts("close_payout", job, rent_payer=market.dave.pubkey())
    market.refused(thief, errors.buyback.WrongRentPayer)
    rent = world.raw(vault).lamports + world.raw(state).lamports
    before = world.client.balance(world.deployer)
    sent = world.call(closing).paid_by(market.dave).send()
    assert world.client.balance(world.deployer) == before + SOL.from_base(rent)
    assert (world.client.account(vault), world.client.account(state)) == (None, None)
    event = sent.event(events.buyback.PayoutClosed)
    assert (event.job, event.sold_total, event.withdrawn_total) == (job, 3_990_001, 0)
    # The job is gone for good: there is nothing to open it for.
    market.refused(auctions.payouts("open_payout", job), errors.buyback.NotAJob)


# -- with the jobs program


def test_what_a_job_earns_in_dollars_reaches_its_supplier_in_io(auctions: Auctions) -> None:
    # Two hours at 2 USD: P = 4, of which the supplier pays the booking fee alone: S = 4 − 0.01.
    market, world = auctions.market, auctions.world
    job = owing(auctions)
    world.advance(HOUR)
    market.attest(job, HOUR)
    # Nobody has opened the account yet: only the supplier waits.
    market.refused(market.jobs("settle", job), "AccountNotInitialized")
    world.send(auctions.payouts("open_payout", job))
    market.send(market.jobs("settle", job))
    world.send(auctions.payouts("start_payout", job))
    world.advance(36 * MINUTE)
    first = auctions.credit(job)
    assert (first.out, first.io) == (1_995_000, 99_750_000)
    world.advance(24 * MINUTE)
    market.attest(job, 2 * HOUR)
    market.send(market.jobs("complete", job))
    market.pay_out(job)
    world.send(auctions.payouts("start_payout", job))
    # 1.995 USDC at 1.94, rounded up; the job is closed, and its payout is not.
    second = auctions.credit(job)
    assert (second.receipt, second.io, second.sold_total) == (2, 102_835_052, 3_990_000)
    world.send(auctions.payouts("close_payout", job))
