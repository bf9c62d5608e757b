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
    from solders.account import Account as RawAccount

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
        """All currencies of the jobs program, enabled or not."""
        return [currency.account for currency in self._connection.find(accounts.jobs.Currency)]

    def get_currency(self, name: str | Pubkey) -> accounts.jobs.Currency:
        """A currency by its name (`IO`, `USDC`) or mint.

        Raises:
            IonetError: there is none, or several have the name.
        """
        return choose(str(name), self.currencies())

    def _market(
        self, name: str | Pubkey, nodes: Sequence[Pubkey]
    ) -> tuple[Terms, list[accounts.staking.Node | None], list[accounts.jobs.Offer | None]]:
        """The terms of prices in a currency, with nodes and their offers, in three requests or a few more."""
        currencies = self.currencies()
        currency = choose(str(name), currencies)
        offers = [pda.jobs.offer(node) for node in nodes]
        price = currency.price_account
        fixed = [pda.jobs.CONFIG, CLOCK, price, pda.proofs.ATTESTER_SET, pda.proofs.CONFIG]
        addresses = [*fixed, *nodes, *offers]
        infos = self._connection.accounts(addresses)
        config = decoded_or_none(accounts.jobs.Config, pda.jobs.CONFIG, infos[0])
        if config is None:
            raise AccountNotFound(pda.jobs.CONFIG, "configuration of the jobs program")
        begin = len(fixed)
        end = begin + len(nodes)
        node_accounts = [
            decoded_or_none(accounts.staking.Node, address, info)
            for address, info in zip(nodes, infos[begin:end], strict=True)
        ]
        terms = Terms(
            config=config,
            currency=currency,
            io=choose("IO", currencies),
            price=PriceUpdate.decode(bytes(owned(price, infos[2], "price account", PYTH_RECEIVER).data)),
            now=clock_time(infos[1]),
            currencies=tuple(currencies),
            seats=_taken(decoded_or_none(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET, infos[3])),
            head_end=_head_end(infos[4]),
            classes=self._classes({node.class_ for node in node_accounts if node is not None}),
        )
        return (
            terms,
            node_accounts,
            [
                decoded_or_none(accounts.jobs.Offer, address, info)
                for address, info in zip(offers, infos[end:], strict=True)
            ],
        )

    def _moment(self) -> tuple[int, int]:
        """The network's time, and the end of the hour of the report at the head; 0 if there is none."""
        clock, proofs = self._connection.accounts([CLOCK, pda.proofs.CONFIG])
        return clock_time(clock), _head_end(proofs)

    def _classes(self, numbers: Collection[int]) -> dict[int, accounts.staking.Class]:
        """Hardware classes by number."""
        ordered = sorted(numbers)
        classes = self._connection.fetch_many(
            accounts.staking.Class, [pda.staking.class_(number) for number in ordered]
        )
        return {number: class_ for number, class_ in zip(ordered, classes, strict=True) if class_ is not None}


def _head_end(info: RawAccount | None) -> int:
    """The end of the hour of the report at the head; 0 if there is none."""
    config = decoded_or_none(accounts.proofs.Config, pda.proofs.CONFIG, info)
    return 0 if config is None else config.head_period_end


def _taken(seats: accounts.proofs.AttesterSet | None) -> int:
    """How many seats have an attester: `AttesterSet::taken`."""
    return 0 if seats is None else sum(weight > 0 for weight in seats.weights)
