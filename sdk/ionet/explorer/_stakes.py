"""Nodes that co-stakers can stake on."""

from __future__ import annotations

from collections import defaultdict
from heapq import nsmallest
from typing import Final, Literal

from solders.pubkey import Pubkey

from ionet.explorer import _models as m
from ionet.explorer._market import commission
from ionet.explorer._past import Moment
from ionet.explorer._supply import as_of
from ionet.explorer._tally import DAYS, Rank, is_proven, room
from ionet.explorer._values import class_name, of_io
from ionet.ledger.replay import records as r

#: What nodes are sorted by: the most of it first, but the least commission and the least slashed.
Sort = Literal["reward", "rate", "room", "co", "own", "commission", "slashed"]
_COMMISSIONS: Final = 10
_YEAR: Final = 365


def stakes(moment: Moment, sort: Sort, skip: int, limit: int) -> m.StakeRows:
    """Nodes with room, the best first in what `sort` names, then by reward, without the first `skip`."""
    state, ranked = moment.state, moment.tally.ranked()
    slashes: dict[Pubkey, list[r.Slash]] = defaultdict(list)
    slashed: dict[Pubkey, int] = defaultdict(int)
    for slash in state.slashes.values():
        slashes[slash.node].append(slash)
        slashed[slash.node] += slash.burned + slash.apart

    def worse(rank: Rank) -> int:
        address = rank.address
        node = state.nodes[address]
        match sort:
            case "reward":
                return rank.less
            case "rate":
                # Without co-stake there is no rate, and it comes last.
                return -(_yearly(-rank.less, node.co__active) or 0)
            case "room":
                return -room(node, state.classes[node.class_])
            case "co":
                return -node.co__active
            case "own":
                return -node.own__active
            case "commission":
                return commission(node, moment.time)
            case "slashed":
                return slashed[address]

    total = len(ranked)
    if sort != "reward":
        ranked = nsmallest(skip + limit, ranked, key=worse)
    shown = [(address, state.nodes[address], -less) for less, _, address in ranked[skip : skip + limit]]
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
            slashed=of_io(slashed[address]),
            slashes=len(slashes[address]),
            proven=is_proven(node, moment.time),
        )
        for address, node, reward in shown
    ]
    more = total > skip + limit
    return m.StakeRows(as_of=as_of(moment), nodes=rows, next=str(skip + limit) if more else None)


def _yearly(reward: int, active: int) -> int | None:
    return reward * 10_000 * _YEAR // (active * DAYS) if active else None
