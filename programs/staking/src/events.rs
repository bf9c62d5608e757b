use crate::state::{NodeTotals, ParamsArgs, Pool, PositionSums, Reference};
use anchor_lang::prelude::*;
use io_common::abi::ProofReason;

/// The configuration and emission's ledger were created.
#[event]
pub struct Initialized {
    /// The first authority.
    pub authority: Pubkey,
    /// The first parameters.
    pub params: ParamsArgs,
}

/// A hardware class was created or changed.
#[event]
pub struct ClassSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// Number of the class.
    pub id: u16,
    /// Its kind of hardware.
    pub pool: Pool,
    /// Whether new devices of the class are taken.
    pub enabled: bool,
    /// Largest stake of a node, as a multiple of its minimum.
    pub maximum: u8,
    /// Weight of one processor, bps of the reference.
    pub multiplier_bps: u32,
    /// Minimum stake per processor before the multiplier, base units.
    pub base_minimum: u64,
}

/// What the devices of a class are judged by was set.
#[event]
pub struct ReferenceSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// Number of the class.
    pub id: u16,
    /// All of it.
    pub reference: Reference,
}

/// A seat has approved the digest of a device's hardware certificate.
#[event]
pub struct IdentityApproved {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The device.
    pub device: Pubkey,
    /// The digest; zeros for none.
    pub digest: [u8; 32],
    /// The seat.
    pub seat: u8,
    /// Weight of all approvals of it.
    pub weight: u32,
    /// Weight that sets it.
    pub threshold: u32,
    /// The device's digest after it.
    pub identity: [u8; 32],
}

/// A seat has approved that a node goes down to the class that its proofs have shown.
#[event]
pub struct LowerApproved {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// Its first device.
    pub device: Pubkey,
    /// Its class.
    pub class: u16,
    /// The lower class.
    pub lower: u16,
    /// The seat.
    pub seat: u8,
    /// Weight of all approvals of it.
    pub weight: u32,
    /// Weight that it needs.
    pub threshold: u32,
    /// From when the node can be lowered, unix time; 0 while the threshold is not reached.
    pub due_at: i64,
}

/// A node went down to a lower class.
#[event]
pub struct NodeLowered {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// Its first device.
    pub device: Pubkey,
    /// The class it was of.
    pub before: u16,
    /// The class it is of.
    pub class: u16,
    /// The owner's minimum in it, base units.
    pub minimum: u64,
}

/// A device was registered, or claimed by a new owner.
#[event]
pub struct DeviceRegistered {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The device.
    pub device: Pubkey,
    /// `sha256` of the device's own unique id.
    pub fingerprint: [u8; 32],
    /// Signs for the device.
    pub device_key: Pubkey,
    /// Its owner.
    pub owner: Pubkey,
    /// Number of its hardware class.
    pub class: u16,
    /// Seat of the attester that challenged it.
    pub seat: u8,
}

/// A node was registered or reopened.
#[event]
pub struct NodeRegistered {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// Its owner.
    pub owner: Pubkey,
    /// Number of its hardware class.
    pub class: u16,
    /// Processors.
    pub units: u8,
    /// The owner's part of co-stakers' rewards, bps.
    pub commission_bps: u16,
    /// Region, ISO 3166-1 numeric.
    pub region: u16,
    /// Memory in GiB, as stated by the owner.
    pub memory_gib: u32,
    /// Link speed in Mbit/s, as stated by the owner.
    pub link_mbps: u32,
}

/// Tokens came in, to the pending stake of `holder`.
#[event]
pub struct Staked {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// Who holds the stake: the owner, or a co-staker.
    pub holder: Pubkey,
    /// Tokens that came in, base units.
    pub amount: u64,
    /// The node's sums after it.
    pub totals: NodeTotals,
    /// A co-staker's position after it; zeros for the owner.
    pub position: PositionSums,
}

/// Pending stake became active.
#[event]
pub struct Activated {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// Who holds the stake: the owner, or a co-staker.
    pub holder: Pubkey,
    /// Tokens of the owner, or shares of a co-staker.
    pub amount: u64,
    /// The node's sums after it.
    pub totals: NodeTotals,
    /// A co-staker's position after it; zeros for the owner.
    pub position: PositionSums,
}

/// Stake was unstaked: `left` tokens went out at once, `cooling` tokens or shares wait until
/// `ready_at`.
#[event]
pub struct Unstaked {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// Who holds the stake: the owner, or a co-staker.
    pub holder: Pubkey,
    /// Tokens that went out, base units.
    pub left: u64,
    /// Tokens of the owner, or shares of a co-staker, that cool.
    pub cooling: u64,
    /// When they may leave, unix time.
    pub ready_at: i64,
    /// The node's sums after it.
    pub totals: NodeTotals,
    /// A co-staker's position after it; zeros for the owner.
    pub position: PositionSums,
}

/// Cooled stake went out.
#[event]
pub struct Withdrawn {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// Who holds the stake: the owner, or a co-staker.
    pub holder: Pubkey,
    /// Tokens, base units.
    pub amount: u64,
    /// The node's sums after it.
    pub totals: NodeTotals,
    /// A co-staker's position after it; zeros for the owner.
    pub position: PositionSums,
}

