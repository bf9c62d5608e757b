"""Slashes from proposal to end."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from tests.model import staking
from tests.programs.support import DAY
from tests.stateful.arena import wallet
from tests.stateful.stakers import Stakers
from tests.stateful.walk import (
    EVIDENCE,
    Pick,
    Step,
    a_node,
    a_number,
    a_pick,
    action,
    amount_of,
    any_slash,
    check_event,
)

from ionet import Sent, events, pda


class Slashing(Stakers):
    """What slasher, resolver, owners and anyone do about slashes."""

    # -- slashes

    @action(node=a_node, pick=a_pick, beyond=st.booleans(), fraud=st.sampled_from((False, False, True)))
    def propose_slash(self, node: str, pick: Pick, beyond: bool, fraud: bool) -> None:
        of = self.stakes.nodes[node]
        most = of.own.side + (of.co_tokens if beyond else 0) - of.frozen
        self._propose(node, amount_of(pick, most), fraud=fraud)

    def _propose(self, node: str, amount: int, *, fraud: bool = False) -> int | None:
        nonce = self.nonces[node]
        given: dict[str, Any] = {"nonce": nonce, "amount": amount, "evidence_hash": EVIDENCE, "fraud": fraud}
        others = self.arena.other_shards(node) if fraud else ()
        call = self.arena.staking("propose_slash", node, remaining_accounts=others, **given)

        def done(_: Sent[None] | None) -> None:
            self.stakes.propose_slash(node, nonce, amount, self.now, fraud=fraud)

        if not self.attempt(Step(call, done)):
            return None
        self.nonces[node] += 1
        return nonce

    def of_slash(self, pick: int) -> tuple[str, int, dict[str, Any]]:
        """A slash that is not closed: its node, its number, and its account."""
        found = [(name, nonce) for name, node in self.stakes.nodes.items() for nonce in node.slashes]
        name, nonce = found[-1 - pick % len(found)]
        made = pda.staking.slash if nonce >= 0 else pda.staking.disproof
        return name, nonce, {"slash": made(self.key(name), abs(nonce))}

    @action(when=any_slash, pick=a_number)
    def appeal(self, pick: int) -> None:
        node, nonce, given = self.of_slash(pick)
        call = self.arena.staking("appeal", node, **given)
        self.attempt(Step(call, lambda _: self.stakes.appeal(node, nonce, self.now)))

    @action(when=any_slash, pick=a_number, part=st.sampled_from((0, 50, 100, 101)))
    def resolve_slash(self, pick: int, part: int) -> None:
        node, nonce, given = self.of_slash(pick)
        slash = self.stakes.nodes[node].slashes[nonce]
        taken = slash.apart + slash.burned
        decided = taken + (slash.amount + 1 if part > 100 else slash.amount * part // 100)
        call = self.arena.staking("resolve_slash", node, amount=decided, **given)

        def done(sent: Sent[None] | None) -> None:
            freed = self.stakes.resolve_slash(node, nonce, decided, self.now)
            check_event(sent, events.staking.SlashResolved, freed=freed)

        self.attempt(Step(call, done))

    @action(when=any_slash, pick=a_number)
    def set_apart_slash(self, pick: int) -> None:
        node, nonce, given = self.of_slash(pick)
        call = self.arena.staking("set_apart_slash", node, **given)
        stakes = self.stakes.nodes[node]

        def done(sent: Sent[None] | None) -> None:
            tokens = stakes.co_tokens
            amount = self.stakes.set_apart(node, nonce, self.now)
            terminal = stakes.state == staking.TERMINAL
            check_event(sent, events.staking.SlashSetApart, amount=amount, terminal=terminal)
            self.worth[node] -= amount - (tokens - stakes.co_tokens)

        self.attempt(Step(call, done))

    @action(when=any_slash, pick=a_number)
    def execute_slash(self, pick: int) -> None:
        node, nonce, given = self.of_slash(pick)
        others = self.arena.other_shards(node)
        call = self.arena.staking("execute_slash", node, remaining_accounts=others, **given)

        def done(sent: Sent[None] | None) -> None:
            amount = self.stakes.execute_slash(node, nonce, self.now)
            check_event(sent, events.staking.Slashed, amount=amount)

        self.attempt(Step(call, done))

    @action(weight=1, when=any_slash, pick=a_number)
    def cancel_slash(self, pick: int) -> None:
        node, nonce, given = self.of_slash(pick)
        purse = wallet(self.arena.nodes[node].key)
        call = self.arena.staking(
            "cancel_slash", node, authority=self.world.deployer, destination=purse, **given
        )

        def done(sent: Sent[None] | None) -> None:
            freed, returned = self.stakes.cancel_slash(node, nonce, self.now)
            check_event(sent, events.staking.SlashCancelled, freed=freed, returned=returned)
            self.worth[node] += returned

        self.attempt(Step(call, done))

    @action(when=any_slash, pick=a_number)
    def close_slash(self, pick: int) -> None:
        node, nonce, given = self.of_slash(pick)
        call = self.arena.staking("close_slash", node, **given)
        self.attempt(Step(call, lambda _: self.stakes.close_slash(node, nonce, self.now)))

    @action(
        node=a_node,
        kind=st.sampled_from(("owner", "decided", "beyond")),
        part=st.integers(1, 100),
        again=st.sampled_from((None, 6, 7, 8)),
    )
    def slash(self, node: str, kind: str, part: int, again: int | None) -> None:
        """A slash to its end, as far as the week allows, and once more some days later."""
        of = self.stakes.nodes[node]
        free = of.own.side - of.frozen
        # Not a round part of co-stake, so that shares are worth fractions.
        amount = free + max(0, of.co_tokens * part // 100 - 7) if kind == "beyond" else free * part // 100
        nonce = self._propose(node, max(0, amount))
        if nonce is None:
            return
        pick = next(n for n in range(99) if self.of_slash(n)[:2] == (node, nonce))
        if kind == "owner":
            self.world.advance(self.stakes.appeal_time)
        else:
            self.appeal(pick)
            self.resolve_slash(pick, 100)
        self.set_apart_slash(pick)
        self.execute_slash(pick)
        if again is not None:
            self.world.advance((self.now // DAY + again) * DAY + DAY // 2 - self.now)
            self.execute_slash(pick)

    @action(weight=1, node=a_node, side=st.integers(1, 5))
    def run_ahead(self, node: str, side: int) -> None:
        """A co-staker wants to leave before a slash that reaches him."""
        self.unstake(node, side, ("part", 30))
        self.world.advance(self.stakes.cooldown)
        of = self.stakes.nodes[node]
        self._propose(node, max(0, of.own.side - of.frozen + of.co_tokens // 2))
        self.withdraw(node, side)
        self.unstake(node, side, ("limit", 0))
