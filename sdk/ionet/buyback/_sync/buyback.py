# Generated from buyback/_async/buyback.py by scripts/codegen; do not edit.
"""The buyback program: fee vaults, and the auctions that buy IO and burn it."""

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

#: The least a seller accepts, in bps of the quote: the price may move until the sale lands.
_TOLERANCE: Final = 9_900


class _Priced(TypedDict):
    """The accounts that price a sale."""

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
        """Sets parameters; for the authority. Those not given stay as they are.

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
        """Burns the IO fees in these vaults, by default in all; for anyone. Gives the amount."""
        return Call(
            self._connection,
            [ix.buyback.burn_fees(shard=shard) for shard in shards or range(constants.buyback.FEE_SHARDS)],
            decode=_burned,
        )

    @deferred
    def start_auctions(self, mint: Pubkey, *shards: int) -> Call[None]:
        """Starts auctions of what these vaults, by default all, may still sell today; for anyone.

        Each needs an auction without a lot for sale, something to sell (see `vaults`), and fresh prices.
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
        """Sells IO, which is burned, for tokens of a fee vault's lot. Gives the event.

        Sells less if less is left. The tokens go to the signer's associated token account, which is created
        if it is missing.

        Args:
            mint: the tokens to buy.
            shard: of the vault.
            io: the most to sell.
            min_out: the least to receive, base units; default: 1 % below the quote.
            source: the token account that the IO comes from; default: the signer's associated one.

        Raises:
            LookupError: nothing is for sale.
            PriceUnusable: the program accepts no price now.
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
        """What a fee vault's lot costs now; None if nothing is for sale. `fault` says why none can be sold.

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
        """All fee vaults of a mint, with their lots for sale.

        Raises:
            AccountNotFound: a lot is for sale, and the price account is not set.
        """
        config, held = self.get_config(), self.fees(mint)
        now = self._connection.time()
        addresses = [pda.buyback.auction(mint, shard) for shard in range(constants.buyback.FEE_SHARDS)]
        auctions = self._connection.fetch_many(accounts.buyback.Auction, addresses)
        prices = None
        vaults = []
        for shard, auction in enumerate(auctions):
            allowed, lot = 0, None
            if auction is not None:
                allowed = allowance(auction, held[shard], config.daily_share_bps, now)
                if auction.lot.left:
                    prices = prices or self._prices(config, mint)
                    lot = quote(auction.lot, prices, now, allowed)
            vaults.append(FeeVault(shard, held[shard], allowed, auction, lot))
        return vaults

    def vault(self, shard: int, mint: Pubkey = pda.mint.MINT) -> Pubkey:
        """The fee vault of a mint and shard."""
        return pda.buyback.vault(mint, shard)

    def fees(self, mint: Pubkey = pda.mint.MINT) -> list[int]:
        """Base units in each fee vault of a mint."""
        return self._amounts(fee_vaults(mint))

    # -- payouts

    @deferred
    def open_payout(self, job: Pubkey) -> Call[Pubkey]:
        """Opens the vault that a job's supplier is paid into; for anyone, who pays its rent. Gives the vault.

        Only a job that is paid in another mint and owes its supplier IO has one.
        """
        mint = (self._connection.fetch(accounts.jobs.Job, job)).mint
        vault = pda.buyback.payout_vault(job)
        instruction = ix.buyback.open_payout(payer=self._connection.address, job=job, mint=mint)
        return Call(self._connection, [instruction], decode=lambda _: vault)

    @deferred
    def start_payout(self, job: Pubkey) -> Call[None]:
        """Starts the sale of all that a job's payout holds, at fresh prices; for anyone."""
        payout = self.get_payout(job)
        priced = self._priced(payout.mint)
        instruction = ix.buyback.start_payout(payout=pda.buyback.payout(job), vault=payout.vault, **priced)
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
        """Sells IO to a job's supplier for tokens of the job's payout. Gives the event.

        Missing associated token accounts are created, including the supplier's.

        Args:
            job: the job's address.
            io: the most to sell.
            min_out: the least to receive, base units; default: 1 % below the quote.
            source: the token account that the IO comes from; default: the signer's associated one.
            credit: an IO account of the supplier; default: the associated one.

        Raises:
            LookupError: nothing is for sale.
            PriceUnusable: the program accepts no price now.
        """
        payout, seller = self.get_payout(job), self._connection.address
        if min_out is None:
            min_out = _least(self.payout_quote(job), io, f"the payout of {job}")
        instruction = ix.buyback.sell_to_supplier(
            seller=seller,
            payout=pda.buyback.payout(job),
            **self._priced(payout.mint),
            source=source or token_account(seller, pda.mint.MINT),
            credit=credit or token_account(payout.supplier, pda.mint.MINT),
            vault=payout.vault,
            destination=token_account(seller, payout.mint),
            args=types.buyback.SaleArgs(max_io=io.base, min_out=min_out),
        )
        opening = [_wallet(seller, payout.mint)]
        if credit is None:
            opening.append(_wallet(seller, pda.mint.MINT, payout.supplier))
        return Call(self._connection, [*opening, instruction], decode=_credited)

    @deferred
    def withdraw_payout(self, job: Pubkey) -> Call[int]:
        """Pays out a job's payout in its own currency, less the currency's payment fee; for the supplier.

        Gives the amount, base units.
        """
        payout, supplier = self.get_payout(job), self._connection.address
        instruction = ix.buyback.withdraw_payout(
            supplier=supplier,
            payout=pda.buyback.payout(job),
            currency=pda.jobs.currency(payout.mint),
            vault=payout.vault,
            destination=token_account(supplier, payout.mint),
            fee_vault=vault_of(job, payout.mint),
        )
        return Call(self._connection, [_wallet(supplier, payout.mint), instruction], decode=_withdrawn)

    @deferred
    def close_payout(self, job: Pubkey) -> Call[None]:
        """Closes an empty payout of a closed job; for anyone. The rent goes back to its payer."""
        payout = self.get_payout(job)
        instruction = ix.buyback.close_payout(
            rent_payer=payout.rent_payer, job=job, payout=pda.buyback.payout(job), vault=payout.vault
        )
        return Call(self._connection, [instruction])

    def get_payout(self, job: Pubkey) -> accounts.buyback.Payout:
        """A job's payout."""
        return self._connection.fetch(accounts.buyback.Payout, pda.buyback.payout(job))

    def payouts(self, **fields: Pubkey) -> list[KeyedAccount[accounts.buyback.Payout]]:
        """Open payouts, by `supplier`, `mint` or `job`."""
        return self._connection.find(accounts.buyback.Payout, **fields)

    def payout_quote(self, job: Pubkey) -> LotQuote | None:
        """What a payout's lot costs now; None if nothing is for sale. `fault` says why nothing can be sold.

        Raises:
            AccountNotFound: the job has no payout, or the price account is not set.
        """
        payout, config = self.get_payout(job), self.get_config()
        now = max(self._connection.time(), payout.last_time)
        return quote(payout.lot, self._prices(config, payout.mint), now)

    # -- reads

    def get_config(self) -> accounts.buyback.Config:
        """The sums burned, parameters and roles."""
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

        infos = self._connection.accounts(addresses)
        return [0 if info is None else TokenAccount.decode(bytes(info.data)).amount for info in infos]


def _wallet(payer: Pubkey, mint: Pubkey, owner: Pubkey | None = None) -> Instruction:
    return create_idempotent_associated_token_account(payer, owner or payer, mint)


def _least(lot: LotQuote | None, io: IO, lot_name: str) -> int:
    if lot is None:
        raise LookupError(f"nothing is for sale in {lot_name}: start a lot")
    return lot.out_for(io) * _TOLERANCE // BPS


def _burned(sent: Sent[IO]) -> IO:
    burns = [event for event in sent.events if isinstance(event, events.buyback.FeesBurned)]
    return IO.from_base(sum(event.amount for event in burns))


def _sold(sent: Sent[Any]) -> events.buyback.IoSold:
    return sent.event(events.buyback.IoSold)


def _credited(sent: Sent[Any]) -> events.buyback.IoCredited:
    return sent.event(events.buyback.IoCredited)


def _withdrawn(sent: Sent[Any]) -> int:
    return sent.event(events.buyback.PayoutWithdrawn).amount
