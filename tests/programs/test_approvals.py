"""What seats approve by threshold, a device's hardware and a node's class; and by what classes are judged."""

from __future__ import annotations

from typing import Any

import pytest
from solders.instruction import Instruction
from tests.programs.market import CLASS, OTHER_CLASS, Market
from tests.programs.people import TOKEN, class_args
from tests.programs.support import DAY, Refusal
from tests.programs.test_challenges import proposed, showing
from tests.programs.test_devices import passed_on

from ionet import accounts, errors, events, ix, pda, types

DIGEST, OTHER = b"\7" * 32, b"\x08" * 32
NONE = bytes(32)


def reference(**changes: Any) -> types.staking.Reference:
    """A class's measured times."""
    usual: dict[str, Any] = {
        "products": (
            types.staking.ProductTime(1_024, 4_096, 314_118_703),
            types.staking.ProductTime(4_096, 4_096, 4_831_975_966),
        ),
        "memory": types.staking.MemoryTime(524_288, 2_048, 65_536, 256, 2_252_075_454),
    }
    return types.staking.Reference(**{**usual, **changes})


def approving(market: Market, seat: int, digest: bytes = DIGEST) -> Instruction:
    attester = market.attesters[seat].pubkey()
    return ix.staking.approve_identity(attester=attester, device=market.alice.device, digest=digest)


def device(market: Market) -> accounts.staking.Device:
    return market.world.client.fetch(accounts.staking.Device, market.alice.device)


def below(market: Market, **changes: Any) -> None:
    """Makes the other class one that weighs less than alice's."""
    args = class_args(**{"multiplier_bps": 9_000, "base_minimum": 20 * TOKEN, **changes})
    market.send(ix.staking.set_class(authority=market.world.deployer, id=OTHER_CLASS, args=args))


def lowering(market: Market, seat: int, **given: Any) -> Instruction:
    """A seat's approval that alice's node goes down to the other class."""
    usual: dict[str, Any] = {"node": market.alice.node, "before": CLASS, "after": OTHER_CLASS}
    usual["device"] = market.alice.device
    usual |= {"class_": pda.staking.class_(CLASS), "lower": pda.staking.class_(OTHER_CLASS)}
    return ix.staking.approve_class(attester=market.attesters[seat].pubkey(), **{**usual, **given})


def effect(market: Market) -> Instruction:
    return ix.staking.lower_class(
        node=market.alice.node,
        device=market.alice.device,
        class_=pda.staking.class_(CLASS),
        lower=pda.staking.class_(OTHER_CLASS),
        before=CLASS,
        after=OTHER_CLASS,
        offer=market.alice.offer,
    )


def lowered(market: Market) -> Instruction:
    """What takes alice's node down, when it is due."""
    below(market)
    market.send(lowering(market, 0), lowering(market, 1))
    market.world.advance(DAY)
    return effect(market)


def seats(market: Market, *weights: int, threshold: int) -> None:
    listed = [
        types.proofs.Seat(key.pubkey(), weight) for key, weight in zip(market.attesters, weights, strict=True)
    ]
    market.send(ix.proofs.set_attesters(authority=market.world.deployer, seats=listed, threshold=threshold))


# -- the hardware of a device


def test_the_threshold_sets_what_hardware_a_device_is(market: Market) -> None:
    event = market.send(approving(market, 0)).event(events.staking.IdentityApproved)
    assert (event.seat, event.weight, event.threshold, event.identity) == (0, 1, 2, NONE)
    assert (device(market).identity, device(market).identity_at) == (NONE, 0)
    event = market.send(approving(market, 1)).event(events.staking.IdentityApproved)
    assert (event.seat, event.weight, event.identity) == (1, 2, DIGEST)
    assert (device(market).identity, device(market).identity_at) == (DIGEST, market.world.now)
    assert event.seq == device(market).seq


def test_one_seat_counts_once_and_a_stranger_not_at_all(market: Market) -> None:
    market.send(approving(market, 0))
    market.refused(approving(market, 0), errors.staking.AlreadyApproved)
    stranger = market.actor()
    call = ix.staking.approve_identity(attester=stranger.pubkey(), device=market.alice.device, digest=DIGEST)
    market.refused(call, errors.staking.NotAttester)
    assert device(market).identity == NONE


