//! Closes a transaction when its proposal is executed, defeated, cancelled or expired; the rent goes to the
//! account that paid it.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongProposal`, `WrongRentPayer`, `NotOver`.
//!
//! Events: `TransactionClosed`.

use crate::errors::GovernanceError;
use crate::events::TransactionClosed;
use crate::state::{Proposal, StoredTransaction};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct CloseTransaction<'info> {
    /// The proposal.
    #[account(mut, address = transaction.proposal @ GovernanceError::WrongProposal)]
    pub proposal: AccountLoader<'info, Proposal>,
    /// The transaction.
    #[account(mut, close = rent_payer)]
    pub transaction: Account<'info, StoredTransaction>,
    /// Who paid the rent.
    /// CHECK: by address.
    #[account(mut, address = transaction.rent_payer @ GovernanceError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
}

pub fn handle_close_transaction(ctx: Context<CloseTransaction>) -> Result<()> {
    // The time is kept: a clock that goes back must not find the vote open and its records gone.
    let mut proposal = ctx.accounts.proposal.load_mut()?;
    proposal.last_time = clock::now(proposal.last_time)?;
    proposal.check_over(proposal.last_time)?;
    let (seq, key) = (proposal.next_seq(), ctx.accounts.proposal.key());
    emit!(TransactionClosed { seq, proposal: key, index: ctx.accounts.transaction.index });
    Ok(())
}
