"""Stake on nodes: rules 1 to 7 of the specification, with exact shares.

A co-staker's rewards are kept as an exact `Fraction`, so that what a program pays can be compared with what
is due: never more, and less only by what floors keep back. Tokens are base units, times Unix seconds.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import Final

from tests.model.emission import month_ends
from tests.model.refusal import refuse

BPS: Final = 10_000
DAY: Final = 86_400
WEEK: Final = 7 * DAY
FORTNIGHT: Final = 14 * DAY
#: A decision on an appealed slash, and the notice of a commission.
DECISION: Final = 30 * DAY
EXECUTION: Final = 14 * DAY
NOTICE: Final = 7 * DAY
STEP_BPS: Final = 500
SLOTS: Final = 4
#: Credited at most in seven days: what the first month emits.
CREDITED_A_WEEK: Final = month_ends()[1]
#: For so long after an hour's end what a device signed in it can be disproved.
DISPROVE: Final = WEEK
LIVE, RETIRED, TERMINAL = range(3)
#: Of all active stake, burned at most in seven days without a decision; stopped for fraud at most; in bps.
UNDECIDED_BPS: Final = 100
STOPPED_BPS: Final = 1_000
#: After a lapse no slash of the node is proposed.
PAUSE: Final = 30 * DAY
#: A node that is not live any more is credited its last hour until then: the longest hold, and 30 days.
LAST_CREDIT: Final = 60 * DAY
#: Between two credits of a node on which something is pending or late.
REST: Final = 600
HOUR: Final = 3_600
#: What an accumulator in 2^-64 keeps back of a position in one credit: active / 2^64, at most 8·10^16 / 2^64.
LOST_A_CREDIT: Final = Fraction(1, 128)


@dataclass(frozen=True, slots=True)
class HardwareClass:
    """Bounds of stake: minimum = base · max(1, multiplier) for each processor, maximum a multiple of it."""

    base: int
    multiplier: Fraction
    times: int

    def minimum(self, units: int) -> int:
        """Of a node with so many processors."""
        return units * ceil(self.base * max(Fraction(1), self.multiplier))

    def maximum(self, units: int) -> int:
        """Of both sides together."""
        return self.times * self.minimum(units)


@dataclass(slots=True)
class History:
    """A sum over time. Unlike rule 16's snapshots it forgets nothing."""

    times: list[int] = field(default_factory=list)
    values: list[int] = field(default_factory=list)

    @property
    def now(self) -> int:
        return self.values[-1] if self.values else 0

    def set(self, now: int, value: int) -> None:
        """The sum from now on."""
        if value != self.now:
            self.times.append(now)
            self.values.append(value)

    def at_week(self, week: int) -> int:
        """What it was when the week began: whatever changes in that very second comes after (rule 16)."""
        place = bisect.bisect_left(self.times, week * WEEK)
        return self.values[place - 1] if place else 0


@dataclass(slots=True)
class Slot:
    """Tokens of the owner, or shares of a co-staker, that cool, and their weight in the split until the hours
    before they were asked for are credited (rule 2)."""

    amount: int
    weight: int
    ready_at: int
    counts_to: int


@dataclass(slots=True)
class Owner:
    """The owner's side, in tokens (rule 2)."""

    active: int = 0
    pending: int = 0
    pending_at: int = 0
    slots: list[Slot] = field(default_factory=list)
    due: int = 0
    #: Active stake that slashes took, and when the latest did: late until then is credited.
    lost: int = 0
    lost_at: int = 0

    @property
    def late(self) -> int:
        return self.lost + sum(one.weight for one in self.slots)

    @property
    def weight(self) -> int:
        return self.active + self.late

    @property
    def cooling(self) -> int:
        return sum(one.amount for one in self.slots)

    @property
    def side(self) -> int:
        """All that a slash can take before it reaches co-stakers (rule 7)."""
        return self.due + self.active + self.pending + self.cooling


@dataclass(slots=True)
class Position:
    """A co-staker's part, in shares (rule 2).

    Attributes:
        earned: of all credits, exactly.
        taken: claimed or compounded.
        credits: in which it had a part.
    """

    active: int = 0
    pending: int = 0
    pending_at: int = 0
    slots: list[Slot] = field(default_factory=list)
    earned: Fraction = Fraction(0)
    taken: int = 0
    credits: int = 0
    history: History = field(default_factory=History)

    @property
    def late(self) -> int:
        return sum(one.weight for one in self.slots)

    @property
    def weight(self) -> int:
        return self.active + self.late

    @property
    def shares(self) -> int:
        return self.active + self.pending + sum(one.amount for one in self.slots)

    @property
    def claimable(self) -> tuple[int, int]:
        """The least and the most that it may be paid now: a floor of what it has earned, less what an
        accumulator of 64 binary digits may have kept back."""
        exact = self.earned - self.taken
        return max(0, int(exact - self.credits * LOST_A_CREDIT)), int(exact)


