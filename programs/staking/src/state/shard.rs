use crate::errors::StakingError;
use anchor_lang::prelude::*;
use io_common::{abi, Snapshot};

/// Number of shards in which active stake is summed.
#[constant]
pub const STAKE_SHARDS: u8 = abi::STAKE_SHARDS;
/// Seed of a shard: `["shard", index]`, the index in 1 byte.
#[constant]
pub const SHARD_SEED: &[u8] = b"shard";

/// Active stake on the nodes whose key's first byte is `index` modulo 16: `["shard", index]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct StakeShard {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Number of the shard.
    pub index: u8,
    pub padding: [u8; 5],
    /// Active stake of its nodes by week, base units.
    pub active: Snapshot,
    pub reserved: [u8; 64],
}

impl StakeShard {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn index_of(node: &Pubkey) -> u8 {
        let [first, ..] = node.to_bytes();
        first & (STAKE_SHARDS - 1)
    }

    /// Records that a node's active stake was `before` and is `after`.
    pub fn adjust(&mut self, now: i64, before: u64, after: u64) -> Result<()> {
        if before == after {
            return Ok(());
        }
        let others = self.active.now.checked_sub(before).ok_or(StakingError::Overflow)?;
        self.active.set(now, others.checked_add(after).ok_or(StakingError::Overflow)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use io_common::{abi, assert_layout};

    #[test]
    fn the_layout_begins_as_others_read_it() {
        assert_layout!(StakeShard, abi::StakeShard, [version, bump, index, padding, active]);
        assert_eq!(STAKE_SHARDS, abi::STAKE_SHARDS);
    }
}
