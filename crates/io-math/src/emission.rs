//! The emission schedule: 300M IO over 240 months of 730.5 hours, by the hour.

use crate::emission_table::CUMULATIVE;
use crate::HOUR;

/// Hours from the first to the last emission: 240 months of 730.5 hours.
pub const HOURS: i64 = 175_320;
/// Seconds from the first to the last emission.
pub const END: i64 = HOURS * HOUR;
/// What the first month emits, more than any other.
pub const FIRST_MONTH: u64 = CUMULATIVE[1];
/// Half hours in one month, so that a month of 730.5 hours is a whole number.
const HALF_HOURS_PER_MONTH: u64 = 1_461;

/// Tokens emitted `seconds` after the start, in base units; 0 before it, constant after 20 years.
///
/// Linear inside a month, by whole hours, rounded down. Only time enters, so any sequence of cranks
/// emits the same total.
#[inline]
pub fn cumulative(seconds: i64) -> u64 {
    // Unsigned: the runtime has no signed division.
    let seconds = seconds.clamp(0, END).unsigned_abs();
    let half_hours = seconds.checked_div(HOUR.unsigned_abs()).unwrap_or(0).saturating_mul(2);
    let month = half_hours.checked_div(HALF_HOURS_PER_MONTH).unwrap_or(0);
    let into = half_hours.checked_rem(HALF_HOURS_PER_MONTH).unwrap_or(0);
    let at = |k: u64| usize::try_from(k).ok().and_then(|k| CUMULATIVE.get(k)).copied();
    let Some(begin) = at(month) else { return crate::EMISSION };
    // The last entry has no next month, and nothing is left to spread over it.
    let Some(end) = at(month.saturating_add(1)) else { return begin };
    // At most 3.4e14 · 1460 < 2^59.
    let part = end.saturating_sub(begin).saturating_mul(into).checked_div(HALF_HOURS_PER_MONTH);
    begin.saturating_add(part.unwrap_or(0))
}

/// What a demand-linked policy pays of a scheduled amount, and what it withholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    pub paid: u64,
    pub withheld: u64,
}

/// Where emission stood after a crank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stand {
    /// Minted on the schedule, what was withheld included.
    pub emitted: u64,
    /// Of it, kept from the emission vault.
    pub withheld: u64,
}

impl Stand {
    /// What the emission vault has received.
    pub fn paid(&self) -> Option<u64> {
        self.emitted.checked_sub(self.withheld)
    }

    /// What the emission vault received for the first `scheduled` of the schedule, where one crank led from
    /// here to `after` and across it: hours that were emitted together share what was paid for them in the
    /// proportion of the schedule, rounded down. `None` when `scheduled` is not between the two.
    pub fn paid_until(&self, after: Self, scheduled: u64) -> Option<u64> {
        let (before, paid) = (self.paid()?, after.paid()?.checked_sub(self.paid()?)?);
        let (into, span) = (scheduled.checked_sub(self.emitted)?, after.emitted.checked_sub(self.emitted)?);
        if into == 0 {
            return Some(before);
        }
        if into > span {
            return None;
        }
        before.checked_add(crate::ratio::mul_div_floor(paid, into, span)?)
    }
}

/// Terms of a policy that links emission to the IO that fees have burned. It can pay less than the
/// schedule and never more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Part of the schedule that is paid whatever was burned, in bps.
    pub floor_bps: u16,
    /// Paid on top for each base unit burned, in bps of it.
    pub per_burned_bps: u32,
}

