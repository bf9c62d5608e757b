"""Types of the distributor program.

Generated from idl/distributor.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.codec import Codec
from ionet.chain.schema import Record, bind_record

from ..shared import Allocation

allocation_codec: Codec[Allocation] = c.unit_enum(Allocation)


@dataclass(frozen=True, slots=True)
class AirdropArgs(Record):
    """A new airdrop.

    Attributes:
        root: Merkle root of the leaves.
        leaves: Number of leaves.
        total: Sum of the leaves, base units.
        deadline: Until when it can be claimed, unix time.
        allocation: The genesis allocation that it is paid from.
    """

    root: bytes
    leaves: int
    total: int
    deadline: int
    allocation: Allocation


bind_record(
    AirdropArgs,
    (
        ("root", c.raw_bytes(32)),
        ("leaves", c.u32),
        ("total", c.u64),
        ("deadline", c.i64),
        ("allocation", allocation_codec),
    ),
)


@dataclass(frozen=True, slots=True)
class ClaimArgs(Record):
    """A leaf with its place and proof.

    Attributes:
        index: Number of the leaf, from 0.
        amount: Amount, base units.
        proof: One hash a level, from the leaf up.
    """

    index: int
    amount: int
    proof: tuple[bytes, ...]


bind_record(ClaimArgs, (("index", c.u32), ("amount", c.u64), ("proof", c.vec(c.raw_bytes(32)))))


@dataclass(frozen=True, slots=True)
class ScheduleArgs(Record):
    """How much of a grant vests when; see `io_math::vesting`.

    Attributes:
        total: Total, base units.
        upfront: Part of the total that vests at the start, base units.
        start: Unix time.
        cliff: Seconds from the start to the time from which tranches count.
        period: Seconds between tranches.
        tranches: Number of equal parts of the rest; the last also has the remainder.
    """

    total: int
    upfront: int
    start: int
    cliff: int
    period: int
    tranches: int


bind_record(
    ScheduleArgs,
    (
        ("total", c.u64),
        ("upfront", c.u64),
        ("start", c.i64),
        ("cliff", c.u32),
        ("period", c.u32),
        ("tranches", c.u32),
    ),
)


@dataclass(frozen=True, slots=True)
class GrantArgs(Record):
    """A new grant.

    Attributes:
        beneficiary: Who is paid.
        schedule: How much of it vests when.
        revocable: Whether what has not vested can be taken back.
        allocation: The genesis allocation that it is paid from.
    """

    beneficiary: Pubkey
    schedule: ScheduleArgs
    revocable: bool
    allocation: Allocation


bind_record(
    GrantArgs,
    (
        ("beneficiary", c.pubkey),
        ("schedule", ScheduleArgs.CODEC),
        ("revocable", c.boolean),
        ("allocation", allocation_codec),
    ),
)


@dataclass(frozen=True, slots=True)
class Roles(Record):
    """Authority, its successor until the successor accepts, and the pauser.

    Attributes:
        authority: May change parameters and lift pauses.
        pending_authority: Becomes the authority when it accepts; all zeros while nobody is proposed.
        pauser: May pause, and nothing else.
        paused: Paused entries, a bit each; each program says which bit stands for what.
    """

    authority: Pubkey
    pending_authority: Pubkey
    pauser: Pubkey
    paused: int


bind_record(
    Roles, (("authority", c.pubkey), ("pending_authority", c.pubkey), ("pauser", c.pubkey), ("paused", c.u64))
)


class Params(TypedDict, total=False):
    """Parameters to change; those that are left out stay as they are."""

    pauser: Pubkey
    treasury: Pubkey


__all__ = ["AirdropArgs", "Allocation", "ClaimArgs", "GrantArgs", "Params", "Roles", "ScheduleArgs"]
