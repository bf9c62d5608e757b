"""The facts of an hour by a ledger: the same whenever they are asked for.

Two hours of Alice's node cost P = 2.02020203 IO and F = 0.00505051 IO of renter's fee (25 bps, rounded up),
or 4 USDC and 0.09 USDC (225 bps). The supplier's side pays the same rates of what is earned.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.ledger import history
from tests.programs.auctions import Auctions
from tests.programs.market import TWO_HOURS, Market, prepared
from tests.programs.people import TOKEN, People, class_args
from tests.programs.support import DAY, HOUR
from tests.programs.test_disproofs import Scene, cell_of

from ionet import AsyncClient, EmissionUnknown, ProofReason, ix, types
from ionet.ledger import Database, Follower, HourNotFinal, Hours, open_ledger, settled
from ionet.ledger.hours import HourFacts
from ionet.rewards import (
    Absent,
    Leaves,
    Measure,
    NodeHour,
    Proof,
    SharePolicy,
    Statement,
    Verdict,
    Word,
    measured,
    statement_bytes,
)
from ionet.rewards._leaves import pack
from ionet.token.emission import cumulative


@dataclass(slots=True)
class Office:
    """A market from its first transaction, and a ledger of it."""

    market: Market
    place: str

    def end(self, seq: int) -> int:
        return self.market.world.client.proofs.period_end(seq)

    def begins(self, seq: int) -> None:
        """Moves the clock to the beginning of an hour."""
        self.market.world.client.network.clock.set(self.end(seq - 1))

    def facts(self, seq: int) -> HourFacts:
        """By a new ledger of everything until now."""
        with Database.create(":memory:", "1" * 32) as database:
            database.write(history.truth(self.market.world.client))
            return Hours(database).facts(self.end(seq))

    def alice(self, seq: int) -> NodeHour:
        node = bytes(self.market.alice.node)
        return next(row for row in self.facts(seq).rows() if row.node == node)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """At the beginning of the second hour of emission."""
    found = Office(prepared(People()), str(tmp_path / "ledger.db"))
    found.begins(2)
    return found


def test_a_node_is_as_its_events_say(office: Office) -> None:
    office.begins(3)
    found = office.alice(2)
    assert (found.stake, found.required_stake) == (500 * TOKEN, 200 * TOKEN)
    assert (found.multiplier_bps, found.units, found.credited, found.closed_at) == (10_000, 1, 0, 0)
    assert (found.in_use, found.fees, found.banned) == (False, 0, False)


def test_parameters_are_the_programs_own_before_they_are_set(office: Office) -> None:
    assert office.facts(1).policy == SharePolicy(9_500, 3_000, 8_000, 5, 96)


@pytest.mark.parametrize("later", [0, 1, 30])
def test_what_happens_after_the_hour_changes_nothing_of_it(office: Office, later: int) -> None:
    market, world = office.market, office.market.world
    world.advance(HOUR - 1)
    market.send(market.staking("owner_unstake", amount=7))
    office.begins(3)
    before = office.facts(2)
    rows, absent, policy = before.rows(), before.absent(), before.policy
    assert office.alice(2).stake == 500 * TOKEN - 7
    world.advance(later * DAY)
    market.send(market.staking("owner_unstake", amount=1))
    market.co_stake(market.carol, 7)
    market.join(market.bob, 300 * TOKEN)
    market.send(market.staking("retire_node"))
    args = class_args(multiplier_bps=30_000)
    world.send(ix.staking.set_class(authority=world.deployer, id=market.node().class_, args=args))
    world.client.proofs.set_params(gpu_bps=9_000).send()
    again = office.facts(2)
    assert (again.rows(), again.absent(), again.policy) == (rows, absent, policy)
    assert again.attesters == before.attesters


@pytest.mark.parametrize(("early", "gone"), [(1, 1), (0, 0)])
def test_the_last_second_is_the_hours_and_the_next_one_is_not(office: Office, early: int, gone: int) -> None:
    market = office.market
    market.world.client.network.clock.set(office.end(2) - early)
    market.send(market.staking("owner_unstake", amount=1))
    assert office.alice(2).stake == 500 * TOKEN - gone
    assert office.alice(3).stake == 500 * TOKEN - 1


def test_a_node_that_left_is_absent_with_what_moves_on_it(office: Office) -> None:
    market = office.market
    market.co_stake(market.carol, 7 * TOKEN)
    market.send(market.staking("retire_node"))
    office.begins(3)
    facts = office.facts(2)
    assert facts.rows() == []
    assert facts.absent() == [Absent(bytes(market.alice.node), 0, waiting=True)]
    (row,) = office.facts(1).rows()
    assert row.node == bytes(market.alice.node)


# -- use


def test_fees_of_both_sides_count_in_the_hour_in_which_they_are_attested(office: Office) -> None:
    market = office.market
    job = market.run(TWO_HOURS)
    market.world.advance(1_800)
    market.attest(job, 1_800)
    market.world.advance(HOUR)
    market.attest(job, 5_400)
    market.world.advance(HOUR)
    # A quarter: ⌊505,051 / 4⌋ = 126,262, and ⌊50,505,050 · 25 / 10⁴⌋ = 126,262.
    found = office.alice(2)
    assert (found.in_use, found.fees) == (True, 252_524)
    assert found.verdict is not None
    assert (found.verdict.passed, found.verdict.time) == (True, office.end(2))
    # A half, though it was looked at in the third hour only: ⌊505,051 / 2⌋ and ⌊101,010,101 · 25 / 10⁴⌋.
    assert office.alice(3).fees == 505_050
    assert not office.alice(4).in_use


def test_a_closed_job_counts_for_its_hour(office: Office) -> None:
    market = office.market
    job = market.run(HOUR)
    market.world.advance(1_800)
    market.attest(job, 1_800)
    before = office.alice(2)
    market.world.advance(1_800)
    market.attest(job, HOUR)
    market.send(market.jobs("complete", job))
    market.pay_out(job)
    assert market.world.client.account(job) is None
    assert before.in_use
    assert office.alice(2) == before
    after = office.alice(3)
    # The other half of its fees; but no lease reached into that hour, so that it does not pass by one.
    assert (after.in_use, after.fees) == (True, before.fees)
    assert after.verdict is not None
    assert not after.verdict.passed


def test_dollars_count_at_the_price_of_io_that_was_stated_last(office: Office) -> None:
    market = office.market
    job = market.run(TWO_HOURS, mint=market.usdc)
    market.world.advance(1_800)
    market.attest(job, 1_800)
    # Nobody has said yet what IO is worth.
    found = office.alice(2)
    assert (found.in_use, found.fees) == (True, 0)
    market.join(market.bob, 300 * TOKEN)
    market.prove(market.bob)
    market.book(TWO_HOURS, of=market.bob)
    # 22,500 and 1,000,000 · 225 / 10⁴ = 22,500 micro-dollars, at the oracle's 2 USD for an IO.
    assert office.alice(2).fees == 2_250_000


def test_a_lot_states_what_io_is_worth(office: Office) -> None:
    market = office.market
    auctions = Auctions(market)
    job = market.run(TWO_HOURS, mint=market.usdc)
    market.world.advance(1_800)
    market.attest(job, 1_800)
    assert office.alice(2).fees == 0
    auctions.offer(1_000_000_000)
    # 0.045 USD at 2 USD for an IO.
    assert office.alice(2).fees == 2_250_000


# -- what is measured, and repeated


def said(office: Office, seq: int, up_hours: int | None = None, key: Keypair | None = None) -> list[Measure]:
    """What the first attester has of the node's device, or its verdict."""
    market, end = office.market, office.end(seq)
    node, device = bytes(market.alice.node), key or market.alice.device_key
    words, judged = {}, {}
    if up_hours is None:
        judged[node] = Verdict(end, 9_000, ProofReason.PASSED, True, b"\7" * 32)
    else:
        text = statement_bytes(node, end, up_hours, HOUR, bytes(32), bytes(32))
        signature = bytes(device.sign_message(text))
        statement = Statement(bytes(device.pubkey()), HOUR, bytes(32), bytes(32), signature)
        words[node] = Word(node, up_hours, statement)
    return measured(market.attesters[0], end, words, judged)


