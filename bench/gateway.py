"""What a gateway costs: connections, memory, messages, latency, beside a bare echo server.

Run with `python bench/gateway.py [--agents N] [--seconds S]`. The gateway runs in its own process, held to
one core. Agents speak the real protocol: each greets with its key, is announced to a seat, and signs its
answers; the seat is a real `Peer`. They run in this process, on the other cores.

Measured are the time until all agents are welcomed; memory for each; a minute's duty, in which the seat asks
each agent once for its samples (4 kB), paced over `--seconds`: latency and the gateway's share of its core;
and as many questions as go, 64 at a time. There the seat is slower: what counts is the messages of a core.
Then as many heartbeats as go, in the same way: what one costs the gateway, seat and agent, with its bytes.

The echo server is `websockets`' own, with as many connections, which sends back what it gets: no signatures,
no keys, no bounds; and its latency has one way to go and back, where a question has two. `--check` fails
beyond 1 GiB or a core.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from ionet.formats.when import MINUTE
from ionet.wire import Kind, Message, Peer, Role
from ionet.wire._link import PATH, gateway_name
from ionet.wire._message import GATEWAY, MAX_MESSAGE

#: Bytes of the samples that an agent answers with.
SAMPLES: Final = 4_096
#: Agents that dial at once.
DIALLING: Final = 200
#: Seconds until all that connecting has begun is over, of idling, and for as many questions as go.
SETTLED = 2.0
IDLE = 5.0
FLAT_OUT = 5.0
ROOM: Final = 1 << 30
_ANSWER: Final = {"ok": {"more": False}}
_BEAT: Final[dict[str, object]] = {"ok": {}}


# -- the servers, each in a process of its own


class Everybody:
    """A chain on which every key is what it says; a node's address is its device's key backwards."""

    async def device(self, node: bytes) -> bytes | None:
        return node[::-1]

    async def is_seat(self, key: bytes) -> bool:
        return True

    async def is_renter(self, key: bytes) -> bool:
        return True


async def serve_gateway(agents: int) -> None:
    from ionet.gateway._bounds import Bounds
    from ionet.gateway._config import GatewayConfig
    from ionet.gateway._service import Gateway
    from ionet.store.quota import SameForAll

    bounds = Bounds(
        peers=agents + 100,
        per_address=agents + 1_000,
        arriving_per_address=2_000,
        new_per_address=100_000.0,
    )
    with tempfile.TemporaryDirectory() as folder:
        config = GatewayConfig(
            state=Path(folder), host="127.0.0.1", port=0, store=f"{folder}/store", bounds=bounds
        )
        gateway = Gateway(config, clients=(), registry=Everybody(), quota=SameForAll(1))
        await gateway.run(asyncio.Event(), lambda url: print(url, flush=True))


async def serve_echo(agents: int) -> None:
    from websockets.asyncio.server import ServerConnection, serve

    from ionet.gateway._bounds import Bounds
    from ionet.gateway._service import within_files

    within_files(Bounds(peers=agents + 1_000))

    async def echo(socket: ServerConnection) -> None:
        async for data in socket:
            await socket.send(data)

    async with serve(echo, "127.0.0.1", 0, compression=None, max_size=MAX_MESSAGE, backlog=1_024) as server:
        print(f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", flush=True)
        await asyncio.Event().wait()


class Served:
    """A server's process, and what it uses."""

    def __init__(self, what: str, agents: int) -> None:
        command = [sys.executable, __file__, "--serve", what, "--agents", str(agents)]
        self._running = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._running.stdout is not None
        self.url = self._running.stdout.readline().strip()
        self._process = psutil.Process(self._running.pid)
        self._process.cpu_affinity([min(os.sched_getaffinity(0))])
        self.empty = self.memory

    @property
    def memory(self) -> int:
        return int(self._process.memory_info().rss)

    @property
    def seconds(self) -> float:
        """Of processor time so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def end(self) -> None:
        self._running.kill()
        self._running.wait()


# -- the agents, in this process


class Agent(asyncio.Protocol):
    """A connection with as little around it as can be: 5,000 `Peer`s would measure themselves."""

    #: Bytes of the latest heartbeat and its answer.
    octets = 0

    def __init__(self, url: str, key: Keypair) -> None:
        self.key = key
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.echoed: asyncio.Future[None] | None = None
        self._url = url
        self._protocol = ClientProtocol(parse_uri(url), max_size=MAX_MESSAGE)
        self._number = time.time_ns() // 1_000

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._protocol.send_request(self._protocol.connect())
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionError("the server closed it"))

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if not isinstance(event, Frame):
                self.opened()
            elif event.opcode is Opcode.TEXT:
                self.told(bytes(event.data))
            elif event.opcode is Opcode.BINARY:
                self.asked(bytes(event.data))
        self._flush()

    def opened(self) -> None:
        """The WebSocket is there."""

    def told(self, word: bytes) -> None:
        """The gateway has said something itself."""
        if word.startswith(b'{"challenge"'):
            node = str(Pubkey(bytes(self.key.pubkey())[::-1]))
            hello = {"boot": "00" * 32, "gateway": gateway_name(self._url), "node": node, "role": "agent"}
            self._send(Kind.HELLO, GATEWAY, bytes.fromhex(word[14:78].decode()), hello)
        elif word.startswith(b'{"welcome"'):
            self.ready.set_result(None)
        else:
            raise ConnectionError(word.decode())

    def asked(self, data: bytes) -> None:
        """A message has come."""
        request = Message.from_bytes(data)
        if request.kind is not Kind.REQUEST:
            # The seat that is announced.
            return
        if request.arguments["method"] == "heartbeat":
            Agent.octets = len(data) + self._send(Kind.ANSWER, request.sender, request.digest, _BEAT)
        else:
            self._send(Kind.ANSWER, request.sender, request.digest, _ANSWER, bytes(SAMPLES))

    def _send(
        self, kind: Kind, to: bytes, context: bytes, arguments: Mapping[str, object], blob: bytes = b""
    ) -> int:
        self._number += 1
        message = Message.sign(
            self.key, kind, to=to, context=context, number=self._number, arguments=arguments, blob=blob
        )
        data = message.to_bytes()
        self._protocol.send_binary(data)
        return len(data)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)


class Echoed(Agent):
    """The same, at the echo server."""

    def opened(self) -> None:
        self.ready.set_result(None)

    def asked(self, data: bytes) -> None:
        assert self.echoed is not None
        self.echoed.set_result(None)

    async def ask(self, data: bytes) -> None:
        self.echoed = asyncio.get_running_loop().create_future()
        self._protocol.send_binary(data)
        self._flush()
        await self.echoed


async def dialled(kind: type[Agent], url: str, count: int) -> list[Agent]:
    """Connects so many, some at once."""
    loop, port = asyncio.get_running_loop(), int(url.rpartition(":")[2])
    peers = url.replace("http", "ws") + PATH
    turns, made = asyncio.Semaphore(DIALLING), []

    async def dial(number: int) -> None:
        async with turns:
            key = Keypair.from_seed(number.to_bytes(32, "big"))
            _, agent = await loop.create_connection(lambda: kind(peers, key), "127.0.0.1", port)
            made.append(agent)
            await asyncio.wait_for(agent.ready, 60)

    await asyncio.gather(*(dial(number) for number in range(1, count + 1)))
    return made


# -- what is measured


@dataclass
class Result:
    """Numbers of one server."""

    connections: int
    connecting: float = 0.0
    memory: int = 0
    each: float = 0.0
    idle: float = 0.0
    share: float = 0.0
    middle: float = 0.0
    late: float = 0.0
    rate: float = 0.0
    busy: float = 0.0
    beat: float = 0.0
    ends: float = 0.0
    octets: int = 0


async def measured(server: Served, kind: type[Agent], agents: int, seconds: int) -> Result:
    """Connects agents, asks each once, and then as often as it goes."""
    result, start = Result(agents), time.monotonic()
    connected = await dialled(kind, server.url, agents)
    result.connecting = time.monotonic() - start
    async with asking(server, connected) as ask:
        await asyncio.sleep(SETTLED)
        result.memory = server.memory
        result.each = (server.memory - server.empty) / agents
        used, start = server.seconds, time.monotonic()
        await asyncio.sleep(IDLE)
        result.idle = (server.seconds - used) / (time.monotonic() - start)
        await paced(server, ask, agents, seconds, result)
        count, seconds_of_core, _ = await flat_out(server, ask, agents)
        result.rate, result.busy = 2 * count / FLAT_OUT, seconds_of_core / FLAT_OUT
        if isinstance(ask, BySeat):
            count, gateway, ends = await flat_out(server, ask.beat, agents)
            result.beat, result.ends, result.octets = gateway / count, ends / count, Agent.octets
    result.memory = max(result.memory, server.memory)
    return result


async def paced(server: Served, ask: Ask, agents: int, seconds: int, result: Result) -> None:
    """Every agent is asked once a minute."""
    latencies: list[float] = []

    async def one(number: int) -> None:
        start = time.monotonic()
        await ask(number)
        latencies.append(time.monotonic() - start)

    used, start = server.seconds, time.monotonic()
    tasks = []
    for number in range(agents * seconds // MINUTE):
        wait = start + number * MINUTE / agents - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(number % agents)))
    await asyncio.gather(*tasks)
    result.share = (server.seconds - used) / (time.monotonic() - start)
    latencies.sort()
    result.middle, result.late = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]


async def flat_out(
    server: Served, ask: Callable[[int], Awaitable[None]], agents: int
) -> tuple[int, float, float]:
    """64 at a time, for a while: how many, and seconds of processor time there and in this process."""
    count, until = 0, time.monotonic() + FLAT_OUT

    async def again(first: int) -> None:
        nonlocal count
        number = first
        while time.monotonic() < until:
            await ask(number % agents)
            number += 64
            count += 1

    used, ours = server.seconds, time.process_time()
    await asyncio.gather(*(again(number) for number in range(64)))
    return count, server.seconds - used, time.process_time() - ours


class Ask:
    """Asks an agent, by its number."""

    async def __call__(self, number: int) -> None:
        raise NotImplementedError


class BySeat(Ask):
    def __init__(self, seat: Peer, agents: list[Agent]) -> None:
        self._seat, self._keys = seat, [bytes(agent.key.pubkey()) for agent in agents]

    async def __call__(self, number: int) -> None:
        answer = await self._seat.ask(self._keys[number], "samples", {"job": "00" * 32, "since": 0})
        assert len(answer.blob) == SAMPLES

    async def beat(self, number: int) -> None:
        nonce = secrets.token_hex(16)
        answer = await self._seat.ask(self._keys[number], "heartbeat", {"nonce": nonce})
        assert not answer.arguments


class ByEcho(Ask):
    def __init__(self, agents: list[Agent]) -> None:
        self._agents = agents

    async def __call__(self, number: int) -> None:
        agent = self._agents[number]
        assert isinstance(agent, Echoed)
        await agent.ask(bytes(SAMPLES))


@asynccontextmanager
async def asking(server: Served, agents: list[Agent]) -> AsyncIterator[Ask]:
    """Who asks: a seat at the gateway; the connections themselves at the echo server."""
    if isinstance(agents[0], Echoed):
        yield ByEcho(agents)
        return
    peers = server.url.replace("http", "ws") + PATH
    async with Peer(Keypair.from_seed(bytes(32)), Role.SEAT, [[peers]]) as seat:
        for agent in agents:
            assert await seat.wait_for(bytes(agent.key.pubkey()), 30)
        yield BySeat(seat, agents)


def table(gateway: Result, echo: Result) -> str:
    """The two side by side, and the ratio."""
    rows: list[tuple[str, Callable[[Result], float], int]] = [
        ("connections", lambda result: result.connections, 0),
        ("until all are welcomed, s", lambda result: result.connecting, 1),
        ("memory of the process, MiB", lambda result: result.memory / (1 << 20), 0),
        ("memory a connection, kB", lambda result: result.each / 1e3, 1),
        ("share of a core when idle, %", lambda result: 100 * result.idle, 1),
        ("share with each asked once a minute, %", lambda result: 100 * result.share, 1),
        ("latency of a question, p50 ms", lambda result: 1e3 * result.middle, 2),
        ("latency of a question, p99 ms", lambda result: 1e3 * result.late, 2),
        ("messages a second, 64 at a time", lambda result: result.rate, 0),
        ("messages a second of its core", lambda result: result.rate / result.busy, 0),
        ("bytes of a heartbeat and its answer", lambda result: result.octets, 0),
        ("gateway's core for a heartbeat, us", lambda result: 1e6 * result.beat, 0),
        ("the same of seat and agent together", lambda result: 1e6 * result.ends, 0),
    ]
    lines = [f"{'':<40}{'gateway':>10}{'echo':>10}{'ratio':>8}"]
    for name, value, digits in rows:
        ours, theirs = value(gateway), value(echo)
        ratio = f"{ours / theirs:.2f}" if theirs else "-"
        lines.append(f"{name:<40}{ours:>10,.{digits}f}{theirs:>10,.{digits}f}{ratio:>8}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures a gateway beside an echo server.")
    parser.add_argument("--agents", type=int, default=5_000)
    parser.add_argument("--seconds", type=int, default=60, help="of the paced part")
    parser.add_argument("--check", action="store_true", help="fail beyond 1 GiB, or a core")
    parser.add_argument("--serve", choices=("gateway", "echo"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve_gateway(given.agents) if given.serve == "gateway" else serve_echo(given.agents))
        return
    from ionet.gateway._bounds import Bounds
    from ionet.gateway._service import within_files

    within_files(Bounds(peers=given.agents + 1_000))
    every = os.sched_getaffinity(0)
    results = []
    for what, kind in (("gateway", Agent), ("echo", Echoed)):
        server = Served(what, given.agents)
        os.sched_setaffinity(0, every - {min(every)} or every)
        try:
            results.append(asyncio.run(measured(server, kind, given.agents, given.seconds)))
        finally:
            server.end()
            os.sched_setaffinity(0, every)
    gateway, echo = results
    print(table(gateway, echo))
    if given.check and (gateway.memory > ROOM or gateway.share > 0.9):
        sys.exit("the gateway needs more than a core and 1 GiB")


if __name__ == "__main__":
    main()
