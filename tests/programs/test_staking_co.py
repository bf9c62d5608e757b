"""The staking program: co-stakers' positions. Alice has 500 IO active, so carol and dave may add as much."""

from __future__ import annotations

from typing import Any

from solders.instruction import AccountMeta
from solders.keypair import Keypair
from tests.programs.market import CLASS, IO_MINT, OTHER_CLASS, Market
from tests.programs.people import TOKEN
from tests.programs.support import DAY
from tests.programs.test_staking_owner import FORTNIGHT, NODE, totals, u64, wrong_shard

from ionet import accounts, errors, events, pda, token_account, types

#: What a holder does with his position, but for activating, which anyone does.
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("stake", {"amount": 1}),
    ("unstake", {"amount": 1}),
    ("withdraw", {}),
    ("claim", {}),
]


def test_a_position_is_opened_by_its_holder_once(market: Market) -> None:
    opening = market.staking("open_position")
    before = market.world.client.balance(market.carol.pubkey())
    market.send(opening)
    found = market.position(market.carol)
    assert (found.node, found.holder) == (market.alice.node, market.carol.pubkey())
    assert (found.active, found.pending, found.due) == (0, 0, 0)
    rent = market.world.raw(pda.staking.position(market.alice.node, market.carol.pubkey())).lamports
    assert market.world.client.balance(market.carol.pubkey()).base == before.base - rent
    market.refused(opening, "AccountAlreadyInUse")


def test_the_owner_is_no_co_staker(market: Market) -> None:
    opening = market.staking("open_position", by=market.alice.owner)
    market.refused(opening, errors.staking.OwnerIsNoCoStaker)


def test_events_of_a_position_say_what_it_holds_afterwards(market: Market) -> None:
    def sums() -> types.staking.PositionSums:
        found = market.position(market.carol)
        return types.staking.PositionSums(
            found.late, found.due, int.from_bytes(found.entry, "little"), found.fraction
        )

    market.unbounded()
    market.co_stake(market.carol, 300 * TOKEN)
    market.activate_all(market.carol)
    market.send(market.credit(market.publish({market.alice.node: 1_000})))
    settled = market.send(market.settling(market.carol)).event(events.staking.PositionSettled)
    # Three eighths, less the owner's tenth, rounded down: 337, of which less than one is a fraction.
    assert settled.holder == market.carol.pubkey()
    assert 337 - 1 <= settled.position.due <= 337
    assert settled.position == sums()
    unstaked = market.send(market.staking("unstake", amount=10 * TOKEN)).event(events.staking.Unstaked)
    assert unstaked.position == sums()
    staked = market.send(market.staking("stake", amount=TOKEN)).event(events.staking.Staked)
    assert staked.position == sums()
    claimed = market.send(market.staking("claim")).event(events.staking.Claimed)
    assert claimed.position == sums()
    assert (claimed.position.late, claimed.position.due) == (10 * TOKEN, 0)


def test_a_credit_is_said_before_what_it_makes_due(market: Market) -> None:
    market.unbounded()
    market.co_stake(market.carol, 100 * TOKEN)
    made = market.publish({market.alice.node: 100})
    position = pda.staking.position(market.alice.node, market.carol.pubkey())
    due = [AccountMeta(one, False, True) for one in (market.alice.shard, position)]
    sent = market.send(market.credit(made, remaining_accounts=due))
    names = [type(event).__name__ for event in sent.events]
    assert names == ["Credited", "Activated"]
    first, second = sent.event(events.staking.Credited).seq, sent.event(events.staking.Activated).seq
    assert (first, second) == (market.node().seq - 1, market.node().seq)


def test_co_stake_comes_in_as_pending_shares_one_for_one(market: Market) -> None:
    before = market.purse(market.carol)
    market.send(market.staking("open_position"))
    event = market.send(market.staking("stake", amount=120 * TOKEN)).event(events.staking.Staked)
    assert (event.node, event.holder, event.amount) == (
        market.alice.node,
        market.carol.pubkey(),
        120 * TOKEN,
    )
    assert event.totals == totals(own_active=500, co_tokens=120, co_shares=120, co_pending=120)
    found = market.position(market.carol)
    assert (found.active, found.pending, found.pending_at) == (0, 120 * TOKEN, market.world.now)
    assert market.purse(market.carol) == before - 120 * TOKEN
    activate = market.staking("activate")
    market.refused(activate, errors.staking.StillPending)
    market.world.advance(400 * DAY)
    market.refused(activate, errors.staking.StillPending)
    market.credited_until_now()
    # Anyone may activate it.
    sent = market.world.call(activate).paid_by(market.actor()).send()
    activated = sent.event(events.staking.Activated)
    assert (activated.holder, activated.amount) == (market.carol.pubkey(), 120 * TOKEN)
    assert activated.totals == totals(own_active=500, co_tokens=120, co_shares=120, co_active=120)
    found = market.position(market.carol)
    assert (found.active, found.pending, found.snapshot.now) == (120 * TOKEN, 0, 120 * TOKEN)
    assert market.node().co_snapshot.now == 120 * TOKEN
    market.check()
    market.refused(activate, errors.staking.NothingPending)


