"""What a gateway can do to the peers that connect to it: stop service, and nothing else."""

from __future__ import annotations

import asyncio
import json
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.network.attacked import echo, keypair, node_of, until
from tests.programs.support import HOUR
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from ionet.wire import Answer, Kind, Message, Peer, Refused, Request, Role, Unreachable
from ionet.wire import _link as link_module
from ionet.wire import _peer as peer_module
from ionet.wire._link import PATH
from ionet.wire._numbers import KEPT

#: What a lying gateway does with a connection that has greeted.
Lie = Callable[["Liar", ServerConnection, Message], Awaitable[None]]


class Liar:
    """A gateway that welcomes everybody, and then does as it likes."""

    def __init__(self, lie: Lie | None = None) -> None:
        self.lie = lie
        self.hellos: dict[bytes, Message] = {}
        self.sockets: dict[bytes, ServerConnection] = {}
        self.connections = 0
        self.greeting: str | bytes | None = None

    async def _serve(self, socket: ServerConnection) -> None:
        self.connections += 1
        challenge = bytes(range(32))
        if self.greeting is not None:
            await socket.send(self.greeting)
        else:
            await socket.send(json.dumps({"challenge": challenge.hex(), "protocol": 1}))
        with suppress(ConnectionClosed):
            data = await socket.recv()
            assert isinstance(data, bytes)
            hello = Message.from_bytes(data)
            self.hellos[hello.sender], self.sockets[hello.sender] = hello, socket
            await socket.send('{"welcome":1}')
            await (self.lie or pass_on)(self, socket, hello)

    async def introduce(self) -> None:
        """Announces everybody to everybody."""
        for to in self.sockets:
            await self.introduce_to(to)

    async def introduce_to(self, to: bytes) -> None:
        """Announces everybody else to one of them."""
        for key, hello in self.hellos.items():
            if key != to:
                await self.sockets[to].send(hello.to_bytes())

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        server: Server
        settings: dict[str, Any] = {"compression": None, "max_size": None, "close_timeout": 0.2}
        async with serve(self._serve, "127.0.0.1", 0, **settings) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            yield f"ws://127.0.0.1:{port}{PATH}"


async def pass_on(liar: Liar, socket: ServerConnection, hello: Message) -> None:
    """As an honest one does."""
    async for data in socket:
        if isinstance(data, bytes):
            to = liar.sockets.get(Message.from_bytes(data).to)
            if to is not None:
                await to.send(data)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "_FIRST_PAUSE", 0.05)
    monkeypatch.setattr(link_module, "_FAULTY", 0.1)
    monkeypatch.setattr(link_module, "_SPREAD", (0.0, 0.05))


class Counting:
    """A handler that counts."""

    def __init__(self) -> None:
        self.calls: list[Request] = []

    async def __call__(self, request: Request) -> Answer:
        self.calls.append(request)
        return await echo(request)


AGENT, SEAT = keypair(1), keypair(2)


@asynccontextmanager
async def pair(
    liar: Liar, handler: Callable[[Request], Awaitable[Answer]] = echo
) -> AsyncIterator[tuple[Peer, Peer]]:
    """A seat and an agent at a lying gateway, known to each other."""
    async with (
        liar.listening() as url,
        Peer(AGENT, Role.AGENT, [[url]], node=node_of(AGENT), handler=handler) as agent,
        Peer(SEAT, Role.SEAT, [[url]]) as seat,
    ):
        assert await agent.wait_connected(5)
        assert await seat.wait_connected(5)
        await until(lambda: len(liar.sockets) == 2)
        await liar.introduce()
        assert await seat.wait_for(agent.address, 60)
        yield seat, agent


def greeting(key: Keypair, arguments: dict[str, Any] | None = None) -> bytes:
    """A greeting, as a gateway passes it on."""
    said = arguments or {"boot": "00" * 32, "role": "agent"}
    made = Message.sign(key, Kind.HELLO, to=bytes(32), context=bytes(32), number=1, arguments=said)
    return made.to_bytes()


