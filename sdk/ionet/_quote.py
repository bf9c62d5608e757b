"""What a rental costs, by the jobs program's own arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ionet._errors import IonetError

if TYPE_CHECKING:
    from ionet import accounts
    from ionet._layouts import PriceUpdate

_BPS: Final = 10_000
_USD_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True)
class Quote:
    """A rental's price and fees. USD in micro-dollars, everything else in base units of the currency.

    Attributes:
        usd: price in micro-dollars.
        seconds: length of the rental.
        price: what the work costs.
        booking_fee: the renter's booking fee, by itself rounded up.
        payment_fee: the rest of the renter's fee.
        fee: the renter's fee in all.
        deposit: price and fee.
        supplier_fee: what the supplier pays of a completed rental.
        supplier_net: what the supplier receives of it; where he is paid in another mint, before the exchange.
    """

    usd: int
    seconds: int
    price: int
    booking_fee: int
    payment_fee: int
    fee: int
    deposit: int
    supplier_fee: int
    supplier_net: int


def quote(
    offer: accounts.jobs.Offer,
    currency: accounts.jobs.Currency,
    payout: accounts.jobs.Currency,
    config: accounts.jobs.Config,
    price: PriceUpdate,
    units: int,
    seconds: int,
) -> Quote:
    """The quote of an offer in a currency.

    Args:
        offer: the supplier's.
        currency: what the renter pays in.
        payout: what the supplier is paid in.
        config: of the jobs program.
        price: of the renter's currency.
        units: processors of the node.
        seconds: how long.

    Raises:
        IonetError: the price account quotes nothing that can be used.
    """
    usd = _ceil(offer.rate * units * seconds, 3_600)
    return _priced(
        usd, seconds, currency, price, config.booking_bps, currency.payment_bps, payout.payment_bps
    )


def extension(
    job: accounts.jobs.Job, currency: accounts.jobs.Currency, price: PriceUpdate, seconds: int
) -> Quote:
    """The quote of more time for a job: at its own rate and fees, and today's price of its currency.

    Raises:
        IonetError: the price account quotes nothing that can be used.
    """
    usd = _ceil(job.rate * job.units * seconds, 3_600)
    fees = (job.booking_bps, job.renter_payment_bps, job.supplier_payment_bps)
    return _priced(usd, seconds, currency, price, *fees)


def _priced(
    usd: int,
    seconds: int,
    currency: accounts.jobs.Currency,
    price: PriceUpdate,
    booking_bps: int,
    renter_bps: int,
    supplier_bps: int,
) -> Quote:
    if currency.pricing == 1:
        tokens = _ceil(usd * 10**currency.decimals, 10**_USD_DECIMALS)
    else:
        low = price.price - price.confidence
        if low <= 0:
            raise IonetError(f"the price account quotes {price.price} ± {price.confidence}: nothing to use")
        shift = currency.decimals - _USD_DECIMALS - price.exponent
        tokens = _ceil(usd * 10**shift, low) if shift >= 0 else _ceil(usd, low * 10**-shift)
    fee = _ceil(tokens * (booking_bps + renter_bps), _BPS)
    booking = _ceil(tokens * booking_bps, _BPS)
    supplier_fee = _ceil(tokens * (booking_bps + supplier_bps), _BPS)
    return Quote(
        usd=usd,
        seconds=seconds,
        price=tokens,
        booking_fee=booking,
        payment_fee=fee - booking,
        fee=fee,
        deposit=tokens + fee,
        supplier_fee=supplier_fee,
        supplier_net=tokens - supplier_fee,
    )


def _ceil(over: int, under: int) -> int:
    return -(-over // under)
