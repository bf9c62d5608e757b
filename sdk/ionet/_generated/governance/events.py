"""Events of the governance program.

Generated from idl/governance.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Event, bind_event

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class BondBurned(Event):
    """A bond was burned.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        proposal: The proposal.
        amount: Tokens, base units.
        supply: Supply of IO after it, base units.
    """

    seq: int
    proposal: Pubkey
    amount: int
    supply: int


bind_event(
    BondBurned,
    PROGRAM_ID,
    bytes.fromhex("8d23f77dccc633c5"),
    (("seq", c.u64), ("proposal", c.pubkey), ("amount", c.u64), ("supply", c.u64)),
)


@dataclass(frozen=True, slots=True)
class BondReturned(Event):
    """A bond went back to the proposer.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        proposal: The proposal.
        destination: The token account that was paid.
        amount: Tokens, base units.
    """

    seq: int
    proposal: Pubkey
    destination: Pubkey
    amount: int


bind_event(
    BondReturned,
    PROGRAM_ID,
    bytes.fromhex("295596f7d296a076"),
    (("seq", c.u64), ("proposal", c.pubkey), ("destination", c.pubkey), ("amount", c.u64)),
)


@dataclass(frozen=True, slots=True)
class Cancelled(Event):
    """A proposal was cancelled.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        proposal: The proposal.
        by: The proposer, or the guardian.
    """

    seq: int
    proposal: Pubkey
    by: Pubkey


bind_event(
    Cancelled,
    PROGRAM_ID,
    bytes.fromhex("88172a418fe9ea2e"),
    (("seq", c.u64), ("proposal", c.pubkey), ("by", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class Executed(Event):
    """A transaction was executed.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        proposal: The proposal.
        index: Number of the transaction, from 0.
        program_id: The program that it calls.
        done: Whether it was the last transaction.
        payments: What left the treasury.
    """

    seq: int
    proposal: Pubkey
    index: int
    program_id: Pubkey
    done: bool
    payments: tuple[types.Payment, ...]


bind_event(
    Executed,
    PROGRAM_ID,
    bytes.fromhex("08e88b84c52d1da4"),
    (
        ("seq", c.u64),
        ("proposal", c.pubkey),
        ("index", c.u8),
        ("program_id", c.pubkey),
        ("done", c.boolean),
        ("payments", c.vec(types.Payment.CODEC)),
    ),
)


@dataclass(frozen=True, slots=True)
class GuardianSet(Event):
    """A guardian was named.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        guardian: May cancel what is voted on or queued; the default key stands for nobody.
        guardian_until: End of the guardian's term, unix time.
    """

    seq: int
    guardian: Pubkey
    guardian_until: int


bind_event(
    GuardianSet,
    PROGRAM_ID,
    bytes.fromhex("9f319b9cb0581dbe"),
    (("seq", c.u64), ("guardian", c.pubkey), ("guardian_until", c.i64)),
)


@dataclass(frozen=True, slots=True)
class Initialized(Event):
    """The configuration was created.

    Attributes:
        guardian: May cancel what is voted on or queued; the default key stands for nobody.
        guardian_until: End of the guardian's term, unix time.
        params: The first parameters.
    """

    guardian: Pubkey
    guardian_until: int
    params: types.ParamsArgs


bind_event(
    Initialized,
    PROGRAM_ID,
    bytes.fromhex("d0d573627352c9d1"),
    (("guardian", c.pubkey), ("guardian_until", c.i64), ("params", types.ParamsArgs.CODEC)),
)


@dataclass(frozen=True, slots=True)
class NodeVoteClosed(Event):
    """A node's part in a vote was closed, after the vote.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        proposal: The proposal.
        node: The node.
    """

    seq: int
    proposal: Pubkey
    node: Pubkey


bind_event(
    NodeVoteClosed,
    PROGRAM_ID,
    bytes.fromhex("35348c9c433add01"),
    (("seq", c.u64), ("proposal", c.pubkey), ("node", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class OutflowOpened(Event):
    """The account that counts what leaves the treasury of an asset was opened.

    Attributes:
        asset: A mint; the default key is SOL.
    """

    asset: Pubkey


bind_event(OutflowOpened, PROGRAM_ID, bytes.fromhex("be265bacc9a6cece"), (("asset", c.pubkey),))


@dataclass(frozen=True, slots=True)
class ParamsSet(Event):
    """The parameters were set.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        params: All of them.
    """

    seq: int
    params: types.ParamsArgs


bind_event(
    ParamsSet,
    PROGRAM_ID,
    bytes.fromhex("396f21fc784c62f5"),
    (("seq", c.u64), ("params", types.ParamsArgs.CODEC)),
)


@dataclass(frozen=True, slots=True)
class Proposed(Event):
    """A draft was created.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        proposal: The proposal.
        proposer: The proposer.
        nonce: Part of the proposal's address.
        stake: Stake that the proposer has shown, base units of IO.
        bond: Bond of a proposal, base units of IO.
        title: Title, UTF-8, padded with zeros.
        uri: Where its text is published; UTF-8, padded with zeros.
        text_hash: SHA-256 of the text.
        content_hash: Hash of what is voted on: the description and the transactions.
    """

    seq: int
    proposal: Pubkey
    proposer: Pubkey
    nonce: int
    stake: int
    bond: int
    title: bytes
    uri: bytes
    text_hash: bytes
    content_hash: bytes


bind_event(
    Proposed,
    PROGRAM_ID,
    bytes.fromhex("d8258a8d82d0b499"),
    (
        ("seq", c.u64),
        ("proposal", c.pubkey),
        ("proposer", c.pubkey),
        ("nonce", c.u64),
        ("stake", c.u64),
        ("bond", c.u64),
        ("title", c.raw_bytes(64)),
        ("uri", c.raw_bytes(96)),
        ("text_hash", c.raw_bytes(32)),
        ("content_hash", c.raw_bytes(32)),
    ),
)


@dataclass(frozen=True, slots=True)
class TransactionAdded(Event):
    """A transaction was added to a draft.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        proposal: The proposal.
        index: Number of the transaction, from 0.
        program_id: The program that it calls.
        content_hash: Hash of the description and all transactions so far.
        guardian_calls: How many of them only set governance's guardian.
    """

    seq: int
    proposal: Pubkey
    index: int
    program_id: Pubkey
    content_hash: bytes
    guardian_calls: int


bind_event(
    TransactionAdded,
    PROGRAM_ID,
    bytes.fromhex("6952ff3fb8e03672"),
    (
        ("seq", c.u64),
        ("proposal", c.pubkey),
        ("index", c.u8),
        ("program_id", c.pubkey),
        ("content_hash", c.raw_bytes(32)),
        ("guardian_calls", c.u8),
    ),
)


@dataclass(frozen=True, slots=True)
class TransactionClosed(Event):
    """A transaction of a proposal that is over was closed.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        proposal: The proposal.
        index: Number of the transaction, from 0.
    """

    seq: int
    proposal: Pubkey
    index: int


bind_event(
    TransactionClosed,
    PROGRAM_ID,
    bytes.fromhex("7c18ac82d1813eb0"),
    (("seq", c.u64), ("proposal", c.pubkey), ("index", c.u8)),
)


@dataclass(frozen=True, slots=True)
class VoteClosed(Event):
    """A co-staker's vote was closed, after the vote.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        proposal: The proposal.
        position: The position that has voted.
    """

    seq: int
    proposal: Pubkey
    position: Pubkey


bind_event(
    VoteClosed,
    PROGRAM_ID,
    bytes.fromhex("f0a78369a8571dae"),
    (("seq", c.u64), ("proposal", c.pubkey), ("position", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class Voted(Event):
    """A vote was cast or changed.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        proposal: The proposal.
        voter: The position, or the node whose owner votes.
        by: The signer: the position's holder, or the node's owner.
        choice: The voter's choice.
        weight: Stake that the vote weighs, base units.
        in_favour: Stake that has voted for it, base units.
        against: Stake that has voted against it, base units.
        abstain: Stake that has abstained, base units.
        voting_ends: When voting ends, unix time.
        extended: How often the end of voting has moved.
        node: The node's part in the vote after it; zeros where a position's vote was changed.
    """

    seq: int
    proposal: Pubkey
    voter: Pubkey
    by: Pubkey
    choice: types.VoteChoice
    weight: int
    in_favour: int
    against: int
    abstain: int
    voting_ends: int
    extended: int
    node: types.NodeSums


bind_event(
    Voted,
    PROGRAM_ID,
    bytes.fromhex("bd4a657f6dd65f82"),
    (
        ("seq", c.u64),
        ("proposal", c.pubkey),
        ("voter", c.pubkey),
        ("by", c.pubkey),
        ("choice", types.vote_choice_codec),
        ("weight", c.u64),
        ("in_favour", c.u64),
        ("against", c.u64),
        ("abstain", c.u64),
        ("voting_ends", c.i64),
        ("extended", c.u8),
        ("node", types.NodeSums.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class VotingBegan(Event):
    """A draft is open for votes.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        proposal: The proposal.
        content_hash: Hash of what is voted on: the description and the transactions.
        week: Week (unix time / 604,800) whose start decides what each vote weighs.
        eligible: All active stake at that time, base units.
        quorum: Stake that has to vote, base units.
        voting_ends: When voting ends, unix time.
        extension: Seconds by which a late turn of the outcome extends voting.
        hold_up: Seconds from queueing to execution.
        quorum_bps: Share of eligible stake that has to vote, bps.
        threshold_bps: Share of the votes for and against that those for must exceed, bps.
    """

    seq: int
    proposal: Pubkey
    content_hash: bytes
    week: int
    eligible: int
    quorum: int
    voting_ends: int
    extension: int
    hold_up: int
    quorum_bps: int
    threshold_bps: int


bind_event(
    VotingBegan,
    PROGRAM_ID,
    bytes.fromhex("1fc99cc9ad70f2b3"),
    (
        ("seq", c.u64),
        ("proposal", c.pubkey),
        ("content_hash", c.raw_bytes(32)),
        ("week", c.u64),
        ("eligible", c.u64),
        ("quorum", c.u64),
        ("voting_ends", c.i64),
        ("extension", c.i64),
        ("hold_up", c.i64),
        ("quorum_bps", c.u16),
        ("threshold_bps", c.u16),
    ),
)


@dataclass(frozen=True, slots=True)
class VotingEnded(Event):
    """Voting on a proposal is over.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        proposal: The proposal.
        passed: Whether it has passed.
        in_favour: Stake that has voted for it, base units.
        against: Stake that has voted against it, base units.
        abstain: Stake that has abstained, base units.
        eta: From when it can be executed, unix time; 0 where there is nothing to execute.
        expires: Until when it can be executed, unix time; 0 where there is nothing to execute.
    """

    seq: int
    proposal: Pubkey
    passed: bool
    in_favour: int
    against: int
    abstain: int
    eta: int
    expires: int


bind_event(
    VotingEnded,
    PROGRAM_ID,
    bytes.fromhex("3dfc8adc4fc290ae"),
    (
        ("seq", c.u64),
        ("proposal", c.pubkey),
        ("passed", c.boolean),
        ("in_favour", c.u64),
        ("against", c.u64),
        ("abstain", c.u64),
        ("eta", c.i64),
        ("expires", c.i64),
    ),
)


#: Each event by its discriminator.
EVENTS: Mapping[bytes, type[Event]] = {
    BondBurned.DISCRIMINATOR: BondBurned,
    BondReturned.DISCRIMINATOR: BondReturned,
    Cancelled.DISCRIMINATOR: Cancelled,
    Executed.DISCRIMINATOR: Executed,
    GuardianSet.DISCRIMINATOR: GuardianSet,
    Initialized.DISCRIMINATOR: Initialized,
    NodeVoteClosed.DISCRIMINATOR: NodeVoteClosed,
    OutflowOpened.DISCRIMINATOR: OutflowOpened,
    ParamsSet.DISCRIMINATOR: ParamsSet,
    Proposed.DISCRIMINATOR: Proposed,
    TransactionAdded.DISCRIMINATOR: TransactionAdded,
    TransactionClosed.DISCRIMINATOR: TransactionClosed,
    VoteClosed.DISCRIMINATOR: VoteClosed,
    Voted.DISCRIMINATOR: Voted,
    VotingBegan.DISCRIMINATOR: VotingBegan,
    VotingEnded.DISCRIMINATOR: VotingEnded,
}


__all__ = [
    "BondBurned",
    "BondReturned",
    "Cancelled",
    "Executed",
    "GuardianSet",
    "Initialized",
    "NodeVoteClosed",
    "OutflowOpened",
    "ParamsSet",
    "Proposed",
    "TransactionAdded",
    "TransactionClosed",
    "VoteClosed",
    "Voted",
    "VotingBegan",
    "VotingEnded",
]
