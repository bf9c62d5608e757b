# Generated from jobs/_async/base.py by scripts/codegen; do not edit.
"""What the parts of the jobs namespace share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from ionet import accounts, pda
from ionet.administration._sync.administration import Administration
from ionet.chain.errors import AccountNotFound
from ionet.chain.ids import CLOCK, PYTH_RECEIVER
from ionet.chain.layouts import PriceUpdate
from ionet.chain.records import clock_time, decoded_or_none, owned
from ionet.jobs.quotes import Terms
from ionet.token.currency import choose

if TYPE_CHECKING:
    from ionet.buyback._sync.buyback import Buyback
    from ionet.chain._sync.connection import Connection
    from ionet.chain.records import KeyedAccount


class JobsBase(Administration):
    """The connection, and the reads that every part needs."""

    PROGRAM = "jobs"
    RENAMED = MappingProxyType(
        {
            "get": "get_job",
            "find": "find_jobs",
            "currency": "get_currency",
            "cluster": "get_cluster",
            "config": "get_config",
        }
    )

    def __init__(self, connection: Connection, *, buyback: Buyback) -> None:
        super().__init__(connection)
        self._buyback = buyback

    def get_job(self, job: Pubkey) -> accounts.jobs.Job:
        """The job at an address."""
        return self._connection.fetch(accounts.jobs.Job, job)

    def find_jobs(self, **fields: Pubkey) -> list[KeyedAccount[accounts.jobs.Job]]:
        """Jobs that are not closed, by `renter`, `supplier`, `node`, `offer`, `mint` or `cluster`."""
        return self._connection.find(accounts.jobs.Job, **fields)

    def get_config(self) -> accounts.jobs.Config:
        """Fees, limits and roles."""
        return self._connection.fetch(accounts.jobs.Config, pda.jobs.CONFIG)

    def currencies(self) -> list[accounts.jobs.Currency]:
        """All currencies that jobs can be paid in, or could."""
        return [one.account for one in self._connection.find(accounts.jobs.Currency)]

    def get_currency(self, name: str | Pubkey) -> accounts.jobs.Currency:
        """A currency by its name (`IO`, `USDC`) or mint.

        Raises:
            IonetError: there is none, or several have the name.
        """
        return choose(str(name), self.currencies())

    def _market(
        self, name: str | Pubkey, nodes: Sequence[Pubkey]
    ) -> tuple[Terms, list[accounts.staking.Node | None], list[accounts.jobs.Offer | None]]:
        """What prices in a currency depend on, with nodes and their offers, in three requests or few more."""
        known = self.currencies()
        currency = choose(str(name), known)
        offers = [pda.jobs.offer(one) for one in nodes]
        price = currency.price_account
        wanted = [pda.jobs.CONFIG, CLOCK, price, pda.proofs.ATTESTER_SET, *nodes, *offers]
        read = self._connection.accounts(wanted)
        config = decoded_or_none(accounts.jobs.Config, pda.jobs.CONFIG, read[0])
        if config is None:
            raise AccountNotFound(pda.jobs.CONFIG, "configuration of the jobs program")
        end = 4 + len(nodes)
        found = [
            decoded_or_none(accounts.staking.Node, one, raw)
            for one, raw in zip(nodes, read[4:end], strict=True)
        ]
        terms = Terms(
            config=config,
            currency=currency,
            io=choose("IO", known),
            price=PriceUpdate.decode(bytes(owned(price, read[2], "price account", PYTH_RECEIVER).data)),
            now=clock_time(read[1]),
            currencies=tuple(known),
            seats=_taken(decoded_or_none(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET, read[3])),
            classes=self._classes({one.class_ for one in found if one is not None}),
        )
        return (
            terms,
            found,
            [
                decoded_or_none(accounts.jobs.Offer, one, raw)
                for one, raw in zip(offers, read[end:], strict=True)
            ],
        )

    def _classes(self, numbers: Collection[int]) -> dict[int, accounts.staking.Class]:
        """Hardware classes by number."""
        wanted = sorted(numbers)
        found = self._connection.fetch_many(
            accounts.staking.Class, [pda.staking.class_(one) for one in wanted]
        )
        return {one: class_ for one, class_ in zip(wanted, found, strict=True) if class_ is not None}


def _taken(seats: accounts.proofs.AttesterSet | None) -> int:
    """How many seats have an attester: `AttesterSet::taken`."""
    return 0 if seats is None else sum(weight > 0 for weight in seats.weights)
