"""What the service adds to an engine's answers: milliseconds a token, beside the bare engine.

An engine of a fixed rate answers 50 streams at a time, first by itself, then behind the service, in turns. A
token's delay is how much later it comes than the rate says, counted from when its request was sent. The
service sets aside, notes and settles as always.

usage: .venv/bin/python bench/intelligence.py [--streams N] [--tokens N] [--rate N] [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
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

from ionet.intelligence.books import Books, Deposit

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
#: Seconds from one stream's begin to the next's: all run together once the last has begun.
_BETWEEN = 0.05


async def delays(url: str, key: str, streams: int, tokens: int, rate: float) -> list[float]:
    """Seconds by which each token of all streams was late."""
    limits = httpx.Limits(max_connections=streams)
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=120) as client:
        listed = await asyncio.gather(
            *(stream(client, tokens, rate, number * _BETWEEN) for number in range(streams))
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
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    engine = free_port()
    bare: list[float] = []
    behind: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with process("-m", "tests.intelligence.steady", str(engine), str(chosen.rate)):
            await answers(f"http://127.0.0.1:{engine}/v1/models")
            async with served(Path(folder), engine) as (url, key, pid):
                shape = (chosen.streams, chosen.tokens, chosen.rate)
                await delays(url, key, 2, 5, chosen.rate)
                began = processor_seconds(pid)
                for _ in range(chosen.rounds):
                    bare += await delays(f"http://127.0.0.1:{engine}", "none", *shape)
                    behind += await delays(url, key, *shape)
                spent = processor_seconds(pid) - began
    print(f"{chosen.streams} streams of {chosen.rate:g} tokens/s, {len(behind):,} tokens each way")
    print(f"{'':>12} {'bare engine':>12} {'behind':>12} {'overhead':>12} {'ratio':>8}   goal")
    for percent, goal in GOALS.items():
        first, second = percentile(bare, percent), percentile(behind, percent)
        ratio = second / first
        row = f"{first:>9.2f} ms {second:>9.2f} ms {second - first:>9.2f} ms {ratio:>7.1f}x"
        print(f"{f'p{percent}':>12} {row}   {goal:g} ms")
    print(f"the service computes {1e6 * spent / len(behind):.0f} microseconds a token")


if __name__ == "__main__":
    asyncio.run(main())
