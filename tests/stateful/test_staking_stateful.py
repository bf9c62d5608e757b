"""Random walks through emission, reports, stake and slashes, beside the independent model.

Each step is tried on the programs and in the model (`tests/model`). The model says whether it succeeds or
which refusals it may meet; afterwards every account, vault, snapshot and event has to agree with it.

    pytest tests/stateful --hypothesis-profile=long

walks for hours; `CI=1` walks the same paths every time.
"""

from __future__ import annotations

import copy
import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from tests.model import emission, reports, staking
from tests.model.refusal import Refused
from tests.programs.market import IO_MINT
from tests.programs.people import TOKEN, Published, class_args, node_args
from tests.programs.support import DAY, HOUR, Proposal
from tests.stateful.arena import CLASSES, FEE_VAULT, HOLDERS, arena, wallet
from tests.stateful.ledger import NO_TOTALS, Book, Ledger

from ionet import IO, ProgramError, Sent, events, ix, pda, types
from ionet.rewards import Leaves, build_report

#: Steps of a walk.
STEPS: Final = 60
NODES: Final = ("alice", "bob", "erin")
EVIDENCE: Final = hashlib.sha256(b"evidence").digest()
NOBODY: Final = Pubkey(b"\x07" * 32)
U64: Final = 2**64 - 1
#: A share of what there is, with the units around its limits.
Pick: TypeAlias = tuple[str, int]

a_node = st.sampled_from(NODES)
a_holder = st.sampled_from(HOLDERS)
#: Of a node: the owner's, or one of the positions, in the order in which they were opened.
a_side = st.integers(0, 5)
a_pick = st.one_of(
    st.tuples(st.just("part"), st.integers(1, 100)),
    st.tuples(st.just("limit"), st.integers(0, 1)),
    st.tuples(st.just("limit"), st.integers(0, 1)),
    st.tuples(st.just("units"), st.integers(0, 3)),
    st.tuples(st.just("io"), st.integers(1, 600)),
)
a_time = st.sampled_from(
    (1, 59, HOUR, 6 * HOUR, DAY - 1, DAY, 7 * DAY, 8 * DAY, 14 * DAY - 1, 14 * DAY, 30 * DAY, 45 * DAY)
)
a_seat = st.sampled_from((0, 0, 1, 2, None))
#: Which of those that there are; the latest one most often.
a_number = st.one_of(st.just(0), st.integers(0, 7))

an_order = st.sampled_from(
    (
        *(("pause_staking", bits) for bits in (0, 0, 1, 2, 3)),
        *((f"pause_{what}", stop) for what in ("reports", "emission") for stop in (False, False, True)),
        *(
            ("set_policy", one)
            for one in (None, (0, 0), (5_000, 0), (2_500, 20_000), (10_000, 0), (0, 100_000))
        ),
        *(("burn_reserve", None), ("emit", None)) * 3,
        *(("burn_fees", (who, amount)) for who in ("carol", "bob") for amount in (1, 999, 50 * TOKEN)),
        *(("demand", (one, 600 * TOKEN)) for one in ((0, 100_000), (0, 100_000), (2_500, 20_000), (0, 0))),
        *(("set_params", days) for days in ((14, 30), (20, 7), (30, 60), (14, 7))),
        *(("set_class", (kind, base)) for kind in CLASSES for base in (100, 200, 333, 400)),
    )
)


