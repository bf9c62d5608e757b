"""Metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from prometheus_client import CollectorRegistry, Gauge

from ionet.payments.amounts import DOLLAR
from ionet.payments.purse import Purse
from ionet.payments.watching import KINDS


class Metrics:
    """Metrics of the service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"ionet_payments_{name}", text, labels, registry=self.registry)

        self._states = gauge("payments", "Payments by state.", "state")
        self._usd = gauge("usd", "What all payments come to, by account of the books, in dollars.", "account")
        self._messages = gauge("messages", "Messages of Stripe, by what they were.", "verdict")
        self._usdc = gauge("wallet_usdc", "What the wallet holds, in USDC.")
        self._sol = gauge("wallet_sol", "What the wallet holds, in SOL.")
        self._alarm = gauge("alarm", "1 for an alarm that is on.", "kind")
        self._behind = gauge("due", "Payments that are due to be looked at.")

    def books(self, counts: dict[str, int], purse: Purse, due: int) -> None:
        """Shows what the books say."""
        for state, count in counts.items():
            self._states.labels(state).set(count)
        for field in fields(purse):
            self._usd.labels(field.name).set(getattr(purse, field.name) / DOLLAR)
        self._behind.set(due)

    def wallet(self, units: int, lamports: int) -> None:
        """Shows what the wallet holds."""
        self._usdc.set(units / DOLLAR)
        self._sol.set(lamports / 10**9)

    def alarms(self, on: frozenset[str]) -> None:
        """Shows which alarms are on."""
        for kind in KINDS:
            self._alarm.labels(kind).set(kind in on)

    def messages(self, counts: Mapping[str, int]) -> None:
        """Shows how many messages there were."""
        for verdict, count in counts.items():
            self._messages.labels(verdict).set(count)
