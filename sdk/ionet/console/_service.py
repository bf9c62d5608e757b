"""A console as a service: its parts, put together from its settings, until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from ionet import AsyncClient
from ionet.console._access import Access
from ionet.console._alerts import Alerts
from ionet.console._app import bare, guarded, its_pages
from ionet.console._config import ConsoleConfig
from ionet.console._kept import Kept
from ionet.console._parts import Parts
from ionet.console._paying import Cards
from ionet.console._planning import Plans
from ionet.console._reading import Runs
from ionet.console._several import Several
from ionet.console._uploads import Uploads
from ionet.ledger import read_ledger
from ionet.payments.client import PaymentsClient
from ionet.service.guard import Counters
from ionet.service.http import listen, server_of, url_of
from ionet.service.signin import SignInConfig, SignIns
from ionet.wire._link import gateway_urls

_log = logging.getLogger(__name__)
#: Chains by their genesis; any other is somebody's own.
_CHAINS = {
    "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d": "mainnet",
    "4uhcVJyU9pJkvQyUS88uRDiswHXSCkY3zQawwpjk2NsNY": "testnet",
    "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG": "devnet",
}
_STATEMENT = "Sign in to rent and supply. This text moves nothing, and allows no transaction."


@asynccontextmanager
async def opened(
    config: ConsoleConfig, client: AsyncClient, url: str, clock: Callable[[], float] = time.time
) -> AsyncIterator[Parts]:
    """A console's parts, as long as the context lasts.

    Args:
        config: its settings.
        client: of the chain's node.
        url: where it listens.
        clock: Unix seconds.
    """
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    genesis = str(await client.request("getGenesisHash"))
    chain = _CHAINS.get(genesis, "localnet")
    signins = SignIns(SignInConfig(config.origin or url, chain, _STATEMENT, lasts=config.session), clock)
    async with AsyncExitStack() as stack:
        ledger = (
            None if config.ledger is None else stack.enter_context(await read_ledger(client, config.ledger))
        )
        kept = Kept(config.state / "console.db")
        stack.callback(kept.close)
        runs, plans = Runs(config, client, ledger), Plans(config, client, kept, clock)
        stack.push_async_callback(runs.close)
        stack.push_async_callback(plans.close)
        uploads = Uploads(config.state / "uploads", kept, config.limits)
        explorer = None
        if config.explorer is not None:
            explorer = await stack.enter_async_context(
                httpx.AsyncClient(base_url=config.explorer, timeout=5.0, follow_redirects=False)
            )
        access, cards = Access.in_(config.state), None
        several = Several(config, client, kept, access, clock)
        stack.push_async_callback(several.close)
        plans.resume(uploads, access)
        several.resume(uploads)
        if config.payments is not None:
            host = PaymentsClient(config.payments, config.payments_key, clock)
            origin = config.origin or url
            cards = Cards(host, kept, plans, uploads, access, origin, config.checkout, clock)
            stack.push_async_callback(cards.close)
            cards.resume()
        yield Parts(
            config,
            client,
            genesis,
            signins,
            access,
            kept,
            uploads,
            plans,
            several,
            runs,
            Alerts(client, kept, secret=access.alerts),
            explorer,
            ledger=ledger,
            cards=cards,
            clock=clock,
        )


class Console:
    """One console.

    Args:
        config: its settings.
        connect: makes a client of the chain's node.
    """

    def __init__(self, config: ConsoleConfig, connect: Callable[[], AsyncClient]) -> None:
        self.config = config
        self._connect = connect

    async def run(self, stop: asyncio.Event, ready: Callable[[str], None] = lambda url: None) -> None:
        """Serves until `stop` is set.

        Args:
            stop: ends it.
            ready: told the URL once it takes connections.

        Raises:
            ConfigError: a port is taken, others can read its secret, or the URL is not a gateway's.
            LedgerError: the ledger cannot be used.
            RpcError, TransportError: the node cannot be read.
        """
        config = self.config
        gateway_urls(config.gateway, insecure=config.insecure)
        async with AsyncExitStack() as stack:
            listening = listen(config.host, config.port)
            stack.callback(listening.close)
            client = await stack.enter_async_context(self._connect())
            url = url_of(listening)
            parts = await stack.enter_async_context(opened(config, client, url))
            server = server_of(
                guarded(bare(its_pages()), parts, Counters()),
                config.bounds,
                alone=not config.proxies,
                idle=config.bounds.idle,
                ending=5,
                proxies=config.proxies,
            )
            alerting = asyncio.create_task(parts.alerts.run())
            serving = asyncio.create_task(server.serve([listening]))
            stopping = asyncio.create_task(stop.wait())
            ready(config.origin or url)
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            stopping.cancel()
            alerting.cancel()
            await serving
            with contextlib.suppress(asyncio.CancelledError):
                await alerting
        _log.info("ended")
