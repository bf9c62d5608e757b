"""What a receipt says that a leased node was ordered to run, and what of it anybody can check."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.cli.conftest import Shell
from tests.intelligence.suppliers import fleet_of
from tests.intelligence.test_receipts import receipt
from tests.programs.market import MANIFEST, Market

from ionet import AsyncClient, AsyncLocalTransport
from ionet.cloud.clusters import AsyncCluster
from ionet.cloud.running import AsyncRun
from ionet.formats.inference import HOUR
from ionet.intelligence import leases
from ionet.intelligence.leased import Leased
from ionet.intelligence.models import Model
from ionet.intelligence.orders import Order
from ionet.intelligence.prices import Price
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.scaling import GIB, Policy
from ionet.store.manifest import Command, Manifest, RuntimeEnv

IMAGE: Final = f"sha256:{'12' * 32}"
SENT: Final = "34" * 32
ORDERED: Final = Manifest(
    Command(("true",)), runtime_env=RuntimeEnv(pip=("vllm==0.29.0",), working_dir=SENT), image=IMAGE
)


@dataclass(slots=True)
class Place:
    """A market in which alice's node runs a lease, and who verifies receipts.

    Attributes:
        market: it.
        job: the lease.
        shell: theirs.
        begin: of an answer, Unix seconds: while the lease runs.
    """

    market: Market
    job: Pubkey
    shell: Shell
    begin: int

    def told(self, **more: Any) -> tuple[str, str, Path]:
        """The command for an answer's receipt, which was signed with whatever it says."""
        leased = {"job": str(self.job), "manifest": MANIFEST.hex(), "image": "", "program": "", "pip": []}
        whole = {
            **receipt("answer", self.begin),
            "weights": "",
            "node": str(self.market.alice.node),
            "prompt": {"tokens": 1},
            "begin": self.begin,
            "ordered": {**leased, "source": ""},
            **more,
        }
        receipts = Receipts(self.shell.folder / f"{Keypair().pubkey()}.db", Keypair(), "https://ai.test")
        receipts.add(whole)
        receipts.seal(self.begin + HOUR)
        proof = receipts.proof("answer")
        receipts.close()
        assert proof is not None
        (file := self.shell.folder / "receipt.json").write_text(json.dumps(proof.told()))
        return ("intelligence", "verify", file)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    market = Market.new()
    job, begin = market.run(), market.world.now + 60
    with market.world.client.network.serve() as server:
        yield Place(market, job, Shell(server.url, tmp_path, {}, market.world.client), begin)


def test_a_lease_is_of_the_order_that_its_account_on_the_chain_holds(place: Place) -> None:
    done = place.shell.json(*place.told(), "--on-chain")
    assert done["checked"] == ["hour", "lease"]
    assert str(place.job) in place.shell.text(*place.told())


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ({"node": str(Keypair().pubkey())}, "of the node"),
        ({"begin": 0}, "not begun while"),
        ({"manifest": "00" * 32}, "of another manifest"),
        ({"ordered": None}, "of no leased node"),
        ({"ordered": {"job": "here"}}, "names no lease"),
    ],
)
def test_a_receipt_of_another_lease_than_the_chains_is_an_exit_with_one(
    place: Place, lie: dict[str, Any], why: str
) -> None:
    if "manifest" in lie:
        lie = {"ordered": {"job": str(place.job), **lie}}
    assert why in place.shell.fails(1, *place.told(**lie), "--on-chain")


def test_a_lease_that_the_chain_has_no_more_is_not_found(place: Place) -> None:
    order = {"job": str(Keypair().pubkey()), "manifest": MANIFEST.hex()}
    assert "the chain has no lease" in place.shell.fails(4, *place.told(ordered=order), "--on-chain")


def test_an_order_names_the_image_and_all_that_was_sent_as_the_manifest_does(place: Place) -> None:
    (file := place.shell.folder / "manifest.json").write_bytes(ORDERED.to_bytes())
    order = Order.of(place.job, ORDERED).told()
    assert order == {
        "job": str(place.job),
        "manifest": hashlib.sha256(file.read_bytes()).hexdigest(),
        "image": IMAGE,
        "program": SENT,
        "pip": ["vllm==0.29.0"],
        "source": "",
    }
    done = place.shell.json(*place.told(ordered=order), "--manifest", file)
    assert done["checked"] == ["hour", "manifest"]
    for name, lie in (("image", "sha256:00"), ("program", ""), ("pip", [])):
        wrong = place.told(ordered={**order, name: lie})
        assert f"for {name}, the manifest" in place.shell.fails(1, *wrong, "--manifest", file)
    file.write_bytes(ORDERED.to_bytes() + b" ")
    assert "not the one that was ordered" in place.shell.fails(
        1, *place.told(ordered=order), "--manifest", file
    )


def test_an_order_names_where_weights_come_from_that_are_not_sent(place: Place) -> None:
    big = Model("big", "chat", Price(1, 1), 4_096)
    policy = Policy(least=0, most=1, target=1, idle=60.0)
    leased = Leased("vllm", None, "meta-llama/Llama-3.3-70B", "", "5a1e", GIB, 1, policy)
    client = AsyncClient(AsyncLocalTransport(place.market.world.client.network))
    config = fleet_of(place.shell.folder)
    lessor = leases.Market(client, Keypair(), config, [(big, leased)], place.shell.folder, "ai-")
    cluster = AsyncCluster(AsyncRun(client, config.gateway, place.job, key=Keypair()), "ai-1")
    lease = lessor._lease(cluster, AsyncExitStack(), "node", frozenset(), 1, ORDERED)
    assert lease.ordered("big") == Order.of(place.job, ORDERED, "meta-llama/Llama-3.3-70B@5a1e")
