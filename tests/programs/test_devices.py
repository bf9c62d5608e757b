"""The staking program: nodes that retire and come back, processors that come, go and change hands, networks.

Alice's node has 500 IO of her own and one processor.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from tests.programs.market import CLASS, OTHER_CLASS, TWO_HOURS, Market
from tests.programs.people import COMMISSION_BPS, TOKEN, Supplier, class_args, node_args
from tests.programs.support import DAY, HOUR
from tests.programs.test_proofs import params
from tests.programs.test_staking_credit import co_staked
from tests.programs.test_staking_owner import FORTNIGHT, NODE, TERMINAL, u64

from ionet import IO, accounts, errors, events, ix, pda, token_account

#: After this long nothing of before a retirement can be disproved.
DISPROOFS: Final = 7 * DAY + HOUR + 1
NOBODY: Final = Pubkey.default()
RETIRED: Final = 1


def device(market: Market, supplier: Supplier | None = None) -> accounts.staking.Device:
    return market.world.client.fetch(accounts.staking.Device, (supplier or market.alice).device)


def another(market: Market, name: str = "second") -> Supplier:
    """A further processor of alice's, registered."""
    one = Supplier(market.alice.owner, market.actor(), name)
    market.send(market.register_device(one))
    return one


def attached(market: Market, name: str = "second") -> Supplier:
    one = another(market, name)
    market.send(market.staking("attach_device", device=one.device))
    return one


def passed_on(market: Market) -> Supplier:
    """Bob as the owner of the processor that alice's node was made of."""
    return Supplier(market.bob.owner, market.bob.device_key, "alice")


def reopening(market: Market, who: Supplier | None = None, **given: Any) -> Instruction:
    return market.staking("reopen_node", of=who or market.alice, **given)


def left(market: Market) -> None:
    """Alice takes everything off her retired node."""
    own = market.node().own
    market.send(market.staking("owner_unstake", amount=own.active + own.pending))
    market.world.advance(FORTNIGHT)
    market.credited_until_now()
    for name, there in (("owner_withdraw", True), ("owner_claim", own.due)):
        if there:
            market.send(market.staking(name))


# -- retiring and coming back


def test_a_retired_node_comes_back_and_is_paid_nothing_twice(market: Market) -> None:
    """lifetime_replay: what was credited stays counted when the device registers again."""
    market.unbounded()
    made = market.publish({market.alice.node: 30 * TOKEN})
    market.send(market.credit(made))
    retired = market.send(market.staking("retire_node")).event(events.staking.NodeRetired)
    assert (retired.node, retired.owner) == (market.alice.node, market.alice.key)
    node = market.node()
    assert (node.state, node.retired_at) == (RETIRED, market.world.now)
    market.refused(market.staking("owner_stake", amount=TOKEN), errors.staking.NodeNotLive)
    market.refused(market.booking(TWO_HOURS), errors.jobs.NodeNotLive)
    market.refused(market.register_node(market.alice), "AccountAlreadyInUse")
    left(market)
    assert market.world.balance(market.alice.vault) == 0

    args = node_args(2_000)
    event = market.send(reopening(market, args=args)).event(events.staking.NodeRegistered)
    assert (event.owner, event.units, event.commission_bps) == (market.alice.key, 1, 2_000)
    node = market.node()
    assert (node.state, node.registered_at, node.commission_bps) == (0, market.world.now, 2_000)
    assert node.credited == 30 * TOKEN
    market.send(market.staking("owner_stake", amount=300 * TOKEN), market.staking("owner_activate"))
    again = market.send(market.credit(made)).event(events.staking.Credited)
    assert (again.amount, again.credited) == (0, 30 * TOKEN)
    later = market.send(market.credit(market.publish({market.alice.node: 31 * TOKEN})))
    assert later.event(events.staking.Credited).amount == TOKEN


