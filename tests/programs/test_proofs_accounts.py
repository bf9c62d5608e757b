"""Every instruction of the proofs program: each account replaced, unsigned, read-only and closed, each
argument at its ends, and the call sent twice.

Each case is a call that works; what the program accepts besides stands in the exceptions, with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from tests.programs.market import Market
from tests.programs.negative import SETTERS, Case, Check, Suite, joined, market_accounts
from tests.programs.people import TOKEN, Published
from tests.programs.support import DAY, HOUR, Proposal
from tests.programs.test_challenges import (
    WEEK,
    about,
    challenging,
    proposed,
    refuting,
    showing,
    voiding,
)
from tests.programs.test_proofs import params

from ionet import ix, types


def _proposed(market: Market, *, approved: bool) -> Published:
    return proposed(market, {market.alice.node: 30 * TOKEN, market.bob.node: TOKEN}, approved=approved)


def _set_attesters(market: Market) -> Instruction:
    seats = [types.proofs.Seat(one.pubkey(), 2) for one in market.attesters]
    return ix.proofs.set_attesters(authority=market.world.deployer, seats=seats, threshold=3)


def _report(market: Market) -> Instruction:
    market.world.advance(HOUR)
    market.send(ix.mint.emit())
    hours = (market.world.now - market.world.mint_config.start) // HOUR
    return Proposal(market.world, hours, total=TOKEN).report(market.attesters[0].pubkey())


def _approve(market: Market) -> Instruction:
    made = _proposed(market, approved=False)
    return ix.proofs.approve(attester=market.attesters[1].pubkey(), report=made.address)


def _finalize(market: Market) -> Instruction:
    made = _proposed(market, approved=True)
    market.world.advance(DAY)
    return ix.proofs.finalize(report=made.address)


def _refute(market: Market) -> Instruction:
    market.world.advance(DAY)
    market.send(market.credit(market.publish({market.alice.node: 30 * TOKEN})))
    falling = {market.alice.node: 30 * TOKEN - 1, market.bob.node: TOKEN}
    return refuting(market, proposed(market, falling), market.alice.node)


def _challenged(build: Callable[[Market, Published], Instruction]) -> Case[Market]:
    def case(market: Market) -> Instruction:
        made = _proposed(market, approved=True)
        market.send(challenging(market, made))
        return build(market, made)

    return case


def _lift(market: Market, made: Published) -> Instruction:
    market.world.advance(WEEK)
    return about(market, "lift_challenge", made)


def _renew(market: Market) -> Instruction:
    made = _proposed(market, approved=True)
    market.send(voiding(market, made))
    return ix.proofs.renew_report(attester=market.attesters[0].pubkey(), report=made.address)


def _endorse(market: Market) -> Instruction:
    market.world.advance(HOUR)
    market.send(ix.mint.emit())
    hours = (market.world.now - market.world.mint_config.start) // HOUR
    made = Proposal(market.world, hours, total=TOKEN, correction=True)
    market.send(made.report(market.attesters[0].pubkey()))
    return ix.proofs.endorse(guardian=market.world.deployer, report=made.address)


def _show(market: Market) -> Instruction:
    return showing(market, _proposed(market, approved=True))


def _ticking(market: Market) -> Instruction:
    seq = (market.world.now - market.world.mint_config.start) // HOUR + 1
    return ix.proofs.tick(payer=market.world.deployer, seq=seq)


def _ticked(market: Market) -> Pubkey:
    """The hour that runs, begun."""
    market.send(ticking := _ticking(market))
    return ticking.accounts[2].pubkey


def _committing(market: Market) -> Instruction:
    attester = market.attesters[0].pubkey()
    return ix.proofs.commit_compute(attester=attester, hour=_ticked(market), root=bytes(32), count=1)


def _draw(market: Market) -> Instruction:
    hour = _ticked(market)
    for one in market.attesters:
        market.send(ix.proofs.commit_compute(attester=one.pubkey(), hour=hour, root=bytes(32), count=1))
    market.world.client.network.clock.advance(0, slots=40)
    return ix.proofs.draw_hour(hour=hour)


def _close_hour(market: Market) -> Instruction:
    hour = _ticked(market)
    market.world.advance(9 * DAY)
    return ix.proofs.close_hour(hour=hour, payer=market.world.deployer)


def _accept(market: Market) -> Instruction:
    heir = market.actor().pubkey()
    market.send(ix.proofs.propose_authority(authority=market.world.deployer, successor=heir))
    return ix.proofs.accept_authority(successor=heir)


CASES: Final[dict[str, Case[Market]]] = {
    "set_attesters": _set_attesters,
    "report": _report,
    "approve": _approve,
    "finalize": _finalize,
    "refute": _refute,
    "void_report": lambda market: voiding(market, _proposed(market, approved=True)),
    "challenge": lambda market: challenging(market, _proposed(market, approved=True)),
    "decide": _challenged(lambda market, made: about(market, "decide", made, upheld=False)),
    "lift_challenge": _challenged(_lift),
    "renew_report": _renew,
    "endorse": _endorse,
    "show_verdict": _show,
    "tick": _ticking,
    "commit_compute": _committing,
    "draw_hour": _draw,
    "close_hour": _close_hour,
    "set_params": lambda market: ix.proofs.set_params(
        authority=market.world.deployer, params=params(market.world)
    ),
    "set_paused": lambda market: ix.proofs.set_paused(signer=market.world.deployer, paused=1),
    "propose_authority": lambda market: ix.proofs.propose_authority(
        authority=market.world.deployer, successor=market.world.deployer
    ),
    "accept_authority": _accept,
}
SUITE: Final = Suite(
    "proofs",
    CASES,
    scene=joined,
    others=market_accounts,
    free={
        # Whichever attester it is; of any node. Whoever pays.
        "tick": frozenset({"payer"}),
        "report": frozenset({"attester"}),
        "renew_report": frozenset({"attester"}),
        "commit_compute": frozenset({"attester"}),
    },
    absent={
        # A leaf that names no node refutes the report as well.
        "refute": frozenset({"node"}),
        # An account that gets its rent back may have been empty.
        "decide": frozenset({"rent_payer"}),
        "lift_challenge": frozenset({"rent_payer"}),
        "close_hour": frozenset({"payer"}),
    },
    # See test_disproofs.py: a signature stands before them, and a lookup table holds their accounts.
    untested=frozenset({"initialize", "disprove_cell", "disprove_read"}),
    harmless=SETTERS | {"show_verdict", "set_attesters"},
)


@pytest.mark.parametrize("check", SUITE.checks())
def test_the_proofs_program_does_only_what_is_meant(check: Check) -> None:
    check()
