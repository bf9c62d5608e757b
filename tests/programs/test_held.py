"""What was tried on stake, credits, slashes and bookings, and is refused."""

from __future__ import annotations

import pytest
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import approve
from spl.token.models import ApproveParams
from tests.programs.market import IO_MINT, Market
from tests.programs.people import TOKEN, Supplier
from tests.programs.support import DAY, HOUR, MINUTE
from tests.programs.test_devices import passed_on
from tests.programs.test_slashing import about, executing, proposed, setting, shards, stake_elsewhere
from tests.programs.test_staking_owner import FORTNIGHT

from ionet import accounts, errors, pda, token_account
from ionet.chain.errors import TransactionFailed


def test_nobody_books_out_of_an_allowance_of_somebody_else(market: Market) -> None:
    market.set_price()
    owner, session = market.renter.pubkey(), market.actor().pubkey()
    purse = token_account(owner, IO_MINT)

    def allow(delegate: Pubkey, amount: int) -> None:
        params = ApproveParams(
            program_id=TOKEN_PROGRAM_ID, source=purse, delegate=delegate, owner=owner, amount=amount
        )
        market.send(approve(params))

    for delegate in (session, pda.jobs.CONFIG, pda.jobs.job(market.alice.offer, market.offer().nonce + 1)):
        allow(delegate, 2**63)
        for thief in (market.dave.pubkey(), market.alice.key):
            market.refused(market.booking(payer=thief, refund_to=thief, source=purse), "OwnerMismatch")
    allow(session, 10)
    above = market.booking(payer=session, refund_to=session, source=purse)
    market.refused(above, "InsufficientFunds")


def test_no_escrow_pays_for_another_job(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    job = market.run()
    market.set_price()
    escrow = market.job(job).escrow
    market.refused(market.booking(of=market.bob, by=market.dave, source=escrow), "OwnerMismatch")
    market.refused(market.jobs("extend", job, seconds=HOUR, source=escrow), "OwnerMismatch")


def position(of: Supplier, market: Market, *, writable: bool = True) -> AccountMeta:
    """Carol's on a supplier's node."""
    return AccountMeta(pda.staking.position(of.node, market.carol.pubkey()), False, writable)


def test_changes_are_settled_once_and_of_the_nodes_own_positions(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    market.co_stake(market.carol, 100 * TOKEN)
    market.co_stake(market.carol, 50 * TOKEN, of=market.bob)
    market.credited_until_now()
    market.send(market.settling(market.carol, market.carol, market.carol))
    assert market.node().co.active == 100 * TOKEN
    for wrong, error in (
        (position(market.bob, market), errors.staking.WrongNode),
        (position(market.alice, market, writable=False), "AccountNotMutable"),
    ):
        market.refused(market.staking("settle_changes", remaining_accounts=[wrong]), error)
    itself = AccountMeta(market.alice.node, False, True)
    with pytest.raises(TransactionFailed, match="AccountBorrowFailed"):
        market.send(market.staking("settle_changes", remaining_accounts=[itself]))


def test_a_credit_settles_the_nodes_own_positions_alone(market: Market) -> None:
    market.unbounded()
    market.join(market.bob, 300 * TOKEN)
    market.co_stake(market.carol, 50 * TOKEN, of=market.bob)
    made = market.publish({market.alice.node: 100})
    foreign, mine = position(market.bob, market), AccountMeta(market.alice.shard, False, True)
    other = AccountMeta(shards(market)[0].pubkey, False, True)
    for wrong, error in (
        ([mine, foreign], errors.staking.WrongNode),
        ([foreign], "AccountDiscriminatorMismatch"),
        ([other], errors.staking.WrongShard),
        ([AccountMeta(market.alice.shard, False, False)], "AccountNotMutable"),
    ):
        market.refused(market.credit(made, remaining_accounts=wrong), error)
    market.send(market.credit(made), market.credit(made))
    assert market.node().credited == 100


def test_a_slash_is_set_apart_once_and_goes_back_to_its_owner_alone(market: Market) -> None:
    stake_elsewhere(market, 9_500 * TOKEN)
    proposed(market, 100 * TOKEN)
    market.refused(setting(market), errors.staking.NotExecutable)
    market.world.advance(30 * DAY)
    market.send(setting(market))
    market.refused(setting(market), errors.staking.NotExecutable)
    some = shards(market)
    mine = AccountMeta(market.alice.shard, False, False)
    for twice in ([some[0]] * 15, [*some[:14], mine]):
        market.refused(executing(market, others=twice), errors.staking.ShardsMissing)
    by, alice = market.world.deployer, token_account(market.alice.key, IO_MINT)
    for thief in (token_account(market.bob.key, IO_MINT), market.alice.vault):
        theft = about(market, "cancel_slash", authority=by, destination=thief)
        market.refused(theft, errors.staking.WrongDestination)
    cancel = about(market, "cancel_slash", authority=by, destination=alice)
    market.send(cancel)
    market.refused(cancel, errors.staking.NotExecutable)
    market.refused(executing(market), errors.staking.NotExecutable)


def test_a_former_owner_is_expelled_and_paid_once(market: Market) -> None:
    market.send(market.staking("retire_node"), market.staking("release_device"))
    market.send(market.staking("claim_device", of=passed_on(market)))
    market.refused(market.staking("expel_owner"), errors.staking.OwnerStays)
    market.world.advance(60 * DAY + 1)
    market.send(market.staking("expel_owner"))
    market.refused(market.staking("expel_owner"), errors.staking.FormerUnpaid)
    out = market.staking("withdraw_former", destination=token_account(market.alice.key, IO_MINT))
    market.refused(out, errors.staking.NothingReady)
    market.world.advance(FORTNIGHT)
    for thief in (token_account(market.bob.key, IO_MINT), market.alice.vault):
        theft = market.staking("withdraw_former", destination=thief)
        market.refused(theft, errors.staking.WrongDestination)
    market.send(out)
    market.refused(out, errors.staking.WrongDestination)


def test_late_pending_and_active_stake_of_one_owner_are_never_one(market: Market) -> None:
    market.unbounded()
    market.co_stake(market.carol, 400 * TOKEN)
    market.send(market.credit(market.publish({market.alice.node: 0})))
    market.send(market.staking("activate"))
    market.send(
        market.staking("owner_unstake", amount=300 * TOKEN), market.staking("owner_stake", amount=100 * TOKEN)
    )
    own = market.node().own
    assert (own.active, own.late, own.pending) == (200 * TOKEN, 300 * TOKEN, 100 * TOKEN)
    market.refused(market.staking("owner_activate"), errors.staking.StillPending)
    market.send(market.settling(market.carol))
    assert market.node().own.pending == 100 * TOKEN


def test_a_clock_that_goes_back_gives_no_lease_back(market: Market) -> None:
    job = market.book()
    market.world.advance(20 * MINUTE + 1)
    market.book()
    market.world.turn_back(20 * MINUTE)
    market.refused(market.jobs("start", job), errors.jobs.LeaseLost)
    market.refused(market.booking(nonce=market.offer().nonce + 1), errors.jobs.Leased)


def test_a_stopped_job_is_not_lost(market: Market) -> None:
    job = market.run()
    market.world.advance(MINUTE)
    market.send(market.jobs("stop", job))
    market.refused(market.jobs("lose", job), errors.jobs.Over)
    assert market.world.client.fetch(accounts.jobs.Job, job).ended_at == 0
