"""Auctions and payouts of a market: what fills them, what sells to them, and what they hold.

Amounts are base units: 10^8 of IO, 10^6 of USDC.
"""

from __future__ import annotations

from typing import Any, Final

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import mint_to_checked
from spl.token.models import MintToCheckedParams
from tests.programs.market import IO_FEED, IO_MINT, Market, _build

from ionet import IO, Sent, accounts, events, ix, pda, price_feed, token_account, types
from ionet.administration.shards import vault_of

#: One dollar of USDC.
DOLLAR: Final = 10**6
#: More IO than any lot costs.
PLENTY: Final = IO(1_000_000).base


def params(pauser: Pubkey, **changes: Any) -> types.buyback.ParamsArgs:
    """The published defaults, with the market's price of IO."""
    usual: dict[str, Any] = {
        "pauser": pauser,
        "feed_id": IO_FEED,
        "price_account": price_feed(IO_FEED),
        "start_bps": -300,
        "end_bps": 200,
        "period": 3_600,
        "daily_share_bps": 2_000,
        "max_confidence_bps": 100,
        "max_ema_distance_bps": 500,
        "max_price_age": 60,
        "min_lot": 50 * DOLLAR,
    }
    return types.buyback.ParamsArgs(**usual | changes)


def set_params(market: Market, **changes: Any) -> Sent[None]:
    args = params(market.world.deployer, **changes)
    return market.send(ix.buyback.set_params(authority=market.world.deployer, params=args))


