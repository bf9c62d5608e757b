use anchor_lang::prelude::*;

/// Codes are stable: new ones are added at the end.
#[error_code]
pub enum ProofsError {
    #[msg("only the program's upgrade authority may initialize the program")]
    NotUpgradeAuthority,
    #[msg("this is not the program's ProgramData account")]
    WrongProgramData,
    #[msg("the signer is not the authority")]
    NotAuthority,
    #[msg("the signer is not the proposed successor of the authority")]
    NotPendingAuthority,
    #[msg("only the authority may lift a pause, and only the authority or the pauser may set one")]
    MayNotPause,
    #[msg("the bits of the paused entries must be a sum of this program's PAUSE_* constants")]
    UnknownEntry,
    #[msg("reports are paused")]
    Paused,
    #[msg("the challenge window must be from 6 to 72 hours")]
    WindowOutOfBounds,
    #[msg("the challenge bond must be from 1 to 100,000 IO")]
    BondOutOfBounds,
    #[msg("a challenge must freeze credit for 1 to 7 days")]
    FreezeOutOfBounds,
    #[msg("the attester set has at most 16 seats")]
    TooManySeats,
    #[msg("every seat must be listed; a vacated one has the default key and weight 0")]
    SeatMissing,
    #[msg("a seat must have both a key and a weight, or the default key and weight 0")]
    HalfVacantSeat,
    #[msg("two seats have the same key")]
    DuplicateKey,
    #[msg("an attester's key must stay at its seat")]
    SeatMoved,
    #[msg("the sum of the weights does not fit into 32 bits")]
    WeightTooLarge,
    #[msg("the threshold must be more than half of the total weight, and at most all of it")]
    ThresholdOutOfBounds,
    #[msg("the signer has no seat in the attester set")]
    NotAttester,
    #[msg("content_hash must be sha256('ionet:report' || the arguments)")]
    WrongContentHash,
    #[msg("the mint is not initialized, so emission has no start")]
    NoEmission,
    #[msg("period_end must be later than the start of emission")]
    PeriodBeforeStart,
    #[msg("period_end must be whole hours after the start of emission")]
    PeriodNotWholeHours,
    #[msg("period_end must not be later than now")]
    PeriodNotOver,
    #[msg("seq must be the hours from the start of emission to period_end")]
    WrongSeq,
    #[msg("the total exceeds what the emission vault was paid until period_end; left: paid, right: total")]
    TotalAboveEmission,
    #[msg("the total must not be below the predecessor's, except in a correction")]
    TotalFell,
    #[msg("a report must have at least one leaf")]
    NoLeaves,
    #[msg("this height has an approved report already")]
    AlreadyDecided,
    #[msg("the report is not pending: it gathers no approvals")]
    NotPending,
    #[msg("the attester set has changed since the report was made: renew the report")]
    StaleSet,
    #[msg("this seat has approved the report already")]
    AlreadyApproved,
    #[msg("only a report that is approved, and neither final nor void, can become final")]
    NotApproved,
    #[msg("the report's challenge window is still open")]
    WindowOpen,
    #[msg("period_end must be later than the predecessor's")]
    PeriodFell,
    #[msg("a number does not fit in its field")]
    Overflow,
    #[msg("this is not a node of the staking program")]
    NotANode,
    #[msg("only a report that is neither final nor void can be refuted or voided")]
    ReportDecided,
    #[msg("the Merkle proof does not lead to the report's root")]
    WrongProof,
    #[msg("the leaf refutes nothing: its node exists and was credited no more than the leaf says")]
    LeafStands,
    #[msg("only the guardian may do this")]
    NotGuardian,
    #[msg("only the resolver may do this")]
    NotResolver,
    #[msg("only an approved or a final report can be challenged")]
    NotChallengeable,
    #[msg("the time for deciding the challenge is over: lift it")]
    ChallengeExpired,
    #[msg("the challenge can still be decided")]
    ChallengeOpen,
    #[msg("this is not the report of the challenge")]
    WrongReport,
    #[msg("this is not the node of the challenge")]
    WrongNode,
    #[msg("this is not the bond of the challenge")]
    WrongBond,
    #[msg("the token account does not belong to the recipient of this payment")]
    WrongDestination,
    #[msg("this is not the account that paid the rent, which alone gets it back")]
    WrongRentPayer,
    #[msg("period_end is not emitted yet: call mint.emit first; left: emitted, right: scheduled")]
    NotEmitted,
    #[msg("what was paid until period_end is no longer known: report a later hour")]
    PeriodForgotten,
    #[msg("the GPU pool's share must be from 0 to 10,000 bps")]
    GpuShareOutOfBounds,
    #[msg("the share of nodes in use must be from 0 to 5,000 bps")]
    InUseShareOutOfBounds,
    #[msg("the bound by fees must be from 0 to 9,500 bps")]
    FeeBoundOutOfBounds,
    #[msg("the hours that a node must be up must be from 0 to 168")]
    UpHoursOutOfBounds,
    #[msg("the reason of a verdict must be 0 to 15, the numbers of ProofReason")]
    UnknownReason,
    #[msg("this key has left a seat in the last seven days: it cannot take one yet")]
    KeyDeparted,
    #[msg("at most 16 keys may leave seats in seven days")]
    TooManyDeparted,
    #[msg("the predecessor is not the report that the content names")]
    WrongPredecessor,
    #[msg("the predecessor is not the report at the head")]
    NotAtHead,
    #[msg("192 reports are approved but not final: finalize the earliest first")]
    TooManyPending,
    #[msg(
        "the report has fallen, because another stands at its height or one before it was voided: renew it"
    )]
    ReportFell,
    #[msg("the report of the previous height has to become final first")]
    NotNext,
    #[msg("a correction's total must not exceed the highest so far plus what was paid since")]
    TotalAboveCorrection,
    #[msg("another correction is approved but not final")]
    CorrectionOpen,
    #[msg("the next correction can be approved 72 hours plus the hold after the last")]
    CorrectionTooSoon,
    #[msg("a correction may lower leaves: a lower leaf does not refute it")]
    CorrectionStands,
    #[msg("only a correction can be endorsed")]
    NotACorrection,
    #[msg("the guardian has endorsed the correction already")]
    AlreadyEndorsed,
    #[msg(
        "only a report that is void, has fallen, or is pending under an earlier attester set can be renewed"
    )]
    NotRenewable,
    #[msg("verdicts can be shown only from the report at the head")]
    NotHead,
    #[msg("the verdict must not be later than its report, and must not pass with a reason to fail")]
    WrongVerdict,
    #[msg("the guardian may void at most 20 reports in 30 days")]
    TooManyVoids,
    #[msg("rewards must be held back for at most 30 days")]
    HoldOutOfBounds,
    #[msg("seq must be the hours from the start of emission to the end of the hour that runs; left: it")]
    WrongHour,
    #[msg("this is not the sysvar of the latest slots' hashes, or it has none")]
    NoSlotHashes,
    #[msg("the time for commitments of this hour is over; left: its end, right: now")]
    CommitsClosed,
    #[msg("this seat has posted its root of the hour already")]
    AlreadyCommitted,
    #[msg("seats can still post their roots of this hour; left: until, right: now")]
    CommitsOpen,
    #[msg("no seat has posted a root of this hour: there is nothing to draw from")]
    NothingCommitted,
    #[msg("the hour is drawn already")]
    AlreadyDrawn,
    #[msg("the hour is over, and was not drawn: verdicts repeat the last one")]
    HourOver,
    #[msg("the slot of the draw has no hash yet; left: the first slot, right: the latest hash")]
    DrawTooEarly,
    #[msg("what was signed in this hour can still be disproved; left: until, right: now")]
    HourKept,
    #[msg("what was signed in this hour can no longer be disproved; left: until when, right: now")]
    HourTooOld,
    #[msg("no such proof is specified, or it is too large to make again in one transaction")]
    SizesUnknown,
    #[msg("there is no such cell, block or processor")]
    OutsideProof,
    #[msg(
        "the instruction before must be Ed25519's, of one signature with all its data, of this commitment"
    )]
    NotSigned,
    #[msg("the commitment is not signed by this node's device")]
    ForeignCommitment,
    #[msg("the cell is right")]
    CellStands,
    #[msg("the read is right")]
    ReadStands,
}
