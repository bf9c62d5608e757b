"""The emission schedule: how much IO may have been minted by a time, and what each hour was paid.

The same integer functions as the programs', so that both give the same base units at every second.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ionet._generated.emission_table import CUMULATIVE
from ionet._generated.mint.types import PolicyKind
from ionet._lazy import renamed
from ionet.chain.errors import EmissionUnknown
from ionet.formats.when import HALF_HOUR, HOUR, MONTH

if TYPE_CHECKING:
    from ionet import accounts, types

#: Months until emission ends; a month is 730.5 hours, counted in half hours to stay in integers.
MONTHS: Final = len(CUMULATIVE) - 1
_HALF_HOURS_PER_MONTH: Final = MONTH // HALF_HOUR
TOTAL_HOURS: Final = MONTHS * _HALF_HOURS_PER_MONTH // 2


def cumulative(seconds_since_start: int) -> int:
    """Base units of IO (10^-8) emitted in the first `seconds_since_start` seconds.

    Only whole hours count. The table gives the end of each month; hours in between are linear, rounded down.
    Zero before the start; after 240 months it stays at 300,000,000 IO.
    """
    hours = min(max(seconds_since_start // HOUR, 0), TOTAL_HOURS)
    month, half_hours = divmod(2 * hours, _HALF_HOURS_PER_MONTH)
    if month == MONTHS:
        return CUMULATIVE[MONTHS]
    start, end = CUMULATIVE[month], CUMULATIVE[month + 1]
    return start + (end - start) * half_hours // _HALF_HOURS_PER_MONTH


def paid_until(history: Sequence[types.mint.Checkpoint], scheduled: int) -> int | None:
    """What the emission vault received for the first `scheduled` of the schedule: `MintConfig::paid_until`.

    Exact if a crank ended there; hours that one crank emitted together share its payment in proportion to the
    schedule, rounded down.

    Args:
        history: emission after each of the latest cranks, the latest first (`Config.history`).
        scheduled: base units of IO, including withheld ones.

    Returns:
        Base units of IO; None if that much is not emitted yet, or more cranks ago than are kept.
    """
    index = next((position for position, point in enumerate(history) if point.emitted <= scheduled), None)
    if index is None:
        return None
    before, after = history[index], history[max(index - 1, 0)]
    paid = before.emitted - before.withheld
    into, span = scheduled - before.emitted, after.emitted - before.emitted
    if into == 0:
        return paid
    if into > span:
        return None
    return paid + (after.emitted - after.withheld - paid) * into // span


def hour(config: accounts.mint.Config, seq: int) -> int:
    """What an hour was paid, base units of IO; its report's rewards are computed from it.

    Args:
        config: the mint's configuration.
        seq: the hour's number from the start of emission, 1 for the first; it must be over.

    Raises:
        EmissionUnknown: it is not emitted yet, under a policy that decides the amount only then; or it was
            emitted too many cranks ago.
    """
    start, end = (_paid(config, hours, seq, needs=1) for hours in (seq - 1, seq))
    return end - start


def until(config: accounts.mint.Config, seq: int) -> int:
    """What all hours up to one were paid, base units of IO: a report's total is at most that.

    Args:
        config: the mint's configuration.
        seq: the last hour's number; it must be over.

    Raises:
        EmissionUnknown: as `hour`.
    """
    return _paid(config, seq, seq, needs=0)


def _paid(config: accounts.mint.Config, hours: int, seq: int, *, needs: int) -> int:
    """What was paid until then; `needs`: how many hours before an hour have to be known for it."""
    scheduled = cumulative(hours * HOUR)
    if scheduled > config.emitted:
        if config.policy.kind == PolicyKind.FIXED:
            # Certain before the crank: a change of the policy emits to its own time first.
            return scheduled - config.withheld
        raise EmissionUnknown(
            "NotEmitted",
            f"hour {seq} is not emitted yet, and a demand-linked policy decides only then what it pays: emit"
            " first, as anyone can",
            seq,
        )
    paid = paid_until(config.history, scheduled)
    if paid is None:
        earliest = needs + bisect_left(
            range(TOTAL_HOURS), config.history[-1].emitted, key=lambda n: cumulative(n * HOUR)
        )
        raise EmissionUnknown(
            "PeriodForgotten",
            f"what hour {seq} was paid is no longer known: it was emitted more than {len(config.history)}"
            f" cranks ago; hour {earliest} is the earliest that can still be reported: continue with that"
            " one",
            earliest,
        )
    return paid


__all__ = [
    "CUMULATIVE",
    "MONTHS",
    "TOTAL_HOURS",
    "cumulative",
    "hour",
    "paid_until",
]

if not TYPE_CHECKING:
    __getattr__ = renamed(
        __name__,
        {
            "SECONDS_PER_HOUR": "ionet.formats.when:HOUR",
        },
    )
