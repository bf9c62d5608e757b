"""The mint program: genesis, emission, policies."""

from __future__ import annotations

import random

import pytest
from solders.clock import Clock
from solders.instruction import Instruction
from solders.litesvm import LiteSVM
from solders.message import MessageV0
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import TransactionMetadata
from tests.programs.support import DAY, HOUR, NOW, TWENTY_YEARS, YEAR, World, with_variant

from ionet import IO, Allocation, accounts, emission, errors, events, ix, pda, types

GENESIS = (100_000_000, 128_000_000, 100_000_000, 81_600_000, 90_400_000)
#: Base units of the first hour: a month of 3,333,333.33333333 IO has 730.5 hours.
FIRST_HOUR = 333_333_333_333_333 * 2 // 1461


def fixed() -> types.mint.PolicyArgs:
    return types.mint.PolicyArgs(kind=types.mint.PolicyKind.FIXED, floor_bps=0, per_burned_bps=0)


def demand(floor_bps: int, per_burned_bps: int) -> types.mint.PolicyArgs:
    return types.mint.PolicyArgs(types.mint.PolicyKind.DEMAND_LINKED, floor_bps, per_burned_bps)


def emitted(world: World) -> int:
    """Emits; checks that all counters agree, and returns the total."""
    world.send(ix.mint.emit())
    config = world.mint_config
    paid, reserve = world.balance(pda.mint.EMISSION_VAULT), world.balance(pda.mint.RESERVE_VAULT)
    assert paid + config.withheld == config.emitted
    assert reserve == config.withheld - config.reserve_burned
    assert world.supply == config.genesis + config.emitted - config.reserve_burned - burned_fees(world)
    return config.emitted


def burned_fees(world: World) -> int:
    return world.buyback_config.burned if world.client.account(pda.buyback.CONFIG) else 0


def burn_fees(world: World, amount: IO) -> None:
    """Fees of `amount` come in and are burned."""
    vault = pda.buyback.vault(pda.mint.MINT, 0)
    if world.client.account(vault) is None:
        world.send(ix.buyback.open_vault(payer=world.deployer, mint=pda.mint.MINT, shard=0))
    purse = world.give_io(world.deployer, amount)
    world.pay_io(purse, vault, amount.base)
    world.send(ix.buyback.burn_fees(shard=0))


# -- initialize


def test_the_upgrade_authority_initialises_the_mint(bare: World) -> None:
    sent = bare.send(ix.mint.initialize(authority=bare.deployer, start=0))

    mint = bare.client.token_mint(pda.mint.MINT)
    assert (mint.decimals, mint.supply) == (8, 0)
    assert (mint.mint_authority, mint.freeze_authority) == (pda.mint.CONFIG, None)
    config = bare.mint_config
    assert (config.version, config.start, config.emitted) == (1, NOW, 0)
    assert (config.roles.authority, config.roles.pauser) == (bare.deployer, bare.deployer)
    assert (config.emission_vault, config.reserve_vault) == (pda.mint.EMISSION_VAULT, pda.mint.RESERVE_VAULT)
    assert bare.client.token_account(config.emission_vault).owner == pda.mint.EMISSION_LEDGER
    assert bare.client.token_account(config.reserve_vault).owner == pda.mint.CONFIG
    began = sent.event(events.mint.Initialized)
    assert (began.start, began.policy) == (NOW, fixed())


@pytest.mark.parametrize("start", [NOW - 1, NOW + YEAR + 1, -1])
def test_emission_starts_neither_in_the_past_nor_later_than_in_a_year(bare: World, start: int) -> None:
    bare.refused(ix.mint.initialize(authority=bare.deployer, start=start), errors.mint.StartOutOfRange)


@pytest.mark.parametrize("start", [NOW, NOW + YEAR])
def test_emission_may_start_within_a_year(bare: World, start: int) -> None:
    bare.send(ix.mint.initialize(authority=bare.deployer, start=start))
    assert bare.mint_config.start == start


# -- genesis


