use crate::errors::StakingError;
use anchor_lang::prelude::*;
use io_math::DAY;

/// Time for executing a slash, from the end of its time for an appeal or from its decision, seconds.
#[constant]
pub const EXECUTION: i64 = 14 * DAY;
/// Time for deciding an appealed slash, seconds.
#[constant]
pub const DECISION: i64 = 30 * DAY;
/// Seed of a slash: `["slash", node, nonce]`, the nonce in 8 bytes, little endian.
#[constant]
pub const SLASH_SEED: &[u8] = b"slash";

io_common::open_enum!(
    /// Where a slash stands.
    pub enum SlashState {
        /// Can be appealed; after that it can be executed against the owner's side.
        Proposed = 0,
        /// Waits for the resolver.
        Appealed = 1,
        /// Decided: what is left of it can be executed, also against co-stakers.
        Decided = 2,
    }
);

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
    pub padding: [u8; 5],
    /// The node.
    pub node: Pubkey,
    /// Who proposed it and paid its rent; gets nothing of it.
    pub proposer: Pubkey,
    /// Part of the address.
    pub nonce: u64,
    /// Tokens that it still holds back.
    pub amount: u64,
    /// Tokens that it has burned.
    pub burned: u64,
    /// SHA-256 of the evidence.
    pub evidence_hash: [u8; 32],
    /// When it was proposed, unix time.
    pub proposed_at: i64,
    /// When it was appealed, unix time; 0 while it was not.
    pub appealed_at: i64,
    /// When it was decided, unix time; 0 while it was not.
    pub decided_at: i64,
    /// End of the time for an appeal, fixed when it was proposed.
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

    /// The resolver's decision: at most what was proposed. Returns what it frees. Without an appeal it
    /// comes after the time for one, and lets the slash reach beyond the owner's side.
    pub fn decide(&mut self, amount: u64, now: i64) -> Result<u64> {
        let until = self.appeal_until;
        let decidable = match self.state {
            SlashState::Appealed => now <= self.appealed_at.saturating_add(DECISION),
            SlashState::Proposed => now >= until && now <= until.saturating_add(EXECUTION),
            _ => false,
        };
        require!(decidable, StakingError::NotDecidable);
        require_gte!(self.amount, amount, StakingError::SlashRaised);
        let freed = self.amount.saturating_sub(amount);
        self.amount = amount;
        self.state = SlashState::Decided;
        self.decided_at = now;
        Ok(freed)
    }

    /// How much can be executed now, of a node whose owner's side is `own`.
    pub fn executable(&self, own: u64, now: i64) -> Result<u64> {
        let (from, amount) = match self.state {
            SlashState::Decided => (self.decided_at, self.amount),
            SlashState::Proposed => (self.appeal_until, self.amount.min(own)),
            _ => return err!(StakingError::NotExecutable),
        };
        let open = now >= from && now <= from.saturating_add(EXECUTION) && amount > 0;
        require!(open, StakingError::NotExecutable);
        Ok(amount)
    }

    /// Books an execution.
    pub fn execute(&mut self, amount: u64) -> Result<()> {
        self.amount = self.amount.checked_sub(amount).ok_or(StakingError::Overflow)?;
        self.burned = self.burned.checked_add(amount).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    /// Whether nothing can come of it any more.
    pub fn is_over(&self, now: i64) -> bool {
        let last = match self.state {
            SlashState::Proposed => self.appeal_until.saturating_add(EXECUTION),
            SlashState::Appealed => self.appealed_at.saturating_add(DECISION),
            _ => self.decided_at.saturating_add(EXECUTION),
        };
        self.amount == 0 || now > last
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
    fn without_an_appeal_it_is_executable_for_a_fortnight_against_the_owner() {
        let slash = slash();
        assert!(slash.executable(70, APPEAL - 1).is_err());
        assert_eq!(slash.executable(70, APPEAL).unwrap(), 70);
        assert_eq!(slash.executable(170, APPEAL + EXECUTION).unwrap(), 100);
        assert!(slash.executable(70, APPEAL + EXECUTION + 1).is_err());
        assert!(!slash.is_over(APPEAL + EXECUTION));
        assert!(slash.is_over(APPEAL + EXECUTION + 1));
    }

    #[test]
    fn an_appealed_one_waits_for_the_resolver_and_lapses_without_him() {
        let mut slash = slash();
        assert!(slash.decide(100, APPEAL - 1).is_err(), "the owner may still appeal");
        assert!(slash.appeal(APPEAL).is_err());
        slash.appeal(5).unwrap();
        assert!(slash.appeal(6).is_err());
        assert!(slash.executable(100, APPEAL + 1).is_err());
        assert!(slash.is_over(5 + DECISION + 1));
        assert!(slash.decide(50, 5 + DECISION + 1).is_err());
        assert!(slash.decide(101, 6).is_err());
        assert_eq!(slash.decide(60, 6).unwrap(), 40);
        assert_eq!(slash.executable(10, 6).unwrap(), 60, "a decision reaches beyond the owner");
        slash.execute(60).unwrap();
        assert!(slash.is_over(6));
        assert_eq!(slash.burned, 60);
    }
}
