"""The orchestrator on the real programs: the adapter, payments to the base unit, and crashes in between."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.orchestrator.killed import Bomb, Killed, Wired, buried
from tests.orchestrator.support import StillWatch, policy
from tests.programs.auctions import set_params
from tests.programs.market import IO_MINT, Market
from tests.programs.people import TOKEN, Supplier
from tests.programs.support import DAY, HOUR

from ionet import SOL, AsyncClient, accounts, pda, token_account, types
from ionet.administration.shards import fee_vaults
from ionet.formats.canonical import Json
from ionet.orchestrator import (
    Attestation,
    ChainRejected,
    InlineExecutor,
    LocalAgents,
    NodeSpec,
    Orchestrator,
    Party,
    Phase,
    ProgramChain,
)
from ionet.prover import numpy_backend
from ionet.store.manifest import FileStore, Function, Manifest, Resources
from ionet.worker import BreakReason, Device, DeviceKey, Observation, Worker

_STEP = 600
_CHAIN = ("start", "lose", "attest", "settle", "complete", "expire", "close")


@dataclass(frozen=True)
class Money:
    """Who holds what, base units of IO."""

    supplier: int
    renter: int
    fees: int


class Site:
    """A market with alice's machine, and a store that outlives orchestrators."""

    MARKET = staticmethod(Market.new)

    def __init__(self, root: Path) -> None:
        self.root = root
        self.market = self.MARKET()
        self.store = FileStore(root / "store")
        self.watch = StillWatch()
        self.workers: list[Worker] = []
        self.machines = [self.market.alice]
        self.client = AsyncClient.local(
            network=self.market.world.client.network, signer=self.market.attesters[0], funds=SOL(1)
        )
        self.restart()

    @property
    def now(self) -> int:
        return self.market.world.now

    def restart(self) -> None:
        for worker in self.workers:
            worker.end()
        self.workers = [self._worker(one) for one in self.machines]

    def add(self, machine: Supplier) -> None:
        """One more node that this orchestrator serves."""
        self.market.join(machine, 300 * TOKEN)
        self.machines.append(machine)
        self.restart()

    def _worker(self, machine: Supplier) -> Worker:
        device = Device(0, machine.name, "test processor", "cpu", 1 << 30, None)
        return Worker(
            bytes(machine.node),
            DeviceKey(machine.device_key),
            self.root / machine.name,
            device=device,
            watch=self.watch,
            kernel=numpy_backend(),
        )

    def book(
        self,
        seconds: int = HOUR,
        *,
        of: Supplier | None = None,
        mint: Pubkey = IO_MINT,
        nodes: int = 1,
        image: str | None = None,
        cpus: int = 1,
        **more: Any,
    ) -> Pubkey:
        arguments: dict[str, Json] = {"numbers": [1, 2, 3], "counter": str(self.root / "counter")}
        manifest = Manifest(
            Function("tests.orchestrator.workloads:squares", arguments),
            Resources(cpus=cpus),
            nodes=nodes,
            image=image,
        )
        supplier, market = of or self.market.alice, self.market
        market.set_price(mint)
        args = types.jobs.BookArgs(
            nonce=market.offer(supplier).nonce + 1,
            seconds=seconds,
            max_deposit=2**64 - 1,
            manifest_hash=self.store.put_manifest(manifest),
        )
        market.send(market.booking(of=supplier, mint=mint, args=args, **more))
        return pda.jobs.job(supplier.offer, args.nonce)

    def chain(self) -> ProgramChain:
        return ProgramChain(self.client)

    def orchestrator(self, bomb: Bomb | None = None) -> Orchestrator:
        specs = [NodeSpec(bytes(one.node), cpus=1) for one in self.machines]
        executor = InlineExecutor(specs, self.store, self.root / "work")
        found = bomb or Bomb(None)
        return Orchestrator(
            Wired(self.chain(), found, *_CHAIN),
            Wired(executor, found, "open", "run", "release"),
            Wired(LocalAgents(self.workers), found, "begin", "sample", "end"),
            Wired(self.store, found, "put", "link"),  # type: ignore[arg-type]
            self.root / "journal.sqlite3",
            policy(),
        )

    async def serve(self, orchestrator: Orchestrator, *jobs: Pubkey) -> None:
        for _ in range(60):
            for mint in (IO_MINT, self.market.usdc):
                self.market.set_price(mint)
            await self.settled(orchestrator)
            if all(self.market.world.client.account(job) is None for job in jobs):
                return
            self.market.world.advance(_STEP)
        raise AssertionError([f"{entry.step} {entry.detail}" for entry in orchestrator.journal.entries()])

    async def settled(self, orchestrator: Orchestrator) -> None:
        for _ in range(20):
            done = await orchestrator.reconcile()
            await orchestrator.runs_finished()
            if not done.steps:
                return
        raise AssertionError("steps without end")

    def money(self) -> Money:
        client = self.market.world.client
        held = [self.market.world.balance(one) for one in fee_vaults() if client.account(one) is not None]
        return Money(
            self.market.world.balance(token_account(self.market.alice.key, IO_MINT)),
            self.market.purse(self.market.renter),
            sum(held),
        )

    @property
    def runs(self) -> int:
        path = self.root / "counter"
        return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


