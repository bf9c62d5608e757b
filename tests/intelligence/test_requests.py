"""What clients send, and what is no request."""

from __future__ import annotations

import pytest

from ionet.intelligence.errors import Refused
from ionet.intelligence.models import Model, Models
from ionet.intelligence.prices import Price
from ionet.intelligence.requests import chat, parse


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
    models = Models([Model("small", "chat", Price(0, 0), 512)])
    body = {"model": "small", "messages": [{"role": "user", "content": "hi"}], "logit_bias": {token: 1}}
    with pytest.raises(Refused, match="logit_bias is an object"):
        chat(body, models)
