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
    """Calls of suppliers, and reads of renters before they book."""

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

        What is None stays as it is; in a new offer, it takes its default.

        Args:
            node: the node's address.
            rate: per processor and hour; a new offer needs one.
            currencies: names or mints that renters may pay in, four at most; default: IO.
            min_seconds: shortest rental, at least an hour; default: an hour.
            max_seconds: longest rental, including extensions; default: 30 days.
            payout_as_paid: be paid in what the renter pays; default: in IO, bought in an auction if the
                renter pays in something else.
            taking: take bookings; default: yes.

        Raises:
            IonetError: a new offer without a rate, an unknown currency, or more than four.
        """
        address = pda.jobs.offer(node)
        (current,) = await self._connection.fetch_many(accounts.jobs.Offer, [address])
        if current is None and rate is None:
            raise IonetError(f"the node {node} has no offer yet: a new one needs a rate")
        mints = await self._mints(currencies) if currencies is not None else None
        if mints is None:
            mints = current.currencies if current else (pda.mint.MINT,)
        args = types.jobs.OfferArgs(
            rate=_or(rate, current and current.rate),
            min_seconds=_or(min_seconds, current.min_seconds if current else constants.jobs.FIRST_HOUR),
            max_seconds=_or(max_seconds, current.max_seconds if current else 30 * DAY),
            open=_or(taking, bool(current.open) if current else True),
            payout=PayoutKind(_or(payout_as_paid, current.payout if current else PayoutKind.IO)),
            currencies=(*mints, *[_NOBODY] * (constants.jobs.MAX_CURRENCIES - len(mints))),
        )
        owner = self._connection.address
        if current is None:
            instruction = ix.jobs.offer(owner=owner, node=node, args=args)
        else:
            instruction = ix.jobs.set_offer(owner=owner, node=node, args=args)
        return AsyncCall(self._connection, [instruction], decode=lambda _: address)

    async def _mints(self, names: Sequence[str | Pubkey]) -> tuple[Pubkey, ...]:
        named = [(await self.get_currency(name)).mint for name in names]
        mints = tuple(dict.fromkeys(named))
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

        Reads the open offers and the live nodes of the class and region, and joins them. Ordered by rate,
        then by address, so that the order is always the same.

        Args:
            class_: only this hardware class.
            count: how many at most; default: all.
            region: only this region, ISO 3166-1 numeric code.
            max_rate: highest rate per processor and hour.
            seconds: a length for which the node can be rented.
            currency: name or mint that the node can be paid in.
            min_memory_gib: least memory, GiB.
            min_link_mbps: least speed of the link, Mbit/s.
            min_units: least number of processors.
            booked: also nodes that are booked, with when they are free again, and those that cannot be booked
                at present, with the reason.

        Raises:
            IonetError: an unknown currency.
        """
        mint = None if currency is None else (await self.get_currency(currency)).mint
        criteria = Wanted(
            mint=mint,
            max_rate=None if max_rate is None else max_rate.base,
            seconds=seconds,
            min_memory_gib=min_memory_gib,
            min_link_mbps=min_link_mbps,
            min_units=min_units,
            booked=booked,
        )
        fields = {"class_": class_, "region": region}
        filters = {name: value for name, value in fields.items() if value is not None}
        nodes = await self._connection.find(accounts.staking.Node, state=int(NodeState.LIVE), **filters)
        offers = await self._connection.find(accounts.jobs.Offer, open=1)
        classes = await self._classes({node.account.class_ for node in nodes})
        now, head_end = await self._moment()
        matches = listings(nodes, offers, criteria, classes, await self.get_config(), head_end, now)
        return matches if count is None else matches[:count]

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
            node: the node's address.
            seconds: length of the rental.
            currency: what to pay in: name or mint.
            slippage_bps: how much more the booking may cost than this quote if the price moves, basis points.

        Raises:
            NotBookable: the program would refuse the booking; the message says why.
            PriceUnusable: the program would not accept the price.
        """
        quotes = await self.quotes([node], seconds, currency=currency, slippage_bps=slippage_bps)
        return quotes.nodes[0]

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
            NotBookable: the program would refuse one of the bookings; the message says why.
            PriceUnusable: the program would not accept the price.
        """
        terms, node_accounts, offers = await self._market(currency, nodes)
        quotes = []
        for address, node, offer in zip(nodes, node_accounts, offers, strict=True):
            check_bookable(address, node, offer, terms, seconds)
            assert node is not None
            assert offer is not None
            quotes.append(quote(address, node, offer, terms, seconds, slippage_bps=slippage_bps))
        return together(quotes, terms)


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value
