"""A card as one of the ways to pay, in Chromium, where the job really runs: from its price to the refund."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.console import cards
from tests.console.cards import PAGES, PATIENCE, SHARED, Shop, shop_for
from tests.console.test_journey import running, visit, who
from tests.console.test_renting import PROGRAM
from tests.network.renting import Renting, at_work
from tests.network.site import free_port

pytestmark = pytest.mark.slow
renting = cards.renting


async def until(shop: Shop, holds: Any) -> None:
    """Waits, while what is looked at every half minute is looked at now."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():
            shop.clock.skipped += 31
            await asyncio.sleep(0.2)


async def test_whoever_pays_by_card_sees_each_cent_before_and_after(tools: None, renting: Renting) -> None:
    port = free_port()
    origin, market = f"http://127.0.0.1:{port}", renting.site.market
    async with at_work(renting.site), shop_for(renting, origin=origin) as shop:
        jobs: list[Any] = []

        async def card() -> dict[str, str]:
            shop.give_card(1)

            async def booked() -> bool:
                jobs[:] = await renting.client.jobs.find_jobs(refund_to=shop.wallet.pubkey())
                return bool(jobs)

            await until(shop, booked)
            return {"back": shop.stripe.sessions["cs_test_1"]["success_url"]}

        async def settle() -> None:
            async def ended() -> bool:
                return market.world.client.account(jobs[0].address) is None or bool(
                    market.job(jobs[0].address).reason
                )

            # Only then may time pass.
            await until(shop, ended)
            await renting.until_closed(jobs[0].address)

            async def refunded() -> bool:
                return shop.stripe.taken("pi_1") < 451

            await until(shop, refunded)

        cards = {"payments": shop.url, "payments_key": SHARED}
        async with running(renting, origin=origin, port=port, **cards) as url:
            told = await visit(
                {
                    "url": url,
                    "node": str(market.alice.node),
                    "renter": who(market.renter),
                    "program": PROGRAM.decode(),
                    "go": str(renting.folder / "go"),
                    "pages": PAGES,
                },
                {"card": card, "settle": settle},
                "card",
            )
        taken = shop.stripe.taken("pi_1")
    saw = told["saw"]
    assert told["wrong"] == []
    # Two hours at 2.00, 0.25 % and 2 % of it, the operator's 2.9 % of 4.09 and 30 cents.
    for amount in ("4.00 USD", "0.01 USD", "0.08 USD", "0.42 USD", "4.51 USD", "4.09 USD"):
        assert amount in saw["price"], amount
    assert saw["left"] == f"{PAGES}/pay/cs_test_1"
    assert saw["charged"] == "4.51 USD"
    assert saw["payment"] == shop.stripe.sessions["cs_test_1"]["success_url"].removeprefix(origin)
    # An hour is paid in any case, and the fees of all: 2.00 of 4.09 come back.
    assert (saw["refunded"], taken) == ("2.00 USD", 451 - 200)
    assert [" ".join(row.split("\t")[1:]) for row in saw["receipt"]] == [
        "your card held for you 4.51 USD",
        "held for you the job's escrow 4.09 USD",
        "held for you the fee for the card 0.42 USD",
        "the job's escrow held for you 2.00 USD",
        "held for you your card 2.00 USD",
    ]
