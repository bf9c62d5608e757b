"""`ionet localnet`: what its market holds, and wallets for newcomers."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest
from solders.keypair import Keypair
from tests.cli.conftest import Shell, key
from tests.faults import Asked, FaultProxy, on

from ionet import IO, SOL, USDC, AsyncClient, AsyncLocalTransport, Client, load_keypair
from ionet.cli.app import app
from ionet.cli.localnet import PEOPLE, set_up
from ionet.ledger import Follower, Verified, open_ledger, verify
from ionet.localnet.dollars import add_usdc, write_prices
from ionet.localnet.nodes import offer_idle_nodes
from ionet.localnet.seat import BEGINS_BEFORE, judged_so_far
from ionet.localnet.verdicts import write_verdict

START = 1_800_000_000


@pytest.fixture(scope="module")
def usdc(shell: Shell) -> str:
    """The mint of what stands for USDC."""
    return str(add_usdc(shell.client, (pair.pubkey() for pair in shell.people.values()), USDC(1_000)))


@pytest.fixture(scope="module")
def nodes(shell: Shell, usdc: str) -> dict[str, str]:
    """The market's two nodes, by their owners' names."""
    offered = offer_idle_nodes(shell.client, shell.people, shell.folder)
    write_prices(shell.client)
    for node in offered.values():
        write_verdict(shell.client, node)
    return {owner: str(node) for owner, node in offered.items()}


@pytest.mark.parametrize(("owner", "currency"), [("alice", "IO"), ("bob", "USDC")])
def test_a_node_of_the_market_is_booked_by_its_renter(
    shell: Shell, nodes: dict[str, str], owner: str, currency: str, tmp_path: Path
) -> None:
    (tmp_path / "job.toml").write_text('entrypoint = {command = ["true"]}\n')
    line = ("job", "book", nodes[owner], "--for", "1h", "--currency", currency)
    booked = shell.json(*line, "--manifest", tmp_path / "job.toml", who="renter")
    assert shell.client.jobs.get_job(key(booked["job"])).node == key(nodes[owner])


def test_a_new_wallet_is_this_users_alone_and_is_given_tokens(
    shell: Shell, usdc: str, tmp_path: Path
) -> None:
    place = tmp_path / "new" / "me.json"
    told = shell.json("localnet", "keygen", place)
    wallet = load_keypair(place).pubkey()
    assert told["address"] == str(wallet)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600

    shell.json(
        "localnet", "airdrop", place, "--sol", "2", "--io", "7.5", "--usdc", "3", "--keys", shell.folder
    )
    assert shell.client.balance(wallet) == SOL(2)
    assert shell.client.mint.balance(wallet) == IO("7.5")
    assert shell.client.tokens(wallet, key(usdc), USDC) == USDC(3)


def test_a_file_that_is_there_is_not_overwritten(shell: Shell, tmp_path: Path) -> None:
    place = tmp_path / "me.json"
    place.write_text("mine")
    assert "is there already" in shell.fails(3, "localnet", "keygen", place)
    assert place.read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--io", "x"), 2, "IO: 'x' is not a number"),
        (("--sol=-1",), 2, "an amount must not be below zero"),
        (("--keys", "nowhere"), 3, "name the folder of `ionet localnet start` by --keys"),
    ],
)
def test_a_gift_that_cannot_be_given_is_refused(
    shell: Shell, options: tuple[str, ...], status: int, said: str
) -> None:
    assert said in shell.fails(status, "localnet", "airdrop", shell.address("alice"), *options)


def test_a_node_that_cannot_move_its_clock_says_so(shell: Shell) -> None:
    def unknown(asked: Asked) -> object:
        return asked.error(-32601, "Method not found")

    with FaultProxy(shell.client.network, on("surfnet_timeTravel", unknown)) as proxy:
        done = shell.runner.invoke(app, ["-u", proxy.url, "localnet", "advance", "1h"])
    assert done.exit_code == 5
    assert "the clock cannot be moved: only a local node" in done.stderr


def test_a_local_market_holds_what_its_events_say_and_its_nodes_stay_proven(tmp_path: Path) -> None:
    """Its verdicts come from reports: also the first ones, and those of hours that somebody skips."""
    people = {name: Keypair() for name in PEOPLE}
    client = Client.local(signer=people["deployer"], now=START - BEGINS_BEFORE)
    set_up(client, people)
    add_usdc(client, (), USDC(1))
    nodes = offer_idle_nodes(client, people, tmp_path)
    seat = judged_so_far(client, people, tmp_path / "seat", nodes.values())

    async def verified() -> Verified:
        near = AsyncClient(AsyncLocalTransport(client.network))
        with await open_ledger(near, ":memory:") as database:
            follower = Follower(near, database)
            await follower.catch_up()
            return await verify(near, database, follower)

    try:
        for skipped in (0, 7 * 3_600):
            client.network.clock.advance(skipped)
            seat.settle(nodes.values())
            for node in nodes.values():
                last = client.staking.get_node(node).last_proof
                assert last.passed
                # Nodes are booked on a verdict of six hours.
                assert 0 <= client.time() - last.time < 2 * 3_600
            found = asyncio.run(verified())
            assert (found.holds, found.differences) == (True, ())
        # What no event says is named, which the cheat of tests still is.
        write_verdict(client, nodes["bob"])
        assert "last_proof" in str(asyncio.run(verified()).differences)
    finally:
        seat.close()
