"""The supply of IO by date: what exists, what is locked, what circulates.

    supply = genesis + emitted - burned = circulating + locked + reserve + treasury

*Locked* has not vested yet; the *reserve* was withheld by a demand-linked policy; the *treasury* is what the
distributor's treasury holds, which receives what was revoked or not claimed. Everything else circulates,
including staked IO.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ionet import constants
from ionet.chain.amounts import IO
from ionet.token.chart import Line, Mark, area_chart
from ionet.token.emission import MONTHS, cumulative
from ionet.token.genesis_plan import ITEMS, schedules
from ionet.token.vesting import MONTH, Schedule

GENESIS: Final = IO.from_base(sum(constants.mint.ALLOCATIONS))
CAP: Final = IO.from_base(constants.mint.MAX_SUPPLY)


@dataclass(frozen=True, slots=True)
class SupplyAt:
    """The supply at a date.

    Attributes:
        time: Unix seconds.
        genesis: minted from the genesis allocations.
        emitted: minted on the schedule, including what was withheld.
        burned: how much of both was burned.
        vested: what has vested of all grants, released or not.
        locked: what has not vested of all grants and was not taken back.
        reserve: withheld by a policy; can only be burned.
        treasury: held by the distributor's treasury.
        staked: active stake, all of it circulating; None for another date than now.
        projected: whether it is computed from schedules and the burns until now, not read from the chain.
    """

    time: int
    genesis: IO
    emitted: IO
    burned: IO
    vested: IO
    locked: IO
    reserve: IO = IO(0)  # noqa: RUF009  (amounts cannot change)
    treasury: IO = IO(0)  # noqa: RUF009
    staked: IO | None = None
    projected: bool = True

    @property
    def supply(self) -> IO:
        """What exists."""
        return self.genesis + self.emitted - self.burned

    @property
    def circulating(self) -> IO:
        """What exists and is neither locked nor in reserve or treasury."""
        return self.supply - self.locked - self.reserve - self.treasury


def planned(time: int, start: int) -> SupplyAt:
    """The supply at a date by the published terms: all of genesis in grants, nothing burned."""
    released = [
        schedule.vested(time)
        for schedule, item in zip(schedules(start), ITEMS, strict=True)
        if not item.airdrop
    ]
    vested = sum(released, IO(0))
    granted = sum((item.amount for item in ITEMS if not item.airdrop), IO(0))
    begun = time >= start
    return SupplyAt(
        time=time,
        genesis=GENESIS if begun else IO(0),
        emitted=IO.from_base(cumulative(time - start)),
        burned=IO(0),
        vested=vested,
        locked=granted - vested if begun else IO(0),
    )


def twenty_years(start: int, *, every: int = MONTH) -> list[SupplyAt]:
    """The supply by the published terms from the start to the end of emission, every month by default."""
    return [planned(start + at, start) for at in range(0, MONTHS * MONTH + 1, every)]


def parts_at(time: int, start: int) -> dict[str, IO]:
    """What circulates of each allocation at a date, and what was emitted, by the published terms."""
    amounts: dict[str, IO] = {}
    for item, schedule in zip(ITEMS, schedules(start), strict=True):
        name = item.allocation.name.lower()
        amounts[name] = amounts.get(name, IO(0)) + schedule.vested(time)
    amounts["rewards"] = IO.from_base(cumulative(time - start))
    return amounts


#: Name and colour of each area of the chart, from the bottom. Distinct with any colour vision, and in grey.
_AREAS: Final = (
    ("community", "Community, airdrops", "#0b3954"),
    ("research", "R&D and ecosystem", "#087e8b"),
    ("core", "Core contributors", "#5aaa95"),
    ("series_a", "Series A", "#f2c14e"),
    ("seed", "Seed", "#f78154"),
    ("rewards", "Rewards emitted", "#b4436c"),
)


def chart(start: int) -> str:
    """The circulating supply over 20 years by origin, as an SVG document.

    Computed at each month's end by the functions that mirror the programs'; nothing burned.
    """
    times = [start + month * MONTH for month in range(MONTHS + 1)]
    parts = [parts_at(time, start) for time in times]
    lines = [
        Line(label, colour, [_millions(amounts[name]) for amounts in parts]) for name, label, colour in _AREAS
    ]
    first = planned(start, start).circulating
    return area_chart(
        lines,
        title="Circulating supply of IO over 20 years",
        subtitle="Millions of IO by origin, before burns; all that exists at most: 800 million",
        years=MONTHS // 12,
        most=_millions(CAP),
        marks=[
            Mark(0, _millions(first), f"{_millions(first):.1f} at genesis", 650),
            Mark(48, sum(line.values[48] for line in lines), "all of genesis has vested", 760),
        ],
    )


def _millions(amount: IO) -> float:
    """For drawing only."""
    return amount.base / IO.UNIT / 1e6


def projected(time: int, now: SupplyAt, start: int, grants: Sequence[tuple[Schedule, IO]]) -> SupplyAt:
    """The supply at another date, from the schedules of the existing grants.

    Args:
        time: Unix seconds.
        now: the supply on the chain now; gives burned, reserve and treasury.
        start: of emission, Unix seconds.
        grants: each grant's schedule, and what was taken back of it.
    """
    vested = locked = IO(0)
    for schedule, returned in grants:
        # What was taken back would have vested last.
        own = min(schedule.vested(time), schedule.total - returned)
        vested += own
        locked += schedule.total - returned - own
    return SupplyAt(
        time=time,
        genesis=now.genesis,
        emitted=IO.from_base(cumulative(time - start)),
        burned=now.burned,
        vested=vested,
        locked=locked,
        reserve=now.reserve,
        treasury=now.treasury,
    )


__all__ = ["CAP", "GENESIS", "SupplyAt", "chart", "parts_at", "planned", "projected", "twenty_years"]
