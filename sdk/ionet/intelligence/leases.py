"""Nodes from the market: each is a cluster of one, held by IO Cloud, on which Ray Serve serves models.

They are reached through the lease's SSH, at sockets of this machine: no port is open anywhere. What the key
may spend is bounded by what its wallet has allowed it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import secrets
import shlex
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import token_account
from ionet.chain.errors import IonetError, RpcError, TransportError
from ionet.cloud.access import AsyncAccess
from ionet.cloud.clusters import AsyncCluster, AsyncClusterLaunch, Held, attach_cluster, find
from ionet.cloud.errors import NoNode
from ionet.cloud.spec import ClusterFile, ClusterSpec
from ionet.formats.when import HOUR
from ionet.intelligence import serving
from ionet.intelligence.engine import BATCH
from ionet.intelligence.leased import FleetConfig, Leased
from ionet.intelligence.lessor import Address, Standing
from ionet.intelligence.models import Model
from ionet.intelligence.orders import Order
from ionet.intelligence.scaling import GIB
from ionet.store.manifest import Manifest

if TYPE_CHECKING:
    from ionet import AsyncClient

_log = logging.getLogger(__name__)
#: Ray Serve's, in a box.
PORT: Final = 8_100
SCRIPT: Final = "ionet_serving.py"
#: Seconds before the end of a lease at which it is booked for longer, or another begins to take its place.
_EXTENDS: Final = 900
_LAST: Final = 2_000
_PATIENCE: Final = 10.0


class ClusterLease:
    """A cluster of one node.

    Args:
        cluster: it, entered in `stack`.
        stack: ends its connections.
        folder: for its sockets.
        node: its address.
        memory: bytes.
        holds: models whose weights it has.
        rate: millionths of a dollar an hour.
        specs: what each model is started by there.
        job: the lease's account.
        manifest: what it runs.
    """

    def __init__(
        self,
        cluster: AsyncCluster,
        stack: AsyncExitStack,
        folder: Path,
        node: str,
        memory: int,
        holds: frozenset[str],
        rate: int,
        specs: Mapping[str, Mapping[str, object]],
        job: Pubkey,
        manifest: Manifest,
    ) -> None:
        self.cluster, self.node, self.memory, self.holds, self.rate = cluster, node, memory, holds, rate
        self._stack, self._specs, self._job, self._manifest = stack, specs, job, manifest
        self._socket = folder / f"lease-{secrets.token_hex(4)}.sock"
        self._access: AsyncAccess | None = None

    async def address(self, model: str) -> Address:
        """Where a model's engine is, on this machine."""
        if self._access is None:
            access = await self._stack.enter_async_context(AsyncAccess(await self.cluster.way()))
            await access.forward_to(PORT, self._socket)
            self._access = access
        return Address(f"http://engine/{self._specs[model]['name']}", self._socket)

    async def there(self) -> list[str]:
        """The models whose weights it has, or fetches."""
        await self.address(next(iter(self._specs)))
        assert self._access is not None
        files = set((await self._access.run("ls models 2>/dev/null || true")).split())
        sent = {model for model, spec in self._specs.items() if Path(str(spec["file"])).name in files}
        return [
            model for model, spec in self._specs.items() if model in sent or "url" in spec or "source" in spec
        ]

    async def running(self) -> list[str]:
        """The models that run there, as Ray Serve says."""
        await self.address(next(iter(self._specs)))
        transport = httpx.AsyncHTTPTransport(uds=str(self._socket))
        async with httpx.AsyncClient(transport=transport, timeout=_PATIENCE) as client:
            try:
                told = (await client.get("http://engine/-/routes")).json()
            except (httpx.HTTPError, ValueError):
                return []
        routes = {str(route).strip("/") for route in told} if isinstance(told, dict) else set()
        return [model for model, spec in self._specs.items() if spec["name"] in routes]

    def ordered(self, model: str) -> Order:
        """See `ionet.intelligence.lessor.Lease.ordered`."""
        spec = self._specs[model]
        fetched = str(spec.get("url") or spec.get("source") or "")
        revision = f"@{spec['revision']}" if spec.get("revision") else ""
        return Order.of(self._job, self._manifest, fetched + revision)

    async def serve(self, model: str) -> Address:
        """See `ionet.intelligence.fleet.Lease.serve`."""
        await self._do("start", json.dumps(self._specs[model]))
        return await self.address(model)

    async def withdraw(self, model: str) -> None:
        """See `ionet.intelligence.fleet.Lease.withdraw`."""
        await self._do("stop", str(self._specs[model]["name"]))

    async def _do(self, what: str, given: str) -> None:
        said = bytearray()
        status = await self.cluster.exec(f"python3 {SCRIPT} {what} {shlex.quote(given)}", said.extend)
        if status:
            words = " ".join(bytes(said[-_LAST:]).decode(errors="replace").split())
            raise IonetError(f"it ends with {status}: {words}")

    async def keep(self) -> Standing:
        """See `ionet.intelligence.fleet.Lease.keep`."""
        from ionet import JobState

        try:
            account = await self.cluster.run.account()
            if account is None or account.state != JobState.RUNNING or account.reason:
                return "gone"
            left = account.ends_at - await self.cluster.run.client.time()
        except (RpcError, TransportError):
            return "goes on"  # nobody knows; the engine itself is looked at as well
        if left > _EXTENDS:
            return "goes on"
        try:
            await self.cluster.extend(HOUR, await self.cluster.quote_extension(HOUR))
        except IonetError as bad:
            _log.warning("the lease of %s cannot go on: %s", self.node, bad)
            return "ends"
        return "goes on"

    async def end(self) -> None:
        """See `ionet.intelligence.fleet.Lease.end`."""
        try:
            await self.cluster.down()
        finally:
            await self._stack.aclose()
            self._socket.unlink(missing_ok=True)