impl Demand {
    /// Divides `due`, given what was scheduled (with `due`), burned and paid (without it) since the
    /// policy began: all that was ever allowed, `⌊scheduled · floor⌋ + ⌊burned · rate⌋`, less what was
    /// already paid, is paid, but at most `due`.
    pub fn divide(&self, due: u64, scheduled: u64, burned: u64, paid: u64) -> Portion {
        let share = |amount: u64, bps: u64| {
            u128::from(amount)
                .saturating_mul(u128::from(bps))
                .checked_div(u128::from(crate::BPS))
                .unwrap_or(0)
        };
        let allowed = share(scheduled, u64::from(self.floor_bps))
            .saturating_add(share(burned, u64::from(self.per_burned_bps)))
            .saturating_sub(u128::from(paid));
        let paid = u64::try_from(allowed).map_or(due, |allowed| allowed.min(due));
        Portion { paid, withheld: due.saturating_sub(paid) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EMISSION, IO};
    use proptest::prelude::*;

    #[test]
    fn twenty_years_end_at_exactly_three_hundred_million() {
        assert_eq!(cumulative(HOURS * HOUR), 300_000_000 * IO);
        assert_eq!(cumulative(HOURS * HOUR + 1), EMISSION);
        assert_eq!(cumulative(i64::MAX), EMISSION);
        assert!(cumulative((HOURS - 1) * HOUR) < EMISSION);
    }

    #[test]
    fn nothing_is_emitted_before_the_first_hour_is_over() {
        assert_eq!(cumulative(i64::MIN), 0);
        assert_eq!(cumulative(-1), 0);
        assert_eq!(cumulative(HOUR - 1), 0);
        // 3,333,333.33333333 IO in 730.5 hours: 4,563.0846452 IO in the first one.
        assert_eq!(cumulative(HOUR), 456_308_464_522);
    }

    #[test]
    fn the_first_month_pays_a_twelfth_of_eight_per_cent() {
        // 730 whole hours of 730.5, then the month's end inside hour 731.
        assert_eq!(cumulative(730 * HOUR), 333_333_333_333_333 * 1460 / 1461);
        assert_eq!(CUMULATIVE[1], 333_333_333_333_333);
    }

    #[test]
    fn the_first_year_pays_37_84_million() {
        assert_eq!(CUMULATIVE[12] / IO / 10_000, 3_784);
    }

    #[test]
    fn no_month_pays_more_than_the_one_before() {
        let months: Vec<u64> = CUMULATIVE.windows(2).map(|w| w[1] - w[0]).collect();
        assert_eq!(months.len(), 240);
        assert!(months.windows(2).all(|w| w[1] < w[0]));
    }

    #[test]
    fn every_hour_emits_and_the_hours_sum_to_the_whole() {
        let mut sum = 0;
        for hour in 1..=HOURS {
            let step = cumulative(hour * HOUR) - cumulative((hour - 1) * HOUR);
            assert!(step > 0);
            sum += step;
        }
        assert_eq!(sum, EMISSION);
    }

    #[test]
    fn a_demand_linked_policy_pays_its_floor_and_what_was_burned() {
        let policy = Demand { floor_bps: 2_500, per_burned_bps: 20_000 };
        // A quarter of 1,000 and twice 100.
        assert_eq!(policy.divide(1_000, 1_000, 100, 0), Portion { paid: 450, withheld: 550 });
        // Next hour: 500 + 200 were allowed in all, 450 are paid.
        assert_eq!(policy.divide(1_000, 2_000, 100, 450), Portion { paid: 250, withheld: 750 });
        // However much was burned, the schedule is the most.
        assert_eq!(policy.divide(1_000, 3_000, u64::MAX, 700), Portion { paid: 1_000, withheld: 0 });
    }

    #[test]
    fn hours_emitted_together_share_what_was_paid_for_them() {
        let before = Stand { emitted: 1_000, withheld: 100 };
        let after = Stand { emitted: 1_300, withheld: 300 };
        // Of 300 scheduled 100 were paid: a third, on top of 900.
        assert_eq!(before.paid_until(after, 999), None);
        assert_eq!(before.paid_until(after, 1_000), Some(900));
        assert_eq!(before.paid_until(after, 1_100), Some(933));
        assert_eq!(before.paid_until(after, 1_300), Some(1_000));
        assert_eq!(before.paid_until(after, 1_301), None);
        assert_eq!(before.paid_until(before, 1_000), Some(900));
        assert_eq!(before.paid_until(before, 1_001), None);
    }

    proptest! {
        #[test]
        fn a_longer_time_is_paid_no_less_and_never_more_than_all(
            emitted in 0..=EMISSION, more in 0..=EMISSION, kept in 0..=10_000u64, kept_more in 0..=10_000u64,
            at in 0..=10_000u64, later in 0..=10_000u64,
        ) {
            let part = |of: u64, bps: u64| crate::ratio::mul_div_floor(of, bps, 10_000).unwrap();
            let before = Stand { emitted, withheld: part(emitted, kept) };
            let after = Stand { emitted: emitted + more, withheld: before.withheld + part(more, kept_more) };
            let paid = |bps| before.paid_until(after, emitted + part(more, bps)).unwrap();
            prop_assert!(paid(at.min(later)) <= paid(at.max(later)));
            prop_assert!(before.paid().unwrap() <= paid(at) && paid(at) <= after.paid().unwrap());
            prop_assert!(paid(at) <= emitted + part(more, at) - before.withheld);
        }

        #[test]
        fn a_policy_only_ever_withholds(
            due: u64, scheduled: u64, burned: u64, paid: u64, floor_bps in 0u16..=10_000, per_burned_bps: u32,
        ) {
            let portion = Demand { floor_bps, per_burned_bps }.divide(due, scheduled, burned, paid);
            prop_assert!(portion.paid <= due);
            prop_assert_eq!(portion.paid + portion.withheld, due);
        }

        #[test]
        fn any_crank_pattern_emits_the_same_total(mut times in prop::collection::vec(-HOUR..HOURS * HOUR * 2, 1..50)) {
            times.sort_unstable();
            let mut emitted = 0;
            for time in &times {
                emitted += cumulative(*time) - emitted;
            }
            prop_assert_eq!(emitted, cumulative(*times.last().unwrap()));
        }

        #[test]
        fn it_never_falls(a: i64, b: i64) {
            prop_assert!(cumulative(a.min(b)) <= cumulative(a.max(b)));
        }
    }
}
