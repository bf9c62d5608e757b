//! What nodes have earned: the attester set, and the hourly reports that it approves.
//!
//! A report is cumulative, so the next one makes up for a missed hour. It is decided by weight: of all
//! contents proposed for an hour, the first that reaches the threshold stands.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing))]

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use io_common::leaf::LeafArgs;
use state::{ParamsArgs, ReportArgs, Seat};

declare_id!("ioPaT9RX9Bc2iv5uidz6Ah2K8y3NWmkcvPe7FenwbjF");

#[cfg(not(feature = "no-entrypoint"))]
solana_security_txt::security_txt! {
    name: "IO proofs",
    project_url: "https://ionet.example",
    contacts: "link:https://ionet.example/security",
    policy: "https://ionet.example/SECURITY.md"
}

#[program]
pub mod proofs {
    use super::*;

    /// Creates the configuration with its defaults, and an attester set without seats.
    ///
    /// Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`.
    pub fn initialize(ctx: Context<Initialize>) -> Result<()> {
        handle_initialize(ctx)
    }

    /// Sets who attests. Seat i of the list is the attester that had seat i before, perhaps with a new key or
    /// weight; reports that gather approvals have to be renewed. A key that leaves takes no seat for seven
    /// days.
    ///
    /// * seats - All seats, by number.
    /// * threshold - Weight that approves a report: more than half of all weight.
    ///
    /// Caller: the authority. Errors: `NotAuthority`, `TooManySeats`, `SeatMissing`, `HalfVacantSeat`,
    /// `DuplicateKey`, `SeatMoved`, `KeyDeparted`, `TooManyDeparted`, `WeightTooLarge`, `ThresholdOutOfBounds`.
    pub fn set_attesters(ctx: Context<SetAttesters>, seats: Vec<Seat>, threshold: u32) -> Result<()> {
        handle_set_attesters(ctx, seats, threshold)
    }

    /// Makes a report, and approves it for the first time.
    ///
    /// * seq - Hours from the start of emission to `period_end`.
    /// * content_hash - `sha256("ionet:report" ‖ borsh(args))`.
    ///
    /// Caller: an attester, who pays for the account. Errors: `Paused`, `WrongPredecessor`, `WrongContentHash`,
    /// `NoEmission`, `PeriodBeforeStart`, `PeriodNotWholeHours`, `PeriodNotOver`, `WrongSeq`, `PeriodFell`,
    /// `NoLeaves`, `NotEmitted`, `PeriodForgotten`, `TotalAboveEmission`, `TotalFell`, and those of `approve`.
    pub fn report(
        ctx: Context<MakeReport>,
        seq: u64,
        content_hash: [u8; 32],
        args: ReportArgs,
    ) -> Result<()> {
        handle_report(ctx, seq, content_hash, args)
    }

    /// Approves a report. At the threshold it is decided, and its challenge window begins.
    ///
    /// Caller: another attester. Errors: `Paused`, `NotPending`, `StaleSet`, `NotAttester`, `AlreadyApproved`,
    /// `AlreadyDecided`, `NotAtHead`, `TooManyPending`, `TotalAboveCorrection`, `CorrectionOpen`,
    /// `CorrectionTooSoon`.
    pub fn approve(ctx: Context<Approve>) -> Result<()> {
        handle_approve(ctx)
    }

    /// Renews a report that is void, has fallen, or is pending under an earlier attester set: it gathers
    /// approvals again, and this is the first.
    ///
    /// Caller: an attester. Errors: `Paused`, `NotRenewable`, and those of `approve`.
    pub fn renew_report(ctx: Context<RenewReport>) -> Result<()> {
        handle_renew_report(ctx)
    }

    /// Endorses a correction, which then needs the threshold only, instead of four fifths of the weight.
    ///
    /// Caller: the guardian. Errors: `NotGuardian`, `NotACorrection`, `NotPending`, `StaleSet`,
    /// `AlreadyEndorsed`, `AlreadyDecided`, `NotAtHead`, `TooManyPending`, `TotalAboveCorrection`,
    /// `CorrectionOpen`, `CorrectionTooSoon`.
    pub fn endorse(ctx: Context<Endorse>) -> Result<()> {
        handle_endorse(ctx)
    }

