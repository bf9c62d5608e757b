"""Answers that are judged, whatever their node says of its tokens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair
from tests.intelligence.conftest import weights

from ionet.intelligence.auditing import Auditor, Standing, Written, standings
from ionet.intelligence.books import Books
from ionet.intelligence.desk import Desk
from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.models import Model, Models
from ionet.intelligence.prices import Price
from ionet.intelligence.processes import Process, until_ready
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.requests import chat

MODELS = Models([Model("small", "chat", Price(0, 0), 256)])
ASK = chat(
    {
        "model": "small",
        "messages": [{"role": "user", "content": "Name three fruits."}],
        "temperature": 0,
        "max_tokens": 16,
    },
    MODELS,
)
#: Words that no model answers with, one after the other.
ELSE = "engine purple seventeen below marmot tax quickly iron"


@dataclass(frozen=True, slots=True)
class Court:
    """A reference, and an answer that it would give."""

    reference: HttpEngine
    honest: Written


@pytest.fixture(scope="module")
async def court(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Court]:
    socket = tmp_path_factory.mktemp("co") / "r.sock"
    arguments = [str(weights()), str(socket), "--context", "256", "--slots", "1"]
    engine = HttpEngine("http://engine", "any", socket=socket, counts=True)
    async with Process("ionet.intelligence.llama", arguments, socket):
        assert await until_ready(engine, 120)
        said: list[str] = []
        tokens: list[int] = []
        async for piece in engine.stream(ASK, 16):
            for choice in piece.get("choices", ()):
                said.append(choice["delta"].get("content") or "")
                tokens += [each["id"] for each in (choice.get("logprobs") or {}).get("content", ())]
        yield Court(engine, Written("a", "small", "node", ASK, "".join(said), tuple(tokens), 0.0, 1.0))
        await engine.close()


async def judged(court: Court, folder: Path, *answers: Written) -> list[Standing]:
    receipts = Receipts(folder / "receipts.db", Keypair(), "https://ai.test")
    desk = Desk(Books(folder / "books.db", "test"))
    auditor = Auditor({"small": court.reference}, desk, receipts, 1_000_000)
    working = asyncio.create_task(auditor.run())
    for number, each in enumerate(answers):
        auditor.offer(replace(each, id=str(number)))
    async with asyncio.timeout(60):
        await auditor.done()
    working.cancel()
    result = standings(receipts, 0)
    desk.close()
    receipts.close()
    return result


@pytest.mark.parametrize("tokens", ["its own", "none", "unknown", "without one"])
async def test_an_answer_of_the_model_holds_whatever_is_said_of_its_tokens(
    court: Court, tmp_path: Path, tokens: str
) -> None:
    own = court.honest.tokens
    told: dict[str, Sequence[int]] = {
        "its own": own,
        "none": (),
        "unknown": (10**7,),
        "without one": own[:2] + own[3:],  # as llama.cpp leaves out parts of letters
    }
    (standing,) = await judged(court, tmp_path, *[replace(court.honest, tokens=tuple(told[tokens]))] * 3)
    assert standing.answers == 3
    assert standing.score.deviations > -1


@pytest.mark.parametrize("own", [True, False])
async def test_another_text_is_told_also_with_the_models_own_tokens_and_without_any(
    court: Court, tmp_path: Path, own: bool
) -> None:
    lie = replace(court.honest, said=ELSE, tokens=court.honest.tokens if own else (), temperature=1.0)
    (standing,) = await judged(court, tmp_path, lie, lie, lie)
    assert not standing.holds


async def test_one_answer_that_cannot_be_judged_is_not_the_last_one(court: Court, tmp_path: Path) -> None:
    broken: Any = "warm"
    (standing,) = await judged(court, tmp_path, replace(court.honest, temperature=broken), court.honest)
    assert standing.answers == 1


async def test_what_was_asked_is_in_no_line_of_the_log(
    court: Court, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    echo = httpx.MockTransport(
        lambda request: httpx.Response(400, json={"error": {"message": request.content.decode()}})
    )
    loud = replace(court, reference=HttpEngine("http://x", "any", counts=True, transport=echo))
    with caplog.at_level(logging.DEBUG, "ionet"):
        assert await judged(loud, tmp_path, court.honest) == []
    assert "was not judged" in caplog.text
    assert "fruits" not in caplog.text
