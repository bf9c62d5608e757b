"""Hours' reports of one seat and of two, on the real programs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.market import CLASS, Market
from tests.programs.people import TOKEN, class_args
from tests.programs.support import DAY, HOUR
from tests.sdk.test_measures import sealed

from ionet import SOL, AsyncClient, ReportState, accounts, ix, types
from ionet._generated.shared import ProofReason
from ionet.ledger import HourFacts
from ionet.orchestrator import Journal
from ionet.orchestrator._facts import HourLedger
from ionet.orchestrator._hours import HourReports, _Head, _Network, _next
from ionet.orchestrator._seats import place
from ionet.orchestrator._uptime import Stated
from ionet.proofs.report import head_of
from ionet.rewards import NodeHour, Verdict, measure_line, measured, read_evidence
from ionet.store.errors import NotStored
from ionet.store.manifest import FileStore
from ionet.token.emission import cumulative
from ionet.wire import Unreachable

_TAKEOVER = 120


class Seat:
    """One attester with a store and a journal of its own, which fetches what the other one has published."""

    KIND = HourReports

    def __init__(self, office: Office, key: Keypair, number: int) -> None:
        root = office.root / f"seat-{number}"
        self.client = AsyncClient.local(network=office.market.world.client.network, signer=key, funds=SOL(10))
        self.store = FileStore(root / "store")
        self.journal = Journal(root / "journal.sqlite3")
        self.key = key
        self._office = office
        self._number = number
        self.ledger = HourLedger(self.client, str(office.root / f"ledger-{number}.db"))
        self.reports = self._made()

    def restart(self) -> None:
        """A new process, with the same folder."""
        self.ledger.close()
        self.reports = self._made()

    def _made(self) -> HourReports:
        return self.KIND(
            self.client,
            None,
            self.store,
            self._fetch,
            lambda digest: self._office.published.update({digest: self.store.get(digest)}),
            self._office.ask,
            self.journal,
            self._office.root / f"{self.key.pubkey()}",
            lambda digest: digest.hex(),
            self.ledger,
            _TAKEOVER,
        )

    async def _fetch(self, digest: bytes, most: int) -> None:
        if digest not in self._office.published:
            raise NotStored(f"nobody has {digest.hex()}")
        self.store.put(self._office.published[digest])

    def judge(self, node: Pubkey, reason: ProofReason = ProofReason.PASSED, score: int = 9_000) -> None:
        """Keeps a verdict, as after a challenge now."""
        evidence = bytes(self.key.pubkey())[:24] + self._office.now.to_bytes(8, "big")
        self.journal.keep_verdict(bytes(node), self._office.now, score, reason, evidence)

    async def settled(self) -> None:
        for _ in range(60):
            if not await self.reports.look():
                return
        raise AssertionError("looks without end")

    def steps(self, name: str) -> list[str]:
        return [entry.detail for entry in self.journal.entries() if entry.step == name]


class Office:
    """A market and its attesters."""

    def __init__(self, root: Path, seats: int) -> None:
        self.root = root
        self.market = Market.whole()
        self.node = self.market.alice.node
        self.published: dict[bytes, bytes] = {}
        world, keys = self.market.world, self.market.attesters
        weights = [types.proofs.Seat(keys[0].pubkey(), 1), types.proofs.Seat(keys[1].pubkey(), seats - 1)]
        if seats == 1:
            weights[1] = types.proofs.Seat(Pubkey.default(), 0)
        world.send(ix.proofs.set_attesters(authority=world.deployer, seats=weights, threshold=seats))
        self.seats = [Seat(self, key, number) for number, key in enumerate(keys[:seats])]

        #: Seats that do not answer.
        self.silent: set[bytes] = set()

    async def ask(self, key: bytes, hour: int) -> bytes:
        if key in self.silent:
            raise Unreachable("it does not answer")
        seat = next(seat for seat in self.seats if bytes(seat.key.pubkey()) == key)
        return await seat.reports.measured(hour)

    @property
    def now(self) -> int:
        return self.market.world.now

    @property
    def config(self) -> accounts.proofs.Config:
        return self.market.world.client.proofs.get_config()

    def head(self) -> accounts.proofs.Report:
        return self.market.world.client.proofs.get_report(head_of(self.config))

    def reports(self) -> int:
        return len(self.market.world.client.proofs.reports())

    def leader(self) -> tuple[Seat, Seat]:
        """The seat that leads the latest hour, and the other one."""
        seq = self.market.world.client.proofs.latest_hour()
        keys = [bytes(seat.key.pubkey()) for seat in self.seats]
        first = next(
            s
            for s in self.seats
            if place(keys, bytes(s.key.pubkey()), b"hour" + seq.to_bytes(8, "little")) == 0
        )
        return first, next(seat for seat in self.seats if seat is not first)

    def hour_passes(self, **judged: Any) -> None:
        """Each seat judges the node in the middle of an hour, at whose end this comes back."""
        start = self.market.world.client.proofs.period_end(0)
        self.market.world.advance((HOUR // 2 - (self.now - start)) % HOUR or HOUR)
        for seat in self.seats:
            seat.judge(self.node, **judged)
        self.market.world.advance(HOUR // 2 + 10)


async def test_one_seat_reports_each_hour_and_the_node_stays_bookable(tmp_path: Path) -> None:
    office = Office(tmp_path, 1)
    (seat,) = office.seats
    for height in range(1, 8):
        office.hour_passes()
        await seat.settled()
        assert (office.config.head, office.head().seq) == (height, seat.reports.latest)
        last = office.market.node().last_proof
        assert last.passed
        assert office.now - last.time < 4 * HOUR
    # A verdict that is young enough is not shown again.
    assert len(seat.steps("show verdict")) == 3
    assert len(seat.steps("report")) == 7
    assert seat.reports.problem is None


async def test_a_failed_verdict_is_shown_at_once(tmp_path: Path) -> None:
    office = Office(tmp_path, 1)
    (seat,) = office.seats
    office.hour_passes()
    await seat.settled()
    office.hour_passes(reason=ProofReason.SLOW)
    await seat.settled()
    last = office.market.node().last_proof
    assert (last.passed, last.reason) == (0, ProofReason.SLOW)


async def test_reports_become_final_when_their_window_is_over(tmp_path: Path) -> None:
    office = Office(tmp_path, 1)
    (seat,) = office.seats
    office.hour_passes()
    await seat.settled()
    office.market.world.advance(DAY + 60)
    await seat.settled()
    assert office.config.final_height == 1
    assert len(seat.steps("finalize")) == 1


async def test_every_hour_of_an_absence_is_made_up_for_in_order(tmp_path: Path) -> None:
    """Of more than a day, in which nobody emitted either: the chain knows all of them as well as the last."""
    office = Office(tmp_path, 2)
    office.hour_passes()
    leader, other = office.leader()
    for seat in (leader, other, leader):
        await seat.settled()
    first = office.head().seq
    for _ in range(30):
        office.hour_passes()
    for seat in office.seats:
        seat.restart()
    for _ in range(40):
        for seat in office.seats:
            await seat.settled()
        office.market.world.advance(_TAKEOVER // 2)
        if office.head().seq == first + 30:
            break
    made = sorted(keyed.account.seq for keyed in office.market.world.client.proofs.reports())
    assert made == list(range(first, first + 31))
    assert office.market.world.client.mint.get_config().emitted


async def test_hours_that_the_chain_has_forgotten_are_left_out_by_every_seat(tmp_path: Path) -> None:
    """It remembers 24 cranks, and somebody else has cranked each hour."""
    office = Office(tmp_path, 2)
    office.hour_passes()
    leader, other = office.leader()
    for seat in (leader, other, leader):
        await seat.settled()
    first = office.head().seq
    for _ in range(27):
        office.market.world.advance(HOUR)
        office.market.world.send(ix.mint.emit())
    for _ in range(30):
        for seat in office.seats:
            await seat.settled()
        office.market.world.advance(_TAKEOVER // 2)
    hours = sorted(keyed.account.seq for keyed in office.market.world.client.proofs.reports())
    assert hours == [first, *range(first + 4, first + 28)]
    assert office.config.head == len(hours)


def at_hour(latest: int, *, head: int, waiting: int, window: int = DAY) -> int | None:
    """The hour that is next at a time, after a head of some hour with so many reports that are not final."""
    client = Market.whole().world.client
    config = replace(client.proofs.get_config(), head=head, final_height=head - waiting)
    minted, seats = client.mint.get_config(), client.proofs.get_attesters()
    now = minted.start + latest * HOUR
    network = _Network(now, minted, replace(config, challenge_window=window), seats)
    return _next(network, cast("_Head", SimpleNamespace(seq=head)))


@pytest.mark.parametrize(
    ("absence", "waiting", "window", "expected"),
    [
        (0, 24, DAY, None),
        (1, 24, DAY, 1),
        (150, 0, DAY, 1),
        # 192 reports wait at most, and a day's are to come before the first of these is final.
        (300, 0, DAY, 300 - 168 + 1),
        (300, 24, DAY, 300 - 144 + 1),
        (300, 72, 3 * DAY, 300 - 48 + 1),
        (300, 191, DAY, 300 - 24 + 1),
    ],
)
def test_an_absence_is_made_up_for_as_far_as_reports_may_wait(
    absence: int, waiting: int, window: int, expected: int | None
) -> None:
    head = 400
    said = at_hour(head + absence, head=head, waiting=waiting, window=window)
    assert said == (None if expected is None else head + expected)


async def test_an_hour_that_was_emitted_after_its_facts_were_read_is_reported(tmp_path: Path) -> None:
    """Under a linked policy only the crank says what it was paid, here a quarter."""
    office = Office(tmp_path, 1)
    (seat,), world = office.seats, office.market.world
    policy = types.mint.PolicyArgs(types.mint.PolicyKind.DEMAND_LINKED, 2_500, 0)
    world.send(ix.mint.set_policy(authority=world.deployer, policy=policy))
    office.hour_passes()
    seq = world.client.proofs.latest_hour()
    # What comes after the hour makes it final.
    office.market.co_stake(office.market.carol, TOKEN)
    await seat.ledger.facts(world.client.proofs.period_end(seq))
    before = world.client.mint.get_config()
    await seat.settled()
    assert office.head().seq == seq
    paid = (cumulative(seq * HOUR) - before.emitted) // 4
    ours = paid * (cumulative(seq * HOUR) - cumulative((seq - 1) * HOUR))
    stated = read_evidence(seat.store.path(office.head().evidence_hash)).emission
    assert stated == ours // (cumulative(seq * HOUR) - before.emitted)


async def test_the_second_seat_computes_again_and_approves(tmp_path: Path) -> None:
    office = Office(tmp_path, 2)
    for height in (1, 2, 3):
        office.hour_passes()
        leader, other = office.leader()
        await other.settled()
        assert office.reports() == height - 1, "the other one waits for the leader"
        await leader.settled()
        await other.settled()
        assert office.config.head == height
        await leader.settled()
        await other.settled()
    assert office.reports() == 3
    assert sum(len(seat.steps("report")) for seat in office.seats) == 3
    assert sum(len(seat.steps("approve")) for seat in office.seats) == 3
    assert sum(len(seat.steps("show verdict")) for seat in office.seats) == 1
    assert sum(len(seat.steps("emit")) for seat in office.seats) == 3
    assert office.market.node().last_proof.passed


async def test_another_seat_reports_when_the_leader_is_dead(tmp_path: Path) -> None:
    office = Office(tmp_path, 2)
    office.hour_passes()
    leader, other = office.leader()
    await other.settled()
    office.market.world.advance(_TAKEOVER)
    await other.settled()
    assert office.reports() == 1
    # It is back: it approves what is there, and makes none of its own.
    await leader.settled()
    assert (office.config.head, office.reports()) == (1, 1)


FOUND = {ProofReason.SLOW: "failed (it was too slow for its hardware class)", ProofReason.PASSED: "passed"}


def at_the_end(office: Office) -> tuple[Seat, Seat]:
    """The seat that leads the hour that has just ended, and the other one; nothing is measured yet."""
    start = office.market.world.client.proofs.period_end(0)
    office.market.world.advance(2 * HOUR - (office.now - start) % HOUR + 10)
    return office.leader()


def found(seat: Seat, node: Pubkey, at: int, reason: ProofReason | None) -> None:
    """What a seat has found in the hour."""
    if reason is not None:
        evidence = bytes(seat.key.pubkey())[:31] + bytes([reason])
        seat.journal.keep_verdict(bytes(node), at, 9_000, reason, evidence)


@pytest.mark.parametrize(
    ("theirs", "mine", "counts"),
    [
        (ProofReason.PASSED, ProofReason.SLOW, ProofReason.SLOW),
        (ProofReason.SLOW, ProofReason.PASSED, ProofReason.SLOW),
        (ProofReason.PASSED, None, ProofReason.PASSED),
        (None, ProofReason.PASSED, ProofReason.PASSED),
        (None, None, None),
    ],
)
async def test_the_median_of_what_seats_have_found_counts_and_who_differs_is_named(
    tmp_path: Path, theirs: ProofReason | None, mine: ProofReason | None, counts: ProofReason | None
) -> None:
    office = Office(tmp_path, 2)
    leader, other = at_the_end(office)
    found(leader, office.node, office.now - 1_800, theirs)
    found(other, office.node, office.now - 1_800, mine)
    await leader.settled()
    await other.settled()
    assert office.config.head == 1
    head = office.head()
    stated = read_evidence(other.store.path(head.evidence_hash))
    keys = {
        bytes(seat.key.pubkey()) for seat, reason in ((leader, theirs), (other, mine)) if reason is not None
    }
    assert {measure.attester for measure in stated.measures} == keys
    (row,) = stated.hour.rows()
    verdict = row.verdict
    assert verdict is not None
    assert (verdict.reason if verdict.time else None) == counts
    if theirs is not None and mine is not None:
        # Half of the weight each: the worse one counts, and the better one is named.
        wrong = leader if theirs != counts else other
        (line,) = other.steps("measured otherwise")
        said = f"{FOUND[ProofReason.PASSED]}, and {FOUND[ProofReason.SLOW]} counts"
        assert line == f"{office.node}: {wrong.key.pubkey()} found it {said}"


@pytest.mark.parametrize("mine", [ProofReason.PASSED, ProofReason.SLOW])
async def test_a_measurement_that_is_left_out_must_make_no_difference(
    tmp_path: Path, mine: ProofReason
) -> None:
    """Nobody waits for a silent seat for long; nor does a leader choose whose word counts."""
    office = Office(tmp_path, 2)
    leader, other = at_the_end(office)
    found(leader, office.node, office.now - 1_800, ProofReason.PASSED)
    found(other, office.node, office.now - 1_800, mine)
    office.silent.add(bytes(other.key.pubkey()))
    await leader.settled()
    assert office.reports() == 0, "it may still come"
    office.market.world.advance(60)
    await leader.settled()
    await other.settled()
    assert leader.steps("silent") == [f"{other.key.pubkey()} has not said what it has measured"]
    assert office.config.head == (1 if mine == ProofReason.PASSED else 0)
    if mine == ProofReason.SLOW:
        (line,) = other.steps("not approved")
        assert f"{office.node}: passed there, and failed with what this seat has found" in line


async def test_devices_are_asked_once_however_many_want_to_know(tmp_path: Path) -> None:
    office = Office(tmp_path, 2)
    seat, _ = at_the_end(office)
    seq, asked = office.market.world.client.proofs.latest_hour(), list[int]()

    async def collect(end: int) -> Stated:
        asked.append(end)
        await asyncio.sleep(0.05)
        return Stated({}, {})

    seat.reports._collect = collect
    digests = await asyncio.gather(*(seat.reports.measured(seq) for _ in range(5)))
    assert asked == [office.market.world.client.proofs.period_end(seq)]
    assert len(set(digests)) == 1


async def test_a_line_that_does_not_hold_costs_that_line_only(tmp_path: Path) -> None:
    """Neither garbage, nor another's word, nor a file of nothing else holds a report up."""
    office = Office(tmp_path, 2)
    leader, other = at_the_end(office)
    seq = office.market.world.client.proofs.latest_hour()
    end = office.market.world.client.proofs.period_end(seq)
    failed = Verdict(end, 9_000, ProofReason.SLOW, False, bytes(32))
    good, *_ = measured(other.key, end, {}, {bytes(office.node): failed})
    line = measure_line(good)
    contradicts = line.replace(b'"reason":', b'"reason":9')
    lines = [b"no json", b"[" * 5_000, line, line, contradicts]
    late = sealed(other.key, [line], end - HOUR)
    data = b"no json\n" + late + sealed(other.key, lines, end)
    digest = other.store.put(data)
    office.published[digest] = data
    other.reports._measured[seq] = (digest, [good])
    await leader.settled()
    await other.settled()
    assert office.config.head == 1
    stated = read_evidence(other.store.path(office.head().evidence_hash))
    assert stated.measures == (good,)
    (told,) = leader.steps("not counted")
    assert told.startswith(f"of {other.key.pubkey()}, line 1: ")
    assert told.endswith("; 6 in all")


