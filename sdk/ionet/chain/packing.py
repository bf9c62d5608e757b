"""Packing groups of instructions into as few transactions as they fit into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from solders.hash import Hash
from solders.message import to_bytes_versioned

from ionet.chain.transactions import PACKET_SIZE, compile_message, for_simulation

if TYPE_CHECKING:
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

#: Accounts that a transaction may lock.
_LOCKS: Final = 64


def fits(payer: Pubkey, instructions: Sequence[Instruction]) -> bool:
    """Returns whether the instructions fit into one transaction, with compute limit and price."""
    message = compile_message(payer, for_simulation(instructions), (), Hash.default())
    size = 1 + 64 * message.header.num_required_signatures + len(to_bytes_versioned(message))
    return size <= PACKET_SIZE and len(message.account_keys) <= _LOCKS


def pack(payer: Pubkey, groups: Sequence[Sequence[Instruction]]) -> list[list[int]]:
    """Returns the indices of the groups in each transaction, in order; a group is never split."""
    transactions: list[list[int]] = []
    held: list[Instruction] = []
    for index, group in enumerate(groups):
        if transactions and fits(payer, [*held, *group]):
            transactions[-1].append(index)
            held += group
        else:
            transactions.append([index])
            held = list(group)
    return transactions
