"""`ionet orchestrator run` as it is run: its settings, a node over HTTP, a gateway, and its end."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.faults import PASS, Asked, FaultProxy, Raw
from tests.network.site import NetworkSite, free_port
from tests.programs.market import CLASS, IO_MINT, Market
from tests.programs.support import HOUR
from typer.testing import CliRunner

from ionet import SOL, ConfigError, events, ix, pda, types
from ionet.cli.app import app
from ionet.orchestrator import _service
from ionet.orchestrator._config import CONFIG_FILE, OrchestratorConfig
from ionet.orchestrator._files import GatewayFiles
from ionet.orchestrator._heartbeats import Heartbeats
from ionet.orchestrator._memory import MemoryHours
from ionet.orchestrator._service import Service, _digest_of, _measured_by
from ionet.orchestrator._status import OrchestratorStatus
from ionet.prover import _hour
from ionet.rewards import read_evidence, read_measures
from ionet.store import StoreError
from ionet.store.manifest import MAX_BYTES, FileStore
from ionet.wire import Peer, Refused, Role

_POLICY = {
    "challenge_m": 64,
    "challenge_k": 256,
    "challenge_rows": 4,
    "number_m": 64,
    "number_k": 256,
    "interval_ms": 200,
    "takeover": 1,
    "hour_most": 0,
}


class ServiceSite(NetworkSite):
    """`NetworkSite` whose node answers over HTTP, as services expect it."""

    #: Reports are made from events.
    MARKET = staticmethod(Market.whole)

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.server = self.market.world.client.network.serve(0)

    def key_file(self, key: Keypair, name: str) -> Path:
        path = self.root / f"{name}.json"
        path.write_text(json.dumps(list(bytes(key))))
        path.chmod(0o600)
        return path

    def config(self, number: int = 0, **changes: Any) -> OrchestratorConfig:
        key: Keypair = changes.pop("key", None) or self.market.attesters[number]
        self.market.world.client.network.airdrop(key.pubkey(), SOL(1).base)
        values: dict[str, Any] = {
            "path": self.root / f"service-{number}" / CONFIG_FILE,
            "rpc": (self.server.url,),
            "gateways": (self.gateway.http,),
            "keypair": self.key_file(key, f"seat-{number}"),
            "policy": _POLICY,
        }
        config = OrchestratorConfig(**{**values, **changes})
        config.save()
        return OrchestratorConfig.load(config.state, {})

    @asynccontextmanager
    async def service(self, config: OrchestratorConfig, *, jobs: bool = True) -> AsyncIterator[Service]:
        service, stop = Service(config, jobs=jobs), asyncio.Event()
        task = asyncio.create_task(service.run(stop))
        try:
            yield service
        finally:
            stop.set()
            await asyncio.wait_for(task, 30)

    async def until_attested(self, job: Pubkey) -> None:
        """Lets a little time pass until the job's result stands on the chain."""
        for _ in range(100):
            if any(self.market.job(job).result_hash):
                return
            await asyncio.sleep(0.15)
            self.market.world.advance(2)
        raise AssertionError("no result")

    async def until(self, true: Any, step: int = 60, steps: int = 400) -> None:
        """Lets time pass until something is so; the services do their part by themselves."""
        for _ in range(steps):
            if true():
                return
            await asyncio.sleep(0.1)
            self.market.world.advance(step)
        raise AssertionError("it did not come true in time")

    async def until_gone(self, job: Pubkey, step: int = 120) -> None:
        """Lets time pass until the job is closed; the services make their passes by themselves."""
        for _ in range(400):
            self.market.set_price(IO_MINT)
            if self.market.world.client.account(job) is None:
                return
            await asyncio.sleep(0.15)
            self.market.world.advance(step)
        raise AssertionError("the job is still open")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[ServiceSite]:
    site = ServiceSite(tmp_path)
    with site.server:
        await site.gateway.start()
        yield site
        await site.gateway.stop()


