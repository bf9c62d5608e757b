"""All that is paid for has a receipt: vectors, too, and prompts that were read for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import generate_latest
from solders.keypair import Keypair
from tests.intelligence.conftest import CHAT, EMBEDDING, Running
from tests.intelligence.test_answering import PAID, Place, engine, said

from ionet.cli.receipts import compare
from ionet.explorer._models import AsOf
from ionet.explorer._served import Served, served
from ionet.formats.inference import HOUR
from ionet.intelligence.answering import Answering
from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.errors import BadReceipt, Refused
from ionet.intelligence.gate import Gate, QuotaRule
from ionet.intelligence.metrics import Counters, registry
from ionet.intelligence.models import Model, Models
from ionet.intelligence.opened import Embedding, Open
from ionet.intelligence.orders import Order
from ionet.intelligence.prices import Price
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.recording import Recorder
from ionet.intelligence.replicas import Replica, Replicas
from ionet.intelligence.requests import embeddings

#: A millionth of a dollar for each token.
MODEL = Model("vectors", "embedding", Price(10**6, 0), 512, digest="ab" * 32)
TEXTS = ["hello", "dragon"]
#: printf '["hello","dragon"]' | sha256sum
READ = "1d342930f673de0963be5b0bdf77eaf165de3e3901e5df233f85a3e6ff4a5433"
#: printf '\x00\x00\x80\x3f\x00\x00\x00\x3f\x00\x00\x00\x00\x00\x00\x00\xc0' | sha256sum
FLOATS = "6e4d2d8a6261b4a9ed7323395f900f122c970f01fda5359e4eaa01272adf9fc8"
ROWS = [[1.0, 0.5], [0.0, -2.0]]
ORDER = Order("job", "aa", "sha256:bb", "cc", (), "")


@dataclass
class Vectors(httpx.AsyncBaseTransport):
    """An engine that answers with these."""

    rows: list[Any] = field(default_factory=lambda: ROWS)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        rows = [{"index": at, "embedding": row} for at, row in enumerate(self.rows)]
        said = json.dumps({"data": rows, "usage": {"prompt_tokens": 5}})
        return httpx.Response(200, content=said.replace('"1e999"', "1e999"))


class Ledger:
    """What becomes of requests: receipts and counters."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder)
        self.receipts = Receipts(folder / "receipts.db", Keypair(), "https://ai.test")
        self.counters = Counters()
        self.recorder = Recorder(self.place.desk, self.receipts, None, {"vectors": "url", "small": "url"})

    async def over(self, request: Open | Embedding) -> None:
        self.counters.over(request)
        await self.recorder.over(request)

    def answering(self, rows: list[Any]) -> Answering:
        told = HttpEngine("http://x", "vectors", transport=Vectors(rows))
        gate = Gate(self.place.desk, "test", None, QuotaRule(0))
        engines = {"vectors": Replicas([Replica("node", told, ORDER)])}
        return Answering(self.place.desk, gate, engines, [MODEL], over=self.over)

    async def embed(self, rows: list[Any] = ROWS, **more: Any) -> Embedding:
        asked = embeddings({"model": "vectors", "input": TEXTS, **more}, Models([MODEL]))
        return await self.answering(rows).embed(asked, self.place.key)

    @property
    def kept(self) -> list[dict[str, Any]]:
        return [json.loads(row[0]) for row in self.receipts._db.execute("SELECT receipt FROM receipts")]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path)
    yield made
    made.receipts.close()
    made.place.desk.close()


async def test_vectors_have_a_receipt_of_counts_and_hashes_and_of_no_words(ledger: Ledger) -> None:
    made = await ledger.embed()
    (kept,) = ledger.kept
    assert kept["prompt"] == {"tokens": 5, "numbers": None, "text": READ}
    assert kept["answer"] == {"tokens": 0, "vectors": 2, "dimensions": 2, "floats": FLOATS}
    assert (kept["id"], kept["model"], kept["weights"], kept["node"]) == (
        *(made.id, "vectors", "ab" * 32, "node"),
    )
    assert kept["ordered"]["image"] == "sha256:bb"
    assert "dragon" not in json.dumps(kept)


