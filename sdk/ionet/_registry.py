"""Which programs are known, and what their errors and events are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ionet._generated import PROGRAMS

if TYPE_CHECKING:
    from ionet._errors import ProgramError
    from ionet._schema import Event

_packages: dict[str, str] = {program_id: f"ionet._generated.{name}" for program_id, name in PROGRAMS.items()}


def register_program(program_id: str, package: str) -> None:
    """Makes errors and events of another program known.

    Args:
        program_id: its address.
        package: a package that scripts/codegen wrote from its IDL, with modules `errors` and `events`.
    """
    _packages[program_id] = package
    _table.cache_clear()


def name(program_id: str) -> str | None:
    """The program's name, or None if it is not known."""
    package = _packages.get(program_id)
    return None if package is None else package.rpartition(".")[2]


@cache
def _table(program_id: str, module: str, attribute: str) -> Mapping[Any, Any]:
    package = _packages.get(program_id)
    if package is None or find_spec(f"{package}.{module}") is None:
        return {}
    table: Mapping[Any, Any] = getattr(import_module(f"{package}.{module}"), attribute)
    return table


def errors(program_id: str) -> Mapping[int, type[ProgramError]]:
    """The program's errors by code."""
    return _table(program_id, "errors", "ERRORS")


def events(program_id: str) -> Mapping[bytes, type[Event]]:
    """The program's events by discriminator."""
    return _table(program_id, "events", "EVENTS")
