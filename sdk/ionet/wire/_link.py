"""One connection to one of some gateways, dialled again whenever it breaks.

A gateway is not trusted: what it sends is bounded in size, number and depth, it is not followed elsewhere,
and nothing that it says ends the dialling.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.frames import Opcode
from websockets.protocol import Event

from ionet.chain.errors import ConfigError
from ionet.chain.rpc.tls import tls
from ionet.chain.rpc.urls import public_url
from ionet.wire._bucket import Bucket
from ionet.wire._message import MAX_MESSAGE

#: The path at a gateway where peers connect.
PATH: Final = "/peers"
#: What the path of a pipe between two nodes begins with.
PIPE: Final = "/links/"
_PATIENCE: Final = 10.0
_PING: Final = 20.0
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 60.0
#: Seconds until a process of a shared key takes its turn again; more, if its last one was short.
_TURN: Final = 6.0
#: Seconds, at least and at most, between losing one gateway and dialling the next.
_SPREAD: Final = (0.05, 1.0)
#: Seconds, give or take a half, after which a peer looks whether a gateway that it prefers is back.
_HOME: Final = 600.0
#: Seconds for which a gateway is left alone that sends what no gateway sends.
_FAULTY: Final = 60.0
#: Bytes of a gateway's own word, frames of one message, and bytes that wait for a gateway to read them.
_MAX_WORD: Final = 64 << 10
_FRAGMENTS: Final = 1_024
_MAX_UNSENT: Final = 4 * MAX_MESSAGE
_log = logging.getLogger(__name__)

#: Makes the greeting from the gateway's challenge and its name.
Greeting = Callable[[bytes, str], bytes]


def gateway_urls(url: str, *, insecure: bool = False) -> tuple[str, str]:
    """Returns the URLs of a gateway for connections and for files: ``wss://…/peers`` and ``https://…``.

    Args:
        url: as people write it: ``https://host[:port]``, ``wss://…``, or ``http://`` on this machine.
        insecure: also take ``http://`` to other machines.

    Raises:
        ConfigError: it is no such URL.
    """
    parts = urlsplit(url)
    secure = {"https": True, "wss": True, "http": False, "ws": False}.get(parts.scheme)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        secure = None
    if secure is None or not parts.hostname:
        raise ConfigError(
            f"{public_url(url)!r} is not a gateway's URL; write https://host or https://host:port"
        )
    if parts.username or parts.password or parts.query or parts.fragment or parts.path.strip("/"):
        raise ConfigError(f"a gateway's URL has a host and a port only: {public_url(url)}")
    local = parts.hostname in ("localhost", "::1") or parts.hostname.startswith("127.")
    if not secure and not local and not insecure:
        raise ConfigError(
            f"{public_url(url)} is not encrypted; use https://, since everybody on the way could read along"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{host}{port}"
    return (
        (f"wss://{place}{PATH}", f"https://{place}") if secure else (f"ws://{place}{PATH}", f"http://{place}")
    )


def gateway_name(url: str) -> str:
    """Returns what a greeting calls a gateway: ``host:port``, lower case, the port always there."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class LinkRefused(Exception):
    """The gateway does not take this peer; the text says why."""

    def __init__(self, why: str, retry: float) -> None:
        super().__init__(why)
        self.retry = retry


class GatewayFaulty(Exception):
    """The gateway sent what no gateway sends; the text says what."""


class _Bounded(ClientConnection):
    """Does not follow a gateway elsewhere, and takes neither endless fragments nor pings without reading."""

    _frames = 0

    async def handshake(self, *args: Any, **more: Any) -> None:
        try:
            await super().handshake(*args, **more)
        except InvalidStatus as bad:
            raise InvalidHandshake(f"HTTP {bad.response.status_code}") from None

    def process_event(self, event: Event) -> None:
        opcode = getattr(event, "opcode", None)
        if opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._frames = 0 if getattr(event, "fin", True) else self._frames + 1
            if self._frames > _FRAGMENTS:
                self.transport.abort()
                return
        super().process_event(event)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Pings are answered at once, whether or not the other side reads.
        if self.transport.get_write_buffer_size() > _MAX_UNSENT:
            self.transport.abort()


