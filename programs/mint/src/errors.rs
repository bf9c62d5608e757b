use anchor_lang::prelude::*;

/// Codes are stable: new ones are added at the end.
#[error_code]
pub enum MintError {
    #[msg("only the program's upgrade authority may initialize the program")]
    NotUpgradeAuthority,
    #[msg("this is not the program's ProgramData account")]
    WrongProgramData,
    #[msg("start must be 0 (now) or a time from now to one year ahead")]
    StartOutOfRange,
    #[msg("the signer is not the authority")]
    NotAuthority,
    #[msg("the signer is not the proposed successor of the authority")]
    NotPendingAuthority,
    #[msg("only the authority may lift a pause, and only the authority or the pauser may set one")]
    MayNotPause,
    #[msg("the bits of the paused entries must be a sum of this program's PAUSE_* constants")]
    UnknownEntry,
    #[msg("emission is paused")]
    Paused,
    #[msg("no genesis allocation that can be minted has this number")]
    UnknownAllocation,
    #[msg("this allocation was minted already")]
    AlreadyAllocated,
    #[msg("this would mint more than 800,000,000 IO in all")]
    CapExceeded,
    #[msg("the token account must be of the IO mint")]
    WrongMint,
    #[msg("this is not the vault named in the configuration")]
    WrongVault,
    #[msg("the kind of policy must be 0 (fixed) or 1 (demand-linked)")]
    UnknownPolicy,
    #[msg("a policy's floor must be at most 10,000 bps, and its rate at most 10,000 bps of what was burned")]
    PolicyOutOfBounds,
    #[msg("a demand-linked policy needs the buyback's configuration to exist")]
    NoDemand,
    #[msg("an amount does not fit in 64 bits")]
    Overflow,
}
