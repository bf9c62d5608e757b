"""What is to be done for a payment next: pure functions."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from ionet.payments.events import Event, GivenUp, RefundBegun, Settled
from ionet.payments.payment import Payment, State

#: Seconds before an authorisation lapses in which nothing is booked on it any more.
MARGIN: Final = 24 * 3_600
#: Transactions that are made for one payment, each after the one before could no longer land.
ATTEMPTS: Final = 5


class Action(StrEnum):
    """What has to be asked of the card's or the chain's side next."""

    MAKE_INTENT = "make intent"
    READ_CARD = "read card"
    SIGN = "sign"
    DELIVER = "deliver"
    CAPTURE = "capture"
    CANCEL_CARD = "cancel card"
    STOP_JOB = "stop job"
    WATCH_JOB = "watch job"
    REFUND_CARD = "refund card"
    READ_DISPUTE = "read dispute"


def wanted(payment: Payment, now: int, *, frozen: bool) -> Action | Event | None:
    """What is next: something to be asked, an event that follows by itself, or nothing.

    Args:
        payment: as it stands.
        now: Unix seconds.
        frozen: whether the customer may not buy, as a charge of theirs, or of their card, is disputed or was
            not paid.
    """
    match payment.state:
        case State.OPENED | State.AWAITING | State.AUTHORISED:
            return _wanted_before(payment, now, frozen)
        case State.BOOKING:
            return Action.DELIVER
        case State.BOOKED:
            return Action.CAPTURE
        case State.CANCELLING:
            return Action.CANCEL_CARD
        case State.RUNNING | State.UNPAID:
            return _wanted_after(payment)
        case State.SETTLED | State.CANCELLED:
            return Action.READ_DISPUTE if payment.dispute == "open" else None


def _wanted_before(payment: Payment, now: int, frozen: bool) -> Action | Event:
    if frozen:
        return GivenUp("a charge of this customer or card is disputed, or was not paid")
    if payment.state == State.OPENED:
        return Action.MAKE_INTENT
    if payment.state == State.AWAITING:
        return Action.READ_CARD
    if payment.stopping:
        return GivenUp("cancelled")
    if payment.attempt >= ATTEMPTS:
        return GivenUp(f"the chain has taken none of {ATTEMPTS} transactions")
    if now > payment.capture_by - MARGIN:
        return GivenUp("the card's authorisation does not hold long enough any more")
    return Action.SIGN


def _wanted_after(payment: Payment) -> Action | Event:
    if payment.refunding:
        return Action.REFUND_CARD
    if cents := payment.refundable:
        return RefundBegun(cents)
    if not payment.over:
        return Action.STOP_JOB if payment.stopping else Action.WATCH_JOB
    if payment.dispute == "open":
        return Action.READ_DISPUTE
    return Settled()
