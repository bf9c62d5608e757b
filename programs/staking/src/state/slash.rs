use crate::errors::StakingError;
use anchor_lang::prelude::*;
use io_math::DAY;

/// Time for setting apart a slash that nobody appealed, from the end of its time for an appeal, seconds.
#[constant]
pub const EXECUTION: i64 = 14 * DAY;
/// How long no slash of a node can be proposed after one has lapsed, seconds.
#[constant]
pub const SLASH_PAUSE: i64 = 30 * DAY;
/// Time for deciding an appealed slash, seconds.
#[constant]
pub const DECISION: i64 = 30 * DAY;
/// Seed of a slash: `["slash", node, nonce]`, the nonce in 8 bytes, little endian.
#[constant]
pub const SLASH_SEED: &[u8] = b"slash";

io_common::open_enum!(
    /// Where a slash stands.
    pub enum SlashState {
        /// Can be appealed; after that it can be set apart from the owner's side.
        Proposed = 0,
        /// Waits for the resolver.
        Appealed = 1,
        /// Decided: what is left of it can be set apart, also from co-stakers.
        Decided = 2,
        /// Taken back by the authority.
        Cancelled = 3,
        /// Set apart at once, because what the device had signed was shown to be wrong.
        Disproved = 4,
    }
);

/// Seed of a slash by disproof: `["disproof", node, hour]`, the hour in 8 bytes, little endian.
#[constant]
pub const DISPROOF_SEED: &[u8] = b"disproof";
/// What a disproof sets apart, bps of the node's minimum.
#[constant]
pub const DISPROOF_BPS: u64 = 1_000;

/// A proposal to slash a node: `["slash", node, nonce]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Slash {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Where it stands.
    pub state: SlashState,
    /// 1 when it names fraud: a decision ends the node.
    pub fraud: u8,
    /// 1 while it stops the node's credit.
    pub stops: u8,
    pub padding: [u8; 3],
    /// The node.
    pub node: Pubkey,
    /// The owner who is slashed: the node's when it was proposed.
    pub owner: Pubkey,
    /// The slasher, who proposed it and paid the rent; gets nothing of what is burned.
    pub proposer: Pubkey,
    /// Part of the address.
    pub nonce: u64,
    /// What it still holds back on the node's sides, base units.
    pub amount: u64,
    /// What was set apart for it and is not burned yet, base units.
    pub apart: u64,
    /// What it has burned, base units.
    pub burned: u64,
    /// The node's active stake when this stopped its credit, base units.
    pub stopped_stake: u64,
    /// SHA-256 of the evidence.
    pub evidence_hash: [u8; 32],
    /// When it was proposed, unix time.
    pub proposed_at: i64,
    /// When it was appealed, unix time; 0 while it was not.
    pub appealed_at: i64,
    /// When it was decided, unix time; 0 while it was not.
    pub decided_at: i64,
    /// End of the time for an appeal, fixed when it was proposed; for a disproof until when it stays, unix time.
    pub appeal_until: i64,
    pub reserved: [u8; 64],
}

impl Slash {
    pub const SPACE: usize = 8 + size_of::<Self>();

    fn is(&self, state: SlashState) -> bool {
        self.state == state
    }

    /// The owner's appeal.
    pub fn appeal(&mut self, now: i64) -> Result<()> {
        let open = self.is(SlashState::Proposed) && now < self.appeal_until;
        require!(open, StakingError::AppealClosed);
        self.state = SlashState::Appealed;
        self.appealed_at = now;
        Ok(())
    }

    /// The resolver's decision on all that it may take: at most what was proposed, at least what was set apart
    /// before. Returns what it frees. Without an appeal it comes after the time for one, and lets the slash
    /// reach beyond the owner's side.
    pub fn decide(&mut self, amount: u64, now: i64) -> Result<u64> {
        let until = self.appeal_until;
        let decidable = match self.state {
            SlashState::Appealed => now <= self.appealed_at.saturating_add(DECISION),
            SlashState::Proposed => now >= until && now <= until.saturating_add(EXECUTION),
            _ => false,
        };
        require!(decidable, StakingError::NotDecidable);
        let taken = self.apart.checked_add(self.burned).ok_or(StakingError::Overflow)?;
        require_gte!(amount, taken, StakingError::SlashSetApart);
        let left = amount.saturating_sub(taken);
        require_gte!(self.amount, left, StakingError::SlashRaised);
        let freed = self.amount.saturating_sub(left);
        self.amount = left;
        self.state = SlashState::Decided;
        self.decided_at = now;
        Ok(freed)
    }

    /// Whether the resolver has decided it.
    pub fn is_decided(&self) -> bool {
        self.is(SlashState::Decided)
    }

    /// How much can be set apart now, of a node whose owner's side is `own`: without a decision only that, for
    /// 14 days; after a decision all of it, at any time.
    pub fn settable(&self, own: u64, now: i64) -> Result<u64> {
        let until = self.appeal_until;
        let amount = match self.state {
            SlashState::Decided => self.amount,
            SlashState::Proposed if now >= until && now <= until.saturating_add(EXECUTION) => {
                self.amount.min(own)
            }
            _ => 0,
        };
        require_gt!(amount, 0, StakingError::NotExecutable);
        Ok(amount)
    }

