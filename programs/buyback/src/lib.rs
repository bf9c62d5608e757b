//! Where the marketplace's fees go: vaults that jobs pay into, and the burning of what they hold.
//!
//! Every burn has a numbered receipt with the supply before and after, so that the total burned is the
//! drop in supply.
#![cfg_attr(test, allow(clippy::unwrap_used))]

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;

declare_id!("ioBtFpfDmKyGmc4baQQPDfYDY4xmst2G3J577yHjhC8");

#[cfg(not(feature = "no-entrypoint"))]
solana_security_txt::security_txt! {
    name: "IO buyback",
    project_url: "https://ionet.example",
    contacts: "link:https://ionet.example/security",
    policy: "https://ionet.example/SECURITY.md"
}

#[program]
pub mod buyback {
    use super::*;

    /// Creates the configuration, which owns the fee vaults.
    ///
    /// Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`.
    pub fn initialize(ctx: Context<Initialize>) -> Result<()> {
        handle_initialize(ctx)
    }

    /// Opens the fee vault of a mint's shard (0 to 7), each once.
    ///
    /// Caller: anyone, who pays for the account. Errors: `UnknownShard`.
    pub fn open_vault(ctx: Context<OpenVault>, shard: u8) -> Result<()> {
        handle_open_vault(ctx, shard)
    }

    /// Burns all that the shard's vault of IO holds; nothing when it is empty.
    ///
    /// Caller: anyone. Errors: `Paused`, `SupplyMismatch`.
    pub fn burn_fees(ctx: Context<BurnFees>, shard: u8) -> Result<()> {
        handle_burn_fees(ctx, shard)
    }

    /// Sets who may pause.
    ///
    /// Caller: authority. Errors: `NotAuthority`.
    pub fn set_params(ctx: Context<Administer>, pauser: Pubkey) -> Result<()> {
        handle_set_params(ctx, pauser)
    }

    /// Sets the paused entries (bit 0: `burn_fees`). What a pause delays is burned afterwards.
    ///
    /// Caller: authority, or the pauser to pause more. Errors: `MayNotPause`, `UnknownEntry`.
    pub fn set_paused(ctx: Context<Pause>, paused: u64) -> Result<()> {
        handle_set_paused(ctx, paused)
    }

    /// Names a successor of the authority; the default key takes it back.
    ///
    /// Caller: authority. Errors: `NotAuthority`.
    pub fn propose_authority(ctx: Context<Administer>, successor: Pubkey) -> Result<()> {
        handle_propose_authority(ctx, successor)
    }

    /// Makes the named successor the authority.
    ///
    /// Caller: the successor. Errors: `NotPendingAuthority`.
    pub fn accept_authority(ctx: Context<AcceptAuthority>) -> Result<()> {
        handle_accept_authority(ctx)
    }
}
