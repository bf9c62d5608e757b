"""Errors of the distributor program.

Generated from idl/distributor.json by scripts/codegen; do not edit.
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
    """6006: creating grants or airdrops is paused."""

    CODE = 6006
    NAME = "Paused"
    MSG = "creating grants or airdrops is paused"


class NoTreasury(_ProgramError):
    """6007: the treasury must not be the default key."""

    CODE = 6007
    NAME = "NoTreasury"
    MSG = "the treasury must not be the default key"


class NoBeneficiary(_ProgramError):
    """6008: the beneficiary must not be the default key."""

    CODE = 6008
    NAME = "NoBeneficiary"
    MSG = "the beneficiary must not be the default key"


class UnknownAllocation(_ProgramError):
    """6009: no genesis allocation has this number."""

    CODE = 6009
    NAME = "UnknownAllocation"
    MSG = "no genesis allocation has this number"


class UnsoundSchedule(_ProgramError):
    """6010: upfront must be within the total, and tranches half an hour to a year apart, ending within 20
    years.
    """

    CODE = 6010
    NAME = "UnsoundSchedule"
    MSG = (
        "upfront must be within the total, and tranches half an hour to a year apart, ending within 20 years"
    )


class StartOutOfRange(_ProgramError):
    """6011: a grant must start at most 20 years ago and at most one year ahead."""

    CODE = 6011
    NAME = "StartOutOfRange"
    MSG = "a grant must start at most 20 years ago and at most one year ahead"


class NotBeneficiary(_ProgramError):
    """6012: the signer is not the grant's beneficiary."""

    CODE = 6012
    NAME = "NotBeneficiary"
    MSG = "the signer is not the grant's beneficiary"


class NotPendingBeneficiary(_ProgramError):
    """6013: the signer is not the proposed successor of the grant's beneficiary."""

    CODE = 6013
    NAME = "NotPendingBeneficiary"
    MSG = "the signer is not the proposed successor of the grant's beneficiary"


class WrongVault(_ProgramError):
    """6014: this is not the vault of this grant or airdrop."""

    CODE = 6014
    NAME = "WrongVault"
    MSG = "this is not the vault of this grant or airdrop"


class WrongDestination(_ProgramError):
    """6015: the token account does not belong to the recipient of this payment."""

    CODE = 6015
    NAME = "WrongDestination"
    MSG = "the token account does not belong to the recipient of this payment"


class NothingToRelease(_ProgramError):
    """6016: all that has vested was released already."""

    CODE = 6016
    NAME = "NothingToRelease"
    MSG = "all that has vested was released already"


class NotRevocable(_ProgramError):
    """6017: this grant cannot be revoked."""

    CODE = 6017
    NAME = "NotRevocable"
    MSG = "this grant cannot be revoked"


class AlreadyRevoked(_ProgramError):
    """6018: this grant was revoked already."""

    CODE = 6018
    NAME = "AlreadyRevoked"
    MSG = "this grant was revoked already"


class NothingToRevoke(_ProgramError):
    """6019: all of this grant has vested: nothing is left to revoke."""

    CODE = 6019
    NAME = "NothingToRevoke"
    MSG = "all of this grant has vested: nothing is left to revoke"


class NoLeaves(_ProgramError):
    """6020: an airdrop needs at least one leaf."""

    CODE = 6020
    NAME = "NoLeaves"
    MSG = "an airdrop needs at least one leaf"


class ZeroAmount(_ProgramError):
    """6021: the amount must be above zero."""

    CODE = 6021
    NAME = "ZeroAmount"
    MSG = "the amount must be above zero"


class DeadlineOutOfRange(_ProgramError):
    """6022: the deadline must be 7 days to 4 years ahead."""

    CODE = 6022
    NAME = "DeadlineOutOfRange"
    MSG = "the deadline must be 7 days to 4 years ahead"


class UnknownChunk(_ProgramError):
    """6023: the airdrop has no such chunk of claims: number them from 0, one for each 8,192 leaves."""

    CODE = 6023
    NAME = "UnknownChunk"
    MSG = "the airdrop has no such chunk of claims: number them from 0, one for each 8,192 leaves"


class WrongChunk(_ProgramError):
    """6024: this account of claims does not belong to this airdrop and leaf."""

    CODE = 6024
    NAME = "WrongChunk"
    MSG = "this account of claims does not belong to this airdrop and leaf"


class UnknownIndex(_ProgramError):
    """6025: the airdrop has no leaf with this index."""

    CODE = 6025
    NAME = "UnknownIndex"
    MSG = "the airdrop has no leaf with this index"


class WrongProof(_ProgramError):
    """6026: the proof does not lead from this leaf to the airdrop's root."""

    CODE = 6026
    NAME = "WrongProof"
    MSG = "the proof does not lead from this leaf to the airdrop's root"


