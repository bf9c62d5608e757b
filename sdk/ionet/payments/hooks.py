"""Messages of Stripe (webhooks): whether they are Stripe's, what they are about, and that each is taken once.

What they say besides is not believed: they may be old, doubled, or out of order. They only have the charge
read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import stripe

from ionet.payments.books import Books

#: Seconds by which a message may be late at its first delivery; Stripe signs it anew at each.
TOLERANCE: Final = 300
#: Bytes.
LARGEST: Final = 256 << 10

Verdict = Literal["taken", "repeated", "forged", "other"]


class Hooks:
    """Takes messages.

    Args:
        books: what they lead to.
        secret: of the endpoint, from Stripe.
        live: whether real money is moved.
        now: Unix seconds.
    """

    def __init__(self, books: Books, secret: str, *, live: bool, now: Callable[[], int]) -> None:
        self._books = books
        self._secret = secret
        self._live = live
        self._now = now
        #: How many of each kind there were.
        self.counts: dict[Verdict, int] = {"taken": 0, "repeated": 0, "forged": 0, "other": 0}

    def take(self, body: bytes, signature: str) -> Verdict:
        """Takes a message.

        Args:
            body: as it came.
            signature: the header `Stripe-Signature`.

        Returns:
            What it was; whatever is not `forged` is acknowledged, or it would come for days.
        """
        verdict = self._take(body, signature)
        self.counts[verdict] += 1
        return verdict

    def _take(self, body: bytes, signature: str) -> Verdict:
        try:
            event: Any = stripe.Webhook.construct_event(body, signature, self._secret, TOLERANCE)
            about = event.data.object
            if bool(event.livemode) is not self._live:
                return "other"
            name, kind = str(event.id), str(event.type)
            intent = _intent(about)
        except (stripe.SignatureVerificationError, ValueError, AttributeError, KeyError, TypeError):
            return "forged"
        if not intent:
            return "other"
        return "taken" if self._books.take(name, kind, intent, self._now()) else "repeated"


def _intent(about: Any) -> str:
    """The charge, or the payment, that a message is about; empty: none of ours."""
    if about.object == "payment_intent":
        return str(about.id)
    if about.object == "checkout.session":
        return str(getattr(about, "client_reference_id", None) or "")
    intent = getattr(about, "payment_intent", None)
    return "" if intent is None else str(intent if isinstance(intent, str) else intent.id)
