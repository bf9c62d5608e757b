"""Instructions of the mint program.

Generated from idl/mint.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain import ids as _ids
from ionet.chain.codec import Int

from . import PROGRAM_ID, pda, types

_ACCEPT_AUTHORITY = c.arguments("accept_authority", bytes.fromhex("6b56c65b210c6ba0"), ())


def accept_authority(
    *, successor: Pubkey, config: Pubkey = pda.CONFIG, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Makes the proposed successor the authority.

    Caller: the successor. Errors: `NotPendingAuthority`.

    Args:
        successor: The successor that the authority has proposed. (signer)
        config: The program's configuration. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _ACCEPT_AUTHORITY(),
        [AccountMeta(successor, True, False), AccountMeta(config, False, True), *remaining_accounts],
    )


_BURN_RESERVE = c.arguments("burn_reserve", bytes.fromhex("7d84289994b707aa"), ())


def burn_reserve(
    *,
    config: Pubkey = pda.CONFIG,
    mint: Pubkey = pda.MINT,
    reserve_vault: Pubkey = pda.RESERVE_VAULT,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Burns all that policies have withheld.

    Caller: anyone. Errors: `WrongVault`.

    Args:
        config: The program's configuration. (writable)
        mint: The IO mint. (writable)
        reserve_vault: The token account of what policies withhold. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _BURN_RESERVE(),
        [
            AccountMeta(config, False, True),
            AccountMeta(mint, False, True),
            AccountMeta(reserve_vault, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_EMIT = c.arguments("emit", bytes.fromhex("fc2d9c6e960e2d63"), ())


def emit(
    *,
    config: Pubkey = pda.CONFIG,
    mint: Pubkey = pda.MINT,
    emission_vault: Pubkey = pda.EMISSION_VAULT,
    reserve_vault: Pubkey = pda.RESERVE_VAULT,
    buyback_config: Pubkey = pda.BUYBACK_CONFIG,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Mints what has become due on the schedule since the last emission; does nothing when no hour has
    passed.

    Caller: anyone. Errors: `Paused`, `CapExceeded`, `WrongVault`.

    Args:
        config: The program's configuration. (writable)
        mint: The IO mint. (writable)
        emission_vault: The token account that emission is paid into. (writable)
        reserve_vault: The token account of what policies withhold. (writable)
        buyback_config: The buyback's configuration. (read-only)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _EMIT(),
        [
            AccountMeta(config, False, True),
            AccountMeta(mint, False, True),
            AccountMeta(emission_vault, False, True),
            AccountMeta(reserve_vault, False, True),
            AccountMeta(buyback_config, False, False),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_INITIALIZE = c.arguments("initialize", bytes.fromhex("afaf6d1f0d989bed"), (("start", c.i64),))


def initialize(
    *,
    authority: Pubkey,
    start: Int,
    config: Pubkey = pda.CONFIG,
    mint: Pubkey = pda.MINT,
    emission_ledger: Pubkey = pda.EMISSION_LEDGER,
    emission_vault: Pubkey = pda.EMISSION_VAULT,
    reserve_vault: Pubkey = pda.RESERVE_VAULT,
    program_data: Pubkey = pda.PROGRAM_DATA,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    associated_token_program: Pubkey = _ids.ASSOCIATED_TOKEN_PROGRAM,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates the mint, its configuration, and the two vaults that emissions go to.

    Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`,
    `StartOutOfRange`.

    Args:
        authority: The program's upgrade authority; becomes authority and pauser, and pays. (signer,
            writable)
        config: The program's configuration. (writable)
        mint: The IO mint: 8 decimals, minted by the configuration alone, frozen by nobody. (writable)
        emission_ledger: Staking's emission ledger. (read-only)
        emission_vault: The token account that emission is paid into. (writable)
        reserve_vault: The token account of what policies withhold. (writable)
        program_data: The program's data account, which names its upgrade authority. (read-only)
        token_program: The token program. (read-only)
        associated_token_program: The associated token program. (read-only)
        system_program: The System program. (read-only)
        start: Unix time from which emission counts, at most a year ahead; 0 for now.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _INITIALIZE(start),
        [
            AccountMeta(authority, True, True),
            AccountMeta(config, False, True),
            AccountMeta(mint, False, True),
            AccountMeta(emission_ledger, False, False),
            AccountMeta(emission_vault, False, True),
            AccountMeta(reserve_vault, False, True),
            AccountMeta(PROGRAM_ID, False, False),
            AccountMeta(program_data, False, False),
            AccountMeta(token_program, False, False),
            AccountMeta(associated_token_program, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_MINT_GENESIS = c.arguments(
    "mint_genesis", bytes.fromhex("7d42ad530cbf52cc"), (("allocation", types.allocation_codec),)
)


def mint_genesis(
    *,
    authority: Pubkey,
    destination: Pubkey,
    allocation: types.Allocation | int,
    config: Pubkey = pda.CONFIG,
    mint: Pubkey = pda.MINT,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Mints one genesis allocation in full, each at most once.

    Caller: the authority. Errors: `NotAuthority`, `UnknownAllocation`, `AlreadyAllocated`, `CapExceeded`,
    `WrongMint`.

    Args:
        authority: The program's authority. (signer)
        config: The program's configuration. (writable)
        mint: The IO mint. (writable)
        destination: Receives the allocation. (writable)
        token_program: The token program. (read-only)
        allocation: The part of the genesis supply that IO comes from.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _MINT_GENESIS(allocation),
        [
            AccountMeta(authority, True, False),
            AccountMeta(config, False, True),
            AccountMeta(mint, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
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
    """Proposes a successor of the authority, who has to accept.

    Caller: the authority. Errors: `NotAuthority`.

    Args:
        authority: The authority. (signer)
        config: The program's configuration. (writable)
        successor: Becomes the authority when it accepts; the default key withdraws the proposal.
        remaining_accounts: Further accounts, after those above.
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

    Caller: the authority. Errors: `NotAuthority`.

    Args:
        authority: The authority. (signer)
        config: The program's configuration. (writable)
        pauser: May pause emission.
        remaining_accounts: Further accounts, after those above.
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
    """Pauses `emit` and `set_policy`, or lifts the pause. What a pause delays is emitted afterwards.

    Caller: the authority, or the pauser to pause more. Errors: `MayNotPause`, `UnknownEntry`.

    Args:
        signer: The authority, or the pauser to pause more. (signer)
        config: The program's configuration. (writable)
        paused: All entries to be paused, bits `PAUSE_*`.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_PAUSED(paused),
        [AccountMeta(signer, True, False), AccountMeta(config, False, True), *remaining_accounts],
    )


_SET_POLICY = c.arguments(
    "set_policy", bytes.fromhex("28850c9debca0284"), (("policy", types.PolicyArgs.CODEC),)
)


def set_policy(
    *,
    authority: Pubkey,
    policy: types.PolicyArgs,
    config: Pubkey = pda.CONFIG,
    mint: Pubkey = pda.MINT,
    emission_vault: Pubkey = pda.EMISSION_VAULT,
    reserve_vault: Pubkey = pda.RESERVE_VAULT,
    buyback_config: Pubkey = pda.BUYBACK_CONFIG,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Emits to now under the old policy, then sets the new one.

    Caller: the authority. Errors: `NotAuthority`, `UnknownPolicy`, `PolicyOutOfBounds`, `NoDemand`, and
    those of `emit`.

    Args:
        authority: The program's authority. (signer)
        config: The program's configuration. (writable)
        mint: The IO mint. (writable)
        emission_vault: The token account that emission is paid into. (writable)
        reserve_vault: The token account of what policies withhold. (writable)
        buyback_config: The buyback's configuration. (read-only)
        token_program: The token program. (read-only)
        policy: A policy, as an instruction takes it.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_POLICY(policy),
        [
            AccountMeta(authority, True, False),
            AccountMeta(config, False, True),
            AccountMeta(mint, False, True),
            AccountMeta(emission_vault, False, True),
            AccountMeta(reserve_vault, False, True),
            AccountMeta(buyback_config, False, False),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


__all__ = [
    "accept_authority",
    "burn_reserve",
    "emit",
    "initialize",
    "mint_genesis",
    "propose_authority",
    "set_params",
    "set_paused",
    "set_policy",
]
