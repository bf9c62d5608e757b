"""Execution: exactly what was voted on, once, in order, after its hold-up; and the treasury's limit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import (
    AssignParams,
    CreateAccountParams,
    TransferParams,
    assign,
    create_account,
    transfer,
)
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import (
    approve_checked,
    close_account,
    create_idempotent_associated_token_account,
    set_authority,
)
from spl.token.models import ApproveCheckedParams, AuthorityType, CloseAccountParams, SetAuthorityParams
from tests.programs.dao import (
    EXPIRY,
    FOR,
    HOLD_UP,
    IO_MINT,
    NATIVE,
    TREASURY,
    VOTING,
    WEEK,
    Dao,
)
from tests.programs.people import TOKEN
from tests.programs.support import DAY, HOUR
from tests.programs.test_governance import params

from ionet import accounts, errors, events, ix, pda, token_account, types
from ionet._ids import SYSTEM_PROGRAM
from ionet._pda import program_data

Error = errors.governance
DOLLAR: Final = 10**6
SOL: Final = 10**9
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
        4, proposal, True, 45_000 * TOKEN, 0, 0, now + HOLD_UP, now + HOLD_UP + EXPIRY
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
    dao.vote(proposal, dao.alpha, 1)
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
    dao.refused(dao.executing(proposal, 1), "InvalidAccountData")
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
    steal = transfer(TransferParams(from_pubkey=victim, to_pubkey=TREASURY, lamports=SOL))
    metas = [AccountMeta(one.pubkey, False, one.is_writable) for one in steal.accounts]
    proposal = dao.queued(Instruction(steal.program_id, bytes(steal.data), metas))
    executing = dao.executing(proposal)
    signed = [
        AccountMeta(one.pubkey, one.pubkey == victim, one.is_writable) for one in executing.accounts
    ]
    tried = Instruction(executing.program_id, bytes(executing.data), signed)
    dao.refused(tried, "MissingRequiredSignature")


# -- the treasury


def test_the_treasury_pays_io_usdc_and_sol(dao: Dao) -> None:
    io, usdc = carols(dao), dao.world.usdc_account(dao.carol.pubkey())
    before = dao.world.balance(io), dao.world.raw(dao.carol.pubkey()).lamports
    paid = dao.enact(
        dao.paying(IO_MINT, io, 2_500 * TOKEN),
        dao.paying(dao.world.usdc, usdc, 2_500 * DOLLAR),
        sol(dao, 25 * SOL),
    )
    assert dao.world.balance(io) == before[0] + 2_500 * TOKEN
    assert dao.world.balance(usdc) == 2_500 * DOLLAR
    assert dao.world.raw(dao.carol.pubkey()).lamports == before[1] + 25 * SOL
    payments = [one.event(events.governance.Executed).payments for one in paid]
    assert payments == [
        (types.governance.Payment(1, IO_MINT, 2_500 * TOKEN, 2_500 * TOKEN),),
        (types.governance.Payment(1, dao.world.usdc, 2_500 * DOLLAR, 2_500 * DOLLAR),),
        (types.governance.Payment(1, NATIVE, 25 * SOL, 25 * SOL),),
    ]


@pytest.mark.parametrize("asset", ["IO", "USDC", "SOL"])
def test_no_more_than_a_quarter_leaves_in_seven_days(dao: Dao, asset: str) -> None:
    def pay(part: int) -> Instruction:
        """Parts of ten thousand."""
        if asset == "SOL":
            return sol(dao, part * SOL // 100)
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
    from solders.keypair import Keypair

    second = Keypair().pubkey()
    found = dao.world.raw(VAULT)
    data = bytearray(found.data)
    data[64:72] = bytes(8)
    dao.world.client.network.set_account(second, lamports=found.lamports, data=bytes(data), owner=found.owner)
    (sent,) = dao.enact(dao.paying(IO_MINT, second, 9_000 * TOKEN))
    assert sent.event(events.governance.Executed).payments == ()
    assert dao.world.balance(second) == 9_000 * TOKEN


def test_an_account_named_twice_is_held_once(dao: Dao) -> None:
    # With the vault behind it once more, the payment is the same quarter of the same holdings.
    pay = dao.paying(IO_MINT, carols(dao), 2_501 * TOKEN)
    metas = [*pay.accounts, AccountMeta(VAULT, False, True), AccountMeta(VAULT, False, True)]
    proposal = dao.queued(Instruction(pay.program_id, bytes(pay.data), metas))
    dao.refused(dao.executing(proposal), Error.OutflowLimit)


def test_the_treasury_gives_nothing_away_that_leaves_later(dao: Dao) -> None:
    heir = dao.actor().pubkey()
    approve = approve_checked(
        ApproveCheckedParams(TOKEN_PROGRAM_ID, VAULT, IO_MINT, heir, TREASURY, TOKEN, 8)
    )
    close = set_authority(
        SetAuthorityParams(TOKEN_PROGRAM_ID, VAULT, AuthorityType.CLOSE_ACCOUNT, TREASURY, None, heir)
    )
    owner = set_authority(
        SetAuthorityParams(TOKEN_PROGRAM_ID, VAULT, AuthorityType.ACCOUNT_OWNER, TREASURY, None, heir)
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
    dao.enact(close_account(CloseAccountParams(TOKEN_PROGRAM_ID, empty, TREASURY, TREASURY)))
    assert dao.world.client.account(empty) is None


def test_rent_that_the_treasury_pays_is_counted(dao: Dao) -> None:
    class_ = ix.staking.create_class(authority=dao.world.deployer, id=77, args=_class())
    handed_over(dao, "staking")
    as_treasury = ix.staking.create_class(authority=TREASURY, id=77, args=_class())
    dao.refused(class_, errors.staking.NotAuthority)
    (sent,) = dao.enact(as_treasury)
    (paid,) = sent.event(events.governance.Executed).payments
    assert (paid.asset, paid.amount) == (NATIVE, dao.world.raw(pda.staking.class_(77)).lamports)
    assert dao.world.client.fetch(accounts.staking.Class, pda.staking.class_(77)).id == 77


def _class() -> types.staking.ClassArgs:
    from tests.programs.people import class_args

    return class_args()


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


def privileged(dao: Dao, program: str) -> list[Instruction]:
    """Everything that the program's authority alone may do, as the deployer would call it."""
    build, key = getattr(ix, program), dao.world.deployer
    idl = json.loads((IDL / f"{program}.json").read_text())
    found = []
    for one in idl["instructions"]:
        signs = [each["name"] for each in one["accounts"] if each.get("signer")]
        if signs != ["authority"] or one["name"] in ("initialize", "register_network"):
            continue
        found.append(_call(build, one, key))
    return found


