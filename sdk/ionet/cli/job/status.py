"""`ionet job`: where jobs stand."""

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
    typer.Option("--of", metavar="ADDRESS", parser=address, help="Of this party; default: mine."),
]


@app.command()
def status(
    job: Annotated[
        Pubkey | None,
        typer.Argument(metavar="[JOB]", parser=address, help="The job's address; default: all of mine."),
    ] = None,
    role: Annotated[Role | None, typer.Option("--as", help="Only those in which I am this.")] = None,
    party: Party = None,
    history: Annotated[
        bool, typer.Option("--breaks/--no-breaks", help="Look for lost time in the chain's history.")
    ] = True,
) -> None:
    """Show a job: time, money, deadlines, and what anyone can do; or list a party's jobs."""
    io = session()
    if job is None:
        _list(io, role, party)
        return
    _check_there(io, job)
    found = io.reader.jobs.status(job)
    lost = io.reader.jobs.breaks(job) if history and found.started_at else []
    io.screen.facts(_facts(found, lost), data={**_json(found), "breaks": lost})


def _check_there(io: Session, job: Pubkey) -> None:
    if io.reader.account(job) is not None:
        return
    left = io.reader.jobs.due(job)
    more = f"; what it has left behind: ionet job crank {job}" if left else ""
    ended = io.reader.jobs.ending(job)
    if ended is None:
        raise UserError(f"no job at {job}: it is closed, or never was{more}", NOT_FOUND)
    how = ended.reason.explain().rstrip(".")
    raise UserError(
        f"job {job} is closed: {how[:1].lower()}{how[1:]}; {span(ended.attested)} of it were attested{more}",
        NOT_FOUND,
    )


def _list(io: Session, role: Role | None, party: Pubkey | None) -> None:
    who = party or io.signer.pubkey()
    found = io.reader.jobs.statuses(
        who, as_renter=role is not Role.SUPPLIER, as_supplier=role is not Role.RENTER
    )
    io.screen.table(
        ("job", "as", "node", "state", ">deposit", ">earned", ">paid", "what"),
        [
            (
                one.job,
                "renter" if one.renter == who else "supplier",
                one.node,
                one.state.name.lower(),
                one.deposit,
                one.earned,
                one.paid_supplier,
                one.summary,
            )
            for one in found
        ],
        data=[_json(one) for one in found],
        empty=f"{who} has no open job.",
    )


@app.command()
def watch(
    job: JobAddress,
    every: Annotated[
        int, typer.Option("--every", metavar="LENGTH", parser=length_of, help="Time between two looks.")
    ] = "2s",  # type: ignore[assignment]  # read by its parser
) -> None:
    """Tell of every change of a job until it is closed, or Ctrl-C; JSON is one document a line."""
    io = session()
    _check_there(io, job)
    try:
        for one in io.reader.jobs.watch(job, every=float(every)):
            if io.screen.as_json:
                import json

                print(json.dumps(jsonable(_json(one)), ensure_ascii=False), flush=True)
                continue
            print(
                f"{when(one.now)}  {one.summary}; attested {span(one.attested)} of {span(one.seconds)},"
                f" paid {one.paid_supplier} of {one.earned} earned",
                flush=True,
            )
    except KeyboardInterrupt:
        return
    if not io.screen.as_json:
        print("It is closed.")


def _json(found: JobStatus) -> dict[str, Any]:
    return {one.name: getattr(found, one.name) for one in fields(found)}


def _facts(one: JobStatus, lost: list[TimeLost]) -> list[tuple[str, object]]:
    facts: list[tuple[str, object]] = [
        ("Job", one.job),
        ("State", one.summary),
        ("Node", f"{one.node}, {one.units} processor{'s' * (one.units > 1)} at {one.rate} an hour each"),
        ("Renter", one.renter),
        ("Paid by", None if one.payer == one.renter else one.payer),
        ("Refund to", None if one.refund_to == one.renter else one.refund_to),
        ("Supplier", one.supplier),
        ("Manifest", one.manifest_hash.hex()),
        ("Result", one.result_hash.hex() if any(one.result_hash) else None),
    ]
    facts += _cluster(one)
    facts += _time(one, lost)
    facts += _money(one)
    facts += [("Dispute" if n == 0 else "", _dispute(dispute)) for n, dispute in enumerate(one.disputes)]
    facts += _deadlines(one)
    if one.due:
        facts.append(("Anyone can", f"{', '.join(one.due)}: ionet job crank {one.job}"))
    return facts


