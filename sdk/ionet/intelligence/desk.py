"""The books, asked from the service's loop: one thread does what is to be done, in order."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from ionet.intelligence.books import Books

T = TypeVar("T")
K = TypeVar("K")
_log = logging.getLogger(__name__)


class Desk:
    """Works on the books.

    Args:
        books: them.
        now: Unix seconds.
    """

    def __init__(self, books: Books, now: Callable[[], float] = time.time) -> None:
        self._books = books
        self._now = now
        self._thread = ThreadPoolExecutor(1, "ionet-books")

    @property
    def at(self) -> int:
        """Unix seconds."""
        return int(self._now())

    async def do(self, what: Callable[[Books], T]) -> T:
        """Has something done, also when nobody waits for it any longer: money is not left half moved.

        Args:
            what: is called with the books, in their thread.
        """
        work = asyncio.get_running_loop().run_in_executor(self._thread, what, self._books)
        return await asyncio.shield(work)

    def trouble(self, what: str, why: BaseException) -> None:
        """Notes that something does not work."""
        _log.warning("%s: %s", what, why)

    def close(self) -> None:
        """Ends when all is done."""
        self._thread.shutdown()
        self._books.close()


class Shelf(Generic[K]):
    """What anybody may look up, in a thread of its own: no number of readers keeps the books waiting.

    Args:
        kept: is read, one look at a time.
    """

    def __init__(self, kept: K) -> None:
        self._kept = kept
        self._thread = ThreadPoolExecutor(1, "ionet-shelf")

    async def look(self, what: Callable[[K], T]) -> T:
        """Looks something up.

        Args:
            what: is called with what is kept, in its thread.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, what, self._kept)

    def close(self) -> None:
        """Ends when nobody looks any more."""
        self._thread.shutdown(cancel_futures=True)
