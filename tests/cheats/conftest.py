"""Two nodes of real agents at a real gateway, and a seat that counts their processors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
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
from ionet.prover import Backend, Reference, Verdict, numpy_backend
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

    async def _pause(self, since: int) -> None:
        pass


class Field:
    """A seat, and the two nodes that it asks."""

    def __init__(self, site: NetworkSite, agents: dict[str, Agent], chain: Units, peer: Peer) -> None:
        self.site = site
        self.agents = agents
        self.chain = chain
        self.remote = RemoteAgents(peer, chain.device_of)
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
        challenges = self.agents[supplier.name]._challenges
        challenges._worker, challenges._reserved = worker, None
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


@pytest.fixture(scope="module")
async def whole_field(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Field]:
    site = NetworkSite(Path(tmp_path_factory.mktemp("field")))
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


@pytest.fixture
def field(whole_field: Field) -> Field:
    """Every test begins with honest nodes of one processor."""
    whole_field.chain.units = 1
    for supplier in (whole_field.site.market.alice, whole_field.site.market.bob):
        whole_field.put(supplier)
    return whole_field
