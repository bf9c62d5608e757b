//! Makes a report, and approves it for the first time.
//!
//! Who may call: an attester, who pays for the account.
//!
//! Checks, each with its error: `Paused`, `WrongPredecessor`, `WrongContentHash`, `NoEmission`,
//! `PeriodBeforeStart`, `PeriodNotWholeHours`, `PeriodNotOver`, `WrongSeq`, `PeriodFell`, `NoLeaves`, `NotEmitted`,
//! `PeriodForgotten`, `TotalAboveEmission`, `TotalFell`, `NotAttester`, and those of `approve`.
//!
//! Events: `ReportMade`, `ReportApproved`.

use super::approve::count_approval;
use crate::errors::ProofsError;
use crate::events::ReportMade;
use crate::state::{AttesterSet, Config, Made, Predecessor, Report, ReportArgs, PAUSE_REPORT, REPORT_SEED};
use anchor_lang::prelude::*;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
#[instruction(seq: u64, content_hash: [u8; 32], args: ReportArgs)]
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
    /// The report that this one continues; the default key for the first.
    /// CHECK: by the content, and read as a report of this program.
    #[account(address = args.predecessor @ ProofsError::WrongPredecessor)]
    pub predecessor: UncheckedAccount<'info>,
    /// The new report; its address commits to its content, so that nobody can block an hour with other
    /// content.
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
    let MakeReport { attester, config, attester_set, mint_config, predecessor, report, .. } = ctx.accounts;
    let (report_key, payer) = (report.key(), attester.key());
    let mut config = config.load_mut()?;
    let now = clock::now(config.last_time)?;
    config.last_time = now;
    let emission = abi::read::<abi::MintConfig>(mint_config).ok_or(ProofsError::NoEmission)?;
    let predecessor = Predecessor::read(&args, predecessor)?;
    let paid = args.check(seq, &content_hash, &emission, &predecessor, now)?;
    let set = attester_set.load()?;
    let set_version = set.set_version;
    let mut report = report.load_init()?;
    report.version = 1;
    report.bump = ctx.bumps.report;
    report.begin(Made { seq, content_hash, paid, set_version, payer, now }, &args, &predecessor);
    emit!(ReportMade {
        seq: config.next_seq(),
        report: report_key,
        report_seq: seq,
        set_version,
        payer,
        root: args.root,
        total: args.total,
        period_end: args.period_end,
        leaves: args.leaves,
        evidence_hash: args.evidence_hash,
        evidence_uri: args.evidence_uri,
        predecessor: args.predecessor,
        height: report.height,
        correction: args.correction,
        created_at: now,
        paid,
    });
    emit!(count_approval(&mut config, &set, report_key, &mut report, payer)?);
    Ok(())
}
