//! Closes a job that has paid everyone; the rent goes back to the account that paid it.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NotSettled`, `WrongRentPayer`, `WrongEscrow`, `WrongVault`.
//!
//! Events: `JobClosed`.

use super::escrow;
use crate::errors::JobsError;
use crate::events::JobClosed;
use crate::state::Job;
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::emit_cpi;

#[event_cpi]
#[derive(Accounts)]
pub struct Close<'info> {
    /// Who paid the rent at booking.
    /// CHECK: by address.
    #[account(mut, address = job.load()?.rent_payer @ JobsError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
    /// The job.
    #[account(mut, close = rent_payer, constraint = job.load()?.is_settled() @ JobsError::NotSettled)]
    pub job: AccountLoader<'info, Job>,
    /// The token account that holds the deposit.
    #[account(mut, address = job.load()?.escrow @ JobsError::WrongEscrow)]
    pub escrow: Account<'info, TokenAccount>,
    /// The job's fee vault.
    /// CHECK: takes what others have sent to the escrow.
    #[account(mut, address = job.load()?.fee_vault @ JobsError::WrongVault)]
    pub fee_vault: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_close(ctx: Context<Close>) -> Result<()> {
    let Close { rent_payer, job, escrow, fee_vault, .. } = &*ctx.accounts;
    // A gift to the escrow must not keep it open.
    let surplus = escrow.amount;
    if surplus > 0 {
        escrow::send(job, escrow.as_ref(), fee_vault, surplus)?;
    }
    escrow::close(job, escrow.as_ref(), rent_payer)?;
    let seq = job.load_mut()?.next_seq();
    emit_cpi!(ctx, JobClosed { seq, job: job.key(), surplus })?;
    Ok(())
}
