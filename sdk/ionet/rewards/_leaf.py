"""One leaf of a report, as the programs hash it: the twin of ``crates/io-common/src/leaf.rs``.

``leaf = sha256(0x00 || b"ionet:reward" || bytes)``; the 102 canonical bytes are node (32), lifetime u64,
through i64, previous_height u64, and of the verdict time i64, score_bps u32, reason u8, passed u8 and
evidence_hash (32); integers little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from ionet._generated.proofs.constants import REWARD_DOMAIN
from ionet._generated.staking.types import ProofReason
from ionet.formats.merkle import leaf_hash

LEAF: Final = struct.Struct("<32sQqQqIBB32s")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a node's compute proofs in an hour.

    Attributes:
        time: end of the hour it is for, Unix seconds; 0 if the node was never judged.
        score_bps: measured speed against the class's reference, bps.
        reason: why it failed, or that it passed.
        passed: whether it passed.
        evidence_hash: sha256 of the evidence; zeros if the hour has none of its own.
    """

    time: int = 0
    score_bps: int = 0
    reason: ProofReason = ProofReason.UNANSWERED
    passed: bool = False
    evidence_hash: bytes = bytes(32)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A node's leaf of a report.

    Attributes:
        node: the node's address, 32 bytes.
        lifetime: earned in its whole life, base units of IO.
        through: end of the last hour that counts, Unix seconds.
        previous_height: height of the previous report, if that has a leaf for the node; 0 otherwise.
        verdict: the verdict on its compute proofs.
    """

    node: bytes
    lifetime: int
    through: int
    previous_height: int = 0
    verdict: Verdict = Verdict()

    def to_bytes(self) -> bytes:
        """The canonical bytes."""
        verdict = self.verdict
        return LEAF.pack(
            self.node,
            self.lifetime,
            self.through,
            self.previous_height,
            verdict.time,
            verdict.score_bps,
            verdict.reason,
            verdict.passed,
            verdict.evidence_hash,
        )

    def hash(self) -> bytes:
        """The hash, as `staking.credit_node`, `proofs.refute` and `proofs.show_verdict` compute it."""
        return leaf_hash(REWARD_DOMAIN, self.to_bytes())
