"""What clients send, and what is no request."""

from __future__ import annotations

from typing import Any

import pytest

from ionet.intelligence.errors import Refused
from ionet.intelligence.fields import parse
from ionet.intelligence.models import Model, Models
from ionet.intelligence.prices import Price
from ionet.intelligence.requests import chat

MODELS = Models([Model("small", "chat", Price(0, 0), 512)])


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (rb'{"messages": [{"content": "\ud83d"}]}', "surrogate"),
        (b'{"messages": [{"content": "\xed\xa0\xbd"}]}', "surrogate"),
        (rb'{"\udc00": 1}', "surrogate"),
        (b'{"schema": {"maximum": 1e999}}', "too large"),
    ],
)
def test_what_no_engine_can_be_passed_is_refused(raw: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        parse(raw)
    assert caught.value.status == 400


def test_whole_letters_are_passed_however_they_are_written() -> None:
    assert parse(rb'{"text": "\ud83d\udc09"}') == parse('{"text": "🐉"}'.encode())


@pytest.mark.parametrize("token", ["-1", "1" * 400, "٣", "²", ""])
def test_a_bias_is_of_a_number_that_engines_can_read(token: str) -> None:
    body = {"model": "small", "messages": [{"role": "user", "content": "hi"}], "logit_bias": {token: 1}}
    with pytest.raises(Refused, match="logit_bias is an object"):
        chat(body, MODELS)


def formed(schema: dict[str, Any]) -> dict[str, Any]:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    return {"model": "small", "messages": [{"role": "user", "content": "hi"}], "response_format": form}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^((a{0,500}){0,500}){0,500}$"},
        {"type": "string", "pattern": "^(([ab]{200}){200})+$"},
        {"type": "string", "pattern": r"^(\d{1,101}x){100}$"},
        {"type": "string", "pattern": "a" * 1_025},
        {"type": "array", "items": {"type": "string", "maxLength": 10**9}},
        {"anyOf": [{"type": "object", "properties": {"x": {"type": "array", "minItems": 10**6}}}]},
    ],
)
def test_a_schema_whose_grammar_would_take_an_engine_down_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="repeats something more"):
        chat(formed(schema), MODELS)
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    body = {"model": "small", "messages": [{"role": "user", "content": "hi"}], "tools": [tool]}
    with pytest.raises(Refused, match="repeats something more"):
        chat(body, MODELS)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$",
        r"^[^@\s]{1,64}@([a-z0-9-]{1,63}\.){1,8}[a-z]{2,63}$",
        r"^[({]{1,999}\({9}$",
        "{2}",
    ],
)
def test_patterns_that_people_write_are_taken(pattern: str) -> None:
    assert chat(formed({"type": "string", "pattern": pattern}), MODELS).body["response_format"]
