"""`ionet job`: what became of jobs and of their money."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ionet.cli.api import Explorer, asked, read_from
from ionet.cli.failures import NOT_FOUND, REFUSED, UserError
from ionet.cli.job.parts import JobAddress
from ionet.cli.job.status import Party, Role, list_open
from ionet.cli.ledger import Ledger, opened
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import Session, session
from ionet.staking.stake import class_name

if TYPE_CHECKING:
    from ionet import Amount, Receipt
    from ionet.explorer.client import ExplorerClient

app = Commands()


@app.command()
def receipt(job: JobAddress, ledger: Ledger = None, explorer: Explorer = None) -> None:
    """Show what became of a job and its money, from its events; also of a closed job, or so far.

    Exits with 1 if the sums do not hold or an event is missing. Nodes keep history for a while only.
    """
    io = session()
    with asked(explorer, ledger) as api, opened(io, ledger) as database:
        try:
            bill = io.reader.jobs.receipt(job, ledger=database) if api is None else api.receipt(job)
        except LookupError as bad:
            raise UserError(str(bad), NOT_FOUND) from None
        names = _class_names(io, api, bill)
    io.screen.facts(_facts(bill, names), data=_json(bill))
    if not bill.adds_up:
        raise typer.Exit(REFUSED)


@app.command(name="list")
def list_(
    closed: Annotated[
        bool, typer.Option("--closed", help="Jobs that are closed; default: open ones.")
    ] = False,
    role: Annotated[Role | None, typer.Option("--as", help="Only jobs in which the party is this.")] = None,
    party: Party = None,
    ledger: Ledger = None,
    explorer: Explorer = None,
) -> None:
    """List my jobs, or another party's: those that are open, or the closed ones with what was paid."""
    io = session()
    if not closed:
        read_from(io, explorer)
        list_open(io, role, party)
        return
    party = party or io.signer.pubkey()
    sides = {"as_renter": role is not Role.SUPPLIER, "as_supplier": role is not Role.RENTER}
    with asked(explorer, ledger) as api, opened(io, ledger) as database:
        if api is not None:
            bills = api.closed(party, **sides)
        else:
            bills = io.reader.jobs.closed(party, **sides, ledger=database)
    io.screen.table(
        (
            "job",
            "as",
            "node",
            "booked",
            "closed",
            ">good",
            ">deposit",
            ">supplier",
            ">fees",
            ">refund",
            "end",
        ),
        [
            (
                bill.job,
                "supplier" if bill.supplier == party else "renter",
                bill.node,
                when(bill.booked_at),
                when(bill.closed_at),
                span(bill.good),
                bill.deposit,
                bill.paid_supplier,
                bill.paid_fees,
                bill.paid_refund,
                bill.reason.name.lower().replace("_", " ") if bill.adds_up else "does not add up",
            )
            for bill in bills
        ],
        data=[_json(bill) for bill in bills],
        empty=f"{party} has no closed job.",
    )


def _json(bill: Receipt) -> dict[str, Any]:
    return {**{field.name: getattr(bill, field.name) for field in fields(bill)}, "adds_up": bill.adds_up}


def _class_names(io: Session, api: ExplorerClient | None, bill: Receipt) -> dict[int, str]:
    """The names of classes, for a receipt that has one."""
    if bill.class_id is None:
        return {}
    if api is not None:
        return {class_.id: class_.name for class_ in api.classes()}
    return {entry.account.id: class_name(entry.account) for entry in io.reader.staking.classes()}


def _facts(bill: Receipt, names: dict[int, str]) -> list[tuple[str, object]]:
    class_ = bill.class_id
    if class_ is not None:
        named = names.get(class_, str(class_))
    state = "closed" if bill.closed else f"{bill.state.name.lower()}; so far"
    facts: list[tuple[str, object]] = [
        ("Job", f"{bill.job}, {state}"),
        ("Node", bill.node if class_ is None else f"{bill.node}, {named}"),
        ("Owner", bill.supplier),
        ("Renter", bill.renter),
        ("Paid by", None if bill.payer == bill.renter else bill.payer),
        ("Refund to", None if bill.refund_to == bill.renter else bill.refund_to),
        ("Cluster", bill.cluster),
        ("Manifest", bill.manifest_hash.hex()),
        ("Result", None if bill.result_hash is None else bill.result_hash.hex()),
    ]
    facts += _times(bill)
    facts += _money(bill)
    for n, check in enumerate(bill.checks):
        mark = f"{check.actual}" if check.holds else f"NO: {check.expected} is not {check.actual}"
        facts.append(("Checked" if n == 0 else "", f"{check.name}: {mark}"))
    if bill.missing:
        facts.append(("Missing", f"events {', '.join(map(str, bill.missing))} of the job"))
    for n, sent in enumerate(bill.transactions):
        facts.append(
            (
                "Transactions" if n == 0 else "",
                f"{when(sent.time)}  {sent.signature}  {', '.join(sent.events)}",
            )
        )
    return facts


def _times(bill: Receipt) -> list[tuple[str, object]]:
    reason = bill.reason.explain()
    facts: list[tuple[str, object]] = [
        ("Booked", f"{when(bill.booked_at)} for {span(bill.seconds)}"),
        ("Started", when(bill.started_at) if bill.started_at else None),
        ("Ended", f"{when(bill.ended_at)}: {reason}" if bill.ended_at else None),
        ("Closed", when(bill.closed_at) if bill.closed else None),
        ("Good", f"{bill.good:,} s good, {bill.not_good:,} s not" if bill.started_at else None),
    ]
    for n, stretch in enumerate(bill.breaks):
        where = f"between {when(stretch.start)} and {when(stretch.end)}, seat {stretch.seat}"
        facts.append(
            ("Lost" if n == 0 else "", f"{stretch.seconds:,} s {where}: {', '.join(stretch.reasons)}")
        )
    return facts


def _money(bill: Receipt) -> list[tuple[str, object]]:
    facts: list[tuple[str, object]] = [
        ("Deposit", f"{bill.deposit}: price {bill.price} ({bill.usd}), renter's fee {bill.fee}")
    ]
    for n, more in enumerate(bill.extensions):
        text = f"{when(more.time)} by {span(more.seconds)}: price {more.price}, renter's fee {more.fee}"
        facts.append(("Extended" if n == 0 else "", text))
    facts += [
        ("Due", None if bill.due is None else f"{bill.due} of the price"),
        ("Renter's fees", bill.renter_fees),
        ("Supplier's fees", bill.supplier_fees),
        ("To supplier", _of(bill.paid_supplier, bill.owed_supplier)),
        ("To fee vault", _of(bill.paid_fees, bill.owed_fees)),
        ("Refund", _of(bill.paid_refund, bill.owed_refund)),
        ("In the escrow", None if bill.closed else bill.held),
        ("Gifts", f"{bill.surplus}, to the fee vault" if bill.surplus.base else None),
    ]
    if bill.payout is not None:
        taken = f", {bill.payout.withdrawn} withdrawn" if bill.payout.withdrawn.base else ""
        facts.append(("Payout", f"{bill.payout.sold} sold for {bill.payout.credited}{taken}"))
    for n, dispute in enumerate(bill.disputes):
        text = f"{when(dispute.made_at)} by {dispute.party}: {dispute.outcome.name.lower()}"
        text += f"; held back {dispute.frozen}, bond {dispute.bond}"
        facts.append(("Dispute" if n == 0 else "", text))
    return facts


def _of(paid: Amount, owed: Amount | None) -> str:
    return f"{paid} paid" if owed is None or paid == owed else f"{paid} paid of {owed}"
