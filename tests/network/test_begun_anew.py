"""A run on two nodes whose first one dies: the other is let go, and the program begins anew within limits."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from solders.pubkey import Pubkey
from tests.cli.conftest import write_key
from tests.network import lab
from tests.network.renting import Renting, opened
from tests.network.site import NetworkSite
from tests.network.test_cluster_seats import Joining, without_relays
from tests.network.test_run_cli import Terminal
from tests.programs.market import CLASS
from tests.programs.people import Supplier
from tests.programs.support import HOUR

from ionet import IO, CloseReason, KeyedAccount, accounts, events
from ionet.executor import Executor, NodeSpec
from ionet.orchestrator import _remote
from ionet.store.manifest import FileStore
from ionet.worker._clusters import Networks
from ionet.worker._leases import ClientChain

Job = KeyedAccount[accounts.jobs.Job]


class ThreeMachines(NetworkSite):
    """Three suppliers' machines; boxes and relays are absent."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.overlays = Path(tempfile.mkdtemp(prefix="ionet-over-", dir="/run"))
        self.suppliers = (
            self.market.alice,
            self.market.bob,
            Supplier(self.market.bob.owner, self.market.actor(), "third"),
        )
        for supplier in self.suppliers[1:]:
            self.market.join(supplier, 500 * IO.UNIT)

    def executor(self, machine: Supplier, store: FileStore, work: Path) -> Executor:
        return Joining([NodeSpec(bytes(machine.node), cpus=1)], store, work)

    def networks(self, machine: Supplier) -> Networks:
        return Networks(ClientChain(self.reader), machine.device_key, (), self.overlays / machine.name)


class Played:
    """A renter's terminal, while machines and a seat are at work and time passes."""

    def __init__(self, renting: Renting, url: str) -> None:
        self.renting, self.terminal = renting, Terminal(renting, url)
        self.on: dict[Pubkey, AsyncExitStack] = {}
        self.said = b""
        #: Seconds of the chain that pass at a time.
        self.step = 60

    async def read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while part := await process.stderr.read(4096):
            self.said += part

    async def until(self, holds: Callable[[], object], what: str) -> None:
        async with asyncio.timeout(90):
            while not holds():
                assert b"Traceback" not in self.said, self.said.decode()
                await asyncio.sleep(0.05)
        assert holds(), what

    async def jobs(self) -> list[Job]:
        return await self.renting.client.jobs.find_jobs(renter=self.renting.key.pubkey())

    async def off(self, node: Pubkey) -> None:
        """A machine dies."""
        await self.on.pop(node).aclose()


@pytest.fixture
async def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Played]:
    lab.needed()

    without_relays(monkeypatch)
    # The dead head has no last word.
    monkeypatch.setattr(_remote, "_LAST_WORD", 2.0)
    async with opened(tmp_path, ThreeMachines) as renting, AsyncExitStack() as stack:
        site = renting.site
        assert isinstance(site, ThreeMachines)
        stack.callback(shutil.rmtree, site.overlays)
        write_key(renting.folder / "renter.json", renting.key)
        renting.script()
        server = stack.enter_context(site.market.world.client.network.serve())
        played = Played(renting, server.url)
        for supplier in site.suppliers:
            played.on[supplier.node] = await stack.enter_async_context(AsyncExitStack())
            await played.on[supplier.node].enter_async_context(site.machine(supplier))
        seat = await stack.enter_async_context(site.seat())
        seat._policy = replace(seat._policy, interval=0.1)
        stop = asyncio.Event()
        tasks = [asyncio.create_task(seat.run(stop)), asyncio.create_task(_passing(played, stop))]
        yield played
        stop.set()
        await asyncio.gather(*tasks)


async def _passing(played: Played, stop: asyncio.Event) -> None:
    """Lets time pass, in which each machine that is on looks and samples."""
    site = played.renting.site
    assert isinstance(site, ThreeMachines)
    while not stop.is_set():
        site.market.world.advance(played.step)
        played.renting.ready()
        for supplier in site.suppliers:
            site.market.prove(supplier)
        await site.noticed()
        await asyncio.sleep(0.1)


def due(terms: accounts.jobs.Job, ended: events.jobs.Ended) -> int:
    """What a job costs its renter, as docs/economics.md says."""
    if ended.reason == CloseReason.LOST:
        gross = terms.price * ended.attested // terms.seconds
        return gross + -(-terms.fee * gross // terms.price)
    used = max(HOUR, ended.attested)
    return terms.price * used // terms.seconds + terms.fee


async def test_a_run_whose_first_node_dies_begins_anew_and_its_money_is_exact(played: Played) -> None:
    renting = played.renting
    before, goes_on = renting.site.money().renter, renting.folder / "goes-on"
    argv: list[object] = ["job", "run", "train.py", "--class", CLASS, "--for", "6h", "--gpus", 0, "--yes"]
    argv += ["--nodes", 2, "--replace", 1, "--max-rate", 3, "--env", f"WAITS_FOR={goes_on}"]
    argv += ["-o", "out", "--output", "json"]
    process = await played.terminal.start(*argv)
    reading = asyncio.create_task(played.read(process))
    try:
        await played.until(lambda: b"begins with" in played.said, "the program does not run")
        first = sorted(await played.jobs(), key=lambda job: bytes(job.address))
        head = next(job for job in first if str(job.address).encode() in played.said)
        await played.off(head.account.node)
        played.step = 120
        await played.until(lambda: b"begins anew" in played.said, "nobody notices")
        played.step = 60
        await played.until(lambda: b"nodes anew" in played.said, "nothing is booked anew")
        known = {job.address: job.account for job in (*first, *await played.jobs())}
        goes_on.touch()
        async with asyncio.timeout(120):
            assert await process.wait() == 0, played.said.decode()
            await reading
    finally:
        print(played.said.decode())
    assert process.stdout is not None
    told = json.loads(await process.stdout.read())
    assert told["succeeded"]
    assert json.loads((renting.folder / "out/metrics.json").read_text()) == {"accuracy": "0.97"}
    again = [job for address, job in known.items() if address not in {job.address for job in first}]
    # Neither is the one that died, and they are booked until the end of the first ones.
    assert {job.node for job in again} == played.on.keys()
    assert all(job.seconds < 6 * HOUR for job in again)
    played.step = HOUR
    async with asyncio.timeout(60):
        while await played.jobs():  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    ends = {address: await _ended(renting, address) for address in known}
    assert [end.reason == CloseReason.LOST for end in ends.values()].count(True) == 1
    assert ends[head.address].reason == CloseReason.LOST
    cost = sum(due(known[address], end) for address, end in ends.items())
    assert before - renting.site.money().renter == cost


async def _ended(renting: Renting, job: Pubkey) -> events.jobs.Ended:
    client = renting.client
    told = [(await client.transaction(signature)).events async for signature in client.history(job)]
    (ended,) = [e for sent in told for e in sent if isinstance(e, events.jobs.Ended) and e.job == job]
    return ended
