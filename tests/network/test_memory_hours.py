"""Residency over a gateway: two nodes of real agents that hold memory, two seats that ask, the real programs.

Seeds and starts are computed here from docs/proofs.md. A seat asks for 1 MiB: 8,192 blocks.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.network import test_product_hours
from tests.network.site import NetworkSite
from tests.network.test_service import until
from tests.orchestrator.support import policy
from tests.programs.people import Supplier
from tests.programs.support import HOUR, MINUTE
from tests.programs.test_disproofs import MOST_UNITS

from ionet import SOL, AsyncClient, FeePolicy, ProofReason, accounts, errors, types
from ionet.chain.errors import IonetError, ProgramError
from ionet.orchestrator import ProgramChain
from ionet.orchestrator._challenge import Challenger
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._memory import MemoryHours
from ionet.orchestrator._products import ProductHours
from ionet.orchestrator._remote import RemoteMemory
from ionet.proofs.disproof import Disproof
from ionet.prover import _hour, numpy_backend
from ionet.prover._signed import READS_MESSAGE, Read, SignedRoot, reads_tree, walked
from ionet.prover.residency import (
    Challenge,
    Draw,
    Opening,
    Prover,
    Reference,
    Sizes,
    Stopped,
    draw_chains,
    fastest_make,
    sizes_of,
)
from ionet.store.manifest import FileStore
from ionet.wire import Answer, Peer, Refused, Request, Role
from ionet.worker import DeviceKey, Worker
from ionet.worker._agent import Agent
from ionet.worker._leases import ClientChain
from ionet.worker._memory import Memory

SIZES = Sizes(8_192, 2_048, 8_192, 256)

site = test_product_hours.site


class Kept(Worker):
    """Remembers what it has filled its memory for."""

    filled: list[Challenge]

    def hold(self, challenge: Challenge, stop: threading.Event, unit: int = 0) -> Prover:
        self.filled.append(challenge)
        return super().hold(challenge, stop, unit)


class Timed(RemoteMemory):
    """Says of chains that they took as long as a list says, nanoseconds."""

    times: Sequence[int] = ()
    walks = 0

    async def walk(self, node: bytes, hour: int, sizes: Sizes, start: bytes) -> tuple[bytes, int]:
        root, _ = await super().walk(node, hour, sizes, start)
        self.walks += 1
        return root, self.times[self.walks - 1] if self.times else 1


class Seat(test_product_hours.Seat):
    """A seat's process, as far as it asks for memory."""

    memory: MemoryHours
    devices: Timed

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Seat]:
        field, key = self._field, self.key
        client = AsyncClient.local(network=field.site.market.world.client.network, signer=key, funds=SOL(1))
        self.journal, self.store = Journal(self.root / "journal.sqlite3"), FileStore(self.root / "store")
        rules = policy(**{"hour_memory_mib": 1, **self._rules})
        async with Peer(key, Role.SEAT, [[self.gateway]]) as peer:
            chain = ProgramChain(client)
            self.devices = Timed(peer, chain.device_of)
            self.memory = MemoryHours(
                chain,
                self.devices,
                Challenger(chain, None, self.store, self.journal, rules, lambda digest: None),  # type: ignore[arg-type]
                self.journal,
                rules,
                lambda: [node for node in peer.present(Role.AGENT).values() if node is not None],
                lambda: self.leased,
                folder=self.root / "products",
            )
            await peer.wait_connected(60)
            for device in (field.site.market.alice, field.site.market.bob):
                assert await peer.wait_for(bytes(device.device_key.pubkey()), 60)
            try:
                yield self
            finally:
                self.journal.close()

    async def look(self) -> None:
        async with asyncio.timeout(60):
            await self.memory.look()
            await self.memory.settled()


