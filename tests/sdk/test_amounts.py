"""Exact amounts."""

from __future__ import annotations

import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionet import IO, SOL, USDC, Amount, AmountError

bases = st.integers(min_value=-(10**20), max_value=10**20)


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("12.5", 1_250_000_000),
        ("0.00000001", 1),
        ("1,234.5", 123_450_000_000),
        ("1_000", 100_000_000_000),
        (".5", 50_000_000),
        ("-3", -300_000_000),
        ("1.500000000000", 150_000_000),
        (" 7 IO ", 700_000_000),
        (3, 300_000_000),
        (Decimal("2.25"), 225_000_000),
    ],
)
def test_an_amount_is_read_exactly(text: str | int | Decimal, base: int) -> None:
    assert IO(text).base == base


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (0.1, "not exact"),
        (True, "not exact"),
        ("1.000000001", "8 decimals"),
        ("", "not a number"),
        ("1,23", "not a number"),
        ("1e5", "not a number"),
        ("٣", "not a number"),
        ("NaN", "not a number"),
        (Decimal("NaN"), "not a number"),
        (None, "takes text"),
        (USDC(1), "not an amount of IO"),
    ],
)
def test_what_is_not_exact_is_refused_with_the_reason(value: object, says: str) -> None:
    with pytest.raises(AmountError, match=says):
        IO(value)  # type: ignore[arg-type]


def test_the_smallest_amount_is_named_when_there_are_too_many_decimals() -> None:
    with pytest.raises(AmountError, match=r"smallest amount is 0\.000001 USDC"):
        USDC("0.0000001")


@given(bases)
def test_text_and_base_units_say_the_same(base: int) -> None:
    amount = IO.from_base(base)
    assert IO(str(amount)) == amount
    assert IO(f"{amount:n}") == amount
    assert IO(amount.to_decimal()) == amount
    assert eval(repr(amount), {"IO": IO}) == amount


@given(bases, bases)
def test_arithmetic_is_that_of_the_base_units(a: int, b: int) -> None:
    x, y = USDC.from_base(a), USDC.from_base(b)
    assert (x + y).base == a + b
    assert (x - y).base == a - b
    assert (-x).base == -a
    assert abs(x).base == abs(a)
    assert (x < y, x <= y, x > y, x >= y, x == y) == (a < b, a <= b, a > b, a >= b, a == b)
    assert sum([x, y], USDC(0)) == sum([x, y]) == x + y
    if b:
        assert x.ratio(y) == Fraction(a, b)
        assert x // y == a // b
        assert (x % y).base == a % b


@given(bases, st.integers(1, 10**9), st.integers(1, 10**9))
def test_mul_div_rounds_down_or_up_as_told(base: int, numerator: int, denominator: int) -> None:
    exact = Fraction(base * numerator, denominator)
    amount = IO.from_base(base)
    assert amount.mul_div(numerator, denominator).base == exact.__floor__()
    assert amount.mul_div(numerator, denominator, ceil=True).base == exact.__ceil__()


def test_parts_and_remainder_make_the_whole() -> None:
    part, rest = divmod(IO("10"), 3)
    assert part * 3 + rest == IO(10)


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__floordiv__", "__mod__"])
def test_tokens_do_not_mix(operation: str) -> None:
    with pytest.raises(TypeError, match="only amounts of the same token mix"):
        getattr(IO(1), operation)(USDC(1))


def test_tokens_of_equal_number_are_not_equal() -> None:
    assert IO(0) != USDC(0)
    assert IO(0) != 0
    assert len({IO(1), USDC(1), IO("1.0")}) == 2


def test_a_float_factor_is_refused() -> None:
    with pytest.raises(TypeError, match="by int only"):
        IO(1) * 0.5  # type: ignore[operator]


@pytest.mark.parametrize(
    ("amount", "spec", "shown"),
    [
        (IO("1234567.5"), "", "1,234,567.5 IO"),
        (IO("1234567.5"), "n", "1,234,567.5"),
        (IO("1.999"), ".2", "1.99 IO"),
        (IO("1"), ".2n", "1.00"),
        (SOL("-0.5"), "", "-0.5 SOL"),
        (USDC(0), "", "0 USDC"),
    ],
)
def test_amounts_are_shown_with_thousands_separators_and_never_rounded_up(
    amount: Amount, spec: str, shown: str
) -> None:
    assert format(amount, spec) == shown


def test_an_unknown_format_says_which_there_are() -> None:
    with pytest.raises(AmountError, match="unknown format"):
        format(IO(1), ",d")


def test_amounts_do_not_change() -> None:
    with pytest.raises(AttributeError, match="are immutable"):
        IO(1)._base = 5


def test_amounts_survive_pickling_and_copying() -> None:
    assert pickle.loads(pickle.dumps(IO("1.5"))) == IO("1.5")


def test_base_units_must_be_integers() -> None:
    with pytest.raises(AmountError, match="base units are integers"):
        IO.from_base(1.0)  # type: ignore[arg-type]
