"""One node's agent: it serves the node's lease as the chain says, and answers those who may ask.

What is to be run, for whom and until when it reads from the chain; requests only make it look sooner. A seat
that asks for a run, a gateway that carries the request, and a renter can therefore make it do nothing that
the chain does not show to be paid for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.executor import Executor, FailureReason, Lease, RunFailure, RunOutput, lease_name
from ionet.executor._base import MAX_ARCHIVE_BYTES, Lacking
from ionet.formats import canonical
from ionet.overlay import Grant
from ionet.overlay import Request as Joining
from ionet.sandbox import machine_time
from ionet.store import StoreUnreachable
from ionet.store.manifest import (
    MAX_BYTES,
    FileStore,
    Function,
    Manifest,
    ManifestError,
    NotStored,
    StoreError,
)
from ionet.store.sealed import SEALED, seal_file
from ionet.wire import Answer, Refused, Request, Sealed, SealError
from ionet.worker._arguments import hex32, number
from ionet.worker._challenges import METHODS, Challenges
from ionet.worker._clusters import INCOMPLETE, Network, Networks, machine_seconds
from ionet.worker._endings import Endings, check_together, nobody_uses, read_endings
from ionet.worker._leases import Clock, Leased, NodeChain, lease_problem
from ionet.worker._measuring import Links
from ionet.worker._memory import Memory
from ionet.worker._products import Products
from ionet.worker._record import LeaseRecord, Outcome
from ionet.worker._streams import Streams
from ionet.worker._timelock import Sample, TimeLockPolicy
from ionet.worker._uptime import GAP, STATED_FOR, Uptime
from ionet.worker._worker import Worker
from ionet.workloads.held import ENDS, ORDER, order_problem
from ionet.workloads.held import ENTRYPOINT as HELD

_log = logging.getLogger(__name__)
#: Bytes of samples in one answer, and of a log.
_PAGE: Final = 1 << 20
_LOG_PAGE: Final = 256 << 10
#: Bytes of an order, sealed.
_ORDER: Final = 64 << 10
#: Looks in which a cluster that ends itself ends its other jobs; then its head's as well.
_LOOKS_AT_OTHERS: Final = 30
#: Characters of a problem that a renter is told.
_WORDS: Final = 1_000
#: Seconds before what could not go on, or failed, begins again.
_AGAIN: Final = 1.0
#: What a box is told that can be ended.
_HELD_ENDS: Final = b"{}"
#: How a lease is refused for which the node has too little.
PLACEMENT: Final = "placement"
#: Seconds of this machine after a lease's end in which the worker ends its box; then it ends by itself.
_ENDED: Final = 30.0
_PAID_TIME_OVER: Final = "the paid time is over"
#: Leases that are remembered.
_KEEP: Final = 1_000
#: Seconds in which an image's archive has to come, for which others wait: no lease starts later than that.
_IMAGE_SECONDS: Final = 1_200.0


class LocalRunner(Executor, Protocol):
    """An executor of this machine."""

    def check(self, lease: Lease) -> None:
        """Refuses a lease that its nodes cannot run, before anything is fetched for it.

        Raises:
            RunFailure: (PLACEMENT) with the reason.
        """
        ...

    def wanted_image(self, manifest: Manifest) -> tuple[bytes, int] | None:
        """See `LocalExecutor.wanted_image`."""
        ...

    @property
    def archives(self) -> FileStore:
        """See `LocalExecutor.archives`."""
        ...

    @property
    def turn(self) -> asyncio.Lock:
        """See `LocalExecutor.turn`."""
        ...

    def end_by(self, lease: Lease, at: float) -> None:
        """See `LocalExecutor.end_by`."""
        ...

    async def discard(self, name: str) -> None:
        """Removes what a lease has left, by its name; repeated, it does nothing."""
        ...

    async def give(self, lease: Lease, name: str, data: bytes) -> None:
        """See `LocalExecutor.give`."""
        ...

    async def connect(self, lease: Lease) -> socket.socket:
        """See `LocalExecutor.connect`."""
        ...


class Files(Protocol):
    """The network's store, for an agent. All methods may raise `IonetError`."""

    async def fetch(self, digest: bytes, store: FileStore, most: int) -> None:
        """Brings a file into a store of this machine, checked; does nothing if it is there.

        Args:
            digest: its sha256.
            store: where to.
            most: bytes; a larger file is not fetched.

        Raises:
            NotStored: nobody has it.
        """
        ...

    async def keep(self, path: Path) -> tuple[bytes, int]:
        """Stores a file for others, and returns its hash and size."""
        ...


@dataclass(frozen=True, slots=True)
class AgentPolicy:
    """An agent's intervals and limits. Seconds are the chain's, unless said otherwise.

    Attributes:
        look_every: between looks at the chain, seconds of this machine, at most.
        sample_every: between samples.
        sample_spacing: between samples, when seats ask for more.
        max_gap: between two samples, after which seats do not count the time between them.
        max_failures: failed runs after which the lease's outcome is a failure.
        max_begun: runs begun after which it is one, because the worker itself does not survive them.
        upload_seconds: for which storing of outputs is tried again, seconds of this machine.
        unheard_after: seconds of this machine for which no seat has asked about a lease, after which the
            gateway counts as one that lets nothing through.
        unbeaten_after: and for which no seat's heartbeat has come, where one came before.
        answer_within: in which a seat is answered that has a lease taken up, also where that takes longer.
    """

    look_every: float = 10.0
    sample_every: int = 60
    sample_spacing: int = 5
    max_gap: int = TimeLockPolicy().max_gap
    max_failures: int = 3
    max_begun: int = 10
    upload_seconds: float = 3_600.0
    unheard_after: float = 180.0
    unbeaten_after: float = 900.0
    answer_within: float = 120.0


