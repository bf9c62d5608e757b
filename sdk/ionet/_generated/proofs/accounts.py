"""Accounts of the proofs program.

Generated from idl/proofs.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Account, bind_account

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class AttesterSet(Account):
    """Who attests, with which weight: `["attesters"]`. What a seat has approved or attested stays with its
    number, so the number stays with its attester while keys change.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        seats: Seats ever used; never falls.
        set_version: Counts the changes of the set.
        threshold: Weight that approves a report.
        total_weight: Sum of all weights.
        keys: By seat; the default key where a seat is vacant.
        weights: By seat; 0 where a seat is vacant.
        changed_at: When the set was changed last, unix time.
        departed: Keys that have left a seat and may not take one yet.
    """

    version: int
    bump: int
    seats: int
    set_version: int
    threshold: int
    total_weight: int
    keys: tuple[Pubkey, ...]
    weights: tuple[int, ...]
    changed_at: int
    departed: tuple[types.Departed, ...]


bind_account(
    AttesterSet,
    PROGRAM_ID,
    bytes.fromhex("b0653d7da18a7a74"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("seats", c.u8),
        ("", c.pad(1)),
        ("set_version", c.u32),
        ("threshold", c.u32),
        ("total_weight", c.u32),
        ("keys", c.array(c.pubkey, 16)),
        ("weights", c.array(c.u32, 16)),
        ("changed_at", c.i64),
        ("departed", c.array(types.Departed.CODEC, 16)),
        ("", c.pad(64)),
    ),
)


@dataclass(frozen=True, slots=True)
class Challenge(Account):
    """A challenge, with a bond, of one node's leaf in a report, which holds that node's credit back:
    `["challenge", report, node]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        report: The report.
        node: The node whose leaf is challenged.
        challenger: The challenger, who paid the bond and the rent.
        bond_vault: Token account that holds the bond.
        bond: The bond, base units of IO.
        evidence_hash: SHA-256 of the challenger's evidence.
        made_at: When it was made, unix time.
        until: When it lapses if nobody has decided it, unix time.
    """

    version: int
    bump: int
    report: Pubkey
    node: Pubkey
    challenger: Pubkey
    bond_vault: Pubkey
    bond: int
    evidence_hash: bytes
    made_at: int
    until: int


bind_account(
    Challenge,
    PROGRAM_ID,
    bytes.fromhex("77faa179775116d0"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("", c.pad(6)),
        ("report", c.pubkey),
        ("node", c.pubkey),
        ("challenger", c.pubkey),
        ("bond_vault", c.pubkey),
        ("bond", c.u64),
        ("evidence_hash", c.raw_bytes(32)),
        ("made_at", c.i64),
        ("until", c.i64),
        ("", c.pad(64)),
    ),
)


@dataclass(frozen=True, slots=True)
class Config(Account):
    """The one configuration account of the program: `["config"]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        hold: How long rewards are held back behind their hour, seconds.
        last_time: Latest time that an instruction has seen, unix time.
        head: Height of the latest report that reached the threshold and stands; 0 while none did.
        final_height: Height of the latest final report; 0 while there is none.
        min_height: No report below this height is creditable: that of the latest correction which reached
                the threshold and stands; 0 while none did.
        head_period_end: End of the period of the report at the head, unix time.
        roles: Authority, pauser, and what is paused.
        guardian: May void a report that is not final.
        resolver: Decides challenges.
        final_report: The latest final report; the default key while there is none.
        highest_total: The highest total of all final reports, base units.
        highest_paid: What emission had paid until the end of that report's period, base units.
        correction_at: When the latest correction that stands reached its threshold, unix time; 0 while
                none did.
        previous_min_height: `min_height` before that correction, should it be voided.
        previous_correction_at: `correction_at` before that correction.
        challenge_window: Seconds from approval to finality.
        challenge_freeze: Most seconds for which a challenge freezes a node's credit.
        challenge_bond: Bond of a challenge in base units of IO.
        seq: Number of the latest event.
        gpu_bps: The GPU pool's part of an hour's emission, bps. Attesters share it out by this and the
                next three; no program computes with them.
        in_use_bps: Part of a pool for nodes in use, bps.
        fee_bound_bps: Bound of that part by the fees of a node's job, bps.
        up_hours: Hours in a row that a node must have been up.
        next_void: Index at which the time of the guardian's next void is written.
        voids: When the guardian voided its latest reports, unix time.
        reports: Reports at the latest heights: that of height h at index h modulo 192.
    """

    version: int
    bump: int
    hold: int
    last_time: int
    head: int
    final_height: int
    min_height: int
    head_period_end: int
    roles: types.Roles
    guardian: Pubkey
    resolver: Pubkey
    final_report: Pubkey
    highest_total: int
    highest_paid: int
    correction_at: int
    previous_min_height: int
    previous_correction_at: int
    challenge_window: int
    challenge_freeze: int
    challenge_bond: int
    seq: int
    gpu_bps: int
    in_use_bps: int
    fee_bound_bps: int
    up_hours: int
    next_void: int
    voids: tuple[int, ...]
    reports: tuple[Pubkey, ...]


bind_account(
    Config,
    PROGRAM_ID,
    bytes.fromhex("9b0caae01efacc82"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("", c.pad(2)),
        ("hold", c.u32),
        ("last_time", c.i64),
        ("head", c.u64),
        ("final_height", c.u64),
        ("min_height", c.u64),
        ("head_period_end", c.i64),
        ("roles", types.Roles.CODEC),
        ("guardian", c.pubkey),
        ("resolver", c.pubkey),
        ("final_report", c.pubkey),
        ("highest_total", c.u64),
        ("highest_paid", c.u64),
        ("correction_at", c.i64),
        ("previous_min_height", c.u64),
        ("previous_correction_at", c.i64),
        ("challenge_window", c.u32),
        ("challenge_freeze", c.u32),
        ("challenge_bond", c.u64),
        ("seq", c.u64),
        ("gpu_bps", c.u16),
        ("in_use_bps", c.u16),
        ("fee_bound_bps", c.u16),
        ("up_hours", c.u16),
        ("next_void", c.u8),
        ("", c.pad(7)),
        ("voids", c.array(c.i64, 20)),
        ("reports", c.array(c.pubkey, 192)),
        ("", c.pad(120)),
    ),
)


@dataclass(frozen=True, slots=True)
class Hour(Account):
    """An hour's compute proofs: `["hour", seq]`. Its seed, what each seat has received, and the draw.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        committed: Seats that have posted their root, by bit.
        set_version: Version of the attester set at the latest root.
        seq: Hours from the start of emission to `period_end`.
        period_end: End of the hour, unix time.
        ticked_at: When it was ticked, unix time; seats post their roots for `COMMIT_TIME` from then on.
        seed_slot: The slot whose hash is the seed.
        draw_from: From which slot on `DRAW_SLOTS` count; 0 while nobody has begun the draw.
        drawn_slot: The slot whose hash decides the draw; 0 while it is not drawn.
        seed: What this hour's challenges are made of.
        randomness: What rows, vectors and chains are drawn from.
        payer: Who ticked it and paid the rent, and gets it back.
        roots: By seat, the Merkle root of the commitments that it received in time.
        counts: By seat, how many they are.
    """

    version: int
    bump: int
    committed: int
    set_version: int
    seq: int
    period_end: int
    ticked_at: int
    seed_slot: int
    draw_from: int
    drawn_slot: int
    seed: bytes
    randomness: bytes
    payer: Pubkey
    roots: tuple[bytes, ...]
    counts: tuple[int, ...]


bind_account(
    Hour,
    PROGRAM_ID,
    bytes.fromhex("a24deddbbe652aa0"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("committed", c.u16),
        ("set_version", c.u32),
        ("seq", c.u64),
        ("period_end", c.i64),
        ("ticked_at", c.i64),
        ("seed_slot", c.u64),
        ("draw_from", c.u64),
        ("drawn_slot", c.u64),
        ("seed", c.raw_bytes(32)),
        ("randomness", c.raw_bytes(32)),
        ("payer", c.pubkey),
        ("roots", c.array(c.raw_bytes(32), 16)),
        ("counts", c.array(c.u32, 16)),
        ("", c.pad(64)),
    ),
)


@dataclass(frozen=True, slots=True)
class Report(Account):
    """Cumulative rewards of all nodes until the end of a period: `["report", seq, sha256(content)]`. Never
    closed: what attesters have approved stays on record.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        state: Where it stands.
        correction: 1 for a correction, which may lower leaves.
        seq: Hours from the start of emission to `period_end`.
        root: Merkle root of the reward leaves.
        total: Sum over all nodes of the lifetime reward in the leaf, or of what was credited where that
                is more, base units of IO.
        period_end: Unix time that the rewards count to.
        finalized_at: When it became final, unix time; 0 before.
        height: Its predecessor's height plus one.
        creditable_from: From when its leaves are creditable, unix time; set when it becomes final.
        creditable_until: The last second in which they are, unix time.
        predecessor: The predecessor: the report that it continues; the default key for the first.
        predecessor_end: End of the predecessor's period, unix time, or 0.
        paid: What emission had paid until the end of its period, base units.
        set_version: The attester set whose approvals count.
        leaves: Number of leaves.
        approvals: Seats that have approved, a bit each.
        weight: Weight of those seats.
        approved_at: When the threshold was reached, unix time; 0 before.
        created_at: When it was made, unix time.
        endorsed: 1 when the guardian has endorsed it, which a correction of less than four fifths of the
                weight needs.
        payer: The attester who made it and paid for the account.
        content_hash: SHA-256 of the content; part of the address.
        evidence_hash: SHA-256 of what the rewards were computed from.
        evidence_uri: Where the evidence is published, UTF-8, padded with zeros.
    """

    version: int
    bump: int
    state: types.ReportState
    correction: int
    seq: int
    root: bytes
    total: int
    period_end: int
    finalized_at: int
    height: int
    creditable_from: int
    creditable_until: int
    predecessor: Pubkey
    predecessor_end: int
    paid: int
    set_version: int
    leaves: int
    approvals: int
    weight: int
    approved_at: int
    created_at: int
    endorsed: int
    payer: Pubkey
    content_hash: bytes
    evidence_hash: bytes
    evidence_uri: bytes


bind_account(
    Report,
    PROGRAM_ID,
    bytes.fromhex("e8f6e5e3f269be02"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("state", types.report_state_codec),
        ("correction", c.u8),
        ("", c.pad(4)),
        ("seq", c.u64),
        ("root", c.raw_bytes(32)),
        ("total", c.u64),
        ("period_end", c.i64),
        ("finalized_at", c.i64),
        ("height", c.u64),
        ("creditable_from", c.i64),
        ("creditable_until", c.i64),
        ("predecessor", c.pubkey),
        ("predecessor_end", c.i64),
        ("paid", c.u64),
        ("set_version", c.u32),
        ("leaves", c.u32),
        ("approvals", c.u32),
        ("weight", c.u32),
        ("approved_at", c.i64),
        ("created_at", c.i64),
        ("endorsed", c.u8),
        ("", c.pad(7)),
        ("payer", c.pubkey),
        ("content_hash", c.raw_bytes(32)),
        ("evidence_hash", c.raw_bytes(32)),
        ("evidence_uri", c.raw_bytes(96)),
        ("", c.pad(64)),
    ),
)


__all__ = ["AttesterSet", "Challenge", "Config", "Hour", "Report"]
