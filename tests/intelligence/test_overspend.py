"""Two hundred clients at once, and a service that is killed: nobody uses more than they have."""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from tests.intelligence.conftest import ADDRESS

from ionet.intelligence.books import Books
from ionet.intelligence.records import Deposit

CLIENTS: Final = 200
KILLS: Final = 1
#: Millionths of a dollar that were paid in: about a fifth of what is asked for.
PAID: Final = 60_000
#: … that the key may use by every other seed: less than was paid in.
CAP: Final = 50_000
#: Of $1 and $10 for a million tokens: 3 words are read, each written one costs ten.
READ: Final = 3
#: Of what is asked and when the service is killed; more of them with IONET_SOAK=COUNT.
SEEDS: Final = range(7, 10 + int(os.environ.get("IONET_SOAK", "0")))

SETTINGS: Final = """
listen = "127.0.0.1:{port}"
environment = "test"
metrics = "127.0.0.1:0"

[[models]]
id = "steady"
engine = "url"
url = "http://127.0.0.1:{engine}"
context = 1000
slots = 64
prompt = "1"
completion = "10"

[[models]]
id = "vectors"
engine = "url"
url = "http://127.0.0.1:{engine}"
kind = "embedding"
context = 1000
slots = 16
prompt = "1"
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@asynccontextmanager
async def process(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    made = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield made
    finally:
        if made.returncode is None:
            made.send_signal(signal.SIGKILL)
        await made.wait()


async def answers(url: str) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(600):
            try:
                if (await client.get(url)).status_code in (200, 503):
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.05)
    pytest.fail(f"nobody answers at {url}")


def charges(state: Path) -> dict[str, int]:
    """What each request has cost."""
    with sqlite3.connect(state / "books.db") as database:
        rows = database.execute("SELECT what, units FROM postings WHERE what LIKE 'use %'").fetchall()
    return {what.removeprefix("use "): units for what, units in rows}


@dataclass(slots=True)
class Told:
    """What the clients have read.

    Attributes:
        whole: tokens of answers that came to their end, by the ids that they are billed under.
        parts: tokens of those that broke off.
        vectors: tokens of texts whose vectors have come, by the ids that they are billed under.
        refused: how often there was not enough left.
        tokens: that have come, of all answers.
        more: set by each token.
    """

    whole: dict[str, int] = field(default_factory=dict)
    parts: dict[str, int] = field(default_factory=dict)
    vectors: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    tokens: int = 0
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, tokens: int) -> None:
        """Waits until so many tokens have come."""
        while self.tokens < tokens:
            self.more.clear()
            await self.more.wait()


async def embed(client: httpx.AsyncClient, chance: random.Random, told: Told) -> None:
    """One request for vectors."""
    texts = ["tell me words"] * chance.randint(1, 20)
    try:
        answer = await client.post("/v1/embeddings", json={"model": "vectors", "input": texts})
    except httpx.HTTPError:
        return
    if answer.status_code == 429:
        told.refused += 1
    elif answer.status_code == 200:
        told.vectors[answer.json()["id"]] = READ * len(texts)


async def ask(client: httpx.AsyncClient, chance: random.Random, told: Told) -> None:
    """One request."""
    if chance.random() < 1 / 3:
        await embed(client, chance, told)
        return
    most, choices = chance.randint(1, 120), chance.choice((1, 1, 1, 3))
    messages = [{"role": "user", "content": "tell me words"}]
    body = {"model": "steady", "messages": messages, "max_tokens": most, "n": choices}
    counts: dict[str, int] = {}
    try:
        async with client.stream("POST", "/v1/chat/completions", json={**body, "stream": True}) as answer:
            if answer.status_code == 429:
                told.refused += 1
                return
            if answer.status_code != 200:
                return
            async for line in answer.aiter_lines():
                if line == "data: [DONE]":
                    told.whole |= counts
                    return
                if not line:
                    continue
                piece = json.loads(line[5:])
                for choice in piece["choices"]:
                    add(counts, piece["id"], choice)
                    told.tokens += 1
                    told.more.set()
    except httpx.HTTPError:
        pass
    told.parts |= counts


def add(counts: dict[str, int], answer: str, choice: Any) -> None:
    """Counts a token of a choice, under its own id."""
    name = f"{answer}-{choice['index']}" if choice["index"] else answer
    counts[name] = counts.get(name, 0) + bool(choice["delta"].get("content"))


def read(name: str) -> int:
    """What the prompt costs in an answer: it is paid for with the first of several choices."""
    return 0 if name.rpartition("-")[2] in ("1", "2") else READ


@pytest.mark.parametrize("seed", SEEDS)
async def test_nobody_uses_more_than_was_paid_in_however_many_ask_and_however_it_ends(
    tmp_path: Path, seed: int
) -> None:
    chance, told = random.Random(seed), Told()
    cap = None if seed % 2 else CAP
    port, engine = free_port(), free_port()
    (tmp_path / "intelligence.toml").write_text(SETTINGS.format(port=port, engine=engine))
    books = Books(tmp_path / "books.db", "test")
    books.deposit(Deposit("paid", ADDRESS, "usdc", PAID, 0))
    account = books.account(ADDRESS, 0)
    key, secret = books.make_key(account, "clients", 0, cap=cap)
    serve = ("-c", "from ionet.cli import main; main()", "intelligence", "run", "--without-chain", "--state")
    limits = httpx.Limits(max_connections=CLIENTS)
    headers = {"authorization": f"Bearer {secret}"}
    async with process("-m", "tests.intelligence.steady", str(engine), "150"):
        await answers(f"http://127.0.0.1:{engine}/v1/models")
        for kill in range(KILLS + 1):
            async with (
                process(*serve, str(tmp_path)) as service,
                httpx.AsyncClient(
                    base_url=f"http://127.0.0.1:{port}", headers=headers, limits=limits, timeout=60
                ) as client,
            ):
                await answers(f"http://127.0.0.1:{port}/health")
                # What is asked could be in a core dump.
                assert resource.prlimit(service.pid, resource.RLIMIT_CORE) == (0, 0)
                assert books.balances().get(("held", "usdc"), 0) == 0
                asking = [asyncio.create_task(ask(client, chance, told)) for _ in range(CLIENTS)]
                if kill < KILLS:
                    await told.until(told.tokens + chance.randint(1, 800))
                    service.send_signal(signal.SIGKILL)
                await asyncio.gather(*asking)
                if kill == KILLS:
                    service.send_signal(signal.SIGTERM)
                    await service.wait()
    books.recover(0)
    balances = books.balances()
    earned = balances.get(("earned", "usdc"), 0)
    paid = charges(tmp_path)
    assert told.whole, "no answer came to its end"
    assert told.parts, "no answer broke off"
    assert told.refused, "there was always enough: the test shows nothing"
    assert told.vectors, "no vectors came"
    assert {name: paid[name] for name in told.vectors} == told.vectors
    assert {name: paid[name] for name in told.whole} == {
        name: read(name) + 10 * tokens for name, tokens in told.whole.items()
    }
    for name, tokens in told.parts.items():
        # What was noted ahead, and what was still on its way, counts; nothing that was read does not.
        assert read(name) + 10 * tokens <= paid[name], f"{name} has read {tokens} tokens"
    assert sum(paid.values()) == earned <= (cap or PAID)
    assert books.spent(key, 0) == earned
    assert balances[(f"account {account}", "usdc")] == PAID - earned
    assert balances.get(("held", "usdc"), 0) == 0
    assert sum(balances.values()) == 0
    books.close()
