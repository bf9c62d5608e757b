//! Shares of the co-stakers' side. They are minted one to one; only a loss moves their price, and
//! only ever below 1.

use crate::ratio::mul_div_floor;

/// Tokens for `shares` of `total_shares` that stand for `tokens`, rounded down.
///
/// The last one out takes all, so that no remainder is left without an owner. `None` when more shares
/// leave than exist.
pub fn redeem(shares: u64, tokens: u64, total_shares: u64) -> Option<u64> {
    if shares > total_shares {
        return None;
    }
    if shares == total_shares {
        return Some(tokens);
    }
    mul_div_floor(shares, tokens, total_shares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CAP;
    use proptest::prelude::*;

    #[test]
    fn without_a_loss_a_share_is_a_token() {
        assert_eq!(redeem(3, 10, 10), Some(3));
    }

    #[test]
    fn more_shares_than_exist_are_refused() {
        assert_eq!(redeem(11, 10, 10), None);
    }

    proptest! {
        #[test]
        fn leaving_in_any_order_pays_out_everything(
            parts in prop::collection::vec(1..=CAP / 8, 1..8), lost in 0u64..=10_000,
        ) {
            let mut total: u64 = parts.iter().sum();
            let mut tokens = mul_div_floor(total, 10_000 - lost, 10_000).unwrap();
            let funded = tokens;
            let mut paid = 0;
            for part in &parts {
                let out = redeem(*part, tokens, total).unwrap();
                prop_assert!(out <= *part);
                // Rounded down, so that nobody takes of what those who stay are owed.
                let exact = u128::from(*part) * u128::from(tokens);
                prop_assert!(u128::from(out) * u128::from(total) <= exact);
                prop_assert!(exact < (u128::from(out) + 1) * u128::from(total));
                (tokens, total, paid) = (tokens - out, total - part, paid + out);
            }
            prop_assert_eq!((tokens, total, paid), (0, 0, funded));
        }
    }
}
