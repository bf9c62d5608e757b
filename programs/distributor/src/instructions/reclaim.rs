//! Pays what nobody claimed to the treasury after the deadline, and closes the vault.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `AirdropRunning`, `AlreadyReclaimed`, `WrongVault`, `WrongDestination`,
//! `WrongRentPayer`.
//!
//! Events: `AirdropReclaimed`.

use super::vault::VaultOwner;
use crate::errors::DistributorError;
use crate::events::AirdropReclaimed;
use crate::state::{Airdrop, Config};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{clock, emit_cpi, ids};

#[event_cpi]
#[derive(Accounts)]
pub struct Reclaim<'info> {
    /// The program's configuration.
    #[account(address = ids::DISTRIBUTOR_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The airdrop.
    #[account(mut)]
    pub airdrop: AccountLoader<'info, Airdrop>,
    /// The token account that holds the IO.
    #[account(mut, address = airdrop.load()?.vault @ DistributorError::WrongVault)]
    pub vault: Account<'info, TokenAccount>,
    /// An IO account of the treasury.
    #[account(mut, constraint = destination.owner == config.load()?.treasury @ DistributorError::WrongDestination)]
    pub destination: Account<'info, TokenAccount>,
    /// Who paid the vault's rent.
    /// CHECK: by address.
    #[account(mut, address = airdrop.load()?.payer @ DistributorError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_reclaim(ctx: Context<Reclaim>) -> Result<()> {
    let Reclaim { airdrop, vault, destination, rent_payer, .. } = &*ctx.accounts;
    let mut state = airdrop.load_mut()?;
    let now = clock::now(state.last_time)?;
    let returned = state.reclaim(now)?;
    let (seq, claimed_total) = (state.next_seq(), state.claimed);
    drop(state);
    // A gift to the vault goes the same way, so that it closes.
    let surplus = vault.amount.checked_sub(returned).ok_or(DistributorError::Overflow)?;
    let owner = VaultOwner::airdrop(airdrop)?;
    if vault.amount > 0 {
        owner.pay(vault.as_ref(), destination.as_ref(), vault.amount)?;
    }
    owner.close(vault.as_ref(), rent_payer)?;
    let (airdrop, destination) = (airdrop.key(), destination.key());
    emit_cpi!(ctx, AirdropReclaimed { seq, airdrop, returned, surplus, destination, claimed_total })?;
    Ok(())
}
