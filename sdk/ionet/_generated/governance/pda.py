"""Addresses of the governance program.

Generated from idl/governance.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.codec import Int
from ionet.chain.pda import find as _find

from . import PROGRAM_ID

CONFIG: Final = Pubkey.from_string("27B9nwkTMoAAdBd879VFx2zWAmEwhDFsZuZRQUgELyjm")
EVENT_AUTHORITY: Final = Pubkey.from_string("2pk35y8amEr4E2KxVbeGd22bCdQGhc9sswu6EQYYeSPk")
MINT: Final = Pubkey.from_string("8xuhg7nNXvEYivfARtf8CEHBUKf7SebKfQfeJD6fPf3G")
PROGRAM_DATA: Final = Pubkey.from_string("DMttj4qUjERnVMWqdqaWufxbJjhP78GAWxyf8LNgD8Ew")
TREASURY: Final = Pubkey.from_string("FvnqJ2nXEpKCCMzWhLPgi8TgY6dbK7eYFeQKgmHGT7VU")


def bond_vault(proposal: Pubkey) -> Pubkey:
    """Returns the address seeded by `bond`, proposal."""
    return _find((b"bond", bytes(proposal)), PROGRAM_ID)


def node_vote(proposal: Pubkey, node: Pubkey) -> Pubkey:
    """Returns the address seeded by `node_vote`, proposal, node."""
    return _find((b"node_vote", bytes(proposal), bytes(node)), PROGRAM_ID)


def outflow(asset: Pubkey) -> Pubkey:
    """Returns the address seeded by `outflow`, asset."""
    return _find((b"outflow", bytes(asset)), PROGRAM_ID)


def proposal(proposer: Pubkey, nonce: Int) -> Pubkey:
    """Returns the address seeded by `proposal`, proposer, nonce."""
    return _find((b"proposal", bytes(proposer), c.seed(c.u64, nonce)), PROGRAM_ID)


def transaction(proposal: Pubkey, index: Int) -> Pubkey:
    """Returns the address seeded by `transaction`, proposal, index."""
    return _find((b"transaction", bytes(proposal), c.seed(c.u8, index)), PROGRAM_ID)


def vote(proposal: Pubkey, position: Pubkey) -> Pubkey:
    """Returns the address seeded by `vote`, proposal, position."""
    return _find((b"vote", bytes(proposal), bytes(position)), PROGRAM_ID)


__all__ = [
    "CONFIG",
    "EVENT_AUTHORITY",
    "MINT",
    "PROGRAM_DATA",
    "TREASURY",
    "bond_vault",
    "node_vote",
    "outflow",
    "proposal",
    "transaction",
    "vote",
]
