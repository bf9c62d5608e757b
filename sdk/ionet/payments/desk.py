"""What customers ask for: prices, payments, receipts. Amounts come from quotes kept here, never from them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, cast
from urllib.parse import urlsplit

from ionet.chain.errors import IonetError
from ionet.payments.amounts import CENT, dollars
from ionet.payments.books import Books, QuoteGone, Stale
from ionet.payments.cashier import Cashier
from ionet.payments.chain import Chain, ChainDown, ChainRefused
from ionet.payments.limits import Limits, OverLimit
from ionet.payments.payment import CHARGED, ENDED, Payment, State
from ionet.payments.quoting import CardQuote, NotForCards, for_card
from ionet.payments.spent import Spent
from ionet.payments.tokens import Customer

#: Seconds for which a quote can be taken, and for which a card can be given afterwards.
QUOTED: Final = 900
PAYING: Final = 3_600
#: Payments of one customer that wait for a card at a time.
WAITING: Final = 5
_HASH: Final = 64


class Refused(IonetError):
    """What a customer asks for is not done; nothing has changed.

    Attributes:
        status: of HTTP.
        code: for programs.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Terms:
    """On which payments are taken.

    Attributes:
        limits: of payments.
        fee_bps: the operator's fee, of the charge, in ten thousandths.
        fee_fixed: the operator's fee for each charge, cents.
        origin: of the console's pages, such as `https://console.example`; Stripe's page leads back there.
        publishable: Stripe's key for browsers.
    """

    limits: Limits
    fee_bps: int
    fee_fixed: int
    origin: str
    publishable: str


