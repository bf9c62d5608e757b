"""A cluster of a session's key, leased node by node: what Ray's provider does on chain and gateway."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import threading
from collections.abc import Collection, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import yaml
from solders.pubkey import Pubkey

from ionet.chain.amounts import USD
from ionet.chain.errors import (
    AmountError,
    ConfigError,
    IonetError,
    RpcError,
    TransactionUnknown,
    TransportError,
)
from ionet.cloud.clusters import AsyncCluster, AsyncClusterLaunch, Held, attach_cluster, find
from ionet.cloud.ending import take_back
from ionet.cloud.errors import CannotResize, ClusterFileError, NoCluster
from ionet.cloud.running import AsyncClusterRun, AsyncRun
from ionet.cloud.sessions import Login, read
from ionet.cloud.spec import parse
from ionet.formats.when import when

if TYPE_CHECKING:
    from ionet import AsyncClient

T = TypeVar("T")

_TAGS: Final = 1 << 20
_LINE: Final = re.compile(r"^node_config:[0-9]+: ")
#: Jobs whose tags are kept though they have ended; a cluster never has as many.
_KEPT: Final = 512


class Loop:
    """A loop in a thread of its own: Ray's autoscaler calls from several."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="ionet autoscaling", daemon=True).start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine to its end."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class Tags:
    """Ray's tags of nodes, in a file; a booking that was begun is noted first, by its node.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.jobs: dict[str, dict[str, str]] = {}
        self.begun: dict[str, dict[str, str]] = {}
        #: Nodes that were paid and were not in Ray: what they cost is paid once.
        self.shunned: list[str] = []
        try:
            content = json.loads(path.read_text()[:_TAGS])
            self.jobs, self.begun = dict(content["jobs"]), dict(content["begun"])
            self.shunned = list(content.get("shunned", []))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as bad:
            raise ConfigError(f"the tags of nodes in {path} cannot be read: {bad}; remove it") from None

    def write(self) -> None:
        """Keeps them, whole or as they were."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps({"jobs": self.jobs, "begun": self.begun, "shunned": self.shunned}))
        part.replace(self._path)

    def begin(self, node: str, tags: dict[str, str]) -> None:
        """Notes a booking before it is sent."""
        self.begun[node] = tags
        self.write()

    def forget(self, node: str) -> None:
        """Notes that nothing was booked: who books this node later is somebody else."""
        if self.begun.pop(node, None) is not None:
            self.write()

    def shun(self, node: str) -> None:
        """Notes a node that is not booked again."""
        if node not in self.shunned:
            self.shunned.append(node)
            self.write()

    def learn(self, job: str, node: str) -> None:
        """Takes a job for its own whose booking was begun, and of which nothing more was noted."""
        if job not in self.jobs and node in self.begun:
            self.jobs[job] = self.begun.pop(node)
            self.write()

    def prune(self, live: Collection[str]) -> None:
        """Forgets jobs that ended long ago: what is kept goes to the first node, which takes a bounded file.

        Args:
            live: jobs that have not ended, as far as the chain shows; of the latest it may lag.
        """
        if len(self.jobs) > 2 * _KEPT:
            late = set(list(self.jobs)[-_KEPT:])
            self.jobs = {job: tags for job, tags in self.jobs.items() if job in live or job in late}
            self.write()


@dataclass(frozen=True, slots=True)
class LeasedNode:
    """A job of the cluster's that has not ended.

    Attributes:
        node: the node's address.
        ran: seconds since its start; None where it has not started.
        head: whether it is the cluster's first.
    """

    node: str
    ran: int | None
    head: bool


