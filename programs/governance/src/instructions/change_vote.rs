//! Changes a co-staker's vote, until the regular end of voting; it weighs what it weighed before.
//!
//! Who may call: the one who cast it.
//!
//! Checks, each with its error: `NotHolder`, `WrongProposal`, `WrongHash`, `UnknownChoice`, `NotVoting`,
//! `NoChangeNow`.
//!
//! Events: `Voted`.

use crate::errors::GovernanceError;
use crate::events::{NodeSums, Voted};
use crate::state::{Proposal, VoteChoice, VoteRecord};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct ChangeVote<'info> {
    /// The position's holder.
    #[account(address = vote.load()?.holder @ GovernanceError::NotHolder)]
    pub holder: Signer<'info>,
    /// The proposal.
    #[account(mut, address = vote.load()?.proposal @ GovernanceError::WrongProposal)]
    pub proposal: AccountLoader<'info, Proposal>,
    /// The record of the vote.
    #[account(mut)]
    pub vote: AccountLoader<'info, VoteRecord>,
}

pub fn handle_change_vote(
    ctx: Context<ChangeVote>,
    choice: VoteChoice,
    content_hash: [u8; 32],
) -> Result<()> {
    let mut proposal = ctx.accounts.proposal.load_mut()?;
    proposal.check_hash(&content_hash)?;
    let now = clock::now(proposal.last_time)?;
    proposal.last_time = now;
    let mut vote = ctx.accounts.vote.load_mut()?;
    vote.change(&mut proposal, choice, now)?;
    let whose = [vote.proposal, vote.position, vote.holder];
    emit!(Voted::of(&mut proposal, NodeSums::default(), whose, choice, vote.weight));
    Ok(())
}
