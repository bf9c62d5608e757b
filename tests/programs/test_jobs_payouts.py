"""The jobs program: what a supplier is paid in, when the renter pays in another mint.

Two hours of alice's node in USDC: P = 4.000000, F = P · 225 / 10⁴ = 0.090000. A supplier who takes IO pays
the booking fee alone: S = G − ⌈G · 25 / 10⁴⌉, in USDC, into the job's account of the buyback.
"""

from __future__ import annotations

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.market import IO_MINT, TWO_HOURS, Market
from tests.programs.support import HOUR

from ionet import errors, events, ix, pda, token_account

D_USDC = 4_090_000
vault_of = pda.buyback.payout_vault


def test_a_supplier_who_wants_io_is_paid_through_the_buyback(market: Market) -> None:
    market.set_offer(payout=0)
    job = market.run(mint=market.usdc)
    found = market.job(job)
    assert (found.payout, found.payout_vault) == (0, vault_of(job))
    # The supplier's payment fee is that of IO.
    assert (found.renter_payment_bps, found.supplier_payment_bps) == (200, 0)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    market.refused(market.jobs("settle", job), "AccountNotInitialized")
    vault = market.open_payout(job)
    event = market.send(market.jobs("settle", job)).event(events.jobs.Paid)
    # G = 2, fee ⌈0.005⌉.
    assert (event.party, event.destination, event.amount) == (0, vault, 1_995_000)
    assert (market.world.balance(vault), market.job(job).paid_supplier) == (1_995_000, 1_995_000)
    market.world.advance(HOUR)
    market.attest(job, TWO_HOURS)
    market.send(market.jobs("complete", job))
    # S = 4 − 0.01 in all; fees 0.01 + 0.09.
    assert market.pay_out(job) == (3_990_000 - 1_995_000, 100_000, 0)
    assert market.world.balance(vault) == 3_990_000


def test_nothing_of_the_renters_waits_for_the_payout(market: Market) -> None:
    market.set_offer(payout=0)
    job = market.run(mint=market.usdc)
    market.world.advance(TWO_HOURS)
    market.attest(job, HOUR, TWO_HOURS)
    market.send(market.jobs("complete", job))
    # Nobody has opened the account: fees and refund do not need it.
    assert market.send(market.jobs("refund", job)).event(events.jobs.Paid).amount == 2_000_000
    assert market.send(market.jobs("collect_fees", job)).event(events.jobs.Paid).amount == 95_000
    market.refused(market.jobs("close", job), errors.jobs.NotSettled)
    market.open_payout(job)
    market.send(market.jobs("settle", job))
    market.send(market.jobs("close", job))


def test_such_a_supplier_is_not_paid_anywhere_else(market: Market) -> None:
    market.set_offer(payout=0)
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    market.open_payout(job)
    own, thief = token_account(market.alice.key, market.usdc), market.dave.pubkey()
    others = (own, token_account(thief, market.usdc), market.job(job).fee_vault, market.job(job).escrow)
    for other in others:
        wrong = market.jobs("settle", job, destination=other)
        market.refused(wrong, errors.jobs.WrongDestination)
    market.send(market.jobs("settle", job))


def test_the_payout_account_is_of_the_jobs_mint(market: Market) -> None:
    market.set_offer(payout=0)
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    wrong = ix.buyback.open_payout(payer=market.world.deployer, job=job, mint=IO_MINT)
    market.refused(wrong, errors.buyback.WrongMint)
    market.open_payout(job)
    market.send(market.jobs("settle", job))


def test_the_payout_account_of_another_job_pays_for_none(market: Market) -> None:
    market.set_offer(payout=0)
    first = market.book(mint=market.usdc)
    market.open_payout(first)
    market.send(market.jobs("cancel", first))
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    market.open_payout(job)
    market.refused(market.jobs("settle", job, destination=vault_of(first)), errors.jobs.WrongDestination)


def test_a_job_in_io_pays_io_whatever_the_offer_says(market: Market) -> None:
    for payout in (0, 1):
        market.set_offer(payout=payout)
        found = market.job(job := market.run())
        assert (found.payout_vault, found.supplier_payment_bps) == (Pubkey.default(), 0)
        market.world.advance(TWO_HOURS)
        market.attest(job, TWO_HOURS)
        market.send(market.jobs("complete", job))
        before = market.purse(market.alice.owner)
        market.pay_out(job)
        assert market.purse(market.alice.owner) == before + 202_020_203 - 505_051


def test_the_payout_is_that_of_the_booking(market: Market) -> None:
    market.set_offer(payout=0)
    job = market.run(mint=market.usdc)
    market.set_offer(payout=1)
    assert market.job(job).payout_vault == vault_of(job)


def test_the_payout_currency_is_the_one_that_the_offer_names(market: Market) -> None:
    usdc, io = pda.jobs.currency(market.usdc), pda.jobs.currency(IO_MINT)
    wrong = market.booking(mint=market.usdc, payout_currency=io)
    market.refused(wrong, errors.jobs.WrongPayoutCurrency)
    market.set_offer(payout=0)
    wrong = market.booking(mint=market.usdc, payout_currency=usdc)
    market.refused(wrong, errors.jobs.WrongPayoutCurrency)
    market.book(mint=market.usdc)


def test_another_mint_of_the_table_is_paid_out_in_io_too(market: Market) -> None:
    # Nine decimals at par: P = 4, F = 0.09, S = 4 − 0.01.
    mint, deployer = Keypair().pubkey(), market.world.deployer
    market.world.client.cheats.set_mint(mint, decimals=9, authority=deployer)
    market.world.client.cheats.set_tokens(market.renter.pubkey(), mint, 10 * 10**9)
    market.send(ix.jobs.create_currency(authority=deployer, mint=mint, args=market.currency_args(mint)))
    market.set_offer(payout=0, currencies=(mint, *[Pubkey.default()] * 3))
    job = market.run(mint=mint)
    assert (market.job(job).price, market.job(job).fee) == (4_000_000_000, 90_000_000)
    market.world.advance(TWO_HOURS)
    market.attest(job, TWO_HOURS)
    market.send(market.jobs("complete", job))
    vault = market.open_payout(job)
    market.send(market.jobs("settle", job))
    assert market.world.balance(vault) == 3_990_000_000
