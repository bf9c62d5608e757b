"""A gateway's relays: for whom they start, that they end with their leases, and what is left of them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from starlette.applications import Starlette
from tests.network.lab import eventually, needed
from tests.network.overlays import nebula
from tests.network.site import Plenty, free_port
from tests.programs.support import make_hireable
from tests.sdk.test_jobs_api import HOUR, MANIFEST, NOW, RTX_4090, Market

import ionet
from ionet import SOL, USD, USDC, AsyncClient
from ionet.chain.errors import ConfigError
from ionet.cli.localnet import PEOPLE, set_up
from ionet.gateway._config import GatewayConfig
from ionet.gateway._relays import Ports, Relays
from ionet.gateway._service import Gateway
from ionet.localnet.dollars import add_usdc
from ionet.overlay import Authority, LeaseFacts, NotAdmitted, Place, Process, Request, reap
from ionet.overlay._homes import PLAN, keeper
from ionet.store.signing import authorization
from ionet.worker._members import lease_facts
from ionet.worker._relayed import NoRelay, end_relay, start_relay


class Machines(Market):
    """A market whose nodes' device keys are known."""

    def machine(
        self, fingerprint: bytes | None = None, device: Keypair | None = None
    ) -> tuple[Pubkey, Keypair]:
        """A node on the market."""
        self.devices += 1
        device = device or Keypair()
        call = self.as_("alice").staking.register(
            class_id=RTX_4090,
            fingerprint=fingerprint or self.devices.to_bytes(32, "little"),
            device=device,
            attester=self.people["attester"],
            region=276,
            memory_gib=24,
            link_mbps=1_000,
        )
        node = call.send().result
        make_hireable(self.deployer, node)
        self.nodes.append(node)
        self.as_("alice").jobs.offer(node, rate=USD("2.5"), currencies=["IO", "USDC"]).send()
        return node, device


@pytest.fixture
def market() -> Machines:
    people = {name: Keypair() for name in PEOPLE}
    deployer = ionet.Client.local(signer=people["deployer"], now=NOW)
    set_up(deployer, people)
    usdc = add_usdc(deployer, [person.pubkey() for person in people.values()], USDC(1_000))
    return Machines(deployer, people, usdc)


def reader(market: Market) -> AsyncClient:
    return AsyncClient.local(network=market.deployer.network, funds=SOL(0))


class Cluster:
    """Two nodes that are booked and started together.

    Attributes:
        jobs: the head's first.
        devices: in the same order.
    """

    def __init__(self, market: Machines) -> None:
        machines = dict(market.machine() for _ in range(2))
        self.booked = market.renter.jobs.book_cluster(list(machines), HOUR, MANIFEST)
        for job in self.booked.jobs:
            market.as_("alice").jobs.start(job).send()
        keyed = market.renter.jobs.cluster_jobs(self.booked.cluster)
        self.jobs = [job.address for job in keyed]
        self.devices = [machines[job.account.node] for job in keyed]


async def test_the_chain_says_who_is_in_a_lease(market: Machines) -> None:
    alone, (node, _) = market.run(market.offered()), market.machine()
    cluster, client = Cluster(market), reader(market)
    facts = await lease_facts(client, bytes(cluster.jobs[1]))
    assert facts is not None
    assert facts.lease == bytes(cluster.booked.cluster)
    assert [member.job for member in facts.members] == [bytes(job) for job in cluster.jobs]
    assert [member.device for member in facts.members] == [bytes(key.pubkey()) for key in cluster.devices]
    assert facts.renters == {bytes(market.key("renter"))}
    assert facts.ends_at == market.now + HOUR
    single = await lease_facts(client, bytes(alone))
    assert single is not None
    assert (single.lease, len(single.members)) == (bytes(alone), 1)
    # No job: an address that nobody has, and one that is something else.
    for other in (Keypair().pubkey(), node):
        assert await lease_facts(client, bytes(other)) is None
    # A job that was stopped holds its node no more; the next is the head.
    market.renter.jobs.stop(cluster.jobs[0]).send()
    facts = await lease_facts(client, bytes(cluster.jobs[1]))
    assert facts is not None
    assert [member.job for member in facts.members] == [bytes(cluster.jobs[1])]
    market.advance(2 * HOUR)
    facts = await lease_facts(client, bytes(cluster.jobs[1]))
    assert facts is not None
    assert facts.head is None


