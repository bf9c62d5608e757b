"""A device's answers to compute challenges, also of one that is not registered yet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from ionet.prover import MAX_UNITS, Challenge
from ionet.wire import Answer, Refused, Request
from ionet.worker._arguments import hex32, number
from ionet.worker._memory import Memory
from ionet.worker._products import Products, check_work
from ionet.worker._turns import Turns
from ionet.worker._worker import Worker

_RESIDENCY: Final = frozenset({"hold", "states", "tell", "walk"})
_SIGNED: Final = frozenset({"product", "receipt", "reveal"})
METHODS: Final = frozenset({"commit", "number", "open", "reserve"}) | _RESIDENCY | _SIGNED
_MOST_ROWS: Final = 256


class Challenges:
    """Answers seats' challenges, one seat at a time.

    Two at once would slow each other down, and a challenge that waits is known before its time begins: so a
    seat reserves the device before it says what it asks.

    Args:
        worker: the device.
        is_seat: whether a key holds a seat.
        products: signs the products of hours; None: a device that is not registered signs none.
        memory: is filled and read once a day; None: that of a device that is not registered is not.

    Attributes:
        milliseconds: how long the last product took; None before the first.
    """

    def __init__(
        self,
        worker: Worker,
        is_seat: Callable[[bytes], Awaitable[bool]],
        products: Products | None = None,
        memory: Memory | None = None,
    ) -> None:
        self._worker = worker
        self._products = products
        self._memory = memory
        self._is_seat = is_seat
        self._turns = Turns()
        self.milliseconds: int | None = None

    async def handle(self, request: Request) -> Answer:
        """Answers one of `METHODS`.

        Raises:
            Refused: the asker holds no seat, or another seat has the device.
        """
        if not await self._is_seat(request.sender):
            raise Refused("not-a-seat", "the key holds no seat in the attester set")
        if request.method in _SIGNED:
            return await self._signed(request)
        if request.method == "hold":
            return await self._hold(request)
        if request.method == "states":
            return await self._of_memory().states(request)
        if request.method == "reserve":
            return self._reserve(request)
        methods = {
            "commit": self._commit,
            "number": self._number,
            "open": self._open,
            "tell": self._tell,
            "walk": self._walk,
        }
        with self._turns.step(request.sender) as mine:
            if not mine:
                raise Refused("not-reserved", "the device is not kept for this seat")
            return await methods[request.method](request)

    def _reserve(self, request: Request) -> Answer:
        if self._computing:
            raise Refused("busy", "the device computes the hour's product")
        if self._memory is not None and self._memory.filling:
            raise Refused("busy", "the device fills its memory")
        if not self._turns.take(request.sender):
            raise Refused("busy", "another seat challenges the device at this moment, or is next")
        return Answer()

    async def _hold(self, request: Request) -> Answer:
        try:
            answer = await self._of_memory().hold(request, not self._turns.taken and not self._computing)
        except Refused as bad:
            if bad.kind == "busy":
                self._turns.wait(request.sender, "hold")
            raise
        self._turns.served(request.sender, "hold")
        return answer

    @property
    def _computing(self) -> bool:
        return self._products is not None and self._products.computing

    def _of_memory(self) -> Memory:
        if self._memory is None:
            raise Refused("not-registered", "a device is asked for its memory when it is registered")
        return self._memory

    async def _walk(self, request: Request) -> Answer:
        return await self._of_memory().walk(request)

    async def _tell(self, request: Request) -> Answer:
        answer = await self._of_memory().tell(request)
        self._turns.free()
        return answer

    async def _signed(self, request: Request) -> Answer:
        if self._products is None:
            raise Refused("not-registered", "a device signs products when it is registered")
        if request.method == "product" and self._turns.taken:
            # It would slow an answer that is timed.
            self._turns.wait(request.sender, "product")
            raise Refused("busy", "a seat challenges the device at this moment")
        methods = {
            "product": self._products.product,
            "receipt": self._products.receipt,
            "reveal": self._products.reveal,
        }
        answer = await methods[request.method](request)
        if request.method == "product":
            self._turns.served(request.sender, "product")
        return answer

    async def _number(self, request: Request) -> Answer:
        """Computes a product on each processor, all at once; the answer comes when all are done."""
        seeds, m, k = request.arguments["seeds"], number(request, "m"), number(request, "k")
        if not isinstance(seeds, list) or not 1 <= len(seeds) <= MAX_UNITS:
            raise Refused("bad-request", f"seeds are 1 to {MAX_UNITS}")
        challenges = [Challenge(bytes.fromhex(seed), m, k) for seed in seeds]
        await check_work(self._worker, len(seeds), m, k)
        start = time.monotonic()
        commitments = await asyncio.to_thread(self._worker.commit_all, challenges)
        self.milliseconds = round(1_000 * (time.monotonic() - start))
        return Answer({"roots": [commitment.root.hex() for commitment in commitments]})

    async def _commit(self, request: Request) -> Answer:
        challenge = Challenge(hex32(request, "seed"), number(request, "m"), number(request, "k"))
        await check_work(self._worker, 1, challenge.m, challenge.k)
        start = time.monotonic()
        commitment = await asyncio.to_thread(self._worker.commit, challenge)
        self.milliseconds = round(1_000 * (time.monotonic() - start))
        return Answer({"root": commitment.root.hex()})

    async def _open(self, request: Request) -> Answer:
        rows = request.arguments["rows"]
        if not isinstance(rows, list) or len(rows) > _MOST_ROWS or not all(type(row) is int for row in rows):
            raise Refused("bad-request", f"rows are at most {_MOST_ROWS} integers")
        randomness = hex32(request, "randomness")
        opening = await asyncio.to_thread(self._worker.open, hex32(request, "root"), rows, randomness)
        if not self._worker.counting:
            self._turns.free()
        return Answer({}, opening.to_bytes())
