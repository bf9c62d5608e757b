"""Addresses of the jobs program.

Generated from idl/jobs.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.codec import Int
from ionet.chain.pda import find as _find

from . import PROGRAM_ID

ATTESTER_SET: Final = Pubkey.from_string("2tbJXj6dEkPdYgTJPTzUDkw3XyJ3RJeLi8fw1w4z8BT6")
CONFIG: Final = Pubkey.from_string("DpY8qiaAs5QdWg6E4qmUn8QRiwMobm21RcqgRVehixe9")
EVENT_AUTHORITY: Final = Pubkey.from_string("F2qhdBi4Xg55L8Hps4VL7DXN1m2hKcp82sgNAeVhiLNL")
PROGRAM_DATA: Final = Pubkey.from_string("584YPQs41zWPCx2uiFrvCTsKXok3P3bJ7cscB47PCQnH")
PROOFS_CONFIG: Final = Pubkey.from_string("quSeFVmUvC1tmGun5NLVxqzmZbQ55Ls76Pu2knxebmK")


def bond_vault(dispute: Pubkey) -> Pubkey:
    """Returns the address seeded by `bond`, dispute."""
    return _find((b"bond", bytes(dispute)), PROGRAM_ID)


def cluster(renter: Pubkey, id: bytes) -> Pubkey:
    """Returns the address seeded by `cluster`, renter, id."""
    return _find((b"cluster", bytes(renter), c.raw_bytes(32).encode(id)), PROGRAM_ID)


def currency(mint: Pubkey) -> Pubkey:
    """Returns the address seeded by `currency`, mint."""
    return _find((b"currency", bytes(mint)), PROGRAM_ID)


def dispute(job: Pubkey, party: Pubkey) -> Pubkey:
    """Returns the address seeded by `dispute`, job, party."""
    return _find((b"dispute", bytes(job), bytes(party)), PROGRAM_ID)


def escrow(job: Pubkey) -> Pubkey:
    """Returns the address seeded by `escrow`, job."""
    return _find((b"escrow", bytes(job)), PROGRAM_ID)


def job(offer: Pubkey, nonce: Int) -> Pubkey:
    """Returns the address seeded by `job`, offer, nonce."""
    return _find((b"job", bytes(offer), c.seed(c.u64, nonce)), PROGRAM_ID)


def offer(node: Pubkey) -> Pubkey:
    """Returns the address seeded by `offer`, node."""
    return _find((b"offer", bytes(node)), PROGRAM_ID)


__all__ = [
    "ATTESTER_SET",
    "CONFIG",
    "EVENT_AUTHORITY",
    "PROGRAM_DATA",
    "PROOFS_CONFIG",
    "bond_vault",
    "cluster",
    "currency",
    "dispute",
    "escrow",
    "job",
    "offer",
]
