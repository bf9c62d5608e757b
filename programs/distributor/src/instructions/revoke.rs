//! Ends a revocable grant: what has vested stays with the beneficiary, the rest goes to the treasury.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`, `WrongVault`, `WrongDestination`, `NotRevocable`,
//! `AlreadyRevoked`, `NothingToRevoke`.
//!
//! Events: `GrantRevoked`.

use super::vault::VaultOwner;
use crate::errors::DistributorError;
use crate::events::GrantRevoked;
use crate::state::{Config, Grant};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{clock, emit_cpi, ids};

#[event_cpi]
#[derive(Accounts)]
pub struct Revoke<'info> {
    /// The program's authority.
    #[account(constraint = config.load()?.roles.is_authority(authority.key) @ DistributorError::NotAuthority)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::DISTRIBUTOR_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The grant.
    #[account(mut)]
    pub grant: AccountLoader<'info, Grant>,
    /// The grant's vault.
    /// CHECK: by address.
    #[account(mut, address = grant.load()?.vault @ DistributorError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    /// An IO account of the treasury.
    #[account(mut, constraint = destination.owner == config.load()?.treasury @ DistributorError::WrongDestination)]
    pub destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_revoke(ctx: Context<Revoke>) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut grant = accounts.grant.load_mut()?;
    let time = clock::now(grant.last_time)?;
    let returned = grant.revoke(time)?;
    let (seq, vested) = (grant.next_seq(), grant.vested(time));
    drop(grant);
    VaultOwner::grant(&accounts.grant)?.pay(&accounts.vault, accounts.destination.as_ref(), returned)?;
    let (grant, destination) = (accounts.grant.key(), accounts.destination.key());
    emit_cpi!(ctx, GrantRevoked { seq, grant, time, vested, returned, destination })?;
    Ok(())
}
