//! Refunds what is left of an ended job: to the renter, or to the wallet that the booking named.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NotEnded`, `Disputed`, `WrongEscrow`, `WrongDestination`, `WrongMint`.
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
pub struct Refund<'info> {
    /// The job.
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// The job's escrow.
    /// CHECK: by address.
    #[account(mut, address = job.load()?.escrow @ JobsError::WrongEscrow)]
    pub escrow: UncheckedAccount<'info>,
    /// Any token account of the wallet that the booking named.
    #[account(mut, constraint = destination.owner == job.load()?.refund_to @ JobsError::WrongDestination)]
    pub destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_refund(ctx: Context<Refund>) -> Result<()> {
    let Refund { job, escrow, destination, .. } = &*ctx.accounts;
    let paid = pay(job, escrow, destination, Party::Renter, |job| {
        job.last_time = clock::now(job.last_time)?;
        job.pay_refund(job.last_time)
    })?;
    emit_cpi!(ctx, paid)
}
