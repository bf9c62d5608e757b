use crate::errors::JobsError;
use anchor_lang::prelude::*;
pub use io_common::abi::Pricing;
use io_common::abi::FEE_SHARDS;
use io_common::pyth::{self, Price, PriceFault, PriceLimits};
use io_math::price::{tokens_at_par, tokens_for_usd};

/// Largest payment fee of one side, bps.
#[constant]
pub const MAX_PAYMENT_BPS: u16 = 300;
/// A currency at par is refused below this price, hundredths of a dollar.
#[constant]
pub const PAR_PERCENT: u64 = 99;
/// Seed of the buyback's fee vaults: `["fees", mint, shard]`, the shard in 1 byte.
#[constant]
pub const FEES_SEED: &[u8] = b"fees";
/// Seed of a currency: `["currency", mint]`.
#[constant]
pub const CURRENCY_SEED: &[u8] = b"currency";

/// A currency, as an instruction takes it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyArgs {
    /// How it is priced.
    pub pricing: Pricing,
    /// Whether new jobs may be paid in it.
    pub enabled: bool,
    /// Payment fee of the side that uses it, bps.
    pub payment_bps: u16,
    /// Pyth's id of the feed that quotes it in USD.
    pub feed_id: [u8; 32],
    /// The one account that the feed is read from.
    pub price_account: Pubkey,
}

/// A mint that jobs may be paid in: `["currency", mint]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Currency {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// How it is priced.
    pub pricing: Pricing,
    /// 1 while new jobs may be paid in it.
    pub enabled: u8,
    /// Decimals of the mint.
    pub decimals: u8,
    pub padding: u8,
    /// Payment fee of the side that uses it, bps.
    pub payment_bps: u16,
    /// The mint.
    pub mint: Pubkey,
    /// Pyth's id of the feed that quotes it in USD.
    pub feed_id: [u8; 32],
    /// The one account that the feed is read from.
    pub price_account: Pubkey,
    /// The buyback's fee vaults for this mint.
    pub vaults: [Pubkey; FEE_SHARDS],
    pub reserved: [u8; 64],
}

impl Currency {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn set(&mut self, args: CurrencyArgs) -> Result<()> {
        require!(args.pricing.is_known(), JobsError::UnknownPricing);
        require!(args.payment_bps <= MAX_PAYMENT_BPS, JobsError::PaymentFeeOutOfBounds);
        self.pricing = args.pricing;
        self.enabled = args.enabled.into();
        self.payment_bps = args.payment_bps;
        self.feed_id = args.feed_id;
        self.price_account = args.price_account;
        Ok(())
    }

    /// The fee vault that a job pays into.
    pub fn vault_of(&self, job: &Pubkey) -> Pubkey {
        let [.., last] = job.to_bytes();
        let index = usize::from(last) % FEE_SHARDS;
        self.vaults.get(index).copied().unwrap_or_default()
    }

    /// Reads the currency's price account.
    pub fn read_price(&self, account: &AccountInfo, now: i64, limits: &PriceLimits) -> Result<Price> {
        pyth::read(account, &self.feed_id, now, limits).map_err(|fault| {
            error!(match fault {
                PriceFault::NotAPrice => JobsError::NotAPrice,
                PriceFault::NotVerified => JobsError::PriceNotVerified,
                PriceFault::WrongFeed => JobsError::WrongFeed,
                PriceFault::Stale => JobsError::StalePrice,
                PriceFault::Unusable => JobsError::UnusablePrice,
                PriceFault::Uncertain => JobsError::UncertainPrice,
                PriceFault::Volatile => JobsError::VolatilePrice,
            })
        })
    }

    /// Base units that are worth `usd` micro-dollars at a checked price, rounded up.
    pub fn amount_for(&self, usd: u64, price: &Price) -> Result<u64> {
        let Price { price, confidence, exponent } = *price;
        if self.pricing == Pricing::Feed {
            return tokens_for_usd(usd, price, confidence, exponent, self.decimals)
                .ok_or_else(|| error!(JobsError::UnusablePrice));
        }
        require!(at_par(price, exponent), JobsError::BelowPar);
        tokens_at_par(usd, self.decimals).ok_or_else(|| error!(JobsError::UnusablePrice))
    }
}

/// `price · 10^exponent ≥ 0.99`, exactly.
fn at_par(price: i64, exponent: i32) -> bool {
    let Some(one) = 10u128.checked_pow(exponent.unsigned_abs()) else { return false };
    u128::from(price.unsigned_abs()).saturating_mul(100) >= one.saturating_mul(u128::from(PAR_PERCENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(pricing: Pricing, decimals: u8) -> Currency {
        let mut currency: Currency = bytemuck::Zeroable::zeroed();
        (currency.pricing, currency.decimals) = (pricing, decimals);
        currency
    }

    #[test]
    fn a_currency_at_par_is_refused_below_ninety_nine_cents() {
        let usdc = currency(Pricing::Par, 6);
        let price = |price| Price { price, confidence: 0, exponent: -8 };
        assert_eq!(usdc.amount_for(2_500_000, &price(99_000_000)).unwrap(), 2_500_000);
        assert!(usdc.amount_for(2_500_000, &price(98_999_999)).is_err());
    }

    #[test]
    fn io_is_priced_below_its_feed_by_the_confidence() {
        let io = currency(Pricing::Feed, 8);
        let price = Price { price: 200_000_000, confidence: 2_000_000, exponent: -8 };
        assert_eq!(io.amount_for(30_000_000, &price).unwrap(), 1_515_151_516);
    }
}
