//! Rewards of a node: the commission split, and the accumulator that shares the rest.
//!
//! Bounds, for amounts up to the cap of 8·10^16 < 2^57 base units:
//! - `split`: reward · co_active · 10^4 ≤ (8·10^16)² · 10^4 = 6.4·10^37 < 2^126.
//! - `Accumulator`: all rewards of a node together are < 2^57, so every sum of `(reward << 64) + rem`,
//!   and with it `acc`, stays below 2^122.
//! - `accrue`: a position's `active` never exceeds the side's `co_active` while it is unchanged, so
//!   `active · (acc − entry)` is at most the sum of the rewards in between, < 2^122.

/// One whole in the accumulator's Q64.64 fractions.
const FRACTION_BITS: u32 = 64;

/// A reward divided between the two sides of a node, in base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// The owner's part: commission, own stake's share, and the rounding.
    pub owner: u64,
    /// The co-stakers' part, rounded down.
    pub co: u64,
}

/// Splits a reward: `co = ⌊reward · co_active · (10⁴ − commission) / ((owner_active + co_active) · 10⁴)⌋`.
///
/// Without active co-stake all of it is the owner's. `None` for a commission above 10⁴ bps.
pub fn split(reward: u64, owner_active: u64, co_active: u64, commission_bps: u16) -> Option<Split> {
    if co_active == 0 {
        return Some(Split { owner: reward, co: 0 });
    }
    let kept = crate::BPS.checked_sub(u64::from(commission_bps))?;
    let stake = u128::from(owner_active).checked_add(u128::from(co_active))?;
    let part = u128::from(reward)
        .checked_mul(u128::from(co_active))?
        .checked_mul(u128::from(kept))?
        .checked_div(stake.checked_mul(u128::from(crate::BPS))?)?;
    let co = u64::try_from(part).ok()?;
    Some(Split { owner: reward.checked_sub(co)?, co })
}

/// The most that a node may be credited for `hours`: `⌊minimum · bps · hours / 10⁴⌋`, or all that fits.
pub fn bound(minimum: u64, bps: u64, hours: u64) -> u64 {
    // At most 2^64 · 10^3 · 2^51 < 2^126 with a bound of 10 % and hours of a 64-bit time.
    u128::from(minimum)
        .saturating_mul(u128::from(bps))
        .saturating_mul(u128::from(hours))
        .checked_div(u128::from(crate::BPS))
        .and_then(|most| u64::try_from(most).ok())
        .unwrap_or(u64::MAX)
}

/// Reward per unit of active co-stake since the beginning, Q64.64, with the division's remainder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accumulator {
    /// Reward per unit of co-stake, Q64.64.
    pub acc: u128,
    /// What the last division left, carried into the next.
    pub rem: u128,
}

impl Accumulator {
    /// The accumulator after `reward` is shared by `co_active`; `None` without active co-stake.
    pub fn add(self, reward: u64, co_active: u64) -> Option<Self> {
        let total = (u128::from(reward) << FRACTION_BITS).checked_add(self.rem)?;
        let stake = u128::from(co_active);
        Some(Self { acc: self.acc.checked_add(total.checked_div(stake)?)?, rem: total.checked_rem(stake)? })
    }
}

