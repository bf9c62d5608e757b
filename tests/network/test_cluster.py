"""A lease of two nodes as one Ray cluster, through the real processes: gateway, orchestrator, two workers."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.network.lab import needed
from tests.sandbox.support import prepared_image

from ionet import accounts, pda, token_account
from ionet.overlay import OVERLAYS
from ionet.store import HttpStore
from ionet.store.manifest import Command, Manifest, Resources
from soaking import HOUR, Booked, Net, localnet, paid, result_of, wait

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEED = 60
#: Tasks on each node say where they are, and sum their parts of the numbers below 100,000.
PROGRAM = """
import json, os, pathlib, socket, sys, time
import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy as On

@ray.remote(num_cpus=1)
def part(number):
    numbers = range(number * 10_000, (number + 1) * 10_000)
    return ray.util.get_node_ip_address(), socket.gethostname(), sum(numbers)

ray.init()
group = placement_group([{"CPU": 1}] * 2, strategy="STRICT_SPREAD")
ray.get(group.ready())
parts = ray.get([part.options(scheduling_strategy=On(group, n % 2)).remote(n) for n in range(10)])
for address, host in sorted({(address, host) for address, host, _ in parts}):
    print("node", address, host)
total = sum(number for *_, number in parts)
print("sum", total, flush=True)
time.sleep(float(sys.argv[1]))
result = {"nodes": sorted({address for address, *_ in parts}), "sum": total}
pathlib.Path(os.environ["IONET_OUTPUT"], "result.json").write_text(json.dumps(result))
"""


@dataclass(frozen=True)
class Cluster:
    """A booked cluster: its jobs in the order of booking, and what each supplier had before."""

    booked: list[Booked]

    @property
    def jobs(self) -> list[Pubkey]:
        return [one.job for one in self.booked]


def book_cluster(net: Net, seconds: int, *arguments: str) -> Cluster:
    manifest = Manifest(
        Command(("python3", "-c", PROGRAM, *arguments)),
        resources=Resources(cpus=1),
        nodes=2,
        max_duration=HOUR,
    )
    client = net.client
    digest = HttpStore(net.told["gateway"], net.key("renter"), retries=20).put(manifest.to_bytes())
    owners = {Pubkey.from_string(node): owner for owner, node in net.told["nodes"].items()}
    purses = {node: token_account(net.key(owner).pubkey(), pda.mint.MINT) for node, owner in owners.items()}
    before = {node: client.token_account(purse).amount for node, purse in purses.items()}
    client.jobs.book_cluster(list(owners), seconds, digest)
    found = [job for _, job in sorted(_jobs(net), key=lambda item: (item[1].booked_at, bytes(item[0])))]
    keys = [key for key, _ in sorted(_jobs(net), key=lambda item: (item[1].booked_at, bytes(item[0])))]
    return Cluster(
        [Booked(key, job, purses[job.node], before[job.node]) for key, job in zip(keys, found, strict=True)]
    )


def _jobs(net: Net) -> list[tuple[Pubkey, accounts.jobs.Job]]:
    return [(keyed.address, keyed.account) for keyed in net.client.jobs.find_jobs()]


def file_of(net: Net, document: dict[str, Any], name: str) -> Any:
    item = next(item for item in document["outputs"] if item["name"] == name)
    return json.loads(HttpStore(net.told["gateway"], net.key("renter")).get_bytes(item["sha256"]))


def log_of(net: Net, document: dict[str, Any]) -> str:
    return HttpStore(net.told["gateway"], net.key("renter")).get_bytes(document["log"]).decode()


def left_over(net: Net) -> list[str]:
    """What is left on either machine."""
    left = net.left_over()
    left += [f"overlay of {name}" for name in net.boxes if list(OVERLAYS.glob(f"{name}*"))]
    return left


def test_a_program_runs_on_both_nodes_of_a_lease_and_every_second_is_paid(tmp_path: Path) -> None:
    needed()
    prepared_image()
    with localnet(tmp_path, SPEED) as net:
        cluster = book_cluster(net, HOUR, "0")
        document = result_of(net, cluster.booked[0], 120)
        assert document["reason"] is None, document
        result = file_of(net, document, "result.json")
        assert result["sum"] == 4_999_950_000
        assert len(set(result["nodes"])) == 2
        # Addresses of the lease's network, and of nothing else.
        assert all(address.startswith("100.") for address in result["nodes"])
        log = log_of(net, document)
        assert log.count("--- node ") == 2, log
        net.processes()
        for booked in cluster.booked:
            got, full = paid(net, booked, 120)
            assert got == full
        assert len(net.boxes) == 2
        wait(20, "something is left of the lease", lambda: not any(OVERLAYS.glob("*")))
    assert not left_over(net)
