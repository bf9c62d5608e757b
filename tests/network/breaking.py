"""A job and a cluster in a laboratory while lines, processes and power fail: what is true in the end."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from solders.pubkey import Pubkey
from tests.network.labnet import HERE, LabNet

from ionet import events, pda, token_account
from ionet.overlay import OVERLAYS
from ionet.store import HttpStore
from ionet.store.manifest import Command, Manifest
from soaking import BOXES, HOUR, Booked, of_job, paid, result_of, shuffled, wait

_ROUNDS = 200_000
#: Hashes a hash of a hash and so on, until it is told that all is over, and leaves the last one.
PROGRAM = f"""
import hashlib, json, os, pathlib, time
digest = b"begin"
for _ in range({_ROUNDS}):
    digest = hashlib.sha256(digest).digest()
print("at work", flush=True)
while not os.path.exists("/in/over"):
    print("goes on", flush=True)
    time.sleep(1)
pathlib.Path(os.environ["IONET_OUTPUT"], "result.json").write_text(json.dumps({{"digest": digest.hex()}}))
"""
#: The sum of the numbers below 10,000.
_SUM = 49_995_000
#: Sums numbers on all nodes that are there, again and again until it is told that all is over; then once more
#: on both.
TOGETHER = f"""
import json, os, pathlib, time
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as On

@ray.remote(num_cpus=1, max_retries=-1)
def part(number):
    return ray.util.get_node_ip_address(), sum(range(number * 1_000, (number + 1) * 1_000))

def there():
    return [node["NodeID"] for node in ray.nodes() if node["Alive"]]

def work():
    nodes = there()
    on = [part.options(scheduling_strategy=On(node, soft=True)) for node in nodes]
    done = ray.get([on[n % len(on)].remote(n) for n in range(10)])
    assert sum(number for _, number in done) == {_SUM}
    return sorted({{address for address, _ in done}})

def both():
    deadline = time.monotonic() + 300
    while len(addresses := work()) < 2:
        assert time.monotonic() < deadline, "the other node does not come"
        time.sleep(1)
    return addresses

ray.init()
first, rounds, alone = both(), 0, 0
print("at work on both", flush=True)
while not os.path.exists("/in/over"):
    rounds, alone = rounds + 1, alone + (len(work()) < 2)
    time.sleep(1)
result = {{"first": first, "last": both(), "rounds": rounds, "alone": alone}}
pathlib.Path(os.environ["IONET_OUTPUT"], "result.json").write_text(json.dumps(result))
"""
#: Whose node has the job; the others' have the cluster.
ALONE = "carol"
NAMES = (
    "gateway",
    "gateway-2",
    "orchestrator",
    "orchestrator-2",
    "orchestrator-3",
    "worker-1",
    "worker-2",
    "worker-3",
)
#: Workers whose state is on disks of their own.
DISKS = NAMES[-3:]


def expected() -> str:
    digest = b"begin"
    for _ in range(_ROUNDS):
        digest = hashlib.sha256(digest).digest()
    return digest.hex()


@dataclass(frozen=True)
class Plan:
    """What is broken, and for how long; at the end, the power of the job's node and of the cluster's second.

    Attributes:
        outage: seconds for which a line is away.
        lines: which are.
        apart: seconds between one of them and the next.
        kills: of each process.
        pause: seconds between two kills, from and to.
        seed: of their order.
        hours: for which nodes are booked; the renter stops when all is over, after the first one.
    """

    outage: float
    lines: tuple[str, ...] = ("gateway", "A", HERE)
    apart: float = 15.0
    kills: int = 3
    pause: tuple[float, float] = (0.5, 1.5)
    seed: int = 1
    hours: int = 12


def book(net: LabNet, plan: Plan) -> list[Booked]:
    """Books one person's node for a program, and the others' as a cluster; its head's job is the second."""
    client, renter = net.client, net.key("renter")
    store = HttpStore(net.told["gateway"], renter, retries=20)
    seconds, nodes = (
        plan.hours * HOUR,
        {owner: Pubkey.from_string(n) for owner, n in net.told["nodes"].items()},
    )
    purses = {nodes[owner]: token_account(net.key(owner).pubkey(), pda.mint.MINT) for owner in nodes}
    before = {node: client.token_account(purse).amount for node, purse in purses.items()}
    alone = Manifest(Command(("python3", "-c", PROGRAM)), max_duration=seconds)
    job = client.jobs.book(nodes.pop(ALONE), seconds, store.put(alone.to_bytes())).send().result
    command = Command(("python3", "-c", TOGETHER))
    both = Manifest(command, max_duration=seconds, nodes=len(nodes), on_loss="continue")
    booking = client.jobs.book_cluster(list(nodes.values()), seconds, store.put(both.to_bytes()))
    members = [keyed.address for keyed in client.jobs.cluster_jobs(booking.cluster)]
    terms = {address: client.jobs.get_job(address) for address in (job, *members)}
    return [Booked(job, term, purses[term.node], before[term.node]) for job, term in terms.items()]


