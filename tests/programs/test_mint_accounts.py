"""Every instruction of the mint program: each account replaced, unsigned, read-only and closed, each
argument at its ends, and the call sent twice.

Each case is a call that works; what the program accepts besides stands in the exceptions, with its reason.
"""

from __future__ import annotations

from typing import Final

import pytest
from solders.instruction import Instruction
from tests.programs.market import Market
from tests.programs.negative import SETTERS, Case, Check, Suite, joined, market_accounts
from tests.programs.support import HOUR

from ionet import ix, types

HALF: Final = types.mint.PolicyArgs(types.mint.PolicyKind.DEMAND_LINKED, 5_000, per_burned_bps=0)


def _genesis(market: Market) -> Instruction:
    me = market.world.deployer
    return ix.mint.mint_genesis(
        authority=me, destination=market.world.io_account(me), allocation=types.mint.Allocation.RESEARCH
    )


def _set_policy(market: Market) -> Instruction:
    market.world.advance(HOUR)
    return ix.mint.set_policy(authority=market.world.deployer, policy=HALF)


def _emit(market: Market) -> Instruction:
    # Both vaults are paid, and what was burned is looked at.
    market.send(_set_policy(market))
    market.world.advance(HOUR)
    return ix.mint.emit()


def _burn_reserve(market: Market) -> Instruction:
    market.send(_emit(market))
    return ix.mint.burn_reserve()


def _accept(market: Market) -> Instruction:
    heir = market.actor().pubkey()
    market.send(ix.mint.propose_authority(authority=market.world.deployer, successor=heir))
    return ix.mint.accept_authority(successor=heir)


CASES: Final[dict[str, Case[Market]]] = {
    "mint_genesis": _genesis,
    "emit": _emit,
    "set_policy": _set_policy,
    "burn_reserve": _burn_reserve,
    "set_params": lambda market: ix.mint.set_params(
        authority=market.world.deployer, pauser=market.world.deployer
    ),
    "set_paused": lambda market: ix.mint.set_paused(signer=market.world.deployer, paused=1),
    "propose_authority": lambda market: ix.mint.propose_authority(
        authority=market.world.deployer, successor=market.world.deployer
    ),
    "accept_authority": _accept,
}
SUITE: Final = Suite(
    "mint",
    CASES,
    scene=joined,
    others=market_accounts,
    # The authority names whom an allocation goes to.
    free={"mint_genesis": frozenset({"destination"})},
    # Within the hour there is nothing to mint, and in an empty reserve nothing to burn.
    harmless=SETTERS | {"burn_reserve", "emit", "set_policy"},
)


@pytest.mark.parametrize("check", SUITE.checks())
def test_the_mint_program_does_only_what_is_meant(check: Check) -> None:
    check()
