"""From uploaded files and a wish to a booking that a wallet can sign, and to what its node is sent."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import secrets
import shlex
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet import AsyncClient, SignsElsewhere, pda
from ionet.chain.errors import AccountNotFound, ConfigError, IonetError
from ionet.cloud import AsyncLaunch, Wish
from ionet.cloud.launching import Offered
from ionet.cloud.packing import Package
from ionet.console._access import Access
from ionet.console._config import ConsoleConfig
from ionet.console._kept import Kept, KeptDelivery
from ionet.console._uploads import Full, Uploads
from ionet.console._visitor import Visitor
from ionet.explorer._market import Absent
from ionet.explorer._values import BadQuestion
from ionet.jobs._async.booking import cheapest_job

_log = logging.getLogger(__name__)
#: Seconds between two looks whether a booking has landed, and for which it is looked for.
_LOOK: Final = 1.0
_PATIENCE: Final = 600.0
#: Characters of a title.
_TITLE: Final = 120


class TooDear(Exception):
    """A price has risen above what was agreed to."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be run, and on what.

    Attributes:
        command: a line, split as a shell does, and run without one; empty: the only file is run.
        wish: what node, for how long, paid in what.
        env: environment variables.
        pip: packages, each ``name==version``.
        internet: whether the program reaches the internet.
        cpus, memory, gpus: cores, bytes and GPUs that are enough; None: all that the node gives.
    """

    command: str
    wish: Wish
    env: Mapping[str, str] = field(default_factory=dict)
    pip: tuple[str, ...] = ()
    internet: bool = False
    cpus: int | None = None
    memory: int | None = None
    gpus: int | None = None


@dataclass(slots=True)
class Plan:
    """A booking that is prepared.

    Attributes:
        id: names it; nobody can guess it.
        owner: whose it is.
        launch: uploads for it.
        offered: node, price, manifest.
        package: the id of its files.
        size: of them, bytes.
        title: what is run, for people.
        until: when it is forgotten, unless it was booked.
        job: the job that its booking would make, once that was built.
    """

    id: str
    owner: Pubkey
    launch: AsyncLaunch
    offered: Offered
    package: str
    size: int
    title: str
    until: float
    job: Pubkey | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """A transaction that lacks its signature.

    Attributes:
        transaction: its bytes.
        since: a slot at which its blockhash was known.
        job: the job that it makes, or is about.
    """

    transaction: VersionedTransaction
    since: int
    job: Pubkey


class Plans:
    """The plans of all wallets.

    Args:
        config: of the console.
        client: of the chain's node.
        kept: remembers what was booked.
        clock: Unix seconds.
    """

    def __init__(
        self, config: ConsoleConfig, client: AsyncClient, kept: Kept, clock: Callable[[], float]
    ) -> None:
        self._config, self._client, self._kept, self._clock = config, client, kept, clock
        self._plans: dict[str, Plan] = {}
        #: Those that are being made: for whom, and bytes.
        self._coming: list[tuple[Pubkey, int]] = []
        self._delivering: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Ends; what is being delivered is broken off."""
        for task in list(self._delivering):
            task.cancel()
        await asyncio.gather(*self._delivering, return_exceptions=True)
        for plan in list(self._plans.values()):
            await plan.launch.__aexit__(None, None, None)

    async def plan(self, visitor: Visitor, name: str, package: Package, wanted: Wanted) -> Plan:
        """Chooses a node, and uploads what the store takes before a booking. Nothing is paid.

        Args:
            visitor: for whom.
            name: the package's id.
            package: its files.
            wanted: what is to be run, and where.

        Raises:
            BadQuestion: it cannot be run so.
            Full: too many plans wait.
            NoNode, NotBookable, PriceUnusable, ManifestError, StoreError: see `AsyncLaunch`.
        """
        await self._forget()
        await self._make_room(visitor.wallet, package.size)
        coming = (visitor.wallet, package.size)
        self._coming.append(coming)
        try:
            return await self._prepared(visitor, name, package, wanted)
        finally:
            self._coming.remove(coming)

    async def _make_room(self, owner: Pubkey, size: int) -> None:
        """Has nobody prepare so much that others cannot: of one wallet's the oldest goes."""
        limits, mine = self._config.limits, [plan for plan in self._plans.values() if plan.owner == owner]
        if len(mine) + sum(of == owner for of, _ in self._coming) >= limits.plans_each:
            unsigned = [plan for plan in mine if plan.job is None]
            if not unsigned:
                raise Full(f"a wallet prepares at most {limits.plans_each} bookings at a time: sign one")
            await self._drop(unsigned[0])
        packed = sum(plan.size for plan in self._plans.values()) + sum(bytes_ for _, bytes_ in self._coming)
        if len(self._plans) + len(self._coming) >= limits.plans or packed + size > limits.disk:
            raise Full("too many bookings are being prepared at present; try again in some minutes")

    async def _prepared(self, visitor: Visitor, name: str, package: Package, wanted: Wanted) -> Plan:
        launch = AsyncLaunch(
            self._client.as_(SignsElsewhere(visitor.wallet)),
            self._config.gateway,
            Package(argv_of(wanted.command, package), package.files, size=package.size),
            wanted.wish,
            key=visitor.access,
            env=wanted.env,
            pip=wanted.pip,
            internet=wanted.internet,
            cpus=wanted.cpus,
            memory=wanted.memory,
            gpus=wanted.gpus,
            insecure=self._config.insecure,
        )
        try:
            offered = await launch.offer()
            await launch.upload(offered)
        except BaseException:
            await launch.__aexit__(None, None, None)
            raise
        title = " ".join(launch.argv)[:_TITLE]
        until = self._clock() + self._config.limits.plan_seconds
        plan = Plan(secrets.token_hex(16), visitor.wallet, launch, offered, name, package.size, title, until)
        self._plans[plan.id] = plan
        return plan

    def get(self, name: str, owner: Pubkey) -> Plan:
        """An owner's plan.

        Raises:
            Absent: there is none, or no longer.
        """
        if (plan := self.find(name, owner)) is None:
            raise Absent("you have no such plan, or no longer: make a new one")
        return plan

    def find(self, name: str, owner: Pubkey) -> Plan | None:
        """An owner's plan, or None."""
        plan = self._plans.get(name)
        return plan if plan is not None and plan.owner == owner else None

    async def book(self, plan: Plan, visitor: Visitor) -> Built:
        """Builds the booking, for the wallet to sign: it pays, and gets what is refunded.

        Raises:
            BadQuestion: it is being paid by card.
            TooDear: the price has risen above the plan's.
            NotBookable: somebody else was faster.
            TransactionFailed: it would fail.
        """
        if self._kept.cards.for_plan(plan.id) is not None:
            raise BadQuestion("this plan is being paid by card: end that payment first, or make a new plan")
        client, offered = self._client.as_(SignsElsewhere(visitor.wallet)), plan.offered
        agreed = offered.quotes.nodes[0]
        quote = await client.jobs.quote(agreed.node, agreed.seconds, currency=agreed.mint)
        if quote.deposit.base > offered.limit.base:
            raise TooDear(f"the deposit is {quote.deposit} now, more than the agreed {offered.limit}")
        _, job = cheapest_job(pda.jobs.offer(quote.node), quote.nonce, exchanged=quote.sold_for_io)
        call = client.jobs.book(
            quote.node,
            quote.seconds,
            offered.manifest.hash,
            quote=quote,
            # What the page was told, and has to find, to the base unit: a better price makes another limit.
            max_deposit=offered.limit.base,
            renter=visitor.access.pubkey(),
        )
        transaction = await call.tx(partial=True)
        self._kept.add_job(job, visitor.wallet, plan.title, quote.node, int(self._clock()))
        argv, manifest = plan.launch.argv, offered.manifest.to_bytes()
        self._kept.add_delivery(
            KeptDelivery(job, visitor.wallet, plan.package, argv, manifest), int(self._clock())
        )
        if plan.job is None:
            self._begin(self._deliver(plan, visitor))
        plan.job = job
        plan.until = max(plan.until, self._clock() + _PATIENCE)
        return Built(transaction, await client.slot(), job)

    async def has_landed(self, plan: Plan, visitor: Visitor) -> bool:
        """Whether the wallet has booked a plan."""
        manifest = plan.offered.manifest.hash
        return plan.job is not None and await self.is_booked(plan.job, manifest, visitor.access.pubkey())

    def deliver(self, it: KeptDelivery, package: Package, key: Keypair) -> None:
        """Sends a node the files of a job that another payer has booked.

        Args:
            it: what is sent.
            package: its files.
            key: the access key.
        """
        self._kept.add_delivery(it, int(self._clock()))
        self._begin(self._redeliver(it, package, key))

    def resume(self, uploads: Uploads, access: Access) -> None:
        """Goes on with what an earlier process has not delivered."""
        for it in self._kept.deliveries(int(self._clock() - _PATIENCE)):
            try:
                package = uploads.package(it.package, it.owner, it.argv)
            except Absent:
                continue
            self._begin(self._redeliver(it, package, access.key(it.owner)))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._delivering.add(task)
        task.add_done_callback(self._delivering.discard)

    async def _redeliver(self, it: KeptDelivery, package: Package, key: Keypair) -> None:
        config, until = self._config, self._clock() + _PATIENCE
        launch = AsyncLaunch(self._client, config.gateway, package, Wish(), key=key, insecure=config.insecure)
        async with launch:
            while self._clock() < until:
                with contextlib.suppress(IonetError):
                    if await self.is_booked(it.job, hashlib.sha256(it.manifest).digest(), key.pubkey()):
                        self._kept.booked(it.job, it.owner)
                        await _sent(it.job, launch.redeliver(it.manifest))
                        self._kept.delivered(it.job, it.owner)
                        return
                await asyncio.sleep(_LOOK)

    async def _deliver(self, plan: Plan, visitor: Visitor) -> None:
        """Sends the node its files, once the booking is on the chain."""
        until = self._clock() + _PATIENCE
        while self._clock() < until:
            await asyncio.sleep(_LOOK)
            assert plan.job is not None
            with contextlib.suppress(IonetError):
                manifest = plan.offered.manifest.hash
                if not await self.is_booked(plan.job, manifest, visitor.access.pubkey()):
                    continue
                self._kept.booked(plan.job, plan.owner)
                await _sent(plan.job, plan.launch.deliver())
                self._kept.delivered(plan.job, plan.owner)
                break
        await self._drop(plan)

    async def is_booked(self, job: Pubkey, manifest: bytes, renter: Pubkey) -> bool:
        """Whether a job is on the chain, and is what it is taken for."""
        try:
            account = await self._client.jobs.get_job(job)
        except AccountNotFound:
            return False
        # Another renter may have taken this address first.
        return (account.renter, bytes(account.manifest_hash)) == (renter, manifest)

    async def _forget(self) -> None:
        now = self._clock()
        for plan in [plan for plan in self._plans.values() if plan.until < now]:
            await self._drop(plan)

    async def _drop(self, plan: Plan) -> None:
        if self._plans.pop(plan.id, None) is not None:
            await plan.launch.__aexit__(None, None, None)


