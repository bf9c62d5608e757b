"""Cents of a card and base units of USDC.

A cent is 10,000 base units, exactly, as USDC counts one dollar. Whatever is charged is rounded up to a cent,
whatever goes back to the card is rounded down to one: what lies between is held, and shown. So rounding makes
no money, for nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ionet.chain.amounts import BPS

#: Base units of USDC in a cent.
CENT: Final = 10_000
#: Base units in a dollar.
DOLLAR: Final = 100 * CENT
#: The least that Stripe charges in dollars, and the most: eight digits of cents.
LEAST: Final = 50
MOST: Final = 99_999_999


def charged(units: int) -> int:
    """Cents that a card is charged for base units: rounded up."""
    return -(-units // CENT)


def payable(units: int) -> int:
    """Cents that can go back to a card of base units that are held: rounded down."""
    return units // CENT


def card_fee(cents: int, bps: int, fixed: int) -> int:
    """The operator's fee for a charge of so many cents, in cents: rounded up.

    Args:
        cents: without the fee.
        bps: of them, in ten thousandths.
        fixed: cents for each charge.
    """
    return -(-cents * bps // BPS) + fixed


def shares(returned: int, booked: Sequence[int]) -> list[int]:
    """Divides what a job has given back among the payments for it, the latest first.

    Time that was not used is the last that was bought. More than all of them have booked is nobody's: it is a
    gift to the wallet.

    Args:
        returned: base units so far.
        booked: what each payment has put into the escrow, in the order in which they were made.

    Returns:
        What each of them gets in all, in the same order.
    """
    got = []
    for part in reversed(booked):
        share = min(returned, part)
        got.append(share)
        returned -= share
    return got[::-1]


def dollars(units: int) -> str:
    """Base units as a decimal text, with two decimals at least: `5.12`, `0.007500`."""
    sign, whole = "-" if units < 0 else "", abs(units)
    rest = whole % DOLLAR
    decimals = f"{rest // CENT:02d}" if rest % CENT == 0 else f"{rest:06d}"
    return f"{sign}{whole // DOLLAR}.{decimals}"
