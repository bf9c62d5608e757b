"""Every instruction of the buyback program, with each account replaced, unsigned and read-only.

Each case is a call that works. It may not work any more when one account is another one, but for what `FREE`
names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.auctions import DOLLAR, Auctions, params
from tests.programs.market import IO_FEED, IO_MINT, Market
from tests.programs.people import TOKEN
from tests.programs.test_buyback_payouts import offer, owing
from tests.programs.test_market_accounts import IDL, changed, names, others, works

from ionet import IO, accounts, ix, pda, price_feed, token_account

Case = Callable[[Auctions], Instruction]


def _opened(auctions: Auctions) -> Pubkey:
    job = owing(auctions)
    auctions.world.send(auctions.payouts("open_payout", job))
    return job


def _selling(auctions: Auctions) -> Instruction:
    auctions.offer(1_000 * DOLLAR)
    return auctions.selling(50 * TOKEN)


def _crediting(auctions: Auctions) -> Instruction:
    job = _opened(auctions)
    offer(auctions, job, 1_000 * DOLLAR)
    return auctions.crediting(job, 50 * TOKEN)


def _burning(auctions: Auctions) -> Instruction:
    purse = auctions.world.give_io(auctions.world.deployer, IO(1))
    auctions.world.pay_io(purse, pda.buyback.vault(IO_MINT, 0), TOKEN)
    return ix.buyback.burn_fees(shard=0)


def _starting(auctions: Auctions) -> Instruction:
    auctions.pay(auctions.vault, 1_000 * DOLLAR)
    return auctions.starting()


def _starting_payout(auctions: Auctions) -> Instruction:
    job = _opened(auctions)
    auctions.pay(pda.buyback.payout_vault(job), 1_000 * DOLLAR)
    return auctions.payouts("start_payout", job)


def _filled(auctions: Auctions) -> Pubkey:
    job = _opened(auctions)
    auctions.pay(pda.buyback.payout_vault(job), 1_000 * DOLLAR)
    return job


def _closing(auctions: Auctions) -> Instruction:
    job = _opened(auctions)
    auctions.world.client.network.set_account(job, lamports=0)
    return auctions.payouts("close_payout", job)


def _admin(auctions: Auctions, name: str) -> Instruction:
    who = auctions.world.deployer
    if name == "set_params":
        return ix.buyback.set_params(authority=who, params=params(who))
    if name == "set_paused":
        return ix.buyback.set_paused(signer=who, paused=1)
    heir = auctions.market.actor().pubkey()
    propose = ix.buyback.propose_authority(authority=who, successor=heir)
    if name == "propose_authority":
        return propose
    auctions.market.send(propose)
    return ix.buyback.accept_authority(successor=heir)


def _vault(auctions: Auctions) -> Instruction:
    mint = Keypair().pubkey()
    auctions.world.client.cheats.set_mint(mint, decimals=6)
    return ix.buyback.open_vault(payer=auctions.market.carol.pubkey(), mint=mint, shard=0)


CASES: Final[dict[str, Case]] = {
    "sell_io": _selling,
    "sell_to_supplier": _crediting,
    "burn_fees": _burning,
    "start_auction": _starting,
    "start_payout": _starting_payout,
    "open_payout": lambda one: one.payouts("open_payout", owing(one)),
    "withdraw_payout": lambda one: one.payouts("withdraw_payout", _filled(one)),
    "close_payout": _closing,
    "open_vault": _vault,
    "open_auction": lambda one: ix.buyback.open_auction(payer=one.world.deployer, mint=one.mint, shard=1),
    **{
        name: partial(_admin, name=name)
        for name in ("set_params", "set_paused", "propose_authority", "accept_authority")
    },
}

#: Accounts that may be another one, and why.
FREE: Final = {
    # Anybody pays.
    ("open_vault", "payer"),
    ("open_auction", "payer"),
    ("open_payout", "payer"),
}
#: What is meant again when it is sent again: a sale takes more of the lot.
AGAIN: Final = {"sell_io", "sell_to_supplier"}


def prepared(case: Case) -> tuple[Auctions, Instruction, Pubkey]:
    """Auctions in which the call works at a fresh price, and somebody to pay for it."""
    market = Market.new()
    market.join(market.bob, 300 * TOKEN)
    auctions = Auctions(market)
    # Another auction and another payout, each with a lot, and a price of IO elsewhere.
    auctions.world.send(ix.buyback.open_auction(payer=auctions.world.deployer, mint=auctions.mint, shard=7))
    call = case(auctions)
    market.set_price()
    market.set_price(auctions.mint)
    return auctions, call, market.actor().pubkey()


def candidates(auctions: Auctions, call: Instruction) -> Iterator[Pubkey]:
    """Accounts of every type."""
    yield from others(auctions.market, call)
    yield from (pda.buyback.auction(auctions.mint, shard) for shard in (0, 7))
    yield from (pda.buyback.vault(auctions.mint, shard) for shard in range(8))
    yield from (pda.jobs.currency(IO_MINT), price_feed(IO_FEED), auctions.purse)
    for one in (auctions.market.alice.owner, auctions.market.bob.owner, auctions.market.dave):
        yield token_account(one.pubkey(), auctions.mint)


def test_accounts_of_the_jobs_program_lie_as_they_are_read() -> None:
    """The buyback reads the leading fields that io_common::abi names."""
    job, currency = accounts.jobs.Job.OFFSETS, accounts.jobs.Currency.OFFSETS
    assert (job["version"], job["payout"], job["supplier"], job["mint"]) == (8, 13, 120, 152)
    named = ("version", "pricing", "decimals", "payment_bps", "mint", "feed_id", "price_account", "vaults")
    assert [currency[one] for one in named] == [8, 10, 12, 14, 16, 48, 80, 112]


def test_every_instruction_has_a_case() -> None:
    """The other one, `initialize`, is tested with the roles."""
    idl = json.loads((IDL / "buyback.json").read_text())
    assert set(CASES) == {one["name"] for one in idl["instructions"]} - {"initialize"}


@pytest.mark.parametrize("name", CASES)
def test_no_account_of_the_buyback_can_be_another_one(name: str) -> None:
    auctions, call, payer = prepared(CASES[name])
    assert works(auctions.market, payer, call)
    accepted = set()
    for index, account in enumerate(names("buyback", name)):
        meta = call.accounts[index]
        if (name, account) in FREE:
            continue
        for other in candidates(auctions, call):
            swapped = changed(call, index, AccountMeta(other, meta.is_signer, meta.is_writable))
            if other != meta.pubkey and works(auctions.market, payer, swapped):
                accepted.add(f"{account}: {other}")
    assert not accepted


@pytest.mark.parametrize("name", CASES)
def test_every_signature_and_writable_account_of_the_buyback_is_needed(name: str) -> None:
    auctions, call, payer = prepared(CASES[name])
    needless = []
    for index, account in enumerate(names("buyback", name)):
        meta = call.accounts[index]
        if meta.is_signer:
            unsigned = changed(call, index, AccountMeta(meta.pubkey, False, meta.is_writable))
            needless += ["signer " + account] if works(auctions.market, payer, unsigned) else []
        if meta.is_writable:
            fixed = changed(call, index, AccountMeta(meta.pubkey, meta.is_signer, False))
            needless += ["writable " + account] if works(auctions.market, payer, fixed) else []
    assert not needless


@pytest.mark.parametrize("name", sorted(set(CASES) - AGAIN))
def test_the_same_call_of_the_buyback_twice_moves_no_tokens_twice(name: str) -> None:
    auctions, call, payer = prepared(CASES[name])
    market = auctions.market
    market.send(call)
    tokens = {
        meta.pubkey: bytes(found.data)
        for meta in call.accounts
        if (found := market.world.client.account(meta.pubkey)) is not None and len(found.data) == 165
    }
    if works(market, payer, call):
        market.send(call)
    for key, data in tokens.items():
        assert bytes(market.world.raw(key).data) == data, f"{name} moved tokens of {key} again"
