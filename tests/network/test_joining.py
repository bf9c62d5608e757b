"""Who gets a certificate of a lease over several machines: the parts that agents have, on a real gateway."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.network import test_relays as relays
from tests.network.lab import needed
from tests.network.site import free_port
from tests.network.test_relays import Cluster, Machines, gateway, reader
from tests.sdk.test_jobs_api import HOUR

from ionet.executor import FailureReason, Part, RunFailure
from ionet.overlay import Authority, DocumentError, NotAdmitted, Place, Request, reap
from ionet.overlay._homes import PLAN
from ionet.sandbox import machine_time
from ionet.wire import Refused, Sealed
from ionet.worker import _clusters
from ionet.worker._clusters import Network, Networks, machine_seconds
from ionet.worker._leases import ClientChain, Leased
from ionet.worker._relayed import NoRelay, start_relay

pytestmark = pytest.mark.slow
market = relays.market


@pytest.fixture
async def url(market: Machines, tmp_path: Path) -> AsyncIterator[str]:
    needed()
    async with gateway(market, tmp_path / "gateway", free_port(), ports=2) as url:
        yield url
    reap(tmp_path / "gateway/relays")


class Nodes:
    """The machines of a cluster, as their agents see it."""

    def __init__(self, market: Machines, url: str) -> None:
        self.cluster, self.url = Cluster(market), url
        self.chain = ClientChain(reader(market))
        self.state = Path(tempfile.mkdtemp(prefix="ionet-over-", dir="/run"))

    async def leased(self, number: int) -> Leased:
        leased = await self.chain.job(bytes(self.cluster.jobs[number]))
        assert leased is not None
        return leased

    def networks(self, device: Keypair) -> Networks:
        return Networks(self.chain, device, (self.url,), self.state)

    async def network(self, number: int) -> Network:
        return await self.networks(self.cluster.devices[number]).open(await self.leased(number))

    def request(self, number: int, key: Keypair, lease: Pubkey | None = None) -> Request:
        of = bytes(lease or self.cluster.booked.cluster)
        return Request.sign(key, of, bytes(self.cluster.jobs[number]), b"p" * 32, Sealed().public)


async def joined(head: Network, other: Network) -> tuple[Part, Part]:
    """What a seat does: it carries requests and grants."""
    first = await head.part()
    request = await other.wanted(0, 2**40)
    assert request is not None
    await other.take(await head.admit(Request.from_dict(request.to_dict())))
    return first, await other.part()


async def test_members_get_addresses_of_one_network_and_a_secret_that_only_they_can_read(
    market: Machines, url: str
) -> None:
    nodes = Nodes(market, url)
    head, other = await nodes.network(0), await nodes.network(1)
    try:
        assert (head.is_head, other.is_head) == (True, False)
        request = await other.wanted(0, 2**40)
        assert request is not None
        with pytest.raises(Refused, match="relay is not there"):
            await head.admit(request)
        first, second = await joined(head, other)
        assert (first.is_head, second.is_head) == (True, False)
        assert first.head == second.head == first.address != second.address
        assert first.secret == second.secret
        assert len(first.secret) == 64
        assert len(set(first.nodes)) == 2
        # Nobody who carries the grant has the secret.
        grant = await head.admit(request)
        assert first.secret.encode() not in grant.secret
        assert first.secret not in str(grant.to_dict())
        # It asks for nothing more, as long as its certificate lasts.
        facts = await nodes.chain.lease(head.head)
        assert facts is not None
        assert await other.wanted(market.now, facts.ends_at) is None
        assert await other.wanted(market.now, facts.ends_at + HOUR) is not None
        # Where the chain's clock runs faster, the network ends by it, also when its worker no longer does.
        plan = nodes.state / other._process.name / PLAN
        plan.write_text(json.dumps({"ends": machine_time() + HOUR, "network": None, "user": None}))
        for rate in (60.0, 1.0):
            began = machine_time()
            await other.keep(facts.ends_at - HOUR, facts.ends_at, rate)
            left = json.loads(plan.read_text())["ends"] - began
            assert HOUR / rate <= left < HOUR / rate + (machine_time() - began) + 5
    finally:
        await head.close()
        await other.close()
    assert [path for path in nodes.state.iterdir() if path.name != ".users"] == []
    shutil.rmtree(nodes.state)


async def test_a_relay_stays_where_it_is_when_its_gateway_is_away_for_a_moment(
    market: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed()
    missed = asyncio.Event()

    async def started(*given: Any) -> Place:
        try:
            return await start_relay(*given)
        except NoRelay:
            missed.set()
            raise

    port, other = free_port(), free_port()
    async with gateway(market, tmp_path / "gateway", port, ports=2) as url:
        nodes = Nodes(market, url)
        head, member = await nodes.network(0), await nodes.network(1)
        request = await member.wanted(0, 2**40)
        assert request is not None
        await head.part()
        place = (await head.admit(request)).relay
    try:
        # The head's worker begins again while only another gateway is there.
        async with gateway(market, tmp_path / "other", other, ports=2, first=24_320) as preferred:
            networks = dataclasses.replace(
                nodes.networks(nodes.cluster.devices[0]), gateways=(preferred, nodes.url)
            )
            again = await networks.open(dataclasses.replace(await nodes.leased(0), running=True))
            monkeypatch.setattr(_clusters, "start_relay", started)
            coming = asyncio.create_task(again.part())
            async with asyncio.timeout(60):
                await missed.wait()
            async with gateway(market, tmp_path / "gateway", port, ports=2), asyncio.timeout(60):
                await coming
                assert (await again.admit(request)).relay == place
    finally:
        await again.close()
        await member.close()
        for folder in ("gateway", "other"):
            reap(tmp_path / folder / "relays")
    shutil.rmtree(nodes.state)


async def test_new_certificates_leave_the_relay_where_it_is_until_the_old_ones_are_about_to_end(
    market: Machines, tmp_path: Path
) -> None:
    needed()
    async with gateway(market, tmp_path / "other", free_port(), ports=2, first=24_320) as other:
        async with gateway(market, tmp_path / "gateway", free_port(), ports=2) as url:
            nodes = Nodes(market, url)
            networks = dataclasses.replace(nodes.networks(nodes.cluster.devices[0]), gateways=(url, other))
            head = await networks.open(await nodes.leased(0))
            await head.part()
        facts = await nodes.chain.lease(head.head)
        assert facts is not None
        end, longer = facts.ends_at, facts.ends_at + HOUR
        try:
            with pytest.raises(NoRelay, match="cannot be asked"):
                await head.keep(end - 2 * HOUR, longer, 1.0)
            assert (head._relay, head._authority.relayed_by) == (url, url)
            # Whoever is in the old one loses it within the hour, and asks anew.
            await head.keep(end - HOUR, longer, 1.0)
            assert (head._relay, head._authority.relayed_by) == (other, other)
        finally:
            await head.close()
    for folder in ("gateway", "other"):
        reap(tmp_path / folder / "relays")
    shutil.rmtree(nodes.state)


@pytest.mark.parametrize(
    ("seconds", "rate", "left"),
    [
        (36_000, 1.0, 36_000.0),
        (36_000, 2.0, 36_000.0),
        (36_000, 60.0, 600.0),
        (36_000, 10_000.0, 60.0),
        (30, 60.0, 30.0),
        (-5, 60.0, -5.0),
    ],
)
def test_a_time_of_the_chain_in_seconds_of_this_machine(seconds: int, rate: float, left: float) -> None:
    assert machine_seconds(seconds, rate) == left


async def test_strangers_foreign_leases_and_ended_ones_get_nothing(market: Machines, url: str) -> None:
    nodes, foreign = Nodes(market, url), Nodes(market, url)
    head, other = await nodes.network(0), await nodes.network(1)
    await joined(head, other)
    devices, cluster = nodes.cluster.devices, nodes.cluster.booked.cluster
    for request, why in (
        (nodes.request(1, Keypair()), "neither the device's"),
        (nodes.request(1, devices[0]), "neither the device's"),
        (foreign.request(0, foreign.cluster.devices[0]), "another lease"),
        (foreign.request(0, foreign.cluster.devices[0], cluster), "not of this lease"),
    ):
        with pytest.raises(NotAdmitted, match=why):
            await head.admit(request)
    with pytest.raises(Refused, match="another node has this lease's authority"):
        await other.admit(nodes.request(0, devices[0]))
    # A grant of somebody else's authority, though it answers this very request.
    third = await nodes.network(1)
    asked = await third.wanted(0, 2**40)
    assert asked is not None
    forged = Authority(bytes(cluster), "forged", nodes.state)
    facts = await nodes.chain.lease(head.head)
    grant = await asyncio.to_thread(
        forged.admit, asked, facts, market.now, Place("127.0.0.1", 24300), devices[1]
    )
    with pytest.raises(DocumentError, match="the device of the lease's head"):
        await third.take(grant)
    # A machine that is not the job's, and a job that is in no cluster of the renter's.
    leased = await nodes.leased(1)
    for device, of, why in (
        (Keypair(), leased, "does not show this node"),
        (devices[1], dataclasses.replace(leased, renter=b"x" * 32), "another renter's"),
        (devices[1], dataclasses.replace(leased, job=b"x" * 32), "no cluster of this job"),
    ):
        with pytest.raises(Refused, match=why):
            await nodes.networks(device).open(of)
    # A job that has ended.
    market.renter.jobs.stop(nodes.cluster.jobs[1]).send()
    with pytest.raises(NotAdmitted, match="has ended"):
        await head.admit(nodes.request(1, devices[1]))
    with pytest.raises(Refused, match="does not show this node"):
        await nodes.networks(devices[1]).open(leased)
    market.advance(2 * HOUR)
    with pytest.raises(NotAdmitted, match="over"):
        await head.admit(nodes.request(0, devices[0]))
    with pytest.raises(RunFailure) as failed:
        await (await nodes_late(nodes)).part()
    assert failed.value.reason is FailureReason.NODE_LOST
    await head.close()
    await other.close()
    reap(nodes.state)
    for place in (nodes.state, foreign.state):
        shutil.rmtree(place)


async def nodes_late(nodes: Nodes) -> Network:
    """The head's part in a lease that has ended meanwhile."""
    facts = await nodes.chain.lease(bytes(nodes.cluster.jobs[0]))
    assert facts is not None
    leased = await nodes.leased(0)
    return Network(nodes.networks(nodes.cluster.devices[0]), leased, facts, leased.job)
