"""A seat's heartbeats over real gateways: what counts as up, by docs/proofs.md, and what counts for nothing.

An hour has twelve slots of five minutes; a device may leave two of them unanswered; a seat judges by hours of
which it has watched nine slots. The chain's time is the test's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from tests.network.attacked import Attacked, Chain, keypair, node_of, until

from ionet.orchestrator import _heartbeats
from ionet.orchestrator._heartbeats import Heartbeats
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._uptime import Stated, Uptimes
from ionet.rewards import statement_bytes
from ionet.wire import Answer, Kind, Message, Peer, Refused, Request, Role

START = 1_800_000_000
HOUR, SLOT = 3_600, 300
#: Enough looks for every slot to be watched, and few.
STEP = 50


class Device:
    """A device with one slot's heartbeat after the other, and what it says of itself."""

    def __init__(self, number: int, silent: Sequence[int] = (), claims: int = 0) -> None:
        self.key = keypair(number)
        self.node = node_of(self.key)
        self.silent, self.claims = silent, claims
        self.beats = 0

    async def answer(self, request: Request) -> Answer:
        if request.method == "heartbeat":
            self.beats += 1
            if self.beats - 1 in self.silent:
                raise Refused("away")
            return Answer()
        said = self.claims, HOUR, bytes(32), bytes(32)
        signed = bytes(self.key.sign_message(statement_bytes(self.node, request.arguments["end"], *said)))
        digests = {"proof": bytes(32).hex(), "samples": bytes(32).hex()}
        return Answer({"good": HOUR, "up_hours": self.claims, **digests}, signed)


