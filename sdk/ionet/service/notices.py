"""Tells the owner of a machine what they must know, by an HTTP request to a URL of theirs.

Each event is one POST of a JSON document::

    {"id": "…", "event": "job-began", "node": "…", "text": "…", "time": 1800000000, "dropped": 0}

``id`` is the same when a delivery is repeated, ``time`` is the chain's in Unix seconds, and ``dropped`` says
how many events were lost before this one. No secret is in it. With a secret that the receiver has as well,
each try is signed as https://www.standardwebhooks.com says, by the machine's clock. A receiver that is slow,
away or broken never holds the worker up: events wait in a short queue, the oldest are dropped, and each is
tried a few times only.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from ionet.chain.rpc.urls import keep_secret, public_url
from ionet.formats.text import printable
from ionet.service.settings import check_notify

_log = logging.getLogger(__name__)
#: Events that wait; with more, the oldest are dropped.
QUEUE: Final = 64
#: Tries for one event, and the seconds before the second; each further wait is four times as long.
ATTEMPTS: Final = 5
PAUSE: Final = 1.0
#: Seconds for one try, and for what is left when the worker ends.
_TIMEOUT: Final = 10.0
_GRACE: Final = 5.0
#: Characters of a text.
_LONGEST: Final = 1_000
_BUSY: Final = 429


@dataclass(frozen=True, slots=True)
class Notice:
    """One event.

    Attributes:
        id: names it, also when it is delivered again.
        event: its kind, in lower case with hyphens.
        node: the node's address or the device's id; empty for the whole machine.
        text: a sentence or two for the owner.
        time: Unix seconds of the chain.
    """

    id: str
    event: str
    node: str
    text: str
    time: int


def signature(secret: bytes, name: str, at: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows who sent something, and when (Standard Webhooks).

    Args:
        secret: which the receiver has, too.
        name: the event's id.
        at: Unix seconds.
        body: what is sent.
    """
    said = hmac.new(secret, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(said).decode()}",
    }


class Notifier:
    """Delivers events to one URL, in order, as long as it is entered as an async context.

    Args:
        url: `https`, or `http` to this machine; None: nobody wants to know.
        now: returns the chain's time; by default the machine's.
        pause: seconds before an event is tried again for the first time.
        transport: for tests of certificates and the like; by default httpx's own.
        secret: signs what is sent; None: nothing does.

    Raises:
        ConfigError: another kind of URL.
    """

    def __init__(
        self,
        url: str | None,
        *,
        now: Callable[[], int] = lambda: int(time.time()),
        pause: float = PAUSE,
        transport: httpx.AsyncBaseTransport | None = None,
        secret: bytes | None = None,
    ) -> None:
        self._secret = secret
        self._url = None if url is None else check_notify(url)
        if self._url is not None:
            keep_secret(self._url)
        self._now = now
        self._pause = pause
        self._transport = transport
        self._waiting: deque[Notice] = deque()
        self._some, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._dropped = 0
        self._task: asyncio.Task[None] | None = None
        #: Why the latest event could not be delivered, for the worker's status; None if it could.
        self.problem: str | None = None

    def tell(self, event: str, node: str, text: str, at: int | None = None) -> None:
        """Queues an event and returns at once; does nothing if nobody wants to know.

        Args:
            event: its kind, in lower case with hyphens.
            node: the node's address or the device's id; empty for the whole machine.
            text: a sentence or two; what does not print is replaced.
            at: Unix seconds of the chain; by default now.
        """
        if self._url is None:
            return
        text = printable(text, lines=True)[:_LONGEST]
        self._waiting.append(
            Notice(secrets.token_hex(8), event, node, text, self._now() if at is None else at)
        )
        while len(self._waiting) > QUEUE:
            self._waiting.popleft()
            self._dropped += 1
        self._idle.clear()
        self._some.set()

    async def __aenter__(self) -> Notifier:
        if self._url is not None:
            self._task = asyncio.create_task(self._deliver(self._url))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Gives what waits a few seconds, and ends."""
        if self._task is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await self._idle.wait()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _deliver(self, url: str) -> None:
        # A redirect could lead anywhere, also away from TLS: none is followed.
        async with httpx.AsyncClient(
            timeout=_TIMEOUT, follow_redirects=False, transport=self._transport
        ) as client:
            while True:
                await self._some.wait()
                self._some.clear()
                while self._waiting:
                    notice = self._waiting.popleft()
                    self.problem = await self._try(client, url, notice)
                    if self.problem is not None:
                        _log.warning(
                            "%s cannot be told of %s: %s", public_url(url), notice.event, self.problem
                        )
                        self._dropped += 1
                self._idle.set()

    async def _try(self, client: httpx.AsyncClient, url: str, notice: Notice) -> str | None:
        """Returns why an event was not delivered, after all tries; None if it was."""
        dropped, why = self._dropped, ""
        content = {**{name: getattr(notice, name) for name in Notice.__slots__}, "dropped": dropped}
        body = json.dumps(content, ensure_ascii=False).encode()
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(self._pause * 4 ** (attempt - 1))
            try:
                async with client.stream(
                    "POST", url, content=body, headers=self._headers(notice, body)
                ) as answer:
                    status = answer.status_code  # nobody reads what it says besides
            except httpx.HTTPError as bad:
                why = f"no answer ({type(bad).__name__})"
                continue
            if 200 <= status < 300:
                self._dropped -= dropped
                return None
            why = f"it answers {status}"
            if status < 500 and status != _BUSY:
                break  # the same request will be refused again
        return why

    def _headers(self, notice: Notice, body: bytes) -> dict[str, str]:
        kind = {"content-type": "application/json"}
        if self._secret is None:
            return kind
        return {**kind, **signature(self._secret, notice.id, int(time.time()), body)}