def test_co_stake_is_at_most_the_owners(market: Market) -> None:
    market.send(market.staking("owner_unstake", amount=100 * TOKEN))
    market.co_stake(market.carol, 200 * TOKEN)
    market.co_stake(market.dave, 150 * TOKEN)
    found = market.refused(market.staking("stake", amount=50 * TOKEN + 1), errors.staking.CoStakeAboveHalf)
    assert found.compared == (str(50 * TOKEN), str(50 * TOKEN + 1))
    market.send(market.staking("stake", amount=50 * TOKEN))
    full = market.staking("stake", by=market.dave, amount=1)
    market.refused(full, errors.staking.CoStakeAboveHalf)


def test_both_sides_together_stay_below_the_classs_maximum(market: Market) -> None:
    market.co_stake(market.carol, 500 * TOKEN)
    market.send(market.staking("open_position", by=market.dave))
    market.refused(market.staking("stake", by=market.dave, amount=1), errors.staking.MaximumStake)
    market.refused(market.staking("owner_stake", amount=1), errors.staking.MaximumStake)


def test_first_loss_emptied(market: Market) -> None:
    """Attack of this name: pending stake of the owner made room for co-stake, and left at once."""
    market.co_stake(market.dave, TOKEN)
    market.send(market.staking("owner_unstake", amount=300 * TOKEN))
    market.send(market.staking("owner_stake", amount=500 * TOKEN))
    market.send(market.staking("open_position"))
    found = market.refused(market.staking("stake", amount=199 * TOKEN + 1), errors.staking.CoStakeAboveHalf)
    assert found.compared == (str(199 * TOKEN), str(199 * TOKEN + 1))
    market.send(market.staking("stake", amount=199 * TOKEN))
    # What has entered stays in behind the owner's active stake, whatever pending stake leaves.
    market.send(market.staking("owner_unstake", amount=500 * TOKEN))
    node = market.node()
    assert node.own.active == node.co.active + node.co.pending == 200 * TOKEN


def test_co_stake_enters_only_while_the_owners_active_stake_covers_the_minimum(market: Market) -> None:
    market.send(market.staking("open_position"))
    market.send(market.staking("owner_unstake", amount=300 * TOKEN + 1))
    more = market.staking("stake", amount=1)
    found = market.refused(more, errors.staking.OwnerBelowMinimum)
    assert found.compared == (str(200 * TOKEN - 1), str(200 * TOKEN))
    market.send(market.staking("owner_stake", amount=1))
    market.refused(more, errors.staking.OwnerBelowMinimum)
    market.send(market.staking("owner_activate"), more)


def test_co_stake_of_nothing_or_of_somebody_elses_tokens_is_refused(market: Market) -> None:
    market.send(market.staking("open_position"))
    market.refused(market.staking("stake", amount=0), errors.staking.ZeroAmount)
    market.refused(market.staking("stake", amount=2**64 - 1), errors.staking.MaximumStake)
    theirs = token_account(market.dave.pubkey(), IO_MINT)
    market.refused(market.staking("stake", amount=1, source=theirs), "OwnerMismatch")


def test_pending_shares_leave_at_once_and_active_ones_cool(market: Market) -> None:
    before = market.purse(market.carol)
    market.co_stake(market.carol, 100 * TOKEN)
    market.activate_all(market.carol)
    market.send(market.staking("stake", amount=20 * TOKEN))
    event = market.send(market.staking("unstake", amount=50 * TOKEN)).event(events.staking.Unstaked)
    assert (event.holder, event.left, event.cooling) == (market.carol.pubkey(), 20 * TOKEN, 30 * TOKEN)
    assert event.ready_at == market.world.now + FORTNIGHT
    assert event.totals == totals(own_active=500, co_tokens=100, co_shares=100, co_active=70, co_late=30)
    assert market.purse(market.carol) == before - 100 * TOKEN
    market.world.advance(FORTNIGHT - 1)
    market.refused(market.staking("withdraw"), errors.staking.NothingReady)
    market.world.advance(1)
    withdrawn = market.send(market.staking("withdraw")).event(events.staking.Withdrawn)
    assert (withdrawn.holder, withdrawn.amount) == (market.carol.pubkey(), 30 * TOKEN)
    assert withdrawn.totals == totals(own_active=500, co_tokens=70, co_shares=70, co_active=70)
    assert market.purse(market.carol) == before - 70 * TOKEN
    market.refused(market.staking("withdraw"), errors.staking.NothingReady)


