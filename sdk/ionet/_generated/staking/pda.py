"""Addresses of the staking program.

Generated from idl/staking.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.codec import Int
from ionet.chain.pda import find as _find

from . import PROGRAM_ID

ATTESTER_SET: Final = Pubkey.from_string("2tbJXj6dEkPdYgTJPTzUDkw3XyJ3RJeLi8fw1w4z8BT6")
CONFIG: Final = Pubkey.from_string("HVXimYHUnR5intgARsrwc1Kj25G21oWmPQxCXBT9xTNB")
EMISSION_LEDGER: Final = Pubkey.from_string("66BJs5yuyhy6PmAGFzXTE2DS1Cw3VNyHjVvHMDCL6vTT")
EMISSION_VAULT: Final = Pubkey.from_string("5sWA5bKRB28weDNCbG7S9ya9eLgVQTy94UfsACHvsmEZ")
EVENT_AUTHORITY: Final = Pubkey.from_string("CZPaCbirSfjybwUNrNYXqq5i4YSLfzW5iLyHgHY2kAkM")
MINT: Final = Pubkey.from_string("8xuhg7nNXvEYivfARtf8CEHBUKf7SebKfQfeJD6fPf3G")
PROGRAM_DATA: Final = Pubkey.from_string("FMBxNmpGrnho7wsjZwXjkVtnVLvk3LS3R3WkU1FrmTuD")
PROOFS: Final = Pubkey.from_string("quSeFVmUvC1tmGun5NLVxqzmZbQ55Ls76Pu2knxebmK")
PROOFS_CONFIG: Final = Pubkey.from_string("quSeFVmUvC1tmGun5NLVxqzmZbQ55Ls76Pu2knxebmK")


def class_(id: Int) -> Pubkey:
    """Returns the address seeded by `class`, id."""
    return _find((b"class", c.seed(c.u16, id)), PROGRAM_ID)


def device(fingerprint: bytes) -> Pubkey:
    """Returns the address seeded by `device`, fingerprint."""
    return _find((b"device", c.raw_bytes(32).encode(fingerprint)), PROGRAM_ID)


def disproof(node: Pubkey, hour: Int) -> Pubkey:
    """Returns the address seeded by `disproof`, node, hour."""
    return _find((b"disproof", bytes(node), c.seed(c.u64, hour)), PROGRAM_ID)


def identity(device: Pubkey, digest: bytes) -> Pubkey:
    """Returns the address seeded by `identity`, device, digest."""
    return _find((b"identity", bytes(device), c.raw_bytes(32).encode(digest)), PROGRAM_ID)


def lowering(node: Pubkey, before: Int, after: Int) -> Pubkey:
    """Returns the address seeded by `lower`, node, before, after."""
    return _find((b"lower", bytes(node), c.seed(c.u16, before), c.seed(c.u16, after)), PROGRAM_ID)


def network(authority: Pubkey) -> Pubkey:
    """Returns the address seeded by `network`, authority."""
    return _find((b"network", bytes(authority)), PROGRAM_ID)


def node(device: Pubkey) -> Pubkey:
    """Returns the address seeded by `node`, device."""
    return _find((b"node", bytes(device)), PROGRAM_ID)


def position(node: Pubkey, holder: Pubkey) -> Pubkey:
    """Returns the address seeded by `position`, node, holder."""
    return _find((b"position", bytes(node), bytes(holder)), PROGRAM_ID)


def shard(index: Int) -> Pubkey:
    """Returns the address seeded by `shard`, index."""
    return _find((b"shard", c.seed(c.u8, index)), PROGRAM_ID)


def slash(node: Pubkey, nonce: Int) -> Pubkey:
    """Returns the address seeded by `slash`, node, nonce."""
    return _find((b"slash", bytes(node), c.seed(c.u64, nonce)), PROGRAM_ID)


def vault(node: Pubkey) -> Pubkey:
    """Returns the address seeded by `vault`, node."""
    return _find((b"vault", bytes(node)), PROGRAM_ID)


__all__ = [
    "ATTESTER_SET",
    "CONFIG",
    "EMISSION_LEDGER",
    "EMISSION_VAULT",
    "EVENT_AUTHORITY",
    "MINT",
    "PROGRAM_DATA",
    "PROOFS",
    "PROOFS_CONFIG",
    "class_",
    "device",
    "disproof",
    "identity",
    "lowering",
    "network",
    "node",
    "position",
    "shard",
    "slash",
    "vault",
]
