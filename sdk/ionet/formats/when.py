"""Points and lengths of time in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

#: Units of time in seconds; a month is what emission and vesting count as one: 730.5 hours.
MINUTE: Final = 60
HALF_HOUR: Final = 30 * MINUTE
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
MONTH: Final = 1_461 * HALF_HOUR


def hour_of(at: int, begun: int) -> int:
    """Returns the number of an hour of emission, 1 for the first; before it there are 0 and less.

    Args:
        at: a moment in it, Unix seconds.
        begun: when the first one begins, Unix seconds; that is no full hour of the clock.
    """
    return (at - begun) // HOUR + 1


def when(timestamp: int) -> str:
    """Returns Unix seconds as text in UTC, to the minute; `-` for 0."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC") if timestamp else "-"


def span(seconds: int) -> str:
    """Returns a length of time as text, in its two largest units: `13 d 4 h`, `5 min`."""
    left, parts = max(0, seconds), []
    for size, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"
