"""Instructions of the distributor program.

Generated from idl/distributor.json by scripts/codegen; do not edit.
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


_ACCEPT_BENEFICIARY = c.arguments("accept_beneficiary", bytes.fromhex("555b2860bca6a226"), ())


def accept_beneficiary(
    *, successor: Pubkey, grant: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Makes the proposed successor the beneficiary, also of what has vested and was not released.

    Caller: the successor. Errors: `NotPendingBeneficiary`.

    Args:
        successor: The successor that the beneficiary has proposed. (signer)
        grant: The grant. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _ACCEPT_BENEFICIARY(),
        [AccountMeta(successor, True, False), AccountMeta(grant, False, True), *remaining_accounts],
    )


_CLAIM_AIRDROP = c.arguments(
    "claim_airdrop", bytes.fromhex("89327a6f59fe0814"), (("args", types.ClaimArgs.CODEC),)
)


def claim_airdrop(
    *,
    airdrop: Pubkey,
    claims: Pubkey,
    destination: Pubkey,
    args: types.ClaimArgs,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Pays an airdrop's leaf into an account of its claimant, before the deadline.

    Caller: anyone. Errors: `WrongVault`, `WrongChunk`, `AirdropOver`, `UnknownIndex`, `AlreadyClaimed`,
    `WrongProof`, `ZeroAmount`, `Exhausted`.

    Args:
        airdrop: The airdrop. (writable)
        claims: The account of claims that marks the leaf. (writable)
        vault: The airdrop's vault. (writable, derived if None)
        destination: An IO account of the claimant: its owner has to be the one that the leaf names.
            (writable)
        token_program: The token program. (read-only)
        args: A leaf with its place and proof.
        remaining_accounts: Further accounts, after those above.
    """
    if vault is None:
        vault = pda.vault(airdrop_or_grant=airdrop)
    return Instruction(
        PROGRAM_ID,
        _CLAIM_AIRDROP(args),
        [
            AccountMeta(airdrop, False, True),
            AccountMeta(claims, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_CLAIM_INTO_STAKE = c.arguments(
    "claim_into_stake", bytes.fromhex("2b54a38fc3c8f5d5"), (("args", types.ClaimArgs.CODEC),)
)


def claim_into_stake(
    *,
    claimant: Pubkey,
    airdrop: Pubkey,
    claims: Pubkey,
    class_: Pubkey,
    node: Pubkey,
    args: types.ClaimArgs,
    vault: Pubkey | None = None,
    staking_config: Pubkey = pda.STAKING_CONFIG,
    position: Pubkey | None = None,
    node_vault: Pubkey | None = None,
    staking_events: Pubkey = pda.STAKING_EVENTS,
    staking_program: Pubkey = pda.STAKING_PROGRAM,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Pays an airdrop's leaf straight into its claimant's pending stake on a node.

    Caller: the claimant, who has a position there. Errors: those of `claim_airdrop` and of staking's
    `stake`, `NotStaked`.

    Args:
        claimant: The claimant that the leaf names, who holds the position. (signer)
        airdrop: The airdrop. (writable)
        claims: The account of claims that marks the leaf. (writable)
        vault: The token account that holds the IO. (writable, derived if None)
        staking_config: Staking's configuration. (read-only)
        class_: The node's class. (read-only)
        node: The node to stake on. (writable)
        position: The claimant's position on the node. (writable, derived if None)
        node_vault: The node's vault. (writable, derived if None)
        staking_events: Signs the staking program's events. (read-only)
        staking_program: The staking program. (read-only)
        token_program: The token program. (read-only)
        args: A leaf with its place and proof.
        remaining_accounts: Further accounts, after those above.
    """
    if vault is None:
        vault = pda.vault(airdrop_or_grant=airdrop)
    if position is None:
        position = pda.position(node=node, claimant=claimant)
    if node_vault is None:
        node_vault = pda.node_vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _CLAIM_INTO_STAKE(args),
        [
            AccountMeta(claimant, True, False),
            AccountMeta(airdrop, False, True),
            AccountMeta(claims, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(staking_config, False, False),
            AccountMeta(class_, False, False),
            AccountMeta(node, False, True),
            AccountMeta(position, False, True),
            AccountMeta(node_vault, False, True),
            AccountMeta(staking_events, False, False),
            AccountMeta(staking_program, False, False),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_CLOSE_CLAIMS = c.arguments("close_claims", bytes.fromhex("76c1e41b6c9cbb6a"), ())


def close_claims(
    *, airdrop: Pubkey, claims: Pubkey, rent_payer: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Closes an account of claims of an airdrop that was reclaimed; the rent goes back to the account that
    paid it.

    Caller: anyone. Errors: `WrongChunk`, `NotReclaimed`, `WrongRentPayer`.

    Args:
        airdrop: The airdrop. (writable)
        claims: The account of claims. (writable)
        rent_payer: Who paid the rent. Its address is `claims.payer`. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _CLOSE_CLAIMS(),
        [
            AccountMeta(airdrop, False, True),
            AccountMeta(claims, False, True),
            AccountMeta(rent_payer, False, True),
            *remaining_accounts,
        ],
    )


_CREATE_AIRDROP = c.arguments(
    "create_airdrop", bytes.fromhex("e387d04289b1505e"), (("id", c.u64), ("args", types.AirdropArgs.CODEC))
)


def create_airdrop(
    *,
    authority: Pubkey,
    payer: Pubkey,
    source: Pubkey,
    id: Int,
    args: types.AirdropArgs,
    config: Pubkey = pda.CONFIG,
    airdrop: Pubkey | None = None,
    vault: Pubkey | None = None,
    mint: Pubkey = pda.MINT,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates an airdrop with the Merkle root of its leaves, and fills its vault.

    Caller: the authority, out of its own IO. Errors: `NotAuthority`, `Paused`, `UnknownAllocation`,
    `ZeroAmount`, `NoLeaves`, `DeadlineOutOfRange`.

    Args:
        authority: The authority, whose IO fills the vault. (signer)
        payer: Pays the rent. (signer, writable)
        config: The program's configuration. (writable)
        airdrop: The new airdrop. (writable, derived if None)
        vault: The token account that holds the IO. (writable, derived if None)
        mint: The IO mint. (read-only)
        source: Any IO account that the authority may spend from. (writable)
        token_program: The token program. (read-only)
        system_program: The System program. (read-only)
        id: Any unused number; part of the address.
        args: A new airdrop.
        remaining_accounts: Further accounts, after those above.
    """
    if airdrop is None:
        airdrop = pda.airdrop(id=id)
    if vault is None:
        vault = pda.vault(airdrop_or_grant=airdrop)
    return Instruction(
        PROGRAM_ID,
        _CREATE_AIRDROP(id, args),
        [
            AccountMeta(authority, True, False),
            AccountMeta(payer, True, True),
            AccountMeta(config, False, True),
            AccountMeta(airdrop, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(mint, False, False),
            AccountMeta(source, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(system_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_CREATE_GRANT = c.arguments(
    "create_grant", bytes.fromhex("1377b0df2d8ee19c"), (("id", c.u64), ("args", types.GrantArgs.CODEC))
)


def create_grant(
    *,
    authority: Pubkey,
    payer: Pubkey,
    source: Pubkey,
    id: Int,
    args: types.GrantArgs,
    config: Pubkey = pda.CONFIG,
    grant: Pubkey | None = None,
    vault: Pubkey | None = None,
    mint: Pubkey = pda.MINT,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates a grant and fills its vault.

    Caller: the authority, out of its own IO. Errors: `NotAuthority`, `Paused`, `NoBeneficiary`,
    `UnknownAllocation`, `UnsoundSchedule`, `StartOutOfRange`.

    Args:
        authority: The authority, whose IO fills the vault. (signer)
        payer: Pays the rent. (signer, writable)
        config: The program's configuration. (writable)
        grant: The new grant. (writable, derived if None)
        vault: The token account that holds the IO. (writable, derived if None)
        mint: The IO mint. (read-only)
        source: Any IO account that the authority may spend from. (writable)
        token_program: The token program. (read-only)
        system_program: The System program. (read-only)
        id: Any unused number; part of the address.
        args: A new grant.
        remaining_accounts: Further accounts, after those above.
    """
    if grant is None:
        grant = pda.grant(id=id)
    if vault is None:
        vault = pda.vault(airdrop_or_grant=grant)
    return Instruction(
        PROGRAM_ID,
        _CREATE_GRANT(id, args),
        [
            AccountMeta(authority, True, False),
            AccountMeta(payer, True, True),
            AccountMeta(config, False, True),
            AccountMeta(grant, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(mint, False, False),
            AccountMeta(source, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(system_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_INITIALIZE = c.arguments("initialize", bytes.fromhex("afaf6d1f0d989bed"), (("treasury", c.pubkey),))


def initialize(
    *,
    authority: Pubkey,
    treasury: Pubkey,
    config: Pubkey = pda.CONFIG,
    program_data: Pubkey = pda.PROGRAM_DATA,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates the configuration.

    Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`,
    `NoTreasury`.

    Args:
        authority: The program's upgrade authority; becomes authority and pauser, and pays. (signer,
            writable)
        config: The program's configuration. (writable)
        program_data: The program's data account, which names its upgrade authority. (read-only)
        system_program: The System program. (read-only)
        treasury: Owns the accounts that revoked and unclaimed IO goes to.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _INITIALIZE(treasury),
        [
            AccountMeta(authority, True, True),
            AccountMeta(config, False, True),
            AccountMeta(PROGRAM_ID, False, False),
            AccountMeta(program_data, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_OPEN_CLAIMS = c.arguments("open_claims", bytes.fromhex("6f6c5a73b25a18e4"), (("number", c.u32),))


def open_claims(
    *,
    payer: Pubkey,
    airdrop: Pubkey,
    number: Int,
    claims: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Opens an account that marks the claims of 8,192 leaves; each is opened once.

    Caller: anyone, who pays the rent and gets it back when the account is closed. Errors: `UnknownChunk`,
    `AirdropOver`.

    Args:
        payer: Pays for the account. (signer, writable)
        airdrop: The airdrop. (writable)
        claims: The new account of claims. (writable, derived if None)
        system_program: The System program. (read-only)
        number: Number of the account, from 0; its first leaf is `number · 8,192`.
        remaining_accounts: Further accounts, after those above.
    """
    if claims is None:
        claims = pda.claims(airdrop=airdrop, number=number)
    return Instruction(
        PROGRAM_ID,
        _OPEN_CLAIMS(number),
        [
            AccountMeta(payer, True, True),
            AccountMeta(airdrop, False, True),
            AccountMeta(claims, False, True),
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


_RECLAIM = c.arguments("reclaim", bytes.fromhex("2cb1ecf9916da3ba"), ())


def reclaim(
    *,
    airdrop: Pubkey,
    destination: Pubkey,
    rent_payer: Pubkey,
    config: Pubkey = pda.CONFIG,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Pays what nobody claimed to the treasury after the deadline, and closes the vault.

    Caller: anyone. Errors: `AirdropRunning`, `AlreadyReclaimed`, `WrongVault`, `WrongDestination`,
    `WrongRentPayer`.

    Args:
        config: The program's configuration. (read-only)
        airdrop: The airdrop. (writable)
        vault: The token account that holds the IO. (writable, derived if None)
        destination: An IO account of the treasury. (writable)
        rent_payer: Who paid the vault's rent. Its address is `airdrop.payer`. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if vault is None:
        vault = pda.vault(airdrop_or_grant=airdrop)
    return Instruction(
        PROGRAM_ID,
        _RECLAIM(),
        [
            AccountMeta(config, False, False),
            AccountMeta(airdrop, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(rent_payer, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_RELEASE = c.arguments("release", bytes.fromhex("fdf90fce1c7fc1f1"), ())


def release(
    *,
    grant: Pubkey,
    destination: Pubkey,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Releases what has vested and was not released before, into an account of the beneficiary.

    Caller: anyone. Errors: `WrongVault`, `WrongDestination`, `NothingToRelease`.

    Args:
        grant: The grant. (writable)
        vault: The grant's vault. (writable, derived if None)
        destination: An IO account of the beneficiary. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if vault is None:
        vault = pda.vault(airdrop_or_grant=grant)
    return Instruction(
        PROGRAM_ID,
        _RELEASE(),
        [
            AccountMeta(grant, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_REVOKE = c.arguments("revoke", bytes.fromhex("aa171f2285ad5df2"), ())


def revoke(
    *,
    authority: Pubkey,
    grant: Pubkey,
    destination: Pubkey,
    config: Pubkey = pda.CONFIG,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Ends a revocable grant: what has vested stays with the beneficiary, the rest goes to the treasury.

    Caller: the authority. Errors: `NotAuthority`, `WrongVault`, `WrongDestination`, `NotRevocable`,
    `AlreadyRevoked`, `NothingToRevoke`.

    Args:
        authority: The program's authority. (signer)
        config: The program's configuration. (read-only)
        grant: The grant. (writable)
        vault: The grant's vault. (writable, derived if None)
        destination: An IO account of the treasury. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if vault is None:
        vault = pda.vault(airdrop_or_grant=grant)
    return Instruction(
        PROGRAM_ID,
        _REVOKE(),
        [
            AccountMeta(authority, True, False),
            AccountMeta(config, False, False),
            AccountMeta(grant, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_SET_BENEFICIARY = c.arguments(
    "set_beneficiary", bytes.fromhex("0a51db04ed9539f2"), (("successor", c.pubkey),)
)


def set_beneficiary(
    *, beneficiary: Pubkey, grant: Pubkey, successor: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Proposes a successor of the beneficiary, who has to accept.

    Caller: the beneficiary. Errors: `NotBeneficiary`.

    Args:
        beneficiary: The grant's beneficiary. (signer)
        grant: The grant. (writable)
        successor: Becomes the beneficiary when it accepts; the default key withdraws the proposal.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_BENEFICIARY(successor),
        [AccountMeta(beneficiary, True, False), AccountMeta(grant, False, True), *remaining_accounts],
    )


_SET_PARAMS = c.arguments(
    "set_params", bytes.fromhex("1beab2349302bb8d"), (("pauser", c.pubkey), ("treasury", c.pubkey))
)


def set_params(
    *,
    authority: Pubkey,
    pauser: Pubkey,
    treasury: Pubkey,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Sets who may pause, and whose accounts revoked and unclaimed IO goes to from now on.

    Caller: the authority. Errors: `NotAuthority`, `NoTreasury`, `TreasuryIsFinal`.

    Args:
        authority: The authority. (signer)
        config: The program's configuration. (writable)
        pauser: May pause.
        treasury: Owns the accounts that revoked and unclaimed IO goes to.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_PARAMS(pauser, treasury),
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
    """Pauses `create_grant` and `create_airdrop`, or lifts the pauses.

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


__all__ = [
    "accept_authority",
    "accept_beneficiary",
    "claim_airdrop",
    "claim_into_stake",
    "close_claims",
    "create_airdrop",
    "create_grant",
    "initialize",
    "open_claims",
    "propose_authority",
    "reclaim",
    "release",
    "revoke",
    "set_beneficiary",
    "set_params",
    "set_paused",
]
