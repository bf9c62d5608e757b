"""The governance program: its configuration, drafts, the beginning of a vote, bonds, and what is closed."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.dao import (
    AGAINST,
    EXPIRY,
    FOR,
    IO_MINT,
    TREASURY,
    VOTING,
    WEEK,
    Dao,
    readonly,
    shards,
    stored,
)
from tests.programs.people import TOKEN
from tests.programs.support import DAY, World

from ionet import IO, accounts, errors, events, ix, pda, token_account, types

Error = errors.governance
BOND = 1_000 * TOKEN


def params(**changes: Any) -> types.governance.ParamsArgs:
    """The defaults, but for these."""
    usual: dict[str, Any] = {
        "min_stake": 10_000 * TOKEN,
        "bond": BOND,
        "voting": 5 * DAY,
        "extension": DAY,
        "hold_up": 2 * DAY,
        "quorum_bps": 1_000,
        "threshold_bps": 5_000,
        "outflow_bps": 2_500,
    }
    return types.governance.ParamsArgs(**usual | changes)


# -- configuration


def test_the_program_begins_with_its_defaults_and_a_guardian_for_a_year(bare: World) -> None:
    guardian = bare.guardian.pubkey()
    sent = bare.send(bare.initialize("governance", bare.deployer))
    until = bare.now + 365 * DAY
    assert sent.event(events.governance.Initialized) == events.governance.Initialized(
        guardian, until, params()
    )
    config = Dao.config.fget(type("_", (), {"world": bare})())  # type: ignore[attr-defined]
    assert (config.guardian, config.guardian_until, config.version) == (guardian, until, 1)
    assert {name: getattr(config, name) for name in type(params()).__slots__} == {
        name: getattr(params(), name) for name in type(params()).__slots__
    }


def test_it_is_initialised_once_and_by_its_upgrade_authority_alone(bare: World, dao: Dao) -> None:
    thief = bare.actor()
    mine = bare.initialize("governance", thief.pubkey())
    bare.refused(mine, Error.NotUpgradeAuthority, signers=[thief])
    mint = pda.mint.PROGRAM_DATA
    forged = bare.initialize("governance", bare.deployer, program_data=mint)
    bare.refused(forged, Error.WrongProgramData)
    dao.refused(dao.world.initialize("governance", dao.world.deployer), "AccountAlreadyInUse")


def test_nobody_but_the_treasury_sets_parameters_or_the_guardian(dao: Dao) -> None:
    for one in (dao.world.deployer, dao.voters.guardian.pubkey(), dao.alpha.key):
        dao.refused(ix.governance.set_params(treasury=one, params=params()), Error.NotTreasury)
        dao.refused(ix.governance.set_guardian(treasury=one, guardian=one), Error.NotTreasury)


def test_a_proposal_sets_every_parameter(dao: Dao) -> None:
    wanted = types.governance.ParamsArgs(TOKEN, 2 * TOKEN, 6 * DAY, 2 * DAY, 3 * DAY, 2_000, 6_700, 5_000)
    (sent,) = dao.enact(ix.governance.set_params(params=wanted))
    assert sent.event(events.governance.ParamsSet) == events.governance.ParamsSet(1, wanted)
    config = dao.config
    assert (config.min_stake, config.bond) == (TOKEN, 2 * TOKEN)
    assert (config.voting, config.extension) == (6 * DAY, 2 * DAY)
    assert (config.hold_up, config.quorum_bps, config.threshold_bps) == (3 * DAY, 2_000, 6_700)
    assert config.outflow_bps == 5_000


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"min_stake": 100_000 * TOKEN + 1}, Error.StakeOutOfBounds),
        ({"bond": 10_000 * TOKEN + 1}, Error.BondOutOfBounds),
        ({"voting": 8 * DAY}, Error.VotingOutOfBounds),
        ({"extension": 2 * DAY + 1}, Error.ExtensionOutOfBounds),
        ({"hold_up": 8 * DAY}, Error.HoldUpOutOfBounds),
        ({"quorum_bps": 2_001}, Error.QuorumOutOfBounds),
        ({"threshold_bps": 6_701}, Error.ThresholdOutOfBounds),
        ({"outflow_bps": 499}, Error.OutflowOutOfBounds),
        ({"voting": 7 * DAY, "hold_up": 7 * DAY}, Error.TermsTooLong),
    ],
)
def test_no_vote_can_brick_governance(dao: Dao, changes: dict[str, int], error: type[Any]) -> None:
    proposal = dao.queued(ix.governance.set_params(params=params(**changes)))
    dao.refused(dao.executing(proposal), error)


# -- drafts


def test_a_draft_takes_a_bond_and_says_what_it_is(dao: Dao) -> None:
    before = dao.world.balance(token_account(dao.gamma.key, IO_MINT))
    sent = dao.send(dao.proposing(dao.gamma, nonce=7))
    address = pda.governance.proposal(dao.gamma.key, 7)
    found = dao.proposal(address)
    assert (found.proposer, found.nonce, found.state, found.bond) == (dao.gamma.key, 7, 0, BOND)
    assert dao.world.balance(found.bond_vault) == BOND
    assert dao.world.balance(token_account(dao.gamma.key, IO_MINT)) == before - BOND
    content = bytes(dao.gamma.key) + (7).to_bytes(8, "little") + bytes(dao.description())
    assert found.content_hash == hashlib.sha256(b"ionet:proposal" + content).digest()
    assert sent.event(events.governance.Proposed) == events.governance.Proposed(
        1,
        address,
        dao.gamma.key,
        7,
        25_000 * TOKEN,
        BOND,
        dao.description().title,
        dao.description().uri,
        dao.description().text_hash,
        found.content_hash,
    )


def by(holder: Keypair) -> dict[str, Any]:
    """What makes somebody the proposer."""
    return {"proposer": holder.pubkey(), "source": token_account(holder.pubkey(), IO_MINT)}


def pairs(dao: Dao, holder: Keypair, *houses: Any) -> list[Pubkey]:
    """A holder's positions, ascending, each with its node behind it."""
    found = [(pda.staking.position(one.node, holder.pubkey()), one.node) for one in houses]
    return [key for pair in sorted(found, key=lambda pair: bytes(pair[0])) for key in pair]


