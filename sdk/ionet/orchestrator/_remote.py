"""Nodes on other machines: their agents and their runs, reached through gateways."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import struct
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any, Final

from ionet.chain.errors import IonetError
from ionet.executor import FailureReason, Lease, RunFailure, RunOutput, StoredOutput
from ionet.formats import canonical
from ionet.orchestrator._agents import NodeBusy, NodeUnreachable, when_free
from ionet.orchestrator._promises import Declined
from ionet.prover import Challenge, Opening, ProofError, residency
from ionet.prover import Reason as ProofReason
from ionet.prover._hour import Entry
from ionet.prover._signed import RATE_MESSAGE, READS_MESSAGE, SignedRoot
from ionet.wire import Answer, Peer, Refused, Unreachable
from ionet.worker import Busy, Sample, SampleError
from ionet.worker._agent import PLACEMENT

_log = logging.getLogger(__name__)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
#: Seconds for an answer that needs no work, for one that prepares a lease, and for a challenge.
_SOON: Final = 20.0
_PREPARING: Final = 300.0
_COMPUTING: Final = 120.0
_POLL: Final = 2.0
#: Seconds for which a node's word on a run that is over is waited for.
_LAST_WORD: Final = 30.0
#: Seconds without an answer after which the head of a lease over several machines is lost, and within which
#: another of its nodes has to have answered.
_HEAD_LOST: Final = 25.0
_HEARD: Final = 10.0
_MOST_OUTPUTS: Final = 100_000
#: Returns the key of a node's device, as the chain has it; None if there is no such node.
DeviceOf = Callable[[bytes], Awaitable[bytes | None]]


class _Asking:
    """Requests to nodes' agents.

    Args:
        peer: this seat.
        device_of: reads the key of a node's device from the chain.
    """

    def __init__(self, peer: Peer, device_of: DeviceOf) -> None:
        self._peer = peer
        self._device_of = device_of

    async def _ask(
        self, node: bytes, method: str, seconds: float = _SOON, blob: bytes = b"", **arguments: Any
    ) -> Answer:
        """Asks the agent of a node.

        Raises:
            NodeUnreachable: it does not answer.
            Refused: it does not do it.
        """
        device = await self._device_of(node)
        if device is None:
            raise NodeUnreachable(f"the chain has no node {node.hex()}")
        try:
            return await self._peer.ask(device, method, arguments, blob, seconds=seconds)
        except Unreachable as bad:
            raise NodeUnreachable(str(bad)) from bad

    async def _keep(self, node: bytes) -> None:
        """Has a node's device kept for this seat.

        Raises:
            NodeBusy: another seat has it.
            NodeUnreachable: it is not kept for other reasons.
        """
        try:
            await self._ask(node, "reserve")
        except Refused as bad:
            kind = NodeBusy if bad.kind == "busy" else NodeUnreachable
            raise kind(f"the node cannot be challenged: {bad}") from bad


def _root(text: str) -> bytes:
    """Returns a root from hex; raises ValueError for one of another length, which nobody can open."""
    root = bytes.fromhex(text)
    if len(root) != 32:
        raise ValueError(f"its root has {len(root)} bytes, expected 32")
    return root


class RemoteAgents(_Asking):
    """`Agents` of nodes on other machines."""

    def __init__(self, peer: Peer, device_of: DeviceOf) -> None:
        super().__init__(peer, device_of)
        self._prepared: set[tuple[bytes, bytes]] = set()

    async def begin(self, node: bytes, job: bytes, processes: Sequence[int]) -> None:
        """See `Agents.begin`. The agent knows the processes itself."""
        if (node, job) in self._prepared:
            return
        try:
            await self._ask(node, "prepare", _PREPARING, job=job.hex())
        except Refused as bad:
            kind = Declined if bad.kind == PLACEMENT else Busy
            raise kind(f"the node does not take the job: {bad}") from bad
        self._prepared.add((node, job))

    async def sample(self, node: bytes, job: bytes, at: int, since: int) -> Sequence[Sample]:
        """See `Agents.sample`."""
        samples: list[Sample] = []
        while True:
            try:
                answer = await self._ask(node, "samples", job=job.hex(), since=since + len(samples))
                lines = answer.blob.splitlines(keepends=True)
                samples += [Sample.from_line(line) for line in lines]
            except (Refused, SampleError) as bad:
                raise NodeUnreachable(f"the node's samples cannot be had: {bad}") from bad
            if not answer.arguments.get("more") or not lines:
                return samples

    async def commit(self, node: bytes, challenge: Challenge) -> tuple[bytes, int]:
        """See `Agents.commit`. What is asked is not told before the device is free for it."""
        await self._keep(node)
        arguments: dict[str, Any] = {"k": challenge.k, "m": challenge.m, "seed": challenge.seed.hex()}
        start = time.perf_counter_ns()
        try:
            answer = await self._ask(node, "commit", _COMPUTING, **arguments)
            nanoseconds = time.perf_counter_ns() - start
            root = _root(answer.arguments["root"])
        except (Refused, KeyError, ValueError, TypeError) as bad:
            raise NodeUnreachable(f"the node cannot compute: {bad}") from bad
        return root, nanoseconds

    async def reserve(self, node: bytes) -> None:
        """See `Counting.reserve`."""
        await self._keep(node)

    async def number(self, node: bytes, challenges: Sequence[Challenge]) -> tuple[list[bytes], int]:
        """See `Counting.number`."""
        first = challenges[0]
        seeds = [challenge.seed.hex() for challenge in challenges]
        start = time.perf_counter_ns()
        try:
            answer = await self._ask(node, "number", _COMPUTING, k=first.k, m=first.m, seeds=seeds)
            nanoseconds = time.perf_counter_ns() - start
            roots = [_root(text) for text in answer.arguments["roots"]]
        except (Refused, KeyError, ValueError, TypeError) as bad:
            raise NodeUnreachable(f"the node cannot compute: {bad}") from bad
        return roots, nanoseconds

    async def open(self, node: bytes, root: bytes, rows: Sequence[int], randomness: bytes) -> Opening:
        """See `Agents.open`."""
        try:
            answer = await self._ask(
                node, "open", _COMPUTING, root=root.hex(), rows=list(rows), randomness=randomness.hex()
            )
        except Refused as bad:
            if bad.kind in ("leased", "not-reserved"):
                # Leased since it has committed, as the chain tells who asks; or another seat's turn has come.
                kind = NodeUnreachable if bad.kind == "leased" else NodeBusy
                raise kind(f"the node does not open its commitment now: {bad}") from bad
            raise ProofError(ProofReason.WRONG_ROOT, f"the node does not open its commitment: {bad}") from bad
        return await asyncio.to_thread(Opening.from_bytes, answer.blob)

    async def end(self, node: bytes, job: bytes) -> None:
        """See `Agents.end`. The agent ends a lease by itself; this only has it look at once."""
        self._prepared.discard((node, job))
        with contextlib.suppress(Refused):
            await self._ask(node, "end", job=job.hex())


class RemoteProducts(_Asking):
    """Devices' part in hours of compute proofs. All methods may raise `NodeUnreachable`."""

    async def product(self, node: bytes, hour: int, units: int, sizes: tuple[int, int]) -> list[Entry]:
        """Has a node's processors compute the hour's products, and returns what its device has signed.

        Raises:
            ProofError: there is no such answer, or the device has not signed it.
        """
        device = await self._device_of(node)
        m, k = sizes
        try:
            answer = await self._ask(node, "product", _COMPUTING, hour=hour, units=units, m=m, k=k)
        except Refused as bad:
            raise NodeUnreachable(f"the node signs no product: {bad}") from bad
        try:
            roots, signatures = (
                [bytes.fromhex(text) for text in answer.arguments[name]] for name in ("roots", "signatures")
            )
            entries = [
                Entry(SignedRoot(RATE_MESSAGE, hour, node, unit, 0, sizes, root), device or b"", signature)
                for unit, (root, signature) in enumerate(zip(roots, signatures, strict=True))
            ]
        except (KeyError, ValueError, TypeError, IonetError) as bad:
            raise ProofError(ProofReason.MALFORMED, f"the node's answer has no signed roots: {bad}") from bad
        if len(entries) != units:
            raise ProofError(ProofReason.SMALLER, f"{len(entries)} processors signed, it has {units}")
        if not all(entry.verify() for entry in entries):
            raise ProofError(ProofReason.MALFORMED, "its device has not signed what it answers")
        return entries

    async def receipt(self, entry: Entry, signature: bytes) -> None:
        """Gives a device the seat's receipt."""
        signed = entry.signed
        try:
            await self._ask(signed.node, "receipt", _SOON, signature, hour=signed.hour, leaf=entry.leaf.hex())
        except Refused as bad:
            raise NodeUnreachable(f"the node keeps no receipt: {bad}") from bad

    async def reveal(self, entry: Entry, rows: int) -> tuple[bytes, Mapping[str, Any]]:
        """Returns an opening's bytes, and the receipts that the device shows, seat and signature in hex."""
        signed = entry.signed
        m, k = signed.sizes
        arguments: dict[str, Any] = {"hour": signed.hour, "k": k, "m": m, "rows": rows, "unit": signed.unit}
        try:
            answer = await self._ask(signed.node, "reveal", _COMPUTING, **arguments)
        except Refused as bad:
            raise NodeUnreachable(f"the node does not open its commitment: {bad}") from bad
        receipts = answer.arguments.get("receipts")
        return answer.blob, receipts if isinstance(receipts, Mapping) else {}


