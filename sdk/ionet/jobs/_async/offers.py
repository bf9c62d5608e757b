"""Offers: made by suppliers, searched and priced by renters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet import accounts, constants, ix, pda, types
from ionet._generated.jobs.types import PayoutKind
from ionet._generated.staking.types import NodeState
from ionet.chain._async.call import AsyncCall, deferred
from ionet.chain.amounts import USD
from ionet.chain.errors import IonetError
from ionet.chain.records import KeyedAccount
from ionet.formats.when import DAY
from ionet.jobs._async.base import AsyncJobsBase
from ionet.jobs.listing import Listing, Wanted, listings
from ionet.jobs.quotes import SLIPPAGE_BPS, Quote, Quotes, check_bookable, quote, together

_NOBODY: Final = Pubkey.default()


class AsyncOffers(AsyncJobsBase):
    """For suppliers, and for renters before they book."""

    @deferred
    async def offer(
        self,
        node: Pubkey,
        *,
        rate: USD | None = None,
        currencies: Sequence[str | Pubkey] | None = None,
        min_seconds: int | None = None,
        max_seconds: int | None = None,
        payout_as_paid: bool | None = None,
        taking: bool | None = None,
    ) -> AsyncCall[Pubkey]:
        """Puts a node on the market, or changes its offer for new jobs; for its owner. Gives the offer.

        What is left out stays as it is, or is the default of a new offer.

        Args:
            node: which.
            rate: per processor and hour; a new offer needs one.
            currencies: names or mints that may be paid in, four at most; default: IO.
            min_seconds: shortest rental, an hour at least; default: an hour.
            max_seconds: longest rental, extensions included; default: 30 days.
            payout_as_paid: be paid in what the renter pays; default: in IO, bought in an auction where the
                renter pays in something else.
            taking: take bookings; default: yes.

        Raises:
            IonetError: a new offer without a rate, an unknown currency, or more than four.
        """
        address = pda.jobs.offer(node)
        (now,) = await self._connection.fetch_many(accounts.jobs.Offer, [address])
        if now is None and rate is None:
            raise IonetError(f"the node {node} has no offer yet: a new one needs a rate")
        mints = await self._mints(currencies) if currencies is not None else None
        if mints is None:
            mints = now.currencies if now else (pda.mint.MINT,)
        args = types.jobs.OfferArgs(
            rate=_or(rate, now and now.rate),
            min_seconds=_or(min_seconds, now.min_seconds if now else constants.jobs.FIRST_HOUR),
            max_seconds=_or(max_seconds, now.max_seconds if now else 30 * DAY),
            open=_or(taking, bool(now.open) if now else True),
            payout=PayoutKind(_or(payout_as_paid, now.payout if now else PayoutKind.IO)),
            currencies=(*mints, *[_NOBODY] * (constants.jobs.MAX_CURRENCIES - len(mints))),
        )
        owner = self._connection.address
        if now is None:
            instruction = ix.jobs.offer(owner=owner, node=node, args=args)
        else:
            instruction = ix.jobs.set_offer(owner=owner, node=node, args=args)
        return AsyncCall(self._connection, [instruction], decode=lambda _: address)

    async def _mints(self, names: Sequence[str | Pubkey]) -> tuple[Pubkey, ...]:
        found = [(await self.get_currency(one)).mint for one in names]
        mints = tuple(dict.fromkeys(found))
        if not 1 <= len(mints) <= constants.jobs.MAX_CURRENCIES:
            raise IonetError(
                f"an offer names 1 to {constants.jobs.MAX_CURRENCIES} currencies, not {len(mints)}"
            )
        return mints

    async def offers(self) -> list[KeyedAccount[accounts.jobs.Offer]]:
        """All offers."""
        return await self._connection.find(accounts.jobs.Offer)

    async def get_offer(self, node: Pubkey) -> accounts.jobs.Offer:
        """A node's offer, with its lease."""
        return await self._connection.fetch(accounts.jobs.Offer, pda.jobs.offer(node))

    async def search(
        self,
        *,
        class_: int | None = None,
        count: int | None = None,
        region: int | None = None,
        max_rate: USD | None = None,
        seconds: int | None = None,
        currency: str | Pubkey | None = None,
        min_memory_gib: int = 0,
        min_link_mbps: int = 0,
        min_units: int = 1,
        booked: bool = False,
    ) -> list[Listing]:
        """Nodes that can be booked now, the cheapest first.

        Asks for the offers and for the live nodes of the class and region, which the node filters, and joins
        them here. The order is by rate, and of equal rates by address, so that it is always the same.

        Args:
            class_: hardware class.
            count: so many at most; default: all.
            region: ISO 3166-1 numeric code.
            max_rate: per processor and hour.
            seconds: that can be booked for so long.
            currency: name or mint that can be paid in.
            min_memory_gib: memory, at least.
            min_link_mbps: speed of the link in Mbit/s, at least.
            min_units: processors, at least.
            booked: also those that are booked, with when they are free again, and those that nobody can book
                at present, with why.

        Raises:
            IonetError: an unknown currency.
        """
        mint = None if currency is None else (await self.get_currency(currency)).mint
        wanted = Wanted(
            mint=mint,
            max_rate=None if max_rate is None else max_rate.base,
            seconds=seconds,
            min_memory_gib=min_memory_gib,
            min_link_mbps=min_link_mbps,
            min_units=min_units,
            booked=booked,
        )
        fields = {"class_": class_, "region": region}
        chosen = {name: value for name, value in fields.items() if value is not None}
        nodes = await self._connection.find(accounts.staking.Node, state=int(NodeState.LIVE), **chosen)
        offers = await self._connection.find(accounts.jobs.Offer, open=1)
        classes = await self._classes({one.account.class_ for one in nodes})
        now = await self._connection.time()
        found = listings(nodes, offers, wanted, classes, await self.get_config(), now)
        return found if count is None else found[:count]

    # -- prices

    async def quote(
        self,
        node: Pubkey,
        seconds: int,
        *,
        currency: str | Pubkey = "IO",
        slippage_bps: int = SLIPPAGE_BPS,
    ) -> Quote:
        """What a rental costs now, with every fee of both sides.

        Args:
            node: which.
            seconds: how long.
            currency: what to pay in: name or mint.
            slippage_bps: how much dearer the booking may be than this quote, as the price moves.

        Raises:
            NotBookable: the program would not book it so; the message says why.
            PriceUnusable: the program would not take the price.
        """
        found = await self.quotes([node], seconds, currency=currency, slippage_bps=slippage_bps)
        return found.nodes[0]

    async def quotes(
        self,
        nodes: Sequence[Pubkey],
        seconds: int,
        *,
        currency: str | Pubkey = "IO",
        slippage_bps: int = SLIPPAGE_BPS,
    ) -> Quotes:
        """What several nodes cost now; see `quote`.

        Raises:
            NotBookable: the program would not book one of them so; the message says why.
            PriceUnusable: the program would not take the price.
        """
        terms, found, offers = await self._market(currency, nodes)
        quotes = []
        for address, node, offer in zip(nodes, found, offers, strict=True):
            check_bookable(address, node, offer, terms, seconds)
            assert node is not None
            assert offer is not None
            quotes.append(quote(address, node, offer, terms, seconds, slippage_bps=slippage_bps))
        return together(quotes, terms)


def _or(given: Any, otherwise: Any) -> Any:
    return otherwise if given is None else given
