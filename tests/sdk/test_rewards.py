"""From an hour's facts to leaves: a worked example, conservation, bounds, reasons, evidence."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import ProofReason
from ionet.formats import canonical
from ionet.formats.merkle import root_from_proof
from ionet.rewards import (
    Absent,
    Before,
    Carry,
    EvidenceError,
    Hour,
    Leaves,
    Measure,
    NodeHour,
    Pool,
    Proof,
    Report,
    RewardError,
    SharePolicy,
    Statement,
    Verdict,
    Why,
    Word,
    apart,
    build_report,
    counted,
    cumulate,
    find_node,
    kept_total,
    measured,
    medians,
    read_evidence,
    read_verdicts,
    score_hour,
    statement_bytes,
    to_share,
    tokens_to_io,
    usdc_to_io,
    verify_evidence,
    write_evidence,
    write_verdicts,
)

END = 1_800_003_600
#: So much that no hour's reward here is bounded by it.
MINIMUM = 10**15


def node(number: int) -> bytes:
    return bytes([number]) * 32


def row(number: int, **changes: Any) -> NodeHour:
    fine: dict[str, Any] = {
        "node": node(number),
        "pool": Pool.GPU,
        "multiplier_bps": 10_000,
        "units": 1,
        "up_hours": 5,
        "stake": MINIMUM,
        "required_stake": MINIMUM,
        "proof": Proof.PASSED,
    }
    return NodeHour(**{**fine, **changes})


def rewards(rows: list[NodeHour], emission: int, **more: Any) -> list[int]:
    found: list[int] = score_hour(Hour.from_rows(rows), emission, **more).reward.tolist()
    return found


# A 4090 in use, eight H100 in use, a T4 idle, an H100 whose proof failed; a Ryzen up for two hours with too
# little stake.
EXAMPLE = [
    row(1, multiplier_bps=12_500, in_use=True, fees=200_000),
    row(2, multiplier_bps=100_000, units=8, in_use=True, fees=1_000),
    row(3, multiplier_bps=5_000),
    row(4, multiplier_bps=100_000, proof=Proof.FAILED),
    row(5, pool=Pool.CPU, multiplier_bps=1_000, up_hours=2, stake=MINIMUM - 1),
]
EMISSION = 1_000_003


def test_the_worked_example() -> None:
    found = score_hour(Hour.from_rows(EXAMPLE), EMISSION)
    # Pools: 1,000,003 * 9,500 = 9,500,028,500: 950,002 and 8,500 carried; * 500 = 500,001,500: 50,000 and
    # 1,500 carried.
    assert found.pots == (950_002, 50_000)
    assert found.carry == Carry(gpu=8_500, cpu=1_500)
    # In use: 30 % of 950,002 are 285,000. Scores 12,500 and 800,000, sum 812,500.
    #   node 2: 285,000 * 800,000 / 812,500 = 280,615.4, bound 80 % of 1,000 = 800: 800
    #   node 1: all of the other 284,200, bound 80 % of 200,000 = 160,000: 160,000
    assert found.in_use.tolist() == [160_000, 800, 0, 0, 0]
    # Everybody: 950,002 - 160,800 = 789,202 by scores 12,500, 800,000 and 5,000, sum 817,500.
    #   node 1: 12,067.31, node 2: 772,307.77, node 3: 4,826.92; floors sum to 789,200;
    #   the two units left over go to the largest remainders, nodes 2 and 3.
    assert found.reward.tolist() == [12_067 + 160_000, 772_308 + 800, 4_827, 0, 0]
    assert found.total == 950_002
    # The CPU pool has nobody who is eligible: its share stays in the vault.
    assert found.unallocated == (0, 50_000)
    assert [Why(flags) for flags in found.why.tolist()] == [
        Why.PAID,
        Why.PAID,
        Why.PAID,
        Why.PROOF_FAILED,
        Why.NOT_UP | Why.STAKE_SHORT,
    ]


def test_what_a_bound_keeps_from_one_in_use_goes_to_the_others_in_use() -> None:
    # 950,000, of which 285,000 for being used, by scores 1, 1 and 2 of 4.
    #   node 1: 71,250, bound 80 % of 10,000 = 8,000; 277,000 are left for scores 1 and 2
    #   node 2: 92,333.3, bound 80 % of 100,000 = 80,000, above 71,250; 197,000 are left for node 3
    rows = [
        row(1, in_use=True, fees=10_000),
        row(2, in_use=True, fees=100_000),
        row(3, units=2, in_use=True, fees=1_000_000),
    ]
    found = score_hour(Hour.from_rows(rows), 1_000_000)
    assert found.in_use.tolist() == [8_000, 80_000, 197_000]
    assert found.total == 950_000


def test_who_rents_from_himself_takes_nothing_from_others_in_use() -> None:
    """self_rent_farming: with a fee of nothing he would halve the other's part, and share what that frees."""
    other = row(2, in_use=True, fees=1_000_000)
    # 285,000 to the one in use, 332,500 of the rest to each.
    assert rewards([row(1), other], 1_000_000) == [332_500, 617_500]
    assert rewards([row(1, in_use=True, fees=1), other], 1_000_000) == [332_500, 617_500]
    # For a fee of 100,000 he takes 80,000, and pays more than he takes.
    assert rewards([row(1, in_use=True, fees=100_000), other], 1_000_000) == [412_500, 537_500]


def test_the_carry_of_an_hour_is_paid_in_the_next() -> None:
    found = score_hour(Hour.from_rows(EXAMPLE), EMISSION, Carry(8_500, 1_500))
    # 9,500,028,500 + 8,500 = 9,500,037,000.
    assert found.pots == (950_003, 50_000)
    assert found.carry == Carry(7_000, 3_000)


