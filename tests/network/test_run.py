"""From a program to its results: over a real gateway, on a machine elsewhere, with money exact."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.faults import STATUS, FaultProxy, on
from tests.network.renting import FAILS, Renting, at_work, opened
from tests.programs.market import CLASS, IO_MINT, OTHER_CLASS
from tests.programs.support import HOUR

from ionet import SOL, USD, AsyncClient, AsyncHttpTransport, TransactionUnknown
from ionet.chain._async import send as sending
from ionet.cloud import AsyncRun, NoNode, NotEnough, NotRun, OutputsRefused, RunUnreachable
from ionet.cloud.fetching import fetch
from ionet.executor import FailureReason, StoredOutput
from ionet.formats import canonical
from ionet.store import AsyncHttpStore, StoreError
from ionet.store.manifest import Input


@pytest.fixture
async def renting(tmp_path: Path) -> AsyncIterator[Renting]:
    async with opened(tmp_path) as renting:
        yield renting


async def test_a_program_runs_and_only_the_time_used_is_paid(renting: Renting) -> None:
    before = renting.site.money()
    go = renting.folder / "go"
    env = {"GREETING": "hello", "WAITS_FOR": str(go)}
    async with at_work(renting.site):
        run = await renting.book(renting.script(), "--epochs", "3", env=env)
        terms = renting.site.market.job(run.job)
        async with run:
            following = asyncio.create_task(renting.follow(run))
            await renting.until_logged(b"begins with --epochs 3 hello\n")
            await renting.spend(3_900)
            go.touch()
            told = await following
            assert await run.stop()
            stopped = renting.site.market.job(run.job)
            cost = await run.cost()
            verdict = await run.result(seconds=20)
            assert not await run.stop()
            fetched = await run.fetch(verdict, renting.folder / "out")
            await renting.until_closed(run.job)
            assert await run.cost() == cost
    used = stopped.ends_at - stopped.started_at
    assert bytes(renting.log) == b"--- attempt 1\nbegins with --epochs 3 hello\nends\n"
    assert (told.status, verdict.status, verdict.value) == (0, 0, {"exit_code": 0})
    assert verdict.says(told)
    assert [path.relative_to(renting.folder / "out").as_posix() for path in fetched.files] == [
        "metrics.json",
        "model/weights.bin",
    ]
    assert (renting.folder / "out/model/weights.bin").read_bytes() == bytes(range(256)) * 100
    # 65 minutes of two hours, each base unit of it accounted for.
    assert used == 3_900
    due = terms.price * used // (2 * HOUR)
    fee = -(-due * 25 // 10_000)
    assert (cost.paid.base, cost.refund.base) == (due + terms.fee, terms.price - due)
    after = renting.site.money()
    assert after.renter == before.renter - due - terms.fee
    assert after.supplier == before.supplier + due - fee
    assert after.fees == before.fees + fee + terms.fee


async def test_of_a_short_run_the_first_hour_is_paid(renting: Renting) -> None:
    before = renting.site.money()
    async with at_work(renting.site):
        run = await renting.book(renting.script())
        terms = renting.site.market.job(run.job)
        async with run:
            await renting.follow(run)
            await run.stop()
            cost = await run.cost()
        await renting.until_closed(run.job)
    assert cost.first_hour
    assert renting.site.money().renter == before.renter - terms.price // 2 - terms.fee
    assert cost.paid.base == terms.price // 2 + terms.fee


async def test_results_are_had_by_anybody_when_the_job_is_closed(renting: Renting) -> None:
    async with at_work(renting.site):
        async with await renting.book(renting.script()) as run:
            await renting.follow(run)
            renting.site.market.world.advance(60)
            await run.stop()
            await run.result(seconds=20)
        await renting.until_closed(run.job)
    stranger = AsyncClient.local(network=renting.site.market.world.client.network, funds=SOL(0))
    async with AsyncRun(stranger, renting.gateway, run.job) as later:
        verdict = await later.result()
        fetched = await later.fetch(verdict, renting.folder / "later")
        log = bytearray()
        assert await later.log(log.extend) is False
    assert len(fetched.files) == 2
    assert log == renting.log


async def test_a_program_that_fails_tells_its_exit_code_and_its_traceback(renting: Renting) -> None:
    async with at_work(renting.site), await renting.book(renting.script(FAILS)) as run:
        told = await renting.follow(run)
        renting.site.market.world.advance(60)
        await run.stop()
        verdict = await run.result(seconds=20)
    assert (told.status, told.exit_code, verdict.status) == (3, 3, 3)
    assert verdict.reason is FailureReason.WORKLOAD
    assert b"about to fail" in renting.log
    assert b'raise ValueError("the data is wrong")\nValueError: the data is wrong\n' in renting.log


async def test_a_program_whose_time_is_over_is_ended(renting: Renting) -> None:
    before = renting.site.money()
    async with at_work(renting.site):
        env = {"WAITS_FOR": str(renting.folder / "never")}
        async with await renting.book(renting.script(), env=env, seconds=HOUR) as run:
            terms = renting.site.market.job(run.job)
            following = asyncio.create_task(renting.follow(run))
            await renting.until_logged(b"begins")
            await renting.spend(HOUR)
            verdict = await following
            assert not await run.stop()
        await renting.until_closed(run.job)
    assert (verdict.reason, verdict.status, verdict.exit_code) == (FailureReason.OUT_OF_TIME, 124, None)
    assert renting.site.money().renter == before.renter - terms.price - terms.fee


async def test_a_gateway_and_a_worker_that_are_restarted_lose_nothing_of_the_log(renting: Renting) -> None:
    site, go = renting.site, renting.folder / "go"
    env = {"WAITS_FOR": str(go)}
    async with at_work(site), await renting.book(renting.script(), env=env) as run:
        following = asyncio.create_task(renting.follow(run))
        await renting.until_logged(b"begins")
        await site.gateway.stop()
        go.touch()
        for _ in range(200):
            if any("the job goes on" in text for text in renting.told):
                break
            await asyncio.sleep(0.1)
        assert not following.done()
        await site.gateway.start()
        told = await following
        site.market.world.advance(60)
        await run.stop()
        verdict = await run.result(seconds=40)
    assert bytes(renting.log) == b"--- attempt 1\nbegins with \nends\n"
    assert any("the job goes on" in text for text in renting.told)
    assert verdict.ok
    assert verdict.says(told)


async def test_a_renter_who_comes_back_reads_the_log_from_its_beginning(renting: Renting) -> None:
    go = renting.folder / "go"
    async with at_work(renting.site):
        env = {"WAITS_FOR": str(go)}
        async with await renting.book(renting.script(), env=env) as first:
            following = asyncio.create_task(renting.follow(first))
            await renting.until_logged(b"begins")
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        renting.log.clear()
        async with renting.attach(first.job, renting.key) as second:
            assert await second.log(renting.log.extend) is True
            assert bytes(renting.log) == b"--- attempt 1\nbegins with \n"
            go.touch()
            verdict = await second.follow(renting.log.extend, start=len(renting.log))
    assert bytes(renting.log) == b"--- attempt 1\nbegins with \nends\n"
    assert verdict.ok


async def test_nobody_else_reads_a_log_that_still_grows(renting: Renting) -> None:
    env = {"WAITS_FOR": str(renting.folder / "never")}
    async with at_work(renting.site), await renting.book(renting.script(), env=env) as run:
        following = asyncio.create_task(renting.follow(run))
        await renting.until_logged(b"begins")
        following.cancel()
        log = bytearray()
        async with renting.attach(run.job) as stranger:
            with pytest.raises(RunUnreachable, match="renter's keypair"):
                await stranger.log(log.extend)
    assert not log


async def test_what_a_node_cannot_run_is_cancelled_at_the_price_of_the_time_held(renting: Renting) -> None:
    before, why = (
        renting.site.money(),
        r"is refused by its node: placement: resources\.gpus: this node gives jobs 0 GPUs, not 1 GPU; ask",
    )
    # The machine has no GPU, whatever its class says.
    async with at_work(renting.site), await renting.book(renting.script(), gpus=1) as run:
        with pytest.raises(NotRun, match=why) as bad:
            await renting.follow(run)
        assert bad.value.refused
        await run.cancel()
    assert await run.account() is None
    # The booking fee, which is the least.
    assert before.renter - renting.site.money().renter == -(-202_020_203 * 25 // 10_000)
    assert len(fetched(renting)) == 1, "the manifest, and not the program"


async def test_no_file_is_fetched_beyond_the_size_that_is_stated(renting: Renting) -> None:
    digest = renting.site.store.put(bytes(9_000))
    renting.ready()
    async with renting.launching(renting.script()) as launching:
        offered = await launching.offer()
        inputs = (Input("data", digest.hex(), 8_999),)
        offered = replace(offered, manifest=replace(offered.manifest, inputs=inputs))
        await launching.upload(offered)
        run = await launching.book(offered, patience=2.0)
        await launching.deliver()
    async with at_work(renting.site), run:
        with pytest.raises(NotRun, match="has 9000 bytes; at most 8999 are wanted"):
            await renting.follow(run)
    assert digest not in fetched(renting)


def fetched(renting: Renting) -> set[bytes]:
    """Hashes of what the machine has brought into its own store."""
    site = renting.site
    objects = site.root / site.market.alice.name / "store" / "objects"
    return {bytes.fromhex(path.parent.name + path.name) for path in objects.glob("*/*") if path.is_file()}


async def test_without_a_node_the_nearest_is_named(renting: Renting) -> None:
    renting.ready()
    node, script = renting.site.market.alice.node, renting.script()

    async def refused(**wish: Any) -> str:
        async with renting.launching(script, **wish) as launching:
            with pytest.raises(NoNode) as bad:
                await launching.offer()
        assert "\n" not in str(bad.value)
        return str(bad.value)

    assert await refused(max_rate=USD("1.5")) == (
        "none of the 1 nodes of class test can be booked as wished; the nearest, "
        f"{node}, costs 2 USD per processor and hour, more than 1.5 USD"
    )
    assert "is in region 276 and has 80 GiB of memory" in await refused(region=840, memory_gib=96)
    assert "is rented for 1 h to 1 d" in await refused(seconds=48 * HOUR)
    assert await refused(class_id=OTHER_CLASS) == ("nobody offers a node of class test now; free are: test")
    assert await refused(node=Keypair().pubkey()) != ""
    renting.site.book(HOUR)
    assert f"{node}, is booked until 2027-" in await refused()
    renting.site.market.world.advance(12 * HOUR)
    assert "has passed its latest compute proof 1" in await refused(class_id=CLASS)


async def test_who_has_too_little_books_nothing(renting: Renting) -> None:
    renting.ready()
    poor = AsyncClient.local(network=renting.site.market.world.client.network, signer=Keypair(), funds=SOL(1))
    async with renting.launching(renting.script(), client=poor) as launching:
        offered = await launching.offer()
        with pytest.raises(NotEnough, match=r"the deposit is 2\.02525254 IO, you have 0 IO"):
            await launching.check_funds(offered)


async def test_a_node_that_was_taken_meanwhile_or_is_dearer_now_is_not_booked(renting: Renting) -> None:
    renting.ready()
    async with renting.launching(renting.script()) as launching:
        offered = await launching.offer()
        await launching.upload(offered)
        renting.site.market.set_price(IO_MINT, 150_000_000, confidence=10_000)
        with pytest.raises(NoNode, match="now, more than"):
            await launching.book(offered)
        renting.ready()
        renting.site.book(HOUR)
        with pytest.raises(NoNode, match="is booked until"):
            await launching.book(offered)
    assert len(await renting.client.jobs.find_jobs(renter=renting.key.pubkey())) == 1


async def test_a_booking_of_unknown_outcome_is_looked_for_and_not_repeated(
    renting: Renting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "GIVE_UP", 1.0)
    monkeypatch.setattr(sending, "POLL", 0.05)
    network = renting.site.market.world.client.network
    silent = on(STATUS, lambda asked: asked.error(-32603, "Internal error"))
    with FaultProxy(network, silent) as proxy:
        client = AsyncClient(AsyncHttpTransport(proxy.url, retries=0), signer=renting.key)
        renting.ready()
        async with renting.launching(renting.script(), client=client) as launching:
            offered = await launching.offer()
            await launching.upload(offered)
            try:
                booked: Pubkey | None = (await launching.book(offered)).job
            except TransactionUnknown:
                booked = None
        await client.aclose()
    (job,) = await renting.client.jobs.find_jobs(renter=renting.key.pubkey())
    assert booked in (None, job.address)


def outcome(*names: str) -> tuple[StoredOutput, ...]:
    data = b"content"
    return tuple(StoredOutput(name, hashlib.sha256(data).digest(), len(data)) for name in names)


async def test_files_with_hostile_names_never_leave_the_folder(renting: Renting) -> None:
    store = AsyncHttpStore(renting.gateway, renting.key)
    await store.put(b"content")
    folder, outside = renting.folder / "out", renting.folder / "outside"
    outside.mkdir()
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    (folder / "file-link").symlink_to(outside / "target")
    (folder / "there.txt").write_text("mine")
    (folder / "same.txt").write_text("content")
    hostile = (
        "../up",
        "/etc/x",
        "a/../../up",
        "link/in",
        "file-link",
        "a\\b",
        "a\x1bb",
        "a//b",
        ".",
        "",
        "x" * 300,
    )
    good = ("deep/er/fine.txt", "same.txt")
    with pytest.raises(OutputsRefused) as bad:
        await fetch(store, outcome(*hostile, *good, "there.txt", "deep"), folder)
    assert len(bad.value.refused) == len(hostile) + 2
    assert [path.relative_to(folder).as_posix() for path in bad.value.files] == ["deep", "same.txt"]
    (folder / "deep").unlink()
    assert (folder / "there.txt").read_text() == "mine"
    assert list(outside.iterdir()) == []
    assert not (renting.folder / "up").exists()
    done = await fetch(store, outcome(*good, "there.txt"), folder, force=True)
    assert (folder / "there.txt").read_text() == "content"
    assert done.size == 21
    await store.aclose()


async def test_what_the_store_sends_is_checked_by_the_chains_hash(renting: Renting) -> None:
    site = renting.site
    async with at_work(site), await renting.book(renting.script()) as run:
        told = await renting.follow(run)
        site.market.world.advance(60)
        await run.stop()
        verdict = await run.result(seconds=20)
        assert verdict.digest is not None
        weights = next(item for item in verdict.outputs if item.name == "model/weights.bin")
        site.store.path(weights.sha256).write_bytes(bytes(25_600))
        with pytest.raises(StoreError, match="has the sha256"):
            await run.fetch(verdict, renting.folder / "out")
        assert not (renting.folder / "out/model/weights.bin").exists()
        forged: Any = {**canonical.decode(site.store.get(verdict.digest)), "outputs": []}  # type: ignore[dict-item]
        site.store.path(verdict.digest).write_bytes(canonical.encode(forged))
        with pytest.raises(StoreError, match="has the sha256"):
            await run.result()
    assert told.ok


async def test_sealed_results_are_for_the_renters_eyes_alone(renting: Renting) -> None:
    site = renting.site
    async with at_work(site), await renting.book(renting.script(), sealed=True) as run:
        await renting.follow(run)
        site.market.world.advance(60)
        await run.stop()
        verdict = await run.result(seconds=20)
        assert [item.name for item in verdict.outputs] == ["metrics.json.age", "model/weights.bin.age"]
        await run.fetch(verdict, renting.folder / "mine")
        async with AsyncRun(renting.client, renting.gateway, run.job) as stranger:
            fetched = await stranger.fetch(verdict, renting.folder / "theirs")
            with pytest.raises(StoreError, match="sealed for the renter"):
                await stranger.log(bytearray().extend)
        wrong = AsyncRun(renting.client, renting.gateway, run.job, key=Keypair(), connect=False)
        async with wrong as other:
            await other.fetch(verdict, renting.folder / "others")
        log = bytearray()
        async with AsyncRun(
            renting.client, renting.gateway, run.job, key=renting.key, connect=False
        ) as later:
            await later.log(log.extend)
    assert (renting.folder / "mine/model/weights.bin").read_bytes() == bytes(range(256)) * 100
    assert log == renting.log
    assert b"ends" in log
    for path in fetched.files:
        assert path.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert (renting.folder / "others/metrics.json").read_bytes().startswith(b"age-encryption.org/v1\n")
    stored = [path.read_bytes() for path in (site.store.root / "objects").glob("*/*") if path.is_file()]
    assert not any(b'0.97"' in data or b"begins with" in data for data in stored if b"PK" not in data[:2])
