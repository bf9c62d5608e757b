"""Every instruction of the mint program: each account replaced, unsigned, read-only and closed, each
argument at its ends, and the call sent twice.

Each case is a call that works; what the program accepts besides stands in the exceptions, with its reason.
"""

from __future__ import annotations

from typing import Final

import pytest
from solders.instruction import Instruction
from tests.programs.market import Market
from tests.programs.negative import Case, Suite
from tests.programs.support import HOUR

from ionet import ix, types

HALF: Final = types.mint.PolicyArgs(kind=1, floor_bps=5_000, per_burned_bps=0)


def _genesis(market: Market) -> Instruction:
    me = market.world.deployer
    return ix.mint.mint_genesis(authority=me, destination=market.world.io_account(me), allocation=1)


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


CASES: Final[dict[str, Case]] = {
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
    # The authority names whom an allocation goes to.
    free={"mint_genesis": frozenset({"destination"})},
    absent={},
)


def test_every_instruction_has_a_case() -> None:
    """The other one, `initialize`, is tested with the roles."""
    SUITE.every_instruction_has_a_case()


@pytest.mark.parametrize("name", CASES)
def test_no_account_can_be_another_one(name: str) -> None:
    SUITE.no_account_can_be_another_one(name)


@pytest.mark.parametrize("name", CASES)
def test_every_signature_and_every_writable_account_is_needed(name: str) -> None:
    SUITE.every_signature_and_every_writable_account_is_needed(name)


@pytest.mark.parametrize("name", CASES)
def test_no_account_may_be_closed(name: str) -> None:
    SUITE.no_account_may_be_closed(name)


@pytest.mark.parametrize("name", CASES)
def test_arguments_at_their_ends_are_refused_or_harmless(name: str) -> None:
    SUITE.arguments_at_their_ends_are_refused_or_harmless(name)


@pytest.mark.parametrize("name", SUITE.once)
def test_the_same_call_twice_moves_no_tokens_twice(name: str) -> None:
    SUITE.the_same_call_twice_moves_no_tokens_twice(name)
