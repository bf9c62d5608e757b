"""`ionet job`: what parties, the resolver and anyone do with jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from solders.pubkey import Pubkey

from ionet import Amount, AmountError, CloseReason, Crank, JobState
from ionet.cli.arguments import address, digest, percent
from ionet.cli.failures import REFUSED, UserError
from ionet.cli.job.book import evidence_hash
from ionet.cli.job.parts import For, JobAddress, Slippage
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import Session, session
from ionet.jobs.escrow import if_cancelled, if_stopped, net
from ionet.jobs.status import is_renting
from ionet.token.currency import unit_of

if TYPE_CHECKING:
    from ionet import CrankResult, JobStatus, accounts

app = Commands()


def _unit(io: Session, job: accounts.jobs.Job) -> type[Amount]:
    return unit_of(io.reader.jobs.get_currency(job.mint))


# -- parties


@app.command()
def start(job: JobAddress) -> None:
    """Begin the booked time; for the supplier, the device or an attester."""
    io = session()
    sent = io.send(io.client.jobs.start(job), f"start job {job}")
    found = io.client.jobs.get_job(job)
    io.done(sent, f"Job {job} runs until {when(found.ends_at)}", job=job, ends_at=found.ends_at)


@app.command()
def extend(
    job: JobAddress,
    seconds: For,
    slip: Slippage = "1",  # type: ignore[assignment]  # read by its parser
) -> None:
    """Book more time for a running job, at its rate and the price of now; for its renter."""
    io = session()
    quote = io.client.jobs.quote_extension(job, seconds, slippage_bps=slip)
    call = io.client.jobs.extend(job, seconds, max_deposit=quote.limit.base)
    if not io.screen.as_json:
        io.screen.line(f"{span(seconds)} more: {quote.usd}")
        io.screen.facts(
            [
                ("Price", quote.price),
                ("Booking fee", quote.booking_fee),
                ("Payment fee", quote.payment_fee),
                ("Deposit", f"{quote.deposit}, at most {quote.limit}"),
                ("Supplier gets", f"{quote.supplier_net} after {quote.supplier_fee} of fees"),
            ],
            data={},
        )
    what = f"extend job {job} by {span(seconds)}, for at most {quote.limit}"
    sent = io.send(call, what, unit=type(quote.limit))
    found = io.client.jobs.get_job(job)
    io.done(
        sent,
        f"Extended job {job} by {span(seconds)}: it runs until {when(found.ends_at)}",
        job=job,
        seconds=seconds,
        ends_at=found.ends_at,
        quote=quote,
    )


@app.command()
def cancel(job: JobAddress) -> None:
    """End a job before its start, after showing what that costs.

    It costs the supplier nothing, and the renter the price of the time that the node was held, at least the
    booking fee.
    """
    io = session()
    found, now = io.client.jobs.get_job(job), io.client.time()
    unit = _unit(io, found)
    if found.state != JobState.BOOKED:
        told = f"runs: ionet job stop {job}" if found.state == JobState.RUNNING else "has ended"
        raise UserError(f"job {job} {told}", REFUSED)
    by_renter = is_renting(found, io.client.address)
    reason, split = if_cancelled(found, by_renter, now)
    cost = unit.from_base(split.fees)
    told = f"costs {cost} now" if cost else "costs nothing"
    io.screen.note(f"Cancelling job {job} {told}")
    sent = io.send(io.client.jobs.cancel(job), f"cancel job {job}, which {told}")
    refund = unit.from_base(split.refund)
    lines = [f"Cancelled job {job}: {reason.explain()}"]
    lines.append(
        f"Refunded {refund}, {cost} of fees were kept; the job is closed"
        if by_renter
        else f"The renter gets {refund} back: ionet job crank {job}"
    )
    io.done(sent, *lines, job=job, reason=reason, refund=refund, fees=cost)


@app.command()
def stop(job: JobAddress) -> None:
    """End the work before its time. A renter pays the first hour; a supplier who stops in it gets nothing."""
    io = session()
    found, now = io.client.jobs.get_job(job), io.client.time()
    unit = _unit(io, found)
    by_renter = is_renting(found, io.client.address)
    reason = CloseReason.RENTER_STOPPED if by_renter else CloseReason.SUPPLIER_STOPPED
    if found.state != JobState.RUNNING:
        told = f"has not started: ionet job cancel {job}" if found.state == JobState.BOOKED else "has ended"
        raise UserError(f"job {job} {told}", REFUSED)
    split = if_stopped(found, reason, now)
    refund, supplier = unit.from_base(split.refund), unit.from_base(split.supplier)
    told = f"at least {refund} go back to the renter, the supplier gets {supplier} at most"
    sent = io.send(io.client.jobs.stop(job), f"stop job {job}: {told}")
    io.done(
        sent,
        f"Stopped job {job}; when it is attested to its end, {told}",
        job=job,
        reason=reason,
        refund=refund,
        supplier=supplier,
    )


# -- disputes

Evidence = Annotated[Path | None, typer.Option("--evidence", metavar="FILE", help="What shows why.")]
EvidenceHash = Annotated[
    bytes | None, typer.Option("--evidence-hash", metavar="HEX", parser=digest, help="Its sha256, instead.")
]


@app.command()
def dispute(job: JobAddress, evidence: Evidence = None, evidence_sha256: EvidenceHash = None) -> None:
    """Dispute the split, once a party: what is not paid yet is held back for 14 days at most.

    It takes a bond, which is lost unless the decision gives more than the attested split does.
    """
    io = session()
    proof = evidence_hash(evidence, evidence_sha256)
    unit = _unit(io, io.client.jobs.get_job(job))
    bond = unit.from_base(io.client.jobs.dispute_bond(job))
    call = io.client.jobs.dispute(job, proof, max_bond=bond.base)
    sent = io.send(call, f"dispute job {job} with a bond of {bond}", unit=unit)
    (found,) = (one for one in io.client.jobs.disputes(job) if one.address == sent.result)
    io.done(
        sent,
        f"Disputed job {job}: {found.frozen} are held back until {when(found.until)} at the latest",
        f"The bond is {found.bond}; the dispute is {found.address}",
        job=job,
        dispute=found.address,
        frozen=found.frozen,
        bond=found.bond,
        until=found.until,
        evidence_hash=proof,
    )


@app.command()
def resolve(
    job: JobAddress,
    amount: Annotated[
        str | None, typer.Argument(metavar="[AMOUNT]", help="What of the price is due, in its currency.")
    ] = None,
    share: Annotated[
        int | None, typer.Option("--share", metavar="PERCENT", parser=percent, help="The same as a share.")
    ] = None,
) -> None:
    """Decide a job's open dispute; for the resolver. Fees and refund follow from what is due."""
    if (amount is None) == (share is None):
        raise UserError("say what is due: an amount, or --share of the price")
    io = session()
    found = io.client.jobs.get_job(job)
    unit = _unit(io, found)
    try:
        gross = unit(amount) if amount is not None else unit.from_base(found.price * (share or 0) // 10_000)
    except AmountError as bad:
        raise UserError(str(bad)) from None
    if net(found, gross.base) < found.paid_supplier:
        paid = unit.from_base(found.paid_supplier)
        raise UserError(
            f"the supplier was paid {paid} already; of {gross} he would get"
            f" {unit.from_base(net(found, gross.base))} only: more has to be due",
            REFUSED,
        )
    if gross.base > found.price:
        raise UserError(f"no more than the price can be due, {unit.from_base(found.price)}, not {gross}")
    what = f"decide that {gross} of job {job} are due"
    sent = io.send(io.client.jobs.resolve(job, gross.base), what, unit=unit)
    done = io.client.jobs.status(job)
    outcome = next((one.outcome for one in done.disputes if one.outcome), None)
    io.done(
        sent,
        f"Decided: of {done.price}, {gross} are due{f'; {outcome.name.lower()}' if outcome else ''}",
        f"Supplier {done.earned}, renter {done.refund}, fees {done.fees}; pay them: ionet job crank {job}",
        job=job,
        gross=gross,
        outcome=outcome,
        supplier=done.earned,
        refund=done.refund,
        fees=done.fees,
    )


# -- payments


def _pay(job: Pubkey, step: Crank, verb: str, whom: str) -> None:
    io = session()
    found, now = io.client.jobs.get_job(job), io.client.time()
    if now < found.frozen_until:
        raise UserError(
            f"job {job} is disputed: what is not paid is held back until {when(found.frozen_until)}, unless"
            " it is decided before",
            REFUSED,
        )
    unit = _unit(io, found)
    sent = io.send(io.client.jobs.step(job, step), f"{verb} job {job}")
    paid = unit.from_base(sent.result)
    io.done(sent, f"Paid {paid} {whom}" if paid else "Nothing was due", job=job, paid=paid)


@app.command()
def settle(job: JobAddress) -> None:
    """Pay the supplier what attested time has earned; for anyone."""
    _pay(job, Crank.SETTLE, "settle", "to the supplier")


@app.command()
def refund(job: JobAddress) -> None:
    """Pay the renter what is left of an ended job; for anyone."""
    _pay(job, Crank.REFUND, "refund", "to the renter")


@app.command()
def collect(job: JobAddress) -> None:
    """Pay the fees of an ended job into the buyback's vault; for anyone."""
    _pay(job, Crank.COLLECT_FEES, "collect the fees of", "into the fee vault")


@app.command()
def close(job: JobAddress) -> None:
    """Close a job that has paid everyone; the rent goes back to who paid it. For anyone."""
    io = session()
    io.done(io.send(io.client.jobs.close(job), f"close job {job}"), f"Closed job {job}", job=job)


@app.command()
def crank(
    job: Annotated[
        Pubkey | None,
        typer.Argument(metavar="[JOB]", parser=address, help="A job, open or closed; default: all of mine."),
    ] = None,
    cluster: Annotated[
        Pubkey | None,
        typer.Option(
            "--cluster", metavar="CLUSTER", parser=address, help="All of a cluster, and its account."
        ),
    ] = None,
) -> None:
    """Do all that anyone may do for a job now: end what is over, pay everyone, close; for anyone.

    Each step is a transaction of its own, so that one that fails stops no other.
    """
    io = session()
    jobs = io.client.jobs
    if job is not None and cluster is not None:
        raise UserError("a job or --cluster, not both")
    if cluster is not None:
        targets = [one.address for one in jobs.cluster_jobs(cluster)]
    else:
        targets = [job] if job is not None else _mine(io)
    due = {one: jobs.due(one) for one in targets}
    io.check_several("crank")
    if io.dry_run:
        rows = [(one, step) for one, steps in due.items() for step in steps]
        io.screen.table(
            ("job", "would"), rows, data=[{"job": one, "step": step} for one, step in rows], empty=_NOTHING
        )
        return
    io.confirm(f"crank {len(targets)} job{'s' * (len(targets) != 1)}")
    done: list[tuple[Pubkey, CrankResult, Any]] = []
    for one in targets:
        unit = _unit_of(io, one)
        done += [(one, step, unit) for step in jobs.crank(one)]
    if cluster is not None:
        done += _close_cluster(io, cluster)
    io.screen.table(
        ("job", "step", ">amount", "signature"),
        [
            (
                one,
                step.step.value,
                unit.from_base(step.amount) if unit is not None and step.amount else None,
                step.signature or f"failed: {step.error}: {step.detail}",
            )
            for one, step, unit in done
        ],
        data=[
            {"job": one, **{name: getattr(step, name) for name in step.__slots__}} for one, step, _ in done
        ],
        empty=_NOTHING,
    )
    if any(step.error for _, step, _ in done):
        raise typer.Exit(REFUSED)


_NOTHING = "Nothing can be done now."


def _mine(io: Session) -> list[Pubkey]:
    """My jobs, and what my closed ones have left behind."""
    me = io.client.address
    found: list[JobStatus] = io.client.jobs.statuses(me)
    open_ = [one.job for one in found]
    payouts = [one.account.job for one in io.client.buyback.payouts(supplier=me)]
    return [*open_, *(one for one in payouts if one not in open_)]


def _unit_of(io: Session, job: Pubkey) -> type[Amount] | None:
    from ionet import AccountNotFound

    try:
        return _unit(io, io.client.jobs.get_job(job))
    except AccountNotFound:
        return None


def _close_cluster(io: Session, cluster: Pubkey) -> list[tuple[Pubkey, CrankResult, Any]]:
    from ionet import AccountNotFound, CrankResult

    try:
        if not io.client.jobs.get_cluster(cluster).closable:
            return []
    except AccountNotFound:
        return []
    sent = io.client.jobs.close_cluster(cluster).send()
    return [(cluster, CrankResult(Crank.CLOSE_CLUSTER, None, sent.signature, None, None), None)]
