//! Votes by stake: a position's vote overrides, for its stake, that of the node's owner.

use crate::ratio::mul_div_ceil;
use crate::{BPS, DAY, HOUR};

/// The end of a vote moves when the outcome turns within this time before it, seconds.
pub const LATE: i64 = 12 * HOUR;
/// Most that it moves in all, seconds.
pub const MOST_EXTENSION: i64 = 2 * DAY;

/// What a vote says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    For,
    Against,
    Abstain,
}

/// Stake by choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub in_favour: u64,
    pub against: u64,
    pub abstain: u64,
}

impl Tally {
    fn of(&mut self, choice: Choice) -> &mut u64 {
        match choice {
            Choice::For => &mut self.in_favour,
            Choice::Against => &mut self.against,
            Choice::Abstain => &mut self.abstain,
        }
    }

    /// Counts `weight`; `None` when a sum does not fit, and then nothing has changed.
    pub fn add(&mut self, choice: Choice, weight: u64) -> Option<()> {
        let sum = self.of(choice);
        *sum = sum.checked_add(weight)?;
        Some(())
    }

    /// Counts `weight` no longer; `None` when it was not counted.
    pub fn take(&mut self, choice: Choice, weight: u64) -> Option<()> {
        let sum = self.of(choice);
        *sum = sum.checked_sub(weight)?;
        Some(())
    }

    /// Moves a vote to another choice.
    pub fn shift(&mut self, from: Choice, to: Choice, weight: u64) -> Option<()> {
        self.take(from, weight)?;
        self.add(to, weight)
    }

    /// All stake that has voted, abstentions too.
    pub fn turnout(&self) -> Option<u64> {
        self.in_favour.checked_add(self.against)?.checked_add(self.abstain)
    }

    /// Whether the turnout is the quorum's share of `eligible` stake, and more than the threshold's share
    /// of those for and against are for.
    pub fn passes(&self, eligible: u64, quorum_bps: u16, threshold_bps: u16) -> Option<bool> {
        let decided = u128::from(self.in_favour.checked_add(self.against)?);
        // Factors of 64 and 16 bits: no product leaves 128.
        let more = u128::from(self.in_favour).checked_mul(u128::from(BPS))?
            > decided.checked_mul(u128::from(threshold_bps))?;
        Some(more && self.turnout()? >= quorum(eligible, quorum_bps)?)
    }

    /// Whether the turnout reaches a quarter of the quorum's share, without which the bond is lost.
    pub fn keeps_bond(&self, eligible: u64, quorum_bps: u16) -> Option<bool> {
        let quarter = mul_div_ceil(eligible, u64::from(quorum_bps), BPS.checked_mul(4)?)?;
        Some(self.turnout()? >= quarter)
    }
}

/// Least stake that has to vote: `⌈eligible · bps / 10⁴⌉`.
pub fn quorum(eligible: u64, quorum_bps: u16) -> Option<u64> {
    mul_div_ceil(eligible, u64::from(quorum_bps), BPS)
}

/// When a vote ends, and by how much a late turn has moved that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// When it ends without late turns.
    pub regular: i64,
    /// When it ends.
    pub ends: i64,
    /// By how much each late turn moves it.
    pub step: i64,
}

impl Term {
    /// Whether `now` is after the regular end: first votes count, and none is changed.
    pub fn is_extension(&self, now: i64) -> bool {
        now >= self.regular
    }

    /// When it ends after the outcome has turned at `now`: not moved but near the end, and by
    /// [`MOST_EXTENSION`] in all at most.
    pub fn turned(&self, now: i64) -> i64 {
        if now < self.ends.saturating_sub(LATE) {
            return self.ends;
        }
        let latest = self.regular.saturating_add(MOST_EXTENSION).max(self.ends);
        self.ends.saturating_add(self.step).min(latest)
    }
}

/// What votes on one node: its owner, for their own stake and for the co-stakers who have not voted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeSide {
    /// The owner's stake.
    pub own: u64,
    /// All co-stakers' stake.
    pub co: u64,
    /// Of it, what has voted itself.
    pub overridden: u64,
    /// What the owner's vote says; `None` before it.
    pub owner: Option<Choice>,
}

