use crate::errors::StakingError;
use anchor_lang::prelude::*;
pub use io_common::abi::Pool;
use io_math::ratio::mul_div_ceil;
use io_math::{rate, residency, BPS, IO};
use std::io::{self, Read, Write};

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
/// Products of different sizes whose times a class can have.
pub const PRODUCTS: usize = 2;
/// Longest time of a reference, nanoseconds: a quarter of an hour.
pub const MAX_REFERENCE_TIME: u64 = 900_000_000_000;
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

/// How long a class takes for a product, by measurement; zeros for none.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ProductTime {
    /// Rows of the product.
    pub m: u32,
    /// Its inner length.
    pub k: u32,
    /// Median time, nanoseconds.
    pub nanoseconds: u64,
}

/// How long a class takes for chains of reads over a memory that is filled, by measurement; zeros for none.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct MemoryTime {
    /// Blocks of 128 bytes.
    pub blocks: u32,
    /// Rounds of a block.
    pub rounds: u32,
    /// Chains.
    pub chains: u32,
    /// Reads of each chain.
    pub reads: u32,
    /// Median time, nanoseconds.
    pub nanoseconds: u64,
}

/// What the devices of a class are judged by: an answer is late after half as long again and half a second.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// Of products.
    pub products: [ProductTime; PRODUCTS],
    /// Of a memory.
    pub memory: MemoryTime,
}

// An instruction and an event have it as the account does: it has no gaps.
impl AnchorSerialize for Reference {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(bytemuck::bytes_of(self))
    }
}

impl AnchorDeserialize for Reference {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let mut read = Self::default();
        reader.read_exact(bytemuck::bytes_of_mut(&mut read))?;
        Ok(read)
    }
}

impl Reference {
    /// Checks that all times are of what is specified.
    fn check(&self) -> Result<()> {
        let times = 1..=MAX_REFERENCE_TIME;
        for product in self.products.iter().filter(|product| **product != ProductTime::default()) {
            require!(rate::is_specified(product.m, product.k), StakingError::ProductUnknown);
            require!(times.contains(&product.nanoseconds), StakingError::ReferenceOutOfBounds);
        }
        let MemoryTime { blocks, rounds, chains, reads, nanoseconds } = self.memory;
        if self.memory != MemoryTime::default() {
            require!(residency::is_specified(blocks, rounds, chains, reads), StakingError::MemoryUnknown);
            require!(times.contains(&nanoseconds), StakingError::ReferenceOutOfBounds);
        }
        Ok(())
    }
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
    /// What its devices are judged by; zeros while nobody has measured it.
    pub reference: Reference,
    pub reserved: [u8; 8],
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

    /// Sets what its devices are judged by.
    pub fn set_reference(&mut self, reference: Reference) -> Result<()> {
        reference.check()?;
        self.reference = reference;
        Ok(())
    }

    /// Checks that devices of `other`, which do not reach their class, can go down to this one.
    pub fn check_below(&self, other: &Class) -> Result<()> {
        require!(self.enabled == 1, StakingError::ClassDisabled);
        require!(self.pool == other.pool, StakingError::OtherPool);
        require_gt!(other.multiplier_bps, self.multiplier_bps, StakingError::ClassNotLower);
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
    fn a_reference_is_of_what_is_specified_or_empty() {
        let product = |m, k, nanoseconds| Reference {
            products: [ProductTime { m, k, nanoseconds }, ProductTime::default()],
            ..Reference::default()
        };
        let memory = |blocks, rounds, chains, reads, nanoseconds| Reference {
            memory: MemoryTime { blocks, rounds, chains, reads, nanoseconds },
            ..Reference::default()
        };
        let mut class = class(10_000);
        for fits in [
            Reference::default(),
            product(1_024, 4_096, 1),
            product(65_536, 4_194_304, MAX_REFERENCE_TIME),
            memory(u32::MAX, 65_536, 1 << 28, 65_536, 1),
            memory(64, 8, 64, 1, MAX_REFERENCE_TIME),
        ] {
            class.set_reference(fits).unwrap();
            assert_eq!(class.reference, fits);
        }
        let kept = class.reference;
        for refused in [
            product(1_000, 4_096, 1),
            product(32, 4_096, 1),
            product(1_024, 4_097, 1),
            product(1_024, 4_194_320, 1),
            product(1_024, 0, 1),
            product(1_024, 4_096, 0),
            product(1_024, 4_096, MAX_REFERENCE_TIME + 1),
            memory(63, 8, 64, 1, 1),
            memory(1_024, 7, 64, 1, 1),
            memory(1_024, 65_537, 64, 1, 1),
            memory(1_024, 8, 96, 1, 1),
            memory(1_024, 8, 32, 1, 1),
            memory(1_024, 8, 64, 0, 1),
            memory(1_024, 8, 64, 65_537, 1),
            memory(1_024, 8, 64, 1, 0),
        ] {
            assert!(class.set_reference(refused).is_err(), "{refused:?}");
        }
        assert_eq!(class.reference, kept);
    }

    #[test]
    fn a_device_goes_down_to_an_open_class_of_its_pool_that_weighs_less() {
        let (above, below) = (class(10_001), class(10_000));
        below.check_below(&above).unwrap();
        assert!(above.check_below(&above).is_err());
        assert!(above.check_below(&below).is_err());
        let (mut closed, mut other) = (below, below);
        (closed.enabled, other.pool) = (0, Pool::Cpu);
        assert!(closed.check_below(&above).is_err());
        assert!(other.check_below(&above).is_err());
    }

    #[test]
    fn a_multiplier_below_one_does_not_lower_the_minimum() {
        assert_eq!(class(5_000).minimum_stake(1).unwrap(), 200 * IO);
        assert_eq!(class(12_500).minimum_stake(1).unwrap(), 250 * IO);
    }
}
