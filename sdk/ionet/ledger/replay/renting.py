"""Jobs: currencies, offers and leases, bookings, attestations, payments, disputes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet import constants, pda
from ionet import events as e
from ionet.administration.shards import vault_of
from ionet.ledger.replay import records as r
from ionet.ledger.replay.state import State, on
from ionet.types import jobs as types

_J = e.jobs
_START_WINDOW: Final = constants.jobs.START_WINDOW
BOOKED: Final = int(types.JobState.BOOKED)
RUNNING: Final = int(types.JobState.RUNNING)
ENDED: Final = int(types.JobState.ENDED)
_LOST: Final = int(types.CloseReason.LOST)
#: How a job came into a cluster that ran: the program's `Joining`.
_FOUNDING: Final = 0
_REPLACING: Final = 1
_ADDED: Final = 2


def _config(state: State) -> r.JobsConfig:
    if state.jobs_config is None:
        raise LookupError("jobs")
    return state.jobs_config


def _job(state: State, event: Any) -> r.Job:
    job = state.jobs[event.job]
    job.seq, job.last_time = event.seq, max(state.time, job.last_time)
    return job


@on(_J.Initialized)
def _initialized(state: State, event: _J.Initialized, now: int) -> None:
    config = state.jobs_config = r.JobsConfig(roles__authority=event.authority, last_time=now)
    _set(config, event.params)


@on(_J.ParamsSet)
def _params(state: State, event: _J.ParamsSet, now: int) -> None:
    config = _config(state)
    config.seq = event.seq
    _set(config, event.params)


def _set(config: r.JobsConfig, params: types.ParamsArgs) -> None:
    config.roles__pauser = params.pauser
    for name in (
        *("resolver", "booking_bps", "dispute_bond_bps", "verdict_age", "attesters", "attesters_large"),
        "large_daily_usd",
    ):
        setattr(config, name, getattr(params, name))
    config.price_limits__max_age = params.max_price_age
    config.price_limits__max_confidence_bps = params.max_confidence_bps
    config.price_limits__max_ema_distance_bps = params.max_ema_distance_bps


@on(_J.CurrencySet)
def _currency(state: State, event: _J.CurrencySet, now: int) -> None:
    _config(state).seq = event.seq
    args = event.currency
    state.currencies[event.mint] = r.Currency(
        event.mint,
        int(args.pricing),
        int(args.enabled),
        args.payment_bps,
        event.decimals,
        args.feed_id,
        args.price_account,
    )


@lru_cache(1_024)
def _shared(mints: tuple[Pubkey, ...]) -> tuple[Pubkey, ...]:
    return mints


@on(_J.OfferSet)
def _offer(state: State, event: _J.OfferSet, now: int) -> None:
    offer = state.offers.setdefault(event.offer, r.Offer(event.node))
    offer.rate, offer.min_seconds, offer.max_seconds = event.rate, event.min_seconds, event.max_seconds
    offer.open, offer.payout, offer.seq = int(event.open), int(event.payout), event.seq
    node = state.nodes.get(event.node)
    # Of many offers with the same words one tuple is kept, and of many keys one.
    offer.currencies = _shared(event.currencies)
    offer.owner = node.owner if node is not None and node.owner == event.owner else event.owner
    if event.seq == 1:
        offer.last_time = now


def _release(state: State, key: Any, job: r.Job) -> None:
    offer = state.offers[job.offer]
    if offer.lease_job == key:
        offer.lease_job, offer.lease_until = r.NOBODY, job.last_time


# --- clusters -----------------------------------------------------------------------------------


@on(_J.ClusterOpened)
def _opened(state: State, event: _J.ClusterOpened, now: int) -> None:
    state.clusters[event.cluster] = r.Cluster(
        renter=event.renter, id=event.id, size=event.size, opened_at=now, seq=event.seq
    )


@on(_J.DelegateSet)
def _delegate(state: State, event: _J.DelegateSet, now: int) -> None:
    cluster = state.clusters[event.cluster]
    cluster.delegate, cluster.seq = event.delegate, event.seq


@on(_J.ClusterGrown)
def _grown(state: State, event: _J.ClusterGrown, now: int) -> None:
    cluster = state.clusters[event.cluster]
    cluster.places, cluster.seq = cluster.places + event.places, event.seq


@on(_J.ClusterClosed)
def _cluster_closed(state: State, event: _J.ClusterClosed, now: int) -> None:
    del state.clusters[event.cluster]


# --- jobs ---------------------------------------------------------------------------------------


@on(_J.Booked)
def _booked(state: State, event: _J.Booked, now: int) -> None:
    offer = state.offers[event.offer]
    now = offer.last_time = max(now, offer.last_time)
    config, currency = _config(state), state.currencies.get(event.mint)
    job = state.jobs[event.job] = r.Job(
        attesters=event.attesters,
        payout=int(event.payout),
        cluster_size=event.cluster_size,
        offer=event.offer,
        node=event.node,
        renter=event.renter,
        supplier=event.supplier,
        rent_payer=event.payer,
        refund_to=event.refund_to,
        mint=event.mint,
        cluster=event.cluster,
        replaces=event.replaces,
        manifest_hash=event.manifest_hash,
        price=event.price,
        fee=event.fee,
        seconds=event.seconds,
        booking_bps=config.booking_bps,
        renter_payment_bps=None if currency is None else currency.payment_bps,
        rate=offer.rate,
        booked_at=now,
        last_time=now,
        usd=event.usd,
        seq=event.seq,
    )
    node = state.nodes.get(event.node)
    job.units = None if node is None else node.units
    job.verdict_at = None if node is None else node.last_proof__time
    paid_in = event.mint if event.payout else pda.mint.MINT
    taken = state.currencies.get(paid_in)
    job.supplier_payment_bps = None if taken is None else taken.payment_bps
    job.nonce = offer.nonce = _nonce(event, offer.nonce)
    job.segments[0] = (event.seconds, event.price)
    offer.lease_job, offer.lease_until = event.job, now + _START_WINDOW + 1
    cluster = state.clusters.get(event.cluster)
    if cluster is None and event.cluster != r.NOBODY:
        raise LookupError(event.cluster)
    if cluster is not None:
        cluster.joined += event.replaces == _FOUNDING
        cluster.lost -= event.replaces == _REPLACING
        cluster.places -= event.replaces == _ADDED
        cluster.waiting += 1


def _nonce(event: _J.Booked, last: int | None) -> int | None:
    """The number in a job's address; None: none of those that the program takes."""
    if last is None:
        return None
    numbers = range(last + 1, last + 1 + constants.jobs.NONCE_WINDOW)
    return next((n for n in numbers if pda.jobs.job(event.offer, n) == event.job), None)


