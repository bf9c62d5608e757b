//! Ends a draft and begins voting on it. The quorum is a share of all active stake at the start of this week,
//! the sum of the stake shards.
//!
//! Who may call: the proposer.
//!
//! Checks, each with its error: `NotProposer`, `ShardsMissing`, `SnapshotGone`, `NotDraft`, `NothingStaked`.
//!
//! Events: `VotingBegan`.

use super::stake;
use crate::errors::GovernanceError;
use crate::events::VotingBegan;
use crate::state::{Config, Proposal};
use anchor_lang::prelude::*;
use io_common::snapshot::week_of;
use io_common::{clock, ids};
use io_math::vote::quorum;

/// All 16 stake shards follow as remaining accounts, in order.
#[derive(Accounts)]
pub struct Activate<'info> {
    /// The proposer.
    #[account(address = proposal.load()?.proposer @ GovernanceError::NotProposer)]
    pub proposer: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::GOVERNANCE_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The proposal.
    #[account(mut)]
    pub proposal: AccountLoader<'info, Proposal>,
}

pub fn handle_activate<'info>(ctx: Context<'info, Activate<'info>>) -> Result<()> {
    let mut proposal = ctx.accounts.proposal.load_mut()?;
    let now = clock::now(proposal.last_time)?;
    proposal.last_time = now;
    let eligible = stake::total(ctx.remaining_accounts, week_of(now))?;
    proposal.activate(&*ctx.accounts.config.load()?, eligible, now)?;
    emit!(VotingBegan {
        seq: proposal.next_seq(),
        proposal: ctx.accounts.proposal.key(),
        content_hash: proposal.content_hash,
        week: proposal.week,
        eligible,
        quorum: quorum(eligible, proposal.quorum_bps).ok_or(GovernanceError::Overflow)?,
        voting_ends: proposal.voting_ends,
        extension: proposal.extension,
        hold_up: proposal.hold_up,
        quorum_bps: proposal.quorum_bps,
        threshold_bps: proposal.threshold_bps,
    });
    Ok(())
}
