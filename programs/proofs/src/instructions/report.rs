//! Makes a report, which is also its first approval.
//!
//! Who may call: an attester, who pays for the account.
//!
//! Checks, each with its error: `Paused`, `WrongContentHash`, `NoEmission`, `PeriodBeforeStart`,
//! `PeriodNotWholeHours`, `PeriodNotOver`, `WrongSeq`, `NoLeaves`, `NotEmitted`, `PeriodForgotten`,
//! `TotalAboveEmission`, `TotalFell`, `NotAttester`, `AlreadyDecided`.
//!
//! Events: `ReportMade`, `ReportApproved`.

use super::approve::count_approval;
use crate::errors::ProofsError;
use crate::events::ReportMade;
use crate::state::{AttesterSet, Config, Report, ReportArgs, PAUSE_REPORT, REPORT_SEED};
use anchor_lang::prelude::*;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
#[instruction(seq: u64, content_hash: [u8; 32])]
pub struct MakeReport<'info> {
    /// An attester, who pays and whose approval is the first.
    #[account(mut)]
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
    /// The mint's configuration.
    /// CHECK: the mint's configuration, read for the start of emission and what was withheld.
    #[account(address = ids::MINT_CONFIG)]
    pub mint_config: UncheckedAccount<'info>,
    /// Its address holds the content, so that nobody can take an hour with another one.
    #[account(
        init,
        payer = attester,
        space = Report::SPACE,
        seeds = [REPORT_SEED, seq.to_le_bytes().as_ref(), content_hash.as_ref()],
        bump
    )]
    pub report: AccountLoader<'info, Report>,
    pub system_program: Program<'info, System>,
}

pub fn handle_report(
    ctx: Context<MakeReport>,
    seq: u64,
    content_hash: [u8; 32],
    args: ReportArgs,
) -> Result<()> {
    let MakeReport { attester, config, attester_set, mint_config, report, .. } = ctx.accounts;
    let (report_key, payer) = (report.key(), attester.key());
    let mut config = config.load_mut()?;
    let now = clock::now(config.last_time)?;
    config.last_time = now;
    let emission = abi::read::<abi::MintConfig>(mint_config).ok_or(ProofsError::NoEmission)?;
    args.check(seq, &content_hash, &emission, now)?;
    config.check_total(args.total)?;
    let set = attester_set.load()?;
    let mut report = report.load_init()?;
    report.version = 1;
    report.bump = ctx.bumps.report;
    report.begin(seq, content_hash, &args, set.set_version, payer, now);
    emit!(ReportMade {
        seq: config.next_seq(),
        report: report_key,
        report_seq: seq,
        set_version: set.set_version,
        payer,
        root: args.root,
        total: args.total,
        period_end: args.period_end,
        leaves: args.leaves,
        evidence_hash: args.evidence_hash,
        evidence_uri: args.evidence_uri,
        created_at: now,
    });
    emit!(count_approval(&mut config, &set, report_key, &mut report, payer)?);
    Ok(())
}
