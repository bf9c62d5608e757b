"""A process that serves one job on a chain kept in a file, to be killed by a test."""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
from pathlib import Path
from typing import Any

from tests.orchestrator.support import FakeChain, World

_STEP = 120
_CHANGES = ("start", "lose", "attest", "settle", "complete", "expire", "close")


class FileChain:
    """Writes the chain to a file after each change, before it answers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.real: FakeChain = pickle.loads(path.read_bytes()) if path.exists() else FakeChain()

    def save(self) -> None:
        temporary = self._path.with_suffix(".tmp")
        temporary.write_bytes(pickle.dumps(self.real))
        temporary.replace(self._path)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        if name not in _CHANGES:
            return found

        async def change(*arguments: Any) -> Any:
            answer = await found(*arguments)
            self.save()
            return answer

        return change


async def main(root: Path) -> None:
    world = World(root)
    chain = FileChain(root / "chain")
    world.chain = chain.real
    if not chain.real.accounts and not chain.real.closed:
        world.book()
        chain.save()
    orchestrator = world.orchestrator(chain=chain)
    (root / "ready").touch()
    for _ in range(200):
        await world.settled(orchestrator)
        if not chain.real.accounts:
            break
        chain.real.clock += _STEP
        chain.save()
        await asyncio.sleep(0.02)
    account = next(iter(chain.real.closed.values()))
    names = [step[0] for step in chain.real.steps]
    print(
        json.dumps(
            {
                "good": account.good,
                "paid": sum(account.paid.values()),
                "runs": world.runs,
                "starts": names.count("start"),
                "completes": names.count("complete"),
            }
        )
    )
    await orchestrator.aclose()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
