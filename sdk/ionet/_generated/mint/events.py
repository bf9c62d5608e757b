"""Events of the mint program.

Generated from idl/mint.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Event, bind_event

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class AuthorityAccepted(Event):
    """The proposed successor has become the authority.

    Attributes:
        seq: Number of the event, counted by the configuration.
        authority: The new authority.
    """

    seq: int
    authority: Pubkey


bind_event(
    AuthorityAccepted,
    PROGRAM_ID,
    bytes.fromhex("a6c0dbbc29d1c31a"),
    (("seq", c.u64), ("authority", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class AuthorityProposed(Event):
    """The authority has proposed a successor, or withdrawn the proposal.

    Attributes:
        seq: Number of the event, counted by the configuration.
        authority: The present authority.
        successor: Becomes the authority when it accepts; the default key stands for nobody.
    """

    seq: int
    authority: Pubkey
    successor: Pubkey


bind_event(
    AuthorityProposed,
    PROGRAM_ID,
    bytes.fromhex("f4755e7035972359"),
    (("seq", c.u64), ("authority", c.pubkey), ("successor", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class Emitted(Event):
    """What was due on the schedule was minted.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        time: When it happened, unix time.
        paid: Minted into the emission vault, base units.
        withheld: Minted into the reserve, base units.
        emitted_total: Minted on the schedule so far, base units.
        withheld_total: Of that, minted into the reserve so far, base units.
        policy_paid: Minted into the emission vault since the policy began, base units.
        supply: Supply of IO after it, base units.
    """

    seq: int
    time: int
    paid: int
    withheld: int
    emitted_total: int
    withheld_total: int
    policy_paid: int
    supply: int


bind_event(
    Emitted,
    PROGRAM_ID,
    bytes.fromhex("e3b9dcfd8d6049b2"),
    (
        ("seq", c.u64),
        ("time", c.i64),
        ("paid", c.u64),
        ("withheld", c.u64),
        ("emitted_total", c.u64),
        ("withheld_total", c.u64),
        ("policy_paid", c.u64),
        ("supply", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class GenesisMinted(Event):
    """A genesis allocation was minted.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        allocation: The allocation that was minted.
        amount: Amount, base units.
        destination: The token account that was paid.
        genesis_total: Minted at genesis so far, base units.
        supply: Supply of IO after it, base units.
    """

    seq: int
    allocation: types.Allocation
    amount: int
    destination: Pubkey
    genesis_total: int
    supply: int


bind_event(
    GenesisMinted,
    PROGRAM_ID,
    bytes.fromhex("804c607eb495e7e7"),
    (
        ("seq", c.u64),
        ("allocation", types.allocation_codec),
        ("amount", c.u64),
        ("destination", c.pubkey),
        ("genesis_total", c.u64),
        ("supply", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class Initialized(Event):
    """The mint and its configuration were created.

    Attributes:
        authority: The first authority.
        mint: The IO mint.
        start: Unix time from which emission counts.
        policy: The first policy.
    """

    authority: Pubkey
    mint: Pubkey
    start: int
    policy: types.PolicyArgs


bind_event(
    Initialized,
    PROGRAM_ID,
    bytes.fromhex("d0d573627352c9d1"),
    (("authority", c.pubkey), ("mint", c.pubkey), ("start", c.i64), ("policy", types.PolicyArgs.CODEC)),
)


@dataclass(frozen=True, slots=True)
class ParamsSet(Event):
    """The pauser was set.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        pauser: May pause from now on.
    """

    seq: int
    pauser: Pubkey


bind_event(ParamsSet, PROGRAM_ID, bytes.fromhex("396f21fc784c62f5"), (("seq", c.u64), ("pauser", c.pubkey)))


@dataclass(frozen=True, slots=True)
class PausedSet(Event):
    """The paused entries were set.

    Attributes:
        seq: Number of the event, counted by the configuration.
        by: The authority, or the pauser.
        paused: Bits of the entries that are paused now, `PAUSE_*`.
    """

    seq: int
    by: Pubkey
    paused: int


bind_event(
    PausedSet,
    PROGRAM_ID,
    bytes.fromhex("ab7d7f9ce9514442"),
    (("seq", c.u64), ("by", c.pubkey), ("paused", c.u64)),
)


@dataclass(frozen=True, slots=True)
class PolicySet(Event):
    """A policy has begun.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        policy: All that was set.
        emitted_before: Emitted by then, base units.
        burned_before: Burned by fees by then, base units; 0 where the policy does not look at it.
    """

    seq: int
    policy: types.PolicyArgs
    emitted_before: int
    burned_before: int


bind_event(
    PolicySet,
    PROGRAM_ID,
    bytes.fromhex("7ef6453009f0e234"),
    (("seq", c.u64), ("policy", types.PolicyArgs.CODEC), ("emitted_before", c.u64), ("burned_before", c.u64)),
)


@dataclass(frozen=True, slots=True)
class ReserveBurned(Event):
    """What policies have withheld was burned.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        amount: Tokens, base units.
        burned_total: Burned out of the reserve so far, base units.
        supply: Supply of IO after it, base units.
    """

    seq: int
    amount: int
    burned_total: int
    supply: int


bind_event(
    ReserveBurned,
    PROGRAM_ID,
    bytes.fromhex("31cd509fc40feb12"),
    (("seq", c.u64), ("amount", c.u64), ("burned_total", c.u64), ("supply", c.u64)),
)


#: Each event by its discriminator.
EVENTS: Mapping[bytes, type[Event]] = {
    AuthorityAccepted.DISCRIMINATOR: AuthorityAccepted,
    AuthorityProposed.DISCRIMINATOR: AuthorityProposed,
    Emitted.DISCRIMINATOR: Emitted,
    GenesisMinted.DISCRIMINATOR: GenesisMinted,
    Initialized.DISCRIMINATOR: Initialized,
    ParamsSet.DISCRIMINATOR: ParamsSet,
    PausedSet.DISCRIMINATOR: PausedSet,
    PolicySet.DISCRIMINATOR: PolicySet,
    ReserveBurned.DISCRIMINATOR: ReserveBurned,
}


__all__ = [
    "AuthorityAccepted",
    "AuthorityProposed",
    "Emitted",
    "GenesisMinted",
    "Initialized",
    "ParamsSet",
    "PausedSet",
    "PolicySet",
    "ReserveBurned",
]
