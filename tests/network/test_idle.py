"""A cluster that ends by itself when it is idle: what its renter's process reads of it, and what it does."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from tests.cli.conftest import write_key
from tests.network.renting import Renting, opened
from tests.network.site import NetworkSite
from tests.network.test_clusters import Holding, booked, working
from tests.network.test_run_cli import Terminal
from tests.programs.market import CLASS
from tests.programs.people import Supplier
from tests.programs.support import HOUR

from ionet import IO, CloseReason
from ionet.chain.errors import AccountNotFound
from ionet.cli import own_ends
from ionet.cloud import AsyncCluster, AsyncClusterLaunch, CannotWatch, ClusterSpec, NoCluster
from ionet.cloud.ending import endings, nonce_for, take_back
from ionet.executor import Executor, Lease, NodeSpec, RunOutput
from ionet.store.manifest import FileStore
from ionet.wire import Refused, Request, seal
from ionet.worker._agent import Agent
from ionet.worker._leases import Clock
from ionet.worker._relayed import NoRelay

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
    overs: ClassVar[list[asyncio.Future[dict[str, Any]]]] = []

    async def _start(self, lease: Lease, workspace: Any) -> RunOutput:
        self.logs.append(workspace.log)
        self.overs.append(over := asyncio.get_running_loop().create_future())
        workspace.log.write_text("--- cluster is ready\n")
        output: RunOutput = workspace.finish(await over)
        return output


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


async def ended(renting: Renting, job: Pubkey) -> None:
    """Waits until the chain has the job's end; a seat may have closed it by then."""
    async with asyncio.timeout(60):
        with suppress(AccountNotFound):
            while not (await renting.client.jobs.get_job(job)).reason:  # noqa: ASYNC110 (an account is no event)
                await asyncio.sleep(0.1)


async def test_an_idle_cluster_ends_itself_without_its_renter_who_gets_the_rest_back(tmp_path: Path) -> None:
    async with opened(tmp_path, TalkingSite) as renting, working(renting):
        renting.ready()
        before = renting.site.money().renter
        async with await booked(renting, SPEC) as cluster:
            await cluster.wait_ready()
            job, client = cluster.run.job, renting.client
            assert Holding.given.files["ends.json"] == b"{}"
        # From here on nothing of the renter's runs.
        Talking.overs[-1].set_result({"commands": 0, "idle": 1_200})
        await ended(renting, job)
        await renting.until_closed(job)
        it = await client.jobs.receipt(job)
        assert it.reason == CloseReason.RENTER_STOPPED
        seconds = it.ends_at - it.started_at
        price, fee, paid = it.price.base, it.fee.base, max(HOUR, seconds)
        assert seconds < 2 * HOUR
        # At most the used time, and a few minutes less where attesters saw no sample.
        most, spent = price * paid // (2 * HOUR) + fee, before - renting.site.money().renter
        assert most - price * 300 // (2 * HOUR) <= spent <= most
        # What was set aside for that is the renter's, too, and so is the result.
        assert (await take_back(client, [job])).base > 1_000_000
        assert (await take_back(client, [job])).base == 0
        assert (await renting.attach(job).left()).value == {"commands": 0, "idle": 1_200}


async def test_who_comes_back_to_a_cluster_that_has_ended_itself_gets_what_it_left(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, TalkingSite) as renting, working(renting):
        renting.ready()
        write_key(renting.folder / "renter.json", renting.key)
        (renting.folder / "cluster.yaml").write_text(f"name: one\nclass: {CLASS}\nhours: 2\ngpus: 0\n")
        with renting.site.market.world.client.network.serve() as server:
            terminal = Terminal(renting, server.url)
            _, told = await terminal.run(0, "--yes", "cluster", "up", "--idle", "20m")
            assert "0.00144768 SOL are set aside for its own end, and come back" in told
            output = Talking.logs[-1].parent / "output"
            (output / "model.txt").write_text("weights")
            Talking.overs[-1].set_result({"commands": 1, "idle": 1_200})
            (job,) = await renting.client.jobs.find_jobs(renter=renting.client.address)
            await ended(renting, job.address)
            shown, told = await terminal.run(0, "cluster", "list")
            assert "You have no cluster" in shown
            assert "one has ended; what it has left is fetched by: ionet cluster down one" in told
            _, told = await terminal.run(4, "cluster", "status", "one")
            assert "one has ended; what it has left is fetched by: ionet cluster down one" in told
            _, told = await terminal.run(1, "--yes", "cluster", "up", "--idle", "20m")
            assert "a cluster one has ended, and what it has left would be forgotten" in told
            _, told = await terminal.run(0, "--yes", "cluster", "down", "one")
            assert "0.00144768 SOL that were set aside for its end are back" in told
            assert (renting.folder / "one" / "model.txt").read_text() == "weights"
            _, told = await terminal.run(4, "--yes", "cluster", "down", "one")
            assert "you have no cluster 'one'" in told