class RemoteMemory(_Asking):
    """Devices' memory. All methods may raise `NodeUnreachable`."""

    async def hold(self, node: bytes, hour: int, sizes: residency.Sizes) -> bool:
        """See `Memories.hold`."""
        try:
            answer = await self._ask(node, "hold", hour=hour, **asdict(sizes))
        except Refused as bad:
            raise NodeUnreachable(f"the node does not fill its memory: {bad}") from bad
        return answer.arguments.get("ready") is True

    async def reserve(self, node: bytes) -> None:
        """See `Memories.reserve`."""
        await when_free(lambda: self._keep(node))

    async def walk(self, node: bytes, hour: int, sizes: residency.Sizes, start: bytes) -> tuple[bytes, int]:
        """See `Memories.walk`."""
        began = time.perf_counter_ns()
        try:
            answer = await self._ask(node, "walk", _COMPUTING, hour=hour, start=start.hex(), **asdict(sizes))
            nanoseconds = time.perf_counter_ns() - began
            root = _root(answer.arguments["root"])
        except (Refused, KeyError, ValueError, TypeError) as bad:
            raise NodeUnreachable(f"the node does not read its memory: {bad}") from bad
        return root, nanoseconds

    async def tell(
        self, node: bytes, hour: int, sizes: residency.Sizes, start: bytes, root: bytes, drawn: residency.Draw
    ) -> tuple[bytes, Entry]:
        """See `Memories.tell`."""
        device = await self._device_of(node)
        await self.reserve(node)
        arguments: dict[str, Any] = {
            **asdict(sizes),
            "count": len(drawn.chains),
            "hour": hour,
            "randomness": drawn.randomness.hex(),
            "root": root.hex(),
            "start": start.hex(),
        }
        try:
            answer = await self._ask(node, "tell", _COMPUTING, **arguments)
        except Refused as bad:
            raise NodeUnreachable(f"the node does not open its chains: {bad}") from bad
        said, held = answer.arguments, (sizes.blocks, sizes.rounds)
        try:
            root = bytes.fromhex(said["reads"])
            signed = SignedRoot(READS_MESSAGE, hour, node, said["unit"], said["number"], held, root)
            entry = Entry(signed, device or b"", bytes.fromhex(said["signature"]))
            holds = entry.verify()
        except (KeyError, ValueError, TypeError, struct.error, IonetError) as bad:
            raise ProofError(ProofReason.MALFORMED, f"the node's answer has no signed reads: {bad}") from bad
        if not holds:
            raise ProofError(ProofReason.MALFORMED, "its device has not signed the reads that it opens")
        return answer.blob, entry

    async def states(self, node: bytes, hour: int, sizes: residency.Sizes, start: bytes, place: int) -> bytes:
        """See `Memories.states`."""
        arguments: dict[str, Any] = {**asdict(sizes), "hour": hour, "place": place, "start": start.hex()}
        try:
            return (await self._ask(node, "states", **arguments)).blob
        except Refused as bad:
            raise NodeUnreachable(f"the node does not show what it has read: {bad}") from bad


