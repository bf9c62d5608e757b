//! Voids a report that is not final; the next one heals it.
//!
//! Who may call: the guardian.
//!
//! Checks, each with its error: `NotGuardian`, `ReportDecided`.
//!
//! Events: `ReportVoided`.

use crate::errors::ProofsError;
use crate::events::ReportVoided;
use crate::state::{Config, Report};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct VoidReport<'info> {
    /// The guardian.
    #[account(address = config.load()?.guardian @ ProofsError::NotGuardian)]
    pub guardian: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::PROOFS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The report.
    #[account(mut)]
    pub report: AccountLoader<'info, Report>,
}

pub fn handle_void_report(ctx: Context<VoidReport>) -> Result<()> {
    let VoidReport { config, report: account, .. } = ctx.accounts;
    let (mut config, mut report) = (config.load_mut()?, account.load_mut()?);
    config.last_time = clock::now(config.last_time)?;
    report.void()?;
    emit!(ReportVoided {
        seq: config.next_seq(),
        report: account.key(),
        report_seq: report.seq,
        node: Pubkey::default(),
    });
    Ok(())
}
