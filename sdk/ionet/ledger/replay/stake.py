"""Staking: devices, nodes, both sides of their stake, slashes."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet import constants, pda
from ionet import events as e
from ionet.ledger.replay import records as r
from ionet.ledger.replay.state import State, on
from ionet.types import staking as types

_S = e.staking
LIVE: Final = int(types.NodeState.LIVE)
RETIRED: Final = int(types.NodeState.RETIRED)
TERMINAL: Final = int(types.NodeState.TERMINAL)
_EVER: Final = 1 << 63
#: Fields of `NodeTotals` and those of a node's record.
_TOTALS: Final = {
    "own_active": "own__active",
    "own_pending": "own__pending",
    "own_cooling": "own__total",
    "own_due": "own__due",
    "co_tokens": "co__tokens",
    "co_shares": "co__shares",
    "co_active": "co__active",
    "co_pending": "co__pending",
    "co_owed": "co__owed",
    "co_late": "co__late",
    "former": "former__amount",
    "set_apart": "set_apart",
}
#: All of them at once: an event changes few.
_STATED: Final = attrgetter(*_TOTALS)
_KEPT: Final = attrgetter(*_TOTALS.values())


def _config(state: State) -> r.StakingConfig:
    if state.staking is None:
        raise LookupError("staking")
    return state.staking


@on(_S.Initialized)
def _initialized(state: State, event: _S.Initialized, now: int) -> None:
    config = state.staking = r.StakingConfig(roles__authority=event.authority, last_time=now)
    _set(config, event.params)


@on(_S.ParamsSet)
def _params(state: State, event: _S.ParamsSet, now: int) -> None:
    config = _config(state)
    config.seq = event.seq
    _set(config, event.params)


def _set(config: r.StakingConfig, params: types.ParamsArgs) -> None:
    config.roles__pauser = params.pauser
    for name in ("slasher", "resolver", "cooldown", "appeal", "decided_limit_bps", "reward_bound_bps"):
        setattr(config, name, getattr(params, name))


@on(_S.ClassSet)
def _class(state: State, event: _S.ClassSet, now: int) -> None:
    _config(state).seq = event.seq
    kind = state.classes.setdefault(event.id, r.HardwareClass(event.id))
    kind.pool, kind.enabled, kind.maximum = int(event.pool), int(event.enabled), event.maximum
    kind.multiplier_bps, kind.base_minimum = event.multiplier_bps, event.base_minimum


@on(_S.ReferenceSet)
def _reference(state: State, event: _S.ReferenceSet, now: int) -> None:
    _config(state).seq = event.seq
    state.classes[event.id].set_reference(event.reference)


# --- devices and networks -----------------------------------------------------------------------


@on(_S.DeviceRegistered)
def _device(state: State, event: _S.DeviceRegistered, now: int) -> None:
    device = state.devices.setdefault(event.device, r.Device())
    device.fingerprint, device.device_key, device.owner = event.fingerprint, event.device_key, event.owner
    device.class_, device.seat, device.seq = event.class_, event.seat, event.seq
    device.registered_at = max(now, device.registered_at)


@on(_S.DeviceEvicted, _S.DeviceReleased)
def _released(state: State, event: Any, now: int) -> None:
    device = state.devices[event.device]
    device.owner, device.device_key, device.seq = r.NOBODY, r.NOBODY, event.seq
    if isinstance(event, _S.DeviceEvicted):
        device.banned |= int(event.ban)
        node = state.nodes.get(event.node)
        if node is not None:
            node.last_time = max(now, node.last_time)
            if event.ban and node.detached != event.device:
                # Its first processor, which stays.
                node.banned = 1
                node.closed_at = node.closed_at or node.last_time


@on(_S.IdentityApproved)
def _identity(state: State, event: _S.IdentityApproved, now: int) -> None:
    device = state.devices[event.device]
    device.seq = event.seq
    device.identity = event.identity
    approval = _approved(state, pda.staking.identity(event.device, event.digest), event.seat, 0, now)
    if event.weight >= event.threshold:
        device.identity_at = now
        approval.clear()


def _approved(state: State, address: Pubkey, seat: int, since: int, now: int) -> r.Approval:
    if state.attesters is None:
        raise LookupError("proofs")
    approval = state.approvals.setdefault(address, r.Approval())
    approval.approve(seat, state.attesters.set_version, since, now)
    return approval


@on(_S.NetworkRegistered)
def _network(state: State, event: _S.NetworkRegistered, now: int) -> None:
    state.networks[event.network] = r.Network(event.authority, event.name, now)


@on(_S.NetworkJoined)
def _joined(state: State, event: _S.NetworkJoined, now: int) -> None:
    node = state.nodes[event.node]
    node.seq, node.network = event.seq, event.network


# --- nodes --------------------------------------------------------------------------------------


@on(_S.NodeRegistered)
def _registered(state: State, event: _S.NodeRegistered, now: int) -> None:
    node = state.nodes.get(event.node)
    if node is None:
        node = state.nodes[event.node] = r.Node(credited_through=now, last_time=now)
        node.commission_bps = node.next_commission_bps = event.commission_bps
    else:
        _reopened(state, node, event)
    node.seq, node.last_time = event.seq, max(now, node.last_time)
    before = node.counted
    node.state, node.owner, node.class_ = LIVE, event.owner, event.class_
    node.units, node.region, node.registered_at = event.units, event.region, node.last_time
    node.memory_gib, node.link_mbps = event.memory_gib, event.link_mbps
    kind = state.classes.get(event.class_)
    node.pool = None if kind is None else kind.pool
    node.set_minimum(0 if kind is None else kind.minimum(event.units))
    if event.seq > 1:
        _forget_proof(node)
        _record(node, own=True, co=True)
        _adjust(state, event.node, before, node)


def _reopened(state: State, node: r.Node, event: _S.NodeRegistered) -> None:
    if node.owner != event.owner:
        node.network = r.NOBODY
    node.commission_bps = event.commission_bps
    if not node.co__active + node.co__pending:
        node.next_commission_bps, node.commission_at = event.commission_bps, 0


@on(_S.NodeRetired)
def _retired(state: State, event: _S.NodeRetired, now: int) -> None:
    node = state.node_of(event)
    before = node.counted
    node.state = RETIRED
    node.retire(node.last_time)
    _record(node, own=True, co=True)
    _adjust(state, event.node, before, node)


@on(_S.UnitsSet)
def _units(state: State, event: _S.UnitsSet, now: int) -> None:
    node = state.node_of(event)
    if event.units > node.units:
        _forget_proof(node)
        node.detached = None
    else:
        node.detached = event.device
        if (device := state.devices.get(event.device)) is not None:
            device.class_ = node.class_
    if node.minimum is not None:
        node.set_minimum(node.minimum // node.units * event.units)
    node.units = event.units


@on(_S.LowerApproved)
def _told(state: State, event: _S.LowerApproved, now: int) -> None:
    node = state.node_of(event)
    address = pda.staking.lowering(event.node, event.class_, event.lower)
    since = state.devices[event.device].registered_at
    approval = _approved(state, address, event.seat, since, node.last_time)
    if event.weight >= event.threshold and not approval.reached_at:
        approval.reached_at = node.last_time


@on(_S.NodeLowered)
def _lowered(state: State, event: _S.NodeLowered, now: int) -> None:
    node = state.node_of(event)
    state.agree(event, "before", event.before, node.class_)
    state.devices[event.device].class_ = node.class_ = event.class_
    _forget_proof(node)
    node.set_minimum(event.minimum)
    state.approvals[pda.staking.lowering(event.node, event.before, event.class_)].clear()


def _forget_proof(node: r.Node) -> None:
    node.last_proof__time = node.last_proof__score_bps = 0
    node.last_proof__reason = node.last_proof__passed = 0
    node.changed_at = node.last_time


@on(_S.CommissionSet)
def _commission(state: State, event: _S.CommissionSet, now: int) -> None:
    node = state.node_of(event)
    node.next_commission_bps, node.commission_at = event.commission_bps, event.from_


@on(_S.ProofRecorded)
def _proof(state: State, event: _S.ProofRecorded, now: int) -> None:
    node = state.node_of(event)
    node.last_proof__time, node.last_proof__score_bps = event.time, event.score_bps
    node.last_proof__reason = int(event.reason)
    # It is proofs that shows it, with an event of its own.
    state.unshown ^= {event.node}


@on(_S.CreditFrozen)
def _frozen(state: State, event: _S.CreditFrozen, now: int) -> None:
    node = state.node_of(event)
    node.credit_frozen_until, node.min_report_seq = event.until, event.min_report_seq
    node.quiet_until = event.quiet_until


# --- stake --------------------------------------------------------------------------------------


def _totals(state: State, event: Any, *, added_late: int = 0, **changes: int) -> r.Node:
    """Takes a node's sums after an event, and compares them with those before it.

    Args:
        state: is changed.
        event: has the sums.
        added_late: weight of the owner's that has become late by it.
        changes: by how much which sums changed.
    """
    node = state.node_of(event)
    totals = event.totals
    for name, after, before in zip(_TOTALS, _STATED(totals), _KEPT(node), strict=True):
        change = changes.get(name, 0)
        if after == before and not change:
            continue
        # Late weights end as hours are credited, which is no step of its own.
        if name != "co_late":
            state.agree(event, name, after, before + change)
        setattr(node, _TOTALS[name], after)
    _end_own_late(node, node.own__late + added_late - totals.own_late)
    node.own__late = totals.own_late
    return node


def _end_own_late(node: r.Node, ended: int) -> None:
    """Ends weights of the owner's side that are credited: those of some hours, or all of them."""
    if not ended:
        return
    through = _ended_through(node, ended)
    if node.own__cooling is not None:
        node.own__cooling.end_weights(through)
    if node.own__lost_at <= through:
        node.own__lost = 0


