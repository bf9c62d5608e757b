"""What the programs' IDLs tell: everything that clients see has a text, a type and a name of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from sdkgen.idl import PADDING, Program, about_account, flatten, last, listed, load, sentence

ROOT: Final = Path(__file__).resolve().parents[1]
PROGRAMS: Final = load(ROOT / "idl")
IDS: Final = [program.name for program in PROGRAMS]

each_program = pytest.mark.parametrize("program", PROGRAMS, ids=IDS)


def fields(program: Program) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each field of each struct, with its name as `Struct.field`; padding is none."""
    for name, definition in program.types.items():
        for field in definition["type"].get("fields") or []:
            if not PADDING.fullmatch(field["name"]):
                yield f"{name}.{field['name']}", field


@each_program
def test_every_instruction_with_its_accounts_and_arguments_is_described(program: Program) -> None:
    silent = []
    for instruction in program.idl["instructions"]:
        name = instruction["name"]
        prose, items = listed(instruction.get("docs", ()))
        if not sentence(prose):
            silent.append(name)
        accounts, args = flatten(instruction["accounts"]), instruction["args"]
        silent += [f"{name}: account {one.name}" for one in accounts if not about_account(one.spec)]
        silent += [f"{name}: {one['name']}" for one in args if not program.about_argument(one, items)]
        # What the list names is there.
        names = {one["name"] for one in args}
        silent += [f"{name}: no argument {item}" for item in items if item not in names]
    assert not silent


@each_program
def test_every_type_with_its_fields_and_variants_is_described(program: Program) -> None:
    silent = [name for name, field in fields(program) if not field.get("docs")]
    for name, definition in program.types.items():
        prose, items = listed(definition.get("docs", ()))
        if not sentence(prose):
            silent.append(name)
        variants = definition["type"].get("variants", [])
        silent += [f"{name}.{one['name']}" for one in variants if not items.get(one["name"])]
    assert not silent


@each_program
def test_every_error_and_every_constant_is_described(program: Program) -> None:
    silent = [error["name"] for error in program.idl["errors"] if not error.get("msg")]
    silent += [constant["name"] for constant in program.idl["constants"] if not constant.get("docs")]
    assert not silent


@each_program
def test_nothing_has_the_name_of_another_thing(program: Program) -> None:
    names = Counter(last(one["name"]) for one in program.idl["types"])
    names.update(constant["name"] for constant in program.idl["constants"])
    assert not [name for name, count in names.items() if count > 1]


@each_program
def test_padding_has_one_of_two_names(program: Program) -> None:
    odd = [
        f"{name}.{field['name']}"
        for name, definition in program.types.items()
        for field in definition["type"].get("fields") or []
        if PADDING.fullmatch(field["name"]) and not re.fullmatch(r"padding(_\d)?|reserved", field["name"])
    ]
    assert not odd


@each_program
def test_a_text_says_what_is_and_not_who_he_is(program: Program) -> None:
    texts = [" ".join(docs) for docs in documents(program.idl)]
    texts += [error["msg"] for error in program.idl["errors"]]
    odd = [said for said in texts if re.search(r"\b([Hh]e|[Hh]is|[Hh]im|for ever|TODO)\b", said)]
    assert not odd


def documents(node: Any) -> Iterator[list[str]]:
    """All docs inside a part of an IDL."""
    if isinstance(node, dict):
        if isinstance(node.get("docs"), list):
            yield node["docs"]
        for value in node.values():
            yield from documents(value)
    elif isinstance(node, list):
        for value in node:
            yield from documents(value)


@pytest.mark.parametrize("path", sorted(ROOT.glob("programs/*/src/instructions/*.rs")), ids=str)
def test_every_file_of_an_instruction_begins_with_what_it_does(path: Path) -> None:
    content = path.read_text()
    if path.name == "mod.rs":
        return
    assert content.startswith("//! ")
    if "pub fn handle_" in content:
        head = content.split("\n\n")[0]
        assert "//! Who may call: " in head
        assert "//! Events: " in head
