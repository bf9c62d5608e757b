"""How often cheats are found when they are asked: each played again and again against a real seat.

Run with `python bench/cheats.py [--runs N] [--out FILE]`. Two nodes of real agents at a real gateway cheat as
in tests/cheats, and a seat asks them for their processors; the time of their devices is counted, so that the
machine's load changes nothing. It writes how often each was found, which `bench/economics.py` reads. Honest
devices are among them: what is found of these is a fault of the proofs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.cheats.conftest import Field, standing  # noqa: E402
from tests.cheats.devices import Chip, Halved, Precomputed, Smaller  # noqa: E402

from ionet.prover import Backend  # noqa: E402
from ionet.worker import Worker  # noqa: E402

CHANCES: Final = ROOT / "bench" / "chances.json"


@dataclass(frozen=True, slots=True)
class Cheat:
    """A cheat, and what a seat that asks it knows.

    Attributes:
        devices: makes the kernels of alice's node, and whether bob's has the same.
        worker: who answers with them.
        both: whether both nodes are asked, at one moment.
        units: how many processors each node claims.
        judged: seconds that the class's product takes, and what an answer may be late by.
    """

    devices: Callable[[], tuple[Backend, ...]] = tuple
    worker: type[Worker] = Worker
    both: bool = False
    units: int = 1
    judged: Mapping[str, float] = field(default_factory=dict)


CHEATS: Final[Mapping[str, Cheat]] = {
    "honest": Cheat(lambda: (Chip(0.8),), judged={"seconds": 0.8}),
    "one device for two nodes": Cheat(lambda: (Chip(0.8),), both=True, judged={"seconds": 0.8}),
    "one processor for eight": Cheat(lambda: (Chip(0.3),), units=8, judged={"seconds": 0.3, "grace": 1.0}),
    "a slower class": Cheat(lambda: (Chip(1.7),), judged={"seconds": 0.8}),
    "half the product, 4 rows opened": Cheat(lambda: (Halved(),)),
    "computed before it was asked": Cheat(worker=Precomputed),
    "half the length": Cheat(worker=Smaller),
}


async def found(place: Field, cheat: Cheat) -> bool:
    """Plays a cheat once; whether any node of it failed."""
    market, devices = place.site.market, cheat.devices()
    place.chain.units = cheat.units
    place.put(market.alice, cheat.worker, *devices)
    place.put(market.bob, cheat.worker, *devices)
    nodes = [place.alice, place.bob] if cheat.both else [place.alice]
    judged: dict[str, Any] = dict(cheat.judged)
    return not all(verdict.ok for verdict in (await place.count(nodes, **judged)).values())


async def played(runs: int) -> dict[str, int]:
    """How often each cheat was found."""
    with tempfile.TemporaryDirectory() as folder:
        async with standing(Path(folder)) as place:
            return {
                name: sum([await found(place, cheat) for _ in range(runs)]) for name, cheat in CHEATS.items()
            }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=30, metavar="N", help="of each cheat")
    parser.add_argument("--out", type=Path, default=CHANCES, metavar="FILE", help="where they are written")
    options = parser.parse_args()
    counts = asyncio.run(played(options.runs))
    options.out.write_text(json.dumps({"runs": options.runs, "found": counts}, indent=1) + "\n")
    for name, count in counts.items():
        print(f"{name:<34}{count:>5} of {options.runs}")
    return 1 if counts["honest"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
