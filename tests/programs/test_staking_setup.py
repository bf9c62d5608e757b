"""The staking program: configuration, classes, devices and nodes."""

from __future__ import annotations

from typing import Any

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from tests.programs.market import CLASS, OTHER_CLASS, Market
from tests.programs.people import TOKEN, Supplier, class_args, fingerprint, node_args
from tests.programs.support import DAY, Refusal, World, with_variant

from ionet import SOL, ProgramError, accounts, errors, events, ix, pda, token_account, types

NOBODY = Pubkey.default()


# -- configuration


def test_the_program_begins_with_its_defaults_and_an_empty_ledger(bare: World) -> None:
    sent = bare.send(bare.initialize("staking", bare.deployer))
    assert sent.event(events.staking.Initialized) == events.staking.Initialized(
        bare.deployer,
        types.staking.ParamsArgs(
            *(bare.deployer, bare.slasher.pubkey(), bare.resolver.pubkey(), 14 * DAY, 30 * DAY, 1_000, 96)
        ),
    )
    config = bare.client.fetch(accounts.staking.Config, pda.staking.CONFIG)
    assert (config.slasher, config.resolver) == (bare.slasher.pubkey(), bare.resolver.pubkey())
    assert (config.cooldown, config.roles.pauser) == (14 * DAY, bare.deployer)
    ledger = bare.client.fetch(accounts.staking.EmissionLedger, pda.staking.EMISSION_LEDGER)
    assert ledger.credited == 0
    assert (
        ledger.vault == token_account(pda.staking.EMISSION_LEDGER, pda.mint.MINT) == pda.mint.EMISSION_VAULT
    )


def test_slasher_and_resolver_are_different_from_the_beginning(bare: World) -> None:
    one = bare.slasher.pubkey()
    bare.refused(bare.initialize("staking", bare.deployer, resolver=one), errors.staking.SlasherIsResolver)


def params(market: Market, **changes: Any) -> types.staking.ParamsArgs:
    usual: dict[str, Any] = {
        "pauser": market.world.deployer,
        "slasher": market.people.slasher.pubkey(),
        "resolver": market.people.resolver.pubkey(),
        "cooldown": 14 * DAY,
        "appeal": 30 * DAY,
        "decided_limit_bps": 1_000,
        "reward_bound_bps": 96,
    }
    return types.staking.ParamsArgs(**usual | changes)


def test_the_authority_sets_every_parameter(market: Market) -> None:
    pauser, slasher, resolver = (market.actor().pubkey() for _ in range(3))
    wanted = types.staking.ParamsArgs(pauser, slasher, resolver, 30 * DAY, 60 * DAY, 3_300, 1_000)
    sent = market.send(ix.staking.set_params(authority=market.world.deployer, params=wanted))
    assert sent.event(events.staking.ParamsSet) == events.staking.ParamsSet(3, wanted)
    config = market.world.client.fetch(accounts.staking.Config, pda.staking.CONFIG)
    assert (config.roles.pauser, config.slasher, config.resolver) == (pauser, slasher, resolver)
    assert (config.cooldown, config.appeal) == (30 * DAY, 60 * DAY)
    assert (config.decided_limit_bps, config.reward_bound_bps) == (3_300, 1_000)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"decided_limit_bps": 99}, errors.staking.DecidedLimitOutOfBounds),
        ({"decided_limit_bps": 3_301}, errors.staking.DecidedLimitOutOfBounds),
        ({"reward_bound_bps": 9}, errors.staking.RewardBoundOutOfBounds),
        ({"reward_bound_bps": 1_001}, errors.staking.RewardBoundOutOfBounds),
    ],
)
def test_the_limits_of_slashes_and_rewards_have_bounds(
    market: Market, changes: dict[str, int], error: type[ProgramError]
) -> None:
    wrong = ix.staking.set_params(authority=market.world.deployer, params=params(market, **changes))
    market.refused(wrong, error)


