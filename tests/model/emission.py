"""Emission, from its definition: 240 months of 730.5 hours, each paying f times the one before.

The first month pays 500M · 8 % / 12; f is the root of "240 months pay exactly 300M", found here by halving an
interval in decimal arithmetic of 120 digits.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

from tests.model.refusal import refuse

TOKEN: Final = 10**8
HOUR: Final = 3_600
CAP: Final = 800_000_000 * TOKEN
EMISSION: Final = 300_000_000 * TOKEN
#: Community, research and ecosystem, seed, series A, core contributors.
GENESIS: Final = tuple(n * 100_000 * TOKEN for n in (1_000, 1_280, 1_000, 816, 904))
MONTHS: Final = 240
HOURS_OF_A_MONTH: Final = Fraction(1_461, 2)
HOURS: Final = 175_320
#: Cranks of emission that reports are measured by.
REMEMBERED: Final = 24
_DIGITS: Final = 120


@functools.cache
def factor() -> Decimal:
    """The root f: 1 + f + … + f^239 = 300M / (500M · 8 % / 12) = 90."""
    with localcontext() as context:
        context.prec = _DIGITS
        low, high = Decimal("0.98"), Decimal("0.999")
        for _ in range(4 * _DIGITS):
            middle = (low + high) / 2
            if (1 - middle**MONTHS) / (1 - middle) < 90:
                low = middle
            else:
                high = middle
        return low


@functools.cache
def month_ends() -> tuple[int, ...]:
    """C[0] to C[240]: the floor of what the first k months pay, in base units."""
    ends = []
    with localcontext() as context:
        context.prec = _DIGITS
        first, f = Decimal(500_000_000 * TOKEN) * 8 / 100 / 12, factor()
        for k in range(MONTHS):
            exact = first * (1 - f**k) / (1 - f)
            whole = int(exact)
            # Far from an integer, next to the digits' error: the floor is that of the exact sum.
            assert k == 0 or Decimal("1e-60") < exact - whole < 1 - Decimal("1e-60")
            ends.append(whole)
    return (*ends, EMISSION)


def cumulative(seconds: int) -> int:
    """Base units emitted so long after the start: linear inside a month, by whole hours, rounded down."""
    hours = min(max(seconds // HOUR, 0), HOURS)
    if hours == HOURS:
        return EMISSION
    position = hours / HOURS_OF_A_MONTH
    month = position.numerator // position.denominator
    begin, end = month_ends()[month : month + 2]
    return begin + int((end - begin) * (position - month))


@dataclass(frozen=True, slots=True)
class Emitted:
    """One emission: what went to the emission vault, and what to the reserve."""

    paid: int
    withheld: int


@dataclass(slots=True)
class Policy:
    """A demand-linked pace: at most a share of the schedule, and a multiple of what fees burned.

    It counts from where it began, in tokens scheduled, burned by fees, and paid.
    """

    floor_bps: int
    per_burned_bps: int
    scheduled_before: int
    burned_before: int
    paid: int = 0


@dataclass(slots=True)
class Mint:
    """The IO mint. Supply = genesis + emitted − burned; burns make no room."""

    start: int
    genesis: int = 0
    emitted: int = 0
    withheld: int = 0
    burned: int = 0
    burned_by_fees: int = 0
    paused: bool = False
    policy: Policy | None = None
    #: Of the two vaults.
    emission_vault: int = 0
    reserve: int = 0
    #: Of all cranks that emitted something: minted on the schedule by then, and of it, what was withheld.
    cranks: list[tuple[int, int]] = field(default_factory=list, compare=False)

    @property
    def supply(self) -> int:
        return self.genesis + self.emitted - self.burned

    def emit(self, now: int) -> Emitted:
        """Mints what the schedule has come to; a policy may only pay less ("Emission", design.md)."""
        refuse(Paused=self.paused)
        total = cumulative(now - self.start)
        due = max(0, total - self.emitted)
        refuse(CapExceeded=self.genesis + self.emitted + due > CAP)
        paid = due
        if self.policy is not None:
            one = self.policy
            scheduled = self.emitted + due - one.scheduled_before
            most = scheduled * one.floor_bps // 10_000
            most += (self.burned_by_fees - one.burned_before) * one.per_burned_bps // 10_000
            # What is withheld is gone: a policy catches up on what is due now and on nothing else.
            paid = min(due, max(0, most - one.paid))
            one.paid += paid
        self.emitted += due
        self.withheld += due - paid
        self.emission_vault += paid
        self.reserve += due - paid
        if due:
            self.cranks.append((self.emitted, self.withheld))
        return Emitted(paid, due - paid)

    def paid_until(self, scheduled: int) -> Fraction | None:
        """What the vault was paid for the first `scheduled` of the schedule: in proportion where one crank
        emitted more. None: before the oldest crank that is remembered, or not emitted yet."""
        known = [(0, 0), *self.cranks][-REMEMBERED:]
        before = [one for one in known if one[0] <= scheduled]
        after = [one for one in known if one[0] >= scheduled]
        if not before or not after:
            return None
        (begin, kept), (end, then) = before[-1], after[0]
        part = Fraction(scheduled - begin, end - begin) if end > begin else Fraction(0)
        return scheduled - kept - (then - kept) * part

    def set_policy(self, now: int, linked: tuple[int, int] | None) -> Emitted:
        """Emits to now under the old policy, then begins the new one (rule 24)."""
        emitted = self.emit(now)
        self.policy = None if linked is None else Policy(*linked, self.emitted, self.burned_by_fees)
        return emitted

    def burn_reserve(self) -> int:
        """Burns all that policies have withheld."""
        amount, self.reserve = self.reserve, 0
        self.burned += amount
        return amount
