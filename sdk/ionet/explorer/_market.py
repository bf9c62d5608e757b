"""Classes, nodes, hours and jobs, by the events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from solders.pubkey import Pubkey

from ionet import pda
from ionet._generated.jobs import events as jobs_events
from ionet._generated.jobs.types import CloseReason, JobState
from ionet._generated.proofs.types import ReportState
from ionet._generated.shared import ProofReason
from ionet._generated.staking.types import NodeState, Pool
from ionet.chain.amounts import USD, Amount
from ionet.chain.following import WatchedEvent
from ionet.chain.schema import Event
from ionet.explorer import _challenges, _events
from ionet.explorer import _models as m
from ionet.explorer._past import Moment
from ionet.explorer._supply import as_of
from ionet.explorer._tally import Count, commission, is_hired, is_proven
from ionet.explorer._values import (
    NOBODY,
    address_of,
    class_name,
    events_at,
    known,
    money,
    of_io,
    place_text,
    text,
    unit,
    word,
)
from ionet.formats.when import HOUR
from ionet.jobs.receipt import Receipt, receipt_of
from ionet.ledger import Database, Place, State
from ionet.ledger.replay import records as r
from ionet.staking.speeds import untimed

_LIVE: Final = int(NodeState.LIVE)
_CO_STAKERS: Final = 20


class Absent(Exception):
    """What was asked for is not in the ledger; the text says so."""


# --- devices ------------------------------------------------------------------------------------


def classes(moment: Moment) -> m.HardwareClasses:
    """Devices by class."""
    state, tally = moment.state, moment.tally
    numbers = {
        *state.classes,
        *tally.keys("class"),
        *(number for number, many in tally.devices.items() if many),
    }
    rows, total = [], Count()
    for number in sorted(numbers):
        # Nodes are counted as registered there, and processors here.
        count = replace(tally.count("class", number), registered=tally.devices[number])
        rows.append(_class_row(number, state.classes.get(number), count))
        for name in ("registered", "live", "proven", "hired", "stake"):
            setattr(total, name, getattr(total, name) + getattr(count, name))
    whole = _class_row(-1, None, total).model_copy(update={"name": "all classes", "pool": ""})
    return m.HardwareClasses(as_of=as_of(moment), classes=rows, total=whole)


def _class_row(number: int, class_: r.HardwareClass | None, count: Count) -> m.HardwareClass:
    return m.HardwareClass(
        id=number,
        name=class_name(number),
        pool="" if class_ is None else word(Pool(class_.pool)),
        enabled=class_ is not None and bool(class_.enabled),
        registered=count.registered,
        live=count.live,
        proven=count.proven,
        hired=count.hired,
        stake=of_io(count.stake),
        minimum=of_io(0 if class_ is None else class_.minimum(1)),
    )


def networks(moment: Moment) -> m.Groups:
    """Nodes by network: those that stand in none last."""
    tally, names = moment.tally, {key: text(it.name) for key, it in moment.state.networks.items()}
    groups = [
        _group("" if key == NOBODY else str(key), names.get(key, ""), tally.count("network", key))
        for key in {*names, *tally.keys("network")}
    ]
    return m.Groups(
        as_of=as_of(moment), groups=sorted(groups, key=lambda group: (not group.key, group.name, group.key))
    )


def countries(moment: Moment) -> m.Groups:
    """Nodes by country, as their owners state it."""
    tally = moment.tally
    groups = [
        _group(country(code), country(code), tally.count("country", code))
        for code in sorted(tally.keys("country"))
    ]
    return m.Groups(as_of=as_of(moment), groups=groups)


def country(code: int) -> str:
    """A country's ISO 3166-1 numeric code as it is written, or nothing."""
    return f"{code:03}" if code else ""


def _group(key: str, name: str, count: Count) -> m.Group:
    return m.Group(
        key=key,
        name=name,
        nodes=count.registered,
        live=count.live,
        proven=count.proven,
        hired=count.hired,
        stake=of_io(count.stake),
    )


