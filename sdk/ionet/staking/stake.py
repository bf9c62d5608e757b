"""What stake is worth, when it is ready, and what room is left: the staking program's arithmetic.

Each formula names the method of `programs/staking/src/state` that it repeats.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from solders.pubkey import Pubkey

from ionet import accounts, constants, types
from ionet._generated.staking.types import NodeState, SlashState
from ionet.chain.amounts import BPS, IO
from ionet.formats.when import DAY, HOUR

_NOBODY: Final = Pubkey.default()


def minimum(class_: accounts.staking.Class, units: int) -> IO:
    """The owner's minimum for a number of processors: `Class::minimum_stake`, rounded up for each."""
    weight = max(class_.multiplier_bps, BPS)
    return IO.from_base(-(-class_.base_minimum * weight // BPS) * units)


def maximum(class_: accounts.staking.Class, units: int) -> IO:
    """The most that owner and co-stakers together may stake: `Class::maximum_stake`."""
    return minimum(class_, units) * class_.maximum


def class_name(class_: accounts.staking.Class) -> str:
    """A class's name."""
    return class_.name.rstrip(b"\0").decode(errors="replace")


def plain_name(text: str) -> str:
    """A class's name without what people write in many ways: case, spaces and dashes."""
    return "".join(letter for letter in text.casefold() if letter not in " -_")


def names_like(text: str, names: Iterable[str], most: int = 3) -> list[str]:
    """Of the names of classes those that somebody may have meant: what contains theirs, and what is near."""
    said, known = plain_name(text), {plain_name(name): name for name in names}
    parts = [name for name in known if said and said in name]
    near = get_close_matches(said, known, n=most, cutoff=0.4)
    return [known[name] for name in dict.fromkeys((*parts, *near))][:most]


def cooling_total(slots: types.staking.Slots) -> int:
    """All cooling stake, ready or not: `Slots::total`."""
    return sum(slot.amount for slot in slots.slots)


def own_total(node: accounts.staking.Node) -> int:
    """Everything on the owner's side that a slash can reach: `OwnerSide::total`."""
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
        maximum: the most that both sides together may have.
        total: how much more the owner may stake: the room of both sides together.
        co: how much more co-stakers may stake: at most up to the owner's active stake, and nothing while
            that is below the minimum.
    """

    minimum: IO
    maximum: IO
    total: IO
    co: IO

    @classmethod
    def of(cls, node: accounts.staking.Node, class_: accounts.staking.Class) -> StakeCapacity:
        """`Node::room` and `Node::co_room`; zero if the node takes no stake."""
        least, most = minimum(class_, node.units), maximum(class_, node.units)
        own, co = node.own.active + node.own.pending, node.co.active + node.co.pending
        total = max(0, most.base - own - co) if node.state == NodeState.LIVE else 0
        room = max(0, node.own.active - co) if node.own.active >= least.base else 0
        return cls(least, most, IO.from_base(total), IO.from_base(min(total, room)))


@dataclass(frozen=True, slots=True)
class Cooling:
    """Stake on its way out.

    Attributes:
        amount: what it would pay out now.
        ready_at: when it can be withdrawn, Unix seconds.
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
        late: no longer active, but still shares in the rewards of hours in which it was.
        activates_from: the earliest time at which pending stake can be made active, Unix seconds: the end of
            the hour it was staked in plus the hold of that hour's rewards; 0 without pending stake.
        can_activate: whether it can be made active now.
        cooling: on its way out, soonest first.
        ready: what can be withdrawn now.
        claimable: rewards that can be claimed now.
        blocked: why ready stake or rewards cannot be paid out now, or None.
        worth: all of the stake in tokens; less than the number of shares after a loss.
        shares: active and pending stake as `unstake` counts it: base units of an owner's IO; a co-staker's
            shares, one for each of the first base units, which a loss makes worth less.
    """

    node: Pubkey
    holder: Pubkey
    is_owner: bool
    active: IO
    pending: IO
    late: IO
    activates_from: int
    can_activate: bool
    cooling: tuple[Cooling, ...]
    ready: IO
    claimable: IO
    blocked: str | None
    worth: IO
    shares: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing left."""
        return not (self.shares or self.cooling or self.claimable)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The times that decide when pending stake can become active.

    Attributes:
        now: the network's clock.
        start: start of emission.
        window: seconds from the end of an hour until its rewards can be credited.
    """

    now: int
    start: int
    window: int

    def activates(self, pending: int, pending_at: int) -> int:
        """The earliest time at which pending stake can be made active; 0 without any.

        The node has to be credited up to `pending_at`, by the leaf of the hour it falls in, which is possible
        once that hour's rewards are no longer held back.
        """
        if not pending:
            return 0
        hour_end = self.start + -(-(pending_at - self.start) // HOUR) * HOUR
        return max(self.now, hour_end + self.window)


def co_is_idle(node: accounts.staking.Node) -> bool:
    """Whether co-stakers have nothing active, leaving or pending: `CoSide::is_idle`."""
    return node.co.active == node.co.late == node.co.pending == 0


def is_changing(node: accounts.staking.Node) -> bool:
    """Whether stake on a node begins or ends, so that it is credited in order: `Node::is_changing`."""
    return bool(node.own.pending or node.own.late or node.co.pending or node.co.late)


def owner_is_ready(node: accounts.staking.Node) -> bool:
    """Whether the owner's pending stake may earn: `Node::own_is_ready`."""
    own = node.own
    return own.pending > 0 and (node.credited_through >= own.pending_at or co_is_idle(node))


def position_is_ready(position: accounts.staking.Position, node: accounts.staking.Node) -> bool:
    """Whether a position's pending stake may earn: `Position::is_ready`."""
    return position.pending > 0 and node.credited_through >= position.pending_at


def position_is_due(position: accounts.staking.Position, node: accounts.staking.Node) -> bool:
    """Whether settling a position changes more than its rewards."""
    ended = any(slot.weight and slot.counts_to <= node.credited_through for slot in position.cooling.slots)
    return ended or position_is_ready(position, node)


def redeem(amount: int, tokens: int, shares: int) -> int:
    """What shares pay: `io_math::shares::redeem`, rounded down; the last share takes everything."""
    return amount * tokens // shares if shares else 0


def accrued(position: accounts.staking.Position, node: accounts.staking.Node) -> int:
    """Rewards of a position if it were settled now: `Position::settle`, Q64.64, rounded down."""
    grown = int.from_bytes(node.co.acc, "little") - int.from_bytes(position.entry, "little")
    weight = position.active + position.late
    return position.due + ((weight * grown + position.fraction) >> 64)


def owner_status(address: Pubkey, node: accounts.staking.Node, calendar: Calendar) -> StakeStatus:
    """The owner's side of a node."""
    own, now = node.own, calendar.now
    cooling = sorted((slot.ready_at, slot.amount) for slot in own.cooling.slots if slot.amount)
    ready = sum(amount for ready_at, amount in cooling if ready_at <= now)
    total = own_total(node)
    # `Node::check_frozen`: what stays has to cover the open proposals.
    blocked = None
    if any(amount and total - amount < node.frozen for amount in (ready, own.due)):
        blocked = f"open slash proposals hold back {IO.from_base(node.frozen)}"
    return StakeStatus(
        node=address,
        holder=node.owner,
        is_owner=True,
        active=IO.from_base(own.active),
        pending=IO.from_base(own.pending),
        late=IO.from_base(own.late),
        activates_from=now if owner_is_ready(node) else calendar.activates(own.pending, own.pending_at),
        can_activate=node.state != NodeState.TERMINAL and owner_is_ready(node),
        cooling=tuple(Cooling(IO.from_base(amount), ready_at) for ready_at, amount in cooling),
        ready=IO.from_base(ready),
        claimable=IO.from_base(own.due),
        blocked=blocked,
        worth=IO.from_base(total - own.due),
        shares=own.active + own.pending,
    )


def position_status(
    position: accounts.staking.Position, node: accounts.staking.Node, calendar: Calendar
) -> StakeStatus:
    """A co-staker's position on a node."""
    co, now = node.co, calendar.now

    def worth(shares: int) -> IO:
        return IO.from_base(redeem(shares, co.tokens, co.shares))

    cooling = sorted((slot.ready_at, slot.amount) for slot in position.cooling.slots if slot.amount)
    ready = sum(shares for ready_at, shares in cooling if ready_at <= now)
    blocked = None
    if node.frozen > own_total(node):
        blocked = "open slash proposals exceed the owner's side: stake waits until they are decided"
    staked = position.active + position.pending
    return StakeStatus(
        node=position.node,
        holder=position.holder,
        is_owner=False,
        active=worth(position.active),
        pending=worth(position.pending),
        late=worth(position.late),
        activates_from=calendar.activates(position.pending, position.pending_at),
        can_activate=node.state != NodeState.TERMINAL and position_is_ready(position, node),
        cooling=tuple(Cooling(worth(amount), ready_at) for ready_at, amount in cooling),
        ready=worth(ready),
        claimable=IO.from_base(accrued(position, node)),
        blocked=blocked,
        worth=worth(staked + cooling_total(position.cooling)),
        shares=staked,
    )


def slash_until(slash: accounts.staking.Slash) -> int | None:
    """When a slash lapses if nothing more happens, or None if it does not lapse: `Slash::last_day`."""
    match slash.state:
        case SlashState.PROPOSED:
            return slash.appeal_until + constants.staking.EXECUTION
        case SlashState.APPEALED:
            return slash.appealed_at + constants.staking.DECISION
    return None


def slash_is_settable(slash: accounts.staking.Slash, now: int) -> bool:
    """Whether something can be set apart for a slash now: `Slash::settable`."""
    if not slash.amount:
        return False
    if slash.state == SlashState.PROPOSED:
        return slash.appeal_until <= now <= slash.appeal_until + constants.staking.EXECUTION
    return slash.state == SlashState.DECIDED


def slash_is_over(slash: accounts.staking.Slash, now: int) -> bool:
    """Whether anyone can close a slash: `Slash::is_over`."""
    if slash.state == SlashState.DISPROVED:
        return not slash.apart and now > slash.appeal_until
    last = slash_until(slash)
    waits = bool(slash.amount) if last is None else now <= last and bool(slash.amount or slash.fraud)
    return not slash.apart and not waits


def slash_room(config: accounts.staking.Config, slash: accounts.staking.Slash, stake: IO, now: int) -> IO:
    """How much of a slash may burn now under the seven-day limit: `Config::burn`.

    Args:
        config: of the staking program.
        slash: the slash.
        stake: all active stake.
        now: Unix seconds.
    """
    decided = slash.state == SlashState.DECIDED
    outflow = config.decided if decided else config.slashed
    bps = config.decided_limit_bps if decided else constants.staking.SLASH_LIMIT_BPS
    passed = max(0, now // DAY - outflow.day)
    lately = sum(outflow.out[: max(0, len(outflow.out) - passed)])
    return IO.from_base(max(0, stake.base * bps // BPS - lately))


@dataclass(frozen=True, slots=True)
class NodeCount:
    """Nodes of one network, class and state.

    Attributes:
        network: the network's account, or None for nodes that belong to no other network.
        class_id: hardware class.
        state: their state.
        nodes: how many nodes.
        units: how many processors.
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
