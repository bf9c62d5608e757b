"""The staking model against examples worked by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.model.emission import TOKEN, Mint, cumulative
from tests.model.refusal import Refused
from tests.model.reports import APPROVED, FINAL, PENDING, VOID, Leaf, Report, Reports
from tests.model.staking import DAY, FORTNIGHT, RETIRED, TERMINAL, WEEK, HardwareClass, History, Node, Staking

NOW = 1_800_000_000
REFERENCE = HardwareClass(200 * TOKEN, Fraction(1), 5)


def market(own: int = 500, **co: int) -> Staking:
    """A node with so much active stake of its owner's, and of co-stakers', in IO; all have 2,000 more."""
    stakes = Staking(dict.fromkeys(("owner", *co), (2_000) * TOKEN))
    stakes.nodes["node"] = Node("owner", REFERENCE, 1_000, credited_through=NOW)
    stakes.purses["owner"] += own * TOKEN
    stakes.owner_stake("node", own * TOKEN, NOW)
    stakes.activate("node", None, NOW)
    for name, amount in co.items():
        stakes.purses[name] += amount * TOKEN
        stakes.open_position("node", name)
        stakes.stake("node", name, amount * TOKEN, NOW)
        stakes.activate("node", name, NOW)
    # Rewards of examples are not bounded.
    stakes.bound_bps = None
    return stakes


def refused(call: object, *given: object) -> frozenset[str]:
    assert callable(call)
    with pytest.raises(Refused) as found:
        call(*given)
    return found.value.reasons


@pytest.mark.parametrize(
    ("multiplier", "units", "minimum"),
    [
        (Fraction(10), 8, 16_000),  # 8×H100
        (Fraction(10), 1, 2_000),
        (Fraction(5, 4), 1, 250),  # RTX 4090
        (Fraction(1, 2), 1, 200),  # T4: a multiplier below one counts as one
        (Fraction(30), 8, 48_000),  # 8×B200
        (Fraction(1, 10), 4, 800),  # Ryzen
    ],
)
def test_minimum_stakes_of_the_classes(multiplier: Fraction, units: int, minimum: int) -> None:
    kind = HardwareClass(200 * TOKEN, multiplier, 5)
    assert kind.minimum(units) == minimum * TOKEN
    assert kind.maximum(units) == 5 * minimum * TOKEN


# -- in


def test_new_stake_waits_for_a_credit_but_for_an_owners_without_co_stakers() -> None:
    stakes = market()
    stakes.owner_stake("node", TOKEN, NOW + 1)
    assert stakes.activate("node", None, NOW + 1) == TOKEN
    stakes = market(500, carol=1)
    stakes.owner_stake("node", TOKEN, NOW + 1)
    assert refused(stakes.activate, "node", None, NOW + 400 * DAY) == {"StillPending"}
    stakes.credit("node", 0, NOW + 1)
    assert refused(stakes.owner_stake, "node", TOKEN, NOW + 2) == {"ActivateFirst"}
    stakes.activate("node", None, NOW + 2)
    assert stakes.nodes["node"].own.active == 501 * TOKEN


def test_co_stake_enters_only_behind_the_owners_active_minimum() -> None:
    stakes = market(500, carol=1)
    stakes.owner_unstake("node", 300 * TOKEN + 1, NOW)
    stakes.owner_stake("node", 300 * TOKEN, NOW)
    assert refused(stakes.stake, "node", "carol", 1, NOW) == {"OwnerBelowMinimum"}


def test_caps_bind_on_increases() -> None:
    stakes = market(500, carol=120)
    # 1,000 − 500 − 120 IO are left for the owner, 500 − 120 for co-stakers.
    assert refused(stakes.owner_stake, "node", 380 * TOKEN + 1, NOW) == {"MaximumStake"}
    assert refused(stakes.stake, "node", "carol", 380 * TOKEN + 1, NOW) == {
        "MaximumStake",
        "CoStakeAboveHalf",
    }
    stakes.owner_unstake("node", 100 * TOKEN, NOW)
    assert refused(stakes.stake, "node", "carol", 280 * TOKEN + 1, NOW) == {"CoStakeAboveHalf"}
    stakes.stake("node", "carol", 280 * TOKEN, NOW)


# -- out


def test_all_active_stake_cools_and_pending_stake_leaves_at_once() -> None:
    assert market(500).owner_unstake("node", 350 * TOKEN, NOW) == (0, 350 * TOKEN)
    stakes = market(500, carol=250)
    stakes.owner_stake("node", 40 * TOKEN, NOW)
    assert stakes.owner_unstake("node", 340 * TOKEN, NOW) == (40 * TOKEN, 300 * TOKEN)
    assert refused(stakes.owner_withdraw, "node", NOW + FORTNIGHT - 1) == {"NothingReady"}
    assert stakes.owner_withdraw("node", NOW + FORTNIGHT) == 300 * TOKEN
    assert stakes.purses["owner"] == (2_000 + 300) * TOKEN


def test_who_leaves_stays_in_the_split_until_their_hours_are_credited() -> None:
    stakes = market(500, carol=250)
    stakes.unstake("node", "carol", 250 * TOKEN, NOW + 5_000)
    node = stakes.nodes["node"]
    assert (node.co_active, node.co_late) == (0, 250 * TOKEN)
    # The hour before, and the one in which she left: 1,000 · 250 / 750 · 0.9 of each.
    assert stakes.credit("node", 1_000, NOW + 3_600, NOW + 9_000)[1] == 300
    assert refused(stakes.credit, "node", 2_000, NOW + 7_200, NOW + 9_599) == {"CreditTooSoon"}
    assert stakes.credit("node", 2_000, NOW + 7_200, NOW + 9_600)[1] == 300
    stakes.settle("node", NOW + 9_600, "carol")
    assert stakes.credit("node", 3_000, NOW + 10_800, NOW + 9_600)[1] == 0
    assert node.positions["carol"].earned == 600


def test_an_hours_reward_is_at_most_a_part_of_the_minimum() -> None:
    stakes = market(500)
    stakes.bound_bps = 96
    # 1.92 IO an hour.
    assert refused(stakes.credit, "node", 192_000_001, NOW + 3_600) == {"RewardAboveBound"}
    stakes.credit("node", 384_000_000, NOW + 3_601)


def test_fraud_stops_credit_and_ends_the_node() -> None:
    stakes = market(500, carol=100)
    stakes.propose_slash("node", 0, 50 * TOKEN, NOW, fraud=True)
    assert refused(stakes.credit, "node", 10, NOW + 3_600) == {"CreditStopped"}
    stakes.set_apart("node", 0, NOW + 30 * DAY)
    assert stakes.execute_slash("node", 0, NOW + 30 * DAY) == 55 * TOKEN // 10
    assert refused(stakes.close_slash, "node", 0, NOW + 30 * DAY) == {"SlashOpen"}
    assert refused(stakes.resolve_slash, "node", 0, 50 * TOKEN - 1, NOW + 30 * DAY) == {"SlashSetApart"}
    stakes.resolve_slash("node", 0, 50 * TOKEN, NOW + 30 * DAY)
    node = stakes.nodes["node"]
    assert (node.state, node.fraud, node.stopped, stakes.active()) == (TERMINAL, True, 30 * DAY, 0)
    assert refused(stakes.credit, "node", 10, NOW + 3_600) == {"NodeTerminal"}
    assert stakes.forfeit("node", 10, NOW + 3_600) == 10


def test_stopped_nodes_have_a_tenth_of_all_stake_but_one_may_always_be() -> None:
    stakes = market(500)
    stakes.nodes["other"] = Node("owner", REFERENCE, 0, credited_through=NOW)
    stakes.owner_stake("other", 500 * TOKEN, NOW)
    stakes.activate("other", None, NOW)
    stakes.propose_slash("node", 0, 1, NOW, fraud=True)
    with pytest.raises(Refused, match="StopLimit"):
        stakes.propose_slash("other", 0, 1, NOW, fraud=True)
    stakes.elsewhere = 9_000 * TOKEN
    stakes.propose_slash("other", 0, 1, NOW, fraud=True)


def test_a_former_owners_side_cools_and_is_paid_to_them() -> None:
    stakes = market(500)
    stakes.retire("node", NOW + 10)
    assert refused(stakes.expel, "node", NOW + 10 + 60 * DAY) == {"OwnerStays"}
    stakes.credit("node", 7, NOW + 3_600)
    leaves = NOW + 10 + 3_600 + 7 * DAY + 1
    assert refused(stakes.expel, "node", leaves - 1) == {"DisproofsOpen"}
    assert stakes.expel("node", leaves) == 500 * TOKEN + 7
    node = stakes.nodes["node"]
    assert (node.own.side, node.vault) == (0, 500 * TOKEN + 7)
    assert refused(stakes.pay_former, "node", leaves - 1 + FORTNIGHT) == {"NothingReady"}
    assert stakes.pay_former("node", leaves + FORTNIGHT) == 500 * TOKEN + 7


def test_four_withdrawals_cool_at_a_time() -> None:
    stakes, now = market(500, carol=100), NOW + 1
    for _ in range(4):
        stakes.unstake("node", "carol", TOKEN, now)
    assert refused(stakes.unstake, "node", "carol", TOKEN, now) == {"NoFreeSlot"}
    assert stakes.withdraw("node", "carol", now + FORTNIGHT) == 4 * TOKEN
    # Weights without tokens share a slot, until the earliest of them ends.
    for _ in range(3):
        stakes.unstake("node", "carol", TOKEN, now + FORTNIGHT)
    slots = stakes.nodes["node"].positions["carol"].slots
    assert [(one.weight, one.counts_to) for one in slots if not one.amount] == [(4 * TOKEN, now)]
    assert refused(stakes.unstake, "node", "carol", TOKEN, now + FORTNIGHT) == {"NoFreeSlot"}


def test_a_lease_locks_the_owners_minimum_and_no_more() -> None:
    stakes = market(500, carol=100)
    stakes.nodes["node"].leased_until = NOW + 1
    assert refused(stakes.owner_unstake, "node", 300 * TOKEN + 1, NOW) == {"LeaseLocksMinimum"}
    assert refused(stakes.retire, "node", NOW) == {"NodeLeased"}
    stakes.unstake("node", "carol", 100 * TOKEN, NOW)
    stakes.owner_unstake("node", 300 * TOKEN + 1, NOW + 1)


# -- rewards


def test_a_credit_is_split_by_stake_and_commission() -> None:
    stakes = market(500, carol=150, dave=100)
    # ⌊10,000,000,001 · 250 · 9,000 / (750 · 10,000)⌋ = ⌊3,000,000,000.3⌋.
    assert stakes.credit("node", 100 * TOKEN + 1, NOW) == (70 * TOKEN + 1, 30 * TOKEN)
    positions = stakes.nodes["node"].positions
    assert [one.earned / TOKEN for one in positions.values()] == [18, 12]
    stakes.claim("node", "carol", 18 * TOKEN, NOW)
    assert stakes.nodes["node"].co_owed == 12 * TOKEN
    assert refused(stakes.claim, "node", "carol", 0, NOW) == {"NothingToClaim"}
    with pytest.raises(AssertionError):
        stakes.claim("node", "dave", 12 * TOKEN + 1, NOW)
    with pytest.raises(AssertionError):
        stakes.claim("node", "dave", 12 * TOKEN - 2, NOW)


def test_fractions_are_kept() -> None:
    stakes = market(500, carol=100, dave=200)
    for n in range(1, 4):
        # ⌊10 · 300 · 9,000 / (800 · 10,000)⌋ = 3: one is carol's.
        assert stakes.credit("node", 10 * n, NOW) == (7, 3)
    assert stakes.nodes["node"].positions["carol"].earned == 3
    # ⌊8 · 0.3375⌋ = 2: two thirds of a unit are carol's.
    stakes.credit("node", 38, NOW)
    assert stakes.nodes["node"].positions["carol"].earned == Fraction(11, 3)
    assert stakes.nodes["node"].positions["carol"].claimable == (3, 3)


def test_without_active_co_stake_all_is_the_owners() -> None:
    stakes = market(500)
    assert stakes.credit("node", 50, NOW) == (50, 0)
    # A leaf pays what it has above what was credited.
    assert stakes.credit("node", 40, NOW) == (0, 0)
    assert stakes.credit("node", 60, NOW) == (10, 0)


def test_a_credit_across_a_change_of_commission_uses_the_lower_rate() -> None:
    stakes = market(500, carol=500)
    begins = stakes.set_commission("node", 1_500, NOW)
    assert begins == NOW + 7 * DAY
    parts = []
    for n, through in enumerate((begins - 1, begins, begins + 1), 1):
        parts.append(stakes.credit("node", 2_000 * n, through)[1])
    # 1,000 · 0.9, 1,000 · 0.9, 1,000 · 0.85.
    assert parts == [900, 900, 850]
    assert refused(stakes.set_commission, "node", 2_001, NOW) == {"CommissionStep"}
    stakes.set_commission("node", 0, NOW)
    # Down, it is the new one that is lower: 1,000 · 1.
    assert stakes.credit("node", 8_000, NOW + 7 * DAY)[1] == 1_000


def test_rewards_compound_as_far_as_there_is_room() -> None:
    stakes = market(980)
    stakes.credit("node", 50 * TOKEN, NOW)
    assert stakes.owner_compound("node", NOW + 1) == 20 * TOKEN
    assert stakes.nodes["node"].own.due == 30 * TOKEN


# -- slashes


def test_a_slash_takes_rewards_then_stake_then_what_cools_then_co_stake() -> None:
    stakes = market(500, carol=250)
    stakes.elsewhere = 10**6 * TOKEN
    stakes.credit("node", 100 * TOKEN, NOW)
    stakes.owner_unstake("node", 300 * TOKEN, NOW)
    stakes.owner_stake("node", 100 * TOKEN, NOW + 1)
    node = stakes.nodes["node"]
    # 70 due, 200 active, 100 pending, 300 cooling, 250 of carol.
    assert node.own.side == 670 * TOKEN
    left = []
    for nonce, amount in enumerate((60, 160, 120, 60)):
        stakes.propose_slash("node", nonce, amount * TOKEN, NOW)
    for nonce in range(4):
        stakes.set_apart("node", nonce, NOW + 30 * DAY)
        own = node.own
        left.append(tuple(one // TOKEN for one in (own.due, own.active, own.pending, own.cooling)))
    assert left == [(10, 200, 100, 300), (0, 50, 100, 300), (0, 0, 30, 300), (0, 0, 0, 270)]
    assert (node.set_apart, node.vault) == (400 * TOKEN, (670 + 250 + 30) * TOKEN)
    # Carol loses 20 of 250 only when the resolver has decided.
    stakes.propose_slash("node", 9, 290 * TOKEN, NOW)
    assert stakes.set_apart("node", 9, NOW + 30 * DAY) == 270 * TOKEN
    stakes.resolve_slash("node", 9, 290 * TOKEN, NOW + 30 * DAY)
    stakes.set_apart("node", 9, NOW + 400 * DAY)
    assert (node.state, node.co_tokens, node.co_shares) == (TERMINAL, 230 * TOKEN, 250 * TOKEN)
    assert stakes.execute_slash("node", 9, NOW + 400 * DAY) == 290 * TOKEN
    # 125 of 250 shares are 115; the last one takes all.
    stakes.unstake("node", "carol", 125 * TOKEN, NOW + 400 * DAY)
    assert stakes.withdraw("node", "carol", NOW + 430 * DAY) == 115 * TOKEN
    stakes.unstake("node", "carol", 125 * TOKEN, NOW + 430 * DAY)
    assert stakes.withdraw("node", "carol", NOW + 460 * DAY) == 115 * TOKEN
    # Later hours are not earned, and none of them is forfeit: it was no fraud.
    assert refused(stakes.credit, "node", 10**11, NOW + 401 * DAY) == {"HourNotEarned"}
    assert refused(stakes.forfeit, "node", 10**11, NOW + 401 * DAY) == {"NodeNotTerminal"}


def test_one_per_cent_of_all_stake_is_burned_in_seven_days_without_a_decision() -> None:
    stakes = market(500)
    stakes.propose_slash("node", 0, 20 * TOKEN, NOW)
    end = NOW + 30 * DAY
    assert refused(stakes.set_apart, "node", 0, end - 1) == {"NotExecutable"}
    assert stakes.set_apart("node", 0, end) == 20 * TOKEN
    assert stakes.execute_slash("node", 0, end) == 480 * TOKEN // 100
    assert refused(stakes.execute_slash, "node", 0, end + WEEK) == {"SlashLimit"}
    assert stakes.execute_slash("node", 0, end + 8 * DAY) == 480 * TOKEN // 100
    # What was set apart does not lapse.
    assert refused(stakes.close_slash, "node", 0, end + 400 * DAY) == {"SlashOpen"}
    stakes.cancel_slash("node", 0, end + 400 * DAY)
    stakes.close_slash("node", 0, end + 400 * DAY)
    assert (stakes.nodes["node"].frozen, stakes.nodes["node"].set_apart) == (0, 0)
    assert stakes.purses["owner"] == (2_000 + 20) * TOKEN - 2 * (480 * TOKEN // 100)


def test_a_tenth_is_burned_by_decision() -> None:
    stakes = market(500)
    stakes.propose_slash("node", 0, 100 * TOKEN, NOW)
    stakes.appeal("node", 0, NOW)
    stakes.resolve_slash("node", 0, 100 * TOKEN, NOW)
    stakes.set_apart("node", 0, NOW)
    assert stakes.execute_slash("node", 0, NOW) == 40 * TOKEN
    assert refused(stakes.cancel_slash, "node", 0, NOW) == {"SlashDecided"}


def test_after_a_lapse_the_node_is_spared() -> None:
    stakes = market(500)
    stakes.propose_slash("node", 0, TOKEN, NOW)
    lapsed = NOW + 44 * DAY
    stakes.close_slash("node", 0, lapsed + DAY)
    assert refused(stakes.propose_slash, "node", 1, TOKEN, lapsed + 30 * DAY - 1) == {"SlashPause"}
    stakes.propose_slash("node", 1, TOKEN, lapsed + 30 * DAY)


def test_nothing_leaves_the_owners_side_below_open_proposals() -> None:
    stakes = market(500, carol=100)
    stakes.owner_stake("node", 100 * TOKEN, NOW + 1)
    stakes.propose_slash("node", 0, 550 * TOKEN, NOW)
    assert refused(stakes.owner_unstake, "node", 51 * TOKEN, NOW) == {"Frozen"}
    stakes.owner_unstake("node", 50 * TOKEN, NOW)
    assert refused(stakes.propose_slash, "node", 1, 100 * TOKEN + 1, NOW) == {"SlashAboveStake"}
    stakes.propose_slash("node", 1, TOKEN, NOW)
    stakes.stake("node", "carol", TOKEN, NOW + 1)
    assert refused(stakes.unstake, "node", "carol", TOKEN, NOW) == {"CoExitFrozen"}


def test_an_appeal_waits_for_the_resolver_and_lapses_after_30_days() -> None:
    stakes = market(500)
    for nonce in (0, 1):
        stakes.propose_slash("node", nonce, 100 * TOKEN, NOW)
        stakes.appeal("node", nonce, NOW + DAY)
    assert refused(stakes.appeal, "node", 0, NOW + DAY) == {"AppealClosed"}
    assert refused(stakes.set_apart, "node", 0, NOW + 31 * DAY) == {"NotExecutable"}
    assert refused(stakes.resolve_slash, "node", 0, 101 * TOKEN, NOW + 31 * DAY) == {"SlashRaised"}
    assert stakes.resolve_slash("node", 0, 60 * TOKEN, NOW + 31 * DAY) == 40 * TOKEN
    assert refused(stakes.resolve_slash, "node", 1, 0, NOW + 31 * DAY + 1) == {"NotDecidable"}
    stakes.close_slash("node", 1, NOW + 31 * DAY + 1)


# -- the limit of a week


def test_credits_of_a_week_are_limited_and_the_rest_waits() -> None:
    stakes = market(500, carol=100)
    node, week = stakes.nodes["node"], 333_333_333_333_333
    today = (NOW // DAY + 1) * DAY
    earned = week + 1_000
    stakes.stake("node", "carol", TOKEN, today)
    stakes.nodes["node"].credited_at = 0
    stakes.set_commission("node", 500, today)
    later = today + 8 * DAY
    assert sum(stakes.credit("node", earned, later, later)) == week
    # Not credited to the end: no time has passed for pending stake, and the commission is not settled.
    assert (node.credited, node.credited_through, node.announced) == (week, NOW, (today + WEEK, 500))
    assert refused(stakes.activate, "node", "carol", later) == {"StillPending"}
    assert refused(stakes.credit, "node", earned, later, later + 8 * DAY - 1) == {"CreditLimit"}
    assert stakes.credit("node", week, later, later + 8 * DAY - 1) == (0, 0)
    assert sum(stakes.credit("node", earned, later, later + 8 * DAY + 600)) == 1_000
    assert (node.credited_through, node.commission, node.announced) == (later, 500, None)
    stakes.activate("node", "carol", later)


def test_a_week_that_was_partly_used_leaves_the_rest() -> None:
    stakes = market()
    stakes.credit("node", 300 * 10**12, NOW, NOW)
    # 3,333,333.33 IO less 3 millions.
    assert sum(stakes.credit("node", 10**16, NOW, NOW + 3 * DAY)) == 33_333_333_333_333
    assert stakes.nodes["node"].credited == 333_333_333_333_333
    assert sum(stakes.credit("node", 10**16, NOW, NOW + 8 * DAY)) == 300 * 10**12
    assert sum(stakes.credit("node", 10**16, NOW, NOW + 11 * DAY)) == 33_333_333_333_333


# -- a node's life, history


def test_a_node_comes_back_as_it_was() -> None:
    stakes = market(500, carol=100)
    stakes.credit("node", 30, NOW)
    stakes.retire("node", NOW)
    assert stakes.nodes["node"].state == RETIRED
    assert refused(stakes.owner_stake, "node", 1, NOW) == {"NodeNotLive"}
    assert refused(stakes.reopen, "node", 999, NOW) == {"CommissionNotice"}
    stakes.reopen("node", 1_000, NOW)
    assert stakes.credit("node", 30, NOW) == (0, 0)


def test_a_week_begins_with_what_there_was_before() -> None:
    history, week = History(), NOW // WEEK + 1
    history.set(week * WEEK - 1, 5)
    history.set(week * WEEK, 8)
    assert (history.at_week(week), history.at_week(week + 1), history.now) == (5, 8, 8)
    assert history.at_week(week - 1) == 0


# -- reports


def made(total: int = 100, hours: int = 1, **lifetimes: int) -> Report:
    end = NOW + hours * 3_600
    leaves = {name: Leaf(value, end) for name, value in (lifetimes or {"node": total}).items()}
    return Report(hours, total, leaves, end)


def reporting(stakes: Staking | None = None) -> Reports:
    mint = Mint(NOW)
    mint.emit(NOW + 3_600)
    return Reports(mint, stakes or market(), (2, 1, 1), 3)


def test_the_first_content_to_the_threshold_closes_its_hour() -> None:
    reports = reporting()
    first, second = (reports.report(made(total), seat, NOW + 3_600) for total, seat in ((1, 1), (2, 2)))
    reports.approve(second, 0, NOW + 3_600)
    assert (reports.reports[first].state, reports.reports[second].state) == (PENDING, APPROVED)
    assert refused(reports.approve, first, 0, NOW) == {"AlreadyDecided", "NotAtHead"}
    assert refused(reports.finalize, second, NOW + 3_600 + DAY - 1) == {"WindowOpen"}
    reports.finalize(second, NOW + 3_600 + DAY)
    assert (reports.reports[second].state, reports.highest) == (FINAL, (2, cumulative(3_600)))

    def on_it(total: int) -> Report:
        one = made(total, 2)
        one.before = second
        return one

    assert refused(reports.report, on_it(2), 1, NOW + 7_200) == {"NotEmitted"}
    reports.mint.emit(NOW + 7_200)
    assert refused(reports.report, on_it(1), 1, NOW + 7_200) == {"TotalFell"}
    most = cumulative(7_200)
    assert refused(reports.report, on_it(most + 1), 1, NOW + 7_200) == {"TotalAboveEmission"}
    reports.report(on_it(most), 1, NOW + 7_200)


def test_a_void_takes_the_head_back_and_a_correction_lets_nothing_earlier_pay() -> None:
    reports = reporting()

    def next_one(hours: int, total: int, *, correction: bool = False) -> int:
        reports.mint.emit(NOW + hours * 3_600)
        one = made(total, hours)
        one.before, one.correction = reports.head, correction
        number = reports.report(one, 0, NOW + hours * 3_600)
        for seat in (1, 2):
            if one.state == PENDING:
                reports.approve(number, seat, NOW + hours * 3_600)
        return number

    first, second, third = (next_one(hours, hours) for hours in (1, 2, 3))
    reports.void(second, NOW + 3 * 3_600)
    assert (reports.chain, reports.head) == ([first], first)
    assert refused(reports.finalize, third, NOW + 9 * DAY) == {"ReportFell"}
    corrected = next_one(4, 0, correction=True)
    assert (reports.chain, reports.lowest) == ([first, corrected], 2)
    reports.void(corrected, NOW + 4 * 3_600, authority=True)
    assert (reports.head, reports.lowest, len(reports.voids)) == (first, 0, 1)


def test_credits_stay_within_report_and_vault() -> None:
    stakes = market()
    reports = reporting(stakes)
    number = reports.report(made(99, node=100), 0, NOW + 3_600)
    reports.approve(number, 1, NOW + 3_600)
    assert refused(reports.credit, number, "node", NOW) == {
        "ReportNotFinal",
        "ReportExhausted",
    }
    reports.finalize(number, NOW + 3_600 + DAY)
    held = NOW + 3_600 + WEEK
    assert refused(reports.credit, number, "node", held - 1) == {"ReportHeld", "ReportExhausted"}
    assert refused(reports.credit, number, "node", held) == {"ReportExhausted"}
    reports.reports[number].total = 100
    assert refused(reports.credit, number, "node", held + 30 * DAY + 1) == {"ReportTooOld"}
    assert reports.credit(number, "node", held + 30 * DAY) == (100, 0)
    assert reports.mint.emission_vault == cumulative(3_600) - 100


def test_a_leaf_that_fell_or_names_no_node_refutes() -> None:
    stakes = market()
    stakes.credit("node", 50, NOW)
    reports = reporting(stakes)
    fell = reports.report(made(49, node=49, stranger=0), 0, NOW + 3_600)
    stands = reports.report(made(50, node=50), 0, NOW + 3_600)
    assert refused(reports.refute, stands, "node") == {"LeafStands"}
    reports.refute(fell, "stranger")
    assert reports.reports[fell].state == VOID
    assert refused(reports.refute, fell, "node") == {"ReportDecided"}


def test_a_challenge_freezes_and_its_bond_goes_back_or_is_burned() -> None:
    stakes = market(500, carol=100)
    reports = reporting(stakes)
    number = reports.report(made(), 0, NOW + 3_600)
    assert refused(reports.challenge, number, "node", "carol", NOW) == {"NotChallengeable"}
    reports.approve(number, 1, NOW + 3_600)
    node, purse = stakes.nodes["node"], stakes.purses["carol"]
    reports.challenge(number, "node", "carol", NOW + 3_600)
    assert (node.frozen_until, stakes.purses["carol"]) == (NOW + 3_600 + WEEK, purse - 500 * TOKEN)
    reports.decide(number, "node", True, NOW + 3_600)
    assert (node.frozen_until, node.min_report, stakes.purses["carol"]) == (0, 2, purse)
    assert "node" not in reports.quiet
    reports.challenge(number, "node", "carol", NOW + 3_600)
    assert reports.quiet["node"] == NOW + 3_600 + WEEK + 30 * DAY
    assert refused(reports.lift, number, "node", NOW + 3_599 + WEEK) == {"ChallengeOpen"}
    reports.decide(number, "node", False, NOW + 3_600)
    assert (reports.burned, stakes.purses["carol"]) == (500 * TOKEN, purse - 500 * TOKEN)
