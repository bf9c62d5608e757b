"""Proof of Compute: the cost of proving, opening and verifying, and the size of a proof.

Run with `python bench/proof.py [--backend numpy|torch|torch-cuda|..] [--full]`. The verifier must stay far
cheaper than the
prover: the last column is the ratio. Without a GPU the figures say how the protocol scales, not what a GPU
needs.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import time
from dataclasses import dataclass

from ionet.prover import Backend, Challenge, Opening, Prover, backend, draw, verify

SIZES = ((256, 4_096), (1_024, 1_024), (1_024, 4_096), (2_048, 2_048), (1_024, 65_536), (4_096, 4_096))
FULL = ((4_096, 16_384), (4_096, 65_536), (8_192, 8_192))


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures for one size, in seconds and bytes."""

    product: float
    commit: float
    opening: float
    verify: float
    size: int


def figures(kernel: Backend, m: int, k: int) -> Figures:
    """The best of two rounds for one size."""
    rounds = []
    for number in range(2):
        challenge = Challenge(hashlib.sha256(f"{m} {k} {number}".encode()).digest(), m, k)
        prover = Prover(kernel)
        marks = [time.perf_counter()]
        kernel.product(challenge)
        marks.append(time.perf_counter())
        root = prover.commit(challenge).root
        marks.append(time.perf_counter())
        drawn = draw(challenge, root, hashlib.sha256(root).digest())
        data = prover.open(root, drawn.rows, drawn.randomness).to_bytes()
        marks.append(time.perf_counter())
        verdict = verify(challenge, root, drawn, Opening.from_bytes(data))
        marks.append(time.perf_counter())
        assert verdict.ok, verdict
        product, commit, opening, judged = (after - before for before, after in itertools.pairwise(marks))
        rounds.append(Figures(product, commit, opening, judged, len(data)))
    return min(rounds, key=lambda figures: figures.commit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--backend", help="numpy, torch, torch-cpu, torch-cuda or torch-mps; default: the best here"
    )
    parser.add_argument("--full", action="store_true", help="also the sizes that take minutes on a processor")
    arguments = parser.parse_args()
    kernel = backend(arguments.backend)
    kernel.check()
    print(f"backend {kernel.name}; 16 rows, two vectors; seconds")
    print("     m       k  product   commit    GOPS    open  verify    KiB  ratio")
    for m, k in (*SIZES, *(FULL if arguments.full else ())):
        measured = figures(kernel, m, k)
        rate = Challenge(bytes(32), m, k).operations / measured.product / 1e9
        print(
            f"{m:6} {k:7} {measured.product:8.3f} {measured.commit:8.3f} {rate:7.1f} {measured.opening:7.3f}"
            f" {measured.verify:7.3f} {measured.size / 1024:6.0f} {measured.commit / measured.verify:6.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
