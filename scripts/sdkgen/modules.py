"""The source of the modules that are generated for a program."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from solders.pubkey import Pubkey

from sdkgen.addresses import Addresses, Derived, Fixed
from sdkgen.idl import (
    INTEGERS,
    PADDING,
    CodegenError,
    Program,
    Typed,
    about_account,
    arg_name,
    fields_of,
    flatten,
    identifier,
    last,
    listed,
    sentence,
    snake,
    text,
)

LINE: Final = 110
HEADER: Final = "Generated from idl/{name}.json by scripts/codegen; do not edit."


def docstring(summary: str, body: str = "", indent: str = "    ") -> str:
    """Returns a docstring, indented."""
    inner = summary + (f"\n\n{body}" if body else "")
    lines = inner.splitlines()
    if len(lines) == 1 and len(lines[0]) + len(indent) + 6 <= LINE and not lines[0].endswith('"'):
        return f'{indent}"""{lines[0]}"""\n'
    rest = "".join(f"{indent}{line}".rstrip() + "\n" for line in lines[1:])
    return f'{indent}"""{lines[0]}\n{rest}{indent}"""\n'


def wrap(line: str, indent: str) -> str:
    """Returns a doc paragraph, wrapped at the line length; continuation lines are indented."""
    words, out, current = line.split(), [], ""
    for word in words:
        if current and len(indent) + 4 + len(current) + 1 + len(word) > LINE:
            out.append(current)
            current = "    " + word
        else:
            current = f"{current} {word}" if current else word
    return "\n".join([*out, current])


def wrapped(prose: str) -> str:
    """Returns paragraphs, wrapped at the line length with room for a docstring's quotes on the first."""
    quotes = '"""' * 2
    lines = (quotes + prose).splitlines()
    return "\n".join(wrap(line, "").replace("\n    ", "\n") for line in lines).removeprefix(quotes)


def tuple_of(items: Sequence[str]) -> str:
    """Returns a tuple of expressions."""
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def raw(data: Sequence[int]) -> str:
    """Returns bytes as an expression."""
    return f'bytes.fromhex("{bytes(data).hex()}")'


def struct_class(program: Program, name: str, base: str, prefix: str) -> tuple[str, str]:
    """Returns a frozen dataclass, and its wire format."""
    definition = program.definition(name)
    program.check_layout(name)
    body, fields, docs = [], [], []
    for field_name, idl_type, field_docs in fields_of(definition["type"]):
        typed = program.typed(idl_type, prefix)
        if PADDING.fullmatch(field_name):
            sized = program.size(idl_type)
            if sized is None:
                raise CodegenError(f"{program.name}: padding {name}.{field_name} has no fixed size")
            fields.append(f'("", c.pad({sized[0]}))')
            continue
        public = identifier(field_name)
        body.append(f"    {public}: {typed.annotation}\n")
        fields.append(f'("{public}", {typed.codec})')
        if field_docs:
            docs.append(wrap(f"{public}: {sentence(field_docs)}", "        ").replace("\n", "\n    "))
    summary = wrapped(text(definition.get("docs", ())) or f"`{name}` of the {program.name} program.")
    head, _, tail = summary.partition("\n")
    attributes = (
        "Attributes:\n" + "\n".join(f"    {line}" for line in "\n".join(docs).splitlines()) if docs else ""
    )
    more = "\n\n".join(part for part in (tail.strip("\n"), attributes) if part)
    doc = docstring(head, "", "    ") if not more else docstring(head, more)
    if tail and not tail.startswith("\n"):
        doc = docstring(summary, attributes)
    code = f"@dataclass(frozen=True, slots=True)\nclass {name}({base}):\n{doc}\n{''.join(body)}"
    return code, tuple_of(fields)


def comment(about: str, indent: str = "") -> str:
    """Returns a text as a doc comment on what follows."""
    lines = wrap(about, indent).replace("\n    ", "\n").splitlines() if about else []
    return "".join(f"{indent}#: {line}\n" for line in lines)


def member(name: str, value: int, about: str) -> str:
    """Returns a member of an enum with its text."""
    if not about:
        return f"    {name} = {value}\n"
    line = f"    {name} = {value}, {json.dumps(about, ensure_ascii=False)}\n"
    if len(line) <= LINE + 1:
        return line
    parts = [json.dumps(f"{line} ", ensure_ascii=False) for line in wrapped(about).splitlines()]
    parts[-1] = parts[-1].removesuffix(' "') + '"'
    return f"    {name} = (\n        {value},\n        " + "\n        ".join(parts) + ",\n    )\n"


