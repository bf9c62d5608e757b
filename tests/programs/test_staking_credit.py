"""The staking program: what reports credit to nodes, and who gets how much of it.

Alice's node has 500 IO of her own and a commission of 10 %. Reports are of real leaves, made final by both
attesters a day after the hour that they end.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.programs.market import CLASS, Market
from tests.programs.people import TOKEN, Published, class_args
from tests.programs.support import DAY, HOUR, Proposal
from tests.programs.test_staking_owner import NODE, TERMINAL, u64

from ionet import IO, emission, errors, events, ix, pda
from ionet.rewards import Report
from ionet.rewards._leaves import last_hour

#: A stake of a power of two, so that the accumulator's division leaves nothing.
POWER = 2**33
#: 500 million IO times 8 % / 12: what the first month of 730.5 hours emits.
FIRST_MONTH = 333_333_333_333_333


def co_staked(market: Market, carol: int, dave: int = 0) -> None:
    """Carol and dave have active stake, and rewards are not bounded."""
    market.unbounded()
    market.co_stake(market.carol, carol)
    if dave:
        market.co_stake(market.dave, dave)
    market.activate_all(*([market.carol, market.dave] if dave else [market.carol]))


# -- who gets how much


def test_a_credit_is_split_by_stake_and_commission(market: Market) -> None:
    co_staked(market, 250 * TOKEN)
    made = market.publish({market.alice.node: 100 * TOKEN + 1})
    before = market.world.balance(pda.mint.EMISSION_VAULT)
    event = market.send(market.credit(made)).event(events.staking.Credited)
    # ⌊10,000,000,001 · 250 · 9,000 / (750 · 10,000)⌋ = ⌊3,000,000,000.3⌋, the rest is alice's.
    assert (event.amount, event.owner_part, event.co_part) == (100 * TOKEN + 1, 70 * TOKEN + 1, 30 * TOKEN)
    assert (event.node, event.credited, event.credited_total) == (
        market.alice.node,
        100 * TOKEN + 1,
        100 * TOKEN + 1,
    )
    assert event.credited_through == made.report.period_end
    assert (event.totals.own_due, event.totals.co_owed) == (70 * TOKEN + 1, 30 * TOKEN)
    assert market.world.balance(pda.mint.EMISSION_VAULT) == before - 100 * TOKEN - 1
    node = market.node()
    assert (node.credited, node.credited_through) == (100 * TOKEN + 1, made.report.period_end)
    assert market.ledger.credited == 100 * TOKEN + 1
    # The accumulator is 30 / 250 in 2^-64, rounded down: carol is a fraction of a unit short; it is carried.
    carol = market.purse(market.carol)
    claimed = market.send(market.staking("claim")).event(events.staking.Claimed)
    assert (claimed.holder, claimed.amount) == (market.carol.pubkey(), 30 * TOKEN - 1)
    assert market.purse(market.carol) == carol + 30 * TOKEN - 1
    assert market.node().co.owed == 1
    market.refused(market.staking("claim"), errors.staking.NothingToClaim)


def test_co_stakers_share_by_their_stake_to_the_base_unit(market: Market) -> None:
    # 3/4 of 2^34 are carol's; alice's 2^35 are two thirds of all.
    market.send(market.staking("owner_unstake", amount=500 * TOKEN - 2**35))
    market.credited_until_now()
    market.send(market.settling())
    co_staked(market, 3 * POWER // 2, POWER // 2)
    event = market.send(market.credit(market.publish({market.alice.node: 40_000}))).event(
        events.staking.Credited
    )
    # ⌊40,000 · 1/3 · 0.9⌋ = 12,000.
    assert (event.owner_part, event.co_part) == (28_000, 12_000)
    for holder, part in ((market.carol, 9_000), (market.dave, 3_000)):
        before = market.purse(holder)
        market.send(market.staking("claim", by=holder))
        assert market.purse(holder) == before + part
    assert market.node().co.owed == 0


def test_a_fraction_of_a_unit_is_carried_and_not_lost(market: Market) -> None:
    """floor_insolvency: floors are what is promised, and what they leave waits in the vault."""
    # Half of the active stake is carol's: of 20 units a credit she is owed 9, by an accumulator rounded down.
    co_staked(market, 500 * TOKEN)
    claimed = 0
    for credit in range(1, 4):
        market.send(market.credit(market.publish({market.alice.node: 20 * credit})))
        claimed += market.send(market.staking("claim")).event(events.staking.Claimed).amount
        assert claimed == 9 * credit - 1


def test_a_claim_of_less_than_a_unit_is_refused_and_eats_nothing(market: Market) -> None:
    """early_ok_after_mutation: a crank of dust, by whomever, takes no entitlement along."""
    # Of 3 units carol is owed ⌊3 · 250 · 0.9 / 750⌋ = 0, of 30 then 9; the accumulator rounds down.
    co_staked(market, 250 * TOKEN)
    market.send(market.credit(market.publish({market.alice.node: 5})))
    before = market.position(market.carol)
    market.refused(market.staking("claim"), errors.staking.NothingToClaim)
    assert market.position(market.carol) == before
    made = market.publish({market.alice.node: 5 + 30 * TOKEN})
    market.send(market.credit(made))
    for _ in range(3):
        assert market.send(market.credit(made)).event(events.staking.Credited).amount == 0
    claimed = market.send(market.staking("claim")).event(events.staking.Claimed).amount
    # ⌊5 · 0.3⌋ + 9 · 10^8, less the fraction that is carried.
    assert claimed == 1 + 9 * TOKEN - 1
    assert market.node().co.owed == 1


def test_stake_that_moves_to_another_node_is_paid_once_for_each_hour(market: Market) -> None:
    """double_reward_on_redelegate: neither node pays for the other's hours, nor for the time of cooling."""
    market.join(market.bob, 500 * TOKEN)
    market.unbounded(of=market.bob)
    co_staked(market, 250 * TOKEN)
    first = {market.alice.node: 100 * TOKEN, market.bob.node: 100 * TOKEN}
    made = market.publish(first)
    market.send(market.credit(made), market.credit(made, of=market.bob))
    market.send(market.staking("unstake", amount=250 * TOKEN))
    market.world.advance(14 * DAY)
    market.credited_until_now()
    market.send(market.staking("withdraw"))
    market.co_stake(market.carol, 250 * TOKEN, of=market.bob)
    # On bob's node she waits like anybody, and has no part of what came before.
    market.refused(market.staking("claim", of=market.bob), errors.staking.NothingToClaim)
    made = market.publish({one: 2 * amount for one, amount in first.items()})
    market.send(market.credit(made), market.credit(made, of=market.bob))
    market.send(market.staking("activate", of=market.bob))
    market.refused(market.staking("claim", of=market.bob), errors.staking.NothingToClaim)
    made = market.publish({one: 3 * amount for one, amount in first.items()})
    market.send(market.credit(made), market.credit(made, of=market.bob))
    # 100 · 250 / 750 · 0.9 = 30 of each, for one hour there and one here.
    for supplier in (market.alice, market.bob):
        claim = market.staking("claim", of=supplier)
        assert market.send(claim).event(events.staking.Claimed).amount == 30 * TOKEN - 1
        market.refused(claim, errors.staking.NothingToClaim)