def _ended_through(node: r.Node, ended: int) -> int:
    """Up to when weights of the owner's side have ended, of which so much has."""
    through = node.credited_through
    slots = [] if node.own__cooling is None else node.own__cooling.slots
    due = sum(slot.weight for slot in slots if slot.counts_to <= through)
    lost = node.own__lost if node.own__lost_at <= through else 0
    return through if due + lost == ended else _EVER


def _record(node: r.Node, *, own: bool = False, co: bool = False) -> None:
    """Notes what votes from now on, as the program does whenever it may have changed."""
    votes = node.state == LIVE
    if own:
        node.own_snapshot = node.own_snapshot or r.Snapshot()
        node.own_snapshot.set(node.last_time, node.own__active if votes else 0)
    if co:
        node.co_snapshot = node.co_snapshot or r.Snapshot()
        node.co_snapshot.set(node.last_time, node.co__active if votes else 0)


def _adjust(state: State, key: Any, before: int, node: r.Node) -> None:
    """Moves a node's shard along."""
    if before != node.counted:
        shard = state.shards[bytes(key)[0] % constants.staking.STAKE_SHARDS].active
        shard.set(node.last_time, shard.now - before + node.counted)


def _position(state: State, event: Any, *, added_late: int = 0, counted: bool = True) -> r.Position:
    """Takes a co-staker's position after an event: its rewards, and the weights that have ended."""
    key = (event.node, event.holder)
    position = state.positions.get(key)
    if position is None:
        position = state.positions[key] = r.Position(event.node, event.holder)
    position.seq += int(counted)
    sums = event.position
    ended = position.late + added_late - sums.late
    if ended:
        through = state.nodes[event.node].credited_through
        due = sum(slot.weight for slot in position.cooling.slots if slot.counts_to <= through)
        position.cooling.end_weights(through if due == ended else _EVER)
    position.late, position.due = sums.late, sums.due
    position.entry, position.fraction = sums.entry.to_bytes(16, "little"), sums.fraction
    return position