@pytest.mark.parametrize("cooldown", [0, -1, 14 * DAY - 1, 30 * DAY + 1, 2**63 - 1])
def test_a_cooldown_outlasts_a_vote_and_no_more_than_a_month(market: Market, cooldown: int) -> None:
    call = ix.staking.set_params(authority=market.world.deployer, params=params(market, cooldown=cooldown))
    market.refused(call, errors.staking.CooldownOutOfBounds)


def test_the_slasher_never_becomes_the_resolver(market: Market) -> None:
    same = params(market, resolver=market.people.slasher.pubkey())
    call = ix.staking.set_params(authority=market.world.deployer, params=same)
    market.refused(call, errors.staking.SlasherIsResolver)


def test_nobody_else_sets_parameters_or_classes(market: Market) -> None:
    thief = market.actor().pubkey()
    for call in (
        ix.staking.set_params(authority=thief, params=params(market)),
        ix.staking.create_class(authority=thief, id=9, args=class_args()),
        ix.staking.set_class(authority=thief, id=CLASS, args=class_args()),
    ):
        market.refused(call, errors.staking.NotAuthority)


# -- shards


def test_anyone_opens_one_of_sixteen_shards_once(world: World) -> None:
    payer = world.actor()
    for index in (0, 15):
        call = ix.staking.open_shard(payer=payer.pubkey(), index=index)
        before = world.client.balance(payer.pubkey())
        world.send(call, signers=[payer])
        found = world.client.fetch(accounts.staking.StakeShard, pda.staking.shard(index))
        assert (found.index, found.active.now) == (index, 0)
        rent = world.raw(pda.staking.shard(index)).lamports
        assert world.client.balance(payer.pubkey()) == before - SOL.from_base(rent)
        world.refused(call, "AccountAlreadyInUse", signers=[payer])
    for index in (16, 255):
        call = ix.staking.open_shard(payer=payer.pubkey(), index=index)
        world.refused(call, errors.staking.UnknownShard, signers=[payer])


# -- classes


def test_the_authority_makes_and_changes_classes(market: Market) -> None:
    deployer, name = market.world.deployer, b"H100".ljust(32, b"\0")
    args = class_args(pool=1, maximum=20, multiplier_bps=100_000, name=name)
    sent = market.send(ix.staking.create_class(authority=deployer, id=7, args=args))
    assert sent.event(events.staking.ClassSet) == events.staking.ClassSet(
        3, 7, types.staking.Pool.CPU, True, 20, 100_000, 200 * TOKEN
    )
    found = market.world.client.fetch(accounts.staking.Class, pda.staking.class_(7))
    assert (found.id, found.pool, found.enabled, found.maximum) == (7, 1, 1, 20)
    assert (found.multiplier_bps, found.base_minimum, found.name) == (100_000, 200 * TOKEN, name)
    change = class_args(enabled=False, maximum=2)
    sent = market.send(ix.staking.set_class(authority=deployer, id=7, args=change))
    assert sent.event(events.staking.ClassSet) == events.staking.ClassSet(
        4, 7, types.staking.Pool.GPU, False, 2, 10_000, 200 * TOKEN
    )
    again = ix.staking.create_class(authority=deployer, id=7, args=args)
    market.refused(again, "AccountAlreadyInUse")


@pytest.mark.parametrize("number", [2, 255])
def test_there_is_no_third_kind_of_hardware(market: Market, number: int) -> None:
    def creating(pool: int) -> Instruction:
        args = class_args(pool=types.staking.Pool(pool))
        return ix.staking.create_class(authority=market.world.deployer, id=9, args=args)

    def changing(pool: int) -> Instruction:
        args = class_args(pool=types.staking.Pool(pool))
        return ix.staking.set_class(authority=market.world.deployer, id=CLASS, args=args)

    for calling in (creating, changing):
        market.refused(with_variant(calling, number), errors.staking.UnknownPool)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"maximum": 1}, errors.staking.MaximumOutOfBounds),
        ({"maximum": 21}, errors.staking.MaximumOutOfBounds),
        ({"base_minimum": TOKEN - 1}, errors.staking.MinimumOutOfBounds),
        ({"base_minimum": 10_000 * TOKEN + 1}, errors.staking.MinimumOutOfBounds),
        ({"multiplier_bps": 0}, errors.staking.MultiplierOutOfBounds),
        ({"multiplier_bps": 10_000_001}, errors.staking.MultiplierOutOfBounds),
    ],
    ids=str,
)
def test_a_classs_terms_have_bounds(market: Market, change: dict[str, int], error: Refusal) -> None:
    deployer, args = market.world.deployer, class_args(**change)
    market.refused(ix.staking.create_class(authority=deployer, id=9, args=args), error)
    market.refused(ix.staking.set_class(authority=deployer, id=CLASS, args=args), error)