def test_positions_count_as_stake_to_propose_with(dao: Dao) -> None:
    carol = by(dao.carol)
    stake = pairs(dao, dao.carol, dao.alpha, dao.beta)
    sent = dao.send(dao.proposing(**carol, remaining_accounts=readonly(stake)))
    assert sent.event(events.governance.Proposed).stake == 20_000 * TOKEN


def test_who_has_too_little_stake_does_not_propose(dao: Dao) -> None:
    dave = by(dao.dave)
    stake = pairs(dao, dao.dave, dao.alpha)
    dao.refused(dao.proposing(**dave, remaining_accounts=readonly(stake)), Error.StakeTooSmall)
    dao.refused(dao.proposing(remaining_accounts=()), Error.StakeTooSmall)


def test_the_stake_shown_is_the_proposers_and_counts_once(dao: Dao) -> None:
    dave = by(dao.dave)
    own = pairs(dao, dao.dave, dao.alpha)
    position = own[0]
    for stake, error in (
        (own + own, Error.StakeOrder),
        ([dao.alpha.node], Error.NotProposersStake),
        (pairs(dao, dao.carol, dao.beta), Error.NotProposersStake),
        ([position], Error.WrongNode),
        ([position, dao.beta.node], Error.WrongNode),
        ([position, position], Error.WrongNode),
        ([dao.alpha.device], Error.NotProposersStake),
        ([pda.governance.CONFIG], Error.NotProposersStake),
    ):
        dao.refused(dao.proposing(**dave, remaining_accounts=readonly(stake)), error)
    carols = pairs(dao, dao.carol, dao.alpha, dao.beta)
    carol = by(dao.carol)
    swapped = carols[2:] + carols[:2]
    dao.refused(dao.proposing(**carol, remaining_accounts=readonly(swapped)), Error.StakeOrder)


