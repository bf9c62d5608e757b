"""The staking program: proposals to slash a node, appeals, decisions, and what is burned.

Alice's node has 500 IO of her own. At most 1 % of all active stake is burned in seven days; tests of larger
amounts put as much stake as they need on nodes that nobody looks at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from tests.programs.market import TERMINAL, TWO_HOURS, Market
from tests.programs.people import TOKEN, Supplier
from tests.programs.support import DAY, HOUR
from tests.programs.test_staking_owner import FORTNIGHT, NODE, u64
from tests.programs.test_staking_setup import params

from ionet import accounts, errors, events, ix, pda, token_account
from ionet.administration.shards import stake_shards

APPEAL: Final = 30 * DAY
DECISION: Final = 30 * DAY
#: A day more than the seven within which slashes are limited.
WEEK: Final = 8 * DAY
EVIDENCE: Final = hashlib.sha256(b"evidence").digest()


def address(market: Market, nonce: int = 0, *, of: Supplier | None = None) -> Pubkey:
    return pda.staking.slash((of or market.alice).node, nonce)


def proposing(market: Market, amount: int, nonce: int = 0, **given: Any) -> Instruction:
    return market.staking("propose_slash", nonce=nonce, amount=amount, evidence_hash=EVIDENCE, **given)


def about(market: Market, name: str, nonce: int = 0, **given: Any) -> Instruction:
    """An instruction about a slash of alice's node."""
    return market.staking(name, **{"slash": address(market, nonce), **given})


def shards(market: Market) -> list[AccountMeta]:
    """All stake shards but the one of alice's node."""
    return [AccountMeta(one, False, False) for one in stake_shards() if one != market.alice.shard]


def setting(market: Market, nonce: int = 0, **given: Any) -> Instruction:
    return about(market, "set_apart_slash", nonce, **given)


def executing(
    market: Market, nonce: int = 0, *, others: Iterable[AccountMeta] | None = None, **given: Any
) -> Instruction:
    given["remaining_accounts"] = tuple(shards(market) if others is None else others)
    return about(market, "execute_slash", nonce, **given)


def stake_elsewhere(market: Market, amount: int) -> None:
    """Puts active stake on nodes of another shard."""
    other = shards(market)[0].pubkey
    data, at = market.world.raw(other), accounts.staking.StakeShard.OFFSETS["active"] + 8
    changed = bytearray(data.data)
    changed[at : at + 8] = u64(amount)
    market.world.client.network.set_account(
        other, lamports=data.lamports, data=bytes(changed), owner=data.owner
    )


def slash(market: Market, nonce: int = 0) -> accounts.staking.Slash:
    return market.world.client.fetch(accounts.staking.Slash, address(market, nonce))


def proposed(market: Market, amount: int, nonce: int = 0) -> None:
    market.send(proposing(market, amount, nonce))


def decided(market: Market, amount: int, nonce: int = 0) -> None:
    """Proposed, appealed and decided as proposed."""
    proposed(market, amount, nonce)
    market.send(about(market, "appeal", nonce))
    market.send(about(market, "resolve_slash", nonce, amount=amount))


def every_kind_of_stake(market: Market) -> None:
    """Alice: 70 IO of rewards, 200 active, 100 pending, 300 cooling; carol: 250 active, 30 of rewards."""
    market.unbounded()
    market.co_stake(market.carol, 250 * TOKEN)
    market.activate_all(market.carol)
    # 100 · 250 / 750 · 0.9 = 30.
    market.send(market.credit(market.publish({market.alice.node: 100 * TOKEN})))
    market.send(market.staking("owner_unstake", amount=300 * TOKEN))
    market.send(market.staking("owner_stake", amount=100 * TOKEN))
    own, co = market.node().own, market.node().co
    assert (own.due, own.active, own.pending) == (70 * TOKEN, 200 * TOKEN, 100 * TOKEN)
    assert (own.cooling.slots[0].amount, co.tokens, co.owed) == (300 * TOKEN, 250 * TOKEN, 30 * TOKEN)
    stake_elsewhere(market, 1_000_000 * TOKEN)


