"""client.governance: proposals from the draft to what they do, and the hand-over of a program."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.instructions import create_idempotent_associated_token_account, transfer_checked
from spl.token.models import TransferCheckedParams
from tests.programs.support import patch

import ionet
from ionet import IO, SOL, USDC, EncodeError, accounts, events, governance, ix, pda, token_account
from ionet.chain.ids import ASSOCIATED_TOKEN_PROGRAM, TOKEN_PROGRAM
from ionet.cli.localnet import PEOPLE, set_up
from ionet.governance.proposals import NATIVE, TREASURY, Choice, Draft, HandOver, Standing, Step

ROOT = Path(__file__).resolve().parents[2]
NOW = 1_800_000_000
DAY = 86_400


def h100() -> int:
    return next(one.id for one in ionet.hardware_classes() if one.name == "H100")


@dataclass(slots=True)
class Dao:
    """Alice has 8,000 and 3,000 IO on nodes, carol 2,000 on the first, the treasury 1,000."""

    deployer: ionet.Client
    people: dict[str, Keypair]
    node: Pubkey = NATIVE

    def as_(self, name: str) -> ionet.Client:
        return self.deployer.as_(self.people[name])

    @property
    def alice(self) -> ionet.Client:
        return self.as_("alice")

    def advance(self, seconds: int) -> None:
        self.deployer.network.clock.advance(seconds)

    def pass_(self, proposal: Pubkey) -> None:
        """Alice votes for it, and its time and its hold-up pass."""
        self.alice.governance.vote(proposal, self.node, Choice.FOR).send()
        self.advance(5 * DAY)
        self.alice.governance.queue(proposal).send()
        self.advance(2 * DAY)


@pytest.fixture
def dao() -> Dao:
    people = {name: Keypair() for name in PEOPLE}
    deployer = ionet.Client.local(signer=people["deployer"], now=NOW)
    set_up(deployer, people)
    found = Dao(deployer, people)
    found.node = (
        found.alice.staking.register(
            class_id=h100(),
            fingerprint=bytes(32),
            device=Keypair(),
            attester=people["attester"],
            commission_bps=1_000,
            region=276,
        )
        .send()
        .result
    )
    found.alice.staking.stake(found.node, IO(8_000)).send()
    found.as_("carol").staking.stake(found.node, IO(2_000)).send()
    found.advance(14 * DAY)
    # As if all hours until now had been credited.
    patch(deployer, found.node, accounts.staking.Node, "credited_through", deployer.time())
    found.as_("carol").staking.activate(found.node).send()
    second = (
        found.alice.staking.register(
            class_id=h100(),
            fingerprint=bytes([1]) * 32,
            device=Keypair(),
            attester=people["attester"],
        )
        .send()
        .result
    )
    found.alice.staking.stake(second, IO(3_000)).send()
    found.advance(7 * DAY)
    deployer.cheats.set_tokens(TREASURY, pda.mint.MINT, IO(1_000).base)
    deployer.airdrop(TREASURY, SOL(10))
    return found


def test_every_instruction_that_a_key_can_call_is_in_the_namespace() -> None:
    idl = json.loads((ROOT / "idl/governance.json").read_text())
    source = (ROOT / "sdk/ionet/governance/_async/governance.py").read_text()
    wanted = {one["name"] for one in idl["instructions"]} - {"set_params", "set_guardian"}
    assert {name for name in wanted if f"ix.governance.{name}(" in source} == wanted


def test_a_payment_from_the_draft_to_the_wallet(dao: Dao) -> None:
    heir, client = Keypair().pubkey(), dao.alice.governance
    draft = Draft(
        "Pay the auditor", governance.pay_io(heir, IO(100)), text="An audit.", uri="https://a.example"
    )
    proposal = client.submit(draft)
    found = client.get_proposal(proposal)
    assert governance.standing(found, dao.alice.time()) is Standing.VOTING
    assert found.content_hash == draft.content_hash(dao.alice.address, 1)
    assert governance.text_of(found.title) == "Pay the auditor"
    assert governance.quorum(found) == IO(1_300)
    mine = token_account(TREASURY, pda.mint.MINT)
    assert [one and governance.describe(one) for one in client.transactions(proposal)] == [
        f"make the token account {token_account(heir, pda.mint.MINT)} of {heir} if it is missing",
        f"pay 100 IO from token account {mine} to token account {token_account(heir, pda.mint.MINT)}",
    ]
    dao.pass_(proposal)
    assert governance.standing(client.get_proposal(proposal), dao.alice.time()) is Standing.READY
    made = client.execute(proposal).send().result
    assert [one.asset for one in made.payments] == [governance.NATIVE]  # the account's rent
    paid = client.execute(proposal).send().result
    assert paid.done
    assert dao.alice.tokens(heir, pda.mint.MINT, IO) == IO(100)
    assert client.treasury()[pda.mint.MINT] == IO(900).base
    before = dao.alice.tokens(dao.alice.address, pda.mint.MINT, IO)
    assert isinstance(client.settle_bond(proposal).send().result, events.governance.BondReturned)
    assert dao.alice.tokens(dao.alice.address, pda.mint.MINT, IO) == before + IO(1_000)
    client.close_transactions(proposal).send()
    assert client.transactions(proposal) == [None, None]
    client.close_votes(proposal).send()
    assert dao.alice.find(accounts.governance.NodeVote, proposal=proposal) == []


def test_the_same_without_blocking(dao: Dao) -> None:
    import asyncio

    async def flow() -> Standing:
        client = ionet.AsyncClient.local(
            network=dao.deployer.network, signer=dao.people["alice"], funds=SOL(0)
        )
        proposal = await client.governance.submit(Draft("A text"))
        await client.governance.vote(proposal, dao.node, Choice.FOR).send()
        dao.advance(5 * DAY)
        await client.governance.queue(proposal).send()
        return governance.standing(await client.governance.get_proposal(proposal), await client.time())

    assert asyncio.run(flow()) is Standing.EXECUTED


def test_ballots_say_what_a_vote_would_weigh_and_says(dao: Dao) -> None:
    proposal = dao.alice.governance.submit(Draft("Anything"))
    first, _ = sorted(dao.alice.governance.ballots(proposal), key=lambda one: one.node != dao.node)
    assert (first.is_owner, first.weight, first.choice) == (True, IO(10_000), None)
    carol = dao.as_("carol").governance
    (ballot,) = carol.ballots(proposal)
    assert (ballot.node, ballot.is_owner, ballot.weight) == (dao.node, False, IO(2_000))
    for choice in (Choice.AGAINST, Choice.ABSTAIN):
        assert carol.vote(proposal, dao.node, choice).send().result.weight == IO(2_000).base
        assert carol.ballots(proposal)[0].choice is choice
    dao.alice.governance.vote(proposal, dao.node, Choice.FOR).send()
    (first,) = [one for one in dao.alice.governance.ballots(proposal) if one.node == dao.node]
    assert (first.weight, first.choice) == (IO(8_000), Choice.FOR)


def test_a_proposal_that_was_interrupted_goes_on(dao: Dao) -> None:
    client = dao.alice.governance
    draft = Draft("Two payments", [governance.pay_sol(dao.alice.address, SOL(1))] * 2)
    address = client.propose(draft, nonce=7).send().result
    client.add(address, 0, draft.transactions[0]).send()
    with pytest.raises(EncodeError, match="is another one"):
        client.submit(Draft("Other words", draft.transactions), nonce=7)
    assert client.submit(draft, nonce=7) == address
    assert client.get_proposal(address).transactions == 2
    with pytest.raises(EncodeError, match="no draft any more"):
        client.submit(draft, nonce=7)
    assert client.next_nonce() == 8


def test_who_has_too_little_is_told_before_anything_is_sent(dao: Dao) -> None:
    with pytest.raises(EncodeError, match=r"takes 10,?000.* IO of active stake.* has 2,?000"):
        dao.as_("carol").governance.submit(Draft("Mine"))
    assert dao.alice.governance.proposals() == []


def test_a_lost_bond_is_burned(dao: Dao) -> None:
    client = dao.alice.governance
    proposal = client.submit(Draft("Nobody cares"))
    dao.advance(5 * DAY)
    assert governance.standing(client.get_proposal(proposal), dao.alice.time()) is Standing.FAILED
    assert isinstance(client.settle_bond(proposal).send().result, events.governance.BondBurned)


def test_a_draft_is_cancelled(dao: Dao) -> None:
    client = dao.alice.governance
    proposal = client.propose(Draft("Hasty")).send().result
    client.cancel(proposal).send()
    assert governance.standing(client.get_proposal(proposal), dao.alice.time()) is Standing.CANCELLED


@pytest.mark.parametrize("program", governance.programs())
def test_parameters_are_what_they_are_but_for_the_changes(dao: Dao, program: str) -> None:
    config = dao.deployer.fetch(getattr(accounts, program).Config, getattr(pda, program).CONFIG)
    now = governance.params_of(program, config)
    assert now
    with pytest.raises(EncodeError, match=f"{program} has no parameter speed"):
        governance.parameters(program, config, speed=1)
    same = governance.parameters(program, config, authority=dao.deployer.address)
    if program != "governance":
        dao.deployer.send(same)
        after = dao.deployer.fetch(getattr(accounts, program).Config, getattr(pda, program).CONFIG)
        assert governance.params_of(program, after) == now
    assert dao.alice.governance.parameters(program).accounts[0].pubkey == TREASURY


def test_a_change_changes_that_alone(dao: Dao) -> None:
    made = dao.alice.governance.parameters("staking", cooldown=20 * DAY)
    args = ionet.types.staking.ParamsArgs.CODEC.decode(bytes(made.data)[8:])
    config = dao.deployer.fetch(accounts.staking.Config, pda.staking.CONFIG)
    assert (args.cooldown, args.appeal, args.resolver) == (20 * DAY, config.appeal, config.resolver)


def test_calls_of_the_treasury_are_proposed_and_not_sent(dao: Dao) -> None:
    call = dao.alice.governance.as_treasury().proofs.set_attesters({dao.alice.address: 1})
    assert call.ix() == [governance.attesters({dao.alice.address: 1})]
    fees = ionet.FeePolicy(compute_limit=200_000, price=0)
    with pytest.raises(ionet.MissingSigner, match="propose it"):
        call.tx(fees=fees)


def test_what_does_not_fit_is_refused_before_it_is_sent() -> None:
    for title, uri in (("x" * 65, ""), ("", "x" * 97)):
        with pytest.raises(EncodeError, match="are the most"):
            _ = Draft(title, uri=uri).args
    with pytest.raises(EncodeError, match="16 transactions at most"):
        Draft("Many", [governance.pay_sol(TREASURY, SOL(1))] * 17)
    stranger = Keypair().pubkey()
    with pytest.raises(EncodeError, match="only the treasury"):
        governance.stored(ix.mint.set_params(authority=stranger, pauser=stranger))
    with pytest.raises(EncodeError, match="no program 'luck'"):
        governance.accept_authority("luck")


def test_what_a_transaction_does_is_told_in_a_line(dao: Dao) -> None:
    key, program = Keypair().pubkey(), accounts.jobs.Config.PROGRAM_ID

    def told(instruction: Any) -> str:
        return governance.describe(governance.stored(instruction))

    assert told(governance.guardian(key)) == "governance.set_guardian"
    assert told(dao.alice.governance.parameters("jobs")) == "jobs.set_params"
    assert told(governance.pay_sol(key, SOL("1.5"))) == f"pay 1.5 SOL from the treasury to {key}"
    usdc = governance.pay_usdc(key, USDC(2), program)[1]
    mine, theirs = token_account(TREASURY, program), token_account(key, program)
    assert (
        told(usdc)
        == f"pay 2000000 base units of {program} from token account {mine} to token account {theirs}"
    )
    # What only looks like one of them is shown as it is.
    nested = Instruction(ASSOCIATED_TOKEN_PROGRAM, b"\x02", governance.pay_io(key, IO(1))[0].accounts)
    assert told(nested).endswith("with 6 accounts and data 02")
    assert told(Instruction(TOKEN_PROGRAM, b"\x0c", [])).endswith("with 0 accounts and data 0c")
    assert told(Instruction(accounts.mint.Config.PROGRAM_ID, b"x", [])) == "mint.78"
    assert told(governance.upgrade(program, key)) == f"upgrade jobs from buffer {key}"
    assert told(governance.hand_upgrades_to(program, key)).startswith(f"make {key} the upgrade authority of")
    assert told(governance.hand_upgrades_to(program, None)).startswith("make nobody the upgrade authority of")


def test_payments_are_the_token_librarys() -> None:
    heir, mint = Keypair().pubkey(), pda.mint.MINT
    opening, moving = governance.pay_io(heir, IO("1.25"))
    assert opening == create_idempotent_associated_token_account(TREASURY, heir, mint)
    params = TransferCheckedParams(
        program_id=TOKEN_PROGRAM,
        source=token_account(TREASURY, mint),
        mint=mint,
        dest=token_account(heir, mint),
        owner=TREASURY,
        amount=125_000_000,
        decimals=8,
    )
    assert moving == transfer_checked(params)


def test_a_program_is_handed_over_step_by_step(dao: Dao) -> None:
    deployer, alice = dao.deployer.governance, dao.alice.governance
    assert not any(one.handed_over for one in deployer.authorities())
    with pytest.raises(EncodeError, match="only mint's authority"):
        alice.hand_over("mint")
    assert deployer.hand_over("mint").step is Step.NAMED
    proposed = alice.hand_over("mint")
    assert proposed.step is Step.PROPOSED
    assert proposed.proposal is not None
    assert proposed.until == dao.alice.time() + 5 * DAY
    waiting = HandOver("mint", Step.WAITING, proposed.proposal, proposed.until)
    assert alice.hand_over("mint") == waiting
    alice.vote(proposed.proposal, dao.node, Choice.FOR).send()
    dao.advance(5 * DAY)
    queued = deployer.hand_over("mint")
    assert (queued.step, queued.until) == (Step.QUEUED, dao.alice.time() + 2 * DAY)
    assert deployer.hand_over("mint").step is Step.WAITING
    dao.advance(2 * DAY)
    assert deployer.hand_over("mint").step is Step.DONE
    assert deployer.hand_over("mint").step is Step.DONE
    (mint,) = [one for one in deployer.authorities() if one.program == "mint"]
    assert (mint.authority, mint.pending, mint.handed_over) == (TREASURY, None, True)
    with pytest.raises(EncodeError, match="no program 'luck' to hand over"):
        deployer.hand_over("luck")


def test_upgrades_are_given_to_the_treasury(dao: Dao) -> None:
    dao.deployer.governance.give_upgrades("jobs").send()
    (jobs,) = [one for one in dao.alice.governance.authorities() if one.program == "jobs"]
    assert jobs.upgrade_authority == TREASURY
