use crate::state::ParamsArgs;
use anchor_lang::prelude::*;

/// The configuration was created.
#[event]
pub struct Initialized {
    /// The first authority.
    pub authority: Pubkey,
    /// The first parameters.
    pub params: ParamsArgs,
}

/// A fee vault was opened.
#[event]
pub struct VaultOpened {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The mint.
    pub mint: Pubkey,
    /// Number of the fee vault.
    pub shard: u8,
    /// The fee vault.
    pub vault: Pubkey,
}

/// Fees in IO were burned: the receipt.
#[event]
pub struct FeesBurned {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// Counts burns from 1, those of [`IoSold`] included.
    pub receipt: u64,
    /// When it happened, unix time.
    pub time: i64,
    /// Number of the fee vault.
    pub shard: u8,
    /// Burned, base units.
    pub amount: u64,
    /// Burned by all vaults so far, base units.
    pub burned_total: u64,
    /// Supply of IO before it, base units.
    pub supply_before: u64,
    /// Supply of IO after it, base units.
    pub supply_after: u64,
}

/// The auction of a fee vault was opened.
#[event]
pub struct AuctionOpened {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The auction.
    pub auction: Pubkey,
    /// The mint.
    pub mint: Pubkey,
    /// Number of the fee vault.
    pub shard: u8,
    /// The fee vault.
    pub vault: Pubkey,
}

/// A lot of a fee vault is for sale.
#[event]
pub struct AuctionStarted {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The auction.
    pub auction: Pubkey,
    /// When it happened, unix time.
    pub time: i64,
    /// What is for sale, base units of the auction's mint.
    pub size: u64,
    /// The smallest sale, base units of the mint; what is left at the end may be less.
    pub minimum: u64,
    /// Decimals of the mint.
    pub decimals: u8,
    /// UTC day, counted from 1970.
    pub day: u64,
    /// What the vault held when the day's first lot was started or sold, base units.
    pub opening: u64,
    /// Sold on this day so far, base units of the mint.
    pub sold_today: u64,
    /// What the vault holds, base units.
    pub vault: u64,
    /// The oracle's price of IO: `price · 10^exponent` USD.
    pub price: i64,
    /// Exponent of `price`.
    pub exponent: i32,
    /// The oracle's price of what is for sale: `currency_price · 10^currency_exponent` USD a token; 1 and 0 at
    /// par.
    pub currency_price: i64,
    /// Exponent of `currency_price`.
    pub currency_exponent: i32,
}

/// Fees were sold for IO that was burned: the receipt.
#[event]
pub struct IoSold {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The auction.
    pub auction: Pubkey,
    /// Who sold the IO.
    pub seller: Pubkey,
    /// Counts burns from 1, those of [`FeesBurned`] included.
    pub receipt: u64,
    /// Counts the auction's sales from 1.
    pub sale: u64,
    /// When it happened, unix time.
    pub time: i64,
    /// Seconds since the start of the lot.
    pub elapsed: u64,
    /// The oracle's price of IO: `price · 10^exponent` USD.
    pub price: i64,
    /// Exponent of `price`.
    pub exponent: i32,
    /// The oracle's price of what is sold: `currency_price · 10^currency_exponent` USD a token; 1 and 0 at
    /// par.
    pub currency_price: i64,
    /// Exponent of `currency_price`.
    pub currency_exponent: i32,
    /// Paid out of the vault, base units of the auction's mint.
    pub out: u64,
    /// Burned, base units.
    pub io: u64,
    /// What is left of the lot, base units.
    pub left: u64,
    /// Sold on this day so far, base units of the mint.
    pub sold_today: u64,
    /// Sold by this auction so far, base units of its mint.
    pub sold_total: u64,
    /// Burned for it so far, base units of IO.
    pub bought_total: u64,
    /// Burned by all vaults so far, base units.
    pub burned_total: u64,
    /// Supply of IO before it, base units.
    pub supply_before: u64,
    /// Supply of IO after it, base units.
    pub supply_after: u64,
    /// What the vault held before it, base units.
    pub vault_before: u64,
    /// What the vault holds after it, base units.
    pub vault_after: u64,
}

