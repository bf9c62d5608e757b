"""An explorer as a service: its parts, put together from its settings, until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from anyio import to_thread
from solders.pubkey import Pubkey

from ionet import AsyncClient
from ionet.explorer._app import bare, guarded, parts
from ionet.explorer._fetching import Fetching
from ionet.explorer._leaves import Tables
from ionet.explorer._past import Past
from ionet.explorer._rows import Rows
from ionet.explorer._sections import its_pages
from ionet.explorer._served import Served
from ionet.explorer._watching import Keeper
from ionet.ledger import Database, LedgerError
from ionet.ledger.checkpoints import caches
from ionet.service.bounds import Bounds
from ionet.service.guard import Counters
from ionet.service.http import listen, server_of, url_of
from ionet.service.metrics import metrics_at

_log = logging.getLogger(__name__)
#: Processes at most that read files of old hours; each takes about 100 MiB.
_READING: Final = 4


@dataclass(frozen=True, slots=True)
class ExplorerConfig:
    """The settings of an explorer.

    Attributes:
        ledger: a ledger's file or URL.
        fills: whether the explorer fills the ledger itself; otherwise ionet ledger run does.
        host, port: where it listens; port 0: any.
        proxies: addresses or networks of proxies whose X-Forwarded-For is believed.
        metrics: address and port for Prometheus, or None.
        keep: seconds before the ledger's last transaction of which it keeps rows in the database, if the
            explorer fills it; None: all.
        every: seconds from one comparison with accounts to the next, or None.
        evidence: a folder with evidence of reports, each file named by the hex SHA-256 of its content, or
            None.
        stores: URLs of gateways that are asked for evidence that is not in it.
        fetched: the folder for what they give.
        bounds: what it takes from strangers.
        intelligence: the URL of a service of models whose signed hours it shows, or None.
        signer: that service's key; None: the first that it names.
    """

    ledger: str = "ionet-ledger.db"
    fills: bool = True
    host: str = "127.0.0.1"
    port: int = 8480
    proxies: tuple[str, ...] = ()
    metrics: tuple[str, int] | None = None
    every: float | None = 600.0
    keep: int | None = None
    evidence: Path | None = None
    stores: tuple[str, ...] = ()
    fetched: Path | None = None
    bounds: Bounds = field(default_factory=Bounds)
    intelligence: str | None = None
    signer: Pubkey | None = None


class Explorer:
    """One explorer.

    Args:
        config: its settings.
        connect: makes a client of the node that the ledger is filled from and compared with.
    """

    def __init__(self, config: ExplorerConfig, connect: Callable[[], AsyncClient]) -> None:
        self.config = config
        self._connect = connect
        self.url = ""

    async def run(self, stop: asyncio.Event, ready: Callable[[str], None] = lambda url: None) -> None:
        """Serves until `stop` is set.

        Args:
            stop: ends it.
            ready: told the URL once it takes connections.

        Raises:
            ConfigError: a port is taken.
            LedgerError: the ledger cannot be used, or not be filled.
            RpcError, TransportError: the node cannot be read.
        """
        config = self.config
        async with AsyncExitStack() as stack:
            listening = listen(config.host, config.port)
            stack.callback(listening.close)
            failed, loop = asyncio.Event(), asyncio.get_running_loop()
            keeper = Keeper(
                self._connect,
                config.ledger,
                fills=config.fills,
                every=config.every,
                keep=config.keep,
                ended=lambda: _soon(loop, failed.set),
            )
            stack.push_async_callback(asyncio.to_thread, keeper.stop)
            await asyncio.to_thread(keeper.start)
            database = stack.enter_context(Database.open(config.ledger))
            counters = Counters()
            app = bare(its_pages())
            served = Served(config.intelligence, config.signer)
            looking = asyncio.create_task(served.keep())
            stack.callback(looking.cancel)
            rows = rows_of(database, config.ledger)
            stack.push_async_callback(rows.stop)
            live = parts(app, database, keeper, config.bounds, _tables(config), served, rows)
            if config.metrics is not None:
                _serve_metrics(stack, config.metrics, database, keeper, counters)
            self.url = url_of(listening)
            server = server_of(
                guarded(app, config.bounds, counters),
                config.bounds,
                alone=not config.proxies,
                idle=config.bounds.idle,
                ending=5,
                proxies=config.proxies,
            )
            few(config.bounds)
            serving = asyncio.create_task(server.serve([listening]))
            stopping = asyncio.create_task(stop.wait())
            warming = asyncio.create_task(warm(app.state.past, rows))
            stack.push_async_callback(asyncio.wait, [warming])
            failing = asyncio.create_task(_failed(keeper, failed))
            ready(self.url)
            await asyncio.wait({serving, stopping, failing}, return_when=asyncio.FIRST_COMPLETED)
            live.stop()
            server.should_exit = True
            stopping.cancel()
            failing.cancel()
            await serving
            if keeper.failure is not None:
                raise keeper.failure
        _log.info("ended")


def _tables(config: ExplorerConfig) -> Tables:
    folder = config.fetched or caches() / "evidence"
    return Tables(config.evidence, Fetching(config.stores, folder) if config.stores else None)


async def _failed(keeper: Keeper, ended: asyncio.Event) -> None:
    """Waits until the ledger could not be filled; once it was, readers are told what is amiss."""
    await ended.wait()
    if keeper.failure is None:
        await asyncio.Event().wait()


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    # The loop may have ended by itself.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call)


def few(bounds: Bounds) -> None:
    """Works on few questions at a time: they would only wait for each other, and keep the loop waiting.

    Args:
        bounds: how many.
    """
    to_thread.current_default_thread_limiter().total_tokens = bounds.workers


def rows_of(database: Database, ledger: str) -> Rows:
    """Reads what lies in files in processes of their own, if there are cores for them.

    Args:
        database: the ledger.
        ledger: its file or URL; only one in a file has files of old hours.
    """
    others = min(_READING, _cores() - 1)
    return Rows(database, ledger, others) if others > 0 and Path(ledger).is_file() else Rows(database)


def _cores() -> int:
    """Cores that this process may use, which may be fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


async def warm(past: Past, rows: Rows) -> None:
    """Replays the present, and looks through files, before somebody asks.

    Args:
        past: what questions are answered from.
        rows: … and what of old hours.
    """
    try:
        await asyncio.to_thread(past.warm)
        await rows.warm()
    except LedgerError as bad:
        # Whoever asks is told so, too.
        _log.warning("%s", bad)


def _serve_metrics(
    stack: AsyncExitStack, where: tuple[str, int], database: Database, keeper: Keeper, counters: Counters
) -> None:
    from ionet.explorer._metrics import registry

    stack.enter_context(metrics_at(where, registry(database, keeper, counters)))
