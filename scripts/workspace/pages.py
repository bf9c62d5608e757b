"""Services' pages in the Python package, and the manifests of the sources they are built from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from workspace.tree import Tree, WorkspaceError, file_hash

NAME = "manifest.json"
#: Below `web`: what is made there, and not a source.
_MADE = frozenset({"dist", "node_modules"})
#: What co-stakers and owners of nodes sign, and addresses that no IDL states.
_SIGNED = (
    *("open_position", "activate", "stake", "claim", "compound", "unstake", "withdraw"),
    *("owner_activate", "owner_stake", "owner_claim", "owner_compound", "owner_unstake", "owner_withdraw"),
)
_ADDRESSES = """import json
from ionet import accounts, constants, pda
print(json.dumps({"mint": str(pda.mint.MINT), "event_authority": str(pda.staking.EVENT_AUTHORITY),
    "jobs": str(accounts.jobs.Offer.PROGRAM_ID),
    "shards": constants.staking.STAKE_SHARDS, "position_bytes": accounts.staking.Position.SIZE}))"""
_MADE_BY = """import json
from ionet import accounts, pda
print(json.dumps({"mint": str(pda.mint.MINT), "job_bytes": accounts.jobs.Job.SIZE,
    "cluster_bytes": accounts.jobs.Cluster.SIZE, "dispute_bytes": accounts.jobs.Dispute.SIZE,
    "event_authorities":
    {"jobs": str(pda.jobs.EVENT_AUTHORITY), "staking": str(pda.staking.EVENT_AUTHORITY)}}))"""
#: What renters and owners of nodes sign in the console.
_CALLED = {
    "jobs": (
        *("book", "stop", "cancel", "refund", "collect_fees", "close", "extend", "dispute", "close_dispute"),
        *("open_cluster", "close_cluster"),
    ),
    "staking": ("owner_claim",),
}
_DESCRIBE = "import json; from ionet.{}._app import bare; print(json.dumps(bare().openapi(), indent=1))"


@dataclass(frozen=True, slots=True)
class Site:
    """The pages of a service.

    Attributes:
        name: of its folder below `web`, and of its package.
        knows: what the pages know of programs, to check what is signed.
    """

    name: str
    knows: Callable[[Tree], dict[str, Any]]

    def packaged(self, tree: Tree) -> Path:
        """Where the package carries its pages."""
        return tree.root / "sdk/ionet" / self.name / "_built"

    def home(self, tree: Tree) -> Path:
        """Where the pages' sources are."""
        return tree.root / "web" / self.name

    def sources(self, tree: Tree) -> list[Path]:
        """The files that decide what is built: its own, shared ones, and the versions of tools."""
        web = tree.root / "web"
        return [
            web / "package.json",
            web / "package-lock.json",
            *_sources(web / "common"),
            *_sources(self.home(tree)),
        ]

    def described(self, tree: Tree) -> str:
        """What the service says of its API."""
        return _run([sys.executable, "-c", _DESCRIBE.format(self.name)], tree.root)


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in _MADE:
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


def staking(tree: Tree) -> dict[str, Any]:
    """What the explorer's pages know of the staking program: the calls of stakers, by the IDL."""
    idl = json.loads((tree.root / "idl/staking.json").read_text())
    by_name = {each["name"]: each for each in idl["instructions"]}
    calls = [_call(by_name[name], {}) for name in _SIGNED]
    known = json.loads(_run([sys.executable, "-c", _ADDRESSES], tree.root))
    return {"program": idl["address"], **known, "calls": calls}


def rented(tree: Tree) -> dict[str, Any]:
    """What the console's pages know of programs: the calls of renters and owners, by the IDLs."""
    programs = {}
    for program, names in _CALLED.items():
        idl = json.loads((tree.root / f"idl/{program}.json").read_text())
        structs = {each["name"]: each["type"].get("fields", ()) for each in idl["types"]}
        by_name = {each["name"]: each for each in idl["instructions"]}
        calls = [_call(by_name[name], structs) for name in names]
        programs[program] = {"address": idl["address"], "calls": calls}
    return {**json.loads(_run([sys.executable, "-c", _MADE_BY], tree.root)), "programs": programs}


def _call(form: dict[str, Any], structs: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": form["name"],
        "data": form["discriminator"],
        "args": [[each["name"], _size(each["type"])] for each in _fields(form["args"], structs)],
        "accounts": [{"name": each["name"], "address": each.get("address")} for each in form["accounts"]],
    }


def _fields(args: list[Any], structs: dict[str, Any]) -> list[Any]:
    fields: list[Any] = []
    for each in args:
        named = each["type"].get("defined") if isinstance(each["type"], dict) else None
        fields += [each] if named is None else structs[named["name"]]
    return fields


