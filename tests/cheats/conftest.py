"""Two nodes of real agents at a real gateway, and a seat that counts their processors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cheats.devices import Timed
from tests.network.site import NetworkSite
from tests.orchestrator.support import StillWatch, policy
from tests.programs.people import TOKEN, Supplier

from ionet import SOL, AsyncClient
from ionet.orchestrator import ProgramChain
from ionet.orchestrator._challenge import Challenger
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._number import NumberChallenges
from ionet.orchestrator._program import NodeView
from ionet.orchestrator._remote import RemoteAgents
from ionet.prover import Backend, Challenge, Reference, Verdict, numpy_backend
from ionet.wire import Peer, Role
from ionet.worker import Device, DeviceKey, Worker
from ionet.worker._agent import Agent


class Units(ProgramChain):
    """A chain whose nodes name as many processors as a test says."""

    units = 1

    async def node(self, address: bytes) -> NodeView | None:
        view = await super().node(address)
        return None if view is None else replace(view, units=self.units)


class Soon(NumberChallenges):
    """Asks nodes that did not take part again without waiting for three minutes."""

    #: Whether it waits for devices that other seats have.
    patient = False

    async def _pause(self, since: int) -> None:
        pass

    async def _in_line(self, nodes: Sequence[bytes]) -> None:
        if self.patient:
            await super()._in_line(nodes)


class Clocked(RemoteAgents):
    """Answers of nodes whose devices count their time take what these say."""

    def __init__(self, peer: Peer, chain: ProgramChain) -> None:
        super().__init__(peer, chain.device_of)
        #: By node.
        self.devices: dict[bytes, tuple[Timed, ...]] = {}

    async def reserve(self, node: bytes) -> None:
        for device in self.devices.get(node, ()):
            device.begin()
        await super().reserve(node)

    async def number(self, node: bytes, challenges: Sequence[Challenge]) -> tuple[list[bytes], int]:
        roots, nanoseconds = await super().number(node, challenges)
        if devices := self.devices.get(node, ()):
            # Each takes its turn, as the worker deals products out.
            ends = [devices[n % len(devices)].done(one.seed) for n, one in enumerate(challenges)]
            nanoseconds = round(max(ends) * 1e9)
        return roots, nanoseconds


class Field:
    """A seat, and the two nodes that it asks."""

    def __init__(self, site: NetworkSite, agents: dict[str, Agent], chain: Units, peer: Peer) -> None:
        self.site = site
        self.agents = agents
        self.chain = chain
        self.remote = Clocked(peer, chain)
        self.journal = Journal(site.root / "seat.sqlite3")
        self.alice = bytes(site.market.alice.node)
        self.bob = bytes(site.market.bob.node)

    def put(self, supplier: Supplier, kind: type[Worker] = Worker, *kernels: Backend) -> Any:
        """Puts a worker of a kind into a node's agent."""
        worker = kind(
            bytes(supplier.node),
            DeviceKey(supplier.device_key),
            self.site.root / f"{supplier.name}-cheat",
            device=Device(0, supplier.name, "test processor", "cpu", 1 << 30, None),
            watch=StillWatch(),
            kernel=kernels[0] if kernels else numpy_backend(),
            kernels=kernels,
        )
        timed = tuple(kernel for kernel in kernels if isinstance(kernel, Timed))
        self.remote.devices[bytes(supplier.node)] = timed
        challenges = self.agents[supplier.name]._challenges
        challenges._worker = worker
        challenges._turns.free()
        return worker

    def seat(self, *, seconds: float | None = None, slack_bps: int = 15_000, grace: float = 0.2) -> Soon:
        """A seat; where a class's product takes some seconds, time is judged."""
        reference = (
            None
            if seconds is None
            else Reference(64, 256, round(seconds * 1e9), slack_bps, round(grace * 1e9))
        )
        known = {} if reference is None else {1: (reference,)}
        rules = policy(number_m=64, number_k=256, references=known, default_rules=None)
        challenger = Challenger(
            self.chain, self.remote, self.site.store, self.journal, rules, lambda digest: None
        )
        return Soon(self.chain, self.remote, challenger, self.journal, rules, list, list)

    async def count(self, nodes: Sequence[bytes], **judged: Any) -> dict[bytes, Verdict]:
        return await self.seat(**judged).count(nodes)


@asynccontextmanager
async def standing(folder: Path) -> AsyncIterator[Field]:
    """A field that stands in a folder."""
    site = NetworkSite(folder)
    site.market.join(site.market.bob, 300 * TOKEN)
    key = site.market.attesters[0]
    client = AsyncClient.local(network=site.market.world.client.network, signer=key, funds=SOL(1))
    await site.gateway.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(site.gateway.stop)
        agents = {
            supplier.name: await stack.enter_async_context(site.machine(supplier))
            for supplier in (site.market.alice, site.market.bob)
        }
        peer = await stack.enter_async_context(Peer(key, Role.SEAT, [[site.gateway.url]]))
        await peer.wait_connected(5)
        chain = Units(client)
        yield Field(site, agents, chain, peer)


@pytest.fixture(scope="module")
async def whole_field(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Field]:
    async with standing(Path(tmp_path_factory.mktemp("field"))) as field:
        yield field


@pytest.fixture
def field(whole_field: Field) -> Field:
    """Every test begins with honest nodes of one processor."""
    whole_field.chain.units = 1
    for supplier in (whole_field.site.market.alice, whole_field.site.market.bob):
        whole_field.put(supplier)
    return whole_field