def test_stake_of_this_week_and_stake_that_has_left_do_not_propose(dao: Dao) -> None:
    # 16,000 of gamma's 25,000 leave; he adds nothing, so 9,000 were there all the time.
    unstake = ix.staking.owner_unstake(
        owner=dao.gamma.key,
        class_=pda.staking.class_(9),
        node=dao.gamma.node,
        offer=pda.jobs.offer(dao.gamma.node),
        shard=dao.gamma.shard,
        destination=token_account(dao.gamma.key, IO_MINT),
        amount=16_000 * TOKEN,
    )
    dao.send(unstake)
    dao.refused(dao.proposing(dao.gamma), Error.StakeTooSmall)
    stake = ix.staking.owner_stake(
        owner=dao.gamma.key,
        class_=pda.staking.class_(9),
        node=dao.gamma.node,
        source=token_account(dao.gamma.key, IO_MINT),
        amount=16_000 * TOKEN,
    )
    dao.send(stake)
    dao.world.advance(2 * WEEK)
    dao.send(ix.staking.owner_activate(node=dao.gamma.node, shard=dao.gamma.shard))
    dao.refused(dao.proposing(dao.gamma), Error.StakeTooSmall)
    dao.world.advance(WEEK)
    dao.send(dao.proposing(dao.gamma))


def test_nobody_takes_another_ones_number(dao: Dao) -> None:
    dao.send(dao.proposing(dao.alpha, nonce=1))
    dao.send(dao.proposing(dao.beta, nonce=1))
    forged = dao.proposing(dao.alpha, nonce=2, proposal=pda.governance.proposal(dao.beta.key, 2))
    dao.refused(forged, "ConstraintSeeds")
    dao.refused(dao.proposing(dao.alpha, nonce=1), "AccountAlreadyInUse")


def test_lamports_sent_to_its_address_do_not_stop_a_proposal(dao: Dao) -> None:
    dao.world.client.network.airdrop(pda.governance.proposal(dao.alpha.key, 5), 1_000_000)
    dao.send(dao.proposing(dao.alpha, nonce=5))


# -- transactions


def anything(dao: Dao, data: bytes = b"\x01", signer: Pubkey | None = None) -> Instruction:
    metas = [AccountMeta(TREASURY, True, True), AccountMeta(dao.alpha.key, False, True)]
    if signer is not None:
        metas.append(AccountMeta(signer, True, False))
    return Instruction(pda.mint.CONFIG, data, metas)


def test_only_the_proposer_adds_to_a_draft_and_in_order(dao: Dao) -> None:
    proposal = dao.draft(anything(dao))
    dao.refused(dao.adding(proposal, 1, anything(dao), proposer=dao.beta.key), Error.NotProposer)
    dao.refused(dao.adding(proposal, 2, anything(dao)), Error.WrongIndex)
    dao.refused(dao.adding(proposal, 0, anything(dao)), "AccountAlreadyInUse")
    dao.send(dao.activating(proposal))
    dao.refused(dao.adding(proposal, 1, anything(dao)), Error.NotDraft)


def test_a_proposal_has_sixteen_transactions_at_most(dao: Dao) -> None:
    proposal = dao.draft(*(anything(dao, bytes([number])) for number in range(16)))
    assert dao.proposal(proposal).transactions == 16
    dao.refused(dao.adding(proposal, 16, anything(dao)), Error.TooManyTransactions)


def test_only_the_treasury_signs_and_governance_is_not_called_again(dao: Dao) -> None:
    proposal = dao.draft()
    dao.refused(dao.adding(proposal, 0, anything(dao, signer=dao.alpha.key)), Error.ForeignSigner)
    for call in (
        ix.governance.cancel(signer=TREASURY, proposal=proposal),
        ix.governance.queue(proposal=proposal),
        ix.governance.propose(proposer=TREASURY, source=TREASURY, nonce=0, args=dao.description()),
        # What a program sends itself as an event.
        Instruction(ix.governance.queue(proposal=proposal).program_id, bytes.fromhex("e445a52e51cb9a1d"), []),
    ):
        dao.refused(dao.adding(proposal, 0, call), Error.SelfCall)
    dao.send(dao.adding(proposal, 0, ix.governance.set_guardian(guardian=dao.alpha.key)))
    dao.send(dao.adding(proposal, 1, ix.governance.set_params(params=params())))