@on(_S.Staked)
def _staked(state: State, event: _S.Staked, now: int) -> None:
    _pending(state, event, {})


@on(_S.Compounded)
def _compounded(state: State, event: _S.Compounded, now: int) -> None:
    own = state.nodes[event.node].owner == event.holder
    _pending(state, event, {"own_due" if own else "co_owed": -event.amount})


def _pending(state: State, event: Any, changes: dict[str, int]) -> None:
    amount = event.amount
    of = state.nodes[event.node]
    kind = state.classes.get(of.class_)
    if kind is not None:
        of.last_time = max(state.time, of.last_time)
        of.set_minimum(kind.minimum(of.units))
    if of.owner == event.holder:
        node = _totals(state, event, own_pending=amount, **changes)
        node.own__pending_at = node.last_time
        return
    node = _totals(state, event, co_pending=amount, co_shares=amount, co_tokens=amount, **changes)
    position = _position(state, event)
    position.pending += amount
    position.pending_at = node.last_time


@on(_S.Activated)
def _activated(state: State, event: _S.Activated, now: int) -> None:
    amount, before = event.amount, state.nodes[event.node].counted
    if state.nodes[event.node].owner == event.holder:
        node = _totals(state, event, own_pending=-amount, own_active=amount)
        _record(node, own=True)
    else:
        node = _totals(state, event, co_pending=-amount, co_active=amount)
        position = _position(state, event)
        position.pending -= amount
        position.active += amount
        position.snapshot.set(node.last_time, position.active)
        _record(node, co=True)
    _adjust(state, event.node, before, node)


