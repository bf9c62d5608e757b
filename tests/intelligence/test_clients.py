"""What OpenAI's client does around an answer, and what others send, against a service with real models."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import openai
import pydantic
import pytest
from tests.intelligence.conftest import CHAT, EMBEDDING, Running

HELLO: list[Any] = [{"role": "user", "content": "Say hello."}]
FRANCE = "The capital of France is"


class City(pydantic.BaseModel):
    """A city, as an answer has to be."""

    large: bool


async def test_an_answer_has_its_headers_beside_it(rich: openai.AsyncOpenAI) -> None:
    raw = await rich.chat.completions.with_raw_response.create(model=CHAT, messages=HELLO, max_tokens=2)
    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.parse()._request_id == raw.headers["x-request-id"]


async def test_no_two_answers_have_the_same_number_and_errors_have_one(rich: openai.AsyncOpenAI) -> None:
    seen = set()
    for model in ("none", "none", CHAT):
        try:
            async with rich.chat.completions.with_streaming_response.create(
                model=model, messages=HELLO, max_tokens=2, stream=True
            ) as answer:
                seen.add(answer.request_id)
                assert [line async for line in answer.iter_lines()][-2] == "data: [DONE]"
        except openai.NotFoundError as bad:
            seen.add(bad.request_id)
    assert len(seen) == 3
    assert None not in seen


async def test_an_answer_is_read_as_the_class_that_was_asked_for(rich: openai.AsyncOpenAI) -> None:
    answer = await rich.chat.completions.parse(
        model=CHAT, messages=HELLO, max_tokens=24, temperature=0, response_format=City
    )
    assert isinstance(answer.choices[0].message.parsed, City)


async def test_the_clients_own_stream_puts_the_answer_together(rich: openai.AsyncOpenAI) -> None:
    async with rich.chat.completions.stream(
        model=CHAT, messages=HELLO, max_tokens=64, temperature=0, stop=["!", ".", "?"]
    ) as stream:
        said = "".join([event.delta async for event in stream if event.type == "content.delta"])
        whole = await stream.get_final_completion()
    assert whole.choices[0].message.content == said != ""


async def test_json_mode_answers_with_json(rich: openai.AsyncOpenAI) -> None:
    answer = await rich.chat.completions.create(
        model=CHAT,
        messages=[{"role": "user", "content": "Write a poem."}],
        max_tokens=96,
        temperature=0,
        response_format={"type": "json_object"},
    )
    assert isinstance(json.loads(answer.choices[0].message.content or ""), dict)


async def test_tokens_are_a_prompt_as_their_text_is(rich: openai.AsyncOpenAI, service: Running) -> None:
    asked: dict[str, Any] = {"model": CHAT, "max_tokens": 3, "temperature": 0}
    said = await rich.completions.create(prompt=FRANCE, **asked)
    # Numbers of this model's vocabulary: "The", " capital", " of", " France", " is".
    tokens = [504, 3575, 282, 4649, 314]
    told = [await rich.completions.create(prompt=prompt, **asked) for prompt in (tokens, [tokens], [FRANCE])]
    assert {each.choices[0].text for each in told} == {said.choices[0].text}
    assert {each.usage.prompt_tokens for each in told if each.usage} == {5}


async def test_a_seed_draws_the_same_again(rich: openai.AsyncOpenAI) -> None:
    async def drawn(seed: int) -> str:
        answer = await rich.completions.create(model=CHAT, prompt=FRANCE, max_tokens=12, seed=seed)
        return answer.choices[0].text

    first = await drawn(7)
    assert await drawn(7) == first
    assert {await drawn(seed) for seed in (8, 9, 10)} != {first}


async def test_several_answers_come_in_one_and_the_prompt_is_paid_for_once(service: Running) -> None:
    key, secret = service.key(dollars=100_000, address="4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T")
    asked: dict[str, Any] = {"model": CHAT, "prompt": FRANCE, "max_tokens": 6, "seed": 7, "logprobs": 1}
    async with service.client(secret) as client:
        alone = [await client.completions.create(**{**asked, "seed": seed}) for seed in (7, 8, 9)]
        before = service.books
        spent = before.spent(key, 0)
        answer = await client.completions.create(**asked, n=3)
        stream = await client.completions.create(**asked, n=3, stream=True)
        texts, names = ["", "", ""], set()
        async for piece in stream:
            names.add(piece.id)
            for choice in piece.choices:
                texts[choice.index] += choice.text
    said = [each.choices[0].text for each in alone]
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert [choice.text for choice in answer.choices] == texts == said
    assert all(choice.logprobs and choice.logprobs.tokens for choice in answer.choices)
    assert len(set(said)) > 1
    assert len(names) == 1
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 5
    assert answer.usage.completion_tokens == sum(each.usage.completion_tokens for each in alone if each.usage)
    # Half a millionth for each token read, rounded up; two millionths for each written one.
    assert before.spent(key, 0) - spent == 2 * (3 + 2 * answer.usage.completion_tokens)
    assert before.balances().get(("held", "usdc"), 0) == 0
    before.close()
    async with httpx.AsyncClient() as anybody:
        for name in (answer.id, f"{answer.id}-1", f"{answer.id}-2"):
            # It is there, and is signed when its hour is over.
            assert (await anybody.get(f"{service.url}/v1/receipts/{name}")).status_code == 409


async def test_an_answer_ends_before_its_stop(rich: openai.AsyncOpenAI) -> None:
    asked: dict[str, Any] = {"model": CHAT, "prompt": FRANCE, "max_tokens": 8, "temperature": 0}
    answer = await rich.completions.create(**asked, stop=["Paris"])
    assert answer.choices[0].text.strip() == ""
    assert answer.choices[0].finish_reason == "stop"


async def test_a_bias_brings_a_token_or_keeps_it_away(rich: openai.AsyncOpenAI) -> None:
    asked: dict[str, Any] = {"model": CHAT, "prompt": FRANCE, "max_tokens": 1, "temperature": 0}
    paris = (await rich.completions.create(**asked)).choices[0].text
    assert paris == " Paris"
    # 4649 is " France", 7042 " Paris".
    other = await rich.completions.create(**asked, logit_bias={"4649": 100})
    assert other.choices[0].text == " France"
    without = await rich.completions.create(**asked, logit_bias={"7042": -100})
    assert without.choices[0].text != " Paris"


async def test_who_waits_no_longer_stops_costing(service: Running) -> None:
    key, secret = service.key(dollars=100_000, address="7v91N7iZ9mNicL8WfG6cgSCKyRXydQjLh6UYBWwm6y1Q")
    asked: dict[str, Any] = {
        "model": CHAT,
        "prompt": "Once",
        "max_tokens": 480,
        "logit_bias": {"0": -100, "2": -100},
    }
    async with service.client(secret, timeout=0.7) as client:
        with pytest.raises(openai.APITimeoutError):
            await client.completions.create(**asked)
    books = service.books
    for _ in range(1_200):
        if not books.balances().get(("held", "usdc")):
            break
        await asyncio.sleep(0.05)
    assert books.spent(key, 0) < 960  # two millionths for each of 480 tokens
    books.close()


@pytest.mark.parametrize(
    ("path", "body", "param", "said"),
    [
        ("chat/completions", {"functions": [{"name": "f"}]}, "functions", "unknown parameter: functions"),
        ("chat/completions", {"top_k": 5}, "top_k", "unknown parameter: top_k"),
        ("chat/completions", {"options": {"num_ctx": 9}}, "options", "unknown parameter: options"),
        ("chat/completions", {"guided_json": {}}, "guided_json", "unknown parameter: guided_json"),
        ("chat/completions", {"system": "be kind"}, "system", "unknown parameter: system"),
        ("chat/completions", {"max_token": 3}, "max_token", "did you mean max_tokens?"),
        ("chat/completions", {"reasoning_effort": "high"}, "reasoning_effort", "unknown parameter"),
        ("chat/completions", {"n": 0}, "n", "an integer from 1 to 16"),
        ("chat/completions", {"store": True}, "store", "nothing is stored"),
        ("chat/completions", {"modalities": ["audio"]}, "modalities", "unknown parameter"),
        ("chat/completions", {"stream_options": {"include_usage": True}}, "stream_options", "stream: true"),
        ("chat/completions", {"top_logprobs": 3}, "top_logprobs", "needs logprobs"),
        ("chat/completions", {"tool_choice": "required"}, "tool_choice", "needs tools"),
        ("chat/completions", {"response_format": {"type": "xml"}}, "response_format", "json_object"),
        ("completions", {"prompt": ["a", "b"]}, "prompt", "one text"),
        ("completions", {"prompt": [1, -1]}, "prompt", "tokens' numbers"),
        ("completions", {"prompt": []}, "prompt", "one text"),
        ("completions", {"prompt": [2**30]}, None, "invalid tokens"),
        ("completions", {"prompt": "a", "echo": True}, "echo", "not sent back"),
        ("completions", {"prompt": "a", "suffix": "b"}, "suffix", "unknown parameter: suffix"),
        ("completions", {"prompt": "a", "best_of": 3}, "best_of", "all answers that are written are told"),
        ("completions", {"prompt": [504] * 600}, "prompt", "the prompt takes 600"),
        ("embeddings", {"input": [[504, 3575]]}, "input", "check_embedding_ctx_length=False"),
        ("embeddings", {"input": ""}, "input", "none of them empty"),
        ("embeddings", {"input": "a", "dimensions": 128}, "dimensions", "leave dimensions out"),
        ("embeddings", {"input": "a", "truncate": True}, "truncate", "unknown parameter: truncate"),
    ],
)
async def test_what_is_not_done_here_is_refused_as_openai_would_and_costs_nothing(
    service: Running, path: str, body: dict[str, Any], param: str | None, said: str
) -> None:
    key, secret = service.key()
    model = EMBEDDING if path == "embeddings" else CHAT
    asked = {"model": model, **({"messages": HELLO} if path.startswith("chat") else {}), **body}
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {secret}"}, timeout=60) as client:
        answer = await client.post(f"{service.url}/v1/{path}", json=asked)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert said in error["message"]
    books = service.books
    assert books.spent(key, 0) == 0
    books.close()


async def test_messages_of_earlier_answers_come_back_as_clients_write_them(rich: openai.AsyncOpenAI) -> None:
    first = await rich.chat.completions.create(model=CHAT, messages=HELLO, max_tokens=4, temperature=0)
    messages = [*HELLO, first.choices[0].message.model_dump(), {"role": "user", "content": "And now?"}]
    answer = await rich.chat.completions.create(model=CHAT, messages=messages, max_tokens=4)
    assert answer.usage is not None


async def test_what_langchain_sends_is_answered(service: Running) -> None:
    """A body of its ChatOpenAI, which names what it leaves alone, too."""
    _, secret = service.key()
    body = {
        "messages": [{"content": "Say hello.", "role": "user"}],
        "model": CHAT,
        "frequency_penalty": 0,
        "logit_bias": None,
        "max_completion_tokens": 4,
        "n": 1,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.7,
        "user": "someone",
    }
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {secret}"}, timeout=60) as client:
        answer = await client.post(f"{service.url}/v1/chat/completions", json=body)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    *_, usage, done = [line for line in answer.text.split("\n\n") if line]
    assert json.loads(usage.removeprefix("data: "))["usage"]["completion_tokens"] <= 4
    assert done == "data: [DONE]"


async def test_a_path_without_v1_is_told_where_it_is(service: Running) -> None:
    _, secret = service.key()
    async with openai.AsyncOpenAI(base_url=service.url, api_key=secret, max_retries=0) as client:
        with pytest.raises(openai.NotFoundError, match="/v1/chat/completions"):
            await client.chat.completions.create(model=CHAT, messages=HELLO)
