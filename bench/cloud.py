"""How long a renter waits: from `ionet cluster up` to a task of Ray's on two prepared workers, in parts.

Run with `sudo .venv/bin/python bench/cloud.py [--runs N] [--check]`; it needs what tests of boxes need. The
local network runs on this machine: chain, gateway, orchestrator, two workers with boxes and an overlay. They
share its cores, so that the seconds are upper bounds. A part ends when it is seen from outside:

| part | ends when |
|---|---|
| quote | nodes are chosen and their price is known |
| book | what is sent is in the store, and both nodes are booked |
| start | the chain says that both jobs have started: their nodes have prepared them |
| box | both boxes have a process |
| head | Ray's head has a raylet |
| join | the head has seen both nodes |
| ready | the cluster takes orders |
| task | a task on each node has returned, by `exec` |

`--check` fails beyond 30 s, which is meant for two idle cores.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from solders.pubkey import Pubkey
from tests.network.lab import why_not

from ionet import AsyncClient
from ionet.cloud import AsyncClusterLaunch, ClusterSpec
from ionet.formats.when import HOUR
from ionet.sandbox import _cgroups
from soaking import Net, localnet

PARTS: Final = ("quote", "book", "start", "box", "head", "join", "ready", "task")
GOAL: Final = 30.0
_LOOK: Final = 0.05
TASK: Final = """python3 -c '
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as On
ray.init(log_to_driver=False)
look = ray.remote(num_cpus=0)(lambda: ray.util.get_node_ip_address())
nodes = [node["NodeID"] for node in ray.nodes()]
print(len(set(ray.get([look.options(scheduling_strategy=On(node, False)).remote() for node in nodes]))))
'"""


class Watch:
    """Notes when things are first seen, from a thread."""

    def __init__(self, things: dict[str, Callable[[], bool]]) -> None:
        self.seen: dict[str, float] = {}
        self._things, self._over = things, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(_LOOK):
            for name, there in self._things.items():
                if name not in self.seen and there():
                    self.seen[name] = time.monotonic()

    def end(self) -> None:
        self._over.set()
        self._thread.join()


def programs(box: str) -> list[str]:
    """The command lines of what runs in a box."""
    lines = []
    for pid in _cgroups.processes(box):
        try:
            lines.append(Path(f"/proc/{pid}/cmdline").read_text())
        except OSError:
            continue
    return lines


def things(net: Net) -> dict[str, Callable[[], bool]]:
    """What is watched for on the machines of the workers."""

    def boxes() -> list[Path]:
        return list(net.folder.glob("network/worker-*/leases/*"))

    def logs() -> str:
        paths = net.folder.glob("network/worker-*/leases/*/run.log")
        return "".join(path.read_text(errors="replace") for path in paths)

    return {
        "box": lambda: len(boxes()) == 2 and all(programs(path.name) for path in boxes()),
        "head": lambda: any(
            any("gcs_server" in line for line in lines) and any("/raylet/raylet" in line for line in lines)
            for lines in (programs(path.name) for path in boxes())
        ),
        "join": lambda: logs().count("--- node ") >= 2,
    }


async def once(net: Net) -> dict[str, float]:
    """Seconds from the beginning to the end of each part."""
    spec = ClusterSpec(name="bench", nodes=2, classes=("other cpu",), gpus=0, seconds=HOUR)
    client = AsyncClient.connect(net.told["url"], signer=net.key("renter"))
    watch, began, seen = Watch(things(net)), time.monotonic(), dict[str, float]()
    async with client, AsyncClusterLaunch(client, net.told["gateway"], spec, key=net.key("renter")) as launch:
        offered = await launch.offer()
        seen["quote"] = time.monotonic()
        cluster = await launch.book(offered)
        seen["book"] = time.monotonic()
        async with cluster:
            starting = asyncio.create_task(started(client, await cluster.jobs()))
            await cluster.wait_ready()
            seen["ready"] = time.monotonic()
            seen["start"] = await starting
            printed = bytearray()
            status = await cluster.exec(TASK, printed.extend)
            seen["task"] = time.monotonic()
            assert status == 0, printed
            assert bytes(printed.split()[-1]) == b"2"
            watch.end()
            await cluster.down()
    seen |= watch.seen
    return {part: seen[part] - began for part in PARTS}


async def started(client: AsyncClient, jobs: list[Pubkey]) -> float:
    """When the chain has first been seen to say that all jobs have started."""
    while True:
        accounts = [await client.jobs.get_job(job) for job in jobs]
        if all(account.started_at for account in accounts):
            return time.monotonic()
        await asyncio.sleep(_LOOK)


def main() -> None:
    """Rents, a few times, and prints the parts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--check", action="store_true", help=f"fail beyond {GOAL:.0f} s")
    given = parser.parse_args()
    if (why := why_not()) is not None:
        sys.exit(f"this machine cannot run it: {why}")
    runs = []
    for _ in range(given.runs):
        # A network for each: a node that was let go is not on offer again at once.
        with tempfile.TemporaryDirectory() as folder, localnet(Path(folder), 1) as net:
            runs.append(asyncio.run(once(net)))
            print("  ".join(f"{part} {at:.1f}" for part, at in runs[-1].items()), flush=True)
    middle = {part: statistics.median(run[part] for run in runs) for part in PARTS}
    before = 0.0
    for part in PARTS:
        print(f"{part:6} {middle[part] - before:6.1f} s  {middle[part]:6.1f} s")
        before = middle[part]
    if given.check and middle["task"] > GOAL:
        sys.exit(f"{middle['task']:.1f} s, more than {GOAL:.0f}")


if __name__ == "__main__":
    main()