def _call(build: Any, described: dict[str, Any], key: Pubkey) -> Instruction:
    """The instruction with zeros for arguments: the signer is looked at first."""
    made: Instruction | None = None
    name = described["name"]
    metas = []
    config = None
    for each in described["accounts"]:
        address = Pubkey.from_string(each["address"]) if "address" in each else None
        if each["name"] == "authority":
            address = key
        metas.append(AccountMeta(address or key, bool(each.get("signer")), bool(each.get("writable"))))
        config = config or address
    _ = (build, made, config)
    data = bytes(described["discriminator"]) + bytes(400)
    program = Pubkey.from_string(json.loads((IDL / f"{build.__name__.split('.')[-2]}.json").read_text())["address"])
    assert name
    return Instruction(program, data, metas)


def test_after_the_hand_over_no_single_key_changes_a_parameter_of_any_program(dao: Dao) -> None:
    for program in OTHERS:
        handed_over(dao, program)
    for program in OTHERS:
        build, error = getattr(ix, program), getattr(errors, program)
        config = dao.world.client.fetch(getattr(accounts, program).Config, getattr(pda, program).CONFIG)
        assert (config.roles.authority, config.roles.pending_authority) == (TREASURY, NATIVE)
        for one in dao.voters.everyone():
            key = one.pubkey()
            dao.refused(build.propose_authority(authority=key, successor=key), error.NotAuthority)
            dao.refused(build.accept_authority(successor=key), error.NotPendingAuthority)
            lifted = build.set_paused(signer=key, paused=0)
            if key != config.roles.pauser:
                dao.refused(lifted, error.MayNotPause)
            dao.refused(set_params(dao, program, key), error.NotAuthority)
        # The executed proposal still may.
        dao.enact(set_params(dao, program, TREASURY))
    again = ix.governance.set_params(treasury=dao.world.deployer, params=params())
    dao.refused(again, Error.NotTreasury)


def set_params(dao: Dao, program: str, key: Pubkey) -> Instruction:
    """Sets a program's parameters to what they are."""
    from ionet.governance import current_params

    config = dao.world.client.fetch(getattr(accounts, program).Config, getattr(pda, program).CONFIG)
    return current_params(program, config, authority=key)
