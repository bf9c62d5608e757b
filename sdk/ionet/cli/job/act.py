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
    account = io.client.jobs.get_job(job)
    io.done(sent, f"Job {job} runs until {when(account.ends_at)}", job=job, ends_at=account.ends_at)


@app.command()
def extend(
    job: JobAddress,
    seconds: For,
    slip: Slippage = "1",  # type: ignore[assignment]  # read by its parser
) -> None:
    """Book more time for a running job, at its rate and the current price; for its renter."""
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
    action = f"extend job {job} by {span(seconds)}, for at most {quote.limit}"
    sent = io.send(call, action, unit=type(quote.limit))
    account = io.client.jobs.get_job(job)
    io.done(
        sent,
        f"Extended job {job} by {span(seconds)}: it runs until {when(account.ends_at)}",
        job=job,
        seconds=seconds,
        ends_at=account.ends_at,
        quote=quote,
    )


@app.command()
def cancel(job: JobAddress) -> None:
    """Cancel a job before its start, after showing what that costs.

    It costs the supplier nothing, and the renter the price of the time that the node was held, at least the
    booking fee.
    """
    io = session()
    account, now = io.client.jobs.get_job(job), io.client.time()
    unit = _unit(io, account)
    if account.state != JobState.BOOKED:
        text = f"runs: ionet job stop {job}" if account.state == JobState.RUNNING else "has ended"
        raise UserError(f"job {job} {text}", REFUSED)
    by_renter = is_renting(account, io.client.address)
    reason, split = if_cancelled(account, by_renter, now)
    cost = unit.from_base(split.fees)
    text = f"costs {cost} now" if cost else "costs nothing"
    io.screen.note(f"Cancelling job {job} {text}")
    sent = io.send(io.client.jobs.cancel(job), f"cancel job {job}, which {text}")
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
    """End a running job early. A renter pays the first hour; a supplier who stops within it gets nothing."""
    io = session()
    account, now = io.client.jobs.get_job(job), io.client.time()
    unit = _unit(io, account)
    by_renter = is_renting(account, io.client.address)
    reason = CloseReason.RENTER_STOPPED if by_renter else CloseReason.SUPPLIER_STOPPED
    if account.state != JobState.RUNNING:
        text = f"has not started: ionet job cancel {job}" if account.state == JobState.BOOKED else "has ended"
        raise UserError(f"job {job} {text}", REFUSED)
    split = if_stopped(account, reason, now)
    refund, supplier = unit.from_base(split.refund), unit.from_base(split.supplier)
    text = f"at least {refund} go back to the renter, the supplier gets {supplier} at most"
    sent = io.send(io.client.jobs.stop(job), f"stop job {job}: {text}")
    io.done(
        sent,
        f"Stopped job {job}; when it is attested to its end, {text}",
        job=job,
        reason=reason,
        refund=refund,
        supplier=supplier,
    )


# -- disputes

Evidence = Annotated[Path | None, typer.Option("--evidence", metavar="FILE", help="The evidence.")]
EvidenceHash = Annotated[
    bytes | None, typer.Option("--evidence-hash", metavar="HEX", parser=digest, help="Its sha256, instead.")
]


@app.command()
def dispute(job: JobAddress, evidence: Evidence = None, evidence_sha256: EvidenceHash = None) -> None:
    """Dispute the split, once per party: what is not paid yet is held back for at most 14 days.

    It takes a bond, which is lost unless the decision gives you more than the attested split.
    """
    io = session()
    proof = evidence_hash(evidence, evidence_sha256)
    unit = _unit(io, io.client.jobs.get_job(job))
    bond = unit.from_base(io.client.jobs.dispute_bond(job))
    call = io.client.jobs.dispute(job, proof, max_bond=bond.base)
    sent = io.send(call, f"dispute job {job} with a bond of {bond}", unit=unit)
    (status,) = (dispute for dispute in io.client.jobs.disputes(job) if dispute.address == sent.result)
    io.done(
        sent,
        f"Disputed job {job}: {status.frozen} are held back until {when(status.until)} at the latest",
        f"The bond is {status.bond}; the dispute is {status.address}",
        job=job,
        dispute=status.address,
        frozen=status.frozen,
        bond=status.bond,
        until=status.until,
        evidence_hash=proof,
    )


