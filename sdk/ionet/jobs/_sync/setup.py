# Generated from jobs/_async/setup.py by scripts/codegen; do not edit.
"""Roles, parameters and currencies."""

from __future__ import annotations

from typing import Any, Unpack

from solders.pubkey import Pubkey

from ionet import accounts, ix, pda, types
from ionet.chain._sync.call import Call, deferred
from ionet.jobs._sync.base import JobsBase


class JobsSetup(JobsBase):
    """Calls of the program's authority."""

    def initialize(self, *, resolver: Pubkey) -> Call[None]:
        """Creates the configuration with the published defaults; for the program's upgrade authority."""
        return Call(
            self._connection, [ix.jobs.initialize(authority=self._connection.address, resolver=resolver)]
        )

    def set_params(self, **changes: Unpack[types.jobs.Params]) -> Call[None]:
        """Sets parameters; for the authority. Those not given stay as they are.

        Args:
            changes: see `ionet.types.jobs.ParamsArgs` for what each means.

        Raises:
            TypeError: there is no such parameter.
        """
        return self._set_params(**changes)

    def create_currency(
        self, mint: Pubkey, *, feed_id: bytes, price_account: Pubkey, at_par: bool, payment_bps: int
    ) -> Call[Pubkey]:
        """Lets jobs be paid in a mint; for the authority. Gives the currency's address.

        Args:
            mint: a mint of the classic token program.
            feed_id: Pyth's id of its USD feed, 32 bytes.
            price_account: the account that the feed is read from.
            at_par: whether a token counts as one dollar, unless the feed says less than 0.99.
            payment_bps: payment fee of the side that uses it, basis points.
        """
        args = types.jobs.CurrencyArgs(
            pricing=types.jobs.Pricing.PAR if at_par else types.jobs.Pricing.FEED,
            enabled=True,
            payment_bps=payment_bps,
            feed_id=feed_id,
            price_account=price_account,
        )
        address = pda.jobs.currency(mint)
        return Call(
            self._connection,
            [ix.jobs.create_currency(authority=self._connection.address, mint=mint, args=args)],
            decode=lambda _: address,
        )

    @deferred
    def set_currency(self, mint: Pubkey, **changes: Any) -> Call[None]:
        """Changes a currency for new jobs; for the authority. Fields not given stay as they are.

        Args:
            mint: the currency's mint.
            changes: fields of `types.jobs.CurrencyArgs`.

        Raises:
            TypeError: there is no such field.
        """
        address = pda.jobs.currency(mint)
        account = self._connection.fetch(accounts.jobs.Currency, address)
        current: dict[str, Any] = {
            "pricing": account.pricing,
            "enabled": bool(account.enabled),
            "payment_bps": account.payment_bps,
            "feed_id": account.feed_id,
            "price_account": account.price_account,
        }
        args = types.jobs.CurrencyArgs(**current | changes)
        return Call(
            self._connection,
            [ix.jobs.set_currency(authority=self._connection.address, currency=address, args=args)],
        )