/// A report's leaf was credited from the emission vault.
#[event]
pub struct Credited {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// Tokens, base units.
    pub amount: u64,
    /// The owner's part of the amount, base units.
    pub owner_part: u64,
    /// The co-stakers' part of the amount, base units.
    pub co_part: u64,
    /// Credited to the node in its whole life, base units.
    pub credited: u64,
    /// Time up to which the node's rewards were credited, unix time.
    pub credited_through: i64,
    /// Credited to all nodes since the beginning, base units.
    pub credited_total: u64,
    /// Height of the highest report whose leaf was credited in full.
    pub credited_height: u64,
    /// Credited since `credited_through` moved last, base units: parts of leaves that had to wait.
    pub partial: u64,
    /// Lowest height from which reports are creditable when `bound_total` was begun.
    pub bound_height: u64,
    /// What credits in all may come to: the highest total of a report since then, base units.
    pub bound_total: u64,
    /// Reward per active or late share since the beginning: u128, Q64.64, little endian.
    pub acc: [u8; 16],
    /// Remainder of its last division: u128, little endian.
    pub rem: [u8; 16],
    /// The node's sums after it.
    pub totals: NodeTotals,
}

/// Rewards went out.
#[event]
pub struct Claimed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// Who holds the stake: the owner, or a co-staker.
    pub holder: Pubkey,
    /// Tokens, base units.
    pub amount: u64,
    /// The node's sums after it.
    pub totals: NodeTotals,
    /// A co-staker's position after it; zeros for the owner.
    pub position: PositionSums,
}

/// Rewards became pending stake of `holder`.
#[event]
pub struct Compounded {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// Who holds the stake: the owner, or a co-staker.
    pub holder: Pubkey,
    /// Tokens, base units.
    pub amount: u64,
    /// The node's sums after it.
    pub totals: NodeTotals,
    /// A co-staker's position after it; zeros for the owner.
    pub position: PositionSums,
}

/// A change of the commission was announced.
#[event]
pub struct CommissionSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// The owner's part of co-stakers' rewards, bps.
    pub commission_bps: u16,
    /// When it begins to apply, unix time.
    pub from: i64,
}

/// A node left the market.
#[event]
pub struct NodeRetired {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// Its owner.
    pub owner: Pubkey,
}

/// A device was attached or detached.
#[event]
pub struct UnitsSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// The device.
    pub device: Pubkey,
    /// Processors of the node after it.
    pub units: u8,
}

impl UnitsSet {
    pub fn new(node: &mut crate::state::Node, key: Pubkey, device: Pubkey) -> Self {
        Self { seq: node.next_seq(), node: key, device, units: node.units }
    }
}

/// The resolver has taken a device from its owner.
#[event]
pub struct DeviceEvicted {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The device.
    pub device: Pubkey,
    /// Who owned it.
    pub owner: Pubkey,
    /// The node it was on, or zeros.
    pub node: Pubkey,
    /// Whether it was banned.
    pub ban: bool,
}

/// An owner has released a device.
#[event]
pub struct DeviceReleased {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The device.
    pub device: Pubkey,
    /// Who owned it.
    pub owner: Pubkey,
}

/// A network was registered.
#[event]
pub struct NetworkRegistered {
    /// The network's account.
    pub network: Pubkey,
    /// Owns the nodes of the network.
    pub authority: Pubkey,
    /// Name, UTF-8, padded with zeros.
    pub name: [u8; 32],
}

/// A node joined its owner's network.
#[event]
pub struct NetworkJoined {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// The network's account.
    pub network: Pubkey,
}

/// A slash was proposed, and the amount is held back.
#[event]
pub struct SlashProposed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The slash.
    pub slash: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// What it would burn, base units.
    pub amount: u64,
    /// SHA-256 of the evidence.
    pub evidence_hash: [u8; 32],
    /// Whether it names fraud, and so stops the node's credit.
    pub fraud: bool,
    /// Held back by all open proposals, base units.
    pub frozen: u64,
}

/// The node's owner has appealed a slash.
#[event]
pub struct SlashAppealed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The slash.
    pub slash: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// The node's owner.
    pub by: Pubkey,
}

/// The resolver has decided a slash.
#[event]
pub struct SlashResolved {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The slash.
    pub slash: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// What may be burned, base units.
    pub amount: u64,
    /// What is no longer held back, base units.
    pub freed: u64,
    /// Held back by all open proposals after it, base units.
    pub frozen: u64,
    /// Whether the node has ended.
    pub terminal: bool,
}

/// What a slash takes was set apart.
#[event]
pub struct SlashSetApart {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The slash.
    pub slash: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// Set apart, base units.
    pub amount: u64,
    /// What the proposal still holds back, base units.
    pub left: u64,
    /// Whether the node has ended.
    pub terminal: bool,
    /// The node's sums after it.
    pub totals: NodeTotals,
}