def test_a_retired_nodes_stake_and_rewards_go_their_usual_ways(market: Market) -> None:
    co_staked(market, 250 * TOKEN)
    market.send(market.staking("retire_node"))
    market.send(market.credit(market.publish({market.alice.node: 100 * TOKEN})))
    carol = market.purse(market.carol)
    market.send(market.staking("claim"))
    market.send(market.staking("unstake", amount=250 * TOKEN))
    left(market)
    market.send(market.staking("withdraw"))
    assert market.purse(market.carol) == carol + 280 * TOKEN - 1
    # The unit that the accumulator keeps.
    assert market.world.balance(market.alice.vault) == 1


def test_only_the_owner_retires_a_live_and_free_node(market: Market) -> None:
    thief = market.staking("retire_node", owner=market.carol.pubkey())
    market.refused(thief, errors.staking.NotNodeOwner)
    other = market.staking("retire_node", offer=market.bob.offer)
    market.refused(other, errors.staking.WrongOffer)
    market.book()
    market.refused(market.staking("retire_node"), errors.staking.NodeLeased)
    market.world.advance(TWO_HOURS + HOUR)
    market.send(market.staking("retire_node"))
    market.refused(market.staking("retire_node"), errors.staking.NodeNotLive)


def test_reopening_needs_the_owner_the_device_and_an_open_class(market: Market) -> None:
    market.refused(reopening(market), errors.staking.NodeNotRetired)
    market.send(market.staking("retire_node"))
    deployer = market.world.deployer
    market.send(ix.staking.set_paused(signer=deployer, paused=1))
    market.refused(reopening(market), errors.staking.Paused)
    market.send(ix.staking.set_paused(signer=deployer, paused=0))
    market.refused(reopening(market, owner=market.carol.pubkey()), errors.staking.NotDeviceOwner)
    key = market.bob.device_key.pubkey()
    market.refused(reopening(market, device_key=key), errors.staking.NotDeviceKey)
    spare = another(market)
    other = reopening(market, device=spare.device, device_key=spare.device_key.pubkey())
    market.refused(other, errors.staking.NotNodeDevice)
    wrong = reopening(market, class_=pda.staking.class_(OTHER_CLASS))
    market.refused(wrong, errors.staking.WrongClass)
    market.refused(reopening(market, args=node_args(10_001)), errors.staking.CommissionOutOfBounds)
    market.send(ix.staking.set_class(authority=deployer, id=CLASS, args=class_args(enabled=False)))
    market.refused(reopening(market), errors.staking.ClassDisabled)
    market.send(ix.staking.set_class(authority=deployer, id=CLASS, args=class_args()))
    market.send(market.staking("evict_device", ban=True))
    market.poke(market.alice.device, accounts.staking.Device, "owner", bytes(market.alice.key))
    market.poke(
        market.alice.device,
        accounts.staking.Device,
        "device_key",
        bytes(market.alice.device_key.pubkey()),
    )
    market.refused(reopening(market), errors.staking.DeviceBanned)


def test_reopening_is_no_way_around_the_notice_of_a_commission(market: Market) -> None:
    co_staked(market, 250 * TOKEN)
    market.send(market.staking("set_commission", commission_bps=1_500))
    before = market.node()
    market.send(market.staking("retire_node"))
    market.refused(reopening(market, args=node_args(10_000)), errors.staking.CommissionNotice)
    market.send(reopening(market))
    node = market.node()
    assert (node.commission_bps, node.next_commission_bps) == (COMMISSION_BPS, 1_500)
    assert node.commission_at == before.commission_at


def test_reopening_is_no_way_around_the_wait_of_new_stake(market: Market) -> None:
    """reward_sniping: retire, reopen, activate and credit in one transaction."""
    co_staked(market, 250 * TOKEN)
    market.world.advance(1)
    market.send(
        market.staking("owner_stake", amount=250 * TOKEN),
        market.staking("retire_node"),
        reopening(market),
    )
    market.refused(market.staking("owner_activate"), errors.staking.StillPending)


# -- several processors


def test_a_node_has_up_to_eight_processors(market: Market) -> None:
    for number in range(2, 9):
        one = another(market, f"number {number}")
        event = market.send(market.staking("attach_device", device=one.device)).event(events.staking.UnitsSet)
        assert (event.node, event.device, event.units) == (market.alice.node, one.device, number)
        assert device(market, one).node == market.alice.node
    ninth = another(market, "ninth")
    full = market.staking("attach_device", device=ninth.device)
    market.refused(full, errors.staking.TooManyDevices)
    # The minimum and the maximum are eight times those of one.
    market.world.give_io(market.alice.key, IO(4_000))
    market.send(market.staking("owner_stake", amount=3_000 * TOKEN))