def test_without_active_co_stake_the_owner_gets_everything(market: Market) -> None:
    """fee_with_no_stakers: nothing is divided by nobody's stake."""
    market.co_stake(market.carol, 250 * TOKEN)
    event = market.send(market.credit(market.publish({market.alice.node: 50}))).event(events.staking.Credited)
    assert (event.owner_part, event.co_part) == (50, 0)
    market.refused(market.staking("claim"), errors.staking.NothingToClaim)
    # Nor does it divide by zero when the co-stakers are gone again, and their hours are credited.
    market.activate_all(market.carol)
    market.send(market.staking("unstake", amount=250 * TOKEN))
    market.credited_until_now()
    market.send(market.settling(market.carol))
    event = market.send(market.credit(market.publish({market.alice.node: 80}))).event(events.staking.Credited)
    assert (event.owner_part, event.co_part) == (30, 0)


def test_a_credit_across_a_change_of_commission_uses_the_lower_rate(market: Market) -> None:
    # Half of the active stake is carol's; from 10 to 20 % in the middle of the second hour.
    co_staked(market, 500 * TOKEN)
    made = market.publish({market.alice.node: 100})
    for field, value in (("next_commission_bps", 2_000), ("commission_at", made.report.period_end + 1)):
        market.poke(market.alice.node, NODE, field, u64(value)[: 2 if "bps" in field else 8])
    parts = [market.send(market.credit(made)).event(events.staking.Credited).co_part]
    for lifetime in (200, 300):
        later = market.publish({market.alice.node: lifetime})
        parts.append(market.send(market.credit(later)).event(events.staking.Credited).co_part)
    # 50 · 0.9, 50 · 0.9, 50 · 0.8.
    assert parts == [45, 45, 40]
    assert (market.node().commission_bps, market.node().commission_at) == (2_000, 0)


