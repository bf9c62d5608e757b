"""A program on several nodes: what would be booked, and what its jobs cost together."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.cli.conftest import write_key
from tests.network.renting import Renting, opened
from tests.network.test_run_cli import ASKED, Terminal

from ionet import IO, JobState
from ionet.cloud import NoNode
from ionet.cloud.fitting import Together
from ionet.cloud.running import AsyncClusterRun


@pytest.fixture
async def renting(tmp_path: Path) -> AsyncIterator[Renting]:
    async with opened(tmp_path) as renting:
        renting.site.market.join(renting.site.market.bob, 500 * IO.UNIT)
        renting.ready()
        renting.site.market.prove(renting.site.market.bob)
        yield renting


async def test_a_cluster_is_booked_by_one_command_and_ended_as_one(renting: Renting) -> None:
    market, client = renting.site.market, renting.client
    async with renting.launching(renting.script(), nodes=2, on_loss="continue") as launching:
        offered = await launching.offer()
        assert (offered.manifest.nodes, offered.manifest.on_loss) == (2, "continue")
        assert set(offered.nodes) == {market.alice.node, market.bob.node}
        (reason,) = offered.reasons
        assert reason.endswith(": not measured within a day")
        before = renting.site.money().renter
        run = await launching.book(offered)
    assert isinstance(run, AsyncClusterRun)
    async with run:
        jobs = [keyed.address for keyed in await client.jobs.cluster_jobs(run.cluster)]
        assert len(jobs) == 2
        assert run.job == jobs[0]
        assert before - renting.site.money().renter == offered.quotes.deposit.base
        starting = client.as_(market.attesters[0])
        for job in jobs:
            await starting.jobs.start(job).send()
        market.world.advance(90 * 60)
        renting.ready()
        assert await run.stop()
        cost = await run.cost()
        accounts = [await client.jobs.get_job(job) for job in jobs]
        assert {account.ends_at - account.started_at for account in accounts} == {90 * 60}
        # Three quarters of two hours, and both fees.
        due = sum(account.price * 3 // 4 + account.fee for account in accounts)
        assert cost.paid.base == due
        assert cost.paid.base + cost.refund.base == offered.quotes.deposit.base
        assert (cost.used, cost.first_hour) == (90 * 60, False)
        assert not await run.stop()


async def test_a_cluster_that_has_not_started_is_cancelled_as_one(renting: Renting) -> None:
    async with renting.launching(renting.script(), nodes=2) as launching:
        run = await launching.book(await launching.offer())
    async with run:
        await run.cancel()
        assert isinstance(run, AsyncClusterRun)
        for keyed in await renting.client.jobs.cluster_jobs(run.cluster):
            assert keyed.account.state == JobState.ENDED


async def test_nodes_that_nobody_has_measured_are_not_booked_for_a_bandwidth(renting: Renting) -> None:
    wanted = Together(min_bits=1_000_000)
    async with renting.launching(renting.script(), nodes=2, together=wanted) as launching:
        with pytest.raises(NoNode, match="not measured within a day, which is not known to be good enough"):
            await launching.offer()
    async with renting.launching(renting.script(), nodes=3) as launching:
        with pytest.raises(NoNode, match="2 such nodes are free, not 3"):
            await launching.offer()


async def test_the_command_says_what_it_would_book_and_what_does_not_go_together(renting: Renting) -> None:
    write_key(renting.folder / "renter.json", renting.key)
    renting.script()
    before = renting.site.money()
    with renting.site.market.world.client.network.serve() as server:
        terminal = Terminal(renting, server.url)
        argv = ("job", "run", "train.py", *ASKED, "--nodes", 2, "--replace", 1, "--max-rate", 3, "--dry-run")
        out, error = await terminal.run(0, *argv, "--output", "json")
        told = json.loads(out)
        assert len(told["nodes"]) == 2
        assert (told["manifest"]["nodes"], told["manifest"]["on_loss"]) == (2, "continue")
        assert told["links"][0].endswith("not measured within a day")
        for more, why in (
            (("--replace", 1), "give --nodes"),
            (("--nodes", 2, "--replace", 1), "--replace goes with --max-rate"),
            (
                ("--nodes", 2, "--replace", 1, "--max-rate", 3, "--detach"),
                "neither --on-loss end nor --detach",
            ),
        ):
            _, error = await terminal.run(2, *argv[:3], *ASKED, *more)
            assert why in error
    assert renting.site.money() == before
