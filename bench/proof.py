"""Proof of Compute: the cost of proving, opening and verifying, and the size of a proof.

Run with `python bench/proof.py [--backend numpy|torch|torch-cuda|..] [--full]`. The verifier must stay far
cheaper than the
prover: the last column is the ratio. Without a GPU the figures say how the protocol scales, not what a GPU
needs. In processor time: checking as a part of computing; answers that one core checks in an hour.

With `--residency`: the same of the proof that memory is held, by numpy and compiled for this processor, and
what it costs to hold less of it.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import time
import tracemalloc
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ionet.prover import Backend, Challenge, Opening, Prover, backend, draw, residency, verify
from ionet.prover._compiled import fastest_projection
from ionet.prover.residency import Sizes

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZES = ((256, 4_096), (1_024, 1_024), (1_024, 4_096), (2_048, 2_048), (1_024, 65_536), (4_096, 4_096))
FULL = ((4_096, 16_384), (4_096, 65_536), (8_192, 8_192))
MEMORIES = (Sizes(2**14, 2_048, 2**12, 24), Sizes(2**16, 512, 2**14, 24), Sizes(2**16, 2_048, 2**14, 24))
FULL_MEMORIES = (Sizes(2**16, 2_048, 2**16, 256), Sizes(2**20, 512, 2**16, 64))
LARGE = Sizes(2**24, 2_048, 2**18, 64)
HELD = (0.9, 0.7, 0.5, 0.25)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures for one size, in seconds and bytes."""

    product: float
    commit: float
    opening: float
    verify: float
    size: int
    checking: float
    held: int


