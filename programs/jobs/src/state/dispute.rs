use crate::errors::JobsError;
use anchor_lang::prelude::*;
use core::cmp::Ordering;

/// Seed of a dispute: `["dispute", job, party]`.
#[constant]
pub const DISPUTE_SEED: &[u8] = b"dispute";
/// Seed of the token account that holds a bond: `["bond", dispute]`.
#[constant]
pub const BOND_SEED: &[u8] = b"bond";

io_common::open_enum!(
    /// How a dispute ended.
    pub enum DisputeOutcome {
        /// Not decided; if it never is, the attested split stands and the bond comes back.
        None = 0,
        /// Decided in favour of the party that disputed: the bond comes back.
        Upheld = 1,
        /// Decided against that party: the bond is lost.
        Rejected = 2,
    }
);

/// A party's dispute of how a job's price is split, with a bond: `["dispute", job, party]`. It signs for
/// its bond, so that it outlives the job.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Dispute {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// 1 when the renter disputes, 0 when the supplier does.
    pub by_renter: u8,
    /// How it ended.
    pub outcome: DisputeOutcome,
    pub padding: [u8; 4],
    /// The disputed job.
    pub job: Pubkey,
    /// The party that disputes, who paid the bond and the rent.
    pub party: Pubkey,
    /// Token account that holds the bond.
    pub bond_vault: Pubkey,
    /// Where a lost bond goes: the job's fee vault.
    pub fee_vault: Pubkey,
    /// The bond, base units of the job's mint.
    pub bond: u64,
    /// What was frozen, base units.
    pub frozen: u64,
    /// SHA-256 of the party's evidence.
    pub evidence_hash: [u8; 32],
    /// When it was made, unix time.
    pub made_at: i64,
    /// When it is over if nobody has decided it, unix time.
    pub until: i64,
    /// Number of the latest event.
    pub seq: u64,
    pub reserved: [u8; 64],
}

impl Dispute {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Notes a decision: `supplier` says how the supplier's part compares with the attested one. Only a
    /// decision that gives the party more returns the bond.
    pub fn decide(&mut self, supplier: Ordering) -> DisputeOutcome {
        let wanted = if self.by_renter == 1 { Ordering::Less } else { Ordering::Greater };
        let outcome = if supplier == wanted { DisputeOutcome::Upheld } else { DisputeOutcome::Rejected };
        self.outcome = outcome;
        outcome
    }

    /// Whether it is decided, or its time is over.
    pub fn check_over(&self, now: i64) -> Result<()> {
        require!(self.outcome != DisputeOutcome::None || now >= self.until, JobsError::DisputeOpen);
        Ok(())
    }

    /// Whether the bond goes to an account at `key` of `owner`.
    pub fn pays_to(&self, key: &Pubkey, owner: &Pubkey) -> bool {
        if self.outcome == DisputeOutcome::Rejected {
            *key == self.fee_vault
        } else {
            *owner == self.party
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dispute(by_renter: bool) -> Dispute {
        let mut dispute: Dispute = bytemuck::Zeroable::zeroed();
        (dispute.by_renter, dispute.until) = (by_renter.into(), 100);
        (dispute.party, dispute.fee_vault) = (Pubkey::new_unique(), Pubkey::new_unique());
        dispute
    }

    #[test]
    fn the_bond_comes_back_to_whom_the_decision_gives_more() {
        for (by_renter, supplier, outcome) in [
            (true, Ordering::Less, DisputeOutcome::Upheld),
            (true, Ordering::Equal, DisputeOutcome::Rejected),
            (true, Ordering::Greater, DisputeOutcome::Rejected),
            (false, Ordering::Greater, DisputeOutcome::Upheld),
            (false, Ordering::Equal, DisputeOutcome::Rejected),
            (false, Ordering::Less, DisputeOutcome::Rejected),
        ] {
            let mut dispute = dispute(by_renter);
            assert_eq!(dispute.decide(supplier), outcome);
            let (back, lost) = (outcome == DisputeOutcome::Upheld, outcome == DisputeOutcome::Rejected);
            assert_eq!(dispute.pays_to(&Pubkey::new_unique(), &dispute.party), back);
            assert_eq!(dispute.pays_to(&dispute.fee_vault, &Pubkey::new_unique()), lost);
            dispute.check_over(0).unwrap();
        }
    }

    #[test]
    fn undecided_it_is_over_in_time_and_the_bond_comes_back() {
        let dispute = dispute(true);
        assert!(dispute.check_over(99).is_err());
        dispute.check_over(100).unwrap();
        assert!(dispute.pays_to(&Pubkey::new_unique(), &dispute.party));
        assert!(!dispute.pays_to(&dispute.fee_vault, &Pubkey::new_unique()));
    }
}