def hashed(transactions: list[Instruction], before: bytes) -> bytes:
    """What a proposal's hash has to be after these transactions, packed by hand."""
    for one in transactions:
        content = bytes(one.program_id) + len(one.accounts).to_bytes(4, "little")
        for meta in one.accounts:
            content += bytes(meta.pubkey) + bytes([meta.is_signer, meta.is_writable])
        content += len(one.data).to_bytes(4, "little") + bytes(one.data)
        before = hashlib.sha256(b"ionet:transaction" + before + content).digest()
    return before


def test_the_hash_of_a_hundred_proposals_is_that_of_their_content(dao: Dao) -> None:
    dice = random.Random(1)
    dao.world.give_io(dao.alpha.key, IO(101_000))

    def key() -> Pubkey:
        return Pubkey.from_bytes(dice.randbytes(32))

    seen = set()
    for _ in range(100):
        transactions = []
        for _ in range(dice.randint(1, 3)):
            metas = [AccountMeta(key(), False, dice.random() < 0.5) for _ in range(dice.randint(0, 12))]
            if dice.random() < 0.5:
                metas.insert(dice.randint(0, len(metas)), AccountMeta(TREASURY, True, dice.random() < 0.5))
            transactions.append(Instruction(key(), dice.randbytes(dice.randint(0, 200)), metas))
        proposal = dao.draft()
        before = dao.proposal(proposal).content_hash
        for index, one in enumerate(transactions):
            dao.send(dao.adding(proposal, index, one))
            assert dao.transaction(proposal, index).args == stored(one)
        found = dao.proposal(proposal)
        assert found.content_hash == hashed(transactions, before)
        seen.add(found.content_hash)
    assert len(seen) == 100


# -- the beginning of a vote


def test_voting_begins_on_the_stake_of_the_weeks_start(dao: Dao) -> None:
    proposal = dao.draft()
    sent = dao.send(dao.activating(proposal))
    week = dao.world.now // WEEK
    found = dao.proposal(proposal)
    assert (found.state, found.week, found.eligible) == (1, week, 100_000 * TOKEN)
    assert (found.voting_from, found.voting_ends) == (dao.world.now, dao.world.now + VOTING)
    assert sent.event(events.governance.VotingBegan) == events.governance.VotingBegan(
        *(2, proposal, found.content_hash, week, 100_000 * TOKEN, 10_000 * TOKEN, found.voting_ends),
        *(DAY, 2 * DAY, 1_000, 5_000),
    )
    dao.refused(dao.activating(proposal), Error.NotDraft)


def test_all_shards_count_and_only_the_proposer_begins(dao: Dao) -> None:
    proposal = dao.draft()
    dao.refused(dao.activating(proposal, proposer=dao.beta.key), Error.NotProposer)
    for wrong in (
        shards()[:15],
        [*shards(), shards()[0]],
        [shards()[1], shards()[0], *shards()[2:]],
        [*shards()[:15], shards()[0]],
        [*shards()[:15], pda.staking.CONFIG],
    ):
        dao.refused(dao.activating(proposal, remaining_accounts=readonly(wrong)), Error.ShardsMissing)


def test_without_stake_there_is_no_vote(dao: Dao) -> None:
    proposal = dao.draft()
    for shard in shards():
        dao.poke(shard, accounts.staking.StakeShard, "active", bytes(40))
    dao.refused(dao.activating(proposal), Error.NothingStaked)


# -- bonds


def ending(dao: Dao, proposal: Pubkey) -> None:
    """Lets voting end, and queues."""
    dao.world.advance(VOTING)
    dao.send(ix.governance.queue(proposal=proposal))


def returning(dao: Dao, proposal: Pubkey, **given: Any) -> Instruction:
    proposer = dao.proposal(proposal).proposer
    usual = {"proposal": proposal, "destination": token_account(proposer, IO_MINT), "rent_payer": proposer}
    return ix.governance.return_bond(**usual | given)


