"""One connection to a gateway, dialled again whenever it breaks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from ionet.chain.errors import ConfigError
from ionet.chain.rpc.tls import tls
from ionet.chain.rpc.urls import public_url
from ionet.wire._message import MAX_MESSAGE

#: The path at a gateway where peers connect.
PATH: Final = "/peers"
_PATIENCE: Final = 10.0
_PING: Final = 20.0
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 60.0
_log = logging.getLogger(__name__)

#: Makes the greeting from the gateway's challenge.
Greeting = Callable[[bytes], bytes]


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


class LinkRefused(Exception):
    """The gateway does not take this peer; the text says why."""

    def __init__(self, why: str, retry: float) -> None:
        super().__init__(why)
        self.retry = retry


class Link:
    """Keeps a connection to one of some gateways.

    Args:
        urls: the gateways', as `gateway_urls` makes them, in the order in which they are tried.
        greet: makes the greeting.
        on_message: called with each signed message's bytes.
        on_control: called with what the gateway says itself.
        on_state: called with True when the gateway has welcomed this peer, and with False when it is gone.
        context: for TLS; default: the system's authorities.
    """

    def __init__(
        self,
        urls: Sequence[str],
        greet: Greeting,
        on_message: Callable[[bytes], Awaitable[None]],
        on_control: Callable[[dict[str, Any]], Awaitable[None]],
        on_state: Callable[[bool], None],
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._urls = tuple(urls)
        self._greet = greet
        self._on_message = on_message
        self._on_control = on_control
        self._on_state = on_state
        self._context = context
        self._socket: ClientConnection | None = None
        self.problem: str | None = "not connected yet"
        self.url: str | None = None

    @property
    def connected(self) -> bool:
        """Whether the gateway has welcomed this peer."""
        return self._socket is not None

    async def send(self, data: bytes | str) -> bool:
        """Sends what a message is; False when there is no connection, or it broke meanwhile."""
        socket = self._socket
        if socket is None:
            return False
        try:
            await asyncio.wait_for(socket.send(data), _PATIENCE)
        except (WebSocketException, OSError, TimeoutError):
            return False
        return True

    async def run(self) -> None:
        """Dials, and dials again, until it is cancelled."""
        pause, at = _FIRST_PAUSE, 0
        while True:
            url = self._urls[at % len(self._urls)]
            loop = asyncio.get_running_loop()
            began = loop.time()
            try:
                await self._once(url)
                self.problem = "the gateway ended the connection"
            except LinkRefused as bad:
                self.problem = f"{public_url(url)} refuses this peer: {bad}"
                pause = max(pause, bad.retry)
            except (WebSocketException, OSError, TimeoutError, ValueError) as bad:
                self.problem = f"no connection to {public_url(url)}: {_words(bad)}"
            finally:
                if self._socket is not None:
                    self._socket = None
                    self._on_state(False)
            _log.info("%s", self.problem)
            pause = _FIRST_PAUSE if loop.time() - began > _LONGEST_PAUSE else min(2 * pause, _LONGEST_PAUSE)
            at += 1
            # Many peers that lost one gateway at once must not come back at once.
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))

    async def _once(self, url: str) -> None:
        secure = (self._context or tls()) if url.startswith("wss:") else None
        async with connect(
            url,
            ssl=secure,
            compression=None,
            max_size=MAX_MESSAGE,
            max_queue=32,
            open_timeout=_PATIENCE,
            ping_interval=_PING,
            ping_timeout=_PING,
            close_timeout=2.0,
        ) as socket:
            welcome = await asyncio.wait_for(self._welcomed(socket), _PATIENCE)
            self._socket, self.problem, self.url = socket, None, url
            self._on_state(True)
            await self._on_control(welcome)
            async for data in socket:
                if isinstance(data, bytes):
                    await self._on_message(data)
                else:
                    await self._on_control(_control(data))

    async def _welcomed(self, socket: ClientConnection) -> dict[str, Any]:
        challenge = _control(await socket.recv())
        if challenge.get("protocol") != 1:
            raise LinkRefused("it speaks another version of the protocol: update", _LONGEST_PAUSE)
        value = challenge.get("challenge")
        if not isinstance(value, str) or len(value) != 64:
            raise ValueError("the gateway's challenge is none")
        await socket.send(self._greet(bytes.fromhex(value)))
        answer = _control(await socket.recv())
        if "refused" in answer:
            retry = answer.get("retry", 0)
            # A gateway's text goes to logs and terminals.
            why = "".join(c for c in str(answer["refused"])[:300] if c.isprintable())
            raise LinkRefused(why, min(float(retry), 3_600.0) if isinstance(retry, int) else 0.0)
        return answer


def _control(data: str | bytes) -> dict[str, Any]:
    if isinstance(data, bytes):
        raise ValueError("the gateway sent a message where its own word was due")
    value = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("the gateway's own word is not an object")
    return value


def _words(bad: BaseException) -> str:
    text = str(bad) or type(bad).__name__
    with contextlib.suppress(AttributeError):
        text = f"{text}: {bad.rcvd.reason}" if bad.rcvd and bad.rcvd.reason else text  # type: ignore[attr-defined]
    return text
