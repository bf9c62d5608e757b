"""Looking at what is due, again and again, and asking devices beside that."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterable
from typing import Generic, TypeVar

from ionet.orchestrator._chain import ChainError

_Place = TypeVar("_Place")


def in_turn(nodes: Iterable[bytes], lot: bytes) -> list[bytes]:
    """Returns nodes in an order that begins at another one with each lot: no address is always the last.

    Args:
        nodes: addresses, 32 bytes each.
        lot: what nobody can have known when they were made, 32 bytes.
    """
    ordered = sorted(nodes)
    first = bisect_left(ordered, lot)
    return ordered[first:] + ordered[:first]


class Looking(ABC, Generic[_Place]):
    """What a seat asks of devices: looks do not wait for the questions that they begin.

    Args:
        waits: what does not happen while a look fails, for the log.
        tolerated: what a look may fail with, and is done again.
    """

    def __init__(self, waits: str, tolerated: tuple[type[Exception], ...] = (ChainError, OSError)) -> None:
        self._waits = waits
        self._tolerated = tolerated
        #: Questions that are under way, by what they are about.
        self._under_way: dict[_Place, asyncio.Task[None]] = {}

    @abstractmethod
    async def look(self) -> None:
        """Does what is due now; it does not wait for devices."""

    async def run(self, pause: float) -> None:
        """Does what is due, again and again, until it is cancelled.

        Args:
            pause: seconds of this machine between two looks.
        """
        try:
            while True:
                try:
                    await self.look()
                except self._tolerated as bad:
                    logging.getLogger(type(self).__module__).warning("%s: %s", self._waits, bad)
                await asyncio.sleep(pause)
        finally:
            for task in self._under_way.values():
                task.cancel()
            await self.settled()

    async def settled(self) -> None:
        """Waits for the questions that are under way, and for what follows from their answers."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
