"""What the distributor's treasury holds: no event says so, as anybody may send to it."""

from __future__ import annotations

import threading
import time
from typing import Final

from ionet import IO, AsyncClient
from ionet.chain.errors import AccountNotFound
from ionet.explorer._watching import Unanswered, Watching

#: Seconds for which an answer is kept.
_FRESH: Final = 10.0


class Holdings:
    """Base units of IO in the treasury, as the chain's node has it; asked for at most every ten seconds.

    Args:
        watching: has the node.
    """

    def __init__(self, watching: Watching) -> None:
        self._watching = watching
        self._at = -_FRESH
        self._last: tuple[int | None, str] = None, "the chain's node is being asked"
        self._lock = threading.Lock()

    def now(self) -> tuple[int | None, str]:
        """What it holds, or why that is not known."""
        if time.monotonic() - self._at >= _FRESH and self._lock.acquire(blocking=False):
            try:
                self._last = self._watching.ask(_held), ""
            except Unanswered as bad:
                self._last = None, str(bad)
            finally:
                self._at = time.monotonic()
                self._lock.release()
        return self._last


async def _held(client: AsyncClient) -> int:
    try:
        config = await client.distributor.get_config()
    except AccountNotFound:
        return 0
    held: IO = await client.mint.balance(config.treasury)
    return held.base
