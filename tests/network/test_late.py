"""Who comes back after a job's time is over still learns how its run ended, and says so."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.network.renting import FAILS, Renting, opened
from tests.network.site import NetworkSite
from tests.programs.support import HOUR

from ionet.cloud import AsyncRun
from ionet.executor import FailureReason, lease_name
from ionet.orchestrator import Orchestrator
from ionet.worker._agent import Agent

WAITS = """
import os, sys, time
while not os.path.exists(os.environ["WAITS_FOR"]):
    time.sleep(0.05)
"""


@pytest.fixture
async def renting(tmp_path: Path) -> AsyncIterator[Renting]:
    async with opened(tmp_path) as renting:
        yield renting


async def until_begun(seat: Orchestrator, agent: Agent, run: AsyncRun) -> None:
    async with asyncio.timeout(60):
        while agent._serving is None or not agent._serving.record.begun:
            await seat.reconcile()
            await asyncio.sleep(0.05)
    assert seat.result(bytes(run.job)) is None


async def until_told(agent: Agent) -> None:
    async with asyncio.timeout(60):
        while agent._serving is None or agent._serving.record.outcome is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def until_paid(site: NetworkSite, seat: Orchestrator, run: AsyncRun) -> None:
    """Waits until a job whose time is over is judged to its end, paid and closed, while no time passes."""
    for _ in range(200):
        if site.market.world.client.account(run.job) is None:
            return
        await seat.reconcile()
        await asyncio.sleep(0.05)
    raise AssertionError([f"{entry.step} {entry.detail}" for entry in seat.journal.entries()])


async def pass_by(renting: Renting) -> None:
    """Lets the booked time pass at once, as a machine sees it that nobody looks at."""
    renting.site.market.world.advance(HOUR + 600)
    renting.ready()
    await asyncio.sleep(0.5)


@pytest.mark.parametrize("empty", [False, True], ids=["with its state", "with an empty directory"])
async def test_a_seat_that_comes_when_the_time_is_over_attests_the_result(
    renting: Renting, empty: bool
) -> None:
    site, go = renting.site, renting.folder / "go"
    async with site.machine(site.market.alice) as agent:
        run = await renting.book(renting.script(), env={"WAITS_FOR": str(go)}, seconds=HOUR)
        terms, before = site.market.job(run.job), site.money().supplier
        async with site.seat() as seat:
            await until_begun(seat, agent, run)
        # The seat is gone before the run has ended.
        go.touch()
        await until_told(agent)
        await renting.spend(HOUR + 600)
        if empty:
            shutil.rmtree(site.root / "seat-0")
        async with site.seat() as seat:
            await until_paid(site, seat, run)
            async with run:
                # As the chain's records name it.
                verdict = await run.result(seconds=20)
                fetched = await run.fetch(verdict, renting.folder / "out")
                assert await run.log(renting.log.extend) is False
    assert (verdict.status, verdict.value) == (0, {"exit_code": 0})
    assert site.money().supplier == before + terms.price - -(-terms.price * 25 // 10_000), "a whole hour"
    assert (renting.folder / "out/model/weights.bin").read_bytes() == bytes(range(256)) * 100
    assert len(fetched.files) == 2
    assert bytes(renting.log) == b"--- attempt 1\nbegins with \nends\n"


async def test_a_seat_that_comes_late_attests_a_failure_as_what_it_was(renting: Renting) -> None:
    site, go = renting.site, renting.folder / "go"
    async with site.machine(site.market.alice) as agent:
        script = renting.script(FAILS.replace("import sys", WAITS, 1))
        run = await renting.book(script, env={"WAITS_FOR": str(go)}, seconds=HOUR)
        async with site.seat() as seat:
            await until_begun(seat, agent, run)
        go.touch()
        await until_told(agent)
        await pass_by(renting)
        async with site.seat() as seat, run:
            await until_paid(site, seat, run)
            verdict = await run.result(seconds=20)
    assert (verdict.reason, verdict.exit_code) == (FailureReason.WORKLOAD, 3)


async def test_a_worker_that_comes_when_the_time_is_over_still_stores_what_the_run_left(
    renting: Renting,
) -> None:
    site, go = renting.site, renting.folder / "go"
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(site.machine(site.market.alice))
        run = await renting.book(renting.script(), env={"WAITS_FOR": str(go)}, seconds=HOUR)
        async with site.seat() as seat:
            await until_begun(seat, agent, run)
        # What the run leaves cannot be stored before the worker is gone, too.
        await site.gateway.stop()
        go.touch()
        async with asyncio.timeout(60):
            while "store" not in agent.facts.problems:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    await pass_by(renting)
    await site.gateway.start()
    async with site.machine(site.market.alice), site.seat() as seat:
        await until_paid(site, seat, run)
        async with run:
            verdict = await run.result(seconds=20)
            fetched = await run.fetch(verdict, renting.folder / "out")
    assert verdict.ok
    assert len(fetched.files) == 2
    assert not [path for path in site.root.rglob("work/*") if path.is_dir()]


async def test_a_worker_that_comes_when_its_node_has_the_next_lease_still_tells_how_the_run_ended(
    renting: Renting,
) -> None:
    site, go = renting.site, renting.folder / "go"
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(site.machine(site.market.alice))
        run = await renting.book(renting.script(), env={"WAITS_FOR": str(go)}, seconds=HOUR)
        async with site.seat() as seat:
            await until_begun(seat, agent, run)
        await site.gateway.stop()
        go.touch()
        async with asyncio.timeout(60):
            while "store" not in agent.facts.problems:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    await pass_by(renting)
    await site.gateway.start()
    never = {"WAITS_FOR": str(renting.folder / "never")}
    following = await renting.book(renting.script(), env=never, seconds=HOUR)
    async with site.machine(site.market.alice) as agent, site.seat() as seat:
        await until_paid(site, seat, run)
        async with run:
            verdict = await run.result(seconds=20)
            fetched = await run.fetch(verdict, renting.folder / "out")
        await until_begun(seat, agent, following)
        assert agent.facts.job == bytes(following.job)
    assert verdict.ok
    assert len(fetched.files) == 2
    assert not (site.root / site.market.alice.name / "work" / lease_name([bytes(run.job)])).exists()


async def test_a_run_that_was_cut_off_with_its_worker_is_out_of_time(renting: Renting) -> None:
    site = renting.site
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(site.machine(site.market.alice))
        env = {"WAITS_FOR": str(renting.folder / "never")}
        run = await renting.book(renting.script(), env=env, seconds=HOUR)
        async with site.seat() as seat:
            await until_begun(seat, agent, run)
    await pass_by(renting)
    async with site.machine(site.market.alice), site.seat() as seat:
        await until_paid(site, seat, run)
        async with run:
            verdict = await run.result(seconds=20)
    assert verdict.reason is FailureReason.OUT_OF_TIME