def test_a_change_of_class_leaves_the_stake_that_is_there(market: Market) -> None:
    smaller = class_args(base_minimum=100 * TOKEN, maximum=2)
    market.send(ix.staking.set_class(authority=market.world.deployer, id=CLASS, args=smaller))
    # 500 IO are above the new maximum of 200: no more comes in, and what is there can leave.
    market.refused(market.staking("owner_stake", amount=1), errors.staking.MaximumStake)
    assert market.node().own.active == 500 * TOKEN
    event = market.send(market.staking("owner_unstake", amount=500 * TOKEN)).event(events.staking.Unstaked)
    assert (event.left, event.cooling) == (0, 500 * TOKEN)


def test_the_minimum_grows_with_the_multiplier_above_one_only(market: Market) -> None:
    # 1.00005 times 200 IO, rounded up: 200.01 IO; half as fast is still 200 IO.
    for multiplier, minimum in ((10_001, 20_002_000_000), (5_000, 200 * TOKEN)):
        args = class_args(multiplier_bps=multiplier)
        market.send(ix.staking.set_class(authority=market.world.deployer, id=CLASS, args=args))
        event = market.send(market.settling()).event(events.staking.ChangesSettled)
        assert event.minimum == market.node().minimum == minimum


# -- devices


def test_a_device_is_registered_with_its_key_and_an_attester(market: Market) -> None:
    bob = market.bob
    event = market.send(market.register_device(bob, attester=market.attesters[1].pubkey())).event(
        events.staking.DeviceRegistered
    )
    key = bob.device_key.pubkey()
    assert event == events.staking.DeviceRegistered(1, bob.device, bob.fingerprint, key, bob.key, CLASS, 1)
    found = market.world.client.fetch(accounts.staking.Device, bob.device)
    assert (found.fingerprint, found.device_key, found.owner) == (bob.fingerprint, key, bob.key)
    assert (found.seat, found.class_, found.banned, found.node) == (1, CLASS, 0, NOBODY)
    assert found.registered_at == market.world.now


def test_a_device_is_registered_once_whoever_tries(market: Market) -> None:
    squatter = Supplier(market.bob.owner, market.bob.device_key, "alice")
    for supplier in (market.alice, squatter):
        market.refused(market.register_device(supplier), "AccountAlreadyInUse")
    assert market.node().owner == market.alice.key


def test_only_attesters_let_devices_in(market: Market) -> None:
    for other in (market.bob.key, market.world.deployer, market.alice.key):
        wrong = market.register_device(market.bob, attester=other)
        market.refused(wrong, errors.staking.NotAttester)
    seats = [types.proofs.Seat(NOBODY, 0), types.proofs.Seat(market.attesters[1].pubkey(), 1)]
    market.send(ix.proofs.set_attesters(authority=market.world.deployer, seats=seats, threshold=1))
    market.refused(market.register_device(market.bob), errors.staking.NotAttester)


def test_the_attester_set_is_the_proofs_programs(market: Market) -> None:
    elsewhere = market.register_device(market.bob, attester_set=pda.proofs.CONFIG)
    market.refused(elsewhere, "ConstraintAddress")
    market.world.client.network.set_account(pda.proofs.ATTESTER_SET, lamports=10**9)
    market.refused(market.register_device(market.bob), errors.staking.WrongAttesterSet)


