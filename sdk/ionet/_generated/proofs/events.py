"""Events of the proofs program.

Generated from idl/proofs.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Event, bind_event

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class AttestersSet(Event):
    """The attester set was replaced.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        set_version: Counts the changes of the attester set.
        threshold: Weight that approves a report.
        total_weight: Sum of all weights.
        seats: All seats, by number.
        changed_at: When the set was changed, unix time: keys that have left a seat take none for a while
                from then on.
    """

    seq: int
    set_version: int
    threshold: int
    total_weight: int
    seats: tuple[types.Seat, ...]
    changed_at: int


bind_event(
    AttestersSet,
    PROGRAM_ID,
    bytes.fromhex("1304049bb3a8681c"),
    (
        ("seq", c.u64),
        ("set_version", c.u32),
        ("threshold", c.u32),
        ("total_weight", c.u32),
        ("seats", c.vec(types.Seat.CODEC)),
        ("changed_at", c.i64),
    ),
)


@dataclass(frozen=True, slots=True)
class AuthorityAccepted(Event):
    """The proposed successor has become the authority.

    Attributes:
        seq: Number of the event, counted by the configuration.
        authority: The new authority.
    """

    seq: int
    authority: Pubkey


bind_event(
    AuthorityAccepted,
    PROGRAM_ID,
    bytes.fromhex("a6c0dbbc29d1c31a"),
    (("seq", c.u64), ("authority", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class AuthorityProposed(Event):
    """The authority has proposed a successor, or withdrawn the proposal.

    Attributes:
        seq: Number of the event, counted by the configuration.
        authority: The present authority.
        successor: Becomes the authority when it accepts; the default key stands for nobody.
    """

    seq: int
    authority: Pubkey
    successor: Pubkey


bind_event(
    AuthorityProposed,
    PROGRAM_ID,
    bytes.fromhex("f4755e7035972359"),
    (("seq", c.u64), ("authority", c.pubkey), ("successor", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class ChallengeDecided(Event):
    """A challenge was decided; its bond went back (upheld) or was burned (rejected).

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        challenge: The challenge.
        report: The report.
        node: The node.
        upheld: Whether the leaf was wrong.
        bond: The bond, base units of IO.
    """

    seq: int
    challenge: Pubkey
    report: Pubkey
    node: Pubkey
    upheld: bool
    bond: int


bind_event(
    ChallengeDecided,
    PROGRAM_ID,
    bytes.fromhex("99dce244e90081ea"),
    (
        ("seq", c.u64),
        ("challenge", c.pubkey),
        ("report", c.pubkey),
        ("node", c.pubkey),
        ("upheld", c.boolean),
        ("bond", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class ChallengeLifted(Event):
    """A challenge was lifted, since nobody had decided it in time; the bond went back.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        challenge: The challenge.
        report: The report.
        node: The node.
        bond: The bond, base units of IO.
    """

    seq: int
    challenge: Pubkey
    report: Pubkey
    node: Pubkey
    bond: int


bind_event(
    ChallengeLifted,
    PROGRAM_ID,
    bytes.fromhex("02a06b3918d150e9"),
    (("seq", c.u64), ("challenge", c.pubkey), ("report", c.pubkey), ("node", c.pubkey), ("bond", c.u64)),
)


@dataclass(frozen=True, slots=True)
class ChallengeMade(Event):
    """A node's leaf in a report was challenged.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        challenge: The challenge.
        report: The report.
        node: The node.
        challenger: The challenger.
        bond: The bond, base units of IO.
        until: When it lapses if nobody decides it, unix time.
        evidence_hash: SHA-256 of the evidence.
    """

    seq: int
    challenge: Pubkey
    report: Pubkey
    node: Pubkey
    challenger: Pubkey
    bond: int
    until: int
    evidence_hash: bytes


bind_event(
    ChallengeMade,
    PROGRAM_ID,
    bytes.fromhex("03af44fb2c43b4fc"),
    (
        ("seq", c.u64),
        ("challenge", c.pubkey),
        ("report", c.pubkey),
        ("node", c.pubkey),
        ("challenger", c.pubkey),
        ("bond", c.u64),
        ("until", c.i64),
        ("evidence_hash", c.raw_bytes(32)),
    ),
)


@dataclass(frozen=True, slots=True)
class ComputeCommitted(Event):
    """A seat has posted the root of the commitments that it received.

    Attributes:
        hour: The hour.
        seat: The attester's seat.
        attester: The attester.
        root: Merkle root of the commitments.
        count: How many they are.
        set_version: Counts the changes of the attester set.
        draw_from: From which slot on the draw counts; 0 while seats are missing.
    """

    hour: Pubkey
    seat: int
    attester: Pubkey
    root: bytes
    count: int
    set_version: int
    draw_from: int


bind_event(
    ComputeCommitted,
    PROGRAM_ID,
    bytes.fromhex("180d4fe81923a86c"),
    (
        ("hour", c.pubkey),
        ("seat", c.u8),
        ("attester", c.pubkey),
        ("root", c.raw_bytes(32)),
        ("count", c.u32),
        ("set_version", c.u32),
        ("draw_from", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class CorrectionEndorsed(Event):
    """The guardian has endorsed a correction, which then needs the threshold only.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        report: The report.
        report_seq: Hours from the start of emission to the end of the report's period.
        approved_at: When it was approved, unix time; 0 while it needs more weight.
        head: The head, and the latest correction, afterwards.
    """

    seq: int
    report: Pubkey
    report_seq: int
    approved_at: int
    head: types.HeadState


bind_event(
    CorrectionEndorsed,
    PROGRAM_ID,
    bytes.fromhex("67db27364f65f100"),
    (
        ("seq", c.u64),
        ("report", c.pubkey),
        ("report_seq", c.u64),
        ("approved_at", c.i64),
        ("head", types.HeadState.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class HourClosed(Event):
    """An hour was closed, and its rent went back.

    Attributes:
        hour: The hour.
    """

    hour: Pubkey


bind_event(HourClosed, PROGRAM_ID, bytes.fromhex("854af073756b961b"), (("hour", c.pubkey),))


@dataclass(frozen=True, slots=True)
class HourDrawn(Event):
    """An hour was drawn, or its draw has begun.

    Attributes:
        hour: The hour.
        draw_from: From which slot on the draw counts.
        drawn_slot: The slot whose hash decides; 0 where the draw has only begun.
        randomness: That hash; zeros where the draw has only begun.
    """

    hour: Pubkey
    draw_from: int
    drawn_slot: int
    randomness: bytes


bind_event(
    HourDrawn,
    PROGRAM_ID,
    bytes.fromhex("aadb4c760600bf17"),
    (("hour", c.pubkey), ("draw_from", c.u64), ("drawn_slot", c.u64), ("randomness", c.raw_bytes(32))),
)


@dataclass(frozen=True, slots=True)
class HourTicked(Event):
    """An hour's compute proofs have begun.

    Attributes:
        hour: The hour.
        report_seq: Hours from the start of emission to `period_end`.
        period_end: End of the hour, unix time.
        payer: Who paid the rent.
        seed_slot: The slot whose hash is the seed.
        seed: What challenges are made of.
    """

    hour: Pubkey
    report_seq: int
    period_end: int
    payer: Pubkey
    seed_slot: int
    seed: bytes


bind_event(
    HourTicked,
    PROGRAM_ID,
    bytes.fromhex("d1114f73cd13f7d9"),
    (
        ("hour", c.pubkey),
        ("report_seq", c.u64),
        ("period_end", c.i64),
        ("payer", c.pubkey),
        ("seed_slot", c.u64),
        ("seed", c.raw_bytes(32)),
    ),
)


@dataclass(frozen=True, slots=True)
class Initialized(Event):
    """The configuration and an attester set without seats were created.

    Attributes:
        authority: The first authority.
        params: The first parameters.
    """

    authority: Pubkey
    params: types.ParamsArgs


bind_event(
    Initialized,
    PROGRAM_ID,
    bytes.fromhex("d0d573627352c9d1"),
    (("authority", c.pubkey), ("params", types.ParamsArgs.CODEC)),
)


@dataclass(frozen=True, slots=True)
class ParamsSet(Event):
    """The parameters were set.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        params: The new parameters.
    """

    seq: int
    params: types.ParamsArgs


bind_event(
    ParamsSet,
    PROGRAM_ID,
    bytes.fromhex("396f21fc784c62f5"),
    (("seq", c.u64), ("params", types.ParamsArgs.CODEC)),
)


@dataclass(frozen=True, slots=True)
class PausedSet(Event):
    """The paused entries were set.

    Attributes:
        seq: Number of the event, counted by the configuration.
        by: The authority, or the pauser.
        paused: Bits of the entries that are paused now, `PAUSE_*`.
    """

    seq: int
    by: Pubkey
    paused: int


bind_event(
    PausedSet,
    PROGRAM_ID,
    bytes.fromhex("ab7d7f9ce9514442"),
    (("seq", c.u64), ("by", c.pubkey), ("paused", c.u64)),
)


@dataclass(frozen=True, slots=True)
class ReportApproved(Event):
    """An attester has approved a report.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        report: The report.
        report_seq: Hours from the start of emission to the end of the report's period.
        seat: Seat of the attester.
        attester: The attester.
        weight: Weight of all approvals so far.
        threshold: Weight that approves it.
        approved_at: When it was approved, unix time; 0 while it is not.
        head: The head, and the latest correction, afterwards.
    """

    seq: int
    report: Pubkey
    report_seq: int
    seat: int
    attester: Pubkey
    weight: int
    threshold: int
    approved_at: int
    head: types.HeadState


bind_event(
    ReportApproved,
    PROGRAM_ID,
    bytes.fromhex("200415a28cc6102a"),
    (
        ("seq", c.u64),
        ("report", c.pubkey),
        ("report_seq", c.u64),
        ("seat", c.u8),
        ("attester", c.pubkey),
        ("weight", c.u32),
        ("threshold", c.u32),
        ("approved_at", c.i64),
        ("head", types.HeadState.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class ReportFinalized(Event):
    """A report became final: its leaves can be credited.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        report: The report.
        report_seq: Hours from the start of emission to the end of the report's period.
        root: Merkle root of the reward leaves.
        total: Sum of the leaves' lifetime rewards, base units of IO.
        period_end: Unix time that the rewards count to.
        finalized_at: When it happened, unix time.
        height: Its height.
        creditable_from: From when its leaves are creditable, unix time.
        creditable_until: The last second in which they are, unix time.
        highest_total: The highest total of all final reports, base units.
        highest_paid: What emission had paid until the end of that report's period, base units.
    """

    seq: int
    report: Pubkey
    report_seq: int
    root: bytes
    total: int
    period_end: int
    finalized_at: int
    height: int
    creditable_from: int
    creditable_until: int
    highest_total: int
    highest_paid: int


bind_event(
    ReportFinalized,
    PROGRAM_ID,
    bytes.fromhex("d0c9416a80743b16"),
    (
        ("seq", c.u64),
        ("report", c.pubkey),
        ("report_seq", c.u64),
        ("root", c.raw_bytes(32)),
        ("total", c.u64),
        ("period_end", c.i64),
        ("finalized_at", c.i64),
        ("height", c.u64),
        ("creditable_from", c.i64),
        ("creditable_until", c.i64),
        ("highest_total", c.u64),
        ("highest_paid", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class ReportMade(Event):
    """A report was made.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        report: The report.
        report_seq: Hours from the start of emission to `period_end`.
        set_version: Counts the changes of the attester set.
        payer: The attester who made it and paid for the account.
        root: Merkle root of the reward leaves.
        total: Sum of the leaves' lifetime rewards, base units of IO.
        period_end: Unix time that the rewards count to.
        leaves: Number of leaves.
        evidence_hash: SHA-256 of what the rewards were computed from.
        evidence_uri: Where the evidence is published, UTF-8, padded with zeros.
        predecessor: The predecessor: the report that it continues; the default key for the first.
        height: Its predecessor's height plus one.
        correction: Whether it is a correction.
        created_at: When it happened, unix time.
        paid: What emission had paid until the end of its period, base units.
    """

    seq: int
    report: Pubkey
    report_seq: int
    set_version: int
    payer: Pubkey
    root: bytes
    total: int
    period_end: int
    leaves: int
    evidence_hash: bytes
    evidence_uri: bytes
    predecessor: Pubkey
    height: int
    correction: bool
    created_at: int
    paid: int


bind_event(
    ReportMade,
    PROGRAM_ID,
    bytes.fromhex("80064d4769301466"),
    (
        ("seq", c.u64),
        ("report", c.pubkey),
        ("report_seq", c.u64),
        ("set_version", c.u32),
        ("payer", c.pubkey),
        ("root", c.raw_bytes(32)),
        ("total", c.u64),
        ("period_end", c.i64),
        ("leaves", c.u32),
        ("evidence_hash", c.raw_bytes(32)),
        ("evidence_uri", c.raw_bytes(96)),
        ("predecessor", c.pubkey),
        ("height", c.u64),
        ("correction", c.boolean),
        ("created_at", c.i64),
        ("paid", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class ReportRenewed(Event):
    """A report that was void, had fallen, or was pending under an earlier set gathers approvals again.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        report: The report.
        report_seq: Hours from the start of emission to the end of the report's period.
        set_version: The attester set whose approvals count from now on.
        attester: The attester.
    """

    seq: int
    report: Pubkey
    report_seq: int
    set_version: int
    attester: Pubkey


bind_event(
    ReportRenewed,
    PROGRAM_ID,
    bytes.fromhex("ff8a2d26b34ae9a8"),
    (
        ("seq", c.u64),
        ("report", c.pubkey),
        ("report_seq", c.u64),
        ("set_version", c.u32),
        ("attester", c.pubkey),
    ),
)


@dataclass(frozen=True, slots=True)
class ReportVoided(Event):
    """A report will never pay: a leaf was refuted (`node`), or it was voided as a whole (zeros).

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        report: The report.
        report_seq: Hours from the start of emission to the end of the report's period.
        node: The node of the refuted leaf, or zeros.
        head: The head, and the latest correction, afterwards.
        next_void: Index at which the time of the guardian's next void is written.
    """

    seq: int
    report: Pubkey
    report_seq: int
    node: Pubkey
    head: types.HeadState
    next_void: int


bind_event(
    ReportVoided,
    PROGRAM_ID,
    bytes.fromhex("3b9cd565b7b5e8de"),
    (
        ("seq", c.u64),
        ("report", c.pubkey),
        ("report_seq", c.u64),
        ("node", c.pubkey),
        ("head", types.HeadState.CODEC),
        ("next_void", c.u8),
    ),
)


@dataclass(frozen=True, slots=True)
class VerdictShown(Event):
    """A node's verdict in the report at the head was written into the node's account.

    Attributes:
        node: The node.
        report: The report.
        height: Its height.
        verdict: The verdict.
    """

    node: Pubkey
    report: Pubkey
    height: int
    verdict: types.Verdict


bind_event(
    VerdictShown,
    PROGRAM_ID,
    bytes.fromhex("4583c3915ae9b997"),
    (("node", c.pubkey), ("report", c.pubkey), ("height", c.u64), ("verdict", types.Verdict.CODEC)),
)


#: Each event by its discriminator.
EVENTS: Mapping[bytes, type[Event]] = {
    AttestersSet.DISCRIMINATOR: AttestersSet,
    AuthorityAccepted.DISCRIMINATOR: AuthorityAccepted,
    AuthorityProposed.DISCRIMINATOR: AuthorityProposed,
    ChallengeDecided.DISCRIMINATOR: ChallengeDecided,
    ChallengeLifted.DISCRIMINATOR: ChallengeLifted,
    ChallengeMade.DISCRIMINATOR: ChallengeMade,
    ComputeCommitted.DISCRIMINATOR: ComputeCommitted,
    CorrectionEndorsed.DISCRIMINATOR: CorrectionEndorsed,
    HourClosed.DISCRIMINATOR: HourClosed,
    HourDrawn.DISCRIMINATOR: HourDrawn,
    HourTicked.DISCRIMINATOR: HourTicked,
    Initialized.DISCRIMINATOR: Initialized,
    ParamsSet.DISCRIMINATOR: ParamsSet,
    PausedSet.DISCRIMINATOR: PausedSet,
    ReportApproved.DISCRIMINATOR: ReportApproved,
    ReportFinalized.DISCRIMINATOR: ReportFinalized,
    ReportMade.DISCRIMINATOR: ReportMade,
    ReportRenewed.DISCRIMINATOR: ReportRenewed,
    ReportVoided.DISCRIMINATOR: ReportVoided,
    VerdictShown.DISCRIMINATOR: VerdictShown,
}


__all__ = [
    "AttestersSet",
    "AuthorityAccepted",
    "AuthorityProposed",
    "ChallengeDecided",
    "ChallengeLifted",
    "ChallengeMade",
    "ComputeCommitted",
    "CorrectionEndorsed",
    "HourClosed",
    "HourDrawn",
    "HourTicked",
    "Initialized",
    "ParamsSet",
    "PausedSet",
    "ReportApproved",
    "ReportFinalized",
    "ReportMade",
    "ReportRenewed",
    "ReportVoided",
    "VerdictShown",
]
