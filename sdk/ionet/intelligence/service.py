"""The service: its parts, put together from its settings, until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import AsyncClient, load_keypair
from ionet.chain.errors import ConfigError
from ionet.chain.files import replace_secret
from ionet.intelligence.accounts import Accounts
from ionet.intelligence.answering import Answering
from ionet.intelligence.app import House, application
from ionet.intelligence.auditing import Auditor, Bench
from ionet.intelligence.books import Books
from ionet.intelligence.config import At, IntelligenceConfig, Served
from ionet.intelligence.desk import Desk, Shelf
from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.fleet import Elastic, Fleet
from ionet.intelligence.forgetting import forget
from ionet.intelligence.gate import Gate, QuotaRule, Stake
from ionet.intelligence.leases import Market
from ionet.intelligence.logs import take_log
from ionet.intelligence.metrics import Counters, registry
from ionet.intelligence.models import Models
from ionet.intelligence.onchain import Oracle, Tills, keep_looking
from ionet.intelligence.opened import Embedding, Open
from ionet.intelligence.processes import Process, until_ready
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.recording import Recorder
from ionet.intelligence.replicas import Replica, Replicas
from ionet.intelligence.scaling import GIB
from ionet.intelligence.settling import Settling
from ionet.intelligence.stakes import stake_of
from ionet.service.bounds import Bounds
from ionet.service.http import listen, server_of, url_of
from ionet.service.metrics import metrics_at
from ionet.service.signin import SignInConfig, SignIns

_log = logging.getLogger(__name__)
#: Seconds from one look at the surplus to the next; one is sent an hour.
_SETTLES: Final = 60.0
#: … at the log of the books.
_TIDIES: Final = 5.0
#: Engines of this machine.
_OWN: Final = ("llama", "minilm")
_STATEMENT: Final = "Sign in to see your quota and your API keys. It moves no tokens and costs nothing."
#: Seconds in which an engine has to load its model.
_LOADS: Final = 120.0
#: Seconds that a start waits for the price of IO at most.
_FIRST: Final = 5.0
#: Seconds from one look for hours that are over to the next.
_SEALS: Final = 20.0
#: … for what is older than it is kept.
_FORGETS: Final = 3_600.0
#: Many clients of one service come from one address; requests wait for their turn, connections open.
_BOUNDS: Final = Bounds(connections=2_048, each=1_024)


class Intelligence:
    """One service.

    Args:
        config: its settings.
        connect: makes a client of the chain that reads what is final; None: there is no chain, and with it
            neither quota nor payments.
        rent: makes a client of the chain for leases; its reads are confirmed.
    """

    def __init__(
        self,
        config: IntelligenceConfig,
        connect: Callable[[], AsyncClient] | None = None,
        rent: Callable[[], AsyncClient] | None = None,
    ) -> None:
        self.config = config
        self._connect = connect
        self._rent = rent
        self.url = ""

    async def run(self, stop: asyncio.Event, ready: Callable[[str], None] = lambda url: None) -> None:
        """Serves until `stop` is set.

        Args:
            stop: ends it.
            ready: told the URL once it takes requests, and all engines of this machine answer.

        Raises:
            ConfigError: a port is taken, an engine does not load its model, or another service has the books.
        """
        async with AsyncExitStack() as stack:
            listening = listen(self.config.host, self.config.port, "listen")
            stack.callback(listening.close)
            self.url = url_of(listening)
            app = await self._open(stack)
            server = server_of(app, _BOUNDS, alone=True, idle=75)
            serving = asyncio.create_task(server.serve([listening]))
            stopping = asyncio.create_task(stop.wait())
            ready(self.url)
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            stopping.cancel()
            await serving
        _log.info("ended")

    async def _open(self, stack: AsyncExitStack) -> Any:
        config = self.config
        _private(config.state)
        stack.enter_context(_alone(config.state))
        books = Books(config.state / "books.db", config.environment)
        desk = Desk(books)
        stack.callback(desk.close)
        self._tidy(stack, books, config.state / "books.db")
        if count := await desk.do(lambda books: books.recover(desk.at)):
            _log.warning("%s requests that an earlier process left open are settled", count)
        self._forget(stack, desk)
        served = await asyncio.to_thread(lambda: [_weighed(each) for each in config.models])
        models = [each.model for each in served]
        engines = await self._engines(stack, served)
        client = None if self._connect is None else await stack.enter_async_context(self._connect())
        oracle, tills = await self._chain(stack, client, desk)
        gate = Gate(
            desk, config.environment, _stakes(client) if config.quota else None, config.quota or QuotaRule(0)
        )
        receipts, shown = self._receipts(stack), Shelf(self._receipts(stack))
        stack.callback(shown.close)
        self._tidy(stack, receipts, config.state / "receipts.db")
        counters, recorder = Counters(), await self._recorder(stack, desk, receipts, served, engines)

        async def over(request: Open | Embedding) -> None:
            counters.over(request)
            await recorder.over(request)

        answering = Answering(desk, gate, engines, models, oracle, over, patience=config.patience)
        fleet = await self._fleet(stack, served, engines, answering)
        settling = await self._settling(stack, client, desk, tills)
        accounts = Accounts(
            desk, gate, Models(models), self._sign_ins(), self._origin, dict(config.tills), oracle
        )
        if config.metrics is not None:
            said = "metrics in its settings"
            stack.enter_context(metrics_at(config.metrics, registry(counters, answering, fleet), said))

        def health() -> tuple[bool, dict[str, Any]]:
            faults = [part.fault for part in (tills, settling, fleet) if part is not None and part.fault]
            told = {"models": [model.id for model in models], "why": "; ".join(faults)}
            return not faults, {**told, **({} if fleet is None else {"engines": fleet.sizes})}

        return application(House(gate, answering, Models(models), accounts, shown, desk, health))

    def _tidy(self, stack: AsyncExitStack, kept: Books | Receipts, path: Path) -> None:
        """Has another thread than the books' wait for the disk: it may take a tenth of a second."""
        kept.leave_log()

        async def take() -> None:
            await asyncio.to_thread(take_log, path)

        stack.push_async_callback(_ended, asyncio.create_task(keep_looking(take, every=_TIDIES)))

    def _forget(self, stack: AsyncExitStack, desk: Desk) -> None:
        async def look() -> None:
            while await desk.do(lambda books: forget(books, desk.at, self.config.keeps)):
                pass  # some at a time: requests come between

        stack.push_async_callback(_ended, asyncio.create_task(keep_looking(look, every=_FORGETS)))

    async def _settling(
        self, stack: AsyncExitStack, client: AsyncClient | None, desk: Desk, tills: Tills | None
    ) -> Settling | None:
        if self.config.surplus is None:
            return None
        if client is None or tills is None or self._rent is None:
            raise ConfigError("surpluses are of what is paid in: say where in [deposits], and read the chain")
        payer = (await stack.enter_async_context(self._rent())).as_(load_keypair(self.config.surplus))
        settling = Settling(payer, client, desk, tills)
        task = asyncio.create_task(keep_looking(settling.look, every=_SETTLES))
        stack.push_async_callback(_ended, task)
        return settling

    async def _fleet(
        self,
        stack: AsyncExitStack,
        served: list[Served],
        engines: Mapping[str, Replicas],
        answering: Answering,
    ) -> Fleet | None:
        config, leased = self.config.fleet, [(each.model, each.leased) for each in served if each.leased]
        if config is None or not leased:
            return None
        if self._rent is None:
            raise ConfigError("nodes are leased by the chain: run it without --without-chain")
        key = load_keypair(config.keypair)
        client = (await stack.enter_async_context(self._rent())).as_(key)
        if config.wallet is not None:
            client = client.spending_for(config.wallet)
        prefix = f"ai-{self.config.environment}-"
        tills = dict(self.config.tills).values()
        market = Market(client, key, config, leased, self.config.state, prefix, list(tills))
        models = [
            Elastic(model, lease.policy, engines[model.id], answering.turns[model.id], lease.runs == "llama")
            for model, lease in leased
        ]
        fleet = Fleet(models, market, config.memory * GIB, config.budget)
        stack.push_async_callback(_ended, asyncio.create_task(fleet.run()))
        return fleet

    def _receipts(self, stack: AsyncExitStack) -> Receipts:
        config = self.config
        receipts = Receipts(
            config.state / "receipts.db", signing_key(config.state), self._origin, config.keeps
        )
        stack.callback(receipts.close)
        return receipts

    async def _recorder(
        self,
        stack: AsyncExitStack,
        desk: Desk,
        receipts: Receipts,
        served: list[Served],
        engines: Mapping[str, Replicas],
    ) -> Recorder:
        benches: dict[str, Bench] = {}
        for number, each in enumerate(served):
            # Others draw in another order, which moves what is probable.
            if each.counts:
                arbiter = await self._arbiter(stack, number, each)
                benches[each.model.id] = Bench(arbiter, engines[each.model.id])
        auditor = None
        if benches:
            auditor = Auditor(benches, desk, receipts, self.config.audited, self.config.arbitrated)
            stack.push_async_callback(_ended, asyncio.create_task(auditor.run()))

        async def seal() -> None:
            await desk.do(lambda _: receipts.seal(desk.at))

        stack.push_async_callback(_ended, asyncio.create_task(keep_looking(seal, every=_SEALS)))
        return Recorder(desk, receipts, auditor, {each.model.id: each.engine for each in served})

    async def _arbiter(self, stack: AsyncExitStack, number: int, served: Served) -> HttpEngine | None:
        """An engine of the operator's own weights."""
        if served.reference is None:
            return None
        socket = self.config.state / f"reference-{number}.sock"
        arguments = [str(served.reference), str(socket), "--context", str(served.model.context)]
        await stack.enter_async_context(
            Process("ionet.intelligence.llama", [*arguments, "--slots", "1"], socket)
        )
        engine = HttpEngine("http://reference", served.name, socket=socket, counts=True)
        stack.push_async_callback(engine.close)
        return engine

    @property
    def _origin(self) -> str:
        return self.config.origin or self.url

    def _sign_ins(self) -> SignIns:
        return SignIns(SignInConfig(self._origin, self.config.chain, _STATEMENT))

    async def _chain(
        self, stack: AsyncExitStack, client: AsyncClient | None, desk: Desk
    ) -> tuple[Callable[[], Any], Tills | None]:
        if client is None or not self.config.tills:
            return (lambda: None), None
        oracle, tills = Oracle(client), Tills(client, desk, dict(self.config.tills))
        with contextlib.suppress(TimeoutError):
            # Who pays in IO, and asks right after a start, finds a price.
            async with asyncio.timeout(_FIRST):
                await oracle.look()
        for look in (oracle.look, tills.look):
            # Each by itself: many payments to read keep no price waiting.
            stack.push_async_callback(_ended, asyncio.create_task(keep_looking(look, every=2.0)))
        return oracle.now, tills

    async def _engines(self, stack: AsyncExitStack, served: list[Served]) -> Mapping[str, Replicas]:
        engines: dict[str, Replicas] = {}
        for number, each in enumerate(served):
            places = [_replica(each, place) for place in each.places]
            elastic = each.leased is not None
            replicas = Replicas(places, elastic=elastic, patience=self.config.patience)
            if each.engine in _OWN:
                replicas.add(Replica("", await self._engine(stack, number, each)))
            stack.push_async_callback(replicas.close)
            engines[each.model.id] = replicas
        for each in served:
            # Another's server may be away for now; one of this machine that does not come up never will.
            own = engines[each.model.id].replicas
            if each.engine in _OWN and not await until_ready(own[-1].engine, _LOADS):
                raise ConfigError(f"the engine of {each.model.id} does not load {each.file}")
        return engines

    async def _engine(self, stack: AsyncExitStack, number: int, served: Served) -> HttpEngine:
        socket = self.config.state / f"{number}.sock"
        if len(str(socket).encode()) > 100:
            raise ConfigError(f"the path {socket} is too long for a socket: choose a shorter --state")
        model, threads = served.model, ["--threads", str(served.threads)]
        arguments = [str(served.file), str(socket), "--context", str(model.context), *threads]
        module = "ionet.intelligence.llama"
        if served.engine == "llama":
            arguments += ["--slots", str(model.slots)]
        else:
            module = "ionet.intelligence.minilm"
            arguments.insert(1, str(served.tokenizer))
        await stack.enter_async_context(Process(module, arguments, socket))
        counts = served.engine == "llama"
        slots = model.slots if counts else 1
        return HttpEngine("http://engine", served.name, socket=socket, counts=counts, slots=slots)