class RemoteExecutor(_Asking):
    """`Executor` on other machines: their agents run the manifest, and run it again where it failed.

    Args:
        peer: this seat.
        device_of: reads the key of a node's device from the chain.
        work: directory for what is kept of leases.
        turn: seconds of the chain for which this seat leaves it to others to have a lease's manifest run.
        now: the chain's time, Unix seconds.
    """

    outlives = True

    def __init__(
        self,
        peer: Peer,
        device_of: DeviceOf,
        work: Path,
        turn: Callable[[Lease], int] = lambda lease: 0,
        now: Callable[[], int] = lambda: 0,
    ) -> None:
        super().__init__(peer, device_of)
        self._work = work
        self._turn = turn
        self._now = now
        self._stopped: dict[str, asyncio.Event] = {}
        #: By lease of several nodes: when one of the others has answered last, by this process's clock.
        self._others: dict[str, float] = {}

    async def open(self, lease: Lease) -> None:
        """See `Executor.open`. The nodes are taken by `RemoteAgents.begin`."""

    async def run(self, lease: Lease, attempt: int) -> RunOutput:
        """See `Executor.run`. Of a lease over several machines, the first node has the result.

        A node that joins a lease has none, and is looked after until it is stopped.
        """
        members = list(zip(lease.nodes, lease.jobs, strict=True))
        if (head := lease.joins) is None:
            head, *members = members
        others = [asyncio.create_task(self._follow(lease, head, *member)) for member in members]
        try:
            return await (self._run(lease) if lease.joins is None else self._joined(lease))
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    async def _joined(self, lease: Lease) -> RunOutput:
        stopped = self._stopped[lease.name] = asyncio.Event()
        await stopped.wait()
        raise RunFailure(FailureReason.STOPPED, "stopped by the orchestrator")

    async def _follow(self, lease: Lease, head: tuple[bytes, bytes], node: bytes, job: bytes) -> None:
        """Has a node join the head's, and carries what they say to each other for that."""
        first, its = head
        while True:
            with contextlib.suppress(NodeUnreachable, Refused):
                answer = await self._ask(node, "run", job=job.hex())
                self._others[lease.name] = time.monotonic()
                if isinstance(asked := answer.arguments.get("join"), Mapping):
                    granted = await self._ask(first, "admit", job=its.hex(), request=dict(asked))
                    grant = granted.arguments.get("grant")
                    await self._ask(node, "join", job=job.hex(), grant=grant)
            await asyncio.sleep(_POLL)

    async def _run(self, lease: Lease) -> RunOutput:
        stopped = self._stopped[lease.name] = asyncio.Event()
        job, node, began = lease.jobs[0].hex(), lease.nodes[0], self._now()
        over: float | None = None
        patience = _SOON if len(lease.nodes) == 1 else _SOON / 3
        last = time.monotonic()
        while True:
            heard = True
            mine = self._now() >= began + self._turn(lease)
            try:
                answer = await self._ask(node, "run" if mine else "status", patience, job=job)
                last = time.monotonic()
                if answer.blob:
                    return _output(answer.blob)
                # What has ended there may still be on its way to the store.
                heard = not answer.arguments.get("running")
            except NodeUnreachable:
                heard = False
                self._check_head(lease, last)
            except Refused:
                last = time.monotonic()
            if stopped.is_set():
                # A run that has succeeded must not count as stopped because a gateway is being restarted.
                over = over or time.monotonic()
                if heard or time.monotonic() - over > _LAST_WORD:
                    raise RunFailure(FailureReason.STOPPED, "stopped by the orchestrator")
                await asyncio.sleep(_POLL)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_POLL):
                    await stopped.wait()

    async def collect(self, lease: Lease) -> RunOutput | None:
        """See `Executor.collect`. The agent remembers how its latest runs ended.

        Raises:
            NodeUnreachable: it does not answer, or is still at work on what the run has left.
        """
        job, node = lease.jobs[0].hex(), lease.nodes[0]
        for last in (False, True):
            try:
                answer = await self._ask(node, "status", job=job)
                if answer.blob:
                    return _output(answer.blob)
                if not answer.arguments.get("asked"):
                    return None
                if not last:
                    # It may not have seen yet that the time is over.
                    await self._ask(node, "end", job=job)
            except Refused as bad:
                raise NodeUnreachable(f"the node does not tell how the run ended: {bad}") from bad
        raise NodeUnreachable("the node does not know yet how the run ended")

    def _check_head(self, lease: Lease, last: float) -> None:
        """Ends a run whose head has gone silent, where the manifest wants that: its members have nobody else.

        Only while others of its nodes answer: the fault may be this seat's, or the gateway's.

        Args:
            lease: the lease.
            last: when the head was heard last, by this process's clock.

        Raises:
            RunFailure: the head is lost.
        """
        silence = time.monotonic() - last
        others = time.monotonic() - self._others.get(lease.name, float("-inf"))
        if len(lease.nodes) > 1 and silence >= _HEAD_LOST and others <= _HEARD:
            head = lease.nodes[0].hex()
            _log.warning("lease %s: its head %s does not answer for %.0f s", lease.name, head, silence)
            if lease.manifest.on_loss == "end":
                raise RunFailure(FailureReason.NODE_LOST, f"lost: {head}", final=True)

    def log(self, lease: Lease) -> Path:
        """See `Executor.log`. Logs are at the node and in the store; this file does not exist."""
        return self._work / lease.name / "run.log"

    def processes(self, lease: Lease, node: bytes) -> Sequence[int]:
        """See `Executor.processes`. They are the agent's own business."""
        return ()

    async def stop(self, lease: Lease) -> None:
        """See `Executor.stop`."""
        await asyncio.gather(*map(self._end, lease.nodes, lease.jobs))
        if (stopped := self._stopped.get(lease.name)) is not None:
            stopped.set()

    async def _end(self, node: bytes, job: bytes) -> None:
        with contextlib.suppress(NodeUnreachable, Refused):
            await self._ask(node, "end", job=job.hex())

    async def release(self, lease: Lease) -> None:
        """See `Executor.release`. The agent releases by itself what the chain shows to be over."""
        self._others.pop(lease.name, None)
        self._stopped.pop(lease.name, None)

    async def shutdown(self) -> None:
        """See `Executor.shutdown`. Runs go on."""