class Field:
    """A seat at gateways, whose count a test moves through the chain's time."""

    def __init__(self, folder: Path, gateways: Sequence[Attacked], seat: Peer, chain: Chain) -> None:
        # The first hour has begun before; the one that is looked at begins with the next look.
        self.now = START - STEP
        self.folder, self.gateways, self.seat, self.chain = folder, gateways, seat, chain
        self.journal = Journal(folder / "journal.sqlite3")
        self.begin()

    def begin(self) -> None:
        """The seat's process, or a later one with the same folder."""
        path = self.folder / "heartbeats.json"
        self.beats = Heartbeats(self.seat, self._devices_of, lambda: self.now, lambda: START - HOUR, path)
        self.uptimes = Uptimes(self.seat, self.beats, self.journal)

    async def _devices_of(self, nodes: Sequence[bytes]) -> dict[bytes, bytes]:
        return {node: self.chain.nodes[node] for node in nodes if node in self.chain.nodes}

    @asynccontextmanager
    async def at(self, *devices: Device, kind: Callable[..., Peer] = Peer) -> AsyncIterator[list[Peer]]:
        """Devices that are at a gateway, and that the seat knows there."""
        async with AsyncExitStack() as stack:
            peers = []
            for device in devices:
                self.chain.add(device.key, Role.AGENT)
                urls = [[gateway.peers for gateway in self.gateways]]
                made = kind(device.key, Role.AGENT, urls, node=device.node, handler=device.answer)
                peers.append(await stack.enter_async_context(made))
                assert await self.seat.wait_for(made.address, 30)
            yield peers

    async def spend(self, seconds: int, step: int = STEP) -> None:
        """Lets time pass with a look at each step, which waits for answers."""
        for _ in range(seconds // step):
            self.now += step
            await self.beats.look()
            await asyncio.gather(*self.beats._asking)

    async def collect(self) -> Stated:
        """What the seat knows of the hour that has just ended."""
        return await self.uptimes.collect(self.now - (self.now - START) % HOUR)

    async def hours(self) -> dict[bytes, int]:
        return (await self.collect()).hours


Make = Callable[..., Awaitable[Field]]


@pytest.fixture
async def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    # Whoever is away is away for long here, and whoever is there has been announced.
    monkeypatch.setattr(_heartbeats, "_PRESENCE", 0.0)
    async with AsyncExitStack() as stack:

        async def made(gateways: int = 1) -> Field:
            chain = Chain()
            doors = [stack.enter_context(Attacked(tmp_path / f"gateway-{n}", chain)) for n in range(gateways)]
            key = chain.add(keypair(1_001), Role.SEAT)
            seat = Peer(key, Role.SEAT, [[door.peers] for door in doors])
            await stack.enter_async_context(seat)
            await until(lambda: all(link.connected for link in seat.links), 30)
            field = Field(tmp_path, doors, seat, chain)
            stack.callback(field.journal.close)
            await field.beats.look()
            return field

        yield made


@pytest.fixture
async def field(make: Make) -> Field:
    return await make()


@pytest.mark.parametrize(("silent", "hours"), [((), 1), ((0, 11), 1), ((5, 6), 1), ((0, 5, 6), 0)])
async def test_a_device_is_up_in_an_hour_of_which_it_leaves_two_slots_unanswered(
    field: Field, silent: Sequence[int], hours: int
) -> None:
    device, other = Device(1, silent), Device(2)
    async with field.at(device, other):
        await field.spend(HOUR + STEP)
        assert await field.hours() == {device.node: hours, other.node: 1}


async def test_each_slot_has_one_heartbeat_at_a_moment_of_its_own(field: Field) -> None:
    device, moments = Device(1), []
    answer = device.answer

    async def noted(request: Request) -> Answer:
        moments.append(field.now - START)
        return await answer(request)

    device.answer = noted  # type: ignore[method-assign]
    async with field.at(device):
        field.now = START - 10
        await field.spend(HOUR + 10, 10)
    # One that is asked at the very beginning of the next slot is the next one's.
    moments = [moment for moment in moments if moment < HOUR] + [HOUR] * (12 - len(moments))
    assert [n for n, moment in enumerate(moments) if not SLOT * n <= moment <= SLOT * (n + 1)] == []
    # Twelve that are the same by chance: once in 30 ** 11.
    assert len({moment % SLOT for moment in moments}) > 1


async def test_a_seat_that_is_away_costs_nobody_an_hour_and_states_none_that_it_did_not_watch(
    field: Field,
) -> None:
    device, down = Device(1), Device(2, range(12, 36))
    async with field.at(device, down):
        await field.spend(HOUR + STEP)
        # Ten minutes without a look, and a process that is begun anew: three slots are not watched.
        field.now += 600
        field.begin()
        await field.spend(HOUR - 600)
        assert await field.hours() == {device.node: 2, down.node: 0}
        # Most of an hour: this one is nobody's, and breaks no row.
        field.now += 2_400
        await field.spend(HOUR - 2_400)
        assert await field.hours() == {}
        await field.spend(HOUR)
        assert await field.hours() == {device.node: 4, down.node: 0}
        # Five hours: the seat begins anew, and takes a device's word for what was before.
        field.now += 5 * HOUR
        device.claims = 9
        await field.spend(HOUR)
        assert (await field.hours())[device.node] == 9


async def test_the_word_of_a_device_counts_for_hours_before_a_seat_began_to_count_alone(field: Field) -> None:
    first, late, loud = Device(1, claims=7), Device(2, claims=7), Device(3, silent=range(12), claims=7)
    async with field.at(first, loud):
        await field.spend(HOUR + STEP)
        stated = await field.collect()
        assert stated.hours == {first.node: 7, loud.node: 0}
        assert {node: word.up_hours for node, word in stated.words.items()} == {first.node: 7, loud.node: 7}
        # Not there in the hour before, whatever it says.
        async with field.at(late):
            await field.spend(HOUR)
            assert await field.hours() == {first.node: 7, late.node: 1, loud.node: 1}


async def test_one_that_states_nothing_or_signs_something_else_costs_nobody_else(field: Field) -> None:
    silent, other, good = Device(1, claims=1), Device(2, claims=1), Device(3, claims=1)
    answer = silent.answer

    async def refused(request: Request) -> Answer:
        if request.method == "uptime":
            raise Refused("busy")
        return await answer(request)

    silent.answer = refused  # type: ignore[method-assign]
    async with field.at(silent, other, good):
        other.key = Keypair()
        stated = await field.collect()
        assert list(stated.words) == [good.node]
        # It has watched no hour yet.
        assert stated.hours == {}
    assert [entry.step for entry in field.journal.entries()] == ["no statement", "no statement"]


async def test_a_gateway_that_fails_costs_nobody_an_hour_and_hides_nobody(make: Make) -> None:
    field = await make(2)
    device, gone = Device(1), Device(2)
    async with field.at(device) as (peer,):
        (number,) = field.seat._present[peer.address].links
        failing = field.gateways[number]
        field.gateways = [failing]
        async with field.at(gone):
            await field.spend(HOUR // 4 + STEP)
        failing.kill()
        # The device goes to the other gateway by itself; the seat misses one from here on.
        await until(lambda: 1 - number in getattr(field.seat._present.get(peer.address), "links", ()), 60)
        assert not field.seat.links[number].connected
        await field.spend(3 * HOUR // 4)
        assert await field.hours() == {device.node: 1}
        assert gone.beats == 3


class Cheat(Peer):
    """Answers heartbeats truly for a while, and then by whatever it has kept or could have made before."""

    #: What other devices sign for it, if they do.
    friend: Peer | None = None

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.earlier: list[Message] = []
        self.sent = 0

    def _requested(self, number: int, message: Message, size: int) -> None:
        self.earlier.append(message)
        if len(self.earlier) <= 6 or message.arguments["method"] != "heartbeat":
            super()._requested(number, message, size)
        else:
            self._spawn(self._pretend(number, message))

    async def _pretend(self, number: int, message: Message) -> None:
        last = self.earlier[-2]
        # All of the request guessed but for its random bytes.
        guess = replace(message, arguments=last.arguments, signature=bytes(64))
        for digest in (last.digest, guess.digest):
            await self._send(self, number, message, digest)
        assert self.friend is not None
        await self._send(self.friend, 0, message, message.digest)
        # The seat need not wait for the true one.
        await self._answer(number, message, {"refused": "away"})
        self.sent += 1

    async def _send(self, peer: Peer, number: int, message: Message, digest: bytes) -> None:
        made = peer._sign(Kind.ANSWER, message.sender, digest, {"ok": {}})
        assert await peer._links[number].send(made.to_bytes)


async def test_a_replayed_a_foreign_and_an_answer_signed_before_count_for_nothing(field: Field) -> None:
    cheat, friend = Device(1), Device(2)
    async with field.at(friend) as (other,), field.at(cheat, kind=Cheat) as (peer,):
        assert isinstance(peer, Cheat)
        peer.friend = other
        await field.spend(HOUR + STEP)
        assert await field.hours() == {cheat.node: 0, friend.node: 1}
        assert peer.sent >= 6


async def test_a_key_that_the_chain_does_not_have_is_asked_nothing(field: Field) -> None:
    device, another = Device(1), Device(2)
    async with field.at(device, another):
        # Its gateway announces it as the node's device all the same.
        field.chain.nodes[device.node] = bytes(Keypair().pubkey())
        await field.spend(HOUR + STEP)
        assert await field.hours() == {another.node: 1}
        assert device.beats == 0


@pytest.mark.parametrize("text", ["", "{", "7", '{"end": 1}', '{"answered": 7, "end": 1, "up": []}'])
async def test_a_file_that_is_none_counts_nothing(field: Field, text: str) -> None:
    (field.folder / "heartbeats.json").write_text(text)
    field.begin()
    device = Device(1)
    async with field.at(device):
        await field.beats.look()
        await field.spend(HOUR + STEP)
        assert await field.hours() == {device.node: 1}
