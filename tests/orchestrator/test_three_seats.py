"""Hours' reports of seats of which each is killed at every step, one is absent, one lies, one is slow."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from solders.keypair import Keypair
from tests.orchestrator.killed import Killed
from tests.orchestrator.test_hours import Office, Seat, lie
from tests.programs.support import DAY, HOUR

from ionet import AsyncCall, ReportState, ix, types
from ionet.orchestrator._hours import HourReports
from ionet.orchestrator._uptime import Stated
from ionet.rewards import Statement, Word, statement_bytes
from ionet.store.manifest import FileStore
from ionet.token.emission import cumulative
from ionet.wire import Unreachable

#: What the life of a report is made of, as a seat sends it.
SENT = ("emit", "report", "approve", "show verdict", "finalize", "credit")
#: Each of them, before it is sent and after it has landed; and before and after a file is kept and published.
STEPS = frozenset(
    [f"{when} {step}" for step in SENT for when in ("before", "landed")]
    + [f"{when} {step}" for step in ("put", "publish") for when in ("before", "after")]
)
#: What a liar never comes to: it approves of nobody else's.
HONEST = frozenset({"before approve", "landed approve"})
#: As many as it takes until leaves can be credited, a day, and some more.
HOURS = 28
#: For which each seat is alone at last; the slow one until it has something to credit.
ALONE = (3, 3, 7)


@dataclass(slots=True)
class Fuse:
    """Ends a process the first time that it comes to each of these steps."""

    left: set[str] = field(default_factory=set)
    gone: bool = False

    def tick(self, step: str) -> None:
        if self.gone or step in self.left:
            self.left.discard(step)
            self.gone = True
            raise Killed(step)


class Mortal(HourReports):
    """A seat's reports, which end where the fuse says; nothing of what follows happens."""

    fuse: Fuse

    async def _send(self, call: AsyncCall[Any], step: str, seq: int, detail: str = "") -> None:
        self.fuse.tick(f"before {step}")
        await super()._send(call, step, seq, detail)

    def _note(self, step: str, seq: int, detail: str) -> None:
        # What was sent has landed, and is not noted yet.
        if step in SENT:
            self.fuse.tick(f"landed {step}")
        super()._note(step, seq, detail)


class MortalStore(FileStore):
    """A store of a process that ends where the fuse says."""

    fuse: Fuse

    def put(self, data: bytes) -> bytes:
        self.fuse.tick("before put")
        digest = super().put(data)
        self.fuse.tick("after put")
        return digest


class Third(Seat):
    """A seat that may be killed."""

    KIND = Mortal

    def __init__(self, office: Three, key: Keypair, number: int, fuse: Fuse) -> None:
        self.fuse = fuse
        super().__init__(office, key, number)

    def _made(self) -> HourReports:
        self.store = MortalStore(self.store.root)
        self.store.fuse = self.fuse
        made = super()._made()
        assert isinstance(made, Mortal)
        made.fuse, publish = self.fuse, made._publish

        def published(digest: bytes) -> None:
            self.fuse.tick("before publish")
            publish(digest)
            self.fuse.tick("after publish")

        made._publish = published
        return made


class WithDevice(Office):
    """A market in which a node's device answers every seat."""

    async def collect(self, end: int) -> Stated:
        """What the node's device says to everybody, and every seat has counted."""
        node, key = bytes(self.node), self.market.alice.device_key
        age = (end - self.market.node().registered_at) // HOUR
        fields = (HOUR, bytes(32), bytes(32))
        signature = bytes(key.sign_message(statement_bytes(node, end, age, *fields)))
        word = Word(node, age, Statement(bytes(key.pubkey()), *fields, signature))
        return Stated({node: word}, {node: age})


class Three(WithDevice):
    """A market with three attesters; one node that is up and passes."""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        super().__init__(root, 2)
        world = self.market.world
        keys = [Keypair.from_seed(bytes([number]) * 32) for number in (41, 42, 43)]
        seats = [types.proofs.Seat(key.pubkey(), 1) for key in keys]
        world.send(ix.proofs.set_attesters(authority=world.deployer, seats=seats, threshold=2))
        world.client.proofs.set_params(hold=DAY).send()
        self.seats: list[Seat] = [Third(self, key, number, Fuse()) for number, key in enumerate(keys, 10)]
        self.first, self.liar, self.slow = self.seats
        for seat in self.seats:
            seat.reports._collect = self.collect
        lie(self.liar, stake=1)
        self.deaths = 0

    def fuse(self, seat: Seat) -> Fuse:
        assert isinstance(seat, Third)
        return seat.fuse

    async def ask(self, key: bytes, hour: int) -> bytes:
        try:
            return await super().ask(key, hour)
        except Killed:
            self.bury(next(seat for seat in self.seats if bytes(seat.key.pubkey()) == key))
            raise Unreachable("it has ended") from None

    def bury(self, seat: Seat) -> None:
        """The process that was killed is begun again."""
        self.deaths += 1
        self.fuse(seat).gone = False
        seat.restart()
        seat.reports._collect = self.collect
        if seat is self.liar:
            lie(seat, stake=1)

    async def look(self, seat: Seat) -> None:
        try:
            await seat.settled()
        except Killed:
            self.bury(seat)

    async def passes(self) -> None:
        """An hour, in which the slow one looks last, and late."""
        self.hour_passes()
        for turn in range(8):
            await self.look(self.first)
            await self.look(self.liar)
            if turn in (3, 7):
                await self.look(self.slow)
            self.market.world.advance(60)

    def outcome(self) -> dict[str, Any]:
        """What the hours came to on the chain."""
        client = self.market.world.client
        reports = [keyed.account for keyed in client.proofs.reports()]
        approved = [report for report in reports if report.state in (ReportState.APPROVED, ReportState.FINAL)]
        return {
            "hours": sorted(report.seq for report in approved),
            "totals": [report.total for report in sorted(approved, key=lambda report: report.seq)],
            "final": self.config.final_height,
            "credited": self.market.node().credited,
        }


