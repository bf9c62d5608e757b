"""Clusters that are held for a renter: from what they want to a booking, their commands, cost and end."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.amounts import Amount
from ionet.chain.errors import IonetError
from ionet.chain.records import KeyedAccount
from ionet.cloud.access import Pass
from ionet.cloud.choosing import Wish, choose
from ionet.cloud.ending import endings, take_back
from ionet.cloud.errors import (
    BudgetTooSmall,
    CannotResize,
    CannotWatch,
    NoCluster,
    NoNode,
    NotCancelled,
    NotRun,
    SetupFailed,
    VolumeError,
)
from ionet.cloud.fitting import Together
from ionet.cloud.growing import (
    BANDWIDTH,
    LATENCY,
    Growth,
    arguments_of,
    check_size,
    grow,
    offer_growth,
)
from ionet.cloud.launching import AsyncLaunch, Offered, Progress
from ionet.cloud.mounting import ARGUMENT
from ionet.cloud.packing import Package, gathered
from ionet.cloud.proxy import Proxy
from ionet.cloud.requirements import read_requirements
from ionet.cloud.results import Verdict
from ionet.cloud.running import AsyncClusterRun, AsyncRun, Cost, Tell, renter_key
from ionet.cloud.spec import ClusterFile, ClusterSpec, cluster_name
from ionet.formats.canonical import Json
from ionet.formats.when import HOUR, MINUTE, span
from ionet.staking.stake import class_name, names_like, plain_name
from ionet.store import AsyncHttpStore, NotStored
from ionet.store.manifest import MAX_BYTES, MAX_DURATION, Function, Manifest, ManifestError
from ionet.wire import Refused, Unreachable
from ionet.wire._link import gateway_urls
from ionet.workloads import held

if TYPE_CHECKING:
    from ionet import USD, AsyncClient, accounts
    from ionet.jobs.quotes import Quote

T = TypeVar("T")

_GIB: Final = 1 << 30
#: Seconds for a held cluster to end its commands and hand over its files, and tries of an order.
_ENDING: Final = 60.0
_TRIES: Final = 5
#: What a node says that will do, asked once more: it has begun anew, or its chain's node lags.
_AGAIN_FOR: Final = frozenset({"other-channel", "no-such-job"})
#: Looks for jobs where a chain's node lags, seconds between two, and after which one lags no more.
_LOOKS: Final = 5
_SHOWN: Final = 1.0
_LAG: Final = 60
#: Seconds between two looks at whether a cluster is idle.
_WATCH: Final = 2.0
#: How a cluster's log calls a command.
COMMAND_ID: Final = re.compile("[0-9a-f]{16}")
#: Steps of a minute by which a length is shortened until its price is within a budget.
_STEPS: Final = 5


@dataclass(frozen=True, slots=True)
class Held:
    """A cluster as the chain has it.

    Attributes:
        name: how its renter calls it.
        jobs: its jobs that are not closed, the head's first.
        cluster: the cluster's account; None for one of a single node.
        manifest: what it runs.
    """

    name: str
    jobs: tuple[KeyedAccount[accounts.jobs.Job], ...]
    cluster: Pubkey | None
    manifest: Manifest

    @property
    def head(self) -> Pubkey:
        """The job of its first node."""
        return self.jobs[0].address

    @property
    def address(self) -> Pubkey:
        """What it is found by on the chain: its account, or its only job."""
        return self.cluster or self.head

    def is_over(self, now: int) -> bool:
        """Whether its time is over, also where no attester has written it down yet."""
        return all(0 < job.account.ends_at <= now for job in self.jobs)


async def find(client: AsyncClient, gateway: str, *, insecure: bool = False) -> list[Held]:
    """The signer's clusters that have not ended, the newest first.

    Anybody can book for any renter, and choose what runs: what the signer has not booked themselves is none.

    Args:
        client: of the renter.
        gateway: its URL; its store has what the clusters run.
        insecure: also take ``http://`` to other machines.

    Raises:
        IonetError: chain or store cannot be read.
    """
    from ionet import JobState

    jobs = await _jobs_of(client)
    open_ = [job for job in jobs if job.account.state != JobState.ENDED and not job.account.reason]
    open_ = [job for job in open_ if is_own(job.account)]
    together: dict[Pubkey, list[KeyedAccount[accounts.jobs.Job]]] = {}
    # Of one second, who joined comes after whom they joined.
    for job in sorted(
        open_, key=lambda job: (bool(job.account.replaces), job.account.booked_at, bytes(job.address))
    ):
        alone = job.account.cluster == Pubkey.default()
        together.setdefault(job.address if alone else job.account.cluster, []).append(job)
    store, clusters = AsyncHttpStore(gateway_urls(gateway, insecure=insecure)[1]), list[Held]()
    try:
        for address, members in together.items():
            manifest = await stored_manifest(store, bytes(members[0].account.manifest_hash))
            if manifest is not None and (name := held_name(manifest)) is not None:
                account = None if members[0].address == address else address
                clusters.append(Held(name, tuple(members), account, manifest))
    finally:
        await store.aclose()
    return clusters[::-1]


async def _jobs_of(client: AsyncClient) -> list[KeyedAccount[accounts.jobs.Job]]:
    """The signer's jobs; a node that lags, and shows a part of a cluster just booked, is asked again."""
    for left in reversed(range(_LOOKS)):
        jobs = await client.jobs.find_jobs(renter=client.address)
        partly = _booked_partly(jobs)
        if not left or partly is None or partly + _LAG < await client.time():
            break
        await asyncio.sleep(_SHOWN)
    return jobs