def test_a_detached_processor_can_be_used_elsewhere(market: Market) -> None:
    one = attached(market)
    event = market.send(market.staking("detach_device", device=one.device)).event(events.staking.UnitsSet)
    assert (event.device, event.units) == (one.device, 1)
    assert device(market, one).node == NOBODY
    market.send(market.register_node(one))
    assert market.node(one).units == 1


def test_attaching_is_for_free_devices_of_the_owner_and_the_class(market: Market) -> None:
    market.send(market.register_device(market.bob))
    bobs = market.bob.device
    market.refused(market.staking("attach_device", device=bobs), errors.staking.NotDeviceOwner)
    market.refused(
        market.staking("attach_device", owner=market.bob.key, device=bobs), errors.staking.NotNodeOwner
    )
    one = attached(market)
    again = market.staking("attach_device", device=one.device)
    market.refused(again, errors.staking.DeviceInUse)
    market.refused(market.staking("attach_device"), errors.staking.DeviceInUse)
    other = Supplier(market.alice.owner, market.actor(), "other class")
    market.send(market.register_device(other, class_=pda.staking.class_(OTHER_CLASS)))
    market.refused(market.staking("attach_device", device=other.device), errors.staking.WrongClass)
    spare = another(market, "spare")
    attach = market.staking("attach_device", device=spare.device)
    market.refused(
        market.staking("attach_device", device=spare.device, offer=market.bob.offer),
        errors.staking.WrongOffer,
    )
    market.book()
    market.refused(attach, errors.staking.NodeLeased)
    market.refused(market.staking("detach_device", device=one.device), errors.staking.NodeLeased)
    market.world.advance(TWO_HOURS + HOUR)
    market.poke(spare.device, accounts.staking.Device, "banned", b"\x01")
    market.refused(attach, errors.staking.DeviceBanned)
    market.poke(spare.device, accounts.staking.Device, "banned", b"\x00")
    market.send(market.staking("retire_node"))
    market.refused(attach, errors.staking.NodeNotLive)


def test_the_first_processor_is_not_detached(market: Market) -> None:
    one = attached(market)
    market.refused(market.staking("detach_device"), errors.staking.NotNodeDevice)
    thief = market.staking("detach_device", device=one.device, owner=market.carol.pubkey())
    market.refused(thief, errors.staking.NotNodeOwner)
    spare = another(market, "spare")
    market.refused(market.staking("detach_device", device=spare.device), errors.staking.NotNodeDevice)
    other = market.staking("detach_device", device=one.device, offer=market.bob.offer)
    market.refused(other, errors.staking.WrongOffer)
    market.poke(market.alice.node, NODE, "units", b"\x01")
    market.refused(market.staking("detach_device", device=one.device), errors.staking.LastDevice)


# -- passing a device on


def test_a_released_device_and_its_node_go_to_the_next_owner(market: Market) -> None:
    market.unbounded()
    market.send(market.credit(market.publish({market.alice.node: 30 * TOKEN})))
    network(market)
    market.send(market.staking("retire_node"))
    event = market.send(market.staking("release_device")).event(events.staking.DeviceReleased)
    assert (event.device, event.owner) == (market.alice.device, market.alice.key)
    bob = passed_on(market)
    claimed = market.send(market.staking("claim_device", of=bob)).event(events.staking.DeviceRegistered)
    assert (claimed.owner, claimed.device_key) == (bob.key, bob.device_key.pubkey())
    assert claimed.fingerprint == market.alice.fingerprint
    # What alice has on it is hers.
    market.refused(reopening(market, bob), errors.staking.NodeNotEmpty)
    before = market.purse(market.alice.owner)
    left(market)
    assert market.purse(market.alice.owner) == before + 530 * TOKEN
    market.send(reopening(market, bob))
    node = market.node()
    assert (node.owner, node.device_key, node.network) == (bob.key, bob.device_key.pubkey(), NOBODY)
    assert node.credited == 30 * TOKEN
    market.refused(market.staking("owner_stake", amount=TOKEN), errors.staking.NotNodeOwner)
    market.send(market.staking("owner_stake", of=bob, amount=300 * TOKEN))


