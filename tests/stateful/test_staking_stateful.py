"""Random walks through emission, reports, stake and slashes, beside the independent model.

Each step is tried on the programs and in the model (`tests/model`). The model says whether it succeeds or
which refusals it may meet; afterwards every account, vault, snapshot and event has to agree with it.

    pytest tests/stateful --hypothesis-profile=long

walks for hours; `CI=1` walks the same paths every time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant
from tests.model import reports, staking
from tests.programs.people import TOKEN
from tests.programs.support import DAY
from tests.stateful.devices import Devices
from tests.stateful.walk import NODES, a_holder, a_node, a_time, action, any_slash

#: Steps of a walk.
STEPS: Final = 60


class Walk(Devices):
    """A walk: what may be done, and when."""

    # -- the beginning

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
        self.set_up(elsewhere)
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

    # -- time

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
                    found.append((one.pending_at, partial(self.activate, name, side)))
                found += ((slot.ready_at, partial(self.withdraw, name, side)) for slot in one.slots)
                if one.active:
                    found.append((week, partial(self.unstake, name, side, ("part", 10))))
            if node.former is not None:
                found.append((node.former[2], partial(self.withdraw_former, name)))
            if node.state == staking.RETIRED and self.stakes.devices[name].owner != name:
                until = node.retired_at + staking.LAST_CREDIT + node.stopped + 1
                found.append((until, partial(self.expel, name)))
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
            lately = (*self.stakes.slashed_on, *self.stakes.decided_on)
            again = ((day + 8) * DAY for day in lately)
            found += ((time, partial(self.execute_slash, 0)) for time in again)
        again = ((day + 8) * DAY for day in self.stakes.credited_on)
        found += ((time, partial(self.credit, 0, name)) for time in again for name in NODES if self.published)
        for number, made in enumerate(self.reports.reports):
            back = len(self.published) - 1 - number
            if made.state == reports.APPROVED:
                found.append((made.approved_at + DAY, partial(self.finalize, back)))
            elif made.state == reports.FINAL:
                end = made.creditable_from + reports.CREDITABLE
                found += ((end, partial(self.credit, back, name)) for name in NODES)
        for pick, key in enumerate(sorted(self.reports.challenges)):
            until = self.reports.challenges[key].until
            found.append((until, partial(self.lift, pick)))
            found.append((until, partial(self.decide, pick, True)))
        return sorted(found, key=lambda one: one[0])

    def _of_slash_in_time(self, pick: int, slash: staking.Slash) -> list[tuple[int, Callable[[], None]]]:
        execute, close = partial(self.execute_slash, pick), partial(self.close_slash, pick)
        apart = partial(self.set_apart_slash, pick)
        if slash.decided_at is not None:
            return [(slash.decided_at, apart), (slash.decided_at, execute), (slash.decided_at, close)]
        resolve = partial(self.resolve_slash, pick, 100)
        if slash.appealed_at is not None:
            end = slash.appealed_at + staking.DECISION
            return [(end, resolve), (end, close)]
        begin, end = slash.appeal_until, slash.appeal_until + staking.EXECUTION
        appeal = partial(self.appeal, pick)
        return [
            (begin, appeal),
            (begin, apart),
            (begin, resolve),
            (end, apart),
            (end, resolve),
            (end, close),
        ]

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
        if any_slash(self):
            self.world.advance((60 + 30 + 14) * DAY)
        self._end_slashes()
        self._leave()
        self._nothing_stays()
        self.agrees()

    def _end_slashes(self) -> None:
        """What was decided or set apart does not lapse: it is burned a week's part at a time, while anybody
        has active stake; else the authority takes it back where nothing was decided."""
        stuck = 0
        while len(slashes := self._slashes()) > stuck:
            slash = slashes[-1 - stuck]
            if slash.open(self.now):
                self.set_apart_slash(stuck)
                self.execute_slash(stuck)
                if slash.decided_at is None:
                    self.cancel_slash(stuck)
                self.world.advance(8 * DAY)
            self.close_slash(stuck)
            if len(self._slashes()) == len(slashes) and not self.stakes.burnable(slash, self.now):
                stuck += 1

    def _slashes(self) -> list[staking.Slash]:
        return [one for node in self.stakes.nodes.values() for one in node.slashes.values()]

    def _leave(self) -> None:
        """Everybody takes what he can."""
        for name, node in self.stakes.nodes.items():
            for side in range(1 + len(node.positions)):
                self.withdraw(name, side)
                self.unstake(name, side, ("limit", 0))
        self.world.advance(30 * DAY)
        for name, node in self.stakes.nodes.items():
            for side in range(1 + len(node.positions)):
                self.withdraw(name, side)
                self.claim(name, side)
            if node.former is not None:
                self.withdraw_former(name)

    def _nothing_stays(self) -> None:
        for node in self.stakes.nodes.values():
            if node.slashes:
                continue
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
        self.what_flowed_out_lately_is_counted()
        self.cranks_are_remembered()
        self.nobody_gains_but_by_credits()
        self.events_alone_rebuild_the_ledger()


Walk.TestCase.settings = settings(settings.default, stateful_step_count=STEPS, report_multiple_bugs=False)
TestStakeAndReportsAgreeWithTheModel = Walk.TestCase