def test_each_allocation_is_minted_once_and_all_are_500_million(world: World) -> None:
    purse = world.io_account(world.deployer)
    total = 0
    for number, amount in enumerate(GENESIS):
        mint = ix.mint.mint_genesis(
            authority=world.deployer, destination=purse, allocation=Allocation(number)
        )
        event = world.send(mint).event(events.mint.GenesisMinted)
        total += IO(amount).base
        assert (event.amount, event.genesis_total, event.supply) == (IO(amount).base, total, total)
        world.refused(mint, errors.mint.AlreadyAllocated)
    assert world.supply == world.balance(purse) == world.mint_config.genesis == IO(500_000_000).base


@pytest.mark.parametrize("allocation", [5, 64, 255])
def test_there_is_no_sixth_allocation(world: World, allocation: int) -> None:
    purse = world.io_account(world.deployer)

    def minting(number: int) -> Instruction:
        chosen = types.mint.Allocation(number)
        return ix.mint.mint_genesis(authority=world.deployer, destination=purse, allocation=chosen)

    world.refused(with_variant(minting, allocation), errors.mint.UnknownAllocation)


def test_only_the_authority_mints_genesis(world: World) -> None:
    thief = world.actor()
    purse = world.io_account(thief.pubkey())
    mint = ix.mint.mint_genesis(authority=thief.pubkey(), destination=purse, allocation=Allocation.COMMUNITY)
    world.refused(mint, errors.mint.NotAuthority, signers=[thief])


def test_genesis_goes_to_accounts_of_io_only(world: World) -> None:
    purse = world.usdc_account(world.deployer)
    mint = ix.mint.mint_genesis(authority=world.deployer, destination=purse, allocation=Allocation.COMMUNITY)
    world.refused(mint, errors.mint.WrongMint)


def test_nothing_is_minted_above_the_cap(world: World) -> None:
    purse = world.io_account(world.deployer)
    genesis = ix.mint.mint_genesis(
        authority=world.deployer, destination=purse, allocation=Allocation.COMMUNITY
    )
    cap, kind = IO(800_000_000).base, accounts.mint.Config
    # The schedules cannot get there, so the counters are put there.
    world.patch(pda.mint.CONFIG, kind, "genesis", cap - IO(GENESIS[0]).base + 1)
    world.refused(genesis, errors.mint.CapExceeded)
    world.advance(HOUR)
    world.patch(pda.mint.CONFIG, kind, "genesis", cap - FIRST_HOUR + 1)
    world.refused(ix.mint.emit(), errors.mint.CapExceeded)
    world.patch(pda.mint.CONFIG, kind, "genesis", cap - FIRST_HOUR)
    world.send(ix.mint.emit())


# -- emit


def test_anyone_emits_each_hour_when_it_is_over(bare: World) -> None:
    bare.send(ix.mint.initialize(authority=bare.deployer, start=NOW + DAY))
    start, stranger = NOW + DAY, bare.actor()
    emit = bare.call(ix.mint.emit()).paid_by(stranger)
    for seconds, total in [(-HOUR, 0), (0, 0), (HOUR - 1, 0), (HOUR, FIRST_HOUR), (2 * HOUR - 1, FIRST_HOUR)]:
        bare.client.network.clock.set(start + seconds)
        before = bare.mint_config
        sent = emit.send()
        config = bare.mint_config
        assert config.emitted == bare.supply == bare.balance(pda.mint.EMISSION_VAULT) == total
        assert len(sent.events) == config.seq - before.seq == (before.emitted != total)
    bare.client.network.clock.set(start + 2 * HOUR)
    event = emit.send().event(events.mint.Emitted)
    assert event.emitted_total == event.supply == emission.cumulative(2 * HOUR)
    assert (event.time, event.withheld) == (start + 2 * HOUR, 0)
    assert event.paid == emission.cumulative(2 * HOUR) - FIRST_HOUR


def test_a_clock_that_goes_back_emits_nothing_twice(world: World) -> None:
    world.advance(5 * HOUR)
    assert emitted(world) == emission.cumulative(5 * HOUR)
    world.turn_back(4 * HOUR)
    assert emitted(world) == emission.cumulative(5 * HOUR)
    world.advance(4 * HOUR + HOUR)
    assert emitted(world) == emission.cumulative(6 * HOUR)


