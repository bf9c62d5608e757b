"""Instructions of the staking program.

Generated from idl/staking.json by scripts/codegen; do not edit.
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


_ACTIVATE = c.arguments("activate", bytes.fromhex("c2cb23649737aa52"), ())


def activate(
    *, node: Pubkey, position: Pubkey, shard: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Makes a position's pending stake active, when the node was credited past it.

    Caller: anyone. Errors: `NothingPending`, `StillPending`, `NodeTerminal`, `WrongNode`, `WrongShard`.

    Args:
        node: The node. (writable)
        position: The co-staker's position on the node. (writable)
        shard: The shard of active stake that the node counts in. (writable)
        remaining_accounts: Further accounts, after those above.
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


_APPEAL = c.arguments("appeal", bytes.fromhex("fa5b01f4b3344bec"), ())


def appeal(
    *, owner: Pubkey, node: Pubkey, slash: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Puts a slash before the resolver.

    Caller: the node's owner, within 30 days. Errors: `NotNodeOwner`, `WrongNode`, `AppealClosed`.

    Args:
        owner: The node's owner. (signer)
        node: The node. (writable)
        slash: The slash. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _APPEAL(),
        [
            AccountMeta(owner, True, False),
            AccountMeta(node, False, True),
            AccountMeta(slash, False, True),
            *remaining_accounts,
        ],
    )


_APPROVE_CLASS = c.arguments(
    "approve_class", bytes.fromhex("694436334bd9b690"), (("before", c.u16), ("after", c.u16))
)


def approve_class(
    *,
    attester: Pubkey,
    device: Pubkey,
    before: Int,
    after: Int,
    attester_set: Pubkey = pda.ATTESTER_SET,
    node: Pubkey | None = None,
    class_: Pubkey | None = None,
    lower: Pubkey | None = None,
    lowering: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Approves that a node goes down to the class that its proofs have shown, a day after the threshold is
    reached.

    Caller: an attester, who pays the rent of the first approval. Errors: `WrongAttesterSet`, `NotAttester`,
    `NodeNotLive`, `WrongClass`, `ClassDisabled`, `OtherPool`, `ClassNotLower`, `NotNodeDevice`,
    `AlreadyApproved`.

    Args:
        attester: The attester. (signer, writable)
        attester_set: The attester set of the proofs program. (read-only)
        node: The node. (writable, derived if None)
        device: Its first device: approvals of before its present owner count no more. (read-only)
        class_: Its hardware class. (read-only, derived if None)
        lower: The class that it reaches. (read-only, derived if None)
        lowering: The approvals of this class for this node. (writable, derived if None)
        system_program: The System program. (read-only)
        before: Number of its class.
        after: Number of the lower class.
        remaining_accounts: Further accounts, after those above.
    """
    if node is None:
        node = pda.node(device=device)
    if class_ is None:
        class_ = pda.class_(id=before)
    if lower is None:
        lower = pda.class_(id=after)
    if lowering is None:
        lowering = pda.lowering(node=node, before=before, after=after)
    return Instruction(
        PROGRAM_ID,
        _APPROVE_CLASS(before, after),
        [
            AccountMeta(attester, True, True),
            AccountMeta(attester_set, False, False),
            AccountMeta(node, False, True),
            AccountMeta(device, False, False),
            AccountMeta(class_, False, False),
            AccountMeta(lower, False, False),
            AccountMeta(lowering, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_APPROVE_IDENTITY = c.arguments(
    "approve_identity", bytes.fromhex("9a5690da79613986"), (("digest", c.raw_bytes(32)),)
)


def approve_identity(
    *,
    attester: Pubkey,
    device: Pubkey,
    digest: bytes,
    attester_set: Pubkey = pda.ATTESTER_SET,
    identity: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Approves the digest of a device's hardware certificate; at the attesters' threshold it is the
    device's.

    Caller: an attester, who pays the rent of the first approval. Errors: `WrongAttesterSet`, `NotAttester`,
    `AlreadyApproved`.

    Args:
        attester: The attester. (signer, writable)
        attester_set: The attester set of the proofs program. (read-only)
        device: The device. (writable)
        identity: The approvals of this digest for this device. (writable, derived if None)
        system_program: The System program. (read-only)
        digest: SHA-256 of the certificate's unique id; zeros to take it away.
        remaining_accounts: Further accounts, after those above.
    """
    if identity is None:
        identity = pda.identity(device=device, digest=digest)
    return Instruction(
        PROGRAM_ID,
        _APPROVE_IDENTITY(digest),
        [
            AccountMeta(attester, True, True),
            AccountMeta(attester_set, False, False),
            AccountMeta(device, False, True),
            AccountMeta(identity, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_ATTACH_DEVICE = c.arguments("attach_device", bytes.fromhex("eae36aadc4b0f61a"), ())


def attach_device(
    *,
    owner: Pubkey,
    device: Pubkey,
    node: Pubkey,
    offer: Pubkey,
    class_: Pubkey | None = None,
    node_class: Int | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Adds a processor of the same class to a node, up to eight in all.

    Caller: the owner of both. Errors: `NotNodeOwner`, `NotDeviceOwner`, `DeviceInUse`,
    `DeviceBanned`, `WrongClass`, `ClassDisabled`, `NodeNotLive`, `NodeLeased`, `TooManyDevices`,
    `WrongOffer`.

    Args:
        owner: The node's owner. (signer)
        device: The device that joins. (writable)
        node: The node. (writable)
        class_: The hardware class of the node and the device. (read-only, derived if None)
        offer: The node's offer. (read-only)
        node_class: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if class_ is None:
        if node_class is None:
            raise TypeError("attach_device: give class_, or node_class to derive it")
        class_ = pda.class_(id=node_class)
    return Instruction(
        PROGRAM_ID,
        _ATTACH_DEVICE(),
        [
            AccountMeta(owner, True, False),
            AccountMeta(device, False, True),
            AccountMeta(node, False, True),
            AccountMeta(class_, False, False),
            AccountMeta(offer, False, False),
            *remaining_accounts,
        ],
    )


_CANCEL_SLASH = c.arguments("cancel_slash", bytes.fromhex("dea3a13667712a43"), ())


def cancel_slash(
    *,
    authority: Pubkey,
    node: Pubkey,
    slash: Pubkey,
    destination: Pubkey,
    config: Pubkey = pda.CONFIG,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Ends a slash that is not decided, and returns what was set apart for it to the owner who was
    slashed.

    Caller: the authority. Errors: `NotAuthority`, `SlashDecided`, `NotExecutable`, `WrongNode`,
    `WrongDestination`, `WrongVault`.

    Args:
        authority: The program's authority. (signer)
        config: The program's configuration. (writable)
        node: The node. (writable)
        slash: The slash. (writable)
        vault: The node's vault. (writable, derived if None)
        destination: An IO account of the owner who was slashed. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _CANCEL_SLASH(),
        [
            AccountMeta(authority, True, False),
            AccountMeta(config, False, True),
            AccountMeta(node, False, True),
            AccountMeta(slash, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
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
    """Pays out a position's rewards.

    Caller: its holder. Errors: `NotHolder`, `WrongNode`, `NothingToClaim`, `WrongVault`,
    `WrongDestination`.

    Args:
        holder: The position's holder. (signer)
        node: The node. (writable)
        position: The holder's position on the node. (writable, derived if None)
        vault: The node's vault. (writable, derived if None)
        destination: Any IO account that the holder names. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
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


_CLAIM_DEVICE = c.arguments("claim_device", bytes.fromhex("f5c175be45f01772"), ())


def claim_device(
    *,
    owner: Pubkey,
    device_key: Pubkey,
    attester: Pubkey,
    class_: Pubkey,
    device: Pubkey,
    config: Pubkey = pda.CONFIG,
    attester_set: Pubkey = pda.ATTESTER_SET,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Registers a device that nobody owns for a new owner.

    Callers: the owner to be, the device's key, and an attester that has challenged it. Errors:
    `Paused`, `DeviceOwned`, `DeviceBanned`, `ClassDisabled`, `WrongAttesterSet`, `NotAttester`.

    Args:
        owner: The owner-to-be, who pays the rent. (signer)
        device_key: The device's own key. (signer)
        attester: An attester that has challenged the device. (signer)
        config: The program's configuration. (read-only)
        attester_set: The attester set of the proofs program. (read-only)
        class_: The device's hardware class. (read-only)
        device: The device. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _CLAIM_DEVICE(),
        [
            AccountMeta(owner, True, False),
            AccountMeta(device_key, True, False),
            AccountMeta(attester, True, False),
            AccountMeta(config, False, False),
            AccountMeta(attester_set, False, False),
            AccountMeta(class_, False, False),
            AccountMeta(device, False, True),
            *remaining_accounts,
        ],
    )


_CLOSE_SLASH = c.arguments("close_slash", bytes.fromhex("63ce399baef5fed2"), ())


def close_slash(
    *,
    node: Pubkey,
    slash: Pubkey,
    proposer: Pubkey,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Closes a slash that is done or has lapsed, and frees what it still held back. After a lapse no slash
    of the node can be proposed for 30 days.

    Caller: anyone. Errors: `SlashOpen`, `WrongNode`, `WrongRentPayer`.

    Args:
        config: The program's configuration. (writable)
        node: The node. (writable)
        slash: The slash. (writable)
        proposer: Who paid the rent. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _CLOSE_SLASH(),
        [
            AccountMeta(config, False, True),
            AccountMeta(node, False, True),
            AccountMeta(slash, False, True),
            AccountMeta(proposer, False, True),
            *remaining_accounts,
        ],
    )


_COMPOUND = c.arguments("compound", bytes.fromhex("a5d0fb4ef2a08d2f"), ())


def compound(
    *,
    holder: Pubkey,
    node: Pubkey,
    config: Pubkey = pda.CONFIG,
    class_: Pubkey | None = None,
    position: Pubkey | None = None,
    node_class: Int | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Turns a position's rewards into pending stake, as much as there is room for.

    Caller: its holder. Errors: `Paused`, `NotHolder`, `WrongNode`, `NodeNotLive`, `WrongClass`,
    `NothingToClaim`, `MaximumStake`, `OwnerBelowMinimum`, `CoStakeAboveHalf`, `ActivateFirst`.

    Args:
        holder: The position's holder. (signer)
        config: The program's configuration. (read-only)
        class_: The node's hardware class. (read-only, derived if None)
        node: The node. (writable)
        position: The holder's position on the node. (writable, derived if None)
        node_class: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if class_ is None:
        if node_class is None:
            raise TypeError("compound: give class_, or node_class to derive it")
        class_ = pda.class_(id=node_class)
    if position is None:
        position = pda.position(node=node, holder=holder)
    return Instruction(
        PROGRAM_ID,
        _COMPOUND(),
        [
            AccountMeta(holder, True, False),
            AccountMeta(config, False, False),
            AccountMeta(class_, False, False),
            AccountMeta(node, False, True),
            AccountMeta(position, False, True),
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

    Caller: the authority. Errors: `NotAuthority`, `UnknownPool`, `MaximumOutOfBounds`,
    `MinimumOutOfBounds`, `MultiplierOutOfBounds`.

    Args:
        authority: The authority, who pays the rent. (signer, writable)
        config: The program's configuration. (writable)
        class_: The new class. (writable, derived if None)
        system_program: The System program. (read-only)
        id: Number of the class.
        args: A hardware class, as an instruction takes it.
        remaining_accounts: Further accounts, after those above.
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
    report: Pubkey,
    node: Pubkey,
    leaf: types.LeafArgs,
    config: Pubkey = pda.CONFIG,
    emission_ledger: Pubkey = pda.EMISSION_LEDGER,
    emission_vault: Pubkey = pda.EMISSION_VAULT,
    proofs_config: Pubkey = pda.PROOFS_CONFIG,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Credits a node with a final report's leaf: what it earned in its life, less what it was credited
    before. Where that exceeds what may be credited in seven days, the rest is credited by a later call.

    Caller: anyone. Errors: `NotAReport`, `ReportNotFinal`, `ReportHeld`, `ReportTooOld`, `ReportCorrected`,
    `LeafBeyondReport`, `LeafOutOfOrder`, `WrongProof`, `ReportRefuted`, `ReportExhausted`, `CreditLimit`,
    `NodeTerminal`, `CreditFrozen`,
    `CreditStopped`, `CreditTooSoon`, `HourNotEarned`, `RewardAboveBound`, `TooManyPositions`, `WrongNode`,
    `WrongShard`, `WrongVault`.

    Args:
        config: The program's configuration. (read-only)
        emission_ledger: Emission's ledger, which counts what is credited. (writable)
        emission_vault: Emission's vault. (writable)
        report: The report that has the leaf. (read-only)
        proofs_config: The proofs program's configuration. (read-only)
        node: The node. (writable)
        vault: The node's vault. (writable, derived if None)
        token_program: The token program. (read-only)
        leaf: A leaf of a report with its place and proof; the node is one of the instruction's accounts.
        remaining_accounts: Further accounts, after those above.
    """
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _CREDIT_NODE(leaf),
        [
            AccountMeta(config, False, False),
            AccountMeta(emission_ledger, False, True),
            AccountMeta(emission_vault, False, True),
            AccountMeta(report, False, False),
            AccountMeta(proofs_config, False, False),
            AccountMeta(node, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_DETACH_DEVICE = c.arguments("detach_device", bytes.fromhex("6809e8f31e9e8421"), ())


def detach_device(
    *,
    owner: Pubkey,
    device: Pubkey,
    node: Pubkey,
    offer: Pubkey,
    first: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Removes a processor that is not the first from a node.

    Caller: the node's owner; of a retired node also the owner of its first device. Errors: `NotNodeOwner`,
    `NodeNotRetired`, `NotNodeDevice`, `NodeLeased`, `LastDevice`, `WrongOffer`.

    Args:
        owner: The node's owner, or the owner of its first device. (signer)
        device: The device that leaves. (writable)
        node: The node. (writable)
        first: The node's first device, where the signer is its owner but not the node's. Its address is
            `node.device`. (read-only, left out if None)
        offer: The node's offer. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _DETACH_DEVICE(),
        [
            AccountMeta(owner, True, False),
            AccountMeta(device, False, True),
            AccountMeta(node, False, True),
            AccountMeta(first or PROGRAM_ID, False, False),
            AccountMeta(offer, False, False),
            *remaining_accounts,
        ],
    )


_EVICT_DEVICE = c.arguments("evict_device", bytes.fromhex("8393ea7aee665d6e"), (("ban", c.boolean),))


def evict_device(
    *,
    resolver: Pubkey,
    device: Pubkey,
    ban: bool,
    config: Pubkey = pda.CONFIG,
    node: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Takes a device from a squatter, and removes it from a node of which it is not the first; a ban stays
    with the device, and its node is neither listed nor leased and earns nothing more.

    Caller: the resolver. Errors: `NotResolver`, `WrongNode`.

    Args:
        resolver: The resolver of slashes. (signer)
        config: The program's configuration. (read-only)
        device: The device. (writable)
        node: The node that the device belongs to, where there is one. (writable, left out if None)
        ban: Whether nobody may ever register it again.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _EVICT_DEVICE(ban),
        [
            AccountMeta(resolver, True, False),
            AccountMeta(config, False, False),
            AccountMeta(device, False, True),
            AccountMeta(node or PROGRAM_ID, False, node is not None),
            *remaining_accounts,
        ],
    )


_EVICT_NODE = c.arguments("evict_node", bytes.fromhex("20ee21aef15e818d"), ())


def evict_node(
    *,
    resolver: Pubkey,
    node: Pubkey,
    shard: Pubkey,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Retires the node of a squatter; stake on it can still leave. A lease runs to its end, so that a
    squatter cannot stay by leasing their own node.

    Caller: the resolver. Errors: `NotResolver`, `NodeNotLive`, `WrongShard`.

    Args:
        resolver: The resolver of slashes. (signer)
        config: The program's configuration. (read-only)
        node: The node. (writable)
        shard: The shard of active stake that the node counts in. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _EVICT_NODE(),
        [
            AccountMeta(resolver, True, False),
            AccountMeta(config, False, False),
            AccountMeta(node, False, True),
            AccountMeta(shard, False, True),
            *remaining_accounts,
        ],
    )


_EXECUTE_SLASH = c.arguments("execute_slash", bytes.fromhex("0ff02649af375837"), ())


def execute_slash(
    *,
    node: Pubkey,
    slash: Pubkey,
    shard: Pubkey,
    config: Pubkey = pda.CONFIG,
    vault: Pubkey | None = None,
    mint: Pubkey = pda.MINT,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Burns what was set apart for a slash, within limits for seven days: 1 % of all active stake without
    a
    decision, and `decided_limit_bps` of it by decision.

    Caller: anyone, at any time. Errors: `NotExecutable`, `SlashLimit`, `ShardsMissing`, `WrongShard`,
    `WrongNode`, `WrongVault`.

    Args:
        config: The program's configuration. (writable)
        node: The node. (writable)
        slash: The slash. (writable)
        shard: The shard of active stake that the node counts in. (read-only)
        vault: The node's vault. (writable, derived if None)
        mint: The IO mint. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _EXECUTE_SLASH(),
        [
            AccountMeta(config, False, True),
            AccountMeta(node, False, True),
            AccountMeta(slash, False, True),
            AccountMeta(shard, False, False),
            AccountMeta(vault, False, True),
            AccountMeta(mint, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_EXPEL_OWNER = c.arguments("expel_owner", bytes.fromhex("a2b11a1fd59ce535"), ())


def expel_owner(
    *,
    device: Pubkey,
    offer: Pubkey,
    shard: Pubkey,
    config: Pubkey = pda.CONFIG,
    node: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Moves all that a former owner of the node's device has on the retired node out of the way, so that
    the
    next owner can reopen it. It cools, and the former owner can withdraw it even if the node has another
    owner by then.

    Caller: anyone. Errors: `DeviceOwned`, `NodeNotRetired`, `OwnerStays`, `DisproofsOpen`, `NothingReady`,
    `Frozen`, `FormerUnpaid`, `NodeLeased`, `NotNodeDevice`, `WrongOffer`, `WrongShard`.

    Args:
        config: The program's configuration. (read-only)
        node: The node. (writable, derived if None)
        device: The node's first device. (read-only)
        offer: The node's offer. (read-only)
        shard: The shard of active stake that the node counts in. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    if node is None:
        node = pda.node(device=device)
    return Instruction(
        PROGRAM_ID,
        _EXPEL_OWNER(),
        [
            AccountMeta(config, False, False),
            AccountMeta(node, False, True),
            AccountMeta(device, False, False),
            AccountMeta(offer, False, False),
            AccountMeta(shard, False, True),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_FORFEIT_REWARD = c.arguments(
    "forfeit_reward", bytes.fromhex("7d7b7078b962e183"), (("leaf", types.LeafArgs.CODEC),)
)


def forfeit_reward(
    *,
    report: Pubkey,
    node: Pubkey,
    leaf: types.LeafArgs,
    emission_ledger: Pubkey = pda.EMISSION_LEDGER,
    emission_vault: Pubkey = pda.EMISSION_VAULT,
    proofs_config: Pubkey = pda.PROOFS_CONFIG,
    mint: Pubkey = pda.MINT,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Burns what the leaf of a node that ended for fraud proves, instead of crediting it.

    Caller: anyone. Errors: `NodeNotTerminal`, `NothingToClaim`, `CreditFrozen`, `CreditLimit`, and those of
    a leaf in `credit_node`.

    Args:
        emission_ledger: Emission's ledger, which counts what is credited. (writable)
        emission_vault: Emission's vault. (writable)
        report: The report that has the leaf. (read-only)
        proofs_config: The proofs program's configuration. (read-only)
        node: The node. (writable)
        mint: The IO mint. (writable)
        token_program: The token program. (read-only)
        leaf: A leaf of a report with its place and proof; the node is one of the instruction's accounts.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _FORFEIT_REWARD(leaf),
        [
            AccountMeta(emission_ledger, False, True),
            AccountMeta(emission_vault, False, True),
            AccountMeta(report, False, False),
            AccountMeta(proofs_config, False, False),
            AccountMeta(node, False, True),
            AccountMeta(mint, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_FREEZE_CREDIT = c.arguments(
    "freeze_credit", bytes.fromhex("3d9a658f01fa1b2c"), (("freeze", types.CreditFreeze.CODEC),)
)


def freeze_credit(
    *,
    node: Pubkey,
    freeze: types.CreditFreeze,
    proofs: Pubkey = pda.PROOFS,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Holds a node's credit back or releases it, and excludes earlier reports for it.

    Caller: the proofs program. Errors: `NotProofs`, `ChallengedLately`.

    Args:
        proofs: The proofs program's configuration signs. (signer)
        node: The node. (writable)
        freeze: What a challenge does to a node's credit.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _FREEZE_CREDIT(freeze),
        [AccountMeta(proofs, True, False), AccountMeta(node, False, True), *remaining_accounts],
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
        config: The program's configuration. (writable)
        emission_ledger: Emission's ledger, which counts what is credited. (writable)
        program_data: The program's data account, which names its upgrade authority. (read-only)
        system_program: The System program. (read-only)
        slasher: May propose slashes.
        resolver: Decides slashes; must be another key than the slasher.
        remaining_accounts: Further accounts, after those above.
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


_JOIN_NETWORK = c.arguments("join_network", bytes.fromhex("f6b86b4427ac081e"), ())


def join_network(
    *,
    authority: Pubkey,
    node: Pubkey,
    network: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Adds a node to its owner's network.

    Caller: the owner of both. Errors: `NotNodeOwner`, `NotNetwork`, `InNetwork`.

    Args:
        authority: The owner of the node and of the network. (signer)
        network: The network. (read-only, derived if None)
        node: The node. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    if network is None:
        network = pda.network(authority=authority)
    return Instruction(
        PROGRAM_ID,
        _JOIN_NETWORK(),
        [
            AccountMeta(authority, True, False),
            AccountMeta(network, False, False),
            AccountMeta(node, False, True),
            *remaining_accounts,
        ],
    )


_LOWER_CLASS = c.arguments(
    "lower_class", bytes.fromhex("011ea2b4079e1d6b"), (("before", c.u16), ("after", c.u16))
)


def lower_class(
    *,
    device: Pubkey,
    offer: Pubkey,
    before: Int,
    after: Int,
    attester_set: Pubkey = pda.ATTESTER_SET,
    node: Pubkey | None = None,
    class_: Pubkey | None = None,
    lower: Pubkey | None = None,
    lowering: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Takes a node down to the class that the attesters' threshold approved, while its latest verdict is
    no passed
    one and nobody leases it.

    Caller: anyone, from a day to seven days after the threshold was reached. Errors: `WrongAttesterSet`,
    `NodeNotLive`, `WrongClass`, `ClassDisabled`, `OtherPool`, `ClassNotLower`, `NotApproved`,
    `ApprovedBeforeOwner`, `NoticeRuns`, `ProofPassed`, `NotNodeDevice`, `NotDeviceOwner`, `NodeLeased`,
    `WrongOffer`.

    Args:
        attester_set: The attester set of the proofs program. (read-only)
        node: The node. (writable, derived if None)
        device: Its first device; the others follow when they are detached. (writable)
        class_: Its hardware class. (read-only, derived if None)
        lower: The class that it goes down to. (read-only, derived if None)
        lowering: The approvals of this class for this node. (writable, derived if None)
        offer: The node's offer. (read-only)
        before: Number of its class.
        after: Number of the lower class.
        remaining_accounts: Further accounts, after those above.
    """
    if node is None:
        node = pda.node(device=device)
    if class_ is None:
        class_ = pda.class_(id=before)
    if lower is None:
        lower = pda.class_(id=after)
    if lowering is None:
        lowering = pda.lowering(node=node, before=before, after=after)
    return Instruction(
        PROGRAM_ID,
        _LOWER_CLASS(before, after),
        [
            AccountMeta(attester_set, False, False),
            AccountMeta(node, False, True),
            AccountMeta(device, False, True),
            AccountMeta(class_, False, False),
            AccountMeta(lower, False, False),
            AccountMeta(lowering, False, True),
            AccountMeta(offer, False, False),
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
    """Opens an empty position of a co-staker.

    Caller: its holder. Errors: `OwnerIsNoCoStaker`, `NodeNotLive`.

    Args:
        holder: The co-staker who will hold the position; pays the rent. (signer, writable)
        node: The node. (read-only)
        position: The new position. (writable, derived if None)
        system_program: The System program. (read-only)
        remaining_accounts: Further accounts, after those above.
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
    """Creates one of the 16 shards that sum active stake.

    Caller: anyone, who pays its rent. Errors: `UnknownShard`.

    Args:
        payer: Pays for the account. (signer, writable)
        shard: The new shard. (writable, derived if None)
        system_program: The System program. (read-only)
        index: Number of the shard, 0 to 15.
        remaining_accounts: Further accounts, after those above.
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
    """Makes the owner's pending stake active: at once where co-stakers have nothing active, leaving or
    pending, else once the node was credited past it.

    Caller: anyone. Errors: `NothingPending`, `StillPending`, `NodeTerminal`, `WrongShard`.

    Args:
        node: The node. (writable)
        shard: The shard of active stake that the node counts in. (writable)
        remaining_accounts: Further accounts, after those above.
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
    """Pays out the owner's rewards.

    Caller: the node's owner. Errors: `NotNodeOwner`, `NothingToClaim`, `Frozen`, `WrongVault`,
    `WrongDestination`.

    Args:
        owner: The node's owner. (signer)
        node: The node. (writable)
        vault: The node's vault. (writable, derived if None)
        destination: Any IO account that the owner names. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
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


_OWNER_COMPOUND = c.arguments("owner_compound", bytes.fromhex("b26fb3ea22f02f70"), ())


def owner_compound(
    *,
    owner: Pubkey,
    node: Pubkey,
    config: Pubkey = pda.CONFIG,
    class_: Pubkey | None = None,
    node_class: Int | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Turns the owner's rewards into pending stake, as much as there is room for.

    Caller: the node's owner. Errors: `Paused`, `NotNodeOwner`, `NodeNotLive`, `WrongClass`,
    `NothingToClaim`, `MaximumStake`, `ActivateFirst`.

    Args:
        owner: The node's owner. (signer)
        config: The program's configuration. (read-only)
        class_: The node's hardware class. (read-only, derived if None)
        node: The node. (writable)
        node_class: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if class_ is None:
        if node_class is None:
            raise TypeError("owner_compound: give class_, or node_class to derive it")
        class_ = pda.class_(id=node_class)
    return Instruction(
        PROGRAM_ID,
        _OWNER_COMPOUND(),
        [
            AccountMeta(owner, True, False),
            AccountMeta(config, False, False),
            AccountMeta(class_, False, False),
            AccountMeta(node, False, True),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_OWNER_STAKE = c.arguments("owner_stake", bytes.fromhex("30a6057d26651bc7"), (("amount", c.u64),))


def owner_stake(
    *,
    owner: Pubkey,
    node: Pubkey,
    source: Pubkey,
    amount: Int,
    config: Pubkey = pda.CONFIG,
    class_: Pubkey | None = None,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    node_class: Int | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Adds to the owner's pending stake.

    Caller: the node's owner. Errors: `Paused`, `NotNodeOwner`, `NodeNotLive`, `WrongClass`,
    `WrongVault`, `ZeroAmount`, `MaximumStake`, `ActivateFirst`.

    Args:
        owner: The node's owner. (signer)
        config: The program's configuration. (read-only)
        class_: The node's hardware class. (read-only, derived if None)
        node: The node. (writable)
        vault: The node's vault. (writable, derived if None)
        source: Any IO account that the owner may spend from. (writable)
        token_program: The token program. (read-only)
        amount: Base units of IO.
        node_class: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if class_ is None:
        if node_class is None:
            raise TypeError("owner_stake: give class_, or node_class to derive it")
        class_ = pda.class_(id=node_class)
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
    node: Pubkey,
    offer: Pubkey,
    shard: Pubkey,
    destination: Pubkey,
    amount: Int,
    config: Pubkey = pda.CONFIG,
    class_: Pubkey | None = None,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    node_class: Int | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Unstakes on the owner's side. Pending stake leaves at once, all active stake cools. While the node
    is
    leased the minimum stays.

    Caller: the node's owner. Errors: `NotNodeOwner`, `ZeroAmount`, `MoreThanStaked`,
    `LeaseLocksMinimum`, `NoFreeSlot`, `Frozen`, `WrongClass`, `WrongOffer`, `WrongShard`, `WrongVault`,
    `WrongDestination`.

    Args:
        owner: The node's owner. (signer)
        config: The program's configuration. (read-only)
        class_: The node's hardware class. (read-only, derived if None)
        node: The node. (writable)
        offer: The node's offer. (read-only)
        shard: The shard of active stake that the node counts in. (writable)
        vault: The node's vault. (writable, derived if None)
        destination: Any IO account that the owner names. (writable)
        token_program: The token program. (read-only)
        amount: Base units of IO.
        node_class: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if class_ is None:
        if node_class is None:
            raise TypeError("owner_unstake: give class_, or node_class to derive it")
        class_ = pda.class_(id=node_class)
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
    """Pays out the owner's cooled stake.

    Caller: the node's owner. Errors: `NotNodeOwner`, `NothingReady`, `Frozen`, `WrongVault`,
    `WrongDestination`.

    Args:
        owner: The node's owner. (signer)
        node: The node. (writable)
        vault: The node's vault. (writable, derived if None)
        destination: Any IO account that the owner names. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
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


_PROPOSE_SLASH = c.arguments(
    "propose_slash",
    bytes.fromhex("c6908031484e4a76"),
    (("nonce", c.u64), ("amount", c.u64), ("evidence_hash", c.raw_bytes(32)), ("fraud", c.boolean)),
)


def propose_slash(
    *,
    slasher: Pubkey,
    node: Pubkey,
    shard: Pubkey,
    nonce: Int,
    amount: Int,
    evidence_hash: bytes,
    fraud: bool,
    config: Pubkey = pda.CONFIG,
    slash: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Proposes to burn a node's stake and holds it back. A proposal that names fraud also stops the node's
    credit.

    Caller: the slasher, who gets nothing of what is burned. Errors: `NotSlasher`, `ZeroAmount`,
    `SlashAboveStake`, `SlashPause`, `CreditStopped`, `StopLimit`, `ShardsMissing`, `WrongShard`.

    Args:
        slasher: Pays the rent, and gets it back. (signer, writable)
        config: The program's configuration. (writable)
        node: The node. (writable)
        slash: The new slash. (writable, derived if None)
        shard: The shard of active stake that the node counts in. (read-only)
        system_program: The System program. (read-only)
        nonce: Any number not yet used for the node; part of the address.
        amount: What is to be burned, base units of IO.
        evidence_hash: SHA-256 of the evidence.
        fraud: Whether the proposal names fraud: then its decision ends the node.
        remaining_accounts: Further accounts, after those above.
    """
    if slash is None:
        slash = pda.slash(node=node, nonce=nonce)
    return Instruction(
        PROGRAM_ID,
        _PROPOSE_SLASH(nonce, amount, evidence_hash, fraud),
        [
            AccountMeta(slasher, True, True),
            AccountMeta(config, False, True),
            AccountMeta(node, False, True),
            AccountMeta(slash, False, True),
            AccountMeta(shard, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
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
    """Registers a device by its fingerprint; each device is registered once.

    Callers: the owner, the device's key, and an attester that has challenged the device. Errors:
    `Paused`, `WrongAttesterSet`, `NotAttester`, `ClassDisabled`.

    Args:
        owner: The device's owner, who pays the rent. (signer, writable)
        device_key: The device's own key. (signer)
        attester: An attester that has challenged the device. (signer)
        config: The program's configuration. (read-only)
        attester_set: The attester set of the proofs program. (read-only)
        class_: The device's hardware class. (read-only)
        device: The new device. (writable, derived if None)
        system_program: The System program. (read-only)
        fingerprint: `sha256` of the device's own unique id.
        remaining_accounts: Further accounts, after those above.
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


_REGISTER_NETWORK = c.arguments(
    "register_network", bytes.fromhex("70776683dc842eb7"), (("name", c.raw_bytes(32)),)
)


def register_network(
    *,
    authority: Pubkey,
    name: bytes,
    config: Pubkey = pda.CONFIG,
    network: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Registers another network, whose authority owns the nodes it brings.

    Caller: the network's authority. Errors: `Paused`.

    Args:
        authority: The network's authority, who will own its nodes; pays the rent. (signer, writable)
        config: The program's configuration. (read-only)
        network: The new network. (writable, derived if None)
        system_program: The System program. (read-only)
        name: Name, UTF-8, padded with zeros.
        remaining_accounts: Further accounts, after those above.
    """
    if network is None:
        network = pda.network(authority=authority)
    return Instruction(
        PROGRAM_ID,
        _REGISTER_NETWORK(name),
        [
            AccountMeta(authority, True, True),
            AccountMeta(config, False, False),
            AccountMeta(network, False, True),
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
    device: Pubkey,
    args: types.NodeArgs,
    config: Pubkey = pda.CONFIG,
    class_: Pubkey | None = None,
    node: Pubkey | None = None,
    vault: Pubkey | None = None,
    mint: Pubkey = pda.MINT,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    device_class: Int | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Registers a node with a registered device as its first.

    Caller: the device's owner. Errors: `Paused`, `NotDeviceOwner`, `DeviceInUse`, `DeviceBanned`,
    `WrongClass`, `ClassDisabled`, `CommissionOutOfBounds`.

    Args:
        owner: The device's owner, who will own the node; pays the rent. (signer, writable)
        config: The program's configuration. (read-only)
        class_: The device's hardware class. (read-only, derived if None)
        device: The node's first processor. (writable)
        node: The new node. (writable, derived if None)
        vault: The node's token account. (writable, derived if None)
        mint: The IO mint. (read-only)
        token_program: The token program. (read-only)
        system_program: The System program. (read-only)
        args: What an owner states about a node when registering it.
        device_class: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if class_ is None:
        if device_class is None:
            raise TypeError("register_node: give class_, or device_class to derive it")
        class_ = pda.class_(id=device_class)
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


_RELEASE_DEVICE = c.arguments("release_device", bytes.fromhex("02c9edba7d015ca3"), ())


def release_device(
    *,
    owner: Pubkey,
    device: Pubkey,
    node: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Gives up a device that has no node, or is the first of a retired one, so that another owner can
    claim it.

    Caller: its owner. Errors: `NotDeviceOwner`, `WrongNode`, `NotNodeDevice`, `NodeNotRetired`.

    Args:
        owner: The device's owner. (signer)
        device: The device. (writable)
        node: The node that the device is the first of, where there is one. (read-only, left out if None)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _RELEASE_DEVICE(),
        [
            AccountMeta(owner, True, False),
            AccountMeta(device, False, True),
            AccountMeta(node or PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_REOPEN_NODE = c.arguments(
    "reopen_node", bytes.fromhex("57443b2f1f6b9445"), (("args", types.NodeArgs.CODEC),)
)


def reopen_node(
    *,
    owner: Pubkey,
    device_key: Pubkey,
    device: Pubkey,
    shard: Pubkey,
    args: types.NodeArgs,
    config: Pubkey = pda.CONFIG,
    class_: Pubkey | None = None,
    node: Pubkey | None = None,
    device_class: Int | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Brings a retired node back; what it was credited before stays counted, and so does co-stake. A new
    owner can do so when the former owner's side is empty, no proposal is open, all the former owner's hours
    are
    credited or 60 days have passed, and nothing of theirs can be disproved any more.

    Callers: the device's owner and its key. Errors: `Paused`, `NodeNotRetired`, `NotNodeDevice`,
    `NotDeviceOwner`, `NotDeviceKey`, `DeviceBanned`, `WrongClass`, `ClassDisabled`, `NodeNotEmpty`,
    `Frozen`, `OwnerStays`, `DisproofsOpen`, `KeyStays`, `DevicesAttached`, `CommissionNotice`,
    `CommissionOutOfBounds`, `WrongShard`.

    Args:
        owner: The device's owner. (signer)
        device_key: The device's key. (signer)
        config: The program's configuration. (read-only)
        class_: The device's hardware class. (read-only, derived if None)
        device: The node's first device. (read-only)
        node: The node. (writable, derived if None)
        shard: The shard of active stake that the node counts in. (writable)
        args: What an owner states about a node when registering it.
        device_class: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if class_ is None:
        if device_class is None:
            raise TypeError("reopen_node: give class_, or device_class to derive it")
        class_ = pda.class_(id=device_class)
    if node is None:
        node = pda.node(device=device)
    return Instruction(
        PROGRAM_ID,
        _REOPEN_NODE(args),
        [
            AccountMeta(owner, True, False),
            AccountMeta(device_key, True, False),
            AccountMeta(config, False, False),
            AccountMeta(class_, False, False),
            AccountMeta(device, False, False),
            AccountMeta(node, False, True),
            AccountMeta(shard, False, True),
            *remaining_accounts,
        ],
    )


_RESOLVE_SLASH = c.arguments("resolve_slash", bytes.fromhex("b7581fa8685f5949"), (("amount", c.u64),))


def resolve_slash(
    *,
    resolver: Pubkey,
    node: Pubkey,
    slash: Pubkey,
    shard: Pubkey,
    amount: Int,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Decides a slash: an appealed one within 30 days, another one after the time for an appeal. Only a
    decision reaches beyond the owner's side, and one that names fraud ends the node.

    Caller: the resolver. Errors: `NotResolver`, `WrongNode`, `NotDecidable`, `SlashRaised`,
    `SlashSetApart`, `WrongShard`.

    Args:
        resolver: The resolver of slashes. (signer)
        config: The program's configuration. (writable)
        node: The node. (writable)
        slash: The slash. (writable)
        shard: The shard of active stake that the node counts in. (writable)
        amount: What may be burned in all, base units of IO; at most what was proposed.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _RESOLVE_SLASH(amount),
        [
            AccountMeta(resolver, True, False),
            AccountMeta(config, False, True),
            AccountMeta(node, False, True),
            AccountMeta(slash, False, True),
            AccountMeta(shard, False, True),
            *remaining_accounts,
        ],
    )


_RETIRE_NODE = c.arguments("retire_node", bytes.fromhex("c42fc94792020d91"), ())


def retire_node(
    *,
    owner: Pubkey,
    node: Pubkey,
    shard: Pubkey,
    offer: Pubkey,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Takes a node out of the market. Its stake has no vote from then on; stake still leaves and rewards
    are
    still claimed.

    Caller: the node's owner. Errors: `NotNodeOwner`, `NodeNotLive`, `NodeLeased`, `WrongOffer`, `WrongShard`.

    Args:
        owner: The node's owner. (signer)
        node: The node. (writable)
        shard: The shard of active stake that the node counts in. (writable)
        offer: The node's offer. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _RETIRE_NODE(),
        [
            AccountMeta(owner, True, False),
            AccountMeta(node, False, True),
            AccountMeta(shard, False, True),
            AccountMeta(offer, False, False),
            *remaining_accounts,
        ],
    )


_SET_APART_SLASH = c.arguments("set_apart_slash", bytes.fromhex("9b88eb0ad8555f76"), ())


def set_apart_slash(
    *, node: Pubkey, slash: Pubkey, shard: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Sets apart what a slash takes: from the owner's side, and after a decision from co-stakers, which
    ends
    the node. It belongs to no side any more, holds nothing back, and does not lapse.

    Caller: anyone, within 14 days of the end of the time for an appeal, or after the decision. Errors:
    `NotExecutable`, `WrongNode`, `WrongShard`.

    Args:
        node: The node. (writable)
        slash: The slash. (writable)
        shard: The shard of active stake that the node counts in. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_APART_SLASH(),
        [
            AccountMeta(node, False, True),
            AccountMeta(slash, False, True),
            AccountMeta(shard, False, True),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
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
    """Changes a hardware class; stake that exists already stays.

    Caller: the authority. Errors: those of `create_class`.

    Args:
        authority: The program's authority. (signer)
        config: The program's configuration. (writable)
        class_: The class. (writable, derived if None)
        id: Number of the class.
        args: A hardware class, as an instruction takes it.
        remaining_accounts: Further accounts, after those above.
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


_SET_COMMISSION = c.arguments(
    "set_commission", bytes.fromhex("c1d416b8b9e816bb"), (("commission_bps", c.u16),)
)


def set_commission(
    *, owner: Pubkey, node: Pubkey, commission_bps: Int, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Announces the owner's part of co-stakers' rewards: at most five percentage points more, from seven
    days later.

    Caller: the node's owner. Errors: `NotNodeOwner`, `CommissionOutOfBounds`, `CommissionStep`,
    `CommissionUndecided`.

    Args:
        owner: The node's owner. (signer)
        node: The node. (writable)
        commission_bps: The owner's part of co-stakers' rewards, bps.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_COMMISSION(commission_bps),
        [AccountMeta(owner, True, False), AccountMeta(node, False, True), *remaining_accounts],
    )


_SET_LAST_PROOF = c.arguments(
    "set_last_proof", bytes.fromhex("0478c581ef7f21b0"), (("verdict", types.Verdict.CODEC),)
)


def set_last_proof(
    *,
    node: Pubkey,
    verdict: types.Verdict,
    proofs: Pubkey = pda.PROOFS,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Records the verdict of a node's latest compute proof.

    Caller: the proofs program. Errors: `NotProofs`.

    Args:
        proofs: The proofs program's configuration signs. (signer)
        node: The node. (writable)
        verdict: How a node's compute proofs were judged in an hour.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_LAST_PROOF(verdict),
        [AccountMeta(proofs, True, False), AccountMeta(node, False, True), *remaining_accounts],
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
    """Sets roles, the cooldown, the time for appeals, and the limits of slashes and rewards.

    Caller: the authority. Errors: `NotAuthority`, `CooldownOutOfBounds`, `AppealOutOfBounds`,
    `SlasherIsResolver`, `DecidedLimitOutOfBounds`, `RewardBoundOutOfBounds`.

    Args:
        authority: The authority. (signer)
        config: The program's configuration. (writable)
        params: Parameters, as an instruction takes them.
        remaining_accounts: Further accounts, after those above.
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
    """Pauses registering and staking, or lifts the pauses. Exits are never paused.

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


_SET_REFERENCE = c.arguments(
    "set_reference", bytes.fromhex("b860cb9f1743d7f2"), (("id", c.u16), ("reference", types.Reference.CODEC))
)


def set_reference(
    *,
    authority: Pubkey,
    id: Int,
    reference: types.Reference,
    config: Pubkey = pda.CONFIG,
    class_: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Sets what the devices of a class are judged by.

    Caller: the authority. Errors: `NotAuthority`, `ProductUnknown`, `MemoryUnknown`, `ReferenceOutOfBounds`.

    Args:
        authority: The program's authority. (signer)
        config: The program's configuration. (writable)
        class_: The class. (writable, derived if None)
        id: Number of the class.
        reference: Times that were measured; zeros where there is none.
        remaining_accounts: Further accounts, after those above.
    """
    if class_ is None:
        class_ = pda.class_(id=id)
    return Instruction(
        PROGRAM_ID,
        _SET_REFERENCE(id, reference),
        [
            AccountMeta(authority, True, False),
            AccountMeta(config, False, True),
            AccountMeta(class_, False, True),
            *remaining_accounts,
        ],
    )


_SETTLE_CHANGES = c.arguments("settle_changes", bytes.fromhex("4a12573db0d1f424"), ())


def settle_changes(
    *,
    node: Pubkey,
    shard: Pubkey,
    class_: Pubkey | None = None,
    node_class: Int | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Settles what has become due on a node: pending stake that it was credited past becomes active, and
    late
    weights of hours that are all credited end. Also writes down the minimum of its class.

    Caller: anyone. Errors: `WrongClass`, `WrongNode`, `WrongShard`.

    Args:
        class_: The node's hardware class. (read-only, derived if None)
        node: The node. (writable)
        shard: The shard of active stake that the node counts in. (writable)
        node_class: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if class_ is None:
        if node_class is None:
            raise TypeError("settle_changes: give class_, or node_class to derive it")
        class_ = pda.class_(id=node_class)
    return Instruction(
        PROGRAM_ID,
        _SETTLE_CHANGES(),
        [
            AccountMeta(class_, False, False),
            AccountMeta(node, False, True),
            AccountMeta(shard, False, True),
            *remaining_accounts,
        ],
    )


_SLASH_DISPROVED = c.arguments(
    "slash_disproved",
    bytes.fromhex("54356b29d4b353b1"),
    (("hour", c.u64), ("period_end", c.i64), ("evidence_hash", c.raw_bytes(32))),
)


def slash_disproved(
    *,
    payer: Pubkey,
    node: Pubkey,
    shard: Pubkey,
    hour: Int,
    period_end: Int,
    evidence_hash: bytes,
    proofs: Pubkey = pda.PROOFS,
    disproof: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Sets a tenth of a node's minimum apart, without appeal, and fails its verdict: what its device had
    signed was
    shown to be wrong.

    Caller: the proofs program, once a node and hour. Errors: `NotProofs`, `WrongShard`, `RetiredThen`.

    Args:
        proofs: The proofs program's configuration signs. (signer)
        payer: Pays the rent, and gets it back. (signer, writable)
        node: The node. (writable)
        disproof: The new slash. (writable, derived if None)
        shard: The shard of active stake that the node counts in. (writable)
        system_program: The System program. (read-only)
        hour: Hours from the start of emission to the end of the hour in which it was signed.
        period_end: End of that hour, unix time.
        evidence_hash: SHA-256 of the message that was signed.
        remaining_accounts: Further accounts, after those above.
    """
    if disproof is None:
        disproof = pda.disproof(node=node, hour=hour)
    return Instruction(
        PROGRAM_ID,
        _SLASH_DISPROVED(hour, period_end, evidence_hash),
        [
            AccountMeta(proofs, True, False),
            AccountMeta(payer, True, True),
            AccountMeta(node, False, True),
            AccountMeta(disproof, False, True),
            AccountMeta(shard, False, True),
            AccountMeta(system_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_STAKE = c.arguments("stake", bytes.fromhex("ceb0ca12c8d1b36c"), (("amount", c.u64),))


def stake(
    *,
    holder: Pubkey,
    node: Pubkey,
    source: Pubkey,
    amount: Int,
    config: Pubkey = pda.CONFIG,
    class_: Pubkey | None = None,
    position: Pubkey | None = None,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    node_class: Int | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Adds to a position's pending stake.

    Caller: its holder. Errors: `Paused`, `NodeNotLive`, `NotHolder`, `WrongNode`, `WrongClass`,
    `WrongVault`, `ZeroAmount`, `MaximumStake`, `OwnerBelowMinimum`, `CoStakeAboveHalf`,
    `ActivateFirst`.

    Args:
        holder: The position's holder. (signer)
        config: The program's configuration. (read-only)
        class_: The node's hardware class. (read-only, derived if None)
        node: The node. (writable)
        position: The holder's position on the node. (writable, derived if None)
        vault: The node's vault. (writable, derived if None)
        source: Any IO account that the holder may spend from. (writable)
        token_program: The token program. (read-only)
        amount: Base units of IO.
        node_class: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if class_ is None:
        if node_class is None:
            raise TypeError("stake: give class_, or node_class to derive it")
        class_ = pda.class_(id=node_class)
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
    """Unstakes from a position: pending stake leaves at once, active stake cools.

    Caller: its holder. Errors: `NotHolder`, `WrongNode`, `ZeroAmount`, `MoreThanStaked`,
    `NoFreeSlot`, `CoExitFrozen`, `WrongShard`, `WrongVault`, `WrongDestination`.

    Args:
        holder: The position's holder. (signer)
        config: The program's configuration. (read-only)
        node: The node. (writable)
        position: The holder's position on the node. (writable, derived if None)
        shard: The shard of active stake that the node counts in. (writable)
        vault: The node's vault. (writable, derived if None)
        destination: Any IO account that the holder names. (writable)
        token_program: The token program. (read-only)
        amount: Shares of the co-stakers' side.
        remaining_accounts: Further accounts, after those above.
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
    """Pays out a position's cooled stake.

    Caller: its holder. Errors: `NotHolder`, `WrongNode`, `NothingReady`, `CoExitFrozen`, `WrongVault`,
    `WrongDestination`.

    Args:
        holder: The position's holder. (signer)
        node: The node. (writable)
        position: The holder's position on the node. (writable, derived if None)
        vault: The node's vault. (writable, derived if None)
        destination: Any IO account that the holder names. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
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


_WITHDRAW_FORMER = c.arguments("withdraw_former", bytes.fromhex("6c2fec43e8c55d81"), ())


def withdraw_former(
    *,
    node: Pubkey,
    destination: Pubkey,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Pays out what is left of a former owner's side, after its cooldown.

    Caller: anyone. Errors: `NothingReady`, `WrongDestination`, `WrongVault`.

    Args:
        node: The node. (writable)
        vault: The node's vault. (writable, derived if None)
        destination: An IO account of the former owner; anyone can create one. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if vault is None:
        vault = pda.vault(node=node)
    return Instruction(
        PROGRAM_ID,
        _WITHDRAW_FORMER(),
        [
            AccountMeta(node, False, True),
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
    "appeal",
    "approve_class",
    "approve_identity",
    "attach_device",
    "cancel_slash",
    "claim",
    "claim_device",
    "close_slash",
    "compound",
    "create_class",
    "credit_node",
    "detach_device",
    "evict_device",
    "evict_node",
    "execute_slash",
    "expel_owner",
    "forfeit_reward",
    "freeze_credit",
    "initialize",
    "join_network",
    "lower_class",
    "open_position",
    "open_shard",
    "owner_activate",
    "owner_claim",
    "owner_compound",
    "owner_stake",
    "owner_unstake",
    "owner_withdraw",
    "propose_authority",
    "propose_slash",
    "register_device",
    "register_network",
    "register_node",
    "release_device",
    "reopen_node",
    "resolve_slash",
    "retire_node",
    "set_apart_slash",
    "set_class",
    "set_commission",
    "set_last_proof",
    "set_params",
    "set_paused",
    "set_reference",
    "settle_changes",
    "slash_disproved",
    "stake",
    "unstake",
    "withdraw",
    "withdraw_former",
]
