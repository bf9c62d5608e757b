"""OpenAI's own client before engines that are away for a while, and vectors that are cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import anyio
import openai
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.intelligence.conftest import Running, running, serving
from tests.intelligence.steady import event

from ionet.intelligence.config import load

HELLO: list[Any] = [{"role": "user", "content": "hi"}]
SETTINGS = """
listen = "127.0.0.1:0"
environment = "test"
metrics = "127.0.0.1:0"

[[models]]
id = "small"
engine = "url"
url = "{url}"
context = 512
prompt = "1"
completion = "1"

[[models]]
id = "vectors"
engine = "url"
url = "{url}"
kind = "embedding"
matryoshka = true
context = 512
prompt = "1"
"""


@dataclass(slots=True)
class Moody:
    """An engine that fails so often before it answers.

    Attributes:
        failing: times that it still fails.
        asked: times that it was asked.
        slept: seconds for which clients have waited to try again.
    """

    failing: int = 0
    asked: int = 0
    slept: list[float] = field(default_factory=list)

    async def chat(self, _: Request) -> Response:
        self.asked += 1
        if self.failing:
            self.failing -= 1
            return Response(status_code=500)
        said = {"choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}]}
        used = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
        return StreamingResponse(iter([event(said), event(used), b"data: [DONE]\n\n"]))

    async def embed(self, _: Request) -> Response:
        row = {"index": 0, "embedding": [3.0, 4.0, 12.0]}
        return JSONResponse({"data": [row], "usage": {"prompt_tokens": 1}})


@dataclass(frozen=True, slots=True)
class Place:
    """A service, and the engine behind it."""

    service: Running
    engine: Moody


@pytest.fixture(scope="module")
async def open_place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    engine = Moody()
    routes = [
        Route("/v1/chat/completions", engine.chat, methods=["POST"]),
        Route("/v1/embeddings", engine.embed, methods=["POST"]),
    ]
    state = tmp_path_factory.mktemp("mo")
    async with serving(Starlette(routes=routes)) as url:
        (state / "intelligence.toml").write_text(SETTINGS.format(url=url))
        async with running(load(state)) as service:
            yield Place(service, engine)


@pytest.fixture
def place(open_place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Clients wait for no time in it, and what they would have waited is noted."""
    engine = open_place.engine
    engine.failing, engine.asked = 0, 0
    engine.slept.clear()

    async def sleep(seconds: float) -> None:
        engine.slept.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(anyio, "sleep", sleep)
    return open_place


async def test_a_client_tries_again_after_as_long_as_it_is_told(place: Place) -> None:
    _, secret = place.service.key()
    place.engine.failing = 2
    async with openai.AsyncOpenAI(base_url=f"{place.service.url}/v1", api_key=secret) as client:
        answer = await client.chat.completions.create(model="small", messages=HELLO, max_tokens=4)
    assert answer.choices[0].message.content == "hello"
    assert (place.engine.asked, place.engine.slept) == (3, [5.0, 5.0])


async def test_an_engine_that_stays_away_is_the_services_error_and_costs_nothing(place: Place) -> None:
    key, secret = place.service.key()
    place.engine.failing = 9
    async with place.service.client(secret) as client:
        with pytest.raises(openai.InternalServerError, match="engine answered 500") as caught:
            await client.chat.completions.create(model="small", messages=HELLO, max_tokens=4, stream=True)
    assert caught.value.status_code == 503
    assert (caught.value.type, caught.value.code) == ("server_error", "engine_unavailable")
    books = place.service.books
    assert books.spent(key, 0) == 0
    books.close()


async def test_who_has_nothing_left_is_not_made_to_try_again(place: Place) -> None:
    _, secret = place.service.key(dollars=0, address="5ZWj7a1f8tWkjBESHKgrLmXshuXxqeY9SYcfbshpAqPG")
    async with openai.AsyncOpenAI(base_url=f"{place.service.url}/v1", api_key=secret) as client:
        with pytest.raises(openai.RateLimitError, match="stake more IO, or pay in") as caught:
            await client.chat.completions.create(model="small", messages=HELLO)
    assert caught.value.code == "insufficient_quota"
    assert place.engine.slept == []


async def test_vectors_are_cut_off_and_of_length_one_again_where_the_model_is_made_for_it(
    place: Place,
) -> None:
    _, secret = place.service.key()
    async with place.service.client(secret) as client:
        whole = await client.embeddings.create(model="vectors", input="x", encoding_format="float")
        short = await client.embeddings.create(model="vectors", input="x", dimensions=2)
    assert whole.data[0].embedding == [3.0, 4.0, 12.0]
    assert short.data[0].embedding == pytest.approx([0.6, 0.8])


async def test_more_dimensions_than_there_are_cost_nothing(place: Place) -> None:
    key, secret = place.service.key()
    async with place.service.client(secret) as client:
        with pytest.raises(openai.BadRequestError, match="dimensions is at most 3 here"):
            await client.embeddings.create(model="vectors", input="x", dimensions=4)
    books = place.service.books
    assert books.spent(key, 0) == 0
    books.close()