def _size(kind: Any) -> int:
    """Bytes of an argument: an integer's, or a hash's."""
    if kind in ("u64", "i64"):
        return 8
    if kind == "u8":
        return 1
    if isinstance(kind, dict) and kind.get("array", [None])[0] == "u8":
        return int(kind["array"][1])
    raise WorkspaceError(f"the pages cannot read an argument of the type {kind}")


EXPLORER: Final = Site("explorer", staking)
CONSOLE: Final = Site("console", rented)
SITES: Final = (EXPLORER, CONSOLE)


def write(tree: Tree, site: Site) -> int:
    """Build pages, copy them into the package and write its manifest; returns how many files there are.

    Raises:
        WorkspaceError: Node.js is missing, or the build fails.
    """
    folder = site.home(tree)
    (folder / "openapi.json").write_text(site.described(tree))
    (folder / "src/lib/program.json").write_text(json.dumps(site.knows(tree), indent=1) + "\n")
    _install(tree)
    _tool(tree, "openapi-typescript", ["openapi.json", "-o", "src/lib/schema.d.ts"], folder)
    built = _build(tree, folder)
    target = site.packaged(tree)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(built, target)
    files = {name: file_hash(path) for name, path in _files(target).items()}
    content = {"sources_sha256": tree.hash_files(site.sources(tree)), "files": files}
    (target / NAME).write_text(json.dumps(content, indent=2) + "\n")
    return len(files)


def problems(tree: Tree, site: Site) -> list[str]:
    """Why the package's pages are stale, one sentence each; empty if they are not."""
    packaged = site.packaged(tree)
    path = packaged / NAME
    if not path.is_file():
        return [f"{path.relative_to(tree.root)} is missing"]
    content = json.loads(path.read_text())
    reasons = []
    if content["sources_sha256"] != tree.hash_files(site.sources(tree)):
        reasons.append(f"web/{site.name} or web/common has changed since the pages were packaged")
    there = _files(packaged)
    for name in sorted(there.keys() | content["files"].keys()):
        if name not in there:
            reasons.append(f"{name} is missing from the package")
        elif name not in content["files"]:
            reasons.append(f"{name} is packaged, but not in the manifest")
        elif file_hash(there[name]) != content["files"][name]:
            reasons.append(f"the packaged {name} is not the one its manifest describes")
    return reasons


def differences(tree: Tree, site: Site) -> list[str]:
    """Which packaged files differ from what the sources build to, one sentence each.

    Raises:
        WorkspaceError: Node.js is missing, or the build fails.
    """
    folder = site.home(tree)
    reasons = []
    if (folder / "openapi.json").read_text() != site.described(tree):
        reasons.append("openapi.json is not what the application says of itself")
    if json.loads((folder / "src/lib/program.json").read_text()) != site.knows(tree):
        reasons.append("program.json is not what the programs' IDLs say")
    _install(tree)
    built, there = _files(_build(tree, folder)), _files(site.packaged(tree))
    hashes = [{name: file_hash(path) for name, path in files.items()} for files in (built, there)]
    apart = sorted({name for name, _ in hashes[0].items() ^ hashes[1].items()})
    reasons += [f"{name}: the packaged file is not what its sources build to" for name in apart]
    return reasons


def _files(folder: Path) -> dict[str, Path]:
    files = {path.relative_to(folder).as_posix(): path for path in folder.glob("**/*") if path.is_file()}
    files.pop(NAME, None)
    return dict(sorted(files.items()))


def _install(tree: Tree) -> None:
    folder = tree.root / "web"
    # Scripts of packages are not run; none of these needs one.
    if not (folder / "node_modules/.package-lock.json").is_file():
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)


def _build(tree: Tree, folder: Path) -> Path:
    _tool(tree, "svelte-check", ["--fail-on-warnings"], folder)
    _tool(tree, "vite", ["build", "--logLevel", "warn"], folder)
    return folder / "dist"


def _tool(tree: Tree, name: str, words: list[str], folder: Path) -> None:
    _run(["node", str((tree.root / "web/node_modules/.bin" / name).resolve()), *words], folder)


def environment() -> dict[str, str]:
    """The variables of this process, with programs of the Python environment first: it may hold Node.js."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def _run(command: list[str], folder: Path) -> str:
    variables = environment()
    if shutil.which(command[0], path=variables["PATH"]) is None:
        raise WorkspaceError(f"{command[0]} is missing; the pages are built with Node.js 20 and npm")
    ended = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise WorkspaceError(f"{' '.join(command[:3])} failed:\n{ended.stdout}{ended.stderr}".rstrip())
    return ended.stdout
