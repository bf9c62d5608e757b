"""Types of the proofs program.

Generated from idl/proofs.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.codec import Codec, Int
from ionet.chain.schema import Named, Record, bind_record

from ..shared import ProofReason


@dataclass(frozen=True, slots=True)
class Commitment(Record):
    """What a device signed: the root of all that it had computed.

    Attributes:
        unit: Which of the node's processors, from 0.
        number: Which of its commitments of the hour, from 0.
        sizes: m and k of a product; blocks and rounds of a memory.
        root: Root of the tree.
    """

    unit: int
    number: int
    sizes: tuple[int, ...]
    root: bytes


bind_record(
    Commitment, (("unit", c.u32), ("number", c.u32), ("sizes", c.array(c.u32, 2)), ("root", c.raw_bytes(32)))
)


@dataclass(frozen=True, slots=True)
class CellArgs(Record):
    """A cell of a product.

    Attributes:
        commitment: What was signed.
        row: The cell's row.
        column: Its column.
        entries: The leaf that it stands in: 64 entries of the row, i32 each.
    """

    commitment: Commitment
    row: int
    column: int
    entries: bytes


bind_record(
    CellArgs,
    (("commitment", Commitment.CODEC), ("row", c.u32), ("column", c.u32), ("entries", c.raw_bytes(256))),
)


@dataclass(frozen=True, slots=True)
class Departed(Record):
    """A key that has left its seat; zeros in a free place.

    Attributes:
        key: The key.
        until: From when it may take a seat again, unix time.
    """

    key: Pubkey
    until: int


bind_record(Departed, (("key", c.pubkey), ("until", c.i64)))


@dataclass(frozen=True, slots=True)
class HeadState(Record):
    """The report at the head, and the corrections that stand, after an instruction.

    Attributes:
        height: Height of the latest report that reached the threshold and stands.
        period_end: End of its period, unix time.
        min_height: No report below this height is creditable.
        correction_at: When the latest correction that stands reached its threshold, unix time; 0 while
                none did.
        previous_min_height: `min_height` before that correction, should it be voided.
        previous_correction_at: `correction_at` before that correction.
    """

    height: int
    period_end: int
    min_height: int
    correction_at: int
    previous_min_height: int
    previous_correction_at: int


bind_record(
    HeadState,
    (
        ("height", c.u64),
        ("period_end", c.i64),
        ("min_height", c.u64),
        ("correction_at", c.i64),
        ("previous_min_height", c.u64),
        ("previous_correction_at", c.i64),
    ),
)


proof_reason_codec: Codec[ProofReason] = c.unit_enum(ProofReason)


@dataclass(frozen=True, slots=True)
class Verdict(Record):
    """How a node's compute proofs were judged in an hour.

    Attributes:
        time: End of the hour that it holds for, unix time; 0 while the node was never judged.
        score_bps: Measured speed against the class's reference, bps.
        reason: Why it failed, or that it passed.
        passed: Whether it passed.
        evidence_hash: SHA-256 of what it was judged from; zeros where the hour has none of its own.
    """

    time: int
    score_bps: int
    reason: ProofReason
    passed: bool
    evidence_hash: bytes


bind_record(
    Verdict,
    (
        ("time", c.i64),
        ("score_bps", c.u32),
        ("reason", proof_reason_codec),
        ("passed", c.boolean),
        ("evidence_hash", c.raw_bytes(32)),
    ),
)


@dataclass(frozen=True, slots=True)
class LeafArgs(Record):
    """A leaf of a report with its place and proof; the node is one of the instruction's accounts.

    Attributes:
        lifetime: Earned in the node's whole life, base units of IO.
        through: Time until which it was earned, unix time.
        previous_height: Height of the report before, if that has a leaf for the node; 0 otherwise.
        verdict: How its compute proofs were judged.
        index: Number of the leaf in the report, from 0.
        proof: One hash a level, from the leaf up.
    """

    lifetime: int
    through: int
    previous_height: int
    verdict: Verdict
    index: int
    proof: tuple[bytes, ...]


bind_record(
    LeafArgs,
    (
        ("lifetime", c.u64),
        ("through", c.i64),
        ("previous_height", c.u64),
        ("verdict", Verdict.CODEC),
        ("index", c.u32),
        ("proof", c.vec(c.raw_bytes(32))),
    ),
)


@dataclass(frozen=True, slots=True)
class ParamsArgs(Record):
    """Parameters, as an instruction takes them.

    Attributes:
        pauser: May pause.
        guardian: May void a report that is not final. The default key: nobody.
        resolver: Decides challenges. The default key: nobody.
        challenge_window: Seconds from approval to finality, 6 to 72 hours.
        challenge_freeze: Most seconds for which a challenge freezes a node's credit, 1 to 7 days.
        challenge_bond: Bond of a challenge in base units of IO, 1 to 100,000 IO.
        gpu_bps: The GPU pool's part of an hour's emission, bps; the CPU pool has the rest.
        in_use_bps: Part of a pool for nodes in use, bps.
        fee_bound_bps: Bound of that part by the fees of a node's job, bps.
        up_hours: Hours in a row that a node must have been up.
        hold: Seconds that rewards are held back behind their hour, at most 30 days.
    """

    pauser: Pubkey
    guardian: Pubkey
    resolver: Pubkey
    challenge_window: int
    challenge_freeze: int
    challenge_bond: int
    gpu_bps: int
    in_use_bps: int
    fee_bound_bps: int
    up_hours: int
    hold: int


bind_record(
    ParamsArgs,
    (
        ("pauser", c.pubkey),
        ("guardian", c.pubkey),
        ("resolver", c.pubkey),
        ("challenge_window", c.u32),
        ("challenge_freeze", c.u32),
        ("challenge_bond", c.u64),
        ("gpu_bps", c.u16),
        ("in_use_bps", c.u16),
        ("fee_bound_bps", c.u16),
        ("up_hours", c.u16),
        ("hold", c.u32),
    ),
)


@dataclass(frozen=True, slots=True)
class ReadArgs(Record):
    """A read of a chain.

    Attributes:
        commitment: What was signed.
        place: The place of the leaf in the tree.
        chain: The chain.
        read: Which of its reads, from 0.
        state: The chain's state before it.
        address: The block that was read.
        next: The chain's state after it.
    """

    commitment: Commitment
    place: int
    chain: int
    read: int
    state: bytes
    address: int
    next: bytes


bind_record(
    ReadArgs,
    (
        ("commitment", Commitment.CODEC),
        ("place", c.u32),
        ("chain", c.u32),
        ("read", c.u32),
        ("state", c.raw_bytes(128)),
        ("address", c.u32),
        ("next", c.raw_bytes(128)),
    ),
)


@dataclass(frozen=True, slots=True)
class ReportArgs(Record):
    """A report's content, as attesters propose it.

    Attributes:
        predecessor: The report that this one continues; the default key for the first.
        correction: Whether it is a correction, which may lower leaves.
        root: Merkle root of the reward leaves.
        total: Sum over all nodes of the lifetime reward in the leaf, or of what was credited where that
                is more, base units of IO.
        period_end: Unix time that the rewards count to, whole hours after the start of emission.
        leaves: Number of leaves.
        evidence_hash: SHA-256 of what the rewards were computed from.
        evidence_uri: Where the evidence is published, UTF-8, padded with zeros.
    """

    predecessor: Pubkey
    correction: bool
    root: bytes
    total: int
    period_end: int
    leaves: int
    evidence_hash: bytes
    evidence_uri: bytes


bind_record(
    ReportArgs,
    (
        ("predecessor", c.pubkey),
        ("correction", c.boolean),
        ("root", c.raw_bytes(32)),
        ("total", c.u64),
        ("period_end", c.i64),
        ("leaves", c.u32),
        ("evidence_hash", c.raw_bytes(32)),
        ("evidence_uri", c.raw_bytes(96)),
    ),
)


class ReportState(Named):
    """Where a report stands."""

    PENDING = 0, "Gathers approvals."
    APPROVED = 1, "Approved; its challenge window runs."
    FINAL = 2, "Its leaves can be credited."
    VOID = 3, "Will never pay."


report_state_codec: Codec[ReportState] = c.unit_enum(ReportState)


@dataclass(frozen=True, slots=True)
class Roles(Record):
    """Authority, its successor until the successor accepts, and the pauser.

    Attributes:
        authority: May change parameters and lift pauses.
        pending_authority: Becomes the authority when it accepts; all zeros while nobody is proposed.
        pauser: May pause, and nothing else.
        paused: Paused entries, a bit each; each program says which bit stands for what.
    """

    authority: Pubkey
    pending_authority: Pubkey
    pauser: Pubkey
    paused: int


bind_record(
    Roles, (("authority", c.pubkey), ("pending_authority", c.pubkey), ("pauser", c.pubkey), ("paused", c.u64))
)


@dataclass(frozen=True, slots=True)
class Seat(Record):
    """A seat, as an instruction takes it; vacant with the default key and weight 0.

    Attributes:
        key: The attester's key.
        weight: Weight of its approval.
    """

    key: Pubkey
    weight: int


bind_record(Seat, (("key", c.pubkey), ("weight", c.u32)))


class Params(TypedDict, total=False):
    """Parameters to change; those that are left out stay as they are."""

    pauser: Pubkey
    guardian: Pubkey
    resolver: Pubkey
    challenge_window: Int
    challenge_freeze: Int
    challenge_bond: Int
    gpu_bps: Int
    in_use_bps: Int
    fee_bound_bps: Int
    up_hours: Int
    hold: Int


__all__ = [
    "CellArgs",
    "Commitment",
    "Departed",
    "HeadState",
    "LeafArgs",
    "Params",
    "ParamsArgs",
    "ProofReason",
    "ReadArgs",
    "ReportArgs",
    "ReportState",
    "Roles",
    "Seat",
    "Verdict",
]