def test_over_many_hours_less_than_a_base_unit_per_pool_is_not_paid() -> None:
    carry, paid, hours = Carry(), 0, 97
    hour = Hour.from_rows(
        [row(1), row(2, multiplier_bps=30_000), row(3, pool=Pool.CPU, multiplier_bps=1_000)]
    )
    for _ in range(hours):
        found = score_hour(hour, EMISSION, carry)
        carry, paid = found.carry, paid + found.total
    assert paid * 10_000 + carry.gpu + carry.cpu == EMISSION * hours * 10_000


def test_an_idle_node_is_paid_less_than_the_same_node_in_use() -> None:
    idle, used = rewards([row(1), row(2, in_use=True, fees=10**9)], 10**9)
    assert used > idle > 0


def test_a_used_and_an_idle_node_of_the_first_hour_are_not_paid_alike() -> None:
    """Two nodes of 8 × H100, the first hour's 4,563.08464522 IO, and 10 IO of fees on the first node's job.

    The GPU pool: 456,308,464,522 · 95 % = 433,493,041,295.9. Of it 30 % are for use, 130,047,912,388.5, and
    only the first node is in use; but its job paid 10 IO, so that it gets 8 IO of them at most. The rest,
    433,493,041,295 - 800,000,000 = 432,693,041,295, is shared by both: 216,346,520,647.5 each, and the odd
    unit goes to the smaller key.
    """
    h100 = {"multiplier_bps": 100_000, "units": 8, "stake": 80 * MINIMUM, "required_stake": 80 * MINIMUM}
    used, idle = row(1, in_use=True, fees=10 * 10**8, **h100), row(2, **h100)
    first_hour = 456_308_464_522
    assert rewards([used, idle], first_hour) == [216_346_520_648 + 800_000_000, 216_346_520_647]
    # With fees without end the whole 30 % are its own: 433,493,041,295 - 130,047,912,388 = 303,445,128,907.
    rich = replace(used, fees=10**16)
    assert rewards([rich, idle], first_hour) == [151_722_564_454 + 130_047_912_388, 151_722_564_453]
    # And nobody in use: alike.
    both = [replace(used, in_use=False), idle]
    assert rewards(both, first_hour) == [216_746_520_648, 216_746_520_647]


def test_renting_from_oneself_never_pays() -> None:
    """Whatever fees a node pays to itself, the part for use is at most 80 % of them."""
    for fees in (0, 1, 7, 1_000, 10**6, 10**9, 10**12):
        rows = [row(1, in_use=True, fees=fees), row(2)]
        found = score_hour(Hour.from_rows(rows), 10**9)
        alone = score_hour(Hour.from_rows([row(1), row(2)]), 10**9)
        gained = int(found.reward[0]) - int(alone.reward[0])
        assert gained <= fees * 8 // 10


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"up_hours": 4}, Why.NOT_UP),
        ({"stake": MINIMUM - 1}, Why.STAKE_SHORT),
        ({"proof": Proof.FAILED}, Why.PROOF_FAILED),
        ({"proof": Proof.MISSING}, Why.PROOF_MISSING),
        ({"multiplier_bps": 0}, Why.NO_CLASS),
        ({"units": 0}, Why.NO_CLASS),
        ({"banned": True}, Why.BANNED),
        ({"up_hours": 0, "stake": 0}, Why.NOT_UP | Why.STAKE_SHORT),
    ],
)
def test_a_node_that_breaks_a_rule_gets_nothing_and_every_reason(changes: dict[str, Any], why: Why) -> None:
    found = score_hour(Hour.from_rows([row(1, **changes, in_use=True, fees=10**9), row(2)]), 10**9)
    assert found.reward.tolist() == [0, 950_000_000]
    assert Why(int(found.why[0])) == why
    assert len(why.explain().split("; ")) == len(why)


def test_a_share_below_one_base_unit_has_its_reason() -> None:
    found = score_hour(Hour.from_rows([row(1, multiplier_bps=1), row(2, multiplier_bps=10_000_000)]), 100)
    assert found.reward.tolist() == [0, 95]
    assert Why(int(found.why[0])) is Why.BELOW_ONE_UNIT
    assert Why.BELOW_ONE_UNIT.explain() == "its share was below one base unit"
    assert Why.PAID.explain() == "rewarded"


def test_an_hours_reward_is_bounded_by_the_owners_minimum_and_the_rest_is_given_to_nobody() -> None:
    """cheating_pays: 96 bps of 200 IO are 1.92 IO, however few nodes share the pool."""
    small = {"stake": 300 * 10**8, "required_stake": 200 * 10**8}
    rows = [row(1, **small), row(2, units=2, in_use=True, fees=10**12)]
    found = score_hour(Hour.from_rows(rows), 10**12)
    # 950,000,000,000, of which 285,000,000,000 for the one in use; of the rest a third, 221,666,666,667.
    assert found.reward.tolist() == [192_000_000, 728_333_333_333]
    assert found.unallocated == (950_000_000_000 - 192_000_000 - 728_333_333_333, 50_000_000_000)
    # The bound is a parameter.
    more = score_hour(Hour.from_rows(rows), 10**12, policy=SharePolicy(reward_bound_bps=1_000))
    assert more.reward.tolist()[0] == 2_000_000_000
    with pytest.raises(RewardError, match=r"reward_bound_bps = 9 is outside 10\.\.1000"):
        SharePolicy(reward_bound_bps=9)


