//! The circuit breaker of [`io_math::outflow`] as accounts keep it.

use anchor_lang::prelude::*;
use io_math::outflow::{Window, WINDOW_DAYS};

/// What flowed out on each of the latest days.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outflow {
    /// The latest day, unix time / 86,400.
    pub day: u64,
    /// What flowed out on that day and on each of the seven before it, base units.
    pub out: [u64; WINDOW_DAYS],
}

impl Outflow {
    fn window(&self, now: i64) -> Window {
        Window { day: self.day, out: self.out }.at(now)
    }

    /// How much more may flow out at `now`, at a limit for seven days.
    pub fn room(&self, now: i64, limit: u64) -> u64 {
        self.window(now).room(limit)
    }

    /// Books what flows out at `now`. False, and nothing is booked, when there is no room for it.
    #[must_use]
    pub fn take(&mut self, now: i64, limit: u64, amount: u64) -> bool {
        let mut window = self.window(now);
        if window.room(limit) < amount || window.add(amount).is_none() {
            return false;
        }
        (self.day, self.out) = (window.day, window.out);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use io_math::DAY;

    #[test]
    fn what_does_not_fit_is_refused_and_changes_nothing() {
        let mut outflow = Outflow::default();
        assert!(outflow.take(DAY, 100, 60));
        let before = outflow;
        assert!(!outflow.take(2 * DAY, 100, 41));
        assert_eq!(outflow, before);
        assert_eq!(outflow.room(2 * DAY, 100), 40);
        assert!(outflow.take(2 * DAY, 100, 40));
        assert!(outflow.take(9 * DAY, 100, 60));
    }
}
