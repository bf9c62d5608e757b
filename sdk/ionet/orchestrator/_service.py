"""`ionet orchestrator run` and `ionet report run`: a seat's process, from its settings to a graceful end."""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import time
import warnings
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import SOL, AsyncClient, accounts, constants, pda
from ionet.chain.errors import AccountNotFound, ConfigError, DecodeError, IonetError
from ionet.chain.files import state_folder
from ionet.chain.records import decoded
from ionet.chain.rpc.sockets import AsyncNudge
from ionet.chain.rpc.urls import public_url
from ionet.chain.signers import cluster_url, load_keypair
from ionet.formats.when import DAY, HOUR
from ionet.ledger.errors import LedgerError
from ionet.orchestrator._chain import Phase
from ionet.orchestrator._challenge import Challenger
from ionet.orchestrator._config import OrchestratorConfig
from ionet.orchestrator._facts import HourLedger
from ionet.orchestrator._files import GatewayFiles
from ionet.orchestrator._heartbeats import Heartbeats
from ionet.orchestrator._hours import HourReports
from ionet.orchestrator._idle import IdleChallenges, idle_of
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._lowering import Lowerings
from ionet.orchestrator._memory import MemoryHours
from ionet.orchestrator._number import NumberChallenges
from ionet.orchestrator._pairs import Pairs
from ionet.orchestrator._products import ProductHours
from ionet.orchestrator._program import ProgramChain
from ionet.orchestrator._promises import Promises
from ionet.orchestrator._reconciler import Counts, Orchestrator
from ionet.orchestrator._references import ClassReferences
from ionet.orchestrator._registrar import Registrar
from ionet.orchestrator._remote import RemoteAgents, RemoteExecutor, RemoteMemory, RemoteProducts
from ionet.orchestrator._rpc import Nodes
from ionet.orchestrator._status import WRITE_EVERY, GatewayStatus, OrchestratorStatus
from ionet.orchestrator._uptime import Uptimes
from ionet.service.metrics import metrics_at
from ionet.service.notices import Notifier
from ionet.store.manifest import FileStore
from ionet.wire import Answer, Peer, Refused, Request, Role
from ionet.wire._link import gateway_urls
from ionet.worker._leases import Clock

