use super::{Config, TransactionArgs};
use crate::errors::GovernanceError;
use anchor_lang::prelude::*;
use io_common::snapshot::week_of;
use io_math::vote::{self, Tally, Term};
use io_math::DAY;
use solana_sha256_hasher::hashv;

/// Most transactions of a proposal.
#[constant]
pub const MAX_TRANSACTIONS: u8 = 16;
/// Time for queueing after the vote, and for executing after the hold-up, seconds.
#[constant]
pub const EXPIRY: i64 = 14 * DAY;
/// The end of voting moves when the outcome turns within this time before it, seconds.
#[constant]
pub const LATE: i64 = vote::LATE;
/// Most bytes of a proposal's title.
#[constant]
pub const MAX_TITLE: u8 = 64;
/// Places for them in an account.
pub const TITLE: usize = MAX_TITLE as usize;
/// Most bytes of the address under which a proposal's text is published.
#[constant]
pub const MAX_URI: u8 = 96;
/// Places for them in an account.
pub const URI: usize = MAX_URI as usize;
/// Prefix of a proposal's description in its hash.
#[constant]
pub const PROPOSAL_DOMAIN: &[u8] = b"ionet:proposal";
/// Seed of a proposal: `["proposal", proposer, nonce]`, the nonce in 8 bytes, little endian.
#[constant]
pub const PROPOSAL_SEED: &[u8] = b"proposal";
/// Seed of the token account that holds a bond: `["bond", proposal]`.
#[constant]
pub const BOND_SEED: &[u8] = b"bond";

io_common::open_enum!(
    /// Where a proposal stands.
    pub enum ProposalState {
        /// Gathers its transactions.
        Draft = 0,
        /// Can be voted on until `voting_ends`; after that it waits to be queued.
        Voting = 1,
        /// Has passed; can be executed from `eta` to `expires`.
        Queued = 2,
        /// Has passed, and everything is done.
        Executed = 3,
        /// Has not passed.
        Defeated = 4,
        /// Withdrawn by its proposer, or stopped by the guardian.
        Cancelled = 5,
    }
);

/// A proposal's description, as an instruction takes it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposalArgs {
    /// UTF-8, padded with zeros.
    pub title: [u8; TITLE],
    /// Where its text is published; UTF-8, padded with zeros.
    pub uri: [u8; URI],
    /// SHA-256 of the text.
    pub text_hash: [u8; 32],
}

/// A proposal and its votes: `["proposal", proposer, nonce]`. Never closed, so that no vote on it can
/// count for another.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Proposal {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Where it stands.
    pub state: ProposalState,
    /// Number of its transactions.
    pub transactions: u8,
    /// Number of its transactions that were executed.
    pub executed: u8,
    /// Number of its transactions that only set governance's guardian.
    pub guardian_calls: u8,
    /// How often the end of voting has moved.
    pub extended: u8,
    pub padding: u8,
    /// The proposer.
    pub proposer: Pubkey,
    /// Part of the address.
    pub nonce: u64,
    /// Title, UTF-8, padded with zeros.
    pub title: [u8; 64],
    /// Where its text is published; UTF-8, padded with zeros.
    pub uri: [u8; 96],
    /// SHA-256 of the text.
    pub text_hash: [u8; 32],
    /// Hash of what is voted on: the description and all transactions, in order.
    pub content_hash: [u8; 32],
    /// Hash of the description and the executed transactions.
    pub progress: [u8; 32],
    /// Token account that holds the bond.
    pub bond_vault: Pubkey,
    /// The bond, base units of IO, as required when the proposal was created; returned or burned once.
    pub bond: u64,
    /// When it was made, unix time.
    pub created_at: i64,
    /// When voting began, unix time; 0 before.
    pub voting_from: i64,
    /// When voting ends, unix time; 0 before it has begun.
    pub voting_ends: i64,
    /// From when it can be executed, unix time.
    pub eta: i64,
    /// Until when it can be executed, unix time.
    pub expires: i64,
    /// Seconds by which a late turn of the outcome extends voting. Terms here are those in force when voting
    /// began.
    pub extension: i64,
    /// Seconds from queueing to execution.
    pub hold_up: i64,
    /// Share of eligible stake that has to vote, bps.
    pub quorum_bps: u16,
    /// Share of the votes for and against that those for must exceed, bps.
    pub threshold_bps: u16,
    pub padding_2: u32,
    /// Week (unix time / 604,800) whose start decides what each vote weighs.
    pub week: u64,
    /// All active stake at that time, base units.
    pub eligible: u64,
    /// Stake that has voted for it, base units.
    pub in_favour: u64,
    /// Stake that has voted against it, base units.
    pub against: u64,
    /// Stake that has abstained, base units.
    pub abstain: u64,
    /// Number of the latest event.
    pub seq: u64,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// When voting would have ended without an extension, unix time; after it no vote can be changed.
    pub regular_end: i64,
    pub reserved: [u8; 120],
}

