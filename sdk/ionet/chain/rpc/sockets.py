"""Connections for subscriptions: over websockets to a node, or to the local network in this process.

Each kind has a blocking class and one that is not, under the names that `scripts/codegen` translates.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit, urlunsplit

from ionet.chain.rpc.tls import tls

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection as AsyncConnected
    from websockets.sync.client import ClientConnection as Connected

    from ionet.chain.rpc.pubsub import Session

#: The largest notification: an account of ten megabytes, in base64, with what is around it.
_MAX_SIZE: Final = 32 << 20
#: A wait that only looks whether something is there.
_LEAST: Final = 0.001
_LOG: Final = logging.getLogger("ionet.websockets")
# At that level it would log the requests, with the keys in their paths and headers.
_LOG.addFilter(lambda record: record.levelno > logging.DEBUG)


class SocketClosed(Exception):
    """There is no connection, or no longer."""


class AsyncSocket(Protocol):
    """A connection that messages go through."""

    async def send(self, text: str) -> None:
        """Sends a message; raises `SocketClosed`."""
        ...

    async def recv(self, seconds: float) -> str | None:
        """The next message, or None if none comes within these seconds; raises `SocketClosed`."""
        ...

    async def aclose(self) -> None:
        """Ends it."""
        ...


class Socket(Protocol):
    """A connection that messages go through."""

    def send(self, text: str) -> None:
        """Sends a message; raises `SocketClosed`."""
        ...

    def recv(self, seconds: float) -> str | None:
        """The next message, or None if none comes within these seconds; raises `SocketClosed`."""
        ...

    def close(self) -> None:
        """Ends it."""
        ...


def websocket_url(url: str) -> str | None:
    """Where a node serves websockets, by the rule of the Solana command line: the next port, if one is named.

    Returns:
        The URL; None if `url` is not a URL over HTTP.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        return None
    schemes = {"http": ("ws", 80), "https": ("wss", 443)}
    if parts.scheme not in schemes or not host or port == 65_535:
        return None
    scheme, usual = schemes[parts.scheme]
    netloc = parts.netloc
    if port is not None:
        netloc = netloc.rpartition(":")[0] + ("" if port == usual else f":{port + 1}")
    return urlunsplit((scheme, netloc, parts.path, parts.query, ""))


def has_socket(transport: Any) -> bool:
    """Whether there is a place to open a connection to."""
    return hasattr(transport, "network") or getattr(transport, "websocket", None) is not None


def _options(url: str, headers: Mapping[str, str], seconds: float) -> dict[str, Any]:
    return {
        "additional_headers": dict(headers),
        "compression": None,
        "max_size": _MAX_SIZE,
        "open_timeout": seconds,
        "close_timeout": 1,
        "logger": _LOG,
        "ssl": tls() if url.startswith("wss:") else None,
    }


# Connections that follow no redirects: those would take the headers, and the keys in them, to another node.


@cache
def _async_staying() -> type[AsyncConnected]:
    from websockets.asyncio.client import ClientConnection
    from websockets.exceptions import InvalidHandshake, InvalidStatus

    class Staying(ClientConnection):
        async def handshake(self, *args: Any, **more: Any) -> None:
            try:
                await super().handshake(*args, **more)
            except InvalidStatus as bad:
                raise InvalidHandshake(f"HTTP {bad.response.status_code}") from None

    return Staying


@cache
def _staying() -> type[Connected]:
    from websockets.exceptions import InvalidHandshake, InvalidStatus
    from websockets.sync.client import ClientConnection

    class Staying(ClientConnection):
        def handshake(self, *args: Any, **more: Any) -> None:
            try:
                super().handshake(*args, **more)
            except InvalidStatus as bad:
                raise InvalidHandshake(f"HTTP {bad.response.status_code}") from None

    return Staying


# --- over websockets --------------------------------------------------------------------------