class AlreadyClaimed(_ProgramError):
    """6027: this leaf was claimed already."""

    CODE = 6027
    NAME = "AlreadyClaimed"
    MSG = "this leaf was claimed already"


class AirdropOver(_ProgramError):
    """6028: the airdrop's deadline has passed."""

    CODE = 6028
    NAME = "AirdropOver"
    MSG = "the airdrop's deadline has passed"


class AirdropRunning(_ProgramError):
    """6029: the airdrop's deadline has not passed yet."""

    CODE = 6029
    NAME = "AirdropRunning"
    MSG = "the airdrop's deadline has not passed yet"


class Exhausted(_ProgramError):
    """6030: the airdrop's leaves add up to more than its funds: too little is left for this one."""

    CODE = 6030
    NAME = "Exhausted"
    MSG = "the airdrop's leaves add up to more than its funds: too little is left for this one"


class AlreadyReclaimed(_ProgramError):
    """6031: the airdrop was reclaimed already."""

    CODE = 6031
    NAME = "AlreadyReclaimed"
    MSG = "the airdrop was reclaimed already"


class NotReclaimed(_ProgramError):
    """6032: the airdrop has not been reclaimed yet."""

    CODE = 6032
    NAME = "NotReclaimed"
    MSG = "the airdrop has not been reclaimed yet"


class WrongRentPayer(_ProgramError):
    """6033: this is not the account that paid the rent, which alone gets it back."""

    CODE = 6033
    NAME = "WrongRentPayer"
    MSG = "this is not the account that paid the rent, which alone gets it back"


class NotStaked(_ProgramError):
    """6034: staking did not take exactly what was claimed."""

    CODE = 6034
    NAME = "NotStaked"
    MSG = "staking did not take exactly what was claimed"


class Overflow(_ProgramError):
    """6035: an amount does not fit in 64 bits."""

    CODE = 6035
    NAME = "Overflow"
    MSG = "an amount does not fit in 64 bits"


class TreasuryIsFinal(_ProgramError):
    """6036: once the treasury is governance's, it cannot be replaced."""

    CODE = 6036
    NAME = "TreasuryIsFinal"
    MSG = "once the treasury is governance's, it cannot be replaced"


#: Each error by its code.
ERRORS: Mapping[int, type[_ProgramError]] = {
    6000: NotUpgradeAuthority,
    6001: WrongProgramData,
    6002: NotAuthority,
    6003: NotPendingAuthority,
    6004: MayNotPause,
    6005: UnknownEntry,
    6006: Paused,
    6007: NoTreasury,
    6008: NoBeneficiary,
    6009: UnknownAllocation,
    6010: UnsoundSchedule,
    6011: StartOutOfRange,
    6012: NotBeneficiary,
    6013: NotPendingBeneficiary,
    6014: WrongVault,
    6015: WrongDestination,
    6016: NothingToRelease,
    6017: NotRevocable,
    6018: AlreadyRevoked,
    6019: NothingToRevoke,
    6020: NoLeaves,
    6021: ZeroAmount,
    6022: DeadlineOutOfRange,
    6023: UnknownChunk,
    6024: WrongChunk,
    6025: UnknownIndex,
    6026: WrongProof,
    6027: AlreadyClaimed,
    6028: AirdropOver,
    6029: AirdropRunning,
    6030: Exhausted,
    6031: AlreadyReclaimed,
    6032: NotReclaimed,
    6033: WrongRentPayer,
    6034: NotStaked,
    6035: Overflow,
    6036: TreasuryIsFinal,
}


__all__ = [
    "AirdropOver",
    "AirdropRunning",
    "AlreadyClaimed",
    "AlreadyReclaimed",
    "AlreadyRevoked",
    "DeadlineOutOfRange",
    "Exhausted",
    "MayNotPause",
    "NoBeneficiary",
    "NoLeaves",
    "NoTreasury",
    "NotAuthority",
    "NotBeneficiary",
    "NotPendingAuthority",
    "NotPendingBeneficiary",
    "NotReclaimed",
    "NotRevocable",
    "NotStaked",
    "NotUpgradeAuthority",
    "NothingToRelease",
    "NothingToRevoke",
    "Overflow",
    "Paused",
    "StartOutOfRange",
    "TreasuryIsFinal",
    "UnknownAllocation",
    "UnknownChunk",
    "UnknownEntry",
    "UnknownIndex",
    "UnsoundSchedule",
    "WrongChunk",
    "WrongDestination",
    "WrongProgramData",
    "WrongProof",
    "WrongRentPayer",
    "WrongVault",
    "ZeroAmount",
]
