//! Cancels a proposal.
//!
//! Who may call: its proposer while it is a draft; afterwards the guardian, unless it only sets the guardian.
//!
//! Checks, each with its error: `NotCancellable`, `MayNotCancel`, `GuardianOnly`.
//!
//! Events: `Cancelled`.

use crate::events::Cancelled;
use crate::state::{Config, Proposal};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct Cancel<'info> {
    /// The proposer of a draft, or the guardian.
    pub signer: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::GOVERNANCE_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The proposal.
    #[account(mut)]
    pub proposal: AccountLoader<'info, Proposal>,
}

pub fn handle_cancel(ctx: Context<Cancel>) -> Result<()> {
    let mut proposal = ctx.accounts.proposal.load_mut()?;
    let (config, by) = (ctx.accounts.config.load()?, ctx.accounts.signer.key());
    let now = clock::now(proposal.last_time.max(config.last_time))?;
    proposal.last_time = now;
    let is_guardian = config.is_guardian(&by, now);
    proposal.cancel(&by, is_guardian, now)?;
    emit!(Cancelled { seq: proposal.next_seq(), proposal: ctx.accounts.proposal.key(), by });
    Ok(())
}
