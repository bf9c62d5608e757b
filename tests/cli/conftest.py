"""The real command line against a real JSON-RPC endpoint: the local network behind HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from typer.testing import CliRunner, Result

from ionet import Client
from ionet.cli._app import app
from ionet.cli._localnet import PEOPLE, set_up

#: Unix time at which every market begins.
NOW = 1_800_000_000


@dataclass(slots=True)
class Shell:
    """A person at a terminal, with the keypairs of a market's people in a folder.

    Attributes:
        url: the node.
        folder: where the keypairs are.
        people: by name.
        client: of the deployer, to look at the chain and move its clock.
    """

    url: str
    folder: Path
    people: dict[str, Keypair]
    client: Client
    runner: CliRunner = field(default_factory=CliRunner)

    def key(self, name: str) -> str:
        """The keypair file of one of the people."""
        return str(self.folder / f"{name}.json")

    def run(self, *arguments: object, who: str | None = None, **more: Any) -> Result:
        """Runs `ionet` with these arguments, as one of the people."""
        line = ["-u", self.url, *(["-k", self.key(who)] if who else []), *map(str, arguments)]
        return self.runner.invoke(app, line, **more)

    def text(self, *arguments: object, who: str | None = None) -> str:
        """Standard output of a run that has to succeed."""
        done = self.run(*arguments, who=who)
        assert done.exit_code == 0, done.output
        return done.stdout

    def json(self, *arguments: object, who: str | None = None) -> Any:
        """The JSON document of a run that has to succeed; nothing else is on standard output."""
        return json.loads(self.text(*arguments, "--output", "json", who=who))

    def fails(self, status: int, *arguments: object, who: str | None = None) -> str:
        """The one sentence on standard error of a run that has to fail with this status."""
        done = self.run(*arguments, who=who)
        assert done.exit_code == status, done.output
        assert done.stdout == ""
        lines = done.stderr.strip().splitlines()
        assert len(lines) == 1, done.stderr
        assert lines[0].startswith("error: ")
        assert "Traceback" not in done.stderr
        return lines[0].removeprefix("error: ")


def write_key(place: Path, pair: Keypair) -> None:
    """A keypair file that only its owner can read."""
    place.touch(mode=0o600)
    place.write_text(json.dumps(list(bytes(pair))))


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A market of its own for each file of tests."""
    people = {name: Keypair() for name in PEOPLE}
    folder = tmp_path_factory.mktemp("keys")
    for name, pair in people.items():
        write_key(folder / f"{name}.json", pair)
    client = Client.local(signer=people["deployer"], now=NOW)
    set_up(client, people)
    with client.network.serve() as server:
        yield Shell(server.url, folder, people, client)
