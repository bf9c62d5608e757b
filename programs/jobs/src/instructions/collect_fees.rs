//! Pays the fees of an ended job into the buyback's vault.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NotEnded`, `Disputed`, `WrongEscrow`, `WrongVault`.
//!
//! Events: `Paid`.

use super::escrow::pay;
use crate::errors::JobsError;
use crate::state::{Job, Party};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{clock, emit_cpi};

#[event_cpi]
#[derive(Accounts)]
pub struct CollectFees<'info> {
    /// The job.
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// The job's escrow.
    /// CHECK: by address.
    #[account(mut, address = job.load()?.escrow @ JobsError::WrongEscrow)]
    pub escrow: UncheckedAccount<'info>,
    /// The buyback's vault that the job named at booking.
    #[account(mut, address = job.load()?.fee_vault @ JobsError::WrongVault)]
    pub destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_collect_fees(ctx: Context<CollectFees>) -> Result<()> {
    let CollectFees { job, escrow, destination, .. } = &*ctx.accounts;
    let paid = pay(job, escrow, destination, Party::FeeVault, |job| {
        job.last_time = clock::now(job.last_time)?;
        job.pay_fees(job.last_time)
    })?;
    emit_cpi!(ctx, paid)
}
