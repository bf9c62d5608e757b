"""Every instruction of the distributor, with each account replaced, unsigned and read-only.

As tests/programs/test_market_accounts.py does for staking and jobs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.model.grants import MONTH
from tests.programs.distribution import Distribution, Drop, schedule
from tests.programs.market import OTHER_CLASS, Market
from tests.programs.people import TOKEN
from tests.programs.support import DAY
from tests.programs.test_distributor_airdrops import staking
from tests.programs.test_market_accounts import IDL, changed, names, works

from ionet import IO, ix, pda, token_account

IO_MINT: Final = pda.mint.MINT


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

    def others(self, instruction: Instruction) -> Iterator[Pubkey]:
        """Accounts of every type, those of other people, grants and airdrops, and nothing at all."""
        market = self.market
        yield from {meta.pubkey for meta in instruction.accounts}
        yield Keypair().pubkey()
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


Case = Callable[[Scene], Instruction]


def _release(scene: Scene) -> Instruction:
    scene.market.world.advance(MONTH)
    return scene.made.release(scene.grant)


def _beneficiary(scene: Scene) -> Instruction:
    carol, dave = scene.market.carol.pubkey(), scene.market.dave.pubkey()
    return ix.distributor.set_beneficiary(beneficiary=carol, grant=scene.grant, successor=dave)


def _accept(scene: Scene) -> Instruction:
    scene.market.world.send(_beneficiary(scene), signers=[scene.market.carol])
    return ix.distributor.accept_beneficiary(successor=scene.market.dave.pubkey(), grant=scene.grant)


def _open(scene: Scene) -> Instruction:
    drop = scene.made.make_airdrop(scene.drop.leaves, open_=False)
    return scene.made.opening(drop, payer=scene.market.carol.pubkey())


def _reclaim(scene: Scene) -> Instruction:
    scene.market.world.advance(30 * DAY)
    return scene.made.reclaiming(scene.drop)


def _close(scene: Scene) -> Instruction:
    scene.reclaimed()
    return ix.distributor.close_claims(
        airdrop=scene.drop.address, claims=scene.drop.claims(), rent_payer=scene.market.world.deployer
    )


def _create_grant(scene: Scene) -> Instruction:
    start = scene.market.world.now
    payer = scene.market.carol.pubkey()
    return scene.made.granting(
        9, scene.market.carol.pubkey(), {"schedule": schedule(start=start)}, payer=payer
    )


def _create_airdrop(scene: Scene) -> Instruction:
    return scene.made.dropping(
        Drop.of(9, scene.drop.leaves[:1]), {"total": 7}, payer=scene.market.carol.pubkey()
    )


def _params(scene: Scene) -> Instruction:
    who = scene.market.world.deployer
    return ix.distributor.set_params(authority=who, pauser=who, treasury=who)


def _pause(scene: Scene) -> Instruction:
    return ix.distributor.set_paused(signer=scene.market.world.deployer, paused=1)


def _propose(scene: Scene) -> Instruction:
    who = scene.market.world.deployer
    return ix.distributor.propose_authority(authority=who, successor=scene.market.carol.pubkey())


def _succeed(scene: Scene) -> Instruction:
    scene.market.world.send(_propose(scene))
    return ix.distributor.accept_authority(successor=scene.market.carol.pubkey())


CASES: Final[dict[str, Case]] = {
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
#: Accounts that may be another one, and why.
FREE: Final = {
    # Anybody pays.
    ("create_grant", "payer"),
    ("create_airdrop", "payer"),
    ("open_claims", "payer"),
}


def test_every_instruction_has_a_case() -> None:
    """The other one, `initialize`, is tested with the roles."""
    idl = json.loads((IDL / "distributor.json").read_text())
    assert set(CASES) == {one["name"] for one in idl["instructions"]} - {"initialize"}


@pytest.mark.parametrize("name", CASES)
def test_no_account_can_be_another_one(name: str) -> None:
    scene = Scene()
    call, payer = CASES[name](scene), scene.market.actor().pubkey()
    assert works(scene.market, payer, call)
    accepted = set()
    for index, account in enumerate(names("distributor", name)):
        meta = call.accounts[index]
        if (name, account) in FREE:
            continue
        accepted |= {
            f"{account}: {other}"
            for other in scene.others(call)
            if other != meta.pubkey
            and works(
                scene.market,
                payer,
                changed(call, index, AccountMeta(other, meta.is_signer, meta.is_writable)),
            )
        }
    assert not accepted


@pytest.mark.parametrize("name", CASES)
def test_every_signature_and_every_writable_account_is_needed(name: str) -> None:
    scene = Scene()
    call, payer = CASES[name](scene), scene.market.actor().pubkey()
    assert works(scene.market, payer, call)
    needless = []
    for index, account in enumerate(names("distributor", name)):
        meta = call.accounts[index]
        if meta.is_signer:
            unsigned = changed(call, index, AccountMeta(meta.pubkey, False, meta.is_writable))
            needless += ["signer " + account] if works(scene.market, payer, unsigned) else []
        if meta.is_writable:
            fixed = changed(call, index, AccountMeta(meta.pubkey, meta.is_signer, False))
            needless += ["writable " + account] if works(scene.market, payer, fixed) else []
    assert not needless


@pytest.mark.parametrize("name", CASES)
def test_the_same_call_twice_moves_no_tokens_twice(name: str) -> None:
    scene = Scene()
    call, world = CASES[name](scene), scene.market.world
    world.send(call, signers=scene.market.signers(call))
    tokens = {
        meta.pubkey: bytes(found.data)
        for meta in call.accounts
        if (found := world.client.account(meta.pubkey)) is not None and len(found.data) == 165
    }
    if works(scene.market, scene.market.actor().pubkey(), call):
        world.send(call, signers=scene.market.signers(call))
    for key, data in tokens.items():
        assert bytes(world.raw(key).data) == data, f"{name} moved tokens of {key} again"
