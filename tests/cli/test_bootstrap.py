"""`ionet admin bootstrap`: a market as a file says it, again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from solders.keypair import Keypair
from spl.token.instructions import create_idempotent_associated_token_account as opening
from tests.cli.conftest import DAY, NOW, Shell, write_key

from ionet import IO, SOL, USDC, Allocation, Client, accounts, pda, token_account
from ionet.cli.bootstrap.wanted import Wanted
from ionet.localnet.dollars import write_prices
from ionet.localnet.gifts import give
from ionet.localnet.market import FEED
from ionet.localnet.nodes import offer_node
from ionet.localnet.verdicts import write_verdict
from ionet.staking.classes import hardware_classes
from ionet.token.currency import USDC_FEED

NAMES = ("deployer", "attester", "second", "slasher", "resolver", "guardian", "alice", "renter")
FILE = """
[roles]
slasher = "{slasher}"
resolver = "{resolver}"
guardian = "{guardian}"

[attesters]
seats = [{{key = "{attester}", weight = 2}}, {{key = "{second}"}}]

[[currency]]
mint = "IO"
feed = "{io_feed}"
price_account = "{io_price}"
pricing = "feed"

[[currency]]
mint = "{usdc}"
feed = "USDC"
price_account = "{usdc_price}"
pricing = "par"
payment_fee = "2%"

[params.jobs]
booking_bps = "0.5%"

[params.proofs]
challenge_window = "12h"
"""


@dataclass(slots=True)
class Place:
    """A network with nothing on it but programs, and a file."""

    shell: Shell
    file: Path
    values: dict[str, str]

    def write(self, old: str = "", new: str = "") -> None:
        """Writes the file, with one part changed."""
        text = FILE.format(**self.values)
        assert old in text
        self.file.write_text(text.replace(old, new) if old else text)

    def bootstrap(self, *options: str) -> list[str]:
        """What was or would be sent."""
        line = ("admin", "bootstrap", self.file, *options)
        return [step["what"] for step in self.shell.json(*line, who="deployer")["steps"]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A network of its own for this file's tests, which take one market from nothing to a booking."""
    folder = tmp_path_factory.mktemp("keys")
    people = {name: Keypair() for name in NAMES}
    for name, pair in people.items():
        write_key(folder / f"{name}.json", pair)
    client = Client.local(signer=people["deployer"], now=NOW)
    for pair in people.values():
        client.airdrop(pair.pubkey(), SOL(100))
    usdc = Keypair().pubkey()
    client.cheats.set_mint(usdc, decimals=USDC.DECIMALS, authority=client.address)
    io_price, usdc_price = write_prices(client)
    values = {name: str(pair.pubkey()) for name, pair in people.items()}
    values |= {
        "usdc": str(usdc),
        "io_feed": FEED.hex(),
        "io_price": str(io_price),
        "usdc_price": str(usdc_price),
    }
    with client.network.serve() as server:
        made = Place(Shell(server.url, folder, people, client), folder / "market.toml", values)
        made.write()
        yield made


def test_a_dry_run_first_shows_what_would_be_initialised_and_changes_nothing(place: Place) -> None:
    steps = place.bootstrap("--dry-run")
    assert steps == [
        f"initialize {name}"
        for name in ("mint", "proofs", "buyback", "staking", "jobs", "governance", "distributor")
    ]
    assert place.shell.client.account(pda.mint.CONFIG) is None


def test_the_market_is_made_and_a_second_run_finds_nothing_to_do(place: Place) -> None:
    assert len(place.bootstrap()) > 20
    assert place.bootstrap() == []
    assert "Nothing differs" in place.shell.text("admin", "bootstrap", place.file, who="deployer")

    client = place.shell.client
    assert client.jobs.get_config().booking_bps == 50
    assert client.proofs.get_config().challenge_window == 12 * 3_600
    seats = client.proofs.get_attesters()
    assert (seats.weights[:3], seats.threshold) == ((2, 1, 0), 2)
    assert client.buyback.get_config().feed_id == FEED
    assert {currency.feed_id for currency in client.jobs.currencies()} == {FEED, USDC_FEED}
    assert len(client.find(accounts.staking.StakeShard)) == 16
    assert client.governance.get_config().guardian == place.shell.people["guardian"].pubkey()


def test_what_differs_is_shown_and_then_made_so(place: Place) -> None:
    place.write('"0.5%"', '"0.75%"')
    wanted = ["jobs: booking_bps: 0.5% -> 0.75%"]
    assert place.bootstrap("--dry-run") == wanted
    assert place.shell.client.jobs.get_config().booking_bps == 50
    assert place.bootstrap() == wanted
    assert place.shell.client.jobs.get_config().booking_bps == 75
    place.write()
    assert place.bootstrap() == ["jobs: booking_bps: 0.75% -> 0.5%"]


