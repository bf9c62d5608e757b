"""Residency: memory that a device claims is really held. docs/proofs.md is the specification.

1. From the hour's seed the device fills its memory with slow independent blocks (`Prover`).
2. A later slot hash starts chains of dependent reads (`Prover.commit`); the root of their ends is due soon,
   too soon to make again the blocks that are not held.
3. Randomness from after that root draws some chains (`draw_chains`); the device opens them (`Prover.open`),
   and `verify` makes the blocks that they read, and no others, again.

What it does not prove: that the memory is on the processor that claims it, rather than behind a fast enough
link; who owns it; or that it stays free for a renter afterwards. numpy is the reference, and too slow to fill
a machine's memory in time: `NativeProver` has the same bits from all processors, `CudaProver` from a GPU.
"""

from ionet.prover.residency._choice import fastest_make, make_prover
from ionet.prover.residency._cuda import CudaDriver, CudaProver
from ionet.prover.residency._native import Native, NativeProver, native, processors
from ionet.prover.residency._protocol import (
    Opening,
    Prover,
    Reference,
    Stopped,
    end_leaf,
    measure,
    opening_size,
    verify,
)
from ionet.prover.residency._spec import (
    BLOCK_BYTES,
    CHAINS_PER_LEAF,
    DEFAULT_DRAWN,
    DOMAIN,
    ROUNDS,
    Challenge,
    Draw,
    Sizes,
    block,
    blocks_in,
    draw_chains,
    make_blocks,
    memory_seed,
    next_state,
    sizes_of,
    start_seed,
)

__all__ = [
    "BLOCK_BYTES",
    "CHAINS_PER_LEAF",
    "DEFAULT_DRAWN",
    "DOMAIN",
    "ROUNDS",
    "Challenge",
    "CudaDriver",
    "CudaProver",
    "Draw",
    "Native",
    "NativeProver",
    "Opening",
    "Prover",
    "Reference",
    "Sizes",
    "Stopped",
    "block",
    "blocks_in",
    "draw_chains",
    "end_leaf",
    "fastest_make",
    "make_blocks",
    "make_prover",
    "measure",
    "memory_seed",
    "native",
    "next_state",
    "opening_size",
    "processors",
    "sizes_of",
    "start_seed",
    "verify",
]
