"""What to do next for one lease: a pure function of the chain's state and of what this process holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ionet._generated.jobs.constants import LOST_WITHIN
from ionet.formats.when import DAY, HOUR
from ionet.orchestrator._chain import JobView, Party, Phase
from ionet.prover import Challenge, Reference, residency
from ionet.worker import TimeLockPolicy


class Kind(StrEnum):
    """The steps of a job, in the order in which they come."""

    PLACE = "place"
    START = "start"
    CONFIRM = "confirm"
    LAUNCH = "launch"
    STOP = "stop"
    COLLECT = "collect"
    LOSE = "lose"
    ATTEST = "attest"
    SETTLE = "settle"
    COMPLETE = "complete"
    EXPIRE = "expire"
    RELEASE = "release"
    CLOSE = "close"


#: What identifies a step of a lease: its kind, the job's address, and who is paid.
StepKey = tuple[Kind, bytes, Party | None]

#: Steps that one seat takes for all: repeated, they would only cost a fee. What a seat says, it says itself.
SHARED: Final = frozenset({Kind.START, Kind.CONFIRM, Kind.SETTLE, Kind.COMPLETE, Kind.EXPIRE, Kind.CLOSE})


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.

    Attributes:
        kind: what to do.
        job: for which job; None for the whole lease.
        party: whom to pay.
    """

    kind: Kind
    job: JobView | None = None
    party: Party | None = None

    @property
    def key(self) -> StepKey:
        """What identifies the step."""
        return self.kind, self.job.key if self.job else b"", self.party


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do now.

    Attributes:
        why: the reason, for people.
        until: the chain's time at which something becomes due, or None.
        left: steps that are left to the seat that leads.
    """

    why: str
    until: int | None = None
    left: frozenset[StepKey] = frozenset()


@dataclass(frozen=True, slots=True)
class NodeRules:
    """How one node is judged.

    Attributes:
        timelock: when a sample breaks the time-lock.
        reference: how fast its class answers a challenge; None leaves time unjudged.
    """

    timelock: TimeLockPolicy = field(default_factory=TimeLockPolicy)
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The orchestrator's intervals and limits.

    Attributes:
        attest_every: seconds between attestations of a running job.
        settle_every: seconds between payments to the supplier of a running job.
        complete_after: seconds after a job's end for which a seat is waited for that has not judged all of
            it, where enough others have: whom it agrees with decides what is paid.
        lose_after: seconds for which a running job's node has to have been silent before this seat says that
            it is gone.
        challenge_m: size of the compute challenge.
        challenge_k: inner length of the compute challenge.
        challenge_rows: rows to open.
        number_m: size of the challenge to all processors at once, of which each gets one: large enough that
            two, one after the other, are late.
        number_k: its inner length.
        number_most: nodes that are asked at once.
        hour_most: signed products that the seat opens and checks in an hour, those that the hour's draw names
            first; 0: it takes no part in hours of signed products.
        hour_m: size of the hour's product.
        hour_k: its inner length.
        hour_disprove: 1 where the seat sends the disproofs that it finds; they are written to files anyway.
        hour_memory_mib: MiB that a node holds and reads when it is asked for its memory, about once a day; 0:
            the seat asks nobody.
        challenge_attempts: tries of an idle node in an hour whose answer is wrong.
        challenges_at_once: how many are posed at a time; two on one machine would slow each other down.
        sample_every: seconds between looks at a node's samples, where it takes them by itself; 0: each pass.
        max_failures: failed runs after which the job's result is a failure.
        max_interruptions: runs ended with this process after which the job's result is a failure.
        rules: how nodes are judged, by address.
        default_rules: for nodes that are not in ``rules``; None: by each node's class on the chain.
        references: how fast classes answer challenges, by the class's number, in any sizes.
        memory_references: the same for chains of reads.
        max_gap: seconds between two samples after which the time between them does not count, where nodes are
            judged by their class.
        concurrency: leases served at once.
        takeover: seconds after which the next seat does what another has not done.
        interval: seconds between passes, at most.
    """

    attest_every: int = HOUR
    settle_every: int = DAY
    complete_after: int = 900
    lose_after: int = 1_800
    challenge_m: int = 1024
    challenge_k: int = 4096
    challenge_rows: int = 16
    number_m: int = 4096
    number_k: int = 4096
    number_most: int = 32
    hour_most: int = 0
    hour_m: int = 1024
    hour_k: int = 4096
    hour_disprove: int = 0
    hour_memory_mib: int = 0
    challenge_attempts: int = 2
    challenges_at_once: int = 1
    sample_every: int = 0
    max_failures: int = 3
    max_interruptions: int = 10
    rules: Mapping[bytes, NodeRules] = field(default_factory=lambda: MappingProxyType({}))
    default_rules: NodeRules | None = None
    references: Mapping[int, Sequence[Reference]] = field(default_factory=lambda: MappingProxyType({}))
    memory_references: Mapping[int, Sequence[residency.Reference]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    max_gap: int = TimeLockPolicy().max_gap
    concurrency: int = 16
    takeover: int = 120
    interval: float = 15.0

    def __post_init__(self) -> None:
        # Raises for sizes that do not exist.
        Challenge(bytes(32), self.challenge_m, self.challenge_k)
        Challenge(bytes(32), self.number_m, self.number_k)
        Challenge(bytes(32), self.hour_m, self.hour_k)
        if self.hour_memory_mib:
            residency.sizes_of(self.hour_memory_mib)

    def reached(self, nanoseconds: int) -> int | None:
        """Returns the number of the fastest class that a time for the usual challenge reaches, or None."""
        size = (self.challenge_m, self.challenge_k)
        reaching = [
            (item.limit_ns, class_id)
            for class_id, known in self.references.items()
            for item in known
            if (item.m, item.k) == size and nanoseconds <= item.limit_ns
        ]
        return min(reaching)[1] if reaching else None

    def rules_for(self, job: JobView) -> NodeRules:
        """Returns how a job's node is judged while it is leased; see `rules_of`."""
        return self.rules_of(job.node, job.class_id, job.pool)

    def rules_of(self, node: bytes, class_id: int | None, pool: str | None) -> NodeRules:
        """Returns how a node is judged.

        Its class decides, unless the node or all nodes have rules of their own here: the time-lock is its
        pool's, and the time of its proofs is judged where the class has a reference of the challenge's size.
        """
        if (own := self.rules.get(node, self.default_rules)) is not None:
            return own
        known = () if class_id is None else self.references.get(class_id, ())
        size = (self.challenge_m, self.challenge_k)
        reference = next((item for item in known if (item.m, item.k) == size), None)
        # The stricter pool's, where the class is not known.
        lock = TimeLockPolicy.for_pool(pool or "gpu")
        return NodeRules(replace(lock, max_gap=self.max_gap), reference)


@dataclass(frozen=True, slots=True)
class Facts:
    """What this process knows about a lease besides the chain's jobs.

    Attributes:
        problem: why its manifest cannot be served, or None.
        complete: whether every job of the cluster is booked; once it runs, whether its head's is not closed.
        placed: whether this process holds the placement.
        active: whether its run is in progress.
        unreachable: jobs whose nodes did not answer when the lease was to be placed.
        result: whether the store holds its result.
        collected: whether all is known that can be of a run that this process has not followed to its end.
        released: whether this process has given everything back.
        silent: for how many seconds a job's node has not answered, from the first try to the latest.
        blocked: steps that failed in this pass and are not tried again before the next.
        turn: seconds for which this seat leaves steps to others that one seat takes for all; 0 if it leads.
        since: when this seat first saw a step that it leaves to others, Unix seconds of the chain.
    """

    problem: str | None
    complete: bool
    placed: bool
    active: bool
    result: bool
    released: bool
    collected: bool = False
    unreachable: frozenset[bytes] = frozenset()
    silent: Mapping[bytes, int] = field(default_factory=lambda: MappingProxyType({}))
    blocked: frozenset[StepKey] = frozenset()
    turn: int = 0
    since: Mapping[StepKey, int] = field(default_factory=lambda: MappingProxyType({}))


def next_step(jobs: Sequence[JobView], facts: Facts, now: int, policy: Policy) -> Step | Wait:
    """Returns the next step for a lease, or what it waits for.

    Args:
        jobs: the lease's jobs that are not closed, as the chain has them now.
        facts: what this process knows.
        now: the chain's time.
        policy: intervals and limits.
    """
    waits: list[Wait] = []
    left: set[StepKey] = set()
    for candidate in (
        *_booked(jobs, facts, now, waits),
        *_running(jobs, facts, now, policy, waits),
        *_ended(jobs, facts, now, waits),
    ):
        if candidate.key in facts.blocked:
            continue
        if facts.turn and candidate.kind in SHARED:
            mine = facts.since.get(candidate.key, now) + facts.turn
            if now < mine:
                left.add(candidate.key)
                waits.append(Wait("another seat leads", mine))
                continue
        return candidate
    times = [wait.until for wait in waits if wait.until is not None]
    if facts.blocked:
        waits.append(Wait("a step failed; tried again in the next pass"))
    return Wait(
        "; ".join(dict.fromkeys(wait.why for wait in waits)) or "nothing to do",
        min(times, default=None),
        frozenset(left),
    )


def _booked(jobs: Sequence[JobView], facts: Facts, now: int, waits: list[Wait]) -> list[Step]:
    booked = [job for job in jobs if job.phase is Phase.BOOKED]
    late = [Step(Kind.EXPIRE, job) for job in booked if job.broken or now > job.start_by]
    intime = [job for job in booked if not job.broken and now <= job.start_by]
    if not intime:
        return late
    until = min(job.start_by for job in intime)
    if facts.problem is not None:
        waits.append(Wait(facts.problem, until))
    elif not facts.complete:
        waits.append(Wait("the cluster's other jobs are not booked yet", until))
    elif not facts.placed:
        waits.append(Wait("no placement yet", until))
        late.append(Step(Kind.PLACE))
    else:
        waits.append(Wait("not started yet", until))
        late += [Step(Kind.START, job) for job in intime]
    # What is to be run is at hand and fits: that this job does not start is not the renter's fault. The other
    # nodes of its cluster are held all the same, maybe for an accomplice, and that costs its time.
    gone = [job for job in intime if job.key in facts.unreachable]
    late += [Step(Kind.CONFIRM, job) for job in gone if now <= job.confirm_by and not job.confirmed]
    return late


def _running(
    jobs: Sequence[JobView], facts: Facts, now: int, policy: Policy, waits: list[Wait]
) -> list[Step]:
    running = [job for job in jobs if job.phase is Phase.RUNNING]
    if not running:
        return []
    steps: list[Step] = []
    over = all(now >= _end(job) for job in running)
    # The run is the head's, whose job is the first: without it nobody has an outcome any more.
    headless = not facts.complete or jobs[0].phase is Phase.ENDED
    if facts.active and (over or headless):
        steps.append(Step(Kind.STOP))
    unknown = over and not (facts.result or facts.collected)
    if unknown and not facts.active:
        steps.append(Step(Kind.COLLECT))
    if not over and not facts.placed and facts.problem is None:
        steps.append(Step(Kind.PLACE))
    together = not headless and all(job.phase is not Phase.BOOKED for job in jobs)
    if facts.placed and together and not (over or facts.result or facts.active):
        steps.append(Step(Kind.LAUNCH))
    for job in running:
        lose, due = _lose_due(job, facts, now, policy), _attest_due(job, facts, now, policy)
        if unknown:
            due = _NEVER  # its last attestation names the result
        later: list[int] = []
        if now >= lose:
            steps.append(Step(Kind.LOSE, job))
        if now >= due:
            steps.append(Step(Kind.ATTEST, job))
        pays_from = max(job.settle_from, (job.paid_upto or 0) + policy.settle_every)
        if Party.SUPPLIER in job.unsettled and now >= pays_from:
            steps.append(Step(Kind.SETTLE, job, Party.SUPPLIER))
        elif Party.SUPPLIER in job.unsettled:
            later.append(pays_from)
        waited = not job.late or now >= _end(job) + policy.complete_after
        if now >= _end(job) and job.agreed_upto is not None and job.agreed_upto >= _end(job) and waited:
            steps.append(Step(Kind.COMPLETE, job))
        elif job.silent_from is not None and now > job.silent_from:
            steps.append(Step(Kind.EXPIRE, job))
        if job.silent_from is not None:
            later.append(job.silent_from + 1)
        why = "running" if facts.active else "leased"
        if lose < _NEVER:
            why = "the node does not answer"
        waits.append(Wait(why, min(max(min(due, lose, *later), now + 1), _end(job))))
    return steps


def _ended(jobs: Sequence[JobView], facts: Facts, now: int, waits: list[Wait]) -> list[Step]:
    ended = [job for job in jobs if job.phase is Phase.ENDED]
    steps: list[Step] = []
    if len(ended) == len(jobs) and facts.active:
        steps.append(Step(Kind.STOP))
    if len(ended) == len(jobs) and not facts.released:
        steps.append(Step(Kind.RELEASE))
    for job in ended:
        if job.unsettled and now >= job.settle_from:
            steps += [Step(Kind.SETTLE, job, party) for party in sorted(job.unsettled)]
        elif job.unsettled:
            waits.append(Wait("payments are due later", job.settle_from))
        elif job.closable_at is not None and now >= job.closable_at:
            steps.append(Step(Kind.CLOSE, job))
        else:
            waits.append(Wait("the dispute window is open", job.closable_at))
    return steps


def _lose_due(job: JobView, facts: Facts, now: int, policy: Policy) -> int:
    """Returns when to say that the node is gone: after its silence, and again when the word has lapsed.

    Only while booked time is left; a job that was stopped, or is over, is not lost.
    """
    if job.key not in facts.silent or now >= _end(job):
        return _NEVER
    due = now + max(0, policy.lose_after - facts.silent[job.key])
    return due if job.lost_at is None else max(due, job.lost_at + LOST_WITHIN + 1)


def _attest_due(job: JobView, facts: Facts, now: int, policy: Policy) -> int:
    """Returns when the next attestation is due: at its interval, at the end, and once there is a result.

    It takes back that the node is gone: at once when it answers again, and only at the end while it does not.
    """
    end, upto = _end(job), _upto(job)
    if upto >= end:
        return _NEVER
    if job.key in facts.silent and (job.lost_at is not None or facts.silent[job.key] >= policy.lose_after):
        return end
    if job.lost_at is not None and facts.placed:
        return upto
    if facts.result and job.attested is None:
        return upto + 1
    return min(upto + policy.attest_every, end)


_NEVER: Final = 2**62


def _end(job: JobView) -> int:
    return job.ends_at if job.ends_at is not None else _NEVER


def _upto(job: JobView) -> int:
    if job.attested is not None:
        return job.attested.upto
    return job.started_at if job.started_at is not None else 0
