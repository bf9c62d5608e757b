"""A stranger's job on a machine elsewhere: over a gateway, with what each side has seen for itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from solders.pubkey import Pubkey
from tests.network.attacked import until
from tests.network.site import NetworkSite
from tests.orchestrator.test_program_chain import Money
from tests.programs.market import IO_MINT
from tests.programs.people import TOKEN
from tests.programs.support import HOUR

from ionet import token_account
from ionet.executor import NodeSpec
from ionet.orchestrator import Orchestrator
from ionet.wire import Peer, Refused, Request, Role
from ionet.worker import Observation
from ionet.worker._agent import Agent
from ionet.worker._capacities import Announcer
from ionet.worker._challenges import METHODS
from ionet.worker._leases import ClientChain


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[NetworkSite]:
    site = NetworkSite(tmp_path)
    await site.gateway.start()
    yield site
    await site.gateway.stop()


async def test_a_job_runs_on_another_machine_and_every_second_is_paid(site: NetworkSite) -> None:
    before = site.money()
    job = site.book(HOUR)
    terms = site.market.job(job)
    async with site.machine(site.market.alice), site.seat() as seat:
        await site.until_closed([seat], job)
        result = seat.result(bytes(job))
    assert result is not None
    assert (result.ok, result.value) == (True, {"sum": 14})
    assert [(item.name, site.store.get(item.sha256)) for item in result.outputs] == [
        ("squares.txt", b"1\n4\n9")
    ]
    assert site.runs == 1
    fee = -(-terms.price * 25 // 10_000)
    assert site.money() == Money(
        before.supplier + terms.price - fee,
        before.renter - terms.price - terms.fee,
        before.fees + fee + terms.fee,
    )


async def test_an_owner_is_told_of_a_job_that_begins_that_has_run_and_that_ends(
    site: NetworkSite,
) -> None:
    job, told = site.book(HOUR), list[tuple[str, str]]()
    async with site.machine(site.market.alice) as agent, site.seat() as seat:
        agent.on_event = lambda event, text: told.append((event, text))
        await site.until_run([seat], job)
        await site.until_closed([seat], job, ran=True)
        await until(lambda: len(told) > 2)
    assert told == [
        ("job-began", f"serves the job {job}"),
        ("run-ended", "the run has succeeded"),
        ("job-ended", f"the lease of the job {job} is over"),
    ]


async def test_ten_minutes_without_an_orchestrator_cost_the_supplier_nothing(site: NetworkSite) -> None:
    before = site.money()
    job = site.book(HOUR)
    terms = site.market.job(job)
    async with site.machine(site.market.alice):
        async with site.seat() as seat:
            await site.until_run([seat], job)
        await site.spend(20 * 60)
        async with site.seat() as seat:
            await site.until_closed([seat], job)
    fee = -(-terms.price * 25 // 10_000)
    assert site.money().supplier == before.supplier + terms.price - fee
    assert site.runs == 1


class NVMLError(Exception):
    """As `pynvml` raises it: a plain exception of its own."""


class Driver:
    """A driver that answers with an error while it is broken."""

    broken = False

    def observe(self, roots: Iterable[int]) -> Observation:
        if self.broken:
            raise NVMLError("GPU is lost")
        return Observation(5_000, 0)


async def pass_by(site: NetworkSite, seconds: int) -> None:
    """Lets time pass; the machines look, and sample, every five minutes of it."""
    for _ in range(seconds // 300):
        site.market.world.advance(300)
        await site.noticed()


async def looks(agent: Agent, count: int = 2) -> None:
    """Waits until an agent has looked at the chain so many times."""
    for _ in range(count):
        await agent.look()


async def judged(site: NetworkSite, seat: Orchestrator, job: Pubkey) -> tuple[int, int]:
    """What the seat has attested once it has done all that is due now."""
    for _ in range(40):
        await seat.reconcile()
        if site.market.job(job).seen[0].good:
            break
        await asyncio.sleep(0.05)
    seen = site.market.job(job).seen[0]
    return seen.good, seen.upto


async def test_a_drivers_error_costs_the_time_it_lasts_and_no_other_lease_anything(
    site: NetworkSite,
) -> None:
    market, driver = site.market, Driver()
    alice, bob = market.alice, market.bob
    market.join(bob, 500 * TOKEN)
    purses = [token_account(supplier.key, IO_MINT) for supplier in (alice, bob)]
    before = [market.world.balance(purse) for purse in purses]
    jobs = [site.book(HOUR, of=supplier) for supplier in (alice, bob)]
    prices = [market.job(job).price for job in jobs]
    async with site.machine(bob):
        site.watch = driver  # type: ignore[assignment]
        async with site.machine(alice) as agent:
            async with site.seat() as seat:
                for job in jobs:
                    await site.until_run([seat], job)
            await pass_by(site, 10 * 60)
            honest = agent.facts.last_sample_at
            assert honest is not None
            driver.broken = True
            await pass_by(site, 20 * 60)
            async with site.seat(attest_every=60) as seat:
                good, _ = await judged(site, seat, jobs[0])
                assert good == honest - market.job(jobs[0]).started_at
                assert "GPU is lost" in agent.facts.problems["sample"]
            driver.broken = False
            await looks(agent)
            assert "sample" not in agent.facts.problems
            mended = agent.facts.last_sample_at
            assert mended is not None
            async with site.seat() as seat:
                for job in jobs:
                    await site.until_closed([seat], job, ran=True)
    assert mended - honest >= 20 * 60 - 2
    paid = [market.world.balance(purse) - held for purse, held in zip(purses, before, strict=True)]
    gross = [prices[0] * (HOUR - (mended - honest)) // HOUR, prices[1]]
    assert paid == [amount - -(-amount * 25 // 10_000) for amount in gross]


async def test_a_lease_is_told_its_end_and_ends_while_its_devices_driver_errs(site: NetworkSite) -> None:
    driver, before = Driver(), site.money()
    site.watch = driver  # type: ignore[assignment]
    job = site.book(HOUR)
    price = site.market.job(job).price
    async with site.machine(site.market.alice) as agent:
        async with site.seat() as seat:
            await site.until_run([seat], job)
        began = site.market.job(job).started_at
        told: list[float] = []
        agent._executor._real.end_by = lambda lease, at: told.append(at)  # type: ignore[attr-defined]
        await pass_by(site, 50 * 60)
        honest = agent.facts.last_sample_at
        assert honest is not None
        driver.broken = True
        site.market.world.advance(300)
        told.clear()
        await looks(agent)
        assert told, "what runs is told its end"
        site.market.world.advance(300)
        await looks(agent)
        assert not agent.busy, "the lease is over, and so is what ran"
        assert not list((site.root / site.market.alice.name / "work").glob("*/*"))
        async with site.seat() as seat:
            await site.until_closed([seat], job, ran=True)
    gross = price * (honest - began) // HOUR
    assert site.money().supplier == before.supplier + gross - -(-gross * 25 // 10_000)


async def test_each_seat_judges_from_its_own_copy_and_sees_the_same(site: NetworkSite) -> None:
    job = site.book(HOUR)
    async with site.machine(site.market.alice), site.seat(0, 60) as first, site.seat(1, 60) as second:
        await site.until_run([first, second], job)
        await site.spend(10 * 60)
        for seat in (first, second):
            await seat.reconcile()
        seen = site.market.job(job).seen[:2]
        results = {result.digest for seat in (first, second) if (result := seat.result(bytes(job)))}
    assert [(item.good, item.upto) for item in seen] == [(600, 600)] * 2
    assert len(results) == 1
    assert site.runs == 1


async def test_a_worker_that_is_restarted_goes_on_with_its_lease(site: NetworkSite) -> None:
    before = site.money()
    job = site.book(HOUR)
    terms = site.market.job(job)
    async with site.seat() as seat:
        async with site.machine(site.market.alice):
            await site.until_run([seat], job)
            await site.spend(10 * 60)
        site.market.world.advance(120)
        async with site.machine(site.market.alice):
            await site.until_closed([seat], job)
    fee = -(-terms.price * 25 // 10_000)
    assert site.money().supplier == before.supplier + terms.price - fee
    assert site.runs == 1


async def test_a_gateway_that_is_restarted_costs_nobody_anything(site: NetworkSite) -> None:
    before = site.money()
    job = site.book(HOUR)
    terms = site.market.job(job)
    async with site.machine(site.market.alice), site.seat() as seat:
        await site.until_run([seat], job)
        await site.gateway.stop()
        await site.spend(10 * 60)
        await seat.reconcile()
        await site.gateway.start()
        await site.until_closed([seat], job)
    fee = -(-terms.price * 25 // 10_000)
    assert site.money().supplier == before.supplier + terms.price - fee


async def test_a_worker_starts_nothing_that_the_chain_does_not_show(site: NetworkSite) -> None:
    job = bytes(site.book(HOUR))
    key = site.market.attesters[0]
    async with site.machine(site.market.alice) as agent, Peer(key, Role.SEAT, [[site.gateway.url]]) as seat:
        device = bytes(agent.worker.key.pubkey)
        for method, wanted in (("prepare", bytes(range(1, 33))), ("run", bytes(range(32)))):
            with pytest.raises(Refused, match="no such job"):
                await seat.ask(device, method, {"job": wanted.hex()})
        await seat.ask(device, "prepare", {"job": job.hex()})
        with pytest.raises(Refused, match="not-started"):
            await seat.ask(device, "run", {"job": job.hex()})
    assert site.runs == 0


async def test_a_job_whose_escrow_is_empty_is_not_prepared(site: NetworkSite) -> None:
    job = site.book(HOUR)
    escrow = site.market.job(job).escrow
    client = site.market.world.client
    held = client.account(escrow)
    assert held is not None
    emptied = held.data[:64] + (held_amount(held.data) - 1).to_bytes(8, "little") + held.data[72:]
    client.cheats.set_account(escrow, data=emptied, owner=held.owner, lamports=held.lamports)
    key = site.market.attesters[0]
    async with site.machine(site.market.alice) as agent, Peer(key, Role.SEAT, [[site.gateway.url]]) as seat:
        with pytest.raises(Refused, match="does not hold its deposit"):
            await seat.ask(bytes(agent.worker.key.pubkey), "prepare", {"job": bytes(job).hex()})
    assert agent.facts.problems["lease"] == "the job's escrow does not hold its deposit"


def held_amount(data: bytes) -> int:
    return int.from_bytes(data[64:72], "little")


async def test_only_seats_and_the_renter_are_answered(site: NetworkSite) -> None:
    job = site.book(HOUR)
    renter = site.market.renter
    async with (
        site.machine(site.market.alice) as agent,
        site.seat() as seat,
        Peer(renter, Role.RENTER, [[site.gateway.url]]) as tenant,
    ):
        await site.until_run([seat], job)
        device = bytes(agent.worker.key.pubkey)
        await tenant.wait_connected(5)
        await tenant.find(device)
        asked = ("prepare", "run", "samples", "reserve", "commit", "open", "end", "describe", "heartbeat")
        for method in asked:
            with pytest.raises(Refused, match="not-a-seat"):
                await tenant.ask(device, method, {"job": bytes(job).hex(), "since": 0})
        log = await tenant.ask(device, "log", {"job": bytes(job).hex(), "start": 0}, sealed=True)
        assert log.blob == b"--- attempt 1\n"
        told = await tenant.ask(device, "status", {"job": bytes(job).hex()})
        assert told.arguments["asked"] is True


async def test_a_leased_device_refuses_every_challenge(site: NetworkSite) -> None:
    job = site.book(HOUR)
    key = site.market.attesters[0]
    async with site.machine(site.market.alice) as agent, site.seat() as seat:
        await site.until_run([seat], job)
        async with Peer(key, Role.SEAT, [[site.gateway.url]]) as asker:
            for method in METHODS - {"receipt"}:
                with pytest.raises(Refused, match="the device serves a job, and computes nothing else"):
                    await asker.ask(bytes(agent.worker.key.pubkey), method, {})


async def test_a_device_answers_seats_heartbeats_and_leaves_a_gateway_over_which_none_come(
    site: NetworkSite,
) -> None:
    key, left = site.market.attesters[0], asyncio.Event()
    async with (
        site.machine(site.market.alice) as agent,
        Peer(key, Role.SEAT, [[site.gateway.url]]) as seat,
    ):
        device = bytes(agent.worker.key.pubkey)
        agent.on_unheard = left.set
        agent._policy = replace(agent._policy, unbeaten_after=0.2)
        assert await seat.wait_for(device, 30)
        # Where none came yet, none is missed.
        assert agent._beaten_at is None
        answer = await seat.ask(device, "heartbeat", {"nonce": "00" * 16})
        assert dict(answer.arguments) == {}
        async with asyncio.timeout(60):
            await left.wait()


async def test_nobody_else_learns_where_a_log_lies(site: NetworkSite) -> None:
    job = site.book(HOUR)
    async with (
        site.machine(site.market.alice) as agent,
        site.seat() as seat,
        Peer(site.market.renter, Role.RENTER, [[site.gateway.url]]) as tenant,
        Peer(site.market.attesters[1], Role.SEAT, [[site.gateway.url]]) as other,
    ):
        await site.until_run([seat], job)
        await site.until_closed([seat], job)
        device, wanted = bytes(agent.worker.key.pubkey), {"job": bytes(job).hex(), "start": 0}
        await tenant.wait_connected(5)
        await tenant.find(device)
        told = await tenant.ask(device, "log", wanted)
        result = seat.result(bytes(job))
        assert result is not None
        assert told.arguments == (await other.ask(device, "log", wanted)).arguments
        assert (await tenant.ask(device, "status", wanted)).blob
        stranger = Request(bytes(32), "log", wanted)
        for method in ("log", "status"):
            with pytest.raises(Refused, match="not-yours"):
                await agent.handle(replace(stranger, method=method))


async def test_a_job_that_a_node_had_signed_to_take_and_declines_costs_its_renter_nothing(
    site: NetworkSite,
) -> None:
    before, alice = site.money(), site.market.alice
    async with site.machine(alice) as agent, site.seat() as seat:
        await Announcer(
            alice.device_key,
            NodeSpec(bytes(alice.node), cpus=8),
            [site.gateway.http],
            agent.now,
            ClientChain(site.reader).now,
            dict,
            0,
        ).look()
        # Its executor gives one core.
        job = site.book(HOUR, cpus=4)
        await site.until_closed([seat], job)
    assert site.runs == 0
    assert site.money() == before


async def test_a_job_that_asks_for_more_than_its_node_had_signed_pays_for_the_time_it_was_held(
    site: NetworkSite,
) -> None:
    before = site.money()
    async with site.machine(site.market.alice), site.seat() as seat:
        job = site.book(HOUR, cpus=4)
        await site.until_closed([seat], job)
    after = site.money()
    assert site.runs == 0
    # Of which the supplier has nothing either.
    assert after.supplier == before.supplier
    assert before.renter - after.renter == after.fees - before.fees > 0
