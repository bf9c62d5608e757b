"""Accounts of the staking program.

Generated from idl/staking.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Account, bind_account

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class Approval(Account):
    """Which seats have approved one thing: its address says what. Nobody can be in the way of another
    thing by approving
    this one.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        seats: Bit i: seat i has approved.
        set_version: The attester set whose approvals count.
        opened_at: When the first of them came, unix time; 0 while there is none.
        reached_at: When they reached the threshold, unix time; 0 while they have not.
    """

    version: int
    bump: int
    seats: int
    set_version: int
    opened_at: int
    reached_at: int


bind_account(
    Approval,
    PROGRAM_ID,
    bytes.fromhex("e90999310bde3b82"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("seats", c.u16),
        ("set_version", c.u32),
        ("opened_at", c.i64),
        ("reached_at", c.i64),
        ("", c.pad(40)),
    ),
)


@dataclass(frozen=True, slots=True)
class Class(Account):
    """A kind of hardware: `["class", id]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        pool: Its kind of hardware.
        enabled: 1 while new devices are taken.
        id: Number of the class.
        maximum: Largest stake of a node, as a multiple of its minimum.
        multiplier_bps: Weight of one processor, bps of the reference.
        base_minimum: Minimum stake per processor before the multiplier, base units.
        name: Name, UTF-8, padded with zeros.
        reference: What its devices are judged by; zeros while nobody has measured it.
    """

    version: int
    bump: int
    pool: types.Pool
    enabled: int
    id: int
    maximum: int
    multiplier_bps: int
    base_minimum: int
    name: bytes
    reference: types.Reference


bind_account(
    Class,
    PROGRAM_ID,
    bytes.fromhex("5fa76b888e2685e8"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("pool", types.pool_codec),
        ("enabled", c.u8),
        ("id", c.u16),
        ("maximum", c.u8),
        ("", c.pad(1)),
        ("multiplier_bps", c.u32),
        ("", c.pad(4)),
        ("base_minimum", c.u64),
        ("name", c.raw_bytes(32)),
        ("reference", types.Reference.CODEC),
        ("", c.pad(8)),
    ),
)


@dataclass(frozen=True, slots=True)
class Config(Account):
    """The one configuration account of the program: `["config"]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        last_time: Latest time that an instruction has seen, unix time.
        roles: Authority, pauser, and what is paused.
        slasher: May propose slashes.
        resolver: Decides appealed slashes and evicts squatters; never the slasher.
        cooldown: Seconds from unstaking to leaving.
        appeal: Seconds in which a slash can be appealed.
        slashed: What was burned without a decision on each of the latest days.
        decided: What was burned by decision on each of the latest days.
        stopped_nodes: Number of nodes whose credit is stopped by a proposal that names fraud.
        stopped_stake: Their active stake when they were stopped, base units.
        seq: Number of the latest event of this account.
        decided_limit_bps: Most that is burned by decision in seven days, bps of all active stake.
        reward_bound_bps: Most that a node is credited for an hour, bps of the owner's minimum.
    """

    version: int
    bump: int
    last_time: int
    roles: types.Roles
    slasher: Pubkey
    resolver: Pubkey
    cooldown: int
    appeal: int
    slashed: types.Outflow
    decided: types.Outflow
    stopped_nodes: int
    stopped_stake: int
    seq: int
    decided_limit_bps: int
    reward_bound_bps: int


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
        ("slasher", c.pubkey),
        ("resolver", c.pubkey),
        ("cooldown", c.i64),
        ("appeal", c.i64),
        ("slashed", types.Outflow.CODEC),
        ("decided", types.Outflow.CODEC),
        ("stopped_nodes", c.u64),
        ("stopped_stake", c.u64),
        ("seq", c.u64),
        ("decided_limit_bps", c.u16),
        ("reward_bound_bps", c.u16),
        ("", c.pad(4)),
        ("", c.pad(80)),
    ),
)


@dataclass(frozen=True, slots=True)
class Device(Account):
    """One processor, known by its fingerprint: `["device", sha256(uuid)]`. A device has one account for
    good,
    so that none counts twice.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        banned: 1 when the device was banned; stays with it under any owner.
        seat: Seat of the attester that challenged it.
        class_: Number of its hardware class.
        fingerprint: `sha256` of the device's own unique id.
        device_key: Signs for the device.
        owner: Its owner; zeros while nobody owns it.
        node: The node it belongs to, or zeros.
        registered_at: When its owner registered it, unix time.
        seq: Number of the latest event.
        identity: Digest of the certificate that its maker gave its hardware, as the attesters' threshold
                set it; zeros while none is.
        identity_at: When that was set last, unix time; 0 while it never was.
    """

    version: int
    bump: int
    banned: int
    seat: int
    class_: int
    fingerprint: bytes
    device_key: Pubkey
    owner: Pubkey
    node: Pubkey
    registered_at: int
    seq: int
    identity: bytes
    identity_at: int


bind_account(
    Device,
    PROGRAM_ID,
    bytes.fromhex("99f81727532d4480"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("banned", c.u8),
        ("seat", c.u8),
        ("class_", c.u16),
        ("", c.pad(2)),
        ("fingerprint", c.raw_bytes(32)),
        ("device_key", c.pubkey),
        ("owner", c.pubkey),
        ("node", c.pubkey),
        ("registered_at", c.i64),
        ("seq", c.u64),
        ("identity", c.raw_bytes(32)),
        ("identity_at", c.i64),
        ("", c.pad(16)),
    ),
)


@dataclass(frozen=True, slots=True)
class EmissionLedger(Account):
    """Counts what was credited to all nodes, and owns the vault that it comes from: `["emission"]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        vault: Token account that emissions are paid to and credits are paid from.
        credited: Credited to all nodes since the beginning, base units.
        last_time: Latest time that an instruction has seen, unix time.
        outflow: What was credited on each of the latest days.
        bound: What credits in all may come to.
    """

    version: int
    bump: int
    vault: Pubkey
    credited: int
    last_time: int
    outflow: types.Outflow
    bound: types.CreditBound


bind_account(
    EmissionLedger,
    PROGRAM_ID,
    bytes.fromhex("c68786be4095c420"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("", c.pad(6)),
        ("vault", c.pubkey),
        ("credited", c.u64),
        ("last_time", c.i64),
        ("outflow", types.Outflow.CODEC),
        ("bound", types.CreditBound.CODEC),
        ("", c.pad(40)),
    ),
)


@dataclass(frozen=True, slots=True)
class Network(Account):
    """Another network whose devices take part: `["network", authority]`. Its authority owns the nodes that
    it registers and receives what they earn.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        authority: Owns the nodes of the network.
        name: Name, UTF-8, padded with zeros.
        registered_at: When it was registered, unix time.
    """

    version: int
    bump: int
    authority: Pubkey
    name: bytes
    registered_at: int


bind_account(
    Network,
    PROGRAM_ID,
    bytes.fromhex("3305d1b73c639cfb"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("", c.pad(6)),
        ("authority", c.pubkey),
        ("name", c.raw_bytes(32)),
        ("registered_at", c.i64),
        ("", c.pad(64)),
    ),
)


@dataclass(frozen=True, slots=True)
class Node(Account):
    """A node and the stake on it: `["node", its first device]`. Never closed: what was
    credited to it stays counted when its device registers again.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        state: Whether the node takes part.
        units: Processors.
        class_: Number of its hardware class.
        pool: The kind of hardware of its class.
        banned: 1 when its first device is banned: it is neither listed nor leased, and earns nothing
                more.
        owner: Its owner.
        offer: The jobs program's offer account of this node, which carries the lease.
        device_key: Signs for the device.
        credited: Rewards credited in the node's whole life, base units; never falls.
        last_proof: Its latest compute proof.
        minimum: The owner's minimum for its processors, base units, as of the latest instruction that
                read its class.
        own: The owner's side.
        device: Its first processor, which gives it its address.
        vault: Token account that holds exactly `Node::vault_total`.
        network: Network account that registered the node in bulk, or zeros.
        seq: Number of the latest event.
        last_time: Latest time that an instruction has seen, unix time.
        registered_at: When its present owner registered or reopened it, unix time.
        credited_through: Time up to which rewards were credited, unix time; never falls.
        credit_frozen_until: No credit before this time, while a challenge is open; unix time.
        min_report_seq: No credit from reports before this one: an upheld challenge has shown a leaf to be
                wrong.
        quiet_until: No challenge before this time but the guardian's, except while a freeze runs: nobody
                has decided the one that began it.
        frozen: Sum of the open slash proposals, base units.
        commission_at: When `next_commission_bps` begins to apply, unix time; 0 when no change is coming.
        commission_bps: The owner's part of co-stakers' rewards, bps.
        next_commission_bps: The commission that applies from `commission_at` on, bps.
        region: Region, ISO 3166-1 numeric, as stated by the owner.
        challenges: Open challenges, which hold its credit back together.
        memory_gib: Memory in GiB, as stated by the owner.
        link_mbps: Link speed in Mbit/s, as stated by the owner.
        co: The co-stakers' side.
        own_snapshot: The owner's active stake by week; none while the node is not live.
        co_snapshot: The co-stakers' active stake by week; none while the node is not live.
        retired_at: When it was last retired, unix time.
        last_credit_at: When it was last credited, unix time.
        credited_height: Height of the highest report whose leaf was credited in full.
        partial: Credited since `credited_through` moved last, base units: parts of leaves that had to
                wait.
        highest: The highest minimum since `credited_through`, base units.
        highest_at: When `highest` was last in force, unix time; it counts until the node is credited up
                to then.
        closed_at: End of the last hour that it earns, unix time: when co-stakers bore a loss, fraud was
                decided or its device was banned; 0 before any of these.
        stopped_since: Since when a proposal that names fraud stops its credit, unix time; 0 while none
                does.
        stopped: How long its credit was stopped in all, seconds: its reports are creditable for that much
                longer.
        spared_until: No slash can be proposed before this time, unix time, after one has lapsed.
        fraud: 1 when fraud was decided: nothing is credited any more.
        set_apart: Set apart for slashes and not burned yet, base units: it belongs to neither side any
                more.
        former: What is left of a former owner's side.
        changed_at: When its owner, class or processors last changed, or something that its device signed
                was disproved, unix time: compute proofs have to be later. 0 while none of it has happened.
        fined: The highest minimum in force until `fined_until`, beside the present one, base units.
        fined_until: Until when what was signed under that minimum can be disproved, unix time.
        past_retired: Its retirements before the last one that hours fall into, the later one first.
    """

    version: int
    bump: int
    state: types.NodeState
    units: int
    class_: int
    pool: types.Pool
    banned: int
    owner: Pubkey
    offer: Pubkey
    device_key: Pubkey
    credited: int
    last_proof: types.LastProof
    minimum: int
    own: types.OwnerSide
    device: Pubkey
    vault: Pubkey
    network: Pubkey
    seq: int
    last_time: int
    registered_at: int
    credited_through: int
    credit_frozen_until: int
    min_report_seq: int
    quiet_until: int
    frozen: int
    commission_at: int
    commission_bps: int
    next_commission_bps: int
    region: int
    challenges: int
    memory_gib: int
    link_mbps: int
    co: types.CoSide
    own_snapshot: types.Snapshot
    co_snapshot: types.Snapshot
    retired_at: int
    last_credit_at: int
    credited_height: int
    partial: int
    highest: int
    highest_at: int
    closed_at: int
    stopped_since: int
    stopped: int
    spared_until: int
    fraud: int
    set_apart: int
    former: types.Former
    changed_at: int
    fined: int
    fined_until: int
    past_retired: tuple[types.Absence, ...]


bind_account(
    Node,
    PROGRAM_ID,
    bytes.fromhex("d0350103317ab431"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("state", types.node_state_codec),
        ("units", c.u8),
        ("class_", c.u16),
        ("pool", types.pool_codec),
        ("banned", c.u8),
        ("owner", c.pubkey),
        ("offer", c.pubkey),
        ("device_key", c.pubkey),
        ("credited", c.u64),
        ("last_proof", types.LastProof.CODEC),
        ("minimum", c.u64),
        ("own", types.OwnerSide.CODEC),
        ("device", c.pubkey),
        ("vault", c.pubkey),
        ("network", c.pubkey),
        ("seq", c.u64),
        ("last_time", c.i64),
        ("registered_at", c.i64),
        ("credited_through", c.i64),
        ("credit_frozen_until", c.i64),
        ("min_report_seq", c.u64),
        ("quiet_until", c.i64),
        ("frozen", c.u64),
        ("commission_at", c.i64),
        ("commission_bps", c.u16),
        ("next_commission_bps", c.u16),
        ("region", c.u16),
        ("challenges", c.u16),
        ("memory_gib", c.u32),
        ("link_mbps", c.u32),
        ("co", types.CoSide.CODEC),
        ("own_snapshot", types.Snapshot.CODEC),
        ("co_snapshot", types.Snapshot.CODEC),
        ("retired_at", c.i64),
        ("last_credit_at", c.i64),
        ("credited_height", c.u64),
        ("partial", c.u64),
        ("highest", c.u64),
        ("highest_at", c.i64),
        ("closed_at", c.i64),
        ("stopped_since", c.i64),
        ("stopped", c.i64),
        ("spared_until", c.i64),
        ("fraud", c.u8),
        ("", c.pad(7)),
        ("set_apart", c.u64),
        ("former", types.Former.CODEC),
        ("changed_at", c.i64),
        ("fined", c.u64),
        ("fined_until", c.i64),
        ("past_retired", c.array(types.Absence.CODEC, 2)),
        ("", c.pad(8)),
    ),
)


@dataclass(frozen=True, slots=True)
class Position(Account):
    """One co-staker's shares on one node: `["position", node, holder]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        node: The node.
        holder: The co-staker who holds it.
        active: Shares that earn and vote.
        pending: Shares that do not earn yet.
        pending_at: When the pending shares were last added to, unix time.
        late: Shares that are no longer active, and still share rewards of hours in which they were.
        cooling: Shares on their way out; can still be slashed.
        entry: The node's accumulator when rewards were last settled: u128, Q64.64, little endian.
        fraction: Fraction of a base unit left by that settlement, in 2^-64.
        due: Rewards settled and not yet claimed, base units.
        seq: Number of the latest event.
        last_time: Latest time that an instruction has seen, unix time.
        snapshot: Active shares by week.
    """

    version: int
    bump: int
    node: Pubkey
    holder: Pubkey
    active: int
    pending: int
    pending_at: int
    late: int
    cooling: types.Slots
    entry: bytes
    fraction: int
    due: int
    seq: int
    last_time: int
    snapshot: types.Snapshot


bind_account(
    Position,
    PROGRAM_ID,
    bytes.fromhex("aabc8fe47a40f7d0"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("", c.pad(6)),
        ("node", c.pubkey),
        ("holder", c.pubkey),
        ("active", c.u64),
        ("pending", c.u64),
        ("pending_at", c.i64),
        ("late", c.u64),
        ("cooling", types.Slots.CODEC),
        ("entry", c.raw_bytes(16)),
        ("fraction", c.u64),
        ("due", c.u64),
        ("seq", c.u64),
        ("last_time", c.i64),
        ("snapshot", types.Snapshot.CODEC),
        ("", c.pad(64)),
    ),
)


@dataclass(frozen=True, slots=True)
class Slash(Account):
    """A proposal to slash a node: `["slash", node, nonce]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        state: Where it stands.
        fraud: 1 when it names fraud: a decision ends the node.
        stops: 1 while it stops the node's credit.
        node: The node.
        owner: The owner who is slashed: the node's when it was proposed.
        proposer: The slasher, who proposed it and paid the rent; gets nothing of what is burned.
        nonce: Part of the address.
        amount: What it still holds back on the node's sides, base units.
        apart: What was set apart for it and is not burned yet, base units.
        burned: What it has burned, base units.
        stopped_stake: The node's active stake when this stopped its credit, base units.
        evidence_hash: SHA-256 of the evidence.
        proposed_at: When it was proposed, unix time.
        appealed_at: When it was appealed, unix time; 0 while it was not.
        decided_at: When it was decided, unix time; 0 while it was not.
        appeal_until: End of the time for an appeal, fixed when it was proposed; for a disproof until when
                it stays, unix time.
    """

    version: int
    bump: int
    state: types.SlashState
    fraud: int
    stops: int
    node: Pubkey
    owner: Pubkey
    proposer: Pubkey
    nonce: int
    amount: int
    apart: int
    burned: int
    stopped_stake: int
    evidence_hash: bytes
    proposed_at: int
    appealed_at: int
    decided_at: int
    appeal_until: int


bind_account(
    Slash,
    PROGRAM_ID,
    bytes.fromhex("0f0c71c8b9323a20"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("state", types.slash_state_codec),
        ("fraud", c.u8),
        ("stops", c.u8),
        ("", c.pad(3)),
        ("node", c.pubkey),
        ("owner", c.pubkey),
        ("proposer", c.pubkey),
        ("nonce", c.u64),
        ("amount", c.u64),
        ("apart", c.u64),
        ("burned", c.u64),
        ("stopped_stake", c.u64),
        ("evidence_hash", c.raw_bytes(32)),
        ("proposed_at", c.i64),
        ("appealed_at", c.i64),
        ("decided_at", c.i64),
        ("appeal_until", c.i64),
        ("", c.pad(64)),
    ),
)


@dataclass(frozen=True, slots=True)
class StakeShard(Account):
    """Active stake on the nodes whose key's first byte is `index` modulo 16: `["shard", index]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        index: Number of the shard.
        active: Active stake of its nodes by week, base units.
    """

    version: int
    bump: int
    index: int
    active: types.Snapshot


bind_account(
    StakeShard,
    PROGRAM_ID,
    bytes.fromhex("c384eecaa9e0f056"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("index", c.u8),
        ("", c.pad(5)),
        ("active", types.Snapshot.CODEC),
        ("", c.pad(64)),
    ),
)


__all__ = [
    "Approval",
    "Class",
    "Config",
    "Device",
    "EmissionLedger",
    "Network",
    "Node",
    "Position",
    "Slash",
    "StakeShard",
]
