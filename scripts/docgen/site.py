"""Hooks of mkdocs.yml: pages that lie elsewhere in the repository, and the reference of the SDK.

Documents link to files of the repository as a reader of it needs them. On the site, those that are pages are
linked to, and of all others the name is shown.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).resolve().parents[2]
#: Documents outside of docs/, by the repository's path, and where they are on the site.
ELSEWHERE: Final = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "bench/README.md": "bench.md",
    "clients/ts/README.md": "typescript.md",
    "examples/README.md": "examples.md",
    "scripts/toolchain/README.md": "toolchain-sources.md",
}
#: What the reference of the SDK shows, by heading.
SDK: Final = {
    "Clients": ("ionet.client._sync.client.Client", "ionet.client._async.client.AsyncClient"),
    "IO": ("ionet.token._sync.mint.Mint", "ionet.token._sync.distributor.Distributor"),
    "Nodes and stake": ("ionet.staking._sync.staking.Staking",),
    "Jobs": ("ionet.jobs._sync.jobs.Jobs",),
    "Proofs and reports": ("ionet.proofs._sync.proofs.Proofs",),
    "Auctions": ("ionet.buyback._sync.buyback.Buyback",),
    "Governance": ("ionet.governance._sync.governance.Governance",),
    "Calls": ("ionet.chain._sync.call.Call",),
    "Errors": ("ionet.chain.errors",),
    "Tests": ("ionet.testing",),
}
#: Where links to folders lead.
_FOLDERS: Final = {"docs/decisions": "decisions/index.md", "docs/start": "start/renter.md"}
_LINK: Final = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_DECISION: Final = re.compile(r"^# (?:\d+\.? )?(.+)$", re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are not in docs/."""
    for source, target in ELSEWHERE.items():
        files.append(_page(config, target, (ROOT / source).read_text()))
    files.append(_page(config, "decisions/index.md", _decisions()))
    files.append(_page(config, "reference/sdk.md", _sdk()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Makes links to files of the repository those of the site."""
    source = next((path for path, target in ELSEWHERE.items() if target == page.file.src_uri), None)
    here = source or f"docs/{page.file.src_uri}"
    known = {file.src_uri for file in files}

    def linked(match: re.Match[str]) -> str:
        mark, text, link = match.groups()
        if re.match(r"[a-z]+:|#", link):
            return match[0]
        path, _, anchor = link.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(here), path))
        place = _place(target)
        if place not in known:
            if not (ROOT / target).exists():
                return match[0]  # MkDocs says that it leads nowhere
            return text if mark or text.startswith("`") else f"{text} (`{target}`)"
        relative = posixpath.relpath(place, posixpath.dirname(page.file.src_uri) or ".")
        return f"{mark}[{text}]({relative}{'#' + anchor if anchor else ''})"

    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else _LINK.sub(linked, part) for part in parts)


def _place(path: str) -> str:
    """Where a file of the repository is on the site."""
    if path in _FOLDERS:
        return _FOLDERS[path]
    return ELSEWHERE.get(path, path.removeprefix("docs/") if path.startswith("docs/") else f"../{path}")


def _page(config: MkDocsConfig, place: str, text: str) -> File:
    return File.generated(config, place, content=text)


def _decisions() -> str:
    rows = []
    for path in sorted((ROOT / "docs/decisions").glob("*.md")):
        title = _DECISION.search(path.read_text())
        rows.append(f"- [{int(path.name[:4])}. {title[1] if title else path.stem}]({path.name})\n")
    return (
        "# Decisions\n\nRules that could have been decided otherwise, and why they were not.\n\n"
        + "".join(rows)
    )


def _sdk() -> str:
    text = (
        "# SDK\n\n`ionet.connect(url)` and `ionet.local()` give a `Client`; each of its methods is a"
        " coroutine of `AsyncClient`, too. Each call has `.ix()`, `.tx()` and `.send()`.\n\n"
    )
    return text + "".join(
        f"## {heading}\n\n" + "".join(f"::: {name}\n\n" for name in names) for heading, names in SDK.items()
    )
