"""What a worker reads from the chain by itself, so that nobody has to be believed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from solders.pubkey import Pubkey

from ionet import AsyncClient, JobState, accounts, pda
from ionet.chain.errors import AccountNotFound
from ionet.jobs.escrow import held

#: Seconds for which the attester set is remembered.
_SEATS_FOR: Final = 30.0


@dataclass(frozen=True, slots=True)
class Leased:
    """A job that holds a node's lease. Times are Unix seconds of the chain.

    Attributes:
        job: its address, 32 bytes.
        node: the node's address, 32 bytes.
        renter: the renter's address, 32 bytes.
        manifest: hash of the manifest, 32 bytes.
        cluster_size: nodes that are booked together; 1 for a job that stands alone.
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
    running: bool
    ended: bool
    start_by: int
    started_at: int | None
    ends_at: int | None
    funded: bool


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

    async def is_seat(self, key: bytes) -> bool:
        """Returns whether a key holds a seat in the attester set."""
        ...


class ClientChain:
    """`NodeChain` over a client, which needs no signer."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._seats: tuple[float, frozenset[bytes]] | None = None

    async def now(self) -> int:
        """See `NodeChain.now`."""
        return await self._client.time()

    async def leased(self, node: bytes) -> Leased | None:
        """See `NodeChain.leased`."""
        try:
            offer = await self._client.jobs.get_offer(Pubkey(node))
        except AccountNotFound:
            return None
        job = bytes(offer.lease_job)
        return await self.job(job) if any(job) else None

    async def job(self, job: bytes) -> Leased | None:
        """See `NodeChain.job`."""
        from ionet import constants

        try:
            account: accounts.jobs.Job = await self._client.jobs.get_job(Pubkey(job))
        except AccountNotFound:
            return None
        running = account.state == JobState.RUNNING
        booked = account.state == JobState.BOOKED
        return Leased(
            job=job,
            node=bytes(account.node),
            renter=bytes(account.renter),
            manifest=account.manifest_hash,
            cluster_size=account.cluster_size,
            running=running,
            ended=not running and not booked,
            start_by=account.booked_at + constants.jobs.START_WINDOW,
            started_at=account.started_at or None,
            ends_at=account.ends_at if account.started_at else None,
            funded=await self._balance(account.escrow) >= held(account),
        )

    async def _balance(self, escrow: Pubkey) -> int:
        try:
            return (await self._client.token_account(escrow)).amount
        except AccountNotFound:
            return 0

    async def is_seat(self, key: bytes) -> bool:
        """See `NodeChain.is_seat`."""
        at = time.monotonic()
        if self._seats is None or at - self._seats[0] > _SEATS_FOR:
            seats = await self._client.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)
            self._seats = at, frozenset(bytes(seat) for seat in seats.keys[: seats.seats])
        return key in self._seats[1]


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
    if leased.cluster_size != 1:
        return "jobs over several machines are not served by this version of the worker"
    return None
