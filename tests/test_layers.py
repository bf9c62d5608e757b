"""The rooms of the package: which folder may import which, and that no import goes round in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

PACKAGE: Final = Path(__file__).resolve().parents[1] / "sdk" / "ionet"

#: The rooms from the top down: a room may import those of the lines below its own.
FLOORS: Final[tuple[tuple[str, ...], ...]] = (
    ("cli",),
    ("demo",),
    ("console", "intelligence"),
    ("testing", "localnet"),
    ("cloud",),
    ("explorer",),
    ("payments",),
    ("orchestrator",),
    ("gateway",),
    ("worker",),
    ("ledger",),
    ("interop",),
    # The face: what `import ionet` shows.
    ("ionet",),
    ("client",),
    ("governance",),
    ("proofs",),
    ("jobs",),
    ("staking", "buyback"),
    ("token",),
    ("administration",),
    ("accounts", "constants", "errors", "events", "ix", "pda", "types"),
    ("executor",),
    ("overlay",),
    ("rewards", "prover", "store", "sandbox", "wire"),
    ("service",),
    ("formats",),
    ("_generated",),
    ("chain",),
    ("workloads",),
    ("_lazy", "_moved"),
)


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    return {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "ionet"


def imported(module: str) -> Iterator[str]:
    """Modules of the package that a module imports, late and for types only as well."""
    path = modules()[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.split(".")[0] == "ionet")
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
                base = f"{above}.{base}" if base else above
            if base.split(".")[0] == "ionet":
                for one in node.names:
                    full = f"{base}.{one.name}"
                    yield full if full in modules() else base


def floor_of(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


def test_every_room_has_its_floor() -> None:
    there = {path.name.removesuffix(".py") for path in PACKAGE.iterdir()}
    there -= {"__init__", "__pycache__", "_programs", "py.typed"}
    listed = {name for rooms in FLOORS for name in rooms} - {"ionet"}
    assert there == listed


@pytest.mark.parametrize("module", sorted(modules()))
def test_arrows_go_downward(module: str) -> None:
    if module == "ionet":
        pytest.skip("the face names everything, and imports it when it is used")
    mine = room(module)
    for other in imported(module):
        theirs = room(other)
        if theirs == mine:
            continue
        assert floor_of(theirs) > floor_of(mine), f"{module} imports {other}: {mine} lies below {theirs}"


def test_no_import_goes_round_in_a_circle() -> None:
    """Type-only imports count, too. The face is left out: it only hands names on."""
    arrows = {
        name: {one for one in imported(name) if one != "ionet"} for name in modules() if name != "ionet"
    }
    # A package that hands on its modules' names is imported by them only through their own names.
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = [*path[path.index(name) :], name]
            raise AssertionError("imports in a circle: " + " -> ".join(circle))
        if name in done:
            return
        for other in sorted(arrows.get(name, ())):
            visit(other, (*path, name))
        done.add(name)

    for name in sorted(arrows):
        visit(name, ())


def test_below_the_client_nobody_imports_the_face() -> None:
    """A domain that imports `ionet` itself would depend on everything."""
    for name in modules():
        if name != "ionet" and floor_of(room(name)) > floor_of("ionet"):
            assert "ionet" not in set(imported(name)), f"{name} imports from the face"