def test_a_seat_that_approves_another_digest_is_in_nobodys_way(market: Market) -> None:
    market.send(approving(market, 0, OTHER))
    market.send(approving(market, 0), approving(market, 1))
    assert device(market).identity == DIGEST


def test_approvals_of_a_former_set_or_of_more_than_a_week_ago_do_not_count(market: Market) -> None:
    market.send(approving(market, 0))
    seats(market, 1, 1, threshold=2)
    market.send(approving(market, 1))
    assert device(market).identity == NONE
    market.world.advance(7 * DAY + 1)
    market.send(approving(market, 0))
    assert device(market).identity == NONE
    market.world.advance(7 * DAY)
    market.send(approving(market, 1))
    assert device(market).identity == DIGEST


def test_the_threshold_corrects_a_digest_and_takes_it_away(market: Market) -> None:
    for digest in (DIGEST, OTHER, DIGEST, NONE):
        market.send(approving(market, 0, digest), approving(market, 1, digest))
        assert device(market).identity == digest


def test_two_devices_with_one_digest_both_have_it(market: Market) -> None:
    """Which of them is the other's double is for people to say; nothing on the chain rests on it."""
    market.join(market.bob, 300 * TOKEN)
    for supplier in (market.alice, market.bob):
        for seat in (0, 1):
            attester = market.attesters[seat].pubkey()
            market.send(ix.staking.approve_identity(attester=attester, device=supplier.device, digest=DIGEST))
        found = market.world.client.fetch(accounts.staking.Device, supplier.device)
        assert found.identity == DIGEST


def test_hardware_stays_the_same_when_a_device_is_passed_on(market: Market) -> None:
    market.send(approving(market, 0), approving(market, 1))
    market.send(market.staking("retire_node"), market.staking("release_device"))
    market.send(market.staking("claim_device"))
    assert device(market).identity == DIGEST


# -- the class of a node


def test_a_node_that_does_not_reach_its_class_is_lowered_a_day_after_the_threshold_is_reached(
    market: Market,
) -> None:
    below(market)
    before = market.node()
    event = market.send(lowering(market, 0)).event(events.staking.LowerApproved)
    assert (event.class_, event.lower, event.seat, event.weight) == (CLASS, OTHER_CLASS, 0, 1)
    assert event.due_at == 0
    market.world.advance(6 * DAY)
    market.refused(effect(market), errors.staking.NotApproved)
    event = market.send(lowering(market, 1)).event(events.staking.LowerApproved)
    assert (event.weight, event.due_at) == (2, market.world.now + DAY)
    market.refused(effect(market), errors.staking.NoticeRuns)
    market.world.advance(DAY - 1)
    market.refused(effect(market), errors.staking.NoticeRuns)
    market.world.advance(1)
    done = market.send(effect(market)).event(events.staking.NodeLowered)
    node = market.node()
    assert (done.before, done.class_, done.minimum) == (CLASS, OTHER_CLASS, 20 * TOKEN)
    assert (node.class_, node.minimum, node.changed_at) == (OTHER_CLASS, 20 * TOKEN, market.world.now)
    assert (node.own, node.state) == (before.own, before.state)
    assert device(market).class_ == OTHER_CLASS


def test_what_was_approved_lowers_a_node_once(market: Market) -> None:
    market.send(lowered(market))
    market.refused(effect(market), errors.staking.WrongClass)


def test_a_node_that_passes_or_is_leased_stays_where_it_is(market: Market) -> None:
    call = lowered(market)
    published = proposed(market, {market.alice.node: 30 * TOKEN})
    market.send(showing(market, published))
    market.refused(call, errors.staking.ProofPassed)
    market.book()
    market.refused(call, errors.staking.NodeLeased)


def test_approvals_of_a_lower_class_end_after_a_week_and_with_their_set(market: Market) -> None:
    call = lowered(market)
    market.world.advance(6 * DAY + 1)
    market.refused(call, errors.staking.NotApproved)
    market.send(lowering(market, 0))
    market.world.advance(7 * DAY + 1)
    market.send(lowering(market, 1))
    market.world.advance(DAY)
    market.refused(call, errors.staking.NotApproved)
    market.send(lowering(market, 0))
    market.world.advance(DAY)
    seats(market, 1, 1, threshold=2)
    market.refused(call, errors.staking.NotApproved)