/// The payout of a job was opened.
#[event]
pub struct PayoutOpened {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// The job's supplier.
    pub supplier: Pubkey,
    /// What the job is paid in.
    pub mint: Pubkey,
    /// The token account that the job pays into.
    pub vault: Pubkey,
}

/// A lot of a payout is for sale.
#[event]
pub struct PayoutStarted {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// When it happened, unix time.
    pub time: i64,
    /// What is for sale, base units of the payout's mint.
    pub size: u64,
    /// The smallest sale, base units of the mint; what is left at the end may be less.
    pub minimum: u64,
    /// Decimals of the mint.
    pub decimals: u8,
    /// The oracle's price of IO: `price · 10^exponent` USD.
    pub price: i64,
    /// Exponent of `price`.
    pub exponent: i32,
    /// The oracle's price of what is for sale: `currency_price · 10^currency_exponent` USD a token; 1 and 0 at
    /// par.
    pub currency_price: i64,
    /// Exponent of `currency_price`.
    pub currency_exponent: i32,
}

/// A job's supplier was paid IO for what the job was paid in: the receipt.
#[event]
pub struct IoCredited {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// The job's supplier.
    pub supplier: Pubkey,
    /// Who sold the IO.
    pub seller: Pubkey,
    /// Counts the payout's sales from 1.
    pub receipt: u64,
    /// When it happened, unix time.
    pub time: i64,
    /// Seconds since the start of the lot.
    pub elapsed: u64,
    /// The oracle's price of IO: `price · 10^exponent` USD.
    pub price: i64,
    /// Exponent of `price`.
    pub exponent: i32,
    /// The oracle's price of what is sold: `currency_price · 10^currency_exponent` USD a token; 1 and 0 at
    /// par.
    pub currency_price: i64,
    /// Exponent of `currency_price`.
    pub currency_exponent: i32,
    /// Paid out of the vault, base units of the payout's mint.
    pub out: u64,
    /// Credited to the supplier, base units.
    pub io: u64,
    /// What is left of the lot, base units.
    pub left: u64,
    /// Sold for this job so far, base units of the payout's mint.
    pub sold_total: u64,
    /// Credited to the supplier for it so far, base units of IO.
    pub credited_total: u64,
    /// What the supplier's account held before it, base units.
    pub credit_before: u64,
    /// What the supplier's account holds after it, base units.
    pub credit_after: u64,
    /// What the vault held before it, base units.
    pub vault_before: u64,
    /// What the vault holds after it, base units.
    pub vault_after: u64,
}

/// A supplier withdrew what was left, in the mint that the job was paid in; no lot is left.
#[event]
pub struct PayoutWithdrawn {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// The job's supplier.
    pub supplier: Pubkey,
    /// When it happened, unix time.
    pub time: i64,
    /// The token account that was paid.
    pub destination: Pubkey,
    /// Paid to the supplier, base units of the payout's mint.
    pub amount: u64,
    /// Paid to the fee vault, base units of the payout's mint.
    pub fee: u64,
    /// Withdrawn so far, fees included, base units of the payout's mint.
    pub withdrawn_total: u64,
}

/// A payout is over, and its accounts are closed.
#[event]
pub struct PayoutClosed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// Sold for this job so far, base units of the payout's mint.
    pub sold_total: u64,
    /// Credited to the supplier for it so far, base units of IO.
    pub credited_total: u64,
    /// Withdrawn so far, fees included, base units of the payout's mint.
    pub withdrawn_total: u64,
}

/// The parameters were set.
#[event]
pub struct ParamsSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The new parameters.
    pub params: ParamsArgs,
}

io_common::administration_events!();