/// What a position has earned since `entry`: whole base units and the fraction that is carried.
pub fn accrue(active: u64, acc: u128, entry: u128, fraction: u64) -> Option<(u64, u64)> {
    let earned =
        u128::from(active).checked_mul(acc.checked_sub(entry)?)?.checked_add(u128::from(fraction))?;
    let whole = u64::try_from(earned >> FRACTION_BITS).ok()?;
    let carried = u64::try_from(earned & u128::from(u64::MAX)).ok()?;
    Some((whole, carried))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CAP;
    use proptest::prelude::*;

    #[test]
    fn the_split_follows_the_worked_example() {
        // 100 IO, owner 600, co-stakers 400, commission 10 %: 100 · 400/1000 · 0.9 = 36.
        let split = split(10_000_000_000, 600, 400, 1_000).unwrap();
        assert_eq!(split, Split { owner: 6_400_000_000, co: 3_600_000_000 });
    }

    #[test]
    fn without_active_co_stake_the_owner_gets_all() {
        assert_eq!(split(7, 0, 0, 0), Some(Split { owner: 7, co: 0 }));
        assert_eq!(split(7, 5, 0, 9_000), Some(Split { owner: 7, co: 0 }));
        assert_eq!(Accumulator::default().add(7, 0), None);
    }

    #[test]
    fn an_hours_reward_is_bounded_by_the_minimum() {
        // 96 bps of 16,000 IO are 153.6 IO an hour.
        assert_eq!(bound(1_600_000_000_000, 96, 1), 15_360_000_000);
        assert_eq!(bound(1_600_000_000_000, 96, 24), 368_640_000_000);
        assert_eq!((bound(3, 5_000, 1), bound(3, 96, 0), bound(u64::MAX, 1_000, u64::MAX)), (1, 0, u64::MAX));
    }

    #[test]
    fn a_commission_above_one_whole_is_refused() {
        assert_eq!(split(7, 1, 1, 10_001), None);
    }

    #[test]
    fn the_largest_values_fit() {
        let half = CAP / 2;
        assert_eq!(split(CAP, half, half, 0).unwrap().co, CAP / 2);
        assert_eq!(split(CAP, 0, CAP, 0).unwrap().co, CAP);
        let all = Accumulator::default().add(CAP, 1).unwrap();
        assert_eq!(accrue(1, all.acc, 0, u64::MAX), Some((CAP, u64::MAX)));
        let wide = Accumulator::default().add(CAP, CAP).unwrap();
        assert_eq!(accrue(CAP, wide.acc, 0, 0), Some((CAP, 0)));
    }

    #[test]
    fn the_remainder_of_every_division_is_carried() {
        // 2^64 / (8 · 10^16 − 1) is 230.58: without its remainder each unit would lose a quarter per cent.
        let stake = CAP - 1;
        let acc = (0..100_000).fold(Accumulator::default(), |acc, _| acc.add(1, stake).unwrap());
        let (whole, fraction) = accrue(stake, acc.acc, 0, 0).unwrap();
        assert_eq!((whole, fraction > 0), (99_999, true));
    }

    proptest! {
        #[test]
        fn the_sides_sum_to_the_reward(r in 0..=CAP, own in 0..=CAP, co in 0..=CAP, c in 0u16..=10_000) {
            let parts = split(r, own, co, c).unwrap();
            prop_assert_eq!(parts.owner + parts.co, r);
            // The co-stakers' part is the floor of r · co · (10⁴ − c) / ((own + co) · 10⁴).
            let (share, of) = (u128::from(r) * u128::from(co) * u128::from(10_000 - c), u128::from(own + co) * 10_000);
            if co > 0 {
                prop_assert!(u128::from(parts.co) * of <= share);
                prop_assert!(share < (u128::from(parts.co) + 1) * of);
            }
        }

        /// However often anyone claims, nobody gets more than the exact share, and what is not yet
        /// paid is less than one base unit a position.
        #[test]
        fn claims_pay_the_exact_share_in_any_rhythm(
            stakes in prop::collection::vec(1..=CAP / 8, 1..8),
            rewards in prop::collection::vec(0..=CAP / 40, 1..40),
            claims: u64,
        ) {
            let total: u64 = stakes.iter().sum();
            let mut acc = Accumulator::default();
            let mut state = vec![(0u64, 0u128, 0u64); stakes.len()];
            for (i, reward) in rewards.iter().enumerate() {
                acc = acc.add(*reward, total).unwrap();
                for (j, (due, entry, fraction)) in state.iter_mut().enumerate() {
                    if claims >> ((i * 7 + j) % 64) & 1 == 1 || i + 1 == rewards.len() {
                        let (whole, carried) = accrue(stakes[j], acc.acc, *entry, *fraction).unwrap();
                        (*due, *entry, *fraction) = (*due + whole, acc.acc, carried);
                    }
                }
            }
            let paid_in: u64 = rewards.iter().sum();
            let paid_out: u64 = state.iter().map(|s| s.0).sum();
            prop_assert!(paid_out <= paid_in);
            prop_assert!(paid_in - paid_out <= stakes.len() as u64);
            for (stake, (due, ..)) in stakes.iter().zip(&state) {
                let exact = u128::from(paid_in) * u128::from(*stake);
                prop_assert!(u128::from(*due) * u128::from(total) <= exact);
                prop_assert!(exact < (u128::from(*due) + 2) * u128::from(total));
            }
        }
    }
}
