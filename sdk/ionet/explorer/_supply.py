"""How much IO there is and was, by the events that change it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

from ionet.explorer import _models as m
from ionet.explorer._past import WITHHELD, Moment
from ionet.explorer._values import BadQuestion, events_at, of_io
from ionet.formats.when import DAY
from ionet.token.emission import cumulative
from ionet.token.vesting import unvested, vested

if TYPE_CHECKING:
    from ionet import accounts

_GENESIS: Final = "mint.GenesisMinted"
_PAID: Final = "mint.Emitted"
#: By which events IO is burned, by cause.
CAUSES: Final = {
    "fees": ("buyback.FeesBurned",),
    "auctions": ("buyback.IoSold",),
    "reserve": ("mint.ReserveBurned",),
    "slashes": ("staking.Slashed", "staking.Forfeited"),
    "bonds": ("proofs.ChallengeDecided", "governance.BondBurned"),
}
#: Every event by which the supply changes.
NAMES: Final = (_GENESIS, _PAID, *(name for names in CAUSES.values() for name in names))


def supply(moment: Moment, treasury: int | None, why: str) -> m.Supply:
    """The supply at a time, where it comes from, and where it is.

    Args:
        moment: the market then.
        treasury: what the distributor's treasury holds, base units, or None.
        why: why that is not known.
    """
    sums = _sums(moment, max(moment.moved, default=0))
    burned = {cause: -sum(sums[name] for name in names) for cause, names in CAUSES.items()}
    state = moment.state
    reserve = sums[WITHHELD] + sums["mint.ReserveBurned"]
    # A record has the fields of its account.
    grants = [cast("accounts.distributor.Grant", grant) for grant in state.grants.values()]
    locked = sum((unvested(grant, moment.time).base for grant in grants), 0)
    free = None if treasury is None else state.supply - locked - reserve - treasury
    return m.Supply(
        as_of=as_of(moment),
        supply=of_io(state.supply),
        genesis=of_io(sums[_GENESIS]),
        emitted=of_io(sums[_PAID] + sums[WITHHELD]),
        paid=of_io(sums[_PAID]),
        withheld=of_io(sums[WITHHELD]),
        scheduled=of_io(_scheduled(moment, moment.time)),
        burned=m.Burned(
            **{cause: of_io(amount) for cause, amount in burned.items()}, total=of_io(sum(burned.values()))
        ),
        active_stake=of_io(moment.tally.active),
        reserve=of_io(reserve),
        vested=of_io(sum((vested(grant, moment.time).base for grant in grants), 0)),
        locked=of_io(locked),
        treasury=None if treasury is None else of_io(treasury),
        circulating=None if free is None else of_io(free),
        why=why,
    )


def lines(of: m.Supply) -> m.SupplyLines:
    """The amounts of a supply, one a row."""
    parts = {name: getattr(of, name) for name in type(of).model_fields}
    parts |= {f"burned_{name}": getattr(of.burned, name) for name in type(of.burned).model_fields}
    rows = [m.SupplyLine(name=name, amount=it) for name, it in parts.items() if isinstance(it, m.Money)]
    return m.SupplyLines(amounts=rows)


def days(moment: Moment, cursor: str | None, limit: int) -> m.SupplyDays:
    """The supply by day, the newest first.

    Args:
        moment: the last day ends with it.
        cursor: days before this one, `2026-01-31`.
        limit: how many at most.

    Raises:
        BadQuestion: the cursor is no day.
    """
    if not moment.moved:
        return m.SupplyDays(as_of=as_of(moment), days=[], next=None)
    first = min(moment.moved)
    newest = moment.time // DAY if cursor is None else min(_day(cursor) - 1, moment.time // DAY)
    oldest = max(first, newest - limit + 1)
    sums, rows = _sums(moment, oldest - 1), []
    for day in range(oldest, newest + 1):
        inside = moment.moved.get(day, Counter())
        sums.update(inside)
        rows.append(_row(moment, day, min((day + 1) * DAY - 1, moment.time), sums, inside))
    return m.SupplyDays(
        as_of=as_of(moment), days=rows[::-1], next=_date(oldest) if oldest > first and rows else None
    )


def as_of(moment: Moment) -> m.AsOf:
    """Up to where events were looked at."""
    return m.AsOf(slot=moment.slot, time=moment.time, past=moment.past)


def _row(moment: Moment, day: int, end: int, sums: Counter[str], inside: Counter[str]) -> m.SupplyDay:
    return m.SupplyDay(
        date=_date(day),
        scheduled=of_io(_scheduled(moment, end)),
        emitted=of_io(sums[_PAID] + sums[WITHHELD]),
        withheld=of_io(sums[WITHHELD]),
        burned=of_io(_burned(sums)),
        supply=of_io(sums.total()),
        emitted_in_it=of_io(inside[_PAID] + inside[WITHHELD]),
        burned_in_it=of_io(_burned(inside)),
        events=events_at(name=NAMES, since=day * DAY, until=end),
    )


def _sums(moment: Moment, last: int) -> Counter[str]:
    """By how much events of each type have changed the supply until a day."""
    sums: Counter[str] = Counter()
    for day, moved in moment.moved.items():
        if day <= last:
            sums.update(moved)
    return sums


def _burned(sums: Counter[str]) -> int:
    return -sum(sums[name] for names in CAUSES.values() for name in names)


def _scheduled(moment: Moment, time: int) -> int:
    mint = moment.state.mint
    return 0 if mint is None or not mint.start else cumulative(time - mint.start)


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).strftime("%Y-%m-%d")


def _day(cursor: str) -> int:
    try:
        return int(datetime.strptime(cursor, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) // DAY
    except ValueError:
        raise BadQuestion(f"{cursor[:20]!r} is no day; write it as 2026-01-31") from None
