"""The vesting model against the token's published terms, by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.grants import MONTH, Payment, payments, vested

MILLION = 10**14
HALF_HOUR = 1_800
#: Seed and series A: a year's cliff, then 24 months. Core contributors: then 36.
INVESTORS: dict[str, Any] = {"cliff": 12 * MONTH, "tranches": 24}
CONTRIBUTORS: dict[str, Any] = {"cliff": 12 * MONTH, "tranches": 36}
#: Of 100M: 45 % at the start, the rest by the half hour over 41 months; 30 %, over 35.
COMMUNITY: dict[str, Any] = {"upfront": 45 * MILLION, "tranches": 41 * 1_461, "every": HALF_HOUR}
RESEARCH: dict[str, Any] = {"upfront": 30 * MILLION, "tranches": 35 * 1_461, "every": HALF_HOUR}


def test_a_month_is_730_and_a_half_hours() -> None:
    assert MONTH == 2_629_800 == 1_461 * HALF_HOUR


@pytest.mark.parametrize(
    ("terms", "half_months", "of_100m"),
    [
        (INVESTORS, 24, 0),
        (INVESTORS, 26, 416_666_666_666_666),  # 100M / 24
        (INVESTORS, 48, 12 * 416_666_666_666_666),
        (INVESTORS, 70, 23 * 416_666_666_666_666),
        (INVESTORS, 72, 100 * MILLION),  # the last has the remainder
        (INVESTORS, 1_998, 100 * MILLION),
        (CONTRIBUTORS, 24, 0),
        (CONTRIBUTORS, 60, 18 * 277_777_777_777_777),  # 100M / 36
        (CONTRIBUTORS, 96, 100 * MILLION),
        (COMMUNITY, 0, 45 * MILLION),
        # 55M / 59,901 = 918.18166641 IO a half hour; 1,461 of them, 0.00000913 IO behind the straight line.
        (COMMUNITY, 2, 45 * MILLION + 1_461 * 91_818_166_641),
        (COMMUNITY, 82, 100 * MILLION),
        (RESEARCH, 0, 30 * MILLION),
        # 70M / 51,135 = 1,368.92539356 IO.
        (RESEARCH, 14, 30 * MILLION + 7 * 1_461 * 136_892_539_356),
        (RESEARCH, 70, 100 * MILLION),
    ],
)
def test_what_has_vested_at_the_end_of_a_month(terms: dict[str, Any], half_months: int, of_100m: int) -> None:
    made = payments(100 * MILLION, **terms)
    end = half_months * MONTH // 2
    assert vested(made, end) == of_100m
    if half_months and of_100m > 0 and half_months <= 96:
        # Not a second before.
        assert vested(made, end - 1) < of_100m


def test_94_4_million_of_the_genesis_supply_circulate_at_the_start_and_all_after_48_months() -> None:
    # Launch pool 20, community 80, research 128, seed 100, series A 81.6, core contributors 90.4.
    tenths = MILLION // 10
    every = [
        payments(800 * tenths, upfront=360 * tenths, tranches=41 * 1_461, every=HALF_HOUR),
        payments(1_280 * tenths, upfront=384 * tenths, tranches=35 * 1_461, every=HALF_HOUR),
        payments(1_000 * tenths, **INVESTORS),
        payments(816 * tenths, **INVESTORS),
        payments(904 * tenths, **CONTRIBUTORS),
    ]
    launch = 200 * tenths
    assert launch + sum(vested(one, 0) for one in every) == 944 * tenths
    before, after = (launch + sum(vested(one, n * MONTH) for one in every) for n in (47, 48))
    assert before < 500 * MILLION == after


def test_the_first_part_comes_a_period_after_the_cliff() -> None:
    assert payments(10, upfront=1, cliff=100, tranches=2, every=7) == [
        Payment(0, 1),
        Payment(107, 4),
        Payment(114, 5),
    ]


@given(
    st.integers(1, 8 * 10**16),
    st.integers(0, 10**9),
    st.integers(1, 60),
    st.lists(st.integers(-1, 130), min_size=2, max_size=8),
)
def test_vesting_never_falls_and_ends_at_the_total(
    total: int, cliff: int, tranches: int, months: list[int]
) -> None:
    made = payments(total, cliff=cliff, tranches=tranches)
    found = [vested(made, one * MONTH) for one in sorted(months)]
    assert found == sorted(found)
    assert sum(one.amount for one in made) == vested(made, cliff + tranches * MONTH) == total