/// What the node's device had signed was shown to be wrong: a part of its stake was set apart, and its compute proof
/// has failed.
#[event]
pub struct NodeDisproved {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The slash.
    pub slash: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// Who showed it and paid the rent.
    pub payer: Pubkey,
    /// Hours from the start of emission to the end of the hour.
    pub hour: u64,
    /// End of the hour, unix time.
    pub period_end: i64,
    /// SHA-256 of the message that the device had signed.
    pub evidence_hash: [u8; 32],
    /// Set apart, base units.
    pub amount: u64,
    /// The node's sums after it.
    pub totals: NodeTotals,
}

/// The authority has taken a slash back.
#[event]
pub struct SlashCancelled {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The slash.
    pub slash: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// The owner who was slashed.
    pub owner: Pubkey,
    /// What is no longer held back, base units.
    pub freed: u64,
    /// What was set apart and went back to the owner, base units.
    pub returned: u64,
    /// Held back by all open proposals after it, base units.
    pub frozen: u64,
    /// The node's sums after it.
    pub totals: NodeTotals,
}

/// A co-staker's rewards were settled, and late weights that were due have ended.
#[event]
pub struct PositionSettled {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// The co-staker.
    pub holder: Pubkey,
    /// The position after it.
    pub position: PositionSums,
}

/// What had become due on a node was settled.
#[event]
pub struct ChangesSettled {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// The owner's minimum for its processors, base units.
    pub minimum: u64,
    /// The node's sums after it.
    pub totals: NodeTotals,
}

/// A former owner's side of a node was moved out of the next owner's way.
#[event]
pub struct OwnerExpelled {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// The former owner.
    pub owner: Pubkey,
    /// What was the former owner's, base units of IO.
    pub amount: u64,
    /// When it may leave, unix time.
    pub ready_at: i64,
    /// The node's sums after it.
    pub totals: NodeTotals,
}

/// Stake was burned.
#[event]
pub struct Slashed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The slash.
    pub slash: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// Burned, base units.
    pub amount: u64,
    /// What was set apart for it and is not burned yet, base units.
    pub left: u64,
    /// Whether the resolver had decided it.
    pub by_decision: bool,
    /// The node's sums after it.
    pub totals: NodeTotals,
}

/// A slash is over, and no longer holds anything back.
#[event]
pub struct SlashClosed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The slash.
    pub slash: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// What it has burned, base units.
    pub burned: u64,
    /// What was not burned, base units.
    pub lapsed: u64,
    /// Held back by all open proposals after it, base units.
    pub frozen: u64,
}

/// A terminal node's reward was burned out of the emission vault.
#[event]
pub struct Forfeited {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// Tokens, base units.
    pub amount: u64,
    /// Credited to the node or burned for it in its whole life, base units.
    pub credited: u64,
    /// Time up to which the node's rewards were credited, unix time.
    pub credited_through: i64,
    /// Credited to all nodes or burned for them since the beginning, base units.
    pub credited_total: u64,
    /// Height of the highest report whose leaf was credited in full.
    pub credited_height: u64,
    /// Credited since `credited_through` moved last, base units: parts of leaves that had to wait.
    pub partial: u64,
    /// Lowest height from which reports are creditable when `bound_total` was begun.
    pub bound_height: u64,
    /// What credits in all may come to: the highest total of a report since then, base units.
    pub bound_total: u64,
}

/// A challenge was made or is over, and the node's credit is held back or released.
#[event]
pub struct CreditFrozen {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// No credit before this time, unix time; 0 for no hold.
    pub until: i64,
    /// No credit from reports with a lower `seq` than this.
    pub min_report_seq: u64,
    /// No challenge before this time but the guardian's, unix time, except while a freeze runs.
    pub quiet_until: i64,
}

/// A compute proof of the node was judged.
#[event]
pub struct ProofRecorded {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The node.
    pub node: Pubkey,
    /// SHA-256 of what it was judged from; zeros where the hour has none of its own.
    pub evidence_hash: [u8; 32],
    /// Measured speed against the class's reference, bps.
    pub score_bps: u32,
    /// Why it failed, or that it passed.
    pub reason: ProofReason,
    /// End of the hour that it holds for, unix time.
    pub time: i64,
}

/// The parameters were set.
#[event]
pub struct ParamsSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// All of them.
    pub params: ParamsArgs,
}

io_common::administration_events!();

impl ClassSet {
    pub fn new(seq: u64, id: u16, args: crate::state::ClassArgs) -> Self {
        let crate::state::ClassArgs { pool, enabled, maximum, multiplier_bps, base_minimum, .. } = args;
        Self { seq, id, pool, enabled, maximum, multiplier_bps, base_minimum }
    }
}

impl NodeRegistered {
    pub fn new(key: Pubkey, node: &mut crate::state::Node) -> Self {
        Self {
            seq: node.next_seq(),
            node: key,
            owner: node.owner,
            class: node.class,
            units: node.units,
            commission_bps: node.commission_bps,
            region: node.region,
            memory_gib: node.memory_gib,
            link_mbps: node.link_mbps,
        }
    }
}