# --- nodes --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which nodes are asked for; None: whatever it is."""

    class_id: int | None = None
    owner: Pubkey | None = None
    network: Pubkey | None = None
    country: int | None = None
    only: str | None = None

    def has(self, node: r.Node, time: int, rented: bool) -> bool:
        """Whether a node is asked for."""
        return (
            (self.class_id is None or node.class_ == self.class_id)
            and (self.owner is None or node.owner == self.owner)
            and (self.network is None or node.network == self.network)
            and (self.country is None or node.region == self.country)
            and (self.only != "live" or node.state == _LIVE)
            and (self.only != "proven" or is_proven(node, time))
            and (self.only != "hired" or rented)
        )


def nodes(moment: Moment, asked: Wanted, cursor: str | None, limit: int) -> m.NodeRows:
    """Nodes by address, from after the cursor."""
    state, time, tally = moment.state, moment.time, moment.tally
    candidates = tally.nodes(
        None if cursor is None else address_of(cursor),
        asked.only,
        class_=asked.class_id,
        owner=asked.owner,
        network=asked.network,
        country=asked.country,
    )
    fitting = (
        (address, state.nodes[address])
        for address in candidates
        if asked.has(state.nodes[address], time, address in tally.hired)
    )
    wanted = list(islice(fitting, limit + 1))
    rows = [
        m.NodeRow(
            node=str(address),
            owner=str(node.owner),
            class_id=node.class_,
            class_name=class_name(node.class_),
            units=node.units,
            state=word(NodeState(node.state)),
            proven=is_proven(node, time),
            hired=address in tally.hired,
            stake=of_io(node.own__active + node.co__active),
            own_active=of_io(node.own__active),
            own_pending=of_io(node.own__pending),
            co_active=of_io(node.co__active),
            co_pending=of_io(node.co__pending),
            commission_bps=node.commission_bps,
            region=node.region,
            network=known(node.network),
            network_name=text(its.name) if (its := state.networks.get(node.network)) is not None else None,
        )
        for address, node in wanted[:limit]
    ]
    return m.NodeRows(
        as_of=as_of(moment), nodes=rows, next=rows[-1].node if len(wanted) > limit and rows else None
    )


def node(moment: Moment, database: Database, address: Pubkey) -> m.Node:
    """A node, without its credits.

    Raises:
        Absent: there is none of this address.
    """
    state, time = moment.state, moment.time
    it = state.nodes.get(address)
    if it is None:
        raise Absent(f"no event up to slot {moment.slot} is about a node {address}")
    leases = database.leases([address], until=time)[address]
    class_ = state.classes.get(it.class_)
    leaving = 0 if it.own__cooling is None else sum(slot.amount for slot in it.own__cooling.slots)
    return m.Node(
        as_of=as_of(moment),
        node=str(address),
        owner=str(it.owner),
        network=known(it.network),
        class_id=it.class_,
        class_name=class_name(it.class_),
        pool="" if class_ is None else word(Pool(class_.pool)),
        units=it.units,
        state=word(NodeState(it.state)),
        banned=bool(it.banned),
        hired=address in moment.tally.hired,
        proven=is_proven(it, time),
        registered_at=it.registered_at,
        commission_bps=commission(it, time),
        next_commission_bps=it.next_commission_bps if it.commission_at > time else None,
        commission_at=it.commission_at,
        country=country(it.region),
        own_active=of_io(it.own__active),
        own_pending=of_io(it.own__pending),
        own_leaving=of_io(leaving),
        co_active=of_io(it.co__active),
        co_pending=of_io(it.co__pending),
        co_tokens=of_io(it.co__tokens),
        minimum=of_io(0 if class_ is None else class_.minimum(it.units)),
        vault=of_io(it.vault),
        frozen=of_io(it.frozen),
        credited=of_io(it.credited),
        credited_through=it.credited_through,
        proof=_proof(it),
        untimed=None if class_ is not None and class_.is_timed else untimed(it.class_),
        offer=_offer(state, address, time),
        devices=[str(key) for key in moment.devices.get(address, ()) if key in state.devices],
        hardware=_hardware(moment, address),
        leases_done=leases.done,
        leases_broken=leases.broken,
        co_stakers=_co_stakers(moment, address),
        credits=[],
        events=events_at(about=address, until=time),
    )