def named_class(program: Program, name: str) -> str:
    """Returns an enum whose variants carry no fields."""
    definition = program.definition(name)
    prose, items = listed(definition.get("docs", ()))
    doc = docstring(wrapped(text(prose) or f"`{name}` of the {program.name} program."))
    members = "".join(
        member(snake(v["name"]).upper(), i, items.get(v["name"], ""))
        for i, v in enumerate(definition["type"]["variants"])
    )
    return f"class {name}(Named):\n{doc}\n{members}"


def shared_module(programs: Sequence[Program]) -> str | None:
    """Returns the module of enums that several programs define identically, so that one class serves all."""
    owners = {name: program for program in reversed(programs) for name in program.shared}
    if not owners:
        return None
    note = "Generated from idl/ by scripts/codegen; do not edit."
    return (
        f'"""Enums of several programs.\n\n{note}\n"""\n{PRELUDE}\n\n'
        + "\n\n".join(named_class(owners[name], name) for name in sorted(owners))
        + public(owners)
    )


def enum_class(program: Program, name: str) -> str:
    """Returns a `Named`, or a dataclass for each variant if they carry fields; and its codec."""
    definition = program.definition(name)
    if program.unit(definition):
        codec = f"{snake(name)}_codec: Codec[{name}] = c.unit_enum({name})\n"
        return codec if name in program.shared else f"{named_class(program, name)}\n\n{codec}"
    prose, items = listed(definition.get("docs", ()))
    variants = definition["type"]["variants"]
    parts, bodies = [], []
    for v in variants:
        cls = name + v["name"]
        fields, wire = [], []
        for field_name, idl_type, _ in fields_of(v):
            typed = program.typed(idl_type, "")
            fields.append(f"    {identifier(field_name)}: {typed.annotation}\n")
            wire.append(f'("{identifier(field_name)}", {typed.codec})')
        variant_doc = docstring(items.get(v["name"], "") or f"`{name}::{v['name']}`.")
        parts.append(f"@dataclass(frozen=True, slots=True)\nclass {cls}:\n{variant_doc}\n{''.join(fields)}")
        bodies.append(f"({cls}, {tuple_of(wire)})")
    union = " | ".join(name + v["name"] for v in variants)
    note = comment(sentence(prose) or f"`{name}`")
    return (
        "\n\n".join(parts)
        + f"\n\n{note}{name}: TypeAlias = {union}\n\n"
        + f'{snake(name)}_codec: Codec[{name}] = c.tagged_enum("{name}", ({", ".join(bodies)},))\n'
    )


def in_order(program: Program, names: Iterable[str]) -> list[str]:
    """Returns types in order, each after those that it uses."""
    done: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise CodegenError(f"{program.name}: {name} contains itself")
        if name in done:
            return
        for used in used_types(program.definition(name)["type"]):
            visit(used, (*path, name))
        done.append(name)

    for name in sorted(names):
        visit(name, ())
    return done


def used_types(node: Any) -> Iterator[str]:
    """Yields the names of the defined types inside a type expression."""
    if isinstance(node, dict):
        if "defined" in node:
            yield last(node["defined"]["name"])
        for value in node.values():
            yield from used_types(value)
    elif isinstance(node, list):
        for value in node:
            yield from used_types(value)


def types_module(program: Program) -> str | None:
    """Returns the module of types that are neither accounts nor events."""
    own = {name for name in program.types if name not in program.accounts and name not in program.events}
    shared = {used for d in program.types.values() for used in used_types(d["type"])}
    for instruction in program.idl["instructions"]:
        shared |= set(used_types(instruction["args"]))
    if clash := shared & (set(program.accounts) | set(program.events)):
        own |= clash
    names = [
        name
        for name in in_order(program, own)
        if not program.alias(name) and program.types[name]["type"]["kind"] != "type"
    ]
    changes = params_class(program)
    if not names and not changes:
        return None
    parts = []
    for name in names:
        if program.types[name]["type"]["kind"] == "enum":
            parts.append(enum_class(program, name))
        else:
            code, fields = struct_class(program, name, "Record", "")
            parts.append(f"{code}\n\nbind_record({name}, {fields})\n")
    in_common = sorted(program.shared.intersection(names))
    siblings = f"from ..shared import {', '.join(in_common)}\n" if in_common else ""
    return (
        head(program, "Types of", siblings)
        + "\n\n".join([*parts, *([changes] if changes else [])])
        + public(
            names
            + [n + v["name"] for n in names for v in tagged_variants(program, n)]
            + (["Params"] if changes else [])
        )
    )


