"""Instructions of the proofs program.

Generated from idl/proofs.json by scripts/codegen; do not edit.
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


_APPROVE = c.arguments("approve", bytes.fromhex("454ad9247375614c"), ())


def approve(
    *,
    attester: Pubkey,
    report: Pubkey,
    config: Pubkey = pda.CONFIG,
    attester_set: Pubkey = pda.ATTESTER_SET,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Approves a report. At the threshold it is decided, and its challenge window begins.

    Caller: another attester. Errors: `Paused`, `NotPending`, `StaleSet`, `NotAttester`, `AlreadyApproved`,
    `AlreadyDecided`, `NotAtHead`, `TooManyPending`, `TotalAboveCorrection`, `CorrectionOpen`,
    `CorrectionTooSoon`.

    Args:
        attester: An attester. (signer)
        config: The program's configuration. (writable)
        attester_set: The attester set. (read-only)
        report: The report. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _APPROVE(),
        [
            AccountMeta(attester, True, False),
            AccountMeta(config, False, True),
            AccountMeta(attester_set, False, False),
            AccountMeta(report, False, True),
            *remaining_accounts,
        ],
    )


_CHALLENGE = c.arguments(
    "challenge", bytes.fromhex("106b0e27f49651bb"), (("evidence_hash", c.raw_bytes(32)),)
)


def challenge(
    *,
    challenger: Pubkey,
    report: Pubkey,
    node: Pubkey,
    source: Pubkey,
    evidence_hash: bytes,
    config: Pubkey = pda.CONFIG,
    challenge: Pubkey | None = None,
    bond_vault: Pubkey | None = None,
    mint: Pubkey = pda.MINT,
    staking_program: Pubkey = pda.STAKING_PROGRAM,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Challenges one node's leaf, with a bond, and holds that node's credit back for up to seven days.

    Caller: anyone, but only the guardian for 30 days after a challenge that lapsed. Errors:
    `NotChallengeable`, `NotANode`, `ChallengedLately` of staking.

    Args:
        challenger: Pays the bond and the rent. (signer, writable)
        config: The program's configuration. (writable)
        report: The report that has the leaf. (read-only)
        node: The node whose leaf is challenged. (writable)
        challenge: The new challenge. (writable, derived if None)
        bond_vault: The token account that holds the bond. (writable, derived if None)
        mint: The IO mint. (read-only)
        source: Any IO account that the challenger may spend from. (writable)
        staking_program: The staking program. (read-only)
        token_program: The token program. (read-only)
        system_program: The System program. (read-only)
        evidence_hash: SHA-256 of the challenger's evidence.
        remaining_accounts: Further accounts, after those above.
    """
    if challenge is None:
        challenge = pda.challenge(report=report, node=node)
    if bond_vault is None:
        bond_vault = pda.bond_vault(challenge=challenge)
    return Instruction(
        PROGRAM_ID,
        _CHALLENGE(evidence_hash),
        [
            AccountMeta(challenger, True, True),
            AccountMeta(config, False, True),
            AccountMeta(report, False, False),
            AccountMeta(node, False, True),
            AccountMeta(challenge, False, True),
            AccountMeta(bond_vault, False, True),
            AccountMeta(mint, False, False),
            AccountMeta(source, False, True),
            AccountMeta(staking_program, False, False),
            AccountMeta(token_program, False, False),
            AccountMeta(system_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_CLOSE_HOUR = c.arguments("close_hour", bytes.fromhex("e1886fd421196c6c"), ())


def close_hour(*, hour: Pubkey, payer: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()) -> Instruction:
    """Closes an hour in which nothing can be disproved any more; the rent goes back to who paid it.

    Caller: anyone. Errors: `HourKept`, `WrongRentPayer`.

    Args:
        hour: The hour. (writable)
        payer: Who paid the rent. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _CLOSE_HOUR(),
        [AccountMeta(hour, False, True), AccountMeta(payer, False, True), *remaining_accounts],
    )


_COMMIT_COMPUTE = c.arguments(
    "commit_compute", bytes.fromhex("c677a500888545bb"), (("root", c.raw_bytes(32)), ("count", c.u32))
)


def commit_compute(
    *,
    attester: Pubkey,
    hour: Pubkey,
    root: bytes,
    count: Int,
    attester_set: Pubkey = pda.ATTESTER_SET,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Posts a seat's root of the commitments that it received in time.

    Caller: an attester, once an hour. Errors: `NotAttester`, `CommitsClosed`, `AlreadyDrawn`,
    `AlreadyCommitted`.

    Args:
        attester: An attester. (signer)
        attester_set: The attester set. (read-only)
        hour: The hour. (writable)
        root: Merkle root of the commitments.
        count: How many they are.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _COMMIT_COMPUTE(root, count),
        [
            AccountMeta(attester, True, False),
            AccountMeta(attester_set, False, False),
            AccountMeta(hour, False, True),
            *remaining_accounts,
        ],
    )


_DECIDE = c.arguments("decide", bytes.fromhex("7b7db87df92b710f"), (("upheld", c.boolean),))


def decide(
    *,
    resolver: Pubkey,
    destination: Pubkey,
    rent_payer: Pubkey,
    report: Pubkey,
    node: Pubkey,
    upheld: bool,
    config: Pubkey = pda.CONFIG,
    challenge: Pubkey | None = None,
    bond_vault: Pubkey | None = None,
    mint: Pubkey = pda.MINT,
    staking_program: Pubkey = pda.STAKING_PROGRAM,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Decides a challenge. Upheld: the bond goes back, and the node is credited from later reports only.
    Rejected: the bond is burned.

    Caller: the resolver. Errors: `NotResolver`, `ChallengeExpired`, `WrongReport`, `WrongNode`,
    `WrongBond`, `WrongDestination`, `WrongRentPayer`.

    Args:
        resolver: The resolver of challenges. (signer)
        config: The program's configuration. (writable)
        challenge: The challenge. (writable, derived if None)
        bond_vault: The token account that holds the bond. (writable, derived if None)
        destination: An IO account of the challenger. (writable)
        rent_payer: The challenger. Its address is `challenge.challenger`. (writable)
        report: The challenged report. (read-only)
        node: The node. (writable)
        mint: The IO mint. (writable)
        staking_program: The staking program. (read-only)
        token_program: The token program. (read-only)
        upheld: Whether the leaf is wrong.
        remaining_accounts: Further accounts, after those above.
    """
    if challenge is None:
        challenge = pda.challenge(report=report, node=node)
    if bond_vault is None:
        bond_vault = pda.bond_vault(challenge=challenge)
    return Instruction(
        PROGRAM_ID,
        _DECIDE(upheld),
        [
            AccountMeta(resolver, True, False),
            AccountMeta(config, False, True),
            AccountMeta(challenge, False, True),
            AccountMeta(bond_vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(rent_payer, False, True),
            AccountMeta(report, False, False),
            AccountMeta(node, False, True),
            AccountMeta(mint, False, True),
            AccountMeta(staking_program, False, False),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_DISPROVE_CELL = c.arguments(
    "disprove_cell", bytes.fromhex("c0423e3af3407b99"), (("args", types.CellArgs.CODEC),)
)


def disprove_cell(
    *,
    payer: Pubkey,
    hour: Pubkey,
    node: Pubkey,
    shard: Pubkey,
    args: types.CellArgs,
    config: Pubkey = pda.CONFIG,
    slash: Pubkey | None = None,
    instructions: Pubkey = pda.INSTRUCTIONS,
    staking_program: Pubkey = pda.STAKING_PROGRAM,
    staking_events: Pubkey = pda.STAKING_EVENTS,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    hour_seq: Int | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Shows that a cell of a product that a device has signed is wrong: slashes its node without appeal,
    and
    fails its verdict. The instruction before has to be Ed25519's, of the device's signature; the hashes of
    the
    leaf's path follow as accounts.

    Caller: anyone, until seven days after the hour. Errors: `NotANode`, `HourTooOld`, `SizesUnknown`,
    `OutsideProof`, `WrongProof`, `NotSigned`, `ForeignCommitment`, `CellStands`, and those of staking's
    `slash_disproved`.

    Args:
        payer: Pays the rent of the slash, and gets it back. (signer, writable)
        config: The program's configuration, which signs the call to the staking program. (read-only)
        hour: The hour in which it was signed. (read-only)
        node: The node. (writable)
        slash: The new slash, `["disproof", node, seq of the hour]`. (writable, derived if None)
        shard: The shard of active stake that the node counts in. (writable)
        instructions: What the runtime knows of the transaction's instructions. (read-only)
        staking_program: The staking program. (read-only)
        staking_events: Signs the staking program's events. (read-only)
        system_program: The System program. (read-only)
        args: A cell of a product.
        hour_seq: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if slash is None:
        if hour_seq is None:
            raise TypeError("disprove_cell: give slash, or hour_seq to derive it")
        slash = pda.slash(node=node, hour_seq=hour_seq)
    return Instruction(
        PROGRAM_ID,
        _DISPROVE_CELL(args),
        [
            AccountMeta(payer, True, True),
            AccountMeta(config, False, False),
            AccountMeta(hour, False, False),
            AccountMeta(node, False, True),
            AccountMeta(slash, False, True),
            AccountMeta(shard, False, True),
            AccountMeta(instructions, False, False),
            AccountMeta(staking_program, False, False),
            AccountMeta(staking_events, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_DISPROVE_READ = c.arguments(
    "disprove_read", bytes.fromhex("0c44043cd56c62e0"), (("args", types.ReadArgs.CODEC),)
)


def disprove_read(
    *,
    payer: Pubkey,
    hour: Pubkey,
    node: Pubkey,
    shard: Pubkey,
    args: types.ReadArgs,
    config: Pubkey = pda.CONFIG,
    slash: Pubkey | None = None,
    instructions: Pubkey = pda.INSTRUCTIONS,
    staking_program: Pubkey = pda.STAKING_PROGRAM,
    staking_events: Pubkey = pda.STAKING_EVENTS,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    hour_seq: Int | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Shows that a read of a residency proof that a device has signed is wrong, by making its block again;
    otherwise as `disprove_cell`.

    Caller: anyone, until seven days after the hour. Errors: `NotANode`, `HourTooOld`, `SizesUnknown`,
    `OutsideProof`, `WrongProof`, `NotSigned`, `ForeignCommitment`, `ReadStands`, and those of staking's
    `slash_disproved`.

    Args:
        payer: Pays the rent of the slash, and gets it back. (signer, writable)
        config: The program's configuration, which signs the call to the staking program. (read-only)
        hour: The hour in which it was signed. (read-only)
        node: The node. (writable)
        slash: The new slash, `["disproof", node, seq of the hour]`. (writable, derived if None)
        shard: The shard of active stake that the node counts in. (writable)
        instructions: What the runtime knows of the transaction's instructions. (read-only)
        staking_program: The staking program. (read-only)
        staking_events: Signs the staking program's events. (read-only)
        system_program: The System program. (read-only)
        args: A read of a chain.
        hour_seq: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if slash is None:
        if hour_seq is None:
            raise TypeError("disprove_read: give slash, or hour_seq to derive it")
        slash = pda.slash(node=node, hour_seq=hour_seq)
    return Instruction(
        PROGRAM_ID,
        _DISPROVE_READ(args),
        [
            AccountMeta(payer, True, True),
            AccountMeta(config, False, False),
            AccountMeta(hour, False, False),
            AccountMeta(node, False, True),
            AccountMeta(slash, False, True),
            AccountMeta(shard, False, True),
            AccountMeta(instructions, False, False),
            AccountMeta(staking_program, False, False),
            AccountMeta(staking_events, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_DRAW_HOUR = c.arguments("draw_hour", bytes.fromhex("9949f80cf1cc3774"), ())


def draw_hour(
    *, hour: Pubkey, slot_hashes: Pubkey = _ids.SLOT_HASHES, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Draws an hour by a slot hash from after the last root, or begins the draw where that has to wait.

    Caller: anyone, until the hour is over. Errors: `AlreadyDrawn`, `HourOver`, `CommitsOpen`,
    `NothingCommitted`, `NoSlotHashes`, `DrawTooEarly`.

    Args:
        hour: The hour. (writable)
        slot_hashes: The hashes of the latest slots. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _DRAW_HOUR(),
        [AccountMeta(hour, False, True), AccountMeta(slot_hashes, False, False), *remaining_accounts],
    )


_ENDORSE = c.arguments("endorse", bytes.fromhex("02e4fcb6695c28af"), ())


def endorse(
    *,
    guardian: Pubkey,
    report: Pubkey,
    config: Pubkey = pda.CONFIG,
    attester_set: Pubkey = pda.ATTESTER_SET,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Endorses a correction, which then needs the threshold only, instead of four fifths of the weight.

    Caller: the guardian. Errors: `NotGuardian`, `NotACorrection`, `NotPending`, `StaleSet`,
    `AlreadyEndorsed`, `AlreadyDecided`, `NotAtHead`, `TooManyPending`, `TotalAboveCorrection`,
    `CorrectionOpen`, `CorrectionTooSoon`.

    Args:
        guardian: The guardian. (signer)
        config: The program's configuration. (writable)
        attester_set: The attester set. (read-only)
        report: The correction. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _ENDORSE(),
        [
            AccountMeta(guardian, True, False),
            AccountMeta(config, False, True),
            AccountMeta(attester_set, False, False),
            AccountMeta(report, False, True),
            *remaining_accounts,
        ],
    )


_FINALIZE = c.arguments("finalize", bytes.fromhex("ab3dda387f730cd9"), ())


def finalize(
    *, report: Pubkey, config: Pubkey = pda.CONFIG, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Makes an approved report final after its challenge window: its leaves can be credited.

    Caller: anyone. Errors: `NotApproved`, `ReportFell`, `NotNext`, `WindowOpen`.

    Args:
        config: The program's configuration. (writable)
        report: The report. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _FINALIZE(),
        [AccountMeta(config, False, True), AccountMeta(report, False, True), *remaining_accounts],
    )


_INITIALIZE = c.arguments("initialize", bytes.fromhex("afaf6d1f0d989bed"), ())


def initialize(
    *,
    authority: Pubkey,
    config: Pubkey = pda.CONFIG,
    attester_set: Pubkey = pda.ATTESTER_SET,
    program_data: Pubkey = pda.PROGRAM_DATA,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates the configuration with its defaults, and an attester set without seats.

    Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`.

    Args:
        authority: The program's upgrade authority; becomes authority, guardian, resolver and pauser, and
            pays. (signer, writable)
        config: The program's configuration. (writable)
        attester_set: The attester set. (writable)
        program_data: The program's data account, which names its upgrade authority. (read-only)
        system_program: The System program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _INITIALIZE(),
        [
            AccountMeta(authority, True, True),
            AccountMeta(config, False, True),
            AccountMeta(attester_set, False, True),
            AccountMeta(PROGRAM_ID, False, False),
            AccountMeta(program_data, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_LIFT_CHALLENGE = c.arguments("lift_challenge", bytes.fromhex("db5982724c69192d"), ())


def lift_challenge(
    *,
    challenge: Pubkey,
    destination: Pubkey,
    rent_payer: Pubkey,
    node: Pubkey,
    config: Pubkey = pda.CONFIG,
    bond_vault: Pubkey | None = None,
    staking_program: Pubkey = pda.STAKING_PROGRAM,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Ends a challenge that nobody has decided in time; the bond goes back.

    Caller: anyone. Errors: `ChallengeOpen`, `WrongNode`, `WrongBond`, `WrongDestination`,
    `WrongRentPayer`.

    Args:
        config: The program's configuration. (writable)
        challenge: The challenge. (writable)
        bond_vault: The token account that holds the bond. (writable, derived if None)
        destination: An IO account of the challenger. (writable)
        rent_payer: The challenger. Its address is `challenge.challenger`. (writable)
        node: The node. (writable)
        staking_program: The staking program. (read-only)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if bond_vault is None:
        bond_vault = pda.bond_vault(challenge=challenge)
    return Instruction(
        PROGRAM_ID,
        _LIFT_CHALLENGE(),
        [
            AccountMeta(config, False, True),
            AccountMeta(challenge, False, True),
            AccountMeta(bond_vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(rent_payer, False, True),
            AccountMeta(node, False, True),
            AccountMeta(staking_program, False, False),
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


_REFUTE = c.arguments("refute", bytes.fromhex("fe813ccf17b00a8d"), (("leaf", types.LeafArgs.CODEC),))


def refute(
    *,
    report: Pubkey,
    node: Pubkey,
    leaf: types.LeafArgs,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Voids a report that is not final: one of its leaves is below what its node was credited, or names
    no node. A correction is not refuted.

    Caller: anyone. Errors: `WrongProof`, `CorrectionStands`, `LeafStands`, `ReportDecided`.

    Args:
        config: The program's configuration. (writable)
        report: The report. (writable)
        node: The leaf's node. (read-only)
        leaf: A leaf of a report with its place and proof; the node is one of the instruction's accounts.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _REFUTE(leaf),
        [
            AccountMeta(config, False, True),
            AccountMeta(report, False, True),
            AccountMeta(node, False, False),
            *remaining_accounts,
        ],
    )


_RENEW_REPORT = c.arguments("renew_report", bytes.fromhex("ebc22006219edd9b"), ())


def renew_report(
    *,
    attester: Pubkey,
    report: Pubkey,
    config: Pubkey = pda.CONFIG,
    attester_set: Pubkey = pda.ATTESTER_SET,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Renews a report that is void, has fallen, or is pending under an earlier attester set: it gathers
    approvals again, and this is the first.

    Caller: an attester. Errors: `Paused`, `NotRenewable`, and those of `approve`.

    Args:
        attester: An attester, whose approval is the first. (signer)
        config: The program's configuration. (writable)
        attester_set: The attester set. (read-only)
        report: The report. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _RENEW_REPORT(),
        [
            AccountMeta(attester, True, False),
            AccountMeta(config, False, True),
            AccountMeta(attester_set, False, False),
            AccountMeta(report, False, True),
            *remaining_accounts,
        ],
    )


_REPORT = c.arguments(
    "report",
    bytes.fromhex("6079f554b22d305b"),
    (("seq", c.u64), ("content_hash", c.raw_bytes(32)), ("args", types.ReportArgs.CODEC)),
)


def report(
    *,
    attester: Pubkey,
    predecessor: Pubkey,
    seq: Int,
    content_hash: bytes,
    args: types.ReportArgs,
    config: Pubkey = pda.CONFIG,
    attester_set: Pubkey = pda.ATTESTER_SET,
    mint_config: Pubkey = pda.MINT_CONFIG,
    report: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Makes a report, and approves it for the first time.

    Caller: an attester, who pays for the account. Errors: `Paused`, `WrongPredecessor`, `WrongContentHash`,
    `NoEmission`, `PeriodBeforeStart`, `PeriodNotWholeHours`, `PeriodNotOver`, `WrongSeq`, `PeriodFell`,
    `NoLeaves`, `NotEmitted`, `PeriodForgotten`, `TotalAboveEmission`, `TotalFell`, and those of `approve`.

    Args:
        attester: An attester, who pays and whose approval is the first. (signer, writable)
        config: The program's configuration. (writable)
        attester_set: The attester set. (read-only)
        mint_config: The mint's configuration. (read-only)
        predecessor: The report that this one continues; the default key for the first. Its address is
            `args.predecessor`. (read-only)
        report: The new report; its address commits to its content, so that nobody can block an hour with
            other content. (writable, derived if None)
        system_program: The System program. (read-only)
        seq: Hours from the start of emission to `period_end`.
        content_hash: `sha256("ionet:report" ‖ borsh(args))`.
        args: A report's content, as attesters propose it.
        remaining_accounts: Further accounts, after those above.
    """
    if report is None:
        report = pda.report(seq=seq, content_hash=content_hash)
    return Instruction(
        PROGRAM_ID,
        _REPORT(seq, content_hash, args),
        [
            AccountMeta(attester, True, True),
            AccountMeta(config, False, True),
            AccountMeta(attester_set, False, False),
            AccountMeta(mint_config, False, False),
            AccountMeta(predecessor, False, False),
            AccountMeta(report, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_SET_ATTESTERS = c.arguments(
    "set_attesters",
    bytes.fromhex("8000f1960f5f1628"),
    (("seats", c.vec(types.Seat.CODEC)), ("threshold", c.u32)),
)


def set_attesters(
    *,
    authority: Pubkey,
    seats: Sequence[types.Seat],
    threshold: Int,
    config: Pubkey = pda.CONFIG,
    attester_set: Pubkey = pda.ATTESTER_SET,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Sets who attests. Seat i of the list is the attester that had seat i before, perhaps with a new key
    or
    weight; reports that gather approvals have to be renewed. A key that leaves takes no seat for seven
    days.

    Caller: the authority. Errors: `NotAuthority`, `TooManySeats`, `SeatMissing`, `HalfVacantSeat`,
    `DuplicateKey`, `SeatMoved`, `KeyDeparted`, `TooManyDeparted`, `WeightTooLarge`, `ThresholdOutOfBounds`.

    Args:
        authority: The program's authority. (signer)
        config: The program's configuration. (writable)
        attester_set: The attester set. (writable)
        seats: All seats, by number.
        threshold: Weight that approves a report: more than half of all weight.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_ATTESTERS(seats, threshold),
        [
            AccountMeta(authority, True, False),
            AccountMeta(config, False, True),
            AccountMeta(attester_set, False, True),
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
    """Sets the roles besides the authority, and the terms of challenges.

    Caller: the authority. Errors: `NotAuthority`, `WindowOutOfBounds`, `BondOutOfBounds`,
    `FreezeOutOfBounds`, `GpuShareOutOfBounds`, `InUseShareOutOfBounds`, `FeeBoundOutOfBounds`,
    `UpHoursOutOfBounds`, `HoldOutOfBounds`.

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
    """Pauses `report` and `approve`, or lifts the pause. Reports approved before still become final.

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


_SHOW_VERDICT = c.arguments(
    "show_verdict", bytes.fromhex("98eebe9f7e189590"), (("leaf", types.LeafArgs.CODEC),)
)


def show_verdict(
    *,
    report: Pubkey,
    node: Pubkey,
    leaf: types.LeafArgs,
    config: Pubkey = pda.CONFIG,
    staking_program: Pubkey = pda.STAKING_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Writes a node's verdict in the report at the head into the node's account.

    Caller: anyone. Errors: `NotHead`, `WrongProof`, `NotANode`, `UnknownReason`, `WrongVerdict`.

    Args:
        config: The program's configuration, which signs the call to the staking program. (read-only)
        report: The report at the head. (read-only)
        node: The node. (writable)
        staking_program: The staking program. (read-only)
        leaf: A leaf of a report with its place and proof; the node is one of the instruction's accounts.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SHOW_VERDICT(leaf),
        [
            AccountMeta(config, False, False),
            AccountMeta(report, False, False),
            AccountMeta(node, False, True),
            AccountMeta(staking_program, False, False),
            *remaining_accounts,
        ],
    )


_TICK = c.arguments("tick", bytes.fromhex("5c4f2c0865503f0f"), (("seq", c.u64),))


def tick(
    *,
    payer: Pubkey,
    seq: Int,
    mint_config: Pubkey = pda.MINT_CONFIG,
    hour: Pubkey | None = None,
    slot_hashes: Pubkey = _ids.SLOT_HASHES,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Begins an hour's compute proofs: the hash of the latest slot is their seed.

    Caller: anyone, once an hour. Errors: `NoEmission`, `PeriodBeforeStart`, `WrongHour`, `NoSlotHashes`.

    Args:
        payer: Pays the rent, and gets it back. (signer, writable)
        mint_config: The mint's configuration, read for the start of emission. (read-only)
        hour: The new hour. (writable, derived if None)
        slot_hashes: The hashes of the latest slots. (read-only)
        system_program: The System program. (read-only)
        seq: Hours from the start of emission to the end of the hour that runs.
        remaining_accounts: Further accounts, after those above.
    """
    if hour is None:
        hour = pda.hour(seq=seq)
    return Instruction(
        PROGRAM_ID,
        _TICK(seq),
        [
            AccountMeta(payer, True, True),
            AccountMeta(mint_config, False, False),
            AccountMeta(hour, False, True),
            AccountMeta(slot_hashes, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_VOID_REPORT = c.arguments("void_report", bytes.fromhex("da383d970a4a146d"), ())


def void_report(
    *,
    guardian: Pubkey,
    report: Pubkey,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Voids a report that is not final; the next one makes up for it.

    Caller: the guardian, 20 times in 30 days; the authority for a correction. Errors: `NotGuardian`,
    `ReportDecided`, `TooManyVoids`.

    Args:
        guardian: The guardian; or the authority, for a correction. (signer)
        config: The program's configuration. (writable)
        report: The report. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _VOID_REPORT(),
        [
            AccountMeta(guardian, True, False),
            AccountMeta(config, False, True),
            AccountMeta(report, False, True),
            *remaining_accounts,
        ],
    )


__all__ = [
    "accept_authority",
    "approve",
    "challenge",
    "close_hour",
    "commit_compute",
    "decide",
    "disprove_cell",
    "disprove_read",
    "draw_hour",
    "endorse",
    "finalize",
    "initialize",
    "lift_challenge",
    "propose_authority",
    "refute",
    "renew_report",
    "report",
    "set_attesters",
    "set_params",
    "set_paused",
    "show_verdict",
    "tick",
    "void_report",
]
