"""A cluster that loses a node: its guard books another one within limits, which joins what runs.

Through the real processes: gateway, orchestrator, three workers, and the renter's `ionet job run`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from solders.pubkey import Pubkey
from tests.network.lab import needed
from tests.sandbox.support import prepared_image

from ionet import SOL, JobState, KeyedAccount, accounts, load_keypair, pda, token_account
from ionet.sandbox import _cgroups
from soaking import RUN, Net, localnet, wait

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEED = 60
#: Waits for a second node, has both work, waits until one is gone and another there, and has both work again.
PROGRAM = """
import json, os, pathlib, time
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as On

@ray.remote(num_cpus=1, max_retries=0)
def part(number):
    return ray.util.get_node_ip_address(), sum(range(number * 1_000, (number + 1) * 1_000))

def there():
    return {n["NodeID"]: n["NodeManagerAddress"] for n in ray.nodes() if n["Alive"]}

def work(nodes):
    asked = [part.options(scheduling_strategy=On(node, soft=False)).remote(n)
             for n in range(10) for node in list(nodes)[n % 2:n % 2 + 1]]
    done = ray.get(asked)
    return sorted({address for address, _ in done}), sum(number for _, number in done)

def until(true, seconds):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.5)

ray.init()
first = there()
before = work(first)
print("before", *before, flush=True)
until(lambda: len(there()) == 1, 120)
print("alone", flush=True)
until(lambda: len(there()) == 2, 240)
after = work(there())
print("after", *after, flush=True)
new = [a for n, a in there().items() if n not in first]
result = {"before": before, "after": after, "new": new}
pathlib.Path(os.environ["IONET_OUTPUT"], "result.json").write_text(json.dumps(result))
"""


def log_of(net: Net) -> str:
    paths = net.folder.glob("network/worker-*/leases/*/run.log")
    return "".join(path.read_text(errors="replace") for path in paths)


def running(net: Net, cluster: Pubkey) -> list[KeyedAccount[accounts.jobs.Job]]:
    """A cluster's running jobs, the longest booked first."""
    jobs = net.client.jobs.cluster_jobs(cluster)
    return [job for job in jobs if job.account.state == JobState.RUNNING and not job.account.reason]


def test_a_lost_node_is_replaced_by_a_session_key_and_the_work_goes_on(tmp_path: Path) -> None:
    needed()
    prepared_image()
    with localnet(tmp_path, SPEED, "--workers", "3") as net:
        client, nodes = net.client, net.told["nodes"].values()
        purse = token_account(client.address, pda.mint.MINT)
        (tmp_path / "train.py").write_text(PROGRAM)
        command = [*RUN, "-u", net.told["url"], "-k", net.folder / "renter.json", "--yes", "job", "run"]
        command += ["train.py", "--class", "Other CPU", "--gateway", net.told["gateway"], "--for", "8h"]
        command += ["--nodes", 2, "--replace", 1, "--max-rate", "0.6", "-o", "out"]
        with (tmp_path / "said").open("wb") as said:
            renter = subprocess.Popen([*map(str, command)], cwd=tmp_path, stdout=said, stderr=said)
        try:
            wait(240, "the program does not run", lambda: "before" in log_of(net))
            (cluster,) = (status.address for status in client.jobs.clusters())
            head, other = running(net, cluster)
            (key,) = tmp_path.glob("session-*.json")
            session = load_keypair(str(key)).pubkey()
            assert client.token_account(purse).delegate == session
            number = list(nodes).index(str(other.account.node)) + 1
            machine = net.processes()[f"worker-{number}"]
            (box,) = (path.name for path in net.folder.glob(f"network/worker-{number}/leases/*"))
            os.kill(machine, signal.SIGSTOP)
            try:
                for pid in _cgroups.processes(box):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                began = time.monotonic()
                wait(40, "nobody notices", lambda: "is lost" in log_of(net))
                print(f"noticed after {time.monotonic() - began:.0f} s")
                before = {head.address, other.address}

                def booked() -> list[KeyedAccount[accounts.jobs.Job]]:
                    return [job for job in running(net, cluster) if job.address not in before]

                (new,) = wait(150, "nothing is booked", booked)
                print(f"replaced after {time.monotonic() - began:.0f} s")
                assert str(new.account.node) in nodes
                assert new.account.node not in (head.account.node, other.account.node)
                assert (new.account.renter, new.account.refund_to) == (client.address, client.address)
                assert renter.wait(300) == 0
                print(f"done after {time.monotonic() - began:.0f} s")
            finally:
                os.kill(machine, signal.SIGCONT)
            result = json.loads((tmp_path / "out/result.json").read_text())
            # The sum of the numbers below 10,000 before and after; the head and a node that was not there.
            assert [result["before"][1], result["after"][1]] == [49_995_000, 49_995_000]
            assert len(result["new"]) == 1
            assert set(result["new"]) <= set(result["after"][0])
            assert len(result["after"][0]) == len(result["before"][0]) == 2
            # All is stopped, and the key may spend nothing more; the rent of its booking comes back to it.
            assert running(net, cluster) == []
            assert client.token_account(purse).delegate is None
            assert key.exists()
            assert client.balance(session) < SOL("0.03")
        finally:
            renter.kill()
            print((tmp_path / "said").read_text())
            print(log_of(net))
    assert not net.left_over()
