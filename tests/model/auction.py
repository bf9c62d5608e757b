"""The auctions that buy IO, from their definition: rule 15, in fractions.

What is sold is worth so many dollars a token: one at par, else what its own oracle says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from tests.model.refusal import Refused

DAY: Final = 86_400
#: Dollars for a token at par.
PAR: Final = Fraction(1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the authority sets.

    Attributes:
        start: distance of the first price from the oracle's, as a part of it.
        end: that of the last one.
        period: seconds from one to the other.
        minimum: the smallest sale, in dollars.
        share: of a vault, in a day.
    """

    start: Fraction = Fraction(-3, 100)
    end: Fraction = Fraction(2, 100)
    period: int = 3_600
    minimum: Fraction = Fraction(50)
    share: Fraction = Fraction(1, 5)


def price(oracle: Fraction, elapsed: int, terms: Terms = Terms()) -> Fraction:
    """Dollars that an IO is bought for, so many seconds after the start of a lot."""
    passed = Fraction(min(elapsed, terms.period), terms.period)
    return oracle * (1 + terms.start + (terms.end - terms.start) * passed)


def io_for(
    out: int, decimals: int, oracle: Fraction, elapsed: int, terms: Terms = Terms(), worth: Fraction = PAR
) -> int:
    """Base units of IO that `out` base units of a token cost, rounded up."""
    exact: Fraction = Fraction(out, 10**decimals) * worth / price(oracle, elapsed, terms) * 10**8
    return math.ceil(exact)


def out_for(
    io: int, decimals: int, oracle: Fraction, elapsed: int, terms: Terms = Terms(), worth: Fraction = PAR
) -> int:
    """Base units of a token that `io` base units of IO pay for, rounded down."""
    exact: Fraction = Fraction(io, 10**8) * price(oracle, elapsed, terms) / worth * 10**decimals
    return math.floor(exact)


@dataclass(frozen=True, slots=True)
class Sale:
    """So much of the lot, for so much IO."""

    out: int
    io: int


@dataclass(slots=True)
class Vault:
    """A vault that is sold, lot by lot.

    Attributes:
        decimals: of what it holds.
        held: base units.
        capped: whether a day has its limit: that of fees does, that of payouts does not.
        left: of the lot.
        started: when the lot was.
        minimum: the smallest sale of the lot, base units.
        sold: on each day.
        opening: what it held when it was first looked at, on each day.
    """

    decimals: int
    terms: Terms = Terms()
    capped: bool = True
    held: int = 0
    left: int = 0
    started: int = 0
    minimum: int = 0
    sold: dict[int, int] = field(default_factory=dict)
    opening: dict[int, int] = field(default_factory=dict)

    def allowed(self, now: int) -> int:
        """What may still be sold today."""
        if not self.capped:
            return self.held
        today = now // DAY
        share = math.floor(self.opening.get(today, self.held) * self.terms.share)
        return max(0, share - self.sold.get(today, 0))

    def has_lapsed(self, now: int) -> bool:
        return now > self.started + 2 * self.terms.period

    def start(self, now: int, worth: Fraction = PAR) -> None:
        """Offers what may be sold; a token is worth so many dollars.

        Raises:
            Refused: nothing can be, or the previous lot is still for sale.
        """
        allowed = min(self.allowed(now), self.held)
        if self.held == 0:
            raise Refused("NothingToSell")
        if allowed == 0:
            raise Refused("DayIsSold")
        minimum = math.ceil(self.terms.minimum / worth * 10**self.decimals)
        is_rest = self.left < minimum <= allowed
        if self.left > 0 and not is_rest and not self.has_lapsed(now):
            raise Refused("LotIsOpen")
        self.opening.setdefault(now // DAY, self.held)
        self.left, self.started, self.minimum = allowed, now, minimum

    def sell(self, max_io: int, min_out: int, oracle: Fraction, now: int, worth: Fraction = PAR) -> Sale:
        """Sells as much of the lot as the IO pays for.

        Raises:
            Refused: by the first rule that forbids it.
        """
        if self.left == 0:
            raise Refused("NoLot")
        allowed = self.allowed(now)
        if allowed == 0:
            raise Refused("DayIsSold")
        if self.has_lapsed(now):
            raise Refused("LotHasLapsed")
        elapsed, offered = now - self.started, min(self.left, allowed)
        out = min(out_for(max_io, self.decimals, oracle, elapsed, self.terms, worth), offered)
        if out == 0 or (out < self.minimum and out != offered):
            raise Refused("SaleTooSmall")
        if out < min_out:
            raise Refused("BelowMinimum")
        today = now // DAY
        self.opening.setdefault(today, self.held)
        self.sold[today] = self.sold.get(today, 0) + out
        self.left -= out
        self.held -= out
        return Sale(out, io_for(out, self.decimals, oracle, elapsed, self.terms, worth))
