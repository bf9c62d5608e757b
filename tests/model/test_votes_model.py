"""The voting model by hand, and rule 17's increments beside its definition."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.refusal import Refused
from tests.model.staking import DAY, WEEK, HardwareClass, History, Node, Staking
from tests.model.votes import Ballot, Choice, NodeStake, Proposal, Rules, Snapshot, stake_at

FOR, AGAINST, ABSTAIN = Choice.FOR, Choice.AGAINST, Choice.ABSTAIN
NOW = 1_800_000_000


def refused(call: object, *given: object) -> frozenset[str]:
    assert callable(call)
    with pytest.raises(Refused) as found:
        call(*given)
    return found.value.reasons


def nodes() -> dict[str, NodeStake]:
    """1,000 on alice's node, of which 500 hers, and 300 of bob's alone."""
    return {"alice": NodeStake(500, {"carol": 300, "dave": 200}), "bob": NodeStake(300)}


def tally(ballot: Ballot) -> tuple[int, int, int]:
    found = ballot.tally
    return found[FOR], found[AGAINST], found[ABSTAIN]


# -- snapshots


def test_a_snapshot_tells_what_there_was_when_a_week_began() -> None:
    week = NOW // WEEK
    snapshot = Snapshot()
    snapshot.set(week * WEEK + 5, 10)
    snapshot.set(week * WEEK + 9, 20)
    assert (snapshot.at(week), snapshot.at(week + 1)) == (0, 20)
    snapshot.set((week + 2) * WEEK, 30)
    assert [snapshot.at(week + n) for n in range(4)] == [0, 20, 20, 30]
    snapshot.set((week + 3) * WEEK + 1, 40)
    assert [snapshot.at(week + n) for n in range(5)] == [None, 20, 20, 30, 40]
    snapshot.set((week + 90) * WEEK, 0)
    assert [snapshot.at(week + n) for n in (87, 88, 89, 90, 91)] == [None, 40, 40, 40, 0]


@given(
    st.lists(st.tuples(st.integers(0, 2 * WEEK), st.integers(0, 10)), max_size=12), st.integers(0, 3 * WEEK)
)
def test_it_agrees_with_a_history_that_forgets_nothing(changes: list[tuple[int, int]], later: int) -> None:
    snapshot, history, time = Snapshot(NOW // WEEK), History(), NOW
    for wait, value in changes:
        time += wait
        snapshot.set(time, value)
        history.set(time, value)
    week = (time + later) // WEEK
    for one in range(week, week - 3, -1):
        assert snapshot.at(one) in (None, history.at_week(one))
    assert snapshot.at(week) is not None


# -- rule 17


def test_the_owner_votes_for_those_who_do_not() -> None:
    ballot = Ballot(nodes())
    ballot.vote_as_owner("alice", FOR)
    assert tally(ballot) == (1_000, 0, 0)
    ballot.vote("alice", "carol", AGAINST)
    assert tally(ballot) == (700, 300, 0)
    ballot.vote_as_owner("alice", ABSTAIN)
    assert tally(ballot) == (0, 300, 700)
    ballot.vote("alice", "carol", ABSTAIN)
    ballot.vote("alice", "dave", FOR)
    assert tally(ballot) == (200, 0, 800)
    assert (ballot.overridden("alice"), ballot.cast) == (500, 1_000)


def test_a_position_counts_before_its_owner_votes_and_once() -> None:
    ballot = Ballot(nodes())
    ballot.vote("alice", "carol", FOR)
    ballot.vote("alice", "carol", FOR)
    assert tally(ballot) == (300, 0, 0)
    ballot.vote_as_owner("alice", FOR)
    assert tally(ballot) == (1_000, 0, 0)


def test_who_had_no_stake_has_no_vote() -> None:
    ballot = Ballot(nodes())
    assert refused(ballot.vote, "bob", "carol", FOR) == {"NoWeight"}
    assert refused(Ballot({"erin": NodeStake(0)}).vote_as_owner, "erin", FOR) == {"NoWeight"}


class Increments:
    """Rule 17 as it is written: NodeVote {owner_choice, overridden}, and amounts that move."""

    def __init__(self, stakes: dict[str, NodeStake]) -> None:
        self.stakes = stakes
        self.tally = dict.fromkeys(Choice, 0)
        self.choices: dict[str, Choice] = {}
        self.overridden = dict.fromkeys(stakes, 0)
        self.records: dict[tuple[str, str | None], tuple[Choice, int]] = {}

    def vote(self, node: str, holder: str | None, choice: Choice) -> None:
        stake, record = self.stakes[node], self.records.get((node, holder))
        if holder is None:
            weight = stake.all - self.overridden[node]
            if node in self.choices:
                self.tally[self.choices[node]] -= weight
            self.choices[node] = choice
            self.tally[choice] += weight
            return
        weight = stake.positions[holder]
        if record is not None:
            self.tally[record[0]] -= record[1]
        else:
            self.overridden[node] += weight
            if node in self.choices:
                self.tally[self.choices[node]] -= weight
        self.tally[choice] += weight
        self.records[node, holder] = choice, weight


a_vote = st.tuples(
    st.sampled_from((("alice", None), ("alice", "carol"), ("alice", "dave"), ("bob", None))),
    st.sampled_from(Choice),
)


@given(st.lists(a_vote, max_size=20))
def test_increments_in_any_order_come_to_the_definition(
    votes: list[tuple[tuple[str, str | None], Choice]],
) -> None:
    ballot, increments = Ballot(nodes()), Increments(nodes())
    for (node, holder), choice in votes:
        increments.vote(node, holder, choice)
        if holder is None:
            ballot.vote_as_owner(node, choice)
        else:
            ballot.vote(node, holder, choice)
        assert increments.tally == ballot.tally
        assert increments.overridden["alice"] == ballot.overridden("alice")
        assert ballot.cast <= 1_300


# -- a proposal


def proposal(rules: Rules | None = None) -> Proposal:
    return Proposal(rules or Rules(), Ballot(nodes()), NOW)


def test_a_vote_passes_by_quorum_and_more_than_half() -> None:
    one, found = proposal(), []
    for node, holder, choice in (
        ("alice", "dave", FOR),  # 200 of 1,300
        ("bob", None, AGAINST),  # 200 to 300
        ("alice", "carol", FOR),  # 500 to 300
        ("alice", "dave", ABSTAIN),  # 300 to 300 is not more than half
    ):
        one.vote(node, holder, choice, NOW)
        found.append((one.passes, int(one.turnout * 1_300)))
    assert found == [(True, 200), (False, 500), (True, 800), (False, 800)]


def test_abstentions_make_a_quorum_and_no_majority() -> None:
    one = proposal()
    one.vote("alice", None, ABSTAIN, NOW)
    assert one.returns_bond
    assert not one.passes


def test_the_bond_is_lost_below_a_quarter_of_the_quorum() -> None:
    few = Proposal(Rules(), Ballot({"a": NodeStake(24, {"b": 25}), "c": NodeStake(951)}), NOW)
    before = few.returns_bond
    few.vote("a", "b", FOR, NOW)
    # 25 of 1,000 are a quarter of 10 %.
    assert (before, few.returns_bond, few.passes) == (False, True, False)


def test_a_lead_that_turns_in_the_last_twelve_hours_extends_the_vote_once() -> None:
    one, end = proposal(), NOW + 5 * DAY
    one.vote("bob", None, AGAINST, end - 12 * 3_600 - 1)
    one.vote("alice", None, FOR, end - 12 * 3_600)
    assert one.ends_at == end + DAY
    one.vote("alice", None, AGAINST, end + DAY - 1)
    assert one.ends_at == end + DAY
    assert refused(one.vote, "alice", None, FOR, end + DAY) == {"VotingOver"}


def test_what_passed_waits_and_is_executed_once_in_time() -> None:
    one, end = proposal(), NOW + 5 * DAY
    one.vote("alice", None, FOR, NOW)
    assert refused(one.queue, end - 1) == {"VotingOpen"}
    assert refused(one.execute, end) == {"NotQueued"}
    assert one.queue(end) == end + 2 * DAY
    assert refused(one.execute, end + 2 * DAY - 1) == {"HoldUp"}
    one.execute(end + 2 * DAY)
    assert refused(one.execute, end + 2 * DAY) == {"AlreadyExecuted"}
    assert "Expired" in refused(one.execute, end + 16 * DAY + 1)


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        (Rules(quorum=Fraction(1, 100)), "QuorumOutOfBounds"),
        (Rules(threshold=Fraction(68, 100)), "ThresholdOutOfBounds"),
        (Rules(voting=2 * DAY), "VotingOutOfBounds"),
        (Rules(extension=3 * DAY), "ExtensionOutOfBounds"),
        (Rules(hold_up=DAY), "HoldUpOutOfBounds"),
        (Rules(expiry=DAY), "ExpiryOutOfBounds"),
    ],
)
def test_nothing_can_be_bricked_by_parameters(rules: Rules, error: str) -> None:
    assert refused(rules.check) == {error}


# -- with the stake model


def test_weights_are_those_at_the_start_of_the_week() -> None:
    """flash_vote: what comes in after that counts for nothing."""
    week = NOW // WEEK + 1
    stakes = Staking({"owner": 10**12, "carol": 10**12})
    stakes.nodes["node"] = Node("owner", HardwareClass(100, Fraction(1), 20), 0)
    stakes.owner_stake("node", 500, NOW)
    stakes.activate("node", None, NOW)
    stakes.open_position("node", "carol")
    stakes.stake("node", "carol", 200, NOW)
    stakes.activate("node", "carol", week * WEEK + 14 * DAY)
    assert stake_at(stakes, week) == {"node": NodeStake(500, {})}
    assert stake_at(stakes, week + 2) == {"node": NodeStake(500, {})}
    assert stake_at(stakes, week + 3) == {"node": NodeStake(500, {"carol": 200})}
