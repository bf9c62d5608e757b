"""Execution: exactly what was voted on, once, in order, after its hold-up; and the treasury's limit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import (
    AssignParams,
    TransferParams,
    assign,
    transfer,
)
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import (
    approve_checked,
    close_account,
    set_authority,
)
from spl.token.models import ApproveCheckedParams, AuthorityType, CloseAccountParams, SetAuthorityParams
from tests.programs.dao import (
    AGAINST,
    CLASS,
    EXPIRY,
    HOLD_UP,
    IO_MINT,
    NATIVE,
    TREASURY,
    VOTING,
    Dao,
)
from tests.programs.market import Market
from tests.programs.people import TOKEN, class_args
from tests.programs.support import DAY
from tests.programs.test_approvals import reference
from tests.programs.test_governance import params

from ionet import IO, SOL, Client, accounts, errors, events, governance, ix, pda, token_account, types
from ionet.chain.ids import BPF_LOADER_UPGRADEABLE, SYSTEM_PROGRAM
from ionet.chain.pda import program_data

Error = errors.governance
DOLLAR: Final = 10**6
LAMPORTS: Final = 10**9
VAULT: Final = token_account(TREASURY, IO_MINT)
IDL: Final = Path(__file__).resolve().parents[2] / "idl"


def carols(dao: Dao) -> Pubkey:
    """Her IO account."""
    return dao.world.io_account(dao.carol.pubkey())


def sol(dao: Dao, lamports: int, to: Pubkey | None = None) -> Instruction:
    """A payment of SOL."""
    to_pubkey = dao.carol.pubkey() if to is None else to
    return transfer(TransferParams(from_pubkey=TREASURY, to_pubkey=to_pubkey, lamports=lamports))


# -- when


def test_nothing_is_executed_before_its_hold_up_or_after_its_time(dao: Dao) -> None:
    proposal = dao.open(dao.paying(IO_MINT, carols(dao), TOKEN))
    dao.vote(proposal, dao.alpha)
    dao.refused(dao.executing(proposal), Error.NotQueued)
    dao.world.advance(VOTING)
    dao.refused(dao.executing(proposal), Error.NotQueued)
    sent = dao.send(ix.governance.queue(proposal=proposal))
    now = dao.world.now
    assert sent.event(events.governance.VotingEnded) == events.governance.VotingEnded(
        5, proposal, True, 45_000 * TOKEN, 0, 0, now + HOLD_UP, now + HOLD_UP + EXPIRY
    )
    dao.refused(ix.governance.queue(proposal=proposal), Error.NotVoting)
    dao.world.advance(HOLD_UP - 1)
    dao.refused(dao.executing(proposal), Error.HeldUp)
    dao.world.advance(1)
    # A clock that goes back a little takes no second turn away.
    dao.send(dao.executing(proposal))
    late = dao.queued(dao.paying(IO_MINT, carols(dao), TOKEN))
    dao.world.advance(EXPIRY + 1)
    dao.refused(dao.executing(late), Error.Expired)


def test_a_defeated_proposal_is_not_executed(dao: Dao) -> None:
    proposal = dao.open(dao.paying(IO_MINT, carols(dao), TOKEN))
    dao.vote(proposal, dao.alpha, AGAINST)
    dao.world.advance(VOTING)
    sent = dao.send(ix.governance.queue(proposal=proposal))
    assert not sent.event(events.governance.VotingEnded).passed
    dao.world.advance(HOLD_UP)
    dao.refused(dao.executing(proposal), Error.NotQueued)


def test_transactions_are_executed_in_order_and_each_once(dao: Dao) -> None:
    wallet = carols(dao)
    proposal = dao.queued(*(dao.paying(IO_MINT, wallet, amount * TOKEN) for amount in (1, 2, 3)))
    before = dao.world.balance(wallet)
    dao.refused(dao.executing(proposal, 1), Error.WrongIndex)
    dao.send(dao.executing(proposal, 0))
    dao.refused(dao.executing(proposal, 0), Error.WrongIndex)
    dao.refused(dao.executing(proposal, 2), Error.WrongIndex)
    # What is left may be executed in one transaction.
    done = dao.send(dao.executing(proposal, 1), dao.executing(proposal, 2))
    assert [one.done for one in done.events if isinstance(one, events.governance.Executed)] == [False, True]
    assert dao.world.balance(wallet) == before + 6 * TOKEN
    found = dao.proposal(proposal)
    assert (found.state, found.executed, found.progress) == (3, 3, found.content_hash)


def test_what_fails_changes_nothing_and_can_be_tried_again(dao: Dao) -> None:
    # The second payment is to an account that is not there yet.
    heir = dao.actor().pubkey()
    theirs = token_account(heir, IO_MINT)
    proposal = dao.queued(dao.paying(IO_MINT, carols(dao), TOKEN), dao.paying(IO_MINT, theirs, TOKEN))
    dao.send(dao.executing(proposal, 0))
    dao.fails(dao.executing(proposal, 1), "invalid account data")
    assert dao.proposal(proposal).executed == 1
    dao.world.io_account(heir)
    dao.send(dao.executing(proposal, 1))
    assert dao.world.balance(theirs) == TOKEN


# -- exactly what was voted on


def test_the_accounts_are_those_of_the_transaction(dao: Dao) -> None:
    wallet, thiefs = carols(dao), dao.world.io_account(dao.actor().pubkey())
    proposal = dao.queued(dao.paying(IO_MINT, wallet, TOKEN))
    metas = list(dao.executing(proposal).accounts)
    given = [one for one in metas if one.pubkey in (VAULT, IO_MINT, wallet, TREASURY)]

    def executing(*changed: AccountMeta, **more: Any) -> Instruction:
        outflow = AccountMeta(pda.governance.outflow(IO_MINT), False, True)
        return dao.executing(proposal, remaining_accounts=[*changed, outflow], **more)

    vault, mint, to, treasury = given
    for wrong in (
        (vault, mint, AccountMeta(thiefs, False, True), treasury),
        (vault, to, mint, treasury),
        (vault, mint, to, AccountMeta(dao.world.deployer, True, True)),
        (AccountMeta(vault.pubkey, False, False), mint, to, treasury),
    ):
        dao.refused(executing(*wrong), Error.WrongAccounts)
    dao.refused(dao.executing(proposal, remaining_accounts=given[:3]), Error.WrongAccounts)
    dao.refused(executing(*given, callee=SYSTEM_PROGRAM), Error.WrongAccounts)
    # Another proposal's transaction, and the transaction for another proposal.
    other = dao.queued(dao.paying(IO_MINT, thiefs, TOKEN), by=dao.beta)
    theirs = pda.governance.transaction(other, 0)
    dao.refused(dao.executing(proposal, transaction=theirs), Error.WrongProposal)
    dao.send(executing(*given))


def test_a_transaction_that_was_tampered_with_is_not_executed(dao: Dao) -> None:
    # No instruction writes to a stored transaction: this takes a hand in the account itself.
    proposal = dao.queued(dao.paying(IO_MINT, carols(dao), TOKEN))
    place = pda.governance.transaction(proposal, 0)
    found = dao.world.raw(place)
    data = bytearray(found.data)
    data[-9] ^= 2  # the amount
    dao.world.client.network.set_account(place, lamports=found.lamports, data=bytes(data), owner=found.owner)
    dao.refused(dao.executing(proposal), Error.NotVotedOn)


def test_signatures_of_others_are_not_passed_on(dao: Dao) -> None:
    # The proposal names the executor's own account; his signature pays the fee, and nothing else.
    victim = dao.world.deployer
    steal = transfer(TransferParams(from_pubkey=victim, to_pubkey=TREASURY, lamports=LAMPORTS))
    metas = [AccountMeta(one.pubkey, False, one.is_writable) for one in steal.accounts]
    proposal = dao.queued(Instruction(steal.program_id, bytes(steal.data), metas))
    executing = dao.executing(proposal)
    signed = [AccountMeta(one.pubkey, one.pubkey == victim, one.is_writable) for one in executing.accounts]
    tried = Instruction(executing.program_id, bytes(executing.data), signed)
    dao.fails(tried, "missing required signature")


# -- the treasury


def test_the_treasury_pays_io_usdc_and_sol(dao: Dao) -> None:
    io, usdc = carols(dao), dao.world.usdc_account(dao.carol.pubkey())
    before = dao.world.balance(io), dao.world.raw(dao.carol.pubkey()).lamports
    paid = dao.enact(
        dao.paying(IO_MINT, io, 2_500 * TOKEN),
        dao.paying(dao.world.usdc, usdc, 2_500 * DOLLAR),
        sol(dao, 25 * LAMPORTS),
    )
    assert dao.world.balance(io) == before[0] + 2_500 * TOKEN
    assert dao.world.balance(usdc) == 2_500 * DOLLAR
    assert dao.world.raw(dao.carol.pubkey()).lamports == before[1] + 25 * LAMPORTS
    payments = [one.event(events.governance.Executed).payments for one in paid]
    assert payments == [
        (types.governance.Payment(1, IO_MINT, 2_500 * TOKEN, 2_500 * TOKEN),),
        (types.governance.Payment(1, dao.world.usdc, 2_500 * DOLLAR, 2_500 * DOLLAR),),
        (types.governance.Payment(1, NATIVE, 25 * LAMPORTS, 25 * LAMPORTS),),
    ]


@pytest.mark.parametrize("asset", ["IO", "USDC", "SOL"])
def test_no_more_than_a_quarter_leaves_in_seven_days(dao: Dao, asset: str) -> None:
    def pay(part: int) -> Instruction:
        """Parts of ten thousand."""
        if asset == "SOL":
            return sol(dao, part * LAMPORTS // 100)
        mint = IO_MINT if asset == "IO" else dao.world.usdc
        to = carols(dao) if asset == "IO" else dao.world.usdc_account(dao.carol.pubkey())
        return dao.paying(mint, to, part * (TOKEN if asset == "IO" else DOLLAR))

    dao.refused(dao.executing(dao.queued(pay(2_501))), Error.OutflowLimit)
    proposal = dao.queued(pay(1_500), pay(1_000), pay(1), pay(1_875))
    dao.send(dao.executing(proposal, 0))
    dao.world.advance(DAY)
    dao.send(dao.executing(proposal, 1))
    dao.refused(dao.executing(proposal, 2), Error.OutflowLimit)
    # Eight days are looked at by the day, so that no seven exceed the limit.
    dao.world.advance(8 * DAY)
    dao.send(dao.executing(proposal, 2))
    dao.refused(dao.executing(proposal, 3), Error.OutflowLimit)


def test_what_leaves_is_counted_or_does_not_leave(dao: Dao) -> None:
    proposal = dao.queued(dao.paying(IO_MINT, carols(dao), TOKEN))
    dao.refused(dao.executing(proposal, outflows=()), Error.OutflowMissing)
    dao.refused(dao.executing(proposal, outflows=[dao.world.usdc, NATIVE]), Error.OutflowMissing)
    fake = dao.executing(proposal, outflows=())
    metas = [*fake.accounts, AccountMeta(pda.governance.CONFIG, False, True)]
    dao.refused(Instruction(fake.program_id, bytes(fake.data), metas), "AccountDiscriminatorMismatch")
    dao.send(dao.executing(proposal))


def test_nobody_opens_an_outflow_account_twice(dao: Dao) -> None:
    again = ix.governance.open_outflow(payer=dao.world.deployer, asset=IO_MINT)
    dao.refused(again, "AccountAlreadyInUse")
    wrong = ix.governance.open_outflow(
        payer=dao.world.deployer, asset=dao.alpha.key, outflow=pda.governance.outflow(dao.beta.key)
    )
    dao.refused(wrong, "ConstraintSeeds")


def test_moving_between_the_treasurys_own_accounts_is_no_outflow(dao: Dao) -> None:
    second = Keypair().pubkey()
    found = dao.world.raw(VAULT)
    data = bytearray(found.data)
    data[64:72] = bytes(8)
    dao.world.client.network.set_account(second, lamports=found.lamports, data=bytes(data), owner=found.owner)
    (sent,) = dao.enact(dao.paying(IO_MINT, second, 9_000 * TOKEN))
    assert sent.event(events.governance.Executed).payments == ()
    assert dao.world.balance(second) == 9_000 * TOKEN


def test_an_account_named_twice_is_held_once(dao: Dao) -> None:
    # With the vault behind it twice more, the payment is the same quarter of the same holdings.
    pay = dao.paying(IO_MINT, carols(dao), 2_500 * TOKEN)
    metas = [*pay.accounts, AccountMeta(VAULT, False, True), AccountMeta(VAULT, False, True)]
    (sent,) = dao.enact(Instruction(pay.program_id, bytes(pay.data), metas))
    (paid,) = sent.event(events.governance.Executed).payments
    assert paid.amount == 2_500 * TOKEN


def test_the_treasury_gives_nothing_away_that_leaves_later(dao: Dao) -> None:
    heir = dao.actor().pubkey()
    approve = approve_checked(
        ApproveCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            source=VAULT,
            mint=IO_MINT,
            delegate=heir,
            owner=TREASURY,
            amount=TOKEN,
            decimals=8,
        )
    )
    close, owner = (
        set_authority(
            SetAuthorityParams(
                program_id=TOKEN_PROGRAM_ID,
                account=VAULT,
                authority=kind,
                current_authority=TREASURY,
                new_authority=heir,
            )
        )
        for kind in (AuthorityType.CLOSE_ACCOUNT, AuthorityType.ACCOUNT_OWNER)
    )
    itself = assign(AssignParams(pubkey=TREASURY, owner=heir))
    for given, error in (
        (approve, Error.TreasuryDelegated),
        (close, Error.TreasuryDelegated),
        (owner, Error.OutflowLimit),
        (itself, Error.TreasuryChanged),
    ):
        dao.refused(dao.executing(dao.queued(given)), error)


def test_an_emptied_account_is_closed(dao: Dao) -> None:
    usdc = dao.world.usdc
    empty = token_account(TREASURY, usdc)
    found = dao.world.raw(empty)
    data = bytearray(found.data)
    data[64:72] = bytes(8)
    dao.world.client.network.set_account(empty, lamports=found.lamports, data=bytes(data), owner=found.owner)
    dao.enact(
        close_account(
            CloseAccountParams(program_id=TOKEN_PROGRAM_ID, account=empty, dest=TREASURY, owner=TREASURY)
        )
    )
    assert dao.world.client.account(empty) is None


def test_rent_that_the_treasury_pays_is_counted(dao: Dao) -> None:
    class_ = ix.staking.create_class(authority=dao.world.deployer, id=77, args=class_args())
    handed_over(dao, "staking")
    as_treasury = ix.staking.create_class(authority=TREASURY, id=77, args=class_args())
    dao.refused(class_, errors.staking.NotAuthority)
    (sent,) = dao.enact(as_treasury)
    (paid,) = sent.event(events.governance.Executed).payments
    assert (paid.asset, paid.amount) == (NATIVE, dao.world.raw(pda.staking.class_(77)).lamports)
    assert dao.world.client.fetch(accounts.staking.Class, pda.staking.class_(77)).id == 77


# -- the hand-over


#: Every program besides governance itself.
OTHERS: Final = sorted({path.stem for path in IDL.glob("*.json")} - {"governance"})


def authority(dao: Dao, program: str) -> Pubkey:
    kind, place = getattr(accounts, program).Config, getattr(pda, program).CONFIG
    found: Pubkey = dao.world.client.fetch(kind, place).roles.authority
    return found


def handed_over(dao: Dao, program: str) -> None:
    """The old authority names the treasury, and an executed proposal accepts."""
    build = getattr(ix, program)
    dao.send(build.propose_authority(authority=dao.world.deployer, successor=TREASURY))
    assert authority(dao, program) == dao.world.deployer
    dao.enact(build.accept_authority(successor=TREASURY))
    assert authority(dao, program) == TREASURY


#: What a program's authority alone may do, besides what every program has: as some key would call it.
AUTHORITY: Final[dict[str, dict[str, Callable[[Dao, Pubkey], Instruction]]]] = {
    "mint": {
        "mint_genesis": lambda dao, key: ix.mint.mint_genesis(
            authority=key, destination=carols(dao), allocation=types.mint.Allocation.RESEARCH
        ),
        "set_policy": lambda dao, key: ix.mint.set_policy(
            authority=key, policy=types.mint.PolicyArgs(types.mint.PolicyKind.FIXED, 0, 0)
        ),
    },
    "proofs": {
        "set_attesters": lambda dao, key: ix.proofs.set_attesters(
            authority=key, seats=[types.proofs.Seat(dao.voters.attester.pubkey(), 1)], threshold=1
        ),
    },
    "staking": {
        "create_class": lambda _, key: ix.staking.create_class(authority=key, id=33, args=class_args()),
        "set_class": lambda _, key: ix.staking.set_class(authority=key, id=CLASS, args=class_args()),
        "set_reference": lambda _, key: ix.staking.set_reference(
            authority=key, id=CLASS, reference=reference()
        ),
        "cancel_slash": lambda dao, key: _cancelling(dao, key),  # noqa: PLW0108 - defined below
    },
    "jobs": {
        "create_currency": lambda _, key: ix.jobs.create_currency(
            authority=key, mint=IO_MINT, args=_currency()
        ),
        "set_currency": lambda dao, key: ix.jobs.set_currency(
            authority=key, currency=pda.jobs.currency(dao.world.usdc), args=_currency()
        ),
    },
    "distributor": {
        "create_grant": lambda dao, key: _grant(dao, key, 2),
        "create_airdrop": lambda dao, key: ix.distributor.create_airdrop(
            authority=key,
            payer=key,
            source=dao.world.io_account(key),
            id=1,
            args=types.distributor.AirdropArgs(
                root=bytes(32),
                leaves=1,
                total=1,
                deadline=dao.world.now + DAY,
                allocation=types.distributor.Allocation.NONE,
            ),
        ),
        "revoke": lambda dao, key: ix.distributor.revoke(
            authority=key,
            grant=pda.distributor.grant(1),
            destination=dao.world.io_account(dao.world.treasury.pubkey()),
        ),
    },
}
#: Signed by an account of this name that is no program's authority.
ANOTHER: Final = {"initialize", "register_network", "join_network"}
EVERYWHERE: Final = {"set_params", "propose_authority"}


def _grant(dao: Dao, key: Pubkey, number: int) -> Instruction:
    """A revocable grant of one IO."""
    schedule = types.distributor.ScheduleArgs(
        total=TOKEN, upfront=0, start=dao.world.now, cliff=0, period=DAY, tranches=100
    )
    args = types.distributor.GrantArgs(
        beneficiary=dao.dave.pubkey(),
        schedule=schedule,
        revocable=True,
        allocation=types.distributor.Allocation.NONE,
    )
    return ix.distributor.create_grant(
        authority=key, payer=key, source=dao.world.io_account(key), id=number, args=args
    )


def _cancelling(dao: Dao, authority: Pubkey) -> Instruction:
    """Takes back an open slash of alpha's."""
    slash = pda.staking.slash(dao.alpha.node, 7)
    if dao.world.client.account(slash) is None:
        dao.send(
            ix.staking.propose_slash(
                slasher=dao.voters.slasher.pubkey(),
                node=dao.alpha.node,
                shard=dao.alpha.shard,
                nonce=7,
                amount=TOKEN,
                evidence_hash=bytes(32),
                fraud=False,
            )
        )
    purse = token_account(dao.alpha.key, IO_MINT)
    return ix.staking.cancel_slash(authority=authority, node=dao.alpha.node, slash=slash, destination=purse)


