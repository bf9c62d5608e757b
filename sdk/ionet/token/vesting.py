"""Vesting: how much of a grant is its beneficiary's at a time.

The same function as the distributor program's (`crates/io-math/src/vesting.rs`), on integers: both give the
same base unit at every second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ionet.chain.amounts import IO
from ionet.formats.when import HALF_HOUR, MONTH

if TYPE_CHECKING:
    from ionet import accounts, types


@dataclass(frozen=True, slots=True)
class Schedule:
    """A part at the start, and equal tranches after a cliff.

    The n-th tranche comes `cliff + n · period` seconds after the start. Each is rounded down to base units,
    the last has the remainder.

    Attributes:
        total: in all.
        start: Unix seconds.
        tranches: how many.
        period: seconds between them.
        cliff: seconds from the start to the time from which tranches count.
        upfront: vested at the start, of the total.
    """

    total: IO
    start: int
    tranches: int
    period: int = MONTH
    cliff: int = 0
    upfront: IO = IO(0)  # noqa: RUF009  (amounts cannot change)

    @classmethod
    def monthly(
        cls, total: IO, start: int, *, months: int, cliff: int = 0, upfront: IO | None = None
    ) -> Schedule:
        """Equal parts, a month apart, after a cliff of so many months."""
        return cls(total, start, months, MONTH, cliff * MONTH, upfront or IO(0))

    @classmethod
    def linear(cls, total: IO, start: int, *, months: int, upfront: IO | None = None) -> Schedule:
        """Evenly over so many months: a part every half hour."""
        return cls(total, start, months * MONTH // HALF_HOUR, HALF_HOUR, 0, upfront or IO(0))

    @classmethod
    def of(cls, grant: accounts.distributor.Grant) -> Schedule:
        """That of a grant, as it was made."""
        return cls(
            total=IO.from_base(grant.total),
            start=grant.start,
            tranches=grant.tranches,
            period=grant.period,
            cliff=grant.cliff,
            upfront=IO.from_base(grant.upfront),
        )

    @property
    def end(self) -> int:
        """When all of it has vested, Unix seconds."""
        return self.start + self.cliff + self.tranches * self.period

    def vested(self, now: int) -> IO:
        """What has vested at a time (Unix seconds): never falls, at most the total."""
        if now < self.start:
            return IO(0)
        passed = max(0, now - self.start - self.cliff) // self.period
        if passed >= self.tranches:
            return self.total
        return self.upfront + (self.total - self.upfront) // self.tranches * passed

    def args(self) -> types.distributor.ScheduleArgs:
        """As the program takes it."""
        from ionet import types

        return types.distributor.ScheduleArgs(
            total=self.total.base,
            upfront=self.upfront.base,
            start=self.start,
            cliff=self.cliff,
            period=self.period,
            tranches=self.tranches,
        )


def vested(grant: accounts.distributor.Grant, now: int) -> IO:
    """What has vested of a grant at a time; a revocation ends it."""
    until = min(now, grant.revoked_at) if grant.revoked_at else now
    return Schedule.of(grant).vested(until)


def unvested(grant: accounts.distributor.Grant, now: int) -> IO:
    """What is still locked in a grant at a time."""
    if grant.revoked_at and now >= grant.revoked_at:
        return IO(0)
    return IO.from_base(grant.total) - vested(grant, now)


__all__ = ["HALF_HOUR", "MONTH", "Schedule", "unvested", "vested"]
