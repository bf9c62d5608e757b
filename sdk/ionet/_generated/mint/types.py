"""Types of the mint program.

Generated from idl/mint.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.codec import Codec
from ionet.chain.schema import Named, Record, bind_record

from ..shared import Allocation

allocation_codec: Codec[Allocation] = c.unit_enum(Allocation)


@dataclass(frozen=True, slots=True)
class Checkpoint(Record):
    """Where emission stood after a call of `emit`.

    Attributes:
        emitted: Minted on the schedule, what was withheld included, base units.
        withheld: Part of it that was minted into the reserve, base units.
    """

    emitted: int
    withheld: int


bind_record(Checkpoint, (("emitted", c.u64), ("withheld", c.u64)))


class PolicyKind(Named):
    """The pace of emission."""

    FIXED = 0, "All that the schedule says."
    DEMAND_LINKED = 1, "A floor, and more as fees burn IO; the rest of the schedule goes to the reserve."


policy_kind_codec: Codec[PolicyKind] = c.unit_enum(PolicyKind)


@dataclass(frozen=True, slots=True)
class Policy(Record):
    """The policy in force, and where the counters stood when it began.

    Attributes:
        kind: How it paces emission.
        floor_bps: Part of the schedule that is paid in any case, bps.
        per_burned_bps: Paid in addition for IO burned by fees since the policy began, bps of what was
                burned.
        emitted_before: Emitted when the policy began, base units.
        burned_before: Burned by fees when the policy began, base units.
        paid: Paid into the emission vault since then, base units.
    """

    kind: PolicyKind
    floor_bps: int
    per_burned_bps: int
    emitted_before: int
    burned_before: int
    paid: int


bind_record(
    Policy,
    (
        ("kind", policy_kind_codec),
        ("", c.pad(1)),
        ("floor_bps", c.u16),
        ("per_burned_bps", c.u32),
        ("emitted_before", c.u64),
        ("burned_before", c.u64),
        ("paid", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class PolicyArgs(Record):
    """A policy, as an instruction takes it.

    Attributes:
        kind: How it paces emission.
        floor_bps: Part of the schedule that is paid in any case, in bps. 0 for a fixed policy.
        per_burned_bps: Paid in addition for IO burned by fees since the policy began, in bps of what was
                burned. 0 for a fixed policy.
    """

    kind: PolicyKind
    floor_bps: int
    per_burned_bps: int


bind_record(PolicyArgs, (("kind", policy_kind_codec), ("floor_bps", c.u16), ("per_burned_bps", c.u32)))


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


__all__ = ["Allocation", "Checkpoint", "Params", "Policy", "PolicyArgs", "PolicyKind", "Roles"]
