"""Votes: what they weigh, who overrides whom, quorum, threshold, extension; random walks against a model."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.model.refusal import Refused
from tests.model.votes import Stakes, Vote
from tests.programs.dao import (
    ABSTAIN,
    AGAINST,
    CLASS,
    FOR,
    HOLD_UP,
    IO_MINT,
    VOTING,
    WEEK,
    Dao,
    House,
    K,
    shards,
)
from tests.programs.people import TOKEN
from tests.programs.support import DAY, HOUR, with_variant
from tests.programs.test_governance import by, params

from ionet import IO, ProgramError, accounts, errors, events, ix, pda, token_account, types
from ionet._generated.governance.types import VoteChoice

Error = errors.governance
LATE = 12 * HOUR


def position(house: House, holder: Keypair) -> Pubkey:
    return pda.staking.position(house.node, holder.pubkey())


def leaving(dao: Dao, house: House, holder: Keypair | None, amount: int) -> Instruction:
    """Takes stake off, of a position or of the node's owner."""
    if holder is None:
        return ix.staking.owner_unstake(
            owner=house.key,
            class_=pda.staking.class_(CLASS),
            node=house.node,
            offer=pda.jobs.offer(house.node),
            shard=house.shard,
            destination=token_account(house.key, IO_MINT),
            amount=amount,
        )
    return ix.staking.unstake(
        holder=holder.pubkey(),
        node=house.node,
        shard=house.shard,
        destination=token_account(holder.pubkey(), IO_MINT),
        amount=amount,
    )


def queue(dao: Dao, proposal: Pubkey) -> int:
    """Ends the vote when its time is over; the state that it comes to."""
    ends = dao.proposal(proposal).voting_ends
    if dao.world.now < ends:
        dao.world.advance(ends - dao.world.now)
    dao.send(ix.governance.queue(proposal=proposal))
    return dao.proposal(proposal).state


QUEUED, EXECUTED, DEFEATED = 2, 3, 4


# -- weights


def test_an_owner_votes_for_himself_and_for_co_stakers_who_are_silent(dao: Dao) -> None:
    proposal = dao.open()
    sent = dao.vote(proposal, dao.alpha, FOR)
    assert dao.tally(proposal) == (45 * K, 0, 0)
    ends = dao.proposal(proposal).voting_ends
    assert sent.event(events.governance.Voted) == events.governance.Voted(
        3,
        proposal,
        dao.alpha.node,
        dao.alpha.key,
        VoteChoice(FOR),
        45 * K,
        45 * K,
        0,
        0,
        ends,
        0,
        types.governance.NodeSums(dao.alpha.node, 30 * K, 15 * K, 0),
    )
    dao.vote(proposal, dao.beta, AGAINST)
    dao.vote(proposal, dao.gamma, ABSTAIN)
    assert dao.tally(proposal) == (45 * K, 30 * K, 25 * K)


def test_a_co_stakers_vote_overrides_the_owners_after_it(dao: Dao) -> None:
    proposal = dao.open()
    dao.vote(proposal, dao.alpha, FOR)
    sent = dao.vote(proposal, dao.alpha, AGAINST, holder=dao.carol)
    assert sent.event(events.governance.Voted).weight == 10 * K
    part = types.governance.NodeSums(dao.alpha.node, 30 * K, 15 * K, 10 * K)
    assert sent.event(events.governance.Voted).node == part
    assert dao.tally(proposal) == (35 * K, 10 * K, 0)
    found = dao.node_vote(proposal, dao.alpha)
    assert (found.own, found.co, found.overridden, found.owner_choice) == (30 * K, 15 * K, 10 * K, FOR)


def test_and_before_it(dao: Dao) -> None:
    proposal = dao.open()
    dao.vote(proposal, dao.alpha, AGAINST, holder=dao.carol)
    assert dao.tally(proposal) == (0, 10 * K, 0)
    dao.vote(proposal, dao.alpha, FOR)
    assert dao.tally(proposal) == (35 * K, 10 * K, 0)


