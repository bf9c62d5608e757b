//! The Dutch auctions that buy IO: what is paid for one, and what a lot costs.
//!
//! In dollars, one IO is worth to the buyer
//!
//! ```text
//! p(t) = oracle · (10⁴ + start + (end − start) · min(t, period) / period) / 10⁴
//! ```
//!
//! t seconds after the start of a lot. The lot is of a token that counts for c dollars, one at par, so that `out`
//! base units of it, with `decimals`, cost `⌈out · c · 10^(8 − decimals) / p⌉` base units of IO. Nothing is
//! rounded before that one division.

use crate::price::EXPONENTS;
use crate::BPS;

/// Decimals of IO.
const IO_DECIMALS: i32 = 8;

/// Dollars for one token: `price · 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    pub price: i64,
    pub exponent: i32,
}

impl Quote {
    /// What a token at par counts for.
    pub const DOLLAR: Self = Self { price: 1, exponent: 0 };

    /// The price, where it is one that can be used.
    fn digits(&self) -> Option<u128> {
        let usable = self.price > 0 && EXPONENTS.contains(&self.exponent);
        usable.then_some(u128::from(self.price.unsigned_abs()))
    }
}

/// How an auction's price runs, as distances from the oracle's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slope {
    /// Distance at the start, bps; negative is below the oracle.
    pub start_bps: i16,
    /// Distance at the end, bps; not below the start's.
    pub end_bps: i16,
    /// Seconds from one to the other.
    pub period: u32,
}

/// The exchange rate of a moment: base units of IO for each of the lot's, `over / under`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    over: u128,
    under: u128,
}

impl Slope {
    /// p(t) is `oracle · numerator / denominator`.
    fn factor(&self, elapsed: u64) -> Option<(u128, u128)> {
        let (start, period) = (i64::from(self.start_bps), i64::from(self.period));
        let rise = i64::from(self.end_bps).checked_sub(start)?;
        let run = i64::try_from(elapsed.min(u64::from(self.period))).ok()?;
        let whole = i64::try_from(BPS).ok()?;
        // Below 2^15 · 2^32 each.
        let base = whole.checked_add(start)?.checked_mul(period)?;
        let numerator = base.checked_add(rise.checked_mul(run)?)?;
        Some((u128::try_from(numerator).ok()?, u128::try_from(whole.checked_mul(period)?).ok()?))
    }

    /// The rate `elapsed` seconds after the start of a lot of a token with `decimals`, where oracles quote an IO
    /// and such a token.
    ///
    /// `None` for a price that is not positive, an exponent outside [`EXPONENTS`], or a rate that 128 bits
    /// do not hold.
    pub fn rate(&self, elapsed: u64, io: Quote, currency: Quote, decimals: u8) -> Option<Rate> {
        let (numerator, denominator) = self.factor(elapsed)?;
        let value = io.digits()?.checked_mul(numerator)?;
        let cost = currency.digits()?.checked_mul(denominator)?;
        let shift = IO_DECIMALS.checked_sub(i32::from(decimals))?;
        let shift = shift.checked_add(currency.exponent)?.checked_sub(io.exponent)?;
        let power = 10u128.checked_pow(shift.unsigned_abs())?;
        let (over, under) =
            if shift >= 0 { (cost.checked_mul(power)?, value) } else { (cost, value.checked_mul(power)?) };
        (under > 0).then_some(Rate { over, under })
    }
}

impl Rate {
    /// `⌈out / p⌉`: IO that `out` base units of the lot cost; the seller of IO pays the ceiling.
    pub fn io_for(&self, out: u64) -> Option<u64> {
        u64::try_from(u128::from(out).checked_mul(self.over)?.div_ceil(self.under)).ok()
    }

    /// `⌊io · p⌋`: the most of the lot that `io` base units of IO pay for, `u64::MAX` where it is more.
    pub fn out_for(&self, io: u64) -> Option<u64> {
        let out = u128::from(io).checked_mul(self.under)?.checked_div(self.over)?;
        Some(u64::try_from(out).unwrap_or(u64::MAX))
    }
}

