//! Releases what has vested and was not released before, into an account of the beneficiary.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongVault`, `WrongDestination`, `NothingToRelease`.
//!
//! Events: `Released`.

use super::vault::VaultOwner;
use crate::errors::DistributorError;
use crate::events::Released;
use crate::state::Grant;
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{clock, emit_cpi};

#[event_cpi]
#[derive(Accounts)]
pub struct Release<'info> {
    /// The grant.
    #[account(mut)]
    pub grant: AccountLoader<'info, Grant>,
    /// The grant's vault.
    /// CHECK: by address.
    #[account(mut, address = grant.load()?.vault @ DistributorError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    /// An IO account of the beneficiary.
    #[account(mut, constraint = destination.owner == grant.load()?.beneficiary @ DistributorError::WrongDestination)]
    pub destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_release(ctx: Context<Release>) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut grant = accounts.grant.load_mut()?;
    let now = clock::now(grant.last_time)?;
    let amount = grant.release(now)?;
    let (seq, beneficiary, released_total) = (grant.next_seq(), grant.beneficiary, grant.released);
    drop(grant);
    VaultOwner::grant(&accounts.grant)?.pay(&accounts.vault, accounts.destination.as_ref(), amount)?;
    let (grant, destination) = (accounts.grant.key(), accounts.destination.key());
    emit_cpi!(ctx, Released { seq, grant, beneficiary, destination, amount, released_total })?;
    Ok(())
}