@on(_S.Unstaked)
def _unstaked(state: State, event: _S.Unstaked, now: int) -> None:
    node, cooling, totals = state.nodes[event.node], event.cooling, event.totals
    before, now = node.counted, max(now, node.last_time)
    if node.owner == event.holder:
        if node.own__cooling is None:
            node.own__cooling = r.Slots()
        # Weights that are over make room before.
        _end_own_late(node, node.own__late + cooling - totals.own_late)
        node.own__late = totals.own_late - cooling
        node.own__cooling.put(cooling, now, event.ready_at)
        changes = {"own_pending": -event.left, "own_active": -cooling, "own_cooling": cooling}
        _totals(state, event, added_late=cooling, **changes)
        _record(node, own=True)
    else:
        pending = node.co__pending - totals.co_pending
        position = _position(state, event, added_late=cooling)
        position.pending -= pending
        position.active -= cooling
        if cooling:
            position.cooling.put(cooling, now, event.ready_at)
            position.snapshot.set(now, position.active)
        changes = {"co_pending": -pending, "co_shares": -pending, "co_tokens": -event.left}
        _totals(state, event, co_active=-cooling, **changes)
        if cooling:
            _record(node, co=True)
    _adjust(state, event.node, before, node)


@on(_S.Withdrawn)
def _withdrawn(state: State, event: _S.Withdrawn, now: int) -> None:
    node, totals = state.nodes[event.node], event.totals
    now = max(now, node.last_time)
    if totals.former < node.former__amount:
        _totals(state, event, former=-event.amount)
        node.former__owner, node.former__ready_at = r.NOBODY, 0
    elif node.owner == event.holder:
        slots = node.own__cooling or r.Slots()
        state.agree(event, "amount", event.amount, slots.take_ready(now))
        _totals(state, event, own_cooling=-event.amount)
    else:
        position = _position(state, event)
        ready = position.cooling.take_ready(now)
        _totals(state, event, co_shares=-ready, co_tokens=-event.amount)


@on(_S.Credited)
def _credited(state: State, event: _S.Credited, now: int) -> None:
    _counted(state, event)
    node = _totals(state, event, own_due=event.owner_part, co_owed=event.co_part)
    node.co__acc, node.co__rem = (part.to_bytes(16, "little") for part in (event.acc, event.rem))
    state.agree(event, "amount", event.amount, event.owner_part + event.co_part)
    node.last_credit_at = node.last_time


@on(_S.Forfeited)
def _forfeited(state: State, event: _S.Forfeited, now: int) -> None:
    _counted(state, event)
    state.node_of(event)
    state.emission.forfeited += event.amount
    state.supply -= event.amount


