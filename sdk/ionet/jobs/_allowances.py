"""Token allowances, with which a session key pays from somebody else's account.

Encoded here because libraries disagree on their builders' parameters.
"""

from __future__ import annotations

import struct
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from ionet.chain.ids import TOKEN_PROGRAM

# Tags of the SPL token program.
_APPROVE: Final = 4
_REVOKE: Final = 5


def approve(account: Pubkey, delegate: Pubkey, owner: Pubkey, amount: int) -> Instruction:
    """Lets `delegate` spend `amount` base units of a token account; replaces an earlier allowance."""
    return Instruction(
        TOKEN_PROGRAM,
        struct.pack("<BQ", _APPROVE, amount),
        [
            AccountMeta(account, False, True),
            AccountMeta(delegate, False, False),
            AccountMeta(owner, True, False),
        ],
    )


def revoke(account: Pubkey, owner: Pubkey) -> Instruction:
    """Ends a token account's allowance."""
    return Instruction(
        TOKEN_PROGRAM,
        bytes([_REVOKE]),
        [AccountMeta(account, False, True), AccountMeta(owner, True, False)],
    )
