"""A device's part in residency: once a day it fills its memory for an hour, and reads it for each seat.

The hour's seed it reads from the chain, and its key is its own: so no seat has it hold anything else. A lease
takes the memory at once.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ionet.chain.errors import IonetError
from ionet.prover import ChallengeError
from ionet.prover._hour import SETTLED, Entry, memory_unit
from ionet.prover._signed import READS_MESSAGE, Read, SignedRoot, reads_tree, walked
from ionet.prover.residency import (
    ROUNDS,
    Challenge,
    Draw,
    Sizes,
    Stopped,
    draw_chains,
    fastest_make,
    memory_seed,
)
from ionet.wire import Answer, Refused, Request
from ionet.worker._arguments import hex32, number
from ionet.worker._leases import NodeChain, ProductHour
from ionet.worker._worker import Worker

if TYPE_CHECKING:
    from ionet.prover.residency import Prover

_log = logging.getLogger(__name__)
#: The part of a device's memory that it holds at most.
_PART: Final = (9, 10)
#: Seconds of the chain without a question after which the memory is given back.
_KEPT_FOR: Final = 900
#: Seconds of this machine after which filling is broken off, and no seat is filled so much for in that hour.
_FILLED_WITHIN: Final = 300.0
_MOST_DRAWN: Final = 64
#: Reads that are opened and signed at once: each is kept with its states until the hour is over.
_MOST_READS: Final = 1 << 16


@dataclass(slots=True)
class _Walk:
    """A seat's chains in an hour. The tree over them is dropped when they have been opened."""

    hour: int
    unit: int
    start: bytes
    root: bytes
    prover: Prover | None
    opened: bytes = b""
    reads: tuple[Read, ...] = ()
    entry: Entry | None = None


