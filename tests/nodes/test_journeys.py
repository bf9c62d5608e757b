"""Journeys of people through the market, written once and made on surfpool and on solana-test-validator.

IO is at 2.00 ± 0.01 USD, and alice's node costs 2.50 USD an hour. What needs days is made only where the
clock can be turned.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pytest
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import (
    AdvanceNonceAccountParams,
    TransferParams,
    advance_nonce_account,
    create_nonce_account,
    transfer,
)
from tests.nodes.market import DAY, HOUR, Market, register

import ionet
from ionet import (
    IO,
    USD,
    AsyncClient,
    AsyncHttpTransport,
    FeePolicy,
    HttpTransport,
    JobState,
    ReportState,
    WatchSettings,
    accounts,
    errors,
    events,
    governance,
    pda,
    types,
)
from ionet.chain import transactions
from ionet.chain._async import send as async_sending
from ionet.chain._sync import send as sending
from ionet.chain.nonces import nonce_of
from ionet.governance.proposals import Choice, Draft, Standing
from ionet.proofs.verdicts import _absent, _rows
from ionet.rewards import (
    Hour,
    Statement,
    build_report,
    cumulate,
    score_hour,
    statement_bytes,
)

pytestmark = [pytest.mark.node]

MANIFEST: Final = bytes([7]) * 32
#: Two hours: ⌈5 / 1.99⌉ IO, and a quarter per cent of it.
PRICE, FEE = 251_256_282, 628_141
#: Seconds after which a subscription stands; surfpool announces nothing from before, and often nothing.
#: Its blockhashes live for six, as its slots take 50 ms here.
SETTLED: Final = 4 * (2.0, 4.0, 3.0)
SEND, STATUSES = "sendTransaction", "getSignatureStatuses"
#: So slow that only what a node announces comes in time.
SLOW: Final = WatchSettings(poll=60, refresh=60)
PATIENCE: Final = 20
# Seconds between two looks at a status; a blockhash outlives two of them, so that a node may lose what it was
# sent.
PAUSE: Final = 10.0


def turned(market: Market) -> Market:
    """The market, if its clock can be turned."""
    if not market.turns:
        pytest.skip("the clock of solana-test-validator cannot be turned")
    return market


def url(market: Market) -> str:
    """Where its node is."""
    transport: Any = market.client.transport
    return str(transport.url)


def pay(market: Market, lamports: int = 1_000_000, to: Pubkey | None = None) -> Instruction:
    """A transfer from bob."""
    return transfer(
        TransferParams(from_pubkey=market.key("bob"), to_pubkey=to or market.key("bob"), lamports=lamports)
    )


def begun(market: Market) -> Pubkey:
    """The renter's job of two hours, which has just begun."""
    job = market.as_("renter").jobs.book(market.node, 2 * HOUR, MANIFEST).send().result
    market.as_("alice").jobs.start(job).send()
    return job


def attest(market: Market, job: Pubkey, seconds: int) -> None:
    """The attester has seen so many good seconds, if any have passed."""
    said = types.jobs.AttestArgs(
        good=seconds,
        upto=seconds,
        reason=0,
        proof_digest=bytes(32),
        timelock=bytes([1]) * 32,
        result_hash=bytes(32),
    )
    if seconds:
        market.as_("attester").jobs.attest(job, said).send()


def burn(market: Market, at_least: int) -> None:
    """Anyone burns the fees, and the supply falls by them."""
    bob = market.as_("bob")
    held, supply = sum(bob.buyback.fees()), bob.mint.supply()
    assert held >= at_least
    assert bob.buyback.burn_fees().send().result.base == held
    assert (supply - bob.mint.supply()).base == held


# -- websockets


class Late(HttpTransport):
    """Sends when the subscription stands, and looks at the status too early the first time."""

    looks = 0
    settled = SETTLED[0]

    def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        if method == SEND:
            time.sleep(self.settled)
        answer = super().request(method, params)
        self.looks += method == STATUSES
        return answer | {"value": [None]} if method == STATUSES and self.looks == 1 else answer