def passing(change: Callable[[Liar, bytes], Awaitable[list[tuple[bytes, bytes]]]]) -> Lie:
    """Passes on what `change` makes of each message: receivers and bytes."""

    async def lie(liar: Liar, socket: ServerConnection, hello: Message) -> None:
        async for data in socket:
            if isinstance(data, bytes):
                for to, made in await change(liar, data):
                    await liar.sockets[to].send(made)

    return lie


class Finding:
    """A gateway that finds peers, and remembers what it has passed on."""

    def __init__(self) -> None:
        self.passed: list[bytes] = []

    async def __call__(self, liar: Liar, socket: ServerConnection, hello: Message) -> None:
        async for data in socket:
            if isinstance(data, str):
                key = bytes(Pubkey.from_string(json.loads(data)["find"]))
                await socket.send(liar.hellos[key].to_bytes())
                continue
            self.passed.append(data)
            await liar.sockets[Message.read(data).to].send(data)

    def requests(self) -> list[bytes]:
        return [data for data in self.passed if Message.read(data).kind is Kind.REQUEST]


async def test_a_request_that_is_passed_on_twice_is_done_once() -> None:
    async def twice(liar: Liar, data: bytes) -> list[tuple[bytes, bytes]]:
        return [(Message.read(data).to, data)] * 3

    done = Counting()
    async with pair(Liar(passing(twice)), done) as (seat, agent):
        for number in range(5):
            answer = await seat.ask(agent.address, "add", {"number": number}, seconds=5)
            assert answer.arguments["got"] == {"number": number}
        assert len(done.calls) == 5


async def test_requests_in_another_order_are_all_done() -> None:
    held: list[tuple[bytes, bytes]] = []

    async def backwards(liar: Liar, data: bytes) -> list[tuple[bytes, bytes]]:
        message = Message.read(data)
        if message.kind is not Kind.REQUEST:
            return [(message.to, data)]
        held.append((message.to, data))
        if len(held) < 10:
            return []
        return held[::-1]

    done = Counting()
    async with pair(Liar(passing(backwards)), done) as (seat, agent):
        asks = [seat.ask(agent.address, "add", {"number": number}, seconds=5) for number in range(10)]
        answers = await asyncio.gather(*asks)
        assert [answer.arguments["got"]["number"] for answer in answers] == list(range(10))
        assert len(done.calls) == 10


async def test_a_request_of_long_ago_is_not_done_again() -> None:
    """Not even once other keys' requests have pushed at what is remembered."""
    seen: list[bytes] = []

    async def recorded(liar: Liar, data: bytes) -> list[tuple[bytes, bytes]]:
        message = Message.read(data)
        if message.kind is Kind.REQUEST:
            seen.append(data)
        return [(message.to, data)] if message.to in liar.sockets else []

    class Choosy(Counting):
        async def __call__(self, request: Request) -> Answer:
            if request.sender != bytes(SEAT.pubkey()):
                raise Refused("not-a-seat")
            return await super().__call__(request)

    done, liar = Choosy(), Liar(passing(recorded))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peer_module, "_ASKERS", 20)
        async with pair(liar, done) as (seat, agent):
            await seat.ask(agent.address, "add", seconds=5)
            socket = liar.sockets[agent.address]
            boot = bytes.fromhex(liar.hellos[agent.address].arguments["boot"])
            for number in range(50):
                stranger = keypair(10_000 + number)
                arguments = {"arguments": {}, "method": "add"}
                made = Message.sign(
                    stranger, Kind.REQUEST, to=agent.address, context=boot, number=1, arguments=arguments
                )
                await socket.send(made.to_bytes())
            await socket.send(seen[0])
            await seat.ask(agent.address, "add", seconds=5)
            assert len(done.calls) == 2


