//! Governance: proposals, votes by stake, and the treasury that executes what was voted for.
//!
//! A proposal's transactions are stored and hashed before the vote; what is executed is exactly what was
//! voted on. A vote weighs active stake at the start of the week in which voting began, so no token counts
//! twice. Nothing here can be paused, and only an executed proposal changes a parameter.
#![cfg_attr(test, allow(clippy::all, clippy::arithmetic_side_effects, clippy::unwrap_used))]
#![cfg_attr(test, allow(clippy::indexing_slicing))]

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use state::{ParamsArgs, ProposalArgs, TransactionArgs, VoteChoice};

declare_id!("iogC7NKioP1989xDJ7kgkT1H4vizYuy5UduYNquSX7E");

#[cfg(not(feature = "no-entrypoint"))]
solana_security_txt::security_txt! {
    name: "IO governance",
    project_url: "https://ionet.example",
    contacts: "link:https://ionet.example/security",
    policy: "https://ionet.example/SECURITY.md"
}

#[program]
pub mod governance {
    use super::*;

    // The dispatcher compares discriminators in this order: what is called most comes first.

    /// Casts a co-staker's first vote on a proposal. Their stake no longer counts with the vote of the node's
    /// owner.
    ///
    /// * content_hash - Hash of the proposal's content, which the voter has read.
    ///
    /// Caller: the position's holder, who pays for the record. Errors: `WrongProposal`, `WrongHash`,
    /// `NotAPosition`, `NotHolder`, `WrongNode`, `SnapshotGone`, `NoWeight`, `UnknownChoice`, `NotVoting`.
    pub fn cast_vote(ctx: Context<CastVote>, choice: VoteChoice, content_hash: [u8; 32]) -> Result<()> {
        handle_cast_vote(ctx, choice, content_hash)
    }

    /// Changes a co-staker's vote, until the regular end of voting; it weighs what it weighed before.
    ///
    /// * content_hash - Hash of the proposal's content, which the voter has read.
    ///
    /// Caller: the holder who cast it. Errors: `NotHolder`, `WrongProposal`, `WrongHash`, `UnknownChoice`,
    /// `NotVoting`, `NoChangeNow`.
    pub fn change_vote(ctx: Context<ChangeVote>, choice: VoteChoice, content_hash: [u8; 32]) -> Result<()> {
        handle_change_vote(ctx, choice, content_hash)
    }

    /// Casts or changes the vote of a node's owner: for their own stake and for the co-stakers who have not
    /// voted themselves. A vote can be changed until the regular end of voting.
    ///
    /// * content_hash - Hash of the proposal's content, which the voter has read.
    ///
    /// Caller: the node's owner, who must have owned it since before voting began. Errors: `WrongProposal`,
    /// `WrongNode`, `WrongHash`, `NotANode`, `NotNodeOwner`, `OwnerSinceVote`, `UnknownChoice`, `NotVoting`,
    /// `NoChangeNow`.
    pub fn owner_vote(ctx: Context<OwnerVote>, choice: VoteChoice, content_hash: [u8; 32]) -> Result<()> {
        handle_owner_vote(ctx, choice, content_hash)
    }

    /// Opens a node's part in a vote, before its owner or co-stakers vote.
    ///
    /// Caller: anyone, who pays for the account. Errors: `NotVoting`, `NotANode`, `SnapshotGone`, `NoWeight`.
    pub fn open_node_vote(ctx: Context<OpenNodeVote>) -> Result<()> {
        handle_open_node_vote(ctx)
    }

    /// Creates the configuration with its defaults, and a guardian for twelve months.
    ///
    /// * guardian - May cancel proposals for twelve months.
    ///
    /// Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`.
    pub fn initialize(ctx: Context<Initialize>, guardian: Pubkey) -> Result<()> {
        handle_initialize(ctx, guardian)
    }

