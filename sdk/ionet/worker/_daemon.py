"""`ionet worker run`: the agents of this machine's nodes, in one process that can be killed at any time.

What runs in boxes goes on meanwhile, and is found again: an update of the worker does not end a lease.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from solders.pubkey import Pubkey

from ionet import AsyncClient
from ionet.chain.errors import ConfigError, IonetError
from ionet.chain.files import state_folder
from ionet.chain.rpc.urls import public_url
from ionet.executor import BoxExecutor, LocalExecutor, NodeSpec, PodmanExecutor, RayExecutor, lease_name
from ionet.executor._base import MBIT
from ionet.executor._boxed import RAY_MEMORY, most_processes
from ionet.sandbox import Images, Internet, OwnImages, missing, podman_lacking
from ionet.service.notices import Notifier
from ionet.store import AsyncHttpStore
from ionet.store.manifest import FileStore
from ionet.wire import Peer, Role
from ionet.wire._link import gateway_urls
from ionet.worker._agent import Agent, AgentPolicy
from ionet.worker._capacities import Announcer
from ionet.worker._clusters import Networks
from ionet.worker._config import Engine, NodeConfig, WorkerConfig
from ionet.worker._files import StoreFiles
from ionet.worker._keys import DeviceKey
from ionet.worker._leases import ClientChain, NodeChain
from ionet.worker._measuring import Links
from ionet.worker._podman import podman_of
from ionet.worker._probe import REGISTER_ANEW, Device, misplaced, probe
from ionet.worker._record import LeaseRecord
from ionet.worker._status import WRITE_EVERY, Activity, NodeStatus, WorkerStatus
from ionet.worker._streams import Streams
from ionet.worker._watch import Watch, watch_for
from ionet.worker._worker import Worker

_log = logging.getLogger(__name__)
#: Seconds between looks whether a node has been registered, or a device has come back.
_AGAIN: Final = 15.0
#: And after the start, when the chain's time is not known yet.
_FIRST: Final = 1.0
_WORK: Final = "leases"


@dataclass(slots=True)
class _Node:
    """One configured node and what runs for it."""

    config: NodeConfig
    key: DeviceKey
    agent: Agent | None = None
    peer: Peer | None = None
    problem: str | None = "not registered yet; see: ionet worker register"

    def status(self) -> NodeStatus:
        agent = self.agent
        if agent is None:
            why = (self.problem,) if self.problem else ()
            return NodeStatus(self.config.address, self.config.uuid, Activity.FAULTY, problems=why)
        facts = agent.facts
        problems = (*facts.problems.values(), *(self.peer.problems if self.peer else ()))
        return NodeStatus(
            self.config.address,
            self.config.uuid,
            Activity.LEASED if facts.job else Activity.IDLE,
            since=facts.since,
            job=Pubkey(facts.job) if facts.job else None,
            samples=facts.samples,
            good_samples=facts.good_samples,
            last_sample_at=facts.last_sample_at,
            last_challenge_at=facts.last_challenge_at,
            last_challenge_ms=facts.last_challenge_ms,
            log_bytes=facts.log_bytes,
            problems=problems,
        )


class Daemon:
    """The worker's process.

    Args:
        config: its settings.
        unsafe_plain: run jobs as plain processes of this user, for development.
        policy: of the agents.
        insecure: also reach gateways on other machines without TLS.
        context: for TLS to gateways.

    Raises:
        ConfigError: this machine cannot run jobs, or another worker uses the state directory.
    """

    def __init__(
        self,
        config: WorkerConfig,
        *,
        unsafe_plain: bool = False,
        policy: AgentPolicy | None = None,
        insecure: bool = False,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._config = config
        self._policy = policy
        self._notifier = Notifier(config.notify, now=self._time)
        self._context = context
        self._gateways = [gateway_urls(url, insecure=insecure) for url in config.gateways]
        state_folder(config.state)
        self._lock = _take(config.state / "worker.lock")
        self._nodes = [_Node(node, DeviceKey.load(node.key)) for node in config.served]
        self._store = FileStore(config.state / "store")
        self._executor = self._make_executor(unsafe_plain)
        self._clients = [AsyncClient.connect(url) for url in config.rpc]
        self._chain = ClientChain(*self._clients)
        self._started = int(time.time())
        self._since: int | None = None

    # -- its life

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until ``stop`` is set. What runs in boxes goes on."""
        async with self._notifier:
            await self._run(stop)

    async def _run(self, stop: asyncio.Event) -> None:
        tasks = [asyncio.create_task(self._write_status())]
        tasks += [asyncio.create_task(self._keep(node)) for node in self._nodes]
        sweeping = asyncio.create_task(self._sweep())
        try:
            await stop.wait()
        finally:
            for task in (*tasks, sweeping):
                task.cancel()
            await asyncio.gather(*tasks, sweeping, return_exceptions=True)
            if not self._executor.outlives:
                await self._executor.shutdown()
            for client in self._clients:
                await client.aclose()
            self._lock.close()

    def _time(self) -> int:
        """The chain's time, as an agent knows it; else this machine's."""
        times = [node.agent.now() for node in self._nodes if node.agent is not None]
        return max(times, default=0) or int(time.time())

    async def _keep(self, node: _Node) -> None:
        """Serves one node, and begins again when that fails: its troubles are no other's."""
        while True:
            try:
                await self._serve(node)
            except (IonetError, OSError) as bad:
                self._note(node, str(bad))
            except Exception as bad:
                self._note(node, f"{type(bad).__name__}: {bad}")
                _log.error("node %s", node.config.address, exc_info=bad)
            node.agent = node.peer = None
            await asyncio.sleep(_AGAIN)

    def _note(self, node: _Node, problem: str) -> None:
        if node.problem != problem:
            node.problem = problem
            _log.warning("node %s: %s", node.config.address, problem)
            self._notifier.tell("problem", str(node.config.address), problem)

    async def _serve(self, node: _Node) -> None:
        address = bytes(node.config.address)
        if not await self._chain.registered(address, bytes(node.key.pubkey)):
            raise ConfigError("not registered yet; see: ionet worker register")
        # A driver may need its time.
        pool = await self._chain.pool(address)
        device, watch, gpus = await asyncio.to_thread(_device, pool, *self._config.processors(node.config))
        state = self._state_of(node)
        worker = Worker(address, node.key, state, device=device, watch=watch, gpus=gpus)
        stores = [AsyncHttpStore(http, node.key.keypair) for _, http in self._gateways]
        files = StoreFiles(*stores)
        networks = links = streams = None
        urls = [http for _, http in self._gateways]
        if isinstance(self._executor, BoxExecutor):
            networks = Networks(self._chain, node.key.keypair, urls)
            links = Links(node.key.keypair, address, urls, self._time)
            streams = Streams(node.key.keypair, dict(self._gateways))
        agent = Agent(
            worker,
            self._executor,
            self._chain,
            files,
            self._store,
            state,
            self._policy,
            networks,
            links,
            streams,
        )
        agent.on_event = lambda event, text: self._notifier.tell(event, str(node.config.address), text)
        peer = Peer(
            node.key.keypair,
            Role.AGENT,
            [[socket for socket, _ in self._gateways]],
            node=address,
            handler=agent.handle,
            now=agent.now,
            context=self._context,
        )
        announcer = self._announcer(node, agent)
        agent.connected = lambda: peer.connected
        agent.on_unheard = peer.leave
        peer.on_stream = agent.stream
        try:
            async with peer:
                node.agent, node.peer, node.problem = agent, peer, None
                telling = asyncio.create_task(_tell(announcer))
                try:
                    await agent.run()
                finally:
                    telling.cancel()
                    await asyncio.gather(telling, return_exceptions=True)
        finally:
            worker.end()
            await files.aclose()

    def _announcer(self, node: _Node, agent: Agent) -> Announcer:
        """What tells renters what the node gives."""
        config, boxed = self._config, isinstance(self._executor, BoxExecutor)
        return Announcer(
            node.key.keypair,
            node_spec(config, node.config),
            [http for _, http in self._gateways],
            agent.now,
            self._chain.now,
            self._images,
            config.limits.images // len(config.served) if boxed else 0,
        )

    # -- what jobs run in

    def _images(self) -> dict[str, str]:
        """How a manifest names each image that is here, by name. It may have to ask podman."""
        if isinstance(self._executor, PodmanExecutor):
            named = {image.reference: image.name for image in Images(self._config.images).catalogue()}
            images = self._executor.images()
            return {named.get(reference, name): reference for name, reference in images.items()}
        if not isinstance(self._executor, BoxExecutor):
            return {}
        return {image.name: image.reference for image in Images(self._config.images).catalogue()}

    def _make_executor(self, unsafe_plain: bool) -> BoxExecutor | PodmanExecutor | RayExecutor:
        config = self._config
        work = config.state / _WORK
        specs = [node_spec(config, node) for node in config.served]
        if unsafe_plain:
            _log.warning(
                "jobs run as plain processes of this user, who can be robbed by them: --unsafe-plain"
            )
            return RayExecutor(specs, self._store, work)
        if config.engine is Engine.PODMAN:
            return self._under_podman(specs, work)
        if (why := missing(internet=config.limits.internet)) is not None:
            raise ConfigError(f"jobs cannot be boxed here: {why}")
        images, image = Images(config.images), config.images / "latest/rootfs"
        if not image.is_dir():
            raise ConfigError(f"there is no image in {config.images}; scripts/image builds one")
        return BoxExecutor(
            specs,
            self._store,
            work,
            image=image.resolve(),
            boxes=config.boxes,
            internet=Internet(config.limits.resolvers, config.limits.closed),
            images=images,
            own=OwnImages(config.boxes, config.limits.images, images, len(specs))
            if config.limits.images_gib
            else None,
        )

    def _under_podman(self, specs: Sequence[NodeSpec], work: Path) -> PodmanExecutor:
        config = self._config
        podman = podman_of(config.state)
        if (why := podman_lacking(podman)) is not None:
            raise ConfigError(f"jobs cannot be boxed here: {why}")
        if podman.image() is None:
            raise ConfigError("podman has no image that jobs run in; bring it by: ionet worker image")
        return PodmanExecutor(specs, self._store, work, podman=podman)

    async def _sweep(self) -> None:
        """Removes what leases have left that ended while no worker ran, once the chain tells which go on."""
        nodes = {bytes(node.config.address): self._state_of(node) for node in self._nodes}
        while True:
            try:
                await sweep(self._executor, self._chain, nodes, self._held)
                return
            except IonetError:
                pass  # the chain cannot be read yet
            except Exception as bad:
                _log.error("what leases have left is not removed yet", exc_info=bad)
            await asyncio.sleep(_AGAIN)

    def _held(self) -> list[str]:
        """Names of leases that have been taken up meanwhile."""
        jobs = [node.agent.facts.job for node in self._nodes if node.agent is not None]
        return [lease_name([job]) for job in jobs if job is not None]

    def _state_of(self, node: _Node) -> Path:
        return self._config.state / "nodes" / str(node.config.address)

    # -- what it says of itself

    async def _write_status(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self.status().save, self._config.state)
            except OSError as bad:
                _log.warning("the status cannot be written: %s", bad)
            except Exception as bad:
                _log.error("the status cannot be told", exc_info=bad)
            await asyncio.sleep(WRITE_EVERY / 2)

    def status(self) -> WorkerStatus:
        """Returns what this process is doing."""
        links = [link for node in self._nodes if node.peer for link in node.peer.links if link.connected]
        if not links:
            self._since = None
        elif self._since is None:
            self._since = int(time.time())
        status = WorkerStatus.of_this_process(
            started_at=self._started,
            gateway=public_url(links[0].url) if links and links[0].url else None,
            connected_since=self._since,
            nodes=tuple(node.status() for node in self._nodes),
        )
        problem = self._notifier.problem
        told = (f"the owner cannot be told what happens: {problem}",) if problem else ()
        return replace(status, problems=told)


