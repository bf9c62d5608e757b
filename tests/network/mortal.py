"""A worker, a gateway and an orchestrator in processes, which SIGKILL ends at one of their effects.

Workers and gateways are the services as they are; an orchestrator is what its service runs, and makes a pass
when it is told to. What is wrapped are the functions by which they do something to others, or to what they
keep. A server that has everything imported forks them, for a beginning would take a second of a processor
each time.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import connection, forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final
from unittest import mock

from solders.keypair import Keypair
from tests.network import inline_worker
from tests.network.site import Plenty, orchestrating
from tests.orchestrator.killed import Wired
from tests.orchestrator.support import STEP

from ionet import AsyncClient, AsyncHttpTransport
from ionet.gateway._config import GatewayConfig
from ionet.gateway._service import Gateway
from ionet.prover import numpy_backend
from ionet.wire import Kind, Message, Role
from ionet.worker import Worker, WorkerConfig, _daemon
from ionet.worker._agent import Agent, AgentPolicy
from ionet.worker._files import StoreFiles

#: A moment of a life, such as "before put", and which of that name it is, from 1.
Point = tuple[str, int]
_CONTEXT: Final = multiprocessing.get_context("forkserver")
#: What clients import when they are first used: once for all processes, not in each.
_LATER: Final = (
    "anyio._backends._asyncio",
    "anyio.streams.tls",
    "ionet.administration._async.administration",
    "ionet.buyback._async.buyback",
    "ionet.jobs._async.jobs",
    "ionet.token.prices",
)


class Fuse:
    """Kills its process before or after a chosen effect.

    Args:
        point: what it is called, as in "before put", and which of that name; None: never.
        diary: file of which each line is a point that the process has passed.
    """

    def __init__(self, point: Point | None, diary: Path) -> None:
        self._point, self._count = point, Counter[str]()
        self._diary = os.open(diary, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._lock = threading.Lock()

    def tick(self, name: str) -> None:
        with self._lock:
            os.write(self._diary, f"{name}\n".encode())
            self._count[name] += 1
            if (name, self._count[name]) == self._point:
                os.kill(os.getpid(), signal.SIGKILL)


class Mortal:
    """A process that a fuse may kill.

    Args:
        live: what it does.
        place: for what it tells its test; each process has one of its own.
        point: where it dies; None: nowhere.
        given: what it needs to know.
    """

    def __init__(self, live: Callable[..., None], place: Path, point: Point | None, *given: Any) -> None:
        place.mkdir(parents=True)
        self._point = point
        self._diary, self._mark = place / "diary", place / "mark"
        paths = os.pathsep.join((".", *sys.path))
        with mock.patch.dict(os.environ, PYTHONPATH=paths):
            _CONTEXT.set_forkserver_preload([__name__, *_LATER])
            forkserver.ensure_running()
        self._process: BaseProcess = _CONTEXT.Process(
            target=_live, args=(live, self._diary, self._mark, point, *given), daemon=True
        )
        self._process.start()

    def gone(self) -> bool:
        """Whether its fuse has ended it.

        Raises:
            AssertionError: it has ended otherwise.
        """
        code = self._process.exitcode
        if code is None:
            return False
        kinds = self.kinds()
        where = (kinds[-1], kinds.count(kinds[-1])) if kinds else None
        assert (code, where) == (-signal.SIGKILL, self._point), f"it ended with {code} at {where}"
        return True

    def kinds(self) -> list[str]:
        """The points that it has come to; where it was killed is the last one."""
        return self._diary.read_text().splitlines() if self._diary.exists() else []

    def marked(self) -> int:
        """The number that it has told last; 0 before the first."""
        with suppress(OSError, ValueError):
            return int(self._mark.read_text())
        return 0

    def end(self) -> None:
        self._process.kill()
        self._process.join()


def _live(live: Callable[..., None], *given: Any) -> None:
    """Lives until the test's process ends, at the latest, and however that ends."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
    live(*given)


def wrong_clock(jumps: Sequence[int]) -> tuple[Callable[[], float], Callable[[], int]]:
    """Returns a machine's time of day, in seconds and in nanoseconds, off by another jump at each look.

    Args:
        jumps: seconds; from the last one on they begin again.
    """
    second, nanosecond = time.time, time.time_ns
    off = itertools.cycle(jumps)
    return lambda: second() + next(off), lambda: nanosecond() + 1_000_000_000 * next(off)


# -- a gateway


class Named:
    """Names messages by what they ask, and answers by what they answer."""

    def __init__(self) -> None:
        self._asked: dict[bytes, str] = {}

    def name(self, data: bytes) -> str:
        message = Message.from_bytes(data)
        if message.kind is Kind.ANSWER:
            return f"answer-{self._asked[message.context]}"
        method = self._asked[message.digest] = str(message.arguments["method"])
        return f"pass-{method}"


