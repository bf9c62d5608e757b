"""Events of the staking program.

Generated from idl/staking.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet import _codec as c
from ionet._schema import Event, bind_event

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class Activated(Event):
    """Pending stake became active."""

    seq: int
    node: Pubkey
    holder: Pubkey
    amount: int
    totals: types.NodeTotals


bind_event(
    Activated,
    PROGRAM_ID,
    bytes.fromhex("8c2623616ec1ef47"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("holder", c.pubkey),
        ("amount", c.u64),
        ("totals", types.NodeTotals.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class AuthorityAccepted(Event):
    """`AuthorityAccepted` of the staking program."""

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
    """`AuthorityProposed` of the staking program."""

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
class Claimed(Event):
    """Rewards went out."""

    seq: int
    node: Pubkey
    holder: Pubkey
    amount: int
    totals: types.NodeTotals


bind_event(
    Claimed,
    PROGRAM_ID,
    bytes.fromhex("d9c07b486c96f821"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("holder", c.pubkey),
        ("amount", c.u64),
        ("totals", types.NodeTotals.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class ClassSet(Event):
    """`ClassSet` of the staking program."""

    seq: int
    id: int
    pool: int
    enabled: bool
    maximum: int
    multiplier_bps: int
    base_minimum: int


bind_event(
    ClassSet,
    PROGRAM_ID,
    bytes.fromhex("96c6d1b02486c1f1"),
    (
        ("seq", c.u64),
        ("id", c.u16),
        ("pool", c.u8),
        ("enabled", c.boolean),
        ("maximum", c.u8),
        ("multiplier_bps", c.u32),
        ("base_minimum", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class Credited(Event):
    """A report's leaf was credited from the emission vault.

    Attributes:
        credited: Credited to the node in its life.
        credited_total: Credited to all nodes.
    """

    seq: int
    node: Pubkey
    amount: int
    owner_part: int
    co_part: int
    credited: int
    credited_through: int
    credited_total: int
    totals: types.NodeTotals


bind_event(
    Credited,
    PROGRAM_ID,
    bytes.fromhex("8ef8f707f1fae637"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("amount", c.u64),
        ("owner_part", c.u64),
        ("co_part", c.u64),
        ("credited", c.u64),
        ("credited_through", c.i64),
        ("credited_total", c.u64),
        ("totals", types.NodeTotals.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class DeviceRegistered(Event):
    """`DeviceRegistered` of the staking program."""

    device: Pubkey
    fingerprint: bytes
    device_key: Pubkey
    owner: Pubkey
    class_: int
    seat: int


bind_event(
    DeviceRegistered,
    PROGRAM_ID,
    bytes.fromhex("dd5a0299486247b5"),
    (
        ("device", c.pubkey),
        ("fingerprint", c.raw_bytes(32)),
        ("device_key", c.pubkey),
        ("owner", c.pubkey),
        ("class_", c.u16),
        ("seat", c.u8),
    ),
)


@dataclass(frozen=True, slots=True)
class Initialized(Event):
    """`Initialized` of the staking program."""

    authority: Pubkey


bind_event(Initialized, PROGRAM_ID, bytes.fromhex("d0d573627352c9d1"), (("authority", c.pubkey),))


@dataclass(frozen=True, slots=True)
class NodeRegistered(Event):
    """`NodeRegistered` of the staking program."""

    seq: int
    node: Pubkey
    owner: Pubkey
    class_: int
    units: int
    commission_bps: int
    region: int


bind_event(
    NodeRegistered,
    PROGRAM_ID,
    bytes.fromhex("0f39b73b5d379dc3"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("owner", c.pubkey),
        ("class_", c.u16),
        ("units", c.u8),
        ("commission_bps", c.u16),
        ("region", c.u16),
    ),
)


@dataclass(frozen=True, slots=True)
class ParamsSet(Event):
    """`ParamsSet` of the staking program."""

    seq: int
    pauser: Pubkey
    slasher: Pubkey
    resolver: Pubkey
    cooldown: int


bind_event(
    ParamsSet,
    PROGRAM_ID,
    bytes.fromhex("396f21fc784c62f5"),
    (
        ("seq", c.u64),
        ("pauser", c.pubkey),
        ("slasher", c.pubkey),
        ("resolver", c.pubkey),
        ("cooldown", c.i64),
    ),
)


@dataclass(frozen=True, slots=True)
class PausedSet(Event):
    """`PausedSet` of the staking program."""

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
class Staked(Event):
    """Tokens came in, to the pending stake of `holder`."""

    seq: int
    node: Pubkey
    holder: Pubkey
    amount: int
    totals: types.NodeTotals


bind_event(
    Staked,
    PROGRAM_ID,
    bytes.fromhex("0b922dcde63ad5f0"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("holder", c.pubkey),
        ("amount", c.u64),
        ("totals", types.NodeTotals.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class Unstaked(Event):
    """Stake was taken off: `left` tokens went out, `cooling` tokens or shares wait until `ready_at`."""

    seq: int
    node: Pubkey
    holder: Pubkey
    left: int
    cooling: int
    ready_at: int
    totals: types.NodeTotals


bind_event(
    Unstaked,
    PROGRAM_ID,
    bytes.fromhex("1bb39cd72f47c307"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("holder", c.pubkey),
        ("left", c.u64),
        ("cooling", c.u64),
        ("ready_at", c.i64),
        ("totals", types.NodeTotals.CODEC),
    ),
)


@dataclass(frozen=True, slots=True)
class Withdrawn(Event):
    """Cooled stake went out."""

    seq: int
    node: Pubkey
    holder: Pubkey
    amount: int
    totals: types.NodeTotals


bind_event(
    Withdrawn,
    PROGRAM_ID,
    bytes.fromhex("1459dfc6c27cdb0d"),
    (
        ("seq", c.u64),
        ("node", c.pubkey),
        ("holder", c.pubkey),
        ("amount", c.u64),
        ("totals", types.NodeTotals.CODEC),
    ),
)


#: Each event by its discriminator.
EVENTS: Mapping[bytes, type[Event]] = {
    Activated.DISCRIMINATOR: Activated,
    AuthorityAccepted.DISCRIMINATOR: AuthorityAccepted,
    AuthorityProposed.DISCRIMINATOR: AuthorityProposed,
    Claimed.DISCRIMINATOR: Claimed,
    ClassSet.DISCRIMINATOR: ClassSet,
    Credited.DISCRIMINATOR: Credited,
    DeviceRegistered.DISCRIMINATOR: DeviceRegistered,
    Initialized.DISCRIMINATOR: Initialized,
    NodeRegistered.DISCRIMINATOR: NodeRegistered,
    ParamsSet.DISCRIMINATOR: ParamsSet,
    PausedSet.DISCRIMINATOR: PausedSet,
    Staked.DISCRIMINATOR: Staked,
    Unstaked.DISCRIMINATOR: Unstaked,
    Withdrawn.DISCRIMINATOR: Withdrawn,
}


__all__ = [
    "Activated",
    "AuthorityAccepted",
    "AuthorityProposed",
    "Claimed",
    "ClassSet",
    "Credited",
    "DeviceRegistered",
    "Initialized",
    "NodeRegistered",
    "ParamsSet",
    "PausedSet",
    "Staked",
    "Unstaked",
    "Withdrawn",
]