@app.command()
def resolve(
    job: JobAddress,
    amount: Annotated[
        str | None,
        typer.Argument(metavar="[AMOUNT]", help="The part of the price that is due, in its currency."),
    ] = None,
    share: Annotated[
        int | None,
        typer.Option("--share", metavar="PERCENT", parser=percent, help="That part as a share of the price."),
    ] = None,
) -> None:
    """Decide a job's open dispute; for the resolver. Fees and refund follow from what is due."""
    if (amount is None) == (share is None):
        raise UserError("say what is due: an amount, or --share of the price")
    io = session()
    account = io.client.jobs.get_job(job)
    unit = _unit(io, account)
    try:
        gross = unit(amount) if amount is not None else unit.from_base(account.price * (share or 0) // 10_000)
    except AmountError as bad:
        raise UserError(str(bad)) from None
    if net(account, gross.base) < account.paid_supplier:
        paid = unit.from_base(account.paid_supplier)
        raise UserError(
            f"the supplier was paid {paid} already; of {gross} they would only get"
            f" {unit.from_base(net(account, gross.base))}: more has to be due",
            REFUSED,
        )
    if gross.base > account.price:
        raise UserError(f"at most the price can be due, {unit.from_base(account.price)}, not {gross}")
    action = f"decide that {gross} of job {job} are due"
    sent = io.send(io.client.jobs.resolve(job, gross.base), action, unit=unit)
    status = io.client.jobs.status(job)
    outcome = next((dispute.outcome for dispute in status.disputes if dispute.outcome), None)
    io.done(
        sent,
        f"Decided: of {status.price}, {gross} are due{f'; {outcome.name.lower()}' if outcome else ''}",
        f"Supplier {status.earned}, renter {status.refund}, fees {status.fees};"
        f" pay them: ionet job crank {job}",
        job=job,
        gross=gross,
        outcome=outcome,
        supplier=status.earned,
        refund=status.refund,
        fees=status.fees,
    )


# -- payments


def _pay(job: Pubkey, step: Crank, verb: str, whom: str) -> None:
    io = session()
    account, now = io.client.jobs.get_job(job), io.client.time()
    if now < account.frozen_until:
        raise UserError(
            f"job {job} is disputed: what is not paid is held back until {when(account.frozen_until)}, unless"
            " it is decided before",
            REFUSED,
        )
    unit = _unit(io, account)
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
    """Close a job that has paid everyone; for anyone. The rent goes back to its payer."""
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
            "--cluster", metavar="CLUSTER", parser=address, help="All jobs of a cluster, and its account."
        ),
    ] = None,
) -> None:
    """Do every step that anyone may do for a job now: end it if it is over, pay everyone, close; for anyone.

    Each step is a transaction of its own, so that a failure does not stop the others.
    """
    io = session()
    jobs = io.client.jobs
    if job is not None and cluster is not None:
        raise UserError("a job or --cluster, not both")
    if cluster is not None:
        targets = [keyed.address for keyed in jobs.cluster_jobs(cluster)]
    else:
        targets = [job] if job is not None else _mine(io)
    due = {target: jobs.due(target) for target in targets}
    io.check_several("crank")
    if io.dry_run:
        rows = [(target, step) for target, steps in due.items() for step in steps]
        io.screen.table(
            ("job", "would"),
            rows,
            data=[{"job": target, "step": step} for target, step in rows],
            empty=_NOTHING,
        )
        return
    io.confirm(f"crank {len(targets)} job{'s' * (len(targets) != 1)}")
    done: list[tuple[Pubkey, CrankResult, Any]] = []
    for target in targets:
        unit = _unit_of(io, target)
        done += [(target, step, unit) for step in jobs.crank(target)]
    if cluster is not None:
        done += _close_cluster(io, cluster)
    io.screen.table(
        ("job", "step", ">amount", "signature"),
        [
            (
                target,
                step.step.value,
                unit.from_base(step.amount) if unit is not None and step.amount else None,
                step.signature or f"failed: {step.error}: {step.detail}",
            )
            for target, step, unit in done
        ],
        data=[
            {"job": target, **{name: getattr(step, name) for name in step.__slots__}}
            for target, step, _ in done
        ],
        empty=_NOTHING,
    )
    if any(step.error for _, step, _ in done):
        raise typer.Exit(REFUSED)


_NOTHING = "Nothing can be done now."


def _mine(io: Session) -> list[Pubkey]:
    """My jobs, and closed ones whose payouts are open."""
    me = io.client.address
    statuses: list[JobStatus] = io.client.jobs.statuses(me)
    open_ = [status.job for status in statuses]
    payouts = [payout.account.job for payout in io.client.buyback.payouts(supplier=me)]
    return [*open_, *(job for job in payouts if job not in open_)]


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
