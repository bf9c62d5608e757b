"""Accounts of the mint program.

Generated from idl/mint.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Account, bind_account

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class Config(Account):
    """The one configuration account of the program, and the mint's authority: `["config"]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        start: Unix time from which emission counts.
        emitted: Minted on the schedule so far, what was withheld included, base units; never falls.
        withheld: Part of it that was minted into the reserve, base units; never falls.
        history: `emitted` and `withheld` after each of the latest calls of `emit`, the latest first;
                zeros stand for the start.
        last_time: Latest time that an instruction has seen, unix time.
        roles: Authority, pauser, and what is paused.
        mint: The IO mint.
        emission_vault: Token account of staking's emission ledger, which emission is paid into.
        reserve_vault: Token account of this configuration, for what policies withhold.
        genesis: Minted at genesis so far, base units.
        allocated: Allocations minted, a bit each.
        reserve_burned: Burned out of the reserve so far, base units.
        seq: Number of the latest event.
        policy: The policy in force.
    """

    version: int
    bump: int
    start: int
    emitted: int
    withheld: int
    history: tuple[types.Checkpoint, ...]
    last_time: int
    roles: types.Roles
    mint: Pubkey
    emission_vault: Pubkey
    reserve_vault: Pubkey
    genesis: int
    allocated: int
    reserve_burned: int
    seq: int
    policy: types.Policy


bind_account(
    Config,
    PROGRAM_ID,
    bytes.fromhex("9b0caae01efacc82"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("", c.pad(6)),
        ("start", c.i64),
        ("emitted", c.u64),
        ("withheld", c.u64),
        ("history", c.array(types.Checkpoint.CODEC, 24)),
        ("last_time", c.i64),
        ("roles", types.Roles.CODEC),
        ("mint", c.pubkey),
        ("emission_vault", c.pubkey),
        ("reserve_vault", c.pubkey),
        ("genesis", c.u64),
        ("allocated", c.u64),
        ("reserve_burned", c.u64),
        ("seq", c.u64),
        ("policy", types.Policy.CODEC),
        ("", c.pad(128)),
    ),
)


__all__ = ["Config"]
