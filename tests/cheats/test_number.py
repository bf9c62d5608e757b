"""Cheats about how many processors there are, each refused with its reason by real agents and seats."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from tests.cheats.conftest import Field
from tests.cheats.devices import (
    Chip,
    Doubled,
    Fewer,
    Halved,
    OfAnother,
    Precomputed,
    Proxy,
    RelabelledReplay,
    Replay,
    Rootless,
    Smaller,
)
from tests.programs.support import HOUR, MINUTE

from ionet import ProofReason
from ionet.orchestrator import _agents, _number
from ionet.orchestrator._agents import NodeBusy
from ionet.orchestrator._challenge import Challenger
from ionet.orchestrator._idle import IdleChallenges
from ionet.prover import Challenge, Commitment, Reason, Verdict, number_challenges, numpy_backend
from ionet.wire import Answer, Peer, Refused, Request, Role, Unreachable
from ionet.worker import Worker, _turns


def reasons(verdicts: dict[bytes, Verdict]) -> list[Reason | None]:
    return [verdict.reason for verdict in verdicts.values()]


async def test_two_nodes_with_a_device_each_are_counted(field: Field) -> None:
    market = field.site.market
    field.put(market.alice, Worker, Chip(0.8))
    field.put(market.bob, Worker, Chip(0.8))
    verdicts = await field.count([field.alice, field.bob], seconds=0.8)
    assert [verdict.ok for verdict in verdicts.values()] == [True, True], verdicts


async def test_one_device_passes_for_two_nodes_in_turn_and_not_at_once(field: Field) -> None:
    market, shared = field.site.market, Chip(0.8)
    field.put(market.alice, Worker, shared)
    field.put(market.bob, Worker, shared)
    for node in (field.alice, field.bob):
        assert (await field.count([node], seconds=0.8))[node].ok, "in turn nothing tells: hence at once"
    verdicts = await field.count([field.alice, field.bob], seconds=0.8)
    assert Reason.SLOW in reasons(verdicts)
    slow = next(verdict for verdict in verdicts.values() if verdict.reason is Reason.SLOW)
    assert "median of 3" in slow.detail
    # And the hour's report has it: nobody books the node.
    kept = {reason for _, _, reason, _ in field.journal.verdicts(0, 2**40)}
    assert ProofReason.SLOW in kept


async def test_eight_processors_that_are_there_are_counted(field: Field) -> None:
    field.chain.units = 8
    field.put(field.site.market.alice, Worker, *(Chip(0.3) for _ in range(8)))
    verdict = (await field.count([field.alice], seconds=0.3, grace=1.0))[field.alice]
    assert verdict.ok, verdict
    assert verdict.detail == "8 processors answered at once"


async def test_one_processor_is_not_eight(field: Field) -> None:
    field.chain.units = 8
    field.put(field.site.market.alice, Worker, Chip(0.3))
    assert reasons(await field.count([field.alice], seconds=0.3, grace=1.0)) == [Reason.SLOW]


@pytest.mark.parametrize(("kind", "reason"), [(Fewer, Reason.SMALLER), (Doubled, Reason.REPLAYED)])
async def test_one_root_is_not_eight(field: Field, kind: type[Worker], reason: Reason) -> None:
    field.chain.units = 8
    field.put(field.site.market.alice, kind)
    assert reasons(await field.count([field.alice])) == [reason]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Precomputed, Reason.WRONG_SEED),
        (Smaller, Reason.SMALLER),
    ],
)
async def test_what_was_not_asked_is_no_answer(field: Field, kind: type[Worker], reason: Reason) -> None:
    field.put(field.site.market.alice, kind)
    verdicts = await field.count([field.alice, field.bob])
    assert reasons(verdicts) == [reason, None], "the honest node beside it passes"


@pytest.mark.parametrize(
    ("kind", "reason"), [(Replay, Reason.WRONG_SEED), (RelabelledReplay, Reason.WRONG_ROW)]
)
async def test_an_answer_is_good_once(field: Field, kind: type[Worker], reason: Reason) -> None:
    field.put(field.site.market.alice, kind)
    assert reasons(await field.count([field.alice])) == [None]
    assert reasons(await field.count([field.alice])) == [reason]


async def test_another_devices_answer_is_not_ones_own(field: Field) -> None:
    cheat = field.put(field.site.market.alice, OfAnother)
    fresh = await field.chain.beacon()
    (cheat.other,) = number_challenges(field.bob, 1, fresh.value, 64, 256)
    assert reasons(await field.count([field.alice, field.bob])) == [Reason.WRONG_SEED, None]


async def test_half_a_product_does_not_pass_however_long_its_root_was_ground(field: Field) -> None:
    halved = Halved()
    field.put(field.site.market.alice, Worker, halved)
    # Four rows of 64 are drawn: half of a product passes one time in 16, and six of six one in 16 million.
    seen = [reasons(await field.count([field.alice]))[0] for _ in range(6)]
    assert Reason.WRONG_ROW in seen
    assert halved.ground == 6 * 64


async def test_a_slower_class_is_late(field: Field) -> None:
    field.put(field.site.market.alice, Worker, Chip(1.7))
    assert reasons(await field.count([field.alice], seconds=0.8)) == [Reason.SLOW]


async def test_a_box_elsewhere_is_told_when_it_is_far_away_or_serves_more_than_it_can(field: Field) -> None:
    """Products of this class take 0.4 s; answers are late after 0.7 s."""
    judged: dict[str, Any] = {"seconds": 0.4, "grace": 0.1}
    field.put(field.site.market.alice, Worker, Proxy(Chip(0.1), way=0.7))
    assert reasons(await field.count([field.alice], **judged)) == [Reason.SLOW]
    crowded = Chip(0.4)
    for who in (field.site.market.alice, field.site.market.bob):
        field.put(who, Worker, Proxy(crowded))
    assert Reason.SLOW in reasons(await field.count([field.alice, field.bob], **judged))


async def test_a_fast_box_nearby_that_answers_for_two_nodes_is_not_told(field: Field) -> None:
    """What docs/proofs.md says is not shown: whose device it was that answered."""
    box = Chip(0.2)
    for who in (field.site.market.alice, field.site.market.bob):
        field.put(who, Worker, Proxy(box))
    assert reasons(await field.count([field.alice, field.bob], seconds=0.8)) == [None, None]


async def test_one_device_that_goes_from_node_to_node_is_with_one_of_them_only(field: Field) -> None:
    """Its nodes hand it to each other: who has it not says that it is busy."""
    people = (field.site.market.alice, field.site.market.bob)
    shared, holder = numpy_backend(), list[str]()

    def handing(name: str, real: Callable[[Request], Awaitable[Answer]]) -> Any:
        async def handle(request: Request) -> Answer:
            if request.method == "reserve":
                holder[:] = holder or [name]
                if holder != [name]:
                    raise Refused("busy", "another seat challenges the device at this moment")
            return await real(request)

        return handle

    with pytest.MonkeyPatch.context() as patch:
        for who in people:
            field.put(who, Worker, shared)
            challenges = field.agents[who.name]._challenges
            patch.setattr(challenges, "handle", handing(who.name, challenges.handle))
        for node in (field.alice, field.bob):
            holder.clear()
            assert reasons(await field.count([node])) == [None], "in turn it is there"
        holder.clear()
        verdicts = await field.count([field.alice, field.bob])
    assert sorted(reasons(verdicts), key=str) == [None, Reason.UNANSWERED]


async def test_a_node_that_is_there_when_it_expects_to_be_watched_did_not_answer(field: Field) -> None:
    """It answers for ten minutes from an hour's beginning, and then its device earns elsewhere."""
    market = field.site.market
    challenges = field.agents[market.alice.name]._challenges
    real = challenges.handle

    async def watched(request: Request) -> Answer:
        world = market.world
        if request.method == "reserve" and (world.now - world.mint_config.start) % HOUR >= 10 * MINUTE:
            raise Refused("busy", "another seat challenges the device at this moment")
        return await real(request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(challenges, "handle", watched)
        market.world.advance(HOUR - (market.world.now - market.world.mint_config.start) % HOUR)
        assert reasons(await field.count([field.alice])) == [None]
        market.world.advance(11 * MINUTE)
        assert reasons(await field.count([field.alice])) == [Reason.UNANSWERED]
    kept = {reason for _, _, reason, _ in field.journal.verdicts(market.world.now - MINUTE, market.world.now)}
    assert kept == {ProofReason.UNANSWERED}


async def test_a_node_that_answers_only_one_by_one_did_not_answer(field: Field) -> None:
    """It has given its device to another node for the moment, and says that it is busy."""
    challenges = field.agents[field.site.market.alice.name]._challenges
    asked = []
    real = challenges.handle

    async def busy(request: Request) -> Answer:
        asked.append(request.method)
        raise Refused("busy", "another seat challenges the device at this moment")

    challenges.handle = busy  # type: ignore[method-assign]
    try:
        verdicts = await field.count([field.alice, field.bob])
    finally:
        challenges.handle = real  # type: ignore[method-assign]
    assert reasons(verdicts) == [Reason.UNANSWERED, None]
    assert asked == ["reserve"] * 3


async def test_a_device_is_released_when_all_its_products_are_opened(field: Field) -> None:
    field.chain.units = 3
    field.put(field.site.market.alice, Worker, numpy_backend())
    assert reasons(await field.count([field.alice])) == [None]
    challenges = field.agents[field.site.market.alice.name]._challenges
    assert not challenges._turns.taken


async def test_products_that_a_seat_has_not_opened_keep_a_device_from_nobody(field: Field) -> None:
    """A seat that is restarted, or hostile: whoever challenges the device next gives it back at once."""
    field.put(field.site.market.alice, Worker, numpy_backend())
    await field.remote.reserve(field.alice)
    left = number_challenges(field.alice, 2, bytes(32), 64, 256)
    assert len((await field.remote.number(field.alice, left))[0]) == 2
    turns = field.agents[field.site.market.alice.name]._challenges._turns
    turns.free()
    rules = field.seat()._policy
    challenger = Challenger(
        field.chain, field.remote, field.site.store, field.journal, rules, lambda digest: None
    )
    now = field.site.market.world.now
    posed = await challenger.pose(bytes(32), field.alice, at=now, attempt=0, reference=None, earlier=set())
    assert posed.verdict.ok
    assert not turns.taken


async def test_a_seat_that_keeps_a_device_for_itself_costs_it_no_verdict_of_another_seat(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hostile seat reserves it again and again, so that it has no answer for the others."""
    monkeypatch.setattr(_turns, "TURN", 2.0)
    monkeypatch.setattr(_agents, "_PATIENCE", 30.0)
    for waiting in (_agents, _number):
        # No more often: who is asked too often is cut off for it by the gateway, also by what it answers.
        monkeypatch.setattr(waiting, "_POLL", 0.4)
    device = await field.chain.device_of(field.alice)
    assert device is not None
    hostile, kept = field.site.market.attesters[1], asyncio.Event()
    async with Peer(hostile, Role.SEAT, [[field.site.gateway.url]]) as peer:
        await peer.wait_connected(60)
        assert await peer.wait_for(device, 60)

        async def keep() -> None:
            while True:
                with suppress(Refused, Unreachable):
                    await peer.ask(device, "reserve", {}, seconds=60)
                    kept.set()
                await asyncio.sleep(0.2)

        async with asyncio.timeout(120):
            keeping = asyncio.create_task(keep())
            await kept.wait()
            rules = field.seat()._policy
            store, journal = field.site.store, field.journal
            challenger = Challenger(field.chain, field.remote, store, journal, rules, lambda digest: None)
            posed = await challenger.pose(
                bytes(32),
                field.alice,
                at=field.site.market.world.now,
                attempt=0,
                reference=None,
                earlier=set(),
            )
            counting = field.seat()
            counting.patient = True
            verdict = (await counting.count([field.alice, field.bob]))[field.alice]
            kept.clear()
            await kept.wait()
            assert not keeping.done()
            keeping.cancel()
    assert posed.verdict.ok, "the device was its own for a turn, in between"
    assert verdict.ok, "and once more, when its processors are counted"


async def test_a_device_that_another_seat_gets_before_it_opens_is_asked_again(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answers are opened when all of a group are there, which may take longer than its turn."""
    real, opened, late = field.remote.open, list[bytes](), list[int]()

    async def later(node: bytes, *given: Any) -> Any:
        opened.append(node)
        if len(opened) in late:
            raise NodeBusy("another seat has it")
        return await real(node, *given)

    monkeypatch.setattr(field.remote, "open", later)
    for late[:], reason in (([1, 2], None), ([1, 2, 3], Reason.UNANSWERED)):
        opened.clear()
        assert reasons(await field.count([field.alice])) == [reason]


@pytest.mark.parametrize(
    ("count", "m", "k", "said"),
    [
        (1, 8_192, 64, "at most 4096 x 65536"),
        (1, 64, 131_072, "at most"),
        (2, 4_096, 65_536, "too much work"),
    ],
)
async def test_no_seat_takes_a_devices_memory_or_minutes_of_its_time(
    field: Field, count: int, m: int, k: int, said: str
) -> None:
    class Unasked(Worker):
        def commit(self, challenge: Challenge) -> Commitment[Challenge]:
            raise AssertionError("it began to compute")

        def commit_all(self, challenges: Sequence[Challenge]) -> list[Commitment[Challenge]]:
            raise AssertionError("it began to compute")

    field.put(field.site.market.alice, Unasked)
    await field.remote.reserve(field.alice)
    seeds = [number.to_bytes(32, "little").hex() for number in range(count)]
    with pytest.raises(Refused, match=said):
        await field.remote._ask(field.alice, "number", seeds=seeds, m=m, k=k)
    if count == 1:
        with pytest.raises(Refused, match=said):
            await field.remote._ask(field.alice, "commit", seed=seeds[0], m=m, k=k)


async def test_an_answer_that_nothing_can_be_drawn_from_is_none_and_is_nobodys_way_out(field: Field) -> None:
    """Who passed once has that repeated in hours without a verdict: no answer may leave one without."""
    field.put(field.site.market.alice, Rootless)
    assert reasons(await field.count([field.alice, field.bob])) == [Reason.UNANSWERED, None]
    world = field.site.market.world
    world.advance(HOUR - (world.now - world.mint_config.start) % HOUR)
    seat = field.seat()
    idle = IdleChallenges(
        field.chain, seat._challenger, field.journal, seat._policy, bytes(32), lambda: [field.alice], list
    )
    begun = world.now
    while world.now < begun + HOUR - 4 * MINUTE:
        await idle.look()
        await idle.settled()
        world.advance(4 * MINUTE)
    ((node, _, reason, _),) = field.journal.verdicts(begun, begun + HOUR)
    assert (node, reason) == (field.alice, ProofReason.UNANSWERED)