def test_co_stakers_stay_through_a_change_of_owner(market: Market) -> None:
    co_staked(market, 250 * TOKEN)
    market.send(market.staking("retire_node"), market.staking("release_device"))
    bob = passed_on(market)
    market.send(market.staking("claim_device", of=bob))
    left(market)
    market.send(reopening(market, bob))
    carol = market.purse(market.carol)
    market.send(market.staking("unstake", amount=250 * TOKEN))
    market.world.advance(FORTNIGHT)
    market.send(market.staking("withdraw"))
    assert market.purse(market.carol) == carol + 250 * TOKEN


def test_a_slash_of_the_first_owner_is_over_before_the_second_begins(market: Market) -> None:
    co_staked(market, 250 * TOKEN)
    market.send(market.staking("retire_node"), market.staking("release_device"))
    bob = passed_on(market)
    market.send(market.staking("claim_device", of=bob))
    left(market)
    market.poke(market.alice.node, NODE, "frozen", u64(1))
    market.refused(reopening(market, bob), errors.staking.Frozen)


def test_a_node_passes_on_when_the_former_owners_hours_are_credited_or_60_days_later(market: Market) -> None:
    market.send(market.staking("retire_node"), market.staking("release_device"))
    retired, bob = market.world.now, passed_on(market)
    market.send(market.staking("claim_device", of=bob))
    market.send(market.staking("owner_unstake", amount=500 * TOKEN))
    market.world.advance(FORTNIGHT)
    market.send(market.staking("owner_withdraw"))
    market.refused(reopening(market, bob), errors.staking.OwnerStays)
    market.world.patch(market.alice.node, NODE, "credited_through", retired - 1)
    market.world.advance(retired + 60 * DAY - market.world.now)
    market.refused(reopening(market, bob), errors.staking.OwnerStays)
    market.world.patch(market.alice.node, NODE, "stopped", 7)
    market.world.advance(7)
    market.refused(reopening(market, bob), errors.staking.OwnerStays)
    market.world.advance(1)
    market.send(reopening(market, bob))


def test_with_the_longest_hold_a_former_owners_hours_do_not_go_to_the_next_one(market: Market) -> None:
    """37 days after the exit the node passed on, and the next owner was credited hours before it."""
    market.unbounded()
    held = replace(params(market.world), hold=30 * DAY)
    market.send(ix.proofs.set_params(authority=market.world.deployer, params=held))
    made = market.publish({market.alice.node: 30 * TOKEN}, wait=False)
    market.send(market.staking("retire_node"), market.staking("release_device"))
    market.send(market.staking("claim_device", of=passed_on(market)))
    market.world.advance(37 * DAY)
    market.refused(market.staking("expel_owner"), errors.staking.OwnerStays)
    market.send(market.credit(made))
    market.send(market.staking("owner_claim"))
    market.world.advance(23 * DAY + 1)
    market.refused(market.credit(made), errors.staking.ReportTooOld)
    market.send(market.staking("expel_owner"))
    assert market.node().former.amount == 500 * TOKEN


def test_other_processors_do_not_come_with_the_first(market: Market) -> None:
    one = attached(market)
    market.send(market.staking("retire_node"))
    # One that is not the first is detached, not released.
    market.refused(market.staking("release_device", device=one.device), errors.staking.NotNodeDevice)
    market.send(market.staking("release_device"))
    bob = passed_on(market)
    market.send(market.staking("claim_device", of=bob))
    left(market)
    market.refused(reopening(market, bob), errors.staking.DevicesAttached)
    market.send(market.staking("detach_device", device=one.device))
    market.send(reopening(market, bob))
    assert market.node().units == 1


