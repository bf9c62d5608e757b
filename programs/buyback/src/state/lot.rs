use crate::errors::BuybackError;
use anchor_lang::prelude::*;
use io_math::auction::{Quote, Slope};
use io_math::price::tokens_for_usd;

/// A lot lapses after this many periods: by then it has stood at its last price for as long as it took to get
/// there.
#[constant]
pub const LOT_PERIODS: i64 = 2;

/// What a seller of IO offers and asks for.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaleArgs {
    /// The most IO to sell, base units. Less is taken when less is left of the lot.
    pub max_io: u64,
    /// The least to receive, base units of the lot's mint.
    pub min_out: u64,
}

/// A sale: so much of the lot for so much IO, base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deal {
    pub out: u64,
    pub io: u64,
    /// Seconds since the start of the lot, which decided the price.
    pub elapsed: u64,
}

/// What both sides of a sale are worth at a moment: dollars for one IO, and for one token of the lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    pub io: Quote,
    /// One dollar at par.
    pub currency: Quote,
    /// Decimals of the lot's mint.
    pub decimals: u8,
}

impl Prices {
    /// `⌈usd⌉` micro-dollars in base units of the lot's mint.
    fn tokens_for(&self, usd: u64) -> Option<u64> {
        tokens_for_usd(usd, self.currency.price, 0, self.currency.exponent, self.decimals)
    }
}

/// What a vault offers for IO, and since when. The amount and the start are fixed together: neither a
/// sale nor what comes into the vault later changes the price of what is left.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lot {
    /// When the lot was started, unix time.
    pub started_at: i64,
    /// Size at the start, base units.
    pub size: u64,
    /// Not yet sold, base units.
    pub left: u64,
    /// The smallest sale, base units; what is left at the end may be less.
    pub minimum: u64,
    /// Decimals of the mint.
    pub decimals: u8,
    pub padding: [u8; 7],
}

impl Lot {
    /// Whether what is left can still be bought.
    fn has_lapsed(&self, slope: &Slope, now: i64) -> bool {
        let life = i64::from(slope.period).saturating_mul(LOT_PERIODS);
        now.saturating_sub(self.started_at) > life
    }

    /// Offers `size` base units of a currency from now on.
    ///
    /// The lot before has to be sold or to have lapsed; a rest below the smallest sale does not keep a
    /// full lot waiting. It takes prices, although nothing is sold yet: a lot whose clock ran while nobody could
    /// buy would be sold at its end price.
    pub fn start(&mut self, size: u64, prices: &Prices, min_lot: u64, slope: &Slope, now: i64) -> Result<()> {
        let minimum = prices.tokens_for(min_lot).ok_or(BuybackError::Overflow)?;
        let is_rest = self.left < minimum && size >= minimum;
        require!(self.left == 0 || is_rest || self.has_lapsed(slope, now), BuybackError::LotIsOpen);
        require_gt!(size, 0, BuybackError::NothingToSell);
        let decimals = prices.decimals;
        *self = Self { started_at: now, size, left: size, minimum, decimals, padding: [0; 7] };
        Ok(())
    }

