//! Prices in USD, and what they come to in tokens. USD amounts are in micro-dollars (10^-6).

/// Decimals of a USD amount.
pub const USD_DECIMALS: i32 = 6;
/// Exponents of a price feed that are accepted: outside it a product could not be held.
pub const EXPONENTS: core::ops::RangeInclusive<i32> = -12..=0;

/// `⌈rate · units · seconds / 3600⌉`: the price of a rental in micro-dollars, for a rate per
/// unit-hour.
pub fn rental_usd(rate: u64, units: u32, seconds: u64) -> Option<u64> {
    let hourly = u128::from(rate).checked_mul(u128::from(units))?;
    let total = hourly.checked_mul(u128::from(seconds))?;
    u64::try_from(total.div_ceil(3_600)).ok()
}

/// `⌈usd / (price − confidence)⌉` in base units of a token with `decimals`, for a feed that quotes
/// `price · 10^exponent` USD a token. The payer bears the feed's uncertainty.
///
/// `None` for a price not above its confidence, or an exponent outside [`EXPONENTS`].
pub fn tokens_for_usd(usd: u64, price: i64, confidence: u64, exponent: i32, decimals: u8) -> Option<u64> {
    let low = u64::try_from(price).ok()?.checked_sub(confidence).filter(|low| *low > 0)?;
    if !EXPONENTS.contains(&exponent) {
        return None;
    }
    let shift = i32::from(decimals).checked_sub(USD_DECIMALS)?.checked_sub(exponent)?;
    let power = 10u128.checked_pow(shift.unsigned_abs())?;
    let (over, under) = if shift >= 0 {
        (u128::from(usd).checked_mul(power)?, u128::from(low))
    } else {
        (u128::from(usd), u128::from(low).checked_mul(power)?)
    };
    u64::try_from(over.div_ceil(under)).ok()
}

/// `⌈usd⌉` in base units of a token that counts as one dollar.
pub fn tokens_at_par(usd: u64, decimals: u8) -> Option<u64> {
    tokens_for_usd(usd, 1, 0, 0, decimals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_rental_costs_rate_times_units_times_hours_rounded_up() {
        // 2.50 USD an hour, 8 units, 90 minutes: 30 USD.
        assert_eq!(rental_usd(2_500_000, 8, 5_400), Some(30_000_000));
        assert_eq!(rental_usd(1, 1, 3_601), Some(2));
        assert_eq!(rental_usd(u64::MAX, u32::MAX, u64::MAX), None);
    }

    #[test]
    fn dollars_become_io_by_eight_decimals() {
        // 30 USD at 2.00 − 0.02 USD: 30 / 1.98 = 15.15151515… IO, rounded up.
        assert_eq!(tokens_for_usd(30_000_000, 200_000_000, 2_000_000, -8, 8), Some(1_515_151_516));
        // The same price quoted with five digits.
        assert_eq!(tokens_for_usd(30_000_000, 200_000, 2_000, -5, 8), Some(1_515_151_516));
    }

    #[test]
    fn dollars_become_usdc_by_six_decimals() {
        assert_eq!(tokens_at_par(30_000_001, 6), Some(30_000_001));
        // Two decimals: 30.000001 USD is 3000.0001 cents, rounded up.
        assert_eq!(tokens_at_par(30_000_001, 2), Some(3_001));
        // 30 USD at 0.98 − 0.
        assert_eq!(tokens_for_usd(30_000_000, 98_000_000, 0, -8, 6), Some(30_612_245));
    }

    #[test]
    fn a_price_that_means_nothing_is_refused() {
        assert_eq!(tokens_for_usd(1, 0, 0, -8, 8), None);
        assert_eq!(tokens_for_usd(1, -5, 0, -8, 8), None);
        assert_eq!(tokens_for_usd(1, 5, 5, -8, 8), None);
        assert_eq!(tokens_for_usd(1, 5, 0, 1, 8), None);
        assert_eq!(tokens_for_usd(1, 5, 0, -13, 8), None);
        assert_eq!(tokens_for_usd(1, 5, 0, i32::MIN, 8), None);
    }

    proptest! {
        #[test]
        fn the_payer_never_pays_too_little(
            usd in 0u64..=10u64.pow(15), price in 1i64..=10i64.pow(12), exponent in -10..=0i32, decimals in 6u8..=9,
        ) {
            if let Some(tokens) = tokens_for_usd(usd, price, 0, exponent, decimals) {
                // tokens · price · 10^exponent · 10^-decimals ≥ usd · 10^-6, and one less would not do.
                let scale = 10u128.pow((i32::from(decimals) - 6 - exponent) as u32);
                let value = |t: u64| u128::from(t) * price as u128;
                prop_assert!(value(tokens) >= u128::from(usd) * scale);
                prop_assert!(tokens == 0 || value(tokens - 1) < u128::from(usd) * scale);
            }
        }
    }
}