async def test_a_cluster_that_never_began_is_not_remembered_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    async with opened(tmp_path) as renting:
        renting.ready()
        client, told = renting.client, list[str]()
        async with await booked(renting, SPEC) as cluster:
            jobs, manifest = await cluster.jobs(), await cluster.manifest()
            own_ends.Note.of("one", client.address, jobs, manifest.hash).write()
            (note,) = own_ends.notes(client.address)
            assert own_ends.notes(renting.site.market.alice.key) == []
            await cluster.run.cancel()
        how = (client, renting.gateway, renting.key, note, None, tmp_path / "out", told.append)
        summary, files = await own_ends.left(*how, force=False)
        assert (files, own_ends.notes(client.address)) == ([], [])
        assert "has ended without a result" in summary


async def test_a_cluster_that_its_renter_ends_is_ended_by_them_alone(tmp_path: Path) -> None:
    async with opened(tmp_path, TalkingSite) as renting, working(renting) as agent:
        renting.ready()
        async with await booked(renting, SPEC) as cluster:
            await cluster.wait_ready()
            Talking.overs[-1].set_result({"commands": 0})
            await cluster.run.left(seconds=60)
            for _ in range(3):
                await agent.look()
            assert (await renting.client.jobs.get_job(cluster.run.job)).reason == 0
            await cluster.down()
            nonce = nonce_for(renting.client.address, cluster.run.job)
            assert await renting.client.account(nonce) is None


async def test_a_cluster_ends_itself_also_while_its_relays_gateway_is_away() -> None:
    done: list[str] = []

    class Network:
        async def keep(self, *_: object) -> None:
            done.append("kept")
            raise NoRelay("the gateway cannot be asked")

    class Waiting(Agent):
        """One that serves a lease of which nothing else is due."""

        def __init__(self) -> None:
            self._clock = Clock()

        async def _sample_if_due(self, *, spacing: int | None = None) -> None:
            pass

        async def _end_itself(self, serving: Any) -> None:
            done.append("ended")

    leased = SimpleNamespace(running=False, ended=False, start_by=2**40, ends_at=None)
    record = SimpleNamespace(asked=False, outcome=None)
    with pytest.raises(NoRelay):
        await Waiting()._serve(SimpleNamespace(leased=leased, record=record, network=Network()))  # type: ignore[arg-type]
    assert done == ["ended", "kept"]


async def test_what_is_to_end_a_cluster_is_its_renters_and_ends_jobs_alone(
    held: tuple[Renting, AsyncCluster],
) -> None:
    renting, cluster = held
    (agent,), client = renting.site.agents, renting.client
    job, renter = {"job": bytes(cluster.run.job).hex()}, bytes(renting.key.pubkey())
    public = (await agent.handle(Request(renter, "channel", job))).arguments["public"]
    nonce = nonce_for(client.address, cluster.run.job)
    thief = client.call(transfer(TransferParams(from_pubkey=client.address, to_pubkey=nonce, lamports=1)))
    (stop, _) = await endings(client, [cluster.run.job])
    for sender, raw, kind, why in (
        (bytes(Keypair().pubkey()), stop, "not-yours", "takes orders of its renter"),
        (renter, bytes(await thief.with_nonce(nonce).tx()), "bad-ends", "something else than to end a job"),
        (renter, bytes(await client.jobs.stop(cluster.run.job).tx()), "bad-ends", "it stands on no nonce"),
    ):
        blob = seal(bytes.fromhex(public), json.dumps([b64encode(raw).decode()]).encode())
        with pytest.raises(Refused, match=why) as raised:
            await agent.handle(Request(sender, "ends", job, blob))
        assert raised.value.kind == kind


async def test_what_ends_jobs_of_other_clusters_is_not_taken(held: tuple[Renting, AsyncCluster]) -> None:
    renting, cluster = held
    (agent,), market = renting.site.agents, renting.site.market
    market.join(market.bob, 500 * IO.UNIT)
    renting.ready()
    market.prove(market.bob)
    # Of the gateway's connections the renter's key has one.
    async with AsyncClusterLaunch(
        renting.client, renting.gateway, replace(SPEC, name="two"), key=renting.key
    ) as launch:
        other = (await launch.book(await launch.offer())).run.job
    with pytest.raises(Refused, match=f"{other} is not of the cluster"):
        await cluster.hand_over([cluster.run.job, other])
    assert agent._serving is not None
    assert agent._serving.ends.jobs in ([], [bytes(cluster.run.job)])


async def test_a_cluster_without_such_a_time_is_not_watched(tmp_path: Path) -> None:
    async with opened(tmp_path) as renting:
        renting.ready()
        async with await booked(renting, replace(SPEC, idle=None)) as cluster:
            with pytest.raises(CannotWatch, match="ionet cluster up --idle 20m"):
                await cluster.wait_idle()
