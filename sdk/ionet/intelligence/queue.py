"""Turns at engines that work on a few requests at a time: fair among those who ask, not among requests.

Start-time fair queueing: each of those who ask has a share, and what a request may take is counted for who
asks it. Who has taken least of late is next, however many requests of others wait; nobody saves turns up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from ionet.intelligence.errors import away, busy

#: Of a request's size, so that shares divide it finely.
_SCALE: Final = 1 << 20
#: Of those who ask, with nothing waiting, that are remembered.
_KNOWN: Final = 4_096


@dataclass(frozen=True, slots=True)
class Wish:
    """Turns that a request wants.

    Attributes:
        size: what it may take by its first turn.
        count: turns that it can use.
        each: what it may take by each of these but the first.
        room: turns that can be used at once, at the time of the first one.
        begun: whether it has had turns before: then it may wait, however many do.
    """

    size: int = 1
    count: int = 1
    each: int = 0
    room: Callable[[], int] = lambda: 1
    begun: bool = False


ONE: Final = Wish()


@dataclass(slots=True)
class Had:
    """Turns that a request has.

    Attributes:
        count: of them, at first.
    """

    _turns: Turns
    count: int
    _left: int

    def give(self, count: int) -> None:
        """Gives so many back, as far as there are some left."""
        count = min(count, self._left)
        self._left -= count
        if count:
            self._turns._give(count)


class Turns:
    """Gives turns.

    Args:
        slots: turns at the same time.
        waiting: turns that may be waited for, of all.
        each: … by one of those who ask.
        patience: seconds that a request waits at most.
        share: of one of those who ask; twice the share has twice the turns.
    """

    def __init__(
        self,
        slots: int,
        waiting: int = 1_024,
        each: int = 256,
        *,
        patience: float | None = None,
        share: Callable[[int], int] = lambda who: 1,
    ) -> None:
        self._slots = slots
        self._most = waiting
        self._each = each
        self._patience = patience
        self._share = share
        self._count = 0
        self._taken = 0
        self._lines: dict[int, deque[tuple[Wish, asyncio.Future[int]]]] = {}
        #: How far those who ask have got, and how far they are who are served now.
        self._reached: dict[int, int] = {}
        self._now = 0

    @property
    def waiting(self) -> int:
        """Turns that are waited for."""
        return self._count

    @property
    def taken(self) -> int:
        """Turns that are taken."""
        return self._taken

    @property
    def slots(self) -> int:
        """Turns at the same time."""
        return self._slots

    def resize(self, slots: int) -> None:
        """Gives so many turns at the same time from now on; those that are taken stay."""
        self._slots = slots
        self._serve()

    @asynccontextmanager
    async def turn(self, who: int, wish: Wish = ONE) -> AsyncIterator[Had]:
        """One turn or more, for as long as they are entered: those that are free, so that none stands idle.

        Args:
            who: asks.
            wish: for what.

        Yields:
            The turns that it has.

        Raises:
            Refused: too many wait already, or it has waited too long.
        """
        count = await self._take(who, wish)
        had = Had(self, count, count)
        try:
            yield had
        finally:
            had.give(count)

    async def _take(self, who: int, wish: Wish) -> int:
        if self._taken < self._slots and not self._count:
            return self._begin(who, wish)
        line = self._lines.get(who, ())
        if not wish.begun and (
            self._count >= self._most or sum(other.count for other, _ in line) >= self._each
        ):
            raise busy("too many requests wait for this model; try again in some seconds", 5)
        mine: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(who, deque()).append((wish, mine))
        self._count += wish.count
        try:
            async with asyncio.timeout(self._patience):
                return await mine
        except (asyncio.CancelledError, TimeoutError) as bad:
            if mine.done() and not mine.cancelled():
                self._give(mine.result())  # it came as nobody wanted it any more
            else:
                self._forget(who, mine)
            if isinstance(bad, TimeoutError):
                said = f"no engine of this model was free for {self._patience:.0f} s"
                said += "" if wish.begun else "; nothing is charged"
                raise away(said, 30) from None
            raise

    def _begin(self, who: int, wish: Wish) -> int:
        """Counts what somebody takes: they come after those who have taken less. Returns their turns."""
        count = max(1, min(wish.count, wish.room(), self._slots - self._taken))
        size = wish.size + (count - 1) * wish.each
        self._now = max(self._now, self._reached.get(who, 0))
        self._reached[who] = self._now + size * _SCALE // max(1, self._share(who))
        self._taken += count
        if len(self._reached) > _KNOWN:
            kept = {each: at for each, at in self._reached.items() if at > self._now or self._lines.get(each)}
            self._reached = kept
        return count

    def _forget(self, who: int, mine: asyncio.Future[int]) -> None:
        line = self._lines.get(who, deque())
        for entry in line:
            if entry[1] is mine:
                line.remove(entry)
                self._count -= entry[0].count
                break
        if not line:
            self._lines.pop(who, None)

    def _give(self, count: int) -> None:
        self._taken -= count
        self._serve()

    def _serve(self) -> None:
        while self._lines and self._taken < self._slots:
            # Of equals who has waited longest, as tables keep their order.
            who = min(self._lines, key=lambda each: max(self._now, self._reached.get(each, 0)))
            wish, mine = self._lines[who].popleft()
            self._count -= wish.count
            if not self._lines[who]:
                del self._lines[who]
            if not mine.done():
                mine.set_result(self._begin(who, wish))
