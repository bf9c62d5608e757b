"""Decodes instructions: program, instruction, accounts by role, and arguments.

For people about to sign: it knows this package's programs by their IDLs, and those instructions of Solana's
own programs that concern money.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from ionet import pda, types
from ionet._generated import PROGRAMS, SHIPPED
from ionet.chain import codec as c
from ionet.chain.amounts import IO, SOL, USD
from ionet.chain.ids import (
    ASSOCIATED_TOKEN_PROGRAM,
    BPF_LOADER_UPGRADEABLE,
    COMPUTE_BUDGET_PROGRAM,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
)
from ionet.chain.nonces import ADVANCE
from ionet.chain.pda import token_account
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
        name: its role, as the program calls it; its index if unknown.
        address: its address.
        signer: whether it signs.
        writable: whether it may change.
    """

    name: str
    address: Pubkey
    signer: bool
    writable: bool


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded instruction.

    Attributes:
        program: the program's name, or its address if unknown.
        program_id: its address.
        name: the instruction's name, or None if unknown.
        arguments: its arguments by name: amounts where the program says so, records as mappings, and stored
            calls as `Decoded`; None if they cannot be read.
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
        """Whether instruction and arguments are known."""
        return self.name is not None and self.arguments is not None

    @property
    def calls(self) -> tuple[Decoded, ...]:
        """The calls that it stores, and those that they store in turn."""
        return tuple(_calls(self.arguments or {}))


def _calls(value: Any) -> Iterator[Decoded]:
    if isinstance(value, Decoded):
        yield value
        yield from value.calls
    elif isinstance(value, (Mapping, list)):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _calls(part)


def decode(instruction: Instruction) -> Decoded:
    """Decodes an instruction; guesses nothing, and marks what is unknown."""
    program_id, data = instruction.program_id, bytes(instruction.data)
    keys = [meta.pubkey for meta in instruction.accounts]
    program = PROGRAMS.get(str(program_id))
    if program is not None:
        spec = _instructions(program).get(data[:8])
        read = None if spec is None else _read(program, spec, data)
        # The program ignores bytes left over, so nobody should sign them.
        arguments = None if spec is None or read is None or read[1] else _in_words(program, spec, read[0])
        name = None if spec is None else str(spec["name"])
        roles = _roles(instruction, () if spec is None else _names(spec["accounts"]))
        return Decoded(program, program_id, name, arguments, roles, f"{program}.{name or data[:8].hex()}")
    native = _NATIVE.get(program_id)
    decoded = None if native is None else native[1](data, keys)
    title = str(program_id) if native is None else native[0]
    if decoded is None:
        summary = f"{title}: unknown, data {data[:16].hex()}{'…' if len(data) > 16 else ''}"
        return Decoded(title, program_id, None, None, _roles(instruction, ()), summary)
    name, names, arguments, summary = decoded
    return Decoded(title, program_id, name, arguments, _roles(instruction, names), summary)


def _roles(instruction: Instruction, names: Sequence[str]) -> tuple[Role, ...]:
    return tuple(
        Role(names[i] if i < len(names) else str(i), meta.pubkey, meta.is_signer, meta.is_writable)
        for i, meta in enumerate(instruction.accounts)
    )


# --- programs of this package ---------------------------------------------------------------------


@cache
def _idl(program: str) -> Any:
    return json.loads((SHIPPED / f"{program}.json").read_text())


@cache
def _instructions(program: str) -> dict[bytes, Any]:
    return {bytes(spec["discriminator"]): spec for spec in _idl(program)["instructions"]}


@cache
def _fields(program: str) -> dict[str, list[Any]]:
    return {kind["name"]: kind["type"].get("fields", []) for kind in _idl(program)["types"]}


def _names(accounts: Sequence[Any]) -> list[str]:
    """Names of accounts in order; in a group with the group's name before them."""
    names: list[str] = []
    for account in accounts:
        inner = account.get("accounts")
        names += [account["name"]] if inner is None else [f"{account['name']}.{n}" for n in _names(inner)]
    return names


def read_arguments(program: str, data: bytes) -> tuple[dict[str, Any], bytes] | None:
    """Returns an instruction's arguments by name, and the bytes left over.

    A single record of arguments is replaced by its fields.

    Args:
        program: a program of this package, by name.
        data: of the instruction, with its discriminator.

    Returns:
        None for an unknown instruction, or data that cannot be read.
    """
    spec = _instructions(program).get(data[:8])
    read = None if spec is None else _read(program, spec, data)
    if read is None:
        return None
    values, left = read
    if len(values) == 1:
        (only,) = values.values()
        if _is_record(only):
            values = {name: getattr(only, name) for name in only.__slots__}
    return values, left


