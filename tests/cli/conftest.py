"""The real command line against a real JSON-RPC endpoint: the local network behind HTTP."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from typer.testing import CliRunner, Result

from ionet import IO, Client, ProofReason, accounts
from ionet.cli.app import app
from ionet.cli.localnet import PEOPLE, set_up
from ionet.rewards import Statement, Verdict, Word, statement_bytes, write_verdicts, write_words

#: Unix time at which every market begins.
NOW = 1_800_000_000
HOUR = 3_600
DAY = 24 * HOUR


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
        """The keypair file of somebody, made if it is not there."""
        place = self.folder / f"{name}.json"
        if not place.exists():
            self.people[name] = Keypair()
            write_key(place, self.people[name])
        return str(place)

    def address(self, name: str) -> str:
        """Somebody's address."""
        self.key(name)
        return str(self.people[name].pubkey())

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

    def fails_behind_text(self, status: int, *arguments: object, who: str | None = None) -> str:
        """The last line on standard error of a run that fails after it has shown something."""
        done = self.run(*arguments, who=who)
        assert done.exit_code == status, done.output
        assert "Traceback" not in done.stderr
        return done.stderr.strip().splitlines()[-1].removeprefix("error: ")

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

    def cold(self, *arguments: object, who: str, signers: tuple[str, ...] = ()) -> None:
        """Runs a command by addresses only; then its signers sign elsewhere, and it is sent."""
        line = ["-u", self.url, "-k", self.address(who), *map(str, arguments), "--sign-only"]
        done = self.runner.invoke(app, line)
        assert done.exit_code == 0, done.output
        for name in signers or (who,):
            assert self.address(name) in done.stderr
        place, text = self.folder / "transactions", done.stdout
        for name in signers or (who,):
            place.write_text(text)
            text = self.text("tx", "sign", place, who=name)
        place.write_text(text)
        assert all(one["landed"] for one in self.json("tx", "send", place))

    # -- what most tests begin with

    def register(self, uuid: str, *, who: str = "alice", class_: str = "RTX 4090", **options: object) -> str:
        """A node whose device's key is named after its uuid."""
        more = [part for name, value in options.items() for part in (f"--{name}", value)]
        line = ("node", "register", "--class", class_, "--uuid", uuid, "--device-key", self.key(uuid))
        node: str = self.json(*line, "--attester", self.key("attester"), *more, who=who)["node"]
        return node

    def stake(self, node: str, amount: str, *, who: str = "alice") -> None:
        """Active stake on a node that has none: an owner's is active at once."""
        self.text("stake", "add", node, amount, who=who)

    def credited_until_now(self, node: str) -> None:
        """Has a node's hours credited until now, without a report and without any reward."""
        found = self.client.account(key(node))
        assert found is not None
        at, now = accounts.staking.Node.OFFSETS["credited_through"], self.client.network.clock.now()
        data = bytearray(found.data)
        data[at : at + 8] = now.to_bytes(8, "little")
        self.client.network.set_account(
            key(node), lamports=found.lamports, data=bytes(data), owner=found.owner
        )

    def advance(self, seconds: int) -> None:
        """Lets time pass."""
        self.client.network.clock.advance(seconds)

    def prove(self, path: Path, *nodes: str, reason: ProofReason = ProofReason.PASSED) -> Path:
        """What the attester found of these nodes' compute proofs in the latest hour."""
        end = self.client.proofs.period_end(self.client.proofs.latest_hour())
        word = Verdict(end, 10_300, reason, reason == ProofReason.PASSED, b"\7" * 32)
        earlier = path.read_bytes() if path.exists() else b""
        write_verdicts(path, {bytes(key(node)): word for node in nodes})
        path.write_bytes(earlier + path.read_bytes())
        return path

    def show_verdict(self, node: str, *, reason: ProofReason = ProofReason.PASSED) -> None:
        """Writes a verdict of now into a node's account, outside of any transaction."""
        found = self.client.account(key(node))
        assert found is not None
        at = accounts.staking.Node.OFFSETS["last_proof"]
        data = bytearray(found.data)
        now = self.client.network.clock.now()
        data[at : at + 48] = struct.pack(
            "<q32sIBBxx", now, bytes(32), 10_300, reason, reason == ProofReason.PASSED
        )
        self.client.network.set_account(
            key(node), lamports=found.lamports, data=bytes(data), owner=found.owner
        )

    def hour_begins(self) -> int:
        """Moves the clock to the next whole hour of emission; its number."""
        proofs = self.client.proofs
        latest = proofs.latest_hour() + 1
        self.client.network.clock.set(proofs.period_end(latest))
        return latest

    def words(self, path: Path, up_hours: int, *nodes: tuple[str, str]) -> Path:
        """Statements of these nodes' devices (node, uuid) for the latest hour."""
        end = self.client.proofs.period_end(self.client.proofs.latest_hour())
        found = []
        for node, uuid in nodes:
            device, raw = self.people[uuid], bytes(key(node))
            said = statement_bytes(raw, end, up_hours, HOUR, bytes(32), bytes(32))
            signature = bytes(device.sign_message(said))
            word = Statement(bytes(device.pubkey()), HOUR, bytes(32), bytes(32), signature)
            found.append(Word(raw, up_hours, word))
        write_words(path, found)
        return path


def key(text: str) -> Pubkey:
    return Pubkey.from_string(text)


def io(value: Any) -> IO:
    """An amount of a JSON document, whose two forms must agree."""
    found = IO(value["ui"])
    assert str(found.base) == value["raw"]
    return found


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