class Memory:
    """Holds an hour's blocks, and answers seats' questions about them.

    What was lost, as by a restart, is made again: the same seeds give the same bytes.

    Args:
        worker: the device.
        chain: read by the worker itself.
    """

    def __init__(self, worker: Worker, chain: NodeChain) -> None:
        self._worker = worker
        self._chain = chain
        self._seq = self._unit = self._signed = 0
        self._until = self._asked_at = 0
        self._leased = False
        #: By seat: what it asks for in this hour, and its chains.
        self._sizes: dict[bytes, Sizes] = {}
        self._walks: dict[bytes, _Walk] = {}
        self._held: Prover | None = None
        self._filling: tuple[threading.Event, asyncio.Task[None]] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._problem = ""
        #: Blocks that were not made in time in this hour.
        self._too_many = 1 << 32
        self._lock = asyncio.Lock()

    @property
    def filling(self) -> bool:
        """Whether blocks are being made now."""
        return self._filling is not None

    def look(self, now: int, leased: bool) -> None:
        """Gives the memory back if a lease needs it, or nobody asks any more.

        Args:
            now: the chain's time, Unix seconds.
            leased: whether the node has a lease.
        """
        self._leased = leased
        if leased or now >= min(self._until, self._asked_at + _KEPT_FOR):
            self.drop()

    def drop(self) -> None:
        """Gives the memory back; a question under way may still end."""
        self._walks.clear()
        if self._filling is not None:
            self._filling[0].set()
        if self._held is not None:
            held, self._held = self._held, None
            self._closing = asyncio.create_task(self._close(held))

    async def _close(self, held: Prover) -> None:
        async with self._lock:
            await asyncio.to_thread(held.close)

    async def hold(self, request: Request, may_fill: bool) -> Answer:
        """Has the memory filled for an hour: `hour`, and `blocks`, `rounds`, `chains`, `reads`.

        The answer comes at once: whether it is `ready`.

        Args:
            request: the seat's.
            may_fill: whether the device may begin with that now.
        """
        sizes = await self._asked(request)
        if self._ready(sizes):
            return Answer({"ready": True})
        if self._filling is None:
            if self._problem:
                problem, self._problem = self._problem, ""
                raise Refused("cannot-hold", problem)
            if not may_fill:
                raise Refused("busy", "a seat challenges the device at this moment")
            await self._fill()
        return Answer({"ready": False})

    async def walk(self, request: Request) -> Answer:
        """Walks all chains from a `start`, for the same arguments as `hold`; the answer has the `root`."""
        sizes = await self._asked(request)
        walk = await self._walked(request.sender, sizes, hex32(request, "start"))
        return Answer({"root": walk.root.hex()})

    async def tell(self, request: Request) -> Answer:
        """Opens the chains that are drawn from a `root` and `randomness`, `count` of them; in the blob.

        It has the arguments of `walk`, too: a device that was restarted walks the chains again.
        """
        sizes = await self._asked(request)
        start, root, randomness = (hex32(request, name) for name in ("start", "root", "randomness"))
        if not 1 <= (count := number(request, "count")) <= _MOST_DRAWN:
            raise Refused("bad-request", f"chains are 1 to {_MOST_DRAWN}")
        if count * sizes.reads > _MOST_READS:
            raise Refused("bad-request", f"at most {_MOST_READS} reads are opened at once")
        drawn = draw_chains(sizes, root, randomness, count)
        walk = self._walks.get(request.sender)
        if walk is None or walk.start != start:
            if not self._ready(sizes) and self._filling is None:
                await self._fill()
            walk = await self._walked(request.sender, sizes, start)
        if walk.root != root:
            raise Refused("other-root", "that is not the root of these chains")
        if not walk.opened and (prover := walk.prover) is not None:
            async with self._lock:
                opening = await asyncio.to_thread(prover.open, root, drawn)
                walk.reads = await asyncio.to_thread(self.reads, prover.challenge, start, drawn)
            # In another hour it would be false, and cost the node a part of its stake.
            if walk.hour != self._seq:
                raise Refused("too-late", f"hour {walk.hour} is over")
            walk.opened, walk.prover = opening.to_bytes(), None
            walk.entry = self._sign(walk, sizes)
        assert walk.entry is not None
        signed = walk.entry.signed
        said = {"number": signed.number, "reads": signed.root.hex(), "unit": signed.unit}
        return Answer({**said, "signature": walk.entry.signature.hex()}, walk.opened)

    async def states(self, request: Request) -> Answer:
        """Shows the states behind the signed reads of one chain that was opened, the `place`-th drawn.

        It has the arguments of `walk`, too. The blob has the states after each read, 128 bytes each.
        """
        sizes = await self._asked(request)
        walk = self._walks.get(request.sender)
        if walk is None or walk.start != hex32(request, "start"):
            raise Refused("not-held", "no reads of such chains are kept")
        first = number(request, "place") * sizes.reads
        return Answer({}, b"".join(read.next for read in walk.reads[first : first + sizes.reads]))

    def reads(self, challenge: Challenge, start: bytes, drawn: Draw) -> tuple[Read, ...]:
        """Returns the reads that are signed."""
        return walked(challenge, start, drawn.chains, fastest_make())

    def _sign(self, walk: _Walk, sizes: Sizes) -> Entry:
        key, node = self._worker.key, self._worker.node
        held, root = (sizes.blocks, sizes.rounds), reads_tree(walk.reads).root
        signed = SignedRoot(READS_MESSAGE, walk.hour, node, walk.unit, self._signed, held, root)
        self._signed += 1
        return Entry(signed, bytes(key.pubkey), key.sign(signed.message))

    async def _asked(self, request: Request) -> Sizes:
        """What a seat asks for: of this hour, of this node, of one size.

        Raises:
            Refused: the device does not do that.
        """
        seq = number(request, "hour")
        hour = await self._chain.product_hour(seq) if seq < 2**64 else None
        units, now = await self._chain.units(self._worker.node), await self._chain.now()
        # Nothing is waited for from here on: another request may begin another hour.
        if hour is None:
            raise Refused("no-hour", f"the chain has no compute proofs of hour {seq}")
        if now < hour.ticked_at + SETTLED:
            raise Refused("too-early", f"nothing is held within {SETTLED} s of an hour's tick")
        if seq < self._seq or hour.period_end <= now:
            raise Refused("too-late", f"hour {seq} is over")
        unit = memory_unit(hour.seed, self._worker.node, units)
        if unit is None:
            raise Refused("not-drawn", f"hour {seq} does not ask this node for its memory")
        if self._leased:
            raise Refused("leased", "the device serves a job, and its memory is the job's")
        if seq > self._seq:
            self.drop()
            self._seq, self._sizes, self._problem = seq, {}, ""
            self._unit, self._signed, self._too_many = unit, 0, 1 << 32
        self._until, self._asked_at = hour.period_end, now
        try:
            sizes = Sizes(*(number(request, name) for name in ("blocks", "rounds", "chains", "reads")))
        except ChallengeError as bad:
            raise Refused("bad-request", str(bad)) from bad
        if sizes.rounds != ROUNDS:
            # Blocks of one kind serve all seats.
            raise Refused("bad-request", f"an hour's blocks are of {ROUNDS} rounds")
        part, whole = _PART
        if sizes.memory > (most := self._worker.device.memory * part // whole):
            raise Refused("too-large", f"asked for {sizes.memory} bytes; the device holds {most} at most")
        if sizes.blocks >= self._too_many:
            raise Refused("too-large", f"{sizes.memory} bytes were not filled in {_FILLED_WITHIN:.0f} s")
        if sizes.chains * sizes.reads > self._worker.most_walked:
            raise Refused("bad-request", f"{sizes.chains} chains of {sizes.reads} reads are too much work")
        if self._sizes.setdefault(request.sender, sizes) != sizes:
            raise Refused("bad-request", "the seat has asked for other sizes in this hour")
        return sizes

    def _ready(self, sizes: Sizes) -> bool:
        return self._held is not None and self._held.challenge.sizes.blocks >= sizes.blocks

    async def _fill(self) -> None:
        """Begins to make the blocks of the seat that asks for the most: that serves all of them."""
        hour = await self._chain.product_hour(self._seq)
        # The next hour may have begun while the chain was read.
        if hour is None or hour.seq != self._seq or self._filling is not None:
            return
        self.drop()
        wanted = [item for item in self._sizes.values() if item.blocks < self._too_many]
        sizes = max(wanted, key=lambda item: item.blocks)
        stop = threading.Event()
        self._filling = stop, asyncio.create_task(self._made(hour, self._unit, sizes, stop))

    async def _made(self, hour: ProductHour, unit: int, sizes: Sizes, stop: threading.Event) -> None:
        key = bytes(self._worker.key.pubkey)
        challenge = Challenge(memory_seed(hour=hour.seed, device=key, unit=unit), sizes)

        def give_up() -> None:
            if self._seq == hour.seq:
                self._too_many = min(self._too_many, sizes.blocks)
            _log.warning("%d bytes are not filled in %.0f s", sizes.memory, _FILLED_WITHIN)
            stop.set()

        timer = asyncio.get_running_loop().call_later(_FILLED_WITHIN, give_up)
        try:
            if self._closing is not None:
                await self._closing
            room = await asyncio.to_thread(self._worker.room)
            if room is not None and sizes.memory > room:
                raise IonetError(f"{sizes.memory} bytes are asked for, {room} are free now")
            held = await asyncio.to_thread(self._worker.hold, challenge, stop, unit)
            if stop.is_set():
                await asyncio.to_thread(held.close)
            else:
                self._held = held
        except Stopped:
            pass
        except Exception as bad:
            # A driver raises what it likes.
            self._problem = f"the memory cannot be held: {str(bad) or type(bad).__name__}"
            _log.warning("%s", self._problem)
        finally:
            timer.cancel()
            self._filling = None

    async def _walked(self, seat: bytes, sizes: Sizes, start: bytes) -> _Walk:
        async with self._lock:
            held = self._held
            if held is None or not self._ready(sizes):
                raise Refused("not-held", "the memory is not filled; ask for it again")
            prover = held.sharing(sizes)
            commitment = await asyncio.to_thread(prover.commit, start)
        if self._held is not held:
            raise Refused("not-held", "the memory was given back meanwhile")
        walk = self._walks[seat] = _Walk(self._seq, self._unit, start, commitment.root, prover)
        return walk
