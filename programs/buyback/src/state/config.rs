use super::Prices;
use crate::errors::BuybackError;
use anchor_lang::prelude::*;
use io_common::abi::Currency;
use io_common::ids;
use io_common::pyth::{self, PriceLimits};
use io_common::Roles;
use io_math::auction::{Quote, Slope};

/// Pause bit: burning fees.
#[constant]
pub const PAUSE_BURN: u64 = 1;
/// Pause bit: auctions of fees, and selling to them. Payouts have none.
#[constant]
pub const PAUSE_SELL: u64 = 2;
/// Every pause bit.
pub const PAUSES: u64 = PAUSE_BURN | PAUSE_SELL;

/// Fee vaults of a mint: several, so that jobs settling at once do not wait for one account.
#[constant]
pub const FEE_SHARDS: u8 = 8;
/// Farthest from the oracle that an auction may begin or end, bps.
#[constant]
pub const MAX_DISTANCE_BPS: i16 = 1_000;
/// Shortest run of an auction's price, seconds.
#[constant]
pub const MIN_PERIOD: u32 = 600;
/// Longest run of an auction's price, seconds.
#[constant]
pub const MAX_PERIOD: u32 = 14_400;
/// Lowest bound for the smallest sale, micro-dollars.
#[constant]
pub const LEAST_LOT: u64 = 1_000_000;
/// Highest bound for the smallest sale, micro-dollars.
#[constant]
pub const MOST_LOT: u64 = 10_000_000_000u64;
/// Most of a vault that may be sold in a day, bps: well below the whole, so that tokens sent to the vault
/// raise the day's sales by far less.
#[constant]
pub const MAX_DAILY_SHARE_BPS: u16 = 5_000;
/// Largest age of a price that may be allowed, seconds.
#[constant]
pub const MAX_PRICE_AGE: u32 = PriceLimits::WORST.max_age;
/// Widest confidence interval that may be allowed, bps of the price.
#[constant]
pub const MAX_CONFIDENCE_BPS: u16 = PriceLimits::WORST.max_confidence_bps;
/// Largest distance from the moving average that may be allowed, bps of it.
#[constant]
pub const MAX_EMA_DISTANCE_BPS: u16 = PriceLimits::WORST.max_ema_distance_bps;

/// Seed of the configuration: `["config"]`.
#[constant]
pub const CONFIG_SEED: &[u8] = b"config";
/// Seed of a fee vault: `["fees", mint, shard]`, the shard in 1 byte.
#[constant]
pub const FEES_SEED: &[u8] = b"fees";

/// Parameters, as an instruction takes them.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamsArgs {
    /// May pause entries.
    pub pauser: Pubkey,
    /// Pyth's id of the feed that quotes IO in USD.
    pub feed_id: [u8; 32],
    /// The one account that the feed is read from.
    pub price_account: Pubkey,
    /// Distance of an auction's price from the oracle at its start, bps.
    pub start_bps: i16,
    /// Distance of an auction's price from the oracle at its end, bps.
    pub end_bps: i16,
    /// Seconds from an auction's first to its last price.
    pub period: u32,
    /// Most of a vault that is sold in a UTC day, bps.
    pub daily_share_bps: u16,
    /// Widest confidence interval of a price, bps of it.
    pub max_confidence_bps: u16,
    /// Largest distance of a price from its moving average, bps of it.
    pub max_ema_distance_bps: u16,
    /// Oldest price, seconds.
    pub max_price_age: u32,
    /// The smallest sale, micro-dollars.
    pub min_lot: u64,
}

/// The one configuration account of the program, and the owner of every vault: `["config"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Config {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    pub padding: [u8; 6],
    /// IO burned in all, base units; never falls.
    pub burned: u64,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// Burns so far, which is also the number of the latest receipt.
    pub receipts: u64,
    /// Number of the latest event.
    pub seq: u64,
    /// Authority, pauser, and what is paused.
    pub roles: Roles,
    /// Pyth's id of the feed that quotes IO in USD.
    pub feed_id: [u8; 32],
    /// The one account that the feed is read from; zeros until it is set, and then nothing is sold.
    pub price_account: Pubkey,
    /// The smallest sale, micro-dollars.
    pub min_lot: u64,
    /// Seconds from an auction's first to its last price.
    pub period: u32,
    /// Distance of an auction's price from the oracle at its start, bps.
    pub start_bps: i16,
    /// Distance of an auction's price from the oracle at its end, bps.
    pub end_bps: i16,
    /// Most of a vault that is sold in a UTC day, bps.
    pub daily_share_bps: u16,
    pub padding_2: [u8; 6],
    /// Limits that a price has to keep.
    pub price_limits: PriceLimits,
    pub reserved: [u8; 160],
}

