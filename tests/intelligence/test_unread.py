"""A client that asks for much, and takes none of it."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from tests.intelligence import steady
from tests.intelligence.conftest import Running, running, serving

from ionet.intelligence import service as services
from ionet.intelligence.config import load

#: Pieces of some 200 bytes: several times what the kernel keeps of a connection at both ends.
TOKENS: Final = 200_000
SETTINGS: Final = """
listen = "127.0.0.1:0"
environment = "test"
metrics = "127.0.0.1:0"

[[models]]
id = "steady"
engine = "url"
url = "{url}"
context = 1_000_000
slots = 1
prompt = "1"
completion = "1"
"""


async def test_a_client_that_never_reads_is_cut_off_and_pays_for_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "_BOUNDS", replace(services._BOUNDS, taking=3))
    async with serving(steady.application(0)) as url:
        (tmp_path / "intelligence.toml").write_text(SETTINGS.format(url=url))
        async with running(load(tmp_path)) as service:
            key, secret = service.key()
            silent = await unread(service, secret)
            # It has the only turn until it is cut off.
            async with asyncio.timeout(120), service.client(secret) as client:
                answer = await client.chat.completions.create(
                    model="steady", messages=[{"role": "user", "content": "hi"}], max_tokens=4
                )
            silent.close()
            assert answer.usage is not None
            assert answer.usage.completion_tokens == 4
            await service.money()
            books = service.books
            spent = books.spent(key, 0)
            books.close()
    assert 100 < spent < TOKENS // 2


async def unread(service: Running, secret: str) -> socket.socket:
    """A connection on which an answer comes that nobody takes."""
    host, port = service.url.removeprefix("http://").split(":")
    asked = {
        "model": "steady",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": TOKENS,
        "stream": True,
    }
    body = json.dumps(asked).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    silent = socket.socket()
    # Before it connects: so many bytes are offered to the other end.
    silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    silent.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(silent, (host, int(port)))
    await loop.sock_sendall(silent, head + body)
    books = service.books
    async with asyncio.timeout(60):
        while not books.balances().get(("held", "usdc")):  # noqa: ASYNC110 (of another thread's doing)
            await asyncio.sleep(0.02)
    books.close()
    return silent