def _booked_partly(jobs: Sequence[KeyedAccount[accounts.jobs.Job]]) -> int | None:
    """When the latest job was booked of a cluster that lacks some, Unix seconds; None if none lacks any."""
    together: dict[Pubkey, list[accounts.jobs.Job]] = {}
    for job in (keyed.account for keyed in jobs):
        if job.cluster != Pubkey.default() and not job.replaces:
            together.setdefault(job.cluster, []).append(job)
    return max(
        (
            max(job.booked_at for job in those)
            for those in together.values()
            if len(those) < those[0].cluster_size
        ),
        default=None,
    )


async def named(client: AsyncClient, gateway: str, text: str, *, insecure: bool = False) -> Held:
    """The signer's cluster of a name, or at an address.

    Raises:
        NoCluster: there is none, or more than one.
    """
    clusters = await find(client, gateway, insecure=insecure)
    fits = [item for item in clusters if text in (item.name, str(item.address), str(item.head))]
    if len(fits) > 1:
        now = await client.time()
        fits = [item for item in fits if not item.is_over(now)] or fits[:1]
    if len(fits) == 1:
        return fits[0]
    if fits:
        addresses = ", ".join(str(item.address) for item in fits)
        raise NoCluster(f"{len(fits)} clusters are called {text}; name one by its address: {addresses}")
    there = ", ".join(dict.fromkeys(item.name for item in clusters))
    raise NoCluster(f"you have no cluster {text!r}; " + (f"there are {there}" if there else "you have none"))


async def stored_manifest(store: AsyncHttpStore, digest: bytes) -> Manifest | None:
    """A manifest in a store; None if it is not there, or none.

    Raises:
        StoreError: the store cannot be reached.
    """
    try:
        return Manifest.from_bytes(await store.get_bytes(digest, most=MAX_BYTES))
    except (NotStored, ManifestError):
        # Whatever it is, it was not booked as a cluster here.
        return None


def is_own(job: accounts.jobs.Job) -> bool:
    """Whether a job was booked by its renter: in their cluster, which they signed for, or at their cost."""
    return job.cluster != Pubkey.default() or job.rent_payer == job.renter


def held_name(manifest: Manifest) -> str | None:
    """What a manifest's cluster is called; None if it is of a program of its own, or has no proper name."""
    entry = manifest.entrypoint
    if not isinstance(entry, Function) or entry.path != held.ENTRYPOINT:
        return None
    try:
        # It becomes the name of files, and of a host of OpenSSH's.
        return cluster_name(str(entry.arguments.get("name", "cluster")))
    except ValueError:
        return None


def idle_seconds(manifest: Manifest) -> int | None:
    """After how many idle seconds a manifest's cluster is to end; None: not before its time."""
    idle = arguments_of(manifest).get("idle")
    return idle if isinstance(idle, int) and idle > 0 else None


def named_ports(manifest: Manifest) -> list[int]:
    """The ports that a cluster's file names."""
    ports = arguments_of(manifest).get("ports")
    listed = ports if isinstance(ports, list) else []
    return [port for port in listed if isinstance(port, int) and 0 < port < 1 << 16]


def ended_idle(verdict: Verdict) -> bool:
    """Whether a cluster has ended by itself because nothing used it."""
    return verdict.ok and isinstance(verdict.value, dict) and bool(verdict.value.get("idle"))


