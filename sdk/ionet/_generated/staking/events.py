"""Events of the staking program.

Generated from idl/staking.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Event, bind_event

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class Activated(Event):
    """Pending stake became active.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        holder: Who holds the stake: the owner, or a co-staker.
        amount: Tokens of the owner, or shares of a co-staker.
        totals: The node's sums after it.
        position: A co-staker's position after it; zeros for the owner.
    """

    seq: int
    node: Pubkey
    holder: Pubkey
    amount: int
    totals: types.NodeTotals
    position: types.PositionSums


bind_event(
    Activated,
    PROGRAM_ID,
    bytes.fromhex("8c2623616ec1ef47"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("holder", c.pubkey),
        ("amount", c.u64),
        ("totals", types.NodeTotals.CODEC),
        ("position", types.PositionSums.CODEC),
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
class ChangesSettled(Event):
    """What had become due on a node was settled.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        minimum: The owner's minimum for its processors, base units.
        totals: The node's sums after it.
    """

    seq: int
    node: Pubkey
    minimum: int
    totals: types.NodeTotals


bind_event(
    ChangesSettled,
    PROGRAM_ID,
    bytes.fromhex("ab6d1bcb3a75d233"),
    (("seq", c.u64), ("node", c.pubkey), ("minimum", c.u64), ("totals", types.NodeTotals.CODEC)),
)


@dataclass(frozen=True, slots=True)
class Claimed(Event):
    """Rewards went out.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        holder: Who holds the stake: the owner, or a co-staker.
        amount: Tokens, base units.
        totals: The node's sums after it.
        position: A co-staker's position after it; zeros for the owner.
    """

    seq: int
    node: Pubkey
    holder: Pubkey
    amount: int
    totals: types.NodeTotals
    position: types.PositionSums


bind_event(
    Claimed,
    PROGRAM_ID,
    bytes.fromhex("d9c07b486c96f821"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("holder", c.pubkey),
        ("amount", c.u64),
        ("totals", types.NodeTotals.CODEC),
        ("position", types.PositionSums.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class ClassSet(Event):
    """A hardware class was created or changed.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        id: Number of the class.
        pool: Its kind of hardware.
        enabled: Whether new devices of the class are taken.
        maximum: Largest stake of a node, as a multiple of its minimum.
        multiplier_bps: Weight of one processor, bps of the reference.
        base_minimum: Minimum stake per processor before the multiplier, base units.
    """

    seq: int
    id: int
    pool: types.Pool
    enabled: bool
    maximum: int
    multiplier_bps: int
    base_minimum: int


bind_event(
    ClassSet,
    PROGRAM_ID,
    bytes.fromhex("96c6d1b02486c1f1"),
    (
        ("seq", c.u64),
        ("id", c.u16),
        ("pool", types.pool_codec),
        ("enabled", c.boolean),
        ("maximum", c.u8),
        ("multiplier_bps", c.u32),
        ("base_minimum", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class CommissionSet(Event):
    """A change of the commission was announced.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        commission_bps: The owner's part of co-stakers' rewards, bps.
        from_: When it begins to apply, unix time.
    """

    seq: int
    node: Pubkey
    commission_bps: int
    from_: int


bind_event(
    CommissionSet,
    PROGRAM_ID,
    bytes.fromhex("178367bbd8385596"),
    (("seq", c.u64), ("node", c.pubkey), ("commission_bps", c.u16), ("from_", c.i64)),
)


@dataclass(frozen=True, slots=True)
class Compounded(Event):
    """Rewards became pending stake of `holder`.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        holder: Who holds the stake: the owner, or a co-staker.
        amount: Tokens, base units.
        totals: The node's sums after it.
        position: A co-staker's position after it; zeros for the owner.
    """

    seq: int
    node: Pubkey
    holder: Pubkey
    amount: int
    totals: types.NodeTotals
    position: types.PositionSums


bind_event(
    Compounded,
    PROGRAM_ID,
    bytes.fromhex("bbd4bcbbb71d6b98"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("holder", c.pubkey),
        ("amount", c.u64),
        ("totals", types.NodeTotals.CODEC),
        ("position", types.PositionSums.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class CreditFrozen(Event):
    """A challenge was made or is over, and the node's credit is held back or released.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        until: No credit before this time, unix time; 0 for no hold.
        min_report_seq: No credit from reports with a lower `seq` than this.
        quiet_until: No challenge before this time but the guardian's, unix time, except while a freeze
                runs.
    """

    seq: int
    node: Pubkey
    until: int
    min_report_seq: int
    quiet_until: int


bind_event(
    CreditFrozen,
    PROGRAM_ID,
    bytes.fromhex("1d0b5027eeeb5d94"),
    (("seq", c.u64), ("node", c.pubkey), ("until", c.i64), ("min_report_seq", c.u64), ("quiet_until", c.i64)),
)


@dataclass(frozen=True, slots=True)
class Credited(Event):
    """A report's leaf was credited from the emission vault.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        amount: Tokens, base units.
        owner_part: The owner's part of the amount, base units.
        co_part: The co-stakers' part of the amount, base units.
        credited: Credited to the node in its whole life, base units.
        credited_through: Time up to which the node's rewards were credited, unix time.
        credited_total: Credited to all nodes since the beginning, base units.
        credited_height: Height of the highest report whose leaf was credited in full.
        partial: Credited since `credited_through` moved last, base units: parts of leaves that had to
                wait.
        bound_height: Lowest height from which reports are creditable when `bound_total` was begun.
        bound_total: What credits in all may come to: the highest total of a report since then, base
                units.
        acc: Reward per active or late share since the beginning: u128, Q64.64, little endian.
        rem: Remainder of its last division: u128, little endian.
        totals: The node's sums after it.
    """

    seq: int
    node: Pubkey
    amount: int
    owner_part: int
    co_part: int
    credited: int
    credited_through: int
    credited_total: int
    credited_height: int
    partial: int
    bound_height: int
    bound_total: int
    acc: int
    rem: int
    totals: types.NodeTotals


bind_event(
    Credited,
    PROGRAM_ID,
    bytes.fromhex("8ef8f707f1fae637"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("amount", c.u64),
        ("owner_part", c.u64),
        ("co_part", c.u64),
        ("credited", c.u64),
        ("credited_through", c.i64),
        ("credited_total", c.u64),
        ("credited_height", c.u64),
        ("partial", c.u64),
        ("bound_height", c.u64),
        ("bound_total", c.u64),
        ("acc", c.u128),
        ("rem", c.u128),
        ("totals", types.NodeTotals.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class DeviceEvicted(Event):
    """The resolver has taken a device from its owner.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        device: The device.
        owner: Who owned it.
        node: The node it was on, or zeros.
        ban: Whether it was banned.
    """

    seq: int
    device: Pubkey
    owner: Pubkey
    node: Pubkey
    ban: bool


bind_event(
    DeviceEvicted,
    PROGRAM_ID,
    bytes.fromhex("aadf0d384258a855"),
    (("seq", c.u64), ("device", c.pubkey), ("owner", c.pubkey), ("node", c.pubkey), ("ban", c.boolean)),
)


@dataclass(frozen=True, slots=True)
class DeviceRegistered(Event):
    """A device was registered, or claimed by a new owner.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        device: The device.
        fingerprint: `sha256` of the device's own unique id.
        device_key: Signs for the device.
        owner: Its owner.
        class_: Number of its hardware class.
        seat: Seat of the attester that challenged it.
    """

    seq: int
    device: Pubkey
    fingerprint: bytes
    device_key: Pubkey
    owner: Pubkey
    class_: int
    seat: int


bind_event(
    DeviceRegistered,
    PROGRAM_ID,
    bytes.fromhex("dd5a0299486247b5"),
    (
        ("seq", c.u64),
        ("device", c.pubkey),
        ("fingerprint", c.raw_bytes(32)),
        ("device_key", c.pubkey),
        ("owner", c.pubkey),
        ("class_", c.u16),
        ("seat", c.u8),
    ),
)


@dataclass(frozen=True, slots=True)
class DeviceReleased(Event):
    """An owner has released a device.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        device: The device.
        owner: Who owned it.
    """

    seq: int
    device: Pubkey
    owner: Pubkey


bind_event(
    DeviceReleased,
    PROGRAM_ID,
    bytes.fromhex("3d652612f127cb2c"),
    (("seq", c.u64), ("device", c.pubkey), ("owner", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class Forfeited(Event):
    """A terminal node's reward was burned out of the emission vault.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        amount: Tokens, base units.
        credited: Credited to the node or burned for it in its whole life, base units.
        credited_through: Time up to which the node's rewards were credited, unix time.
        credited_total: Credited to all nodes or burned for them since the beginning, base units.
        credited_height: Height of the highest report whose leaf was credited in full.
        partial: Credited since `credited_through` moved last, base units: parts of leaves that had to
                wait.
        bound_height: Lowest height from which reports are creditable when `bound_total` was begun.
        bound_total: What credits in all may come to: the highest total of a report since then, base
                units.
    """

    seq: int
    node: Pubkey
    amount: int
    credited: int
    credited_through: int
    credited_total: int
    credited_height: int
    partial: int
    bound_height: int
    bound_total: int


bind_event(
    Forfeited,
    PROGRAM_ID,
    bytes.fromhex("508c75cc0fe69ef1"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("amount", c.u64),
        ("credited", c.u64),
        ("credited_through", c.i64),
        ("credited_total", c.u64),
        ("credited_height", c.u64),
        ("partial", c.u64),
        ("bound_height", c.u64),
        ("bound_total", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class IdentityApproved(Event):
    """A seat has approved the digest of a device's hardware certificate.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        device: The device.
        digest: The digest; zeros for none.
        seat: The seat.
        weight: Weight of all approvals of it.
        threshold: Weight that sets it.
        identity: The device's digest after it.
    """

    seq: int
    device: Pubkey
    digest: bytes
    seat: int
    weight: int
    threshold: int
    identity: bytes


bind_event(
    IdentityApproved,
    PROGRAM_ID,
    bytes.fromhex("02435aa4454d11eb"),
    (
        ("seq", c.u64),
        ("device", c.pubkey),
        ("digest", c.raw_bytes(32)),
        ("seat", c.u8),
        ("weight", c.u32),
        ("threshold", c.u32),
        ("identity", c.raw_bytes(32)),
    ),
)


@dataclass(frozen=True, slots=True)
class Initialized(Event):
    """The configuration and emission's ledger were created.

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
class LowerApproved(Event):
    """A seat has approved that a node goes down to the class that its proofs have shown.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        device: Its first device.
        class_: Its class.
        lower: The lower class.
        seat: The seat.
        weight: Weight of all approvals of it.
        threshold: Weight that it needs.
        due_at: From when the node can be lowered, unix time; 0 while the threshold is not reached.
    """

    seq: int
    node: Pubkey
    device: Pubkey
    class_: int
    lower: int
    seat: int
    weight: int
    threshold: int
    due_at: int


