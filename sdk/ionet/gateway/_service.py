"""A gateway as a service: its parts, put together from its settings, until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final

from ionet import AsyncClient, __version__
from ionet.chain.errors import ConfigError
from ionet.chain.files import state_folder
from ionet.gateway._app import app
from ionet.gateway._bounds import Bounds
from ionet.gateway._capacities import Capacities
from ionet.gateway._config import GatewayConfig
from ionet.gateway._doors import Doors
from ionet.gateway._files import files
from ionet.gateway._hub import Hub, Registry
from ionet.gateway._pipes import Measured, Pipes
from ionet.gateway._registry import ChainLeases, ChainRegistry, ChainTenancies
from ionet.gateway._relays import Relays
from ionet.gateway._server import Certificate, Server, listen
from ionet.gateway._streams import Streams
from ionet.overlay import missing
from ionet.service.metrics import metrics_at
from ionet.service.settings import is_loopback
from ionet.store.keeper import Keeper, Quota
from ionet.store.opening import open_backend
from ionet.store.quota import ChainQuota
from ionet.wire import Role
from ionet.wire._link import gateway_name

_log = logging.getLogger(__name__)
#: Files of a process besides its connections: libraries, the ledger, the chain.
_OTHER_FILES: Final = 512
#: Seconds after which a loop that has failed begins again.
_AGAIN: Final = 1.0
#: Seconds between two looks at the certificate, and between two lines that say what happened.
_LOOK: Final = 60.0
#: Seconds over which peers are sent away, for each thousand; and at most.
_LEAVE: Final = 2.0
_LEAVE_MOST: Final = 10.0
#: Seconds for requests for files to end; what came of an upload stays.
_GRACE: Final = 15.0


class Gateway:
    """One gateway.

    Args:
        config: its settings.
        clients: of the chain; by default of the settings' nodes.
        registry: says who may connect; by default what the chain says.
        quota: how much keys may keep; by default what the chain says.
    """

    def __init__(
        self,
        config: GatewayConfig,
        *,
        clients: tuple[AsyncClient, ...] | None = None,
        registry: Registry | None = None,
        quota: Quota | None = None,
    ) -> None:
        self.config = config
        self._clients = clients
        self._registry = registry
        self._quota = quota
        self._told: Counter[str] = Counter()
        self.hub: Hub | None = None
        self.doors: Doors | None = None
        self.keeper: Keeper | None = None
        self.url = ""
        self.port = 0

    async def run(self, stop: asyncio.Event, ready: Callable[[str], None] = lambda url: None) -> None:
        """Serves until `stop` is set. Peers are then sent elsewhere, and uploads may be gone on with later.

        Args:
            stop: ends it.
            ready: told the URL once it takes connections.

        Raises:
            ConfigError: a folder, a port, a certificate or the store cannot be used.
        """
        config = self.config
        state_folder(config.state)
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            _log.warning("runs as root, which it does not need: see deploy/ionet-gateway.service")
        bounds = within_files(config.bounds)
        certificate = None if config.tls is None else Certificate(*config.tls)
        async with AsyncExitStack() as stack:
            listening = listen(config.host, config.port)
            stack.callback(listening.close)
            self.port = listening.getsockname()[1]
            self.url = config.public or _url(config.host, self.port)
            clients = self._clients
            if clients is None:
                clients = tuple(AsyncClient.connect(url) for url in config.rpc)
                for client in clients:
                    stack.push_async_callback(client.aclose)
            registry = self._registry or ChainRegistry(*clients)
            hub = self.hub = Hub(registry, bounds, names=_names(self.url))
            doors = self.doors = Doors(
                bounds, hub.counters, proxies=config.proxies, only_proxies=config.only_proxies
            )
            quota = self._quota or ChainQuota(clients[0])
            keeper = self.keeper = Keeper(
                open_backend(config.store),
                config.state / "files",
                quota=quota,
                urls=[self.url],
                limits=config.files,
            )
            await stack.enter_async_context(keeper)
            if config.metrics is not None:
                self._serve_metrics(stack, hub, doors)
            routes = files(keeper)
            loops: list[Callable[[], Awaitable[None]]] = [hub.keep, partial(self._report, hub)]
            if config.relays is not None:
                if (why := missing()) is not None:
                    raise ConfigError(why)
                relays = Relays(config.relays, ChainLeases(*clients), [self.url], config.state / "relays")
                await relays.open()
                routes += relays.routes()
                loops.append(relays.keep)
            measured = Measured(config.state / "measured.sqlite3")
            stack.callback(measured.close)
            pipes = Pipes(registry, [self.url], measured)
            # A gateway with a registry of its own may know no node of the chain.
            capacities = Capacities(config.state / "capacities.sqlite3", registry, lambda: clients[0].time())  # noqa: PLW0108
            stack.callback(capacities.close)
            routes += pipes.routes() + capacities.routes()
            streams = Streams(ChainTenancies(*clients), [self.url], hub)
            routes += streams.routes()
            server = Server(
                app(hub, routes), hub, doors, certificate=certificate, pipes=pipes, streams=streams
            )
            loops += [server.keep, streams.keep]
            if certificate is not None:
                loops.append(partial(_renew, certificate))
            await stack.enter_async_context(_running(*loops))
            await server.start(listening)
            _log.info(
                "version %s takes connections on %s:%s as %s",
                __version__,
                *listening.getsockname()[:2],
                self.url,
            )
            ready(self.url)
            await stop.wait()
            peers = sum(hub.connected(role) for role in Role)
            _log.info("ends: %s peers are sent elsewhere", peers)
            server.stop_listening()
            spread = min(_LEAVE_MOST, _LEAVE * peers / 1_000)
            await asyncio.gather(hub.close(spread), server.close(max(spread + 0.5, _GRACE)))
        _log.info("ended")

    def _serve_metrics(self, stack: AsyncExitStack, hub: Hub, doors: Doors) -> None:
        from ionet.gateway._metrics import registry

        assert self.config.metrics is not None
        try:
            stack.enter_context(metrics_at(self.config.metrics, registry(hub, doors)))
        except ConfigError as bad:
            if self.config.metrics_required:
                raise
            _log.warning("%s", bad)

    async def _report(self, hub: Hub) -> None:
        """Says once a minute what happened: strangers decide how often something does."""
        while True:
            await asyncio.sleep(_LOOK)
            counters = hub.counters
            now = Counter({"messages": counters.messages})
            for what in ("refused", "dropped", "undelivered"):
                now |= Counter({f"{what} {why}": n for why, n in getattr(counters, what).items()})
            news = now - self._told
            self._told = now
            if news:
                peers = {role.value: hub.connected(role) for role in Role}
                _log.info(
                    "the last minute: %s; connected: %s",
                    ", ".join(f"{name} {number}" for name, number in news.items()),
                    ", ".join(f"{role} {number}" for role, number in peers.items()),
                    extra={"happened": dict(news), "peers": peers},
                )


def within_files(bounds: Bounds) -> Bounds:
    """Returns bounds for which this process may open enough files; raises its limit as far as it may.

    Raises:
        ConfigError: there is no room for a hundred peers.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = bounds.connections + _OTHER_FILES
    most = needed if hard == resource.RLIM_INFINITY else min(hard, needed)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most >= needed:
        return bounds
    peers = bounds.peers - (needed - most)
    advice = (
        f"this process may open {hard} files; raise the hard limit to {needed} (LimitNOFILE=, ulimit -Hn)"
    )
    if peers < 100:
        raise ConfigError(f"{advice}, or lower the bounds")
    _log.warning("room for %s peers instead of %s: %s", peers, bounds.peers, advice)
    return replace(bounds, peers=peers)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _names(url: str) -> set[str]:
    """What greetings may call a gateway of this URL; this machine has several names for itself."""
    name = gateway_name(url)
    host, _, port = name.rpartition(":")
    if is_loopback(host.strip("[]")):
        return {f"{local}:{port}" for local in ("localhost", "127.0.0.1", "[::1]", host)}
    return {name}


async def _renew(certificate: Certificate) -> None:
    while True:
        await asyncio.sleep(_LOOK)
        try:
            if certificate.renew():
                _log.info("the certificate was read again")
        except (ConfigError, OSError) as bad:
            _log.error("the former certificate stays in use: %s", bad)


@asynccontextmanager
async def _running(*loops: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Runs loops for as long as the context lasts; one that fails is told, and begins again."""
    tasks = [asyncio.create_task(_again(loop)) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _again(loop: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await loop()
        except Exception:
            _log.exception("what is done again and again has failed, and begins again")
        await asyncio.sleep(_AGAIN)
