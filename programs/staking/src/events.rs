use crate::state::{NodeTotals, Pool};
use anchor_lang::prelude::*;
use io_common::abi::ProofReason;

#[event]
pub struct Initialized {
    pub authority: Pubkey,
}

#[event]
pub struct ClassSet {
    pub seq: u64,
    pub id: u16,
    pub pool: Pool,
    pub enabled: bool,
    pub maximum: u8,
    pub multiplier_bps: u32,
    pub base_minimum: u64,
}

#[event]
pub struct DeviceRegistered {
    pub seq: u64,
    pub device: Pubkey,
    pub fingerprint: [u8; 32],
    pub device_key: Pubkey,
    pub owner: Pubkey,
    pub class: u16,
    pub seat: u8,
}

#[event]
pub struct NodeRegistered {
    pub seq: u64,
    pub node: Pubkey,
    pub owner: Pubkey,
    pub class: u16,
    pub units: u8,
    pub commission_bps: u16,
    pub region: u16,
}

/// Tokens came in, to the pending stake of `holder`.
#[event]
pub struct Staked {
    pub seq: u64,
    pub node: Pubkey,
    pub holder: Pubkey,
    pub amount: u64,
    pub totals: NodeTotals,
}

/// Pending stake became active.
#[event]
pub struct Activated {
    pub seq: u64,
    pub node: Pubkey,
    pub holder: Pubkey,
    pub amount: u64,
    pub totals: NodeTotals,
}

/// Stake was taken off: `left` tokens went out, `cooling` tokens or shares wait until `ready_at`.
#[event]
pub struct Unstaked {
    pub seq: u64,
    pub node: Pubkey,
    pub holder: Pubkey,
    pub left: u64,
    pub cooling: u64,
    pub ready_at: i64,
    pub totals: NodeTotals,
}

/// Cooled stake went out.
#[event]
pub struct Withdrawn {
    pub seq: u64,
    pub node: Pubkey,
    pub holder: Pubkey,
    pub amount: u64,
    pub totals: NodeTotals,
}

/// A report's leaf was credited from the emission vault.
#[event]
pub struct Credited {
    pub seq: u64,
    pub node: Pubkey,
    pub amount: u64,
    pub owner_part: u64,
    pub co_part: u64,
    /// Credited to the node in its life.
    pub credited: u64,
    pub credited_through: i64,
    /// Credited to all nodes.
    pub credited_total: u64,
    pub totals: NodeTotals,
}

/// Rewards went out.
#[event]
pub struct Claimed {
    pub seq: u64,
    pub node: Pubkey,
    pub holder: Pubkey,
    pub amount: u64,
    pub totals: NodeTotals,
}

/// Rewards became pending stake of `holder`.
#[event]
pub struct Compounded {
    pub seq: u64,
    pub node: Pubkey,
    pub holder: Pubkey,
    pub amount: u64,
    pub totals: NodeTotals,
}

#[event]
pub struct CommissionSet {
    pub seq: u64,
    pub node: Pubkey,
    pub commission_bps: u16,
    /// When it begins to apply.
    pub from: i64,
}

#[event]
pub struct NodeRetired {
    pub seq: u64,
    pub node: Pubkey,
    pub owner: Pubkey,
}

/// A device was attached or detached.
#[event]
pub struct UnitsSet {
    pub seq: u64,
    pub node: Pubkey,
    pub device: Pubkey,
    pub units: u8,
}

impl UnitsSet {
    pub fn new(node: &mut crate::state::Node, key: Pubkey, device: Pubkey) -> Self {
        Self { seq: node.next_seq(), node: key, device, units: node.units }
    }
}

#[event]
pub struct DeviceEvicted {
    pub seq: u64,
    pub device: Pubkey,
    pub owner: Pubkey,
    pub node: Pubkey,
    pub ban: bool,
}

#[event]
pub struct DeviceReleased {
    pub seq: u64,
    pub device: Pubkey,
    pub owner: Pubkey,
}

#[event]
pub struct NetworkRegistered {
    pub network: Pubkey,
    pub authority: Pubkey,
    pub name: [u8; 32],
}

#[event]
pub struct NetworkJoined {
    pub seq: u64,
    pub node: Pubkey,
    pub network: Pubkey,
}

#[event]
pub struct SlashProposed {
    pub seq: u64,
    pub slash: Pubkey,
    pub node: Pubkey,
    pub amount: u64,
    pub evidence_hash: [u8; 32],
    /// Held back by all open proposals.
    pub frozen: u64,
}

#[event]
pub struct SlashAppealed {
    pub seq: u64,
    pub slash: Pubkey,
    pub node: Pubkey,
    pub by: Pubkey,
}

#[event]
pub struct SlashResolved {
    pub seq: u64,
    pub slash: Pubkey,
    pub node: Pubkey,
    pub amount: u64,
    pub freed: u64,
    pub frozen: u64,
}

/// Stake was burned.
#[event]
pub struct Slashed {
    pub seq: u64,
    pub slash: Pubkey,
    pub node: Pubkey,
    pub amount: u64,
    /// What the proposal still holds back.
    pub left: u64,
    /// Whether co-stakers lost, which ends the node.
    pub terminal: bool,
    pub totals: NodeTotals,
}

#[event]
pub struct SlashClosed {
    pub seq: u64,
    pub slash: Pubkey,
    pub node: Pubkey,
    pub burned: u64,
    pub lapsed: u64,
    pub frozen: u64,
}

/// A terminal node's reward was burned out of the emission vault.
#[event]
pub struct Forfeited {
    pub seq: u64,
    pub node: Pubkey,
    pub amount: u64,
    pub credited: u64,
    pub credited_through: i64,
    pub credited_total: u64,
}

#[event]
pub struct CreditFrozen {
    pub seq: u64,
    pub node: Pubkey,
    pub until: i64,
    pub min_report_seq: u64,
}

#[event]
pub struct ProofRecorded {
    pub seq: u64,
    pub node: Pubkey,
    pub seed: [u8; 32],
    pub score_bps: u32,
    pub reason: ProofReason,
    pub time: i64,
}

#[event]
pub struct ParamsSet {
    pub seq: u64,
    pub pauser: Pubkey,
    pub slasher: Pubkey,
    pub resolver: Pubkey,
    pub cooldown: i64,
    pub appeal: i64,
}

io_common::administration_events!();

impl ClassSet {
    pub fn new(seq: u64, id: u16, args: crate::state::ClassArgs) -> Self {
        let crate::state::ClassArgs { pool, enabled, maximum, multiplier_bps, base_minimum, .. } = args;
        Self { seq, id, pool, enabled, maximum, multiplier_bps, base_minimum }
    }
}
