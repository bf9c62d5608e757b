"""Random walks through stake and jobs: the books balance after every step, and everything can end.

`Market.send` compares every vault, escrow and shard with the accounts after each step.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from tests.programs.market import IO_MINT, RATE, TWO_HOURS, Market
from tests.programs.people import TOKEN
from tests.programs.support import DAY, HOUR

from ionet import ProgramError, accounts, errors, pda, token_account
from ionet.chain.records import KeyedAccount

SIDES = ("owner", "carol", "dave")


def tried(market: Market, *instructions: Instruction) -> bool:
    """Sends what may be refused for a reason of its own program; whether it was not."""
    try:
        market.send(*instructions)
    except ProgramError as error:
        refusal = error
    else:
        return True
    assert refusal.program in ("staking", "jobs"), refusal
    # Either would be a sum that does not come out.
    assert refusal.name not in ("Overflow", "InsufficientFunds"), refusal
    market.check()
    return False


def _step(market: Market, dice: random.Random, lifetime: int) -> tuple[str, bool, int]:
    side, amount = dice.choice(SIDES), int(10 ** dice.uniform(0, 10.3))
    what = dice.choice(
        ("stake", "stake", "activate", "unstake", "withdraw", "claim", "compound", "credit", "wait")
    )
    if what == "wait":
        market.world.advance(dice.choice((HOUR, DAY, 7 * DAY, 14 * DAY)))
        return what, True, lifetime
    if what == "credit":
        grown = lifetime + dice.choice((0, 1, 7, dice.randrange(100 * TOKEN)))
        return what, tried(market, market.credit(market.publish({market.alice.node: grown}))), grown
    needed = {"amount": amount} if what in ("stake", "unstake") else {}
    if side == "owner":
        return what, tried(market, market.staking(f"owner_{what}", **needed)), lifetime  # type: ignore[arg-type]
    holder = market.carol if side == "carol" else market.dave
    return what, tried(market, market.staking(what, by=holder, **needed)), lifetime  # type: ignore[arg-type]


def _leave(market: Market) -> None:
    """Everybody takes everything; open slots may have to empty first."""
    for _ in range(2):
        market.world.advance(14 * DAY)
        for name, holder in (("owner_", market.alice.owner), ("", market.carol), ("", market.dave)):
            side = market.node().own if name else market.position(holder)
            tried(market, market.staking(f"{name}withdraw", by=holder))
            if side.active + side.pending:
                market.send(market.staking(f"{name}unstake", by=holder, amount=side.active + side.pending))
    for name, holder in (("owner_", market.alice.owner), ("", market.carol), ("", market.dave)):
        tried(market, market.staking(f"{name}claim", by=holder))
    own = market.node().own
    assert (own.active, own.pending, own.due) == (0, 0, 0)


@pytest.mark.parametrize("seed", range(4))
def test_no_sequence_of_stakes_and_credits_loses_or_makes_a_token(market: Market, seed: int) -> None:
    dice, lifetime, done = random.Random(seed), 0, Counter[str]()
    people = (market.alice.owner, market.carol, market.dave)
    for holder in (market.carol, market.dave):
        market.send(market.staking("open_position", by=holder))
    before = sum(market.purse(one) for one in people) + 500 * TOKEN
    for _ in range(140):
        what, passed, lifetime = _step(market, dice, lifetime)
        done[what] += passed
    # It did what it is about.
    assert all(done[what] for what in ("stake", "activate", "unstake", "compound", "credit")), done
    _leave(market)
    node = market.node()
    left = market.world.balance(market.alice.vault)
    assert sum(market.purse(one) for one in people) + left == before + node.credited
    # What nobody can take is what each position's and the accumulator's rounding keep.
    assert (node.co.tokens, node.co.shares) == (0, 0)
    assert left == node.co.owed <= 2 + done["credit"]


def _work(market: Market, dice: random.Random, job: Pubkey) -> str:
    """One step of a job's life, by whoever may take it; some are refused."""
    found, party = market.job(job), dice.choice((market.renter, market.alice.owner)).pubkey()
    if dice.random() < 0.3:
        party = found.refund_to
    steps = ("start", "attest", "attest", "settle", "extend", "stop", "cancel", "complete", "expire")
    what = dice.choice((*steps, "dispute", "resolve", "refund", "collect_fees", "confirm_manifest", "lose"))
    if what in ("stop", "cancel", "dispute", "lose") and dice.random() < 0.7:
        return "nothing"
    if what == "attest":
        if found.state != 1:
            return "nothing"
        seat = dice.randrange(2)
        seen = found.seen[seat]
        passed = min(market.world.now, found.ends_at) - found.started_at
        looked = dice.choice((passed, dice.randint(seen.upto, passed)))
        fine = seen.good + dice.choice((looked - seen.upto, dice.randint(0, looked - seen.upto)))
        reason = 7 if fine - seen.good < looked - seen.upto else 0
        market.attest(job, fine, looked, seat=seat, reason=reason)
        return what
    more: dict[str, Any] = {"party": party} if what in ("stop", "cancel", "dispute") else {}
    if what in ("lose", "confirm_manifest"):
        more = {"attester": dice.choice(market.attesters).pubkey()}
    if what == "dispute" and market.world.client.account(pda.jobs.dispute(job, party)) is not None:
        return "refused"
    if what == "extend":
        market.set_price(found.mint)
        more = {"seconds": dice.randrange(1, 3 * HOUR)}
    if what == "resolve":
        open_ = [one for one in _disputes(market, job) if one.account.until == found.frozen_until]
        if not open_:
            return "refused"
        more = {"gross": dice.randint(0, found.price), "dispute": open_[0].address}
    return what if tried(market, market.jobs(what, job, **more)) else "refused"