def test_the_part_for_use_is_bounded_with_the_rest() -> None:
    rows = [row(1, required_stake=200 * 10**8, in_use=True, fees=10**12)]
    found = score_hour(Hour.from_rows(rows), 10**12)
    assert (found.reward.tolist(), found.in_use.tolist()) == ([192_000_000], [192_000_000])


def test_an_hour_without_nodes_leaves_everything_in_the_vault() -> None:
    found = score_hour(Hour.from_rows([]), 1_000)
    assert (found.unallocated, found.total) == ((950, 50), 0)


def test_an_hour_without_emission_pays_nobody() -> None:
    found = score_hour(Hour.from_rows([row(1)]), 0)
    assert found.reward.tolist() == [0]
    assert Why(int(found.why[0])) is Why.BELOW_ONE_UNIT


_ROWS = st.lists(
    st.builds(
        row,
        st.integers(0, 255),
        pool=st.sampled_from(Pool),
        multiplier_bps=st.integers(0, 10_000_000),
        units=st.integers(0, 255),
        up_hours=st.integers(0, 10),
        stake=st.sampled_from([0, MINIMUM - 1, MINIMUM, 10 * MINIMUM]),
        proof=st.sampled_from(Proof),
        in_use=st.booleans(),
        fees=st.integers(0, 800_000_000 * 10**8),
    ),
    max_size=12,
    unique_by=lambda item: item.node,
)


@settings(deadline=None)
@given(_ROWS, st.integers(0, 800_000_000 * 10**8), st.integers(0, 9_999), st.integers(0, 9_999))
def test_nothing_is_lost_or_made(rows: list[NodeHour], emission: int, gpu: int, cpu: int) -> None:
    found = score_hour(Hour.from_rows(rows), emission, Carry(gpu, cpu))
    given_out = found.total + sum(found.unallocated)
    assert given_out * 10_000 + found.carry.gpu + found.carry.cpu == emission * 10_000 + gpu + cpu
    assert (found.reward >= found.in_use).all()
    for item, bonus, why in zip(sorted(rows, key=lambda r: r.node), found.in_use, found.why, strict=True):
        assert int(bonus) <= item.fees * 8_000 // 10_000
        assert item.in_use or bonus == 0
        assert (why == 0) == (found.reward[item_index(rows, item)] > 0)


def item_index(rows: list[NodeHour], item: NodeHour) -> int:
    return sorted(other.node for other in rows).index(item.node)


@settings(deadline=None)
@given(st.lists(st.integers(1, 10_000_000), min_size=1, max_size=20), st.integers(0, 9 * 10**12))
def test_each_share_is_within_one_base_unit_of_the_exact_one(scores: list[int], emission: int) -> None:
    rows = [row(n, multiplier_bps=score) for n, score in enumerate(scores)]
    found = score_hour(Hour.from_rows(rows), emission, policy=SharePolicy(gpu_bps=10_000))
    whole = sum(scores)
    for reward, score in zip(found.reward.tolist(), scores, strict=True):
        assert abs(reward * whole - emission * score) < whole


@given(_ROWS)
def test_the_order_of_the_rows_does_not_matter(rows: list[NodeHour]) -> None:
    one, two = Hour.from_rows(rows), Hour.from_rows(rows[::-1])
    assert score_hour(one, 10**9).reward.tolist() == score_hour(two, 10**9).reward.tolist()
    assert list(one.rows()) == sorted(rows, key=lambda item: item.node)


def test_inputs_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(RewardError, match="one appears twice"):
        Hour.from_rows([row(1), row(1)])
    with pytest.raises(RewardError, match=r"units: 256 at node 0 is outside 0\.\.255"):
        Hour.from_rows([row(1, units=256)])
    with pytest.raises(RewardError, match="fees: a value does not fit"):
        Hour.from_rows([row(1, fees=2**64)])
    with pytest.raises(RewardError, match="32 bytes, got 3"):
        Hour.from_rows([row(1, node=b"abc")])
    with pytest.raises(RewardError, match="an emission of -1"):
        score_hour(Hour.from_rows([row(1)]), -1)
    with pytest.raises(RewardError, match="below one base unit"):
        Carry(10_000, 0)
    with pytest.raises(RewardError, match=r"in_use_bps = 5001 is outside 0\.\.5000"):
        SharePolicy(in_use_bps=5_001)


def test_fees_in_usdc_become_io_at_the_hours_price_rounded_down() -> None:
    # 3 USDC at 2.50 USD per IO are 1.2 IO; one base unit of USDC at 3 USD is 33.3 base units of IO.
    assert usdc_to_io(3_000_000, 250_000_000, -8) == 120_000_000
    assert usdc_to_io(1, 300_000_000, -8) == 33
    assert usdc_to_io(1, 3, 0) == 33
    assert usdc_to_io(5, 1, 3) == 0
    for price, amount in ((0, 1), (-1, 1), (1, -1)):
        with pytest.raises(RewardError):
            usdc_to_io(amount, price, -8)


def test_fees_in_any_token_become_io_rounded_down() -> None:
    # 1.5 tokens of 9 decimals at 30 USD are 45 USD: 18 IO at 2.50 USD.
    assert tokens_to_io(1_500_000_000, 9, Fraction(30), Fraction(5, 2)) == 18 * 10**8
    # A base unit of 9 decimals at 1 USD is a tenth of IO's at 1 USD, and a third of it rounds down.
    assert tokens_to_io(10, 9, Fraction(1), Fraction(1)) == 1
    assert tokens_to_io(10, 9, Fraction(1), Fraction(3)) == 0
    with pytest.raises(RewardError):
        tokens_to_io(1, 6, Fraction(0), Fraction(1))


