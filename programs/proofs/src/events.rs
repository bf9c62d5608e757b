use crate::state::{HeadState, ParamsArgs, Seat};
use anchor_lang::prelude::*;
use io_common::leaf::Verdict;

/// The configuration and an attester set without seats were created.
#[event]
pub struct Initialized {
    /// The first authority.
    pub authority: Pubkey,
    /// The first parameters.
    pub params: ParamsArgs,
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
    /// When the set was changed, unix time: keys that have left a seat take none for a while from then on.
    pub changed_at: i64,
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
    /// Where the evidence is published, UTF-8, padded with zeros.
    pub evidence_uri: [u8; 96],
    /// The predecessor: the report that it continues; the default key for the first.
    pub predecessor: Pubkey,
    /// Its predecessor's height plus one.
    pub height: u64,
    /// Whether it is a correction.
    pub correction: bool,
    /// When it happened, unix time.
    pub created_at: i64,
    /// What emission had paid until the end of its period, base units.
    pub paid: u64,
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
    /// Weight that approves it.
    pub threshold: u32,
    /// When it was approved, unix time; 0 while it is not.
    pub approved_at: i64,
    /// The head, and the latest correction, afterwards.
    pub head: HeadState,
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
    /// When it happened, unix time.
    pub finalized_at: i64,
    /// Its height.
    pub height: u64,
    /// From when its leaves are creditable, unix time.
    pub creditable_from: i64,
    /// The last second in which they are, unix time.
    pub creditable_until: i64,
    /// The highest total of all final reports, base units.
    pub highest_total: u64,
    /// What emission had paid until the end of that report's period, base units.
    pub highest_paid: u64,
}

/// A report will never pay: a leaf was refuted (`node`), or it was voided as a whole (zeros).
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
    /// The head, and the latest correction, afterwards.
    pub head: HeadState,
    /// Index at which the time of the guardian's next void is written.
    pub next_void: u8,
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
    /// The challenger.
    pub challenger: Pubkey,
    /// The bond, base units of IO.
    pub bond: u64,
    /// When it lapses if nobody decides it, unix time.
    pub until: i64,
    /// SHA-256 of the evidence.
    pub evidence_hash: [u8; 32],
}

/// A challenge was decided; its bond went back (upheld) or was burned (rejected).
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

/// A challenge was lifted, since nobody had decided it in time; the bond went back.
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

/// A node's verdict in the report at the head was written into the node's account.
#[event]
pub struct VerdictShown {
    /// The node.
    pub node: Pubkey,
    /// The report.
    pub report: Pubkey,
    /// Its height.
    pub height: u64,
    /// The verdict.
    pub verdict: Verdict,
}

/// A report that was void, had fallen, or was pending under an earlier set gathers approvals again.
#[event]
pub struct ReportRenewed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The report.
    pub report: Pubkey,
    /// Hours from the start of emission to the end of the report's period.
    pub report_seq: u64,
    /// The attester set whose approvals count from now on.
    pub set_version: u32,
    /// The attester.
    pub attester: Pubkey,
}

/// The guardian has endorsed a correction, which then needs the threshold only.
#[event]
pub struct CorrectionEndorsed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The report.
    pub report: Pubkey,
    /// Hours from the start of emission to the end of the report's period.
    pub report_seq: u64,
    /// When it was approved, unix time; 0 while it needs more weight.
    pub approved_at: i64,
    /// The head, and the latest correction, afterwards.
    pub head: HeadState,
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

/// An hour's compute proofs have begun.
#[event]
pub struct HourTicked {
    /// The hour.
    pub hour: Pubkey,
    /// Hours from the start of emission to `period_end`.
    pub report_seq: u64,
    /// End of the hour, unix time.
    pub period_end: i64,
    /// Who paid the rent.
    pub payer: Pubkey,
    /// The slot whose hash is the seed.
    pub seed_slot: u64,
    /// What challenges are made of.
    pub seed: [u8; 32],
}

/// A seat has posted the root of the commitments that it received.
#[event]
pub struct ComputeCommitted {
    /// The hour.
    pub hour: Pubkey,
    /// The attester's seat.
    pub seat: u8,
    /// The attester.
    pub attester: Pubkey,
    /// Merkle root of the commitments.
    pub root: [u8; 32],
    /// How many they are.
    pub count: u32,
    /// Counts the changes of the attester set.
    pub set_version: u32,
    /// From which slot on the draw counts; 0 while seats are missing.
    pub draw_from: u64,
}

/// An hour was drawn, or its draw has begun.
#[event]
pub struct HourDrawn {
    /// The hour.
    pub hour: Pubkey,
    /// From which slot on the draw counts.
    pub draw_from: u64,
    /// The slot whose hash decides; 0 where the draw has only begun.
    pub drawn_slot: u64,
    /// That hash; zeros where the draw has only begun.
    pub randomness: [u8; 32],
}

/// An hour was closed, and its rent went back.
#[event]
pub struct HourClosed {
    /// The hour.
    pub hour: Pubkey,
}