async def test_a_job_goes_from_booking_to_the_last_payment(site: Site) -> None:
    before = site.money()
    job = site.book()
    terms = site.market.job(job)
    orchestrator = site.orchestrator()
    await site.serve(orchestrator, job)
    after = site.money()
    fee = -(-terms.price * 25 // 10_000)
    assert after == Money(
        before.supplier + terms.price - fee,
        before.renter - terms.price - terms.fee,
        before.fees + fee + terms.fee,
    )
    assert site.runs == 1
    result = orchestrator.result(bytes(job))
    assert result is not None
    assert result.value == {"sum": 14}


async def test_the_chain_holds_the_verdict_of_the_start_and_the_result_of_the_store(site: Site) -> None:
    job = site.book()
    digest, terms = bytes(range(32)), site.market.job(job)
    shown = types.staking.LastProof(terms.verdict_at, digest, 10_000, types.staking.ProofReason.PASSED, 1)
    node = site.market.alice.node
    site.market.poke(node, accounts.staking.Node, "last_proof", types.staking.LastProof.CODEC.encode(shown))
    orchestrator = site.orchestrator()
    await site.settled(orchestrator)
    # A later one takes its place in the account.
    site.market.prove()
    site.market.world.advance(60)
    await site.settled(orchestrator)
    found = site.market.job(job)
    assert (found.seen[0].good, found.seen[0].upto) == (60, 60)
    assert found.proof_digest == digest
    result = orchestrator.result(bytes(job))
    assert result is not None
    assert found.result_hash == result.digest


async def test_a_break_stands_on_chain_with_its_reason_and_is_not_paid(site: Site) -> None:
    job = site.book()
    price = site.market.job(job).price
    before = site.money()
    orchestrator = site.orchestrator()
    await site.settled(orchestrator)
    site.watch.seen = Observation(9_000, 9_000, ("miner (1)",))
    site.market.world.advance(_STEP)
    await site.settled(orchestrator)
    site.watch.seen = Observation(5_000, 0)
    assert site.market.job(job).seen[0].good == 0
    await site.serve(orchestrator, job)
    gross = price * (HOUR - _STEP) // HOUR
    paid = gross - -(-gross * 25 // 10_000)
    assert site.money().supplier == before.supplier + paid
    assert site.money().renter == before.renter + price - gross


async def test_the_job_of_a_node_that_is_gone_ends_without_its_first_hour(site: Site) -> None:
    job = site.book(seconds=10 * HOUR)
    terms, before = site.market.job(job), site.money()
    orchestrator = site.orchestrator()
    await site.settled(orchestrator)
    site.market.world.advance(_STEP)
    await site.settled(orchestrator)
    orchestrator._agents = LocalAgents([])
    while site.market.world.client.account(job) is not None:
        await site.settled(orchestrator)
        site.market.world.advance(_STEP)
    steps = [entry.step for entry in reversed(orchestrator.journal.entries(bytes(job).hex()))]
    assert steps.count("lose") == 1
    assert not [step for step in steps if step.endswith("failed")]
    gross = terms.price * _STEP // (10 * HOUR)
    paid = gross - -(-gross * 25 // 10_000)
    kept = -(-terms.fee * gross // terms.price)
    assert site.money() == Money(
        before.supplier + paid,
        before.renter + terms.price + terms.fee - gross - kept,
        before.fees + gross - paid + kept,
    )


async def test_an_address_that_is_no_nodes_has_none(site: Site) -> None:
    """Gateways say which nodes are connected to them, and may announce any address."""
    chain, node = site.chain(), bytes(site.market.alice.node)
    for address in (pda.mint.CONFIG, pda.staking.CONFIG, pda.mint.MINT, Pubkey.new_unique()):
        assert await chain.node(bytes(address)) is None
        assert await chain.device_of(bytes(address)) is None
    assert await chain.device_of(node) == bytes(site.market.alice.device_key.pubkey())


async def test_two_seats_lose_a_node_and_one_takes_it_back(site: Site) -> None:
    site.market.set_offer(rate=50_000_000)
    job = site.book(seconds=10 * HOUR)
    first = site.chain()
    second = ProgramChain(
        AsyncClient.local(
            network=site.market.world.client.network, signer=site.market.attesters[1], funds=SOL(1)
        )
    )
    view = await first.job(bytes(job))
    assert view is not None
    with pytest.raises(ChainRejected, match="NotRunning"):
        await first.lose(view)
    await first.start(view)
    running = await first.job(bytes(job))
    assert running is not None
    assert (running.lost_at, running.silent_from) == (None, site.now + DAY)
    await first.lose(running)
    said = await first.job(bytes(job))
    assert said is not None
    assert (said.phase, said.lost_at) == (Phase.RUNNING, site.now)
    await first.attest(said, Attestation(0, site.now, bytes(32), bytes(32), bytes(32)))
    await second.lose(said)
    again = await first.job(bytes(job))
    assert again is not None
    assert (again.phase, again.lost_at) == (Phase.RUNNING, None), "an attestation takes it back"
    await first.lose(again)
    over = await first.job(bytes(job))
    assert over is not None
    assert (over.phase, over.silent_from) == (Phase.ENDED, None)
    with pytest.raises(ChainRejected, match="NotRunning"):
        await second.lose(over)


async def test_a_job_whose_other_attesters_fell_silent_ends_a_day_later(site: Site) -> None:
    site.market.set_offer(rate=50_000_000)
    job = site.book()
    before = site.money()
    orchestrator = site.orchestrator()
    await site.settled(orchestrator)
    ends_at = site.market.job(job).ends_at
    site.market.world.advance(HOUR + DAY)
    await site.settled(orchestrator)
    assert site.market.job(job).state == 1
    site.market.world.advance(1)
    assert site.now == ends_at + DAY + 1
    await site.settled(orchestrator)
    assert site.market.world.client.account(job) is None
    assert site.money().supplier == before.supplier


async def test_a_booking_that_cannot_be_served_expires_and_is_refunded(site: Site) -> None:
    before = site.money()
    job = site.book()
    digest = site.market.job(job).manifest_hash
    site.store.path(digest).unlink()
    await site.serve(site.orchestrator(), job)
    # An hour's third, 1.01010102 / 3: nobody has seen what was to be run.
    held = 33_670_034
    assert site.money() == Money(before.supplier, before.renter - held, before.fees + held)


async def test_a_job_that_the_renter_stops_is_attested_to_the_stop(site: Site) -> None:
    job = site.book(seconds=3 * HOUR)
    orchestrator = site.orchestrator()
    await site.settled(orchestrator)
    site.market.world.advance(300)
    site.market.send(site.market.jobs("stop", job))
    price, before = site.market.job(job).price, site.money()
    await site.serve(orchestrator, job)
    # The first hour is paid in any case.
    gross = price // 3
    assert site.money().renter == before.renter + price - gross


async def test_what_is_left_of_a_broken_cluster_is_given_back_at_once(site: Site) -> None:
    market = site.market
    market.join(market.bob, 300 * TOKEN)
    cluster, before = market.cluster(), site.money()
    job = site.book(cluster=cluster)
    other = site.book(of=market.bob, cluster=cluster)
    market.send(market.jobs("cancel", other, party=market.bob.key))
    view = await site.chain().job(bytes(job))
    assert view is not None
    assert (view.broken, view.cluster, view.cluster_size) == (True, bytes(cluster), 2)
    orchestrator = site.orchestrator()
    await site.settled(orchestrator)
    assert market.world.client.account(job) is None, "nobody waited for the start window to end"
    assert site.money() == before


async def test_a_cluster_starts_when_all_are_booked_runs_once_and_leaves_nothing(site: Site) -> None:
    site.add(site.market.bob)
    cluster = site.market.cluster()
    first = site.book(cluster=cluster, nodes=2)
    orchestrator = site.orchestrator()
    await site.settled(orchestrator)
    assert site.market.job(first).started_at == 0, "half a cluster does not start"
    second = site.book(of=site.market.bob, cluster=cluster, nodes=2)
    await site.settled(orchestrator)
    assert [site.market.job(job).started_at for job in (first, second)] == [site.now, site.now]
    await site.serve(orchestrator, first, second)
    assert site.runs == 1
    assert site.market.world.client.account(cluster) is None, "its rent is the renter's again"


async def test_an_extended_job_runs_and_is_paid_to_its_new_end(site: Site) -> None:
    before, job = site.money(), site.book()
    orchestrator = site.orchestrator()
    await site.settled(orchestrator)
    for _ in range(5):
        site.market.world.advance(_STEP)
        await site.settled(orchestrator)
    site.market.set_price()
    renter = site.market.world.client.as_(site.market.renter)
    renter.jobs.extend(job, HOUR).send()
    booked = site.market.job(job)
    for _ in range(2):
        site.market.world.advance(_STEP)
        await site.settled(orchestrator)
    assert site.market.job(job).state == 1, "its first end does not end it"
    await site.serve(orchestrator, job)
    fee = -(-booked.price * 25 // 10_000)
    assert site.money().supplier == before.supplier + booked.price - fee
    assert site.runs == 1


async def test_a_decided_dispute_is_paid_out_and_the_job_given_up(site: Site) -> None:
    before, job = site.money(), site.book(2 * HOUR)
    orchestrator = site.orchestrator()
    await site.settled(orchestrator)
    site.market.world.advance(_STEP)
    site.market.dispute(job)
    await site.settled(orchestrator)
    price = site.market.job(job).price
    resolver = site.market.world.client.as_(site.market.people.resolver)
    resolver.jobs.resolve(job, price // 4).send()
    await site.settled(orchestrator)
    assert site.market.world.client.account(job) is None
    gross = price // 4
    assert site.money().supplier == before.supplier + gross - -(-gross * 25 // 10_000)


async def test_a_disputed_job_is_paid_when_the_dispute_is_over(site: Site) -> None:
    market, job = site.market, site.book()
    orchestrator = site.orchestrator()
    await site.settled(orchestrator)
    dispute = market.dispute(job)
    for _ in range(8):
        market.world.advance(_STEP)
        await site.settled(orchestrator)
    found = market.job(job)
    assert (found.state, found.paid_supplier, found.paid_fees, found.paid_refund) == (2, 0, 0, 0)
    market.world.advance(14 * DAY)
    await site.serve(orchestrator, job)
    market.send(market.closing(dispute))


async def test_a_supplier_who_wants_io_for_dollars_is_paid_into_his_payout(site: Site) -> None:
    set_params(site.market)
    site.market.set_offer(payout=0)
    job = site.book(mint=site.market.usdc)
    vault = site.market.job(job).payout_vault
    await site.serve(site.orchestrator(), job)
    # 2 USD less the booking fee of a quarter per cent; the buyback opened the account, and sells it.
    assert site.market.world.balance(vault) == 2_000_000 - 5_000
    payout = site.market.world.client.buyback.get_payout(job)
    assert payout.lot.left == 2_000_000 - 5_000, "on offer from the settlement on"


async def test_the_port_shows_the_job_as_the_program_has_it(site: Site) -> None:
    chain, key = site.chain(), bytes(site.book())
    booked = await chain.job(key)
    assert booked is not None
    assert (booked.phase, booked.start_by, booked.ends_at) == (Phase.BOOKED, site.now + 1_200, None)
    assert booked.device == bytes(site.market.alice.device_key.pubkey())
    await chain.start(booked)
    running = await chain.job(key)
    assert running is not None
    assert (running.phase, running.started_at, running.ends_at) == (Phase.RUNNING, site.now, site.now + HOUR)
    assert (running.attested, running.agreed_upto) == (None, site.now)
    site.market.world.advance(100)
    assert running.started_at is not None
    said = Attestation(
        40, running.started_at + 100, bytes(32), b"\1" * 32, bytes(32), (BreakReason.SAMPLE_GAP,)
    )
    await chain.attest(running, said)
    again = await chain.job(key)
    assert again is not None
    assert again.attested is not None
    assert (again.attested.good, again.agreed_upto) == (40, running.started_at + 100)
    assert [job.key for job in await chain.jobs()] == [key]


async def test_what_the_program_refuses_has_its_name(site: Site) -> None:
    chain, key = site.chain(), bytes(site.book())
    job = await chain.job(key)
    assert job is not None
    with pytest.raises(ChainRejected, match="StartWindowOpen"):
        await chain.expire(job)
    await chain.start(job)
    with pytest.raises(ChainRejected, match="NotBooked"):
        await chain.start(job)
    running = await chain.job(key)
    assert running is not None
    ahead = Attestation(1, site.now + 1, bytes(32), b"\1" * 32, bytes(32))
    with pytest.raises(ChainRejected, match="AttestationAhead"):
        await chain.attest(running, ahead)
    with pytest.raises(ChainRejected, match="FirstHour"):
        await chain.settle(running, Party.SUPPLIER)
    with pytest.raises(ChainRejected, match="NotEnded"):
        await chain.settle(running, Party.RENTER)
    with pytest.raises(ChainRejected, match="NotSettled"):
        await chain.close(running)


async def test_a_job_that_is_not_there_is_none(site: Site) -> None:
    assert await site.chain().job(b"\5" * 32) is None
    assert list(await site.chain().jobs()) == []


async def test_beacons_are_slot_hashes_and_later_ones_are_later(site: Site) -> None:
    chain = site.chain()
    first = await chain.beacon()
    later = await chain.beacon(after=first.slot)
    assert later.slot > first.slot
    assert later.value != first.value
    assert len(later.value) == 32


async def _play(root: Path, point: int | None) -> tuple[Money, Bomb, int]:
    site, bomb = Site(root), Bomb(point)
    start = site.money()
    job = site.book()
    orchestrator = site.orchestrator(bomb)
    try:
        await site.serve(orchestrator, job)
    except Killed:
        await buried(orchestrator)
        site.restart()
        orchestrator = site.orchestrator()
        await site.serve(orchestrator, job)
    orchestrator.journal.close()
    end = site.money()
    moved = Money(end.supplier - start.supplier, end.renter - start.renter, end.fees - start.fees)
    for worker in site.workers:
        worker.end()
    return moved, bomb, site.runs


@pytest.mark.slow
async def test_killed_anywhere_on_the_real_programs_the_payments_are_the_same(tmp_path: Path) -> None:
    expected, calm, runs = await _play(tmp_path / "calm", None)
    assert runs == 1
    assert sum((expected.supplier, expected.renter, expected.fees)) == 0, "what the renter paid, others got"
    for point in range(0, calm.count, 3):
        moved, bomb, runs = await _play(tmp_path / str(point), point)
        assert bomb.gone
        assert (moved, runs) == (expected, 1), f"killed {bomb.where} ({point})"
