"""A site whose processes are some, to kill them or to set their clocks."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from solders.pubkey import Pubkey
from tests.network.mortal import (
    POLICY,
    Mortal,
    Point,
    live_as_gateway,
    live_as_orchestrator,
    live_as_worker,
)
from tests.network.test_service import ServiceSite
from tests.programs.market import Market

from ionet import SOL
from ionet.orchestrator import Result
from ionet.worker import Limits, NodeConfig, WorkerConfig


class DistantSeat:
    """An orchestrator in a process of its own, as far as sites use one."""

    def __init__(self, life: Mortal, orders: Connection) -> None:
        self.life, self._orders = life, orders
        self._result: Result | None = None

    async def reconcile(self) -> Any:
        """Has it make a pass, and waits until it has, or is gone."""
        await asyncio.sleep(0.1)
        with suppress(BrokenPipeError, ConnectionResetError, EOFError):  # it is gone
            self._orders.send(True)
            async with asyncio.timeout(120):
                while not self._orders.poll():
                    if self.life.gone():
                        break
                    await asyncio.sleep(0.005)
                else:
                    steps, self._result = self._orders.recv()
                    return SimpleNamespace(steps=steps)
        return SimpleNamespace(steps=False)

    def result(self, job: bytes) -> Result | None:
        """What it has last told of its job's result."""
        return self._result

    @property
    def journal(self) -> Any:
        return SimpleNamespace(entries=list)


class Town(ServiceSite):
    """A site of which a worker, or the gateway, is a process of its own."""

    MARKET = staticmethod(Market.new)

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.upload_seconds = POLICY.upload_seconds
        self._lives: list[Mortal] = []
        self._served: Mortal | None = None

    def _begin(self, live: Any, *given: Any) -> Mortal:
        life = Mortal(live, self.root / f"life-{len(self._lives)}", *given)
        self._lives.append(life)
        return life

    def begin_worker(self, point: Point | None = None, jumps: Sequence[int] = (0,)) -> Mortal:
        """Begins one.

        Args:
            point: where it dies; None: nowhere.
            jumps: of its machine's clock, see `wrong_clock`.
        """
        alice, state = self.market.alice, self.root / "worker"
        if not state.exists():
            state.mkdir()
            key = self.key_file(alice.device_key, "device")
            WorkerConfig(
                path=state / "config.toml",
                owner=alice.key,
                rpc=(self.server.url,),
                gateways=(self.gateway.http,),
                nodes=(NodeConfig(alice.name, 0, "RTX 4090", key),),
                limits=Limits(1, 4, 1),
            ).save()
        self._served = self._begin(live_as_worker, point, jumps, state, POLICY)
        return self._served

    async def begin_gateway(self, point: Point | None = None, jumps: Sequence[int] = (0,)) -> Mortal:
        """Begins one, and waits until it takes connections; see `begin_worker`."""
        state, store = self.root / "gateway", self.store.root
        given = (state, self.gateway.port, store, self.server.url)
        life = self._begin(live_as_gateway, point, jumps, *given)
        await self.told(life, 1)
        return life

    def begin_seat(self, job: Pubkey, point: Point | None = None) -> DistantSeat:
        """Begins an orchestrator in the first seat; see `begin_worker`.

        Args:
            job: whose result it tells.
            point: where it dies; None: nowhere.
        """
        key, gateways = self.market.attesters[0], [(one.url, one.http) for one in self.gateways]
        self.market.world.client.network.airdrop(key.pubkey(), SOL(1).base)
        ours, its = multiprocessing.Pipe()
        given = (its, bytes(key), bytes(job), gateways, self.root / "seat-0", self.server.url)
        life = self._begin(live_as_orchestrator, point, *given)
        its.close()
        return DistantSeat(life, ours)

    @staticmethod
    async def told(life: Mortal, number: int) -> None:
        """Waits until a process has told a number, or is gone."""
        async with asyncio.timeout(60):
            while not life.gone() and life.marked() < number:  # noqa: ASYNC110 (it is another process)
                await asyncio.sleep(0.02)

    async def noticed(self, gone: Callable[[], bool] = lambda: False) -> None:
        await super().noticed(gone)
        if self._served is not None:
            await self.told(self._served, self.now)

    def end(self) -> None:
        for life in self._lives:
            life.end()
