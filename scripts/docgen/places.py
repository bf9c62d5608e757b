"""Which accounts a program derives, and from which seeds, as the pages on programs show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from solders.pubkey import Pubkey

from docgen.markdown import DocsError, code
from sdkgen.idl import AccountSlot, Program, fields_of, flatten, last

#: Accounts that Anchor asks for, where an instruction emits events by a call of itself, and to initialise.
ANCHORS: Final = ("event_authority", "program", "program_data")
_ASSOCIATED: Final = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"


def type_text(idl_type: Any) -> str:
    """A type as Rust writes it."""
    match idl_type:
        case str():
            return idl_type
        case {"option": inner} | {"coption": inner}:
            return f"Option<{type_text(inner)}>"
        case {"vec": inner}:
            return f"Vec<{type_text(inner)}>"
        case {"array": [inner, length]}:
            return f"[{type_text(inner)}; {length}]"
        case {"defined": {"name": name}}:
            return last(name)
    raise DocsError(f"no form for the type {idl_type!r}")


@dataclass(frozen=True)
class Place:
    """An account that the program derives: its name in programs.toml, and its seeds."""

    name: str
    seeds: str


def places(program: Program) -> list[Place]:
    """Every derived address of a program, once.

    Accounts of the same name with different seeds are called `<name> of <the account in the seeds>`.
    """
    ways: dict[tuple[str, ...], Counter[tuple[str, str, str]]] = {}
    for instruction in program.idl["instructions"]:
        for slot in flatten(instruction["accounts"]):
            if "pda" in slot.spec and slot.path not in ANCHORS and not _is_elsewhere(program, slot):
                owner = next((s["path"] for s in slot.spec["pda"]["seeds"] if s["kind"] == "account"), "")
                way = (slot.path, seeds(program, instruction, slot), owner)
                ways.setdefault(_way(program, instruction, slot), Counter())[way] += 1
    # Arguments have several names for one seed: the usual ones count.
    usual = [each.most_common(1)[0][0] for each in ways.values()]
    owners = {(name, text): owner for name, text, owner in usual}
    names = [name for name, _ in owners]
    return [
        Place(f"{name} of {owner}" if names.count(name) > 1 else name, text)
        for (name, text), owner in owners.items()
    ]


def _is_elsewhere(program: Program, slot: AccountSlot) -> bool:
    """Whether it is another program's, or is derived from what an account holds, as accounts are that exist.

    Of token accounts it is those of a wallet that is no account of the instruction.
    """
    pda = slot.spec["pda"]
    deriving = address_of(pda.get("program"))
    if any("." in seed["path"] for seed in pda["seeds"] if seed["kind"] == "account"):
        return True
    if deriving == _ASSOCIATED:
        return bool(pda["seeds"][0]["kind"] == "const")
    return deriving not in ("", program.idl["address"])


def _way(program: Program, instruction: Mapping[str, Any], slot: AccountSlot) -> tuple[str, ...]:
    """Its seeds, whatever arguments are called in an instruction."""
    parts = slot.spec["pda"]["seeds"]
    texts = [
        _constant(part) or (part["path"] if part["kind"] == "account" else _width(program, instruction, part))
        for part in parts
    ]
    alone = not any(_constant(part) for part in parts)
    return (slot.path, *texts) if alone else tuple(texts)


def seeds(
    program: Program,
    instruction: Mapping[str, Any],
    slot: AccountSlot,
    known: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The seeds of a derived account, as code, or a note that it is an associated token account."""
    parts = slot.spec["pda"]["seeds"]
    values = [_constant(part) for part in parts]
    if address_of(slot.spec["pda"].get("program")) == _ASSOCIATED:
        owner, _, mint = (code(part.get("path", "")) or known.get(address_of(part), "") for part in parts)
        return f"the associated token account of {owner} for {mint}"
    texts = [
        value or _name(part) + _width(program, instruction, part)
        for value, part in zip(values, parts, strict=True)
    ]
    return code(f"[{', '.join(texts)}]")


def _name(part: Mapping[str, Any]) -> str:
    path = str(part["path"])
    return path if part["kind"] == "account" else path.rsplit(".", maxsplit=1)[-1]


def _constant(part: Mapping[str, Any]) -> str:
    if part["kind"] != "const":
        return ""
    value = bytes(part["value"])
    return f'"{value.decode()}"' if value.isascii() and value.decode().isprintable() else value.hex()


def address_of(program: Mapping[str, Any] | None) -> str:
    """The address of a program that derives, where the IDL names one; else nothing."""
    return "" if program is None else str(Pubkey(bytes(program["value"])))


def _width(program: Program, instruction: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    """The type of a seed that is an argument, unless it is an address."""
    if part["kind"] != "arg":
        return ""
    first, *path = part["path"].split(".")
    idl_type = next(argument["type"] for argument in instruction["args"] if argument["name"] == first)
    for name in path:
        body = program.definition(last(idl_type["defined"]["name"]))["type"]
        idl_type = next(field_type for field, field_type, _ in fields_of(body) if field == name)
    return "" if idl_type == "pubkey" else f" {type_text(idl_type)}"
