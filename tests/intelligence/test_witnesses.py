"""Answers that are replayed on another node, and two nodes at odds: real models, one of them coarser."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import httpx
import pytest
from solders.keypair import Keypair
from tests.intelligence.coarse import coarser
from tests.intelligence.conftest import Running, running, weights
from tests.intelligence.suppliers import bridge, llama

from ionet.intelligence import auditing
from ionet.intelligence.auditing import Auditor, Bench
from ionet.intelligence.books import Books
from ionet.intelligence.config import load
from ionet.intelligence.desk import Desk
from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.models import Model, Models
from ionet.intelligence.prices import Price, Usage
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.replaying import Written
from ionet.intelligence.replicas import Replica, Replicas
from ionet.intelligence.requests import chat
from ionet.intelligence.standing import Standing

MODELS: Final = Models([Model("small", "chat", Price(0, 0), 256)])
QUESTIONS: Final = ("Explain a Merkle tree.", "Why is the sky blue?", "Tell me about Rome.", "What is tea?")
TOKENS: Final = 16


@dataclass(frozen=True, slots=True)
class Court:
    """Engines, and answers to the same questions by two of them."""

    honest: HttpEngine
    coarse: HttpEngine
    arbiter: HttpEngine
    well: Sequence[Written]
    badly: Sequence[Written]


@pytest.fixture(scope="module")
async def court(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Court]:
    folder = tmp_path_factory.mktemp("wi")
    thrifty = coarser(weights(), folder / "coarse.gguf", 8)
    async with AsyncExitStack() as stack:
        honest, coarse, arbiter = [
            await stack.enter_async_context(llama(file, folder / f"{number}.sock", 1))
            for number, file in enumerate((weights(), thrifty, weights()))
        ]
        well, badly = [
            [await answer(engine, number) for number in range(len(QUESTIONS))] for engine in (honest, coarse)
        ]
        yield Court(honest, coarse, arbiter, well, badly)


async def answer(engine: HttpEngine, number: int) -> Written:
    """An answer that an engine writes."""
    messages = [{"role": "user", "content": QUESTIONS[number]}]
    ask = chat({"model": "small", "messages": messages, "temperature": 0}, MODELS)
    said, tokens = "", list[int]()
    async for piece in engine.stream(ask, TOKENS):
        for choice in piece.get("choices", ()):
            said += choice["delta"].get("content") or ""
            tokens += [each["id"] for each in (choice.get("logprobs") or {}).get("content", ())]
    usage = Usage((await engine.count(ask)).likely, len(tokens))
    return Written(str(number), "small", "", ask, said, tuple(tokens), usage, 0.0, 1.0)


def by(node: str, answers: Sequence[Written]) -> Iterator[Written]:
    """Answers, as a node has written them."""
    return (replace(each, id=f"{node}-{each.id}", node=node) for each in answers)


async def judged(
    folder: Path,
    arbiter: HttpEngine | None,
    nodes: dict[str, HttpEngine],
    answers: Sequence[Written],
    arbitrated: int = 0,
) -> dict[str, Standing]:
    """What audits say of nodes."""
    receipts = Receipts(folder / "receipts.db", Keypair(), "https://ai.test")
    desk = Desk(Books(folder / "books.db", "test"))
    bench = Bench(arbiter, Replicas([Replica(name, engine) for name, engine in nodes.items()]))
    draw = random.Random(3).randrange
    auditor = Auditor({"small": bench}, desk, receipts, 1_000_000, arbitrated, draw)
    for each in answers:
        await auditor.judge(each)
    result = {each.node: each for each in receipts.judgements.standings(0)}
    desk.close()
    receipts.close()
    return result


async def test_two_honest_nodes_find_no_fault_with_each_other(court: Court, tmp_path: Path) -> None:
    nodes = {"a": court.honest, "b": court.arbiter}
    told = await judged(tmp_path, None, nodes, [*by("a", court.well), *by("b", court.well)])
    for node, other in (("a", "b"), ("b", "a")):
        (witness,) = told[node].witnesses
        assert witness == other
        assert told[node].witnesses[other].answers == len(QUESTIONS)
        assert told[node].witnesses[other].score.deviations > -3
        assert told[node].holds


async def test_which_of_two_nodes_at_odds_is_wrong_the_arbiter_tells(court: Court, tmp_path: Path) -> None:
    nodes = {"a": court.honest, "c": court.coarse}
    both = [each for pair in zip(by("c", court.badly), by("a", court.well), strict=True) for each in pair]
    told = await judged(tmp_path, court.arbiter, nodes, [*both, *by("c", court.badly)])
    assert "improbable" in told["c"].witnesses["a"].faults
    assert "improbable" in told["c"].faults
    assert told["a"].judged.answers >= 3
    assert told["a"].holds


async def test_nodes_that_cover_for_each_other_are_told_by_the_arbiters_share(
    court: Court, tmp_path: Path
) -> None:
    nodes = {"c": court.coarse, "d": court.coarse}
    told = await judged(tmp_path, court.arbiter, nodes, [*by("c", court.badly)], arbitrated=900_000)
    assert told["c"].witnesses["d"].faults == ()
    assert told["c"].judged.answers < 2 * told["c"].witnesses["d"].answers
    assert "improbable" in told["c"].faults


async def test_without_an_arbiter_neither_of_two_nodes_at_odds_is_blamed(
    court: Court, tmp_path: Path
) -> None:
    nodes = {"a": court.honest, "c": court.coarse}
    told = await judged(tmp_path, None, nodes, [*by("c", court.badly)])
    assert told["c"].witnesses["a"].faults
    assert told["c"].holds


async def test_the_only_node_is_judged_by_the_arbiter(court: Court, tmp_path: Path) -> None:
    told = await judged(tmp_path, court.arbiter, {"c": court.coarse}, [*by("c", court.badly)])
    assert not told["c"].witnesses
    assert "improbable" in told["c"].faults


ENDLESS: Final = b"""
{"prompt": "x", "tokens": [1], "content": "x", "completion_probabilities": [
    {"top_logprobs": [{"id": 1e999, "logprob": -1}]}]}
