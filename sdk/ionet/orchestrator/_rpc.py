"""Several nodes of one network as one: the preferred one first, the others while it does not answer."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from ionet import AsyncHttpTransport
from ionet.chain.errors import RpcError, TransportError
from ionet.chain.rpc import AsyncTransport
from ionet.chain.rpc.urls import public_url

#: Seconds for which a node that gave no answer is asked last.
_ASIDE: Final = 30.0


class Nodes:
    """A transport over several nodes.

    A request that got no answer goes to the next node at once; only what changes nothing, or cannot happen
    twice (the same signed transaction), goes over a transport.

    Args:
        transports: the preferred first.
        names: what each is called in messages, without secrets.
        monotonic: this machine's seconds.
    """

    def __init__(
        self,
        transports: Sequence[AsyncTransport],
        names: Sequence[str] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transports = tuple(transports)
        self._names = tuple(names) or tuple(map(repr, transports))
        self._monotonic = monotonic
        self._aside: dict[int, float] = {}
        #: Until when (`time.monotonic`) websockets are taken to be absent.
        self.no_websocket_until = 0.0
        #: Requests and failures, by method and by node.
        self.requests: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()

    @classmethod
    def of(cls, urls: Sequence[str]) -> Nodes:
        """Returns a transport over nodes by their URLs."""
        # One retry: the next node is the better second try.
        retries = 1 if len(urls) > 1 else 3
        return cls([AsyncHttpTransport(url, retries=retries) for url in urls], list(map(public_url, urls)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(self._names)}>"

    @property
    def websocket(self) -> str | None:
        """Where the node that is asked first serves subscriptions."""
        url: str | None = getattr(self._transports[self._order()[0]], "websocket", None)
        return url

    @property
    def headers(self) -> dict[str, str]:
        """Headers for that."""
        headers: dict[str, str] = getattr(self._transports[self._order()[0]], "headers", {})
        return headers

    async def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        """Returns the `result` of a JSON-RPC call.

        Raises:
            RpcError: a node answered with an error.
            TransportError: none answers.
        """
        self.requests[method] += 1
        failed: TransportError | None = None
        for number in self._order():
            try:
                answer = await self._transports[number].request(method, params)
            except TransportError as bad:
                self.errors[self._names[number]] += 1
                self._aside[number] = self._monotonic() + _ASIDE
                failed = bad
            except RpcError:
                self.errors[self._names[number]] += 1
                raise
            else:
                self._aside.pop(number, None)
                return answer
        assert failed is not None
        raise failed

    async def aclose(self) -> None:
        """Frees connections."""
        for transport in self._transports:
            await transport.aclose()

    def _order(self) -> list[int]:
        now = self._monotonic()
        return sorted(range(len(self._transports)), key=lambda at: (self._aside.get(at, 0.0) > now, at))
