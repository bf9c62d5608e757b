"""Attacks on votes and on the treasury, each by its name in docs/threat-model.md."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import close_account
from spl.token.models import CloseAccountParams
from tests.programs.dao import (
    AGAINST,
    CLASS,
    FOR,
    IO_MINT,
    NATIVE,
    TREASURY,
    VOTING,
    Dao,
    House,
    K,
)
from tests.programs.people import TOKEN
from tests.programs.support import DAY
from tests.programs.test_governance_execution import handed_over
from tests.programs.test_governance_votes import DEFEATED, EXECUTED, LATE, position, queue

from ionet import IO, accounts, errors, events, governance, ix, pda, token_account, types

Error = errors.governance
VAULT: Final = token_account(TREASURY, IO_MINT)


# -- votes and the clock


def closing_vote(dao: Dao, proposal: Pubkey, house: House, holder: Keypair) -> Instruction:
    return ix.governance.close_vote(
        proposal=proposal,
        vote=pda.governance.vote(proposal, position(house, holder)),
        rent_payer=holder.pubkey(),
    )


def closing_node(dao: Dao, proposal: Pubkey, house: House) -> Instruction:
    return ix.governance.close_node_vote(
        proposal=proposal,
        node_vote=pda.governance.node_vote(proposal, house.node),
        rent_payer=dao.world.deployer,
    )


def test_clock_back_double_vote(dao: Dao) -> None:
    """Records that are closed at the end, and a clock that goes back a second: nobody votes a second time."""
    proposal = dao.open()
    dao.vote(proposal, dao.gamma, AGAINST)
    dao.vote(proposal, dao.beta, AGAINST)
    dao.vote(proposal, dao.alpha, FOR)
    dao.vote(proposal, dao.alpha, FOR, holder=dao.carol)
    said = dao.tally(proposal)
    assert said == (45 * K, 55 * K, 0)
    dao.world.advance(VOTING)
    dao.send(closing_vote(dao, proposal, dao.alpha, dao.carol))
    dao.send(closing_node(dao, proposal, dao.alpha))
    dao.world.turn_back(1)
    dao.refused(dao.opening(proposal, dao.alpha), Error.NotVoting)
    assert dao.tally(proposal) == said
    dao.world.advance(1)
    assert queue(dao, proposal) == DEFEATED


def test_each_record_that_is_closed_keeps_the_time_by_itself(dao: Dao) -> None:
    """Of the records alone: clock_back_double_vote with a node's part that stays open."""
    for closed in ("vote", "transaction"):
        proposal = dao.open(dao.paying(IO_MINT, dao.world.io_account(dao.carol.pubkey()), TOKEN))
        dao.vote(proposal, dao.alpha, FOR, holder=dao.carol)
        if closed == "vote":
            dao.world.advance(VOTING)
            dao.send(closing_vote(dao, proposal, dao.alpha, dao.carol))
            dao.world.turn_back(1)
            dao.refused(dao.casting(proposal, dao.alpha, dao.carol), Error.NotVoting)
            assert dao.tally(proposal) == (10 * K, 0, 0)
        else:
            dao.vote(proposal, dao.alpha, FOR)
            dao.world.advance(VOTING + 14 * DAY + 1)
            dao.send(
                ix.governance.close_transaction(
                    proposal=proposal,
                    transaction=pda.governance.transaction(proposal, 0),
                    rent_payer=dao.alpha.key,
                )
            )
            dao.world.turn_back(1)
            dao.refused(ix.governance.queue(proposal=proposal), Error.QueuedTooLate)


# -- votes and the extension


def test_extension_spent_early(dao: Dao) -> None:
    """An extension that a turn 12 hours before the end has used up, and a vote changed in the last second."""
    proposal = dao.open()
    ends = dao.proposal(proposal).voting_ends
    dao.vote(proposal, dao.beta, AGAINST)
    dao.open_node(proposal, dao.gamma)
    dao.open_node(proposal, dao.alpha)
    # Gamma turns it and takes it back: the end has moved by a day, and stands there.
    dao.vote(proposal, dao.alpha, FOR, holder=dao.carol)
    dao.world.advance(VOTING - LATE)
    dao.vote(proposal, dao.gamma, FOR)
    dao.vote(proposal, dao.gamma, AGAINST)
    assert dao.proposal(proposal).voting_ends == ends + DAY
    dao.world.advance(LATE + DAY - 1)
    assert dao.world.now == ends + DAY - 1
    # In the last second: what was voted stands.
    dao.refused(dao.owner_voting(proposal, dao.gamma, FOR), Error.NoChangeNow)
    dao.refused(dao.changing(proposal, dao.alpha, dao.carol, AGAINST), Error.NoChangeNow)
    # A first vote counts, and when the outcome turns by it the others have another day.
    dao.vote(proposal, dao.alpha, FOR)
    found = dao.proposal(proposal)
    assert (dao.tally(proposal), found.voting_ends, found.extended) == ((45 * K, 55 * K, 0), ends + DAY, 1)
    assert queue(dao, proposal) == DEFEATED