@dataclass(slots=True)
class Slash:
    """A proposal: open, appealed, decided, cancelled, or over.

    Attributes:
        amount: still held back on the node's sides.
        apart: set apart and not burned.
    """

    amount: int
    owner: str
    proposed_at: int
    appeal_until: int
    fraud: bool = False
    stopped: int | None = None
    apart: int = 0
    burned: int = 0
    appealed_at: int | None = None
    decided_at: int | None = None
    cancelled: bool = False
    #: Of a disproof: the last second in which its hour can be disproved.
    disproof_until: int | None = None

    @property
    def lapses_at(self) -> int | None:
        """The last second in which something may become of what it holds back."""
        if self.decided_at is not None or self.cancelled or self.disproof_until is not None:
            return None
        if self.appealed_at is not None:
            return self.appealed_at + DECISION
        return self.appeal_until + EXECUTION

    def settable(self, now: int) -> bool:
        """Without a decision for 14 days after the time for an appeal; with one at any time (rule 7)."""
        if self.amount == 0 or self.cancelled:
            return False
        if self.decided_at is not None:
            return True
        return self.appealed_at is None and self.appeal_until <= now <= self.appeal_until + EXECUTION

    def decidable(self, now: int) -> bool:
        """An appealed one for 30 days, another one in the 14 days in which it can be set apart."""
        if self.decided_at is not None or self.cancelled or self.disproof_until is not None:
            return False
        if self.appealed_at is not None:
            return now <= self.appealed_at + DECISION
        return self.appeal_until <= now <= self.appeal_until + EXECUTION

    def lapsed(self, now: int) -> bool:
        last = self.lapses_at
        return self.amount > 0 and last is not None and now > last

    def open(self, now: int) -> bool:
        """Whether something may still come of it; fraud waits for its decision."""
        if self.apart:
            return True
        if self.disproof_until is not None:
            return now <= self.disproof_until
        last = self.lapses_at
        if last is None:
            return self.amount > 0
        return now <= last and (self.amount > 0 or self.fraud)


@dataclass(slots=True)
class Device:
    """A processor (rule 21): whose it is, on which node, and whether it is the first of that."""

    owner: str | None
    node: str | None = None
    first: bool = False
    banned: bool = False


@dataclass(slots=True)
class Node:
    """A node with its two sides."""

    owner: str
    kind: HardwareClass
    commission: int
    units: int = 1
    state: int = LIVE
    own: Owner = field(default_factory=Owner)
    positions: dict[str, Position] = field(default_factory=dict)
    co_tokens: int = 0
    co_owed: int = 0
    credited: int = 0
    credited_through: int = 0
    credited_height: int = 0
    credited_at: int = -REST
    #: Credited of leaves that had to wait, since `credited_through` moved.
    partial: int = 0
    retired_at: int = 0
    #: Of each retirement that is over, from when until when.
    absences: list[tuple[int, int]] = field(default_factory=list)
    #: End of what it earns: a loss of co-stakers, a decision on fraud, a ban.
    closed_at: int | None = None
    fraud: bool = False
    banned: bool = False
    #: Seconds in which proposals that name fraud stopped its credit, and since when one does.
    stopped: int = 0
    stopped_since: int | None = None
    spared_until: int = 0
    set_apart: int = 0
    #: What is left of a former owner's side: whose, how much, from when.
    former: tuple[str, int, int] | None = None
    #: Of an announced commission: when it begins, and what it is.
    announced: tuple[int, int] | None = None
    slashes: dict[int, Slash] = field(default_factory=dict)
    leased_until: int = 0
    frozen_until: int = 0
    challenges: int = 0
    min_report: int = 0
    own_history: History = field(default_factory=History)
    co_history: History = field(default_factory=History)
    #: The owner's minimum as the node knows it, and the highest since `credited_through`, last so when.
    known: int = 0
    highest: int = 0
    highest_at: int = 0
    #: When that minimum fell, and from what.
    falls: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known = self.highest = self.minimum

    def learn(self, minimum: int, now: int) -> None:
        """The node is told its minimum; a higher one before counts until it is credited past it (rule 7a)."""
        if minimum < self.known:
            self.falls.append((now, self.known))
        if self.known >= self.highest and minimum < self.known:
            self.highest, self.highest_at = self.known, now
        self.highest, self.known = max(self.highest, minimum), minimum

    def finable(self, now: int) -> int:
        """The minimum of which a disproof takes a tenth: what was signed before a fall is shown for a week
        and an hour. Falls that follow each other within that time are one, from the highest."""
        highest, last = 0, -(10**12)
        for at, fallen in reversed(self.falls):
            if (now if highest == 0 else last) > at + DISPROVE + HOUR:
                break
            highest, last = max(highest, fallen), at
        return max(highest, self.known)

    def was_away(self, start: int, end: int) -> bool:
        """Whether all of that time falls into one of its last three retirements longer than an hour."""
        over = [(since, until) for since, until in self.absences if until - since > HOUR]
        now_away = self.retired_at and (not self.absences or self.absences[-1][0] != self.retired_at)
        known = [*over, (self.retired_at, 10**12)][-3:] if now_away else over[-3:]
        return any(since < start and end <= until for since, until in known)

    def resize(self, units: int, now: int) -> None:
        """It has another number of processors."""
        minimum = self.known // self.units * units
        self.units = units
        self.learn(minimum, now)

    @property
    def co_active(self) -> int:
        return sum(one.active for one in self.positions.values())

    @property
    def co_pending(self) -> int:
        return sum(one.pending for one in self.positions.values())

    @property
    def co_late(self) -> int:
        return sum(one.late for one in self.positions.values())

    @property
    def changing(self) -> bool:
        """Whether something is pending or late (rule 3)."""
        return bool(self.own.pending or self.own.late or self.co_pending or self.co_late)

    @property
    def minimum(self) -> int:
        return self.kind.minimum(self.units)

    @property
    def co_shares(self) -> int:
        return sum(one.shares for one in self.positions.values())

    @property
    def frozen(self) -> int:
        """Σ of open proposals (rule 7)."""
        return sum(one.amount for one in self.slashes.values())

    @property
    def vault(self) -> int:
        """What the node's vault holds (rule 5)."""
        former = 0 if self.former is None else self.former[1]
        return self.own.side + self.co_tokens + self.co_owed + self.set_apart + former

    @property
    def room(self) -> int:
        """To the class's maximum; negative when it fell (rule 4)."""
        staked = self.own.active + self.own.pending + self.co_active + self.co_pending
        return self.kind.maximum(self.units) - staked

    @property
    def room_of_half(self) -> int:
        """For co-stake, to the owner's active stake (rule 4): pending makes no room."""
        return self.own.active - self.co_active - self.co_pending

    @property
    def owner_ready(self) -> bool:
        """Whether the owner's pending stake may become active (rule 1)."""
        return self.credited_through >= self.own.pending_at or not (
            self.co_active or self.co_late or self.co_pending
        )

    def ready(self, position: Position) -> bool:
        """Whether a position's pending stake may become active: after a credit past it, and no other way."""
        return self.credited_through >= position.pending_at

    def settled(self, at: int, now: int) -> bool:
        """Whether a late weight that counts to then ends: it is credited, or nothing more can be."""
        if self.credited_through >= at or self.fraud:
            return True
        closed = self.closed_at
        # The hour in which it was closed is not earned.
        if closed is not None and (self.credited_through > closed - HOUR or self.past_credit(closed, now)):
            return True
        return self.state == RETIRED and self.past_credit(self.retired_at, now)

    def past_credit(self, end: int, now: int) -> bool:
        """Whether hours until then cannot be credited any more (rules 3, 4 and 7)."""
        open_ = 0 if self.stopped_since is None else now - self.stopped_since
        return now > end + LAST_CREDIT + self.stopped + open_

    def worth(self, shares: int) -> int:
        """Tokens for shares, on exit (rule 2): ⌊s · co_tokens / co_shares⌋, the last one takes all."""
        return shares * self.co_tokens // self.co_shares if shares else 0


