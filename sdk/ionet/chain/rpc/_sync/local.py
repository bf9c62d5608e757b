# Generated from chain/rpc/_async/local.py by scripts/codegen; do not edit.
"""The local network as a transport."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from ionet.chain.rpc.local import LocalNetwork


class LocalTransport:
    """Sends requests to a `LocalNetwork` in this process.

    Attributes:
        network: the network; several transports may share one.
    """

    def __init__(self, network: LocalNetwork) -> None:
        self.network = network

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        """Returns the `result` of a JSON-RPC call; raises `RpcError`."""
        return self.network.request(method, params)

    def close(self) -> None:
        """Does nothing: the network lives as long as there are references to it."""
