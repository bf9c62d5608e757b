//! Closes a node's part in a vote when voting is over; the rent goes to the account that paid it.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongProposal`, `WrongRentPayer`, `StillVoting`.
//!
//! Events: `NodeVoteClosed`.

use crate::errors::GovernanceError;
use crate::events::NodeVoteClosed;
use crate::state::{NodeVote, Proposal};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct CloseNodeVote<'info> {
    /// The proposal.
    #[account(mut, address = node_vote.load()?.proposal @ GovernanceError::WrongProposal)]
    pub proposal: AccountLoader<'info, Proposal>,
    /// The node's part in the vote.
    #[account(mut, close = rent_payer)]
    pub node_vote: AccountLoader<'info, NodeVote>,
    /// Who paid the rent.
    /// CHECK: by address.
    #[account(mut, address = node_vote.load()?.rent_payer @ GovernanceError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
}

pub fn handle_close_node_vote(ctx: Context<CloseNodeVote>) -> Result<()> {
    // The time is kept: a clock that goes back must not find the vote open and its records gone.
    let mut proposal = ctx.accounts.proposal.load_mut()?;
    proposal.last_time = clock::now(proposal.last_time)?;
    proposal.check_vote_over(proposal.last_time)?;
    let (seq, key) = (proposal.next_seq(), ctx.accounts.proposal.key());
    emit!(NodeVoteClosed { seq, proposal: key, node: ctx.accounts.node_vote.load()?.node });
    Ok(())
}
