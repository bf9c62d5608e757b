use anchor_lang::prelude::*;
use io_common::pyth::PriceFault;

/// Codes are stable: new ones are added at the end.
#[error_code]
pub enum BuybackError {
    #[msg("only the program's upgrade authority may initialize the program")]
    NotUpgradeAuthority,
    #[msg("this is not the program's ProgramData account")]
    WrongProgramData,
    #[msg("the signer is not the authority")]
    NotAuthority,
    #[msg("the signer is not the proposed successor of the authority")]
    NotPendingAuthority,
    #[msg("only the authority may lift a pause, and only the authority or the pauser may set one")]
    MayNotPause,
    #[msg("the bits of the paused entries must be a sum of this program's PAUSE_* constants")]
    UnknownEntry,
    #[msg("this instruction is paused")]
    Paused,
    #[msg("the shard must be from 0 to 7")]
    UnknownShard,
    #[msg("the supply did not fall by exactly what was burned")]
    SupplyMismatch,
    #[msg("an amount does not fit in 64 bits")]
    Overflow,
    #[msg("an auction's price must stay within 10 % of the oracle's and must not fall")]
    SlopeOutOfBounds,
    #[msg("the price of an auction must run for 10 minutes to 4 hours")]
    PeriodOutOfBounds,
    #[msg("the smallest sale must be from 1 to 10,000 dollars")]
    MinimumLotOutOfBounds,
    #[msg("a vault's daily share must be from 0.01 % to 50 %")]
    DailyShareOutOfBounds,
    #[msg("the largest age of a price must be from 1 to 300 seconds")]
    PriceAgeOutOfBounds,
    #[msg("the widest confidence interval of a price must be at most 5 %")]
    ConfidenceOutOfBounds,
    #[msg("the largest distance of a price from its moving average must be from 0.01 % to 20 %")]
    EmaDistanceOutOfBounds,
    #[msg("this is not the price account of the configuration")]
    WrongPriceAccount,
    #[msg("this is not a price account of Pyth")]
    NotAPrice,
    #[msg("the price is not fully verified")]
    PriceNotVerified,
    #[msg("the price belongs to another feed")]
    WrongFeed,
    #[msg("the price is too old")]
    StalePrice,
    #[msg("the price is not positive, or its exponent is out of range")]
    UnusablePrice,
    #[msg("the price's confidence interval is too wide")]
    UncertainPrice,
    #[msg("the price is too far from its moving average")]
    VolatilePrice,
    #[msg("IO has no auction: its fee vaults are burned with burn_fees")]
    IoIsBurned,
    #[msg("this is not the currency account of the mint")]
    WrongCurrency,
    /// No longer used: other currencies are sold by their own price.
    #[msg("only currencies at par with the dollar are sold")]
    NotAtPar,
    #[msg("this is not the vault of the auction or payout")]
    WrongVault,
    #[msg("the destination is a token account of another mint")]
    WrongMint,
    #[msg("the token account does not belong to the recipient of this payment")]
    WrongDestination,
    #[msg("the vault holds nothing to sell")]
    NothingToSell,
    #[msg("the vault has sold today's share; the next day begins at 00:00 UTC")]
    DayIsSold,
    #[msg("the previous lot is still for sale")]
    LotIsOpen,
    #[msg("no lot is for sale: start one")]
    NoLot,
    #[msg("the lot has lapsed: start a new one")]
    LotHasLapsed,
    #[msg("a sale must take at least the smallest sale, or all that is left")]
    SaleTooSmall,
    #[msg("the sale would pay the seller less than their minimum")]
    BelowMinimum,
    #[msg("this is not a job of the jobs program")]
    NotAJob,
    #[msg("the job needs no payout: it pays its supplier in the currency that the renter paid in")]
    NotPaidOutInIo,
    #[msg("this is not the job of the payout")]
    WrongJob,
    #[msg("the signer is not the payout's supplier")]
    NotSupplier,
    #[msg("the job is not closed yet")]
    JobIsOpen,
    #[msg("the payout still holds something: sell or withdraw it first")]
    PayoutNotEmpty,
    #[msg("this is not the account that paid the rent, which alone gets it back")]
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