def _counted(state: State, event: Any) -> None:
    node, ledger = state.nodes[event.node], state.emission
    state.agree(event, "credited", event.credited, node.credited + event.amount)
    state.agree(event, "credited_total", event.credited_total, ledger.credited + event.amount)
    node.credited, ledger.credited = event.credited, event.credited_total
    node.credited_height, node.partial = event.credited_height, event.partial
    ledger.bound__min_height, ledger.bound__total = event.bound_height, event.bound_total
    ledger.outflow.take(max(state.time, node.last_time), event.amount)
    later = event.credited_through > node.credited_through
    if later and node.highest_at is not None and event.credited_through >= node.highest_at:
        node.highest = node.minimum
    node.credited_through = event.credited_through
    if node.commission_at and node.credited_through >= node.commission_at:
        node.commission_bps, node.commission_at = node.next_commission_bps, 0


@on(_S.Claimed)
def _claimed(state: State, event: _S.Claimed, now: int) -> None:
    if state.nodes[event.node].owner == event.holder:
        _totals(state, event, own_due=-event.amount)
    else:
        _position(state, event)
        _totals(state, event, co_owed=-event.amount)


@on(_S.PositionSettled)
def _position_settled(state: State, event: _S.PositionSettled, now: int) -> None:
    node = state.node_of(event)
    before = state.positions.get((event.node, event.holder), r.Position()).late
    node.co__late += _position(state, event, counted=False).late - before


@on(_S.ChangesSettled)
def _settled(state: State, event: _S.ChangesSettled, now: int) -> None:
    _totals(state, event).set_minimum(event.minimum)


@on(_S.OwnerExpelled)
def _expelled(state: State, event: _S.OwnerExpelled, now: int) -> None:
    node = state.nodes[event.node]
    gone = {
        "own_active": -node.own__active,
        "own_pending": -node.own__pending,
        "own_cooling": -node.own__total,
        "own_due": -node.own__due,
    }
    state.agree(event, "amount", event.amount, -sum(gone.values()))
    node.own__cooling, node.own__lost, node.own__lost_at = r.Slots(), 0, 0
    node.own__late, node.own__pending_at = 0, 0
    _totals(state, event, former=event.amount, **gone)
    node.former__owner, node.former__ready_at = event.owner, event.ready_at
    _record(node, own=True)


# --- slashes ------------------------------------------------------------------------------------


def _freeze(state: State, event: Any, change: int) -> r.Node:
    node = state.node_of(event)
    state.agree(event, "frozen", event.frozen, node.frozen + change)
    node.frozen = event.frozen
    return node


@on(_S.SlashProposed)
def _proposed(state: State, event: _S.SlashProposed, now: int) -> None:
    node, config = _freeze(state, event, event.amount), _config(state)
    appeal, stake = config.appeal, node.own__active + node.co__active
    if event.fraud:
        node.stopped_since = node.last_time
        config.stopped_nodes += 1
        config.stopped_stake += stake
    state.slashes[event.slash] = r.Slash(
        node=event.node,
        owner=node.owner,
        fraud=int(event.fraud),
        amount=event.amount,
        evidence_hash=event.evidence_hash,
        proposed_at=node.last_time,
        appeal_until=node.last_time + appeal,
        stops=int(event.fraud),
        stopped_stake=stake if event.fraud else 0,
    )


@on(_S.SlashAppealed)
def _appealed(state: State, event: _S.SlashAppealed, now: int) -> None:
    node, slash = state.node_of(event), state.slashes[event.slash]
    slash.state, slash.appealed_at = int(types.SlashState.APPEALED), node.last_time


@on(_S.SlashResolved)
def _resolved(state: State, event: _S.SlashResolved, now: int) -> None:
    before = state.nodes[event.node].counted
    node, slash = _freeze(state, event, -event.freed), state.slashes[event.slash]
    slash.amount -= event.freed
    slash.state, slash.decided_at = int(types.SlashState.DECIDED), node.last_time
    _go_on(state, node, slash)
    if slash.fraud and event.amount:
        node.fraud = 1
        _end(node)
    _adjust(state, event.node, before, node)


def _go_on(state: State, node: r.Node, slash: r.Slash) -> None:
    """Credit goes on, where a slash has stopped it."""
    if slash.stops:
        slash.stops = 0
        node.stopped += max(node.last_time - node.stopped_since, 0)
        node.stopped_since = 0
        config = _config(state)
        config.stopped_nodes -= 1
        config.stopped_stake -= slash.stopped_stake