# ---- leaves and report


def leaves_of(rows: list[NodeHour], previous: Leaves | None = None, end: int = END) -> Leaves:
    hour = Hour.from_rows(rows)
    return cumulate(previous, hour, score_hour(hour, EMISSION), end)


def test_every_leaf_is_proved_by_its_index_and_siblings() -> None:
    leaves = leaves_of(EXAMPLE)
    report = build_report(leaves, END, bytes(32))
    for item in EXAMPLE:
        index, proof = report.proof(item.node)
        assert len(proof) == 3, "ceil(log2(5))"
        leaf = leaves.leaf(index)
        assert (leaf.node, leaf.through) == (item.node, END)
        assert root_from_proof(leaf.hash(), index, proof) == report.root
    with pytest.raises(KeyError, match="no leaf for the node"):
        report.proof(node(99))


def test_lifetimes_only_grow_and_a_node_with_nothing_still_moves_through() -> None:
    first = leaves_of(EXAMPLE)
    second = leaves_of(EXAMPLE, first, END + 3_600)
    assert (second.lifetime == 2 * first.lifetime).all()
    assert set(second.through.tolist()) == {END + 3_600}


def test_a_node_that_is_gone_keeps_a_leaf_and_a_new_one_finds_its_place() -> None:
    first = leaves_of([row(1), row(5)])
    second = leaves_of([row(3), row(5)], first, END + 3_600)
    assert [second.nodes[n].tobytes()[0] for n in range(3)] == [1, 3, 5]
    assert second.lifetime[0] == first.lifetime[0]
    assert set(second.through.tolist()) == {END + 3_600}
    assert second.lifetime[second.index(node(5))] == first.lifetime[1] + second.lifetime[1]


def gone(number: int, credited: int, *, waiting: bool = False) -> Absent:
    return Absent(node(number), credited, waiting)


def after(first: Leaves, rows: list[NodeHour], *absent: Absent, **more: Any) -> Leaves:
    """The leaves of the hour after."""
    hour = Hour.from_rows(rows)
    return cumulate(first, hour, score_hour(hour, EMISSION), END + 3_600, absent=absent, height=7, **more)


def test_a_leaf_has_who_is_live_who_waits_and_who_is_owed() -> None:
    first = leaves_of([row(1), row(2), row(3)])
    earned = [int(value) for value in first.lifetime]
    second = after(
        first,
        [row(4)],
        gone(1, earned[0]),
        gone(2, earned[1], waiting=True),
        gone(3, earned[2] - 1),
        gone(5, 12),
        gone(6, 34, waiting=True),
    )
    assert [second.nodes[n].tobytes()[0] for n in range(len(second))] == [2, 3, 4, 6]
    assert second.lifetime.tolist()[:2] == earned[1:]
    assert int(second.lifetime[second.index(node(6))]) == 34
    # The height of the report before, for those that had a leaf in it.
    assert second.previous_height.tolist() == [7, 7, 0, 0]
    # What those without a leaf were credited stays in the total.
    assert second.surplus == earned[0] + 12
    assert second.total == sum(second.lifetime.tolist()) + earned[0] + 12


def test_a_node_that_comes_back_begins_at_what_it_was_credited() -> None:
    first = leaves_of([row(1)])
    second = after(first, [row(1), row(2, credited=500)])
    reward = score_hour(Hour.from_rows([row(1), row(2)]), EMISSION).reward.tolist()
    assert second.lifetime.tolist() == [int(first.lifetime[0]) + reward[0], 500 + reward[1]]


def test_a_lifetime_continues_at_what_was_credited_where_that_is_more() -> None:
    first = leaves_of([row(1)])
    paid = int(first.lifetime[0]) + 900
    second = after(first, [row(1, credited=paid)])
    assert second.lifetime.tolist() == [paid + int(first.lifetime[0])]


def test_a_correction_lowers_leaves_and_keeps_what_was_overpaid_in_the_total() -> None:
    first = leaves_of([row(1), row(2)])
    reward = int(first.lifetime[0])
    credited = reward
    second = after(first, [row(1, credited=credited), row(2)], restated={node(1): 100})
    assert int(second.lifetime[0]) == 100 + reward
    # 100 and the reward are above what was credited by 100 here; with nothing earned they are below it.
    assert second.surplus == 0
    idle = row(1, credited=credited, proof=Proof.FAILED)
    third = after(first, [idle, row(2)], restated={node(1): 100})
    assert (int(third.lifetime[0]), third.surplus) == (100, credited - 100)
    assert third.total == credited + int(third.lifetime[1])


