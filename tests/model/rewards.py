"""The reward of an hour ("Score and reward of an hour", facts.md), in fractions.

What the specification fixes is exact here; how the last base units are handed out it leaves open, and so does
`Share.allows`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

GPU, CPU = "gpu", "cpu"
#: Of an hour's emission: GPU and Apple 95 %, CPU 5 %.
POOLS: Final[Mapping[str, Fraction]] = {GPU: Fraction(95, 100), CPU: Fraction(5, 100)}
USED: Final = Fraction(30, 100)
BOUND: Final = Fraction(80, 100)
HOURS_UP: Final = 5
#: Most of a node's reward of an hour, of its owner's minimum (rule 7a).
OF_MINIMUM: Final = Fraction(96, 10_000)


@dataclass(frozen=True, slots=True)
class NodeHour:
    """What is known of a node: `fees` in base units, of both sides, that its job paid for the hour;
    `minimum` of
    its owner's stake, in base units."""

    pool: str
    multiplier: Fraction
    units: int
    up: int
    has_stake: bool
    has_proof: bool
    used: bool = False
    fees: int = 0
    minimum: int = 10**10
    banned: bool = False

    @property
    def most(self) -> int:
        """The most that it may earn in the hour."""
        return int(self.minimum * OF_MINIMUM)

    @property
    def score(self) -> Fraction:
        """multiplier × units, 0 if not eligible."""
        eligible = self.up >= HOURS_UP and self.has_stake and self.has_proof and not self.banned
        return self.multiplier * self.units if eligible else Fraction(0)


@dataclass(frozen=True, slots=True)
class Share:
    """A node's part of an hour, in base units.

    Attributes:
        used: for being used, rounded down.
        common: of what goes to everybody, exactly.
        most: what it is bounded by.
    """

    used: int
    common: Fraction
    most: int

    @property
    def reward(self) -> Fraction:
        """Exactly."""
        return min(self.used + self.common, Fraction(self.most))

    @property
    def cut(self) -> Fraction:
        """What the bound takes; it is given to nobody."""
        return self.used + self.common - self.reward

    def allows(self, reward: int) -> bool:
        """Whether a reward is this share, to less than one base unit either way."""
        return reward <= self.most and abs(reward - self.reward) < 1


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour's shares, by node; what each pool had, left unallocated, and carries into the next hour."""

    shares: tuple[Share, ...]
    pots: dict[str, int]
    unallocated: dict[str, Fraction]
    carried: dict[str, Fraction]


def hour(nodes: Sequence[NodeHour], emission: int, carried: Mapping[str, Fraction] | None = None) -> Hour:
    """Shares an hour's emission out.

    Args:
        nodes: all of them.
        emission: base units.
        carried: what the hour before could not give in whole base units, by pool; below one each.
    """
    shares = [Share(0, Fraction(0), one.most) for one in nodes]
    pots, unallocated, carry = {}, {}, {}
    for pool, part in POOLS.items():
        exact = emission * part + (carried or {}).get(pool, Fraction(0))
        pot = int(exact)
        carry[pool] = exact - pot
        members = [n for n, one in enumerate(nodes) if one.pool == pool and one.score]
        pots[pool] = pot
        used = {n: nodes[n] for n in members if nodes[n].used}
        parts = {n: int(part) for n, part in bounded(int(pot * USED), used).items()}
        rest = pot - sum(parts.values())
        everybody = sum((nodes[n].score for n in members), Fraction(0))
        for n in members:
            shares[n] = Share(parts.get(n, 0), rest * nodes[n].score / everybody, nodes[n].most)
        cut = sum((shares[n].cut for n in members), Fraction(0))
        unallocated[pool] = cut if members else Fraction(pot)
    return Hour(tuple(shares), pots, unallocated, carry)


def bounded(total: int, used: Mapping[int, NodeHour]) -> dict[int, Fraction]:
    """30 % to those in use by score, each at most 80 % of its fees, exactly.

    All rise together, in proportion to their scores, until they are at their bounds or all is given: so
    nobody takes from another more than his own fees allow, and "renting from oneself never pays" holds.
    """
    left, level, given = Fraction(total), Fraction(0), dict.fromkeys(used, Fraction(0))
    bound = {n: int(one.fees * BOUND) / one.score for n, one in used.items()}
    for n in sorted(used, key=lambda n: bound[n]):
        rising = sum((used[m].score for m in used if bound[m] >= bound[n]), Fraction(0))
        step = min(bound[n] - level, left / rising)
        left, level = left - step * rising, level + step
        for m in used:
            given[m] = min(level, bound[m]) * used[m].score
    return given


def usdc_to_io(usdc: int, dollars_per_io: Fraction) -> int:
    """Base units of USDC (10^-6) at par as base units of IO (10^-8), rounded down."""
    return int(Fraction(usdc, 10**6) / dollars_per_io * 10**8)
