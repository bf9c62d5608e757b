"""Addresses of the proofs program.

Generated from idl/proofs.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.codec import Int
from ionet.chain.pda import find as _find

from . import PROGRAM_ID

ATTESTER_SET: Final = Pubkey.from_string("2tbJXj6dEkPdYgTJPTzUDkw3XyJ3RJeLi8fw1w4z8BT6")
CONFIG: Final = Pubkey.from_string("quSeFVmUvC1tmGun5NLVxqzmZbQ55Ls76Pu2knxebmK")
EVENT_AUTHORITY: Final = Pubkey.from_string("9LPrnurFfdaWB4RjTPU4w5hCYXC9CndPyv2Fhr2b3qKz")
INSTRUCTIONS: Final = Pubkey.from_string("Sysvar1nstructions1111111111111111111111111")
MINT: Final = Pubkey.from_string("8xuhg7nNXvEYivfARtf8CEHBUKf7SebKfQfeJD6fPf3G")
MINT_CONFIG: Final = Pubkey.from_string("DQeQh3YPjjByfjYGbTBy2X8cpvF8Q8hGkQitSwUypXeM")
PROGRAM_DATA: Final = Pubkey.from_string("HWxdiFuZkybZNTS3bddodN65TKLJsJBYJNT3tKE31Api")
STAKING_EVENTS: Final = Pubkey.from_string("CZPaCbirSfjybwUNrNYXqq5i4YSLfzW5iLyHgHY2kAkM")
STAKING_PROGRAM: Final = Pubkey.from_string("ioSuxfpJbUmtnqXzWVV5xuHx2M8wGf5mqGLJmxKm2rY")


def bond_vault(challenge: Pubkey) -> Pubkey:
    """Returns the address seeded by `bond`, challenge."""
    return _find((b"bond", bytes(challenge)), PROGRAM_ID)


def challenge(report: Pubkey, node: Pubkey) -> Pubkey:
    """Returns the address seeded by `challenge`, report, node."""
    return _find((b"challenge", bytes(report), bytes(node)), PROGRAM_ID)


def hour(seq: Int) -> Pubkey:
    """Returns the address seeded by `hour`, seq."""
    return _find((b"hour", c.seed(c.u64, seq)), PROGRAM_ID)


def report(seq: Int, content_hash: bytes) -> Pubkey:
    """Returns the address seeded by `report`, seq, content_hash."""
    return _find((b"report", c.seed(c.u64, seq), c.raw_bytes(32).encode(content_hash)), PROGRAM_ID)


def slash(node: Pubkey, hour_seq: Int) -> Pubkey:
    """Returns the address seeded by `disproof`, node, hour_seq."""
    return _find((b"disproof", bytes(node), c.seed(c.u64, hour_seq)), STAKING_PROGRAM)


__all__ = [
    "ATTESTER_SET",
    "CONFIG",
    "EVENT_AUTHORITY",
    "INSTRUCTIONS",
    "MINT",
    "MINT_CONFIG",
    "PROGRAM_DATA",
    "STAKING_EVENTS",
    "STAKING_PROGRAM",
    "bond_vault",
    "challenge",
    "hour",
    "report",
    "slash",
]
