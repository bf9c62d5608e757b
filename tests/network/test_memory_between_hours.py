"""A device that is asked for its memory while one hour ends and the next one begins."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from solders.keypair import Keypair

from ionet.prover import _hour
from ionet.prover._signed import Read
from ionet.prover.residency import Challenge, Draw, Prover, Stopped
from ionet.wire import Refused, Request
from ionet.worker import DeviceKey, _memory
from ionet.worker._leases import ProductHour
from ionet.worker._memory import Memory

HOUR = 3_600
SIZES = {"blocks": 64, "rounds": 2_048, "chains": 64, "reads": 2}
START, NOTHING = bytes(range(32)), bytes(32)


class Chain:
    """Hours that begin on time, and a node of one processor."""

    clock = 100

    async def now(self) -> int:
        return self.clock

    async def units(self, node: bytes) -> int:
        return 1

    async def product_hour(self, seq: int) -> ProductHour | None:
        begun = (seq - 1) * HOUR
        seed = hashlib.sha256(seq.to_bytes(8, "little")).digest()
        return ProductHour(seq, begun, begun + HOUR, seed, None) if begun <= self.clock else None


class Slow(Memory):
    """Reads for as long as it is told to, and says that it has begun."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.begun, self.go_on = asyncio.Event(), threading.Event()
        self._loop = asyncio.get_running_loop()

    def reads(self, challenge: Challenge, start: bytes, drawn: Draw) -> tuple[Read, ...]:
        self._loop.call_soon_threadsafe(self.begun.set)
        assert self.go_on.wait(60)
        return super().reads(challenge, start, drawn)


def made(challenge: Challenge, stop: threading.Event, unit: int) -> Prover:
    return Prover(challenge, stop=stop)


def device(kind: type[Memory], chain: Any, hold: Any = made) -> Any:
    worker = SimpleNamespace(
        node=bytes(32),
        key=DeviceKey(Keypair()),
        device=SimpleNamespace(memory=1 << 30),
        room=lambda: None,
        most_walked=1 << 22,
        hold=hold,
    )
    return kind(worker, chain)  # type: ignore[arg-type]


def asked(hour: int, **more: Any) -> Request:
    return Request(b"\1" * 32, "tell", {"hour": hour, **SIZES, **more})


async def held(memory: Any, hour: int) -> None:
    await memory.hold(asked(hour), True)
    if memory._filling is not None:
        await asyncio.wait_for(memory._filling[1], 60)
    assert (await memory.hold(asked(hour), True)).arguments["ready"]


async def test_what_was_read_for_one_hour_is_not_signed_as_the_next_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_hour, "_MEMORY_HOURS", 1)
    chain = Chain()
    memory = device(Slow, chain)
    await held(memory, 1)
    root = (await memory.walk(asked(1, start=START.hex()))).arguments["root"]
    draw = {"start": START.hex(), "root": root, "randomness": NOTHING.hex(), "count": 2}
    telling = asyncio.create_task(memory.tell(asked(1, **draw)))
    await asyncio.wait_for(memory.begun.wait(), 60)
    chain.clock = HOUR + 100
    await memory._asked(asked(2))
    memory.go_on.set()
    with pytest.raises(Refused, match="hour 1 is over"):
        await telling
    assert memory._signed == 0
    await held(memory, 2)
    memory.drop()


async def test_blocks_are_those_of_the_hour_that_began_while_the_chain_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_hour, "_MEMORY_HOURS", 1)

    class Away(Chain):
        """Is slow to show the first hour to who fills its memory."""

        waiting: asyncio.Event | None = None

        async def product_hour(self, seq: int) -> ProductHour | None:
            found = await super().product_hour(seq)
            if self.waiting is not None and seq == 1:
                await self.waiting.wait()
            return found

    chain = Away()
    memory = device(Memory, chain)
    await memory._asked(asked(1))
    chain.waiting = asyncio.Event()
    filling = asyncio.create_task(memory._fill())
    await asyncio.sleep(0)
    chain.clock = HOUR + 100
    await memory._asked(asked(2))
    chain.waiting.set()
    await filling
    await held(memory, 2)
    hour = await chain.product_hour(2)
    assert hour is not None
    parts = (b"ionet:mem:seed", hour.seed, bytes(memory._worker.key.pubkey), bytes(4))
    assert memory._held.challenge.seed == hashlib.sha256(b"".join(parts)).digest()
    memory.drop()


async def test_no_seat_has_a_device_keep_more_reads_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_hour, "_MEMORY_HOURS", 1)
    memory = device(Memory, Chain())
    many = {**SIZES, "reads": 2**16, "start": START.hex(), "root": NOTHING.hex(), "randomness": NOTHING.hex()}
    with pytest.raises(Refused, match="at most 65536 reads are opened at once"):
        await memory.tell(Request(b"\1" * 32, "tell", {"hour": 1, **many, "count": 2}))


async def test_no_seat_has_a_device_fill_its_memory_for_so_long_that_others_miss_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_hour, "_MEMORY_HOURS", 1)
    monkeypatch.setattr(_memory, "_FILLED_WITHIN", 0.1)

    def endless(challenge: Challenge, stop: threading.Event, unit: int) -> Prover:
        if challenge.sizes.blocks > SIZES["blocks"]:
            assert stop.wait(60)
            raise Stopped
        return made(challenge, stop, unit)

    memory = device(Memory, Chain(), endless)
    greedy = Request(b"\2" * 32, "hold", {"hour": 1, **SIZES, "blocks": 1 << 20})
    assert not (await memory.hold(greedy, True)).arguments["ready"]
    await asyncio.wait_for(memory._filling[1], 60)
    # What a small filling takes on a busy machine is none of this.
    monkeypatch.setattr(_memory, "_FILLED_WITHIN", 300.0)
    with pytest.raises(Refused, match="were not filled in"):
        await memory.hold(greedy, True)
    await held(memory, 1)
    memory.drop()


async def test_no_seat_has_a_device_read_for_longer_than_an_answer_may_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_hour, "_MEMORY_HOURS", 1)
    memory = device(Memory, Chain())
    memory._worker.most_walked = 1 << 17
    most = Request(b"\1" * 32, "hold", {"hour": 1, **SIZES, "reads": 2**11})
    with pytest.raises(Refused, match="64 chains of 2049 reads are too much work"):
        await memory.hold(Request(b"\2" * 32, "hold", {**most.arguments, "reads": 2**11 + 1}), True)
    await memory.hold(most, True)
    memory.drop()
