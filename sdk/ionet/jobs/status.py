"""Where a job stands, and what can be done with it now: pure functions of its accounts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet import constants
from ionet._generated.jobs.types import CloseReason, DisputeOutcome, JobState
from ionet.chain.amounts import IO, USD, Amount
from ionet.chain.errors import IonetError
from ionet.formats.when import span, when
from ionet.jobs import escrow

if TYPE_CHECKING:
    from ionet import accounts

_NOBODY: Final = Pubkey.default()


class Crank(StrEnum):
    """The steps that anyone may do for a job, in order."""

    EXPIRE = "expire"
    COMPLETE = "complete"
    SETTLE = "settle"
    COLLECT_FEES = "collect_fees"
    REFUND = "refund"
    START_PAYOUT = "start_payout"
    CLOSE_DISPUTE = "close_dispute"
    CLOSE = "close"
    CLOSE_PAYOUT = "close_payout"
    CLOSE_CLUSTER = "close_cluster"


@dataclass(frozen=True, slots=True)
class TimeLost:
    """Time of a job that an attester does not count as good.

    Attributes:
        start: start of the stretch that the lost time lies in, Unix seconds.
        end: end of the stretch, Unix seconds.
        seconds: how much of the stretch is lost.
        seat: the attester's seat.
        reasons: why, for example `node-lost`.
        signature: of the attester's transaction.
    """

    start: int
    end: int
    seconds: int
    seat: int
    reasons: tuple[str, ...]
    signature: str


@dataclass(frozen=True, slots=True)
class PayoutStatus:
    """What a supplier is owed in IO for a job that is paid in another currency.

    Attributes:
        opened: whether the payout account exists; the first settlement opens it.
        waiting: in the account, not sold yet.
        for_sale: how much of that is for sale now.
        lapses_at: when the sale lapses and may be started again, Unix seconds; 0 without one.
        sold: sold so far.
        credited: IO that the supplier received for it.
        withdrawn: what the supplier withdrew in the currency itself, including its fee.
    """

    opened: bool
    waiting: Amount
    for_sale: Amount
    lapses_at: int
    sold: Amount
    credited: IO
    withdrawn: Amount


@dataclass(frozen=True, slots=True)
class DisputeStatus:
    """A dispute of a job.

    Attributes:
        address: its account.
        party: who disputes.
        by_renter: whether that is the renter.
        bond: the party's bond.
        frozen: the amount it held back when it was made.
        made_at: Unix seconds.
        until: when it ends without a decision, Unix seconds.
        outcome: how it was decided.
        is_open: whether it can still be decided.
        evidence_hash: 32 bytes.
    """

    address: Pubkey
    party: Pubkey
    by_renter: bool
    bond: Amount
    frozen: Amount
    made_at: int
    until: int
    outcome: DisputeOutcome
    is_open: bool
    evidence_hash: bytes


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """A cluster: jobs that start only when all of them are booked, and those that were added since.

    Attributes:
        address: its account.
        id: the renter's id for it, 32 bytes.
        renter: books its jobs.
        size: how many jobs start together.
        joined: how many of those have been booked.
        waiting: how many jobs have neither started nor ended.
        broken: why the first job left before its start, or `NONE`.
        lost: how many jobs have lost their node and not been replaced.
        places: how many were added while it ran that nobody has booked.
        delegate: may book and extend its jobs besides the renter, or None.
        manifest_hash: hash of the manifest that all of them run; zeros before the first booking.
        opened_at: Unix seconds.
        broken_at: Unix seconds, or 0.
        runs_until: the latest end of the booked time of its jobs, Unix seconds; 0 before the first start.
        closable: whether anyone can close the account now.
    """

    address: Pubkey
    id: bytes
    renter: Pubkey
    size: int
    joined: int
    waiting: int
    broken: CloseReason
    lost: int
    places: int
    delegate: Pubkey | None
    manifest_hash: bytes
    opened_at: int
    broken_at: int
    runs_until: int
    closable: bool

    @property
    def is_complete(self) -> bool:
        """Whether its jobs can start: all are booked, and none has left."""
        return self.joined == self.size and not self.broken

    @property
    def missing(self) -> int:
        """Jobs that are still to be booked."""
        return 0 if self.broken else self.size - self.joined


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job, with everything its parties may want to know. Amounts are in its currency.

    Attributes:
        job: its address.
        node: the leased node.
        renter: who booked it.
        payer: paid the deposit and the rent, and gets the rent back.
        refund_to: who gets the refund.
        supplier: who is paid.
        state: booked, running or ended.
        reason: why it ended, or was stopped.
        summary: state and reason in a sentence.
        now: when this was read, Unix seconds.
        cluster: the cluster it belongs to, or None.
        manifest_hash: hash of the manifest to run, 32 bytes.
        manifest_seen: whether an attester confirmed in time that the manifest is available; if so, the job
            costs nothing if nobody starts it.
        result_hash: hash of the attested result, 32 bytes; zeros while there is none.
        rate: per processor and hour.
        units: processors.
        seconds: booked, including extensions.
        extensions: how many, of at most four.
        booked_at: Unix seconds, as all times; 0 if there is none.
        started_at: when the booked time began.
        ends_at: when the booked time ends or was cut short.
        ended_at: when the final split was fixed.
        lease_until: when the node is free again, as things stand.
        elapsed: seconds since the start, at most the booked ones.
        looked_at: how many of them enough attesters have looked at.
        attested: how many of those were good, and so are paid for.
        attesters: how many attesters have to agree.
        price: what the work costs.
        fee: the renter's fee.
        deposit: price and fee.
        earned: what the supplier has earned so far, after their fee.
        paid_supplier: how much of it the supplier, or their payout account, has received.
        payable: how much of it can be settled now.
        fees: both sides' fees, as things stand.
        paid_fees: how much of them went to the fee vault.
        refund: what the renter gets back, as things stand; for a running job, time not yet worked counts.
        paid_refund: how much of it has been refunded.
        held: what the escrow holds.
        cancel_cost: what it costs the renter to cancel now; it grows until the latest start.
        start_by: latest start.
        first_payout_at: the supplier is paid nothing before it.
        silent_from: anyone can end the job after it, if its attesters stay silent until then.
        dispute_until: latest time at which it can be disputed.
        frozen_until: how long a dispute holds back what is not paid; 0 without one.
        disputes: those whose accounts are open.
        payout: the supplier's payout, if they are paid in IO for another currency, or None.
        due: the steps that anyone can do now.
    """

    job: Pubkey
    node: Pubkey
    renter: Pubkey
    payer: Pubkey
    refund_to: Pubkey
    supplier: Pubkey
    state: JobState
    reason: CloseReason
    summary: str
    now: int
    cluster: ClusterStatus | None
    manifest_hash: bytes
    manifest_seen: bool
    result_hash: bytes
    rate: USD
    units: int
    seconds: int
    extensions: int
    booked_at: int
    started_at: int
    ends_at: int
    ended_at: int
    lease_until: int
    elapsed: int
    looked_at: int
    attested: int
    attesters: int
    price: Amount
    fee: Amount
    deposit: Amount
    earned: Amount
    paid_supplier: Amount
    payable: Amount
    fees: Amount
    paid_fees: Amount
    refund: Amount
    paid_refund: Amount
    held: Amount
    cancel_cost: Amount
    start_by: int
    first_payout_at: int
    silent_from: int
    dispute_until: int
    frozen_until: int
    disputes: tuple[DisputeStatus, ...]
    payout: PayoutStatus | None
    due: tuple[Crank, ...]