async def test_a_request_for_an_earlier_life_is_not_done() -> None:
    seen: list[bytes] = []

    async def recorded(liar: Liar, data: bytes) -> list[tuple[bytes, bytes]]:
        message = Message.read(data)
        if message.kind is Kind.REQUEST:
            seen.append(data)
        return [(message.to, data)] if message.to in liar.sockets else []

    liar, done = Liar(passing(recorded)), Counting()
    async with liar.listening() as url, Peer(SEAT, Role.SEAT, [[url]]) as seat:
        async with Peer(AGENT, Role.AGENT, [[url]], handler=done) as agent:
            await until(lambda: len(liar.sockets) == 2)
            await liar.introduce()
            await seat.ask(agent.address, "add", seconds=5)
        async with Peer(AGENT, Role.AGENT, [[url]], handler=done) as agent:
            await until(lambda: liar.sockets[agent.address].state.name == "OPEN")
            await liar.sockets[agent.address].send(seen[0])
            await asyncio.sleep(0.1)
            assert len(done.calls) == 1


async def test_a_restarted_agent_is_asked_anew() -> None:
    """The seat asks the agent's earlier life, which is refused unread, and looks for the agent again."""
    liar, done = Liar(Finding()), Counting()
    async with liar.listening() as url, Peer(SEAT, Role.SEAT, [[url]]) as seat:
        async with Peer(AGENT, Role.AGENT, [[url]], handler=done) as agent:
            await until(lambda: len(liar.sockets) == 2)
            await liar.introduce()
            await seat.ask(agent.address, "add", seconds=5)
            old = liar.sockets[agent.address]
        async with Peer(AGENT, Role.AGENT, [[url]], handler=done) as agent:
            await until(lambda: liar.sockets[agent.address] is not old)
            await seat.ask(agent.address, "add", seconds=5)
        assert len(done.calls) == 2


async def test_an_agent_whose_clock_was_set_back_is_found_though_a_gateway_does_not_say_it_left() -> None:
    async def swallowed(liar: Liar, data: bytes) -> list[tuple[bytes, bytes]]:
        return []

    silent, honest, done = Liar(passing(swallowed)), Liar(), Counting()
    now = time.time_ns
    async with silent.listening() as first, honest.listening() as second:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "time_ns", lambda: now() + 3 * HOUR * 10**9)
            async with Peer(AGENT, Role.AGENT, [[first]]):
                await until(lambda: len(silent.sockets) == 1)
        async with (
            Peer(AGENT, Role.AGENT, [[second]], handler=done) as agent,
            Peer(SEAT, Role.SEAT, [[first], [second]]) as seat,
        ):
            await until(lambda: len(silent.sockets) == len(honest.sockets) == 2)
            await silent.introduce_to(seat.address)
            assert await seat.wait_for(agent.address, 60)
            await honest.introduce_to(seat.address)
            with pytest.raises(Unreachable, match="no answer came in time"):
                await seat.ask(agent.address, "add", seconds=1)
            await seat.ask(agent.address, "add", seconds=60)
            assert len(done.calls) == 1


@asynccontextmanager
async def set_back(liar: Liar, done: Counting) -> AsyncIterator[tuple[Peer, Peer]]:
    """A seat that has asked an agent often, and was started again with its clock set back by three hours."""
    async with liar.listening() as url, Peer(AGENT, Role.AGENT, [[url]], handler=done) as agent:
        async with Peer(SEAT, Role.SEAT, [[url]]) as seat:
            await until(lambda: len(liar.sockets) == 2)
            for number in range(KEPT + 10):
                await seat.ask(agent.address, "add", {"number": number}, seconds=60)
        old, now = liar.sockets[seat.address], time.time_ns
        done.calls.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "time_ns", lambda: now() - 3 * HOUR * 10**9)
            async with Peer(SEAT, Role.SEAT, [[url]]) as seat:
                await until(lambda: liar.sockets[seat.address] is not old)
                yield seat, agent


