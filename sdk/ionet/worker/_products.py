"""A device's part in an hour's compute proofs: products that it signs, and opens when the hour is drawn.

Seed and draw it reads from the chain by itself: it would be slashed for a product of another seed, and a seat
that chose the rows would know before what is looked at.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ionet.chain.files import replace_secret
from ionet.prover import MAX_UNITS, ChallengeError, Prover, draw
from ionet.prover._hour import MOST_K, MOST_M, MOST_WORK, SETTLED, Entry, receipt_holds
from ionet.prover._signed import RATE_MESSAGE, SignedRoot, rate_challenge
from ionet.wire import Answer, Refused, Request
from ionet.worker._arguments import hex32, number
from ionet.worker._leases import NodeChain, ProductHour
from ionet.worker._worker import Worker

if TYPE_CHECKING:
    from ionet.prover import Challenge

_MOST_ROWS: Final = 256
#: Hours whose receipts are kept: as long as what was signed in them can be disproved, and a day.
_KEPT: Final = 192


@dataclass(slots=True)
class _Product:
    """One that was signed. Its prover is dropped when it has been opened: all seats draw the same rows."""

    challenge: Challenge
    entry: Entry
    prover: Prover | None
    opened: dict[int, bytes] = field(default_factory=dict)


class Products:
    """Computes, signs and opens an hour's products.

    What is no longer held, as after a restart, is computed again: the same seed gives the same bytes.

    Args:
        worker: the device.
        chain: read by the worker itself.
        path: file of the receipts.
    """

    def __init__(self, worker: Worker, chain: NodeChain, path: Path) -> None:
        self._worker = worker
        self._chain = chain
        self._path = path
        self._seq = 0
        #: By seat: what it asks for in this hour, and how many rows of that.
        self._sizes: dict[bytes, tuple[int, int]] = {}
        self._rows: dict[bytes, int] = {}
        self._held: dict[tuple[int, int, int], _Product] = {}
        self._receipts = _read(path)
        self._lock = asyncio.Lock()

    @property
    def computing(self) -> bool:
        """Whether a product is being computed."""
        return self._lock.locked()

    async def product(self, request: Request) -> Answer:
        """Computes a product on each processor and signs their roots, for a seat.

        Arguments are `hour`, `units`, `m`, `k`; the answer has `roots` and `signatures` by processor.
        """
        hour = await self._hour(request)
        now = await self._chain.now()
        if now < hour.ticked_at + SETTLED:
            raise Refused("too-early", f"nothing is signed within {SETTLED} s of an hour's tick")
        if hour.randomness is not None or hour.period_end <= now:
            raise Refused("too-late", f"hour {hour.seq} is drawn or over: nothing more is signed in it")
        units, sizes = number(request, "units"), self._sizes_of(request)
        if not 1 <= units <= MAX_UNITS:
            raise Refused("bad-request", f"a node has 1 to {MAX_UNITS} processors")
        await check_work(self._worker, units, *sizes)
        made = await self._made(hour, range(units), sizes)
        return Answer(
            {
                "roots": [item.entry.signed.root.hex() for item in made],
                "signatures": [item.entry.signature.hex() for item in made],
            }
        )

    async def receipt(self, request: Request) -> Answer:
        """Keeps a seat's receipt: `hour`, the entry's `leaf`, and as the blob the seat's signature."""
        seq, leaf = number(request, "hour"), hex32(request, "leaf")
        if seq != self._seq or all(item.entry.leaf != leaf for item in self._held.values()):
            raise Refused("bad-request", "this device has signed no such commitment in this hour")
        if not receipt_holds(request.sender, seq, leaf, request.blob):
            raise Refused("bad-request", "the receipt is not signed by the seat that sends it")
        kept = self._receipts.setdefault(seq, {}).setdefault(leaf.hex(), {})
        kept[request.sender.hex()] = request.blob.hex()
        self._receipts = dict(sorted(self._receipts.items())[-_KEPT:])
        # One that is not written is lost with this process.
        with suppress(OSError):
            replace_secret(self._path, json.dumps(self._receipts) + "\n")
        return Answer()

    async def reveal(self, request: Request) -> Answer:
        """Opens what the chain's draw names of a product: `hour`, `unit`, `m`, `k`, and how many `rows`.

        The blob is the opening; `receipts` are those of all seats for this product.
        """
        hour = await self._hour(request)
        unit, rows, sizes = number(request, "unit"), number(request, "rows"), self._sizes_of(request)
        if unit >= MAX_UNITS or not 1 <= rows <= _MOST_ROWS:
            raise Refused("bad-request", f"a processor is 0..{MAX_UNITS - 1}, rows are 1..{_MOST_ROWS}")
        if hour.randomness is None:
            raise Refused("not-drawn", f"hour {hour.seq} is not drawn yet")
        if unit >= await self._chain.units(self._worker.node):
            raise Refused("bad-request", f"the node has no processor {unit}")
        if self._rows.setdefault(request.sender, rows) != rows:
            # What is opened is computed again for another number.
            raise Refused("bad-request", "the seat has asked for other rows in this hour")
        (item,) = await self._made(hour, [unit], sizes)
        if rows not in item.opened:
            drawn = draw(item.challenge, item.entry.signed.root, hour.randomness, rows=rows)
            prover = item.prover or await self._again(item, rows)
            if prover is not None:
                opening = await asyncio.to_thread(
                    prover.open, item.entry.signed.root, drawn.rows, drawn.randomness
                )
                item.opened[rows], item.prover = opening.to_bytes(), None
        receipts = self._receipts.get(hour.seq, {}).get(item.entry.leaf.hex(), {})
        return Answer({"receipts": receipts}, item.opened[rows])

    async def _again(self, item: _Product, rows: int) -> Prover | None:
        """Computes a product whose prover was dropped; None where it was opened meanwhile."""
        async with self._lock:
            if item.prover is None and rows not in item.opened:
                ((item.prover, _),) = await asyncio.to_thread(self._worker.compute, [item.challenge])
            return item.prover

    async def _hour(self, request: Request) -> ProductHour:
        seq = number(request, "hour")
        hour = await self._chain.product_hour(seq) if seq < 2**64 else None
        if hour is None:
            raise Refused("no-hour", f"the chain has no compute proofs of hour {seq}")
        if seq < self._seq:
            raise Refused("too-late", f"hour {seq} is over")
        if seq > self._seq:
            self._seq, self._sizes, self._rows, self._held = seq, {}, {}, {}
        return hour

    def _sizes_of(self, request: Request) -> tuple[int, int]:
        """One seat cannot have a device compute more than one size in an hour."""
        sizes = number(request, "m"), number(request, "k")
        check_size(*sizes)
        if self._sizes.setdefault(request.sender, sizes) != sizes:
            raise Refused("bad-request", "the seat has asked for other sizes in this hour")
        return sizes

    async def _made(self, hour: ProductHour, units: Sequence[int], sizes: tuple[int, int]) -> list[_Product]:
        m, k = sizes
        held, node = self._held, self._worker.node
        if hour.seq != self._seq:
            # The next hour has begun while the chain was read.
            raise Refused("too-late", f"hour {hour.seq} is over")
        if all((unit, m, k) in held for unit in units):
            # What another seat has computed now keeps nobody waiting.
            return [held[unit, m, k] for unit in units]
        async with self._lock:
            missing = [unit for unit in units if (unit, m, k) not in held]
            try:
                asked = [
                    rate_challenge(seed=hour.seed, node=node, unit=unit, number=0, m=m, k=k)
                    for unit in missing
                ]
            except ChallengeError as bad:
                raise Refused("bad-request", str(bad)) from bad
            computed = await asyncio.to_thread(self._worker.compute, asked) if asked else []
            for unit, challenge, (prover, commitment) in zip(missing, asked, computed, strict=True):
                signed = SignedRoot(RATE_MESSAGE, hour.seq, node, unit, 0, sizes, commitment.root)
                key = self._worker.key
                entry = Entry(signed, bytes(key.pubkey), key.sign(signed.message))
                # What is made for an hour that is over by now is not the next one's.
                held[unit, m, k] = _Product(challenge, entry, prover)
        return [held[unit, m, k] for unit in units]


def check_size(m: int, k: int) -> None:
    """Raises `Refused` for a product that would take a device's memory, or minutes of a seat's turn."""
    if m > MOST_M or k > MOST_K:
        raise Refused("bad-request", f"a product has at most {MOST_M} x {MOST_K}, asked for was {m} x {k}")


async def check_work(worker: Worker, count: int, m: int, k: int) -> None:
    """Raises `Refused` also where so many products at once cost a processor more than the largest one."""
    check_size(m, k)
    if await asyncio.to_thread(worker.work, count, m, k) > MOST_WORK:
        raise Refused("bad-request", f"{count} products of {m} x {k} are too much work for one answer")


def _read(path: Path) -> dict[int, dict[str, dict[str, str]]]:
    try:
        value: Any = json.loads(path.read_bytes())
        return {
            int(seq): {leaf: dict(seats) for leaf, seats in leaves.items()} for seq, leaves in value.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
