"""Alarms. Of the wallet: too much in it is too much to lose, too little and nothing is sold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ionet.chain.amounts import SOL
from ionet.payments.amounts import dollars

#: Kinds of alarms.
KINDS: Final = ("float-high", "float-low", "fees-low", "stripe-key", "books-down")


@dataclass(frozen=True, slots=True)
class Float:
    """What the wallet may hold.

    Attributes:
        most: base units of USDC: what a thief of the host gets at most, beside what they can refund.
        least: base units of USDC.
        least_lamports: for fees and rent.
    """

    most: int
    least: int
    least_lamports: int

    def alarms(self, units: int, lamports: int) -> dict[str, str]:
        """What is wrong with the wallet's balances: sentences by their kind."""
        wrong = {}
        if units > self.most:
            wrong["float-high"] = (
                f"the wallet holds {dollars(units)} USDC, and {dollars(self.most)} at most: take the rest out"
            )
        if units < self.least:
            wrong["float-low"] = (
                f"the wallet holds {dollars(units)} USDC, and {dollars(self.least)} at least: fill it up"
            )
        if lamports < self.least_lamports:
            has, needs = SOL.from_base(lamports), SOL.from_base(self.least_lamports)
            wrong["fees-low"] = f"the wallet holds {has} for fees and rent, and {needs} at least: fill it up"
        return wrong


class Alarms:
    """Tells each alarm once, until it is over.

    Args:
        tell: told of a kind, nobody's payment, and a sentence.
    """

    def __init__(self, tell: Callable[[str, str, str], None]) -> None:
        self._tell = tell
        self._on: dict[str, frozenset[str]] = {}

    def see(self, of: str, wrong: dict[str, str]) -> None:
        """Sees what is wrong now.

        Args:
            of: of what: another thing's alarms stay as they are.
            wrong: sentences by the kind of alarm.
        """
        before, self._on[of] = self._on.get(of, frozenset()), frozenset(wrong)
        for kind in wrong.keys() - before:
            self._tell(kind, "", wrong[kind])

    @property
    def on(self) -> frozenset[str]:
        """The kinds that are on."""
        return frozenset().union(*self._on.values())
