"""Defects seen elsewhere in this field, by their names: what is honest works, then the attack fails."""

from __future__ import annotations

import random

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.market import (
    CONFIDENCE,
    IO_MINT,
    OTHER_CLASS,
    PRICE,
    RATE,
    TWO_HOURS,
    USDC_FEED,
    Market,
)
from tests.programs.people import TOKEN, Supplier, attestation
from tests.programs.support import DAY, HOUR, MINUTE
from tests.programs.test_challenges import proposed, said, showing
from tests.programs.test_devices import left, passed_on, reopening
from tests.programs.test_jobs_booking import TOKEN_2022
from tests.programs.test_jobs_money import D_IO, D_USDC, F_IO, F_USDC, P_IO, P_USDC
from tests.programs.test_jobs_payment import close_wallet
from tests.programs.test_jobs_running import jobs_params

from ionet import errors, events, ix, pda, price_feed, token_account

NOBODY = Pubkey.default()


def test_claim_then_recover(market: Market) -> None:
    """The deposit cannot be taken back while the node works for it."""
    cancelled = market.book()
    market.send(market.jobs("cancel", cancelled), market.jobs("refund", cancelled))
    job = market.run()
    for name, error in (
        ("refund", errors.jobs.NotEnded),
        ("cancel", errors.jobs.NotBooked),
        ("expire", errors.jobs.NotSilent),
        ("complete", errors.jobs.NotOver),
        ("close", errors.jobs.NotSettled),
    ):
        market.refused(market.jobs(name, job), error)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    # Stopping does not get out of the hour that was worked.
    market.send(market.jobs("stop", job))
    market.refused(market.jobs("refund", job), errors.jobs.NotEnded)
    market.send(market.jobs("complete", job))
    # G = ⌊P / 2⌋ = 1.01010101, its fee ⌈252,525.2525⌉.
    assert market.pay_out(job)[0] == 101_010_101 - 252_526


def test_any_result_hash_pays(market: Market) -> None:
    """A result is recorded; what is paid for is good time."""
    honest, empty = market.run(mint=market.usdc), None
    market.world.advance(TWO_HOURS)
    market.attest(honest, TWO_HOURS, result_hash=b"\x08" * 32)
    market.send(market.jobs("complete", honest))
    assert market.pay_out(honest)[0] == P_USDC - F_USDC
    empty = market.run(mint=market.usdc)
    market.world.advance(TWO_HOURS)
    # Nor is time good that no sample shows.
    boast = attestation(TWO_HOURS, result_hash=b"\x09" * 32, timelock=bytes(32))
    market.refused(market.jobs("attest", empty, args=boast), errors.jobs.NoTimelock)
    market.attest(empty, 0, TWO_HOURS, result_hash=b"\x09" * 32, timelock=bytes(32))
    market.send(market.jobs("complete", empty))
    assert market.pay_out(empty) == (0, F_USDC, P_USDC)


def test_zero_fund_cancels_unlock(market: Market) -> None:
    """Without its deposit nothing is booked; nothing can be cancelled, unlocked or refunded for nothing."""
    job = market.book()
    paying = [market.jobs(name, job) for name in ("refund", "collect_fees")]
    market.send(market.jobs("cancel", job), *paying, market.jobs("close", job))
    market.refused(market.booking(max_deposit=0), errors.jobs.DepositAboveLimit)
    close_wallet(market, market.renter.pubkey(), IO_MINT)
    market.world.io_account(market.renter.pubkey())
    market.refused(market.booking(), "InsufficientFunds")
    # What others lay into the escrow's place beforehand pays for nothing.
    escrow = pda.jobs.escrow(pda.jobs.job(market.alice.offer, market.offer().nonce + 1))
    assert market.world.client.account(escrow) is None
    assert market.offer().lease_job == NOBODY


def test_omitted_oracle(market: Market) -> None:
    """No account can be left out to take another branch."""
    market.join(market.bob, 300 * TOKEN)
    cluster = market.cluster()
    job = market.book(cluster=cluster)
    wrong = [NOBODY, price_feed(USDC_FEED), pda.jobs.CONFIG]
    market.set_price()
    for price in wrong:
        market.refused(market.booking(of=market.bob, price=price), errors.jobs.WrongPriceAccount)
    for name in ("start", "cancel"):
        market.refused(market.jobs(name, job, cluster=None), errors.jobs.WrongCluster)
    running = market.run(of=market.bob)
    market.set_price()
    for price in wrong:
        more = market.jobs("extend", running, seconds=HOUR, price=price)
        market.refused(more, errors.jobs.WrongPriceAccount)
    market.send(market.jobs("extend", running, seconds=HOUR))


