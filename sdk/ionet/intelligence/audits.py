"""What anybody may read of audits: how nodes stand; so many at most, and read anew after some seconds."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from ionet.intelligence.desk import Shelf
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.standing import DAY, WINDOW, Record, Standing

#: Seconds for which an answer is told again.
_LASTS: Final = 3.0
#: … and so many times as long as it took to be read, where that is more.
_RARE: Final = 10.0
#: Nodes that are told, and witnesses of each.
NODES: Final = 200
WITNESSES: Final = 20


class Audits:
    """How nodes stand.

    Args:
        shelf: where it is looked up.
        clock: seconds that only grow.
    """

    def __init__(self, shelf: Shelf[Receipts], clock: Callable[[], float] = time.monotonic) -> None:
        self._shelf = shelf
        self._clock = clock
        self._reading = asyncio.Lock()
        self._until = 0.0
        self._told = b""

    async def told(self, at: int) -> bytes:
        """As it is sent, in JSON; many who ask at once are told the same.

        Args:
            at: now, Unix seconds.
        """
        async with self._reading:
            if not self._told or self._clock() >= self._until:
                since, began = (at - WINDOW) // DAY * DAY, self._clock()
                listed = await self._shelf.look(lambda receipts: receipts.judgements.standings(since))
                rows = [_row(each) for each in sorted(listed, key=_order)[:NODES]]
                told = {"since": since, "data": rows, "more": max(0, len(listed) - NODES)}
                self._told = json.dumps(told, separators=(",", ":")).encode()
                now = self._clock()
                self._until = now + max(_LASTS, _RARE * (now - began))
            return self._told


def _order(standing: Standing) -> tuple[bool, int, str, str]:
    """Those at fault first, then those with the most answers."""
    return standing.holds, -standing.judged.answers, standing.model, standing.node


def _row(standing: Standing) -> dict[str, Any]:
    witnesses = sorted(standing.witnesses.items(), key=lambda each: (not each[1].faults, -each[1].answers))
    return {
        "model": standing.model,
        "node": standing.node,
        **_record(standing.judged),
        "holds": standing.holds,
        "faults": list(standing.faults),
        "unjudged": dict(standing.unjudged),
        # Engines without a name are never barred: nobody knows how many they are.
        "barred": standing.evades and bool(standing.node),
        "witnesses": _witnesses(witnesses[:WITNESSES]),
        "more": max(0, len(witnesses) - WITNESSES),
    }


def _witnesses(witnesses: Sequence[tuple[str, Record]]) -> list[dict[str, Any]]:
    return [{"node": node, **_record(each), "faults": list(each.faults)} for node, each in witnesses]


def _record(record: Record) -> dict[str, Any]:
    """Answers that were judged by one engine."""
    return {
        "answers": record.answers,
        "passed": record.passed,
        "places": record.score.places,
        "deviations": round(record.score.deviations, 2),
        "tokens": record.tokens,
        "excess": record.excess,
    }
