"""Events of the buyback program.

Generated from idl/buyback.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet import _codec as c
from ionet._schema import Event, bind_event

from . import PROGRAM_ID


@dataclass(frozen=True, slots=True)
class AuthorityAccepted(Event):
    """`AuthorityAccepted` of the buyback program."""

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
    """`AuthorityProposed` of the buyback program."""

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
class FeesBurned(Event):
    """`FeesBurned` of the buyback program.

    Attributes:
        receipt: Counts burns from 1.
        burned_total: Burned so far.
    """

    seq: int
    receipt: int
    time: int
    shard: int
    amount: int
    burned_total: int
    supply_before: int
    supply_after: int


bind_event(
    FeesBurned,
    PROGRAM_ID,
    bytes.fromhex("9ceb95073e79cd17"),
    (
        ("seq", c.u64),
        ("receipt", c.u64),
        ("time", c.i64),
        ("shard", c.u8),
        ("amount", c.u64),
        ("burned_total", c.u64),
        ("supply_before", c.u64),
        ("supply_after", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class Initialized(Event):
    """`Initialized` of the buyback program."""

    authority: Pubkey


bind_event(Initialized, PROGRAM_ID, bytes.fromhex("d0d573627352c9d1"), (("authority", c.pubkey),))


@dataclass(frozen=True, slots=True)
class ParamsSet(Event):
    """`ParamsSet` of the buyback program."""

    seq: int
    pauser: Pubkey


bind_event(ParamsSet, PROGRAM_ID, bytes.fromhex("396f21fc784c62f5"), (("seq", c.u64), ("pauser", c.pubkey)))


@dataclass(frozen=True, slots=True)
class PausedSet(Event):
    """`PausedSet` of the buyback program."""

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
class VaultOpened(Event):
    """`VaultOpened` of the buyback program."""

    seq: int
    mint: Pubkey
    shard: int
    vault: Pubkey


bind_event(
    VaultOpened,
    PROGRAM_ID,
    bytes.fromhex("c6fac3191a6bc510"),
    (("seq", c.u64), ("mint", c.pubkey), ("shard", c.u8), ("vault", c.pubkey)),
)


#: Each event by its discriminator.
EVENTS: Mapping[bytes, type[Event]] = {
    AuthorityAccepted.DISCRIMINATOR: AuthorityAccepted,
    AuthorityProposed.DISCRIMINATOR: AuthorityProposed,
    FeesBurned.DISCRIMINATOR: FeesBurned,
    Initialized.DISCRIMINATOR: Initialized,
    ParamsSet.DISCRIMINATOR: ParamsSet,
    PausedSet.DISCRIMINATOR: PausedSet,
    VaultOpened.DISCRIMINATOR: VaultOpened,
}


__all__ = [
    "AuthorityAccepted",
    "AuthorityProposed",
    "FeesBurned",
    "Initialized",
    "ParamsSet",
    "PausedSet",
    "VaultOpened",
]
