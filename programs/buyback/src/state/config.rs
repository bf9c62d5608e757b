use crate::errors::BuybackError;
use anchor_lang::prelude::*;
use io_common::Roles;

/// Paused entry: `burn_fees`.
pub const PAUSE_BURN: u64 = 1;
pub const PAUSES: u64 = PAUSE_BURN;

/// Fee vaults of a mint. Several, so that jobs settling at once do not wait for one account.
pub const SHARDS: u8 = 8;

/// The one configuration account of the program, and the owner of every fee vault: `["config"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Config {
    pub version: u8,
    pub bump: u8,
    pub padding: [u8; 6],
    /// IO burned in all, base units; never falls.
    pub burned: u64,
    /// Latest time that an instruction has seen.
    pub last_time: i64,
    /// Burns so far, and the number of the latest.
    pub receipts: u64,
    /// Number of the latest event.
    pub seq: u64,
    pub roles: Roles,
    pub reserved: [u8; 256],
}

impl Config {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Books a burn at `now` and returns the number of its receipt.
    pub fn book_burn(&mut self, amount: u64, now: i64) -> Result<u64> {
        self.last_time = now;
        self.burned = self.burned.checked_add(amount).ok_or(BuybackError::Overflow)?;
        self.receipts = self.receipts.checked_add(1).ok_or(BuybackError::Overflow)?;
        Ok(self.receipts)
    }
}

/// Checks that a burn took exactly `amount` out of the supply.
pub fn check_burned(before: u64, after: u64, amount: u64) -> Result<()> {
    require!(before.checked_sub(after) == Some(amount), BuybackError::SupplyMismatch);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use io_common::{abi, assert_layout};

    #[test]
    fn the_layout_begins_as_others_read_it() {
        assert_layout!(Config, abi::BuybackConfig, [version, bump, padding, burned]);
    }

    #[test]
    fn burns_add_up_and_are_numbered() {
        let mut config = Config::zeroed();
        assert_eq!(config.book_burn(5, 100), Ok(1));
        assert_eq!(config.book_burn(7, 200), Ok(2));
        assert_eq!((config.burned, config.receipts, config.last_time), (12, 2, 200));
        assert_eq!(config.book_burn(u64::MAX, 200), Err(BuybackError::Overflow.into()));
    }

    #[test]
    fn the_supply_has_to_fall_by_what_was_burned() {
        assert_eq!(check_burned(10, 7, 3), Ok(()));
        for (before, after) in [(10, 8), (10, 6), (10, 13), (0, u64::MAX)] {
            assert_eq!(check_burned(before, after, 3), Err(BuybackError::SupplyMismatch.into()));
        }
    }
}
