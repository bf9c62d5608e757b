//! Approves a report. At the threshold it is decided, and its challenge window begins.
//!
//! Who may call: another attester.
//!
//! Checks, each with its error: `Paused`, `NotPending`, `StaleSet`, `NotAttester`, `AlreadyApproved`,
//! `AlreadyDecided`, `NotAtHead`, `TooManyPending`, `TotalAboveCorrection`, `CorrectionOpen`, `CorrectionTooSoon`.
//!
//! Events: `ReportApproved`.

use crate::errors::ProofsError;
use crate::events::ReportApproved;
use crate::state::{AttesterSet, Config, Report, PAUSE_REPORT};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct Approve<'info> {
    /// An attester.
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

pub fn handle_approve(ctx: Context<Approve>) -> Result<()> {
    let Approve { attester, config, attester_set, report } = ctx.accounts;
    let mut config = config.load_mut()?;
    config.last_time = clock::now(config.last_time)?;
    let set = attester_set.load()?;
    emit!(count_approval(&mut config, &set, report.key(), &mut *report.load_mut()?, attester.key())?);
    Ok(())
}

/// Counts an attester's approval, which decides the report when it reaches the threshold.
pub fn count_approval(
    config: &mut Config,
    set: &AttesterSet,
    key: Pubkey,
    report: &mut Report,
    attester: Pubkey,
) -> Result<ReportApproved> {
    let seat = report.approve(set, &attester)?;
    config.decide(key, report, set)?;
    Ok(ReportApproved {
        seq: config.next_seq(),
        report: key,
        report_seq: report.seq,
        seat,
        attester,
        weight: report.weight,
        threshold: report.needed(set),
        approved_at: report.approved_at,
        head: config.head_state(),
    })
}
