"""How much a key may keep in a store: what the chain says for it."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet._generated.jobs.accounts import Job
from ionet._generated.jobs.types import JobState
from ionet._generated.proofs.accounts import AttesterSet
from ionet._generated.proofs.pda import ATTESTER_SET
from ionet._generated.staking.accounts import Node
from ionet._generated.staking.types import NodeState

if TYPE_CHECKING:
    from ionet.chain._async.connection import AsyncConnection

_HOUR: Final = 3_600
_MICRO: Final = 1_000_000
#: Keys whose allowance is remembered, and keys that are read at once.
_REMEMBERED: Final = 10_000
_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True)
class Allowances:
    """What speaks for a key, in bytes; it may keep their sum, but at most `most`.

    Attributes:
        renter: once, for a key that rents in a job that is booked or runs.
        per_dollar: for each dollar that such jobs cost at their rate: rate × processors × time booked.
        node: for each live node whose device key it is, none of whose devices is banned.
        attester: for a key with a seat among the attesters.
        most: for all that.
    """

    renter: int = 1 << 30
    per_dollar: int = 1 << 30
    node: int = 16 << 30
    attester: int = 4 << 30
    most: int = 1 << 40


def of_jobs(jobs: Iterable[Job], terms: Allowances) -> int:
    """Bytes for a renter with these jobs; those that have ended count no longer."""
    open_jobs = [job for job in jobs if job.state in (JobState.BOOKED, JobState.RUNNING)]
    micro = sum(job.rate * job.units * job.seconds // _HOUR for job in open_jobs)
    return (terms.renter if open_jobs else 0) + micro * terms.per_dollar // _MICRO


class ChainQuota:
    """Reads what speaks for a key from the chain, and remembers it for a while.

    Args:
        connection: to the chain; an `AsyncClient` is one.
        terms: bytes for what is found there.
        seconds: how long an answer holds.
        clock: seconds, of this process.
    """

    def __init__(
        self,
        connection: AsyncConnection,
        terms: Allowances | None = None,
        *,
        seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection, self.terms = connection, terms or Allowances()
        self._seconds, self._clock = seconds, clock
        self._known: OrderedDict[Pubkey, tuple[float, int]] = OrderedDict()
        # Anyone can ask with keys made for it: they wait for each other, not the node for them.
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def allowed(self, key: Pubkey) -> int:
        """Bytes that a key may keep by what the chain says now.

        Raises:
            TransportError: the chain cannot be read.
            RpcError: the node refuses to look.
        """
        if (known := self._known.get(key)) is not None and known[0] > self._clock():
            return known[1]
        async with self._turns:
            jobs = await self._connection.find(Job, renter=key)
            nodes = await self._connection.find(Node, device_key=key)
            (seats,) = await self._connection.fetch_many(AttesterSet, [ATTESTER_SET])
        allowed = of_jobs((job.account for job in jobs), self.terms)
        live = [node for node in nodes if node.account.state == NodeState.LIVE and not node.account.banned]
        allowed += self.terms.node * len(live)
        if seats is not None and key in seats.keys and seats.weights[seats.keys.index(key)]:
            allowed += self.terms.attester
        allowed = min(allowed, self.terms.most)
        self._known[key] = (self._clock() + self._seconds, allowed)
        self._known.move_to_end(key)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return allowed


class SameForAll:
    """Allows every key the same: for a store of one's own, and for tests.

    Args:
        most: bytes.
    """

    def __init__(self, most: int) -> None:
        self._most = most

    async def allowed(self, key: Pubkey) -> int:
        """Bytes that a key may keep."""
        return self._most
