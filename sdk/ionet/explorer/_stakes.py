"""Nodes that co-stakers can stake on."""

from __future__ import annotations

from collections import Counter
from typing import Final

from ionet.explorer import _models as m
from ionet.explorer._orders import Sort
from ionet.explorer._past import Moment
from ionet.explorer._supply import as_of
from ionet.explorer._tally import commission, is_proven, room, slashed, yearly
from ionet.explorer._values import class_name, of_io

_COMMISSIONS: Final = 10


def stakes(moment: Moment, sort: Sort, skip: int, limit: int) -> m.StakeRows:
    """Nodes with room, the best first in what `sort` names, then by reward, without the first `skip`."""
    state, tally = moment.state, moment.tally
    slashes, lost = Counter(slash.node for slash in state.slashes.values()), slashed(state)
    shown = [
        (rank.address, state.nodes[rank.address], -rank.less) for rank in tally.ranked(sort, skip, limit)
    ]
    rows = [
        m.StakeRow(
            node=str(address),
            class_name=class_name(node.class_),
            owner=str(node.owner),
            room=of_io(room(node, state.classes[node.class_])),
            own_active=of_io(node.own__active),
            co_active=of_io(node.co__active),
            co_reward=of_io(reward),
            yearly_bps=yearly(reward, node.co__active),
            commission_bps=commission(node, moment.time),
            commissions=[
                m.Commission(bps=bps, start=start)
                for start, bps in reversed(moment.commissions.get(address, [])[-_COMMISSIONS:])
            ],
            slashed=of_io(lost.get(address, 0)),
            slashes=slashes[address],
            proven=is_proven(node, moment.time),
        )
        for address, node, reward in shown
    ]
    more = tally.with_room > skip + limit
    return m.StakeRows(as_of=as_of(moment), nodes=rows, next=str(skip + limit) if more else None)
