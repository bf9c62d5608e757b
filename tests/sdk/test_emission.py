"""The emission schedule."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionet import IO, emission
from ionet.emission import CUMULATIVE, cumulative

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