class _Way:
    """One of a link's gateways, and when it may be dialled."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.not_before = 0.0
        self._pause = _FIRST_PAUSE

    def served(self) -> None:
        """It was connected for long enough to count as well."""
        self._pause = _FIRST_PAUSE

    def failed(self, retry: float = 0.0) -> None:
        """Not again for a while, which grows. Many peers that lost it at once must not come back at once."""
        pause = max(retry, self._pause) * random.uniform(0.5, 1.0)
        self.not_before = time.monotonic() + pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def forgiven(self) -> None:
        """It may be dialled at once."""
        self.not_before, self._pause = 0.0, _FIRST_PAUSE


class Link:
    """Keeps a connection to one of some gateways.

    Args:
        urls: the gateways', as `gateway_urls` makes them, the preferred first.
        greet: makes the greeting.
        on_message: called with each signed message's bytes.
        on_control: called with what the gateway says itself.
        on_state: called with True when the gateway has welcomed this peer, and with False when it is gone.
        context: for TLS; default: the system's authorities.
        rate: messages a second that are taken from a gateway; what comes faster waits there.
        burst: how many at once.
        shared: whether several processes may use the key, which a gateway has one connection of: then each
            takes its turn after some seconds.
    """

    def __init__(
        self,
        urls: Sequence[str],
        greet: Greeting,
        on_message: Callable[[bytes], Awaitable[None]],
        on_control: Callable[[dict[str, Any]], Awaitable[None]],
        on_state: Callable[[bool], None],
        context: ssl.SSLContext | None = None,
        *,
        rate: float = 500.0,
        burst: float = 5_000.0,
        shared: bool = False,
    ) -> None:
        self._ways = [_Way(url) for url in urls]
        self._greet = greet
        self._on_message = on_message
        self._on_control = on_control
        self._on_state = on_state
        self._context = context
        self._rate, self._burst, self._shared = rate, burst, shared
        self._socket: ClientConnection | None = None
        self._sending = asyncio.Lock()
        self._attempt: asyncio.Task[None] | None = None
        self._redials = False
        self._leaves = False
        self._was_connected = False
        self.problem: str | None = "not connected yet"
        #: Whether another process of the key has its turn now, and this one will.
        self.in_turn = False
        self.url: str | None = None

    @property
    def connected(self) -> bool:
        """Whether the gateway has welcomed this peer."""
        return self._socket is not None

    async def send(self, make: Callable[[], bytes | str]) -> bool:
        """Sends a message; False when there is no connection, or it broke meanwhile.

        Args:
            make: makes it when its turn has come. A gateway ends a connection whose numbers do not grow, so a
                message is numbered where nothing can overtake it.
        """
        async with self._sending:
            if (socket := self._socket) is None:
                return False
            data = make()
            try:
                async with asyncio.timeout(_PATIENCE):
                    await socket.send(data)
            except TimeoutError:
                # It does not read; what waits for it would only grow.
                socket.transport.abort()
                return False
            except (WebSocketException, OSError):
                return False
            return True

    def redial(self) -> None:
        """Ends the connection and dials again, the first gateway first."""
        for way in self._ways:
            way.forgiven()
        self._redials = True
        if self._attempt is not None:
            self._attempt.cancel()

    def leave(self) -> None:
        """Goes to another of its gateways, if there are several: this one is not dialled for a while."""
        if self._socket is not None and len(self._ways) > 1:
            self._leaves = True
            self._socket.transport.abort()

    async def run(self) -> None:
        """Dials, and dials again, until it is cancelled."""
        while True:
            way = min(self._ways, key=lambda way: max(way.not_before, time.monotonic()))
            wait = way.not_before - time.monotonic()
            self._attempt = asyncio.create_task(self._tried(way, wait))
            try:
                await self._attempt
            except asyncio.CancelledError:
                if not self._redials:
                    raise
            # An attempt may end well although this task, and so the attempt, was cancelled.
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise asyncio.CancelledError
            self._redials = False

    async def _tried(self, way: _Way, wait: float) -> None:
        if self._was_connected:
            # All peers of a gateway lose it at once, and must not be at the next one at once.
            wait, self._was_connected = max(wait, random.uniform(*_SPREAD)), False
        if wait > 0:
            await asyncio.sleep(wait)
        self.in_turn = False
        shown, began, retry = public_url(way.url), time.monotonic(), 0.0
        try:
            await self._once(way)
            self.problem = f"{shown} ended the connection"
        except LinkRefused as bad:
            self.problem, retry = f"{shown} refuses this peer: {bad}", bad.retry
        except GatewayFaulty as bad:
            self.problem, retry = f"{shown} does not behave as a gateway does: {bad}", _FAULTY
        except ConnectionClosed as bad:
            self.problem, retry = _closed(shown, bad, shared=self._shared)
            if retry == _TURN:
                self.in_turn = True
                # Of many processes each waits for longer, or the gateway would refuse the key.
                if time.monotonic() - began > _TURN / 3:
                    way.served()
        except (WebSocketException, OSError, TimeoutError, ValueError) as bad:
            self.problem = f"no connection to {shown}: {str(bad) or type(bad).__name__}"
        except Exception as bad:
            # Whatever a gateway sends, dialling goes on.
            self.problem, retry = f"{shown} sent what cannot be read: {type(bad).__name__}", _FAULTY
            _log.error("%s", self.problem, exc_info=bad)
        if self._leaves:
            self.problem, retry, self._leaves = f"{shown} lets nothing through", _FAULTY, False
        _log.info("%s", self.problem)
        if time.monotonic() - began > _LONGEST_PAUSE:
            way.served()
        way.failed(retry)

    async def _once(self, way: _Way) -> None:
        async with self._dialled(way.url) as socket:
            async with asyncio.timeout(_PATIENCE):
                welcome = await self._welcomed(socket, gateway_name(way.url))
            home = asyncio.create_task(self._go_home(way, socket))
            self._socket, self.problem, self.url = socket, None, way.url
            self._was_connected = True
            try:
                self._on_state(True)
                await self._read(socket, welcome)
            finally:
                home.cancel()
                self._socket = None
                self._on_state(False)

    def _dialled(self, url: str) -> connect:
        return connect(
            url,
            ssl=(self._context or tls()) if url.startswith("wss:") else None,
            compression=None,
            create_connection=_Bounded,
            max_size=MAX_MESSAGE,
            max_queue=8,
            open_timeout=_PATIENCE,
            ping_interval=_PING,
            ping_timeout=_PING,
            close_timeout=2.0,
        )

    async def _read(self, socket: ClientConnection, welcome: dict[str, Any]) -> None:
        bucket = Bucket(self._rate, self._burst / self._rate)
        await self._on_control(welcome)
        async for data in socket:
            if (seconds := bucket.owe()) > 0:
                # Whoever sends faster waits, and this side's processor is not theirs.
                await asyncio.sleep(seconds)
            if isinstance(data, bytes):
                await self._on_message(data)
            else:
                await self._on_control(_control(data))

    async def _welcomed(self, socket: ClientConnection, name: str) -> dict[str, Any]:
        challenge = _control(await socket.recv())
        if "refused" in challenge:
            raise _refusal(challenge)
        if challenge.get("protocol") != 1:
            raise LinkRefused("it speaks another version of the protocol: update", _LONGEST_PAUSE)
        value = challenge.get("challenge")
        if not isinstance(value, str) or len(value) != 64:
            raise GatewayFaulty("its challenge is none")
        await socket.send(self._greet(bytes.fromhex(value), name))
        answer = _control(await socket.recv())
        if "refused" in answer:
            raise _refusal(answer)
        if "welcome" not in answer:
            raise GatewayFaulty("it neither welcomes nor refuses")
        return answer

    async def _go_home(self, way: _Way, socket: ClientConnection) -> None:
        """Goes back to a gateway that comes before this one, once it answers: so load spreads again."""
        while True:
            await asyncio.sleep(_HOME * random.uniform(0.5, 1.5))
            now = time.monotonic()
            for better in self._ways[: self._ways.index(way)]:
                if better.not_before <= now and await self._answers(better.url):
                    better.forgiven()
                    _log.info("goes back to %s", public_url(better.url))
                    await socket.close()
                    return
                better.failed()

    async def _answers(self, url: str) -> bool:
        with contextlib.suppress(WebSocketException, OSError, TimeoutError, GatewayFaulty, ValueError):
            async with self._dialled(url) as socket:
                async with asyncio.timeout(_PATIENCE):
                    return "challenge" in _control(await socket.recv())
        return False


def _refusal(word: dict[str, Any]) -> LinkRefused:
    retry = word.get("retry", 0)
    # A gateway's text goes to logs and terminals.
    why = "".join(letter for letter in str(word["refused"])[:300] if letter.isprintable())
    usable = isinstance(retry, int) and 0 <= retry <= 3_600
    return LinkRefused(why, float(retry) if usable else _LONGEST_PAUSE)


def _closed(shown: str, bad: ConnectionClosed, *, shared: bool) -> tuple[str, float]:
    """What an ended connection means, and the seconds before another try."""
    reason = bad.rcvd.reason if bad.rcvd is not None else ""
    if reason == "replaced":
        return f"{shown}: another process connects with this key", _TURN if shared else _LONGEST_PAUSE
    text = "".join(letter for letter in reason if letter.isprintable())
    return f"{shown} ended the connection{f': {text}' if text else ''}", 0.0


def _control(data: str | bytes) -> dict[str, Any]:
    if isinstance(data, bytes):
        raise GatewayFaulty("it sent a message where its own word was due")
    if len(data) > _MAX_WORD:
        raise GatewayFaulty(f"a word of {len(data)} letters")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise GatewayFaulty("its word is not JSON") from None
    if not isinstance(value, dict):
        raise GatewayFaulty("its word is not an object")
    return value
