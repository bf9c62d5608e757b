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
    """`BondBurned` of the governance program."""

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
    """`BondReturned` of the governance program."""

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
    """`Cancelled` of the governance program."""

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
    """`Executed` of the governance program.

    Attributes:
        done: Whether it was the last transaction.
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
    """`GuardianSet` of the governance program."""

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
    """`Initialized` of the governance program."""

    guardian: Pubkey
    guardian_until: int


bind_event(
    Initialized,
    PROGRAM_ID,
    bytes.fromhex("d0d573627352c9d1"),
    (("guardian", c.pubkey), ("guardian_until", c.i64)),
)


@dataclass(frozen=True, slots=True)
class OutflowOpened(Event):
    """`OutflowOpened` of the governance program."""

    asset: Pubkey


bind_event(OutflowOpened, PROGRAM_ID, bytes.fromhex("be265bacc9a6cece"), (("asset", c.pubkey),))


@dataclass(frozen=True, slots=True)
class ParamsSet(Event):
    """`ParamsSet` of the governance program."""

    seq: int
    min_stake: int
    bond: int
    voting: int
    extension: int
    hold_up: int
    quorum_bps: int
    threshold_bps: int
    outflow_bps: int


bind_event(
    ParamsSet,
    PROGRAM_ID,
    bytes.fromhex("396f21fc784c62f5"),
    (
        ("seq", c.u64),
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
class Proposed(Event):
    """`Proposed` of the governance program.

    Attributes:
        stake: Stake that the proposer has shown.
    """

    seq: int
    proposal: Pubkey
    proposer: Pubkey
    nonce: int
    stake: int
    bond: int
    title: bytes
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
        ("content_hash", c.raw_bytes(32)),
    ),
)


@dataclass(frozen=True, slots=True)
class TransactionAdded(Event):
    """`TransactionAdded` of the governance program.

    Attributes:
        content_hash: Of the description and all transactions so far.
    """

    seq: int
    proposal: Pubkey
    index: int
    program_id: Pubkey
    content_hash: bytes


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
    ),
)


@dataclass(frozen=True, slots=True)
class Voted(Event):
    """`Voted` of the governance program.

    Attributes:
        voter: The position, or the node whose owner votes.
        in_favour: Sums after it.
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
    ),
)


@dataclass(frozen=True, slots=True)
class VotingBegan(Event):
    """`VotingBegan` of the governance program.

    Attributes:
        quorum: Stake that has to vote.
    """

    seq: int
    proposal: Pubkey
    content_hash: bytes
    week: int
    eligible: int
    quorum: int
    voting_ends: int


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
    ),
)


@dataclass(frozen=True, slots=True)
class VotingEnded(Event):
    """`VotingEnded` of the governance program.

    Attributes:
        eta: From when and until when it can be executed; 0 where there is nothing to execute.
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
    OutflowOpened.DISCRIMINATOR: OutflowOpened,
    ParamsSet.DISCRIMINATOR: ParamsSet,
    Proposed.DISCRIMINATOR: Proposed,
    TransactionAdded.DISCRIMINATOR: TransactionAdded,
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
    "OutflowOpened",
    "ParamsSet",
    "Proposed",
    "TransactionAdded",
    "Voted",
    "VotingBegan",
    "VotingEnded",
]