class Market:
    """Leases nodes from the market.

    Args:
        client: of the key that leases.
        key: it.
        config: what is leased.
        models: that run there, with what clients see of them.
        folder: for sockets.
        prefix: of the clusters' names: how one's own are known.
        tills: where users pay in, and leases are paid from; empty: there are no books of it.
    """

    def __init__(
        self,
        client: AsyncClient,
        key: Keypair,
        config: FleetConfig,
        models: Sequence[tuple[Model, Leased]],
        folder: Path,
        prefix: str,
        tills: Collection[Pubkey] = (),
    ) -> None:
        self._client, self._key, self._config, self._folder = client, key, config, folder
        self._prefix, self._tills = prefix, tills
        self._models = {model.id: leased for model, leased in models}
        self._specs = {model.id: _spec(model, leased, config) for model, leased in models}

    def _lease(
        self,
        cluster: AsyncCluster,
        stack: AsyncExitStack,
        node: str,
        holds: frozenset[str],
        rate: int,
        manifest: Manifest,
    ) -> ClusterLease:
        return ClusterLease(
            cluster,
            stack,
            self._folder,
            node,
            self._config.memory * GIB,
            holds,
            rate,
            self._specs,
            cluster.run.job,
            manifest,
        )

    # -- what was there

    async def left(self) -> list[tuple[ClusterLease, list[tuple[str, Address]]]]:
        """See `ionet.intelligence.fleet.Lessor.left`; what cannot be reached is ended."""
        leases = []
        for held in await find(self._client, self._config.gateway):
            if held.name.startswith(self._prefix):
                try:
                    leases.append(await self._attached(held))
                except IonetError as bad:
                    _log.warning("%s, of an earlier process, is ended: %s", held.name, bad)
                    await self._ended(held)
        return leases

    async def _attached(self, held: Held) -> tuple[ClusterLease, list[tuple[str, Address]]]:
        job = held.jobs[0].account
        cluster = attach_cluster(self._client, self._config.gateway, held, key=self._key)
        stack = AsyncExitStack()
        try:
            await stack.enter_async_context(cluster)
            await cluster.wait_ready()
            lease = self._lease(
                cluster, stack, str(job.node), frozenset(), job.rate * job.units, held.manifest
            )
            lease.holds = frozenset(await lease.there())
            return lease, [(model, await lease.address(model)) for model in await lease.running()]
        except BaseException:
            await stack.aclose()
            raise

    async def _ended(self, held: Held) -> None:
        try:
            cluster = attach_cluster(self._client, self._config.gateway, held, key=self._key)
            async with cluster:
                await cluster.down()
        except IonetError as bad:
            _log.error("%s could not be ended, and goes on to its end: %s", held.name, bad)

    # -- more

    async def lease(
        self, models: Sequence[str], most: int | None, without: Collection[str] = ()
    ) -> ClusterLease:
        """See `ionet.intelligence.fleet.Lessor.lease`."""
        await self._check()
        wanted = ClusterFile(self.wanted(models))
        async with AsyncClusterLaunch(
            self._client, self._config.gateway, wanted, key=self._key, avoid=_nodes(without)
        ) as launch:
            offered = await launch.offer()
            rate = offered.listing.hourly.base
            if most is not None and rate > most:
                raise NoNode(f"the cheapest node costs {offered.listing.hourly} an hour, more than is left")
            cluster = await launch.book(offered)
        stack = AsyncExitStack()
        try:
            await stack.enter_async_context(cluster)
            await cluster.wait_ready(lambda text: _log.info("%s: %s", cluster.name, text))
            # Another one, where somebody was faster.
            booked = await self._client.jobs.get_job(cluster.run.job)
        except BaseException:
            with contextlib.suppress(IonetError):
                await asyncio.shield(cluster.down())
            await stack.aclose()
            raise
        return self._lease(cluster, stack, str(booked.node), frozenset(models), rate, offered.manifest)

    async def _check(self) -> None:
        """Raises: what leases cost would be in no books."""
        if not self._tills:
            return
        client = self._client
        mint = (await client.jobs.get_currency(self._config.pay)).mint
        pays = token_account(self._config.wallet or client.address, mint)
        if pays not in self._tills:
            raise IonetError(
                f"leases are paid from {pays}, which is none of [deposits]: their cost would be in no books"
            )

    def wanted(self, models: Sequence[str]) -> ClusterSpec:
        """What is booked of a node that is sent the weights of some models."""
        config = self._config
        files = {SCRIPT: str(Path(serving.__file__).absolute())}
        for model in models:
            if (file := self._models[model].file) is not None:
                files[str(self._specs[model]["file"])] = str(file.absolute())
        files |= {name: str(path.absolute()) for name, path in config.files.items()}
        return ClusterSpec(
            name=f"{self._prefix}{secrets.token_hex(4)}",
            classes=config.classes,
            memory_gib=config.memory,
            cpus=config.cpus,
            gpus=config.gpus,
            max_rate=config.max_rate,
            pay=config.pay,
            seconds=config.seconds,
            files=files,
            pip=config.pip,
            internet=config.internet,
            image=config.image,
        )