async def test_traffic_between_the_report_and_its_check_makes_no_difference(tmp_path: Path) -> None:
    """Facts are those of the hour's last second: today's are other ones."""
    office = Office(tmp_path, 2)
    office.hour_passes()
    leader, other = office.leader()
    await leader.settled()
    market = office.market
    market.send(market.staking("owner_unstake", amount=1))
    market.co_stake(market.carol, 7)
    market.book(2 * HOUR)
    await other.settled()
    assert office.config.head == 1
    assert not other.steps("not approved")


async def test_a_report_of_long_ago_is_checked_as_one_of_now(tmp_path: Path) -> None:
    """Nodes come, leave and are rented, parameters change, and a seat that was away finds the same bytes."""
    office = Office(tmp_path, 2)
    office.hour_passes()
    for seat in (*office.leader(), office.leader()[0]):
        await seat.settled()
    office.hour_passes()
    leader, other = office.leader()
    await leader.settled()
    market, world = office.market, office.market.world
    market.join(market.bob, 300 * 10**8)
    job = market.run(2 * HOUR)
    world.advance(HOUR)
    market.attest(job, HOUR)
    market.send(market.staking("owner_unstake", amount=300 * 10**8))
    args = class_args(multiplier_bps=30_000)
    world.send(ix.staking.set_class(authority=world.deployer, id=CLASS, args=args))
    await other.settled()
    assert office.config.head == 2
    assert not other.steps("not approved")


