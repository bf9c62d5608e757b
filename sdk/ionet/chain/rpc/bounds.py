"""Answers within bounds: in the time that they may take altogether, and no larger than they may be.

The waits of httpx are each for the next bytes alone, and what is compressed grows when it is unpacked.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Final

import httpcore
import httpx

#: Bytes of an answer, unpacked.
LARGEST: Final = 64 << 20
#: What is asked for: nothing else is unpacked.
ENCODING: Final = {"accept-encoding": "gzip"}


class TooLarge(Exception):
    """There is more than there may be."""


class Unpacking:
    """An answer's body as it comes.

    Args:
        encoding: as the answer's headers name it.
        most: bytes, unpacked.

    Raises:
        DecodingError: the encoding is not the one that was asked for.
    """

    def __init__(self, encoding: str, most: int = LARGEST) -> None:
        if encoding.lower() not in ("", "identity", "gzip"):
            raise httpx.DecodingError("its encoding is not the one that was asked for")
        self._unpack = zlib.decompressobj(31) if encoding.lower() == "gzip" else None
        self._most = most
        self._came = self._size = 0

    def take(self, part: bytes) -> bytes:
        """What came next, unpacked.

        Raises:
            TooLarge: more than may be.
            DecodingError: it cannot be unpacked.
        """
        self._came += len(part)
        if self._unpack is not None:
            try:
                part = b"" if self._unpack.eof else self._unpack.decompress(part, self._most + 1 - self._size)
            except zlib.error as bad:
                raise httpx.DecodingError(f"it cannot be unpacked: {bad}") from bad
        self._size += len(part)
        if max(self._came, self._size) > self._most:
            raise TooLarge
        return part

    def end(self) -> None:
        """Nothing more comes.

        Raises:
            DecodingError: the end is missing.
        """
        if self._unpack is not None and not self._unpack.eof:
            raise httpx.DecodingError("its end is missing")


class AsyncBounds:
    """One limit for all waits of a request."""

    @staticmethod
    def keep(client: httpx.AsyncClient) -> httpx.AsyncClient:
        """The client; its waits can be ended."""
        return client

    @staticmethod
    def within(seconds: float) -> AbstractAsyncContextManager[Any]:
        """What is done in it raises `TimeoutError` when it takes longer."""
        return asyncio.timeout(seconds)


#: The moment (`time.monotonic`) at which the present request has to be done.
_UNTIL: Final[ContextVar[float | None]] = ContextVar("until", default=None)


class Bounds:
    """One limit for all waits of a request."""

    @staticmethod
    def keep(client: httpx.Client) -> httpx.Client:
        """The client, each of whose waits ends with the request's time."""
        for transport in (client._transport, *client._mounts.values()):
            pool = getattr(transport, "_pool", None)
            if pool is not None:
                pool._network_backend = _Backend(pool._network_backend)
        return client

    @staticmethod
    @contextmanager
    def within(seconds: float) -> Iterator[None]:
        """What is done in it by a client that keeps the bounds raises `TimeoutError` when it takes longer."""
        until = time.monotonic() + seconds
        token = _UNTIL.set(until)
        try:
            yield
        except (httpx.ReadTimeout, httpx.WriteTimeout) as bad:
            if time.monotonic() < until:
                raise
            raise TimeoutError from bad
        finally:
            _UNTIL.reset(token)


def _left(timeout: float | None) -> float | None:
    """Seconds for the next wait."""
    until = _UNTIL.get()
    if until is None:
        return timeout
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for the whole answer is over")
    return left if timeout is None else min(left, timeout)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **more: Any
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(host, port, timeout, *args, **more))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, *args: Any, **more: Any
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_unix_socket(path, timeout, *args, **more))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


@contextmanager
def download(
    client: httpx.Client, url: str, *, seconds: float, most: int, headers: dict[str, str] | None = None
) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Gives the status and the parts of what is at a URL.

    Args:
        client: asks; one that keeps the bounds.
        url: where.
        seconds: for all of it.
        most: bytes.
        headers: sent with the request.

    Raises:
        HTTPError: there is no answer.
        TimeoutError: it takes longer.
        TooLarge: it is larger.
    """
    with Bounds.within(seconds), client.stream("GET", url, headers={**ENCODING, **(headers or {})}) as answer:
        yield answer.status_code, _parts(answer, most)


def _parts(answer: httpx.Response, most: int) -> Iterator[bytes]:
    body = Unpacking(answer.headers.get("content-encoding", ""), most)
    for part in answer.iter_raw():
        yield body.take(part)
    body.end()
