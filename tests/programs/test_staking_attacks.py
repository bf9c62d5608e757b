"""The staking program: what attackers have tried on stake, votes and rewards, and why it gains nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest
from solders.instruction import AccountMeta
from tests.programs.market import Market
from tests.programs.people import TOKEN, Published, Supplier
from tests.programs.support import DAY, HOUR
from tests.programs.test_challenges import about, challenging
from tests.programs.test_staking_credit import POWER, co_staked
from tests.programs.test_staking_owner import FORTNIGHT

from ionet import accounts, errors, events, ix
from ionet.rewards import build_report

WEEK: Final = 7 * DAY


def shard(market: Market) -> int:
    """Active stake that the shard of alice's node sums."""
    return market.world.client.fetch(accounts.staking.StakeShard, market.alice.shard).active.now


# -- what was active cools


def test_flash_vote_of_owner(market: Market) -> None:
    """Staked before a week's edge, voted with, and gone: all of it cools for longer than any vote."""
    market.join(market.bob, 500 * TOKEN)
    market.send(market.staking("owner_stake", amount=500 * TOKEN), market.staking("owner_activate"))
    before = market.purse(market.alice.owner)
    event = market.send(market.staking("owner_unstake", amount=1_000 * TOKEN)).event(events.staking.Unstaked)
    assert (event.left, event.cooling) == (0, 1_000 * TOKEN)
    market.world.advance(FORTNIGHT - 1)
    market.refused(market.staking("owner_withdraw"), errors.staking.NothingReady)
    assert market.purse(market.alice.owner) == before
    assert market.node().own_snapshot.now == 0


@pytest.mark.parametrize("way", ["detach", "retire", "release"])
def test_no_way_of_giving_a_device_up_lets_stake_leave_at_once(market: Market, way: str) -> None:
    """excess_leaves_at_once: seven detached processors lowered the minimum, and the rest left."""
    if way == "detach":
        seconds = [Supplier(market.alice.owner, market.actor(), f"number {n}") for n in range(2, 9)]
        for one in seconds:
            market.send(market.register_device(one))
            market.send(market.staking("attach_device", device=one.device))
        assert market.node().minimum == 1_600 * TOKEN
        for one in seconds:
            market.send(market.staking("detach_device", device=one.device))
        assert market.node().minimum == 200 * TOKEN
    else:
        market.send(market.staking("retire_node"))
        market.world.advance(61 * DAY)
        if way == "release":
            market.send(market.staking("release_device"))
            market.send(market.staking("expel_owner"))
            node = market.node()
            assert (node.former.amount, node.former.ready_at) == (500 * TOKEN, market.world.now + FORTNIGHT)
            market.refused(market.staking("owner_unstake", amount=1), errors.staking.MoreThanStaked)
            return
    event = market.send(market.staking("owner_unstake", amount=500 * TOKEN)).event(events.staking.Unstaked)
    assert (event.left, event.cooling) == (0, 500 * TOKEN)


def test_retired_stake_votes(market: Market) -> None:
    """Attack of this name: both sides of a retired node kept their votes, with nothing at risk."""
    co_staked(market, 250 * TOKEN)
    assert shard(market) == 750 * TOKEN
    market.send(market.staking("retire_node"))
    node = market.node()
    assert (node.own_snapshot.now, node.co_snapshot.now, shard(market)) == (0, 0, 0)
    # What becomes active meanwhile has no vote either.
    market.send(market.staking("unstake", amount=50 * TOKEN))
    assert (market.node().co_snapshot.now, shard(market)) == (0, 0)
    market.send(market.staking("reopen_node"))
    node = market.node()
    assert (node.own_snapshot.now, node.co_snapshot.now) == (500 * TOKEN, 200 * TOKEN)
    assert shard(market) == 700 * TOKEN


def test_a_vote_of_an_earlier_week_stands_when_the_node_retires(market: Market) -> None:
    co_staked(market, 250 * TOKEN)
    market.world.advance(WEEK)
    market.send(market.staking("retire_node"))
    assert market.node().co_snapshot.past[0] == 250 * TOKEN


def test_an_evicted_node_votes_no_more_either(market: Market) -> None:
    market.send(market.staking("evict_node"))
    assert (market.node().own_snapshot.now, shard(market)) == (0, 0)