def test_revote_double_tally(dao: Dao) -> None:
    # A changed vote moves the same number, whoever changes it and in whatever order.
    proposal = dao.open()
    dao.vote(proposal, dao.alpha, FOR)
    dao.vote(proposal, dao.alpha, AGAINST, holder=dao.carol)
    dao.vote(proposal, dao.alpha, ABSTAIN)
    assert dao.tally(proposal) == (0, 10 * K, 35 * K)
    dao.vote(proposal, dao.alpha, FOR, holder=dao.carol)
    assert dao.tally(proposal) == (10 * K, 0, 35 * K)
    for _ in range(3):
        dao.vote(proposal, dao.alpha, FOR, holder=dao.carol)
        dao.vote(proposal, dao.alpha, ABSTAIN)
    assert dao.tally(proposal) == (10 * K, 0, 35 * K)
    dao.refused(dao.casting(proposal, dao.alpha, dao.carol), "AccountAlreadyInUse")


def test_a_vote_names_what_it_is_on_and_is_one_of_three(dao: Dao) -> None:
    proposal = dao.open()
    dao.open_node(proposal, dao.alpha)
    for number in (3, 4, 255):
        cast = with_variant(
            lambda choice: dao.casting(proposal, dao.alpha, dao.carol, VoteChoice(choice)), number
        )
        dao.refused(cast, Error.UnknownChoice)
        by_owner = with_variant(
            lambda choice: dao.owner_voting(proposal, dao.alpha, VoteChoice(choice)), number
        )
        dao.refused(by_owner, Error.UnknownChoice)
    other = dao.proposal(dao.draft(by=dao.beta)).content_hash
    dao.refused(dao.casting(proposal, dao.alpha, dao.carol, content_hash=other), Error.WrongHash)
    dao.refused(dao.owner_voting(proposal, dao.alpha, content_hash=other), Error.WrongHash)
    dao.vote(proposal, dao.alpha, holder=dao.carol)
    dao.refused(dao.changing(proposal, dao.alpha, dao.carol, FOR, content_hash=other), Error.WrongHash)
    changed = with_variant(
        lambda choice: dao.changing(proposal, dao.alpha, dao.carol, VoteChoice(choice)), 255
    )
    dao.refused(changed, Error.UnknownChoice)


def test_everyone_votes_with_his_own_stake_alone(dao: Dao) -> None:
    proposal, second = dao.open(), dao.open(by=dao.beta)
    for house in (dao.alpha, dao.beta):
        dao.open_node(proposal, house)
        dao.open_node(second, house)
    theirs = position(dao.alpha, dao.dave)
    dao.refused(dao.casting(proposal, dao.alpha, dao.carol, position=theirs), Error.NotHolder)
    betas = pda.governance.node_vote(proposal, dao.beta.node)
    dao.refused(dao.casting(proposal, dao.alpha, dao.carol, node_vote=betas), Error.WrongNode)
    seconds = pda.governance.node_vote(second, dao.alpha.node)
    dao.refused(dao.casting(proposal, dao.alpha, dao.carol, node_vote=seconds), Error.WrongProposal)
    dao.refused(dao.owner_voting(proposal, dao.alpha, node_vote=seconds), Error.WrongProposal)
    dao.refused(dao.owner_voting(proposal, dao.alpha, owner=dao.beta.key), Error.NotNodeOwner)
    dao.refused(dao.owner_voting(proposal, dao.alpha, node=dao.beta.node), Error.WrongNode)
    dao.refused(dao.casting(proposal, dao.alpha, dao.carol, position=dao.alpha.node), Error.NotAPosition)
    dao.vote(proposal, dao.alpha, holder=dao.carol)
    record = pda.governance.vote(proposal, position(dao.alpha, dao.carol))
    dao.refused(dao.changing(proposal, dao.alpha, dao.dave, AGAINST, vote=record), Error.NotHolder)
    elsewhere = dao.changing(second, dao.alpha, dao.carol, AGAINST, vote=record)
    dao.refused(elsewhere, Error.WrongProposal)
    node = ix.governance.open_node_vote(
        payer=dao.world.deployer, proposal=proposal, node=position(dao.alpha, dao.carol)
    )
    dao.refused(node, Error.NotANode)


