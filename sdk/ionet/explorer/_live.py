"""Tells readers when the ledger has moved on: server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from ionet.explorer import _models as m
from ionet.explorer._watching import Watching
from ionet.ledger import Database, LedgerError
from ionet.service.bounds import Bounds

#: Seconds between two looks, without anything new, and until a reader has to come again.
_LOOK: Final = 2.0
_BEAT: Final = 15.0
#: Seconds after which what only the chain's node knows is asked for again.
_STALE: Final = 10.0
_LONGEST: Final = 3600.0


class Live:
    """Streams of marks.

    Args:
        database: the ledger.
        watching: what is known of it.
        bounds: how many streams there may be.
    """

    def __init__(self, database: Database, watching: Watching, bounds: Bounds) -> None:
        self._database = database
        self._watching = watching
        self._bounds = bounds
        self._open: Counter[str] = Counter()
        self._last: tuple[float, m.Mark] | None = None
        self._ended = False

    def stop(self) -> None:
        """Ends every stream within two seconds."""
        self._ended = True

    def refuses(self, address: str) -> str:
        """Why an address gets no further stream; empty: it does."""
        if self._open[address] >= self._bounds.streams_each:
            return f"one address has at most {self._bounds.streams_each} streams"
        if self._open.total() >= self._bounds.streams:
            return f"there are already {self._bounds.streams} streams; ask for /api/v1/status instead"
        return ""

    def mark(self) -> m.Mark:
        """How far the ledger is; looked up at most every two seconds, however many readers there are."""
        now = time.monotonic()
        if self._last is None or now - self._last[0] >= _LOOK:
            marks, reconciled = self._database.marks(), self._watching.reconciled
            mark = m.Mark(
                slot=marks.scanned,
                time=marks.time,
                reconciled=reconciled.state,
                reconciled_slot=reconciled.slot,
            )
            self._last = now, mark
        return self._last[1]

    def version(self) -> tuple[m.Mark, int]:
        """Of what is known of the chain; another one after ten seconds at the latest."""
        return self.mark(), int(time.monotonic() / _STALE)

    async def stream(self, address: str) -> AsyncIterator[str]:
        """Marks as they change, the present one first."""
        self._open[address] += 1
        began = told = time.monotonic()
        mark = last = None
        try:
            while not self._ended and (now := time.monotonic()) - began < _LONGEST:
                with suppress(LedgerError):
                    mark = await asyncio.to_thread(self.mark)
                if mark is not None and mark != last:
                    last, told = mark, now
                    yield f"data: {mark.model_dump_json()}\n\n"
                elif now - told >= _BEAT:
                    told = now
                    yield ": still here\n\n"
                await asyncio.sleep(_LOOK)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]
