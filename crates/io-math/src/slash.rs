//! Who loses what when a node is slashed: its owner first.

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
    }
}
