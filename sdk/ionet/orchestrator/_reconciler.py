"""The reconciler.

The chain's accounts are the desired state. Each pass reads the jobs, asks `ionet.orchestrator._plan` for the
next step of each lease, takes it, reads the jobs again, and so on until every lease has to wait. The process
may be killed at any point:

* a step on the chain is cumulative, or refused when repeated, and progress is read from the chain, never
  remembered;
* a finished run is recorded in its workspace, and its result is stored under its hash before any step that
  depends on it, so that it is found again and not repeated;
* attested time follows from the signed samples that the nodes keep: a leased node is not challenged.

The journal counts attempts and tells people what happened; losing it changes no payment.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Container, Coroutine, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from ionet._generated.jobs.constants import START_WINDOW
from ionet._generated.shared import ProofReason
from ionet.chain.errors import IonetError
from ionet.executor._base import (
    Executor,
    FailureReason,
    Lease,
    RunFailure,
    RunOutput,
    StoredOutput,
    lease_name,
)
from ionet.executor._logs import keep_log
from ionet.formats import canonical
from ionet.orchestrator._agents import Agents, NodeUnreachable
from ionet.orchestrator._chain import Attestation, Attested, Chain, ChainError, JobView, Phase
from ionet.orchestrator._challenge import Challenger
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._plan import Facts, Kind, Step, StepKey, Wait, next_step
from ionet.orchestrator._policy import Policy
from ionet.orchestrator._promises import Declined
from ionet.rewards import Verdict as HourVerdict
from ionet.store.manifest import FileStore, Manifest, ManifestError, NotStored, StoreError
from ionet.worker import Break, BreakReason, Busy, Judge

_MAX_STEPS: Final = 256
T = TypeVar("T")
_log = logging.getLogger(__name__)


class NotYet(IonetError):
    """It is too early for a step; the next pass tries again."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a lease's run.

    Attributes:
        digest: sha256 of the stored document.
        manifest: hash of the manifest that was run.
        reason: None if it succeeded.
        detail: what failed.
        value: the entrypoint's return value.
        outputs: its files.
    """

    digest: bytes
    manifest: bytes
    reason: FailureReason | None
    detail: str
    value: Any
    outputs: tuple[StoredOutput, ...]

    @property
    def ok(self) -> bool:
        """Whether the run succeeded."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Pass:
    """The steps and waits of one pass.

    Attributes:
        now: the chain's time when it began.
        steps: what was done, as ``(step, job's address or lease's name in hex)``, in order.
        waits: what each lease waits for, by its first job's address in hex.
        until: the chain's time at which something becomes due, or None.
    """

    now: int
    steps: tuple[tuple[Kind, str], ...]
    waits: dict[str, str]
    until: int | None


@dataclass(slots=True)
class Counts:
    """What has been done since the process began.

    Attributes:
        steps: by kind and outcome, `done` or `failed`.
        good: seconds of leases that this seat attested as good.
        lost: seconds that it attested as not good.
    """

    steps: Counter[tuple[str, str]] = field(default_factory=Counter)
    good: int = 0
    lost: int = 0


@dataclass(slots=True)
class _Gang:
    """The jobs of one lease, and what prevents serving it."""

    name: str
    jobs: list[JobView]
    lease: Lease | None
    problem: str | None
    complete: bool


@dataclass(slots=True)
class _LeaseState:
    """This process's state of a lease.

    Attributes:
        nodes: the lease's nodes with their jobs.
        lease: None when its manifest is not available.
        placed: whether placement and agents are ready.
        released: whether they were released.
        run: the run in progress or the last one.
        over: why the run was stopped, as its result says; None if it was not.
        unreachable: jobs whose nodes' agents did not answer during placement.
        sampled_at: when the nodes' samples were last looked at, Unix seconds of the chain.
        collecting: since when the outcome is sought of a run that others began, Unix seconds of the chain.
        collected: whether that has been found, or cannot be.
    """

    nodes: list[tuple[bytes, bytes]]
    lease: Lease | None = None
    placed: bool = False
    released: bool = False
    run: asyncio.Task[None] | None = None
    over: tuple[FailureReason, str] | None = None
    unreachable: frozenset[bytes] = frozenset()
    sampled_at: int | None = None
    collecting: int | None = None
    collected: bool = False

    @property
    def active(self) -> bool:
        return self.run is not None and not self.run.done()


_NOTHING: Final = _LeaseState([])


@dataclass(frozen=True, slots=True)
class _Visit:
    """How a lease was left at the last visit. It is not visited again before something has changed.

    Attributes:
        jobs: its jobs as they were then.
        problem: what prevented serving it.
        complete: whether all its jobs were there.
        wait: what it waits for.
        failed: whether a step failed, which the next pass tries again.
    """

    jobs: tuple[JobView, ...]
    problem: str | None
    complete: bool
    wait: Wait
    failed: bool