async def _sent(job: Pubkey, delivering: Coroutine[Any, Any, None]) -> None:
    try:
        await delivering
    except (IonetError, OSError) as bad:
        _log.warning("the files of job %s are not delivered: %s", job, bad)


def argv_of(command: str, package: Package) -> tuple[str, ...]:
    """The command of a package.

    Raises:
        BadQuestion: there is none.
    """
    if not package.files:
        raise BadQuestion("the package has no files: upload what is to be run")
    try:
        argv = tuple(shlex.split(command))
    except ValueError as bad:
        raise BadQuestion(f"the command is not written as a shell takes it: {bad}") from None
    if argv:
        return argv
    names = list(package.files)
    starts = {"py": ("python3", "-u"), "sh": ("sh",)}.get(names[0].rpartition(".")[2])
    if len(names) > 1 or starts is None:
        raise BadQuestion("say what is to be run, such as: python3 train.py")
    return (*starts, names[0])


def client_for(client: AsyncClient, wallet: Pubkey) -> AsyncClient:
    """A client whose transactions a wallet is to sign.

    Raises:
        ConfigError: it is no address of a wallet.
    """
    if not wallet.is_on_curve():
        raise ConfigError(f"{wallet} is no wallet: no key can sign for it")
    return client.as_(SignsElsewhere(wallet))