def amount_of(pick: Pick, limit: int) -> int:
    """Base units."""
    kind, value = pick
    if kind == "part":
        return max(0, limit) * value // 100
    if kind == "limit":
        return max(0, limit + value)
    return value if kind == "units" else value * TOKEN


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction, and what it is in the model.

    Attributes:
        done: in the model; it is given what the instruction's events are, or nothing where it failed.
    """

    instruction: Instruction
    done: Callable[[Sent[None] | None], Any]


def _any_report(walk: Walk) -> bool:
    return bool(walk.published)


def _any_challenge(walk: Walk) -> bool:
    return bool(walk.reports.challenges)


def _any_undecided(walk: Walk) -> bool:
    return any(one.state in (reports.PENDING, reports.APPROVED) for one in walk.reports.reports)


def _any_terminal(walk: Walk) -> bool:
    states = [one.state for one in walk.stakes.nodes.values()]
    return bool(walk.published) and staking.TERMINAL in states


def _any_slash(walk: Walk) -> bool:
    return any(one.slashes for one in walk.stakes.nodes.values())


@dataclass(frozen=True, slots=True)
class Action:
    """Something to try.

    Attributes:
        weight: how often, beside the others.
        when: whether there is anything to try it on.
        given: its arguments.
    """

    name: str
    weight: int
    when: Callable[[Walk], bool]
    given: st.SearchStrategy[dict[str, Any]]


ACTIONS: list[Action] = []
M = TypeVar("M", bound=Callable[..., None])


def action(
    *, weight: int = 2, when: Callable[[Walk], bool] = lambda _: True, **given: st.SearchStrategy[Any]
) -> Callable[[M], M]:
    """Makes a method of `Walk` one of its actions."""

    def mark(method: M) -> M:
        ACTIONS.append(Action(method.__name__, weight, when, st.fixed_dictionaries(given)))
        return method

    return mark


class Walk(RuleBasedStateMachine):
    """One market, in the programs and in the model."""

    # -- setting up

    @initialize(
        owners=st.tuples(*[st.integers(0, 60)] * 3),
        others=st.lists(st.tuples(a_node, a_holder, st.integers(1, 100)), max_size=6),
        lifetimes=st.lists(st.integers(0, 200 * TOKEN), max_size=3),
        elsewhere=st.sampled_from((0, 20_000 * TOKEN, 1_000_000 * TOKEN, 1_000_000 * TOKEN)),
    )
    def begin(
        self,
        owners: tuple[int, ...],
        others: list[tuple[str, str, int]],
        lifetimes: list[int],
        elsewhere: int,
    ) -> None:
        self.arena = arena()
        self.arena.reset()
        self.market = self.arena.market
        self.world = self.market.world
        self.mint, self.stakes, self.reports = self.arena.model()
        self.purses = dict(self.stakes.purses)
        #: What everybody brought, less what slashes, bonds and fees took.
        self.worth = dict(self.purses)
        self.worth["alice"] += self.stakes.nodes["alice"].own.active
        self.earned = dict.fromkeys(self.worth, Fraction(0))
        self.published: list[Published] = []
        self.nonces = dict.fromkeys(NODES, 0)
        self.last_seen = (0, 0, 0)
        self.ledger = self._empty_ledger()
        self.jobs: dict[str, Pubkey] = {}
        self.arena.stake_elsewhere(elsewhere)
        self.stakes.elsewhere = elsewhere
        for node, part in zip(NODES, owners, strict=True):
            if part:
                self.attempt(self.staking_step(node, node, ("part", part)))
                self.activate(node, 0)
        for node, holder, part in others:
            self.open_position(node, holder)
            if holder in self.stakes.nodes[node].positions:
                self.attempt(self.staking_step(node, holder, ("part", part)))
        if others:
            self.world.advance(14 * DAY)
            for node, holder, _ in others:
                if holder in self.stakes.nodes[node].positions:
                    self.attempt(self.activation(node, holder))
        for n, more in enumerate(lifetimes):
            self.publish([more] * 3, NODES[n])

    def _empty_ledger(self) -> Ledger:
        config = self.world.mint_config
        books, owners = {}, {}
        for name, supplier in self.arena.nodes.items():
            found = self.arena.node(name)
            active = found.own.active
            book = Book(totals=replace(NO_TOTALS, own_active=active))
            book.seq, book.through, book.active[supplier.key] = found.seq, found.registered_at, active
            books[supplier.node], owners[supplier.node] = book, supplier.key
        assert config.emitted == 0
        return Ledger(owners, books, {})

    @property
    def now(self) -> int:
        return self.arena.now

    # -- trying

    def attempt(self, *steps: Step) -> bool:
        """Tries steps in one transaction, in the programs and in the model. Whether they succeeded."""
        result = self.arena.send(*(one.instruction for one in steps))
        if isinstance(result, ProgramError):
            self._refused(result, steps)
            return False
        for one in steps:
            try:
                one.done(result)
            except Refused as refused:
                raise AssertionError(f"the model refuses: {refused}, the programs do not") from refused
        for event in result.events:
            if isinstance(event, events.staking.Withdrawn):
                self.ledger.withdrawn(event, self.now)
            else:
                self.ledger.apply(event)
        return True

    def _refused(self, error: ProgramError, steps: tuple[Step, ...]) -> None:
        """The model refuses one of the steps for the same reason, and nothing changes."""
        before = copy.deepcopy((self.mint, self.stakes, self.reports)) if len(steps) > 1 else None
        earned = dict(self.earned)
        try:
            for one in steps:
                one.done(None)
            reasons: frozenset[str] = frozenset()
        except Refused as refused:
            reasons = refused.reasons
        assert error.name in reasons, f"the programs refuse: {error}; the model: {set(reasons) or 'does not'}"
        if before is not None:
            self.mint, self.stakes, self.reports = before
            self.earned = earned

    @rule(data=st.data())
    def act(self, data: st.DataObject) -> None:
        """One of the actions that make sense now; rules of their own would not all be in every walk."""
        ready = tuple(one for one in ACTIONS for _ in range(one.weight) if one.when(self))
        one = data.draw(st.sampled_from(ready).map(lambda one: one.name), label="action")
        given = next(each.given for each in ACTIONS if each.name == one)
        getattr(self, one)(**data.draw(given, label=one))

    # -- time, emission

    @action(weight=2, seconds=a_time)
    def wait(self, seconds: int) -> None:
        self.world.advance(seconds)

    @action(weight=6, pick=st.integers(0, 20), off=st.sampled_from((-1, 0, 1)))
    def be_in_time(self, pick: int, off: int) -> None:
        """Tries what a time decides about, right then, a second before, or a second after."""
        ahead = [one for one in self.deadlines() if one[0] + off > self.now]
        if ahead:
            time, action = ahead[pick % len(ahead)]
            self.world.advance(time + off - self.now)
            action()

    def deadlines(self) -> list[tuple[int, Callable[[], None]]]:
        """All times that decide, and what about."""
        found: list[tuple[int, Callable[[], None]]] = []
        week = (self.now // staking.WEEK + 1) * staking.WEEK
        for name, node in self.stakes.nodes.items():
            sides: list[staking.Owner | staking.Position] = [node.own, *node.positions.values()]
            for side, one in enumerate(sides):
                if one.pending:
                    found.append((one.pending_at + staking.FORTNIGHT, partial(self.activate, name, side)))
                found += ((slot.ready_at, partial(self.withdraw, name, side)) for slot in one.slots)
                if one.active:
                    found.append((week, partial(self.unstake, name, side, ("part", 10))))
            if node.announced is not None:
                found.append((node.announced[0], partial(self.set_commission, name, 0)))
            if node.leased_until:
                found.append((node.leased_until, partial(self.unstake, name, 0, ("limit", 0))))
                found.append((node.leased_until, partial(self.retire_or_reopen, name, None)))
            if node.frozen_until and self.published:
                found.append((node.frozen_until, partial(self.credit, 0, name)))
        slashes = [one for node in self.stakes.nodes.values() for one in node.slashes.values()]
        for pick, slash in enumerate(reversed(slashes)):
            found += self._of_slash_in_time(pick, slash)
        if slashes:
            again = ((day + 8) * DAY for day in self.stakes.slashed_on)
            found += ((time, partial(self.execute_slash, 0)) for time in again)
        for number, made in enumerate(self.reports.reports):
            back = len(self.published) - 1 - number
            if made.state == reports.APPROVED:
                found.append((made.approved_at + DAY, partial(self.finalize, back)))
            elif made.state == reports.FINAL:
                end = made.finalized_at + reports.CREDITABLE
                found += ((end, partial(self.credit, back, name)) for name in NODES)
        for pick, key in enumerate(sorted(self.reports.challenges)):
            until = self.reports.challenges[key].until
            found.append((until, partial(self.lift, pick)))
            found.append((until, partial(self.decide, pick, True)))
        return sorted(found, key=lambda one: one[0])

    def _of_slash_in_time(self, pick: int, slash: staking.Slash) -> list[tuple[int, Callable[[], None]]]:
        execute, close = partial(self.execute_slash, pick), partial(self.close_slash, pick)
        if slash.decided_at is not None:
            end = slash.decided_at + staking.EXECUTION
            return [(end, execute), (end, close)]
        resolve = partial(self.resolve_slash, pick, 100)
        if slash.appealed_at is not None:
            end = slash.appealed_at + staking.DECISION
            return [(end, resolve), (end, close)]
        begin, end = slash.appeal_until, slash.appeal_until + staking.EXECUTION
        appeal = partial(self.appeal, pick)
        return [
            (begin, appeal),
            (begin, execute),
            (begin, resolve),
            (end, execute),
            (end, resolve),
            (end, close),
        ]

    def emit(self) -> None:
        self.attempt(Step(ix.mint.emit(), self._emitted))

    def _emitted(self, sent: Sent[None] | None) -> None:
        self._paid(sent, self.mint.emit(self.now))

    def _paid(self, sent: Sent[None] | None, made: emission.Emitted) -> None:
        stated = [one for one in (sent.events if sent else ()) if isinstance(one, events.mint.Emitted)]
        due = (made.paid, made.withheld)
        assert [(one.paid, one.withheld) for one in stated] == ([due] if any(due) else [])

    def _burn_fees(self, what: tuple[str, int]) -> None:
        """What was paid as fees is burned; here somebody pays them out of pocket."""
        who, amount = what
        if amount > self.stakes.purses[who]:
            return
        self._pay(who, FEE_VAULT, amount)
        for book in (self.stakes.purses, self.worth, self.purses):
            book[who] -= amount

        def done(_: Sent[None] | None) -> None:
            self.mint.burned += amount
            self.mint.burned_by_fees += amount

        self.attempt(Step(ix.buyback.burn_fees(shard=0), done))

    def _pay(self, who: str, destination: Pubkey, amount: int) -> None:
        owner = self.arena.people[who]
        call = self.world.call(_transfer(owner.pubkey(), destination, amount), signers=[owner])
        call.send()

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
                self.world.advance(14 * DAY)
                self.attempt(self.activation(node, holder))

    def who(self, node: str, side: int) -> str:
        sides: tuple[str, ...] = (node, *self.stakes.nodes[node].positions)
        return sides[side % len(sides)]

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
            _check(sent, events.staking.Unstaked, left=parts[0], cooling=parts[1])

        return Step(self.arena.side("unstake", node, who, amount=amount), done)

    @action(node=a_node, side=a_side)
    def withdraw(self, node: str, side: int) -> None:
        who = self.who(node, side)

        def done(sent: Sent[None] | None) -> None:
            if who == node:
                amount = self.stakes.owner_withdraw(node, self.now)
            else:
                amount = self.stakes.withdraw(node, who, self.now)
            _check(sent, events.staking.Withdrawn, amount=amount)

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
        when=_any_report,
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
            if not isinstance(self.arena.send(booking), ProgramError):
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
                assert self.stakes.owner_claim(node) == paid
            else:
                self.stakes.claim(node, who, paid)

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
            _check(sent, events.staking.CommissionSet, from_=begins)

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
        self.attempt(Step(call, lambda _: self.stakes.reopen(node, rate)))

    # -- administration

    @action(weight=3, what=an_order)
    def administer(self, what: tuple[str, Any]) -> None:
        name, value = what
        if name == "emit":
            self.emit()
        else:
            getattr(self, f"_{name}")(value)

    def _pause_staking(self, bits: int) -> None:
        def done(_: Sent[None] | None) -> None:
            self.stakes.registering_paused = bool(bits & 1)
            self.stakes.staking_paused = bool(bits & 2)

        self.attempt(Step(ix.staking.set_paused(signer=self.world.deployer, paused=bits), done))

    def _pause_reports(self, stop: bool) -> None:
        call = ix.proofs.set_paused(signer=self.world.deployer, paused=int(stop))
        self.attempt(Step(call, lambda _: setattr(self.reports, "paused", stop)))

    def _pause_emission(self, stop: bool) -> None:
        call = ix.mint.set_paused(signer=self.world.deployer, paused=int(stop))
        self.attempt(Step(call, lambda _: setattr(self.mint, "paused", stop)))

    def _set_policy(self, linked: tuple[int, int] | None) -> None:
        args = types.mint.PolicyArgs(*((0, 0, 0) if linked is None else (1, *linked)))

        def done(sent: Sent[None] | None) -> None:
            self._paid(sent, self.mint.set_policy(self.now, linked))

        self.attempt(Step(ix.mint.set_policy(authority=self.world.deployer, policy=args), done))

    def _demand(self, what: tuple[tuple[int, int], int]) -> None:
        """A policy, fees burned under it, and the emission of an hour."""
        linked, amount = what
        self._set_policy(linked)
        self._burn_fees(("carol", amount))
        self.world.advance(HOUR)
        self.emit()

    def _burn_reserve(self, _: None) -> None:
        self.attempt(Step(ix.mint.burn_reserve(), lambda _: self.mint.burn_reserve()))

    def _set_params(self, days: tuple[int, int]) -> None:
        people = self.market.people
        cooldown, appeal = (one * DAY for one in days)
        roles = self.world.deployer, people.slasher.pubkey(), people.resolver.pubkey()
        args = types.staking.ParamsArgs(*roles, cooldown, appeal)

        def done(_: Sent[None] | None) -> None:
            self.stakes.cooldown, self.stakes.appeal_time = cooldown, appeal

        self.attempt(Step(ix.staking.set_params(authority=self.world.deployer, params=args), done))

    def _set_class(self, what: tuple[int, int]) -> None:
        kind, base = what
        bps, times = CLASSES[kind]
        args = class_args(multiplier_bps=bps, maximum=times, base_minimum=base * TOKEN)

        def done(_: Sent[None] | None) -> None:
            bounds = staking.HardwareClass(base * TOKEN, Fraction(bps, 10_000), times)
            for name, node in self.stakes.nodes.items():
                if self.arena.kind(name) == kind:
                    node.kind = bounds

        self.attempt(Step(ix.staking.set_class(authority=self.world.deployer, id=kind, args=args), done))

    # -- reports

    def key(self, node: str) -> Pubkey:
        return NOBODY if node == "nobody" else self.arena.nodes[node].node

    def lifetimes(self) -> dict[str, int]:
        """What the latest report that stands says, or what was credited."""
        standing = [one for one in self.reports.reports if one.state != reports.VOID]
        latest = {name: leaf.lifetime for name, leaf in standing[-1].leaves.items()} if standing else {}
        return {name: max(latest.get(name, 0), self.stakes.nodes[name].credited) for name in NODES}

    @action(
        weight=2,
        grown=st.lists(
            st.sampled_from((-TOKEN, -1, 0, 1, 7, 999, TOKEN, 90 * TOKEN)), min_size=3, max_size=3
        ),
        stranger=st.sampled_from((False, False, False, True)),
        more=st.sampled_from((0, 0, 0, 1, -1, 500 * TOKEN)),
        over=st.sampled_from((None, None, None, 0, 1)),
        back=st.sampled_from((0, 0, 0, 1, 30)),
        through=st.sampled_from((0, 0, 0, -1, 1)),
        seat=a_seat,
    )
    def report(
        self,
        grown: list[int],
        stranger: bool,
        more: int,
        over: int | None,
        back: int,
        through: int,
        seat: int | None,
    ) -> None:
        """Any report; `over`: its total stands at the emission less what was withheld, or one unit above."""
        lifetimes = {
            name: max(0, value + extra)
            for (name, value), extra in zip(self.lifetimes().items(), grown, strict=True)
        }
        if stranger:
            lifetimes["nobody"] = TOKEN
        self.make(lifetimes, seat=seat, more=more, over=over, back=back, through=through)

    def make(
        self,
        lifetimes: dict[str, int],
        *,
        seat: int | None,
        more: int = 0,
        over: int | None = None,
        back: int = 0,
        through: int = 0,
    ) -> bool:
        """Makes a report about the latest whole hour, or `back` hours before."""
        start = self.mint.start
        hours = max(0, (self.now - start) // HOUR - back)
        end = start + hours * HOUR
        names = sorted(lifetimes, key=lambda one: bytes(self.key(one)))
        leaves = Leaves(
            nodes=np.frombuffer(b"".join(bytes(self.key(one)) for one in names), np.uint8).reshape(-1, 32),
            lifetime=np.array([lifetimes[one] for one in names], np.uint64),
            through=np.full(len(names), end + through, np.int64),
        )
        tree = build_report(leaves, end, bytes(32))
        total = max(0, sum(lifetimes.values()) + more)
        if over is not None:
            config = self.arena.minted
            total = max(0, emission.cumulative(end - start) - config.withheld + over)
        proposal = Proposal(
            self.world,
            hours,
            root=tree.root,
            total=total,
            leaves=len(names),
            evidence_uri=f"https://example.org/{len(self.published)}",
        )
        made = reports.Report(
            hours, total, {one: reports.Leaf(lifetimes[one], end + through) for one in names}, end
        )

        def done(_: Sent[None] | None) -> None:
            self.reports.report(made, seat, self.now)
            self.published.append(Published(proposal.address, tree))

        return self.attempt(Step(proposal.report(self.attester(seat)), done))

    def attester(self, seat: int | None) -> Pubkey:
        """Who signs for a seat; None: somebody without one."""
        key: Pubkey = (self.market.renter if seat is None else self.arena.attesters[seat]).pubkey()
        return key

    def number(self, back: int) -> int:
        """A report by how many have been made since."""
        return (len(self.published) - 1 - back) % len(self.published)

    @action(when=_any_undecided, back=a_number, seat=a_seat)
    def approve(self, back: int, seat: int | None) -> None:
        self.approval(self.number(back), seat)

    def approval(self, number: int, seat: int | None) -> None:
        call = ix.proofs.approve(attester=self.attester(seat), report=self.published[number].address)
        self.attempt(Step(call, lambda _: self.reports.approve(number, seat, self.now)))

    @action(when=_any_undecided, back=a_number)
    def finalize(self, back: int) -> None:
        number = self.number(back)
        call = ix.proofs.finalize(report=self.published[number].address)
        self.attempt(Step(call, lambda _: self.reports.finalize(number, self.now)))

    @action(weight=3, grown=st.lists(st.integers(0, 200 * TOKEN), min_size=3, max_size=3), node=a_node)
    def publish(self, grown: list[int], node: str) -> None:
        """An honest report to its end: an hour, its emission, two attesters, a day; a node is credited."""
        self.world.advance(HOUR)
        self.emit()
        lifetimes = {
            name: value + extra for (name, value), extra in zip(self.lifetimes().items(), grown, strict=True)
        }
        if self.make(lifetimes, seat=1):
            number = len(self.published) - 1
            self.approval(number, 0)
            self.world.advance(DAY)
            self.finalize(0)
            self.credit(0, node)

    @action(weight=1, more=st.integers(0, TOKEN))
    def publish_two(self, more: int) -> None:
        """Reports of two hours, of which the later one becomes final first."""
        for n in (1, 2):
            self.world.advance(HOUR)
            self.emit()
            if self.make({name: value + more for name, value in self.lifetimes().items()}, seat=n):
                self.approval(len(self.published) - 1, 0)
        self.world.advance(DAY)
        for back in range(min(2, len(self.published))):
            self.finalize(back)

    @action(weight=1, node=a_node, crank=st.booleans())
    def publish_all(self, node: str, crank: bool) -> None:
        """A report gives one node all that there is to give, whether it was minted yet or not."""
        self.world.advance(6 * HOUR)
        if crank:
            self.emit()
        end = self.now - (self.now - self.mint.start) % HOUR
        lifetimes = self.lifetimes()
        left = emission.cumulative(end - self.mint.start) - self.arena.minted.withheld
        lifetimes[node] = max(lifetimes[node], left - sum(lifetimes.values()) + lifetimes[node])
        if self.make(lifetimes, seat=1):
            self.approval(len(self.published) - 1, 0)
            self.world.advance(DAY)
            self.finalize(0)
            self.credit(0, node)

    @action(when=_any_undecided, back=a_number, node=st.sampled_from((*NODES, "nobody")))
    def refute(self, back: int, node: str) -> None:
        number = self.number(back)
        if node not in self.reports.reports[number].leaves:
            return
        made = self.published[number]
        leaf = made.leaf(self.key(node))
        args = types.proofs.LeafArgs(leaf.lifetime, leaf.through, leaf.index, leaf.proof)
        call = ix.proofs.refute(report=made.address, node=self.key(node), leaf=args)
        self.attempt(Step(call, lambda _: self.reports.refute(number, node)))

    @action(weight=1, when=_any_undecided, back=a_number)
    def void(self, back: int) -> None:
        number = self.number(back)
        made = self.published[number].address
        call = ix.proofs.void_report(guardian=self.world.deployer, report=made)
        self.attempt(Step(call, lambda _: self.reports.void(number)))

    @action(weight=3, when=_any_report, back=a_number, node=a_node, who=a_holder, times=st.integers(1, 2))
    def challenge(self, back: int, node: str, who: str, times: int) -> None:
        """Doubts a leaf, maybe that of the report before too."""
        for n in range(times):
            self._challenge(self.number(back + n), node, who)

    def _challenge(self, number: int, node: str, who: str) -> None:
        call = ix.proofs.challenge(
            challenger=self.arena.people[who].pubkey(),
            report=self.published[number].address,
            node=self.key(node),
            source=wallet(self.arena.people[who].pubkey()),
            evidence_hash=EVIDENCE,
        )
        self.attempt(Step(call, lambda _: self.reports.challenge(number, node, who, self.now)))

    def of_challenge(self, pick: int) -> tuple[int, str, dict[str, Any]]:
        """A challenge that stands: its report, its node, and its accounts."""
        number, node = sorted(self.reports.challenges)[pick % len(self.reports.challenges)]
        who = self.arena.people[self.reports.challenges[number, node].challenger].pubkey()
        address = pda.proofs.challenge(self.published[number].address, self.key(node))
        common = {
            "challenge": address,
            "bond_vault": pda.proofs.bond_vault(address),
            "destination": wallet(who),
            "rent_payer": who,
            "node": self.key(node),
        }
        return number, node, common

    @action(weight=3, when=_any_challenge, pick=a_number, upheld=st.booleans())
    def decide(self, pick: int, upheld: bool) -> None:
        number, node, common = self.of_challenge(pick)
        who = self.reports.challenges[number, node].challenger
        report, resolver = self.published[number].address, self.world.deployer
        call = ix.proofs.decide(resolver=resolver, report=report, upheld=upheld, **common)
        if self.attempt(Step(call, lambda _: self.reports.decide(number, node, upheld, self.now))):
            if upheld:
                self._returned(who)
            else:
                self.worth[who] -= self.reports.bond

    @action(weight=3, when=_any_challenge, pick=a_number)
    def lift(self, pick: int) -> None:
        number, node, common = self.of_challenge(pick)
        who = self.reports.challenges[number, node].challenger
        call = ix.proofs.lift_challenge(**common)
        if self.attempt(Step(call, lambda _: self.reports.lift(number, node, self.now))):
            self._returned(who)

    def _returned(self, who: str) -> None:
        # Events name the challenge, not the challenger.
        self.ledger.received[self.arena.people[who].pubkey()] += self.reports.bond

    @action(weight=3, when=_any_report, back=a_number, node=a_node)
    def credit(self, back: int, node: str) -> None:
        number = self.number(back)
        if node in self.reports.reports[number].leaves:
            self.attempt(self.crediting(number, node))

    def crediting(self, number: int, node: str) -> Step:
        call = self.market.credit(self.published[number], of=self.arena.nodes[node])
        stakes = self.stakes.nodes[node]

        def done(sent: Sent[None] | None) -> None:
            before = {who: one.earned for who, one in stakes.positions.items()}
            parts = self.reports.credit(number, node, self.now)
            through = stakes.credited_through
            stated = {"owner_part": parts[0], "co_part": parts[1], "credited_through": through}
            _check(sent, events.staking.Credited, **stated)
            self.earned[node] += parts[0]
            for who, one in stakes.positions.items():
                self.earned[who] += one.earned - before[who]

        return Step(call, done)

    @action(when=_any_terminal, more=st.integers(0, TOKEN), back=a_number, pick=a_number)
    def forfeit(self, more: int, back: int, pick: int) -> None:
        """What a terminal node earns is burned; nearly always of one that is."""
        ended = [name for name in NODES if self.stakes.nodes[name].state == staking.TERMINAL]
        node = NODES[0] if pick == 7 else ended[pick % len(ended)]
        if more:
            self.publish([more] * 3, node)
        number = self.number(back)
        if node not in self.reports.reports[number].leaves:
            return
        made = self.published[number]
        call = self.arena.staking("forfeit_reward", node, report=made.address, leaf=made.leaf(self.key(node)))

        def done(sent: Sent[None] | None) -> None:
            amount = self.reports.forfeit(number, node, self.now)
            _check(sent, events.staking.Forfeited, amount=amount)

        self.attempt(Step(call, done))

    # -- slashes

    @action(node=a_node, pick=a_pick, beyond=st.booleans())
    def propose_slash(self, node: str, pick: Pick, beyond: bool) -> None:
        of = self.stakes.nodes[node]
        self._propose(node, amount_of(pick, of.own.side + (of.co_tokens if beyond else 0) - of.frozen))

    def _propose(self, node: str, amount: int) -> int | None:
        nonce = self.nonces[node]
        given: dict[str, Any] = {"nonce": nonce, "amount": amount, "evidence_hash": EVIDENCE}
        call = self.arena.staking("propose_slash", node, **given)
        if not self.attempt(Step(call, lambda _: self.stakes.propose_slash(node, nonce, amount, self.now))):
            return None
        self.nonces[node] += 1
        return nonce

    def of_slash(self, pick: int) -> tuple[str, int, dict[str, Any]]:
        """A slash that is not closed: its node, its number, and its account."""
        found = [(name, nonce) for name, node in self.stakes.nodes.items() for nonce in node.slashes]
        name, nonce = found[-1 - pick % len(found)]
        return name, nonce, {"slash": pda.staking.slash(self.key(name), nonce)}

    @action(when=_any_slash, pick=a_number)
    def appeal(self, pick: int) -> None:
        node, nonce, given = self.of_slash(pick)
        call = self.arena.staking("appeal", node, **given)
        self.attempt(Step(call, lambda _: self.stakes.appeal(node, nonce, self.now)))

    @action(when=_any_slash, pick=a_number, part=st.sampled_from((0, 50, 100, 101)))
    def resolve_slash(self, pick: int, part: int) -> None:
        node, nonce, given = self.of_slash(pick)
        amount = self.stakes.nodes[node].slashes[nonce].amount
        decided = amount + 1 if part > 100 else amount * part // 100
        call = self.arena.staking("resolve_slash", node, amount=decided, **given)

        def done(sent: Sent[None] | None) -> None:
            freed = self.stakes.resolve_slash(node, nonce, decided, self.now)
            _check(sent, events.staking.SlashResolved, freed=freed)

        self.attempt(Step(call, done))

    @action(when=_any_slash, pick=a_number)
    def execute_slash(self, pick: int) -> None:
        node, nonce, given = self.of_slash(pick)
        others = self.arena.other_shards(node)
        call = self.arena.staking("execute_slash", node, remaining_accounts=others, **given)
        stakes = self.stakes.nodes[node]

        def done(sent: Sent[None] | None) -> None:
            tokens = stakes.co_tokens
            amount = self.stakes.execute_slash(node, nonce, self.now)
            terminal = stakes.state == staking.TERMINAL
            _check(sent, events.staking.Slashed, amount=amount, terminal=terminal)
            self.worth[node] -= amount - (tokens - stakes.co_tokens)

        self.attempt(Step(call, done))

    @action(when=_any_slash, pick=a_number)
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

    # -- the end

    def teardown(self) -> None:
        """Invariant 10 and the end: everything paused, everybody leaves, and nothing but fractions stays."""
        if sys.exc_info()[1] is not None or not hasattr(self, "stakes"):
            return
        self.world.advance(30 * DAY)
        self._pause_staking(3)
        self._pause_reports(True)
        self._pause_emission(True)
        for _ in tuple(self.reports.challenges):
            self.world.advance(7 * DAY)
            self.lift(0)
        if _any_slash(self):
            self.world.advance((60 + 30 + 14) * DAY)
        while _any_slash(self):
            self.close_slash(0)
        for name, node in self.stakes.nodes.items():
            for side in range(1 + len(node.positions)):
                self.withdraw(name, side)
                self.unstake(name, side, ("limit", 0))
        self.world.advance(30 * DAY)
        for name, node in self.stakes.nodes.items():
            for side in range(1 + len(node.positions)):
                self.withdraw(name, side)
                self.claim(name, side)
        self._nothing_stays()
        self.agrees()

    def _nothing_stays(self) -> None:
        for node in self.stakes.nodes.values():
            kept = sum(1 + one.credits * staking.LOST_A_CREDIT for one in node.positions.values())
            assert (node.own.side, node.co_shares, node.co_tokens) == (0, 0, 0)
            assert node.co_owed <= kept, f"{node.co_owed} stays, of {len(node.positions)} positions"

    # -- after each step

    @invariant()
    def agrees(self) -> None:
        self.vaults_hold_what_accounts_say()
        self.shards_sum_active_stake()
        self.supply_is_what_was_minted_less_what_was_burned()
        self.totals_never_fall()
        self.nobody_gains_but_by_credits()
        self.events_alone_rebuild_the_ledger()

    def vaults_hold_what_accounts_say(self) -> None:
        """Invariants 1 and 2, and that the model agrees with every account."""
        for name, node in self.stakes.nodes.items():
            found = self.arena.node(name)
            own, co = found.own, found.co
            said = own.active + own.pending + _sum(own.cooling) + own.due + co.tokens + co.owed
            held = self.arena.balance(self.arena.nodes[name].vault)
            assert held == said == node.vault, f"{name}'s vault: {held}, said {said}, model {node.vault}"
            assert (own.active, own.pending, own.due) == (node.own.active, node.own.pending, node.own.due)
            assert _slots(own.cooling) == sorted((one.ready_at, one.amount) for one in node.own.slots)
            assert (co.tokens, co.shares, co.active, co.pending, co.owed) == (
                node.co_tokens,
                node.co_shares,
                node.co_active,
                node.co_pending,
                node.co_owed,
            )
            due = sum((one.earned - one.taken for one in node.positions.values()), Fraction(0))
            assert due == node.co_owed, f"{name} owes {node.co_owed}, its co-stakers have {due} to get"
            assert (found.state, found.frozen) == (node.state, node.frozen)
            assert (found.credited, found.credited_through) == (node.credited, node.credited_through)
            announced = None if found.commission_at == 0 else (found.commission_at, found.next_commission_bps)
            assert (found.commission_bps, announced) == (node.commission, node.announced)
            assert (found.challenges, found.credit_frozen_until) == (node.challenges, node.frozen_until)
            assert found.min_report_seq == node.min_report
            for snapshot, history in (
                (found.own_snapshot, node.own_history),
                (found.co_snapshot, node.co_history),
            ):
                self._remembers(snapshot, history.at_week, history.now)
            for who, position in node.positions.items():
                self._position(name, who, position)

    def _position(self, node: str, who: str, position: staking.Position) -> None:
        found = self.arena.position(node, who)
        assert (found.active, found.pending) == (position.active, position.pending)
        assert found.pending == 0 or found.pending_at == position.pending_at
        assert _slots(found.cooling) == sorted((one.ready_at, one.amount) for one in position.slots)
        assert found.due <= position.claimable[1]
        self._remembers(found.snapshot, position.history.at_week, position.history.now)

    def _remembers(self, found: types.staking.Snapshot, at_week: Callable[[int], int], now: int) -> None:
        """Rule 16: exact for the week that is, and the three before."""
        assert found.now == now
        week = self.now // staking.WEEK
        for one in range(week, week - 3, -1):
            stored = found.now if one > found.week else _past(found, one)
            if stored is not None:
                assert stored == at_week(one), f"week {one}: {found}, the model has {at_week(one)}"

    def shards_sum_active_stake(self) -> None:
        shards: dict[Pubkey, list[staking.Node]] = {}
        for name, node in self.stakes.nodes.items():
            shards.setdefault(self.arena.nodes[name].shard, []).append(node)
        for address, nodes in shards.items():
            found = self.arena.shard(address).active
            sides = [side for node in nodes for side in (node.own_history, node.co_history)]
            self._remembers(
                found,
                lambda week, sides=sides: sum(one.at_week(week) for one in sides),  # type: ignore[misc]
                sum(one.now for one in sides),
            )

    def supply_is_what_was_minted_less_what_was_burned(self) -> None:
        """Invariants 3 and 8."""
        config, mint = self.arena.minted, self.mint
        assert (config.emitted, config.withheld) == (mint.emitted, mint.withheld)
        assert config.emitted <= emission.cumulative(self.now - mint.start) <= emission.EMISSION
        assert config.genesis + config.emitted <= emission.CAP
        burned = mint.burned + self.stakes.burned + self.reports.burned
        assert self.arena.supply == config.genesis + config.emitted - burned
        assert self.ledger.burned == burned
        assert self.arena.balance(pda.mint.EMISSION_VAULT) == mint.emission_vault
        assert self.arena.balance(pda.mint.RESERVE_VAULT) == mint.reserve

    def totals_never_fall(self) -> None:
        """Credited ≤ what final reports give ≤ emitted; none of the three falls."""
        config, minted = self.arena.proofs, self.arena.minted
        seen = (self.arena.credited, config.final_total, minted.emitted)
        assert all(old <= new for old, new in zip(self.last_seen, seen, strict=True))
        self.last_seen = seen
        assert seen[0] == self.stakes.credited
        assert seen[0] <= seen[2] - minted.withheld
        assert (config.final_seq, config.final_total, config.final_period_end, config.approved_seq) == (
            self.reports.final_seq,
            self.reports.final_total,
            self.reports.final_period_end,
            self.reports.approved_seq,
        )
        for made, published in zip(self.reports.reports, self.published, strict=True):
            assert self.arena.report(published.address).state == made.state

    def nobody_gains_but_by_credits(self) -> None:
        """Invariant 9: what somebody has, everywhere, is never more than what he brought and was credited."""
        for who in self.arena.people:
            purse = self.arena.purse(who)
            assert purse == self.stakes.purses[who], (
                f"{who} has {purse}, in the model {self.stakes.purses[who]}"
            )
            has = purse + sum(self._worth(node, name, who) for name, node in self.stakes.nodes.items())
            has += sum(one.bond for one in self.reports.challenges.values() if one.challenger == who)
            limit = self.worth[who] + self.earned[who]
            assert has <= limit, f"{who} has {has}, brought and earned {limit}"

    def _worth(self, node: staking.Node, name: str, who: str) -> Fraction:
        if who == name:
            return Fraction(node.own.side)
        if who not in node.positions:
            return Fraction(0)
        mine = node.positions[who]
        return node.worth(mine.shares) + mine.earned - mine.taken

    def events_alone_rebuild_the_ledger(self) -> None:
        for name, node in self.stakes.nodes.items():
            supplier = self.arena.nodes[name]
            book = self.ledger.nodes[supplier.node]
            found = self.arena.node(name)
            own, co = found.own, found.co
            assert book.totals == types.staking.NodeTotals(
                own.active, own.pending, _sum(own.cooling), own.due, *_co(co)
            )
            assert (book.seq, book.credited) == (found.seq, found.credited)
            assert book.through in (None, found.credited_through)
            assert book.frozen == found.frozen
            for who in (name, *node.positions):
                side = node.own if who == name else node.positions[who]
                key = self.arena.people[who].pubkey()
                assert (book.active[key], book.pending[key]) == (side.active, side.pending)
                slots = sorted((one.ready_at, one.amount) for one in side.slots)
                assert sorted(book.cooling.get(key, [])) == slots
        for who, key in ((who, pair.pubkey()) for who, pair in self.arena.people.items()):
            assert self.arena.purse(who) == self.purses[who] + self.ledger.received[key]
        assert self.ledger.paid == self.arena.balance(pda.mint.EMISSION_VAULT)
        assert sum(self.ledger.bonds.values()) == sum(one.bond for one in self.reports.challenges.values())
        states = ("pending", "approved", "final", "void")
        for made, published in zip(self.reports.reports, self.published, strict=True):
            assert self.ledger.reports[published.address] == states[made.state]


def _check(sent: Sent[None] | None, kind: type[Any], **stated: Any) -> None:
    """What the one event of a kind states; there is none where another step of the transaction fails."""
    if sent is not None:
        event = sent.event(kind)
        assert {name: getattr(event, name) for name in stated} == stated, event


def _slots(slots: types.staking.Slots) -> list[tuple[int, int]]:
    return sorted((one.ready_at, one.amount) for one in slots.slots if one.amount)


def _sum(slots: types.staking.Slots) -> int:
    return sum(one.amount for one in slots.slots)


def _co(co: types.staking.CoSide) -> tuple[int, int, int, int, int]:
    return co.tokens, co.shares, co.active, co.pending, co.owed


def _past(found: types.staking.Snapshot, week: int) -> int | None:
    """What a snapshot says of a week, or None where it does not reach."""
    back = found.week - week
    return found.past[back] if back < len(found.past) else None


def _transfer(owner: Pubkey, destination: Pubkey, amount: int) -> Instruction:
    from spl.token.constants import TOKEN_PROGRAM_ID
    from spl.token.instructions import transfer_checked
    from spl.token.models import TransferCheckedParams

    return transfer_checked(
        TransferCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            source=wallet(owner),
            mint=IO_MINT,
            dest=destination,
            owner=owner,
            amount=amount,
            decimals=IO.DECIMALS,
        )
    )


Walk.TestCase.settings = settings(settings.default, stateful_step_count=STEPS, report_multiple_bugs=False)
TestStakeAndReportsAgreeWithTheModel = Walk.TestCase