async def test_a_seat_whose_clock_was_set_back_is_heard() -> None:
    done = Counting()
    async with set_back(Liar(Finding()), done) as (seat, agent):
        for number in range(KEPT + 10):
            await seat.ask(agent.address, "add", {"number": number}, seconds=60)
        asked = [request.arguments["number"] for request in done.calls]
        assert asked == list(range(KEPT + 10))


async def test_an_agent_that_has_forgotten_a_seat_hears_it_and_does_nothing_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As ten thousand others have asked meanwhile; the seat's clock was set back before that."""
    done, gateway = Counting(), Finding()
    liar = Liar(gateway)
    async with set_back(liar, done) as (seat, agent):
        await seat.ask(agent.address, "add", {"number": 0}, seconds=60)
        monkeypatch.setattr(peer_module, "_ASKERS", 1)
        url = seat.links[0].url
        assert url is not None
        async with Peer(keypair(3), Role.RENTER, [[url]]) as other:
            await until(lambda: other.connected)
            await other.ask(agent.address, "add", {"number": 1}, seconds=60)
        assert all(seat.address not in known for known in agent._numbers.values())
        for data in gateway.requests()[-20:]:  # more refusals at once are not sent
            if Message.read(data).sender == seat.address:
                await liar.sockets[agent.address].send(data)
        await seat.ask(agent.address, "add", {"number": 2}, seconds=60)
        assert [request.arguments["number"] for request in done.calls] == [0, 1, 2]


async def test_nothing_that_a_seat_has_signed_is_done_again_once_its_clock_was_set_back() -> None:
    """Neither what it asked before, nor what was refused, nor what it asked since."""
    done, gateway = Counting(), Finding()
    liar = Liar(gateway)
    async with set_back(liar, done) as (seat, agent):
        to_agent = liar.sockets[agent.address]

        async def replayed() -> None:
            for data in gateway.requests():
                await to_agent.send(data)

        for number in range(3):
            await replayed()
            await seat.ask(agent.address, "add", {"number": number}, seconds=60)
        assert [request.arguments["number"] for request in done.calls] == [0, 1, 2]


async def test_the_next_life_of_a_seat_whose_clock_was_set_back_goes_on() -> None:
    """Its next life asks with the agent's boot, hears the context that counts, and asks in that one."""
    done, liar = Counting(), Liar(Finding())
    async with set_back(liar, done) as (seat, agent):
        await seat.ask(agent.address, "add", seconds=60)
        url, old = seat.links[0].url, liar.sockets[seat.address]
        assert url is not None
        await seat.__aexit__()
        async with Peer(SEAT, Role.SEAT, [[url]]) as again:
            await until(lambda: liar.sockets[again.address] is not old)
            await again.ask(agent.address, "add", seconds=60)
        assert len(done.calls) == 2


def altered(data: bytes) -> bytes:
    made = bytearray(data)
    made[-70] ^= 1
    return bytes(made)


def not_a_message(data: bytes) -> bytes:
    return b"rubbish"


def of_a_strange_kind(data: bytes) -> bytes:
    made = bytearray(data)
    made[4] = 200
    return bytes(made)


def for_somebody_else(data: bytes) -> bytes:
    return Message.sign(AGENT, Kind.REQUEST, to=bytes(32), context=bytes(32), number=1).to_bytes()


def an_odd_greeting(data: bytes) -> bytes:
    odd = {"boot": 7, "role": "agent"}
    return Message.sign(
        AGENT, Kind.HELLO, to=bytes(32), context=bytes(32), number=1, arguments=odd
    ).to_bytes()


