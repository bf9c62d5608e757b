"""A device that computes a product while one hour ends and the next one begins."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from tests.network.test_memory_between_hours import HOUR, Chain

from ionet.prover import Challenge, Commitment, Prover, numpy_backend
from ionet.prover._hour import Entry
from ionet.prover._signed import RATE_MESSAGE, SignedRoot
from ionet.wire import Answer, Refused, Request
from ionet.worker import DeviceKey
from ionet.worker._products import Products

NODE, M, K = bytes(32), 64, 256


class Slow:
    """A device that begins to compute, and goes on when it is told to."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.node, self.key = NODE, DeviceKey(Keypair())

    def work(self, count: int, m: int, k: int) -> int:
        return count * m * m * k

    def compute(self, challenges: Sequence[Challenge]) -> list[tuple[Prover, Commitment[Challenge]]]:
        self.begun.set()
        assert self.go_on.wait(60)
        provers = [Prover(numpy_backend()) for _ in challenges]
        return [(prover, prover.commit(one)) for prover, one in zip(provers, challenges, strict=True)]


def asked(hour: int) -> Request:
    return Request(b"\1" * 32, "product", {"hour": hour, "units": 1, "m": M, "k": K})


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