def test_what_was_overpaid_is_taken_off_the_next_hours_until_it_is_made_up_for() -> None:
    """Node 1 was credited all that nodes 1 and 2 had earned; each further report has to land (rule 8)."""
    first = leaves_of([row(1), row(2)])
    both = int(first.lifetime.sum())
    rows = [row(1, credited=both), row(2)]
    hour, restated = Hour.from_rows(rows), {node(1): both // 2, node(2): both // 2}
    before, carry, shared = first, Carry(), []
    # The wrong report had left nothing: what may be in the total is what the hours were paid since.
    for number in range(1, 4):
        end, most = END + number * 3_600, both + number * EMISSION
        said = restated if number == 1 else None
        kept = kept_total(before, hour, end, restated=said)
        shared.append(to_share(EMISSION, most, kept))
        scores = score_hour(hour, shared[-1], carry)
        before, carry = cumulate(before, hour, scores, end, height=number, restated=said), scores.carry
        assert kept <= before.total <= most
    # The half that node 2 had earned, and that node 1 keeps; with the base unit for what is carried.
    assert shared == [EMISSION - both // 2 - 1, EMISSION, EMISSION]


def test_an_hour_of_which_no_report_lands_is_named() -> None:
    first = leaves_of([row(1), row(2)])
    with pytest.raises(RewardError, match=r"nodes keep .* 12 more than .* report a later one"):
        to_share(EMISSION, first.total - 12, first.total)
    assert to_share(EMISSION, first.total, first.total) == 0
    assert to_share(EMISSION, first.total + EMISSION, first.total) == EMISSION


def test_a_node_that_is_gone_keeps_its_verdict_and_a_live_one_has_the_hours() -> None:
    word = Verdict(END, 9_000, ProofReason.SLOW, False, b"\4" * 32)
    first = leaves_of([row(1, proof=Proof.FAILED, verdict=word), row(2)])
    assert first.leaf(0).verdict == word
    assert first.leaf(1).verdict == Verdict(END, 0, ProofReason.PASSED, True)
    second = after(first, [row(2, proof=Proof.MISSING)], gone(1, 0, waiting=True))
    assert second.leaf(0).verdict == word
    assert second.leaf(1).verdict == Verdict()
    with pytest.raises(RewardError, match="is not what its proof says"):
        Hour.from_rows([row(1, verdict=word)])


def test_a_closed_nodes_leaf_counts_until_its_last_whole_hour() -> None:
    """A later time, which a correction or any later report gave it, cost it the hours before."""
    first = leaves_of([row(number) for number in (1, 2, 3, 4)])
    closed = {1: END + 1, 2: END + 3_600, 3: END, 4: END - 3_601}
    second = after(
        first,
        [row(1, banned=True, closed_at=closed[1]), row(2, banned=True, closed_at=closed[2]), row(5)],
        Absent(node(3), 0, closed_at=closed[3]),
        Absent(node(4), 0, closed_at=closed[4]),
    )
    assert second.through.tolist() == [END, END + 3_600, END, END - 7_200, END + 3_600]


def test_a_node_is_not_both_live_and_gone() -> None:
    with pytest.raises(RewardError, match="both live and absent"):
        after(leaves_of([row(1)]), [row(1)], gone(1, 0))


def test_keys_that_end_in_zeros_are_kept_apart() -> None:
    keys = [bytes(31) + b"\1", bytes(32), b"\1" + bytes(31), b"\1" * 31 + b"\0"]
    leaves = leaves_of([row(0, node=key) for key in keys])
    assert [leaves.nodes[n].tobytes() for n in range(4)] == sorted(keys)
    assert [leaves.index(key) for key in sorted(keys)] == [0, 1, 2, 3]


def test_an_hour_is_not_counted_twice() -> None:
    first = leaves_of(EXAMPLE)
    with pytest.raises(RewardError, match="must be after the last report's"):
        leaves_of(EXAMPLE, first, END)


def test_lifetimes_above_the_supply_are_refused() -> None:
    full = Leaves(
        nodes=np.frombuffer(node(1), np.uint8).reshape(1, 32),
        lifetime=np.array([800_000_000 * 10**8], np.uint64),
        through=np.array([END], np.int64),
    )
    with pytest.raises(RewardError, match="more than the supply"):
        leaves_of([row(1)], full, END + 3_600)
    wrapped = replace(full, nodes=np.repeat(full.nodes, 2, 0), lifetime=np.array([2**63, 2**63], np.uint64))
    assert wrapped.total == 2**64


def test_the_content_hash_is_that_of_the_reports_account() -> None:
    report = build_report(leaves_of(EXAMPLE), END, b"\2" * 32)
    content = (
        bytes(33)
        + report.root
        + report.total.to_bytes(8, "little")
        + END.to_bytes(8, "little", signed=True)
        + (5).to_bytes(4, "little")
        + b"\2" * 32
        + b"file:x".ljust(96, b"\0")
    )
    assert report.content_hash("file:x") == hashlib.sha256(b"ionet:report" + content).digest()
    with pytest.raises(RewardError, match="97 bytes, at most 96"):
        report.content_hash("x" * 97)


def test_the_client_proposes_the_same_content() -> None:
    from ionet import ReportDraft

    report = build_report(leaves_of(EXAMPLE), END, b"\2" * 32)
    for before in (Pubkey.default(), Pubkey(b"\5" * 32)):
        draft = ReportDraft.of(report, END - 3_600, "file:x", before)
        assert draft.content_hash == report.content_hash("file:x", bytes(before))


def test_a_report_without_leaves_or_evidence_is_refused() -> None:
    with pytest.raises(RewardError, match="at least one node"):
        build_report(leaves_of([]), END, bytes(32))
    with pytest.raises(RewardError, match="32 bytes; got 3"):
        build_report(leaves_of([row(1)]), END, b"abc")


# ---- evidence


def signed(item: NodeHour, seed: int) -> NodeHour:
    pair = Keypair.from_seed(bytes([seed]) * 32)
    message = statement_bytes(item.node, END, item.up_hours, 3_600, b"p" * 32, b"s" * 32)
    word = Statement(bytes(pair.pubkey()), 3_600, b"p" * 32, b"s" * 32, bytes(pair.sign_message(message)))
    return replace(item, statement=word)


def write(
    path: Path,
    rows: list[NodeHour],
    previous: Leaves | None = None,
    end: int = END,
    *,
    absent: tuple[Absent, ...] = (),
    restated: dict[bytes, int] | None = None,
) -> bytes:
    hour = Hour.from_rows(rows)
    scores = score_hour(hour, EMISSION)
    before = None if previous is None else Before(7, build_report(previous, 0, bytes(32)).root, previous)
    height = 0 if before is None else before.height
    leaves = cumulate(previous, hour, scores, end, absent=absent, height=height, restated=restated)
    return write_evidence(
        path,
        hour=hour,
        scores=scores,
        leaves=leaves,
        emission=EMISSION,
        period_end=end,
        before=before,
        absent=absent,
        restated=restated,
    )


def test_from_the_evidence_anybody_computes_the_same_report(tmp_path: Path) -> None:
    rows = [signed(item, n) for n, item in enumerate(EXAMPLE)]
    digest = write(tmp_path / "e", rows)
    assert digest == hashlib.sha256((tmp_path / "e").read_bytes()).digest()
    expected = build_report(leaves_of(EXAMPLE), END, digest)
    found = verify_evidence(tmp_path / "e", previous=None, root=expected.root)
    assert (found.root, found.total, found.evidence) == (expected.root, expected.total, digest)
    plain = [replace(one, verdict=None) for one in read_evidence(tmp_path / "e").hour.rows()]
    assert plain == rows


def test_every_line_of_the_evidence_is_canonical(tmp_path: Path) -> None:
    first = leaves_of([row(1), row(9)])
    left = gone(9, 0)
    write(tmp_path / "e", [signed(row(1), 1), row(2)], first, END + 3_600, absent=(left,))
    lines = (tmp_path / "e").read_bytes().splitlines()
    assert len(lines) == 4
    for line in lines:
        assert canonical.encode(json.loads(line)) == line


def test_the_evidence_of_a_second_hour_continues_the_first(tmp_path: Path) -> None:
    first = leaves_of([row(1), row(8), row(9)])
    credited = int(first.lifetime[1])
    left = (gone(8, credited), gone(9, 5, waiting=True), gone(4, 66))
    digest = write(tmp_path / "e", [row(1), row(2)], first, END + 3_600, absent=left)
    found = verify_evidence(tmp_path / "e", previous=first)
    hour = Hour.from_rows([row(1), row(2)])
    again = cumulate(first, hour, score_hour(hour, EMISSION), END + 3_600, absent=left, height=7)
    assert (found.evidence, found.total) == (digest, again.total)
    assert found.leaves.surplus == credited + 66
    kept = kept_total(first, hour, END + 3_600, absent=left)
    assert (
        read_evidence(tmp_path / "e").kept
        == kept
        == again.total - again.leaf(0).lifetime + int(first.lifetime[0]) - again.leaf(1).lifetime
    )
    assert found.root == build_report(again, END + 3_600, digest).root


def test_the_evidence_says_when_a_node_was_closed(tmp_path: Path) -> None:
    first = leaves_of([row(1), row(2), row(3)])
    rows = [row(1, banned=True, closed_at=END + 5), row(3)]
    left = (Absent(node(2), 0, True, END + 3_599),)
    write(tmp_path / "e", rows, first, END + 3_600, absent=left)
    found = verify_evidence(tmp_path / "e", previous=first)
    assert found.leaves.through.tolist() == [END, END, END + 3_600]
    line = find_node(tmp_path / "e", node(2))
    assert line is not None
    assert line.through == END


def test_nobody_approves_without_the_leaves_of_the_report_before(tmp_path: Path) -> None:
    """lazy_approval: the rewards of the hour alone were enough, whatever lifetimes they were added to."""
    first = leaves_of([row(1), row(9)])
    write(tmp_path / "e", [row(1), row(9)], first, END + 3_600)
    with pytest.raises(EvidenceError, match="its leaves are needed"):
        verify_evidence(tmp_path / "e", previous=None)
    other = leaves_of([row(1, multiplier_bps=5), row(9)])
    with pytest.raises(EvidenceError, match="the leaves before lead to"):
        verify_evidence(tmp_path / "e", previous=other)
    # A file that names no report before does not continue one.
    write(tmp_path / "f", [row(1), row(9)])
    with pytest.raises(EvidenceError, match="and the file continues none"):
        verify_evidence(tmp_path / "f", previous=first)
    # Lifetimes out of thin air are found out, although the rewards are right.
    text = (tmp_path / "e").read_text()
    lifetime = f'"lifetime":"{int(2 * first.lifetime[0])}"'
    assert text.count(lifetime) == 2
    (tmp_path / "e").write_text(text.replace(lifetime, '"lifetime":"999999999"', 1))
    with pytest.raises(EvidenceError, match="lifetime 999999999 after height 7"):
        verify_evidence(tmp_path / "e", previous=first)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"previous_height":7', '"previous_height":6'),
        ('"passed":true', '"passed":false'),
        ('"credited":"0"', '"credited":"1"'),
        ('"height":7', '"height":8'),
        ('"waiting":true', '"waiting":false'),
    ],
)
def test_every_part_of_a_leaf_follows_from_the_report_before(tmp_path: Path, old: str, new: str) -> None:
    path, first = tmp_path / "e", leaves_of([row(1), row(9)])
    write(path, [row(1)], first, END + 3_600, absent=(gone(9, int(first.lifetime[1]), waiting=True),))
    root = verify_evidence(path, previous=first).root
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    try:
        found = verify_evidence(path, previous=first, root=root)
    except EvidenceError:
        return
    # What a node was credited changes no leaf here; it is compared with the chain.
    assert old.startswith('"credited"')
    assert found.root == root


