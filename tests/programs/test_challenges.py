"""The proofs program: reports that are refuted or voided, and challenges of single leaves.

A challenge's bond is 500 IO, the window of an approved report a day, and a challenge lasts seven days.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, Final

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.market import IO_MINT, Market
from tests.programs.people import TOKEN, Published
from tests.programs.support import DAY, HOUR, Proposal
from tests.programs.test_proofs import params

from ionet import IO, accounts, errors, events, ix, pda, token_account, types
from ionet.rewards import Verdict

PENDING, APPROVED, FINAL, VOID = range(4)
BOND: Final = 500 * TOKEN
WEEK: Final = 7 * DAY
EVIDENCE: Final = hashlib.sha256(b"evidence").digest()


@pytest.fixture
def market(market: Market) -> Market:
    """A market in which a day has passed, for which 46 IO can be credited."""
    market.world.advance(DAY)
    return market


def proposed(
    market: Market,
    lifetimes: dict[Pubkey, int],
    *,
    approved: bool = True,
    verdicts: dict[Pubkey, Verdict] | None = None,
) -> Published:
    """A report of the latest whole hour that is approved, or that only one attester has approved."""
    market.world.advance(HOUR)
    market.world.send(ix.mint.emit())
    report = market.rewards(lifetimes, verdicts=verdicts)
    start = market.world.mint_config.start
    hours = (report.period_end - start) // HOUR
    made = Proposal(market.world, hours, root=report.root, total=report.total, leaves=len(lifetimes))
    first, second = market.attesters
    market.send(made.report(first.pubkey()))
    if approved:
        market.send(made.approve(second.pubkey()))
    return Published(made.address, report)


def final(market: Market, published: Published) -> Published:
    market.world.advance(market.world.proofs_config.challenge_window)
    market.send(ix.proofs.finalize(report=published.address))
    return published


def refuting(market: Market, published: Published, node: Pubkey, **changes: Any) -> Instruction:
    leaf = leaf_of(published, node, **changes)
    return ix.proofs.refute(report=published.address, node=node, leaf=leaf)


def leaf_of(published: Published, node: Pubkey, **changes: Any) -> types.proofs.LeafArgs:
    """A node's leaf, as the proofs program takes it."""
    return published.proofs_leaf(node, **changes)


def showing(market: Market, published: Published, node: Pubkey | None = None, **changes: Any) -> Instruction:
    shown = node or market.alice.node
    return ix.proofs.show_verdict(
        report=published.address, node=shown, leaf=leaf_of(published, shown, **changes)
    )


def voiding(market: Market, published: Published, who: Pubkey | None = None) -> Instruction:
    return ix.proofs.void_report(guardian=who or market.world.deployer, report=published.address)


def challenging(
    market: Market, published: Published, *, by: Keypair | None = None, node: Pubkey | None = None
) -> Instruction:
    who = (by or market.carol).pubkey()
    return ix.proofs.challenge(
        challenger=who,
        report=published.address,
        node=node or market.alice.node,
        source=token_account(who, IO_MINT),
        evidence_hash=EVIDENCE,
    )


def about(market: Market, name: str, published: Published, **given: Any) -> Instruction:
    """`decide` or `lift_challenge` of carol's challenge of alice's leaf."""
    who = market.carol.pubkey()
    challenge = pda.proofs.challenge(published.address, market.alice.node)
    usual = {
        "challenge": challenge,
        "bond_vault": pda.proofs.bond_vault(challenge),
        "destination": token_account(who, IO_MINT),
        "rent_payer": who,
        "node": market.alice.node,
    }
    if name == "decide":
        usual |= {"resolver": market.world.deployer, "report": published.address}
    built: Instruction = getattr(ix.proofs, name)(**usual | given)
    return built


def bond_of(market: Market, published: Published) -> Pubkey:
    return pda.proofs.bond_vault(pda.proofs.challenge(published.address, market.alice.node))


# -- refuting


