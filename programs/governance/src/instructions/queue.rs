//! Ends a vote: what has passed can be executed after its hold-up.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NotVoting`, `StillVoting`, `QueuedTooLate`.
//!
//! Events: `VotingEnded`.

use crate::events::VotingEnded;
use crate::state::{Proposal, ProposalState};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct Queue<'info> {
    /// The proposal.
    #[account(mut)]
    pub proposal: AccountLoader<'info, Proposal>,
}

pub fn handle_queue(ctx: Context<Queue>) -> Result<()> {
    let mut proposal = ctx.accounts.proposal.load_mut()?;
    let now = clock::now(proposal.last_time)?;
    proposal.last_time = now;
    proposal.queue(now)?;
    emit!(VotingEnded {
        seq: proposal.next_seq(),
        proposal: ctx.accounts.proposal.key(),
        passed: proposal.state != ProposalState::Defeated,
        in_favour: proposal.in_favour,
        against: proposal.against,
        abstain: proposal.abstain,
        eta: proposal.eta,
        expires: proposal.expires,
    });
    Ok(())
}
