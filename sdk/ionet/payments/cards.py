"""The card's side: charges at Stripe. Its library, its wire, its errors; nothing of it is known elsewhere.

Everything here can be asked again: what makes something is looked for first, or has a key of its own by which
Stripe gives the same answer twice. Card numbers never come here: the customer's browser sends them to Stripe.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeVar

import stripe

from ionet.chain.errors import IonetError
from ionet.payments.events import IntentMade
from ionet.payments.payment import Payment

T = TypeVar("T")

#: Seconds for one request.
TIMEOUT: Final = 20
#: Seconds for which an authorisation is taken to hold where nobody says how long.
HOLDS: Final = 5 * 86_400
#: Disputes that are listed at a time.
_LISTED: Final = 100
_DECIDED: Final = {
    "won": "won",
    "lost": "lost",
    "warning_closed": "won",
    "prevented": "won",
}


class CardsDown(IonetError):
    """The card's side did not answer, or not in time: what has come of a request is unknown. Ask again."""


class KeyRefused(CardsDown):
    """Stripe does not take this host's key: nothing goes on before a person gives it another one."""


class CardRefused(IonetError):
    """The card's side has said no."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as the card's side has it.

    Attributes:
        standing: `waiting` for a card, `authorised`, `charged`, or `gone`.
        intent: its name; empty before the customer has opened Stripe's page.
        cents: authorised, or charged.
        card: the card's fingerprint.
        capture_by: until when the authorisation holds, Unix seconds.
        why: why it is gone.
    """

    standing: Literal["waiting", "authorised", "charged", "gone"]
    intent: str
    cents: int = 0
    card: str = ""
    capture_by: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a charge later.

    Attributes:
        lost: cents that banks have taken back by disputes.
        open: cents of disputes that are not decided.
        won: cents of those that were decided for the operator.
        refunded: cents that went back to the card by refunds that have not failed.
    """

    lost: int
    open: int
    won: int
    refunded: int


class Cards(Protocol):
    """What the cashier asks of the card's side."""

    def make(self, payment: Payment) -> IntentMade:
        """Makes the payment's charge, or gives the one that was made."""

    def read(self, payment: Payment) -> Charge:
        """The payment's charge as it stands."""

    def capture(self, payment: Payment, cents: int) -> Charge:
        """Charges the card, less than was authorised at most; the charge as it then stands."""

    def cancel(self, payment: Payment) -> Charge:
        """Ends the charge before it is captured; the charge as it then stands."""

    def refund(self, payment: Payment) -> int:
        """Sends the refund that is under way, once; gives its cents."""

    def later(self, payment: Payment) -> Taken:
        """Disputes and refunds of the charge."""

    def disputed(self) -> list[tuple[str, str]]:
        """The latest disputes: of each a name that is another once it stands otherwise, and its charge's."""


