"""`ionet grant`: IO that vests over time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from solders.pubkey import Pubkey

from ionet import IO
from ionet.cli.arguments import IoAmount, address, io_amount
from ionet.cli.failures import UserError
from ionet.cli.options import Commands
from ionet.cli.output import when
from ionet.cli.session import session

if TYPE_CHECKING:
    from ionet import accounts

app = Commands("Vesting grants: making, releasing, revoking, passing on.")

GrantAddress = Annotated[Pubkey, typer.Argument(metavar="GRANT", parser=address, help="The grant's account.")]


def moment(text: str) -> int:
    """A date as `2027-01-31` (midnight UTC), or `2027-01-31T12:00`, or Unix seconds."""
    if text.isdigit():
        return int(text)
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write for example 2027-01-31") from None
    return int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())


@app.command()
def create(
    beneficiary: Annotated[
        Pubkey, typer.Argument(metavar="BENEFICIARY", parser=address, help="Who is paid.")
    ],
    amount: IoAmount,
    months: Annotated[int, typer.Option("--months", min=1, max=240, help="Equal monthly parts.")],
    cliff: Annotated[int, typer.Option("--cliff", min=0, max=239, help="Months before the first.")] = 0,
    upfront: Annotated[
        IO | None,
        typer.Option("--upfront", metavar="AMOUNT", parser=io_amount, help="Vested at the start."),
    ] = None,
    start: Annotated[
        int | None,
        typer.Option("--start", metavar="DATE", parser=moment, help="Default: now."),
    ] = None,
    linear: Annotated[bool, typer.Option("--linear", help="Every half hour, instead of monthly.")] = False,
    revocable: Annotated[bool, typer.Option("--revocable", help="What has not vested can go back.")] = False,
    number: Annotated[
        int | None, typer.Option("--id", min=0, help="Its number; default: one above the highest.")
    ] = None,
) -> None:
    """Create a grant from the signer's IO; for the distributor's authority."""
    from ionet.token.airdrop import no_recipient
    from ionet.token.vesting import Schedule

    io = session()
    if (kind := no_recipient(beneficiary)) is not None:
        raise UserError(f"{beneficiary} is {kind}: nobody could ever take what is there")
    begin = io.client.time() if start is None else start
    if upfront is not None and upfront > amount:
        raise UserError(f"the upfront part, {upfront}, exceeds the total, {amount}")
    if linear and cliff:
        raise UserError("a linear grant has no cliff: leave out --linear or --cliff")
    if linear:
        schedule = Schedule.linear(amount, begin, months=months, upfront=upfront)
    else:
        schedule = Schedule.monthly(amount, begin, months=months, cliff=cliff, upfront=upfront)
    if number is None:
        number = max((grant.account.id for grant in io.client.distributor.grants()), default=-1) + 1
    call = io.client.distributor.create_grant(number, beneficiary, schedule, revocable=revocable)
    sent = io.send(call, f"grant {amount} to {beneficiary}")
    io.done(
        sent,
        f"Grant {sent.result}: {amount} to {beneficiary}, vested by {when(schedule.end)}",
        grant=sent.result,
        id=number,
        beneficiary=beneficiary,
        amount=amount,
        ends=schedule.end,
    )


@app.command("list")
def list_grants(
    beneficiary: Annotated[
        Pubkey | None,
        typer.Option("--beneficiary", metavar="ADDRESS", parser=address, help="Only of this beneficiary."),
    ] = None,
) -> None:
    """List grants, and how much of each has vested."""
    io = session()
    grants, now = io.reader.distributor.grants(beneficiary), io.reader.time()
    rows = [(grant.address, _state(grant.account, now)) for grant in grants]
    io.screen.table(
        ("grant", "beneficiary", ">total", ">vested", ">release now", "ends", "state"),
        [
            (
                address_,
                state["beneficiary"],
                f"{state['total']:n}",
                f"{state['vested']:n}",
                f"{state['releasable']:n}",
                when(state["ends"]),
                state["state"],
            )
            for address_, state in rows
        ],
        data=[{"grant": address_, **state} for address_, state in rows],
        empty="No grants.",
    )


@app.command()
def show(grant: GrantAddress) -> None:
    """Show a grant: terms, what has vested, and the next part."""
    io = session()
    state = _state(io.reader.distributor.get_grant(grant), io.reader.time())
    io.screen.facts(
        [
            ("Grant", grant),
            ("Beneficiary", state["beneficiary"]),
            ("Named next", state["pending_beneficiary"]),
            ("Total", state["total"]),
            ("Terms", state["terms"]),
            ("Vested", state["vested"]),
            ("Released", state["released"]),
            ("Release now", state["releasable"]),
            ("Next part", when(state["next"]) if state["next"] else None),
            ("Ends", when(state["ends"])),
            ("Revocable", "yes" if state["revocable"] else "no"),
            (
                "Revoked",
                f"{when(state['revoked_at'])}, {state['returned']} went back" if state["returned"] else None,
            ),
        ],
        data={"grant": grant, **state},
    )


@app.command()
def release(grant: GrantAddress) -> None:
    """Pay what has vested to the beneficiary's wallet; for anyone."""
    io = session()
    sent = io.send(io.client.distributor.release(grant), f"release what has vested of {grant}")
    io.done(sent, f"{sent.result} were released", grant=grant, amount=sent.result)