def test_what_cools_earns_nothing_of_later_hours(market: Market) -> None:
    co_staked(market, POWER, POWER)
    market.send(market.staking("unstake", amount=POWER))
    market.send(market.credit(market.publish({market.alice.node: TOKEN})))
    first = market.send(market.staking("claim")).event(events.staking.Claimed).amount
    assert first == market.send(market.staking("claim", by=market.dave)).event(events.staking.Claimed).amount
    market.send(market.credit(market.publish({market.alice.node: 2 * TOKEN})))
    market.refused(market.staking("claim"), errors.staking.NothingToClaim)
    assert market.send(market.staking("claim", by=market.dave)).event(events.staking.Claimed).amount > first


def test_rewards_of_the_time_before_are_still_there_after_leaving(market: Market) -> None:
    co_staked(market, POWER)
    event = market.send(market.credit(market.publish({market.alice.node: TOKEN}))).event(
        events.staking.Credited
    )
    market.send(market.staking("unstake", amount=POWER))
    claimed = market.send(market.staking("claim")).event(events.staking.Claimed)
    assert claimed.amount == event.co_part > 0


def test_the_largest_stake_and_reward_overflow_nothing(market: Market) -> None:
    """multiplier_overflow: the largest class, 40 million IO on each side, and a week's largest credit."""
    # 10,000 IO times 1,000 at least, twenty times that at most; 40 million IO on each side.
    largest = class_args(base_minimum=10_000 * TOKEN, multiplier_bps=10_000_000, maximum=20)
    market.send(ix.staking.set_class(authority=market.world.deployer, id=CLASS, args=largest))
    for one in (market.alice.owner, market.carol):
        market.world.give_io(one.pubkey(), IO(40_000_000))
    market.send(market.staking("owner_stake", amount=40_000_000 * TOKEN - 500 * TOKEN))
    market.send(market.staking("owner_activate"), market.staking("open_position"))
    market.send(market.staking("stake", amount=40_000_000 * TOKEN))
    market.world.advance(360 * DAY)
    market.credited_until_now()
    market.send(market.staking("activate"))
    market.unbounded()
    # All that is credited in a week at most: R / 2 · 0.9 to carol.
    reward = FIRST_MONTH // 20 * 20
    event = market.send(market.credit(market.publish({market.alice.node: reward}))).event(
        events.staking.Credited
    )
    assert event.co_part == reward // 20 * 9
    assert reward > 3_000_000 * TOKEN
    claimed = market.send(market.staking("claim")).event(events.staking.Claimed).amount
    assert event.co_part - 1 <= claimed <= event.co_part


# -- the circuit breaker


def test_a_week_credits_a_months_emission_at_most_and_the_rest_a_week_later(market: Market) -> None:
    """Three weeks of missed hours come at once; what a whole quarter missed comes over three weeks."""
    market.world.advance(91 * DAY)
    hours = (market.world.now + HOUR - market.world.mint_config.start) // HOUR
    owed = emission.cumulative(hours * HOUR)
    assert 2 * FIRST_MONTH < owed < 3 * FIRST_MONTH
    market.join(market.bob, 300 * TOKEN)
    market.unbounded()
    made = market.publish({market.alice.node: owed - 100, market.bob.node: 100})

    through = market.node().credited_through
    for part in (FIRST_MONTH, FIRST_MONTH, owed - 100 - 2 * FIRST_MONTH):
        assert market.node().credited_through == through
        event = market.send(market.credit(made)).event(events.staking.Credited)
        assert event.amount == part
        if part == FIRST_MONTH:
            found = market.refused(market.credit(made, of=market.bob), errors.staking.CreditLimit)
            assert found.compared == ("0", "100")
            market.world.advance(8 * DAY)
    assert market.node().credited_through == made.report.period_end
    assert market.send(market.credit(made, of=market.bob)).event(events.staking.Credited).amount == 100
    assert market.ledger.credited == owed