    /// Makes an approved report final after its challenge window: its leaves can be credited.
    ///
    /// Caller: anyone. Errors: `NotApproved`, `ReportFell`, `NotNext`, `WindowOpen`.
    pub fn finalize(ctx: Context<Finalize>) -> Result<()> {
        handle_finalize(ctx)
    }

    /// Voids a report that is not final: one of its leaves is below what its node was credited, or names
    /// no node. A correction is not refuted.
    ///
    /// Caller: anyone. Errors: `WrongProof`, `CorrectionStands`, `LeafStands`, `ReportDecided`.
    pub fn refute(ctx: Context<Refute>, leaf: LeafArgs) -> Result<()> {
        handle_refute(ctx, leaf)
    }

    /// Voids a report that is not final; the next one makes up for it.
    ///
    /// Caller: the guardian, 20 times in 30 days; the authority for a correction. Errors: `NotGuardian`,
    /// `ReportDecided`, `TooManyVoids`.
    pub fn void_report(ctx: Context<VoidReport>) -> Result<()> {
        handle_void_report(ctx)
    }

    /// Challenges one node's leaf, with a bond, and holds that node's credit back for up to seven days.
    ///
    /// * evidence_hash - SHA-256 of the challenger's evidence.
    ///
    /// Caller: anyone, but only the guardian for 30 days after a challenge that lapsed. Errors:
    /// `NotChallengeable`, `NotANode`, `ChallengedLately` of staking.
    pub fn challenge(ctx: Context<MakeChallenge>, evidence_hash: [u8; 32]) -> Result<()> {
        handle_challenge(ctx, evidence_hash)
    }

    /// Decides a challenge. Upheld: the bond goes back, and the node is credited from later reports only.
    /// Rejected: the bond is burned.
    ///
    /// * upheld - Whether the leaf is wrong.
    ///
    /// Caller: the resolver. Errors: `NotResolver`, `ChallengeExpired`, `WrongReport`, `WrongNode`,
    /// `WrongBond`, `WrongDestination`, `WrongRentPayer`.
    pub fn decide(ctx: Context<Decide>, upheld: bool) -> Result<()> {
        handle_decide(ctx, upheld)
    }

    /// Ends a challenge that nobody has decided in time; the bond goes back.
    ///
    /// Caller: anyone. Errors: `ChallengeOpen`, `WrongNode`, `WrongBond`, `WrongDestination`,
    /// `WrongRentPayer`.
    pub fn lift_challenge(ctx: Context<LiftChallenge>) -> Result<()> {
        handle_lift_challenge(ctx)
    }

    /// Writes a node's verdict in the report at the head into the node's account.
    ///
    /// Caller: anyone. Errors: `NotHead`, `WrongProof`, `NotANode`, `UnknownReason`, `WrongVerdict`.
    pub fn show_verdict(ctx: Context<ShowVerdict>, leaf: LeafArgs) -> Result<()> {
        handle_show_verdict(ctx, leaf)
    }

    /// Begins an hour's compute proofs: the hash of the latest slot is their seed.
    ///
    /// * seq - Hours from the start of emission to the end of the hour that runs.
    ///
    /// Caller: anyone, once an hour. Errors: `NoEmission`, `PeriodBeforeStart`, `WrongHour`, `NoSlotHashes`.
    pub fn tick(ctx: Context<Tick>, seq: u64) -> Result<()> {
        handle_tick(ctx, seq)
    }

    /// Posts a seat's root of the commitments that it received in time.
    ///
    /// * root - Merkle root of the commitments.
    /// * count - How many they are.
    ///
    /// Caller: an attester, once an hour. Errors: `NotAttester`, `CommitsClosed`, `AlreadyDrawn`,
    /// `AlreadyCommitted`.
    pub fn commit_compute(ctx: Context<CommitCompute>, root: [u8; 32], count: u32) -> Result<()> {
        handle_commit_compute(ctx, root, count)
    }

