//! Closes a vote's record when voting is over; the rent goes to the voter.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongProposal`, `WrongRentPayer`, `StillVoting`.
//!
//! Events: `VoteClosed`.

use crate::errors::GovernanceError;
use crate::events::VoteClosed;
use crate::state::{Proposal, VoteRecord};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct CloseVote<'info> {
    /// The proposal.
    #[account(mut, address = vote.load()?.proposal @ GovernanceError::WrongProposal)]
    pub proposal: AccountLoader<'info, Proposal>,
    /// The record of the vote.
    #[account(mut, close = rent_payer)]
    pub vote: AccountLoader<'info, VoteRecord>,
    /// The voter, who paid the rent.
    /// CHECK: by address.
    #[account(mut, address = vote.load()?.holder @ GovernanceError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
}

pub fn handle_close_vote(ctx: Context<CloseVote>) -> Result<()> {
    // The time is kept: a clock that goes back must not find the vote open and its records gone.
    let mut proposal = ctx.accounts.proposal.load_mut()?;
    proposal.last_time = clock::now(proposal.last_time)?;
    proposal.check_vote_over(proposal.last_time)?;
    let (seq, key) = (proposal.next_seq(), ctx.accounts.proposal.key());
    emit!(VoteClosed { seq, proposal: key, position: ctx.accounts.vote.load()?.position });
    Ok(())
}
