"""Nodes that co-stakers can stake on."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from solders.pubkey import Pubkey

from ionet.explorer import _models as m
from ionet.explorer._market import commission
from ionet.explorer._past import Moment
from ionet.explorer._supply import as_of
from ionet.explorer._tally import DAYS, is_proven, room
from ionet.explorer._values import class_name, of_io
from ionet.ledger.replay import records as r

_COMMISSIONS: Final = 10
_YEAR: Final = 365


def stakes(moment: Moment, skip: int, limit: int) -> m.StakeRows:
    """Nodes with room, by co-stakers' reward of the 30 days before, without the first `skip`."""
    state, ranked = moment.state, moment.tally.ranked()
    slashes: dict[Pubkey, list[r.Slash]] = defaultdict(list)
    for slash in state.slashes.values():
        slashes[slash.node].append(slash)
    shown = [(address, state.nodes[address], -reward) for reward, address in ranked[skip : skip + limit]]
    rows = [
        m.StakeRow(
            node=str(address),
            class_name=class_name(node.class_),
            owner=str(node.owner),
            room=of_io(room(node, state.classes[node.class_])),
            own_active=of_io(node.own__active),
            co_active=of_io(node.co__active),
            co_reward=of_io(reward),
            yearly_bps=_yearly(reward, node.co__active),
            commission_bps=commission(node, moment.time),
            commissions=[
                m.Commission(bps=bps, start=start)
                for start, bps in reversed(moment.commissions.get(address, [])[-_COMMISSIONS:])
            ],
            slashed=of_io(sum(slash.burned + slash.apart for slash in slashes[address])),
            slashes=len(slashes[address]),
            proven=is_proven(node, moment.time),
        )
        for address, node, reward in shown
    ]
    more = len(ranked) > skip + limit
    return m.StakeRows(as_of=as_of(moment), nodes=rows, next=str(skip + limit) if more else None)


def _yearly(reward: int, active: int) -> int | None:
    return reward * 10_000 * _YEAR // (active * DAYS) if active else None
