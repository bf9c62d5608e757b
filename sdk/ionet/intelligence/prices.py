"""What tokens cost: integers of a millionth of a US dollar, as USDC has them, or base units of IO."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ionet.chain.amounts import IO

#: Prices are for so many tokens.
MILLION: Final = 1_000_000
#: Base units of an IO.
IO_UNIT: Final = IO(1).base


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request.

    Attributes:
        prompt: read.
        completion: written.
    """

    prompt: int
    completion: int = 0

    def __post_init__(self) -> None:
        if self.prompt < 0 or self.completion < 0:
            raise ValueError("tokens are not negative")


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs.

    Attributes:
        prompt: millionths of a dollar for a million tokens that are read.
        completion: … that are written.
    """

    prompt: int
    completion: int

    def cost(self, usage: Usage) -> int:
        """Millionths of a dollar, rounded up once for the whole request."""
        exact = usage.prompt * self.prompt + usage.completion * self.completion
        return -(-exact // MILLION)

    def affordable(self, prompt: int, budget: int) -> int | None:
        """How many tokens may be written beside `prompt` read ones; None: as many as one likes.

        Args:
            prompt: tokens that are read.
            budget: millionths of a dollar; the answer is negative if it does not even pay for reading.
        """
        left = budget * MILLION - prompt * self.prompt
        if self.completion == 0:
            return None if left >= 0 else -1
        return left // self.completion


@dataclass(frozen=True, slots=True)
class Rate:
    """What an IO is worth: `dollars` millionths of a dollar for `units` base units of IO."""

    dollars: int
    units: int

    @classmethod
    def of(cls, dollars: Fraction) -> Rate:
        """From what one IO is worth, in dollars."""
        if dollars <= 0:
            raise ValueError("a price is positive")
        exact = dollars * MILLION / IO_UNIT
        return cls(exact.numerator, exact.denominator)

    def to_io(self, dollars: int) -> int:
        """Base units of IO for millionths of a dollar, rounded up: the user pays the ceiling."""
        return -(-dollars * self.units // self.dollars)

    def to_dollars(self, units: int) -> int:
        """Millionths of a dollar that base units of IO pay for, rounded down."""
        return units * self.dollars // self.units