"""


class Bad(httpx.AsyncBaseTransport):
    """A witness that is away, says nothing, or says what cannot be."""

    def __init__(self, how: str) -> None:
        self._how = how

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._how == "away":
            raise httpx.ConnectError("refused", request=request)
        if self._how == "silent":
            await asyncio.Event().wait()
        if self._how == "deep":
            return httpx.Response(400, content=b"[" * 60_000)
        if self._how == "endless":
            return httpx.Response(200, content=ENDLESS)
        numbers = [1] * (1_000 if self._how == "many" else 5)
        listed = [{"top_logprobs": [{"id": 1, "logprob": 1e9}]}]
        told = {"prompt": "x", "tokens": numbers, "content": "x", "completion_probabilities": listed}
        return httpx.Response(200, json=told)


@pytest.mark.parametrize("how", ["away", "silent", "many", "impossible", "deep", "endless"])
async def test_a_witness_that_is_of_no_use_has_both_looked_at(
    court: Court, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "_PATIENCE", 0.2)
    bad = HttpEngine("http://x", "small", counts=True, transport=Bad(how))
    nodes = {"a": court.honest, "bad": bad}
    told = await judged(tmp_path, court.arbiter, nodes, [*by("a", court.well[:2])])
    assert not told["a"].witnesses
    # Not the first one: it is not drawn.
    assert told["a"].judged.answers == 1


async def test_a_witness_that_says_nothing_holds_up_no_other_answers(court: Court, tmp_path: Path) -> None:
    receipts = Receipts(tmp_path / "receipts.db", Keypair(), "https://ai.test")
    desk = Desk(Books(tmp_path / "books.db", "test"))
    silent = HttpEngine("http://x", "small", counts=True, transport=Bad("silent"))
    bench = Bench(court.arbiter, Replicas([Replica("a", court.honest), Replica("bad", silent)]))
    auditor = Auditor({"small": bench}, desk, receipts, 1_000_000, 0, random.Random(3).randrange)
    for each in by("a", court.well):
        auditor.offer(each)
    work = asyncio.create_task(auditor.run())
    # Long before the witness's time is over, and though the arbiter's share is none.
    async with asyncio.timeout(60):
        told: list[Standing] = []
        while not told or told[0].judged.answers < 2:
            await asyncio.sleep(0.05)
            told = await desk.do(lambda _: receipts.judgements.standings(0))
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    desk.close()
    receipts.close()


SETTINGS: Final = """
listen = "127.0.0.1:0"
environment = "test"
metrics = "127.0.0.1:0"
audit = "{share}"

[[models]]
id = "small"
engine = "url"
llama_cpp = true
context = 256
prompt = "0"
completion = "0"

[[models.replicas]]
url = "{writer}"
node = "writer"

[[models.replicas]]
url = "{other}"
node = "other"
"""


async def test_a_node_is_sent_the_same_bytes_whether_its_answer_is_judged_or_not(tmp_path: Path) -> None:
    writer, other = list[bytes](), list[bytes]()
    at = tmp_path / "engine.sock"
    async with llama(weights(), at), bridge(at, writer) as url, bridge(at, other) as second:
        sent = []
        for share in ("0", "1"):
            state = tmp_path / share
            state.mkdir(mode=0o700)
            (state / "intelligence.toml").write_text(SETTINGS.format(share=share, writer=url, other=second))
            async with running(load(state)) as service:
                await asked(service)
                if share == "1":
                    row = await witnessed(service)
                    assert [each["node"] for each in row["witnesses"]] == ["other"]
            sent.append([each for each in writer if b"GET /v1/models" not in each])
            writer.clear()
    assert any(b"/v1/chat/completions" in each for each in sent[0])
    assert sent[0] == sent[1]
    assert any(b"/completion" in each for each in other)


async def asked(service: Running) -> None:
    _, secret = service.key(dollars=0)
    async with service.client(secret) as client:
        await client.chat.completions.create(
            model="small",
            messages=[{"role": "user", "content": QUESTIONS[0]}],
            max_tokens=4,
            temperature=0,
            seed=1,
        )


async def witnessed(service: Running) -> dict[str, list[dict[str, str]]]:
    async with httpx.AsyncClient(base_url=service.url) as client:
        for _ in range(1_200):
            for row in (await client.get("/v1/audits")).json()["data"]:
                return dict(row)
            await asyncio.sleep(0.05)
    pytest.fail("no answer was judged")
