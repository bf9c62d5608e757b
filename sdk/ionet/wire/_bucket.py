"""So many units a second, and some at once."""

from __future__ import annotations

import time


class Bucket:
    """Lets through so many units a second, and some at once.

    Args:
        rate: units a second.
        seconds: how many seconds of that may come at once.
    """

    __slots__ = ("_at", "_left", "_most", "_rate")

    def __init__(self, rate: float, seconds: float) -> None:
        self._rate, self._most = rate, rate * seconds
        self._left, self._at = self._most, time.monotonic()

    def _fill(self) -> None:
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._rate)
        self._at = now

    def take(self, units: float = 1) -> bool:
        """Takes units; returns whether there were as many."""
        self._fill()
        if units > self._left:
            return False
        self._left -= units
        return True

    def owe(self, units: float = 1) -> float:
        """Takes units whether or not they are there; returns the seconds until they are."""
        self._fill()
        self._left -= units
        return max(0.0, -self._left / self._rate)

    @property
    def full(self) -> bool:
        """Whether nothing was taken for long enough to be forgotten."""
        self._fill()
        return self._left >= self._most
