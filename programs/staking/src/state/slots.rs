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
    /// Tokens or shares that have not left yet.
    pub amount: u64,
    /// What of them still counts in the split of rewards, for hours before they were asked for.
    pub weight: u64,
    /// When the amount may leave, unix time.
    pub ready_at: i64,
    /// When it was asked for: the weight ends when the node is credited up to then.
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
            .ok_or(error!(StakingError::Overflow))
    }

    /// Puts `amount` that was asked for at `now` into a free slot until `ready_at`.
    pub fn put(&mut self, amount: u64, now: i64, ready_at: i64) -> Result<()> {
        if amount == 0 {
            return Ok(());
        }
        let free = self.slots.iter_mut().find(|slot| slot.is_free());
        *free.ok_or(StakingError::NoFreeSlot)? = Slot { amount, weight: amount, ready_at, counts_to: now };
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
        assert_eq!(slots.take_ready(100).unwrap(), 28);
        assert!(slots.put(1, 100, 200).is_err());
        assert_eq!(slots.end_weights(0).unwrap(), 0);
        assert_eq!(slots.end_weights(2).unwrap(), 14);
        slots.put(1, 100, 200).unwrap();
        assert_eq!(slots.end_weights(99).unwrap(), 14);
        assert_eq!(slots.end_weights(100).unwrap(), 1);
    }
}
