"""The staking program: the owner's side of a node.

Alice's node begins with 500 IO active; its class takes 200 to 1,000.
"""

from __future__ import annotations

from typing import Final

from solders.pubkey import Pubkey
from tests.programs.market import CLASS, IO_MINT, OTHER_CLASS, Market
from tests.programs.people import TOKEN, class_args
from tests.programs.support import DAY, HOUR

from ionet import accounts, errors, events, ix, pda, token_account, types

NODE = accounts.staking.Node
FORTNIGHT = 14 * DAY
#: See io_common::abi::NodeState.
RETIRED, TERMINAL = b"\x01", b"\x02"


def u64(value: int) -> bytes:
    return value.to_bytes(8, "little")


#: What events of the owner's stake say of a co-staker's position.
NO_POSITION: Final = types.staking.PositionSums(0, 0, 0, 0)


def totals(**parts: int) -> types.staking.NodeTotals:
    """A node's sums in whole IO."""
    names = types.staking.NodeTotals.__dataclass_fields__
    assert not parts.keys() - names.keys()
    return types.staking.NodeTotals(**{name: parts.get(name, 0) * TOKEN for name in names})


def wrong_shard(market: Market) -> Pubkey:
    return pda.staking.shard((bytes(market.alice.node)[0] + 1) % 16)


# -- staking


def test_the_first_stake_of_a_node_is_active_at_once(market: Market) -> None:
    bob = market.bob
    for call in (market.register_device(bob), market.register_node(bob)):
        market.world.send(call, signers=market.signers(call))
    before, shard = market.purse(bob.owner), market.world.client.fetch(accounts.staking.StakeShard, bob.shard)
    sent = market.send(market.staking("owner_stake", of=bob, amount=300 * TOKEN))
    assert market.purse(bob.owner) == before - 300 * TOKEN
    assert market.world.balance(bob.vault) == 300 * TOKEN
    found = market.node(bob)
    assert (found.own.active, found.own.pending, found.own.pending_at) == (0, 300 * TOKEN, market.world.now)
    assert sent.event(events.staking.Staked) == events.staking.Staked(
        2, bob.node, bob.key, 300 * TOKEN, totals(own_pending=300), NO_POSITION
    )
    anyone = market.world.call(market.staking("owner_activate", of=bob)).paid_by(market.actor())
    event = anyone.send().event(events.staking.Activated)
    assert event == events.staking.Activated(
        3, bob.node, bob.key, 300 * TOKEN, totals(own_active=300), NO_POSITION
    )
    found = market.node(bob)
    assert (found.own.active, found.own.pending) == (300 * TOKEN, 0)
    assert found.own_snapshot.now == 300 * TOKEN
    after = market.world.client.fetch(accounts.staking.StakeShard, bob.shard)
    assert after.active.now == shard.active.now + 300 * TOKEN
    again = market.staking("owner_activate", of=bob)
    market.refused(again, errors.staking.NothingPending)


def test_more_stake_is_active_at_once_where_there_are_no_co_stakers(market: Market) -> None:
    market.send(market.staking("owner_stake", amount=100 * TOKEN), market.staking("owner_activate"))
    assert market.node().own.active == 600 * TOKEN


def test_more_stake_waits_for_a_credit_where_there_are_co_stakers(market: Market) -> None:
    """There is no other way: a fallback by time let newcomers share old hours whose credit was held up."""
    market.co_stake(market.carol, 1)
    market.send(market.staking("owner_stake", amount=100 * TOKEN))
    activate = market.staking("owner_activate")
    market.refused(activate, errors.staking.StillPending)
    market.world.advance(400 * DAY)
    market.refused(activate, errors.staking.StillPending)
    market.refused(market.staking("activate"), errors.staking.StillPending)
    market.credited_until_now()
    event = market.send(activate).event(events.staking.Activated)
    assert (event.totals.own_active, event.totals.own_pending) == (600 * TOKEN, 0)


def test_a_credit_past_it_makes_more_stake_active(market: Market) -> None:
    market.co_stake(market.carol, TOKEN)
    market.world.advance(60)
    market.send(market.staking("owner_stake", amount=100 * TOKEN))
    # A credit up to the moment before does not.
    earlier = market.publish({market.alice.node: 1}, through=market.world.now - 1)
    market.send(market.credit(earlier))
    market.refused(market.staking("owner_activate"), errors.staking.StillPending)
    market.send(market.credit(market.publish({market.alice.node: 1})))
    market.send(market.staking("owner_activate"))
    assert market.node().own.active == 600 * TOKEN


