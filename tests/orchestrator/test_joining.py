"""A node that replaces a lost one joins its cluster's run; and what ends a run that has lost its head."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.orchestrator.support import HOUR, STEP, World, key, said

from ionet.executor import FailureReason, Lease, RunFailure, RunOutput
from ionet.orchestrator import Kind, Orchestrator, Phase

CLUSTER = key(900)


class Away:
    """An executor on other machines: runs end when the test says so."""

    outlives = True

    def __init__(self) -> None:
        self.leases: list[Lease] = []
        self.ends: dict[str, asyncio.Future[RunOutput]] = {}

    async def open(self, lease: Lease) -> None:
        """Nothing is to be done."""

    async def run(self, lease: Lease, attempt: int) -> RunOutput:
        self.leases.append(lease)
        end = self.ends[lease.name] = asyncio.get_running_loop().create_future()
        output: RunOutput = await end
        return output

    async def collect(self, lease: Lease) -> RunOutput | None:
        return None

    def log(self, lease: Lease) -> Path:
        return Path("/nonexistent")

    def processes(self, lease: Lease, node: bytes) -> Sequence[int]:
        return ()

    async def stop(self, lease: Lease) -> None:
        self.ends[lease.name].set_exception(RunFailure(FailureReason.STOPPED, "stopped"))

    async def release(self, lease: Lease) -> None:
        """Nothing is to be done."""

    async def shutdown(self) -> None:
        """Nothing is to be done."""


@pytest.fixture
def away() -> Away:
    return Away()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, nodes=3)


def serving(world: World, away: Away) -> Orchestrator:
    return world.orchestrator(executor=away)


async def passes(world: World, orchestrator: Orchestrator, seconds: int = STEP) -> None:
    end = world.chain.clock + seconds
    while world.chain.clock < end:
        world.chain.clock += STEP
        await orchestrator.reconcile()
        await asyncio.sleep(0)


def booked(world: World, number: int, node: int, **terms: Any) -> bytes:
    manifest = world.manifest(nodes=2, on_loss="continue")
    terms = {"cluster": CLUSTER, "size": 2, "seconds": 10 * HOUR} | terms
    # One after the other: the first is the head.
    world.chain.clock += 1
    return world.book(manifest, number, node, **terms)


@pytest.mark.parametrize("together", [False, True])
async def test_a_node_that_is_added_to_a_cluster_of_one_joins_it(
    world: World, away: Away, together: bool
) -> None:
    manifest = world.manifest(nodes=1, on_loss="continue")
    terms: dict[str, Any] = {"cluster": CLUSTER, "size": 1, "seconds": 10 * HOUR}
    # Keys by which the later one would be the first, were it booked in the same moment.
    first, second = sorted((key(1), key(2)), reverse=True)
    numbers = {key(1): 1, key(2): 2}
    head = world.book(manifest, numbers[first], 0, **terms)
    orchestrator = serving(world, away)
    if not together:
        await passes(world, orchestrator)
        assert [lease.joins for lease in away.leases] == [None]
    new = world.book(manifest, numbers[second], 1, joins=True, **terms)
    await passes(world, orchestrator, 3 * STEP)
    nodes = [spec.node for spec in world.specs]
    assert [(lease.jobs, lease.joins) for lease in away.leases] == [
        ((head,), None),
        ((new,), (nodes[0], head)),
    ]
    assert {world.chain.accounts[job].job.phase for job in (head, new)} == {Phase.RUNNING}
    await orchestrator.aclose()


async def test_the_head_of_a_cluster_of_one_is_found_though_nothing_of_it_has_changed(
    world: World, away: Away
) -> None:
    manifest = world.manifest(nodes=1, on_loss="continue")
    terms: dict[str, Any] = {"cluster": CLUSTER, "size": 1, "seconds": 10 * HOUR}
    head = world.book(manifest, 1, 0, **terms)
    orchestrator = serving(world, away)
    await passes(world, orchestrator)
    # Jobs that have not changed are the same objects, whose lease is kept.
    views = [world.chain.view(world.chain.accounts[head])]
    orchestrator._gangs(views)
    new = world.book(manifest, 2, 1, joins=True, **terms)
    views.append(world.chain.view(world.chain.accounts[new]))
    leases = [gang.lease for gang in orchestrator._gangs(views)]
    assert [None if lease is None else (lease.jobs, lease.joins) for lease in leases] == [
        ((head,), None),
        ((new,), (world.specs[0].node, head)),
    ]
    await orchestrator.aclose()


async def test_a_replacement_joins_and_is_attested_with_the_clusters_result(world: World, away: Away) -> None:
    head, other = booked(world, 1, 0), booked(world, 2, 1)
    orchestrator = serving(world, away)
    await passes(world, orchestrator)
    assert [lease.joins for lease in away.leases] == [None]
    world.chain.accounts[other].end(0, lost=True)
    await passes(world, orchestrator)
    new = booked(world, 3, 2)
    await passes(world, orchestrator, 2 * STEP)
    assert world.chain.accounts[new].job.phase is Phase.RUNNING
    nodes = [spec.node for spec in world.specs]
    assert [(lease.jobs, lease.nodes, lease.joins) for lease in away.leases[1:]] == [
        ((new,), (nodes[2],), (nodes[0], head))
    ]
    # Another process of this seat finds it again, and so it does the run that has lost a node.
    await orchestrator.aclose()
    again = serving(world, second := Away())
    await passes(world, again)
    assert {(lease.jobs[0], lease.joins) for lease in second.leases} == {
        (head, None),
        (new, (nodes[0], head)),
    }
    run = next(lease for lease in second.leases if lease.joins is None)
    assert set(run.jobs) == {head, other}
    second.ends[run.name].set_result(RunOutput({"sum": 14}, ()))
    await asyncio.sleep(0.2)
    await passes(world, again, HOUR)
    results = {world.chain.accounts[job].job.key: again.result(job) for job in (head, new)}
    assert (result := results[head]) is not None
    assert result == results[new]
    said = [step[2].result for step in world.chain.steps if step[0] == "attest" and step[1] == new]
    assert said[-1] == result.digest
    await again.aclose()


async def test_a_run_whose_heads_job_has_ended_is_lost(world: World, away: Away) -> None:
    head, other = booked(world, 1, 0), booked(world, 2, 1)
    orchestrator = serving(world, away)
    await passes(world, orchestrator)
    world.chain.accounts[head].end(0, lost=True)
    await passes(world, orchestrator, 2 * STEP)
    await asyncio.sleep(0.2)
    result = orchestrator.result(other)
    assert result is not None
    assert (result.reason, result.detail) == (FailureReason.NODE_LOST, f"lost: {world.specs[0].node.hex()}")
    assert said(orchestrator, Kind.STOP) == [f"its head's job has ended: {result.detail}"]
    assert world.chain.accounts[other].job.phase is Phase.RUNNING
    await orchestrator.aclose()
