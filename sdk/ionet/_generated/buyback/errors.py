"""Errors of the buyback program.

Generated from idl/buyback.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping

from ionet.chain.errors import ProgramError as _ProgramError


class NotUpgradeAuthority(_ProgramError):
    """6000: only the program's upgrade authority may initialize the program."""

    CODE = 6000
    NAME = "NotUpgradeAuthority"
    MSG = "only the program's upgrade authority may initialize the program"


class WrongProgramData(_ProgramError):
    """6001: this is not the program's ProgramData account."""

    CODE = 6001
    NAME = "WrongProgramData"
    MSG = "this is not the program's ProgramData account"


class NotAuthority(_ProgramError):
    """6002: the signer is not the authority."""

    CODE = 6002
    NAME = "NotAuthority"
    MSG = "the signer is not the authority"


class NotPendingAuthority(_ProgramError):
    """6003: the signer is not the proposed successor of the authority."""

    CODE = 6003
    NAME = "NotPendingAuthority"
    MSG = "the signer is not the proposed successor of the authority"


class MayNotPause(_ProgramError):
    """6004: only the authority may lift a pause, and only the authority or the pauser may set one."""

    CODE = 6004
    NAME = "MayNotPause"
    MSG = "only the authority may lift a pause, and only the authority or the pauser may set one"


class UnknownEntry(_ProgramError):
    """6005: the bits of the paused entries must be a sum of this program's PAUSE_* constants."""

    CODE = 6005
    NAME = "UnknownEntry"
    MSG = "the bits of the paused entries must be a sum of this program's PAUSE_* constants"


class Paused(_ProgramError):
    """6006: this instruction is paused."""

    CODE = 6006
    NAME = "Paused"
    MSG = "this instruction is paused"


class UnknownShard(_ProgramError):
    """6007: the shard must be from 0 to 7."""

    CODE = 6007
    NAME = "UnknownShard"
    MSG = "the shard must be from 0 to 7"


class SupplyMismatch(_ProgramError):
    """6008: the supply did not fall by exactly what was burned."""

    CODE = 6008
    NAME = "SupplyMismatch"
    MSG = "the supply did not fall by exactly what was burned"


class Overflow(_ProgramError):
    """6009: an amount does not fit in 64 bits."""

    CODE = 6009
    NAME = "Overflow"
    MSG = "an amount does not fit in 64 bits"


class SlopeOutOfBounds(_ProgramError):
    """6010: an auction's price must stay within 10 % of the oracle's and must not fall."""

    CODE = 6010
    NAME = "SlopeOutOfBounds"
    MSG = "an auction's price must stay within 10 % of the oracle's and must not fall"


class PeriodOutOfBounds(_ProgramError):
    """6011: the price of an auction must run for 10 minutes to 4 hours."""

    CODE = 6011
    NAME = "PeriodOutOfBounds"
    MSG = "the price of an auction must run for 10 minutes to 4 hours"


class MinimumLotOutOfBounds(_ProgramError):
    """6012: the smallest sale must be from 1 to 10,000 dollars."""

    CODE = 6012
    NAME = "MinimumLotOutOfBounds"
    MSG = "the smallest sale must be from 1 to 10,000 dollars"


class DailyShareOutOfBounds(_ProgramError):
    """6013: a vault's daily share must be from 0.01 % to 50 %."""

    CODE = 6013
    NAME = "DailyShareOutOfBounds"
    MSG = "a vault's daily share must be from 0.01 % to 50 %"


class PriceAgeOutOfBounds(_ProgramError):
    """6014: the largest age of a price must be from 1 to 300 seconds."""

    CODE = 6014
    NAME = "PriceAgeOutOfBounds"
    MSG = "the largest age of a price must be from 1 to 300 seconds"


class ConfidenceOutOfBounds(_ProgramError):
    """6015: the widest confidence interval of a price must be at most 5 %."""

    CODE = 6015
    NAME = "ConfidenceOutOfBounds"
    MSG = "the widest confidence interval of a price must be at most 5 %"


class EmaDistanceOutOfBounds(_ProgramError):
    """6016: the largest distance of a price from its moving average must be from 0.01 % to 20 %."""

    CODE = 6016
    NAME = "EmaDistanceOutOfBounds"
    MSG = "the largest distance of a price from its moving average must be from 0.01 % to 20 %"


class WrongPriceAccount(_ProgramError):
    """6017: this is not the price account of the configuration."""

    CODE = 6017
    NAME = "WrongPriceAccount"
    MSG = "this is not the price account of the configuration"


