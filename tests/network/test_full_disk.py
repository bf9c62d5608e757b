"""A disk that fills up under gateway, orchestrator and worker while a job runs, and has room again later."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx
import pytest
from tests.network.site import free_port
from tests.network.test_service import ServiceSite
from tests.programs.market import IO_MINT
from tests.programs.support import HOUR

from ionet import pda, types
from ionet.orchestrator._config import OrchestratorConfig
from ionet.store import AsyncHttpStore
from ionet.store.manifest import Command, Manifest, RuntimeEnv
from ionet.worker import Limits, NodeConfig, WorkerConfig

_SIZE: Final = 24 << 20
_WAITS: Final = """
import os, sys, time
print("begun", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
print("done", flush=True)
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=700", "tmpfs", str(place)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        why = f"a small disk takes root, and the right to mount: {done.stderr.strip()}"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Not a byte is left on the disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 512, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    try:
        yield
    finally:
        filler.unlink()


def fills(disk: Path) -> bool:
    """Whether nothing can be written there; what was deleted meanwhile is filled up, too."""
    state = os.statvfs(disk)
    if state.f_bavail:
        with (disk / "filler").open("ab", buffering=0) as file, suppress(OSError):
            file.write(bytes(state.f_bavail * state.f_frsize))
    return not os.statvfs(disk).f_bavail


class Services:
    """Three processes whose state is on one disk.

    Attributes:
        said: the file of what each has logged, by its name.
    """

    def __init__(self, site: ServiceSite, disk: Path, stack: ExitStack) -> None:
        self.site, self.disk, self.stack = site, disk, stack
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.said: dict[str, Path] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def begin(self, name: str, *command: str) -> None:
        log = self.said[name] = self.site.root / f"{name}.log"
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([".", *sys.path]),
            # A gateway refuses files before its disk is full; here it may not see that coming.
            "IONET_GATEWAY_FILES_SPARE": "1",
        }
        process = subprocess.Popen(
            [sys.executable, *command],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=self.stack.enter_context(log.open("wb")),
        )
        self.processes[name] = process
        self.stack.callback(self._end, process)

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def begin_all(self) -> None:
        run = ("-c", "from ionet.cli import main; main()")
        rpc, listen = self.site.server.url, f"127.0.0.1:{self.port}"
        options = ("--listen", listen, "--rpc", rpc, "--metrics", "")
        self.begin("gateway", *run, "gateway", "run", "--state", str(self.disk / "gateway"), *options)
        seat = self.site.config(gateways=(self.url,), reports=False)
        config = OrchestratorConfig(
            self.disk / "seat/config.toml",
            seat.rpc,
            seat.gateways,
            seat.keypair,
            reports=False,
            policy={**seat.policy, "max_gap": 600},
        )
        config.save()
        self.begin("orchestrator", *run, "orchestrator", "run", "--state", str(config.state))
        alice = self.site.market.alice
        worker = WorkerConfig(
            path=self.disk / "worker/config.toml",
            owner=alice.key,
            rpc=(rpc,),
            gateways=(self.url,),
            nodes=(NodeConfig(alice.name, 0, "RTX 4090", self.site.key_file(alice.device_key, "device")),),
            limits=Limits(1, 4, 1),
        )
        worker.save()
        self.begin("worker", "-m", "tests.network.inline_worker", str(worker.state))

    def alive(self) -> list[str]:
        return [name for name, process in self.processes.items() if process.poll() is None]


@pytest.fixture
async def services(tmp_path: Path, disk: Path) -> AsyncIterator[Services]:
    site = ServiceSite(tmp_path)
    with site.server, ExitStack() as stack:
        services = Services(site, disk, stack)
        services.begin_all()

        def answers() -> bool:
            with suppress(httpx.HTTPError):
                return httpx.get(f"{services.url}/").status_code < 500
            return False

        async with asyncio.timeout(60):
            while not await asyncio.to_thread(answers):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        yield services


async def test_a_full_disk_ends_nothing_and_costs_nothing(
    services: Services, disk: Path, tmp_path: Path
) -> None:
    site, go = services.site, tmp_path / "go"
    market = site.market
    manifest = Manifest(Command(("python", "-c", _WAITS, str(go))), runtime_env=RuntimeEnv())
    store = AsyncHttpStore(services.url, market.renter)
    await store.put(manifest.to_bytes())
    market.set_price(IO_MINT)
    args = types.jobs.BookArgs(
        nonce=market.offer().nonce + 1,
        seconds=HOUR,
        max_deposit=2**64 - 1,
        manifest_hash=manifest.hash,
    )
    before = site.money()
    market.send(market.booking(mint=IO_MINT, args=args))
    job = pda.jobs.job(market.alice.offer, args.nonce)
    terms = market.job(job)
    logs = disk / "worker/leases"

    def begun() -> bool:
        return any("begun" in path.read_text() for path in logs.rglob("run.log"))

    await site.until(begun, 2)
    with full(disk):
        for _ in range(10):
            assert fills(disk)
            await asyncio.sleep(0.3)
            market.world.advance(30)
        # It ends now, and nothing of that can be kept.
        go.touch()
        for _ in range(10):
            fills(disk)
            await asyncio.sleep(0.3)
        assert services.alive() == ["gateway", "orchestrator", "worker"]
        assert b"No space left" in services.said["worker"].read_bytes()
    await site.until_attested(job)
    result = market.job(job).result_hash
    await site.until_gone(job, 150)
    assert services.alive() == ["gateway", "orchestrator", "worker"]
    after = site.money()
    fee = -(-terms.price * 25 // 10_000)
    assert after.supplier - before.supplier == terms.price - fee
    assert before.renter - after.renter == terms.price + terms.fee
    document = await store.get_bytes(result)
    assert b'"reason":null' in document
    await store.aclose()