@pytest.mark.parametrize(
    "text",
    ["", "198.51.100.1", "1.2.3.4:4300", "host:4300-4301", "1.2.3.4:4301-4300", "1.2.3.4:80-90"],
)
def test_ports_of_relays_are_an_address_and_a_range(text: str) -> None:
    with pytest.raises(ConfigError, match=r"198\.51\.100\.1:4300-4363"):
        Ports.parse(text)
    assert Ports.parse("198.51.100.1:4300-4363") == Ports("198.51.100.1", range(4300, 4364))


@asynccontextmanager
async def gateway(
    market: Market, folder: Path, port: int, ports: int = 2, first: int = 24_300
) -> AsyncIterator[str]:
    stop, ready, urls = asyncio.Event(), asyncio.Event(), []
    config = GatewayConfig(
        state=folder,
        host="127.0.0.1",
        port=port,
        store=str(folder / "store"),
        relays=Ports("127.0.0.1", range(first, first + ports)),
    )

    def began(url: str) -> None:
        urls.append(url)
        ready.set()

    service = Gateway(config, clients=(reader(market),), quota=Plenty())
    task = asyncio.create_task(service.run(stop, began))
    task.add_done_callback(lambda _: ready.set())
    await ready.wait()
    try:
        assert urls, task
        yield urls[0]
    finally:
        stop.set()
        await task


def relays(folder: Path) -> list[Process]:
    return [
        Process(path.name, folder / "relays")
        for path in (folder / "relays").iterdir()
        if len(path.name) == 32
    ]