impl NodeSide {
    /// What the owner's vote weighs.
    pub fn owner_weight(&self) -> Option<u64> {
        self.own.checked_add(self.co.checked_sub(self.overridden)?)
    }

    /// A position's first vote, of `weight`: it counts no longer with the owner's. `None` when the
    /// positions come to more than the node says.
    pub fn position_votes(&mut self, tally: &mut Tally, choice: Choice, weight: u64) -> Option<()> {
        self.overridden = self.overridden.checked_add(weight).filter(|sum| *sum <= self.co)?;
        if let Some(owner) = self.owner {
            tally.take(owner, weight)?;
        }
        tally.add(choice, weight)
    }

    /// The owner's first vote, or a changed one. Gives its weight.
    pub fn owner_votes(&mut self, tally: &mut Tally, choice: Choice) -> Option<u64> {
        let weight = self.owner_weight()?;
        match self.owner.replace(choice) {
            Some(before) => tally.shift(before, choice, weight)?,
            None => tally.add(choice, weight)?,
        }
        Some(weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CAP;
    use proptest::prelude::*;

    const CHOICES: [Choice; 3] = [Choice::For, Choice::Against, Choice::Abstain];

    fn tally(in_favour: u64, against: u64, abstain: u64) -> Tally {
        Tally { in_favour, against, abstain }
    }

    #[test]
    fn the_quorum_is_a_share_of_eligible_stake_rounded_up() {
        // 10 % of 1,001 is 100.1: 101 have to vote, and abstaining is voting.
        assert_eq!(tally(1, 0, 100).passes(1_001, 1_000, 5_000), Some(true));
        assert_eq!(tally(1, 0, 99).passes(1_001, 1_000, 5_000), Some(false));
        assert_eq!(tally(51, 49, 0).passes(1_000, 1_000, 5_000), Some(true));
        assert_eq!(tally(51, 48, 0).passes(1_000, 1_000, 5_000), Some(false));
    }

    #[test]
    fn more_than_the_threshold_has_to_be_for() {
        assert_eq!(tally(50, 50, 0).passes(100, 200, 5_000), Some(false));
        assert_eq!(tally(51, 50, 0).passes(100, 200, 5_000), Some(true));
        assert_eq!(tally(67, 33, 0).passes(100, 200, 6_700), Some(false));
        assert_eq!(tally(68, 32, 0).passes(100, 200, 6_700), Some(true));
        assert_eq!(tally(0, 0, 100).passes(100, 200, 5_000), Some(false));
    }

    #[test]
    fn a_quarter_of_the_quorum_keeps_the_bond() {
        // 10 % of 1,001 is 100.1, a quarter of it 25.025.
        assert_eq!(tally(0, 26, 0).keeps_bond(1_001, 1_000), Some(true));
        assert_eq!(tally(25, 0, 0).keeps_bond(1_001, 1_000), Some(false));
        assert_eq!(tally(10, 10, 5).keeps_bond(1_000, 1_000), Some(true));
    }

    #[test]
    fn a_position_overrides_the_owner_before_and_after_his_vote() {
        let mut sum = Tally::default();
        let mut node = NodeSide { own: 500, co: 300, ..NodeSide::default() };
        node.position_votes(&mut sum, Choice::Against, 100).unwrap();
        assert_eq!(node.owner_votes(&mut sum, Choice::For), Some(700));
        assert_eq!(sum, tally(700, 100, 0));
        node.position_votes(&mut sum, Choice::Abstain, 50).unwrap();
        assert_eq!(sum, tally(650, 100, 50));
        assert_eq!(node.owner_votes(&mut sum, Choice::Against), Some(650));
        assert_eq!(sum, tally(0, 750, 50));
    }

    #[test]
    fn positions_cannot_outweigh_their_node() {
        let mut node = NodeSide { own: 1, co: 10, ..NodeSide::default() };
        assert_eq!(node.position_votes(&mut Tally::default(), Choice::For, 11), None);
        assert_eq!(node.overridden, 0);
    }

    #[test]
    fn a_late_turn_moves_the_end_by_a_day_and_by_two_in_all() {
        let at = |days: i64, ends: i64| Term { regular: 5 * DAY, ends, step: DAY }.turned(days);
        assert_eq!(at(5 * DAY - LATE - 1, 5 * DAY), 5 * DAY);
        assert_eq!(at(5 * DAY - LATE, 5 * DAY), 6 * DAY);
        assert_eq!(at(6 * DAY - LATE - 1, 6 * DAY), 6 * DAY);
        assert_eq!(at(6 * DAY - 1, 6 * DAY), 7 * DAY);
        assert_eq!(at(7 * DAY - 1, 7 * DAY), 7 * DAY);
        // A step of a day and a half: half a day is left for the second.
        let long = Term { regular: 5 * DAY, ends: 5 * DAY + 3 * DAY / 2, step: 3 * DAY / 2 };
        assert_eq!(long.turned(long.ends - 1), 7 * DAY);
        assert_eq!(Term { step: 0, ..long }.turned(long.ends - 1), long.ends);
    }

    #[test]
    fn an_extension_begins_at_the_regular_end() {
        let moved = Term { regular: 5 * DAY, ends: 6 * DAY, step: DAY };
        assert_eq!((moved.is_extension(5 * DAY - 1), moved.is_extension(5 * DAY)), (false, true));
    }

    #[test]
    fn the_largest_values_fit() {
        let mut sum = Tally::default();
        let mut node = NodeSide { own: CAP / 2, co: CAP / 2, ..NodeSide::default() };
        node.owner_votes(&mut sum, Choice::For).unwrap();
        node.position_votes(&mut sum, Choice::For, CAP / 2).unwrap();
        assert_eq!(sum, tally(CAP, 0, 0));
        assert_eq!(sum.passes(CAP, 2_000, 6_700), Some(true));
    }

    proptest! {
        /// Whenever it turns, others have 12 hours to answer, until the end has moved by two days.
        #[test]
        fn after_a_turn_there_is_time_to_answer(
            step in 12 * HOUR..=2 * DAY, waits in prop::collection::vec(0..2 * DAY, 1..12),
        ) {
            let regular = 100 * DAY;
            let mut term = Term { regular, ends: regular, step };
            let mut now = regular - DAY;
            for wait in waits {
                now += wait;
                if now >= term.ends {
                    break;
                }
                term.ends = term.turned(now);
                prop_assert!(term.ends <= regular + MOST_EXTENSION);
                prop_assert!(term.ends - now >= LATE || term.ends == regular + MOST_EXTENSION);
            }
        }

        #[test]
        fn any_order_of_votes_counts_each_stake_once_at_its_last_choice(
            own in 0..CAP / 2,
            stakes in prop::collection::vec(0..CAP / 16, 1..8),
            votes in prop::collection::vec((0usize..9, 0usize..3), 0..40),
        ) {
            let mut node = NodeSide { own, co: stakes.iter().sum(), ..NodeSide::default() };
            let mut sum = Tally::default();
            let mut said: Vec<Option<Choice>> = vec![None; stakes.len()];
            for (voter, choice) in votes {
                let choice = CHOICES[choice];
                match stakes.get(voter) {
                    None => prop_assert!(node.owner_votes(&mut sum, choice).is_some()),
                    Some(weight) => match said[voter].replace(choice) {
                        None => node.position_votes(&mut sum, choice, *weight).unwrap(),
                        Some(before) => sum.shift(before, choice, *weight).unwrap(),
                    },
                }
            }
            let mut expected = Tally::default();
            if let Some(choice) = node.owner {
                expected.add(choice, own).unwrap();
            }
            for (weight, said) in stakes.iter().zip(&said) {
                if let Some(choice) = said.or(node.owner) {
                    expected.add(choice, *weight).unwrap();
                }
            }
            prop_assert_eq!(sum, expected);
        }
    }
}