def test_first_votes_during_an_extension_move_the_end_by_two_days_in_all(dao: Dao) -> None:
    proposal = dao.open()
    ends = dao.proposal(proposal).voting_ends
    for house in dao.voters.houses:
        dao.open_node(proposal, house)
    dao.vote(proposal, dao.alpha, AGAINST, holder=dao.carol)
    dao.world.advance(VOTING - 1)
    dao.vote(proposal, dao.gamma, FOR)
    assert dao.proposal(proposal).voting_ends == ends + DAY
    dao.world.advance(DAY)
    # Also in the second before the end: 25 for, 10 and 20 against.
    dao.vote(proposal, dao.beta, AGAINST)
    found = dao.proposal(proposal)
    assert (found.voting_ends, found.extended) == (ends + 2 * DAY, 2)
    dao.world.advance(DAY)
    sent = dao.vote(proposal, dao.alpha, FOR)
    assert sent.event(events.governance.Voted).voting_ends == ends + 2 * DAY
    assert dao.proposal(proposal).extended == 2
    dao.refused(dao.owner_voting(proposal, dao.beta, FOR), Error.NoChangeNow)
    assert queue(dao, proposal) == EXECUTED


def test_until_the_regular_end_a_vote_may_be_changed(dao: Dao) -> None:
    """Also when the end has moved already: an extension begins at the end that there would be."""
    proposal = dao.open()
    dao.vote(proposal, dao.beta, FOR)
    dao.world.advance(VOTING - 1)
    dao.vote(proposal, dao.beta, AGAINST)
    dao.vote(proposal, dao.beta, FOR)
    dao.world.advance(1)
    dao.refused(dao.owner_voting(proposal, dao.beta, AGAINST), Error.NoChangeNow)


# -- what the treasury has besides balances


def granted(dao: Dao, number: int, amount: int, *, to: Pubkey = TREASURY, revocable: bool = False) -> Pubkey:
    """A grant of the authority's own IO, a hundredth of it a day."""
    schedule = types.distributor.ScheduleArgs(
        total=amount, upfront=0, start=dao.world.now, cliff=0, period=DAY, tranches=100
    )
    args = types.distributor.GrantArgs(
        beneficiary=to,
        schedule=schedule,
        revocable=revocable,
        allocation=types.distributor.Allocation.NONE,
    )
    key = dao.world.deployer
    source = dao.world.give_io(key, IO.from_base(amount))
    dao.send(ix.distributor.create_grant(authority=key, payer=key, source=source, id=number, args=args))
    return pda.distributor.grant(number)


def setting(dao: Dao, treasury: Pubkey, by: Pubkey) -> Instruction:
    """Whose accounts revoked and unclaimed IO goes to."""
    return ix.distributor.set_params(authority=by, pauser=dao.world.deployer, treasury=treasury)


def naming(grant: Pubkey, successor: Pubkey, *behind: Pubkey) -> Instruction:
    """The treasury names a successor; what stands behind is only looked at."""
    call = ix.distributor.set_beneficiary(beneficiary=TREASURY, grant=grant, successor=successor)
    metas = [*call.accounts, *(AccountMeta(one, False, False) for one in behind)]
    return Instruction(call.program_id, bytes(call.data), metas)


def payments(dao: Dao, *transactions: Instruction) -> list[tuple[Pubkey, int]]:
    """Executes what has passed; asset and amount of all that the treasury's limit has counted."""
    return [
        (one.asset, one.amount)
        for sent in dao.enact(*transactions)
        for one in sent.event(events.governance.Executed).payments
    ]


