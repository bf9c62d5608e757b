"""Instructions of the governance program.

Generated from idl/governance.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain import ids as _ids
from ionet.chain.codec import Int

from . import PROGRAM_ID, pda, types

_ACTIVATE = c.arguments("activate", bytes.fromhex("c2cb23649737aa52"), ())


def activate(
    *,
    proposer: Pubkey,
    proposal: Pubkey,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Ends a draft and begins voting on it. The quorum is a share of all active stake at the start of this
    week, the sum of the stake shards.

    Caller: the proposer. Errors: `NotProposer`, `ShardsMissing`, `SnapshotGone`, `NotDraft`,
    `NothingStaked`.

    Args:
        proposer: The proposer. (signer)
        config: The program's configuration. (read-only)
        proposal: The proposal. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _ACTIVATE(),
        [
            AccountMeta(proposer, True, False),
            AccountMeta(config, False, False),
            AccountMeta(proposal, False, True),
            *remaining_accounts,
        ],
    )


_ADD_TRANSACTION = c.arguments(
    "add_transaction",
    bytes.fromhex("3060ae70511eef59"),
    (("index", c.u8), ("args", types.TransactionArgs.CODEC)),
)


def add_transaction(
    *,
    proposer: Pubkey,
    proposal: Pubkey,
    index: Int,
    args: types.TransactionArgs,
    transaction: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Adds a transaction to a draft: one instruction, which only the treasury may have to sign.

    Caller: the proposer. Errors: `NotProposer`, `NotDraft`, `WrongIndex`, `TooManyTransactions`,
    `TooManyAccounts`, `TooMuchData`, `ForeignSigner`, `SelfCall`.

    Args:
        proposer: The proposer, who pays the rent. (signer, writable)
        proposal: The proposal. (writable)
        transaction: The new transaction. (writable, derived if None)
        system_program: The System program. (read-only)
        index: Number of the transaction, from 0.
        args: An instruction that a proposal executes, as `add_transaction` takes it.
        remaining_accounts: Further accounts, after those above.
    """
    if transaction is None:
        transaction = pda.transaction(proposal=proposal, index=index)
    return Instruction(
        PROGRAM_ID,
        _ADD_TRANSACTION(index, args),
        [
            AccountMeta(proposer, True, True),
            AccountMeta(proposal, False, True),
            AccountMeta(transaction, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_BURN_BOND = c.arguments("burn_bond", bytes.fromhex("1306bf5efa909550"), ())


def burn_bond(
    *,
    proposal: Pubkey,
    rent_payer: Pubkey,
    config: Pubkey = pda.CONFIG,
    bond_vault: Pubkey | None = None,
    mint: Pubkey = pda.MINT,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Burns the bond of a proposal on which less than a quarter of the quorum has voted.

    Caller: anyone. Errors: `WrongBond`, `WrongRentPayer`, `BondNotLost`.

    Args:
        config: The program's configuration. (read-only)
        proposal: The proposal. (writable)
        bond_vault: The token account that holds the bond. (writable, derived if None)
        rent_payer: The proposer. Its address is `proposal.proposer`. (writable)
        mint: The IO mint. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if bond_vault is None:
        bond_vault = pda.bond_vault(proposal=proposal)
    return Instruction(
        PROGRAM_ID,
        _BURN_BOND(),
        [
            AccountMeta(config, False, False),
            AccountMeta(proposal, False, True),
            AccountMeta(bond_vault, False, True),
            AccountMeta(rent_payer, False, True),
            AccountMeta(mint, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_CANCEL = c.arguments("cancel", bytes.fromhex("e8dbdf29dbecdcbe"), ())


def cancel(
    *,
    signer: Pubkey,
    proposal: Pubkey,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Cancels a proposal.

    Caller: its proposer while it is a draft; afterwards the guardian, unless it only sets the guardian.
    Errors: `NotCancellable`, `MayNotCancel`, `GuardianOnly`.

    Args:
        signer: The proposer of a draft, or the guardian. (signer)
        config: The program's configuration. (read-only)
        proposal: The proposal. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _CANCEL(),
        [
            AccountMeta(signer, True, False),
            AccountMeta(config, False, False),
            AccountMeta(proposal, False, True),
            *remaining_accounts,
        ],
    )


_CAST_VOTE = c.arguments(
    "cast_vote",
    bytes.fromhex("14d40fbd45b44597"),
    (("choice", types.vote_choice_codec), ("content_hash", c.raw_bytes(32))),
)


def cast_vote(
    *,
    holder: Pubkey,
    proposal: Pubkey,
    position: Pubkey,
    node_vote: Pubkey,
    choice: types.VoteChoice | int,
    content_hash: bytes,
    vote: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Casts a co-staker's first vote on a proposal. Their stake no longer counts with the vote of the
    node's
    owner.

    Caller: the position's holder, who pays for the record. Errors: `WrongProposal`, `WrongHash`,
    `NotAPosition`, `NotHolder`, `WrongNode`, `SnapshotGone`, `NoWeight`, `UnknownChoice`, `NotVoting`.

    Args:
        holder: The position's holder, who pays for the record. (signer, writable)
        proposal: The proposal. (writable)
        position: The position that votes. (read-only)
        node_vote: The node's part in the vote. (writable)
        vote: The record of the vote. (writable, derived if None)
        system_program: The System program. (read-only)
        choice: What a vote says.
        content_hash: Hash of the proposal's content, which the voter has read.
        remaining_accounts: Further accounts, after those above.
    """
    if vote is None:
        vote = pda.vote(proposal=proposal, position=position)
    return Instruction(
        PROGRAM_ID,
        _CAST_VOTE(choice, content_hash),
        [
            AccountMeta(holder, True, True),
            AccountMeta(proposal, False, True),
            AccountMeta(position, False, False),
            AccountMeta(node_vote, False, True),
            AccountMeta(vote, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_CHANGE_VOTE = c.arguments(
    "change_vote",
    bytes.fromhex("b8276189536cb94b"),
    (("choice", types.vote_choice_codec), ("content_hash", c.raw_bytes(32))),
)


def change_vote(
    *,
    holder: Pubkey,
    proposal: Pubkey,
    vote: Pubkey,
    choice: types.VoteChoice | int,
    content_hash: bytes,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Changes a co-staker's vote, until the regular end of voting; it weighs what it weighed before.

    Caller: the holder who cast it. Errors: `NotHolder`, `WrongProposal`, `WrongHash`, `UnknownChoice`,
    `NotVoting`, `NoChangeNow`.

    Args:
        holder: The position's holder. (signer)
        proposal: The proposal. (writable)
        vote: The record of the vote. (writable)
        choice: What a vote says.
        content_hash: Hash of the proposal's content, which the voter has read.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _CHANGE_VOTE(choice, content_hash),
        [
            AccountMeta(holder, True, False),
            AccountMeta(proposal, False, True),
            AccountMeta(vote, False, True),
            *remaining_accounts,
        ],
    )


_CLOSE_NODE_VOTE = c.arguments("close_node_vote", bytes.fromhex("87a92fa79307db60"), ())


def close_node_vote(
    *, proposal: Pubkey, node_vote: Pubkey, rent_payer: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Closes a node's part in a vote when voting is over; the rent goes to the account that paid it.

    Caller: anyone. Errors: `WrongProposal`, `WrongRentPayer`, `StillVoting`.

    Args:
        proposal: The proposal. (writable)
        node_vote: The node's part in the vote. (writable)
        rent_payer: Who paid the rent. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _CLOSE_NODE_VOTE(),
        [
            AccountMeta(proposal, False, True),
            AccountMeta(node_vote, False, True),
            AccountMeta(rent_payer, False, True),
            *remaining_accounts,
        ],
    )


_CLOSE_TRANSACTION = c.arguments("close_transaction", bytes.fromhex("612e98aa2ad7c0da"), ())


def close_transaction(
    *,
    proposal: Pubkey,
    transaction: Pubkey,
    rent_payer: Pubkey,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Closes a transaction when its proposal is executed, defeated, cancelled or expired; the rent goes to
    the account that paid it.

    Caller: anyone. Errors: `WrongProposal`, `WrongRentPayer`, `NotOver`.

    Args:
        proposal: The proposal. (writable)
        transaction: The transaction. (writable)
        rent_payer: Who paid the rent. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _CLOSE_TRANSACTION(),
        [
            AccountMeta(proposal, False, True),
            AccountMeta(transaction, False, True),
            AccountMeta(rent_payer, False, True),
            *remaining_accounts,
        ],
    )


_CLOSE_VOTE = c.arguments("close_vote", bytes.fromhex("899857f9aaef853b"), ())


def close_vote(
    *, proposal: Pubkey, vote: Pubkey, rent_payer: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Closes a vote's record when voting is over; the rent goes to the voter.

    Caller: anyone. Errors: `WrongProposal`, `WrongRentPayer`, `StillVoting`.

    Args:
        proposal: The proposal. (writable)
        vote: The record of the vote. (writable)
        rent_payer: The voter, who paid the rent. Its address is `vote.holder`. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _CLOSE_VOTE(),
        [
            AccountMeta(proposal, False, True),
            AccountMeta(vote, False, True),
            AccountMeta(rent_payer, False, True),
            *remaining_accounts,
        ],
    )


_EXECUTE = c.arguments("execute", bytes.fromhex("82ddf29a0dc1bd1d"), ())


def execute(
    *,
    proposal: Pubkey,
    transaction: Pubkey,
    callee: Pubkey,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Executes the next transaction of a queued proposal, once; the treasury signs. What leaves the
    treasury is limited in any seven days.

    Caller: anyone. Errors: `WrongProposal`, `WrongAccounts`, `NotQueued`, `HeldUp`, `Expired`,
    `WrongIndex`, `NotVotedOn`, `TreasuryChanged`, `TreasuryDelegated`, `OutflowMissing`, `OutflowLimit`,
    and those of the program that it calls.

    Args:
        config: The program's configuration. (read-only)
        proposal: The proposal. (writable)
        transaction: The transaction. (read-only)
        callee: The program that the transaction calls. Its address is `transaction.args.program_id`.
            (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _EXECUTE(),
        [
            AccountMeta(config, False, False),
            AccountMeta(proposal, False, True),
            AccountMeta(transaction, False, False),
            AccountMeta(callee, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_INITIALIZE = c.arguments("initialize", bytes.fromhex("afaf6d1f0d989bed"), (("guardian", c.pubkey),))


def initialize(
    *,
    authority: Pubkey,
    guardian: Pubkey,
    config: Pubkey = pda.CONFIG,
    program_data: Pubkey = pda.PROGRAM_DATA,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates the configuration with its defaults, and a guardian for twelve months.

    Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`.

    Args:
        authority: The program's upgrade authority; pays. (signer, writable)
        config: The program's configuration. (writable)
        program_data: The program's data account, which names its upgrade authority. (read-only)
        system_program: The System program. (read-only)
        guardian: May cancel proposals for twelve months.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _INITIALIZE(guardian),
        [
            AccountMeta(authority, True, True),
            AccountMeta(config, False, True),
            AccountMeta(PROGRAM_ID, False, False),
            AccountMeta(program_data, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_OPEN_NODE_VOTE = c.arguments("open_node_vote", bytes.fromhex("960108d75370d6d0"), ())


def open_node_vote(
    *,
    payer: Pubkey,
    proposal: Pubkey,
    node: Pubkey,
    node_vote: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Opens a node's part in a vote, before its owner or co-stakers vote.

    Caller: anyone, who pays for the account. Errors: `NotVoting`, `NotANode`, `SnapshotGone`, `NoWeight`.

    Args:
        payer: Pays for the account. (signer, writable)
        proposal: The proposal. (read-only)
        node: The node. (read-only)
        node_vote: The node's part in the vote. (writable, derived if None)
        system_program: The System program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if node_vote is None:
        node_vote = pda.node_vote(proposal=proposal, node=node)
    return Instruction(
        PROGRAM_ID,
        _OPEN_NODE_VOTE(),
        [
            AccountMeta(payer, True, True),
            AccountMeta(proposal, False, False),
            AccountMeta(node, False, False),
            AccountMeta(node_vote, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_OPEN_OUTFLOW = c.arguments("open_outflow", bytes.fromhex("14d90d788e19ae1a"), (("asset", c.pubkey),))


def open_outflow(
    *,
    payer: Pubkey,
    asset: Pubkey,
    outflow: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Opens the account that counts what leaves the treasury of a mint, or of SOL (the default key).

    Caller: anyone, who pays for the account.

    Args:
        payer: Pays for the account. (signer, writable)
        outflow: Counts what leaves the treasury of the asset. (writable, derived if None)
        system_program: The System program. (read-only)
        asset: A mint; the default key is SOL.
        remaining_accounts: Further accounts, after those above.
    """
    if outflow is None:
        outflow = pda.outflow(asset=asset)
    return Instruction(
        PROGRAM_ID,
        _OPEN_OUTFLOW(asset),
        [
            AccountMeta(payer, True, True),
            AccountMeta(outflow, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_OWNER_VOTE = c.arguments(
    "owner_vote",
    bytes.fromhex("bef06d3648299b24"),
    (("choice", types.vote_choice_codec), ("content_hash", c.raw_bytes(32))),
)


def owner_vote(
    *,
    owner: Pubkey,
    proposal: Pubkey,
    node: Pubkey,
    choice: types.VoteChoice | int,
    content_hash: bytes,
    node_vote: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Casts or changes the vote of a node's owner: for their own stake and for the co-stakers who have not
    voted themselves. A vote can be changed until the regular end of voting.

    Caller: the node's owner, who must have owned it since before voting began. Errors: `WrongProposal`,
    `WrongNode`, `WrongHash`, `NotANode`, `NotNodeOwner`, `OwnerSinceVote`, `UnknownChoice`, `NotVoting`,
    `NoChangeNow`.

    Args:
        owner: The node's owner. (signer)
        proposal: The proposal. (writable)
        node: The node. (read-only)
        node_vote: The node's part in the vote. (writable, derived if None)
        choice: What a vote says.
        content_hash: Hash of the proposal's content, which the voter has read.
        remaining_accounts: Further accounts, after those above.
    """
    if node_vote is None:
        node_vote = pda.node_vote(proposal=proposal, node=node)
    return Instruction(
        PROGRAM_ID,
        _OWNER_VOTE(choice, content_hash),
        [
            AccountMeta(owner, True, False),
            AccountMeta(proposal, False, True),
            AccountMeta(node, False, False),
            AccountMeta(node_vote, False, True),
            *remaining_accounts,
        ],
    )


_PROPOSE = c.arguments(
    "propose", bytes.fromhex("5dfd52a87621665a"), (("nonce", c.u64), ("args", types.ProposalArgs.CODEC))
)


def propose(
    *,
    proposer: Pubkey,
    source: Pubkey,
    nonce: Int,
    args: types.ProposalArgs,
    config: Pubkey = pda.CONFIG,
    proposal: Pubkey | None = None,
    bond_vault: Pubkey | None = None,
    mint: Pubkey = pda.MINT,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates a draft, with a bond. The proposer shows their stake: nodes that they own, and positions
    that
    they hold, each followed by its node.

    Caller: anyone with the stake. Errors: `StakeOrder`, `NotProposersStake`, `WrongNode`, `SnapshotGone`,
    `StakeTooSmall`.

    Args:
        proposer: Pays the bond and the rent. (signer, writable)
        config: The program's configuration. (read-only)
        proposal: The new proposal. (writable, derived if None)
        bond_vault: The token account that holds the bond. (writable, derived if None)
        mint: The IO mint. (read-only)
        source: Any IO account that the proposer may spend from. (writable)
        token_program: The token program. (read-only)
        system_program: The System program. (read-only)
        nonce: Any number that the proposer has not used yet; part of the address.
        args: A proposal's description, as an instruction takes it.
        remaining_accounts: Further accounts, after those above.
    """
    if proposal is None:
        proposal = pda.proposal(proposer=proposer, nonce=nonce)
    if bond_vault is None:
        bond_vault = pda.bond_vault(proposal=proposal)
    return Instruction(
        PROGRAM_ID,
        _PROPOSE(nonce, args),
        [
            AccountMeta(proposer, True, True),
            AccountMeta(config, False, False),
            AccountMeta(proposal, False, True),
            AccountMeta(bond_vault, False, True),
            AccountMeta(mint, False, False),
            AccountMeta(source, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(system_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_QUEUE = c.arguments("queue", bytes.fromhex("7040b50ad35543ce"), ())


def queue(*, proposal: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()) -> Instruction:
    """Ends a vote: what has passed can be executed after its hold-up.

    Caller: anyone. Errors: `NotVoting`, `StillVoting`, `QueuedTooLate`.

    Args:
        proposal: The proposal. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(PROGRAM_ID, _QUEUE(), [AccountMeta(proposal, False, True), *remaining_accounts])


_RETURN_BOND = c.arguments("return_bond", bytes.fromhex("94423e08ceb80a49"), ())


def return_bond(
    *,
    proposal: Pubkey,
    destination: Pubkey,
    rent_payer: Pubkey,
    config: Pubkey = pda.CONFIG,
    bond_vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Returns the bond to the proposer: a quarter of the quorum has voted, or the proposal was cancelled.

    Caller: anyone. Errors: `WrongBond`, `WrongDestination`, `WrongRentPayer`, `BondNotReturned`.

    Args:
        config: The program's configuration. (read-only)
        proposal: The proposal. (writable)
        bond_vault: The token account that holds the bond. (writable, derived if None)
        destination: An IO account of the proposer. (writable)
        rent_payer: The proposer. Its address is `proposal.proposer`. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if bond_vault is None:
        bond_vault = pda.bond_vault(proposal=proposal)
    return Instruction(
        PROGRAM_ID,
        _RETURN_BOND(),
        [
            AccountMeta(config, False, False),
            AccountMeta(proposal, False, True),
            AccountMeta(bond_vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(rent_payer, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_SET_GUARDIAN = c.arguments("set_guardian", bytes.fromhex("93f332799aa4321e"), (("guardian", c.pubkey),))


def set_guardian(
    *,
    guardian: Pubkey,
    treasury: Pubkey = pda.TREASURY,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Names a guardian for twelve months from now, or nobody.

    Caller: the treasury, by an executed proposal. Errors: `NotTreasury`.

    Args:
        treasury: The treasury, which signs for executed proposals only. (signer)
        config: The program's configuration. (writable)
        guardian: May cancel proposals for twelve months from now; the default key stands for nobody.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_GUARDIAN(guardian),
        [AccountMeta(treasury, True, False), AccountMeta(config, False, True), *remaining_accounts],
    )


_SET_PARAMS = c.arguments(
    "set_params", bytes.fromhex("1beab2349302bb8d"), (("params", types.ParamsArgs.CODEC),)
)


def set_params(
    *,
    params: types.ParamsArgs,
    treasury: Pubkey = pda.TREASURY,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Sets the parameters, each within its bounds.

    Caller: the treasury, by an executed proposal. Errors: `NotTreasury`, `StakeOutOfBounds`,
    `BondOutOfBounds`, `VotingOutOfBounds`, `ExtensionOutOfBounds`, `HoldUpOutOfBounds`,
    `QuorumOutOfBounds`, `ThresholdOutOfBounds`, `OutflowOutOfBounds`, `TermsTooLong`.

    Args:
        treasury: The treasury, which signs for executed proposals only. (signer)
        config: The program's configuration. (writable)
        params: Parameters, as an instruction takes them.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_PARAMS(params),
        [AccountMeta(treasury, True, False), AccountMeta(config, False, True), *remaining_accounts],
    )


__all__ = [
    "activate",
    "add_transaction",
    "burn_bond",
    "cancel",
    "cast_vote",
    "change_vote",
    "close_node_vote",
    "close_transaction",
    "close_vote",
    "execute",
    "initialize",
    "open_node_vote",
    "open_outflow",
    "owner_vote",
    "propose",
    "queue",
    "return_bond",
    "set_guardian",
    "set_params",
]