class Market:
    """What a provider does on chain and gateway, as the session's key; of one cluster.

    Args:
        config: `provider` of Ray's file.
        name: the cluster's.

    Raises:
        ConfigError: a key of it is missing or wrong.
    """

    def __init__(self, config: Mapping[str, Any], name: str) -> None:
        self.name, self.gateway = name, text_of(config, "gateway")
        self.insecure = config.get("insecure") is True
        self.login, self.max_rate = _session(config), _rate(config)
        self._url = text_of(config, "url")
        self._client: AsyncClient | None = None
        self._found: Held | None = None
        self._left: list[Held] = []

    def client(self) -> AsyncClient:
        """Of the session's key, for the loop that uses it."""
        from ionet import AsyncClient, AsyncHttpTransport

        if self._client is None:
            transport, login = AsyncHttpTransport(self._url), self.login
            self._client = AsyncClient(transport, signer=login.key, wallet=login.wallet)
        return self._client

    async def check_spending(self) -> None:
        """Refuses to spend by the session's key after its end, or on another network.

        Raises:
            ConfigError: it is over, or for another network.
        """
        client, login = self.client(), self.login
        if str(await client.request("getGenesisHash")) != login.genesis:
            raise ConfigError("provider.session is for another network than provider.url names")
        if await client.time() >= login.until:
            raise ConfigError(
                f"the session has ended, {when(login.until)}, and nothing more is booked; begin anew: ionet"
                " login --export FILE"
            )

    async def cluster(self) -> AsyncCluster:
        """The cluster of its name.

        Raises:
            NoCluster: there is none, or there are several.
            CannotResize: it is a node that stands alone.
        """
        if self._found is None:
            found = await find(self.client(), self.gateway, insecure=self.insecure)
            found = [item for item in found if item.name == self.name]
            # Whose first one came later has lost its head: nothing joins it, and it is none of this name.
            self._left = [item for item in found if item.cluster and item.jobs[0].account.replaces]
            found = [item for item in found if item not in self._left]
            if len(found) != 1:
                raise NoCluster(
                    f"the session has {len(found) or 'no'} cluster{'s' * (len(found) > 1)} {self.name}"
                )
            if found[0].cluster is None:
                raise CannotResize(
                    f"{self.name} is a node that stands alone, which no other can join; book it with the most"
                    f" nodes that it may have: ionet cluster up --name {self.name} --max-nodes 8"
                )
            self._found = found[0]
        return self._attached(self._found)

    def _attached(self, found: Held) -> AsyncCluster:
        key, insecure = self.login.key, self.insecure
        return attach_cluster(self.client(), self.gateway, found, key=key, insecure=insecure)

    async def book(self, wanted: Mapping[str, Any], most: int) -> AsyncCluster:
        """Books the head, and waits until it is there.

        Args:
            wanted: the keys of a cluster file.
            most: how many nodes there may be.

        Raises:
            ConfigError: see `check_spending`.
        """
        await self.check_spending()
        client, keys = self.client(), {**wanted, "name": self.name, "nodes": 1}
        keys.setdefault("max_nodes", most)
        try:
            file = parse(yaml.safe_dump(keys), "node_config", name=self.name)
        except ClusterFileError as bad:
            # Its lines are of a text that nobody sees.
            raise ConfigError(_LINE.sub("node_config: ", str(bad))) from bad
        launch = AsyncClusterLaunch(client, self.gateway, file, key=self.login.key, insecure=self.insecure)
        async with launch:
            cluster = await launch.book(await launch.offer())
        async with cluster:
            await cluster.wait_ready()
        return cluster

    async def jobs(self) -> dict[str, LeasedNode]:
        """Its jobs that have not ended, by address, the head's first; and what lost heads have left."""
        try:
            cluster = await self.cluster()
        except NoCluster:
            return await self._leftovers()
        await cluster.run.__aexit__()
        assert isinstance(cluster.run, AsyncClusterRun)
        live = await self._live(cluster.run.cluster, str(cluster.run.job))
        if not any(row.head for row in live.values()):
            # Without its head it is over; there may be a new one of this name.
            self._found = None
        return live | await self._leftovers()

    async def _leftovers(self) -> dict[str, LeasedNode]:
        """Jobs of clusters that have lost their heads: they are paid until somebody ends them."""
        rows = dict[str, LeasedNode]()
        for item in self._left:
            assert item.cluster is not None
            rows |= await self._live(item.cluster, None)
        return rows

    async def _live(self, cluster: Pubkey, head: str | None) -> dict[str, LeasedNode]:
        keyed, now = await self.client().jobs.cluster_jobs(cluster), await self.client().time()
        rows = dict[str, LeasedNode]()
        for job in keyed:
            account, address = job.account, str(job.address)
            if account.reason or 0 < account.ends_at <= now:
                continue
            ran = now - account.started_at if account.started_at else None
            rows[address] = LeasedNode(str(account.node), ran, address == head)
        return rows

    async def add(self, tags: Tags, given: dict[str, str]) -> str:
        """Books one more node; returns its job.

        Raises:
            ConfigError: see `check_spending`.
        """
        await self.check_spending()
        cluster = await self.cluster()
        try:
            count, avoid = len(await cluster.jobs()) + 1, list(map(Pubkey.from_string, tags.shunned))
            growth = await cluster.growth(count, max_rate=self.max_rate, avoid=avoid)
            assert growth is not None
            (node,) = map(str, growth.nodes)
            tags.begin(node, given)
            try:
                (job,) = map(str, await cluster.grow(growth))
            except (TransactionUnknown, RpcError, TransportError):
                # It may be booked.
                raise
            except IonetError:
                tags.forget(node)
                raise
        finally:
            await cluster.run.__aexit__()
        tags.learn(job, node)
        return job

    async def end(self, job: str) -> None:
        """Ends a node's job, so that only its used time is paid; of the head, the whole cluster."""
        address = Pubkey.from_string(job)
        if self._found is not None and address == self._found.head:
            async with self._attached(self._found) as cluster:
                await cluster.down()
            return
        async with AsyncRun(self.client(), self.gateway, address, insecure=self.insecure) as run:
            await run.end()
        with contextlib.suppress(IonetError):
            # It is the session's, which would have less and less of it.
            await take_back(self.client(), [address])


def text_of(config: Mapping[str, Any], key: str) -> str:
    """A text of `provider`.

    Raises:
        ConfigError: it is missing.
    """
    text = config.get(key)
    if not isinstance(text, str) or not text:
        raise ConfigError(f"provider.{key} is missing: see `ionet.cloud.autoscaling`")
    return text


def tags_path(config: Mapping[str, Any]) -> Path:
    """Where the tags of a cluster's nodes are.

    Args:
        config: Ray's file, of which `provider` and `cluster_name` count.
    """
    session = Path(text_of(config["provider"], "session"))
    place = config["provider"].get("tags") or session.with_name(f"autoscaling-{config['cluster_name']}.json")
    return Path(place).expanduser()


def _session(config: Mapping[str, Any]) -> Login:
    path = Path(text_of(config, "session")).expanduser()
    login = read(path)
    if login is None:
        raise ConfigError(
            f"provider.session: there is no session in {path}; begin one: ionet login -k WALLET --limit"
            f" AMOUNT --export {path}"
        )
    return login


def _rate(config: Mapping[str, Any]) -> USD | None:
    if (rate := config.get("max_rate")) is None:
        return None
    try:
        return USD(str(rate))
    except AmountError as bad:
        raise ConfigError(f"provider.max_rate is dollars per processor and hour: {bad}") from None
