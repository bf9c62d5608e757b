"""Vesting as the token's terms say it: a list of dates and amounts, without the programs' formula.

A part at the start; after a cliff the rest in equal parts, each rounded down to base units; the last part is
whatever is left. Months are counted, not computed: each date is the date before plus one month.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

#: 20 years are 240 months and 175,320 hours, so a month is 730.5 hours.
MONTH = int(Fraction(175_320, 240) * 3_600)


@dataclass(frozen=True)
class Payment:
    """Base units that become the beneficiary's at a date, in seconds from the start."""

    date: int
    amount: int


def payments(
    total: int, *, upfront: int = 0, cliff: int = 0, tranches: int, every: int = MONTH
) -> list[Payment]:
    """All payments of a grant, in order; amounts in base units, times in seconds."""
    made = [Payment(0, upfront)] if upfront else []
    part = Fraction(total - upfront, tranches)
    date, left = cliff, total - upfront
    for number in range(1, tranches + 1):
        date += every
        amount = left if number == tranches else part.numerator // part.denominator
        made.append(Payment(date, amount))
        left -= amount
    return made


def vested(made: list[Payment], since: int) -> int:
    """What has become the beneficiary's, so many seconds after the start."""
    return sum(one.amount for one in made if one.date <= since)
