"""What stands before an explorer's application: limits, security headers, ETags.

Nothing here knows what the application serves, so that other services for people can stand behind it.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import json
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ionet.service.bounds import Bounds

#: Svelte makes its elements from templates, under a policy of this name.
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types svelte-trusted-html",
    )
)
HEADERS: Final = {
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_REVALIDATE: Final = "no-cache"
_STREAM: Final = "text/event-stream"
_JSON: Final = "application/json"
#: Files of strangers: sent as they come, never shown, and without rights where a browser opens one.
FILE: Final = "application/octet-stream"
_FILE_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
#: Bytes that an answer takes beside its body, about.
_OVERHEAD: Final = 2_048
#: How often a reader waits for the answer to somebody else, which may not be kept.
_WAITS: Final = 3
#: Below it answers are made from what has a version.
_API: Final = "/api/v1/"


@dataclass(slots=True)
class Counters:
    """What has happened, for metrics.

    Attributes:
        answers: by status.
        refused: by reason.
        seconds: spent on answers.
    """

    answers: Counter[int] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    reason: str
    sentence: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken at a path by POST.

    Attributes:
        most: bytes of a body.
        seconds: in which it has to come.
        type: of it.
        whole: whether it is gathered before the application is asked; otherwise it is given as it comes.
        read: whether the path is read, too.
    """

    most: int
    seconds: float
    type: str = _JSON
    whole: bool = True
    read: bool = False


