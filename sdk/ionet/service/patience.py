"""Connections that end when a reader takes too long, and no more of them than one address may have."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from ionet.service.bounds import Bounds
from ionet.service.guard import address_of

_LOOKS: Final = 3


class Patient(H11Protocol):
    """Takes requests by HTTP/1.1; waits only so long for heads to come, and for answers to be taken."""

    bounds: Bounds = Bounds()
    alone: bool = True
    #: Connections of each address.
    open: ClassVar[Counter[str]] = Counter()
    _limit: asyncio.TimerHandle | None = None
    _look: asyncio.TimerHandle | None = None
    _address: str | None = None
    #: Looks in a row at which something was still to be sent.
    _stuck: int = 0

    @classmethod
    def within(cls, bounds: Bounds, *, alone: bool) -> type[Patient]:
        """The same, with other bounds.

        Args:
            bounds: seconds for heads and for taking answers, and connections of one address.
            alone: whether readers connect themselves, and not a proxy for all of them.
        """
        return type("Patient", (cls,), {"bounds": bounds, "alone": alone, "open": Counter()})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        if self.alone:
            self._address = address_of({"client": self.client})
            self.open[self._address] += 1
            if self.open[self._address] > self.bounds.each:
                transport.abort()
                return
        self._wait()
        self._look = self.loop.call_later(self.bounds.taking / _LOOKS, self._watch_taking)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._cancel()
        if self._look is not None:
            self._look.cancel()
        if self._address is not None:
            self.open[self._address] -= 1
            if not self.open[self._address]:
                del self.open[self._address]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> Any:
        """A head that follows may have begun to come."""
        result: Any = super().on_response_complete()
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._wait()
        return result

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._cancel()
        elif self._limit is None:
            self._wait()

    def _wait(self) -> None:
        self._cancel()
        self._limit = self.loop.call_later(self.bounds.head, self._end)

    def _cancel(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _end(self) -> None:
        self._limit = None
        if not self.transport.is_closing():
            self.transport.close()

    def _watch_taking(self) -> None:
        """Also of a connection that is closing, which else stays until all is taken."""
        self._stuck = self._stuck + 1 if self.transport.get_write_buffer_size() else 0
        if self._stuck > _LOOKS:
            self.transport.abort()
        else:
            self._look = self.loop.call_later(self.bounds.taking / _LOOKS, self._watch_taking)
