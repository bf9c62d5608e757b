"""What a proposal's stored transaction does, in words and values."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from ionet import pda, types
from ionet._generated import PROGRAMS
from ionet.chain import codec as c
from ionet.chain.amounts import IO, SOL
from ionet.chain.ids import ASSOCIATED_TOKEN_PROGRAM, BPF_LOADER_UPGRADEABLE, SYSTEM_PROGRAM, TOKEN_PROGRAM

#: Instructions of the loader of upgradeable programs.
UPGRADE: Final = 3
SET_AUTHORITY: Final = 4
#: Of the System program, of SPL Token, and of the program of associated token accounts.
TRANSFER: Final = 2
TRANSFER_CHECKED: Final = 12
CREATE_IDEMPOTENT: Final = 1

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
    words = _WORDS.get(args.program_id, _nothing)(bytes(args.data), [one.key for one in args.accounts])
    return words or f"{args.program_id} with {len(args.accounts)} accounts and data {bytes(args.data).hex()}"


def _of_system(data: bytes, keys: Sequence[Pubkey]) -> str | None:
    if len(data) != 12 or int.from_bytes(data[:4], "little") != TRANSFER or len(keys) != 2:
        return None
    return f"pay {SOL.from_base(int.from_bytes(data[4:], 'little'))} from {_whose(keys[0])} to {keys[1]}"


def _of_token(data: bytes, keys: Sequence[Pubkey]) -> str | None:
    if len(data) != 10 or data[0] != TRANSFER_CHECKED or len(keys) != 4:
        return None
    mint, amount = keys[1], int.from_bytes(data[1:9], "little")
    paid = str(IO.from_base(amount)) if mint == pda.mint.MINT else f"{amount} base units of {mint}"
    return f"pay {paid} from token account {keys[0]} to token account {keys[2]}"


def _of_associated(data: bytes, keys: Sequence[Pubkey]) -> str | None:
    if data != bytes([CREATE_IDEMPOTENT]) or len(keys) < 3:
        return None
    return f"make the token account {keys[1]} of {keys[2]} if it is missing"


def _of_loader(data: bytes, keys: Sequence[Pubkey]) -> str | None:
    kind = int.from_bytes(data[:4], "little")
    if kind == UPGRADE and len(keys) > 2:
        return f"upgrade {PROGRAMS.get(str(keys[1]), keys[1])} from buffer {keys[2]}"
    if kind == SET_AUTHORITY and keys:
        heir = str(keys[2]) if len(keys) > 2 else "nobody"
        return f"make {heir} the upgrade authority of program data {keys[0]}"
    return None


def _nothing(_data: bytes, _keys: Sequence[Pubkey]) -> None:
    return None


def _whose(key: Pubkey) -> str:
    return "the treasury" if key == pda.governance.TREASURY else str(key)


_WORDS: Final[dict[Pubkey, Callable[[bytes, Sequence[Pubkey]], str | None]]] = {
    SYSTEM_PROGRAM: _of_system,
    TOKEN_PROGRAM: _of_token,
    ASSOCIATED_TOKEN_PROGRAM: _of_associated,
    BPF_LOADER_UPGRADEABLE: _of_loader,
}


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
    from ionet._generated import SHIPPED

    idl = json.loads((SHIPPED / f"{program}.json").read_text())
    return {bytes(one["discriminator"]): one for one in idl["instructions"]}