def test_the_owner_may_do_something_about_it_before(market: Market) -> None:
    call = lowered(market)
    market.send(market.staking("retire_node"))
    market.refused(call, errors.staking.NodeNotLive)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"multiplier_bps": 10_000}, errors.staking.ClassNotLower),
        ({"multiplier_bps": 10_001}, errors.staking.ClassNotLower),
        ({"enabled": False}, errors.staking.ClassDisabled),
        ({"pool": types.staking.Pool.CPU}, errors.staking.OtherPool),
    ],
)
def test_a_lower_class_is_open_of_the_same_pool_and_weighs_less(
    market: Market, changes: dict[str, Any], error: Refusal
) -> None:
    call = lowered(market)
    below(market, **changes)
    market.refused(call, error)
    market.refused(lowering(market, 0), error)


def test_a_processor_leaves_a_lowered_node_in_its_class(market: Market) -> None:
    market.send(market.register_device(market.alice, fingerprint=b"\x06" * 32))
    spare = pda.staking.device(b"\x06" * 32)
    market.send(market.staking("attach_device", device=spare))
    market.send(lowered(market))
    assert market.node().minimum == 2 * 20 * TOKEN
    market.send(market.staking("detach_device", device=spare))
    found = market.world.client.fetch(accounts.staking.Device, spare)
    assert (found.class_, market.node().minimum) == (OTHER_CLASS, 20 * TOKEN)


def test_who_takes_a_device_up_is_told_a_day_before_their_node_is_lowered(market: Market) -> None:
    call = lowered(market)
    market.send(market.staking("evict_device", ban=False), market.staking("claim_device"))
    market.refused(call, errors.staking.ApprovedBeforeOwner)
    event = market.send(lowering(market, 0)).event(events.staking.LowerApproved)
    assert (event.weight, event.due_at) == (1, 0), (
        "approvals of before count no more, and are in nobody's way"
    )
    market.send(lowering(market, 1))
    market.refused(call, errors.staking.NoticeRuns)
    market.world.advance(DAY)
    market.send(call)
    assert market.node().class_ == OTHER_CLASS


def test_a_device_that_somebody_else_has_taken_up_keeps_the_class_that_it_was_taken_up_in(
    market: Market,
) -> None:
    call = lowered(market)
    market.send(market.staking("evict_device", ban=False))
    market.refused(call, errors.staking.NotDeviceOwner)
    market.send(market.staking("claim_device", of=passed_on(market)))
    market.refused(call, errors.staking.NotDeviceOwner)
    assert (device(market).owner, device(market).class_) == (market.bob.key, CLASS)


# -- what a class is judged by


def test_the_authority_sets_what_a_class_is_judged_by(market: Market) -> None:
    call = ix.staking.set_reference(authority=market.world.deployer, id=CLASS, reference=reference())
    event = market.send(call).event(events.staking.ReferenceSet)
    found = market.world.client.fetch(accounts.staking.Class, pda.staking.class_(CLASS))
    assert (event.id, event.reference, found.reference) == (CLASS, reference(), reference())
    market.send(ix.staking.set_class(authority=market.world.deployer, id=CLASS, args=class_args()))
    found = market.world.client.fetch(accounts.staking.Class, pda.staking.class_(CLASS))
    assert found.reference == reference(), "another minimum leaves it alone"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"products": (types.staking.ProductTime(1_000, 4_096, 1),) * 2}, errors.staking.ProductUnknown),
        ({"memory": types.staking.MemoryTime(64, 8, 128, 1, 1)}, errors.staking.MemoryUnknown),
        ({"memory": types.staking.MemoryTime(64, 8, 64, 1, 0)}, errors.staking.ReferenceOutOfBounds),
    ],
)
def test_a_class_is_judged_by_what_is_specified(
    market: Market, changes: dict[str, Any], error: Refusal
) -> None:
    wrong = reference(**changes)
    call = ix.staking.set_reference(authority=market.world.deployer, id=CLASS, reference=wrong)
    market.refused(call, error)
