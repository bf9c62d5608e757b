"""A console that takes cards: beside it a payments host, and a stand-in for Stripe, on the same market."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair
from tests.console.conftest import ORIGIN, Caller, Served, served
from tests.console.test_renting import planned
from tests.network.renting import Renting, opened
from tests.network.site import NetworkSite
from tests.payments.stand_in import KEY, SECRET, StandIn, serving
from tests.programs.market import prepared
from tests.programs.people import People

from ionet import SOL, USDC, Client
from ionet.payments.amounts import CENT
from ionet.payments.client import PaymentsClient
from ionet.payments.config import PaymentsConfig
from ionet.payments.desk import Terms
from ionet.payments.limits import Limits
from ionet.payments.service import Payments
from ionet.payments.watching import Float
from ionet.token.currency import USDC_FEED

SHARED = b"s" * 40
PAGES = "https://checkout.stripe.com"
#: Seconds for anything to happen, on a busy machine.
PATIENCE = 90


class Market(NetworkSite):
    """A market whose dollars are known by the name of their feed, as on a cluster."""

    MARKET = staticmethod(lambda: prepared(People()))


@pytest.fixture
async def renting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Renting]:
    """A renter on such a market."""
    monkeypatch.setattr("tests.programs.market.USDC_FEED", USDC_FEED)
    async with opened(tmp_path, Market) as renting:
        renting.ready()
        yield renting


class Loses(httpx.AsyncHTTPTransport):
    """A network on which the payments host gets a request, and its answer is lost."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await (await super().handle_async_request(request)).aread()
        raise httpx.ReadError("lost")


class Busy(httpx.AsyncHTTPTransport):
    """A payments host that is just at a payment when it is told to end it, the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.told = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/end"):
            self.told += 1
            if self.told == 1:
                return httpx.Response(409, json={"error": {"code": "busy", "message": "try again"}})
        return await super().handle_async_request(request)


@dataclass(slots=True)
class Clock:
    """Unix seconds, some of which can be left out."""

    skipped: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.skipped


@dataclass(slots=True)
class Shop:
    """A market, a payments host and a stand-in; consoles are opened on them."""

    renting: Renting
    stripe: StandIn
    clock: Clock
    wallet: Keypair
    url: str

    @property
    def pages(self) -> int:
        """How many payments have begun."""
        return len(self.stripe.sessions)

    @asynccontextmanager
    async def console(self, **more: Any) -> AsyncIterator[Served]:
        usual = {"payments": self.url, "payments_key": SHARED}
        async with served(self.renting, self.clock, **usual | more) as console:
            yield console

    def over(self, console: Served, network: httpx.AsyncBaseTransport | None = None) -> None:
        """From now on that console asks the payments host over another network; None: the machine's."""
        assert console.parts.cards is not None
        console.parts.cards._host = PaymentsClient(self.url, SHARED, self.clock, network)

    def money(self) -> int:
        """Base units of USDC in the host's wallet."""
        market = self.renting.site.market
        return market.world.client.tokens(self.wallet.pubkey(), market.usdc)

    def give_card(self, number: int) -> str:
        """Somebody pays at a page; returns its charge."""
        return str(self.stripe.authorise(f"cs_test_{number}")["id"])

    async def priced(self, caller: Caller, console: Served, **more: Any) -> Any:
        """A plan, and what it costs by card."""
        plan = await planned(caller, console, **more)
        price = await caller.post("/cards/prices", {"plan": plan["plan"]})
        return {**price, "plan": plan["plan"]}

    async def until(self, caller: Caller, payment: str, holds: Callable[[Any], bool]) -> Any:
        """Waits until a payment is as wished; what is looked at every half minute is looked at now.

        No more than half an hour is left out, so that nothing ends on a slow machine alone.
        """
        until = self.clock.skipped + 1_800
        async with asyncio.timeout(PATIENCE):
            while not holds(it := await caller.get(f"/cards/payments/{payment}")):
                self.clock.skipped = min(self.clock.skipped + 31, until)
                await asyncio.sleep(0.2)
        return it


@asynccontextmanager
async def shop_for(
    renting: Renting, limits: Limits | None = None, origin: str = ORIGIN
) -> AsyncIterator[Shop]:
    """A payments host on a market, for a console with this origin."""
    clock, wallet, world = Clock(), Keypair(), renting.site.market.world
    world.client.airdrop(wallet.pubkey(), SOL(10))
    world.give_usdc(wallet.pubkey(), USDC(1_000))
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    with serving(StandIn(now=lambda: int(clock()), pages=PAGES)) as stripe:
        folder = renting.folder / "payments"
        folder.mkdir()
        bounds = limits or Limits(payment=5_000, card=10_000, customer=10_000, day=20_000)
        config = PaymentsConfig(
            state=folder,
            host="127.0.0.1",
            port=0,
            metrics=("127.0.0.1", 0),
            books=str(folder / "books.db"),
            wallet=folder / "wallet.json",
            live=False,
            stripe_url=stripe.url,
            terms=Terms(bounds, fee_bps=290, fee_fixed=30, origin=origin, publishable="pk_test_x"),
            float=Float(most=5_000 * 100 * CENT, least=0, least_lamports=0),
            notify=None,
            stripe_key=KEY,
            hook_secret=SECRET,
            console_key=SHARED,
        )
        network = world.client.network
        host = Payments(config, lambda: Client.local(network=network, signer=wallet), lambda: int(clock()))
        running = asyncio.create_task(host.run(stop, ready.set_result))
        try:
            yield Shop(renting, stripe, clock, wallet, await ready)
        finally:
            stop.set()
            await running