class Auctions:
    """A market whose fees in dollars are for sale, and a seller with IO.

    Args:
        market: with fee vaults and currencies.
        mint: what is sold; default: USDC. Another one gets its currency, at par, and its vault here.
    """

    def __init__(self, market: Market, mint: Pubkey | None = None) -> None:
        self.market, self.world = market, market.world
        self.mint = mint or market.usdc
        self.seller = market.carol
        if self.mint != market.usdc:
            args = market.currency_args(market.usdc)
            payer = self.world.deployer
            self.world.send(ix.jobs.create_currency(authority=payer, mint=self.mint, args=args))
            self.world.send(ix.buyback.open_vault(payer=payer, mint=self.mint, shard=0))
        set_params(market)
        self.world.send(
            ix.buyback.open_auction(payer=self.world.deployer, mint=self.mint, shard=0),
        )
        self.world.give_io(self.seller.pubkey(), IO.from_base(PLENTY))
        self.purse = self.wallet(self.seller)

    # -- money

    @property
    def vault(self) -> Pubkey:
        return pda.buyback.vault(self.mint, 0)

    @property
    def auction(self) -> Pubkey:
        return pda.buyback.auction(self.mint, 0)

    def wallet(self, owner: Keypair) -> Pubkey:
        """The owner's account of the mint, made if it is not there."""
        return self.world._wallet(owner.pubkey(), self.mint)

    def pay(self, destination: Pubkey, amount: int) -> None:
        """Makes so much of the mint come in."""
        given = MintToCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            mint=self.mint,
            dest=destination,
            mint_authority=self.world.deployer,
            amount=amount,
            decimals=self.world.client.token_mint(self.mint).decimals,
        )
        self.world.send(mint_to_checked(given))

    def held(self) -> int:
        """What the fee vault holds."""
        return self.world.balance(self.vault)

    def io(self, owner: Keypair | None = None) -> int:
        """What the seller, or somebody else, has of IO."""
        return self.market.purse(owner or self.seller)

    # -- the auction

    def state(self) -> accounts.buyback.Auction:
        return self.world.client.fetch(accounts.buyback.Auction, self.auction)

    def starting(self, *, fresh: bool = True, **given: Any) -> Instruction:
        """Starts a lot, at the market's price of IO as of now."""
        if fresh:
            self.market.set_price()
        usual = {"auction": self.auction, "vault": self.vault} | self.prices()
        return _build(ix.buyback.start_auction, usual, given)

    def prices(self) -> dict[str, Pubkey]:
        """The accounts that prices are read from, IO's and the currency's, and the currency."""
        currency = pda.jobs.currency(self.mint)
        account = self.world.client.fetch(accounts.jobs.Currency, currency).price_account
        return {"price": price_feed(IO_FEED), "currency": currency, "currency_price": account}

    def price_by_feed(self, **changes: Any) -> None:
        """What is sold counts for what its price account says, and no more for a dollar."""
        args = self.market.currency_args(self.market.usdc, pricing=0, **changes)
        currency = pda.jobs.currency(self.mint)
        self.market.send(ix.jobs.set_currency(authority=self.world.deployer, currency=currency, args=args))

    def offer(self, amount: int) -> None:
        """Puts `amount` into the vault, and starts its lot at the prices of now."""
        self.pay(self.vault, amount)
        self.world.send(self.starting())

    def selling(
        self, max_io: int = PLENTY, min_out: int = 0, *, by: Keypair | None = None, **given: Any
    ) -> Instruction:
        who = by or self.seller
        usual = {
            "seller": who.pubkey(),
            "auction": self.auction,
            **self.prices(),
            "source": token_account(who.pubkey(), IO_MINT),
            "vault": self.vault,
            "destination": token_account(who.pubkey(), self.mint),
            "args": types.buyback.SaleArgs(max_io=max_io, min_out=min_out),
        }
        return _build(ix.buyback.sell_io, usual, given)

    def sell(
        self, max_io: int = PLENTY, min_out: int = 0, *, fresh: bool = True, **given: Any
    ) -> events.buyback.IoSold:
        """Sells at the market's price as of now; checks that both currencies are conserved."""
        if fresh:
            self.market.set_price()
        who = given.get("by") or self.seller
        wallet = token_account(who.pubkey(), self.mint)
        before = self.io(who), self.world.balance(wallet), self.held(), self.world.supply
        burned = self.world.buyback_config.burned
        sent = self.market.send(self.selling(max_io, min_out, **given))
        event = sent.event(events.buyback.IoSold)
        after = self.io(who), self.world.balance(wallet), self.held(), self.world.supply
        changes = tuple(b - a for a, b in zip(before, after, strict=True))
        assert changes == (-event.io, event.out, -event.out, -event.io)
        assert (event.supply_before, event.supply_after) == (before[3], after[3])
        assert (event.vault_before, event.vault_after) == (before[2], after[2])
        assert event.burned_total == self.world.buyback_config.burned == burned + event.io
        return event

    # -- payouts

    def payout(self, job: Pubkey) -> accounts.buyback.Payout:
        return self.world.client.fetch(accounts.buyback.Payout, pda.buyback.payout(job))

    def payouts(self, name: str, about: Pubkey, /, *, fresh: bool = True, **given: Any) -> Instruction:
        """An instruction about a job's payout, at prices of now; `given` replaces what it usually has."""
        if fresh and name == "start_payout":
            self.market.set_price()
        usual: dict[str, Any] = {
            "payer": self.world.deployer,
            "rent_payer": self.world.deployer,
            "job": about,
            "mint": self.mint,
            "payout": pda.buyback.payout(about),
            "vault": pda.buyback.payout_vault(about),
            **self.prices(),
            "supplier": self.market.alice.key,
            "destination": token_account(self.market.alice.key, self.mint),
            "fee_vault": vault_of(about, self.mint),
        }
        return _build(getattr(ix.buyback, name), usual, given)

    def crediting(
        self, job: Pubkey, max_io: int = PLENTY, min_out: int = 0, *, by: Keypair | None = None, **given: Any
    ) -> Instruction:
        who = by or self.seller
        usual = {
            "seller": who.pubkey(),
            "payout": pda.buyback.payout(job),
            **self.prices(),
            "source": token_account(who.pubkey(), IO_MINT),
            "credit": token_account(self.market.alice.key, IO_MINT),
            "vault": pda.buyback.payout_vault(job),
            "destination": token_account(who.pubkey(), self.mint),
            "args": types.buyback.SaleArgs(max_io=max_io, min_out=min_out),
        }
        return _build(ix.buyback.sell_to_supplier, usual, given)

    def credit(self, job: Pubkey, max_io: int = PLENTY, **given: Any) -> events.buyback.IoCredited:
        """Sells IO to alice at the price as of now; checks that both currencies are conserved."""
        self.market.set_price()
        alice = self.market.alice.owner
        before = self.io(), self.io(alice), self.world.balance(self.purse), self.in_payout(job)
        supply = self.world.supply
        sent = self.market.send(self.crediting(job, max_io, **given))
        event = sent.event(events.buyback.IoCredited)
        after = self.io(), self.io(alice), self.world.balance(self.purse), self.in_payout(job)
        changes = tuple(b - a for a, b in zip(before, after, strict=True))
        assert changes == (-event.io, event.io, event.out, -event.out)
        assert (event.credit_before, event.credit_after) == (before[1], after[1])
        assert (event.vault_before, event.vault_after) == (before[3], after[3])
        assert self.world.supply == supply
        return event

    def in_payout(self, job: Pubkey) -> int:
        """What a job's payout holds."""
        return self.world.balance(pda.buyback.payout_vault(job))