@pytest.mark.parametrize("approved", [False, True], ids=["pending", "approved"])
def test_a_leaf_below_what_was_credited_voids_a_report(market: Market, approved: bool) -> None:
    """falling_leaf: anyone shows that a report takes back what a node was credited."""
    market.send(market.credit(market.publish({market.alice.node: 30 * TOKEN})))
    wrong = proposed(market, {market.alice.node: 30 * TOKEN - 1, market.bob.node: TOKEN}, approved=approved)
    anyone = market.world.call(refuting(market, wrong, market.alice.node)).paid_by(market.actor())
    event = anyone.send().event(events.proofs.ReportVoided)
    assert (event.report, event.node) == (wrong.address, market.alice.node)
    assert market.world.report(wrong.address).state == VOID
    market.world.advance(DAY)
    market.refused(ix.proofs.finalize(report=wrong.address), errors.proofs.NotApproved)
    # The next one heals it.
    market.send(market.credit(market.publish({market.alice.node: 31 * TOKEN})))
    assert market.node().credited == 31 * TOKEN


def test_a_leaf_that_names_no_node_voids_a_report(market: Market) -> None:
    nobody = Keypair().pubkey()
    wrong = proposed(market, {market.alice.node: TOKEN, nobody: TOKEN})
    market.send(refuting(market, wrong, nobody))
    assert market.world.report(wrong.address).state == VOID


def test_another_account_of_staking_is_no_node(market: Market) -> None:
    wrong = proposed(market, {market.alice.device: TOKEN})
    market.send(refuting(market, wrong, market.alice.device))


def test_a_leaf_that_is_right_refutes_nothing(market: Market) -> None:
    market.send(market.credit(market.publish({market.alice.node: 30 * TOKEN})))
    for lifetime in (30 * TOKEN, 31 * TOKEN):
        made = proposed(market, {market.alice.node: lifetime})
        market.refused(refuting(market, made, market.alice.node), errors.proofs.LeafStands)


def test_a_report_is_refuted_by_its_own_leaves_alone(market: Market) -> None:
    made = proposed(market, {market.alice.node: TOKEN, market.bob.node: TOKEN})
    lower = refuting(market, made, market.alice.node, lifetime=0)
    market.refused(lower, errors.proofs.WrongProof)
    leaf = leaf_of(made, market.alice.node)
    other = ix.proofs.refute(report=made.address, node=Keypair().pubkey(), leaf=leaf)
    market.refused(other, errors.proofs.WrongProof)


def test_a_final_or_void_report_is_not_refuted(market: Market) -> None:
    nobody = Keypair().pubkey()
    made = final(market, proposed(market, {market.alice.node: TOKEN, nobody: TOKEN}))
    market.refused(refuting(market, made, nobody), errors.proofs.ReportDecided)
    void = proposed(market, {market.alice.node: TOKEN, nobody: TOKEN})
    market.send(refuting(market, void, nobody))
    market.refused(refuting(market, void, nobody), errors.proofs.ReportDecided)


# -- voiding


@pytest.mark.parametrize("approved", [False, True], ids=["pending", "approved"])
def test_the_guardian_voids_what_is_not_final(market: Market, approved: bool) -> None:
    made = proposed(market, {market.alice.node: TOKEN}, approved=approved)
    event = market.send(voiding(market, made)).event(events.proofs.ReportVoided)
    assert (event.report, event.node) == (made.address, Pubkey.default())
    assert market.world.report(made.address).state == VOID
    market.refused(voiding(market, made), errors.proofs.ReportDecided)
    market.refused(challenging(market, made), errors.proofs.NotChallengeable)


def test_a_voided_report_is_never_made_twice_and_does_not_pay_unless_renewed(market: Market) -> None:
    """closed_root_replay: no report's account is ever closed, so that its content stands for one report."""
    lifetimes = {market.alice.node: 30 * TOKEN}
    made = proposed(market, lifetimes)
    market.send(voiding(market, made))
    hours = (made.report.period_end - market.world.mint_config.start) // HOUR
    again = Proposal(market.world, hours, root=made.report.root, total=made.report.total, leaves=1)
    assert again.address == made.address
    for attester in market.attesters:
        market.refused(again.report(attester.pubkey()), "AccountAlreadyInUse")
        market.refused(again.approve(attester.pubkey()), errors.proofs.NotPending)
    market.world.advance(DAY)
    market.refused(ix.proofs.finalize(report=made.address), errors.proofs.NotApproved)
    market.refused(market.credit(made), errors.staking.ReportNotFinal)
    # The next report has the same leaf; it is credited once.
    healed = market.publish(lifetimes)
    for amount in (30 * TOKEN, 0):
        assert market.send(market.credit(healed)).event(events.staking.Credited).amount == amount


