"""The pages on the programs: one for all, and one for each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from solders.pubkey import Pubkey

from docgen import given
from docgen.markdown import DocsError, code, data, first_sentence, header, prose, same_names, table
from docgen.places import ANCHORS, places, seeds, type_text
from sdkgen.addresses import KNOWN
from sdkgen.idl import PADDING, AccountSlot, Program, fields_of, flatten, listed

#: In this order everywhere.
ORDER: Final = ("mint", "proofs", "staking", "jobs", "buyback", "governance", "distributor")
ADMINISTRATIVE: Final = ("initialize", "set_params", "set_paused", "propose_authority", "accept_authority")
_UNITS: Final = Path(__file__).resolve().parents[2] / "bench/compute.json"


@cache
def _notes() -> dict[str, Any]:
    return data("programs.toml")


@cache
def _measured() -> dict[str, Any]:
    measured: dict[str, Any] = json.loads(_UNITS.read_text())
    return measured


# --- reading an IDL -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """An instruction's documentation."""

    text: str
    caller: str
    errors: str

    @classmethod
    def read(cls, program: Program, instruction: Mapping[str, Any]) -> Entry:
        """Splits the doc comment into what it does, `Caller: ….` and `Errors: ….`."""
        whole = prose(listed(instruction.get("docs", ()))[0])
        match = re.fullmatch(r"(.*?)\s*Callers?: (.*?)\.(?: Errors: (.*?)\.)?", whole, re.DOTALL)
        if match is None:
            raise DocsError(f"{program.name}.{instruction['name']}: its doc comment names no caller")
        return cls(match[1].strip(), match[2], match[3] or "")


def known_addresses(programs: Sequence[Program]) -> dict[str, str]:
    """Names of the addresses that are always the same."""
    names = {address: name.replace("_", " ").capitalize() for address, name in KNOWN.items()}
    for program in programs:
        own = Pubkey.from_string(program.idl["address"])
        names[str(own)] = f"the program {program.name}"
        fixed = [note["seeds"] for note in _notes()[program.name]["accounts"].values() if "seeds" in note]
        for text in {*(place.seeds.strip("`") for place in places(program)), *fixed}:
            if seed := re.fullmatch(r'\["(\w+)"\]', text):
                address, _ = Pubkey.find_program_address([seed[1].encode()], own)
                names[str(address)] = f"`{text}` of {program.name}"
    return names


# --- the page on all of them ----------------------------------------------------------------------


def overview(programs: Sequence[Program]) -> str:
    """docs/programs.md."""
    notes = _notes()
    same_names([program.name for program in programs], notes, "programs.toml")
    by_name = {program.name: program for program in programs}
    ordered = [by_name[name] for name in ORDER]
    text = header("idl/, scripts/docgen/programs.toml and scripts/docgen/given.toml") + "# Programs\n\n"
    text += (
        "The programs, their instructions and accounts. Each program has a page of its own with arguments,"
        " accounts, errors and events. Who may call what, within which bounds:"
        " [authorities.md](authorities.md); how the programs work together:"
        " [architecture.md](architecture.md).\n\n"
    )
    text += table(
        ("program", "id", "owns"),
        [
            (
                f"[{program.name}](reference/{program.name}.md)",
                code(program.idl["address"]),
                notes[program.name]["owns"],
            )
            for program in ordered
        ],
    )
    return text + _instructions(ordered) + _accounts(ordered) + "\n" + given.section(ordered)


def _instructions(programs: Sequence[Program]) -> str:
    listed = ", ".join(map(code, ADMINISTRATIVE))
    text = (
        "## Instructions\n\nThe administrative instructions are the same everywhere and not repeated below:"
        f" {listed}. Governance has only the first two: it cannot be paused, and has no authority.\n\n"
    )
    for program in programs:
        rows = []
        for instruction in program.idl["instructions"]:
            if instruction["name"] not in ADMINISTRATIVE:
                entry = Entry.read(program, instruction)
                link = f"[`{instruction['name']}`](reference/{program.name}.md#{instruction['name']})"
                rows.append((link, first_sentence(entry.text), entry.caller))
        text += f"### {program.name}\n\n" + table(("instruction", "does", "called by"), rows)
    return text


