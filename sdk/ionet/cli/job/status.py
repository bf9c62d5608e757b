"""`ionet job`: the state of jobs."""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from solders.pubkey import Pubkey

from ionet import JobState, constants
from ionet.cli.arguments import address, length_of
from ionet.cli.failures import NOT_FOUND, UserError
from ionet.cli.job.parts import JobAddress
from ionet.cli.options import Commands
from ionet.cli.output import jsonable, span, when
from ionet.cli.session import Session, session

if TYPE_CHECKING:
    from ionet import DisputeStatus, JobStatus, TimeLost

app = Commands()


class Role(StrEnum):
    """Whose jobs."""

    RENTER = "renter"
    SUPPLIER = "supplier"


Party = Annotated[
    Pubkey | None,
    typer.Option("--of", metavar="ADDRESS", parser=address, help="Another party's jobs; default: mine."),
]


@app.command()
def status(
    job: Annotated[
        Pubkey | None,
        typer.Argument(metavar="[JOB]", parser=address, help="The job's address; default: all of mine."),
    ] = None,
    role: Annotated[Role | None, typer.Option("--as", help="Only jobs in which the party is this.")] = None,
    party: Party = None,
    history: Annotated[
        bool, typer.Option("--breaks/--no-breaks", help="Look for lost time in the chain's history.")
    ] = True,
) -> None:
    """Show a job: time, money, deadlines, and what anyone can do; or list a party's jobs."""
    io = session()
    if job is None:
        list_open(io, role, party)
        return
    _check_there(io, job)
    job_status = io.reader.jobs.status(job)
    lost = io.reader.jobs.breaks(job) if history and job_status.started_at else []
    io.screen.facts(_facts(job_status, lost), data={**_json(job_status), "breaks": lost})


def _check_there(io: Session, job: Pubkey) -> None:
    if io.reader.account(job) is not None:
        return
    due = io.reader.jobs.due(job)
    hint = f"; for what it has left behind: ionet job crank {job}" if due else ""
    ended = io.reader.jobs.ending(job)
    if ended is None:
        raise UserError(f"no job at {job}: it is closed, or never was{hint}", NOT_FOUND)
    reason = ended.reason.explain().rstrip(".")
    raise UserError(
        f"job {job} is closed: {reason[:1].lower()}{reason[1:]}; {span(ended.attested)} of it were"
        f" attested{hint}",
        NOT_FOUND,
    )


def list_open(io: Session, role: Role | None, party: Pubkey | None) -> None:
    """Lists a party's jobs that are not closed."""
    party = party or io.signer.pubkey()
    statuses = io.reader.jobs.statuses(
        party, as_renter=role is not Role.SUPPLIER, as_supplier=role is not Role.RENTER
    )
    io.screen.table(
        ("job", "as", "node", "state", ">deposit", ">earned", ">paid", "what"),
        [
            (
                status.job,
                "renter" if status.renter == party else "supplier",
                status.node,
                status.state.name.lower(),
                status.deposit,
                status.earned,
                status.paid_supplier,
                status.summary,
            )
            for status in statuses
        ],
        data=[_json(status) for status in statuses],
        empty=f"{party} has no open job.",
    )


@app.command()
def watch(
    job: JobAddress,
    every: Annotated[
        int, typer.Option("--every", metavar="LENGTH", parser=length_of, help="Time between two reads.")
    ] = "2s",  # type: ignore[assignment]  # read by its parser
) -> None:
    """Show every change of a job until it is closed, or Ctrl-C; JSON is one document a line."""
    io = session()
    _check_there(io, job)
    try:
        for status in io.reader.jobs.watch(job, every=float(every)):
            if io.screen.as_json:
                import json

                print(json.dumps(jsonable(_json(status)), ensure_ascii=False), flush=True)
                continue
            print(
                f"{when(status.now)}  {status.summary}; attested {span(status.attested)} of"
                f" {span(status.seconds)}, paid {status.paid_supplier} of {status.earned} earned",
                flush=True,
            )
    except KeyboardInterrupt:
        return
    if not io.screen.as_json:
        print("It is closed.")


def _json(status: JobStatus) -> dict[str, Any]:
    return {field.name: getattr(status, field.name) for field in fields(status)}


def _facts(status: JobStatus, lost: list[TimeLost]) -> list[tuple[str, object]]:
    facts: list[tuple[str, object]] = [
        ("Job", status.job),
        ("State", status.summary),
        (
            "Node",
            (
                f"{status.node}, {status.units} processor{'s' * (status.units > 1)} at {status.rate} an hour"
                " each"
            ),
        ),
        ("Renter", status.renter),
        ("Paid by", None if status.payer == status.renter else status.payer),
        ("Refund to", None if status.refund_to == status.renter else status.refund_to),
        ("Supplier", status.supplier),
        ("Manifest", status.manifest_hash.hex()),
        ("Result", status.result_hash.hex() if any(status.result_hash) else None),
    ]
    facts += _cluster(status)
    facts += _time(status, lost)
    facts += _money(status)
    facts += [("Dispute" if n == 0 else "", _dispute(dispute)) for n, dispute in enumerate(status.disputes)]
    facts += _deadlines(status)
    if status.due:
        facts.append(("Anyone can", f"{', '.join(status.due)}: ionet job crank {status.job}"))
    return facts


