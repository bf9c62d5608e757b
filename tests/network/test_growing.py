"""Nodes that come into a cluster while it runs: which, at what price, and what becomes of the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from solders.pubkey import Pubkey
from tests.cli.test_job import gateway_that_knows
from tests.network.renting import Renting, opened
from tests.network.test_links import signed
from tests.programs.market import CLASS, RATE
from tests.programs.support import HOUR

from ionet import IO, USD, AsyncClient, CloseReason, Listing, ix
from ionet.chain.errors import AccountNotFound, IonetError
from ionet.cloud import (
    AsyncCluster,
    AsyncClusterLaunch,
    CannotResize,
    ClusterSpec,
    NoNode,
    NotEnough,
    growing,
    launching,
)
from ionet.cloud.choosing import Wish, choose
from ionet.cloud.clusters import find
from ionet.cloud.ending import endings
from ionet.cloud.growing import joining, offer_growth
from ionet.cloud.replacing import AsyncGuard, Limits
from ionet.cloud.running import AsyncClusterRun
from ionet.jobs.endings import read_ending
from ionet.overlay import LeaseFacts
from ionet.store.manifest import Function, Manifest
from ionet.wire import Refused
from ionet.worker._clusters import cluster_problem
from ionet.worker._endings import check_together
from ionet.worker._leases import ClientChain, Leased

SPEC = ClusterSpec(name="one", nodes=1, max_nodes=2, classes=(str(CLASS),), seconds=3 * HOUR, gpus=0)


@pytest.fixture
async def renting(tmp_path: Path) -> AsyncIterator[Renting]:
    async with opened(tmp_path) as renting:
        renting.site.market.join(renting.site.market.bob, 500 * IO.UNIT)
        fresh(renting)
        yield renting


def fresh(renting: Renting) -> None:
    renting.ready()
    renting.site.market.prove(renting.site.market.bob)


async def booked(renting: Renting, spec: ClusterSpec = SPEC) -> AsyncCluster:
    """A cluster that has started."""
    async with AsyncClusterLaunch(renting.client, renting.gateway, spec, key=renting.key) as launch:
        cluster = await launch.book(await launch.offer())
    attester = renting.client.as_(renting.site.market.attesters[0])
    for job in await cluster.jobs():
        await attester.jobs.start(job).send()
    return cluster


async def test_a_cluster_of_one_grows_and_shrinks_and_its_money_is_exact(renting: Renting) -> None:
    client, market = renting.client, renting.site.market
    before = renting.site.money().renter
    async with await booked(renting) as cluster:
        (head,) = await cluster.jobs()
        assert await cluster.growth(1) is None
        market.world.advance(HOUR)
        fresh(renting)
        growth = await cluster.growth(2)
        assert growth is not None
        # Until the head's end, at a price that is what goes into escrow.
        assert growth.seconds == 2 * HOUR
        here = renting.site.money().renter
        (new,) = await cluster.grow(growth)
        assert here - renting.site.money().renter == growth.quotes.deposit.base
        await client.as_(market.attesters[0]).jobs.start(new).send()
        assert await cluster.jobs() == [head, new]
        (known,) = await find(client, renting.gateway)
        assert [job.address for job in known.jobs] == [head, new]
        market.world.advance(HOUR + 600)
        assert await cluster.resize(1) == [new]
        assert await cluster.jobs() == [head]
        await cluster.run.stop()
        total = await cluster.run.cost()
        for job in (head, new):
            account = market.job(job)
            used = account.ends_at - account.started_at
            market.attest(job, used, used)
            market.send(market.jobs("complete", job))
            market.pay_out(job)
    assert before - renting.site.money().renter == total.paid.base


async def test_a_node_that_is_added_starts_by_itself_and_its_agent_takes_it_up(renting: Renting) -> None:
    async with await booked(renting) as cluster:
        (new,) = await cluster.resize(2)
        chain = ClientChain(renting.client)
        leased, facts = await chain.job(bytes(new)), await chain.lease(bytes(new))
        assert isinstance(leased, Leased)
        assert isinstance(facts, LeaseFacts)
        assert (leased.alone, leased.cluster_size, len(facts.members), facts.started) == (False, 1, 2, True)
        assert facts.head is not None
        assert facts.head.job == bytes(cluster.run.job)
        device = next(member.device for member in facts.members if member.job == bytes(new))
        assert cluster_problem(facts, leased, device) is None
        # More than were booked together are one node's lie, as long as nothing runs.
        assert cluster_problem(replace(facts, started=False), leased, device) is not None


async def test_jobs_of_one_cluster_are_together_and_one_that_is_not_shown_is_asked_for_again(
    renting: Renting,
) -> None:
    async with await booked(renting) as cluster:
        (new,) = await cluster.resize(2)
        chain, head = ClientChain(renting.client), bytes(cluster.run.job)
        leased = await chain.job(head)
        assert leased is not None
        await check_together(chain, leased, {head, bytes(new)})
        await renting.client.as_(renting.site.market.attesters[0]).jobs.start(new).send()
        await cluster.resize(1)
        # Ended, it is no member, and of the cluster all the same.
        await check_together(chain, leased, {head, bytes(new)})
        with pytest.raises(Refused, match="does not show the job") as raised:
            await check_together(chain, leased, {head, bytes(Pubkey.new_unique())})
        assert raised.value.kind == "no-such-job"


async def test_a_node_that_does_not_come_costs_its_time_and_nothing_else(renting: Renting) -> None:
    client = renting.client
    async with await booked(renting) as cluster:
        (head,) = await cluster.jobs()
        (new,) = await cluster.resize(2)
        before = await client.jobs.get_job(head)
        renting.site.market.world.advance(20 * 60 + 1)
        await client.jobs.expire(new).send()
        assert await client.jobs.get_job(head) == before
        assert await cluster.jobs() == [head]
        # It did not come: another one is looked for.
        fresh(renting)
        with pytest.raises(NoNode, match="0 such nodes are free for 2 h"):
            await cluster.growth(2)


async def test_a_node_that_has_not_come_yet_ends_with_its_cluster(renting: Renting) -> None:
    """It would start by itself a moment later, and be paid for hours in which nobody uses it."""
    client = renting.client
    async with await booked(renting) as cluster:
        (new,) = await cluster.resize(2)
        await cluster.run.stop()
        ended = await client.jobs.ending(new)
        assert ended is not None
        assert ended.reason == CloseReason.RENTER_CANCELLED
        with pytest.raises(AccountNotFound):
            await client.as_(renting.site.market.attesters[0]).jobs.start(new).send()


async def test_a_node_that_has_not_come_yet_can_be_let_go(renting: Renting) -> None:
    async with await booked(renting) as cluster:
        (head,) = await cluster.jobs()
        (new,) = await cluster.resize(2)
        assert await cluster.resize(1) == [new]
        assert await cluster.jobs() == [head]


@pytest.mark.parametrize("watched", [False, True])
async def test_what_is_left_of_a_cluster_without_its_head_is_ended(
    renting: Renting, *, watched: bool
) -> None:
    market = renting.site.market
    async with await booked(renting) as cluster:
        (head,) = await cluster.jobs()
        (new,) = await cluster.resize(2)
        await renting.client.as_(market.attesters[0]).jobs.start(new).send()
        assert not await cluster.end_rest()
        assert not market.job(new).reason
        market.send(market.jobs("lose", head))
        await (cluster.end_rest() if watched else cluster.down())
        assert market.job(new).reason == CloseReason.RENTER_STOPPED


async def test_nothing_joins_a_cluster_whose_head_is_closed(renting: Renting) -> None:
    """It would look for the head that the first newcomer is not, and be paid meanwhile."""
    market = renting.site.market
    async with await booked(renting) as cluster:
        (head,) = await cluster.jobs()
        (new,) = await cluster.resize(2)
        await renting.client.as_(market.attesters[0]).jobs.start(new).send()
        market.send(market.jobs("lose", head))
        market.pay_out(head)
        assert isinstance(cluster.run, AsyncClusterRun)
        fresh(renting)
        manifest, place = await manifest_of(renting, cluster.run.cluster), cluster.run.cluster
        with pytest.raises(CannotResize, match="its first node does not run"):
            await offer_growth(renting.client, renting.gateway, place, manifest, 1)
        guard = AsyncGuard(renting.client, place, Limits(1, USD(10)))
        assert (await guard.look()).over


async def test_the_cheapest_node_is_the_one_that_costs_least_with_all_its_processors(
    renting: Renting,
) -> None:
    async with await booked(renting):
        (plain,) = await renting.client.jobs.search()
        (held,) = await find(renting.client, renting.gateway)
    node = Pubkey.default()
    large = replace(plain, node=node, units=8, rate=USD.from_base(RATE - 1))
    assert joining([large, plain], held.manifest, ()) == [plain, large]
    assert joining([large, plain], held.manifest, {plain.node}) == [large]


async def test_suppliers_who_raise_their_rate_meanwhile_are_not_booked_above_the_highest_one(
    renting: Renting, monkeypatch: pytest.MonkeyPatch
) -> None:
    market, rate = renting.site.market, USD.from_base(RATE)
    rates = {market.alice.node: RATE, market.bob.node: RATE}

    async def chosen(client: AsyncClient, wish: Wish) -> list[Listing]:
        found = await choose(client, wish)
        for one in (market.alice, market.bob):
            args = market.offer_args(rate=rates[one.node])
            market.send(ix.jobs.set_offer(owner=one.key, node=one.node, args=args))
        return found

    for module in (growing, launching):
        monkeypatch.setattr(module, "choose", chosen)
    dear = dict.fromkeys(rates, 3 * RATE)
    wanted = replace(SPEC, max_rate=rate)
    async with await booked(renting, wanted) as cluster:
        assert await cluster.growth(2, max_rate=rate) is not None
        rates |= dear
        with pytest.raises(NoNode, match=r"asks for .* now, which is more than"):
            await cluster.growth(2, max_rate=rate)
        await cluster.run.stop()
    rates |= dict.fromkeys(rates, RATE)
    await chosen(renting.client, Wish(HOUR, "IO"))
    fresh(renting)
    rates |= dear
    async with AsyncClusterLaunch(renting.client, renting.gateway, wanted, key=renting.key) as launch:
        with pytest.raises(NoNode, match=r"asks for .* now, which is more than"):
            await launch.offer()


async def manifest_of(renting: Renting, cluster: Pubkey) -> Manifest:
    held = await find(renting.client, renting.gateway)
    return next(item.manifest for item in held if item.cluster == cluster)


async def test_why_a_cluster_does_not_grow_is_said_before_anything_is_booked(renting: Renting) -> None:
    async with await booked(renting) as cluster:
        with pytest.raises(CannotResize, match="one has at most 2 nodes, as its file says `max_nodes: 2`"):
            await cluster.growth(3)
        poor = AsyncClient(renting.client.transport, signer=renting.site.market.actor())
        growth = await cluster.growth(2)
        assert growth is not None
        from ionet.cloud.growing import grow

        with pytest.raises(NotEnough, match="you have"):
            await grow(poor, growth)
        renting.site.market.world.advance(3 * HOUR)
        with pytest.raises(CannotResize, match="its first node does not run: there is nothing to join"):
            await cluster.growth(2)


async def test_what_is_signed_for_a_newcomers_end_cancels_it_once_where_it_has_not_started(
    renting: Renting,
) -> None:
    client, before = renting.client, renting.site.money().renter
    async with await booked(renting) as cluster:
        held = renting.site.money().renter
        (new,) = await cluster.resize(2)
        stop, cancel = await endings(client, [new])
        read = [read_ending(raw, bytes(renting.key.pubkey())) for raw in (stop, cancel)]
        assert [(each.job, each.stops) for each in read] == [(bytes(new), True), (bytes(new), False)]
        chain = ClientChain(renting.site.reader)
        # What would fail is not sent, and stays good: the job waits for its start.
        with pytest.raises(IonetError):
            await chain.send(stop)
        await chain.send(cancel)
        assert (await client.jobs.get_job(new)).reason == CloseReason.RENTER_CANCELLED
        for raw in (stop, cancel):
            with pytest.raises(IonetError):
                await chain.send(raw)
        await client.jobs.refund(new).send()
        assert held < before
        price = (await client.jobs.get_job(new)).price
        # The booking fee, and no more than it.
        assert 0 < held - renting.site.money().renter < price // 100
        await cluster.run.stop()


async def test_who_joins_has_measured_what_the_file_wants_between_any_two(
    renting: Renting, tmp_path: Path
) -> None:
    client, market = renting.client, renting.site.market
    async with await booked(renting, replace(SPEC, min_bits=80_000_000)) as cluster:
        with pytest.raises(NoNode, match="not measured within a day, which is not known to be good enough"):
            await cluster.growth(2)
        (held,) = await find(client, renting.gateway)
        assert held.cluster is not None
        keys = market.alice.device_key, market.bob.device_key
        with gateway_that_knows(tmp_path, signed(keys, await client.time())) as url:
            growth = await offer_growth(client, url, held.cluster, held.manifest, 1)
            assert len(growth.nodes) == 1
            entry = held.manifest.entrypoint
            assert isinstance(entry, Function)
            wanted = replace(entry, arguments={"min_bits": 10**9})
            faster = replace(held.manifest, entrypoint=wanted)
            with pytest.raises(NoNode, match=r"80 Mbit/s measured .* too slow for --min-bandwidth 1 Gbit/s"):
                await offer_growth(client, url, held.cluster, faster, 1)


async def test_a_node_that_stands_alone_does_not_grow(renting: Renting) -> None:
    async with await booked(renting, replace(SPEC, max_nodes=None)) as cluster:
        with pytest.raises(CannotResize, match="--max-nodes 2"):
            await cluster.growth(2)
