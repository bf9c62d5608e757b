"""What a worker reads from the chain by itself, so that nobody has to be believed."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from solders.pubkey import Pubkey

from ionet import AsyncClient, JobState, accounts, constants, pda
from ionet.chain.errors import AccountNotFound, RpcError, TransportError
from ionet.jobs.escrow import held
from ionet.overlay import LeaseFacts
from ionet.worker._members import lease_facts

#: Seconds for which the attester set is remembered.
_SEATS_FOR: Final = 30.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Leased:
    """A job that holds a node's lease. Times are Unix seconds of the chain.

    Attributes:
        job: its address, 32 bytes.
        node: the node's address, 32 bytes.
        renter: the renter's address, 32 bytes.
        manifest: hash of the manifest, 32 bytes.
        cluster_size: nodes that are booked together; 1 for a job that stands alone.
        cluster: the cluster's address, 32 bytes; zeros for a job that stands alone.
        running: whether it has started and not ended.
        ended: whether it has ended.
        start_by: until when it can start.
        started_at: None before the start.
        ends_at: end of the booked time; None before the start.
        funded: whether its escrow holds all that it must.
    """

    job: bytes
    node: bytes
    renter: bytes
    manifest: bytes
    cluster_size: int
    cluster: bytes
    running: bool
    ended: bool
    start_by: int
    started_at: int | None
    ends_at: int | None
    funded: bool

    @property
    def alone(self) -> bool:
        """Whether it stands alone: it is in no cluster."""
        return not any(self.cluster)


@dataclass(frozen=True, slots=True)
class ProductHour:
    """An hour's compute proofs, as the chain has them.

    Attributes:
        seq: hours from the start of emission to its end.
        ticked_at: when they began, Unix seconds.
        period_end: the hour's end, Unix seconds.
        seed: what its products are made of, 32 bytes.
        randomness: what is opened is drawn from it, 32 bytes; None while the hour is not drawn.
    """

    seq: int
    ticked_at: int
    period_end: int
    seed: bytes
    randomness: bytes | None


class NodeChain(Protocol):
    """The chain, as a worker's agent reads it. All methods may raise `IonetError`."""

    async def now(self) -> int:
        """Returns the chain's time, Unix seconds."""
        ...

    async def leased(self, node: bytes) -> Leased | None:
        """Returns the job that holds a node's lease, or None."""
        ...

    async def job(self, job: bytes) -> Leased | None:
        """Returns a job; None once it is closed, or if there never was one."""
        ...

    async def lease(self, job: bytes) -> LeaseFacts | None:
        """Returns who belongs to the lease of a job; None if there is none."""
        ...

    async def is_seat(self, key: bytes) -> bool:
        """Returns whether a key holds a seat in the attester set."""
        ...

    async def product_hour(self, seq: int) -> ProductHour | None:
        """Returns an hour's compute proofs; None if nobody has begun them."""
        ...

    async def units(self, node: bytes) -> int:
        """Returns how many processors a node has; 0 if there is no such node."""
        ...

    async def send(self, transaction: bytes) -> None:
        """Sends a transaction that somebody else has signed, unless it would fail."""
        ...


