"""The IDLs of the programs (spec 0.1.0), and how their types are written in Python."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

INTEGERS: Final = {f"{s}{n}" for s in "ui" for n in (8, 16, 32, 64, 128, 256)}
PLAIN: Final = {
    **{name: ("int", name) for name in INTEGERS},
    "f32": ("float", "f32"),
    "f64": ("float", "f64"),
    "bool": ("bool", "boolean"),
    "pubkey": ("Pubkey", "pubkey"),
    "string": ("str", "string"),
    "bytes": ("bytes", "byte_vec"),
}
SIZES: Final = {
    **{name: int(name[1:]) // 8 for name in INTEGERS},
    "f32": 4,
    "f64": 8,
    "bool": 1,
    "pubkey": 32,
}
#: Integers that zero-copy accounts keep as bytes, to stay free of alignment gaps.
WRAPPED: Final = {"U128": "u128", "PodU128": "u128", "I128": "i128", "PodI128": "i128"}
#: An item of a list in a doc comment: the IDL has no docs for plain arguments and variants, so the docs of
#: the instruction or the enum list them.
ITEM: Final = re.compile(r"\* `?(\w+)`? - (.*)")
#: Docs of accounts that mean the same in every instruction, and have no docs of their own.
STANDARD: Final = {
    "token_program": "The token program.",
    "system_program": "The System program.",
    "associated_token_program": "The associated token program.",
    "event_authority": "Signs the program's own events.",
    "program": "The program itself.",
    "program_data": "The program's data account, which names its upgrade authority.",
}
PADDING: Final = re.compile(r"_?(pad|padding|reserved)(_?\d+)?|_.*")


class CodegenError(Exception):
    """An IDL that contains something that this generator does not support."""


# --- the IDL ----------------------------------------------------------------------------------


def last(name: str) -> str:
    """Returns the type's own name, without the modules it is in."""
    return name.rsplit("::", 1)[-1]


def snake(name: str) -> str:
    """Returns `CamelCase` as `snake_case`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def identifier(name: str) -> str:
    """Returns a name that Python allows."""
    return name + "_" if keyword.iskeyword(name) else name


def text(docs: Iterable[str]) -> str:
    """Returns doc lines as one text, safe inside a docstring and without rustdoc's links."""
    joined = re.sub(r"\[(`[^`]+`)\]", r"\1", "\n".join(line.strip() for line in docs).strip())
    return joined.replace("\\", "\\\\").replace('"""', "'''")


def sentence(docs: Iterable[str]) -> str:
    """Returns doc lines as one line."""
    return " ".join(text(docs).split())


