use crate::state::{NodeVote, ParamsArgs, Proposal, VoteChoice};
use anchor_lang::prelude::*;

/// The configuration was created.
#[event]
pub struct Initialized {
    /// May cancel what is voted on or queued; the default key stands for nobody.
    pub guardian: Pubkey,
    /// End of the guardian's term, unix time.
    pub guardian_until: i64,
    /// The first parameters.
    pub params: ParamsArgs,
}

/// The parameters were set.
#[event]
pub struct ParamsSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// All of them.
    pub params: ParamsArgs,
}

/// A guardian was named.
#[event]
pub struct GuardianSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// May cancel what is voted on or queued; the default key stands for nobody.
    pub guardian: Pubkey,
    /// End of the guardian's term, unix time.
    pub guardian_until: i64,
}

/// A draft was created.
#[event]
pub struct Proposed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The proposal.
    pub proposal: Pubkey,
    /// The proposer.
    pub proposer: Pubkey,
    /// Part of the proposal's address.
    pub nonce: u64,
    /// Stake that the proposer has shown, base units of IO.
    pub stake: u64,
    /// Bond of a proposal, base units of IO.
    pub bond: u64,
    /// Title, UTF-8, padded with zeros.
    pub title: [u8; 64],
    /// Where its text is published; UTF-8, padded with zeros.
    pub uri: [u8; 96],
    /// SHA-256 of the text.
    pub text_hash: [u8; 32],
    /// Hash of what is voted on: the description and the transactions.
    pub content_hash: [u8; 32],
}

/// A transaction was added to a draft.
#[event]
pub struct TransactionAdded {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The proposal.
    pub proposal: Pubkey,
    /// Number of the transaction, from 0.
    pub index: u8,
    /// The program that it calls.
    pub program_id: Pubkey,
    /// Hash of the description and all transactions so far.
    pub content_hash: [u8; 32],
    /// How many of them only set governance's guardian.
    pub guardian_calls: u8,
}

/// A draft is open for votes.
#[event]
pub struct VotingBegan {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The proposal.
    pub proposal: Pubkey,
    /// Hash of what is voted on: the description and the transactions.
    pub content_hash: [u8; 32],
    /// Week (unix time / 604,800) whose start decides what each vote weighs.
    pub week: u64,
    /// All active stake at that time, base units.
    pub eligible: u64,
    /// Stake that has to vote, base units.
    pub quorum: u64,
    /// When voting ends, unix time.
    pub voting_ends: i64,
    /// Seconds by which a late turn of the outcome extends voting.
    pub extension: i64,
    /// Seconds from queueing to execution.
    pub hold_up: i64,
    /// Share of eligible stake that has to vote, bps.
    pub quorum_bps: u16,
    /// Share of the votes for and against that those for must exceed, bps.
    pub threshold_bps: u16,
}

/// A vote was cast or changed.
#[event]
pub struct Voted {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The proposal.
    pub proposal: Pubkey,
    /// The position, or the node whose owner votes.
    pub voter: Pubkey,
    /// The signer: the position's holder, or the node's owner.
    pub by: Pubkey,
    /// The voter's choice.
    pub choice: VoteChoice,
    /// Stake that the vote weighs, base units.
    pub weight: u64,
    /// Stake that has voted for it, base units.
    pub in_favour: u64,
    /// Stake that has voted against it, base units.
    pub against: u64,
    /// Stake that has abstained, base units.
    pub abstain: u64,
    /// When voting ends, unix time.
    pub voting_ends: i64,
    /// How often the end of voting has moved.
    pub extended: u8,
    /// The node's part in the vote after it; zeros where a position's vote was changed.
    pub node: NodeSums,
}

/// A node's part in a vote.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeSums {
    /// The node.
    pub node: Pubkey,
    /// The owner's stake at the start of the week in which voting began, base units.
    pub own: u64,
    /// The co-stakers' stake at that time, base units.
    pub co: u64,
    /// Part of the co-stakers' stake that has voted itself, base units.
    pub overridden: u64,
}

/// Voting on a proposal is over.
#[event]
pub struct VotingEnded {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The proposal.
    pub proposal: Pubkey,
    /// Whether it has passed.
    pub passed: bool,
    /// Stake that has voted for it, base units.
    pub in_favour: u64,
    /// Stake that has voted against it, base units.
    pub against: u64,
    /// Stake that has abstained, base units.
    pub abstain: u64,
    /// From when it can be executed, unix time; 0 where there is nothing to execute.
    pub eta: i64,
    /// Until when it can be executed, unix time; 0 where there is nothing to execute.
    pub expires: i64,
}

/// What left the treasury of an asset; the default key is SOL.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Number of the payment, counted by the asset's outflow account.
    pub seq: u64,
    /// A mint; the default key is SOL.
    pub asset: Pubkey,
    /// What left, base units.
    pub amount: u64,
    /// All that has left of it so far, base units.
    pub total: u64,
}

/// A transaction was executed.
#[event]
pub struct Executed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The proposal.
    pub proposal: Pubkey,
    /// Number of the transaction, from 0.
    pub index: u8,
    /// The program that it calls.
    pub program_id: Pubkey,
    /// Whether it was the last transaction.
    pub done: bool,
    /// What left the treasury.
    pub payments: Vec<Payment>,
}

/// A proposal was cancelled.
#[event]
pub struct Cancelled {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The proposal.
    pub proposal: Pubkey,
    /// The proposer, or the guardian.
    pub by: Pubkey,
}

/// A co-staker's vote was closed, after the vote.
#[event]
pub struct VoteClosed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The proposal.
    pub proposal: Pubkey,
    /// The position that has voted.
    pub position: Pubkey,
}

/// A node's part in a vote was closed, after the vote.
#[event]
pub struct NodeVoteClosed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The proposal.
    pub proposal: Pubkey,
    /// The node.
    pub node: Pubkey,
}

/// A transaction of a proposal that is over was closed.
#[event]
pub struct TransactionClosed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The proposal.
    pub proposal: Pubkey,
    /// Number of the transaction, from 0.
    pub index: u8,
}

/// A bond went back to the proposer.
#[event]
pub struct BondReturned {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The proposal.
    pub proposal: Pubkey,
    /// The token account that was paid.
    pub destination: Pubkey,
    /// Tokens, base units.
    pub amount: u64,
}

/// A bond was burned.
#[event]
pub struct BondBurned {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The proposal.
    pub proposal: Pubkey,
    /// Tokens, base units.
    pub amount: u64,
    /// Supply of IO after it, base units.
    pub supply: u64,
}

/// The account that counts what leaves the treasury of an asset was opened.
#[event]
pub struct OutflowOpened {
    /// A mint; the default key is SOL.
    pub asset: Pubkey,
}

impl Voted {
    /// A vote that the proposal has counted.
    pub fn of(
        proposal: &mut Proposal,
        node: NodeSums,
        [address, voter, by]: [Pubkey; 3],
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
            extended: proposal.extended,
            node,
        }
    }
}

impl NodeSums {
    pub fn of(vote: &NodeVote) -> Self {
        let NodeVote { node, own, co, overridden, .. } = *vote;
        Self { node, own, co, overridden }
    }
}
