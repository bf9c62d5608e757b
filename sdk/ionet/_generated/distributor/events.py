"""Events of the distributor program.

Generated from idl/distributor.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Event, bind_event

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class AirdropClaimed(Event):
    """A leaf was claimed.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        airdrop: The airdrop.
        index: Number of the leaf.
        claimant: The claimant that the leaf names.
        amount: Amount, base units.
        destination: A token account of the claimant, or the vault of the node that they stake on.
        staked: Whether it went into stake.
        claimed_total: Claimed so far, base units.
    """

    seq: int
    airdrop: Pubkey
    index: int
    claimant: Pubkey
    amount: int
    destination: Pubkey
    staked: bool
    claimed_total: int


bind_event(
    AirdropClaimed,
    PROGRAM_ID,
    bytes.fromhex("7dfbc3b7ca7e5944"),
    (
        ("seq", c.u64),
        ("airdrop", c.pubkey),
        ("index", c.u32),
        ("claimant", c.pubkey),
        ("amount", c.u64),
        ("destination", c.pubkey),
        ("staked", c.boolean),
        ("claimed_total", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class AirdropCreated(Event):
    """An airdrop was created and funded.

    Attributes:
        seq: Number of the event, counted by the configuration.
        airdrop: The airdrop.
        id: Part of the airdrop's address.
        allocation: The genesis allocation that it is paid from.
        root: Merkle root of the leaves.
        leaves: Number of leaves.
        total: Sum of the leaves, base units.
        deadline: Until when it can be claimed, unix time.
        airdropped_total: Put into airdrops so far, base units.
    """

    seq: int
    airdrop: Pubkey
    id: int
    allocation: types.Allocation
    root: bytes
    leaves: int
    total: int
    deadline: int
    airdropped_total: int


bind_event(
    AirdropCreated,
    PROGRAM_ID,
    bytes.fromhex("bedb6521d0bb9560"),
    (
        ("seq", c.u64),
        ("airdrop", c.pubkey),
        ("id", c.u64),
        ("allocation", types.allocation_codec),
        ("root", c.raw_bytes(32)),
        ("leaves", c.u32),
        ("total", c.u64),
        ("deadline", c.i64),
        ("airdropped_total", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class AirdropReclaimed(Event):
    """What nobody claimed went to the treasury.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        airdrop: The airdrop.
        returned: What nobody claimed, base units.
        surplus: Sent to the vault by others, base units.
        destination: The token account that was paid.
        claimed_total: Claimed so far, base units.
    """

    seq: int
    airdrop: Pubkey
    returned: int
    surplus: int
    destination: Pubkey
    claimed_total: int


bind_event(
    AirdropReclaimed,
    PROGRAM_ID,
    bytes.fromhex("e473bafd5d2dc239"),
    (
        ("seq", c.u64),
        ("airdrop", c.pubkey),
        ("returned", c.u64),
        ("surplus", c.u64),
        ("destination", c.pubkey),
        ("claimed_total", c.u64),
    ),
)


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
class BeneficiaryAccepted(Event):
    """The proposed successor has become the beneficiary.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        grant: The grant.
        beneficiary: The new beneficiary.
    """

    seq: int
    grant: Pubkey
    beneficiary: Pubkey


bind_event(
    BeneficiaryAccepted,
    PROGRAM_ID,
    bytes.fromhex("9e0544d498532cfa"),
    (("seq", c.u64), ("grant", c.pubkey), ("beneficiary", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class BeneficiaryProposed(Event):
    """A beneficiary has proposed a successor, or withdrawn the proposal.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        grant: The grant.
        beneficiary: The present beneficiary.
        successor: Becomes the beneficiary when it accepts; the default key stands for nobody.
    """

    seq: int
    grant: Pubkey
    beneficiary: Pubkey
    successor: Pubkey


bind_event(
    BeneficiaryProposed,
    PROGRAM_ID,
    bytes.fromhex("932361c2aa16ec05"),
    (("seq", c.u64), ("grant", c.pubkey), ("beneficiary", c.pubkey), ("successor", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class ClaimsClosed(Event):
    """An account that marks claims was closed.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        airdrop: The airdrop.
        number: Number of the account; its first leaf is `number · 8,192`.
    """

    seq: int
    airdrop: Pubkey
    number: int


bind_event(
    ClaimsClosed,
    PROGRAM_ID,
    bytes.fromhex("dab9f62aa4b2596c"),
    (("seq", c.u64), ("airdrop", c.pubkey), ("number", c.u32)),
)


@dataclass(frozen=True, slots=True)
class ClaimsOpened(Event):
    """An account that marks claims was opened.

    Attributes:
        seq: Number of the event, counted by the airdrop.
        airdrop: The airdrop.
        number: Number of the account; its first leaf is `number · 8,192`.
    """

    seq: int
    airdrop: Pubkey
    number: int


bind_event(
    ClaimsOpened,
    PROGRAM_ID,
    bytes.fromhex("7e5c1894f242081c"),
    (("seq", c.u64), ("airdrop", c.pubkey), ("number", c.u32)),
)


@dataclass(frozen=True, slots=True)
class GrantCreated(Event):
    """A grant was created and funded.

    Attributes:
        seq: Number of the event, counted by the configuration.
        grant: The grant.
        id: Part of the grant's address.
        allocation: The genesis allocation that it is paid from.
        beneficiary: Who it belongs to.
        revocable: Whether what has not vested can be taken back.
        schedule: How much of it vests when.
        granted_total: Put into grants so far, base units.
    """

    seq: int
    grant: Pubkey
    id: int
    allocation: types.Allocation
    beneficiary: Pubkey
    revocable: bool
    schedule: types.ScheduleArgs
    granted_total: int


bind_event(
    GrantCreated,
    PROGRAM_ID,
    bytes.fromhex("a2fe833841d65506"),
    (
        ("seq", c.u64),
        ("grant", c.pubkey),
        ("id", c.u64),
        ("allocation", types.allocation_codec),
        ("beneficiary", c.pubkey),
        ("revocable", c.boolean),
        ("schedule", types.ScheduleArgs.CODEC),
        ("granted_total", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class GrantRevoked(Event):
    """A grant was revoked.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        grant: The grant.
        time: Nothing vests after this time, unix time.
        vested: What has vested and stays the beneficiary's, base units.
        returned: What went back to the treasury, base units.
        destination: The token account that was paid.
    """

    seq: int
    grant: Pubkey
    time: int
    vested: int
    returned: int
    destination: Pubkey


bind_event(
    GrantRevoked,
    PROGRAM_ID,
    bytes.fromhex("c03cfd0c6e9ec81e"),
    (
        ("seq", c.u64),
        ("grant", c.pubkey),
        ("time", c.i64),
        ("vested", c.u64),
        ("returned", c.u64),
        ("destination", c.pubkey),
    ),
)


@dataclass(frozen=True, slots=True)
class Initialized(Event):
    """The configuration was created.

    Attributes:
        authority: The first authority.
        treasury: Owns the accounts that revoked and unclaimed IO goes to.
    """

    authority: Pubkey
    treasury: Pubkey


bind_event(
    Initialized,
    PROGRAM_ID,
    bytes.fromhex("d0d573627352c9d1"),
    (("authority", c.pubkey), ("treasury", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class ParamsSet(Event):
    """The parameters were set.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        pauser: May pause from now on.
        treasury: Owns the accounts that revoked and unclaimed IO goes to.
    """

    seq: int
    pauser: Pubkey
    treasury: Pubkey


bind_event(
    ParamsSet,
    PROGRAM_ID,
    bytes.fromhex("396f21fc784c62f5"),
    (("seq", c.u64), ("pauser", c.pubkey), ("treasury", c.pubkey)),
)


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
class Released(Event):
    """What has vested was paid.

    Attributes:
        seq: Number of the event, counted by the grant.
        grant: The grant.
        beneficiary: Who it belongs to.
        destination: The token account that was paid.
        amount: Paid, base units.
        released_total: Released so far, which is now all that has vested, base units.
    """

    seq: int
    grant: Pubkey
    beneficiary: Pubkey
    destination: Pubkey
    amount: int
    released_total: int


bind_event(
    Released,
    PROGRAM_ID,
    bytes.fromhex("e8e5ff8865bd0fdc"),
    (
        ("seq", c.u64),
        ("grant", c.pubkey),
        ("beneficiary", c.pubkey),
        ("destination", c.pubkey),
        ("amount", c.u64),
        ("released_total", c.u64),
    ),
)


#: Each event by its discriminator.
EVENTS: Mapping[bytes, type[Event]] = {
    AirdropClaimed.DISCRIMINATOR: AirdropClaimed,
    AirdropCreated.DISCRIMINATOR: AirdropCreated,
    AirdropReclaimed.DISCRIMINATOR: AirdropReclaimed,
    AuthorityAccepted.DISCRIMINATOR: AuthorityAccepted,
    AuthorityProposed.DISCRIMINATOR: AuthorityProposed,
    BeneficiaryAccepted.DISCRIMINATOR: BeneficiaryAccepted,
    BeneficiaryProposed.DISCRIMINATOR: BeneficiaryProposed,
    ClaimsClosed.DISCRIMINATOR: ClaimsClosed,
    ClaimsOpened.DISCRIMINATOR: ClaimsOpened,
    GrantCreated.DISCRIMINATOR: GrantCreated,
    GrantRevoked.DISCRIMINATOR: GrantRevoked,
    Initialized.DISCRIMINATOR: Initialized,
    ParamsSet.DISCRIMINATOR: ParamsSet,
    PausedSet.DISCRIMINATOR: PausedSet,
    Released.DISCRIMINATOR: Released,
}


__all__ = [
    "AirdropClaimed",
    "AirdropCreated",
    "AirdropReclaimed",
    "AuthorityAccepted",
    "AuthorityProposed",
    "BeneficiaryAccepted",
    "BeneficiaryProposed",
    "ClaimsClosed",
    "ClaimsOpened",
    "GrantCreated",
    "GrantRevoked",
    "Initialized",
    "ParamsSet",
    "PausedSet",
    "Released",
]
