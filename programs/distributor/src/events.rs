use crate::state::ScheduleArgs;
use anchor_lang::prelude::*;
use io_common::abi::Allocation;

#[event]
pub struct Initialized {
    pub authority: Pubkey,
    pub treasury: Pubkey,
}

#[event]
pub struct GrantCreated {
    /// The configuration's.
    pub seq: u64,
    pub grant: Pubkey,
    pub id: u64,
    pub allocation: Allocation,
    pub beneficiary: Pubkey,
    pub revocable: bool,
    pub schedule: ScheduleArgs,
    /// Put into grants so far.
    pub granted_total: u64,
}

#[event]
pub struct Released {
    /// The grant's, as in the grant's other events.
    pub seq: u64,
    pub grant: Pubkey,
    pub beneficiary: Pubkey,
    pub destination: Pubkey,
    pub amount: u64,
    /// Released so far, which is now all that has vested.
    pub released_total: u64,
}

#[event]
pub struct GrantRevoked {
    pub seq: u64,
    pub grant: Pubkey,
    pub time: i64,
    /// What has vested and stays.
    pub vested: u64,
    /// What went back.
    pub returned: u64,
    pub destination: Pubkey,
}

#[event]
pub struct BeneficiaryProposed {
    pub seq: u64,
    pub grant: Pubkey,
    pub beneficiary: Pubkey,
    pub successor: Pubkey,
}

#[event]
pub struct BeneficiaryAccepted {
    pub seq: u64,
    pub grant: Pubkey,
    pub beneficiary: Pubkey,
}

#[event]
pub struct AirdropCreated {
    /// The configuration's.
    pub seq: u64,
    pub airdrop: Pubkey,
    pub id: u64,
    pub allocation: Allocation,
    pub root: [u8; 32],
    pub leaves: u32,
    pub total: u64,
    pub deadline: i64,
    /// Put into airdrops so far.
    pub airdropped_total: u64,
}

#[event]
pub struct ClaimsOpened {
    /// The airdrop's, as in the airdrop's other events.
    pub seq: u64,
    pub airdrop: Pubkey,
    pub number: u32,
}

#[event]
pub struct AirdropClaimed {
    pub seq: u64,
    pub airdrop: Pubkey,
    pub index: u32,
    pub claimant: Pubkey,
    pub amount: u64,
    /// Where it went: a token account of the claimant, or the vault of the node that he stakes on.
    pub destination: Pubkey,
    pub staked: bool,
    /// Claimed so far.
    pub claimed_total: u64,
}

#[event]
pub struct AirdropReclaimed {
    pub seq: u64,
    pub airdrop: Pubkey,
    /// What nobody claimed.
    pub returned: u64,
    /// Sent to the vault by others.
    pub surplus: u64,
    pub destination: Pubkey,
    pub claimed_total: u64,
}

#[event]
pub struct ClaimsClosed {
    pub seq: u64,
    pub airdrop: Pubkey,
    pub number: u32,
}

#[event]
pub struct ParamsSet {
    pub seq: u64,
    pub pauser: Pubkey,
    pub treasury: Pubkey,
}

io_common::administration_events!();
