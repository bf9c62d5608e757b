"""Errors of the mint program.

Generated from idl/mint.json by scripts/codegen; do not edit.
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


class StartOutOfRange(_ProgramError):
    """6002: start must be 0 (now) or a time from now to one year ahead."""

    CODE = 6002
    NAME = "StartOutOfRange"
    MSG = "start must be 0 (now) or a time from now to one year ahead"


class NotAuthority(_ProgramError):
    """6003: the signer is not the authority."""

    CODE = 6003
    NAME = "NotAuthority"
    MSG = "the signer is not the authority"


class NotPendingAuthority(_ProgramError):
    """6004: the signer is not the proposed successor of the authority."""

    CODE = 6004
    NAME = "NotPendingAuthority"
    MSG = "the signer is not the proposed successor of the authority"


class MayNotPause(_ProgramError):
    """6005: only the authority may lift a pause, and only the authority or the pauser may set one."""

    CODE = 6005
    NAME = "MayNotPause"
    MSG = "only the authority may lift a pause, and only the authority or the pauser may set one"


class UnknownEntry(_ProgramError):
    """6006: the bits of the paused entries must be a sum of this program's PAUSE_* constants."""

    CODE = 6006
    NAME = "UnknownEntry"
    MSG = "the bits of the paused entries must be a sum of this program's PAUSE_* constants"


class Paused(_ProgramError):
    """6007: emission is paused."""

    CODE = 6007
    NAME = "Paused"
    MSG = "emission is paused"


class UnknownAllocation(_ProgramError):
    """6008: no genesis allocation that can be minted has this number."""

    CODE = 6008
    NAME = "UnknownAllocation"
    MSG = "no genesis allocation that can be minted has this number"


class AlreadyAllocated(_ProgramError):
    """6009: this allocation was minted already."""

    CODE = 6009
    NAME = "AlreadyAllocated"
    MSG = "this allocation was minted already"


class CapExceeded(_ProgramError):
    """6010: this would mint more than 800,000,000 IO in all."""

    CODE = 6010
    NAME = "CapExceeded"
    MSG = "this would mint more than 800,000,000 IO in all"


class WrongMint(_ProgramError):
    """6011: the token account must be of the IO mint."""

    CODE = 6011
    NAME = "WrongMint"
    MSG = "the token account must be of the IO mint"


class WrongVault(_ProgramError):
    """6012: this is not the vault named in the configuration."""

    CODE = 6012
    NAME = "WrongVault"
    MSG = "this is not the vault named in the configuration"


class UnknownPolicy(_ProgramError):
    """6013: the kind of policy must be 0 (fixed) or 1 (demand-linked)."""

    CODE = 6013
    NAME = "UnknownPolicy"
    MSG = "the kind of policy must be 0 (fixed) or 1 (demand-linked)"


class PolicyOutOfBounds(_ProgramError):
    """6014: a policy's floor must be at most 10,000 bps, and its rate at most 10,000 bps of what was
    burned.
    """

    CODE = 6014
    NAME = "PolicyOutOfBounds"
    MSG = "a policy's floor must be at most 10,000 bps, and its rate at most 10,000 bps of what was burned"


class NoDemand(_ProgramError):
    """6015: a demand-linked policy needs the buyback's configuration to exist."""

    CODE = 6015
    NAME = "NoDemand"
    MSG = "a demand-linked policy needs the buyback's configuration to exist"


class Overflow(_ProgramError):
    """6016: an amount does not fit in 64 bits."""

    CODE = 6016
    NAME = "Overflow"
    MSG = "an amount does not fit in 64 bits"


#: Each error by its code.
ERRORS: Mapping[int, type[_ProgramError]] = {
    6000: NotUpgradeAuthority,
    6001: WrongProgramData,
    6002: StartOutOfRange,
    6003: NotAuthority,
    6004: NotPendingAuthority,
    6005: MayNotPause,
    6006: UnknownEntry,
    6007: Paused,
    6008: UnknownAllocation,
    6009: AlreadyAllocated,
    6010: CapExceeded,
    6011: WrongMint,
    6012: WrongVault,
    6013: UnknownPolicy,
    6014: PolicyOutOfBounds,
    6015: NoDemand,
    6016: Overflow,
}


__all__ = [
    "AlreadyAllocated",
    "CapExceeded",
    "MayNotPause",
    "NoDemand",
    "NotAuthority",
    "NotPendingAuthority",
    "NotUpgradeAuthority",
    "Overflow",
    "Paused",
    "PolicyOutOfBounds",
    "StartOutOfRange",
    "UnknownAllocation",
    "UnknownEntry",
    "UnknownPolicy",
    "WrongMint",
    "WrongProgramData",
    "WrongVault",
]
