"""Accounts of the distributor program.

Generated from idl/distributor.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Account, bind_account

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class Airdrop(Account):
    """IO for the claimants in a Merkle tree, and the owner of the vault that holds it: `["airdrop", id]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        allocation: The genesis allocation that it is paid from.
        reclaimed: 1 when what was left has gone to the treasury.
        leaves: Number of leaves.
        id: Part of the address.
        root: Merkle root of the leaves.
        vault: Token account that holds what is not yet claimed.
        payer: Paid the vault's rent.
        total: Put into the vault, base units.
        claimed: Claimed so far, base units; never falls.
        claims: Leaves claimed so far.
        returned: Gone to the treasury, base units.
        deadline: When claims end and the rest can be reclaimed, unix time.
        last_time: Latest time that an instruction has seen, unix time.
        seq: Number of the latest event.
    """

    version: int
    bump: int
    allocation: types.Allocation
    reclaimed: int
    leaves: int
    id: int
    root: bytes
    vault: Pubkey
    payer: Pubkey
    total: int
    claimed: int
    claims: int
    returned: int
    deadline: int
    last_time: int
    seq: int


bind_account(
    Airdrop,
    PROGRAM_ID,
    bytes.fromhex("1f709f9e7ced09f1"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("allocation", types.allocation_codec),
        ("reclaimed", c.u8),
        ("leaves", c.u32),
        ("id", c.u64),
        ("root", c.raw_bytes(32)),
        ("vault", c.pubkey),
        ("payer", c.pubkey),
        ("total", c.u64),
        ("claimed", c.u64),
        ("claims", c.u64),
        ("returned", c.u64),
        ("deadline", c.i64),
        ("last_time", c.i64),
        ("seq", c.u64),
        ("", c.pad(64)),
    ),
)


@dataclass(frozen=True, slots=True)
class Claims(Account):
    """Marks which of 8,192 leaves of an airdrop were claimed: `["claims", airdrop, number]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        number: Its first leaf is `number · 8,192`.
        airdrop: The airdrop.
        payer: Paid the rent.
        bits: A bit for each leaf, from the lowest of the first byte.
    """

    version: int
    bump: int
    number: int
    airdrop: Pubkey
    payer: Pubkey
    bits: bytes


bind_account(
    Claims,
    PROGRAM_ID,
    bytes.fromhex("91ce9d8f03200a92"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("", c.pad(2)),
        ("number", c.u32),
        ("airdrop", c.pubkey),
        ("payer", c.pubkey),
        ("bits", c.raw_bytes(1024)),
        ("", c.pad(16)),
    ),
)


@dataclass(frozen=True, slots=True)
class Config(Account):
    """The one configuration account of the program: `["config"]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        last_time: Latest time that an instruction has seen, unix time.
        seq: Number of the latest event.
        treasury: Owns the accounts that revoked and unclaimed IO goes to.
        roles: Authority, pauser, and what is paused.
        grants: Grants created so far.
        granted: Put into grants so far, base units.
        airdrops: Airdrops created so far.
        airdropped: Put into airdrops so far, base units.
    """

    version: int
    bump: int
    last_time: int
    seq: int
    treasury: Pubkey
    roles: types.Roles
    grants: int
    granted: int
    airdrops: int
    airdropped: int


bind_account(
    Config,
    PROGRAM_ID,
    bytes.fromhex("9b0caae01efacc82"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("", c.pad(6)),
        ("last_time", c.i64),
        ("seq", c.u64),
        ("treasury", c.pubkey),
        ("roles", types.Roles.CODEC),
        ("grants", c.u64),
        ("granted", c.u64),
        ("airdrops", c.u64),
        ("airdropped", c.u64),
        ("", c.pad(128)),
    ),
)


@dataclass(frozen=True, slots=True)
class Grant(Account):
    """IO that vests over time, and the owner of the vault that holds it: `["grant", id]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        revocable: 1 where what has not vested can be taken back.
        allocation: The genesis allocation that it is paid from.
        cliff: Seconds from the start to the time from which tranches count.
        period: Seconds between tranches.
        tranches: Number of equal parts of what does not vest at the start; the last also has the
                remainder.
        id: Part of the address.
        beneficiary: Who is paid.
        pending_beneficiary: Becomes the beneficiary when it accepts; all zeros while nobody is proposed.
        granted_to: The first beneficiary, who does not change when the grant passes on.
        vault: Token account that holds what is not yet released.
        total: Total, base units.
        upfront: Part of the total that vests at the start, base units.
        start: Start of vesting, unix time.
        released: Paid to beneficiaries so far, base units; never falls.
        returned: Returned to the treasury by a revocation, base units.
        revoked_at: When it was revoked, unix time; nothing vests later. 0 while it was not.
        last_time: Latest time that an instruction has seen, unix time.
        seq: Number of the latest event.
    """

    version: int
    bump: int
    revocable: int
    allocation: types.Allocation
    cliff: int
    period: int
    tranches: int
    id: int
    beneficiary: Pubkey
    pending_beneficiary: Pubkey
    granted_to: Pubkey
    vault: Pubkey
    total: int
    upfront: int
    start: int
    released: int
    returned: int
    revoked_at: int
    last_time: int
    seq: int


bind_account(
    Grant,
    PROGRAM_ID,
    bytes.fromhex("a1a60bcdcc87cd36"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("revocable", c.u8),
        ("allocation", types.allocation_codec),
        ("cliff", c.u32),
        ("period", c.u32),
        ("tranches", c.u32),
        ("id", c.u64),
        ("beneficiary", c.pubkey),
        ("pending_beneficiary", c.pubkey),
        ("granted_to", c.pubkey),
        ("vault", c.pubkey),
        ("total", c.u64),
        ("upfront", c.u64),
        ("start", c.i64),
        ("released", c.u64),
        ("returned", c.u64),
        ("revoked_at", c.i64),
        ("last_time", c.i64),
        ("seq", c.u64),
        ("", c.pad(64)),
    ),
)


__all__ = ["Airdrop", "Claims", "Config", "Grant"]
