//! Pays the supplier what attested time has earned, from one hour after the start. Where the supplier is paid
//! in IO and the renter pays in another mint, it goes to the job's payout account of the buyback.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NotRunning`, `FirstHour`, `Disputed`, `WrongEscrow`, `WrongDestination`,
//! `WrongMint`.
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
pub struct Settle<'info> {
    /// The job.
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// The job's escrow.
    /// CHECK: by address.
    #[account(mut, address = job.load()?.escrow @ JobsError::WrongEscrow)]
    pub escrow: UncheckedAccount<'info>,
    /// Any token account of the supplier, or the job's payout account where the supplier is paid in IO and
    /// the renter pays in another mint.
    #[account(
        mut,
        constraint = job.load()?.supplier_takes(&destination.key(), &destination.owner) @ JobsError::WrongDestination
    )]
    pub destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_settle(ctx: Context<Settle>) -> Result<()> {
    let Settle { job, escrow, destination, .. } = &*ctx.accounts;
    let paid = pay(job, escrow, destination, Party::Supplier, |job| {
        job.last_time = clock::now(job.last_time)?;
        job.pay_supplier(job.last_time)
    })?;
    emit_cpi!(ctx, paid)
}
