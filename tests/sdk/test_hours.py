"""What an attester reads from the chain about an hour: use and fees, proofs, devices' words.

Two hours of Alice's node cost P = 2.02020203 IO and F = 0.00505051 IO of renter's fee (25 bps, rounded up),
or 4 USDC and 0.09 USDC (225 bps). The supplier's side pays the same rates of what is earned.
"""

from __future__ import annotations

import numpy as np
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.market import TWO_HOURS, Market
from tests.programs.support import HOUR, Proposal

from ionet import (
    EmissionUnknown,
    PriceUnusable,
    ProofReason,
    accounts,
    emission,
    errors,
    events,
    ix,
    pda,
    price_feed,
    types,
)
from ionet.proofs.verdicts import report_verdicts
from ionet.rewards import Leaves, NodeHour, Pool, Proof, Statement, Verdict, Word, statement_bytes
from ionet.rewards._leaves import pack


@pytest.fixture
def market() -> Market:
    """A market at the beginning of an hour of emission."""
    found = Market.new()
    proofs = found.world.client.proofs
    found.world.client.network.clock.set(proofs.period_end(proofs.latest_hour() + 1))
    return found


def hours(market: Market) -> int:
    return market.world.client.proofs.latest_hour()


def alice(market: Market, seq: int | None = None, **more: object) -> NodeHour:
    """What is known of her node for an hour; default: the latest."""
    rows = market.world.client.proofs.facts(hours(market) if seq is None else seq, **more)  # type: ignore[arg-type]
    return next(row for row in rows if row.node == bytes(market.alice.node))


# -- use


def test_a_node_that_nobody_rents_is_not_in_use(market: Market) -> None:
    market.world.advance(HOUR)
    found = alice(market)
    assert (found.in_use, found.fees) == (False, 0)
    assert (found.pool, found.multiplier_bps, found.units) == (Pool.GPU, 10_000, 1)
    assert (found.stake, found.required_stake) == (500 * 10**8, 200 * 10**8)


def test_fees_of_both_sides_count_by_attested_seconds(market: Market) -> None:
    job = market.run(TWO_HOURS)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    found = alice(market)
    # ⌊F / 2⌋ = 252,525 of the renter's; of the supplier's ⌊⌊P / 2⌋ · 25 / 10⁴⌋ = 252,525.
    assert (found.in_use, found.fees) == (True, 505_050)
    market.world.advance(HOUR)
    # Half of the second hour was good.
    market.attest(job, HOUR + 1_800, TWO_HOURS)
    found = alice(market)
    # A quarter: ⌊505,051 / 4⌋ = 126,262, and ⌊50,505,050 · 25 / 10⁴⌋ = 126,262.
    assert (found.in_use, found.fees) == (True, 252_524)
    assert alice(market, hours(market) - 1).fees == 505_050


def test_a_leased_hour_that_nobody_attested_is_not_in_use(market: Market) -> None:
    market.run(TWO_HOURS)
    market.world.advance(HOUR)
    found = alice(market)
    assert (found.in_use, found.fees) == (False, 0)


