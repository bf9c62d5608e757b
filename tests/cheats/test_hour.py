"""Cheats about an hour's signed products, each against real agents, a gateway, two seats and the programs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.network import test_product_hours
from tests.network.site import NetworkSite
from tests.network.test_product_hours import Field, Seat
from tests.programs.support import HOUR
from tests.programs.test_challenges import proposed, showing
from tests.programs.test_hours import hashes

from ionet import ProofReason, errors, ix, types
from ionet.orchestrator._products import ProductHours
from ionet.prover import Opening
from ionet.prover._hour import Entry
from ionet.prover._signed import RATE_MESSAGE, SignedRoot, rate_challenge
from ionet.rewards import Verdict, apart, measured, medians
from ionet.wire import Answer, Request
from ionet.worker._agent import Agent
from ionet.worker._leases import ProductHour
from ionet.worker._products import Products, _Product

site = test_product_hours.site


@pytest.fixture
def hour(site: tuple[NetworkSite, dict[str, Agent]], tmp_path: Path) -> Field:
    """The beginning of an hour, with two honest nodes."""
    made = Field(*site, tmp_path)
    world = made.site.market.world
    made.advance(HOUR - (world.now - world.mint_config.start) % HOUR)
    for who in (made.site.market.alice, made.site.market.bob):
        made.put(who)
    return made


async def judged(hour: Field, *seats: Seat) -> None:
    """Has the hour drawn, and what is drawn opened and judged."""
    await hour.drawn(*seats)
    for _ in range(2):
        for seat in seats:
            await seat.look()


# -- a seed known early


class Early(Products):
    """Has its products ready when the hour begins, made of a seed that it expected."""

    expected: bytes

    async def _made(self, hour: ProductHour, units: Sequence[int], sizes: tuple[int, int]) -> list[_Product]:
        return await super()._made(replace(hour, seed=self.expected), units, sizes)


class Relabelling:
    """Opens what was made of another seed as if it were what was asked."""

    def __init__(self, prover: Any, asked: Any) -> None:
        self.prover, self.asked = prover, asked

    def open(self, root: bytes, rows: Sequence[int], randomness: bytes) -> Opening:
        opening: Opening = self.prover.open(root, rows, randomness)
        return replace(opening, challenge=self.asked)


class Relabelled(Early):
    """The same, and opens it under the right seed."""

    async def _made(self, hour: ProductHour, units: Sequence[int], sizes: tuple[int, int]) -> list[_Product]:
        made = await super()._made(hour, units, sizes)
        for item in made:
            asked = replace(item.challenge, seed=_right(hour, item.entry).seed)
            if item.prover is not None and item.challenge != asked:
                item.challenge, item.prover = asked, Relabelling(item.prover, asked)  # type: ignore[assignment]
        return made


def _right(hour: ProductHour, entry: Entry) -> Any:
    signed = entry.signed
    m, k = signed.sizes
    return rate_challenge(seed=hour.seed, node=signed.node, unit=signed.unit, number=signed.number, m=m, k=k)


@pytest.mark.parametrize(
    ("kind", "reason"), [(Early, ProofReason.WRONG_SEED), (Relabelled, ProofReason.WRONG_ROW)]
)
async def test_what_was_made_before_the_hour_began_is_no_product_of_it(
    hour: Field, kind: type[Early], reason: ProofReason
) -> None:
    market, before = hour.site.market, hour.site.market.node()
    latest = hashes(market)
    kind.expected = latest[max(latest)]
    hour.put(market.alice, kind)
    hour.slots(1)
    async with hour.seat(hour_disprove=1).serving() as seat:
        await judged(hour, seat)
        assert hour.hour().seed != kind.expected
        assert (seat.verdicts(), seat.hours.passed) == ({hour.alice: reason}, 1)
    # Both are products that the device has signed: it pays for them.
    after = market.node()
    assert after.set_apart - before.set_apart == before.minimum // 10
    assert after.last_proof.reason == types.staking.ProofReason.DISPROVED


async def test_nobody_ticks_an_hour_before_it_begins_or_for_another_seed(hour: Field) -> None:
    market = hour.site.market
    who = market.world.deployer
    market.refused(ix.proofs.tick(payer=who, seq=hour.seq + 1), errors.proofs.WrongHour)
    market.send(ix.proofs.tick(payer=who, seq=hour.seq))
    seed = hour.hour().seed
    hour.slots(3)
    market.refused(ix.proofs.tick(payer=who, seq=hour.seq), "AccountAlreadyInUse")
    assert hour.hour().seed == seed


# -- working only when watched


class Late:
    """Computes a product when it has to be opened, and not before."""

    def __init__(self, products: Products, challenge: Any) -> None:
        self.products, self.challenge = products, challenge

    def open(self, root: bytes, rows: Sequence[int], randomness: bytes) -> Opening:
        ((prover, commitment),) = self.products._worker.compute([self.challenge])
        return replace(prover.open(commitment.root, rows, randomness), root=root)


class OnlyWhenDrawn(Products):
    """Signs a root of nothing each hour, and computes only when it is drawn."""

    async def _made(self, hour: ProductHour, units: Sequence[int], sizes: tuple[int, int]) -> list[_Product]:
        for unit in units:
            if (unit, *sizes) not in self._held:
                root = hashlib.sha256(hour.seed + bytes([unit])).digest()
                signed = SignedRoot(RATE_MESSAGE, hour.seq, self._worker.node, unit, 0, sizes, root)
                key = self._worker.key
                entry = Entry(signed, bytes(key.pubkey), key.sign(signed.message))
                challenge = _right(hour, entry)
                late: Any = Late(self, challenge)
                self._held[(unit, *sizes)] = _Product(challenge, entry, late)
        return [self._held[(unit, *sizes)] for unit in units]


async def test_who_computes_only_when_drawn_had_committed_to_something_else(hour: Field) -> None:
    hour.put(hour.site.market.alice, OnlyWhenDrawn)
    async with hour.seat().serving() as seat:
        await judged(hour, seat)
        assert (seat.verdicts(), seat.hours.passed) == ({hour.alice: ProofReason.BAD_MERKLE_PATH}, 1)


# -- another device's answer


class OfAnother(Products):
    """Passes on what another device has signed."""

    other: Products

    async def product(self, request: Request) -> Answer:
        await super().product(request)
        return await self.other.product(request)


async def test_what_another_device_has_signed_is_no_commitment(hour: Field) -> None:
    market = hour.site.market
    hour.put(market.alice, OfAnother)
    theirs = hour.agents[market.bob.name]._challenges._products
    assert theirs is not None
    OfAnother.other = theirs
    async with hour.seat().serving() as seat:
        await judged(hour, seat)
        assert (seat.verdicts(), seat.hours.passed) == ({hour.alice: ProofReason.MALFORMED}, 1)


# -- a colluding attester


class Colluding(ProductHours):
    """A seat that lets nodes pass which it should fail."""

    def _fail(self, mine: Any, node: bytes, now: int, verdict: Any, **about: Any) -> None:
        evidence = self._challenger.store(b"passed " + node)
        self._journal.keep_verdict(node, now, 10_000, ProofReason.PASSED, evidence)


def lines_of(hour: Field, seat: Seat) -> list[Any]:
    """What a seat signs of the hour."""
    end = hour.hour().period_end
    said = seat.journal.verdicts(end - HOUR, end)
    verdicts = {
        node: Verdict(end, score, reason, reason == ProofReason.PASSED, evidence)
        for node, score, reason, evidence in said
    }
    return measured(seat.key, end, {}, verdicts)


async def test_an_attester_below_the_threshold_lets_no_cheat_pass(hour: Field) -> None:
    """Of two seats that have to agree one helps: its word is named, and its report is nobody's."""
    market = hour.site.market
    hour.put(market.alice, OnlyWhenDrawn)
    async with hour.seat(0, Colluding).serving() as bought, hour.seat(1).serving() as honest:
        await judged(hour, bought, honest)
        lines = [*lines_of(hour, bought), *lines_of(hour, honest)]
        assert {line.verdict.passed for line in lines if line.node == hour.alice} == {True, False}
        weights = {bytes(seat.key.pubkey()): 1 for seat in (bought, honest)}
        _, verdicts = medians(lines, weights, lambda word: True)
        counted = verdicts[hour.alice]
        assert (counted.passed, counted.reason) == (False, ProofReason.BAD_MERKLE_PATH)
        ((named, _),) = apart(lines, {}, verdicts)
        assert (named.attester, named.node) == (bytes(bought.key.pubkey()), hour.alice)
    # Alone it reports the hour as it likes: nothing of that counts.
    passed = Verdict(hour.hour().period_end, 10_000, ProofReason.PASSED, True, bytes(32))
    node = market.alice.node
    shown = proposed(market, {node: 10**8}, approved=False, verdicts={node: passed})
    market.refused(showing(market, shown), errors.proofs.NotHead)
    market.refused(ix.proofs.finalize(report=shown.address), errors.proofs.NotApproved)