class NotAPrice(_ProgramError):
    """6018: this is not a price account of Pyth."""

    CODE = 6018
    NAME = "NotAPrice"
    MSG = "this is not a price account of Pyth"


class PriceNotVerified(_ProgramError):
    """6019: the price is not fully verified."""

    CODE = 6019
    NAME = "PriceNotVerified"
    MSG = "the price is not fully verified"


class WrongFeed(_ProgramError):
    """6020: the price belongs to another feed."""

    CODE = 6020
    NAME = "WrongFeed"
    MSG = "the price belongs to another feed"


class StalePrice(_ProgramError):
    """6021: the price is too old."""

    CODE = 6021
    NAME = "StalePrice"
    MSG = "the price is too old"


class UnusablePrice(_ProgramError):
    """6022: the price is not positive, or its exponent is out of range."""

    CODE = 6022
    NAME = "UnusablePrice"
    MSG = "the price is not positive, or its exponent is out of range"


class UncertainPrice(_ProgramError):
    """6023: the price's confidence interval is too wide."""

    CODE = 6023
    NAME = "UncertainPrice"
    MSG = "the price's confidence interval is too wide"


class VolatilePrice(_ProgramError):
    """6024: the price is too far from its moving average."""

    CODE = 6024
    NAME = "VolatilePrice"
    MSG = "the price is too far from its moving average"


class IoIsBurned(_ProgramError):
    """6025: IO has no auction: its fee vaults are burned with burn_fees."""

    CODE = 6025
    NAME = "IoIsBurned"
    MSG = "IO has no auction: its fee vaults are burned with burn_fees"


class WrongCurrency(_ProgramError):
    """6026: this is not the currency account of the mint."""

    CODE = 6026
    NAME = "WrongCurrency"
    MSG = "this is not the currency account of the mint"


class NotAtPar(_ProgramError):
    """6027: only currencies at par with the dollar are sold."""

    CODE = 6027
    NAME = "NotAtPar"
    MSG = "only currencies at par with the dollar are sold"


class WrongVault(_ProgramError):
    """6028: this is not the vault of the auction or payout."""

    CODE = 6028
    NAME = "WrongVault"
    MSG = "this is not the vault of the auction or payout"


class WrongMint(_ProgramError):
    """6029: the destination is a token account of another mint."""

    CODE = 6029
    NAME = "WrongMint"
    MSG = "the destination is a token account of another mint"


class WrongDestination(_ProgramError):
    """6030: the token account does not belong to the recipient of this payment."""

    CODE = 6030
    NAME = "WrongDestination"
    MSG = "the token account does not belong to the recipient of this payment"


class NothingToSell(_ProgramError):
    """6031: the vault holds nothing to sell."""

    CODE = 6031
    NAME = "NothingToSell"
    MSG = "the vault holds nothing to sell"


class DayIsSold(_ProgramError):
    """6032: the vault has sold today's share; the next day begins at 00:00 UTC."""

    CODE = 6032
    NAME = "DayIsSold"
    MSG = "the vault has sold today's share; the next day begins at 00:00 UTC"


class LotIsOpen(_ProgramError):
    """6033: the previous lot is still for sale."""

    CODE = 6033
    NAME = "LotIsOpen"
    MSG = "the previous lot is still for sale"


class NoLot(_ProgramError):
    """6034: no lot is for sale: start one."""

    CODE = 6034
    NAME = "NoLot"
    MSG = "no lot is for sale: start one"


class LotHasLapsed(_ProgramError):
    """6035: the lot has lapsed: start a new one."""

    CODE = 6035
    NAME = "LotHasLapsed"
    MSG = "the lot has lapsed: start a new one"


class SaleTooSmall(_ProgramError):
    """6036: a sale must take at least the smallest sale, or all that is left."""

    CODE = 6036
    NAME = "SaleTooSmall"
    MSG = "a sale must take at least the smallest sale, or all that is left"


class BelowMinimum(_ProgramError):
    """6037: the sale would pay the seller less than their minimum."""

    CODE = 6037
    NAME = "BelowMinimum"
    MSG = "the sale would pay the seller less than their minimum"


class NotAJob(_ProgramError):
    """6038: this is not a job of the jobs program."""

    CODE = 6038
    NAME = "NotAJob"
    MSG = "this is not a job of the jobs program"