    /// Books what is set apart.
    pub fn set_apart(&mut self, amount: u64) -> Result<()> {
        self.amount = self.amount.checked_sub(amount).ok_or(StakingError::Overflow)?;
        self.apart = self.apart.checked_add(amount).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    /// Books what is burned of what was set apart.
    pub fn execute(&mut self, amount: u64) -> Result<()> {
        self.apart = self.apart.checked_sub(amount).ok_or(StakingError::Overflow)?;
        self.burned = self.burned.checked_add(amount).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    /// The authority takes it back before a decision. Returns what it no longer holds back, and what was set
    /// apart and goes back.
    pub fn cancel(&mut self) -> Result<(u64, u64)> {
        require!(!self.is_decided(), StakingError::SlashDecided);
        let taken = (core::mem::take(&mut self.amount), core::mem::take(&mut self.apart));
        require!(taken != (0, 0), StakingError::NotExecutable);
        // A disproof's account stays, so that nobody shows the same again.
        if !self.is(SlashState::Disproved) {
            self.state = SlashState::Cancelled;
        }
        Ok(taken)
    }

    /// Until when something may still become of what it holds back; `None` without a limit.
    pub fn last_day(&self) -> Option<i64> {
        match self.state {
            SlashState::Proposed => Some(self.appeal_until.saturating_add(EXECUTION)),
            SlashState::Appealed => Some(self.appealed_at.saturating_add(DECISION)),
            _ => None,
        }
    }

    /// Whether it lapsed: nothing can become any more of what it holds back.
    pub fn has_lapsed(&self, now: i64) -> bool {
        self.amount > 0 && self.last_day().is_some_and(|last| now > last)
    }

    /// Whether nothing can come of it any more. What was set apart waits for its burning, and fraud for its
    /// decision, so that nobody closes the case by paying in time.
    pub fn is_over(&self, now: i64) -> bool {
        if self.is(SlashState::Disproved) {
            return self.apart == 0 && now > self.appeal_until;
        }
        let waits = match self.last_day() {
            Some(last) => now <= last && (self.amount > 0 || self.fraud == 1),
            None => self.amount > 0,
        };
        self.apart == 0 && !waits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APPEAL: i64 = 30 * DAY;

    fn slash() -> Slash {
        let mut slash: Slash = bytemuck::Zeroable::zeroed();
        (slash.amount, slash.appeal_until) = (100, APPEAL);
        slash
    }

    #[test]
    fn without_an_appeal_it_is_set_apart_from_the_owner_for_a_fortnight() {
        let mut slash = slash();
        assert!(slash.settable(70, APPEAL - 1).is_err());
        assert_eq!(slash.settable(70, APPEAL).unwrap(), 70);
        assert_eq!(slash.settable(170, APPEAL + EXECUTION).unwrap(), 100);
        assert!(slash.settable(70, APPEAL + EXECUTION + 1).is_err());
        assert!(!slash.is_over(APPEAL + EXECUTION));
        assert!(slash.is_over(APPEAL + EXECUTION + 1) && slash.has_lapsed(APPEAL + EXECUTION + 1));
        slash.set_apart(70).unwrap();
        assert!(!slash.is_over(APPEAL + EXECUTION + 1), "what was set apart does not lapse");
        slash.execute(70).unwrap();
        assert!(slash.is_over(APPEAL + EXECUTION + 1));
    }

    #[test]
    fn an_appealed_one_waits_for_the_resolver_and_lapses_without_him() {
        let mut slash = slash();
        assert!(slash.decide(100, APPEAL - 1).is_err(), "the owner may still appeal");
        assert!(slash.appeal(APPEAL).is_err());
        slash.appeal(5).unwrap();
        assert!(slash.appeal(6).is_err());
        assert!(slash.settable(100, APPEAL + 1).is_err());
        assert!(slash.is_over(5 + DECISION + 1));
        assert!(slash.decide(50, 5 + DECISION + 1).is_err());
        assert!(slash.decide(101, 6).is_err());
        assert_eq!(slash.decide(60, 6).unwrap(), 40);
        assert!(slash.cancel().is_err());
        assert!(!slash.is_over(400 * DAY), "a decision does not lapse");
        assert_eq!(slash.settable(10, 400 * DAY).unwrap(), 60, "a decision reaches beyond the owner");
        slash.set_apart(60).unwrap();
        slash.execute(60).unwrap();
        assert!(slash.is_over(6));
        assert_eq!(slash.burned, 60);
    }

    #[test]
    fn fraud_can_be_decided_although_all_of_it_was_burned_in_time() {
        let mut slash = slash();
        slash.fraud = 1;
        slash.set_apart(100).unwrap();
        slash.execute(100).unwrap();
        assert!(!slash.is_over(APPEAL + EXECUTION));
        assert!(slash.is_over(APPEAL + EXECUTION + 1));
        assert!(slash.decide(99, APPEAL).is_err(), "what was set apart goes back by the authority only");
        assert_eq!(slash.decide(100, APPEAL).unwrap(), 0);
        assert!(slash.is_decided() && slash.is_over(APPEAL));
    }

    #[test]
    fn a_disproof_is_burned_without_a_decision_and_stays_until_its_hour_is_past() {
        let mut slash = slash();
        (slash.state, slash.amount, slash.apart) = (SlashState::Disproved, 0, 100);
        assert!(slash.clone().appeal(5).is_err());
        assert!(slash.decide(100, APPEAL).is_err());
        assert!(slash.settable(170, APPEAL).is_err());
        assert!(!slash.is_decided(), "the limit without a decision holds");
        let mut cancelled = slash;
        assert_eq!(cancelled.cancel().unwrap(), (0, 100));
        assert!(cancelled.cancel().is_err());
        slash.execute(100).unwrap();
        for slash in [slash, cancelled] {
            assert!(!slash.is_over(APPEAL) && !slash.has_lapsed(APPEAL + 1));
            assert!(slash.is_over(APPEAL + 1));
        }
    }

    #[test]
    fn the_authority_takes_back_what_nobody_has_decided() {
        let mut slash = slash();
        slash.set_apart(40).unwrap();
        assert_eq!(slash.cancel().unwrap(), (60, 40));
        assert!(slash.cancel().is_err());
        assert!(slash.is_over(0));
    }
}
