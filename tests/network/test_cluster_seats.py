"""A cluster under several seats, all in this process: each node's pay is exact whatever one seat does.

The head's agent has a real authority, and seats carry requests and certificates; boxes and relays are absent.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.network import lab
from tests.network.test_seats import steps
from tests.network.test_seats_at_odds import _TAKEOVER, Liar, OddSite, Slow, at_work, honest
from tests.programs.market import IO_MINT
from tests.programs.people import Supplier
from tests.programs.support import HOUR

from ionet import IO, SOL, AsyncClient, ix, token_account
from ionet.executor import Executor, InlineExecutor, Lease, NodeSpec, RunOutput, Workspace, lease_name
from ionet.orchestrator import Orchestrator
from ionet.orchestrator._seats import place
from ionet.overlay import LeaseFacts, Place
from ionet.store.manifest import FileStore, Function, Manifest
from ionet.worker._agent import Agent
from ionet.worker._clusters import Network, Networks
from ionet.worker._leases import ClientChain

_STEP = 300
_RATE = 50_000_000


class Joining(InlineExecutor):
    """Runs the head's program; the other nodes of a lease do what it gives them, until they are stopped."""

    async def _start(self, lease: Lease, workspace: Workspace) -> RunOutput:
        if lease.part is not None and not lease.part.is_head:
            await asyncio.Event().wait()
        return await super()._start(lease, workspace)


class ClusterSite(OddSite):
    """Two machines, three seats of which two have to agree, and one cluster."""

    def __init__(self, root: Path, overlays: Path) -> None:
        super().__init__(root)
        self.overlays = overlays
        self.suppliers = (self.market.alice, self.market.bob)
        self.market.join(self.market.bob, 500 * IO.UNIT)
        bob, terms = self.market.bob, self.market.offer_args(rate=_RATE)
        self.market.send(ix.jobs.set_offer(owner=bob.key, node=bob.node, args=terms))

    def executor(self, machine: Supplier, store: FileStore, work: Path) -> Executor:
        return Joining([NodeSpec(bytes(machine.node), cpus=1)], store, work)

    def networks(self, machine: Supplier) -> Networks:
        return Networks(ClientChain(self.reader), machine.device_key, (), self.overlays / machine.name)

    async def book_cluster(self) -> tuple[Pubkey, ...]:
        """Books both nodes for an hour; returns the jobs, the head's first."""
        arguments: dict[str, Any] = {"numbers": [1, 2, 3], "counter": str(self.root / "counter")}
        manifest = Manifest(Function("tests.orchestrator.workloads:squares", arguments), nodes=2)
        self.market.set_price(IO_MINT)
        for supplier in self.suppliers:
            self.market.prove(supplier)
        network = self.market.world.client.network
        renter = AsyncClient.local(network=network, signer=self.market.renter, funds=SOL(1))
        nodes = [supplier.node for supplier in self.suppliers]
        booked = await renter.jobs.book_cluster(nodes, HOUR, self.store.put_manifest(manifest))
        return tuple(keyed.address for keyed in await renter.jobs.cluster_jobs(booked.cluster))

    def leads(self, jobs: tuple[Pubkey, ...]) -> list[int]:
        """Numbers of the seats for a cluster, the one that leads first."""
        about = lease_name([bytes(job) for job in jobs]).encode()
        keys = [bytes(key.pubkey()) for key in self.keys]
        return sorted(range(3), key=lambda number: place(keys, keys[number], about))

    def purses(self) -> list[int]:
        """What alice, bob and the renter have."""
        people = [*(supplier.key for supplier in self.suppliers), self.market.renter.pubkey()]
        return [self.market.world.balance(token_account(person, IO_MINT)) for person in people]

    async def hour(self, jobs: tuple[Pubkey, ...], agents: list[Agent], speak: int) -> None:
        """Lets time pass until both jobs are closed; all that can speak have done so at the hour's end."""
        step, started = 0, False
        for _ in range(90):
            self.market.set_price(IO_MINT)
            await asyncio.sleep(0.1)
            if all(self.market.world.client.account(job) is None for job in jobs):
                return
            started = started or await self._all_started(jobs)
            if not started:
                self.market.world.advance(_TAKEOVER)
                continue
            self.market.world.advance(_STEP)
            if step < HOUR // _STEP - 1:
                await self._until(lambda: all((a.facts.last_sample_at or 0) >= self.now for a in agents))
            if step == HOUR // _STEP:
                await self._until(lambda: all(self._judged(job) >= speak for job in jobs))
            step += 1
        raise AssertionError("the cluster's jobs are still open")

    async def _all_started(self, jobs: tuple[Pubkey, ...]) -> bool:
        return all([await self._until_started(job) for job in jobs])


