"""Every instruction of the governance program, with each account replaced, unsigned and read-only.

Each case is a call that works. It may not work any more when one account is another one, but for what `FREE`
names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from tests.programs.dao import AGAINST, IO_MINT, NATIVE, TREASURY, VOTING, Dao
from tests.programs.people import TOKEN
from tests.programs.test_governance import burning, ending, params, returning

from ionet import ix, pda, token_account

IDL: Final = Path(__file__).resolve().parents[2] / "idl" / "governance.json"
Case = Callable[[Dao], Instruction]


def _paying(dao: Dao) -> Instruction:
    return dao.paying(IO_MINT, dao.world.io_account(dao.carol.pubkey()), TOKEN)


def _voting(name: str) -> Case:
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


def _bond(burned: bool) -> Case:
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
    return dao.executing(dao.queued(_paying(dao)))


CASES: Final[dict[str, Case]] = {
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
}
#: `initialize` is tested by itself. What the treasury signs no transaction can: an execution does.
ELSEWHERE: Final = {"initialize", "set_params", "set_guardian"}
#: Accounts that may be another one, and why.
FREE: Final = {
    # Anybody pays.
    ("open_node_vote", "payer"),
    ("open_outflow", "payer"),
    # Whichever IO account he may spend from, or is his.
    ("return_bond", "destination"),
    # Every vote that is over ends alike, and each is a vote of its own.
    ("queue", "proposal"),
    ("close_node_vote", "node_vote"),
}


def works(dao: Dao, payer: Pubkey, instruction: Instruction) -> bool:
    """Whether a call would succeed; signatures are not looked at, flags are."""
    instructions = [instruction, set_compute_unit_limit(1_400_000)]
    network = dao.world.client.network
    message = MessageV0.try_compile(payer, instructions, [], network.latest_blockhash)
    signatures = [Signature.default()] * message.header.num_required_signatures
    return network.simulate(VersionedTransaction.populate(message, signatures)).error is None


def names(instruction: str) -> list[str]:
    """The names of an instruction's accounts, in order."""
    idl = json.loads(IDL.read_text())
    found = next(one for one in idl["instructions"] if one["name"] == instruction)
    return [one["name"] for one in found["accounts"]]


def changed(instruction: Instruction, index: int, meta: AccountMeta) -> Instruction:
    metas = list(instruction.accounts)
    metas[index] = meta
    return Instruction(instruction.program_id, bytes(instruction.data), metas)


def others(dao: Dao, instruction: Instruction) -> Iterator[Pubkey]:
    """An account of every type, those of other proposals and people, and nothing at all."""
    yield from {meta.pubkey for meta in instruction.accounts}
    yield Keypair().pubkey()
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


def test_every_instruction_has_a_case() -> None:
    idl = json.loads(IDL.read_text())
    assert set(CASES) == {one["name"] for one in idl["instructions"]} - ELSEWHERE


@pytest.mark.parametrize("name", CASES)
def test_no_account_can_be_another_one(dao: Dao, name: str) -> None:
    call, payer = CASES[name](dao), dao.actor().pubkey()
    assert works(dao, payer, call)
    accepted = set()
    for index, account in enumerate(names(name)):
        meta = call.accounts[index]
        if (name, account) in FREE:
            continue
        accepted |= {
            f"{account}: {other}"
            for other in others(dao, call)
            if other != meta.pubkey
            and works(dao, payer, changed(call, index, AccountMeta(other, meta.is_signer, meta.is_writable)))
        }
    assert not accepted


@pytest.mark.parametrize("name", CASES)
def test_every_signature_and_every_writable_account_is_needed(dao: Dao, name: str) -> None:
    call, payer = CASES[name](dao), dao.actor().pubkey()
    assert works(dao, payer, call)
    needless = []
    for index, account in enumerate(names(name)):
        meta = call.accounts[index]
        if meta.is_signer and works(
            dao, payer, changed(call, index, AccountMeta(meta.pubkey, False, meta.is_writable))
        ):
            needless.append(f"{account} need not sign")
        if meta.is_writable and works(
            dao, payer, changed(call, index, AccountMeta(meta.pubkey, meta.is_signer, False))
        ):
            needless.append(f"{account} need not be writable")
    assert not needless


@pytest.mark.parametrize("name", [one for one in CASES if one not in ("owner_vote", "change_vote")])
def test_nothing_is_done_twice(dao: Dao, name: str) -> None:
    call, payer = CASES[name](dao), dao.actor().pubkey()
    dao.send(call)
    assert not works(dao, payer, call)


def test_what_the_treasury_signs_nobody_else_can(dao: Dao) -> None:
    payer = dao.actor().pubkey()
    for call in (
        ix.governance.set_params(params=params()),
        ix.governance.set_guardian(guardian=payer),
    ):
        # It would work with the treasury's signature, which no transaction has.
        assert works(dao, payer, call)
        unsigned = changed(call, 0, AccountMeta(TREASURY, False, False))
        assert not works(dao, payer, unsigned)
        assert not works(dao, payer, changed(call, 0, AccountMeta(payer, True, False)))
