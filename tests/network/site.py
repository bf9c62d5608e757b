"""A gateway, agents and orchestrators on the real programs, each reaching the others only over sockets."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.network.faulty import Faulty
from tests.orchestrator.killed import Bomb, Ticking, Wired, buried
from tests.orchestrator.support import STEP, policy
from tests.orchestrator.test_program_chain import _CHAIN, Site
from tests.programs.people import Supplier
from tests.programs.support import HOUR

from ionet import SOL, AsyncClient
from ionet.executor import Executor, InlineExecutor, NodeSpec
from ionet.gateway._bounds import Bounds
from ionet.gateway._config import GatewayConfig
from ionet.gateway._service import Gateway as Service
from ionet.orchestrator import Orchestrator, ProgramChain
from ionet.orchestrator._files import GatewayFiles
from ionet.orchestrator._promises import Promises
from ionet.orchestrator._remote import RemoteAgents, RemoteExecutor
from ionet.prover import numpy_backend
from ionet.store import AsyncHttpStore
from ionet.store.manifest import FileStore
from ionet.wire import Peer, Role
from ionet.wire._link import PATH
from ionet.worker import Device, DeviceKey, Worker
from ionet.worker._agent import Agent, AgentPolicy
from ionet.worker._clusters import Networks
from ionet.worker._daemon import sweep
from ionet.worker._files import StoreFiles
from ionet.worker._leases import ClientChain


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Plenty:
    """Lets every key keep a megabyte."""

    async def allowed(self, key: Pubkey) -> int:
        return 1 << 20


class Gateway:
    """A gateway in this process, on a port that stays the same when it is started again."""

    def __init__(
        self, client: AsyncClient, store: FileStore, folder: Path, bounds: Bounds | None = None
    ) -> None:
        self.port = free_port()
        #: What greetings call it; where something stands in front of it, that.
        self.name: str | None = None
        self._made = (client, store, folder, bounds)
        self._stop = asyncio.Event()

    async def start(self) -> None:
        client, store, folder, bounds = self._made
        self._stop = asyncio.Event()
        config = GatewayConfig(
            state=folder,
            host="127.0.0.1",
            port=self.port,
            store=str(store.root),
            bounds=bounds or Bounds(),
            public=self.name,
        )
        service = Service(config, clients=(client,), quota=Plenty())
        ready = asyncio.Event()
        self._task = asyncio.create_task(service.run(self._stop, lambda url: ready.set()))
        self._task.add_done_callback(lambda task: ready.set())
        await ready.wait()
        if self._task.done():
            self._task.result()
        assert service.hub is not None
        self.service, self.hub = service, service.hub

    async def stop(self) -> None:
        self._stop.set()
        await self._task

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}{PATH}"


async def _gone(bomb: Bomb, peer: Peer) -> None:
    """Closes a process's connections when it is killed, as the system does: nobody waits for its answers."""
    while not bomb.gone:  # noqa: ASYNC110 (it may go off in a thread)
        await asyncio.sleep(0.01)
    await peer.__aexit__()


