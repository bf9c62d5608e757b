"""The market as a renter sees it: offers joined with their nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet.chain.amounts import USD
from ionet.jobs.quotes import obstacle
from ionet.token.currency import mints_of

if TYPE_CHECKING:
    from ionet import accounts
    from ionet.chain.records import KeyedAccount

_NOBODY: Final = Pubkey.default()


@dataclass(frozen=True, slots=True)
class Listing:
    """A live node with its offer.

    Attributes:
        node: its address.
        owner: who supplies it.
        class_id: hardware class.
        units: processors.
        region: ISO 3166-1 numeric code, 0 if unknown.
        memory_gib: memory in GiB, 0 if unknown.
        link_mbps: speed of the link in Mbit/s, 0 if unknown.
        rate: per processor and hour.
        hourly: per hour, all processors together.
        mints: the mints it can be paid in.
        payout_as_paid: whether the supplier is paid in what the renter pays, instead of IO.
        min_seconds: shortest rental.
        max_seconds: longest rental, including extensions.
        booked_until: when it is free again, Unix seconds; 0 if it is free.
        obstacle: why nobody can book it, in words; empty if it can be booked.
    """

    node: Pubkey
    owner: Pubkey
    class_id: int
    units: int
    region: int
    memory_gib: int
    link_mbps: int
    rate: USD
    hourly: USD
    mints: tuple[Pubkey, ...]
    payout_as_paid: bool
    min_seconds: int
    max_seconds: int
    booked_until: int
    obstacle: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Search criteria that the RPC cannot filter by; see `AsyncOffers.search`."""

    mint: Pubkey | None = None
    max_rate: int | None = None
    seconds: int | None = None
    min_memory_gib: int = 0
    min_link_mbps: int = 0
    min_units: int = 1
    booked: bool = False

    def fits(self, listing: Listing) -> bool:
        """Whether a listing meets the criteria."""
        return (
            (self.booked or not (listing.booked_until or listing.obstacle))
            and (self.mint is None or self.mint in listing.mints)
            and (self.max_rate is None or listing.rate.base <= self.max_rate)
            and (self.seconds is None or listing.min_seconds <= self.seconds <= listing.max_seconds)
            and listing.memory_gib >= self.min_memory_gib
            and listing.link_mbps >= self.min_link_mbps
            and listing.units >= self.min_units
        )


def listings(
    nodes: Iterable[KeyedAccount[accounts.staking.Node]],
    offers: Iterable[KeyedAccount[accounts.jobs.Offer]],
    wanted: Wanted,
    classes: Mapping[int, accounts.staking.Class],
    config: accounts.jobs.Config,
    head_end: int,
    now: int,
) -> list[Listing]:
    """The listings that fit, the cheapest first."""
    by_node = {offer.account.node: offer.account for offer in offers}
    matches = []
    for node in nodes:
        offer = by_node.get(node.address)
        if offer is not None:
            class_ = classes.get(node.account.class_)
            refusal = obstacle(node.account, offer, class_, config, head_end, now)
            matches.append(_listing(node.address, node.account, offer, refusal[1] if refusal else "", now))
    return sorted(filter(wanted.fits, matches), key=lambda listing: (listing.rate, bytes(listing.node)))


def _listing(
    address: Pubkey, node: accounts.staking.Node, offer: accounts.jobs.Offer, reason: str, now: int
) -> Listing:
    leased = offer.lease_job != _NOBODY and now < offer.lease_until
    return Listing(
        node=address,
        owner=node.owner,
        class_id=node.class_,
        units=node.units,
        region=node.region,
        memory_gib=node.memory_gib,
        link_mbps=node.link_mbps,
        rate=USD.from_base(offer.rate),
        hourly=USD.from_base(offer.rate * node.units),
        mints=mints_of(offer),
        payout_as_paid=bool(offer.payout),
        min_seconds=offer.min_seconds,
        max_seconds=offer.max_seconds,
        booked_until=offer.lease_until if leased else 0,
        obstacle=reason,
    )