bind_event(
    LowerApproved,
    PROGRAM_ID,
    bytes.fromhex("3875a348569d3e17"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("device", c.pubkey),
        ("class_", c.u16),
        ("lower", c.u16),
        ("seat", c.u8),
        ("weight", c.u32),
        ("threshold", c.u32),
        ("due_at", c.i64),
    ),
)


@dataclass(frozen=True, slots=True)
class NetworkJoined(Event):
    """A node joined its owner's network.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        network: The network's account.
    """

    seq: int
    node: Pubkey
    network: Pubkey


bind_event(
    NetworkJoined,
    PROGRAM_ID,
    bytes.fromhex("ba33598d8edfcab7"),
    (("seq", c.u64), ("node", c.pubkey), ("network", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class NetworkRegistered(Event):
    """A network was registered.

    Attributes:
        network: The network's account.
        authority: Owns the nodes of the network.
        name: Name, UTF-8, padded with zeros.
    """

    network: Pubkey
    authority: Pubkey
    name: bytes


bind_event(
    NetworkRegistered,
    PROGRAM_ID,
    bytes.fromhex("1597e1da6bc0897a"),
    (("network", c.pubkey), ("authority", c.pubkey), ("name", c.raw_bytes(32))),
)


@dataclass(frozen=True, slots=True)
class NodeDisproved(Event):
    """What the node's device had signed was shown to be wrong: a part of its stake was set apart, and its
    compute proof
    has failed.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        slash: The slash.
        node: The node.
        payer: Who showed it and paid the rent.
        hour: Hours from the start of emission to the end of the hour.
        period_end: End of the hour, unix time.
        evidence_hash: SHA-256 of the message that the device had signed.
        amount: Set apart, base units.
        totals: The node's sums after it.
    """

    seq: int
    slash: Pubkey
    node: Pubkey
    payer: Pubkey
    hour: int
    period_end: int
    evidence_hash: bytes
    amount: int
    totals: types.NodeTotals


bind_event(
    NodeDisproved,
    PROGRAM_ID,
    bytes.fromhex("a4269edd99cd4032"),
    (
        ("seq", c.u64),
        ("slash", c.pubkey),
        ("node", c.pubkey),
        ("payer", c.pubkey),
        ("hour", c.u64),
        ("period_end", c.i64),
        ("evidence_hash", c.raw_bytes(32)),
        ("amount", c.u64),
        ("totals", types.NodeTotals.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class NodeLowered(Event):
    """A node went down to a lower class.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        device: Its first device.
        before: The class it was of.
        class_: The class it is of.
        minimum: The owner's minimum in it, base units.
    """

    seq: int
    node: Pubkey
    device: Pubkey
    before: int
    class_: int
    minimum: int


bind_event(
    NodeLowered,
    PROGRAM_ID,
    bytes.fromhex("47c3ea69e34b2385"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("device", c.pubkey),
        ("before", c.u16),
        ("class_", c.u16),
        ("minimum", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class NodeRegistered(Event):
    """A node was registered or reopened.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        owner: Its owner.
        class_: Number of its hardware class.
        units: Processors.
        commission_bps: The owner's part of co-stakers' rewards, bps.
        region: Region, ISO 3166-1 numeric.
        memory_gib: Memory in GiB, as stated by the owner.
        link_mbps: Link speed in Mbit/s, as stated by the owner.
    """

    seq: int
    node: Pubkey
    owner: Pubkey
    class_: int
    units: int
    commission_bps: int
    region: int
    memory_gib: int
    link_mbps: int


bind_event(
    NodeRegistered,
    PROGRAM_ID,
    bytes.fromhex("0f39b73b5d379dc3"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("owner", c.pubkey),
        ("class_", c.u16),
        ("units", c.u8),
        ("commission_bps", c.u16),
        ("region", c.u16),
        ("memory_gib", c.u32),
        ("link_mbps", c.u32),
    ),
)


@dataclass(frozen=True, slots=True)
class NodeRetired(Event):
    """A node left the market.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        owner: Its owner.
    """

    seq: int
    node: Pubkey
    owner: Pubkey


bind_event(
    NodeRetired,
    PROGRAM_ID,
    bytes.fromhex("e4609c54dcf0e80e"),
    (("seq", c.u64), ("node", c.pubkey), ("owner", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class OwnerExpelled(Event):
    """A former owner's side of a node was moved out of the next owner's way.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        owner: The former owner.
        amount: What was the former owner's, base units of IO.
        ready_at: When it may leave, unix time.
        totals: The node's sums after it.
    """

    seq: int
    node: Pubkey
    owner: Pubkey
    amount: int
    ready_at: int
    totals: types.NodeTotals


bind_event(
    OwnerExpelled,
    PROGRAM_ID,
    bytes.fromhex("acbfbeb3c68c5298"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("owner", c.pubkey),
        ("amount", c.u64),
        ("ready_at", c.i64),
        ("totals", types.NodeTotals.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class ParamsSet(Event):
    """The parameters were set.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        params: All of them.
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
class PositionSettled(Event):
    """A co-staker's rewards were settled, and late weights that were due have ended.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        holder: The co-staker.
        position: The position after it.
    """

    seq: int
    node: Pubkey
    holder: Pubkey
    position: types.PositionSums


bind_event(
    PositionSettled,
    PROGRAM_ID,
    bytes.fromhex("4b645cbdf574fcdd"),
    (("seq", c.u64), ("node", c.pubkey), ("holder", c.pubkey), ("position", types.PositionSums.CODEC)),
)


@dataclass(frozen=True, slots=True)
class ProofRecorded(Event):
    """A compute proof of the node was judged.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        evidence_hash: SHA-256 of what it was judged from; zeros where the hour has none of its own.
        score_bps: Measured speed against the class's reference, bps.
        reason: Why it failed, or that it passed.
        time: End of the hour that it holds for, unix time.
    """

    seq: int
    node: Pubkey
    evidence_hash: bytes
    score_bps: int
    reason: types.ProofReason
    time: int


bind_event(
    ProofRecorded,
    PROGRAM_ID,
    bytes.fromhex("379f807f9efe5d91"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("evidence_hash", c.raw_bytes(32)),
        ("score_bps", c.u32),
        ("reason", types.proof_reason_codec),
        ("time", c.i64),
    ),
)


@dataclass(frozen=True, slots=True)
class ReferenceSet(Event):
    """What the devices of a class are judged by was set.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        id: Number of the class.
        reference: All of it.
    """

    seq: int
    id: int
    reference: types.Reference


bind_event(
    ReferenceSet,
    PROGRAM_ID,
    bytes.fromhex("11ae6de64d851b9c"),
    (("seq", c.u64), ("id", c.u16), ("reference", types.Reference.CODEC)),
)


@dataclass(frozen=True, slots=True)
class SlashAppealed(Event):
    """The node's owner has appealed a slash.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        slash: The slash.
        node: The node.
        by: The node's owner.
    """

    seq: int
    slash: Pubkey
    node: Pubkey
    by: Pubkey


bind_event(
    SlashAppealed,
    PROGRAM_ID,
    bytes.fromhex("5f3dd38075505765"),
    (("seq", c.u64), ("slash", c.pubkey), ("node", c.pubkey), ("by", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class SlashCancelled(Event):
    """The authority has taken a slash back.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        slash: The slash.
        node: The node.
        owner: The owner who was slashed.
        freed: What is no longer held back, base units.
        returned: What was set apart and went back to the owner, base units.
        frozen: Held back by all open proposals after it, base units.
        totals: The node's sums after it.
    """

    seq: int
    slash: Pubkey
    node: Pubkey
    owner: Pubkey
    freed: int
    returned: int
    frozen: int
    totals: types.NodeTotals


bind_event(
    SlashCancelled,
    PROGRAM_ID,
    bytes.fromhex("1ed915873eecc2dd"),
    (
        ("seq", c.u64),
        ("slash", c.pubkey),
        ("node", c.pubkey),
        ("owner", c.pubkey),
        ("freed", c.u64),
        ("returned", c.u64),
        ("frozen", c.u64),
        ("totals", types.NodeTotals.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class SlashClosed(Event):
    """A slash is over, and no longer holds anything back.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        slash: The slash.
        node: The node.
        burned: What it has burned, base units.
        lapsed: What was not burned, base units.
        frozen: Held back by all open proposals after it, base units.
    """

    seq: int
    slash: Pubkey
    node: Pubkey
    burned: int
    lapsed: int
    frozen: int


bind_event(
    SlashClosed,
    PROGRAM_ID,
    bytes.fromhex("51d60322f6dc53b4"),
    (
        ("seq", c.u64),
        ("slash", c.pubkey),
        ("node", c.pubkey),
        ("burned", c.u64),
        ("lapsed", c.u64),
        ("frozen", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class SlashProposed(Event):
    """A slash was proposed, and the amount is held back.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        slash: The slash.
        node: The node.
        amount: What it would burn, base units.
        evidence_hash: SHA-256 of the evidence.
        fraud: Whether it names fraud, and so stops the node's credit.
        frozen: Held back by all open proposals, base units.
    """

    seq: int
    slash: Pubkey
    node: Pubkey
    amount: int
    evidence_hash: bytes
    fraud: bool
    frozen: int


bind_event(
    SlashProposed,
    PROGRAM_ID,
    bytes.fromhex("9e5ab308e3be0fe7"),
    (
        ("seq", c.u64),
        ("slash", c.pubkey),
        ("node", c.pubkey),
        ("amount", c.u64),
        ("evidence_hash", c.raw_bytes(32)),
        ("fraud", c.boolean),
        ("frozen", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class SlashResolved(Event):
    """The resolver has decided a slash.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        slash: The slash.
        node: The node.
        amount: What may be burned, base units.
        freed: What is no longer held back, base units.
        frozen: Held back by all open proposals after it, base units.
        terminal: Whether the node has ended.
    """

    seq: int
    slash: Pubkey
    node: Pubkey
    amount: int
    freed: int
    frozen: int
    terminal: bool


bind_event(
    SlashResolved,
    PROGRAM_ID,
    bytes.fromhex("d6d48ad87a48684f"),
    (
        ("seq", c.u64),
        ("slash", c.pubkey),
        ("node", c.pubkey),
        ("amount", c.u64),
        ("freed", c.u64),
        ("frozen", c.u64),
        ("terminal", c.boolean),
    ),
)


@dataclass(frozen=True, slots=True)
class SlashSetApart(Event):
    """What a slash takes was set apart.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        slash: The slash.
        node: The node.
        amount: Set apart, base units.
        left: What the proposal still holds back, base units.
        terminal: Whether the node has ended.
        totals: The node's sums after it.
    """

    seq: int
    slash: Pubkey
    node: Pubkey
    amount: int
    left: int
    terminal: bool
    totals: types.NodeTotals


bind_event(
    SlashSetApart,
    PROGRAM_ID,
    bytes.fromhex("79692569bb916ef3"),
    (
        ("seq", c.u64),
        ("slash", c.pubkey),
        ("node", c.pubkey),
        ("amount", c.u64),
        ("left", c.u64),
        ("terminal", c.boolean),
        ("totals", types.NodeTotals.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class Slashed(Event):
    """Stake was burned.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        slash: The slash.
        node: The node.
        amount: Burned, base units.
        left: What was set apart for it and is not burned yet, base units.
        by_decision: Whether the resolver had decided it.
        totals: The node's sums after it.
    """

    seq: int
    slash: Pubkey
    node: Pubkey
    amount: int
    left: int
    by_decision: bool
    totals: types.NodeTotals


bind_event(
    Slashed,
    PROGRAM_ID,
    bytes.fromhex("623bf99ae93562c2"),
    (
        ("seq", c.u64),
        ("slash", c.pubkey),
        ("node", c.pubkey),
        ("amount", c.u64),
        ("left", c.u64),
        ("by_decision", c.boolean),
        ("totals", types.NodeTotals.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class Staked(Event):
    """Tokens came in, to the pending stake of `holder`.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        holder: Who holds the stake: the owner, or a co-staker.
        amount: Tokens that came in, base units.
        totals: The node's sums after it.
        position: A co-staker's position after it; zeros for the owner.
    """

    seq: int
    node: Pubkey
    holder: Pubkey
    amount: int
    totals: types.NodeTotals
    position: types.PositionSums


bind_event(
    Staked,
    PROGRAM_ID,
    bytes.fromhex("0b922dcde63ad5f0"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("holder", c.pubkey),
        ("amount", c.u64),
        ("totals", types.NodeTotals.CODEC),
        ("position", types.PositionSums.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class UnitsSet(Event):
    """A device was attached or detached.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        device: The device.
        units: Processors of the node after it.
    """

    seq: int
    node: Pubkey
    device: Pubkey
    units: int


bind_event(
    UnitsSet,
    PROGRAM_ID,
    bytes.fromhex("bb2ccead47d09582"),
    (("seq", c.u64), ("node", c.pubkey), ("device", c.pubkey), ("units", c.u8)),
)


@dataclass(frozen=True, slots=True)
class Unstaked(Event):
    """Stake was unstaked: `left` tokens went out at once, `cooling` tokens or shares wait until
    `ready_at`.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        holder: Who holds the stake: the owner, or a co-staker.
        left: Tokens that went out, base units.
        cooling: Tokens of the owner, or shares of a co-staker, that cool.
        ready_at: When they may leave, unix time.
        totals: The node's sums after it.
        position: A co-staker's position after it; zeros for the owner.
    """

    seq: int
    node: Pubkey
    holder: Pubkey
    left: int
    cooling: int
    ready_at: int
    totals: types.NodeTotals
    position: types.PositionSums


bind_event(
    Unstaked,
    PROGRAM_ID,
    bytes.fromhex("1bb39cd72f47c307"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("holder", c.pubkey),
        ("left", c.u64),
        ("cooling", c.u64),
        ("ready_at", c.i64),
        ("totals", types.NodeTotals.CODEC),
        ("position", types.PositionSums.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class Withdrawn(Event):
    """Cooled stake went out.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        node: The node.
        holder: Who holds the stake: the owner, or a co-staker.
        amount: Tokens, base units.
        totals: The node's sums after it.
        position: A co-staker's position after it; zeros for the owner.
    """

    seq: int
    node: Pubkey
    holder: Pubkey
    amount: int
    totals: types.NodeTotals
    position: types.PositionSums


bind_event(
    Withdrawn,
    PROGRAM_ID,
    bytes.fromhex("1459dfc6c27cdb0d"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("holder", c.pubkey),
        ("amount", c.u64),
        ("totals", types.NodeTotals.CODEC),
        ("position", types.PositionSums.CODEC),
    ),
)


#: Each event by its discriminator.
EVENTS: Mapping[bytes, type[Event]] = {
    Activated.DISCRIMINATOR: Activated,
    AuthorityAccepted.DISCRIMINATOR: AuthorityAccepted,
    AuthorityProposed.DISCRIMINATOR: AuthorityProposed,
    ChangesSettled.DISCRIMINATOR: ChangesSettled,
    Claimed.DISCRIMINATOR: Claimed,
    ClassSet.DISCRIMINATOR: ClassSet,
    CommissionSet.DISCRIMINATOR: CommissionSet,
    Compounded.DISCRIMINATOR: Compounded,
    CreditFrozen.DISCRIMINATOR: CreditFrozen,
    Credited.DISCRIMINATOR: Credited,
    DeviceEvicted.DISCRIMINATOR: DeviceEvicted,
    DeviceRegistered.DISCRIMINATOR: DeviceRegistered,
    DeviceReleased.DISCRIMINATOR: DeviceReleased,
    Forfeited.DISCRIMINATOR: Forfeited,
    IdentityApproved.DISCRIMINATOR: IdentityApproved,
    Initialized.DISCRIMINATOR: Initialized,
    LowerApproved.DISCRIMINATOR: LowerApproved,
    NetworkJoined.DISCRIMINATOR: NetworkJoined,
    NetworkRegistered.DISCRIMINATOR: NetworkRegistered,
    NodeDisproved.DISCRIMINATOR: NodeDisproved,
    NodeLowered.DISCRIMINATOR: NodeLowered,
    NodeRegistered.DISCRIMINATOR: NodeRegistered,
    NodeRetired.DISCRIMINATOR: NodeRetired,
    OwnerExpelled.DISCRIMINATOR: OwnerExpelled,
    ParamsSet.DISCRIMINATOR: ParamsSet,
    PausedSet.DISCRIMINATOR: PausedSet,
    PositionSettled.DISCRIMINATOR: PositionSettled,
    ProofRecorded.DISCRIMINATOR: ProofRecorded,
    ReferenceSet.DISCRIMINATOR: ReferenceSet,
    SlashAppealed.DISCRIMINATOR: SlashAppealed,
    SlashCancelled.DISCRIMINATOR: SlashCancelled,
    SlashClosed.DISCRIMINATOR: SlashClosed,
    SlashProposed.DISCRIMINATOR: SlashProposed,
    SlashResolved.DISCRIMINATOR: SlashResolved,
    SlashSetApart.DISCRIMINATOR: SlashSetApart,
    Slashed.DISCRIMINATOR: Slashed,
    Staked.DISCRIMINATOR: Staked,
    UnitsSet.DISCRIMINATOR: UnitsSet,
    Unstaked.DISCRIMINATOR: Unstaked,
    Withdrawn.DISCRIMINATOR: Withdrawn,
}


__all__ = [
    "Activated",
    "AuthorityAccepted",
    "AuthorityProposed",
    "ChangesSettled",
    "Claimed",
    "ClassSet",
    "CommissionSet",
    "Compounded",
    "CreditFrozen",
    "Credited",
    "DeviceEvicted",
    "DeviceRegistered",
    "DeviceReleased",
    "Forfeited",
    "IdentityApproved",
    "Initialized",
    "LowerApproved",
    "NetworkJoined",
    "NetworkRegistered",
    "NodeDisproved",
    "NodeLowered",
    "NodeRegistered",
    "NodeRetired",
    "OwnerExpelled",
    "ParamsSet",
    "PausedSet",
    "PositionSettled",
    "ProofRecorded",
    "ReferenceSet",
    "SlashAppealed",
    "SlashCancelled",
    "SlashClosed",
    "SlashProposed",
    "SlashResolved",
    "SlashSetApart",
    "Slashed",
    "Staked",
    "UnitsSet",
    "Unstaked",
    "Withdrawn",
]
