//! The Dutch auctions that buy IO: what is paid for one, and what a lot costs.
//!
//! In dollars, one IO is worth to the buyer
//!
//! ```text
//! p(t) = oracle · (10⁴ + start + (end − start) · min(t, period) / period) / 10⁴
//! ```
//!
//! t seconds after the start of a lot. The lot is of a token that counts as a dollar, so that `out` base
//! units of it, with `decimals`, cost `⌈out · 10^(8 − decimals) / p⌉` base units of IO. Nothing is rounded
//! before that one division.

use crate::price::EXPONENTS;
use crate::BPS;

/// Decimals of IO.
const IO_DECIMALS: i32 = 8;

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

    /// The rate `elapsed` seconds after the start of a lot of a token with `decimals`, at an oracle that
    /// quotes `price · 10^exponent` dollars for an IO.
    ///
    /// `None` for a price that is not positive, an exponent outside [`EXPONENTS`], or a rate that 128 bits
    /// do not hold.
    pub fn rate(&self, elapsed: u64, price: i64, exponent: i32, decimals: u8) -> Option<Rate> {
        if price <= 0 || !EXPONENTS.contains(&exponent) {
            return None;
        }
        let (numerator, denominator) = self.factor(elapsed)?;
        let value = u128::from(price.unsigned_abs()).checked_mul(numerator)?;
        let shift = IO_DECIMALS.checked_sub(i32::from(decimals))?.checked_sub(exponent)?;
        let power = 10u128.checked_pow(shift.unsigned_abs())?;
        let (over, under) = if shift >= 0 {
            (denominator.checked_mul(power)?, value)
        } else {
            (denominator, value.checked_mul(power)?)
        };
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

    fn io_for(out: u64, elapsed: u64, price: i64, exponent: i32, decimals: u8) -> u64 {
        SLOPE.rate(elapsed, price, exponent, decimals).unwrap().io_for(out).unwrap()
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
    fn what_an_offer_of_io_pays_for_is_rounded_down() {
        let rate = SLOPE.rate(0, PRICE, -8, 6).unwrap();
        assert_eq!(rate.out_for(5_000_000_000), Some(97_000_000));
        // 51 · 10^-8 IO at 1.94 are 0.9894 · 10^-6 USD.
        assert_eq!(rate.out_for(51), Some(0));
        assert_eq!(rate.out_for(52), Some(1));
    }

    #[test]
    fn a_price_that_means_nothing_is_refused() {
        for (price, exponent) in [(0, -8), (-1, -8), (PRICE, 1), (PRICE, -13), (PRICE, i32::MIN)] {
            assert_eq!(SLOPE.rate(0, price, exponent, 6), None);
        }
        assert_eq!(Slope { start_bps: -10_000, ..SLOPE }.rate(0, PRICE, -8, 6), None);
        assert_eq!(Slope { period: 0, ..SLOPE }.rate(0, PRICE, -8, 6), None);
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
            let rate = slope.rate(elapsed, price, exponent, decimals).unwrap();
            if let Some(io) = rate.io_for(out) {
                // io · under ≥ out · over: the value of the IO at p(t) is at least that of the lot.
                let cost = u128::from(out) * rate.over;
                prop_assert!(u128::from(io) * rate.under >= cost);
                prop_assert!(io == 0 || u128::from(io - 1) * rate.under < cost);
            }
        }

        #[test]
        fn waiting_never_makes_a_lot_dearer(
            slope in slopes(), a in 0u64..20_000, b in 0u64..20_000, out in 0u64..=10u64.pow(15),
            price in 1_000_000i64..=10i64.pow(12),
        ) {
            let at = |elapsed| slope.rate(elapsed, price, -8, 6).unwrap().io_for(out);
            if let (Some(early), Some(late)) = (at(a.min(b)), at(a.max(b))) {
                prop_assert!(late <= early);
            }
        }

        #[test]
        fn an_offer_is_never_overdrawn_and_splitting_gains_nothing(
            elapsed in 0u64..4_000, io in 0u64..=crate::CAP, cut in 0u64..=crate::CAP,
            price in 1i64..=10i64.pow(12), decimals in 0u8..=9,
        ) {
            let rate = SLOPE.rate(elapsed, price, -8, decimals).unwrap();
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
                if let Some(rate) = slope.rate(elapsed, price, exponent, decimals) {
                    let _ = (rate.io_for(amount), rate.out_for(amount));
                }
            }
        }

        #[test]
        fn every_amount_of_six_decimals_has_its_price_within_the_bounds(
            slope in slopes(), elapsed: u64, out: u64, price in 100_000_000i64..=10i64.pow(13),
        ) {
            // A price of a dollar or more: IO for any 64-bit amount, or more than 64 bits of it.
            let rate = slope.rate(elapsed, price, -8, 6).unwrap();
            let exact = (u128::from(out) * rate.over).div_ceil(rate.under);
            prop_assert_eq!(rate.io_for(out), u64::try_from(exact).ok());
            prop_assert!(rate.out_for(crate::CAP).is_some());
        }
    }
}
