"""The emission model against the specification's numbers, and the package's schedule against the model."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model import emission
from tests.model.emission import HOUR, HOURS, TOKEN, Mint, cumulative, factor, month_ends
from tests.model.refusal import Refused

from ionet import emission as package

YEAR = 8_766 * HOUR  # 12 months of 730.5 hours


def test_the_monthly_factor_is_the_stated_root() -> None:
    assert round(factor(), 14) == Decimal("0.98984895296235")
    # −1.0151 %, which rounds to the stated 1.02 %.
    assert round((1 - factor()) * 100, 4) == Decimal("1.0151")


def test_the_first_month_pays_eight_per_cent_a_year_of_500_million() -> None:
    # 500,000,000 · 8 % / 12 = 3,333,333.33 IO.
    assert month_ends()[1] == 333_333_333_333_333


def test_240_months_pay_exactly_300_million() -> None:
    assert len(month_ends()) == 241
    assert (month_ends()[0], month_ends()[240]) == (0, 300_000_000 * TOKEN)
    # By the factor, without the definition of the last: within a base unit.
    assert 0 <= 300_000_000 * TOKEN - (month_ends()[239] + _last_month()) <= 2


def _last_month() -> int:
    return int(Decimal(10_000_000 * TOKEN) / 3 * factor() ** 239)


def test_the_first_year_pays_37_84_million() -> None:
    assert round(Decimal(cumulative(YEAR)) / TOKEN / 10**6, 2) == Decimal("37.84")
    assert round(Decimal(cumulative(YEAR)) / (5_000_000 * TOKEN), 2) == Decimal("7.57")


def test_genesis_and_emission_are_the_cap() -> None:
    assert sum(emission.GENESIS) == 500_000_000 * TOKEN
    assert sum(emission.GENESIS) + emission.EMISSION == emission.CAP


def test_an_hour_is_a_part_of_its_month() -> None:
    # 3,333,333.33333333 IO / 730.5 = 4,563.08464522 IO.
    assert cumulative(HOUR - 1) == 0
    assert cumulative(HOUR) == 456_308_464_522
    assert cumulative(HOURS * HOUR) == cumulative(10**12) == emission.EMISSION


def test_the_packages_table_is_the_models() -> None:
    assert month_ends() == package.CUMULATIVE


@given(st.integers(-HOUR, (HOURS + 10) * HOUR))
def test_the_package_emits_as_the_model(seconds: int) -> None:
    assert package.cumulative(seconds) == cumulative(seconds)


# -- the mint


def test_any_rhythm_mints_the_same() -> None:
    often, rarely = Mint(0), Mint(0)
    for hour in range(1, 800):
        often.emit(hour * HOUR)
    rarely.emit(799 * HOUR + 7)
    assert often == rarely
    assert rarely.supply == rarely.emission_vault == cumulative(799 * HOUR)


def test_a_policy_pays_its_floor_and_what_was_burned_and_never_more_than_the_schedule() -> None:
    mint = Mint(0)
    mint.set_policy(0, (2_500, 20_000))
    hour = cumulative(HOUR)
    made = mint.emit(HOUR)
    assert (made.paid, made.withheld) == (hour // 4, hour - hour // 4)
    mint.burned_by_fees += 10**15
    second = cumulative(2 * HOUR) - hour
    assert mint.emit(2 * HOUR) == emission.Emitted(second, 0)
    assert mint.reserve == made.withheld
    assert mint.burn_reserve() == made.withheld
    assert mint.supply == cumulative(2 * HOUR) - made.withheld


def test_what_the_vault_was_paid_for_an_hour_is_known_from_24_cranks() -> None:
    mint = Mint(0)
    assert mint.paid_until(0) == 0
    assert mint.paid_until(1) is None
    mint.emit(HOUR)
    mint.set_policy(HOUR, (2_500, 0))
    mint.emit(5 * HOUR)
    first, third, last = cumulative(HOUR), cumulative(3 * HOUR), cumulative(5 * HOUR)
    assert mint.paid_until(first) == first
    # One crank emitted four hours and withheld three quarters of each.
    assert mint.paid_until(last) == mint.emission_vault == first + (last - first) // 4
    assert mint.paid_until(third) == third - Fraction(mint.withheld * (third - first), last - first)
    assert mint.paid_until(last + 1) is None
    # With the start, these are 24; one more, and it is forgotten.
    for hour in range(6, 27):
        mint.emit(hour * HOUR)
    assert mint.paid_until(first - 1) == first - 1
    mint.emit(26 * HOUR + 1)
    assert mint.paid_until(first - 1) == first - 1
    mint.emit(27 * HOUR)
    assert mint.paid_until(first - 1) is None
    assert mint.paid_until(first) == first


def test_a_pause_delays_and_loses_nothing() -> None:
    mint = Mint(0, paused=True)
    with pytest.raises(Refused, match="Paused"):
        mint.emit(5 * HOUR)
    mint.paused = False
    assert mint.emit(5 * HOUR).paid == cumulative(5 * HOUR)


def test_nothing_is_minted_above_the_cap() -> None:
    mint = Mint(0, genesis=emission.CAP - cumulative(HOUR) + 1)
    with pytest.raises(Refused, match="CapExceeded"):
        mint.emit(HOUR)
    mint.genesis -= 1
    mint.emit(HOUR)