def _hardware(moment: Moment, address: Pubkey) -> list[m.Hardware]:
    devices = moment.state.devices
    made = []
    for key in moment.devices.get(address, ()):
        it = devices.get(key)
        if it is None or not any(it.identity):
            continue
        same = moment.hardware.get(it.identity, set()) - {key}
        doubles = sorted(str(other) for other in same if devices[other].identity == it.identity)
        made.append(m.Hardware(device=str(key), digest=it.identity.hex(), at=it.identity_at, doubles=doubles))
    return made


def _proof(it: r.Node) -> m.Proof | None:
    if not it.last_proof__time:
        return None
    return m.Proof(
        time=it.last_proof__time,
        score_bps=it.last_proof__score_bps or 0,
        reason=word(ProofReason(it.last_proof__reason or 0)),
        passed=bool(it.last_proof__passed),
    )


def _offer(state: State, address: Pubkey, time: int) -> m.Offer | None:
    key = pda.jobs.offer(address)
    if (offer := state.offers.get(key)) is None:
        return None
    stands = is_hired(offer, time)
    return m.Offer(
        offer=str(key),
        open=bool(offer.open),
        rate=money(USD.from_base(offer.rate)),
        min_seconds=offer.min_seconds,
        max_seconds=offer.max_seconds,
        job=str(offer.lease_job) if stands else None,
        lease_until=offer.lease_until if stands else 0,
    )


def _co_stakers(moment: Moment, address: Pubkey) -> list[m.CoStaker]:
    positions = moment.state.positions
    held = [
        position
        for holder in moment.holders.get(address, ())
        if (position := positions.get((address, holder))) is not None
        and (position.active or position.pending)
    ]
    held.sort(key=lambda position: (-position.active - position.pending, bytes(position.holder)))
    return [
        m.CoStaker(holder=str(each.holder), active=of_io(each.active), pending=of_io(each.pending))
        for each in held[:_CO_STAKERS]
    ]


def credits_of(its: Iterable[tuple[int, str, int, int, int, int]]) -> list[m.Credit]:
    """Credits of a node; see `ionet.explorer._rows.credits_of`."""
    return [
        m.Credit(
            time=time,
            signature=signature,
            through=through,
            amount=of_io(amount),
            owner_part=of_io(owners),
            co_part=of_io(others),
        )
        for time, signature, through, amount, owners, others in its
    ]


# --- hours --------------------------------------------------------------------------------------


def hours(moment: Moment, cursor: int | None, limit: int) -> m.HourRows:
    """Hours with reports, the newest first, from before the cursor."""
    by_end: dict[int, dict[Pubkey, r.Report]] = {}
    for key, report in moment.state.reports.items():
        if cursor is None or report.period_end < cursor:
            by_end.setdefault(report.period_end, {})[key] = report
    ends = sorted(by_end, reverse=True)
    rows = [_hour_row(end, by_end[end]) for end in ends[:limit]]
    return m.HourRows(
        as_of=as_of(moment), hours=rows, next=str(ends[limit - 1]) if len(ends) > limit else None
    )


def _hour_row(end: int, reports: dict[Pubkey, r.Report]) -> m.HourRow:
    states = {ReportState(report.state): report for report in reports.values()}
    order = (ReportState.FINAL, ReportState.APPROVED, ReportState.PENDING, ReportState.VOID)
    furthest = next(state for state in order if state in states)
    made = [report.created_at for report in reports.values()]
    return m.HourRow(
        end=end,
        reports=len(reports),
        state=word(furthest),
        leaves=states[furthest].leaves,
        events=events_at(
            name="proofs.ReportMade",
            naming=tuple(map(str, reports))[: _events.NAMED],
            since=min(made),
            until=max(made),
        ),
    )


