"""A real gateway in a thread of its own, honest peers at it, and raw connections to attack it with."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ionet.gateway._bounds import Bounds
from ionet.gateway._config import GatewayConfig
from ionet.gateway._hub import RegistryUnavailable
from ionet.gateway._service import Gateway
from ionet.store.quota import SameForAll
from ionet.wire import MAX_MESSAGE, Answer, Kind, Message, Peer, Request, Role
from ionet.wire._link import PATH, gateway_name
from ionet.wire._message import GATEWAY

#: Short times, so that what is late ends within a test.
QUICK = Bounds(
    seconds_to_arrive=1.0,
    seconds_to_greet=0.6,
    seconds_to_send=1.0,
    seconds_to_close=0.5,
    seconds_to_receive=1.0,
    seconds_silent=0.6,
    new_per_address=10_000.0,
)


def keypair(number: int) -> Keypair:
    return Keypair.from_seed(number.to_bytes(32, "big"))


def node_of(key: Keypair) -> bytes:
    """Every device has a node here, whose address is the key backwards."""
    return bytes(key.pubkey())[::-1]


class Chain:
    """What the chain says: devices' nodes, seats and renters that a test has named."""

    def __init__(self) -> None:
        self.nodes: dict[bytes, bytes] = {}
        self.seats: set[bytes] = set()
        self.renters: set[bytes] = set()
        self.down = False
        self.asked = 0

    def _ask(self) -> None:
        self.asked += 1
        if self.down:
            raise RegistryUnavailable("down")

    async def device(self, node: bytes) -> bytes | None:
        self._ask()
        return self.nodes.get(node)

    async def is_seat(self, key: bytes) -> bool:
        self._ask()
        return key in self.seats

    async def is_renter(self, key: bytes) -> bool:
        self._ask()
        return key in self.renters

    def add(self, key: Keypair, role: Role) -> Keypair:
        address = bytes(key.pubkey())
        if role is Role.AGENT:
            self.nodes[node_of(key)] = address
        else:
            (self.seats if role is Role.SEAT else self.renters).add(address)
        return key


class Attacked:
    """A gateway in its own thread."""

    def __init__(self, folder: Path, chain: Chain, bounds: Bounds = QUICK, **more: Any) -> None:
        settings = {"host": "127.0.0.1", "port": 0, "state": folder, "store": str(folder / "store")}
        self.config = GatewayConfig(bounds=bounds, **{**settings, **more})
        self.chain = chain
        self.url = ""

    def __enter__(self) -> Self:
        self.service = Gateway(self.config, clients=(), registry=self.chain, quota=SameForAll(1 << 20))
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._failed: BaseException | None = None

        def serve() -> None:
            try:
                running = self.service.run(self._stop, lambda url: ready.set())
                self._server_task = self._loop.create_task(running)
                self._loop.run_until_complete(self._server_task)
            except BaseException as bad:
                self._failed = bad
            finally:
                ready.set()

        self._thread = threading.Thread(target=serve)
        self._thread.start()
        ready.wait(10)
        if self._failed is not None:
            raise self._failed
        assert self.service.hub is not None
        self.hub = self.service.hub
        self.url = self.service.url
        # Started again, it is where it was.
        self.config = replace(self.config, port=self.service.port)
        return self

    def __exit__(self, *error: object) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()
        self._loop.close()

    def kill(self) -> None:
        """Ends it at once, without a word to anybody."""

        def end() -> None:
            assert self.service.doors is not None
            self.service.doors.close()
            self._server_task.cancel()

        self._loop.call_soon_threadsafe(end)
        self._thread.join(10)

    @property
    def port(self) -> int:
        return self.config.port

    @property
    def peers(self) -> str:
        """The URL where peers connect."""
        return self.url.replace("http", "ws", 1) + PATH

    def narrow(self, connection: socket.socket) -> None:
        """Has the kernel keep little of what the gateway sends over a connection, until it is read."""
        assert self.service.doors is not None
        for arrival in list(self.service.doors._all):
            if arrival.transport.get_extra_info("peername") == connection.getsockname():
                made = arrival.transport.get_extra_info("socket")
                made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
                return
        raise AssertionError("the gateway has no such connection")

    def refused(self, why: str) -> int:
        return self.hub.counters.refused[why]

    def dropped(self, why: str) -> int:
        return self.hub.counters.dropped[why]


async def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.02)


async def echo(request: Request) -> Answer:
    return Answer({"got": dict(request.arguments)}, request.blob)


