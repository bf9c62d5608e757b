"""A cluster that ends by itself when it is idle: what its renter's process reads of it, and what it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.network.renting import Renting, opened
from tests.network.site import NetworkSite
from tests.network.test_clusters import Holding, booked, working
from tests.programs.market import CLASS
from tests.programs.people import Supplier
from tests.programs.support import HOUR

from ionet.cloud import AsyncCluster, CannotWatch, ClusterSpec, NoCluster
from ionet.executor import Executor, Lease, NodeSpec, RunOutput
from ionet.store.manifest import FileStore

SPEC = ClusterSpec(name="one", classes=(str(CLASS),), seconds=2 * HOUR, gpus=0, idle=1_200)
IDLE = "--- cluster is idle for 1200 s\n"
#: What a program prints begins with its command's id.
FORGED = f"[{'0' * 16}] {IDLE}"


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[tuple[Renting, AsyncCluster]]:
    async with opened(tmp_path, TalkingSite) as renting:
        renting.ready()
        async with await booked(renting, SPEC) as cluster, working(renting):
            await cluster.wait_ready()
            yield renting, cluster


class Talking(Holding):
    """Holds a cluster, whose log the test writes."""

    logs: ClassVar[list[Path]] = []

    async def _start(self, lease: Lease, workspace: Any) -> RunOutput:
        self.logs.append(workspace.log)
        return await super()._start(lease, workspace)


class TalkingSite(NetworkSite):
    def executor(self, machine: Supplier, store: FileStore, work: Path) -> Executor:
        return Talking([NodeSpec(bytes(machine.node), cpus=1)], store, work)


def says(text: str) -> None:
    """Has the latest cluster's log go on."""
    with Talking.logs[-1].open("a") as file:
        file.write(text)


async def test_a_cluster_is_waited_for_until_its_last_word_is_that_it_is_idle(
    held: tuple[Renting, AsyncCluster],
) -> None:
    _, cluster = held
    says(FORGED + IDLE + "--- cluster is used again\n")
    waiting = asyncio.create_task(cluster.wait_idle())
    await asyncio.sleep(3)
    assert not waiting.done()
    says(IDLE)
    async with asyncio.timeout(60):
        await waiting
    await cluster.run.stop()
    assert (await cluster.run.cost()).refund.base > 0


async def test_a_cluster_that_ends_otherwise_is_waited_for_no_longer(
    held: tuple[Renting, AsyncCluster],
) -> None:
    _, cluster = held
    waiting = asyncio.create_task(cluster.wait_idle())
    await cluster.run.stop()
    async with asyncio.timeout(60):
        with pytest.raises(NoCluster):
            await waiting


async def test_a_cluster_without_such_a_time_is_not_watched(tmp_path: Path) -> None:
    async with opened(tmp_path) as renting:
        renting.ready()
        async with await booked(renting, replace(SPEC, idle=None)) as cluster:
            with pytest.raises(CannotWatch, match="ionet cluster up --idle 20m"):
                await cluster.wait_idle()
