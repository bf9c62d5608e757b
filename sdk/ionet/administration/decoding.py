"""Instructions in words: which program, which instruction, who plays which role in it, and what it is given.

For whoever is to sign: programs of this package by their IDLs, and what Solana's own programs do with money.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from ionet import pda, types
from ionet._generated import PROGRAMS, SHIPPED
from ionet.chain import codec as c
from ionet.chain.amounts import IO, SOL
from ionet.chain.ids import (
    ASSOCIATED_TOKEN_PROGRAM,
    BPF_LOADER_UPGRADEABLE,
    COMPUTE_BUDGET_PROGRAM,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
)
from ionet.formats.text import printable

_MEMO: Final = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
_PRIMITIVES: Final[dict[str, c.Codec[Any]]] = {
    **{name: getattr(c, name) for name in ("u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64")},
    "bool": c.boolean,
    "pubkey": c.pubkey,
    "bytes": c.byte_vec,
    "string": c.string,
}


@dataclass(frozen=True, slots=True)
class Role:
    """An account of an instruction.

    Attributes:
        name: what it is there for, as the program calls it; a number where nobody says.
        address: which.
        signer: whether it signs.
        writable: whether it may change.
    """

    name: str
    address: Pubkey
    signer: bool
    writable: bool


@dataclass(frozen=True, slots=True)
class Decoded:
    """An instruction in words.

    Attributes:
        program: the program's name, or its address where it is not known.
        program_id: its address.
        name: the instruction's name, or None where it is not known.
        arguments: what it is given, by name; None where it cannot be read.
        roles: its accounts in order.
        summary: what it does, in a line.
    """

    program: str
    program_id: Pubkey
    name: str | None
    arguments: Mapping[str, Any] | None
    roles: tuple[Role, ...]
    summary: str

    @property
    def known(self) -> bool:
        """Whether it is known what it does."""
        return self.name is not None and self.arguments is not None


def decode(instruction: Instruction) -> Decoded:
    """An instruction in words; what is not known is said to be unknown, and nothing is guessed."""
    program_id, data = instruction.program_id, bytes(instruction.data)
    keys = [meta.pubkey for meta in instruction.accounts]
    program = PROGRAMS.get(str(program_id))
    if program is not None:
        spec = _instructions(program).get(data[:8])
        read = read_arguments(program, data)
        # What is left over is nothing that the program reads, and nothing that anyone should sign.
        arguments = None if read is None or read[1] else read[0]
        name = None if spec is None else str(spec["name"])
        roles = _roles(instruction, () if spec is None else _names(spec["accounts"]))
        return Decoded(program, program_id, name, arguments, roles, f"{program}.{name or data[:8].hex()}")
    known = _NATIVE.get(program_id)
    found = None if known is None else known[1](data, keys)
    title = str(program_id) if known is None else known[0]
    if found is None:
        what = f"{title}: unknown, data {data[:16].hex()}{'…' if len(data) > 16 else ''}"
        return Decoded(title, program_id, None, None, _roles(instruction, ()), what)
    name, names, arguments, summary = found
    return Decoded(title, program_id, name, arguments, _roles(instruction, names), summary)


def _roles(instruction: Instruction, names: Sequence[str]) -> tuple[Role, ...]:
    return tuple(
        Role(names[i] if i < len(names) else str(i), meta.pubkey, meta.is_signer, meta.is_writable)
        for i, meta in enumerate(instruction.accounts)
    )


# --- programs of this package ---------------------------------------------------------------------


@cache
def _instructions(program: str) -> dict[bytes, Any]:
    idl = json.loads((SHIPPED / f"{program}.json").read_text())
    return {bytes(spec["discriminator"]): spec for spec in idl["instructions"]}


def _names(accounts: Sequence[Any]) -> list[str]:
    """Names of accounts in order, those of groups after the group's own."""
    names: list[str] = []
    for account in accounts:
        inner = account.get("accounts")
        names += [account["name"]] if inner is None else [f"{account['name']}.{n}" for n in _names(inner)]
    return names


def read_arguments(program: str, data: bytes) -> tuple[dict[str, Any], bytes] | None:
    """Returns what an instruction is given, by name, and the bytes that are left over.

    The fields of a single record of arguments stand for the record.

    Args:
        program: a program of this package, by name.
        data: of the instruction, with its discriminator.

    Returns:
        None for an instruction that the program does not have, or data that cannot be read.
    """
    spec = _instructions(program).get(data[:8])
    if spec is None:
        return None
    offset, values = 8, dict[str, Any]()
    try:
        for argument in spec["args"]:
            values[argument["name"]], offset = _codec(program, argument["type"]).read(data, offset)
    except Exception:  # whatever is wrong with the bytes
        return None
    if len(values) == 1:
        (only,) = values.values()
        if hasattr(only, "CODEC") and hasattr(only, "__slots__"):
            values = {name: getattr(only, name) for name in only.__slots__}
    return values, data[offset:]


def _codec(program: str, kind: Any) -> c.Codec[Any]:
    if isinstance(kind, str):
        return _PRIMITIVES[kind]
    if "defined" in kind:
        found = getattr(getattr(types, program), kind["defined"]["name"])
        if isinstance(found, type) and issubclass(found, IntEnum):
            return c.unit_enum(found)
        codec: c.Codec[Any] = found.CODEC
        return codec
    if "vec" in kind:
        return c.vec(_codec(program, kind["vec"]))
    if "option" in kind:
        return c.option(_codec(program, kind["option"]))
    item, length = kind["array"]
    return c.raw_bytes(length) if item == "u8" else c.array(_codec(program, item), length)


