"""Jobs in a laboratory while lines, processes and power fail: what has to be true in the end."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from solders.pubkey import Pubkey
from tests.network.labnet import HERE, LabNet

from ionet import events, pda, token_account
from ionet.store import HttpStore
from ionet.store.manifest import Command, Manifest
from soaking import HOUR, Booked, paid, result_of, shuffled, wait

_ROUNDS = 200_000
#: Hashes a hash of a hash and so on, takes at least so many seconds, and leaves the last one.
PROGRAM = f"""
import hashlib, json, os, pathlib, sys, time
end = time.monotonic() + float(sys.argv[1])
digest = b"begin"
for _ in range({_ROUNDS}):
    digest = hashlib.sha256(digest).digest()
while time.monotonic() < end:
    print("goes on", flush=True)
    time.sleep(1)
pathlib.Path(os.environ["IONET_OUTPUT"], "result.json").write_text(json.dumps({{"digest": digest.hex()}}))
"""
OWNERS = ("alice", "bob")
NAMES = (
    "gateway",
    "gateway-2",
    "orchestrator",
    "orchestrator-2",
    "orchestrator-3",
    "worker-1",
    "worker-2",
)


def expected() -> str:
    digest = b"begin"
    for _ in range(_ROUNDS):
        digest = hashlib.sha256(digest).digest()
    return digest.hex()


@dataclass(frozen=True)
class Plan:
    """What is broken, and for how long.

    Attributes:
        outage: seconds for which a line is away.
        lines: which are.
        apart: seconds between one of them and the next.
        kills: of each process.
        pause: seconds between two kills, from and to.
        seed: of their order.
        runs: seconds for which the programs run at least.
        hours: for which nodes are booked; the renter stops when all is over, after the first one.
        power: whose power is cut at the end, or None.
    """

    outage: float
    lines: tuple[str, ...] = ("gateway", "A", HERE)
    apart: float = 15.0
    kills: int = 3
    pause: tuple[float, float] = (0.5, 1.5)
    seed: int = 1
    runs: float = 20.0
    hours: int = 6
    power: str | None = "worker-2"


def book(net: LabNet, owner: str, plan: Plan) -> Booked:
    """Books a person's node for a program that runs for a while."""
    client, renter = net.client, net.key("renter")
    manifest = Manifest(
        Command(("python3", "-c", PROGRAM, str(plan.runs))),
        max_duration=plan.hours * HOUR,
    )
    digest = HttpStore(net.told["gateway"], renter, retries=20).put(manifest.to_bytes())
    purse = token_account(net.key(owner).pubkey(), pda.mint.MINT)
    before = client.token_account(purse).amount
    job = client.jobs.book(Pubkey.from_string(net.told["nodes"][owner]), plan.hours * HOUR, digest)
    address = job.send().result
    return Booked(address, client.jobs.get_job(address), purse, before)


def of_job(net: LabNet, job: Pubkey, kind: type[Any]) -> list[Any]:
    """A job's events of a kind, from the chain's history."""
    client = net.client
    told = [client.transaction(signature).events for signature in client.history(job)]
    return [event for sent in told for event in sent if isinstance(event, kind) and event.job == job]


def all_is_right_in_the_end(net: LabNet, plan: Plan, say: Callable[[str], None] = lambda text: None) -> None:
    """Books both nodes, breaks what the plan says, and checks what became of jobs and money."""
    net.until_at_work()
    client, dice = net.client, random.Random(plan.seed)
    purse = token_account(net.key("renter").pubkey(), pda.mint.MINT)
    before, fees = client.token_account(purse).amount, sum(client.buyback.fees())
    jobs = {owner: book(net, owner, plan) for owner in OWNERS}
    for owner, booked in jobs.items():
        wait(90, f"{owner}'s job does not start", partial(_started, net, booked))
        say(f"{owner}'s job {booked.job} has started")
    with ThreadPoolExecutor(len(plan.lines)) as pool:
        list(pool.map(partial(_cut_off, net, plan, say), range(len(plan.lines))))
    for name in shuffled(list(NAMES), plan.kills, plan.seed):
        time.sleep(dice.uniform(*plan.pause))
        net.kill_surely(name)
        say(f"killed {name}")
    if plan.power is not None:
        net.cut_power(plan.power)
        say(f"the power of {plan.power} was away")
    answer, cost, gained = expected(), 0, 0
    for owner, booked in jobs.items():
        document = result_of(net, booked, 240)
        assert document["reason"] is None, document
        store = HttpStore(net.told["gateway"], retries=20)
        (item,) = (item for item in document["outputs"] if item["name"] == "result.json")
        assert json.loads(store.get_bytes(item["sha256"])) == {"digest": answer}
        log = store.get_bytes(document["log"]).decode()
        if plan.power != f"worker-{OWNERS.index(owner) + 1}":
            # Where the machine was cut off, the program had to begin again.
            assert log.count("--- attempt") == 1, log
        say(f"{owner}'s job has its result")
    # The first hour is paid in any case; what comes after it, by the second.
    last = max(_started(net, booked) for booked in jobs.values())
    net.until_up()
    net.skip_to(last + HOUR)
    for owner, booked in jobs.items():
        client.jobs.stop(booked.job).send()
        stopped, terms = client.jobs.get_job(booked.job), booked.terms
        used = stopped.ends_at - stopped.started_at
        assert HOUR < used < terms.seconds
        got, _ = paid(net, booked, 120)
        assert len(of_job(net, booked.job, events.jobs.Started)) == 1
        (ended,) = of_job(net, booked.job, events.jobs.Ended)
        assert ended.attested == used
        gross = terms.price * used // terms.seconds
        assert got == gross - -(-gross * terms.booking_bps // 10_000)
        cost, gained = cost + gross + terms.fee, gained + gross + terms.fee - got
        say(f"{owner}'s job is closed: every one of {used} seconds paid, {got} base units")
    assert before - client.token_account(purse).amount == cost
    assert sum(client.buyback.fees()) - fees == gained
    assert net.boxes


def _cut_off(net: LabNet, plan: Plan, say: Callable[[str], None], number: int) -> None:
    """Has one of the plan's lines be away when it is its turn."""
    time.sleep(number * plan.apart)
    say(f"no line to {plan.lines[number]} for {plan.outage:.0f} s")
    with net.outage(plan.lines[number]):
        time.sleep(plan.outage)
    say(f"the line to {plan.lines[number]} is back")


def _started(net: LabNet, booked: Booked) -> int:
    return net.client.jobs.get_job(booked.job).started_at