# -- once, late, and out of order


def test_a_leaf_is_credited_once(market: Market) -> None:
    made = market.publish({market.alice.node: 100})
    market.send(market.credit(made))
    event = market.send(market.credit(made)).event(events.staking.Credited)
    assert (event.amount, event.credited, event.credited_total) == (0, 100, 100)
    assert market.node().own.due == 100


def test_a_missed_hour_heals_itself(market: Market) -> None:
    """missed_period_reward_lost: a leaf is a lifetime's sum."""
    market.publish({market.alice.node: 100})
    market.publish({market.alice.node: 180})
    latest = market.publish({market.alice.node: 250})
    event = market.send(market.credit(latest)).event(events.staking.Credited)
    assert (event.amount, event.credited) == (250, 250)


def test_an_hour_without_rewards_still_counts_as_credited(market: Market) -> None:
    market.send(market.credit(market.publish({market.alice.node: 100})))
    made = market.publish({market.alice.node: 100})
    event = market.send(market.credit(made)).event(events.staking.Credited)
    assert (event.amount, event.credited_through) == (0, made.report.period_end)
    assert market.node().credited_through == made.report.period_end


def test_an_older_report_takes_nothing_back_and_pays_nothing_again(market: Market) -> None:
    older = market.publish({market.alice.node: 100, market.bob.node: 1_000})
    newer = market.publish({market.alice.node: 150, market.bob.node: 1_000})
    market.send(market.credit(newer))
    event = market.send(market.credit(older)).event(events.staking.Credited)
    assert (event.amount, event.credited) == (0, 150)
    assert event.credited_through == newer.report.period_end


def test_a_leaf_that_falls_pays_again_only_above_its_peak(market: Market) -> None:
    """falling_leaf: what was credited stays the mark."""
    market.send(market.credit(market.publish({market.alice.node: 100})))
    fallen = market.publish({market.alice.node: 40, market.bob.node: 500})
    event = market.send(market.credit(fallen)).event(events.staking.Credited)
    assert (event.amount, event.credited) == (0, 100)
    risen = market.publish({market.alice.node: 130, market.bob.node: 500})
    event = market.send(market.credit(risen)).event(events.staking.Credited)
    assert (event.amount, event.credited) == (30, 130)


def test_stake_credit_claim_and_leave_gain_nothing(market: Market) -> None:
    """reward_sniping: all in one transaction, right before a credit."""
    market.unbounded()
    made = market.publish({market.alice.node: 100 * TOKEN})
    before = market.purse(market.carol)
    market.send(
        market.staking("open_position"),
        market.staking("stake", amount=500 * TOKEN),
        market.credit(made),
        market.staking("unstake", amount=500 * TOKEN),
    )
    assert market.purse(market.carol) == before
    assert market.node().own.due == 100 * TOKEN
    market.refused(market.staking("claim"), errors.staking.NothingToClaim)
    # Nor does that credit make stake active that came in behind the hours that it counts.
    newer = market.publish({market.alice.node: 150 * TOKEN})
    market.send(market.staking("stake", amount=500 * TOKEN))
    market.refused(market.staking("activate"), errors.staking.StillPending)
    market.send(market.credit(newer))
    market.refused(market.staking("activate"), errors.staking.StillPending)


# -- refusals


def test_reports_that_are_not_final_pay_nothing(market: Market) -> None:
    made = market.publish({market.alice.node: 100})
    state = type(market.world.report(made.address)).OFFSETS["state"]
    raw = market.world.raw(made.address)
    for wrong in (0, 1, 3):
        data = bytearray(raw.data)
        data[state] = wrong
        market.world.client.network.set_account(made.address, data=bytes(data), owner=raw.owner)
        market.refused(market.credit(made), errors.staking.ReportNotFinal)


def test_a_report_pays_for_thirty_days(market: Market) -> None:
    made = market.publish({market.alice.node: 100, market.bob.node: 0}, wait=False)
    late = market.publish({market.alice.node: 101, market.bob.node: 0})
    until = market.world.report(made.address).creditable_until
    market.world.advance(until - market.world.now)
    market.send(market.credit(made))
    market.world.advance(1)
    market.refused(market.credit(made), errors.staking.ReportTooOld)
    # Nothing is lost: a newer report has it all.
    assert market.send(market.credit(late)).event(events.staking.Credited).amount == 1