def node_spec(config: WorkerConfig, node: NodeConfig) -> NodeSpec:
    """Returns a node's part of what leases may use together, less what a box's own processes use.

    Args:
        config: the worker's settings.
        node: the node's first device; each processor of the machine brings its node an even part.
    """
    limits, count = config.limits, len(config.nodes)
    uuids = [item.uuid for item in config.processors(node)]
    part = limits.memory * len(uuids) // count
    memory = max(part - RAY_MEMORY, part // 2)
    disk = limits.disk // len(config.served)
    if config.engine is Engine.PODMAN:
        disk = min(disk, memory)  # it is memory
    gpus = tuple(uuid for uuid in uuids if uuid.startswith("GPU-"))
    return NodeSpec(
        bytes(node.address),
        cpus=max(1, limits.cpus * len(uuids) // count),
        gpus=len(gpus),
        memory=memory,
        devices=gpus,
        internet=limits.internet,
        internet_rate=limits.internet_mbps * MBIT * len(uuids) // count,
        disk=disk,
        processes=most_processes(memory),
    )


async def _tell(announcer: Announcer) -> None:
    """Keeps a node's statement of what it gives at its gateways."""
    pause = _FIRST
    while True:
        try:
            await announcer.look()
        except Exception as bad:
            _log.error("what the node gives cannot be told", exc_info=bad)
        await asyncio.sleep(pause)
        pause = _AGAIN


async def sweep(
    executor: LocalExecutor, chain: NodeChain, nodes: Mapping[bytes, Path], held: Callable[[], Iterable[str]]
) -> None:
    """Removes what is left of leases that no node has any more, and whose outcome is recorded.

    Args:
        executor: what the leases ran in.
        chain: tells which leases the nodes have.
        nodes: the nodes' addresses, and where their records are.
        held: names of leases that have been taken up meanwhile.

    Raises:
        IonetError: the chain cannot be read; nothing is removed.
    """
    leases = [leased.job for node in nodes if (leased := await chain.leased(node)) is not None]
    for folder in nodes.values():
        leases += await asyncio.to_thread(LeaseRecord.unfinished, folder)
    await executor.sweep({*(lease_name([job]) for job in leases), *held()})


def _device(pool: str, *configs: NodeConfig) -> tuple[Device, Watch, tuple[int, ...]]:
    """Returns a node's first device as it is now, what watches all of them, and the numbers of its GPUs.

    Args:
        pool: of the node's class.
        configs: the node's devices, the first one first.

    Raises:
        ConfigError: one is not there, or of another pool, or nobody can see who uses it.
    """
    machine = probe()
    here = {device.uuid: device for device in machine.devices}
    for config in configs:
        if config.uuid not in here:
            why = "; ".join(fault.reason for fault in machine.faults)
            raise ConfigError(f"the device {config.uuid} is not there{': ' + why if why else ''}")
    devices = [here[config.uuid] for config in configs]
    for device in devices:
        if (wrong := misplaced(device.uuid, pool)) is not None:
            raise ConfigError(f"{device.name} is not served: {wrong}; {REGISTER_ANEW}")
    gpus = tuple(device.index for device in devices if device.uuid.startswith("GPU-"))
    return devices[0], watch_for(*devices), gpus


def _take(path: Path) -> IO[bytes]:
    """Raises `ConfigError`: another worker has this state directory."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ConfigError(f"another worker runs with the state in {path.parent}") from None
    return file