_log = logging.getLogger(__name__)
#: Seconds within which another seat says what it has measured.
_ANSWER_WITHIN: Final = 10.0
#: Bytes of a seat's list of signed products: 200 for each processor, for a million of them.
_MOST_LIST: Final = 200_000_000
#: Seconds between looks at the seat, the payer's SOL and the clock.
_LOOK_EVERY: Final = 10.0
#: And while something is amiss.
_LOOK_AGAIN: Final = 3.0
_AMISS: Final = frozenset({"chain", "gateways"})
#: Seconds between looks at whom to ask whether it is there.
_HEARTBEATS_EVERY: Final = 1.0
#: Seconds between looks at what classes are judged by.
_REFERENCES_EVERY: Final = 600.0
#: Seconds until a part that failed is begun again.
_AGAIN_AFTER: Final = 10.0
#: Tries to fill the ledger for the first time; then a service that has no jobs gives up.
_TRIES: Final = 3
#: Seconds for what is under way when the process is asked to end.
_GRACE: Final = 20.0
#: Seconds by which the chain's clock may be away from this machine's before it is said.
_CLOCKS_APART: Final = 120
#: Seconds for which one subscription waits for an announcement.
_HINT_SECONDS: Final = 300.0
#: Seconds for which lines of the journal are kept, and verdicts.
_KEEP_LINES: Final = 30 * DAY
_KEEP_VERDICTS: Final = constants.proofs.KEPT_HEIGHTS * HOUR


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Holds a state directory for this process.

    Raises:
        ConfigError: another process holds it, or it cannot be made.
    """
    state_folder(state)
    try:
        handle = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as bad:
        raise ConfigError(f"the folder {state} cannot be used: {bad.strerror}") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"another orchestrator runs with the folder {state}; end it first") from None
        yield
    finally:
        os.close(handle)


class Service:
    """An attester's orchestrator.

    It waits for what is missing (the node, the seat, the gateway), and says so; only wrong settings end it,
    and a ledger that it cannot use: of another chain or version, or, without jobs, one that its node cannot
    fill.

    Args:
        config: its settings.
        jobs: whether it serves jobs. If not, it reports hours alone, whatever the settings say of reports.

    Raises:
        ConfigError: a keypair cannot be read.
    """

    def __init__(self, config: OrchestratorConfig, *, jobs: bool = True) -> None:
        self.config = config
        self._jobs = jobs
        self._key = _keypair(config.keypair)
        self._payer = self._key if config.payer is None else _keypair(config.payer)
        self._nodes = Nodes.of([cluster_url(url) for url in config.rpc])
        self._client = AsyncClient(self._nodes, signer=self._key)
        payer = None if config.payer is None else self._payer
        self._chain = ProgramChain(self._client, payer=payer)
        self._clock = Clock()
        self._notifier = Notifier(config.notify, now=lambda: self._clock.now() or 0)
        self._started_at = int(time.time())
        self._urls = [gateway_urls(url) for url in config.gateways]
        self._seat: int | None = None
        self._seats = 0
        self._lamports: int | None = None
        self._behind: int | None = None
        self._peer: Peer | None = None
        self._files: GatewayFiles | None = None
        self._orchestrator: Orchestrator | None = None
        self._reports: HourReports | None = None
        self._ledger: HourLedger | None = None
        if config.reports or not jobs:
            self._ledger = HourLedger(self._client, config.ledger or str(config.state / "ledger.sqlite3"))
        #: Why it ends, if not because it was told to.
        self._failure: IonetError | None = None
        self._idle: IdleChallenges | None = None
        self._number: NumberChallenges | None = None
        self._memory: MemoryHours | None = None
        self._products: ProductHours | None = None
        #: Nodes with a job that has not ended, where this process serves none; None before the first look.
        self._leased: frozenset[bytes] | None = None
        self._counts = Counts()
        #: What the operator should know, by what it is about.
        self.problems: dict[str, str] = {}
        self._latest = self.status()

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop` is set.

        Raises:
            ConfigError: the settings are wrong: another process has the folder, or it is another network.
            LedgerError: its ledger cannot be used.
        """
        with locked(self.config.state):
            async with self._notifier, AsyncExitStack() as stack:
                self._serve_metrics(stack)
                await self._run(stop)

    async def _run(self, stop: asyncio.Event) -> None:
        _log.info("the seat's key is %s, the payer %s", self._key.pubkey(), self._payer.pubkey())
        writer = asyncio.create_task(self._write(stop))
        try:
            if await self._find_network(stop):
                beside = [asyncio.create_task(self._again("watch", self._watch, stop))]
                if self._ledger is not None:
                    await self._open(self._ledger)
                    beside.append(asyncio.create_task(self._fill(self._ledger, stop)))
                try:
                    while await self._wait_for_seat(stop):
                        await self._serve(stop)
                finally:
                    await _ended(*beside)
        finally:
            await _ended(writer)
            await self._save()
            if self._ledger is not None:
                self._ledger.close()
            await self._client.aclose()
        if self._failure is not None:
            raise self._failure
        _log.info("ended; what runs goes on at its nodes")

    # -- before it can serve

    async def _find_network(self, stop: asyncio.Event) -> bool:
        """Waits until the node answers; returns False when the process is to end.

        Raises:
            ConfigError: it is another network than the settings name.
        """
        while not stop.is_set():
            try:
                genesis = str(await self._client.request("getGenesisHash"))
                await self._look()
            except IonetError as bad:
                self._problem("chain", f"the chain cannot be read: {bad}")
                await _pause(stop, _AGAIN_AFTER)
                continue
            self._clear("chain")
            if self.config.genesis not in (None, genesis):
                raise ConfigError(
                    f"the node {public_url(self.config.rpc[0])} is of the network {genesis}, and"
                    f" {self.config.path} is for {self.config.genesis}; correct rpc or genesis there"
                )
            return True
        return False

    async def _open(self, ledger: HourLedger) -> None:
        """Opens the ledger before anything is served by it; a node that does not answer is waited for.

        Raises:
            LedgerError: it cannot be used.
        """
        try:
            await ledger.open()
        except LedgerError:
            raise
        except IonetError as bad:
            self._problem("ledger", f"the ledger cannot be opened yet: {bad}")

    async def _fill(self, ledger: HourLedger, stop: asyncio.Event) -> None:
        """Brings the ledger up to date before an hour is due; where it cannot be, all ends but jobs."""
        failures = 0
        while not stop.is_set():
            try:
                await ledger.fill()
                self._clear("ledger")
                return
            except IonetError as bad:
                self._problem("ledger", f"the ledger cannot be filled: {bad}")
                failures += isinstance(bad, LedgerError)
                if failures == _TRIES and not self._jobs:
                    self._failure = bad
                    stop.set()
            except Exception as bad:
                self._problem("ledger", f"the ledger cannot be filled: {type(bad).__name__}: {bad}")
                _log.error("the ledger cannot be filled", exc_info=bad)
            await _pause(stop, _AGAIN_AFTER)

    async def _wait_for_seat(self, stop: asyncio.Event) -> bool:
        """Waits until the key holds a seat; returns False when the process is to end."""
        while not stop.is_set():
            if self._seat is not None:
                return True
            with suppress(IonetError):
                await self._look()
            if self._seat is None:
                await _pause(stop, min(_LOOK_EVERY, 5.0))
        return False

    # -- serving

    async def _serve(self, stop: asyncio.Event) -> None:
        """Serves until the process is to end, or the seat is lost."""
        state, references = self.config.state, ClassReferences(self.config.known_speeds())
        policy = self.config.made_policy(references)
        with suppress(IonetError):
            await self._read(references)
        store = FileStore(state / "store")
        async with AsyncExitStack() as stack:
            files = self._files = GatewayFiles([http for _, http in self._urls], self._key, store)
            stack.push_async_callback(files.aclose)
            registrar = Registrar(self._client, self._key, self._chain, policy)
            peer = self._peer = registrar.peer = Peer(
                self._key,
                Role.SEAT,
                [[link] for link, _ in self._urls],
                handler=lambda request: self._handle(registrar, request),
                now=lambda: self._clock.now() or 0,
            )
            await stack.enter_async_context(peer)
            agents = RemoteAgents(peer, self._chain.device_of)
            promises = Promises([http for _, http in self._urls], self._chain.device_of)
            over = asyncio.Event()
            parts: dict[str, Callable[[], Awaitable[None]]] = {"uploads": files.run}
            if self._jobs:
                orchestrator = self._orchestrator = Orchestrator(
                    self._chain,
                    RemoteExecutor(
                        peer,
                        self._chain.device_of,
                        state / "work",
                        turn=lambda lease: self._chain.place(lease.name.encode()) * policy.takeover,
                        now=lambda: self._clock.now() or 0,
                    ),
                    agents,
                    store,
                    state / "journal.sqlite3",
                    policy,
                    fetch=files.fetch_manifest,
                    publish=files.publish,
                    counts=self._counts,
                    promised=promises.covers,
                )
                stack.push_async_callback(orchestrator.aclose)
                journal, challenger = orchestrator.journal, orchestrator.challenger
                links = Pairs(
                    peer,
                    [http for _, http in self._urls],
                    self._clock.now,
                    self._classes_of,
                    lambda: orchestrator.leased,
                    lambda about: self._chain.place(about) * policy.takeover,
                    journal,
                )
                parts["links"] = lambda: links.run(policy.interval)
                parts["hints"] = lambda: self._wake(orchestrator, policy.interval)
                serving = asyncio.create_task(self._again("jobs", lambda: orchestrator.run(over), over))
            else:
                journal = Journal(state / "journal.sqlite3")
                stack.callback(journal.close)
                challenger = Challenger(self._chain, agents, store, journal, policy, files.publish)
                parts["leases"] = lambda: self._look_at_leases(policy.interval)
                serving = asyncio.create_task(_set(over))
            journal.told = self._told

            def there() -> set[bytes]:
                return idle_of(peer.present(Role.AGENT))

            def leased() -> Collection[bytes] | None:
                return self._leased if self._orchestrator is None else self._orchestrator.leased

            seat = bytes(self._key.pubkey())
            idle = self._idle = IdleChallenges(self._chain, challenger, journal, policy, seat, there, leased)
            number = self._number = NumberChallenges(
                self._chain, agents, challenger, journal, policy, there, leased, idle.judged
            )
            parts["references"] = lambda: self._follow(references)
            if self._seat is not None:
                lowerings = Lowerings(self._client, self._seat, journal)
                challenger.slow = lowerings.judged
                parts["classes"] = lowerings.run
            parts["idle"] = lambda: idle.run(policy.interval)
            parts["number"] = lambda: number.run(policy.interval)
            if policy.hour_most:
                products = self._products = ProductHours(
                    self._chain,
                    RemoteProducts(peer, self._chain.device_of),
                    challenger,
                    journal,
                    policy,
                    seat,
                    lambda message: bytes(self._key.sign_message(message)),
                    state / "products",
                    there,
                    leased,
                    lambda key, hour: _list_of(peer, files, store, key, hour),
                    idle.judged,
                )
                parts["products"] = lambda: products.run(policy.interval)
            if policy.hour_memory_mib:
                memory = self._memory = MemoryHours(
                    self._chain,
                    RemoteMemory(peer, self._chain.device_of),
                    challenger,
                    journal,
                    policy,
                    there,
                    leased,
                    idle.judged,
                    state / "products",
                )
                parts["memory"] = lambda: memory.run(policy.interval)
            parts["pruning"] = lambda: self._prune(journal)
            if self._ledger is not None:
                beats = Heartbeats(
                    peer,
                    self._devices_of,
                    self._clock.now,
                    lambda: None if self._reports is None else self._reports.start,
                    state / "heartbeats.json",
                )
                reports = self._reports = HourReports(
                    self._client,
                    None if self.config.payer is None else self._payer,
                    store,
                    files.fetch,
                    files.publish,
                    lambda key, hour: _measured_by(peer, key, hour),
                    journal,
                    state / "reports",
                    self._evidence_at,
                    self._ledger,
                    policy.takeover,
                    collect=Uptimes(peer, beats, journal).collect,
                )
                parts["heartbeats"] = lambda: beats.run(_HEARTBEATS_EVERY)
                parts["reports"] = lambda: reports.run(policy.interval)
            tasks = [asyncio.create_task(self._again(name, part, stop)) for name, part in parts.items()]
            _log.info("serves as seat %s", self._seat)
            try:
                while not stop.is_set() and self._seat is not None and not serving.done():
                    await _pause(stop, 1.0)
            finally:
                over.set()
                # A transaction that is under way is waited for; whatever takes longer is done again.
                await asyncio.wait({serving}, timeout=_GRACE)
                await _ended(serving, *tasks)
        self._peer = self._files = self._orchestrator = self._reports = self._idle = self._products = None

    async def _handle(self, registrar: Registrar, request: Request) -> Answer:
        """Answers what others ask a seat: a signature for a device, what it has of an hour."""
        if request.method not in ("measured", "products"):
            return await registrar.handle(request)
        hour = request.arguments["hour"]
        if type(hour) is not int:
            raise Refused("bad-request", "an hour is a number")
        if request.method == "products":
            if self._products is None:
                raise Refused("no-products", "this seat collects no signed products")
            return Answer({"sha256": self._products.shown(hour).hex()})
        if self._reports is None:
            raise Refused("no-reports", "this seat makes no reports")
        return Answer({"sha256": (await self._reports.measured(hour)).hex()})

    async def _nodes_of(self, addresses: Sequence[bytes]) -> dict[bytes, accounts.staking.Node]:
        """Those addresses that are nodes': a gateway may announce any."""
        keys, nodes = [Pubkey(address) for address in addresses], dict[bytes, accounts.staking.Node]()
        for key, account in zip(keys, await self._client.accounts(keys), strict=True):
            if account is not None:
                with suppress(DecodeError):
                    nodes[bytes(key)] = decoded(accounts.staking.Node, key, account)
        return nodes

    async def _classes_of(self, nodes: Sequence[bytes]) -> dict[bytes, int]:
        """The classes of those addresses that are nodes'."""
        return {key: node.class_ for key, node in (await self._nodes_of(nodes)).items()}

    async def _devices_of(self, nodes: Sequence[bytes]) -> dict[bytes, bytes]:
        """The devices' keys of those addresses that are nodes'."""
        return {key: bytes(node.device_key) for key, node in (await self._nodes_of(nodes)).items()}

    def _evidence_at(self, digest: bytes) -> str:
        """Makes the address of a report's evidence: where a gateway has it, if that is short enough."""
        if self.config.place is not None:
            return self.config.place
        url = f"{self._urls[0][1]}/files/{digest.hex()}"
        return url if len(url.encode()) <= constants.proofs.MAX_URI else self._urls[0][1]

    async def _wake(self, orchestrator: Orchestrator, interval: float) -> None:
        """Has a pass made when the node announces a transaction of the jobs program: beside the others."""
        about = {"mentions": [str(accounts.jobs.Job.PROGRAM_ID)]}
        params = [about, {"commitment": self._client.commitment}]
        asked = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "logsSubscribe", "params": params})
        while True:
            hint = AsyncNudge(self._nodes, asked)
            hint.begin()
            try:
                await hint.pause(_HINT_SECONDS)
            finally:
                await hint.aclose()
            orchestrator.wake()
            # Many announcements are one pass.
            await asyncio.sleep(max(1.0, interval / 10))

    async def _look_at_leases(self, interval: float) -> None:
        """Sees again and again which nodes have a job: those are not challenged as idle ones."""
        while True:
            jobs = await self._chain.jobs()
            self._leased = frozenset(job.node for job in jobs if job.phase is not Phase.ENDED)
            await asyncio.sleep(interval)

    async def _prune(self, journal: Journal) -> None:
        """Forgets old lines of the journal, once an hour."""
        while True:
            if (now := self._clock.now()) is not None:
                journal.prune(time.time() - _KEEP_LINES, now - _KEEP_VERDICTS)
            await asyncio.sleep(HOUR)

    async def _again(self, name: str, part: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
        """Runs a part until the process is to end, and again when it failed."""
        while not stop.is_set():
            try:
                await part()
                self._clear(name)
                return
            except Exception as bad:
                self._problem(name, f"{type(bad).__name__}: {bad}")
                if not isinstance(bad, (IonetError, OSError)):
                    _log.error("%s failed", name, exc_info=bad)
            await _pause(stop, _AGAIN_AFTER)

    def _told(self, job: str, step: str, detail: str) -> None:
        _log.info("%s %s: %s", job[:16], step, detail, extra={"job": job, "step": step, "detail": detail})

    # -- watching

    async def _watch(self) -> None:
        while True:
            try:
                await self._look()
                self._clear("chain")
            except IonetError as bad:
                self._problem("chain", f"the chain cannot be read: {bad}")
            self._look_at_gateways()
            if self._reports is not None and self._reports.problem is not None:
                self._problem("reports", self._reports.problem)
            else:
                self._clear("reports")
            await asyncio.sleep(_LOOK_AGAIN if self.problems.keys() & _AMISS else _LOOK_EVERY)

    async def _look(self) -> None:
        """Reads time, seat and SOL."""
        now = await self._client.time()
        self._clock.read(now)
        self._behind = int(time.time()) - now
        if abs(self._behind) > _CLOCKS_APART:
            word = "behind" if self._behind > 0 else "ahead of"
            said = f"the chain's time is {abs(self._behind)} s {word} this machine's; the chain's counts"
            self._problem("clock", said)
        else:
            self._clear("clock")
        self._look_at_seat(await self._attesters())
        self._lamports = (await self._client.balance(self._payer.pubkey())).base
        if self._lamports < self.config.low_sol:
            self._problem(
                "sol",
                f"the payer {self._payer.pubkey()} holds {SOL.from_base(self._lamports)}; send it some, or"
                " its transactions will fail",
            )
        else:
            self._clear("sol")

    async def _attesters(self) -> list[Pubkey]:
        try:
            account = await self._client.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)
        except AccountNotFound:
            return []
        weights = zip(account.keys, account.weights, strict=False)
        return [key if weight else Pubkey.default() for key, weight in weights][: account.seats]

    def _look_at_seat(self, keys: list[Pubkey]) -> None:
        mine = self._key.pubkey()
        self._seats = sum(key != Pubkey.default() for key in keys)
        self._seat = keys.index(mine) if mine in keys else None
        if self._seat is None:
            said = (
                f"the key {mine} holds no seat in the attester set; it serves as soon as the authority of the"
                " program proofs seats it"
            )
            self._problem("seat", said)
        else:
            self._clear("seat")

    def _look_at_gateways(self) -> None:
        if self._peer is None:
            return
        if self._peer.connected:
            self._clear("gateways")
        else:
            self._problem("gateways", "; ".join(self._peer.problems))

    def _problem(self, about: str, text: str) -> None:
        if self.problems.get(about) != text:
            new = about not in self.problems
            self.problems[about] = text
            # Numbers in a text that stands already change all the time.
            _log.log(logging.WARNING if new else logging.INFO, "%s", text)
            if new:
                self._notifier.tell(about, str(self._key.pubkey()), text)

    def _clear(self, about: str) -> None:
        if self.problems.pop(about, None) is not None:
            _log.info("%s: all right again", about)

    # -- what it says of itself

    def _serve_metrics(self, stack: AsyncExitStack) -> None:
        """Serves metrics, where the settings say so and the port is free."""
        if self.config.metrics is None:
            return
        from ionet.orchestrator._metrics import registry

        made = registry(
            lambda: self._latest,
            self._counts,
            self._nodes,
            lambda: self._idle,
            lambda: self._number,
            lambda: self._memory,
            lambda: {} if self._reports is None else self._reports.steps,
        )
        try:
            stack.enter_context(metrics_at(self.config.metrics, made))
        except ConfigError as bad:
            self._problem("metrics", str(bad))

    async def _follow(self, references: ClassReferences) -> None:
        """Reads by what speeds classes are judged, again and again."""
        while True:
            await asyncio.sleep(_REFERENCES_EVERY)
            await self._read(references)

    async def _read(self, references: ClassReferences) -> None:
        if references.take([class_.account for class_ in await self._client.staking.classes()]):
            _log.info("classes are judged by other speeds from now on: a proposal has set them")

    async def _write(self, stop: asyncio.Event) -> None:
        """Writes the status until the process is to end; it is written once more then."""
        while not stop.is_set():
            await self._save()
            await _pause(stop, WRITE_EVERY)

    async def _save(self) -> None:
        # Made here, and only written and read by other threads.
        status = self._latest = self.status()
        try:
            await asyncio.to_thread(status.save, self.config.state)
        except OSError as bad:
            self.problems["status"] = f"the status cannot be written: {bad.strerror}"
        else:
            self.problems.pop("status", None)

    def status(self) -> OrchestratorStatus:
        """Returns what there is to say."""
        peer, orchestrator = self._peer, self._orchestrator
        links = () if peer is None else tuple(peer._links)
        gateways = tuple(
            GatewayStatus(public_url(url), connected=link.connected, problem=link.problem)
            for url, link in zip(self.config.gateways, links, strict=False)
        )
        return OrchestratorStatus.of_this_process(
            started_at=self._started_at,
            address=str(self._key.pubkey()),
            seat=self._seat,
            seats=self._seats,
            payer=str(self._payer.pubkey()),
            lamports=self._lamports,
            chain_time=self._clock.now(),
            behind=self._behind,
            gateways=gateways,
            agents=0 if peer is None else len(peer.present(Role.AGENT)),
            jobs={} if orchestrator is None else dict(orchestrator.phases),
            waits={} if orchestrator is None else dict(orchestrator.waits),
            passed_at=None if orchestrator is None else orchestrator.passed_at,
            pass_seconds=None if orchestrator is None else orchestrator.pass_seconds,
            uploads=0 if self._files is None else self._files.waiting,
            report=None if self._reports is None else self._reports.latest,
            problems=dict(self.problems),
        )


