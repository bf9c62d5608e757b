"""Votes by stake, from the rules alone: everything is counted again from the whole history each time.

A vote weighs what was active at the start of the week in which voting began. A position's vote is its own;
stake of positions that have not voted goes with their node's owner, if he has voted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, TypeAlias

WEEK: Final = 604_800
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


@dataclass(slots=True)
class Vote:
    """One vote.

    Attributes:
        stakes: everybody's.
        week: whose start decides.
        said: each voter's latest choice.
    """

    stakes: Stakes
    week: int
    said: dict[Staker, int] = field(default_factory=dict)

    def says(self, staker: Staker, choice: int) -> None:
        """Somebody votes, for the first time or again."""
        self.said[staker] = choice

    def tally(self) -> tuple[int, int, int]:
        """Stake for, against and abstaining."""
        sums: Counter[int] = Counter()
        for staker, stake in self.stakes.held.items():
            node, _ = staker
            choice = self.said.get(staker, self.said.get((node, None)))
            if choice is not None:
                sums[choice] += stake.at(self.week)
        return sums[FOR], sums[AGAINST], sums[ABSTAIN]
