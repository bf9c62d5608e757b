//! Who loses what when a node is slashed: its owner first.

use crate::DAY;

/// What a slash can reach, in base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The owner's rewards, unclaimed.
    pub due: u64,
    /// The owner's active stake.
    pub active: u64,
    /// The owner's pending stake.
    pub pending: u64,
    /// The owner's stake that is on its way out.
    pub cooling: [u64; 4],
    /// The co-stakers' tokens.
    pub co: u64,
}

impl Reach {
    /// Takes `amount` in the order of the fields; `None` when there is less. What is left stands in the
    /// result.
    pub fn take(mut self, amount: u64) -> Option<Self> {
        let mut left = amount;
        let [first, second, third, fourth] = &mut self.cooling;
        for part in
            [&mut self.due, &mut self.active, &mut self.pending, first, second, third, fourth, &mut self.co]
        {
            let taken = left.min(*part);
            *part = part.checked_sub(taken)?;
            left = left.checked_sub(taken)?;
        }
        (left == 0).then_some(self)
    }
}

/// Days that are looked at together: today and the seven before, so that no seven days exceed the limit.
pub const WINDOW_DAYS: usize = 8;

/// What was slashed on each of the latest days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The latest day, unix time / 86,400.
    pub day: u64,
    /// Slashed on that day and on each before it.
    pub slashed: [u64; WINDOW_DAYS],
}

impl Window {
    /// The window as of `now`.
    pub fn at(mut self, now: i64) -> Self {
        // Unsigned, because the program's instruction set divides nothing else.
        let today = u64::try_from(now).unwrap_or(0).checked_div(DAY.unsigned_abs()).unwrap_or(0);
        let passed = usize::try_from(today.saturating_sub(self.day)).unwrap_or(WINDOW_DAYS).min(WINDOW_DAYS);
        self.slashed.rotate_right(passed);
        self.slashed.iter_mut().take(passed).for_each(|day| *day = 0);
        self.day = self.day.max(today);
        self
    }

    /// How much more may be slashed of `stake` at a limit in basis points.
    pub fn room(&self, stake: u64, limit_bps: u64) -> Option<u64> {
        let limit = crate::ratio::mul_div_floor(stake, limit_bps, crate::BPS)?;
        let slashed = self.slashed.iter().try_fold(0u64, |sum, day| sum.checked_add(*day))?;
        Some(limit.saturating_sub(slashed))
    }

    /// Books a slash on the latest day.
    pub fn add(&mut self, amount: u64) -> Option<()> {
        let [today, ..] = &mut self.slashed;
        *today = today.checked_add(amount)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_owner_loses_rewards_then_stake_then_what_cools_and_co_stakers_last() {
        let reach = Reach { due: 1, active: 10, pending: 100, cooling: [1_000, 0, 0, 2_000], co: 10_000 };
        let left = |amount| reach.take(amount).unwrap();
        assert_eq!(left(1), Reach { due: 0, ..reach });
        assert_eq!(left(6), Reach { due: 0, active: 5, ..reach });
        assert_eq!(left(61), Reach { due: 0, active: 0, pending: 50, ..reach });
        let cooling = [0, 0, 0, 1_500];
        assert_eq!(left(1_611), Reach { due: 0, active: 0, pending: 0, cooling, ..reach });
        assert_eq!(left(3_112), Reach { co: 9_999, ..Reach::default() });
        assert_eq!(reach.take(13_112), None);
    }

    #[test]
    fn one_per_cent_of_stake_may_be_slashed_in_seven_days() {
        let mut window = Window::default().at(100 * DAY);
        assert_eq!(window.room(10_000, 100), Some(100));
        window.add(30).unwrap();
        assert_eq!(window.room(10_000, 100), Some(70));
        assert_eq!(window.room(1_000, 100), Some(0));
        let mut later = window.at(106 * DAY);
        later.add(70).unwrap();
        assert_eq!(later.at(108 * DAY - 1).room(10_000, 100), Some(0));
        assert_eq!(later.at(108 * DAY).room(10_000, 100), Some(30));
        assert_eq!(later.at(114 * DAY).room(10_000, 100), Some(100));
        assert_eq!(later.at(9_000 * DAY).slashed, [0; WINDOW_DAYS]);
        assert_eq!(later.at(0), later, "time does not go back");
    }

    proptest! {
        #[test]
        fn what_is_taken_and_what_is_left_are_all_there_was(
            due in 0..=crate::CAP, active in 0..=crate::CAP, pending in 0..=crate::CAP,
            cooling: [u32; 4], co in 0..=crate::CAP, amount in 0..=crate::CAP * 4,
        ) {
            let reach = Reach { due, active, pending, cooling: cooling.map(u64::from), co };
            let sum = |r: Reach| r.due + r.active + r.pending + r.cooling.iter().sum::<u64>() + r.co;
            match reach.take(amount) {
                Some(left) => {
                    prop_assert_eq!(sum(left) + amount, sum(reach));
                    prop_assert!(left.co == reach.co || sum(left) == left.co);
                }
                None => prop_assert!(amount > sum(reach)),
            }
        }

        /// In whatever rhythm it is slashed, no seven days see more than the limit.
        #[test]
        fn no_seven_days_exceed_the_limit(steps in prop::collection::vec((0..3 * DAY, 0u64..200), 1..60)) {
            let (mut window, mut now, mut log) = (Window::default(), 0, Vec::new());
            for (wait, wanted) in steps {
                now += wait;
                window = window.at(now);
                let amount = wanted.min(window.room(10_000, 100).unwrap());
                window.add(amount).unwrap();
                log.push((now, amount));
                let recent = log.iter().filter(|(at, _)| now - at <= 7 * DAY);
                prop_assert!(recent.map(|(_, amount)| amount).sum::<u64>() <= 100);
            }
        }
    }
}