def test_a_top_up_starts_the_wait_again_but_not_of_what_is_ready(market: Market) -> None:
    market.co_stake(market.carol, TOKEN)
    market.send(market.staking("owner_stake", amount=100 * TOKEN))
    market.world.advance(DAY)
    market.send(market.staking("owner_stake", amount=100 * TOKEN))
    assert market.node().own.pending_at == market.world.now
    market.world.advance(FORTNIGHT)
    market.credited_until_now()
    more = market.staking("owner_stake", amount=TOKEN)
    market.refused(more, errors.staking.ActivateFirst)
    market.send(market.staking("owner_activate"))
    market.send(more)
    own = market.node().own
    assert (own.active, own.pending) == (700 * TOKEN, TOKEN)


def test_stake_is_limited_by_the_class(market: Market) -> None:
    market.co_stake(market.carol, 120 * TOKEN)
    # 1,000 − 500 − 120 IO are left.
    beyond = market.staking("owner_stake", amount=380 * TOKEN + 1)
    found = market.refused(beyond, errors.staking.MaximumStake)
    assert found.compared == (str(380 * TOKEN), str(380 * TOKEN + 1))
    market.send(market.staking("owner_stake", amount=380 * TOKEN))
    market.refused(market.staking("owner_stake", amount=1), errors.staking.MaximumStake)


def test_stake_of_nothing_or_of_more_than_one_has_is_refused(market: Market) -> None:
    market.refused(market.staking("owner_stake", amount=0), errors.staking.ZeroAmount)
    market.refused(market.staking("owner_stake", amount=2**64 - 1), errors.staking.MaximumStake)
    # Alice has 1,500 IO left; the class would take more.
    generous = class_args(maximum=20)
    market.send(ix.staking.set_class(authority=market.world.deployer, id=CLASS, args=generous))
    market.refused(market.staking("owner_stake", amount=1_500 * TOKEN + 1), "InsufficientFunds")
    market.send(market.staking("owner_stake", amount=1_500 * TOKEN))


def test_the_owners_side_is_the_owners_alone(market: Market) -> None:
    thief = market.carol
    purse = token_account(thief.pubkey(), IO_MINT)
    for name in ("owner_stake", "owner_unstake"):
        market.refused(market.staking(name, by=thief, amount=TOKEN), errors.staking.NotNodeOwner)
    for name in ("owner_withdraw", "owner_claim"):
        market.refused(market.staking(name, by=thief, destination=purse), errors.staking.NotNodeOwner)
    theirs = market.staking("owner_stake", amount=TOKEN, source=purse)
    market.refused(theirs, "OwnerMismatch")


