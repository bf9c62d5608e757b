use crate::state::ScheduleArgs;
use anchor_lang::prelude::*;
use io_common::abi::Allocation;

/// The configuration was created.
#[event]
pub struct Initialized {
    /// The first authority.
    pub authority: Pubkey,
    /// Owns the accounts that revoked and unclaimed IO goes to.
    pub treasury: Pubkey,
}

/// A grant was created and funded.
#[event]
pub struct GrantCreated {
    /// Number of the event, counted by the configuration.
    pub seq: u64,
    /// The grant.
    pub grant: Pubkey,
    /// Part of the grant's address.
    pub id: u64,
    /// The genesis allocation that it is paid from.
    pub allocation: Allocation,
    /// Who it belongs to.
    pub beneficiary: Pubkey,
    /// Whether what has not vested can be taken back.
    pub revocable: bool,
    /// How much of it vests when.
    pub schedule: ScheduleArgs,
    /// Put into grants so far, base units.
    pub granted_total: u64,
}

/// What has vested was paid.
#[event]
pub struct Released {
    /// Number of the event, counted by the grant.
    pub seq: u64,
    /// The grant.
    pub grant: Pubkey,
    /// Who it belongs to.
    pub beneficiary: Pubkey,
    /// The token account that was paid.
    pub destination: Pubkey,
    /// Paid, base units.
    pub amount: u64,
    /// Released so far, which is now all that has vested, base units.
    pub released_total: u64,
}

/// A grant was revoked.
#[event]
pub struct GrantRevoked {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The grant.
    pub grant: Pubkey,
    /// Nothing vests after this time, unix time.
    pub time: i64,
    /// What has vested and stays the beneficiary's, base units.
    pub vested: u64,
    /// What went back to the treasury, base units.
    pub returned: u64,
    /// The token account that was paid.
    pub destination: Pubkey,
}

/// A beneficiary has proposed a successor, or withdrawn the proposal.
#[event]
pub struct BeneficiaryProposed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The grant.
    pub grant: Pubkey,
    /// The present beneficiary.
    pub beneficiary: Pubkey,
    /// Becomes the beneficiary when it accepts; the default key stands for nobody.
    pub successor: Pubkey,
}

/// The proposed successor has become the beneficiary.
#[event]
pub struct BeneficiaryAccepted {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The grant.
    pub grant: Pubkey,
    /// The new beneficiary.
    pub beneficiary: Pubkey,
}

/// An airdrop was created and funded.
#[event]
pub struct AirdropCreated {
    /// Number of the event, counted by the configuration.
    pub seq: u64,
    /// The airdrop.
    pub airdrop: Pubkey,
    /// Part of the airdrop's address.
    pub id: u64,
    /// The genesis allocation that it is paid from.
    pub allocation: Allocation,
    /// Merkle root of the leaves.
    pub root: [u8; 32],
    /// Number of leaves.
    pub leaves: u32,
    /// Sum of the leaves, base units.
    pub total: u64,
    /// Until when it can be claimed, unix time.
    pub deadline: i64,
    /// Put into airdrops so far, base units.
    pub airdropped_total: u64,
}

/// An account that marks claims was opened.
#[event]
pub struct ClaimsOpened {
    /// Number of the event, counted by the airdrop.
    pub seq: u64,
    /// The airdrop.
    pub airdrop: Pubkey,
    /// Number of the account; its first leaf is `number · 8,192`.
    pub number: u32,
}

/// A leaf was claimed.
#[event]
pub struct AirdropClaimed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The airdrop.
    pub airdrop: Pubkey,
    /// Number of the leaf.
    pub index: u32,
    /// The claimant that the leaf names.
    pub claimant: Pubkey,
    /// Amount, base units.
    pub amount: u64,
    /// A token account of the claimant, or the vault of the node that they stake on.
    pub destination: Pubkey,
    /// Whether it went into stake.
    pub staked: bool,
    /// Claimed so far, base units.
    pub claimed_total: u64,
}

/// What nobody claimed went to the treasury.
#[event]
pub struct AirdropReclaimed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The airdrop.
    pub airdrop: Pubkey,
    /// What nobody claimed, base units.
    pub returned: u64,
    /// Sent to the vault by others, base units.
    pub surplus: u64,
    /// The token account that was paid.
    pub destination: Pubkey,
    /// Claimed so far, base units.
    pub claimed_total: u64,
}

/// An account that marks claims was closed.
#[event]
pub struct ClaimsClosed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The airdrop.
    pub airdrop: Pubkey,
    /// Number of the account; its first leaf is `number · 8,192`.
    pub number: u32,
}

/// The parameters were set.
#[event]
pub struct ParamsSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// May pause from now on.
    pub pauser: Pubkey,
    /// Owns the accounts that revoked and unclaimed IO goes to.
    pub treasury: Pubkey,
}

io_common::administration_events!();
