"""A lease of two nodes as one Ray cluster, through the real processes: gateway, orchestrator, two workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.network.lab import needed
from tests.network.labnet import behind_nats
from tests.sandbox.support import prepared_image

from ionet import accounts, pda, token_account
from ionet.overlay import OVERLAYS
from ionet.sandbox import _cgroups
from ionet.store import HttpStore
from ionet.store.manifest import Command, Manifest
from soaking import BOXES, HOUR, RUN, Booked, Net, localnet, paid, result_of, wait

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


def book_cluster(net: Net, hours: int, *arguments: str) -> list[Booked]:
    """Books both nodes as a renter does; returns the jobs in the order of booking, the head's first."""
    manifest = Manifest(
        Command(("python3", "-c", PROGRAM, *arguments)),
        nodes=2,
        max_duration=HOUR,
    )
    file = net.folder / "cluster.json"
    file.write_bytes(manifest.to_bytes())
    client = net.client
    owners = {Pubkey.from_string(node): owner for owner, node in net.told["nodes"].items()}
    purses = {node: token_account(net.key(owner).pubkey(), pda.mint.MINT) for node, owner in owners.items()}
    before = {node: client.token_account(purse).amount for node, purse in purses.items()}
    signer = ("-u", net.told["url"], "-k", net.folder / "renter.json", "--yes")
    wanted = ("--manifest", file, "--store", net.told["gateway"], "--for", f"{hours}h")
    command = [*RUN, *signer, "job", "book", *owners, *wanted]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    cluster = client.jobs.clusters()[0].address
    return [
        Booked(keyed.address, keyed.account, purses[keyed.account.node], before[keyed.account.node])
        for keyed in client.jobs.cluster_jobs(cluster)
    ]


def file_of(net: Net, document: dict[str, Any], name: str) -> Any:
    item = next(item for item in document["outputs"] if item["name"] == name)
    return json.loads(HttpStore(net.told["gateway"], net.key("renter")).get_bytes(item["sha256"]))


def log_of(net: Net, document: dict[str, Any]) -> str:
    return HttpStore(net.told["gateway"], net.key("renter")).get_bytes(document["log"]).decode()


def left_of(net: Net) -> list[str]:
    """What is left of the leases on either machine."""
    left = [f"overlay of {name}" for name in net.boxes if list(OVERLAYS.glob(f"{name}*"))]
    return left + [f"box {name}" for name in net.boxes if (BOXES / name).exists()]


def relays(net: Net) -> list[Path]:
    return [path for path in net.folder.glob("network/gateway/relays/*") if len(path.name) == 32]


def test_a_program_runs_on_nodes_behind_two_nats_and_every_second_is_paid(tmp_path: Path) -> None:
    needed()
    prepared_image()
    with behind_nats(tmp_path, SPEED, symmetric=True) as net:
        jobs = book_cluster(net, 3, "0")
        document = result_of(net, jobs[0], 170)
        assert document["reason"] is None, document
        result = file_of(net, document, "result.json")
        assert result["sum"] == 4_999_950_000
        assert len(set(result["nodes"])) == 2
        # Addresses of the lease's network, and of nothing else.
        assert all(address.startswith("100.") for address in result["nodes"])
        log = log_of(net, document)
        assert log.count("--- node ") == 2, log
        net.processes()
        assert relays(net)
        # The first hour is paid in any case; what comes after it, by the second.
        client, (_, other) = net.client, jobs
        wait(90, "the first hour does not pass", lambda: client.time() > _started(net, other) + HOUR)
        for booked in jobs:
            client.jobs.stop(booked.job).send()
            stopped = client.jobs.get_job(booked.job)
            assert paid(net, booked, 60)[0] == worth(booked, stopped.ends_at - stopped.started_at)
        assert len(net.boxes) == 2
        # Before the processes end, too; a gateway looks at the chain every half minute.
        wait(20, "something is left of the lease", lambda: not left_of(net))
        wait(45, "the relay is left", lambda: not relays(net))
    assert not net.left_over()


def test_a_lost_node_ends_the_run_within_30_seconds_and_only_its_own_time_is_not_paid(tmp_path: Path) -> None:
    needed()
    prepared_image()
    with localnet(tmp_path, SPEED) as net:
        client = net.client
        head, other = book_cluster(net, 3, "600")
        wait(60, "the jobs do not start", lambda: client.jobs.get_job(other.job).started_at)
        owners = {node: owner for owner, node in net.told["nodes"].items()}
        number = list(net.told["nodes"]).index(owners[str(other.terms.node)]) + 1
        wait(90, "the program does not run", lambda: b"sum 4999950000" in log_at(net, 3 - number))
        # What runs goes on while these are away.
        assert net.kill(f"worker-{3 - number}")
        assert net.kill("orchestrator")
        attested = wait(120, "nothing is attested", lambda: client.jobs.get_job(other.job).seen[0].good)
        machine = net.processes()[f"worker-{number}"]
        (box,) = (path.name for path in net.folder.glob(f"network/worker-{number}/leases/*"))
        os.kill(machine, signal.SIGSTOP)
        try:
            for pid in _cgroups.processes(box):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            began = time.monotonic()
            wait(30, "nobody notices", lambda: b"is lost" in log_at(net, 3 - number))
            print(f"noticed after {time.monotonic() - began:.0f} s")
            # It comes onto the chain with the head's next hourly attestation, a minute later here.
            document = result_of(net, head, 150)
            assert document["reason"] == "node-lost", document
            assert bytes(other.terms.node).hex() in document["detail"]
            assert log_of(net, document).count("--- attempt") == 1
            # Half an hour of silence, then the attester says so; the renter lets the rest go.
            cluster = other.terms.cluster
            wait(90, "its job goes on", lambda: client.fetch(accounts.jobs.Cluster, cluster).lost == 1)
            client.jobs.stop(head.job).send()
            stopped = client.jobs.get_job(head.job)
            assert paid(net, head, 60)[0] == worth(head, stopped.ends_at - stopped.started_at)
            assert paid(net, other, 60)[0] == worth(other, attested)
        finally:
            os.kill(machine, signal.SIGCONT)
        wait(30, "something is left of the lease", lambda: not left_of(net))
    assert not net.left_over()


def _started(net: Net, booked: Booked) -> int:
    return net.client.jobs.get_job(booked.job).started_at


def worth(booked: Booked, good: int) -> int:
    """What a supplier gets for seconds: their part of the price, less the fee, each rounded down."""
    terms = booked.terms
    gross = terms.price * good // terms.seconds
    return gross - -(-gross * terms.booking_bps // 10_000)


def log_at(net: Net, number: int) -> bytes:
    """What a worker's lease has printed so far."""
    paths = net.folder.glob(f"network/worker-{number}/leases/*/run.log")
    return b"".join(path.read_bytes() for path in paths)