    /// Creates a draft, with a bond. The proposer shows their stake: nodes that they own, and positions that
    /// they hold, each followed by its node.
    ///
    /// * nonce - Any number that the proposer has not used yet; part of the address.
    ///
    /// Caller: anyone with the stake. Errors: `StakeOrder`, `NotProposersStake`, `WrongNode`, `SnapshotGone`,
    /// `StakeTooSmall`.
    pub fn propose<'info>(ctx: Context<'info, Propose<'info>>, nonce: u64, args: ProposalArgs) -> Result<()> {
        handle_propose(ctx, nonce, args)
    }

    /// Adds a transaction to a draft: one instruction, which only the treasury may have to sign.
    ///
    /// * index - Number of the transaction, from 0.
    ///
    /// Caller: the proposer. Errors: `NotProposer`, `NotDraft`, `WrongIndex`, `TooManyTransactions`,
    /// `TooManyAccounts`, `TooMuchData`, `ForeignSigner`, `SelfCall`.
    pub fn add_transaction(ctx: Context<AddTransaction>, index: u8, args: TransactionArgs) -> Result<()> {
        handle_add_transaction(ctx, index, args)
    }

    /// Ends a draft and begins voting on it. The quorum is a share of all active stake at the start of this
    /// week, the sum of the stake shards.
    ///
    /// Caller: the proposer. Errors: `NotProposer`, `ShardsMissing`, `SnapshotGone`, `NotDraft`,
    /// `NothingStaked`.
    pub fn activate<'info>(ctx: Context<'info, Activate<'info>>) -> Result<()> {
        handle_activate(ctx)
    }

    /// Ends a vote: what has passed can be executed after its hold-up.
    ///
    /// Caller: anyone. Errors: `NotVoting`, `StillVoting`, `QueuedTooLate`.
    pub fn queue(ctx: Context<Queue>) -> Result<()> {
        handle_queue(ctx)
    }

    /// Executes the next transaction of a queued proposal, once; the treasury signs. What leaves the
    /// treasury is limited in any seven days.
    ///
    /// Caller: anyone. Errors: `WrongProposal`, `WrongAccounts`, `NotQueued`, `HeldUp`, `Expired`,
    /// `WrongIndex`, `NotVotedOn`, `TreasuryChanged`, `TreasuryDelegated`, `OutflowMissing`, `OutflowLimit`,
    /// and those of the program that it calls.
    pub fn execute<'info>(ctx: Context<'info, Execute<'info>>) -> Result<()> {
        handle_execute(ctx)
    }

    /// Cancels a proposal.
    ///
    /// Caller: its proposer while it is a draft; afterwards the guardian, unless it only sets the guardian.
    /// Errors: `NotCancellable`, `MayNotCancel`, `GuardianOnly`.
    pub fn cancel(ctx: Context<Cancel>) -> Result<()> {
        handle_cancel(ctx)
    }

    /// Returns the bond to the proposer: a quarter of the quorum has voted, or the proposal was cancelled.
    ///
    /// Caller: anyone. Errors: `WrongBond`, `WrongDestination`, `WrongRentPayer`, `BondNotReturned`.
    pub fn return_bond(ctx: Context<ReturnBond>) -> Result<()> {
        handle_return_bond(ctx)
    }

    /// Burns the bond of a proposal on which less than a quarter of the quorum has voted.
    ///
    /// Caller: anyone. Errors: `WrongBond`, `WrongRentPayer`, `BondNotLost`.
    pub fn burn_bond(ctx: Context<BurnBond>) -> Result<()> {
        handle_burn_bond(ctx)
    }

    /// Opens the account that counts what leaves the treasury of a mint, or of SOL (the default key).
    ///
    /// * asset - A mint; the default key is SOL.
    ///
    /// Caller: anyone, who pays for the account.
    pub fn open_outflow(ctx: Context<OpenOutflow>, asset: Pubkey) -> Result<()> {
        handle_open_outflow(ctx, asset)
    }

    /// Closes a vote's record when voting is over; the rent goes to the voter.
    ///
    /// Caller: anyone. Errors: `WrongProposal`, `WrongRentPayer`, `StillVoting`.
    pub fn close_vote(ctx: Context<CloseVote>) -> Result<()> {
        handle_close_vote(ctx)
    }

    /// Closes a node's part in a vote when voting is over; the rent goes to the account that paid it.
    ///
    /// Caller: anyone. Errors: `WrongProposal`, `WrongRentPayer`, `StillVoting`.
    pub fn close_node_vote(ctx: Context<CloseNodeVote>) -> Result<()> {
        handle_close_node_vote(ctx)
    }

    /// Closes a transaction when its proposal is executed, defeated, cancelled or expired; the rent goes to
    /// the account that paid it.
    ///
    /// Caller: anyone. Errors: `WrongProposal`, `WrongRentPayer`, `NotOver`.
    pub fn close_transaction(ctx: Context<CloseTransaction>) -> Result<()> {
        handle_close_transaction(ctx)
    }

    /// Sets the parameters, each within its bounds.
    ///
    /// Caller: the treasury, by an executed proposal. Errors: `NotTreasury`, `StakeOutOfBounds`,
    /// `BondOutOfBounds`, `VotingOutOfBounds`, `ExtensionOutOfBounds`, `HoldUpOutOfBounds`,
    /// `QuorumOutOfBounds`, `ThresholdOutOfBounds`, `OutflowOutOfBounds`, `TermsTooLong`.
    pub fn set_params(ctx: Context<SetParams>, params: ParamsArgs) -> Result<()> {
        handle_set_params(ctx, params)
    }

    /// Names a guardian for twelve months from now, or nobody.
    ///
    /// * guardian - May cancel proposals for twelve months from now; the default key stands for nobody.
    ///
    /// Caller: the treasury, by an executed proposal. Errors: `NotTreasury`.
    pub fn set_guardian(ctx: Context<SetGuardian>, guardian: Pubkey) -> Result<()> {
        handle_set_guardian(ctx, guardian)
    }
}
