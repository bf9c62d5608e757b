"""Types of the governance program.

Generated from idl/governance.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.codec import Codec, Int
from ionet.chain.schema import Named, Record, bind_record


@dataclass(frozen=True, slots=True)
class Meta(Record):
    """An account of a transaction.

    Attributes:
        key: Address of the account.
        signer: Whether it signs; only the treasury may.
        writable: Whether the transaction may change it.
    """

    key: Pubkey
    signer: bool
    writable: bool


bind_record(Meta, (("key", c.pubkey), ("signer", c.boolean), ("writable", c.boolean)))


@dataclass(frozen=True, slots=True)
class NodeSums(Record):
    """A node's part in a vote.

    Attributes:
        node: The node.
        own: The owner's stake at the start of the week in which voting began, base units.
        co: The co-stakers' stake at that time, base units.
        overridden: Part of the co-stakers' stake that has voted itself, base units.
    """

    node: Pubkey
    own: int
    co: int
    overridden: int


bind_record(NodeSums, (("node", c.pubkey), ("own", c.u64), ("co", c.u64), ("overridden", c.u64)))


@dataclass(frozen=True, slots=True)
class Outflow(Record):
    """What flowed out on each of the latest days.

    Attributes:
        day: The latest day, unix time / 86,400.
        out: What flowed out on that day and on each of the seven before it, base units.
    """

    day: int
    out: tuple[int, ...]


bind_record(Outflow, (("day", c.u64), ("out", c.array(c.u64, 8))))


@dataclass(frozen=True, slots=True)
class ParamsArgs(Record):
    """Parameters, as an instruction takes them.

    Attributes:
        min_stake: Active stake that a proposer needs, base units of IO.
        bond: Bond of a proposal, base units of IO.
        voting: Seconds of voting.
        extension: Seconds by which voting is extended each time that the outcome turns near its end; two
                days in all at most.
        hold_up: Seconds from queueing to execution.
        quorum_bps: Share of eligible stake that has to vote, bps.
        threshold_bps: Share of the votes for and against that those for must exceed, bps.
        outflow_bps: Most of an asset that may leave the treasury in any seven days, bps of what it held.
    """

    min_stake: int
    bond: int
    voting: int
    extension: int
    hold_up: int
    quorum_bps: int
    threshold_bps: int
    outflow_bps: int


bind_record(
    ParamsArgs,
    (
        ("min_stake", c.u64),
        ("bond", c.u64),
        ("voting", c.i64),
        ("extension", c.i64),
        ("hold_up", c.i64),
        ("quorum_bps", c.u16),
        ("threshold_bps", c.u16),
        ("outflow_bps", c.u16),
    ),
)


@dataclass(frozen=True, slots=True)
class Payment(Record):
    """What left the treasury of an asset; the default key is SOL.

    Attributes:
        seq: Number of the payment, counted by the asset's outflow account.
        asset: A mint; the default key is SOL.
        amount: What left, base units.
        total: All that has left of it so far, base units.
    """

    seq: int
    asset: Pubkey
    amount: int
    total: int


bind_record(Payment, (("seq", c.u64), ("asset", c.pubkey), ("amount", c.u64), ("total", c.u64)))


@dataclass(frozen=True, slots=True)
class ProposalArgs(Record):
    """A proposal's description, as an instruction takes it.

    Attributes:
        title: UTF-8, padded with zeros.
        uri: Where its text is published; UTF-8, padded with zeros.
        text_hash: SHA-256 of the text.
    """

    title: bytes
    uri: bytes
    text_hash: bytes


bind_record(
    ProposalArgs, (("title", c.raw_bytes(64)), ("uri", c.raw_bytes(96)), ("text_hash", c.raw_bytes(32)))
)


class ProposalState(Named):
    """Where a proposal stands."""

    DRAFT = 0, "Gathers its transactions."
    VOTING = 1, "Can be voted on until `voting_ends`; after that it waits to be queued."
    QUEUED = 2, "Has passed; can be executed from `eta` to `expires`."
    EXECUTED = 3, "Has passed, and everything is done."
    DEFEATED = 4, "Has not passed."
    CANCELLED = 5, "Withdrawn by its proposer, or stopped by the guardian."


proposal_state_codec: Codec[ProposalState] = c.unit_enum(ProposalState)


@dataclass(frozen=True, slots=True)
class TransactionArgs(Record):
    """An instruction that a proposal executes, as `add_transaction` takes it.

    Attributes:
        program_id: The program that it calls.
        accounts: The accounts that it names, in order.
        data: The instruction's data.
    """

    program_id: Pubkey
    accounts: tuple[Meta, ...]
    data: bytes


bind_record(
    TransactionArgs, (("program_id", c.pubkey), ("accounts", c.vec(Meta.CODEC)), ("data", c.byte_vec))
)


class VoteChoice(Named):
    """What a vote says."""

    FOR = 0, "In favour."
    AGAINST = 1, "Against."
    ABSTAIN = 2, "Neither; counts for the quorum."
    NONE = 3, "Not voted yet; cannot be cast."


vote_choice_codec: Codec[VoteChoice] = c.unit_enum(VoteChoice)


class Params(TypedDict, total=False):
    """Parameters to change; those that are left out stay as they are."""

    min_stake: Int
    bond: Int
    voting: Int
    extension: Int
    hold_up: Int
    quorum_bps: Int
    threshold_bps: Int
    outflow_bps: Int


__all__ = [
    "Meta",
    "NodeSums",
    "Outflow",
    "Params",
    "ParamsArgs",
    "Payment",
    "ProposalArgs",
    "ProposalState",
    "TransactionArgs",
    "VoteChoice",
]
