"""An hour's signed products: two nodes of real agents, two seats, a real gateway, the real programs.

Roots, seeds and lists are computed here from docs/proofs.md. Two seats are in the attester set; lists are
closed 15 minutes after the tick, roots are posted for 20.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray
from solders.pubkey import Pubkey
from solders.signature import Signature
from tests.network.faulty import Faulty
from tests.network.site import Gateway, NetworkSite
from tests.orchestrator.support import policy
from tests.programs.people import TOKEN, Supplier
from tests.programs.support import HOUR, MINUTE

from ionet import SOL, AsyncClient, ProofReason, accounts, pda, types
from ionet.chain.errors import IonetError
from ionet.gateway._bounds import Bounds
from ionet.orchestrator import ProgramChain, _products
from ionet.orchestrator._agents import NodeUnreachable
from ionet.orchestrator._challenge import Challenger
from ionet.orchestrator._files import GatewayFiles
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._products import ProductHours, SeatFault
from ionet.orchestrator._remote import RemoteProducts
from ionet.orchestrator._service import _list_of
from ionet.proofs.disproof import Disproof
from ionet.prover import Backend, Challenge, numpy_backend
from ionet.prover._hour import Entry
from ionet.store.manifest import FileStore
from ionet.wire import Answer, Peer, Refused, Request, Role
from ionet.wire._link import gateway_name
from ionet.worker import DeviceKey, Worker
from ionet.worker._agent import Agent
from ionet.worker._leases import ClientChain
from ionet.worker._products import Products

M: Final = 64
K: Final = 256


class Seat:
    """A seat's process, as far as it has to do with signed products."""

    def __init__(self, field: Field, number: int, kind: type[ProductHours], **rules: Any) -> None:
        self.key = field.site.market.attesters[number]
        self.root = field.folder / f"seat-{number}"
        self._field, self._kind = field, kind
        self._rules = {"hour_most": 100, "hour_m": M, "hour_k": K, **rules}
        self.leased: set[bytes] = set()
        self.gateway = field.site.gateway.url

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Seat]:
        field, key = self._field, self.key
        site = field.site
        client = AsyncClient.local(network=site.market.world.client.network, signer=key, funds=SOL(1))
        store = FileStore(self.root / "store")
        files = GatewayFiles([site.gateway.http], key, store)
        uploading = asyncio.create_task(files.run())
        self.journal = Journal(self.root / "journal.sqlite3")
        self.store = store

        async def handle(request: Request) -> Answer:
            assert request.method == "products"
            return Answer({"sha256": self.hours.shown(request.arguments["hour"]).hex()})

        async with Peer(key, Role.SEAT, [[self.gateway]], handler=handle) as peer:
            chain, rules = ProgramChain(client), policy(**self._rules)
            self.hours = self._kind(
                chain,
                RemoteProducts(peer, chain.device_of),
                Challenger(chain, None, store, self.journal, rules, files.publish),  # type: ignore[arg-type]
                self.journal,
                rules,
                bytes(key.pubkey()),
                lambda message: bytes(key.sign_message(message)),
                self.root / "products",
                lambda: [node for node in peer.present(Role.AGENT).values() if node is not None],
                lambda: self.leased,
                lambda other, hour: _list_of(peer, files, store, other, hour),
            )
            await peer.wait_connected(5)
            for device in (field.site.market.alice, field.site.market.bob):
                assert await peer.wait_for(bytes(device.device_key.pubkey()), 60)
            try:
                yield self
            finally:
                uploading.cancel()
                with suppress(asyncio.CancelledError):
                    await uploading
                await files.aclose()
                self.journal.close()

    async def look(self) -> None:
        """Takes one look, and waits for what devices answer."""
        async with asyncio.timeout(60):
            await self.hours.look()
            await self.hours.settled()

    def verdicts(self) -> dict[bytes, ProofReason]:
        """The failed verdicts that the report of the hour takes from here."""
        end = self._field.hour().period_end
        return {node: reason for node, _, reason, _ in self.journal.verdicts(end - HOUR, end)}

    def lines(self, step: str) -> list[str]:
        return [entry.detail for entry in self.journal.entries() if entry.step == step]

    def record(self, node: bytes) -> dict[str, Any]:
        """The record that the node's failed verdict names as its evidence."""
        end = self._field.hour().period_end
        evidence = next(item[3] for item in self.journal.verdicts(end - HOUR, end) if item[0] == node)
        value: dict[str, Any] = json.loads(self.store.path(evidence).read_bytes())
        return value


