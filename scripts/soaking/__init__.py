"""A local network under fire: jobs in boxes, and processes killed at random while they run."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import AccountNotFound, Client, accounts, load_keypair, pda, token_account
from ionet.localnet.network import PROCESSES
from ionet.store import HttpStore
from ionet.store.manifest import Function, Manifest
from ionet.workloads import Context, digits
from soaking.traces import traces

HOUR: Final = 3_600
BOXES: Final = Path("/var/lib/ionet/boxes")
RUN: Final = (sys.executable, "-c", "from ionet.cli import main; main()")
_BPS: Final = 10_000
#: Seconds of the chain that pass at once: fewer than a seat lets pass before it gives a silent node up. After
#: each of them, seconds of this machine in which the processes see that.
_STEP: Final = 1_200
_SEEN: Final = 1.5
#: Seconds for a process that was killed to be started again, on a busy machine.
_BACK: Final = 60.0
#: What jobs search through.
_SEARCHED: Final = {"c_milli": [1_000], "gamma_micro": [300]}
T = TypeVar("T")


def wait(seconds: float, what: str, there: Callable[[], T]) -> T:
    """Returns what is there as soon as it is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := there():
            return value
        time.sleep(0.5)
    raise AssertionError(f"{what}, after {seconds:.0f} s")


def alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@dataclass
class Net:
    """A running local network.

    Attributes:
        folder: with the people's keys, and the processes' states.
        told: what it says of itself.
        speed: seconds of the chain in one of this machine.
    """

    folder: Path
    told: dict[str, Any]
    speed: int
    boxes: set[str] = field(default_factory=set)
    pids: set[int] = field(default_factory=set)

    @property
    def client(self) -> Client:
        """The renter's."""
        return Client.connect(self.told["url"], signer=self.key("renter"))

    def key(self, name: str) -> Keypair:
        """The keypair of one of the market's people."""
        return load_keypair(self.folder / f"{name}.json")

    def processes(self) -> dict[str, int]:
        """The processes' ids by name, as they are now."""
        ids: dict[str, int] = json.loads((self.folder / "network" / PROCESSES).read_text())
        self.pids |= set(ids.values())
        for work in self.folder.glob("network/worker-*/leases"):
            self.boxes |= {path.name for path in work.iterdir()}
        return ids

    def skip_to(self, when: int) -> None:
        """Lets time pass on the chain at once, until it is past a time."""
        client = self.client
        while (left := when + 1 - client.time()) > 0:
            client.cheats.advance(min(left, _STEP))
            time.sleep(_SEEN)

    def kill(self, name: str) -> bool:
        """Kills a process; returns whether it ran."""
        pid = self.processes()[name]
        if not alive(pid):
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    def kill_surely(self, name: str) -> None:
        """Kills a process, once it is there again if it has been killed before."""
        wait(_BACK, f"{name} does not come back", lambda: self.kill(name))

    def left_over(self) -> list[str]:
        """What should be gone once the network has ended."""
        left = [f"process {pid}" for pid in self.pids if alive(pid)]
        left += [f"box {name}" for name in self.boxes if (BOXES / name).exists()]
        return left + [f"{trace} of {name}" for name in self.boxes for trace in traces(name)]


@contextmanager
def localnet(folder: Path, speed: int, *options: str) -> Iterator[Net]:
    """Starts a local network, and ends it.

    Args:
        folder: for its keys and states.
        speed: seconds of the chain in one of this machine.
        options: more of `ionet localnet start`.
    """
    command = [*RUN, "localnet", "start", "--port", "0", "--gateway", "0", "--speed", str(speed)]
    command += ["--keys", str(folder / "keys"), "--output", "json", *options]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            shown = ""
            while not shown.endswith("}\n"):
                line = process.stdout.readline()
                assert line, "the local network ended"
                shown += line
            yield Net(folder / "keys", json.loads(shown), speed)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(90)


@dataclass(frozen=True)
class Booked:
    """A job, and what everybody had before it."""

    job: Pubkey
    terms: accounts.jobs.Job
    supplier: Pubkey
    before: int


def book(net: Net, owner: str, hours: int) -> Booked:
    """Uploads a manifest and books a person's node."""
    renter = net.key("renter")
    manifest = Manifest(Function(digits.ENTRYPOINT, _SEARCHED), max_duration=hours * HOUR)
    client = net.client
    store = HttpStore(net.told["gateway"], renter, retries=20)
    digest = store.put(manifest.to_bytes())
    purse = token_account(net.key(owner).pubkey(), pda.mint.MINT)
    before = client.token_account(purse).amount
    node = Pubkey.from_string(net.told["nodes"][owner])
    job = client.jobs.book(node, hours * HOUR, digest).send().result
    return Booked(job, client.jobs.get_job(job), purse, before)


def result_of(
    net: Net, booked: Booked, seconds: float, agreed: Callable[[], bytes] | None = None
) -> dict[str, Any]:
    """Waits until the job's result is attested, and fetches it.

    Args:
        net: the network.
        booked: the job.
        seconds: to wait.
        agreed: gives the hash that enough seats agree on, or nothing; by default what one has said last.
    """
    client = net.client

    def attested() -> bytes:
        digest = client.jobs.get_job(booked.job).result_hash
        return digest if any(digest) else b""

    digest = wait(seconds, f"no result of the job {booked.job} is attested", agreed or attested)
    store = HttpStore(net.told["gateway"], net.key("renter"), retries=20)
    document: dict[str, Any] = json.loads(store.get_bytes(digest))
    return document


def paid(net: Net, booked: Booked, seconds: float) -> tuple[int, int]:
    """Waits until the job is closed; returns what its supplier got, and what all its seconds are worth."""
    client = net.client

    def closed() -> bool:
        try:
            client.jobs.get_job(booked.job)
        except AccountNotFound:
            return True
        return False

    wait(seconds, f"the job {booked.job} is not closed", closed)
    terms = booked.terms
    fee = -(-terms.price * terms.booking_bps // _BPS)
    return client.token_account(booked.supplier).amount - booked.before, terms.price - fee


def of_job(net: Net, job: Pubkey, kind: type[Any]) -> list[Any]:
    """A job's events of a kind, from the chain's history."""
    client = net.client
    told = [client.transaction(signature).events for signature in client.history(job)]
    return [event for sent in told for event in sent if isinstance(event, kind) and event.job == job]


def right_model() -> str:
    """The sha256 of the model that each job that was booked has to find, computed here."""
    with TemporaryDirectory(prefix="soak-") as folder:
        value = digits.run(Context(_SEARCHED, Path(folder), Path(folder)))
    return str(value["model_sha256"])


def shuffled(names: list[str], times: int, seed: int) -> list[str]:
    """Every name so many times, in an order that the seed decides."""
    order = names * times
    random.Random(seed).shuffle(order)
    return order
