"""Which seat has a device for itself: two challenges at once would slow each other down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

#: Seconds for which a seat has the device from its last step on.
KEPT_FOR: Final = 120.0
#: Seconds for which others wait for it at most; what is computed meanwhile is not broken off.
TURN: Final = 60.0
#: Seconds for which a seat that was refused counts as waiting, by what it had asked for.
ASKED_AGAIN: Final = {"reserve": 10.0, "product": 90.0, "hold": 90.0}


class Turns:
    """Seats' turns with a device.

    A seat has it from step to step, however long, while nobody else waits. Once another one has waited for
    `TURN` seconds of its turn, that ends, and those who wait come first, in the order in which they came.

    Args:
        clock: seconds, which only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seat: bytes | None = None
        self._since = self._until = 0.0
        #: Steps under way: the device still works for one when its seat's turn is over.
        self._steps = 0
        #: By seat and what it was refused: since when, and until when that counts. The first one comes next.
        self._waiting: dict[tuple[bytes, str], tuple[float, float]] = {}

    @property
    def taken(self) -> bool:
        """Whether a seat has the device now, or it works for one."""
        return self._steps > 0 or (self._seat is not None and self._clock() < self._ends())

    def take(self, seat: bytes) -> bool:
        """Gives the device to a seat if it is its turn; else the seat waits for it, and asks again."""
        now = self._clock()
        if self._has(seat):
            self._until = now + KEPT_FOR
            return True
        if self.taken or self._next() not in (None, seat):
            self.wait(seat, "reserve")
            return False
        self._waiting = {place: times for place, times in self._waiting.items() if place[0] != seat}
        self._seat, self._since, self._until = seat, now, now + KEPT_FOR
        return True

    def wait(self, seat: bytes, what: str) -> None:
        """Notes that a seat was refused something, and will ask for it again."""
        if not self._has(seat):
            self._next()
            now = self._clock()
            since, _ = self._waiting.get((seat, what), (now, now))
            self._waiting[seat, what] = since, now + ASKED_AGAIN[what]

    def served(self, seat: bytes, what: str) -> None:
        """Notes that a seat has what it asked for. Others keep their places: it may have asked for less."""
        self._waiting.pop((seat, what), None)

    @contextmanager
    def step(self, seat: bytes) -> Iterator[bool]:
        """Has the device work for a seat; false where it is not the seat's turn."""
        if not self._has(seat):
            yield False
            return
        self._steps += 1
        try:
            yield True
        finally:
            self._steps -= 1
            self._until = self._clock() + KEPT_FOR

    def free(self) -> None:
        """Ends the turn: the seat has all that it has asked for."""
        self._seat = None

    def _has(self, seat: bytes) -> bool:
        """Whether it is a seat's turn; where nobody else waits, it does not end by time alone."""
        return seat == self._seat and (self._next() is None or self._clock() < self._ends())

    def _ends(self) -> float:
        if self._next() is None:
            return self._until
        first, _ = next(iter(self._waiting.values()))
        return min(self._until, max(self._since, first) + TURN)

    def _next(self) -> bytes | None:
        """Who has waited longest, of those who still ask."""
        now = self._clock()
        self._waiting = {place: times for place, times in self._waiting.items() if now <= times[1]}
        return next((seat for seat, _ in self._waiting), None)