def _currency() -> types.jobs.CurrencyArgs:
    return types.jobs.CurrencyArgs(
        pricing=types.jobs.Pricing.FEED,
        enabled=True,
        payment_bps=0,
        feed_id=bytes(32),
        price_account=IO_MINT,
    )


@pytest.mark.parametrize("program", OTHERS)
def test_everything_an_authority_may_do_is_looked_at(program: str) -> None:
    idl = json.loads((IDL / f"{program}.json").read_text())
    signed = {
        one["name"]
        for one in idl["instructions"]
        if any(each["name"] == "authority" and each.get("signer") for each in one["accounts"])
    }
    assert signed - ANOTHER - EVERYWHERE == set(AUTHORITY.get(program, {}))


def test_after_the_hand_over_no_single_key_changes_a_parameter_of_any_program(dao: Dao) -> None:
    usdc = ix.jobs.create_currency(authority=dao.world.deployer, mint=dao.world.usdc, args=_currency())
    dao.send(usdc)
    dao.world.give_io(dao.world.deployer, IO(10))
    dao.send(_grant(dao, dao.world.deployer, 1))
    for program in OTHERS:
        handed_over(dao, program)
    for program in OTHERS:
        build, error = getattr(ix, program), getattr(errors, program)
        config = dao.world.client.fetch(getattr(accounts, program).Config, getattr(pda, program).CONFIG)
        assert (config.roles.authority, config.roles.pending_authority) == (TREASURY, NATIVE)
        for key in (dao.world.deployer, dao.voters.guardian.pubkey(), dao.alpha.key):
            dao.refused(build.propose_authority(authority=key, successor=key), error.NotAuthority)
            dao.refused(build.accept_authority(successor=key), error.NotPendingAuthority)
            dao.refused(set_params(dao, program, key), error.NotAuthority)
            for call in AUTHORITY.get(program, {}).values():
                dao.refused(call(dao, key), error.NotAuthority)
        # The pauser is a key still: it stops more, and lifts nothing.
        assert config.roles.pauser == dao.world.deployer
        dao.send(build.set_paused(signer=dao.world.deployer, paused=1))
        dao.refused(build.set_paused(signer=dao.world.deployer, paused=0), error.MayNotPause)
        dao.enact(build.set_paused(signer=TREASURY, paused=0))
        # The executed proposal still may.
        dao.enact(set_params(dao, program, TREASURY))
    again = ix.governance.set_params(treasury=dao.world.deployer, params=params())
    dao.refused(again, Error.NotTreasury)