def test_treasury_claims_unseen(dao: Dao) -> None:
    """A grant of the treasury's, worth four times what it may pay in a week, named to a thief for nothing."""
    thief = dao.actor().pubkey()
    grant = granted(dao, 1, 10_000 * TOKEN)
    dao.refused(dao.executing(dao.queued(naming(grant, thief))), Error.OutflowLimit)
    # Beside the treasury's 10,000 IO it is half of what there is: more than a quarter, too.
    dao.refused(dao.executing(dao.queued(naming(grant, thief, VAULT))), Error.OutflowLimit)
    found = dao.world.client.fetch(accounts.distributor.Grant, grant)
    assert (found.beneficiary, found.pending_beneficiary) == (TREASURY, NATIVE)


def test_a_grant_that_the_treasury_gives_away_is_a_payment_of_what_is_left_of_it(dao: Dao) -> None:
    heir = dao.actor().pubkey()
    grant = granted(dao, 1, 3_000 * TOKEN)
    # 3,000 of 13,000: within a quarter. It counts when the successor is named, since he accepts by himself.
    assert payments(dao, naming(grant, heir, VAULT)) == [(IO_MINT, 3_000 * TOKEN)]
    # Another name for what has been counted counts nothing; nothing more is lost by it.
    assert payments(dao, naming(grant, dao.carol.pubkey())) == []
    # Taken back it is the treasury's again, and given away again it counts again.
    assert payments(dao, naming(grant, NATIVE)) == []
    dao.refused(dao.executing(dao.queued(naming(grant, heir))), Error.OutflowLimit)


def test_what_is_released_to_the_treasury_or_to_it_alone_is_no_payment(dao: Dao) -> None:
    grant = granted(dao, 1, 3_000 * TOKEN)
    dao.world.advance(10 * DAY)
    releasing = ix.distributor.release(grant=grant, destination=VAULT)
    assert payments(dao, releasing) == []
    # Named itself it keeps it.
    assert payments(dao, naming(grant, TREASURY)) == []
    assert payments(dao, ix.distributor.accept_beneficiary(successor=TREASURY, grant=grant)) == []


def test_a_grant_to_itself_is_no_payment_and_one_to_somebody_else_is(dao: Dao) -> None:
    handed_over(dao, "distributor")

    def granting(number: int, to: Pubkey) -> Instruction:
        schedule = types.distributor.ScheduleArgs(
            total=2_000 * TOKEN, upfront=0, start=dao.world.now, cliff=0, period=DAY, tranches=100
        )
        args = types.distributor.GrantArgs(
            beneficiary=to, schedule=schedule, revocable=True, allocation=types.distributor.Allocation.NONE
        )
        return ix.distributor.create_grant(
            authority=TREASURY, payer=TREASURY, source=VAULT, id=number, args=args
        )

    assert [asset for asset, _ in payments(dao, granting(1, TREASURY))] == [NATIVE]
    paid = dict(payments(dao, granting(2, dao.carol.pubkey())))
    assert paid[IO_MINT] == 2_000 * TOKEN


def test_the_treasurys_own_grant_is_not_revoked_into_anothers_pocket(dao: Dao) -> None:
    # The distributor's treasury is somebody else here, as before the hand-over.
    grant = granted(dao, 1, 3_000 * TOKEN, revocable=True)
    dao.send(setting(dao, dao.carol.pubkey(), dao.world.deployer))
    handed_over(dao, "distributor")
    elsewhere = dao.world.io_account(dao.carol.pubkey())
    revoking = ix.distributor.revoke(authority=TREASURY, grant=grant, destination=elsewhere)
    dao.refused(dao.executing(dao.queued(revoking)), Error.OutflowLimit)


# -- stake of the treasury's


def co_staking(dao: Dao, house: House, amount: int) -> list[Instruction]:
    """The treasury becomes a co-staker."""
    stake = ix.staking.stake(
        holder=TREASURY, class_=pda.staking.class_(CLASS), node=house.node, source=VAULT, amount=amount
    )
    return [ix.staking.open_position(holder=TREASURY, node=house.node), stake]


def unstaking(house: House, amount: int, to: Pubkey, **given: Any) -> Instruction:
    usual: dict[str, Any] = {
        "holder": TREASURY,
        "node": house.node,
        "shard": house.shard,
        "destination": to,
        "amount": amount,
    }
    return ix.staking.unstake(**usual | given)


