use crate::errors::JobsError;
use anchor_lang::prelude::*;
use io_common::pyth::PriceLimits;
use io_common::Roles;
use io_math::DAY;

/// Pause bit: creating offers. Offers can still be changed.
#[constant]
pub const PAUSE_OFFER: u64 = 1;
/// Pause bit: booking and extending. What is booked goes on.
#[constant]
pub const PAUSE_BOOK: u64 = 2;
/// Every pause bit.
pub const PAUSES: u64 = PAUSE_OFFER | PAUSE_BOOK;

/// Largest booking fee of one side, bps.
#[constant]
pub const MAX_BOOKING_BPS: u16 = 100;
/// Smallest bond of a dispute, bps of what it freezes.
#[constant]
pub const MIN_DISPUTE_BOND_BPS: u16 = 100;
/// Largest bond of a dispute, bps of what it freezes.
#[constant]
pub const MAX_DISPUTE_BOND_BPS: u16 = 2_000;
/// Largest age of a price that may be allowed, seconds.
#[constant]
pub const MAX_PRICE_AGE: u32 = PriceLimits::WORST.max_age;
/// Widest confidence interval that may be allowed, bps of the price.
#[constant]
pub const MAX_CONFIDENCE_BPS: u16 = PriceLimits::WORST.max_confidence_bps;
/// Largest distance from the moving average that may be allowed, bps of it.
#[constant]
pub const MAX_EMA_DISTANCE_BPS: u16 = PriceLimits::WORST.max_ema_distance_bps;
/// Most attesters that a job may need.
#[constant]
pub const MAX_ATTESTERS: u8 = 5;
/// Time from booking to the latest start, seconds.
#[constant]
pub const START_WINDOW: i64 = 1_200;
/// Time from booking in which an attester can confirm the manifest, seconds: the supplier has the rest of the
/// start window for starting the job.
#[constant]
pub const MANIFEST_WINDOW: i64 = 600;
/// Attesters' statements that a node is gone count together within this time, seconds.
#[constant]
pub const LOST_WITHIN: i64 = 3_600;
/// Lowest value of the parameter `verdict_age`, seconds.
#[constant]
pub const MIN_VERDICT_AGE: u32 = 3_600;
/// Highest value of the parameter `verdict_age`, and how old a verdict of the report at the head may be,
/// seconds.
#[constant]
pub const MAX_VERDICT_AGE: u32 = 172_800;
/// Anyone may end a job whose attesters were silent for this long, seconds.
#[constant]
pub const SILENCE: i64 = DAY;
/// A job may be disputed until this long after its end, seconds.
#[constant]
pub const DISPUTE_WINDOW: i64 = DAY;
/// A dispute that nobody decides is over after this long, seconds.
#[constant]
pub const DISPUTE_TIME: i64 = 14 * DAY;

/// Seed of the configuration: `["config"]`.
#[constant]
pub const CONFIG_SEED: &[u8] = b"config";

/// Parameters, as an instruction takes them.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamsArgs {
    /// May pause entries.
    pub pauser: Pubkey,
    /// Decides disputes.
    pub resolver: Pubkey,
    /// Booking fee of each side, bps.
    pub booking_bps: u16,
    /// Bond of a dispute, bps of what it freezes.
    pub dispute_bond_bps: u16,
    /// Widest confidence interval of a price, bps of it.
    pub max_confidence_bps: u16,
    /// Largest distance of a price from its moving average, bps of it.
    pub max_ema_distance_bps: u16,
    /// Oldest price, seconds.
    pub max_price_age: u32,
    /// Largest age of the compute proof that a node is booked on, where it is not the head's, seconds.
    pub verdict_age: u32,
    /// Attesters of a job.
    pub attesters: u8,
    /// Attesters of a job that costs at least `large_daily_usd` a day.
    pub attesters_large: u8,
    /// Micro-dollars a day from which a job is large.
    pub large_daily_usd: u64,
}

