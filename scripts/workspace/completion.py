"""What the programs' sources say of accounts, and the IDLs' generator leaves out: added to the IDLs.

Clients in any language fill accounts in by an IDL's `address`, `pda` and `relations`. The generator knows
them only where an account is created, or its address is a constant.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

Spec: TypeAlias = dict[str, Any]

_LOADER: Final = "BPFLoaderUpgradeab1e11111111111111111111111"
_DIGITS: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
#: The order in which the generator writes an account's keys.
_ORDER: Final = ("name", "docs", "writable", "signer", "optional", "address", "pda", "relations")
_ENTRY: Final = re.compile(r"pub fn (\w+)(?:<'info>)?\(\s*ctx: Context<(?:'info, )?(\w+)")
_STRUCT: Final = re.compile(r"pub struct (\w+)<'info> \{\n(.*?)\n\}", re.DOTALL)
_FIELD: Final = re.compile(r"(.*?)pub (\w+): ([^\n]+),", re.DOTALL)
_KIND: Final = re.compile(r"\bAccount(?:Loader)?<'info, (\w+)>")
_STORED: Final = r"\b(\w+)(?:\.load\(\)\?)?\.{name}"
#: What a field of one account is compared with: another account's field or address, or an argument.
_COMPARED: Final = r"(?P<of>\w+)(?:(?:\.load\(\)\?)?\.(?P<field>\w+(?:\(\))?))?"
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
    contexts = read(program)
    _borrow(idl)
    _compare(idl, contexts)
    _follow(idl)
    stored = relations(contexts)
    for instruction in idl["instructions"]:
        names = {account["name"] for account in instruction["accounts"]}
        for account in instruction["accounts"]:
            holders = stored.get((instruction["name"], account["name"]), [])
            if "address" not in account and (here := [name for name in holders if name in names]):
                account["relations"] = here
            _tell(account, contexts.get(instruction["name"]))
        instruction["accounts"] = [
            {key: account[key] for key in _ORDER if key in account} for account in instruction["accounts"]
        ]
    _widen(idl)
    _loosen(idl)
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


# -- the sources


@dataclass(frozen=True, slots=True)
class Field:
    """One account of a context, in the source.

    Attributes:
        attributes: comments and attributes before it.
        kind: the type of what it holds, where the program reads it as an account of its own.
    """

    attributes: str
    kind: str | None


@dataclass(frozen=True, slots=True)
class Context:
    """The accounts of an instruction, in the source.

    Attributes:
        body: all of it.
        fields: its accounts by name.
    """

    body: str
    fields: Mapping[str, Field]


def read(program: Path) -> dict[str, Context]:
    """Returns the accounts of each instruction.

    Args:
        program: the program's directory.
    """
    contexts: dict[str, Context] = {}
    for path in sorted((program / "src/instructions").glob("*.rs")):
        for name, body in _STRUCT.findall(path.read_text()):
            fields = {}
            for before, field, kind in _FIELD.findall(body + "\n"):
                match = _KIND.search(kind)
                fields[field] = Field(before, match[1] if match else None)
            contexts[name] = Context(body, fields)
    library = (program / "src/lib.rs").read_text()
    return {
        instruction: contexts[context]
        for instruction, context in _ENTRY.findall(library)
        if context in contexts
    }


# -- addresses whose seeds the sources compare


def _compare(idl: Spec, contexts: Mapping[str, Context]) -> None:
    """Adds derivations of accounts of the program's own types, whose seeds are compared with what is at hand.

    So `class.load()?.id == node.load()?.class`, where a `Class` is made from its `id`.
    """
    made = _made(idl, contexts)
    for instruction in idl["instructions"]:
        context = contexts.get(instruction["name"])
        if context is None:
            continue
        args = {arg["name"] for arg in instruction["args"]}
        for account in instruction["accounts"]:
            if account.keys() & {"address", "pda", "optional", "signer"}:
                continue
            field = context.fields.get(account["name"])
            pda = made.get(field.kind) if field is not None and field.kind is not None else None
            if pda is None:
                continue
            seeds = [_compared(seed, account["name"], context, args) for seed in pda["seeds"]]
            if all(seeds):
                account["pda"] = pda | {"seeds": seeds}


def _made(idl: Spec, contexts: Mapping[str, Context]) -> dict[str, Spec]:
    """Returns from which seeds each of the program's types of accounts is made, where there is one way."""
    ways: dict[str, dict[str, Spec]] = {}
    for instruction in idl["instructions"]:
        fields = contexts[instruction["name"]].fields if instruction["name"] in contexts else {}
        for account in instruction["accounts"]:
            field = fields.get(account["name"])
            if field is not None and field.kind is not None and re.search(r"\binit\b", field.attributes):
                ways.setdefault(field.kind, {})[_kind(account["pda"], instruction)] = account["pda"]
    return {kind: next(iter(each.values())) for kind, each in ways.items() if len(each) == 1}


