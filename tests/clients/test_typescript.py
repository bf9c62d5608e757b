"""The TypeScript client on the local node, and the manifest of what it is generated from."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import IO, Client
from ionet.cli.localnet import PEOPLE, set_up
from ionet.governance.proposals import Choice, Draft
from ionet.localnet.market import FEED
from ionet.localnet.nodes import offer_node, write_keypair
from ionet.localnet.verdicts import write_verdict
from ionet.staking.classes import hardware_classes
from workspace import clients
from workspace.pages import environment
from workspace.tree import Tree

HOME: Final = clients.home(Tree())
#: A proposal takes 10,000 IO of stake that was there at the start of the week.
WEEKS: Final = 14 * 24 * 3_600


@dataclass(slots=True)
class Market:
    """A market on a node, with one proposal."""

    client: Client
    people: dict[str, Keypair]
    keys: Path
    url: str
    node: Pubkey
    proposal: Pubkey
    program: Path

    def run(self, *steps: str) -> list[dict[str, Any]]:
        """What the TypeScript program prints."""
        line = [
            "node",
            str(self.program),
            self.url,
            str(self.keys),
            str(self.node),
            str(self.proposal),
            *steps,
        ]
        done = subprocess.run(
            line, env=environment(), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(text) for text in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled program; compiling checks all types."""
    if not (HOME / "node_modules/typescript").is_dir():
        pytest.skip("npm ci in clients/ts; scripts/setup sees to it")
    out = tmp_path_factory.mktemp("typescript")
    line = ["npx", "--no-install", "tsc", "--outDir", str(out)]
    done = subprocess.run(line, cwd=HOME, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    (out / "package.json").write_text('{"type": "module"}')
    (out / "node_modules").symlink_to(HOME / "node_modules")
    return out / "test/market.js"


@pytest.fixture(scope="module")
def market(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """Alice's node with enough stake to propose, and a proposal of hers."""
    keys, people = tmp_path_factory.mktemp("keys"), {name: Keypair() for name in PEOPLE}
    for name, pair in people.items():
        write_keypair(keys / f"{name}.json", pair)
    client = Client.local(signer=people["deployer"])
    set_up(client, people)
    kind = next(kind for kind in hardware_classes() if kind.name == "B200")
    node = offer_node(client, people["alice"], people["attester"], kind, bytes(32), Keypair(), 180, ("IO",))
    alice = client.as_(people["alice"])
    alice.staking.stake(node, IO(4_000)).send()
    client.network.clock.advance(WEEKS)
    client.cheats.set_price(FEED, 200_000_000)
    write_verdict(client, node)
    proposal = alice.governance.submit(Draft("Keep going"))
    with client.network.serve() as server:
        yield Market(client, people, keys, server.url, node, proposal, program)


def test_a_co_staker_stakes(market: Market) -> None:
    (staked,) = market.run("stake")
    assert (staked["program"], staked["name"]) == ("staking", "Staked")
    (stake,) = market.client.as_(market.people["carol"]).staking.stakes()
    assert stake.pending == IO(10) == IO.from_base(int(staked["data"]["amount"]))


def test_a_renter_books(market: Market) -> None:
    (booked,) = market.run("book")
    job = market.client.jobs.get_job(Pubkey.from_string(booked["data"]["job"]))
    assert (booked["program"], booked["name"], job.node) == ("jobs", "Booked", market.node)
    assert job.renter == market.people["renter"].pubkey()
    assert (job.price, job.seconds) == (int(booked["data"]["price"]), 3_600)


def test_an_owner_votes(market: Market) -> None:
    (voted,) = market.run("vote")
    assert (voted["program"], voted["name"]) == ("governance", "Voted")
    alice = market.client.as_(market.people["alice"]).governance
    (ballot,) = [ballot for ballot in alice.ballots(market.proposal) if ballot.node == market.node]
    assert ballot.choice is Choice.FOR
    assert int(voted["data"]["weight"]) == IO(10_000).base


def test_an_error_of_a_program_is_named(market: Market) -> None:
    (refused,) = market.run("refused")
    assert refused["refused"].startswith("the stake of both sides would exceed the node's maximum")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A copy of the client and the IDLs."""
    ignored = shutil.ignore_patterns("node_modules", "dist")
    shutil.copytree(HOME, clients.home(Tree(tmp_path)), ignore=ignored)
    shutil.copytree(Tree().idl, Tree(tmp_path).idl)
    return Tree(tmp_path)


def test_the_client_is_of_these_idls() -> None:
    assert clients.problems(Tree()) == []


def test_a_changed_idl_or_a_file_changed_by_hand_makes_it_stale(tree: Tree) -> None:
    idl = tree.idl / "mint.json"
    idl.write_text(idl.read_text() + " ")
    assert clients.problems(tree) == ["idl/ or the generator has changed since the client was generated"]
    shutil.copyfile(Tree().idl / "mint.json", idl)
    index = clients.home(tree) / "src/generated/index.ts"
    index.write_text(index.read_text() + "//\n")
    assert clients.problems(tree) == ["src/generated is not what the generator wrote"]


def test_the_generator_writes_what_is_committed(program: Path, tree: Tree) -> None:
    (clients.home(tree) / "node_modules").symlink_to(HOME / "node_modules")
    shutil.rmtree(clients.home(tree) / "src/generated")
    clients.write(tree)
    assert (clients.home(tree) / clients.NAME).read_text() == (HOME / clients.NAME).read_text()