def without_relays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has heads take a relay for there that nobody has started."""

    async def start_relay(self: Network, facts: LeaseFacts, *how: Any, **more: Any) -> Place:
        self._place = Place("198.51.100.1", 4300)
        return self._place

    monkeypatch.setattr(Network, "start_relay", start_relay)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClusterSite]:
    lab.needed()
    overlays = Path(tempfile.mkdtemp(prefix="ionet-over-", dir="/run"))
    without_relays(monkeypatch)
    yield ClusterSite(tmp_path, overlays)
    shutil.rmtree(overlays)


#: What makes the chain of each seat, the one that leads first; None: nobody is in the seat.
_TROUBLES: dict[str, list[Any]] = {
    "absent": [None, honest, honest],
    "slow": [Slow, honest, honest],
    "more": [lambda real: Liar(real, "more"), honest, honest],
    "less": [lambda real: Liar(real, "less"), honest, honest],
    "the node is gone": [lambda real: Liar(real, "the node is gone"), honest, honest],
    "one absent, one slow, one lying": [None, lambda real: Liar(real, "more"), Slow],
    # The second process of a key has a directory of its own.
    "one key twice": [honest, honest, honest],
}


@pytest.mark.parametrize("trouble", _TROUBLES)
async def test_each_node_of_a_cluster_is_paid_exactly_whatever_one_seat_does(
    site: ClusterSite, trouble: str
) -> None:
    await site.start()
    before = site.purses()
    jobs = await site.book_cluster()
    terms = [site.market.job(job) for job in jobs]
    assert [term.attesters for term in terms] == [2, 2]
    row = site.leads(jobs)
    if trouble == "one key twice":
        row[1] = row[0]
    kinds = _TROUBLES[trouble]
    async with AsyncExitStack() as stack:
        agents = [await stack.enter_async_context(site.machine(supplier)) for supplier in site.suppliers]
        seats: list[Orchestrator] = [
            await stack.enter_async_context(
                site.seat(number, key=site.keys[number], takeover=_TAKEOVER, chain=kind, root=f"seat-{at}")
            )
            for at, (number, kind) in enumerate(zip(row, kinds, strict=True))
            if kind is not None
        ]
        await at_work(stack, *seats)
        silent = trouble in ("absent", "the node is gone", "one key twice") or None in kinds
        await site.hour(jobs, agents, 2 if silent else 3)
        starts = [steps([seat])["start"] for seat in seats]
    await site.stop()
    assert site.runs == 1
    # Each job once, whoever leads, and where that one is absent by who comes next.
    assert sum(starts) == 2
    assert trouble != "absent" or starts[0] == 2
    gained = [term.price - -(-term.price * 25 // 10_000) for term in terms]
    cost = sum(term.price + term.fee for term in terms)
    moved = [after - had for after, had in zip(site.purses(), before, strict=True)]
    by_node = {bytes(term.node): gain for term, gain in zip(terms, gained, strict=True)}
    assert moved == [*(by_node[bytes(supplier.node)] for supplier in site.suppliers), -cost]
