use super::{Config, Deal, Lot, Prices, SaleArgs};
use crate::errors::BuybackError;
use anchor_lang::prelude::*;
use io_math::{auction::daily_cap, DAY};

/// Seed of an auction: `["auction", mint, shard]`, the shard in 1 byte.
#[constant]
pub const AUCTION_SEED: &[u8] = b"auction";

/// Sells what a fee vault holds for IO, which is burned: `["auction", mint, shard]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Auction {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Number of the fee vault.
    pub shard: u8,
    pub padding: [u8; 5],
    /// The mint that is sold.
    pub mint: Pubkey,
    /// The fee vault.
    pub vault: Pubkey,
    /// The lot that is for sale.
    pub lot: Lot,
    /// The UTC day that `opening` and `sold_today` are of, counted from 1970.
    pub day: u64,
    /// What the vault held when the day's first lot was started or sold, base units.
    pub opening: u64,
    /// Sold on that day, base units of the mint.
    pub sold_today: u64,
    /// Sold in all, base units of the mint.
    pub sold: u64,
    /// Burned for what was sold, base units of IO.
    pub bought: u64,
    /// Sales so far, which is also the number of the latest.
    pub sales: u64,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// Number of the latest event.
    pub seq: u64,
    pub reserved: [u8; 64],
}

impl Auction {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// What the vault may still sell today. The day's first call notes what the vault `held`: nothing
    /// that comes in later raises the day's share.
    fn allowance(&mut self, held: u64, share_bps: u16, now: i64) -> Result<u64> {
        let day = now.unsigned_abs().checked_div(DAY.unsigned_abs()).ok_or(BuybackError::Overflow)?;
        if day != self.day {
            (self.day, self.opening, self.sold_today) = (day, held, 0);
        }
        let cap = daily_cap(self.opening, share_bps).ok_or(BuybackError::Overflow)?;
        Ok(cap.saturating_sub(self.sold_today))
    }

    /// Offers what the vault may still sell today.
    pub fn start(&mut self, held: u64, prices: &Prices, config: &Config, now: i64) -> Result<()> {
        let allowed = self.allowance(held, config.daily_share_bps, now)?;
        require_gt!(held, 0, BuybackError::NothingToSell);
        require_gt!(allowed, 0, BuybackError::DayIsSold);
        self.last_time = now;
        self.lot.start(allowed.min(held), prices, config.min_lot, &config.slope(), now)
    }

    /// Sells of the lot, within the day's share.
    pub fn sell(
        &mut self,
        args: &SaleArgs,
        held: u64,
        prices: &Prices,
        config: &Config,
        now: i64,
    ) -> Result<Deal> {
        let allowed = self.allowance(held, config.daily_share_bps, now)?;
        require!(self.lot.left == 0 || allowed > 0, BuybackError::DayIsSold);
        let deal = self.lot.sell(args, allowed, prices, &config.slope(), now)?;
        self.last_time = now;
        let add = |sum: u64, more: u64| sum.checked_add(more).ok_or(BuybackError::Overflow);
        self.sold_today = add(self.sold_today, deal.out)?;
        self.sold = add(self.sold, deal.out)?;
        self.bought = add(self.bought, deal.io)?;
        self.sales = add(self.sales, 1)?;
        Ok(deal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use io_math::auction::Quote;

    const PRICE: Prices =
        Prices { io: Quote { price: 200_000_000, exponent: -8 }, currency: Quote::DOLLAR, decimals: 6 };
    const ALL: SaleArgs = SaleArgs { max_io: u64::MAX / 4, min_out: 0 };
    const USDC: u64 = 1_000_000;
    /// 00:00 UTC of some day.
    const MIDNIGHT: i64 = 20_000 * DAY;

    fn config() -> Config {
        let mut config = Config::zeroed();
        config.set_params(Config::defaults(Pubkey::new_unique())).unwrap();
        config
    }

    #[test]
    fn a_fifth_of_the_vault_is_sold_in_a_day() {
        let (config, mut auction) = (config(), Auction::zeroed());
        auction.start(1_000 * USDC, &PRICE, &config, MIDNIGHT).unwrap();
        assert_eq!(auction.lot.size, 200 * USDC);
        let deal = auction.sell(&ALL, 1_000 * USDC, &PRICE, &config, MIDNIGHT + 3_600).unwrap();
        assert_eq!(deal.out, 200 * USDC);
        let again = auction.start(800 * USDC, &PRICE, &config, MIDNIGHT + DAY - 1);
        assert_eq!(again, Err(BuybackError::DayIsSold.into()));
        auction.start(800 * USDC, &PRICE, &config, MIDNIGHT + DAY).unwrap();
        assert_eq!((auction.lot.size, auction.opening, auction.sold_today), (160 * USDC, 800 * USDC, 0));
    }

    #[test]
    fn what_comes_in_later_does_not_raise_the_days_share() {
        let (config, mut auction) = (config(), Auction::zeroed());
        auction.start(1_000 * USDC, &PRICE, &config, MIDNIGHT).unwrap();
        let deal = auction.sell(&ALL, 1_000_000 * USDC, &PRICE, &config, MIDNIGHT + 1).unwrap();
        assert_eq!(deal.out, 200 * USDC);
        let again = auction.start(1_000_000 * USDC, &PRICE, &config, MIDNIGHT + 2);
        assert_eq!(again, Err(BuybackError::DayIsSold.into()));
    }

    #[test]
    fn a_lot_of_yesterday_is_sold_within_the_share_of_today() {
        let (config, mut auction) = (config(), Auction::zeroed());
        let late = MIDNIGHT + DAY - 60;
        auction.start(1_000 * USDC, &PRICE, &config, late).unwrap();
        auction
            .sell(&SaleArgs { max_io: 5_000_000_000, min_out: 0 }, 1_000 * USDC, &PRICE, &config, late)
            .unwrap();
        // 97 of 200 are sold; today's share is a fifth of 903 and more than the 103 that are left.
        let deal = auction.sell(&ALL, 903 * USDC, &PRICE, &config, late + 60).unwrap();
        assert_eq!((deal.out, auction.sold_today, auction.day), (103 * USDC, 103 * USDC, 20_001));
        // Tomorrow's lot can take what today's share leaves: ⌊903 / 5⌋ − 103.
        auction.start(800 * USDC, &PRICE, &config, late + 61).unwrap();
        assert_eq!(auction.lot.size, 180_600_000 - 103 * USDC);
    }

    #[test]
    fn a_lower_share_holds_at_once_also_for_an_open_lot() {
        let (mut config, mut auction) = (config(), Auction::zeroed());
        auction.start(1_000 * USDC, &PRICE, &config, MIDNIGHT).unwrap();
        config.daily_share_bps = 600;
        let deal = auction.sell(&ALL, 1_000 * USDC, &PRICE, &config, MIDNIGHT).unwrap();
        assert_eq!(deal.out, 60 * USDC);
        let more = auction.sell(&ALL, 940 * USDC, &PRICE, &config, MIDNIGHT);
        assert_eq!(more, Err(BuybackError::DayIsSold.into()));
    }
}