# -- without an appeal


def test_a_slash_that_is_not_appealed_burns_the_owners_stake_after_30_days(market: Market) -> None:
    stake_elsewhere(market, 9_500 * TOKEN)
    rich = market.world.client.account(market.people.slasher.pubkey())
    assert rich is not None
    sent = market.send(proposing(market, 100 * TOKEN))
    at, event = market.world.now, sent.event(events.staking.SlashProposed)
    assert event == events.staking.SlashProposed(
        seq=market.node().seq,
        slash=address(market),
        node=market.alice.node,
        amount=100 * TOKEN,
        evidence_hash=EVIDENCE,
        fraud=False,
        frozen=100 * TOKEN,
    )
    found = slash(market)
    assert (found.proposer, found.amount, found.burned) == (market.people.slasher.pubkey(), 100 * TOKEN, 0)
    assert (found.proposed_at, found.appeal_until) == (at, at + APPEAL)
    assert market.node().frozen == 100 * TOKEN

    market.world.advance(APPEAL - 1)
    market.refused(setting(market), errors.staking.NotExecutable)
    market.world.advance(1)
    supply, caller = market.world.supply, market.actor()
    market.refused(executing(market), errors.staking.NotExecutable)
    apart = market.world.call(setting(market)).paid_by(caller).send().event(events.staking.SlashSetApart)
    assert (apart.amount, apart.left, apart.terminal) == (100 * TOKEN, 0, False)
    assert (apart.totals.own_active, apart.totals.set_apart) == (400 * TOKEN, 100 * TOKEN)
    market.check()
    assert market.world.supply == supply
    done = market.world.call(executing(market)).paid_by(caller).send().event(events.staking.Slashed)
    # 1 % of 9,900 IO: what was set apart is no stake any more.
    assert (done.amount, done.left, done.by_decision) == (99 * TOKEN, TOKEN, False)
    assert (done.totals.own_active, done.totals.set_apart) == (400 * TOKEN, TOKEN)
    market.refused(about(market, "close_slash"), errors.staking.SlashOpen)
    market.world.advance(WEEK)
    market.send(executing(market))
    assert market.world.supply == supply - 100 * TOKEN
    market.check()
    node = market.node()
    assert (node.own.active, node.frozen, node.own_snapshot.now) == (400 * TOKEN, 0, 400 * TOKEN)
    assert node.state == 0

    closed = market.send(about(market, "close_slash")).event(events.staking.SlashClosed)
    assert (closed.burned, closed.lapsed, closed.frozen) == (100 * TOKEN, 0, 0)
    assert market.world.client.account(address(market)) is None
    after = market.world.client.account(market.people.slasher.pubkey())
    assert after is not None
    assert after.lamports == rich.lamports


def test_nobody_is_paid_for_a_slash(market: Market) -> None:
    """slash_paid_to_caller: what is burned is burned, whoever proposes, decides or executes."""
    stake_elsewhere(market, 1_000_000 * TOKEN)
    wallets = [
        market.world.io_account(one.pubkey()) for one in (market.people.slasher, market.people.resolver)
    ]
    wallets.append(market.world.io_account(market.world.deployer))
    before, supply = [market.world.balance(one) for one in wallets], market.world.supply
    decided(market, 500 * TOKEN)
    market.send(setting(market), executing(market))
    assert [market.world.balance(one) for one in wallets] == before
    assert market.world.supply == supply - 500 * TOKEN
    assert market.world.balance(market.alice.vault) == 0


def test_it_lapses_when_nobody_executes_it_for_14_days(market: Market) -> None:
    proposed(market, 5 * TOKEN)
    market.world.advance(APPEAL + FORTNIGHT)
    market.refused(about(market, "close_slash"), errors.staking.SlashOpen)
    market.world.advance(1)
    market.refused(setting(market), errors.staking.NotExecutable)
    closed = market.send(about(market, "close_slash")).event(events.staking.SlashClosed)
    assert (closed.burned, closed.lapsed, closed.frozen) == (0, 5 * TOKEN, 0)
    assert market.node().own.active == 500 * TOKEN