    /// Sells as much as the IO pays for, of what is left and at most `allowed`, and takes it off the lot.
    pub fn sell(
        &mut self,
        args: &SaleArgs,
        allowed: u64,
        prices: &Prices,
        slope: &Slope,
        now: i64,
    ) -> Result<Deal> {
        require_gt!(self.left, 0, BuybackError::NoLot);
        require!(!self.has_lapsed(slope, now), BuybackError::LotHasLapsed);
        let elapsed = now.saturating_sub(self.started_at).unsigned_abs();
        let rate = slope.rate(elapsed, prices.io, prices.currency, self.decimals);
        let rate = rate.ok_or(BuybackError::UnusablePrice)?;
        let offered = self.left.min(allowed);
        let out = rate.out_for(args.max_io).ok_or(BuybackError::Overflow)?.min(offered);
        require!(out > 0 && (out >= self.minimum || out == offered), BuybackError::SaleTooSmall);
        require_gte!(out, args.min_out, BuybackError::BelowMinimum);
        let io = rate.io_for(out).ok_or(BuybackError::Overflow)?;
        self.left = self.left.checked_sub(out).ok_or(BuybackError::Overflow)?;
        Ok(Deal { out, io, elapsed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOPE: Slope = Slope { start_bps: -300, end_bps: 200, period: 3_600 };
    const PRICE: Prices =
        Prices { io: Quote { price: 200_000_000, exponent: -8 }, currency: Quote::DOLLAR, decimals: 6 };
    /// 50 dollars.
    const MIN_LOT: u64 = 50_000_000;
    const ALL: SaleArgs = SaleArgs { max_io: u64::MAX / 4, min_out: 0 };

    /// A lot of so many dollars, begun at 1,000.
    fn lot(dollars: u64) -> Lot {
        let mut lot = Lot::default();
        lot.start(dollars * 1_000_000, &PRICE, MIN_LOT, &SLOPE, 1_000).unwrap();
        lot
    }

    #[test]
    fn a_seller_gets_what_his_io_pays_for_and_gives_no_more() {
        let mut lot = lot(1_000);
        // 51 IO at 1.94 are 98.94 USDC.
        let args = SaleArgs { max_io: 5_100_000_000, min_out: 98_940_000 };
        let deal = lot.sell(&args, u64::MAX, &PRICE, &SLOPE, 1_000).unwrap();
        assert_eq!(deal, Deal { out: 98_940_000, io: 5_100_000_000, elapsed: 0 });
        // Half an hour later at 1.99: all 901.06 that are left, for 452.79396985 IO.
        let deal = lot.sell(&ALL, u64::MAX, &PRICE, &SLOPE, 2_800).unwrap();
        assert_eq!(deal, Deal { out: 901_060_000, io: 45_279_396_985, elapsed: 1_800 });
        assert_eq!(lot.left, 0);
        assert_eq!(lot.sell(&ALL, u64::MAX, &PRICE, &SLOPE, 2_800), Err(BuybackError::NoLot.into()));
    }

    #[test]
    fn a_lot_that_is_not_at_par_is_sold_by_both_prices() {
        // 10 tokens of 9 decimals at 150 dollars each; the smallest sale of 50 dollars is a third of one.
        let prices = Prices { currency: Quote { price: 15_000_000_000, exponent: -8 }, decimals: 9, ..PRICE };
        let mut lot = Lot::default();
        lot.start(10_000_000_000, &prices, MIN_LOT, &SLOPE, 1_000).unwrap();
        assert_eq!((lot.minimum, lot.decimals), (333_333_334, 9));
        // 1,500 dollars at 1.94 are 773.19587628… IO.
        let deal = lot.sell(&ALL, u64::MAX, &prices, &SLOPE, 1_000).unwrap();
        assert_eq!(deal, Deal { out: 10_000_000_000, io: 77_319_587_629, elapsed: 0 });
    }

    #[test]
    fn a_sale_is_of_the_smallest_lot_or_of_the_rest() {
        let mut lot = lot(80);
        let dollars = |n: u64| SaleArgs { max_io: n * 100_000_000 * 100 / 194 + 100, min_out: 0 };
        let small = lot.sell(&dollars(49), u64::MAX, &PRICE, &SLOPE, 1_000);
        assert_eq!(small, Err(BuybackError::SaleTooSmall.into()));
        lot.sell(&dollars(50), u64::MAX, &PRICE, &SLOPE, 1_000).unwrap();
        // 29.99 are left: part of them is too small a sale, all of them is not.
        assert!(lot.sell(&dollars(20), u64::MAX, &PRICE, &SLOPE, 1_000).is_err());
        lot.sell(&dollars(31), u64::MAX, &PRICE, &SLOPE, 1_000).unwrap();
        assert_eq!(lot.left, 0);
    }

    #[test]
    fn what_is_allowed_bounds_a_sale() {
        let mut lot = lot(1_000);
        let deal = lot.sell(&ALL, 30_000_000, &PRICE, &SLOPE, 1_000).unwrap();
        assert_eq!((deal.out, lot.left), (30_000_000, 970_000_000));
        assert_eq!(lot.sell(&ALL, 0, &PRICE, &SLOPE, 1_000), Err(BuybackError::SaleTooSmall.into()));
    }

    #[test]
    fn the_sellers_minimum_holds_for_what_is_paid() {
        let args = |min_out| SaleArgs { max_io: 5_100_000_000, min_out };
        let refused = lot(1_000).sell(&args(98_940_001), u64::MAX, &PRICE, &SLOPE, 1_000);
        assert_eq!(refused, Err(BuybackError::BelowMinimum.into()));
        // Also where less is left than the IO would pay for.
        let refused = lot(60).sell(&args(98_940_000), u64::MAX, &PRICE, &SLOPE, 1_000);
        assert_eq!(refused, Err(BuybackError::BelowMinimum.into()));
    }

    #[test]
    fn a_lot_lapses_when_it_stood_at_its_end_price_for_a_period() {
        let mut lot = lot(100);
        let mut early = lot;
        early.sell(&ALL, u64::MAX, &PRICE, &SLOPE, 1_000 + 7_200).unwrap();
        let late = lot.sell(&ALL, u64::MAX, &PRICE, &SLOPE, 1_000 + 7_201);
        assert_eq!(late, Err(BuybackError::LotHasLapsed.into()));
        let again = lot.start(1, &PRICE, MIN_LOT, &SLOPE, 1_000 + 7_200);
        assert_eq!(again, Err(BuybackError::LotIsOpen.into()));
        lot.start(1, &PRICE, MIN_LOT, &SLOPE, 1_000 + 7_201).unwrap();
        assert_eq!((lot.left, lot.started_at), (1, 8_201));
    }

    #[test]
    fn a_rest_does_not_keep_a_full_lot_waiting() {
        let mut small = lot(49);
        assert!(small.start(49_999_999, &PRICE, MIN_LOT, &SLOPE, 1_001).is_err());
        small.start(50_000_000, &PRICE, MIN_LOT, &SLOPE, 1_001).unwrap();
        assert!(small.start(90_000_000, &PRICE, MIN_LOT, &SLOPE, 1_002).is_err());
        assert_eq!(small.start(0, &PRICE, MIN_LOT, &SLOPE, 9_999), Err(BuybackError::NothingToSell.into()));
    }

    #[test]
    fn a_sale_changes_neither_start_nor_price() {
        let (mut sold, mut whole) = (lot(1_000), lot(1_000));
        for second in 0..10 {
            let fifty = SaleArgs { max_io: 2_600_000_000, min_out: 0 };
            sold.sell(&fifty, u64::MAX, &PRICE, &SLOPE, 1_000 + second).unwrap();
        }
        let args = SaleArgs { max_io: 10_000_000_000, min_out: 0 };
        let after = sold.sell(&args, u64::MAX, &PRICE, &SLOPE, 4_600).unwrap();
        assert_eq!(after, whole.sell(&args, u64::MAX, &PRICE, &SLOPE, 4_600).unwrap());
    }
}
