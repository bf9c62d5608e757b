//! Casts a co-staker's first vote on a proposal. Their stake no longer counts with the vote of the node's
//! owner.
//!
//! Who may call: the position's holder, who pays for the record.
//!
//! Checks, each with its error: `WrongProposal`, `WrongHash`, `NotAPosition`, `NotHolder`, `WrongNode`,
//! `SnapshotGone`, `NoWeight`, `UnknownChoice`, `NotVoting`.
//!
//! Events: `Voted`.

use super::stake;
use crate::errors::GovernanceError;
use crate::events::{NodeSums, Voted};
use crate::state::{NodeVote, Proposal, VoteChoice, VoteRecord, VOTE_SEED};
use anchor_lang::prelude::*;
use io_common::abi::{self, Position};
use io_common::clock;

#[derive(Accounts)]
pub struct CastVote<'info> {
    /// The position's holder, who pays for the record.
    #[account(mut)]
    pub holder: Signer<'info>,
    /// The proposal.
    #[account(mut)]
    pub proposal: AccountLoader<'info, Proposal>,
    /// The position that votes.
    /// CHECK: a position of the staking program, read as such.
    pub position: UncheckedAccount<'info>,
    /// The node's part in the vote.
    #[account(mut, constraint = node_vote.load()?.proposal == proposal.key() @ GovernanceError::WrongProposal)]
    pub node_vote: AccountLoader<'info, NodeVote>,
    /// The record of the vote.
    #[account(
        init,
        payer = holder,
        space = VoteRecord::SPACE,
        seeds = [VOTE_SEED, proposal.key().as_ref(), position.key().as_ref()],
        bump
    )]
    pub vote: AccountLoader<'info, VoteRecord>,
    pub system_program: Program<'info, System>,
}

pub fn handle_cast_vote(ctx: Context<CastVote>, choice: VoteChoice, content_hash: [u8; 32]) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut proposal = accounts.proposal.load_mut()?;
    proposal.check_hash(&content_hash)?;
    let now = clock::now(proposal.last_time)?;
    proposal.last_time = now;
    let mut node_vote = accounts.node_vote.load_mut()?;
    let weight = {
        let position = abi::read::<Position>(&accounts.position).ok_or(GovernanceError::NotAPosition)?;
        require_keys_eq!(position.holder, accounts.holder.key(), GovernanceError::NotHolder);
        require_keys_eq!(position.node, node_vote.node, GovernanceError::WrongNode);
        stake::at(&position.snapshot, proposal.week)?
    };
    // A loss ends a node without touching its positions: what it was before that week votes no more.
    require!(weight > 0 && node_vote.co > 0, GovernanceError::NoWeight);
    node_vote.position_votes(&mut proposal, choice, weight, now)?;
    let mut vote = accounts.vote.load_init()?;
    vote.version = 1;
    vote.bump = ctx.bumps.vote;
    vote.choice = choice;
    vote.proposal = accounts.proposal.key();
    vote.position = accounts.position.key();
    vote.holder = accounts.holder.key();
    vote.weight = weight;
    let whose = [vote.proposal, vote.position, vote.holder];
    emit!(Voted::of(&mut proposal, NodeSums::of(&node_vote), whose, choice, weight));
    Ok(())
}
