use crate::errors::StakingError;
use anchor_lang::prelude::*;
pub use io_common::abi::Pool;
use io_math::ratio::mul_div_ceil;
use io_math::{BPS, IO};

/// Lowest minimum stake per processor of a class before its multiplier, base units.
#[constant]
pub const MIN_BASE_MINIMUM: u64 = IO;
/// Highest minimum stake per processor of a class before its multiplier, base units.
#[constant]
pub const MAX_BASE_MINIMUM: u64 = 10_000 * IO;
/// Lowest maximum stake of a node, as a multiple of its minimum.
#[constant]
pub const MIN_MAXIMUM: u8 = 2;
/// Highest maximum stake of a node, as a multiple of its minimum.
#[constant]
pub const MAX_MAXIMUM: u8 = 20;
/// Largest multiplier of a class, bps of the reference.
#[constant]
pub const MAX_MULTIPLIER_BPS: u32 = 10_000_000;
/// Seed of a class: `["class", id]`, the id in 2 bytes, little endian.
#[constant]
pub const CLASS_SEED: &[u8] = b"class";

/// A hardware class, as an instruction takes it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassArgs {
    /// Its kind of hardware.
    pub pool: Pool,
    /// Whether new devices of the class are taken.
    pub enabled: bool,
    /// Largest stake of a node, as a multiple of its minimum.
    pub maximum: u8,
    /// Weight of one processor, in bps of the reference.
    pub multiplier_bps: u32,
    /// Minimum stake per processor before the multiplier, base units.
    pub base_minimum: u64,
    /// Name, UTF-8, padded with zeros.
    pub name: [u8; 32],
}

/// A kind of hardware: `["class", id]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Class {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Its kind of hardware.
    pub pool: Pool,
    /// 1 while new devices are taken.
    pub enabled: u8,
    /// Number of the class.
    pub id: u16,
    /// Largest stake of a node, as a multiple of its minimum.
    pub maximum: u8,
    pub padding: u8,
    /// Weight of one processor, bps of the reference.
    pub multiplier_bps: u32,
    pub padding_2: u32,
    /// Minimum stake per processor before the multiplier, base units.
    pub base_minimum: u64,
    /// Name, UTF-8, padded with zeros.
    pub name: [u8; 32],
    pub reserved: [u8; 64],
}

impl Class {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn set(&mut self, id: u16, bump: u8, args: ClassArgs) -> Result<()> {
        require!(args.pool.is_known(), StakingError::UnknownPool);
        require!((MIN_MAXIMUM..=MAX_MAXIMUM).contains(&args.maximum), StakingError::MaximumOutOfBounds);
        let minimums = MIN_BASE_MINIMUM..=MAX_BASE_MINIMUM;
        require!(minimums.contains(&args.base_minimum), StakingError::MinimumOutOfBounds);
        require!(
            (1..=MAX_MULTIPLIER_BPS).contains(&args.multiplier_bps),
            StakingError::MultiplierOutOfBounds
        );
        self.version = 1;
        self.bump = bump;
        self.id = id;
        self.pool = args.pool;
        self.enabled = args.enabled.into();
        self.maximum = args.maximum;
        self.multiplier_bps = args.multiplier_bps;
        self.base_minimum = args.base_minimum;
        self.name = args.name;
        Ok(())
    }

    /// The owner's minimum for `units` processors: base · max(1, multiplier) each, rounded up.
    pub fn minimum_stake(&self, units: u8) -> Result<u64> {
        let weight = u64::from(self.multiplier_bps).max(BPS);
        mul_div_ceil(self.base_minimum, weight, BPS)
            .and_then(|each| each.checked_mul(u64::from(units)))
            .ok_or_else(|| error!(StakingError::Overflow))
    }

    /// The most that both sides together may stake on `units` processors.
    pub fn maximum_stake(&self, units: u8) -> Result<u64> {
        self.minimum_stake(units)?
            .checked_mul(u64::from(self.maximum))
            .ok_or_else(|| error!(StakingError::Overflow))
    }
}

#[cfg(test)]
pub fn class(multiplier_bps: u32) -> Class {
    let mut class: Class = bytemuck::Zeroable::zeroed();
    let name = [0; 32];
    let args = ClassArgs {
        pool: Pool::Gpu,
        enabled: true,
        maximum: 5,
        multiplier_bps,
        base_minimum: 200 * IO,
        name,
    };
    class.set(1, 255, args).unwrap();
    class
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_h100_need_sixteen_thousand_io() {
        assert_eq!(class(100_000).minimum_stake(8).unwrap(), 16_000 * IO);
        assert_eq!(class(100_000).maximum_stake(8).unwrap(), 80_000 * IO);
    }

    #[test]
    fn a_multiplier_below_one_does_not_lower_the_minimum() {
        assert_eq!(class(5_000).minimum_stake(1).unwrap(), 200 * IO);
        assert_eq!(class(12_500).minimum_stake(1).unwrap(), 250 * IO);
    }
}