@dataclass(frozen=True, slots=True)
class _Refusal:
    """The job that was not taken up at the last look, its renter, and why, in a word and in words."""

    job: bytes
    renter: bytes
    kind: str
    detail: str


@dataclass(slots=True)
class _Serving:
    """The lease that is being served."""

    leased: Leased
    lease: Lease
    record: LeaseRecord
    #: What its renter has signed so that it can end itself.
    ends: Endings
    network: Network | None = None
    opened: bool = False
    run: asyncio.Task[None] | None = None
    over: bool = False
    last_sample: int | None = None
    #: What its renter seals orders for.
    channel: Sealed = field(default_factory=Sealed)
    #: Looks in which other jobs of a cluster that ends itself had not ended.
    looks_at_others: int = 0


@dataclass(slots=True)
class AgentFacts:
    """What an agent can say of itself, for its owner.

    Attributes:
        job: the job that it serves, or None.
        since: since when.
        samples: of the present lease.
        good_samples: those that show nobody else on the device.
        last_sample_at: None before the first.
        last_challenge_at: None before the first.
        last_challenge_ms: how long it took.
        log_bytes: of the present lease.
        problems: by what they are about.
    """

    job: bytes | None = None
    since: int | None = None
    samples: int = 0
    good_samples: int = 0
    last_sample_at: int | None = None
    last_challenge_at: int | None = None
    last_challenge_ms: int | None = None
    log_bytes: int = 0
    problems: dict[str, str] = field(default_factory=dict)


