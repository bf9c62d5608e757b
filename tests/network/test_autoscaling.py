"""Ray's provider of nodes that leases from the market: what it books, ends, keeps, and may spend."""

from __future__ import annotations

import asyncio
import stat
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml
from ray.autoscaler._private.autoscaler import StandardAutoscaler
from ray.autoscaler._private.load_metrics import LoadMetrics
from ray.autoscaler._private.providers import _get_node_provider_cls
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.autoscaler.node_launch_exception import NodeLaunchException
from ray.autoscaler.tags import (
    NODE_KIND_HEAD,
    NODE_KIND_WORKER,
    STATUS_UNINITIALIZED,
    TAG_RAY_NODE_KIND,
    TAG_RAY_NODE_STATUS,
    TAG_RAY_USER_NODE_TYPE,
)
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.network.renting import Renting, opened
from tests.network.test_growing import SPEC, fresh
from tests.programs.market import CLASS, IO_MINT

from ionet import IO, SOL, AsyncClient, CloseReason, JobState
from ionet.chain.errors import ConfigError, IonetError
from ionet.cloud import AsyncClusterLaunch, autoscaling
from ionet.cloud.autoscaling import NodeProvider
from ionet.cloud.leasing import Tags
from ionet.cloud.sessions import Login, read

TAGS = {TAG_RAY_NODE_KIND: NODE_KIND_WORKER, TAG_RAY_USER_NODE_TYPE: "worker"}


@dataclass
class Scaling:
    """A cluster of one node that a session's key has booked, and Ray's file of it."""

    renting: Renting
    session: Keypair
    config: dict[str, Any]
    head: Pubkey

    def provider(self) -> NodeProvider:
        return NodeProvider(self.config, SPEC.name)

    def tags(self) -> Tags:
        """What its provider keeps."""
        return Tags(Path(self.config["session"]).with_name(f"autoscaling-{SPEC.name}.json"))

    def change_session(self, **changes: Any) -> None:
        path = Path(self.config["session"])
        login = read(path)
        assert login is not None
        path.write_text(replace(login, **changes).to_text())

    async def allow(self, amount: int) -> None:
        renter = self.renting.client
        await renter.jobs.approve_session_key(self.session.pubkey(), IO_MINT, IO.from_base(amount)).send()

    async def free(self) -> tuple[Pubkey, Pubkey]:
        """The cluster's account, and the node that it does not have."""
        head, market = await self.renting.client.jobs.get_job(self.head), self.renting.site.market
        (node,) = {market.alice.node, market.bob.node} - {head.node}
        return head.cluster, node

    def session_client(self) -> AsyncClient:
        return self.renting.client.as_(self.session).spending_for(self.renting.key.pubkey())


@pytest.fixture
async def scaling(tmp_path: Path) -> AsyncIterator[Scaling]:
    async with opened(tmp_path) as renting:
        market = renting.site.market
        market.join(market.bob, 500 * IO.UNIT)
        fresh(renting)
        session, path = Keypair(), tmp_path / "session"
        wallet = renting.key.pubkey()
        market.world.client.airdrop(session.pubkey(), SOL(1))
        genesis = str(await renting.client.request("getGenesisHash"))
        login = Login(session, wallet, IO_MINT, 10**12, 1 << 40, genesis)
        path.write_text(login.to_text())
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        with market.world.client.network.serve() as server:
            config = {
                "type": "external",
                "module": "ionet.cloud.autoscaling.NodeProvider",
                "url": server.url,
                "gateway": renting.gateway,
                "session": str(path),
            }
            made = Scaling(renting, session, config, Pubkey.default())
            await made.allow(100 * IO.UNIT)
            launch = AsyncClusterLaunch(made.session_client(), renting.gateway, SPEC, key=session)
            async with launch:
                cluster = await launch.book(await launch.offer())
            made.head = cluster.run.job
            await renting.client.as_(market.attesters[0]).jobs.start(made.head).send()
            yield made


async def test_a_node_is_leased_for_ray_and_ends_with_its_lease(scaling: Scaling) -> None:
    renting, provider = scaling.renting, scaling.provider()
    jobs = renting.client.jobs
    (head,) = await asyncio.to_thread(provider.non_terminated_nodes, {})
    assert head == str(scaling.head)
    assert provider.node_tags(head)[TAG_RAY_NODE_KIND] == NODE_KIND_HEAD
    before = renting.site.money().renter
    (made,) = await asyncio.to_thread(provider.create_node, {}, TAGS, 1)
    account = await jobs.get_job(Pubkey.from_string(made))
    assert before - renting.site.money().renter == account.price + account.fee
    assert (account.renter, account.refund_to) == (scaling.session.pubkey(), renting.key.pubkey())
    workers = {TAG_RAY_NODE_KIND: NODE_KIND_WORKER}
    assert await asyncio.to_thread(provider.non_terminated_nodes, workers) == [made]
    # Ray has not seen it yet.
    assert provider.node_tags(made) == {**TAGS, TAG_RAY_NODE_STATUS: STATUS_UNINITIALIZED}
    assert not provider.is_running(made)
    await renting.client.as_(renting.site.market.attesters[0]).jobs.start(account_of(made)).send()

    # Another process knows it by the chain and the file of tags, which forgets what has ended.
    tags = scaling.tags()
    tags.jobs |= {str(number): dict(TAGS) for number in range(2_000)}
    tags.write()
    again = scaling.provider()
    assert await asyncio.to_thread(again.non_terminated_nodes, workers) == [made]
    assert len(scaling.tags().jobs) < 1_000
    assert again.is_running(made)
    renting.site.market.world.advance(4_000)
    await asyncio.to_thread(again.terminate_node, made)
    ended = await jobs.get_job(account_of(made))
    assert (ended.state, ended.ends_at - ended.started_at) == (JobState.RUNNING, 4_000)
    assert ended.reason
    assert await asyncio.to_thread(again.non_terminated_nodes, {}) == [head]
    assert again.is_terminated(made)