def test_the_guardian_does_not_touch_a_final_report(market: Market) -> None:
    made = market.publish({market.alice.node: TOKEN})
    market.refused(voiding(market, made), errors.proofs.ReportDecided)


def test_nobody_else_voids(market: Market) -> None:
    made = proposed(market, {market.alice.node: TOKEN})
    for other in (market.carol, market.attesters[0], market.people.resolver):
        market.refused(voiding(market, made, other.pubkey()), errors.proofs.NotGuardian)


# -- challenges


def test_a_rejected_challenge_burns_its_bond(market: Market) -> None:
    made = market.publish({market.alice.node: 30 * TOKEN})
    before, supply = market.purse(market.carol), market.world.supply
    event = market.send(challenging(market, made)).event(events.proofs.ChallengeMade)
    assert (event.challenger, event.bond, event.until) == (
        market.carol.pubkey(),
        BOND,
        market.world.now + WEEK,
    )
    found = market.world.client.fetch(accounts.proofs.Challenge, event.challenge)
    assert (found.report, found.node, found.evidence_hash) == (made.address, market.alice.node, EVIDENCE)
    assert market.purse(market.carol) == before - BOND
    assert market.world.balance(bond_of(market, made)) == BOND
    node = market.node()
    assert (node.credit_frozen_until, node.challenges) == (market.world.now + WEEK, 1)
    market.refused(market.credit(made), errors.staking.CreditFrozen)

    decided = market.send(about(market, "decide", made, upheld=False)).event(events.proofs.ChallengeDecided)
    assert (decided.upheld, decided.bond) == (False, BOND)
    assert market.world.supply == supply - BOND
    assert market.purse(market.carol) == before - BOND
    assert market.world.client.account(bond_of(market, made)) is None
    assert market.world.client.account(event.challenge) is None
    node = market.node()
    assert (node.credit_frozen_until, node.challenges, node.min_report_seq) == (0, 0, 0)
    market.send(market.credit(made))


def test_an_upheld_challenge_returns_the_bond_and_excludes_the_report(market: Market) -> None:
    earlier = market.publish({market.alice.node: 20 * TOKEN})
    made = market.publish({market.alice.node: 30 * TOKEN})
    before, supply = market.purse(market.carol), market.world.supply
    lamports = market.world.raw(market.carol.pubkey()).lamports
    market.send(challenging(market, made))
    market.send(about(market, "decide", made, upheld=True))
    assert (market.purse(market.carol), market.world.supply) == (before, supply)
    assert market.world.raw(market.carol.pubkey()).lamports == lamports
    seq = market.world.report(made.address).seq
    assert market.node().min_report_seq == seq + 1
    for wrong in (made, earlier):
        market.refused(market.credit(wrong), errors.staking.ReportRefuted)
    right = market.publish({market.alice.node: 25 * TOKEN}, total=30 * TOKEN)
    assert market.send(market.credit(right)).event(events.staking.Credited).amount == 25 * TOKEN


def test_a_challenge_that_nobody_decides_lapses_and_costs_nothing(market: Market) -> None:
    made = proposed(market, {market.alice.node: 30 * TOKEN})
    before = market.purse(market.carol)
    market.world.advance(HOUR)
    market.send(challenging(market, made))
    final(market, made)
    market.world.advance(WEEK - DAY - 1)
    market.refused(market.credit(made), errors.staking.CreditFrozen)
    market.refused(about(market, "lift_challenge", made), errors.proofs.ChallengeOpen)
    market.world.advance(1)
    market.refused(about(market, "decide", made, upheld=False), errors.proofs.ChallengeExpired)
    anyone = market.world.call(about(market, "lift_challenge", made)).paid_by(market.actor())
    event = anyone.send().event(events.proofs.ChallengeLifted)
    assert (event.report, event.node, event.bond) == (made.address, market.alice.node, BOND)
    assert market.purse(market.carol) == before
    market.send(market.credit(made))


