"""What a proposal's stored transaction does, in words and values."""

from __future__ import annotations

from typing import Any, Final

from solders.instruction import AccountMeta, Instruction

from ionet import types
from ionet._generated import PROGRAMS
from ionet.administration.decoding import decode, read_arguments

#: Instructions of the upgradeable loader.
UPGRADE: Final = 3
SET_AUTHORITY: Final = 4
#: Instructions of SPL Token and the associated token program.
TRANSFER_CHECKED: Final = 12
CREATE_IDEMPOTENT: Final = 1


def instruction_of(args: types.governance.TransactionArgs) -> Instruction:
    """The instruction that a proposal stores."""
    metas = [AccountMeta(meta.key, meta.signer, meta.writable) for meta in args.accounts]
    return Instruction(args.program_id, bytes(args.data), metas)


def describe(args: types.governance.TransactionArgs) -> str:
    """A stored transaction in one line: program, instruction, and the amounts it pays."""
    decoded = decode(instruction_of(args))
    if decoded.known or str(args.program_id) in PROGRAMS:
        return decoded.summary
    return f"{args.program_id} with {len(args.accounts)} accounts and data {bytes(args.data).hex()}"


def arguments(args: types.governance.TransactionArgs) -> dict[str, Any] | None:
    """The arguments of a stored call of one of these programs, by name.

    A single record of arguments is replaced by its fields. None for another program, or unreadable data.
    """
    program = PROGRAMS.get(str(args.program_id))
    parsed = None if program is None else read_arguments(program, bytes(args.data))
    return None if parsed is None else parsed[0]
