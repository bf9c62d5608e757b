"""Auctions of fees: what is for sale, on which terms, and what an IO is worth now."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Final

from solders.pubkey import Pubkey

from ionet import AsyncClient, constants, pda
from ionet.explorer import _models as m
from ionet.explorer._past import Moment
from ionet.explorer._supply import as_of
from ionet.explorer._values import events_at, money, of_io, unit
from ionet.explorer._watching import Unanswered, Watching
from ionet.ledger.replay import records as r
from ionet.token.prices import PriceUnusable, check_price

#: Seconds for which a price is kept.
_FRESH: Final = 5.0


class Prices:
    """The oracle's price of IO, as the chain's node has it; asked for at most every five seconds.

    Args:
        watching: has the node.
    """

    def __init__(self, watching: Watching) -> None:
        self._watching = watching
        self._at = -_FRESH
        self._last: tuple[m.Price | None, str] = None, ""

    def now(self) -> tuple[m.Price | None, str]:
        """The price, or why there is none."""
        if time.monotonic() - self._at >= _FRESH:
            self._at = time.monotonic()
            try:
                self._last = self._watching.ask(_price), ""
            except Unanswered as bad:
                self._last = None, str(bad)
        return self._last


async def _price(client: AsyncClient) -> m.Price:
    config = await client.buyback.get_config()
    price = await client.price(config.price_account)
    fault = reason = ""
    limits, now = config.price_limits, await client.time()
    try:
        check_price(price, config.feed_id, limits, now, "IO")
    except PriceUnusable as bad:
        fault, reason = str(bad), bad.reason
    exact = Decimal(price.price).scaleb(price.exponent)
    return m.Price(
        usd_per_io=format(exact, "f"),
        time=price.publish_time,
        fault=fault,
        reason=reason,
        age=now - price.publish_time,
        max_age=limits.max_age,
    )


def auctions(moment: Moment, price: m.Price | None, why: str) -> m.Auctions:
    """The vaults that hold something or have an auction, with what they sell now.

    Args:
        moment: as of when.
        price: of IO, or None.
        why: why there is no price.
    """
    state = moment.state
    mints = [pda.mint.MINT, *sorted(state.currencies, key=bytes)]
    config = state.buyback
    vaults = []
    for mint in dict.fromkeys(mints):
        for shard in range(constants.buyback.FEE_SHARDS):
            vault, auction = pda.buyback.vault(mint, shard), pda.buyback.auction(mint, shard)
            held, record = state.fee_vaults.get(vault, 0), state.auctions.get(auction)
            if held or record is not None:
                vaults.append(_vault(moment, mint, shard, held, record))
    return m.Auctions(
        as_of=as_of(moment),
        start_bps=None if config is None else config.start_bps,
        end_bps=None if config is None else config.end_bps,
        period=None if config is None else config.period,
        price=price,
        price_why=why,
        vaults=vaults,
    )


def _vault(moment: Moment, mint: Pubkey, shard: int, held: int, it: r.Auction | None) -> m.FeeVault:
    its = unit(moment.state, mint)
    auction = pda.buyback.auction(mint, shard)
    return m.FeeVault(
        vault=str(pda.buyback.vault(mint, shard)),
        auction=None if it is None else str(auction),
        shard=shard,
        held=money(its.from_base(max(held, 0))),
        sold=money(its.from_base(0 if it is None else it.sold)),
        bought=of_io(0 if it is None else it.bought),
        sales=0 if it is None else it.sales,
        lot=None if it is None else _lot(moment, mint, it),
        events=None if it is None else events_at(about=auction, until=moment.time),
    )


def _lot(moment: Moment, mint: Pubkey, it: r.Auction) -> m.Lot | None:
    config = moment.state.buyback
    if config is None or config.period is None or not it.lot__left:
        return None
    lapses = it.lot__started_at + constants.buyback.LOT_PERIODS * config.period
    if moment.time > lapses:
        return None
    its = unit(moment.state, mint)
    return m.Lot(
        started_at=it.lot__started_at,
        ends_at=it.lot__started_at + config.period,
        lapses_at=lapses,
        size=money(its.from_base(it.lot__size)),
        left=money(its.from_base(it.lot__left)),
        minimum=money(its.from_base(it.lot__minimum)),
    )