def test_unused_slippage_argument(market: Market) -> None:
    """Every limit that a payer gives binds, to the unit."""
    market.set_price()
    market.refused(market.booking(max_deposit=D_IO - 1), errors.jobs.DepositAboveLimit)
    job = market.book(max_deposit=D_IO)
    market.start(job)
    # One hour: P = ⌈2 / 1.98⌉ = 1.01010102 and F = ⌈252,525.255⌉.
    hour = 101_010_102 + 252_526
    tight = market.jobs("extend", job, seconds=HOUR, max_deposit=hour - 1)
    market.refused(tight, errors.jobs.DepositAboveLimit)
    market.send(market.jobs("extend", job, seconds=HOUR, max_deposit=hour))
    # 5 % of all of it, rounded up: ⌈15,189,394.1⌉.
    bond = 15_189_395
    assert -(-(D_IO + hour) // 20) == bond
    market.refused(market.jobs("dispute", job, max_bond=bond - 1), errors.jobs.BondAboveLimit)
    market.send(market.jobs("dispute", job, max_bond=bond))


def test_decimal_blind_floor(market: Market) -> None:
    """The same 4 USD in 8, 6 and 9 decimals, by hand."""
    nine, deployer = Keypair().pubkey(), market.world.deployer
    market.world.client.cheats.set_mint(nine, decimals=9, authority=deployer)
    market.world.client.cheats.set_tokens(market.renter.pubkey(), nine, 10 * 10**9)
    market.send(ix.jobs.create_currency(authority=deployer, mint=nine, args=market.currency_args(nine)))
    market.set_offer(currencies=(IO_MINT, market.usdc, nine, NOBODY))
    found = {}
    for mint in (IO_MINT, market.usdc, nine):
        job = market.book(mint=mint)
        found[mint] = (market.job(job).price, market.job(job).fee)
        market.send(market.jobs("cancel", job))
    assert found == {
        IO_MINT: (202_020_203, 505_051),
        market.usdc: (4_000_000, 90_000),
        nine: (4_000_000_000, 90_000_000),
    }
    # The feed's own decimals count too: 2.00 in ten digits.
    market.set_price(price=PRICE * 100, confidence=CONFIDENCE * 100, exponent=-10)
    market.refused(market.booking(max_deposit=D_IO - 1), errors.jobs.DepositAboveLimit)
    market.send(market.booking(max_deposit=D_IO))


def test_underfunded_by_fee_mint(market: Market) -> None:
    """Mints that could take a part of a transfer are no currencies, and escrows hold what jobs say."""
    job = market.book(mint=market.usdc)
    assert market.world.balance(market.job(job).escrow) == D_USDC
    mint = Keypair().pubkey()
    market.world.client.cheats.set_mint(mint, decimals=6)
    data = bytes(market.world.raw(mint).data)
    market.world.client.network.set_account(mint, data=data, owner=TOKEN_2022)
    args = market.currency_args(market.usdc)
    call = ix.jobs.create_currency(authority=market.world.deployer, mint=mint, args=args)
    market.refused(call, "AccountOwnedByWrongProgram")


def test_wrong_owner_destination(market: Market) -> None:
    """Each part goes to its own party, whoever sends the instruction."""
    job = market.run(mint=market.usdc)
    market.world.advance(TWO_HOURS)
    market.attest(job, HOUR, TWO_HOURS)
    market.send(market.jobs("complete", job))
    thief = token_account(market.dave.pubkey(), market.usdc)
    for name, error in (
        ("settle", errors.jobs.WrongDestination),
        ("refund", errors.jobs.WrongDestination),
        ("collect_fees", errors.jobs.WrongVault),
    ):
        market.refused(market.jobs(name, job, destination=thief), error)
        market.send(market.jobs(name, job))
    market.refused(market.jobs("close", job, rent_payer=market.dave.pubkey()), errors.jobs.WrongRentPayer)
    market.send(market.jobs("close", job))


@pytest.mark.parametrize("seed", range(3))
def test_floor_insolvency(market: Market, seed: int) -> None:
    """However many payments are rounded, their sum is the deposit."""
    dice = random.Random(seed)
    market.set_offer(rate=1_234_567)
    job = market.run(HOUR + 1, mint=market.usdc)
    for seconds in (601, 1_201, 1_801):
        market.extend(job, seconds)
    deposit = market.job(job).price + market.job(job).fee
    good, supplier, start = 0, 0, market.world.now
    for _ in range(20):
        market.world.advance(dice.randrange(1, 400))
        passed = min(market.world.now - start, market.job(job).seconds)
        seen = market.job(job).seen[0]
        good += dice.randrange(0, 1 + passed - seen.upto)
        lost = good - seen.good < passed - seen.upto
        market.attest(job, good, passed, reason=7 if lost else 0)
        if market.world.now - start >= HOUR:
            paid = market.send(market.jobs("settle", job)).events
            supplier += sum(one.amount for one in paid if isinstance(one, events.jobs.Paid))
    market.world.advance(2 * HOUR)
    market.attest(job, good, market.job(job).seconds)
    market.send(market.jobs("complete", job))
    last, fees, refund = market.pay_out(job)
    assert supplier + last + fees + refund == deposit


def test_overdrawn_runs_free(market: Market) -> None:
    """A job ends with its booked time: nothing runs, and nobody is paid, beyond it."""
    job = market.run()
    market.world.advance(TWO_HOURS)
    market.attest(job, TWO_HOURS)
    market.world.advance(HOUR)
    beyond = market.jobs("attest", job, args=attestation(TWO_HOURS + 1))
    market.refused(beyond, errors.jobs.AttestationAhead)
    market.set_price()
    market.refused(market.jobs("extend", job, seconds=HOUR), errors.jobs.Over)
    # The node is free for the next one at once.
    later = market.run()
    assert market.offer().lease_job == later
    market.send(market.jobs("complete", job))
    assert market.pay_out(job) == (P_IO - F_IO, 2 * F_IO, 0)


def test_rounding_blocks_payment(market: Market) -> None:
    """Parts that round to nothing block no part that does not."""
    market.set_offer(rate=1)
    job = market.run(HOUR, mint=market.usdc)
    assert (market.job(job).price, market.job(job).fee) == (1, 1)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    # G = 1, of which the fee ⌈0.0225⌉ is all: a payment of nothing is no error.
    assert market.paid("settle", job) == 0
    market.send(market.jobs("complete", job))
    assert market.pay_out(job) == (0, 2, 0)
    # A bond of 5 % of two units is one unit, not none.
    job = market.run(HOUR, mint=market.usdc)
    dispute = market.dispute(job, max_bond=1)
    market.send(market.jobs("resolve", job, gross=0))
    assert market.pay_out(job) == (0, 0, 2)
    market.send(market.closing(dispute))


def test_stale_after_config_change(market: Market) -> None:
    """What is booked keeps its terms, in an extension and a decision too."""
    job, deployer = market.run(mint=market.usdc), market.world.deployer
    market.send(
        ix.jobs.set_params(authority=deployer, params=jobs_params(market, booking_bps=100, attesters=2))
    )
    args = market.currency_args(market.usdc, payment_bps=300)
    market.send(ix.jobs.set_currency(authority=deployer, currency=pda.jobs.currency(market.usdc), args=args))
    market.set_offer(rate=50_000_000, payout=0)
    market.extend(job, HOUR)
    market.world.advance(3 * HOUR)
    market.attest(job, 3 * HOUR)
    market.send(market.jobs("complete", job))
    # 6 USD at 2.25 % a side, as if nothing had changed; two attesters and 4 % are for new ones.
    assert market.pay_out(job) == (6_000_000 - 135_000, 2 * 135_000, 0)
    market.set_offer()
    new = market.job(market.book(mint=market.usdc))
    assert (new.fee, new.attesters) == (160_000, 2)


def test_self_rent_farming(market: Market) -> None:
    """Renting one's own node costs both sides' fees, on every way out that attests time."""
    alice = market.alice.owner
    before = market.purse(alice)
    job = market.run(by=alice)
    market.world.advance(TWO_HOURS)
    market.attest(job, TWO_HOURS)
    market.send(market.jobs("complete", job))
    market.pay_out(job)
    assert market.purse(alice) == before - 2 * F_IO
    # Nor does stopping get around it.
    before = market.purse(alice)
    job = market.run(by=alice)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    market.send(market.jobs("stop", job, party=alice.pubkey()))
    market.send(market.jobs("complete", job))
    market.pay_out(job)
    # Who is both stops as the renter: his fee is kept whole, the supplier's is ⌈G · 25 / 10⁴⌉.
    assert market.purse(alice) == before - F_IO - 252_526


def test_self_rent_traps_costakers(market: Market) -> None:
    """While an owner rents from himself, co-stakers leave as always; only his own minimum is held."""
    market.co_stake(market.carol, 100 * TOKEN)
    market.activate_all(market.carol)
    job = market.run(DAY, by=market.alice.owner)
    market.send(market.staking("unstake", amount=100 * TOKEN))
    below = market.staking("owner_unstake", amount=450 * TOKEN)
    market.refused(below, errors.staking.LeaseLocksMinimum)
    market.world.advance(14 * DAY)
    market.send(market.staking("withdraw"))
    market.send(market.jobs("expire", job))


def test_overlapping_attestations(market: Market) -> None:
    """No second is good twice: not for one attester, nor by adding up two."""
    market.set_offer(rate=41_666_667)
    job = market.run()
    market.world.advance(HOUR)
    market.attest(job, 1_800, HOUR, seat=0)
    market.attest(job, 1_800, HOUR, seat=1)
    # Both saw half an hour: that is half an hour, not a whole one.
    assert market.attest(job, 1_800, HOUR, seat=1, reason=0).event(events.jobs.Attested).attested == 1_800
    again = market.jobs("attest", job, args=attestation(HOUR, HOUR, reason=0))
    market.refused(again, errors.jobs.AttestationOverlaps)
    market.world.advance(MINUTE)
    wide = market.jobs("attest", job, args=attestation(1_861, HOUR + 60, reason=0))
    market.refused(wide, errors.jobs.AttestationOverlaps)
    market.attest(job, 1_860, HOUR + 60, reason=0)


def test_a_break_is_recorded_with_its_reason(market: Market) -> None:
    """What does not count says why, in an event of its own; good time makes none."""
    job = market.run()
    market.world.advance(1_000)
    assert [type(one).__name__ for one in market.attest(job, 1_000).events] == ["Attested"]
    market.world.advance(500)
    sent = market.attest(job, 1_200, 1_500, reason=9)
    assert sent.event(events.jobs.TimeLost) == events.jobs.TimeLost(
        seq=5, job=job, seat=0, from_=1_000, upto=1_500, lost=300, reason=9
    )


def reopened_by_bob(market: Market) -> Supplier:
    """Alice's node, which bob has taken over."""
    market.send(market.staking("retire_node"), market.staking("release_device"))
    bob = passed_on(market)
    market.send(market.staking("claim_device", of=bob))
    left(market)
    market.send(reopening(market, bob))
    return bob


def test_offer_of_former_owner(market: Market) -> None:
    """Attack of this name: a former owner's offer bound the next one for ten years, at a millionth of a
    dollar an hour."""
    market.set_offer(rate=1, max_seconds=2**32 - 1, min_seconds=HOUR)
    bob = reopened_by_bob(market)
    market.send(market.staking("owner_stake", of=bob, amount=300 * TOKEN))
    market.send(market.staking("owner_activate", of=bob))
    market.set_price()
    market.refused(market.booking(10 * 365 * DAY, of=bob), errors.jobs.FormerOwnersOffer)
    setting = ix.jobs.set_offer(owner=bob.key, node=bob.node, offer=bob.offer, args=market.offer_args())
    market.send(setting)
    assert market.offer().owner == bob.key
    assert market.job(market.book(of=bob)).rate == RATE


def test_class_change_keeps_verdict(market: Market) -> None:
    """Attack of this name: a node was booked as one of another class on the verdict of its former one."""
    market.prove()
    other = pda.staking.class_(OTHER_CLASS)
    market.send(market.staking("retire_node"), market.staking("release_device"))
    market.send(market.staking("claim_device", class_=other), market.staking("reopen_node", class_=other))
    node = market.node()
    assert (node.class_, node.last_proof.passed, node.last_proof.time) == (OTHER_CLASS, False, 0)
    assert node.changed_at == market.world.now


def test_a_verdict_of_before_is_not_shown_again_for_what_a_node_has_become(market: Market) -> None:
    """Nor does the report at the head bring it back; the hour in which it was reopened counts for neither."""

    def shown() -> Instruction:
        verdicts = {market.alice.node: said(market, passed=True)}
        return showing(market, proposed(market, {market.alice.node: 0}, verdicts=verdicts))

    before = shown()
    market.send(before)
    market.world.advance(1)
    market.send(market.staking("retire_node"), reopening(market))
    market.refused(before, errors.staking.VerdictBeforeChange)
    market.refused(shown(), errors.staking.VerdictBeforeChange)
    assert market.node().last_proof.time == 0
    market.send(shown())
    assert market.node().last_proof.passed