class Orchestrator:
    """Serves the jobs of a chain.

    Args:
        chain: the chain from one attester's seat.
        executor: runs manifests.
        agents: the nodes' agents.
        store: manifests, inputs and results; the same one after a restart.
        journal: path of the journal file.
        policy: intervals and limits.
        fetch: brings a file into the store from elsewhere, by its hash.
        publish: told the hash of each stored file that others may want: results, attestations' records.
        counts: counts steps and seconds, for metrics.
        promised: tells of a lease, one of its nodes and when that was booked whether the node had signed that
            it gives what it now declines to.
    """

    def __init__(
        self,
        chain: Chain,
        executor: Executor,
        agents: Agents,
        store: FileStore,
        journal: str | Path,
        policy: Policy | None = None,
        fetch: Callable[[bytes], Awaitable[None]] | None = None,
        publish: Callable[[bytes], None] = lambda digest: None,
        counts: Counts | None = None,
        promised: Callable[[Lease, bytes, int], Awaitable[bool]] | None = None,
    ) -> None:
        self._promised = promised
        self._chain = chain
        self._executor = executor
        self._agents = agents
        self._store = store
        self._policy = policy or Policy()
        self._fetch = fetch
        self._publish = publish
        self._counts = counts or Counts()
        self._fetching: dict[bytes, asyncio.Task[None]] = {}
        self.journal = Journal(journal)
        self._states: dict[str, _LeaseState] = {}
        self._judges: dict[bytes, Judge] = {}
        #: By job whose node does not answer: the chain's times of the first and the latest try in vain.
        self._silences: dict[bytes, tuple[int, int]] = {}
        self._manifests: dict[bytes, Manifest] = {}
        self._serving: dict[str, asyncio.Task[Wait]] = {}
        #: How many jobs there were at the last pass, by phase; and what leases wait for.
        self.phases: Counter[str] = Counter()
        self._visits: dict[str, _Visit] = {}
        #: Leases to be visited in the next pass, whatever else there is.
        self._woken: set[str] = set()
        #: Jobs that stand alone, as leases; which lease a job was recorded for; results; all as in the store.
        self._alone: dict[bytes, _Gang] = {}
        self._records: dict[bytes, dict[str, Any] | None] = {}
        self._results: dict[str, bytes] = {}
        #: Steps left to another seat, by lease, and since when.
        self._left: dict[str, dict[StepKey, int]] = {}
        #: Nodes with a job that has not ended, as of the last pass; None before the first.
        self.leased: frozenset[bytes] | None = None
        #: When the last pass was over, Unix seconds by this machine's clock, and how long it took.
        self.passed_at: int | None = None
        self.pass_seconds: float | None = None
        self._wake = asyncio.Event()
        self._passing = asyncio.Lock()
        self._gate = asyncio.Semaphore(self._policy.concurrency)
        #: Poses compute challenges.
        self.challenger = Challenger(chain, agents, store, self.journal, self._policy, publish)

    async def run(self, stop: asyncio.Event) -> None:
        """Reconciles until ``stop`` is set: whenever something is due or a run has ended.

        A pass is made at least every `Policy.interval` seconds, since others change the chain, too.
        """
        while not stop.is_set():
            self._wake.clear()
            pause, began = self._policy.interval, time.monotonic()
            try:
                now, visits = await self._begin([])
            except ChainError as error:
                self.journal.note("", "unavailable", str(error))
            except Exception as error:
                # A full disk, an odd answer, a fault of ours: the next pass may do better.
                self._tell("", "pass failed", error)
            else:
                # A lease that takes long to place or to challenge keeps no other lease waiting.
                await _first(stop.wait(), _all(visits.values()), timeout=pause)
                # What failed, or is overdue for want of others, is looked at again after the usual pause.
                times = (visit.wait.until for visit in self._visits.values() if not visit.failed)
                due = min((until for until in times if until is not None and until > now), default=None)
                self.passed_at, self.pass_seconds = int(time.time()), time.monotonic() - began
                if due is not None:
                    # At least a second: a step that fails stays due.
                    pause = min(pause, max(1.0, due - now))
            await _first(stop.wait(), self._wake.wait(), timeout=pause)
        await _all(self._serving.values())

    async def reconcile(self) -> Pass:
        """Makes one pass over all jobs. Does not wait for runs in progress.

        Raises:
            ChainError: when the chain cannot be read at all; failures of single steps are recorded and
                retried.
        """
        done: list[tuple[Kind, str]] = []
        now, visits = await self._begin(done)
        waits = dict(zip(visits, await asyncio.gather(*visits.values()), strict=True))
        waits |= {
            visit.jobs[0].key.hex(): visit.wait
            for visit in self._visits.values()
            if visit.jobs and visit.jobs[0].key.hex() not in waits
        }
        times = [wait.until for wait in waits.values() if wait.until is not None]
        return Pass(
            now, tuple(done), {key: wait.why for key, wait in waits.items()}, min(times, default=None)
        )

    async def _begin(self, done: list[tuple[Kind, str]]) -> tuple[int, dict[str, asyncio.Task[Wait]]]:
        """Begins to serve each lease not yet served; returns tasks by the first job's address in hex."""
        async with self._passing:
            try:
                now, jobs = await self._chain.now(), await self._chain.jobs()
            except ChainError:
                # The fault may be this machine's: what it could not reach meanwhile is not gone for that.
                self._silences.clear()
                raise
            self.phases = Counter(job.phase.value for job in jobs)
            self.leased = frozenset(job.node for job in jobs if job.phase is not Phase.ENDED)
            self._fetch_manifests(jobs)
            gangs = self._gangs(jobs)
            self._serving = {name: task for name, task in self._serving.items() if not task.done()}
            await self._forget(gangs, jobs)
            visits = {}
            for gang in gangs:
                if gang.name not in self._serving:
                    if not self._is_due(gang, now):
                        continue
                    self._woken.discard(gang.name)
                    self._serving[gang.name] = asyncio.create_task(self._serve(gang, now, done))
                visits[gang.jobs[0].key.hex()] = self._serving[gang.name]
            return now, visits

    def _is_due(self, gang: _Gang, now: int) -> bool:
        """Whether anything has changed for a lease, or its time has come."""
        visit = self._visits.get(gang.name)
        if visit is None or visit.failed or gang.name in self._woken:
            return True
        if visit.wait.until is not None and now >= visit.wait.until:
            return True
        if (visit.problem, visit.complete, len(visit.jobs)) != (gang.problem, gang.complete, len(gang.jobs)):
            return True
        if any(
            left is not right and left != right for left, right in zip(visit.jobs, gang.jobs, strict=True)
        ):
            return True
        state = self._states.get(gang.name)
        return state is not None and state.placed and self._samples_due(state, now)

    def _samples_due(self, state: _LeaseState, now: int) -> bool:
        last, every = state.sampled_at, self._policy.sample_every
        return last is None or not every or now >= last + every

    def _leave(self, gang: _Gang, wait: Wait, *, failed: bool, now: int) -> None:
        """Remembers how a lease was left."""
        self._visits[gang.name] = _Visit(tuple(gang.jobs), gang.problem, gang.complete, wait, failed)
        since = self._left.pop(gang.name, {})
        if wait.left:
            self._left[gang.name] = {key: since.get(key, now) for key in wait.left}

    def wake(self) -> None:
        """Has `run` make a pass now, as something may have changed on the chain."""
        self._wake.set()

    @property
    def waits(self) -> Counter[str]:
        """How many leases wait, by what they wait for."""
        return Counter(visit.wait.why for visit in self._visits.values())

    async def runs_finished(self) -> None:
        """Waits until no run is in progress (retries come with the next pass)."""
        tasks = [state.run for state in self._states.values() if state.run is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def aclose(self) -> None:
        """Ends runs in progress and closes everything; the next process continues from chain and store."""
        runs = [state.run for state in self._states.values() if state.run is not None]
        busy = (*runs, *self._serving.values(), *self._fetching.values())
        tasks = [task for task in busy if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._executor.shutdown()
        self.journal.close()

    def result(self, job: bytes) -> Result | None:
        """Returns the result of the run that a job took part in, or None while there is none."""
        record = self._record(job)
        if record is not None and record["joins"]:
            record = self._record(record["joins"][1])
        return read_result(self._store, lease_name(record["jobs"])) if record is not None else None

    # ---- which jobs belong together

    def _gangs(self, jobs: Sequence[JobView]) -> list[_Gang]:
        """Groups jobs into leases: as recorded, or else each job alone and a cluster by order of booking."""
        by_key = {job.key: job for job in jobs}
        gangs: list[_Gang] = []
        clusters: dict[tuple[bytes, bytes, bytes, int], list[JobView]] = {}
        served: dict[bytes, dict[str, Any]] = {}
        taken: set[bytes] = set()
        for job in sorted(jobs, key=lambda job: (job.joins, job.booked_at, job.key)):
            if job.key in taken:
                continue
            alone = self._alone.get(job.key)
            if alone is not None and len(alone.jobs) == 1 and alone.jobs[0] is job:
                gangs.append(alone)
                continue
            try:
                record = self._record(job.key)
            except Exception as error:
                name = lease_name([job.key])
                problem = f"the record of its lease is damaged: {error}"
                gangs.append(_Gang(name, [job], None, problem, complete=False))
                continue
            if record is not None:
                members = [by_key[key] for key in record["jobs"] if key in by_key]
                taken.update(member.key for member in members)
                if job.cluster != bytes(32):
                    served.setdefault(job.cluster, record)
                gangs.append(self._recorded(members, record))
                # The first of a cluster is looked at again: others join it.
                if len(record["jobs"]) == 1 and (job.cluster == bytes(32) or record["joins"]):
                    self._keep_alone(job, gangs[-1])
            elif job.cluster == bytes(32) or job.phase is Phase.ENDED:
                gangs.append(self._formed([job], 1))
                self._keep_alone(job, gangs[-1])
            else:
                named = (job.renter, job.cluster, job.manifest, job.cluster_size)
                clusters.setdefault(named, []).append(job)
        for (_, cluster, _, size), group in clusters.items():
            if (record := served.get(cluster)) is not None:
                gangs += [self._joining(job, record) for job in group]
                continue
            # One that came later joins what is recorded, and waits until that is.
            first = [job for job in group if not job.joins]
            gangs += [self._formed(first[at : at + size], size) for at in range(0, len(first), size)]
            gangs += [
                _Gang(lease_name([job.key]), [job], None, None, complete=False) for job in group if job.joins
            ]
        return gangs

    def _keep_alone(self, job: JobView, gang: _Gang) -> None:
        """Keeps the lease of a job that stands alone, as long as the job is the same object."""
        if gang.lease is not None:
            self._alone[job.key] = gang

    def _formed(self, jobs: list[JobView], size: int) -> _Gang:
        manifest, problem = self._manifest(jobs[0].manifest)
        if manifest is None or len(jobs) < size:
            return _Gang(lease_name([job.key for job in jobs]), jobs, None, problem, complete=False)
        if manifest.nodes != size:
            problem = f"the manifest asks for {manifest.nodes} nodes, {size} are booked together"
        elif len({job.node for job in jobs}) < size:
            problem = "two jobs of the cluster are on one node"
        lease = Lease(
            jobs=tuple(job.key for job in jobs),
            nodes=tuple(job.node for job in jobs),
            renter=jobs[0].renter,
            digest=jobs[0].manifest,
            manifest=manifest,
        )
        return _Gang(lease.name, jobs, lease, problem, complete=True)

    def _joining(self, job: JobView, record: dict[str, Any]) -> _Gang:
        """A node booked in place of a lost one, or added: it joins what runs."""
        manifest, problem = self._manifest(job.manifest)
        if not self._executor.outlives:
            problem = "only workers can join a cluster that runs, and this orchestrator runs jobs itself"
        lease = None
        if manifest is not None:
            head = record["joins"] or [record["nodes"][0], record["jobs"][0]]
            lease = Lease(
                (job.key,), (job.node,), job.renter, job.manifest, manifest, joins=(head[0], head[1])
            )
        return _Gang(lease_name([job.key]), [job], lease, problem, complete=lease is not None)

    def _recorded(self, members: list[JobView], record: dict[str, Any]) -> _Gang:
        manifest, problem = self._manifest(members[0].manifest)
        lease = None
        if manifest is not None:
            lease = Lease(
                jobs=tuple(record["jobs"]),
                nodes=tuple(record["nodes"]),
                renter=members[0].renter,
                digest=members[0].manifest,
                manifest=manifest,
                joins=(record["joins"][0], record["joins"][1]) if record["joins"] else None,
            )
        # Those of nodes that were lost are closed while the others go on.
        complete = members[0].key == record["jobs"][0]
        return _Gang(lease_name(record["jobs"]), members, lease, problem, complete)

    def _fetch_manifests(self, jobs: Sequence[JobView]) -> None:
        """Begins to fetch manifests that are not here; a pass does not wait for them."""
        if self._fetch is None:
            return
        self._fetching = {digest: task for digest, task in self._fetching.items() if not task.done()}
        for digest in {job.manifest for job in jobs if job.phase is not Phase.ENDED}:
            if digest not in self._manifests and digest not in self._fetching and digest not in self._store:
                self._fetching[digest] = asyncio.create_task(self._fetched(digest, self._fetch))

    async def _fetched(self, digest: bytes, fetch: Callable[[bytes], Awaitable[None]]) -> None:
        try:
            await fetch(digest)
            self._wake.set()
        except (IonetError, OSError) as error:
            self.journal.note("", "manifest not fetched", str(error))

    def _manifest(self, digest: bytes) -> tuple[Manifest | None, str | None]:
        manifest = self._manifests.get(digest)
        if manifest is None:
            try:
                manifest = self._manifests[digest] = self._store.get_manifest(digest)
            except NotStored:
                return None, f"the manifest {digest.hex()} is not in the store"
            except (StoreError, ManifestError) as error:
                return None, f"the manifest {digest.hex()} is refused: {error}"
            except Exception as error:
                return None, f"the manifest {digest.hex()} cannot be read: {type(error).__name__}: {error}"
        return manifest, None

    def _record(self, job: bytes) -> dict[str, Any] | None:
        """Returns which lease a job was recorded for. Only this process writes its store."""
        if job not in self._records:
            digest = self._store.resolve(f"jobs/{job.hex()}/lease")
            record = None
            if digest is not None:
                value: Any = canonical.decode(self._store.get(digest))
                names = ("jobs", "nodes", "joins")
                record = {name: [bytes.fromhex(item) for item in value.get(name, ())] for name in names}
            self._records[job] = record
        return self._records[job]

    async def _forget(self, gangs: Sequence[_Gang], jobs: Sequence[JobView]) -> None:
        """Drops the state of leases whose jobs are all closed."""
        live = {gang.name for gang in gangs}
        for kept in (self._visits, self._results, self._left):
            for name in kept.keys() - live:
                del kept[name]
        self._woken &= live
        for name in [name for name in self._states if name not in live and name not in self._serving]:
            state = self._states.pop(name)
            if state.run is not None and not state.run.done():
                state.run.cancel()
            if not state.released:
                try:
                    await self._release(state)
                except Exception as error:
                    self._tell(name, "release failed", error)
                    self._states[name] = state  # and again in the next pass
        keys = {job.key for job in jobs}
        for by_job in (self._judges, self._silences, self._alone, self._records):
            for key in by_job.keys() - keys:
                del by_job[key]

    # ---- one lease

    async def _serve(self, gang: _Gang, now: int, done: list[tuple[Kind, str]]) -> Wait:
        async with self._gate:
            self._visits.pop(gang.name, None)
            try:
                return await self._advance(gang, now, done)
            except Exception as error:
                # The chain, the store or the disk failed, or something unforeseen: other leases go on, this
                # one in the next pass.
                self._tell(gang.name, "interrupted", error)
                return Wait(f"interrupted: {error}")

    def _tell(self, about: str, step: str, error: Exception) -> None:
        """Notes an error; an unforeseen one goes to this process's log, too, with its traceback."""
        foreseen = isinstance(error, (IonetError, OSError))
        self.journal.note(about, step, str(error) if foreseen else f"{type(error).__name__}: {error}")
        if not foreseen:
            _log.error("%s %s", step, about, exc_info=error)

    async def _advance(self, gang: _Gang, now: int, done: list[tuple[Kind, str]]) -> Wait:
        blocked: set[StepKey] = set()
        await self._sample_all(gang, now)
        for _ in range(_MAX_STEPS):
            facts = self._facts(gang, frozenset(blocked))
            step = next_step(gang.jobs, facts, now, self._policy)
            if isinstance(step, Wait):
                self.journal.note(gang.name, "wait", step.why)
                self._leave(gang, step, failed=bool(blocked), now=now)
                return step
            about = step.job.key.hex() if step.job else gang.name
            try:
                detail = await self._perform(gang, step, now)
            except Exception as error:
                # Of other jobs of the lease steps are due as well.
                blocked.add(step.key)
                self._counts.steps[step.kind, "failed"] += 1
                self._tell(about, f"{step.kind} failed", error)
            else:
                done.append((step.kind, about))
                self._counts.steps[step.kind, "done"] += 1
                self.journal.note(about, step.kind, ": ".join(filter(None, (step.party, step.why, detail))))
            now = await self._reload(gang, now)
            if not gang.jobs:
                return Wait("closed")
        return Wait(f"stopped after {_MAX_STEPS} steps in one pass")

    async def _reload(self, gang: _Gang, now: int) -> int:
        time_now, jobs = await self._chain.look_again([job.key for job in gang.jobs])
        gang.jobs = list(jobs)
        return max(now, time_now)

    def _facts(self, gang: _Gang, blocked: frozenset[StepKey]) -> Facts:
        state = self._states.get(gang.name, _NOTHING)
        silent = {job.key: self._silences[job.key] for job in gang.jobs if job.key in self._silences}
        return Facts(
            problem=gang.problem,
            complete=gang.complete,
            placed=state.placed,
            active=state.active,
            unreachable=state.unreachable,
            silent={job: latest - first for job, (first, latest) in silent.items()},
            result=self._result_of(gang) is not None,
            released=state.released,
            collected=state.collected,
            blocked=blocked,
            turn=self._chain.place(gang.name.encode()) * self._policy.takeover,
            since=self._left.get(gang.name, {}),
        )

    def _result_of(self, gang: _Gang) -> bytes | None:
        """Returns the digest of the result that a lease has, or of the one that it has joined."""
        if gang.lease is None or gang.lease.joins is None:
            return self._result(gang.name)
        record = self._record(gang.lease.joins[1])
        return None if record is None else self._result(lease_name(record["jobs"]))

    def _result(self, lease: str) -> bytes | None:
        """Returns the digest of a lease's result; None while there is none."""
        if lease not in self._results:
            digest = self._store.resolve(_result_name(lease))
            if digest is None:
                return None
            self._results[lease] = digest
        return self._results[lease]

    @staticmethod
    def _new_state(gang: _Gang) -> _LeaseState:
        if gang.lease is not None:
            return _LeaseState(list(zip(gang.lease.nodes, gang.lease.jobs, strict=True)), gang.lease)
        return _LeaseState([(job.node, job.key) for job in gang.jobs])

    async def _perform(self, gang: _Gang, step: Step, now: int) -> str:
        state = self._states.setdefault(gang.name, self._new_state(gang))
        if step.kind is Kind.RELEASE:
            return await self._release(state)
        if step.kind is Kind.COLLECT:
            return await self._collect(gang, state, now)
        if step.job is None:
            assert gang.lease is not None  # only a complete gang has steps of its lease
            live = {job.key for job in gang.jobs if job.phase is not Phase.ENDED}
            running = {job.key for job in gang.jobs if job.phase is Phase.RUNNING}
            booked = {job.key: job.start_by - START_WINDOW for job in gang.jobs}
            lease_steps: dict[Kind, Callable[[Lease, _LeaseState], Awaitable[str]]] = {
                Kind.PLACE: partial(self._place, live, running, now, booked),
                Kind.LAUNCH: self._launch,
                Kind.STOP: partial(self._stop, headless=gang.jobs[0].key not in live and bool(live)),
            }
            return await lease_steps[step.kind](gang.lease, state)
        job = step.job
        if step.kind is Kind.ATTEST:
            return await self._attest(gang, job, now)
        if step.kind is Kind.SETTLE:
            assert step.party is not None
            return await self._chain.settle(job, step.party)
        job_steps = {
            Kind.START: self._chain.start,
            Kind.CONFIRM: self._chain.confirm_manifest,
            Kind.LOSE: self._chain.lose,
            Kind.COMPLETE: self._chain.complete,
            Kind.EXPIRE: self._chain.expire,
            Kind.CLOSE: self._chain.close,
        }
        return await job_steps[step.kind](job)

    # ---- placement and run

    async def _place(
        self,
        live: Container[bytes],
        running: Set[bytes],
        now: int,
        booked: Mapping[bytes, int],
        lease: Lease,
        state: _LeaseState,
    ) -> str:
        """Takes the lease's nodes, without those whose job has ended: they may be gone."""
        if self._record(lease.jobs[0]) is None or any(self._record(job) is None for job in lease.jobs):
            # Recorded before anything runs: a restart must group the same jobs again, even if some of them
            # are closed by then.
            values = {
                "jobs": lease.jobs,
                "nodes": lease.nodes,
                **({"joins": lease.joins} if lease.joins else {}),
            }
            digest = self._store.put(
                canonical.encode({name: [item.hex() for item in items] for name, items in values.items()})
            )
            for job in lease.jobs:
                self._records.pop(job, None)
                self._store.link(f"jobs/{job.hex()}/lease", digest)
        await self._executor.open(lease)
        silent: dict[bytes, NodeUnreachable] = {}
        for job, node in zip(lease.jobs, lease.nodes, strict=True):
            if job not in live:
                continue
            begin = self._agents.begin(node, job, self._executor.processes(lease, node))
            try:
                await self._asked(job, now, begin)
            except NodeUnreachable as error:
                silent[job] = error
            except Declined as error:
                if self._promised is None or not await self._promised(lease, node, booked[job]):
                    raise
                # Nothing that its renter has done: it counts as one that does not answer.
                silent[job] = NodeUnreachable(f"{error}, and has signed that it gives that")
        state.unreachable = frozenset(silent)
        # What runs already is looked after, also where one of several nodes has gone.
        if silent and not (silent.keys() < running):
            raise next(iter(silent.values()))
        state.placed, state.released = True, False
        return f"{len(lease.nodes)} nodes"

    async def _launch(self, lease: Lease, state: _LeaseState) -> str:
        name = lease.name
        interruptions = 0 if self._executor.outlives else self.journal.interruptions(name)
        if interruptions >= self._policy.max_interruptions:
            detail = f"ended with the orchestrator {self._policy.max_interruptions} times"
            self._store_failure(lease, RunFailure(FailureReason.EXECUTOR, detail))
            return detail
        attempt = self.journal.begin_run(name)
        state.run = asyncio.create_task(self._run(lease, state, attempt), name=f"run {name} {attempt}")
        return f"attempt {attempt}"

    async def _run(self, lease: Lease, state: _LeaseState, attempt: int) -> None:
        try:
            output = await self._executor.run(lease, attempt)
            await asyncio.to_thread(self._store_output, lease, output)
            self.journal.end_run(lease.name, attempt, "succeeded")
        except RunFailure as failure:
            final = failure
            if state.over is not None and failure.reason is FailureReason.STOPPED:
                final = RunFailure(*state.over, failure.log, final=True)
            self.journal.end_run(lease.name, attempt, final.reason, final.detail)
            self.journal.note(lease.name, "run failed", str(final))
            over = not final.retryable or self.journal.failures(lease.name) >= self._policy.max_failures
            # Of a node that has joined, the run is its head's, and so is the result.
            if over and lease.joins is None:
                self._store_failure(lease, final)
        except (IonetError, OSError) as error:
            # The store or the disk failed: the outcome stays in the workspace for the next attempt.
            self.journal.end_run(lease.name, attempt, FailureReason.EXECUTOR, str(error))
            self.journal.note(lease.name, "run failed", str(error))
        except Exception as error:
            self.journal.end_run(lease.name, attempt, FailureReason.EXECUTOR, str(error))
            self._tell(lease.name, "run failed", error)
            if lease.joins is None and self.journal.failures(lease.name) >= self._policy.max_failures:
                detail = f"{type(error).__name__}: {error}"
                self._store_failure(lease, RunFailure(FailureReason.EXECUTOR, detail))
        finally:
            await asyncio.to_thread(self._keep_log, lease)
            self._woken.add(lease.name)
            self._wake.set()

    def _keep_log(self, lease: Lease) -> None:
        """Stores the log so far: the workspace is removed when the lease is over."""
        try:
            keep_log(self._store, lease.name, self._executor.log(lease))
        except (IonetError, OSError) as error:
            self.journal.note(lease.name, "log not kept", str(error))

    async def _stop(self, lease: Lease, state: _LeaseState, *, headless: bool) -> str:
        state.over = (FailureReason.OUT_OF_TIME, "the paid time is over")
        if headless:
            state.over = (FailureReason.NODE_LOST, f"lost: {lease.nodes[0].hex()}")
        await self._executor.stop(lease)
        if state.run is not None:
            await asyncio.wait({state.run})
        return state.over[1] if headless else ""

    async def _collect(self, gang: _Gang, state: _LeaseState, now: int) -> str:
        """Finds out how a run ended that this process has not followed to its end.

        Raises:
            NotYet: its node has not told; or its manifest, without which nobody knows what ran, is not here.
        """
        state.collecting = now if state.collecting is None else state.collecting
        told = "no run has ended"
        try:
            if gang.lease is not None:
                # That of a node that has joined is its head's, of another lease.
                output = None if gang.lease.joins else await self._executor.collect(gang.lease)
                if output is not None:
                    await asyncio.to_thread(self._store_output, gang.lease, output)
                    told = "succeeded"
            elif self._fetch is not None and gang.jobs[0].manifest not in self._store:
                raise NotYet(gang.problem or "the manifest is not in the store")
        except RunFailure as failure:
            assert gang.lease is not None  # it was asked for
            self._store_failure(gang.lease, failure)
            told = str(failure)
        except (NodeUnreachable, NotYet) as error:
            if now < state.collecting + self._policy.lose_after:
                raise NotYet(f"how the run ended is not known: {error}") from error
            told = f"given up: {error}"
        state.collected = True
        return told

    async def _release(self, state: _LeaseState) -> str:
        failed: list[Exception] = []
        try:
            if state.lease is not None:
                await self._executor.release(state.lease)
        except Exception as error:
            failed.append(error)
        for node, job in state.nodes:
            try:
                await self._agents.end(node, job)
            except NodeUnreachable:
                pass
            except Exception as error:
                failed.append(error)
        if failed:
            # All has been tried, and is tried again.
            raise failed[0]
        state.placed, state.released = False, True
        return ""

    def _store_output(self, lease: Lease, output: RunOutput) -> None:
        outputs = [
            {"name": item.name, "sha256": item.sha256.hex(), "size": item.size} for item in output.stored
        ]
        if output.outputs and lease.manifest.sealed:
            detail = "results are sealed by workers only, and this orchestrator runs the job itself"
            raise RunFailure(FailureReason.EXECUTOR, detail, final=True)
        for item in output.outputs:
            data = item.path.read_bytes()
            outputs.append({"name": item.name, "sha256": self._store.put(data).hex(), "size": len(data)})
        document: dict[str, Any] = {
            "outputs": outputs,
            "value": output.value,
            "detail": "",
            "reason": None,
        }
        self._store_result(lease, document, output.stored_log)

    def _store_failure(self, lease: Lease, failure: RunFailure) -> None:
        document: dict[str, Any] = {
            "outputs": [],
            "value": None,
            "detail": failure.detail,
            "reason": failure.reason.value,
        }
        self._store_result(lease, document, failure.log)

    def _store_result(self, lease: Lease, document: dict[str, Any], log: bytes | None) -> None:
        if log is not None:
            document = {**document, "log": log.hex()}
        digest = self._store.put(canonical.encode({**document, "manifest": lease.digest.hex()}))
        self._store.link(_result_name(lease.name), digest)
        self._publish(digest)

    # ---- time

    async def _sample_all(self, gang: _Gang, now: int) -> None:
        state = self._states.get(gang.name)
        if state is None or not state.placed or not self._samples_due(state, now):
            return
        state.sampled_at = now
        for job in gang.jobs:
            if job.phase is Phase.RUNNING and job.ends_at is not None:
                processes = None
                if state.lease is not None:
                    # A run that begins, or begins again, has other processes than were there before.
                    processes = self._executor.processes(state.lease, job.node)
                try:
                    await self._asked(job.key, now, self._sample(job, min(now, job.ends_at), processes))
                except Exception as error:
                    # Steps are due all the same, and other nodes of the lease are asked.
                    self._tell(job.key.hex(), "no sample", error)

    async def _asked(self, job: bytes, now: int, answer: Awaitable[T]) -> T:
        """Awaits the answer of a job's node, and remembers for how long there has been none."""
        first, _ = self._silences.pop(job, (now, now))
        try:
            return await answer
        except NodeUnreachable:
            self._silences[job] = first, now
            raise

    async def _sample(self, job: JobView, at: int, processes: Sequence[int] | None) -> Judge:
        """Samples a job's node, which is first told the processes that are the job's, if they are given."""
        judge = self._judge(job)
        if processes is not None:
            await self._agents.begin(job.node, job.key, processes)
        judge.feed(await self._agents.sample(job.node, job.key, at, judge.next_seq))
        return judge

    def _judge(self, job: JobView) -> Judge:
        judge = self._judges.get(job.key)
        if judge is None:
            assert job.started_at is not None
            judge = self._judges[job.key] = Judge(
                job=job.key,
                node=job.node,
                device=job.device,
                start=job.started_at,
                policy=self._policy.rules_for(job).timelock,
            )
        return judge

    async def _attest(self, gang: _Gang, job: JobView, now: int) -> str:
        assert job.started_at is not None
        upto = min(now, job.ends_at if job.ends_at is not None else now)
        before = job.attested or Attested(0, job.started_at)
        breaks: list[Break] = []
        state = self._states.get(gang.name)
        try:
            # After a restart past the end nothing is placed any more, but the node still has its samples.
            processes = () if state is None or not state.placed else None
            judge = await self._asked(job.key, now, self._sample(job, upto, processes))
            upto = self._judged_upto(job, judge, before.upto, upto, now)
        except (NodeUnreachable, Busy) as error:
            silent = isinstance(error, NodeUnreachable)
            if not self._is_lost(job) and (silent or now < upto + self._policy.lose_after):
                # Its samples may still come: it keeps them. A process that comes late asks as long as others.
                raise NotYet(f"the node does not answer: {error}") from error
            judge = self._judge(job)
            lost = max(before.upto, min(judge.through, upto))
            breaks.append(Break(BreakReason.NODE_LOST, lost, upto, str(error)))
        gained = judge.good(before.upto, upto)
        breaks += judge.breaks_within(before.upto, upto)
        if gained < upto - before.upto and not breaks:
            breaks.append(Break(BreakReason.SAMPLE_GAP, judge.through, upto, "no sample yet"))
        result = self._result_of(gang)
        reasons = tuple(dict.fromkeys(item.reason for item in breaks)) if gained < upto - before.upto else ()
        verdict = self._verdict(job)
        record = self._store.put(_record_bytes(job, before, upto, gained, verdict, breaks, judge))
        for digest in (record, result):
            if digest is not None and any(digest):
                self._publish(digest)
        good, ended = before.good + gained, result or bytes(32)
        statement = Attestation(good, upto, verdict, judge.digest, ended, reasons)
        signature = await self._chain.attest(job, statement)
        self._counts.good += gained
        self._counts.lost += upto - before.upto - gained
        words = f", without {', '.join(reasons)}" if reasons else ""
        return f"{gained} of {upto - before.upto} s{words}; record {record.hex()}: {signature}"

    def _is_lost(self, job: JobView) -> bool:
        """Whether a node has been silent for so long that it counts as gone."""
        first, latest = self._silences.get(job.key, (0, 0))
        return latest - first >= self._policy.lose_after

    def _judged_upto(self, job: JobView, judge: Judge, since: int, upto: int, now: int) -> int:
        """Returns up to when a job can be judged: who samples by himself is a little behind.

        Raises:
            NotYet: the sample that ends the stretch may still come.
        """
        gap = self._policy.rules_for(job).timelock.max_gap
        if judge.spoiled or judge.through >= upto or upto - max(since, judge.through) > gap:
            return upto
        if judge.through > since and now < _end_of(job):
            return judge.through
        if now - upto > gap:
            return upto
        raise NotYet(f"the sample after {max(since, judge.through)} is not there yet")

    def _verdict(self, job: JobView) -> bytes:
        """Returns the evidence of the verdict that a lease started on; zeros where it cannot be told.

        The node's account shows later ones in its place, so it is written down.
        """
        known = self._store.resolve(_verdict_name(job))
        if known is None and any(job.verdict):
            self._store.link(_verdict_name(job), job.verdict)
        return known or job.verdict

    def verdicts(self, period_end: int) -> dict[bytes, HourVerdict]:
        """This orchestrator's verdicts on nodes' compute proofs in an hour, for the hour's report.

        Args:
            period_end: end of the hour, Unix seconds.

        Returns:
            The latest verdict of each challenged node, by node; see `ionet.rewards.write_verdicts`.
        """
        return {
            node: HourVerdict(period_end, score, reason, reason == ProofReason.PASSED, evidence)
            for node, score, reason, evidence in self.journal.verdicts(period_end - 3_600, period_end)
        }


async def _all(tasks: Iterable[asyncio.Task[Wait]]) -> None:
    pending = list(tasks)
    if pending:
        await asyncio.wait(pending)


async def _first(*events: Coroutine[Any, Any, Any], timeout: float) -> None:  # noqa: ASYNC109
    """Waits for one of the events, or until the timeout."""
    waiting = [asyncio.create_task(event) for event in events]
    await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


def read_result(store: FileStore, lease: str) -> Result | None:
    """Returns the stored result of a lease, by its name."""
    digest = store.resolve(_result_name(lease))
    if digest is None:
        return None
    value: Any = canonical.decode(store.get(digest))
    return Result(
        digest=digest,
        manifest=bytes.fromhex(value["manifest"]),
        reason=FailureReason(value["reason"]) if value["reason"] is not None else None,
        detail=value["detail"],
        value=value["value"],
        outputs=tuple(
            StoredOutput(item["name"], bytes.fromhex(item["sha256"]), item["size"])
            for item in value["outputs"]
        ),
    )


def _record_bytes(
    job: JobView,
    before: Attested,
    upto: int,
    gained: int,
    verdict: bytes,
    breaks: Sequence[Break],
    judge: Judge,
) -> bytes:
    """Returns the record of an attestation's grounds, for anyone who doubts it."""
    return canonical.encode(
        {
            "breaks": [
                {"detail": item.detail, "end": item.end, "reason": item.reason, "start": item.start}
                for item in breaks
            ],
            "from": before.upto,
            "good": gained,
            "job": job.key.hex(),
            "node": job.node.hex(),
            "samples": judge.digest.hex(),
            "upto": upto,
            "verdict": verdict.hex(),
        }
    )


def _end_of(job: JobView) -> float:
    return job.ends_at if job.ends_at is not None else float("inf")


def _result_name(lease: str) -> str:
    return f"leases/{lease}/result"


def _verdict_name(job: JobView) -> str:
    return f"jobs/{job.key.hex()}/verdict"