class _AsyncWebSocket:
    def __init__(self, connection: AsyncConnected) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            await self._connection.send(text)
        except (ConnectionClosed, OSError) as bad:
            raise SocketClosed(str(bad)) from bad

    async def recv(self, seconds: float) -> str | None:
        from websockets.exceptions import ConnectionClosed

        try:
            async with asyncio.timeout(max(seconds, _LEAST)):
                return _text(await self._connection.recv())
        except TimeoutError:
            return None
        except (ConnectionClosed, OSError) as bad:
            raise SocketClosed(str(bad)) from bad

    async def aclose(self) -> None:
        await self._connection.close()


class _WebSocket:
    def __init__(self, connection: Connected, closing: ExitStack) -> None:
        self._connection = connection
        self._closing = closing

    def send(self, text: str) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            self._connection.send(text)
        except (ConnectionClosed, OSError) as bad:
            raise SocketClosed(str(bad)) from bad

    def recv(self, seconds: float) -> str | None:
        from websockets.exceptions import ConnectionClosed

        try:
            return _text(self._connection.recv(timeout=max(seconds, _LEAST)))
        except TimeoutError:
            return None
        except (ConnectionClosed, OSError) as bad:
            raise SocketClosed(str(bad)) from bad

    def close(self) -> None:
        self._closing.close()


def _text(message: str | bytes) -> str:
    return message if isinstance(message, str) else message.decode(errors="replace")


# --- in this process --------------------------------------------------------------------------


class _AsyncLocalSocket:
    def __init__(self, network: Any) -> None:
        self._woken = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(self._woken.set)
            except RuntimeError:  # the loop has ended, and nobody reads any more
                self._session.closed = True

        self._session: Session = network.open_session(wake)

    async def send(self, text: str) -> None:
        self._session.handle(text)

    async def recv(self, seconds: float) -> str | None:
        try:
            async with asyncio.timeout(max(seconds, _LEAST)):
                while True:
                    self._woken.clear()
                    if (text := _taken(self._session)) is not None:
                        return text
                    await self._woken.wait()
        except TimeoutError:
            return None

    async def aclose(self) -> None:
        self._session.close()


class _LocalSocket:
    def __init__(self, network: Any) -> None:
        self._woken = threading.Event()
        self._session: Session = network.open_session(self._woken.set)

    def send(self, text: str) -> None:
        self._session.handle(text)

    def recv(self, seconds: float) -> str | None:
        while True:
            self._woken.clear()
            if (text := _taken(self._session)) is not None:
                return text
            if not self._woken.wait(max(seconds, _LEAST)):
                return None

    def close(self) -> None:
        self._session.close()


def _taken(session: Session) -> str | None:
    """The next message; of a session that has ended there is none."""
    if session.closed:
        raise SocketClosed("too many messages were not read")
    return session.take()


# --- opening ----------------------------------------------------------------------------------


class AsyncSockets:
    """Opens connections."""

    @staticmethod
    async def open(transport: Any, seconds: float) -> AsyncSocket:
        """A connection to the node that a transport asks.

        Raises:
            SocketClosed: there is none to be had.
        """
        network = getattr(transport, "network", None)
        if network is not None:
            return _AsyncLocalSocket(network)
        url: str | None = getattr(transport, "websocket", None)
        if url is None:
            raise SocketClosed("the transport names no websocket")
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        try:
            options = _options(url, _headers(transport), seconds)
            return _AsyncWebSocket(await connect(url, create_connection=_async_staying(), **options))
        except (WebSocketException, OSError, TimeoutError, EOFError, ValueError) as bad:
            # Without its text, which could quote a secret of the URL.
            raise SocketClosed(type(bad).__name__) from None


