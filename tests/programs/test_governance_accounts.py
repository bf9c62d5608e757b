"""Every instruction of the governance program: each account replaced, unsigned, read-only and closed, each
argument at its ends, and the call sent twice.

Each case is a call that works; what the program accepts besides stands in the exceptions, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from tests.programs.dao import AGAINST, IO_MINT, NATIVE, TREASURY, VOTING, Dao
from tests.programs.negative import Case, Check, Suite
from tests.programs.people import TOKEN
from tests.programs.test_governance import burning, ending, params, returning

from ionet import ix, pda, token_account


def _paying(dao: Dao) -> Instruction:
    return dao.paying(IO_MINT, dao.world.io_account(dao.carol.pubkey()), TOKEN)


def _voting(name: str) -> Case[Dao]:
    def case(dao: Dao) -> Instruction:
        proposal = dao.open()
        # Another vote of the same people, whose accounts must not do.
        other = dao.open(by=dao.beta)
        for one in (proposal, other):
            for house in (dao.alpha, dao.beta):
                dao.open_node(one, house)
            dao.vote(one, dao.beta, holder=dao.carol)
        if name == "open_node_vote":
            return dao.opening(proposal, dao.gamma)
        if name == "owner_vote":
            return dao.owner_voting(proposal, dao.alpha)
        if name == "cast_vote":
            return dao.casting(proposal, dao.alpha, dao.carol)
        if name == "change_vote":
            return dao.changing(proposal, dao.beta, dao.carol, AGAINST)
        dao.world.advance(VOTING)
        if name == "close_vote":
            position = pda.staking.position(dao.beta.node, dao.carol.pubkey())
            vote = pda.governance.vote(proposal, position)
            return ix.governance.close_vote(proposal=proposal, vote=vote, rent_payer=dao.carol.pubkey())
        node_vote = pda.governance.node_vote(proposal, dao.beta.node)
        return ix.governance.close_node_vote(
            proposal=proposal, node_vote=node_vote, rent_payer=dao.world.deployer
        )

    return case


def _bond(burned: bool) -> Case[Dao]:
    def case(dao: Dao) -> Instruction:
        proposal = dao.open()
        dao.draft(by=dao.beta)
        if not burned:
            dao.vote(proposal, dao.alpha)
        ending(dao, proposal)
        return burning(dao, proposal) if burned else returning(dao, proposal)

    return case


def _queue(dao: Dao) -> Instruction:
    proposal = dao.open()
    dao.open(by=dao.beta)
    dao.world.advance(VOTING)
    return ix.governance.queue(proposal=proposal)


def _close_transaction(dao: Dao) -> Instruction:
    proposal = dao.queued(_paying(dao))
    dao.send(dao.executing(proposal))
    return ix.governance.close_transaction(
        proposal=proposal, transaction=pda.governance.transaction(proposal, 0), rent_payer=dao.alpha.key
    )


def _execute(dao: Dao) -> Instruction:
    dao.queued(_paying(dao), by=dao.beta)
    return dao.executing(dao.queued(_paying(dao)), outflows=[IO_MINT])


CASES: Final[dict[str, Case[Dao]]] = {
    "propose": lambda dao: dao.proposing(),
    "add_transaction": lambda dao: dao.adding(dao.draft(), 0, _paying(dao)),
    "activate": lambda dao: dao.activating(dao.draft()),
    **{
        name: _voting(name)
        for name in (
            *("open_node_vote", "owner_vote", "cast_vote", "change_vote"),
            *("close_vote", "close_node_vote"),
        )
    },
    "queue": _queue,
    "execute": _execute,
    "cancel": lambda dao: ix.governance.cancel(signer=dao.alpha.key, proposal=dao.draft()),
    "return_bond": _bond(burned=False),
    "burn_bond": _bond(burned=True),
    "close_transaction": _close_transaction,
    "open_outflow": lambda dao: ix.governance.open_outflow(payer=dao.world.deployer, asset=dao.alpha.key),
    "set_params": lambda dao: ix.governance.set_params(params=params()),
    "set_guardian": lambda dao: ix.governance.set_guardian(guardian=dao.carol.pubkey()),
}


def _accounts(dao: Dao) -> Iterator[Pubkey]:
    """An account of every type, those of other proposals and people."""
    yield from (pda.governance.CONFIG, pda.staking.CONFIG, pda.mint.CONFIG, TREASURY)
    yield from (pda.governance.outflow(asset) for asset in (IO_MINT, dao.world.usdc, NATIVE))
    for house in dao.voters.houses:
        yield from (house.key, house.node, house.device, house.shard, token_account(house.key, IO_MINT))
        for nonce in range(1, 4):
            proposal = pda.governance.proposal(house.key, nonce)
            yield from (
                proposal,
                pda.governance.bond_vault(proposal),
                pda.governance.transaction(proposal, 0),
            )
            for node in (dao.alpha.node, dao.beta.node):
                yield pda.governance.node_vote(proposal, node)
                position = pda.staking.position(node, dao.carol.pubkey())
                yield from (position, pda.governance.vote(proposal, position))
    for holder in (dao.carol, dao.dave):
        yield from (holder.pubkey(), token_account(holder.pubkey(), IO_MINT))
    yield from (token_account(TREASURY, IO_MINT), dao.world.usdc, IO_MINT)


SUITE: Final = Suite(
    "governance",
    CASES,
    Dao.new,
    _accounts,
    free={
        # Anybody pays.
        "open_node_vote": frozenset({"payer"}),
        "open_outflow": frozenset({"payer"}),
        # Every vote that is over ends alike, and each is a vote of its own.
        "queue": frozenset({"proposal"}),
        "close_node_vote": frozenset({"node_vote"}),
    },
    absent={
        # A treasury without SOL pays IO all the same.
        "execute": frozenset({"remaining 3"}),
        # An account that gets its rent back may have been empty.
        **dict.fromkeys(
            ("close_vote", "close_node_vote", "close_transaction", "return_bond", "burn_bond"),
            frozenset({"rent_payer"}),
        ),
    },
    # A vote may be cast anew until voting ends.
    again=frozenset({"owner_vote", "change_vote"}),
    # What the treasury signs no transaction can: an execution does.
    unsendable=frozenset({"set_params", "set_guardian"}),
)


@pytest.mark.parametrize("check", SUITE.checks())
def test_governance_does_only_what_is_meant(check: Check) -> None:
    check()
