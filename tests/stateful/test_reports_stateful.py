"""Random walks through reports alone: chains of them, voids in the middle, corrections, changes of the set.

Each step is tried on the program and in the model (`tests/model/reports.py`); afterwards the head, the chain
and every report agree. However a walk went, an honest report can be made on the head and becomes final at
its end: there is no bad head.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.model import reports as model
from tests.model.emission import Mint
from tests.model.refusal import Refused
from tests.model.staking import Staking
from tests.programs.people import Published
from tests.programs.support import DAY, HOUR, NOW, Proposal, World
from tests.programs.test_proofs import params

from ionet import ProgramError, ix, types
from ionet.proofs.report import report_at
from ionet.rewards import Leaves, build_report

WEIGHTS = (2, 1, 1, 1)
THRESHOLD = 3
SECONDS = st.sampled_from((60, HOUR, HOUR, 6 * HOUR, DAY, 3 * DAY, 11 * DAY, 31 * DAY))
SEATS = st.sampled_from((0, 0, 1, 2, 3, None))
PICK = st.integers(0, 5)


class ReportWalk(RuleBasedStateMachine):
    """A world with four attesters; its guardian and authority are two people."""

    @initialize()
    def begin(self) -> None:
        self.world = World.new()
        self.guardian, self.stranger = self.world.actor(), self.world.actor()
        given = replace(params(self.world), guardian=self.guardian.pubkey())
        self.world.send(ix.proofs.set_params(authority=self.world.deployer, params=given))
        self.attesters = self.world.seat_attesters(*WEIGHTS, threshold=THRESHOLD)
        self.mint = Mint(NOW)
        self.model = model.Reports(self.mint, Staking({}), WEIGHTS, THRESHOLD)
        self.made: list[Published] = []
        self.nobody = Keypair().pubkey()

    # -- trying

    def attempt(self, call: Instruction, step: Callable[[], object], *signers: Keypair) -> bool:
        """Does it in both, which have to agree."""
        self.world.advance(1)
        try:
            step()
        except Refused as no:
            try:
                self.world.send(call, signers=list(signers))
            except ProgramError as found:
                if found.name not in no.reasons:
                    raise AssertionError(f"{found} is none of {sorted(no.reasons)}") from found
                return False
            raise AssertionError(f"the program does what the model refuses: {sorted(no.reasons)}") from no
        self.world.send(call, signers=list(signers))
        return True

    def key(self, seat: int | None) -> Keypair:
        return self.stranger if seat is None else self.attesters[seat]

    def number(self, pick: int) -> int:
        return max(0, len(self.made) - 1 - pick)

    @property
    def now(self) -> int:
        """The time of the next attempt."""
        return self.world.now + 1

    def emit(self) -> None:
        self.world.send(ix.mint.emit())
        self.mint.emit(self.world.now)

    def make(self, before: int | None, seat: int | None, *, more: int = 0, correction: bool = False) -> bool:
        """A report of the latest hour, or of the one after its predecessor's."""
        total = max(0, (0 if before is None else self.model.reports[before].total) + more)
        hours = (self.world.now - NOW) // HOUR
        end = NOW + hours * HOUR
        nodes = np.frombuffer(bytes(self.nobody), np.uint8).reshape(1, 32)
        leaves = Leaves(nodes=nodes, lifetime=np.array([total], np.uint64), through=np.array([end], np.int64))
        tree = build_report(leaves, end, bytes(32), correction=correction)
        proposal = Proposal(
            self.world,
            hours,
            root=tree.root,
            total=total,
            evidence_uri=f"https://example.org/{len(self.made)}",
            predecessor=Pubkey.default() if before is None else self.made[before].address,
            correction=correction,
        )
        made = model.Report(hours, total, {"nobody": model.Leaf(total, end)}, end, before, correction)

        def done() -> None:
            self.model.report(made, seat, self.world.now)
            self.made.append(Published(proposal.address, tree))

        return self.attempt(proposal.report(self.key(seat).pubkey()), done, self.key(seat))

    def approve(self, number: int, seat: int | None) -> bool:
        call = ix.proofs.approve(attester=self.key(seat).pubkey(), report=self.made[number].address)
        return self.attempt(call, lambda: self.model.approve(number, seat, self.world.now), self.key(seat))

    def finalize(self, number: int) -> bool:
        call = ix.proofs.finalize(report=self.made[number].address)
        return self.attempt(call, lambda: self.model.finalize(number, self.world.now))

    # -- steps

    @rule(seconds=SECONDS)
    def wait(self, seconds: int) -> None:
        self.world.advance(seconds)
        self.emit()

    @rule(
        on_head=st.sampled_from((True, True, True, False)),
        pick=PICK,
        seat=SEATS,
        more=st.sampled_from((-5, 0, 0, 7, 10**9)),
        correction=st.sampled_from((False, False, True)),
    )
    def report(self, on_head: bool, pick: int, seat: int | None, more: int, correction: bool) -> None:
        before = self.model.head if on_head or not self.made else self.number(pick)
        self.make(before, seat, more=more, correction=correction)

    @rule(count=st.integers(1, 8), more=st.integers(0, 9))
    def chain(self, count: int, more: int) -> None:
        """Hours that are reported and approved one after another."""
        for _ in range(count):
            self.world.advance(HOUR)
            self.emit()
            if self.make(self.model.head, 0, more=more):
                self.approve(len(self.made) - 1, 1)

    @precondition(lambda self: self.made)
    @rule(pick=PICK, seat=SEATS)
    def approval(self, pick: int, seat: int | None) -> None:
        self.approve(self.number(pick), seat)

    @precondition(lambda self: self.made)
    @rule(pick=PICK, seat=SEATS)
    def renew(self, pick: int, seat: int | None) -> None:
        number = self.number(pick)
        call = ix.proofs.renew_report(attester=self.key(seat).pubkey(), report=self.made[number].address)
        self.attempt(call, lambda: self.model.renew(number, seat, self.world.now), self.key(seat))

    @precondition(lambda self: self.made)
    @rule(pick=PICK)
    def endorse(self, pick: int) -> None:
        number = self.number(pick)
        call = ix.proofs.endorse(guardian=self.guardian.pubkey(), report=self.made[number].address)
        self.attempt(call, lambda: self.model.endorse(number, self.world.now), self.guardian)

    @precondition(lambda self: self.made)
    @rule(pick=PICK, next_one=st.booleans(), wait=st.booleans())
    def final(self, pick: int, next_one: bool, wait: bool) -> None:
        if wait:
            self.world.advance(DAY)
        open_ = self.model.chain[self.model.final :]
        self.finalize(open_[0] if next_one and open_ else self.number(pick))

    @precondition(lambda self: self.made)
    @rule(pick=PICK, authority=st.sampled_from((False, False, True)))
    def void(self, pick: int, authority: bool) -> None:
        number = self.number(pick)
        if authority and not self.model.reports[number].correction:
            return
        who = self.world.deployer if authority else self.guardian.pubkey()
        call = ix.proofs.void_report(guardian=who, report=self.made[number].address)
        step = lambda: self.model.void(number, self.world.now, authority=authority)  # noqa: E731
        self.attempt(call, step, *([] if authority else [self.guardian]))

    @precondition(lambda self: self.made)
    @rule(pick=PICK)
    def refute(self, pick: int) -> None:
        number = self.number(pick)
        leaf = self.made[number].proofs_leaf(self.nobody)
        call = ix.proofs.refute(report=self.made[number].address, node=self.nobody, leaf=leaf)
        self.attempt(call, lambda: self.model.refute(number, "nobody"))

    @rule()
    def change_the_set(self) -> None:
        seats = [
            types.proofs.Seat(one.pubkey(), weight)
            for one, weight in zip(self.attesters, WEIGHTS, strict=True)
        ]
        self.world.send(
            ix.proofs.set_attesters(authority=self.world.deployer, seats=seats, threshold=THRESHOLD)
        )
        self.model.version += 1

    # -- what holds

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "made"):
            return
        config, chain = self.world.proofs_config, self.model.chain
        assert (config.head, config.final_height) == (len(chain), self.model.final)
        assert (config.min_height, config.highest_total) == (self.model.lowest, self.model.highest[0])
        end = self.model.reports[chain[-1]].period_end if chain else 0
        assert config.head_period_end == end
        for height in range(max(1, self.model.final), len(chain) + 1):
            assert report_at(config, height) == self.made[chain[height - 1]].address, height
        for made, published in zip(self.model.reports[-8:], self.made[-8:], strict=True):
            found = self.world.report(published.address)
            assert (found.state, found.height) == (made.state, made.height)
            assert found.approvals == sum(1 << seat for seat in made.seats)
            if made.state == model.FINAL:
                assert found.creditable_from == made.creditable_from

    def teardown(self) -> None:
        if not hasattr(self, "made"):
            return
        # Everything of the chain becomes final in its order, and so does an honest report on it.
        self.world.advance(31 * DAY)
        self.emit()
        if len(self.model.chain) - self.model.final < model.PENDING_AT_ONCE:
            assert self.make(self.model.head, 0)
            assert self.approve(len(self.made) - 1, 1)
        self.world.advance(3 * DAY)
        for number in list(self.model.chain[self.model.final :]):
            assert self.finalize(number)
        self.agrees()


ReportWalk.TestCase.settings = settings(max_examples=20, stateful_step_count=40, deadline=None)
TestReports = ReportWalk.TestCase