# -- an empty node


def test_empty_node_taken_by_one_unit(market: Market) -> None:
    """Attack of this name: one base unit between `owner_stake` and `owner_activate` took a node's backlog."""
    bob = market.bob
    for call in (market.register_device(bob), market.register_node(bob)):
        market.world.send(call, signers=market.signers(call))
    market.watch(bob)
    market.send(market.staking("owner_stake", of=bob, amount=300 * TOKEN))
    market.send(market.staking("open_position", of=bob, by=market.dave))
    unit = market.staking("stake", of=bob, by=market.dave, amount=1)
    market.refused(unit, errors.staking.OwnerBelowMinimum)
    market.send(market.staking("owner_activate", of=bob))
    market.send(unit)
    # From now on the owner waits as everybody does, and the unit has no part of what came before it.
    market.unbounded(of=bob)
    market.send(market.credit(market.publish({bob.node: 100 * TOKEN}), of=bob))
    market.send(market.staking("activate", of=bob, by=market.dave))
    market.refused(market.staking("claim", of=bob, by=market.dave), errors.staking.NothingToClaim)


def test_nobody_activates_stake_without_a_credit_past_it(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN)
    market.world.advance(400 * DAY)
    market.refused(market.staking("activate"), errors.staking.StillPending)
    market.send(market.settling(market.carol))
    assert market.position(market.carol).pending == 100 * TOKEN


# -- who leaves keeps their hours


def test_challenge_takes_share(market: Market) -> None:
    """Attack of this name: hold a credit back, let co-stakers leave, lift it, and have their part."""
    co_staked(market, POWER, POWER)
    made = market.publish({market.alice.node: TOKEN})
    market.send(market.staking("unstake", amount=POWER))
    market.world.advance(WEEK)
    market.send(market.credit(made))
    carol = market.send(market.staking("claim")).event(events.staking.Claimed).amount
    assert carol == market.send(market.staking("claim", by=market.dave)).event(events.staking.Claimed).amount
    assert carol > 0


def test_an_owner_who_leaves_keeps_their_hours_and_no_later_ones(market: Market) -> None:
    co_staked(market, 250 * TOKEN)
    market.send(market.staking("owner_unstake", amount=250 * TOKEN))
    first = market.send(market.credit(market.publish({market.alice.node: 1_000})))
    # ⌊1,000 · 250 · 0.9 / 750⌋ of the hour in which she left, and half of the next ones.
    assert first.event(events.staking.Credited).co_part == 300
    assert market.node().own.late == 0
    second = market.send(market.credit(market.publish({market.alice.node: 2_000})))
    assert second.event(events.staking.Credited).co_part == 450


def test_a_credit_settles_up_to_four_positions(market: Market) -> None:
    market.unbounded()
    market.co_stake(market.carol, POWER)
    market.send(market.staking("owner_stake", amount=TOKEN))
    made = market.publish({market.alice.node: 100})
    settling = market.settling(market.carol)
    rest = [*settling.accounts[2:]]
    found = market.credit(made, remaining_accounts=rest)
    sent = market.send(found)
    node = market.node()
    assert (node.own.pending, node.co.pending, node.co.active) == (0, 0, POWER)
    assert [type(one) for one in sent.events].count(events.staking.Activated) == 2
    again = market.credit(made, remaining_accounts=[*rest, *rest[1:] * 4])
    market.refused(again, errors.staking.TooManyPositions)
    wrong = [rest[0], AccountMeta(market.alice.device, False, True)]
    market.refused(market.credit(made, remaining_accounts=wrong), "AccountDiscriminatorMismatch")


def test_credits_of_a_changing_node_are_ten_minutes_apart(market: Market) -> None:
    market.unbounded()
    first = market.publish({market.alice.node: 100}, wait=False)
    second = market.publish({market.alice.node: 200})
    market.co_stake(market.carol, TOKEN)
    market.send(market.credit(first))
    market.refused(market.credit(second), errors.staking.CreditTooSoon)
    market.world.advance(599)
    market.refused(market.credit(second), errors.staking.CreditTooSoon)
    market.world.advance(1)
    market.send(market.credit(second))