def figures(kernel: Backend, m: int, k: int) -> Figures:
    """The best of two rounds for one size."""
    rounds = []
    for number in range(2):
        challenge = Challenge(hashlib.sha256(f"{m} {k} {number}".encode()).digest(), m, k)
        prover = Prover(kernel)
        marks = [time.perf_counter()]
        kernel.product(challenge)
        marks.append(time.perf_counter())
        worked = time.process_time()
        root = prover.commit(challenge).root
        computing = time.process_time() - worked
        marks.append(time.perf_counter())
        drawn = draw(challenge, root, hashlib.sha256(root).digest())
        data = prover.open(root, drawn.rows, drawn.randomness).to_bytes()
        marks.append(time.perf_counter())
        worked = time.process_time()
        verdict = verify(challenge, root, drawn, Opening.from_bytes(data))
        checking = (time.process_time() - worked) / computing
        marks.append(time.perf_counter())
        assert verdict.ok, verdict
        product, commit, opening, judged = (after - before for before, after in itertools.pairwise(marks))
        # C and its tree, which it keeps until it is asked; A and B come and go in pieces.
        held = 4 * m * m + 64 * (m * m // 64)
        rounds.append(Figures(product, commit, opening, judged, len(data), checking, held))
    return min(rounds, key=lambda figures: figures.commit)


_MAKES = {"numpy": lambda: residency.make_blocks, "native": residency.fastest_make}


class Partial(residency.Prover):
    """A device that holds the first blocks, and makes the others again when they are read."""

    held = 1.0
    made = 0

    def read(self, addresses: NDArray[np.uint32]) -> NDArray[np.uint32]:
        blocks, missing = super().read(addresses), addresses >= self.held * self.challenge.sizes.blocks
        self.made += int(missing.sum())
        blocks[missing] = residency.make_blocks(
            self.challenge.seed, addresses[missing], self.challenge.sizes.rounds
        )
        return blocks


def memory_figures(sizes: Sizes, name: str) -> str:
    """A row of the table for one size; the times are the best of three after one fill."""
    challenge = residency.Challenge(hashlib.sha256(repr(sizes).encode()).digest(), sizes)
    tracemalloc.start()
    begun, worked = time.perf_counter(), time.process_time()
    prover = residency.make_prover(challenge, name)
    fill, filling = time.perf_counter() - begun, time.process_time() - worked
    rounds, walking = [], []
    for number in range(3):
        start = hashlib.sha256(bytes([number])).digest()
        marks = [time.perf_counter()]
        worked = time.process_time()
        root = prover.commit(start).root
        marks.append(time.perf_counter())
        walking.append(time.process_time() - worked)
        drawn = residency.draw_chains(sizes, root, hashlib.sha256(root).digest())
        data = prover.open(root, drawn).to_bytes()
        marks.append(time.perf_counter())
        verdict = residency.verify(
            challenge, start, root, drawn, residency.Opening.from_bytes(data), make=_MAKES[name]()
        )
        marks.append(time.perf_counter())
        assert verdict.ok, verdict
        rounds.append([after - before for before, after in itertools.pairwise(marks)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    commit, opening, judged = (min(column) for column in zip(*rounds, strict=True))
    reads = sizes.chains * sizes.reads / min(walking)
    return (
        f"{name:7}{sizes.memory / 2**20:5.0f} {sizes.rounds:7} {sizes.chains:7} {sizes.reads:6} {fill:8.2f}"
        f" {sizes.memory / filling / 1e9:7.4f} {commit:8.3f} {reads / 1e6:8.2f}"
        f" {opening:7.3f} {judged:7.3f} {len(data) / 1024:6.1f} {peak / sizes.memory:7.2f}"
        f" {(fill + commit) / judged:6.0f} {filling / sizes.blocks * reads:7.0f}"
    )


def partial_figures(sizes: Sizes) -> None:
    """Prints how much longer the chains take a device that holds a part, and what it is expected to make."""
    prover = Partial(residency.Challenge(bytes(32), sizes))
    reads = sizes.chains * sizes.reads
    start = bytes(32)
    honest = min(prover.commit(start).nanoseconds for _ in range(3))
    print(f"\na part held, the rest made again when read: {sizes}\n held  blocks made a read  times as long")
    for held in HELD:
        prover.held, prover.made = held, 0
        longer = prover.commit(start).nanoseconds / honest
        print(f" {held:4.2f}  {prover.made / reads:19.3f} {longer:14.0f}", flush=True)


def made_in_order(memory: float, blocks: int = 2**20, passes: int = 6) -> float:
    """Blocks made a read by a device that keeps chains' states only, and makes all blocks in order."""
    rng = np.random.default_rng(1)
    waiting = rng.integers(0, blocks, int(memory * blocks))
    reads = 0
    for _ in range(passes):
        # In one pass a chain goes on for as long as its next address lies ahead.
        moving = np.arange(len(waiting))
        while len(moving):
            reads += len(moving)
            before = waiting[moving]
            waiting[moving] = rng.integers(0, blocks, len(moving))
            moving = moving[waiting[moving] > before]
    return passes * blocks / reads


def made_for_many(memory: float, states: float, blocks: int = 2**20, passes: int = 6) -> float:
    """Blocks made a read by a device that lets chains wait at what it lacks, to make each such block once.

    Args:
        memory: what it has, as a share of what it should have; a waiting chain takes as much as a block.
        states: the part of ``memory`` that waiting chains take.
        blocks: how many blocks there are.
        passes: how often it makes what is waited for.
    """
    rng = np.random.default_rng(1)
    held = int((memory - states) * blocks)
    waiting = rng.integers(0, blocks, int(states * blocks))
    reads = made = 0
    for _ in range(passes):
        while len(moving := np.flatnonzero(waiting < held)):
            reads += len(moving)
            waiting[moving] = rng.integers(0, blocks, len(moving))
        made += len(np.unique(waiting))
        reads += len(waiting)
        waiting = rng.integers(0, blocks, len(waiting))
    return made / reads


def strategies() -> None:
    """Prints what the ways of making blocks in pieces cost, by counting."""
    print(
        "\nblocks made a read, by what the memory is used for (a share of all blocks; states take some of it)"
        "\nmemory  when read  a tenth states  half states  states only, in order"
    )
    for memory in HELD:
        print(
            f"{memory:6.2f} {1 - memory:10.3f} {made_for_many(memory, memory / 10):15.3f}"
            f" {made_for_many(memory, memory / 2):12.3f} {made_in_order(memory):22.3f}",
            flush=True,
        )


def residency_main(full: bool) -> None:
    print(
        "numpy: one thread, native: all; 12 chains; seconds; GB/s and million reads by processor seconds;"
        " peak: of what is held; remake: times a read"
    )
    print(
        "         MiB  rounds  chains  reads     fill    GB/s   commit  Mread/s    open  verify    KiB"
        "    peak  ratio  remake"
    )
    # What is compiled once is not part of any size.
    residency.fastest_make()
    for name in _MAKES:
        large = (LARGE,) if name == "native" else ()
        for sizes in (*MEMORIES, *((*FULL_MEMORIES, *large) if full else ())):
            print(memory_figures(sizes, name), flush=True)
    partial_figures(MEMORIES[0])
    strategies()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--backend", help="numpy, torch, torch-cpu, torch-cuda or torch-mps; default: the best here"
    )
    parser.add_argument("--full", action="store_true", help="also the sizes that take minutes on a processor")
    parser.add_argument("--residency", action="store_true", help="the proof that memory is held, instead")
    arguments = parser.parse_args()
    if arguments.residency:
        residency_main(arguments.full)
        return
    kernel = backend(arguments.backend)
    kernel.check()
    # What is compiled once is not part of any size.
    fastest_projection()
    print(f"backend {kernel.name}; 16 rows, two vectors; seconds")
    print(
        "     m       k  product   commit    GOPS    open  verify    KiB  ratio  check %  checks/h  held MiB"
    )
    for m, k in (*SIZES, *(FULL if arguments.full else ())):
        measured = figures(kernel, m, k)
        rate = Challenge(bytes(32), m, k).operations / measured.product / 1e9
        print(
            f"{m:6} {k:7} {measured.product:8.3f} {measured.commit:8.3f} {rate:7.1f} {measured.opening:7.3f}"
            f" {measured.verify:7.3f} {measured.size / 1024:6.0f} {measured.commit / measured.verify:6.1f}"
            f" {100 * measured.checking:8.2f} {3600 / measured.verify:9,.0f} {measured.held / 2**20:9.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
