"""What an IDL says of where accounts are, compared with a call that works."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from solders.account import Account as RawAccount
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from ionet import accounts
from ionet.chain.schema import Account
from ionet.interop.calls import identifier

IDL: Final = Path(__file__).resolve().parents[2] / "idl"
PROGRAMS: Final = ("buyback", "distributor", "governance", "jobs", "mint", "proofs", "staking")
SIZES: Final = {
    "bool": 1, "u8": 1, "u16": 2, "u32": 4, "u64": 8, "u128": 16, "i16": 2, "i32": 4, "i64": 8, "pubkey": 32,
}  # fmt: skip
Spec: TypeAlias = Mapping[str, Any]
#: Reads an account; None where there is none.
Reader: TypeAlias = Callable[[Pubkey], RawAccount | None]


def idl(program: str) -> dict[str, Any]:
    """A program's IDL."""
    found: dict[str, Any] = json.loads((IDL / f"{program}.json").read_text())
    return found


def instruction(program: str, name: str) -> dict[str, Any]:
    """One of its instructions."""
    found: dict[str, Any] = next(each for each in idl(program)["instructions"] if each["name"] == name)
    return found


def misplaced(
    program: str, name: str, call: Instruction, arguments: Mapping[str, bytes], read: Reader
) -> list[str]:
    """Accounts that are not where the IDL says.

    Args:
        program: the program's name.
        name: the instruction's.
        call: takes the accounts.
        arguments: bytes of each, by path.
        read: reads accounts from before the call.
    """
    spec = instruction(program, name)
    own = call.program_id
    taken = {
        account["name"]: meta.pubkey
        for account, meta in zip(spec["accounts"], call.accounts[: len(spec["accounts"])], strict=True)
        if not (account.get("optional") and meta.pubkey == own)
    }
    return [
        f"{name}: {account['name']} is not {expected}, but {taken[account['name']]}"
        for account in spec["accounts"]
        if account["name"] in taken
        for expected in _places(account, taken, arguments, read, own)
        if expected != taken[account["name"]]
    ]


def _places(
    account: Spec, taken: Mapping[str, Pubkey], arguments: Mapping[str, bytes], read: Reader, own: Pubkey
) -> Iterator[Pubkey]:
    """Every address that the IDL gives an account."""
    if address := account.get("address"):
        yield Pubkey.from_string(address)
    if pda := account.get("pda"):
        deriving = Pubkey.from_bytes(bytes(pda["program"]["value"])) if "program" in pda else own
        seeds = [_seed(seed, taken, arguments, read) for seed in pda["seeds"]]
        yield Pubkey.find_program_address(seeds, deriving)[0]
    for holder in account.get("relations", ()):
        if holder in taken:
            yield Pubkey.from_bytes(_stored(taken[holder], account["name"], read))


def _seed(seed: Spec, taken: Mapping[str, Pubkey], arguments: Mapping[str, bytes], read: Reader) -> bytes:
    match seed:
        case {"kind": "const", "value": value}:
            return bytes(value)
        case {"kind": "arg", "path": path}:
            return arguments[path]
    name, _, stored = seed["path"].partition(".")
    return _stored(taken[name], stored, read) if stored else bytes(taken[name])


def _stored(address: Pubkey, field: str, read: Reader) -> bytes:
    """The bytes of an account's field, whichever program's account it is."""
    account = read(address)
    assert account is not None, f"{address} does not exist"
    program, kind = _kind(account)
    (definition,) = (each for each in idl(program)["types"] if each["name"] == kind.__name__)
    (size,) = (SIZES[each["type"]] for each in definition["type"]["fields"] if each["name"] == field)
    value = getattr(kind.decode(account.data), identifier(field))
    return bytes(value) if isinstance(value, Pubkey) else int(value).to_bytes(size, "little")


def _kind(account: RawAccount) -> tuple[str, type[Account]]:
    """The program and type of an account."""
    (program,) = (each for each in PROGRAMS if idl(each)["address"] == str(account.owner))
    kinds = (kind for kind in vars(getattr(accounts, program)).values() if isinstance(kind, type))
    known = (kind for kind in kinds if issubclass(kind, Account) and kind is not Account)
    return program, next(kind for kind in known if account.data.startswith(kind.DISCRIMINATOR))
