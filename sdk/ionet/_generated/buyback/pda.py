"""Addresses of the buyback program.

Generated from idl/buyback.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.codec import Int
from ionet.chain.pda import find as _find

from . import PROGRAM_ID

CONFIG: Final = Pubkey.from_string("7KpLmarC9kYDW8S7yjmmWq6qoqHNUgTZkyRzsuD3W4Ee")
EVENT_AUTHORITY: Final = Pubkey.from_string("GefJH2D1NKLbgQcziHNJvWAKgTAz1NEyKyVcNtrjkDCn")
MINT: Final = Pubkey.from_string("8xuhg7nNXvEYivfARtf8CEHBUKf7SebKfQfeJD6fPf3G")
PROGRAM_DATA: Final = Pubkey.from_string("GVJeLyM8vVFpWn6BHmhCNbx1XTHiWYdsPogT3L4zM8xN")


def auction(mint: Pubkey, shard: Int) -> Pubkey:
    """Returns the address seeded by `auction`, mint, shard."""
    return _find((b"auction", bytes(mint), c.seed(c.u8, shard)), PROGRAM_ID)


def currency(mint: Pubkey) -> Pubkey:
    """Returns the address seeded by `currency`, mint."""
    return _find(
        (b"currency", bytes(mint)), Pubkey.from_string("ioJ3q1D96XiecZbvgCoH1c5hehvLWw1F1yKD6oCykpA")
    )


def payout(job: Pubkey) -> Pubkey:
    """Returns the address seeded by `payout_state`, job."""
    return _find((b"payout_state", bytes(job)), PROGRAM_ID)


def payout_vault(job: Pubkey) -> Pubkey:
    """Returns the address seeded by `payout`, job."""
    return _find((b"payout", bytes(job)), PROGRAM_ID)


def vault(mint: Pubkey, shard: Int) -> Pubkey:
    """Returns the address seeded by `fees`, mint, shard."""
    return _find((b"fees", bytes(mint), c.seed(c.u8, shard)), PROGRAM_ID)


__all__ = [
    "CONFIG",
    "EVENT_AUTHORITY",
    "MINT",
    "PROGRAM_DATA",
    "auction",
    "currency",
    "payout",
    "payout_vault",
    "vault",
]
