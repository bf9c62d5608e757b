"""The staking program: commissions that change with notice, and rewards that become stake.

Alice's node has 500 IO of her own and takes 1,000 at most; her commission is 10 %.
"""

from __future__ import annotations

import pytest
from tests.programs.market import CLASS, OTHER_CLASS, Market
from tests.programs.people import TOKEN, class_args
from tests.programs.support import DAY, HOUR
from tests.programs.test_staking_credit import co_staked
from tests.programs.test_staking_owner import FORTNIGHT, NODE, RETIRED, u64

from ionet import errors, events, ix, pda

NOTICE = 7 * DAY


def earned(market: Market, lifetime: int) -> events.staking.Credited:
    """Credits alice's node with all that it earned in its life."""
    market.unbounded()
    return market.send(market.credit(market.publish({market.alice.node: lifetime}))).event(
        events.staking.Credited
    )


# -- commission


def test_a_commission_begins_a_week_after_it_is_announced(market: Market) -> None:
    co_staked(market, 500 * TOKEN)
    event = market.send(market.staking("set_commission", commission_bps=1_500)).event(
        events.staking.CommissionSet
    )
    at = market.world.now + NOTICE
    assert (event.node, event.commission_bps, event.from_) == (market.alice.node, 1_500, at)
    # Half of the active stake is carol's: 20 · 1/2 · 0.9 = 9 before it begins, and across it.
    assert earned(market, 20 * TOKEN).co_part == 9 * TOKEN
    market.world.advance(NOTICE)
    assert earned(market, 40 * TOKEN).co_part == 9 * TOKEN
    node = market.node()
    assert (node.commission_bps, node.commission_at) == (1_500, 0)
    # 20 · 1/2 · 0.85.
    assert earned(market, 60 * TOKEN).co_part == 85 * TOKEN // 10


def test_a_commission_falls_as_far_as_the_owner_likes(market: Market) -> None:
    co_staked(market, 500 * TOKEN)
    market.send(market.staking("set_commission", commission_bps=0))
    market.world.advance(NOTICE)
    assert earned(market, 20 * TOKEN).co_part == 10 * TOKEN


def test_a_commission_rises_by_five_points_at_most(market: Market) -> None:
    found = market.refused(
        market.staking("set_commission", commission_bps=1_501), errors.staking.CommissionStep
    )
    assert found.compared == ("1500", "1501")
    market.refused(
        market.staking("set_commission", commission_bps=10_001), errors.staking.CommissionOutOfBounds
    )
    market.send(market.staking("set_commission", commission_bps=1_500))
    # What is only announced is no step to climb on; it can be replaced, and waits anew.
    market.refused(market.staking("set_commission", commission_bps=1_501), errors.staking.CommissionStep)
    market.world.advance(NOTICE - 1)
    again = market.send(market.staking("set_commission", commission_bps=1_200))
    assert again.event(events.staking.CommissionSet).from_ == market.world.now + NOTICE


def test_a_commission_that_has_begun_is_applied_before_the_next_is_announced(market: Market) -> None:
    market.send(market.staking("set_commission", commission_bps=1_500))
    market.world.advance(NOTICE)
    change = market.staking("set_commission", commission_bps=2_000)
    market.refused(change, errors.staking.CommissionUndecided)
    earned(market, 0)
    market.send(change)


def test_only_the_owner_sets_the_commission(market: Market) -> None:
    thief = market.staking("set_commission", commission_bps=0, owner=market.carol.pubkey())
    market.refused(thief, errors.staking.NotNodeOwner)


# -- compounding


def test_the_owners_rewards_become_pending_stake(market: Market) -> None:
    earned(market, 40 * TOKEN)
    held = market.world.balance(market.alice.vault)
    event = market.send(market.staking("owner_compound")).event(events.staking.Compounded)
    assert (event.holder, event.amount) == (market.alice.key, 40 * TOKEN)
    assert (event.totals.own_due, event.totals.own_pending) == (0, 40 * TOKEN)
    own = market.node().own
    assert (own.active, own.pending, own.pending_at) == (500 * TOKEN, 40 * TOKEN, market.world.now)
    assert market.world.balance(market.alice.vault) == held
    # It is pending as any other stake is.
    market.send(market.staking("owner_activate"))
    assert market.node().own.active == 540 * TOKEN
    market.refused(market.staking("owner_compound"), errors.staking.NothingToClaim)