class Agent:
    """Serves one node.

    Args:
        worker: the device, its key and its samples.
        executor: runs manifests on this machine.
        chain: read by the worker itself.
        files: the network's store.
        store: this machine's copies of manifests and inputs.
        state: directory of this node's records and samples.
        policy: intervals and limits.
        networks: of leases over several machines; None: there are none here.
        links: measures what lies between this node and others; None: it does not.
        streams: into boxes, for their renters; None: there are none here.
    """

    def __init__(
        self,
        worker: Worker,
        executor: LocalRunner,
        chain: NodeChain,
        files: Files,
        store: FileStore,
        state: Path,
        policy: AgentPolicy | None = None,
        networks: Networks | None = None,
        links: Links | None = None,
        streams: Streams | None = None,
    ) -> None:
        self._streams = streams
        self._networks = networks
        self._links = links
        self._measuring = asyncio.Lock()
        self.node = worker.node
        self.worker = worker
        self._executor = executor
        self._chain = chain
        self._files = files
        self._store = store
        self._state = state
        self._policy = policy or AgentPolicy()
        self._clock = Clock()
        self._serving: _Serving | None = None
        self._cleaned: bytes | None = None
        #: Jobs of before this process whose outcome is not recorded; None before the first look.
        self._earlier: list[bytes] | None = None
        self._refusal: _Refusal | None = None
        self._looking = asyncio.Lock()
        #: A look that seats have asked for.
        self._asked: asyncio.Task[None] | None = None
        self._sampling = asyncio.Lock()
        self._nudge = asyncio.Event()
        self._memory = Memory(worker, chain)
        products = Products(worker, chain, state / "receipts.json")
        self._challenges = Challenges(worker, chain.is_seat, products, self._memory)
        self._uptime = Uptime(state / "uptime.json")
        self.facts = AgentFacts()
        #: Whether a gateway is connected: a device is up while one is, and the chain can be read.
        self.connected: Callable[[], bool] = lambda: True
        #: Called when no seat has asked for long about a lease, or whether the device is there: another
        #: gateway may let seats through.
        self.on_unheard: Callable[[], None] = lambda: None
        self._heard_at = time.monotonic()
        #: When a seat's heartbeat came last; None before the first.
        self._beaten_at: float | None = None
        #: Called with an event's name and text for the node's owner.
        self.on_event: Callable[[str, str], None] = lambda event, text: None
        self._methods: dict[str, Callable[[Request], Awaitable[Answer]]] = {
            "admit": self._admit,
            "channel": self._channel,
            "describe": self._describe,
            "end": self._end,
            "ends": self._take_ends,
            "heartbeat": self._beat,
            "join": self._join,
            "log": self._read_log,
            "measure": self._measure,
            "order": self._order,
            "prepare": self._prepare,
            "run": self._ask_run,
            "samples": self._samples,
            "status": self._status,
            "uptime": self._state_uptime,
        }

    def now(self) -> int:
        """The chain's time as far as it is known; 0 where it is not."""
        return self._clock.now() or 0

    @property
    def busy(self) -> bool:
        """Whether a lease is being served."""
        return self._serving is not None

    # -- the loop

    async def run(self) -> None:
        """Looks at the chain, serves and samples until it is cancelled. What runs in boxes goes on."""
        try:
            while True:
                pause = self._policy.look_every
                self._nudge.clear()
                try:
                    await self.look()
                except Exception as bad:
                    self._trouble("look", bad)
                    # The lease goes on while the chain cannot be asked, and so do its samples.
                    await self._whatever("sample", self._sample_if_due())
                self._note_unheard()
                if self._serving is not None:
                    pause = min(pause, self._policy.sample_every / self._clock.rate)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.05, pause)):
                        await self._nudge.wait()
        finally:
            if self._asked is not None:
                self._asked.cancel()
                await asyncio.gather(self._asked, return_exceptions=True)
            serving = self._serving
            if serving is not None and serving.run is not None:
                serving.run.cancel()
                await asyncio.gather(serving.run, return_exceptions=True)
            if self._streams is not None:
                await self._streams.close()

    def _note_unheard(self) -> None:
        """Has another gateway tried where seats ask nothing.

        Of a lease they do every few seconds, and whether the device is there every few minutes.
        """
        at = time.monotonic()
        if self._serving is None or not self.connected():
            self._heard_at = at
        elif at - self._heard_at > self._policy.unheard_after:
            self._heard_at = at
            self.on_unheard()
        if self._beaten_at is not None and not self.connected():
            self._beaten_at = at
        elif self._beaten_at is not None and at - self._beaten_at > self._policy.unbeaten_after:
            self._beaten_at = at
            self.on_unheard()

    async def look(self) -> None:
        """Reads the chain once and does what is due."""
        async with self._looking:
            self._clock.read(await self._chain.now())
            self._note_up()
            serving = self._serving
            leased = await self._chain.leased(self.node)
            self._memory.look(self.now(), leased is not None and not self._is_over(leased))
            if serving is not None and (leased is None or leased.job != serving.leased.job):
                # The lease may have been given to the next job before this look.
                leased = await self._chain.job(serving.leased.job)
                if leased is None:
                    await self._finish(serving)
                    return
            if serving is None:
                await self._clean_earlier(None if leased is None else leased.job)
            if leased is None:
                self._clear("look", "lease")
                return
            if serving is None:
                if self._is_over(leased):
                    await self._clean(leased)
                    self._clear("look", "lease")
                    return
                problem = lease_problem(leased, self.node, leased.job)
                if problem is not None:
                    self._refusal = _Refusal(leased.job, leased.renter, "lease", problem)
                    self._problem("lease", problem)
                    return
                try:
                    serving = await self._take_up(leased)
                except IonetError as bad:
                    self._refusal = _Refusal(leased.job, leased.renter, _kind(bad), str(bad))
                    if _kind(bad) == INCOMPLETE:
                        # Its other nodes are being booked: that is nobody's trouble.
                        _log.info("waits: %s", bad)
                        return
                    raise
                self._refusal = None
            serving.leased = leased
            await self._serve(serving)
            self._clear("look", "lease")

    async def _clean(self, leased: Leased) -> None:
        """Keeps the outcome of a lease that ended while this process did not run, and removes the rest."""
        job = leased.job
        if self._cleaned == job or not LeaseRecord.known(self._state, job):
            return
        record = LeaseRecord.load(self._state, job)
        await self._sample_late(leased)
        if record.asked and record.outcome is None:
            await self._conclude_late(leased, record)
        await self._executor.discard(lease_name([job]))
        Endings(self._state, job).drop()
        self._cleaned = job

    async def _sample_late(self, leased: Leased) -> None:
        """Takes the last sample of a lease whose time ended just now, while this process did not run."""
        end = leased.ends_at
        if not leased.running or end is None:
            return
        samples = await asyncio.to_thread(self.worker.samples_of, leased.job)
        last = samples[-1].at if samples else leased.started_at
        if last is None or last >= end or self.now() - last > self._policy.max_gap:
            return
        try:
            lease = Lease(
                (leased.job,),
                (self.node,),
                leased.renter,
                leased.manifest,
                await self._manifest(leased.manifest),
            )
            await asyncio.to_thread(self._sample, leased.job, self._executor.processes(lease, self.node), end)
        except Exception as bad:
            # A driver raises what it likes: what the lease has left is removed all the same.
            self._trouble("sample", bad)
        finally:
            self.worker.end(leased.job)

    async def _clean_earlier(self, but: bytes | None) -> None:
        """Cleans up after leases that ended, and were followed by others, while this process did not run."""
        if self._earlier is None:
            self._earlier = await asyncio.to_thread(LeaseRecord.unfinished, self._state)
        for job in [job for job in self._earlier if job != but]:
            leased = await self._chain.job(job)
            if leased is not None and not self._is_over(leased):
                continue
            if leased is not None:
                try:
                    await self._clean(leased)
                except Exception as bad:
                    # The next lease does not wait for it any longer.
                    self._trouble("look", bad)
            # Nobody asks any more for one that is closed.
            try:
                await self._executor.discard(lease_name([job]))
            except Exception as bad:
                self._trouble("look", bad)
            else:
                self._earlier.remove(job)

    async def _conclude_late(self, leased: Leased, record: LeaseRecord) -> None:
        """Records how a run ended that went on without this process."""
        manifest = await self._manifest(leased.manifest)
        lease = Lease((leased.job,), (self.node,), leased.renter, leased.manifest, manifest)
        serving = _Serving(leased, lease, record, Endings(self._state, leased.job))
        try:
            output = await self._executor.collect(lease)
        except RunFailure as failure:
            await self._conclude(serving, Outcome(failure.reason.value, failure.detail))
            return
        if output is None:
            await self._conclude(serving, _ended_with_lease(record))
        else:
            await self._succeeded(serving, output)

    async def _take_up(self, leased: Leased) -> _Serving:
        """Fetches what a lease needs, and takes the device and a box for it.

        Raises:
            IonetError: something is missing, or does not fit.
        """
        manifest = await self._manifest(leased.manifest)
        size = leased.cluster_size
        if manifest.nodes != size:
            booked = "one is booked" if size == 1 else f"{size} are booked together"
            raise Refused("bad-manifest", f"the manifest asks for {manifest.nodes} nodes, {booked}")
        if manifest.sealed and not Pubkey(leased.renter).is_on_curve():
            raise Refused("bad-manifest", "nothing can be sealed for the renter: a program's address")
        lease = Lease((leased.job,), (self.node,), leased.renter, leased.manifest, manifest)
        self._executor.check(lease)
        wanted = [(item.sha256, item.size) for item in manifest.inputs]
        if (archive := manifest.runtime_env.working_dir) is not None:
            wanted.append((archive, MAX_ARCHIVE_BYTES))
        record = LeaseRecord.load(self._state, leased.job)
        if record.outcome is None:
            for digest, most in wanted:
                await self._files.fetch(bytes.fromhex(digest), self._store, most)
        await self._open(lease, new=record.outcome is None)
        network = await self._network(leased, record)
        processes = self._executor.processes(lease, self.node)
        await asyncio.to_thread(self.worker.begin, leased.job, processes)
        head = "" if network is None else network.head.hex()
        record = record.but(self._state, renter=leased.renter.hex(), head=head)
        ends = Endings(self._state, leased.job)
        serving = self._serving = _Serving(leased, lease, record, ends, network, opened=True)
        LeaseRecord.forget(self._state, _KEEP)
        self.facts = AgentFacts(leased.job, self.now(), problems=self.facts.problems)
        self._event("job-began", f"serves the job {_short(leased.job)}")
        return serving

    async def _open(self, lease: Lease, *, new: bool) -> None:
        """Has the executor open a lease; of its image's archive one is fetched at a time."""
        if not new or self._executor.wanted_image(lease.manifest) is None:
            await self._executor.open(lease)
            return
        async with self._executor.turn:
            if (image := self._executor.wanted_image(lease.manifest)) is not None:
                try:
                    async with asyncio.timeout(_IMAGE_SECONDS):
                        await self._files.fetch(image[0], self._executor.archives, image[1])
                except TimeoutError:
                    within = f"within {_IMAGE_SECONDS / 60:.0f} minutes"
                    raise StoreUnreachable(f"{lease.manifest.image} did not come {within}") from None
            await self._executor.open(lease)

    async def _network(self, leased: Leased, record: LeaseRecord) -> Network | None:
        """Returns the node's part in a lease over several machines; None for a job that stands alone."""
        if leased.alone:
            return None
        if self._networks is None:
            raise Refused(
                "no-overlay", "this worker's jobs run in no boxes of runc's, and only those make a cluster"
            )
        return await self._networks.open(leased, head=bytes.fromhex(record.head) or None)

    async def _manifest(self, digest: bytes) -> Manifest:
        try:
            await self._files.fetch(digest, self._store, MAX_BYTES)
            return self._store.get_manifest(digest)
        except NotStored as bad:
            raise Refused("no-manifest", str(bad)) from None
        except (StoreError, ManifestError) as bad:
            raise Refused("bad-manifest", str(bad)) from None

    async def _serve(self, serving: _Serving) -> None:
        leased, over = serving.leased, self._is_over(serving.leased)
        if leased.running and not over and serving.record.asked and serving.record.outcome is None:
            self._start(serving)
        await self._whatever("sample", self._sample_if_due())
        if over:
            await self._finish(serving)
            return
        if leased.running and leased.ends_at is not None:
            await self._whatever("end", self._tell_end(serving.lease, leased.ends_at))
        # Its renter pays until it has ended.
        await self._whatever("ends", self._end_itself(serving))
        if serving.network is not None:
            # May fail for a day, while a relay's gateway is away.
            await serving.network.keep(self.now(), leased.ends_at or 0, self._clock.rate)

    async def _whatever(self, about: str, part: Awaitable[None]) -> None:
        """Does a part of a look: what it raises, such as a driver's own error, costs no other part."""
        try:
            await part
        except Exception as bad:
            self._trouble(about, bad)

    async def _tell_end(self, lease: Lease, ends_at: int) -> None:
        """Tells what runs when it ends, should this process not be there then."""
        left = machine_seconds(ends_at - self.now(), self._clock.rate)
        await asyncio.to_thread(self._executor.end_by, lease, machine_time() + left + _ENDED)
        self._clear("end")

    def _is_over(self, leased: Leased) -> bool:
        """Whether nothing is to be done for a job any more: also where it can never start."""
        now = self.now()
        if leased.running:
            return leased.ends_at is not None and now >= leased.ends_at
        return leased.ended or now > leased.start_by

    async def _finish(self, serving: _Serving) -> None:
        """Ends the work, and leaves nothing of it but the record, the samples and what was stored."""
        serving.over = True
        if self._streams is not None:
            await self._whatever("streams", self._streams.close())
        if serving.network is not None:
            serving.network.stop()
        await self._executor.stop(serving.lease)
        if serving.run is not None:
            # What a finished run has left is stored before its box goes.
            await asyncio.wait({serving.run}, timeout=self._policy.upload_seconds)
            serving.run.cancel()
        if serving.record.asked and serving.record.outcome is None:
            await self._conclude(serving, _ended_with_lease(serving.record))
        await self._executor.release(serving.lease)
        if serving.network is not None:
            await serving.network.close()
        serving.ends.drop()
        self.worker.end(serving.leased.job)
        self._serving = None
        self._clear("sample", "end", "ends", "streams", "run", "store")
        self._event("job-ended", f"the lease of the job {_short(serving.leased.job)} is over")
        self.facts = AgentFacts(problems=self.facts.problems)

    # -- the run

    def _start(self, serving: _Serving) -> None:
        if serving.run is None or serving.run.done():
            serving.run = asyncio.create_task(self._runs(serving), name=f"run {serving.lease.name}")

    async def _runs(self, serving: _Serving) -> None:
        """Runs the manifest until it has an outcome."""
        try:
            while serving.record.outcome is None and not serving.over:
                serving.record = serving.record.but(self._state, begun=serving.record.begun + 1)
                if serving.record.begun - serving.record.failed > self._policy.max_begun:
                    detail = f"the worker has ended {self._policy.max_begun} times during the run"
                    await self._conclude(serving, Outcome(FailureReason.EXECUTOR.value, detail))
                    return
                try:
                    lease = serving.lease
                    if _is_held(lease.manifest):
                        lease = replace(lease, given=await self._given(serving))
                    if serving.network is not None:
                        lease = replace(lease, part=await serving.network.part())
                    output = await self._executor.run(lease, serving.record.failed + 1)
                except RunFailure as failure:
                    await self._failed(serving, failure)
                else:
                    await self._succeeded(serving, output)
        except asyncio.CancelledError:
            raise
        except Exception as bad:
            # A full disk, say: it begins again, but not as fast as this machine can.
            self._trouble("run", bad)
            await asyncio.sleep(_AGAIN)
        finally:
            self._nudge.set()

    async def _given(self, serving: _Serving) -> dict[str, bytes | Path]:
        """What the box of a cluster that is held is given besides."""
        given, lease = dict[str, bytes | Path](), serving.lease
        if self._streams is not None:
            given |= await asyncio.to_thread(self._streams.given, lease.jobs[0], lease.renter)
        if serving.ends:
            given[ENDS] = _HELD_ENDS
        return given

    async def _failed(self, serving: _Serving, failure: RunFailure) -> None:
        if failure.reason is FailureReason.STOPPED and serving.over:
            await self._conclude(serving, _ended_with_lease(serving.record))
            return
        serving.record = serving.record.but(self._state, failed=serving.record.failed + 1)
        self._event("run-failed", str(failure))
        over = serving.record.failed >= self._policy.max_failures or _ends_by_loss(serving, failure)
        if over or not failure.retryable:
            await self._conclude(serving, Outcome(failure.reason.value, failure.detail))
        else:
            await asyncio.sleep(_AGAIN)

    async def _succeeded(self, serving: _Serving, output: RunOutput) -> None:
        outputs, sealed = [], serving.lease.manifest.sealed
        for item in sorted(output.outputs, key=lambda item: item.name):
            digest, size = await self._stored_for(serving, item.path)
            outputs.append((item.name + (SEALED if sealed else ""), digest.hex(), size))
        await self._conclude(serving, Outcome(None, "", output.value, tuple(outputs)))

    async def _conclude(self, serving: _Serving, outcome: Outcome) -> None:
        log = None
        path = self._executor.log(serving.lease)
        if path.exists():
            try:
                log = (await self._stored_for(serving, path))[0].hex()
            except Exception as bad:
                # How the run ended counts without it.
                self._trouble("store", bad)
        outcome = Outcome(outcome.reason, outcome.detail, outcome.value, outcome.outputs, log)
        serving.record = serving.record.but(self._state, outcome=outcome)
        self._event("run-ended", outcome.detail or "the run has succeeded")

    async def _stored_for(self, serving: _Serving, path: Path) -> tuple[bytes, int]:
        """Stores a file, sealed for the job's renter if the manifest says so."""
        if not serving.lease.manifest.sealed:
            return await self._stored(path)
        # Among the lease's files, which go with it.
        with TemporaryDirectory(prefix="sealed-", dir=self._executor.log(serving.lease).parent) as folder:
            target = Path(folder) / "file"
            await asyncio.to_thread(seal_file, path, target, Pubkey(serving.leased.renter))
            return await self._stored(target)

    async def _stored(self, path: Path) -> tuple[bytes, int]:
        """Stores a file, again and again for as long as the policy says."""
        deadline, pause = time.monotonic() + self._policy.upload_seconds, 1.0
        while True:
            try:
                return await self._files.keep(path)
            except (IonetError, OSError) as bad:
                if time.monotonic() > deadline:
                    raise
                self._trouble("store", bad)
            await asyncio.sleep(pause)
            pause = min(2 * pause, 60.0)

    # -- clusters that end themselves

    async def _end_itself(self, serving: _Serving) -> None:
        """Sends what its renter has signed, once a held cluster's program has ended by itself."""
        outcome, ends = serving.record.outcome, serving.ends
        if outcome is None or not nobody_uses(outcome) or not ends:
            return
        own, left = serving.leased.job, False
        for job in ends.jobs:
            if job == own and left and serving.looks_at_others < _LOOKS_AT_OTHERS:
                # With its own this agent's part is over: it comes once the others have ended.
                serving.looks_at_others += 1
                return
            leased = serving.leased if job == own else await self._chain.job(job)
            if leased is None or self._is_over(leased):
                continue
            left = True
            if (transaction := ends.of(job, running=leased.running)) is None:
                continue
            try:
                await self._chain.send(transaction)
            except IonetError as bad:
                self._trouble("ends", bad)
            else:
                self._clear("ends")

    # -- uptime

    def _note_up(self) -> None:
        if (now := self._clock.now()) is not None and self.connected():
            # Where the chain's time runs faster, two looks lie further apart.
            self._uptime.seen(now, max(GAP, int(3 * self._policy.look_every * self._clock.rate)))

    async def _beat(self, request: Request) -> Answer:
        """Tells a seat that the device is there: what counts is the signature of its answer."""
        # Of a lease this says nothing.
        if not await self._chain.is_seat(request.sender):
            raise Refused("not-a-seat", "the key holds no seat in the attester set")
        self._beaten_at = time.monotonic()
        if self._clock.now() is None:
            raise Refused("no-chain", "the device cannot read the chain, and is not up")
        return Answer()

    async def _state_uptime(self, request: Request) -> Answer:
        """Signs how long the device was up in an hour that is over."""
        await self._from_seat(request)
        end = number(request, "end")
        self._clock.read(now := await self._chain.now())
        self._note_up()
        if not now - STATED_FOR <= end <= now:
            raise Refused("not-now", f"the hour that ends at {end} is not over, or long over, at {now}")
        uptime = self._uptime
        stated = self.worker.statement(
            period_end=end,
            up_hours=uptime.up_hours(end),
            good=uptime.good(end),
            proof=bytes(32),
            samples=uptime.digest(end),
        )
        signed = {"proof": stated.proof.hex(), "samples": stated.samples.hex()}
        return Answer({"good": stated.good, "up_hours": uptime.up_hours(end), **signed}, stated.signature)

    # -- samples

    async def _sample_if_due(self, *, spacing: int | None = None) -> None:
        """Takes a sample if the last is old enough; at the end of the booked time, a last one."""
        serving, now = self._serving, self._clock.now()
        if serving is None or now is None or not serving.leased.running:
            return
        leased = serving.leased
        at = now if leased.ends_at is None else min(now, leased.ends_at)
        async with self._sampling:
            last = serving.last_sample
            last = last if last is not None else leased.started_at
            last = last if last is not None else at
            wait = spacing if spacing is not None else self._policy.sample_every
            if at - last < wait and not (at == leased.ends_at and last < at):
                return
            processes = self._executor.processes(serving.lease, self.node)
            sample = await asyncio.to_thread(self._sample, leased.job, processes, at)
            serving.last_sample = sample.at
            self._clear("sample")
            self._count(sample)

    def _sample(self, job: bytes, processes: Sequence[int], at: int) -> Sample:
        self.worker.begin(job, processes)
        return self.worker.sample(at)

    def _count(self, sample: Sample) -> None:
        facts = self.facts
        facts.samples = sample.seq + 1
        facts.good_samples += 0 if sample.observation.foreign else 1
        facts.last_sample_at = sample.at
        serving = self._serving
        if serving is not None:
            with contextlib.suppress(OSError):
                facts.log_bytes = self._executor.log(serving.lease).stat().st_size

    # -- requests

    async def handle(self, request: Request) -> Answer:
        """Answers a request.

        Raises:
            Refused: it is not this asker's, or not possible now.
        """
        kept = self.busy and request.method in METHODS - {"receipt"}
        if kept and await self._chain.is_seat(request.sender):
            raise Refused("leased", "the device serves a job, and computes nothing else")
        if request.method in METHODS:
            answer = await self._challenges.handle(request)
            self.facts.last_challenge_ms = self._challenges.milliseconds
            self.facts.last_challenge_at = self.now()
            return answer
        method = self._methods.get(request.method)
        if method is None:
            raise Refused("no-such-method", f"this worker does not know {request.method!r}")
        return await method(request)

    async def _from_seat(self, request: Request) -> None:
        if not await self._chain.is_seat(request.sender):
            raise Refused("not-a-seat", "the key holds no seat in the attester set")
        self._heard_at = time.monotonic()

    async def _describe(self, request: Request) -> Answer:
        await self._from_seat(request)
        serving = self._serving
        return Answer({"job": serving.leased.job.hex() if serving else None, "node": self.node.hex()})

    async def _measure(self, request: Request) -> Answer:
        """Measures what lies between this node and another one, which a seat has asked as well."""
        await self._from_seat(request)
        if self._links is None:
            raise Refused("no-links", "this worker does not measure")
        if self._serving is not None or self._measuring.locked():
            raise Refused("busy", "the node is leased, or measures already")
        async with self._measuring:
            # The gateway lets nodes' devices alone have a pipe.
            said = await self._links.measure(hex32(request, "device"), str(request.arguments.get("at", "")))
        return Answer({"measured": said.to_dict()})

    async def _prepare(self, request: Request) -> Answer:
        """Makes sure that a job's lease is taken up; the answer comes when it is."""
        await self._from_seat(request)
        job = hex32(request, "job")
        if self._serving is None or self._serving.leased.job != job:
            try:
                await self._look_within(self._policy.answer_within)
            except Lacking as bad:
                # A seat looks whether the node has signed that it gives that.
                raise Refused(PLACEMENT, bad.detail) from bad
        try:
            await self._held(job)
        except Refused:
            if not LeaseRecord.known(self._state, job):
                raise
            # It was served here, and its samples are here.
            return Answer({"held": False})
        return Answer({"held": True})

    async def _look_within(self, seconds: float) -> None:
        """Looks at the chain; what takes longer goes on.

        A seat takes a node for gone that does not answer, and its renter pays nothing then: nobody is to hold
        nodes for nothing with an image that takes an hour to unpack.

        Raises:
            Refused: (preparing) it is not done yet.
        """
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self.look(), name="look")
            # Whoever has asked may not wait for it any more.
            self._asked.add_done_callback(lambda done: done.cancelled() or done.exception())
        done, _ = await asyncio.wait({self._asked}, timeout=seconds)
        if not done:
            raise Refused("preparing", "the node still fetches what the job needs, or unpacks its image")
        await self._asked

    async def _held(self, job: bytes) -> _Serving:
        """Returns the lease's state.

        Raises:
            Refused: the job is not served here, with the reason.
        """
        serving = self._serving
        if serving is not None and serving.leased.job == job:
            return serving
        problem = lease_problem(await self._chain.job(job), self.node, job)
        if problem is None and serving is not None:
            problem = f"the node still serves the job {_short(serving.leased.job)}"
        if problem is None and self._refusal is not None and self._refusal.job == job:
            problem = self._refusal.detail
        raise Refused("not-served", problem or "the job does not hold the node's lease")

    async def _ask_run(self, request: Request) -> Answer:
        await self._from_seat(request)
        job = hex32(request, "job")
        record = LeaseRecord.load(self._state, job)
        if record.outcome is not None:
            return _told(record, running=False)
        serving = await self._held(job)
        if not serving.leased.running:
            await self.look()
            serving = await self._held(job)
        if not serving.leased.running:
            raise Refused("not-started", "the chain does not show that the job has started")
        if serving.record.outcome is None and not serving.over:
            if not serving.record.asked:
                serving.record = serving.record.but(self._state, asked=True)
            self._start(serving)
        told = _told(serving.record, running=serving.run is not None and not serving.run.done())
        return await self._wanting(told, serving)

    async def _admit(self, request: Request) -> Answer:
        """As the head of a lease over several machines: certifies a member, whose request a seat carries."""
        await self._from_seat(request)
        network = await self._network_of(request)
        asked = request.arguments.get("request")
        grant = await network.admit(Joining.from_dict(asked if isinstance(asked, dict) else {}))
        return Answer({"grant": grant.to_dict()})

    async def _join(self, request: Request) -> Answer:
        """Takes what the head has granted, which a seat carries."""
        await self._from_seat(request)
        network = await self._network_of(request)
        granted = request.arguments.get("grant")
        await network.take(Grant.from_dict(granted if isinstance(granted, dict) else {}))
        return Answer()

    async def _wanting(self, answer: Answer, serving: _Serving) -> Answer:
        """The answer, with what a seat is to carry to the lease's head."""
        wanted = None
        if serving.network is not None and serving.leased.running and not serving.over:
            wanted = await serving.network.wanted(self.now(), serving.leased.ends_at or 0)
        if wanted is None:
            return answer
        return Answer({**answer.arguments, "join": wanted.to_dict()}, answer.blob)

    async def _network_of(self, request: Request) -> Network:
        serving = await self._held(hex32(request, "job"))
        if serving.network is None or not serving.leased.running or serving.over:
            raise Refused("no-cluster", "the chain shows no running lease over several machines here")
        return serving.network

    async def _status(self, request: Request) -> Answer:
        job = hex32(request, "job")
        await self._from_seat_or_renter(request, job)
        serving = self._serving
        if serving is not None and serving.leased.job == job:
            record, running = serving.record, serving.run is not None and not serving.run.done()
        else:
            record, running = LeaseRecord.load(self._state, job), False
        answer = _told(record, running)
        if serving is not None and serving.leased.job == job:
            answer = await self._wanting(answer, serving)
        if self._refusal is None or self._refusal.job != job:
            return answer
        problem = [self._refusal.kind, self._refusal.detail[:_WORDS]]
        return Answer({**answer.arguments, "problem": problem}, answer.blob)

    async def _samples(self, request: Request) -> Answer:
        """Takes a sample, if one can be new, and returns the job's samples from a number on."""
        await self._from_seat(request)
        job, since = hex32(request, "job"), number(request, "since")
        serving = self._serving
        if serving is not None and serving.leased.job == job:
            try:
                self._clock.read(await self._chain.now())
                await self._sample_if_due(spacing=self._policy.sample_spacing)
            except Exception as bad:
                # The samples of before are told all the same.
                self._trouble("sample", bad)
        lines, size = [], 0
        for sample in await asyncio.to_thread(self.worker.samples_of, job, since):
            line = sample.to_line()
            size += len(line)
            if size > _PAGE:
                break
            lines.append(line)
        return Answer({"more": size > _PAGE}, b"".join(lines))

    async def _end(self, request: Request) -> Answer:
        """Looks at the chain now: what is over there ends here."""
        await self._from_seat(request)
        await self.look()
        serving = self._serving
        job = hex32(request, "job")
        return Answer({"held": serving is not None and serving.leased.job == job})

    async def _from_seat_or_renter(self, request: Request, job: bytes) -> None:
        if await self._chain.is_seat(request.sender):
            return
        refusal = self._refusal
        if refusal is not None and (refusal.job, refusal.renter) == (job, request.sender):
            return
        # The chain forgets jobs that are closed, and this agent does not know one yet that was just booked.
        if LeaseRecord.load(self._state, job).renter == request.sender.hex():
            return
        leased = await self._chain.job(job)
        if leased is None or (leased.renter, leased.node) != (request.sender, self.node):
            raise Refused("not-yours", "only the job's renter and the attesters may ask for that")

    async def _read_log(self, request: Request) -> Answer:
        """Returns the log of a running lease from a place on, to its renter alone."""
        job, start = hex32(request, "job"), number(request, "start")
        serving = self._serving
        if serving is None or serving.leased.job != job:
            await self._from_seat_or_renter(request, job)
            record = LeaseRecord.load(self._state, job)
            if record.outcome is None:
                raise Refused("not-served", "the node does not serve this job")
            return Answer({"ended": True, "log": record.outcome.log})
        if request.sender != serving.leased.renter:
            raise Refused("not-yours", "a job's log is its renter's")
        path = self._executor.log(serving.lease)
        data, size = await asyncio.to_thread(_part, path, start)
        return Answer({"ended": False} if size is None else {"ended": False, "size": size}, data)

    async def _channel(self, request: Request) -> Answer:
        """Tells the renter of a held cluster what to seal orders for; the key goes with the lease."""
        serving = self._holding(request)
        return Answer({"public": serving.channel.public.hex()})

    async def _order(self, request: Request) -> Answer:
        """Hands an order of its renter to a held cluster; repeated, it does nothing."""
        serving, name = self._holding(request), str(request.arguments.get("id", ""))
        if not ORDER.fullmatch(f"order-{name}.json"):
            raise Refused("bad-request", "an order's id has 16 hex digits")
        if len(request.blob) > _ORDER:
            raise Refused("too-large", f"an order has at most {_ORDER} bytes; send files with the cluster")
        try:
            order = serving.channel.open(request.blob)
        except SealError:
            raise Refused(
                "other-channel", "the order was sealed for another key; ask for the channel"
            ) from None
        if (why := order_problem(order)) is not None:
            raise Refused("bad-order", why)
        try:
            await self._executor.give(serving.lease, f"order-{name}.json", order)
        except IonetError as bad:
            raise Refused("not-taken", str(bad)) from bad
        return Answer()

    async def _take_ends(self, request: Request) -> Answer:
        """Keeps what its renter has signed so that a held cluster can end itself; it can do nothing else."""
        serving = self._holding(request)
        if len(request.blob) > _ORDER:
            raise Refused("too-large", f"at once come at most {_ORDER} bytes of transactions")
        try:
            blob = serving.channel.open(request.blob)
        except SealError:
            raise Refused("other-channel", "it was sealed for another key; ask for the channel") from None
        try:
            given = read_endings(blob, serving.leased.renter)
            await check_together(self._chain, serving.leased, {ending.job for ending in given})
            serving.ends.take(given, serving.leased.renter)
        except ValueError as bad:
            raise Refused("bad-ends", f"what is to end the cluster's jobs is not taken: {bad}") from None
        try:
            await self._executor.give(serving.lease, ENDS, _HELD_ENDS)
        except IonetError as bad:
            raise Refused("not-taken", str(bad)) from bad
        return Answer()

    def _holding(self, request: Request) -> _Serving:
        """The lease of a cluster that runs here and is held for the asker.

        Raises:
            Refused: it is not theirs, or takes no orders now.
        """
        job, serving = hex32(request, "job"), self._serving
        if serving is None or serving.leased.job != job or serving.over:
            raise Refused("not-served", "the node does not serve this job")
        if request.sender != serving.leased.renter:
            raise Refused("not-yours", "a cluster takes orders of its renter")
        if not _is_held(serving.lease.manifest):
            raise Refused("not-held", "this job runs a program of its own, and takes no orders")
        if serving.network is not None and not serving.network.is_head:
            raise Refused("not-the-head", "orders go to the node that was booked first")
        if serving.run is None or serving.run.done() or not serving.leased.running:
            raise Refused("not-running", "the cluster does not run")
        return serving

    def stream(self, url: str, job: str, name: str) -> None:
        """A gateway says that a renter waits for a stream: it begins while their cluster is held here.

        Args:
            url: where this agent is connected to the gateway.
            job: the job's address, base58.
            name: the stream's.
        """
        serving = self._serving
        if self._streams is None or serving is None or str(Pubkey(serving.leased.job)) != job:
            return
        over = serving.over or self._is_over(serving.leased) or not serving.leased.running
        if over or not _is_held(serving.lease.manifest):
            return
        lease = serving.lease
        self._streams.open(url, serving.leased.job, name, lambda: self._executor.connect(lease))

    # -- what the owner should know

    def _event(self, event: str, text: str) -> None:
        _log.info("%s: %s", event, text)
        self.on_event(event, text)

    def _problem(self, about: str, text: str) -> None:
        if self.facts.problems.get(about) != text:
            self.facts.problems[about] = text
            self._event("problem", text)

    def _trouble(self, about: str, bad: BaseException) -> None:
        text = str(bad) or type(bad).__name__
        new = self.facts.problems.get(about) != text
        self._problem(about, text)
        if new and not isinstance(bad, (IonetError, OSError)):
            _log.error("%s", about, exc_info=bad)

    def _clear(self, *about: str) -> None:
        for name in about:
            self.facts.problems.pop(name, None)


