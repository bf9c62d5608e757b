"""Engines of one model that come and go: no request fails that has not begun to be answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from ionet.intelligence.engine import NODE, READS, HttpEngine
from ionet.intelligence.errors import Refused
from ionet.intelligence.models import Model, Models
from ionet.intelligence.prices import Price
from ionet.intelligence.replicas import Replica, Replicas
from ionet.intelligence.requests import Ask, chat

MODELS = Models([Model("small", "chat", Price(0, 0), 512)])
ASK: Ask = chat({"model": "small", "messages": [{"role": "user", "content": "hi"}]}, MODELS)


class Server(httpx.AsyncBaseTransport):
    """An engine that answers as it is told.

    Args:
        pieces: contents of its answer; one that is None breaks the connection.
    """

    def __init__(self, *pieces: str | None) -> None:
        self.pieces = pieces
        self.asked = 0
        self.up = True
        self.hold: asyncio.Event | None = None
        self.begun = asyncio.Semaphore(0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.begun.release()
        if not self.up:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, stream=Body(self))


class Body(httpx.AsyncByteStream):
    def __init__(self, server: Server) -> None:
        self._server = server

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield line({"choices": [{"index": 0, "delta": {"role": "assistant", "content": None}}]})
        if self._server.hold is not None:
            await self._server.hold.wait()
        for piece in self._server.pieces:
            if piece is None:
                raise httpx.ReadError("broken")
            yield line({"choices": [{"index": 0, "delta": {"content": piece}}], NODE: "a liar"})
        yield b"data: [DONE]\n\n"


def line(piece: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(piece).encode() + b"\n\n"


def replicas(clock: Callable[[], float] = lambda: 0.0, **servers: Server) -> Replicas:
    return Replicas(
        [Replica(name, HttpEngine("http://x", "small", transport=each)) for name, each in servers.items()],
        clock,
    )


async def written(pool: Replicas) -> tuple[str, set[str]]:
    text, nodes = [], set()
    async for piece in pool.stream(ASK, 10):
        if READS in piece:
            continue
        nodes.add(piece[NODE])
        text.append(piece["choices"][0]["delta"].get("content") or "")
    return "".join(text), nodes


async def test_an_engine_that_is_away_is_passed_over() -> None:
    dead, alive = Server(), Server("hello")
    dead.up = False
    assert await written(replicas(a=dead, b=alive)) == ("hello", {"b"})


async def test_one_that_dies_before_its_first_token_is_passed_over() -> None:
    assert await written(replicas(a=Server(None), b=Server("hello"))) == ("hello", {"b"})


async def test_one_that_ends_without_a_token_is_passed_over() -> None:
    assert await written(replicas(a=Server(), b=Server("hello"))) == ("hello", {"b"})


async def test_one_that_dies_after_its_first_token_ends_the_answer() -> None:
    second = Server("hello")
    with pytest.raises(Refused, match="does not answer"):
        await written(replicas(a=Server("he", None), b=second))
    assert second.asked == 0


async def test_where_none_is_there_the_client_is_told_to_come_back() -> None:
    dead = Server()
    dead.up = False
    with pytest.raises(Refused) as caught:
        await written(replicas(a=dead))
    assert caught.value.status == 503
    with pytest.raises(Refused) as caught:
        await written(replicas())
    assert caught.value.wait == 30


async def test_one_that_was_away_is_asked_again_after_a_while() -> None:
    now = [0.0]
    first, second = Server("first"), Server("second")
    pool = replicas(lambda: now[0], a=first, b=second)
    first.up = False
    assert (await written(pool))[0] == "second"
    first.up = True
    assert (await written(pool))[0] == "second"
    now[0] = 2.0
    assert (await written(pool))[0] == "first"


async def test_requests_go_to_the_one_with_the_most_room() -> None:
    first, second = Server("x"), Server("x")
    first.hold = second.hold = asyncio.Event()
    pool = replicas(a=first, b=second)
    asking = [asyncio.create_task(written(pool)) for _ in range(6)]
    for server in (first, second):
        for _ in range(3):
            await server.begun.acquire()
    assert (first.asked, second.asked) == (3, 3)
    first.hold.set()
    await asyncio.gather(*asking)


async def test_one_that_is_drained_answers_what_it_has_and_gets_nothing_new() -> None:
    first, second = Server("first"), Server("second")
    first.hold = asyncio.Event()
    pool = replicas(a=first, b=second)
    asking = asyncio.create_task(written(pool))
    await first.begun.acquire()
    draining = asyncio.create_task(pool.drain("a"))
    await asyncio.sleep(0)
    assert (await written(pool))[0] == "second"
    assert not draining.done()
    first.hold.set()
    await draining
    assert (await asking)[0] == "first"
    assert [each.node for each in pool.replicas] == ["b"]