def leaves(office: Office, seq: int, reason: ProofReason) -> Leaves:
    """Those of a report that says this of the node in an hour."""
    verdict = Verdict(office.end(seq), 9_000, reason, reason == ProofReason.PASSED, b"\7" * 32)
    return Leaves(
        nodes=np.frombuffer(bytes(office.market.alice.node), np.uint8).reshape(1, 32),
        lifetime=np.zeros(1, np.uint64),
        through=np.full(1, verdict.time, np.int64),
        verdicts=np.frombuffer(pack(verdict), np.uint8).reshape(1, -1),
    )


def test_uptime_is_the_devices_word_as_far_as_it_can_be(office: Office) -> None:
    office.begins(8)
    facts, end = office.facts(7), office.end(7)
    possible = (end - office.market.node().registered_at) // HOUR
    (row,) = facts.rows(said(office, 7, possible))
    assert row.up_hours == possible
    # More than there was, another key's word, or none.
    for measures in (said(office, 7, possible + 1), said(office, 7, possible, Keypair()), ()):
        (row,) = facts.rows(measures)
        assert (row.up_hours, row.statement) == (0, None)


def test_hours_that_seats_have_counted_come_before_the_devices_word(office: Office) -> None:
    office.begins(8)
    facts, end = office.facts(7), office.end(7)
    node, seat = bytes(office.market.alice.node), office.market.attesters[0]
    possible = (end - office.market.node().registered_at) // HOUR
    (word,) = said(office, 7, possible)
    assert word.word is not None
    for hours, up in ((0, 0), (possible - 1, possible - 1), (possible + 5, possible)):
        (row,) = facts.rows(measured(seat, end, {node: word.word}, {}, {node: hours}))
        # What the device has signed is in the row where it is what counts.
        assert (row.up_hours, row.statement is not None) == (up, up == possible)
        (row,) = facts.rows(measured(seat, end, {}, {}, {node: hours}))
        assert (row.up_hours, row.statement) == (up, None)