def test_treasury_stake_unseen(dao: Dao) -> None:
    """treasury_claims_unseen, with stake: what the treasury has staked leaves to a thief's account."""
    thiefs = dao.world.io_account(dao.actor().pubkey())
    paid = payments(dao, *co_staking(dao, dao.gamma, 2_000 * TOKEN))
    # Staked it is still the treasury's; rent is paid in SOL.
    assert {asset for asset, _ in paid} == {NATIVE}
    dao.refused(dao.executing(dao.queued(unstaking(dao.gamma, 2_000 * TOKEN, thiefs))), Error.OutflowLimit)
    # A quarter of it is a payment, and what comes back is none.
    assert payments(dao, unstaking(dao.gamma, 500 * TOKEN, thiefs)) == [(IO_MINT, 500 * TOKEN)]
    assert payments(dao, unstaking(dao.gamma, 500 * TOKEN, VAULT)) == []


def test_stake_of_the_treasurys_that_cools_is_its_own_until_it_is_paid_out(dao: Dao) -> None:
    thiefs = dao.world.io_account(dao.actor().pubkey())
    dao.enact(*co_staking(dao, dao.gamma, 2_000 * TOKEN))
    dao.world.advance(15 * DAY)
    place = pda.staking.position(dao.gamma.node, TREASURY)
    # As if all hours until now had been credited.
    dao.world.patch(dao.gamma.node, accounts.staking.Node, "credited_through", dao.world.now)
    dao.send(ix.staking.activate(node=dao.gamma.node, position=place, shard=dao.gamma.shard))
    assert payments(dao, unstaking(dao.gamma, 2_000 * TOKEN, thiefs)) == []
    dao.world.advance(15 * DAY)
    withdrawing = ix.staking.withdraw(holder=TREASURY, node=dao.gamma.node, destination=thiefs)
    dao.refused(dao.executing(dao.queued(withdrawing)), Error.OutflowLimit)
    back = ix.staking.withdraw(holder=TREASURY, node=dao.gamma.node, destination=VAULT)
    assert payments(dao, back) == []


def test_rewards_of_the_treasurys_stake_are_its_own(dao: Dao) -> None:
    thiefs = dao.world.io_account(dao.actor().pubkey())
    dao.enact(*co_staking(dao, dao.gamma, 2_000 * TOKEN))
    place = pda.staking.position(dao.gamma.node, TREASURY)
    dao.world.advance(15 * DAY)
    # As if all hours until now had been credited.
    dao.world.patch(dao.gamma.node, accounts.staking.Node, "credited_through", dao.world.now)
    dao.send(ix.staking.activate(node=dao.gamma.node, position=place, shard=dao.gamma.shard))
    # Rewards as if credited: a unit for each that is staked, in the node's vault and its accumulator, and not
    # in the position yet.
    amount, co = 2_000 * TOKEN, dao.world.client.fetch(accounts.staking.Node, dao.gamma.node).co
    acc = int.from_bytes(bytes(co.acc), "little") + (1 << 64)
    rewarded = dataclasses.replace(co, owed=co.owed + amount, acc=acc.to_bytes(16, "little"))
    dao.poke(dao.gamma.node, accounts.staking.Node, "co", _encoded(rewarded))
    vault = dao.world.client.fetch(accounts.staking.Node, dao.gamma.node).vault
    dao.world.pay_io(dao.world.give_io(dao.world.deployer, IO.from_base(amount)), vault, amount)

    def claiming(to: Pubkey) -> Instruction:
        return ix.staking.claim(holder=TREASURY, node=dao.gamma.node, destination=to)

    # As much again as the stake: half of what is the treasury's here.
    dao.refused(dao.executing(dao.queued(claiming(thiefs))), Error.OutflowLimit)
    assert payments(dao, claiming(VAULT)) == []
    assert dao.world.balance(VAULT) == 10_000 * TOKEN


def _encoded(co: types.staking.CoSide) -> bytes:
    numbers = (co.tokens, co.shares, co.active, co.pending, co.late, co.owed)
    return b"".join(one.to_bytes(8, "little") for one in numbers) + bytes(co.acc) + bytes(co.rem)


# -- other things of the treasury's


def test_the_rent_of_an_account_of_the_treasurys_is_its_own(dao: Dao) -> None:
    """An empty token account closed into a thief's pocket: its rent is SOL that the treasury held."""
    thief = dao.actor().pubkey()
    second = Keypair().pubkey()
    found = dao.world.raw(VAULT)
    data = bytearray(found.data)
    data[64:72] = bytes(8)
    dao.world.client.network.set_account(second, lamports=found.lamports, data=bytes(data), owner=found.owner)
    closing = close_account(
        CloseAccountParams(program_id=TOKEN_PROGRAM_ID, account=second, dest=thief, owner=TREASURY)
    )
    assert payments(dao, closing) == [(NATIVE, found.lamports)]