def test_votes_are_taken_from_the_beginning_to_the_end(dao: Dao) -> None:
    proposal = dao.draft()
    dao.refused(dao.opening(proposal, dao.alpha), Error.NotVoting)
    dao.send(dao.activating(proposal))
    dao.vote(proposal, dao.alpha, FOR)
    dao.vote(proposal, dao.alpha, FOR, holder=dao.carol)
    dao.world.advance(VOTING - 1)
    dao.vote(proposal, dao.alpha, FOR, holder=dao.dave)
    dao.refused(ix.governance.queue(proposal=proposal), Error.StillVoting)
    dao.open_node(proposal, dao.beta)
    dao.world.advance(1)
    dao.refused(dao.changing(proposal, dao.alpha, dao.carol, AGAINST), Error.NotVoting)
    dao.refused(dao.owner_voting(proposal, dao.alpha, AGAINST), Error.NotVoting)
    dao.refused(dao.casting(proposal, dao.beta, dao.carol), Error.NotVoting)
    dao.refused(dao.opening(proposal, dao.gamma), Error.NotVoting)
    # A clock that goes back does not open it again.
    dao.send(ix.governance.queue(proposal=proposal))
    dao.world.turn_back(100)
    dao.refused(dao.owner_voting(proposal, dao.alpha, AGAINST), Error.NotVoting)


def test_flash_vote(dao: Dao) -> None:
    """Stake that came after the week's start has no vote, and the quorum is no share of it either."""
    holder = dao.actor()
    purse = dao.world.give_io(holder.pubkey(), IO(10_000))
    dao.send(
        ix.staking.open_position(holder=holder.pubkey(), node=dao.gamma.node),
        ix.staking.stake(
            holder=holder.pubkey(),
            class_=pda.staking.class_(CLASS),
            node=dao.gamma.node,
            source=purse,
            amount=10 * K,
        ),
    )
    dao.world.advance(2 * WEEK)
    dao.world.patch(dao.gamma.node, accounts.staking.Node, "credited_through", dao.world.now)
    activate = ix.staking.activate(
        node=dao.gamma.node, position=position(dao.gamma, holder), shard=dao.gamma.shard
    )
    dao.send(activate)
    proposal = dao.open()
    assert dao.proposal(proposal).eligible == 100 * K
    dao.open_node(proposal, dao.gamma)
    dao.refused(dao.casting(proposal, dao.gamma, holder), Error.NoWeight)
    dao.vote(proposal, dao.gamma, FOR)
    assert dao.tally(proposal) == (25 * K, 0, 0)
    # A week later it has been there long enough.
    dao.world.advance(WEEK)
    second = dao.open()
    assert dao.proposal(second).eligible == 110 * K
    dao.vote(second, dao.gamma, FOR, holder=holder)
    assert dao.tally(second) == (10 * K, 0, 0)


def test_what_left_after_voting_cannot_vote_twice(dao: Dao) -> None:
    proposal = dao.open()
    dao.vote(proposal, dao.beta, FOR, holder=dao.carol)
    dao.send(leaving(dao, dao.beta, dao.carol, 10 * K))
    # It still counts where it was, and nowhere else.
    assert dao.tally(proposal) == (10 * K, 0, 0)
    dao.vote(proposal, dao.beta, AGAINST)
    assert dao.tally(proposal) == (10 * K, 20 * K, 0)
    # It cannot be moved before the vote and the hold-up are over.
    dao.world.advance(VOTING + DAY + HOLD_UP)
    withdraw = ix.staking.withdraw(
        holder=dao.carol.pubkey(), node=dao.beta.node, destination=token_account(dao.carol.pubkey(), IO_MINT)
    )
    dao.refused(withdraw, errors.staking.NothingReady)
    second = dao.open()
    dao.open_node(second, dao.beta)
    dao.refused(dao.casting(second, dao.beta, dao.carol), Error.NoWeight)