def account_of(job: str) -> Pubkey:
    return Pubkey.from_string(job)


async def test_a_key_on_the_head_spends_no_more_than_its_limit(scaling: Scaling) -> None:
    renting, provider = scaling.renting, scaling.provider()
    (made,) = await asyncio.to_thread(provider.create_node, {}, TAGS, 1)
    deposit = await renting.client.jobs.get_job(account_of(made))
    await asyncio.to_thread(provider.terminate_node, made)
    # One base unit less than what such a node takes: nothing is booked, and the reason is told to Ray.
    await scaling.allow(deposit.price + deposit.fee - 1)
    fresh(renting)
    before = renting.site.money().renter
    with pytest.raises(NodeLaunchException, match="the session key may spend") as refused:
        await asyncio.to_thread(provider.create_node, {}, TAGS, 1)
    assert refused.value.category == "NotEnough"
    # What was not booked is nobody's: who books that node now is somebody else.
    assert scaling.tags().begun == {}
    # Neither does the chain take it, whatever its holder's program is.
    client = scaling.session_client()
    cluster = (await client.jobs.get_job(scaling.head)).cluster
    with pytest.raises(IonetError, match=r"(?i)insufficient"):
        await client.jobs.grow_cluster(cluster, deposit.node, deposit.seconds).send()
    assert renting.site.money().renter == before
    await scaling.allow(deposit.price + deposit.fee)
    assert len(await asyncio.to_thread(provider.create_node, {}, TAGS, 1)) == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"until": 1}, "the session has ended"), ({"genesis": "another"}, "is for another network")],
)
async def test_a_session_that_is_over_books_nothing(
    scaling: Scaling, changes: dict[str, Any], why: str
) -> None:
    scaling.change_session(**changes)
    before = scaling.renting.site.money().renter
    provider, head = scaling.provider(), {TAG_RAY_NODE_KIND: NODE_KIND_HEAD}
    for config, tags in (({}, TAGS), ({"class": str(CLASS), "for": "1h"}, head)):
        with pytest.raises(NodeLaunchException, match=why):
            await asyncio.to_thread(provider.create_node, config, tags, 1)
    assert scaling.renting.site.money().renter == before


async def test_what_others_have_added_is_not_rays_to_end(scaling: Scaling) -> None:
    provider, client = scaling.provider(), scaling.session_client()
    cluster, node = await scaling.free()
    await client.jobs.grow_cluster(cluster, node, 2 * 3_600).send()
    assert await asyncio.to_thread(provider.non_terminated_nodes, {}) == [str(scaling.head)]


class Heard:
    """What Ray has heard of its nodes, and how it looks after them: its own code."""

    def __init__(self, provider: NodeProvider) -> None:
        self.provider, kind = provider, cast("Any", LoadMetrics)
        self.load_metrics = kind()
        self.ended = list[str]()

    async def look(self, now: float) -> list[str]:
        workers = {TAG_RAY_NODE_KIND: NODE_KIND_WORKER}
        ids = await asyncio.to_thread(self.provider.non_terminated_nodes, workers)
        scaler: Any = SimpleNamespace(
            provider=self.provider,
            load_metrics=self.load_metrics,
            non_terminated_nodes=SimpleNamespace(worker_ids=ids),
            schedule_node_termination=lambda node, why, log: self.ended.append(node),
            terminate_scheduled_nodes=lambda: None,
        )
        scaler.heartbeat_on_time = partial(StandardAutoscaler.heartbeat_on_time, scaler)
        await asyncio.to_thread(StandardAutoscaler.terminate_unhealthy_nodes, scaler, now)
        return self.ended