@pytest.mark.parametrize("reason", [ProofReason.PASSED, ProofReason.SLOW])
def test_an_hour_in_which_a_device_was_not_drawn_repeats_the_last_verdict(
    office: Office, reason: ProofReason
) -> None:
    office.begins(4)
    (row,) = office.facts(3).rows(before=leaves(office, 2, reason))
    proof = Proof.PASSED if reason == ProofReason.PASSED else Proof.FAILED
    assert row.verdict is not None
    assert (row.proof, row.verdict.reason, row.verdict.time) == (proof, reason, office.end(3))


def test_a_leased_and_attested_hour_passes_and_a_leased_one_alone_does_not(office: Office) -> None:
    last = leaves(office, 1, ProofReason.SLOW)
    job = office.market.run(TWO_HOURS)
    office.market.world.advance(HOUR // 2)
    (row,) = office.facts(2).rows(before=last)
    assert (row.in_use, row.proof) == (False, Proof.FAILED)
    office.market.attest(job, HOUR // 2)
    (row,) = office.facts(2).rows(before=last)
    assert (row.in_use, row.proof) == (True, Proof.PASSED)


def test_a_verdict_of_before_a_disproof_is_neither_counted_nor_repeated(office: Office) -> None:
    client = office.market.world.client
    client.network.clock.advance(1)
    client.proofs.tick().send()
    scene = Scene(office.market, client.proofs.get_hour(2))
    scene.call(cell_of(scene)).send()
    office.begins(5)
    (row,) = office.facts(2).rows(said(office, 2))
    assert row.proof is Proof.MISSING
    # The hour began before it.
    (row,) = office.facts(3).rows(before=leaves(office, 2, ProofReason.PASSED))
    assert row.proof is Proof.MISSING
    (row,) = office.facts(3).rows(said(office, 3))
    assert row.proof is Proof.PASSED
    (row,) = office.facts(4).rows(before=leaves(office, 3, ProofReason.PASSED))
    assert row.proof is Proof.PASSED


# -- emission


def test_what_hours_were_paid_is_known_however_many_cranks_ago(office: Office) -> None:
    market = office.market
    first = market.world.client.proofs.latest_hour()
    for _ in range(30):
        market.world.advance(HOUR)
        market.world.send(ix.mint.emit())
    with Database.create(":memory:", "1" * 32) as database:
        database.write(history.truth(market.world.client))
        emissions = Hours(database).emissions
        for seq in range(1, first + 31):
            assert emissions.most(seq) == cumulative(seq * HOUR)
            assert emissions.hour(seq) == cumulative(seq * HOUR) - cumulative((seq - 1) * HOUR)
    with pytest.raises(EmissionUnknown):
        market.world.client.proofs.emission(first + 1)


def test_what_a_linked_hour_was_paid_is_as_the_program_has_it(office: Office) -> None:
    market, proofs = office.market, office.market.world.client.proofs
    policy = types.mint.PolicyArgs(types.mint.PolicyKind.DEMAND_LINKED, 2_500, 0)
    market.world.send(ix.mint.set_policy(authority=market.world.deployer, policy=policy))
    first = proofs.latest_hour()
    with Database.create(":memory:", "1" * 32) as database:
        emissions = Hours(database).emissions
        for hours in (1, 3, 2):
            market.world.advance(hours * HOUR)
            database.write(history.truth(market.world.client))
            with pytest.raises(EmissionUnknown, match="is not emitted yet by the ledger"):
                emissions.hour(proofs.latest_hour())
            market.world.send(ix.mint.emit())
            database.write(history.truth(market.world.client))
            for seq in range(first + 1, proofs.latest_hour() + 1):
                assert emissions.hour(seq) == proofs.emission(seq).base
                assert emissions.most(seq) == proofs.most(seq).base


def test_a_correction_may_give_what_it_might_when_it_was_approved(office: Office) -> None:
    """All but 50 stays unallocated by a final report: a correction has 50, and what was paid since."""
    market, proofs = office.market, office.market.world.client.proofs
    published = market.publish({market.alice.node: 50})
    seq = proofs.get_report(published.address).seq
    paid = cumulative(seq * HOUR)
    with Database.create(":memory:", "1" * 32) as database:
        database.write(history.truth(market.world.client))
        most = Hours(database).emissions.most(seq + 1, correction=Pubkey.default())
    assert most == 50 + cumulative((seq + 1) * HOUR) - paid
    assert most == proofs.most(seq + 1, correction=True).base


# -- reading


def test_hours_in_their_order_are_read_on_from_each_other(office: Office) -> None:
    history.busy(office.market, 3)
    # One that several hours look at.
    job = office.market.run(4 * HOUR)
    for looked in range(1, 5):
        office.market.world.advance(HOUR)
        office.market.attest(job, looked * HOUR)
    office.market.world.advance(HOUR)
    last = office.market.world.client.proofs.latest_hour()
    with Database.create(":memory:", "1" * 32) as database:
        database.write(history.truth(office.market.world.client))
        hours = Hours(database)
        used = 0
        # Also backwards, and again.
        for seq in (*range(1, last + 1), last, 5, 6):
            facts, fresh = hours.facts(office.end(seq)), Hours(database).facts(office.end(seq))
            assert facts == fresh
            used += any(row.in_use for row in facts.rows())
        assert used >= 7


async def test_an_hour_is_told_only_once_it_is_final(office: Office) -> None:
    network = office.market.world.client.network
    async with AsyncClient.local(network=network) as client:
        with await open_ledger(client, office.place) as database:
            follower = Follower(client, database)
            network.clock.set(office.end(2) - 1)
            with pytest.raises(HourNotFinal, match="is not final yet: the chain's last final slot"):
                await settled(client, database, follower, office.end(2))
            network.clock.advance(5)
            # Another process keeps it, and has not come that far.
            with pytest.raises(HourNotFinal, match="ionet ledger run brings it there"):
                await settled(client, database, None, office.end(2))
            await settled(client, database, follower, office.end(2))
            market = office.market
            market.send(market.staking("owner_unstake", amount=1))
            network.clock.advance(5)
            await follower.catch_up()
            asked: list[str] = []
            real = client.request

            async def counted(method: str, *given: object) -> object:
                asked.append(method)
                return await real(method, *given)

            client.request = counted  # type: ignore[method-assign]
            await settled(client, database, None, office.end(2))
            assert asked == []
