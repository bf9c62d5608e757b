use super::Proposal;
use crate::errors::GovernanceError;
use anchor_lang::prelude::*;
use io_math::vote::{Choice, NodeSide};

/// Seed of a node's part in a vote: `["node_vote", proposal, node]`.
#[constant]
pub const NODE_VOTE_SEED: &[u8] = b"node_vote";
/// Seed of a co-staker's vote: `["vote", proposal, position]`.
#[constant]
pub const VOTE_SEED: &[u8] = b"vote";

io_common::open_enum!(
    /// What a vote says.
    pub enum VoteChoice {
        /// In favour.
        For = 0,
        /// Against.
        Against = 1,
        /// Neither; counts for the quorum.
        Abstain = 2,
        /// Not voted yet; cannot be cast.
        None = 3,
    }
);

impl VoteChoice {
    /// What is counted, if it is a vote.
    fn counted(self) -> Option<Choice> {
        match self {
            Self::For => Some(Choice::For),
            Self::Against => Some(Choice::Against),
            Self::Abstain => Some(Choice::Abstain),
            _ => None,
        }
    }

    fn check(self) -> Result<Choice> {
        self.counted().ok_or_else(|| error!(GovernanceError::UnknownChoice))
    }
}

/// A node's part in a vote: `["node_vote", proposal, node]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct NodeVote {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// The owner's choice.
    pub owner_choice: VoteChoice,
    pub padding: [u8; 5],
    /// The proposal.
    pub proposal: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// Who paid its rent.
    pub rent_payer: Pubkey,
    /// The owner's stake at the start of the week in which voting began, base units.
    pub own: u64,
    /// The co-stakers' stake at that time, base units.
    pub co: u64,
    /// Part of the co-stakers' stake that has voted itself, base units.
    pub overridden: u64,
    pub reserved: [u8; 32],
}

impl NodeVote {
    pub const SPACE: usize = 8 + size_of::<Self>();

    fn side(&self) -> NodeSide {
        let owner = self.owner_choice.counted();
        NodeSide { own: self.own, co: self.co, overridden: self.overridden, owner }
    }

    /// A position's first vote.
    pub fn position_votes(
        &mut self,
        proposal: &mut Proposal,
        choice: VoteChoice,
        weight: u64,
        now: i64,
    ) -> Result<()> {
        let said = choice.check()?;
        let mut side = self.side();
        proposal.vote(now, |tally| side.position_votes(tally, said, weight))?;
        self.overridden = side.overridden;
        Ok(())
    }

    /// The owner's vote, the first or a changed one. Gives its weight.
    pub fn owner_votes(&mut self, proposal: &mut Proposal, choice: VoteChoice, now: i64) -> Result<u64> {
        let said = choice.check()?;
        let mut side = self.side();
        if side.owner.is_some() {
            proposal.check_change(now)?;
        }
        let weight = proposal.vote(now, |tally| side.owner_votes(tally, said))?;
        self.owner_choice = choice;
        Ok(weight)
    }
}

/// A co-staker's vote: `["vote", proposal, position]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct VoteRecord {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// The holder's choice.
    pub choice: VoteChoice,
    pub padding: [u8; 5],
    /// The proposal.
    pub proposal: Pubkey,
    /// The position.
    pub position: Pubkey,
    /// The position's holder, who votes and paid the rent.
    pub holder: Pubkey,
    /// The position's active stake at the start of the week in which voting began, base units.
    pub weight: u64,
    pub reserved: [u8; 32],
}

impl VoteRecord {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// Moves the vote to another choice.
    pub fn change(&mut self, proposal: &mut Proposal, choice: VoteChoice, now: i64) -> Result<()> {
        let (before, after) = (self.choice.check()?, choice.check()?);
        proposal.check_change(now)?;
        proposal.vote(now, |tally| tally.shift(before, after, self.weight))?;
        self.choice = choice;
        Ok(())
    }
}