def _cluster(one: JobStatus) -> list[tuple[str, object]]:
    if one.cluster is None:
        return []
    cluster = one.cluster
    return [("Cluster", f"{cluster.address}, {cluster.joined} of {cluster.size} booked")]


def _time(one: JobStatus, lost: list[TimeLost]) -> list[tuple[str, object]]:
    extended = f", extended {one.extensions} of 4 times" if one.extensions else ""
    facts: list[tuple[str, object]] = [("Booked", f"{when(one.booked_at)} for {span(one.seconds)}{extended}")]
    if not one.started_at:
        return facts
    facts.append(("Started", f"{when(one.started_at)}; {span(one.elapsed)} of {span(one.seconds)} passed"))
    seats = f"{one.attesters} attester{'s' * (one.attesters > 1)}"
    facts.append(("Attested", f"{span(one.attested)} good of {span(one.looked_at)} looked at, by {seats}"))
    for n, stretch in enumerate(lost):
        where = f"between {when(stretch.start)} and {when(stretch.end)}, seat {stretch.seat}"
        why = ", ".join(stretch.reasons)
        facts.append(("Lost" if n == 0 else "", f"{span(stretch.seconds)} {where}: {why}"))
    return facts


def _money(one: JobStatus) -> list[tuple[str, object]]:
    running = one.state == JobState.RUNNING
    as_it_stands = "" if one.state == JobState.ENDED else " as it stands"
    refund = f"{one.refund}{as_it_stands}, {one.paid_refund} paid"
    if running:
        refund += "; it has what is not worked yet"
    facts: list[tuple[str, object]] = [
        (
            "Deposit",
            f"{one.deposit}: price {one.price}, renter's fee {one.fee}; {one.held} are in the escrow",
        ),
        (
            "Supplier's",
            f"{one.earned} earned after fees, {one.paid_supplier} paid, {one.payable} payable now",
        ),
        ("Refund", refund),
        ("Fees", f"{one.fees} of both sides{as_it_stands}, {one.paid_fees} paid"),
    ]
    if one.state == JobState.BOOKED:
        facts.append(("Cancelling", f"costs the renter {one.cancel_cost} now"))
    payout = one.payout
    if payout is None:
        return facts
    if not payout.opened:
        facts.append(("Payout", "in IO; its account is opened with the first settlement"))
        return facts
    sale = "nothing is on offer"
    if payout.for_sale:
        sale = f"{payout.for_sale} on offer until {when(payout.lapses_at)}"
    text = f"in IO: {payout.waiting} wait ({sale}), {payout.sold} sold for {payout.credited}"
    if payout.withdrawn:
        text += f", {payout.withdrawn} withdrawn"
    facts.append(("Payout", text))
    return facts


def _dispute(one: DisputeStatus) -> str:
    state = f"open until {when(one.until)}" if one.is_open else "over undecided"
    if one.outcome:
        state = one.outcome.name.lower()
    by = "renter" if one.by_renter else "supplier"
    return (
        f"by the {by} {when(one.made_at)}, {state}; held back {one.frozen}, bond {one.bond}, evidence"
        f" {one.evidence_hash.hex()}"
    )


def _deadlines(one: JobStatus) -> list[tuple[str, object]]:
    """What the parties have to know of time, the next first."""
    found: list[tuple[int, str]] = []
    match one.state:
        case JobState.BOOKED:
            found += [
                (one.start_by, "the latest start; after it anyone can expire the job"),
            ]
        case JobState.RUNNING:
            found += [
                (one.first_payout_at, "the supplier's first payout"),
                (one.ends_at, "its time is over, and the node is free"),
                (one.silent_from, "anyone can end it if its attesters say nothing until then"),
                (one.ends_at + constants.jobs.DISPUTE_WINDOW, "the latest dispute, if it ends with its time"),
            ]
        case JobState.ENDED:
            found.append((one.dispute_until, "the latest dispute"))
    if one.frozen_until:
        found.append((one.frozen_until, "what a dispute holds back is free, at the latest"))
    coming = sorted((at, text) for at, text in found if at > one.now)
    return [
        ("Deadlines" if n == 0 else "", f"{when(at)} (in {span(at - one.now)}): {text}")
        for n, (at, text) in enumerate(coming)
    ]
