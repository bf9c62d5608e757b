"""Disproofs beside the independent model of stake: what is taken, from where, and what becomes of it.

After each step every account, vault, shard and event has to agree with the model.
"""

from __future__ import annotations

import pytest
from tests.model import staking
from tests.programs.people import TOKEN
from tests.programs.support import DAY, HOUR
from tests.stateful.test_staking_stateful import Walk
from tests.stateful.walk import NODES, Step, check_event

from ionet import Sent, accounts, events, ix, pda, types
from ionet.proofs.disproof import Disproof
from ionet.prover._signed import READS_MESSAGE, Read, SignedRoot

#: A state of a chain after which no read has state and address of zeros.
STATE = b"\1" * 128


class Disproving(Walk):
    """A market in which devices sign reads that are wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.set_up(20_000 * TOKEN)

    def disprove(self, name: str) -> bool:
        """Has a node's device sign one wrong read of the hour that runs, and shows it."""
        supplier, payer = self.arena.nodes[name], self.market.people.slasher.pubkey()
        start = self.world.mint_config.start
        hour = (self.now - start) // HOUR + 1
        end = start + hour * HOUR
        if self.world.client.account(pda.proofs.hour(hour)) is None:
            self.arena.send(ix.proofs.tick(payer=self.world.deployer, seq=hour))
        wrong = Read(0, 0, STATE, 0, bytes(128))
        # A tree of one leaf: its root, without a path.
        signed = SignedRoot(READS_MESSAGE, hour, bytes(supplier.node), 0, 0, (300, 16), wrong.leaf)
        signature = bytes(supplier.device_key.sign_message(signed.message))
        args = types.proofs.ReadArgs(
            commitment=types.proofs.Commitment(0, 0, signed.sizes, signed.root),
            place=0,
            chain=wrong.chain,
            read=wrong.number,
            state=wrong.state,
            address=wrong.address,
            next=wrong.next,
        )
        shown = Disproof(supplier.node, hour, supplier.device_key.pubkey(), signature, args, ())
        check, call = shown.instructions(payer)

        def done(sent: Sent[None] | None) -> None:
            amount = self.stakes.disprove(name, hour, end, self.now)
            check_event(sent, events.staking.NodeDisproved, amount=amount, hour=hour, period_end=end)
            self.worth[name] -= amount

        if not self.attempt(Step(check, lambda _: None), Step(call, done)):
            return False
        last = self.world.client.fetch(accounts.staking.Node, supplier.node).last_proof
        assert (last.time, last.passed, last.reason) == (end, 0, types.staking.ProofReason.DISPROVED)
        self.agrees()
        return True

    def numbers(self, name: str) -> list[int]:
        return list(self.stakes.nodes[name].slashes)

    def pick(self, name: str, number: int) -> int:
        return next(n for n in range(99) if self.of_slash(n)[:2] == (name, number))


@pytest.fixture
def walk() -> Disproving:
    return Disproving()


def has(walk: Disproving, name: str) -> staking.Node:
    return walk.stakes.nodes[name]


def test_a_disproof_takes_rewards_then_stake_and_leaves_co_stakers_theirs(walk: Disproving) -> None:
    walk.open_position("alice", "carol")
    walk.attempt(walk.staking_step("alice", "carol", ("part", 20)))
    walk.world.advance(14 * DAY)
    walk.publish([5 * TOKEN] * 3, NODES[0])
    before = has(walk, "alice").own
    due, active, co = before.due, before.active, has(walk, "alice").co_tokens
    assert co
    assert walk.disprove("alice")
    after = has(walk, "alice")
    fine = 20 * TOKEN
    assert after.own.due == max(0, due - fine)
    assert (due - after.own.due) + (active - after.own.active) == fine
    assert after.co_tokens == co


def test_a_node_is_slashed_once_an_hour_and_again_in_the_next(walk: Disproving) -> None:
    assert walk.disprove("alice")
    assert not walk.disprove("alice")
    walk.world.advance(HOUR)
    assert walk.disprove("alice")
    assert has(walk, "alice").set_apart == 40 * TOKEN


def test_what_a_proposal_holds_back_is_not_taken(walk: Disproving) -> None:
    node = has(walk, "alice")
    held = node.own.side - 3 * TOKEN
    assert walk._propose("alice", held) is not None
    assert walk.disprove("alice")
    assert (node.set_apart, node.own.side, node.frozen) == (3 * TOKEN, held, held)


def test_what_cools_is_taken_too(walk: Disproving) -> None:
    walk.unstake("alice", 0, ("limit", 0))
    node = has(walk, "alice")
    assert node.own.active == 0
    cooling = node.own.cooling
    assert walk.disprove("alice")
    assert node.own.cooling == cooling - 20 * TOKEN


@pytest.mark.parametrize("end", ["burned", "given back"])
def test_a_disproof_is_burned_or_given_back_and_stays_for_its_week(walk: Disproving, end: str) -> None:
    assert walk.disprove("alice")
    (number,) = walk.numbers("alice")
    pick = walk.pick("alice", number)
    # Neither owner nor resolver has a say: the model refuses these too.
    walk.appeal(pick)
    walk.resolve_slash(pick, 100)
    walk.set_apart_slash(pick)
    slash = has(walk, "alice").slashes[number]
    until = slash.disproof_until
    assert until is not None
    if end == "burned":
        walk.execute_slash(pick)
        while slash.apart:
            walk.world.advance(8 * DAY)
            walk.execute_slash(pick)
        assert walk.stakes.burned == 20 * TOKEN
    else:
        walk.cancel_slash(pick)
        walk.cancel_slash(pick)
        assert walk.stakes.burned == 0
    walk.agrees()
    if walk.now <= until:
        walk.world.advance(until - walk.now)
        walk.close_slash(pick)
        assert walk.numbers("alice") == [number]
        walk.world.advance(1)
    walk.close_slash(pick)
    assert walk.numbers("alice") == []
    walk.agrees()
