"""What the parts of the jobs namespace share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from ionet import accounts, pda
from ionet.administration._async.administration import AsyncAdministration
from ionet.jobs.quotes import Terms
from ionet.token.currency import choose

if TYPE_CHECKING:
    from ionet.buyback._async.buyback import AsyncBuyback
    from ionet.chain._async.connection import AsyncConnection
    from ionet.chain.records import Found


class AsyncJobsBase(AsyncAdministration):
    """The connection, and the reads that every part needs."""

    PROGRAM = "jobs"

    def __init__(self, connection: AsyncConnection, *, buyback: AsyncBuyback) -> None:
        super().__init__(connection)
        self._buyback = buyback

    async def get(self, job: Pubkey) -> accounts.jobs.Job:
        """The job at an address."""
        return await self._connection.fetch(accounts.jobs.Job, job)

    async def find(self, **fields: Pubkey) -> list[Found[accounts.jobs.Job]]:
        """Jobs that are not closed, by `renter`, `supplier`, `node`, `offer`, `mint` or `cluster`."""
        return await self._connection.find(accounts.jobs.Job, **fields)

    async def config(self) -> accounts.jobs.Config:
        """Fees, limits and roles."""
        return await self._connection.fetch(accounts.jobs.Config, pda.jobs.CONFIG)

    async def currencies(self) -> list[accounts.jobs.Currency]:
        """All currencies that jobs can be paid in, or could."""
        return [one.account for one in await self._connection.find(accounts.jobs.Currency)]

    async def currency(self, name: str | Pubkey) -> accounts.jobs.Currency:
        """A currency by its name (`IO`, `USDC`) or mint.

        Raises:
            IonetError: there is none, or several have the name.
        """
        return choose(str(name), await self.currencies())

    async def _terms(self, name: str | Pubkey) -> Terms:
        """What prices in a currency depend on, as of now."""
        known = await self.currencies()
        currency = choose(str(name), known)
        return Terms(
            config=await self.config(),
            currency=currency,
            io=choose("IO", known),
            price=await self._connection.price(currency.price_account),
            now=await self._connection.time(),
            currencies=tuple(known),
        )
