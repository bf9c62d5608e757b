"""Instructions of the buyback program.

Generated from idl/buyback.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from ionet import _codec as c
from ionet import _ids
from ionet._codec import Int

from . import PROGRAM_ID, pda

_ACCEPT_AUTHORITY = c.arguments("accept_authority", bytes.fromhex("6b56c65b210c6ba0"), ())


def accept_authority(
    *, successor: Pubkey, config: Pubkey = pda.CONFIG, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Makes the named successor the authority.

    Caller: the successor. Errors: `NotPendingAuthority`.

    Args:
        successor: (signer)
        config: (writable)
        remaining_accounts: Further accounts, behind those above.
    """
    return Instruction(
        PROGRAM_ID,
        _ACCEPT_AUTHORITY(),
        [AccountMeta(successor, True, False), AccountMeta(config, False, True), *remaining_accounts],
    )


_BURN_FEES = c.arguments("burn_fees", bytes.fromhex("a82c3ac056b989b8"), (("shard", c.u8),))


def burn_fees(
    *,
    shard: Int,
    config: Pubkey = pda.CONFIG,
    mint: Pubkey = pda.MINT,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Burns all that the shard's vault of IO holds; nothing when it is empty.

    Caller: anyone. Errors: `Paused`, `SupplyMismatch`.

    Args:
        config: (writable)
        mint: (writable)
        vault: The shard's vault of IO. (writable, derived if not given)
        token_program: (read-only)
        shard: `u8`
        remaining_accounts: Further accounts, behind those above.
    """
    if vault is None:
        vault = pda.vault(mint=mint, shard=shard)
    return Instruction(
        PROGRAM_ID,
        _BURN_FEES(shard),
        [
            AccountMeta(config, False, True),
            AccountMeta(mint, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_INITIALIZE = c.arguments("initialize", bytes.fromhex("afaf6d1f0d989bed"), ())


def initialize(
    *,
    authority: Pubkey,
    config: Pubkey = pda.CONFIG,
    program_data: Pubkey = pda.PROGRAM_DATA,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates the configuration, which owns the fee vaults.

    Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`.

    Args:
        authority: The program's upgrade authority; becomes authority and pauser, and pays. (signer,
            writable)
        config: (writable)
        program_data: (read-only)
        system_program: (read-only)
        remaining_accounts: Further accounts, behind those above.
    """
    return Instruction(
        PROGRAM_ID,
        _INITIALIZE(),
        [
            AccountMeta(authority, True, True),
            AccountMeta(config, False, True),
            AccountMeta(PROGRAM_ID, False, False),
            AccountMeta(program_data, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_OPEN_VAULT = c.arguments("open_vault", bytes.fromhex("b5f8e44306af25a7"), (("shard", c.u8),))


def open_vault(
    *,
    payer: Pubkey,
    mint: Pubkey,
    shard: Int,
    config: Pubkey = pda.CONFIG,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Opens the fee vault of a mint's shard (0 to 7), each once.

    Caller: anyone, who pays for the account. Errors: `UnknownShard`.

    Args:
        payer: (signer, writable)
        config: (writable)
        mint: What the vault holds: IO, or another currency that jobs are paid in. (read-only)
        vault: (writable, derived if not given)
        token_program: (read-only)
        system_program: (read-only)
        shard: `u8`
        remaining_accounts: Further accounts, behind those above.
    """
    if vault is None:
        vault = pda.vault(mint=mint, shard=shard)
    return Instruction(
        PROGRAM_ID,
        _OPEN_VAULT(shard),
        [
            AccountMeta(payer, True, True),
            AccountMeta(config, False, True),
            AccountMeta(mint, False, False),
            AccountMeta(vault, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_PROPOSE_AUTHORITY = c.arguments(
    "propose_authority", bytes.fromhex("1494ecc64c77638e"), (("successor", c.pubkey),)
)


def propose_authority(
    *,
    authority: Pubkey,
    successor: Pubkey,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Names a successor of the authority; the default key takes it back.

    Caller: authority. Errors: `NotAuthority`.

    Args:
        authority: (signer)
        config: (writable)
        successor: `pubkey`
        remaining_accounts: Further accounts, behind those above.
    """
    return Instruction(
        PROGRAM_ID,
        _PROPOSE_AUTHORITY(successor),
        [AccountMeta(authority, True, False), AccountMeta(config, False, True), *remaining_accounts],
    )


_SET_PARAMS = c.arguments("set_params", bytes.fromhex("1beab2349302bb8d"), (("pauser", c.pubkey),))


def set_params(
    *,
    authority: Pubkey,
    pauser: Pubkey,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Sets who may pause.

    Caller: authority. Errors: `NotAuthority`.

    Args:
        authority: (signer)
        config: (writable)
        pauser: `pubkey`
        remaining_accounts: Further accounts, behind those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_PARAMS(pauser),
        [AccountMeta(authority, True, False), AccountMeta(config, False, True), *remaining_accounts],
    )


_SET_PAUSED = c.arguments("set_paused", bytes.fromhex("5b3c7dc0b0e1a6da"), (("paused", c.u64),))


def set_paused(
    *,
    signer: Pubkey,
    paused: Int,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Sets the paused entries (bit 0: `burn_fees`). What a pause delays is burned afterwards.

    Caller: authority, or the pauser to pause more. Errors: `MayNotPause`, `UnknownEntry`.

    Args:
        signer: The authority, or the pauser. (signer)
        config: (writable)
        paused: `u64`
        remaining_accounts: Further accounts, behind those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_PAUSED(paused),
        [AccountMeta(signer, True, False), AccountMeta(config, False, True), *remaining_accounts],
    )


__all__ = [
    "accept_authority",
    "burn_fees",
    "initialize",
    "open_vault",
    "propose_authority",
    "set_params",
    "set_paused",
]