class Sockets:
    """Opens connections."""

    @staticmethod
    def open(transport: Any, seconds: float) -> Socket:
        """A connection to the node that a transport asks.

        Raises:
            SocketClosed: there is none to be had.
        """
        network = getattr(transport, "network", None)
        if network is not None:
            return _LocalSocket(network)
        url: str | None = getattr(transport, "websocket", None)
        if url is None:
            raise SocketClosed("the transport names no websocket")
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        closing = ExitStack()
        try:
            options = _options(url, _headers(transport), seconds)
            connecting = connect(url, create_connection=_staying(), **options)
            return _WebSocket(closing.enter_context(connecting), closing)
        except (WebSocketException, OSError, TimeoutError, EOFError, ValueError) as bad:
            raise SocketClosed(type(bad).__name__) from None


def _headers(transport: Any) -> Mapping[str, str]:
    headers: Mapping[str, str] = getattr(transport, "headers", None) or {}
    return headers


# --- ending pauses early -----------------------------------------------------------------------


class AsyncNudge:
    """Ends a pause early when a node announces something: beside polling, and never instead of it.

    Everything runs beside the caller. Where there is no websocket, or it fails, pauses are just pauses.

    Args:
        transport: of the node.
        request: the subscription's request, as JSON; one notification comes of it.
    """

    def __init__(self, transport: Any, request: str) -> None:
        self._transport = transport
        self._request = request
        self._rang = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Subscribes, without waiting for it."""
        if self._task is None and _worth_trying(self._transport):
            self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            socket = await AsyncSockets.open(self._transport, _NUDGE_TIMEOUT)
        except SocketClosed:
            _failed(self._transport)
            return
        try:
            await socket.send(self._request)
            while (text := await socket.recv(_NUDGE_LONGEST)) is not None:
                if "Notification" in text:
                    self._rang.set()
                    return
        except SocketClosed:
            return
        finally:
            await socket.aclose()

    async def pause(self, seconds: float) -> None:
        """Waits so long, or until the announcement if that has not come yet."""
        if self._task is None or self._rang.is_set():
            await asyncio.sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._rang.wait()
        except TimeoutError:
            pass

    async def aclose(self) -> None:
        """Ends it."""
        if self._task is not None:
            self._task.cancel()


class Nudge:
    """Ends a pause early when a node announces something: beside polling, and never instead of it.

    Everything runs beside the caller. Where there is no websocket, or it fails, pauses are just pauses.

    Args:
        transport: of the node.
        request: the subscription's request, as JSON; one notification comes of it.
    """

    def __init__(self, transport: Any, request: str) -> None:
        self._transport = transport
        self._request = request
        self._rang = threading.Event()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Subscribes, without waiting for it."""
        if self._thread is None and _worth_trying(self._transport):
            self._thread = threading.Thread(target=self._listen, daemon=True)
            self._thread.start()

    def _listen(self) -> None:
        try:
            socket = Sockets.open(self._transport, _NUDGE_TIMEOUT)
        except SocketClosed:
            _failed(self._transport)
            return
        try:
            socket.send(self._request)
            for _ in range(int(_NUDGE_LONGEST / _NUDGE_LOOK)):
                if self._over.is_set():
                    return
                text = socket.recv(_NUDGE_LOOK)
                if text is not None and "Notification" in text:
                    self._rang.set()
                    return
        except SocketClosed:
            return
        finally:
            socket.close()

    def pause(self, seconds: float) -> None:
        """Waits so long, or until the announcement if that has not come yet."""
        if self._thread is None or self._rang.is_set():
            self._over.wait(seconds)
            return
        self._rang.wait(seconds)

    def close(self) -> None:
        """Ends it."""
        self._over.set()


_NUDGE_TIMEOUT: Final = 5.0
_NUDGE_LONGEST: Final = 120.0
_NUDGE_LOOK: Final = 0.5
#: Where connecting failed it is not tried again for so long.
_NUDGE_REST: Final = 60.0


def _worth_trying(transport: Any) -> bool:
    if getattr(transport, "websocket", None) is None or not hasattr(transport, "no_websocket_until"):
        return False
    until: float = transport.no_websocket_until
    return time.monotonic() >= until


def _failed(transport: Any) -> None:
    transport.no_websocket_until = time.monotonic() + _NUDGE_REST
