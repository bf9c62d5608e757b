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


def test_blocks_cannot_be_packed() -> None:
    memory = native().make_blocks(CHALLENGE.seed, np.arange(2**13, dtype=np.uint32), SIZES.rounds).tobytes()
    assert len(zlib.compress(memory, 9)) > len(memory)