@on(_J.Extended)
def _extended(state: State, event: _J.Extended, now: int) -> None:
    job = _job(state, event)
    job.segments[job.segment_count] = (event.seconds, event.price)
    job.segment_count += 1
    job.price += event.price
    job.fee += event.fee
    job.seconds += event.seconds
    job.ends_at = event.ends_at
    job.usd += event.usd
    state.agree(event, "held", event.held, job.held)
    state.offers[job.offer].lease_until = event.ends_at
    cluster = state.clusters.get(job.cluster)
    if cluster is not None:
        cluster.runs_until = max(cluster.runs_until, event.ends_at)


@on(_J.ManifestConfirmed)
def _manifest(state: State, event: _J.ManifestConfirmed, now: int) -> None:
    _job(state, event).manifest_seen = 1


@on(_J.Started)
def _started(state: State, event: _J.Started, now: int) -> None:
    job = _job(state, event)
    job.state, job.started_at, job.ends_at = RUNNING, event.started_at, event.ends_at
    job.last_attested_at = job.last_time
    state.offers[job.offer].lease_until = event.ends_at
    cluster = state.clusters.get(job.cluster)
    if cluster is not None:
        cluster.waiting -= 1
        cluster.runs_until = max(cluster.runs_until, event.ends_at)


@on(_J.Attested)
def _attested(state: State, event: _J.Attested, now: int) -> None:
    job = _job(state, event)
    if event.good < job.seen.get(event.seat, (0, 0, 0))[0]:
        job.lowered |= 1 << event.seat
    job.seen[event.seat] = (event.good, event.upto, 0)
    job.last_attested_at = job.last_time
    # Zeros stand for none yet, and change nothing.
    job.proof_digest = event.proof_digest if any(event.proof_digest) else job.proof_digest
    job.result_hash = event.result_hash if any(event.result_hash) else job.result_hash


@on(_J.NodeLost)
def _lost(state: State, event: _J.NodeLost, now: int) -> None:
    job = _job(state, event)
    good, upto, _ = job.seen.get(event.seat, (0, 0, 0))
    job.seen[event.seat] = (good, upto, job.last_time)


