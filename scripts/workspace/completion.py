"""What the programs' sources say of accounts, and the IDLs' generator leaves out: added to the IDLs.

Clients in any language fill accounts in by an IDL's `address`, `pda` and `relations`. The generator knows
them only where an account is created, or its address is a constant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

Spec: TypeAlias = dict[str, Any]

_LOADER: Final = "BPFLoaderUpgradeab1e11111111111111111111111"
_DIGITS: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
#: The order in which the generator writes an account's keys.
_ORDER: Final = ("name", "docs", "writable", "signer", "optional", "address", "pda", "relations")
_ENTRY: Final = re.compile(r"pub fn (\w+)(?:<'info>)?\(\s*ctx: Context<(?:'info, )?(\w+)")
_STRUCT: Final = re.compile(r"pub struct (\w+)<'info> \{\n(.*?)\n\}", re.DOTALL)
_FIELD: Final = re.compile(r"(.*?)pub (\w+): [^\n]+", re.DOTALL)
_STORED: Final = r"\b(\w+)(?:\.load\(\)\?)?\.{name}"
_BYTES_16: Final = {"array": ["u8", 16]}


def completed(text: str, program: Path) -> str:
    """Returns an IDL's text with what the program's sources add to it.

    Args:
        text: as the generator wrote it.
        program: the program's directory.
    """
    idl = json.loads(text)
    for instruction in idl["instructions"]:
        for account in instruction["accounts"]:
            _state(account, instruction, idl["address"])
    _borrow(idl)
    stored = relations(program)
    for instruction in idl["instructions"]:
        names = {account["name"] for account in instruction["accounts"]}
        for account in instruction["accounts"]:
            holders = stored.get((instruction["name"], account["name"]), [])
            if "address" not in account and (here := [name for name in holders if name in names]):
                account["relations"] = here
        instruction["accounts"] = [
            {key: account[key] for key in _ORDER if key in account} for account in instruction["accounts"]
        ]
    _widen(idl)
    return json.dumps(idl, indent=2, ensure_ascii=False) + "\n"


# -- addresses that follow from the program's own


def _state(account: Spec, instruction: Spec, own: str) -> None:
    """Adds the addresses of accounts that Anchor itself asks for."""
    if account.keys() & {"address", "pda"}:
        return
    others = instruction["accounts"]
    match account["name"]:
        case "event_authority":
            account["pda"] = {"seeds": [_const(b"__event_authority")]}
        case "program" if any(other["name"] == "event_authority" for other in others):
            account["address"] = own
        case "program_data" if any(other.get("address") == own for other in others):
            account["pda"] = {"seeds": [_const(base58(own))], "program": _const(base58(_LOADER))}


def _const(value: bytes) -> Spec:
    return {"kind": "const", "value": list(value)}


def base58(text: str) -> bytes:
    """Returns the 32 bytes of an address."""
    number = 0
    for digit in text:
        number = number * 58 + _DIGITS.index(digit)
    return number.to_bytes(32, "big")


# -- addresses that another instruction derives


def _borrow(idl: Spec) -> None:
    """Adds another instruction's derivation to accounts of the same name, where it is the only one.

    Programs compare many accounts with addresses that they have stored. They are the accounts that were once
    created under this name, from the same seeds, and nothing else.
    """
    derived: dict[str, list[tuple[Spec, Spec]]] = {}
    for instruction in idl["instructions"]:
        for account in instruction["accounts"]:
            if "pda" in account:
                derived.setdefault(account["name"], []).append((account["pda"], instruction))
    for instruction in idl["instructions"]:
        for account in instruction["accounts"]:
            if not account.keys() & {"address", "pda", "optional", "signer"}:
                account.update(_borrowed(account, instruction, derived.get(account["name"], [])))


def _borrowed(account: Spec, instruction: Spec, known: Sequence[tuple[Spec, Spec]]) -> Spec:
    kinds = {_kind(pda, where) for pda, where in known}
    # One whose seeds are always the same needs none of them here.
    forms = [*known, *((_solid(pda, where), where) for pda, where in known)]
    fitting = [pda for pda, where in forms if _fits(pda, where, account, instruction)]
    return {"pda": fitting[0]} if len(kinds) == 1 and fitting else {}


def _solid(pda: Spec, instruction: Spec) -> Spec:
    """Returns a derivation with the addresses of accounts that are always the same."""
    stated = {other["name"]: other.get("address") for other in instruction["accounts"]}
    seeds = []
    for seed in pda["seeds"]:
        address = stated.get(seed.get("path"))
        seeds.append(_const(base58(address)) if address else seed)
    return pda | {"seeds": seeds}


def _kind(pda: Spec, instruction: Spec) -> str:
    """Returns what two derivations of the same accounts have in common: constants, and types of the rest."""
    types = {arg["name"]: arg["type"] for arg in instruction["args"]}
    seeds = []
    for seed in pda["seeds"]:
        match seed:
            case {"kind": "const"}:
                seeds.append(seed)
            case {"kind": "arg", "path": path}:
                seeds.append(types.get(path, path))
            case _:
                seeds.append("pubkey" if "." not in seed["path"] else seed)
    return json.dumps([seeds, pda.get("program")], sort_keys=True)


def _fits(pda: Spec, where: Spec, account: Spec, instruction: Spec) -> bool:
    """Returns whether all seeds of an instruction's derivation are accounts and arguments of another, too."""
    needed = {other["name"] for other in instruction["accounts"] if not other.get("optional")}
    needed.discard(account["name"])
    theirs, ours = ({arg["name"]: arg["type"] for arg in each["args"]} for each in (where, instruction))

    def fits(seed: Spec) -> bool:
        match seed:
            case {"kind": "const"}:
                return True
            case {"kind": "arg", "path": path}:
                return path in ours and theirs.get(path) == ours[path]
        return seed["path"] in needed

    return all(map(fits, pda["seeds"]))


# -- addresses that are stored in another account


def relations(program: Path) -> dict[tuple[str, str], list[str]]:
    """Returns for instruction and account those accounts of it that store the address under the same name.

    Args:
        program: the program's directory.
    """
    contexts: dict[str, dict[str, list[str]]] = {}
    for path in sorted((program / "src/instructions").glob("*.rs")):
        for name, body in _STRUCT.findall(path.read_text()):
            contexts[name] = dict(_related(body))
    library = (program / "src/lib.rs").read_text()
    return {
        (instruction, account): holders
        for instruction, context in _ENTRY.findall(library)
        for account, holders in contexts.get(context, {}).items()
    }


def _related(body: str) -> Iterator[tuple[str, list[str]]]:
    """Yields each account of a context that others store, with those."""
    fields: Sequence[tuple[str, str]] = _FIELD.findall(body)
    for before, name in fields:
        stored = _STORED.format(name=name)
        holders = re.findall(rf"address = {stored}(?!\w|\.)", before)
        holders += re.findall(rf"constraint = {stored} == {name}\.key\(\)", body)
        if holders:
            yield name, sorted(set(holders))


# -- numbers


def _widen(idl: Spec) -> None:
    """Makes 16 bytes that are one number a u128, where the client does not depend on a layout in memory."""
    for definition in idl["types"]:
        if str(definition.get("serialization", "borsh")).startswith("bytemuck"):
            continue  # a u128 would begin at a multiple of 16, and these do not
        for field in definition["type"].get("fields") or []:
            if field["type"] == _BYTES_16 and "u128" in " ".join(field.get("docs", ())):
                field["type"] = "u128"
