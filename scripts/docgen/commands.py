"""The page on the commands, from their own help."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

from docgen.markdown import code, data, first_sentence, header, prose, same_names, table
from ionet.cli.app import COMMANDS, load
from ionet.cli.options import _parameters

_COMMON: Final = {option for parameter in _parameters() for option in parameter.opts} | {"--help", "-h"}


def leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Every command below a group, with the words that run it."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path), command
        return
    for name, member in inner.items():
        yield from leaves(member, (*path, name))


def commands_page() -> str:
    """docs/reference/cli.md."""
    signers = data("commands.toml")["signs"]
    groups = {name: list(leaves(load(name), (name,))) for name in COMMANDS}
    same_names([path for commands in groups.values() for path, _ in commands], signers, "commands.toml")
    text = header("the commands' help and scripts/docgen/commands.toml") + "# Commands\n\n"
    text += (
        "Every command with its own arguments and options. Common options, exit statuses and guides:"
        " [cli.md](../cli.md).\n\n"
    )
    for name, commands in groups.items():
        text += f"## {name}\n\n{COMMANDS[name][1]}\n\n"
        if len(commands) > 1:
            text += table(
                ("command", "does", "who signs"),
                [
                    (f"[`{path}`](#{_anchor(path)})", first_sentence(prose([command.help])), signers[path])
                    for path, command in commands
                ],
            )
        text += "".join(
            _command(path, command, signers[path], alone=len(commands) == 1) for path, command in commands
        )
    return text.rstrip("\n") + "\n"


def _anchor(path: str) -> str:
    return "ionet-" + path.replace(" ", "-")


def _command(path: str, command: Any, signer: str, *, alone: bool) -> str:
    own = [parameter for parameter in command.params if not _COMMON & set(parameter.opts)]
    arguments = [parameter for parameter in own if not parameter.opts[0].startswith("-")]
    options = [parameter for parameter in own if parameter.opts[0].startswith("-")]
    usage = ["ionet", path, *map(_metavar, arguments)]
    usage += [f"{parameter.opts[0]} {_metavar(parameter)}" for parameter in options if parameter.required]
    if any(not parameter.required for parameter in options):
        usage.append("[OPTIONS]")
    text = f"### ionet {path}\n\n    {' '.join(usage)}\n\n{prose(command.help.splitlines())}\n\n"
    if alone:
        text += f"Who signs: {signer}.\n\n"
    return text + table(
        ("argument or option", "means", "default"),
        [
            *(
                (code(_metavar(parameter)), prose([parameter.help or ""]), _default(parameter))
                for parameter in arguments
            ),
            *(
                (code(_option(parameter)), prose([parameter.help or ""]), _default(parameter))
                for parameter in options
            ),
        ],
    )


def _option(parameter: Any) -> str:
    value = "" if parameter.is_flag else f" {_metavar(parameter)}"
    return (
        ", ".join(parameter.opts)
        + value
        + (f" / {', '.join(parameter.secondary_opts)}" if parameter.secondary_opts else "")
    )


def _metavar(parameter: Any) -> str:
    """The placeholder of the value."""
    if parameter.metavar:
        return str(parameter.metavar)
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(str(member.value) for member in kind)
    named = {int: "N", float: "N", Path: "PATH"}.get(kind, "TEXT")
    return named if parameter.opts[0].startswith("-") else parameter.name.upper()


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    if value is None or value is False or callable(value) or not parameter.show_default or not str(value):
        return ""
    return code(parameter.opts[0] if value is True else str(value))
