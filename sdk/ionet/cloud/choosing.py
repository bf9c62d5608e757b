"""Which node a program is run on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx
from solders.pubkey import Pubkey

from ionet.chain.errors import AccountNotFound
from ionet.cloud.errors import NoNode
from ionet.cloud.fitting import Fit, Offer, Together, fit, newest
from ionet.formats.when import HOUR, span, when
from ionet.staking.stake import class_name
from ionet.token.currency import names_of
from ionet.worker._capacities import capacities_at, of_devices
from ionet.worker._measuring import measured_at

if TYPE_CHECKING:
    from ionet import USD, AsyncClient, Listing, accounts
    from ionet.executor._capacity import Capacity
    from ionet.jobs.quotes import Quotes
    from ionet.store.manifest import Manifest


#: Nodes among which those that fit together are looked for, the cheapest first.
_CANDIDATES: Final = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """What a renter wants of a node.

    Attributes:
        seconds: how long; at least an hour.
        currency: what to pay in: name or mint.
        node: this one and no other.
        class_id: hardware class, where no node is named.
        region: ISO 3166-1 numeric code; None for any.
        max_rate: highest rate per processor and hour; None for any.
        memory_gib: least memory, GiB.
        only: these nodes, all of them, and no others.
        avoid: nodes that are not to be had, whatever they offer.
    """

    seconds: int = HOUR
    currency: str | Pubkey = "IO"
    node: Pubkey | None = None
    class_id: int | None = None
    region: int | None = None
    max_rate: USD | None = None
    memory_gib: int = 0
    only: tuple[Pubkey, ...] = ()
    avoid: frozenset[Pubkey] = frozenset()

    @property
    def named(self) -> tuple[Pubkey, ...]:
        """The nodes that are named."""
        return self.only or (() if self.node is None else (self.node,))


async def choose(client: AsyncClient, wish: Wish) -> list[Listing]:
    """The nodes that fit, the cheapest first; of named nodes their own listings.

    Raises:
        NoNode: none can be booked as wished, or not every named one.
    """
    if wish.seconds < HOUR:
        raise NoNode(f"a node is rented for an hour at least, and not for {span(wish.seconds)}")
    offered = await client.jobs.search(class_=wish.class_id, booked=True)
    offered = [listing for listing in offered if listing.node not in wish.avoid]
    if wish.named:
        offered = [listing for listing in offered if listing.node in wish.named]
    currencies = await client.jobs.currencies()
    mint = (await client.jobs.get_currency(wish.currency)).mint
    lacks = {listing.node: _lacking(listing, wish, mint, currencies) for listing in offered}
    fitting = [listing for listing in offered if not lacks[listing.node]]
    if not fitting or len(fitting) < len(wish.only):
        raise NoNode(await _why(client, wish, offered, lacks))
    return fitting


async def choose_together(
    client: AsyncClient,
    gateway: str,
    nodes: Sequence[Pubkey],
    count: int,
    wanted: Together,
    there: Sequence[Pubkey] = (),
) -> Fit:
    """Chooses nodes that fit together, by what they have measured between them.

    Args:
        client: reads the nodes' devices.
        gateway: the URL of one that keeps what nodes have measured, ``https://…``.
        nodes: those that would do, the preferred first.
        count: how many are wanted.
        wanted: between any two of them; with nothing wanted, the outcome only says what is known.
        there: nodes that they join, with which they have to fit as well.

    Raises:
        NoNode: no set of them fits, with the reasons; or the gateway does not tell, and something is wanted.
    """
    from ionet import accounts

    both = [*there, *nodes[: max(1, _CANDIDATES - len(there))]]
    known = await client.fetch_many(accounts.staking.Node, both)
    pairs = zip(both, known, strict=True)
    every = [Offer(node, bytes(item.device_key)) for node, item in pairs if item is not None]
    own = [offer for offer in every if offer.node in there]
    offers = [offer for offer in every if offer.node not in there]
    if not wanted:
        offers = offers[:count]
    try:
        measured = await measured_at(gateway, [offer.device for offer in (*own, *offers)])
    except (httpx.HTTPError, ValueError) as bad:
        if wanted:
            raise NoNode(
                f"what nodes have measured between them cannot be read at {gateway}: {bad!r}"
            ) from None
        measured = []
    chosen = fit(offers, count, wanted, newest(measured, await client.time()), own)
    if len(chosen.nodes) < count:
        why = "; ".join(chosen.reasons)
        raise NoNode(f"no {count} of the {len(offers)} nodes fit together: {why}")
    return chosen


async def given_by(client: AsyncClient, gateway: str, nodes: Sequence[Pubkey]) -> dict[Pubkey, Capacity]:
    """What nodes have signed that they give a job that is booked now.

    Args:
        client: reads the nodes' devices, and the time.
        gateway: the URL of one that keeps such statements, ``https://…``.
        nodes: their addresses.

    Returns:
        Of each node that has signed anything, what it gives.

    Raises:
        NoNode: the gateway does not tell.
    """
    from ionet import accounts

    try:
        told = await capacities_at(gateway, [bytes(node) for node in nodes])
    except (httpx.HTTPError, ValueError) as bad:
        raise NoNode(f"what nodes give cannot be read at {gateway}: {bad!r}") from None
    if not told:
        return {}
    named = [Pubkey(said.node) for said in told]
    known = await client.fetch_many(accounts.staking.Node, named)
    devices = {
        bytes(node): bytes(item.device_key)
        for node, item in zip(named, known, strict=True)
        if item is not None
    }
    now = await client.time()
    return {Pubkey(node): said[0] for node, said in of_devices(told, devices).items() if said[0].holds(now)}


def that_give(
    listings: Sequence[Listing], given: Mapping[Pubkey, Capacity], manifest: Manifest, *, named: bool
) -> list[Listing]:
    """The nodes that give what a manifest asks for, in the same order.

    Args:
        listings: nodes that can be booked.
        given: what they have signed.
        manifest: what is to be run.
        named: whether the renter has named the node: then one will do that has signed nothing.

    Raises:
        NoNode: none does, with what the first one lacks.
    """
    asks = manifest.image is not None or any(
        getattr(manifest.resources, name) for name in ("cpus", "memory", "disk", "processes", "internet")
    )
    fitting, unknown, why = [], [], ""
    for listing in listings:
        if (said := given.get(listing.node)) is None:
            unknown.append(listing)
        elif (lacks := said.lacks(manifest)) is None:
            fitting.append(listing)
        else:
            why = why or f"the node {listing.node}: {lacks}"
    # Nodes that have signed nothing may give as much, and are asked where nothing else will do.
    if not asks or (not fitting and (named or manifest.image is None)):
        fitting += unknown
    if not fitting:
        none = f"none of the {len(unknown)} nodes has signed that it has {manifest.image}"
        raise NoNode(why or none)
    return fitting


def check_rates(quotes: Quotes, max_rate: USD | None) -> None:
    """Checks that no supplier has raised their rate above the highest since they were chosen. Pure.

    Raises:
        NoNode: one has.
    """
    dear = [quote for quote in quotes.nodes if max_rate is not None and quote.rate > max_rate]
    if dear:
        raise NoNode(f"{dear[0].node} asks for {dear[0].rate} now, which is more than {max_rate}")


def image_named(listings: Sequence[Listing], given: Mapping[Pubkey, Capacity], name: str) -> str:
    """How a manifest names an image of the catalogue: as most of the nodes have it.

    Raises:
        NoNode: none has it.
    """
    had = Counter(
        dict(given[listing.node].images)[name]
        for listing in listings
        if listing.node in given and name in dict(given[listing.node].images)
    )
    if not had:
        others = sorted({name for said in given.values() for name, _ in said.images})
        there = f"there are: {', '.join(others[:8])}" if others else "none says which it has"
        raise NoNode(f"no such node has an image {name!r}; {there}")
    return had.most_common(1)[0][0]


def _lacking(
    listing: Listing, wish: Wish, mint: Pubkey, currencies: Sequence[accounts.jobs.Currency]
) -> list[str]:
    """Why a node cannot be booked as wished, each reason as the end of a sentence about it."""
    lacks = []
    if listing.obstacle:
        lacks.append(listing.obstacle)
    if listing.booked_until:
        lacks.append(f"is booked until {when(listing.booked_until)}")
    if wish.max_rate is not None and listing.rate > wish.max_rate:
        lacks.append(f"costs {listing.rate} per processor and hour, more than {wish.max_rate}")
    if not listing.min_seconds <= wish.seconds <= listing.max_seconds:
        lacks.append(f"is rented for {span(listing.min_seconds)} to {span(listing.max_seconds)}")
    if wish.region is not None and listing.region != wish.region:
        lacks.append(f"is in region {listing.region}" if listing.region else "does not say its region")
    if listing.memory_gib < wish.memory_gib:
        known = f"has {listing.memory_gib} GiB of memory"
        lacks.append(known if listing.memory_gib else "does not say its memory")
    if mint not in listing.mints:
        lacks.append(f"takes {names_of(listing.mints, currencies)}")
    return lacks


async def _why(
    client: AsyncClient, wish: Wish, offered: Sequence[Listing], lacks: Mapping[Pubkey, Sequence[str]]
) -> str:
    if wish.named:
        whys = {node: lacks.get(node, ["is not on the market"]) for node in wish.named}
        return "; ".join(f"the node {node} {_joined(why)}" for node, why in whys.items() if why)
    names = {item.account.id: class_name(item.account) for item in await client.staking.classes()}
    wanted = "" if wish.class_id is None else f" {names.get(wish.class_id, wish.class_id)}"
    if not offered:
        others = await client.jobs.search(seconds=wish.seconds)
        there = dict.fromkeys(str(names.get(listing.class_id, listing.class_id)) for listing in others)
        what = f"free are: {', '.join(list(there)[:8])}" if there else "nothing else is free either"
        return f"nobody offers a node of class{wanted} now; {what}"
    nearest = min(offered, key=lambda item: (len(lacks[item.node]), *_order(item)))
    return (
        f"none of the {len(offered)} nodes of class{wanted} can be booked as wished; the nearest,"
        f" {nearest.node}, {_joined(lacks[nearest.node])}"
    )


def _order(listing: Listing) -> tuple[bool, int, USD, bytes]:
    """What is booked is free again some time, so it is nearer than what nobody can book."""
    return bool(listing.obstacle), listing.booked_until, listing.rate, bytes(listing.node)


def _joined(reasons: Sequence[str]) -> str:
    return " and ".join(reasons)


async def processors(client: AsyncClient, listing: Listing) -> int:
    """How many GPUs a node has; 0 if it is of a class of CPUs.

    Raises:
        AccountNotFound: its class does not exist.
    """
    from ionet import accounts, pda
    from ionet._generated.staking.types import Pool

    address = pda.staking.class_(listing.class_id)
    (class_,) = await client.fetch_many(accounts.staking.Class, [address])
    if class_ is None:
        raise AccountNotFound(address, "hardware class")
    return listing.units if class_.pool == Pool.GPU else 0