def set_params(dao: Dao, program: str, key: Pubkey) -> Instruction:
    """Sets a program's parameters to what they are."""
    config = dao.world.client.fetch(getattr(accounts, program).Config, getattr(pda, program).CONFIG)
    return governance.parameters(program, config, authority=key)


# -- upgrades

LOADER: Final = BPF_LOADER_UPGRADEABLE


def test_the_treasury_upgrades_a_program_and_hands_its_upgrades_on(dao: Dao) -> None:
    network, jobs = dao.world.client.network, accounts.jobs.Config.PROGRAM_ID
    code = bytes(dao.world.raw(program_data(jobs)).data[45:])
    key = Keypair().pubkey()
    dao.send(governance.hand_upgrades_to(jobs, TREASURY, authority=dao.world.deployer))
    assert bytes(dao.world.raw(program_data(jobs)).data[12:45]) == b"\x01" + bytes(TREASURY)
    # The old one cannot any more.
    dao.fails(governance.hand_upgrades_to(jobs, key, authority=dao.world.deployer), "IncorrectAuthority")
    buffer = (1).to_bytes(4, "little") + b"\x01" + bytes(TREASURY) + code
    network.set_account(key, lamports=10 * LAMPORTS, data=buffer, owner=LOADER)
    dao.enact(governance.upgrade(jobs, key))
    assert dao.world.client.account(key) is None or not dao.world.raw(key).data
    dao.enact(governance.hand_upgrades_to(jobs, dao.alpha.key))
    assert bytes(dao.world.raw(program_data(jobs)).data[12:45]) == b"\x01" + bytes(dao.alpha.key)