@dataclass
class Field:
    """The market with two nodes, in an hour that has just begun."""

    site: NetworkSite
    agents: dict[str, Agent]
    folder: Path

    @property
    def alice(self) -> bytes:
        return bytes(self.site.market.alice.node)

    @property
    def bob(self) -> bytes:
        return bytes(self.site.market.bob.node)

    @property
    def seq(self) -> int:
        world = self.site.market.world
        return (world.now - world.mint_config.start) // HOUR + 1

    def hour(self) -> accounts.proofs.Hour:
        return self.site.market.world.client.fetch(accounts.proofs.Hour, pda.proofs.hour(self.seq))

    def advance(self, seconds: int) -> None:
        self.site.market.world.advance(seconds)

    def slots(self, count: int = 40) -> None:
        self.site.market.world.client.network.clock.advance(0, slots=count)

    def put(self, supplier: Supplier, kind: type[Products] = Products, kernel: Backend | None = None) -> None:
        """Has a node's agent sign by a program of a kind, as it begins: it has the file of receipts alone."""
        challenges, real = self.agents[supplier.name]._challenges, self.agents[supplier.name].worker
        worker = Worker(
            real.node,
            DeviceKey(supplier.device_key),
            self.folder / supplier.name,
            device=real.device,
            watch=self.site.watch,
            kernel=kernel or numpy_backend(),
        )
        path = self.folder / f"{supplier.name}-receipts.json"
        challenges._worker = worker
        challenges._products = kind(worker, ClientChain(self.site.reader), path)

    def seat(self, number: int = 0, kind: type[ProductHours] = ProductHours, **rules: Any) -> Seat:
        return Seat(self, number, kind, **rules)

    async def collected(self, *seats: Seat) -> None:
        """From the tick until the lists are closed and the roots are posted."""
        for _ in range(2):
            for seat in seats:
                await seat.look()
            self.advance(MINUTE)
        self.advance(14 * MINUTE)
        for seat in seats:
            await seat.look()

    async def drawn(self, *seats: Seat) -> None:
        """Also drawn."""
        await self.collected(*seats)
        if not self.hour().draw_from:
            self.advance(5 * MINUTE)
            await seats[0].look()
        self.slots()
        await seats[0].look()
        assert self.hour().drawn_slot


@pytest.fixture(scope="module")
async def site(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[NetworkSite, dict[str, Agent]]]:
    made = NetworkSite(Path(tmp_path_factory.mktemp("site")))
    made.market.join(made.market.bob, 300 * TOKEN)
    # Seats come back for every test.
    made.gateway = Gateway(made.reader, made.store, made.root / "gateway", Bounds(joins_per_key=1_000))
    made.gateways = [made.gateway]
    await made.gateway.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(made.gateway.stop)
        people = (made.market.alice, made.market.bob)
        yield made, {who.name: await stack.enter_async_context(made.machine(who)) for who in people}


@pytest.fixture
def field(site: tuple[NetworkSite, dict[str, Agent]], tmp_path: Path) -> Field:
    made = Field(*site, tmp_path)
    world = made.site.market.world
    made.advance(HOUR - (world.now - world.mint_config.start) % HOUR)
    for who in (made.site.market.alice, made.site.market.bob):
        made.put(who)
    return made


# -- what the specification says


def entry_of(field: Field, supplier: Supplier) -> bytes:
    """What a right device has signed in this hour, with its key and its signature: 200 bytes."""
    node, seq = bytes(supplier.node), field.seq
    parts = (b"ionet:poc:seed", bytes(32), node, (0).to_bytes(4, "little"), field.hour().seed)
    product = numpy_backend().product(Challenge(hashlib.sha256(b"".join(parts)).digest(), M, K))
    raw = np.ascontiguousarray(product.astype("<i4")).tobytes()
    level = [hashlib.sha256(b"\0ionet:poc" + raw[at : at + 256]).digest() for at in range(0, len(raw), 256)]
    while len(level) > 1:
        level = [hashlib.sha256(b"\1" + level[n] + level[n + 1]).digest() for n in range(0, len(level), 2)]
    numbers = b"".join(number.to_bytes(4, "little") for number in (0, 0, M, K))
    message = b"ionet:poc:commit" + seq.to_bytes(8, "little") + node + numbers + level[0]
    key = supplier.device_key
    return message + bytes(key.pubkey()) + bytes(key.sign_message(message))


