"""Turns at an engine that works on a few requests at a time: fair among those who ask, not among requests."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ionet.intelligence.errors import busy


class Turns:
    """Gives turns, one to each of those who wait in a round, however much each of them asks for.

    Args:
        slots: turns at the same time.
        waiting: requests that may wait, of all.
        each: of one of those who ask.
    """

    def __init__(self, slots: int, waiting: int = 1_024, each: int = 256) -> None:
        self._free = slots
        self._most = waiting
        self._each = each
        self._count = 0
        #: In the order of their next turn.
        self._lines: OrderedDict[int, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return self._count

    @asynccontextmanager
    async def turn(self, who: int) -> AsyncIterator[None]:
        """A turn, for as long as it is entered.

        Args:
            who: asks.

        Raises:
            Refused: too many wait already.
        """
        await self._take(who)
        try:
            yield
        finally:
            self._give()

    async def _take(self, who: int) -> None:
        if self._free > 0 and not self._count:
            self._free -= 1
            return
        if self._count >= self._most or len(self._lines.get(who, ())) >= self._each:
            raise busy("too many requests wait for this model; try again in some seconds", 5)
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(who, deque()).append(mine)
        self._count += 1
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._give()  # it came as nobody wanted it any more
            else:
                self._forget(who, mine)
            raise

    def _forget(self, who: int, mine: asyncio.Future[None]) -> None:
        line = self._lines.get(who, deque())
        if mine in line:  # else it was passed over already
            line.remove(mine)
            self._count -= 1
            if not line:
                del self._lines[who]

    def _give(self) -> None:
        while self._lines:
            who, line = next(iter(self._lines.items()))
            mine = line.popleft()
            self._count -= 1
            self._lines.move_to_end(who)
            if not line:
                del self._lines[who]
            if not mine.done():
                mine.set_result(None)
                return
        self._free += 1