class NotPaidOutInIo(_ProgramError):
    """6039: the job needs no payout: it pays its supplier in the currency that the renter paid in."""

    CODE = 6039
    NAME = "NotPaidOutInIo"
    MSG = "the job needs no payout: it pays its supplier in the currency that the renter paid in"


class WrongJob(_ProgramError):
    """6040: this is not the job of the payout."""

    CODE = 6040
    NAME = "WrongJob"
    MSG = "this is not the job of the payout"


class NotSupplier(_ProgramError):
    """6041: the signer is not the payout's supplier."""

    CODE = 6041
    NAME = "NotSupplier"
    MSG = "the signer is not the payout's supplier"


class JobIsOpen(_ProgramError):
    """6042: the job is not closed yet."""

    CODE = 6042
    NAME = "JobIsOpen"
    MSG = "the job is not closed yet"


class PayoutNotEmpty(_ProgramError):
    """6043: the payout still holds something: sell or withdraw it first."""

    CODE = 6043
    NAME = "PayoutNotEmpty"
    MSG = "the payout still holds something: sell or withdraw it first"


class WrongRentPayer(_ProgramError):
    """6044: this is not the account that paid the rent, which alone gets it back."""

    CODE = 6044
    NAME = "WrongRentPayer"
    MSG = "this is not the account that paid the rent, which alone gets it back"


class WrongCurrencyPrice(_ProgramError):
    """6045: this is not the price account of the currency."""

    CODE = 6045
    NAME = "WrongCurrencyPrice"
    MSG = "this is not the price account of the currency"


#: Each error by its code.
ERRORS: Mapping[int, type[_ProgramError]] = {
    6000: NotUpgradeAuthority,
    6001: WrongProgramData,
    6002: NotAuthority,
    6003: NotPendingAuthority,
    6004: MayNotPause,
    6005: UnknownEntry,
    6006: Paused,
    6007: UnknownShard,
    6008: SupplyMismatch,
    6009: Overflow,
    6010: SlopeOutOfBounds,
    6011: PeriodOutOfBounds,
    6012: MinimumLotOutOfBounds,
    6013: DailyShareOutOfBounds,
    6014: PriceAgeOutOfBounds,
    6015: ConfidenceOutOfBounds,
    6016: EmaDistanceOutOfBounds,
    6017: WrongPriceAccount,
    6018: NotAPrice,
    6019: PriceNotVerified,
    6020: WrongFeed,
    6021: StalePrice,
    6022: UnusablePrice,
    6023: UncertainPrice,
    6024: VolatilePrice,
    6025: IoIsBurned,
    6026: WrongCurrency,
    6027: NotAtPar,
    6028: WrongVault,
    6029: WrongMint,
    6030: WrongDestination,
    6031: NothingToSell,
    6032: DayIsSold,
    6033: LotIsOpen,
    6034: NoLot,
    6035: LotHasLapsed,
    6036: SaleTooSmall,
    6037: BelowMinimum,
    6038: NotAJob,
    6039: NotPaidOutInIo,
    6040: WrongJob,
    6041: NotSupplier,
    6042: JobIsOpen,
    6043: PayoutNotEmpty,
    6044: WrongRentPayer,
    6045: WrongCurrencyPrice,
}


__all__ = [
    "BelowMinimum",
    "ConfidenceOutOfBounds",
    "DailyShareOutOfBounds",
    "DayIsSold",
    "EmaDistanceOutOfBounds",
    "IoIsBurned",
    "JobIsOpen",
    "LotHasLapsed",
    "LotIsOpen",
    "MayNotPause",
    "MinimumLotOutOfBounds",
    "NoLot",
    "NotAJob",
    "NotAPrice",
    "NotAtPar",
    "NotAuthority",
    "NotPaidOutInIo",
    "NotPendingAuthority",
    "NotSupplier",
    "NotUpgradeAuthority",
    "NothingToSell",
    "Overflow",
    "Paused",
    "PayoutNotEmpty",
    "PeriodOutOfBounds",
    "PriceAgeOutOfBounds",
    "PriceNotVerified",
    "SaleTooSmall",
    "SlopeOutOfBounds",
    "StalePrice",
    "SupplyMismatch",
    "UncertainPrice",
    "UnknownEntry",
    "UnknownShard",
    "UnusablePrice",
    "VolatilePrice",
    "WrongCurrency",
    "WrongCurrencyPrice",
    "WrongDestination",
    "WrongFeed",
    "WrongJob",
    "WrongMint",
    "WrongPriceAccount",
    "WrongProgramData",
    "WrongRentPayer",
    "WrongVault",
]
