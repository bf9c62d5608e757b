use anchor_lang::prelude::*;

/// Codes are stable: new ones are added at the end.
#[error_code]
pub enum BuybackError {
    #[msg("only the program's upgrade authority may initialize")]
    NotUpgradeAuthority,
    #[msg("this is not the program's ProgramData account")]
    WrongProgramData,
    #[msg("the signer is not the authority")]
    NotAuthority,
    #[msg("the signer was not proposed as authority")]
    NotPendingAuthority,
    #[msg("only the authority may lift a pause, only the authority and the pauser may set one")]
    MayNotPause,
    #[msg("paused has a bit that stands for no entry")]
    UnknownEntry,
    #[msg("burning is paused")]
    Paused,
    #[msg("shards are 0 to 7")]
    UnknownShard,
    #[msg("the supply did not fall by exactly what was burned")]
    SupplyMismatch,
    #[msg("an amount does not fit into 64 bits")]
    Overflow,
}
