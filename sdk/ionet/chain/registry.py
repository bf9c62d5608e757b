"""Which programs are known: their errors and events, and where their code is shipped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_packages: dict[str, str] = {}
_shipped: dict[str, Path] = {}


def register_program(program_id: str, package: str, elf: Path | None = None) -> None:
    """Registers a program with its errors and events.

    Args:
        program_id: its address.
        package: a package that scripts/codegen wrote from its IDL, with modules `errors` and `events`.
        elf: its compiled code, which local networks load.
    """
    _packages[program_id] = package
    if elf is not None:
        _shipped[program_id] = elf
    _table.cache_clear()


def name(program_id: str) -> str | None:
    """Returns the program's name, or None if it is not known."""
    package = _packages.get(program_id)
    return None if package is None else package.rpartition(".")[2]


def shipped() -> dict[str, Path]:
    """Returns the path of each program's compiled code that is shipped, by program id."""
    return dict(_shipped)


@cache
def _table(program_id: str, module: str, attribute: str) -> Mapping[Any, Any]:
    package = _packages.get(program_id)
    if package is None or find_spec(f"{package}.{module}") is None:
        return {}
    table: Mapping[Any, Any] = getattr(import_module(f"{package}.{module}"), attribute)
    return table


def errors(program_id: str) -> Mapping[int, type[Any]]:
    """Returns the program's errors, subclasses of `ProgramError`, by code."""
    return _table(program_id, "errors", "ERRORS")


def events(program_id: str) -> Mapping[bytes, type[Any]]:
    """Returns the program's events, subclasses of `Event`, by discriminator."""
    return _table(program_id, "events", "EVENTS")
