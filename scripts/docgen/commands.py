"""The page on the commands, from their own help."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

from docgen.markdown import code, data, first_sentence, header, prose, same_names, table
from ionet.cli.app import COMMANDS, load
from ionet.cli.options import _parameters

_COMMON: Final = {option for one in _parameters() for option in one.opts} | {"--help", "-h"}


def leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Every command below one, with the words that run it."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path), command
        return
    for name, one in inner.items():
        yield from leaves(one, (*path, name))


def commands_page() -> str:
    """docs/reference/cli.md."""
    signers = data("commands.toml")["signs"]
    groups = {name: list(leaves(load(name), (name,))) for name in COMMANDS}
    same_names([path for found in groups.values() for path, _ in found], signers, "commands.toml")
    text = header("the commands' help and scripts/docgen/commands.toml") + "# Commands\n\n"
    text += (
        "Every command with its own arguments and options; those that all have in common, exit statuses and"
        " guides: [cli.md](../cli.md).\n\n"
    )
    for name, found in groups.items():
        text += f"## {name}\n\n{COMMANDS[name][1]}\n\n"
        if len(found) > 1:
            text += table(
                ("command", "does", "who signs"),
                [
                    (f"[`{path}`](#{_anchor(path)})", first_sentence(prose([one.help])), signers[path])
                    for path, one in found
                ],
            )
        text += "".join(_command(path, one, signers[path], alone=len(found) == 1) for path, one in found)
    return text.rstrip("\n") + "\n"


def _anchor(path: str) -> str:
    return "ionet-" + path.replace(" ", "-")


def _command(path: str, command: Any, signer: str, *, alone: bool) -> str:
    own = [one for one in command.params if not _COMMON & set(one.opts)]
    arguments = [one for one in own if not one.opts[0].startswith("-")]
    options = [one for one in own if one.opts[0].startswith("-")]
    usage = ["ionet", path, *map(_metavar, arguments)]
    usage += [f"{one.opts[0]} {_metavar(one)}" for one in options if one.required]
    if any(not one.required for one in options):
        usage.append("[OPTIONS]")
    text = f"### ionet {path}\n\n    {' '.join(usage)}\n\n{prose(command.help.splitlines())}\n\n"
    if alone:
        text += f"Who signs: {signer}.\n\n"
    return text + table(
        ("argument or option", "means", "default"),
        [
            *((code(_metavar(one)), prose([one.help or ""]), _default(one)) for one in arguments),
            *((code(_option(one)), prose([one.help or ""]), _default(one)) for one in options),
        ],
    )


def _option(one: Any) -> str:
    value = "" if one.is_flag else f" {_metavar(one)}"
    return ", ".join(one.opts) + value + (f" / {', '.join(one.secondary_opts)}" if one.secondary_opts else "")


def _metavar(one: Any) -> str:
    """What stands for the value."""
    if one.metavar:
        return str(one.metavar)
    kind = one.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(str(member.value) for member in kind)
    named = {int: "N", float: "N", Path: "PATH"}.get(kind, "TEXT")
    return named if one.opts[0].startswith("-") else one.name.upper()


def _default(one: Any) -> str:
    if one.required:
        return "required"
    value = one.default.value if isinstance(one.default, Enum) else one.default
    if value is None or value is False or callable(value) or not one.show_default or not str(value):
        return ""
    return code(one.opts[0] if value is True else str(value))