def _disputes(market: Market, job: Pubkey) -> list[KeyedAccount[accounts.jobs.Dispute]]:
    return market.world.client.find(accounts.jobs.Dispute, job=job)


@pytest.mark.parametrize("seed", range(24))
def test_every_path_of_a_job_ends_and_pays_out_its_deposit(market: Market, seed: int) -> None:
    dice = random.Random(seed)
    mint = dice.choice((IO_MINT, market.usdc))
    market.set_offer(rate=dice.choice((1, RATE + 1, 41_666_667)), payout=dice.randrange(2))
    payer = dice.choice((market.renter, market.dave)).pubkey()
    job = market.book(dice.randrange(HOUR, TWO_HOURS * 3), mint=mint, payer=payer)
    vault = market.job(job).payout_vault
    if vault != Pubkey.default():
        market.open_payout(job)
    if dice.random() < 0.8:
        market.start(job)
    purses = (market.renter.pubkey(), market.dave.pubkey(), market.alice.key)
    places = [vault, *(token_account(one, mint) for one in purses)]
    places += [market.job(job).fee_vault, market.job(job).escrow]
    whole = sum(market.world.balance(one) for one in places if one != Pubkey.default())
    for _ in range(40):
        market.world.advance(dice.choice((0, 1, 60, 600, HOUR)))
        _work(market, dice, job)
    # Whatever happened, anyone ends it in the end.
    market.world.advance(30 * DAY)
    if market.job(job).state != 2:
        market.send(market.jobs("expire", job))
    found = market.job(job)
    assert found.owed_supplier + found.owed_fees + found.owed_refund == found.price + found.fee
    paid = found.paid_supplier + found.paid_fees + found.paid_refund
    assert sum(market.pay_out(job)) + paid == found.price + found.fee
    for one in _disputes(market, job):
        market.send(market.closing(one.address))
    # Nothing was made or lost on the way: it lies with the parties and the fee vault.
    places.remove(found.escrow)
    assert sum(market.world.balance(one) for one in places if one != Pubkey.default()) == whole


def test_walks_come_by_every_step(market: Market) -> None:
    """What the walks above are about does happen in them."""
    dice, done = random.Random(5), Counter[str]()
    for _ in range(12):
        job = market.run(3 * HOUR, mint=market.usdc)
        for _ in range(25):
            market.world.advance(dice.choice((0, 60, 600, HOUR)))
            done[_work(market, dice, job)] += 1
        market.world.advance(30 * DAY)
        if market.job(job).state != 2:
            market.send(market.jobs("expire", job))
        market.pay_out(job)
    for what in ("attest", "settle", "extend", "stop", "complete", "dispute", "resolve", "refund"):
        assert done[what], done


def test_renting_ones_own_node_costs_both_sides_fees(market: Market) -> None:
    """Whoever farms his own node pays for it: F and the supplier's fee of two hours, see test_jobs_money."""
    alice = market.alice.owner
    before = market.purse(alice)
    job = market.run(by=alice)
    market.world.advance(TWO_HOURS)
    market.attest(job, TWO_HOURS)
    market.send(market.jobs("complete", job))
    market.pay_out(job)
    assert market.purse(alice) == before - 2 * 505_051


def test_what_only_one_of_two_attesters_saw_is_not_paid_when_the_other_is_silent(market: Market) -> None:
    # 41.666667 USD an hour for two hours: P = 83.333334, of which both saw 900 of 7,200 s.
    market.set_offer(rate=41_666_667)
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, 900, seat=1)
    market.attest(job, HOUR, seat=0)
    market.refused(market.jobs("expire", job), errors.jobs.NotSilent)
    market.world.advance(DAY + 1)
    market.send(market.jobs("expire", job))
    # G = ⌊10,416,666.75⌋, fee ⌈234,374.985⌉ = 234,375; F = 1,875,001 and
    # E = ⌈1,875,001 · 10,416,666 / 83,333,334⌉ = ⌈234,375.1⌉ = 234,376.
    assert market.pay_out(job) == (10_182_291, 468_751, 83_333_334 + 1_875_001 - 10_416_666 - 234_376)
