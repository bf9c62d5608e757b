# Generated from buyback/_async/buyback.py by scripts/codegen; do not edit.
"""The buyback program: where fees go, and how IO is bought and burned."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.instructions import create_idempotent_associated_token_account

from ionet import accounts, constants, events, ix, pda, types
from ionet.administration._sync.administration import Administration
from ionet.administration.shards import fee_vaults, vault_of
from ionet.buyback.auction import FeeVault, LotQuote, SalePrices, allowance, quote
from ionet.chain._sync.call import Call, deferred
from ionet.chain.amounts import BPS, IO
from ionet.chain.pda import token_account
from ionet.chain.transactions import Sent
from ionet.token.prices import at_par

if TYPE_CHECKING:
    from ionet.chain.records import KeyedAccount

#: What a seller is content with, in bps of what is quoted: the oracle may move until the sale lands.
_TOLERANCE: Final = 9_900


class _Priced(TypedDict):
    """The accounts that a sale is priced by."""

    price: Pubkey
    currency: Pubkey
    currency_price: Pubkey


class Buyback(Administration):
    """Calls and reads of the buyback program."""

    PROGRAM = "buyback"
    RENAMED = MappingProxyType({"payout": "get_payout", "config": "get_config"})

    # -- setting up

    def initialize(self) -> Call[None]:
        """Creates the configuration; for the program's upgrade authority."""
        return Call(self._connection, [ix.buyback.initialize(authority=self._connection.address)])

    def set_params(self, **changes: Unpack[types.buyback.Params]) -> Call[None]:
        """Sets parameters; for the authority. What is not given stays as it is.

        Args:
            changes: see `ionet.types.buyback.ParamsArgs` for what each means.

        Raises:
            TypeError: there is no such parameter.
        """
        return self._set_params(**changes)

    def open_vaults(self, mint: Pubkey = pda.mint.MINT) -> Call[None]:
        """Opens all fee vaults of a mint; for anyone, who pays their rent."""
        payer = self._connection.address
        return Call(
            self._connection,
            [
                ix.buyback.open_vault(payer=payer, mint=mint, shard=shard)
                for shard in range(constants.buyback.FEE_SHARDS)
            ],
        )

    def open_auctions(self, mint: Pubkey, *shards: int) -> Call[None]:
        """Opens the auctions of a mint's fee vaults, default of all; for anyone, who pays their rent.

        Args:
            mint: not IO.
            shards: those that are not open yet.
        """
        payer = self._connection.address
        return Call(
            self._connection,
            [
                ix.buyback.open_auction(payer=payer, mint=mint, shard=shard)
                for shard in shards or range(constants.buyback.FEE_SHARDS)
            ],
        )

    # -- fees

    def burn_fees(self, *shards: int) -> Call[IO]:
        """Burns the IO fees in these vaults, default in all; for anyone. Gives what was burned."""
        return Call(
            self._connection,
            [ix.buyback.burn_fees(shard=shard) for shard in shards or range(constants.buyback.FEE_SHARDS)],
            decode=_burned,
        )

    @deferred
    def start_auctions(self, mint: Pubkey, *shards: int) -> Call[None]:
        """Offers what these vaults, default all, may still sell today, at fresh prices; for anyone.

        Each needs an auction without a lot for sale, and something to sell: see `vaults`.
        """
        priced = self._priced(mint)
        return Call(
            self._connection,
            [
                ix.buyback.start_auction(
                    auction=pda.buyback.auction(mint, shard), vault=self.vault(shard, mint), **priced
                )
                for shard in shards or range(constants.buyback.FEE_SHARDS)
            ],
        )

    @deferred
    def sell_io(
        self,
        mint: Pubkey,
        shard: int,
        io: IO,
        *,
        min_out: int | None = None,
        source: Pubkey | None = None,
    ) -> Call[events.buyback.IoSold]:
        """Sells IO for what a fee vault's lot holds: it is burned. Gives the receipt.

        Less is taken where less is left. The dollars go to the signer's associated token account, which is
        made where it is missing.

        Args:
            mint: what is bought.
            shard: of the vault.
            io: the most to give.
            min_out: the least to receive, base units; default: 1 % below the quote.
            source: the token account that the IO comes from; default: the signer's associated one.

        Raises:
            LookupError: nothing is for sale.
            PriceUnusable: the program takes no price now.
        """
        seller = self._connection.address
        if min_out is None:
            min_out = _least(self.quote(mint, shard), io, f"shard {shard}")
        instruction = ix.buyback.sell_io(
            seller=seller,
            auction=pda.buyback.auction(mint, shard),
            **self._priced(mint),
            source=source or token_account(seller, pda.mint.MINT),
            vault=self.vault(shard, mint),
            destination=token_account(seller, mint),
            args=types.buyback.SaleArgs(max_io=io.base, min_out=min_out),
        )
        return Call(self._connection, [_wallet(seller, mint), instruction], decode=_sold)

    def quote(self, mint: Pubkey, shard: int) -> LotQuote | None:
        """What a fee vault's lot costs now; None where nothing is for sale. Its `fault` may say why not.

        Raises:
            AccountNotFound: the vault has no auction, or the price account is not set.
        """
        auction = self._connection.fetch(accounts.buyback.Auction, pda.buyback.auction(mint, shard))
        config = self.get_config()
        held = (self._connection.token_account(auction.vault)).amount
        now = max(self._connection.time(), auction.last_time, config.last_time)
        allowed = allowance(auction, held, config.daily_share_bps, now)
        return quote(auction.lot, self._prices(config, mint), now, allowed)

    def vaults(self, mint: Pubkey) -> list[FeeVault]:
        """All fee vaults of a mint with what is for sale of them.

        Raises:
            AccountNotFound: a lot is for sale, and the price account is not set.
        """
        config, held = self.get_config(), self.fees(mint)
        now = self._connection.time()
        addresses = [pda.buyback.auction(mint, shard) for shard in range(constants.buyback.FEE_SHARDS)]
        auctions = self._connection.fetch_many(accounts.buyback.Auction, addresses)
        prices = None
        found = []
        for shard, auction in enumerate(auctions):
            allowed, lot = 0, None
            if auction is not None:
                allowed = allowance(auction, held[shard], config.daily_share_bps, now)
                if auction.lot.left:
                    prices = prices or self._prices(config, mint)
                    lot = quote(auction.lot, prices, now, allowed)
            found.append(FeeVault(shard, held[shard], allowed, auction, lot))
        return found

    def vault(self, shard: int, mint: Pubkey = pda.mint.MINT) -> Pubkey:
        """The fee vault of a mint and shard."""
        return pda.buyback.vault(mint, shard)

    def fees(self, mint: Pubkey = pda.mint.MINT) -> list[int]:
        """Base units in each fee vault of a mint."""
        return self._amounts(fee_vaults(mint))

    # -- payouts

    @deferred
    def open_payout(self, job: Pubkey) -> Call[Pubkey]:
        """Opens the account that a job's part of its supplier is paid into; for anyone, who pays its rent.

        Only a job that is paid in another mint and owes its supplier IO has one. Gives its address.
        """
        mint = (self._connection.fetch(accounts.jobs.Job, job)).mint
        vault = pda.buyback.payout_vault(job)
        instruction = ix.buyback.open_payout(payer=self._connection.address, job=job, mint=mint)
        return Call(self._connection, [instruction], decode=lambda _: vault)

    @deferred
    def start_payout(self, job: Pubkey) -> Call[None]:
        """Offers all that a job's payout holds, at fresh prices; for anyone."""
        found = self.get_payout(job)
        priced = self._priced(found.mint)
        instruction = ix.buyback.start_payout(payout=pda.buyback.payout(job), vault=found.vault, **priced)
        return Call(self._connection, [instruction])

    @deferred
    def sell_to_supplier(
        self,
        job: Pubkey,
        io: IO,
        *,
        min_out: int | None = None,
        source: Pubkey | None = None,
        credit: Pubkey | None = None,
    ) -> Call[events.buyback.IoCredited]:
        """Sells IO for what a job's payout offers: the job's supplier gets it. Gives the receipt.

        Missing associated token accounts, the supplier's too, are made.

        Args:
            job: whose payout.
            io: the most to give.
            min_out: the least to receive, base units; default: 1 % below the quote.
            source: the token account that the IO comes from; default: the signer's associated one.
            credit: an account of the supplier's for IO; default: the associated one.

        Raises:
            LookupError: nothing is for sale.
            PriceUnusable: the program takes no price now.
        """
        found, seller = self.get_payout(job), self._connection.address
        if min_out is None:
            min_out = _least(self.payout_quote(job), io, f"the payout of {job}")
        instruction = ix.buyback.sell_to_supplier(
            seller=seller,
            payout=pda.buyback.payout(job),
            **self._priced(found.mint),
            source=source or token_account(seller, pda.mint.MINT),
            credit=credit or token_account(found.supplier, pda.mint.MINT),
            vault=found.vault,
            destination=token_account(seller, found.mint),
            args=types.buyback.SaleArgs(max_io=io.base, min_out=min_out),
        )
        made = [_wallet(seller, found.mint)]
        if credit is None:
            made.append(_wallet(seller, pda.mint.MINT, found.supplier))
        return Call(self._connection, [*made, instruction], decode=_credited)

    @deferred
    def withdraw_payout(self, job: Pubkey) -> Call[int]:
        """Pays what a job's payout holds as it is, less the currency's payment fee; for the supplier.

        Gives what was paid, base units.
        """
        found, supplier = self.get_payout(job), self._connection.address
        instruction = ix.buyback.withdraw_payout(
            supplier=supplier,
            payout=pda.buyback.payout(job),
            currency=pda.jobs.currency(found.mint),
            vault=found.vault,
            destination=token_account(supplier, found.mint),
            fee_vault=vault_of(job, found.mint),
        )
        return Call(self._connection, [_wallet(supplier, found.mint), instruction], decode=_withdrawn)

    @deferred
    def close_payout(self, job: Pubkey) -> Call[None]:
        """Closes an empty payout whose job is closed; the rent goes back to the one who paid it."""
        found = self.get_payout(job)
        instruction = ix.buyback.close_payout(
            rent_payer=found.rent_payer, job=job, payout=pda.buyback.payout(job), vault=found.vault
        )
        return Call(self._connection, [instruction])

    def get_payout(self, job: Pubkey) -> accounts.buyback.Payout:
        """A job's payout."""
        return self._connection.fetch(accounts.buyback.Payout, pda.buyback.payout(job))

    def payouts(self, **fields: Pubkey) -> list[KeyedAccount[accounts.buyback.Payout]]:
        """Open payouts, by `supplier`, `mint` or `job`."""
        return self._connection.find(accounts.buyback.Payout, **fields)

    def payout_quote(self, job: Pubkey) -> LotQuote | None:
        """What a payout's lot costs now; None where nothing is for sale. Its `fault` may say why not.

        Raises:
            AccountNotFound: the job has no payout, or the price account is not set.
        """
        found, config = self.get_payout(job), self.get_config()
        now = max(self._connection.time(), found.last_time)
        return quote(found.lot, self._prices(config, found.mint), now)

    # -- reads

    def get_config(self) -> accounts.buyback.Config:
        """What was burned, the parameters and the roles."""
        return self._connection.fetch(accounts.buyback.Config, pda.buyback.CONFIG)

    def _currency(self, mint: Pubkey) -> accounts.jobs.Currency:
        return self._connection.fetch(accounts.jobs.Currency, pda.jobs.currency(mint))

    def _priced(self, mint: Pubkey) -> _Priced:
        price = (self.get_config()).price_account
        currency_price = (self._currency(mint)).price_account
        return {"price": price, "currency": pda.jobs.currency(mint), "currency_price": currency_price}

    def _prices(self, config: accounts.buyback.Config, mint: Pubkey) -> SalePrices:
        currency = self._currency(mint)
        price = self._connection.price(config.price_account)
        by_feed = None if at_par(currency) else self._connection.price(currency.price_account)
        return SalePrices(config, price, currency, by_feed)

    def _amounts(self, addresses: Sequence[Pubkey]) -> list[int]:
        from ionet.chain.layouts import TokenAccount

        found = self._connection.accounts(addresses)
        return [0 if one is None else TokenAccount.decode(bytes(one.data)).amount for one in found]


def _wallet(payer: Pubkey, mint: Pubkey, owner: Pubkey | None = None) -> Instruction:
    return create_idempotent_associated_token_account(payer, owner or payer, mint)


def _least(found: LotQuote | None, io: IO, where: str) -> int:
    if found is None:
        raise LookupError(f"nothing is for sale in {where}: start a lot")
    return found.out_for(io) * _TOLERANCE // BPS


def _burned(sent: Sent[IO]) -> IO:
    found = [one for one in sent.events if isinstance(one, events.buyback.FeesBurned)]
    return IO.from_base(sum(one.amount for one in found))


def _sold(sent: Sent[Any]) -> events.buyback.IoSold:
    return sent.event(events.buyback.IoSold)


def _credited(sent: Sent[Any]) -> events.buyback.IoCredited:
    return sent.event(events.buyback.IoCredited)


def _withdrawn(sent: Sent[Any]) -> int:
    return sent.event(events.buyback.PayoutWithdrawn).amount
