"""Attacks on a real gateway, over real sockets: each is bounded, and honest peers do not notice."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import struct
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.pubkey import Pubkey
from tests.network.attacked import (
    QUICK,
    Attacked,
    Chain,
    Raw,
    honest,
    is_closed,
    joined,
    keypair,
    node_of,
    raw,
    served,
    tcp,
    until,
)
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus
from websockets.frames import Close

from ionet.gateway import _service
from ionet.wire import MAX_MESSAGE, Kind, Peer, Role, Unreachable, _link
from ionet.wire._link import gateway_name

PROXIED = {"proxies": (ip_network("127.0.0.1"),)}


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.fixture
def gateway(tmp_path: Path, chain: Chain) -> Iterator[Attacked]:
    with Attacked(tmp_path, chain) as made:
        yield made


def bounded(tmp_path: Path, chain: Chain, **bounds: Any) -> Attacked:
    """A gateway with other bounds, behind a proxy on this machine that says where connections are from."""
    return Attacked(tmp_path, chain, replace(QUICK, **bounds), **PROXIED)


# -- before anything is said


async def test_a_head_that_comes_a_byte_at_a_time_ends(gateway: Attacked) -> None:
    async with honest(gateway) as pair:
        slow = tcp(gateway)
        slow.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n")
        start = time.monotonic()
        with suppress(OSError):
            while time.monotonic() - start < 60:
                slow.sendall(b"x")
                await asyncio.sleep(0.05)
        assert time.monotonic() - start < 60
        assert gateway.refused("headers") == 1
        await served(pair)


async def test_connections_that_say_nothing_end(gateway: Attacked) -> None:
    async with honest(gateway) as pair:
        silent = [tcp(gateway) for _ in range(50)]
        await served(pair)
        await until(lambda: gateway.refused("headers") == 50)
        assert all(is_closed(connection, 1) for connection in silent)


async def test_a_second_request_that_does_not_come_whole_ends(gateway: Attacked) -> None:
    slow = tcp(gateway)
    slow.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
    assert b"200 OK" in slow.recv(4_096)
    slow.sendall(b"GET")
    assert await asyncio.to_thread(is_closed, slow, 4)
    assert gateway.refused("headers") == 1


async def test_a_body_that_nobody_wants_ends(gateway: Attacked) -> None:
    endless = tcp(gateway)
    endless.sendall(b"POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n")

    def send() -> float:
        start = time.monotonic()
        try:
            while time.monotonic() - start < 6:
                endless.sendall(b"x" * 1_000)
                time.sleep(0.02)
        except OSError:
            pass
        return time.monotonic() - start

    assert await asyncio.to_thread(send) < 5


async def test_a_head_without_end_is_refused(gateway: Attacked) -> None:
    large = tcp(gateway)
    large.sendall(b"GET / HTTP/1.1\r\nx: " + b"x" * 100_000)
    assert await asyncio.to_thread(is_closed, large, 4)


async def test_answers_that_nobody_reads_end(gateway: Attacked) -> None:
    deaf = tcp(gateway)
    deaf.settimeout(10)

    def ask() -> None:
        # Until it is ended: a machine with other work needs longer for as many answers.
        with suppress(ConnectionError):
            while True:
                deaf.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n" * 100)

    with deaf:
        async with honest(gateway) as pair:
            asking = asyncio.create_task(asyncio.to_thread(ask))
            await served(pair)
            # The kernel would take megabytes that nobody reads, which is many thousands of answers.
            gateway.narrow(deaf)
            await asking
            assert gateway.refused("unread") == 1
            await served(pair)


async def test_the_oldest_of_the_busiest_address_makes_room(tmp_path: Path, chain: Chain) -> None:
    bounds = {
        "arriving": 64,
        "arriving_per_address": 1_000,
        "seconds_to_arrive": 30.0,
        "seconds_to_greet": 30.0,
    }
    with bounded(tmp_path, chain, **bounds) as gateway:
        key = keypair(7)
        async with raw(gateway, key, "198.51.100.7") as first:
            flood = [tcp(gateway) for _ in range(300)]
            await until(lambda: gateway.refused("arriving") > 200)
            # Who came before the flood, from elsewhere, still greets; and so does who comes after it.
            chain.add(key, Role.RENTER)
            hello = first.hello(await first.challenge(), Role.RENTER, gateway_name(gateway.url))
            await first.socket.send(hello)
            assert "welcome" in await first.word()
            async with honest(gateway) as pair:
                await served(pair)
            for connection in flood:
                connection.close()


async def test_one_address_opens_so_many_connections_and_no_more(tmp_path: Path, chain: Chain) -> None:
    with Attacked(tmp_path, chain, replace(QUICK, per_address=40, seconds_to_arrive=30.0)) as gateway:
        flood = [tcp(gateway) for _ in range(100)]
        await until(lambda: gateway.refused("address") == 60)
        assert sum(is_closed(connection, 0.05) for connection in flood) == 60


async def test_one_address_connects_so_often_and_no_more(tmp_path: Path, chain: Chain) -> None:
    with Attacked(tmp_path, chain, replace(QUICK, new_per_address=3.0)) as gateway:
        for _ in range(60):
            tcp(gateway).close()
        await until(lambda: gateway.refused("rate") >= 25)


async def test_one_address_has_its_share_of_the_files(tmp_path: Path, chain: Chain) -> None:
    with Attacked(tmp_path, chain, replace(QUICK, files_per_address=4)) as gateway:
        body = b"POST /files/x HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n"
        # Requests that are being answered: their bodies are still to come.
        held = [tcp(gateway) for _ in range(8)]
        path = f"/files/{'0' * 64}"
        for connection in held:
            connection.sendall(body.replace(b"/files/x", path.encode()).replace(b"POST", b"PATCH"))
        async with httpx.AsyncClient() as client:
            answers = [(await client.get(f"{gateway.url}/health")).status_code for _ in range(2)]
        assert set(answers) <= {200, 429}


async def test_a_handshake_of_tls_that_does_not_come_ends(tmp_path: Path, chain: Chain) -> None:
    certificate = self_signed(tmp_path)
    with Attacked(tmp_path, chain, public="https://127.0.0.1:1", tls=certificate) as gateway:
        silent = tcp(gateway)
        assert await asyncio.to_thread(is_closed, silent, 4)
        garbage = tcp(gateway)
        garbage.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert await asyncio.to_thread(is_closed, garbage, 4)
        context = ssl.create_default_context(cafile=str(certificate[0]))
        async with httpx.AsyncClient(verify=context) as client:
            assert (await client.get(f"https://127.0.0.1:{gateway.port}/health")).status_code == 200


async def test_a_renewed_certificate_is_served_without_a_restart(tmp_path: Path) -> None:
    from ionet.chain.errors import ConfigError
    from ionet.gateway._server import Certificate

    chain_file, key_file = self_signed(tmp_path)
    certificate = Certificate(chain_file, key_file)
    assert not certificate.renew()
    other_chain, other_key = self_signed(tmp_path / "other")
    os.utime(other_chain, (1, 1))
    other_chain.replace(chain_file)
    with pytest.raises(ConfigError, match="not a certificate and its key"):
        certificate.renew()
    other_key.replace(key_file)
    assert certificate.renew()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key, as files."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder.mkdir(exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gateway")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    chain_file, key_file = folder / "chain.pem", folder / "key.pem"
    chain_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return chain_file, key_file


# -- greetings


async def test_peers_connect_at_one_path(gateway: Attacked) -> None:
    from websockets.asyncio.client import connect

    with pytest.raises(InvalidStatus, match="404"):
        await connect(gateway.peers.replace("/peers", "/elsewhere"))


async def test_a_websocket_that_does_not_greet_ends(gateway: Attacked) -> None:
    async with honest(gateway) as pair, raw(gateway, keypair(1)) as silent:
        await silent.challenge()
        assert "no greeting" in (await silent.word())["refused"]
        assert await silent.ending() == (1008, "silent")
        await served(pair)


def other_context(raw: Raw, challenge: bytes, name: str) -> bytes:
    return raw.hello(bytes(32), Role.RENTER, name)


def other_gateway(raw: Raw, challenge: bytes, name: str) -> bytes:
    return raw.hello(challenge, Role.RENTER, "elsewhere.example:443")


def not_signed(raw: Raw, challenge: bytes, name: str) -> bytes:
    hello = raw.hello(challenge, Role.RENTER, name)
    return hello[:-1] + bytes([hello[-1] ^ 1])


def for_somebody(raw: Raw, challenge: bytes, name: str) -> bytes:
    arguments = {"boot": "00" * 32, "gateway": name, "role": "renter"}
    return raw.message(Kind.HELLO, bytes([1] * 32), challenge, arguments=arguments).to_bytes()


def a_request(raw: Raw, challenge: bytes, name: str) -> bytes:
    arguments = {"boot": "00" * 32, "gateway": name, "role": "renter"}
    return raw.message(Kind.REQUEST, bytes(32), challenge, arguments=arguments).to_bytes()


def with_a_blob(raw: Raw, challenge: bytes, name: str) -> bytes:
    arguments = {"boot": "00" * 32, "gateway": name, "role": "renter"}
    return raw.message(Kind.HELLO, bytes(32), challenge, arguments=arguments, blob=b"x").to_bytes()


def odd(field: str, value: Any) -> Callable[[Raw, bytes, str], bytes]:
    def made(raw: Raw, challenge: bytes, name: str) -> bytes:
        return raw.hello(challenge, Role.RENTER, name, instead={field: value})

    return made


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [
        (other_context, "bad-greeting"),
        (other_gateway, "other-gateway"),
        (not_signed, "bad-greeting"),
        (for_somebody, "bad-greeting"),
        (a_request, "bad-greeting"),
        (with_a_blob, "bad-greeting"),
        (odd("boot", "00"), "bad-greeting"),
        (odd("boot", 7), "bad-greeting"),
        (odd("role", "king"), "bad-greeting"),
        (odd("role", ["agent"]), "bad-greeting"),
        (odd("gateway", {"a": 1}), "other-gateway"),
        (odd("node", "x"), "bad-greeting"),
        (odd("node", "1" * 32), "bad-greeting"),
        (lambda raw, challenge, name: b"garbage", "bad-greeting"),
        (lambda raw, challenge, name: "text", "bad-greeting"),
        (lambda raw, challenge, name: b"", "bad-greeting"),
    ],
)
async def test_what_is_no_greeting_for_this_connection_is_refused(
    gateway: Attacked, greeting: Callable[[Raw, bytes, str], bytes | str], reason: str
) -> None:
    key = gateway.chain.add(keypair(3), Role.RENTER)
    async with raw(gateway, key) as connection:
        challenge = await connection.challenge()
        await connection.socket.send(greeting(connection, challenge, gateway_name(gateway.url)))
        assert (await connection.ending())[1] == reason
    assert gateway.refused(reason) == 1


async def test_a_greeting_of_another_connection_is_refused(gateway: Attacked) -> None:
    """As one that listens in on plain text could replay it."""
    key = gateway.chain.add(keypair(3), Role.RENTER)
    name = gateway_name(gateway.url)
    async with raw(gateway, key) as first, raw(gateway, key) as second:
        hello = first.hello(await first.challenge(), Role.RENTER, name)
        await second.challenge()
        await second.socket.send(hello)
        assert (await second.ending())[1] == "bad-greeting"
        await first.socket.send(hello)
        assert "welcome" in await first.word()


async def test_a_large_greeting_is_not_even_read(gateway: Attacked) -> None:
    async with raw(gateway, keypair(3)) as connection:
        await connection.challenge()
        with suppress(ConnectionClosed):
            for _ in range(200):
                await connection.socket.send(b"x" * 100_000)
                await asyncio.sleep(0.01)
    assert gateway.dropped("oversized") == 1


@pytest.mark.parametrize(
    ("role", "node", "reason"),
    [
        (Role.SEAT, None, "no-seat"),
        (Role.RENTER, None, "no-lease"),
        (Role.AGENT, bytes([9] * 32), "no-such-node"),
        (Role.AGENT, node_of(keypair(77)), "not-the-nodes-device"),
    ],
)
async def test_the_chain_says_who_is_what(
    gateway: Attacked, role: Role, node: bytes | None, reason: str
) -> None:
    gateway.chain.add(keypair(77), Role.AGENT)
    async with raw(gateway, keypair(3)) as connection:
        challenge = await connection.challenge()
        extra = {"node": str(Pubkey(node))} if node is not None else {}
        await connection.socket.send(connection.hello(challenge, role, gateway_name(gateway.url), **extra))
        assert (await connection.ending())[1] == reason


async def test_while_the_chain_cannot_be_asked_nobody_new_comes_and_nobody_goes(gateway: Attacked) -> None:
    async with honest(gateway) as pair:
        gateway.chain.down = True
        async with raw(gateway, keypair(3)) as connection:
            challenge = await connection.challenge()
            await connection.socket.send(connection.hello(challenge, Role.SEAT, gateway_name(gateway.url)))
            assert await connection.ending() == (1013, "chain-unavailable")
        await gateway_does(gateway, gateway.hub.review())
        await served(pair)


async def gateway_does(gateway: Attacked, work: Any) -> None:
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, gateway._loop))


async def test_who_loses_seat_node_or_lease_is_disconnected(gateway: Attacked) -> None:
    async with (
        honest(gateway) as pair,
        joined(gateway, 3, Role.SEAT) as seat,
        joined(gateway, 4, Role.RENTER) as renter,
        joined(gateway, 5) as agent,
    ):
        gateway.chain.seats.discard(bytes(seat.key.pubkey()))
        gateway.chain.renters.discard(bytes(renter.key.pubkey()))
        gateway.chain.nodes[node_of(agent.key)] = bytes(32)
        await gateway_does(gateway, gateway.hub.review())
        assert (await seat.ending())[1] == "no-seat"
        assert (await renter.ending())[1] == "no-lease"
        assert (await agent.ending())[1] == "not-the-nodes-device"
        await served(pair)


async def test_a_peer_whose_look_up_fails_oddly_keeps_no_other_connected(
    gateway: Attacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nonsense(key: bytes) -> bool:
        raise TypeError("no account in this answer")

    async with joined(gateway, 3, Role.SEAT) as seat, joined(gateway, 4, Role.RENTER):
        gateway.chain.seats.discard(bytes(seat.key.pubkey()))
        monkeypatch.setattr(gateway.chain, "is_renter", nonsense)
        await gateway_does(gateway, gateway.hub.review())
        assert (await seat.ending())[1] == "no-seat"


async def test_what_a_gateway_does_again_and_again_outlives_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_service, "_AGAIN", 0.0)
    begun, again = list[int](), asyncio.Event()

    async def loop() -> None:
        begun.append(1)
        if len(begun) == 1:
            raise OSError("no space left on the device")
        again.set()
        await asyncio.Event().wait()

    async with _service._running(loop), asyncio.timeout(60):
        await again.wait()


async def test_candidates_of_one_address_leave_room_for_others(tmp_path: Path, chain: Chain) -> None:
    async with asyncio.timeout(30):
        with bounded(tmp_path, chain, candidates=4, seconds_as_candidate=60.0) as gateway:
            async with AsyncExitStack() as stack:
                mine = [
                    await stack.enter_async_context(
                        joined(gateway, 10 + number, known=False, address="198.51.100.1")
                    )
                    for number in range(4)
                ]
                with pytest.raises((AssertionError, ConnectionClosed)):
                    async with joined(gateway, 20, known=False, address="198.51.100.1"):
                        pass
                assert gateway.refused("too-many-candidates") == 1
                async with joined(gateway, 21, known=False, address="203.0.113.5"):
                    assert (await mine[0].ending())[1] == "candidate"


async def test_a_candidate_makes_room_after_a_while(tmp_path: Path, chain: Chain) -> None:
    with bounded(tmp_path, chain, seconds_as_candidate=0.5) as gateway:
        async with joined(gateway, 10, known=False) as candidate:
            assert (await candidate.ending())[1] == "candidate"


async def test_a_full_gateway_has_room_for_seats(tmp_path: Path, chain: Chain) -> None:
    with bounded(tmp_path, chain, peers=1) as gateway:
        async with honest(gateway) as pair:
            async with raw(gateway, chain.add(keypair(3), Role.RENTER)) as late:
                hello = late.hello(await late.challenge(), Role.RENTER, gateway_name(gateway.url))
                await late.socket.send(hello)
                assert await late.ending() == (1013, "full")
            await served(pair)


async def test_a_key_that_connects_twice_has_one_connection_the_later(gateway: Attacked) -> None:
    async with honest(gateway) as pair, joined(gateway, 5) as first, joined(gateway, 5) as second:
        assert await first.ending() == (1008, "replaced")
        await second.socket.send(second.message(Kind.REQUEST, bytes(32)).to_bytes())
        assert "undelivered" in await second.word()
        await served(pair)
        assert gateway.hub.connected(Role.AGENT) == 2


async def test_processes_of_one_renter_are_connected_in_turn(
    tmp_path: Path, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_link, "_TURN", 0.2)
    key, waited = chain.add(keypair(4), Role.RENTER), list[bool]()

    async def answered(peer: Peer, device: bytes) -> None:
        while True:
            try:
                await peer.ask(device, "echo", {}, seconds=60, presence=0.05)
                return
            except Unreachable:
                waited.append(peer.in_turn)

    # However many turns a busy machine takes.
    with bounded(tmp_path, chain, joins_per_renter=60_000) as gateway:
        async with (
            honest(gateway) as (_, agent),
            Peer(key, Role.RENTER, [[gateway.peers]]) as first,
            Peer(key, Role.RENTER, [[gateway.peers]]) as second,
        ):
            # Less than three of the pauses that a peer makes elsewhere whose key another process has.
            async with asyncio.timeout(60):
                for _ in range(3):
                    await answered(first, agent.address)
                    await answered(second, agent.address)
    assert any(waited)


@pytest.mark.parametrize(("turn", "lasts", "least", "most"), [(6.0, 0.0, 20.0, 60.0), (0.06, 0.05, 0.0, 1.0)])
async def test_the_more_processes_a_renter_has_the_longer_each_waits_for_its_turn(
    monkeypatch: pytest.MonkeyPatch, turn: float, lasts: float, least: float, most: float
) -> None:
    # A turn is short where many take theirs.
    monkeypatch.setattr(_link, "_TURN", turn)

    async def unused(_: Any) -> None:
        raise AssertionError

    async def replaced(way: _link._Way) -> None:
        await asyncio.sleep(lasts)
        raise ConnectionClosedError(Close(1008, "replaced"), None)

    link = _link.Link(["ws://gateway"], lambda *_: b"", unused, unused, lambda _: None, shared=True)
    monkeypatch.setattr(link, "_once", replaced)
    (way,) = link._ways
    for _ in range(8):
        await link._tried(way, 0.0)
    assert link.in_turn
    assert least <= way.not_before - time.monotonic() <= most


@pytest.mark.parametrize(("role", "most"), [(Role.AGENT, 5), (Role.RENTER, 8)])
async def test_a_key_that_connects_again_and_again_is_refused(
    tmp_path: Path, chain: Chain, role: Role, most: int
) -> None:
    with bounded(tmp_path, chain, joins_per_key=5, joins_per_renter=8) as gateway:
        async with honest(gateway) as pair:
            for _ in range(most):
                async with joined(gateway, 5, role):
                    pass
            async with raw(gateway, keypair(5)) as late:
                extra = {"node": str(Pubkey(node_of(keypair(5))))} if role is Role.AGENT else {}
                name = gateway_name(gateway.url)
                await late.socket.send(late.hello(await late.challenge(), role, name, **extra))
                assert await late.ending() == (1013, "too-often")
            await served(pair)


# -- messages


async def replayed(raw: Raw, to: bytes) -> None:
    message = raw.message(Kind.REQUEST, to).to_bytes()
    for _ in range(2):
        await raw.socket.send(message)


async def of_another(raw: Raw, to: bytes) -> None:
    await raw.socket.send(raw.message(Kind.REQUEST, to, key=keypair(99)).to_bytes())


async def with_anothers_name(raw: Raw, to: bytes) -> None:
    message = bytearray(raw.message(Kind.REQUEST, to).to_bytes())
    message[5:37] = bytes(keypair(99).pubkey())
    await raw.socket.send(bytes(message))


async def changed(raw: Raw, to: bytes) -> None:
    message = bytearray(raw.message(Kind.REQUEST, to, blob=b"abc").to_bytes())
    message[-65] ^= 1
    await raw.socket.send(bytes(message))


async def hello_again(raw: Raw, to: bytes) -> None:
    await raw.socket.send(raw.message(Kind.HELLO, to).to_bytes())


async def unknown_kind(raw: Raw, to: bytes) -> None:
    message = bytearray(raw.message(Kind.REQUEST, to).to_bytes())
    message[4] = 77
    await raw.socket.send(bytes(message))


async def garbage(raw: Raw, to: bytes) -> None:
    await raw.socket.send(os.urandom(500))


async def empty(raw: Raw, to: bytes) -> None:
    await raw.socket.send(b"")


async def text(raw: Raw, to: bytes) -> None:
    await raw.socket.send("hello there")


async def deep_text(raw: Raw, to: bytes) -> None:
    await raw.socket.send("[" * 1_000)


async def wrong_word(raw: Raw, to: bytes) -> None:
    await raw.socket.send('{"find":7}')


async def long_arguments(raw: Raw, to: bytes) -> None:
    message = bytearray(raw.message(Kind.REQUEST, to).to_bytes())
    struct.pack_into(">I", message, 117, 0xFFFFFFFF)
    await raw.socket.send(bytes(message))


async def oversized(raw: Raw, to: bytes) -> None:
    await raw.socket.send(b"x" * (MAX_MESSAGE + 1))


async def many(raw: Raw, to: bytes) -> None:
    for _ in range(400):
        await raw.socket.send(raw.message(Kind.REQUEST, to).to_bytes())


async def much(raw: Raw, to: bytes) -> None:
    for _ in range(40):
        await raw.socket.send(raw.message(Kind.REQUEST, to, blob=bytes(1 << 20)).to_bytes())


async def pings(raw: Raw, to: bytes) -> None:
    for _ in range(400):
        await raw.socket.ping()


async def fragments(raw: Raw, to: bytes) -> None:
    await raw.socket.send(b"" for _ in range(100))


async def endless_fragments(raw: Raw, to: bytes) -> None:
    async def parts() -> Any:
        while True:
            yield b"x"
            await asyncio.sleep(0.2)

    await raw.socket.send(parts())


async def half(raw: Raw, to: bytes) -> None:
    message = raw.message(Kind.REQUEST, to, blob=bytes(100_000)).to_bytes()
    raw.socket.transport.write(b"\x82\xff" + struct.pack(">Q", len(message)) + bytes(4) + message[:50_000])


async def not_masked(raw: Raw, to: bytes) -> None:
    raw.socket.transport.write(b"\x82\x05hello")


async def reserved_bits(raw: Raw, to: bytes) -> None:
    raw.socket.transport.write(b"\xf2\x85\x00\x00\x00\x00hello")


async def not_utf8(raw: Raw, to: bytes) -> None:
    raw.socket.transport.write(b"\x81\x82\x00\x00\x00\x00\xff\xff")


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        (replayed, "replay"),
        (of_another, "other-sender"),
        (with_anothers_name, "bad-message"),
        (changed, "bad-message"),
        (hello_again, "bad-message"),
        (unknown_kind, "bad-message"),
        (garbage, "bad-message"),
        (empty, "bad-message"),
        (text, "bad-message"),
        (deep_text, "bad-message"),
        (wrong_word, "bad-message"),
        (long_arguments, "bad-message"),
        (oversized, "oversized"),
        (many, "flood"),
        (much, "flood"),
        (pings, "flood"),
        (fragments, "fragments"),
        (endless_fragments, "slow"),
        (half, "slow"),
        (not_masked, "bad-frame"),
        (reserved_bits, "bad-frame"),
        (not_utf8, "bad-frame"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
async def test_what_breaks_a_rule_ends_its_own_connection(
    gateway: Attacked, attack: Callable[[Raw, bytes], Awaitable[None]], reason: str
) -> None:
    async with honest(gateway) as pair, joined(gateway, 5, Role.RENTER) as bad:

        async def carried_out() -> None:
            with suppress(ConnectionClosed):
                await attack(bad, pair[1].address)

        task = asyncio.create_task(carried_out())
        await served(pair)
        await bad.ending(8)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert gateway.dropped(reason) == 1, gateway.hub.counters
        await served(pair)
        assert gateway.hub.partial == 0


@pytest.mark.parametrize(("role", "other"), [(Role.AGENT, Role.AGENT), (Role.RENTER, Role.RENTER)], ids=str)
async def test_agents_do_not_talk_to_agents_nor_renters_to_renters(
    gateway: Attacked, role: Role, other: Role
) -> None:
    async with joined(gateway, 5, role) as one, joined(gateway, 6, other) as two:
        to = bytes(two.key.pubkey())
        await one.socket.send(one.message(Kind.REQUEST, to).to_bytes())
        assert "undelivered" in await one.word()
        await one.socket.send(json.dumps({"find": str(two.key.pubkey())}))
        assert await one.word() == {"gone": [str(two.key.pubkey())]}
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(two.socket.recv(), 0.2)


# -- peers that do not read, or do not answer


def stop_reading(raw: Raw) -> None:
    raw.socket.transport.pause_reading()
    # What the library has read ahead no longer matters: the kernel's buffers fill.


async def test_a_peer_that_never_reads_costs_itself_alone(gateway: Attacked) -> None:
    async with (
        honest(gateway) as pair,
        joined(gateway, 5) as deaf,
        joined(gateway, 6, Role.SEAT) as loud,
    ):
        stop_reading(deaf)
        to, start = bytes(deaf.key.pubkey()), time.monotonic()
        for _ in range(24):
            await loud.socket.send(loud.message(Kind.REQUEST, to, blob=bytes(1 << 20)).to_bytes())
        await served(pair, times=2, within=3)
        assert gateway.hub.waiting <= QUICK.waiting_bytes
        await until(lambda: gateway.dropped("slow") == 1)
        assert time.monotonic() - start < 60
        assert gateway.hub.waiting == 0
        await until(lambda: gateway.hub.counters.undelivered["behind"] > 0)
        # The one who sent it is there as before.
        assert gateway.hub.connected(Role.SEAT) == 2
        await served(pair)


async def test_who_asks_and_does_not_read_the_answers_ends(gateway: Attacked) -> None:
    async with honest(gateway) as pair, joined(gateway, 5, Role.SEAT) as deaf:
        stop_reading(deaf)
        word = json.dumps({"find": str(Pubkey(pair[1].address))})
        with suppress(ConnectionClosed):
            for _ in range(19_000):
                await deaf.socket.send(word)
        await until(lambda: gateway.dropped("slow") + gateway.dropped("flood") == 1)
        await served(pair)


async def test_one_sender_does_not_fill_anothers_queue(gateway: Attacked) -> None:
    """A renter's flood is the renter's trouble: the slow agent stays, and a seat still reaches it."""
    chain = gateway.chain
    with Attacked(gateway.config.state / "2", chain, replace(QUICK, seconds_to_send=20.0)) as patient:
        async with (
            joined(patient, 5) as slow,
            joined(patient, 6, Role.RENTER) as loud,
            joined(patient, 7, Role.SEAT) as seat,
        ):
            stop_reading(slow)
            to = bytes(slow.key.pubkey())
            for _ in range(7):
                await loud.socket.send(loud.message(Kind.REQUEST, to, blob=bytes(1 << 20)).to_bytes())
            await until(lambda: patient.hub.counters.undelivered["behind"] >= 1)
            wanted = seat.message(Kind.REQUEST, to, blob=b"from the seat")
            await seat.socket.send(wanted.to_bytes())
            await asyncio.sleep(0.2)
            assert patient.hub.connected(Role.AGENT) == 1
            slow.socket.transport.resume_reading()
            got = []
            async with asyncio.timeout(60):
                while wanted.to_bytes() not in got:
                    got.append(await slow.socket.recv())
            # It went before what had waited of the renter.
            rest = [await asyncio.wait_for(slow.socket.recv(), 60) for _ in range(1)]
            assert rest
            assert patient.dropped("slow") == 0


async def test_a_peer_that_does_not_answer_pings_is_gone(gateway: Attacked) -> None:
    async with honest(gateway) as pair, joined(gateway, 5) as dead:
        stop_reading(dead)
        await until(lambda: gateway.dropped("silent") == 1)
        await served(pair)


async def test_a_peer_that_answers_pings_and_nothing_else_holds_nobody_up(gateway: Attacked) -> None:
    async with honest(gateway) as pair, joined(gateway, 5) as lazy:
        address = bytes(lazy.key.pubkey())
        reading = asyncio.create_task(lazy.read())
        asks = [asyncio.create_task(pair[0].ask(address, "echo", seconds=2)) for _ in range(20)]
        await served(pair)
        results = await asyncio.gather(*asks, return_exceptions=True)
        assert all(isinstance(result, Unreachable) for result in results)
        assert gateway.hub.connected(Role.AGENT) == 2
        await served(pair)
        reading.cancel()


async def test_a_closed_connection_whose_end_is_not_read_is_thrown_away(gateway: Attacked) -> None:
    async with joined(gateway, 5) as deaf, joined(gateway, 6, Role.SEAT) as loud:
        stop_reading(deaf)
        for _ in range(6):
            message = loud.message(Kind.REQUEST, bytes(deaf.key.pubkey()), blob=bytes(1 << 20))
            await loud.socket.send(message.to_bytes())
        await until(lambda: gateway.dropped("slow") == 1)
        doors = gateway.service.doors
        assert doors is not None
        await until(lambda: doors.count("peer") == 1)


# -- the gateway's own end


async def test_at_its_end_peers_are_sent_elsewhere_and_come_back(tmp_path: Path, chain: Chain) -> None:
    gateway = Attacked(tmp_path, chain)
    with gateway:
        stack = honest(gateway)
        pair = await stack.__aenter__()
        async with joined(gateway, 5) as other:
            await served(pair)
            ending = asyncio.create_task(other.ending())
            await asyncio.to_thread(gateway.__exit__)
            assert await ending == (1012, "restart")
        start = time.monotonic()
        gateway.__enter__()
        await until(lambda: gateway.hub.connected(Role.SEAT) == 1)
        assert await pair[0].wait_for(pair[1].address, 60)
        await served(pair)
        assert time.monotonic() - start < 60
        await stack.__aexit__(None, None, None)


async def test_health_says_what_a_client_needs(gateway: Attacked) -> None:
    from ionet.gateway._status import status

    async with honest(gateway):
        facts = await asyncio.to_thread(status, gateway.url)
    assert facts["peers"] == {"agent": 1, "renter": 0, "seat": 1}
    assert facts["closing"] is False
    assert facts["url"] == gateway.url


async def test_two_gateways_do_not_use_one_folder(gateway: Attacked) -> None:
    from ionet.chain.errors import ConfigError

    with pytest.raises(ConfigError, match="another process"):
        Attacked(gateway.config.state, gateway.chain).__enter__()


def test_a_proxy_is_believed_and_nobody_else(tmp_path: Path, chain: Chain) -> None:
    from ionet.gateway._bounds import Counters
    from ionet.gateway._doors import Doors, network_of

    class Transport:
        def __init__(self, host: str) -> None:
            self.host = host

        def get_extra_info(self, name: str) -> tuple[str, int]:
            return self.host, 1

        def abort(self) -> None:
            self.host = "aborted"

        def is_closing(self) -> bool:
            return False

    counters = Counters()
    networks = PROXIED["proxies"]
    doors = Doors(replace(QUICK, per_address=1), counters, proxies=networks, only_proxies=True)
    assert doors.enter(Transport("192.0.2.1")) is None  # type: ignore[arg-type]
    first, second = (doors.enter(Transport("127.0.0.1")) for _ in range(2))  # type: ignore[arg-type]
    assert first is not None
    assert second is not None
    assert doors.named(first, "10.9.9.9, 2001:db8:1:2:3::4")
    assert first.address == "2001:db8:1:2::/64"
    assert not doors.named(second, "2001:db8:1:2::77")
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("nonsense") == "?"