impl Config {
    pub const SPACE: usize = 8 + size_of::<Self>();
    /// With these seeds the configuration signs.
    pub const SIGNER: &'static [&'static [&'static [u8]]] = &[&[CONFIG_SEED, &[ids::BUYBACK.bump]]];

    /// The published defaults, without a price account.
    pub fn defaults(authority: Pubkey) -> ParamsArgs {
        ParamsArgs {
            pauser: authority,
            feed_id: [0; 32],
            price_account: Pubkey::default(),
            start_bps: -300,
            end_bps: 200,
            period: 3_600,
            daily_share_bps: 2_000,
            max_confidence_bps: 100,
            max_ema_distance_bps: 500,
            max_price_age: 60,
            min_lot: 50_000_000,
        }
    }

    pub fn set_params(&mut self, args: ParamsArgs) -> Result<()> {
        let distances = -MAX_DISTANCE_BPS..=MAX_DISTANCE_BPS;
        let slope = distances.contains(&args.start_bps)
            && (args.start_bps..=MAX_DISTANCE_BPS).contains(&args.end_bps);
        require!(slope, BuybackError::SlopeOutOfBounds);
        require!((MIN_PERIOD..=MAX_PERIOD).contains(&args.period), BuybackError::PeriodOutOfBounds);
        require!((LEAST_LOT..=MOST_LOT).contains(&args.min_lot), BuybackError::MinimumLotOutOfBounds);
        let shares = 1..=MAX_DAILY_SHARE_BPS;
        require!(shares.contains(&args.daily_share_bps), BuybackError::DailyShareOutOfBounds);
        require!((1..=MAX_PRICE_AGE).contains(&args.max_price_age), BuybackError::PriceAgeOutOfBounds);
        require_gte!(MAX_CONFIDENCE_BPS, args.max_confidence_bps, BuybackError::ConfidenceOutOfBounds);
        let from_average = 1..=MAX_EMA_DISTANCE_BPS;
        require!(from_average.contains(&args.max_ema_distance_bps), BuybackError::EmaDistanceOutOfBounds);
        self.roles.pauser = args.pauser;
        self.feed_id = args.feed_id;
        self.price_account = args.price_account;
        (self.start_bps, self.end_bps, self.period) = (args.start_bps, args.end_bps, args.period);
        self.daily_share_bps = args.daily_share_bps;
        self.min_lot = args.min_lot;
        self.price_limits = PriceLimits {
            max_age: args.max_price_age,
            max_confidence_bps: args.max_confidence_bps,
            max_ema_distance_bps: args.max_ema_distance_bps,
        };
        Ok(())
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// How an auction's price runs.
    pub fn slope(&self) -> Slope {
        Slope { start_bps: self.start_bps, end_bps: self.end_bps, period: self.period }
    }

    /// Reads the prices of IO and of what is sold for it, each fresh and within the same limits. A currency at
    /// par counts as a dollar.
    pub fn read_prices(
        &self,
        io: &AccountInfo,
        currency: &Currency,
        account: &AccountInfo,
        now: i64,
    ) -> Result<Prices> {
        require_keys_eq!(*account.key, currency.price_account, BuybackError::WrongCurrencyPrice);
        let io = self.read_price(io, &self.feed_id, now)?;
        let at_par = currency.at_par();
        let worth = if at_par { Quote::DOLLAR } else { self.read_price(account, &currency.feed_id, now)? };
        Ok(Prices { io, currency: worth, decimals: currency.decimals })
    }

    fn read_price(&self, account: &AccountInfo, feed: &[u8; 32], now: i64) -> Result<Quote> {
        let price = pyth::read(account, feed, now, &self.price_limits);
        let price = price.map_err(|fault| error!(BuybackError::from(fault)))?;
        Ok(Quote { price: price.price, exponent: price.exponent })
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