@pytest.mark.parametrize(
    "change", [altered, not_a_message, of_a_strange_kind, for_somebody_else, an_odd_greeting]
)
async def test_a_gateway_that_passes_on_what_none_would_is_left(change: Callable[[bytes], bytes]) -> None:
    async def changed(liar: Liar, data: bytes) -> list[tuple[bytes, bytes]]:
        message = Message.read(data)
        return [(message.to, change(data) if message.kind is Kind.REQUEST else data)]

    done, liar = Counting(), Liar(passing(changed))
    async with pair(liar, done) as (seat, agent):
        with pytest.raises(Unreachable):
            await seat.ask(agent.address, "add", seconds=0.4)
        await until(lambda: liar.connections > 2)
        assert await agent.wait_connected(5)
        assert done.calls == []


async def test_an_answer_of_another_is_none() -> None:
    async def answered_by_a_stranger(liar: Liar, data: bytes) -> list[tuple[bytes, bytes]]:
        request = Message.read(data)
        if request.kind is not Kind.REQUEST:
            return []
        false = Message.sign(
            keypair(66),
            Kind.ANSWER,
            to=request.sender,
            context=request.digest,
            number=1,
            arguments={"ok": {"got": "lies"}},
        )
        return [(request.sender, false.to_bytes())]

    async with pair(Liar(passing(answered_by_a_stranger))) as (seat, agent):
        with pytest.raises(Unreachable):
            await seat.ask(agent.address, "add", seconds=0.4)


def words(*sent: str | bytes) -> Lie:
    async def lie(liar: Liar, socket: ServerConnection, hello: Message) -> None:
        for word in sent:
            await socket.send(word)
        await socket.wait_closed()

    return lie


@pytest.mark.parametrize(
    "word",
    [
        '{"gone":7}',
        '{"gone":[1,null,"x"]}',
        '{"undelivered":"zz","why":[]}',
        '{"undelivered":[1]}',
        '{"something":"new"}',
        "{}",
    ],
)
async def test_a_word_that_says_nothing_is_passed_over(word: str) -> None:
    liar = Liar(words(word))
    async with liar.listening() as url, Peer(AGENT, Role.AGENT, [[url]]) as agent:
        assert await agent.wait_connected(5)
        await asyncio.sleep(0.1)
        assert agent.connected
        assert liar.connections == 1


@pytest.mark.parametrize(
    "word",
    ["[" * 60_000, "nonsense", "[1]", "null", '{"a":"' + "x" * 100_000 + '"}', b"", b"x" * (3 << 20)],
    ids=["deep", "nonsense", "list", "null", "long", "empty", "huge"],
)
async def test_a_word_that_is_none_ends_the_connection_and_not_the_dialling(word: str | bytes) -> None:
    liar = Liar(words(word))
    async with liar.listening() as url, Peer(AGENT, Role.AGENT, [[url]]) as agent:
        await until(lambda: liar.connections >= 3)
        # At this moment it may be welcomed once more.
        await until(lambda: agent.problems)


async def test_a_link_that_is_ended_while_it_is_welcomed_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    liar = Liar(words())
    read = link_module._control

    def ended_there(data: str | bytes) -> dict[str, Any]:
        word = read(data)
        if "welcome" in word:
            asyncio.get_running_loop().call_soon(running.cancel)
        return word

    async def nothing(what: object) -> None:
        pass

    def greet(challenge: bytes, gateway: str) -> bytes:
        return Message.sign(AGENT, Kind.HELLO, to=bytes(32), context=challenge, number=1).to_bytes()

    monkeypatch.setattr(link_module, "_control", ended_there)
    async with liar.listening() as url:
        link = link_module.Link([url], greet, nothing, nothing, lambda up: None)
        running = asyncio.create_task(link.run())
        await asyncio.wait({running}, timeout=5)
        ended = running.cancelled()
        while not running.done():
            running.cancel()
            await asyncio.sleep(0.05)
        assert ended, "it went on dialling after it was cancelled"


