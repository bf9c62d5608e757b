"""What an auction's lot costs, by the buyback program's own arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from ionet import constants
from ionet.chain.amounts import BPS, IO
from ionet.formats.when import DAY
from ionet.token.currency import symbol
from ionet.token.prices import PriceUnusable, check_price, dollars

if TYPE_CHECKING:
    from ionet import accounts, types
    from ionet.chain.layouts import PriceUpdate


@dataclass(frozen=True, slots=True)
class LotQuote:
    """What a lot offers at a moment; see docs/economics.md.

    Attributes:
        mint_decimals: decimals of the tokens for sale.
        left: tokens left in the lot, base units.
        available: how many of them can be bought now, base units; today's share of the vault may be less.
        minimum: the smallest sale, base units; the last one may be smaller.
        started_at: Unix seconds.
        lapses_at: the last second in which it can be bought, Unix seconds.
        usd_per_io: what an IO is bought for; 0 if there is a `fault`.
        fault: why the program accepts no price now, or None.
        usd_per_token: value of a token for sale: one dollar at par, else its price.
    """

    mint_decimals: int
    left: int
    available: int
    minimum: int
    started_at: int
    lapses_at: int
    usd_per_io: Fraction
    fault: PriceUnusable | None = None
    usd_per_token: Fraction = Fraction(1)

    def io_for(self, out: int) -> IO:
        """The IO that `out` base units cost, rounded up; raises `fault`."""
        self._check()
        worth = Fraction(out, 10**self.mint_decimals) * self.usd_per_token
        exact = worth / self.usd_per_io * 10**IO.DECIMALS
        return IO.from_base(-(-exact.numerator // exact.denominator))

    def out_for(self, io: IO) -> int:
        """Base units that an amount of IO buys, rounded down, at most what is available; raises `fault`."""
        self._check()
        worth = Fraction(io.base, 10**IO.DECIMALS) * self.usd_per_io
        return min(self.available, int(worth / self.usd_per_token * 10**self.mint_decimals))

    def _check(self) -> None:
        if self.fault is not None:
            raise self.fault


@dataclass(frozen=True, slots=True)
class FeeVault:
    """A fee vault and its auction at a moment.

    Attributes:
        shard: 0 to 7.
        held: base units in the vault.
        allowed: what it may still sell today, base units; 0 without an auction.
        auction: its auction, or None.
        lot: what is for sale now, or None.
    """

    shard: int
    held: int
    allowed: int
    auction: accounts.buyback.Auction | None
    lot: LotQuote | None


@dataclass(frozen=True, slots=True)
class SalePrices:
    """The prices of both sides of a sale.

    Attributes:
        config: the buyback's.
        price: of IO.
        currency: of the tokens for sale.
        currency_price: of the currency; None at par, where none is read.
    """

    config: accounts.buyback.Config
    price: PriceUpdate
    currency: accounts.jobs.Currency
    currency_price: PriceUpdate | None = None

    def fault(self, now: int) -> PriceUnusable | None:
        """Why the program does not accept one of the prices, or None."""
        limits = self.config.price_limits
        try:
            check_price(self.price, self.config.feed_id, limits, now, IO.SYMBOL)
            if self.currency_price is not None:
                name = symbol(self.currency)
                check_price(self.currency_price, self.currency.feed_id, limits, now, name)
        except PriceUnusable as unusable:
            return unusable
        return None

    @property
    def usd_per_token(self) -> Fraction:
        """Value of a token of the currency, dollars."""
        return Fraction(1) if self.currency_price is None else dollars(self.currency_price)


def quote(
    lot: types.buyback.Lot, prices: SalePrices, now: int, allowed: int | None = None
) -> LotQuote | None:
    """A lot's quote; None if nothing is for sale. If the program accepts no price now, `fault` says why.

    Args:
        lot: an auction's or a payout's.
        prices: of both sides, and the buyback's parameters.
        now: Unix seconds.
        allowed: what may be sold today, base units; None for no limit.
    """
    config = prices.config
    lapses_at = lot.started_at + constants.buyback.LOT_PERIODS * config.period
    if lot.left == 0 or now > lapses_at:
        return None
    fault = prices.fault(now)
    passed = Fraction(min(max(0, now - lot.started_at), config.period), config.period)
    distance = config.start_bps + (config.end_bps - config.start_bps) * passed
    return LotQuote(
        mint_decimals=lot.decimals,
        left=lot.left,
        available=lot.left if allowed is None else min(lot.left, allowed),
        minimum=lot.minimum,
        started_at=lot.started_at,
        lapses_at=lapses_at,
        usd_per_io=Fraction(0) if fault else dollars(prices.price) * (1 + Fraction(distance, BPS)),
        fault=fault,
        usd_per_token=Fraction(0) if fault else prices.usd_per_token,
    )


def allowance(auction: accounts.buyback.Auction, held: int, share_bps: int, now: int) -> int:
    """What a fee vault that holds `held` may still sell on the day of `now`, base units."""
    today = auction.day == now // DAY
    opening, sold = (auction.opening, auction.sold_today) if today else (held, 0)
    return max(0, opening * share_bps // BPS - sold)
