"""How old the compute proof may be that a node is booked on: six hours, or two days where it is the head's,
which no later report at its threshold has followed.
"""

from __future__ import annotations

from typing import Final

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from tests.programs.market import Market
from tests.programs.people import TOKEN, Published
from tests.programs.support import DAY, HOUR, Refusal
from tests.programs.test_challenges import proposed, said, showing, voiding
from tests.programs.test_jobs_running import jobs_params

from ionet import errors, ix, pda

AGE: Final = 6 * HOUR
HEAD_AGE: Final = 48 * HOUR
TOO_OLD: Final = errors.jobs.VerdictTooOld


@pytest.fixture
def market(market: Market) -> Market:
    """A market in which a day has passed, of which hours can be reported."""
    market.world.advance(DAY)
    return market


def decided(market: Market, *, passed: bool = True) -> Published:
    """The next hour's report at its threshold, with a verdict on alice's node."""
    node = market.alice.node
    return proposed(market, {node: TOKEN}, verdicts={node: said(market, passed=passed)})


def shown(market: Market, *, passed: bool = True) -> Published:
    """The same, with the verdict in her node's account."""
    made = decided(market, passed=passed)
    market.send(showing(market, made))
    return made


def aged(market: Market, since: int, age: int, *, head: Pubkey | None = pda.proofs.CONFIG) -> Instruction:
    """A booking `age` seconds after a time, on the verdict that is in the node's account.

    `head`: the account that is named for the head; None: none.
    """
    market.world.advance(since + age - market.world.now)
    market.set_price()
    verdict = market.node().last_proof
    booking = market.booking(proofs_config=head)
    market.prove(at=verdict.time, passed=bool(verdict.passed))
    return booking


@pytest.mark.parametrize(
    ("age", "error"),
    [(AGE, None), (AGE + 1, None), (DAY, None), (HEAD_AGE, None), (HEAD_AGE + 1, TOO_OLD)],
    ids=str,
)
def test_the_heads_verdict_counts_for_two_days_while_no_report_reaches_its_threshold(
    market: Market, age: int, error: Refusal | None
) -> None:
    """Refused after six hours, it took every node off the market when reports stood still."""
    end = shown(market).report.period_end
    booking = aged(market, end, age)
    if error is not None:
        assert market.refused(booking, error).compared == (str(HEAD_AGE), str(age))
        return
    market.send(booking)
    assert market.job(pda.jobs.job(market.alice.offer, 1)).verdict_at == end


@pytest.mark.parametrize("off", [-1, 1], ids=["older", "younger"])
def test_a_verdict_that_is_not_the_heads_counts_for_its_age_only(market: Market, off: int) -> None:
    time = shown(market).report.period_end + off
    market.prove(at=time)
    refusal = market.refused(aged(market, time, AGE + 1), TOO_OLD)
    assert refusal.compared == (str(AGE), str(AGE + 1))


def test_at_its_last_second_any_verdict_counts(market: Market) -> None:
    time = shown(market).report.period_end - 1
    market.prove(at=time)
    market.send(aged(market, time, AGE))


def test_the_next_report_at_its_threshold_ends_the_time_of_the_heads_verdict(market: Market) -> None:
    end = shown(market).report.period_end
    market.world.advance(end + DAY - HOUR - market.world.now)
    node = market.alice.node
    proposed(market, {node: TOKEN}, approved=False)
    market.send(aged(market, end, DAY))
    market.send(market.jobs("cancel", pda.jobs.job(market.alice.offer, 1)))
    later = proposed(market, {node: TOKEN})
    market.refused(aged(market, end, DAY + HOUR), TOO_OLD)
    market.send(showing(market, later))
    market.send(aged(market, later.report.period_end, AGE + 1))


def test_who_failed_in_the_heads_hour_is_not_booked_for_two_days_on_the_pass_before(market: Market) -> None:
    """Nobody has shown the failure, and the pass was young enough at the head's end."""
    before = shown(market).report.period_end
    decided(market, passed=False)
    market.refused(aged(market, before, AGE + 1), TOO_OLD)


def test_with_a_void_the_verdict_before_is_the_heads_again(market: Market) -> None:
    first, second = shown(market), shown(market)
    market.send(voiding(market, second))
    end = second.report.period_end
    refusal = market.refused(aged(market, end, AGE + 1), TOO_OLD)
    assert refusal.compared == (str(AGE), str(AGE + 1))
    market.send(showing(market, first))
    market.send(aged(market, first.report.period_end, HEAD_AGE))


def test_without_a_report_no_verdict_is_the_heads(market: Market) -> None:
    """Neither before the first one, nor when that is void, whose predecessor ended at time 0."""
    now = market.world.now
    market.prove(at=0)
    assert market.refused(aged(market, now, 0), TOO_OLD).compared == (str(AGE), str(now))
    only = shown(market)
    market.send(voiding(market, only))
    assert market.world.proofs_config.head == 0
    market.refused(aged(market, only.report.period_end, AGE + 1), TOO_OLD)


@pytest.mark.parametrize("age", [HOUR, HEAD_AGE])
def test_the_heads_verdict_has_two_days_whatever_the_parameter(market: Market, age: int) -> None:
    params = jobs_params(market, verdict_age=age)
    market.send(ix.jobs.set_params(authority=market.world.deployer, params=params))
    end = shown(market).report.period_end
    market.send(aged(market, end, HEAD_AGE))
    market.refused(aged(market, end, HEAD_AGE + 1), TOO_OLD)


@pytest.mark.parametrize(("age", "error"), [(AGE, None), (AGE + 1, TOO_OLD)], ids=str)
def test_the_head_is_shown_only_for_an_older_verdict(market: Market, age: int, error: Refusal | None) -> None:
    end = shown(market).report.period_end
    booking = aged(market, end, age, head=None)
    if error is None:
        market.send(booking)
    else:
        assert market.refused(booking, error).compared == (str(AGE), str(age))


def test_the_head_is_read_from_the_proofs_program_alone(market: Market) -> None:
    market.set_price()
    for wrong in (pda.proofs.ATTESTER_SET, pda.jobs.CONFIG, market.alice.node):
        market.refused(market.booking(proofs_config=wrong), errors.jobs.WrongProofsConfig)
    market.send(market.booking())