@pytest.mark.parametrize(
    "greeting",
    [
        "{}",
        '{"protocol":2,"challenge":"00"}',
        '{"protocol":1,"challenge":7}',
        '{"protocol":1,"challenge":"' + "zz" * 32 + '"}',
        '{"refused":["x"],"retry":' + "9" * 400 + "}",
        '{"refused":"\\u001b[2Jno","retry":-5}',
        '{"refused":"no","retry":true}',
        b"bytes",
        "[" * 60_000,
    ],
)
async def test_whatever_a_gateway_begins_with_dialling_goes_on(
    greeting: str | bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "_LONGEST_PAUSE", 0.1)
    liar = Liar()
    liar.greeting = greeting
    async with liar.listening() as url, Peer(AGENT, Role.AGENT, [[url]]) as agent:
        await until(lambda: liar.connections >= 3)
        assert not agent.connected
        assert all(problem.isprintable() for problem in agent.problems)


async def test_a_gateway_does_not_lead_elsewhere() -> None:
    found = 0

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal found
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/secret" in head:
            found += 1
        port = writer.get_extra_info("sockname")[1]
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:{port}/secret\r\n\r\n".encode())
        writer.close()

    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening, Peer(AGENT, Role.AGENT, [[f"ws://127.0.0.1:{port}{PATH}"]]) as agent:
        await until(lambda: "HTTP 302" in "".join(agent.problems))
        await asyncio.sleep(0.2)
    assert found == 0


async def test_greetings_without_end_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(peer_module._ANNOUNCED, "seat", 100)
    sent = 0

    async def endless(liar: Liar, socket: ServerConnection, hello: Message) -> None:
        nonlocal sent
        for number in range(1, 3_000):
            arguments = {"boot": "00" * 32, "role": "agent"}
            key = keypair(1_000_000 + number)
            made = Message.sign(
                key, Kind.HELLO, to=bytes(32), context=bytes(32), number=1, arguments=arguments
            )
            await socket.send(made.to_bytes())
            sent = number
        await socket.wait_closed()

    honest = Liar()
    async with (
        Liar(endless).listening() as bad,
        honest.listening() as good,
        Peer(AGENT, Role.AGENT, [[good]], handler=echo) as agent,
        Peer(SEAT, Role.SEAT, [[bad], [good]]) as seat,
    ):
        await until(lambda: sent == 2_999)
        await asyncio.sleep(0.2)
        assert len(seat.present(Role.AGENT)) <= 100
        # What another gateway announces has its own room.
        await until(lambda: len(honest.sockets) == 2)
        await honest.introduce()
        await seat.ask(agent.address, "add", seconds=5)


async def test_an_old_greeting_hides_no_new_one() -> None:
    """A gateway that an agent has left keeps announcing the agent's earlier life."""
    bad, good = Liar(), Liar()
    async with bad.listening() as bad_url, good.listening() as good_url:
        async with Peer(AGENT, Role.AGENT, [[bad_url]], handler=echo):
            await until(lambda: bad.hellos)
        async with (
            Peer(AGENT, Role.AGENT, [[good_url]], handler=echo) as agent,
            Peer(SEAT, Role.SEAT, [[bad_url], [good_url]]) as seat,
        ):
            await until(lambda: len(good.sockets) == 2 and SEAT_KEY in bad.sockets)
            await good.introduce()
            assert await seat.wait_for(agent.address, 60)
            for _ in range(3):
                await bad.sockets[SEAT_KEY].send(bad.hellos[agent.address].to_bytes())
            await bad.sockets[SEAT_KEY].send(json.dumps({"gone": [str(Pubkey(agent.address))]}))
            await asyncio.sleep(0.1)
            await seat.ask(agent.address, "add", seconds=3)


SEAT_KEY = bytes(SEAT.pubkey())