@dataclass
class Field(test_product_hours.Field):
    """The market in an hour that has just been ticked, and that asks all nodes for their memory."""

    def hold(self, supplier: Supplier, kind: type[Memory] = Memory, worker: type[Kept] = Kept) -> Memory:
        """Has a node's agent hold memory by a program of a kind, as it begins: it has nothing."""
        agent = self.agents[supplier.name]
        real = agent.worker
        made = worker(
            real.node,
            DeviceKey(supplier.device_key),
            self.folder / supplier.name,
            device=real.device,
            watch=self.site.watch,
            kernel=numpy_backend(),
        )
        made.filled = []
        memory = kind(made, ClientChain(self.site.reader))
        agent._memory = agent._challenges._memory = memory
        agent._challenges._turns.free()
        return memory

    def asking(self, number: int = 0, **rules: Any) -> Seat:
        return Seat(self, number, ProductHours, **rules)

    async def filled(self, *seats: Seat) -> None:
        """From the first questions until all memory is filled."""
        self.advance(MINUTE)
        for seat in seats:
            await seat.look()
        await until(lambda: not any(agent._memory.filling for agent in self.agents.values()), 60)

    async def walked(self, *seats: Seat) -> None:
        """And walked; chains are opened by whoever opens any."""
        await self.filled(*seats)
        self.advance(MINUTE)
        await asyncio.gather(*(seat.look() for seat in seats))