def _nodes(names: Collection[str]) -> frozenset[Pubkey]:
    """Those of the names that are nodes of the market; other engines are called as the settings like."""
    nodes = set()
    for name in names:
        with contextlib.suppress(ValueError):
            nodes.add(Pubkey.from_string(name))
    return frozenset(nodes)


def _spec(model: Model, leased: Leased, config: FleetConfig) -> dict[str, object]:
    """What `ionet.intelligence.serving` is told of a model; its name is of all that it says.

    So what an earlier process has started is known, and what it has started otherwise is not taken for it.
    """
    spec = _unnamed(model, leased, config)
    weights = (model.digest, "" if leased.file is None else leased.file.stat().st_size)
    name = f"m{hashlib.sha256(json.dumps([spec, weights]).encode()).hexdigest()[:12]}"
    return {**spec, "name": name, "file": f"models/{name}.gguf"}


def _unnamed(model: Model, leased: Leased, config: FleetConfig) -> dict[str, object]:
    spec: dict[str, object] = {
        "runs": leased.runs,
        "port": PORT,
        "model": model.id,
        "context": model.context,
        "slots": model.slots,
    }
    if leased.runs == "vllm":
        return {**spec, "source": leased.source, "revision": leased.revision, "gpus": config.gpus or 1}
    fetched = {"url": leased.source, "sha256": leased.sha256} if leased.source else {}
    return {**spec, "threads": leased.threads, "batch": BATCH, **fetched}
