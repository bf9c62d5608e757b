use crate::errors::ProofsError;
use anchor_lang::prelude::*;

/// Seed of a challenge: `["challenge", report, node]`.
#[constant]
pub const CHALLENGE_SEED: &[u8] = b"challenge";
/// Seed of the token account that holds a bond: `["bond", challenge]`.
#[constant]
pub const BOND_SEED: &[u8] = b"bond";

/// Time after the freeze of an undecided challenge in which only the guardian can challenge that node again,
/// seconds.
#[constant]
pub const QUIET: i64 = 30 * io_math::DAY;

/// A challenge, with a bond, of one node's leaf in a report, which holds that node's credit back:
/// `["challenge", report, node]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Challenge {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    pub padding: [u8; 6],
    /// The report.
    pub report: Pubkey,
    /// The node whose leaf is challenged.
    pub node: Pubkey,
    /// The challenger, who paid the bond and the rent.
    pub challenger: Pubkey,
    /// Token account that holds the bond.
    pub bond_vault: Pubkey,
    /// The bond, base units of IO.
    pub bond: u64,
    /// SHA-256 of the challenger's evidence.
    pub evidence_hash: [u8; 32],
    /// When it was made, unix time.
    pub made_at: i64,
    /// When it lapses if nobody has decided it, unix time.
    pub until: i64,
    pub reserved: [u8; 64],
}

impl Challenge {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// Until when only the guardian makes another challenge of the node, unless this one is decided.
    pub fn quiet_until(&self) -> i64 {
        self.until.saturating_add(QUIET)
    }

    pub fn check_open(&self, now: i64) -> Result<()> {
        require_gt!(self.until, now, ProofsError::ChallengeExpired);
        Ok(())
    }

    pub fn check_expired(&self, now: i64) -> Result<()> {
        require_gte!(now, self.until, ProofsError::ChallengeOpen);
        Ok(())
    }
}
