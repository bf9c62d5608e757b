use crate::state::{ParamsArgs, Seat};
use anchor_lang::prelude::*;
use io_common::abi::ProofReason;

/// The configuration and an attester set without seats were created.
#[event]
pub struct Initialized {
    /// The first authority.
    pub authority: Pubkey,
}

/// The attester set was replaced.
#[event]
pub struct AttestersSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// Counts the changes of the attester set.
    pub set_version: u32,
    /// Weight that approves a report.
    pub threshold: u32,
    /// Sum of all weights.
    pub total_weight: u32,
    /// All seats, by number.
    pub seats: Vec<Seat>,
}

/// A report was made.
#[event]
pub struct ReportMade {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The report.
    pub report: Pubkey,
    /// Hours from the start of emission to `period_end`.
    pub report_seq: u64,
    /// Counts the changes of the attester set.
    pub set_version: u32,
    /// The attester who made it and paid for the account.
    pub payer: Pubkey,
    /// Merkle root of the reward leaves.
    pub root: [u8; 32],
    /// Sum of the leaves' lifetime rewards, base units of IO.
    pub total: u64,
    /// Unix time that the rewards count to.
    pub period_end: i64,
    /// Number of leaves.
    pub leaves: u32,
    /// SHA-256 of what the rewards were computed from.
    pub evidence_hash: [u8; 32],
    /// Where that is found, UTF-8, padded with zeros.
    pub evidence_uri: [u8; 96],
    /// Unix time.
    pub created_at: i64,
}

/// An attester has approved a report.
#[event]
pub struct ReportApproved {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The report.
    pub report: Pubkey,
    /// Hours from the start of emission to the end of the report's period.
    pub report_seq: u64,
    /// Seat of the attester.
    pub seat: u8,
    /// The attester.
    pub attester: Pubkey,
    /// Weight of all approvals so far.
    pub weight: u32,
    /// Weight that approves a report.
    pub threshold: u32,
    /// When the threshold was reached; 0 while it is not.
    pub approved_at: i64,
}

/// A report became final: its leaves can be credited.
#[event]
pub struct ReportFinalized {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The report.
    pub report: Pubkey,
    /// Hours from the start of emission to the end of the report's period.
    pub report_seq: u64,
    /// Merkle root of the reward leaves.
    pub root: [u8; 32],
    /// Sum of the leaves' lifetime rewards, base units of IO.
    pub total: u64,
    /// Unix time that the rewards count to.
    pub period_end: i64,
    /// Unix time.
    pub finalized_at: i64,
}

/// A report will never pay: a leaf was refuted (`node`), or the guardian voided it (zeros).
#[event]
pub struct ReportVoided {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The report.
    pub report: Pubkey,
    /// Hours from the start of emission to the end of the report's period.
    pub report_seq: u64,
    /// The node of the refuted leaf, or zeros.
    pub node: Pubkey,
}

/// A node's leaf in a report was challenged.
#[event]
pub struct ChallengeMade {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The challenge.
    pub challenge: Pubkey,
    /// The report.
    pub report: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// Who doubts it.
    pub challenger: Pubkey,
    /// The bond, base units of IO.
    pub bond: u64,
    /// When it lapses if nobody decides it, unix time.
    pub until: i64,
    /// SHA-256 of the evidence.
    pub evidence_hash: [u8; 32],
}

/// The bond went back (upheld) or was burned.
#[event]
pub struct ChallengeDecided {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The challenge.
    pub challenge: Pubkey,
    /// The report.
    pub report: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// Whether the leaf was wrong.
    pub upheld: bool,
    /// The bond, base units of IO.
    pub bond: u64,
}

/// Nobody decided in time; the bond went back.
#[event]
pub struct ChallengeLifted {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The challenge.
    pub challenge: Pubkey,
    /// The report.
    pub report: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// The bond, base units of IO.
    pub bond: u64,
}

/// An attester has judged a compute proof.
#[event]
pub struct ProofJudged {
    /// The node.
    pub node: Pubkey,
    /// Seat of the attester.
    pub seat: u8,
    /// The challenge's seed.
    pub seed: [u8; 32],
    /// Measured speed against the class's reference, bps.
    pub score_bps: u32,
    /// Why it failed, or that it passed.
    pub reason: ProofReason,
}

/// The parameters were set.
#[event]
pub struct ParamsSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The new parameters.
    pub params: ParamsArgs,
}

io_common::administration_events!();
