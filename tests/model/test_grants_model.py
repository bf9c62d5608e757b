"""The vesting model against the specification's numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.grants import (
    COMMUNITY,
    CONTRIBUTORS,
    GENESIS,
    INVESTORS,
    LAUNCH_POOL,
    MILLION,
    MONTH,
    RESEARCH,
    TOKEN,
    Airdrop,
    Grant,
    Schedule,
    circulating,
)
from tests.model.refusal import Refused

START = 1_800_000_000


def refused(call: object, *given: object) -> frozenset[str]:
    assert callable(call)
    with pytest.raises(Refused) as found:
        call(*given)
    return found.value.reasons


def test_the_genesis_supply_is_500_million_of_which_94_4_circulate() -> None:
    assert sum(one.amount for one in GENESIS) == 500 * MILLION
    # 20 + 36 + 38.4: the stated 95M, rounded.
    assert circulating(0) == 944 * MILLION // 10
    # The last to vest are core contributors, at the end of month 48.
    assert circulating(47) < 500 * MILLION == circulating(48)


@pytest.mark.parametrize(
    ("schedule", "months", "of_100m"),
    [
        (INVESTORS, 12, 0),
        (INVESTORS, 13, 416_666_666_666_666),  # 100M / 24
        (INVESTORS, 24, 50 * MILLION),
        (INVESTORS, 36, 100 * MILLION),
        (INVESTORS, 999, 100 * MILLION),
        (CONTRIBUTORS, 12, 0),
        (CONTRIBUTORS, 30, 50 * MILLION),
        (CONTRIBUTORS, 48, 100 * MILLION),
        (COMMUNITY, 0, 45 * MILLION),
        (COMMUNITY, 1, 4_634_146_341_463_414),  # 45M + 55M / 41
        (COMMUNITY, 41, 100 * MILLION),
        (RESEARCH, 0, 30 * MILLION),
        (COMMUNITY, 20.5, 7_250_000_000_000_000),  # 45M + 27.5M
        (RESEARCH, 7, 44 * MILLION),  # 30M + 70M · 7 / 35
        (LAUNCH_POOL, 0, 100 * MILLION),
    ],
)
def test_what_has_vested_at_the_end_of_a_month(schedule: Schedule, months: float, of_100m: int) -> None:
    assert schedule.vested(100 * MILLION, START, START + int(months * MONTH)) == of_100m
    if months and of_100m < 100 * MILLION:
        # Not a second before.
        before = schedule.vested(100 * MILLION, START, START + int(months * MONTH) - 1)
        assert before < of_100m or of_100m == 0


@given(
    st.builds(Schedule, st.integers(0, 60), st.integers(1, 60)),
    st.integers(0, 8 * 10**16),
    st.lists(st.integers(-MONTH, 130 * MONTH), min_size=2, max_size=8),
)
def test_vesting_never_falls_and_ends_at_the_total(schedule: Schedule, total: int, times: list[int]) -> None:
    vested = [schedule.vested(total, START, START + time) for time in sorted(times)]
    assert vested == sorted(vested)
    assert all(0 <= one <= total for one in vested)
    assert schedule.vested(total, START, START + 120 * MONTH) == total
    assert schedule.vested(total, START, START - 1) == 0


def grant(revocable: bool = True) -> Grant:
    return Grant(2_400 * TOKEN, INVESTORS, START, "alice", revocable)


def test_releases_in_any_rhythm_come_to_the_same() -> None:
    often, rarely = grant(), grant()
    assert refused(often.release, START + 13 * MONTH - 1) == {"NothingToRelease"}
    for month in range(13, 37):
        assert often.release(START + month * MONTH) == 100 * TOKEN
    assert rarely.release(START + 36 * MONTH) == 2_400 * TOKEN
    assert often.vault == rarely.vault == 0


def test_a_revocation_keeps_what_has_vested() -> None:
    one = grant()
    one.release(START + 13 * MONTH)
    assert one.revoke(START + 15 * MONTH) == 2_100 * TOKEN
    assert one.vault == 200 * TOKEN
    assert one.release(START + 99 * MONTH) == 200 * TOKEN
    assert refused(one.revoke, START) == {"AlreadyRevoked"}
    assert refused(grant(revocable=False).revoke, START) == {"NotRevocable"}


def test_a_beneficiary_changes_in_two_steps() -> None:
    one = grant()
    assert refused(one.set_beneficiary, "bob", "bob") == {"NotBeneficiary"}
    one.set_beneficiary("bob", "alice")
    assert refused(one.accept_beneficiary, "carol") == {"NotSuccessor"}
    one.accept_beneficiary("bob")
    assert (one.beneficiary, one.successor) == ("bob", None)


def test_an_entitlement_is_claimed_once_by_its_owner_and_in_time() -> None:
    drop = Airdrop((("alice", 30), ("bob", 20)), START + 10)
    assert refused(drop.claim, 0, "bob", 30, START) == {"WrongProof"}
    assert refused(drop.claim, 0, "alice", 31, START) == {"WrongProof"}
    assert refused(drop.claim, 2, "alice", 30, START) == {"WrongProof"}
    drop.claim(0, "alice", 30, START)
    assert refused(drop.claim, 0, "alice", 30, START) == {"AlreadyClaimed"}
    assert (drop.paid, drop.vault, drop.funded) == (30, 20, 50)
    assert refused(drop.reclaim, START + 9) == {"AirdropOpen"}
    assert refused(drop.claim, 1, "bob", 20, START + 10) == {"AirdropOver"}
    assert drop.reclaim(START + 10) == 20
    assert refused(drop.reclaim, START + 10) == {"NothingToReclaim"}
