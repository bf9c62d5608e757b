"""The packaged pages belong to their sources, and what does not is named."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from ionet import LocalNetwork
from ionet.console._app import _SECTIONS as CONSOLE
from ionet.explorer._app import bare
from ionet.explorer._sections import _SECTIONS as EXPLORER
from workspace import pages
from workspace.tree import Tree

SITE = pages.EXPLORER


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A copy of the sources and of the package."""
    here, copy = Tree(), Tree(tmp_path)
    shutil.copytree(here.root / "web/common", copy.root / "web/common")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(here.root / "web" / name, copy.root / "web" / name)
    ignored = shutil.ignore_patterns("node_modules", "dist")
    shutil.copytree(SITE.home(here), SITE.home(copy), ignore=ignored)
    shutil.copytree(SITE.packaged(here), SITE.packaged(copy))
    return copy


def test_the_packaged_pages_are_of_these_sources() -> None:
    assert pages.problems(Tree(), SITE) == []


@pytest.mark.parametrize(("name", "sections"), [("explorer", EXPLORER), ("console", CONSOLE)])
def test_each_page_has_an_address_that_is_not_answered_as_missing(
    name: str, sections: frozenset[str]
) -> None:
    app = (Tree().root / "web" / name / "src/App.svelte").read_text()
    tables = re.findall(r"const (?:lists|singles): Record<.*?> = \{\n(.*?)\n  \};", app, re.DOTALL)
    named = {
        word.strip("'") for table in tables for word in re.findall(r"^    ('?\w*'?):", table, re.MULTILINE)
    }
    assert len(tables) == 2
    assert named == sections


def test_their_types_are_those_of_the_api() -> None:
    described = json.loads((SITE.home(Tree()) / "openapi.json").read_text())
    assert described == json.loads(json.dumps(bare().openapi()))


def test_the_calls_that_they_check_are_those_of_the_program() -> None:
    known = json.loads((SITE.home(Tree()) / "src/lib/program.json").read_text())
    assert known == pages.staking(Tree())
    # Lamports of rent, as the runtime of this network computes them.
    assert LocalNetwork().rent(known["position_bytes"]) == (128 + known["position_bytes"]) * 6_960


def test_a_changed_or_new_source_makes_them_stale(tree: Tree) -> None:
    style = tree.root / "web/common/app.css"
    before = style.read_bytes()
    style.write_bytes(before + b" ")
    assert pages.problems(tree, SITE) == [
        "web/explorer or web/common has changed since the pages were packaged"
    ]
    style.write_bytes(before)
    assert pages.problems(tree, SITE) == []
    (SITE.home(tree) / "src/new.ts").touch()
    assert pages.problems(tree, SITE) == [
        "web/explorer or web/common has changed since the pages were packaged"
    ]


def test_what_is_made_on_the_way_is_no_source(tree: Tree) -> None:
    for name in ("node_modules", "dist"):
        (SITE.home(tree) / name).mkdir()
        (SITE.home(tree) / name / "file.js").touch()
    assert pages.problems(tree, SITE) == []


def test_a_changed_missing_or_stray_file_is_named(tree: Tree) -> None:
    folder = SITE.packaged(tree)
    (folder / "index.html").write_text("other")
    (folder / "favicon.svg").unlink()
    (folder / "assets/stray.js").touch()
    assert sorted(pages.problems(tree, SITE)) == [
        "assets/stray.js is packaged, but not in the manifest",
        "favicon.svg is missing from the package",
        "the packaged index.html is not the one its manifest describes",
    ]
    shutil.rmtree(folder)
    assert pages.problems(tree, SITE) == ["sdk/ionet/explorer/_built/manifest.json is missing"]