def test_second_device_blocks_node(market: Market) -> None:
    """Attack of this name: with another processor attached, the buyer could neither reopen nor detach."""
    one = attached(market)
    market.send(market.staking("retire_node"), market.staking("release_device"))
    bob = passed_on(market)
    market.send(market.staking("claim_device", of=bob))
    left(market)
    market.refused(reopening(market, bob), errors.staking.DevicesAttached)

    def detach(**given: Any) -> Instruction:
        usual = {"owner": bob.key, "device": one.device, "first": bob.device}
        return market.staking("detach_device", **{**usual, **given})

    market.refused(detach(first=None), errors.staking.NotNodeOwner)
    market.refused(detach(owner=market.carol.pubkey()), errors.staking.NotNodeOwner)
    market.refused(detach(first=one.device), errors.staking.NotNodeDevice)
    market.send(detach())
    market.send(reopening(market, bob))
    assert (market.node().units, market.node().owner) == (1, bob.key)


def test_the_first_devices_new_owner_detaches_from_a_retired_node_only(market: Market) -> None:
    one = attached(market)
    market.send(market.staking("evict_device", ban=False))
    bob = passed_on(market)
    market.send(market.staking("claim_device", of=bob))
    theirs = market.staking("detach_device", owner=bob.key, device=one.device, first=bob.device)
    market.refused(theirs, errors.staking.NodeNotRetired)


def test_another_class_does_not_take_processors_of_the_old_one_along(market: Market) -> None:
    one = attached(market)
    market.send(market.staking("retire_node"), market.staking("release_device"))
    other = pda.staking.class_(OTHER_CLASS)
    market.send(market.staking("claim_device", class_=other))
    reopen = reopening(market, class_=other)
    market.refused(reopen, errors.staking.DevicesAttached)
    market.send(market.staking("detach_device", device=one.device))
    market.send(reopen)
    assert market.node().class_ == OTHER_CLASS


def test_a_device_without_a_node_is_released_too(market: Market) -> None:
    one = another(market)
    market.send(market.staking("release_device", device=one.device, node=None))
    assert device(market, one).owner == NOBODY
    # omitted_oracle: leaving the node out is no way around its state.
    market.refused(market.staking("release_device", node=None), errors.staking.WrongNode)
    market.refused(market.staking("release_device"), errors.staking.NodeNotRetired)
    market.join(market.bob, 300 * TOKEN)
    market.refused(market.staking("release_device", node=market.bob.node), errors.staking.NotNodeDevice)
    thief = market.staking("release_device", owner=market.carol.pubkey())
    market.refused(thief, errors.staking.NotDeviceOwner)


def test_only_a_device_that_nobody_owns_is_claimed(market: Market) -> None:
    bob = passed_on(market)
    claim = market.staking("claim_device", of=bob)
    market.refused(claim, errors.staking.DeviceOwned)
    market.send(market.staking("retire_node"), market.staking("release_device"))
    deployer = market.world.deployer
    market.send(ix.staking.set_paused(signer=deployer, paused=1))
    market.refused(claim, errors.staking.Paused)
    market.send(ix.staking.set_paused(signer=deployer, paused=0))
    stranger = market.staking("claim_device", of=bob, attester=market.carol.pubkey())
    market.refused(stranger, errors.staking.NotAttester)
    market.send(ix.staking.set_class(authority=deployer, id=CLASS, args=class_args(enabled=False)))
    market.refused(claim, errors.staking.ClassDisabled)
    market.send(ix.staking.set_class(authority=deployer, id=CLASS, args=class_args()))
    market.send(claim)
    market.refused(claim, errors.staking.DeviceOwned)


# -- squatters


