"""The emission schedule."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionet import IO, emission, types
from ionet.token.emission import CUMULATIVE, cumulative, paid_until

MONTH = 2_629_800  # 730.5 hours
END = emission.TOTAL_HOURS * 3600


def test_the_table_runs_from_nothing_to_three_hundred_million() -> None:
    assert len(CUMULATIVE) == 241
    assert CUMULATIVE[0] == 0
    assert IO.from_base(CUMULATIVE[240]) == IO("300,000,000")


@pytest.mark.parametrize("seconds", [-(10**12), -1, 0, 1, 3599])
def test_nothing_is_emitted_before_the_first_hour_is_over(seconds: int) -> None:
    assert cumulative(seconds) == 0


@pytest.mark.parametrize("month", [2, 4, 100, 238, 240])
def test_at_the_end_of_an_even_month_all_of_its_emission_is_out(month: int) -> None:
    assert cumulative(month * MONTH) == CUMULATIVE[month]


@pytest.mark.parametrize("seconds", [END, END + 1, 10**15])
def test_emission_ends_after_240_months(seconds: int) -> None:
    assert cumulative(seconds) == CUMULATIVE[240]


def test_the_last_hour_still_emits() -> None:
    assert cumulative(END - 3600) < cumulative(END)


@given(st.integers(0, END))
def test_it_never_falls_and_moves_only_on_full_hours(seconds: int) -> None:
    assert cumulative(seconds) == cumulative(seconds // 3600 * 3600)
    assert cumulative(seconds) <= cumulative(seconds + 3600)


@given(st.integers(0, emission.TOTAL_HOURS))
def test_between_two_months_it_is_linear_and_rounded_down(hours: int) -> None:
    position = Fraction(hours) / Fraction(1461, 2)
    month = min(int(position), 239)
    exact = CUMULATIVE[month] + (CUMULATIVE[month + 1] - CUMULATIVE[month]) * (position - month)
    assert cumulative(hours * 3600) == int(exact)


# -- what cranks paid


def cranks(*found: tuple[int, int]) -> list[types.mint.Checkpoint]:
    """Emitted and withheld after each crank, in the order of time, as the mint keeps them."""
    kept = [types.mint.Checkpoint(emitted, withheld) for emitted, withheld in reversed(found)]
    return (kept + 24 * [types.mint.Checkpoint(0, 0)])[:24]


@pytest.mark.parametrize(
    ("scheduled", "paid"),
    [(0, 0), (60, 60), (100, 100), (101, 100), (150, 125), (200, 150), (201, 150), (300, 200), (400, 250)],
)
def test_hours_that_were_emitted_together_share_what_was_paid_for_them(scheduled: int, paid: int) -> None:
    # All of the first 100, half of the next 100, and half of the last 200; each part rounded down.
    assert paid_until(cranks((100, 0), (200, 50), (400, 150)), scheduled) == paid


def test_what_is_not_emitted_yet_has_no_pay() -> None:
    assert paid_until(cranks((100, 0), (200, 50)), 201) is None
    assert paid_until(cranks(), 1) is None
    assert paid_until(cranks(), 0) == 0


def test_what_was_emitted_more_than_24_cranks_ago_is_forgotten() -> None:
    # Of each ten one was withheld.
    found = cranks(*((10 * n, n) for n in range(1, 25)))
    assert [paid_until(found, scheduled) for scheduled in (9, 10, 25, 240)] == [None, 9, 22, 216]
    # With a place free, the start is still known.
    assert paid_until(cranks(*((10 * n, n) for n in range(1, 24))), 5) == 4
