"""No look for cycles of garbage while many small objects are made that have none."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final


class _Pauses:
    """How many there are now, of all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._was_enabled = False

    def begin(self) -> None:
        with self._lock:
            if not self._depth:
                self._was_enabled = gc.isenabled()
                gc.disable()
            self._depth += 1

    def end(self) -> None:
        with self._lock:
            self._depth -= 1
            if not self._depth and self._was_enabled:
                gc.enable()


_PAUSES: Final = _Pauses()


@contextmanager
def collecting_later() -> Iterator[None]:
    """Puts the collector of this process off: with a million objects each of its looks takes a second.

    May be used by several threads at once; it goes on where it was at work when the last of them is done.
    """
    _PAUSES.begin()
    try:
        yield
    finally:
        _PAUSES.end()
