"""What goes wrong with a lease, or for a while with the machine, reaches no other lease and ends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.orchestrator.support import HOUR, RENTER, World, full_disk, key

from ionet.chain.errors import ConfigError
from ionet.executor import NodeSpec
from ionet.orchestrator import (
    BoxExecutor,
    FailureReason,
    InlineExecutor,
    Journal,
    Lease,
    LocalAgents,
    RayExecutor,
    RunFailure,
    RunOutput,
)
from ionet.orchestrator._journal import latest_entries
from ionet.store.manifest import Command, Input, Manifest, Resources
from ionet.worker import Observation


class NVMLError(Exception):
    """As `pynvml` raises it: a plain exception of its own."""


class Broken:
    """A driver that answers with an error, until it is mended."""

    def __init__(self) -> None:
        self.broken = True

    def observe(self, roots: Iterable[int]) -> Observation:
        if self.broken:
            raise NVMLError("GPU is lost")
        return Observation(0, 0)


@pytest.mark.parametrize(("steps", "good"), [(1, HOUR), (2, HOUR - 1_200), (3, 0)])
async def test_a_drivers_error_costs_its_own_node_only_and_passes(
    world: World, steps: int, good: int
) -> None:
    """Within the longest gap it costs nothing, then its own time; half an hour of it is a lost node."""
    watch = Broken()
    world.watches[world.specs[0].node] = watch  # type: ignore[assignment]
    world.restart()
    first, second = world.book(number=1, node=0), world.book(number=2, node=1)
    orchestrator = world.orchestrator()
    await world.settled(orchestrator)
    for _ in range(steps):
        world.chain.clock += 600
        await world.settled(orchestrator)
    assert world.chain.uptos(second), "the other lease is sampled and attested"
    assert any("GPU is lost" in entry.detail for entry in orchestrator.journal.entries())
    watch.broken = False
    await world.serve(orchestrator)
    assert [world.chain.closed[job].good for job in (first, second)] == [good, HOUR]


async def test_an_executors_unforeseen_error_is_a_failed_run(world: World) -> None:
    class Wrong(InlineExecutor):
        async def run(self, lease: Lease, attempt: int) -> RunOutput:
            raise KeyError("a fault of ours")

    job = world.book()
    orchestrator = world.orchestrator(executor=Wrong(world.specs, world.store, world.root / "work"))
    await world.serve(orchestrator)
    assert world.chain.closed[job].good == HOUR
    assert orchestrator.journal.failures(next(iter(_leases(orchestrator.journal)))) == 3


def _leases(journal: Journal) -> set[str]:
    return {entry.job for entry in journal.entries() if entry.step == "run failed"}


async def test_an_unforeseen_error_of_one_lease_is_told_and_the_others_go_on(world: World) -> None:
    class Wrong(InlineExecutor):
        async def open(self, lease: Lease) -> None:
            if lease.nodes[0] == world.specs[0].node:
                raise KeyError("a fault of ours")
            await super().open(lease)

        def processes(self, lease: Lease, node: bytes) -> Sequence[int]:
            return ()

    world.book(number=1, node=0)
    second = world.book(number=2, node=1)
    orchestrator = world.orchestrator(executor=Wrong(world.specs, world.store, world.root / "work"))
    for _ in range(12):
        await world.settled(orchestrator)
        world.chain.clock += 600
    assert world.chain.closed[second].good == HOUR
    assert any("a fault of ours" in entry.detail for entry in orchestrator.journal.entries())


class Faulty:
    """A chain, or agents, whose method fails in an unforeseen way where it is about one job or node."""

    def __init__(self, real: Any, method: str, *about: bytes) -> None:
        self._real, self._method, self._about = real, method, about

    def __getattr__(self, name: str) -> Any:
        return self._fails if name == self._method else getattr(self._real, name)

    async def _fails(self, first: Any, *rest: Any) -> Any:
        if getattr(first, "key", first) in self._about:
            raise KeyError("a fault of ours")
        return await getattr(self._real, self._method)(first, *rest)


@pytest.mark.parametrize("method", ["attest", "sample", "end"])
async def test_a_fault_about_one_job_of_a_lease_costs_the_other_jobs_nothing(
    world: World, method: str
) -> None:
    manifest, cluster = world.manifest(nodes=2), key(77)
    jobs = [world.book(manifest, n + 1, n, cluster=cluster, size=2) for n in range(2)]
    about = method, jobs[0], world.specs[0].node
    orchestrator = world.orchestrator(
        chain=Faulty(world.chain, *about),
        agents=Faulty(LocalAgents(world.workers), *about),
    )
    for _ in range(HOUR // 600 + 2):
        await world.settled(orchestrator)
        world.chain.clock += 600
    assert world.chain.closed[jobs[1]].good == HOUR
    assert any("a fault of ours" in entry.detail for entry in orchestrator.journal.entries())
    if method == "end":
        assert [worker._job is None for worker in world.workers] == [False, True]


async def test_the_loop_outlives_a_chain_that_answers_nonsense(world: World) -> None:
    class Nonsense:
        wrong = True

        def __getattr__(self, name: str) -> Any:
            if name == "jobs" and self.wrong:
                raise TypeError("no accounts in this answer")
            return getattr(world.chain, name)

    job, chain = world.book(), Nonsense()
    orchestrator, stop = world.orchestrator(chain=chain, interval=0.05), asyncio.Event()
    loop = asyncio.create_task(orchestrator.run(stop))
    await asyncio.sleep(0.2)
    assert not loop.done()
    chain.wrong = False
    for _ in range(1_500):
        await asyncio.sleep(0.02)
        world.chain.clock += 30
        if job in world.chain.closed:
            break
    assert job in world.chain.closed
    stop.set()
    await asyncio.wait_for(loop, 30)
    await orchestrator.aclose()


async def test_a_full_disk_ends_nothing_and_passes(world: World) -> None:
    job = world.book()
    orchestrator, stop = world.orchestrator(interval=0.05), asyncio.Event()
    loop = asyncio.create_task(orchestrator.run(stop))
    with full_disk():
        world_is_full = world.root / "probe"
        with pytest.raises(OSError, match="too large"):
            world_is_full.write_bytes(b"x")
        await asyncio.sleep(0.5)
        assert not loop.done()
    for _ in range(1_500):
        await asyncio.sleep(0.02)
        world.chain.clock += 30
        if job in world.chain.closed:
            break
    stop.set()
    await asyncio.wait_for(loop, 30)
    assert job in world.chain.closed
    assert world.chain.closed[job].good > 0
    await orchestrator.aclose()


def test_a_journal_that_cannot_be_written_counts_in_memory_and_is_written_later(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3", retry=0.0)
    assert journal.begin_run("lease") == 1
    journal.end_run("lease", 1, "workload", "before")
    with full_disk():
        assert journal.begin_run("lease") == 2
        journal.end_run("lease", 2, "workload", "while it was full")
        journal.note("job", "step", "while it was full")
        assert journal.failures("lease") == 2
        assert [entry.detail for entry in journal.entries()] == ["while it was full"]
    journal.note("job", "step", "after")
    journal.close()
    again = Journal(tmp_path / "journal.sqlite3")
    assert again.failures("lease") == 2
    assert [entry.detail for entry in again.entries()] == ["while it was full", "after"]
    again.close()


@pytest.mark.parametrize("room", [0, 100, 4096, 8192, 20_000])
def test_a_journal_that_a_full_disk_has_no_room_for_is_made_when_it_has(tmp_path: Path, room: int) -> None:
    path = tmp_path / "journal.sqlite3"
    with full_disk(room):
        journal = Journal(path, retry=0.0)
        assert journal.in_memory
        assert journal.begin_run("lease") == 1
        journal.note("job", "step", "while it was full")
    assert not path.exists() or latest_entries(path, 5) == []
    journal.note("job", "step", "after")
    journal.close()
    assert [entry.detail for entry in latest_entries(path, 5)] == ["while it was full", "after"]
    assert not path.with_suffix(".damaged").exists()


def test_a_journal_is_not_given_up_since_the_disk_is_full_at_a_start(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    first = Journal(path)
    assert first.begin_run("lease") == 1
    first.note("job", "step", "before")
    first.close()
    with full_disk():
        journal = Journal(path, retry=0.0)
        assert journal.begin_run("lease") == 2
        journal.note("job", "step", "while it was full")
    journal.note("job", "step", "after")
    journal.close()
    assert [entry.detail for entry in latest_entries(path, 5)] == ["before", "while it was full", "after"]


@pytest.mark.parametrize("kind", [InlineExecutor, RayExecutor, BoxExecutor])
async def test_no_lease_is_opened_where_everybody_writes(world: World, tmp_path: Path, kind: Any) -> None:
    work = tmp_path / "open"
    work.mkdir()
    work.chmod(0o777)
    more = {"image": tmp_path, "boxes": tmp_path / "boxes"} if kind is BoxExecutor else {}
    executor = kind(world.specs, world.store, work, **more)
    manifest = world.manifest()
    lease = Lease((key(0),), (world.specs[0].node,), RENTER, manifest.hash, manifest)
    with pytest.raises(ConfigError, match="everybody can write into the folder"):
        await executor.open(lease)
    assert list(work.iterdir()) == []
    await executor.shutdown()


@pytest.mark.parametrize(
    ("wanted", "given", "megabits"),
    [(None, (8, 4), 12), (3, (8, 4), 6), (4, (8, 4), 8), (3, (8, None), 6), (None, (8, None), None)],
)
async def test_a_box_has_the_smaller_of_what_manifest_and_supplier_say_of_the_internet(
    world: World, tmp_path: Path, wanted: int | None, given: tuple[int | None, ...], megabits: int | None
) -> None:
    executor, lease = reaching(world, tmp_path, wanted, given)
    await executor.open(lease)
    rate = executor._reach([spec.granted(lease.manifest) for spec in executor._nodes.values()]).rate
    assert rate == (None if megabits is None else megabits * 1_000_000 // 8)


async def test_a_manifest_that_asks_for_more_of_the_internet_than_a_node_gives_is_refused(
    world: World, tmp_path: Path
) -> None:
    executor, lease = reaching(world, tmp_path, 5, (8, 4))
    with pytest.raises(
        RunFailure, match="internet_mbps: this node gives jobs 4 Mbit/s, not 5; ask"
    ) as refused:
        await executor.open(lease)
    assert refused.value.reason is FailureReason.PLACEMENT
    assert not executor.workspace(lease).root.exists()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Resources(cpus=5), "resources.cpus: this node gives jobs 4 cores, not 5 cores; ask for less"),
        (Resources(gpus=2), "resources.gpus: this node gives jobs 1 GPU, not 2 GPUs; ask for less"),
        (Resources(memory=3 << 30), "resources.memory: this node gives jobs 2 GiB, not 3 GiB; ask for less"),
        (Resources(memory=(2 << 30) + 1), "gives jobs 2,147,483,648 bytes, not 2,147,483,649 bytes; ask"),
        (Resources(disk=1 << 46), "resources.disk: this node gives jobs 1 GiB, not 64 TiB; ask for less"),
        (Resources(processes=101), "this node gives jobs 100 processes and threads, not 101 processes"),
        (Resources(cpus=4, gpus=1, memory=2 << 30, processes=100, disk=1 << 30), None),
        (Resources(), None),
    ],
)
def test_a_node_that_gives_less_than_is_asked_for_says_of_what(asked: Resources, why: str | None) -> None:
    spec = NodeSpec(key(1), cpus=4, gpus=1, memory=2 << 30, disk=1 << 30, processes=100)
    said = spec.lacks(Manifest(Command(("true",)), asked))
    assert said is None if why is None else said is not None and why in said


def test_inputs_that_no_disk_of_the_node_holds_are_refused_before_anything_is_fetched() -> None:
    big = Manifest(Command(("true",)), inputs=(Input("x", "00" * 32, 1 << 50),))
    said = NodeSpec(key(1), cpus=1, disk=1 << 30).lacks(big)
    assert said is not None
    assert said.startswith(
        "resources.disk: this node gives jobs 1 GiB, not 1,024 TiB for the inputs; ask for"
    )


def test_a_run_is_given_what_it_asks_for_and_of_the_rest_the_whole_node() -> None:
    spec = NodeSpec(key(1), cpus=4, memory=2 << 30, disk=1 << 30, processes=100, internet_rate=5_000_000)
    assert spec.granted(Manifest(Command(("true",)))) == spec
    asked = Resources(1, 0, 1 << 30, internet=True, internet_mbps=8, processes=7, disk=1 << 29)
    assert spec.granted(Manifest(Command(("true",)), asked)) == NodeSpec(
        key(1), cpus=1, memory=1 << 30, disk=1 << 29, processes=7, internet_rate=1_000_000
    )


def reaching(
    world: World, folder: Path, wanted: int | None, given: tuple[int | None, ...]
) -> tuple[BoxExecutor, Lease]:
    """Nodes that give jobs so many Mbit/s, and a lease of them all that wants so many of each."""
    rates = [None if megabits is None else megabits * 1_000_000 // 8 for megabits in given]
    specs = [
        replace(spec, internet=True, internet_rate=rate)
        for spec, rate in zip(world.specs, rates, strict=False)
    ]
    assert len(specs) == len(given)
    executor = BoxExecutor(specs, world.store, folder / "work", image=folder, boxes=folder / "boxes")
    resources = Resources(internet=True, internet_mbps=wanted)
    manifest = Manifest(Command(("true",)), resources, nodes=len(specs))
    nodes = tuple(spec.node for spec in specs)
    return executor, Lease((key(0), key(1)), nodes, RENTER, manifest.hash, manifest)
