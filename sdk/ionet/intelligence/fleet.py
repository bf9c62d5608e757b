"""Engines on leased nodes: as many as are needed, started, warmed, replaced and ended by themselves.

One look after the other: what there should be is compared with what there is, and the difference is begun.
So it does not matter when this process dies, or what was under way: the next look sees what there is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.errors import Refused
from ionet.intelligence.fields import parse
from ionet.intelligence.lessor import Address, Lease, Lessor
from ionet.intelligence.models import Model, Models
from ionet.intelligence.processes import until_ready
from ionet.intelligence.queue import Turns
from ionet.intelligence.replicas import Replica, Replicas
from ionet.intelligence.requests import chat
from ionet.intelligence.scaling import Demand, Policy, Space, left, placed, together

_log = logging.getLogger(__name__)
#: Seconds from one look to the next, and from one look at an engine to the next.
_LOOK: Final = 1.0
_CHECK: Final = 5.0
#: Looks in a row without an answer after which an engine is taken for dead.
_MISSES: Final = 3
#: Seconds for an engine to load its model, and for answers at work to end before it goes all the same.
_LOADS: Final = 1_800.0
_DRAINS: Final = 600.0
#: Seconds until it is tried again where no node could be leased: at first, and at most.
_PAUSES: Final = (5.0, 300.0)


@dataclass(slots=True)
class Elastic:
    """A model whose engines come and go.

    Attributes:
        model: it.
        policy: how many there are.
        replicas: those that answer.
        turns: at them.
        counts: whether they are llama.cpp's.
    """

    model: Model
    policy: Policy
    replicas: Replicas
    turns: Turns
    counts: bool = True


@dataclass(slots=True)
class _Engine:
    """An engine of a model on a node."""

    model: str
    home: _Home
    replica: Replica | None = None
    misses: int = 0
    leaving: bool = False
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class _Home:
    """A node that is leased, or about to be."""

    models: list[str]
    lease: Lease | None = None
    engines: list[_Engine] = field(default_factory=list)
    leasing: asyncio.Task[None] | None = None
    ends: bool = False
    evicted: bool = False
    over: bool = False


class Fleet:
    """Keeps engines.

    Args:
        models: whose.
        lessor: leases nodes.
        memory: bytes of a node.
        budget: millionths of a dollar an hour for all nodes; None: no limit.
        clock: seconds that only grow.
        look: seconds from one look to the next.
    """

    def __init__(
        self,
        models: Sequence[Elastic],
        lessor: Lessor,
        memory: int,
        budget: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        look: float = _LOOK,
    ) -> None:
        self._models = {each.model.id: each for each in models}
        self._lessor, self._memory, self._budget, self._clock = lessor, memory, budget, clock
        self._every = look
        self._demands = {each.model.id: Demand(each.policy) for each in models}
        self._homes: list[_Home] = []
        self._leasing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._pause, self._until, self._checked = _PAUSES[0], 0.0, 0.0
        #: Why there are fewer engines than there should be; empty: there are not.
        self.fault = ""
        for each in models:
            each.turns.resize(0)

    @property
    def sizes(self) -> Mapping[str, Mapping[str, int]]:
        """Of each model, how many engines are `ready`, and how many are `coming`."""
        sizes = {model: {"ready": 0, "coming": 0} for model in self._models}
        for engine in self._engines():
            sizes[engine.model]["coming" if engine.replica is None else "ready"] += 1
        return sizes

    def _engines(self) -> list[_Engine]:
        return [engine for home in self._homes for engine in home.engines]

    async def run(self) -> None:
        """Keeps them until it is cancelled; then all leases end."""
        try:
            await self._adopt()
            while True:
                try:
                    await self.look()
                except Exception:  # whatever it is, the next look may go well
                    _log.exception("a look at the engines failed")
                await asyncio.sleep(self._every)
        finally:
            await self._close()

    async def _close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        ending = [home.lease.end() for home in self._homes if home.lease is not None]
        for bad in await asyncio.gather(*ending, return_exceptions=True):
            if isinstance(bad, BaseException):
                _log.error("a lease could not be ended, and goes on to its end: %s", bad)

    async def _adopt(self) -> None:
        """Takes over what an earlier process has leased: nothing is paid for twice."""
        for lease, running in await self._lessor.left():
            home = _Home(sorted(lease.holds), lease)
            self._homes.append(home)
            for model, address in running:
                if model in self._models:
                    engine = _Engine(model, home)
                    home.engines.append(engine)
                    engine.task = self._spawn(self._warm(engine, address))

    def _spawn(self, work: object) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def look(self) -> None:
        """Compares what there should be with what there is, and begins what is to be done."""
        now = self._clock()
        if now - self._checked >= _CHECK:
            self._checked = now
            await self._check()
        for name, elastic in self._models.items():
            requests = elastic.turns.waiting + elastic.turns.taken
            wanted = self._demands[name].wanted(requests, now)
            there = [engine for engine in self._engines() if engine.model == name and not engine.leaving]
            mine = [engine for engine in there if not engine.home.ends]
            for _ in range(wanted - len(mine)):
                if now >= self._until:
                    self._begin(name)
            for engine in self._least_busy(mine)[: max(0, len(mine) - wanted)]:
                self._leave(engine)
            if sum(engine.replica is not None for engine in mine) >= wanted:
                for engine in there:
                    if engine.home.ends:
                        self._leave(engine)
        for home in list(self._homes):
            if home.lease is not None and not home.engines and not home.over:
                self._forget(home)

    def _least_busy(self, engines: Sequence[_Engine]) -> list[_Engine]:
        """Those that are still coming stay: what is paid for is used first."""
        there = [engine for engine in engines if engine.replica is not None]
        return sorted(there, key=lambda engine: 0 if engine.replica is None else engine.replica.at_work)

    def _resize(self, model: str) -> None:
        elastic = self._models[model]
        elastic.turns.resize(len(elastic.replicas.there) * elastic.model.slots)

    # -- more

    def _begin(self, model: str) -> None:
        memory = {name: elastic.model.memory for name, elastic in self._models.items()}
        spaces = {
            str(number): Space(
                str(number),
                self._memory if home.lease is None else home.lease.memory,
                frozenset(home.models if home.lease is None else home.lease.holds),
                frozenset(engine.model for engine in home.engines),
            )
            for number, home in enumerate(self._homes)
            if not home.over and not home.ends and not self._bars(model, home)
        }
        place = placed(model, memory, spaces.values())
        if place is None:
            home = _Home(together(model, memory, self._memory))
            home.leasing = self._spawn(self._lease(home))
            self._homes.append(home)
        else:
            home = self._homes[int(place)]
        engine = _Engine(model, home)
        home.engines.append(engine)
        engine.task = self._spawn(self._start(engine))

    async def _lease(self, home: _Home) -> None:
        try:
            # Within a budget one after the other: each is to know what those before it cost.
            async with contextlib.nullcontext() if self._budget is None else self._leasing:
                # What is given back makes room for what takes its place, or nothing could.
                stay = [other for other in self._homes if not (other.evicted or other.over)]
                rates = [other.lease.rate for other in stay if other.lease is not None]
                barred = {node for model in home.models for node in self._models[model].replicas.barred}
                home.lease = await self._lessor.lease(home.models, left(self._budget, rates), barred)
        except Exception as bad:  # whatever it is, it is tried again later
            why = f"no node could be leased for {home.models[0]}: {bad}"
            _log.warning("%s", why)
            self._failed(why)
            home.over = True
            home.engines.clear()
            self._homes.remove(home)
            return
        self._pause, self.fault = _PAUSES[0], ""

    def _failed(self, why: str) -> None:
        self.fault = why
        self._until, self._pause = self._clock() + self._pause, min(2 * self._pause, _PAUSES[1])

    async def _start(self, engine: _Engine) -> None:
        home = engine.home
        if home.leasing is not None:
            await asyncio.gather(home.leasing, return_exceptions=True)
        if home.lease is None or engine not in home.engines:
            return
        try:
            address = await home.lease.serve(engine.model)
        except Exception as bad:  # whatever it is, another node may do
            self._lost(home, f"{engine.model} does not start on {home.lease.node}: {bad}")
            return
        await self._warm(engine, address)

    async def _warm(self, engine: _Engine, address: Address) -> None:
        """Lets requests to an engine once it has written its first token."""
        home, elastic = engine.home, self._models[engine.model]
        assert home.lease is not None
        slots = elastic.model.slots if elastic.counts else 1
        client = HttpEngine(
            address.url, engine.model, socket=address.socket, counts=elastic.counts, slots=slots
        )
        try:
            async with asyncio.timeout(_LOADS):
                if not await until_ready(client, _LOADS):
                    raise TimeoutError
                await first_token(client, elastic.model)
        except (Refused, TimeoutError) as bad:
            await client.close()
            self._lost(
                home, f"{engine.model} does not answer on {home.lease.node}: {str(bad) or 'it is silent'}"
            )
            return
        except BaseException:
            await client.close()
            raise
        engine.replica = Replica(home.lease.node, client, home.lease.ordered(engine.model))
        elastic.replicas.add(engine.replica)
        self._resize(engine.model)
        _log.info("%s answers on %s", engine.model, home.lease.node)

    # -- fewer

    def _leave(self, engine: _Engine) -> None:
        engine.leaving = True
        self._spawn(self._drain(engine))

    async def _drain(self, engine: _Engine) -> None:
        """Ends an engine once its requests are answered."""
        home = engine.home
        await self._let_go(engine, _DRAINS)
        if engine not in home.engines or home.lease is None:
            return
        try:
            if len(home.engines) > 1:  # else the whole lease ends
                await home.lease.withdraw(engine.model)
        except Exception as bad:  # it takes memory that was counted on
            self._lost(home, f"{engine.model} does not end on {home.lease.node}: {bad}")
        else:
            home.engines.remove(engine)

    async def _let_go(self, engine: _Engine, seconds: float) -> None:
        if engine.replica is None:
            return
        engine.replica.drained = True
        self._resize(engine.model)
        await self._models[engine.model].replicas.let_go(engine.replica, seconds)

    def _lost(self, home: _Home, why: str, *, pause: bool = True) -> None:
        """Gives a node up with all that runs on it; the next look begins others."""
        if home.over:
            return
        _log.warning("%s", why)
        if pause:
            self._failed(why)
        for engine in home.engines:
            if engine.task is not None and engine.task is not asyncio.current_task():
                engine.task.cancel()
            # Requests that it has not begun to answer go to others.
            self._spawn(self._let_go(engine, 0.0))
        home.engines.clear()
        self._forget(home)

    def _forget(self, home: _Home) -> None:
        home.over = True
        self._spawn(self._end(home))

    async def _end(self, home: _Home) -> None:
        assert home.lease is not None
        try:
            await home.lease.end()
        except Exception as bad:  # its time ends by itself
            _log.error("the lease of %s could not be ended, and goes on to its end: %s", home.lease.node, bad)
        self._homes.remove(home)

    # -- others in their place

    async def _check(self) -> None:
        there = [home for home in self._homes if home.lease is not None and not home.over]
        await asyncio.gather(*(self._check_home(home) for home in there))

    def _bars(self, model: str, home: _Home) -> bool:
        return home.lease is not None and home.lease.node in self._models[model].replicas.barred

    async def _check_home(self, home: _Home) -> None:
        assert home.lease is not None
        if self._evicted(home):
            return
        standing = await home.lease.keep()
        if standing == "gone":
            self._lost(home, f"the lease of {home.lease.node} has ended", pause=False)
            return
        home.ends = standing == "ends"
        for engine in home.engines:
            if engine.replica is not None:
                engine.misses = 0 if await engine.replica.engine.ready() else engine.misses + 1
        if any(engine.misses >= _MISSES for engine in home.engines):
            self._lost(home, f"an engine on {home.lease.node} does not answer any more", pause=False)

    def _evicted(self, home: _Home) -> bool:
        """Ends engines that get no more requests; whether all of a node's do: it is paid for nothing."""
        barred = [engine for engine in home.engines if self._bars(engine.model, home)]
        for engine in barred:
            if engine.replica is None and engine.task is not None:
                engine.task.cancel()
            if not engine.leaving:
                self._leave(engine)
        home.evicted = home.evicted or (bool(barred) and len(barred) == len(home.engines))
        home.ends = home.ends or home.evicted
        return home.evicted


async def first_token(engine: HttpEngine, model: Model) -> None:
    """Has an engine write a token, or count a text.

    Raises:
        Refused: it does not.
    """
    if model.kind == "embedding":
        await engine.embed(["warm"])
        return
    body = b'{"model": "%s", "messages": [{"role": "user", "content": "hi"}]}' % model.id.encode()
    async for piece in engine.stream(chat(parse(body), Models([model])), 1):
        if piece.get("choices"):
            return
    raise Refused(503, "it ends without an answer")