class Desk:
    """Serves customers.

    Args:
        books: the books.
        chain: the chain's side.
        cashier: does the work.
        terms: on which payments are taken.
        now: Unix seconds.
    """

    def __init__(
        self, books: Books, chain: Chain, cashier: Cashier, terms: Terms, now: Callable[[], int]
    ) -> None:
        self._books = books
        self._chain = chain
        self._cashier = cashier
        self.terms = terms
        self.now = now

    def quote(self, customer: Customer, node: str, job: str, seconds: int) -> CardQuote:
        """The price of a node, or of more time for a job of the customer's.

        Raises:
            Refused: it cannot be booked, or not by card.
        """
        if job:
            self._own_job(customer, job)
        try:
            asked = self._chain.quote_extension(job, seconds) if job else self._chain.quote(node, seconds)
            terms = self.terms
            quote = for_card(
                asked,
                id_=secrets.token_urlsafe(16),
                customer=customer.name,
                now=self.now(),
                lasts=QUOTED,
                bps=terms.fee_bps,
                fixed=terms.fee_fixed,
                job=job,
            )
        except (ChainRefused, NotForCards) as bad:
            raise Refused(409, "not_bookable", str(bad)) from None
        except ChainDown:
            raise Refused(503, "chain_down", "the chain does not answer at present; try again") from None
        self._books.keep_quote(quote)
        return quote

    def _own_job(self, customer: Customer, job: str) -> None:
        # A booking that has failed names a job, too: whoever was faster has it.
        booked = (each for each in self._books.payments(job=job) if each.state in (State.BOOKED, *CHARGED))
        if not any(each.customer == customer.name for each in booked):
            raise Refused(404, "no_such_job", "no job of yours has this address, or none was paid by card")

    def open(self, customer: Customer, quote_id: str, manifest: str, way: str, back: str) -> Payment:
        """Begins to pay a quote; the payment that has begun, if it has.

        Args:
            customer: who pays.
            quote_id: of the quote.
            manifest: sha256 of what is to run, hexadecimal; empty for an extension.
            way: `checkout` or `intent`.
            back: for Stripe's page: where it leads back to.

        Raises:
            Refused: the quote is over, or a limit is reached.
        """
        try:
            quote = self._books.quote(quote_id, customer.name)
        except QuoteGone as bad:
            raise Refused(404, "no_such_quote", str(bad)) from None
        self._check(quote, manifest, way, back)
        now = self.now()
        payment = Payment(
            # No sign in it: `ionet payments forgive` takes it as an argument.
            id=secrets.token_hex(16),
            customer=customer.name,
            node=quote.node,
            job=quote.job,
            extends=bool(quote.job),
            seconds=quote.seconds,
            manifest=manifest,
            renter=customer.renter,
            deposit=quote.deposit,
            fee=quote.fee,
            total=quote.total,
            way=cast(Literal["intent", "checkout"], way),
            back=back,
            created=now,
            expires=now + PAYING,
        )
        try:
            has, _ = self._chain.balance()
            begun = self._books.open(payment, quote.id, lambda spent: self._admit(spent, quote, now, has))
        except (ChainDown, ChainRefused):
            raise Refused(503, "chain_down", "the chain does not answer at present; try again") from None
        except OverLimit as bad:
            raise Refused(429, "over_limit", str(bad)) from None
        if begun.manifest != manifest:
            raise Refused(409, "quote_used", "this quote is paid for another manifest; ask for a new one")
        if begun.state == State.OPENED:
            self._cashier.advance(begun.id)
        return self.payment(customer, begun.id)

    def _check(self, quote: CardQuote, manifest: str, way: str, back: str) -> None:
        if way not in ("checkout", "intent"):
            raise Refused(400, "bad_way", "way is checkout, or intent")
        wanted = 0 if quote.job else _HASH
        if len(manifest) != wanted or set(manifest) - set("0123456789abcdef"):
            said = (
                "an extension has no manifest"
                if quote.job
                else "manifest is a sha256 in 64 hexadecimal digits"
            )
            raise Refused(400, "bad_manifest", said)
        if way == "checkout":
            try:
                parts = urlsplit(back)
            except ValueError:
                parts = urlsplit("")
            # A page that leads elsewhere afterwards would lend this host's name to it.
            if f"{parts.scheme}://{parts.netloc}" != self.terms.origin or not back.isprintable():
                raise Refused(400, "bad_back", f"back is a page of {self.terms.origin}")

    def _admit(self, spent: Spent, quote: CardQuote, now: int, has: int) -> None:
        if now >= quote.expires:
            raise Refused(409, "quote_over", "this quote is over; ask for a new one")
        if spent.frozen(quote.customer):
            said = "a charge of yours is disputed, or was not paid; no more is sold to you by card"
            raise Refused(403, "frozen", said)
        if spent.waiting(quote.customer) >= WAITING:
            raise Refused(429, "too_many", f"{WAITING} payments of yours wait for a card; pay or cancel one")
        self.terms.limits.check(spent.cents, quote.total, quote.customer, now)
        if has < spent.promised() * CENT + quote.deposit:
            raise OverLimit("no more is sold by card at present; try again later, or pay in USDC")

    def payment(self, customer: Customer, id_: str) -> Payment:
        """A payment of the customer's.

        Raises:
            Refused: there is none; of others' it says the same.
        """
        found = self._books.payment(id_, customer.name)
        if found is None:
            raise Refused(404, "no_such_payment", "there is no such payment of yours")
        return found

    def payments(self, customer: Customer) -> list[Payment]:
        """The customer's payments, the latest first."""
        return self._books.payments(customer=customer.name)[::-1]

    def end(self, customer: Customer, id_: str) -> Payment:
        """Ends a payment: lets the card go if nothing is booked yet, else ends the job.

        Raises:
            Refused: there is none, or it is over.
        """
        payment = self.payment(customer, id_)
        if payment.state in ENDED:
            raise Refused(409, "over", f"this payment is {payment.state} already")
        try:
            self._cashier.give_up(payment)
        except Stale:
            raise Refused(
                409, "busy", "this payment has gone on meanwhile; look at it, and try again"
            ) from None
        self._cashier.advance(id_)
        return self.payment(customer, id_)

    def receipt(self, customer: Customer, id_: str) -> dict[str, Any]:
        """Where the money of a payment has gone, movement by movement."""
        payment = self.payment(customer, id_)
        moves = [
            {
                "at": entry.at,
                "from": entry.posting.giver.value,
                "to": entry.posting.taker.value,
                "amount": dollars(entry.posting.units),
                "why": entry.posting.why,
            }
            for entry in self._books.entries(id_)
        ]
        return {**told(payment), "movements": moves}


def told(payment: Payment) -> dict[str, Any]:
    """A payment for its customer: amounts in dollars, as texts."""
    purse = payment.purse
    charged = purse.card if payment.state in CHARGED else 0
    return {
        "id": payment.id,
        "state": payment.state.value,
        "problem": payment.problem or None,
        "node": payment.node,
        "job": (payment.job or None) if payment.extends or payment.purse.booked or charged else None,
        "seconds": payment.seconds,
        "extends": payment.extends,
        "renter": payment.renter,
        "created": payment.created,
        "expires": payment.expires,
        "way": payment.way,
        "client_secret": payment.secret if payment.way == "intent" and payment.secret else None,
        "url": payment.secret if payment.way == "checkout" and payment.secret else None,
        "total": dollars(payment.total * CENT),
        "charged": dollars(charged),
        "booked": dollars(purse.booked),
        "refunded": dollars(purse.refunded),
        "held": dollars(purse.held),
        "card_fee": dollars(purse.fee),
        "dispute": payment.dispute,
    }
