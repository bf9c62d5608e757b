//! Products divided without losing bits in between.

/// `⌊a · b / c⌋`; `None` for `c = 0` or a result above `u64::MAX`.
#[inline]
pub fn mul_div_floor(a: u64, b: u64, c: u64) -> Option<u64> {
    let product = u128::from(a).checked_mul(u128::from(b))?;
    // One word is divided by one instruction; a wide division is a call of hundreds.
    if let Ok(product) = u64::try_from(product) {
        return product.checked_div(c);
    }
    u64::try_from(product.checked_div(u128::from(c))?).ok()
}

/// `⌈a · b / c⌉`; `None` for `c = 0` or a result above `u64::MAX`.
#[inline]
pub fn mul_div_ceil(a: u64, b: u64, c: u64) -> Option<u64> {
    let product = u128::from(a).checked_mul(u128::from(b))?;
    if c == 0 {
        return None;
    }
    if let Ok(product) = u64::try_from(product) {
        return Some(product.div_ceil(c));
    }
    u64::try_from(product.div_ceil(u128::from(c))).ok()
}

/// `⌈amount · bps / 10⁴⌉`: what a payer owes at a rate in basis points.
#[inline]
pub fn bps_ceil(amount: u64, bps: u64) -> Option<u64> {
    mul_div_ceil(amount, bps, crate::BPS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_zero_divisor_or_a_result_too_large_is_none() {
        assert_eq!(mul_div_floor(1, 1, 0), None);
        assert_eq!(mul_div_ceil(1, 1, 0), None);
        assert_eq!(mul_div_floor(u64::MAX, 2, 1), None);
        assert_eq!(mul_div_ceil(u64::MAX, u64::MAX, u64::MAX), Some(u64::MAX));
    }

    proptest! {
        #[test]
        fn floor_and_ceiling_enclose_the_quotient(a: u64, b: u64, c in 1u64..) {
            let exact = u128::from(a) * u128::from(b);
            if let (Some(low), Some(high)) = (mul_div_floor(a, b, c), mul_div_ceil(a, b, c)) {
                prop_assert!(u128::from(low) * u128::from(c) <= exact);
                prop_assert!(exact <= u128::from(high) * u128::from(c));
                prop_assert!(high - low <= 1);
            }
        }

        #[test]
        fn a_product_of_one_word_is_divided_like_a_wide_one(a: u32, b: u32, c in 1u64..) {
            let (wide, by) = (u128::from(a) * u128::from(b), u128::from(c));
            prop_assert_eq!(mul_div_floor(a.into(), b.into(), c), u64::try_from(wide / by).ok());
            prop_assert_eq!(mul_div_ceil(a.into(), b.into(), c), u64::try_from(wide.div_ceil(by)).ok());
        }
    }
}