@pytest.fixture
def field(
    site: tuple[NetworkSite, dict[str, Agent]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Field:
    made = Field(*site, tmp_path)
    world = made.site.market.world
    made.advance(HOUR - (world.now - world.mint_config.start) % HOUR)
    world.client.proofs.tick().send()
    monkeypatch.setattr(_hour, "_MEMORY_HOURS", 1)
    for who in (made.site.market.alice, made.site.market.bob):
        made.hold(who)
    return made


def seed_of(field: Field, supplier: Supplier) -> bytes:
    """What a device's blocks are made of in this hour."""
    parts = (b"ionet:mem:seed", field.hour().seed, bytes(supplier.device_key.pubkey()), bytes(4))
    return hashlib.sha256(b"".join(parts)).digest()


# -- an hour


async def test_devices_that_hold_their_memory_pass_at_two_seats_and_fill_it_once(field: Field) -> None:
    market = field.site.market
    async with field.asking(0).serving() as first, field.asking(1).serving() as second:
        await field.walked(first, second)
        for seat in (first, second):
            assert (seat.memory.passed, seat.memory.failed, seat.verdicts()) == (2, 0, {})
        for who in (market.alice, market.bob):
            worker = field.agents[who.name]._memory._worker
            assert isinstance(worker, Kept)
            assert worker.filled == [Challenge(seed_of(field, who), SIZES)]
        # Once an hour, and nobody is asked again.
        field.advance(MINUTE)
        await first.look()
        assert first.devices.walks == 2


async def test_a_device_that_answers_its_seat_something_else_is_asked_afterwards(field: Field) -> None:
    async with field.asking().serving() as seat:
        await field.filled(seat)
        async with seat.memory._challenger.alone(field.alice):
            field.advance(MINUTE)
            await seat.memory.look()
            await until(lambda: seat.memory.passed, 60)
            assert (seat.memory.passed, seat.devices.walks) == (1, 1)
        async with asyncio.timeout(60):
            await seat.memory.settled()
        assert seat.memory.passed == 2


async def test_what_a_device_opens_is_of_the_hours_seed_and_its_own_key(field: Field) -> None:
    async with field.asking().serving() as seat:
        await field.filled(seat)
        devices, start, later = seat.devices, bytes(range(32)), bytes(range(32, 64))
        with pytest.raises(IonetError, match="not kept for this seat"):
            await devices.walk(field.alice, field.seq, SIZES, start)
        await devices.reserve(field.alice)
        root, _ = await devices.walk(field.alice, field.seq, SIZES, start)
        drawn = draw_chains(SIZES, root, later)
        data, entry = await devices.tell(field.alice, field.seq, SIZES, start, root, drawn)
        held = Challenge(seed_of(field, field.site.market.alice), SIZES)
        right = reads_tree(walked(held, start, drawn.chains, fastest_make())).root
        message = SignedRoot(READS_MESSAGE, field.seq, field.alice, 0, 0, (8_192, 2_048), right).message
        assert (entry.signed.message, entry.verify()) == (message, True)
        opening = Opening.from_bytes(data)
        assert opening.challenge == held
        assert (opening.start, opening.root, opening.chains) == (start, root, drawn.chains)
        # Fewer blocks are those of the beginning, for another seat that asks for fewer.
        assert Prover(Challenge(opening.challenge.seed, Sizes(64, 2_048, 64, 256))).commit(start).root == (
            field.agents[field.site.market.alice.name]
            ._memory._held.sharing(Sizes(64, 2_048, 64, 256))  # type: ignore[union-attr]
            .commit(start)
            .root
        )


async def test_only_nodes_that_the_hours_seed_names_are_asked_and_no_other_holds(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = field.hour().seed
    lots = {
        node: int.from_bytes(hashlib.sha256(b"ionet:mem:lot" + seed + node).digest()[:8], "little")
        for node in (field.alice, field.bob)
    }
    # An hour in so many asks a node: a number for which that is one of the two.
    every = next(n for n in count(2) if sum(lot % n == 0 for lot in lots.values()) == 1)
    drawn, other = sorted(lots, key=lambda node: lots[node] % every)
    monkeypatch.setattr(_hour, "_MEMORY_HOURS", every)
    async with field.asking().serving() as seat:
        await field.walked(seat)
        assert seat.memory.passed == seat.devices.walks == 1
        with pytest.raises(IonetError, match="does not ask this node for its memory"):
            await seat.devices.hold(other, field.seq, SIZES)
        asked = seat.memory._hour.asked
        assert {node for node, item in asked.items() if item.sizes is not None} == {drawn}


def test_each_processor_is_asked_in_about_one_hour_of_24() -> None:
    node = bytes(32)
    seeds = [hashlib.sha256(bytes([n % 256, n // 256])).digest() for n in range(4_800)]
    drawn = [_hour.memory_unit(seed, node, 8) for seed in seeds]
    # 200 of 4,800 each, with a standard deviation of 14; no two in one hour.
    for unit in range(8):
        assert abs(drawn.count(unit) - 200) < 5 * 14
    assert {unit for unit in drawn if unit is not None} == set(range(8))
    # A node of fewer processors is asked for these in the same hours.
    few = [_hour.memory_unit(seed, node, 3) for seed in seeds]
    assert few == [unit if unit is not None and unit < 3 else None for unit in drawn]


async def test_the_drawn_processors_memory_is_asked_for(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    supplier = field.site.market.alice
    data = hashlib.sha256(b"ionet:mem:lot" + field.hour().seed + field.alice).digest()
    lot = int.from_bytes(data[:8], "little")
    every = next(n for n in range(8, 1, -1) if lot % n)
    monkeypatch.setattr(_hour, "_MEMORY_HOURS", every)
    field.site.market.poke(field.site.market.alice.node, accounts.staking.Node, "units", bytes([8]))
    memory = field.agents[supplier.name]._memory
    async with field.asking().serving() as seat:
        await field.walked(seat)
        assert seat.lines("memory shown")
        (challenge,) = memory._worker.filled  # type: ignore[attr-defined]
    field.site.market.poke(field.site.market.alice.node, accounts.staking.Node, "units", bytes([1]))
    parts = (b"ionet:mem:seed", field.hour().seed, bytes(supplier.device_key.pubkey()))
    unit = (lot % every).to_bytes(4, "little")
    assert challenge.seed == hashlib.sha256(b"".join((*parts, unit))).digest()


# -- what devices sign with an opening


class Liar(Memory):
    """Says of one read that it has led elsewhere, and goes on from there."""

    def reads(self, challenge: Challenge, start: bytes, drawn: Draw) -> tuple[Read, ...]:
        made = list(super().reads(challenge, start, drawn))
        sizes, at = challenge.sizes, 3 * challenge.sizes.reads + 70
        lie = bytes([made[at].next[0] ^ 1]) + made[at].next[1:]
        made[at] = replace(made[at], next=lie)
        address = int.from_bytes(lie[:4], "little") * sizes.blocks >> 32
        made[at + 1] = replace(made[at + 1], state=lie, address=address)
        return tuple(made)


async def test_a_device_that_lies_in_one_read_fails_and_is_slashed(field: Field) -> None:
    field.hold(field.site.market.bob, Liar)
    before = field.site.market.node(field.site.market.bob)
    async with field.asking(hour_disprove=1).serving() as seat:
        await field.walked(seat)
        assert seat.verdicts() == {field.bob: ProofReason.WRONG_READ}
        (path,) = (seat.root / "products").glob("disproof-*.json")
        written = Disproof.from_json(path.read_text())
        assert isinstance(written.args, types.proofs.ReadArgs)
        assert (bytes(written.node), written.hour, written.args.read) == (field.bob, field.seq, 70)
        after = field.site.market.node(field.site.market.bob)
        assert after.set_apart - before.set_apart == before.minimum // 10
        assert after.last_proof.reason == types.staking.ProofReason.DISPROVED


async def test_what_a_device_has_not_signed_disproves_nothing_and_anybody_sends_what_it_has(
    field: Field,
) -> None:
    field.hold(field.site.market.bob, Liar)
    async with field.asking().serving() as seat:
        await field.walked(seat)
        (path,) = (seat.root / "products").glob("disproof-*.json")
        shown = Disproof.from_json(path.read_text())
    client, other = field.site.market.world.client, field.site.market.alice.node
    args = shown.args
    assert isinstance(args, types.proofs.ReadArgs)
    wrong = [
        (replace(shown, node=other), ProgramError),
        (replace(shown, args=replace(args, next=args.state)), errors.proofs.WrongProof),
        (replace(shown, args=replace(args, place=args.place + 1)), errors.proofs.WrongProof),
    ]
    before = field.site.market.node(field.site.market.bob)
    for each, error in wrong:
        table = client.proofs.disproof_table(each).send().result
        field.slots(1)
        with pytest.raises(error):
            client.proofs.disprove(each, table).send(fees=FeePolicy(compute_limit=MOST_UNITS, price=0))
    assert field.site.market.node(field.site.market.bob) == before
    table = client.proofs.disproof_table(shown).send().result
    field.slots(1)
    sent = client.proofs.disprove(shown, table).send(fees=FeePolicy(compute_limit=MOST_UNITS, price=0))
    assert sent.result.amount == before.minimum // 10


async def test_a_liar_is_judged_before_it_is_asked_what_it_has_signed(field: Field) -> None:
    seen: list[dict[bytes, ProofReason]] = []
    async with field.asking().serving() as seat:

        class Watched(Liar):
            """A device that may take its time, until the hour is over."""

            async def states(self, request: Request) -> Answer:
                seen.append(seat.verdicts())
                return await super().states(request)

        field.hold(field.site.market.bob, Watched)
        await field.walked(seat)
    assert seen == [{field.bob: ProofReason.WRONG_READ}] * 12


class Ashamed(Liar):
    """Shows nothing of what it has signed."""

    async def states(self, request: Request) -> Answer:
        raise Refused("not-held", "no reads of such chains are kept")


async def test_a_liar_that_shows_nothing_fails_all_the_same(field: Field) -> None:
    field.hold(field.site.market.alice, Ashamed)
    async with field.asking(hour_disprove=1).serving() as seat:
        await field.walked(seat)
        assert seat.verdicts() == {field.alice: ProofReason.WRONG_READ}
        assert seat.lines("no disproof")
        assert not list((seat.root / "products").glob("*"))


class Unsigned(Memory):
    """Opens its chains, and signs nothing."""

    async def tell(self, request: Request) -> Answer:
        answer = await super().tell(request)
        return Answer({**answer.arguments, "signature": bytes(64).hex()}, answer.blob)


async def test_an_opening_without_a_signature_fails(field: Field) -> None:
    field.hold(field.site.market.alice, Unsigned)
    async with field.asking().serving() as seat:
        await field.walked(seat)
        assert seat.verdicts() == {field.alice: ProofReason.MALFORMED}


# -- devices


async def test_a_device_holds_what_an_hour_asks_and_nothing_else(field: Field) -> None:
    async with field.asking().serving() as seat:
        devices, node = seat.devices, field.alice
        field.advance(MINUTE - 1)
        with pytest.raises(IonetError, match="nothing is held within 60 s of an hour's tick"):
            await devices.hold(node, field.seq, SIZES)
        field.advance(1)
        with pytest.raises(IonetError, match=f"the chain has no compute proofs of hour {field.seq + 1}"):
            await devices.hold(node, field.seq + 1, SIZES)
        with pytest.raises(IonetError, match="an hour's blocks are of 2048 rounds"):
            await devices.hold(node, field.seq, Sizes(8_192, 8, 8_192, 256))
        # Nine tenths of its 1,024 MiB are 921.6.
        with pytest.raises(IonetError, match="the device holds 966367641 at most"):
            await devices.hold(node, field.seq, sizes_of(922))
        assert not await devices.hold(node, field.seq, SIZES)
        with pytest.raises(IonetError, match="the seat has asked for other sizes in this hour"):
            await devices.hold(node, field.seq, sizes_of(2))


# -- devices


class Half(Kept):
    """Holds half of the blocks."""

    def hold(self, challenge: Challenge, stop: threading.Event, unit: int = 0) -> Prover:
        prover = super().hold(challenge, stop, unit)
        prover.memory[challenge.sizes.blocks // 2 :] = 0
        return prover


async def test_a_device_that_holds_half_of_its_memory_fails(field: Field) -> None:
    field.hold(field.site.market.alice, worker=Half)
    async with field.asking().serving() as seat:
        await field.walked(seat)
        assert seat.verdicts() == {field.alice: ProofReason.WRONG_READ}
        assert (seat.memory.passed, seat.memory.failed) == (1, 1)
        proof = bytes.fromhex(seat.record(field.alice)["proof"])
        shown = Opening.from_bytes(seat.store.path(proof).read_bytes())
        assert shown.challenge.seed == seed_of(field, field.site.market.alice)


class Crowded(Kept):
    """Has a byte less than is asked for."""

    def room(self) -> int:
        return (1 << 20) - 1


async def test_a_device_does_not_fill_what_the_machine_has_not_free(field: Field) -> None:
    memory = field.hold(field.site.market.alice, worker=Crowded)
    async with field.asking().serving() as seat:
        field.advance(MINUTE)
        assert not await seat.devices.hold(field.alice, field.seq, SIZES)
        await until(lambda: not memory.filling, 60)
        with pytest.raises(IonetError, match="1048576 bytes are asked for, 1048575 are free now"):
            await seat.devices.hold(field.alice, field.seq, SIZES)
        assert isinstance(memory._worker, Kept)
        assert memory._worker.filled == []


class Mute(Memory):
    """Never fills its memory."""

    async def hold(self, request: Request, may_fill: bool) -> Answer:
        return Answer({"ready": False})


async def test_a_device_that_never_fills_its_memory_fails(field: Field) -> None:
    field.hold(field.site.market.alice, Mute)
    async with field.asking().serving() as seat:
        await field.filled(seat)
        for _ in range(3):
            field.advance(5 * MINUTE)
            await seat.look()
        assert seat.verdicts() == {}, "it has 900 s, and these are the last"
        field.advance(1)
        await seat.look()
        assert seat.verdicts() == {field.alice: ProofReason.UNANSWERED}
        assert seat.record(field.alice)["fault"] == "missing"


class Silent(Memory):
    """Walks its chains, and opens none."""

    async def tell(self, request: Request) -> Answer:
        raise Refused("tired", "not today")


async def test_a_device_that_goes_silent_after_the_draw_fails(field: Field) -> None:
    field.hold(field.site.market.alice, Silent)
    async with field.asking().serving() as seat:
        await field.walked(seat)
        field.advance(5 * MINUTE)
        await seat.look()
        assert seat.verdicts() == {}, "it has 300 s, and these are the last"
        field.advance(1)
        await seat.look()
        assert seat.verdicts() == {field.alice: ProofReason.UNANSWERED}
        assert seat.record(field.alice)["fault"] == "silent"


async def test_an_opening_that_comes_too_late_fails(field: Field) -> None:
    class Tardy(Memory):
        async def tell(self, request: Request) -> Answer:
            answer = await super().tell(request)
            field.advance(5 * MINUTE + 1)
            return answer

    field.hold(field.site.market.alice, Tardy)
    field.hold(field.site.market.bob, Mute)
    async with field.asking().serving() as seat:
        await field.walked(seat)
        assert seat.verdicts() == {field.alice: ProofReason.UNANSWERED}
        assert seat.record(field.alice)["fault"] == "late"


@pytest.mark.parametrize(
    ("times", "verdict", "walks"),
    [
        ([2_000], None, 1),
        ([9_000, 1_000, 1_000], None, 3),
        ([9_000, 1_000, 9_000], ProofReason.SLOW, 3),
    ],
)
async def test_the_median_of_three_walks_decides_whether_a_device_is_slow(
    field: Field, times: list[int], verdict: ProofReason | None, walks: int
) -> None:
    # 1.5 times 2,000 ns is the limit.
    known = Reference(SIZES, 2_000, grace_ns=0)
    class_id = field.site.market.node().class_
    field.hold(field.site.market.bob, Mute)
    async with field.asking(memory_references={class_id: (known,)}).serving() as seat:
        seat.devices.times = times
        await field.walked(seat)
        for _ in range(2):
            await seat.look()
        assert seat.verdicts() == ({} if verdict is None else {field.alice: verdict})
        assert (seat.devices.walks, seat.memory.passed) == (walks, int(verdict is None))


async def test_a_class_is_asked_for_the_memory_that_it_was_measured_with(field: Field) -> None:
    measured = replace(SIZES, blocks=SIZES.blocks + SIZES.blocks // 2)
    class_id = field.site.market.node().class_
    memory = field.hold(field.site.market.alice)
    known = {class_id: (Reference(measured, 10**12),)}
    async with field.asking(memory_references=known).serving() as seat:
        await field.walked(seat)
        assert seat.memory.passed
    worker = memory._worker
    assert isinstance(worker, Kept)
    assert [challenge.sizes for challenge in worker.filled] == [measured]


# -- restarts and leases


async def test_a_device_that_is_restarted_before_its_chains_fills_its_memory_again(field: Field) -> None:
    async with field.asking().serving() as seat:
        await field.filled(seat)
        field.hold(field.site.market.alice)
        await field.walked(seat)
        field.advance(MINUTE)
        await seat.look()
        assert (seat.memory.passed, seat.verdicts()) == (2, {})


async def test_a_device_that_is_restarted_after_the_draw_opens_the_same_chains(field: Field) -> None:
    field.hold(field.site.market.alice, Silent)
    async with field.asking().serving() as seat:
        await field.walked(seat)
        memory = field.hold(field.site.market.alice)
        field.advance(MINUTE)
        await seat.look()
        await until(lambda: not memory.filling, 60)
        field.advance(MINUTE)
        await seat.look()
        assert (seat.memory.passed, seat.devices.walks) == (2, 2), "the seat has posed nothing new"


async def test_a_device_that_is_leased_in_between_is_not_judged(field: Field) -> None:
    field.hold(field.site.market.alice, Silent)
    async with field.asking().serving() as seat:
        await field.walked(seat)
        seat.leased.add(field.alice)
        field.advance(MINUTE)
        await seat.look()
        # Also when the lease is over before its answer is due.
        seat.leased.clear()
        field.advance(5 * MINUTE + 1)
        await seat.look()
        assert (seat.verdicts(), seat.memory.failed) == ({}, 0)


async def test_a_device_that_is_leased_while_it_answers_is_not_judged(field: Field) -> None:
    async with field.asking().serving() as seat:

        class Booked(Memory):
            async def tell(self, request: Request) -> Answer:
                seat.leased.add(field.alice)
                return await super().tell(request)

        field.hold(field.site.market.alice, Booked, Half)
        await field.walked(seat)
        assert (seat.verdicts(), seat.memory.failed) == ({}, 0)
        assert seat.lines("memory not judged") == ["it was leased meanwhile"]


async def test_a_lease_takes_the_memory_at_once(field: Field) -> None:
    market = field.site.market
    memory = field.agents[market.alice.name]._memory
    async with field.asking().serving() as seat:
        await field.filled(seat)
        assert memory._held is not None
        job = market.book(of=market.alice)
        try:
            await until(lambda: memory._held is None, 60)
            with pytest.raises(IonetError, match="its memory is the job's"):
                await seat.devices.hold(field.alice, field.seq, SIZES)
        finally:
            market.send(market.jobs("cancel", job))
        await until(lambda: not memory._leased, 60)


class Slow(Kept):
    """Is still filling when it is told to stop."""

    stopped = False

    def hold(self, challenge: Challenge, stop: threading.Event, unit: int = 0) -> Prover:
        assert stop.wait(60)
        try:
            return super().hold(challenge, stop, unit)
        except Stopped:
            self.stopped = True
            raise


async def test_a_lease_ends_the_filling_and_no_challenge_is_taken_before(field: Field) -> None:
    memory = field.hold(field.site.market.alice, worker=Slow)
    async with field.asking().serving() as seat:
        field.advance(MINUTE)
        assert not await seat.devices.hold(field.alice, field.seq, SIZES)
        with pytest.raises(IonetError, match="the device fills its memory"):
            await seat.devices._ask(field.alice, "reserve")
        memory.look(field.site.market.world.now, leased=True)
        await until(lambda: not memory.filling, 60)
        assert memory._held is None
        assert isinstance(memory._worker, Slow)
        assert memory._worker.stopped


async def test_memory_that_nobody_asks_for_any_more_is_given_back(field: Field) -> None:
    memory = field.agents[field.site.market.alice.name]._memory
    async with field.asking().serving() as seat:
        await field.walked(seat)
        assert memory._held is not None
        field.advance(15 * MINUTE)
        await until(lambda: memory._held is None, 60)