def test_a_squatter_is_evicted_and_the_owner_gets_device_and_node(market: Market) -> None:
    """squatted_device: neither hiring the node for ever nor leaving stake on it keeps the owner out."""
    co_staked(market, 100 * TOKEN)
    market.world.advance(1)
    market.book()
    event = market.send(market.staking("evict_device", ban=False)).event(events.staking.DeviceEvicted)
    assert event == events.staking.DeviceEvicted(
        2, market.alice.device, market.alice.key, market.alice.node, False
    )
    # The lease that stands runs on; the next booking is refused.
    market.send(market.staking("evict_node"))
    bob = passed_on(market)
    market.send(market.staking("claim_device", of=bob))
    market.refused(reopening(market, bob), errors.staking.NodeNotEmpty)
    expel = market.staking("expel_owner")
    market.refused(expel, errors.staking.NodeLeased)
    market.world.advance(DAY)
    market.refused(market.booking(TWO_HOURS), errors.jobs.NodeNotLive)
    market.refused(expel, errors.staking.OwnerStays)
    market.credited_until_now()
    market.refused(expel, errors.staking.DisproofsOpen)
    market.world.advance(7 * DAY)
    expelled = market.world.call(expel).paid_by(market.actor()).send().event(events.staking.OwnerExpelled)
    market.check()
    assert (expelled.owner, expelled.amount) == (market.alice.key, 500 * TOKEN)
    assert expelled.ready_at == market.world.now + FORTNIGHT
    # The next owner begins at once, while what was alice's cools.
    market.send(reopening(market, bob))
    assert (market.node().owner, market.node().co.tokens) == (bob.key, 100 * TOKEN)
    pay = market.staking("withdraw_former", destination=token_account(market.alice.key, pda.mint.MINT))
    market.world.advance(FORTNIGHT - 1)
    market.refused(pay, errors.staking.NothingReady)
    market.world.advance(1)
    before = market.purse(market.alice.owner)
    paid = market.world.call(pay).paid_by(market.actor()).send().event(events.staking.Withdrawn)
    market.check()
    assert (paid.holder, paid.amount) == (market.alice.key, 500 * TOKEN)
    assert market.purse(market.alice.owner) == before + 500 * TOKEN
    market.refused(pay, errors.staking.WrongDestination)


def test_nobody_is_expelled_whose_device_it_is_or_from_what_a_slash_holds_back(market: Market) -> None:
    """wrong_owner_destination: what is the former owner's goes to them alone."""
    expel = market.staking("expel_owner")
    market.refused(expel, errors.staking.DeviceOwned)
    market.send(market.staking("evict_device", ban=False))
    market.refused(expel, errors.staking.NodeNotRetired)
    market.send(market.staking("evict_node"))
    market.credited_until_now()
    other = pda.staking.shard((bytes(market.alice.node)[0] + 1) % 16)
    market.refused(market.staking("expel_owner", shard=other), errors.staking.WrongShard)
    market.refused(market.staking("expel_owner", offer=market.bob.offer), errors.staking.WrongOffer)
    market.send(market.register_device(market.bob))
    wrong = market.staking("expel_owner", device=market.bob.device)
    market.refused(wrong, errors.staking.NotNodeDevice)
    market.poke(market.alice.node, NODE, "frozen", u64(1))
    market.refused(expel, errors.staking.Frozen)
    market.poke(market.alice.node, NODE, "frozen", u64(0))
    market.world.advance(DISPROOFS)
    market.send(expel)
    market.refused(expel, errors.staking.FormerUnpaid)
    market.world.advance(FORTNIGHT)
    thief = token_account(market.carol.pubkey(), pda.mint.MINT)
    market.refused(market.staking("withdraw_former", destination=thief), errors.staking.WrongDestination)
    mine = token_account(market.alice.key, pda.mint.MINT)
    elsewhere = market.staking("withdraw_former", vault=pda.mint.EMISSION_VAULT, destination=mine)
    market.refused(elsewhere, errors.staking.WrongVault)
    market.send(market.staking("withdraw_former", destination=mine))
    market.refused(expel, errors.staking.NothingReady)


def test_an_evicted_processor_comes_off_its_node(market: Market) -> None:
    """omitted_oracle: nor can the node be left out."""
    one = attached(market)
    evict = market.staking("evict_device", device=one.device, ban=False)
    market.refused(
        market.staking("evict_device", device=one.device, node=None, ban=False), errors.staking.WrongNode
    )
    sent = market.send(evict)
    assert sent.event(events.staking.UnitsSet).units == market.node().units == 1
    assert device(market, one).node == NOBODY
    bob = Supplier(market.bob.owner, market.bob.device_key, "second")
    market.send(market.staking("claim_device", of=bob))
    market.send(market.register_node(bob))
    assert market.node(bob).owner == bob.key