def _compared(seed: Spec, name: str, context: Context, args: Set[str]) -> Spec | None:
    """Returns a seed by what the account's field of that name is compared with."""
    if seed["kind"] == "const":
        return seed
    own = rf"\b{name}(?:\.load\(\)\?)?\.{seed['path'].split('.')[-1]}"
    match = re.search(rf"constraint = {own} == {_COMPARED}(?= @)", context.body)
    match = match or re.search(rf"constraint = {_COMPARED} == {own}(?= @)", context.body)
    if match is None:
        return None
    of, field = match["of"], match["field"]
    if field is None:
        return {"kind": "arg", "path": of} if of in args else None
    if field == "key()":
        return {"kind": "account", "path": of}
    kind = context.fields[of].kind if of in context.fields else None
    return None if kind is None else {"kind": "account", "path": f"{of}.{field}", "account": kind}


# -- addresses that only the program's code compares, or another program derives


def _follow(idl: Spec) -> None:
    """Adds the derivations of `addresses.toml`; tests compare each with what a call takes."""
    listed = _listed()
    for name, accounts in listed.get(idl.get("metadata", {}).get("name", ""), {}).items():
        (instruction,) = (each for each in idl["instructions"] if each["name"] == name)
        for account in instruction["accounts"]:
            if (derived := accounts.get(account["name"])) == {}:
                account.pop("pda", None)
            elif derived is not None:
                seeds = [_seed(seed) for seed in derived["seeds"]]
                program = _const(base58(listed["ids"][derived["program"]]))
                account["pda"] = {"seeds": seeds, "program": program}


@cache
def _listed() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).with_name("addresses.toml")).read_text())


def _seed(text: str) -> Spec:
    """Returns a seed: 'constant', @address, an account, or a field of one as `account.field of Type`."""
    if text.startswith("'"):
        return _const(text.strip("'").encode())
    if text.startswith("@"):
        return _const(base58(text[1:]))
    path, _, kind = text.partition(" of ")
    return {"kind": "account", "path": path} | ({"account": kind} if kind else {})


# -- addresses that are stored in another account


def relations(contexts: Mapping[str, Context]) -> dict[tuple[str, str], list[str]]:
    """Returns for instruction and account those accounts of it that store the address under the same name."""
    return {
        (instruction, name): holders
        for instruction, context in contexts.items()
        for name, holders in _related(context)
    }


def _related(context: Context) -> Iterator[tuple[str, list[str]]]:
    """Yields each account of a context that others store, with those."""
    for name, field in context.fields.items():
        stored = _STORED.format(name=name)
        holders = re.findall(rf"address = {stored}(?!\w|\.)", field.attributes)
        holders += re.findall(rf"constraint = {stored} == {name}\.key\(\)", context.body)
        if holders:
            yield name, sorted(set(holders))


def _tell(account: Spec, context: Context | None) -> None:
    """Says in the text of an account where its address stands, if that is under another name."""
    if context is None or account.keys() & {"address", "pda", "relations"}:
        return
    attributes = context.fields[account["name"]].attributes if account["name"] in context.fields else ""
    if match := re.search(r"address = (\w+)(?:\.load\(\)\?)?\.([\w.]+)(?= @|\)|,)", attributes):
        said = f"Its address is `{match[1]}.{match[2]}`."
        if said not in account.get("docs", ()):
            account["docs"] = [*account.get("docs", ()), said]


# -- numbers


def _widen(idl: Spec) -> None:
    """Makes 16 bytes that are one number a u128, where the client does not depend on a layout in memory."""
    for definition in idl["types"]:
        if str(definition.get("serialization", "borsh")).startswith("bytemuck"):
            continue  # a u128 would begin at a multiple of 16, and these do not
        for field in definition["type"].get("fields") or []:
            if field["type"] == _BYTES_16 and "u128" in " ".join(field.get("docs", ())):
                field["type"] = "u128"


def _loosen(idl: Spec) -> None:
    """Marks zero-copy types that hold an enum, of which not every byte is a variant.

    Without the mark `declare_program!` refuses the whole IDL.
    """
    types = {definition["name"]: definition for definition in idl["types"]}

    def holds(name: str) -> bool:
        kind = types[name]["type"]
        return kind["kind"] == "enum" or any(map(holds, _named(kind)))

    for name, definition in types.items():
        if definition.get("serialization") == "bytemuck" and holds(name):
            definition["serialization"] = "bytemuckunsafe"


def _named(part: Any) -> Iterator[str]:
    """Yields the names of all types that a part of an IDL speaks of."""
    if isinstance(part, dict):
        if isinstance(part.get("defined"), dict):
            yield part["defined"]["name"]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _named(each)
