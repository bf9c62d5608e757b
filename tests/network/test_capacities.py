"""What nodes say that they give, through a real gateway, and who gets to say it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair
from tests.cli.conftest import write_key
from tests.network import test_links as links
from tests.network import test_relays as relays
from tests.network.test_relays import Machines, reader

from ionet.cloud.choosing import given_by
from ionet.executor import Lease, NodeSpec
from ionet.executor._capacity import APART, RENEWED, Capacity, in_force
from ionet.formats.when import HOUR
from ionet.gateway import _capacities
from ionet.orchestrator._promises import Promises
from ionet.store.manifest import Command, Manifest, Resources
from ionet.worker import Engine, Limits, NodeConfig, WorkerConfig
from ionet.worker._capacities import Announcer, capacities_at, of_devices
from ionet.worker._daemon import node_spec
from ionet.worker._findings import Finding, Level
from ionet.worker._promised import promise_findings

market, url = relays.market, links.url


def announcer(market: Machines, url: str, node: bytes, device: Keypair, cpus: int = 8) -> Announcer:
    async def read() -> int:
        return market.now

    return Announcer(device, NodeSpec(node, cpus), [url], lambda: market.now, read, dict, 0)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as made:
        yield made


async def test_renters_see_what_a_node_gives_before_they_book(market: Machines, url: str) -> None:
    (node, device), (other, _) = market.machine(), market.machine()
    telling = announcer(market, url, bytes(node), device)
    await telling.look()
    given = await given_by(reader(market), url, [node, other])
    assert given.keys() == {node}
    assert given[node].cpus == 8
    # Nothing new is said while it is true and new enough; then it is.
    first = given[node].at
    market.advance(RENEWED - 1)
    await telling.look()
    assert (await given_by(reader(market), url, [node]))[node].at == first
    market.advance(1)
    await telling.look()
    assert (await given_by(reader(market), url, [node]))[node].at == first + RENEWED


async def test_only_a_nodes_device_says_what_it_gives_and_only_of_now(
    market: Machines, url: str, client: httpx.AsyncClient
) -> None:
    (node, device), stranger = market.machine(), Keypair()

    async def put(said: Capacity) -> tuple[int, str]:
        answer = await client.put(f"{url}/capacities", json=said.to_dict())
        code = answer.json()["error"]["code"] if answer.content else ""
        return answer.status_code, code

    def said(key: Keypair, at: int) -> Capacity:
        return Capacity.of(NodeSpec(bytes(node), 8), bytes(key.pubkey()), {}, 0, at).signed(key)

    now = market.now
    assert await put(said(stranger, now)) == (403, "node")
    assert await put(replace(said(device, now), cpus=9)) == (400, "statement")
    for at in (now - APART - 5, now + APART + 5):
        assert await put(said(device, at)) == (400, "at")
    assert await put(said(device, now)) == (204, "")
    assert await put(said(device, now)) == (409, "older")
    assert await put(said(device, now - 1)) == (409, "older")
    told = await capacities_at(url, [bytes(node)])
    assert [item.at for item in told] == [now]
    # A gateway that makes up a device is not believed.
    assert of_devices(told, {bytes(node): bytes(stranger.pubkey())}) == {}


def signed(node: bytes, key: Keypair, at: int, cpus: int) -> dict[str, Any]:
    return Capacity.of(NodeSpec(node, cpus), bytes(key.pubkey()), {}, 0, at).signed(key).to_dict()


async def test_a_promise_that_a_node_was_booked_on_is_not_pushed_out_by_newer_ones(
    market: Machines, url: str, client: httpx.AsyncClient
) -> None:
    (node, device), booked = market.machine(), market.now
    said = [signed(bytes(node), device, booked + after, 2 if after else 64) for after in range(9)]
    codes = [(await client.put(f"{url}/capacities", json=item)).status_code for item in said]
    assert codes == [204] * 8 + [429]
    told = await capacities_at(url, [bytes(node)], every=True)
    assert max(item.cpus for item in in_force(told, booked)) == 64
    market.advance(HOUR)
    late = signed(bytes(node), device, market.now, 4)
    assert (await client.put(f"{url}/capacities", json=late)).status_code == 204


@pytest.mark.parametrize(("every", "most"), [(False, 256), (True, 16)])
async def test_a_question_names_so_many_nodes(
    url: str, client: httpx.AsyncClient, *, every: bool, most: int
) -> None:
    names = [str(Keypair().pubkey())] * (most + 1)
    for count, status in ((most, 200), (most + 1, 400)):
        body = {"nodes": names[:count], "all": every}
        assert (await client.post(f"{url}/capacities/find", json=body)).status_code == status


@pytest.fixture
def scarce(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that looks three statements up at once."""
    monkeypatch.setattr(_capacities, "_RATE", (0.001, 3_000.0))


