use crate::errors::StakingError;
use anchor_lang::prelude::*;

/// What was credited to nodes in all, and the owner of the vault it came from: `["emission"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct EmissionLedger {
    pub version: u8,
    pub bump: u8,
    pub padding: [u8; 6],
    /// Token account that emissions are paid to and credits are paid from.
    pub vault: Pubkey,
    /// Credited to all nodes since the beginning, base units.
    pub credited: u64,
    pub last_time: i64,
    pub reserved: [u8; 128],
}

impl EmissionLedger {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// Books a credit, which must leave the sum within what the report accounts for.
    pub fn credit(&mut self, amount: u64, report_total: u64) -> Result<()> {
        self.credited = self.credited.checked_add(amount).ok_or(StakingError::Overflow)?;
        require_gte!(report_total, self.credited, StakingError::ReportExhausted);
        Ok(())
    }
}
