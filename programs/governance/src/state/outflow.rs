use crate::errors::GovernanceError;
use anchor_lang::prelude::*;
use io_common::outflow::Outflow;
use io_math::ratio::mul_div_floor;
use io_math::BPS;

/// Seed of an asset's outflow: `["outflow", asset]`.
#[constant]
pub const OUTFLOW_SEED: &[u8] = b"outflow";

/// Counts what left the treasury of one asset, so that no seven days exceed the limit:
/// `["outflow", asset]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct AssetOutflow {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    pub padding: [u8; 6],
    /// A mint; the default key is SOL, wrapped or not.
    pub asset: Pubkey,
    /// What left on each of the latest days.
    pub recent: Outflow,
    /// All that has left so far, base units.
    pub total: u64,
    /// Number of the latest event.
    pub seq: u64,
    pub reserved: [u8; 64],
}

impl AssetOutflow {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// Books what leaves, of `held`; the limit is a share of what would be held had nothing left in the
    /// days that are looked at.
    pub fn book(&mut self, amount: u64, held: u64, limit_bps: u16, now: i64) -> Result<()> {
        // An outflow's room at the largest limit is that limit less what flowed out.
        let gone = u64::MAX.saturating_sub(self.recent.room(now, u64::MAX));
        let base = held.checked_add(gone).ok_or(GovernanceError::Overflow)?;
        let limit = mul_div_floor(base, u64::from(limit_bps), BPS).ok_or(GovernanceError::Overflow)?;
        require!(self.recent.take(now, limit, amount), GovernanceError::OutflowLimit);
        self.total = self.total.checked_add(amount).ok_or(GovernanceError::Overflow)?;
        self.seq = self.seq.saturating_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use io_math::DAY;

    #[test]
    fn no_more_than_the_share_leaves_in_seven_days() {
        let mut outflow = AssetOutflow::zeroed();
        outflow.book(150, 1_000, 2_500, 10 * DAY).unwrap();
        // 850 are left, and 150 have gone: the limit is still a quarter of 1,000.
        assert_eq!(outflow.book(101, 850, 2_500, 11 * DAY), Err(GovernanceError::OutflowLimit.into()));
        outflow.book(100, 850, 2_500, 11 * DAY).unwrap();
        assert!(outflow.book(1, 750, 2_500, 17 * DAY).is_err());
        // The first day is out of the window: 750 and 100 of the second.
        assert!(outflow.book(113, 750, 2_500, 18 * DAY).is_err());
        outflow.book(112, 750, 2_500, 18 * DAY).unwrap();
        assert_eq!((outflow.total, outflow.seq), (362, 3));
    }
}