class AsyncClusterLaunch:
    """Books a cluster. Use it as an asynchronous context manager.

    `offer` chooses nodes and asks for their price, `book` books them; until then nothing costs anything.

    Args:
        client: of the renter.
        gateway: its URL.
        wanted: what they want; a file's paths are relative to its folder.
        key: the renter's keypair; None for an offer only.
        insecure: also take ``http://`` to other machines.
        avoid: nodes that are not to be had, whatever they offer.

    Raises:
        ConfigError: the URL is not a gateway's.
        ValueError: the cluster's name is none.
        PackingError: what is to be sent cannot be sent.
        OSError: a file cannot be read.
    """

    def __init__(
        self,
        client: AsyncClient,
        gateway: str,
        wanted: ClusterFile | ClusterSpec,
        *,
        key: Keypair | None = None,
        insecure: bool = False,
        avoid: frozenset[Pubkey] = frozenset(),
    ) -> None:
        gateway_urls(gateway, insecure=insecure)
        file = ClusterFile(wanted) if isinstance(wanted, ClusterSpec) else wanted
        cluster_name(file.spec.name)
        self._client, self._gateway, self._key, self._insecure = client, gateway, key, insecure
        self._avoid = avoid
        self.spec, self.package = _required(file), packed(file)
        self._launch: AsyncLaunch | None = None
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def offer(self) -> Offered:
        """Chooses nodes, of several classes those of the cheapest, and asks for their price.

        Raises:
            NoNode: no nodes fit; the message says what there is.
            BudgetTooSmall: they cost more than the budget; the message says for how long it would last.
            IonetError: see `AsyncLaunch.offer`.
        """
        whys: list[str] = []
        for class_id in await self._ranked(whys):
            launch = self._launching(class_id)
            try:
                offered = await launch.offer()
            except NoNode as bad:
                whys.append(str(bad))
                await launch.__aexit__()
                continue
            except BaseException:
                await launch.__aexit__()
                raise
            self._launch = await self._stack.enter_async_context(launch)
            await self._check_budget(offered)
            return offered
        raise NoNode("; ".join(dict.fromkeys(whys)))

    async def book(self, offered: Offered, progress: Progress | None = None) -> AsyncCluster:
        """Uploads what is sent, and books all nodes or none.

        Raises:
            NotEnough: the renter has less than the deposit.
            VolumeError: volumes of the file have not been fetched.
            IonetError: see `AsyncLaunch.book`; what cannot be uploaded afterwards is cancelled.
        """
        assert self._launch is not None
        if self.spec.volumes.keys() != self.spec.snapshots.keys():
            raise VolumeError("the file's volumes are not among what is sent: ionet.cloud.mounting.mounted")
        await self._launch.check_funds(offered)
        await self._launch.upload(offered, progress)
        run = await self._launch.book(offered)
        try:
            await self._launch.deliver(progress)
        except BaseException:
            await run.cancel()
            raise
        return AsyncCluster(run, self.spec.name, idle=self.spec.idle)

    async def _ranked(self, whys: list[str]) -> list[int]:
        """The wanted classes of which enough nodes are free, the cheapest first."""
        spec = self.spec
        if not spec.classes:
            raise NoNode("say which hardware: class: RTX 4090, or --class")
        costs: dict[int, int] = {}
        for class_id in await class_ids(self._client, spec.classes):
            try:
                free = await choose(self._client, self._wish(class_id))
            except NoNode as bad:
                whys.append(str(bad))
                continue
            costs[class_id] = sum(item.rate.base * item.units for item in free[: spec.nodes])
            if len(free) < spec.nodes:
                whys.append(await self._too_few(class_id, len(free)))
                del costs[class_id]
        return sorted(costs, key=costs.__getitem__)

    async def _too_few(self, class_id: int, free: int) -> str:
        names = {item.account.id: class_name(item.account) for item in await self._client.staking.classes()}
        some = f"{free} node{'s' * (free > 1)} of class {names[class_id]}"
        return f"only {some} can be booked as wished now, not {self.spec.nodes}"

    def _wish(self, class_id: int) -> Wish:
        spec = self.spec
        pay = _currency(spec.pay)
        wish = Wish(spec.seconds, pay, None, class_id, spec.region, spec.max_rate, spec.memory_gib)
        return replace(wish, avoid=self._avoid)

    def _launching(self, class_id: int) -> AsyncLaunch:
        spec = self.spec
        arguments: dict[str, Json] = {"name": spec.name, "setup": spec.setup, "run": spec.run}
        if spec.max_nodes is not None:
            arguments["max_nodes"] = spec.max_nodes
        if spec.idle is not None:
            arguments["idle"] = spec.idle
        if spec.ports:
            arguments["ports"] = list(spec.ports)
        if spec.min_bits:
            arguments[BANDWIDTH] = spec.min_bits
        if spec.max_microseconds:
            arguments[LATENCY] = spec.max_microseconds
        if spec.snapshots:
            arguments[ARGUMENT] = dict(spec.snapshots)
        return AsyncLaunch(
            self._client,
            self._gateway,
            self.package,
            self._wish(class_id),
            key=self._key,
            cpus=spec.cpus,
            gpus=spec.gpus,
            memory=spec.memory_gib * _GIB or None,
            env=spec.env,
            pip=spec.pip,
            internet=spec.internet,
            nodes=spec.nodes,
            on_loss=spec.on_loss if spec.nodes > 1 or spec.grows else "end",
            grows=spec.grows,
            together=Together(spec.min_bits, spec.max_microseconds),
            entrypoint=Function(held.ENTRYPOINT, arguments),
            # It ends with its lease, which may be extended.
            max_duration=MAX_DURATION,
            image=spec.image,
            insecure=self._insecure,
        )

    async def _check_budget(self, offered: Offered) -> None:
        spec, limit = self.spec, offered.limit
        if spec.budget is None:
            return
        budget = type(limit)(str(spec.budget))
        if limit.base <= budget.base:
            return
        what = f"{spec.nodes} node{'s' * (spec.nodes > 1)} for {span(spec.seconds)} cost {limit} at most"
        lasts = await self._lasting(offered, budget)
        end = f"which would last {span(lasts)}" if lasts else "which is not enough for the shortest booking"
        raise BudgetTooSmall(f"{what}, more than the budget of {budget}, {end}", lasts)

    async def _lasting(self, offered: Offered, budget: Amount) -> int:
        """Whole minutes, in seconds, for which the budget pays the nodes; 0: not for the least time."""
        least = max(HOUR, offered.listing.min_seconds)
        seconds = self.spec.seconds * budget.base // offered.limit.base // MINUTE * MINUTE
        for _ in range(_STEPS):
            if seconds < least:
                return 0
            quotes = await self._client.jobs.quotes(
                list(offered.nodes), seconds, currency=_currency(self.spec.pay)
            )
            if quotes.limit.base <= budget.base:
                return seconds
            seconds -= MINUTE
        return 0


