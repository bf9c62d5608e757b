"""The voting model by hand; rule 17's increments, and rule 16's short memory, beside the definitions."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.refusal import Refused
from tests.model.votes import ABSTAIN, AGAINST, DAY, FOR, HOUR, WEEK, History, Staker, Stakes, Vote

NOW = 1_800_000_000
NEXT = NOW // WEEK + 1
ALICE, CAROL, DAVE, BOB = ("alice", None), ("alice", "carol"), ("alice", "dave"), ("bob", None)
#: 1,000 on alice's node, of which 500 hers, and 300 of bob's alone.
HELD: dict[Staker, int] = {ALICE: 500, CAROL: 300, DAVE: 200, BOB: 300}


def vote() -> Vote:
    stakes = Stakes()
    for staker, amount in HELD.items():
        stakes.of(staker).set(NOW, amount)
    return Vote(stakes, NEXT)


# -- rule 16


def test_a_week_begins_with_what_there_was_before() -> None:
    history = History()
    history.set(NEXT * WEEK - 1, 10)
    history.set(NEXT * WEEK, 20)
    history.set((NEXT + 2) * WEEK + 1, 30)
    assert [history.at(NEXT + n) for n in range(-1, 4)] == [0, 10, 20, 20, 30]
    assert history.now == 30


@dataclass(slots=True)
class Snap:
    """Rule 16 as it is written: on a change `past` shifts by the weeks passed, filled with `now`."""

    week: int
    now: int = 0
    past: tuple[int, ...] = (0, 0, 0)

    def set(self, time: int, value: int) -> None:
        passed = min(3, time // WEEK - self.week)
        self.past = ((self.now,) * passed + self.past)[:3]
        self.week, self.now = time // WEEK, value

    def at(self, week: int) -> int | None:
        back = self.week - week
        if back < 0:
            return self.now
        return self.past[back] if back < len(self.past) else None


def test_a_snapshot_tells_three_weeks_and_forgets_the_rest() -> None:
    snap = Snap(NEXT)
    snap.set(NEXT * WEEK + 5, 10)
    snap.set(NEXT * WEEK + 9, 20)
    assert (snap.at(NEXT), snap.at(NEXT + 1)) == (0, 20)
    snap.set((NEXT + 2) * WEEK, 30)
    assert [snap.at(NEXT + n) for n in range(4)] == [0, 20, 20, 30]
    snap.set((NEXT + 3) * WEEK + 1, 40)
    assert [snap.at(NEXT + n) for n in range(5)] == [None, 20, 20, 30, 40]


@given(
    st.lists(st.tuples(st.integers(0, 2 * WEEK), st.integers(0, 10)), max_size=12), st.integers(0, 3 * WEEK)
)
def test_snapshots_agree_with_a_history_that_forgets_nothing(
    changes: list[tuple[int, int]], later: int
) -> None:
    snap, history, time = Snap(NOW // WEEK), History(), NOW
    for wait, value in changes:
        time += wait
        snap.set(time, value)
        history.set(time, value)
    week = (time + later) // WEEK
    for one in range(week, week - 3, -1):
        assert snap.at(one) in (None, history.at(one))
    assert snap.at(week) is not None


# -- rule 17


def test_the_owner_votes_for_those_who_do_not() -> None:
    one = vote()
    one.says(ALICE, FOR)
    assert one.tally() == (1_000, 0, 0)
    one.says(CAROL, AGAINST)
    assert one.tally() == (700, 300, 0)
    one.says(ALICE, ABSTAIN)
    assert one.tally() == (0, 300, 700)
    one.says(CAROL, ABSTAIN)
    one.says(DAVE, FOR)
    assert one.tally() == (200, 0, 800)
    one.says(BOB, AGAINST)
    assert sum(one.tally()) == one.stakes.total(NEXT) == 1_300


def test_a_position_counts_before_its_owner_votes_and_once() -> None:
    one = vote()
    one.says(CAROL, FOR)
    one.says(CAROL, FOR)
    assert one.tally() == (300, 0, 0)
    one.says(ALICE, FOR)
    assert one.tally() == (1_000, 0, 0)


def test_what_comes_in_after_the_weeks_beginning_has_no_weight() -> None:
    one = vote()
    one.stakes.of(DAVE).set(NEXT * WEEK, 900)
    one.says(DAVE, FOR)
    one.says(("erin", None), FOR)
    assert one.tally() == (200, 0, 0)


class Increments:
    """Rule 17 as it is written: NodeVote {owner_choice, overridden}, and amounts that move."""

    def __init__(self) -> None:
        self.tally = [0, 0, 0]
        self.owners: dict[str, int] = {}
        self.overridden = dict.fromkeys(("alice", "bob"), 0)
        self.records: dict[Staker, int] = {}

    def says(self, staker: Staker, choice: int) -> None:
        node, holder = staker
        weight = HELD[staker]
        if holder is None:
            co = sum(amount for (one, other), amount in HELD.items() if one == node and other is not None)
            weight += co - self.overridden[node]
            if node in self.owners:
                self.tally[self.owners[node]] -= weight
            self.owners[node] = choice
        elif staker in self.records:
            self.tally[self.records[staker]] -= weight
        else:
            self.overridden[node] += weight
            if node in self.owners:
                self.tally[self.owners[node]] -= weight
        self.records[staker] = choice
        self.tally[choice] += weight


@given(
    st.lists(st.tuples(st.sampled_from(tuple(HELD)), st.sampled_from((FOR, AGAINST, ABSTAIN))), max_size=20)
)
def test_increments_in_any_order_come_to_the_definition(said: list[tuple[Staker, int]]) -> None:
    one, increments = vote(), Increments()
    for staker, choice in said:
        one.says(staker, choice)
        increments.says(staker, choice)
        assert one.tally() == tuple(increments.tally)


# -- rule 16a


def timed() -> Vote:
    """Begun at 0; it ends after five days."""
    return dataclasses.replace(vote(), begun=0)


def test_a_late_turn_moves_the_end_by_a_day_and_by_two_in_all() -> None:
    one = timed()
    one.says(BOB, AGAINST, 0)
    one.says(ALICE, FOR, 5 * DAY - 12 * HOUR - 1)
    assert one.ends == 5 * DAY
    one.says(ALICE, AGAINST, 5 * DAY - 12 * HOUR)
    assert one.ends == 6 * DAY
    # It turns back, 35 hours before the end.
    one.says(ALICE, FOR, 5 * DAY - 11 * HOUR)
    assert one.ends == 6 * DAY
    one.says(CAROL, AGAINST, 6 * DAY - 1)
    one.says(DAVE, AGAINST, 6 * DAY - 1)
    # 500 for, and 300, 300 and 200 against.
    assert (one.passes(), one.ends) == (False, 7 * DAY)


def test_during_an_extension_first_votes_count_and_none_is_changed() -> None:
    one = timed()
    one.says(ALICE, FOR, 5 * DAY - 1)
    with pytest.raises(Refused, match="NoChangeNow"):
        one.says(ALICE, AGAINST, 5 * DAY)
    one.says(CAROL, AGAINST, 5 * DAY)
    with pytest.raises(Refused, match="NotVoting"):
        one.says(BOB, AGAINST, 6 * DAY)


def test_what_was_closed_is_not_voted_on_by_a_clock_that_goes_back() -> None:
    one = timed()
    one.says(ALICE, AGAINST, 1)
    with pytest.raises(Refused, match="StillVoting"):
        one.closes(5 * DAY - 1)
    one.closes(5 * DAY)
    with pytest.raises(Refused, match="NotVoting"):
        one.says(BOB, FOR, 5 * DAY - 1)
