//! Opens a node's part in a vote, before its owner or co-stakers vote.
//!
//! Who may call: anyone, who pays for the account.
//!
//! Checks, each with its error: `NotVoting`, `NotANode`, `SnapshotGone`, `NoWeight`.
//!
//! Events: none.

use super::stake;
use crate::errors::GovernanceError;
use crate::state::{NodeVote, Proposal, VoteChoice, NODE_VOTE_SEED};
use anchor_lang::prelude::*;
use io_common::abi::{self, NodeStake};
use io_common::clock;

#[derive(Accounts)]
pub struct OpenNodeVote<'info> {
    /// Pays for the account.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The proposal.
    pub proposal: AccountLoader<'info, Proposal>,
    /// The node.
    /// CHECK: a node of the staking program, read as such.
    pub node: UncheckedAccount<'info>,
    /// The node's part in the vote.
    #[account(
        init,
        payer = payer,
        space = NodeVote::SPACE,
        seeds = [NODE_VOTE_SEED, proposal.key().as_ref(), node.key().as_ref()],
        bump
    )]
    pub node_vote: AccountLoader<'info, NodeVote>,
    pub system_program: Program<'info, System>,
}

pub fn handle_open_node_vote(ctx: Context<OpenNodeVote>) -> Result<()> {
    let accounts = &ctx.accounts;
    let proposal = accounts.proposal.load()?;
    proposal.check_voting(clock::now(proposal.last_time)?)?;
    let node = abi::read::<NodeStake>(&accounts.node).ok_or(GovernanceError::NotANode)?;
    let mut node_vote = accounts.node_vote.load_init()?;
    node_vote.version = 1;
    node_vote.bump = ctx.bumps.node_vote;
    node_vote.owner_choice = VoteChoice::None;
    node_vote.proposal = accounts.proposal.key();
    node_vote.node = accounts.node.key();
    node_vote.rent_payer = accounts.payer.key();
    node_vote.own = stake::at(&node.own_snapshot, proposal.week)?;
    node_vote.co = stake::at(&node.co_snapshot, proposal.week)?;
    require!(node_vote.own > 0 || node_vote.co > 0, GovernanceError::NoWeight);
    Ok(())
}
