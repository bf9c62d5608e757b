use anchor_lang::prelude::*;
use io_common::pyth::PriceFault;

/// Codes are stable: new ones are added at the end.
#[error_code]
pub enum BuybackError {
    #[msg("only the program's upgrade authority may initialize")]
    NotUpgradeAuthority,
    #[msg("this is not the program's ProgramData account")]
    WrongProgramData,
    #[msg("the signer is not the authority")]
    NotAuthority,
    #[msg("the signer was not proposed as authority")]
    NotPendingAuthority,
    #[msg("only the authority may lift a pause, and only the authority or the pauser may set one")]
    MayNotPause,
    #[msg("a bit of the paused entries stands for no entry")]
    UnknownEntry,
    #[msg("this entry is paused")]
    Paused,
    #[msg("shards are 0 to 7")]
    UnknownShard,
    #[msg("the supply did not fall by exactly what was burned")]
    SupplyMismatch,
    #[msg("an amount does not fit into 64 bits")]
    Overflow,
    #[msg("an auction's price stays within 10 % of the oracle and does not fall")]
    SlopeOutOfBounds,
    #[msg("an auction's price runs for 10 minutes to 4 hours")]
    PeriodOutOfBounds,
    #[msg("the smallest lot is 1 to 10,000 dollars")]
    MinimumLotOutOfBounds,
    #[msg("a vault sells 0.01 % to 50 % a day")]
    DailyShareOutOfBounds,
    #[msg("a price may be 1 to 300 seconds old")]
    PriceAgeOutOfBounds,
    #[msg("a confidence interval may be at most 5 %")]
    ConfidenceOutOfBounds,
    #[msg("a price may be 0.01 % to 20 % from its average")]
    EmaDistanceOutOfBounds,
    #[msg("this is not the price account of the configuration")]
    WrongPriceAccount,
    #[msg("this is not a price account of Pyth")]
    NotAPrice,
    #[msg("the price was not verified in full")]
    PriceNotVerified,
    #[msg("the price is of another feed")]
    WrongFeed,
    #[msg("the price is too old")]
    StalePrice,
    #[msg("the price is not positive, or its digits cannot be used")]
    UnusablePrice,
    #[msg("the price's confidence interval is too wide")]
    UncertainPrice,
    #[msg("the price is too far from its average")]
    VolatilePrice,
    #[msg("IO is burned, not sold for IO")]
    IoIsBurned,
    #[msg("this is not the currency of the mint")]
    WrongCurrency,
    /// No longer used: other currencies are sold by their own price.
    #[msg("only currencies at par with the dollar are sold")]
    NotAtPar,
    #[msg("this is not the vault of the auction or payout")]
    WrongVault,
    #[msg("the destination is not of this mint")]
    WrongMint,
    #[msg("the token account does not belong to the one who is to be paid")]
    WrongDestination,
    #[msg("the vault holds nothing that could be sold")]
    NothingToSell,
    #[msg("the vault has sold its share of the day; the next day begins at 00:00 UTC")]
    DayIsSold,
    #[msg("the lot before is still for sale")]
    LotIsOpen,
    #[msg("no lot is for sale: start one")]
    NoLot,
    #[msg("the lot was not sold in time: start another one")]
    LotHasLapsed,
    #[msg("a sale takes at least the smallest lot, or all that is left")]
    SaleTooSmall,
    #[msg("this much IO pays less than the seller's minimum")]
    BelowMinimum,
    #[msg("this is not a job")]
    NotAJob,
    #[msg("the job pays its supplier in what the renter paid")]
    NotPaidOutInIo,
    #[msg("this is not the job of the payout")]
    WrongJob,
    #[msg("the signer is not the payout's supplier")]
    NotSupplier,
    #[msg("the job is not closed yet")]
    JobIsOpen,
    #[msg("the payout still holds something: sell or withdraw it first")]
    PayoutNotEmpty,
    #[msg("this is not the one who paid the rent")]
    WrongRentPayer,
    #[msg("this is not the price account of the currency")]
    WrongCurrencyPrice,
}

impl From<PriceFault> for BuybackError {
    fn from(fault: PriceFault) -> Self {
        match fault {
            PriceFault::NotAPrice => Self::NotAPrice,
            PriceFault::NotVerified => Self::PriceNotVerified,
            PriceFault::WrongFeed => Self::WrongFeed,
            PriceFault::Stale => Self::StalePrice,
            PriceFault::Unusable => Self::UnusablePrice,
            PriceFault::Uncertain => Self::UncertainPrice,
            PriceFault::Volatile => Self::VolatilePrice,
        }
    }
}
