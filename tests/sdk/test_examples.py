"""Each program in examples/ runs as its first lines say, on a market of the local node."""

from __future__ import annotations

import asyncio
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from examples.test_renting import (  # noqa: F401 (they are run as tests of this file)
    test_addresses_follow_from_seeds,
    test_an_hour_emits_what_the_schedule_says,
    test_strangers_change_no_parameters,
)
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import IO, USD, USDC, Client
from ionet.cli.localnet import PEOPLE, set_up
from ionet.governance.proposals import Choice, Draft
from ionet.localnet.dollars import add_usdc, write_prices
from ionet.localnet.nodes import offer_idle_nodes, offer_node, write_keypair
from ionet.localnet.verdicts import write_verdict
from ionet.staking.classes import hardware_classes

FOLDER: Final = Path(__file__).resolve().parents[2] / "examples"
#: Run elsewhere: beside anchorpy, before a service of models, and in a box.
ELSEWHERE: Final = {
    "anchorpy_stake": "tests/anchorpy/test_node.py",
    "ask": "tests/intelligence/test_openai.py",
    "train": "tests/network/test_run_boxed.py",
}
MINUTE: Final = 60
#: A proposal takes stake that was there at the start of the week.
WEEKS: Final = 14 * 24 * 60 * MINUTE


@dataclass(slots=True)
class Market:
    """A market on a node."""

    client: Client
    people: dict[str, Keypair]
    keys: Path
    url: str
    nodes: dict[str, Pubkey]
    monkeypatch: pytest.MonkeyPatch

    def run(self, name: str, *arguments: object, who: str = "carol") -> None:
        """Runs a program in this process, as one of the people."""
        self.monkeypatch.setenv("ANCHOR_PROVIDER_URL", self.url)
        self.monkeypatch.setenv("ANCHOR_WALLET", str(self.keys / f"{who}.json"))
        main = runpy.run_path(str(FOLDER / f"{name}.py"))["main"]
        if asyncio.iscoroutinefunction(main):
            asyncio.run(main(*arguments))
        else:
            main(*arguments)

    def as_(self, name: str) -> Client:
        """A client of one of the people."""
        return self.client.as_(self.people[name])


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The nodes of `ionet localnet start`, and one of Alice's with which she proposes."""
    keys, people = tmp_path_factory.mktemp("keys"), {name: Keypair() for name in PEOPLE}
    for name, pair in people.items():
        write_keypair(keys / f"{name}.json", pair)
    client = Client.local(signer=people["deployer"])
    set_up(client, people)
    add_usdc(client, (pair.pubkey() for pair in people.values()), USDC(1_000))
    nodes = offer_idle_nodes(client, people, keys)
    kind = next(kind for kind in hardware_classes() if kind.name == "B200")
    nodes["large"] = offer_node(client, people["alice"], people["attester"], kind, bytes(32), Keypair(), 180)
    client.as_(people["alice"]).staking.stake(nodes["large"], IO(4_000)).send()
    client.network.clock.advance(WEEKS)
    with client.network.serve() as server:
        yield client, people, keys, server.url, nodes


@pytest.fixture
def market(grown: Any, monkeypatch: pytest.MonkeyPatch) -> Market:
    """The market, with prices and verdicts of now."""
    client, people, keys, url, nodes = grown
    write_prices(client)
    for node in nodes.values():
        write_verdict(client, node)
    return Market(client, people, keys, url, nodes, monkeypatch)


def test_a_stranger_co_stakes(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    market.run("costake", market.nodes["alice"], IO(50))
    (stake,) = market.as_("carol").staking.stakes()
    assert stake.pending == IO(50)
    assert "Pending: 50 IO" in capsys.readouterr().out


def test_more_than_the_node_takes_is_refused_in_a_sentence(market: Market) -> None:
    with pytest.raises(SystemExit, match="would exceed the node's maximum"):
        market.run("costake", market.nodes["alice"], IO(90_000))


@pytest.mark.parametrize("currency", ["IO", "USDC"])
def test_a_renter_books_and_cancels(
    market: Market, currency: str, capsys: pytest.CaptureFixture[str]
) -> None:
    market.run("rent", currency, who="renter")
    said = capsys.readouterr().out
    assert "Booked" in said
    assert "Cancelled: " in said
    assert market.as_("renter").jobs.statuses() == []


def test_an_owner_registers_stakes_and_offers(market: Market) -> None:
    write_keypair(market.keys / "device.json", Keypair())
    device, attester = (str(market.keys / f"{name}.json") for name in ("device", "attester"))
    market.run("supply_node", "RTX 4090", "GPU-1", device, attester, "0.4", who="bob")
    (node,) = (each for each in market.as_("bob").staking.nodes(class_id=20))
    assert market.client.jobs.get_offer(node.address).rate == 400_000


def test_all_stake_votes(market: Market) -> None:
    proposal = market.as_("alice").governance.submit(Draft("Keep going"))
    market.run("vote", Choice.FOR, who="alice")
    ballots = market.as_("alice").governance.ballots(proposal)
    assert {ballot.choice for ballot in ballots} == {Choice.FOR}
    assert market.client.governance.get_proposal(proposal).in_favour > IO(10_000).base


def test_several_nodes_are_booked_as_one_cluster(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    market.run("cluster", 2, who="renter")
    assert capsys.readouterr().out.count("  job: ") == 2
    with pytest.raises(SystemExit, match="nodes can be booked now"):
        market.run("cluster", 9, who="renter")


def test_anyone_ends_a_job_that_nobody_has_started(
    market: Market, capsys: pytest.CaptureFixture[str]
) -> None:
    renter = market.as_("renter")
    node = renter.jobs.search(currency="IO")[0].node
    booked = renter.jobs.book(node, 3_600, bytes([1] * 32)).send().result
    market.run("cranks", booked)
    assert "nothing to do" in capsys.readouterr().out
    market.client.network.clock.advance(60 * MINUTE)
    market.run("cranks", booked)
    assert f"{booked}: expire in " in capsys.readouterr().out


def test_the_market_is_shown(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    market.run("market")
    said = capsys.readouterr().out
    assert "RTX 3090            1 nodes, 0.5 USD an hour" in said
    assert "100,000,000 IO exist" in said


def test_events_are_shown_as_they_happen(market: Market) -> None:
    line = [sys.executable, "-W", "error", str(FOLDER / "watch.py"), "1"]
    variables = {**os.environ, "ANCHOR_PROVIDER_URL": market.url}
    with subprocess.Popen(line, env=variables, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline() == "Watching\n"
        market.as_("bob").jobs.offer(market.nodes["bob"], rate=USD("0.7"), currencies=("IO", "USDC")).send()
        said, _ = watching.communicate(timeout=30)
    assert "OfferSet" in said
    assert watching.returncode == 0


def test_every_example_is_short_and_run_by_a_test() -> None:
    here = Path(__file__).read_text()
    for path in FOLDER.glob("*.py"):
        lines = len(path.read_text().splitlines())
        assert 20 <= lines <= 80, f"{path.name} has {lines} lines"
        elsewhere = ELSEWHERE.get(path.stem)
        text = here if elsewhere is None else (FOLDER.parent / elsewhere).read_text()
        assert f'"{path.stem}"' in text or path.name in text or f"examples.{path.stem}" in text, path.name