async def test_vectors_are_in_the_hours_head_and_on_the_explorers_page(ledger: Ledger) -> None:
    made = await ledger.embed()
    (kept,) = ledger.kept
    ledger.receipts.seal(kept["end"] + HOUR)
    proof = ledger.receipts.proof(made.id)
    assert proof is not None
    proof.check(ledger.receipts.signer)
    it = Served("https://ai.test")
    it.take({"signer": str(ledger.receipts.signer), "data": ledger.receipts.heads(168)})
    (model,) = served(it, AsOf(slot=0, time=0, past=False)).models
    assert [(day.answers, day.prompt, day.completion) for day in model.days] == [(1, 5, 0)]


async def test_vectors_are_counted(ledger: Ledger) -> None:
    await ledger.embed()
    told = generate_latest(registry(ledger.counters, ledger.answering(ROWS))).decode()
    for name, count in (("requests", 1), ("prompt_tokens", 5), ("charged_microdollars", 5)):
        assert f'ionet_intelligence_{name}_total{{model="vectors"}} {count}.0' in told


@pytest.mark.parametrize("rows", [[[1e39], [0.0]], [["1e999"], [0.0]], [[], []], [[1.0], [1.0, 2.0]]])
async def test_what_no_client_could_be_told_costs_nothing_and_has_no_receipt(
    ledger: Ledger, rows: list[Any]
) -> None:
    with pytest.raises(Refused):
        await ledger.embed(rows)
    assert ledger.kept == []
    assert ledger.place.money() == (PAID, 0)


async def test_an_answer_of_which_only_the_prompt_was_read_has_a_receipt(ledger: Ledger) -> None:
    used = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 0}}
    pieces = engine(used, said({}, finish_reason="stop"), used)
    await ledger.place.ask(pieces)
    await ledger.over(ledger.place.over[-1])
    (kept,) = ledger.kept
    assert (kept["prompt"]["tokens"], kept["answer"]["tokens"]) == (3, 0)
    # printf '' | sha256sum
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert kept["answer"]["text"] == nothing


async def test_what_cost_nothing_has_no_receipt(ledger: Ledger) -> None:
    with pytest.raises(Refused):
        await ledger.place.ask(engine(None))
    await ledger.over(ledger.place.over[-1])
    assert ledger.kept == []


async def test_anybody_compares_vectors_with_their_receipt(ledger: Ledger, tmp_path: Path) -> None:
    await ledger.embed()
    (kept,) = ledger.kept
    told = {"data": [{"index": at, "embedding": row} for at, row in enumerate(ROWS)]}
    # base64 of the same numbers.
    packed = {"data": [{"index": 0, "embedding": "AACAPwAAAD8="}, {"index": 1, "embedding": "AAAAAAAAAMA="}]}
    for right in (told, packed, ROWS):
        (tmp_path / "vectors.json").write_text(json.dumps(right))
        compare(kept, "answer", tmp_path / "vectors.json")
    for wrong in ([ROWS[1], ROWS[0]], {"data": [{"index": 0}]}, "hello"):
        (tmp_path / "vectors.json").write_text(json.dumps(wrong))
        with pytest.raises(BadReceipt, match="another answer"):
            compare(kept, "answer", tmp_path / "vectors.json")
    (tmp_path / "texts.json").write_text(json.dumps(TEXTS))
    compare(kept, "prompt", tmp_path / "texts.json")


async def test_a_client_is_told_the_id_of_its_vectors_receipt(service: Running) -> None:
    _, secret = service.key()
    async with service.client(secret) as client:
        made = await client.embeddings.create(model=EMBEDDING, input="one text")
        chat = await client.chat.completions.create(
            model=CHAT, messages=[{"role": "user", "content": "hi"}], max_tokens=1
        )
    assert made.model_extra is not None
    async with httpx.AsyncClient(base_url=service.url) as anybody:
        for name in (chat.id, made.model_extra["id"]):
            # It is there, and is shown as soon as its hour is over.
            assert (await anybody.get(f"/v1/receipts/{name}")).status_code in (200, 409)