def leaf_of(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0ionet:hour" + entry).digest()


def root_of(*entries: bytes) -> bytes:
    first, *more = [leaf_of(entry) for entry in sorted(entries)]
    return hashlib.sha256(b"\1" + first + more[0]).digest() if more else first


# -- an hour


async def test_an_hour_is_ticked_collected_posted_drawn_opened_and_judged(field: Field) -> None:
    market = field.site.market
    people = (market.alice, market.bob)
    async with field.seat(0).serving() as first, field.seat(1).serving() as second:
        await field.collected(first, second)
        whole = root_of(*(entry_of(field, who) for who in people))
        hour = field.hour()
        assert (hour.committed, hour.roots[:2], hour.counts[:2]) == (0b11, (whole, whole), (2, 2))
        field.slots()
        for _ in range(2):
            for seat in (first, second):
                await seat.look()
        assert field.hour().drawn_slot
        assert [seat.hours.passed for seat in (first, second)] == [2, 2]
        assert [seat.verdicts() for seat in (first, second)] == [{}, {}]
        # Only one of two ticks, and of two draws, was taken; the other seat went on.
        steps = [seat.lines(step) for seat in (first, second) for step in ("tick", "draw")]
        assert sum(map(len, steps)) == 2
    # Each device holds both seats' receipts, which anybody can check.
    for who in people:
        leaf = leaf_of(entry_of(field, who))
        path = field.folder / f"{who.name}-receipts.json"
        kept = json.loads(path.read_text())[str(field.seq)][leaf.hex()]
        assert set(kept) == {bytes(seat.key.pubkey()).hex() for seat in (first, second)}
        for key, signature in kept.items():
            message = b"ionet:hour:receipt" + field.seq.to_bytes(8, "little") + leaf
            assert Signature(bytes.fromhex(signature)).verify(Pubkey(bytes.fromhex(key)), message)


async def test_a_seat_goes_on_where_another_one_has_ticked_or_drawn_since_it_looked(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its node of Solana shows it the hour as it was a moment ago."""
    async with field.seat(0).serving() as first, field.seat(1).serving() as second:
        chain = second.hours._chain

        async def look_behind() -> None:
            before = await chain.running_hour()
            await first.look()
            with monkeypatch.context() as patch:

                async def running_hour() -> Any:
                    return before

                patch.setattr(chain, "running_hour", running_hour)
                await second.look()

        await look_behind()
        await field.collected(first, second)
        field.slots()
        await look_behind()
        for step in ("tick", "draw"):
            assert (len(first.lines(step)), len(second.lines(step))) == (1, 0)
            assert len(second.lines(f"{step} not taken")) == 1
        for seat in (first, second):
            await seat.look()
        assert [seat.hours.passed for seat in (first, second)] == [2, 2]


async def test_a_device_that_was_restarted_opens_what_it_had_signed(field: Field) -> None:
    async with field.seat().serving() as seat:
        await field.collected(seat)
        field.put(field.site.market.alice)
        field.advance(5 * MINUTE)
        await seat.look()
        field.slots()
        for _ in range(2):
            await seat.look()
        assert (seat.hours.passed, seat.verdicts()) == (2, {})


async def test_what_is_computed_for_one_seat_keeps_no_other_from_what_is_there(field: Field) -> None:
    async with field.seat().serving() as seat:
        await field.drawn(seat)
        async with AsyncExitStack() as computing:
            for agent in field.agents.values():
                products = agent._challenges._products
                assert products is not None
                await computing.enter_async_context(products._lock)
            await seat.look()
        assert (seat.hours.passed, seat.verdicts()) == (2, {})
        assert seat.hours._hour is not None
        entry, *_ = seat.hours._hour.entries.values()
        with pytest.raises(NodeUnreachable, match="no processor 1"):
            await seat.hours._devices.reveal(replace(entry, signed=replace(entry.signed, unit=1)), 4)


async def test_a_seat_that_cannot_ask_all_begins_where_the_hours_seed_says(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_products, "_UNDER_WAY", 1)
    last = max(field.alice, field.bob)
    async with field.seat().serving() as seat:
        await seat.look()
        field.advance(MINUTE)
        real = seat.hours._chain.running_hour

        async def running_hour() -> Any:
            seq, hour = await real()
            assert hour is not None
            return seq, replace(hour, seed=last)

        monkeypatch.setattr(seat.hours._chain, "running_hour", running_hour)
        await seat.look()
        assert seat.hours._hour is not None
        assert [node for node, asked in seat.hours._hour.asked.items() if asked.tries] == [last]


async def test_a_device_opens_nothing_before_the_draw_and_signs_nothing_after_it(field: Field) -> None:
    async with field.seat().serving() as seat:
        await field.collected(seat)
        (entry, *_) = seat.hours._hour.entries.values()  # type: ignore[union-attr]
        devices = seat.hours._devices
        with pytest.raises(IonetError, match="is not drawn yet"):
            await devices.reveal(entry, 4)
        field.advance(5 * MINUTE)
        await seat.look()
        field.slots()
        await seat.look()
        field.put(field.site.market.alice)
        with pytest.raises(IonetError, match="is drawn or over: nothing more is signed in it"):
            await devices.product(field.alice, field.seq, 1, (M, K))


async def test_a_device_signs_for_the_chains_hours_alone_and_one_size_for_a_seat(field: Field) -> None:
    async with field.seat().serving() as seat:
        await seat.look()
        devices = seat.hours._devices
        field.advance(MINUTE - 1)
        with pytest.raises(IonetError, match="nothing is signed within 60 s of an hour's tick"):
            await devices.product(field.alice, field.seq, 1, (M, K))
        field.advance(1)
        with pytest.raises(IonetError, match=f"the chain has no compute proofs of hour {field.seq + 1}"):
            await devices.product(field.alice, field.seq + 1, 1, (M, K))
        with pytest.raises(IonetError, match="at most 4096 x 65536"):
            await devices.product(field.alice, field.seq, 1, (2 * 4_096, K))
        await devices.product(field.alice, field.seq, 1, (M, K))
        with pytest.raises(IonetError, match="the seat has asked for other sizes in this hour"):
            await devices.product(field.alice, field.seq, 1, (2 * M, K))


async def test_a_seat_that_was_restarted_leaves_nobody_out(field: Field) -> None:
    seat = field.seat()
    async with seat.serving():
        await seat.look()
        field.advance(MINUTE)
        await seat.look()
    # It was killed while it wrote one more.
    (file,) = (seat.root / "products").glob("*.entries")
    file.write_bytes(file.read_bytes() + b"ionet:poc:comm")
    async with seat.serving():
        field.advance(15 * MINUTE)
        await seat.look()
    market = field.site.market
    whole = root_of(*(entry_of(field, who) for who in (market.alice, market.bob)))
    assert field.hour().roots[0] == whole


# -- devices


class Silent(Products):
    """Commits, and opens nothing."""

    async def reveal(self, request: Request) -> Answer:
        raise Refused("tired", "not today")


class Mute(Products):
    """Commits to nothing."""

    async def product(self, request: Request) -> Answer:
        raise Refused("busy", "another seat challenges the device at this moment")


async def test_a_device_that_commits_and_goes_silent_after_the_draw_fails(field: Field) -> None:
    field.put(field.site.market.alice, Silent)
    async with field.seat().serving() as seat:
        await field.drawn(seat)
        await seat.look()
        field.advance(5 * MINUTE)
        await seat.look()
        assert seat.verdicts() == {}, "it has 300 s, and these are the last"
        field.advance(1)
        await seat.look()
        assert seat.verdicts() == {field.alice: ProofReason.UNANSWERED}
        assert (seat.record(field.alice)["fault"], seat.hours.passed) == ("silent", 1)


async def test_a_device_that_its_seat_has_not_asked_after_the_draw_does_not_fail(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seat could not read the chain meanwhile, or had more to ask than it can."""
    async with field.seat().serving() as seat:
        await field.collected(seat)
        monkeypatch.setattr(_products, "_UNDER_WAY", 0)
        field.advance(5 * MINUTE)
        await seat.look()
        field.slots()
        for _ in range(2):
            await seat.look()
        field.advance(5 * MINUTE + 1)
        await seat.look()
        assert (seat.verdicts(), seat.hours.passed) == ({}, 0)
        assert len(seat.lines("not judged")) == 2


async def test_a_device_that_is_leased_after_the_draw_is_not_judged(field: Field) -> None:
    field.put(field.site.market.alice, Silent)
    async with field.seat().serving() as seat:
        await field.drawn(seat)
        await seat.look()
        seat.leased.add(field.alice)
        field.advance(5 * MINUTE + 1)
        await seat.look()
        assert seat.verdicts() == {}


async def test_a_booking_that_is_over_soon_neither_costs_a_device_its_verdict_nor_spares_it_one(
    field: Field,
) -> None:
    field.put(field.site.market.alice, Silent)
    field.put(field.site.market.bob, Silent)
    async with field.seat().serving() as seat:
        await field.drawn(seat)
        await seat.look()
        seat.leased |= {field.alice, field.bob}
        field.advance(6 * MINUTE)
        await seat.look()
        # By its renter, who has not let it start.
        seat.leased.clear()
        field.put(field.site.market.alice)
        for _ in range(2):
            field.advance(MINUTE)
            await seat.look()
        assert (seat.verdicts(), seat.hours.passed) == ({}, 1)
        field.advance(3 * MINUTE + 1)
        await seat.look()
        assert seat.verdicts() == {field.bob: ProofReason.UNANSWERED}


async def test_a_device_that_misses_the_time_for_commitments_fails(field: Field) -> None:
    field.put(field.site.market.alice, Mute)
    async with field.seat().serving() as seat:
        await seat.look()
        for _ in range(4):
            field.advance(MINUTE)
            await seat.look()
        assert seat.verdicts() == {}
        field.advance(11 * MINUTE)
        await seat.look()
        assert seat.verdicts() == {field.alice: ProofReason.UNANSWERED}
        assert seat.record(field.alice)["fault"] == "missing"
    assert field.hour().roots[0] == root_of(entry_of(field, field.site.market.bob))


@pytest.mark.parametrize("minutes", [(9, 14), (12, 13, 14)])
async def test_a_device_that_had_no_five_minutes_and_three_tries_does_not_fail(
    field: Field, minutes: tuple[int, ...]
) -> None:
    field.put(field.site.market.alice, Mute)
    async with field.seat().serving() as seat:
        await seat.look()
        asked = 0
        for minute in (*minutes, 15):
            field.advance((minute - asked) * MINUTE)
            await seat.look()
            asked = minute
        assert seat.lines("no commitment")
        assert seat.verdicts() == {}


class Forged(Products):
    """Signs nothing, and says that it has."""

    async def product(self, request: Request) -> Answer:
        answer = await super().product(request)
        return Answer({**answer.arguments, "signatures": ["00" * 64]})


async def test_what_a_device_has_not_signed_is_no_commitment(field: Field) -> None:
    field.put(field.site.market.alice, Forged)
    async with field.seat().serving() as seat:
        await field.collected(seat)
        assert seat.verdicts() == {field.alice: ProofReason.MALFORMED}
    assert field.hour().counts[0] == 1


class Off(Backend):
    """Computes all but the last cell of each row right."""

    name = "off"

    def multiply(self, a: NDArray[np.int8], b: NDArray[np.int8]) -> NDArray[np.int32]:
        return numpy_backend().multiply(a, b)

    def product(self, challenge: Challenge) -> NDArray[np.int32]:
        made = numpy_backend().product(challenge).copy()
        made[:, -1] += 1
        return made


async def test_a_wrong_product_fails_and_its_disproof_is_written_and_slashes(field: Field) -> None:
    field.put(field.site.market.alice, kernel=Off())
    before = field.site.market.node()
    async with field.seat(hour_disprove=1).serving() as seat:
        await field.drawn(seat)
        await seat.look()
        assert seat.verdicts() == {field.alice: ProofReason.WRONG_ROW}
        (path,) = (seat.root / "products").glob("disproof-*.json")
        written = Disproof.from_json(path.read_text())
        assert (bytes(written.node), written.hour) == (field.alice, field.seq)
        assert isinstance(written.args, types.proofs.CellArgs)
        assert written.args.column == M - 1
        after = field.site.market.node()
        assert after.set_apart - before.set_apart == before.minimum // 10
        assert after.last_proof.reason == types.staking.ProofReason.DISPROVED


async def test_without_the_setting_a_disproof_is_only_written(field: Field) -> None:
    field.put(field.site.market.alice, kernel=Off())
    before = field.site.market.node()
    async with field.seat().serving() as seat:
        await field.drawn(seat)
        await seat.look()
        (path,) = (seat.root / "products").glob("disproof-*.json")
        assert field.site.market.node().set_apart == before.set_apart
        # Anybody can send it.
        client, shown = field.site.market.world.client, Disproof.from_json(path.read_text())
        table = client.proofs.disproof_table(shown).send().result
        field.slots(1)
        assert client.proofs.disprove(shown, table).send().result.amount == before.minimum // 10


# -- the chain


async def test_a_late_draw_judges_nobody(field: Field) -> None:
    field.put(field.site.market.alice, Silent)
    async with field.seat().serving() as seat:
        await field.collected(seat)
        # Nobody comes for the draw until six minutes before the hour's end.
        field.advance(38 * MINUTE)
        await seat.look()
        field.slots()
        await seat.look()
        assert field.hour().drawn_slot
        await seat.look()
        field.advance(5 * MINUTE)
        await seat.look()
        assert (seat.verdicts(), seat.hours.passed) == ({}, 0)
        assert seat.lines("drawn too late")


async def test_a_seat_that_misses_its_window_posts_nothing_and_goes_on(field: Field) -> None:
    async with field.seat(0).serving() as first, field.seat(1).serving() as second:
        for _ in range(2):
            await first.look()
            await second.look()
            field.advance(MINUTE)
        field.advance(13 * MINUTE)
        await first.look()
        field.advance(5 * MINUTE)
        await second.look()
        assert field.hour().committed == 0b01
        assert second.lines("root not posted") == ["the time for roots is over"]
        field.slots()
        await second.look()
        assert field.hour().drawn_slot
        for seat in (first, second):
            await seat.look()
        assert (first.hours.passed, second.hours.passed) == (2, 2), "it judges by what it has"
        # Devices have its receipts, and it has posted nothing.
        await first.look()
        assert first.hours.named == {bytes(second.key.pubkey()): SeatFault.NO_ROOT}


# -- seats


class Forgetful(ProductHours):
    """Gives a receipt to every device, and leaves one out of its list."""

    left_out: bytes

    def _keep_entries(self, mine: Any, entries: list[Entry]) -> None:
        super()._keep_entries(mine, [entry for entry in entries if entry.signed.node != self.left_out])


class Hiding(Forgetful):
    """And shows no list."""

    def shown(self, seq: int) -> bytes:
        raise IonetError("not today")


class Pretending(Forgetful):
    """And shows a list that has the device in it."""

    whole: bytes

    def shown(self, seq: int) -> bytes:
        return self._challenger.store(self.whole)


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (Forgetful, SeatFault.LEFT_OUT),
        (Hiding, SeatFault.NO_LIST),
        (Pretending, SeatFault.OTHER_LIST),
    ],
)
async def test_a_seat_that_leaves_a_device_out_is_named_by_the_devices_receipt(
    field: Field, kind: type[Forgetful], fault: SeatFault
) -> None:
    market = field.site.market
    async with field.seat(0).serving() as honest, field.seat(1, kind).serving() as other:
        kind.left_out = field.alice
        await field.drawn(honest, other)
        # Its receipts outlive the device's process.
        field.put(market.alice)
        if isinstance(other.hours, Pretending):
            entries = [entry_of(field, who) for who in (market.alice, market.bob)]
            other.hours.whole = b"".join(sorted(entries))
        assert field.hour().counts[:2] == (2, 1)
        async with asyncio.timeout(60):
            # The list comes over the gateway's store, to which it is uploaded first.
            for _ in range(20):
                await honest.look()
                if honest.hours.named:
                    break
                await asyncio.sleep(0.1)
        if fault is SeatFault.NO_LIST:
            assert honest.hours.named == {}, "until the openings are due it may still come"
            field.advance(5 * MINUTE + 1)
            await honest.look()
        assert honest.hours.named == {bytes(other.key.pubkey()): fault}
        (line,) = honest.lines("seat named")
        evidence = json.loads(honest.store.path(bytes.fromhex(line.rsplit(" ", 1)[1])).read_bytes())
        if fault is SeatFault.LEFT_OUT:
            assert evidence["entry"] == entry_of(field, market.alice).hex()
        assert (evidence["fault"], evidence["root"]) == (fault.value, field.hour().roots[1].hex())
        assert (honest.verdicts(), honest.hours.passed) == ({}, 2), "the device loses nothing"


