"""The local network behind solana-py's client."""

from __future__ import annotations

import json
from typing import Any, get_args

from solana.rpc.async_api import AsyncClient
from solana.rpc.core import RPCException
from solders.rpc.responses import RPCError

from ionet.chain.rpc.local import LocalNetwork


class _LocalProvider:
    """Takes the place of solana-py's HTTP connection."""

    endpoint_uri = "local:"

    def __init__(self, network: LocalNetwork) -> None:
        self._network = network

    async def make_request_unparsed(self, body: Any) -> str:
        return json.dumps(self._network.handle(json.loads(body.to_json())))

    async def make_request(self, body: Any, parser: Any) -> Any:
        parsed = parser.from_json(await self.make_request_unparsed(body))
        if isinstance(parsed, get_args(RPCError)):
            raise RPCException(parsed)
        return parsed

    async def close(self) -> None:
        pass

    async def __aenter__(self) -> _LocalProvider:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()


def solana_py_client(network: LocalNetwork) -> AsyncClient:
    """Returns solana-py's `AsyncClient` on a local network: same requests and answers, no socket."""
    client = AsyncClient("http://127.0.0.1")
    client._provider = _LocalProvider(network)  # type: ignore[assignment]
    return client
