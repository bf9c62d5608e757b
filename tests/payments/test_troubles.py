"""What an operator has to put right while the service runs: a full disk, a key that Stripe does not take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from tests.payments.stand_in import KEY, SECRET, StandIn, serving
from tests.payments.world import HOUR, MANIFEST, Market

from ionet import Client
from ionet.payments import service
from ionet.payments.amounts import CENT
from ionet.payments.config import PaymentsConfig
from ionet.payments.desk import Terms
from ionet.payments.limits import Limits
from ionet.payments.service import Payments
from ionet.payments.tokens import Customer, mint
from ionet.payments.watching import Float

SHARED = b"c" * 40
#: Seconds for anything to happen, on a busy machine.
PATIENCE = 90


@dataclass
class Host:
    """A payments host in this process, at work.

    Attributes:
        service: it.
        http: to it.
    """

    market: Market
    stripe: StandIn
    service: Payments
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        customer = Customer("carol", str(self.market.renter.pubkey()))
        headers = {"authorization": f"Bearer {mint(SHARED, customer, self.market.now)}"}
        return await self.http.request(method, path, json=body, headers=headers)

    async def message(self) -> httpx.Response:
        """The latest of Stripe's."""
        body, signature = self.stripe.signed(self.stripe.messages[-1], at=int(time.time()))
        headers = {"stripe-signature": signature}
        return await self.http.post("/v1/stripe/messages", content=body, headers=headers)

    async def alarms(self) -> list[str]:
        return list((await self.http.get("/health")).json()["alarms"])

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await holds():  # noqa: ASYNC110 (of the service)
                await asyncio.sleep(0.05)


@asynccontextmanager
async def hosted(folder: Path, key: str = KEY) -> AsyncIterator[Host]:
    """A payments host on a market of its own."""
    market = Market.make(1, now=int(time.time()))
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    with serving(StandIn(now=lambda: market.now)) as stripe:
        limits = Limits(payment=10_000, card=10_000, customer=20_000, day=50_000)
        terms = Terms(
            limits, fee_bps=0, fee_fixed=0, origin="https://console.example", publishable="pk_test_x"
        )
        config = PaymentsConfig(
            state=folder,
            host="127.0.0.1",
            port=0,
            metrics=("127.0.0.1", 0),
            books=str(folder / "books.db"),
            wallet=folder / "wallet.json",
            live=False,
            stripe_url=stripe.url,
            terms=terms,
            float=Float(most=2_000 * 100 * CENT, least=0, least_lamports=0),
            notify=None,
            stripe_key=key,
            hook_secret=SECRET,
            console_key=SHARED,
        )
        network, wallet = market.deployer.network, market.wallet
        service = Payments(config, lambda: Client.local(network=network, signer=wallet), lambda: market.now)
        running = asyncio.create_task(service.run(stop, ready.set_result))
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        try:
            async with httpx.AsyncClient(base_url=await ready, timeout=PATIENCE) as http:
                yield Host(market, stripe, service, http)
        finally:
            stop.set()
            await running


@contextmanager
def full_disk(host: Host) -> Iterator[None]:
    """What is there can be read."""
    full = True

    @sa.event.listens_for(host.service._books._engine, "checkout")
    def writes(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA query_only = {full}")

    yield
    full = False


async def test_a_service_that_can_write_nothing_down_says_so_and_goes_on_where_it_was(tmp_path: Path) -> None:
    async with hosted(tmp_path) as host:
        asked = {"node": str(host.market.nodes[0]), "seconds": HOUR}
        quote = (await host.ask("POST", "/v1/quotes", asked)).json()
        taken = {"quote": quote["id"], "manifest": MANIFEST.hex(), "way": "intent"}
        payment = (await host.ask("POST", "/v1/payments", taken)).json()
        before = host.market.purse
        with full_disk(host):
            host.stripe.authorise("pi_1")
            for answer in (await host.ask("POST", "/v1/quotes", asked), await host.message()):
                assert answer.status_code == 503
                assert "books_down" in answer.text
            host.market.advance(60)
            await host.until(lambda: has(host, "books-down"))
            seen = (await host.ask("GET", f"/v1/payments/{payment['id']}")).json()
            assert (seen["state"], host.market.purse) == ("awaiting", before)
        assert (await host.message()).json() == {"message": "taken"}

        async def running() -> bool:
            seen = await host.ask("GET", f"/v1/payments/{payment['id']}")
            host.market.advance(1)
            return bool(seen.json()["state"] == "running")

        await host.until(running)
        assert await host.alarms() == []
        (job,) = host.market.deployer.jobs.find_jobs(renter=host.market.renter.pubkey())
        assert before - host.market.purse == job.account.price + job.account.fee
        assert host.stripe.taken("pi_1") == 256


async def test_that_nothing_can_be_written_down_is_an_alarm_also_where_no_payment_is_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_WALLET", 0)
    monkeypatch.setattr(service, "_BOOKS", 0.05)
    async with hosted(tmp_path) as host:
        with full_disk(host):
            await host.until(lambda: has(host, "books-down"))

        async def over() -> bool:
            return await host.alarms() == []

        await host.until(over)


async def test_a_key_that_stripe_does_not_take_is_an_alarm(tmp_path: Path) -> None:
    async with hosted(tmp_path, key="sk_test_rolled") as host:
        await host.until(lambda: has(host, "stripe-key"))


async def test_a_key_that_may_not_do_what_a_payment_needs_is_an_alarm_until_it_may(tmp_path: Path) -> None:
    async with hosted(tmp_path) as host:
        host.service._cashier.forbidden["pay_1"] = (
            "Stripe does not take the key in stripe_key: PermissionError"
        )
        host.service._wake.set()
        await host.until(lambda: has(host, "stripe-key"))
        host.service._cashier.forbidden.clear()
        host.service._wake.set()

        async def over() -> bool:
            return await host.alarms() == []

        await host.until(over)


async def has(host: Host, kind: str) -> bool:
    return kind in await host.alarms()
