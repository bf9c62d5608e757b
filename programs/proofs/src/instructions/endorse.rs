//! Endorses a correction, which then needs the threshold only, instead of four fifths of the weight.
//!
//! Who may call: the guardian.
//!
//! Checks, each with its error: `NotGuardian`, `NotACorrection`, `NotPending`, `StaleSet`, `AlreadyEndorsed`,
//! `AlreadyDecided`, `NotAtHead`, `TooManyPending`, `TotalAboveCorrection`, `CorrectionOpen`, `CorrectionTooSoon`.
//!
//! Events: `CorrectionEndorsed`.

use crate::errors::ProofsError;
use crate::events::CorrectionEndorsed;
use crate::state::{AttesterSet, Config, Report};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct Endorse<'info> {
    /// The guardian.
    #[account(address = config.load()?.guardian @ ProofsError::NotGuardian)]
    pub guardian: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::PROOFS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: AccountLoader<'info, AttesterSet>,
    /// The correction.
    #[account(mut)]
    pub report: AccountLoader<'info, Report>,
}

pub fn handle_endorse(ctx: Context<Endorse>) -> Result<()> {
    let Endorse { config, attester_set, report: account, .. } = ctx.accounts;
    let (mut config, mut report) = (config.load_mut()?, account.load_mut()?);
    config.last_time = clock::now(config.last_time)?;
    let set = attester_set.load()?;
    report.endorse(&set)?;
    config.decide(account.key(), &mut report, &set)?;
    emit!(CorrectionEndorsed {
        seq: config.next_seq(),
        report: account.key(),
        report_seq: report.seq,
        approved_at: report.approved_at,
        head: config.head_state(),
    });
    Ok(())
}