async def test_an_honest_seat_is_not_named(field: Field) -> None:
    async with field.seat(0).serving() as first, field.seat(1).serving() as second:
        await field.drawn(first, second)
        async with asyncio.timeout(60):
            for _ in range(20):
                await first.look()
                if first.hours._hour and first.hours._hour.lists and not first.hours._hour.receipts:
                    break
                await asyncio.sleep(0.1)
            else:
                raise AssertionError("the list never came")
        field.advance(5 * MINUTE + 1)
        await first.look()
        assert first.hours.named == {}


async def test_a_receipt_of_nobody_names_nobody(field: Field) -> None:
    """A device that makes up a receipt, by a seat's name or a key of its own."""
    async with field.seat(0).serving() as seat:
        await field.drawn(seat)
        mine = seat.hours._hour
        assert mine is not None
        mine.receipts.clear()
        entry = next(iter(mine.entries.values()))
        stranger = field.site.market.actor()
        message = b"ionet:hour:receipt" + field.seq.to_bytes(8, "little") + entry.leaf
        made_up = {
            bytes(field.site.market.attesters[1].pubkey()).hex(): bytes(64).hex(),
            bytes(stranger.pubkey()).hex(): bytes(stranger.sign_message(message)).hex(),
            "zz": "zz",
            "ab": 5,
        }
        await seat.hours._take_receipts(mine, entry, made_up)
        assert mine.receipts == {}