def _end(node: r.Node) -> None:
    node.state = TERMINAL
    node.closed_at = node.closed_at or node.last_time
    _record(node, own=True, co=True)


@on(_S.SlashSetApart)
def _set_apart(state: State, event: _S.SlashSetApart, now: int) -> None:
    node, before = state.nodes[event.node], state.nodes[event.node].counted
    bitten = _take(state, event)
    node.frozen -= event.amount
    slash = state.slashes[event.slash]
    slash.amount -= event.amount
    slash.apart += event.amount
    if bitten:
        _end(node)
    _record(node, own=True)
    _adjust(state, event.node, before, node)


def _take(state: State, event: _S.SlashSetApart | _S.NodeDisproved) -> bool:
    """Sets apart what an event says, and returns whether co-stakers lose."""
    node, totals = state.nodes[event.node], event.totals
    lost = node.own__active - totals.own_active
    _end_own_late(node, node.own__late + lost - totals.own_late)
    node.own__late = totals.own_late - lost
    changes = {
        name: getattr(totals, name) - getattr(node, _TOTALS[name])
        for name in ("own_active", "own_pending", "own_cooling", "own_due", "co_tokens")
    }
    if node.own__cooling is not None:
        node.own__cooling.lose(-changes["own_cooling"])
    state.agree(event, "amount", event.amount, -sum(changes.values()))
    bitten: bool = changes["co_tokens"] < 0
    _totals(state, event, added_late=lost, set_apart=event.amount, **changes)
    if lost:
        node.own__lost += lost
        node.own__lost_at = node.last_time
    return bitten


@on(_S.NodeDisproved)
def _disproved(state: State, event: _S.NodeDisproved, now: int) -> None:
    node, before = state.nodes[event.node], state.nodes[event.node].counted
    _take(state, event)
    _record(node, own=True)
    _adjust(state, event.node, before, node)
    _forget_proof(node)
    node.last_proof__time = event.period_end
    node.last_proof__reason = int(types.ProofReason.DISPROVED)
    state.slashes[event.slash] = r.Slash(
        node=event.node,
        owner=node.owner,
        state=int(types.SlashState.DISPROVED),
        apart=event.amount,
        evidence_hash=event.evidence_hash,
        proposed_at=node.last_time,
        appeal_until=event.period_end + constants.proofs.DISPROVE_TIME,
    )


@on(_S.Slashed)
def _slashed(state: State, event: _S.Slashed, now: int) -> None:
    _totals(state, event, set_apart=-event.amount)
    slash = state.slashes[event.slash]
    slash.apart -= event.amount
    slash.burned += event.amount
    state.agree(event, "left", event.left, slash.apart)
    config = _config(state)
    outflow = config.decided if event.by_decision else config.slashed
    config.last_time = max(state.time, config.last_time)
    outflow.take(max(state.time, state.nodes[event.node].last_time), event.amount)
    state.emission.slashed += event.amount
    state.supply -= event.amount


@on(_S.SlashCancelled)
def _cancelled(state: State, event: _S.SlashCancelled, now: int) -> None:
    _freeze(state, event, -event.freed)
    node = _totals(state, event, set_apart=-event.returned)
    slash = state.slashes[event.slash]
    _go_on(state, node, slash)
    slash.amount -= event.freed
    slash.apart -= event.returned
    if slash.state != int(types.SlashState.DISPROVED):
        slash.state = int(types.SlashState.CANCELLED)


@on(_S.SlashClosed)
def _closed(state: State, event: _S.SlashClosed, now: int) -> None:
    node, slash = _freeze(state, event, -event.lapsed), state.slashes.pop(event.slash)
    last = None
    if slash.state == int(types.SlashState.PROPOSED):
        last = slash.appeal_until + constants.staking.EXECUTION
    elif slash.state == int(types.SlashState.APPEALED):
        last = slash.appealed_at + constants.staking.DECISION
    if event.lapsed and last is not None and node.last_time > last:
        node.spared_until = max(node.spared_until, last + constants.staking.SLASH_PAUSE)
    _go_on(state, node, slash)
    state.agree(event, "burned", event.burned, slash.burned)