# --- Solana's own programs --------------------------------------------------------------------------

_Found = tuple[str, tuple[str, ...], dict[str, Any], str] | None


def _system(data: bytes, keys: Sequence[Pubkey]) -> _Found:
    kind = int.from_bytes(data[:4], "little")
    if kind == 2 and len(data) == 12 and len(keys) == 2:
        amount = SOL.from_base(int.from_bytes(data[4:], "little"))
        what = f"pay {amount} from {_whose(keys[0])} to {keys[1]}"
        return "transfer", ("from", "to"), {"amount": amount}, what
    if kind == 4 and len(keys) == 3:
        return "advance_nonce_account", ("nonce", "", "authority"), {}, f"use up the nonce of {keys[0]}"
    return None


def _whose(key: Pubkey) -> str:
    return "the treasury" if key == pda.governance.TREASURY else str(key)


def _token(data: bytes, keys: Sequence[Pubkey]) -> _Found:
    if not data:
        return None
    kind, amount = data[0], int.from_bytes(data[1:9], "little")
    if kind == 3 and len(data) == 9 and len(keys) >= 3:
        what = f"pay {amount} base units from token account {keys[0]} to token account {keys[1]}"
        return "transfer", ("source", "destination", "owner"), {"amount": amount}, what
    if kind == 12 and len(data) == 10 and len(keys) >= 4:
        paid = str(IO.from_base(amount)) if keys[1] == pda.mint.MINT else f"{amount} base units of {keys[1]}"
        what = f"pay {paid} from token account {keys[0]} to token account {keys[2]}"
        return "transfer_checked", ("source", "mint", "destination", "owner"), {"amount": amount}, what
    if kind == 4 and len(data) == 9 and len(keys) >= 3:
        what = f"let {keys[1]} spend {amount} base units of token account {keys[0]}"
        return "approve", ("source", "delegate", "owner"), {"amount": amount}, what
    if kind == 5 and len(keys) >= 2:
        return "revoke", ("source", "owner"), {}, f"end the delegate of token account {keys[0]}"
    # The token program does not look at what follows the new authority.
    if kind == 6 and len(keys) >= 2 and (data[2:3] == b"\0" or (data[2:3] == b"\1" and len(data) >= 35)):
        heir = str(Pubkey(data[3:35])) if data[2] else "nobody"
        role = ("mint authority", "freeze authority", "owner", "close authority")
        what = f"make {heir} the {role[data[1]] if data[1] < 4 else f'authority {data[1]}'} of {keys[0]}"
        return "set_authority", ("account", "authority"), {"authority": heir}, what
    if kind == 9 and len(keys) >= 3:
        what = f"close token account {keys[0]}, its SOL goes to {keys[1]}"
        return "close_account", ("account", "destination", "owner"), {}, what
    return None


def _associated(data: bytes, keys: Sequence[Pubkey]) -> _Found:
    if data not in (b"", b"\0", b"\1") or len(keys) < 4:
        return None
    names = ("payer", "account", "owner", "mint", "system_program", "token_program")
    what = f"make the token account {keys[1]} of {keys[2]}"
    if data == b"\1":
        return "create_idempotent", names, {}, f"{what} if it is missing"
    return "create", names, {}, what


def _loader(data: bytes, keys: Sequence[Pubkey]) -> _Found:
    kind = int.from_bytes(data[:4], "little")
    if kind == 3 and len(keys) > 2:
        what = f"upgrade {PROGRAMS.get(str(keys[1]), str(keys[1]))} from buffer {keys[2]}"
        return "upgrade", ("program_data", "program", "buffer", "spill"), {}, what
    if kind in (4, 7) and len(keys) > 1:
        heir = str(keys[2]) if len(keys) > 2 else "nobody"
        what = f"make {heir} the upgrade authority of program data {keys[0]}"
        return "set_authority", ("program_data", "authority", "new_authority"), {}, what
    return None


def _budget(data: bytes, keys: Sequence[Pubkey]) -> _Found:
    if data[:1] == b"\2" and len(data) == 5:
        units = int.from_bytes(data[1:], "little")
        return "set_compute_unit_limit", (), {"units": units}, f"use at most {units:,} compute units"
    if data[:1] == b"\3" and len(data) == 9:
        price = int.from_bytes(data[1:], "little")
        what = f"pay {price:,} micro-lamports for each compute unit"
        return "set_compute_unit_price", (), {"price": price}, what
    return None


def _memo(data: bytes, keys: Sequence[Pubkey]) -> _Found:
    shown = printable(data.decode(errors="replace")[:200])
    return "memo", (), {"text": shown}, f"say {shown!r}"


_NATIVE: Final[dict[Pubkey, tuple[str, Callable[[bytes, Sequence[Pubkey]], _Found]]]] = {
    SYSTEM_PROGRAM: ("System", _system),
    TOKEN_PROGRAM: ("SPL Token", _token),
    ASSOCIATED_TOKEN_PROGRAM: ("associated token accounts", _associated),
    BPF_LOADER_UPGRADEABLE: ("loader", _loader),
    COMPUTE_BUDGET_PROGRAM: ("compute budget", _budget),
    _MEMO: ("memo", _memo),
}