# -- gateways


class Holding(Faulty):
    """Stands in front of a gateway, and holds back what it says for as long as it is told to."""

    def __init__(self, target: Callable[[], int]) -> None:
        super().__init__(target, None)
        self.open = asyncio.Event()
        self.open.set()

    async def _spoil(self, data: bytes) -> bytes | None:
        await self.open.wait()
        return None


@asynccontextmanager
async def behind(field: Field, seat: Seat) -> AsyncIterator[Holding]:
    gateway = field.site.gateway
    held = Holding(lambda: gateway.port)
    await held.start()
    gateway.hub._names.add(gateway_name(held.url))  # type: ignore[attr-defined]
    seat.gateway = held.url
    try:
        yield held
    finally:
        held.open.set()
        await held.stop()


async def delayed(held: Holding, looking: Awaitable[None], meanwhile: Callable[[], None]) -> None:
    """Lets time pass while a gateway holds answers back."""
    held.open.clear()
    task = asyncio.ensure_future(looking)
    await asyncio.sleep(0.5)
    meanwhile()
    held.open.set()
    await task


async def test_a_gateway_that_holds_commitments_back_makes_them_late_for_its_seat_alone(field: Field) -> None:
    prompt, slow = field.seat(0), field.seat(1)
    async with behind(field, slow) as held, prompt.serving(), slow.serving():
        await prompt.look()
        field.advance(MINUTE)
        await prompt.look()
        await delayed(held, slow.look(), lambda: field.advance(15 * MINUTE))
        await prompt.look()
        await slow.look()
        assert {slow.record(node)["fault"] for node in slow.verdicts()} == {"late"}
        assert slow.verdicts() == dict.fromkeys((field.alice, field.bob), ProofReason.UNANSWERED)
        assert prompt.verdicts() == {}
        # It had none in time, so it gave no receipt, and has left nobody out.
        hour = field.hour()
        empty = hashlib.sha256(b"\2ionet:hour").digest()
        assert (hour.counts[:2], hour.roots[1]) == ((2, 0), empty)
        field.slots()
        for _ in range(3):
            await prompt.look()
        assert (prompt.hours.passed, prompt.hours.named) == (2, {})


async def test_a_gateway_that_holds_openings_back_makes_them_late_for_its_seat_alone(field: Field) -> None:
    prompt, slow = field.seat(0), field.seat(1)
    async with behind(field, slow) as held, prompt.serving(), slow.serving():
        await field.drawn(prompt, slow)
        await prompt.look()
        await delayed(held, slow.look(), lambda: field.advance(5 * MINUTE + 1))
        assert {slow.record(node)["fault"] for node in slow.verdicts()} == {"late"}
        assert set(slow.verdicts()) == {field.alice, field.bob}
        assert (prompt.verdicts(), prompt.hours.passed) == ({}, 2)
