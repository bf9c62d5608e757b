use crate::errors::DistributorError;
use anchor_lang::prelude::*;

/// Leaves whose claims one account marks.
#[constant]
pub const CHUNK: u32 = 8_192;
/// Seed of an account of claims: `["claims", airdrop, number]`, the number in 4 bytes, little endian.
#[constant]
pub const CLAIMS_SEED: &[u8] = b"claims";
const BYTES: usize = 1_024;

/// Marks which of 8,192 leaves of an airdrop were claimed: `["claims", airdrop, number]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Claims {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    pub padding: [u8; 2],
    /// Its first leaf is `number · 8,192`.
    pub number: u32,
    /// The airdrop.
    pub airdrop: Pubkey,
    /// Paid the rent.
    pub payer: Pubkey,
    /// A bit for each leaf, from the lowest of the first byte.
    pub bits: [u8; BYTES],
    pub reserved: [u8; 16],
}

impl Claims {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// The number of the account that marks a leaf.
    pub fn number_of(index: u32) -> u32 {
        index.checked_div(CHUNK).unwrap_or(0)
    }

    /// Marks a leaf as claimed.
    pub fn mark(&mut self, index: u32) -> Result<()> {
        require!(Self::number_of(index) == self.number, DistributorError::WrongChunk);
        let place = index.checked_rem(CHUNK).unwrap_or(0);
        let byte = usize::try_from(place >> 3).ok().and_then(|at| self.bits.get_mut(at));
        let byte = byte.ok_or(DistributorError::WrongChunk)?;
        let bit = 1u8 << (place & 7);
        require!(*byte & bit == 0, DistributorError::AlreadyClaimed);
        *byte |= bit;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    #[test]
    fn each_leaf_is_marked_once_and_no_other_with_it() {
        let mut claims = Claims::zeroed();
        claims.number = 2;
        for index in 2 * CHUNK..3 * CHUNK {
            claims.mark(index).unwrap();
            assert_eq!(claims.mark(index), Err(DistributorError::AlreadyClaimed.into()));
            let marked: u32 = claims.bits.iter().map(|byte| byte.count_ones()).sum();
            assert_eq!(marked, index - 2 * CHUNK + 1);
        }
    }

    #[test]
    fn leaves_of_other_chunks_are_not_marked() {
        let mut claims = Claims::zeroed();
        claims.number = 1;
        for index in [0, CHUNK - 1, 2 * CHUNK, u32::MAX] {
            assert_eq!(claims.mark(index), Err(DistributorError::WrongChunk.into()));
        }
        assert_eq!(usize::try_from(CHUNK).unwrap(), 8 * BYTES);
        assert_eq!(Claims::SPACE, 8 + 1_112);
    }
}