def listed(docs: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Returns doc lines without their list of names, and the list: each name with its text.

    An item is `* name - text`, and goes on until the next one or an empty line.
    """
    prose: list[str] = []
    items: dict[str, str] = {}
    current = ""
    for line in (line.strip() for line in docs):
        if match := ITEM.fullmatch(line):
            current = match[1]
            items[current] = match[2].strip()
        elif current and line:
            items[current] += f" {line}"
        else:
            current = ""
            if line or prose[-1:] != [""]:
                prose.append(line)
    return prose, items


def about_account(spec: Mapping[str, Any]) -> str:
    """Returns what an account of an instruction is, in one line."""
    described = sentence(spec.get("docs", ())).removeprefix("CHECK: ") or STANDARD.get(spec["name"], "")
    return described[:1].upper() + described[1:]


@dataclass(frozen=True)
class Typed:
    """How a type is written in Python."""

    annotation: str
    codec: str
    accepts: str = ""

    @property
    def argument(self) -> str:
        """What a builder takes for it."""
        return self.accepts or self.annotation


@dataclass
class Program:
    """One program's IDL.

    Attributes:
        shared: enums that other programs define identically; one class stands for all of them.
    """

    name: str
    idl: Mapping[str, Any]
    types: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for definition in self.idl.get("types", []):
            name = last(definition["name"])
            if name in self.types:
                raise CodegenError(f"{self.name}: two types are called {name}")
            if definition.get("generics"):
                raise CodegenError(f"{self.name}: {name} is generic; give it a concrete form for clients")
            self.types[name] = definition
        self.accounts = {last(a["name"]): a for a in self.idl.get("accounts", [])}
        self.events = {last(e["name"]): e for e in self.idl.get("events", [])}

    def definition(self, name: str) -> Mapping[str, Any]:
        """Returns a type of the IDL."""
        if name not in self.types:
            raise CodegenError(f"{self.name}: type {name} is not in the IDL")
        return self.types[name]

    def unit(self, definition: Mapping[str, Any]) -> bool:
        """Returns whether an enum's variants carry no fields."""
        return not any(v.get("fields") for v in definition["type"]["variants"])

    def about_argument(self, argument: Mapping[str, Any], items: Mapping[str, str]) -> str:
        """Returns what an argument is: by its own docs, its instruction's, or its type's."""
        described = sentence(argument.get("docs", ())) or items.get(argument["name"], "")
        match argument["type"]:
            case {"defined": {"name": name}} if not described:
                described = sentence(listed(self.definition(last(name)).get("docs", ()))[0])
        return described

    def alias(self, name: str) -> str | None:
        """Returns the integer type that a wrapper type stands for, or None."""
        body = self.definition(name)["type"]
        fields = body.get("fields") or []
        types = [f["type"] if isinstance(f, dict) and "name" in f else f for f in fields]
        return WRAPPED[name] if name in WRAPPED and types == [{"array": ["u8", 16]}] else None

    def typed(self, idl_type: Any, prefix: str = "types.") -> Typed:
        """Returns how a type is written; `prefix` is where its module finds defined types."""
        match idl_type:
            case str(name) if name in PLAIN:
                annotation, codec = PLAIN[name]
                return Typed(annotation, f"c.{codec}", "Int" if name in INTEGERS else "")
            case {"option": inner} | {"coption": inner}:
                item = self.typed(inner, prefix)
                tag = ", tag_size=4" if "coption" in idl_type else ""
                accepts = f"{item.accepts} | None" if item.accepts else ""
                return Typed(f"{item.annotation} | None", f"c.option({item.codec}{tag})", accepts)
            case {"vec": "u8"}:
                return Typed("bytes", "c.byte_vec")
            case {"vec": inner}:
                item = self.typed(inner, prefix)
                return Typed(
                    f"tuple[{item.annotation}, ...]", f"c.vec({item.codec})", f"Sequence[{item.argument}]"
                )
            case {"array": ["u8", int(length)]}:
                return Typed("bytes", f"c.raw_bytes({length})")
            case {"array": [inner, int(length)]}:
                item = self.typed(inner, prefix)
                return Typed(
                    f"tuple[{item.annotation}, ...]",
                    f"c.array({item.codec}, {length})",
                    f"Sequence[{item.argument}]",
                )
            case {"defined": {"name": name}}:
                name = last(name)
                if wrapped := self.alias(name):
                    return Typed("int", f"c.{wrapped}", "Int")
                definition = self.definition(name)
                match definition["type"]["kind"]:
                    case "type":
                        return self.typed(definition["type"]["alias"], prefix)
                    case "struct":
                        return Typed(f"{prefix}{name}", f"{prefix}{name}.CODEC")
                    case "enum" if self.unit(definition):
                        accepts = f"{prefix}{name} | int"
                        return Typed(f"{prefix}{name}", f"{prefix}{snake(name)}_codec", accepts)
                    case "enum":
                        return Typed(f"{prefix}{name}", f"{prefix}{snake(name)}_codec")
        raise CodegenError(f"{self.name}: no form for the type {idl_type!r}")

    def size(self, idl_type: Any) -> tuple[int, int] | None:
        """Returns size and C alignment of a type, or None if its size is not fixed."""
        match idl_type:
            case str(name) if name in SIZES:
                return SIZES[name], 1 if name in ("bool", "pubkey") else min(SIZES[name], 16)
            case {"array": [inner, int(length)]}:
                item = self.size(inner)
                return None if item is None else (item[0] * length, item[1])
            case {"defined": {"name": name}}:
                body = self.definition(last(name))["type"]
                if body["kind"] == "struct":
                    sizes = [self.size(t) for _, t, _ in fields_of(body)]
                    known = [s for s in sizes if s is not None]
                    if len(known) == len(sizes):
                        return sum(s for s, _ in known), max((a for _, a in known), default=1)
                elif body["kind"] == "type":
                    return self.size(body["alias"])
                elif self.unit(self.definition(last(name))):
                    return 1, 1
        return None

    def check_layout(self, name: str) -> None:
        """Refuses a zero-copy struct with hidden gaps: the codec reads it packed."""
        definition = self.definition(name)
        if not str(definition.get("serialization", "borsh")).startswith("bytemuck"):
            return
        repr_ = definition.get("repr") or {}
        if repr_.get("kind") == "c" and not repr_.get("packed"):
            offset, widest = 0, 1
            for field_name, idl_type, _ in fields_of(definition["type"]):
                sized = self.size(idl_type)
                if sized is None:
                    raise CodegenError(
                        f"{self.name}: {name}.{field_name} has no fixed size in a zero-copy struct"
                    )
                if offset % sized[1]:
                    raise CodegenError(
                        f"{self.name}: hidden padding before {name}.{field_name} at byte {offset}"
                    )
                offset, widest = offset + sized[0], max(widest, sized[1])
            if offset % widest:
                raise CodegenError(
                    f"{self.name}: hidden padding at the end of {name}: {offset} bytes, aligned to {widest}"
                )


def fields_of(body: Mapping[str, Any]) -> list[tuple[str, Any, Sequence[str]]]:
    """Returns name, type and docs of each field; tuple fields are called `field_0` and so on."""
    fields: list[tuple[str, Any, Sequence[str]]] = []
    for i, spec in enumerate(body.get("fields") or []):
        if isinstance(spec, dict) and "name" in spec:
            fields.append((spec["name"], spec["type"], spec.get("docs", ())))
        else:
            fields.append((f"field_{i}", spec, ()))
    return fields


@dataclass
class AccountSlot:
    """One account of an instruction; accounts of a group are named `<group>_<account>`."""

    name: str
    spec: Mapping[str, Any]
    scope: str

    @property
    def path(self) -> str:
        """How seeds refer to it."""
        return self.scope + str(self.spec["name"])


def flatten(items: Iterable[Mapping[str, Any]], scope: str = "") -> Iterator[AccountSlot]:
    """Yields the accounts of an instruction in order, with groups expanded."""
    for item in items:
        if "accounts" in item:
            yield from flatten(item["accounts"], f"{scope}{item['name']}.")
        else:
            yield AccountSlot(identifier((scope + item["name"]).replace(".", "_")), item, scope)


def arg_name(name: str, slots: Sequence[AccountSlot]) -> str:
    """Returns an argument's name, with `_arg` appended if an account has the same name."""
    name = identifier(name)
    return f"{name}_arg" if name in {s.name for s in slots} else name


def load(folder: Path) -> list[Program]:
    """Returns the programs whose IDLs are in a folder, by name.

    Raises:
        CodegenError: a file is not an IDL of spec 0.1.0.
    """
    programs = []
    for path in sorted(folder.glob("*.json")):
        idl = json.loads(path.read_text())
        if "metadata" not in idl or "address" not in idl:
            raise CodegenError(f"{path.name}: not an IDL of spec 0.1.0 (no address or metadata)")
        programs.append(Program(path.stem, idl))
    for program in programs:
        others = [other for other in programs if other is not program]
        program.shared = frozenset(
            name
            for name, definition in program.types.items()
            if definition["type"]["kind"] == "enum"
            and program.unit(definition)
            and any(other.types.get(name) == definition for other in others)
        )
    return programs