async def test_a_gateway_that_swallows_requests_is_asked_last() -> None:
    async def swallow(liar: Liar, socket: ServerConnection, hello: Message) -> None:
        async for _ in socket:
            pass

    bad, good = Liar(swallow), Liar()
    async with (
        bad.listening() as bad_url,
        good.listening() as good_url,
        Peer(AGENT, Role.AGENT, [[good_url]], handler=echo) as agent,
        Peer(SEAT, Role.SEAT, [[bad_url], [good_url]]) as seat,
    ):
        await until(lambda: len(good.sockets) == 2 and SEAT_KEY in bad.sockets)
        # It has heard of the agent, and says that it has it.
        await bad.sockets[SEAT_KEY].send(good.hellos[agent.address].to_bytes())
        assert await seat.wait_for(agent.address, 60)
        await good.introduce()
        await asyncio.sleep(0.1)
        with pytest.raises(Unreachable):
            await seat.ask(agent.address, "add", seconds=0.5)
        await seat.ask(agent.address, "add", seconds=5)
        await seat.ask(agent.address, "add", seconds=5)


async def test_a_gateway_that_says_undelivered_has_a_request_sent_a_few_times_only() -> None:
    async def lying(liar: Liar, data: bytes) -> list[tuple[bytes, bytes]]:
        request = Message.read(data)
        if request.kind is not Kind.REQUEST:
            return []
        word = json.dumps({"undelivered": request.digest.hex(), "why": "\x1b[2J"})
        await liar.sockets[request.sender].send(word)
        await liar.introduce()
        return [(request.to, data)]

    done = Counting()
    async with pair(Liar(passing(lying)), done) as (seat, agent):
        with pytest.raises(Unreachable) as refused:
            await seat.ask(agent.address, "add", seconds=20)
        assert str(refused.value).isprintable()
        assert len(done.calls) <= 5


async def test_a_gateway_that_pings_and_never_reads_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "_MAX_UNSENT", 1 << 20)
    ended = asyncio.Event()

    async def pinging(liar: Liar, socket: ServerConnection, hello: Message) -> None:
        socket.transport.pause_reading()
        frame = b"\x89\x7d" + b"x" * 125
        try:
            for _ in range(2_000):
                socket.transport.write(frame * 1_000)
                await asyncio.sleep(0)
                if socket.transport.get_write_buffer_size() > 1 << 20:
                    await asyncio.sleep(0.01)
                if socket.transport.is_closing():
                    break
        finally:
            ended.set()

    liar = Liar(pinging)
    async with liar.listening() as url, Peer(AGENT, Role.AGENT, [[url]]):
        await asyncio.wait_for(ended.wait(), 60)
        await until(lambda: liar.connections > 1)


async def test_a_gateway_that_does_not_read_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "_PATIENCE", 0.5)

    async def deaf(liar: Liar, socket: ServerConnection, hello: Message) -> None:
        socket.transport.pause_reading()
        await socket.wait_closed()

    liar = Liar(deaf)
    async with liar.listening() as url, Peer(SEAT, Role.SEAT, [[url]]) as seat:
        assert await seat.wait_connected(5)
        await liar.sockets[SEAT_KEY].send(greeting(AGENT))
        to = bytes(AGENT.pubkey())
        asks = [seat.ask(to, "x", blob=bytes(1 << 20), seconds=8) for _ in range(30)]
        results = await asyncio.gather(*asks, return_exceptions=True)
        assert all(isinstance(result, Unreachable) for result in results)
        await until(lambda: liar.connections > 1)


async def test_fragments_without_end_fill_no_memory() -> None:
    ended = asyncio.Event()

    async def fragmenting(liar: Liar, socket: ServerConnection, hello: Message) -> None:
        try:
            socket.transport.write(b"\x02\x00")
            for _ in range(200):
                socket.transport.write(b"\x00\x00" * 100)
                await asyncio.sleep(0)
                if socket.transport.is_closing():
                    break
            await socket.wait_closed()
        finally:
            ended.set()

    liar = Liar(fragmenting)
    async with liar.listening() as url, Peer(AGENT, Role.AGENT, [[url]]):
        await asyncio.wait_for(ended.wait(), 60)
        await until(lambda: liar.connections > 1)