class StripeCards:
    """Charges at Stripe.

    Args:
        key: a secret or restricted key.
        url: of Stripe's API, for tests; None: Stripe's own.
        retries: how often the library asks again by itself, with the same key.
    """

    def __init__(self, key: str, url: str | None = None, *, retries: int = 2) -> None:
        more: dict[str, Any] = {} if url is None else {"base_addresses": {"api": url}}
        self._client = stripe.StripeClient(
            key, http_client=stripe.RequestsClient(timeout=TIMEOUT), max_network_retries=retries, **more
        )

    def make(self, payment: Payment) -> IntentMade:
        """See `Cards`."""
        if payment.way == "checkout":
            return self._session(payment)
        wanted: Any = {
            "amount": payment.total,
            "currency": "usd",
            "capture_method": "manual",
            "payment_method_types": ["card"],
            "description": _described(payment),
            "metadata": {"payment": payment.id},
        }
        options: Any = {"idempotency_key": f"{payment.id}/intent"}
        intent = _asked(lambda: self._client.v1.payment_intents.create(wanted, options))
        return IntentMade(intent.id, "", str(intent.client_secret))

    def _session(self, payment: Payment) -> IntentMade:
        item = {
            "quantity": 1,
            "price_data": {
                "currency": "usd",
                "unit_amount": payment.total,
                "product_data": {"name": _described(payment)},
            },
        }
        wanted: Any = {
            "mode": "payment",
            "payment_method_types": ["card"],
            "line_items": [item],
            "client_reference_id": payment.id,
            "payment_intent_data": {"capture_method": "manual", "metadata": {"payment": payment.id}},
            "metadata": {"payment": payment.id},
            "success_url": payment.back,
            "cancel_url": payment.back,
            "expires_at": payment.expires,
        }
        options: Any = {"idempotency_key": f"{payment.id}/session"}
        session = _asked(lambda: self._client.v1.checkout.sessions.create(wanted, options))
        return IntentMade("", session.id, str(session.url))

    def read(self, payment: Payment) -> Charge:
        """See `Cards`."""
        intent = payment.intent
        if not intent:
            session = _asked(lambda: self._client.v1.checkout.sessions.retrieve(payment.session))
            intent = _name(session.payment_intent)
            if not intent:
                gone = session.status == "expired"
                return Charge(
                    "gone" if gone else "waiting", "", why="the time to pay is over" if gone else ""
                )
        return self._charge(intent)

    def capture(self, payment: Payment, cents: int) -> Charge:
        """See `Cards`."""
        before = self._charge(payment.intent)
        if before.standing != "authorised":
            return before
        wanted: Any = {"amount_to_capture": cents}
        try:
            _asked(lambda: self._client.v1.payment_intents.capture(payment.intent, wanted))
        except CardRefused:
            # It says what is so now, whoever was faster.
            after = self._charge(payment.intent)
            if after.standing == "authorised":
                raise
            return after
        return self._charge(payment.intent)

    def cancel(self, payment: Payment) -> Charge:
        """See `Cards`."""
        charge = self.read(payment)
        if not charge.intent and charge.standing == "waiting":
            # It may be completed, or have expired, meanwhile.
            with suppress(CardRefused):
                _asked(lambda: self._client.v1.checkout.sessions.expire(payment.session))
            charge = self.read(payment)
        if charge.intent and charge.standing in ("waiting", "authorised"):
            name = charge.intent
            try:
                _asked(lambda: self._client.v1.payment_intents.cancel(name))
            except CardRefused:
                charge = self._charge(name)
                if charge.standing in ("waiting", "authorised"):
                    raise
            charge = self._charge(name)
        return charge

    def refund(self, payment: Payment) -> int:
        """See `Cards`."""
        number = str(payment.refunds)
        for each in self._refunds(payment.intent):
            if getattr(each.metadata, "refund", None) == number:
                if each.status in ("failed", "canceled"):
                    raise CardRefused(f"the card takes no refund: {_reason(each)}")
                return int(each.amount)
        wanted: Any = {
            "payment_intent": payment.intent,
            "amount": payment.refunding,
            "metadata": {"payment": payment.id, "refund": number},
        }
        options: Any = {"idempotency_key": f"{payment.id}/refund/{number}"}
        made = _asked(lambda: self._client.v1.refunds.create(wanted, options))
        if made.status in ("failed", "canceled"):
            raise CardRefused(f"the card takes no refund: {_reason(made)}")
        return int(made.amount)

    def later(self, payment: Payment) -> Taken:
        """See `Cards`."""
        wanted: Any = {"payment_intent": payment.intent, "limit": _LISTED}
        disputes = _asked(lambda: self._client.v1.disputes.list(wanted)).data
        live = [each for each in self._refunds(payment.intent) if each.status not in ("failed", "canceled")]
        refunded = sum(int(each.amount) for each in live)
        cents = {"lost": 0, "open": 0, "won": 0}
        for each in disputes:
            cents[_DECIDED.get(each.status, "open")] += int(each.amount)
        return Taken(**cents, refunded=refunded)

    def disputed(self) -> list[tuple[str, str]]:
        """See `Cards`."""
        wanted: Any = {"limit": _LISTED}
        listed = _asked(lambda: self._client.v1.disputes.list(wanted)).data
        return [
            (f"{each.id} {each.status}", _name(each.payment_intent)) for each in listed if each.payment_intent
        ]

    def _refunds(self, intent: str) -> list[Any]:
        wanted: Any = {"payment_intent": intent, "limit": _LISTED}
        return list(_asked(lambda: self._client.v1.refunds.list(wanted)).data)

    def _charge(self, name: str) -> Charge:
        wanted: Any = {"expand": ["latest_charge"]}
        intent = _asked(lambda: self._client.v1.payment_intents.retrieve(name, wanted))
        latest = intent.latest_charge
        # What Stripe need not say is no attribute where it does not.
        told = getattr(getattr(latest, "payment_method_details", None), "card", None)
        card = str(getattr(told, "fingerprint", None) or "")
        capture_by = int(getattr(told, "capture_before", None) or int(intent.created) + HOLDS)
        match intent.status:
            case "requires_capture":
                cents = int(getattr(intent, "amount_capturable", 0))
                return Charge("authorised", name, cents, card, capture_by)
            case "succeeded":
                return Charge("charged", name, int(getattr(intent, "amount_received", 0)), card, capture_by)
            case "canceled":
                reason = getattr(intent, "cancellation_reason", None) or "no reason given"
                return Charge("gone", name, 0, card, why=f"the card's side has ended the charge: {reason}")
            case _:
                return Charge("waiting", name)


def _described(payment: Payment) -> str:
    more = "more time on" if payment.extends else "time on"
    return f"{payment.seconds / 3_600:g} h {more} node {payment.node}"


def _reason(refund: Any) -> str:
    return str(getattr(refund, "failure_reason", None) or refund.status)


def _name(value: Any) -> str:
    """The name of an object that is given by its name or whole."""
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value.id)


def _asked(ask: Callable[[], T]) -> T:
    """What the card's side answers.

    Raises:
        CardsDown: no answer that decides anything.
        CardRefused: it says no.
    """
    try:
        return ask()
    except (stripe.CardError, stripe.InvalidRequestError) as bad:
        if bad.code in ("lock_timeout", "idempotency_key_in_use"):
            raise CardsDown(f"Stripe is busy with this charge: {bad.code}") from None
        raise CardRefused(bad.user_message or "Stripe refuses the request") from None
    except stripe.IdempotencyError as bad:
        raise CardRefused(f"Stripe knows another request by this name: {bad.user_message}") from None
    except (stripe.AuthenticationError, stripe.PermissionError) as bad:
        raise KeyRefused(f"Stripe does not take the key in stripe_key: {type(bad).__name__}") from None
    except stripe.StripeError as bad:
        raise CardsDown(f"Stripe does not answer: {type(bad).__name__}") from None
