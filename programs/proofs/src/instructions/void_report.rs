//! Voids a report that is not final; the next one makes up for it.
//!
//! Who may call: the guardian, 20 times in 30 days; the authority for a correction.
//!
//! Checks, each with its error: `NotGuardian`, `ReportDecided`, `TooManyVoids`.
//!
//! Events: `ReportVoided`.

use crate::errors::ProofsError;
use crate::events::ReportVoided;
use crate::state::{Config, Report};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct VoidReport<'info> {
    /// The guardian; or the authority, for a correction.
    pub guardian: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::PROOFS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The report.
    #[account(mut)]
    pub report: AccountLoader<'info, Report>,
}

pub fn handle_void_report(ctx: Context<VoidReport>) -> Result<()> {
    let VoidReport { guardian, config, report: account } = ctx.accounts;
    let (mut config, mut report) = (config.load_mut()?, account.load_mut()?);
    config.last_time = clock::now(config.last_time)?;
    let corrects = report.is_correction() && config.roles.is_authority(guardian.key);
    if !corrects {
        require!(config.is_guardian(guardian.key), ProofsError::NotGuardian);
        config.count_void()?;
    }
    config.void(&account.key(), &mut report)?;
    emit!(ReportVoided {
        seq: config.next_seq(),
        report: account.key(),
        report_seq: report.seq,
        node: Pubkey::default(),
        head: config.head_state(),
        next_void: config.next_void,
    });
    Ok(())
}