class Staking:
    """All nodes, and the money that moves into and out of them.

    Args:
        purses: tokens of everybody, by name.

    Attributes:
        staking_paused, registering_paused: what a pause stops; nothing else.
        elsewhere: active stake on nodes that nobody looks at.
        credited: to all nodes, in all time.
        credited_on, slashed_on: credited, and burned by slashes, by day.
        burned: by slashes, and what terminal nodes earned.
    """

    def __init__(self, purses: dict[str, int]) -> None:
        self.purses = purses
        self.nodes: dict[str, Node] = {}
        #: By name; that of a node's first is the node's.
        self.devices: dict[str, Device] = {}
        self.cooldown = FORTNIGHT
        self.appeal_time = 30 * DAY
        self.staking_paused = False
        self.registering_paused = False
        self.elsewhere = 0
        self.credited = 0
        self.burned = 0
        self.credited_on: dict[int, int] = {}
        self.slashed_on: dict[int, int] = {}
        self.decided_on: dict[int, int] = {}
        self.decided_bps = 1_000
        #: None: rewards are not bounded.
        self.bound_bps: int | None = 96

    # -- what stands

    def _recorded(self, node: Node, now: int) -> None:
        """Stake neither votes nor counts while its node is not live (rules 7 and 16a)."""
        live = node.state == LIVE
        node.own_history.set(now, node.own.active if live else 0)
        node.co_history.set(now, node.co_active if live else 0)
        for one in node.positions.values():
            one.history.set(now, one.active)

    def active(self) -> int:
        """All active stake."""
        here = sum(one.own_history.now + one.co_history.now for one in self.nodes.values())
        return self.elsewhere + here

    def _touch_owner(self, node: Node, now: int) -> None:
        """Ends what is late and due of the owner's side (rule 3)."""
        own = node.own
        if own.lost and node.settled(own.lost_at, now):
            own.lost = 0
        self._end(node, own, now)

    def _touch(self, node: Node, position: Position, now: int) -> None:
        """Ends what is late and due of a position; before that it shared all credits."""
        self._end(node, position, now)

    @staticmethod
    def _end(node: Node, side: Owner | Position, now: int) -> None:
        for one in side.slots:
            if node.settled(one.counts_to, now):
                one.weight = 0
        side.slots = [one for one in side.slots if one.amount or one.weight]

    def settle(self, name: str, now: int, *holders: str) -> None:
        """Settles the owner's side and the given positions: anyone's `settle_changes`, or a credit's."""
        node = self.nodes[name]
        node.learn(node.minimum, now)
        self._touch_owner(node, now)
        own = node.own
        if own.pending and node.state != TERMINAL and node.owner_ready:
            own.active, own.pending = own.active + own.pending, 0
        for holder in holders:
            one = node.positions[holder]
            self._touch(node, one, now)
            if one.pending and node.state != TERMINAL and node.ready(one):
                one.active, one.pending = one.active + one.pending, 0
        self._recorded(node, now)

    # -- in (rules 1 and 4)

    def owner_stake(self, name: str, amount: int, now: int) -> None:
        """Adds to the owner's pending stake."""
        node = self.nodes[name]
        own = node.own
        refuse(
            Paused=self.staking_paused,
            NodeNotLive=node.state != LIVE,
            ZeroAmount=amount == 0,
            MaximumStake=amount > node.room,
            ActivateFirst=own.pending > 0 and node.owner_ready,
            InsufficientFunds=amount > self.purses[node.owner],
        )
        node.learn(node.minimum, now)
        self.purses[node.owner] -= amount
        own.pending += amount
        own.pending_at = now

    def open_position(self, name: str, holder: str) -> None:
        """Opens an empty position."""
        node = self.nodes[name]
        refuse(
            OwnerIsNoCoStaker=holder == node.owner,
            NodeNotLive=node.state != LIVE,
            AccountAlreadyInUse=holder in node.positions,
        )
        node.positions[holder] = Position()

    def stake(self, name: str, holder: str, amount: int, now: int) -> None:
        """Adds to a position's pending stake; shares are made one for one (rule 2)."""
        node = self.nodes[name]
        position = node.positions[holder]
        refuse(
            Paused=self.staking_paused,
            NodeNotLive=node.state != LIVE,
            ZeroAmount=amount == 0,
            MaximumStake=amount > node.room,
            OwnerBelowMinimum=node.own.active < node.minimum,
            CoStakeAboveHalf=amount > node.room_of_half,
            ActivateFirst=position.pending > 0 and node.ready(position),
            InsufficientFunds=amount > self.purses[holder],
        )
        node.learn(node.minimum, now)
        self.purses[holder] -= amount
        position.pending += amount
        position.pending_at = now
        node.co_tokens += amount

    def activate(self, name: str, holder: str | None, now: int) -> int:
        """Makes pending stake active; holder: None for the owner. What became active."""
        node = self.nodes[name]
        if holder is None:
            side: Owner | Position = node.own
            ready = node.owner_ready
        else:
            side = node.positions[holder]
            ready = node.ready(node.positions[holder])
        refuse(
            NothingPending=side.pending == 0,
            NodeTerminal=node.state == TERMINAL,
            StillPending=side.pending > 0 and not ready,
        )
        if holder is not None:
            self._touch(node, node.positions[holder], now)
        amount, side.pending = side.pending, 0
        side.active += amount
        self._recorded(node, now)
        return amount

    # -- out (rules 2, 4 and 7)

    def owner_unstake(self, name: str, amount: int, now: int) -> tuple[int, int]:
        """Takes the owner's stake off; what leaves at once, and what cools."""
        node = self.nodes[name]
        own = node.own
        staked = own.active + own.pending
        refuse(ZeroAmount=amount == 0, MoreThanStaked=amount > staked)
        # Pending stake leaves at once, and nothing else (rule 4).
        left = min(amount, own.pending)
        cooling = amount - left
        refuse(
            LeaseLocksMinimum=cooling > 0 and now < node.leased_until and own.active - cooling < node.minimum,
            NoFreeSlot=cooling > 0 and _full(node, own, now),
            # Where proposals exceed the owner's side, nothing even begins to cool.
            Frozen=node.frozen > 0 and own.side - left < node.frozen,
        )
        self._touch_owner(node, now)
        own.pending -= left
        own.active -= cooling
        if cooling:
            _put(own, Slot(cooling, cooling, now + self.cooldown, now))
        self.purses[node.owner] += left
        self._recorded(node, now)
        return left, cooling

    def unstake(self, name: str, holder: str, shares: int, now: int) -> tuple[int, int]:
        """Takes a position's stake off; tokens that leave at once, and shares that cool."""
        node = self.nodes[name]
        position = node.positions[holder]
        refuse(ZeroAmount=shares == 0, MoreThanStaked=shares > position.active + position.pending)
        of_pending = min(shares, position.pending)
        cooling = shares - of_pending
        refuse(
            NoFreeSlot=cooling > 0 and _full(node, position, now),
            # What only begins to cool stays within reach (rules 4 and 7).
            CoExitFrozen=of_pending > 0 and node.frozen > node.own.side,
        )
        self._touch(node, position, now)
        left = node.worth(of_pending)
        position.pending -= of_pending
        position.active -= cooling
        if cooling:
            _put(position, Slot(cooling, cooling, now + self.cooldown, now))
        node.co_tokens -= left
        self.purses[holder] += left
        self._recorded(node, now)
        return left, cooling

    def owner_withdraw(self, name: str, now: int) -> int:
        """Lets the owner's cooled stake leave."""
        node = self.nodes[name]
        amount = _cooled(node.own.slots, now)
        short = node.frozen > 0 and node.own.side - amount < node.frozen
        refuse(NothingReady=amount == 0, Frozen=amount > 0 and short)
        self._touch_owner(node, now)
        _take(node.own, now)
        self.purses[node.owner] += amount
        return amount

    def withdraw(self, name: str, holder: str, now: int) -> int:
        """Lets a position's cooled stake leave; tokens."""
        node = self.nodes[name]
        position = node.positions[holder]
        shares = _cooled(position.slots, now)
        refuse(NothingReady=shares == 0, CoExitFrozen=node.frozen > node.own.side)
        self._touch(node, position, now)
        amount = node.worth(shares)
        _take(position, now)
        node.co_tokens -= amount
        self.purses[holder] += amount
        return amount

    # -- rewards (rules 3, 5 and 8)

    def creditable(self, name: str, lifetime: int, now: int) -> int:
        """Of what a node earned beyond what it was credited before, as much as the week has room for."""
        lately = lately_out(self.credited_on, now)
        return min(max(0, lifetime - self.nodes[name].credited), max(0, CREDITED_A_WEEK - lately))

    def credit(
        self,
        name: str,
        lifetime: int,
        through: int,
        now: int | None = None,
        height: int = 0,
        **rules: bool,
    ) -> tuple[int, int]:
        """Credits what a node earned beyond what it was credited before, or as much of it as the week has
        room for; the owner's and co-stakers' parts.

        Args:
            name: the node.
            lifetime: what it earned in its life.
            through: end of the last hour counted.
            now: default: that end.
            height: of the report.
            rules: those of the report, true where broken (`tests.model.reports`).
        """
        node, now = self.nodes[name], through if now is None else now
        amount, owed = self.creditable(name, lifetime, now), max(0, lifetime - node.credited)
        refuse(
            NodeTerminal=node.fraud,
            CreditTooSoon=node.changing and now < node.credited_at + REST,
            CreditStopped=node.stopped_since is not None,
            HourNotEarned=owed > 0 and node.closed_at is not None and through > node.closed_at,
            RewardAboveBound=owed > 0 and owed + node.partial > self.bound(name, through),
            CreditLimit=amount == 0 and owed > 0,
            **rules,
        )
        rate = self._commission(node, through)
        weight = node.co_active + node.co_late
        total = node.own.weight + weight
        co_part = int(Fraction(amount * weight * (BPS - rate), total * BPS)) if weight else 0
        for one in node.positions.values():
            if one.weight:
                one.earned += Fraction(co_part * one.weight, weight)
                one.credits += 1
        node.own.due += amount - co_part
        node.co_owed += co_part
        self._credited(node, amount, lifetime, through, now, height)
        node.credited_at = now
        self._touch_owner(node, now)
        return amount - co_part, co_part

    def bound(self, name: str, through: int) -> int:
        """The most that a node is credited up to then: a part of the highest minimum an hour (rule 7a)."""
        node = self.nodes[name]
        if self.bound_bps is None:
            return 2**64
        hours = max(0, ceil(Fraction(through - node.credited_through, HOUR)))
        return node.highest * self.bound_bps * hours // BPS

    def forfeit(self, name: str, lifetime: int, through: int, now: int | None = None, **rules: bool) -> int:
        """Burns what a node that ended for fraud has earned (rule 7a); arguments and limit as of `credit`."""
        node, now = self.nodes[name], through if now is None else now
        amount = self.creditable(name, lifetime, now)
        refuse(
            NodeNotTerminal=not node.fraud,
            NothingToClaim=lifetime <= node.credited,
            CreditLimit=amount == 0 and lifetime > node.credited,
            **rules,
        )
        self._credited(node, amount, lifetime, through, now, 0)
        self.burned += amount
        return amount

    def _credited(self, node: Node, amount: int, lifetime: int, through: int, now: int, height: int) -> None:
        node.credited += amount
        self.credited += amount
        self.credited_on[now // DAY] = self.credited_on.get(now // DAY, 0) + amount
        if node.credited < lifetime:
            # The rest waits, and so does whatever depends on the time.
            node.partial += amount
            return
        node.credited_height = max(node.credited_height, height)
        if through > node.credited_through:
            node.credited_through, node.partial = through, 0
            if through >= node.highest_at:
                node.highest = node.known
        if node.announced is not None and node.credited_through >= node.announced[0]:
            node.commission, node.announced = node.announced[1], None

    def _commission(self, node: Node, through: int) -> int:
        """A change applies from its date; a credit across it uses the lower rate (rule 3)."""
        if node.announced is None or through < node.announced[0]:
            return node.commission
        return min(node.commission, node.announced[1])

    def set_commission(self, name: str, bps: int, now: int) -> int:
        """Announces a commission: at most five points more, after seven days. When it begins."""
        node = self.nodes[name]
        refuse(
            CommissionOutOfBounds=bps > BPS,
            CommissionStep=bps > node.commission + STEP_BPS,
            CommissionUndecided=node.announced is not None and now >= node.announced[0],
        )
        node.announced = (now + NOTICE, bps)
        return now + NOTICE

    def owner_claim(self, name: str, now: int) -> int:
        """Lets the owner's rewards leave."""
        node = self.nodes[name]
        amount = node.own.due
        short = node.frozen > 0 and node.own.side - amount < node.frozen
        refuse(NothingToClaim=amount == 0, Frozen=amount > 0 and short)
        self._touch_owner(node, now)
        node.own.due = 0
        self.purses[node.owner] += amount
        return amount

    def claim(self, name: str, holder: str, paid: int, now: int) -> None:
        """Lets a position's rewards leave: `paid`, which has to be a floor of what is due."""
        position = self.nodes[name].positions[holder]
        self._may_claim(position, paid)
        self._touch(self.nodes[name], position, now)
        self._taken(self.nodes[name], position, paid)
        self.purses[holder] += paid

    def owner_compound(self, name: str, now: int) -> int:
        """Turns the owner's rewards into pending stake, up to the maximum."""
        node = self.nodes[name]
        own = node.own
        refuse(
            Paused=self.staking_paused,
            NodeNotLive=node.state != LIVE,
            NothingToClaim=own.due == 0,
            MaximumStake=node.room <= 0,
            ActivateFirst=own.pending > 0 and node.owner_ready,
        )
        node.learn(node.minimum, now)
        amount = min(own.due, node.room)
        own.due -= amount
        own.pending += amount
        own.pending_at = now
        return amount

    def compound(self, name: str, holder: str, moved: int, now: int) -> None:
        """Turns a position's rewards into pending stake: `moved`, up to both caps."""
        node = self.nodes[name]
        position = node.positions[holder]
        low, high = position.claimable
        refuse(
            Paused=self.staking_paused,
            NodeNotLive=node.state != LIVE,
            NothingToClaim=low == 0 and moved == 0,
            MaximumStake=node.room <= 0,
            OwnerBelowMinimum=node.own.active < node.minimum,
            CoStakeAboveHalf=node.room_of_half <= 0,
            ActivateFirst=position.pending > 0 and node.ready(position),
        )
        self._touch(node, position, now)
        node.learn(node.minimum, now)
        room = min(node.room, node.room_of_half)
        assert min(low, room) <= moved <= min(high, room), f"{moved} of {low} to {high}, room {room}"
        self._taken(node, position, moved)
        position.pending += moved
        position.pending_at = now
        node.co_tokens += moved

    def _may_claim(self, position: Position, paid: int) -> None:
        low, high = position.claimable
        # Between the two, whether there is a unit is the accumulator's word.
        refuse(NothingToClaim=high == 0 or (paid == 0 and low == 0))
        assert max(1, low) <= paid <= high, f"paid {paid}, earned {low} to {high}"

    def _taken(self, node: Node, position: Position, amount: int) -> None:
        position.taken += amount
        node.co_owed -= amount

    # -- the node's life

    def retire(self, name: str, now: int) -> None:
        """Takes a node out of the market."""
        node = self.nodes[name]
        refuse(NodeNotLive=node.state != LIVE, NodeLeased=now < node.leased_until)
        self._retired(node, now)

    def evict(self, name: str, now: int) -> None:
        """The resolver takes it out, leased or not."""
        node = self.nodes[name]
        refuse(NodeNotLive=node.state != LIVE)
        self._retired(node, now)

    def _retired(self, node: Node, now: int) -> None:
        node.state, node.retired_at = RETIRED, now
        self._recorded(node, now)

    def ban(self, name: str, now: int) -> None:
        """Its device is banned: later hours are not earned (rule 21)."""
        node = self.nodes[name]
        node.banned = True
        if node.closed_at is None:
            node.closed_at = now

    def expel(self, name: str, now: int) -> int:
        """All that is a former owner's is moved out of the way, and cools (rule 4)."""
        node = self.nodes[name]
        first = self.devices.get(name)
        refuse(
            DeviceOwned=first is not None and first.owner == node.owner,
            NodeLeased=now < node.leased_until,
            NodeNotRetired=node.state != RETIRED,
            Frozen=node.frozen > 0 or node.stopped_since is not None,
            OwnerStays=node.credited_through < node.retired_at and not node.past_credit(node.retired_at, now),
            DisproofsOpen=now <= node.retired_at + HOUR + DISPROVE,
            FormerUnpaid=node.former is not None,
            NothingReady=node.own.side == 0,
        )
        amount, node.own = node.own.side, Owner()
        node.former = (node.owner, amount, now + self.cooldown)
        self._recorded(node, now)
        return amount

    def pay_former(self, name: str, now: int) -> int:
        """What is left of a former owner's leaves after its cooldown."""
        node = self.nodes[name]
        # Nobody is to be paid where nothing is left: then every account is a wrong one.
        none = node.former is None
        refuse(NothingReady=node.former is None or now < node.former[2], WrongDestination=none)
        assert node.former is not None
        who, amount, _ = node.former
        node.former = None
        self.purses[who] += amount
        return amount

    def reopen(self, name: str, bps: int, now: int) -> None:
        """Brings it back; `credited` stays (rule 6), and with co-stake that earns so does the commission."""
        node = self.nodes[name]
        shared = node.co_active + node.co_pending > 0
        first = self.devices.get(name, Device(node.owner))
        refuse(
            NotDeviceOwner=first.owner != node.owner,
            DeviceBanned=first.banned,
            Paused=self.registering_paused,
            NodeNotRetired=node.state != RETIRED,
            CommissionOutOfBounds=bps > BPS,
            CommissionNotice=shared and bps != node.commission,
        )
        node.state = LIVE
        node.absences.append((node.retired_at, now))
        if not shared:
            node.commission, node.announced = bps, None
        node.learn(node.minimum, now)
        self._recorded(node, now)

    # -- processors (rule 21)

    def attach(self, name: str, device: str, now: int) -> None:
        """The node's owner adds a processor of his."""
        node, one = self.nodes[name], self.devices[device]
        refuse(
            NotDeviceOwner=one.owner != node.owner,
            DeviceInUse=one.node is not None,
            DeviceBanned=one.banned,
            NodeNotLive=node.state != LIVE,
            NodeLeased=now < node.leased_until,
        )
        one.node = name
        node.resize(node.units + 1, now)

    def detach(self, name: str, device: str, by: str, now: int) -> None:
        """Takes one off that is not the first: the node's owner, or of a retired node whose the first is."""
        node, one = self.nodes[name], self.devices[device]
        refuse(
            NotNodeDevice=one.node != name or one.first,
            NodeLeased=now < node.leased_until,
            NotNodeOwner=by not in (node.owner, self.devices[name].owner),
            NodeNotRetired=by != node.owner and node.state != RETIRED,
        )
        one.node = None
        node.resize(node.units - 1, now)

    def release(self, device: str, by: str) -> None:
        """Its owner gives it up; one of a node only where it is the first and the node retired."""
        one = self.devices[device]
        refuse(
            NotDeviceOwner=one.owner != by,
            NotNodeDevice=one.node is not None and not one.first,
            NodeNotRetired=one.node is not None and self.nodes[one.node].state != RETIRED,
        )
        one.owner = None

    def claim_device(self, device: str, by: str) -> None:
        """Somebody takes one that nobody has."""
        one = self.devices[device]
        refuse(Paused=self.registering_paused, DeviceOwned=one.owner is not None, DeviceBanned=one.banned)
        one.owner = by

    def evict_device(self, device: str, ban: bool, now: int) -> None:
        """The resolver takes it from its owner, and off a node of which it is not the first; for good."""
        one = self.devices[device]
        one.owner, one.banned = None, one.banned or ban
        if one.node is None:
            return
        if not one.first:
            self.nodes[one.node].resize(self.nodes[one.node].units - 1, now)
            one.node = None
        elif ban:
            self.ban(one.node, now)

    # -- slashing (rule 7)

    def propose_slash(self, name: str, nonce: int, amount: int, now: int, *, fraud: bool = False) -> None:
        """Proposes to burn stake, and holds it back; one that names fraud stops the node's credit, too."""
        node = self.nodes[name]
        active = node.own.active + node.co_active
        stopped = [
            one.stopped
            for other in self.nodes.values()
            for one in other.slashes.values()
            if one.stopped is not None
        ]
        most = self.active() * STOPPED_BPS // BPS
        refuse(
            ZeroAmount=amount == 0,
            SlashPause=now < node.spared_until,
            SlashAboveStake=node.frozen + amount > node.own.side + node.co_tokens,
            AccountAlreadyInUse=nonce in node.slashes,
            CreditStopped=fraud and node.stopped_since is not None,
            StopLimit=fraud and bool(stopped) and sum(stopped) + active > most,
        )
        slash = Slash(amount, node.owner, now, now + self.appeal_time, fraud)
        if fraud:
            slash.stopped, node.stopped_since = active, now
        node.slashes[nonce] = slash

    @staticmethod
    def _goes_on(node: Node, slash: Slash, now: int) -> None:
        if slash.stopped is not None and node.stopped_since is not None:
            node.stopped += now - node.stopped_since
            slash.stopped = node.stopped_since = None

    def appeal(self, name: str, nonce: int, now: int) -> None:
        """Puts a slash before the resolver, once and in time."""
        slash = self.nodes[name].slashes[nonce]
        refuse(
            AppealClosed=slash.appealed_at is not None
            or slash.decided_at is not None
            or slash.cancelled
            or slash.disproof_until is not None
            or now >= slash.appeal_until
        )
        slash.appealed_at = now

    def resolve_slash(self, name: str, nonce: int, amount: int, now: int) -> int:
        """Lowers or confirms a slash, what was set apart included; what it no longer holds back."""
        node = self.nodes[name]
        slash = node.slashes[nonce]
        taken = slash.apart + slash.burned
        refuse(
            NotDecidable=not slash.decidable(now),
            SlashSetApart=amount < taken,
            SlashRaised=amount > slash.amount + taken,
        )
        left = amount - taken
        freed, slash.amount = slash.amount - left, left
        slash.decided_at = now
        self._goes_on(node, slash, now)
        if slash.fraud and amount:
            node.fraud, node.state = True, TERMINAL
            node.closed_at = now if node.closed_at is None else node.closed_at
            self._recorded(node, now)
        return freed

    def set_apart(self, name: str, nonce: int, now: int) -> int:
        """Takes what a slash may take off the sides: rewards, the owner's active, pending and cooling stake,
        then, where the resolver has decided, co-stakers' tokens."""
        node = self.nodes[name]
        slash = node.slashes[nonce]
        reach = node.own.side + (node.co_tokens if slash.decided_at is not None else 0)
        refuse(NotExecutable=not slash.settable(now) or reach == 0)
        amount = rest = min(slash.amount, reach)
        rest = self._taken_apart(node, rest, now)
        if rest:
            node.co_tokens -= rest
            node.state = TERMINAL
            node.closed_at = now if node.closed_at is None else node.closed_at
        slash.amount -= amount
        slash.apart += amount
        node.set_apart += amount
        self._recorded(node, now)
        return amount

    def _taken_apart(self, node: Node, rest: int, now: int) -> int:
        """Takes off the owner's side, in this order; what it could not give."""
        own = node.own
        self._touch_owner(node, now)
        taken = min(rest, own.due)
        own.due, rest = own.due - taken, rest - taken
        taken = min(rest, own.active)
        own.active, rest = own.active - taken, rest - taken
        if taken:
            # Their weight stays in the split of the hours before.
            own.lost, own.lost_at = own.lost + taken, now
        taken = min(rest, own.pending)
        own.pending, rest = own.pending - taken, rest - taken
        for slot in own.slots:
            taken = min(rest, slot.amount)
            slot.amount, rest = slot.amount - taken, rest - taken
        own.slots = [one for one in own.slots if one.amount or one.weight]
        return rest

    def disprove(self, name: str, hour: int, end: int, now: int) -> int:
        """What a device signed was wrong (rule 21): a tenth of the minimum, without appeal, off the owner's
        side alone, no more than proposals leave of both, once an hour. Its slash has the number `-hour`."""
        node = self.nodes[name]
        refuse(
            AccountAlreadyInUse=-hour in node.slashes,
            HourTooOld=now > end + DISPROVE,
            RetiredThen=node.was_away(end - HOUR, end),
        )
        held = node.own.side + node.co_tokens - node.frozen
        amount = min(node.finable(now) // 10, node.own.side, held)
        slash = Slash(0, node.owner, now, now, apart=amount, disproof_until=end + DISPROVE)
        self._taken_apart(node, amount, now)
        node.slashes[-hour] = slash
        node.set_apart += amount
        self._recorded(node, now)
        return amount

    def burnable(self, slash: Slash, now: int) -> int:
        """What the limit of seven days, which count as the days that they touch, leaves for a slash."""
        decided = slash.decided_at is not None
        bps, lately = (self.decided_bps, self.decided_on) if decided else (UNDECIDED_BPS, self.slashed_on)
        return max(0, self.active() * bps // BPS - lately_out(lately, now))

    def execute_slash(self, name: str, nonce: int, now: int) -> int:
        """Burns what was set apart, as much as the limit lets now."""
        node = self.nodes[name]
        slash = node.slashes[nonce]
        room = self.burnable(slash, now)
        refuse(NotExecutable=slash.apart == 0, SlashLimit=slash.apart > 0 and room == 0)
        amount = min(slash.apart, room)
        slash.apart -= amount
        slash.burned += amount
        node.set_apart -= amount
        self.burned += amount
        by_day = self.slashed_on if slash.decided_at is None else self.decided_on
        by_day[now // DAY] = by_day.get(now // DAY, 0) + amount
        return amount

    def cancel_slash(self, name: str, nonce: int, now: int) -> tuple[int, int]:
        """The authority ends an undecided one; what is free again, and what goes back to who was slashed."""
        node = self.nodes[name]
        slash = node.slashes[nonce]
        refuse(
            SlashDecided=slash.decided_at is not None,
            NotExecutable=slash.amount == slash.apart == 0,
        )
        freed, returned = slash.amount, slash.apart
        slash.amount = slash.apart = 0
        slash.cancelled = True
        node.set_apart -= returned
        self.purses[slash.owner] += returned
        self._goes_on(node, slash, now)
        return freed, returned

    def close_slash(self, name: str, nonce: int, now: int) -> None:
        """Ends a slash that is done or has lapsed; after a lapse the node is spared for 30 days."""
        node = self.nodes[name]
        slash = node.slashes[nonce]
        refuse(SlashOpen=slash.open(now))
        if slash.lapsed(now) and slash.lapses_at is not None:
            node.spared_until = max(node.spared_until, slash.lapses_at + PAUSE)
        self._goes_on(node, slash, now)
        del node.slashes[nonce]


def lately_out(by_day: dict[int, int], now: int) -> int:
    """What flowed out in seven days, which count as the days that they touch."""
    return sum(amount for day, amount in by_day.items() if day >= now // DAY - 7)


def _cooled(slots: list[Slot], now: int) -> int:
    return sum(one.amount for one in slots if one.ready_at <= now)


def _take(side: Owner | Position, now: int) -> None:
    """Empties the slots that are ready; their weights stay."""
    for one in side.slots:
        if one.ready_at <= now:
            one.amount = 0
    side.slots = [one for one in side.slots if one.amount or one.weight]


def _full(node: Node, side: Owner | Position, now: int) -> bool:
    """Whether no slot is free when what is due has ended, and weights without tokens have gone together."""
    cooling = sum(1 for one in side.slots if one.amount)
    late = any(not one.amount and not node.settled(one.counts_to, now) for one in side.slots)
    return cooling + late >= SLOTS


def _put(side: Owner | Position, slot: Slot) -> None:
    """Takes a slot; where all are taken, weights without tokens share one, and end with the earliest."""
    if len(side.slots) == SLOTS:
        late = [one for one in side.slots if not one.amount]
        together = Slot(0, sum(one.weight for one in late), 0, min(one.counts_to for one in late))
        side.slots = [one for one in side.slots if one.amount] + [together]
    side.slots.append(slot)