def _wire(gateway: Gateway, fuse: Fuse, joined: Callable[[], None]) -> None:
    """Its effects are whom it admits, which message it passes on, and what it does to its files.

    Args:
        gateway: has its parts, and takes no connections yet.
        fuse: ends it.
        joined: called when somebody was admitted.
    """
    hub, keeper, named = gateway.hub, gateway.keeper, Named()
    assert hub is not None
    assert keeper is not None

    def effect(real: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            what = name(*arguments)
            fuse.tick(f"before {what}")
            answer = real(*arguments)
            fuse.tick(f"after {what}")
            return answer

        return call

    def join(*arguments: Any) -> Any:
        answer = admit(*arguments)
        joined()
        return answer

    admit = effect(hub._join, lambda *_: "admit")
    hub._join = join  # type: ignore[assignment, method-assign]
    hub._queue = effect(hub._queue, lambda peer, data, sender: named.name(data))  # type: ignore[method-assign]
    keeper._ledger = Wired(keeper._ledger, fuse, "open", "adding", "finish")  # type: ignore[assignment]
    keeper._backend = Wired(keeper._backend, fuse, "read", "add")


def live_as_gateway(
    diary: Path,
    mark: Path,
    point: Point | None,
    jumps: Sequence[int],
    state: Path,
    port: int,
    store: Path,
    rpc: str,
) -> None:
    """Marks 1 once it takes connections, and one more for a worker and for a seat that are connected."""
    time.time, time.time_ns = wrong_clock(jumps)
    config = GatewayConfig(state=state, host="127.0.0.1", port=port, store=str(store), rpc=(rpc,))
    gateway = Gateway(config, quota=Plenty())

    def tell() -> None:
        assert gateway.hub is not None
        mark.write_text(str(1 + sum(bool(gateway.hub.connected(role)) for role in (Role.AGENT, Role.SEAT))))

    def ready(url: str) -> None:
        _wire(gateway, Fuse(point, diary), tell)
        tell()

    asyncio.run(gateway.run(asyncio.Event(), ready))


# -- a worker


def live_as_worker(
    diary: Path, mark: Path, point: Point | None, jumps: Sequence[int], state: Path, policy: AgentPolicy
) -> None:
    """Marks the chain's time at which it has last done all that was due."""
    time.time, time.time_ns = wrong_clock(jumps)
    fuse = Fuse(point, diary)

    class Marking(Agent):
        async def look(self) -> None:
            await super().look()
            last = self._clock._last
            assert last is not None
            mark.with_suffix(".new").write_text(str(last[1]))
            mark.with_suffix(".new").replace(mark)

    class Wiring(inline_worker.InlineDaemon):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._chain = Wired(self._chain, fuse, "leased")  # type: ignore[assignment]

        def _make_executor(self, unsafe_plain: bool) -> Any:
            real = super()._make_executor(unsafe_plain)
            return Wired(real, fuse, "open", "run", "stop", "release")

    def worker(*given: Any, **named: Any) -> Wired:
        return Wired(Worker(*given, kernel=numpy_backend(), **named), fuse, "begin", "sample", "end")

    changes = {
        "_device": inline_worker._still,
        "Agent": Marking,
        "Worker": worker,
        "StoreFiles": lambda *stores: Wired(StoreFiles(*stores), fuse, "fetch", "keep"),
    }
    for name, value in changes.items():
        setattr(_daemon, name, value)
    asyncio.run(Wiring(WorkerConfig.load(state), policy=policy).run(asyncio.Event()))


#: How a worker lives whose test lets hours pass in seconds.
POLICY: Final = AgentPolicy(look_every=0.2, upload_seconds=60.0, unheard_after=2.0, max_gap=STEP)


# -- an orchestrator


def live_as_orchestrator(
    diary: Path,
    mark: Path,
    point: Point | None,
    orders: Connection,
    seat: bytes,
    job: bytes,
    gateways: Sequence[tuple[str, str]],
    place: Path,
    rpc: str,
) -> None:
    """Makes a pass for each order, and answers whether it did something, and with the result of the job."""

    async def live() -> None:
        key = Keypair.from_bytes(seat)
        client, now = AsyncClient(AsyncHttpTransport(rpc), signer=key), 0
        async with orchestrating(client, key, gateways, place, Fuse(point, diary), lambda: now) as it:
            with suppress(EOFError, BrokenPipeError):  # nobody gives orders any more
                while await asyncio.to_thread(orders.recv):
                    now = await client.time()
                    done = await it.reconcile()
                    orders.send((bool(done.steps), it.result(job)))

    asyncio.run(live())
