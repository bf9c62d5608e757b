"""Every instruction of the buyback program: each account replaced, unsigned, read-only and closed, each
argument at its ends, and the call sent twice.

Each case is a call that works; what the program accepts besides stands in the exceptions, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.auctions import DOLLAR, Auctions, params
from tests.programs.market import IO_FEED, IO_MINT
from tests.programs.negative import SETTERS, Case, Check, Suite, joined, market_accounts
from tests.programs.people import TOKEN
from tests.programs.test_buyback_payouts import offer, owing

from ionet import IO, Sent, accounts, ix, pda, price_feed, token_account
from ionet.administration.shards import fee_vaults

#: Of the other auction.
OTHER: Final = 7


class Scene(Auctions):
    """Auctions and payouts, of which another one has a lot: an auction, and the payout of a job of bob's."""

    def __init__(self) -> None:
        super().__init__(joined())
        market, bob = self.market, self.market.bob
        self.world.send(ix.buyback.open_auction(payer=self.world.deployer, mint=self.mint, shard=OTHER))
        vault = pda.buyback.vault(self.mint, OTHER)
        self.pay(vault, 1_000 * DOLLAR)
        self.world.send(self.starting(auction=pda.buyback.auction(self.mint, OTHER), vault=vault))
        in_io = market.offer_args(payout=0)
        market.send(ix.jobs.set_offer(owner=bob.key, node=bob.node, args=in_io))
        self.bobs = market.run(mint=self.mint, of=bob)
        self.world.send(self.payouts("open_payout", self.bobs))
        offer(self, self.bobs, 1_000 * DOLLAR)

    def signers(self, *instructions: Instruction) -> list[Keypair]:
        return self.market.signers(*instructions)

    def send(self, *instructions: Instruction) -> Sent[None]:
        return self.market.send(*instructions)

    def accounts(self) -> Iterator[Pubkey]:
        yield from market_accounts(self.market)
        yield from (pda.buyback.auction(self.mint, shard) for shard in (0, OTHER))
        yield from fee_vaults(self.mint)
        yield from (self.bobs, pda.buyback.payout(self.bobs), pda.buyback.payout_vault(self.bobs))
        yield from (pda.jobs.currency(IO_MINT), price_feed(IO_FEED), self.purse)
        for one in (self.market.alice.owner, self.market.bob.owner, self.market.dave):
            yield token_account(one.pubkey(), self.mint)


def _opened(scene: Scene) -> Pubkey:
    job = owing(scene)
    scene.world.send(scene.payouts("open_payout", job))
    return job


def _selling(scene: Scene) -> Instruction:
    scene.offer(1_000 * DOLLAR)
    return scene.selling(50 * TOKEN)


def _crediting(scene: Scene) -> Instruction:
    job = _opened(scene)
    offer(scene, job, 1_000 * DOLLAR)
    return scene.crediting(job, 50 * TOKEN)


def _burning(scene: Scene) -> Instruction:
    purse = scene.world.give_io(scene.world.deployer, IO(1))
    scene.world.pay_io(purse, pda.buyback.vault(IO_MINT, 0), TOKEN)
    return ix.buyback.burn_fees(shard=0)


def _starting(scene: Scene) -> Instruction:
    scene.pay(scene.vault, 1_000 * DOLLAR)
    return scene.starting()


def _starting_payout(scene: Scene) -> Instruction:
    job = _opened(scene)
    scene.pay(pda.buyback.payout_vault(job), 1_000 * DOLLAR)
    return scene.payouts("start_payout", job)


def _closing(scene: Scene) -> Instruction:
    job = _opened(scene)
    scene.world.client.network.set_account(job, lamports=0)
    return scene.payouts("close_payout", job)


def _withdrawing(scene: Scene) -> Instruction:
    job = _opened(scene)
    scene.pay(pda.buyback.payout_vault(job), 1_000 * DOLLAR)
    return scene.payouts("withdraw_payout", job)


def _accept(scene: Scene) -> Instruction:
    heir = scene.market.actor().pubkey()
    scene.send(ix.buyback.propose_authority(authority=scene.world.deployer, successor=heir))
    return ix.buyback.accept_authority(successor=heir)


def _vault(scene: Scene) -> Instruction:
    mint = Keypair().pubkey()
    scene.world.client.cheats.set_mint(mint, decimals=6)
    return ix.buyback.open_vault(payer=scene.market.carol.pubkey(), mint=mint, shard=0)


CASES: Final[dict[str, Case[Scene]]] = {
    "sell_io": _selling,
    "sell_to_supplier": _crediting,
    "burn_fees": _burning,
    "start_auction": _starting,
    "start_payout": _starting_payout,
    "open_payout": lambda scene: scene.payouts("open_payout", owing(scene)),
    "withdraw_payout": _withdrawing,
    "close_payout": _closing,
    "open_vault": _vault,
    "open_auction": lambda scene: ix.buyback.open_auction(
        payer=scene.world.deployer, mint=scene.mint, shard=1
    ),
    "set_params": lambda scene: ix.buyback.set_params(
        authority=scene.world.deployer, params=params(scene.world.deployer)
    ),
    "set_paused": lambda scene: ix.buyback.set_paused(signer=scene.world.deployer, paused=1),
    "propose_authority": lambda scene: ix.buyback.propose_authority(
        authority=scene.world.deployer, successor=scene.world.deployer
    ),
    "accept_authority": _accept,
}
SUITE: Final = Suite(
    "buyback",
    CASES,
    Scene,
    Scene.accounts,
    # Anybody pays.
    free=dict.fromkeys(("open_vault", "open_auction", "open_payout"), frozenset({"payer"})),
    absent={
        # An account that gets its rent back may have been empty.
        "close_payout": frozenset({"rent_payer"}),
        # The price account of a currency at par is the one named, and is not read.
        **dict.fromkeys(
            ("sell_io", "sell_to_supplier", "start_auction", "start_payout"), frozenset({"currency_price"})
        ),
    },
    # A sale takes more of the lot.
    again=frozenset({"sell_io", "sell_to_supplier"}),
    # An empty vault has nothing to burn.
    harmless=SETTERS | {"burn_fees"},
)


@pytest.mark.parametrize("check", SUITE.checks())
def test_the_buyback_does_only_what_is_meant(check: Check) -> None:
    check()


def test_accounts_of_the_jobs_program_lie_as_they_are_read() -> None:
    """The buyback reads the leading fields that io_common::abi names."""
    job, currency = accounts.jobs.Job.OFFSETS, accounts.jobs.Currency.OFFSETS
    assert (job["version"], job["payout"], job["supplier"], job["mint"]) == (8, 13, 120, 152)
    named = ("version", "pricing", "decimals", "payment_bps", "mint", "feed_id", "price_account", "vaults")
    assert [currency[one] for one in named] == [8, 10, 12, 14, 16, 48, 80, 112]