@asynccontextmanager
async def orchestrating(
    client: AsyncClient,
    key: Keypair,
    gateways: Sequence[tuple[str, str]],
    place: Path,
    fuse: Ticking,
    now: Callable[[], int],
    *,
    attest_every: int = HOUR,
    takeover: int = 0,
    chain: Callable[[ProgramChain], Any] = lambda chain: chain,
) -> AsyncIterator[Orchestrator]:
    """An orchestrator whose effects go through a fuse, connected to its gateways.

    Args:
        client: signs with its key.
        key: the seat's.
        gateways: their URLs, for connections and for files.
        place: its directory.
        fuse: may end it.
        now: the chain's time.
        attest_every: seconds between attestations.
        takeover: seconds after which it does what another seat has not done.
        chain: makes another chain of its chain, such as a liar's.
    """
    real = ProgramChain(client)
    store, files = FileStore(place / "store"), [http for _, http in gateways]
    uploads = GatewayFiles(files, key, store)
    uploading = asyncio.create_task(uploads.run())
    async with Peer(key, Role.SEAT, [[url] for url, _ in gateways]) as peer:
        executor = RemoteExecutor(
            peer,
            real.device_of,
            place / "work",
            turn=lambda lease: real.place(lease.name.encode()) * takeover,
            now=now,
        )
        orchestrator = Orchestrator(
            Wired(chain(real), fuse, *_CHAIN),
            Wired(executor, fuse, "open", "run", "release"),
            Wired(RemoteAgents(peer, real.device_of), fuse, "begin", "sample", "end"),
            Wired(store, fuse, "put", "link"),  # type: ignore[arg-type]
            place / "journal.sqlite3",
            policy(interval=0.5, attest_every=attest_every, takeover=takeover),
            fetch=uploads.fetch_manifest,
            publish=uploads.publish,
            promised=Promises(files, real.device_of).covers,
        )
        await peer.wait_connected(60)
        try:
            yield orchestrator
        finally:
            await (buried(orchestrator) if isinstance(fuse, Bomb) and fuse.gone else orchestrator.aclose())
            uploading.cancel()
            with suppress(asyncio.CancelledError):
                await uploading
            await uploads.aclose()


