"""Who serves a coarser model than they say is told by the tokens that they write; who does not is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import pytest
from tests.intelligence.coarse import coarser
from tests.intelligence.conftest import Running, running, weights
from tests.intelligence.suppliers import supplier

from ionet.intelligence.config import load

QUESTIONS: Final = (
    "Explain a Merkle tree.",
    "Why is the sky blue?",
    "Tell me about Rome.",
    "Name three fruits.",
)

SETTINGS: Final = """
listen = "127.0.0.1:0"
environment = "test"
metrics = "127.0.0.1:0"
audit = "1"
"""
MODEL: Final = """
[[models]]
id = "{name}"
engine = "url"
url = "{url}"
llama_cpp = true
node = "{name}-node"
reference = "{reference}"
context = 256
prompt = "0"
completion = "0"
"""


@pytest.fixture(scope="module")
async def audited(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A service with two suppliers of one model, of whom one serves 3 bits instead of 4."""
    state = tmp_path_factory.mktemp("au")
    coarse = coarser(weights(), state / "coarse.gguf", 8)
    async with supplier(weights(), state) as honest, supplier(coarse, state) as thrifty:
        models = [
            MODEL.format(name=name, url=url, reference=weights())
            for name, url in (("honest", honest), ("thrifty", thrifty))
        ]
        (state / "intelligence.toml").write_text(SETTINGS + "".join(models))
        async with running(load(state)) as service:
            yield service


async def ask(service: Running, model: str, question: str, **more: Any) -> str:
    _, secret = service.key(dollars=0)
    async with service.client(secret) as client:
        answer = await client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": question}], max_tokens=24, **more
        )
    return str(answer.id)


async def standings(service: Running, count: int) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=service.url) as client:
        for _ in range(1_200):
            rows = (await client.get("/v1/audits")).json()["data"]
            if sum(row["answers"] for row in rows) >= count:
                return {row["node"]: row for row in rows}
            await asyncio.sleep(0.1)
    pytest.fail(f"not all answers were judged: {rows}")


async def test_who_serves_a_coarser_model_is_told_and_who_does_not_is_not(audited: Running) -> None:
    for seed, question in enumerate(QUESTIONS):
        for model in ("honest", "thrifty"):
            await ask(audited, model, question, seed=seed, temperature=0.0 if seed % 2 else 1.0)
    nodes = await standings(audited, 2 * len(QUESTIONS))
    assert nodes["honest-node"]["holds"]
    assert nodes["honest-node"]["deviations"] > -3
    assert not nodes["thrifty-node"]["holds"]
    assert nodes["thrifty-node"]["deviations"] < -6


async def test_a_receipt_waits_for_the_end_of_its_hour(audited: Running) -> None:
    name = await ask(audited, "honest", QUESTIONS[0])
    async with httpx.AsyncClient(base_url=audited.url) as client:
        answer = await client.get(f"/v1/receipts/{name}")
        # Unless the hour has just ended.
        assert answer.status_code in {409, 200} if time.time() % 3_600 < 60 else answer.status_code == 409
        assert (await client.get("/v1/receipts/chatcmpl-00")).status_code == 404