def test_fees_in_usdc_count_in_io(market: Market) -> None:
    job = market.run(TWO_HOURS, mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    # 45,000 and 2,000,000 · 225 / 10⁴ = 45,000 micro-dollars are 0.09 USD: 0.045 IO at 2.00 USD.
    assert alice(market).fees == 4_500_000


def currency(market: Market, **args: object) -> Pubkey:
    """Another currency, of nine decimals, that the renter has and alice takes."""
    mint, deployer = Keypair().pubkey(), market.world.deployer
    market.world.client.cheats.set_mint(mint, decimals=9, authority=deployer)
    market.world.client.cheats.set_tokens(market.renter.pubkey(), mint, 10 * 10**9)
    made = market.currency_args(mint, **args)
    market.send(ix.jobs.create_currency(authority=deployer, mint=mint, args=made))
    market.set_offer(currencies=(mint, *[Pubkey.default()] * 3))
    return mint


def test_fees_count_by_the_decimals_of_their_currency(market: Market) -> None:
    job = market.run(TWO_HOURS, mint=currency(market))
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    # The same 0.09 USD as in USDC, in nine decimals.
    assert alice(market).fees == 4_500_000


def test_fees_in_a_currency_by_its_feed_count_by_its_price(market: Market) -> None:
    feed = b"SOL/USD".ljust(32, b"\0")
    mint = currency(market, pricing=0, feed_id=feed, price_account=price_feed(feed))
    cheats = market.world.client.cheats
    cheats.set_price(feed, 4 * 10**8)
    # 4 USD are one token; F = 0.0225 of it.
    job = market.book(TWO_HOURS, mint=mint, price=price_feed(feed))
    market.start(job)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    # 0.01125 of either side are 0.09 USD at 4.00: 0.045 IO at 2.00.
    assert alice(market).fees == 4_500_000
    # At 8.00, and stated in other digits, twice as much.
    cheats.set_price(feed, 8_000, exponent=-3)
    assert alice(market).fees == 9_000_000
    cheats.set_price(b"BTC/USD".ljust(32, b"\0"), 8 * 10**8, address=price_feed(feed))
    with pytest.raises(PriceUnusable, match="holds the price of another feed") as bad:
        alice(market)
    assert bad.value.reason == "WrongFeed"


def test_a_closed_job_still_counts_for_its_hour(market: Market) -> None:
    job = market.run(HOUR)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    before = alice(market)
    market.send(market.jobs("complete", job))
    market.pay_out(job)
    assert before.in_use
    assert alice(market, hours(market)) == before
    market.world.advance(HOUR)
    assert not alice(market).in_use


# -- proofs


def verdict(market: Market, reason: ProofReason, evidence: bytes = b"\x07" * 32) -> Verdict:
    """What an attester found in the latest hour."""
    end = market.world.client.proofs.period_end(hours(market))
    return Verdict(end, 9_000, reason, reason == ProofReason.PASSED, evidence)


def before(market: Market, word: Verdict) -> Leaves:
    """The leaves of a report that says this of alice's node."""
    node = bytes(market.alice.node)
    return Leaves(
        nodes=np.frombuffer(node, np.uint8).reshape(1, 32),
        lifetime=np.zeros(1, np.uint64),
        through=np.full(1, word.time, np.int64),
        verdicts=np.frombuffer(pack(word), np.uint8).reshape(1, -1),
    )


def test_the_proof_of_an_hour_is_what_was_judged_in_it(market: Market) -> None:
    market.world.advance(HOUR)
    for reason, proof in ((ProofReason.WRONG_ROW, Proof.FAILED), (ProofReason.PASSED, Proof.PASSED)):
        word = verdict(market, reason)
        found = alice(market, judged={bytes(market.alice.node): word})
        assert (found.proof, found.verdict) == (proof, word)


@pytest.mark.parametrize("reason", [ProofReason.PASSED, ProofReason.SLOW])
def test_an_hour_in_which_a_device_was_not_drawn_repeats_the_last_verdict(
    market: Market, reason: ProofReason
) -> None:
    market.world.advance(HOUR)
    last = before(market, verdict(market, reason))
    market.world.advance(HOUR)
    found = alice(market, before=last)
    assert found.verdict == verdict(market, reason)
    assert found.proof is (Proof.PASSED if reason == ProofReason.PASSED else Proof.FAILED)


def test_a_leased_and_attested_hour_passes(market: Market) -> None:
    job = market.run(TWO_HOURS)
    market.world.advance(HOUR)
    last = before(market, verdict(market, ProofReason.SLOW))
    assert alice(market, before=last).proof is Proof.FAILED
    market.attest(job, HOUR)
    found = alice(market, before=last)
    assert (found.proof, found.verdict) == (
        Proof.PASSED,
        Verdict(market.world.client.proofs.period_end(hours(market)), 0, ProofReason.PASSED, True),
    )


def test_a_verdict_of_before_a_change_is_neither_repeated_nor_counted(market: Market) -> None:
    """A node that was reopened in another class, or got a processor, went on with its old verdict."""
    market.world.advance(2 * HOUR)
    end = market.world.client.proofs.period_end(hours(market))
    earlier = before(market, Verdict(end - HOUR, 9_000, ProofReason.PASSED, True, bytes(32)))
    for changed, proof in ((end - 2 * HOUR, Proof.PASSED), (end - 2 * HOUR + 1, Proof.MISSING)):
        market.world.patch(market.alice.node, accounts.staking.Node, "changed_at", changed)
        assert alice(market, before=earlier).proof is proof
    now = {bytes(market.alice.node): Verdict(end, 9_000, ProofReason.PASSED, True, bytes(32))}
    for changed, proof in ((end - HOUR, Proof.PASSED), (end - HOUR + 1, Proof.MISSING)):
        market.world.patch(market.alice.node, accounts.staking.Node, "changed_at", changed)
        assert alice(market, judged=now).proof is proof


def test_an_hour_before_the_first_proof_has_none(market: Market) -> None:
    market.world.advance(HOUR)
    found = alice(market)
    assert (found.proof, found.verdict) == (Proof.MISSING, Verdict())
    assert alice(market, before=before(market, Verdict())).proof is Proof.MISSING


def test_verdicts_go_through_reports_into_the_nodes_accounts(market: Market) -> None:
    """`report_verdicts`, for a market whose one attester decides."""
    only = market.attesters[0]
    vacated = types.proofs.Seat(Pubkey.default(), 0)
    seats = [types.proofs.Seat(only.pubkey(), 1), vacated]
    market.world.send(ix.proofs.set_attesters(authority=market.world.deployer, seats=seats, threshold=1))
    proofs = market.world.client.as_(only).proofs
    report = None
    for height in (1, 2):
        market.world.advance(HOUR)
        report = report_verdicts(proofs, [market.alice.node], previous=report)
        assert proofs.get_config().head == height
        last = market.node().last_proof
        assert (last.passed, last.time) == (1, report.period_end)
    with pytest.raises(errors.proofs.PeriodFell):
        report_verdicts(proofs, [market.alice.node])


# -- words


def word(market: Market, up_hours: int, *, key: Keypair | None = None) -> dict[bytes, Word]:
    """What a device says of the latest hour."""
    node, device = bytes(market.alice.node), key or market.alice.device_key
    end = market.world.client.proofs.period_end(hours(market))
    said = statement_bytes(node, end, up_hours, HOUR, bytes(32), bytes(32))
    signature = bytes(device.sign_message(said))
    statement = Statement(bytes(device.pubkey()), HOUR, bytes(32), bytes(32), signature)
    return {node: Word(node, up_hours, statement)}


def test_uptime_is_the_devices_word_as_far_as_it_can_be(market: Market) -> None:
    market.world.advance(5 * HOUR)
    registered = market.node().registered_at
    possible = (market.world.client.proofs.period_end(hours(market)) - registered) // HOUR
    assert alice(market).up_hours == 0
    assert alice(market, words=word(market, possible)).up_hours == possible
    # More than there was, or another key's word, is none.
    for claimed in (word(market, possible + 1), word(market, possible, key=Keypair())):
        found = alice(market, words=claimed)
        assert (found.up_hours, found.statement) == (0, None)


def test_nodes_that_came_later_or_left_have_no_row(market: Market) -> None:
    first = hours(market)
    market.world.advance(HOUR)
    market.join(market.bob, 200 * 10**8)
    assert len(market.world.client.proofs.facts(first + 1)) == 1
    market.world.advance(HOUR)
    assert len(market.world.client.proofs.facts(first + 2)) == 2
    market.send(market.staking("retire_node", of=market.bob))
    rows = market.world.client.proofs.facts(first + 2)
    assert [Pubkey(row.node) for row in rows] == [market.alice.node]


# -- what an hour was paid


def linked(market: Market, floor_bps: int | None) -> None:
    """From now on this part of the schedule is paid, or all of it."""
    policy = types.mint.PolicyArgs(
        kind=types.mint.PolicyKind.FIXED if floor_bps is None else types.mint.PolicyKind.DEMAND_LINKED,
        floor_bps=floor_bps or 0,
        per_burned_bps=0,
    )
    market.world.send(ix.mint.set_policy(authority=market.world.deployer, policy=policy))


def emitted(market: Market, *together: int) -> None:
    """Lets hours pass, and emits after each of these numbers of them."""
    for number in together:
        market.world.advance(number * HOUR)
        market.world.send(ix.mint.emit())


def offered(market: Market, seq: int, total: int) -> None:
    """An attester reports so much of the hours up to this one."""
    first = market.attesters[0]
    market.world.send(Proposal(market.world, seq, total=total).report(first.pubkey()), signers=[first])


def test_hours_are_paid_what_the_program_lets_reports_give(market: Market) -> None:
    proofs, first = market.world.client.proofs, hours(market)
    emitted(market, 0)
    linked(market, 2_500)
    emitted(market, 1, 3, 1, 2)
    linked(market, 0)
    emitted(market, 2)
    linked(market, None)
    emitted(market, 1, 2)
    total = emission.cumulative(first * HOUR)
    for seq in range(first + 1, first + 13):
        total += proofs.emission(seq).base
        with pytest.raises(errors.proofs.TotalAboveEmission):
            offered(market, seq, total + 1)
        offered(market, seq, total)
    assert total == market.world.balance(pda.mint.EMISSION_VAULT)


def test_an_hour_that_is_not_emitted_yet_has_a_certain_pay_under_the_schedule_only(market: Market) -> None:
    proofs, first = market.world.client.proofs, hours(market)
    market.world.advance(HOUR)
    certain = proofs.emission(first + 1)
    assert certain.base == emission.cumulative((first + 1) * HOUR) - emission.cumulative(first * HOUR)
    # The change of the policy emits that hour first, as it was.
    linked(market, 5_000)
    assert proofs.emission(first + 1) == certain
    market.world.advance(HOUR)
    with pytest.raises(EmissionUnknown, match=f"hour {first + 2} is not emitted yet.*: emit first") as bad:
        proofs.emission(first + 2)
    assert (bad.value.reason, bad.value.hour) == ("NotEmitted", first + 2)
    emitted(market, 0)
    assert 2 * proofs.emission(first + 2).base in (certain.base - 1, certain.base, certain.base + 1)


def test_an_hour_of_too_many_cranks_ago_is_forgotten_and_the_earliest_is_named(market: Market) -> None:
    proofs, first = market.world.client.proofs, hours(market)
    emitted(market, 0, *[1] * 24)
    with pytest.raises(EmissionUnknown, match=f"hour {first + 2} is the earliest") as bad:
        proofs.emission(first + 1)
    assert (bad.value.reason, bad.value.hour) == ("PeriodForgotten", first + 2)
    proofs.emission(first + 2)
    # Its beginning is the end of the earliest report that the program takes.
    proofs.most(first + 1)
    with pytest.raises(EmissionUnknown, match=f"hour {first + 1} is the earliest"):
        proofs.most(first)
    offered(market, first + 1, 0)
    with pytest.raises(errors.proofs.PeriodForgotten):
        offered(market, first, 0)


def test_a_report_emits_its_hours_first_where_nobody_has(market: Market) -> None:
    market.world.advance(HOUR)
    first, proofs = market.attesters[0], market.world.client.as_(market.attesters[0]).proofs
    content = market.rewards({market.alice.node: 1})
    sent = proofs.report(proofs.propose(content, "here")).send()
    assert sent.event(events.mint.Emitted).emitted_total == emission.cumulative(hours(market) * HOUR)
    assert proofs.get_report(sent.result).payer == first.pubkey()
    again = proofs.report(proofs.propose(content, "there")).send()
    assert not [one for one in again.events if isinstance(one, events.mint.Emitted)]
