"""`ionet job`: offers, search and prices."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ionet import USD, accounts
from ionet.cli.api import Explorer, read_from
from ionet.cli.arguments import NodeAddress, length_of
from ionet.cli.failures import NOT_FOUND, UserError
from ionet.cli.job.gives import HEADS, GatewayToAsk, cells, check, given
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
from ionet.cli.ledger import Ledger, opened
from ionet.cli.node.parts import class_of
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import Session, session
from ionet.staking.stake import class_name
from ionet.token.currency import mints_of, names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from solders.pubkey import Pubkey

    from ionet import Listing
    from ionet.explorer.client import ExplorerClient
    from ionet.jobs.receipt import JobHistory, Leases

app = Commands()


class Payout(StrEnum):
    """The currency a supplier is paid in."""

    IO = "io"
    SAME = "same"


Currencies = Annotated[
    list[str] | None,
    typer.Option(
        "--currency", metavar="NAME", help="What renters may pay in: IO, USDC, or a mint; four at most."
    ),
]
PayoutOption = Annotated[
    Payout | None,
    typer.Option("--payout", case_sensitive=False, help="Be paid in IO, or in what the renter pays."),
]
Shortest = Annotated[
    int | None,
    typer.Option("--min", metavar="LENGTH", parser=length_of, help="Shortest rental; default: 1h."),
]
Longest = Annotated[
    int | None,
    typer.Option("--max", metavar="LENGTH", parser=length_of, help="Longest rental; default: 30d."),
]
Taking = Annotated[bool | None, typer.Option("--open/--closed", help="Take bookings, or none for now.")]


@app.command()
def offer(
    node: NodeAddress,
    rate: Annotated[
        USD | None, typer.Option("--rate", metavar="USD", parser=usd, help="Per processor and hour.")
    ] = None,
    currency: Currencies = None,
    payout: PayoutOption = None,
    shortest: Shortest = None,
    longest: Longest = None,
    taking: Taking = None,
) -> None:
    """Put a node on the market, or change its offer for new jobs; for its owner.

    Options that are not given stay as they are. Without options, shows the offer.
    """
    io = session()
    options = (rate, currency, payout, shortest, longest, taking)
    if all(option is None for option in options):
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
    account = io.client.jobs.get_offer(node)
    io.done(sent, *offer_lines(io, account), node=node, offer=sent.result, **offer_json(account))


def _show_offer(io: Session, node: Pubkey) -> None:
    (account,) = io.reader.fetch_many(accounts.jobs.Offer, [_offer_address(node)])
    if account is None:
        raise UserError(f"the node {node} has no offer yet; make one with --rate", NOT_FOUND)
    io.screen.show({"node": node, **offer_json(account)}, *offer_lines(io, account))


def _offer_address(node: Pubkey) -> Pubkey:
    from ionet import pda

    return pda.jobs.offer(node)


def offer_lines(io: Session, offer: accounts.jobs.Offer) -> list[str]:
    """An offer in words."""
    takes = names_of(mints_of(offer), io.reader.jobs.currencies())
    payout = "what the renter pays" if offer.payout else "IO"
    state = "takes bookings" if offer.open else "is closed: it takes no bookings"
    length = f"{span(offer.min_seconds)} to {span(offer.max_seconds)}"
    lines = [
        f"{offer.node} {state}",
        f"{USD.from_base(offer.rate)} per processor and hour, for {length}",
        f"Takes {takes}; its owner is paid in {payout}",
    ]
    if offer.lease_until > io.reader.time():
        lines.append(f"Booked until {when(offer.lease_until)} by job {offer.lease_job}")
    return lines


def offer_json(offer: accounts.jobs.Offer) -> dict[str, object]:
    """An offer for JSON."""
    return {
        "rate": USD.from_base(offer.rate),
        "min_seconds": offer.min_seconds,
        "max_seconds": offer.max_seconds,
        "open": bool(offer.open),
        "payout": "same" if offer.payout else "io",
        "currencies": mints_of(offer),
        "lease_job": offer.lease_job if offer.lease_until else None,
        "lease_until": offer.lease_until,
    }


@app.command()
def search(
    class_: ClassFilter = None,
    count: Annotated[int | None, typer.Option("--count", min=1, help="How many at most.")] = None,
    region: RegionFilter = None,
    max_rate: MaxRate = None,
    seconds: Annotated[
        int | None,
        typer.Option(
            "--for", metavar="LENGTH", parser=length_of, help="Only nodes that are rented for this long."
        ),
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option("--currency", metavar="NAME", help="Only nodes that take this: IO, USDC, or a mint."),
    ] = None,
    memory: MinMemory = 0,
    link: MinLink = 0,
    units: MinUnits = 1,
    booked: Annotated[
        bool,
        typer.Option("--booked", help="Also nodes that cannot be booked now, with the reason."),
    ] = False,
    history: Annotated[
        bool,
        typer.Option(
            "--leases", help="Also how each node's leases ended: from --ledger, or the node's history."
        ),
    ] = False,
    ledger: Ledger = None,
    gateway: GatewayToAsk = None,
    explorer: Explorer = None,
) -> None:
    """List nodes that can be booked now, the cheapest first.

    With a gateway also what each node has signed that a job gets of it: cores, memory, disk, processes,
    internet, images. Who books before that has lapsed, and is given less, pays nothing.

    With --leases, or a ledger, also how many of each node's leases were done, and how many the node or its
    supplier broke off. Without a ledger or an explorer each one's history is read, which a node keeps for a
    while only.
    """
    io = session()
    api = read_from(io, explorer)
    offered = io.reader.jobs.search(
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
    listings = [listing for listing in offered if booked or not (listing.booked_until or listing.obstacle)][
        :count
    ]
    classes = {class_.account.id: class_name(class_.account) for class_ in io.reader.staking.classes()}
    with opened(io, ledger) as database:
        nodes = [listing.node for listing in listings]
        wanted = history or database is not None
        leases = _ended(io, nodes, database, api) if wanted else None
    told = given(io, gateway, [listing.node for listing in listings])
    currencies = io.reader.jobs.currencies()
    heads = ["node", "class", ">units", ">region", ">gib", ">mbit/s", ">usd/h each", ">usd/h", "takes"]
    heads += [">done", ">broken"] if leases is not None else []
    heads += HEADS if told else ()
    heads += ["payout", "rented for", *(["free from", "cannot be booked, as it"] if booked else [])]
    io.screen.table(
        heads,
        [
            (
                listing.node,
                classes.get(listing.class_id, listing.class_id),
                listing.units,
                listing.region or None,
                listing.memory_gib or None,
                listing.link_mbps or None,
                f"{listing.rate:n}",
                f"{listing.hourly:n}",
                names_of(listing.mints, currencies),
                *([leases[listing.node].done, leases[listing.node].broken] if leases is not None else []),
                *(cells(told.get(listing.node)) if told else ()),
                "same" if listing.payout_as_paid else "IO",
                f"{span(listing.min_seconds)} to {span(listing.max_seconds)}",
                *(
                    [when(listing.booked_until) if listing.booked_until else "now", listing.obstacle or None]
                    if booked
                    else []
                ),
            )
            for listing in listings
        ],
        data=[
            {
                **_listing_json(listing, classes),
                **({} if leases is None else _leases_json(leases[listing.node])),
                **({"gives": told[listing.node].to_dict()} if listing.node in told else {}),
            }
            for listing in listings
        ],
        empty="No such node is free; see --booked.",
    )
    stuck = sum(bool(listing.obstacle) for listing in offered)
    if stuck and not booked:
        io.screen.note(
            f"Not shown: {stuck} that nobody can book, for want of a compute proof or of their owner's stake;"
            " --booked says which"
        )


def _ended(
    io: Session, nodes: list[Pubkey], ledger: JobHistory | None, explorer: ExplorerClient | None
) -> Mapping[Pubkey, Leases]:
    if ledger is None and explorer is not None:
        return {node: explorer.leases(node) for node in nodes}
    return io.reader.jobs.leases(nodes, ledger=ledger)


def _leases_json(leases: Leases) -> dict[str, object]:
    return {"done": leases.done, "broken": leases.broken}


def _listing_json(listing: Listing, classes: dict[int, str]) -> dict[str, object]:
    return {
        "class": classes.get(listing.class_id),
        **{name: getattr(listing, name) for name in listing.__slots__},
    }


@app.command()
def quote(
    seconds: For,
    nodes: Nodes = None,
    currency: Currency = "IO",
    slip: Slippage = "1",  # type: ignore[assignment]  # read by its parser
    gateway: GatewayToAsk = None,
) -> None:
    """Show what nodes cost now, with every fee of both sides; nothing is signed."""
    if not nodes:
        raise UserError("name a node, or several")
    io = session()
    quotes = io.reader.jobs.quotes(nodes, seconds, currency=currency, slippage_bps=slip)
    show_quotes(io, quotes)
    check(io, gateway, nodes, None)
    if io.screen.as_json:
        io.screen.show(quotes_json(quotes))
