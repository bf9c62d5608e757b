use crate::state::{ParamsArgs, Seat};
use anchor_lang::prelude::*;
use io_common::abi::ProofReason;

#[event]
pub struct Initialized {
    pub authority: Pubkey,
}

#[event]
pub struct AttestersSet {
    pub seq: u64,
    pub set_version: u32,
    pub threshold: u32,
    pub total_weight: u32,
    /// All seats, by number.
    pub seats: Vec<Seat>,
}

#[event]
pub struct ReportMade {
    pub seq: u64,
    pub report: Pubkey,
    /// Hours from the start of emission to `period_end`.
    pub report_seq: u64,
    pub set_version: u32,
    pub payer: Pubkey,
    pub root: [u8; 32],
    pub total: u64,
    pub period_end: i64,
    pub leaves: u32,
    pub evidence_hash: [u8; 32],
    pub evidence_uri: [u8; 96],
    pub created_at: i64,
}

#[event]
pub struct ReportApproved {
    pub seq: u64,
    pub report: Pubkey,
    pub report_seq: u64,
    pub seat: u8,
    pub attester: Pubkey,
    /// Weight of all approvals so far.
    pub weight: u32,
    pub threshold: u32,
    /// When the threshold was reached; 0 while it is not.
    pub approved_at: i64,
}

#[event]
pub struct ReportFinalized {
    pub seq: u64,
    pub report: Pubkey,
    pub report_seq: u64,
    pub root: [u8; 32],
    pub total: u64,
    pub period_end: i64,
    pub finalized_at: i64,
}

/// A report will never pay: a leaf was refuted (`node`), or the guardian voided it (zeros).
#[event]
pub struct ReportVoided {
    pub seq: u64,
    pub report: Pubkey,
    pub report_seq: u64,
    pub node: Pubkey,
}

#[event]
pub struct ChallengeMade {
    pub seq: u64,
    pub challenge: Pubkey,
    pub report: Pubkey,
    pub node: Pubkey,
    pub challenger: Pubkey,
    pub bond: u64,
    pub until: i64,
    pub evidence_hash: [u8; 32],
}

/// The bond went back (upheld) or was burned.
#[event]
pub struct ChallengeDecided {
    pub seq: u64,
    pub challenge: Pubkey,
    pub report: Pubkey,
    pub node: Pubkey,
    pub upheld: bool,
    pub bond: u64,
}

/// Nobody decided in time; the bond went back.
#[event]
pub struct ChallengeLifted {
    pub seq: u64,
    pub challenge: Pubkey,
    pub report: Pubkey,
    pub node: Pubkey,
    pub bond: u64,
}

#[event]
pub struct ProofJudged {
    pub node: Pubkey,
    pub seat: u8,
    pub seed: [u8; 32],
    pub score_bps: u32,
    pub reason: ProofReason,
}

#[event]
pub struct ParamsSet {
    pub seq: u64,
    pub params: ParamsArgs,
}

io_common::administration_events!();
