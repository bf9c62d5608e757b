"""Nodes that co-stakers can stake on."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from solders.pubkey import Pubkey

from ionet._generated.staking.types import NodeState
from ionet.explorer import _models as m
from ionet.explorer._market import commission, is_proven
from ionet.explorer._past import Moment
from ionet.explorer._supply import as_of
from ionet.explorer._values import class_name, of_io
from ionet.ledger.replay import records as r

DAYS: Final = 30
_COMMISSIONS: Final = 10
_YEAR: Final = 365


def room(node: r.Node, class_: r.HardwareClass) -> int:
    """How much more co-stakers may stake, base units: rule 4 of staking, `Node::co_room`."""
    least = class_.minimum(node.units)
    own, co = node.own__active + node.own__pending, node.co__active + node.co__pending
    if node.state != NodeState.LIVE or node.own__active < least:
        return 0
    return max(0, min(least * class_.maximum - own - co, node.own__active - co))


def stakes(moment: Moment, skip: int, limit: int) -> m.StakeRows:
    """Nodes with room, by co-stakers' reward of the 30 days before, without the first `skip`."""
    state = moment.state
    slashes: dict[Pubkey, list[r.Slash]] = defaultdict(list)
    for slash in state.slashes.values():
        slashes[slash.node].append(slash)
    open_ = [
        (address, node, left)
        for address, node in state.nodes.items()
        if (class_ := state.classes.get(node.class_)) is not None and (left := room(node, class_))
    ]
    rewards = {address: moment.co_reward(address, DAYS) for address, _, _ in open_}
    open_.sort(key=lambda item: (-rewards[item[0]], bytes(item[0])))
    rows = [
        m.StakeRow(
            node=str(address),
            class_name=class_name(node.class_),
            owner=str(node.owner),
            room=of_io(left),
            own_active=of_io(node.own__active),
            co_active=of_io(node.co__active),
            co_reward=of_io(rewards[address]),
            yearly_bps=_yearly(rewards[address], node.co__active),
            commission_bps=commission(node, moment.time),
            commissions=[
                m.Commission(bps=bps, start=start)
                for start, bps in reversed(moment.commissions.get(address, [])[-_COMMISSIONS:])
            ],
            slashed=of_io(sum(slash.burned + slash.apart for slash in slashes[address])),
            slashes=len(slashes[address]),
            proven=is_proven(node, moment.time),
        )
        for address, node, left in open_[skip : skip + limit]
    ]
    more = len(open_) > skip + limit
    return m.StakeRows(as_of=as_of(moment), nodes=rows, next=str(skip + limit) if more else None)


def _yearly(reward: int, active: int) -> int | None:
    return reward * 10_000 * _YEAR // (active * DAYS) if active else None
