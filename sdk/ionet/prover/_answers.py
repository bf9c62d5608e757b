"""What all proofs have in common: reasons, verdicts, commitments, trees of chunks, checks of claims."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, Protocol, TypeVar

from ionet.chain.errors import IonetError
from ionet.formats.merkle import Tree

#: Bytes of a leaf: 64 entries of four bytes, or 64 chains' ends.
CHUNK_BYTES: Final = 256
#: Right answers by whose median a device's speed is judged.
MEDIAN_OF: Final = 3


class Reason(StrEnum):
    """Why an answer was not accepted; docs/proofs.md says which proof has which."""

    MALFORMED = "malformed"
    SMALLER = "smaller"
    WRONG_SEED = "wrong-seed"
    WRONG_START = "wrong-start"
    REPLAYED = "replayed"
    WRONG_ROOT = "wrong-root"
    WRONG_ROWS = "wrong-rows"
    WRONG_CHAINS = "wrong-chains"
    BAD_MERKLE_PATH = "bad-merkle-path"
    WRONG_ROW = "wrong-row"
    WRONG_READ = "wrong-read"
    WRONG_END = "wrong-end"
    SLOW = "slow"
    UNANSWERED = "unanswered"


class ProofError(IonetError):
    """An answer cannot be read, or a prover was asked for something that it does not hold.

    Attributes:
        reason: why.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an answer was judged.

    Attributes:
        reason: None when it is accepted.
        detail: what exactly was seen, for people.
    """

    reason: Reason | None
    detail: str

    @property
    def ok(self) -> bool:
        """Whether the answer is accepted."""
        return self.reason is None


C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Commitment(Generic[C]):
    """A prover's first answer, before it knows what it will have to show.

    Attributes:
        challenge: what it answers.
        root: root of the tree over what was computed, 32 bytes.
        nanoseconds: the prover's own time for that and the tree; verifiers use their own clock.
    """

    challenge: C
    root: bytes
    nanoseconds: int


class Claim(Protocol):
    """The part of an opening that says what it opens, and from which randomness."""

    @property
    def root(self) -> bytes:
        """The committed root, 32 bytes."""
        ...

    @property
    def randomness(self) -> bytes:
        """What was drawn from, 32 bytes."""
        ...


def commitment_refused(opening: Claim, root: bytes, earlier_roots: Container[bytes]) -> Verdict | None:
    """Returns the verdict on an opening of another commitment than the one for this challenge."""
    if root in earlier_roots:
        return Verdict(Reason.REPLAYED, f"the root {root.hex()} was committed for another challenge")
    if opening.root != root:
        return Verdict(Reason.WRONG_ROOT, f"opens {opening.root.hex()}, committed was {root.hex()}")
    return None


def paths_fit(paths: Sequence[Sequence[bytes]], count: int, depth: int) -> bool:
    """Whether there are ``count`` paths of ``depth`` hashes of 32 bytes."""
    return len(paths) == count and all(
        len(path) == depth and all(len(item) == 32 for item in path) for path in paths
    )


def chunk_tree(raw: bytes | memoryview, domain: bytes) -> Tree:
    """Returns the tree over chunks of 256 bytes."""
    # leaf_hash, inlined: this loop is most of the commitment's cost on a fast device.
    prefix, hashed = b"\x00" + domain, hashlib.sha256
    return Tree(
        b"".join(
            [hashed(prefix + raw[at : at + CHUNK_BYTES]).digest() for at in range(0, len(raw), CHUNK_BYTES)]
        ),
        domain,
    )


def limit(nanoseconds: int, slack_bps: int, grace_ns: int = 0) -> int:
    """Returns the longest accepted time, rounded up."""
    return -(-nanoseconds * slack_bps // 10_000) + grace_ns


def median(times: Sequence[int]) -> int:
    """Returns the middle one of some times, of an even number the later of two.

    Nobody is judged slow by one answer: `MEDIAN_OF` are drawn, and while there are fewer, an answer that is
    too slow by them is followed by another draw.
    """
    return sorted(times)[len(times) // 2]


def slow(nanoseconds: int | None, limit_ns: int | None) -> Verdict | None:
    """Returns the verdict on an answer that took too long; None where it did not, or is not timed."""
    if nanoseconds is None or limit_ns is None or nanoseconds <= limit_ns:
        return None
    return Verdict(Reason.SLOW, f"took {nanoseconds} ns, at most {limit_ns} ns for this class")
