"""The process: HTTP for consoles and Stripe, and a cashier in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final

from ionet.ledger.database import url_of
from ionet.payments.api import House, application
from ionet.payments.auditing import totals
from ionet.payments.books import Books, BooksDown
from ionet.payments.cards import CardsDown, KeyRefused, StripeCards
from ionet.payments.cashier import Cashier
from ionet.payments.chain import ChainDown, ChainRefused, Wallet
from ionet.payments.config import PaymentsConfig
from ionet.payments.desk import Desk
from ionet.payments.hooks import Hooks
from ionet.payments.metrics import Metrics
from ionet.payments.watching import Alarms
from ionet.service.bounds import Bounds
from ionet.service.http import listen, server_of
from ionet.service.http import url_of as url_of_socket
from ionet.service.metrics import metrics_at
from ionet.service.notices import Notifier

if TYPE_CHECKING:
    from ionet import Client

_log = logging.getLogger(__name__)
#: Seconds between two looks at what is due, at the wallet, and at the disputes that Stripe lists.
_EVERY: Final = 1.0
_WALLET: Final = 15
_DISPUTES: Final = 600
#: Seconds until what did not answer is tried again: the books, and Stripe with a key that it did not take.
_BOOKS: Final = 5.0
_KEY: Final = 60
#: Anybody can connect, as Stripe has to.
_BOUNDS: Final = Bounds()
#: Seconds without a round after which the service is not well.
_STANDS_STILL: Final = 300


class Payments:
    """The service.

    Args:
        config: the settings.
        connect: makes a client whose signer is the wallet.
        now: Unix seconds.
    """

    def __init__(
        self,
        config: PaymentsConfig,
        connect: Callable[[], Client],
        now: Callable[[], int] = lambda: int(time.time()),
    ) -> None:
        self._config = config
        self._now = now
        self._books = Books(url_of(config.books))
        self._cards = StripeCards(config.stripe_key, config.stripe_url)
        self._wallet = Wallet(connect())
        self._told: Callable[[str, str, str], None] = lambda kind, payment, text: None
        self._cashier = self._new_cashier(self._wallet)
        # Customers do not wait for the cashier's requests, nor it for theirs.
        other = Wallet(connect())
        self._desk = Desk(self._books, other, self._new_cashier(other), config.terms, now)
        self._hooks = Hooks(self._books, config.hook_secret, live=config.live, now=now)
        self._alarms = Alarms(self._tell)
        self._metrics = Metrics()
        self._wake, self._end = threading.Event(), threading.Event()
        self._last = time.monotonic()
        self._wallet_at = self._disputes_at = 0.0

    def _new_cashier(self, wallet: Wallet) -> Cashier:
        limits = self._config.terms.limits
        return Cashier(self._books, self._cards, wallet, limits, now=self._now, tell=self._tell)

    def _tell(self, kind: str, payment: str, text: str) -> None:
        _log.warning("%s %s: %s", kind, payment, text)
        self._told(kind, payment, text)

    async def run(self, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        """Serves until it is told to end.

        Args:
            stop: ends it.
            ready: called with the URL once it listens.
        """
        config, loop = self._config, asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            stack.callback(self._books.close)
            notifier = await stack.enter_async_context(Notifier(config.notify, now=self._now))

            def tell(kind: str, payment: str, text: str) -> None:
                loop.call_soon_threadsafe(notifier.tell, kind, payment, text)

            self._told = tell
            stack.enter_context(metrics_at(config.metrics, self._metrics.registry, "metrics"))
            listening = listen(config.host, config.port, "listen")
            stack.callback(listening.close)
            house = House(self._desk, self._hooks, config.console_key, self._wake.set, self._health)
            # Consoles and Stripe come through proxies: many connections of one address.
            server = server_of(application(house), _BOUNDS, alone=False, idle=75)
            working = asyncio.create_task(asyncio.to_thread(self._work))
            serving = asyncio.create_task(server.serve([listening]))
            ready(url_of_socket(listening))
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait({working, serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            self._end.set()
            self._wake.set()
            stopped.cancel()
            await serving
            await working

    # -- the thread

    def _work(self) -> None:
        while not self._end.is_set():
            rest = _EVERY
            try:
                self._round()
                self._alarms.see("books", {})
            except BooksDown as bad:
                # What was begun is looked up when they are back.
                said = f"the books take nothing at present, so nothing goes on: {bad}"
                self._alarms.see("books", {"books-down": said})
                rest = _BOOKS
            self._metrics.alarms(self._alarms.on)
            self._wake.wait(rest)
            self._wake.clear()

    def _round(self) -> None:
        if time.monotonic() >= self._wallet_at or "books-down" in self._alarms.on:
            # Where nothing is due, only customers and Stripe would be told that nothing can be written down.
            self._books.try_to_write()
        self._cashier.work()
        waiting = self._cashier.forbidden
        some = f"{len(waiting)} payments wait for it: {next(iter(waiting.values()))}" if waiting else ""
        self._alarms.see("cashier", {"stripe-key": some} if waiting else {})
        now = self._last = time.monotonic()
        if now >= self._wallet_at:
            self._look_at_wallet()
            self._wallet_at = now + _WALLET
        if now >= self._disputes_at:
            self._disputes_at = now + self._look_at_disputes()

    def _look_at_wallet(self) -> None:
        counts, purse = totals(self._books)
        self._metrics.books(counts, purse, len(self._books.due(self._now())))
        self._metrics.messages({str(kind): count for kind, count in self._hooks.counts.items()})
        try:
            units, lamports = self._wallet.balance()
        except (ChainDown, ChainRefused) as bad:
            _log.warning("the wallet is not seen: %s", bad)
            return
        self._alarms.see("wallet", self._config.float.alarms(units, lamports))
        self._metrics.wallet(units, lamports)

    def _look_at_disputes(self) -> int:
        """Has charges looked into whose messages were lost; gives the seconds until it is looked again."""
        try:
            listed = self._cards.disputed()
        except KeyRefused as bad:
            self._alarms.see("stripe", {"stripe-key": f"disputes are not seen: {bad}"})
            return _KEY
        except CardsDown as bad:
            _log.warning("disputes are not seen: %s", bad)
            return _DISPUTES
        self._alarms.see("stripe", {})
        for name, intent in listed:
            if self._books.payments(intent=intent):
                self._books.take(f"listed {name}", "listed", intent, self._now())
        return _DISPUTES

    def _health(self) -> tuple[bool, dict[str, Any]]:
        still = int(time.monotonic() - self._last)
        return still < _STANDS_STILL, {"alarms": sorted(self._alarms.on)}
