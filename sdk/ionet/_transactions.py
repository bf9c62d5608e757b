"""What a proposal's stored transaction does, in words and values."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import decode_transfer
from spl.token.instructions import decode_transfer_checked

from ionet import _codec as c
from ionet import pda, types
from ionet._amounts import IO, SOL
from ionet._generated import PROGRAMS
from ionet._ids import (
    ASSOCIATED_TOKEN_PROGRAM,
    BPF_LOADER_UPGRADEABLE,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
)

#: Instructions of the loader of upgradeable programs.
UPGRADE: Final = 3
SET_AUTHORITY: Final = 4

_PRIMITIVES: Final[dict[str, c.Codec[Any]]] = {
    **{name: getattr(c, name) for name in ("u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64")},
    "bool": c.boolean,
    "pubkey": c.pubkey,
    "bytes": c.byte_vec,
    "string": c.string,
}


def instruction_of(args: types.governance.TransactionArgs) -> Instruction:
    """The instruction that a proposal stores."""
    metas = [AccountMeta(one.key, one.signer, one.writable) for one in args.accounts]
    return Instruction(args.program_id, bytes(args.data), metas)


def describe(args: types.governance.TransactionArgs) -> str:
    """A stored transaction in one line: the program and instruction, and amounts where it pays."""
    name = PROGRAMS.get(str(args.program_id))
    if name is not None:
        described = _instructions(name).get(bytes(args.data)[:8])
        return f"{name}.{described['name'] if described else bytes(args.data)[:8].hex()}"
    try:
        if args.program_id == SYSTEM_PROGRAM:
            paid = decode_transfer(instruction_of(args))
            return f"pay {SOL.from_base(paid['lamports'])} to {paid['to_pubkey']}"
        if args.program_id == TOKEN_PROGRAM:
            moved = decode_transfer_checked(instruction_of(args))
            amount: object = f"{moved.amount} base units of {moved.mint}"
            if moved.mint == pda.mint.MINT:
                amount = IO.from_base(moved.amount)
            return f"pay {amount} to token account {moved.dest}"
    except Exception:  # another instruction of that program
        return f"{args.program_id} with {len(args.accounts)} accounts and data {bytes(args.data).hex()}"
    if args.program_id == ASSOCIATED_TOKEN_PROGRAM and len(args.accounts) > 2:
        return f"make the token account {args.accounts[1].key} of {args.accounts[2].key} if it is missing"
    if args.program_id == BPF_LOADER_UPGRADEABLE:
        kind = int.from_bytes(args.data[:4], "little")
        if kind == UPGRADE and len(args.accounts) > 2:
            return f"upgrade {_named(args.accounts[1].key)} from buffer {args.accounts[2].key}"
        if kind == SET_AUTHORITY and args.accounts:
            heir = str(args.accounts[2].key) if len(args.accounts) > 2 else "nobody"
            return f"make {heir} the upgrade authority of program data {args.accounts[0].key}"
    return f"{args.program_id} with {len(args.accounts)} accounts and data {bytes(args.data).hex()}"


def arguments(args: types.governance.TransactionArgs) -> dict[str, Any] | None:
    """What a stored call of one of these programs is given, by the instruction's names for it.

    The fields of a single record of arguments stand for the record. None for another program, or for what
    cannot be read.
    """
    program = PROGRAMS.get(str(args.program_id))
    described = None if program is None else _instructions(program).get(bytes(args.data)[:8])
    if program is None or described is None:
        return None
    data, offset, found = bytes(args.data), 8, dict[str, Any]()
    try:
        for one in described["args"]:
            found[one["name"]], offset = _codec(program, one["type"]).read(data, offset)
    except Exception:  # whatever is wrong with the bytes: the program will say so
        return None
    if len(found) == 1:
        (only,) = found.values()
        if hasattr(only, "CODEC"):
            return {name: getattr(only, name) for name in only.__slots__}
    return found


def _codec(program: str, kind: Any) -> c.Codec[Any]:
    if isinstance(kind, str):
        return _PRIMITIVES[kind]
    if "defined" in kind:
        found: c.Codec[Any] = getattr(getattr(types, program), kind["defined"]["name"]).CODEC
        return found
    if "vec" in kind:
        return c.vec(_codec(program, kind["vec"]))
    if "option" in kind:
        return c.option(_codec(program, kind["option"]))
    item, length = kind["array"]
    if item == "u8":
        return c.raw_bytes(length)
    return c.array(_codec(program, item), length)


@cache
def _instructions(program: str) -> dict[bytes, Any]:
    from ionet._rpc._local import PROGRAMS as SHIPPED

    idl = json.loads((SHIPPED / f"{program}.json").read_text())
    return {bytes(one["discriminator"]): one for one in idl["instructions"]}


def _named(program_id: Pubkey) -> str:
    return PROGRAMS.get(str(program_id), str(program_id))
