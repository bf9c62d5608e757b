"""Random walks through hours of compute proofs and disproofs: after every step events alone say what every
field of the accounts holds, and later they still say what was there then."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any, Final, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from solders.pubkey import Pubkey
from tests.programs.market import Market
from tests.programs.people import TOKEN
from tests.programs.support import DAY, HOUR
from tests.programs.test_disproofs import Scene, cell_of, read_of
from tests.stateful.arena import arena
from tests.stateful.test_replay_stateful import Replaying
from tests.stateful.walk import a_node, modest

from ionet import TransactionFailed, ix, pda

#: Seconds and slots.
_TIMES: Final = ((0, 1), (0, 40), (60, 1), (1_200, 40), (HOUR, 1), (DAY, 1), (7 * DAY, 1), (8 * DAY, 1))
#: Which of the hours that have begun, the latest first.
an_hour = st.integers(0, 3)
a_seat = st.integers(0, 2)


class Walk(RuleBasedStateMachine):
    """What devices, attesters, the authority and anyone do about an hour's proofs; what the programs refuse
    changes nothing."""

    def set_up(self) -> None:
        self.arena = arena()
        self.arena.reset()
        self.market = self.arena.market
        self.world = self.market.world
        self.hours: list[int] = []
        self.slashes: list[tuple[str, int]] = []

    @initialize(elsewhere=st.sampled_from((0, 200, 1_500)), wrong=st.booleans())
    def begin(self, elsewhere: int, wrong: bool) -> None:
        self.set_up()
        if elsewhere:
            self.stake("bob", elsewhere)
        self.tick()
        self.disprove("alice", 0, wrong)
        assert self.slashes == [("alice", self.hours[0])]

    # -- hours

    @rule()
    def tick(self) -> None:
        proofs = self.world.client.proofs
        seq = proofs.latest_hour() + 1
        if self.tried(proofs.tick()):
            self.hours.append(seq)

    @rule(back=an_hour, seat=a_seat, count=st.integers(0, 5))
    def commit(self, back: int, seat: int, count: int) -> None:
        attester, root = self.arena.attesters[seat], bytes([count]) * 32
        self.arena.send(
            ix.proofs.commit_compute(attester=attester.pubkey(), hour=self.hour(back), root=root, count=count)
        )

    @rule(back=an_hour)
    def draw(self, back: int) -> None:
        self.arena.send(ix.proofs.draw_hour(hour=self.hour(back)))

    @rule(seats=st.integers(1, 3), count=st.integers(0, 5), disproved=st.booleans(), later=st.booleans())
    def go_through_an_hour(self, seats: int, count: int, disproved: bool, later: bool) -> None:
        """From its tick to its draw; a disproof is burned in part; maybe all is over a week later."""
        self.wait((HOUR, 1))
        self.tick()
        for seat in range(seats):
            self.commit(0, seat, count)
        self.wait((1_200, 1))
        for _ in ("begun", "made"):
            self.draw(0)
            self.wait((0, 40))
        if disproved:
            self.disprove("alice", 0, True)
            self.execute(0)
        if later:
            self.wait((8 * DAY, 1))
            self.close_slash(0)
            self.close_hour(0)

    @rule(back=an_hour)
    def close_hour(self, back: int) -> None:
        self.arena.send(ix.proofs.close_hour(hour=self.hour(back), payer=self.world.deployer))

    # -- disproofs

    @rule(node=a_node, back=an_hour, product=st.booleans())
    def disprove(self, node: str, back: int, product: bool) -> None:
        """A cell of a product, or a read of the memory, that is not what the device has signed."""
        proofs, seq = self.world.client.proofs, self.seq(back)
        if self.arena.data(pda.proofs.hour(seq)):
            market = SimpleNamespace(world=self.world, alice=self.arena.nodes[node])
            scene = Scene(cast(Market, market), proofs.get_hour(seq))
            made = cell_of(scene) if product else read_of(scene, next=bytes(128))
            if self.tried(scene.call(made)):
                self.slashes.append((node, seq))

    @rule(pick=an_hour)
    def execute(self, pick: int) -> None:
        node, slash = self.slash(pick)
        others = self.arena.other_shards(node)
        self.arena.send(self.arena.staking("execute_slash", node, slash=slash, remaining_accounts=others))

    @rule(pick=an_hour)
    def cancel(self, pick: int) -> None:
        node, slash = self.slash(pick)
        purse = self.world.io_account(self.arena.people[node].pubkey())
        self.arena.send(
            self.arena.staking(
                "cancel_slash", node, authority=self.world.deployer, destination=purse, slash=slash
            )
        )

    @rule(pick=an_hour)
    def close_slash(self, pick: int) -> None:
        node, slash = self.slash(pick)
        self.arena.send(self.arena.staking("close_slash", node, slash=slash, proposer=self.world.deployer))

    # -- beside them

    @rule(node=a_node, tokens=st.integers(1, 400))
    def stake(self, node: str, tokens: int) -> None:
        self.arena.send(
            self.arena.staking("owner_stake", node, node, amount=tokens * TOKEN),
            self.arena.staking("owner_activate", node, node),
        )

    @rule(node=a_node, tokens=st.integers(1, 400))
    def unstake(self, node: str, tokens: int) -> None:
        self.arena.send(self.arena.staking("owner_unstake", node, node, amount=tokens * TOKEN))

    @rule(time=st.sampled_from(_TIMES))
    def wait(self, time: tuple[int, int]) -> None:
        seconds, slots = time
        self.world.client.network.clock.advance(seconds, slots=slots)

    # -- names

    def seq(self, back: int) -> int:
        return self.hours[-1 - back % len(self.hours)]

    def hour(self, back: int) -> Pubkey:
        return pda.proofs.hour(self.seq(back))

    def slash(self, pick: int) -> tuple[str, Pubkey]:
        node, seq = self.slashes[-1 - pick % len(self.slashes)]
        return node, pda.staking.disproof(self.arena.nodes[node].node, seq)

    @staticmethod
    def tried(call: Any) -> bool:
        try:
            call.send()
        except TransactionFailed:
            return False
        return True


class Replayed(Replaying, Walk):
    """Nothing in it was written by tests."""

    cheated = ()

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "state"):
            self.follow()

    def teardown(self) -> None:
        if sys.exc_info()[1] is None and hasattr(self, "state"):
            self.follow()
            self.look_back()


Replayed.TestCase.settings = modest(10, 30)
TestEventsSayWhatDisproofsDo = Replayed.TestCase