def _cluster(status: JobStatus) -> list[tuple[str, object]]:
    if status.cluster is None:
        return []
    cluster = status.cluster
    return [("Cluster", f"{cluster.address}, {cluster.joined} of {cluster.size} booked")]


def _time(status: JobStatus, lost: list[TimeLost]) -> list[tuple[str, object]]:
    extended = f", extended {status.extensions} of 4 times" if status.extensions else ""
    facts: list[tuple[str, object]] = [
        ("Booked", f"{when(status.booked_at)} for {span(status.seconds)}{extended}")
    ]
    if not status.started_at:
        return facts
    facts.append(
        ("Started", f"{when(status.started_at)}; {span(status.elapsed)} of {span(status.seconds)} passed")
    )
    seats = f"{status.attesters} attester{'s' * (status.attesters > 1)}"
    facts.append(
        ("Attested", f"{span(status.attested)} good of {span(status.looked_at)} looked at, by {seats}")
    )
    for n, stretch in enumerate(lost):
        where = f"between {when(stretch.start)} and {when(stretch.end)}, seat {stretch.seat}"
        why = ", ".join(stretch.reasons)
        facts.append(("Lost" if n == 0 else "", f"{span(stretch.seconds)} {where}: {why}"))
    return facts


def _money(status: JobStatus) -> list[tuple[str, object]]:
    running = status.state == JobState.RUNNING
    as_it_stands = "" if status.state == JobState.ENDED else " as things stand"
    refund = f"{status.refund}{as_it_stands}, {status.paid_refund} paid"
    if running:
        refund += "; it includes time not yet worked"
    facts: list[tuple[str, object]] = [
        (
            "Deposit",
            (
                f"{status.deposit}: price {status.price}, renter's fee {status.fee};"
                f" {status.held} are in the escrow"
            ),
        ),
        (
            "Supplier's",
            f"{status.earned} earned after fees, {status.paid_supplier} paid, {status.payable} payable now",
        ),
        ("Refund", refund),
        ("Fees", f"{status.fees} of both sides{as_it_stands}, {status.paid_fees} paid"),
    ]
    if status.state == JobState.BOOKED:
        facts.append(("Cancelling", f"costs the renter {status.cancel_cost} now"))
    payout = status.payout
    if payout is None:
        return facts
    if not payout.opened:
        facts.append(("Payout", "in IO; its account is opened with the first settlement"))
        return facts
    sale = "nothing is for sale"
    if payout.for_sale:
        sale = f"{payout.for_sale} for sale until {when(payout.lapses_at)}"
    text = f"in IO: {payout.waiting} wait ({sale}), {payout.sold} sold for {payout.credited}"
    if payout.withdrawn:
        text += f", {payout.withdrawn} withdrawn"
    facts.append(("Payout", text))
    return facts


def _dispute(dispute: DisputeStatus) -> str:
    state = f"open until {when(dispute.until)}" if dispute.is_open else "over without a decision"
    if dispute.outcome:
        state = dispute.outcome.name.lower()
    by = "renter" if dispute.by_renter else "supplier"
    return (
        f"by the {by} {when(dispute.made_at)}, {state}; held back {dispute.frozen}, bond {dispute.bond},"
        f" evidence {dispute.evidence_hash.hex()}"
    )


def _deadlines(status: JobStatus) -> list[tuple[str, object]]:
    """The coming deadlines, the next first."""
    deadlines: list[tuple[int, str]] = []
    match status.state:
        case JobState.BOOKED:
            deadlines += [
                (status.start_by, "the latest start; after it anyone can expire the job"),
            ]
        case JobState.RUNNING:
            deadlines += [
                (status.first_payout_at, "the supplier's first payout"),
                (status.ends_at, "its time is over, and the node is free"),
                (status.silent_from, "anyone can end it if its attesters say nothing until then"),
                (
                    status.ends_at + constants.jobs.DISPUTE_WINDOW,
                    "the latest dispute, if it ends with its time",
                ),
            ]
        case JobState.ENDED:
            deadlines.append((status.dispute_until, "the latest dispute"))
    if status.frozen_until:
        deadlines.append((status.frozen_until, "what a dispute holds back is free, at the latest"))
    coming = sorted((at, text) for at, text in deadlines if at > status.now)
    return [
        ("Deadlines" if n == 0 else "", f"{when(at)} (in {span(at - status.now)}): {text}")
        for n, (at, text) in enumerate(coming)
    ]