def test_accounts_of_other_nodes_and_classes_are_refused(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    other = pda.staking.class_(OTHER_CLASS)
    market.refused(market.staking("owner_stake", amount=1, class_=other), errors.staking.WrongClass)
    market.refused(market.staking("owner_unstake", amount=1, class_=other), errors.staking.WrongClass)
    wrong = market.bob.vault
    market.refused(market.staking("owner_stake", amount=1, vault=wrong), errors.staking.WrongVault)
    for name in ("owner_withdraw", "owner_claim"):
        market.refused(market.staking(name, vault=wrong), errors.staking.WrongVault)
    market.refused(market.staking("owner_unstake", amount=1, vault=wrong), errors.staking.WrongVault)
    unstake = market.staking("owner_unstake", amount=1, offer=market.bob.offer)
    market.refused(unstake, errors.staking.WrongOffer)
    unstake = market.staking("owner_unstake", amount=1, shard=wrong_shard(market))
    market.refused(unstake, errors.staking.WrongShard)
    activate = market.staking("owner_activate", shard=wrong_shard(market))
    market.refused(activate, errors.staking.WrongShard)


def test_a_retired_node_takes_no_stake_but_lets_it_leave(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN)
    market.send(market.staking("retire_node"))
    market.refused(market.staking("owner_stake", amount=1), errors.staking.NodeNotLive)
    market.refused(market.staking("stake", amount=1), errors.staking.NodeNotLive)
    market.refused(market.staking("open_position", by=market.dave), errors.staking.NodeNotLive)
    market.send(market.staking("owner_unstake", amount=500 * TOKEN))
    market.send(market.staking("unstake", amount=100 * TOKEN))


# -- leaving


def test_excess_leaves_at_once(market: Market) -> None:
    """Attack of this name: what exceeded the minimum and the co-stake left without a cooldown."""
    before = market.purse(market.alice.owner)
    event = market.send(market.staking("owner_unstake", amount=350 * TOKEN)).event(events.staking.Unstaked)
    assert (event.node, event.holder) == (market.alice.node, market.alice.key)
    assert (event.left, event.cooling) == (0, 350 * TOKEN)
    assert event.ready_at == market.world.now + FORTNIGHT
    assert event.totals == totals(own_active=150, own_cooling=350, own_late=350)
    assert market.purse(market.alice.owner) == before
    own = market.node().own
    assert (own.cooling.slots[0].amount, own.cooling.slots[0].ready_at) == (350 * TOKEN, event.ready_at)
    assert (own.cooling.slots[0].weight, own.cooling.slots[0].counts_to) == (350 * TOKEN, market.world.now)
    market.world.advance(FORTNIGHT - 1)
    market.refused(market.staking("owner_withdraw"), errors.staking.NothingReady)


def test_what_stands_behind_the_co_stake_cools(market: Market) -> None:
    market.co_stake(market.carol, 150 * TOKEN)
    market.activate_all(market.carol)
    market.send(market.staking("stake", amount=100 * TOKEN))
    market.send(market.staking("owner_stake", amount=40 * TOKEN))
    before = market.purse(market.alice.owner)
    event = market.send(market.staking("owner_unstake", amount=340 * TOKEN)).event(events.staking.Unstaked)
    assert (event.left, event.cooling) == (40 * TOKEN, 300 * TOKEN)
    assert market.purse(market.alice.owner) == before + 40 * TOKEN
    assert event.totals == totals(
        own_active=200,
        own_cooling=300,
        own_late=300,
        co_tokens=250,
        co_shares=250,
        co_active=150,
        co_pending=100,
    )
    # "Half" is broken now: no new co-stake, from nobody.
    more = market.staking("stake", amount=1)
    market.refused(more, errors.staking.CoStakeAboveHalf)


def test_cooled_stake_leaves_when_it_is_ready_and_not_before(market: Market) -> None:
    market.send(market.staking("owner_unstake", amount=100 * TOKEN))
    market.world.advance(DAY)
    market.send(market.staking("owner_unstake", amount=30 * TOKEN))
    market.world.advance(FORTNIGHT - DAY - 1)
    market.refused(market.staking("owner_withdraw"), errors.staking.NothingReady)
    market.world.advance(1)
    before = market.purse(market.alice.owner)
    event = market.send(market.staking("owner_withdraw")).event(events.staking.Withdrawn)
    assert (event.node, event.holder, event.amount) == (market.alice.node, market.alice.key, 100 * TOKEN)
    assert event.totals == totals(own_active=370, own_cooling=30, own_late=130)
    assert market.purse(market.alice.owner) == before + 100 * TOKEN
    market.refused(market.staking("owner_withdraw"), errors.staking.NothingReady)
    market.world.advance(DAY)
    market.send(market.staking("owner_withdraw"))
    market.refused(market.staking("owner_withdraw"), errors.staking.NothingReady)


def test_everything_can_leave_in_the_end(market: Market) -> None:
    before = market.purse(market.alice.owner)
    market.send(market.staking("owner_unstake", amount=500 * TOKEN))
    market.world.advance(FORTNIGHT)
    market.send(market.staking("owner_withdraw"))
    assert market.purse(market.alice.owner) == before + 500 * TOKEN
    assert market.world.balance(market.alice.vault) == 0


def test_no_more_leaves_than_is_staked(market: Market) -> None:
    found = market.refused(
        market.staking("owner_unstake", amount=500 * TOKEN + 1), errors.staking.MoreThanStaked
    )
    assert found.compared == (str(500 * TOKEN), str(500 * TOKEN + 1))
    market.refused(market.staking("owner_unstake", amount=2**64 - 1), errors.staking.MoreThanStaked)
    market.refused(market.staking("owner_unstake", amount=0), errors.staking.ZeroAmount)


def test_four_withdrawals_cool_at_a_time(market: Market) -> None:
    for _ in range(4):
        market.send(market.staking("owner_unstake", amount=TOKEN))
    market.refused(market.staking("owner_unstake", amount=TOKEN), errors.staking.NoFreeSlot)
    market.world.advance(FORTNIGHT)
    market.send(market.staking("owner_withdraw"))
    # Where nothing is credited, the weights that are left share one, until the earliest of them ends.
    assert market.node().own.late == 4 * TOKEN
    for _ in range(3):
        market.send(market.staking("owner_unstake", amount=TOKEN))
    late, *cooling = sorted(market.node().own.cooling.slots, key=lambda one: one.ready_at)
    assert (late.amount, late.weight, late.counts_to) == (0, 4 * TOKEN, market.world.now - FORTNIGHT)
    assert [(one.amount, one.weight) for one in cooling] == [(TOKEN, TOKEN)] * 3
    market.refused(market.staking("owner_unstake", amount=TOKEN), errors.staking.NoFreeSlot)
    market.credited_until_now()
    market.send(market.staking("owner_unstake", amount=TOKEN))


def test_the_cooldown_is_the_one_of_the_day_of_leaving(market: Market) -> None:
    market.send(market.staking("owner_unstake", amount=10 * TOKEN))
    deployer = market.world.deployer
    slasher, resolver = market.people.slasher.pubkey(), market.people.resolver.pubkey()
    longer = types.staking.ParamsArgs(deployer, slasher, resolver, 30 * DAY, 30 * DAY, 1_000, 96)
    market.send(ix.staking.set_params(authority=deployer, params=longer))
    event = market.send(market.staking("owner_unstake", amount=TOKEN)).event(events.staking.Unstaked)
    assert event.ready_at == market.world.now + 30 * DAY
    market.world.advance(FORTNIGHT)
    withdrawn = market.send(market.staking("owner_withdraw")).event(events.staking.Withdrawn)
    assert withdrawn.amount == 10 * TOKEN


def test_new_stake_neither_cancels_nor_delays_what_cools(market: Market) -> None:
    market.co_stake(market.carol, 10 * TOKEN)
    market.activate_all(market.carol)
    market.send(market.staking("owner_unstake", amount=50 * TOKEN))
    market.send(market.staking("unstake", amount=5 * TOKEN))
    slots = market.node().own.cooling, market.position(market.carol).cooling
    market.world.advance(DAY)
    for name in ("owner_stake", "stake"):
        market.refused(market.staking(name, amount=0), errors.staking.ZeroAmount)
        market.send(market.staking(name, amount=1))
    assert (market.node().own.cooling, market.position(market.carol).cooling) == slots
    market.world.advance(FORTNIGHT - DAY)
    for name in ("owner_withdraw", "withdraw"):
        market.send(market.staking(name))


def test_tokens_leave_to_io_accounts_only(market: Market) -> None:
    market.co_stake(market.carol, TOKEN)
    market.send(market.staking("owner_stake", amount=TOKEN))
    dollars = token_account(market.alice.key, market.usdc)
    wrong = market.staking("owner_unstake", amount=TOKEN, destination=dollars)
    market.refused(wrong, "MintMismatch")


# -- while the node is leased


def test_while_the_node_is_leased_the_owners_minimum_stays(market: Market) -> None:
    job = market.book()
    found = market.refused(
        market.staking("owner_unstake", amount=300 * TOKEN + 1), errors.staking.LeaseLocksMinimum
    )
    assert found.compared == (str(200 * TOKEN - 1), str(200 * TOKEN))
    market.send(market.staking("owner_unstake", amount=300 * TOKEN))
    market.refused(market.staking("owner_unstake", amount=1), errors.staking.LeaseLocksMinimum)
    # It ends with the work.
    market.send(market.jobs("cancel", job))
    market.send(market.staking("owner_unstake", amount=200 * TOKEN))


def test_pending_stake_is_no_part_of_the_minimum_that_a_lease_locks(market: Market) -> None:
    market.co_stake(market.carol, 10 * TOKEN)
    market.send(market.staking("owner_stake", amount=250 * TOKEN))
    market.book()
    unstake = market.staking("owner_unstake", amount=550 * TOKEN + 1)
    market.refused(unstake, errors.staking.LeaseLocksMinimum)
    event = market.send(market.staking("owner_unstake", amount=550 * TOKEN)).event(events.staking.Unstaked)
    assert (event.left, event.cooling) == (250 * TOKEN, 300 * TOKEN)


def test_renting_ones_own_node_traps_no_co_staker(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN)
    market.activate_all(market.carol)
    market.send(market.staking("stake", amount=20 * TOKEN))
    market.run(by=market.alice.owner)
    before = market.purse(market.carol)
    market.send(market.staking("unstake", amount=120 * TOKEN))
    assert market.purse(market.carol) == before + 20 * TOKEN
    market.world.advance(FORTNIGHT)
    market.send(market.staking("withdraw"))
    assert market.purse(market.carol) == before + 120 * TOKEN


# -- open slash proposals


def test_nothing_leaves_the_owners_side_below_the_open_proposals(market: Market) -> None:
    market.co_stake(market.carol, TOKEN)
    market.send(market.staking("owner_stake", amount=200 * TOKEN))
    market.poke(market.alice.node, NODE, "frozen", u64(550 * TOKEN))
    found = market.refused(market.staking("owner_unstake", amount=151 * TOKEN), errors.staking.Frozen)
    assert found.compared == (str(549 * TOKEN), str(550 * TOKEN))
    market.send(market.staking("owner_unstake", amount=150 * TOKEN))
    # What cools can still be taken, so it may begin to.
    market.poke(market.alice.node, NODE, "frozen", u64(500 * TOKEN))
    market.send(market.staking("owner_unstake", amount=50 * TOKEN + 300 * TOKEN))
    market.world.advance(FORTNIGHT)
    market.poke(market.alice.node, NODE, "frozen", u64(200 * TOKEN + 1))
    market.refused(market.staking("owner_withdraw"), errors.staking.Frozen)
    market.poke(market.alice.node, NODE, "frozen", u64(200 * TOKEN))
    market.send(market.staking("owner_withdraw"))


def test_rewards_stay_while_proposals_need_them(market: Market) -> None:
    market.unbounded()
    market.send(market.credit(market.publish({market.alice.node: 30 * TOKEN})))
    market.poke(market.alice.node, NODE, "frozen", u64(500 * TOKEN + 1))
    market.refused(market.staking("owner_claim"), errors.staking.Frozen)
    market.poke(market.alice.node, NODE, "frozen", u64(500 * TOKEN))
    market.send(market.staking("owner_claim"))


# -- pauses and gifts


def test_a_pause_stops_stake_from_coming_in_and_none_from_going_out(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN)
    market.send(market.staking("owner_stake", amount=50 * TOKEN))
    market.activate_all(market.carol)
    market.unbounded()
    made = market.publish({market.alice.node: 10 * TOKEN})
    market.send(ix.staking.set_paused(signer=market.world.deployer, paused=0b11))
    market.refused(market.staking("owner_stake", amount=TOKEN), errors.staking.Paused)
    market.refused(market.staking("stake", amount=TOKEN), errors.staking.Paused)
    market.send(market.staking("owner_activate"))
    market.send(market.credit(made))
    for name in ("owner_claim", "claim"):
        market.send(market.staking(name))
    market.send(market.staking("owner_unstake", amount=550 * TOKEN))
    market.send(market.staking("unstake", amount=100 * TOKEN))
    market.world.advance(FORTNIGHT)
    for name in ("owner_withdraw", "withdraw"):
        market.send(market.staking(name))
    # Registering and staking are paused apart from each other.
    market.send(ix.staking.set_paused(signer=market.world.deployer, paused=0b01))
    market.send(market.staking("owner_stake", amount=TOKEN))


def test_a_gift_to_the_vault_is_nobodys(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN)
    market.activate_all(market.carol)
    market.gift(market.alice.vault, 1_000_000)
    owner, carol = market.purse(market.alice.owner), market.purse(market.carol)
    market.send(market.staking("unstake", amount=100 * TOKEN))
    market.send(market.staking("owner_unstake", amount=500 * TOKEN))
    market.world.advance(FORTNIGHT)
    for name in ("owner_withdraw", "withdraw"):
        market.send(market.staking(name))
    assert market.purse(market.alice.owner) == owner + 500 * TOKEN
    assert market.purse(market.carol) == carol + 100 * TOKEN
    assert market.world.balance(market.alice.vault) == 1_000_000


def test_a_clock_that_goes_back_shortens_no_wait(market: Market) -> None:
    market.world.advance(DAY)
    market.send(market.staking("owner_unstake", amount=310 * TOKEN))
    market.world.turn_back(HOUR)
    event = market.send(market.staking("owner_unstake", amount=TOKEN)).event(events.staking.Unstaked)
    assert event.ready_at == market.world.now + HOUR + FORTNIGHT


# -- claiming


def test_there_is_nothing_to_claim_before_a_credit(market: Market) -> None:
    market.refused(market.staking("owner_claim"), errors.staking.NothingToClaim)


def test_the_owner_claims_what_is_due_once(market: Market) -> None:
    market.unbounded()
    market.send(market.credit(market.publish({market.alice.node: 30 * TOKEN + 7})))
    before = market.purse(market.alice.owner)
    event = market.send(market.staking("owner_claim")).event(events.staking.Claimed)
    assert (event.node, event.holder, event.amount) == (market.alice.node, market.alice.key, 30 * TOKEN + 7)
    assert event.totals == totals(own_active=500)
    assert market.purse(market.alice.owner) == before + 30 * TOKEN + 7
    market.refused(market.staking("owner_claim"), errors.staking.NothingToClaim)
