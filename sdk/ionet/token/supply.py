"""The supply of IO by date: what exists, what is locked, what circulates.

    supply = genesis + emitted - burned = circulating + locked + reserve + treasury

*Locked* has not vested yet; the *reserve* is what a demand-linked policy withheld; the *treasury* is what the
distributor's treasury holds, which gets what was revoked or not claimed. All else circulates, staked IO too.
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
        genesis: minted of the genesis allocations.
        emitted: minted on the schedule, what was withheld included.
        burned: of all that was minted.
        vested: of all grants, released or not, what is their beneficiaries'.
        locked: of all grants, what has not vested and was not taken back.
        reserve: withheld by a policy; can only be burned.
        treasury: held by the distributor's treasury.
        staked: active stake, all of it circulating; None for a date that is not now.
        projected: from schedules, with what was burned until now; not read from the chain.
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
        """What exists and is neither locked nor held by reserve or treasury."""
        return self.supply - self.locked - self.reserve - self.treasury


def planned(time: int, start: int) -> SupplyAt:
    """The supply at a date as the published terms have it: all of genesis in grants, nothing burned."""
    made = [one.vested(time) for one, item in zip(schedules(start), ITEMS, strict=True) if not item.airdrop]
    vested = sum(made, IO(0))
    granted = sum((one.amount for one in ITEMS if not one.airdrop), IO(0))
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
    """The published terms from the start to the end of emission, a month apart unless said otherwise."""
    return [planned(start + at, start) for at in range(0, MONTHS * MONTH + 1, every)]


def parts_at(time: int, start: int) -> dict[str, IO]:
    """What is there of each allocation at a date, and what was emitted, by the published terms."""
    made: dict[str, IO] = {}
    for item, schedule in zip(ITEMS, schedules(start), strict=True):
        name = item.allocation.name.lower()
        made[name] = made.get(name, IO(0)) + schedule.vested(time)
    made["rewards"] = IO.from_base(cumulative(time - start))
    return made


#: Name and colour of each area of the chart, from below. Told apart with any colour vision, and in grey.
_AREAS: Final = (
    ("community", "Community, airdrops", "#0b3954"),
    ("research", "R&D and ecosystem", "#087e8b"),
    ("core", "Core contributors", "#5aaa95"),
    ("series_a", "Series A", "#f2c14e"),
    ("seed", "Seed", "#f78154"),
    ("rewards", "Rewards emitted", "#b4436c"),
)


def chart(start: int) -> str:
    """The circulating supply of 20 years by its parts, as an SVG document.

    Computed by the functions that mirror the programs' own, at each month's end; nothing burned.
    """
    times = [start + month * MONTH for month in range(MONTHS + 1)]
    parts = [parts_at(time, start) for time in times]
    lines = [Line(label, colour, [_millions(one[name]) for one in parts]) for name, label, colour in _AREAS]
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
    """The supply at another date, from the schedules of the grants that there are.

    Args:
        time: Unix seconds.
        now: as the chain has it; what was burned, and is in reserve and treasury, is taken from it.
        start: of emission, Unix seconds.
        grants: schedule and what was taken back of each grant.
    """
    vested = locked = IO(0)
    for schedule, returned in grants:
        # What was taken back is what would have vested last.
        mine = min(schedule.vested(time), schedule.total - returned)
        vested += mine
        locked += schedule.total - returned - mine
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