def test_a_co_stakers_rewards_become_pending_stake(market: Market) -> None:
    co_staked(market, 250 * TOKEN)
    earned(market, 100 * TOKEN)
    event = market.send(market.staking("compound")).event(events.staking.Compounded)
    # 100 · 250/750 · 0.9 = 30; the accumulator keeps a unit.
    assert (event.holder, event.amount) == (market.carol.pubkey(), 30 * TOKEN - 1)
    position, co = market.position(market.carol), market.node().co
    assert (position.active, position.pending, position.due) == (250 * TOKEN, 30 * TOKEN - 1, 0)
    assert position.pending_at == market.world.now
    assert (co.tokens, co.shares, co.owed) == (280 * TOKEN - 1, 280 * TOKEN - 1, 1)
    market.refused(market.staking("activate"), errors.staking.StillPending)
    market.world.advance(FORTNIGHT)
    market.credited_until_now()
    market.send(market.staking("activate"))
    assert market.position(market.carol).active == 280 * TOKEN - 1
    market.refused(market.staking("compound"), errors.staking.NothingToClaim)


def test_rewards_compound_up_to_the_nodes_maximum_and_the_rest_stays_due(market: Market) -> None:
    market.send(market.staking("owner_stake", amount=480 * TOKEN))
    earned(market, 50 * TOKEN)
    market.send(market.staking("owner_activate"))
    event = market.send(market.staking("owner_compound")).event(events.staking.Compounded)
    assert event.amount == 20 * TOKEN
    assert market.node().own.due == 30 * TOKEN
    market.world.advance(FORTNIGHT)
    market.send(market.staking("owner_activate"))
    found = market.refused(market.staking("owner_compound"), errors.staking.MaximumStake)
    assert found.compared == ("0", "1")
    market.send(market.staking("owner_claim"))


def test_co_stakers_compound_up_to_the_owners_stake(market: Market) -> None:
    co_staked(market, 490 * TOKEN)
    earned(market, 100 * TOKEN)
    event = market.send(market.staking("compound")).event(events.staking.Compounded)
    assert event.amount == 10 * TOKEN
    market.world.advance(FORTNIGHT)
    market.credited_until_now()
    market.send(market.staking("activate"))
    market.refused(market.staking("compound"), errors.staking.MaximumStake)
    market.send(market.staking("owner_unstake", amount=100 * TOKEN))
    market.refused(market.staking("compound"), errors.staking.CoStakeAboveHalf)
    market.send(market.staking("claim"))


@pytest.mark.parametrize("name", ["owner_compound", "compound"])
def test_what_is_ready_is_activated_before_more_is_added(market: Market, name: str) -> None:
    co_staked(market, 250 * TOKEN)
    market.send(market.staking("stake", amount=TOKEN), market.staking("owner_stake", amount=TOKEN))
    earned(market, 100 * TOKEN)
    market.refused(market.staking(name), errors.staking.ActivateFirst)
    market.send(market.staking("owner_activate"), market.staking("activate"))
    market.send(market.staking(name))


@pytest.mark.parametrize("name", ["owner_compound", "compound"])
def test_compounding_is_refused_where_staking_is(market: Market, name: str) -> None:
    co_staked(market, 250 * TOKEN)
    earned(market, 100 * TOKEN)
    deployer = market.world.deployer
    market.send(ix.staking.set_paused(signer=deployer, paused=2))
    market.refused(market.staking(name), errors.staking.Paused)
    market.send(ix.staking.set_paused(signer=deployer, paused=0))
    other = market.staking(name, class_=pda.staking.class_(OTHER_CLASS))
    market.refused(other, errors.staking.WrongClass)
    market.poke(market.alice.node, NODE, "state", RETIRED)
    market.refused(market.staking(name), errors.staking.NodeNotLive)


def test_only_the_holder_compounds(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    co_staked(market, 250 * TOKEN)
    market.co_stake(market.dave, TOKEN)
    market.co_stake(market.carol, TOKEN, of=market.bob)
    owner = market.staking("owner_compound", owner=market.bob.key)
    market.refused(owner, errors.staking.NotNodeOwner)
    mine = pda.staking.position(market.alice.node, market.carol.pubkey())
    market.refused(market.staking("compound", by=market.dave, position=mine), errors.staking.NotHolder)
    other = pda.staking.position(market.bob.node, market.carol.pubkey())
    market.refused(market.staking("compound", position=other), errors.staking.WrongNode)


def test_compounding_takes_nothing_from_a_slash(market: Market) -> None:
    earned(market, 40 * TOKEN)
    market.poke(market.alice.node, NODE, "frozen", u64(540 * TOKEN))
    market.refused(market.staking("owner_claim"), errors.staking.Frozen)
    market.send(market.staking("owner_compound"))
    market.refused(market.staking("owner_unstake", amount=40 * TOKEN), errors.staking.Frozen)


def test_a_smaller_class_leaves_no_room_to_compound(market: Market) -> None:
    earned(market, 40 * TOKEN)
    market.world.advance(HOUR)
    tight = class_args(base_minimum=100 * TOKEN)
    market.send(ix.staking.set_class(authority=market.world.deployer, id=CLASS, args=tight))
    market.refused(market.staking("owner_compound"), errors.staking.MaximumStake)