async def test_a_flood_of_requests_fills_no_memory_and_seats_get_through() -> None:
    """A gateway sends requests of as many keys as it likes, each large."""
    going = asyncio.Event()

    async def slow(request: Request) -> Answer:
        if request.sender != SEAT_KEY:
            await going.wait()
            raise Refused("not-a-seat")
        return Answer()

    liar = Liar()
    async with pair(liar, slow) as (seat, agent):
        await seat.ask(agent.address, "first", seconds=5)
        tracemalloc.start()
        socket = liar.sockets[agent.address]
        boot = bytes.fromhex(liar.hellos[agent.address].arguments["boot"])
        arguments = {"arguments": {}, "method": "x"}
        for number in range(200):
            made = Message.sign(
                keypair(20_000 + number),
                Kind.REQUEST,
                to=agent.address,
                context=boot,
                number=1,
                arguments=arguments,
                blob=bytes(1 << 19),
            )
            await socket.send(made.to_bytes())
        await seat.ask(agent.address, "second", seconds=5)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert held < 60 << 20
        assert agent._work[False][1] <= 16 << 20
        going.set()


async def test_frames_that_come_faster_than_a_peer_takes_them_wait_at_the_gateway(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(peer_module._RATE, "agent", (100.0, 50.0))
    sent = 0

    async def chattering(liar: Liar, socket: ServerConnection, hello: Message) -> None:
        nonlocal sent
        while True:
            await socket.send('{"gone":["' + "x" * 10_000 + '"]}')
            sent += 1

    liar = Liar(chattering)
    async with liar.listening() as url, Peer(AGENT, Role.AGENT, [[url]]) as agent:
        assert await agent.wait_connected(5)
        start = time.monotonic()
        await asyncio.sleep(1.0)
        # What waits is in the buffers of both sides.
        assert sent < 50 + 100 * (time.monotonic() - start) + 1_500
        start, count = time.monotonic(), sent
        await asyncio.sleep(0.5)
        assert sent - count < 150 + 100 * (time.monotonic() - start)


async def test_a_greeting_for_one_gateway_is_none_for_another() -> None:
    """A gateway that has a greeting signed for another's challenge cannot connect there with it."""
    liar = Liar()
    async with liar.listening() as url, Peer(AGENT, Role.AGENT, [[url]]):
        await until(lambda: liar.hellos)
    hello = liar.hellos[bytes(AGENT.pubkey())]
    assert hello.arguments["gateway"] == url.removeprefix("ws://").removesuffix(PATH)


async def test_a_peer_greets_again_while_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an agent does when its node was registered: from within a request, too."""
    monkeypatch.setattr(link_module, "_HOME", 1_000.0)
    liar = Liar()

    async def registering(request: Request) -> Answer:
        await agent.reconnect(bytes([7] * 32))
        return Answer()

    async with pair(liar, registering) as (seat, agent):
        with suppress(Unreachable):
            await seat.ask(agent.address, "register", seconds=0.4)
        node = str(Pubkey(bytes([7] * 32)))
        await until(lambda: liar.hellos[agent.address].arguments["node"] == node)
        await asyncio.sleep(2.5)
        # The old connection's end does not take the new one with it.
        assert agent.connected
        assert liar.connections == 3


def test_keys_are_spread_evenly_and_move_only_when_they_must() -> None:
    urls = [f"wss://gateway{number}.example/peers" for number in range(4)]
    keys = [bytes(Keypair().pubkey()) for _ in range(2_000)]
    firsts = {key: peer_module.spread(key, urls)[0] for key in keys}
    counts = [list(firsts.values()).count(url) for url in urls]
    assert all(400 < count < 600 for count in counts)
    fewer = [url for url in urls if url != urls[0]]
    moved = [key for key in keys if peer_module.spread(key, fewer)[0] != firsts[key]]
    assert {firsts[key] for key in moved} == {urls[0]}
