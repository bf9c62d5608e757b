"""What nodes measure between them, through a real gateway, and who gets to say it."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.network import test_relays as relays
from tests.network.site import NetworkSite, Plenty, free_port
from tests.network.test_relays import Machines, reader

from ionet import IO
from ionet.cloud.choosing import choose_together
from ionet.cloud.errors import NoNode
from ionet.cloud.fitting import Together
from ionet.gateway._config import GatewayConfig
from ionet.gateway._pipes import Measured
from ionet.gateway._service import Gateway
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._pairs import Pairs, pairs
from ionet.overlay import Measurement, MeasurementError
from ionet.wire import Peer, Role
from ionet.worker._measuring import Links, NotMeasured, _Exchange, measured_at

market = relays.market
AT = 1_800_000_000


@pytest.fixture
async def url(market: Machines, tmp_path: Path) -> AsyncIterator[str]:
    stop, ready, urls = asyncio.Event(), asyncio.Event(), list[str]()

    def began(url: str) -> None:
        urls.append(url)
        ready.set()

    config = GatewayConfig(tmp_path / "gateway", "127.0.0.1", free_port(), store=str(tmp_path / "store"))
    service = Gateway(config, clients=(reader(market),), quota=Plenty())
    task = asyncio.create_task(service.run(stop, began))
    task.add_done_callback(lambda _: ready.set())
    await ready.wait()
    assert urls, task
    yield urls[0]
    stop.set()
    await task


def links(market: Machines, url: str, node: Pubkey, device: Keypair) -> Links:
    return Links(device, bytes(node), (url,), lambda: market.now)


def key(device: Keypair) -> bytes:
    return bytes(device.pubkey())


def signed(devices: tuple[Keypair, Keypair], at: int = AT) -> Measurement:
    """A statement of two devices, of 40 ms and 80 Mbit/s in the slower direction."""
    first, second = sorted(devices, key=key)
    said = Measurement(
        key(first), key(second), "g:443", 40_000, (10_000_000, 10**9), (20_000_000, 10**9), at, b"t" * 32
    )
    both = (bytes(first.sign_message(said.text)), bytes(second.sign_message(said.text)))
    return dataclasses.replace(said, signatures=both)


async def test_two_nodes_measure_through_a_gateway_and_renters_see_what_both_signed(
    market: Machines, url: str
) -> None:
    (left, one), (right, other), (third, last) = (market.machine() for _ in range(3))
    sides = (links(market, url, left, one), links(market, url, right, other))
    said, same = await asyncio.gather(sides[0].measure(key(other), url), sides[1].measure(key(one), url))
    assert said == same
    said.verify()
    assert said.pair == {key(one), key(other)}
    assert said.at == market.now
    assert said.by == url.removeprefix("http://")
    # On one machine: some milliseconds at most, and 63 of 64 blocks of 65,537 bytes.
    assert 0 < said.round_trip < 1_000_000
    assert said.forth[0] == said.back[0] == 63 * 65_537
    assert said.bits > 1_000_000
    assert await measured_at(url, [key(one), key(other), key(last)]) == [said]
    assert await measured_at(url, [key(one), key(last)]) == []
    nodes = (left, right, third)
    fit = await choose_together(reader(market), url, nodes, 2, Together(min_bits=1_000_000))
    assert set(fit.nodes) == {left, right}
    with pytest.raises(NoNode, match=f"{third}: not measured within a day, which is not known to be good"):
        await choose_together(reader(market), url, nodes, 3, Together(min_bits=1_000_000))
    # A day later nobody knows.
    market.advance(86_401)
    with pytest.raises(NoNode, match="not measured within a day"):
        await choose_together(reader(market), url, nodes, 2, Together(max_microseconds=1_000_000))


async def test_strangers_get_no_pipe_and_one_side_alone_says_nothing(market: Machines, url: str) -> None:
    (left, one), (_, other) = market.machine(), market.machine()
    stranger = Keypair()
    with pytest.raises(NotMeasured, match="is not the device of the node"):
        await links(market, url, left, stranger).measure(key(other), url)
    with pytest.raises(NotMeasured, match="none of this node's gateways"):
        await links(market, url, left, one).measure(key(other), "http://127.0.0.1:1")
    async with httpx.AsyncClient() as client:
        # Nobody saw these two measure here.
        said = signed((one, other))
        answer = await client.put(f"{url}/links", json=said.to_dict())
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "pipe")
        for half in ((said.signatures[0], bytes(64)), (bytes(64), said.signatures[1])):
            lone = dataclasses.replace(said, signatures=half)
            answer = await client.put(f"{url}/links", json=lone.to_dict())
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "statement")
    assert await measured_at(url, [key(one), key(other)]) == []


async def test_a_gateway_that_answers_for_a_node_gets_no_statement() -> None:
    """Its round trip would be shorter than the real one, and the transcripts differ."""
    devices = sorted((Keypair(), Keypair()), key=key)
    ends: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    both = asyncio.Event()

    async def arrived(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append((reader, writer))
        if len(ends) == 2:
            both.set()

    async def passed(source: asyncio.StreamReader, to: asyncio.StreamWriter, forge: bool) -> None:
        while data := await source.read(1 << 16):
            to.write(bytes([data[0] ^ forge, *data[1:]]) if len(data) == 16 else data)

    async with await asyncio.start_server(arrived, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        exchanges = []
        for device, other in (devices, devices[::-1]):
            streams = await asyncio.open_connection("127.0.0.1", port)
            exchanges.append(_Exchange(device, key(other), "g:443", AT, *streams))
            await asyncio.sleep(0.05)
        async with asyncio.timeout(60):
            await both.wait()
            pumps = [
                asyncio.create_task(passed(ends[0][0], ends[1][1], False)),
                asyncio.create_task(passed(ends[1][0], ends[0][1], True)),
            ]
            outcomes = await asyncio.gather(*(item.run() for item in exchanges), return_exceptions=True)
        for pump in pumps:
            pump.cancel()
        for _, writer in ends:
            writer.close()
        for item in exchanges:
            item._writer.close()
    assert [type(outcome) for outcome in outcomes] == [NotMeasured, NotMeasured]
    assert "before it had received all, or something else" in str(outcomes[0])
    assert "does not sign" in str(outcomes[1])


@pytest.mark.parametrize("liar", ["the first", "the second", "one that answers before it has received all"])
async def test_who_says_to_have_received_faster_than_was_sent_gets_no_statement(liar: str) -> None:
    """A node with a slow line wants to be chosen: what it sends, others measure; this is its own word."""
    devices = sorted((Keypair(), Keypair()), key=key)
    ends: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    both = asyncio.Event()

    async def arrived(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append((reader, writer))
        if len(ends) == 2:
            both.set()

    async def passed(source: asyncio.StreamReader, to: asyncio.StreamWriter, slowly: bool) -> None:
        while data := await source.read(1 << 16):
            if slowly:
                # Four megabytes a second, and the trips at once.
                await asyncio.sleep(len(data) / (4 << 20) if len(data) > 1_000 else 0)
            to.write(data)
            await to.drain()

    async with await asyncio.start_server(arrived, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        exchanges = []
        for device, other in (devices, devices[::-1]):
            streams = await asyncio.open_connection("127.0.0.1", port)
            exchanges.append(_Exchange(device, key(other), "g:443", AT, *streams))
            await asyncio.sleep(0.05)
        lying, honest = exchanges if liar == "the first" else exchanges[::-1]
        receive = lying._receive

        async def boasting(proof: bytes = b"") -> tuple[tuple[int, int], int]:
            (count, _), came = await receive(proof)
            return (count, 1_000_000), came

        async def early(proof: bytes = b"") -> int:
            return await send()

        lying._receive = boasting  # type: ignore[method-assign]
        if liar.startswith("one"):
            send, lying._send = lying._send, early  # type: ignore[method-assign]
        async with asyncio.timeout(60):
            await both.wait()
            # Slow is what the liar receives.
            pumps = [
                asyncio.create_task(passed(ends[0][0], ends[1][1], lying is exchanges[1])),
                asyncio.create_task(passed(ends[1][0], ends[0][1], lying is exchanges[0])),
            ]
            running = asyncio.create_task(lying.run())
            with pytest.raises(NotMeasured, match=r"or faster, than this|has not sent so fast|before it had"):
                await honest.run()
        for task in (running, *pumps):
            task.cancel()
        await asyncio.gather(running, *pumps, return_exceptions=True)
        for _, writer in ends:
            writer.close()
        for item in exchanges:
            item._writer.close()


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b" " * 5_000 + b'{"nonce":"n"}', b""),
        (b"[" * 4_000, b""),
        (b"[]", b""),
        (b'{"nonce":"n"}', b'{"bytes": Infinity, "nanoseconds": 1}'),
        (b'{"nonce":"n"}', b'{"bytes": NaN, "nanoseconds": 1}'),
        (b'{"nonce":"n"}', b'{"bytes": -1, "nanoseconds": 1}'),
        (b'{"nonce":"n"}', b'{"bytes": 1e300, "nanoseconds": 1}'),
        (b'{"nonce":"n"}', b'{"bytes": [1], "nanoseconds": 1}'),
        (b'{"nonce":"n"}', b'{"bytes": 1}'),
        (b'{"nonce":"n"}', b"[" * 4_000),
        (b'{"nonce":"n"}', b"x" * (2 << 20)),
    ],
)
async def test_whatever_gateway_and_other_node_say_ends_in_a_sentence(body: bytes, line: bytes) -> None:
    device, other = sorted((Keypair(), Keypair()), key=key)

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/links " in await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        else:
            # Sixteen answers, one block that is the last, and the line that the lower key waits for.
            writer.write(b"HTTP/1.1 101 Pipe\r\n\r\n" + bytes(256) + bytes(65_537) + line + b"\n")
        while await reader.read(1 << 16):
            pass
        writer.close()

    async with await asyncio.start_server(answered, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(NotMeasured) as bad:
            await Links(device, bytes(32), (url,), lambda: AT).measure(key(other), url)
    assert len(str(bad.value)) <= 500
    assert len(body) < 5_000 or "the gateway answers too much" in str(bad.value)


def test_a_statement_that_was_changed_is_not_signed() -> None:
    said = signed((Keypair(), Keypair()))
    said.verify()
    assert said.bits == 80_000_000
    for change in ({"at": AT + 1}, {"round_trip": 1}, {"by": "h:443"}, {"back": (1, 1)}, {"forth": (9, 9)}):
        with pytest.raises(MeasurementError, match="is not signed by"):
            dataclasses.replace(said, **change).verify()
    assert Measurement.from_dict(said.to_dict()) == said
    wrong: list[dict[str, object]] = [
        {"first": said.to_dict()["second"], "second": said.to_dict()["first"]},
        {"at": 0},
        {"forth": [1]},
        {"by": "a b"},
        {"signatures": []},
    ]
    for other in wrong:
        with pytest.raises(MeasurementError):
            Measurement.from_dict({**said.to_dict(), **other})


def test_a_gateway_forgets_the_oldest(tmp_path: Path) -> None:
    kept = Measured(tmp_path / "measured", most=5, per_device=3)
    one, others = Keypair(), [Keypair() for _ in range(6)]
    for other in others:
        kept.keep(signed((one, other)))
    asked = [key(device) for device in (one, *others)]
    assert {item["first"] for item in kept.among(asked)} | {item["second"] for item in kept.among(asked)} == {
        str(device.pubkey()) for device in (one, *others[3:])
    }
    # An older statement of a pair takes no newer one's place.
    kept.keep(signed((one, others[5]), AT - 1))
    assert {item["at"] for item in kept.among(asked)} == {AT}
    for _ in range(6):
        kept.keep(signed((Keypair(), Keypair())))
    assert kept.count == 5
    kept.close()


def test_any_eight_nodes_in_a_row_measure_all_of_their_pairs() -> None:
    nodes = [hashlib.sha256(bytes([number])).digest() for number in range(20)]
    chosen = pairs({**dict.fromkeys(nodes, 7), bytes(32): 8})
    assert len(chosen) == 13 * 7 + 6 + 5 + 4 + 3 + 2 + 1
    order = sorted(nodes, key=lambda node: hashlib.sha256(node).digest())
    row = order[5:13]
    assert {(left, right) for left in row for right in row if row.index(left) < row.index(right)} <= set(
        chosen
    )
    assert not any(bytes(32) in pair for pair in chosen)


async def test_a_seat_has_idle_nodes_measure_and_not_twice_in_half_a_day(tmp_path: Path) -> None:
    site = NetworkSite(tmp_path)
    await site.gateway.start()
    seat = site.market.attesters[0]
    machines = (site.market.alice, site.market.bob)
    site.market.join(site.market.bob, 500 * IO.UNIT)
    journal, url = Journal(tmp_path / "journal.sqlite3"), site.gateway.http
    leased: list[bytes] | None = None
    try:
        async with AsyncExitStack() as stack:
            for machine in machines:
                agent = await stack.enter_async_context(site.machine(machine))
                agent._links = Links(machine.device_key, bytes(machine.node), (url,), agent.now)
            peer = await stack.enter_async_context(Peer(seat, Role.SEAT, [[site.gateway.url]]))
            for machine in machines:
                assert await peer.wait_for(key(machine.device_key), 60)

            async def classes(nodes: Sequence[bytes]) -> dict[bytes, int]:
                return dict.fromkeys(nodes, 7)

            def made() -> Pairs:
                return Pairs(peer, [url], lambda: site.now, classes, lambda: leased, lambda about: 0, journal)

            links = made()
            await links.look()
            leased = [bytes(machines[1].node)]
            await links.look()
            assert links.measured == 0
            leased = []
            await links.look()
            assert links.measured == 1, [entry.detail for entry in journal.entries()]
            devices = [key(machine.device_key) for machine in machines]
            (said,) = await measured_at(url, devices)
            assert said.pair == set(devices)
            # Another process of the seat, or another seat, finds it at the gateway.
            again = made()
            await again.look()
            assert again.measured == 0
            assert await measured_at(url, devices) == [said]
            # A node that only says no is no reason to stop; it is told.
            site.market.world.advance(43_300)
            agent._links = None
            await links.look()
            assert "does not measure" in list(journal.entries())[-1].detail
    finally:
        await site.gateway.stop()
        await site.reader.aclose()
        journal.close()
