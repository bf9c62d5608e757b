"""Nodes that can be rented."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query

from ionet import USD, Listing
from ionet.chain.errors import AmountError
from ionet.console import _models as m
from ionet.console._parts import Have
from ionet.explorer._values import BadQuestion, class_name, money
from ionet.jobs.listing import Wanted
from ionet.jobs.receipt import Leases
from ionet.token.currency import symbol

#: Nodes in an answer, and those of which it is looked how their leases ended.
_SHOWN: Final = 50
_LOOKED_AT: Final = 200

market: Final = APIRouter()


@market.get("/offers", summary="Nodes to rent, the cheapest first")
async def offers(parts: Have, asked: Annotated[m.AskedOffers, Query()]) -> m.Offers:
    """Nodes."""
    shelf = parts.shelf
    symbols = {each.mint: symbol(each) for each in await parts.client.jobs.currencies()}
    mint = None
    if asked.currency is not None:
        mint = (await parts.client.jobs.get_currency(asked.currency)).mint
    wanted = Wanted(
        mint=mint,
        max_rate=None if asked.max_rate is None else _dollars(asked.max_rate).base,
        seconds=asked.seconds,
        min_memory_gib=asked.min_memory_gib,
        min_link_mbps=asked.min_link_mbps,
        min_units=asked.min_units,
        booked=asked.booked,
    )
    fit = [item for item in await shelf.listings(parts.client) if _fits(item, asked, wanted)]
    near = fit[: _LOOKED_AT if asked.min_reliability else _SHOWN]
    leases = await shelf.leases(parts.client, parts.ledger, [item.node for item in near])
    if asked.min_reliability:
        near = fit = [item for item in near if _reliable(leases.get(item.node), asked.min_reliability)]
    shown = tuple(
        _offer(item, leases.get(item.node), [symbols[mint] for mint in item.mints if mint in symbols])
        for item in near[:_SHOWN]
    )
    return m.Offers(offers=shown, more=len(fit) - len(shown))


def _fits(item: Listing, asked: m.AskedOffers, wanted: Wanted) -> bool:
    return (
        (asked.class_id is None or item.class_id == asked.class_id)
        and (asked.region is None or item.region == asked.region)
        and wanted.fits(item)
    )


def _reliable(leases: Leases | None, least: int) -> bool:
    if leases is None or not leases.done + leases.broken:
        return False
    return 100 * leases.done >= least * (leases.done + leases.broken)


def _dollars(text: str) -> USD:
    try:
        return USD(text)
    except AmountError:
        raise BadQuestion(f"max_rate is in dollars, such as 0.45, not {text!r}") from None


def _offer(item: Listing, leases: Leases | None, currencies: list[str]) -> m.Offer:
    return m.Offer(
        node=str(item.node),
        owner=str(item.owner),
        class_id=item.class_id,
        class_name=class_name(item.class_id),
        units=item.units,
        memory_gib=item.memory_gib,
        link_mbps=item.link_mbps,
        region=item.region,
        rate=money(item.rate),
        hourly=money(item.hourly),
        currencies=tuple(currencies),
        min_seconds=item.min_seconds,
        max_seconds=item.max_seconds,
        done=0 if leases is None else leases.done,
        broken=0 if leases is None else leases.broken,
        booked_until=item.booked_until,
        obstacle=item.obstacle,
    )
