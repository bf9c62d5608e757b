"""What browsers ask ports of 127.0.0.1: pages of other sites can, and are kept out.

A page of another site sends a request of its own, or has its name lead to 127.0.0.1 (DNS rebinding). A
browser says with each which page asks, and under which name.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
from collections.abc import Callable
from typing import Final

_HEAD_SECONDS: Final = 30.0
_MOST: Final = 64 << 10
#: How a request begins: a method, and a space. A browser sends these at once.
_METHOD: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64} ")
_LINE: Final = re.compile(rb".* HTTP/1\.[01]\r?\n", re.DOTALL)
_ELSEWHERE: Final = "this is asked for by a page of another site"

Head = tuple[bytes, list[tuple[bytes, str, str]]]


def _parsed(head: bytes) -> Head:
    """A request's first line, and its headers: each as it came, its name, and its value.

    Raises:
        ValueError: it cannot be read.
    """
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(b":")
        if not name or name != name.strip():
            raise ValueError("a header that cannot be read")
        headers.append((line, name.lower().decode("latin-1"), value.strip().decode("latin-1")))
    return first, headers


async def _answered(
    head: bytes, writer: asyncio.StreamWriter, rewritten: Callable[[bytes, int], bytes]
) -> bytes | None:
    """Returns what is sent instead of a head; None: it has been refused."""
    try:
        return rewritten(head, writer.get_extra_info("sockname")[1])
    except ValueError as bad:
        text = f"{bad}\n".encode()
        answer = f"HTTP/1.1 403 Forbidden\r\ncontent-length: {len(text)}\r\nconnection: close\r\n\r\n"
        writer.write(answer.encode() + text)
        with contextlib.suppress(OSError):
            await writer.drain()
        return None


class TokenHeader:
    """Adds Ray's token to what programs and pages of this machine ask the dashboard.

    Pages of other sites get nothing: a browser says where a page is from, and under which name it asks.

    Args:
        token: Ray's; empty: there is none.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
        """Returns the request's head with the token; None: it has been refused."""
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError):
            return None
        return await _answered(head, writer, self._rewritten)

    def _rewritten(self, head: bytes, port: int) -> bytes:
        """Raises ValueError: it is not this machine's own."""
        first, headers = _parsed(head)
        hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        if [value for _, name, value in headers if name == "host"] not in [[host] for host in hosts]:
            raise ValueError("this is asked for by another name than 127.0.0.1")
        origins = {f"http://{host}" for host in hosts}
        if any(value not in origins for _, name, value in headers if name == "origin"):
            raise ValueError(_ELSEWHERE)
        sites = [value for _, name, value in headers if name == "sec-fetch-site"]
        if any(value not in ("same-origin", "none") for value in sites):
            raise ValueError(_ELSEWHERE)
        upgrade = any(name == "upgrade" for _, name, _ in headers)
        # A browser's cookies of 127.0.0.1 are of all its ports, other clusters' and other programs', too.
        drop = {"authorization", "x-ray-authorization", "cookie"}
        drop |= set() if upgrade else {"connection", "keep-alive"}
        kept = [line for line, name, _ in headers if name not in drop]
        # One request a connection: the next one is looked at as well.
        kept += [] if upgrade else [b"Connection: close"]
        kept += [f"Authorization: Bearer {self._token}".encode()] if self._token else []
        return b"\r\n".join((first, *kept, b"", b""))


class OwnPages:
    """Lets through whatever programs of this machine send, and of what browsers ask what its own pages ask.

    Of a connection that a page has begun there is one request: another page's could come after it.
    """

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
        """Returns how the connection begins; None: it has been refused."""
        try:
            data = await reader.read(_MOST)
            async with asyncio.timeout(_HEAD_SECONDS):
                while data and _METHOD.match(data) and not _is_whole(data):
                    part = await reader.read(_MOST)
                    if not part or len(data) > _MOST:
                        return None
                    data += part
        except (TimeoutError, OSError):
            return None
        end = data.find(b"\r\n\r\n") + 4
        if not _LINE.fullmatch(data[: data.find(b"\n") + 1]) or end < 4:
            return data
        head = await _answered(data[:end], writer, self._rewritten)
        return None if head is None else head + data[end:]

    def _rewritten(self, head: bytes, port: int) -> bytes:
        """Raises ValueError: a page of another site asks."""
        first, headers = _parsed(head)
        hosts = [value for _, name, value in headers if name == "host"]
        if len(hosts) > 1 or not all(_is_here(host) for host in hosts):
            raise ValueError("this is asked for by another name than 127.0.0.1")
        origins = [value for _, name, value in headers if name == "origin"]
        if not all(_is_here(value.partition("://")[2]) for value in origins):
            raise ValueError(_ELSEWHERE)
        sites = [value for _, name, value in headers if name == "sec-fetch-site"]
        if not origins and any(value not in ("same-origin", "same-site", "none") for value in sites):
            raise ValueError(_ELSEWHERE)
        if not (origins or sites) or any(name == "upgrade" for _, name, _ in headers):
            return head
        kept = [line for line, name, _ in headers if name not in ("connection", "keep-alive")]
        return b"\r\n".join((first, *kept, b"Connection: close", b"", b""))


def _is_whole(data: bytes) -> bool:
    """Whether these bytes are no request, or all of its head is there."""
    line, end, _ = data.partition(b"\n")
    return bool(end) and (not _LINE.fullmatch(line + end) or b"\r\n\r\n" in data)


def _is_here(host: str) -> bool:
    """Whether `HOST[:PORT]` is an address, or a name that no site can have lead anywhere."""
    name = re.sub(r":\d*$", "", host).strip("[]")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
