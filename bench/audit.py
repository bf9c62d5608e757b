"""How often audits tell a node that serves something else than it says, and wrong one that is honest.

SmolLM2-135M in 4 bits is claimed; served are the same, and 3 and 2 bits of it, made as tests make them. Each
answer is judged as the service judges it, and hours of a node are drawn of those answers, with replacement:
all alike, or some honest and some coarse, or of a few tokens each, or drawn colder than was asked for, or
with tokens charged that are not there. Printed are the answers of 1,000 that are out of the ordinary by
themselves, and the hours of 1,000, or days where a row says so, in which a node no longer holds for what it
says: detections, or false alarms where it is honest.

usage: .venv/bin/python bench/audit.py [--answers N] [--tokens N] [--hour N]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.intelligence.coarse import coarser
from tests.intelligence.conftest import weights

from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.likelihood import Place, score
from ionet.intelligence.models import Model, Models
from ionet.intelligence.prices import Price
from ionet.intelligence.processes import Process, until_ready
from ionet.intelligence.requests import chat
from ionet.intelligence.standing import Judged, standing

TOPICS = (
    *("a Merkle tree", "rain", "the sky", "Rome", "bread", "chess", "whales", "the moon", "glass", "trains"),
    *("tea", "volcanoes", "poetry", "bridges", "bees", "coffee", "deserts", "music", "rivers", "clocks"),
)
WAYS = ("Tell me about {}.", "Write a short poem about {}.", "What should a child know about {}?")
MODELS = Models([Model("claimed", "chat", Price(0, 0), 512)])
TEMPERATURES = (1.0, 0.7, 0.0)
HOURS = 1_000
FEW = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """What the claimed model says of an answer's tokens."""

    places: tuple[Place, ...]

    def judged(self, temperature: float, places: int | None = None) -> Judged:
        """As the service judges it, or its first places."""
        kept = self.places[:places]
        return Judged(0, score(kept, temperature), tokens=len(kept))


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


async def answer(
    served: HttpEngine, reference: HttpEngine, number: int, tokens: int, temperature: float
) -> Answer:
    """One answer, written by one model and read by another."""
    question = WAYS[number % len(WAYS)].format(TOPICS[number % len(TOPICS)])
    body = {"model": "claimed", "messages": [{"role": "user", "content": question}], "seed": number}
    ask = chat({**body, "max_tokens": tokens, "temperature": temperature}, MODELS)
    prompt = (await served.count(ask)).tokens
    written: list[int] = []
    async for piece in served.stream(ask, tokens):
        for choice in piece.get("choices", ()):
            written += [each["id"] for each in (choice.get("logprobs") or {}).get("content", ())]
    return Answer(
        tuple(
            [
                Place(token, await reference.candidates([*prompt, *written[:at]]))
                for at, token in enumerate(written)
            ]
        )
    )


def told(answers: Sequence[Judged], others: Sequence[Judged], share: float, hour: int, hours: int = 1) -> int:
    """Hours of a thousand, or days, in which a node is told that serves a share of the first answers.

    Args:
        answers: the first.
        others: it serves as well.
        share: of the first.
        hour: answers that are judged in an hour.
        hours: that are looked at together.
    """
    chance = random.Random(1)
    spans = (
        [
            replace(chance.choice(answers if chance.random() < share else others), at=number * 3_600)
            for number in range(hours)
            for _ in range(hour)
        ]
        for _ in range(HOURS)
    )
    return sum(not standing("", "", each).holds for each in spans)


def row(
    name: str,
    answers: Sequence[Judged],
    hour: int,
    others: Sequence[Judged] = (),
    share: float = 1.0,
    hours: int = 1,
) -> None:
    """Prints what it comes to."""
    mean = sum(each.score.deviations for each in answers) / len(answers)
    alone = 1_000 * sum(not each.passed for each in answers) / len(answers)
    found = told(answers, others or answers, share, hour, hours)
    print(f"{name:<48} {mean:>9.2f} {alone:>9.0f} {found:>9}", flush=True)


def rows(pools: dict[tuple[str, float], list[Answer]], hour: int) -> None:
    """Prints all that is made of the answers."""
    print(f"{'served':<48} {'mean':>9} {'answers':>9} {'hours':>9}")
    honest = {heat: [each.judged(heat) for each in pools["4 bits", heat]] for heat in TEMPERATURES}
    for (served, heat), answers in pools.items():
        row(f"{served} at {heat:g}", [each.judged(heat) for each in answers], hour)
    for served, heat in (("4 bits", 0.7), ("3 bits", 1.0), ("2 bits", 1.0)):
        few = [each.judged(heat, FEW) for each in pools[served, heat]]
        row(f"{served} at {heat:g}, of {FEW} tokens", few, hour)
    for asked, drawn in ((1.0, 0.7), (1.0, 0.0), (0.7, 0.0)):
        row(
            f"4 bits drawn at {drawn:g}, asked for {asked:g}",
            [each.judged(asked) for each in pools["4 bits", drawn]],
            hour,
        )
    colder = [each.judged(1.0) for each in pools["3 bits", 0.7]]
    row("3 bits drawn at 0.7, asked for 1", colder, hour)
    for fewer in (2, 5):
        row(f"the same, {fewer} answers an hour, by days", colder, fewer, hours=24)
        row(f"4 bits at 1, {fewer} answers an hour, by days", honest[1.0], fewer, hours=24)
    for heat in TEMPERATURES:
        for share in (0.5, 0.25, 0.1):
            coarse = [each.judged(heat) for each in pools["3 bits", heat]]
            row(f"{share:.0%} of 3 bits, the others of 4, at {heat:g}", coarse, hour, honest[heat], share)
    for more in (0.01, 0.05, 0.2):
        inflated = [
            replace(each, tokens=each.tokens + extra, excess=extra)
            for each in honest[1.0]
            for extra in [round(each.tokens * more)]
        ]
        row(f"4 bits at 1, {more:.0%} more tokens charged", inflated, hour)


async def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answers", type=int, default=40, help="of each model at each temperature")
    parser.add_argument("--tokens", type=int, default=24, help="of each answer")
    parser.add_argument("--hour", type=int, default=20, help="answers of a node that are judged in an hour")
    chosen = parser.parse_args()
    pools: dict[tuple[str, float], list[Answer]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {"4 bits": weights()}
        files |= {
            f"{bits} bits": coarser(weights(), folder / f"bits-{bits}.gguf", 2**bits) for bits in (3, 2)
        }
        print(
            f"{chosen.answers} answers of {chosen.tokens} tokens each, {chosen.hour} an hour; claimed: 4 bits"
        )
        async with engine(weights(), folder / ".") as reference:
            for served, file in files.items():
                own = folder / served.replace(" ", "-")
                own.mkdir()
                async with engine(file, own) as writer:
                    for heat in TEMPERATURES:
                        pools[served, heat] = [
                            await answer(writer, reference, number, chosen.tokens, heat)
                            for number in range(chosen.answers)
                        ]
    rows(pools, chosen.hour)


if __name__ == "__main__":
    asyncio.run(main())
