"""The buyback program: fee vaults, and the auctions that buy IO and burn it."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.instructions import create_idempotent_associated_token_account

from ionet import accounts, constants, events, ix, pda, types
from ionet.administration._async.administration import AsyncAdministration
from ionet.administration.shards import fee_vaults, vault_of
from ionet.buyback.auction import FeeVault, LotQuote, SalePrices, allowance, quote
from ionet.chain._async.call import AsyncCall, deferred
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


class AsyncBuyback(AsyncAdministration):
    """Calls and reads of the buyback program."""

    PROGRAM = "buyback"
    RENAMED = MappingProxyType({"payout": "get_payout", "config": "get_config"})

    # -- setting up

    def initialize(self) -> AsyncCall[None]:
        """Creates the configuration; for the program's upgrade authority."""
        return AsyncCall(self._connection, [ix.buyback.initialize(authority=self._connection.address)])

    def set_params(self, **changes: Unpack[types.buyback.Params]) -> AsyncCall[None]:
        """Sets parameters; for the authority. Those not given stay as they are.

        Args:
            changes: see `ionet.types.buyback.ParamsArgs` for what each means.

        Raises:
            TypeError: there is no such parameter.
        """
        return self._set_params(**changes)

    def open_vaults(self, mint: Pubkey = pda.mint.MINT) -> AsyncCall[None]:
        """Opens all fee vaults of a mint; for anyone, who pays their rent."""
        payer = self._connection.address
        return AsyncCall(
            self._connection,
            [
                ix.buyback.open_vault(payer=payer, mint=mint, shard=shard)
                for shard in range(constants.buyback.FEE_SHARDS)
            ],
        )

    def open_auctions(self, mint: Pubkey, *shards: int) -> AsyncCall[None]:
        """Opens the auctions of a mint's fee vaults, default of all; for anyone, who pays their rent.

        Args:
            mint: not IO.
            shards: those that are not open yet.
        """
        payer = self._connection.address
        return AsyncCall(
            self._connection,
            [
                ix.buyback.open_auction(payer=payer, mint=mint, shard=shard)
                for shard in shards or range(constants.buyback.FEE_SHARDS)
            ],
        )

    # -- fees

    def burn_fees(self, *shards: int) -> AsyncCall[IO]:
        """Burns the IO fees in these vaults, by default in all; for anyone. Gives the amount."""
        return AsyncCall(
            self._connection,
            [ix.buyback.burn_fees(shard=shard) for shard in shards or range(constants.buyback.FEE_SHARDS)],
            decode=_burned,
        )

    @deferred
    async def start_auctions(self, mint: Pubkey, *shards: int) -> AsyncCall[None]:
        """Starts auctions of what these vaults, by default all, may still sell today; for anyone.

        Each needs an auction without a lot for sale, something to sell (see `vaults`), and fresh prices.
        """
        priced = await self._priced(mint)
        return AsyncCall(
            self._connection,
            [
                ix.buyback.start_auction(
                    auction=pda.buyback.auction(mint, shard), vault=self.vault(shard, mint), **priced
                )
                for shard in shards or range(constants.buyback.FEE_SHARDS)
            ],
        )

    @deferred
    async def sell_io(
        self,
        mint: Pubkey,
        shard: int,
        io: IO,
        *,
        min_out: int | None = None,
        source: Pubkey | None = None,
    ) -> AsyncCall[events.buyback.IoSold]:
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
            min_out = _least(await self.quote(mint, shard), io, f"shard {shard}")
        instruction = ix.buyback.sell_io(
            seller=seller,
            auction=pda.buyback.auction(mint, shard),
            **await self._priced(mint),
            source=source or token_account(seller, pda.mint.MINT),
            vault=self.vault(shard, mint),
            destination=token_account(seller, mint),
            args=types.buyback.SaleArgs(max_io=io.base, min_out=min_out),
        )
        return AsyncCall(self._connection, [_wallet(seller, mint), instruction], decode=_sold)

    async def quote(self, mint: Pubkey, shard: int) -> LotQuote | None:
        """What a fee vault's lot costs now; None if nothing is for sale. `fault` says why none can be sold.

        Raises:
            AccountNotFound: the vault has no auction, or the price account is not set.
        """
        auction = await self._connection.fetch(accounts.buyback.Auction, pda.buyback.auction(mint, shard))
        config = await self.get_config()
        held = (await self._connection.token_account(auction.vault)).amount
        now = max(await self._connection.time(), auction.last_time, config.last_time)
        allowed = allowance(auction, held, config.daily_share_bps, now)
        return quote(auction.lot, await self._prices(config, mint), now, allowed)

    async def vaults(self, mint: Pubkey) -> list[FeeVault]:
        """All fee vaults of a mint, with their lots for sale.

        Raises:
            AccountNotFound: a lot is for sale, and the price account is not set.
        """
        config, held = await self.get_config(), await self.fees(mint)
        now = await self._connection.time()
        addresses = [pda.buyback.auction(mint, shard) for shard in range(constants.buyback.FEE_SHARDS)]
        auctions = await self._connection.fetch_many(accounts.buyback.Auction, addresses)
        prices = None
        vaults = []
        for shard, auction in enumerate(auctions):
            allowed, lot = 0, None
            if auction is not None:
                allowed = allowance(auction, held[shard], config.daily_share_bps, now)
                if auction.lot.left:
                    prices = prices or await self._prices(config, mint)
                    lot = quote(auction.lot, prices, now, allowed)
            vaults.append(FeeVault(shard, held[shard], allowed, auction, lot))
        return vaults

    def vault(self, shard: int, mint: Pubkey = pda.mint.MINT) -> Pubkey:
        """The fee vault of a mint and shard."""
        return pda.buyback.vault(mint, shard)

    async def fees(self, mint: Pubkey = pda.mint.MINT) -> list[int]:
        """Base units in each fee vault of a mint."""
        return await self._amounts(fee_vaults(mint))

    # -- payouts

    @deferred
    async def open_payout(self, job: Pubkey) -> AsyncCall[Pubkey]:
        """Opens the vault that a job's supplier is paid into; for anyone, who pays its rent. Gives the vault.

        Only a job that is paid in another mint and owes its supplier IO has one.
        """
        mint = (await self._connection.fetch(accounts.jobs.Job, job)).mint
        vault = pda.buyback.payout_vault(job)
        instruction = ix.buyback.open_payout(payer=self._connection.address, job=job, mint=mint)
        return AsyncCall(self._connection, [instruction], decode=lambda _: vault)

    @deferred
    async def start_payout(self, job: Pubkey) -> AsyncCall[None]:
        """Starts the sale of all that a job's payout holds, at fresh prices; for anyone."""
        payout = await self.get_payout(job)
        priced = await self._priced(payout.mint)
        instruction = ix.buyback.start_payout(payout=pda.buyback.payout(job), vault=payout.vault, **priced)
        return AsyncCall(self._connection, [instruction])

    @deferred
    async def sell_to_supplier(
        self,
        job: Pubkey,
        io: IO,
        *,
        min_out: int | None = None,
        source: Pubkey | None = None,
        credit: Pubkey | None = None,
    ) -> AsyncCall[events.buyback.IoCredited]:
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
        payout, seller = await self.get_payout(job), self._connection.address
        if min_out is None:
            min_out = _least(await self.payout_quote(job), io, f"the payout of {job}")
        instruction = ix.buyback.sell_to_supplier(
            seller=seller,
            payout=pda.buyback.payout(job),
            **await self._priced(payout.mint),
            source=source or token_account(seller, pda.mint.MINT),
            credit=credit or token_account(payout.supplier, pda.mint.MINT),
            vault=payout.vault,
            destination=token_account(seller, payout.mint),
            args=types.buyback.SaleArgs(max_io=io.base, min_out=min_out),
        )
        opening = [_wallet(seller, payout.mint)]
        if credit is None:
            opening.append(_wallet(seller, pda.mint.MINT, payout.supplier))
        return AsyncCall(self._connection, [*opening, instruction], decode=_credited)

    @deferred
    async def withdraw_payout(self, job: Pubkey) -> AsyncCall[int]:
        """Pays out a job's payout in its own currency, less the currency's payment fee; for the supplier.

        Gives the amount, base units.
        """
        payout, supplier = await self.get_payout(job), self._connection.address
        instruction = ix.buyback.withdraw_payout(
            supplier=supplier,
            payout=pda.buyback.payout(job),
            currency=pda.jobs.currency(payout.mint),
            vault=payout.vault,
            destination=token_account(supplier, payout.mint),
            fee_vault=vault_of(job, payout.mint),
        )
        return AsyncCall(self._connection, [_wallet(supplier, payout.mint), instruction], decode=_withdrawn)

    @deferred
    async def close_payout(self, job: Pubkey) -> AsyncCall[None]:
        """Closes an empty payout of a closed job; for anyone. The rent goes back to its payer."""
        payout = await self.get_payout(job)
        instruction = ix.buyback.close_payout(
            rent_payer=payout.rent_payer, job=job, payout=pda.buyback.payout(job), vault=payout.vault
        )
        return AsyncCall(self._connection, [instruction])

    async def get_payout(self, job: Pubkey) -> accounts.buyback.Payout:
        """A job's payout."""
        return await self._connection.fetch(accounts.buyback.Payout, pda.buyback.payout(job))

    async def payouts(self, **fields: Pubkey) -> list[KeyedAccount[accounts.buyback.Payout]]:
        """Open payouts, by `supplier`, `mint` or `job`."""
        return await self._connection.find(accounts.buyback.Payout, **fields)

    async def payout_quote(self, job: Pubkey) -> LotQuote | None:
        """What a payout's lot costs now; None if nothing is for sale. `fault` says why nothing can be sold.

        Raises:
            AccountNotFound: the job has no payout, or the price account is not set.
        """
        payout, config = await self.get_payout(job), await self.get_config()
        now = max(await self._connection.time(), payout.last_time)
        return quote(payout.lot, await self._prices(config, payout.mint), now)

    # -- reads

    async def get_config(self) -> accounts.buyback.Config:
        """The sums burned, parameters and roles."""
        return await self._connection.fetch(accounts.buyback.Config, pda.buyback.CONFIG)

    async def _currency(self, mint: Pubkey) -> accounts.jobs.Currency:
        return await self._connection.fetch(accounts.jobs.Currency, pda.jobs.currency(mint))

    async def _priced(self, mint: Pubkey) -> _Priced:
        price = (await self.get_config()).price_account
        currency_price = (await self._currency(mint)).price_account
        return {"price": price, "currency": pda.jobs.currency(mint), "currency_price": currency_price}

    async def _prices(self, config: accounts.buyback.Config, mint: Pubkey) -> SalePrices:
        currency = await self._currency(mint)
        price = await self._connection.price(config.price_account)
        by_feed = None if at_par(currency) else await self._connection.price(currency.price_account)
        return SalePrices(config, price, currency, by_feed)

    async def _amounts(self, addresses: Sequence[Pubkey]) -> list[int]:
        from ionet.chain.layouts import TokenAccount

        infos = await self._connection.accounts(addresses)
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
