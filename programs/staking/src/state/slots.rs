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
    /// Tokens or shares; 0 in a free slot.
    pub amount: u64,
    /// When it may leave, unix time.
    pub ready_at: i64,
}

/// The slots of one side or position.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Slots {
    /// The slots, in no order.
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

    /// Puts `amount` into a free slot until `ready_at`.
    pub fn put(&mut self, amount: u64, ready_at: i64) -> Result<()> {
        if amount == 0 {
            return Ok(());
        }
        let free = self.slots.iter_mut().find(|slot| slot.amount == 0);
        *free.ok_or(StakingError::NoFreeSlot)? = Slot { amount, ready_at };
        Ok(())
    }

    /// Empties the slots that are ready and returns their sum.
    pub fn take_ready(&mut self, now: i64) -> Result<u64> {
        let mut sum = 0u64;
        for slot in self.slots.iter_mut().filter(|slot| slot.amount > 0 && slot.ready_at <= now) {
            sum = sum.checked_add(slot.amount).ok_or(StakingError::Overflow)?;
            *slot = Slot::default();
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
            slots.put(i, 100 * i as i64).unwrap();
        }
        assert!(slots.put(5, 500).is_err());
        assert_eq!(slots.total().unwrap(), 10);
        assert_eq!(slots.take_ready(200).unwrap(), 3);
        assert_eq!(slots.take_ready(200).unwrap(), 0);
        slots.put(5, 500).unwrap();
        assert_eq!(slots.take_ready(500).unwrap(), 12);
    }
}