def cluster_status(address: Pubkey, cluster: accounts.jobs.Cluster, now: int) -> ClusterStatus:
    """A cluster at a moment: `Cluster::check_closable`."""
    return ClusterStatus(
        address=address,
        id=cluster.id,
        renter=cluster.renter,
        size=cluster.size,
        joined=cluster.joined,
        waiting=cluster.waiting,
        broken=cluster.broken,
        lost=cluster.lost,
        places=cluster.places,
        delegate=or_none(cluster.delegate),
        manifest_hash=cluster.manifest_hash,
        opened_at=cluster.opened_at,
        broken_at=cluster.broken_at,
        runs_until=cluster.runs_until,
        closable=cluster.waiting == 0
        and now > cluster.opened_at + constants.jobs.START_WINDOW
        and now >= cluster.runs_until,
    )


def dispute_status(
    address: Pubkey, dispute: accounts.jobs.Dispute, unit: type[Amount], now: int
) -> DisputeStatus:
    """A dispute at a moment."""
    return DisputeStatus(
        address=address,
        party=dispute.party,
        by_renter=bool(dispute.by_renter),
        bond=unit.from_base(dispute.bond),
        frozen=unit.from_base(dispute.frozen),
        made_at=dispute.made_at,
        until=dispute.until,
        outcome=dispute.outcome,
        is_open=dispute.outcome == DisputeOutcome.NONE and now < dispute.until,
        evidence_hash=dispute.evidence_hash,
    )


