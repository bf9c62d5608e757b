"""Cheats about memory: less of it, by making blocks again, and by packing them."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ionet.prover import Reason, residency
from ionet.prover.residency import Challenge, NativeProver, Sizes, draw_chains, measure, native, verify

SIZES = Sizes(blocks=2**15, rounds=2_048, chains=2**12, reads=32)
CHALLENGE = Challenge(hashlib.sha256(b"an hour").digest(), SIZES)
START = hashlib.sha256(b"later").digest()


class Remaking(NativeProver):
    """Holds three quarters of the blocks, and makes the others when they are read, as fast as it can."""

    def walk(
        self, start: bytes, chains: NDArray[np.uint32], told: NDArray[np.uint32] | None = None
    ) -> NDArray[np.uint32]:
        return residency.Prover.walk(self, start, chains, told)

    def read(self, addresses: NDArray[np.uint32]) -> NDArray[np.uint32]:
        blocks, missing = self.memory[addresses], addresses >= SIZES.blocks * 3 // 4
        blocks[missing] = native().make_blocks(CHALLENGE.seed, addresses[missing], SIZES.rounds)
        return blocks


class Packing(NativeProver):
    """Holds its blocks packed, in pages of 512, and unpacks a page when one of its blocks is read."""

    def __init__(self, challenge: Challenge) -> None:
        super().__init__(challenge)
        pages = np.ascontiguousarray(self.memory).view(np.uint8).reshape(-1, 512 * 128)
        self.pages = [zlib.compress(page.tobytes()) for page in pages]

    def walk(
        self, start: bytes, chains: NDArray[np.uint32], told: NDArray[np.uint32] | None = None
    ) -> NDArray[np.uint32]:
        return residency.Prover.walk(self, start, chains, told)

    def read(self, addresses: NDArray[np.uint32]) -> NDArray[np.uint32]:
        blocks = np.empty((len(addresses), 32), np.uint32)
        for number in np.unique(addresses // 512):
            here = addresses // 512 == number
            page = np.frombuffer(zlib.decompress(self.pages[number]), "<u4").reshape(512, 32)
            blocks[here] = page[addresses[here] % 512]
        return blocks


def test_packed_blocks_take_more_memory_and_are_late() -> None:
    reference = measure(SIZES, prover=NativeProver)
    reference = replace(reference, grace_ns=10 * reference.nanoseconds)
    cheat = Packing(CHALLENGE)
    commitment = cheat.commit(START)
    drawn = draw_chains(SIZES, commitment.root, bytes(32))
    opening = cheat.open(commitment.root, drawn)
    assert verify(CHALLENGE, START, commitment.root, drawn, opening).ok, "what it says is right"
    verdict = verify(
        CHALLENGE,
        START,
        commitment.root,
        drawn,
        opening,
        nanoseconds=commitment.nanoseconds,
        reference=reference,
    )
    assert verdict.reason is Reason.SLOW, verdict
    assert sum(map(len, cheat.pages)) > SIZES.blocks * 128, "and nothing was won"


def test_with_a_quarter_less_memory_the_right_answer_is_late() -> None:
    # The reference of this machine, with the slack of all classes; its grace is ten times the work.
    reference = measure(SIZES, prover=NativeProver)
    reference = replace(reference, grace_ns=10 * reference.nanoseconds)
    cheat = Remaking(CHALLENGE)
    took = []
    for _ in range(3):
        commitment = cheat.commit(START)
        took.append(commitment.nanoseconds)
    drawn = draw_chains(SIZES, commitment.root, bytes(32))
    opening = cheat.open(commitment.root, drawn)
    in_time = verify(CHALLENGE, START, commitment.root, drawn, opening)
    assert in_time.ok, "what it says is right: only time tells"
    verdict = verify(
        CHALLENGE, START, commitment.root, drawn, opening, nanoseconds=min(took), reference=reference
    )
    assert verdict.reason is Reason.SLOW, verdict