def after(market: Market, height: int, lifetime: int) -> Published:
    """A report whose leaf of alice's node says at which height its leaf before that is."""
    world = market.world
    world.advance(HOUR)
    world.send(ix.mint.emit())
    found = market.rewards({market.alice.node: lifetime})
    leaves = replace(found.leaves, previous_height=np.array([height], np.uint64))
    report = build_report(leaves, found.period_end, bytes(32))
    made = world.final_report(market.attesters, root=report.root, total=report.total, leaves=1)
    world.advance(world.report(made).creditable_from - world.now)
    return Published(made, report)


def test_leaves_of_a_changing_node_are_credited_in_order(market: Market) -> None:
    market.unbounded()
    first = market.publish({market.alice.node: 100}, wait=False)
    second = after(market, market.world.report(first.address).height, 200)
    market.co_stake(market.carol, TOKEN)
    market.refused(market.credit(second), errors.staking.LeafOutOfOrder)
    market.send(market.credit(first))
    market.world.advance(600)
    assert market.send(market.credit(second)).event(events.staking.Credited).amount == 100


def test_a_leaf_that_cannot_be_credited_any_more_holds_no_later_one_up(market: Market) -> None:
    market.unbounded()
    first = market.publish({market.alice.node: 100}, wait=False)
    second = after(market, market.world.report(first.address).height, 200)
    market.co_stake(market.carol, TOKEN)
    until = market.world.report(first.address).creditable_until
    market.world.advance(until - market.world.now)
    over = market.credit(second, previous=first.address)
    market.refused(over, errors.staking.LeafOutOfOrder)
    market.world.advance(1)
    market.refused(market.credit(second), errors.staking.LeafOutOfOrder)
    market.refused(market.credit(second, previous=second.address), errors.staking.LeafOutOfOrder)
    assert market.send(over).event(events.staking.Credited).amount == 200


def test_a_refuted_leaf_holds_no_later_one_of_a_changing_node_up(market: Market) -> None:
    """With one unit of pending co-stake an upheld challenge held the node's credit up for 30 days."""
    market.unbounded()
    wrong = market.publish({market.alice.node: 30 * TOKEN})
    market.co_stake(market.carol, TOKEN)
    market.send(challenging(market, wrong))
    market.send(about(market, "decide", wrong, upheld=True))
    right = after(market, market.world.report(wrong.address).height, 31 * TOKEN)
    shown = market.credit(right, previous=wrong.address)
    market.refused(market.credit(wrong), errors.staking.ReportRefuted)
    market.refused(market.credit(right), errors.staking.LeafOutOfOrder)
    assert market.send(shown).event(events.staking.Credited).amount == 31 * TOKEN


# -- cheating pays


def test_an_hours_reward_is_bounded_by_the_owners_minimum(market: Market) -> None:
    """cheating_pays: in a market of few nodes one invented node was paid all that there was."""
    # 96 bps of 200 IO are 1.92 IO, for the two hours since the node was registered.
    most = 2 * 192_000_000
    made = market.publish({market.alice.node: most + 1})
    found = market.refused(market.credit(made), errors.staking.RewardAboveBound)
    assert found.compared == (str(most), str(most + 1))
    later = market.publish({market.alice.node: most + 2})
    market.send(market.credit(later))


# -- tokens without an owner


@pytest.mark.parametrize(
    "name", ["owner_claim", "claim", "owner_withdraw", "withdraw", "owner_unstake", "unstake"]
)
def test_tokens_do_not_leave_a_vault_for_itself(market: Market, name: str) -> None:
    """An `owner_claim` into the node's own vault stranded the tokens: nobody was said to have them."""
    co_staked(market, 100 * TOKEN)
    market.send(market.credit(market.publish({market.alice.node: 100 * TOKEN})))
    market.send(market.staking("unstake", amount=10 * TOKEN))
    market.send(market.staking("owner_unstake", amount=10 * TOKEN))
    market.world.advance(FORTNIGHT)
    market.send(market.staking("stake", amount=TOKEN), market.staking("owner_stake", amount=TOKEN))
    more: dict[str, Any] = {"amount": TOKEN} if "unstake" in name else {}
    into = market.staking(name, destination=market.alice.vault, **more)
    market.refused(into, errors.staking.WrongDestination)