def params_class(program: Program) -> str | None:
    """Returns a class of the parameters that `set_params` sets, each optional: clients may set only some."""
    spec = next((i for i in program.idl["instructions"] if i["name"] == "set_params"), None)
    if spec is None:
        return None
    match spec["args"]:
        case [{"type": {"defined": {"name": name}}}]:
            fields = fields_of(program.definition(name)["type"])
        case arguments:
            fields = [(a["name"], a["type"], a.get("docs", ())) for a in arguments]
    lines = [f"    {identifier(name)}: {program.typed(kind, '').argument}\n" for name, kind, _ in fields]
    doc = docstring("Parameters to change; those that are left out stay as they are.")
    return f"class Params(TypedDict, total=False):\n{doc}\n{''.join(lines)}"


def tagged_variants(program: Program, name: str) -> list[Mapping[str, Any]]:
    """Returns the variants of an enum that is written as dataclasses."""
    body = program.types[name]["type"]
    return body["variants"] if body["kind"] == "enum" and not program.unit(program.types[name]) else []


#: What any module may import; ruff drops what one does not use.
PRELUDE: Final = """
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypedDict

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain import ids as _ids
from ionet.chain.codec import Codec, Int
from ionet.chain.errors import ProgramError as _ProgramError
from ionet.chain.pda import find as _find
from ionet.chain.schema import Account, Event, Named, Record, bind_account, bind_event, bind_record

"""


def head(program: Program, summary: str, siblings: str = "") -> str:
    """Returns the beginning of a generated module."""
    note = HEADER.format(name=program.name)
    return f'"""{summary} the {program.name} program.\n\n{note}\n"""\n{PRELUDE}{siblings}\n\n'


def public(names: Iterable[str]) -> str:
    """Returns the statement that sets `__all__`."""
    return f"\n\n__all__ = [{', '.join(repr(n) for n in sorted(names))}]\n"


def discriminated_module(program: Program, kind: str) -> str | None:
    """Returns the module of accounts or events."""
    table = program.accounts if kind == "Account" else program.events
    if not table:
        return None
    parts = []
    for name in sorted(table):
        code, fields = struct_class(program, name, kind, "types.")
        tag = raw(table[name]["discriminator"])
        parts.append(f"{code}\n\nbind_{kind.lower()}({name}, PROGRAM_ID, {tag}, {fields})\n")
    extra = ""
    if kind == "Event":
        extra = "\n\n#: Each event by its discriminator.\nEVENTS: Mapping[bytes, type[Event]] = {\n"
        extra += "".join(f"    {name}.DISCRIMINATOR: {name},\n" for name in sorted(table)) + "}\n"
    return (
        head(program, f"{kind}s of", "from . import PROGRAM_ID, types\n")
        + "\n\n".join(parts)
        + extra
        + public(table)
    )


def errors_module(program: Program) -> str:
    """Returns the module with one exception for each error."""
    errors = program.idl.get("errors", [])
    parts = []
    for error in errors:
        message = error.get("msg", "")
        doc = docstring(wrapped(f"{error['code']}: {text([message or error['name']]).rstrip('.')}."))
        parts.append(
            f"class {error['name']}(_ProgramError):\n{doc}\n"
            f"    CODE = {error['code']}\n    NAME = {error['name']!r}\n    MSG = {message!r}\n"
        )
    table = "".join(f"    {e['code']}: {e['name']},\n" for e in errors)
    return (
        head(program, "Errors of")
        + "\n\n".join(parts)
        + f"\n\n#: Each error by its code.\nERRORS: Mapping[int, type[_ProgramError]] = {{\n{table}}}\n"
        + public(e["name"] for e in errors)
    )


# --- instructions -----------------------------------------------------------------------------


