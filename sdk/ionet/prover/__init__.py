"""Proof of Compute: an exact integer matrix product, committed first and opened where later randomness says.

The specification is in `ionet.prover._spec`; it is complete enough for a second implementation (the chain
regenerates single cells from it). The protocol has two phases, because choosing the rows by hashing the
prover's own root lets them try roots until the choice suits them:

1. The verifier names a `Challenge`; the prover computes ``C = A B`` and commits to its Merkle root
   (`Prover.commit`).
2. Randomness that did not exist before the commitment (a later slot's hash) selects rows and vectors
   (`draw`); the prover opens those rows (`Prover.open`) and `verify` checks them with Freivalds' test.

What it does not prove: which device computed (a faster one elsewhere passes as well), that a renter's job ran
correctly, or that nobody else used the device. Time is judged against a reference measured with this same
code.
"""

from ionet.prover._answers import MEDIAN_OF, Commitment, ProofError, Reason, Verdict, median, slow
from ionet.prover._backends import (
    Backend,
    BackendError,
    NumpyBackend,
    TorchBackend,
    numpy_backend,
    torch_backend,
)
from ionet.prover._kernel import backend, backends
from ionet.prover._number import MAX_UNITS, NUMBER, draw_cohort, draw_owner, number_challenges
from ionet.prover._protocol import Opening, Prover, Reference, measure, verify
from ionet.prover._spec import (
    CHUNK,
    DOMAIN,
    FLOAT32_EXACT_K,
    MODULUS,
    Challenge,
    ChallengeError,
    Draw,
    a_rows,
    b_columns,
    cell,
    challenge_seed,
    chunk_leaf,
    draw,
    draw_rows,
)

__all__ = [
    "CHUNK",
    "DOMAIN",
    "FLOAT32_EXACT_K",
    "MAX_UNITS",
    "MEDIAN_OF",
    "MODULUS",
    "NUMBER",
    "Backend",
    "BackendError",
    "Challenge",
    "ChallengeError",
    "Commitment",
    "Draw",
    "NumpyBackend",
    "Opening",
    "ProofError",
    "Prover",
    "Reason",
    "Reference",
    "TorchBackend",
    "Verdict",
    "a_rows",
    "b_columns",
    "backend",
    "backends",
    "cell",
    "challenge_seed",
    "chunk_leaf",
    "draw",
    "draw_cohort",
    "draw_owner",
    "draw_rows",
    "measure",
    "median",
    "number_challenges",
    "numpy_backend",
    "slow",
    "torch_backend",
    "verify",
]
