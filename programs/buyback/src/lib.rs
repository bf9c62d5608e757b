//! Where the marketplace's fees go, and how IO is bought: fees in IO are burned, fees in other
//! currencies are sold for IO that is burned, and what a job paid in them owes a supplier in IO is sold for IO for
//! that supplier.
//!
//! Sales are Dutch auctions against an oracle. A lot fixes amount and start together; its price runs from
//! below the oracle to above it. Every burn has a numbered receipt with the supply before and after, so
//! that the total burned is the drop in supply.
#![cfg_attr(test, allow(clippy::all, clippy::arithmetic_side_effects, clippy::unwrap_used))]

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use state::{ParamsArgs, SaleArgs};

declare_id!("ioBtFpfDmKyGmc4baQQPDfYDY4xmst2G3J577yHjhC8");

#[cfg(not(feature = "no-entrypoint"))]
solana_security_txt::security_txt! {
    name: "IO buyback",
    project_url: "https://ionet.example",
    contacts: "link:https://ionet.example/security",
    policy: "https://ionet.example/SECURITY.md"
}

#[program]
pub mod buyback {
    use super::*;

    /// Sells IO for what an auction's lot holds: as much as `max_io` pays for, but no more than is left or
    /// than the vault may sell today. The IO is burned.
    ///
    /// Caller: anyone with IO. Errors: `Paused`, `WrongPriceAccount`, `WrongCurrency`, `WrongCurrencyPrice` and
    /// those of a price (`NotAPrice`, `PriceNotVerified`, `WrongFeed`, `StalePrice`, `UnusablePrice`,
    /// `UncertainPrice`, `VolatilePrice`), `WrongVault`, `WrongDestination`, `WrongMint`, `NoLot`, `LotHasLapsed`, `DayIsSold`, `SaleTooSmall`,
    /// `BelowMinimum`, `SupplyMismatch`, `Overflow`.
    pub fn sell_io(ctx: Context<SellIo>, args: SaleArgs) -> Result<()> {
        handle_sell_io(ctx, args)
    }

    /// Sells IO for what a payout's lot holds: as much as `max_io` pays for, but no more than is left. The IO
    /// goes to the job's supplier.
    ///
    /// Caller: anyone with IO. Errors: `WrongPriceAccount`, `WrongCurrency`, `WrongCurrencyPrice` and those of a
    /// price, `WrongVault`, `WrongDestination`, `WrongMint`, `NoLot`, `LotHasLapsed`, `SaleTooSmall`, `BelowMinimum`, `Overflow`.
    pub fn sell_to_supplier(ctx: Context<SellToSupplier>, args: SaleArgs) -> Result<()> {
        handle_sell_to_supplier(ctx, args)
    }

    /// Burns all that the shard's fee vault of IO holds; does nothing when it is empty.
    ///
    /// * shard - Number of the fee vault, 0 to 7.
    ///
    /// Caller: anyone. Errors: `Paused`, `SupplyMismatch`.
    pub fn burn_fees(ctx: Context<BurnFees>, shard: u8) -> Result<()> {
        handle_burn_fees(ctx, shard)
    }

    /// Puts what a fee vault may still sell today up for sale. The previous lot must be sold, have lapsed, or
    /// be below the smallest sale. Prices must be fresh, so that no lot ages while nobody can buy it.
    ///
    /// Caller: anyone. Errors: `Paused`, `WrongCurrency`, `WrongPriceAccount`, `WrongCurrencyPrice` and those of a
    /// price, `WrongVault`, `NothingToSell`, `DayIsSold`, `LotIsOpen`, `Overflow`.
    pub fn start_auction(ctx: Context<StartAuction>) -> Result<()> {
        handle_start_auction(ctx)
    }

    /// Puts all that a payout's vault holds up for sale, as `start_auction` does.
    ///
    /// Caller: anyone. Errors: `WrongCurrency`, `WrongPriceAccount`, `WrongCurrencyPrice` and those of a price,
    /// `WrongVault`, `NothingToSell`, `LotIsOpen`, `Overflow`.
    pub fn start_payout(ctx: Context<StartPayout>) -> Result<()> {
        handle_start_payout(ctx)
    }

