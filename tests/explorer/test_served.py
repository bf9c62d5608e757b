"""Models of a service of inference, by the hours that it has signed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair
from tests.explorer.conftest import Served as Explorer

from ionet.explorer._served import Served
from ionet.formats.inference import HOUR, BadHour
from ionet.intelligence.likelihood import Score
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.standing import Judged

URL = "https://ai.example.org"
#: 22:00 of a day, in hours; each answer half a dollar and two for a million tokens.
FIRST = (20_000 * 24 + 22) * HOUR


def signed(
    folder: Path, key: Keypair, hours: int = 4, first: int = FIRST, *, price: int = 2_000_000, wrote: int = 5
) -> dict[str, Any]:
    """What a service publishes that has answered twice an hour."""
    receipts = Receipts(folder / "receipts.db", key, URL)
    for number in range(2 * hours):
        at = first + number * HOUR // 2
        receipts.add(
            {
                "id": f"chatcmpl-{number}",
                "model": "small",
                "price": {"prompt": 500_000, "completion": price},
                "prompt": {"tokens": 10},
                "answer": {"tokens": wrote},
                "first": 100 * (number + 1),
                "end": at,
            }
        )
        far = -9.0 if number == 3 else 0.5
        receipts.judgements.add(f"chatcmpl-{number}", "small", "node", Judged(at, Score(24, far * 5, 25.0)))
    for number in range(hours - 1):
        receipts.judgements.add_drawn("small", "evader", "unasked", first + number * HOUR)
    receipts.judgements.add_drawn("small", "other", "unasked", first)
    receipts.seal(first + hours * HOUR)
    told = {"signer": str(key.pubkey()), "data": receipts.heads(168)}
    receipts.close()
    return told


@pytest.fixture
def told(tmp_path: Path) -> dict[str, Any]:
    return signed(tmp_path, Keypair())


async def test_what_is_shown_is_the_sum_of_the_signed_hours(explorer: Explorer, told: dict[str, Any]) -> None:
    # Answers are kept, until something else is known.
    assert (await explorer.read("/models"))["models"] == []
    explorer.app.state.served.take(told)
    answer = await explorer.read("/models")
    (model,) = answer["models"]
    assert (model["prompt_price"], model["completion_price"]) == ("0.5", "2")
    # Two hours before midnight and two after it.
    assert [(day["answers"], day["prompt"], day["completion"]) for day in model["days"]] == [(4, 40, 20)] * 2
    assert (model["judged"], model["passed"]) == (8, 7)
    assert model["unjudged"] == [{"node": "evader", "answers": 3}, {"node": "other", "answers": 1}]
    # 700 and 800 ms in the last hour.
    assert model["first"] == {"p50": 700, "p90": 800, "p99": 800}
    assert (answer["hours"], answer["latest"]) == (4, FIRST + 4 * HOUR)
    assert answer["signer"] == told["signer"]


@pytest.mark.parametrize(("wrote", "shown"), [(0, None), (5, "0")])
async def test_a_model_that_writes_nothing_has_no_price_of_what_it_writes(
    explorer: Explorer, tmp_path: Path, wrote: int, shown: str | None
) -> None:
    explorer.app.state.served.take(signed(tmp_path, Keypair(), price=0, wrote=wrote))
    (model,) = (await explorer.read("/models"))["models"]
    assert (model["prompt_price"], model["completion_price"]) == ("0.5", shown)


async def test_without_a_service_the_page_says_so(explorer: Explorer) -> None:
    answer = await explorer.read("/models")
    assert answer["models"] == []
    assert answer["why"] == "this explorer was started without --intelligence"


def _more(told: dict[str, Any]) -> None:
    told["data"][0]["head"]["models"][0]["answers"] += 1


def _gap(told: dict[str, Any]) -> None:
    del told["data"][1]


def _other(told: dict[str, Any]) -> None:
    told["signer"] = str(Keypair().pubkey())


def _none(told: dict[str, Any]) -> None:
    told["data"][0]["signature"] = ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_more, "the signature of the hour is not that of"),
        (_gap, "does not follow the one before it"),
        (_other, "the hour is signed by"),
        (_none, "the signature of the hour is not that of"),
        (dict.clear, "lists no hours"),
    ],
)
def test_hours_that_are_not_as_they_were_signed_are_not_shown(
    told: dict[str, Any], change: Callable[[dict[str, Any]], None], said: str
) -> None:
    changed = copy.deepcopy(told)
    change(changed)
    it = Served(URL)
    with pytest.raises(BadHour, match=said):
        it.take(changed)
    assert it.heads == {}


def test_an_hour_that_was_signed_is_not_signed_otherwise_later(tmp_path: Path) -> None:
    key, it = Keypair(), Served(URL)
    it.take(signed(tmp_path, key))
    (tmp_path / "other").mkdir()
    receipts = Receipts(tmp_path / "other" / "receipts.db", key, URL)
    receipts.add({"id": "chatcmpl-x", "end": FIRST})
    receipts.seal(FIRST + HOUR)
    with pytest.raises(BadHour, match="is another one than it was before"):
        it.take({"signer": str(key.pubkey()), "data": receipts.heads(1)})
    receipts.close()


async def test_a_key_that_was_named_has_to_have_signed(told: dict[str, Any]) -> None:
    it = Served(URL, Keypair().pubkey())
    answers = httpx.MockTransport(lambda request: httpx.Response(200, json=told))
    async with httpx.AsyncClient(transport=answers) as client:
        await it.look(client)
    assert it.heads == {}
    assert "is signed by" in it.why


async def test_a_service_that_is_away_leaves_what_was_known(told: dict[str, Any]) -> None:
    it = Served(URL)
    it.take(told)
    for answers in (httpx.Response(500), httpx.Response(200, content=b"{"), httpx.Response(200, json=[])):
        async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _, told=answers: told)) as client:
            await it.look(client)
        assert it.why
    assert len(it.heads) == 4
