"""What stake is worth, when it is ready, and what room is left: the staking program's arithmetic.

Each formula names the method of `programs/staking/src/state` that it repeats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from ionet import accounts, constants, types
from ionet._generated.staking.types import NodeState, SlashState
from ionet.chain.amounts import IO
from ionet.formats.when import HOUR

_BPS: Final = 10_000
_NOBODY: Final = Pubkey.default()


def minimum(class_: accounts.staking.Class, units: int) -> IO:
    """The owner's minimum for so many processors: `Class::minimum_stake`, each rounded up."""
    weight = max(class_.multiplier_bps, _BPS)
    return IO.from_base(-(-class_.base_minimum * weight // _BPS) * units)


def maximum(class_: accounts.staking.Class, units: int) -> IO:
    """The most that both sides together may stake: `Class::maximum_stake`."""
    return minimum(class_, units) * class_.maximum


def class_name(class_: accounts.staking.Class) -> str:
    """A class's name."""
    return class_.name.rstrip(b"\0").decode(errors="replace")


def cooling_total(slots: types.staking.Slots) -> int:
    """All that cools, ready or not: `Slots::total`."""
    return sum(one.amount for one in slots.slots)


def own_total(node: accounts.staking.Node) -> int:
    """All of the owner's side that a slash can reach: `OwnerSide::total`."""
    own = node.own
    return own.active + own.pending + cooling_total(own.cooling) + own.due


def slashable(node: accounts.staking.Node) -> IO:
    """The most that proposals can hold back: `Node::slashable`."""
    return IO.from_base(own_total(node) + node.co.tokens)


@dataclass(frozen=True, slots=True)
class StakeCapacity:
    """How much more may be staked on a node.

    Attributes:
        minimum: what the owner must have active for the node to earn.
        maximum: the most of both sides together.
        total: room of both sides together, which is the owner's.
        co: room of the co-stakers: also at most the owner's stake.
    """

    minimum: IO
    maximum: IO
    total: IO
    co: IO

    @classmethod
    def of(cls, node: accounts.staking.Node, class_: accounts.staking.Class) -> StakeCapacity:
        """`Node::room` and `Node::co_room`; none where the node takes no stake."""
        most = maximum(class_, node.units)
        own, co = node.own.active + node.own.pending, node.co.active + node.co.pending
        total = max(0, most.base - own - co) if node.state == NodeState.LIVE else 0
        return cls(
            minimum(class_, node.units),
            most,
            IO.from_base(total),
            IO.from_base(min(total, max(0, own - co))),
        )


@dataclass(frozen=True, slots=True)
class Cooling:
    """Stake on its way out.

    Attributes:
        amount: what it would pay now.
        ready_at: from when it can be withdrawn, Unix seconds.
    """

    amount: IO
    ready_at: int


@dataclass(frozen=True, slots=True)
class StakeStatus:
    """A holder's stake on a node, and what can be done with it now.

    Attributes:
        node: the node.
        holder: whose stake.
        is_owner: whether it is the owner's side of the node.
        active: earns and votes.
        pending: does not earn yet.
        activates_from: when the pending stake can be made active at the earliest: the end of the hour it was
            made in, reported and final; 0 without any.
        activates_by: when it can be made active at the latest; 0 without any.
        can_activate: whether it can be made active now.
        cooling: on its way out, soonest first.
        ready: what can be withdrawn now.
        claimable: rewards that can be claimed now.
        blocked: why what is ready, or claimable, does not leave, or None.
        worth: all of it in tokens; below the shares' number after a loss.
    """

    node: Pubkey
    holder: Pubkey
    is_owner: bool
    active: IO
    pending: IO
    activates_from: int
    activates_by: int
    can_activate: bool
    cooling: tuple[Cooling, ...]
    ready: IO
    claimable: IO
    blocked: str | None
    worth: IO

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing left."""
        return not (self.active or self.pending or self.cooling or self.claimable)


@dataclass(frozen=True, slots=True)
class Calendar:
    """What decides when pending stake can become active.

    Attributes:
        now: the network's clock.
        start: start of emission.
        window: seconds from a report's approval to its finality.
    """

    now: int
    start: int
    window: int

    def activates(self, pending: int, pending_at: int) -> tuple[int, int]:
        """When pending stake can be made active, at the earliest and at the latest; zeros without any.

        The node has to be credited up to `pending_at`: by the leaf of the hour that it lies in, at the
        earliest when that hour's report is final.
        """
        if not pending:
            return 0, 0
        latest = pending_at + constants.staking.ACTIVATION
        hour_end = self.start + -(-(pending_at - self.start) // HOUR) * HOUR
        return min(latest, max(self.now, hour_end + self.window)), latest


def may_activate(node: accounts.staking.Node, pending_at: int, now: int) -> bool:
    """Whether stake pending since then may earn: `Node::may_activate`."""
    return (
        node.credited_through >= pending_at
        or now >= pending_at + constants.staking.ACTIVATION
        or node.own.active + node.co.active == 0
    )


def redeem(amount: int, tokens: int, shares: int) -> int:
    """What shares pay: `io_math::shares::redeem`, rounded down; the last one takes all."""
    return amount * tokens // shares if shares else 0


def accrued(position: accounts.staking.Position, node: accounts.staking.Node) -> int:
    """Rewards of a position if it were settled now: `Position::settle`, Q64.64, rounded down."""
    grown = int.from_bytes(node.co.acc, "little") - int.from_bytes(position.entry, "little")
    return position.due + ((position.active * grown + position.fraction) >> 64)


def owner_status(address: Pubkey, node: accounts.staking.Node, calendar: Calendar) -> StakeStatus:
    """The owner's side of a node."""
    own, now = node.own, calendar.now
    earliest, latest = calendar.activates(own.pending, own.pending_at)
    cooling = sorted((one.ready_at, one.amount) for one in own.cooling.slots if one.amount)
    ready = sum(amount for ready_at, amount in cooling if ready_at <= now)
    held = own_total(node)
    # `Node::check_frozen`: what is left has to cover the open proposals.
    blocked = None
    if any(amount and held - amount < node.frozen for amount in (ready, own.due)):
        blocked = f"open slash proposals hold back {IO.from_base(node.frozen)}"
    return StakeStatus(
        node=address,
        holder=node.owner,
        is_owner=True,
        active=IO.from_base(own.active),
        pending=IO.from_base(own.pending),
        activates_from=earliest,
        activates_by=latest,
        can_activate=_can_activate(node, own.pending, own.pending_at, now),
        cooling=tuple(Cooling(IO.from_base(amount), ready_at) for ready_at, amount in cooling),
        ready=IO.from_base(ready),
        claimable=IO.from_base(own.due),
        blocked=blocked,
        worth=IO.from_base(held - own.due),
    )


def position_status(
    position: accounts.staking.Position, node: accounts.staking.Node, calendar: Calendar
) -> StakeStatus:
    """A co-staker's position on a node."""
    co, now = node.co, calendar.now
    earliest, latest = calendar.activates(position.pending, position.pending_at)

    def worth(shares: int) -> IO:
        return IO.from_base(redeem(shares, co.tokens, co.shares))

    cooling = sorted((one.ready_at, one.amount) for one in position.cooling.slots if one.amount)
    ready = sum(shares for ready_at, shares in cooling if ready_at <= now)
    blocked = None
    if node.frozen > own_total(node):
        blocked = "open slash proposals exceed the owner's side: stake waits until they are decided"
    shares = position.active + position.pending + cooling_total(position.cooling)
    return StakeStatus(
        node=position.node,
        holder=position.holder,
        is_owner=False,
        active=worth(position.active),
        pending=worth(position.pending),
        activates_from=earliest,
        activates_by=latest,
        can_activate=_can_activate(node, position.pending, position.pending_at, now),
        cooling=tuple(Cooling(worth(amount), ready_at) for ready_at, amount in cooling),
        ready=worth(ready),
        claimable=IO.from_base(accrued(position, node)),
        blocked=blocked,
        worth=worth(shares),
    )


def _can_activate(node: accounts.staking.Node, pending: int, pending_at: int, now: int) -> bool:
    return bool(pending) and node.state != NodeState.TERMINAL and may_activate(node, pending_at, now)


def slash_until(slash: accounts.staking.Slash) -> int:
    """When a slash lapses if nothing more happens: `Slash::is_over`."""
    match slash.state:
        case SlashState.PROPOSED:
            return slash.appeal_until + constants.staking.EXECUTION
        case SlashState.APPEALED:
            return slash.appealed_at + constants.staking.DECISION
    return slash.decided_at + constants.staking.EXECUTION


@dataclass(frozen=True, slots=True)
class NodeCount:
    """Nodes of one network, class and state.

    Attributes:
        network: the network's account, or None for nodes of no other network.
        class_id: hardware class.
        state: where they stand.
        nodes: how many.
        units: processors.
        stake: active stake of both sides.
    """

    network: Pubkey | None
    class_id: int
    state: NodeState
    nodes: int
    units: int
    stake: IO


def or_none(address: Pubkey) -> Pubkey | None:
    """An address, or None for zeros."""
    return None if address == _NOBODY else address