def test_an_attester_who_leaves_keeps_no_seat_and_shifts_no_other(place: Place) -> None:
    shell = place.shell
    gone, kept = (shell.people[name].pubkey() for name in ("attester", "second"))
    place.write(f'{{key = "{gone}", weight = 2}}, ', "")
    (told,) = place.bootstrap()
    assert told == f"attesters: {gone}: 2 -> 0; threshold: 2 -> 1"
    seats = shell.client.proofs.get_attesters()
    assert (seats.keys[1], seats.weights[:2]) == (kept, (0, 1))
    assert place.bootstrap() == []


def test_what_an_interrupted_run_left_out_is_made_up_for(place: Place) -> None:
    client, shard = place.shell.client, pda.staking.shard(3)
    client.network.set_account(shard, lamports=0, data=b"", owner=client.address)
    place.bootstrap()
    assert client.account(shard) is not None


def test_a_market_from_a_file_takes_nodes_and_bookings(place: Place) -> None:
    client, people = place.shell.client, place.shell.people
    wallet = token_account(client.address, pda.mint.MINT)
    owners = [people[name].pubkey() for name in ("deployer", "alice", "renter")]
    client.call(*(opening(client.address, owner, pda.mint.MINT) for owner in owners)).send()
    client.mint.mint_genesis(Allocation.COMMUNITY, wallet).send()
    for name in ("alice", "renter"):
        give(client, people[name].pubkey(), IO(1_000), USDC(0))
    kind = next(kind for kind in hardware_classes() if kind.name == "T4")
    node = offer_node(client, people["alice"], people["second"], kind, bytes(32), Keypair(), 16)
    write_prices(client)
    write_verdict(client, node)
    booked = client.as_(people["renter"]).jobs.book(node, 3_600, manifest_hash=bytes([1] * 32)).send()
    assert client.jobs.get_job(booked.result).node == node


def test_what_only_others_can_change_is_said_and_the_rest_is_done(place: Place) -> None:
    shell = place.shell
    # A key that has left a seat takes none for a week.
    shell.advance(8 * DAY)
    place.write()
    place.bootstrap()
    place.write(place.values["guardian"], place.values["alice"])
    said = shell.run("admin", "bootstrap", place.file, who="deployer")
    assert said.exit_code == 1
    assert "a proposal sets it" in said.stdout
    assert shell.client.proofs.get_config().guardian == shell.people["alice"].pubkey()

    place.write('"12h"', '"24h"')
    said = shell.run("admin", "bootstrap", place.file, who="alice")
    assert said.exit_code == 1
    assert f"only proofs's authority can: {place.values['deployer']}" in " ".join(said.stdout.split())
    assert shell.client.proofs.get_config().challenge_window == 12 * 3_600


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[roles]", "[role]", "the file has no 'role'; there are attesters, currency, mint, params, roles"),
        ("weight = 2", "weight = 0", "seat 1: weight is a whole number above zero, not 0"),
        ('pricing = "par"', 'pricing = "cheap"', "pricing is par or feed"),
        ('feed = "USDC"', 'feed = "12"', "feed is Pyth's id of a feed, 64 hexadecimal digits, or USDC"),
        ("[params.jobs]", "[params.job]", "[params] has no 'job'"),
        ('booking_bps = "0.5%"', 'resolver = "x"', "[params.jobs]: resolver is a role; it is in [roles]"),
        ("[attesters]", "[mint]\nstart = 2027-01-01\n[attesters]", "start is a time with its zone"),
        ("[roles]", "[roles", "market.toml: "),
    ],
)
def test_a_file_that_says_nothing_sensible_is_refused_before_anything_is_sent(
    place: Place, old: str, new: str, said: str
) -> None:
    place.write(old, new)
    assert said in place.shell.fails(3, "admin", "bootstrap", place.file, who="deployer")


def test_a_parameter_that_does_not_exist_is_named_with_those_that_do(place: Place) -> None:
    place.write("booking_bps", "booking_fee")
    said = place.shell.fails(2, "admin", "bootstrap", place.file, who="deployer")
    assert "jobs has no parameter booking_fee; there are" in said


def test_the_file_to_copy_is_one(place: Place) -> None:
    text = (Path(__file__).resolve().parents[2] / "deploy/market.toml").read_text()
    text = text.replace("FEED_OF_IO", FEED.hex())
    place.file.write_text(
        re.sub(r'"(?!USDC")[A-Z]{3,}[A-Z_0-9]*"', lambda _: f'"{Keypair().pubkey()}"', text)
    )
    wanted = Wanted.read(place.file)
    assert (len(wanted.seats), len(wanted.currencies)) == (3, 2)
    assert wanted.params["proofs"]["challenge_window"] == "24h"
