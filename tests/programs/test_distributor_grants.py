"""The distributor program: grants."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.model.grants import MONTH, payments, vested
from tests.programs.distribution import Distribution, schedule
from tests.programs.support import DAY, NOW, YEAR, World, with_variant

from ionet import IO, Allocation, accounts, errors, events, ix, pda, types

TOKEN = 10**8
#: Total, upfront, cliff and months of the genesis allocations, by the token's published terms.
TERMS = {
    "seed": (100_000_000, 0, 12, 24),
    "series A": (81_600_000, 0, 12, 24),
    "core": (90_400_000, 0, 12, 36),
    "community": (47_500_000, 3_500_000, 0, 41),
    "research": (128_000_000, 38_400_000, 0, 35),
}


@pytest.fixture
def made(world: World) -> Distribution:
    return Distribution(world)


def terms(name: str) -> types.distributor.ScheduleArgs:
    total, upfront, cliff, months = TERMS[name]
    return schedule(total * TOKEN, upfront=upfront * TOKEN, cliff=cliff * MONTH, tranches=months)


# -- making


def test_a_grant_is_made_and_funded(made: Distribution) -> None:
    world, beneficiary = made.world, Keypair().pubkey()
    world.give_io(world.deployer, IO(1))
    payer = world.actor()
    args = {"schedule": schedule(700, upfront=100, cliff=DAY), "revocable": True, "allocation": 2}
    sent = world.send(made.granting(7, beneficiary, args, payer=payer.pubkey()), signers=[payer])
    address = pda.distributor.grant(7)
    event = sent.event(events.distributor.GrantCreated)
    assert (event.grant, event.id, event.beneficiary) == (address, 7, beneficiary)
    assert (event.schedule, event.revocable, event.allocation) == (args["schedule"], True, 2)
    assert (event.seq, event.granted_total) == (1, 700)
    grant = made.grant(address)
    assert (grant.version, grant.id, grant.vault) == (1, 7, pda.distributor.vault(address))
    assert (grant.beneficiary, grant.granted_to) == (beneficiary, beneficiary)
    assert grant.pending_beneficiary == Pubkey.default()
    assert (grant.total, grant.upfront, grant.start, grant.cliff) == (700, 100, NOW, DAY)
    assert (grant.period, grant.tranches, grant.revocable, grant.allocation) == (MONTH, 3, 1, 2)
    assert (grant.released, grant.returned, grant.revoked_at) == (0, 0, 0)
    vault = world.client.token_account(grant.vault)
    assert (vault.owner, vault.amount, vault.delegate, vault.close_authority) == (address, 700, None, None)
    assert (made.config.grants, made.config.granted) == (1, 700)


def test_a_grants_number_is_used_once(made: Distribution) -> None:
    made.make_grant(Keypair().pubkey(), schedule())
    again = made.granting(0, Keypair().pubkey(), {})
    made.world.refused(again, "AccountAlreadyInUse")


def test_lamports_at_its_address_do_not_stop_a_grant(made: Distribution) -> None:
    address = pda.distributor.grant(0)
    for one in (address, pda.distributor.vault(address)):
        made.world.client.network.airdrop(one, 1_000_000)
    assert made.make_grant(Keypair().pubkey(), schedule()) == address


def test_only_the_authority_makes_grants(made: Distribution) -> None:
    thief = made.world.actor()
    made.world.give_io(thief.pubkey(), IO(1))
    mine = made.granting(0, thief.pubkey(), {}, authority=thief.pubkey())
    made.world.refused(mine, errors.distributor.NotAuthority, signers=[thief])


def test_a_grant_of_more_than_there_is_is_not_made(made: Distribution) -> None:
    world = made.world
    purse = world.give_io(world.deployer, IO(1))
    total = world.balance(purse)
    world.refused(
        made.granting(0, Keypair().pubkey(), {"schedule": schedule(total + 1)}), "InsufficientFunds"
    )
    world.send(made.granting(0, Keypair().pubkey(), {"schedule": schedule(total)}))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"total": 0}, "UnsoundSchedule"),
        ({"upfront": 1_001}, "UnsoundSchedule"),
        ({"tranches": 0}, "UnsoundSchedule"),
        ({"tranches": 241}, "UnsoundSchedule"),
        ({"tranches": 2**32 - 1}, "UnsoundSchedule"),
        ({"cliff": 1, "tranches": 240}, "UnsoundSchedule"),
        ({"cliff": 2**32 - 1}, "UnsoundSchedule"),
        ({"period": 0}, "UnsoundSchedule"),
        ({"period": 1_799}, "UnsoundSchedule"),
        ({"period": 12 * MONTH + 1, "tranches": 1}, "UnsoundSchedule"),
        ({"start": NOW + YEAR + 1}, "StartOutOfRange"),
        ({"start": NOW - 240 * MONTH - 1}, "StartOutOfRange"),
        ({"start": -(2**63)}, "StartOutOfRange"),
        ({"start": 2**63 - 1}, "StartOutOfRange"),
    ],
)
def test_terms_out_of_bounds_are_refused(made: Distribution, changes: dict[str, int], error: str) -> None:
    made.world.give_io(made.world.deployer, IO(1))
    refusal = getattr(errors.distributor, error)
    made.world.refused(made.granting(0, Keypair().pubkey(), {"schedule": schedule(**changes)}), refusal)


@pytest.mark.parametrize(
    "changes",
    [
        {"total": 1},
        {"upfront": 1_000},
        {"tranches": 240},
        {"period": 1_800, "tranches": 59_901},
        {"period": 12 * MONTH, "tranches": 20},
        {"start": NOW + YEAR},
        {"start": NOW - 240 * MONTH},
    ],
)
def test_terms_at_their_bounds_are_taken(made: Distribution, changes: dict[str, int]) -> None:
    made.make_grant(Keypair().pubkey(), schedule(**changes))


def test_a_grant_is_somebodys_and_of_a_known_allocation(made: Distribution) -> None:
    made.world.give_io(made.world.deployer, IO(1))
    nobodys = made.granting(0, Pubkey.default(), {})
    made.world.refused(nobodys, errors.distributor.NoBeneficiary)
    beneficiary = Keypair().pubkey()
    for number in (6, 255):
        unknown = with_variant(lambda one: made.granting(0, beneficiary, {"allocation": one}), number)
        made.world.refused(unknown, errors.distributor.UnknownAllocation)
    made.world.send(made.granting(0, Keypair().pubkey(), {"allocation": Allocation.NONE}))


def test_a_pause_stops_new_grants_and_nothing_else(made: Distribution) -> None:
    world = made.world
    grant = made.make_grant(Keypair().pubkey(), schedule(), revocable=True)
    world.send(ix.distributor.set_paused(signer=world.deployer, paused=0b11))
    world.refused(made.granting(9, Keypair().pubkey(), {}), errors.distributor.Paused)
    world.advance(MONTH)
    made.send(made.release(grant))
    made.send(made.revoke(grant))


# -- releasing


@pytest.mark.parametrize("name", TERMS)
def test_48_months_vest_to_the_base_unit(bare: World, name: str) -> None:
    world = bare
    for program in ("mint", "distributor"):
        world.send(world.initialize(program, world.deployer))
    purse = world.io_account(world.deployer)
    for allocation in sorted(set(Allocation) - {Allocation.NONE}):
        world.send(ix.mint.mint_genesis(authority=world.deployer, destination=purse, allocation=allocation))
    made, who = Distribution(world), Keypair().pubkey()
    grant = made.make_grant(who, terms(name))
    total, upfront, cliff, months = TERMS[name]
    expected = payments(
        total * TOKEN, upfront=upfront * TOKEN, cliff=cliff * MONTH, tranches=months, every=MONTH
    )
    wallet, paid = world.io_account(who), 0
    for month in range(49):
        # A second before the month is over nothing has changed.
        for date in ([month * MONTH - 1] if month else []) + [month * MONTH]:
            world.client.network.clock.set(NOW + date)
            due = vested(expected, date) - paid
            if due:
                event = made.send(made.release(grant)).event(events.distributor.Released)
                paid += due
                assert (event.amount, event.released_total) == (due, paid)
                assert (event.grant, event.beneficiary, event.destination) == (grant, who, wallet)
            else:
                world.refused(made.release(grant), errors.distributor.NothingToRelease)
            assert world.balance(wallet) == made.grant(grant).released == paid
    assert paid == total * TOKEN
    assert world.balance(pda.distributor.vault(grant)) == 0


def test_the_amounts_of_the_genesis_terms_by_hand() -> None:
    """The model against figures worked out on paper, in base units."""
    seed = payments(100_000_000 * TOKEN, cliff=12 * MONTH, tranches=24)
    assert [one.amount for one in seed] == [416_666_666_666_666] * 23 + [416_666_666_666_682]
    assert (seed[0].date, seed[-1].date) == (13 * MONTH, 36 * MONTH)
    core = payments(90_400_000 * TOKEN, cliff=12 * MONTH, tranches=36)
    assert [one.amount for one in core] == [251_111_111_111_111] * 35 + [251_111_111_111_115]
    research = payments(128_000_000 * TOKEN, upfront=38_400_000 * TOKEN, tranches=35)
    assert [one.amount for one in research] == [38_400_000 * TOKEN] + [256_000_000_000_000] * 35
    community = payments(47_500_000 * TOKEN, upfront=3_500_000 * TOKEN, tranches=41)
    assert community[1].amount == 107_317_073_170_731
    assert community[-1].amount == 107_317_073_170_760
    assert community[-1].date == 41 * MONTH


def test_nothing_is_released_before_the_cliff(made: Distribution) -> None:
    grant = made.make_grant(Keypair().pubkey(), schedule(cliff=12 * MONTH))
    for months in (0, 1, 12):
        made.world.client.network.clock.set(NOW + months * MONTH)
        made.world.refused(made.release(grant), errors.distributor.NothingToRelease)
    made.world.client.network.clock.set(NOW + 13 * MONTH - 1)
    made.world.refused(made.release(grant), errors.distributor.NothingToRelease)
    made.world.advance(1)
    assert made.send(made.release(grant)).event(events.distributor.Released).amount == 333


def test_a_grant_that_starts_later_gives_nothing_until_then(made: Distribution) -> None:
    grant = made.make_grant(Keypair().pubkey(), schedule(start=NOW + DAY, upfront=10))
    made.world.client.network.clock.set(NOW + DAY - 1)
    made.world.refused(made.release(grant), errors.distributor.NothingToRelease)
    made.world.client.network.clock.set(NOW + DAY)
    assert made.send(made.release(grant)).event(events.distributor.Released).amount == 10


def test_anyone_releases_but_only_to_the_beneficiary(made: Distribution) -> None:
    world, who, thief = made.world, made.world.actor(), made.world.actor()
    grant = made.make_grant(who.pubkey(), schedule())
    world.advance(MONTH)
    stolen = made.release(grant, destination=world.io_account(thief.pubkey()))
    world.refused(stolen, errors.distributor.WrongDestination)
    itself = made.release(grant, destination=pda.distributor.vault(grant))
    world.refused(itself, errors.distributor.WrongDestination)
    world.refused(made.release(grant, destination=world.usdc_account(who.pubkey())), "MintMismatch")
    call = world.call(made.release(grant)).paid_by(thief)
    call.send()
    assert world.balance(world.io_account(who.pubkey())) == 333


def test_a_grant_pays_out_of_its_own_vault_alone(made: Distribution) -> None:
    who = Keypair().pubkey()
    first, second = made.make_grant(who, schedule()), made.make_grant(Keypair().pubkey(), schedule())
    made.world.advance(MONTH)
    other = made.release(first, vault=pda.distributor.vault(second))
    made.world.refused(other, errors.distributor.WrongVault)
    swapped = made.release(second, destination=made.world.io_account(who))
    made.world.refused(swapped, errors.distributor.WrongDestination)


def test_a_gift_to_a_vault_vests_to_nobody(made: Distribution) -> None:
    world, who = made.world, Keypair().pubkey()
    grant = made.make_grant(who, schedule())
    world.pay_io(world.give_io(world.deployer, IO(1)), pda.distributor.vault(grant), 50)
    world.advance(4 * MONTH)
    world.send(made.release(grant))
    assert world.balance(world.io_account(who)) == 1_000
    world.refused(made.release(grant), errors.distributor.NothingToRelease)


def test_a_clock_that_goes_back_releases_nothing_twice(made: Distribution) -> None:
    who = Keypair().pubkey()
    grant = made.make_grant(who, schedule())
    made.world.advance(2 * MONTH)
    made.send(made.release(grant))
    made.world.turn_back(MONTH)
    made.world.refused(made.release(grant), errors.distributor.NothingToRelease)
    made.world.advance(2 * MONTH)
    made.send(made.release(grant))
    assert made.world.balance(made.world.io_account(who)) == 1_000


@pytest.mark.parametrize("seed", range(3))
def test_the_rhythm_of_releases_changes_no_sum(made: Distribution, seed: int) -> None:
    dice, who = random.Random(seed), Keypair().pubkey()
    total = dice.randint(1, 10**12)
    grant = made.make_grant(who, schedule(total, upfront=total // 7, period=DAY, tranches=100))
    expected = payments(total, upfront=total // 7, tranches=100, every=DAY)
    for date in sorted(dice.sample(range(101 * DAY), 12)):
        made.world.client.network.clock.set(NOW + date)
        if vested(expected, date) > made.grant(grant).released:
            made.send(made.release(grant))
        assert made.grant(grant).released == vested(expected, date)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    total=st.integers(1, 10**15),
    part=st.integers(0, 100),
    cliff=st.integers(0, 100_000_000),
    period=st.integers(1_800, 31_557_600),
    tranches=st.integers(1, 300),
    dates=st.lists(st.integers(0, 700_000_000), min_size=1, max_size=4),
)
def test_what_the_program_says_has_vested_is_what_the_terms_say(
    made: Distribution, total: int, part: int, cliff: int, period: int, tranches: int, dates: list[int]
) -> None:
    """One account whose terms are written into it, at any dates."""
    world = made.world
    tranches = min(tranches, (631_152_000 - cliff) // period) or 1
    upfront = total * part // 100
    if not made.granted:
        made.make_grant(Keypair().pubkey(), schedule(10**15))
    grant, kind = made.granted[0], accounts.distributor.Grant
    expected = payments(total, upfront=upfront, cliff=cliff, tranches=tranches, every=period)
    found, data = world.raw(grant), bytearray(world.raw(grant).data)
    fields = {"total": (total, 8), "upfront": (upfront, 8), "released": (0, 8), "last_time": (0, 8)}
    fields |= {"cliff": (cliff, 4), "period": (period, 4), "tranches": (tranches, 4)}
    for name, (value, size) in fields.items():
        at = kind.OFFSETS[name]
        data[at : at + size] = value.to_bytes(size, "little")
    world.client.network.set_account(grant, lamports=found.lamports, data=bytes(data), owner=found.owner)
    vault = world.raw(pda.distributor.vault(grant))
    tokens = bytearray(vault.data)
    tokens[64:72] = total.to_bytes(8, "little")
    world.client.network.set_account(
        pda.distributor.vault(grant), lamports=vault.lamports, data=bytes(tokens), owner=vault.owner
    )
    world.client.network._move(1, NOW)
    before = 0
    for date in sorted(dates):
        world.client.network._move(1, NOW + date)
        due = vested(expected, date)
        if due > before:
            world.send(made.release(grant))
        assert made.grant(grant).released == due
        before = due


# -- revoking


def test_a_revoked_grant_keeps_what_has_vested(made: Distribution) -> None:
    world, who = made.world, Keypair().pubkey()
    grant = made.make_grant(who, schedule(), revocable=True)
    world.advance(2 * MONTH - 1)
    event = made.send(made.revoke(grant)).event(events.distributor.GrantRevoked)
    assert (event.vested, event.returned, event.time) == (333, 667, world.now)
    assert world.balance(made.treasury()) == 667
    # The month that was about to end does not.
    world.advance(YEAR)
    assert made.send(made.release(grant)).event(events.distributor.Released).amount == 333
    assert world.balance(world.io_account(who)) == 333
    assert world.balance(pda.distributor.vault(grant)) == 0
    world.refused(made.release(grant), errors.distributor.NothingToRelease)


def test_a_grant_revoked_after_a_release_pays_nothing_twice(made: Distribution) -> None:
    world, who = made.world, Keypair().pubkey()
    grant = made.make_grant(who, schedule(), revocable=True)
    world.advance(MONTH)
    made.send(made.release(grant))
    world.advance(MONTH)
    made.send(made.revoke(grant))
    assert world.balance(made.treasury()) == 334
    made.send(made.release(grant))
    assert world.balance(world.io_account(who)) == 666
    world.refused(made.revoke(grant), errors.distributor.AlreadyRevoked)


@pytest.mark.parametrize(("months", "upfront", "left"), [(-1, 0, 1_000), (0, 0, 1_000), (0, 400, 600)])
def test_a_grant_revoked_at_its_start_or_before_keeps_the_upfront_part(
    made: Distribution, months: int, upfront: int, left: int
) -> None:
    world, who = made.world, Keypair().pubkey()
    start = NOW - months * MONTH
    grant = made.make_grant(who, schedule(start=start, upfront=upfront), revocable=True)
    made.send(made.revoke(grant))
    assert world.balance(made.treasury()) == left
    world.advance(12 * MONTH)
    if upfront:
        made.send(made.release(grant))
        assert world.balance(world.io_account(who)) == upfront
    else:
        world.refused(made.release(grant), errors.distributor.NothingToRelease)


def test_what_has_vested_in_full_is_not_revoked(made: Distribution) -> None:
    grant = made.make_grant(Keypair().pubkey(), schedule(), revocable=True)
    made.world.advance(3 * MONTH)
    made.world.refused(made.revoke(grant), errors.distributor.NothingToRevoke)


def test_a_grant_that_cannot_be_revoked_is_not(made: Distribution) -> None:
    grant = made.make_grant(Keypair().pubkey(), schedule())
    made.world.refused(made.revoke(grant), errors.distributor.NotRevocable)


def test_only_the_authority_revokes_and_only_to_the_treasury(made: Distribution) -> None:
    world, who = made.world, made.world.actor()
    grant = made.make_grant(who.pubkey(), schedule(), revocable=True)
    other = made.make_grant(Keypair().pubkey(), schedule())
    mine = made.revoke(grant, authority=who.pubkey(), destination=world.io_account(who.pubkey()))
    world.refused(mine, errors.distributor.NotAuthority, signers=[who])
    purse = world.io_account(world.deployer)
    world.refused(made.revoke(grant, destination=purse), errors.distributor.WrongDestination)
    world.refused(made.revoke(grant, vault=pda.distributor.vault(other)), errors.distributor.WrongVault)


def test_what_is_taken_back_goes_to_the_treasury_of_the_day(made: Distribution) -> None:
    world, heir = made.world, Keypair().pubkey()
    grant = made.make_grant(Keypair().pubkey(), schedule(), revocable=True)
    nobody = ix.distributor.set_params(
        authority=world.deployer, pauser=world.deployer, treasury=Pubkey.default()
    )
    world.refused(nobody, errors.distributor.NoTreasury)
    change = ix.distributor.set_params(authority=world.deployer, pauser=world.deployer, treasury=heir)
    event = world.send(change).event(events.distributor.ParamsSet)
    assert (event.pauser, event.treasury) == (world.deployer, heir)
    world.refused(made.revoke(grant), errors.distributor.WrongDestination)
    made.send(made.revoke(grant, destination=world.io_account(heir)))
    assert world.balance(world.io_account(heir)) == 1_000


def test_a_program_without_a_treasury_is_not_initialised(bare: World) -> None:
    bare.send(bare.initialize("mint", bare.deployer))
    none = bare.initialize("distributor", bare.deployer, treasury=Pubkey.default())
    bare.refused(none, errors.distributor.NoTreasury)


# -- beneficiaries


def test_a_grant_passes_on_in_two_steps_with_what_was_not_released(made: Distribution) -> None:
    world, old, new = made.world, made.world.actor(), made.world.actor()
    grant = made.make_grant(old.pubkey(), schedule())
    world.advance(MONTH)
    made.send(made.release(grant))
    world.advance(MONTH)
    name = ix.distributor.set_beneficiary(beneficiary=old.pubkey(), grant=grant, successor=new.pubkey())
    event = made.send(name, signers=[old]).event(events.distributor.BeneficiaryProposed)
    assert (event.grant, event.beneficiary, event.successor) == (grant, old.pubkey(), new.pubkey())
    assert made.grant(grant).beneficiary == old.pubkey()
    accept = ix.distributor.accept_beneficiary(successor=new.pubkey(), grant=grant)
    taken = made.send(accept, signers=[new]).event(events.distributor.BeneficiaryAccepted)
    assert (taken.grant, taken.beneficiary, taken.seq) == (grant, new.pubkey(), event.seq + 1)
    found = made.grant(grant)
    assert (found.beneficiary, found.granted_to) == (new.pubkey(), old.pubkey())
    assert found.pending_beneficiary == Pubkey.default()
    late = made.release(grant, destination=world.io_account(old.pubkey()))
    world.refused(late, errors.distributor.WrongDestination)
    made.send(made.release(grant))
    assert world.balance(world.io_account(new.pubkey())) == 333
    world.refused(accept, errors.distributor.NotPendingBeneficiary, signers=[new])
    again = ix.distributor.set_beneficiary(beneficiary=old.pubkey(), grant=grant, successor=old.pubkey())
    world.refused(again, errors.distributor.NotBeneficiary, signers=[old])


def test_nobody_makes_himself_the_beneficiary(made: Distribution) -> None:
    world, who, thief = made.world, made.world.actor(), made.world.actor()
    grant = made.make_grant(who.pubkey(), schedule())
    accept = ix.distributor.accept_beneficiary(successor=thief.pubkey(), grant=grant)
    world.refused(accept, errors.distributor.NotPendingBeneficiary, signers=[thief])

    def name(by: Keypair, successor: Pubkey) -> Any:
        return ix.distributor.set_beneficiary(beneficiary=by.pubkey(), grant=grant, successor=successor)

    world.refused(name(thief, thief.pubkey()), errors.distributor.NotBeneficiary, signers=[thief])
    # Not even the authority.
    theirs = ix.distributor.set_beneficiary(beneficiary=world.deployer, grant=grant, successor=world.deployer)
    world.refused(theirs, errors.distributor.NotBeneficiary)
    # Named, and taken back.
    world.send(name(who, thief.pubkey()), signers=[who])
    world.send(name(who, Pubkey.default()), signers=[who])
    world.refused(accept, errors.distributor.NotPendingBeneficiary, signers=[thief])
