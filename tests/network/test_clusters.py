"""Clusters from their file to their booking, and who may give them orders."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.cli.conftest import write_key
from tests.network.renting import Renting, opened
from tests.network.site import NetworkSite
from tests.network.test_run_cli import Terminal
from tests.programs.market import CLASS
from tests.programs.people import Supplier
from tests.programs.support import HOUR

from ionet import IO
from ionet.cli import own_ends
from ionet.cli.cluster import _check_free
from ionet.cli.failures import UserError
from ionet.cloud import (
    AsyncCluster,
    AsyncClusterLaunch,
    BudgetTooSmall,
    CannotResize,
    ClusterSpec,
    NoCluster,
    NoNode,
    clusters,
)
from ionet.cloud.clusters import attach_cluster, class_ids, find, named
from ionet.cloud.spec import parse
from ionet.executor import Executor, InlineExecutor, Lease, NodeSpec, RunOutput
from ionet.staking.stake import class_name, names_like
from ionet.store.manifest import FileStore
from ionet.wire import Refused, Request, seal
from ionet.worker._agent import Agent

FILE = f"""\
name: pair
nodes: 2
class: {CLASS}
hours: 2
gpus: 0
"""
SPEC = ClusterSpec(name="pair", nodes=2, classes=(str(CLASS),), seconds=2 * HOUR, gpus=0)


@pytest.fixture
async def renting(tmp_path: Path) -> AsyncIterator[Renting]:
    async with opened(tmp_path) as renting:
        renting.site.market.join(renting.site.market.bob, 500 * IO.UNIT)
        renting.ready()
        renting.site.market.prove(renting.site.market.bob)
        yield renting


@pytest.fixture
async def terminal(renting: Renting) -> AsyncIterator[Terminal]:
    write_key(renting.folder / "renter.json", renting.key)
    with renting.site.market.world.client.network.serve() as server:
        yield Terminal(renting, server.url)


async def booked(renting: Renting, spec: ClusterSpec = SPEC) -> AsyncCluster:
    async with AsyncClusterLaunch(renting.client, renting.gateway, spec, key=renting.key) as launch:
        return await launch.book(await launch.offer())


async def test_a_dry_run_shows_the_exact_price_of_a_file_and_sends_nothing(terminal: Terminal) -> None:
    site, folder = terminal.renting.site, terminal.renting.folder
    (folder / "cluster.yaml").write_text(FILE.replace("hours: 2", "hours: 9"))
    before = site.money()
    # Options override the file.
    shown = await terminal.json(0, "cluster", "up", "--dry-run", "--for", "2h")
    assert shown["name"] == "pair"
    assert set(shown["nodes"]) == {str(site.market.alice.node), str(site.market.bob.node)}
    # Four hours at a dollar, an IO at 1.98 dollars, rounded up for each node, and fees of 0.25 %.
    assert shown["quote"]["deposit"]["ui"] == "4.05050508"
    assert shown["manifest"]["entrypoint"]["function"] == "ionet.workloads.held:run"
    assert site.money() == before


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (FILE.replace("nodes: 2", "nodes: 3"), " can be booked as wished now, not 3"),
        (FILE + "max_rate: 0.5", "more than 0.5 USD"),
        ("nodes: 2", "say which hardware: class: RTX 4090, or --class"),
        ("class: nothing like it", "there is no hardware class 'nothing like it'"),
    ],
)
async def test_what_there_is_not_is_told_in_a_sentence(renting: Renting, text: str, why: str) -> None:
    async with AsyncClusterLaunch(renting.client, renting.gateway, parse(text)) as launch:
        with pytest.raises(NoNode) as raised:
            await launch.offer()
    assert why in str(raised.value)


async def test_that_too_few_nodes_are_free_is_said_of_each_class(renting: Renting) -> None:
    spec = replace(SPEC, nodes=3)
    name = next(
        class_name(item.account)
        for item in await renting.client.staking.classes()
        if item.account.id == CLASS
    )
    async with AsyncClusterLaunch(renting.client, renting.gateway, spec) as launch:
        with pytest.raises(NoNode, match=f"only 2 nodes of class {name} can be booked as wished now, not 3"):
            await launch.offer()


def test_what_is_a_part_of_a_classs_name_is_taken_for_it() -> None:
    names = ("H100-PCIe", "A6000", "A5000", "A100-80GB", "L40S", "A100-40GB")
    assert names_like("a100", names, 2) == ["A100-80GB", "A100-40GB"]
    assert names_like("a-100 80", names, 1) == ["A100-80GB"]
    assert names_like("L40", names, 1) == ["L40S"]
    assert names_like("H200", names, 1) == ["H100-PCIe"]
    assert names_like("-", names) == names_like("nothing alike", names) == []


async def test_a_clusters_name_is_not_given_to_another_which_would_be_paid_as_well(
    terminal: Terminal,
) -> None:
    renting = terminal.renting
    (renting.folder / "cluster.yaml").write_text(FILE.replace("nodes: 2", "nodes: 1"))
    async with await booked(renting, replace(SPEC, nodes=1)) as cluster:
        before = renting.site.money()
        _, error = await terminal.run(1, "--yes", "cluster", "up")
        assert "you have a cluster pair already, until" in error
        assert "end it by `ionet cluster down pair`, or call the new one otherwise by --name" in error
        assert renting.site.money() == before
        await cluster.down()


async def test_a_cluster_of_a_chain_that_is_gone_keeps_no_name(
    renting: Renting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = renting.client
    monkeypatch.setattr(own_ends, "_folder", lambda: tmp_path / "idle")
    own_ends.Note.of("pair", client.address, [Pubkey.new_unique()], bytes(32)).write()
    await _check_free(client, renting.gateway, "pair")
    async with await booked(renting) as cluster:
        own_ends.Note.of("other", client.address, await cluster.jobs(), bytes(32)).write()
        with pytest.raises(
            UserError, match="a cluster other has ended, and what it has left would be forgot"
        ):
            await _check_free(client, renting.gateway, "other")


@pytest.mark.parametrize("is_its", [True, False])
async def test_what_is_known_of_another_cluster_of_its_name_is_not_forgotten(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_its: bool
) -> None:
    client = terminal.renting.client
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    async with await booked(terminal.renting, replace(SPEC, nodes=1)) as cluster:
        jobs = await cluster.jobs() if is_its else [Pubkey.new_unique()]
        own_ends.Note.of("pair", client.address, jobs, bytes(32)).write()
        await terminal.run(0, "--yes", "cluster", "down", "pair")
    assert (own_ends.read("pair", client.address) is None) == is_its


async def test_a_class_is_found_by_its_name_however_it_is_written(renting: Renting) -> None:
    classes = [item.account for item in await renting.client.staking.classes()]
    name = class_name(next(item for item in classes if item.id == CLASS))
    assert await class_ids(renting.client, [name.upper().replace(" ", "-"), str(CLASS)]) == [CLASS]
    with pytest.raises(NoNode, match=f"no hardware class '{name}x'; did you mean {name}"):
        await class_ids(renting.client, [f"{name}x"])


async def test_another_programs_file_is_used_without_what_there_is_not(terminal: Terminal) -> None:
    (terminal.renting.folder / "sky.yaml").write_text("resources: {cloud: aws}\nnum_nodes: 2\n")
    argv = ("cluster", "up", "sky.yaml", "--class", CLASS, "--gpus", 0, "--dry-run")
    _, error = await terminal.run(2, *argv)
    assert "sky.yaml:1: resources.cloud: nodes come from the market" in error
    assert (
        error.strip().splitlines()[-1].startswith("error: 1 line of this SkyPilot file cannot be done here")
    )
    assert len((await terminal.json(0, *argv, "--partly"))["nodes"]) == 2


async def test_a_budget_that_is_too_small_says_for_how_long_it_would_last(renting: Renting) -> None:
    spec = parse(FILE + "budget: 3.1").spec
    async with AsyncClusterLaunch(renting.client, renting.gateway, spec) as launch:
        with pytest.raises(
            BudgetTooSmall, match=r"more than the budget of 3\.1 IO, which would last 1 h 3"
        ) as raised:
            await launch.offer()
    lasts = raised.value.lasts
    assert lasts % 60 == 0
    nodes = [renting.site.market.alice.node, renting.site.market.bob.node]
    assert (await renting.client.jobs.quotes(nodes, lasts)).limit <= IO("3.1")
    assert (await renting.client.jobs.quotes(nodes, lasts + 60)).limit > IO("3.1")
    spec = parse(FILE + "budget: 2").spec
    async with AsyncClusterLaunch(renting.client, renting.gateway, spec) as launch:
        with pytest.raises(BudgetTooSmall, match="which is not enough for the shortest booking"):
            await launch.offer()


async def test_what_is_rented_for_less_than_an_hour_says_so(renting: Renting) -> None:
    async with AsyncClusterLaunch(renting.client, renting.gateway, replace(SPEC, seconds=300)) as launch:
        with pytest.raises(NoNode, match="a node is rented for an hour at least, and not for 5 min"):
            await launch.offer()


async def test_a_class_that_nobody_offers_names_what_there_is(renting: Renting) -> None:
    other = next(
        item.account.id for item in await renting.client.staking.classes() if item.account.id != CLASS
    )
    spec = parse(f"any_of: ['{other}']").spec
    async with AsyncClusterLaunch(renting.client, renting.gateway, spec) as launch:
        with pytest.raises(NoNode, match=r"nobody offers a node of class .* now; free are: "):
            await launch.offer()
    # Any of several will do.
    spec = parse(f"any_of: ['{other}', '{CLASS}']\ngpus: 0").spec
    async with AsyncClusterLaunch(renting.client, renting.gateway, spec) as launch:
        assert (await launch.offer()).listing.class_id == CLASS


async def test_a_booked_cluster_is_known_by_its_name_and_cancelled_as_one(renting: Renting) -> None:
    client, gateway = renting.client, renting.gateway
    async with await booked(renting) as cluster:
        (known,) = await find(client, gateway)
        assert (known.name, len(known.jobs), known.head) == ("pair", 2, cluster.run.job)
        assert await named(client, gateway, "pair") == await named(client, gateway, str(known.cluster))
        with pytest.raises(NoCluster, match="you have no cluster 'other'; there are pair"):
            await named(client, gateway, "other")
        deposit, before = (await cluster.run.cost()).refund, renting.site.money().renter
        verdict, cost = await cluster.down()
        assert verdict is None
        assert cost.refund == deposit
        assert renting.site.money().renter - before == cost.refund.base
    assert await find(client, gateway) == []


async def test_a_cluster_of_which_a_node_shows_a_part_at_first_is_known_by_its_first_job(
    renting: Renting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "_SHOWN", 0.0)
    async with await booked(renting) as cluster:
        client, shown = renting.client, await renting.client.jobs.find_jobs(renter=renting.client.address)
        parts = iter(([job for job in shown if job.address != cluster.run.job], shown))

        async def in_part(jobs: object, **fields: Pubkey) -> Any:
            return next(parts)

        monkeypatch.setattr(type(client.jobs), "find_jobs", in_part)
        (known,) = await find(client, renting.gateway)
        assert (known.head, len(known.jobs)) == (cluster.run.job, 2)


async def test_a_cluster_of_which_jobs_were_closed_long_ago_is_looked_for_once(
    renting: Renting, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await booked(renting) as cluster:
        client, shown = renting.client, await renting.client.jobs.find_jobs(renter=renting.client.address)
        parts = iter(([job for job in shown if job.address == cluster.run.job],))

        async def in_part(jobs: object, **fields: Pubkey) -> Any:
            return next(parts)

        monkeypatch.setattr(type(client.jobs), "find_jobs", in_part)
        renting.site.market.world.advance(61)
        (known,) = await find(client, renting.gateway)
        assert len(known.jobs) == 1


async def test_all_nodes_of_a_cluster_get_more_time(renting: Renting) -> None:
    client, market = renting.client, renting.site.market
    cluster = await booked(renting)
    jobs = await cluster.jobs()
    for job in jobs:
        await client.as_(market.attesters[0]).jobs.start(job).send()
    until = [(await client.jobs.get_job(job)).ends_at for job in jobs]
    async with attach_cluster(client, renting.gateway, await named(client, renting.gateway, "pair")) as found:
        quotes = await found.quote_extension(HOUR)
        assert set(quotes) == set(jobs)
        await found.extend(HOUR, quotes)
    assert [(await client.jobs.get_job(job)).ends_at for job in jobs] == [at + HOUR for at in until]
    await cluster.run.__aexit__()


async def test_nodes_of_a_running_cluster_go_one_by_one_and_never_the_first(terminal: Terminal) -> None:
    renting = terminal.renting
    client, market = renting.client, renting.site.market
    cluster = await booked(renting)
    head, other = await cluster.jobs()
    with pytest.raises(
        CannotResize, match="pair has not started, and would not without a node that was booked"
    ):
        await cluster.leaving(1, "continue")
    for job in (head, other):
        await client.as_(market.attesters[0]).jobs.start(job).send()
    for count, on_loss, why in (
        (0, "continue", "a cluster has at least its first node; end it: ionet cluster down pair"),
        (1, "end", "pair ends when a node leaves it, as its file says `on_loss: end`"),
    ):
        with pytest.raises(CannotResize, match=why):
            await cluster.leaving(count, on_loss)
    assert await cluster.leaving(2, "end") == []
    market.world.advance(90 * 60)
    renting.ready()
    shown = await terminal.json(0, "cluster", "resize", "pair", "1", "--dry-run")
    assert (shown["ended"], await cluster.jobs()) == ([str(other)], [head, other])
    said: list[str] = []
    assert await cluster.leaving(1, "continue") == [other]
    await cluster.let_go([other], said.append)
    assert said == [f"job {other} has ended"]
    assert await cluster.jobs() == [head]
    # An hour and a half of two at two dollars in all, an IO at 1.98 dollars, and the fee for two hours.
    there = await client.jobs.get_job(other)
    assert int(shown["paid"]["raw"]) + int(shown["refund"]["raw"]) == there.price + there.fee
    assert int(shown["paid"]["raw"]) == 202_020_203 * 3 // 4 + 505_051
    accounts = {job: await client.jobs.get_job(job) for job in (head, other)}
    assert (accounts[head].reason, accounts[other].ends_at) == (0, accounts[other].started_at + 90 * 60)
    # At the end of its time it is over, whoever has written that down, and its name is free again.
    with pytest.raises(UserError, match="you have a cluster pair already"):
        await _check_free(client, renting.gateway, "pair")
    market.world.advance(30 * 60)
    (shown,) = await terminal.json(0, "cluster", "list")
    assert (shown["name"], shown["state"], shown["jobs"]) == ("pair", "over", [str(head)])
    await _check_free(client, renting.gateway, "pair")
    assert (await named(client, renting.gateway, "pair")).head == head
    await cluster.run.__aexit__()


@dataclass
class Given:
    """What boxes were given."""

    files: dict[str, bytes] = field(default_factory=dict)


class Holding(InlineExecutor):
    """Holds a cluster without Ray, and notes what it is given."""

    given = Given()

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        # Not what an earlier test's box was given.
        Holding.given = Given()

    async def _start(self, lease: Lease, workspace: Any) -> RunOutput:
        (workspace.log).write_text("--- cluster is ready\n")
        never: asyncio.Future[RunOutput] = asyncio.get_running_loop().create_future()
        return await never

    async def give(self, lease: Lease, name: str, data: bytes) -> None:
        self.given.files[name] = data


class HoldingSite(NetworkSite):
    def executor(self, machine: Supplier, store: FileStore, work: Path) -> Executor:
        return Holding([NodeSpec(bytes(machine.node), cpus=1)], store, work)


async def test_a_held_cluster_takes_sealed_orders_of_its_renter_alone(tmp_path: Path) -> None:
    order, name = {"do": "exec", "command": "echo secret"}, "00" * 8
    spec = ClusterSpec(name="one", classes=(str(CLASS),), seconds=2 * HOUR, gpus=0)
    async with opened(tmp_path, HoldingSite) as renting:
        renting.ready()
        async with await booked(renting, spec) as cluster, working(renting) as agent:
            await cluster.wait_ready()
            for _ in range(2):
                await cluster.order(order, name)
            given = dict(Holding.given.files)
            assert {file: json.loads(data) for file, data in given.items()} == {f"order-{name}.json": order}

            job = {"job": bytes(cluster.run.job).hex()}
            renter = bytes(renting.key.pubkey())
            answer = await agent.handle(Request(renter, "channel", job))
            sealed = seal(bytes.fromhex(answer.arguments["public"]), json.dumps(order).encode())
            wrong = seal(bytes.fromhex(answer.arguments["public"]), b'{"do": "rm"}')
            for sender, number, blob, kind in (
                (bytes(Keypair().pubkey()), "11" * 8, sealed, "not-yours"),
                (renter, "../run.json", sealed, "bad-request"),
                (renter, "11" * 8, b"plain", "other-channel"),
                (renter, "11" * 8, bytes(1 << 17), "too-large"),
                (renter, "11" * 8, wrong, "bad-order"),
            ):
                with pytest.raises(Refused) as raised:
                    await agent.handle(Request(sender, "order", {**job, "id": number}, blob))
                assert raised.value.kind == kind
            with pytest.raises(Refused) as raised:
                await agent.handle(Request(renter, "channel", {"job": "22" * 32}))
            assert raised.value.kind == "not-served"
            assert Holding.given.files == given

            # The lease is over, and with it the channel.
            await cluster.run.stop()
            async with asyncio.timeout(60):
                while agent.busy:  # noqa: ASYNC110 (an agent's state is no event)
                    await asyncio.sleep(0.05)
            with pytest.raises(Refused) as raised:
                await agent.handle(Request(renter, "order", {**job, "id": "11" * 8}, sealed))
            assert raised.value.kind == "not-served"


@asynccontextmanager
async def working(renting: Renting) -> AsyncIterator[Agent]:
    """A machine and a seat that go on by themselves, while time passes."""
    site, stop = renting.site, asyncio.Event()

    async def tick() -> None:
        while not stop.is_set():
            site.market.world.advance(20)
            renting.ready()
            await asyncio.sleep(0.3)

    async with site.machine(site.market.alice) as agent, site.seat() as seat:
        seat._policy = replace(seat._policy, interval=0.1)
        tasks = [asyncio.create_task(seat.run(stop)), asyncio.create_task(tick())]
        try:
            yield agent
        finally:
            stop.set()
            await asyncio.gather(*tasks)
