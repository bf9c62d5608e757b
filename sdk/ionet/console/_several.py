"""Several nodes as one cluster: from a wish to transactions that a wallet signs, and what nodes are sent."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet import AsyncCall, AsyncClient, SignsElsewhere, accounts, pda
from ionet.chain.errors import IonetError
from ionet.chain.packing import pack
from ionet.cloud import AsyncLaunch, Wish
from ionet.cloud.launching import Offered
from ionet.cloud.packing import Package
from ionet.console._access import Access
from ionet.console._config import ConsoleConfig
from ionet.console._founding import WantedCluster, job_of, opening, run_of, signed_by
from ionet.console._groups import Groups, KeptCluster
from ionet.console._kept import Kept
from ionet.console._planning import TooDear
from ionet.console._uploads import Full, Uploads
from ionet.console._visitor import Visitor
from ionet.explorer._market import Absent
from ionet.explorer._values import BadQuestion
from ionet.jobs.quotes import NotBookable, Quote
from ionet.store.manifest import MAX_DURATION, Function
from ionet.workloads import held

_log = logging.getLogger(__name__)
#: Seconds between two looks whether a booking has landed, and for which it is looked for.
_LOOK: Final = 1.0
_PATIENCE: Final = 600.0
_TITLE: Final = 120


@dataclass(slots=True)
class ClusterPlan:
    """A cluster that is prepared.

    Attributes:
        name: names the plan; nobody can guess it.
        owner: whose it is.
        key: its access key.
        id: from which its account follows, 32 bytes.
        launch: uploads for it.
        offered: nodes, prices, manifest.
        kept: what is remembered of it.
        until: when it is forgotten, unless its booking was built.
        delivering: whether its nodes are being sent what they run.
    """

    name: str
    owner: Pubkey
    key: Keypair
    id: bytes
    launch: AsyncLaunch
    offered: Offered
    kept: KeptCluster
    until: float
    delivering: bool = False

    @property
    def cluster(self) -> Pubkey:
        """Its account."""
        return self.kept.cluster


@dataclass(frozen=True, slots=True)
class BuiltPart:
    """A transaction about jobs of a cluster, that lacks the wallet's signature.

    Attributes:
        transaction: its bytes.
        since: a slot at which its blockhash was known.
        jobs: which it makes or is about.
        nodes: theirs.
        left: how many jobs remain for later transactions.
    """

    transaction: VersionedTransaction
    since: int
    jobs: tuple[Pubkey, ...]
    nodes: tuple[Pubkey, ...]
    left: int


class Several:
    """The clusters that are prepared, of all wallets.

    Args:
        config: of the console.
        client: of the chain's node.
        kept: remembers what was booked.
        access: has the keys.
        clock: Unix seconds.
    """

    def __init__(
        self,
        config: ConsoleConfig,
        client: AsyncClient,
        kept: Kept,
        access: Access,
        clock: Callable[[], float],
    ) -> None:
        self._config, self._client, self._kept, self._clock = config, client, kept, clock
        self._access, self.groups = access, Groups(kept)
        self._plans: dict[str, ClusterPlan] = {}
        self._delivering: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Ends; what is being delivered is broken off, and gone on with by the next process."""
        for task in list(self._delivering):
            task.cancel()
        await asyncio.gather(*self._delivering, return_exceptions=True)
        for plan in list(self._plans.values()):
            await plan.launch.__aexit__(None, None, None)

    # -- before a booking

    async def plan(
        self, visitor: Visitor, pack_id: str, package: Package, wanted: WantedCluster
    ) -> ClusterPlan:
        """Chooses nodes, and uploads what the store takes before a booking. Nothing is paid.

        Args:
            visitor: for whom.
            pack_id: the package's id; empty: there is none.
            package: its files.
            wanted: what is to be run, and where.

        Raises:
            BadQuestion: it cannot be run so.
            Full: too many plans wait.
            NoNode, NotBookable, PriceUnusable, ManifestError, StoreError: see `AsyncLaunch`.
        """
        await self._forget()
        if len(self._plans) >= self._config.limits.plans:
            raise Full("too many bookings are being prepared at present; try again in some minutes")
        id_ = secrets.token_bytes(32)
        key = self._access.cluster(visitor.wallet, id_)
        launch = self._launch(visitor.wallet, key, package, wanted)
        try:
            offered = await launch.offer()
            await launch.upload(offered)
        except BaseException:
            await launch.__aexit__(None, None, None)
            raise
        now = self._clock()
        title = " ".join(launch.argv) or f"waits for commands as {wanted.hold}"
        kept = KeptCluster(
            pda.jobs.cluster(key.pubkey(), id_),
            visitor.wallet,
            id_,
            wanted.hold or "",
            title[:_TITLE],
            pack_id,
            launch.argv,
            offered.manifest.to_bytes(),
            int(now),
        )
        until = now + self._config.limits.plan_seconds
        plan = ClusterPlan(secrets.token_hex(16), visitor.wallet, key, id_, launch, offered, kept, until)
        self._plans[plan.name] = plan
        return plan

    def _launch(self, wallet: Pubkey, key: Keypair, package: Package, wanted: WantedCluster) -> AsyncLaunch:
        argv, arguments = run_of(wanted, package)
        return AsyncLaunch(
            self._client.as_(SignsElsewhere(wallet)),
            self._config.gateway,
            Package(argv, package.files, size=package.size),
            wanted.wish,
            key=key,
            env=wanted.env,
            pip=wanted.pip,
            internet=wanted.internet,
            cpus=wanted.cpus,
            memory=wanted.memory,
            gpus=wanted.gpus,
            nodes=wanted.count,
            on_loss="end" if wanted.on_loss == "end" or wanted.count == 1 else "continue",
            entrypoint=None if arguments is None else Function(held.ENTRYPOINT, arguments),
            # One that waits ends with its lease, which may be extended.
            max_duration=None if arguments is None else MAX_DURATION,
            insecure=self._config.insecure,
        )

    def get(self, name: str, owner: Pubkey) -> ClusterPlan:
        """An owner's plan.

        Raises:
            Absent: there is none, or no longer.
        """
        plan = self._plans.get(name)
        if plan is None or plan.owner != owner:
            raise Absent("you have no such plan, or no longer: make a new one")
        return plan

    # -- booking

    async def book(self, plan: ClusterPlan) -> BuiltPart:
        """Builds the next transaction that books nodes of a plan, as many as fit, for the wallet to sign.

        The first opens the cluster. The cluster's key signs each here, as a cluster is booked by its renter;
        the wallet pays, and gets what is refunded.

        Raises:
            TooDear: a price has risen above the plan's; the message names the node.
            NotBookable: somebody else was faster; the message names the node.
            BadQuestion: nothing is left to book, or one of the jobs has left.
            TransactionFailed: it would fail.
        """
        client = self._client.as_(SignsElsewhere(plan.owner))
        (opened,) = await client.fetch_many(accounts.jobs.Cluster, [plan.cluster])
        booked = set[Pubkey]()
        if opened is not None:
            booked = {job.account.node for job in await client.jobs.cluster_jobs(plan.cluster)}
            if opened.broken:
                raise BadQuestion("a job of this cluster has left, so no other can join: cancel the others")
        agreed = {quote.node: quote for quote in plan.offered.quotes.nodes}
        missing = [node for node in agreed if node not in booked]
        if not missing:
            raise BadQuestion("all nodes of this cluster are booked")
        quotes = await self._still(client, plan, missing, agreed)
        groups = [await self._booking(client, plan, quote, agreed[quote.node]) for quote in quotes]
        if opened is None:
            founding = opening(plan.owner, plan.key.pubkey(), plan.id, len(agreed))
            groups[0] = [*founding, *groups[0]]
        # Which are booked together, in the order of the plan.
        part = pack(plan.owner, [[signed_by(plan.key, each) for each in group] for group in groups])[0]
        instructions = [signed_by(plan.key, each) for index in part for each in groups[index]]
        call: AsyncCall[None] = AsyncCall(client, instructions, signers=(plan.key,))
        transaction = await call.tx(partial=True)
        jobs = tuple(job_of(quotes[index]) for index in part)
        self._remember(plan, jobs, tuple(quotes[index].node for index in part))
        nodes = tuple(quotes[index].node for index in part)
        return BuiltPart(transaction, await client.slot(), jobs, nodes, len(missing) - len(part))

    async def _still(
        self,
        client: AsyncClient,
        plan: ClusterPlan,
        missing: Sequence[Pubkey],
        agreed: Mapping[Pubkey, Quote],
    ) -> list[Quote]:
        """What nodes cost now, as far as they can still be had for what was agreed to."""
        seconds, mint = next(iter(agreed.values())).seconds, plan.offered.quotes.mint
        try:
            quotes = (await client.jobs.quotes(missing, seconds, currency=mint)).nodes
        except NotBookable as bad:
            started = len(missing) < len(agreed)
            also = "cancel what is booked, and make a new plan" if started else "make a new plan"
            raise NotBookable(bad.node, bad.reason, f"{bad}; nothing was booked by this: {also}") from None
        for quote in quotes:
            limit = agreed[quote.node].limit
            if quote.deposit.base > limit.base:
                raise TooDear(
                    f"the deposit for {quote.node} is {quote.deposit} now, more than the agreed {limit}"
                )
        return list(quotes)

    async def _booking(
        self, client: AsyncClient, plan: ClusterPlan, quote: Quote, agreed: Quote
    ) -> list[Instruction]:
        call = client.jobs.book(
            quote.node,
            quote.seconds,
            plan.offered.manifest.hash,
            quote=quote,
            max_deposit=agreed.limit.base,
            renter=plan.key.pubkey(),
            cluster=plan.cluster,
        )
        return await call.ix()

    def _remember(self, plan: ClusterPlan, jobs: Sequence[Pubkey], nodes: Sequence[Pubkey]) -> None:
        self.groups.add(plan.kept)
        places = {quote.node: place for place, quote in enumerate(plan.offered.quotes.nodes)}
        for job, node in zip(jobs, nodes, strict=True):
            self.groups.add_member(plan.cluster, job, node, places[node])
            self._kept.add_job(job, plan.owner, plan.kept.title, node, int(self._clock()))
        plan.until = max(plan.until, self._clock() + _PATIENCE)
        if not plan.delivering:
            plan.delivering = True
            self._begin(self._deliver(plan))

    # -- what nodes are sent

    def resume(self, uploads: Uploads) -> None:
        """Goes on with what an earlier process has not delivered."""
        for it in self.groups.undelivered(int(self._clock() - _PATIENCE)):
            try:
                package = (
                    uploads.package(it.package, it.owner, it.argv) if it.package else Package(it.argv, {})
                )
            except Absent:
                continue
            self._begin(self._redeliver(it, package))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._delivering.add(task)
        task.add_done_callback(self._delivering.discard)

    async def _deliver(self, plan: ClusterPlan) -> None:
        """Sends the nodes their files, once one of them is booked: then the store takes them."""
        while self._clock() < plan.until:
            await asyncio.sleep(_LOOK)
            with contextlib.suppress(IonetError):
                if await self._is_booked(plan.kept, plan.key.pubkey()):
                    await self._sent(plan.kept, plan.launch.deliver())
                    break
        # Its other nodes may still be booked by this plan.
        plan.until, plan.delivering = self._clock() + _PATIENCE, False

    async def _redeliver(self, it: KeptCluster, package: Package) -> None:
        config, until = self._config, self._clock() + _PATIENCE
        key = self._access.cluster(it.owner, it.id)
        launch = AsyncLaunch(
            self._client,
            config.gateway,
            package,
            Wish(),
            key=key,
            # What it runs is in its manifest.
            entrypoint=Function(held.ENTRYPOINT),
            insecure=config.insecure,
        )
        async with launch:
            while self._clock() < until:
                with contextlib.suppress(IonetError):
                    if await self._is_booked(it, key.pubkey()):
                        await self._sent(it, launch.redeliver(it.manifest))
                        return
                await asyncio.sleep(_LOOK)

    async def _is_booked(self, it: KeptCluster, renter: Pubkey) -> bool:
        digest = hashlib.sha256(it.manifest).digest()
        booked = [
            job.address
            for job in await self._client.jobs.cluster_jobs(it.cluster)
            if (job.account.renter, bytes(job.account.manifest_hash)) == (renter, digest)
        ]
        for job in booked:
            self._kept.booked(job, it.owner)
        return bool(booked)

    async def _sent(self, it: KeptCluster, delivering: Coroutine[Any, Any, None]) -> None:
        try:
            await delivering
        except (IonetError, OSError) as bad:
            _log.warning("the files of cluster %s are not delivered: %s", it.cluster, bad)
        else:
            self.groups.delivered(it.cluster)

    async def _forget(self) -> None:
        now = self._clock()
        for plan in [each for each in self._plans.values() if each.until < now and not each.delivering]:
            del self._plans[plan.name]
            await plan.launch.__aexit__(None, None, None)
