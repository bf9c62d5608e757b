"""The local network's subscriptions over websockets, on a thread of their own."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from ionet.chain.rpc.parameters import is_loopback
from ionet.chain.rpc.pubsub import Session

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response

MAX_REQUEST: Final = 1 << 20
#: What the operating system and the connection may hold for a reader before the session's queue grows.
_WRITE_LIMIT: Final = 1 << 16
_LOG: Final = logging.getLogger("ionet.websockets")
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False


def _of_this_machine(connection: ServerConnection, request: Request) -> Response | None:
    if is_loopback(request.headers.get("host")):
        return None
    return connection.respond(HTTPStatus.FORBIDDEN, "this network is asked as 127.0.0.1 or localhost")


class SocketServer:
    """Serves sessions of a network over websockets on the loopback address.

    Args:
        sessions: opens a session.
        port: where it listens.

    Attributes:
        url: where it listens.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, sessions: Callable[[Callable[[], None]], Session], port: int) -> None:
        self._sessions = sessions
        self._connections: set[ServerConnection] = set()
        bound = socket.create_server(("127.0.0.1", port))
        self.url = f"ws://127.0.0.1:{port}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(self._listen(bound), self._loop)
        self._server = listening.result(timeout=10)

    async def _listen(self, bound: socket.socket) -> Server:
        from websockets.asyncio.server import serve

        return await serve(
            self._talk,
            process_request=_of_this_machine,
            sock=bound,
            compression=None,
            max_size=MAX_REQUEST,
            write_limit=_WRITE_LIMIT,
            close_timeout=1,
            logger=_LOG,
        )

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    async def _talk(self, connection: ServerConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        ready = asyncio.Event()

        def woken() -> None:
            ready.set()
            if session.closed:
                # A reader that takes nothing keeps the writer waiting: there is no polite end.
                connection.transport.abort()

        def wake() -> None:
            try:
                self._loop.call_soon_threadsafe(woken)
            except RuntimeError:  # the loop has ended
                session.closed = True

        session = self._sessions(wake)
        self._connections.add(connection)
        writer = self._loop.create_task(self._write(connection, session, ready))
        try:
            async for text in connection:
                session.handle(text)
                ready.set()
        except ConnectionClosed:
            pass
        finally:
            self._connections.discard(connection)
            session.close()
            writer.cancel()

    async def _write(self, connection: ServerConnection, session: Session, ready: asyncio.Event) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while not session.closed:
                await ready.wait()
                ready.clear()
                while (text := session.take()) is not None:
                    await connection.send(text)
        except ConnectionClosed:
            pass

    def close(self) -> None:
        """Stops listening and ends every connection."""

        async def end() -> None:
            for connection in tuple(self._connections):
                connection.transport.abort()
            self._server.close()
            await self._server.wait_closed()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
