"""Addresses of the distributor program.

Generated from idl/distributor.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.codec import Int
from ionet.chain.pda import find as _find

from . import PROGRAM_ID

CONFIG: Final = Pubkey.from_string("GbGBCwZgmYzjtLyeSAtgcE8VRP5ZgTSmu5nRDabVh2JH")
EVENT_AUTHORITY: Final = Pubkey.from_string("bre5SLZdxdWjTm2cfDR2RJZgC6j6Ki5A91SwPiL9xEm")
MINT: Final = Pubkey.from_string("8xuhg7nNXvEYivfARtf8CEHBUKf7SebKfQfeJD6fPf3G")
PROGRAM_DATA: Final = Pubkey.from_string("GPox7SNKwvHp9z3J9rSiE2d3tAUspLtAutqtvfipCWCQ")
STAKING_CONFIG: Final = Pubkey.from_string("HVXimYHUnR5intgARsrwc1Kj25G21oWmPQxCXBT9xTNB")
STAKING_EVENTS: Final = Pubkey.from_string("CZPaCbirSfjybwUNrNYXqq5i4YSLfzW5iLyHgHY2kAkM")
STAKING_PROGRAM: Final = Pubkey.from_string("ioSuxfpJbUmtnqXzWVV5xuHx2M8wGf5mqGLJmxKm2rY")


def airdrop(id: Int) -> Pubkey:
    """Returns the address seeded by `airdrop`, id."""
    return _find((b"airdrop", c.seed(c.u64, id)), PROGRAM_ID)


def claims(airdrop: Pubkey, number: Int) -> Pubkey:
    """Returns the address seeded by `claims`, airdrop, number."""
    return _find((b"claims", bytes(airdrop), c.seed(c.u32, number)), PROGRAM_ID)


def grant(id: Int) -> Pubkey:
    """Returns the address seeded by `grant`, id."""
    return _find((b"grant", c.seed(c.u64, id)), PROGRAM_ID)


def node_vault(node: Pubkey) -> Pubkey:
    """Returns the address seeded by `vault`, node."""
    return _find((b"vault", bytes(node)), STAKING_PROGRAM)


def position(node: Pubkey, claimant: Pubkey) -> Pubkey:
    """Returns the address seeded by `position`, node, claimant."""
    return _find((b"position", bytes(node), bytes(claimant)), STAKING_PROGRAM)


def vault(airdrop_or_grant: Pubkey) -> Pubkey:
    """Returns the address seeded by `vault`, airdrop_or_grant."""
    return _find((b"vault", bytes(airdrop_or_grant)), PROGRAM_ID)


__all__ = [
    "CONFIG",
    "EVENT_AUTHORITY",
    "MINT",
    "PROGRAM_DATA",
    "STAKING_CONFIG",
    "STAKING_EVENTS",
    "STAKING_PROGRAM",
    "airdrop",
    "claims",
    "grant",
    "node_vault",
    "position",
    "vault",
]
