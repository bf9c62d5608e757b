"""Votes by stake, from the rules alone: everything is counted again from the whole history each time.

A vote weighs what was active at the start of the week in which voting began. A position's vote is its own;
stake of positions that have not voted goes with their node's owner, if he has voted.

When the outcome turns within 12 hours of the end, that moves by a day, and by two days in all at most.
Once the time is over that there would have been without it, nobody changes a vote.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, TypeAlias

from tests.model.refusal import Refused

WEEK: Final = 604_800
HOUR: Final = 3_600
DAY: Final = 24 * HOUR
FOR, AGAINST, ABSTAIN = 0, 1, 2

#: A node's owner is (node, None), a position on it (node, holder).
Staker: TypeAlias = tuple[str, str | None]


@dataclass(slots=True)
class History:
    """An amount over time, every change kept."""

    changes: list[tuple[int, int]] = field(default_factory=list)

    def set(self, time: int, amount: int) -> None:
        """The amount is this from now on."""
        self.changes.append((time, amount))

    @property
    def now(self) -> int:
        """The amount since the latest change."""
        return self.changes[-1][1] if self.changes else 0

    def at(self, week: int) -> int:
        """The amount with which a week began."""
        before = [amount for time, amount in self.changes if time < week * WEEK]
        return before[-1] if before else 0


@dataclass(slots=True)
class Stakes:
    """Active stake of every owner and position."""

    held: dict[Staker, History] = field(default_factory=dict)

    def of(self, staker: Staker) -> History:
        """Somebody's stake."""
        return self.held.setdefault(staker, History())

    def total(self, week: int) -> int:
        """All that was active when a week began."""
        return sum(one.at(week) for one in self.held.values())


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a vote takes, in seconds; what passes, as parts of all stake and of what is for or against."""

    voting: int = 5 * DAY
    step: int = DAY
    quorum: Fraction = Fraction(1, 10)
    threshold: Fraction = Fraction(1, 2)


@dataclass(slots=True)
class Vote:
    """One vote.

    Attributes:
        stakes: everybody's.
        week: whose start decides.
        begun: when it began.
        terms: of the day on which it did.
        said: each voter's latest choice.
        moved: by how much late turns have moved its end.
        seen: the latest time that anything was done about it.
    """

    stakes: Stakes
    week: int
    begun: int = 0
    terms: Terms = Terms()
    said: dict[Staker, int] = field(default_factory=dict)
    moved: int = 0
    seen: int = 0

    @property
    def regular(self) -> int:
        """When it would end if nothing turned late."""
        return self.begun + self.terms.voting

    @property
    def ends(self) -> int:
        """When it ends, as it stands."""
        return self.regular + self.moved

    def time(self, clock: int) -> int:
        """The time that counts: no clock goes back."""
        return max(clock, self.seen)

    def passes(self) -> bool:
        """Whether it would pass if it ended now."""
        pro, con, neither = self.tally()
        enough = pro + con + neither >= self.terms.quorum * self.stakes.total(self.week)
        return enough and pro > self.terms.threshold * (pro + con)

    def says(self, staker: Staker, choice: int, clock: int | None = None) -> None:
        """Somebody votes, for the first time or again; without a clock at any time.

        Raises:
            Refused: by whatever forbids it.
        """
        if clock is None:
            self.said[staker] = choice
            return
        now = self.time(clock)
        reasons = {
            "NotVoting": now >= self.ends,
            "NoWeight": self.stakes.of(staker).at(self.week) == 0,
            "NoChangeNow": staker in self.said and now >= self.regular,
        }
        if any(reasons.values()):
            raise Refused(*(name for name, so in reasons.items() if so))
        before, self.seen = self.passes(), now
        self.said[staker] = choice
        if now >= self.ends - 12 * HOUR and self.passes() != before:
            self.moved = min(self.moved + self.terms.step, 2 * DAY)

    def closes(self, clock: int) -> None:
        """A record of it is closed.

        Raises:
            Refused: it is not over.
        """
        now = self.time(clock)
        if now < self.ends:
            raise Refused("StillVoting")
        self.seen = now

    def tally(self) -> tuple[int, int, int]:
        """Stake for, against and abstaining."""
        sums: Counter[int] = Counter()
        for staker, stake in self.stakes.held.items():
            node, _ = staker
            choice = self.said.get(staker, self.said.get((node, None)))
            if choice is not None:
                sums[choice] += stake.at(self.week)
        return sums[FOR], sums[AGAINST], sums[ABSTAIN]
