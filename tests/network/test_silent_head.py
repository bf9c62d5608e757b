"""A cluster whose head has gone silent: a seat notices, and ends the run as the manifest says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.network.site import NetworkSite
from tests.programs.people import Supplier

from ionet import IO
from ionet.executor import FailureReason, Lease, RunFailure
from ionet.orchestrator import _remote
from ionet.orchestrator._remote import RemoteExecutor
from ionet.store.manifest import Command, Manifest
from ionet.wire import Answer, Peer, Request, Role

#: Seconds in the tests for the half minute of the network.
LOST = 2.0
#: The network's: after how many a silent head is noticed at the latest.
NOTICED = _remote._HEAD_LOST + _remote._POLL


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NetworkSite]:
    assert NOTICED <= 30
    assert _remote._HEARD < _remote._HEAD_LOST
    monkeypatch.setattr(_remote, "_HEAD_LOST", LOST)
    monkeypatch.setattr(_remote, "_HEARD", LOST / 2)
    monkeypatch.setattr(_remote, "_POLL", 0.1)
    site = NetworkSite(tmp_path)
    site.market.join(site.market.bob, 500 * IO.UNIT)
    await site.gateway.start()
    yield site
    await site.gateway.stop()
    await site.reader.aclose()


class Cluster:
    """Two machines at the gateway whose agents say that they run, and a seat."""

    def __init__(self, site: NetworkSite, folder: Path, on_loss: str) -> None:
        self.site, self.folder = site, folder
        self.machines = (site.market.alice, site.market.bob)
        manifest = Manifest(Command(("true",)), nodes=2, on_loss=on_loss)
        nodes = tuple(bytes(machine.node) for machine in self.machines)
        self.lease = Lease((b"1" * 32, b"2" * 32), nodes, b"r" * 32, manifest.hash, manifest)
        self.stacks = [AsyncExitStack(), AsyncExitStack()]
        self.seat = Peer(site.market.attesters[0], Role.SEAT, [[site.gateway.url]])

    async def device_of(self, node: bytes) -> bytes:
        machine = next(machine for machine in self.machines if bytes(machine.node) == node)
        return bytes(machine.device_key.pubkey())

    def agent(self, machine: Supplier) -> Peer:
        async def answer(request: Request) -> Answer:
            return Answer({"asked": True, "failed": 0, "running": True})

        url = [[self.site.gateway.url]]
        return Peer(machine.device_key, Role.AGENT, url, node=bytes(machine.node), handler=answer)

    async def __aenter__(self) -> Cluster:
        await self.seat.__aenter__()
        for stack, machine in zip(self.stacks, self.machines, strict=True):
            await stack.enter_async_context(self.agent(machine))
            assert await self.seat.wait_for(bytes(machine.device_key.pubkey()), 60)
        executor = RemoteExecutor(self.seat, self.device_of, self.folder)
        self.run = asyncio.create_task(executor.run(self.lease, 1))
        await asyncio.sleep(1.0)
        return self

    async def __aexit__(self, *error: object) -> None:
        self.run.cancel()
        await asyncio.gather(self.run, return_exceptions=True)
        for stack in self.stacks:
            await stack.aclose()
        await self.seat.__aexit__()


async def test_the_loss_of_the_head_ends_the_run(site: NetworkSite, tmp_path: Path) -> None:
    async with Cluster(site, tmp_path, "end") as cluster:
        assert not cluster.run.done()
        await cluster.stacks[0].aclose()
        with pytest.raises(RunFailure) as failed:
            async with asyncio.timeout(60):
                await cluster.run
    assert failed.value.reason is FailureReason.NODE_LOST
    assert failed.value.detail == f"lost: {bytes(site.market.alice.node).hex()}"
    assert not failed.value.retryable


async def test_a_head_that_comes_back_in_time_is_not_lost(
    site: NetworkSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_remote, "_HEAD_LOST", 5.0)
    async with Cluster(site, tmp_path, "end") as cluster:
        await cluster.stacks[0].aclose()
        await asyncio.sleep(2.0)
        await cluster.stacks[0].enter_async_context(cluster.agent(cluster.machines[0]))
        await asyncio.sleep(4.0)
        assert not cluster.run.done()


@pytest.mark.parametrize("why", ["the manifest goes on", "nobody answers"])
async def test_a_run_goes_on_where_it_may_or_the_fault_may_be_the_seats(
    site: NetworkSite, tmp_path: Path, why: str
) -> None:
    async with Cluster(site, tmp_path, "continue" if "manifest" in why else "end") as cluster:
        await cluster.stacks[0].aclose()
        if why == "nobody answers":
            await cluster.stacks[1].aclose()
        await asyncio.sleep(2.5 * LOST)
        assert not cluster.run.done()
