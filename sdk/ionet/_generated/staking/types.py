"""Types of the staking program.

Generated from idl/staking.json by scripts/codegen; do not edit.
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
class Absence(Record):
    """A time of retirement that is over.

    Attributes:
        from_: When the node was retired, unix time.
        until: When it was reopened, unix time.
    """

    from_: int
    until: int


bind_record(Absence, (("from_", c.i64), ("until", c.i64)))


class Pool(Named):
    """The kind of hardware, which decides what share of emission a class draws on."""

    GPU = 0, "GPUs and Apple M-series."
    CPU = 1, "CPUs."


pool_codec: Codec[Pool] = c.unit_enum(Pool)


@dataclass(frozen=True, slots=True)
class ClassArgs(Record):
    """A hardware class, as an instruction takes it.

    Attributes:
        pool: Its kind of hardware.
        enabled: Whether new devices of the class are taken.
        maximum: Largest stake of a node, as a multiple of its minimum.
        multiplier_bps: Weight of one processor, in bps of the reference.
        base_minimum: Minimum stake per processor before the multiplier, base units.
        name: Name, UTF-8, padded with zeros.
    """

    pool: Pool
    enabled: bool
    maximum: int
    multiplier_bps: int
    base_minimum: int
    name: bytes


bind_record(
    ClassArgs,
    (
        ("pool", pool_codec),
        ("enabled", c.boolean),
        ("maximum", c.u8),
        ("multiplier_bps", c.u32),
        ("base_minimum", c.u64),
        ("name", c.raw_bytes(32)),
    ),
)


@dataclass(frozen=True, slots=True)
class CoSide(Record):
    """The co-stakers' side: positions hold shares of `tokens`.

    Attributes:
        tokens: Tokens behind all shares (active, pending and cooling), base units.
        shares: All shares: active, pending and cooling.
        active: Shares that earn and vote.
        pending: Shares that do not earn yet.
        late: Shares that are no longer active, and still in the split of rewards for hours in which they
                were.
        owed: Rewards credited to co-stakers and not yet claimed, base units.
        acc: Reward per active or late share since the beginning: u128, Q64.64, little endian.
        rem: Remainder of its last division: u128, little endian.
    """

    tokens: int
    shares: int
    active: int
    pending: int
    late: int
    owed: int
    acc: bytes
    rem: bytes


bind_record(
    CoSide,
    (
        ("tokens", c.u64),
        ("shares", c.u64),
        ("active", c.u64),
        ("pending", c.u64),
        ("late", c.u64),
        ("owed", c.u64),
        ("acc", c.raw_bytes(16)),
        ("rem", c.raw_bytes(16)),
    ),
)


@dataclass(frozen=True, slots=True)
class CreditBound(Record):
    """What credits in all may come to: the highest total that was credited from since the latest
    correction.

    With one report's total alone, a node that is credited late, after others were credited from later
    reports, would always be refused.

    Attributes:
        min_height: The configuration's `min_height` when `total` was begun.
        total: The highest total since.
    """

    min_height: int
    total: int


bind_record(CreditBound, (("min_height", c.u64), ("total", c.u64)))


@dataclass(frozen=True, slots=True)
class CreditFreeze(Record):
    """What a challenge does to a node's credit.

    Attributes:
        until: No credit before this time, unix time; 0 for no change.
        lifted: True when a challenge is over, false when one is made; freezes of other challenges stay.
        guardian: Whether the guardian makes it, who does not have to wait for `quiet_until`.
        quiet_until: When a challenge is made: no other challenge before this time, unless this one is
                decided. When it is decided: the same time again, which no longer counts. When it lapsed: 0.
        min_report_seq: No credit from reports with a lower `seq` than this; 0 for no change.
    """

    until: int
    lifted: bool
    guardian: bool
    quiet_until: int
    min_report_seq: int


bind_record(
    CreditFreeze,
    (
        ("until", c.i64),
        ("lifted", c.boolean),
        ("guardian", c.boolean),
        ("quiet_until", c.i64),
        ("min_report_seq", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class Former(Record):
    """All that a former owner had on a node whose device has passed to another owner.

    Attributes:
        owner: The former owner.
        amount: Base units of IO; 0 when nothing is left.
        ready_at: When it may leave, unix time.
    """

    owner: Pubkey
    amount: int
    ready_at: int


bind_record(Former, (("owner", c.pubkey), ("amount", c.u64), ("ready_at", c.i64)))


proof_reason_codec: Codec[ProofReason] = c.unit_enum(ProofReason)


@dataclass(frozen=True, slots=True)
class LastProof(Record):
    """The verdict of a node's latest compute proof.

    Attributes:
        time: End of the hour that it holds for, unix time; 0 while none was shown.
        evidence_hash: SHA-256 of what it was judged from; zeros where the hour has none of its own.
        score_bps: Measured speed against the class's reference, bps.
        reason: Why it failed, or that it passed.
        passed: 1 when it passed.
    """

    time: int
    evidence_hash: bytes
    score_bps: int
    reason: ProofReason
    passed: int


bind_record(
    LastProof,
    (
        ("time", c.i64),
        ("evidence_hash", c.raw_bytes(32)),
        ("score_bps", c.u32),
        ("reason", proof_reason_codec),
        ("passed", c.u8),
        ("", c.pad(2)),
    ),
)


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
class MemoryTime(Record):
    """How long a class takes for chains of reads over a memory that is filled, by measurement; zeros for
    none.

    Attributes:
        blocks: Blocks of 128 bytes.
        rounds: Rounds of a block.
        chains: Chains.
        reads: Reads of each chain.
        nanoseconds: Median time, nanoseconds.
    """

    blocks: int
    rounds: int
    chains: int
    reads: int
    nanoseconds: int


bind_record(
    MemoryTime,
    (("blocks", c.u32), ("rounds", c.u32), ("chains", c.u32), ("reads", c.u32), ("nanoseconds", c.u64)),
)


@dataclass(frozen=True, slots=True)
class NodeArgs(Record):
    """What an owner states about a node when registering it.

    Attributes:
        commission_bps: The owner's part of co-stakers' rewards, bps.
        region: Region, ISO 3166-1 numeric.
        memory_gib: Memory in GiB.
        link_mbps: Link speed in Mbit/s.
    """

    commission_bps: int
    region: int
    memory_gib: int
    link_mbps: int


bind_record(
    NodeArgs, (("commission_bps", c.u16), ("region", c.u16), ("memory_gib", c.u32), ("link_mbps", c.u32))
)


class NodeState(Named):
    """Whether a node takes part."""

    LIVE = 0, "Takes part."
    RETIRED = 1, "Left by its owner; may come back."
    TERMINAL = (
        2,
        "Has ended, for fraud or because co-stakers bore a loss; it no longer earns, stakes or works.",
    )


node_state_codec: Codec[NodeState] = c.unit_enum(NodeState)


@dataclass(frozen=True, slots=True)
class NodeTotals(Record):
    """A node's sums after an instruction; with what cools, is due and is owed they make up its vault.

    Attributes:
        own_active: The owner's active stake, base units of IO, as are all sums of tokens here.
        own_pending: The owner's pending stake.
        own_cooling: The owner's stake on its way out.
        own_due: The owner's rewards that are not yet claimed.
        co_tokens: Tokens behind all co-stakers' shares.
        co_shares: All co-stakers' shares.
        co_active: Shares that earn and vote.
        co_pending: Shares that do not earn yet.
        co_owed: Co-stakers' rewards that are not yet claimed.
        own_late: The owner's stake that still shares rewards of earlier hours, although it is no longer
                active.
        co_late: Shares that still share rewards of earlier hours, although they are no longer active.
        former: What is left of a former owner's side.
        set_apart: What was set apart for slashes and is not burned yet.
    """

    own_active: int
    own_pending: int
    own_cooling: int
    own_due: int
    co_tokens: int
    co_shares: int
    co_active: int
    co_pending: int
    co_owed: int
    own_late: int
    co_late: int
    former: int
    set_apart: int


bind_record(
    NodeTotals,
    (
        ("own_active", c.u64),
        ("own_pending", c.u64),
        ("own_cooling", c.u64),
        ("own_due", c.u64),
        ("co_tokens", c.u64),
        ("co_shares", c.u64),
        ("co_active", c.u64),
        ("co_pending", c.u64),
        ("co_owed", c.u64),
        ("own_late", c.u64),
        ("co_late", c.u64),
        ("former", c.u64),
        ("set_apart", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class Outflow(Record):
    """What flowed out on each of the latest days.

    Attributes:
        day: The latest day, unix time / 86,400.
        out: What flowed out on that day and on each of the seven before it, base units.
    """

    day: int
    out: tuple[int, ...]


bind_record(Outflow, (("day", c.u64), ("out", c.array(c.u64, 8))))


@dataclass(frozen=True, slots=True)
class Slot(Record):
    """Stake that is cooling: tokens on the owner's side, shares in a position.

    Attributes:
        amount: Tokens in base units, or shares, that have not left yet.
        weight: The part that still counts in the split of rewards, for hours before the withdrawal was
                asked for.
        ready_at: When the amount may leave, unix time.
        counts_to: When the withdrawal was asked for, unix time: the weight ends when the node is credited
                up to then.
    """

    amount: int
    weight: int
    ready_at: int
    counts_to: int


bind_record(Slot, (("amount", c.u64), ("weight", c.u64), ("ready_at", c.i64), ("counts_to", c.i64)))


@dataclass(frozen=True, slots=True)
class Slots(Record):
    """The slots of one side or position.

    Attributes:
        slots: The slots, in no order. A slot is free when neither amount nor weight is left in it.
    """

    slots: tuple[Slot, ...]


bind_record(Slots, (("slots", c.array(Slot.CODEC, 4)),))


@dataclass(frozen=True, slots=True)
class OwnerSide(Record):
    """The owner's side, in tokens.

    Attributes:
        active: Earns and votes.
        pending: Counts for caps and can be slashed, but earns nothing yet.
        pending_at: When the pending stake was last added to, unix time.
        late: No longer active, and still in the split of rewards for hours in which it was.
        cooling: On its way out; can still be slashed.
        lost: Part of the late stake that slashes took while it was active.
        lost_at: When the latest of them did, unix time: the part counts until the node is credited up to
                then.
        due: Rewards not yet claimed; can be slashed.
    """

    active: int
    pending: int
    pending_at: int
    late: int
    cooling: Slots
    lost: int
    lost_at: int
    due: int


bind_record(
    OwnerSide,
    (
        ("active", c.u64),
        ("pending", c.u64),
        ("pending_at", c.i64),
        ("late", c.u64),
        ("cooling", Slots.CODEC),
        ("lost", c.u64),
        ("lost_at", c.i64),
        ("due", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class ParamsArgs(Record):
    """Parameters, as an instruction takes them.

    Attributes:
        pauser: May pause entries.
        slasher: May propose slashes.
        resolver: Decides slashes and evicts squatters; never the slasher.
        cooldown: Seconds from unstaking to leaving.
        appeal: Seconds in which a slash can be appealed.
        decided_limit_bps: Most that is burned by decision in seven days, bps of all active stake.
        reward_bound_bps: Most that a node is credited for an hour, bps of the owner's minimum.
    """

    pauser: Pubkey
    slasher: Pubkey
    resolver: Pubkey
    cooldown: int
    appeal: int
    decided_limit_bps: int
    reward_bound_bps: int


bind_record(
    ParamsArgs,
    (
        ("pauser", c.pubkey),
        ("slasher", c.pubkey),
        ("resolver", c.pubkey),
        ("cooldown", c.i64),
        ("appeal", c.i64),
        ("decided_limit_bps", c.u16),
        ("reward_bound_bps", c.u16),
    ),
)


@dataclass(frozen=True, slots=True)
class PositionSums(Record):
    """What a position's holder is owed, and what it is reckoned from, after an instruction.

    Attributes:
        late: Shares that are no longer active, and still share rewards of hours in which they were.
        due: Rewards settled and not yet claimed, base units.
        entry: The node's accumulator when rewards were last settled: u128, Q64.64, little endian.
        fraction: Fraction of a base unit left by that settlement, in 2^-64.
    """

    late: int
    due: int
    entry: int
    fraction: int


bind_record(PositionSums, (("late", c.u64), ("due", c.u64), ("entry", c.u128), ("fraction", c.u64)))


@dataclass(frozen=True, slots=True)
class ProductTime(Record):
    """How long a class takes for a product, by measurement; zeros for none.

    Attributes:
        m: Rows of the product.
        k: Its inner length.
        nanoseconds: Median time, nanoseconds.
    """

    m: int
    k: int
    nanoseconds: int


bind_record(ProductTime, (("m", c.u32), ("k", c.u32), ("nanoseconds", c.u64)))


@dataclass(frozen=True, slots=True)
class Reference(Record):
    """What the devices of a class are judged by: an answer is late after half as long again and half a
    second.

    Attributes:
        products: Of products.
        memory: Of a memory.
    """

    products: tuple[ProductTime, ...]
    memory: MemoryTime


bind_record(Reference, (("products", c.array(ProductTime.CODEC, 2)), ("memory", MemoryTime.CODEC)))


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


class SlashState(Named):
    """Where a slash stands."""

    PROPOSED = 0, "Can be appealed; after that it can be set apart from the owner's side."
    APPEALED = 1, "Waits for the resolver."
    DECIDED = 2, "Decided: what is left of it can be set apart, also from co-stakers."
    CANCELLED = 3, "Taken back by the authority."
    DISPROVED = 4, "Set apart at once, because what the device had signed was shown to be wrong."


slash_state_codec: Codec[SlashState] = c.unit_enum(SlashState)


@dataclass(frozen=True, slots=True)
class Snapshot(Record):
    """An amount now, and what it was at the start of each of the three weeks up to `week`.

    Attributes:
        week: Week (unix time / 604,800) of the latest change.
        now: The amount since that change.
        past: The amount at the start of `week`, `week − 1` and `week − 2`.
    """

    week: int
    now: int
    past: tuple[int, ...]


bind_record(Snapshot, (("week", c.u64), ("now", c.u64), ("past", c.array(c.u64, 3))))


class Params(TypedDict, total=False):
    """Parameters to change; those that are left out stay as they are."""

    pauser: Pubkey
    slasher: Pubkey
    resolver: Pubkey
    cooldown: Int
    appeal: Int
    decided_limit_bps: Int
    reward_bound_bps: Int


__all__ = [
    "Absence",
    "ClassArgs",
    "CoSide",
    "CreditBound",
    "CreditFreeze",
    "Former",
    "LastProof",
    "LeafArgs",
    "MemoryTime",
    "NodeArgs",
    "NodeState",
    "NodeTotals",
    "Outflow",
    "OwnerSide",
    "Params",
    "ParamsArgs",
    "Pool",
    "PositionSums",
    "ProductTime",
    "ProofReason",
    "Reference",
    "Roles",
    "SlashState",
    "Slot",
    "Slots",
    "Snapshot",
    "Verdict",
]