def instruction_code(program: Program, spec: Mapping[str, Any], addresses: Addresses) -> str:
    """Returns an instruction's builder function."""
    slots = list(flatten(spec["accounts"]))
    required: list[str] = []
    optional: list[str] = []
    docs: list[str] = []
    metas: list[str] = []
    lookups: dict[str, Typed] = {}
    derived: dict[str, Derived] = {}

    for slot in slots:
        account, name, expression, note = slot.spec, slot.name, slot.name, ""
        place = addresses.place(spec, slot)
        if isinstance(place, Fixed) and account["name"] in ("event_authority", "program"):
            metas.append(meta(place.expression, account))
            continue
        if account.get("optional"):
            optional.append(f"{name}: Pubkey | None = None")
            expression, note = f"{name} or PROGRAM_ID", "left out if None"
        elif isinstance(place, Fixed):
            optional.append(f"{name}: Pubkey = {place.expression}")
        elif isinstance(place, Derived):
            optional.append(f"{name}: Pubkey | None = None")
            derived[name] = place
            lookups |= place.lookups
            note = "derived if None"
        else:
            required.append(f"{name}: Pubkey")
        flags = [flag for flag in ("signer", "writable") if account.get(flag)]
        about = ", ".join([*(flags or ["read-only"]), *([note] if note else [])])
        docs.append(" ".join(part for part in (f"{name}:", about_account(account), f"({about})") if part))
        metas.append(meta(expression, account, name))

    lines, items = listed(spec.get("docs", ()))
    wire, arguments = [], []
    for a in spec["args"]:
        typed = program.typed(a["type"])
        name = arg_name(a["name"], slots)
        arguments.append(name)
        required.append(f"{name}: {typed.argument}")
        wire.append(f'("{name}", {typed.codec})')
        docs.append(f"{name}: {program.about_argument(a, items) or rust(a['type'])}")
    for name, typed in lookups.items():
        optional.append(f"{name}: {typed.argument} | None = None")
        docs.append(f"{name}: Known only from the chain; needed where an address is derived from it.")

    docs.append("remaining_accounts: Further accounts, after those above.")
    name = identifier(spec["name"])
    params = ", ".join([*required, *optional, "remaining_accounts: Sequence[AccountMeta] = ()"])
    prose = wrapped(text(lines) or f"The instruction `{name}` of the {program.name} program.")
    listing = "\n".join("    " + wrap(d, "        ").replace("\n", "\n    ") for d in docs)
    metas.append("*remaining_accounts")
    data = f"_{name.upper()}"
    return (
        f'{data} = c.arguments("{name}", {raw(spec["discriminator"])}, {tuple_of(wire)})\n\n\n'
        f"def {name}(*, {params}) -> Instruction:\n"
        + docstring(prose, f"Args:\n{listing}" if docs else "")
        + "".join(derivations(program, name, derived))
        + f"    return Instruction(PROGRAM_ID, {data}({', '.join(arguments)}), [{', '.join(metas)}])\n"
    )


def rust(idl_type: Any) -> str:
    """Returns a type as the program spells it."""
    match idl_type:
        case str():
            return f"`{idl_type}`"
        case {"defined": {"name": name}}:
            return f"`{last(name)}`"
        case {"option": inner}:
            return f"`Option<{rust(inner).strip('`')}>`"
        case {"vec": inner}:
            return f"`Vec<{rust(inner).strip('`')}>`"
        case {"array": [inner, length]}:
            return f"`[{rust(inner).strip('`')}; {length}]`"
    return ""


def meta(expression: str, account: Mapping[str, Any], optional_name: str = "") -> str:
    """Returns an instruction's `AccountMeta`; an account left out must be neither signer nor writable."""
    flags = []
    for flag in ("signer", "writable"):
        wanted = bool(account.get(flag))
        flags.append(f"{optional_name} is not None" if wanted and account.get("optional") else str(wanted))
    return f"AccountMeta({expression}, {', '.join(flags)})"


