use crate::state::ParamsArgs;
use anchor_lang::prelude::*;

#[event]
pub struct Initialized {
    pub authority: Pubkey,
}

#[event]
pub struct VaultOpened {
    pub seq: u64,
    pub mint: Pubkey,
    pub shard: u8,
    pub vault: Pubkey,
}

#[event]
pub struct FeesBurned {
    pub seq: u64,
    /// Counts burns from 1, those of [`IoSold`] included.
    pub receipt: u64,
    pub time: i64,
    pub shard: u8,
    pub amount: u64,
    /// Burned so far.
    pub burned_total: u64,
    pub supply_before: u64,
    pub supply_after: u64,
}

/// `seq` is the auction's, here and in the two events after it.
#[event]
pub struct AuctionOpened {
    pub seq: u64,
    pub auction: Pubkey,
    pub mint: Pubkey,
    pub shard: u8,
    pub vault: Pubkey,
}

#[event]
pub struct AuctionStarted {
    pub seq: u64,
    pub auction: Pubkey,
    pub time: i64,
    /// What is for sale, base units of the auction's mint.
    pub size: u64,
    /// The smallest sale but for the rest.
    pub minimum: u64,
    /// UTC day, counted from 1970, with what the vault held when it began and what was sold in it.
    pub day: u64,
    pub opening: u64,
    pub sold_today: u64,
    /// What the vault holds.
    pub vault: u64,
}

/// Fees were sold for IO that was burned: the receipt.
#[event]
pub struct IoSold {
    pub seq: u64,
    pub auction: Pubkey,
    pub seller: Pubkey,
    /// Counts burns from 1, those of [`FeesBurned`] included.
    pub receipt: u64,
    /// Counts the auction's sales from 1.
    pub sale: u64,
    pub time: i64,
    /// Seconds since the start of the lot.
    pub elapsed: u64,
    /// The oracle's: `price · 10^exponent` USD an IO.
    pub price: i64,
    pub exponent: i32,
    /// Paid out of the vault, base units of the auction's mint.
    pub out: u64,
    /// Burned, base units.
    pub io: u64,
    /// Of the lot.
    pub left: u64,
    pub sold_today: u64,
    /// Sold by this auction so far, and burned for it.
    pub sold_total: u64,
    pub bought_total: u64,
    /// Burned so far, by all vaults.
    pub burned_total: u64,
    pub supply_before: u64,
    pub supply_after: u64,
    pub vault_before: u64,
    pub vault_after: u64,
}

/// `seq` is the payout's, here and in the four events after it.
#[event]
pub struct PayoutOpened {
    pub seq: u64,
    pub job: Pubkey,
    pub supplier: Pubkey,
    pub mint: Pubkey,
    pub vault: Pubkey,
}

#[event]
pub struct PayoutStarted {
    pub seq: u64,
    pub job: Pubkey,
    pub time: i64,
    /// What is for sale, base units of the payout's mint.
    pub size: u64,
    /// The smallest sale but for the rest.
    pub minimum: u64,
}

/// A job's supplier was credited IO for what the job was paid in: the receipt.
#[event]
pub struct IoCredited {
    pub seq: u64,
    pub job: Pubkey,
    pub supplier: Pubkey,
    pub seller: Pubkey,
    /// Counts the payout's sales from 1.
    pub receipt: u64,
    pub time: i64,
    /// Seconds since the start of the lot.
    pub elapsed: u64,
    /// The oracle's: `price · 10^exponent` USD an IO.
    pub price: i64,
    pub exponent: i32,
    /// Paid out of the vault, base units of the payout's mint.
    pub out: u64,
    /// Credited to the supplier, base units.
    pub io: u64,
    /// Of the lot.
    pub left: u64,
    /// Sold for this job so far, and credited for it.
    pub sold_total: u64,
    pub credited_total: u64,
    /// What the supplier's account held.
    pub credit_before: u64,
    pub credit_after: u64,
    pub vault_before: u64,
    pub vault_after: u64,
}

/// A supplier took what was left in the mint that the job was paid in.
#[event]
pub struct PayoutWithdrawn {
    pub seq: u64,
    pub job: Pubkey,
    pub supplier: Pubkey,
    pub time: i64,
    pub destination: Pubkey,
    /// To the supplier, and to the fee vault.
    pub amount: u64,
    pub fee: u64,
    /// Both, so far.
    pub withdrawn_total: u64,
}

#[event]
pub struct PayoutClosed {
    pub seq: u64,
    pub job: Pubkey,
    pub sold_total: u64,
    pub credited_total: u64,
    pub withdrawn_total: u64,
}

#[event]
pub struct ParamsSet {
    pub seq: u64,
    pub params: ParamsArgs,
}

io_common::administration_events!();
