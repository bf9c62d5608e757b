"""Tests in the environment of anchorpy; what they compare with comes from the package's own environment.

IONET_PYTHON is that environment's Python. It writes the vectors, and runs the local node, for which solders
is too old here. Where anchorpy is absent, nothing is collected.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest
from tests.anchorpy.support import Node

HERE: Final = Path(__file__).resolve().parent
#: What the vectors came to, for the last lines of the run.
AGREED: Final = pytest.StashKey[dict[str, int]]()

if find_spec("anchorpy") is None:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def modern() -> str:
    """Python of the package's own environment."""
    python = os.environ.get("IONET_PYTHON")
    if python is None:
        pytest.fail("IONET_PYTHON must name the Python of the package's own environment (.venv/bin/python)")
    return str(Path(python).absolute())


@pytest.fixture(scope="session")
def vectors(modern: str, tmp_path_factory: pytest.TempPathFactory) -> Sequence[Mapping[str, Any]]:
    """What `write_vectors.py` writes."""
    place = tmp_path_factory.mktemp("vectors") / "vectors.json"
    subprocess.run([modern, str(HERE / "write_vectors.py"), str(place)], check=True, timeout=60)
    written: list[Mapping[str, Any]] = json.loads(place.read_text())
    return written


@pytest.fixture(scope="session")
def node(modern: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """`ionet localnet start`, by the package's own environment."""
    keys = tmp_path_factory.mktemp("keys") / "people"
    start = ["localnet", "start", "--port", "0", "--no-network", "--keys", str(keys)]
    with subprocess.Popen(
        [modern, "-u", "-c", "from ionet.cli import main; main()", *start],
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None
            told = iter(running.stdout.readline, "")
            listening = next((line for line in told if line.startswith("Listening on ")), None)
            assert listening is not None, "the node ended before it listened"
            yield Node(listening.split()[2].rstrip(".,"), keys)
        finally:
            running.terminate()


@pytest.fixture(scope="session")
def hired(node: Node) -> str:
    """A node of Alice's with stake on it, so that others may stake beside her."""
    registered = node.ionet(
        *("alice", "--output", "json", "node", "register", "--class", "RTX 4090", "--uuid", "GPU-1"),
        *("--device-key", str(node.key("bob")), "--attester", str(node.key("attester"))),
    )
    assert registered.returncode == 0, registered.stderr
    address: str = json.loads(registered.stdout)["node"]
    done = node.ionet("alice", "stake", "add", address, "250")
    assert done.returncode == 0, done.stderr
    return address


@pytest.fixture(scope="session")
def agreed(request: pytest.FixtureRequest) -> dict[str, int]:
    """How many vectors agreed, by kind."""
    return request.config.stash.setdefault(AGREED, {})


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    agreed = config.stash.get(AGREED, {})
    if agreed:
        parts = ", ".join(f"{count} of {kind}" for kind, count in agreed.items())
        terminalreporter.write_line(f"{sum(agreed.values())} vectors agree in both directions: {parts}")
