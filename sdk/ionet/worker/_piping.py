"""Connections to a gateway whose bytes it passes on to somebody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import httpx

from ionet.chain.errors import IonetError
from ionet.chain.rpc.tls import tls
from ionet.chain.signers import Signer
from ionet.store.signing import authorization

_LINE: Final = 4_096
_LIMIT: Final = 1 << 20


class NoPipe(IonetError):
    """A gateway does not join this connection with another; the message says why."""


async def open_pipe(
    key: Signer, url: str, path: str, client: httpx.AsyncClient, headers: Sequence[str] = ()
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Opens a pipe; it is there once the other side has come.

    Args:
        key: signs for it.
        url: the gateway's, ``https://…``.
        path: what is asked for; nonces come from its first part.
        client: for the nonce.
        headers: more of them.

    Raises:
        NoPipe: the gateway does not give one, or the other does not come.
        OSError, httpx.HTTPError, ValueError: the gateway does not answer, or not as one does.
    """
    nonce = await _nonce(client, f"{url}/{path.split('/')[1]}")
    header = authorization(key, "GET", url + path, 0, nonce)
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    reader, writer = await asyncio.open_connection(
        parts.hostname, parts.port or (443 if secure else 80), ssl=tls() if secure else None, limit=_LIMIT
    )
    words = (
        f"GET {path} HTTP/1.1",
        f"host: {parts.netloc}",
        f"authorization: {header}",
        "connection: upgrade",
        "upgrade: ionet-pipe",
        *headers,
    )
    try:
        writer.write("\r\n".join((*words, "", "")).encode())
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        writer.close()
        raise NoPipe("the other node did not come to the gateway") from None
    except BaseException:
        writer.close()
        raise
    if not head.startswith(b"HTTP/1.1 101 "):
        told = (await reader.read(_LINE)).decode(errors="replace")
        writer.close()
        raise NoPipe(f"{url} gives no pipe: {_message(told) or repr(head[:100])}")
    return reader, writer


async def _nonce(client: httpx.AsyncClient, url: str) -> str:
    """Returns what a signature for this gateway has to name.

    Raises:
        httpx.HTTPError: it does not answer.
        ValueError: not with an object that short.
    """
    async with client.stream("GET", url) as answer:
        answer.raise_for_status()
        data = await at_most(answer, _LINE)
    return str(json.loads(data)["nonce"])[:200]


async def at_most(answer: httpx.Response, most: int) -> bytes:
    """Reads an answer's body; raises ValueError if it is longer."""
    data = bytearray()
    async for part in answer.aiter_bytes():
        data += part
        if len(data) > most:
            raise ValueError("the gateway answers too much")
    return bytes(data)


def _message(body: str) -> str:
    """What a refusal says, made printable."""
    try:
        text = str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        text = body
    return "".join(letter for letter in text[:300] if letter.isprintable())


async def copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copies bytes until there are no more, and no faster than they are taken."""
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


async def joined(
    first: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    second: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> None:
    """Copies bytes both ways until either side ends; then both are closed."""
    ways = [
        asyncio.create_task(copied(first[0], second[1])),
        asyncio.create_task(copied(second[0], first[1])),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        for _, writer in (first, second):
            writer.close()
        # A connection that broke has ended, too.
        await asyncio.gather(*ways, return_exceptions=True)