def test_it_can_be_set_apart_until_the_end_of_the_fourteenth_day_and_then_does_not_lapse(
    market: Market,
) -> None:
    stake_elsewhere(market, 1_000 * TOKEN)
    proposed(market, 5 * TOKEN)
    market.world.advance(APPEAL + FORTNIGHT)
    market.send(setting(market))
    market.world.advance(400 * DAY)
    assert market.send(executing(market)).event(events.staking.Slashed).amount == 5 * TOKEN


def test_after_a_lapse_no_other_is_proposed_for_30_days(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    proposed(market, 5 * TOKEN)
    market.world.advance(APPEAL + FORTNIGHT + 3 * DAY)
    market.send(about(market, "close_slash"))
    # From the lapse on, not from its closing, and of this node only.
    market.world.advance(27 * DAY - 1)
    market.refused(proposing(market, 1, 1), errors.staking.SlashPause)
    market.send(proposing(market, 1, of=market.bob))
    market.world.advance(1)
    market.send(proposing(market, 1, 1))


def test_the_authority_takes_a_slash_back(market: Market) -> None:
    stake_elsewhere(market, 100 * TOKEN)
    proposed(market, 100 * TOKEN)
    proposed(market, 50 * TOKEN, 1)
    market.world.advance(APPEAL)
    market.send(setting(market))
    market.send(executing(market))
    burned = slash(market).burned
    purse = token_account(market.alice.key, pda.mint.MINT)

    def cancel(nonce: int = 0, **given: Any) -> Instruction:
        usual = {"authority": market.world.deployer, "destination": purse}
        return about(market, "cancel_slash", nonce, **{**usual, **given})

    thief = token_account(market.carol.pubkey(), pda.mint.MINT)
    market.refused(cancel(authority=market.carol.pubkey()), errors.staking.NotAuthority)
    market.refused(cancel(destination=thief), errors.staking.WrongDestination)
    before = market.world.balance(purse)
    event = market.send(cancel()).event(events.staking.SlashCancelled)
    assert (event.freed, event.returned, event.owner) == (0, 100 * TOKEN - burned, market.alice.key)
    assert market.world.balance(purse) == before + 100 * TOKEN - burned
    market.refused(cancel(), errors.staking.NotExecutable)
    event = market.send(cancel(1)).event(events.staking.SlashCancelled)
    assert (event.freed, event.returned, event.frozen) == (50 * TOKEN, 0, 0)
    market.refused(setting(market, 1), errors.staking.NotExecutable)
    for nonce in (0, 1):
        market.send(about(market, "close_slash", nonce))
    proposed(market, 50 * TOKEN, 2)
    market.send(about(market, "appeal", 2))
    market.send(about(market, "resolve_slash", 2, amount=10 * TOKEN))
    market.refused(cancel(2), errors.staking.SlashDecided)


def test_rewards_go_first_then_stake_then_what_cools(market: Market) -> None:
    every_kind_of_stake(market)
    taken = [60, 160, 120, 60]
    left = [(10, 200, 100, 300), (0, 50, 100, 300), (0, 0, 30, 300), (0, 0, 0, 270)]
    for nonce, amount in enumerate(taken):
        proposed(market, amount * TOKEN, nonce)
    market.world.advance(APPEAL)
    for nonce, expected in enumerate(left):
        market.send(setting(market, nonce))
        own = market.node().own
        parts = (own.due, own.active, own.pending, sum(one.amount for one in own.cooling.slots))
        assert parts == tuple(one * TOKEN for one in expected)
    co = market.node().co
    assert (co.tokens, co.shares, co.owed) == (250 * TOKEN, 250 * TOKEN, 30 * TOKEN)


def test_cooling_stake_is_slashed_too(market: Market) -> None:
    stake_elsewhere(market, 1_000_000 * TOKEN)
    market.send(market.staking("owner_unstake", amount=500 * TOKEN))
    assert market.node().own.active == 0
    proposed(market, 200 * TOKEN)
    market.world.advance(APPEAL)
    market.refused(market.staking("owner_withdraw"), errors.staking.Frozen)
    market.send(setting(market))
    assert market.send(market.staking("owner_withdraw")).event(events.staking.Withdrawn).amount == 300 * TOKEN
    assert market.world.balance(market.alice.vault) == 200 * TOKEN
    market.send(executing(market))
    assert market.world.balance(market.alice.vault) == 0


# -- what it holds back


def test_open_proposals_hold_back_the_owners_side_and_nothing_else(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN)
    market.send(market.staking("owner_stake", amount=100 * TOKEN))
    proposed(market, 300 * TOKEN)
    proposed(market, 250 * TOKEN, 1)
    found = market.refused(market.staking("owner_unstake", amount=51 * TOKEN), errors.staking.Frozen)
    assert found.compared == (str(549 * TOKEN), str(550 * TOKEN))
    market.send(market.staking("owner_unstake", amount=50 * TOKEN))
    market.send(market.staking("unstake", amount=100 * TOKEN))


def test_co_stakers_cannot_run_ahead_of_a_slash_that_reaches_them(market: Market) -> None:
    """slash_bank_run: while proposals exceed the owner's side, all co-stakers wait alike."""
    market.co_stake(market.carol, 200 * TOKEN)
    market.co_stake(market.dave, 100 * TOKEN)
    market.activate_all(market.carol, market.dave)
    stake_elsewhere(market, 1_000_000 * TOKEN)
    market.send(market.staking("unstake", amount=200 * TOKEN))
    market.world.advance(FORTNIGHT)
    decided(market, 650 * TOKEN)
    market.refused(market.staking("withdraw"), errors.staking.CoExitFrozen)
    market.refused(market.staking("owner_withdraw"), errors.staking.NothingReady)
    market.send(setting(market), executing(market))
    # Half of the co-stakers' 300 is left: carol and dave bear it alike, cooling or not.
    carol = market.purse(market.carol)
    market.send(market.staking("withdraw"))
    assert market.purse(market.carol) == carol + 100 * TOKEN
    market.send(market.staking("unstake", by=market.dave, amount=100 * TOKEN))
    market.world.advance(FORTNIGHT)
    dave = market.purse(market.dave)
    market.send(market.staking("withdraw", by=market.dave))
    assert market.purse(market.dave) == dave + 50 * TOKEN
    assert market.world.balance(market.alice.vault) == 0


def test_pending_co_stake_waits_too(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN)
    proposed(market, 500 * TOKEN + 1)
    market.refused(market.staking("unstake", amount=1), errors.staking.CoExitFrozen)
    market.world.advance(APPEAL + FORTNIGHT + 1)
    market.send(about(market, "close_slash"))
    market.send(market.staking("unstake", amount=100 * TOKEN))


def test_what_one_proposal_holds_back_another_cannot(market: Market) -> None:
    proposed(market, 300 * TOKEN)
    found = market.refused(proposing(market, 200 * TOKEN + 1, 1), errors.staking.SlashAboveStake)
    assert found.compared == (str(500 * TOKEN), str(500 * TOKEN + 1))
    proposed(market, 200 * TOKEN, 1)


# -- beyond the owner's side


def test_without_a_decision_co_stakers_lose_nothing(market: Market) -> None:
    every_kind_of_stake(market)
    proposed(market, 690 * TOKEN)
    market.world.advance(APPEAL)
    event = market.send(setting(market)).event(events.staking.SlashSetApart)
    assert (event.amount, event.left, event.terminal) == (670 * TOKEN, 20 * TOKEN, False)
    market.refused(setting(market), errors.staking.NotExecutable)
    market.refused(market.staking("unstake", amount=0), errors.staking.ZeroAmount)
    assert market.node().co.tokens == 250 * TOKEN


def test_a_loss_of_co_stakers_ends_the_node_and_is_shared(market: Market) -> None:
    every_kind_of_stake(market)
    proposed(market, 690 * TOKEN)
    market.world.advance(APPEAL)
    market.send(setting(market), executing(market))
    less = about(market, "resolve_slash", amount=669 * TOKEN)
    market.refused(less, errors.staking.SlashSetApart)
    resolved = market.send(about(market, "resolve_slash", amount=690 * TOKEN))
    assert resolved.event(events.staking.SlashResolved).freed == 0
    event = market.send(setting(market)).event(events.staking.SlashSetApart)
    assert (event.amount, event.left, event.terminal) == (20 * TOKEN, 0, True)
    node = market.node()
    assert (node.state, node.co.tokens, node.co.shares) == (TERMINAL, 230 * TOKEN, 250 * TOKEN)
    assert (node.own_snapshot.now, node.co_snapshot.now) == (0, 0)
    # It takes no stake, no credit and no booking any more; what is left of it leaves.
    market.refused(market.staking("stake", amount=TOKEN), errors.staking.NodeNotLive)
    market.refused(market.staking("owner_stake", amount=TOKEN), errors.staking.NodeNotLive)
    market.refused(market.staking("open_position", by=market.dave), errors.staking.NodeNotLive)
    market.refused(market.booking(TWO_HOURS), errors.jobs.NodeNotLive)
    carol = market.purse(market.carol)
    market.send(market.staking("claim"))
    market.send(market.staking("unstake", amount=250 * TOKEN))
    market.world.advance(FORTNIGHT)
    market.send(market.staking("withdraw"))
    # The accumulator kept a unit.
    assert market.purse(market.carol) == carol + 260 * TOKEN - 1


def fraud(market: Market, amount: int, nonce: int = 0) -> Instruction:
    """A proposal that names fraud."""
    return proposing(market, amount, nonce, fraud=True, remaining_accounts=tuple(shards(market)))


def decided_fraud(market: Market, amount: int) -> None:
    market.send(fraud(market, amount))
    market.send(about(market, "appeal"))
    market.send(about(market, "resolve_slash", amount=amount))


def test_fraud_ends_the_node_and_what_its_leaves_prove_is_burned_on_both_sides(market: Market) -> None:
    every_kind_of_stake(market)
    made = market.publish({market.alice.node: 130 * TOKEN})
    forfeit = market.staking("forfeit_reward", report=made.address, leaf=made.leaf(market.alice.node))
    market.refused(forfeit, errors.staking.NodeNotTerminal)
    market.send(fraud(market, 500 * TOKEN))
    market.refused(market.credit(made), errors.staking.CreditStopped)
    market.send(about(market, "appeal"))
    event = market.send(about(market, "resolve_slash", amount=500 * TOKEN))
    assert event.event(events.staking.SlashResolved).terminal
    node = market.node()
    assert (node.state, node.closed_at, node.stopped_since) == (TERMINAL, market.world.now, 0)
    market.refused(market.credit(made), errors.staking.NodeTerminal)
    market.poke(market.alice.node, NODE, "credit_frozen_until", u64(market.world.now + DAY))
    market.refused(forfeit, errors.staking.CreditFrozen)
    market.world.advance(DAY)
    supply, vault = market.world.supply, market.world.balance(pda.mint.EMISSION_VAULT)
    done = market.send(forfeit).event(events.staking.Forfeited)
    assert (done.amount, done.credited, done.credited_total) == (30 * TOKEN, 130 * TOKEN, 130 * TOKEN)
    assert done.credited_through == market.node().credited_through == made.report.period_end
    assert market.world.supply == supply - 30 * TOKEN
    assert market.world.balance(pda.mint.EMISSION_VAULT) == vault - 30 * TOKEN
    market.refused(forfeit, errors.staking.NothingToClaim)
    # Nothing stays late: nothing more can be credited.
    market.send(market.settling(market.carol))
    assert (market.node().own.late, market.node().co.late) == (0, 0)


def test_a_cheat_cannot_close_the_case_by_having_it_burned_in_time(market: Market) -> None:
    stake_elsewhere(market, 1_000_000 * TOKEN)
    market.send(fraud(market, 100 * TOKEN))
    market.world.advance(APPEAL)
    market.send(setting(market), executing(market))
    assert slash(market).burned == 100 * TOKEN
    market.refused(about(market, "close_slash"), errors.staking.SlashOpen)
    market.refused(market.credit(market.publish({market.alice.node: 1})), errors.staking.CreditStopped)
    market.send(about(market, "resolve_slash", amount=100 * TOKEN))
    assert market.node().state == TERMINAL
    market.send(about(market, "close_slash"))


def test_only_fraud_stops_credit_and_the_time_is_given_back(market: Market) -> None:
    market.unbounded()
    made = market.publish({market.alice.node: 10})
    proposed(market, TOKEN)
    market.send(fraud(market, TOKEN, 1))
    market.refused(fraud(market, TOKEN, 2), errors.staking.CreditStopped)
    begun = market.world.now
    market.refused(market.credit(made), errors.staking.CreditStopped)
    market.world.advance(APPEAL + FORTNIGHT + 1)
    market.refused(market.credit(made), errors.staking.ReportTooOld)
    market.send(about(market, "close_slash", 1))
    assert market.node().stopped == market.world.now - begun
    assert market.send(market.credit(made)).event(events.staking.Credited).amount == 10


def test_stopped_nodes_have_a_tenth_of_all_stake_but_one_may_always_be(market: Market) -> None:
    """Else one base unit, proposed for, stops anybody's rewards, or a large cheat cannot be stopped."""
    market.join(market.bob, 500 * TOKEN)
    bobs = tuple(AccountMeta(one, False, False) for one in stake_shards() if one != market.bob.shard)
    second = proposing(market, 1, of=market.bob, fraud=True, remaining_accounts=bobs)
    market.send(fraud(market, 1))
    found = market.refused(second, errors.staking.StopLimit)
    assert found.compared == (str(100 * TOKEN), str(1_000 * TOKEN))
    missing = proposing(market, 1, of=market.bob, fraud=True)
    market.refused(missing, errors.staking.ShardsMissing)
    market.send(about(market, "cancel_slash", authority=market.world.deployer))
    market.send(second)


def test_a_leaf_is_checked_before_it_is_burned(market: Market) -> None:
    every_kind_of_stake(market)
    decided_fraud(market, 500 * TOKEN)
    made = market.publish({market.alice.node: 130 * TOKEN}, total=110 * TOKEN)
    leaf = made.leaf(market.alice.node)

    def forfeit(**given: Any) -> Instruction:
        return market.staking("forfeit_reward", **{"report": made.address, "leaf": leaf, **given})

    market.refused(forfeit(report=market.alice.node), errors.staking.NotAReport)
    more = made.leaf(market.alice.node, lifetime=131 * TOKEN)
    market.refused(forfeit(leaf=more), errors.staking.WrongProof)
    market.refused(forfeit(), errors.staking.ReportExhausted)
    market.refused(forfeit(emission_vault=market.alice.vault), errors.staking.WrongVault)
    market.world.advance(30 * DAY + 1)
    market.refused(forfeit(), errors.staking.ReportTooOld)


# -- appeals


def test_an_appeal_waits_for_the_resolver_who_may_lower_it(market: Market) -> None:
    stake_elsewhere(market, 1_000_000 * TOKEN)
    proposed(market, 100 * TOKEN)
    appealed = market.send(about(market, "appeal")).event(events.staking.SlashAppealed)
    assert (appealed.node, appealed.by) == (market.alice.node, market.alice.key)
    market.world.advance(DECISION)
    market.refused(setting(market), errors.staking.NotExecutable)
    event = market.send(about(market, "resolve_slash", amount=60 * TOKEN)).event(events.staking.SlashResolved)
    assert (event.amount, event.freed, event.frozen) == (60 * TOKEN, 40 * TOKEN, 60 * TOKEN)
    market.refused(about(market, "resolve_slash", amount=60 * TOKEN), errors.staking.NotDecidable)
    # What was decided does not lapse.
    market.world.advance(400 * DAY)
    market.refused(about(market, "close_slash"), errors.staking.SlashOpen)
    sent = market.send(setting(market), executing(market))
    assert sent.event(events.staking.Slashed).amount == 60 * TOKEN
    assert market.node().own.active == 440 * TOKEN


def test_an_appeal_that_is_not_decided_in_30_days_ends_the_slash(market: Market) -> None:
    proposed(market, 100 * TOKEN)
    market.send(about(market, "appeal"))
    market.world.advance(DECISION)
    market.refused(about(market, "close_slash"), errors.staking.SlashOpen)
    market.world.advance(1)
    market.refused(about(market, "resolve_slash", amount=1), errors.staking.NotDecidable)
    market.refused(setting(market), errors.staking.NotExecutable)
    market.send(about(market, "close_slash"))
    assert market.node().frozen == 0


def test_a_resolver_may_dismiss_it(market: Market) -> None:
    proposed(market, 100 * TOKEN)
    market.send(about(market, "appeal"))
    market.send(about(market, "resolve_slash", amount=0))
    market.refused(setting(market), errors.staking.NotExecutable)
    market.send(about(market, "close_slash"))
    assert market.node().own.active == 500 * TOKEN


def test_an_appeal_is_the_owners_once_and_in_time(market: Market) -> None:
    proposed(market, 100 * TOKEN)
    market.refused(about(market, "appeal", owner=market.carol.pubkey()), errors.staking.NotNodeOwner)
    market.send(about(market, "appeal"))
    market.refused(about(market, "appeal"), errors.staking.AppealClosed)
    proposed(market, 100 * TOKEN, 1)
    market.world.advance(APPEAL)
    market.refused(about(market, "appeal", 1), errors.staking.AppealClosed)


def test_a_decision_comes_after_the_time_for_an_appeal_and_raises_nothing(market: Market) -> None:
    proposed(market, 100 * TOKEN)
    resolve = about(market, "resolve_slash", amount=100 * TOKEN)
    market.refused(resolve, errors.staking.NotDecidable)
    market.world.advance(APPEAL)
    market.refused(about(market, "resolve_slash", amount=100 * TOKEN + 1), errors.staking.SlashRaised)
    wrong = about(market, "resolve_slash", amount=1, resolver=market.people.slasher.pubkey())
    market.refused(wrong, errors.staking.NotResolver)
    market.world.advance(FORTNIGHT + 1)
    market.refused(resolve, errors.staking.NotDecidable)


def test_the_time_for_an_appeal_is_that_of_the_day_of_the_proposal(market: Market) -> None:
    """stale_after_config_change: a shorter time for appeals does not cut that of an open slash."""
    proposed(market, 5 * TOKEN)
    shorter = params(market, appeal=7 * DAY)
    market.send(ix.staking.set_params(authority=market.world.deployer, params=shorter))
    proposed(market, 5 * TOKEN, 1)
    market.world.advance(7 * DAY)
    market.refused(setting(market), errors.staking.NotExecutable)
    market.send(setting(market, 1))
    market.send(about(market, "appeal"))


@pytest.mark.parametrize("appeal", [7 * DAY - 1, 60 * DAY + 1])
def test_an_appeal_takes_7_to_60_days(market: Market, appeal: int) -> None:
    wrong = ix.staking.set_params(authority=market.world.deployer, params=params(market, appeal=appeal))
    market.refused(wrong, errors.staking.AppealOutOfBounds)


# -- limits


def test_one_per_cent_of_all_stake_is_burned_in_seven_days_without_a_decision(market: Market) -> None:
    # 1 % of the 480 that alice has left; what is set apart waits and does not lapse.
    proposed(market, 20 * TOKEN)
    market.world.advance(APPEAL)
    event = market.send(setting(market), executing(market)).event(events.staking.Slashed)
    assert (event.amount, event.left) == (480 * TOKEN // 100, 1_520_000_000)
    market.refused(executing(market), errors.staking.SlashLimit)
    market.world.advance(7 * DAY)
    market.refused(executing(market), errors.staking.SlashLimit)
    market.world.advance(DAY)
    assert market.send(executing(market)).event(events.staking.Slashed).amount == 480 * TOKEN // 100


def test_a_tenth_of_all_stake_is_burned_in_seven_days_by_decision(market: Market) -> None:
    decided(market, 100 * TOKEN)
    event = market.send(setting(market), executing(market)).event(events.staking.Slashed)
    assert (event.amount, event.left, event.by_decision) == (40 * TOKEN, 60 * TOKEN, True)
    market.refused(executing(market), errors.staking.SlashLimit)
    # The other limit has its own room.
    proposed(market, TOKEN, 1)
    market.world.advance(APPEAL)
    assert market.send(setting(market, 1), executing(market, 1)).event(events.staking.Slashed).amount == TOKEN


def test_nodes_share_the_limit(market: Market) -> None:
    market.join(market.bob, 500 * TOKEN)
    proposed(market, 8 * TOKEN)
    market.send(proposing(market, 8 * TOKEN, of=market.bob))
    market.world.advance(APPEAL)
    market.send(setting(market), executing(market))
    theirs = address(market, of=market.bob)
    market.send(market.staking("set_apart_slash", of=market.bob, slash=theirs))
    bobs = market.staking(
        "execute_slash",
        of=market.bob,
        slash=theirs,
        remaining_accounts=tuple(
            AccountMeta(one, False, False) for one in stake_shards() if one != market.bob.shard
        ),
    )
    # 1 % of 984 IO, of which alice's slash took 8.
    assert market.send(bobs).event(events.staking.Slashed).amount == 184 * TOKEN // 100


def test_all_shards_are_counted_once(market: Market) -> None:
    proposed(market, 5 * TOKEN)
    market.world.advance(APPEAL)
    market.send(setting(market))
    every = shards(market)
    own = AccountMeta(market.alice.shard, False, False)
    for others in ([], every[:-1], [*every[:-1], every[0]], [*every[:-1], own], [*every, own]):
        market.refused(executing(market, others=others), errors.staking.ShardsMissing)
    foreign = AccountMeta(market.alice.node, False, False)
    market.refused(executing(market, others=[*every[:-1], foreign]), "AccountDiscriminatorMismatch")
    market.refused(executing(market, shard=every[0].pubkey), errors.staking.WrongShard)
    market.send(executing(market, others=reversed(every)))


# -- who, and about what


def test_only_the_slasher_proposes_and_something(market: Market) -> None:
    for other in (market.people.resolver, market.alice.owner):
        market.refused(proposing(market, 1, slasher=other.pubkey()), errors.staking.NotSlasher)
    market.refused(proposing(market, 0), errors.staking.ZeroAmount)
    market.refused(proposing(market, 500 * TOKEN + 1), errors.staking.SlashAboveStake)
    proposed(market, 1)
    market.refused(proposing(market, 1), "AccountAlreadyInUse")


def test_a_slash_is_of_its_own_node(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    market.send(proposing(market, 5 * TOKEN, of=market.bob))
    theirs = address(market, of=market.bob)
    for name, more in (("appeal", {}), ("resolve_slash", {"amount": 1}), ("close_slash", {})):
        market.refused(about(market, name, slash=theirs, **more), errors.staking.WrongNode)
    market.world.advance(APPEAL)
    market.refused(setting(market, slash=theirs), errors.staking.WrongNode)
    market.refused(executing(market, slash=theirs), errors.staking.WrongNode)


def test_it_burns_out_of_the_nodes_vault_alone(market: Market) -> None:
    proposed(market, 5 * TOKEN)
    market.world.advance(APPEAL)
    market.send(setting(market))
    market.refused(executing(market, vault=pda.mint.EMISSION_VAULT), errors.staking.WrongVault)


def test_the_rent_goes_back_to_who_paid_it(market: Market) -> None:
    proposed(market, 5 * TOKEN)
    market.world.advance(APPEAL + FORTNIGHT + HOUR)
    wrong = about(market, "close_slash", proposer=market.carol.pubkey())
    market.refused(wrong, errors.staking.WrongRentPayer)
    market.refused(about(market, "resolve_slash", amount=1), errors.staking.NotDecidable)
    market.send(about(market, "close_slash"))