def test_no_devices_of_a_disabled_class_come_in(market: Market) -> None:
    closed = class_args(enabled=False)
    market.send(ix.staking.set_class(authority=market.world.deployer, id=CLASS, args=closed))
    market.refused(market.register_device(market.bob), errors.staking.ClassDisabled)
    other = market.register_device(market.bob, class_=pda.staking.class_(OTHER_CLASS))
    market.send(other)


def test_a_pause_stops_registrations(market: Market) -> None:
    market.send(market.register_device(market.bob))
    market.send(ix.staking.set_paused(signer=market.world.deployer, paused=0b01))
    market.refused(market.register_node(market.bob), errors.staking.Paused)
    third = Supplier(market.bob.owner, market.bob.device_key, "third")
    market.refused(market.register_device(third), errors.staking.Paused)
    market.send(ix.staking.set_paused(signer=market.world.deployer, paused=0b10))
    market.send(market.register_node(market.bob), market.register_device(third))


# -- nodes


def test_a_node_is_made_of_its_owners_device(market: Market) -> None:
    bob = market.bob
    market.send(market.register_device(bob))
    event = market.send(market.register_node(bob)).event(events.staking.NodeRegistered)
    assert event == events.staking.NodeRegistered(1, bob.node, bob.key, CLASS, 1, 1_000, 276, 80, 1_000)
    node = market.node(bob)
    assert (node.owner, node.device, node.device_key) == (bob.key, bob.device, bob.device_key.pubkey())
    assert (node.vault, node.offer, node.network) == (bob.vault, bob.offer, NOBODY)
    assert (node.class_, node.pool, node.units, node.state) == (CLASS, 0, 1, 0)
    assert (node.commission_bps, node.region, node.memory_gib, node.link_mbps) == (1_000, 276, 80, 1_000)
    assert (node.credited, node.credited_through) == (0, market.world.now)
    assert node.registered_at == market.world.now
    vault = market.world.client.token_account(bob.vault)
    assert (vault.owner, vault.mint, vault.amount) == (bob.node, pda.mint.MINT, 0)
    assert (vault.delegate, vault.close_authority) == (None, None)
    assert market.world.client.fetch(accounts.staking.Device, bob.device).node == bob.node
    market.refused(market.register_node(bob), "AccountAlreadyInUse")


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("banned", b"\x01", errors.staking.DeviceBanned),
        ("node", bytes(range(32)), errors.staking.DeviceInUse),
        ("owner", bytes(range(32)), errors.staking.NotDeviceOwner),
    ],
)
def test_devices_that_are_banned_in_use_or_anothers_make_no_node(
    market: Market, field: str, value: bytes, error: Refusal
) -> None:
    market.send(market.register_device(market.bob))
    market.poke(market.bob.device, accounts.staking.Device, field, value)
    market.refused(market.register_node(market.bob), error)


def test_nobody_makes_a_node_of_anothers_device(market: Market) -> None:
    market.send(market.register_device(market.bob))
    theft = market.register_node(market.bob, owner=market.carol.pubkey())
    market.refused(theft, errors.staking.NotDeviceOwner)


def test_a_node_is_of_its_devices_class(market: Market) -> None:
    market.send(market.register_device(market.bob))
    wrong = market.register_node(market.bob, class_=pda.staking.class_(OTHER_CLASS))
    market.refused(wrong, errors.staking.WrongClass)


def test_a_commission_is_at_most_everything(market: Market) -> None:
    market.send(market.register_device(market.bob))
    for wrong in (10_001, 65_535):
        call = market.register_node(market.bob, args=node_args(wrong))
        market.refused(call, errors.staking.CommissionOutOfBounds)
    market.send(market.register_node(market.bob, args=node_args(10_000)))


def test_lamports_at_the_new_addresses_stop_no_registration(market: Market) -> None:
    bob = market.bob
    for address in (bob.device, bob.node, bob.vault):
        market.world.client.airdrop(address, SOL("0.01"))
    market.join(bob, 200 * TOKEN)
    assert market.node(bob).own.active == 200 * TOKEN
    assert fingerprint("bob") == bob.fingerprint
