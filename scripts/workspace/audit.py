"""Whether advisories are known of the versions that are locked, by a service with OSV's API.

Standard library only.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.error import URLError
from urllib.request import Request, urlopen

from workspace.tree import Tree, WorkspaceError

SOURCE: Final = "https://api.osv.dev"
#: Versions that are asked for at once, and seconds for an answer.
_AT_ONCE: Final = 500
_PATIENCE: Final = 30.0
_LARGEST: Final = 32 << 20
_LINE: Final = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)")


class Unknown(Exception):
    """Nobody says whether there are advisories; the text says why."""


@dataclass(frozen=True, slots=True, order=True)
class Locked:
    """A version that is installed.

    Attributes:
        ecosystem: PyPI, npm or crates.io.
        name: the package's.
        version: as it is locked.
    """

    ecosystem: str
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.ecosystem})"


def locked(tree: Tree) -> list[Locked]:
    """Every version that the tree locks.

    Raises:
        WorkspaceError: a file that locks versions is missing, or names none.
    """
    found: set[Locked] = set()
    for files, read in (
        (sorted(tree.root.glob("requirements/*.txt")), _python),
        (
            [tree.root / "web/package-lock.json", *sorted(tree.root.glob("clients/*/package-lock.json"))],
            _node,
        ),
        ([tree.root / "Cargo.lock"], _rust),
    ):
        if not files:
            raise WorkspaceError("the tree has no requirements, or no package-lock.json")
        for path in files:
            if not path.is_file():
                raise WorkspaceError(f"{path} is missing")
            its = set(read(path.read_text()))
            if not its:
                raise WorkspaceError(f"{path} locks no version")
            found |= its
    return sorted(found)


def _python(text: str) -> Iterator[Locked]:
    for line in text.splitlines():
        if match := _LINE.match(line):
            yield Locked("PyPI", match[1], match[2])


def _node(text: str) -> Iterator[Locked]:
    for place, package in json.loads(text)["packages"].items():
        if place and "version" in package:
            yield Locked("npm", package.get("name", place.rpartition("node_modules/")[2]), package["version"])


def _rust(text: str) -> Iterator[Locked]:
    for package in tomllib.loads(text)["package"]:
        if "source" in package:
            yield Locked("crates.io", package["name"], package["version"])


def advisories(versions: list[Locked], source: str = SOURCE) -> dict[Locked, list[str]]:
    """The advisories that are known, by version; those without one are left out.

    Args:
        versions: are asked for.
        source: the URL of a service with OSV's API.

    Raises:
        Unknown: it does not answer for every one of them.
    """
    known: dict[Locked, list[str]] = {}
    for start in range(0, len(versions), _AT_ONCE):
        part = versions[start : start + _AT_ONCE]
        results = _ask(source, part)
        if not isinstance(results, list) or len(results) != len(part):
            raise Unknown(f"{source} does not answer as OSV does")
        for each, result in zip(part, results, strict=True):
            if not isinstance(result, dict) or not isinstance(result.get("vulns", []), list):
                raise Unknown(f"{source} does not answer as OSV does")
            if vulns := result.get("vulns"):
                known[each] = sorted(str(vuln["id"]) for vuln in vulns)
    return known


def _ask(source: str, part: list[Locked]) -> Any:
    queries = [
        {"package": {"name": each.name, "ecosystem": each.ecosystem}, "version": each.version}
        for each in part
    ]
    url = f"{source.rstrip('/')}/v1/querybatch"
    if not url.startswith(("https://", "http://")):
        raise Unknown(f"{source!r} is no URL of a service")
    request = Request(url, json.dumps({"queries": queries}).encode(), {"content-type": "application/json"})
    try:
        with urlopen(request, timeout=_PATIENCE) as answer:
            said = json.loads(answer.read(_LARGEST))
    except (OSError, ValueError) as bad:
        reason = bad.reason if isinstance(bad, URLError) else bad
        raise Unknown(f"{source} does not answer: {reason}") from bad
    return said.get("results") if isinstance(said, dict) else None