def burning(dao: Dao, proposal: Pubkey, **given: Any) -> Instruction:
    usual = {"proposal": proposal, "rent_payer": dao.proposal(proposal).proposer}
    return ix.governance.burn_bond(**usual | given)


def test_a_bond_comes_back_when_a_quarter_of_the_quorum_has_voted(dao: Dao) -> None:
    wallet = token_account(dao.alpha.key, IO_MINT)
    before = dao.world.balance(wallet)
    proposal = dao.open()
    dao.refused(returning(dao, proposal), Error.BondNotReturned)
    dao.vote(proposal, dao.alpha, AGAINST, holder=dao.dave)  # 5,000 of 2,500
    dao.refused(returning(dao, proposal), Error.BondNotReturned)
    dao.world.advance(VOTING)
    dao.refused(burning(dao, proposal), Error.BondNotLost)
    thief = dao.actor().pubkey()
    theirs = dao.world.io_account(thief)
    dao.refused(returning(dao, proposal, destination=theirs), Error.WrongDestination)
    dao.refused(returning(dao, proposal, rent_payer=thief), Error.WrongRentPayer)
    other = dao.proposal(dao.draft(by=dao.beta)).bond_vault
    dao.refused(returning(dao, proposal, bond_vault=other), Error.WrongBond)
    sent = dao.send(returning(dao, proposal))
    assert dao.world.balance(wallet) == before
    assert sent.event(events.governance.BondReturned).amount == BOND
    dao.refused(returning(dao, proposal), "AccountNotInitialized")
    dao.send(ix.governance.queue(proposal=proposal))
    assert dao.proposal(proposal).state == 4


def test_a_bond_is_burned_when_fewer_have_voted(dao: Dao) -> None:
    proposal = dao.open()
    dao.refused(burning(dao, proposal), Error.BondNotLost)
    ending(dao, proposal)
    dao.refused(returning(dao, proposal), Error.BondNotReturned)
    supply = dao.world.supply
    other = dao.proposal(dao.draft(by=dao.beta)).bond_vault
    dao.refused(burning(dao, proposal, bond_vault=other), Error.WrongBond)
    sent = dao.send(burning(dao, proposal))
    assert dao.world.supply == supply - BOND
    burned = events.governance.BondBurned(4, proposal, BOND, supply - BOND)
    assert sent.event(events.governance.BondBurned) == burned
    dao.refused(burning(dao, proposal), "AccountNotInitialized")


@pytest.mark.parametrize(("kept", "returned"), [(243_589_743_590, True), (243_589_743_589, False)])
def test_the_bond_turns_at_a_quarter_of_the_quorum_to_the_unit(dao: Dao, kept: int, returned: bool) -> None:
    # Dave keeps x of 5,000 IO, beside 95,000: a quarter of 10 % of 95,000 IO + x is x at 2,435.8974359 IO.
    dao.send(unstaking(dao, dao.dave, 5_000 * TOKEN - kept))
    dao.world.advance(WEEK)
    proposal = dao.open()
    assert dao.proposal(proposal).eligible == 95_000 * TOKEN + kept
    dao.vote(proposal, dao.alpha, FOR, holder=dao.dave)
    ending(dao, proposal)
    dao.send(returning(dao, proposal) if returned else burning(dao, proposal))


def unstaking(dao: Dao, holder: Keypair, amount: int, house: Any = None) -> Instruction:
    """Takes a co-staker's stake off; default: on alpha's node."""
    on = house or dao.alpha
    return ix.staking.unstake(
        holder=holder.pubkey(),
        node=on.node,
        shard=on.shard,
        destination=token_account(holder.pubkey(), IO_MINT),
        amount=amount,
    )


def test_a_cancelled_proposal_gives_its_bond_back(dao: Dao) -> None:
    draft, voted_on = dao.draft(), dao.open()
    dao.send(ix.governance.cancel(signer=dao.alpha.key, proposal=draft))
    dao.send(ix.governance.cancel(signer=dao.voters.guardian.pubkey(), proposal=voted_on))
    for one in (draft, voted_on):
        dao.refused(burning(dao, one), Error.BondNotLost)
        dao.send(returning(dao, one))