def _is_held(manifest: Manifest) -> bool:
    """Whether a cluster is held for its renter, who has access to its boxes."""
    entry = manifest.entrypoint
    return isinstance(entry, Function) and entry.path == HELD


def _told(record: LeaseRecord, running: bool) -> Answer:
    """A lease's record for those who ask; the outcome is canonical JSON in the blob."""
    outcome = record.outcome
    facts = {"asked": record.asked, "failed": record.failed, "running": running}
    if outcome is None:
        return Answer(facts)
    document: dict[str, Any] = {
        "detail": outcome.detail,
        "log": outcome.log,
        "outputs": [list(item) for item in outcome.outputs],
        "reason": outcome.reason,
        "value": outcome.value,
    }
    return Answer(facts, canonical.encode(document))


def _ended_with_lease(record: LeaseRecord) -> Outcome:
    """How a run ends that goes on until the lease is over: only the head's is the job's."""
    if record.head not in ("", record.job):
        return Outcome(None)
    return Outcome(FailureReason.OUT_OF_TIME.value, _PAID_TIME_OVER)


def _ends_by_loss(serving: _Serving, failure: RunFailure) -> bool:
    """Whether the loss of a node ends the job, as its manifest says."""
    if serving.network is None or not serving.network.is_head:
        return False
    return failure.reason is FailureReason.NODE_LOST and serving.lease.manifest.on_loss == "end"


def _part(path: Path, start: int) -> tuple[bytes, int | None]:
    """A part of a log, and the log's size; None if there is no log yet, or no longer."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(start)
            return file.read(_LOG_PAGE), size
    except FileNotFoundError:
        return b"", None


def _kind(bad: IonetError) -> str:
    """Why a lease is not taken up, in a word."""
    match bad:
        case Refused():
            return bad.kind
        case RunFailure():
            return bad.reason.value
        case NotStored():
            return "no-file"
    return "failed"


def _short(job: bytes) -> str:
    return str(Pubkey(job))
