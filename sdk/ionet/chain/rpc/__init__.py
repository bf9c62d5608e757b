"""Transports: ways to reach a Solana node, all at the level of JSON-RPC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Transport(Protocol):
    """Sends requests to a node and blocks until it answers."""

    def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        """Returns the `result` of a JSON-RPC call.

        Raises:
            RpcError: the node answered with an error.
            TransportError: there was no answer.
        """
        ...

    def close(self) -> None:
        """Frees connections."""
        ...


@runtime_checkable
class AsyncTransport(Protocol):
    """Sends requests to a node without blocking."""

    async def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        """Returns the `result` of a JSON-RPC call; raises as `Transport.request` does."""
        ...

    async def aclose(self) -> None:
        """Frees connections."""
        ...