# -- resolutions


def test_the_treasury_as_resolver_decides_a_slash(dao: Dao) -> None:
    handed_over(dao, "staking")
    config = dao.world.client.fetch(accounts.staking.Config, pda.staking.CONFIG)
    dao.enact(governance.parameters("staking", config, resolver=TREASURY))
    slash = pda.staking.slash(dao.alpha.node, 0)
    proposed = ix.staking.propose_slash(
        slasher=dao.voters.slasher.pubkey(),
        node=dao.alpha.node,
        nonce=0,
        amount=500 * TOKEN,
        evidence_hash=bytes(32),
        shard=dao.alpha.shard,
        fraud=False,
    )
    dao.send(proposed, ix.staking.appeal(owner=dao.alpha.key, node=dao.alpha.node, slash=slash))
    by_key = ix.staking.resolve_slash(
        resolver=dao.voters.resolver.pubkey(),
        node=dao.alpha.node,
        slash=slash,
        shard=dao.alpha.shard,
        amount=0,
    )
    dao.refused(by_key, errors.staking.NotResolver)
    dao.enact(governance.resolve_slash(slash, dao.alpha.node, IO(200)))
    assert dao.world.client.fetch(accounts.staking.Slash, slash).amount == 200 * TOKEN


def test_a_proposal_seats_attesters(dao: Dao) -> None:
    handed_over(dao, "proofs")
    second = dao.actor().pubkey()
    dao.enact(governance.attesters({dao.voters.attester.pubkey(): 2, second: 1}))
    found = dao.world.attester_set
    assert (found.seats, found.threshold, found.keys[1]) == (2, 2, second)


