"""The jobs program: payments out of an escrow, and its end."""

from __future__ import annotations

import dataclasses

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import close_account, transfer
from spl.token.models import CloseAccountParams, TransferParams
from tests.programs.market import IO_MINT, TWO_HOURS, Market
from tests.programs.people import TOKEN
from tests.programs.support import HOUR

from ionet import USDC, errors, events, ix, pda, token_account
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.chain.layouts import TokenState

# Two hours at 4 USD: see test_jobs_money.
P_IO, F_IO, D_USDC = 202_020_203, 505_051, 4_090_000


def test_everyone_is_paid_once_and_in_any_order(market: Market) -> None:
    job = market.run(mint=market.usdc)
    market.world.advance(TWO_HOURS)
    market.attest(job, HOUR, TWO_HOURS)
    market.send(market.jobs("complete", job))
    # G = 2,000,000, fee 45,000, E = F.
    owed = {"refund": 2_000_000, "collect_fees": 135_000, "settle": 1_955_000}
    held = D_USDC
    for party, name in ((2, "refund"), (1, "collect_fees"), (0, "settle")):
        event = market.send(market.jobs(name, job)).event(events.jobs.Paid)
        held -= owed[name]
        assert (event.party, event.amount, event.paid, event.held) == (party, owed[name], owed[name], held)
        if held:
            market.refused(market.jobs("close", job), errors.jobs.NotSettled)
        again = market.send(market.jobs(name, job)).event(events.jobs.Paid)
        assert (again.party, again.amount, again.paid, again.held) == (party, 0, owed[name], held)
    assert held == 0


def test_closing_gives_the_rent_back_to_the_one_who_paid_it(market: Market) -> None:
    client = market.world.client
    before = client.balance(market.renter.pubkey())
    job = market.book()
    rent = market.world.raw(job).lamports + market.world.raw(market.job(job).escrow).lamports
    assert client.balance(market.renter.pubkey()).base == before.base - rent
    market.send(market.jobs("cancel", job))
    market.refused(market.jobs("close", job, rent_payer=market.alice.key), errors.jobs.WrongRentPayer)
    for name in ("refund", "collect_fees"):
        market.send(market.jobs(name, job))
    market.refused(market.jobs("close", job, rent_payer=market.alice.key), errors.jobs.WrongRentPayer)
    closing = market.jobs("close", job)
    event = market.send(closing).event(events.jobs.JobClosed)
    assert (event.job, event.surplus) == (job, 0)
    assert client.balance(market.renter.pubkey()) == before
    market.refused(closing, "AccountOwnedByWrongProgram")


@pytest.mark.parametrize("paid_out", [False, True])
def test_a_gift_to_the_escrow_changes_no_share_and_keeps_it_from_no_close(
    market: Market, paid_out: bool
) -> None:
    job = market.run()
    found = market.job(job)
    market.world.advance(TWO_HOURS)
    market.attest(job, TWO_HOURS)
    market.send(market.jobs("complete", job))
    vault = market.world.balance(found.fee_vault)
    if not paid_out:
        market.gift(found.escrow, 777)
    for name in ("settle", "collect_fees", "refund"):
        market.send(market.jobs(name, job))
    if paid_out:
        market.gift(found.escrow, 777)
    assert market.job(job).paid_supplier == P_IO - F_IO
    event = market.send(market.jobs("close", job)).event(events.jobs.JobClosed)
    assert event.surplus == 777
    assert market.world.balance(found.fee_vault) == vault + 2 * F_IO + 777
    assert market.world.client.account(found.escrow) is None


def close_wallet(market: Market, who: Pubkey, mint: Pubkey) -> None:
    """Empties and closes somebody's associated token account."""
    wallet, sink = token_account(who, mint), token_account(market.carol.pubkey(), mint)
    amount = market.world.balance(wallet)
    market.send(
        transfer(
            TransferParams(program_id=TOKEN_PROGRAM_ID, source=wallet, dest=sink, owner=who, amount=amount)
        ),
        close_account(CloseAccountParams(program_id=TOKEN_PROGRAM_ID, account=wallet, dest=who, owner=who)),
    )


def test_a_closed_account_of_one_party_blocks_no_other(market: Market) -> None:
    for closed, blocked, others in [
        (market.alice.key, "settle", ("refund", "collect_fees")),
        (market.renter.pubkey(), "refund", ("settle", "collect_fees")),
    ]:
        job = market.run(mint=market.usdc)
        market.world.advance(TWO_HOURS)
        market.attest(job, HOUR, TWO_HOURS)
        market.send(market.jobs("complete", job))
        close_wallet(market, closed, market.usdc)
        market.refused(market.jobs(blocked, job), "AccountNotInitialized")
        for name in others:
            market.send(market.jobs(name, job))
        # Any other account of his will do.
        market.world.usdc_account(closed)
        market.world.give_usdc(closed, USDC(100))
        market.send(market.jobs(blocked, job))
        market.send(market.jobs("close", job))