def test_only_a_report_of_the_proofs_program_pays(market: Market) -> None:
    made = market.publish({market.alice.node: 100})
    found = market.world.raw(made.address)
    forged = market.actor().pubkey()
    market.world.client.network.set_account(forged, data=bytes(found.data), owner=market.world.deployer)
    for other in (
        forged,
        pda.proofs.CONFIG,
        pda.proofs.ATTESTER_SET,
        market.alice.node,
        market.carol.pubkey(),
    ):
        market.refused(
            market.credit(made, report=other, leaf=made.leaf(market.alice.node)), errors.staking.NotAReport
        )


@pytest.mark.parametrize(
    "forged",
    [
        {"lifetime": 101},
        {"lifetime": 0},
        {"index": 1},
        {"index": 2},
        {"index": 2**32 - 1},
        {"proof": ()},
        {"proof": (b"\0" * 32,)},
        {"proof": (b"\0" * 32,) * 2},
    ],
    ids=str,
)
def test_a_leaf_that_is_not_in_the_report_pays_nothing(market: Market, forged: dict[str, Any]) -> None:
    made = market.publish({market.alice.node: 100, market.bob.node: 200})
    leaf = made.leaf(market.alice.node)
    change = dict(forged)
    if change.get("index") == leaf.index:
        change["index"] = leaf.index ^ 1
    market.refused(market.credit(made, leaf=replace(leaf, **change)), errors.staking.WrongProof)


def test_a_node_is_not_credited_with_anothers_leaf(market: Market) -> None:
    made = market.publish({market.alice.node: 100, market.bob.node: 200})
    theft = market.credit(made, leaf=made.leaf(market.bob.node))
    market.refused(theft, errors.staking.WrongProof)


def test_a_time_is_part_of_its_leaf(market: Market) -> None:
    made = market.publish({market.alice.node: 100})
    leaf = made.leaf(market.alice.node)
    earlier = market.credit(made, leaf=replace(leaf, through=leaf.through - 1))
    market.refused(earlier, errors.staking.WrongProof)
    later = market.credit(made, leaf=replace(leaf, through=leaf.through + 1))
    market.refused(later, errors.staking.LeafBeyondReport)
    beyond = market.publish({market.alice.node: 100}, through=market.world.now + 2 * HOUR)
    market.refused(market.credit(beyond), errors.staking.LeafBeyondReport)