def all_is_right_in_the_end(net: LabNet, plan: Plan, say: Callable[[str], None] = lambda text: None) -> None:
    """Books all nodes, breaks what the plan says, and checks what became of programs and money."""
    net.until_at_work()
    client = net.client
    purse = token_account(net.key("renter").pubkey(), pda.mint.MINT)
    before, fees = client.token_account(purse).amount, sum(client.buyback.fees())
    jobs = alone, head, _ = book(net, plan)
    for booked in jobs:
        wait(120, f"the job {booked.job} does not start", partial(_started, net, booked))
    wait(180, "the programs do not run", lambda: _printed(net).count(b"at work") == 2)
    assert b"at work on both" in _printed(net)
    say("the job and the cluster are at work")
    _break(net, plan, jobs, say)
    _end(net)
    documents = [_result(net, booked) for booked in (alone, head)]
    assert _file(net, documents[0]) == {"digest": expected()}
    result = _file(net, documents[1])
    # The head was there all the time, and both were in the end, as at the beginning.
    assert result["rounds"] > result["alone"]
    assert len(result["first"]) == 2
    assert result["last"] == result["first"]
    assert _log(net, documents[1]).count("--- attempt") == 1, _log(net, documents[1])
    say(f"both have their results; the head was alone in {result['alone']} of {result['rounds']} rounds")
    cost, gained = _settled(net, plan, jobs, say)
    assert before - client.token_account(purse).amount == cost
    assert sum(client.buyback.fees()) - fees == gained
    assert len(net.boxes) == 3
    wait(45, "a relay or an overlay is left", lambda: not _of_the_lease(net))


def _break(net: LabNet, plan: Plan, jobs: list[Booked], say: Callable[[str], None]) -> None:
    """Has lines be away, processes be killed, and power be cut."""
    dice = random.Random(plan.seed)
    with ThreadPoolExecutor(len(plan.lines)) as pool:
        list(pool.map(partial(_cut_off, net, plan, say), range(len(plan.lines))))
    for name in shuffled(list(NAMES), plan.kills, plan.seed):
        time.sleep(dice.uniform(*plan.pause))
        net.kill_surely(name)
        say(f"killed {name}")
    alone, _, member = jobs
    for booked in (alone, member):
        name = f"worker-{list(net.told['nodes'].values()).index(str(booked.terms.node)) + 1}"
        net.cut_power(name)
        say(f"the power of {name} was away")


def _settled(net: LabNet, plan: Plan, jobs: list[Booked], say: Callable[[str], None]) -> tuple[int, int]:
    """Has the renter stop all, and checks that each second is paid; returns the cost, and fees of it."""
    client, cost, gained = net.client, 0, 0
    # The first hour is paid in any case; what comes after it, by the second.
    net.skip_to(max(_started(net, booked) for booked in jobs) + HOUR)
    stopped = []
    for booked in jobs:
        client.jobs.stop(booked.job).send()
        stopped.append(client.jobs.get_job(booked.job))
    for booked, account in zip(jobs, stopped, strict=True):
        terms, used = booked.terms, account.ends_at - account.started_at
        assert HOUR < used < terms.seconds
        got, _ = paid(net, booked, 120)
        assert len(of_job(net, booked.job, events.jobs.Started)) == 1
        (ended,) = of_job(net, booked.job, events.jobs.Ended)
        assert ended.attested == used
        gross = terms.price * used // terms.seconds
        assert got == gross - -(-gross * terms.booking_bps // 10_000)
        cost, gained = cost + gross + terms.fee, gained + gross + terms.fee - got
        say(f"job {booked.job} is closed: every one of {used} seconds paid, {got} base units")
    return cost, gained


def _end(net: LabNet) -> None:
    """Tells the programs that all is over, and has the time pass until attesters say what came of them."""

    def ended() -> bool:
        net.processes()
        for box in net.boxes:
            # One whose power was cut is made anew.
            with suppress(FileNotFoundError):
                (BOXES / box / "in/over").touch()
        return len(list(net.folder.glob("network/worker-*/leases/*/outcome.json"))) == 2

    wait(300, "the programs do not end", ended)
    net.until_up()
    net.skip_to(net.client.time() + HOUR)


def _result(net: LabNet, booked: Booked) -> dict[str, Any]:
    document = result_of(net, booked, 240)
    assert document["reason"] is None, (document, _log(net, document))
    return document


def _file(net: LabNet, document: dict[str, Any]) -> Any:
    (item,) = (item for item in document["outputs"] if item["name"] == "result.json")
    return json.loads(HttpStore(net.told["gateway"], retries=20).get_bytes(item["sha256"]))


def _log(net: LabNet, document: dict[str, Any]) -> str:
    return HttpStore(net.told["gateway"], retries=20).get_bytes(document["log"]).decode()


def _printed(net: LabNet) -> bytes:
    """What the programs have printed so far."""
    return b"".join(path.read_bytes() for path in net.folder.glob("network/worker-*/leases/*/run.log"))


def _of_the_lease(net: LabNet) -> list[Path]:
    """What there is of relays, and of overlays at the suppliers."""
    relays = [path for path in net.folder.glob("network/gateway*/relays/*") if len(path.name) == 32]
    return relays + [path for name in net.boxes for path in OVERLAYS.glob(f"{name}*")]


def _cut_off(net: LabNet, plan: Plan, say: Callable[[str], None], number: int) -> None:
    """Has one of the plan's lines be away when it is its turn."""
    time.sleep(number * plan.apart)
    say(f"no line to {plan.lines[number]} for {plan.outage:.0f} s")
    with net.outage(plan.lines[number]):
        time.sleep(plan.outage)
    say(f"the line to {plan.lines[number]} is back")


def _started(net: LabNet, booked: Booked) -> int:
    return net.client.jobs.get_job(booked.job).started_at