class ClientChain:
    """`NodeChain` over one or more clients, which need no signer: the next is asked when one does not answer.

    Args:
        clients: the preferred first.
    """

    def __init__(self, *clients: AsyncClient) -> None:
        self._clients = list(clients)
        self._seats: tuple[float, frozenset[bytes]] | None = None

    async def _ask(self, question: Callable[[AsyncClient], Awaitable[T]]) -> T:
        """Asks the clients in turn; who answered is asked first the next time."""
        for number, client in enumerate(list(self._clients)):
            try:
                return await question(client)
            except (RpcError, TransportError):
                if number == len(self._clients) - 1:
                    raise
                self._clients.append(self._clients.pop(0))
        raise AssertionError("there is a client")

    async def now(self) -> int:
        """See `NodeChain.now`."""
        return await self._ask(lambda client: client.time())

    async def leased(self, node: bytes) -> Leased | None:
        """See `NodeChain.leased`."""

        async def question(client: AsyncClient) -> bytes:
            try:
                return bytes((await client.jobs.get_offer(Pubkey(node))).lease_job)
            except AccountNotFound:
                return bytes(32)

        job = await self._ask(question)
        return await self.job(job) if any(job) else None

    async def job(self, job: bytes) -> Leased | None:
        """See `NodeChain.job`."""
        return await self._ask(lambda client: _leased(client, job))

    async def lease(self, job: bytes) -> LeaseFacts | None:
        """See `NodeChain.lease`."""
        return await self._ask(lambda client: lease_facts(client, job))

    async def is_seat(self, key: bytes) -> bool:
        """See `NodeChain.is_seat`."""
        at = time.monotonic()
        if self._seats is None or at - self._seats[0] > _SEATS_FOR:
            seats = await self._ask(
                lambda client: client.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)
            )
            self._seats = at, frozenset(bytes(seat) for seat in seats.keys[: seats.seats])
        return key in self._seats[1]

    async def product_hour(self, seq: int) -> ProductHour | None:
        """See `NodeChain.product_hour`."""

        async def question(client: AsyncClient) -> ProductHour | None:
            try:
                hour = await client.proofs.get_hour(seq)
            except AccountNotFound:
                return None
            randomness = hour.randomness if hour.drawn_slot else None
            return ProductHour(seq, hour.ticked_at, hour.period_end, hour.seed, randomness)

        return await self._ask(question)

    async def units(self, node: bytes) -> int:
        """See `NodeChain.units`."""

        async def question(client: AsyncClient) -> int:
            try:
                return (await client.staking.get_node(Pubkey(node))).units
            except AccountNotFound:
                return 0

        return await self._ask(question)

    async def send(self, transaction: bytes) -> None:
        """See `NodeChain.send`."""
        text, how = b64encode(transaction).decode(), {"encoding": "base64"}
        await self._ask(lambda client: client.request("sendTransaction", text, how))

    async def registered(self, node: bytes, device: bytes) -> bool:
        """Returns whether the chain has a node with this device's key."""

        async def question(client: AsyncClient) -> bool:
            try:
                return bytes((await client.staking.get_node(Pubkey(node))).device_key) == device
            except AccountNotFound:
                return False

        return await self._ask(question)

    async def pool(self, node: bytes) -> str:
        """Returns the pool of a registered node's class: ``gpu`` or ``cpu``."""
        return await self._ask(lambda client: _pool(client, node))


async def _pool(client: AsyncClient, node: bytes) -> str:
    return (await client.staking.get_node(Pubkey(node))).pool.name.lower()


async def _leased(client: AsyncClient, job: bytes) -> Leased | None:
    try:
        account: accounts.jobs.Job = await client.jobs.get_job(Pubkey(job))
    except AccountNotFound:
        return None
    try:
        balance = (await client.token_account(account.escrow)).amount
    except AccountNotFound:
        balance = 0
    running = account.state == JobState.RUNNING
    return Leased(
        job=job,
        node=bytes(account.node),
        renter=bytes(account.renter),
        manifest=account.manifest_hash,
        cluster_size=account.cluster_size,
        cluster=bytes(account.cluster),
        running=running,
        ended=not running and account.state != JobState.BOOKED,
        start_by=account.booked_at + constants.jobs.START_WINDOW,
        started_at=account.started_at or None,
        ends_at=account.ends_at if account.started_at else None,
        funded=balance >= held(account),
    )


class Clock:
    """The chain's time between two readings of it, and how fast it runs beside this machine's.

    Args:
        monotonic: this machine's seconds.
        limit: seconds after the last reading for which it still tells the time.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, limit: float = 1_800.0) -> None:
        self._monotonic = monotonic
        self._limit = limit
        self._first: tuple[float, int] | None = None
        self._last: tuple[float, int] | None = None

    def read(self, now: int) -> None:
        """Takes a reading of the chain's time."""
        at = self._monotonic()
        if self._first is None or now < self._first[1] or at - self._first[0] > 60.0:
            # A clock that was moved, or runs at another speed since, is measured anew.
            self._first = self._last or (at, now)
        self._last = at, now

    @property
    def rate(self) -> float:
        """Seconds of the chain for each second of this machine, at least 1."""
        if self._first is None or self._last is None or self._last[0] - self._first[0] < 0.5:
            return 1.0
        return max(1.0, (self._last[1] - self._first[1]) / (self._last[0] - self._first[0]))

    def now(self) -> int | None:
        """The chain's time; None where the last reading is too old to tell."""
        if self._last is None:
            return None
        age = self._monotonic() - self._last[0]
        return None if age > self._limit else self._last[1] + int(age)


def lease_problem(leased: Leased | None, node: bytes, job: bytes) -> str | None:
    """Returns why a worker does not serve a job; None if it does."""
    if leased is None:
        return "the chain has no such job"
    if leased.job != job or leased.node != node:
        return "the job is of another node"
    if leased.ended:
        return "the job has ended"
    if not leased.funded:
        return "the job's escrow does not hold its deposit"
    return None