def test_no_more_shares_leave_than_are_there(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN)
    market.refused(market.staking("unstake", amount=100 * TOKEN + 1), errors.staking.MoreThanStaked)
    market.refused(market.staking("unstake", amount=0), errors.staking.ZeroAmount)
    market.send(market.staking("unstake", amount=100 * TOKEN))
    market.refused(market.staking("unstake", amount=1), errors.staking.MoreThanStaked)


def test_four_of_a_positions_withdrawals_cool_at_a_time(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN)
    market.activate_all(market.carol)
    for _ in range(4):
        market.send(market.staking("unstake", amount=TOKEN))
    market.refused(market.staking("unstake", amount=TOKEN), errors.staking.NoFreeSlot)


def test_a_position_is_its_holders_alone(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN)
    market.activate_all(market.carol)
    market.unbounded()
    market.send(market.credit(market.publish({market.alice.node: 60 * TOKEN})))
    market.send(market.staking("unstake", amount=10 * TOKEN))
    market.world.advance(FORTNIGHT)
    carols = pda.staking.position(market.alice.node, market.carol.pubkey())
    for name, more in CALLS:
        theft = market.staking(name, by=market.dave, position=carols, **more)
        market.refused(theft, errors.staking.NotHolder)


def test_positions_shards_and_vaults_of_other_nodes_are_refused(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    for supplier in (market.alice, market.bob):
        market.co_stake(market.carol, 100 * TOKEN, of=supplier)
    market.world.advance(FORTNIGHT)
    there = pda.staking.position(market.bob.node, market.carol.pubkey())
    for name, more in CALLS:
        market.refused(market.staking(name, position=there, **more), errors.staking.WrongNode)
        wrong = market.staking(name, vault=market.bob.vault, **more)
        market.refused(wrong, errors.staking.WrongVault)
    market.refused(market.staking("activate", position=there), errors.staking.WrongNode)
    elsewhere = wrong_shard(market)
    market.refused(market.staking("activate", shard=elsewhere), errors.staking.WrongShard)
    market.refused(market.staking("unstake", amount=1, shard=elsewhere), errors.staking.WrongShard)
    other = pda.staking.class_(OTHER_CLASS)
    assert other != pda.staking.class_(CLASS)
    market.refused(market.staking("stake", amount=1, class_=other), errors.staking.WrongClass)


def test_nobody_but_the_holder_sends_pending_stake_back_to_wait(market: Market) -> None:
    """dust_bond_griefing: a stranger's dust moves nobody's waiting time."""
    market.co_stake(market.carol, 100 * TOKEN)
    since = market.position(market.carol).pending_at
    market.world.advance(DAY)
    market.co_stake(market.dave, 1)
    market.send(market.staking("owner_stake", amount=1))
    market.gift(market.alice.vault, 1)
    assert market.position(market.carol).pending_at == since
    market.world.patch(market.alice.node, accounts.staking.Node, "credited_through", since)
    market.send(market.staking("activate"))
    market.refused(market.staking("activate", by=market.dave), errors.staking.StillPending)
    # The holder's own top-up does, once what is ready is active.
    market.send(market.staking("stake", amount=TOKEN))
    market.world.advance(DAY)
    market.send(market.staking("stake", amount=TOKEN))
    assert market.position(market.carol).pending_at == market.world.now
    market.world.advance(FORTNIGHT)
    market.credited_until_now()
    market.refused(market.staking("stake", amount=TOKEN), errors.staking.ActivateFirst)


def test_co_stakers_wait_while_proposals_exceed_the_owners_side(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN)
    market.activate_all(market.carol)
    market.send(market.staking("unstake", amount=40 * TOKEN))
    market.send(market.staking("stake", amount=10 * TOKEN))
    market.world.advance(FORTNIGHT)
    market.poke(market.alice.node, NODE, "frozen", u64(500 * TOKEN + 1))
    market.refused(market.staking("withdraw"), errors.staking.CoExitFrozen)
    market.refused(market.staking("unstake", amount=10 * TOKEN), errors.staking.CoExitFrozen)
    # The owner's side covers it.
    market.poke(market.alice.node, NODE, "frozen", u64(500 * TOKEN))
    market.send(market.staking("withdraw"))
    market.send(market.staking("unstake", amount=10 * TOKEN))


def leave(market: Market, holder: Keypair) -> int:
    """Takes all of a holder's stake out; what he got."""
    before = market.purse(holder)
    found = market.position(holder)
    market.send(market.staking("unstake", by=holder, amount=found.active + found.pending))
    market.world.advance(FORTNIGHT)
    market.send(market.staking("withdraw", by=holder))
    return market.purse(holder) - before


def test_leaving_returns_what_came_in_and_no_more(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN + 1)
    market.co_stake(market.dave, 3)
    market.activate_all(market.carol, market.dave)
    assert leave(market, market.dave) == 3
    assert leave(market, market.carol) == 100 * TOKEN + 1
    co = market.node().co
    assert (co.tokens, co.shares, co.active, co.pending) == (0, 0, 0, 0)
