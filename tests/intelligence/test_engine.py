"""Engines over real sockets, and what they may do to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx
import pytest
from tests.intelligence.test_replicas import ASK, line

from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.errors import Refused

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
WORD = line({"choices": [{"index": 0, "delta": {"content": "hello"}}]})


def chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


@asynccontextmanager
async def saying(answer: bytes) -> AsyncIterator[tuple[HttpEngine, asyncio.Event]]:
    """An engine that sends this, and then waits until its client goes, which sets the event."""
    gone = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if not answer.startswith(b"HTTP/1.1 200"):
            writer.close()
        while await reader.read(65_536):
            pass
        writer.close()
        gone.set()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        engine = HttpEngine(f"http://127.0.0.1:{port}", "small")
        yield engine, gone
        await engine.close()
        await gone.wait()


@pytest.mark.parametrize("answer", [b"", b"what is this\r\n\r\n", b"HTTP/1.1 99999 odd\r\n\r\n"])
async def test_an_engine_that_does_not_speak_http_is_away(answer: bytes) -> None:
    async with saying(answer) as (engine, _), asyncio.timeout(30):
        with pytest.raises(Refused, match="does not answer") as caught:
            await anext(aiter(engine.stream(ASK, 4)))
        assert not await engine.ready()
    assert caught.value.status == 503


async def test_an_error_that_is_no_json_is_an_engine_that_is_away() -> None:
    deep = httpx.MockTransport(lambda _: httpx.Response(400, content=b"[" * 60_000))
    with pytest.raises(Refused, match="answered 400") as caught:
        await anext(aiter(HttpEngine("http://x", "small", transport=deep).stream(ASK, 4)))
    assert caught.value.status == 503


async def until_a_word(pieces: AsyncIterator[dict[str, Any]]) -> None:
    """Reads on to the first piece with a word: some say other things before."""
    async for piece in pieces:
        if piece.get("choices"):
            return
    pytest.fail("no word came")


async def test_a_stream_that_is_no_http_any_more_is_an_error() -> None:
    async with saying(HEAD + chunk(WORD) + b"zz\r\n") as (engine, _), asyncio.timeout(30):
        with pytest.raises(Refused, match="does not answer"):
            [piece async for piece in engine.stream(ASK, 4)]


async def test_who_reads_no_further_leaves_the_engine_at_once() -> None:
    async with saying(HEAD + chunk(WORD)) as (engine, gone), asyncio.timeout(30):
        async with aclosing(engine.stream(ASK, 4)) as pieces:  # type: ignore[type-var]
            await until_a_word(pieces)
        await gone.wait()
