"""A connection that ends when a request's head does not come."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class Patient(H11Protocol):
    """Takes requests by HTTP/1.1, and waits for each head only so long, however slowly its bytes come."""

    seconds: float = 10.0
    _limit: asyncio.TimerHandle | None = None

    @classmethod
    def within(cls, seconds: float) -> type[Patient]:
        """The same, with another limit.

        Args:
            seconds: from the first byte of a head, or from the connection, to its end.
        """
        return type("Patient", (cls,), {"seconds": seconds})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._cancel()
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
        self._limit = self.loop.call_later(self.seconds, self._end)

    def _cancel(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _end(self) -> None:
        self._limit = None
        if not self.transport.is_closing():
            self.transport.close()
