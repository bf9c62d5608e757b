"""A gateway's web application: connections of peers, files, and its health."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from ionet import __version__
from ionet.gateway._hub import Hub
from ionet.wire._link import PATH
from ionet.wire._message import MAX_MESSAGE

#: Of uvicorn; see its documentation. Connections live long, and small messages do not gain by compression.
SERVER: Final[dict[str, Any]] = {
    "ws_max_size": MAX_MESSAGE,
    "ws_max_queue": 8,
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
    "ws_per_message_deflate": False,
    "server_header": False,
    "timeout_keep_alive": 10,
    "access_log": False,
}


class _Socket:
    """`Socket` over Starlette's."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def receive(self) -> bytes | str | None:
        try:
            message = await self._socket.receive()
        except (WebSocketDisconnect, RuntimeError):
            return None
        if message["type"] != "websocket.receive":
            return None
        data = message.get("bytes")
        return data if data is not None else str(message.get("text") or "")

    async def send(self, data: bytes | str) -> None:
        if isinstance(data, str):
            await self._socket.send_text(data)
        else:
            await self._socket.send_bytes(data)

    async def close(self, code: int, reason: str) -> None:
        await self._socket.close(code, reason)


def app(hub: Hub, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """Returns the application.

    Args:
        hub: the connections.
        routes: further routes, such as those for files.
    """

    async def peers(socket: WebSocket) -> None:
        await socket.accept()
        address = socket.client.host if socket.client else ""
        await hub.serve(_Socket(socket), address)

    async def health(request: Request) -> Response:
        return JSONResponse({"version": __version__})

    return Starlette(routes=[WebSocketRoute(PATH, peers), Route("/health", health), *routes])