# -- cancelling


def test_a_proposer_takes_a_draft_back_and_nothing_later(dao: Dao) -> None:
    proposal = dao.draft()
    dao.refused(ix.governance.cancel(signer=dao.beta.key, proposal=proposal), Error.MayNotCancel)
    guardian = dao.voters.guardian.pubkey()
    dao.refused(ix.governance.cancel(signer=guardian, proposal=proposal), Error.MayNotCancel)
    sent = dao.send(ix.governance.cancel(signer=dao.alpha.key, proposal=proposal))
    assert sent.event(events.governance.Cancelled) == events.governance.Cancelled(2, proposal, dao.alpha.key)
    dao.refused(ix.governance.cancel(signer=dao.alpha.key, proposal=proposal), Error.NotCancellable)
    dao.refused(dao.activating(proposal), Error.NotDraft)
    dao.refused(dao.adding(proposal, 0, anything(dao)), Error.NotDraft)
    begun = dao.open()
    dao.refused(ix.governance.cancel(signer=dao.alpha.key, proposal=begun), Error.MayNotCancel)


def test_the_guardian_cancels_what_is_voted_on_and_what_is_queued(dao: Dao) -> None:
    guardian = dao.voters.guardian.pubkey()
    proposal = dao.open(anything(dao))
    dao.vote(proposal, dao.alpha)
    dao.send(ix.governance.cancel(signer=guardian, proposal=proposal))
    # vote_on_cancelled
    dao.refused(dao.owner_voting(proposal, dao.alpha, AGAINST), Error.NotVoting)
    dao.refused(dao.opening(proposal, dao.beta), Error.NotVoting)
    dao.world.advance(VOTING)
    dao.refused(ix.governance.queue(proposal=proposal), Error.NotVoting)
    wallet = dao.world.io_account(dao.carol.pubkey())
    queued = dao.queued(dao.paying(IO_MINT, wallet, TOKEN))
    dao.send(ix.governance.cancel(signer=guardian, proposal=queued))
    dao.refused(dao.executing(queued), Error.NotQueued)


def test_a_vote_that_is_over_is_queued_before_it_can_be_cancelled(dao: Dao) -> None:
    proposal, guardian = dao.open(), dao.voters.guardian.pubkey()
    dao.world.advance(VOTING)
    dao.refused(ix.governance.cancel(signer=guardian, proposal=proposal), Error.NotCancellable)


def test_the_guardian_does_not_save_himself(dao: Dao) -> None:
    guardian, heir = dao.voters.guardian.pubkey(), dao.actor().pubkey()
    renewal = ix.governance.set_guardian(guardian=heir)
    proposal = dao.queued(renewal, renewal)
    dao.refused(ix.governance.cancel(signer=guardian, proposal=proposal), Error.GuardianOnly)
    sent = dao.send(dao.executing(proposal))
    until = dao.world.now + 365 * DAY
    assert sent.event(events.governance.GuardianSet) == events.governance.GuardianSet(1, heir, until)
    assert dao.config.guardian == heir
    # With anything else in it, he may.
    mixed = dao.open(renewal, ix.governance.set_params(params=params()))
    dao.refused(ix.governance.cancel(signer=guardian, proposal=mixed), Error.MayNotCancel)
    dao.send(ix.governance.cancel(signer=heir, proposal=mixed))


def test_a_guardian_expires_after_twelve_months(dao: Dao) -> None:
    guardian = dao.voters.guardian.pubkey()
    dao.world.advance(dao.config.guardian_until - dao.world.now - 1)
    early = dao.open(anything(dao))
    dao.send(ix.governance.cancel(signer=guardian, proposal=early))
    late = dao.open(anything(dao))
    dao.world.advance(1)
    dao.refused(ix.governance.cancel(signer=guardian, proposal=late), Error.MayNotCancel)


