"""Reports, challenges of them, and credits."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from solders.pubkey import Pubkey
from tests.model import emission, reports, staking
from tests.programs.people import TOKEN, Published
from tests.programs.support import DAY, HOUR, Proposal
from tests.stateful.administration import Administration
from tests.stateful.arena import wallet
from tests.stateful.walk import (
    EVIDENCE,
    NODES,
    Step,
    a_holder,
    a_node,
    a_number,
    a_seat,
    action,
    any_challenge,
    any_report,
    any_terminal,
    any_undecided,
    check_event,
)

from ionet import Sent, events, ix, pda
from ionet.rewards import Leaves, build_report


class Reporting(Administration):
    """From a report to its credits, honest or not."""

    # -- reports

    def lifetimes(self) -> dict[str, int]:
        """What the report at the head says, or what was credited."""
        head = self.reports.head
        leaves = {} if head is None else self.reports.reports[head].leaves
        latest = {name: leaf.lifetime for name, leaf in leaves.items()}
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
        crank=st.sampled_from((True, True, True, False)),
        correction=st.sampled_from((False, False, True)),
        astray=st.sampled_from((None, None, None, 0, 1)),
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
        crank: bool,
        correction: bool,
        astray: int | None,
    ) -> None:
        """Any report; `over`: its total stands at what the vault was paid, or one unit above; `astray`: it
        continues a late report, whether that is the head or not."""
        if crank:
            self.emit()
        lifetimes = {
            name: max(0, value + extra)
            for (name, value), extra in zip(self.lifetimes().items(), grown, strict=True)
        }
        if stranger:
            lifetimes["nobody"] = TOKEN
        before = None if astray is None or not self.published else self.number(astray)
        self.make(
            lifetimes,
            seat=seat,
            more=more,
            over=over,
            back=back,
            through=through,
            before=before,
            correction=correction,
        )

    def make(
        self,
        lifetimes: dict[str, int],
        *,
        seat: int | None,
        more: int = 0,
        over: int | None = None,
        back: int = 0,
        through: int = 0,
        before: int | None = None,
        correction: bool = False,
    ) -> bool:
        """Makes a report about the latest whole hour, or `back` hours before; default: on the head."""
        before = self.reports.head if before is None else before
        start = self.mint.start
        hours = max(0, (self.now - start) // HOUR - back)
        end = start + hours * HOUR
        names = sorted(lifetimes, key=lambda one: bytes(self.key(one)))
        leaves = Leaves(
            nodes=np.frombuffer(b"".join(bytes(self.key(one)) for one in names), np.uint8).reshape(-1, 32),
            lifetime=np.array([lifetimes[one] for one in names], np.uint64),
            through=np.full(len(names), end + through, np.int64),
            previous_height=np.array([self.previous(one, before) for one in names], np.uint64),
        )
        tree = build_report(leaves, end, bytes(32), correction=correction)
        total = max(0, sum(lifetimes.values()) + more)
        if over is not None:
            total = max(0, self.paid_until(end) + over)
        proposal = Proposal(
            self.world,
            hours,
            root=tree.root,
            total=total,
            leaves=len(names),
            evidence_uri=f"https://example.org/{len(self.published)}",
            predecessor=Pubkey.default() if before is None else self.published[before].address,
            correction=correction,
        )
        made = reports.Report(
            hours,
            total,
            {one: reports.Leaf(lifetimes[one], end + through, self.previous(one, before)) for one in names},
            end,
            before,
            correction,
        )

        def done(_: Sent[None] | None) -> None:
            self.reports.report(made, seat, self.now)
            self.published.append(Published(proposal.address, tree))

        return self.attempt(Step(proposal.report(self.attester(seat)), done))

    def previous(self, name: str, before: int | None) -> int:
        """Height of the report before, where that has a leaf for a node."""
        if before is None or name not in self.reports.reports[before].leaves:
            return 0
        return self.reports.reports[before].height

    def paid_until(self, end: int) -> int:
        """What the vault was paid for the hours until then, or will have been if that is not known."""
        scheduled = emission.cumulative(end - self.mint.start)
        paid = self.mint.paid_until(scheduled)
        return scheduled - self.mint.withheld if paid is None else int(paid)

    def attester(self, seat: int | None) -> Pubkey:
        """Who signs for a seat; None: somebody without one."""
        key: Pubkey = (self.market.renter if seat is None else self.arena.attesters[seat]).pubkey()
        return key

    @action(when=any_undecided, back=a_number, seat=a_seat)
    def approve(self, back: int, seat: int | None) -> None:
        self.approval(self.number(back), seat)

    def approval(self, number: int, seat: int | None) -> None:
        call = ix.proofs.approve(attester=self.attester(seat), report=self.published[number].address)
        self.attempt(Step(call, lambda _: self.reports.approve(number, seat, self.now)))

    @action(when=any_undecided, back=a_number)
    def finalize(self, back: int) -> None:
        number = self.number(back)
        call = ix.proofs.finalize(report=self.published[number].address)
        self.attempt(Step(call, lambda _: self.reports.finalize(number, self.now)))

    @action(when=any_report, back=a_number, seat=a_seat)
    def renew(self, back: int, seat: int | None) -> None:
        number = self.number(back)
        call = ix.proofs.renew_report(attester=self.attester(seat), report=self.published[number].address)
        self.attempt(Step(call, lambda _: self.reports.renew(number, seat, self.now)))

    @action(when=any_undecided, back=a_number)
    def endorse(self, back: int) -> None:
        number = self.number(back)
        call = ix.proofs.endorse(guardian=self.world.deployer, report=self.published[number].address)
        self.attempt(Step(call, lambda _: self.reports.endorse(number, self.now)))

    def finalize_all(self) -> None:
        """Makes final what can be, in its order."""
        for number in list(self.reports.chain[self.reports.final :]):
            self.finalize(len(self.published) - 1 - number)

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
            self.finalize_all()
            self.world.advance(7 * DAY)
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

    @action(
        weight=2,
        node=a_node,
        other=a_node,
        wait=st.sampled_from((6 * HOUR, 6 * HOUR, 29 * DAY, 40 * DAY)),
        crank=st.sampled_from((True, True, False)),
        again=st.sampled_from((6, 7, 8)),
    )
    def publish_all(self, node: str, other: str, wait: int, crank: bool, again: int) -> None:
        """A report gives one node all that there is to give, whether it was minted yet or not; what is more
        than a week's limit, or another node's part after it, follows some days later."""
        self.world.advance(wait)
        if crank:
            self.emit()
        end = self.now - (self.now - self.mint.start) % HOUR
        lifetimes = self.lifetimes()
        left = max(0, self.paid_until(end) - sum(lifetimes.values()))
        part = left // 10 if other != node else 0
        lifetimes[node] += left - part
        lifetimes[other] += part
        if self.make(lifetimes, seat=1):
            self.approval(len(self.published) - 1, 0)
            self.world.advance(DAY)
            self.finalize_all()
            self.world.advance(7 * DAY)
            self.credit(0, node)
            self.credit(0, other)
            if any(made > self.stakes.nodes[one].credited for one, made in lifetimes.items()):
                self.world.advance((self.now // DAY + again) * DAY - self.now)
                self.credit(0, node)

    @action(weight=1, hours=st.integers(22, 25), off=st.sampled_from((0, 0, 1, -1)), over=st.integers(0, 1))
    def report_what_is_long_ago(self, hours: int, off: int, over: int) -> None:
        """Hourly cranks, and then a report of an hour that is just remembered, or is not any more."""
        for _ in range(hours):
            self.world.advance(HOUR)
            self.emit()
        self.make(self.lifetimes(), seat=1, over=over, back=hours + off - 1)

    @action(
        weight=1,
        linked=st.sampled_from(((2_500, 5_000), (5_000, 0), (0, 0))),
        hours=st.integers(2, 7),
        back=st.integers(0, 7),
        over=st.integers(0, 1),
    )
    def report_between_cranks(self, linked: tuple[int, int], hours: int, back: int, over: int) -> None:
        """One crank emits several hours under a policy; the report is of one between."""
        self._set_policy(linked)
        self.world.advance(hours * HOUR)
        self.emit()
        self.make(self.lifetimes(), seat=1, over=over, back=back)

    @action(when=any_undecided, back=a_number, node=st.sampled_from((*NODES, "nobody")))
    def refute(self, back: int, node: str) -> None:
        number = self.number(back)
        if node not in self.reports.reports[number].leaves:
            return
        made = self.published[number]
        args = made.proofs_leaf(self.key(node))
        call = ix.proofs.refute(report=made.address, node=self.key(node), leaf=args)
        self.attempt(Step(call, lambda _: self.reports.refute(number, node)))

    @action(weight=1, when=any_undecided, back=a_number)
    def void(self, back: int) -> None:
        number = self.number(back)
        made = self.published[number].address
        call = ix.proofs.void_report(guardian=self.world.deployer, report=made)
        self.attempt(Step(call, lambda _: self.reports.void(number, self.now)))

    @action(weight=3, when=any_report, back=a_number, node=a_node, who=a_holder, times=st.integers(1, 2))
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

    @action(weight=3, when=any_challenge, pick=a_number, upheld=st.booleans())
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

    @action(weight=3, when=any_challenge, pick=a_number)
    def lift(self, pick: int) -> None:
        number, node, common = self.of_challenge(pick)
        who = self.reports.challenges[number, node].challenger
        call = ix.proofs.lift_challenge(**common)
        if self.attempt(Step(call, lambda _: self.reports.lift(number, node, self.now))):
            self._returned(who)

    def _returned(self, who: str) -> None:
        # Events name the challenge, not the challenger.
        self.ledger.received[self.arena.people[who].pubkey()] += self.reports.bond

    @action(weight=3, when=any_report, back=a_number, node=a_node)
    def credit(self, back: int, node: str) -> None:
        number = self.number(back)
        if node in self.reports.reports[number].leaves:
            self.attempt(self.crediting(number, node))

    def crediting(self, number: int, node: str) -> Step:
        height = self.reports.reports[number].leaves[node].previous
        earlier = self.reports.chain[height - 1] if 0 < height <= len(self.reports.chain) else None
        shown = None if earlier is None else self.published[earlier].address
        call = self.market.credit(self.published[number], of=self.arena.nodes[node], previous=shown)
        stakes = self.stakes.nodes[node]

        def done(sent: Sent[None] | None) -> None:
            before = {who: one.earned for who, one in stakes.positions.items()}
            parts = self.reports.credit(number, node, self.now, earlier)
            through = stakes.credited_through
            stated = {"owner_part": parts[0], "co_part": parts[1], "credited_through": through}
            check_event(sent, events.staking.Credited, **stated)
            self.earned[node] += parts[0]
            for who, one in stakes.positions.items():
                self.earned[who] += one.earned - before[who]

        return Step(call, done)

    @action(when=any_terminal, more=st.integers(0, TOKEN), back=a_number, pick=a_number)
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
            check_event(sent, events.staking.Forfeited, amount=amount)

        self.attempt(Step(call, done))
