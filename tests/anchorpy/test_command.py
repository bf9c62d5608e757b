"""The package beside anchorpy: pip can install both, and what does not work says so in a sentence."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.anchorpy.support import Node, ionet

import ionet as sdk
from ionet import IO, ConfigError


def test_pip_finds_nothing_broken() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    assert version("anchorpy") == "0.21.0"
    assert version("solders") == "0.26.0"


def test_the_embedded_network_says_what_it_needs() -> None:
    with pytest.raises(
        ConfigError, match=r"needs solders 0\.29 or newer, and this environment has 0\.26\.0; upgrade it, or"
    ):
        sdk.local()


@pytest.mark.parametrize("command", [("localnet", "start", "--port", "0"), ("demo",)])
def test_a_command_that_cannot_run_here_says_why_in_a_sentence(
    command: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))
    done = ionet(*command)
    assert done.returncode in (2, 3)
    assert done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    assert "needs" in line


#: The embedded network's, and a service whose extra does not go with anchorpy's libraries.
_ELSEWHERE = ("localnet", "intelligence")


def test_everything_else_finds_what_it_imports_of_solana_and_solders() -> None:
    """Late imports, too; those for types only are the other environment's."""
    package = Path(sdk.__file__).parent
    checked, missing = 0, []
    for path in sorted(package.rglob("*.py")):
        if path.name == "embedded.py" or path.parent.name in _ELSEWHERE:
            continue
        for module, name in imports(ast.parse(path.read_text())):
            checked += 1
            if not hasattr(import_module(module), name):
                missing.append(f"{path.relative_to(package)}: {module}.{name}")
    assert missing == []
    assert checked > 200


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Module and name of what code takes from these libraries when it runs."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module.split(".")[0] in ("solana", "solders", "spl"):
                yield from ((module, alias.name) for alias in node.names)
        yield from imports(node)


def test_commands_read_and_sign_against_a_node(node: Node, hired: str) -> None:
    classes = node.ionet("carol", "--output", "json", "node", "classes", "list")
    assert classes.returncode == 0, classes.stderr
    assert "RTX 4090" in {entry["name"] for entry in json.loads(classes.stdout)}
    status = node.ionet("alice", "stake", "status", hired)
    assert status.returncode == 0, status.stderr
    assert "250" in status.stdout


def test_a_node_is_offered_found_and_booked(node: Node, hired: str, tmp_path: Path) -> None:
    manifest = tmp_path / "job.toml"
    manifest.write_text('entrypoint = {command = ["nvidia-smi"]}\n')
    for who, *words in (
        ("alice", "localnet", "prove", hired),
        ("alice", "job", "offer", hired, "--rate", "0.5"),
        ("renter", "job", "search", "--class", "RTX 4090", "--for", "1h"),
        ("renter", "job", "book", hired, "--for", "1h", "--manifest", str(manifest)),
        ("renter", "job", "status"),
    ):
        done = node.ionet(who, *words)
        assert done.returncode == 0, done.stderr
    assert hired[:4] in done.stdout


def test_the_client_sends_against_a_node(node: Node) -> None:
    with sdk.connect(node.url, signer=node.key("bob")) as client:
        before = client.mint.supply()
        client.cheats.advance(3600)
        sent = client.mint.emit().send()
        assert sent.events
        assert client.mint.supply() == before + sent.result
        assert sent.result > IO(0)
