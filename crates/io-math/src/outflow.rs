//! A circuit breaker: how much may flow out in any seven days, whatever else is wrong.
//!
//! It delays what exceeds the limit and loses nothing: the days pass, and the room comes back. It is for
//! credits, slashes, treasuries and auctions, never for an exit of somebody's own money.

use crate::DAY;

/// Days that are looked at together: today and the seven before, so that no seven days exceed the limit.
pub const WINDOW_DAYS: usize = 8;

/// What flowed out on each of the latest days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The latest day, unix time / 86,400.
    pub day: u64,
    /// What flowed out on that day and on each before it.
    pub out: [u64; WINDOW_DAYS],
}

impl Window {
    /// The window as of `now`; a clock that goes back opens nothing again.
    #[inline]
    pub fn at(mut self, now: i64) -> Self {
        // Unsigned, because the program's instruction set divides nothing else.
        let today = u64::try_from(now).unwrap_or(0).checked_div(DAY.unsigned_abs()).unwrap_or(0);
        if today > self.day {
            let passed = usize::try_from(today.saturating_sub(self.day)).unwrap_or(WINDOW_DAYS);
            let passed = passed.min(WINDOW_DAYS);
            self.out.rotate_right(passed);
            self.out.iter_mut().take(passed).for_each(|day| *day = 0);
            self.day = today;
        }
        self
    }

    /// How much more may flow out at a limit for seven days.
    #[inline]
    pub fn room(&self, limit: u64) -> u64 {
        self.out.iter().fold(limit, |room, day| room.saturating_sub(*day))
    }

    /// Books what flows out on the latest day; `None` when it does not fit into the sum.
    #[inline]
    pub fn add(&mut self, amount: u64) -> Option<()> {
        let [today, ..] = &mut self.out;
        *today = today.checked_add(amount)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_flowed_out_stands_in_the_way_for_a_week() {
        let mut window = Window::default().at(100 * DAY);
        assert_eq!(window.room(100), 100);
        window.add(30).unwrap();
        assert_eq!(window.room(100), 70);
        assert_eq!(window.room(10), 0);
        let mut later = window.at(106 * DAY);
        later.add(70).unwrap();
        assert_eq!(later.at(108 * DAY - 1).room(100), 0);
        assert_eq!(later.at(108 * DAY).room(100), 30);
        assert_eq!(later.at(114 * DAY).room(100), 100);
        assert_eq!(later.at(9_000 * DAY).out, [0; WINDOW_DAYS]);
        assert_eq!(later.at(0), later, "time does not go back");
    }

    proptest! {
        /// In whatever rhythm it flows, no seven days see more than the limit.
        #[test]
        fn no_seven_days_exceed_the_limit(steps in prop::collection::vec((0..3 * DAY, 0u64..200), 1..60)) {
            let (mut window, mut now, mut log) = (Window::default(), 0, Vec::new());
            for (wait, wanted) in steps {
                now += wait;
                window = window.at(now);
                let amount = wanted.min(window.room(100));
                window.add(amount).unwrap();
                log.push((now, amount));
                let recent = log.iter().filter(|(at, _)| now - at <= 7 * DAY);
                prop_assert!(recent.map(|(_, amount)| amount).sum::<u64>() <= 100);
            }
        }

        /// And what is refused is let through by the passing of time alone.
        #[test]
        fn eight_days_later_all_the_room_is_back(steps in prop::collection::vec((0..3 * DAY, 0u64..200), 1..60)) {
            let (mut window, mut now) = (Window::default(), 0);
            for (wait, wanted) in steps {
                now += wait;
                window = window.at(now);
                window.add(wanted.min(window.room(100))).unwrap();
            }
            prop_assert_eq!(window.at(now + 8 * DAY).room(100), 100);
        }
    }
}