class AsyncLate(AsyncHttpTransport):
    """The same without blocking."""

    looks = 0
    settled = SETTLED[0]

    async def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        if method == SEND:
            await asyncio.sleep(self.settled)
        answer = await super().request(method, params)
        self.looks += method == STATUSES
        return answer | {"value": [None]} if method == STATUSES and self.looks == 1 else answer


def test_sending_waits_for_the_announcement_by_websocket(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "POLL", PAUSE)
    for settled in SETTLED:
        transport, began = Late(url(market)), time.monotonic()
        transport.settled = settled
        with ionet.Client(transport, signer=market.people["bob"]) as bob:
            try:
                bob.send(pay(market))
            except ionet.TransactionExpired:
                continue  # the machine was too busy for a blockhash's life
        if transport.looks == 2 and time.monotonic() - began - settled < PAUSE / 2:
            return
    pytest.fail("no announcement ended a pause")


async def test_sending_by_coroutines_waits_for_it_too(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(async_sending, "POLL", PAUSE)
    for settled in SETTLED:
        transport, began = AsyncLate(url(market)), time.monotonic()
        transport.settled = settled
        async with AsyncClient(transport, signer=market.people["bob"]) as bob:
            try:
                await bob.send(pay(market))
            except ionet.TransactionExpired:
                continue
        if transport.looks == 2 and time.monotonic() - began - settled < PAUSE / 2:
            return
    pytest.fail("no announcement ended a pause")


def test_an_account_and_events_are_told_as_they_are_announced(market: Market) -> None:
    renter = market.as_("renter")
    offer = pda.jobs.offer(market.node)
    with (
        renter.watch_account(offer, accounts.jobs.Offer, settings=SLOW) as states,
        renter.watch_events(mentions=market.node, settings=SLOW) as told,
    ):
        first = states.next(PATIENCE)
        assert first is not None
        assert first.account is not None
        assert first.account.rate == 2_500_000
        market.as_("alice").jobs.offer(market.node, rate=USD("2.6")).send()
        changed = states.next(PATIENCE)
        assert changed is not None
        assert changed.account is not None
        assert changed.account.rate == 2_600_000
        said = told.next(PATIENCE)
        assert said is not None
        assert type(said.event) is events.jobs.OfferSet
    market.as_("alice").jobs.offer(market.node, rate=USD("2.5")).send()


async def test_coroutines_are_told_too(market: Market) -> None:
    async with AsyncClient.connect(url(market), signer=market.people["bob"]) as bob:
        address = Keypair().pubkey()
        async with bob.watch_account(address, settings=SLOW) as states:
            first = await states.next(PATIENCE)
            assert first is not None
            assert first.account is None
            await bob.send(pay(market, 5_000_000, address))
            changed = await states.next(PATIENCE)
            assert changed is not None
            assert changed.account is not None
            assert changed.account.lamports == 5_000_000


# -- what needs no turned clock


def test_the_market_is_there_as_it_was_grown(market: Market) -> None:
    renter = market.as_("renter")
    emitted = renter.mint.get_config().emitted
    assert renter.mint.supply() == IO(100_000_000) + IO.from_base(emitted)
    assert [one.node for one in renter.jobs.search(max_rate=USD(3))] == [market.node]
    alice = market.as_("alice").staking
    assert sorted(one.active for one in alice.stakes()) == [IO(3_000), IO(8_000)]
    assert len(renter.staking.classes()) == 36
    assert renter.staking.get_node(market.node).last_proof.passed == 1


def test_a_node_is_registered_and_staked_on(market: Market) -> None:
    node = register(market.client, market.people, "bob", 10, "RTX 4090")
    before = market.purse("bob")
    market.as_("bob").staking.stake(node, IO(250)).send()
    assert before - market.purse("bob") == IO(250).base
    (found,) = market.as_("bob").staking.stakes()
    assert (found.node, found.is_owner, found.active) == (node, True, IO(250))
    room = market.client.staking.get_capacity(node)
    assert room.total == IO(1_000)


def test_what_a_program_refuses_is_one_sentence(market: Market) -> None:
    carol = market.as_("carol").staking
    with pytest.raises(errors.staking.MaximumStake) as caught:
        carol.stake(market.node, IO(7_000)).send()
    assert not caught.value.landed
    embedded = str(caught.value)
    with pytest.raises(errors.staking.MaximumStake) as caught:
        carol.stake(market.node, IO(7_000)).send(fees=FeePolicy(compute_limit=200_000))
    assert caught.value.landed
    assert caught.value.compared is not None
    assert str(caught.value).startswith(embedded[:40])


def test_a_booking_is_cancelled_for_its_fee(market: Market) -> None:
    renter, before = market.as_("renter"), market.purse("renter")
    quoted = renter.jobs.quote(market.node, 2 * HOUR)
    assert (quoted.price.base, quoted.booking_fee.base) == (PRICE, FEE)
    job = renter.jobs.book(market.node, 2 * HOUR, MANIFEST, quote=quoted).send().result
    assert before - market.purse("renter") == PRICE + FEE
    booked = renter.jobs.get_job(job)
    assert (booked.state, booked.price, booked.fee) == (JobState.BOOKED, PRICE, FEE)
    waited = renter.jobs.status(job)
    assert waited.start_by is not None
    ended = renter.jobs.cancel(job).send()
    # By the second of its price, and never less than the fee.
    assert ended.block_time is not None
    cost = max(FEE, -(-PRICE * (ended.block_time - booked.booked_at) // (2 * HOUR)))
    assert before - market.purse("renter") == pytest.approx(cost, abs=3 * PRICE // (2 * HOUR))
    assert renter.account(job) is None


def test_a_job_is_booked_run_and_stopped_and_its_fees_are_burned(market: Market) -> None:
    renter, bob = market.as_("renter"), market.as_("bob")
    before = {name: market.purse(name) for name in ("renter", "alice")}
    job = begun(market)
    renter.jobs.stop(job).send()
    stopped = renter.jobs.get_job(job)
    attest(market, job, stopped.ends_at - stopped.started_at)
    done = bob.jobs.crank(job)
    assert {one.error for one in done} == {None}, done
    assert renter.account(job) is None
    # The first hour is paid whole: half the price, of which the supplier pays ⌈a quarter per cent⌉.
    half, fee = PRICE // 2, 314_071
    assert market.purse("alice") - before["alice"] == half - fee
    assert before["renter"] - market.purse("renter") == half + FEE
    burn(market, at_least=FEE + fee)


def test_a_proposal_is_made_and_voted_on(market: Market) -> None:
    alice = market.as_("alice").governance
    proposal = alice.submit(Draft("Keep going"))
    assert governance.standing(alice.get_proposal(proposal), market.client.time()) is Standing.VOTING
    assert alice.vote(proposal, market.node, Choice.FOR).send().result.weight == IO(8_000).base
    (ballot,) = [one for one in alice.ballots(proposal) if one.node == market.node]
    assert ballot.choice is Choice.FOR
    with pytest.raises(ionet.ProgramError):
        alice.queue(proposal).send()


def test_a_transaction_with_a_nonce_is_sent_once(market: Market) -> None:
    bob, place = market.as_("bob"), Keypair()
    made = create_nonce_account(bob.address, place.pubkey(), bob.address, 10_000_000)
    bob.call(*made, signers=[place]).send()
    held = bob.account(place.pubkey())
    assert held is not None
    nonce = nonce_of(bytes(held.data))
    assert nonce is not None
    to = Keypair().pubkey()
    advance = advance_nonce_account(
        AdvanceNonceAccountParams(nonce_pubkey=place.pubkey(), authorized_pubkey=bob.address)
    )
    message = transactions.compile_message(
        bob.address, [advance, pay(market, 2_000_000, to)], (), Hash.from_string(nonce)
    )
    signed = transactions.signed(message, {bob.address: bob.signer})
    sent = bob.send_signed(signed)
    assert bob.balance(to).base == 2_000_000
    assert bob.send_signed(signed).signature == sent.signature, "it has landed, and is told so again"
    assert bob.balance(to).base == 2_000_000


def test_a_priority_fee_is_paid_and_what_was_paid_is_followed(market: Market) -> None:
    bob = market.as_("bob")
    before = bob.balance()
    bob.call(pay(market)).send(fees=FeePolicy(price=500_000, compute_limit=2_000))
    # 500,000 millionths of a lamport for each of 2,000 units; surfpool leaves it out of what it tells.
    assert (before - bob.balance()).base == 5_000 + 1_000
    assert bob.call(pay(market)).send().fee >= 5_000


# -- what needs a turned clock


def test_from_stake_to_claim(market: Market) -> None:
    market = turned(market)
    device, bob, attester = Keypair(), market.as_("bob"), market.as_("attester").proofs
    node = register(market.client, market.people, "bob", 11, "RTX 3060", device)
    bob.staking.stake(node, IO(200)).send()
    first = attester.latest_hour() + 6
    for seq in (first, first + 1):
        market.move(attester.period_end(seq))
        market.client.mint.emit().send()
        if seq == first:
            market.prove(node)
    end, emitted = attester.period_end(seq), attester.emission(seq)
    message = statement_bytes(bytes(node), end, 6, HOUR, bytes(32), bytes(32))
    said = Statement(bytes(device.pubkey()), HOUR, bytes(32), bytes(32), bytes(device.sign_message(message)))
    # The market was loaded into the node: there is no past to fill a ledger from.
    rows = _rows(market.client.staking, end, {}, market.report.leaves)
    hour = Hour.from_rows(
        replace(row, up_hours=6, statement=said) if row.node == bytes(node) else row for row in rows
    )
    scores = score_hour(hour, emitted.base, policy=attester.policy())
    leaves = cumulate(
        market.report.leaves,
        hour,
        scores,
        end,
        absent=_absent(market.client.staking, end),
        height=attester.get_config().head,
    )
    report = build_report(leaves, end, bytes(32))
    made = attester.report(attester.propose(report, "test")).send().result
    market.report = report
    market.advance(attester.get_config().challenge_window)
    earlier: list[Pubkey] = []
    at = made
    while at != Pubkey.default() and attester.get_report(at).state != ReportState.FINAL:
        earlier.append(at)
        at = attester.get_report(at).predecessor
    for one in reversed(earlier):
        attester.finalize(one).send()
    market.move(attester.get_report(made).creditable_from)
    credited = market.client.staking.credit(node, made, report).send().result
    assert credited == IO("1.92"), "96 bp of 200 IO an hour"
    before = market.purse("bob")
    assert bob.staking.claim(node).send().result == credited
    assert market.purse("bob") - before == credited.base


def test_from_a_booking_to_what_is_burned(market: Market) -> None:
    market = turned(market)
    bob = market.as_("bob")
    market.move(market.as_("attester").proofs.period_end(bob.proofs.latest_hour() + 1))
    market.prove(market.node)
    before = {name: market.purse(name) for name in ("renter", "alice")}
    job = begun(market)
    market.advance(2 * HOUR)
    attest(market, job, 2 * HOUR)
    done = bob.jobs.crank(job)
    assert {one.error for one in done} == {None}, done
    assert market.purse("alice") - before["alice"] == PRICE - FEE
    assert before["renter"] - market.purse("renter") == PRICE + FEE
    burn(market, at_least=2 * FEE)


def test_from_a_proposal_to_its_payment(market: Market) -> None:
    market = turned(market)
    heir, alice = Keypair().pubkey(), market.as_("alice").governance
    proposal = alice.submit(Draft("Pay", [governance.pay_sol(heir, ionet.SOL(1))]))
    alice.vote(proposal, market.node, Choice.FOR).send()
    market.advance(5 * DAY)
    alice.queue(proposal).send()
    market.advance(2 * DAY)
    assert alice.execute(proposal).send().result.done
    assert market.client.balance(heir) == ionet.SOL(1)
