//! Casts or changes the vote of a node's owner: for their own stake and for the co-stakers who have not voted
//! themselves. A vote can be changed until the regular end of voting.
//!
//! Who may call: the node's owner since before the vote.
//!
//! Checks, each with its error: `WrongProposal`, `WrongNode`, `WrongHash`, `NotANode`, `NotNodeOwner`,
//! `OwnerSinceVote`, `UnknownChoice`, `NotVoting`, `NoChangeNow`.
//!
//! Events: `Voted`.

use crate::errors::GovernanceError;
use crate::events::{NodeSums, Voted};
use crate::state::{NodeVote, Proposal, VoteChoice};
use anchor_lang::prelude::*;
use io_common::abi::{self, NodeStake};
use io_common::clock;

#[derive(Accounts)]
pub struct OwnerVote<'info> {
    /// The node's owner.
    pub owner: Signer<'info>,
    /// The proposal.
    #[account(mut, address = node_vote.load()?.proposal @ GovernanceError::WrongProposal)]
    pub proposal: AccountLoader<'info, Proposal>,
    /// The node.
    /// CHECK: by address.
    #[account(address = node_vote.load()?.node @ GovernanceError::WrongNode)]
    pub node: UncheckedAccount<'info>,
    /// The node's part in the vote.
    #[account(mut)]
    pub node_vote: AccountLoader<'info, NodeVote>,
}

pub fn handle_owner_vote(ctx: Context<OwnerVote>, choice: VoteChoice, content_hash: [u8; 32]) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut proposal = accounts.proposal.load_mut()?;
    proposal.check_hash(&content_hash)?;
    let now = clock::now(proposal.last_time)?;
    proposal.last_time = now;
    {
        let node = abi::read::<NodeStake>(&accounts.node).ok_or(GovernanceError::NotANode)?;
        require_keys_eq!(node.owner, accounts.owner.key(), GovernanceError::NotNodeOwner);
        // The stake that votes is that of the owner at the time.
        require_gte!(proposal.voting_from, node.registered_at, GovernanceError::OwnerSinceVote);
    }
    let mut node_vote = accounts.node_vote.load_mut()?;
    let weight = node_vote.owner_votes(&mut proposal, choice, now)?;
    let whose = [accounts.proposal.key(), accounts.node.key(), accounts.owner.key()];
    emit!(Voted::of(&mut proposal, NodeSums::of(&node_vote), whose, choice, weight));
    Ok(())
}
