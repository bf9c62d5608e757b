"""Emission, and what the authorities do."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from tests.model import emission, staking
from tests.programs.market import IO_MINT
from tests.programs.people import TOKEN, class_args
from tests.programs.support import DAY, HOUR
from tests.stateful.arena import CLASSES, FEE_VAULT, wallet
from tests.stateful.checks import Agreement
from tests.stateful.walk import Step, action

from ionet import IO, Sent, events, ix, types

an_order = st.sampled_from(
    (
        *(("pause_staking", bits) for bits in (0, 0, 1, 2, 3)),
        *((f"pause_{what}", stop) for what in ("reports", "emission") for stop in (False, False, True)),
        *(
            ("set_policy", one)
            for one in (None, (0, 0), (5_000, 0), (2_500, 5_000), (10_000, 0), (0, 10_000))
        ),
        *(("burn_reserve", None), ("emit", None)) * 3,
        *(("burn_fees", (who, amount)) for who in ("carol", "bob") for amount in (1, 999, 50 * TOKEN)),
        *(("demand", (one, 600 * TOKEN)) for one in ((0, 10_000), (0, 10_000), (2_500, 5_000), (0, 0))),
        *(("set_params", days) for days in ((14, 30), (20, 7), (30, 60), (14, 7))),
        *(("set_class", (kind, base)) for kind in CLASSES for base in (100, 200, 333, 400)),
    )
)


class Administration(Agreement):
    """Emission, its policy, burning, pauses and parameters."""

    # -- emission

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
        args = types.mint.PolicyArgs(types.mint.PolicyKind(linked is not None), *(linked or (0, 0)))

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
        args = types.staking.ParamsArgs(*roles, cooldown, appeal, 1_000, 96)

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
