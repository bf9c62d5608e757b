use crate::errors::StakingError;
use anchor_lang::prelude::*;
use io_common::abi::CreditBound;
use io_common::Outflow;
use io_math::emission::FIRST_MONTH;

/// Most that is credited in seven days, base units of IO.
///
/// No month emits more than the first, and no week a quarter of one, so that three weeks of hours which one
/// report makes up for are credited together. What is beyond that waits some days: a leaf is credited as far
/// as there is room.
#[constant]
pub const CREDIT_LIMIT: u64 = FIRST_MONTH;
/// Seed of emission's ledger: `["emission"]`.
#[constant]
pub const EMISSION_SEED: &[u8] = b"emission";

/// Counts what was credited to all nodes, and owns the vault that it comes from: `["emission"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct EmissionLedger {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    pub padding: [u8; 6],
    /// Token account that emissions are paid to and credits are paid from.
    pub vault: Pubkey,
    /// Credited to all nodes since the beginning, base units.
    pub credited: u64,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// What was credited on each of the latest days.
    pub outflow: Outflow,
    /// What credits in all may come to.
    pub bound: CreditBound,
    pub reserved: [u8; 40],
}

impl EmissionLedger {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// How much more may be credited at `now`.
    pub fn room(&self, now: i64) -> u64 {
        self.outflow.room(now, CREDIT_LIMIT)
    }

    /// Books a credit, which must leave the sum within what the reports account for.
    pub fn credit(&mut self, amount: u64, total: u64, now: i64) -> Result<()> {
        self.credited = self.credited.checked_add(amount).ok_or(StakingError::Overflow)?;
        require_gte!(total, self.credited, StakingError::ReportExhausted);
        require!(self.outflow.take(now, CREDIT_LIMIT, amount), StakingError::CreditLimit);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use io_math::emission::cumulative;
    use io_math::{CAP, DAY};

    fn ledger() -> EmissionLedger {
        bytemuck::Zeroable::zeroed()
    }

    #[test]
    fn three_weeks_of_missed_hours_are_credited_at_once_and_more_waits() {
        let mut ledger = ledger();
        // 3,333,333.33333333 IO in a month of 730.5 hours: in 30 days 720 / 730.5 of it.
        let backlog = cumulative(30 * DAY);
        ledger.credit(backlog, CAP, 31 * DAY).unwrap();
        let room = ledger.room(38 * DAY);
        assert_eq!(room, 333_333_333_333_333 - backlog);
        assert!(ledger.clone().credit(room + 1, CAP, 38 * DAY).is_err());
        ledger.credit(room, CAP, 38 * DAY).unwrap();
        ledger.credit(backlog, CAP, 39 * DAY).unwrap();
    }

    #[test]
    fn hour_by_hour_the_schedule_never_meets_the_limit() {
        let mut ledger = ledger();
        let mut credited = 0;
        // The first months emit most; three weeks' pause before each burst.
        for day in (21..400).step_by(21) {
            let amount = cumulative(day * DAY) - credited;
            ledger.credit(amount, CAP, day * DAY).unwrap();
            credited += amount;
        }
    }

    #[test]
    fn credits_stay_within_the_reports_total() {
        let mut ledger = ledger();
        ledger.credit(60, 100, 0).unwrap();
        assert!(ledger.clone().credit(41, 100, 0).is_err());
        ledger.credit(40, 100, 0).unwrap();
    }
}