def test_credits_never_exceed_what_the_report_accounts_for(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    # The leaves come to 300, but the report stands for 250 only.
    made = market.publish({market.alice.node: 100, market.bob.node: 200}, total=250)
    market.send(market.credit(made))
    found = market.refused(market.credit(made, of=market.bob), errors.staking.ReportExhausted)
    assert found.compared == ("250", "300")


@pytest.mark.parametrize("lifetime", [2**63, 2**64 - 1])
def test_a_lifetime_beyond_all_tokens_is_refused(market: Market, lifetime: int) -> None:
    co_staked(market, 500 * TOKEN)
    made = market.publish({market.alice.node: lifetime}, total=1)
    market.refused(market.credit(made), errors.staking.RewardAboveBound)


def test_more_than_was_minted_is_not_promised(market: Market) -> None:
    """floor_insolvency: a report exceeds neither the schedule nor what the vault was paid for its hours."""
    market.unbounded()
    market.send(market.credit(market.publish({market.alice.node: 100})))
    paid = market.world.balance(pda.mint.EMISSION_VAULT) + 100
    market.send(market.credit(market.publish({market.alice.node: paid})))
    with pytest.raises(errors.proofs.TotalAboveEmission):
        market.publish({market.alice.node: 2**60})


def test_a_leaf_of_a_node_without_stake_is_its_owners(market: Market) -> None:
    """fee_with_no_stakers: else a unit of a stranger, pending for ever, would keep the owner from it."""
    market.send(market.staking("owner_unstake", amount=500 * TOKEN))
    market.credited_until_now()
    market.send(market.settling())
    made = market.publish({market.alice.node: 100})
    event = market.send(market.credit(made)).event(events.staking.Credited)
    assert (event.owner_part, event.co_part, event.totals.own_active) == (100, 0, 0)


def test_a_challenged_node_waits(market: Market) -> None:
    made = market.publish({market.alice.node: 100})
    market.poke(market.alice.node, NODE, "credit_frozen_until", u64(market.world.now + DAY))
    market.world.advance(DAY - 1)
    market.refused(market.credit(made), errors.staking.CreditFrozen)
    market.world.advance(1)
    market.send(market.credit(made))


def test_a_node_whose_co_stakers_bore_a_loss_is_credited_the_hours_before(market: Market) -> None:
    made = market.publish({market.alice.node: 100}, wait=False)
    market.send(market.staking("retire_node"))
    market.poke(market.alice.node, NODE, "state", TERMINAL)
    market.poke(market.alice.node, NODE, "closed_at", u64(made.report.period_end))
    later = market.publish({market.alice.node: 101})
    market.send(market.credit(made))
    market.refused(market.credit(later), errors.staking.HourNotEarned)
    nothing = market.publish({market.alice.node: 100, market.bob.node: 1})
    assert market.send(market.credit(nothing)).event(events.staking.Credited).amount == 0


def test_a_correction_after_a_ban_still_credits_the_hours_before(market: Market) -> None:
    """Its leaf was that of the correction's hour, which the node did not earn; earlier reports were no longer
    creditable."""
    market.unbounded()
    earlier = market.publish({market.alice.node: 30 * TOKEN}, wait=False)
    market.world.advance(HOUR + 5)
    market.send(market.staking("retire_node"))
    market.send(market.staking("evict_device", ban=True))
    closed = market.node().closed_at
    market.world.advance(HOUR)
    market.world.send(ix.mint.emit())
    start = market.world.mint_config.start
    end = start + (market.world.now - start) // HOUR * HOUR
    through = last_hour(end, closed)
    assert end - 2 * HOUR < through <= closed < end
    fixed = corrected(market, market.rewards({market.alice.node: 20 * TOKEN}, through=through))
    market.refused(market.credit(earlier), errors.staking.ReportCorrected)
    assert market.send(market.credit(fixed)).event(events.staking.Credited).amount == 20 * TOKEN
    assert market.node().credited_through == through


def corrected(market: Market, report: Report) -> Published:
    """A correction that is final and creditable."""
    hours = (report.period_end - market.world.mint_config.start) // HOUR
    made = Proposal(market.world, hours, root=report.root, total=30 * TOKEN, correction=True)
    for n, attester in enumerate(market.attesters):
        market.send(made.approve(attester.pubkey()) if n else made.report(attester.pubkey()))
    market.world.advance(3 * DAY)
    market.send(ix.proofs.finalize(report=made.address))
    market.world.advance(max(0, market.world.report(made.address).creditable_from - market.world.now))
    return Published(made.address, report)


def test_credits_come_out_of_emissions_vault_into_the_nodes(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    made = market.publish({market.alice.node: 100})
    changes: list[dict[str, Any]] = [
        {"emission_vault": market.bob.vault},
        {"emission_vault": pda.mint.RESERVE_VAULT},
        {"vault": market.bob.vault},
        {"vault": pda.mint.EMISSION_VAULT},
    ]
    for change in changes:
        market.refused(market.credit(made, **change), errors.staking.WrongVault)


def test_a_position_has_no_part_of_what_was_credited_before(market: Market) -> None:
    market.co_stake(market.carol, TOKEN)
    market.refused(market.staking("claim"), errors.staking.NothingToClaim)
    market.activate_all(market.carol)
    market.send(market.credit(market.publish({market.alice.node: TOKEN})))
    market.co_stake(market.dave, TOKEN)
    market.activate_all(market.dave)
    market.refused(market.staking("claim", by=market.dave), errors.staking.NothingToClaim)


def test_the_events_of_a_node_are_numbered_without_a_gap(market: Market) -> None:
    co_staked(market, 100 * TOKEN)
    market.send(market.credit(market.publish({market.alice.node: TOKEN})))
    for name in ("claim", "owner_claim"):
        market.send(market.staking(name))
    for name in ("unstake", "owner_unstake"):
        market.send(market.staking(name, amount=100 * TOKEN))
    market.world.advance(14 * DAY)
    market.send(market.staking("withdraw"))
    found = [
        event
        for signature in reversed(list(market.world.client.history(market.alice.node)))
        for event in market.world.client.transaction(signature).events
        if getattr(event, "node", None) == market.alice.node
    ]
    # Registered, staked and activated before.
    assert [event.seq for event in found] == list(range(4, 12))  # type: ignore[attr-defined]
    assert market.node().seq == 11