def test_where_unclaimed_and_revoked_io_goes_stays_the_treasury_once_it_is(dao: Dao) -> None:
    """A proposal that names a thief the distributor's treasury, so that anyone reclaims airdrops for him."""
    deployer, thief = dao.world.deployer, dao.actor().pubkey()
    dao.send(setting(dao, dao.carol.pubkey(), deployer))
    dao.send(setting(dao, TREASURY, deployer))
    handed_over(dao, "distributor")
    stolen = dao.executing(dao.queued(setting(dao, thief, TREASURY)))
    dao.refused(stolen, errors.distributor.TreasuryIsFinal)
    # The pauser may still be changed.
    dao.enact(setting(dao, TREASURY, TREASURY))


def test_a_node_is_never_the_treasurys(dao: Dao) -> None:
    """It takes the device's key and an attester beside the owner: nobody else signs in a transaction."""
    proposal = dao.draft()
    registering = ix.staking.register_device(
        owner=TREASURY,
        device_key=dao.alpha.device_key.pubkey(),
        attester=dao.voters.attester.pubkey(),
        class_=pda.staking.class_(CLASS),
        fingerprint=bytes(32),
    )
    dao.refused(dao.adding(proposal, 0, registering), Error.ForeignSigner)


# -- arguments made by hand


@pytest.mark.parametrize("length", [1_025, 0xFFFF, 1 << 20, (1 << 32) - 1])
@pytest.mark.parametrize("what", ["accounts", "data"])
def test_a_length_made_by_hand_is_refused_by_name(dao: Dao, what: str, length: int) -> None:
    """Four bytes that promise more than was sent: refused before anything is set aside for it."""
    proposal = dao.draft()
    usual = dao.adding(proposal, 0, Instruction(IO_MINT, b"", []))
    # Discriminator, index, program; then the number of accounts, and that of bytes.
    at = 8 + 1 + 32 + (4 if what == "data" else 0)
    data = bytearray(usual.data)
    data[at : at + 4] = length.to_bytes(4, "little")
    error = Error.TooManyAccounts if what == "accounts" else Error.TooMuchData
    dao.refused(Instruction(usual.program_id, bytes(data), usual.accounts), error)


# -- the client


def test_what_the_treasury_has_besides_balances_is_counted_by_the_client_too(dao: Dao) -> None:
    grant = granted(dao, 1, 3_000 * TOKEN)
    proposal = dao.queued(naming(grant, dao.carol.pubkey(), VAULT))
    paid = dao.world.client.governance.execute(proposal).send().result
    assert [(one.asset, one.amount) for one in paid.payments] == [(IO_MINT, 3_000 * TOKEN)]
    dao.enact(*co_staking(dao, dao.gamma, 1_000 * TOKEN))
    proposal = dao.queued(unstaking(dao.gamma, 100 * TOKEN, dao.world.io_account(dao.carol.pubkey())))
    paid = dao.world.client.governance.execute(proposal).send().result
    assert [(one.asset, one.amount) for one in paid.payments] == [(IO_MINT, 100 * TOKEN)]


def test_the_hand_over_of_the_distributor_makes_the_treasury_the_one_that_gets_what_is_left(dao: Dao) -> None:
    dao.send(setting(dao, dao.carol.pubkey(), dao.world.deployer))
    dao.world.client.governance.name_treasury("distributor").send()
    config = dao.world.client.fetch(accounts.distributor.Config, pda.distributor.CONFIG)
    assert (config.treasury, config.roles.pending_authority) == (TREASURY, TREASURY)
    assert config.roles.pauser == dao.world.deployer


def test_the_client_knows_whether_a_vote_may_still_be_changed(dao: Dao) -> None:
    proposal = dao.open()
    dao.vote(proposal, dao.alpha)
    found = dao.proposal(proposal)
    assert governance.may_change(found, found.regular_end - 1)
    assert not governance.may_change(found, found.regular_end)
    dao.world.advance(VOTING)
    dao.send(ix.governance.queue(proposal=proposal))
    assert not governance.may_change(dao.proposal(proposal), found.regular_end - 1)
