use anchor_lang::prelude::*;

/// Codes are stable: new ones are added at the end.
#[error_code]
pub enum MintError {
    #[msg("only the program's upgrade authority may initialize")]
    NotUpgradeAuthority,
    #[msg("this is not the program's ProgramData account")]
    WrongProgramData,
    #[msg("start must be 0 (now) or a time from now to one year ahead")]
    StartOutOfRange,
    #[msg("the signer is not the authority")]
    NotAuthority,
    #[msg("the signer was not proposed as authority")]
    NotPendingAuthority,
    #[msg("only the authority may lift a pause, and only the authority or the pauser may set one")]
    MayNotPause,
    #[msg("a bit of the paused entries stands for no entry")]
    UnknownEntry,
    #[msg("emission is paused")]
    Paused,
    #[msg("no genesis allocation that can be minted has this number")]
    UnknownAllocation,
    #[msg("this allocation was minted already")]
    AlreadyAllocated,
    #[msg("this would mint more than 800,000,000 IO in all")]
    CapExceeded,
    #[msg("the token account holds another mint than IO")]
    WrongMint,
    #[msg("this is not the vault named in the configuration")]
    WrongVault,
    #[msg("no kind of policy has this number")]
    UnknownPolicy,
    #[msg("a policy's floor is at most 10,000 bps, its rate at most 10,000 bps of what was burned")]
    PolicyOutOfBounds,
    #[msg("a demand-linked policy needs the buyback's configuration to exist")]
    NoDemand,
    #[msg("an amount does not fit into 64 bits")]
    Overflow,
}