def payout_status(
    payout: accounts.buyback.Payout | None, waiting: int, unit: type[Amount], period: int, now: int
) -> PayoutStatus:
    """A payout at a moment.

    Args:
        payout: its account, None before the first settlement.
        waiting: what its vault holds, base units.
        unit: amounts of the job's currency.
        period: of the buyback's auctions, seconds.
        now: Unix seconds.
    """
    none = unit.from_base(0)
    if payout is None:
        return PayoutStatus(False, none, none, 0, none, IO(0), none)
    lapses_at = payout.lot.started_at + constants.buyback.LOT_PERIODS * period
    offered = payout.lot.left if now <= lapses_at else 0
    return PayoutStatus(
        opened=True,
        waiting=unit.from_base(waiting),
        for_sale=unit.from_base(offered),
        lapses_at=lapses_at if offered else 0,
        sold=unit.from_base(payout.sold),
        credited=IO.from_base(payout.credited),
        withdrawn=unit.from_base(payout.withdrawn),
    )


def job_status(
    address: Pubkey,
    job: accounts.jobs.Job,
    unit: type[Amount],
    now: int,
    *,
    cluster: ClusterStatus | None = None,
    disputes: tuple[DisputeStatus, ...] = (),
    payout: PayoutStatus | None = None,
) -> JobStatus:
    """A job at a moment.

    Args:
        address: the job's.
        job: its account.
        unit: amounts of its currency.
        now: Unix seconds.
        cluster: the cluster it belongs to.
        disputes: those that are not closed.
        payout: if the job is paid out through an auction.
    """
    split, started = escrow.so_far(job), bool(job.started_at)
    cancelling = escrow.if_cancelled(job, True, now)[1].fees if job.state == JobState.BOOKED else 0
    ended = job.state == JobState.ENDED
    broken = cluster is not None and bool(cluster.broken)
    # A job that the resolver ended, or that never ran, cannot be disputed.
    disputable = started and job.reason != CloseReason.RESOLVED
    dispute_until = (job.ended_at + constants.jobs.DISPUTE_WINDOW if ended else 0) if disputable else 0
    lease_until = job.booked_at + constants.jobs.START_WINDOW
    if job.state == JobState.RUNNING:
        lease_until = job.ends_at
    return JobStatus(
        job=address,
        node=job.node,
        renter=job.renter,
        payer=job.rent_payer,
        refund_to=job.refund_to,
        supplier=job.supplier,
        state=job.state,
        reason=job.reason,
        summary=_summary(job, now, cluster),
        now=now,
        cluster=cluster,
        manifest_hash=job.manifest_hash,
        manifest_seen=bool(job.manifest_seen),
        result_hash=job.result_hash,
        rate=USD.from_base(job.rate),
        units=job.units,
        seconds=job.seconds,
        extensions=job.segment_count - 1,
        booked_at=job.booked_at,
        started_at=job.started_at,
        ends_at=job.ends_at,
        ended_at=job.ended_at,
        lease_until=0 if ended else lease_until,
        elapsed=escrow.elapsed(job, now) if started else 0,
        looked_at=escrow.looked_at(job),
        attested=escrow.attested(job),
        attesters=job.attesters,
        price=unit.from_base(job.price),
        fee=unit.from_base(job.fee),
        deposit=unit.from_base(job.price + job.fee),
        earned=unit.from_base(split.supplier),
        paid_supplier=unit.from_base(job.paid_supplier),
        payable=unit.from_base(escrow.payable(job, now)),
        fees=unit.from_base(split.fees),
        paid_fees=unit.from_base(job.paid_fees),
        refund=unit.from_base(split.refund),
        paid_refund=unit.from_base(job.paid_refund),
        held=unit.from_base(escrow.held(job)),
        cancel_cost=unit.from_base(cancelling),
        start_by=job.booked_at + constants.jobs.START_WINDOW,
        first_payout_at=job.started_at + constants.jobs.FIRST_HOUR if started else 0,
        silent_from=escrow.silent_from(job) if job.state == JobState.RUNNING else 0,
        dispute_until=dispute_until,
        frozen_until=job.frozen_until if escrow.is_frozen(job, now) else 0,
        disputes=disputes,
        payout=payout,
        due=_due(job, now, broken=broken, cluster=cluster, disputes=disputes, payout=payout),
    )


