"""From a packed program to a booked job."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, Self

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.amounts import Amount
from ionet.chain.errors import (
    ProgramError,
    RpcError,
    TransactionExpired,
    TransactionNotShown,
    TransactionUnknown,
    TransportError,
)
from ionet.cloud.choosing import (
    Wish,
    check_rates,
    choose,
    choose_together,
    given_by,
    image_named,
    processors,
    that_give,
)
from ionet.cloud.errors import NoNode, NotEnough, NotRun
from ionet.cloud.fitting import Together
from ionet.cloud.packing import Package
from ionet.cloud.running import AsyncClusterRun, AsyncRun
from ionet.executor._capacity import Capacity, words
from ionet.store import AsyncHttpStore, StoreRefused, StoreUnreachable
from ionet.store.manifest import Command, Function, Manifest, Resources, RuntimeEnv
from ionet.wire._link import gateway_urls

if TYPE_CHECKING:
    from ionet import AsyncClient, Listing
    from ionet.jobs.cluster import ClusterBooking
    from ionet.jobs.quotes import Quote, Quotes

_GIB: Final = 1 << 30
#: Nodes, the cheapest first, of which it is asked what they give.
_LOOKED_AT: Final = 256
#: Bytes that a small file counts for in a store.
_LEAST: Final = 4_096
#: Seconds for which a store may take a renter for a stranger after the booking, and between two tries.
_KNOWN_AFTER: Final = 180.0
_AGAIN: Final = 5.0
_TRIES: Final = 3
#: Tries to read which of booked jobs is the first, and seconds between two where some are not shown yet.
_READS: Final = 12
_SHOWN: Final = 1.0
#: Reasons of a store for which the same may be stored once the key rents something.
_NOT_YET: Final = frozenset({"quota", "free", "uploads"})
#: Told the name of a file, bytes done and bytes in all.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Offered:
    """What would be booked, and at what price.

    Attributes:
        listing: the node; of several the first.
        quotes: the quotes of all nodes, with every fee.
        manifest: what would be run.
        others: nodes that would do as well, the cheapest first.
        reasons: of several nodes: what is known of the links between them, and why others do not fit.
        gives: of each node that would be booked, what it has signed that it gives, in words.
    """

    listing: Listing
    quotes: Quotes
    manifest: Manifest
    others: tuple[Listing, ...] = ()
    reasons: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()

    @property
    def nodes(self) -> tuple[Pubkey, ...]:
        """All nodes that would be booked."""
        return tuple(quote.node for quote in self.quotes.nodes)

    @property
    def limit(self) -> Amount:
        """The most that the renter agrees to pay into the escrow."""
        return self.quotes.limit


class AsyncLaunch:
    """Runs a program on a rented node. Use it as an asynchronous context manager.

    In this order: `offer`, `upload`, `book`, `deliver`. Until `book` nothing costs anything.

    Args:
        client: of the renter.
        gateway: its URL.
        package: the program.
        wish: what node, for how long, paid in what.
        key: the renter's keypair; None for an offer only.
        cpus: cores that the program is given; None: all of the node.
        gpus: GPUs that it needs; None: all of the node.
        memory: bytes that it is given; None: all of the node.
        processes: processes and threads that it is given; None: all of the node.
        disk: bytes that it is given; None: all of the node.
        internet_mbps: Mbit/s that it is given to and from the internet; None: all of the node.
        env: environment variables of the program.
        pip: packages that are installed first, each as ``name==version``; they take the internet.
        internet: whether the program reaches the internet; not every supplier allows it.
        sealed: whether the worker seals files and log for the renter before it stores them.
        nodes: how many nodes; several are one Ray cluster, and the program runs on the first.
        on_loss: what becomes of the run when one of several is lost: `end` or `continue`.
        grows: whether nodes may join later: a single one is booked as a cluster, too.
        together: what is wanted between any two of several nodes.
        entrypoint: what is run instead of the package's command.
        max_duration: seconds after which a run is ended; default: as long as the nodes are booked for.
        image: what the program runs in, as a manifest names it or by its name in the catalogue; None: the
            node's own.
        insecure: also take ``http://`` to other machines.

    Raises:
        ConfigError: the URL is not a gateway's.
        ManifestError: so much cannot be asked for.
    """

    def __init__(
        self,
        client: AsyncClient,
        gateway: str,
        package: Package,
        wish: Wish,
        *,
        key: Keypair | None = None,
        cpus: int | None = None,
        gpus: int | None = None,
        memory: int | None = None,
        processes: int | None = None,
        disk: int | None = None,
        internet_mbps: int | None = None,
        env: Mapping[str, str] = MappingProxyType({}),
        pip: Sequence[str] = (),
        internet: bool = False,
        sealed: bool = False,
        nodes: int = 1,
        on_loss: Literal["end", "continue"] = "end",
        grows: bool = False,
        together: Together | None = None,
        entrypoint: Function | None = None,
        max_duration: int | None = None,
        image: str | None = None,
        insecure: bool = False,
    ) -> None:
        _, http = self._url = gateway_urls(gateway, insecure=insecure)
        self._client, self._gateway, self._insecure, self._key = client, gateway, insecure, key
        self._package, self._wish = package, wish
        self._gpus, self._env, self._pip = gpus, env, tuple(pip)
        self._needs = Resources(
            cpus, gpus or 0, memory, internet or bool(pip), internet_mbps, processes, disk
        )
        self._sealed, self._image = sealed, image
        self._nodes, self._on_loss, self._together = nodes, on_loss, together or Together()
        self._clustered = nodes > 1 or grows
        self._entrypoint = entrypoint or Command(package.argv)
        self._max_duration = wish.seconds if max_duration is None else max_duration
        self._store = AsyncHttpStore(http, key)
        self._folder = TemporaryDirectory(prefix="ionet-")
        self._archive = Path(self._folder.name) / "working_dir.zip"
        self._waiting: dict[str, Path | bytes] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self._folder.cleanup()
        await self._store.aclose()

    @property
    def argv(self) -> tuple[str, ...]:
        """The package's command."""
        return self._package.argv

    # -- before

    async def offer(self) -> Offered:
        """Chooses a node and asks for its price. Nothing is sent.

        Raises:
            NoNode: none can be booked as wished.
            NotBookable, PriceUnusable: the node cannot be booked at present.
            ManifestError: the program's variables or resources cannot be asked for.
            OSError: a file of the program cannot be read.
        """
        listings = await choose(self._client, self._wish)
        first = listings[0]
        gpus = self._gpus
        if gpus is None:
            gpus = await processors(self._client, first)
        elif gpus > (most := await processors(self._client, first)):
            # Nodes of one class may have different numbers of processors.
            listings = [item for item in listings if item.units >= gpus and most]
            if not listings:
                raise NoNode(f"no such node with {gpus} GPUs is free; the cheapest has {most}")
            first = listings[0]
        manifest = await self._manifest(gpus)
        listings, manifest, given = await self._that_give(listings, manifest)
        first = listings[0]
        nodes, reasons = [first.node], tuple[str, ...]()
        if self._nodes > 1:
            alike = self._alike(listings)
            fit = await choose_together(self._client, self._url[1], alike, self._nodes, self._together)
            nodes, reasons = list(fit.nodes), fit.reasons
            first = next(item for item in listings if item.node == nodes[0])
        gives = tuple(_gives(node, given.get(node)) for node in nodes)
        quotes = await self._client.jobs.quotes(nodes, self._wish.seconds, currency=self._wish.currency)
        check_rates(quotes, self._wish.max_rate)
        if self._nodes > 1:
            return Offered(first, quotes, manifest, reasons=reasons, gives=gives)
        others = tuple(item for item in listings[1:] if item.units == first.units or self._gpus is not None)
        return Offered(first, quotes, manifest, others, gives=gives)

    def _alike(self, listings: list[Listing]) -> list[Pubkey]:
        """The nodes that one manifest fits.

        Raises:
            NoNode: they are too few.
        """
        units = {item.units for item in listings}
        if self._gpus is None and self._wish.only and len(units) > 1:
            raise NoNode(
                f"these nodes have {min(units)} to {max(units)} GPUs: say how many each of them is to use"
            )
        least = listings[0].units
        alike = [item.node for item in listings if item.units == least or self._gpus is not None]
        if len(alike) < self._nodes:
            raise NoNode(f"{len(alike)} such nodes are free, not {self._nodes}")
        return alike

    async def _manifest(self, gpus: int) -> Manifest:
        """What would be run; an image of the catalogue is not named by its digest yet."""
        digest = await asyncio.to_thread(self._package.write, self._archive) if self._package.files else None
        return Manifest(
            self._entrypoint,
            replace(self._needs, gpus=gpus),
            max_duration=self._max_duration,
            runtime_env=RuntimeEnv(
                env_vars=dict(self._env), pip=self._pip, working_dir=None if digest is None else digest.hex()
            ),
            inputs=await asyncio.to_thread(self._package.given),
            sealed=self._sealed,
            nodes=self._nodes,
            on_loss=self._on_loss,
            image=None if is_name(self._image) else self._image,
        )

    async def _that_give(
        self, listings: list[Listing], manifest: Manifest
    ) -> tuple[list[Listing], Manifest, dict[Pubkey, Capacity]]:
        """The nodes that give what is asked for, as they have signed; the manifest with the image's digest.

        Raises:
            NoNode: none does.
        """
        given = dict[Pubkey, Capacity]()
        try:
            given = await given_by(self._client, self._url[1], [item.node for item in listings[:_LOOKED_AT]])
        except NoNode:
            if self._image is not None:
                raise
        if self._image is not None and is_name(self._image):
            manifest = replace(manifest, image=image_named(listings, given, self._image))
        named = bool(self._wish.named)
        return that_give(listings, given, manifest, named=named), manifest, given

    async def check_funds(self, offered: Offered) -> None:
        """Checks that the renter has the deposit.

        Raises:
            NotEnough: they have less.
        """
        quotes = offered.quotes
        balance = quotes.unit.from_base(await self._client.jobs.spendable(quotes.mint))
        if balance < quotes.deposit:
            session = self._client.wallet != self._client.address
            whose = "the session key may spend" if session else "you have"
            raise NotEnough(f"the deposit is {quotes.deposit}, {whose} {balance}")

    async def upload(self, offered: Offered, progress: Progress | None = None) -> None:
        """Uploads the program, as far as the store takes it before anything is booked; signed.

        Raises:
            StoreError: the store refuses, or does not answer.
            OSError: a file cannot be read.
        """
        self._waiting = {
            "manifest": offered.manifest.to_bytes(),
            **({"program": self._archive} if self._package.files else {}),
            **{str(path): path for path in self._package.inputs.values()},
        }
        info = await self._store.info()
        free = info["free"] if isinstance(info.get("free"), int) else 0
        for name, source in list(self._waiting.items()):
            size = max(_LEAST, len(source) if isinstance(source, bytes) else source.stat().st_size)
            # Larger files than this are not asked for: the store would remember for a while that nothing
            # speaks for the key.
            if size > free // 2:
                continue
            try:
                await self._put(name, source, progress)
            except StoreRefused as bad:
                if bad.code not in _NOT_YET:
                    raise
                return
            free -= size

    async def deliver(self, progress: Progress | None = None) -> None:
        """Uploads what the store takes only of those who rent something: after `book`.

        Raises:
            StoreError: the store refuses, or does not answer.
            OSError: a file cannot be read.
        """
        deadline = time.monotonic() + _KNOWN_AFTER
        while self._waiting:
            name, source = next(iter(self._waiting.items()))
            try:
                await self._put(name, source, progress)
            except (StoreRefused, StoreUnreachable) as bad:
                again = isinstance(bad, StoreUnreachable) or bad.code in _NOT_YET
                if not again or time.monotonic() > deadline:
                    raise
                await asyncio.sleep(_AGAIN)

    async def redeliver(self, manifest: bytes, progress: Progress | None = None) -> None:
        """Uploads what another process has booked, and may not have delivered.

        Args:
            manifest: what was booked: the same package makes the same program.
            progress: see `deliver`.

        Raises:
            StoreError, OSError: see `deliver`.
        """
        self._waiting = {"manifest": manifest, **{str(path): path for path in self._package.inputs.values()}}
        if self._package.files:
            await asyncio.to_thread(self._package.write, self._archive)
            self._waiting["program"] = self._archive
        await self.deliver(progress)

    async def _put(self, name: str, source: Path | bytes, progress: Progress | None) -> None:
        told = None if progress is None else _told(progress, name)
        await self._store.put(source, progress=told)
        del self._waiting[name]

    @property
    def undelivered(self) -> int:
        """How many files `deliver` has yet to upload."""
        return len(self._waiting)

    # -- booking

    async def book(self, offered: Offered, *, patience: float = 120.0) -> AsyncRun:
        """Books the node; the next one that costs no more, if it was taken meanwhile and none was named.

        A transaction whose outcome is unknown is looked for, until it has landed or no longer can, before
        anything is sent again.

        Args:
            offered: what was agreed to: no more than its limit is paid.
            patience: see `AsyncRun`.

        Returns:
            The job; enter it as a context manager to follow it.

        Raises:
            NoNode: others were faster, or the price has risen above the limit.
            TransactionUnknown: whether a node was booked is unknown.
            IonetError: the booking failed.
        """
        if self._clustered:
            return await self._book_cluster(offered, patience)
        why: list[str] = []
        for listing in (offered.listing, *offered.others):
            job = await self._book_node(listing, offered, why)
            if job is not None:
                return AsyncRun(
                    self._client,
                    self._gateway,
                    job,
                    key=self._key,
                    insecure=self._insecure,
                    patience=patience,
                )
        raise NoNode("nothing was booked: " + "; ".join(dict.fromkeys(why)))

    async def _book_cluster(self, offered: Offered, patience: float) -> AsyncClusterRun:
        """Books all nodes or none."""
        booking = await self._client.jobs.book_cluster(
            offered.nodes,
            self._wish.seconds,
            offered.manifest.hash,
            currency=self._wish.currency,
            quotes=offered.quotes,
        )
        return AsyncClusterRun(
            self._client,
            self._gateway,
            await self._head(booking),
            key=self._key,
            insecure=self._insecure,
            patience=patience,
            cluster=booking.cluster,
            jobs=booking.jobs,
        )

    async def _head(self, booking: ClusterBooking) -> Pubkey:
        """The first job of a cluster in the order of booking, as everybody reads it.

        Raises:
            NotRun: it is unknown; whoever booked again would pay twice.
        """
        shown: list[Pubkey] | None = None
        for _ in range(_READS):
            try:
                jobs = await self._client.jobs.cluster_jobs(booking.cluster)
            except (RpcError, TransportError) as bad:
                why = bad
                await asyncio.sleep(_AGAIN)
                continue
            shown = [job.address for job in jobs]
            # A node that lags shows some of them, or none.
            if shown and set(booking.jobs) <= set(shown):
                return shown[0]
            await asyncio.sleep(_SHOWN)
        if shown is not None:
            # What was cancelled meanwhile is not shown any more.
            return (shown or list(booking.jobs))[0]
        raise NotRun(
            booking.jobs[0],
            f"is booked, and so are the others of cluster {booking.cluster}, and paid for; the chain cannot"
            f" be read now: {why}",
        )

    async def _book_node(self, listing: Listing, offered: Offered, why: list[str]) -> Pubkey | None:
        """Books one node; None if it cannot be had for the limit, with the reason."""
        from ionet import NotBookable

        expired: TransactionExpired | None = None
        for _ in range(_TRIES):
            try:
                quote = await self._client.jobs.quote(
                    listing.node, self._wish.seconds, currency=self._wish.currency
                )
            except NotBookable as bad:
                why.append(str(bad))
                return None
            if quote.deposit.base > offered.limit.base:
                why.append(
                    f"the deposit for {listing.node} is {quote.deposit} now, more than {offered.limit}"
                )
                return None
            try:
                return await self._send(quote, offered)
            except TransactionExpired as bad:
                expired = bad  # it no longer can land
            except ProgramError:
                # Another renter may have been faster: then the node says so.
                with contextlib.suppress(NotBookable):
                    await self._client.jobs.quote(
                        listing.node, self._wish.seconds, currency=self._wish.currency
                    )
                    raise
                continue
        raise expired or NoNode(f"the node {listing.node} cannot be booked: {'; '.join(why)}")

    async def _send(self, quote: Quote, offered: Offered) -> Pubkey:
        from ionet import pda
        from ionet.jobs._async.booking import cheapest_job

        jobs, offer = self._client.jobs, pda.jobs.offer(quote.node)
        _, job = cheapest_job(offer, quote.nonce, exchanged=quote.sold_for_io)
        call = jobs.book(
            quote.node,
            self._wish.seconds,
            offered.manifest.hash,
            quote=quote,
            max_deposit=min(quote.limit.base, offered.limit.base),
        )
        try:
            await call.send()
        except TransactionNotShown:
            pass
        except TransactionUnknown as bad:
            if not await jobs.has_booked(bad, [job]):
                text = f"transaction {bad.signature} did not land and no longer can"
                raise TransactionExpired(text, bad.signature) from bad
        return job


def is_name(image: str | None) -> bool:
    """Whether an image is named as in the catalogue, and not by a digest."""
    return image is not None and ":" not in image


def _gives(node: Pubkey, said: Capacity | None) -> str:
    return f"{node} gives {words(said)}" if said is not None else f"{node} has not signed what it gives"


def _told(progress: Progress, name: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(name, done, total)


def variables(texts: Sequence[str]) -> dict[str, str]:
    """Reads ``NAME=VALUE`` texts.

    Raises:
        ValueError: one is not of this form.
    """
    found = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise ValueError(f"{text!r} is not of the form NAME=VALUE")
        found[name] = value
    return found
