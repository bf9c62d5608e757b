"""What a job owes, holds and has paid, by the jobs program's own arithmetic.

Each formula names the function of `io_math::escrow` or `programs/jobs/src/state` that it repeats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ionet import constants
from ionet._generated.jobs.types import CloseReason, JobState
from ionet.chain.amounts import BPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ionet import accounts


@dataclass(frozen=True, slots=True)
class Division:
    """How a deposit is divided, base units: `escrow::Division`.

    Attributes:
        supplier: what the supplier gets in all.
        fees: both sides' fees, for the fee vault.
        refund: what the renter gets back.
    """

    supplier: int
    fees: int
    refund: int


def agreed(values: Iterable[int], attesters: int) -> int:
    """The value that at least `attesters` of the values reach: the k-th largest."""
    ordered = sorted(values, reverse=True)
    return ordered[attesters - 1] if attesters <= len(ordered) else 0


def attested(job: accounts.jobs.Job) -> int:
    """Good seconds that enough attesters agree on."""
    return agreed((seen.good for seen in job.seen), job.attesters)


def looked_at(job: accounts.jobs.Job) -> int:
    """Seconds since the start that enough attesters have looked at."""
    return agreed((seen.upto for seen in job.seen), job.attesters)


def elapsed(job: accounts.jobs.Job, now: int) -> int:
    """Seconds from the start to `now`, at most the booked ones: `Job::elapsed`."""
    return max(0, min(now, job.ends_at) - job.started_at)


def gross(job: accounts.jobs.Job, billable: int) -> int:
    """Price of a number of seconds, base units, segment by segment, each rounded down: `escrow::gross`."""
    total = 0
    for segment in job.segments[: job.segment_count]:
        used = min(billable, segment.seconds)
        total += segment.price * used // segment.seconds
        billable -= used
    return total


def billable(job: accounts.jobs.Job, reason: CloseReason, good: int, worked: int) -> int:
    """Seconds that are paid for, given `good` seconds out of `worked`: `escrow::billable`."""
    match reason:
        case CloseReason.COMPLETED | CloseReason.TIMED_OUT | CloseReason.LOST:
            return good
        case CloseReason.RENTER_STOPPED:
            return good + max(0, constants.jobs.FIRST_HOUR - worked)
        case CloseReason.SUPPLIER_STOPPED:
            return good if worked >= constants.jobs.FIRST_HOUR else 0
    return 0


def net(job: accounts.jobs.Job, due: int) -> int:
    """What the supplier gets of a gross amount, base units: `Rates::supplier_net`."""
    return due + -due * (job.booking_bps + job.supplier_payment_bps) // BPS


def paid_seconds(job: accounts.jobs.Job) -> int:
    """Seconds that the supplier has been paid for: the most whose net price does not exceed what was paid."""
    low, high = 0, job.seconds
    while low < high:
        middle = (low + high + 1) // 2
        if net(job, gross(job, middle)) <= job.paid_supplier:
            low = middle
        else:
            high = middle - 1
    return low


def held_price(job: accounts.jobs.Job, now: int) -> int:
    """Price of the time that the node was held without a start, base units: `escrow::held_price`."""
    held = min(now, job.booked_at + constants.jobs.START_WINDOW) - job.booked_at
    return -(-job.price * held // job.seconds)


def divide(job: accounts.jobs.Job, reason: CloseReason, due: int, now: int = 0) -> Division:
    """Divides the deposit of a job that ends for a reason, with `due` of its price: `escrow::divide`.

    Args:
        job: the job.
        reason: how it ends.
        due: the part of its price that is owed, base units.
        now: Unix seconds, for a job that ends before its start.
    """
    match reason:
        case CloseReason.COMPLETED | CloseReason.RENTER_STOPPED:
            kept = job.fee
        case CloseReason.RENTER_CANCELLED:
            kept = max(held_price(job, now), -(-job.price * job.booking_bps // BPS))
        case CloseReason.NO_SHOW | CloseReason.CLUSTER_BROKEN:
            kept = 0 if job.manifest_seen else held_price(job, now)
        case CloseReason.TIMED_OUT | CloseReason.LOST | CloseReason.SUPPLIER_STOPPED | CloseReason.RESOLVED:
            kept = -(-job.fee * due // job.price) if job.price else 0
        case _:
            kept = 0
    supplier = net(job, due)
    return Division(supplier, due - supplier + kept, job.price + job.fee - due - kept)


def ending(job: accounts.jobs.Job) -> CloseReason:
    """How a running job ends if nothing else happens: `Job::ending`."""
    return CloseReason.COMPLETED if job.reason == CloseReason.NONE else job.reason


def so_far(job: accounts.jobs.Job) -> Division:
    """The split as things stand: fixed for an ended job, by attested time for a running one.

    A running job's refund includes the time not yet worked.
    """
    if job.state == JobState.ENDED:
        return Division(job.owed_supplier, job.owed_fees, job.owed_refund)
    if job.state == JobState.BOOKED:
        return Division(0, 0, job.price + job.fee)
    reason = ending(job)
    seconds = billable(job, reason, attested(job), elapsed(job, job.ends_at))
    return divide(job, reason, gross(job, seconds))


def if_stopped(job: accounts.jobs.Job, reason: CloseReason, now: int) -> Division:
    """The split if a party stops now and all time not looked at yet turns out good."""
    worked = elapsed(job, now)
    good = attested(job) + max(0, worked - looked_at(job))
    return divide(job, reason, gross(job, billable(job, reason, good, worked)))


def if_cancelled(job: accounts.jobs.Job, by_renter: bool, now: int) -> tuple[CloseReason, Division]:
    """How a job ends if it is cancelled now, and its split: `Job::left_at`."""
    reason = CloseReason.SUPPLIER_CANCELLED
    if by_renter:
        reason = CloseReason.NO_SHOW
        if now <= job.booked_at + constants.jobs.START_WINDOW:
            reason = CloseReason.RENTER_CANCELLED
    return reason, divide(job, reason, 0, now)


def is_frozen(job: accounts.jobs.Job, now: int) -> bool:
    """Whether a dispute holds back what is not paid yet."""
    return now < job.frozen_until


def payable(job: accounts.jobs.Job, now: int) -> int:
    """What the supplier can take now, base units: `Job::payable`; nothing before the first hour is over."""
    if job.state == JobState.BOOKED or is_frozen(job, now):
        return 0
    if job.state == JobState.RUNNING and now < job.started_at + constants.jobs.FIRST_HOUR:
        return 0
    return max(0, so_far(job).supplier - job.paid_supplier)


def held(job: accounts.jobs.Job) -> int:
    """What the escrow holds according to the account, base units: `Job::held`."""
    return job.price + job.fee - job.paid_supplier - job.paid_fees - job.paid_refund


def is_over(job: accounts.jobs.Job, now: int) -> bool:
    """Whether a running job's time is over, by its end or a stop."""
    return job.state == JobState.RUNNING and now >= job.ends_at


def is_complete(job: accounts.jobs.Job, now: int) -> bool:
    """Whether anyone can complete it: `Job::complete`."""
    return is_over(job, now) and looked_at(job) >= elapsed(job, job.ends_at)


def silent_from(job: accounts.jobs.Job) -> int:
    """The time after which anyone can end a running job for its attesters' silence: `Job::expire`."""
    return min(job.last_attested_at, job.ends_at) + constants.jobs.SILENCE


def is_settled(job: accounts.jobs.Job) -> bool:
    """Whether everyone has been paid what they are owed: `Job::is_settled`."""
    return job.state == JobState.ENDED and (job.paid_supplier, job.paid_fees, job.paid_refund) == (
        job.owed_supplier,
        job.owed_fees,
        job.owed_refund,
    )


def can_expire(job: accounts.jobs.Job, now: int, *, broken: bool) -> bool:
    """Whether anyone can end it without its parties: `Job::expire`.

    Args:
        job: the job.
        now: Unix seconds.
        broken: whether another job of its cluster has left before the start.
    """
    if job.state == JobState.BOOKED:
        return broken or now > job.booked_at + constants.jobs.START_WINDOW
    return job.state == JobState.RUNNING and now > silent_from(job)
