"""The programs in the Python package, and the manifest of the sources they are built from."""

from __future__ import annotations

import json
import shutil
from typing import Any

from workspace.sbf import check_elf
from workspace.tree import Program, Tree, WorkspaceError, file_hash

NAME = "manifest.json"


def describe(tree: Tree, program: Program) -> dict[str, Any]:
    """A built program's manifest entry: id, and SHA-256 of its sources, binary and IDL.

    Raises:
        WorkspaceError: the program or its IDL has not been built.
    """
    binary = tree.deploy / f"{program.name}.so"
    idl = tree.idl / f"{program.name}.json"
    for path in (binary, idl):
        if not path.is_file():
            raise WorkspaceError(f"{path.relative_to(tree.root)} is missing; run scripts/build")
    check_elf(binary)
    return {
        "id": program.id,
        "sources_sha256": tree.source_hash(program),
        "binary_sha256": file_hash(binary),
        "binary_bytes": binary.stat().st_size,
        "idl_sha256": file_hash(idl),
    }


def write(tree: Tree, compiler: str) -> None:
    """Copy the built programs and their IDLs into the package and write its manifest.

    Args:
        tree: the checkout.
        compiler: identity of the compiler that built them, `Builder.compiler`.

    Raises:
        WorkspaceError: something has not been built.
    """
    programs = tree.programs()
    content = {
        "cargo_lock_sha256": tree.lock_hash(),
        "toolchain_sha256": tree.toolchain_hash(),
        "compiler": compiler,
        "programs": {program.name: describe(tree, program) for program in programs},
    }
    tree.packaged.mkdir(parents=True, exist_ok=True)
    names = {NAME}
    for program in programs:
        for source in (tree.deploy / f"{program.name}.so", tree.idl / f"{program.name}.json"):
            shutil.copyfile(source, tree.packaged / source.name)
            names.add(source.name)
    for stray in tree.packaged.iterdir():
        if stray.suffix in {".so", ".json"} and stray.name not in names:
            stray.unlink()
    (tree.packaged / NAME).write_text(json.dumps(content, indent=2) + "\n")


def problems(tree: Tree) -> list[str]:
    """Why the package's programs are stale, one sentence each; empty if they are not.

    Compares everything that decides a binary (sources, Cargo.lock, toolchain), and the package's files with
    their own manifest. Builds nothing.
    """
    path = tree.packaged / NAME
    if not path.is_file():
        return [f"{path.relative_to(tree.root)} is missing"]
    content = json.loads(path.read_text())
    reasons = []
    if content.get("cargo_lock_sha256") != tree.lock_hash():
        reasons.append("Cargo.lock has changed since the packaged programs were built")
    if content.get("toolchain_sha256") != tree.toolchain_hash():
        reasons.append("scripts/toolchain has changed since the packaged programs were built")
    packaged: dict[str, dict[str, Any]] = content.get("programs", {})
    programs = tree.programs()
    gone = sorted(packaged.keys() - {program.name for program in programs})
    reasons += [f"{name} is packaged, but programs/{name} does not exist" for name in gone]
    for program in programs:
        if program.name in packaged:
            reasons += _program_problems(tree, program, packaged[program.name])
        else:
            reasons.append(f"{program.name} is not packaged")
    return reasons


def differences(tree: Tree, compiler: str) -> list[str] | None:
    """Which packaged binaries differ from those in target/deploy, one sentence each.

    Returns:
        None if the compiler is not the package's, so that bytes cannot be compared.
    """
    content = json.loads((tree.packaged / NAME).read_text())
    if content["compiler"] != compiler:
        return None
    return [
        f"{name}: the packaged binary is not what its sources build to"
        for name, entry in content["programs"].items()
        if file_hash(tree.deploy / f"{name}.so") != entry["binary_sha256"]
    ]


def _program_problems(tree: Tree, program: Program, entry: dict[str, Any]) -> list[str]:
    name = program.name
    reasons = []
    if entry["id"] != program.id:
        reasons.append(f"{name}: declare_id! is {program.id}, the packaged program's id is {entry['id']}")
    if entry["sources_sha256"] != tree.source_hash(program):
        reasons.append(f"{name}: programs/{name}, crates/ or Cargo.toml has changed since it was packaged")
    for file, field in ((f"{name}.so", "binary_sha256"), (f"{name}.json", "idl_sha256")):
        packaged = tree.packaged / file
        if not packaged.is_file():
            reasons.append(f"{name}: {file} is missing from the package")
        elif file_hash(packaged) != entry[field]:
            reasons.append(f"{name}: the packaged {file} is not the one its manifest describes")
    idl = tree.idl / f"{name}.json"
    if not idl.is_file() or file_hash(idl) != entry["idl_sha256"]:
        reasons.append(f"{name}: idl/{name}.json is not the packaged IDL")
    return reasons
