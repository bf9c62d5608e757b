"""How often audits tell a coarser model from the claimed one, and how often they wrong an honest node.

SmolLM2-135M in 4 bits is claimed; served are the same, and 3 and 2 bits of it, made as tests make them. Each
answer is judged as the service judges it. Printed are detections and false alarms for each 1,000 answers, and
how many answers a node has to have judged until audits no longer hold it for what it says.

usage: .venv/bin/python bench/audit.py [--answers N] [--tokens N]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.intelligence.coarse import coarser
from tests.intelligence.conftest import weights

from ionet.intelligence.auditing import ANSWERS, DEVIATIONS
from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.likelihood import Place, Score, score
from ionet.intelligence.models import Model, Models
from ionet.intelligence.prices import Price
from ionet.intelligence.processes import Process, until_ready
from ionet.intelligence.requests import chat

TOPICS = (
    *("a Merkle tree", "rain", "the sky", "Rome", "bread", "chess", "whales", "the moon", "glass", "trains"),
    *("tea", "volcanoes", "poetry", "bridges", "bees", "coffee", "deserts", "music", "rivers", "clocks"),
)
WAYS = ("Tell me about {}.", "Write a short poem about {}.", "What should a child know about {}?")
#: Of a single answer, by which it would be told: one in a thousand by chance.
SINGLE = -3.09
MODELS = Models([Model("claimed", "chat", Price(0, 0), 512)])


@asynccontextmanager
async def engine(file: Path, folder: Path) -> AsyncIterator[HttpEngine]:
    """A model in llama.cpp."""
    socket = folder / f"{file.stem[:10]}.sock"
    made = HttpEngine("http://engine", "any", socket=socket, counts=True)
    arguments = [str(file), str(socket), "--context", "512", "--slots", "1"]
    async with Process("ionet.intelligence.llama", arguments, socket):
        if not await until_ready(made, 120):
            raise SystemExit(f"{file} does not load")
        yield made
        await made.close()


async def judged(
    served: HttpEngine, reference: HttpEngine, number: int, tokens: int, temperature: float
) -> Score:
    """One answer, written by one model and judged by another."""
    question = WAYS[number % len(WAYS)].format(TOPICS[number % len(TOPICS)])
    body = {"model": "claimed", "messages": [{"role": "user", "content": question}], "seed": number}
    ask = chat({**body, "max_tokens": tokens, "temperature": temperature}, MODELS)
    prompt = (await served.count(ask)).tokens
    written: list[int] = []
    async for piece in served.stream(ask, tokens):
        for choice in piece["choices"]:
            written += [each["id"] for each in (choice.get("logprobs") or {}).get("content", ())]
    places = [
        Place(token, await reference.candidates([*prompt, *written[:at]])) for at, token in enumerate(written)
    ]
    return score(places, temperature)


def until_told(scores: list[Score]) -> str:
    """Answers until a node is no longer held for what it says, in the order that they came."""
    total = Score()
    for number, each in enumerate(scores, 1):
        total += each
        if number >= ANSWERS and total.deviations <= DEVIATIONS:
            return str(number)
    return "never"


async def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answers", type=int, default=40, help="of each model at each temperature")
    parser.add_argument("--tokens", type=int, default=24, help="of each answer")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {"4 bits": weights()}
        files |= {
            f"{bits} bits": coarser(weights(), folder / f"bits-{bits}.gguf", 2**bits) for bits in (3, 2)
        }
        print(f"{chosen.answers} answers of {chosen.tokens} tokens each; claimed are 4 bits")
        heads = ("served", "temperature", "mean", "told of 1,000", "node told after")
        print(f"{heads[0]:>8} {heads[1]:>12} {heads[2]:>8} {heads[3]:>14} {heads[4]:>16}")
        async with engine(weights(), folder / ".") as reference:
            for served, file in files.items():
                own = folder / served.replace(" ", "-")
                own.mkdir()
                async with engine(file, own) as writer:
                    for temperature in (1.0, 0.7, 0.0):
                        scores = [
                            await judged(writer, reference, number, chosen.tokens, temperature)
                            for number in range(chosen.answers)
                        ]
                        each = [one.deviations for one in scores]
                        told = 1_000 * sum(value < SINGLE for value in each) / len(each)
                        mean = sum(each) / len(each)
                        row = f"{served:>8} {temperature:>12g} {mean:>8.2f} {told:>14.0f}"
                        print(f"{row} {until_told(scores):>16}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