def test_the_treasury_as_resolver_decides_a_dispute(market: Market) -> None:
    world, owner = market.world, market.alice
    # Alice has 500 IO: enough for a proposal of this test.
    world.patch(pda.governance.CONFIG, accounts.governance.Config, "min_stake", TOKEN)
    world.advance(7 * DAY)
    config = world.client.fetch(accounts.jobs.Config, pda.jobs.CONFIG)
    market.send(governance.parameters("jobs", config, authority=world.deployer, resolver=TREASURY))
    job = market.run(mint=market.usdc)
    dispute = market.dispute(job)
    found = market.job(job)
    decision = governance.resolve_dispute(job, found.offer, dispute, found.price // 4)
    by_key = market.jobs("resolve", job, resolver=market.people.resolver.pubkey(), gross=0)
    market.refused(by_key, errors.jobs.NotResolver)

    proposal = pda.governance.proposal(owner.key, 1)
    client = Client.local(network=world.client.network, signer=owner.owner, funds=SOL(0)).governance
    assert client.submit(governance.Draft("Decide", decision)) == proposal
    assert client.as_treasury().jobs.resolve(job, found.price // 4).ix() == [decision]
    client.vote(proposal, owner.node, governance.Choice.FOR).send()
    world.advance(VOTING)
    client.queue(proposal).send()
    world.advance(HOLD_UP)
    assert world.now < market.job(job).frozen_until
    client.execute(proposal).send()
    # A quarter of four dollars is due, less a quarter per cent for the booking and two for the payment.
    market.send(market.jobs("settle", job))
    assert market.job(job).paid_supplier == 1_000_000 - 22_500