def has_no_rights(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    return "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status


@pytest.mark.slow
async def test_a_gateway_starts_a_relay_for_the_head_of_a_lease_and_nobody_else(
    market: Machines, tmp_path: Path
) -> None:
    needed()
    folder, port = tmp_path / "gateway", free_port()
    cluster, more = Cluster(market), Cluster(market)
    job, device = bytes(cluster.jobs[0]), cluster.devices[0]
    authority = Authority(bytes(cluster.booked.cluster), "lease", tmp_path / "head")
    try:
        async with gateway(market, folder, port, ports=1) as url:
            for asker, of, why in (
                (Keypair(), job, "not the device of the lease's head"),
                # The second node of the same lease, and the head of another.
                (cluster.devices[1], job, "not the device"),
                (cluster.devices[1], bytes(cluster.jobs[1]), "not the device"),
                (more.devices[0], job, "not the device"),
                (device, bytes(Keypair().pubkey()), "no lease"),
            ):
                with pytest.raises(NoRelay, match=why):
                    await start_relay(url, of, asker, authority, HOUR)
            assert relays(folder) == []
            place = await start_relay(url, job, device, authority, HOUR)
            assert str(place) == "127.0.0.1:24300"
            (process,) = relays(folder)
            assert await asyncio.to_thread(eventually, lambda: b"is active" in process.log())
            first = nebula(process)
            # Again, as after an extension: the same process goes on.
            assert await start_relay(url, job, device, authority, 2 * HOUR) == place
            assert nebula(process) == first
            with pytest.raises(NoRelay, match="as many relays as it takes"):
                await start_relay(url, bytes(more.jobs[0]), more.devices[0], authority, HOUR)
            assert has_no_rights(first)
        # A gateway that ends leaves relays to go on; the next finds them, and starts those that have died.
        assert process.running()
        number = keeper(process._home)
        assert number is not None
        os.kill(number, signal.SIGKILL)
        assert eventually(lambda: not Path(f"/proc/{first}").exists())
        # The machine's clock is of one boot; after another one it says nothing of the end.
        plan = process._home / PLAN
        plan.write_text(json.dumps({**json.loads(plan.read_text()), "ends": 1.0}))
        async with gateway(market, folder, port, ports=1) as url:
            assert process.running()
            assert await start_relay(url, job, device, authority, HOUR) == place
            await end_relay(url, job, device)
            await end_relay(url, job, device)
            assert not process.exists()
            assert await start_relay(url, bytes(more.jobs[0]), more.devices[0], authority, HOUR) == place
    finally:
        await asyncio.to_thread(reap, folder / "relays")


class _Chain:
    """What `Relays` is told."""

    def __init__(self, facts: LeaseFacts | None) -> None:
        self.given, self.at = facts, NOW

    async def facts(self, job: bytes) -> LeaseFacts | None:
        if self.at < 0:
            raise OSError("no chain")
        return self.given

    async def now(self) -> int:
        return self.at


@pytest.mark.slow
async def test_a_relay_ends_with_its_lease_and_not_with_the_chain(market: Machines, tmp_path: Path) -> None:
    needed()
    cluster, client = Cluster(market), reader(market)
    facts = await lease_facts(client, bytes(cluster.jobs[0]))
    assert facts is not None
    authority = Authority(facts.lease, "lease", tmp_path / "head")
    folder, chain = tmp_path / "relays", _Chain(facts)
    chain.at = market.now
    told = Relays(Ports("127.0.0.1", range(24310, 24311)), chain, ["http://gateway"], folder)
    await told.open()
    transport = httpx.ASGITransport(app=Starlette(routes=told.routes()))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
            device, head = cluster.devices[0], cluster.jobs[0]

            async def send(method: str, path: str, body: bytes = b"", **more: Any) -> httpx.Response:
                nonce = more.get("nonce") or (await http.get("/relays")).json()["nonce"]
                header = authorization(device, method, f"http://gateway{path}", len(body), nonce)
                return await http.request(method, path, content=body, headers={"authorization": header})

            # What was signed for one body, one path or one time is good for no other.
            made = await send("POST", f"/relays/{head}")
            nonce = (await http.get("/relays")).json()["nonce"]
            assert (await send("POST", f"/relays/{head}", nonce=nonce)).status_code == 200
            assert (await send("POST", f"/relays/{head}", nonce=nonce)).status_code == 401
            assert (await http.post(f"/relays/{head}")).status_code == 401
            assert (await send("PUT", f"/relays/{head}/{'0' * 64}", b"{}")).json()["error"][
                "code"
            ] == "digest"
            assert (await send("POST", "/relays/nobody")).status_code == 404

            async def put(**values: object) -> httpx.Response:
                body = json.dumps(values).encode()
                return await send("PUT", f"/relays/{head}/{sha256(body).hexdigest()}", body)

            assert (await put(authority="x", certificate="y")).json()["error"]["code"] == "relay"
            assert (await put(authority=5)).json()["error"]["code"] == "body"
            assert (await put(authority="x" * 20_000, certificate="y")).status_code == 413
            public = bytes.fromhex(made.json()["public"])
            good = {"authority": authority.open(), "certificate": authority.certify_relay(public, HOUR)}
            assert (await put(**good)).status_code == 204
            (process,) = (Process(path.name, folder) for path in folder.iterdir() if len(path.name) == 32)
            assert process.running()
            await told.look()
            chain.at = -1
            await told.look()
            assert process.running()
            chain.at = facts.ends_at
            await told.look()
            assert not process.exists()
            assert told.count == 0
            assert (await put(**good)).status_code == 403
            request = Request.sign(device, facts.lease, bytes(head), b"p" * 32, b"s" * 32)
            with pytest.raises(NotAdmitted, match="over"):
                authority.admit(request, facts, facts.ends_at, Place("127.0.0.1", 24310), device)
    finally:
        reap(folder)