@pytest.mark.parametrize("seed", range(6))
def test_any_pattern_of_cranks_emits_the_same_total(world: World, seed: int) -> None:
    dice, until = random.Random(seed), dice_until(seed)
    times = sorted(dice.sample(range(until), dice.randint(1, 40)))
    for time in [*times, until]:
        world.client.network.clock.set(NOW + time)
        assert emitted(world) == emission.cumulative(time)


def dice_until(seed: int) -> int:
    """Days at first, decades in the end."""
    return int(DAY * 10 ** (seed * 0.75))


def test_twenty_years_emit_exactly_300_million_and_nothing_follows(world: World) -> None:
    for number in range(5):
        purse = world.io_account(world.deployer)
        world.send(
            ix.mint.mint_genesis(authority=world.deployer, destination=purse, allocation=Allocation(number))
        )
    world.advance(TWENTY_YEARS - 1)
    assert emitted(world) < IO(300_000_000).base
    world.advance(1)
    assert emitted(world) == IO(300_000_000).base
    assert world.supply == IO(800_000_000).base
    world.advance(10 * YEAR)
    before = world.raw(pda.mint.CONFIG).data
    assert world.send(ix.mint.emit()).events == ()
    assert world.supply == IO(800_000_000).base
    assert world.raw(pda.mint.CONFIG).data == before, "nothing is due, and nothing changes"


@pytest.mark.slow
def test_the_program_emits_what_the_python_schedule_says_at_every_hour_of_twenty_years(world: World) -> None:
    """One transaction, sent again for each of the 175,320 hours, without what a real network adds to it."""
    svm = LiteSVM().with_sigverify(False).with_blockhash_check(False).with_transaction_history(0)
    # The loader keeps a program's code behind 45 bytes of its own.
    svm.add_program(accounts.mint.Config.PROGRAM_ID, bytes(world.raw(pda.mint.PROGRAM_DATA).data[45:]))
    instruction = ix.mint.emit()
    for address in [world.deployer, *(meta.pubkey for meta in instruction.accounts)]:
        found = world.client.account(address)
        if found is not None and not found.executable:
            svm.set_account(address, found)
    message = MessageV0.try_compile(world.deployer, [instruction], [], world.client.network.latest_blockhash)
    emit = VersionedTransaction.populate(message, [Signature.default()])
    place = accounts.mint.Config.OFFSETS["emitted"]

    for hour in range(1, emission.TOTAL_HOURS + 1):
        svm.set_clock(Clock(hour, 0, 0, 0, NOW + hour * HOUR))
        result = svm.send_transaction(emit)
        assert isinstance(result, TransactionMetadata), f"hour {hour}: {result}"
        config = svm.get_account(pda.mint.CONFIG)
        assert config is not None
        total = int.from_bytes(config.data[place : place + 8], "little")
        assert total == emission.cumulative(hour * HOUR), f"hour {hour}"

    assert total == IO(300_000_000).base


def test_emissions_go_to_the_vaults_of_the_configuration_only(world: World) -> None:
    world.advance(HOUR)
    mine = world.io_account(world.deployer)
    world.refused(ix.mint.emit(emission_vault=mine), errors.mint.WrongVault)
    world.refused(ix.mint.emit(reserve_vault=mine), errors.mint.WrongVault)
    swapped = ix.mint.emit(emission_vault=pda.mint.RESERVE_VAULT, reserve_vault=pda.mint.EMISSION_VAULT)
    world.refused(swapped, errors.mint.WrongVault)
    twice = ix.mint.emit(reserve_vault=pda.mint.EMISSION_VAULT)
    world.refused(twice, "ConstraintDuplicateMutableAccount")
    world.refused(ix.mint.emit(mint=world.usdc), "ConstraintAddress")
    world.refused(ix.mint.emit(buyback_config=pda.mint.CONFIG), "ConstraintAddress")
    # Not even another program's configuration is taken for the mint's.
    world.refused(ix.mint.emit(config=pda.buyback.CONFIG), "AccountOwnedByWrongProgram")