async def test_strangers_statements_hold_up_none_of_a_device_that_is_known(
    scarce: None, market: Machines, url: str, client: httpx.AsyncClient
) -> None:
    async def put(node: bytes, key: Keypair, cpus: int = 8) -> int:
        said = signed(node, key, market.now, cpus)
        return (await client.put(f"{url}/capacities", json=said)).status_code

    (node, device), stranger = market.machine(), Keypair()
    assert await put(bytes(node), device) == 204
    market.advance(1)
    anybodys = [bytes(node), *(bytes(Keypair().pubkey()) for _ in range(4))]
    assert [await put(target, stranger) for target in anybodys] == [403, 403, 429, 429, 429]
    assert await put(bytes(node), device, cpus=9) == 204


async def test_a_seat_sees_what_a_node_had_signed_when_it_was_booked(market: Machines, url: str) -> None:
    node, device = market.machine()
    await announcer(market, url, bytes(node), device, cpus=8).look()
    booked = market.now + 1_000
    market.advance(2_000)
    await announcer(market, url, bytes(node), device, cpus=2).look()

    async def device_of(_: bytes) -> bytes:
        return bytes(device.pubkey())

    def lease(cpus: int) -> Lease:
        manifest = Manifest(Command(("true",)), Resources(cpus=cpus))
        return Lease((bytes(32),), (bytes(node),), bytes(32), manifest.hash, manifest)

    promises = Promises([url, "http://127.0.0.1:1"], device_of)
    assert await promises.covers(lease(8), bytes(node), booked)
    assert not await promises.covers(lease(9), bytes(node), booked)
    assert not await promises.covers(lease(8), bytes(node), market.now + APART + 1)
    assert await promises.covers(lease(2), bytes(node), market.now + APART + 1)


async def test_the_doctor_says_what_a_node_has_promised_and_no_longer_gives(
    market: Machines, url: str, tmp_path: Path
) -> None:
    write_key(tmp_path / "key.json", device := Keypair())
    mine = NodeConfig("GPU-promised", 0, "RTX 4090", tmp_path / "key.json")
    market.machine(mine.fingerprint, device)
    config = WorkerConfig(
        path=tmp_path / "config.toml",
        owner=market.people["alice"].pubkey(),
        rpc=("http://127.0.0.1:1",),
        gateways=(url,),
        nodes=(mine,),
        limits=Limits(8, 64, 100),
        images=tmp_path,
        boxes=tmp_path,
        engine=Engine.PODMAN,
    )

    async def finding(settings: WorkerConfig = config) -> Finding:
        (told,) = await asyncio.to_thread(lambda: list(promise_findings(settings, market.now)))
        return told

    async def read() -> int:
        return market.now

    before = await finding()
    assert before.level is Level.WARNING
    assert "knows nothing of it" in before.says
    await Announcer(device, node_spec(config, mine), [url], lambda: market.now, read, dict, 0).look()
    assert (await finding()).level is Level.OK
    more = replace(config, limits=Limits(16, 128, 200))
    assert (await finding(more)).level is Level.OK
    less = replace(config, limits=Limits(2, 64, 100))
    lowered = await finding(less)
    assert lowered.level is Level.WARNING
    assert "it has promised 8 cores (now 2 cores)" in lowered.says
    # The worker says so; for five minutes the former promise binds as well.
    market.advance(HOUR)
    await Announcer(device, node_spec(less, mine), [url], lambda: market.now, read, dict, 0).look()
    assert (await finding(less)).level is Level.WARNING
    market.advance(APART + 1)
    assert (await finding(less)).level is Level.OK