def _replica(served: Served, place: At) -> Replica:
    return Replica(place.node, HttpEngine(place.url, served.name, key=place.key, counts=served.counts))


def _stakes(client: AsyncClient | None) -> Callable[[Pubkey], Any] | None:
    if client is None:
        return None

    async def read(holder: Pubkey) -> Stake:
        return await stake_of(client, holder)

    return read


def _weighed(served: Served) -> Served:
    """A model with the hash of its weights, and their size."""
    path = served.file if served.leased is None else served.leased.file
    if path is None:
        return served
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size, created = path.stat().st_size, int(path.stat().st_mtime)
    model = replace(served.model, digest=digest, memory=served.model.memory or size, created=created)
    return replace(served, model=model)


def signing_key(state: Path) -> Keypair:
    """The key that signs hours of receipts: made once, and of no use on the chain.

    Raises:
        ConfigError: the file holds no key.
    """
    path = state / "receipts-key.json"
    if path.exists():
        return load_keypair(path)
    key = Keypair()
    replace_secret(path, json.dumps(list(bytes(key))))
    return key


def _private(state: Path) -> None:
    """Makes the folder of books and sockets, which only its user enters.

    Raises:
        ConfigError: others can.
    """
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix" and state.stat().st_mode & 0o077:
        raise ConfigError(f"others can enter {state}; run: chmod 700 {state}")


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Holds the folder: a second service would settle what the first one has set aside.

    Raises:
        ConfigError: another service holds it.
    """
    handle = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"another service runs with the folder {state}: end it first") from None
        yield
    finally:
        os.close(handle)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