def _output(blob: bytes) -> RunOutput:
    """Reads how a run ended, as its agent tells.

    Raises:
        RunFailure: it did not succeed, or what the agent tells is not readable.
    """
    try:
        outcome: Any = canonical.decode(blob)
        log = _digest(outcome["log"]) if outcome["log"] is not None else None
        if outcome["reason"] is not None:
            # The agent has repeated it already.
            failure = RunFailure(FailureReason(outcome["reason"]), str(outcome["detail"]), log, final=True)
        else:
            if not isinstance(outcome["value"], Mapping) or len(outcome["outputs"]) > _MOST_OUTPUTS:
                raise ValueError("the value is no object, or there are too many outputs")
            stored = tuple(
                StoredOutput(_relative(name), _digest(digest), _size(size))
                for name, digest, size in outcome["outputs"]
            )
            return RunOutput(outcome["value"], (), stored=stored, stored_log=log)
    except (IonetError, ValueError, KeyError, TypeError, AttributeError) as bad:
        detail = f"the node's word on the run cannot be read: {bad}"
        raise RunFailure(FailureReason.EXECUTOR, detail, final=True) from bad
    raise failure


def _digest(text: object) -> bytes:
    if not isinstance(text, str) or not _SHA256.fullmatch(text):
        raise ValueError("not a sha256")
    return bytes.fromhex(text)


def _size(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("not a size")
    return value


def _relative(name: object) -> str:
    """An output's name, which its reader may use as a path."""
    if not isinstance(name, str) or "\0" in name:
        raise ValueError("not a name")
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or path.as_posix() != name:
        raise ValueError(f"{name!r} is not a relative path")
    return name