def test_without_a_guardian_nobody_cancels(dao: Dao) -> None:
    dao.enact(ix.governance.set_guardian(guardian=Pubkey.default()))
    proposal = dao.open(anything(dao))
    for one in (dao.voters.guardian.pubkey(), dao.alpha.key, dao.world.deployer):
        dao.refused(ix.governance.cancel(signer=one, proposal=proposal), Error.MayNotCancel)


# -- what is closed


def test_what_is_over_is_closed_and_its_rent_goes_to_who_paid(dao: Dao) -> None:
    proposal = dao.open(anything(dao))
    dao.vote(proposal, dao.alpha, AGAINST)
    dao.vote(proposal, dao.alpha, AGAINST, holder=dao.carol)
    position = pda.staking.position(dao.alpha.node, dao.carol.pubkey())
    vote = ix.governance.close_vote(
        proposal=proposal, vote=pda.governance.vote(proposal, position), rent_payer=dao.carol.pubkey()
    )
    node_vote = ix.governance.close_node_vote(
        proposal=proposal,
        node_vote=pda.governance.node_vote(proposal, dao.alpha.node),
        rent_payer=dao.world.deployer,
    )
    transaction = ix.governance.close_transaction(
        proposal=proposal,
        transaction=pda.governance.transaction(proposal, 0),
        rent_payer=dao.alpha.key,
    )
    dao.refused(vote, Error.StillVoting)
    dao.refused(node_vote, Error.StillVoting)
    dao.refused(transaction, Error.NotOver)
    dao.world.advance(VOTING)
    dao.refused(transaction, Error.NotOver)
    dao.send(ix.governance.queue(proposal=proposal))
    other = dao.draft(by=dao.beta)
    for closing, payer in ((vote, dao.carol.pubkey()), (transaction, dao.alpha.key)):
        metas = list(closing.accounts)
        stolen = [*metas[:2], AccountMeta(dao.dave.pubkey(), False, True)]
        dao.refused(Instruction(closing.program_id, bytes(closing.data), stolen), Error.WrongRentPayer)
        foreign = [AccountMeta(other, False, True), *metas[1:]]
        dao.refused(Instruction(closing.program_id, bytes(closing.data), foreign), Error.WrongProposal)
        before, rent = dao.world.raw(payer).lamports, dao.world.raw(metas[1].pubkey).lamports
        dao.send(closing)
        assert dao.world.raw(payer).lamports == before + rent
        assert dao.world.client.account(metas[1].pubkey) is None
    dao.send(node_vote)


def test_an_expired_proposals_transactions_are_closed(dao: Dao) -> None:
    proposal = dao.queued(anything(dao))
    closing = ix.governance.close_transaction(
        proposal=proposal, transaction=pda.governance.transaction(proposal, 0), rent_payer=dao.alpha.key
    )
    dao.world.advance(EXPIRY)
    dao.refused(closing, Error.NotOver)
    dao.world.advance(1)
    dao.refused(dao.executing(proposal), Error.Expired)
    dao.send(closing)
    # A vote that was never queued.
    passed = dao.open(anything(dao))
    dao.vote(passed, dao.alpha)
    dao.world.advance(VOTING + EXPIRY + 1)
    dao.refused(ix.governance.queue(proposal=passed), Error.QueuedTooLate)
    dao.send(
        ix.governance.close_transaction(
            proposal=passed, transaction=pda.governance.transaction(passed, 0), rent_payer=dao.alpha.key
        )
    )


def test_lamports_sent_to_an_address_stop_no_transaction_and_no_vote(dao: Dao) -> None:
    proposal = dao.draft()
    network = dao.world.client.network
    network.airdrop(pda.governance.transaction(proposal, 0), 1_000_000)
    dao.send(dao.adding(proposal, 0, anything(dao)))
    dao.send(dao.activating(proposal))
    position = pda.staking.position(dao.alpha.node, dao.carol.pubkey())
    network.airdrop(pda.governance.node_vote(proposal, dao.alpha.node), 1_000_000)
    network.airdrop(pda.governance.vote(proposal, position), 1_000_000)
    dao.send(dao.opening(proposal, dao.alpha))
    dao.send(dao.casting(proposal, dao.alpha, dao.carol))