    /// Opens the vault that the supplier's part of a job is paid into, where the job is paid in another
    /// currency and the supplier in IO; once for each job.
    ///
    /// Caller: anyone, who pays the rent and gets it back when the payout is closed. Errors: `NotAJob`,
    /// `WrongMint`, `NotPaidOutInIo`.
    pub fn open_payout(ctx: Context<OpenPayout>) -> Result<()> {
        handle_open_payout(ctx)
    }

    /// Pays out what a payout's vault holds, in the mint that the job was paid in, less the payment fee of
    /// that currency.
    ///
    /// Caller: the job's supplier. Errors: `NotSupplier`, `WrongCurrency`, `WrongVault`, `WrongDestination`,
    /// `WrongMint`, `NothingToSell`.
    pub fn withdraw_payout(ctx: Context<WithdrawPayout>) -> Result<()> {
        handle_withdraw_payout(ctx)
    }

    /// Closes an empty payout whose job is closed; the rent goes back to the account that paid it.
    ///
    /// Caller: anyone. Errors: `WrongRentPayer`, `WrongJob`, `JobIsOpen`, `WrongVault`, `PayoutNotEmpty`.
    pub fn close_payout(ctx: Context<ClosePayout>) -> Result<()> {
        handle_close_payout(ctx)
    }

    /// Opens one of the fee vaults of a mint; each is opened once.
    ///
    /// * shard - Number of the fee vault, 0 to 7.
    ///
    /// Caller: anyone, who pays for the account. Errors: `UnknownShard`.
    pub fn open_vault(ctx: Context<OpenVault>, shard: u8) -> Result<()> {
        handle_open_vault(ctx, shard)
    }

    /// Opens the auction of a fee vault of any mint but IO; each is opened once.
    ///
    /// * shard - Number of the fee vault, 0 to 7.
    ///
    /// Caller: anyone, who pays for the account. Errors: `IoIsBurned`.
    pub fn open_auction(ctx: Context<OpenAuction>, shard: u8) -> Result<()> {
        handle_open_auction(ctx, shard)
    }

    /// Creates the configuration, which owns the vaults, with the published defaults; nothing is sold until
    /// the price account is set.
    ///
    /// Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`.
    pub fn initialize(ctx: Context<Initialize>) -> Result<()> {
        handle_initialize(ctx)
    }

    /// Sets the parameters, within their bounds.
    ///
    /// Caller: the authority. Errors: `NotAuthority`, `SlopeOutOfBounds`, `PeriodOutOfBounds`,
    /// `MinimumLotOutOfBounds`, `DailyShareOutOfBounds`, `PriceAgeOutOfBounds`, `ConfidenceOutOfBounds`,
    /// `EmaDistanceOutOfBounds`.
    pub fn set_params(ctx: Context<Administer>, params: ParamsArgs) -> Result<()> {
        handle_set_params(ctx, params)
    }

    /// Pauses `burn_fees`, and `start_auction` with `sell_io`, or lifts the pauses. What a pause
    /// delays is burned and sold afterwards; payouts have no pause.
    ///
    /// * paused - All entries to be paused, bits `PAUSE_*`.
    ///
    /// Caller: the authority, or the pauser to pause more. Errors: `MayNotPause`, `UnknownEntry`.
    pub fn set_paused(ctx: Context<Pause>, paused: u64) -> Result<()> {
        handle_set_paused(ctx, paused)
    }

    /// Proposes a successor of the authority, who has to accept.
    ///
    /// * successor - Becomes the authority when it accepts; the default key withdraws the proposal.
    ///
    /// Caller: the authority. Errors: `NotAuthority`.
    pub fn propose_authority(ctx: Context<Administer>, successor: Pubkey) -> Result<()> {
        handle_propose_authority(ctx, successor)
    }

    /// Makes the proposed successor the authority.
    ///
    /// Caller: the successor. Errors: `NotPendingAuthority`.
    pub fn accept_authority(ctx: Context<AcceptAuthority>) -> Result<()> {
        handle_accept_authority(ctx)
    }
}
