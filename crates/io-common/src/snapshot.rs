//! Weekly snapshots of an amount, exact for three weeks back, so that votes weigh what was staked
//! before the proposal.

use anchor_lang::prelude::*;

/// Seconds in a week.
pub const WEEK: u64 = 604_800;

/// An amount now, and what it was at the start of each of the three weeks up to `week`.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Week (unix time / 604,800) of the latest change.
    pub week: u64,
    /// The amount since that change.
    pub now: u64,
    /// The amount at the start of `week`, `week − 1` and `week − 2`.
    pub past: [u64; 3],
}

/// The week of a time; 0 before 1970.
pub fn week_of(time: i64) -> u64 {
    u64::try_from(time).unwrap_or(0).checked_div(WEEK).unwrap_or(0)
}

impl Snapshot {
    /// Records that the amount is `amount` from `time` on.
    pub fn set(&mut self, time: i64, amount: u64) {
        let week = week_of(time);
        let passed = week.saturating_sub(self.week);
        if passed > 0 {
            let [first, second, _] = self.past;
            self.past = match passed {
                1 => [self.now, first, second],
                2 => [self.now, self.now, first],
                _ => [self.now; 3],
            };
            self.week = week;
        }
        self.now = amount;
    }

    /// The amount at the start of `week`; `None` when that is too long ago to be known.
    pub fn at(&self, week: u64) -> Option<u64> {
        match self.week.checked_sub(week) {
            None => Some(self.now),
            Some(ago) => usize::try_from(ago).ok().and_then(|ago| self.past.get(ago)).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_knows_the_start_of_three_weeks_after_any_changes() {
        let changes = [(10, 5), (10, 7), (11, 9), (13, 2), (14, 4), (14, 6), (20, 1)];
        for cut in 1..=changes.len() {
            let mut snapshot = Snapshot::default();
            for (week, amount) in &changes[..cut] {
                snapshot.set(week * WEEK as i64 + 1, *amount);
            }
            let latest = u64::try_from(changes[cut - 1].0).unwrap();
            for week in latest - 2..latest + 3 {
                let expected = changes[..cut]
                    .iter()
                    .rfind(|(changed, _)| u64::try_from(*changed).unwrap() < week)
                    .map_or(0, |(_, amount)| *amount);
                assert_eq!(snapshot.at(week), Some(expected), "week {week} after {cut} changes");
            }
            assert_eq!(snapshot.at(latest - 3), None);
        }
    }
}