def _accounts(programs: Sequence[Program]) -> str:
    rows = []
    for program in programs:
        for seeds_text, is_, closed in _places(program):
            rows.append((program.name, is_, seeds_text, closed))
    return (
        "## Accounts\n\nIntegers in seeds are little endian. An account's rent goes back to its payer when it"
        " is closed.\n\n" + table(("program", "account", "seeds", "closed"), rows).rstrip("\n") + "\n"
    )


def _places(program: Program) -> Iterator[tuple[str, str, str]]:
    """Seeds, what it is, and when it is closed, for each derived account."""
    notes = _notes()[program.name]["accounts"]
    derived = {place.name: place.seeds for place in places(program)}
    derived |= {name: code(note["seeds"]) for name, note in notes.items() if "seeds" in note}
    same_names(derived, notes, f"programs.toml, {program.name}.accounts")
    descriptions = " ".join(note["is"] for note in notes.values())
    if missing := [name for name in program.accounts if f"`{name}`" not in descriptions]:
        raise DocsError(
            f"scripts/docgen/programs.toml, {program.name}.accounts: no entry says which one"
            f" {', '.join(missing)} is"
        )
    for name, note in notes.items():
        yield derived[name], note["is"], note["closed"]


# --- the page on one of them ----------------------------------------------------------------------


def reference(program: Program, known: Mapping[str, str]) -> str:
    """docs/reference/<program>.md; `known` names addresses."""
    sources = f"idl/{program.name}.json, bench/compute.json and scripts/docgen/programs.toml"
    text = header(sources) + f"# {program.name}\n\n"
    text += f"`{program.idl['address']}` owns {_notes()[program.name]['owns']}. "
    text += "All programs: [programs.md](../programs.md).\n\n## Instructions\n\n"
    text += "".join(_instruction(program, instruction, known) for instruction in program.idl["instructions"])
    text += "## Addresses\n\n" + table(
        ("account", "seeds", "closed"), [(is_, seeds_, closed) for seeds_, is_, closed in _places(program)]
    )
    text += "## Accounts\n\n" + "".join(_struct(program, name) for name in program.accounts)
    text += "## Events\n\n" + "".join(_struct(program, name) for name in program.events)
    text += _types(program) + _constants(program) + _errors(program)
    return text.rstrip("\n") + "\n"


def _instruction(program: Program, instruction: Mapping[str, Any], known: Mapping[str, str]) -> str:
    entry = Entry.read(program, instruction)
    text = f"### {instruction['name']}\n\n{entry.text}\n\n**Called by:** {entry.caller}.\n\n"
    if args := instruction["args"]:
        items = listed(instruction.get("docs", ()))[1]
        text += table(
            ("argument", "type", "what"),
            [
                (code(arg["name"]), code(type_text(arg["type"])), program.about_argument(arg, items))
                for arg in args
            ],
        )
    text += table(
        ("account", "", "which"),
        [
            (code(slot.path), _flags(slot), _which(program, instruction, slot, known))
            for slot in flatten(instruction["accounts"])
            if slot.path not in ANCHORS[:2]
        ],
    )
    text += f"**Errors:** {entry.errors}.\n\n" if entry.errors else ""
    return text + _units(program.name, instruction["name"])


def _units(program: str, instruction: str) -> str:
    """The compute units that bench/compute.py has measured."""
    measured = {
        name.removeprefix(instruction).removeprefix(", ") or "at most": f"{each['max']:,}"
        for name, each in _measured().get(program, {}).items()
        if name.partition(",")[0] == instruction
    }
    plain = measured.pop("at most", "")
    parts = [plain] * bool(plain) + [f"{units} ({name})" for name, units in measured.items()]
    return f"**Compute units:** {', '.join(parts)}.\n\n" if parts else ""