impl Proposal {
    pub const SPACE: usize = 8 + size_of::<Self>();

    fn is(&self, state: ProposalState) -> bool {
        self.state == state
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Takes its description, which begins its hash:
    /// `sha256("ionet:proposal" ‖ proposer ‖ nonce ‖ title ‖ uri ‖ text_hash)`.
    pub fn describe(&mut self, args: ProposalArgs) {
        let ProposalArgs { title, uri, text_hash } = args;
        (self.title, self.uri, self.text_hash) = (title, uri, text_hash);
        let (proposer, nonce) = (self.proposer.to_bytes(), self.nonce.to_le_bytes());
        self.content_hash = hashv(&[PROPOSAL_DOMAIN, &proposer, &nonce, &title, &uri, &text_hash]).to_bytes();
        self.progress = self.content_hash;
    }

    /// Takes the next transaction in.
    pub fn add(&mut self, index: u8, args: &TransactionArgs) -> Result<()> {
        require!(self.is(ProposalState::Draft), GovernanceError::NotDraft);
        require_eq!(index, self.transactions, GovernanceError::WrongIndex);
        require_gt!(MAX_TRANSACTIONS, index, GovernanceError::TooManyTransactions);
        args.check()?;
        self.content_hash = args.hash_after(&self.content_hash)?;
        self.transactions = self.transactions.saturating_add(1);
        if args.sets_guardian() {
            self.guardian_calls = self.guardian_calls.saturating_add(1);
        }
        Ok(())
    }

    /// Whether all that it does is to set the guardian.
    fn only_sets_guardian(&self) -> bool {
        self.transactions > 0 && self.guardian_calls == self.transactions
    }

    /// Begins voting on what is there, under the terms of now; `eligible` is all stake at the start of
    /// this week.
    pub fn activate(&mut self, config: &Config, eligible: u64, now: i64) -> Result<()> {
        require!(self.is(ProposalState::Draft), GovernanceError::NotDraft);
        require_gt!(eligible, 0, GovernanceError::NothingStaked);
        self.state = ProposalState::Voting;
        self.eligible = eligible;
        self.week = week_of(now);
        self.voting_from = now;
        self.voting_ends = now.saturating_add(config.voting);
        self.regular_end = self.voting_ends;
        self.extension = config.extension;
        self.hold_up = config.hold_up;
        self.quorum_bps = config.quorum_bps;
        self.threshold_bps = config.threshold_bps;
        Ok(())
    }

    pub fn tally(&self) -> Tally {
        Tally { in_favour: self.in_favour, against: self.against, abstain: self.abstain }
    }

    /// Whether it would pass if voting ended now.
    pub fn passes(&self) -> Result<bool> {
        let passes = self.tally().passes(self.eligible, self.quorum_bps, self.threshold_bps);
        passes.ok_or_else(|| error!(GovernanceError::Overflow))
    }

    pub fn check_voting(&self, now: i64) -> Result<()> {
        let open = self.is(ProposalState::Voting) && now < self.voting_ends;
        require!(open, GovernanceError::NotVoting);
        Ok(())
    }

    /// Checks what a voter says they vote on.
    pub fn check_hash(&self, hash: &[u8; 32]) -> Result<()> {
        require!(self.content_hash == *hash, GovernanceError::WrongHash);
        Ok(())
    }

    fn term(&self) -> Term {
        Term { regular: self.regular_end, ends: self.voting_ends, step: self.extension }
    }

    /// Checks that a vote may still be changed: until the regular end, wherever the end has moved to.
    pub fn check_change(&self, now: i64) -> Result<()> {
        self.check_voting(now)?;
        require!(!self.term().is_extension(now), GovernanceError::NoChangeNow);
        Ok(())
    }

    /// Counts a vote; when the outcome turns by it near the end, the end moves.
    pub fn vote<T>(&mut self, now: i64, count: impl FnOnce(&mut Tally) -> Option<T>) -> Result<T> {
        self.check_voting(now)?;
        let moved = self.term().turned(now);
        // Whether it turns is only looked at where the end would move by it.
        let before = if moved > self.voting_ends { Some(self.passes()?) } else { None };
        let mut tally = self.tally();
        let counted = count(&mut tally).ok_or(GovernanceError::Overflow)?;
        (self.in_favour, self.against, self.abstain) = (tally.in_favour, tally.against, tally.abstain);
        if before.is_some() && before != Some(self.passes()?) {
            self.extended = self.extended.saturating_add(1);
            self.voting_ends = moved;
        }
        Ok(counted)
    }

    /// Whether voting is over, and was not cut short.
    fn was_voted(&self, now: i64) -> bool {
        match self.state {
            ProposalState::Voting => now >= self.voting_ends,
            ProposalState::Draft => false,
            state => state != ProposalState::Cancelled,
        }
    }

    /// Ends the vote. What has passed waits for its hold-up, or is done where there is nothing to execute.
    pub fn queue(&mut self, now: i64) -> Result<()> {
        require!(self.is(ProposalState::Voting), GovernanceError::NotVoting);
        require_gte!(now, self.voting_ends, GovernanceError::StillVoting);
        if !self.passes()? {
            self.state = ProposalState::Defeated;
            return Ok(());
        }
        if self.transactions == 0 {
            self.state = ProposalState::Executed;
            return Ok(());
        }
        require_gte!(self.voting_ends.saturating_add(EXPIRY), now, GovernanceError::QueuedTooLate);
        self.state = ProposalState::Queued;
        self.eta = now.saturating_add(self.hold_up);
        self.expires = self.eta.saturating_add(EXPIRY);
        Ok(())
    }

    /// Marks the next transaction as executed.
    pub fn execute(&mut self, index: u8, args: &TransactionArgs, now: i64) -> Result<()> {
        require!(self.is(ProposalState::Queued), GovernanceError::NotQueued);
        require_gte!(now, self.eta, GovernanceError::HeldUp);
        require_gte!(self.expires, now, GovernanceError::Expired);
        require_eq!(index, self.executed, GovernanceError::WrongIndex);
        self.progress = args.hash_after(&self.progress)?;
        self.executed = self.executed.saturating_add(1);
        if self.executed == self.transactions {
            require!(self.progress == self.content_hash, GovernanceError::NotVotedOn);
            self.state = ProposalState::Executed;
        }
        Ok(())
    }

    /// Stops it: its proposer before voting, the guardian afterwards.
    pub fn cancel(&mut self, signer: &Pubkey, is_guardian: bool, now: i64) -> Result<()> {
        let draft = self.is(ProposalState::Draft);
        let voted_on = self.is(ProposalState::Voting) && now < self.voting_ends;
        require!(draft || voted_on || self.is(ProposalState::Queued), GovernanceError::NotCancellable);
        let may = if draft { self.proposer == *signer } else { is_guardian };
        require!(may, GovernanceError::MayNotCancel);
        require!(draft || !self.only_sets_guardian(), GovernanceError::GuardianOnly);
        self.state = ProposalState::Cancelled;
        Ok(())
    }

    fn keeps_bond(&self) -> Result<bool> {
        let kept = self.tally().keeps_bond(self.eligible, self.quorum_bps);
        kept.ok_or_else(|| error!(GovernanceError::Overflow))
    }

    /// The bond goes back after a vote with a quarter of the quorum, and when no vote took place to its end.
    pub fn check_bond_returned(&self, now: i64) -> Result<()> {
        let returned = self.is(ProposalState::Cancelled) || self.was_voted(now) && self.keeps_bond()?;
        require!(returned, GovernanceError::BondNotReturned);
        Ok(())
    }

    /// The bond is lost when fewer have voted.
    pub fn check_bond_lost(&self, now: i64) -> Result<()> {
        require!(self.was_voted(now) && !self.keeps_bond()?, GovernanceError::BondNotLost);
        Ok(())
    }

    /// Whether it can no longer be voted on.
    pub fn check_vote_over(&self, now: i64) -> Result<()> {
        let over = self.is(ProposalState::Cancelled) || self.was_voted(now);
        require!(over, GovernanceError::StillVoting);
        Ok(())
    }

    /// Whether nothing of it will be executed any more.
    pub fn check_over(&self, now: i64) -> Result<()> {
        let over = match self.state {
            ProposalState::Draft => false,
            ProposalState::Voting => now > self.voting_ends.saturating_add(EXPIRY),
            ProposalState::Queued => now > self.expires,
            _ => true,
        };
        require!(over, GovernanceError::NotOver);
        Ok(())
    }
}
