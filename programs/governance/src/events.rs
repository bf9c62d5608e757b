use crate::state::{Proposal, VoteChoice};
use anchor_lang::prelude::*;

#[event]
pub struct Initialized {
    pub guardian: Pubkey,
    pub guardian_until: i64,
}

#[event]
pub struct ParamsSet {
    pub seq: u64,
    pub min_stake: u64,
    pub bond: u64,
    pub voting: i64,
    pub extension: i64,
    pub hold_up: i64,
    pub quorum_bps: u16,
    pub threshold_bps: u16,
    pub outflow_bps: u16,
}

#[event]
pub struct GuardianSet {
    pub seq: u64,
    pub guardian: Pubkey,
    pub guardian_until: i64,
}

#[event]
pub struct Proposed {
    pub seq: u64,
    pub proposal: Pubkey,
    pub proposer: Pubkey,
    pub nonce: u64,
    /// Stake that the proposer has shown.
    pub stake: u64,
    pub bond: u64,
    pub title: [u8; 64],
    pub content_hash: [u8; 32],
}

#[event]
pub struct TransactionAdded {
    pub seq: u64,
    pub proposal: Pubkey,
    pub index: u8,
    pub program_id: Pubkey,
    /// Of the description and all transactions so far.
    pub content_hash: [u8; 32],
}

#[event]
pub struct VotingBegan {
    pub seq: u64,
    pub proposal: Pubkey,
    pub content_hash: [u8; 32],
    pub week: u64,
    pub eligible: u64,
    /// Stake that has to vote.
    pub quorum: u64,
    pub voting_ends: i64,
}

#[event]
pub struct Voted {
    pub seq: u64,
    pub proposal: Pubkey,
    /// The position, or the node whose owner votes.
    pub voter: Pubkey,
    pub by: Pubkey,
    pub choice: VoteChoice,
    pub weight: u64,
    /// Sums after it.
    pub in_favour: u64,
    pub against: u64,
    pub abstain: u64,
    pub voting_ends: i64,
}

#[event]
pub struct VotingEnded {
    pub seq: u64,
    pub proposal: Pubkey,
    pub passed: bool,
    pub in_favour: u64,
    pub against: u64,
    pub abstain: u64,
    /// From when and until when it can be executed; 0 where there is nothing to execute.
    pub eta: i64,
    pub expires: i64,
}

/// What left the treasury of an asset; the default key is SOL.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Number of the asset's outflow account.
    pub seq: u64,
    pub asset: Pubkey,
    pub amount: u64,
    /// What ever left of it.
    pub total: u64,
}

#[event]
pub struct Executed {
    pub seq: u64,
    pub proposal: Pubkey,
    pub index: u8,
    pub program_id: Pubkey,
    /// Whether it was the last transaction.
    pub done: bool,
    pub payments: Vec<Payment>,
}

#[event]
pub struct Cancelled {
    pub seq: u64,
    pub proposal: Pubkey,
    pub by: Pubkey,
}

#[event]
pub struct BondReturned {
    pub seq: u64,
    pub proposal: Pubkey,
    pub destination: Pubkey,
    pub amount: u64,
}

#[event]
pub struct BondBurned {
    pub seq: u64,
    pub proposal: Pubkey,
    pub amount: u64,
    pub supply: u64,
}

#[event]
pub struct OutflowOpened {
    pub asset: Pubkey,
}

impl Voted {
    /// A vote that the proposal has counted.
    pub fn of(
        proposal: &mut Proposal,
        address: Pubkey,
        voter: Pubkey,
        by: Pubkey,
        choice: VoteChoice,
        weight: u64,
    ) -> Self {
        Self {
            seq: proposal.next_seq(),
            proposal: address,
            voter,
            by,
            choice,
            weight,
            in_favour: proposal.in_favour,
            against: proposal.against,
            abstain: proposal.abstain,
            voting_ends: proposal.voting_ends,
        }
    }
}
