"""The nodes' side of a lease: sampling and compute challenges, away from where the renter's code runs.

A device's key never enters the renter's cluster: code inside Ray can run anything there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from ionet.chain.errors import IonetError

if TYPE_CHECKING:
    from ionet.prover import Challenge, Opening
    from ionet.worker import Sample, Worker

T = TypeVar("T")
#: Seconds for which a device that others have is waited for: four other seats' turns. Between two tries.
_PATIENCE: Final = 300.0
_POLL: Final = 2.0


class NodeUnreachable(IonetError):
    """The node's agent does not answer."""


class NodeBusy(NodeUnreachable):
    """Another seat has the node's device at this moment."""


class Agents(Protocol):
    """Every leased node's agent, by the node's address. All methods may raise `NodeUnreachable`."""

    async def begin(self, node: bytes, job: bytes, processes: Sequence[int]) -> None:
        """Takes the node's device for the job; repeated for the same job, it only updates the processes."""
        ...

    async def sample(self, node: bytes, job: bytes, at: int, since: int) -> Sequence[Sample]:
        """Has a sample taken and returns the job's samples from number ``since`` on.

        Agents on this machine stamp it ``at``; others by the chain's time as they read it.
        """
        ...

    async def commit(self, node: bytes, challenge: Challenge) -> tuple[bytes, int]:
        """Computes a challenge; returns the root and how long that took from here, nanoseconds.

        Raises `NodeBusy` where it has to be asked again in a moment.
        """
        ...

    async def open(self, node: bytes, root: bytes, rows: Sequence[int], randomness: bytes) -> Opening:
        """Opens rows of the product committed to as ``root``."""
        ...

    async def end(self, node: bytes, job: bytes) -> None:
        """Releases the device if it is still held for the job."""
        ...


async def when_free(step: Callable[[], Awaitable[T]]) -> T:
    """Takes a step with a device as soon as no other seat has it.

    Raises:
        NodeBusy: others had it for `_PATIENCE`.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return await step()
        except NodeBusy:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(_POLL)


class LocalAgents:
    """Agents of nodes on this machine: `ionet.worker.Worker` objects in threads.

    Args:
        workers: by node address.
    """

    def __init__(self, workers: Iterable[Worker]) -> None:
        self._workers: Mapping[bytes, Worker] = {worker.node: worker for worker in workers}

    async def begin(self, node: bytes, job: bytes, processes: Sequence[int]) -> None:
        """See `Agents.begin`."""
        await self._watched(node, self._get(node).begin, job, processes)

    async def sample(self, node: bytes, job: bytes, at: int, since: int) -> Sequence[Sample]:
        """See `Agents.sample`."""
        worker = self._get(node)
        await self._watched(node, worker.sample, at)
        return worker.samples(since)

    async def commit(self, node: bytes, challenge: Challenge) -> tuple[bytes, int]:
        """See `Agents.commit`."""
        from ionet.prover import BackendError

        start = time.perf_counter_ns()
        try:
            root = (await asyncio.to_thread(self._get(node).commit, challenge)).root
            return root, time.perf_counter_ns() - start
        except (BackendError, MemoryError) as error:
            raise NodeUnreachable(f"the node {node.hex()} cannot compute: {error}") from error

    async def open(self, node: bytes, root: bytes, rows: Sequence[int], randomness: bytes) -> Opening:
        """See `Agents.open`."""
        return await asyncio.to_thread(self._get(node).open, root, rows, randomness)

    async def end(self, node: bytes, job: bytes) -> None:
        """See `Agents.end`."""
        self._get(node).end(job)

    @staticmethod
    async def _watched(node: bytes, call: Callable[..., object], *arguments: object) -> None:
        """Whatever a device's driver raises is that node's trouble alone.

        Raises:
            Busy: another lease holds the device.
            NodeUnreachable: the device cannot be watched.
        """
        try:
            await asyncio.to_thread(call, *arguments)
        except IonetError:
            raise
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
            raise NodeUnreachable(
                f"the device of the node {node.hex()} cannot be watched: {detail}"
            ) from error

    def _get(self, node: bytes) -> Worker:
        try:
            return self._workers[node]
        except KeyError:
            raise NodeUnreachable(f"no agent for the node {node.hex()} on this machine") from None
