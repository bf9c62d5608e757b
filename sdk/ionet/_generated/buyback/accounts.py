"""Accounts of the buyback program.

Generated from idl/buyback.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass

from ionet import _codec as c
from ionet._schema import Account, bind_account

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class Config(Account):
    """The one configuration account of the program, and the owner of every fee vault: `["config"]`.

    Attributes:
        burned: IO burned in all, base units; never falls.
        last_time: Latest time that an instruction has seen.
        receipts: Burns so far, and the number of the latest.
        seq: Number of the latest event.
    """

    version: int
    bump: int
    burned: int
    last_time: int
    receipts: int
    seq: int
    roles: types.Roles


bind_account(
    Config,
    PROGRAM_ID,
    bytes.fromhex("9b0caae01efacc82"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("", c.pad(6)),
        ("burned", c.u64),
        ("last_time", c.i64),
        ("receipts", c.u64),
        ("seq", c.u64),
        ("roles", types.Roles.CODEC),
        ("", c.pad(256)),
    ),
)


__all__ = ["Config"]
