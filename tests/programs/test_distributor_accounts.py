"""Every instruction of the distributor: each account replaced, unsigned, read-only and closed, each argument
at its ends, and the call sent twice.

Each case is a call that works; what the program accepts besides stands in the exceptions, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.model.grants import MONTH
from tests.programs.distribution import Distribution, Drop, schedule
from tests.programs.market import OTHER_CLASS, Market
from tests.programs.negative import SETTERS, Case, Check, Suite
from tests.programs.people import TOKEN
from tests.programs.support import DAY, World
from tests.programs.test_distributor_airdrops import staking

from ionet import IO, Sent, accounts, ix, pda, token_account

IO_MINT: Final = pda.mint.MINT
#: Of grants and airdrops here.
IDS: Final = range(10)


class Scene:
    """A market in which carol and dave have grants and leaves of two airdrops each."""

    def __init__(self) -> None:
        self.market = Market.new()
        self.made = Distribution(self.market.world)
        carol, dave = self.market.carol.pubkey(), self.market.dave.pubkey()
        now = self.market.world.now
        for who in (carol, dave):
            self.made.make_grant(who, schedule(start=now), revocable=True)
        self.drops = [self.made.make_airdrop([(carol, 5 * TOKEN), (dave, 6 * TOKEN)]) for _ in range(2)]
        self.market.world.give_io(self.market.world.deployer, IO(1))
        self.made.treasury()
        for holder in (self.market.carol, self.market.dave):
            self.market.send(self.market.staking("open_position", by=holder))
        self.market.join(self.market.bob, 300 * TOKEN)
        self.market.send(self.market.staking("open_position", of=self.market.bob))

    @property
    def grant(self) -> Pubkey:
        return self.made.granted[0]

    @property
    def drop(self) -> Drop:
        return self.drops[0]

    def reclaimed(self) -> None:
        self.market.world.advance(30 * DAY)
        self.market.world.send(self.made.reclaiming(self.drop))

    @property
    def world(self) -> World:
        return self.market.world

    def signers(self, *instructions: Instruction) -> list[Keypair]:
        return self.market.signers(*instructions)

    def send(self, *instructions: Instruction) -> Sent[None]:
        """Every vault holds what it was funded with, less what was paid out of it."""
        sent = self.market.send(*instructions)
        client, config = self.world.client, self.made.config
        grants = client.fetch_many(accounts.distributor.Grant, [pda.distributor.grant(one) for one in IDS])
        drops = client.fetch_many(accounts.distributor.Airdrop, [pda.distributor.airdrop(one) for one in IDS])
        gone = [(one.vault, one.total, one.released + one.returned) for one in grants if one]
        assert sum(total for _, total, _ in gone) == config.granted
        gone += [(one.vault, one.total, one.claimed + one.returned) for one in drops if one]
        assert sum(total for _, total, _ in gone) == config.granted + config.airdropped
        for vault, total, left in gone:
            assert (self.world.balance(vault) if client.account(vault) else 0) == total - left
        return sent

    def accounts(self) -> Iterator[Pubkey]:
        """Accounts of every type, those of other people, grants and airdrops."""
        market = self.market
        yield from (pda.mint.CONFIG, pda.staking.CONFIG, pda.proofs.CONFIG, pda.distributor.CONFIG)
        yield from (IO_MINT, market.usdc, pda.staking.class_(OTHER_CLASS), pda.mint.EMISSION_VAULT)
        for owner in (*self.made.granted, *(one.address for one in self.drops)):
            yield from (owner, pda.distributor.vault(owner))
        yield from (one.claims() for one in self.drops)
        for who in (market.carol, market.dave, market.renter, market.world.treasury):
            yield from (who.pubkey(), token_account(who.pubkey(), IO_MINT))
            yield token_account(who.pubkey(), market.usdc)
        for supplier in (market.alice, market.bob):
            yield from (supplier.node, supplier.vault, supplier.offer, supplier.key)
            for holder in (market.carol, market.dave):
                yield pda.staking.position(supplier.node, holder.pubkey())


def _release(scene: Scene) -> Instruction:
    scene.world.advance(MONTH)
    return scene.made.release(scene.grant)


def _beneficiary(scene: Scene) -> Instruction:
    carol, dave = scene.market.carol.pubkey(), scene.market.dave.pubkey()
    return ix.distributor.set_beneficiary(beneficiary=carol, grant=scene.grant, successor=dave)


def _accept(scene: Scene) -> Instruction:
    scene.world.send(_beneficiary(scene), signers=[scene.market.carol])
    return ix.distributor.accept_beneficiary(successor=scene.market.dave.pubkey(), grant=scene.grant)


def _open(scene: Scene) -> Instruction:
    drop = scene.made.make_airdrop(scene.drop.leaves, open_=False)
    return scene.made.opening(drop, payer=scene.market.carol.pubkey())


def _reclaim(scene: Scene) -> Instruction:
    scene.world.advance(30 * DAY)
    return scene.made.reclaiming(scene.drop)


def _close(scene: Scene) -> Instruction:
    scene.reclaimed()
    return ix.distributor.close_claims(
        airdrop=scene.drop.address, claims=scene.drop.claims(), rent_payer=scene.world.deployer
    )


def _create_grant(scene: Scene) -> Instruction:
    start = scene.world.now
    payer = scene.market.carol.pubkey()
    return scene.made.granting(
        9, scene.market.carol.pubkey(), {"schedule": schedule(start=start)}, payer=payer
    )


def _create_airdrop(scene: Scene) -> Instruction:
    return scene.made.dropping(
        Drop.of(9, scene.drop.leaves[:1]), {"total": 7}, payer=scene.market.carol.pubkey()
    )


def _params(scene: Scene) -> Instruction:
    who = scene.world.deployer
    return ix.distributor.set_params(authority=who, pauser=who, treasury=who)


def _pause(scene: Scene) -> Instruction:
    return ix.distributor.set_paused(signer=scene.world.deployer, paused=1)


def _propose(scene: Scene) -> Instruction:
    who = scene.world.deployer
    return ix.distributor.propose_authority(authority=who, successor=scene.market.carol.pubkey())


def _succeed(scene: Scene) -> Instruction:
    scene.world.send(_propose(scene))
    return ix.distributor.accept_authority(successor=scene.market.carol.pubkey())


CASES: Final[dict[str, Case[Scene]]] = {
    "create_grant": _create_grant,
    "release": _release,
    "revoke": lambda scene: scene.made.revoke(scene.grant),
    "set_beneficiary": _beneficiary,
    "accept_beneficiary": _accept,
    "create_airdrop": _create_airdrop,
    "open_claims": _open,
    "claim_airdrop": lambda scene: scene.drop.claim(0),
    "claim_into_stake": lambda scene: staking(scene.drop, 0, scene.market.carol, scene.market.alice),
    "reclaim": _reclaim,
    "close_claims": _close,
    "set_params": _params,
    "set_paused": _pause,
    "propose_authority": _propose,
    "accept_authority": _succeed,
}
SUITE: Final = Suite(
    "distributor",
    CASES,
    Scene,
    Scene.accounts,
    # Anybody pays.
    free=dict.fromkeys(("create_grant", "create_airdrop", "open_claims"), frozenset({"payer"})),
    # An account that gets its rent back may have been empty.
    absent=dict.fromkeys(("reclaim", "close_claims"), frozenset({"rent_payer"})),
    harmless=SETTERS | {"set_beneficiary"},
)


@pytest.mark.parametrize("check", SUITE.checks())
def test_the_distributor_does_only_what_is_meant(check: Check) -> None:
    check()