@asynccontextmanager
async def honest(gateway: Attacked, number: int = 1) -> AsyncIterator[tuple[Peer, Peer]]:
    """A seat and an agent that have done nothing wrong."""
    seat = gateway.chain.add(keypair(1_000 + number), Role.SEAT)
    device = gateway.chain.add(keypair(2_000 + number), Role.AGENT)
    async with (
        Peer(device, Role.AGENT, [[gateway.peers]], node=node_of(device), handler=echo) as agent,
        Peer(seat, Role.SEAT, [[gateway.peers]]) as asker,
    ):
        assert await asker.wait_for(agent.address, 60)
        yield asker, agent


async def served(pair: tuple[Peer, Peer], times: int = 5, within: float = 1.0) -> None:
    """The honest pair is served, and soon."""
    asker, agent = pair
    for number in range(times):
        start = time.monotonic()
        answer = await asker.ask(agent.address, "echo", {"number": number}, b"x" * 1_000, seconds=5)
        assert (answer.arguments["got"], len(answer.blob)) == ({"number": number}, 1_000)
        assert time.monotonic() - start < within


def tcp(gateway: Attacked) -> socket.socket:
    """A bare connection."""
    made = socket.create_connection(("127.0.0.1", gateway.port), timeout=5)
    made.settimeout(5)
    return made


def is_closed(connection: socket.socket, seconds: float = 5.0) -> bool:
    """Whether the other side ends a connection in time; what it still sends is thrown away."""
    connection.settimeout(seconds)
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            if not connection.recv(1 << 16):
                return True
    except TimeoutError:
        return False
    except OSError:
        return True
    return False


class Raw:
    """A WebSocket that says what a test wants, with a key."""

    def __init__(self, socket: ClientConnection, key: Keypair) -> None:
        self.socket, self.key = socket, key
        self.number = time.time_ns() // 1_000

    def message(self, kind: Kind, to: bytes, context: bytes = bytes(32), **more: Any) -> Message:
        self.number += 1
        made: dict[str, Any] = {"number": self.number, **more}
        return Message.sign(made.pop("key", self.key), kind, to=to, context=context, **made)

    async def challenge(self) -> bytes:
        return bytes.fromhex(json.loads(await self.socket.recv())["challenge"])

    def hello(self, challenge: bytes, role: Role, gateway: str, **more: Any) -> bytes:
        arguments: dict[str, Any] = {"boot": bytes(range(32)).hex(), "gateway": gateway, "role": role.value}
        arguments |= more.pop("instead", {}) | more
        return self.message(Kind.HELLO, GATEWAY, challenge, arguments=arguments).to_bytes()

    async def word(self) -> dict[str, Any]:
        """The gateway's next word."""
        while True:
            data = await asyncio.wait_for(self.socket.recv(), 60)
            if isinstance(data, str):
                value: dict[str, Any] = json.loads(data)
                return value

    async def read(self) -> None:
        """Reads whatever comes, so that pings are answered, too."""
        with suppress(ConnectionClosed):
            while True:
                await self.socket.recv()

    async def ending(self, seconds: float = 5.0) -> tuple[int, str]:
        """How the gateway ends it: code and reason."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.socket.recv()
        except ConnectionClosed as bad:
            return (bad.rcvd.code, bad.rcvd.reason) if bad.rcvd is not None else (1006, "")


@asynccontextmanager
async def raw(gateway: Attacked, key: Keypair, address: str = "", **more: Any) -> AsyncIterator[Raw]:
    """A WebSocket that has not greeted; `address`: what a proxy says where it is from."""
    headers = {"x-forwarded-for": address} if address else {}
    settings: dict[str, Any] = {
        "compression": None,
        "max_size": MAX_MESSAGE,
        "close_timeout": 0.2,
        "ping_interval": None,
        **more,
    }
    async with connect(gateway.peers, additional_headers=headers, **settings) as socket:
        yield Raw(socket, key)


@asynccontextmanager
async def joined(
    gateway: Attacked,
    number: int,
    role: Role = Role.AGENT,
    *,
    address: str = "",
    known: bool = True,
    **more: Any,
) -> AsyncIterator[Raw]:
    """A WebSocket that has greeted, and was welcomed."""
    key = keypair(number)
    if known:
        gateway.chain.add(key, role)
    async with raw(gateway, key, address, **more) as connection:
        extra = {"node": str(Pubkey(node_of(key)))} if role is Role.AGENT and known else {}
        name = gateway_name(gateway.url)
        await connection.socket.send(connection.hello(await connection.challenge(), role, name, **extra))
        assert "welcome" in await connection.word()
        yield connection