def test_a_node_that_lost_its_leaf_has_to_be_named(tmp_path: Path) -> None:
    path, first = tmp_path / "e", leaves_of([row(1), row(9)])
    write(path, [row(1)], first, END + 3_600, absent=(gone(9, int(first.lifetime[1])),))
    text = path.read_text()
    assert '"dropped":{"' in text
    header = json.loads(text.splitlines()[0])
    header["dropped"] = {}
    path.write_text("\n".join([canonical.encode(header).decode(), *text.splitlines()[1:]]) + "\n")
    with pytest.raises(EvidenceError, match="the report before has a leaf, and this none"):
        verify_evidence(path, previous=first)
    header["dropped"] = {str(Pubkey(node(9))): "1"}
    path.write_text("\n".join([canonical.encode(header).decode(), *text.splitlines()[1:]]) + "\n")
    with pytest.raises(EvidenceError, match="no leaf, expected lifetime"):
        verify_evidence(path, previous=first)


def test_the_evidence_of_a_correction_says_what_it_lays_down(tmp_path: Path) -> None:
    path, first = tmp_path / "e", leaves_of([row(1), row(2)])
    write(path, [row(1), row(2)], first, END + 3_600, restated={node(1): 100})
    found = verify_evidence(path, previous=first)
    assert found.correction
    assert int(found.leaves.lifetime[0]) == 100 + int(first.lifetime[0])
    assert not verify_evidence_of_first(tmp_path).correction


