"""Instructions of the staking program.

Generated from idl/staking.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from ionet import _codec as c
from ionet import _ids
from ionet._codec import Int

from . import PROGRAM_ID, pda, types

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


_ACTIVATE = c.arguments("activate", bytes.fromhex("c2cb23649737aa52"), ())


def activate(
    *, node: Pubkey, position: Pubkey, shard: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Makes a position's pending stake active, under the conditions of `owner_activate`.

    Caller: anyone. Errors: `NothingPending`, `StillPending`, `WrongNode`, `WrongShard`.

    Args:
        node: (writable)
        position: (writable)
        shard: (writable)
        remaining_accounts: Further accounts, behind those above.
    """
    return Instruction(
        PROGRAM_ID,
        _ACTIVATE(),
        [
            AccountMeta(node, False, True),
            AccountMeta(position, False, True),
            AccountMeta(shard, False, True),
            *remaining_accounts,
        ],
    )


_CLAIM = c.arguments("claim", bytes.fromhex("3ec6d6c1d59f6cd2"), ())


def claim(
    *,
    holder: Pubkey,
    node: Pubkey,
    destination: Pubkey,
    position: Pubkey | None = None,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Lets a position's rewards leave.

    Caller: its holder. Errors: `NotHolder`, `WrongNode`, `NothingToClaim`, `WrongVault`.

    Args:
        holder: (signer)
        node: (writable)
        position: (writable, derived if not given)
        vault: (writable, derived if not given)
        destination: (writable)
        token_program: (read-only)
        remaining_accounts: Further accounts, behind those above.
    """
    if position is None:
        position = pda.position(node=node, holder=holder)
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _CLAIM(),
        [
            AccountMeta(holder, True, False),
            AccountMeta(node, False, True),
            AccountMeta(position, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_CREATE_CLASS = c.arguments(
    "create_class", bytes.fromhex("228ae49542276ab7"), (("id", c.u16), ("args", types.ClassArgs.CODEC))
)


def create_class(
    *,
    authority: Pubkey,
    id: Int,
    args: types.ClassArgs,
    config: Pubkey = pda.CONFIG,
    class_: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates a hardware class.

    Caller: authority. Errors: `NotAuthority`, `UnknownPool`, `MaximumOutOfBounds`,
    `MinimumOutOfBounds`, `MultiplierOutOfBounds`.

    Args:
        authority: Also pays. (signer, writable)
        config: (writable)
        class_: (writable, derived if not given)
        system_program: (read-only)
        id: `u16`
        args: `ClassArgs`
        remaining_accounts: Further accounts, behind those above.
    """
    if class_ is None:
        class_ = pda.class_(id=id)
    return Instruction(
        PROGRAM_ID,
        _CREATE_CLASS(id, args),
        [
            AccountMeta(authority, True, True),
            AccountMeta(config, False, True),
            AccountMeta(class_, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_CREDIT_NODE = c.arguments(
    "credit_node", bytes.fromhex("4fc0814072ef8d4b"), (("leaf", types.LeafArgs.CODEC),)
)


def credit_node(
    *,
    emission_vault: Pubkey,
    report: Pubkey,
    node: Pubkey,
    leaf: types.LeafArgs,
    emission_ledger: Pubkey = pda.EMISSION_LEDGER,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Credits a node with a final report's leaf: what it earned in its life, less what it was
    credited before.

    Caller: anyone. Errors: `NotAReport`, `ReportNotFinal`, `ReportTooOld`, `LeafBeyondReport`,
    `WrongProof`, `ReportExhausted`, `NoActiveStake`, `NodeTerminal`, `CreditFrozen`, `WrongVault`.

    Args:
        emission_ledger: (writable)
        emission_vault: (writable)
        report: (read-only)
        node: (writable)
        vault: (writable, derived if not given)
        token_program: (read-only)
        leaf: `LeafArgs`
        remaining_accounts: Further accounts, behind those above.
    """
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _CREDIT_NODE(leaf),
        [
            AccountMeta(emission_ledger, False, True),
            AccountMeta(emission_vault, False, True),
            AccountMeta(report, False, False),
            AccountMeta(node, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_INITIALIZE = c.arguments(
    "initialize", bytes.fromhex("afaf6d1f0d989bed"), (("slasher", c.pubkey), ("resolver", c.pubkey))
)


def initialize(
    *,
    authority: Pubkey,
    slasher: Pubkey,
    resolver: Pubkey,
    config: Pubkey = pda.CONFIG,
    emission_ledger: Pubkey = pda.EMISSION_LEDGER,
    program_data: Pubkey = pda.PROGRAM_DATA,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates the configuration and emission's ledger.

    Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`,
    `SlasherIsResolver`.

    Args:
        authority: The program's upgrade authority; becomes every role, and pays. (signer, writable)
        config: (writable)
        emission_ledger: (writable)
        program_data: (read-only)
        system_program: (read-only)
        slasher: `pubkey`
        resolver: `pubkey`
        remaining_accounts: Further accounts, behind those above.
    """
    return Instruction(
        PROGRAM_ID,
        _INITIALIZE(slasher, resolver),
        [
            AccountMeta(authority, True, True),
            AccountMeta(config, False, True),
            AccountMeta(emission_ledger, False, True),
            AccountMeta(PROGRAM_ID, False, False),
            AccountMeta(program_data, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_OPEN_POSITION = c.arguments("open_position", bytes.fromhex("87802f4d0f98f031"), ())


def open_position(
    *,
    holder: Pubkey,
    node: Pubkey,
    position: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Opens an empty co-staker's position.

    Caller: its holder. Errors: `OwnerIsNoCoStaker`, `NodeNotLive`.

    Args:
        holder: Will hold the position, and pays. (signer, writable)
        node: (read-only)
        position: (writable, derived if not given)
        system_program: (read-only)
        remaining_accounts: Further accounts, behind those above.
    """
    if position is None:
        position = pda.position(node=node, holder=holder)
    return Instruction(
        PROGRAM_ID,
        _OPEN_POSITION(),
        [
            AccountMeta(holder, True, True),
            AccountMeta(node, False, False),
            AccountMeta(position, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_OPEN_SHARD = c.arguments("open_shard", bytes.fromhex("ffe611760a6c3516"), (("index", c.u8),))


def open_shard(
    *,
    payer: Pubkey,
    index: Int,
    shard: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates one of the 16 accounts that sum active stake.

    Caller: anyone, who pays its rent. Errors: `UnknownShard`.

    Args:
        payer: (signer, writable)
        shard: (writable, derived if not given)
        system_program: (read-only)
        index: `u8`
        remaining_accounts: Further accounts, behind those above.
    """
    if shard is None:
        shard = pda.shard(index=index)
    return Instruction(
        PROGRAM_ID,
        _OPEN_SHARD(index),
        [
            AccountMeta(payer, True, True),
            AccountMeta(shard, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_OWNER_ACTIVATE = c.arguments("owner_activate", bytes.fromhex("caeea25118996ebe"), ())


def owner_activate(
    *, node: Pubkey, shard: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Makes the owner's pending stake active: at once on a node without active stake, else when the
    node was credited past it or after 14 days.

    Caller: anyone. Errors: `NothingPending`, `StillPending`, `WrongShard`.

    Args:
        node: (writable)
        shard: (writable)
        remaining_accounts: Further accounts, behind those above.
    """
    return Instruction(
        PROGRAM_ID,
        _OWNER_ACTIVATE(),
        [AccountMeta(node, False, True), AccountMeta(shard, False, True), *remaining_accounts],
    )


_OWNER_CLAIM = c.arguments("owner_claim", bytes.fromhex("a668089c548bd2fc"), ())


def owner_claim(
    *,
    owner: Pubkey,
    node: Pubkey,
    destination: Pubkey,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Lets the owner's rewards leave.

    Caller: the node's owner. Errors: `NotNodeOwner`, `NothingToClaim`, `Frozen`, `WrongVault`.

    Args:
        owner: (signer)
        node: (writable)
        vault: (writable, derived if not given)
        destination: (writable)
        token_program: (read-only)
        remaining_accounts: Further accounts, behind those above.
    """
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _OWNER_CLAIM(),
        [
            AccountMeta(owner, True, False),
            AccountMeta(node, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_OWNER_STAKE = c.arguments("owner_stake", bytes.fromhex("30a6057d26651bc7"), (("amount", c.u64),))


def owner_stake(
    *,
    owner: Pubkey,
    class_: Pubkey,
    node: Pubkey,
    source: Pubkey,
    amount: Int,
    config: Pubkey = pda.CONFIG,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Adds to the owner's pending stake.

    Caller: the node's owner. Errors: `Paused`, `NotNodeOwner`, `NodeNotLive`, `WrongClass`,
    `WrongVault`, `ZeroAmount`, `MaximumStake`, `ActivateFirst`.

    Args:
        owner: (signer)
        config: (read-only)
        class_: (read-only)
        node: (writable)
        vault: (writable, derived if not given)
        source: (writable)
        token_program: (read-only)
        amount: `u64`
        remaining_accounts: Further accounts, behind those above.
    """
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _OWNER_STAKE(amount),
        [
            AccountMeta(owner, True, False),
            AccountMeta(config, False, False),
            AccountMeta(class_, False, False),
            AccountMeta(node, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(source, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_OWNER_UNSTAKE = c.arguments("owner_unstake", bytes.fromhex("ddb44f8e25f60461"), (("amount", c.u64),))


def owner_unstake(
    *,
    owner: Pubkey,
    class_: Pubkey,
    node: Pubkey,
    offer: Pubkey,
    shard: Pubkey,
    destination: Pubkey,
    amount: Int,
    config: Pubkey = pda.CONFIG,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Takes the owner's stake off. Pending stake, and what exceeds the minimum and the co-stake,
    leaves at once; the rest cools. While the node is hired the minimum stays.

    Caller: the node's owner. Errors: `NotNodeOwner`, `ZeroAmount`, `MoreThanStaked`,
    `LeaseLocksMinimum`, `NoFreeSlot`, `Frozen`, `WrongClass`, `WrongOffer`, `WrongShard`, `WrongVault`.

    Args:
        owner: (signer)
        config: (read-only)
        class_: (read-only)
        node: (writable)
        offer: (read-only)
        shard: (writable)
        vault: (writable, derived if not given)
        destination: (writable)
        token_program: (read-only)
        amount: `u64`
        remaining_accounts: Further accounts, behind those above.
    """
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _OWNER_UNSTAKE(amount),
        [
            AccountMeta(owner, True, False),
            AccountMeta(config, False, False),
            AccountMeta(class_, False, False),
            AccountMeta(node, False, True),
            AccountMeta(offer, False, False),
            AccountMeta(shard, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_OWNER_WITHDRAW = c.arguments("owner_withdraw", bytes.fromhex("8aac67e4fe6072b2"), ())


def owner_withdraw(
    *,
    owner: Pubkey,
    node: Pubkey,
    destination: Pubkey,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Lets the owner's cooled stake leave.

    Caller: the node's owner. Errors: `NotNodeOwner`, `NothingReady`, `Frozen`, `WrongVault`.

    Args:
        owner: (signer)
        node: (writable)
        vault: (writable, derived if not given)
        destination: (writable)
        token_program: (read-only)
        remaining_accounts: Further accounts, behind those above.
    """
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _OWNER_WITHDRAW(),
        [
            AccountMeta(owner, True, False),
            AccountMeta(node, False, True),
            AccountMeta(vault, False, True),
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


_REGISTER_DEVICE = c.arguments(
    "register_device", bytes.fromhex("d2973844169e5ac1"), (("fingerprint", c.raw_bytes(32)),)
)


def register_device(
    *,
    owner: Pubkey,
    device_key: Pubkey,
    attester: Pubkey,
    class_: Pubkey,
    fingerprint: bytes,
    config: Pubkey = pda.CONFIG,
    attester_set: Pubkey = pda.ATTESTER_SET,
    device: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Registers a processor by its fingerprint, once for ever.

    Callers: the owner, the device's key, and an attester that has challenged the device. Errors:
    `Paused`, `WrongAttesterSet`, `NotAttester`, `ClassDisabled`.

    Args:
        owner: Owns the device, and pays. (signer, writable)
        device_key: The device's own key. (signer)
        attester: An attester that has challenged the device. (signer)
        config: (read-only)
        attester_set: (read-only)
        class_: (read-only)
        device: (writable, derived if not given)
        system_program: (read-only)
        fingerprint: `[u8; 32]`
        remaining_accounts: Further accounts, behind those above.
    """
    if device is None:
        device = pda.device(fingerprint=fingerprint)
    return Instruction(
        PROGRAM_ID,
        _REGISTER_DEVICE(fingerprint),
        [
            AccountMeta(owner, True, True),
            AccountMeta(device_key, True, False),
            AccountMeta(attester, True, False),
            AccountMeta(config, False, False),
            AccountMeta(attester_set, False, False),
            AccountMeta(class_, False, False),
            AccountMeta(device, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_REGISTER_NODE = c.arguments(
    "register_node", bytes.fromhex("66557572c2bcd3a8"), (("args", types.NodeArgs.CODEC),)
)


def register_node(
    *,
    owner: Pubkey,
    class_: Pubkey,
    device: Pubkey,
    args: types.NodeArgs,
    config: Pubkey = pda.CONFIG,
    node: Pubkey | None = None,
    vault: Pubkey | None = None,
    mint: Pubkey = pda.MINT,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Makes a node of a registered device.

    Caller: the device's owner. Errors: `Paused`, `NotDeviceOwner`, `DeviceInUse`, `DeviceBanned`,
    `WrongClass`, `CommissionOutOfBounds`.

    Args:
        owner: Owns the device and will own the node; pays. (signer, writable)
        config: (read-only)
        class_: (read-only)
        device: The node's first processor. (writable)
        node: (writable, derived if not given)
        vault: (writable, derived if not given)
        mint: (read-only)
        token_program: (read-only)
        system_program: (read-only)
        args: `NodeArgs`
        remaining_accounts: Further accounts, behind those above.
    """
    if node is None:
        node = pda.node(device=device)
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _REGISTER_NODE(args),
        [
            AccountMeta(owner, True, True),
            AccountMeta(config, False, False),
            AccountMeta(class_, False, False),
            AccountMeta(device, False, True),
            AccountMeta(node, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(mint, False, False),
            AccountMeta(token_program, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_SET_CLASS = c.arguments(
    "set_class", bytes.fromhex("58d0568af1a0ff73"), (("id", c.u16), ("args", types.ClassArgs.CODEC))
)


def set_class(
    *,
    authority: Pubkey,
    id: Int,
    args: types.ClassArgs,
    config: Pubkey = pda.CONFIG,
    class_: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Changes a hardware class; stake that is there already stays.

    Caller: authority. Errors: those of `create_class`.

    Args:
        authority: (signer)
        config: (writable)
        class_: (writable, derived if not given)
        id: `u16`
        args: `ClassArgs`
        remaining_accounts: Further accounts, behind those above.
    """
    if class_ is None:
        class_ = pda.class_(id=id)
    return Instruction(
        PROGRAM_ID,
        _SET_CLASS(id, args),
        [
            AccountMeta(authority, True, False),
            AccountMeta(config, False, True),
            AccountMeta(class_, False, True),
            *remaining_accounts,
        ],
    )


_SET_PARAMS = c.arguments(
    "set_params", bytes.fromhex("1beab2349302bb8d"), (("params", types.ParamsArgs.CODEC),)
)


def set_params(
    *,
    authority: Pubkey,
    params: types.ParamsArgs,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Sets roles and the cooldown.

    Caller: authority. Errors: `NotAuthority`, `CooldownOutOfBounds`, `SlasherIsResolver`.

    Args:
        authority: (signer)
        config: (writable)
        params: `ParamsArgs`
        remaining_accounts: Further accounts, behind those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_PARAMS(params),
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
    """Sets the paused entries (bit 0: registering, bit 1: staking). Exits are never paused.

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


_STAKE = c.arguments("stake", bytes.fromhex("ceb0ca12c8d1b36c"), (("amount", c.u64),))


def stake(
    *,
    holder: Pubkey,
    class_: Pubkey,
    node: Pubkey,
    source: Pubkey,
    amount: Int,
    config: Pubkey = pda.CONFIG,
    position: Pubkey | None = None,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Adds to a position's pending stake.

    Caller: its holder. Errors: `Paused`, `NodeNotLive`, `NotHolder`, `WrongNode`, `WrongClass`,
    `WrongVault`, `ZeroAmount`, `MaximumStake`, `CoStakeAboveHalf`, `ActivateFirst`.

    Args:
        holder: (signer)
        config: (read-only)
        class_: (read-only)
        node: (writable)
        position: (writable, derived if not given)
        vault: (writable, derived if not given)
        source: (writable)
        token_program: (read-only)
        amount: `u64`
        remaining_accounts: Further accounts, behind those above.
    """
    if position is None:
        position = pda.position(node=node, holder=holder)
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _STAKE(amount),
        [
            AccountMeta(holder, True, False),
            AccountMeta(config, False, False),
            AccountMeta(class_, False, False),
            AccountMeta(node, False, True),
            AccountMeta(position, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(source, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_UNSTAKE = c.arguments("unstake", bytes.fromhex("5a5f6b2acd7c32e1"), (("amount", c.u64),))


def unstake(
    *,
    holder: Pubkey,
    node: Pubkey,
    shard: Pubkey,
    destination: Pubkey,
    amount: Int,
    config: Pubkey = pda.CONFIG,
    position: Pubkey | None = None,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Takes a position's stake off: pending stake leaves at once, active stake cools.

    Caller: its holder. Errors: `NotHolder`, `WrongNode`, `ZeroAmount`, `MoreThanStaked`,
    `NoFreeSlot`, `CoExitFrozen`, `WrongShard`, `WrongVault`.

    Args:
        holder: (signer)
        config: (read-only)
        node: (writable)
        position: (writable, derived if not given)
        shard: (writable)
        vault: (writable, derived if not given)
        destination: (writable)
        token_program: (read-only)
        amount: `u64`
        remaining_accounts: Further accounts, behind those above.
    """
    if position is None:
        position = pda.position(node=node, holder=holder)
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _UNSTAKE(amount),
        [
            AccountMeta(holder, True, False),
            AccountMeta(config, False, False),
            AccountMeta(node, False, True),
            AccountMeta(position, False, True),
            AccountMeta(shard, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_WITHDRAW = c.arguments("withdraw", bytes.fromhex("b712469c946da122"), ())


def withdraw(
    *,
    holder: Pubkey,
    node: Pubkey,
    destination: Pubkey,
    position: Pubkey | None = None,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Lets a position's cooled stake leave.

    Caller: its holder. Errors: `NotHolder`, `WrongNode`, `NothingReady`, `CoExitFrozen`, `WrongVault`.

    Args:
        holder: (signer)
        node: (writable)
        position: (writable, derived if not given)
        vault: (writable, derived if not given)
        destination: (writable)
        token_program: (read-only)
        remaining_accounts: Further accounts, behind those above.
    """
    if position is None:
        position = pda.position(node=node, holder=holder)
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _WITHDRAW(),
        [
            AccountMeta(holder, True, False),
            AccountMeta(node, False, True),
            AccountMeta(position, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


__all__ = [
    "accept_authority",
    "activate",
    "claim",
    "create_class",
    "credit_node",
    "initialize",
    "open_position",
    "open_shard",
    "owner_activate",
    "owner_claim",
    "owner_stake",
    "owner_unstake",
    "owner_withdraw",
    "propose_authority",
    "register_device",
    "register_node",
    "set_class",
    "set_params",
    "set_paused",
    "stake",
    "unstake",
    "withdraw",
]
