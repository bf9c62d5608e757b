//! Makes a report that is void, has fallen, or is pending under an earlier attester set gather approvals again, of
//! which this is the first: a report's address is its content, so that the same content is never reported twice.
//!
//! Who may call: an attester.
//!
//! Checks, each with its error: `Paused`, `NotRenewable`, `NotAttester`, `AlreadyDecided`, `NotAtHead`,
//! `TooManyPending`, `TotalAboveCorrection`, `CorrectionOpen`, `CorrectionTooSoon`.
//!
//! Events: `ReportRenewed`, `ReportApproved`.

use super::approve::count_approval;
use crate::errors::ProofsError;
use crate::events::ReportRenewed;
use crate::state::{AttesterSet, Config, Report, PAUSE_REPORT};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct RenewReport<'info> {
    /// An attester, whose approval is the first.
    pub attester: Signer<'info>,
    /// The program's configuration.
    #[account(
        mut,
        address = ids::PROOFS_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_REPORT) @ ProofsError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: AccountLoader<'info, AttesterSet>,
    /// The report.
    #[account(mut)]
    pub report: AccountLoader<'info, Report>,
}

pub fn handle_renew_report(ctx: Context<RenewReport>) -> Result<()> {
    let RenewReport { attester, config, attester_set, report: account } = ctx.accounts;
    let (mut config, mut report) = (config.load_mut()?, account.load_mut()?);
    config.last_time = clock::now(config.last_time)?;
    let set = attester_set.load()?;
    let stands = config.stands(&account.key(), &report);
    report.renew(&set, stands)?;
    emit!(ReportRenewed {
        seq: config.next_seq(),
        report: account.key(),
        report_seq: report.seq,
        set_version: set.set_version,
        attester: attester.key(),
    });
    emit!(count_approval(&mut config, &set, account.key(), &mut report, attester.key())?);
    Ok(())
}
