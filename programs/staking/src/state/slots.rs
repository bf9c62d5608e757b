use crate::errors::StakingError;
use anchor_lang::prelude::*;

/// Places for withdrawals of one side or position.
pub const SLOTS: usize = MAX_COOLING as usize;
/// How many withdrawals may cool at the same time on one side or position.
#[constant]
pub const MAX_COOLING: u8 = 4;

/// Stake that is cooling: tokens on the owner's side, shares in a position.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Tokens in base units, or shares, that have not left yet.
    pub amount: u64,
    /// The part that still counts in the split of rewards, for hours before the withdrawal was asked for.
    pub weight: u64,
    /// When the amount may leave, unix time.
    pub ready_at: i64,
    /// When the withdrawal was asked for, unix time: the weight ends when the node is credited up to then.
    pub counts_to: i64,
}

impl Slot {
    fn is_free(&self) -> bool {
        self.amount == 0 && self.weight == 0
    }
}

/// The slots of one side or position.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Slots {
    /// The slots, in no order. A slot is free when neither amount nor weight is left in it.
    pub slots: [Slot; SLOTS],
}

impl Slots {
    /// All that cools, ready or not.
    pub fn total(&self) -> Result<u64> {
        self.slots
            .iter()
            .try_fold(0u64, |sum, slot| sum.checked_add(slot.amount))
            .ok_or_else(|| error!(StakingError::Overflow))
    }

    /// Puts `amount` that was asked for at `now` into a free slot until `ready_at`. Where all are taken, weights
    /// that are left of withdrawals share one.
    pub fn put(&mut self, amount: u64, now: i64, ready_at: i64) -> Result<()> {
        if amount == 0 {
            return Ok(());
        }
        if !self.slots.iter().any(Slot::is_free) {
            self.merge_late()?;
        }
        let free = self.slots.iter_mut().find(|slot| slot.is_free());
        *free.ok_or(StakingError::NoFreeSlot)? = Slot { amount, weight: amount, ready_at, counts_to: now };
        Ok(())
    }

    /// Puts all weights whose amounts have left into one slot, which ends with the earliest of them: with a later
    /// one, stake that leaves often would share hours in which that stake was gone.
    fn merge_late(&mut self) -> Result<()> {
        let mut late = self.slots.iter_mut().filter(|slot| slot.amount == 0);
        if let Some(first) = late.next() {
            for other in late {
                let Slot { weight, counts_to, .. } = core::mem::take(other);
                first.weight = first.weight.checked_add(weight).ok_or(StakingError::Overflow)?;
                first.counts_to = first.counts_to.min(counts_to);
            }
        }
        Ok(())
    }

    /// Takes the amounts that are ready and returns their sum; their weights stay.
    pub fn take_ready(&mut self, now: i64) -> Result<u64> {
        let mut sum = 0u64;
        for slot in self.slots.iter_mut().filter(|slot| slot.ready_at <= now) {
            sum = sum.checked_add(core::mem::take(&mut slot.amount)).ok_or(StakingError::Overflow)?;
        }
        Ok(sum)
    }

    /// Ends the weights that were asked for by `through` and returns their sum.
    pub fn end_weights(&mut self, through: i64) -> Result<u64> {
        let mut sum = 0u64;
        for slot in self.slots.iter_mut().filter(|slot| slot.counts_to <= through) {
            sum = sum.checked_add(core::mem::take(&mut slot.weight)).ok_or(StakingError::Overflow)?;
        }
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_withdrawals_cool_at_once_and_each_leaves_when_ready() {
        let mut slots = Slots::default();
        for i in 1..=4 {
            slots.put(i, 0, 100 * i as i64).unwrap();
        }
        assert!(slots.put(5, 0, 500).is_err());
        assert_eq!(slots.end_weights(0).unwrap(), 10);
        assert_eq!(slots.total().unwrap(), 10);
        assert_eq!(slots.take_ready(200).unwrap(), 3);
        assert_eq!(slots.take_ready(200).unwrap(), 0);
        slots.put(5, 0, 500).unwrap();
        assert_eq!(slots.take_ready(500).unwrap(), 12);
    }

    #[test]
    fn a_slot_is_taken_until_its_weight_has_ended_too() {
        let mut slots = Slots::default();
        for at in 1..=4 {
            slots.put(7, at, 100).unwrap();
        }
        slots.slots[3].ready_at = 300;
        assert_eq!(slots.take_ready(100).unwrap(), 21);
        assert_eq!(slots.end_weights(0).unwrap(), 0);
        assert_eq!(slots.end_weights(2).unwrap(), 14);
        slots.put(1, 100, 200).unwrap();
        assert_eq!(slots.end_weights(99).unwrap(), 14);
        assert_eq!(slots.end_weights(100).unwrap(), 1);
    }

    #[test]
    fn where_all_slots_are_taken_weights_whose_amounts_have_left_share_one_and_end_with_the_earliest() {
        let mut slots = Slots::default();
        for at in 1..=4 {
            slots.put(7, at, 100 * at).unwrap();
        }
        assert_eq!(slots.take_ready(100).unwrap(), 7);
        assert!(slots.put(1, 100, 500).is_err(), "one weight has nothing to share with");
        assert_eq!(slots.take_ready(300).unwrap(), 14);
        slots.put(1, 301, 500).unwrap();
        assert_eq!(slots.total().unwrap(), 8);
        assert_eq!(slots.end_weights(1).unwrap(), 21);
        assert_eq!(slots.end_weights(4).unwrap(), 7);
        assert_eq!(slots.end_weights(301).unwrap(), 1);
    }
}