def _read(program: str, spec: Any, data: bytes) -> tuple[dict[str, Any], bytes] | None:
    offset, values = 8, dict[str, Any]()
    try:
        for argument in spec["args"]:
            values[argument["name"]], offset = _codec(program, argument["type"]).read(data, offset)
    except Exception:  # whatever is wrong with the bytes
        return None
    return values, data[offset:]


def _is_record(value: Any) -> bool:
    return hasattr(value, "CODEC") and hasattr(value, "__slots__")


# --- in words -------------------------------------------------------------------------------------

#: Programs whose amounts are in IO, whether or not their documentation says so.
_IN_IO: Final = frozenset({"distributor", "mint", "staking"})
#: The fields of a record that is a stored call.
_CALL: Final = {"program_id", "accounts", "data"}


def _in_words(program: str, spec: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    arguments = {
        argument["name"]: _worded(
            program, argument["type"], _doc_of(spec, argument["name"]), values[argument["name"]]
        )
        for argument in spec["args"]
    }
    if len(arguments) == 1:
        (only,) = arguments.values()
        if isinstance(only, dict):
            return only
    return arguments


def _doc_of(spec: Any, name: str) -> str:
    """What an instruction's documentation says about an argument."""
    match = re.search(rf"^\* {re.escape(name)} - (.*)$", "\n".join(spec.get("docs", ())), re.MULTILINE)
    return match[1] if match else ""


def _worded(program: str, kind: Any, doc: str, value: Any) -> Any:
    if value is None or isinstance(kind, str):
        unit = _unit(program, doc) if kind == "u64" else None
        return value if unit is None else unit(value)
    if "defined" in kind:
        if not _is_record(value):
            return value
        if set(value.__slots__) == _CALL:
            metas = [AccountMeta(account.key, account.signer, account.writable) for account in value.accounts]
            return decode(Instruction(value.program_id, bytes(value.data), metas))
        fields = _fields(program)[kind["defined"]["name"]]
        return {
            field["name"]: _worded(
                program, field["type"], " ".join(field.get("docs", ())), getattr(value, field["name"])
            )
            for field in fields
        }
    if "option" in kind:
        return _worded(program, kind["option"], doc, value)
    item = kind["vec"] if "vec" in kind else kind["array"][0]
    return value if item == "u8" else [_worded(program, item, doc, element) for element in value]


def _unit(program: str, doc: str) -> Callable[[int], Any] | None:
    """The function that turns an integer into an amount, by its documentation; None: it is not an amount."""
    if re.search(r"micro-dollars", doc, re.IGNORECASE):
        return USD.from_base
    if not re.search(r"base units", doc, re.IGNORECASE):
        return None
    return IO.from_base if program in _IN_IO or re.search(r"\bIO\b", doc) else _base_units


def _base_units(value: int) -> str:
    return f"{value:,} base units"


def _codec(program: str, kind: Any) -> c.Codec[Any]:
    if isinstance(kind, str):
        return _PRIMITIVES[kind]
    if "defined" in kind:
        kind_type = getattr(getattr(types, program), kind["defined"]["name"])
        if isinstance(kind_type, type) and issubclass(kind_type, IntEnum):
            return c.unit_enum(kind_type)
        codec: c.Codec[Any] = kind_type.CODEC
        return codec
    if "vec" in kind:
        return c.vec(_codec(program, kind["vec"]))
    if "option" in kind:
        return c.option(_codec(program, kind["option"]))
    item, length = kind["array"]
    return c.raw_bytes(length) if item == "u8" else c.array(_codec(program, item), length)


# --- Solana's own programs --------------------------------------------------------------------------

_Described = tuple[str, tuple[str, ...], dict[str, Any], str] | None


def _system(data: bytes, keys: Sequence[Pubkey]) -> _Described:
    kind = int.from_bytes(data[:4], "little")
    if kind == 2 and len(data) == 12 and len(keys) == 2:
        amount = SOL.from_base(int.from_bytes(data[4:], "little"))
        summary = f"pay {amount} from {_whose(keys[0])} to {keys[1]}"
        return "transfer", ("from", "to"), {"amount": amount}, summary
    if data == ADVANCE and len(keys) == 3:
        names = ("nonce", "recent_blockhashes", "authority")
        return "advance_nonce_account", names, {}, f"use up the nonce of {keys[0]}"
    return None


def _whose(key: Pubkey) -> str:
    return "the treasury" if key == pda.governance.TREASURY else str(key)


def _token(data: bytes, keys: Sequence[Pubkey]) -> _Described:
    if not data:
        return None
    kind, amount = data[0], int.from_bytes(data[1:9], "little")
    if kind == 3 and len(data) == 9 and len(keys) >= 3:
        in_io = keys[0] == token_account(keys[2], pda.mint.MINT)
        paid = str(IO.from_base(amount)) if in_io else f"{amount} base units"
        summary = f"pay {paid} from token account {keys[0]} to token account {keys[1]}"
        return "transfer", ("source", "destination", "owner"), {"amount": amount}, summary
    if kind == 12 and len(data) == 10 and len(keys) >= 4:
        paid = str(IO.from_base(amount)) if keys[1] == pda.mint.MINT else f"{amount} base units of {keys[1]}"
        summary = f"pay {paid} from token account {keys[0]} to token account {keys[2]}"
        return "transfer_checked", ("source", "mint", "destination", "owner"), {"amount": amount}, summary
    if kind == 4 and len(data) == 9 and len(keys) >= 3:
        summary = f"let {keys[1]} spend {amount} base units of token account {keys[0]}"
        return "approve", ("source", "delegate", "owner"), {"amount": amount}, summary
    if kind == 5 and len(keys) >= 2:
        return "revoke", ("source", "owner"), {}, f"end the delegate of token account {keys[0]}"
    # The token program ignores what follows the new authority.
    if kind == 6 and len(keys) >= 2 and (data[2:3] == b"\0" or (data[2:3] == b"\1" and len(data) >= 35)):
        successor = str(Pubkey(data[3:35])) if data[2] else "nobody"
        role = ("mint authority", "freeze authority", "owner", "close authority")
        summary = (
            f"make {successor} the {role[data[1]] if data[1] < 4 else f'authority {data[1]}'} of {keys[0]}"
        )
        return "set_authority", ("account", "authority"), {"authority": successor}, summary
    if kind == 9 and len(keys) >= 3:
        summary = f"close token account {keys[0]}, its SOL goes to {keys[1]}"
        return "close_account", ("account", "destination", "owner"), {}, summary
    return None


def _associated(data: bytes, keys: Sequence[Pubkey]) -> _Described:
    if data not in (b"", b"\0", b"\1") or len(keys) < 4:
        return None
    names = ("payer", "account", "owner", "mint", "system_program", "token_program")
    summary = f"make the token account {keys[1]} of {keys[2]}"
    if data == b"\1":
        return "create_idempotent", names, {}, f"{summary} if it is missing"
    return "create", names, {}, summary


def _loader(data: bytes, keys: Sequence[Pubkey]) -> _Described:
    if len(data) != 4:
        return None
    kind = int.from_bytes(data, "little")
    if kind == 3 and len(keys) > 2:
        summary = f"upgrade {PROGRAMS.get(str(keys[1]), str(keys[1]))} from buffer {keys[2]}"
        names = ("program_data", "program", "buffer", "spill", "rent", "clock", "authority")
        return "upgrade", names, {}, summary
    if kind in (4, 7) and len(keys) > 1:
        successor = str(keys[2]) if len(keys) > 2 else "nobody"
        summary = f"make {successor} the upgrade authority of program data {keys[0]}"
        return "set_authority", ("program_data", "authority", "new_authority"), {}, summary
    return None


def _budget(data: bytes, keys: Sequence[Pubkey]) -> _Described:
    if data[:1] == b"\2" and len(data) == 5:
        units = int.from_bytes(data[1:], "little")
        return "set_compute_unit_limit", (), {"units": units}, f"use at most {units:,} compute units"
    if data[:1] == b"\3" and len(data) == 9:
        price = int.from_bytes(data[1:], "little")
        summary = f"pay {price:,} micro-lamports for each compute unit"
        return "set_compute_unit_price", (), {"price": price}, summary
    return None


def _memo(data: bytes, keys: Sequence[Pubkey]) -> _Described:
    text = printable(data.decode(errors="replace")[:200])
    return "memo", (), {"text": text}, f"say {text!r}"


_NATIVE: Final[dict[Pubkey, tuple[str, Callable[[bytes, Sequence[Pubkey]], _Described]]]] = {
    SYSTEM_PROGRAM: ("System", _system),
    TOKEN_PROGRAM: ("SPL Token", _token),
    ASSOCIATED_TOKEN_PROGRAM: ("associated token accounts", _associated),
    BPF_LOADER_UPGRADEABLE: ("loader", _loader),
    COMPUTE_BUDGET_PROGRAM: ("compute budget", _budget),
    _MEMO: ("memo", _memo),
}
