//! Closes an account of claims of an airdrop that was reclaimed; the rent goes back to the account that paid
//! it.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongChunk`, `NotReclaimed`, `WrongRentPayer`.
//!
//! Events: `ClaimsClosed`.

use crate::errors::DistributorError;
use crate::events::ClaimsClosed;
use crate::state::{Airdrop, Claims};
use anchor_lang::prelude::*;

#[derive(Accounts)]
pub struct CloseClaims<'info> {
    /// The airdrop.
    #[account(mut, constraint = airdrop.load()?.reclaimed == 1 @ DistributorError::NotReclaimed)]
    pub airdrop: AccountLoader<'info, Airdrop>,
    /// The account of claims.
    #[account(
        mut,
        close = rent_payer,
        constraint = claims.load()?.airdrop == airdrop.key() @ DistributorError::WrongChunk
    )]
    pub claims: AccountLoader<'info, Claims>,
    /// Who paid the rent.
    /// CHECK: by address.
    #[account(mut, address = claims.load()?.payer @ DistributorError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
}

pub fn handle_close_claims(ctx: Context<CloseClaims>) -> Result<()> {
    let number = ctx.accounts.claims.load()?.number;
    let mut airdrop = ctx.accounts.airdrop.load_mut()?;
    emit!(ClaimsClosed { seq: airdrop.next_seq(), airdrop: ctx.accounts.airdrop.key(), number });
    Ok(())
}
