"""Exact token amounts: an integer of base units that knows its decimals."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, Final, Self, SupportsIndex, final, overload

from ionet.chain.errors import AmountError

#: Basis points of a whole.
BPS: Final = 10_000
_NUMBER: Final = re.compile(r"([+-]?)((?:\d{1,3}(?:,\d{3})+)|(?:\d+(?:_\d+)*))?(?:\.(\d+))?")
_SPEC: Final = re.compile(r"(?:\.(\d+))?(n?)")


class Amount:
    """An exact amount of one token; use `IO`, `USDC`, `USD` or `SOL`.

    Text and whole numbers count whole tokens; `from_base` counts base units, the integers that
    programs store. Amounts of different tokens do not mix, and floats are refused, because
    0.1 has no exact float.

    >>> IO("12.5").base
    1250000000
    >>> str(IO("1234.5") + IO(1))
    '1,235.5 IO'

    Args:
        value: whole tokens as text (`"12.5"`, `"1,234.5"`, `"1_000"`), `int` or `Decimal`.

    Raises:
        AmountError: a float, text that is not a number, or more decimals than the token has.
    """

    __slots__ = ("_base",)
    _base: int

    SYMBOL: ClassVar[str]
    DECIMALS: ClassVar[int]
    UNIT: ClassVar[int]

    def __init_subclass__(cls) -> None:
        cls.UNIT = 10**cls.DECIMALS

    def __init__(self, value: str | int | Decimal | Self) -> None:
        object.__setattr__(self, "_base", self._parse(value))

    @classmethod
    def _parse(cls, value: object) -> int:
        match value:
            case Amount():
                if type(value) is not cls:
                    raise AmountError(f"{value} is not an amount of {cls.SYMBOL}")
                return value._base
            case bool() | float():
                raise AmountError(
                    f"{cls.SYMBOL}({value!r}): {type(value).__name__} is not exact; "
                    f'write {cls.SYMBOL}("{value}")'
                )
            case int():
                return value * cls.UNIT
            case Decimal():
                if not value.is_finite():
                    raise AmountError(f"{cls.SYMBOL}: {value} is not a number")
                return cls._parse(format(value, "f"))
            case str():
                return cls._parse_text(value)
        raise AmountError(f"{cls.SYMBOL} takes text, int or Decimal, not {type(value).__name__}")

    @classmethod
    def _parse_text(cls, text: str) -> int:
        bare = text.strip().removesuffix(cls.SYMBOL).rstrip()
        match = _NUMBER.fullmatch(bare) if bare.isascii() else None
        if match is None or (match[2] is None and match[3] is None):
            raise AmountError(f'{cls.SYMBOL}: {text!r} is not a number; write for example "12.5"')
        sign, whole, fraction = match[1], (match[2] or "0"), (match[3] or "").rstrip("0")
        if len(fraction) > cls.DECIMALS:
            raise AmountError(
                f"{cls.SYMBOL} has {cls.DECIMALS} decimals, {text!r} has {len(fraction)}; "
                f"the smallest amount is {cls.from_base(1)}"
            )
        base = int(whole.replace(",", "")) * cls.UNIT + int(fraction.ljust(cls.DECIMALS, "0") or "0")
        return -base if sign == "-" else base

    @classmethod
    def from_base(cls, base: SupportsIndex) -> Self:
        """Returns the amount of `base` base units (10^-DECIMALS of a token each)."""
        if isinstance(base, Amount) and type(base) is not cls:
            raise AmountError(f"{base} is not an amount of {cls.SYMBOL}")
        try:
            number = base.__index__()
        except AttributeError:
            raise AmountError(f"{cls.SYMBOL}: base units are integers, not {type(base).__name__}") from None
        self = cls.__new__(cls)
        object.__setattr__(self, "_base", number)
        return self

    @property
    def base(self) -> int:
        """Base units, as programs store them."""
        return self._base

    def to_decimal(self) -> Decimal:
        """Returns whole tokens as an exact `Decimal`."""
        return Decimal(self._number(grouped=False))

    def ratio(self, other: Self) -> Fraction:
        """Returns `self / other`, exact."""
        return Fraction(self._base, self._same(other, "/")._base)

    def mul_div(self, numerator: int, denominator: int, *, ceil: bool = False) -> Self:
        """Returns `self · numerator / denominator`, rounded down, or up with `ceil`."""
        product = self._base * numerator
        return self.from_base(-(-product // denominator) if ceil else product // denominator)

    # -- arithmetic

    def _same(self, other: object, operator: str) -> Self:
        if type(other) is not type(self):
            name = other.SYMBOL if isinstance(other, Amount) else type(other).__name__
            raise TypeError(f"{self.SYMBOL} {operator} {name}: only amounts of the same token mix")
        return other

    def __add__(self, other: Self) -> Self:
        return self.from_base(self._base + self._same(other, "+")._base)

    def __radd__(self, other: int) -> Self:
        # sum() starts from 0.
        if other != 0:
            raise TypeError(f"{type(other).__name__} + {self.SYMBOL}: only amounts of the same token mix")
        return self

    def __sub__(self, other: Self) -> Self:
        return self.from_base(self._base - self._same(other, "-")._base)

    def __mul__(self, other: int) -> Self:
        if type(other) is not int:
            raise TypeError(f"{self.SYMBOL} can be multiplied by int only, not {type(other).__name__}")
        return self.from_base(self._base * other)

    __rmul__ = __mul__

    @overload
    def __floordiv__(self, other: int) -> Self: ...
    @overload
    def __floordiv__(self, other: Self) -> int: ...
    def __floordiv__(self, other: int | Self) -> Self | int:
        if type(other) is int:
            return self.from_base(self._base // other)
        return self._base // self._same(other, "//")._base

    def __mod__(self, other: int | Self) -> Self:
        if type(other) is int:
            return self.from_base(self._base % other)
        return self.from_base(self._base % self._same(other, "%")._base)

    def __divmod__(self, other: int) -> tuple[Self, Self]:
        return self // other, self % other

    def __neg__(self) -> Self:
        return self.from_base(-self._base)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self.from_base(abs(self._base))

    # -- comparison

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._base == self._base

    def __lt__(self, other: Self) -> bool:
        return self._base < self._same(other, "<")._base

    def __le__(self, other: Self) -> bool:
        return self._base <= self._same(other, "<=")._base

    def __gt__(self, other: Self) -> bool:
        return self._base > self._same(other, ">")._base

    def __ge__(self, other: Self) -> bool:
        return self._base >= self._same(other, ">=")._base

    def __hash__(self) -> int:
        return hash((self.SYMBOL, self._base))

    def __bool__(self) -> bool:
        return self._base != 0

    def __index__(self) -> int:
        """Returns base units, so that an amount can be passed wherever a program takes an integer of them."""
        return self._base

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{self.SYMBOL} amounts are immutable")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_base, (self._base,)

    # -- text

    def _number(self, *, grouped: bool, places: int | None = None) -> str:
        whole, fraction = divmod(abs(self._base), self.UNIT)
        digits = f"{fraction:0{self.DECIMALS}d}"
        digits = digits.rstrip("0") if places is None else digits[:places].ljust(places, "0")
        sign = "-" if self._base < 0 else ""
        return f"{sign}{whole:{',' if grouped else ''}}{'.' if digits else ''}{digits}"

    def __str__(self) -> str:
        return f"{self._number(grouped=True)} {self.SYMBOL}"

    def __repr__(self) -> str:
        return f'{type(self).__name__}("{self._number(grouped=False)}")'

    def __format__(self, spec: str) -> str:
        """Formats as `1,234.5 IO`; `"n"`: without the symbol; `".2"`: two decimals, cut, not rounded."""
        match = _SPEC.fullmatch(spec)
        if match is None:
            raise AmountError(f'{self.SYMBOL}: unknown format {spec!r}; use "", "n", ".2" or ".2n"')
        number = self._number(grouped=True, places=int(match[1]) if match[1] else None)
        return number if match[2] else f"{number} {self.SYMBOL}"


@final
class IO(Amount):
    """An exact amount of IO, 8 decimals."""

    __slots__ = ()
    SYMBOL = "IO"
    DECIMALS = 8


@final
class USDC(Amount):
    """An exact amount of USDC, 6 decimals."""

    __slots__ = ()
    SYMBOL = "USDC"
    DECIMALS = 6


@final
class USD(Amount):
    """An exact amount of US dollars, 6 decimals: what rates and prices are given in."""

    __slots__ = ()
    SYMBOL = "USD"
    DECIMALS = 6


@final
class SOL(Amount):
    """An exact amount of SOL, 9 decimals; its base unit is the lamport."""

    __slots__ = ()
    SYMBOL = "SOL"
    DECIMALS = 9
