"""A renter on a real gateway, with a machine and a seat elsewhere that go on by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.network.site import NetworkSite
from tests.programs.market import CLASS, IO_MINT
from tests.programs.support import HOUR

from ionet import SOL, AsyncClient
from ionet.cloud import AsyncLaunch, AsyncRun, Verdict, Wish, package

TRAIN = """
import json, os, pathlib, sys, time
print("begins with", *sys.argv[1:], os.environ.get("GREETING", ""))
waits_for = os.environ.get("WAITS_FOR")
while waits_for and not os.path.exists(waits_for):
    time.sleep(0.05)
out = pathlib.Path(os.environ["IONET_OUTPUT"])
(out / "model").mkdir()
(out / "model" / "weights.bin").write_bytes(bytes(range(256)) * 100)
(out / "metrics.json").write_text(json.dumps({"accuracy": "0.97"}))
print("ends")
"""
FAILS = """
import sys
print("about to fail")
def inner():
    raise ValueError("the data is wrong")
try:
    inner()
except ValueError:
    import traceback
    traceback.print_exc()
    sys.exit(3)
"""


@dataclass
class Renting:
    """A renter of a market whose machine and seat are switched on, and whose time passes on demand."""

    site: NetworkSite
    folder: Path
    client: AsyncClient
    log: bytearray = field(default_factory=bytearray)
    told: list[str] = field(default_factory=list)

    @property
    def key(self) -> Keypair:
        return self.site.market.renter

    @property
    def gateway(self) -> str:
        return self.site.gateway.http

    def script(self, text: str = TRAIN, name: str = "train.py") -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def launching(
        self,
        path: Path,
        *arguments: str,
        client: AsyncClient | None = None,
        gpus: int | None = 0,
        **more: Any,
    ) -> AsyncLaunch:
        wishes = {"seconds": 2 * HOUR, "class_id": CLASS} | {
            name: more.pop(name) for name in list(more) if name in Wish.__slots__
        }
        return AsyncLaunch(
            client or self.client,
            self.gateway,
            package(path, arguments),
            Wish(**wishes),
            key=self.key,
            gpus=gpus,
            **more,
        )

    async def book(self, path: Path, *arguments: str, **more: Any) -> AsyncRun:
        self.ready()
        async with self.launching(path, *arguments, **more) as launching:
            offered = await launching.offer()
            await launching.check_funds(offered)
            await launching.upload(offered)
            run = await launching.book(offered, patience=2.0)
            await launching.deliver()
            return run

    def ready(self) -> None:
        """The node has just passed its proof, and prices are fresh."""
        for mint in (IO_MINT, self.site.market.usdc):
            self.site.market.set_price(mint)
        self.site.market.prove()

    def attach(self, job: Pubkey, key: Keypair | None = None) -> AsyncRun:
        return AsyncRun(self.client, self.gateway, job, key=key)

    async def follow(self, run: AsyncRun) -> Verdict:
        return await run.follow(self.log.extend, self.told.append)

    async def until_logged(self, text: bytes) -> None:
        async with asyncio.timeout(60):
            while text not in self.log:  # noqa: ASYNC110 (the log is no event)
                await asyncio.sleep(0.05)

    async def spend(self, seconds: int) -> None:
        """Lets time pass while machine and seat are at work."""
        for _ in range(seconds // 300):
            self.site.market.world.advance(300)
            self.ready()
            await asyncio.sleep(0.3)

    async def until_closed(self, job: Pubkey) -> None:
        """Lets the days pass after which a job that has ended is closed."""
        async with asyncio.timeout(30):
            while self.site.market.world.client.account(job) is not None:
                self.site.market.world.advance(4 * HOUR)
                self.ready()
                await asyncio.sleep(0.3)

    async def until_closed_by_itself(self, job: str) -> None:
        """Waits until the seat has paid everyone; somebody else lets time pass."""
        async with asyncio.timeout(30):
            while self.site.market.world.client.account(Pubkey.from_string(job)) is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.1)


@asynccontextmanager
async def at_work(site: NetworkSite) -> AsyncIterator[None]:
    """A machine and a seat that go on by themselves."""
    stop = asyncio.Event()
    async with site.machine(site.market.alice), site.seat() as seat:
        seat._policy = replace(seat._policy, interval=0.1)
        task = asyncio.create_task(seat.run(stop))
        try:
            yield
        finally:
            stop.set()
            await task


@asynccontextmanager
async def opened(tmp_path: Path, make: Callable[[Path], NetworkSite] = NetworkSite) -> AsyncIterator[Renting]:
    """A renter, and a gateway; `at_work` switches the others on."""
    site = make(tmp_path / "site")
    await site.gateway.start()
    folder = tmp_path / "renter"
    folder.mkdir()
    client = AsyncClient.local(
        network=site.market.world.client.network, signer=site.market.renter, funds=SOL(1)
    )
    yield Renting(site, folder, client)
    await site.gateway.stop()
