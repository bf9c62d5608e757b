"""What has to be true after every step: the invariants of the threat model, account by account."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final

from solders.pubkey import Pubkey
from tests.model import emission, staking
from tests.stateful.arena import decoded
from tests.stateful.walk import Base

from ionet import accounts, pda, types

NOBODY: Final = Pubkey.default()


class Agreement(Base):
    """The programs agree with the model, and both with their events."""

    def vaults_hold_what_accounts_say(self) -> None:
        """Invariants 1 and 2, and that the model agrees with every account."""
        for name, node in self.stakes.nodes.items():
            found = self.arena.node(name)
            own, co = found.own, found.co
            said = own.active + own.pending + _sum(own.cooling) + own.due + co.tokens + co.owed
            said += found.set_apart + found.former.amount
            held = self.arena.balance(self.arena.nodes[name].vault)
            assert held == said == node.vault, f"{name}'s vault: {held}, said {said}, model {node.vault}"
            assert (own.active, own.pending, own.due) == (node.own.active, node.own.pending, node.own.due)
            assert _slots(own.cooling) == _model(node.own.slots)
            assert (own.late, own.lost, co.late) == (node.own.late, node.own.lost, node.co_late)
            assert (found.set_apart, found.stopped) == (node.set_apart, node.stopped)
            assert (found.closed_at or None, bool(found.fraud)) == (node.closed_at, node.fraud)
            assert (found.partial, found.spared_until) == (node.partial, node.spared_until)
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
            self._processors(name, node, found)
            for snapshot, history in (
                (found.own_snapshot, node.own_history),
                (found.co_snapshot, node.co_history),
            ):
                self._remembers(snapshot, history.at_week, history.now)
            for who, position in node.positions.items():
                self._position(name, who, position)

    def _processors(self, name: str, node: staking.Node, found: accounts.staking.Node) -> None:
        assert (found.units, bool(found.banned)) == (node.units, node.banned)
        assert (found.minimum, found.highest) == (node.known, node.highest)
        former = node.former
        assert found.former.amount == (0 if former is None else former[1])
        if former is not None:
            said = (self.arena.people[former[0]].pubkey(), former[2])
            assert (found.former.owner, found.former.ready_at) == said
        for device in (name, f"{name} second"):
            address = self.arena.processor(device).device
            state, one = (
                decoded(accounts.staking.Device, self.arena.data(address)),
                self.stakes.devices[device],
            )
            owner = NOBODY if one.owner is None else self.arena.people[one.owner].pubkey()
            on = NOBODY if one.node is None else self.arena.nodes[one.node].node
            assert (state.owner, state.node, bool(state.banned)) == (owner, on, one.banned)

    def _position(self, node: str, who: str, position: staking.Position) -> None:
        found = self.arena.position(node, who)
        assert (found.active, found.pending) == (position.active, position.pending)
        assert found.pending == 0 or found.pending_at == position.pending_at
        assert _slots(found.cooling) == _model(position.slots)
        assert found.late == position.late
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
        seen = (self.arena.ledger.credited, config.highest_total, minted.emitted)
        assert all(old <= new for old, new in zip(self.last_seen, seen, strict=True))
        self.last_seen = seen
        assert seen[0] == self.stakes.credited
        assert seen[0] <= seen[2] - minted.withheld
        assert (config.head, config.final_height) == (len(self.reports.chain), self.reports.final)
        assert (config.min_height, config.highest_total) == (self.reports.lowest, self.reports.highest[0])
        for made, published in zip(self.reports.reports, self.published, strict=True):
            assert self.arena.report(published.address).state == made.state

    def what_flowed_out_lately_is_counted(self) -> None:
        """Rules 7 and 24: the week of each circuit breaker, and no week beyond the limit."""
        for found, by_day in (
            (self.arena.ledger.outflow, self.stakes.credited_on),
            (self.arena.config.slashed, self.stakes.slashed_on),
            (self.arena.config.decided, self.stakes.decided_on),
        ):
            today = self.now // staking.DAY
            days = range(found.day, found.day - len(found.out), -1)
            counted = sum(out for day, out in zip(days, found.out, strict=True) if day >= today - 7)
            assert counted == staking.lately_out(by_day, self.now)
        assert staking.lately_out(self.stakes.credited_on, self.now) <= staking.CREDITED_A_WEEK

    def cranks_are_remembered(self) -> None:
        known = [(one.emitted, one.withheld) for one in reversed(self.arena.minted.history)]
        model = [(0, 0)] * emission.REMEMBERED + self.mint.cranks
        assert known == model[-emission.REMEMBERED :]

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
            return Fraction(node.own.side + (0 if node.former is None else node.former[1]))
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
                own.active,
                own.pending,
                _sum(own.cooling),
                own.due,
                *_co(co),
                own.late,
                co.late,
                found.former.amount,
                found.set_apart,
            )
            assert (book.seq, book.credited) == (found.seq, found.credited)
            assert book.through == found.credited_through
            assert (book.frozen, book.units) == (found.frozen, found.units)
            for who in (name, *node.positions):
                side = node.own if who == name else node.positions[who]
                key = self.arena.people[who].pubkey()
                assert (book.active[key], book.pending[key]) == (side.active, side.pending)
                slots = sorted((one.ready_at, one.amount) for one in side.slots if one.amount)
                assert sorted(book.cooling.get(key, [])) == slots
        for who, key in ((who, pair.pubkey()) for who, pair in self.arena.people.items()):
            assert self.arena.purse(who) == self.purses[who] + self.ledger.received[key]
        assert self.ledger.paid == self.arena.balance(pda.mint.EMISSION_VAULT)
        assert sum(self.ledger.bonds.values()) == sum(one.bond for one in self.reports.challenges.values())
        states = ("pending", "approved", "final", "void")
        for made, published in zip(self.reports.reports, self.published, strict=True):
            assert self.ledger.reports[published.address] == states[made.state]


def _slots(slots: types.staking.Slots) -> list[tuple[int, ...]]:
    return sorted(_slot(one) for one in slots.slots if one.amount or one.weight)


def _model(slots: list[staking.Slot]) -> list[tuple[int, ...]]:
    return sorted(_slot(one) for one in slots)


def _slot(one: types.staking.Slot | staking.Slot) -> tuple[int, ...]:
    """Amount and weight, each with its time, which says nothing where it is 0."""
    return one.amount, one.ready_at * bool(one.amount), one.weight, one.counts_to * bool(one.weight)


def _sum(slots: types.staking.Slots) -> int:
    return sum(one.amount for one in slots.slots)


def _co(co: types.staking.CoSide) -> tuple[int, int, int, int, int]:
    return co.tokens, co.shares, co.active, co.pending, co.owed


def _past(found: types.staking.Snapshot, week: int) -> int | None:
    """What a snapshot says of a week, or None where it does not reach."""
    back = found.week - week
    return found.past[back] if back < len(found.past) else None
