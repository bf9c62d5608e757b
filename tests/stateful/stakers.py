"""Stake that comes and goes, rewards, and the life of nodes."""

from __future__ import annotations

from hypothesis import strategies as st
from solders.instruction import AccountMeta
from tests.model import staking
from tests.programs.people import TOKEN, node_args
from tests.programs.support import HOUR
from tests.stateful.reporting import Reporting
from tests.stateful.walk import (
    Pick,
    Step,
    a_holder,
    a_node,
    a_number,
    a_pick,
    a_side,
    action,
    amount_of,
    any_report,
    check_event,
)

from ionet import Sent, TransactionFailed, events, pda


class Stakers(Reporting):
    """What owners, co-stakers and renters do."""

    # -- stake

    def open_position(self, node: str, holder: str) -> bool:
        call = self.arena.staking("open_position", node, holder)
        return self.attempt(Step(call, lambda _: self.stakes.open_position(node, holder)))

    @action(node=a_node, holder=a_holder, pick=a_pick, wait=st.booleans())
    def join(self, node: str, holder: str, pick: Pick, wait: bool) -> None:
        """Somebody opens a position, stakes, and waits."""
        if self.open_position(node, holder):
            self.attempt(self.staking_step(node, holder, pick))
            if wait:
                self.publish([0] * 3, node)
                self.attempt(self.activation(node, holder))

    def staking_step(self, node: str, who: str, pick: Pick) -> Step:
        of = self.stakes.nodes[node]
        room = of.room if who == node else min(of.room, of.room_of_half)
        amount = amount_of(pick, room)

        def done(_: Sent[None] | None) -> None:
            if who == node:
                self.stakes.owner_stake(node, amount, self.now)
            else:
                self.stakes.stake(node, who, amount, self.now)

        return Step(self.arena.side("stake", node, who, amount=amount), done)

    @action(weight=4, node=a_node, side=a_side, pick=a_pick)
    def stake(self, node: str, side: int, pick: Pick) -> None:
        self.attempt(self.staking_step(node, self.who(node, side), pick))

    @action(node=a_node, side=a_side)
    def activate(self, node: str, side: int) -> None:
        self.attempt(self.activation(node, self.who(node, side)))

    def activation(self, node: str, who: str) -> Step:
        holder = None if who == node else who
        return Step(
            self.arena.side("activate", node, who),
            lambda _: self.stakes.activate(node, holder, self.now),
        )

    @action(weight=2, node=a_node)
    def settle(self, node: str) -> None:
        """Anyone settles the owner's side and all positions."""
        holders = list(self.stakes.nodes[node].positions)
        positions = [
            AccountMeta(pda.staking.position(self.key(node), self.arena.people[one].pubkey()), False, True)
            for one in holders
        ]
        call = self.arena.staking("settle_changes", node, remaining_accounts=positions)
        self.attempt(Step(call, lambda _: self.stakes.settle(node, self.now, *holders)))

    @action(weight=3, node=a_node, side=a_side, pick=a_pick)
    def unstake(self, node: str, side: int, pick: Pick) -> None:
        self.attempt(self.unstaking(node, self.who(node, side), pick))

    def unstaking(self, node: str, who: str, pick: Pick) -> Step:
        of = self.stakes.nodes[node]
        mine = of.own if who == node else of.positions[who]
        amount = amount_of(pick, mine.active + mine.pending)

        def done(sent: Sent[None] | None) -> None:
            if who == node:
                parts = self.stakes.owner_unstake(node, amount, self.now)
            else:
                parts = self.stakes.unstake(node, who, amount, self.now)
            check_event(sent, events.staking.Unstaked, left=parts[0], cooling=parts[1])

        return Step(self.arena.side("unstake", node, who, amount=amount), done)

    @action(node=a_node, side=a_side)
    def withdraw(self, node: str, side: int) -> None:
        who = self.who(node, side)

        def done(sent: Sent[None] | None) -> None:
            if who == node:
                amount = self.stakes.owner_withdraw(node, self.now)
            else:
                amount = self.stakes.withdraw(node, who, self.now)
            check_event(sent, events.staking.Withdrawn, amount=amount)

        self.attempt(Step(self.arena.side("withdraw", node, who), done))

    @action(node=a_node, side=a_side, part=st.integers(1, 100))
    def leave(self, node: str, side: int, part: int) -> None:
        """A part of somebody's stake leaves, the whole way."""
        self.unstake(node, side, ("part", part))
        self.world.advance(self.stakes.cooldown)
        self.withdraw(node, side)

    @action(weight=1, node=a_node, side=a_side, parts=st.integers(4, 5))
    def leave_bit_by_bit(self, node: str, side: int, parts: int) -> None:
        """Four parts cool at a time."""
        for _ in range(parts):
            self.unstake(node, side, ("part", 10))

    @action(
        weight=2,
        when=any_report,
        node=a_node,
        side=a_side,
        pick=a_pick,
        back=a_number,
        activate=st.booleans(),
    )
    def snipe(self, node: str, side: int, pick: Pick, back: int, activate: bool) -> None:
        """Stake, credit and leave in one transaction."""
        who, number = self.who(node, side), self.number(back)
        if node not in self.reports.reports[number].leaves:
            return
        of = self.stakes.nodes[node]
        amount = amount_of(pick, of.room if who == node else min(of.room, of.room_of_half))
        exactly = ("units", amount)
        middle = [self.activation(node, who)] if activate else []
        self.attempt(
            self.staking_step(node, who, exactly),
            *middle,
            self.crediting(number, node),
            self.unstaking(node, who, exactly),
        )

    # -- leases

    @action(weight=1, node=a_node, hours=st.sampled_from((1, 24)))
    def rent(self, node: str, hours: int) -> None:
        """Somebody hires the node, or gives it up again; what he pays, in USDC, is no matter of this walk."""
        market, of = self.market, self.arena.nodes[node]
        if node in self.jobs:
            self.arena.send(market.jobs("cancel", self.jobs.pop(node)))
        else:
            market.set_price(market.usdc)
            job = pda.jobs.job(of.offer, market.offer(of).nonce + 1)
            booking = market.booking(hours * HOUR, of=of, mint=market.usdc)
            if not isinstance(self.arena.send(booking), TransactionFailed):
                self.jobs[node] = job
        self._leased(node)

    def _leased(self, node: str) -> None:
        self.stakes.nodes[node].leased_until = self.market.offer(self.arena.nodes[node]).lease_until

    # -- rewards

    @action(weight=3, node=a_node, side=a_side)
    def claim(self, node: str, side: int) -> None:
        who = self.who(node, side)

        def done(sent: Sent[None] | None) -> None:
            paid = 0 if sent is None else sent.event(events.staking.Claimed).amount
            if who == node:
                assert self.stakes.owner_claim(node, self.now) == paid
            else:
                self.stakes.claim(node, who, paid, self.now)

        self.attempt(Step(self.arena.side("claim", node, who), done))

    @action(weight=3, node=a_node, side=a_side, tight=st.booleans())
    def compound(self, node: str, side: int, tight: bool) -> None:
        """Turns rewards into stake; where it is tight, a few units before the caps."""
        who = self.who(node, side)
        of = self.stakes.nodes[node]
        room = of.room if who == node else min(of.room, of.room_of_half)
        if tight and room > 7:
            self.attempt(self.staking_step(node, who, ("units", room - 7)))

        def done(sent: Sent[None] | None) -> None:
            moved = 0 if sent is None else sent.event(events.staking.Compounded).amount
            if who == node:
                assert self.stakes.owner_compound(node, self.now) == moved
            else:
                self.stakes.compound(node, who, moved, self.now)

        self.attempt(Step(self.arena.side("compound", node, who), done))

    @action(
        weight=1,
        node=a_node,
        bps=st.sampled_from((0, 300, 1_000, 1_500, 1_501, 2_000, 9_999, 10_000, 10_001)),
    )
    def set_commission(self, node: str, bps: int) -> None:
        call = self.arena.staking("set_commission", node, commission_bps=bps)

        def done(sent: Sent[None] | None) -> None:
            begins = self.stakes.set_commission(node, bps, self.now)
            check_event(sent, events.staking.CommissionSet, from_=begins)

        self.attempt(Step(call, done))

    @action(
        weight=1,
        node=a_node,
        step=st.sampled_from((-1_000, -300, 300, 500)),
        wait=st.booleans(),
        more=st.integers(0, 200 * TOKEN),
    )
    def change_commission(self, node: str, step: int, wait: bool, more: int) -> None:
        """A commission is announced, and rewards are credited from before to after it begins."""
        rate = max(0, self.stakes.nodes[node].commission + step)
        self.set_commission(node, rate)
        announced = self.stakes.nodes[node].announced
        if wait and announced is not None and announced[0] - HOUR > self.now:
            self.world.advance(announced[0] - HOUR - self.now)
        self.publish([more] * 3, node)
        self.publish([more] * 3, node)

    # -- the node's life

    @action(weight=2, node=a_node, bps=st.sampled_from((None, None, 0, 1_000, 2_500, 10_001)))
    def retire_or_reopen(self, node: str, bps: int | None) -> None:
        """A node leaves the market, and comes back: at once where a commission is given, else next time."""
        if self.stakes.nodes[node].state == staking.LIVE:
            call = self.arena.staking("retire_node", node)
            self.attempt(Step(call, lambda _: self.stakes.retire(node, self.now)))
            if bps is None:
                return
        rate = self.stakes.nodes[node].commission if bps is None else bps
        call = self.arena.staking("reopen_node", node, args=node_args(rate))
        self.attempt(Step(call, lambda _: self.stakes.reopen(node, rate, self.now)))
