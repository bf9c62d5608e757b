"""Commit, open, verify."""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ionet.formats.merkle import Tree, root_from_proof
from ionet.prover._answers import (
    Commitment,
    ProofError,
    Reason,
    Verdict,
    chunk_tree,
    commitment_refused,
    limit,
    paths_fit,
    slow,
)
from ionet.prover._backends import Backend
from ionet.prover._compiled import Project, fastest_projection
from ionet.prover._kernel import backend
from ionet.prover._spec import (
    DOMAIN,
    MODULUS,
    Challenge,
    ChallengeError,
    Draw,
    a_rows,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAGIC: Final = b"IOPOC\0\0\x01"
_HEADER: Final = struct.Struct("<8s32sII32s32sI")


@dataclass(frozen=True, slots=True)
class Opening:
    """The proof: some rows of C with their paths. Its `digest` goes on chain, its bytes into the store.

    Attributes:
        challenge: the challenge it claims to answer.
        root: the committed root.
        randomness: what the rows were drawn from.
        rows: row numbers, in the order drawn.
        values: int32, shape (len(rows), m).
        paths: for each row log2(m) hashes from the row's subtree to the root.
    """

    challenge: Challenge
    root: bytes
    randomness: bytes
    rows: tuple[int, ...]
    values: NDArray[np.int32]
    paths: tuple[tuple[bytes, ...], ...]

    def to_bytes(self) -> bytes:
        """Returns magic, seed, m, k, root, randomness, count; per row a number, m values, log2(m) hashes."""
        out = [
            _HEADER.pack(
                _MAGIC,
                self.challenge.seed,
                self.challenge.m,
                self.challenge.k,
                self.root,
                self.randomness,
                len(self.rows),
            )
        ]
        for row, values, path in zip(self.rows, self.values.astype("<i4"), self.paths, strict=True):
            out += (struct.pack("<I", row), values.tobytes(), *path)
        return b"".join(out)

    @classmethod
    def from_bytes(cls, data: bytes) -> Opening:
        """Reads what `to_bytes` wrote.

        Raises:
            ProofError: (MALFORMED) for any other length or content.
        """
        if len(data) < _HEADER.size or data[: len(_MAGIC)] != _MAGIC:
            raise ProofError(Reason.MALFORMED, "not the bytes of a compute proof")
        _, seed, m, k, root, randomness, count = _HEADER.unpack_from(data)
        try:
            challenge = Challenge(seed, m, k)
        except ChallengeError as error:
            raise ProofError(Reason.MALFORMED, str(error)) from error
        depth = m.bit_length() - 1
        size = 4 + 4 * m + 32 * depth
        if count > m or len(data) != _HEADER.size + count * size:
            raise ProofError(Reason.MALFORMED, f"{len(data)} bytes do not hold {count} rows of {size} bytes")
        rows, values, paths = [], np.empty((count, m), np.int32), []
        for n in range(count):
            at = _HEADER.size + n * size
            rows.append(int.from_bytes(data[at : at + 4], "little"))
            values[n] = np.frombuffer(data, "<i4", m, at + 4)
            hashes = at + 4 + 4 * m
            paths.append(tuple(data[hashes + 32 * h : hashes + 32 * h + 32] for h in range(depth)))
        return cls(challenge, root, randomness, tuple(rows), values, tuple(paths))

    @property
    def digest(self) -> bytes:
        """sha256 of the bytes: what an attestation names, and the proof's address in a `FileStore`."""
        return hashlib.sha256(self.to_bytes()).digest()


@dataclass(frozen=True, slots=True)
class Reference:
    """How long the class's reference device needs for one size, measured with this same code.

    Attributes:
        m: size of the challenge.
        k: size of the challenge.
        nanoseconds: product and tree.
        slack_bps: how much longer a device may take, in basis points of the reference (15,000: one and a half
            times).
        grace_ns: what is added for the way to the verifier.
    """

    m: int
    k: int
    nanoseconds: int
    slack_bps: int = 15_000
    grace_ns: int = 0

    @property
    def limit_ns(self) -> int:
        """The longest accepted time, rounded up."""
        return limit(self.nanoseconds, self.slack_bps, self.grace_ns)


class Prover:
    """Computes challenges, one at a time; it keeps C and its tree until the next `commit` or `forget`.

    Args:
        kernel: by default `ionet.prover.backend()`.
    """

    def __init__(self, kernel: Backend | None = None) -> None:
        self.backend = kernel or backend()
        self._held: tuple[Commitment[Challenge], NDArray[np.int32], Tree] | None = None

    def commit(self, challenge: Challenge) -> Commitment[Challenge]:
        """Computes C and its root."""
        self._held = None
        start = time.perf_counter_ns()
        product = self.backend.product(challenge)
        tree = chunk_tree(np.ascontiguousarray(product.astype("<i4", copy=False)).data.cast("B"), DOMAIN)
        commitment = Commitment(challenge, tree.root, time.perf_counter_ns() - start)
        self._held = commitment, product, tree
        return commitment

    def open(self, root: bytes, rows: Sequence[int], randomness: bytes) -> Opening:
        """Returns the rows of the product committed to as ``root``, with their paths.

        Raises:
            ProofError: (WRONG_ROOT) when the last commitment has another root; (WRONG_ROWS) for rows outside
                C.
        """
        if self._held is None or self._held[0].root != root:
            raise ProofError(Reason.WRONG_ROOT, f"nothing held under the root {root.hex()}; commit first")
        commitment, product, tree = self._held
        challenge = commitment.challenge
        outside = [row for row in rows if not 0 <= row < challenge.m]
        if outside:
            raise ProofError(Reason.WRONG_ROWS, f"row {outside[0]} is outside 0..{challenge.m - 1}")
        return Opening(
            challenge=challenge,
            root=root,
            randomness=randomness,
            rows=tuple(rows),
            values=product[list(rows)],
            paths=tuple(tree.proof(row, challenge.row_height) for row in rows),
        )

    @property
    def root(self) -> bytes | None:
        """Root of what it holds, 32 bytes; None before `commit`."""
        return None if self._held is None else self._held[0].root

    def forget(self) -> None:
        """Drops the matrix and the tree."""
        self._held = None


def verify(
    challenge: Challenge,
    root: bytes,
    drawn: Draw,
    opening: Opening,
    *,
    nanoseconds: int | None = None,
    reference: Reference | None = None,
    earlier_roots: Container[bytes] = (),
    projection: Project | None = None,
) -> Verdict:
    """Returns the verdict on an opening; costs about 2 m k operations and k per row; proving costs 2 m m k.

    Args:
        challenge: the challenge that was posed.
        root: the root that was committed before the draw.
        drawn: the draw; its randomness must be later than the commitment.
        opening: the prover's answer.
        nanoseconds: from posing the challenge to receiving the root, by the verifier's clock.
        reference: how long the node's class takes; without it time is not judged.
        earlier_roots: roots of other challenges; a product is never the same for two seeds.
        projection: makes ``vectors @ B^T``; by default what does it soonest here.

    Raises:
        ChallengeError: when ``reference`` is for another size, or given without ``nanoseconds``.
    """
    if reference is not None and (
        nanoseconds is None or (reference.m, reference.k) != (challenge.m, challenge.k)
    ):
        raise ChallengeError("a reference is for the challenge's own m and k, and needs a measured time")
    refusal = (
        _check_claims(challenge, root, drawn, opening, earlier_roots)
        or _check_paths(opening)
        or _check_products(challenge, drawn, opening, projection)
    )
    if refusal is not None:
        return refusal
    if (late := slow(nanoseconds, None if reference is None else reference.limit_ns)) is not None:
        return late
    return Verdict(None, f"{len(opening.rows)} rows of a {challenge.m} x {challenge.k} product verified")


def _check_claims(
    challenge: Challenge, root: bytes, drawn: Draw, opening: Opening, earlier_roots: Container[bytes]
) -> Verdict | None:
    claimed = opening.challenge
    if claimed.operations < challenge.operations:
        return Verdict(
            Reason.SMALLER,
            f"answers {claimed.m} x {claimed.k}, the challenge was {challenge.m} x {challenge.k}",
        )
    if (claimed.m, claimed.k) != (challenge.m, challenge.k):
        return Verdict(
            Reason.MALFORMED, f"answers {claimed.m} x {claimed.k}, not {challenge.m} x {challenge.k}"
        )
    if claimed.seed != challenge.seed:
        return Verdict(Reason.WRONG_SEED, f"answers the seed {claimed.seed.hex()}")
    if (refused := commitment_refused(opening, root, earlier_roots)) is not None:
        return refused
    if opening.randomness != drawn.randomness or opening.rows != drawn.rows:
        return Verdict(Reason.WRONG_ROWS, f"opens rows {list(opening.rows)}, drawn were {list(drawn.rows)}")
    depth = challenge.m.bit_length() - 1
    if (
        opening.values.shape != (len(drawn.rows), challenge.m)
        or opening.values.dtype != np.int32
        or not paths_fit(opening.paths, len(drawn.rows), depth)
    ):
        return Verdict(Reason.MALFORMED, "rows or paths of the wrong shape")
    return None


def _check_paths(opening: Opening) -> Verdict | None:
    for row, values, path in zip(opening.rows, opening.values.astype("<i4"), opening.paths, strict=True):
        if root_from_proof(chunk_tree(values.tobytes(), DOMAIN).root, row, path) != opening.root:
            return Verdict(Reason.BAD_MERKLE_PATH, f"row {row} is not in the committed tree")
    return None


def _check_products(
    challenge: Challenge, drawn: Draw, opening: Opening, projection: Project | None
) -> Verdict | None:
    b_r = (projection or fastest_projection())(challenge, drawn.vectors)
    rows = np.asarray(opening.rows, np.uint64)
    left = a_rows(challenge, rows).astype(np.int64) @ b_r.T  # |.| <= 8 * 2**31 * 2**22
    right = np.stack(
        [((opening.values.astype(np.int64) * vector) % MODULUS).sum(axis=1) for vector in drawn.vectors],
        axis=1,
    )
    wrong = np.flatnonzero(((left - right) % MODULUS).any(axis=1))
    if len(wrong):
        return Verdict(Reason.WRONG_ROW, f"row {opening.rows[int(wrong[0])]} is not that row of A times B")
    return None


def measure(
    m: int, k: int, *, kernel: Backend | None = None, repeats: int = 3, slack_bps: int = 15_000
) -> Reference:
    """Measures this machine as a class's reference: the best of several commitments."""
    prover = Prover(kernel)
    best = min(
        prover.commit(Challenge(hashlib.sha256(bytes([n])).digest(), m, k)).nanoseconds
        for n in range(max(1, repeats))
    )
    return Reference(m, k, best, slack_bps)
