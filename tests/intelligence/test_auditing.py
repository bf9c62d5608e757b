"""Answers that are judged, whatever their node says of its tokens."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair
from tests.intelligence.conftest import weights

from ionet.intelligence.auditing import Auditor, Bench
from ionet.intelligence.books import Books
from ionet.intelligence.desk import Desk
from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.likelihood import Place, Score, score
from ionet.intelligence.models import Model, Models
from ionet.intelligence.prices import Price, Usage
from ionet.intelligence.processes import Process, until_ready
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.replaying import PLACES, Written, replayed
from ionet.intelligence.requests import chat
from ionet.intelligence.standing import ORDINARY, Standing

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
#: A letter of no width.
UNSEEN = "\u200b"
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
        read = (await engine.count(ASK)).likely
        usage = Usage(read, len(tokens))
        yield Court(engine, Written("a", "small", "node", ASK, "".join(said), tuple(tokens), usage, 0.0, 1.0))
        await engine.close()


async def judged(court: Court, folder: Path, *answers: Written) -> list[Standing]:
    receipts = Receipts(folder / "receipts.db", Keypair(), "https://ai.test")
    desk = Desk(Books(folder / "books.db", "test"))
    auditor = Auditor({"small": Bench(court.reference)}, desk, receipts, 1_000_000)
    working = asyncio.create_task(auditor.run())
    for number, each in enumerate(answers):
        auditor.offer(replace(each, id=str(number)))
    async with asyncio.timeout(60):
        await auditor.done()
    working.cancel()
    result = receipts.judgements.standings(0)
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
    assert standing.judged.answers == 3
    assert standing.judged.score.deviations > -1


@pytest.mark.parametrize("own", [True, False])
async def test_another_text_is_told_also_with_the_models_own_tokens_and_without_any(
    court: Court, tmp_path: Path, own: bool
) -> None:
    lie = replace(court.honest, said=ELSE, tokens=court.honest.tokens if own else (), temperature=1.0)
    (standing,) = await judged(court, tmp_path, lie, lie, lie)
    assert not standing.holds


@pytest.mark.parametrize("text", [ELSE + 600 * UNSEEN, 600 * UNSEEN + ELSE], ids=["behind", "before"])
async def test_letters_that_nobody_sees_are_judged_with_the_text(court: Court, text: str) -> None:
    """More of them than the model has room for, and as alike as a model expects them after some."""
    lie = replace(court.honest, said=text, tokens=(), temperature=1.0)
    result = await replayed(lie, court.reference, 0)
    assert result.score.places == PLACES
    assert not result.ordinary


async def test_one_answer_that_cannot_be_judged_is_not_the_last_one(court: Court, tmp_path: Path) -> None:
    broken: Any = "warm"
    (standing,) = await judged(court, tmp_path, replace(court.honest, temperature=broken), court.honest)
    assert standing.judged.answers == 1


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


@pytest.mark.parametrize("more", [Usage(0, 40), Usage(40, 0)])
async def test_tokens_that_are_not_there_are_told(court: Court, tmp_path: Path, more: Usage) -> None:
    own = court.honest.usage
    inflated = Usage(own.prompt + more.prompt, own.completion + more.completion)
    (standing,) = await judged(court, tmp_path, *[replace(court.honest, usage=inflated)] * 3)
    # Of what is written, one may be the end, which is not told.
    assert standing.judged.excess == 3 * (40 if more.prompt else 39)
    assert (standing.faults, standing.judged.passed) == (("tokens",), 0)


async def test_a_text_to_stop_at_is_charged_and_not_told(court: Court, tmp_path: Path) -> None:
    stopping = replace(ASK, body={**ASK.body, "stop": ["and so on"]})
    own = court.honest.usage
    stopped = replace(court.honest, ask=stopping, usage=Usage(own.prompt, own.completion + 4))
    (standing,) = await judged(court, tmp_path, *[stopped] * 3)
    assert standing.judged.excess == 0


async def test_answers_that_are_drawn_colder_than_was_asked_are_told(court: Court, tmp_path: Path) -> None:
    """The likeliest token at each place, of an answer that was to be drawn at temperature 1.5."""
    cold = replace(court.honest, temperature=1.5)
    (standing,) = await judged(court, tmp_path, *[cold] * 6)
    assert "too_probable" in standing.faults
    assert "improbable" not in standing.faults


async def test_as_many_honest_answers_are_out_of_the_ordinary_as_is_said(court: Court) -> None:
    """Answers that are drawn of what the real model says at each place, thousands of them."""
    prompt, own = (await court.reference.count(ASK)).tokens, court.honest.tokens
    told = [await court.reference.candidates([*prompt, *own[:at]]) for at in range(len(own))]
    chance, of, elsewhere = random.Random(11), 10_000, -1
    totals = [Score()] * of
    for candidates in told:
        likely = {token: math.exp(log) for token, log in candidates.items()}
        likely[elsewhere] = max(0.0, 1 - sum(likely.values()))
        each = {token: score([Place(token, candidates)], 1.0) for token in likely}
        drawn = chance.choices(list(likely), list(likely.values()), k=of)
        totals = [total + each[token] for total, token in zip(totals, drawn, strict=True)]
    assert sum(abs(total.deviations) > ORDINARY for total in totals) <= 0.004 * of
    assert abs(sum(total.deviations for total in totals)) / of < 0.1
