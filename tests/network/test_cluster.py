"""A lease of two nodes as one Ray cluster, through the real processes: gateway, orchestrator, two workers."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.network.lab import eventually, in_memory, needed, send_plainly
from tests.network.labnet import LabNet, behind_nats
from tests.network.overlays import nebula
from tests.sandbox.support import prepared_image

from ionet import accounts, events, pda, token_account
from ionet.orchestrator import Policy
from ionet.overlay import OVERLAYS, Process
from ionet.sandbox import Box, _cgroups
from ionet.store import HttpStore
from ionet.store.manifest import Command, Manifest
from soaking import BOXES, HOUR, RUN, Booked, Net, localnet, of_job, paid, result_of, wait

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEED = 60
#: Where a seat is slow: it has as much of the chain's time as it needs.
SLOWER = 30
#: What the nodes send each other, as the program has it and as this test looks for it.
MARKER = hashlib.sha256(b"for members alone").hexdigest().encode()
#: Tasks on each node say where they are, and sum their parts of the numbers below 100,000.
PROGRAM = """
import hashlib, json, os, pathlib, socket, sys, time
import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy as On

marker = hashlib.sha256(b"for members alone").hexdigest().encode()

@ray.remote(num_cpus=1)
def part(number, sent):
    assert sent == marker * 100
    numbers = range(number * 10_000, (number + 1) * 10_000)
    return ray.util.get_node_ip_address(), socket.gethostname(), sum(numbers)

ray.init()
group = placement_group([{"CPU": 1}] * 2, strategy="STRICT_SPREAD")
ray.get(group.ready())
on = [part.options(scheduling_strategy=On(group, number)) for number in range(2)]
parts = ray.get([on[n % 2].remote(n, marker * 100) for n in range(10)])
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
    command, known = [*RUN, *signer, "job", "book", *owners, *wanted], client.jobs.clusters()
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    (cluster,) = {status.address for status in client.jobs.clusters()} - {status.address for status in known}
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


@contextmanager
def slow(net: LabNet, name: str) -> Iterator[None]:
    """Has a process stand still for two of three seconds."""
    end = threading.Event()

    def stand_still() -> None:
        while not end.wait(1):
            with net.stopped(name):
                end.wait(2)

    thread = threading.Thread(target=stand_still)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def secret_of(net: LabNet) -> bytes:
    """The token of the lease's Ray, as the members' boxes have it."""
    net.processes()
    (secret,) = {
        json.loads((BOXES / name / "in/run.json").read_bytes())["cluster"]["secret"] for name in net.boxes
    }
    return bytes.fromhex(secret)


def at_gateway(net: LabNet) -> list[int]:
    """The processes of the gateway: itself, and its relays for leases."""
    places = [Process(path.name, path.parent) for path in relays(net)]
    assert places
    return [net.processes()["gateway"], *map(nebula, places)]


def inside(net: LabNet) -> list[int]:
    """The processes in the leases' boxes."""
    return [pid for name in net.boxes for pid in Box(name, BOXES).processes()]


def holds(what: bytes, pid: int) -> bool:
    """Whether a process has bytes in its memory, if it is still there."""
    with suppress(OSError):
        return in_memory(pid, what)
    return False


def agreed(net: LabNet, booked: Booked) -> bytes:
    """The hash of the result that two seats have attested, whatever the liar has said since; else nothing."""
    said = of_job(net, booked.job, events.jobs.Attested)
    seats = {(event.seat, bytes(event.result_hash)) for event in said if any(event.result_hash)}
    counts = Counter(digest for _, digest in seats)
    return next((digest for digest, count in counts.items() if count == 2), b"")


def ran(net: LabNet, jobs: list[Booked]) -> None:
    """Checks that a cluster's program has run once, on both nodes."""
    document = result_of(net, jobs[0], 170, lambda: agreed(net, jobs[0]))
    assert document["reason"] is None, document
    result = file_of(net, document, "result.json")
    assert result["sum"] == 4_999_950_000
    assert len(set(result["nodes"])) == 2
    # Addresses of the lease's network, and of nothing else.
    assert all(address.startswith("100.") for address in result["nodes"])
    log = log_of(net, document)
    assert log.count("--- node ") == 2, log
    assert log.count("--- attempt") == 1, log