# -- policies


def test_a_demand_linked_policy_pays_its_floor_and_withholds_the_rest(world: World) -> None:
    world.send(ix.mint.set_policy(authority=world.deployer, policy=demand(2_500, 10_000)))
    world.advance(HOUR)
    event = world.send(ix.mint.emit()).event(events.mint.Emitted)
    assert event.paid == FIRST_HOUR // 4
    assert event.paid + event.withheld == event.emitted_total == FIRST_HOUR
    assert emitted(world) == FIRST_HOUR


def test_a_demand_linked_policy_pays_for_what_fees_burned_but_never_more_than_the_schedule(
    world: World,
) -> None:
    burn_fees(world, IO(1_000))  # before the policy: does not count
    world.send(ix.mint.set_policy(authority=world.deployer, policy=demand(0, 10_000)))
    burn_fees(world, IO(100))
    world.advance(HOUR)
    assert world.send(ix.mint.emit()).event(events.mint.Emitted).paid == IO(100).base
    burn_fees(world, IO(1_000_000))
    world.advance(HOUR)
    event = world.send(ix.mint.emit()).event(events.mint.Emitted)
    second = emission.cumulative(2 * HOUR) - FIRST_HOUR
    assert (event.paid, event.withheld) == (second, 0)
    assert emitted(world) == emission.cumulative(2 * HOUR)


def test_a_burned_gift_emits_no_more_than_it_burned(world: World) -> None:
    """Attack "burned_gift_emits": at 100,000 bps, burning 100 IO that were never a fee emitted 1,000."""
    for rate in (100_000, 10_001):
        above = ix.mint.set_policy(authority=world.deployer, policy=demand(0, rate))
        world.refused(above, errors.mint.PolicyOutOfBounds)
    world.send(ix.mint.set_policy(authority=world.deployer, policy=demand(0, 10_000)))
    burn_fees(world, IO(100))
    world.advance(HOUR)
    assert world.send(ix.mint.emit()).event(events.mint.Emitted).paid == IO(100).base


def test_a_new_policy_begins_now_and_the_hours_before_are_paid_under_the_old_one(world: World) -> None:
    world.advance(3 * HOUR)
    sent = world.send(ix.mint.set_policy(authority=world.deployer, policy=demand(0, 0)))
    assert sent.event(events.mint.Emitted).paid == emission.cumulative(3 * HOUR)
    assert sent.event(events.mint.PolicySet).policy == demand(0, 0)
    world.advance(HOUR)
    sent = world.send(ix.mint.set_policy(authority=world.deployer, policy=fixed()))
    assert sent.event(events.mint.Emitted).paid == 0
    world.advance(HOUR)
    sent = world.send(ix.mint.emit())
    assert sent.event(events.mint.Emitted).paid == emission.cumulative(5 * HOUR) - emission.cumulative(
        4 * HOUR
    )
    assert emitted(world) == emission.cumulative(5 * HOUR)