def packed(file: ClusterFile) -> Package:
    """What is sent of a cluster file.

    Raises:
        PackingError: something cannot be sent.
        OSError: a file cannot be read.
    """
    spec = file.spec
    workdir = None if spec.workdir is None else _place(file.folder, spec.workdir)
    return gathered(workdir, {name: _place(file.folder, path) for name, path in spec.files.items()})


def _required(file: ClusterFile) -> ClusterSpec:
    """What a cluster file wants, with the packages that its file of requirements names.

    Raises:
        PackingError: that names some without their versions.
        OSError: it cannot be read.
    """
    spec = file.spec
    if spec.requirements is None:
        return spec
    named = read_requirements(_place(file.folder, spec.requirements))
    return replace(spec, pip=tuple(dict.fromkeys((*spec.pip, *named))))


def _place(folder: Path, text: str) -> Path:
    return folder / Path(text).expanduser()


def _currency(text: str) -> str | Pubkey:
    try:
        return Pubkey.from_string(text)
    except ValueError:
        return text


async def class_ids(client: AsyncClient, texts: Sequence[str]) -> list[int]:
    """Hardware classes by number or name; case, spaces and dashes do not count.

    Raises:
        NoNode: there is no such class; the message names the nearest.
    """
    classes = [item.account for item in await client.staking.classes()][::-1]
    known = {plain_name(class_name(item)): item for item in classes} | {
        str(item.id): item for item in classes
    }
    numbers = []
    for text in texts:
        if (item := known.get(plain_name(text))) is None:
            near = names_like(text, map(class_name, classes))
            hint = f"did you mean {', '.join(near)}?" if near else "see `ionet node classes list`"
            raise NoNode(f"there is no hardware class {text!r}; {hint}")
        numbers.append(item.id)
    return list(dict.fromkeys(numbers))


class _Reached(Exception):
    """What was waited for has come in the log."""

    def __init__(self, value: str) -> None:
        self.value = value


class _Idle:
    """Whether a cluster's log says at its end that it is idle."""

    def __init__(self) -> None:
        self.idle, self.seen = False, 0
        self._lines = _Lines(self._take)

    def write(self, data: bytes) -> None:
        self.seen += len(data)
        self._lines(data)

    def _take(self, line: str) -> None:
        said = line.removeprefix("--- ")
        if said != line:
            self.idle = said.startswith(held.IDLE) or (self.idle and said != held.USED)


