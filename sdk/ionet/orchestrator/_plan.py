"""What to do next for one lease: a pure function of the chain's state and of what this process holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ionet._generated.jobs.constants import LOST_WITHIN
from ionet.orchestrator._chain import JobView, Party, Phase
from ionet.orchestrator._policy import Policy


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
        why: why now, for people.
        job: for which job; None for the whole lease.
        party: whom to pay.
    """

    kind: Kind
    why: str
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
    late = [Step(Kind.EXPIRE, _why_never(job), job) for job in booked if job.broken or now > job.start_by]
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
        late.append(Step(Kind.PLACE, "it is booked, and its nodes are not held for it yet"))
    else:
        waits.append(Wait("not started yet", until))
        late += [Step(Kind.START, "its nodes are held for it", job) for job in intime]
    # What is to be run is at hand and fits: that this job does not start is not the renter's fault. The other
    # nodes of its cluster are held all the same, maybe for an accomplice, and that costs its time.
    gone = [job for job in intime if job.key in facts.unreachable]
    why = "its node does not answer, though what it is to run is at hand and fits"
    late += [Step(Kind.CONFIRM, why, job) for job in gone if now <= job.confirm_by and not job.confirmed]
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
        steps.append(Step(Kind.STOP, "its time is over" if over else "its head's job has ended"))
    unknown = over and not (facts.result or facts.collected)
    if unknown and not facts.active:
        steps.append(Step(Kind.COLLECT, "its time is over, and how its run ended is not known here"))
    if not over and not facts.placed and facts.problem is None:
        steps.append(Step(Kind.PLACE, "it has started, and this process does not look after it yet"))
    together = not headless and all(job.phase is not Phase.BOOKED for job in jobs)
    if facts.placed and together and not (over or facts.result or facts.active):
        steps.append(Step(Kind.LAUNCH, "every job of it has started, and there is no result"))
    for job in running:
        lose, (due, why_attest) = _lose_due(job, facts, now, policy), _attest_due(job, facts, policy)
        if unknown:
            due = _NEVER  # its last attestation names the result
        later: list[int] = []
        if now >= lose:
            steps.append(Step(Kind.LOSE, _why_lost(job, facts), job))
        if now >= due:
            steps.append(Step(Kind.ATTEST, why_attest, job))
        pays_from = max(job.settle_from, (job.paid_upto or 0) + policy.settle_every)
        if Party.SUPPLIER in job.unsettled and now >= pays_from:
            steps.append(Step(Kind.SETTLE, _why_paid(job, policy), job, Party.SUPPLIER))
        elif Party.SUPPLIER in job.unsettled:
            later.append(pays_from)
        waited = not job.late or now >= _end(job) + policy.complete_after
        if now >= _end(job) and job.agreed_upto is not None and job.agreed_upto >= _end(job) and waited:
            steps.append(Step(Kind.COMPLETE, _why_complete(job, policy), job))
        elif job.silent_from is not None and now > job.silent_from:
            steps.append(Step(Kind.EXPIRE, _why_silent(job), job))
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
        steps.append(Step(Kind.STOP, "every job of it has ended"))
    if len(ended) == len(jobs) and not facts.released:
        steps.append(Step(Kind.RELEASE, "every job of it has ended"))
    for job in ended:
        if job.unsettled and now >= job.settle_from:
            steps += [Step(Kind.SETTLE, "the job has ended", job, party) for party in sorted(job.unsettled)]
        elif job.unsettled:
            waits.append(Wait("payments are due later", job.settle_from))
        elif job.closable_at is not None and now >= job.closable_at:
            steps.append(Step(Kind.CLOSE, "everybody is paid, and the time for disputes is over", job))
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


def _attest_due(job: JobView, facts: Facts, policy: Policy) -> tuple[int, str]:
    """Returns when the next attestation is due, and why: at its interval, at the end, with a result.

    It takes back that the node is gone: at once when it answers again, and only at the end while it does not.
    """
    end, upto = _end(job), _upto(job)
    if upto >= end:
        return _NEVER, ""
    if job.key in facts.silent and (job.lost_at is not None or facts.silent[job.key] >= policy.lose_after):
        return end, "its time is over, and its node is gone"
    if job.lost_at is not None and facts.placed:
        return upto, "its node answers again"
    if facts.result and job.attested is None:
        return upto + 1, "its run has ended"
    if upto + policy.attest_every < end:
        return upto + policy.attest_every, f"{policy.attest_every} s have passed since the last"
    return end, "its time is over"


def _why_never(job: JobView) -> str:
    if job.broken:
        return "another job of its cluster ended before it started, so this one cannot start"
    return f"it did not start by {job.start_by}"


def _why_lost(job: JobView, facts: Facts) -> str:
    silence = f"its node has not answered for {facts.silent[job.key]} s"
    return silence if job.lost_at is None else f"{silence}, and the word of {job.lost_at} has lapsed"


def _why_paid(job: JobView, policy: Policy) -> str:
    if not job.paid_upto or job.paid_upto == job.started_at:
        return f"nothing is paid yet, and from {job.settle_from} on it can be"
    return f"{policy.settle_every} s or more of it are to be paid"


def _why_complete(job: JobView, policy: Policy) -> str:
    agreed = "its time is over, and enough seats have judged all of it"
    return f"{agreed}; the others were waited for, {policy.complete_after} s" if job.late else agreed


def _why_silent(job: JobView) -> str:
    return f"too few seats have judged its time, and after {job.silent_from} it ends without them"


_NEVER: Final = 2**62


def _end(job: JobView) -> int:
    return job.ends_at if job.ends_at is not None else _NEVER


def _upto(job: JobView) -> int:
    if job.attested is not None:
        return job.attested.upto
    return job.started_at if job.started_at is not None else 0
