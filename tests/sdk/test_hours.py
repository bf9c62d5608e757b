"""What hours were paid, and reports of verdicts where one attester decides alone."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey
from tests.programs.market import Market
from tests.programs.support import HOUR, Proposal

from ionet import (
    EmissionUnknown,
    emission,
    errors,
    events,
    ix,
    pda,
    types,
)
from ionet.proofs.verdicts import _absent, _rows, report_verdicts


@pytest.fixture
def market() -> Market:
    """A market at the beginning of an hour of emission."""
    found = Market.new()
    proofs = found.world.client.proofs
    found.world.client.network.clock.set(proofs.period_end(proofs.latest_hour() + 1))
    return found


def hours(market: Market) -> int:
    return market.world.client.proofs.latest_hour()


def test_verdicts_go_through_reports_into_the_nodes_accounts(market: Market) -> None:
    """`report_verdicts`, for a market whose one attester decides."""
    only = market.attesters[0]
    vacated = types.proofs.Seat(Pubkey.default(), 0)
    seats = [types.proofs.Seat(only.pubkey(), 1), vacated]
    market.world.send(ix.proofs.set_attesters(authority=market.world.deployer, seats=seats, threshold=1))
    proofs, staking = market.world.client.as_(only).proofs, market.world.client.staking
    report = None
    for height in (1, 2):
        market.world.advance(HOUR)
        report = report_verdicts(proofs, staking, [market.alice.node], previous=report)
        assert proofs.get_config().head == height
        last = market.node().last_proof
        assert (last.passed, last.time) == (1, report.period_end)
    with pytest.raises(errors.proofs.PeriodFell):
        report_verdicts(proofs, staking, [market.alice.node])


def test_nodes_that_came_later_or_left_have_no_row(market: Market) -> None:
    staking, proofs = market.world.client.staking, market.world.client.proofs
    first = proofs.period_end(hours(market) + 1)
    market.world.advance(HOUR)
    market.join(market.bob, 200 * 10**8)
    assert (len(_rows(staking, first, {}, None)), len(_absent(staking, first))) == (1, 1)
    market.world.advance(HOUR)
    assert (len(_rows(staking, first + HOUR, {}, None)), len(_absent(staking, first + HOUR))) == (2, 0)
    market.send(market.staking("retire_node", of=market.bob))
    (row,) = _rows(staking, first + HOUR, {}, None)
    assert Pubkey(row.node) == market.alice.node


# -- what an hour was paid


def linked(market: Market, floor_bps: int | None) -> None:
    """From now on this part of the schedule is paid, or all of it."""
    policy = types.mint.PolicyArgs(
        kind=types.mint.PolicyKind.FIXED if floor_bps is None else types.mint.PolicyKind.DEMAND_LINKED,
        floor_bps=floor_bps or 0,
        per_burned_bps=0,
    )
    market.world.send(ix.mint.set_policy(authority=market.world.deployer, policy=policy))


def emitted(market: Market, *together: int) -> None:
    """Lets hours pass, and emits after each of these numbers of them."""
    for number in together:
        market.world.advance(number * HOUR)
        market.world.send(ix.mint.emit())


def offered(market: Market, seq: int, total: int) -> None:
    """An attester reports so much of the hours up to this one."""
    first = market.attesters[0]
    market.world.send(Proposal(market.world, seq, total=total).report(first.pubkey()), signers=[first])


def test_hours_are_paid_what_the_program_lets_reports_give(market: Market) -> None:
    proofs, first = market.world.client.proofs, hours(market)
    emitted(market, 0)
    linked(market, 2_500)
    emitted(market, 1, 3, 1, 2)
    linked(market, 0)
    emitted(market, 2)
    linked(market, None)
    emitted(market, 1, 2)
    total = emission.cumulative(first * HOUR)
    for seq in range(first + 1, first + 13):
        total += proofs.emission(seq).base
        with pytest.raises(errors.proofs.TotalAboveEmission):
            offered(market, seq, total + 1)
        offered(market, seq, total)
    assert total == market.world.balance(pda.mint.EMISSION_VAULT)


def test_an_hour_that_is_not_emitted_yet_has_a_certain_pay_under_the_schedule_only(market: Market) -> None:
    proofs, first = market.world.client.proofs, hours(market)
    market.world.advance(HOUR)
    certain = proofs.emission(first + 1)
    assert certain.base == emission.cumulative((first + 1) * HOUR) - emission.cumulative(first * HOUR)
    # The change of the policy emits that hour first, as it was.
    linked(market, 5_000)
    assert proofs.emission(first + 1) == certain
    market.world.advance(HOUR)
    with pytest.raises(EmissionUnknown, match=f"hour {first + 2} is not emitted yet.*: emit first") as bad:
        proofs.emission(first + 2)
    assert (bad.value.reason, bad.value.hour) == ("NotEmitted", first + 2)
    emitted(market, 0)
    assert 2 * proofs.emission(first + 2).base in (certain.base - 1, certain.base, certain.base + 1)


def test_an_hour_of_too_many_cranks_ago_is_forgotten_and_the_earliest_is_named(market: Market) -> None:
    proofs, first = market.world.client.proofs, hours(market)
    emitted(market, 0, *[1] * 24)
    with pytest.raises(EmissionUnknown, match=f"hour {first + 2} is the earliest") as bad:
        proofs.emission(first + 1)
    assert (bad.value.reason, bad.value.hour) == ("PeriodForgotten", first + 2)
    proofs.emission(first + 2)
    # Its beginning is the end of the earliest report that the program takes.
    proofs.most(first + 1)
    with pytest.raises(EmissionUnknown, match=f"hour {first + 1} is the earliest"):
        proofs.most(first)
    offered(market, first + 1, 0)
    with pytest.raises(errors.proofs.PeriodForgotten):
        offered(market, first, 0)


def test_a_report_emits_its_hours_first_where_nobody_has(market: Market) -> None:
    market.world.advance(HOUR)
    first, proofs = market.attesters[0], market.world.client.as_(market.attesters[0]).proofs
    content = market.rewards({market.alice.node: 1})
    sent = proofs.report(proofs.propose(content, "here")).send()
    assert sent.event(events.mint.Emitted).emitted_total == emission.cumulative(hours(market) * HOUR)
    assert proofs.get_report(sent.result).payer == first.pubkey()
    again = proofs.report(proofs.propose(content, "there")).send()
    assert not [one for one in again.events if isinstance(one, events.mint.Emitted)]