def test_a_frozen_account_of_one_party_blocks_no_other(market: Market) -> None:
    for frozen, blocked, others in [
        (market.alice.key, "settle", ("refund", "collect_fees")),
        (market.renter.pubkey(), "refund", ("settle", "collect_fees")),
    ]:
        job = market.run(mint=market.usdc)
        market.world.advance(TWO_HOURS)
        market.attest(job, HOUR, TWO_HOURS)
        market.send(market.jobs("complete", job))
        wallet = token_account(frozen, market.usdc)
        found = market.world.client.token_account(wallet)
        for state in (TokenState.FROZEN, TokenState.INITIALIZED):
            data = dataclasses.replace(found, state=state).encode()
            market.world.client.network.set_account(wallet, data=data, owner=TOKEN_PROGRAM)
            if state is TokenState.FROZEN:
                market.refused(market.jobs(blocked, job), "AccountFrozen")
                for name in others:
                    market.send(market.jobs(name, job))
        market.send(market.jobs(blocked, job))
        market.send(market.jobs("close", job))


def test_payments_go_to_accounts_of_their_party_alone(market: Market) -> None:
    job = market.run()
    market.world.advance(TWO_HOURS)
    market.attest(job, HOUR, TWO_HOURS)
    market.send(market.jobs("complete", job))
    supplier, renter = (token_account(one, IO_MINT) for one in (market.alice.key, market.renter.pubkey()))
    found = market.job(job)
    for name, wrong, error in [
        ("settle", renter, errors.jobs.WrongDestination),
        ("settle", found.fee_vault, errors.jobs.WrongDestination),
        ("settle", token_account(market.alice.key, market.usdc), errors.jobs.WrongMint),
        ("refund", supplier, errors.jobs.WrongDestination),
        ("refund", token_account(market.renter.pubkey(), market.usdc), errors.jobs.WrongMint),
        ("collect_fees", supplier, errors.jobs.WrongVault),
        ("collect_fees", other_shard(market, job), errors.jobs.WrongVault),
    ]:
        market.refused(market.jobs(name, job, destination=wrong), error)
    market.refused(market.jobs("close", job, fee_vault=other_shard(market, job)), errors.jobs.NotSettled)
    for name in ("settle", "refund", "collect_fees"):
        market.send(market.jobs(name, job))
    wrong_vault = market.jobs("close", job, fee_vault=other_shard(market, job))
    market.refused(wrong_vault, errors.jobs.WrongVault)


def other_shard(market: Market, job: Pubkey) -> Pubkey:
    """A fee vault of the job's mint that is not the job's."""
    return pda.buyback.vault(market.job(job).mint, (bytes(job)[-1] + 1) % 8)


def test_a_fee_vault_that_nobody_opened_yet_delays_the_fees_alone(market: Market) -> None:
    # Two hours at par in a currency of 9 decimals: P = 4, F = 4 · 2.25 % = 0.09.
    mint, deployer = Keypair().pubkey(), market.world.deployer
    market.world.client.cheats.set_mint(mint, decimals=9, authority=deployer)
    market.world.client.cheats.set_tokens(market.renter.pubkey(), mint, 10 * 10**9)
    market.world.client.cheats.set_tokens(market.alice.key, mint, 0)
    args = market.currency_args(mint)
    market.send(ix.jobs.create_currency(authority=deployer, mint=mint, args=args))
    market.set_offer(currencies=(mint, *[Pubkey.default()] * 3))
    job = market.run(mint=mint)
    assert (market.job(job).price, market.job(job).fee) == (4_000_000_000, 90_000_000)
    market.world.advance(TWO_HOURS)
    market.attest(job, HOUR, TWO_HOURS)
    market.send(market.jobs("complete", job))
    for name in ("settle", "refund"):
        market.send(market.jobs(name, job))
    market.refused(market.jobs("collect_fees", job), "AccountNotInitialized")
    market.refused(market.jobs("close", job), errors.jobs.NotSettled)
    anyone = market.actor().pubkey()
    market.send(ix.buyback.open_vault(payer=anyone, mint=mint, shard=bytes(job)[-1] % 8))
    # Half of it: 1.955 to the supplier, 2 back, and 0.045 + 0.09 in fees.
    assert market.pay_out(job) == (0, 135_000_000, 0)
    assert market.purse(market.alice.owner, mint) == 1_955_000_000
    assert market.purse(market.renter, mint) == 10 * 10**9 - 4_090_000_000 + 2_000_000_000


def test_the_escrow_of_another_job_pays_for_none(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    mine, other = market.run(), market.run(of=market.bob)
    market.world.advance(TWO_HOURS)
    for job in (mine, other):
        market.attest(job, HOUR, TWO_HOURS)
        market.send(market.jobs("complete", job))
    wrong = market.job(other).escrow
    for name in ("settle", "refund", "collect_fees"):
        market.refused(market.jobs(name, mine, escrow=wrong), errors.jobs.WrongEscrow)
        market.send(market.jobs(name, mine))
    market.refused(market.jobs("close", mine, escrow=wrong), errors.jobs.WrongEscrow)


def test_the_events_of_a_job_are_numbered_without_a_gap(market: Market) -> None:
    job = market.run()
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    for name in ("settle", "stop", "complete", "collect_fees", "refund", "close"):
        market.send(market.jobs(name, job))
    found = [
        event
        for signature in reversed(list(market.world.client.history(job)))
        for event in market.world.client.transaction(signature).events
        if getattr(event, "job", None) == job
    ]
    kinds = ["Booked", "Started", "Attested", "Paid", "Stopped", "Ended", "Paid", "Paid", "JobClosed"]
    assert [type(event).__name__ for event in found] == kinds
    assert [event.seq for event in found] == list(range(1, 10))  # type: ignore[attr-defined]