/// The one configuration account of the program: `["config"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Config {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Attesters of a job.
    pub attesters: u8,
    /// Attesters of a large job.
    pub attesters_large: u8,
    /// Booking fee of each side, bps.
    pub booking_bps: u16,
    /// Bond of a dispute, bps of what it freezes.
    pub dispute_bond_bps: u16,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// Authority, pauser, and what is paused.
    pub roles: Roles,
    /// Decides disputes.
    pub resolver: Pubkey,
    /// Micro-dollars a day from which a job is large.
    pub large_daily_usd: u64,
    /// Limits that a price has to keep.
    pub price_limits: PriceLimits,
    /// Largest age of the compute proof that a node is booked on, where it is not the head's, seconds.
    pub verdict_age: u32,
    pub padding: u32,
    /// Number of the latest event of this account.
    pub seq: u64,
    pub reserved: [u8; 256],
}

impl Config {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// The published defaults.
    pub fn defaults(authority: Pubkey, resolver: Pubkey) -> ParamsArgs {
        ParamsArgs {
            pauser: authority,
            resolver,
            booking_bps: 25,
            dispute_bond_bps: 500,
            max_confidence_bps: 100,
            max_ema_distance_bps: 500,
            max_price_age: 60,
            verdict_age: 6 * 3_600,
            attesters: 1,
            attesters_large: 2,
            large_daily_usd: 1_000_000_000,
        }
    }

    pub fn set_params(&mut self, args: ParamsArgs) -> Result<()> {
        require!(args.booking_bps <= MAX_BOOKING_BPS, JobsError::BookingFeeOutOfBounds);
        let bonds = MIN_DISPUTE_BOND_BPS..=MAX_DISPUTE_BOND_BPS;
        require!(bonds.contains(&args.dispute_bond_bps), JobsError::DisputeBondOutOfBounds);
        require!((1..=MAX_PRICE_AGE).contains(&args.max_price_age), JobsError::PriceAgeOutOfBounds);
        require!(args.max_confidence_bps <= MAX_CONFIDENCE_BPS, JobsError::ConfidenceOutOfBounds);
        require!(
            (1..=MAX_EMA_DISTANCE_BPS).contains(&args.max_ema_distance_bps),
            JobsError::EmaDistanceOutOfBounds
        );
        let ages = MIN_VERDICT_AGE..=MAX_VERDICT_AGE;
        require!(ages.contains(&args.verdict_age), JobsError::VerdictAgeOutOfBounds);
        let count = 1..=MAX_ATTESTERS;
        require!(count.contains(&args.attesters), JobsError::AttestersOutOfBounds);
        require!(count.contains(&args.attesters_large), JobsError::AttestersOutOfBounds);
        self.roles.pauser = args.pauser;
        self.resolver = args.resolver;
        self.booking_bps = args.booking_bps;
        self.dispute_bond_bps = args.dispute_bond_bps;
        self.attesters = args.attesters;
        self.attesters_large = args.attesters_large;
        self.large_daily_usd = args.large_daily_usd;
        self.verdict_age = args.verdict_age;
        self.price_limits = PriceLimits {
            max_age: args.max_price_age,
            max_confidence_bps: args.max_confidence_bps,
            max_ema_distance_bps: args.max_ema_distance_bps,
        };
        Ok(())
    }

    /// How many attesters a job of this daily price needs.
    pub fn attesters_for(&self, daily_usd: u64) -> u8 {
        if daily_usd >= self.large_daily_usd {
            self.attesters_large
        } else {
            self.attesters
        }
    }

    /// How old a verdict of this time may be, by the end of the period of the report at the head. The head's
    /// may be older: while no later report reaches its threshold, no other takes its place.
    pub fn max_verdict_age(&self, time: i64, head_period_end: i64) -> u32 {
        // While there is no report, the end is 0.
        let is_heads = head_period_end != 0 && time == head_period_end;
        if is_heads {
            MAX_VERDICT_AGE
        } else {
            self.verdict_age
        }
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    #[test]
    fn only_a_verdict_of_the_head_may_be_older_than_the_parameter_says() {
        let config = Config { verdict_age: 3_600, ..Config::zeroed() };
        let allowed = |head, time| config.max_verdict_age(time, head);
        assert_eq!([999, 1_000, 1_001].map(|time| allowed(1_000, time)), [3_600, 172_800, 3_600]);
        assert_eq!([allowed(0, 0), allowed(0, 1_000)], [3_600, 3_600], "there is no report");
    }
}
