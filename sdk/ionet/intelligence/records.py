"""What the books hold: keys, what accounts may use, what is set aside, charged and paid in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from ionet.intelligence.prices import Rate

Currency = Literal["usdc", "io"]
Cycle = Literal["day", "week", "month", "ever"]
CYCLES: Final[tuple[Cycle, ...]] = ("day", "week", "month", "ever")


@dataclass(frozen=True, slots=True)
class Key:
    """An API key, without its secret.

    Attributes:
        id: names it.
        account: of whom.
        address: of the account.
        name: for people.
        hint: its first and last letters.
        models: that it may be used for; None: all.
        cap: millionths of a dollar that it may use in a cycle; None: no limit of its own.
        cycle: begins anew each UTC day, Monday, or month; or never.
        parent: the key that made it, or None.
        created: Unix seconds.
        revoked: Unix seconds, or None.
    """

    id: int
    account: int
    address: str
    name: str
    hint: str
    models: frozenset[str] | None
    cap: int | None
    cycle: Cycle
    parent: int | None
    created: int
    revoked: int | None


@dataclass(frozen=True, slots=True)
class Funds:
    """What an account may use.

    Attributes:
        quota: millionths of a dollar a day that cost nothing.
        used: of them today.
        usdc, io: base units of what was paid in advance.
    """

    quota: int
    used: int
    usdc: int
    io: int

    def dollars(self, rate: Rate | None) -> int:
        """Millionths of a dollar for one request: currencies are not added up, as one pays for all of it."""
        io = 0 if rate is None else rate.to_dollars(self.io)
        return max(0, self.quota - self.used) + max(self.usdc, io)


@dataclass(frozen=True, slots=True)
class Hold:
    """What was set aside for a request.

    Attributes:
        id: the request's.
        dollars: millionths of a dollar, all of it.
        free: of them, of the day's quota.
        currency: of what pays for the rest, or None.
        units: base units of it.
    """

    id: str
    dollars: int
    free: int
    currency: Currency | None
    units: int


@dataclass(frozen=True, slots=True)
class Charge:
    """What a request has cost.

    Attributes:
        dollars: millionths of a dollar.
        free: of them, of the day's quota.
        currency: that paid for the rest, or None.
        units: base units of it.
    """

    dollars: int
    free: int
    currency: Currency | None
    units: int


@dataclass(frozen=True, slots=True)
class Deposit:
    """A payment in advance, as the chain shows it.

    Attributes:
        what: names it: signature and place in the transaction; it counts once.
        address: whose it is.
        currency: of it.
        units: base units.
        at: Unix seconds.
    """

    what: str
    address: str
    currency: Currency
    units: int
    at: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Transactions of a till that the node did not have when they were looked for.

    Attributes:
        till: the token account.
        after: the last transaction that was seen before; empty: none was.
        before: the first one that was seen after.
        units: base units by which the till's balance has moved in it.
    """

    till: str
    after: str
    before: str
    units: int


def written(dollars: int) -> str:
    """Millionths of a dollar, in dollars."""
    whole, rest = divmod(dollars, 10**6)
    return f"${whole}.{rest:06d}".rstrip("0").rstrip(".") if rest else f"${whole}"


def day_of(at: int) -> str:
    """The UTC day of a time, as 2026-11-30."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def cycle_of(cycle: Cycle, at: int) -> str:
    """Names the cycle that a time is in."""
    day = datetime.fromtimestamp(at, UTC).date()
    if cycle == "week":
        day -= timedelta(days=day.weekday())
    elif cycle == "month":
        day = day.replace(day=1)
    return "ever" if cycle == "ever" else f"{cycle} {day.isoformat()}"
