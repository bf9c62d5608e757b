"""What the parts of the jobs namespace share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from ionet import accounts, pda
from ionet._currency import choose
from ionet._quote import Terms

if TYPE_CHECKING:
    from ionet._async.client import AsyncClient
    from ionet._records import Found


class AsyncJobsBase:
    """The client, and the reads that every part needs."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def get(self, job: Pubkey) -> accounts.jobs.Job:
        """The job at an address."""
        return await self._client.fetch(accounts.jobs.Job, job)

    async def find(self, **fields: Pubkey) -> list[Found[accounts.jobs.Job]]:
        """Jobs that are not closed, by `renter`, `supplier`, `node`, `offer`, `mint` or `cluster`."""
        return await self._client.find(accounts.jobs.Job, **fields)

    async def config(self) -> accounts.jobs.Config:
        """Fees, limits and roles."""
        return await self._client.fetch(accounts.jobs.Config, pda.jobs.CONFIG)

    async def currencies(self) -> list[accounts.jobs.Currency]:
        """All currencies that jobs can be paid in, or could."""
        return [one.account for one in await self._client.find(accounts.jobs.Currency)]

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
            price=await self._client.price(currency.price_account),
            now=await self._client.time(),
            currencies=tuple(known),
        )
