"""The emission schedule: how much IO may have been minted after so many seconds.

The same function as the mint program's, on integers, so that both give the same base unit at every second.
"""

from __future__ import annotations

from typing import Final

from ionet._generated.emission_table import CUMULATIVE

SECONDS_PER_HOUR: Final = 3600
#: 240 months of 730.5 hours; emission ends here.
TOTAL_HOURS: Final = 175_320
MONTHS: Final = 240
#: A month is 730.5 hours: counted in half hours to stay in integers.
_HALF_HOURS_PER_MONTH: Final = 1461


def cumulative(seconds_since_start: int) -> int:
    """Base units of IO (10^-8) emitted in the first `seconds_since_start` seconds.

    Whole hours count; the table gives the end of each month and hours between are linear,
    rounded down. Before the start it is 0, after 240 months it stays at 300,000,000 IO.
    """
    hours = min(max(seconds_since_start // SECONDS_PER_HOUR, 0), TOTAL_HOURS)
    month, half_hours = divmod(2 * hours, _HALF_HOURS_PER_MONTH)
    if month == MONTHS:
        return CUMULATIVE[MONTHS]
    start, end = CUMULATIVE[month], CUMULATIVE[month + 1]
    return start + (end - start) * half_hours // _HALF_HOURS_PER_MONTH


__all__ = ["CUMULATIVE", "MONTHS", "SECONDS_PER_HOUR", "TOTAL_HOURS", "cumulative"]