@on(_J.TimeLost)
def _time_lost(state: State, event: _J.TimeLost, now: int) -> None:
    _job(state, event)


@on(_J.Stopped)
def _stopped(state: State, event: _J.Stopped, now: int) -> None:
    job = _job(state, event)
    job.reason, job.ends_at = int(event.reason), event.ends_at
    _release(state, event.job, job)


@on(_J.Ended)
def _ended(state: State, event: _J.Ended, now: int) -> None:
    job = _job(state, event)
    waited, decided = job.state == BOOKED, event.reason == types.CloseReason.RESOLVED
    if job.state == RUNNING and (decided or event.reason == types.CloseReason.LOST):
        job.ends_at = min(job.ends_at, job.last_time)
    if job.state != ENDED:
        job.ended_at = job.last_time
    job.state, job.reason = ENDED, int(event.reason)
    job.owed_supplier, job.owed_fees, job.owed_refund = (
        event.owed_supplier,
        event.owed_fees,
        event.owed_refund,
    )
    if decided:
        job.frozen_until = 0
    total = event.owed_supplier + event.owed_fees + event.owed_refund
    state.agree(event, "what is owed in all", total, job.price + job.fee)
    _release(state, event.job, job)
    cluster = state.clusters.get(job.cluster)
    if cluster is not None and waited:
        cluster.waiting -= 1
        if job.replaces == _REPLACING:
            cluster.lost += 1
        elif not job.replaces and not cluster.broken:
            cluster.broken, cluster.broken_at = int(event.reason), job.last_time
    elif cluster is not None and int(event.reason) == _LOST:
        cluster.lost += 1


@on(_J.Paid)
def _paid(state: State, event: _J.Paid, now: int) -> None:
    job = _job(state, event)
    field = {
        types.Party.SUPPLIER: "paid_supplier",
        types.Party.FEE_VAULT: "paid_fees",
        types.Party.RENTER: "paid_refund",
    }[event.party]
    state.agree(event, "paid", event.paid, getattr(job, field) + event.amount)
    setattr(job, field, event.paid)
    job.settled_good = event.settled_good
    sold = job.payout == int(types.PayoutKind.IO) and job.mint != pda.mint.MINT
    if event.party == types.Party.SUPPLIER and event.amount and sold and event.job not in state.payouts:
        state.broken.append(
            f"jobs.Paid in slot {state.slot} is about the payout of {event.job}, unknown until then"
        )
    _received(state, event.job, event.destination, event.amount)
    state.agree(event, "held", event.held, job.held)


def _received(state: State, job: Any, destination: Any, amount: int) -> None:
    """Tokens went to a fee vault, to a payout's vault, or to somebody."""
    payout = state.payouts.get(job)
    if destination in state.fee_vaults:
        state.fee_vaults[destination] += amount
    elif payout is not None and destination == payout.vault:
        payout.held += amount


@on(_J.JobClosed)
def _job_closed(state: State, event: _J.JobClosed, now: int) -> None:
    job = state.jobs.pop(event.job)
    if event.surplus:
        _received(state, event.job, vault_of(event.job, job.mint), event.surplus)
    state.agree(event, "what it held", 0, job.held)


# --- disputes -----------------------------------------------------------------------------------


@on(_J.DisputeMade)
def _disputed(state: State, event: _J.DisputeMade, now: int) -> None:
    job = _job(state, event)
    job.frozen_until = event.until
    renting = event.party in (job.renter, job.refund_to)
    job.disputes |= 1 if renting else 2
    state.disputes[event.dispute] = r.Dispute(
        job=event.job,
        party=event.party,
        bond=event.bond,
        frozen=event.frozen,
        made_at=job.last_time,
        until=event.until,
        by_renter=int(renting),
        evidence_hash=event.evidence_hash,
    )


@on(_J.DisputeResolved)
def _decided(state: State, event: _J.DisputeResolved, now: int) -> None:
    _job(state, event)
    state.disputes[event.dispute].outcome = int(event.outcome)


@on(_J.DisputeClosed)
def _dispute_closed(state: State, event: _J.DisputeClosed, now: int) -> None:
    dispute = state.disputes.pop(event.dispute)
    state.agree(event, "amount", event.amount, dispute.bond)
    _received(state, event.job, event.destination, event.amount)