@app.command()
def revoke(grant: GrantAddress) -> None:
    """End a revocable grant: what has vested stays, the rest goes to the treasury; for the authority."""
    io = session()
    sent = io.send(io.client.distributor.revoke(grant), f"revoke {grant}")
    vested, returned = IO.from_base(sent.result.vested), IO.from_base(sent.result.returned)
    io.done(
        sent,
        f"Revoked: {vested} have vested and stay, {returned} went to the treasury",
        grant=grant,
        vested=vested,
        returned=returned,
    )


@app.command()
def transfer(
    grant: GrantAddress,
    successor: Annotated[
        Pubkey | None,
        typer.Argument(
            metavar="[SUCCESSOR]",
            parser=address,
            help="The next beneficiary; without one, withdraw the offer.",
        ),
    ] = None,
) -> None:
    """Name the next beneficiary, who has to accept; for the beneficiary."""
    io = session()
    whom = successor or "nobody"
    sent = io.send(io.client.distributor.set_beneficiary(grant, successor), f"name {whom} for {grant}")
    next_ = f"Named {whom}; then: ionet grant accept {grant}" if successor else "Nobody is named any more"
    io.done(sent, next_, grant=grant, successor=successor)


@app.command()
def accept(grant: GrantAddress) -> None:
    """Take over a grant, with what has vested and was not released; for the named successor."""
    io = session()
    sent = io.send(io.client.distributor.accept_beneficiary(grant), f"take over {grant}")
    io.done(sent, f"{grant} is yours", grant=grant, beneficiary=io.client.address)


def _state(grant: accounts.distributor.Grant, now: int) -> dict[str, Any]:
    from ionet import Allocation
    from ionet.token.vesting import HALF_HOUR, MONTH, Schedule, vested

    schedule, vested_now = Schedule.of(grant), vested(grant, now)
    released, total = IO.from_base(grant.released), IO.from_base(grant.total)
    over = bool(grant.revoked_at) or now >= schedule.end
    passed = max(0, now - schedule.start - schedule.cliff) // schedule.period
    units = {MONTH: "monthly", HALF_HOUR: "half-hourly"}
    every = units.get(schedule.period, f"every {schedule.period:,} s:")
    terms = [f"{schedule.upfront} at the start"] if schedule.upfront else []
    after = f" after {schedule.cliff / MONTH:g} months" if schedule.cliff else ""
    terms.append(f"{schedule.tranches:,} {every} parts{after} from {when(schedule.start)}")
    return {
        "id": grant.id,
        "beneficiary": grant.beneficiary,
        "pending_beneficiary": None
        if grant.pending_beneficiary == Pubkey.default()
        else grant.pending_beneficiary,
        "allocation": None if grant.allocation == Allocation.NONE else grant.allocation,
        "total": total,
        "terms": "; ".join(terms),
        "vested": vested_now,
        "released": released,
        "releasable": IO.from_base(max(0, vested_now.base - grant.released)),
        "returned": IO.from_base(grant.returned),
        "start": schedule.start,
        "next": None if over else schedule.start + schedule.cliff + (passed + 1) * schedule.period,
        "ends": grant.revoked_at or schedule.end,
        "revocable": bool(grant.revocable),
        "revoked_at": grant.revoked_at or None,
        "state": "revoked"
        if grant.revoked_at
        else "vested"
        if vested_now == total
        else "vesting"
        if vested_now
        else "locked",
    }