async def until(what: Any, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110 (what it waits for has no event)
            await asyncio.sleep(0.05)


async def test_a_service_serves_a_job_and_its_result_can_be_had_by_the_hash_on_the_chain(
    site: ServiceSite,
) -> None:
    job = site.book(HOUR)
    async with site.machine(site.market.alice), site.service(site.config()) as service:
        await site.until_attested(job)
        result = site.market.job(job).result_hash
        await until(lambda: result in site.store)
        assert json.loads(site.store.get(result))["value"] == {"sum": 14}
        await site.until_gone(job)
        status = service.status()
    assert site.runs == 1
    assert (status.seat, status.agents, status.problems.keys() - {"clock"}) == (0, 1, set())
    kept = OrchestratorStatus.load(service.config.state)
    assert kept is not None
    assert kept.address == str(site.market.attesters[0].pubkey())


async def test_who_pays_is_not_who_attests(site: ServiceSite) -> None:
    payer = Keypair()
    site.market.world.client.network.airdrop(payer.pubkey(), SOL(2).base)
    config = site.config(payer=site.key_file(payer, "payer"))
    seat = site.market.attesters[0].pubkey()
    before = await site.reader.balance(seat)
    job = site.book(HOUR)
    async with site.machine(site.market.alice), site.service(config):
        await site.until_gone(job)
    assert await site.reader.balance(seat) == before
    assert await site.reader.balance(payer.pubkey()) < SOL(2)


async def test_a_key_without_a_seat_waits_and_says_so(site: ServiceSite) -> None:
    stranger = Keypair()
    async with site.service(site.config(key=stranger)) as service:
        await until(lambda: "seat" in service.problems)
        assert str(stranger.pubkey()) in service.problems["seat"]
        assert service.status().seat is None


async def test_a_second_process_may_not_use_the_folder(site: ServiceSite) -> None:
    config = site.config()
    async with site.service(config) as service:
        await until(lambda: service.status().seat is not None)
        with pytest.raises(ConfigError, match="another orchestrator runs"):
            await Service(config).run(asyncio.Event())


async def test_another_network_is_refused(site: ServiceSite) -> None:
    config = site.config(genesis=str(Pubkey.default()))
    with pytest.raises(ConfigError, match="is of the network"):
        await Service(config).run(asyncio.Event())


async def test_an_idle_node_is_challenged_and_its_verdict_comes_into_its_account(site: ServiceSite) -> None:
    """What makes a node bookable: nobody has to do anything by hand."""
    world, seat = site.market.world, site.market.attesters[0].pubkey()
    seats = [types.proofs.Seat(seat, 3), types.proofs.Seat(site.market.attesters[1].pubkey(), 1)]
    world.send(ix.proofs.set_attesters(authority=world.deployer, seats=seats, threshold=3))
    before = site.market.node().last_proof.time
    async with site.machine(site.market.alice), site.service(site.config()) as service:
        await until(lambda: service.status().agents == 1)
        for _ in range(200):
            if site.market.node().last_proof.time > before:
                break
            await asyncio.sleep(0.15)
            world.advance(90)
        last = site.market.node().last_proof
        assert (last.passed, last.time > before, any(last.evidence_hash)) == (1, True, True)
        head = world.client.proofs.get_report(world.client.proofs.head())
        await until(lambda: head.evidence_hash in site.store)
        assert service.status().report == head.seq
        # Others ask the seat what it has measured, and find it at the gateway.
        async with Peer(site.market.attesters[1], Role.SEAT, [[site.gateway.url]]) as peer:
            digest = await _measured_by(peer, bytes(seat), head.seq)
            with pytest.raises(Refused, match="hour 0 is none of the last 192"):
                await _measured_by(peer, bytes(seat), 0)
        await until(lambda: digest in site.store)
        found, refused = read_measures(site.store.path(digest), head.period_end)
        assert [(item.attester, item.node) for item in found] == [
            (bytes(seat), bytes(site.market.alice.node))
        ]
        assert not refused


async def test_a_seat_collects_signed_products_where_its_settings_say_so(site: ServiceSite) -> None:
    world, seat = site.market.world, site.market.attesters[0].pubkey()
    world.advance(HOUR - (world.now - world.mint_config.start) % HOUR)
    seq = (world.now - world.mint_config.start) // HOUR + 1
    place = pda.proofs.hour(seq)
    config = site.config(policy={**_POLICY, "hour_most": 10, "hour_m": 64, "hour_k": 256}, reports=False)
    async with site.machine(site.market.alice), site.service(config):
        await site.until(lambda: world.client.account(place), step=1)
        # Other challenges may have the device for a moment; it is asked again after a minute.
        await site.until(lambda: any((config.state / "products").glob("*.entries")), step=20, steps=40)
        async with Peer(site.market.attesters[1], Role.SEAT, [[site.gateway.url]]) as peer:
            with pytest.raises(Refused, match=f"this seat shows no list of hour {seq}"):
                await _digest_of(peer, bytes(seat), "products", seq)
            await site.until(lambda: world.client.proofs.get_hour(seq).committed)
            digest = await _digest_of(peer, bytes(seat), "products", seq)
        await until(lambda: digest in site.store)
        entry = site.store.path(digest).read_bytes()
        hour = world.client.proofs.get_hour(seq)
        assert (len(entry), hour.counts[0]) == (200, 1)
        assert hour.roots[0] == sha256(b"\0ionet:hour" + entry).digest()


async def test_a_seat_asks_for_memory_where_its_settings_say_so(
    site: ServiceSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = site.market.world
    monkeypatch.setattr(_hour, "_MEMORY_HOURS", 1)
    world.advance(HOUR - (world.now - world.mint_config.start) % HOUR)
    asking = {"hour_most": 10, "hour_m": 64, "hour_k": 256, "hour_memory_mib": 1}
    config = site.config(policy={**_POLICY, **asking}, reports=False)
    made: list[MemoryHours] = []

    class Kept(MemoryHours):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            made.append(self)

    monkeypatch.setattr(_service, "MemoryHours", Kept)
    async with site.machine(site.market.alice), site.service(config):
        # Beside idle challenges, counting and the hour's product.
        await site.until(lambda: made and made[0].passed, step=10)
    assert made[0].failed == 0


async def test_a_seat_states_the_hours_that_its_heartbeats_have_counted(
    site: ServiceSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, key = site.market.world, site.market.attesters[0]
    made: list[Heartbeats] = []

    class Kept(Heartbeats):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            made.append(self)

    monkeypatch.setattr(_service, "Heartbeats", Kept)
    monkeypatch.setattr(_service, "_LOOK_EVERY", 0.02)
    monkeypatch.setattr(_service, "_HEARTBEATS_EVERY", 0.02)
    world.advance(HOUR - (world.now - world.mint_config.start) % HOUR - 60)
    seq = (world.now - world.mint_config.start) // HOUR + 2
    node = bytes(site.market.alice.node)
    async with site.machine(site.market.alice), site.service(site.config(), jobs=False) as service:
        await until(lambda: service.status().agents == 1, 60)
        # Whatever a gateway announces as nodes.
        device = bytes(site.market.alice.device_key.pubkey())
        others = [bytes(pda.mint.CONFIG), bytes(pda.mint.MINT), bytes(Keypair().pubkey())]
        assert await service._devices_of([*others, node]) == {node: device}
        assert await service._classes_of([*others, node]) == {node: CLASS}
        # Each minute of the hour is looked at.
        for _ in range(62):
            await until(lambda: bool(made) and made[0]._last == world.now, 60)
            world.advance(60)
        async with Peer(site.market.attesters[1], Role.SEAT, [[site.gateway.url]]) as peer:
            assert await peer.wait_connected(60)
            digest = await _measured_by(peer, bytes(key.pubkey()), seq)
        # Files that a seat has not sent when it ends wait for its next process.
        await until(lambda: digest in site.store)
    end = world.mint_config.start + seq * HOUR
    (found,), _ = read_measures(site.store.path(digest), end)
    assert found.word is not None
    # The seat has just begun to count: the hour itself, and for those before the device's word.
    assert (found.node, found.up_hours) == (node, max(1, found.word.up_hours))


@pytest.mark.parametrize("co_staked", [False, True])
async def test_a_node_that_is_up_earns_and_is_credited(site: ServiceSite, co_staked: bool) -> None:
    """What a supplier is there for: the agent is on, and the reward comes.

    While stake of somebody else has still to begin, the program takes the hours in their order only.
    """
    world, seat = site.market.world, site.market.attesters[0].pubkey()
    seats = [types.proofs.Seat(seat, 1), types.proofs.Seat(Pubkey.default(), 0)]
    world.send(ix.proofs.set_attesters(authority=world.deployer, seats=seats, threshold=1))
    world.client.proofs.set_params(up_hours=2, hold=0, challenge_window=6 * HOUR).send()
    if co_staked:
        site.market.co_stake(site.market.carol, 5)
    async with site.machine(site.market.alice), site.service(site.config()) as service:
        await until(lambda: service.status().agents == 1)
        await site.until(lambda: (service.status().report or 0) >= 4, 100)
        head = world.client.proofs.get_report(world.client.proofs.head())
        await until(lambda: head.evidence_hash in site.store)
        world.advance(6 * HOUR)
        await site.until(lambda: site.market.node().credited_height >= 4, 30, 1_000)
    evidence = read_evidence(site.store.path(head.evidence_hash))
    # The machine was turned on in the first of four hours.
    assert [row.up_hours for row in evidence.hour.rows()] in ([2], [3])
    node = site.market.node()
    assert node.credited > 0
    assert (node.own.due, node.co.owed) == (node.credited, 0)


async def test_a_node_and_a_gateway_that_were_away_are_found_again_and_cost_nobody_anything(
    site: ServiceSite,
) -> None:
    """The answer to the start is lost; then the chain and the gateway are away for ten minutes of the job."""
    job, away, lost = site.book(HOUR), False, False
    terms, before = site.market.job(job), site.money()

    def mode(asked: Asked) -> Any:
        nonlocal lost
        if away:
            return Raw(503)
        if lost or asked.method != "sendTransaction":
            return PASS
        answer = asked.forward()
        lost = site.market.job(job).started_at > 0
        return Raw(503) if lost else answer

    async def pass_minutes(count: int) -> None:
        """While the node samples by itself, however fast this machine is."""
        for _ in range(count):
            site.market.world.advance(60)
            await until(lambda: (agent.facts.last_sample_at or 0) >= site.now, 60)

    with FaultProxy(site.market.world.client.network, mode) as node:
        config = site.config(rpc=(node.url,))
        async with site.machine(site.market.alice) as agent, site.service(config) as service:
            await site.until_attested(job)
            assert lost
            await site.gateway.stop()
            away = True
            await until(lambda: "chain" in service.problems, 60)
            await pass_minutes(10)
            away = False
            await site.gateway.start()
            await until(lambda: not service.problems.keys() & {"chain", "gateways", "jobs"}, 60)
            await pass_minutes((site.market.job(job).ends_at - site.now) // 60)
            await site.until_gone(job)
            await until(lambda: not service.problems.keys() & {"chain", "gateways", "jobs"}, 60)
    client = site.market.world.client
    told = [event for signature in client.history(job) for event in client.transaction(signature).events]
    assert sum(isinstance(event, events.jobs.Started) for event in told) == 1
    assert site.runs == 1
    fee = -(-terms.price * 25 // 10_000)
    assert site.money().supplier == before.supplier + terms.price - fee


@contextmanager
def process(config: OrchestratorConfig, group: str = "orchestrator") -> Iterator[subprocess.Popen[bytes]]:
    """An orchestrator in a process of its own, which is killed unless it has ended."""
    command = "from ionet.cli import main; main()"
    line = [sys.executable, "-c", command, group, "run", "--state", str(config.state)]
    with (config.state / "log").open("ab") as log:
        running = subprocess.Popen(line, stderr=log)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def serves(running: subprocess.Popen[bytes], config: OrchestratorConfig) -> bool:
    """Whether the process has said of itself, in its status, that it holds the first seat."""
    status = OrchestratorStatus.load(config.state)
    return status is not None and (status.pid, status.seat) == (running.pid, 0)


async def test_a_killed_process_goes_on_where_it_was_and_a_terminated_one_ends_by_itself(
    site: ServiceSite,
) -> None:
    config = site.config(json_logs=True)
    job = site.book(HOUR)
    terms, before = site.market.job(job), site.money()
    async with site.machine(site.market.alice):
        for pause in (2.5, 4.0, 3.2):
            with process(config):
                await asyncio.sleep(pause)
                site.market.world.advance(100)
        with process(config) as running:
            # Slowly, for a process needs seconds to begin, and a job that nobody starts in time ends unpaid.
            # Yet time has to pass: the job may be this seat's to start only after the other's turn.
            await site.until(lambda: site.runs == 1, 1)
            # Slowly: where the machine is busy, samples of a faster time would lie too far apart.
            await site.until_gone(job, step=30)
            assert not running.poll()
            running.terminate()
            assert await asyncio.to_thread(running.wait, 30) == 0
    assert site.runs == 1
    fee = -(-terms.price * 25 // 10_000)
    assert site.money().supplier == before.supplier + terms.price - fee
    lines = [json.loads(line) for line in (config.state / "log").read_text().splitlines()]
    why = {line["step"]: line["detail"] for line in lines if "step" in line}
    assert why["start"].startswith("its nodes are held for it: ")
    assert why["attest"].startswith("its time is over: ")
    assert why["complete"].startswith("its time is over, and enough seats have judged all of it")
    assert why["close"].startswith("everybody is paid, and the time for disputes is over: ")
    # Where nobody watches, a page that refreshes would never end.
    status = CliRunner().invoke(app, ["orchestrator", "status", "--state", str(config.state)])
    assert status.exit_code == 3
    assert "NOT RUNNING" in status.output
    assert "Latest steps:" in status.output


async def test_reports_are_served_alone_and_killed_processes_go_on(site: ServiceSite) -> None:
    """Two seats of which both have to agree; one is a process that is killed, and neither serves a job."""
    world, port = site.market.world, free_port()
    seats = [types.proofs.Seat(key.pubkey(), 1) for key in site.market.attesters]
    world.send(ix.proofs.set_attesters(authority=world.deployer, seats=seats, threshold=2))
    other = site.config(1, metrics=("127.0.0.1", port))
    config, job = site.config(json_logs=True), site.book(HOUR)
    async with site.machine(site.market.alice), site.service(other, jobs=False) as service:
        await until(lambda: service.status().agents == 1)
        world.advance(HOUR)
        for pause in (2.0, 3.5):
            with process(config, "report"):
                await asyncio.sleep(pause)
                world.advance(100)
        with process(config, "report") as running:
            # Those killed may have done all there was to do: this one is asked once it says that it serves.
            await until(lambda: serves(running, config), 60)
            await site.until(lambda: world.client.proofs.get_config().head >= 1, 60, 600)
            assert running.poll() is None
            text = await asyncio.to_thread(
                lambda: httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
            )
            line = ["report", "status", "--state", str(config.state), "--output", "json"]
            shown = await asyncio.to_thread(CliRunner().invoke, app, line)
            running.terminate()
            assert await asyncio.to_thread(running.wait, 30) == 0
    reports = [keyed.account for keyed in world.client.proofs.reports()]
    approved = [report for report in reports if report.approved_at]
    # Each hour has one, of both; what both have made of an hour is the other's to approve, not their own.
    assert len({report.seq for report in approved}) == len(approved) >= 1
    assert {report.weight for report in approved} == {2}
    assert site.market.job(job).started_at == 0
    steps = [line for line in text.splitlines() if line.startswith("ionet_orchestrator_report_steps_total")]
    assert any('step="report"' in line or 'step="approve"' in line for line in steps)
    page = json.loads(shown.stdout)
    assert (page["seat"], page["jobs"], page["gone"]) == (0, {}, None)


async def test_metrics_and_status_tell_what_happens(site: ServiceSite) -> None:
    port = free_port()
    asking = {"hour_most": 1, "hour_m": 64, "hour_k": 256, "hour_memory_mib": 1}
    config = site.config(metrics=("127.0.0.1", port), policy={**_POLICY, **asking})
    job = site.book(HOUR)
    async with site.machine(site.market.alice), site.service(config) as service:
        await site.until_attested(job)
        await service._save()
        text = await asyncio.to_thread(lambda: httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text)
        line = ["orchestrator", "status", "--state", str(config.state), "--output", "json"]
        shown = await asyncio.to_thread(CliRunner().invoke, app, line)
    said = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    name = "ionet_orchestrator_"
    assert said[f'{name}jobs{{phase="running"}}'] == "1.0"
    assert said[f'{name}steps_total{{kind="start",outcome="done"}}'] == "1.0"
    assert float(said[f'{name}attested_seconds_total{{as="good"}}']) > 0
    assert float(said[f'{name}rpc_requests_total{{method="getProgramAccounts"}}']) > 0
    assert said[f"{name}seated"] == "1.0"
    for asked in ("number_challenges", "memory_questions"):
        assert {
            f'{name}{asked}_total{{outcome="{outcome}"}}' for outcome in ("passed", "failed")
        } <= said.keys()
    page = json.loads(shown.stdout)
    assert (page["seat"], page["jobs"], page["gone"]) == (0, {"running": 1}, None)
    # The market's clock is not this machine's.
    assert page["problems"]["clock"].endswith(" this machine's; the chain's counts")


async def test_a_booking_is_seen_when_the_node_announces_it(site: ServiceSite) -> None:
    """Passes are minutes apart here."""
    config = site.config(policy={**_POLICY, "interval_ms": 600_000})
    async with site.machine(site.market.alice), site.service(config) as service:
        await until(lambda: service.status().agents == 1 and service.status().passed_at)
        await asyncio.sleep(1)
        job = site.book(HOUR)
        for _ in range(60):
            if site.market.job(job).started_at:
                break
            await asyncio.sleep(0.5)
            site.market.world.advance(1)
        assert site.market.job(job).started_at


async def test_a_file_that_is_larger_than_a_manifest_is_not_fetched(
    site: ServiceSite, tmp_path: Path
) -> None:
    digest = site.store.put(bytes(MAX_BYTES + 1))
    store = FileStore(tmp_path / "seat-store")
    files = GatewayFiles([site.gateway.http], site.market.attesters[0], store)
    with pytest.raises(StoreError, match="at most"):
        await files.fetch_manifest(digest)
    assert digest not in store
    await files.aclose()