def _flags(slot: AccountSlot) -> str:
    return ", ".join(flag for flag in ("writable", "signer", "optional") if slot.spec.get(flag))


def _which(
    program: Program, instruction: Mapping[str, Any], slot: AccountSlot, known: Mapping[str, str]
) -> str:
    docs = re.sub(r"^CHECK: ", "", prose(slot.spec.get("docs", ())))
    where = ""
    if slot.path == "program_data":
        where = "the loader's account of this program, with its upgrade authority"
    elif "pda" in slot.spec:
        where = seeds(program, instruction, slot, known)
    elif address := slot.spec.get("address"):
        where = known.get(address, code(address))
    elif holders := slot.spec.get("relations"):
        where = f"stored in {' and '.join(map(code, holders))}"
    return f"{where}: {docs}" if where and docs else where or docs


def _struct(program: Program, name: str) -> str:
    definition = program.definition(name)
    docs = prose(definition.get("docs", ()))
    text = f"### {name}\n\n" + (f"{docs}\n\n" if docs else "")
    fields = [field for field in fields_of(definition["type"]) if not PADDING.fullmatch(field[0])]
    if any(docs for _, _, docs in fields):
        return text + table(
            ("field", "type", ""),
            [(code(field), code(type_text(kind)), prose(docs)) for field, kind, docs in fields],
        )
    listed = ", ".join(f"`{field}: {type_text(kind)}`" for field, kind, _ in fields)
    return text + (f"{listed}.\n\n" if listed else "")


def _types(program: Program) -> str:
    """Parts of arguments and accounts, and then the enums."""
    others = [n for n in program.types if n not in program.accounts and n not in program.events]
    structs = [n for n in others if program.definition(n)["type"]["kind"] == "struct"]
    enums = [n for n in others if program.definition(n)["type"]["kind"] == "enum"]
    text = "## Types\n\n" + "".join(_struct(program, n) for n in structs) if structs else ""
    return text + ("## Enums\n\n" + "".join(_enum(program, n) for n in enums) if enums else "")


def _enum(program: Program, name: str) -> str:
    definition = program.definition(name)
    # Anchor drops comments of variants, so some enums list them in their own comment.
    listed: dict[str, str] = {}
    docs = []
    for line in definition.get("docs", ()):
        if match := re.fullmatch(r"\s*[*-] `?(\w+)`? [-–:] (.*)", line):
            listed[match[1]] = match[2]
        elif listed and line.startswith(" "):
            listed[next(reversed(listed))] += f" {line.strip()}"
        else:
            docs.append(line)
    text = prose(docs)
    rows = []
    for number, variant in enumerate(definition["type"]["variants"]):
        fields = ", ".join(f"{field}: {type_text(kind)}" for field, kind, _ in fields_of(variant))
        rows.append(
            (
                str(number),
                code(variant["name"]),
                code(fields),
                prose(variant.get("docs", ()) or [listed.get(variant["name"], "")]),
            )
        )
    page = f"### {name}\n\n" + (f"{text}\n\n" if text else "")
    columns = [at for at in range(4) if at < 2 or any(row[at] for row in rows)]
    heads = ("", "variant", "fields", "means")
    return page + table([heads[at] for at in columns], [[row[at] for at in columns] for row in rows])


def _constants(program: Program) -> str:
    rows = [
        (
            code(constant["name"]),
            code(type_text(constant["type"])),
            code(constant["value"]),
            prose(constant.get("docs", ())),
        )
        for constant in program.idl.get("constants", ())
    ]
    return "## Constants\n\n" + table(("constant", "type", "value", "means"), rows) if rows else ""


def _errors(program: Program) -> str:
    rows = [
        (str(error["code"]), code(error["name"]), error.get("msg", ""))
        for error in program.idl.get("errors", ())
    ]
    return "## Errors\n\n" + table(("code", "error", "message"), rows) if rows else ""