async def _measured_by(peer: Peer, key: bytes, hour: int) -> bytes:
    """The hash of what another seat has measured of an hour.

    Raises:
        IonetError: it does not say.
    """
    return await _digest_of(peer, key, "measured", hour)


async def _list_of(peer: Peer, files: GatewayFiles, store: FileStore, key: bytes, hour: int) -> bytes:
    """Another seat's list of an hour's signed products.

    Raises:
        IonetError: it does not show it.
    """
    digest = await _digest_of(peer, key, "products", hour)
    await files.fetch(digest, _MOST_LIST)
    return await asyncio.to_thread(store.path(digest).read_bytes)


async def _digest_of(peer: Peer, key: bytes, method: str, hour: int) -> bytes:
    answer = await peer.ask(key, method, {"hour": hour}, seconds=_ANSWER_WITHIN)
    try:
        digest = bytes.fromhex(str(answer.arguments["sha256"]))
    except (KeyError, ValueError):
        raise Refused("bad-answer", "expected the hash of a file") from None
    if len(digest) != 32:
        raise Refused("bad-answer", "expected the hash of a file")
    return digest


def _keypair(path: Path) -> Keypair:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        key = load_keypair(path)
    for warning in caught:
        _log.warning("%s", warning.message)
    return key


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Waits so long, or until the process is to end."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def _set(event: asyncio.Event) -> None:
    await event.wait()


async def _ended(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