    /// Draws an hour by a slot hash from after the last root, or begins the draw where that has to wait.
    ///
    /// Caller: anyone, until the hour is over. Errors: `AlreadyDrawn`, `HourOver`, `CommitsOpen`,
    /// `NothingCommitted`, `NoSlotHashes`, `DrawTooEarly`.
    pub fn draw_hour(ctx: Context<DrawHour>) -> Result<()> {
        handle_draw_hour(ctx)
    }

    /// Closes an hour in which nothing can be disproved any more; the rent goes back to who paid it.
    ///
    /// Caller: anyone. Errors: `HourKept`, `WrongRentPayer`.
    pub fn close_hour(ctx: Context<CloseHour>) -> Result<()> {
        handle_close_hour(ctx)
    }

    /// Shows that a cell of a product that a device has signed is wrong: slashes its node without appeal, and
    /// fails its verdict. The instruction before has to be Ed25519's, of the device's signature; the hashes of the
    /// leaf's path follow as accounts.
    ///
    /// Caller: anyone, until seven days after the hour. Errors: `NotANode`, `HourTooOld`, `SizesUnknown`,
    /// `OutsideProof`, `WrongProof`, `NotSigned`, `ForeignCommitment`, `CellStands`, and those of staking's
    /// `slash_disproved`.
    pub fn disprove_cell<'info>(ctx: Context<'info, Disprove<'info>>, args: CellArgs) -> Result<()> {
        handle_disprove_cell(ctx, args)
    }

    /// Shows that a read of a residency proof that a device has signed is wrong, by making its block again;
    /// otherwise as `disprove_cell`.
    ///
    /// Caller: anyone, until seven days after the hour. Errors: `NotANode`, `HourTooOld`, `SizesUnknown`,
    /// `OutsideProof`, `WrongProof`, `NotSigned`, `ForeignCommitment`, `ReadStands`, and those of staking's
    /// `slash_disproved`.
    pub fn disprove_read<'info>(ctx: Context<'info, Disprove<'info>>, args: ReadArgs) -> Result<()> {
        handle_disprove_read(ctx, args)
    }

    /// Sets the roles besides the authority, and the terms of challenges.
    ///
    /// Caller: the authority. Errors: `NotAuthority`, `WindowOutOfBounds`, `BondOutOfBounds`,
    /// `FreezeOutOfBounds`, `GpuShareOutOfBounds`, `InUseShareOutOfBounds`, `FeeBoundOutOfBounds`,
    /// `UpHoursOutOfBounds`, `HoldOutOfBounds`.
    pub fn set_params(ctx: Context<Administer>, params: ParamsArgs) -> Result<()> {
        handle_set_params(ctx, params)
    }

    /// Pauses `report` and `approve`, or lifts the pause. Reports approved before still become final.
    ///
    /// * paused - All entries to be paused, bits `PAUSE_*`.
    ///
    /// Caller: the authority, or the pauser to pause more. Errors: `MayNotPause`, `UnknownEntry`.
    pub fn set_paused(ctx: Context<Pause>, paused: u64) -> Result<()> {
        handle_set_paused(ctx, paused)
    }

    /// Proposes a successor of the authority, who has to accept.
    ///
    /// * successor - Becomes the authority when it accepts; the default key withdraws the proposal.
    ///
    /// Caller: the authority. Errors: `NotAuthority`.
    pub fn propose_authority(ctx: Context<Administer>, successor: Pubkey) -> Result<()> {
        handle_propose_authority(ctx, successor)
    }

    /// Makes the proposed successor the authority.
    ///
    /// Caller: the successor. Errors: `NotPendingAuthority`.
    pub fn accept_authority(ctx: Context<AcceptAuthority>) -> Result<()> {
        handle_accept_authority(ctx)
    }
}
