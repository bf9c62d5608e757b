"""Vesting: how much of a grant belongs to its beneficiary at a time.

The same integer function as the distributor program's (`crates/io-math/src/vesting.rs`): both give the same
base units at every second.
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
    """An upfront part at the start, and equal tranches after a cliff.

    The n-th tranche vests `cliff + n · period` seconds after the start. Each is rounded down to base units;
    the last takes the remainder.

    Attributes:
        total: in all.
        start: Unix seconds.
        tranches: how many.
        period: seconds between them.
        cliff: seconds from the start until tranches begin to count.
        upfront: part of the total that vests at the start.
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
        """Equal parts, a month apart, after a cliff in months."""
        return cls(total, start, months, MONTH, cliff * MONTH, upfront or IO(0))

    @classmethod
    def linear(cls, total: IO, start: int, *, months: int, upfront: IO | None = None) -> Schedule:
        """Evenly over a number of months: a part every half hour."""
        return cls(total, start, months * MONTH // HALF_HOUR, HALF_HOUR, 0, upfront or IO(0))

    @classmethod
    def of(cls, grant: accounts.distributor.Grant) -> Schedule:
        """The schedule of a grant."""
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
        """The schedule as instruction arguments."""
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
    """What has vested of a grant at a time; a revocation ends vesting."""
    until = min(now, grant.revoked_at) if grant.revoked_at else now
    return Schedule.of(grant).vested(until)


def unvested(grant: accounts.distributor.Grant, now: int) -> IO:
    """What is still locked in a grant at a time."""
    if grant.revoked_at and now >= grant.revoked_at:
        return IO(0)
    return IO.from_base(grant.total) - vested(grant, now)


__all__ = ["HALF_HOUR", "MONTH", "Schedule", "unvested", "vested"]
