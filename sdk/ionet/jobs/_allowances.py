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
_TRANSFER: Final = 3
_APPROVE: Final = 4
_REVOKE: Final = 5
_CLOSE: Final = 9
#: Round trips of tokens that fit into one transaction.
_TURNS: Final = 8


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


def move(source: Pubkey, destination: Pubkey, authority: Pubkey, amount: int) -> Instruction:
    """Moves base units from one token account to another, by the word of its owner or delegate."""
    return Instruction(
        TOKEN_PROGRAM,
        struct.pack("<BQ", _TRANSFER, amount),
        [
            AccountMeta(source, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(authority, True, False),
        ],
    )


def close(account: Pubkey, rent_to: Pubkey, owner: Pubkey) -> Instruction:
    """Closes an empty token account."""
    return Instruction(
        TOKEN_PROGRAM,
        bytes([_CLOSE]),
        [
            AccountMeta(account, False, True),
            AccountMeta(rent_to, False, True),
            AccountMeta(owner, True, False),
        ],
    )


def turns_to_use_up(allowed: int, balance: int) -> list[int] | None:
    """Amounts that a delegate moves away and back, one after the other, until its allowance is used up.

    Args:
        allowed: what is left of the allowance, base units.
        balance: what the token account has, base units.

    Returns:
        None: it takes more moves than fit into one transaction.
    """
    if not balance or allowed > _TURNS * balance:
        return None
    whole, rest = divmod(allowed, balance)
    return [balance] * whole + [rest] * (rest > 0)