def _due(
    job: accounts.jobs.Job,
    now: int,
    *,
    broken: bool,
    cluster: ClusterStatus | None,
    disputes: tuple[DisputeStatus, ...],
    payout: PayoutStatus | None,
) -> tuple[Crank, ...]:
    steps = []
    if escrow.is_complete(job, now):
        steps.append(Crank.COMPLETE)
    elif escrow.can_expire(job, now, broken=broken):
        steps.append(Crank.EXPIRE)
    if escrow.payable(job, now):
        steps.append(Crank.SETTLE)
    if job.state == JobState.ENDED and not escrow.is_frozen(job, now):
        if job.owed_fees > job.paid_fees:
            steps.append(Crank.COLLECT_FEES)
        if job.owed_refund > job.paid_refund:
            steps.append(Crank.REFUND)
    steps += after_the_job(disputes, payout, job_is_closed=False)
    if escrow.is_settled(job) and not escrow.is_frozen(job, now):
        steps.append(Crank.CLOSE)
    if cluster is not None and cluster.closable and job.state != JobState.BOOKED:
        steps.append(Crank.CLOSE_CLUSTER)
    return tuple(steps)


def after_the_job(
    disputes: tuple[DisputeStatus, ...],
    payout: PayoutStatus | None,
    *,
    job_is_closed: bool = True,
) -> list[Crank]:
    """What can be done with the accounts that outlive a job."""
    steps = []
    if payout is not None and payout.waiting and not payout.for_sale:
        steps.append(Crank.START_PAYOUT)
    if any(not dispute.is_open for dispute in disputes):
        steps.append(Crank.CLOSE_DISPUTE)
    if job_is_closed and payout is not None and payout.opened and not payout.waiting:
        steps.append(Crank.CLOSE_PAYOUT)
    return steps


def _summary(job: accounts.jobs.Job, now: int, cluster: ClusterStatus | None) -> str:
    frozen = ""
    if escrow.is_frozen(job, now):
        frozen = f"; disputed: what is not paid is held back until {when(job.frozen_until)} at the latest"
    if job.state == JobState.BOOKED:
        return _waiting(job, now, cluster)
    if job.state == JobState.RUNNING:
        return _running(job, now) + frozen
    text = f"ended {when(job.ended_at)}: {job.reason.explain()}"
    return text + (frozen or ("" if escrow.is_settled(job) else "; payments are due"))


def _waiting(job: accounts.jobs.Job, now: int, cluster: ClusterStatus | None) -> str:
    start_by = job.booked_at + constants.jobs.START_WINDOW
    if cluster is not None and cluster.broken:
        return "cannot start, as another job of its cluster has left: anyone can expire it"
    if now > start_by:
        cost = "" if job.manifest_seen else ", less the price of the time that the node was held"
        return f"was not started in time: anyone can expire it, and the deposit goes back{cost}"
    left = f"until {when(start_by)} ({span(start_by - now)} left)"
    if cluster is not None and cluster.missing:
        return f"waits for {cluster.missing} more of its cluster to be booked, {left}"
    return f"waits for its start, {left}"


def _running(job: accounts.jobs.Job, now: int) -> str:
    if now < job.ends_at:
        return f"runs until {when(job.ends_at)} ({span(job.ends_at - now)} left)"
    text = "its time is over"
    if job.reason:
        text = f"was stopped {when(job.ends_at)} by the"
        text += " renter" if job.reason == CloseReason.RENTER_STOPPED else " supplier"
    if escrow.is_complete(job, now):
        return f"{text}, and it is attested to its end: anyone can complete it"
    silent = escrow.silent_from(job)
    if now > silent:
        return f"{text}, and its attesters are silent: anyone can expire it"
    return f"{text}; waits for its attesters, until {when(silent)} at the latest"


def is_renting(job: accounts.jobs.Job, party: Pubkey) -> bool:
    """Whether `party` is the renter, or gets the refund: `Job::is_renting`."""
    return party in (job.renter, job.refund_to)


def check_party(job: accounts.jobs.Job, party: Pubkey) -> bool:
    """Whether `party` is on the renter's side: the renter, or who gets the refund; else it is the supplier.

    Raises:
        IonetError: it is none of them.
    """
    if party != job.supplier and not is_renting(job, party):
        raise IonetError(
            f"{party} is no party of this job: its renter is {job.renter}, its supplier {job.supplier}"
        )
    return is_renting(job, party)


def or_none(address: Pubkey) -> Pubkey | None:
    """An address, or None for zeros."""
    return None if address == _NOBODY else address
