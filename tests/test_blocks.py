"""The documents' blocks of code: each runs, is read by what reads such a file, or says why it is not run.

Why, or which test runs it, stands in a comment before the block: ``<!-- not run: … -->``. Output and formats
are blocks of the language `text`. The README and the pages of docs/start have tests of their own.
"""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from tests.test_starts import Terminal
from tests.test_starts import terminal as terminal  # noqa: PLC0414 (a fixture)

from ionet.cloud import ClusterFile
from ionet.gateway._config import GatewayConfig
from ionet.intelligence import config as intelligence
from ionet.payments import config as payments
from ionet.store.manifest import Manifest

ROOT: Final = Path(__file__).resolve().parents[1]
DOCUMENTS: Final = sorted(
    [
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "clients").glob("*/*.md"),
        *(ROOT / "examples").glob("*.md"),
    ]
)
#: What shows something, and is not run.
SHOWN: Final = {"text", "mermaid"}
_BLOCK: Final = re.compile(r"(?:^<!-- (.+?) -->\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TEST: Final = re.compile(r"tests/[\w/]+(?:\.py|/)?")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code.

    Attributes:
        page: where it stands.
        number: counted from 1.
        why: of the comment before it, None without.
        language: of the fence.
        text: the code.
    """

    page: Path
    number: int
    why: str | None
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)} {self.number}"


def blocks() -> list[Block]:
    return [
        Block(page, number, why or None, language, text)
        for page in DOCUMENTS
        for number, (why, language, text) in enumerate(_BLOCK.findall(page.read_text()), 1)
    ]


def of(*languages: str) -> list[Block]:
    """Those that run or are read."""
    return [block for block in blocks() if block.why is None and block.language in languages]


def manifest(folder: Path, text: str) -> Manifest:
    if "entrypoint" not in text:
        text = f'entrypoint = {{ command = ["true"] }}\n{text}'
    (folder / "job.toml").write_text(text.replace("9f2c…", "9f" * 32))
    return Manifest.load(folder / "job.toml")


def gateway(folder: Path, text: str) -> GatewayConfig:
    (folder / "gateway.toml").write_text(text)
    return GatewayConfig.load(folder, environment={})


def service(folder: Path, text: str) -> intelligence.IntelligenceConfig:
    for name in re.findall(r'^(?:file|tokenizer|keypair) = "(.+?)"', text, re.MULTILINE):
        (folder / name).touch()
    (folder / "intelligence.toml").write_text(text)
    return intelligence.load(folder, {"GPU_SERVER_KEY": "secret"})


def cards(folder: Path, text: str) -> payments.PaymentsConfig:
    for name, secret in {
        "stripe_key": "sk_test_x",
        "hook_secret": "whsec_x",
        "console_key": "c" * 32,
    }.items():
        (folder / name).write_text(secret)
        (folder / name).chmod(0o600)
    (folder / "payments.toml").write_text(text)
    return payments.load(folder)


READERS: Final[dict[str, Callable[[Path, str], Any]]] = {
    "docs/intelligence.md": service,
    "docs/operations.md": gateway,
    "docs/payments.md": cards,
    "docs/renting.md": manifest,
}


@pytest.mark.parametrize("block", blocks(), ids=str)
def test_a_block_runs_is_read_or_says_why_not(block: Block) -> None:
    if block.why is None:
        assert block.language in {*SHOWN, "sh", "python", "toml", "yaml"}, (
            "a block says of which language it is"
        )
    else:
        assert re.match(r"(not run|run elsewhere): \S+( \S+)+", block.why), block.why
        assert block.language in {"sh", "python", "toml", "yaml", "ts"}
        for name in _TEST.findall(block.why):
            assert (ROOT / name).exists(), f"there is no {name}"


@pytest.mark.parametrize("block", of("toml"), ids=str)
def test_settings_on_a_page_are_read(block: Block, tmp_path: Path) -> None:
    READERS[block.page.relative_to(ROOT).as_posix()](tmp_path, block.text)


@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_a_cluster_file_on_a_page_is_read(block: Block, tmp_path: Path) -> None:
    assert isinstance(yaml.safe_load(block.text), dict)
    (tmp_path / "cluster.yaml").write_text(block.text)
    ClusterFile.load(tmp_path / "cluster.yaml")


def test_programs_on_pages_run(tmp_path: Path) -> None:
    for block in of("python"):
        line = [sys.executable, "-W", "error", "-c", block.text]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{block}: {done.stderr}"


@pytest.mark.parametrize(
    "block", [block for block in blocks() if block.page.name == "CONTRIBUTING.md"], ids=str
)
def test_a_command_for_contributors_names_what_is_there(block: Block) -> None:
    for line in block.text.splitlines():
        (program, *words), tests = shlex.split(line, comments=True), 0
        while "=" in program:
            program, *words = words
        for word in (program, *words):
            if re.match(r"(scripts|tests)/", word):
                assert (ROOT / word).exists(), line
                tests += word.startswith("tests/")
        if program.startswith("scripts/"):
            told = (ROOT / program).read_text()
            for option in itertools.takewhile(lambda word: word != "--", words):
                assert option in told, f"{program} has no {option}"
        if "-k" in words and tests:
            (file,) = (word for word in words if word.startswith("tests/"))
            named = words[words.index("-k") + 1]
            assert re.search(rf"def test_\w*{named}", (ROOT / file).read_text()), line


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.parametrize("block", of("sh"), ids=str)
def test_commands_on_a_page_run(block: Block, terminal: Terminal) -> None:
    here = terminal.folder / str(block).replace("/", " ")
    here.mkdir()
    (here / "ionet-localnet").symlink_to(terminal.folder / "ionet-localnet")
    # The market is there, at a port that was free.
    script = re.sub(r"^ionet localnet start.*$", "", block.text, flags=re.MULTILINE)
    script = "set -eo pipefail\n" + script.replace("-u localhost", f"-u {terminal.url}")
    variables = {**terminal.variables, "ANCHOR_PROVIDER_URL": terminal.url}
    done = subprocess.run(
        ["bash", "-c", script], cwd=here, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
