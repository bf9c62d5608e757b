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
LIVE, RETIRED, TERMINAL = range(3)
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
    """Tokens of the owner, or shares of a co-staker, that cool."""

    amount: int
    ready_at: int


@dataclass(slots=True)
class Owner:
    """The owner's side, in tokens (rule 2)."""

    active: int = 0
    pending: int = 0
    pending_at: int = 0
    slots: list[Slot] = field(default_factory=list)
    due: int = 0

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
    """A proposal: open, appealed, decided, or over."""

    amount: int
    proposed_at: int
    appeal_until: int
    burned: int = 0
    appealed_at: int | None = None
    decided_at: int | None = None

    def executable(self, now: int) -> bool:
        """From the end of the time for an appeal, or from the decision, for 14 days (rule 7)."""
        if self.amount == 0 or (self.appealed_at is not None and self.decided_at is None):
            return False
        begin = self.appeal_until if self.decided_at is None else self.decided_at
        return begin <= now <= begin + EXECUTION

    def decidable(self, now: int) -> bool:
        """An appealed one for 30 days, another one when nobody can appeal any more but it can be executed."""
        if self.decided_at is not None:
            return False
        if self.appealed_at is not None:
            return now <= self.appealed_at + DECISION
        return self.appeal_until <= now <= self.appeal_until + EXECUTION

    def open(self, now: int) -> bool:
        """Whether it may still be executed, now or later."""
        if self.amount == 0:
            return False
        if self.decided_at is not None:
            return now <= self.decided_at + EXECUTION
        if self.appealed_at is not None:
            return now <= self.appealed_at + DECISION
        return now <= self.appeal_until + EXECUTION


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
    #: Of an announced commission: when it begins, and what it is.
    announced: tuple[int, int] | None = None
    slashes: dict[int, Slash] = field(default_factory=dict)
    leased_until: int = 0
    frozen_until: int = 0
    challenges: int = 0
    min_report: int = 0
    own_history: History = field(default_factory=History)
    co_history: History = field(default_factory=History)

    @property
    def co_active(self) -> int:
        return sum(one.active for one in self.positions.values())

    @property
    def co_pending(self) -> int:
        return sum(one.pending for one in self.positions.values())

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
        return self.own.side + self.co_tokens + self.co_owed

    @property
    def room(self) -> int:
        """To the class's maximum; negative when it fell (rule 4)."""
        staked = self.own.active + self.own.pending + self.co_active + self.co_pending
        return self.kind.maximum(self.units) - staked

    @property
    def room_of_half(self) -> int:
        """For co-stake, to the owner's stake (rule 4)."""
        return self.own.active + self.own.pending - self.co_active - self.co_pending

    def is_ready(self, pending_at: int, now: int) -> bool:
        """Whether pending stake may become active (rule 1)."""
        none_active = self.own.active + self.co_active == 0
        return none_active or self.credited_through >= pending_at or now >= pending_at + FORTNIGHT

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
        self.cooldown = FORTNIGHT
        self.appeal_time = 30 * DAY
        self.staking_paused = False
        self.registering_paused = False
        self.elsewhere = 0
        self.credited = 0
        self.burned = 0
        self.credited_on: dict[int, int] = {}
        self.slashed_on: dict[int, int] = {}

    # -- what stands

    def _recorded(self, node: Node, now: int) -> None:
        """A terminal node's stake neither votes nor counts."""
        live = node.state != TERMINAL
        node.own_history.set(now, node.own.active if live else 0)
        node.co_history.set(now, node.co_active if live else 0)
        for one in node.positions.values():
            one.history.set(now, one.active)

    def active(self) -> int:
        """All active stake."""
        here = sum(one.own_history.now + one.co_history.now for one in self.nodes.values())
        return self.elsewhere + here

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
            ActivateFirst=own.pending > 0 and node.is_ready(own.pending_at, now),
            InsufficientFunds=amount > self.purses[node.owner],
        )
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
            CoStakeAboveHalf=amount > node.room_of_half,
            ActivateFirst=position.pending > 0 and node.is_ready(position.pending_at, now),
            InsufficientFunds=amount > self.purses[holder],
        )
        self.purses[holder] -= amount
        position.pending += amount
        position.pending_at = now
        node.co_tokens += amount

    def activate(self, name: str, holder: str | None, now: int) -> int:
        """Makes pending stake active; holder: None for the owner. What became active."""
        node = self.nodes[name]
        side = node.own if holder is None else node.positions[holder]
        refuse(
            NothingPending=side.pending == 0,
            StillPending=side.pending > 0 and not node.is_ready(side.pending_at, now),
        )
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
        of_pending = min(amount, own.pending)
        needed = max(node.kind.minimum(node.units), node.co_active + node.co_pending)
        at_once = min(amount - of_pending, max(0, own.active - needed))
        left, cooling = of_pending + at_once, amount - of_pending - at_once
        refuse(
            LeaseLocksMinimum=now < node.leased_until and staked - amount < node.kind.minimum(node.units),
            NoFreeSlot=cooling > 0 and len(own.slots) == SLOTS,
            # Where proposals exceed the owner's side, nothing even begins to cool.
            Frozen=own.side - left < node.frozen,
        )
        own.pending -= of_pending
        own.active -= amount - of_pending
        if cooling:
            own.slots.append(Slot(cooling, now + self.cooldown))
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
            NoFreeSlot=cooling > 0 and len(position.slots) == SLOTS,
            # What only begins to cool stays within reach (rules 4 and 7).
            CoExitFrozen=of_pending > 0 and node.frozen > node.own.side,
        )
        left = node.worth(of_pending)
        position.pending -= of_pending
        position.active -= cooling
        if cooling:
            position.slots.append(Slot(cooling, now + self.cooldown))
        node.co_tokens -= left
        self.purses[holder] += left
        self._recorded(node, now)
        return left, cooling

    def owner_withdraw(self, name: str, now: int) -> int:
        """Lets the owner's cooled stake leave."""
        node = self.nodes[name]
        amount, staying = _cooled(node.own.slots, now)
        refuse(NothingReady=amount == 0, Frozen=amount > 0 and node.own.side - amount < node.frozen)
        node.own.slots = staying
        self.purses[node.owner] += amount
        return amount

    def withdraw(self, name: str, holder: str, now: int) -> int:
        """Lets a position's cooled stake leave; tokens."""
        node = self.nodes[name]
        position = node.positions[holder]
        shares, staying = _cooled(position.slots, now)
        refuse(NothingReady=shares == 0, CoExitFrozen=node.frozen > node.own.side)
        amount = node.worth(shares)
        position.slots = staying
        node.co_tokens -= amount
        self.purses[holder] += amount
        return amount

    # -- rewards (rules 3, 5 and 8)

    def creditable(self, name: str, lifetime: int, now: int) -> int:
        """Of what a node earned beyond what it was credited before, as much as the week has room for."""
        lately = lately_out(self.credited_on, now)
        return min(max(0, lifetime - self.nodes[name].credited), max(0, CREDITED_A_WEEK - lately))

    def credit(
        self, name: str, lifetime: int, through: int, now: int | None = None, **rules: bool
    ) -> tuple[int, int]:
        """Credits what a node earned beyond what it was credited before, or as much of it as the week has
        room for; the owner's and co-stakers' parts.

        Args:
            name: the node.
            lifetime: what it earned in its life.
            through: end of the last hour counted.
            now: default: that end.
            rules: those of the report, true where broken (`tests.model.reports`).
        """
        node, now = self.nodes[name], through if now is None else now
        amount = self.creditable(name, lifetime, now)
        refuse(
            NodeTerminal=node.state == TERMINAL,
            NoActiveStake=node.own.active + node.co_active == 0,
            CreditLimit=amount == 0 and lifetime > node.credited,
            **rules,
        )
        rate = self._commission(node, through)
        active, total = node.co_active, node.own.active + node.co_active
        co_part = int(Fraction(amount * active * (BPS - rate), total * BPS))
        for one in node.positions.values():
            if one.active:
                one.earned += Fraction(co_part * one.active, active)
                one.credits += 1
        node.own.due += amount - co_part
        node.co_owed += co_part
        self._credited(node, amount, lifetime, through, now)
        return amount - co_part, co_part

    def forfeit(self, name: str, lifetime: int, through: int, now: int | None = None, **rules: bool) -> int:
        """Burns what a terminal node has earned (rule 2); arguments and limit as of `credit`."""
        node, now = self.nodes[name], through if now is None else now
        amount = self.creditable(name, lifetime, now)
        refuse(
            NodeNotTerminal=node.state != TERMINAL,
            NothingToClaim=lifetime <= node.credited,
            CreditLimit=amount == 0 and lifetime > node.credited,
            **rules,
        )
        self._credited(node, amount, lifetime, through, now)
        self.burned += amount
        return amount

    def _credited(self, node: Node, amount: int, lifetime: int, through: int, now: int) -> None:
        node.credited += amount
        self.credited += amount
        self.credited_on[now // DAY] = self.credited_on.get(now // DAY, 0) + amount
        if node.credited < lifetime:
            # The rest waits, and so does whatever depends on the time.
            return
        node.credited_through = max(node.credited_through, through)
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

    def owner_claim(self, name: str) -> int:
        """Lets the owner's rewards leave."""
        node = self.nodes[name]
        amount = node.own.due
        refuse(NothingToClaim=amount == 0, Frozen=amount > 0 and node.own.side - amount < node.frozen)
        node.own.due = 0
        self.purses[node.owner] += amount
        return amount

    def claim(self, name: str, holder: str, paid: int) -> None:
        """Lets a position's rewards leave: `paid`, which has to be a floor of what is due."""
        position = self.nodes[name].positions[holder]
        self._may_claim(position, paid)
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
            ActivateFirst=own.pending > 0 and node.is_ready(own.pending_at, now),
        )
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
            CoStakeAboveHalf=node.room_of_half <= 0,
            ActivateFirst=position.pending > 0 and node.is_ready(position.pending_at, now),
        )
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
        node.state = RETIRED

    def reopen(self, name: str, bps: int) -> None:
        """Brings it back; `credited` stays (rule 6), and with co-stake that earns so does the commission."""
        node = self.nodes[name]
        shared = node.co_active + node.co_pending > 0
        refuse(
            Paused=self.registering_paused,
            NodeNotRetired=node.state != RETIRED,
            CommissionOutOfBounds=bps > BPS,
            CommissionNotice=shared and bps != node.commission,
        )
        node.state = LIVE
        if not shared:
            node.commission, node.announced = bps, None

    # -- slashing (rule 7)

    def propose_slash(self, name: str, nonce: int, amount: int, now: int) -> None:
        """Proposes to burn stake, and holds it back."""
        node = self.nodes[name]
        refuse(
            ZeroAmount=amount == 0,
            SlashAboveStake=node.frozen + amount > node.own.side + node.co_tokens,
            AccountAlreadyInUse=nonce in node.slashes,
        )
        node.slashes[nonce] = Slash(amount, now, now + self.appeal_time)

    def appeal(self, name: str, nonce: int, now: int) -> None:
        """Puts a slash before the resolver, once and in time."""
        slash = self.nodes[name].slashes[nonce]
        refuse(
            AppealClosed=slash.appealed_at is not None
            or slash.decided_at is not None
            or now >= slash.appeal_until
            or slash.amount == 0
        )
        slash.appealed_at = now

    def resolve_slash(self, name: str, nonce: int, amount: int, now: int) -> int:
        """Lowers or confirms a slash; what it no longer holds back."""
        slash = self.nodes[name].slashes[nonce]
        refuse(NotDecidable=not slash.decidable(now), SlashRaised=amount > slash.amount)
        freed, slash.amount = slash.amount - amount, amount
        slash.decided_at = now
        return freed

    def slashable(self, now: int) -> int:
        """At most 1 % of all stake in seven days, which count as the days that they touch."""
        return max(0, self.active() // 100 - lately_out(self.slashed_on, now))

    def execute_slash(self, name: str, nonce: int, now: int) -> int:
        """Burns what may be burned now: rewards first, then the owner's active, pending and cooling stake,
        then, where the resolver has decided, co-stakers' tokens."""
        node = self.nodes[name]
        own, slash = node.own, node.slashes[nonce]
        reach = own.side + (node.co_tokens if slash.decided_at is not None else 0)
        refuse(NotExecutable=not slash.executable(now) or reach == 0, SlashLimit=self.slashable(now) == 0)
        amount = min(slash.amount, reach, self.slashable(now))
        rest = amount
        taken = min(rest, own.due)
        own.due, rest = own.due - taken, rest - taken
        taken = min(rest, own.active)
        own.active, rest = own.active - taken, rest - taken
        taken = min(rest, own.pending)
        own.pending, rest = own.pending - taken, rest - taken
        for slot in own.slots:
            taken = min(rest, slot.amount)
            slot.amount, rest = slot.amount - taken, rest - taken
        own.slots = [one for one in own.slots if one.amount]
        if rest:
            node.co_tokens -= rest
            node.state = TERMINAL
        slash.amount -= amount
        slash.burned += amount
        self.burned += amount
        today = now // DAY
        self.slashed_on[today] = self.slashed_on.get(today, 0) + amount
        self._recorded(node, now)
        return amount

    def close_slash(self, name: str, nonce: int, now: int) -> None:
        """Ends a slash that is done or has lapsed."""
        slashes = self.nodes[name].slashes
        refuse(SlashOpen=slashes[nonce].open(now))
        del slashes[nonce]


def lately_out(by_day: dict[int, int], now: int) -> int:
    """What flowed out in seven days, which count as the days that they touch."""
    return sum(amount for day, amount in by_day.items() if day >= now // DAY - 7)


def _cooled(slots: list[Slot], now: int) -> tuple[int, list[Slot]]:
    ready = sum(one.amount for one in slots if one.ready_at <= now)
    return ready, [one for one in slots if one.ready_at > now]
