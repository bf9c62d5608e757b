"""Requests to URLs of strangers' choice: only to the internet, whatever their names are made to mean."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

import httpx

from ionet.chain.errors import ConfigError
from ionet.service.settings import check_notify

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_LONGEST: Final = 500


class NotPublic(httpx.ConnectError):
    """A name that leads to no address of the internet."""


async def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a name."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return [str(each[4][0]) for each in found]


def is_public(address: str) -> bool:
    """Whether an address is of the internet, and not of this machine, its network or its cloud."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(known, ipaddress.IPv6Address):
        inner = known.ipv4_mapped or known.sixtofour or (known.teredo or (None, None))[1]
        # Of 64:ff9b::/96 the last 32 bits are an IPv4 address, too.
        if inner is None and known in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(known) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return known.is_global and not known.is_multicast


def check_url(url: str) -> str:
    """Checks that a URL is one that this service may be asked to call.

    Raises:
        ConfigError: it is not.
    """
    parts = urlsplit(check_notify(url))
    if parts.scheme != "https" or parts.username is not None or len(url) > _LONGEST or parts.fragment:
        raise ConfigError("a URL for events is https://HOST/PATH, without a user and a fragment")
    return url


class Public(httpx.AsyncBaseTransport):
    """Connects to the address that was looked at, and to no other that the name may mean a moment later.

    Args:
        resolve: the addresses of a name.
        inner: sends.
    """

    def __init__(self, resolve: Resolve = resolved, inner: httpx.AsyncBaseTransport | None = None) -> None:
        self._resolve = resolve
        self._inner = inner or httpx.AsyncHTTPTransport(retries=0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`.

        Raises:
            NotPublic: the name leads elsewhere than to the internet, even with one of its addresses.
        """
        host, port = request.url.host, request.url.port or 443
        addresses = await self._resolve(host, port)
        if request.url.scheme != "https" or not addresses or not all(map(is_public, addresses)):
            raise NotPublic("the host of the URL is no host of the internet")
        # The certificate has to be the name's, whatever the address.
        extensions = {**request.extensions, "sni_hostname": host}
        there = request.url.copy_with(host=addresses[0])
        told = httpx.Request(
            request.method, there, headers=request.headers, stream=request.stream, extensions=extensions
        )
        return await self._inner.handle_async_request(told)

    async def aclose(self) -> None:
        """See `httpx.AsyncBaseTransport`."""
        await self._inner.aclose()
