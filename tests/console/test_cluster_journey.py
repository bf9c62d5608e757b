"""Several nodes as one cluster, in Chromium: from the search to the refund, to the base unit."""

from __future__ import annotations

from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.console.test_clusters import fresh, three
from tests.console.test_journey import amount, running, visit, who
from tests.network.renting import Renting
from tests.programs.market import CLASS
from tests.programs.support import HOUR, MINUTE

from ionet.cloud.sessions import Login
from ionet.explorer._values import class_name

pytestmark = pytest.mark.slow


async def test_several_nodes_are_rented_as_one_with_nothing_but_a_browser(
    tools: None, renting: Renting
) -> None:
    market, seen = renting.site.market, dict[str, Any]()
    nodes = three(renting)
    before = market.purse(market.renter)

    async def jobs() -> list[Any]:
        return await renting.client.jobs.find_jobs(refund_to=market.renter.pubkey())

    def prove() -> None:
        fresh(renting)
        market.prove(nodes[2])

    async def ready() -> None:
        seen["cancelled"] = market.purse(market.renter)
        prove()

    async def start() -> None:
        for job in await jobs():
            market.start(job.address)
        prove()

    async def spend() -> None:
        market.world.advance(65 * MINUTE)

    async def decide() -> None:
        seen["jobs"] = await jobs()
        for job in seen["jobs"]:
            market.attest(job.address, 65 * MINUTE)
            market.send(market.jobs("complete", job.address))

    async with running(renting) as url:
        told = await visit(
            {
                "url": url,
                "nodes": [str(each.node) for each in nodes[:2]],
                "class_name": class_name(CLASS),
                "renter": who(market.renter),
            },
            {"ready": ready, "start": start, "spend": spend, "decide": decide},
            "clusters",
        )
    saw, booked = told["saw"], [each.account for each in seen["jobs"]]
    assert told["wrong"] == []
    # Three take two transactions: the cluster and two nodes, then the third.
    first, second = (each["does"] for each in saw["three"])
    assert sum(each.startswith("Books the node") for each in first) == 2
    assert any(f"Opens the cluster {saw['cancelled']} of 3 nodes" in each for each in first)
    assert [each.split()[0] for each in second] == ["Books", "Pays"]
    assert str(nodes[2].node) in " ".join([*first, *second])
    # Two by name, each at its price, for the key of this cluster alone.
    does = saw["booking"]["does"]
    assert {node.node for node in nodes[:2]} == {job.node for job in booked}
    for job in booked:
        (line,) = (each for each in does if f"Books the node {job.node} for 2 h" in each)
        assert str(job.renter) in line
        assert job.renter != market.renter.pubkey() == job.refund_to
        assert [each.seconds for each in job.segments[: job.segment_count]] == [2 * HOUR, HOUR]
    assert [each.startswith("Books the job") for each in saw["extending"]["does"][:2]] == [True, True]
    deposit = sum(job.price + job.fee for job in booked)
    due = sum(job.segments[0].price * 65 // 120 for job in booked)
    refund = sum(job.price for job in booked) - due
    assert saw["meter"] == {"paid": amount(deposit - refund), "refund": amount(refund)}
    assert f"{amount(refund)} come back" in saw["stopping"]["said"][0]
    assert [each.split()[0] for each in saw["stopping"]["does"]] == ["Ends", "Ends", "Pays"]
    assert saw["refund"] == amount(refund)
    assert market.purse(market.renter) == seen["cancelled"] - deposit + refund
    # Of what was cancelled before its start next to nothing is kept.
    assert 0 <= before - seen["cancelled"] < deposit // 100
    # The access is that of this cluster, and can spend nothing.
    login = Login.from_text(saw["access"]["text"], "the page")
    assert (saw["access"]["name"], saw["kept"]) == ("digits.session", False)
    assert login.key.pubkey() == Pubkey.from_string(str(booked[0].renter))
    assert any("digits" in row and "ended" in row for row in saw["list"])