@pytest.mark.parametrize("joins", [False, True])
async def test_a_node_that_is_paid_and_is_not_in_ray_is_ended(
    scaling: Scaling, monkeypatch: pytest.MonkeyPatch, *, joins: bool
) -> None:
    """Its supplier keeps it up for the attesters, and Ray away from it."""
    renting, provider = scaling.renting, scaling.provider()
    monkeypatch.setattr(autoscaling, "_KEPT", -1.0)
    head = await renting.client.jobs.get_job(scaling.head)
    places = {bytes(head.node).hex(): "10.0.0.1"}
    monkeypatch.setattr(autoscaling, "addresses", lambda: dict(places))
    (made,) = await asyncio.to_thread(provider.create_node, {}, TAGS, 1)
    await renting.client.as_(renting.site.market.attesters[0]).jobs.start(account_of(made)).send()
    heard, began = Heard(provider), time.time()
    if joins:
        node = bytes((await renting.client.jobs.get_job(account_of(made))).node).hex()
        places[node] = "10.0.0.2"
        assert await heard.look(began) == []
        assert provider.internal_ip(made) == "10.0.0.2"
        del places[node]
    else:
        renting.site.market.world.advance(900)
        assert await heard.look(began) == []
        assert provider.node_tags(made)[TAG_RAY_NODE_STATUS] == STATUS_UNINITIALIZED
        renting.site.market.world.advance(1)
        # A Ray that cannot be asked has lost nothing.
        kept = dict(places)
        places.clear()
        assert await heard.look(began + 3_600) == []
        places.update(kept)
        assert await heard.look(began) == []
    assert await heard.look(began + 3_600) == [made]
    await asyncio.to_thread(provider.terminate_node, made)
    # It is the cheapest node there is, and is not paid for another hour.
    fresh(renting)
    with pytest.raises(NodeLaunchException, match="0 such nodes are free"):
        await asyncio.to_thread(scaling.provider().create_node, {}, TAGS, 1)


async def test_what_its_head_has_left_is_no_cluster_and_can_be_ended(scaling: Scaling) -> None:
    """Of two clusters of one name none was found, and of a worker its provider made the head."""
    renting, provider, market = scaling.renting, scaling.provider(), scaling.renting.site.market
    (made,) = await asyncio.to_thread(provider.create_node, {}, TAGS, 1)
    await renting.client.as_(market.attesters[0]).jobs.start(account_of(made)).send()
    market.send(market.jobs("lose", scaling.head))
    heads, workers = ({TAG_RAY_NODE_KIND: kind} for kind in (NODE_KIND_HEAD, NODE_KIND_WORKER))
    for some in (provider, scaling.provider()):
        for _ in range(2):
            some._looked = float("-inf")
            assert await asyncio.to_thread(some.non_terminated_nodes, heads) == []
            assert await asyncio.to_thread(some.non_terminated_nodes, workers) == [made]
    fresh(renting)
    launch = AsyncClusterLaunch(scaling.session_client(), renting.gateway, SPEC, key=scaling.session)
    async with launch:
        cluster = await launch.book(await launch.offer())
    again = scaling.provider()
    assert await asyncio.to_thread(again.non_terminated_nodes, heads) == [str(cluster.run.job)]
    assert await asyncio.to_thread(again.non_terminated_nodes, workers) == [made]
    await asyncio.to_thread(again.terminate_node, made)
    assert market.job(account_of(made)).reason == CloseReason.RENTER_STOPPED
    assert await asyncio.to_thread(again.non_terminated_nodes, {}) == [str(cluster.run.job)]


async def test_a_booking_that_was_begun_is_its_own_after_a_crash(scaling: Scaling) -> None:
    client, (cluster, node) = scaling.session_client(), await scaling.free()
    scaling.tags().begin(str(node), TAGS)
    sent = await client.jobs.grow_cluster(cluster, node, 2 * 3_600).send()
    provider = scaling.provider()
    workers = {TAG_RAY_NODE_KIND: NODE_KIND_WORKER}
    assert await asyncio.to_thread(provider.non_terminated_nodes, workers) == [str(sent.result)]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"gateway": ""}, "provider.gateway is missing"),
        (
            {"session": "/nowhere"},
            "there is no session in /nowhere; begin one: ionet login -k WALLET --limit AMOUNT --export /now",
        ),
        ({"max_rate": "cheap"}, "provider.max_rate is dollars per processor and hour"),
    ],
)
async def test_what_is_wrong_in_rays_file_is_said(
    scaling: Scaling, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        replace(scaling, config={**scaling.config, **changes}).provider()


async def test_a_key_of_the_heads_that_there_is_not_names_the_nearest(scaling: Scaling) -> None:
    before, provider = scaling.renting.site.money().renter, scaling.provider()
    with pytest.raises(NodeLaunchException, match=r": node_config: nodez: no such key; did you mean nodes\?"):
        await asyncio.to_thread(
            provider.create_node, {"class": CLASS, "nodez": 2}, {TAG_RAY_NODE_KIND: NODE_KIND_HEAD}, 1
        )
    assert scaling.renting.site.money().renter == before


def test_rays_own_reader_takes_the_example_and_finds_the_provider() -> None:
    example = Path(__file__).resolve().parents[2] / "examples" / "autoscaling" / "ray.yaml"
    config = prepare_config(yaml.safe_load(example.read_text()))
    validate_config(config)
    assert _get_node_provider_cls(config["provider"]) is NodeProvider
