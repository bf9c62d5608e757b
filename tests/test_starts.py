"""The pages of five minutes: every block of code on them runs, as printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
PAGES: Final = sorted((ROOT / "docs/start").glob("*.md"))
DOCUMENTS: Final = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and text of each block of code."""
    return [(language, text) for language, text in _FENCE.findall(page.read_text())]


@dataclass(slots=True)
class Terminal:
    """A terminal beside a local market."""

    folder: Path
    url: str
    variables: dict[str, str]


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A market as `ionet localnet start --no-network` has it."""
    folder = tmp_path_factory.mktemp("terminal")
    variables = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = ["ionet", "localnet", "start", "--port", "0", "--no-network", "--output", "json"]
    with subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.PIPE, text=True) as node:
        try:
            assert node.stdout is not None
            shown = ""
            while not shown.endswith("}\n"):
                shown += node.stdout.readline()
            yield Terminal(folder, json.loads(shown)["url"], variables)
        finally:
            node.terminate()


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_start_runs(page: Path, terminal: Terminal) -> None:
    here = terminal.folder / page.stem
    here.mkdir()
    (here / "ionet-localnet").symlink_to(terminal.folder / "ionet-localnet")
    script = "set -eo pipefail\n" + "".join(text for language, text in blocks(page) if language == "sh")
    # The one thing that differs: the port that was free.
    script = script.replace("=localhost", f"={terminal.url}")
    done = subprocess.run(
        ["bash", "-c", script], cwd=here, env=terminal.variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_program_of_a_start_runs(page: Path) -> None:
    for language, text in blocks(page):
        if language == "python":
            line = [sys.executable, "-W", "error", "-c", text]
            done = subprocess.run(line, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_start_has_no_block_that_does_not_run(page: Path) -> None:
    assert {language for language, _ in blocks(page)} <= {"sh", "python"}


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_in_a_document_is_python(page: Path) -> None:
    for language, text in blocks(page):
        if language == "python":
            compile(f"async def main():\n{_indented(text)}", str(page), "exec")


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())
