"""Searches over many accounts, on the network in this process and in a node's answer."""

from __future__ import annotations

import gc
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from solders.pubkey import Pubkey

import ionet
from ionet import accounts

NODE = accounts.staking.Node
OWNER = Pubkey(bytes(range(32)))


class Distant:
    """A node that answers in JSON, out of a network in this process."""

    def __init__(self, client: ionet.Client) -> None:
        self.network = client.network

    def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        """The result, as it comes over a wire."""
        return json.loads(json.dumps(self.network.request(method, params)))

    def close(self) -> None:
        """Nothing to close."""


#: Where the reason lies in the record of a compute proof: behind its time, seed and score.
_REASON = 8 + 32 + 4


@pytest.fixture
def nodes(bare: ionet.Client) -> dict[Pubkey, bytes]:
    """Two hundred accounts of nodes, every other one of one owner; they are on the network `bare`."""
    source, size = random.Random(1), (NODE.SIZE or 0) - 8
    place = NODE.OFFSETS["owner"] - 8
    made = {}
    for i in range(200):
        body = bytearray(source.randbytes(size))
        # Random numbers stand for no variant of an enum.
        for name in ("state", "pool"):
            body[NODE.OFFSETS[name] - 8] = source.randrange(2)
        body[NODE.OFFSETS["last_proof"] - 8 + _REASON] = source.randrange(11)
        if i % 2:
            body[place : place + 32] = bytes(OWNER)
        made[Pubkey(source.randbytes(32))] = NODE.DISCRIMINATOR + bytes(body)
    for address, data in made.items():
        bare.network.set_account(address, data=data, owner=NODE.PROGRAM_ID)
    return made


@pytest.fixture(params=["embedded", "distant"])
def searcher(request: pytest.FixtureRequest, bare: ionet.Client) -> ionet.Client:
    """A client of the network, and one that gets JSON from it."""
    return bare if request.param == "embedded" else ionet.Client(Distant(bare), signer=bare.signer)


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    """The collector is on, before and after."""
    assert gc.isenabled()
    yield
    gc.enable()


def test_a_search_finds_every_account_as_it_is(searcher: ionet.Client, nodes: dict[Pubkey, bytes]) -> None:
    found = searcher.find(NODE)
    assert {one.address: one.account for one in found} == {k: NODE.decode(v) for k, v in nodes.items()}
    assert all(bytes(one.account.owner) == nodes[one.address][16:48] for one in found)


def test_a_search_by_a_field_finds_those_that_have_it(
    searcher: ionet.Client, nodes: dict[Pubkey, bytes]
) -> None:
    found = searcher.find(NODE, owner=OWNER)
    assert len(found) == 100
    assert {one.account.owner for one in found} == {OWNER}
    assert {one.address for one in found} < nodes.keys()


def test_accounts_of_another_kind_are_not_found(searcher: ionet.Client, nodes: dict[Pubkey, bytes]) -> None:
    assert nodes
    # A program that is not there is another matter.
    searcher._deployed.add(NODE.PROGRAM_ID)
    assert searcher.find(accounts.staking.Position) == []


def test_a_network_without_the_program_is_not_one_without_accounts(bare: ionet.Client) -> None:
    says = r"the program staking \(.*\) is not deployed at this node"
    with (
        bare.network.serve() as server,
        ionet.connect(server.url) as client,
        pytest.raises(ionet.ProgramMissing, match=says),
    ):
        client.find(NODE)


def test_an_account_without_lamports_is_not_found(
    searcher: ionet.Client, bare: ionet.Client, nodes: dict[Pubkey, bytes]
) -> None:
    gone = next(iter(nodes))
    bare.network.set_account(gone, data=nodes[gone], owner=NODE.PROGRAM_ID, lamports=0)
    assert gone not in {one.address for one in searcher.find(NODE)}


def test_more_filters_than_a_node_takes_are_refused(searcher: ionet.Client) -> None:
    with pytest.raises(ionet.RpcError, match="Too many filters provided; max 4") as caught:
        searcher.find(NODE, owner=OWNER, state=1, pool=1, version=1)
    assert caught.value.code == -32602
    assert caught.value.method == "getProgramAccounts"


def test_an_account_that_cannot_be_read_is_a_decode_error(searcher: ionet.Client, bare: ionet.Client) -> None:
    bare.network.set_account(OWNER, data=NODE.DISCRIMINATOR + bytes(9), owner=NODE.PROGRAM_ID)
    with pytest.raises(ionet.DecodeError, match="not a valid Node: 9 bytes"):
        searcher.find(NODE)
    assert gc.isenabled()


def test_a_search_leaves_the_collector_as_it_was(searcher: ionet.Client, nodes: dict[Pubkey, bytes]) -> None:
    assert len(searcher.find(NODE)) == len(nodes)
    assert gc.isenabled()
    gc.disable()
    searcher.find(NODE)
    assert not gc.isenabled()
