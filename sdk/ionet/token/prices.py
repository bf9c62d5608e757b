"""Which prices the programs accept, and what a token is worth: one rule for bookings and auctions.

The same as `io_common::pyth::check` and, for currencies, `Currency::amount_for` of the jobs program.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, Protocol

from ionet import constants
from ionet._generated.jobs.types import Pricing
from ionet.chain.amounts import BPS
from ionet.chain.errors import IonetError
from ionet.token.currency import symbol

if TYPE_CHECKING:
    from ionet import accounts
    from ionet.chain.layouts import PriceUpdate

#: A currency at par is refused below this price, USD.
_PAR: Final = Fraction(constants.jobs.PAR_PERCENT, 100)
#: Powers of ten that a price may be given in.
_EXPONENTS: Final = range(-12, 1)


class PriceUnusable(IonetError):
    """The program refuses a price now; the message says why.

    Attributes:
        reason: the name of the program's error.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Limits(Protocol):
    """Bounds of a price: `PriceLimits` of the program that reads it."""

    @property
    def max_age(self) -> int:
        """Oldest price, seconds."""

    @property
    def max_confidence_bps(self) -> int:
        """Widest interval, bps of the price."""

    @property
    def max_ema_distance_bps(self) -> int:
        """Farthest from the moving average, bps; 0 is no limit."""


def check_feed(price: PriceUpdate, feed_id: bytes, name: str) -> None:
    """Checks that a price account holds the price of a feed.

    Raises:
        PriceUnusable: it does not.
    """
    if price.feed_id != feed_id:
        raise PriceUnusable("WrongFeed", f"the price account of {name} holds the price of another feed")


def check_price(price: PriceUpdate, feed_id: bytes, limits: Limits, now: int, name: str) -> None:
    """Checks that a program accepts a price now: verified, of the right feed, fresh, certain and calm enough.

    Args:
        price: the price account.
        feed_id: of the right feed, 32 bytes.
        limits: the program's bounds.
        now: Unix seconds.
        name: of the currency, for messages.

    Raises:
        PriceUnusable: it does not.
    """
    age = now - price.publish_time
    if price.signatures is not None:
        raise PriceUnusable("PriceNotVerified", f"the price of {name} is not fully verified")
    check_feed(price, feed_id, name)
    if abs(age) > limits.max_age:
        text = f"is {age} s old" if age > 0 else f"is {-age} s ahead of the clock"
        raise PriceUnusable(
            "StalePrice",
            f"the price of {name} {text}; at most {limits.max_age} s are accepted: post a new one from Pyth,"
            " or try again when somebody has",
        )
    if price.price <= 0 or price.exponent not in _EXPONENTS:
        raise PriceUnusable(
            "UnusablePrice", f"the price account of {name} quotes {price.price}e{price.exponent}: unusable"
        )
    wide = Fraction(price.confidence * BPS, price.price)
    if wide > limits.max_confidence_bps:
        raise PriceUnusable(
            "UncertainPrice",
            f"the price of {name} is known to {_percent(wide)} only; at most"
            f" {_percent(limits.max_confidence_bps)} are accepted: try again when the market is calmer",
        )
    # A moving average that is not positive counts as infinitely far away.
    far = Fraction(abs(price.price - price.ema_price) * BPS, max(abs(price.ema_price), 1))
    if limits.max_ema_distance_bps and far > limits.max_ema_distance_bps:
        raise PriceUnusable(
            "VolatilePrice",
            f"the price of {name} is {_percent(far)} off its moving average; at most"
            f" {_percent(limits.max_ema_distance_bps)} are accepted: try again when the market is calmer",
        )


def check_currency(currency: accounts.jobs.Currency, price: PriceUpdate, limits: Limits, now: int) -> None:
    """Checks that a currency's price is accepted for a booking, an extension or a payment now.

    Raises:
        PriceUnusable: it is not.
    """
    name = symbol(currency)
    check_price(price, currency.feed_id, limits, now, name)
    if price.price <= price.confidence:
        raise PriceUnusable(
            "UnusablePrice",
            f"the price account of {name} quotes {price.price} ± {price.confidence}: unusable",
        )
    if at_par(currency) and dollars(price) < _PAR:
        raise PriceUnusable(
            "BelowPar", f"{name} is below 0.99 USD: no job is paid in it until it is worth a dollar again"
        )


def at_par(currency: accounts.jobs.Currency) -> bool:
    """Whether a token counts as a dollar."""
    return currency.pricing == Pricing.PAR


def dollars(price: PriceUpdate) -> Fraction:
    """Dollars for one token, in the middle of the interval."""
    return price.price * Fraction(10) ** price.exponent


def counts_for(currency: accounts.jobs.Currency, price: PriceUpdate) -> Fraction:
    """Value of a token that a renter pays, dollars: one at par, else the price less its confidence."""
    if at_par(currency):
        return Fraction(1)
    return (price.price - price.confidence) * Fraction(10) ** price.exponent


def _percent(bps: Fraction | int) -> str:
    return f"{float(bps) / 100:.4g} %"
