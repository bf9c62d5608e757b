"""Rates that follow the market: bounds, steps, and whose offers count."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from ionet import USD, IonetError
from ionet.jobs.listing import Listing
from ionet.worker._pricing import LEAST_STEP, Follow, Following, market_rate, next_rate

ME: Final = Pubkey(bytes([1]) * 32)
DOLLAR: Final = 1_000_000
POLICY: Final = Following(300_000, 900_000)


def listing(owner: int, rate: int, **more: Any) -> Listing:
    usual: dict[str, Any] = {
        "node": Pubkey.new_unique(),
        "owner": Pubkey(bytes([owner]) * 32),
        "class_id": 3,
        "units": 1,
        "region": 0,
        "memory_gib": 0,
        "link_mbps": 0,
        "rate": USD.from_base(rate),
        "hourly": USD.from_base(rate),
        "mints": (),
        "payout_as_paid": False,
        "min_seconds": 3_600,
        "max_seconds": 86_400,
        "booked_until": 0,
        "obstacle": "",
    }
    return Listing(**usual | more)


# ---- the market


def test_the_middle_owner_makes_the_market() -> None:
    offers = [listing(2, 400_000), listing(3, 500_000), listing(4, 900_000)]
    assert market_rate(offers, ME, Follow.MEDIAN) == 500_000
    assert market_rate(offers[:2], ME, Follow.MEDIAN) == 450_000
    assert market_rate([listing(2, 1), listing(3, 2)], ME, Follow.MEDIAN) == 1, "rounded down"


def test_an_owner_counts_once_however_many_nodes_they_offer() -> None:
    flood = [listing(2, 100_000) for _ in range(100)]
    assert market_rate([*flood, listing(3, 500_000), listing(4, 600_000)], ME, Follow.MEDIAN) == 500_000


def test_ones_own_offers_and_those_that_nobody_can_book_do_not_count() -> None:
    offers = [listing(1, 100_000), listing(2, 100_000, obstacle="is retired"), listing(3, 700_000)]
    assert market_rate(offers, ME, Follow.MEDIAN) == 700_000
    assert market_rate(offers[:2], ME, Follow.MEDIAN) is None


def test_what_is_leased_and_what_is_free_can_be_followed_alone() -> None:
    leased = {"booked_until": 1_900_000_000, "obstacle": "has passed its latest proof 7 h ago"}
    offers = [listing(2, 300_000), listing(3, 800_000, **leased), listing(4, 600_000, **leased)]
    assert market_rate(offers, ME, Follow.LEASED) == 700_000
    assert market_rate(offers, ME, Follow.LOWEST) == 300_000
    assert market_rate(offers, ME, Follow.MEDIAN) == 600_000
    assert market_rate(offers[1:], ME, Follow.LOWEST) is None
    assert market_rate(offers[:1], ME, Follow.LEASED) is None


# ---- the next rate


@pytest.mark.parametrize(
    ("current", "market", "expected"),
    [
        (None, 500_000, 500_000),  # a new offer
        (None, 100_000, 300_000),
        (None, 2 * DOLLAR, 900_000),
        (None, None, 900_000),
        (500_000, 500_000, None),
        (500_000, 514_999, None),  # less than three per cent
        (500_000, 515_000, 515_000),
        (500_000, 485_000, 485_000),
        (500_000, 485_001, None),
        (300_000, 309_999, None),  # less than a cent
        (300_000, 310_000, 310_000),
        (500_000, 100_000, 300_000),
        (500_000, None, None),
        (200_000, None, 300_000),  # outside its bounds: at once
        (899_999, 2 * DOLLAR, None),
        (900_001, 900_000, 900_000),
    ],
)
def test_a_rate_moves_within_its_bounds_and_only_when_it_is_worth_it(
    current: int | None, market: int | None, expected: int | None
) -> None:
    assert next_rate(POLICY, current, market) == expected


RATES: Final = st.integers(1, 2**63)


@given(RATES, RATES, st.none() | RATES, st.none() | RATES, st.integers(0, 9_999))
def test_a_rate_is_always_within_bounds_and_comes_to_rest(
    low: int, high: int, current: int | None, market: int | None, step: int
) -> None:
    policy = Following(min(low, high), max(low, high), step_bps=step)
    rate = next_rate(policy, current, market)
    after = current if rate is None else rate
    assert after is not None
    assert policy.floor <= after <= policy.ceiling
    assert next_rate(policy, after, market) is None
    if rate is not None and current is not None and policy.floor <= current <= policy.ceiling:
        assert abs(rate - current) >= LEAST_STEP


@pytest.mark.parametrize("bounds", [(0, 1), (2, 1)])
def test_bounds_that_cross_are_refused(bounds: tuple[int, int]) -> None:
    with pytest.raises(IonetError, match="at most the ceiling"):
        Following(*bounds)
