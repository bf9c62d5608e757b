"""Paying by card: from a plan to a price, a payment, and a job whose node gets its files.

The payments host books for the same access key as a wallet would: the job is the visitor's like any other.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.console._access import Access
from ionet.console._card_book import KeptCard
from ionet.console._kept import Kept, KeptDelivery
from ionet.console._planning import Plan, Plans
from ionet.console._uploads import Uploads
from ionet.console._visitor import Visitor
from ionet.explorer._market import Absent
from ionet.explorer._values import BadQuestion
from ionet.payments.client import Paid, PaymentRefused, PaymentsClient, PaymentsDown, Priced
from ionet.payments.payment import State
from ionet.payments.tokens import Customer

_log = logging.getLogger(__name__)
#: Seconds between two looks at a payment whose job is waited for, and for which it is: as for uploads.
_LOOK: Final = 2.0
_PATIENCE: Final = 86_400
#: Seconds in which a card is given, and a node booked, after a price was asked for.
_PAYING: Final = 2 * 3_600
#: How often a payment that is just going on is told to end once more, and seconds between.
_TRIES: Final = 5
_AGAIN: Final = 0.3
_NONE: Final = "you have no such payment"


class Declined(Exception):
    """The payments host says no, and has changed nothing; the text says why."""


class NoCards(Exception):
    """Cards cannot be used at present; the text says why."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment.

    Attributes:
        kept: what the console knows of it.
        paid: where it stands.
    """

    kept: KeptCard
    paid: Paid


class Cards:
    """Payments by card of all wallets.

    Args:
        host: the payments host.
        kept: remembers prices and payments.
        plans: what is to be booked; it delivers.
        uploads: files of packages.
        access: the keys as which jobs are booked.
        origin: of the console's pages: there Stripe's page leads back to.
        checkout: the host of the pages where cards are given.
        clock: Unix seconds.
    """

    def __init__(
        self,
        host: PaymentsClient,
        kept: Kept,
        plans: Plans,
        uploads: Uploads,
        access: Access,
        origin: str,
        checkout: str,
        clock: Callable[[], float],
    ) -> None:
        self._host, self._kept, self._plans, self._uploads = host, kept, plans, uploads
        self._access, self._origin, self._checkout, self._clock = access, origin, checkout, clock
        self._following: dict[str, asyncio.Task[None]] = {}

    async def close(self) -> None:
        """Ends; what is being followed is taken up again by `resume`."""
        tasks = list(self._following.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._host.close()

    def resume(self) -> None:
        """Goes on with payments whose jobs an earlier process has waited for."""
        for card in self._kept.cards.under_way(int(self._clock()) - _PATIENCE):
            self._follow(card)

    # -- prices

    async def price(self, visitor: Visitor, plan: Plan) -> tuple[KeptCard, Priced]:
        """What a plan costs by card.

        Raises:
            BadQuestion: it is being paid, or was booked, or its files are forgotten too soon.
            Declined: the payments host says no.
            NoCards: it does not answer.
        """
        await self._check_free(visitor, plan)
        if self._uploads.until(plan.package) < self._clock() + _PAYING:
            raise BadQuestion("these files are forgotten before a card has paid: upload them anew")
        quote = plan.offered.quotes.nodes[0]
        with _told():
            priced = await self._host.quote(self._customer(visitor), quote.seconds, node=str(quote.node))
        _check_price(priced, str(quote.node), None, quote.seconds)
        card = self._card(
            visitor,
            priced,
            plan=plan.id,
            package=plan.package,
            argv=plan.launch.argv,
            manifest=plan.offered.manifest.to_bytes(),
            title=plan.title,
        )
        return card, priced

    async def price_of_more(
        self, visitor: Visitor, job: Pubkey, node: Pubkey, seconds: int
    ) -> tuple[KeptCard, Priced]:
        """What more time of a job costs by card.

        Raises:
            BadQuestion: the job was not paid by card.
            Declined, NoCards: see `price`.
        """
        booked = self._kept.cards.that_booked(str(job), visitor.wallet)
        if booked is None:
            raise BadQuestion("this job was not paid by card: its wallet extends it")
        with _told():
            priced = await self._host.quote(self._customer(visitor), seconds, job=str(job))
        _check_price(priced, str(node), str(job), seconds)
        return self._card(visitor, priced, extends=True, title=booked.title), priced

    def _card(self, visitor: Visitor, priced: Priced, **more: Any) -> KeptCard:
        usual: dict[str, Any] = {"extends": False, "plan": "", "package": "", "argv": (), "manifest": b""}
        card = KeptCard(
            id=secrets.token_hex(16),
            owner=visitor.wallet,
            quote=priced.id,
            total=priced.total,
            node=priced.node,
            job=priced.job or "",
            made=int(self._clock()),
            **usual | more,
        )
        self._kept.cards.add(card)
        return card

    async def _check_free(self, visitor: Visitor, plan: Plan) -> None:
        if (other := self._kept.cards.for_plan(plan.id)) is not None:
            raise BadQuestion(f"payment {other.id} is for this plan already: end it, or make a new plan")
        if await self._plans.has_landed(plan, visitor):
            raise BadQuestion("this plan was booked by the wallet already: make a new one")

    # -- payments

    async def pay(self, visitor: Visitor, name: str) -> Payment:
        """Begins to pay a price; the payment that has begun, if it has.

        Raises:
            Absent: there is no such price.
            BadQuestion: its plan is being paid already, or was booked.
            Declined: the payments host says no.
            NoCards: it does not answer.
        """
        card = self._kept.cards.get(name, visitor.wallet)
        if card is None:
            raise Absent("you have no such price, or no longer: ask for a new one")
        if not card.begun:
            if (plan := self._plans.find(card.plan, visitor.wallet)) is not None:
                await self._check_free(visitor, plan)
            # Written before it is asked for: whatever becomes of the answer, it is the same payment.
            if not self._kept.cards.begin(name, int(self._clock())) and not self._now(card).begun:
                raise BadQuestion("this plan is paid by another payment already: make a new plan")
            card = self._now(card)
        try:
            with _told():
                paid = await self._read(card)
        finally:
            if not card.extends:
                self._follow(self._now(card))
        return Payment(self._now(card), paid)

    async def look(self, visitor: Visitor, name: str) -> Payment:
        """A payment as it stands.

        Raises:
            Absent: there is none.
            Declined, NoCards: see `pay`.
        """
        card = self._mine(visitor, name)
        with _told():
            return Payment(card, await self._read(card))

    async def all(self, visitor: Visitor) -> list[Payment]:
        """A wallet's payments, the latest first.

        Raises:
            Declined, NoCards: see `pay`.
        """
        cards = self._kept.cards.of(visitor.wallet)
        if not cards:
            return []
        with _told():
            paid = {each.id: each for each in await self._host.payments(self._customer(visitor))}
        return [Payment(card, paid[card.payment]) for card in cards if card.payment in paid]

    async def receipt(self, visitor: Visitor, name: str) -> Payment:
        """A payment, with every movement of its money.

        Raises:
            Absent, Declined, NoCards: see `look`.
        """
        card = self._mine(visitor, name)
        with _told():
            card = card if card.payment else (await self.look(visitor, name)).kept
            return Payment(card, await self._host.receipt(self._customer(visitor), self._now(card).payment))

    async def end(self, visitor: Visitor, name: str) -> Payment:
        """Lets the card go, or has the job end.

        Raises:
            Absent, Declined, NoCards: see `look`.
        """
        card = self._mine(visitor, name)
        with _told():
            if not card.payment:
                await self._read(card)
            ended = await self._end(self._customer(visitor), self._now(card).payment)
            return Payment(card, self._checked(card, ended))

    async def _end(self, customer: Customer, payment: str) -> Paid:
        for _ in range(_TRIES):
            try:
                return await self._host.end(customer, payment)
            except PaymentRefused as bad:
                # It has gone a step on between the host's look at it and its word.
                if bad.code != "busy":
                    raise
            await asyncio.sleep(_AGAIN)
        return await self._host.end(customer, payment)

    def page_of(self, paid: Paid) -> str | None:
        """Where a payment's card is given, while that is waited for.

        Raises:
            NoCards: that is no page of the host where cards are given here.
        """
        if paid.url is None or paid.state != State.AWAITING:
            return None
        if not is_page_of(paid.url, self._checkout):
            _log.error("the payments host names a page that is none of %s", self._checkout)
            raise NoCards(f"the payment leads to a page that is none of {self._checkout}: do not pay there")
        return paid.url

    def _mine(self, visitor: Visitor, name: str) -> KeptCard:
        card = self._kept.cards.get(name, visitor.wallet)
        if card is None or not card.begun:
            raise Absent(_NONE)
        return card

    def _now(self, card: KeptCard) -> KeptCard:
        return self._kept.cards.get(card.id, card.owner) or card

    async def _read(self, card: KeptCard) -> Paid:
        """A payment as it stands; it is begun if that is not known."""
        customer = Customer(str(card.owner), str(self._access.key(card.owner).pubkey()))
        if card.payment:
            paid = await self._host.payment(customer, card.payment)
        else:
            manifest = "" if card.extends else hashlib.sha256(card.manifest).hexdigest()
            try:
                paid = await self._host.open(customer, card.quote, self._back(card), manifest)
            except PaymentRefused:
                self._kept.cards.unbegin(card.id)
                raise
            self._kept.cards.opened(card.id, paid.id)
        return self._checked(card, paid)

    def _checked(self, card: KeptCard, paid: Paid) -> Paid:
        renter = str(self._access.key(card.owner).pubkey())
        if (paid.renter, paid.node, paid.total) != (renter, card.node, card.total):
            raise PaymentsDown("the payments host answers with another payment than was asked for")
        if paid.state == State.CANCELLED:
            # Its plan is free to be booked otherwise.
            self._kept.cards.end(card.id, "cancelled")
        return paid

    def _back(self, card: KeptCard) -> str:
        return f"{self._origin}/paid/{card.id}"

    def _customer(self, visitor: Visitor) -> Customer:
        return Customer(str(visitor.wallet), str(visitor.access.pubkey()))

    # -- what follows a payment

    def _follow(self, card: KeptCard) -> None:
        if card.begun and not card.standing and card.id not in self._following:
            task = asyncio.create_task(self._until_booked(card))
            self._following[card.id] = task
            task.add_done_callback(lambda _: self._following.pop(card.id, None))

    async def _until_booked(self, card: KeptCard) -> None:
        """Waits until a payment has booked its job, or never will; its node is then sent its files."""
        while self._clock() < card.begun + _PATIENCE:
            try:
                if await self._is_over(self._now(card)):
                    return
            except PaymentRefused as bad:
                _log.warning("payment %s is not followed: %s", card.id, bad)
                return
            except (IonetError, ValueError) as bad:
                _log.info("payment %s is not seen: %s", card.id, bad)
            await asyncio.sleep(_LOOK)

    async def _is_over(self, card: KeptCard) -> bool:
        paid = await self._read(card)
        if paid.job is None:
            return paid.over
        job, key = Pubkey.from_string(paid.job), self._access.key(card.owner)
        # The payments host is not believed: the job is on the chain, and is this one.
        if not await self._plans.is_booked(job, hashlib.sha256(card.manifest).digest(), key.pubkey()):
            return paid.over
        self._kept.add_job(job, card.owner, card.title, Pubkey.from_string(card.node), int(self._clock()))
        self._kept.booked(job, card.owner)
        try:
            package = self._uploads.package(card.package, card.owner, card.argv)
        except Absent:
            _log.warning("the files of job %s are forgotten: its card was given too late", job)
        else:
            it = KeptDelivery(job, card.owner, card.package, card.argv, card.manifest)
            self._plans.deliver(it, package, key)
        self._kept.cards.end(card.id, "booked", paid.job)
        return True


def is_page_of(url: str, host: str) -> bool:
    """Whether a URL is an encrypted page of a host, and of nobody else's in anybody's reading."""
    if not url.isascii() or not url.isprintable() or any(sign in url for sign in ' \\@"<>'):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and parts.netloc.lower() == host.lower()


def _check_price(priced: Priced, node: str, job: str | None, seconds: int) -> None:
    sum_ = sum((Decimal(line.amount) for line in priced.lines), Decimal(0))
    if (priced.node, priced.job, priced.seconds) != (node, job, seconds) or sum_ != Decimal(priced.total):
        _log.error("the payments host prices something else than was asked for, or its lines do not add up")
        raise NoCards("the payments host answers with another price than was asked for; nothing was begun")


@contextmanager
def _told() -> Iterator[None]:
    """Says what the payments host says in words of the console.

    Raises:
        Absent: the host knows no such thing of the visitor's.
        Declined: it says no.
        NoCards: it does not answer.
    """
    try:
        yield
    except PaymentRefused as bad:
        if bad.status == 404:
            raise Absent(str(bad)) from None
        raise Declined(str(bad)) from None
    except PaymentsDown as bad:
        _log.warning("%s", bad)
        raise NoCards(
            "cards cannot be taken at present; try again in some minutes: nothing is paid or booked twice"
        ) from None
