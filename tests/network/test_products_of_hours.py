"""A device's products of hours: what is computed for which, and how often."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from tests.network.test_memory_between_hours import HOUR, START, Chain

from ionet.prover import Challenge, Commitment, Prover, numpy_backend
from ionet.prover._hour import Entry
from ionet.prover._signed import RATE_MESSAGE, SignedRoot
from ionet.wire import Answer, Refused, Request
from ionet.worker import DeviceKey
from ionet.worker._leases import ProductHour
from ionet.worker._products import Products

NODE, M, K = bytes(32), 64, 256


class Slow:
    """A device that begins to compute, and goes on when it is told to."""

    computed = 0

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.node, self.key = NODE, DeviceKey(Keypair())

    def work(self, count: int, m: int, k: int) -> int:
        return count * m * m * k

    def compute(self, challenges: Sequence[Challenge]) -> list[tuple[Prover, Commitment[Challenge]]]:
        self.begun.set()
        assert self.go_on.wait(60)
        self.computed += len(challenges)
        provers = [Prover(numpy_backend()) for _ in challenges]
        return [(prover, prover.commit(one)) for prover, one in zip(provers, challenges, strict=True)]


class Drawn(Chain):
    """Hours that can be drawn."""

    randomness: bytes | None = None

    async def product_hour(self, seq: int) -> ProductHour | None:
        found = await super().product_hour(seq)
        return None if found is None else replace(found, randomness=self.randomness)


def asked(hour: int) -> Request:
    return Request(b"\1" * 32, "product", {"hour": hour, "units": 1, "m": M, "k": K})


def opened(seat: int, rows: int) -> Request:
    return Request(bytes([seat]) * 32, "reveal", {"hour": 1, "unit": 0, "rows": rows, "m": M, "k": K})


def signed_for(worker: Any, hour: int, answer: Answer) -> bool:
    """Whether the device has signed what it answers for an hour."""
    said = answer.arguments
    root = SignedRoot(RATE_MESSAGE, hour, NODE, 0, 0, (M, K), bytes.fromhex(said["roots"][0]))
    return Entry(root, bytes(worker.key.pubkey), bytes.fromhex(said["signatures"][0])).verify()


async def test_what_was_computed_for_one_hour_is_not_shown_as_the_next_ones(tmp_path: Path) -> None:
    chain, worker = Chain(), Slow()
    products = Products(worker, chain, tmp_path / "receipts.json")  # type: ignore[arg-type]
    computing = asyncio.create_task(products.product(asked(1)))
    assert await asyncio.to_thread(worker.begun.wait, 60)
    chain.clock = HOUR + 100
    later = asyncio.create_task(products.product(asked(2)))
    while products._seq == 1:  # noqa: ASYNC110 (it has no event for it)
        await asyncio.sleep(0)
    worker.go_on.set()
    assert signed_for(worker, 1, await computing)
    assert signed_for(worker, 2, await later)
    assert signed_for(worker, 2, await products.product(asked(2)))


async def test_nothing_is_begun_for_an_hour_that_has_ended_while_the_chain_was_read(tmp_path: Path) -> None:
    worker = Slow()
    worker.go_on.set()
    products = Products(worker, Chain(), tmp_path / "receipts.json")  # type: ignore[arg-type]
    hour = await Chain().product_hour(1)
    assert hour is not None
    products._seq = 2
    with pytest.raises(Refused, match="hour 1 is over"):
        await products._made(hour, [0], (M, K))


async def test_no_seat_has_a_device_compute_a_product_again_and_again(tmp_path: Path) -> None:
    chain, worker = Drawn(), Slow()
    worker.go_on.set()
    products = Products(worker, chain, tmp_path / "receipts.json")  # type: ignore[arg-type]
    await products.product(asked(1))
    chain.randomness = START
    for _ in range(2):
        await products.reveal(opened(1, 4))
    for rows in (1, 2, 3):
        with pytest.raises(Refused, match="other rows in this hour"):
            await products.reveal(opened(1, rows))
    assert worker.computed == 1
    both = await asyncio.gather(products.reveal(opened(2, 5)), products.reveal(opened(3, 6)))
    assert len({len(answer.blob) for answer in both}) == 2
    assert worker.computed <= 3, "once for each seat that looks at other rows"
