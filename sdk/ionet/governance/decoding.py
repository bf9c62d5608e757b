"""What a proposal's stored transaction does, in words and values."""

from __future__ import annotations

from typing import Any, Final

from solders.instruction import AccountMeta, Instruction

from ionet import types
from ionet._generated import PROGRAMS
from ionet.administration.decoding import decode, read_arguments

#: Instructions of the loader of upgradeable programs.
UPGRADE: Final = 3
SET_AUTHORITY: Final = 4
#: Of SPL Token, and of the program of associated token accounts.
TRANSFER_CHECKED: Final = 12
CREATE_IDEMPOTENT: Final = 1


def instruction_of(args: types.governance.TransactionArgs) -> Instruction:
    """The instruction that a proposal stores."""
    metas = [AccountMeta(one.key, one.signer, one.writable) for one in args.accounts]
    return Instruction(args.program_id, bytes(args.data), metas)


def describe(args: types.governance.TransactionArgs) -> str:
    """A stored transaction in one line: the program and instruction, and amounts where it pays."""
    decoded = decode(instruction_of(args))
    if decoded.known or str(args.program_id) in PROGRAMS:
        return decoded.summary
    return f"{args.program_id} with {len(args.accounts)} accounts and data {bytes(args.data).hex()}"


def arguments(args: types.governance.TransactionArgs) -> dict[str, Any] | None:
    """What a stored call of one of these programs is given, by the instruction's names for it.

    The fields of a single record of arguments stand for the record. None for another program, or for what
    cannot be read.
    """
    program = PROGRAMS.get(str(args.program_id))
    read = None if program is None else read_arguments(program, bytes(args.data))
    return None if read is None else read[0]
