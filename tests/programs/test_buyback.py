"""The buyback program: fee vaults and the burning of what they hold."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey
from tests.programs.auctions import params
from tests.programs.support import HOUR, World

from ionet import IO, SOL, USDC, errors, events, ix, pda

TOKEN_2022 = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
IO_MINT = pda.mint.MINT


def open_vault(world: World, shard: int = 0, mint: Pubkey = IO_MINT) -> Pubkey:
    world.send(ix.buyback.open_vault(payer=world.deployer, mint=mint, shard=shard))
    return pda.buyback.vault(mint, shard)


def earn(world: World, vault: Pubkey, amount: IO) -> None:
    """Fees of `amount` come in."""
    purse = world.give_io(world.deployer, amount)
    world.pay_io(purse, vault, amount.base)


# -- vaults


@pytest.mark.parametrize("shard", range(8))
def test_anyone_opens_the_vault_of_a_shard(world: World, shard: int) -> None:
    payer = world.actor()
    before = world.client.balance(payer.pubkey())
    call = ix.buyback.open_vault(payer=payer.pubkey(), mint=IO_MINT, shard=shard)
    event = world.send(call, signers=[payer]).event(events.buyback.VaultOpened)
    vault = pda.buyback.vault(IO_MINT, shard)
    assert (event.mint, event.shard, event.vault) == (IO_MINT, shard, vault)
    found = world.client.token_account(vault)
    assert (found.mint, found.owner, found.amount) == (IO_MINT, pda.buyback.CONFIG, 0)
    assert (found.delegate, found.close_authority) == (None, None)
    rent = world.raw(vault).lamports
    assert world.client.balance(payer.pubkey()) == before - SOL.from_base(rent)


def test_each_currency_has_its_own_vaults(world: World) -> None:
    vault = open_vault(world, 3, world.usdc)
    assert world.client.token_account(vault).mint == world.usdc
    assert open_vault(world, 3) != vault


@pytest.mark.parametrize("shard", [8, 255])
def test_there_is_no_ninth_shard(world: World, shard: int) -> None:
    ninth = ix.buyback.open_vault(payer=world.deployer, mint=IO_MINT, shard=shard)
    world.refused(ninth, errors.buyback.UnknownShard)


def test_a_vault_is_opened_once(world: World) -> None:
    open_vault(world)
    again = ix.buyback.open_vault(payer=world.deployer, mint=IO_MINT, shard=0)
    world.refused(again, "AccountAlreadyInUse")


def test_lamports_sent_to_its_address_do_not_stop_a_vault(world: World) -> None:
    world.client.airdrop(pda.buyback.vault(IO_MINT, 0), SOL("0.01"))
    assert world.client.token_account(open_vault(world)).owner == pda.buyback.CONFIG


def test_a_vault_stands_at_the_address_of_its_shard_and_mint(world: World) -> None:
    elsewhere = ix.buyback.open_vault(
        payer=world.deployer, mint=IO_MINT, shard=0, vault=pda.buyback.vault(IO_MINT, 1)
    )
    world.refused(elsewhere, "ConstraintSeeds")


def test_vaults_are_of_classic_tokens_only(world: World) -> None:
    found = world.raw(world.usdc)
    world.client.network.set_account(world.usdc, data=bytes(found.data), owner=TOKEN_2022)
    other = ix.buyback.open_vault(payer=world.deployer, mint=world.usdc, shard=0)
    world.refused(other, "AccountOwnedByWrongProgram")


# -- burning


def test_anyone_burns_all_that_a_vault_holds(world: World) -> None:
    vault = open_vault(world, 5)
    earn(world, vault, IO("12.5"))
    supply = world.supply
    burn = world.call(ix.buyback.burn_fees(shard=5)).paid_by(world.actor())
    event = burn.send().event(events.buyback.FeesBurned)
    assert (event.receipt, event.shard, event.amount) == (1, 5, IO("12.5").base)
    assert (event.burned_total, event.time) == (IO("12.5").base, world.now)
    assert (event.supply_before, event.supply_after) == (supply, supply - IO("12.5").base)
    assert (world.balance(vault), world.supply) == (0, event.supply_after)
    config = world.buyback_config
    assert (config.burned, config.receipts, config.last_time) == (IO("12.5").base, 1, world.now)


def test_receipts_add_up_to_the_drop_in_supply(world: World) -> None:
    vaults = {shard: open_vault(world, shard) for shard in (0, 1, 7)}
    world.give_io(world.deployer, IO(1_000))
    supply, total = world.supply, 0
    for receipt, (shard, amount) in enumerate([(0, 1), (7, 10**8), (0, 999), (1, 2 * 10**9)], 1):
        earn(world, vaults[shard], IO.from_base(amount))
        world.advance(HOUR)
        event = world.send(ix.buyback.burn_fees(shard=shard)).event(events.buyback.FeesBurned)
        total += amount
        assert (event.receipt, event.amount, event.burned_total) == (receipt, amount, total)
        assert event.supply_before - event.supply_after == amount
        assert supply - world.supply == world.buyback_config.burned == total


def test_an_empty_vault_burns_nothing_and_says_nothing(world: World) -> None:
    open_vault(world)
    before, supply = world.buyback_config, world.supply
    assert world.send(ix.buyback.burn_fees(shard=0)).events == ()
    assert (world.buyback_config, world.supply) == (before, supply)


def test_a_shard_without_a_vault_burns_nothing(world: World) -> None:
    world.refused(ix.buyback.burn_fees(shard=0), "AccountNotInitialized")
    world.refused(ix.buyback.burn_fees(shard=8), "AccountNotInitialized")


def test_only_the_vaults_of_io_are_burned(world: World) -> None:
    stranger = world.actor()
    purse = world.give_io(stranger.pubkey(), IO(1))
    vault = open_vault(world, 0)
    earn(world, vault, IO(1))
    dollars = open_vault(world, 0, world.usdc)
    open_vault(world, 1)
    for wrong in (purse, dollars, pda.mint.EMISSION_VAULT):
        world.refused(ix.buyback.burn_fees(shard=0, vault=wrong), "ConstraintSeeds")
    # The shard in the event is the vault's.
    world.refused(ix.buyback.burn_fees(shard=1, vault=vault), "ConstraintSeeds")
    world.refused(ix.buyback.burn_fees(shard=0, vault=dollars, mint=world.usdc), "ConstraintAddress")


def test_fees_in_dollars_are_kept(world: World) -> None:
    world.give_usdc(pda.buyback.CONFIG, USDC(5))
    vault = open_vault(world, 0, world.usdc)
    open_vault(world, 0)
    world.send(ix.buyback.burn_fees(shard=0))
    assert world.balance(world.usdc_account(pda.buyback.CONFIG)) == USDC(5).base
    assert world.balance(vault) == 0


def test_a_pause_delays_the_burning_and_loses_nothing(world: World) -> None:
    vault = open_vault(world)
    earn(world, vault, IO(3))
    world.send(ix.buyback.set_paused(signer=world.deployer, paused=1))
    world.refused(ix.buyback.burn_fees(shard=0), errors.buyback.Paused)
    # Vaults can be opened all the same, and fees come in.
    open_vault(world, 1)
    earn(world, vault, IO(1))
    world.send(ix.buyback.set_paused(signer=world.deployer, paused=0))
    assert world.send(ix.buyback.burn_fees(shard=0)).event(events.buyback.FeesBurned).amount == IO(4).base


def test_a_clock_that_goes_back_gives_no_receipt_an_earlier_time(world: World) -> None:
    vault = open_vault(world)
    earn(world, vault, IO(1))
    first = world.send(ix.buyback.burn_fees(shard=0)).event(events.buyback.FeesBurned)
    world.turn_back(HOUR)
    earn(world, vault, IO(1))
    second = world.send(ix.buyback.burn_fees(shard=0)).event(events.buyback.FeesBurned)
    assert second.time == first.time


# -- parameters


def test_a_new_configuration_has_the_published_defaults_and_sells_nothing(world: World) -> None:
    config = world.buyback_config
    limits = config.price_limits
    assert (config.start_bps, config.end_bps, config.period) == (-300, 200, HOUR)
    assert (config.min_lot, config.daily_share_bps) == (50 * 10**6, 2_000)
    found = (limits.max_age, limits.max_confidence_bps, limits.max_ema_distance_bps)
    assert found == (60, 100, 500)
    assert (config.price_account, config.feed_id) == (Pubkey.default(), bytes(32))
    assert config.roles.pauser == world.deployer


def test_only_the_authority_sets_parameters(world: World) -> None:
    thief = world.actor()
    mine = ix.buyback.set_params(authority=thief.pubkey(), params=params(thief.pubkey()))
    world.refused(mine, errors.buyback.NotAuthority, signers=[thief])
    changed = ix.buyback.set_params(authority=world.deployer, params=params(thief.pubkey()))
    assert world.send(changed).event(events.buyback.ParamsSet).params.pauser == thief.pubkey()
    assert world.buyback_config.roles.pauser == thief.pubkey()