def test_who_became_the_owner_since_has_no_vote(dao: Dao) -> None:
    proposal = dao.open()
    dao.open_node(proposal, dao.alpha)
    at = dao.world.now
    dao.poke(dao.alpha.node, accounts.staking.Node, "registered_at", (at + 1).to_bytes(8, "little"))
    dao.refused(dao.owner_voting(proposal, dao.alpha), Error.OwnerSinceVote)
    dao.poke(dao.alpha.node, accounts.staking.Node, "registered_at", at.to_bytes(8, "little"))
    dao.send(dao.owner_voting(proposal, dao.alpha))


def test_a_snapshot_of_another_time_is_no_vote(dao: Dao) -> None:
    # Three weeks are kept, and no vote takes that long: this cannot come about.
    proposal = dao.open()
    dao.open_node(proposal, dao.alpha)
    later = (dao.proposal(proposal).week + 3).to_bytes(8, "little")
    dao.poke(position(dao.alpha, dao.carol), accounts.staking.Position, "snapshot", later)
    dao.refused(dao.casting(proposal, dao.alpha, dao.carol), Error.SnapshotGone)
    dao.poke(dao.beta.node, accounts.staking.Node, "own_snapshot", later)
    dao.refused(dao.opening(proposal, dao.beta), Error.SnapshotGone)


