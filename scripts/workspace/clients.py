"""The generated part of the TypeScript client, and the manifest of what it is generated from."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from workspace.pages import environment
from workspace.tree import Tree, WorkspaceError

NAME = "manifest.json"


def home(tree: Tree) -> Path:
    """The TypeScript package."""
    return tree.root / "clients/ts"


def sources(tree: Tree) -> list[Path]:
    """The files that decide what is generated."""
    folder = home(tree)
    return [folder / "generate.mjs", folder / "package-lock.json", *sorted(tree.idl.glob("*.json"))]


def _hashes(tree: Tree) -> dict[str, str]:
    files = sorted((home(tree) / "src/generated").rglob("*.ts"))
    return {"sources_sha256": tree.hash_files(sources(tree)), "generated_sha256": tree.hash_files(files)}


def write(tree: Tree) -> int:
    """Generates the files and writes their manifest; returns how many there are.

    Raises:
        WorkspaceError: Node.js is missing, or the generator fails.
    """
    folder = home(tree)
    if not (folder / "node_modules/codama").is_dir():
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    _run(["node", "generate.mjs"], folder)
    (folder / NAME).write_text(json.dumps(_hashes(tree), indent=2) + "\n")
    return len(list((folder / "src/generated").rglob("*.ts")))


def problems(tree: Tree) -> list[str]:
    """Why the generated files are stale, one sentence each; empty if they are not."""
    path = home(tree) / NAME
    if not path.is_file():
        return [f"{path.relative_to(tree.root)} is missing"]
    packaged, now = json.loads(path.read_text()), _hashes(tree)
    said = {
        "sources_sha256": "idl/ or the generator has changed since the client was generated",
        "generated_sha256": "src/generated is not what the generator wrote",
    }
    return [sentence for field, sentence in said.items() if packaged.get(field) != now[field]]


def _run(command: list[str], folder: Path) -> None:
    variables = environment()
    if shutil.which(command[0], path=variables["PATH"]) is None:
        raise WorkspaceError(f"{command[0]} is missing; the client is generated with Node.js 20 and npm")
    ended = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise WorkspaceError(f"{' '.join(command[:3])} failed:\n{ended.stdout}{ended.stderr}".rstrip())
