"""A program on several nodes: what would be booked, and what its jobs cost together."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.cli.conftest import write_key
from tests.network.renting import Renting, opened
from tests.network.test_run_cli import ASKED, Terminal
from tests.programs.market import CLASS
from tests.programs.people import Supplier
from tests.programs.support import HOUR

from ionet import IO, USD, AsyncClient, CloseReason, JobState
from ionet.chain.errors import TransportError
from ionet.cloud import AsyncLaunch, NoNode, NotRun, Offered, launching, restarting
from ionet.cloud.choosing import Wish
from ionet.cloud.fitting import Together
from ionet.cloud.replacing import Limits
from ionet.cloud.restarting import Anew, anew, book_anew
from ionet.cloud.running import AsyncClusterRun, AsyncRun
from ionet.jobs._async.booking import AsyncBooking
from ionet.store import StoreUnreachable


def fresh(renting: Renting, *more: Supplier) -> None:
    """Prices and proofs are of now."""
    renting.ready()
    for supplier in (renting.site.market.bob, *more):
        renting.site.market.prove(supplier)


@pytest.fixture
async def renting(tmp_path: Path) -> AsyncIterator[Renting]:
    async with opened(tmp_path) as renting:
        renting.site.market.join(renting.site.market.bob, 500 * IO.UNIT)
        fresh(renting)
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
        # Its renter has ended it: no node was lost.
        assert not await run.is_headless()


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


async def headless(renting: Renting) -> tuple[AsyncClusterRun, Offered]:
    """A cluster that has lost its first node after an hour and a half, and what it was booked by."""
    market, client = renting.site.market, renting.client
    async with renting.launching(renting.script(), nodes=2, on_loss="continue") as launching:
        offered = await launching.offer()
        run = await launching.book(offered)
    assert isinstance(run, AsyncClusterRun)
    for keyed in await client.jobs.cluster_jobs(run.cluster):
        await client.as_(market.attesters[0]).jobs.start(keyed.address).send()
    assert not await run.is_headless()
    assert not await run.end_rest()
    market.world.advance(90 * 60)
    renting.ready()
    market.send(market.jobs("lose", run.job))
    return run, offered


async def test_what_is_left_of_a_run_without_its_first_node_is_ended_and_costs_what_was_used(
    renting: Renting,
) -> None:
    run, _ = await headless(renting)
    async with run:
        assert await run.is_headless()
        assert await run.end_rest()
        head, other = [keyed.account for keyed in await renting.client.jobs.cluster_jobs(run.cluster)]
        assert other.ends_at - other.started_at == 90 * 60
        # Nobody has attested any time of the first one, whose fee comes back as well.
        assert (await run.cost()).paid.base == other.price * 3 // 4 + other.fee
        assert head.reason == CloseReason.LOST
        assert not await run.end_rest()


async def test_who_follows_a_run_without_its_first_node_is_told_of_the_others(renting: Renting) -> None:
    run, _ = await headless(renting)
    await run.__aexit__()
    write_key(renting.folder / "renter.json", renting.key)
    with renting.site.market.world.client.network.serve() as server:
        _, error = await Terminal(renting, server.url).run(1, "job", "follow", run.job)
    assert "has ended without a result: its node was gone" in error
    assert f"other jobs are paid until each is stopped; see them: ionet job cluster {run.cluster}" in error


async def test_a_run_is_begun_anew_for_what_comes_back_and_a_replacement_may_cost(
    renting: Renting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarting, "_AGAIN", 0.0)
    market, client = renting.site.market, renting.client
    run, offered = await headless(renting)
    third = Supplier(market.bob.owner, market.actor(), "third")
    market.join(third, 500 * IO.UNIT)
    async with run:
        until = market.world.now + 30 * 60
        assert await anew(client, run, offered, Limits(0, USD(3)), until) is None
        await run.end_rest()
        head, other = await client.jobs.cluster_jobs(run.cluster)
        back = (await run.cost()).refund.base
        wanted = await anew(client, run, offered, Limits(1, USD(3)), until)
        assert wanted is not None
        assert wanted.avoid == {head.account.node}
        # Two hours at 3 dollars, an IO at 1.98 dollars, a hundredth more for a price that moves, and the fee.
        assert back + 303_030_303 < wanted.most.base < back + 308_000_000
        told: list[str] = []

        async def begin(allowed: Anew) -> tuple[Offered, AsyncRun] | None:
            def tell(why: str) -> None:
                told.append(why)
                market.world.advance(HOUR)
                fresh(renting, third)

            def launching(wish: Wish) -> AsyncLaunch:
                given = {name: getattr(wish, name) for name in ("seconds", "max_rate", "avoid")}
                return renting.launching(renting.folder / "train.py", nodes=2, on_loss="continue", **given)

            return await book_anew(client, launching, Wish(2 * HOUR, class_id=CLASS), allowed, tell)

        fresh(renting, third)
        # Half an hour later its time is over, and nothing has been booked.
        assert await begin(replace(wanted, avoid=wanted.avoid | {third.node})) is None
        assert await begin(replace(wanted, until=market.world.now + 60, most=IO(2))) is None
        assert ["1 such nodes are free" in told[0], "more than what comes back" in told[1]] == [True, True]
        assert await begin(replace(wanted, limits=replace(wanted.limits, until=market.world.now))) is None
        later = replace(wanted, until=market.world.now + 2 * HOUR)
        # Whichever of the two times is over first.
        assert await begin(replace(later, limits=replace(wanted.limits, until=market.world.now))) is None
        assert await begin(replace(wanted, limits=replace(wanted.limits, until=later.until))) is None
        again = await begin(later)
        assert again is not None
        assert set(again[0].nodes) == {other.account.node, third.node}
        assert again[0].limit.base <= wanted.most.base
        async with again[1] as booked:
            account = await booked.account()
            assert account is not None
            assert account.seconds == 2 * HOUR
            await booked.cancel()


@pytest.fixture
async def begun_anew(renting: Renting) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """Begins a run of two nodes anew, on a market with as many again."""
    market, client = renting.site.market, renting.client
    run, _ = await headless(renting)
    for name in ("third", "fourth", "fifth"):
        market.join(supplier := Supplier(market.bob.owner, market.actor(), name), 500 * IO.UNIT)
        market.prove(supplier)
    fresh(renting)
    wanted = Anew(market.world.now + 2 * HOUR, IO(10_000), IO(1_000), frozenset(), Limits(1, USD(3)))

    def launch(wish: Wish) -> AsyncLaunch:
        return renting.launching(
            renting.folder / "train.py", nodes=2, on_loss="continue", seconds=wish.seconds, avoid=wish.avoid
        )

    async with run:
        await run.end_rest()
        yield lambda: book_anew(client, launch, Wish(2 * HOUR, class_id=CLASS), wanted, lambda text: None)


async def clusters(client: AsyncClient) -> list[int]:
    """How many jobs of each of its clusters are booked, the newest first."""
    return [cluster.waiting for cluster in await client.jobs.clusters()]


async def test_a_run_is_begun_anew_once_where_the_chain_cannot_be_read_after_its_booking(
    renting: Renting, begun_anew: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "_AGAIN", 0.0)
    monkeypatch.setattr(restarting, "_AGAIN", 0.0)
    read, asked = AsyncBooking.cluster_jobs, list[Pubkey]()

    async def not_at_first(jobs: AsyncBooking, cluster: Pubkey) -> Any:
        asked.append(cluster)
        if len(asked) < 2:
            raise TransportError("no answer", url="http://node")
        return await read(jobs, cluster)

    monkeypatch.setattr(AsyncBooking, "cluster_jobs", not_at_first)
    _, run = await begun_anew()
    async with run:
        assert set(asked) == {run.cluster}
        assert sorted(await clusters(renting.client)) == [0, 2]


async def test_the_head_is_the_first_of_all_its_jobs_where_a_node_shows_some_of_them_later(
    renting: Renting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "_SHOWN", 0.0)
    read, looks = AsyncBooking.cluster_jobs, iter((0, 1))

    async def in_part(jobs: AsyncBooking, cluster: Pubkey) -> Any:
        shown = await read(jobs, cluster)
        return shown[len(shown) - next(looks, len(shown)) :]

    monkeypatch.setattr(AsyncBooking, "cluster_jobs", in_part)
    async with renting.launching(renting.script(), nodes=2) as launch:
        run = await launch.book(await launch.offer())
    assert isinstance(run, AsyncClusterRun)
    async with run:
        first, second = await read(renting.client.jobs, run.cluster)
        assert (run.job, await run.all_jobs()) == (first.address, [first.address, second.address])


@pytest.mark.parametrize(("unreachable", "left"), [(False, [0, 0]), (True, [0, 2])])
async def test_a_run_whose_program_cannot_be_uploaded_is_not_begun_anew_again(
    renting: Renting,
    begun_anew: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
    unreachable: bool,
    left: list[int],
) -> None:
    monkeypatch.setattr(restarting, "_AGAIN", 0.0)

    tried = list[object]()

    async def fails_once(*_: object) -> None:
        tried.append(None)
        if len(tried) < 2:
            raise StoreUnreachable("the store does not answer")

    async def not_cancelled(*_: object) -> None:
        raise TransportError("no answer", url="http://node")

    monkeypatch.setattr(AsyncLaunch, "deliver", fails_once)
    if unreachable:
        monkeypatch.setattr(AsyncClusterRun, "cancel", not_cancelled)
    with pytest.raises(NotRun, match="may still be booked" if unreachable else "was cancelled"):
        await begun_anew()
    assert sorted(await clusters(renting.client)) == left


@pytest.mark.parametrize(("deposit", "replace"), [(80, 2), (101, 2), (110, 2), (111, 1), (121, 0), (130, 0)])
def test_a_deposit_takes_as_many_replacements_as_it_costs_beyond_what_comes_back(
    deposit: int, replace: int
) -> None:
    # A hundred come back, and each of three replacements may cost ten.
    allowed = Anew(0, IO(130), IO(10), frozenset(), Limits(3, USD(3)))
    assert allowed.after(IO(deposit)) == Limits(replace, USD(3))