def test_credit_goes_on_after_the_freeze_even_when_nobody_lifts_it(market: Market) -> None:
    made = market.publish({market.alice.node: 30 * TOKEN})
    market.send(challenging(market, made))
    market.world.advance(WEEK)
    market.send(market.credit(made))


def test_the_end_of_one_challenge_leaves_the_freeze_of_another(market: Market) -> None:
    """Whichever is decided first, and also where both end at the same second."""
    first = market.publish({market.alice.node: 20 * TOKEN})
    second = market.publish({market.alice.node: 30 * TOKEN})
    market.send(challenging(market, first))
    market.send(challenging(market, second))
    # The later one, whose freeze is the node's.
    market.send(about(market, "decide", second, upheld=False))
    market.refused(market.credit(second), errors.staking.CreditFrozen)
    market.send(about(market, "decide", first, upheld=False))
    market.send(market.credit(second))


def test_another_node_is_credited_meanwhile(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    made = market.publish({market.alice.node: 30 * TOKEN, market.bob.node: TOKEN})
    market.send(challenging(market, made))
    market.send(market.credit(made, of=market.bob))


def test_what_is_sent_to_a_bond_goes_where_the_bond_goes(market: Market) -> None:
    made = market.publish({market.alice.node: 30 * TOKEN})
    before = market.purse(market.carol)
    market.send(challenging(market, made))
    purse = market.world.io_account(market.world.deployer)
    market.world.pay_io(purse, bond_of(market, made), 7)
    market.send(about(market, "decide", made, upheld=True))
    assert market.purse(market.carol) == before + 7


def test_a_challenge_keeps_the_bond_and_the_time_of_its_day(market: Market) -> None:
    made = market.publish({market.alice.node: 30 * TOKEN})
    before = market.purse(market.carol)
    market.send(challenging(market, made))
    other = replace(params(market.world), challenge_bond=TOKEN, challenge_freeze=DAY)
    market.send(ix.proofs.set_params(authority=market.world.deployer, params=other))
    market.world.advance(DAY)
    market.refused(about(market, "lift_challenge", made), errors.proofs.ChallengeOpen)
    market.send(about(market, "decide", made, upheld=True))
    assert market.purse(market.carol) == before


def test_only_a_report_that_may_pay_and_a_node_are_challenged(market: Market) -> None:
    pending = proposed(market, {market.alice.node: TOKEN}, approved=False)
    market.refused(challenging(market, pending), errors.proofs.NotChallengeable)
    made = market.publish({market.alice.node: TOKEN})
    for other in (market.alice.device, market.carol.pubkey()):
        market.refused(challenging(market, made, node=other), errors.proofs.NotANode)
    market.send(challenging(market, made))
    market.refused(challenging(market, made, by=market.dave), "AccountAlreadyInUse")


def test_a_bond_is_paid_by_who_has_it(market: Market) -> None:
    made = market.publish({market.alice.node: TOKEN})
    poor = market.actor()
    market.world.io_account(poor.pubkey())
    market.refused(challenging(market, made, by=poor), "InsufficientFunds")


def test_only_the_resolver_decides_and_about_the_challenge_alone(market: Market) -> None:
    """wrong_owner_destination: bond and rent go back to the challenger, whoever calls."""
    market.join(market.bob, 300 * TOKEN)
    other = market.publish({market.alice.node: TOKEN})
    made = market.publish({market.alice.node: TOKEN, market.bob.node: TOKEN})
    market.send(challenging(market, made))
    market.send(challenging(market, other))

    def refused(error: Any, **given: Any) -> None:
        market.refused(about(market, "decide", made, upheld=True, **given), error)

    refused(errors.proofs.NotResolver, resolver=market.people.resolver.pubkey())
    refused(errors.proofs.WrongReport, report=other.address)
    refused(errors.proofs.WrongNode, node=market.bob.node)
    refused(errors.proofs.WrongBond, bond_vault=bond_of(market, other))
    dave = market.dave.pubkey()
    refused(errors.proofs.WrongDestination, destination=token_account(dave, IO_MINT))
    refused(errors.proofs.WrongRentPayer, rent_payer=dave)
    market.world.advance(WEEK)

    def stays(error: Any, **given: Any) -> None:
        market.refused(about(market, "lift_challenge", made, **given), error)

    stays(errors.proofs.WrongNode, node=market.bob.node)
    stays(errors.proofs.WrongBond, bond_vault=bond_of(market, other))
    stays(errors.proofs.WrongDestination, destination=token_account(dave, IO_MINT))
    stays(errors.proofs.WrongRentPayer, rent_payer=dave)


# -- what proofs tells staking


PASSED, SMALLER = types.staking.ProofReason.PASSED, types.staking.ProofReason.SMALLER


def said(market: Market, *, passed: bool) -> Verdict:
    """A verdict of the hour that is reported next."""
    start = market.world.mint_config.start
    end = start + ((market.world.now - start) // HOUR + 1) * HOUR
    reason = PASSED if passed else SMALLER
    return Verdict(end, 9_800, reason, passed, b"\x03" * 32)


def test_anyone_shows_the_verdict_of_a_report_at_its_threshold(market: Market) -> None:
    for passed in (True, False):
        verdict = said(market, passed=passed)
        made = proposed(market, {market.alice.node: TOKEN}, verdicts={market.alice.node: verdict})
        sent = market.world.call(showing(market, made)).paid_by(market.actor()).send()
        shown = sent.event(events.proofs.VerdictShown)
        assert (shown.node, shown.report) == (market.alice.node, made.address)
        assert shown.height == market.world.proofs_config.head
        recorded = sent.event(events.staking.ProofRecorded)
        assert (recorded.node, recorded.score_bps, recorded.time) == (
            market.alice.node,
            9_800,
            made.report.period_end,
        )
        last = market.node().last_proof
        assert (last.time, last.score_bps) == (made.report.period_end, 9_800)
        assert (last.evidence_hash, last.reason, last.passed) == (b"\x03" * 32, verdict.reason, passed)


def test_one_seat_decides_no_verdict(market: Market) -> None:
    """one_seat_decides: one attester of two wrote a failed verdict over a passed one."""
    passed = said(market, passed=True)
    made = proposed(market, {market.alice.node: TOKEN}, verdicts={market.alice.node: passed})
    market.send(showing(market, made))
    assert market.node().last_proof.passed
    assert not hasattr(ix.proofs, "record_proof")
    failed = said(market, passed=False)
    pending = proposed(
        market, {market.alice.node: TOKEN}, approved=False, verdicts={market.alice.node: failed}
    )
    market.refused(showing(market, pending), errors.proofs.NotHead)
    assert market.node().last_proof.passed


def test_a_verdict_is_shown_from_the_head_alone(market: Market) -> None:
    first = proposed(market, {market.alice.node: TOKEN})
    second = proposed(market, {market.alice.node: TOKEN})
    market.refused(showing(market, first), errors.proofs.NotHead)
    market.send(showing(market, second))
    # With a void its verdicts go as well.
    market.send(voiding(market, second))
    market.refused(showing(market, second), errors.proofs.NotHead)
    market.send(showing(market, first))
    assert market.node().last_proof.time == first.report.period_end


def test_a_verdict_is_shown_by_its_leaf_alone(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    device = market.alice.device
    made = proposed(market, {market.alice.node: TOKEN, market.bob.node: TOKEN, device: TOKEN})
    leaf = leaf_of(made, market.alice.node)
    better = replace(leaf.verdict, score_bps=10_000)
    wrong = showing(market, made, verdict=better)
    market.refused(wrong, errors.proofs.WrongProof)
    other = ix.proofs.show_verdict(report=made.address, node=market.bob.node, leaf=leaf)
    market.refused(other, errors.proofs.WrongProof)
    market.refused(showing(market, made, device), errors.proofs.NotANode)


@pytest.mark.parametrize(
    "change", [{"time": 2**40}, {"reason": SMALLER}, {"passed": False}], ids=["later", "reason", "failed"]
)
def test_a_verdict_contradicts_neither_itself_nor_its_report(market: Market, change: dict[str, Any]) -> None:
    verdict = replace(said(market, passed=True), **change)
    made = proposed(market, {market.alice.node: TOKEN}, verdicts={market.alice.node: verdict})
    market.refused(showing(market, made), errors.proofs.WrongVerdict)


def test_a_correction_is_not_refuted_by_what_it_lowers(market: Market) -> None:
    market.send(market.credit(market.publish({market.alice.node: 30 * TOKEN})))
    market.world.advance(HOUR)
    market.world.send(ix.mint.emit())
    report = market.rewards({market.alice.node: 20 * TOKEN})
    hours = (report.period_end - market.world.mint_config.start) // HOUR
    made = Proposal(market.world, hours, root=report.root, total=30 * TOKEN, correction=True)
    for n, attester in enumerate(market.attesters):
        market.send(made.approve(attester.pubkey()) if n else made.report(attester.pubkey()))
    published = Published(made.address, report)
    market.refused(refuting(market, published, market.alice.node), errors.proofs.CorrectionStands)


def test_after_a_challenge_that_lapsed_only_the_guardian_makes_another_for_30_days(market: Market) -> None:
    made = market.publish({market.alice.node: TOKEN})
    market.send(challenging(market, made))
    market.world.advance(WEEK)
    market.send(about(market, "lift_challenge", made))
    since = market.world.now
    again = market.publish({market.alice.node: TOKEN}, wait=False)
    market.refused(challenging(market, again), errors.staking.ChallengedLately)
    guardian = market.actor()
    market.world.give_io(guardian.pubkey(), IO.from_base(BOND))
    given = replace(params(market.world), guardian=guardian.pubkey())
    market.send(ix.proofs.set_params(authority=market.world.deployer, params=given))
    market.send(challenging(market, again, by=guardian))
    market.world.advance(since + 30 * DAY - 1 - market.world.now)
    market.refused(challenging(market, made), errors.staking.ChallengedLately)
    market.world.advance(1)
    market.send(challenging(market, made))


def test_staggered_challenges(market: Market) -> None:
    """Attack of this name: two challenges that nobody decided froze a node's credit for nearly 14 days."""
    first = market.publish({market.alice.node: TOKEN}, wait=False)
    second = market.publish({market.alice.node: 2 * TOKEN})
    since = market.world.now
    market.send(challenging(market, first))
    market.world.advance(WEEK - 1)
    market.send(challenging(market, second))
    assert market.node().credit_frozen_until == since + WEEK
    market.world.advance(1)
    market.send(about(market, "lift_challenge", first))
    market.send(market.credit(second))


def test_chain_of_challenges(market: Market) -> None:
    """Attack of this name: where nobody lifted the last one, another came in time, for ever."""
    market.world.give_io(market.carol.pubkey(), IO(3_000))
    made = [market.publish({market.alice.node: n * TOKEN}, wait=False) for n in range(1, 5)]
    since = market.world.now
    for one in made[:2]:
        market.send(challenging(market, one))
        market.world.advance(WEEK - 1)
    market.refused(challenging(market, made[2]), errors.staking.ChallengedLately)
    market.world.advance(since + WEEK + 30 * DAY - market.world.now)
    market.send(challenging(market, made[2]))
    assert market.node().credit_frozen_until == market.world.now + WEEK


def test_a_decided_challenge_makes_way_for_the_next(market: Market) -> None:
    first = market.publish({market.alice.node: TOKEN}, wait=False)
    second = market.publish({market.alice.node: 2 * TOKEN}, wait=False)
    for upheld in (False, True):
        market.send(challenging(market, first))
        assert market.node().quiet_until == market.world.now + WEEK + 30 * DAY
        market.send(about(market, "decide", first, upheld=upheld))
        assert market.node().quiet_until == 0
    market.send(challenging(market, second))


def test_only_the_proofs_program_freezes_credit_or_keeps_verdicts(market: Market) -> None:
    until = market.world.now + DAY
    freeze = types.staking.CreditFreeze(
        until=until, lifted=False, guardian=True, quiet_until=until, min_report_seq=0
    )
    verdict = types.staking.Verdict(until, 10_000, PASSED, True, bytes(32))
    for thief in (market.carol, market.people.resolver, market.attesters[0]):
        for call in (
            ix.staking.freeze_credit(node=market.alice.node, freeze=freeze, proofs=thief.pubkey()),
            ix.staking.set_last_proof(node=market.alice.node, verdict=verdict, proofs=thief.pubkey()),
        ):
            market.refused(call, errors.staking.NotProofs)