def test_the_longest_vote_is_within_what_is_remembered(dao: Dao) -> None:
    # Begun in a week's last second, with the longest terms, and everybody's stake changed in each week.
    longest = params(voting=7 * DAY, extension=2 * DAY, hold_up=5 * DAY)
    dao.enact(ix.governance.set_params(params=longest))
    dao.world.advance(WEEK - 1 - dao.world.now % WEEK)
    proposal = dao.open()
    for _ in range(2):
        dao.world.advance(1)
        dao.send(leaving(dao, dao.alpha, dao.carol, TOKEN), leaving(dao, dao.beta, None, TOKEN))
        dao.world.advance(WEEK - 1 - LATE // 2 if dao.world.now % WEEK < DAY else 1)
    dao.vote(proposal, dao.beta, FOR)
    assert dao.proposal(proposal).extended == 1
    dao.world.advance(2 * DAY - 1 + LATE // 2 - DAY)
    dao.send(leaving(dao, dao.alpha, dao.carol, TOKEN))
    dao.vote(proposal, dao.alpha, FOR, holder=dao.carol)
    assert dao.tally(proposal) == (40 * K, 0, 0)


# -- slashes


def slashed_to_the_end(dao: Dao, house: House) -> None:
    """Takes the owner's side and a unit of the co-stakers': the node is terminal."""
    node = dao.world.client.fetch(accounts.staking.Node, house.node)
    amount = node.own.active + 1
    slash = pda.staking.slash(house.node, 0)
    dao.send(
        ix.staking.propose_slash(
            slasher=dao.voters.slasher.pubkey(),
            node=house.node,
            nonce=0,
            amount=amount,
            evidence_hash=bytes(32),
            shard=house.shard,
            fraud=False,
        )
    )
    dao.send(ix.staking.appeal(owner=house.key, node=house.node, slash=slash))
    dao.send(
        ix.staking.resolve_slash(
            resolver=dao.voters.resolver.pubkey(),
            node=house.node,
            slash=slash,
            shard=house.shard,
            amount=amount,
        )
    )
    # As much stake elsewhere as one per cent has to be taken of.
    elsewhere = next(one for one in shards() if one not in {each.shard for each in dao.voters.houses})
    at = (dao.world.now // WEEK).to_bytes(8, "little")
    stake = at + (100 * amount).to_bytes(8, "little") + bytes(24)
    dao.poke(elsewhere, accounts.staking.StakeShard, "active", stake)
    others = [AccountMeta(one, False, False) for one in shards() if one != house.shard]
    dao.send(
        ix.staking.set_apart_slash(node=house.node, slash=slash, shard=house.shard),
        ix.staking.execute_slash(node=house.node, slash=slash, shard=house.shard, remaining_accounts=others),
    )


def test_a_slash_during_the_vote_changes_no_weight(dao: Dao) -> None:
    proposal = dao.open()
    dao.vote(proposal, dao.beta, AGAINST)
    slashed_to_the_end(dao, dao.beta)
    dao.vote(proposal, dao.beta, FOR, holder=dao.carol)
    assert dao.tally(proposal) == (10 * K, 20 * K, 0)
    dao.vote(proposal, dao.beta, ABSTAIN)
    assert dao.tally(proposal) == (10 * K, 0, 20 * K)


def test_positions_of_a_node_that_came_to_its_end_vote_no_more(dao: Dao) -> None:
    slashed_to_the_end(dao, dao.alpha)
    carol = by(dao.carol)
    pair = [position(dao.alpha, dao.carol), dao.alpha.node]
    ended = dao.proposing(**carol, remaining_accounts=[AccountMeta(one, False, False) for one in pair])
    dao.refused(ended, Error.NotProposersStake)
    dao.world.advance(WEEK)
    proposal = dao.open(by=dao.beta)
    dao.refused(dao.opening(proposal, dao.alpha), Error.NoWeight)
    dao.open_node(proposal, dao.beta)
    betas = pda.governance.node_vote(proposal, dao.beta.node)
    dao.refused(dao.casting(proposal, dao.alpha, dao.carol, node_vote=betas), Error.WrongNode)


# -- quorum and threshold


def test_ten_per_cent_of_all_stake_are_a_quorum_and_a_unit_less_is_none(dao: Dao) -> None:
    # Carol's 10,000 of 100,000 IO.
    proposal = dao.open()
    dao.vote(proposal, dao.beta, FOR, holder=dao.carol)
    assert queue(dao, proposal) == EXECUTED
    # A unit less of each: 10 % of 100,000 IO less a unit is still 10,000 IO, rounded up.
    dao.send(leaving(dao, dao.beta, dao.carol, 1))
    dao.world.advance(WEEK)
    second = dao.open()
    assert dao.proposal(second).eligible == 100 * K - 1
    dao.vote(second, dao.beta, FOR, holder=dao.carol)
    assert dao.tally(second) == (10 * K - 1, 0, 0)
    assert queue(dao, second) == DEFEATED


def test_abstaining_counts_for_the_quorum_and_not_for_the_threshold(dao: Dao) -> None:
    proposal = dao.open()
    dao.vote(proposal, dao.alpha, FOR, holder=dao.dave)
    dao.vote(proposal, dao.gamma, ABSTAIN)
    assert queue(dao, proposal) == EXECUTED


def test_a_tie_does_not_pass_and_a_unit_more_does(dao: Dao) -> None:
    for more in (False, True):
        proposal = dao.open()
        dao.vote(proposal, dao.alpha, ABSTAIN, holder=dao.carol)
        dao.vote(proposal, dao.alpha, FOR if more else ABSTAIN, holder=dao.dave)
        dao.vote(proposal, dao.alpha, FOR)
        dao.vote(proposal, dao.beta, AGAINST)
        assert dao.tally(proposal)[1] == 30 * K
        assert queue(dao, proposal) == (EXECUTED if more else DEFEATED)


def test_a_higher_threshold_holds_from_the_next_vote_on(dao: Dao) -> None:
    before = dao.open()
    dao.enact(ix.governance.set_params(params=params(threshold_bps=6_700)))
    assert dao.proposal(before).threshold_bps == 5_000
    proposal = dao.open()
    dao.vote(proposal, dao.alpha, FOR)  # 45 of 75 is 60 %
    dao.vote(proposal, dao.beta, AGAINST)
    assert queue(dao, proposal) == DEFEATED


# -- extension


@pytest.mark.parametrize(("early", "extended"), [(1, False), (0, True)])
def test_a_vote_that_turns_in_the_last_twelve_hours_is_extended(dao: Dao, early: int, extended: bool) -> None:
    proposal = dao.open()
    ends = dao.proposal(proposal).voting_ends
    dao.open_node(proposal, dao.alpha)
    dao.world.advance(VOTING - LATE - early)
    sent = dao.vote(proposal, dao.alpha, FOR)
    wanted = ends + (DAY if extended else 0)
    assert dao.proposal(proposal).voting_ends == wanted
    assert sent.event(events.governance.Voted).voting_ends == wanted


def test_the_end_moves_only_when_the_outcome_turns_near_it(dao: Dao) -> None:
    proposal = dao.open()
    ends = dao.proposal(proposal).voting_ends
    dao.vote(proposal, dao.beta, FOR)
    dao.open_node(proposal, dao.alpha)
    dao.world.advance(VOTING - HOUR)
    # The lead grows: nothing turns.
    dao.vote(proposal, dao.gamma, FOR)
    dao.vote(proposal, dao.alpha, AGAINST, holder=dao.dave)
    assert dao.proposal(proposal).voting_ends == ends
    # 55 for, 5 and 40 against: still for. Then gamma turns.
    dao.vote(proposal, dao.alpha, AGAINST)
    assert (dao.tally(proposal), dao.proposal(proposal).voting_ends) == ((55 * K, 45 * K, 0), ends)
    dao.vote(proposal, dao.gamma, AGAINST)
    assert dao.proposal(proposal).voting_ends == ends + DAY
    # Back again, and a day and an hour before the end: nothing moves.
    dao.vote(proposal, dao.gamma, FOR)
    dao.vote(proposal, dao.gamma, AGAINST)
    found = dao.proposal(proposal)
    assert (found.voting_ends, found.regular_end, found.extended) == (ends + DAY, ends, 1)
    assert queue(dao, proposal) == DEFEATED


def test_a_quorum_that_is_reached_late_extends_too(dao: Dao) -> None:
    proposal = dao.open()
    ends = dao.proposal(proposal).voting_ends
    dao.vote(proposal, dao.alpha, FOR, holder=dao.dave)
    dao.world.advance(VOTING - 1)
    dao.vote(proposal, dao.gamma, ABSTAIN)
    assert dao.proposal(proposal).voting_ends == ends + DAY


# -- walks

Stakers = list[tuple[str, House, Keypair | None]]


def _stakers(dao: Dao) -> Stakers:
    found: Stakers = []
    for house in dao.voters.houses:
        found.append((house.name, house, None))
        found += [(house.name, house, dao.voters.holder(name)) for name in house.co]
    return found


def _active(dao: Dao, house: House, holder: Keypair | None) -> int:
    if holder is None:
        return dao.world.client.fetch(accounts.staking.Node, house.node).own.active
    return dao.world.client.fetch(accounts.staking.Position, position(house, holder)).active


def _tried(dao: Dao, *instructions: Instruction) -> bool:
    """Sends what the staking program may refuse for a reason of its own; whether it did not."""
    try:
        dao.send(*instructions)
    except ProgramError as error:
        refusal = error
    else:
        return True
    assert refusal.program == "staking", refusal
    assert refusal.name != "Overflow", refusal
    return False


def _staking(house: House, holder: Keypair | None, amount: int) -> Instruction:
    class_ = pda.staking.class_(CLASS)
    if holder is None:
        purse = token_account(house.key, IO_MINT)
        return ix.staking.owner_stake(
            owner=house.key, class_=class_, node=house.node, source=purse, amount=amount
        )
    purse = token_account(holder.pubkey(), IO_MINT)
    return ix.staking.stake(
        holder=holder.pubkey(), class_=class_, node=house.node, source=purse, amount=amount
    )


def _activating(house: House, holder: Keypair | None) -> Instruction:
    if holder is None:
        return ix.staking.owner_activate(node=house.node, shard=house.shard)
    return ix.staking.activate(node=house.node, position=position(house, holder), shard=house.shard)


def _slash(dao: Dao, dice: random.Random, number: int) -> bool:
    """Part of the owner's side, at most one per cent of all stake: decided at once, and executed."""
    house = dice.choice(dao.voters.houses)
    slash = pda.staking.slash(house.node, number)
    proposed = ix.staking.propose_slash(
        slasher=dao.voters.slasher.pubkey(),
        node=house.node,
        nonce=number,
        amount=dice.randrange(1, 900 * TOKEN),
        evidence_hash=bytes(32),
        shard=house.shard,
        fraud=False,
    )
    if not _tried(dao, proposed, ix.staking.appeal(owner=house.key, node=house.node, slash=slash)):
        return False
    amount = dao.world.client.fetch(accounts.staking.Slash, slash).amount
    others = [AccountMeta(one, False, False) for one in shards() if one != house.shard]
    return _tried(
        dao,
        ix.staking.resolve_slash(
            resolver=dao.voters.resolver.pubkey(),
            node=house.node,
            slash=slash,
            shard=house.shard,
            amount=amount,
        ),
        ix.staking.set_apart_slash(node=house.node, slash=slash, shard=house.shard),
        ix.staking.execute_slash(node=house.node, slash=slash, shard=house.shard, remaining_accounts=others),
    )


def _record(proposal: Pubkey, house: House, holder: Keypair | None) -> Pubkey:
    """Of a holder's vote, or of the node's part."""
    if holder is None:
        return pda.governance.node_vote(proposal, house.node)
    return pda.governance.vote(proposal, position(house, holder))


def _closing(dao: Dao, proposal: Pubkey, house: House, holder: Keypair | None) -> Instruction:
    record = _record(proposal, house, holder)
    if holder is None:
        payer = dao.world.deployer
        return ix.governance.close_node_vote(proposal=proposal, node_vote=record, rent_payer=payer)
    return ix.governance.close_vote(proposal=proposal, vote=record, rent_payer=holder.pubkey())


class Walk:
    """Random steps of stake and votes, and the model beside them.

    Attributes:
        stakes: of the model: what the staking program said was active after each step.
        votes: of the model, by proposal.
        done: how often what succeeded.
    """

    def __init__(self, dao: Dao, seed: int) -> None:
        self.dao, self.dice = dao, random.Random(seed)
        self.stakers = _stakers(dao)
        self.stakes, self.votes, self.done = Stakes(), dict[Pubkey, Vote](), Counter[str]()
        for house in dao.voters.houses:
            self.stakes.of((house.name, None)).set(0, house.own)
            for name, amount in house.co.items():
                self.stakes.of((house.name, self._name(dao.voters.holder(name)))).set(0, amount)
        self.numbers = 0

    def _name(self, holder: Keypair | None) -> str | None:
        return None if holder is None else str(holder.pubkey())

    def look(self) -> None:
        """Tells the model what is active."""
        for name, house, holder in self.stakers:
            history, active = self.stakes.of((name, self._name(holder))), _active(self.dao, house, holder)
            if history.now != active:
                history.set(self.dao.world.now, active)

    def step(self) -> None:
        """One step, of either program."""
        dao, dice = self.dao, self.dice
        name, house, holder = dice.choice(self.stakers)
        what = dice.choice(
            (
                *("vote",) * 8,
                *("stake", "unstake", "unstake", "activate"),
                *("slash", "open", "wait", "close", "turn back"),
            )
        )
        passed = True
        if what == "wait":
            dao.world.advance(self._wait())
        elif what == "turn back":
            dao.world.turn_back(dice.choice((1, 2, 30)))
        elif what == "close":
            passed = self._close()
        elif what == "open":
            passed = self._open()
        elif what == "vote":
            passed = self._vote(name, house, holder)
        elif what == "stake":
            passed = _tried(dao, _staking(house, holder, dice.randrange(1, K)))
        elif what == "activate":
            # As if the node had been credited, so that its pending stake need not wait a fortnight.
            now = dao.world.now.to_bytes(8, "little")
            dao.poke(house.node, accounts.staking.Node, "credited_through", now)
            passed = _tried(dao, _activating(house, holder))
        elif what == "unstake":
            passed = _tried(dao, leaving(dao, house, holder, dice.randrange(1, 3 * K)))
        else:
            self.numbers += 1
            passed = _slash(dao, dice, self.numbers)
        self.done[what] += passed
        self.look()
        self.check()

    def _open(self) -> bool:
        house = self.dice.choice(self.dao.voters.houses)
        week, stake = self.dao.world.now // WEEK, self.stakes.of((house.name, None))
        if min(stake.at(week), stake.now) < 10 * K:
            self.dao.refused(self.dao.proposing(house), Error.StakeTooSmall)
            return False
        proposal = self.dao.open(by=house)
        found = self.dao.proposal(proposal)
        begun = found.voting_from
        self.votes[proposal] = Vote(self.stakes, begun // WEEK, begun=begun, seen=begun)
        assert found.eligible == self.stakes.total(found.week)
        return True

    def _vote(self, name: str, house: House, holder: Keypair | None) -> bool:
        if not self.votes:
            return False
        proposal = self.dice.choice(list(self.votes))
        choice, staker = VoteChoice(self.dice.randrange(3)), (name, self._name(holder))
        broken: frozenset[str] = frozenset()
        try:
            self.votes[proposal].says(staker, choice, self.dao.world.now)
        except Refused as refused:
            broken = refused.reasons
        if broken:
            with pytest.raises(ProgramError) as caught:
                self.dao.vote(proposal, house, choice, holder=holder)
            # Voting is looked at last by some instructions.
            assert caught.value.name in broken
            return False
        self.dao.vote(proposal, house, choice, holder=holder)
        return True

    def _wait(self) -> int:
        """Some time; often until shortly before a vote's end, or to its last second."""
        now, dice = self.dao.world.now, self.dice
        near = [vote.ends - before - now for vote in self.votes.values() for before in (13 * HOUR, HOUR, 1)]
        near = [one for one in near if one > 0]
        if near and dice.random() < 0.4:
            return min(near)
        return dice.choice((HOUR, 6 * HOUR, DAY, 2 * DAY))

    def _close(self) -> bool:
        """A record of a vote, or a node's part in it: of one that is over, if there is one."""
        records = [
            (proposal, house, holder)
            for proposal in self.votes
            for _, house, holder in self.stakers
            if self.dao.world.client.account(_record(proposal, house, holder)) is not None
        ]
        over = [one for one in records if self.votes[one[0]].ends <= self.dao.world.now]
        if not records:
            return False
        proposal, house, holder = self.dice.choice(over or records)
        closing = _closing(self.dao, proposal, house, holder)
        try:
            self.votes[proposal].closes(self.dao.world.now)
        except Refused:
            self.dao.refused(closing, Error.StillVoting)
            return False
        self.dao.send(closing)
        return True

    def check(self) -> None:
        """Every proposal's sums are the model's; each unit counts once."""
        for proposal, vote in self.votes.items():
            found = self.dao.proposal(proposal)
            assert self.dao.tally(proposal) == vote.tally()
            assert (found.voting_ends, found.regular_end) == (vote.ends, vote.regular)
            assert found.last_time == vote.seen
            assert sum(vote.tally()) <= found.eligible == self.stakes.total(vote.week)


@pytest.mark.parametrize("seed", range(6))
def test_in_any_order_of_stakes_and_votes_the_tally_is_the_models(dao: Dao, seed: int) -> None:
    walk = Walk(dao, seed)
    for _ in range(260):
        walk.step()
    # It did what it is about.
    wanted = {"vote", "stake", "unstake", "activate", "slash", "open", "close"}
    assert wanted <= {what for what, count in walk.done.items() if count}
    assert walk.done["vote"] > 25
