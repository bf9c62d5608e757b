"""A wallet's nodes."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from ionet import accounts, pda
from ionet.chain.amounts import IO, USD
from ionet.chain.records import KeyedAccount
from ionet.console import _models as m
from ionet.console._parts import Have, Parts
from ionet.console._who import Reader
from ionet.explorer._values import class_name, money, of_io, word
from ionet.jobs.listing import Listing
from ionet.staking.stake import minimum

supply: Final = APIRouter()


@supply.get("/supply", summary="The wallet's nodes, their stake, rewards and health")
async def nodes(parts: Have, reader: Reader) -> m.Supply:
    """Nodes."""
    owned = await parts.client.staking.nodes(reader.wallet)
    offers = await parts.client.fetch_many(
        accounts.jobs.Offer, [pda.jobs.offer(node.address) for node in owned]
    )
    listed = {item.node: item for item in await parts.shelf.listings(parts.client)}
    shown = [
        await _supplied(parts, node, offer, listed.get(node.address))
        for node, offer in zip(owned, offers, strict=True)
    ]
    return m.Supply(nodes=tuple(shown))


async def _supplied(
    parts: Parts,
    keyed: KeyedAccount[accounts.staking.Node],
    offer: accounts.jobs.Offer | None,
    listing: Listing | None,
) -> m.Supplied:
    node = keyed.account
    class_ = await parts.client.staking.get_class(node.class_)
    obstacle = "it has no open offer: ionet worker offer" if listing is None else listing.obstacle
    return m.Supplied(
        node=str(keyed.address),
        class_name=class_name(node.class_),
        units=node.units,
        state=word(node.state),
        active=of_io(node.own.active),
        minimum=money(minimum(class_, node.units)),
        claimable=money(IO.from_base(node.own.due)),
        rate=None if offer is None else money(USD.from_base(offer.rate)),
        open=bool(offer is not None and offer.open),
        booked_until=0 if listing is None else listing.booked_until,
        proof_passed=bool(node.last_proof.passed),
        proof_at=node.last_proof.time,
        credited_until=node.credited_through,
        obstacle=obstacle,
    )
