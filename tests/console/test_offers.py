"""Which nodes a search finds: each wish at its limit, and just beyond it."""

from __future__ import annotations

import time

import pytest
from solders.pubkey import Pubkey
from tests.console.conftest import Served
from tests.programs.market import CLASS, IO_MINT

from ionet import ix
from ionet.jobs.receipt import Leases


@pytest.mark.parametrize(
    ("wish", "fits", "beyond"),
    [
        ("class_id", CLASS, CLASS + 1),
        ("min_memory_gib", 80, 81),
        ("min_link_mbps", 1_000, 1_001),
        ("min_units", 1, 2),
        ("region", 276, 250),
        ("max_rate", "2", "1.999999"),
        ("seconds", 24 * 3_600, 24 * 3_600 + 1),
        ("currency", str(IO_MINT), None),
    ],
)
async def test_a_node_is_found_by_what_it_has_and_not_by_more(
    console: Served, wish: str, fits: object, beyond: object
) -> None:
    node = str(console.renting.site.market.alice.node)
    async with console.caller(console.renting.key) as caller:
        found = await caller.get("/offers", **{wish: fits})
        assert [offer["node"] for offer in found["offers"]] == [node]
        if beyond is not None:
            assert (await caller.get("/offers", **{wish: beyond}))["offers"] == []


async def test_a_node_is_found_only_by_those_who_pay_in_what_it_takes(console: Served) -> None:
    market = console.renting.site.market
    args = market.offer_args(currencies=(IO_MINT, *[Pubkey.default()] * 3))
    async with console.caller(console.renting.key) as caller:
        mints = {currency.mint for currency in market.world.client.jobs.currencies()}
        (dollars,) = mints - {IO_MINT}
        asked = {"currency": str(dollars)}
        (offer,) = (await caller.get("/offers", **asked))["offers"]
        assert offer["node"] == str(market.alice.node)
        market.send(ix.jobs.set_offer(owner=market.alice.key, node=market.alice.node, args=args))
        console.parts.shelf._read = float("-inf")
        assert (await caller.get("/offers", **asked))["offers"] == []
        (offer,) = (await caller.get("/offers", currency=str(IO_MINT)))["offers"]
        assert offer["currencies"] == ["IO"]


async def test_a_node_that_is_booked_is_found_only_by_who_asks_for_those_as_well(console: Served) -> None:
    market = console.renting.site.market
    market.send(market.booking())
    async with console.caller(console.renting.key) as caller:
        assert (await caller.get("/offers"))["offers"] == []
        (offer,) = (await caller.get("/offers", booked=True))["offers"]
    assert offer["node"] == str(market.alice.node)
    assert offer["booked_until"] > market.world.now


async def test_a_node_is_as_reliable_as_its_leases_ended(console: Served) -> None:
    node = console.renting.site.market.alice.node
    async with console.caller(console.renting.key) as caller:
        # Of a node without leases nobody knows it.
        assert len((await caller.get("/offers"))["offers"]) == 1
        assert (await caller.get("/offers", min_reliability=1))["offers"] == []
        console.parts.shelf._leases[node] = (time.monotonic(), Leases(done=9, broken=1))
        (offer,) = (await caller.get("/offers", min_reliability=90))["offers"]
        assert (offer["done"], offer["broken"]) == (9, 1)
        assert (await caller.get("/offers", min_reliability=91))["offers"] == []
