"""What a job's account says about money, by the jobs program's own arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ionet import accounts

_BPS: Final = 10_000
_FIRST_HOUR: Final = 3_600

BOOKED: Final = 0
RUNNING: Final = 1
ENDED: Final = 2

_RENTER_STOPPED: Final = 3
_SUPPLIER_STOPPED: Final = 4


def agreed(values: Iterable[int], attesters: int) -> int:
    """What enough attesters reach: the k-th largest value."""
    ordered = sorted(values, reverse=True)
    return ordered[attesters - 1] if attesters <= len(ordered) else 0


def attested(job: accounts.jobs.Job) -> int:
    """Good seconds that enough attesters agree on."""
    return agreed((seen.good for seen in job.seen), job.attesters)


def looked_at(job: accounts.jobs.Job) -> int:
    """Seconds since the start that enough attesters have looked at."""
    return agreed((seen.upto for seen in job.seen), job.attesters)


def gross(job: accounts.jobs.Job, billable: int) -> int:
    """Price of so many seconds, spent stretch by stretch, each rounded down."""
    total = 0
    for stretch in job.stretches[: job.stretch_count]:
        used = min(billable, stretch.seconds)
        total += stretch.price * used // stretch.seconds
        billable -= used
    return total


def payable(job: accounts.jobs.Job, now: int) -> int:
    """What the supplier can take now, base units; nothing in the first hour, or while a dispute is open."""
    if now < job.frozen_until:
        return 0
    if job.state == ENDED:
        return job.owed_supplier - job.paid_supplier
    if job.state != RUNNING or now < job.started_at + _FIRST_HOUR:
        return 0
    billable, elapsed = attested(job), job.ends_at - job.started_at
    if job.reason == _RENTER_STOPPED:
        billable += max(0, _FIRST_HOUR - elapsed)
    elif job.reason == _SUPPLIER_STOPPED and elapsed < _FIRST_HOUR:
        billable = 0
    earned = gross(job, billable)
    fee = -(-earned * (job.booking_bps + job.supplier_payment_bps) // _BPS)
    return earned - fee - job.paid_supplier


def held(job: accounts.jobs.Job) -> int:
    """What the escrow holds by the account's word, base units."""
    return job.price + job.fee - job.paid_supplier - job.paid_fees - job.paid_refund