def hour(moment: Moment, database: Database, end: int) -> m.Hour:
    """The hour that ends at a time.

    Raises:
        Absent: no hour ends then, or the ledger has not come to it.
    """
    if end % HOUR or not HOUR <= end < 1 << 40:
        raise Absent(f"no hour ends at {end}: whole hours are multiples of {HOUR} Unix seconds")
    if end - HOUR > moment.time:
        raise Absent(f"the hour that ends at {end} has not begun as of {moment.time}")
    state = moment.state
    reports = {key: report for key, report in state.reports.items() if report.period_end == end}
    begin = end - HOUR
    last = min(end - 1, moment.time)
    # Sums are kept by whole hours, and a past time may lie within one.
    sums = [] if last < end - 1 and moment.past else database.totals(hour=begin)
    return m.Hour(
        as_of=as_of(moment),
        begin=begin,
        end=end,
        reports=[_report(state, key, report) for key, report in reports.items()],
        challenges=_challenges.of(moment, database, reports),
        sums=[
            m.Sum(
                name=total.name,
                count=total.events,
                amount=money(unit(state, total.mint).from_base(total.amount)),
                events=events_at(name=total.name.partition(":")[0], since=begin, until=last),
            )
            for total in sums
        ],
    )


def _report(state: State, key: Pubkey, it: r.Report) -> m.Report:
    return m.Report(
        report=str(key),
        state=word(ReportState(it.state)),
        total=of_io(it.total),
        leaves=it.leaves,
        height=it.height,
        correction=bool(it.correction),
        approvals=it.approvals.bit_count(),
        seats=[seat for seat in range(it.approvals.bit_length()) if it.approvals >> seat & 1],
        weight=it.weight,
        threshold=None if state.attesters is None else state.attesters.threshold,
        created_at=it.created_at,
        approved_at=it.approved_at,
        finalized_at=it.finalized_at,
        evidence_hash=it.evidence_hash.hex(),
        evidence=text(it.evidence_uri),
    )


# --- jobs ---------------------------------------------------------------------------------------


def _story(moment: Moment, database: Database, job: Pubkey) -> list[WatchedEvent]:
    """The events of a job, in their order."""
    slot = max(moment.slot, 1)
    # Of other accounts there may be millions, and all who ask wait meanwhile.
    begun = _events.first(database, job, slot)
    if begun is None or getattr(begun.entry.event, "job", None) != job:
        return []
    return [
        told
        for told in database.watched(about=job, until=moment.time, slot=slot)
        if getattr(told.event, "job", None) == job
    ]


def _receipt(moment: Moment, job: Pubkey, past: list[WatchedEvent]) -> Receipt:
    booked = next((told.event for told in past if type(told.event).__name__ == "Booked"), None)
    if booked is None:
        raise Absent(f"no event up to slot {moment.slot} books a job {job}")
    node_ = moment.state.nodes.get(booked.node)  # type: ignore[attr-defined]
    its_unit = unit(moment.state, booked.mint)  # type: ignore[attr-defined]
    return receipt_of(job, past, its_unit, None if node_ is None else node_.class_)


def _timeline(past: list[WatchedEvent], its: type[Amount]) -> list[m.Moved]:
    """What happened to a job's escrow, event by event."""
    held, rows = 0, []
    for told in past:
        if told.event.PROGRAM_ID != jobs_events.Booked.PROGRAM_ID:
            continue
        moved, text_ = _moved(told.event)
        held += moved
        rows.append(
            m.Moved(
                time=told.time or 0,
                signature=told.signature,
                event=type(told.event).__name__,
                text=text_,
                amount=money(its.from_base(moved)) if moved else None,
                held=money(its.from_base(held)),
            )
        )
    return rows


