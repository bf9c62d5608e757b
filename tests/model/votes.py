"""Votes by stake: rules 16 to 18. Weights are base units of active stake, times Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from fractions import Fraction
from typing import Final

from tests.model.refusal import refuse
from tests.model.staking import DAY, WEEK, Staking

TOKEN: Final = 10**8
#: A voting's extension when its lead turns in its last hours.
LATE: Final = 12 * 3_600


class Choice(IntEnum):
    """What a vote is for; abstaining counts for the quorum only."""

    AGAINST = 0
    FOR = 1
    ABSTAIN = 2


@dataclass(slots=True)
class Snapshot:
    """Rule 16: a sum now, and what it was when this week and the two before began.

    On a change `past` shifts by the weeks passed, filled with `now`.
    """

    week: int = 0
    now: int = 0
    past: tuple[int, int, int] = (0, 0, 0)

    def set(self, time: int, value: int) -> None:
        """The sum from `time` on."""
        week = time // WEEK
        passed = min(3, week - self.week)
        self.past = ((self.now,) * passed + self.past)[:3]  # type: ignore[assignment]
        self.week, self.now = week, value

    def at(self, week: int) -> int | None:
        """What it was when a week began, or None where that is forgotten."""
        back = self.week - week
        if back < 0:
            return self.now
        return self.past[back] if back < len(self.past) else None


@dataclass(slots=True)
class NodeStake:
    """What votes on one node at the start of the week: the owner's stake, and each position's."""

    owner: int
    positions: dict[str, int] = field(default_factory=dict)

    @property
    def all(self) -> int:
        """own + co.at(w)."""
        return self.owner + sum(self.positions.values())


def stake_at(staking: Staking, week: int) -> dict[str, NodeStake]:
    """What votes, from the histories of a staking model."""
    return {
        name: NodeStake(
            node.own_history.at_week(week),
            {
                who: one.history.at_week(week)
                for who, one in node.positions.items()
                if node.co_history.at_week(week)
            },
        )
        for name, node in staking.nodes.items()
    }


@dataclass(slots=True)
class Ballot:
    """Who has voted for what, from which every tally follows.

    This is the whole of rule 17 in one definition: each position counts for its own choice where it has made
    one, and for the owner's otherwise.
    """

    nodes: dict[str, NodeStake]
    owners: dict[str, Choice] = field(default_factory=dict)
    positions: dict[tuple[str, str], Choice] = field(default_factory=dict)

    def vote_as_owner(self, node: str, choice: Choice) -> None:
        """With the own stake, and that of all positions that do not vote themselves."""
        refuse(NoWeight=self.nodes[node].all == 0)
        self.owners[node] = choice

    def vote(self, node: str, holder: str, choice: Choice) -> None:
        """With a position, whatever its node's owner says, before or after."""
        refuse(NoWeight=self.nodes[node].positions.get(holder, 0) == 0)
        self.positions[node, holder] = choice

    @property
    def tally(self) -> dict[Choice, int]:
        """Weight by choice."""
        found = dict.fromkeys(Choice, 0)
        for name, stake in self.nodes.items():
            owner = self.owners.get(name)
            if owner is not None:
                found[owner] += stake.owner
            for holder, weight in stake.positions.items():
                choice = self.positions.get((name, holder), owner)
                if choice is not None:
                    found[choice] += weight
        return found

    def overridden(self, node: str) -> int:
        """Weight of the positions that have voted themselves."""
        stake = self.nodes[node].positions
        return sum(stake[holder] for name, holder in self.positions if name == node)

    @property
    def cast(self) -> int:
        """All weight that has voted; never more than there is."""
        return sum(self.tally.values())


@dataclass(frozen=True, slots=True)
class Rules:
    """What a vote needs, within the compiled bounds of rule 18."""

    quorum: Fraction = Fraction(10, 100)
    threshold: Fraction = Fraction(1, 2)
    voting: int = 5 * DAY
    extension: int = DAY
    hold_up: int = 2 * DAY
    expiry: int = 14 * DAY
    to_propose: int = 10_000 * TOKEN
    bond: int = 1_000 * TOKEN

    def check(self) -> None:
        """Quorum 2–20 %, threshold 50–67 %, voting 3–7 d (+ ≤ 2 d), hold-up 2–7 d, expiry 14 d."""
        percent = Fraction(1, 100)
        refuse(
            QuorumOutOfBounds=not 2 * percent <= self.quorum <= 20 * percent,
            ThresholdOutOfBounds=not 50 * percent <= self.threshold <= 67 * percent,
            VotingOutOfBounds=not 3 * DAY <= self.voting <= 7 * DAY,
            ExtensionOutOfBounds=not 0 <= self.extension <= 2 * DAY,
            HoldUpOutOfBounds=not 2 * DAY <= self.hold_up <= 7 * DAY,
            ExpiryOutOfBounds=self.expiry != 14 * DAY,
        )
        # What left after voting cannot vote twice: it cools for at least as long (rule 16).
        assert self.voting + self.extension <= 14 * DAY


class Proposal:
    """A vote from its activation to its execution.

    Args:
        rules: as they were at the activation.
        ballot: who may vote, with what.
        activated_at: weights are those at the start of this time's week.
    """

    def __init__(self, rules: Rules, ballot: Ballot, activated_at: int) -> None:
        rules.check()
        self.rules, self.ballot, self.activated_at = rules, ballot, activated_at
        self.ends_at = activated_at + rules.voting
        self.extended = False
        self.queued_at: int | None = None
        self.executed = False

    @property
    def eligible(self) -> int:
        """Σ of what could vote."""
        return sum(one.all for one in self.ballot.nodes.values())

    @property
    def leads(self) -> bool:
        """Whether more than the threshold of for and against is for."""
        tally = self.ballot.tally
        decided = tally[Choice.FOR] + tally[Choice.AGAINST]
        return tally[Choice.FOR] > decided * self.rules.threshold

    @property
    def turnout(self) -> Fraction:
        """Of what could vote."""
        return Fraction(self.ballot.cast, self.eligible) if self.eligible else Fraction(0)

    @property
    def passes(self) -> bool:
        """Quorum and threshold."""
        return self.turnout >= self.rules.quorum and self.ballot.cast > 0 and self.leads

    @property
    def returns_bond(self) -> bool:
        """It is lost below a quarter of the quorum."""
        return self.turnout >= self.rules.quorum / 4

    def vote(self, node: str, holder: str | None, choice: Choice, now: int) -> None:
        """A vote of a position, or of the owner (None). A lead that turns late extends the vote once."""
        refuse(VotingOver=now >= self.ends_at)
        before = self.leads
        if holder is None:
            self.ballot.vote_as_owner(node, choice)
        else:
            self.ballot.vote(node, holder, choice)
        if self.leads != before and now >= self.ends_at - LATE and not self.extended:
            self.extended = True
            self.ends_at += self.rules.extension

    def queue(self, now: int) -> int:
        """After the vote; when it may be executed."""
        refuse(
            VotingOpen=now < self.ends_at,
            NotPassed=not self.passes,
            AlreadyQueued=self.queued_at is not None,
        )
        self.queued_at = now
        return now + self.rules.hold_up

    def execute(self, now: int) -> None:
        """Once, after the hold-up and before it expires."""
        refuse(NotQueued=self.queued_at is None)
        assert self.queued_at is not None
        ready = self.queued_at + self.rules.hold_up
        refuse(HoldUp=now < ready, Expired=now > ready + self.rules.expiry, AlreadyExecuted=self.executed)
        self.executed = True
