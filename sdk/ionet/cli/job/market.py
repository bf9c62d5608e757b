"""`ionet job`: offers, search and prices."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ionet import USD, accounts
from ionet.cli.arguments import NodeAddress, length_of
from ionet.cli.failures import NOT_FOUND, UserError
from ionet.cli.job.parts import (
    ClassFilter,
    Currency,
    For,
    MaxRate,
    MinLink,
    MinMemory,
    MinUnits,
    Nodes,
    RegionFilter,
    Slippage,
    quotes_json,
    show_quotes,
    usd,
)
from ionet.cli.node.parts import class_of
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import Session, session
from ionet.staking.stake import class_name
from ionet.token.currency import mints_of, names_of

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from ionet import Listing

app = Commands()


class Payout(StrEnum):
    """What a supplier is paid in."""

    IO = "io"
    SAME = "same"


@app.command()
def offer(
    node: NodeAddress,
    rate: Annotated[
        USD | None, typer.Option("--rate", metavar="USD", parser=usd, help="Per processor and hour.")
    ] = None,
    currency: Annotated[
        list[str] | None,
        typer.Option(
            "--currency", metavar="NAME", help="What may be paid in: IO, USDC, or a mint; four at most."
        ),
    ] = None,
    payout: Annotated[
        Payout | None,
        typer.Option(
            "--payout", case_sensitive=False, help="Be paid in IO, or in the same as the renter pays."
        ),
    ] = None,
    shortest: Annotated[
        int | None,
        typer.Option("--min", metavar="LENGTH", parser=length_of, help="Shortest rental; default: 1h."),
    ] = None,
    longest: Annotated[
        int | None,
        typer.Option("--max", metavar="LENGTH", parser=length_of, help="Longest rental; default: 30d."),
    ] = None,
    taking: Annotated[
        bool | None, typer.Option("--open/--closed", help="Take bookings, or take none for now.")
    ] = None,
) -> None:
    """Put a node on the market, or change its offer for new jobs; for its owner.

    What is not given stays as it is. Without options, the offer is shown.
    """
    io = session()
    given = (rate, currency, payout, shortest, longest, taking)
    if all(one is None for one in given):
        _show_offer(io, node)
        return
    call = io.client.jobs.offer(
        node,
        rate=rate,
        currencies=currency,
        min_seconds=shortest,
        max_seconds=longest,
        payout_as_paid=None if payout is None else payout is Payout.SAME,
        taking=taking,
    )
    sent = io.send(call, f"offer {node}")
    found = io.client.jobs.get_offer(node)
    io.done(sent, *_offer_lines(io, found), node=node, offer=sent.result, **_offer_json(found))


def _show_offer(io: Session, node: Pubkey) -> None:
    (found,) = io.reader.fetch_many(accounts.jobs.Offer, [_offer_address(node)])
    if found is None:
        raise UserError(f"the node {node} has no offer yet; make one with --rate", NOT_FOUND)
    io.screen.show({"node": node, **_offer_json(found)}, *_offer_lines(io, found))


def _offer_address(node: Pubkey) -> Pubkey:
    from ionet import pda

    return pda.jobs.offer(node)


def _offer_lines(io: Session, found: accounts.jobs.Offer) -> list[str]:
    takes = names_of(mints_of(found), io.reader.jobs.currencies())
    paid = "what the renter pays" if found.payout else "IO"
    state = "takes bookings" if found.open else "is closed: it takes no bookings"
    length = f"{span(found.min_seconds)} to {span(found.max_seconds)}"
    lines = [
        f"{found.node} {state}",
        f"{USD.from_base(found.rate)} per processor and hour, for {length}",
        f"Takes {takes}; its owner is paid in {paid}",
    ]
    if found.lease_until > io.reader.time():
        lines.append(f"Booked until {when(found.lease_until)} by job {found.lease_job}")
    return lines


def _offer_json(found: accounts.jobs.Offer) -> dict[str, object]:
    return {
        "rate": USD.from_base(found.rate),
        "min_seconds": found.min_seconds,
        "max_seconds": found.max_seconds,
        "open": bool(found.open),
        "payout": "same" if found.payout else "io",
        "currencies": mints_of(found),
        "lease_job": found.lease_job if found.lease_until else None,
        "lease_until": found.lease_until,
    }


@app.command()
def search(
    class_: ClassFilter = None,
    count: Annotated[int | None, typer.Option("--count", min=1, help="So many at most.")] = None,
    region: RegionFilter = None,
    max_rate: MaxRate = None,
    seconds: Annotated[
        int | None,
        typer.Option("--for", metavar="LENGTH", parser=length_of, help="That are rented for so long."),
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="NAME", help="That take this: IO, USDC, or a mint.")
    ] = None,
    memory: MinMemory = 0,
    link: MinLink = 0,
    units: MinUnits = 1,
    booked: Annotated[
        bool,
        typer.Option("--booked", help="Also those that nobody can book now, with why."),
    ] = False,
) -> None:
    """List nodes that can be booked now, the cheapest first."""
    io = session()
    every = io.reader.jobs.search(
        class_=None if class_ is None else class_of(io, class_).id,
        region=region,
        max_rate=max_rate,
        seconds=seconds,
        currency=currency,
        min_memory_gib=memory,
        min_link_mbps=link,
        min_units=units,
        booked=True,
    )
    found = [one for one in every if booked or not (one.booked_until or one.obstacle)][:count]
    classes = {one.account.id: class_name(one.account) for one in io.reader.staking.classes()}
    currencies = io.reader.jobs.currencies()
    heads = ["node", "class", ">units", ">region", ">gib", ">mbit/s", ">usd/h each", ">usd/h", "takes"]
    heads += ["payout", "rented for", *(["free from", "not to be booked, as it"] if booked else [])]
    io.screen.table(
        heads,
        [
            (
                one.node,
                classes.get(one.class_id, one.class_id),
                one.units,
                one.region or None,
                one.memory_gib or None,
                one.link_mbps or None,
                f"{one.rate:n}",
                f"{one.hourly:n}",
                names_of(one.mints, currencies),
                "same" if one.payout_as_paid else "IO",
                f"{span(one.min_seconds)} to {span(one.max_seconds)}",
                *(
                    [when(one.booked_until) if one.booked_until else "now", one.obstacle or None]
                    if booked
                    else []
                ),
            )
            for one in found
        ],
        data=[_listing_json(one, classes) for one in found],
        empty="No such node is free; see --booked.",
    )
    stuck = sum(bool(one.obstacle) for one in every)
    if stuck and not booked:
        io.screen.note(
            f"Not shown: {stuck} that nobody can book, for want of a compute proof or of their owner's stake;"
            " --booked says which"
        )


def _obstacles(one: Listing) -> tuple[str, str | None]:
    """From when on it can be booked, and what else keeps it from it."""
    return when(one.booked_until) if one.booked_until else "now", one.obstacle or None


def _listing_json(one: Listing, classes: dict[int, str]) -> dict[str, object]:
    return {"class": classes.get(one.class_id), **{name: getattr(one, name) for name in one.__slots__}}


@app.command()
def quote(
    seconds: For,
    nodes: Nodes = None,
    currency: Currency = "IO",
    slip: Slippage = "1",  # type: ignore[assignment]  # read by its parser
) -> None:
    """Show what nodes cost now, with every fee of both sides; nothing is signed."""
    if not nodes:
        raise UserError("name a node, or several")
    io = session()
    found = io.reader.jobs.quotes(nodes, seconds, currency=currency, slippage_bps=slip)
    show_quotes(io, found)
    if io.screen.as_json:
        io.screen.show(quotes_json(found))
