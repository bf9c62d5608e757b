"""Three seats of which two have to agree, one away, lying or slow; two gateways, one of them faulty."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.network.faulty import Fault, Faulty
from tests.network.site import Gateway
from tests.network.test_seats import SeatsSite, steps
from tests.orchestrator.test_program_chain import Money
from tests.programs.market import IO_MINT
from tests.programs.support import HOUR

from ionet import SOL, AsyncClient, JobState
from ionet.cloud import AsyncRun, NotRun
from ionet.orchestrator import Attestation, Attested, JobView, Orchestrator, Phase, ProgramChain
from ionet.orchestrator._plan import Facts, Kind, next_step
from ionet.orchestrator._policy import Policy
from ionet.store import AsyncHttpStore
from ionet.store.manifest import FileStore
from ionet.wire._peer import spread
from ionet.worker import BreakReason, Observation
from ionet.worker._agent import Agent

_STEP = 300
_TAKEOVER = 400
#: Of an hour, one step belongs to somebody else's process on the device.
_GOOD = HOUR - _STEP


class OddSite(SeatsSite):
    """Three seats, and jobs of which two must say the same; a second gateway with a store of its own."""

    def __init__(self, root: Path, fault: Fault | None = None, *, second: bool = False) -> None:
        super().__init__(root)
        # Fifty dollars a day and more: two attesters.
        self.market.set_offer(rate=50_000_000)
        self.other_store = FileStore(root / "other-store")
        self.other = Gateway(self.reader, self.other_store, root / "other-gateway")
        self.fault = fault
        self.front = Faulty(lambda: self.other.port, fault)
        if second:
            self.gateways.append(self.front)

    async def start(self) -> None:
        await self.gateway.start()
        await self.front.start()
        # The machine is at the faulty one first.
        key = bytes(self.market.alice.device_key.pubkey())
        while self.fault and spread(key, [one.url for one in self.gateways])[0] != self.front.url:
            await self.front.stop()
            self.front.port = 0
            await self.front.start()
        self.other.name = self.front.http
        await self.other.start()

    async def stop(self) -> None:
        await self.gateway.stop()
        await self.other.stop()
        await self.front.stop()

    def book(self, seconds: int = HOUR, **more: Any) -> Pubkey:
        job = super().book(seconds, **more)
        self.other_store.put(self.store.get(self.market.job(job).manifest_hash))
        return job

    async def pass_time(
        self, job: Pubkey, agent: Agent, speak: int, spoilt: Iterable[int] = (), most: int = 90
    ) -> None:
        """Lets time pass until the job is closed.

        Args:
            job: the job; some seats go on by themselves.
            agent: its node's.
            speak: how many seats attest; they have a moment for it, as one at a time challenges a device.
            spoilt: the steps after the start in which somebody else's process is on the device.
            most: steps.
        """
        step = 0
        for _ in range(most):
            self.market.set_price(IO_MINT)
            if self.market.world.client.account(job) is None:
                return
            started = self.market.job(job).started_at
            await asyncio.sleep(0.1)
            if not started:
                # The start is waited for while no time passes, but that another has to take over.
                if not await self._until_started(job):
                    self.market.world.advance(_TAKEOVER)
                continue
            foreign = step in spoilt
            self.watch.seen = Observation(9_000, 9_000, ("miner (1)",)) if foreign else Observation(5_000, 0)
            self.market.world.advance(_STEP)
            if self.now < started + HOUR:
                await self._until(lambda: (agent.facts.last_sample_at or 0) >= self.now)
            self.watch.seen = Observation(5_000, 0)
            if step == 2:
                await self._until(lambda: sum(seen.upto > 0 for seen in self.market.job(job).seen) >= speak)
            if step == HOUR // _STEP:
                await self._until(lambda: self._judged(job) >= speak)
            step += 1
        raise AssertionError("the job is still open")

    def _judged(self, job: Pubkey) -> int:
        """How many seats have judged a job to its end; all, once it is over."""
        if self.market.world.client.account(job) is None or self.market.job(job).state == JobState.ENDED:
            return len(self.keys)
        return sum(seen.upto == HOUR for seen in self.market.job(job).seen)

    async def _until_started(self, job: Pubkey) -> bool:
        with suppress(TimeoutError):
            await self._until(lambda: self.market.job(job).started_at, 2)
            return True
        return False

    async def _until(self, so: Callable[[], object], seconds: float = 15) -> None:
        async with asyncio.timeout(seconds):
            while not so():  # noqa: ASYNC110 (what the chain shows is no event)
                await asyncio.sleep(0.05)

    def exactly(self, before: Money, price: int, fee: int, good: int) -> Money:
        """What everybody has in the end, when so many seconds of an hour count."""
        gross = price * good // HOUR
        supplier = gross - -(-gross * 25 // 10_000)
        return Money(
            before.supplier + supplier,
            before.renter - fee - gross,
            before.fees + fee + gross - supplier,
        )


def honest(real: ProgramChain) -> Any:
    return real


class Slow:
    """A chain that takes a second for everything that it is told to do."""

    _SENDS = frozenset({"start", "attest", "settle", "complete", "close", "lose", "confirm_manifest"})

    def __init__(self, real: ProgramChain) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        if name not in self._SENDS:
            return getattr(self._real, name)

        async def late(*arguments: Any) -> Any:
            await asyncio.sleep(1)
            return await getattr(self._real, name)(*arguments)

        return late


class Liar:
    """A chain whose seat says something else than it has seen, and claims another result."""

    def __init__(self, real: ProgramChain, lie: str) -> None:
        self._real, self._lie = real, lie

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def attest(self, job: JobView, statement: Attestation) -> str:
        assert job.started_at is not None
        since = statement.upto - job.started_at
        if self._lie == "the node is gone":
            return await self._real.lose(job)
        good, reasons = (since, ()) if self._lie == "more" else (0, (BreakReason.NODE_LOST,))
        result = sha256(b"another result").digest() if any(statement.result) else statement.result
        timelock = statement.timelock if any(statement.timelock) else bytes(31) + b"\1"
        return await self._real.attest(
            job, replace(statement, good=good, reasons=reasons, result=result, timelock=timelock)
        )


async def at_work(stack: AsyncExitStack, *seats: Orchestrator) -> None:
    """Has seats go on by themselves until the stack ends."""
    stop = asyncio.Event()
    tasks = []
    for seat in seats:
        seat._policy = replace(seat._policy, interval=0.2)
        tasks.append(asyncio.create_task(seat.run(stop)))

    async def end() -> None:
        stop.set()
        await asyncio.gather(*tasks)

    stack.push_async_callback(end)


async def result_at(site: OddSite, gateway: str, job: Pubkey) -> Any:
    """What a stranger is told by a gateway about a closed job."""
    stranger = AsyncClient.local(network=site.market.world.client.network, funds=SOL(0))
    async with AsyncRun(stranger, gateway, job) as run:
        return await run.result(seconds=10)


@pytest.mark.parametrize(
    "trouble", ["absent", "slow", "more", "less", "the node is gone", "one absent, one slow, one lying"]
)
async def test_two_of_three_seats_decide_whatever_the_third_does(tmp_path: Path, trouble: str) -> None:
    site = OddSite(tmp_path)
    await site.start()
    before, job = site.money(), site.book()
    terms = site.market.job(job)
    assert terms.attesters == 2
    # The trouble is with the one that leads, so that others have to take its steps.
    kinds: dict[str, list[Callable[[ProgramChain], Any] | None]] = {
        "absent": [None, honest, honest],
        "slow": [Slow, honest, honest],
        "one absent, one slow, one lying": [None, lambda real: Liar(real, "more"), Slow],
    }
    chosen = kinds.get(trouble, [lambda real: Liar(real, trouble), honest, honest])
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(site.machine(site.market.alice))
        speak = 2 if trouble in ("absent", "the node is gone") or None in chosen else 3
        seats = [
            await stack.enter_async_context(
                site.seat(number, key=site.keys[number], takeover=_TAKEOVER, chain=kind)
            )
            for number, kind in zip(site.row(job), chosen, strict=True)
            if kind is not None
        ]
        await at_work(stack, *seats)
        await site.pass_time(job, agent, speak, spoilt=[4])
        counted = steps(seats)
        results = [seat.result(bytes(job)) for seat in seats]
    assert site.runs == 1
    assert counted["start"] == 1
    assert site.money() == site.exactly(before, terms.price, terms.fee, _GOOD)
    assert len({result.digest for result in results if result is not None}) == 1
    if trouble == "one absent, one slow, one lying":
        with pytest.raises(NotRun, match="its attesters do not agree on a result"):
            await result_at(site, site.gateway.http, job)
    else:
        assert (await result_at(site, site.gateway.http, job)).value == {"sum": 14}
    await site.stop()


@pytest.mark.parametrize("fault", [None, *Fault])
async def test_one_of_two_gateways_may_lie_delay_drop_or_cut(tmp_path: Path, fault: Fault | None) -> None:
    site = OddSite(tmp_path, fault, second=True)
    await site.start()
    before, job = site.money(), site.book()
    terms = site.market.job(job)
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(site.machine(site.market.alice))
        seats = [
            await stack.enter_async_context(site.seat(number, key=site.keys[number], takeover=_TAKEOVER))
            for number in range(3)
        ]
        await at_work(stack, *seats)
        await site.pass_time(job, agent, 3)
        counted = steps(seats)
        digests = {result.digest for seat in seats if (result := seat.result(bytes(job))) is not None}
        (digest,) = digests
        assert (await result_at(site, site.gateway.http, job)).digest == digest
        if fault is None:
            # Whatever gateway the machine is at, each has what seats have seen.
            assert await AsyncHttpStore(site.other.http).get_bytes(digest) == site.store.get(digest)
    assert fault is None or site.front.spoilt > 0
    assert site.runs == 1
    assert counted["start"] == 1
    assert site.money() == site.exactly(before, terms.price, terms.fee, HOUR)
    await site.stop()


async def test_two_processes_with_one_key_pay_nothing_twice(tmp_path: Path) -> None:
    site = OddSite(tmp_path)
    await site.start()
    before, job = site.money(), site.book()
    terms = site.market.job(job)
    twice = [site.keys[0], site.keys[0], site.keys[1]]
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(site.machine(site.market.alice))
        seats = [
            await stack.enter_async_context(
                site.seat(number, key=key, takeover=_TAKEOVER, root=f"process-{number}")
            )
            for number, key in enumerate(twice)
        ]
        await at_work(stack, *seats)
        await site.pass_time(job, agent, 2)
        counted = steps(seats)
    assert site.runs == 1
    assert counted["start"] == 1
    assert site.money() == site.exactly(before, terms.price, terms.fee, HOUR)
    await site.stop()


def test_a_seat_that_is_behind_is_waited_for_before_a_job_is_completed() -> None:
    end, wait = 10_000, Policy().complete_after
    over = JobView(
        key=bytes([1]) * 32,
        node=bytes([2]) * 32,
        renter=bytes([3]) * 32,
        device=None,
        manifest=bytes([4]) * 32,
        phase=Phase.RUNNING,
        booked_at=0,
        start_by=1_200,
        started_at=end - HOUR,
        ends_at=end,
        attested=Attested(HOUR, end),
        agreed_upto=end,
    )
    facts = Facts(None, True, True, False, True, False)

    def step(late: bool, now: int) -> object:
        return getattr(next_step([replace(over, late=late)], facts, now, Policy()), "kind", None)

    assert step(False, end) is Kind.COMPLETE
    assert step(True, end) is None
    assert step(True, end + wait - 1) is None
    assert step(True, end + wait) is Kind.COMPLETE