class NetworkSite(Site):
    """`Site` whose orchestrators reach its machines over a gateway."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.reader = AsyncClient.local(network=self.market.world.client.network, funds=SOL(0))
        self.gateway = Gateway(self.reader, self.store, root / "gateway")
        #: Where machines and seats find each other; each has the attributes `url` and `http`.
        self.gateways: list[Gateway | Faulty] = [self.gateway]
        #: Seconds for which a machine tries to store what a run has left.
        self.upload_seconds = 5.0
        #: Of machines that are on.
        self.agents: list[Agent] = []
        self.peers: list[Peer] = []

    def executor(self, machine: Supplier, store: FileStore, work: Path) -> Executor:
        """What runs programs on a machine."""
        return InlineExecutor([NodeSpec(bytes(machine.node), cpus=1)], store, work)

    def networks(self, machine: Supplier) -> Networks | None:
        """What a machine needs for leases over several of them; None: it takes none."""
        return None

    def agent(self, machine: Supplier, bomb: Bomb | None = None) -> Agent:
        fuse = bomb or Bomb(None)
        state = self.root / machine.name
        device = Device(0, machine.name, "test processor", "cpu", 1 << 30, None)
        worker = Worker(
            bytes(machine.node),
            DeviceKey(machine.device_key),
            state,
            device=device,
            watch=self.watch,
            kernel=numpy_backend(),
        )
        own = FileStore(state / "store")
        executor = self.executor(machine, own, state / "work")
        settings = AgentPolicy(
            look_every=0.2, upload_seconds=self.upload_seconds, unheard_after=2.0, max_gap=STEP
        )
        stores = [AsyncHttpStore(one.http, machine.device_key, retries=1) for one in self.gateways]
        files = StoreFiles(*stores)
        return Agent(
            Wired(worker, fuse, "begin", "sample", "end"),  # type: ignore[arg-type]
            Wired(executor, fuse, "open", "run", "stop", "release"),
            Wired(ClientChain(self.reader), fuse, "leased", "job"),
            Wired(files, fuse, "fetch", "keep"),
            own,
            state,
            settings,
            networks=self.networks(machine),
        )

    @asynccontextmanager
    async def machine(self, machine: Supplier, bomb: Bomb | None = None) -> AsyncIterator[Agent]:
        """A machine that is on for as long as the context lasts, or until a bomb kills its worker."""
        agent = self.agent(machine, bomb)
        self.agents.append(agent)
        await sweep(
            agent._executor._real,  # type: ignore[attr-defined]
            ClientChain(self.reader),
            {bytes(machine.node): agent._state},
            list,
        )
        peer = Peer(
            machine.device_key,
            Role.AGENT,
            [[one.url for one in self.gateways]],
            node=bytes(machine.node),
            handler=agent.handle,
            now=agent.now,
        )
        agent.on_unheard = peer.leave
        peer.on_stream = agent.stream
        self.peers.append(peer)
        async with peer:
            task = asyncio.create_task(agent.run())
            dying = asyncio.create_task(_gone(bomb or Bomb(None), peer))
            await peer.wait_connected(60)
            try:
                yield agent
            finally:
                self.agents.remove(agent)
                self.peers.remove(peer)
                task.cancel()
                dying.cancel()
                await asyncio.gather(task, dying, return_exceptions=True)
                # A dead process holds no lock, and runs nothing.
                await agent._executor._real.shutdown()  # type: ignore[attr-defined]
                agent.worker._real.end()  # type: ignore[attr-defined]

    @asynccontextmanager
    async def seat(
        self,
        number: int = 0,
        attest_every: int = HOUR,
        bomb: Bomb | None = None,
        *,
        key: Keypair | None = None,
        takeover: int = 0,
        root: str | None = None,
        chain: Callable[[ProgramChain], Any] = lambda chain: chain,
    ) -> AsyncIterator[Orchestrator]:
        """An orchestrator in a seat, with a directory of its own, that a bomb may kill.

        Args:
            number: of the seat.
            attest_every: seconds between attestations.
            bomb: default: none.
            key: default: the attester's of this number.
            takeover: seconds after which it does what another seat has not done.
            root: its directory's name; default: the seat's own.
            chain: makes another chain of its chain, such as a liar's.
        """
        key = key or self.market.attesters[number]
        client = AsyncClient.local(network=self.market.world.client.network, signer=key, funds=SOL(1))
        async with orchestrating(
            client,
            key,
            [(one.url, one.http) for one in self.gateways],
            self.root / (root or f"seat-{number}"),
            bomb or Bomb(None),
            lambda: self.now,
            attest_every=attest_every,
            takeover=takeover,
            chain=chain,
        ) as orchestrator:
            yield orchestrator

    async def until_closed(
        self,
        seats: Sequence[Any],
        job: Pubkey,
        step: int = 300,
        gone: Callable[[], bool] = lambda: False,
        *,
        ran: bool = False,
    ) -> None:
        """Lets time pass until the job is closed, or something is gone.

        Args:
            seats: who looks.
            job: the job.
            step: seconds that pass at a time.
            gone: ends this before.
            ran: whether its program has ended.
        """
        from tests.programs.market import IO_MINT

        await self.noticed(gone)
        for _ in range(80):
            self.market.set_price(IO_MINT)
            for seat in seats:
                for _ in range(20):
                    done = await seat.reconcile()
                    await asyncio.sleep(0.02)
                    if not done.steps or gone():
                        break
            if gone():
                return
            if self.market.world.client.account(job) is None:
                return
            self.market.world.advance(step)
            # For runs, which nobody waits for.
            await asyncio.sleep(0.02 if ran else 0.3)
            await self.noticed(gone)
        lines = [f"{entry.step} {entry.detail}" for seat in seats for entry in seat.journal.entries()]
        raise AssertionError("\n".join(lines))

    async def until_run(
        self, seats: Sequence[Any], job: Pubkey, gone: Callable[[], bool] = lambda: False
    ) -> None:
        """Waits, while no time passes, until the job has started and each seat has its result."""
        for _ in range(400):
            for seat in seats:
                await seat.reconcile()
            account = self.market.world.client.account(job)
            if gone() or account is None:
                return
            if self.market.job(job).started_at and all(seat.result(bytes(job)) for seat in seats):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the job does not run")

    async def noticed(self, gone: Callable[[], bool] = lambda: False) -> None:
        """Waits until all machines that are on have done what is due at this time, or something is gone."""
        async with asyncio.timeout(60):
            while not gone() and not all(self._is_done(agent) for agent in self.agents):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def _is_done(self, agent: Agent) -> bool:
        """Whether it knows what time it is, and neither looks nor samples."""
        busy = agent._looking.locked() or agent._sampling.locked()
        return agent.now() >= self.now and not busy

    async def spend(self, seconds: int, step: int = 60) -> None:
        """Lets time pass while the machines sample by themselves."""
        for _ in range(seconds // step):
            self.market.world.advance(step)
            await asyncio.sleep(0.25)

    def forget(self, machine: Supplier) -> None:
        shutil.rmtree(self.root / machine.name)
