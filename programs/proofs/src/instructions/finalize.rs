//! Makes an approved report final after its challenge window: its leaves can be credited.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NotApproved`, `ReportFell`, `NotNext`, `WindowOpen`.
//!
//! Events: `ReportFinalized`.

use crate::events::ReportFinalized;
use crate::state::{Config, Report};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct Finalize<'info> {
    /// The program's configuration.
    #[account(mut, address = ids::PROOFS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The report.
    #[account(mut)]
    pub report: AccountLoader<'info, Report>,
}

pub fn handle_finalize(ctx: Context<Finalize>) -> Result<()> {
    let Finalize { config, report: account } = ctx.accounts;
    let (mut config, mut report) = (config.load_mut()?, account.load_mut()?);
    config.last_time = clock::now(config.last_time)?;
    config.finalize(account.key(), &mut report)?;
    emit!(ReportFinalized {
        seq: config.next_seq(),
        report: account.key(),
        report_seq: report.seq,
        root: report.root,
        total: report.total,
        period_end: report.period_end,
        finalized_at: report.finalized_at,
        height: report.height,
        creditable_from: report.creditable_from,
        creditable_until: report.creditable_until,
        highest_total: config.highest_total,
        highest_paid: config.highest_paid,
    });
    Ok(())
}
