"""Cheats about memory: less of it, by making blocks again, and by packing them."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ionet.prover import Reason, Verdict, residency
from ionet.prover.residency import Challenge, NativeProver, Reference, Sizes, draw_chains, native, verify

SIZES = Sizes(blocks=2**15, rounds=2_048, chains=2**12, reads=32)
CHALLENGE = Challenge(hashlib.sha256(b"an hour").digest(), SIZES)
START = hashlib.sha256(b"later").digest()


#: What is counted for a read of a device that has its blocks: rounds; and the bytes that it takes.
READ_ROUNDS, READ_BYTES = 4, 128
READS = SIZES.chains * SIZES.reads


class Remaking(NativeProver):
    """Holds three quarters of the blocks, and makes the others when they are read, as fast as it can."""

    rounds = 0

    def walk(
        self, start: bytes, chains: NDArray[np.uint32], told: NDArray[np.uint32] | None = None
    ) -> NDArray[np.uint32]:
        return residency.Prover.walk(self, start, chains, told)

    def read(self, addresses: NDArray[np.uint32]) -> NDArray[np.uint32]:
        blocks, missing = self.memory[addresses], addresses >= SIZES.blocks * 3 // 4
        blocks[missing] = native().make_blocks(CHALLENGE.seed, addresses[missing], SIZES.rounds)
        self.rounds += SIZES.rounds * int(missing.sum()) + READ_ROUNDS * len(addresses)
        return blocks


class Whole(Remaking):
    """Holds all of them."""

    def read(self, addresses: NDArray[np.uint32]) -> NDArray[np.uint32]:
        self.rounds += READ_ROUNDS * len(addresses)
        return self.memory[addresses]


class Packing(NativeProver):
    """Holds its blocks packed, in pages of 512, and unpacks a page when one of its blocks is read."""

    moved = 0

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
            data = zlib.decompress(self.pages[number])
            self.moved += len(data)
            blocks[here] = np.frombuffer(data, "<u4").reshape(512, 32)[addresses[here] % 512]
        return blocks


def judged(cheat: NativeProver, work: Callable[[], int], honest: int) -> Verdict:
    """How an answer is judged that takes as long as its work, where the class's takes the honest one's.

    Work is counted, so that nothing else on the machine decides.
    """
    reference = Reference(SIZES, honest, grace_ns=0)
    commitment = cheat.commit(START)
    took = work()
    drawn = draw_chains(SIZES, commitment.root, bytes(32))
    opening = cheat.open(commitment.root, drawn)
    asked = (CHALLENGE, START, commitment.root, drawn, opening)
    assert verify(*asked).ok, "what it says is right: only time tells"
    return verify(*asked, nanoseconds=took, reference=reference)


def test_packed_blocks_take_more_memory_and_are_late() -> None:
    cheat = Packing(CHALLENGE)
    verdict = judged(cheat, lambda: cheat.moved, READS * READ_BYTES)
    assert verdict.reason is Reason.SLOW, verdict
    assert sum(map(len, cheat.pages)) > SIZES.blocks * 128, "and nothing was won"


def test_with_a_quarter_less_memory_the_right_answer_is_late() -> None:
    cheat = Remaking(CHALLENGE)
    verdict = judged(cheat, lambda: cheat.rounds, READS * READ_ROUNDS)
    assert verdict.reason is Reason.SLOW, verdict
    # By far: a quarter of the reads make a block each, of 2,048 rounds.
    assert cheat.rounds > 100 * READS * READ_ROUNDS


def test_one_that_reads_all_its_blocks_is_in_time() -> None:
    honest = Whole(CHALLENGE)
    assert judged(honest, lambda: honest.rounds, READS * READ_ROUNDS).ok
