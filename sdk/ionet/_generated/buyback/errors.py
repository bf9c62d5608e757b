"""Errors of the buyback program.

Generated from idl/buyback.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping

from ionet._errors import ProgramError as _ProgramError


class NotUpgradeAuthority(_ProgramError):
    """6000: only the program's upgrade authority may initialize."""

    CODE = 6000
    NAME = "NotUpgradeAuthority"
    MSG = "only the program's upgrade authority may initialize"


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
    """6003: the signer was not proposed as authority."""

    CODE = 6003
    NAME = "NotPendingAuthority"
    MSG = "the signer was not proposed as authority"


class MayNotPause(_ProgramError):
    """6004: only the authority may lift a pause, only the authority and the pauser may set one."""

    CODE = 6004
    NAME = "MayNotPause"
    MSG = "only the authority may lift a pause, only the authority and the pauser may set one"


class UnknownEntry(_ProgramError):
    """6005: paused has a bit that stands for no entry."""

    CODE = 6005
    NAME = "UnknownEntry"
    MSG = "paused has a bit that stands for no entry"


class Paused(_ProgramError):
    """6006: burning is paused."""

    CODE = 6006
    NAME = "Paused"
    MSG = "burning is paused"


class UnknownShard(_ProgramError):
    """6007: shards are 0 to 7."""

    CODE = 6007
    NAME = "UnknownShard"
    MSG = "shards are 0 to 7"


class SupplyMismatch(_ProgramError):
    """6008: the supply did not fall by exactly what was burned."""

    CODE = 6008
    NAME = "SupplyMismatch"
    MSG = "the supply did not fall by exactly what was burned"


class Overflow(_ProgramError):
    """6009: an amount does not fit into 64 bits."""

    CODE = 6009
    NAME = "Overflow"
    MSG = "an amount does not fit into 64 bits"


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
}


__all__ = [
    "MayNotPause",
    "NotAuthority",
    "NotPendingAuthority",
    "NotUpgradeAuthority",
    "Overflow",
    "Paused",
    "SupplyMismatch",
    "UnknownEntry",
    "UnknownShard",
    "WrongProgramData",
]
