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
        departed: Keys that have left a seat and take none yet.
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
    """A bonded doubt about one node's leaf in a report, which holds that node's credit back:
    `["challenge", report, node]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        report: The report.
        node: The node whose leaf is doubted.
        challenger: Who paid bond and rent.
        bond_vault: Token account that holds the bond.
        bond: The bond, base units of IO.
        evidence_hash: SHA-256 of the challenger's evidence.
        made_at: When it was made, unix time.
        until: When it lapses if nobody has decided it.
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
        last_time: Latest time that an instruction has seen.
        roles: Authority, pauser, and what is paused.
        guardian: May void a report that is not final.
        resolver: Decides challenges.
        approved_seq: Hour of the latest approved report; never falls.
        final_seq: Hour of the latest final report; never falls.
        final_total: Total of the latest final report, base units; never falls.
        final_period_end: End of period of the latest final report, unix time; never falls.
        challenge_window: Seconds from approval to finality.
        challenge_freeze: Most seconds that a challenge freezes a node's credit.
        challenge_bond: Bond of a challenge in base units of IO.
        seq: Number of the latest event.
        gpu_bps: The GPU pool's part of an hour's emission, bps. Attesters share it out by this and the
                next three; no program computes with them.
        in_use_bps: Part of a pool for nodes in use, bps.
        fee_bound_bps: Bound of that part by the fees of a node's job, bps.
        up_hours: Hours in a row that a node must have been up.
    """

    version: int
    bump: int
    last_time: int
    roles: types.Roles
    guardian: Pubkey
    resolver: Pubkey
    approved_seq: int
    final_seq: int
    final_total: int
    final_period_end: int
    challenge_window: int
    challenge_freeze: int
    challenge_bond: int
    seq: int
    gpu_bps: int
    in_use_bps: int
    fee_bound_bps: int
    up_hours: int


bind_account(
    Config,
    PROGRAM_ID,
    bytes.fromhex("9b0caae01efacc82"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("", c.pad(6)),
        ("last_time", c.i64),
        ("roles", types.Roles.CODEC),
        ("guardian", c.pubkey),
        ("resolver", c.pubkey),
        ("approved_seq", c.u64),
        ("final_seq", c.u64),
        ("final_total", c.u64),
        ("final_period_end", c.i64),
        ("challenge_window", c.u32),
        ("challenge_freeze", c.u32),
        ("challenge_bond", c.u64),
        ("seq", c.u64),
        ("gpu_bps", c.u16),
        ("in_use_bps", c.u16),
        ("fee_bound_bps", c.u16),
        ("up_hours", c.u16),
        ("", c.pad(120)),
    ),
)


@dataclass(frozen=True, slots=True)
class Report(Account):
    """Cumulative rewards of all nodes until the end of a period:
    `["report", seq, sha256(content)]`. Never closed: attesters' word stays on record.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        state: Where it stands.
        seq: Hours from the start of emission to `period_end`.
        root: Merkle root of the reward leaves.
        total: Sum of the leaves' lifetime rewards.
        period_end: Unix time that the rewards count to.
        finalized_at: When it became final.
        set_version: The attester set whose approvals count.
        leaves: Number of leaves.
        approvals: Seats that have approved, a bit each.
        weight: Weight of those seats.
        approved_at: When the threshold was reached.
        created_at: When it was made, unix time.
        payer: The attester who made it and paid for the account.
        content_hash: SHA-256 of the content; part of the address.
        evidence_hash: SHA-256 of what the rewards were computed from.
        evidence_uri: Where that is found, UTF-8, filled up with zeros.
    """

    version: int
    bump: int
    state: types.ReportState
    seq: int
    root: bytes
    total: int
    period_end: int
    finalized_at: int
    set_version: int
    leaves: int
    approvals: int
    weight: int
    approved_at: int
    created_at: int
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
        ("", c.pad(5)),
        ("seq", c.u64),
        ("root", c.raw_bytes(32)),
        ("total", c.u64),
        ("period_end", c.i64),
        ("finalized_at", c.i64),
        ("set_version", c.u32),
        ("leaves", c.u32),
        ("approvals", c.u32),
        ("weight", c.u32),
        ("approved_at", c.i64),
        ("created_at", c.i64),
        ("payer", c.pubkey),
        ("content_hash", c.raw_bytes(32)),
        ("evidence_hash", c.raw_bytes(32)),
        ("evidence_uri", c.raw_bytes(96)),
        ("", c.pad(64)),
    ),
)


__all__ = ["AttesterSet", "Challenge", "Config", "Report"]