def derivations(program: Program, instruction: str, derived: Mapping[str, Derived]) -> Iterator[str]:
    """Yields statements that fill in addresses, those that others depend on first."""
    pending = dict(derived)
    while pending:
        name = next(
            (name for name, place in pending.items() if not (place.needs - {name}) & pending.keys()), None
        )
        if name is None:
            raise CodegenError(
                f"{program.name}.{instruction}: addresses depend on each other: {sorted(pending)}"
            )
        place = pending.pop(name)
        yield f"    if {name} is None:\n"
        if place.missing:
            yield (
                f"        if {' or '.join(f'{parameter} is None' for parameter in place.missing)}:\n"
                f'            raise TypeError("{instruction}: give {name}, or {" and ".join(place.missing)} '
                'to derive it")\n'
            )
        given = ", ".join(f"{key}={value}" for key, value in place.arguments.items())
        yield f"        {name} = pda.{place.function}({given})\n"


def instructions_module(program: Program, addresses: Addresses) -> str:
    """Returns the module of instruction builders."""
    specs = sorted(program.idl["instructions"], key=lambda spec: str(spec["name"]))
    return (
        head(program, "Instructions of", "from . import PROGRAM_ID, pda, types\n")
        + "\n\n".join(instruction_code(program, spec, addresses) for spec in specs)
        + public(identifier(spec["name"]) for spec in specs)
    )


def addresses_module(program: Program, addresses: Addresses) -> str | None:
    """Returns the module of constants and functions for the program's addresses."""
    body, names = addresses.body()
    if not names:
        return None
    return head(program, "Addresses of", "from . import PROGRAM_ID, types\n") + body + public(names)


def literal(value: object) -> str:
    """Returns a constant's value as an expression."""
    match value:
        case bool() | str() | bytes():
            return repr(value)
        case int():
            return f"{value:_}"
        case tuple():
            return tuple_of([literal(item) for item in value])
    return f'Pubkey.from_string("{value}")'


def constants_module(program: Program) -> str | None:
    """Returns the module of constants that the program exports."""
    lines, names = [], []
    for constant_ in sorted(program.idl.get("constants", []), key=lambda k: k["name"]):
        value: object
        match constant_["type"]:
            case str(kind) if kind in INTEGERS:
                value = int(constant_["value"].replace("_", "").removesuffix(kind))
            case "bool" | "string":
                value = json.loads(constant_["value"])
            case "pubkey":
                value = Pubkey.from_string(constant_["value"])
            case "bytes" | {"array": ["u8", _]}:
                value = bytes(json.loads(constant_["value"]))
            case {"array": [str(kind), _]} if kind in INTEGERS:
                value = tuple(json.loads(constant_["value"]))
            case other:
                raise CodegenError(
                    f"{program.name}: no form for the constant {constant_['name']} of type {other!r}"
                )
        note = comment(sentence(constant_.get("docs", ())))
        lines.append(note + f"{constant_['name']}: Final = {literal(value)}\n")
        names.append(constant_["name"])
    if not names:
        return None
    return head(program, "Constants of") + "".join(lines) + public(names)


def program_package(program: Program) -> dict[str, str]:
    """Returns the files of one program's package: content by relative path."""
    addresses = Addresses(program)
    ix = instructions_module(program, addresses)
    about = sentence(program.idl.get("docs", ())) or program.idl["metadata"].get("description", "")
    note = HEADER.format(name=program.name)
    files: dict[str, str | None] = {
        "__init__.py": (
            f'"""The {program.name} program{about and ": " + about}.\n\n{note}\n"""\n\n'
            "from typing import Final\n\nfrom solders.pubkey import Pubkey\n\n"
            f'PROGRAM_ID: Final = Pubkey.from_string("{program.idl["address"]}")\n'
        ),
        "ix.py": ix,
        "pda.py": addresses_module(program, addresses),
        "types.py": types_module(program),
        "accounts.py": discriminated_module(program, "Account"),
        "events.py": discriminated_module(program, "Event"),
        "errors.py": errors_module(program),
        "constants.py": constants_module(program),
    }
    missing = {f.removesuffix(".py") for f, content in files.items() if content is None}
    return {
        f"{program.name}/{path}": without(content, missing)
        for path, content in files.items()
        if content is not None
    }


def without(content: str, missing: set[str]) -> str:
    """Returns content without imports of sibling modules that do not exist."""

    def clean(match: re.Match[str]) -> str:
        names = [n for n in match[1].split(", ") if n not in missing]
        return f"from . import {', '.join(names)}\n" if names else ""

    return re.sub(r"^from \. import (.*)\n", clean, content, flags=re.MULTILINE)