def test_a_ban_stays_with_the_device(market: Market) -> None:
    one = another(market)
    for ban in (True, False):
        market.send(market.staking("evict_device", device=one.device, node=None, ban=ban))
        assert device(market, one).banned == 1
    claim = market.staking("claim_device", device=one.device, device_key=one.device_key.pubkey())
    market.refused(claim, errors.staking.DeviceBanned)


def test_banned_device_earns(market: Market) -> None:
    """Attack of this name: a banned device's node was listed, booked and credited."""
    market.unbounded()
    before = market.publish({market.alice.node: 100}, wait=False)
    market.send(market.staking("evict_device", ban=True))
    node = market.node()
    assert (node.banned, node.closed_at, node.state) == (1, market.world.now, 0)
    later = market.publish({market.alice.node: 101})
    # Hours before the ban are credited, later ones are not earned.
    assert market.send(market.credit(before)).event(events.staking.Credited).amount == 100
    market.refused(market.credit(later), errors.staking.HourNotEarned)


def test_a_disabled_class_takes_no_nodes_and_no_processors(market: Market) -> None:
    market.send(market.register_device(market.bob))
    one = another(market)
    closed = class_args(enabled=False)
    market.send(ix.staking.set_class(authority=market.world.deployer, id=CLASS, args=closed))
    market.refused(market.register_node(market.bob), errors.staking.ClassDisabled)
    market.refused(market.staking("attach_device", device=one.device), errors.staking.ClassDisabled)


def test_only_the_resolver_evicts(market: Market) -> None:
    thief = market.people.slasher.pubkey()
    market.refused(market.staking("evict_device", ban=True, resolver=thief), errors.staking.NotResolver)
    market.refused(market.staking("evict_node", resolver=thief), errors.staking.NotResolver)
    market.send(market.staking("evict_node"))
    market.refused(market.staking("evict_node"), errors.staking.NodeNotLive)


def test_a_terminal_node_does_not_come_back(market: Market) -> None:
    market.poke(market.alice.node, NODE, "state", TERMINAL)
    market.refused(market.staking("retire_node"), errors.staking.NodeNotLive)
    market.refused(reopening(market), errors.staking.NodeNotRetired)


# -- networks


def network(market: Market) -> Pubkey:
    """Alice's network, with her node in it."""
    mine = pda.staking.network(market.alice.key)
    market.send(ix.staking.register_network(authority=market.alice.key, name=b"alice".ljust(32, b"\0")))
    market.send(market.staking("join_network", network=mine))
    return mine


def test_a_node_is_counted_to_its_owners_network(market: Market) -> None:
    mine = network(market)
    found = market.world.client.fetch(accounts.staking.Network, mine)
    assert (found.authority, found.registered_at) == (market.alice.key, market.world.now)
    assert found.name.rstrip(b"\0") == b"alice"
    assert market.node().network == mine
    market.refused(market.staking("join_network", network=mine), errors.staking.InNetwork)


@pytest.mark.parametrize("who", ["node", "network"])
def test_only_the_owner_of_both_joins(market: Market, who: str) -> None:
    for one in (market.alice.key, market.bob.key):
        market.send(ix.staking.register_network(authority=one, name=bytes(32)))
    theirs = pda.staking.network(market.bob.key)
    if who == "node":
        wrong = market.staking("join_network", authority=market.bob.key, network=theirs)
        market.refused(wrong, errors.staking.NotNodeOwner)
    else:
        market.refused(market.staking("join_network", network=theirs), errors.staking.NotNetwork)


def test_networks_are_registered_once_and_not_while_paused(market: Market) -> None:
    register = ix.staking.register_network(authority=market.alice.key, name=bytes(32))
    deployer = market.world.deployer
    market.send(ix.staking.set_paused(signer=deployer, paused=1))
    market.refused(register, errors.staking.Paused)
    market.send(ix.staking.set_paused(signer=deployer, paused=0))
    market.send(register)
    market.refused(register, "AccountAlreadyInUse")
