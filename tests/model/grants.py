"""Vesting grants and airdrops, as facts.md has them. Amounts are base units, times Unix seconds.

A grant vests in equal tranches, one at the end of each period from its first to its last; nothing before the
first (the cliff). A month is 730.5 hours, as emission counts; what vests linearly has a tranche a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from tests.model.refusal import refuse

TOKEN: Final = 10**8
MONTH: Final = 2_629_800
MILLION: Final = 10**6 * TOKEN


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a grant vests.

    Attributes:
        first: period at whose end the first tranche vests; 0 with one tranche: all at the start.
        tranches: how many, a period apart.
        at_start: share that vests at the start.
        period: seconds.
    """

    first: int
    tranches: int
    at_start: Fraction = Fraction(0)
    period: int = MONTH

    def vested(self, total: int, start: int, now: int) -> int:
        """Base units of a total that have vested, rounded down; never falls, at most the total."""
        if now < start:
            return 0
        periods = (now - start) // self.period
        done = min(max(0, periods - self.first + 1), self.tranches)
        return int(total * (self.at_start + (1 - self.at_start) * Fraction(done, self.tranches)))


#: Seed and series A: a year's cliff, then 24 equal tranches in months 13 to 36.
INVESTORS: Final = Schedule(13, 24)
#: Core contributors: a year's cliff, then 36.
CONTRIBUTORS: Final = Schedule(13, 36)
#: 45 % of 80M of the community's, the rest linear over 41 months; 30 % of 128M of research's, over 35.
COMMUNITY: Final = Schedule(1, 41 * MONTH, Fraction(45, 100), period=1)
RESEARCH: Final = Schedule(1, 35 * MONTH, Fraction(30, 100), period=1)
LAUNCH_POOL: Final = Schedule(0, 1)


@dataclass(frozen=True, slots=True)
class Allocation:
    """Part of the genesis supply."""

    name: str
    amount: int
    schedule: Schedule


GENESIS: Final = (
    Allocation("launch pool", 20 * MILLION, LAUNCH_POOL),
    Allocation("community", 80 * MILLION, COMMUNITY),
    Allocation("research and ecosystem", 128 * MILLION, RESEARCH),
    Allocation("seed", 100 * MILLION, INVESTORS),
    Allocation("series A", 816 * MILLION // 10, INVESTORS),
    Allocation("core contributors", 904 * MILLION // 10, CONTRIBUTORS),
)


def circulating(months: int) -> int:
    """Of the genesis supply, so many months after the start."""
    return sum(one.schedule.vested(one.amount, 0, months * MONTH) for one in GENESIS)


@dataclass(slots=True)
class Grant:
    """Tokens that become somebody's over time.

    Attributes:
        revoked_at: from when on nothing more vests.
    """

    total: int
    schedule: Schedule
    start: int
    beneficiary: str
    revocable: bool = True
    released: int = 0
    revoked_at: int | None = None
    successor: str | None = None

    def vested(self, now: int) -> int:
        """A revocation keeps what has vested."""
        until = now if self.revoked_at is None else min(now, self.revoked_at)
        return self.schedule.vested(self.total, self.start, until)

    @property
    def vault(self) -> int:
        """What the grant holds."""
        kept = self.total if self.revoked_at is None else self.vested(self.revoked_at)
        return kept - self.released

    def release(self, now: int) -> int:
        """Pays the beneficiary what has vested."""
        amount = self.vested(now) - self.released
        refuse(NothingToRelease=amount == 0)
        self.released += amount
        return amount

    def revoke(self, now: int) -> int:
        """Takes back what has not vested."""
        refuse(NotRevocable=not self.revocable, AlreadyRevoked=self.revoked_at is not None)
        self.revoked_at = now
        return self.total - self.vested(now)

    def set_beneficiary(self, who: str, by: str) -> None:
        """The beneficiary names a successor, who has to accept."""
        refuse(NotBeneficiary=by != self.beneficiary)
        self.successor = who

    def accept_beneficiary(self, by: str) -> None:
        """The successor becomes the beneficiary."""
        refuse(NotSuccessor=by != self.successor)
        self.beneficiary, self.successor = by, None


# -- airdrops


@dataclass(slots=True)
class Airdrop:
    """A fixed list of entitlements, each claimed once until the end, and taken back after it.

    Attributes:
        claims: amount by claimant, in the order of the list.
        ends_at: fixed when it is made; from then on the rest is reclaimed.
    """

    claims: Sequence[tuple[str, int]]
    ends_at: int
    claimed: set[int] = field(default_factory=set)
    reclaimed: int = 0

    @property
    def funded(self) -> int:
        return sum(amount for _, amount in self.claims)

    @property
    def paid(self) -> int:
        return sum(self.claims[n][1] for n in self.claimed)

    @property
    def vault(self) -> int:
        """vault + claimed = funded, until the rest is reclaimed."""
        return self.funded - self.paid - self.reclaimed

    def claim(self, index: int, who: str, amount: int, now: int) -> None:
        """Pays an entitlement once."""
        known = 0 <= index < len(self.claims) and self.claims[index] == (who, amount)
        refuse(AlreadyClaimed=index in self.claimed, WrongProof=not known, AirdropOver=now >= self.ends_at)
        self.claimed.add(index)

    def reclaim(self, now: int) -> int:
        """Takes the rest back, after the end."""
        refuse(AirdropOpen=now < self.ends_at, NothingToReclaim=self.vault == 0)
        amount = self.vault
        self.reclaimed += amount
        return amount
