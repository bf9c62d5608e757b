"""A market set up from nothing but programs, and a price, by transactions alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from solders.keypair import Keypair
from tests.nodes.market import register
from tests.nodes.starting import account_files, running_surfpool, running_validator
from typer.testing import CliRunner

import ionet
from ionet import IO
from ionet.cli.app import app
from ionet.cli.localnet import PEOPLE, set_up
from ionet.localnet.market import CONFIDENCE, FEED, PRICE
from ionet.localnet.nodes import write_keypair

pytestmark = [pytest.mark.node]


@pytest.fixture
def people() -> dict[str, Keypair]:
    """Everybody's keys."""
    return {name: Keypair() for name in PEOPLE}


@pytest.fixture
def bare(
    kind: str, people: dict[str, Keypair], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """A node with nothing on it but the programs and the price of IO."""
    authority = people["deployer"].pubkey()
    if kind == "surfpool":
        with running_surfpool(tmp_path, authority) as url, ionet.connect(url) as client:
            client.cheats.set_price(FEED, PRICE, confidence=CONFIDENCE)
            yield url
        return
    program = request.getfixturevalue("validator_program")
    near = ionet.local(shipped=False)
    price = near.cheats.set_price(FEED, PRICE, confidence=CONFIDENCE)
    files = account_files(near, tmp_path / "accounts", [price])
    with running_validator(program, tmp_path, authority, "--account-dir", str(files)) as url:
        yield url


def test_a_market_is_set_up_and_used(bare: str, kind: str, people: dict[str, Keypair]) -> None:
    with ionet.connect(bare, signer=people["deployer"]) as client:
        set_up(client, people, price=ionet.price_feed(FEED))
        assert client.mint.supply() == IO(100_000_000)
        assert len(client.staking.classes()) == 36
        alice = client.as_(people["alice"])
        node = register(client, people, "alice", 1, "RTX 4090")
        alice.staking.stake(node, IO(250)).send()
        assert alice.staking.stakes()[0].active == IO(250)
        renter = client.as_(people["renter"])
        alice.jobs.offer(node, rate=ionet.USD(1)).send()
        with pytest.raises(ionet.NotBookable, match="proof"):
            renter.jobs.quote(node, 3_600)
    # All of it happened by transactions, so its events say all of it.
    done = CliRunner().invoke(app, ["-u", bare, "verify", "--output", "json"])
    shown = json.loads(done.stdout)
    # What surfpool says of a slot's time is up to a second off what its programs see.
    off = 1 if kind == "surfpool" else 0
    told = [each for each in shown["differences"] if not off or abs(each["expected"] - each["found"]) > off]
    assert [*shown["missing"], *told] == []
    assert [check for check in shown["checks"] if int(check["difference"])] == []
    assert {check["name"]: check["found"] for check in shown["checks"]}["vaults of nodes"] == str(
        IO(250).base
    )
    assert done.exit_code == (1 if shown["differences"] else 0)


FILE = """
[roles]
slasher = "{slasher}"
resolver = "{resolver}"
guardian = "{resolver}"
[attesters]
seats = [{{key = "{attester}"}}]
[[currency]]
mint = "IO"
feed = "{feed}"
price_account = "{price}"
pricing = "feed"
[params.proofs]
challenge_window = "12h"
"""


@pytest.mark.parametrize("kind", ["validator"])
def test_a_file_is_made_a_market_and_nothing_differs_afterwards(
    bare: str, people: dict[str, Keypair], tmp_path: Path
) -> None:
    keys = {name: tmp_path / f"{name}.json" for name in PEOPLE}
    for name, place in keys.items():
        write_keypair(place, people[name])
    file = tmp_path / "market.toml"
    file.write_text(FILE.format(**keys, feed=FEED.hex(), price=ionet.price_feed(FEED)))
    with ionet.connect(bare, signer=people["deployer"]) as client:
        client.airdrop(client.address, ionet.SOL(100))
        line = ["-u", bare, "-k", str(keys["deployer"]), "admin", "bootstrap", str(file), "--output", "json"]
        made, again = (CliRunner().invoke(app, line) for _ in range(2))
        assert made.exit_code == 0, made.output
        assert not json.loads(made.stdout)["same"]
        assert json.loads(again.stdout) == {"steps": [], "signatures": [], "same": True}
        assert client.proofs.get_config().challenge_window == 12 * 3_600
        assert len(client.staking.classes()) == 36
