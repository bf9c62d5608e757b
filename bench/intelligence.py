"""What the service adds to an engine's answers: milliseconds a token, beside the bare engine.

An engine of a fixed rate answers 50 streams at a time, first by itself, then behind the service, in turns. A
token's delay is how much later it comes than the rate says, counted from when its request was sent. The
service sets aside, notes and settles as always. Streams write apart from each other, as those of many engines
do, and then in step, as those of one that works on all of them at a time.

usage: .venv/bin/python bench/intelligence.py [--streams N] [--tokens N] [--rate N] [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.intelligence.conftest import ADDRESS
from tests.intelligence.test_overspend import answers, free_port, process

from ionet.intelligence.books import Books
from ionet.intelligence.records import Deposit

SETTINGS = """
listen = "127.0.0.1:{port}"
environment = "bench"
metrics = "127.0.0.1:0"

[[models]]
id = "steady"
engine = "url"
url = "http://127.0.0.1:{engine}"
context = 100000
slots = 1000
prompt = "0.10"
completion = "0.40"
"""
GOALS = {50: 5.0, 99: 15.0}
#: Of a token's time, from one stream's begin to the next's: all run together once the last has begun.
_BETWEEN = {"apart": 1.618, "in step": 1.0}


async def delays(url: str, key: str, between: float, streams: int, tokens: int, rate: float) -> list[float]:
    """Seconds by which each token of all streams was late."""
    limits = httpx.Limits(max_connections=streams)
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=120) as client:
        listed = await asyncio.gather(
            *(stream(client, tokens, rate, number * between / rate) for number in range(streams))
        )
    return [delay for each in listed for delay in each]


async def stream(client: httpx.AsyncClient, tokens: int, rate: float, wait: float) -> list[float]:
    """Of one stream, which begins a moment after the others."""
    await asyncio.sleep(wait)
    messages = [{"role": "user", "content": "tell me words"}]
    body = {"model": "steady", "messages": messages, "max_tokens": tokens, "stream": True}
    late: list[float] = []
    begun = time.perf_counter()
    async with client.stream("POST", "/v1/chat/completions", json=body) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            if '"content"' in line:
                late.append(time.perf_counter() - begun - len(late) / rate)
    if len(late) != tokens:
        raise SystemExit(f"{len(late)} tokens came, of {tokens}")
    return late


@asynccontextmanager
async def served(state: Path, engine: int) -> AsyncIterator[tuple[str, str, int]]:
    """The service, with a key of an account that has paid in: URL, key, and its process."""
    port = free_port()
    (state / "intelligence.toml").write_text(SETTINGS.format(port=port, engine=engine))
    books = Books(state / "books.db", "bench")
    books.deposit(Deposit("paid", ADDRESS, "usdc", 10**12, 0))
    _, key = books.make_key(books.account(ADDRESS, 0), "bench", 0)
    books.close()
    run = "from ionet.cli import main; main()"
    async with process("-c", run, "intelligence", "run", "--without-chain", "--state", str(state)) as service:
        await answers(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}", key, service.pid


def processor_seconds(pid: int) -> float:
    """Seconds that a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(values: Sequence[float], percent: int) -> float:
    """Of delays, in milliseconds."""
    return 1_000 * statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


async def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--tokens", type=int, default=150)
    parser.add_argument("--rate", type=float, default=20.0, help="tokens a second of each stream")
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    # Collecting garbage, this process would read tokens late that were there.
    gc.disable()
    engine = free_port()
    bare: dict[str, list[float]] = {way: [] for way in _BETWEEN}
    behind: dict[str, list[float]] = {way: [] for way in _BETWEEN}
    with tempfile.TemporaryDirectory() as folder:
        async with process("-m", "tests.intelligence.steady", str(engine), str(chosen.rate)):
            await answers(f"http://127.0.0.1:{engine}/v1/models")
            async with served(Path(folder), engine) as (url, key, pid):
                shape = (chosen.streams, chosen.tokens, chosen.rate)
                await delays(url, key, 1.0, 2, 5, chosen.rate)
                began = processor_seconds(pid)
                for way, between in chosen.rounds * list(_BETWEEN.items()):
                    bare[way] += await delays(f"http://127.0.0.1:{engine}", "none", between, *shape)
                    behind[way] += await delays(url, key, between, *shape)
                spent = processor_seconds(pid) - began
    count = sum(map(len, behind.values()))
    print(f"{chosen.streams} streams of {chosen.rate:g} tokens/s, {count:,} tokens each way")
    print(f"{'':>12} {'bare engine':>12} {'behind':>12} {'overhead':>12} {'ratio':>8}   goal")
    for way in _BETWEEN:
        for percent, goal in GOALS.items():
            first, second = percentile(bare[way], percent), percentile(behind[way], percent)
            row = f"{first:>9.2f} ms {second:>9.2f} ms {second - first:>9.2f} ms {second / first:>7.1f}x"
            print(f"{f'{way} p{percent}':>12} {row}   {goal:g} ms")
    print(f"the service computes {1e6 * spent / count:.0f} microseconds a token")


if __name__ == "__main__":
    asyncio.run(main())