def lie(seat: Seat, **more: int) -> None:
    """Has a seat build with other facts: each of these is more by so much."""
    real = seat.ledger.facts

    class Lying:
        def __init__(self, facts: HourFacts) -> None:
            self._facts = facts

        def __getattr__(self, name: str) -> Any:
            return getattr(self._facts, name)

        def rows(self, *arguments: Any, **given: Any) -> list[NodeHour]:
            return [
                replace(row, **{name: getattr(row, name) + by for name, by in more.items()})
                for row in self._facts.rows(*arguments, **given)
            ]

    async def lying(end: int) -> Any:
        return Lying(await real(end))

    seat.ledger.facts = lying  # type: ignore[method-assign]


@pytest.mark.parametrize("fact", ["stake", "fees", "required_stake", "multiplier_bps", "credited"])
async def test_facts_that_the_events_do_not_say_are_not_approved(tmp_path: Path, fact: str) -> None:
    """A lifetime begins at what was credited: who states more of it pays the node more."""
    office = Office(tmp_path, 2)
    office.hour_passes()
    leader, other = office.leader()
    office.market.world.send(ix.mint.emit())
    lie(leader, **{fact: 1})
    await leader.settled()
    await other.settled()
    (line,) = other.steps("not approved")
    assert f"{fact} is stated as" in line
    assert office.config.head == 0


