"""Prints what happens to jobs, as it happens, through cut connections and without gaps.

    python examples/watch.py [COUNT]

ANCHOR_PROVIDER_URL is a node's URL, for example that of `ionet localnet start`. Ends after COUNT events.
"""

from __future__ import annotations

import asyncio
import os
import sys

from ionet import AsyncClient, events


async def main(count: int | None = None) -> None:
    """Follows the events of the jobs program."""
    async with AsyncClient.connect(os.environ["ANCHOR_PROVIDER_URL"]) as client:
        seen = 0
        async with client.watch_events(events.jobs.Booked.PROGRAM_ID) as happening:
            print("Watching", flush=True)
            async for watched in happening:
                print(watched.slot, watched.signature, watched.event, flush=True)
                seen += 1
                if seen == count:
                    return


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
