"""What to ask for a node: a rate between a floor and a ceiling that follows what others of its class ask.

Pure arithmetic on micro-dollars per processor and hour, as the offers have them. An owner counts once,
however many nodes they offer, so that nobody moves the market by many offers of their own; and a rate moves
only when it is worth a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.jobs.listing import Listing

#: A change below this is never worth a transaction: one cent an hour, in micro-dollars.
LEAST_STEP: Final = 10_000
_BPS: Final = 10_000


class Follow(StrEnum):
    """What of the market a rate follows."""

    MEDIAN = "median"
    LEASED = "leased"
    LOWEST = "lowest"


@dataclass(frozen=True, slots=True)
class Following:
    """How a rate follows the market. Rates are micro-dollars per processor and hour.

    Attributes:
        floor: never below this.
        ceiling: never above this.
        follow: the median of all that can be booked or are leased, of those that are leased, or the lowest
            that can be booked.
        step_bps: the rate stays while the market is no further from it than this part of it.
    """

    floor: int
    ceiling: int
    follow: Follow = Follow.MEDIAN
    step_bps: int = 300

    def __post_init__(self) -> None:
        if not 0 < self.floor <= self.ceiling:
            raise IonetError("the floor is above zero, and at most the ceiling")
        if not 0 <= self.step_bps < _BPS:
            raise IonetError("a step is 0 to below 100 %")


def market_rate(listings: Iterable[Listing], mine: Pubkey, follow: Follow) -> int | None:
    """Returns what the other owners of a class ask.

    Micro-dollars per processor and hour; None if there are no others.

    Args:
        listings: of the class, those that cannot be booked included (`jobs.search(booked=True)`).
        mine: the owner whose nodes do not count.
        follow: what is wanted.
    """
    rates: dict[Pubkey, list[int]] = {}
    for listing in listings:
        leased = listing.booked_until > 0
        # What nobody can book is no market: it costs nothing to ask anything for it.
        real = {Follow.MEDIAN: leased or not listing.obstacle, Follow.LEASED: leased}.get(
            follow, not leased and not listing.obstacle
        )
        if real and listing.owner != mine:
            rates.setdefault(listing.owner, []).append(listing.rate.base)
    if not rates:
        return None
    if follow is Follow.LOWEST:
        return min(map(min, rates.values()))
    return _median([_median(of_one) for of_one in rates.values()])


def next_rate(policy: Following, current: int | None, market: int | None) -> int | None:
    """Returns the rate to set now; None if the present one stays.

    Args:
        policy: bounds and step.
        current: the present rate; None if there is no offer yet.
        market: what others ask, from `market_rate`; without others a rate within the bounds stays, and a new
            offer asks for the ceiling.
    """
    alone = policy.ceiling if current is None else current
    target = min(max(alone if market is None else market, policy.floor), policy.ceiling)
    if current is None:
        return target
    if not policy.floor <= current <= policy.ceiling:
        return target
    worth = max(LEAST_STEP, -(-current * policy.step_bps // _BPS))
    return target if abs(target - current) >= worth else None


def _median(values: Sequence[int]) -> int:
    """The middle value; of two in the middle their mean, rounded down."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) // 2
