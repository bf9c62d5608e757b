"""OpenAI's own client, unchanged, against a service with real models."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import os
import re
import struct
import sys
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from tests.intelligence.conftest import CHAT, EMBEDDING, Running

EXAMPLE = Path(__file__).parents[2] / "examples/ask.py"
HELLO: list[Any] = [{"role": "user", "content": "Say hello."}]


async def test_a_chat_is_answered_with_its_usage(rich: openai.AsyncOpenAI) -> None:
    answer = await rich.chat.completions.create(model=CHAT, messages=HELLO, max_tokens=8, temperature=0)
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason in {"stop", "length"}
    assert answer.usage is not None
    assert 0 < answer.usage.completion_tokens <= 8
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.model == CHAT


async def test_a_stream_says_the_same_as_the_whole_answer(rich: openai.AsyncOpenAI) -> None:
    asked: dict[str, Any] = {"model": CHAT, "messages": HELLO, "max_tokens": 12, "temperature": 0, "seed": 3}
    whole = await rich.chat.completions.create(**asked)
    pieces = [piece async for piece in await rich.chat.completions.create(**asked, stream=True)]
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == (
        whole.choices[0].message.content
    )
    assert {piece.id for piece in pieces} == {pieces[0].id}
    assert all(piece.usage is None for piece in pieces)


async def test_a_stream_ends_with_its_usage_if_that_is_asked_for(rich: openai.AsyncOpenAI) -> None:
    stream = await rich.chat.completions.create(
        model=CHAT, messages=HELLO, max_tokens=4, stream=True, stream_options={"include_usage": True}
    )
    *_, last = [piece async for piece in stream]
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.completion_tokens <= 4


async def test_the_blocking_client_works_too(service: Running) -> None:
    _, secret = service.key()

    def ask() -> str | None:
        with openai.OpenAI(base_url=f"{service.url}/v1", api_key=secret) as client:
            answer = client.chat.completions.create(model=CHAT, messages=HELLO, max_tokens=4)
            return answer.choices[0].message.content

    assert await asyncio.to_thread(ask)


async def test_the_example_with_openais_client_runs_as_it_is(service: Running) -> None:
    _, secret = service.key()
    made = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLE),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "IONET_INTELLIGENCE_URL": service.url, "IONET_API_KEY": secret},
    )
    told = (await made.communicate())[0].decode()
    assert made.returncode == 0
    assert re.search(r"\n\d+ tokens read, \d+ written\n", told)
    assert re.search(r'it calls weather with {"city": ".+"}', told)
    assert re.search(r"both texts are alike by 0\.\d\d", told)


async def test_a_text_is_gone_on_with(rich: openai.AsyncOpenAI) -> None:
    answer = await rich.completions.create(
        model=CHAT, prompt="The capital of France is", max_tokens=2, temperature=0
    )
    # Of the weights themselves: any rendering of this model by this engine says so.
    assert answer.choices[0].text == " Paris."
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (5, 2)


async def test_alternatives_of_each_token_are_shown_if_that_is_asked_for(rich: openai.AsyncOpenAI) -> None:
    answer = await rich.chat.completions.create(
        model=CHAT, messages=HELLO, max_tokens=3, temperature=0, logprobs=True, top_logprobs=2
    )
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert len(logprobs.content) == 3
    for token in logprobs.content:
        assert len(token.top_logprobs) == 2
        assert token.top_logprobs[0].logprob == token.logprob >= token.top_logprobs[1].logprob
    plain = await rich.chat.completions.create(model=CHAT, messages=HELLO, max_tokens=3, temperature=0)
    assert plain.choices[0].logprobs is None


async def test_an_answer_is_json_of_the_schema_that_was_asked_for(rich: openai.AsyncOpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 12}, "size": {"enum": ["small", "large"]}},
        "required": ["city", "size"],
        "additionalProperties": False,
    }
    answer = await rich.chat.completions.create(
        model=CHAT,
        messages=[{"role": "user", "content": "Name a city."}],
        max_tokens=64,
        temperature=0,
        response_format={"type": "json_schema", "json_schema": {"name": "city", "schema": schema}},
    )
    told = json.loads(answer.choices[0].message.content or "")
    assert told.keys() == {"city", "size"}
    assert told["size"] in {"small", "large"}


async def test_a_tool_that_has_to_be_called_is_called(rich: openai.AsyncOpenAI) -> None:
    answer = await rich.chat.completions.create(
        model=CHAT,
        messages=[{"role": "user", "content": "What is the weather in Paris?"}],
        max_tokens=64,
        temperature=0,
        tools=[
            {
                "type": "function",
                "function": {
                    "name": "weather",
                    "description": "The weather of a city",
                    "parameters": {
                        "type": "object",
                        "properties": {"city": {"type": "string", "maxLength": 10}},
                        "required": ["city"],
                    },
                },
            }
        ],
        tool_choice="required",
    )
    (call,) = answer.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert call.function.name == "weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)


async def test_texts_become_vectors_that_tell_what_is_alike(rich: openai.AsyncOpenAI) -> None:
    texts = [
        "Rent a GPU cluster for training",
        "Book graphics cards to train a network",
        "It rains in Lisbon",
    ]
    answer = await rich.embeddings.create(model=EMBEDDING, input=texts)
    first, second, third = (row.embedding for row in answer.data)
    assert len(first) == 384
    assert math.isclose(sum(value * value for value in first), 1, rel_tol=1e-4)
    alike = sum(a * b for a, b in zip(first, second, strict=True))
    other = sum(a * b for a, b in zip(first, third, strict=True))
    assert alike > other + 0.3
    assert answer.usage.prompt_tokens > 0


async def test_vectors_come_as_numbers_or_packed(rich: openai.AsyncOpenAI, service: Running) -> None:
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {rich.api_key}"}) as client:
        asked = {"model": EMBEDDING, "input": "one text"}
        url = f"{service.url}/v1/embeddings"
        plain = (await client.post(url, json=asked)).json()["data"][0]["embedding"]
        packed = (await client.post(url, json={**asked, "encoding_format": "base64"})).json()
    raw = base64.b64decode(packed["data"][0]["embedding"])
    assert struct.unpack("<384f", raw) == pytest.approx(plain, abs=1e-6)


async def test_models_are_listed_with_their_prices(rich: openai.AsyncOpenAI) -> None:
    listed = {model.id: model.model_dump() async for model in rich.models.list()}
    assert listed.keys() == {CHAT, EMBEDDING}
    assert listed[CHAT]["pricing"] == {"prompt": "0.0000005", "completion": "0.000002"}
    assert len(listed[CHAT]["digest"]) == 64
    assert (await rich.models.retrieve(CHAT)).id == CHAT


async def test_a_request_takes_what_it_costs_of_the_balance(service: Running) -> None:
    key, secret = service.key(dollars=5_000, address="BsT6PGbtGrvTyg4DYdVzNjUS9AyVdmqXyYcZTHQuKZSk")
    async with service.client(secret) as client:
        answer = await client.chat.completions.create(model=CHAT, messages=HELLO, max_tokens=8, temperature=0)
    assert answer.usage is not None
    # $0.50 and $2 for a million tokens: half a millionth and two millionths of a dollar each, rounded up.
    cost = -(-(answer.usage.prompt_tokens + 4 * answer.usage.completion_tokens) // 2)
    books = service.books
    assert books.funds(key.account, 0, 0).usdc == 5_000 - cost
    assert books.spent(key, 0) == cost
    books.close()


async def test_a_request_that_is_cancelled_stops_costing(service: Running) -> None:
    key, secret = service.key(dollars=100_000, address="5ZWj7a1f8tWkjBESHKgrLmXshuXxqeY9SYcfbshpAqPG")
    async with service.client(secret) as client:
        stream = await client.chat.completions.create(
            model=CHAT,
            messages=[{"role": "user", "content": "Write a very long story about a dragon."}],
            max_tokens=400,
            stream=True,
        )
        seen = 0
        async for _ in stream:
            seen += 1
            if seen == 5:
                break
        await stream.close()
    books = service.books
    for _ in range(200):
        if not books.balances().get(("held", "usdc")):
            break
        await asyncio.sleep(0.05)
    spent = 100_000 - books.funds(key.account, 0, 0).usdc
    books.close()
    assert 0 < spent < 300  # 400 tokens would have cost 800


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"model": "smollm2-135m-instruckt"}, openai.NotFoundError, f"did you mean {CHAT}?"),
        ({"model": EMBEDDING}, openai.BadRequestError, "no chat model"),
        ({"messages": []}, openai.BadRequestError, "messages is a list of 1 to"),
        ({"messages": [{"role": "robot", "content": "x"}]}, openai.BadRequestError, "has a role"),
        ({"temperature": 3}, openai.BadRequestError, "a number from 0 to 2"),
        ({"n": 17}, openai.BadRequestError, "an integer from 1 to 16"),
        ({"max_tokens": 100_000}, openai.BadRequestError, "the context"),
        ({"extra_body": {"temprature": 1}}, openai.BadRequestError, "did you mean temperature?"),
        ({"extra_body": {"top_k": 5}}, openai.BadRequestError, "unknown parameter: top_k"),
        ({"extra_body": {"id_slot": 1}}, openai.BadRequestError, "unknown parameter: id_slot"),
        (
            {"messages": [{"role": "user", "content": "a word and " * 400}]},
            openai.BadRequestError,
            "this model's context has 512 tokens",
        ),
        ({"messages": [{"role": "user", "content": "🐉" * 262_144}]}, openai.BadRequestError, "far more"),
    ],
)
async def test_what_cannot_be_answered_says_why_and_costs_nothing(
    service: Running, change: dict[str, Any], error: type[Exception], said: str
) -> None:
    _, secret = service.key()
    before = await service.money()
    asked = {"model": CHAT, "messages": HELLO, "max_tokens": 4, **change}
    async with service.client(secret) as client:
        with pytest.raises(error, match=said.replace("?", r"\?")) as caught:
            await client.chat.completions.create(**asked)
    assert isinstance(caught.value, openai.APIStatusError)
    assert caught.value.body.keys() == {"message", "type", "param", "code"}  # type: ignore[attr-defined]
    assert await service.money() == before


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff", b'{"model": NaN}', b"[" * 100_000])
async def test_a_body_that_is_no_json_object_is_refused_and_costs_nothing(
    service: Running, body: bytes
) -> None:
    _, secret = service.key()
    before = await service.money()
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {secret}"}) as client:
        answer = await client.post(f"{service.url}/v1/chat/completions", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert await service.money() == before


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("sk-io-live-0000", "another environment"),
        ("sk-io-test-0000", "not known here"),
        ("sk-proj-0000", "not known here"),
    ],
)
async def test_a_key_of_another_place_is_refused_and_nobody_charged(
    service: Running, secret: str, said: str
) -> None:
    before = await service.money()
    async with service.client(secret) as client:
        with pytest.raises(openai.AuthenticationError, match=said):
            await client.chat.completions.create(model=CHAT, messages=HELLO)
    assert await service.money() == before