async def after(root: Path, *, killed: bool) -> Three:
    """What a number of hours come to."""
    office = Three(root)
    # Before there is a report at the head, only the latest hour is reported.
    await office.passes()
    if killed:
        for seat in office.seats:
            office.fuse(seat).left = set(STEPS - HONEST if seat is office.liar else STEPS)
    for _ in range(HOURS - 1):
        await office.passes()
    # Each is alone for some hours, and then all are back.
    for seat, hours in zip(office.seats, ALONE, strict=True):
        office.market.world.advance(hours * HOUR)
        for away in (*[True] * 24, *[False] * 3 * hours):
            for there in (seat,) if away else office.seats:
                await office.look(there)
            office.market.world.advance(60)
    for seat in office.seats:
        seat.ledger.close()
    return office


async def test_each_killed_at_every_step_seats_still_report_beside_a_liar_and_a_slow_one(
    tmp_path: Path,
) -> None:
    calm = await after(tmp_path / "calm", killed=False)
    killed = await after(tmp_path / "killed", killed=True)
    assert [killed.fuse(seat).left for seat in killed.seats] == [set(), set(), set()]
    assert killed.deaths == 3 * len(STEPS) - len(HONEST)
    end = killed.outcome()
    assert end == calm.outcome()
    first = end["hours"][0]
    # Each hour is reported once, nobody else approves the liar's reports, and what is final was credited.
    world = killed.market.world
    latest = world.client.proofs.latest_hour()
    assert end["hours"] == list(range(first, latest + 1))
    assert len(end["hours"]) >= HOURS + sum(ALONE)
    for report in world.client.proofs.reports():
        if report.account.payer == killed.liar.key.pubkey():
            assert report.account.weight == 1
    assert end["credited"] > 0
    assert world.client.mint.get_config().emitted == cumulative(latest * HOUR)


class Several(WithDevice):
    """A market with attesters, of whom more than half approve; its node has been up long enough to earn."""

    def __init__(self, root: Path, number: int) -> None:
        root.mkdir()
        super().__init__(root, 2)
        world = self.market.world
        keys = [Keypair.from_seed(bytes([51 + place]) * 32) for place in range(number)]
        seats = [types.proofs.Seat(key.pubkey(), 1) for key in keys]
        world.send(ix.proofs.set_attesters(authority=world.deployer, seats=seats, threshold=number // 2 + 1))
        world.advance(6 * HOUR)
        self.seats = [Seat(self, key, number) for number, key in enumerate(keys, 20)]
        for seat in self.seats:
            seat.reports._collect = self.collect


@dataclass(frozen=True, slots=True)
class Trouble:
    """Which seats are absent, lie, and are slow; None: none."""

    absent: int | None = None
    liar: int | None = None
    slow: int | None = None


async def totals(office: Several, trouble: Trouble) -> list[int]:
    """What the approved reports of some hours give in all, in their order."""
    seats = office.seats
    if trouble.absent is not None:
        office.silent.add(bytes(seats[trouble.absent].key.pubkey()))
    if trouble.liar is not None:
        lie(seats[trouble.liar], stake=1)
    for _ in range(4):
        office.hour_passes()
        for turn in range(14):
            for number, seat in enumerate(seats):
                if number != trouble.absent and (number != trouble.slow or turn == 13):
                    await seat.settled()
            office.market.world.advance(60)
    for seat in seats:
        seat.ledger.close()
    reports = [keyed.account for keyed in office.market.world.client.proofs.reports()]
    approved = [report for report in reports if report.state == ReportState.APPROVED]
    return [report.total for report in sorted(approved, key=lambda report: report.seq)]


async def test_an_absent_a_lying_and_a_slow_seat_at_once_change_no_reward(tmp_path: Path) -> None:
    expected = await totals(Several(tmp_path / "calm", 5), Trouble())
    office = Several(tmp_path / "troubled", 5)
    assert await totals(office, Trouble(absent=0, liar=1, slow=2)) == expected
    assert len(expected) == 4
    assert 0 < expected[0] < expected[-1]
    absent, liar, slow = office.seats[:3]
    for seat, steps in ((absent, {"report", "approve"}), (liar, {"approve"})):
        assert not [step for step in steps if seat.steps(step)]
    assert slow.steps("approve")


async def test_of_three_seats_two_reach_the_threshold_while_they_tell_the_truth(tmp_path: Path) -> None:
    expected = await totals(Several(tmp_path / "calm", 3), Trouble())
    assert 0 < expected[0] < expected[-1]
    for trouble in (Trouble(absent=0), Trouble(liar=0, slow=1), Trouble(absent=0, slow=1)):
        assert await totals(Several(tmp_path / str(trouble), 3), trouble) == expected, trouble
    # One is left that does: nobody is paid by it alone, nor by the liar.
    office = Several(tmp_path / "alone", 3)
    assert await totals(office, Trouble(absent=0, liar=1, slow=2)) == []
    assert office.market.node().credited == 0