def test_what_was_withheld_can_be_burned_by_anyone_and_is_never_minted_again(world: World) -> None:
    world.send(ix.mint.set_policy(authority=world.deployer, policy=demand(5_000, 0)))
    world.advance(HOUR)
    emitted(world)
    withheld = FIRST_HOUR - FIRST_HOUR // 2
    event = world.call(ix.mint.burn_reserve()).paid_by(world.actor()).send().event(events.mint.ReserveBurned)
    assert (event.amount, event.burned_total, event.supply) == (withheld, withheld, FIRST_HOUR // 2)
    assert world.balance(pda.mint.RESERVE_VAULT) == 0
    # Nothing is left to burn, and nothing is due.
    assert world.send(ix.mint.burn_reserve()).events == ()
    assert world.send(ix.mint.emit()).events == ()
    world.advance(HOUR)
    assert emitted(world) == emission.cumulative(2 * HOUR)


def test_only_the_reserve_is_burned(world: World) -> None:
    world.advance(HOUR)
    emitted(world)
    world.refused(ix.mint.burn_reserve(reserve_vault=pda.mint.EMISSION_VAULT), errors.mint.WrongVault)


def test_only_the_authority_sets_a_policy(world: World) -> None:
    thief = world.actor()
    theirs = ix.mint.set_policy(authority=thief.pubkey(), policy=demand(0, 0))
    world.refused(theirs, errors.mint.NotAuthority, signers=[thief])


@pytest.mark.parametrize(
    "policy",
    [
        demand(10_001, 0),
        demand(65_535, 0),
        demand(0, 10_001),
        demand(0, 2**32 - 1),
        types.mint.PolicyArgs(kind=types.mint.PolicyKind.FIXED, floor_bps=1, per_burned_bps=0),
        types.mint.PolicyArgs(kind=types.mint.PolicyKind.FIXED, floor_bps=0, per_burned_bps=1),
    ],
)
def test_a_policy_out_of_its_bounds_is_refused(world: World, policy: types.mint.PolicyArgs) -> None:
    set_policy = ix.mint.set_policy(authority=world.deployer, policy=policy)
    world.refused(set_policy, errors.mint.PolicyOutOfBounds)


@pytest.mark.parametrize("policy", [fixed(), demand(0, 0), demand(10_000, 10_000)])
def test_a_policy_at_its_bounds_is_accepted(world: World, policy: types.mint.PolicyArgs) -> None:
    world.send(ix.mint.set_policy(authority=world.deployer, policy=policy))
    found = world.mint_config.policy
    assert (found.kind, found.floor_bps, found.per_burned_bps) == (
        policy.kind,
        policy.floor_bps,
        policy.per_burned_bps,
    )


@pytest.mark.parametrize("kind", [2, 255])
def test_there_is_no_third_policy(world: World, kind: int) -> None:
    def setting(number: int) -> Instruction:
        policy = types.mint.PolicyArgs(kind=types.mint.PolicyKind(number), floor_bps=0, per_burned_bps=0)
        return ix.mint.set_policy(authority=world.deployer, policy=policy)

    world.refused(with_variant(setting, kind), errors.mint.UnknownPolicy)


def test_a_demand_linked_policy_needs_the_buyback_to_say_what_was_burned(bare: World) -> None:
    bare.send(ix.mint.initialize(authority=bare.deployer, start=0))
    linked = ix.mint.set_policy(authority=bare.deployer, policy=demand(0, 0))
    bare.refused(linked, errors.mint.NoDemand)
    bare.send(ix.mint.set_policy(authority=bare.deployer, policy=fixed()))
    bare.send(ix.buyback.initialize(authority=bare.deployer))
    bare.send(linked)


# -- pauses


def test_a_pause_delays_emission_and_loses_nothing(world: World) -> None:
    world.send(ix.mint.set_paused(signer=world.deployer, paused=1))
    world.advance(10 * HOUR)
    world.refused(ix.mint.emit(), errors.mint.Paused)
    world.refused(ix.mint.set_policy(authority=world.deployer, policy=fixed()), errors.mint.Paused)
    world.send(ix.mint.set_paused(signer=world.deployer, paused=0))
    assert emitted(world) == emission.cumulative(10 * HOUR)


def test_a_pause_does_not_stop_the_burning_of_the_reserve(world: World) -> None:
    world.send(ix.mint.set_policy(authority=world.deployer, policy=demand(0, 0)))
    world.advance(HOUR)
    emitted(world)
    world.send(ix.mint.set_paused(signer=world.deployer, paused=1))
    assert world.send(ix.mint.burn_reserve()).event(events.mint.ReserveBurned).amount == FIRST_HOUR


def test_only_the_authority_names_the_pauser(world: World) -> None:
    thief = world.actor()
    name = ix.mint.set_params(authority=thief.pubkey(), pauser=thief.pubkey())
    world.refused(name, errors.mint.NotAuthority, signers=[thief])
    world.send(ix.mint.set_params(authority=world.deployer, pauser=thief.pubkey()))
    assert world.mint_config.roles.pauser == thief.pubkey()