def verify_evidence_of_first(folder: Path) -> Report:
    write(folder / "first", [row(1)])
    return verify_evidence(folder / "first", previous=None)


def test_verdicts_of_an_hour_are_read_back(tmp_path: Path) -> None:
    words = {
        node(1): Verdict(END - 100, 9_800, ProofReason.PASSED, True, b"\1" * 32),
        node(2): Verdict(END, 0, ProofReason.UNANSWERED, False, b"\2" * 32),
        node(3): Verdict(END - 3_600, 9_800, ProofReason.PASSED, True, b"\3" * 32),
    }
    path = tmp_path / "v"
    write_verdicts(path, words)
    found, refused = read_verdicts(path, END)
    assert refused == []
    # Of the hour before; and each is of the hour's end.
    assert set(found) == {node(1), node(2)}
    assert found[node(1)] == replace(words[node(1)], time=END)
    text = path.read_text()
    for old, new in (
        ('"reason":0', '"reason":2'),
        ('"passed":true', '"passed":1'),
        ('"evidence":"01', '"evidence":"'),
    ):
        path.write_text(text.replace(old, new, 1))
        kept, (why,) = read_verdicts(path, END)
        assert set(kept) == {node(2)}
        assert why.startswith("line 1: ")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"reward":"4827"', '"reward":"4828"', "stated 4828"),
        ('"why":4', '"why":0', "the facts give"),
        ('"fees":"1000"', '"fees":"9999"', "the facts give"),
        ('"lifetime":"4827"', '"lifetime":"4828"', "expected lifetime 4827"),
        ('"multiplier_bps":5000', '"multiplier_bps":50000', "the facts give"),
        ('"pool":"gpu"', '"pool":"tpu"', "'tpu' is missing or unknown"),
        ('"fees":"1000"', '"fees":"01000"', "'01000' is not an amount"),
        ('"fees":"1000",', "", "'fees' is missing"),
        ('"format":"ionet-evidence/6"', '"format":"x"', "the format is 'x'"),
        ('"nodes":5', '"nodes":6', "promises 6 nodes, it has 5"),
        (',"why":0}', ', "why":0}', "not in canonical form"),
    ],
)
def test_a_changed_file_is_found_out(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "e"
    write(path, EXAMPLE)
    root = build_report(leaves_of(EXAMPLE), END, bytes(32)).root
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(EvidenceError) as caught:
        verify_evidence(path, previous=None, root=root)
    assert message in str(caught.value)


def test_a_statement_that_the_device_did_not_sign_is_found_out(tmp_path: Path) -> None:
    item = signed(row(1), 1)
    assert item.statement is not None
    forged = replace(item, statement=replace(item.statement, good=1))
    write(tmp_path / "e", [forged])
    with pytest.raises(EvidenceError, match="did not sign"):
        verify_evidence(tmp_path / "e", previous=None)
    assert verify_evidence(tmp_path / "e", previous=None, signatures=False).total > 0


@pytest.mark.parametrize("cut", [0, 10, -1])
def test_a_truncated_file_is_found_out(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "e"
    write(path, EXAMPLE)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(EvidenceError):
        verify_evidence(path, previous=None)


def test_lines_out_of_order_are_found_out(tmp_path: Path) -> None:
    path = tmp_path / "e"
    write(path, EXAMPLE)
    header, *lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([header, *lines[::-1]]))
    with pytest.raises(EvidenceError, match="ascending order"):
        verify_evidence(path, previous=None)


# -- what attesters have measured

SEATS = [Keypair.from_seed(bytes([n]) * 32) for n in range(1, 5)]


def seat(number: int) -> bytes:
    return bytes(SEATS[number].pubkey())


def judged(score: int, reason: ProofReason = ProofReason.PASSED) -> Verdict:
    return Verdict(END, score, reason, reason == ProofReason.PASSED, bytes([score % 251]) * 32)


def said(
    number: int, found: Verdict | None, up_hours: int | None = None, **hours: dict[bytes, int]
) -> list[Measure]:
    """What a seat has measured of the first node, and the hours that it has counted of any."""
    words = {}
    if up_hours is not None:
        item = signed(row(1, up_hours=up_hours), 1)
        assert item.statement is not None
        words[node(1)] = Word(node(1), up_hours, item.statement)
    return measured(SEATS[number], END, words, {} if found is None else {node(1): found}, **hours)


@pytest.mark.parametrize(
    ("weights", "scores", "counts"),
    [
        # Of three, the middle one; of two, the lower one.
        ((1, 1, 1), (100, 300, 200), 200),
        ((1, 1, 0), (300, 100, 0), 100),
        ((1, 1, 1, 1), (400, 100, 300, 200), 200),
        # By weight: the one with which half of it is reached.
        ((3, 1, 1), (300, 100, 200), 300),
        ((2, 1, 1), (300, 100, 200), 200),
        # One seat alone.
        ((1,), (700,), 700),
    ],
)
def test_the_weighted_median_counts(weights: tuple[int, ...], scores: tuple[int, ...], counts: int) -> None:
    measures = [item for number, score in enumerate(scores) for item in said(number, judged(score))]
    by_key = {seat(number): weight for number, weight in enumerate(weights)}
    for ordered in itertools.permutations(measures):
        _, verdicts = medians(ordered, by_key, lambda word: True)
        assert verdicts == {node(1): judged(counts)}


def test_one_of_three_moves_a_verdict_no_further_than_another_has_found() -> None:
    by_key = {seat(number): 1 for number in range(3)}
    good = [*said(0, judged(9_000)), *said(1, judged(9_500))]
    for wrong in (judged(0, ProofReason.SLOW), judged(60_000), None):
        _, verdicts = medians([*good, *said(2, wrong)], by_key, lambda word: True)
        assert verdicts[node(1)] in (judged(9_000), judged(9_500))


def test_a_verdict_needs_half_of_the_weight_and_uptime_only_whoever_has_a_statement() -> None:
    by_key = {seat(number): 1 for number in range(3)}
    measures = said(0, judged(9_000), up_hours=7)
    words, verdicts = medians(measures, by_key, lambda word: True)
    assert (words[node(1)].up_hours, verdicts) == (7, {})
    _, verdicts = medians([*measures, *said(1, judged(8_000))], by_key, lambda word: True)
    assert verdicts == {node(1): judged(8_000)}


def test_uptime_is_the_median_of_what_a_device_can_have_said() -> None:
    by_key = {seat(number): 1 for number in range(3)}
    measures = [*said(0, None, 7), *said(1, None, 5), *said(2, None, 99)]
    words, _ = medians(measures, by_key, lambda word: True)
    assert words[node(1)].up_hours == 7
    words, _ = medians(measures, by_key, lambda word: word.up_hours < 99)
    assert words[node(1)].up_hours == 5


@pytest.mark.parametrize(
    ("weights", "hours", "counts"),
    [
        # Of three, the middle one; a seat that does not name a node has counted none.
        ((1, 1, 1), ({1: 7, 2: 3}, {1: 5, 2: 4}, {1: 9}), {1: 7, 2: 3}),
        ((1, 1, 1), ({1: 7}, {2: 5}, {3: 5}), {1: 0, 2: 0, 3: 0}),
        ((1, 1, 1), ({1: 7, 2: 0}, {1: 5}, {}), {1: 5, 2: 0}),
        # By weight; one of half the weight is enough, and of less too little.
        ((2, 1, 1), ({1: 7}, {1: 3}, {1: 1}), {1: 3}),
        ((2, 1, 1), ({1: 7}, {}, {}), {1: 7}),
        ((1, 1, 1), ({1: 7}, {}, {}), None),
        ((1, 1, 1), ({}, {}, {}), None),
    ],
)
def test_hours_that_seats_have_counted_are_their_weighted_median(
    weights: tuple[int, ...], hours: tuple[dict[int, int], ...], counts: dict[int, int] | None
) -> None:
    measures = [
        item
        for number, said_hours in enumerate(hours)
        for item in said(number, judged(9_000), hours={node(n): up for n, up in said_hours.items()})
    ]
    by_key = {seat(number): weight for number, weight in enumerate(weights)}
    expected = None if counts is None else {node(n): up for n, up in counts.items()}
    for ordered in (measures, measures[::-1], [*measures, *said(3, None, hours={node(1): 99})]):
        assert counted(ordered, by_key) == expected
    # A second line of one seat counts for nothing.
    assert counted([*measures, *said(0, None, hours={node(1): 99})], by_key) == expected or counts is None


def test_a_second_word_and_a_strangers_count_for_nothing() -> None:
    by_key = {seat(0): 1}
    first = said(0, judged(9_000))
    again = [*first, *said(0, judged(1, ProofReason.SLOW)), *said(3, judged(2, ProofReason.SLOW))]
    assert medians(again, by_key, lambda word: True)[1] == {node(1): judged(9_000)}


def test_who_differs_from_what_counts_is_named() -> None:
    by_key = {seat(number): 1 for number in range(3)}
    measures = [
        *said(0, judged(9_000), 7),
        *said(1, judged(100, ProofReason.SLOW), 7),
        *said(2, judged(9_500), 2),
    ]
    found = apart(measures, *medians(measures, by_key, lambda word: True))
    assert {(item.attester, text) for item, text in found} == {
        (seat(1), "failed (it was too slow for its hardware class), and passed counts"),
        (seat(2), "up 2 h in a row, and 7 h count"),
    }


def test_who_saw_a_node_up_or_not_otherwise_than_counts_is_named() -> None:
    by_key = {seat(number): 1 for number in range(3)}
    # Whoever began to count later is not.
    measures = [
        item for number, up in enumerate((7, 2, 0)) for item in said(number, None, 7, hours={node(1): up})
    ]
    found = apart(measures, *medians(measures, by_key, lambda word: True), counted(measures, by_key))
    assert [(item.attester, text) for item, text in found] == [(seat(2), "not up, and up counts")]