class _Lines:
    """Cuts a log into lines."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take, self._rest = take, b""

    def __call__(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line.decode(errors="replace"))


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Asks a node, a few times where no answer comes."""
    left = _TRIES
    while True:
        left -= 1
        try:
            return await ask()
        except (Unreachable, Refused) as bad:
            again = isinstance(bad, Unreachable) or bad.kind in _AGAIN_FOR
            if not again or not left:
                raise
        await asyncio.sleep(1.0)


class AsyncCluster:
    """A cluster that is booked. Use it as an asynchronous context manager.

    Args:
        run: its run; see `attach_cluster`.
        name: how its renter calls it.
        idle: seconds after which it ends itself if nothing uses it; None: it does not.
    """

    def __init__(self, run: AsyncRun, name: str, *, idle: int | None = None) -> None:
        self.run, self.name, self.idle = run, name, idle
        self._proxy: Proxy | None = None

    async def __aenter__(self) -> Self:
        await self.run.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._proxy is not None:
            await asyncio.to_thread(self._proxy.close)
        await self.run.__aexit__(*error)

    async def way(self, node: int = 1) -> Pass:
        """What lets its renter into the box of one of its nodes.

        Args:
            node: its number; 1 is the first, where Ray's head is.

        Raises:
            NoCluster: it has no such node now.
            ConfigError: the renter's keypair is elsewhere.
        """
        run, jobs = self.run, await self.jobs()
        if not 1 <= node <= len(jobs):
            raise NoCluster(f"the cluster {self.name} has the nodes 1 to {len(jobs)}, and no {node}")
        account = await run.client.jobs.get_job(jobs[node - 1])
        device = (await run.client.staking.get_node(account.node)).device_key
        # Its URL was looked at when the run was made.
        http = gateway_urls(run.gateway, insecure=True)[1]
        return Pass.issue(renter_key(run.key), http, jobs[node - 1], bytes(device))

    async def proxy(self) -> Proxy:
        """Its ports on this machine, until this object is no longer used.

        Raises:
            NoAccess: it cannot be reached.
        """
        if self._proxy is None:
            self._proxy = await asyncio.to_thread(Proxy, await self.way())
        return self._proxy

    async def address(self) -> str:
        """What `ray.init` takes to use the cluster from this process, by Ray's client.

        Raises:
            RayDiffers: this process's Ray is another than the cluster's.
            NoAccess: it cannot be reached.
        """
        return await asyncio.to_thread((await self.proxy()).ray_address)

    async def wait_ready(self, tell: Tell = lambda text: None) -> None:
        """Waits until the cluster is there, and prepared.

        Args:
            tell: told what happens meanwhile, in a sentence.

        Raises:
            SetupFailed: its setup failed on a node; the cluster is there, and is paid for.
            NotRun: it was not started, or has ended; one that a node refuses is cancelled.
        """

        def take(line: str) -> None:
            said = line.removeprefix("--- ")
            if said == line:
                if line.startswith("[setup "):
                    tell(line)
            elif said == held.READY:
                raise _Reached("")
            elif said.startswith(held.SETUP_FAILED):
                raise _Reached(said)
            elif said.startswith("node "):
                tell(said)

        try:
            why = await self._until(take, tell, 0)
        except NotRun as bad:
            if bad.refused:
                tell("a node refuses the cluster, which is cancelled: only the time held is paid")
                await self.run.cancel()
            raise
        if self.idle is not None:
            await self._try_hand_over(await self.jobs(), tell)
        if why:
            raise SetupFailed(f"{why}; the cluster is there, and is paid for: ionet cluster down {self.name}")

    async def hand_over(self, jobs: Sequence[Pubkey]) -> None:
        """Lets it end some of its jobs by itself: gives its first node what does that, signed, and no more.

        It does so once it was idle for as long as its file says, or its program has failed. For each job a
        nonce account's rent is set aside, until `down`, `let_go` or `take_back`.

        Args:
            jobs: which.

        Raises:
            IonetError: it could not be handed over.
        """
        signed = await endings(self.run.client, jobs)
        await _patiently(lambda: self.run.hand_over(signed))

    async def _try_hand_over(self, jobs: Sequence[Pubkey], tell: Tell) -> None:
        try:
            await self.hand_over(jobs)
        except IonetError as bad:
            tell(f"it will not end by itself: {bad}; have it ended: ionet cluster watch {self.name}")

    async def take_back(self, jobs: Sequence[Pubkey], tell: Tell = lambda text: None) -> None:
        """Takes back what was set aside for ending jobs; what was handed over for them is void."""
        try:
            await take_back(self.run.client, jobs)
        except IonetError as bad:
            tell(f"the SOL that was set aside for its end is not back: {bad}")

    async def wait_idle(self, tell: Tell = lambda text: None) -> None:
        """Waits until the cluster has been idle for as long as its file says, and is, or has ended itself.

        Nothing uses it while no command runs, no job of Ray's, and neither tasks nor actors hold anything.
        What says so is its first node, end to end.

        Args:
            tell: told what happens meanwhile, in a sentence.

        Raises:
            CannotWatch: its file says nothing of it.
            NoCluster: it has ended.
            NotRun: it was not started.
        """
        if idle_seconds(await self.manifest()) is None:
            raise CannotWatch(
                f"{self.name} was booked without a time for which it may be idle; book it with one: ionet"
                " cluster up --idle 20m"
            )
        state = _Idle()
        following = asyncio.create_task(self.run.follow(state.write, tell))
        try:
            while True:
                done, _ = await asyncio.wait({following}, timeout=_WATCH)
                if done and ended_idle(following.result()):
                    return
                if done:
                    raise NoCluster(f"the cluster {self.name} has ended: {following.result().summary}")
                # An old word is none: what came after it has to be here as well.
                if state.idle and (size := await self._size()) is not None and state.seen >= size:
                    return
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    async def _size(self) -> int | None:
        try:
            return await self.run.log_size()
        except (Unreachable, Refused):
            return None

    async def exec(
        self,
        command: str,
        write: Callable[[bytes], None] = lambda data: None,
        tell: Tell = lambda text: None,
        *,
        begun: Callable[[str], None] = lambda name: None,
    ) -> int:
        """Runs a command on the first node, by its shell, and waits for its end.

        It goes on when this is cancelled.

        Args:
            command: for the shell; `ray.init()` in it finds the cluster.
            write: given what it prints.
            tell: told what happens besides.
            begun: told the command's id, by which it can be cancelled, once it is handed over.

        Returns:
            Its exit status; 128 and the signal's number if one ended it.

        Raises:
            Refused: the cluster takes no commands now.
            Unreachable: whether it was handed over is unknown.
            NotRun: the cluster has ended.
            IonetError: the command could not be run.
        """
        name = secrets.token_hex(8)
        start = await _patiently(self.run.log_size)
        await self.order({"do": "exec", "command": command}, name)
        begun(name)
        return await self.follow(name, write, tell, start=start)

    async def follow(
        self, name: str, write: Callable[[bytes], None], tell: Tell = lambda text: None, *, start: int = 0
    ) -> int:
        """Writes what a command prints, and waits for its end.

        Args:
            name: its id.
            write: see `exec`.
            tell: see `exec`.
            start: the byte of the cluster's log to begin with.

        Returns:
            See `exec`.
        """
        whole, part, end = f"[{name}] ", f"[{name}]+", f"--- exec {name} ends: "

        def take(line: str) -> None:
            if line.startswith(whole):
                write(line.removeprefix(whole).encode() + b"\n")
            elif line.startswith(part):
                write(line.removeprefix(part).encode())
            elif line.startswith(end):
                raise _Reached(line.removeprefix(end))

        said = await self._until(take, tell, start)
        try:
            status = int(said)
        except ValueError:
            raise IonetError(f"the command was not run to its end: {said}") from None
        return 128 - status if status < 0 else status

    async def cancel(self, name: str) -> None:
        """Ends a command by its id, and waits until it has ended.

        Raises:
            NotCancelled: it had ended before, there is no such command, or it has not ended in time.
            Refused, Unreachable: see `exec`.
        """
        if not COMMAND_ID.fullmatch(name):
            raise NotCancelled(
                f"a command's id is 16 hex digits, as `ionet cluster logs {self.name}` shows it, not {name!r}"
            )
        end, refused = f"--- exec {name} ends: ", f"--- exec {name}{held.NOT_CANCELLED}"

        def take(line: str) -> None:
            if line.startswith((end, refused)):
                raise _Reached(line.removeprefix(refused) if line.startswith(refused) else "")

        start = await _patiently(self.run.log_size)
        await self.order({"do": "cancel", "id": name})
        try:
            async with asyncio.timeout(_ENDING):
                why = await self._until(take, lambda text: None, start)
        except TimeoutError:
            why = "it was asked to end, and has not ended so far"
        if why:
            raise NotCancelled(f"{name} is not ended: {why}")

    async def order(self, order: Mapping[str, str], name: str | None = None) -> None:
        """Gives an order, again where no answer came: it is not done twice."""
        given = name or secrets.token_hex(8)
        await _patiently(lambda: self.run.order(given, order))

    async def end(self, tell: Tell = lambda text: None) -> Verdict | None:
        """Ends its commands and has its files stored; returns what it has left, None if that is unknown.

        The nodes stay booked.
        """
        try:
            try:
                await self.order({"do": "end"})
            except Refused as bad:
                if bad.kind != "not-running":
                    raise
                # It has ended by itself.
            async with asyncio.timeout(_ENDING):
                return await self.run.follow(lambda data: None, tell, start=await self.run.log_size())
        except (IonetError, TimeoutError) as bad:
            tell(f"what the cluster has left is not known: {str(bad) or 'it does not end its commands'}")
            return None

    async def _left(self, tell: Tell) -> Verdict | None:
        """What it has left, where it has ended itself."""
        try:
            return await self.run.left(seconds=_ENDING)
        except IonetError as bad:
            tell(f"what the cluster has left is not known: {bad}")
            return None

    async def down(self, tell: Tell = lambda text: None) -> tuple[Verdict | None, Cost]:
        """Ends the cluster, so that only its used time is paid; of one whose head has ended, what is left.

        Returns:
            What it has left, None if that is unknown; and what it costs.

        Raises:
            IonetError: it could not be ended, or whether it was is unknown.
        """
        from ionet import JobState

        # Jobs that are cancelled are closed at once: what they were is known from before.
        await self.run.cost()
        jobs = await self.run.all_jobs()
        verdict, account = None, await self.run.account()
        if account is not None and account.state == JobState.RUNNING:
            verdict = await (self._left(tell) if account.reason else self.end(tell))
            await self.run.stop()
        elif account is not None and account.state == JobState.BOOKED:
            await self.run.cancel()
        else:
            # The others are paid for as long as nobody ends them.
            await self.run.stop()
        if self.idle is not None:
            await self.take_back(jobs, tell)
        return verdict, await self.run.cost()

    async def end_rest(self) -> bool:
        """Ends what is left of it where its first node's job is over: nothing uses the others any more.

        Returns:
            Whether anything was ended by this.

        Raises:
            IonetError: something could not be ended, or whether it was is unknown.
        """
        return isinstance(self.run, AsyncClusterRun) and await self.run.end_rest()

    async def jobs(self) -> list[Pubkey]:
        """Its jobs that are not closed, the head's first."""
        if not isinstance(self.run, AsyncClusterRun):
            return [self.run.job]
        keyed = await self.run.client.jobs.cluster_jobs(self.run.cluster)
        return [job.address for job in keyed if not job.account.reason]

    async def manifest(self) -> Manifest:
        """What it runs.

        Raises:
            NoCluster: it has ended, or its gateway's store does not have it.
        """
        account = await self.run.account()
        if account is None:
            raise NoCluster(f"the cluster {self.name} has ended")
        # Its URL was looked at when the run was made.
        store = AsyncHttpStore(gateway_urls(self.run.gateway, insecure=True)[1])
        try:
            manifest = await stored_manifest(store, bytes(account.manifest_hash))
        finally:
            await store.aclose()
        if manifest is None:
            raise NoCluster(f"what the cluster {self.name} runs is not in its gateway's store")
        return manifest

    async def growth(
        self, count: int, *, max_rate: USD | None = None, avoid: Collection[Pubkey] = ()
    ) -> Growth | None:
        """The nodes that would join it so that it has `count`, and their price; None if it has as many.

        Args:
            count: how many there are to be.
            max_rate: highest rate per processor and hour; None for any.
            avoid: nodes that are not to join.

        Raises:
            CannotResize: it may not have so many, or does not run.
            NoNode: not enough nodes fit.
        """
        manifest, there = await self.manifest(), len(await self.jobs())
        cluster = self.run.cluster if isinstance(self.run, AsyncClusterRun) else None
        if count <= there:
            return None
        check_size(self.name, manifest, there, count, cluster)
        assert cluster is not None
        store = gateway_urls(self.run.gateway, insecure=True)[1]
        return await offer_growth(
            self.run.client, store, cluster, manifest, count - there, max_rate=max_rate, avoid=avoid
        )

    async def grow(self, growth: Growth, tell: Tell = lambda text: None) -> list[Pubkey]:
        """Books the nodes of an offer; they join by themselves. Returns their jobs; see `growing.grow`."""
        jobs = await grow(self.run.client, growth, tell)
        if self.idle is not None:
            await self._try_hand_over(jobs, tell)
        return jobs

    async def resize(
        self, count: int, *, max_rate: USD | None = None, tell: Tell = lambda text: None
    ) -> list[Pubkey]:
        """Has the cluster have so many nodes: books some at today's price, or ends those booked last.

        New nodes join by themselves, within the time that a node takes to start. Use `growth` and `grow` to
        look at the price before.

        Args:
            count: how many.
            max_rate: highest rate per processor and hour of new ones; None for any.
            tell: told of each.

        Returns:
            The jobs that were booked, or that have ended.

        Raises:
            CannotResize: it cannot have so many, or so few.
            NoNode: not enough nodes fit.
            IonetError: see `grow` and `let_go`.
        """
        growth = await self.growth(count, max_rate=max_rate)
        if growth is not None:
            return await self.grow(growth, tell)
        jobs = await self.leaving(count, (await self.manifest()).on_loss)
        await self.let_go(jobs, tell)
        return jobs

    async def leaving(self, count: int, on_loss: str) -> list[Pubkey]:
        """The jobs that end if so many nodes are to be left: those booked last, and never the first node's.

        Args:
            count: how many.
            on_loss: what the cluster's manifest says.

        Raises:
            CannotResize: it cannot have so few; the message says why.
        """
        from ionet import JobState

        jobs, account = await self.jobs(), await self.run.account()
        if count < 1:
            raise CannotResize(
                f"a cluster has at least its first node; end it: ionet cluster down {self.name}"
            )
        if on_loss == "end" and count < len(jobs):
            raise CannotResize(
                f"{self.name} ends when a node leaves it, as its file says `on_loss: end`; nothing was ended"
            )
        if count < len(jobs) and account is not None and account.state == JobState.BOOKED:
            # The chain starts all of them or none.
            raise CannotResize(
                f"{self.name} has not started, and would not without a node that was booked with it; nothing"
                f" was ended. Wait until it runs, or end it: ionet cluster down {self.name}"
            )
        return jobs[count:]

    async def let_go(self, jobs: Sequence[Pubkey], tell: Tell = lambda text: None) -> None:
        """Ends the jobs of some of its nodes, so that only their used time is paid; the others go on.

        What ran on them is run again elsewhere by Ray, as when a node is lost.

        Args:
            jobs: which; see `leaving`.
            tell: told of each.

        Raises:
            IonetError: one could not be ended, or it is unknown whether it was.
        """
        for job in jobs:
            assert isinstance(self.run, AsyncClusterRun)
            await self.run.stop_one(job)
            tell(f"job {job} has ended")
        if self.idle is not None:
            await self.take_back(jobs, tell)

    async def quote_extension(self, seconds: int) -> dict[Pubkey, Quote]:
        """What more time costs, of each job.

        Raises:
            NotBookable, PriceUnusable: it cannot be had.
        """
        client = self.run.client
        return {job: await client.jobs.quote_extension(job, seconds) for job in await self.jobs()}

    async def extend(self, seconds: int, quotes: Mapping[Pubkey, Quote]) -> None:
        """Books more time for all of its nodes, one after the other.

        Args:
            seconds: how much.
            quotes: what was agreed to, of each job.

        Raises:
            IonetError: it failed, or is unknown, for a job that the message names.
        """
        done: list[Pubkey] = []
        for job, quote in quotes.items():
            try:
                await self.run.client.jobs.extend(job, seconds, quote=quote).send()
            except IonetError as bad:
                if done:
                    bad.add_note(f"extended are: {', '.join(map(str, done))}; not job {job}")
                raise
            done.append(job)

    async def _until(self, take: Callable[[str], None], tell: Tell, start: int) -> str:
        """Follows the log until a line is what was waited for."""
        try:
            verdict = await self.run.follow(_Lines(take), tell, start=start)
        except _Reached as reached:
            return reached.value
        raise NoCluster(f"the cluster {self.name} has ended: {verdict.summary}")


def attach_cluster(
    client: AsyncClient, gateway: str, found: Held, *, key: Keypair | None = None, insecure: bool = False
) -> AsyncCluster:
    """A cluster that is booked already.

    Args:
        client: of the renter.
        gateway: its URL.
        found: see `named`.
        key: the renter's keypair, by which the nodes know them.
        insecure: also take ``http://`` to other machines.
    """
    if found.cluster is None:
        run = AsyncRun(client, gateway, found.head, key=key, insecure=insecure)
    else:
        jobs = [job.address for job in found.jobs]
        run = AsyncClusterRun(
            client, gateway, found.head, cluster=found.cluster, jobs=jobs, key=key, insecure=insecure
        )
    return AsyncCluster(run, found.name, idle=idle_seconds(found.manifest))


def extended(file: ClusterFile, **changes: object) -> ClusterFile:
    """A cluster file with other values, where they are not None."""
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(file, spec=replace(file.spec, **given))  # type: ignore[arg-type]  # of its fields
