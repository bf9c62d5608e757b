//! The IO mint: what exists from the start, and what is emitted over 20 years.
//!
//! Supply = genesis + emitted − burned. `emitted` follows one function of time, so it does not matter
//! who cranks, how often or when.
#![cfg_attr(test, allow(clippy::unwrap_used))]

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use io_common::abi::Allocation;
use state::PolicyArgs;

declare_id!("iomcaX8pJmF55yH6XR6JR7DVSSpkGYaRFXJhKb9sAyV");

#[cfg(not(feature = "no-entrypoint"))]
solana_security_txt::security_txt! {
    name: "IO mint",
    project_url: "https://ionet.example",
    contacts: "link:https://ionet.example/security",
    policy: "https://ionet.example/SECURITY.md"
}

#[program]
pub mod mint {
    use super::*;

    /// Creates the mint, its configuration, and the two vaults that emissions go to.
    ///
    /// * start - Unix time from which emission counts, at most a year ahead; 0 for now.
    ///
    /// Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`,
    /// `StartOutOfRange`.
    pub fn initialize(ctx: Context<Initialize>, start: i64) -> Result<()> {
        handle_initialize(ctx, start)
    }

    /// Mints one genesis allocation in full, each at most once.
    ///
    /// Caller: the authority. Errors: `NotAuthority`, `UnknownAllocation`, `AlreadyAllocated`, `CapExceeded`,
    /// `WrongMint`.
    pub fn mint_genesis(ctx: Context<MintGenesis>, allocation: Allocation) -> Result<()> {
        handle_mint_genesis(ctx, allocation)
    }

    /// Mints what has become due on the schedule since the last emission; does nothing when no hour has
    /// passed.
    ///
    /// Caller: anyone. Errors: `Paused`, `CapExceeded`, `WrongVault`.
    pub fn emit(ctx: Context<Emit>) -> Result<()> {
        handle_emit(ctx)
    }

    /// Emits to now under the old policy, then sets the new one.
    ///
    /// Caller: the authority. Errors: `NotAuthority`, `UnknownPolicy`, `PolicyOutOfBounds`, `NoDemand`, and
    /// those of `emit`.
    pub fn set_policy(ctx: Context<SetPolicy>, policy: PolicyArgs) -> Result<()> {
        handle_set_policy(ctx, policy)
    }

    /// Burns all that policies have withheld.
    ///
    /// Caller: anyone. Errors: `WrongVault`.
    pub fn burn_reserve(ctx: Context<BurnReserve>) -> Result<()> {
        handle_burn_reserve(ctx)
    }

    /// Sets who may pause.
    ///
    /// * pauser - May pause emission.
    ///
    /// Caller: the authority. Errors: `NotAuthority`.
    pub fn set_params(ctx: Context<Administer>, pauser: Pubkey) -> Result<()> {
        handle_set_params(ctx, pauser)
    }

    /// Pauses `emit` and `set_policy`, or lifts the pause. What a pause delays is emitted afterwards.
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