class Guard:
    """Refuses what goes beyond the bounds, and marks what the application answers.

    Args:
        app: the application.
        bounds: what is taken.
        counters: what has happened.
        clock: seconds that only grow.
        streams: paths whose answers have no end.
        takes: what a path takes by POST, of the pages of this host, or of a program that names a key of its
            own (`Authorization`, which no page of another host can send); None: it is only read.
        version: of what answers are made from: while it is the same, so are they. None: none is kept.
    """

    def __init__(
        self,
        app: ASGIApp,
        bounds: Bounds,
        counters: Counters,
        clock: Callable[[], float] = time.monotonic,
        streams: frozenset[str] = frozenset(),
        takes: Callable[[str], Taken | None] = lambda path: None,
        version: Callable[[], object] | None = None,
    ) -> None:
        self._streams = streams
        self._takes = takes
        self._version = version
        self._kept = _Kept(bounds.kept)
        #: Answers that are being made, and who waits for them.
        self._making: dict[tuple[bytes, bytes], asyncio.Event] = {}
        self._app = app
        self._bounds = bounds
        self._counters = counters
        self._clock = clock
        self._rates = Rates(bounds.per_second, bounds.at_once, bounds.addresses, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        began = self._clock()
        answer = _Answer(scope, send, self._counters)
        if (refusal := self._refusal(scope)) is not None:
            self._counters.refused[refusal.reason] += 1
            await answer.refuse(refusal)
        else:
            await self._ask(scope, receive, answer)
        if not answer.streams:
            self._counters.seconds += self._clock() - began

    async def _ask(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        if scope["method"] == "POST":
            taken = self._takes(scope["path"])
            assert taken is not None
            if not taken.whole:
                await self._app(scope, _before(receive, self._clock, taken.seconds), answer.take)
                return
            if (body := await _body(receive, taken)) is None:
                sentence = f"a body here comes within {taken.seconds:g} seconds"
                await answer.refuse(_Refusal(408, "body", sentence, (("connection", "close"),)))
                return
            await self._app(scope, _given(body, receive), answer.take)
            return
        # An answer to HEAD is one to GET without its body.
        scope = {**scope, "method": "GET"}
        path = scope["path"]
        if self._version is None or not path.startswith(_API) or path in self._streams:
            await self._app(scope, receive, answer.take)
            return
        key = (scope.get("raw_path") or b"", bytes(scope["query_string"]))
        for _ in range(_WAITS):
            # What is made from now on may be newer than this, which harms nobody.
            version = self._version()
            if (kept := self._kept.find(key, version)) is not None:
                await answer.repeat(kept)
                return
            if (making := self._making.get(key)) is None:
                break
            # Whoever asks for the same waits for it, rather than make it once more.
            await making.wait()
        made = self._making.setdefault(key, asyncio.Event())
        answer.keep = lambda whole: self._kept.add(key, version, whole)
        try:
            await self._app(scope, receive, answer.take)
        finally:
            made.set()
            if self._making.get(key) is made:
                del self._making[key]

    def _refusal(self, scope: Scope) -> _Refusal | None:
        bounds, query = self._bounds, bytes(scope["query_string"])
        if len(scope.get("raw_path") or b"") + len(query) > bounds.url:
            return _Refusal(414, "url", f"an address has at most {bounds.url:,} bytes")
        headers = Headers(scope=scope)
        taken = self._takes(scope["path"])
        if taken is not None and not (taken.read and scope["method"] in {"GET", "HEAD"}):
            if (refusal := _posted(scope, headers, taken)) is not None:
                return refusal
        elif scope["method"] not in {"GET", "HEAD"}:
            sentence = f"{scope['method']} changes something, and here is only something to read: use GET"
            return _Refusal(405, "method", sentence, (("allow", "GET, HEAD"),))
        if scope["method"] == "HEAD" and scope["path"] in self._streams:
            return _Refusal(405, "method", "this answer has no end: use GET", (("allow", "GET"),))
        posts = scope["method"] == "POST"
        if not posts and (headers.get("content-length", "0") != "0" or "transfer-encoding" in headers):
            return _Refusal(413, "body", "a request here has no body")
        # As the application reads it, however its letters are written.
        words = parse_qs(query.decode("latin-1"), keep_blank_values=True) if query else {}
        cost = bounds.past if posts or "at" in words else 1
        if (wait := self._rates.take(address_of(scope), cost)) > 0:
            sentence = f"too many requests: {bounds.per_second} a second are answered; wait {wait} s"
            return _Refusal(429, "rate", sentence, (("retry-after", str(wait)),))
        return None


def _posted(scope: Scope, headers: Headers, taken: Taken) -> _Refusal | None:
    if scope["method"] != "POST":
        return _Refusal(405, "method", "here is only something to send: use POST", (("allow", "POST"),))
    # Browsers say of each POST whose page sends it; other programs say it too, or whose key they have.
    host = headers.get("host", "")
    ours = host and headers.get("origin") in {f"http://{host}", f"https://{host}"}
    if not ours and ("origin" in headers or "authorization" not in headers):
        return _Refusal(403, "origin", "a POST is taken from this host's own pages: name it as Origin")
    if headers.get("content-type", "").partition(";")[0].strip().lower() != taken.type:
        return _Refusal(415, "type", f"a body here is {taken.type}")
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdecimal()) or "transfer-encoding" in headers:
        return _Refusal(411, "body", "a request with a body says its length")
    if len(length) > 12 or int(length) > taken.most:
        return _Refusal(413, "body", f"a body here has at most {taken.most:,} bytes")
    return None


async def _body(receive: Receive, taken: Taken) -> bytes | None:
    """A request's body, whose length was looked at; None: it does not come, or not whole."""
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(taken.seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                parts.append(message.get("body", b""))
                if sum(map(len, parts)) > taken.most:
                    return None
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        return None


def _before(receive: Receive, clock: Callable[[], float], seconds: float) -> Receive:
    """Gives a body as it comes, whose length HTTP keeps to; one that drips is as good as broken off."""
    until = clock() + seconds

    async def give() -> Message:
        try:
            async with asyncio.timeout(max(0.0, until - clock())):
                return await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}

    return give


def _given(body: bytes, receive: Receive) -> Receive:
    """Gives a body that has come as a whole, and then what comes after it."""
    left = [body]

    async def give() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return give


class Rates:
    """How many requests each address may still send: a bucket each, the longest unused ones forgotten.

    Args:
        per_second: that a bucket fills by.
        at_once: that a full one has.
        addresses: that are remembered.
        clock: seconds.
    """

    def __init__(self, per_second: float, at_once: int, addresses: int, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._at_once = at_once
        self._addresses = addresses
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, cost: int) -> int:
        """Takes a request; returns the whole seconds to wait, 0: it is taken."""
        now, rate, most = self._clock(), self._per_second, self._at_once
        left, at = self._left.pop(address, (float(most), now))
        # A clock that is set back gives nothing, and takes nothing.
        left = min(most, left + max(0.0, now - at) * rate)
        taken = left >= cost
        self._left[address] = (left - cost if taken else left, now)
        if len(self._left) > self._addresses:
            self._left.popitem(last=False)
        return 0 if taken else max(1, math.ceil((cost - left) / rate))


@dataclass(frozen=True, slots=True)
class _Whole:
    """An answer with all that goes with it.

    Attributes:
        status: of HTTP.
        headers: as they are sent.
        etag: or empty: it has none.
        body: for all who ask with GET.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    etag: str
    body: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return len(self.body) + _OVERHEAD


class _Kept:
    """Answers that many readers want, of one version of what they are made from.

    Args:
        most: bytes of their bodies together.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._version: object = None
        self._answers: OrderedDict[tuple[bytes, bytes], _Whole] = OrderedDict()
        self._size = 0

    def find(self, key: tuple[bytes, bytes], version: object) -> _Whole | None:
        """An answer of this version."""
        if version != self._version:
            self._version, self._size = version, 0
            self._answers.clear()
        return self._answers.get(key)

    def add(self, key: tuple[bytes, bytes], version: object, whole: _Whole) -> None:
        """Keeps an answer; those kept first go first."""
        if version != self._version or key in self._answers or whole.size > self._most // 16:
            return
        self._answers[key] = whole
        self._size += whole.size
        while self._size > self._most:
            _, first = self._answers.popitem(last=False)
            self._size -= first.size


def address_of(scope: Scope) -> str:
    """Whom a request counts for: an IPv4 address, or an IPv6 network of 64 bits."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if address.version == 6:
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


class _Answer:
    """An answer on its way out: whole, with its ETag, or as 304 if the reader has it; or as it comes."""

    def __init__(self, scope: Scope, send: Send, counters: Counters) -> None:
        self._scope = scope
        self._send = send
        self._counters = counters
        self._start: Message = {}
        self._parts: list[bytes] = []
        #: Whether it is sent as it comes.
        self.streams = False
        #: Told of an answer that may be repeated.
        self.keep: Callable[[_Whole], None] | None = None

    async def refuse(self, refusal: _Refusal) -> None:
        """Answers with a sentence."""
        body = json.dumps({"error": {"message": refusal.sentence}}).encode()
        headers = [("content-type", "application/json"), ("cache-control", "no-store"), *refusal.headers]
        raw = [(name.encode(), value.encode()) for name, value in headers]
        await self.take({"type": "http.response.start", "status": refusal.status, "headers": raw})
        await self.take({"type": "http.response.body", "body": body})

    async def take(self, message: Message) -> None:
        """Takes what the application sends; answers are bounded, and are sent when they are whole."""
        if message["type"] == "http.response.start":
            self._start = message
            self.streams = Headers(raw=message["headers"]).get("content-type", "").startswith((_STREAM, FILE))
            if self.streams:
                await self._begin()
            return
        if self.streams:
            await self._send(message)
            return
        self._parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            await self._finish(b"".join(self._parts))

    async def _begin(self) -> None:
        start = {**self._start, "headers": list(self._start["headers"])}
        headers = MutableHeaders(raw=start["headers"])
        file = headers.get("content-type", "").startswith(FILE)
        for name, value in (_FILE_HEADERS if file else HEADERS).items():
            headers[name] = value
        if file:
            headers.setdefault("content-disposition", "attachment")
        headers["cache-control"] = "no-store"
        # Proxies that gather answers would keep it.
        headers["x-accel-buffering"] = "no"
        self._counters.answers[start["status"]] += 1
        await self._send(start)

    async def _finish(self, body: bytes) -> None:
        headers = MutableHeaders(raw=list(self._start.get("headers", ())))
        for name, value in HEADERS.items():
            headers[name] = value
        headers.setdefault("cache-control", _REVALIDATE)
        headers["content-length"] = str(len(body))
        etag = ""
        if self._start["status"] == 200 and headers["cache-control"] != "no-store":
            etag = headers["etag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        whole = _Whole(self._start["status"], headers.raw, etag, body)
        if self.keep is not None and whole.etag:
            self.keep(whole)
        await self.repeat(whole)

    async def repeat(self, whole: _Whole) -> None:
        """Answers with what is whole."""
        status, headers, body = whole.status, whole.headers, whole.body
        if whole.etag and _has(Headers(scope=self._scope).get("if-none-match", ""), whole.etag):
            status, body = 304, b""
            headers = [each for each in headers if each[0] not in (b"content-length", b"content-type")]
        if self._scope["method"] == "HEAD":
            body = b""
        self._counters.answers[status] += 1
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _has(named: str, etag: str) -> bool:
    """Whether `If-None-Match` names an ETag."""
    return any(tag.strip().removeprefix("W/") in {etag, "*"} for tag in named.split(","))