def judged(net: LabNet, booked: Booked, seconds: int) -> bool:
    """Whether two seats have attested all of a job's time as good."""
    good: dict[int, int] = {}
    for event in of_job(net, booked.job, events.jobs.Attested):
        good[event.seat] = max(good.get(event.seat, 0), event.good)
    return sum(each >= seconds for each in good.values()) >= 2


def settled(net: LabNet, jobs: list[Booked]) -> None:
    """Has the renter stop a cluster after its first hour, and checks that every second is paid."""
    client = net.client
    # The first hour is paid in any case; what comes after it, by the second.
    net.skip_to(max(_started(net, booked) for booked in jobs) + HOUR)
    worthy, lasted = [], []
    for booked in jobs:
        client.jobs.stop(booked.job).send()
        stopped = client.jobs.get_job(booked.job)
        assert stopped.attesters == 2
        lasted.append(stopped.ends_at - stopped.started_at)
        worthy.append(worth(booked, lasted[-1]))
    for booked, seconds in zip(jobs, lasted, strict=True):
        wait(60, "two seats have not judged the end", partial(judged, net, booked, seconds))
    # Others that have not are waited for so long.
    net.skip_to(client.time() + Policy().complete_after)
    for booked, due in zip(jobs, worthy, strict=True):
        assert paid(net, booked, 60)[0] == due
        assert len(of_job(net, booked.job, events.jobs.Started)) == 1


def test_a_cluster_is_paid_to_the_second_though_one_seat_lies_and_one_is_slow(tmp_path: Path) -> None:
    needed()
    prepared_image()
    # Two of three seats have to agree.
    with behind_nats(tmp_path, SLOWER, symmetric=True, seats=3, lying="orchestrator-3") as net:
        with slow(net, "orchestrator-2"):
            with net.lab.capture("gateway") as seen:
                jobs = book_cluster(net, 3, "6")
                wait(
                    120,
                    "the program does not run",
                    lambda: b"sum 4999950000" in log_at(net, 1) + log_at(net, 2),
                )
                secret, pids = secret_of(net), at_gateway(net)
                secrets = (secret, secret.hex().encode(), MARKER)
                assert any(map(partial(holds, secrets[1]), inside(net)))
                assert not any(in_memory(pid, text) for pid in pids for text in secrets)
                send_plainly(net.lab, "A", b"what could be seen")
                assert eventually(lambda: seen.has(b"what could be seen"), 5)
                # All of it went through the gateway, into it and out again.
                assert seen.octets > 2 * 5 * 100 * len(MARKER)
                assert not any(map(seen.has, secrets))
            ran(net, jobs)
            settled(net, jobs)
        assert len(net.boxes) == 2
        said = [len(of_job(net, booked.job, events.jobs.Attested)) for booked in jobs]
        assert min(said) >= 3, "each of three seats says something"
        # Before the processes end, too; a gateway looks at the chain every half minute.
        wait(20, "something is left of the lease", lambda: not left_of(net))
        wait(45, "the relay is left", lambda: not relays(net))
    assert not net.left_over()


def test_a_lost_node_ends_the_run_within_30_seconds_and_only_its_own_time_is_not_paid(tmp_path: Path) -> None:
    needed()
    prepared_image()
    with localnet(tmp_path, SPEED) as net:
        client = net.client
        # Longer than all of it takes: a lease that ends by itself would hide what is looked for.
        head, other = book_cluster(net, 6, "1200")
        wait(60, "the jobs do not start", lambda: client.jobs.get_job(other.job).started_at)
        owners = {node: owner for owner, node in net.told["nodes"].items()}
        number = list(net.told["nodes"]).index(owners[str(other.terms.node)]) + 1
        wait(90, "the program does not run", lambda: b"sum 4999950000" in log_at(net, 3 - number))
        # What runs goes on while these are away.
        assert net.kill(f"worker-{3 - number}")
        assert net.kill("orchestrator")
        net.skip_to(_started(net, other) + HOUR)
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
            # It comes onto the chain with the head's next hourly attestation.
            wait(
                30,
                "the seat does not hear of it",
                lambda: b"run failed: node-lost" in said_by(net, "orchestrator"),
            )
            net.skip_to(client.time() + HOUR)
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


def said_by(net: Net, name: str) -> bytes:
    return (net.folder / f"network/{name}.log").read_bytes()


def log_at(net: Net, number: int) -> bytes:
    """What a worker's lease has printed so far."""
    paths = net.folder.glob(f"network/worker-{number}/leases/*/run.log")
    return b"".join(path.read_bytes() for path in paths)