/// `⌊opening · share / 10⁴⌋`: how much of a vault may be sold in a day that began with `opening`.
pub fn daily_cap(opening: u64, share_bps: u16) -> Option<u64> {
    crate::ratio::mul_div_floor(opening, share_bps.into(), BPS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From 3 % below the oracle to 2 % above it, in an hour.
    const SLOPE: Slope = Slope { start_bps: -300, end_bps: 200, period: 3_600 };
    /// 2.00 USD by eight digits.
    const PRICE: i64 = 200_000_000;

    /// The rate of a token at par.
    fn rate(slope: &Slope, elapsed: u64, price: i64, exponent: i32, decimals: u8) -> Option<Rate> {
        slope.rate(elapsed, Quote { price, exponent }, Quote::DOLLAR, decimals)
    }

    fn io_for(out: u64, elapsed: u64, price: i64, exponent: i32, decimals: u8) -> u64 {
        rate(&SLOPE, elapsed, price, exponent, decimals).unwrap().io_for(out).unwrap()
    }

    #[test]
    fn the_price_runs_from_three_below_to_two_above_in_an_hour() {
        // 97 USDC at 1.94 are 50 IO.
        assert_eq!(io_for(97_000_000, 0, PRICE, -8, 6), 5_000_000_000);
        // After 36 minutes 3 of the 5 per cent are over: 100 USDC at 2.00.
        assert_eq!(io_for(100_000_000, 2_160, PRICE, -8, 6), 5_000_000_000);
        // 102 USDC at 2.04, after an hour and ever after.
        assert_eq!(io_for(102_000_000, 3_600, PRICE, -8, 6), 5_000_000_000);
        assert_eq!(io_for(102_000_000, u64::MAX, PRICE, -8, 6), 5_000_000_000);
    }

    #[test]
    fn the_seller_pays_the_ceiling() {
        // 100 / 1.94 = 51.54639175…
        assert_eq!(io_for(100_000_000, 0, PRICE, -8, 6), 5_154_639_176);
        // One second later p is 1.94 + 0.10 / 3,600: 100 / 1.94002777… = 51.54565369…
        assert_eq!(io_for(100_000_000, 1, PRICE, -8, 6), 5_154_565_370);
        // 10^-6 USD at 1.94: 51.5… base units.
        assert_eq!(io_for(1, 0, PRICE, -8, 6), 52);
        assert_eq!(io_for(0, 0, PRICE, -8, 6), 0);
    }

    #[test]
    fn decimals_and_exponents_are_explicit() {
        // The same price with five digits.
        assert_eq!(io_for(100_000_000, 0, 200_000, -5, 6), 5_154_639_176);
        // The same lot of a token with eight, nine and two decimals.
        assert_eq!(io_for(10_000_000_000, 0, PRICE, -8, 8), 5_154_639_176);
        assert_eq!(io_for(100_000_000_000, 0, PRICE, -8, 9), 5_154_639_176);
        assert_eq!(io_for(10_000, 0, PRICE, -8, 2), 5_154_639_176);
        // More decimals than the feed has digits: 10^18 of 18 decimals are one dollar.
        assert_eq!(io_for(1_000_000_000_000_000_000, 2_160, 2, 0, 18), 50_000_000);
    }

    #[test]
    fn a_token_that_is_not_at_par_costs_what_it_counts_for() {
        let io = Quote { price: PRICE, exponent: -8 };
        let cost = |out, price, exponent, decimals| {
            SLOPE.rate(2_160, io, Quote { price, exponent }, decimals).unwrap().io_for(out).unwrap()
        };
        // 3 tokens of 9 decimals at 150 dollars, with an IO at 2: 225 IO, by whatever digits.
        assert_eq!(cost(3_000_000_000, 15_000_000_000, -8, 9), 22_500_000_000);
        assert_eq!(cost(3_000_000_000, 150, 0, 9), 22_500_000_000);
        assert_eq!(cost(3_000_000_000, 150_000, -3, 9), 22_500_000_000);
        // A base unit of 8 decimals at 97,000.12345678 dollars: 48,500.06172839 base units of IO, rounded up.
        assert_eq!(cost(1, 9_700_012_345_678, -8, 8), 48_501);
        // A dollar at par, and one by its feed.
        assert_eq!(cost(100_000_000, 1, 0, 6), cost(100_000_000, 100_000_000, -8, 6));
        let wrong = Quote { price: 0, exponent: -8 };
        assert_eq!(SLOPE.rate(0, io, wrong, 6), None);
        assert_eq!(SLOPE.rate(0, io, Quote { price: 1, exponent: 1 }, 6), None);
    }

    #[test]
    fn what_an_offer_of_io_pays_for_is_rounded_down() {
        let rate = rate(&SLOPE, 0, PRICE, -8, 6).unwrap();
        assert_eq!(rate.out_for(5_000_000_000), Some(97_000_000));
        // 51 · 10^-8 IO at 1.94 are 0.9894 · 10^-6 USD.
        assert_eq!(rate.out_for(51), Some(0));
        assert_eq!(rate.out_for(52), Some(1));
    }

    #[test]
    fn a_price_that_means_nothing_is_refused() {
        for (price, exponent) in [(0, -8), (-1, -8), (PRICE, 1), (PRICE, -13), (PRICE, i32::MIN)] {
            assert_eq!(rate(&SLOPE, 0, price, exponent, 6), None);
        }
        assert_eq!(rate(&Slope { start_bps: -10_000, ..SLOPE }, 0, PRICE, -8, 6), None);
        assert_eq!(rate(&Slope { period: 0, ..SLOPE }, 0, PRICE, -8, 6), None);
    }

    #[test]
    fn a_day_sells_its_share_of_what_it_began_with() {
        assert_eq!(daily_cap(1_000_000_004, 2_000), Some(200_000_000));
        assert_eq!(daily_cap(4, 2_000), Some(0));
        assert_eq!(daily_cap(u64::MAX, 10_000), Some(u64::MAX));
    }

    fn slopes() -> impl Strategy<Value = Slope> {
        (-1_000i16..=1_000, 0i16..=2_000, 600u32..=14_400).prop_map(|(start_bps, rise, period)| Slope {
            start_bps,
            end_bps: (start_bps + rise).min(1_000),
            period,
        })
    }

    proptest! {
        #[test]
        fn io_covers_what_is_paid_and_one_unit_less_would_not(
            slope in slopes(), elapsed in 0u64..20_000, out in 0u64..=10u64.pow(15),
            price in 1i64..=10i64.pow(12), exponent in -10i32..=-4, decimals in 5u8..=9,
        ) {
            let rate = rate(&slope, elapsed, price, exponent, decimals).unwrap();
            if let Some(io) = rate.io_for(out) {
                // io · under ≥ out · over: the value of the IO at p(t) is at least that of the lot.
                let cost = u128::from(out) * rate.over;
                prop_assert!(u128::from(io) * rate.under >= cost);
                prop_assert!(io == 0 || u128::from(io - 1) * rate.under < cost);
            }
        }

        #[test]
        fn the_cost_by_two_prices_is_exact_and_rounded_up_once(
            slope in slopes(), elapsed in 0u64..20_000, out in 0u64..=10u64.pow(15),
            io in 1_000_000i64..=10i64.pow(11), price in 1i64..=10i64.pow(11), decimals in 5u8..=9,
        ) {
            let quoted = |price| Quote { price, exponent: -8 };
            let rate = slope.rate(elapsed, quoted(io), quoted(price), decimals).unwrap();
            let dollar = slope.rate(elapsed, quoted(io), quoted(100_000_000), decimals).unwrap();
            let at_par = slope.rate(elapsed, quoted(io), Quote::DOLLAR, decimals).unwrap();
            prop_assert_eq!(dollar.io_for(out), at_par.io_for(out));
            if let Some(cost) = rate.io_for(out) {
                // cost · under ≥ out · over, and one less would not do.
                let least = u128::from(out) * rate.over;
                prop_assert!(u128::from(cost) * rate.under >= least);
                prop_assert!(cost == 0 || u128::from(cost - 1) * rate.under < least);
            }
        }

        #[test]
        fn waiting_never_makes_a_lot_dearer(
            slope in slopes(), a in 0u64..20_000, b in 0u64..20_000, out in 0u64..=10u64.pow(15),
            price in 1_000_000i64..=10i64.pow(12),
        ) {
            let at = |elapsed| rate(&slope, elapsed, price, -8, 6).unwrap().io_for(out);
            if let (Some(early), Some(late)) = (at(a.min(b)), at(a.max(b))) {
                prop_assert!(late <= early);
            }
        }

        #[test]
        fn an_offer_is_never_overdrawn_and_splitting_gains_nothing(
            elapsed in 0u64..4_000, io in 0u64..=crate::CAP, cut in 0u64..=crate::CAP,
            price in 1i64..=10i64.pow(12), decimals in 0u8..=9,
        ) {
            let rate = rate(&SLOPE, elapsed, price, -8, decimals).unwrap();
            let out = rate.out_for(io).unwrap();
            prop_assert!(rate.io_for(out).unwrap() <= io);
            let (first, second) = (cut.min(io), io - cut.min(io));
            let parts = u128::from(rate.out_for(first).unwrap()) + u128::from(rate.out_for(second).unwrap());
            prop_assert!(out == u64::MAX || parts <= out.into());
        }

        #[test]
        fn the_extremes_give_an_amount_or_none(
            start_bps: i16, end_bps: i16, period: u32, elapsed: u64, price: i64, exponent: i32,
            decimals: u8, amount: u64,
        ) {
            let slope = Slope { start_bps, end_bps, period };
            for exponent in [exponent, -(exponent % 13).abs()] {
                if let Some(rate) = rate(&slope, elapsed, price, exponent, decimals) {
                    let _ = (rate.io_for(amount), rate.out_for(amount));
                }
            }
        }

        #[test]
        fn every_amount_of_six_decimals_has_its_price_within_the_bounds(
            slope in slopes(), elapsed: u64, out: u64, price in 100_000_000i64..=10i64.pow(13),
        ) {
            // A price of a dollar or more: IO for any 64-bit amount, or more than 64 bits of it.
            let rate = rate(&slope, elapsed, price, -8, 6).unwrap();
            let exact = (u128::from(out) * rate.over).div_ceil(rate.under);
            prop_assert_eq!(rate.io_for(out), u64::try_from(exact).ok());
            prop_assert!(rate.out_for(crate::CAP).is_some());
        }
    }
}