async def test_a_carry_that_the_hour_before_did_not_leave_is_not_approved(tmp_path: Path) -> None:
    """It is what an hour could not divide, and nobody else's file shows it again."""
    office = Office(tmp_path, 2)
    office.hour_passes()
    leader, other = office.leader()
    await leader.settled()
    await other.settled()
    await leader.settled()
    office.hour_passes()
    leader, other = office.leader()
    await other.settled()
    head = other.reports._head
    assert head is not None
    leader.reports._head = replace(head, carry=replace(head.carry, gpu=head.carry.gpu + 1))
    await leader.settled()
    await other.settled()
    assert any("carry is stated as" in line for line in other.steps("not approved"))


async def test_what_differs_for_the_leader_is_reported_by_the_next_one(tmp_path: Path) -> None:
    """A report that nobody approves stays; the other seat's own comes after its time."""
    office = Office(tmp_path, 2)
    office.hour_passes()
    leader, other = office.leader()
    lie(leader, stake=1)
    await leader.settled()
    await other.settled()
    office.market.world.advance(_TAKEOVER)
    await other.settled()
    assert office.reports() == 2
    assert [keyed.account.state for keyed in office.market.world.client.proofs.reports()] == [
        ReportState.PENDING,
        ReportState.PENDING,
    ]


async def test_without_the_evidence_before_nothing_is_built_and_it_is_said(tmp_path: Path) -> None:
    office = Office(tmp_path, 1)
    (seat,) = office.seats
    office.hour_passes()
    await seat.settled()
    office.published.clear()
    seat.store = FileStore(tmp_path / "lost")
    seat.restart()
    office.hour_passes()
    with pytest.raises(NotStored):
        await seat.reports.look()
    assert office.config.head == 1
