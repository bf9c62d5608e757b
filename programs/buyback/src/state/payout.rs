use super::{Config, Deal, Lot, Prices, SaleArgs};
use crate::errors::BuybackError;
use anchor_lang::prelude::*;

/// Seed of a payout: `["payout_state", job]`.
#[constant]
pub const PAYOUT_SEED: &[u8] = b"payout_state";
/// Seed of a payout's token account, which the job pays into: `["payout", job]`.
#[constant]
pub const PAYOUT_VAULT_SEED: &[u8] = b"payout";

/// What a job paid in another currency owes its supplier in IO: `["payout_state", job]`. The jobs program
/// pays the supplier's part into the vault; the IO that is sold for it goes to the supplier.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Payout {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    pub padding: [u8; 6],
    /// The job.
    pub job: Pubkey,
    /// Who gets the IO.
    pub supplier: Pubkey,
    /// What the job was paid in.
    pub mint: Pubkey,
    /// The token account that the job pays into: `["payout", job]`.
    pub vault: Pubkey,
    /// Who gets the rent of both accounts back.
    pub rent_payer: Pubkey,
    /// The lot that is for sale.
    pub lot: Lot,
    /// Sold so far, base units of the mint.
    pub sold: u64,
    /// Credited to the supplier for what was sold, base units of IO.
    pub credited: u64,
    /// Withdrawn by the supplier in the mint itself, fees included, base units.
    pub withdrawn: u64,
    /// Sales so far, which is also the number of the latest receipt.
    pub sales: u64,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// Number of the latest event.
    pub seq: u64,
    pub reserved: [u8; 64],
}

impl Payout {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Offers all that the vault holds.
    pub fn start(&mut self, held: u64, prices: &Prices, config: &Config, now: i64) -> Result<()> {
        self.last_time = now;
        self.lot.start(held, prices, config.min_lot, &config.slope(), now)
    }

    /// Sells of the lot.
    pub fn sell(&mut self, args: &SaleArgs, prices: &Prices, config: &Config, now: i64) -> Result<Deal> {
        let deal = self.lot.sell(args, u64::MAX, prices, &config.slope(), now)?;
        self.last_time = now;
        self.sold = self.sold.checked_add(deal.out).ok_or(BuybackError::Overflow)?;
        self.credited = self.credited.checked_add(deal.io).ok_or(BuybackError::Overflow)?;
        self.sales = self.sales.checked_add(1).ok_or(BuybackError::Overflow)?;
        Ok(deal)
    }

    /// Gives all that the vault holds to the supplier, and no lot is left. Returns the payment fee, as for
    /// one who is paid in this currency.
    pub fn withdraw(&mut self, held: u64, payment_bps: u16) -> Result<u64> {
        require_gt!(held, 0, BuybackError::NothingToSell);
        self.lot.left = 0;
        self.withdrawn = self.withdrawn.checked_add(held).ok_or(BuybackError::Overflow)?;
        io_math::ratio::bps_ceil(held, payment_bps.into()).ok_or_else(|| error!(BuybackError::Overflow))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    #[test]
    fn a_withdrawal_costs_what_being_paid_in_the_currency_costs() {
        let mut payout = Payout::zeroed();
        payout.lot.left = 7;
        // 2 % of 100.000001, rounded up.
        assert_eq!(payout.withdraw(100_000_001, 200), Ok(2_000_001));
        assert_eq!((payout.lot.left, payout.withdrawn), (0, 100_000_001));
        assert_eq!(payout.withdraw(0, 200), Err(BuybackError::NothingToSell.into()));
    }
}
