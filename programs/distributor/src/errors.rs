use anchor_lang::prelude::*;

/// Codes are stable: new ones are added at the end.
#[error_code]
pub enum DistributorError {
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
    #[msg("creating grants or airdrops is paused")]
    Paused,
    #[msg("the treasury must not be the default key")]
    NoTreasury,
    #[msg("the beneficiary must not be the default key")]
    NoBeneficiary,
    #[msg("no genesis allocation has this number")]
    UnknownAllocation,
    #[msg(
        "upfront must be within the total, and tranches half an hour to a year apart, ending within 20 years"
    )]
    UnsoundSchedule,
    #[msg("a grant must start at most 20 years ago and at most one year ahead")]
    StartOutOfRange,
    #[msg("the signer is not the grant's beneficiary")]
    NotBeneficiary,
    #[msg("the signer is not the proposed successor of the grant's beneficiary")]
    NotPendingBeneficiary,
    #[msg("this is not the vault of this grant or airdrop")]
    WrongVault,
    #[msg("the token account does not belong to the recipient of this payment")]
    WrongDestination,
    #[msg("all that has vested was released already")]
    NothingToRelease,
    #[msg("this grant cannot be revoked")]
    NotRevocable,
    #[msg("this grant was revoked already")]
    AlreadyRevoked,
    #[msg("all of this grant has vested: nothing is left to revoke")]
    NothingToRevoke,
    #[msg("an airdrop needs at least one leaf")]
    NoLeaves,
    #[msg("the amount must be above zero")]
    ZeroAmount,
    #[msg("the deadline must be 7 days to 4 years ahead")]
    DeadlineOutOfRange,
    #[msg("the airdrop has no such chunk of claims: number them from 0, one for each 8,192 leaves")]
    UnknownChunk,
    #[msg("this account of claims does not belong to this airdrop and leaf")]
    WrongChunk,
    #[msg("the airdrop has no leaf with this index")]
    UnknownIndex,
    #[msg("the proof does not lead from this leaf to the airdrop's root")]
    WrongProof,
    #[msg("this leaf was claimed already")]
    AlreadyClaimed,
    #[msg("the airdrop's deadline has passed")]
    AirdropOver,
    #[msg("the airdrop's deadline has not passed yet")]
    AirdropRunning,
    #[msg("the airdrop's leaves add up to more than its funds: too little is left for this one")]
    Exhausted,
    #[msg("the airdrop was reclaimed already")]
    AlreadyReclaimed,
    #[msg("the airdrop has not been reclaimed yet")]
    NotReclaimed,
    #[msg("this is not the account that paid the rent, which alone gets it back")]
    WrongRentPayer,
    #[msg("staking did not take exactly what was claimed")]
    NotStaked,
    #[msg("an amount does not fit in 64 bits")]
    Overflow,
    #[msg("once the treasury is governance's, it cannot be replaced")]
    TreasuryIsFinal,
}
