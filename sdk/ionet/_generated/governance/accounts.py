"""Accounts of the governance program.

Generated from idl/governance.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Account, bind_account

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class AssetOutflow(Account):
    """Counts what left the treasury of one asset, so that no seven days exceed the limit:
    `["outflow", asset]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        asset: A mint; the default key is SOL, wrapped or not.
        recent: What left on each of the latest days.
        total: All that has left so far, base units.
        seq: Number of the latest event.
    """

    version: int
    bump: int
    asset: Pubkey
    recent: types.Outflow
    total: int
    seq: int


bind_account(
    AssetOutflow,
    PROGRAM_ID,
    bytes.fromhex("c838e891aac46ea7"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("", c.pad(6)),
        ("asset", c.pubkey),
        ("recent", types.Outflow.CODEC),
        ("total", c.u64),
        ("seq", c.u64),
        ("", c.pad(64)),
    ),
)


@dataclass(frozen=True, slots=True)
class Config(Account):
    """The one configuration account of the program, and the owner of every bond: `["config"]`. Only the
    treasury changes it.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        quorum_bps: Share of eligible stake that has to vote, bps.
        threshold_bps: Share of the votes for and against that those for must exceed, bps.
        outflow_bps: Most of an asset that may leave the treasury in any seven days, bps of what it held.
        last_time: Latest time that an instruction has seen, unix time.
        min_stake: Active stake that a proposer needs, base units of IO.
        bond: Bond of a proposal, base units of IO.
        voting: Seconds of voting.
        extension: Seconds by which voting is extended each time that the outcome turns near its end; two
                days in all at most.
        hold_up: Seconds from queueing to execution.
        guardian: May cancel what is voted on or queued; the default key stands for nobody.
        guardian_until: End of the guardian's term, unix time.
        seq: Number of the latest event of this account.
    """

    version: int
    bump: int
    quorum_bps: int
    threshold_bps: int
    outflow_bps: int
    last_time: int
    min_stake: int
    bond: int
    voting: int
    extension: int
    hold_up: int
    guardian: Pubkey
    guardian_until: int
    seq: int


bind_account(
    Config,
    PROGRAM_ID,
    bytes.fromhex("9b0caae01efacc82"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("quorum_bps", c.u16),
        ("threshold_bps", c.u16),
        ("outflow_bps", c.u16),
        ("last_time", c.i64),
        ("min_stake", c.u64),
        ("bond", c.u64),
        ("voting", c.i64),
        ("extension", c.i64),
        ("hold_up", c.i64),
        ("guardian", c.pubkey),
        ("guardian_until", c.i64),
        ("seq", c.u64),
        ("", c.pad(256)),
    ),
)


@dataclass(frozen=True, slots=True)
class NodeVote(Account):
    """A node's part in a vote: `["node_vote", proposal, node]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        owner_choice: The owner's choice.
        proposal: The proposal.
        node: The node.
        rent_payer: Who paid its rent.
        own: The owner's stake at the start of the week in which voting began, base units.
        co: The co-stakers' stake at that time, base units.
        overridden: Part of the co-stakers' stake that has voted itself, base units.
    """

    version: int
    bump: int
    owner_choice: types.VoteChoice
    proposal: Pubkey
    node: Pubkey
    rent_payer: Pubkey
    own: int
    co: int
    overridden: int


bind_account(
    NodeVote,
    PROGRAM_ID,
    bytes.fromhex("1b945f3a204afd7d"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("owner_choice", types.vote_choice_codec),
        ("", c.pad(5)),
        ("proposal", c.pubkey),
        ("node", c.pubkey),
        ("rent_payer", c.pubkey),
        ("own", c.u64),
        ("co", c.u64),
        ("overridden", c.u64),
        ("", c.pad(32)),
    ),
)


@dataclass(frozen=True, slots=True)
class Proposal(Account):
    """A proposal and its votes: `["proposal", proposer, nonce]`. Never closed, so that no vote on it can
    count for another.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        state: Where it stands.
        transactions: Number of its transactions.
        executed: Number of its transactions that were executed.
        guardian_calls: Number of its transactions that only set governance's guardian.
        extended: How often the end of voting has moved.
        proposer: The proposer.
        nonce: Part of the address.
        title: Title, UTF-8, padded with zeros.
        uri: Where its text is published; UTF-8, padded with zeros.
        text_hash: SHA-256 of the text.
        content_hash: Hash of what is voted on: the description and all transactions, in order.
        progress: Hash of the description and the executed transactions.
        bond_vault: Token account that holds the bond.
        bond: The bond, base units of IO, as required when the proposal was created; returned or burned
                once.
        created_at: When it was made, unix time.
        voting_from: When voting began, unix time; 0 before.
        voting_ends: When voting ends, unix time; 0 before it has begun.
        eta: From when it can be executed, unix time.
        expires: Until when it can be executed, unix time.
        extension: Seconds by which a late turn of the outcome extends voting. Terms here are those in
                force when voting began.
        hold_up: Seconds from queueing to execution.
        quorum_bps: Share of eligible stake that has to vote, bps.
        threshold_bps: Share of the votes for and against that those for must exceed, bps.
        week: Week (unix time / 604,800) whose start decides what each vote weighs.
        eligible: All active stake at that time, base units.
        in_favour: Stake that has voted for it, base units.
        against: Stake that has voted against it, base units.
        abstain: Stake that has abstained, base units.
        seq: Number of the latest event.
        last_time: Latest time that an instruction has seen, unix time.
        regular_end: When voting would have ended without an extension, unix time; after it no vote can be
                changed.
    """

    version: int
    bump: int
    state: types.ProposalState
    transactions: int
    executed: int
    guardian_calls: int
    extended: int
    proposer: Pubkey
    nonce: int
    title: bytes
    uri: bytes
    text_hash: bytes
    content_hash: bytes
    progress: bytes
    bond_vault: Pubkey
    bond: int
    created_at: int
    voting_from: int
    voting_ends: int
    eta: int
    expires: int
    extension: int
    hold_up: int
    quorum_bps: int
    threshold_bps: int
    week: int
    eligible: int
    in_favour: int
    against: int
    abstain: int
    seq: int
    last_time: int
    regular_end: int


bind_account(
    Proposal,
    PROGRAM_ID,
    bytes.fromhex("1a5ebdbb74883521"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("state", types.proposal_state_codec),
        ("transactions", c.u8),
        ("executed", c.u8),
        ("guardian_calls", c.u8),
        ("extended", c.u8),
        ("", c.pad(1)),
        ("proposer", c.pubkey),
        ("nonce", c.u64),
        ("title", c.raw_bytes(64)),
        ("uri", c.raw_bytes(96)),
        ("text_hash", c.raw_bytes(32)),
        ("content_hash", c.raw_bytes(32)),
        ("progress", c.raw_bytes(32)),
        ("bond_vault", c.pubkey),
        ("bond", c.u64),
        ("created_at", c.i64),
        ("voting_from", c.i64),
        ("voting_ends", c.i64),
        ("eta", c.i64),
        ("expires", c.i64),
        ("extension", c.i64),
        ("hold_up", c.i64),
        ("quorum_bps", c.u16),
        ("threshold_bps", c.u16),
        ("", c.pad(4)),
        ("week", c.u64),
        ("eligible", c.u64),
        ("in_favour", c.u64),
        ("against", c.u64),
        ("abstain", c.u64),
        ("seq", c.u64),
        ("last_time", c.i64),
        ("regular_end", c.i64),
        ("", c.pad(120)),
    ),
)


@dataclass(frozen=True, slots=True)
class StoredTransaction(Account):
    """A transaction of a proposal, never changed: `["transaction", proposal, index]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        index: Its number in the proposal, from 0.
        proposal: The proposal.
        rent_payer: Who paid its rent.
        args: The instruction that it executes.
    """

    version: int
    bump: int
    index: int
    proposal: Pubkey
    rent_payer: Pubkey
    args: types.TransactionArgs


bind_account(
    StoredTransaction,
    PROGRAM_ID,
    bytes.fromhex("5244e45928ea1252"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("index", c.u8),
        ("proposal", c.pubkey),
        ("rent_payer", c.pubkey),
        ("", c.pad(32)),
        ("args", types.TransactionArgs.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class VoteRecord(Account):
    """A co-staker's vote: `["vote", proposal, position]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        choice: The holder's choice.
        proposal: The proposal.
        position: The position.
        holder: The position's holder, who votes and paid the rent.
        weight: The position's active stake at the start of the week in which voting began, base units.
    """

    version: int
    bump: int
    choice: types.VoteChoice
    proposal: Pubkey
    position: Pubkey
    holder: Pubkey
    weight: int


bind_account(
    VoteRecord,
    PROGRAM_ID,
    bytes.fromhex("70097ba5ea099da7"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("choice", types.vote_choice_codec),
        ("", c.pad(5)),
        ("proposal", c.pubkey),
        ("position", c.pubkey),
        ("holder", c.pubkey),
        ("weight", c.u64),
        ("", c.pad(32)),
    ),
)


__all__ = ["AssetOutflow", "Config", "NodeVote", "Proposal", "StoredTransaction", "VoteRecord"]
