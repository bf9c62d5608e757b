//! Vesting: a part at the start, and equal tranches after a cliff.

use crate::emission::END;

/// Seconds in a month, as emission counts them: 730.5 hours.
pub const MONTH: i64 = 2_629_800;
/// The shortest time between two tranches: half an hour, of which a month has 1,461.
pub const SHORTEST: u32 = 1_800;
/// The longest time between two tranches: a year.
pub const LONGEST: u32 = 31_557_600;

/// When how much of a grant is its beneficiary's.
///
/// `upfront` is from `start` on. The rest is `tranches` equal parts, rounded down; the n-th comes
/// `cliff + n · period` after the start, and the last has the remainder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub total: u64,
    pub upfront: u64,
    /// Unix time.
    pub start: i64,
    /// Seconds from the start to the time from which tranches count.
    pub cliff: u32,
    /// Seconds between tranches.
    pub period: u32,
    pub tranches: u32,
}

impl Schedule {
    /// Whether it says something, and ends: a total, at least one tranche, at most 20 years.
    pub fn is_sound(&self) -> bool {
        let tranches = i64::from(self.tranches).saturating_mul(i64::from(self.period));
        self.total > 0
            && self.upfront <= self.total
            && self.tranches > 0
            && (SHORTEST..=LONGEST).contains(&self.period)
            && i64::from(self.cliff).saturating_add(tranches) <= END
    }

    /// What has vested at `now`: never falls, at most `total`.
    pub fn vested(&self, now: i64) -> u64 {
        if now < self.start {
            return 0;
        }
        // Unsigned: the runtime has no signed division. `now ≥ start`, so the difference is its size.
        let since = now.abs_diff(self.start).saturating_sub(u64::from(self.cliff));
        let passed = since.checked_div(u64::from(self.period)).unwrap_or(0);
        if passed >= u64::from(self.tranches) {
            return self.total;
        }
        let rest = self.total.saturating_sub(self.upfront);
        // passed < tranches, so this is at most the rest.
        let part = rest.checked_div(u64::from(self.tranches)).unwrap_or(0).saturating_mul(passed);
        self.upfront.saturating_add(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IO;
    use proptest::prelude::*;

    const START: i64 = 1_800_000_000;

    /// Seed: a year's cliff, then 24 months.
    fn seed() -> Schedule {
        Schedule {
            total: 100_000_000 * IO,
            upfront: 0,
            start: START,
            cliff: 12 * 2_629_800,
            period: 2_629_800,
            tranches: 24,
        }
    }

    #[test]
    fn nothing_vests_in_the_year_of_the_cliff_nor_in_the_month_after() {
        let vested = |month: i64| seed().vested(START + month * MONTH);
        assert_eq!((vested(0), vested(12)), (0, 0));
        assert_eq!(seed().vested(START + 13 * MONTH - 1), 0);
        // 100,000,000 / 24 = 4,166,666.66666666 and two thirds of a base unit.
        assert_eq!(vested(13), 416_666_666_666_666);
        assert_eq!(seed().vested(START + 14 * MONTH - 1), 416_666_666_666_666);
        assert_eq!(vested(14), 833_333_333_333_332);
    }

    #[test]
    fn the_last_tranche_has_the_remainder() {
        let vested = |month: i64| seed().vested(START + month * MONTH);
        assert_eq!(vested(35), 9_583_333_333_333_318);
        assert_eq!(vested(36), 10_000_000_000_000_000);
        assert_eq!(vested(36) - vested(35), 416_666_666_666_682);
        assert_eq!(seed().vested(i64::MAX), 10_000_000_000_000_000);
    }

    #[test]
    fn the_part_at_the_start_does_not_wait_for_the_cliff() {
        let schedule = Schedule { upfront: 30, total: 100, tranches: 7, ..seed() };
        assert_eq!(schedule.vested(START - 1), 0);
        assert_eq!(schedule.vested(START), 30);
        assert_eq!(schedule.vested(START + 13 * MONTH), 40);
        assert_eq!(schedule.vested(START + 19 * MONTH), 100);
    }

    #[test]
    fn what_never_ends_or_gives_nothing_is_not_sound() {
        assert!(seed().is_sound());
        // 20 years to the second, and one more.
        assert!(Schedule { cliff: 0, tranches: 240, ..seed() }.is_sound());
        assert!(!Schedule { cliff: 1, tranches: 240, ..seed() }.is_sound());
        for wrong in [
            Schedule { total: 0, ..seed() },
            Schedule { upfront: seed().total + 1, ..seed() },
            Schedule { tranches: 0, ..seed() },
            Schedule { period: 0, ..seed() },
            Schedule { period: SHORTEST - 1, ..seed() },
            Schedule { period: LONGEST + 1, tranches: 1, ..seed() },
            Schedule { tranches: u32::MAX, ..seed() },
            Schedule { cliff: u32::MAX, ..seed() },
        ] {
            assert!(!wrong.is_sound(), "{wrong:?}");
        }
    }

    prop_compose! {
        fn sound()(
            total in 1..=crate::CAP, part in 0..=10_000u64, start in -END..=4 * END, cliff in 0..=100_000_000u32,
            period in SHORTEST..=LONGEST, wanted in 1..=200_000u32,
        ) -> Schedule {
            let upfront = (u128::from(total) * u128::from(part) / 10_000) as u64;
            let most = u32::try_from((END - i64::from(cliff)) / i64::from(period)).unwrap();
            Schedule { total, upfront, start, cliff, period, tranches: wanted.min(most).max(1) }
        }
    }

    proptest! {
        #[test]
        fn it_never_falls_and_never_exceeds_the_total(schedule in sound(), a: i64, b: i64) {
            let (early, late) = (schedule.vested(a.min(b)), schedule.vested(a.max(b)));
            prop_assert!(early <= late && late <= schedule.total);
        }

        #[test]
        fn tranches_are_equal_but_for_the_last(schedule in sound(), at: prop::sample::Index) {
            let n = at.index(schedule.tranches as usize) as i64;
            let time = |n: i64| schedule.start + i64::from(schedule.cliff) + n * i64::from(schedule.period);
            let each = (schedule.total - schedule.upfront) / u64::from(schedule.tranches);
            let got = schedule.vested(time(n + 1)) - schedule.vested(time(n + 1) - 1);
            let last = schedule.total - schedule.upfront - each * u64::from(schedule.tranches - 1);
            prop_assert_eq!(got, if n + 1 == i64::from(schedule.tranches) { last } else { each });
        }

        #[test]
        fn anything_at_all_stays_within_the_total(
            total: u64, upfront: u64, start: i64, cliff: u32, period: u32, tranches: u32, now: i64,
        ) {
            let schedule = Schedule { total, upfront: upfront.min(total), start, cliff, period, tranches };
            prop_assert!(schedule.vested(now) <= total);
        }
    }
}