def _moved(event: Event) -> tuple[int, str]:
    """What an event moves into a job's escrow, and what it says."""
    match event:
        case jobs_events.Booked():
            return event.price + event.fee, f"price and fee of {event.seconds:,} s"
        case jobs_events.Extended():
            return event.price + event.fee, f"price and fee of {event.seconds:,} s more"
        case jobs_events.Paid():
            return -event.amount, f"to {word(event.party)}"
        case jobs_events.JobClosed():
            return -event.surplus if event.surplus else 0, "surplus to the fees" if event.surplus else ""
        case jobs_events.Attested():
            return 0, f"seat {event.seat}: {event.good:,} of {event.upto:,} s were good"
        case jobs_events.TimeLost():
            return 0, f"seat {event.seat}: {event.lost:,} s were not good"
        case jobs_events.Ended() | jobs_events.Stopped():
            return 0, word(event.reason)
        case jobs_events.DisputeMade() | jobs_events.DisputeResolved() | jobs_events.DisputeClosed():
            return 0, "see the dispute's events"
        case _:
            return 0, ""


def job(moment: Moment, database: Database, address: Pubkey) -> m.Job:
    """A rental.

    Raises:
        Absent: there is none of this address.
    """
    past = _story(moment, database, address)
    bill = _receipt(moment, address, past)
    amounts = {
        name: None if (amount := getattr(bill, name)) is None else money(amount)
        for name in (
            "usd",
            "price",
            "fee",
            "deposit",
            "due",
            "renter_fees",
            "supplier_fees",
            "paid_supplier",
            "paid_fees",
            "paid_refund",
            "held",
        )
    }
    times = {
        name: getattr(bill, name)
        for name in (
            "booked_at",
            "started_at",
            "ends_at",
            "ended_at",
            "closed_at",
            "seconds",
            "good",
            "not_good",
        )
    }
    people = {name: str(getattr(bill, name)) for name in ("node", "renter", "payer", "refund_to", "supplier")}
    return m.Job.model_validate(
        {
            **amounts,
            **times,
            **people,
            "as_of": as_of(moment),
            "job": str(address),
            "class_id": bill.class_id,
            "class_name": None if bill.class_id is None else class_name(bill.class_id),
            "cluster": None if bill.cluster is None else str(bill.cluster),
            "state": word(bill.state),
            "reason": word(bill.reason),
            "closed": bill.closed,
            "manifest_hash": bill.manifest_hash.hex(),
            "result_hash": None if bill.result_hash is None else bill.result_hash.hex(),
            "breaks": [
                m.Break(
                    seat=lost.seat, seconds=lost.seconds, reasons=list(lost.reasons), signature=lost.signature
                )
                for lost in bill.breaks
            ],
            "steps": [
                m.Step(time=sent.time, slot=sent.slot, signature=sent.signature, events=list(sent.events))
                for sent in bill.transactions
            ],
            "timeline": _timeline(past, type(bill.price)),
            "checks": [
                m.Check(
                    name=check.name,
                    expected=money(check.expected),
                    actual=money(check.actual),
                    holds=check.holds,
                )
                for check in bill.checks
            ],
            "adds_up": bill.adds_up,
            "missing": list(bill.missing),
            "events": events_at(about=address, until=moment.time),
        }
    )


def jobs(moment: Moment, database: Database, party: Pubkey, beyond: Place | None, limit: int) -> m.JobRows:
    """Jobs that an address rents or supplies, in the order of their bookings, from after a place."""
    booked = database.bookings(party, limit + 1, slot=moment.slot, beyond=beyond)
    rows = [_job_row(moment, address) for _, address in booked[:limit]]
    return m.JobRows(
        as_of=as_of(moment),
        jobs=[row for row in rows if row is not None],
        next=place_text(booked[limit - 1][0]) if len(booked) > limit else None,
    )


def _job_row(moment: Moment, address: Pubkey) -> m.JobRow | None:
    """A job in a list; None: it was booked after the moment."""
    open_ = moment.state.jobs.get(address)
    it = open_ or moment.closed.get(address)
    if it is None:
        return None
    return m.JobRow(
        job=str(address),
        node=str(it.node),
        state="closed" if open_ is None else word(JobState(open_.state)),
        reason=word(CloseReason(it.reason)),
        seconds=it.seconds,
        price=money(unit(moment.state, it.mint).from_base(it.price)),
        booked_at=it.booked_at,
    )
