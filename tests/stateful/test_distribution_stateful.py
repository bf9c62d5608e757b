"""Random walks through emission, grants and airdrops: after every step events alone say what the accounts
hold, and later they still say what was there then."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.model.grants import MONTH
from tests.programs.distribution import Distribution, Drop, schedule
from tests.programs.people import TOKEN
from tests.programs.support import DAY, HOUR
from tests.programs.test_mint import demand, fixed
from tests.stateful.arena import HOLDERS, arena
from tests.stateful.test_replay_stateful import Replaying
from tests.stateful.walk import a_holder, a_number, modest

from ionet import TransactionFailed, ix


class Walk(RuleBasedStateMachine):
    """What authority, beneficiaries, claimants and anyone do; what the programs refuse changes nothing."""

    def set_up(self) -> None:
        self.arena = arena()
        self.arena.reset()
        self.world = self.arena.market.world
        self.books = Distribution(self.world)
        self.owners: dict[Pubkey, str] = {}

    @initialize(who=a_holder, total=st.integers(1, 500), floor=st.sampled_from((0, 2_500)))
    def begin(self, who: str, total: int, floor: int) -> None:
        """Something of everything, to begin with."""
        self.set_up()
        self.grant(who, total, upfront=0, revocable=True)
        self.airdrop(((who, total), ("carol", 1)))
        self.claim(0, 0)
        self.set_policy(floor, 0)
        self.wait(MONTH)
        self.release(0)
        self.emit(burn=True)
        self.reclaim(0, late=True)

    # -- grants

    @rule(who=a_holder, total=st.integers(1, 500), upfront=st.integers(0, 10), revocable=st.booleans())
    def grant(self, who: str, total: int, upfront: int, revocable: bool) -> None:
        terms = schedule(total * TOKEN, start=self.world.now, upfront=min(upfront, total) * TOKEN)
        made = self.books.make_grant(self.key(who), terms, revocable=revocable)
        self.owners[made] = who

    @rule(pick=a_number)
    def release(self, pick: int) -> None:
        self.tried(lambda: self.books.send(self.books.release(self.granted(pick))))

    @rule(pick=a_number)
    def revoke(self, pick: int) -> None:
        self.tried(lambda: self.books.send(self.books.revoke(self.granted(pick))))

    @rule(pick=a_number, to=a_holder, accepts=st.sampled_from((*HOLDERS, None, None, None)))
    def hand_over(self, pick: int, to: str, accepts: str | None) -> None:
        """A grant gets another beneficiary; mostly the one who was named accepts it."""
        grant = self.granted(pick)
        owner, taker = self.pair(self.owners[grant]), self.pair(accepts or to)
        named = ix.distributor.set_beneficiary(
            beneficiary=owner.pubkey(), grant=grant, successor=self.key(to)
        )
        self.tried(lambda: self.books.send(named, signers=[owner]))
        accept = ix.distributor.accept_beneficiary(successor=taker.pubkey(), grant=grant)
        if self.tried(lambda: self.books.send(accept, signers=[taker])):
            self.owners[grant] = accepts or to

    # -- airdrops

    @rule(leaves=st.lists(st.tuples(a_holder, st.integers(1, 50)), min_size=1, max_size=4))
    def airdrop(self, leaves: Any) -> None:
        self.books.make_airdrop([(self.key(who), amount * TOKEN) for who, amount in leaves])

    @rule(pick=a_number, leaf=a_number)
    def claim(self, pick: int, leaf: int) -> None:
        drop = self.drop(pick)
        self.tried(lambda: self.books.send(drop.claim(leaf % len(drop.leaves))))

    @rule(pick=a_number, late=st.booleans())
    def reclaim(self, pick: int, late: bool) -> None:
        """What nobody has claimed goes back, and then the marks of claims are closed."""
        drop = self.drop(pick)
        if late:
            self.wait(31 * DAY)
        self.tried(lambda: self.books.send(self.books.reclaiming(drop)))
        closing = ix.distributor.close_claims(
            airdrop=drop.address, claims=drop.claims(), rent_payer=self.world.deployer
        )
        self.tried(lambda: self.books.send(closing))

    # -- emission

    @rule(floor=st.sampled_from((None, 0, 2_500, 10_000)), per_burned=st.sampled_from((0, 5_000)))
    def set_policy(self, floor: int | None, per_burned: int) -> None:
        policy = fixed() if floor is None else demand(floor, per_burned)
        self.tried(lambda: self.world.send(ix.mint.set_policy(authority=self.world.deployer, policy=policy)))

    @rule(burn=st.booleans())
    def emit(self, burn: bool) -> None:
        self.tried(lambda: self.world.send(ix.mint.emit()))
        if burn:
            self.tried(lambda: self.world.send(ix.mint.burn_reserve()))

    @rule(seconds=st.sampled_from((1, HOUR, DAY, MONTH, 3 * MONTH)))
    def wait(self, seconds: int) -> None:
        self.world.advance(seconds)

    # -- names

    def granted(self, pick: int) -> Pubkey:
        return self.books.granted[-1 - pick % len(self.books.granted)]

    def drop(self, pick: int) -> Drop:
        return self.books.drops[-1 - pick % len(self.books.drops)]

    def pair(self, who: str) -> Keypair:
        return self.arena.people[who]

    def key(self, who: str) -> Pubkey:
        return self.pair(who).pubkey()

    @staticmethod
    def tried(send: Callable[[], Any]) -> bool:
        try:
            send()
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


_SETTINGS: Final = modest(10, 30)
Replayed.TestCase.settings = _SETTINGS
TestEventsSayWhatGrantsHold = Replayed.TestCase
