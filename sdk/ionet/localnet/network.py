"""The network's processes on this machine, for a local node: a gateway, an orchestrator and workers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import Client, load_keypair
from ionet.chain.errors import IonetError
from ionet.chain.files import key_folder
from ionet.executor import lease_boxes
from ionet.localnet.nodes import COMMISSION_BPS, offer_node
from ionet.overlay import missing as no_overlay
from ionet.overlay import reap as reap_overlays
from ionet.sandbox import BOXES, image, missing
from ionet.staking.classes import HardwareClass, hardware_classes
from ionet.worker import Device, DeviceKey, WorkerConfig, probe
from ionet.worker._config import GIB, Limits, NodeConfig

_MAX_GAP: Final = 180
#: In the folder: the processes' ids by name.
PROCESSES: Final = "processes.json"
_OWNERS: Final = ("alice", "bob", "carol")
#: Seconds for the gateway to come up, and until a process that has ended is started again.
_COMING_UP: Final = 30.0
_AGAIN: Final = 2.0
_GRACE: Final = 20.0
#: UDP ports of the gateway's relays: leases of several nodes at once.
_RELAYS: Final = 4
_LAST_PORT: Final = 65_535
#: The child asks to be told to end (1: PR_SET_PDEATHSIG) when this process ends, however that happens.
_MORTAL: Final = "import ctypes; ctypes.CDLL(None).prctl(1, 15); " if sys.platform == "linux" else ""
_RUN: Final = (sys.executable, "-c", f"{_MORTAL}from ionet.cli import main; main()")


class NetworkError(IonetError):
    """A process of the local network does not come up; the message says which, and where its log is."""


@dataclass(slots=True)
class _Part:
    """One process."""

    name: str
    command: tuple[str, ...]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    ended_at: float = 0.0
    restarts: int = 0


@dataclass(slots=True)
class LocalNetwork:
    """The processes, and the nodes that they serve.

    Attributes:
        folder: where their settings, states and logs are; what an earlier network left there is removed.
        url: the local node's.
        keys: the market's people.
        key_files: their keypair files.
        gateway: the gateway's URL.
        nodes: the nodes' addresses, by their owners' names.
        published: hashes of files that the seat had made before the processes begin.
        unboxed: why jobs run as plain processes; None where they run in boxes.
        alone: why no lease has several nodes; None where one may.
    """

    folder: Path
    url: str
    keys: Mapping[str, Keypair]
    key_files: Mapping[str, Path]
    gateway: str
    nodes: dict[str, Pubkey] = field(default_factory=dict)
    published: Sequence[bytes] = ()
    unboxed: str | None = None
    alone: str | None = None
    _parts: list[_Part] = field(default_factory=list)

    @classmethod
    def make(
        cls,
        client: Client,
        folder: Path,
        url: str,
        keys: Mapping[str, Keypair],
        key_files: Mapping[str, Path],
        port: int = 0,
        speed: int = 1,
        workers: int = 2,
    ) -> LocalNetwork:
        """Registers the nodes, stakes on them, offers them, and writes the processes' settings.

        Args:
            client: of the local node; its signer is the programs' authority.
            folder: for the processes; what is in it is removed.
            url: the local node's.
            keys: the market's people, by name.
            key_files: their keypair files.
            port: the gateway's; 0: any.
            speed: how fast the chain's clock runs, beside this machine's.
            workers: how many run, 1 to 3.
        """
        shutil.rmtree(folder, ignore_errors=True)
        key_folder(folder)
        why = missing()
        if why is None and image() is None:
            why = "there is no image; scripts/setup --sandbox builds it"
        network = cls(folder, url, keys, key_files, f"http://127.0.0.1:{port or free_port()}", unboxed=why)
        network.alone = why or no_overlay()
        network._add("gateway", "gateway", "run", *network._gateway_options())
        network._make_orchestrator(speed)
        devices = network._devices(workers)
        for number, (owner, device) in enumerate(zip(_OWNERS, devices, strict=False), start=1):
            network._make_worker(client, owner, number, len(devices), device)
        return network

    @property
    def seat(self) -> Path:
        """The orchestrator's folder."""
        return self.folder / "orchestrator"

    # -- its making

    @staticmethod
    def _devices(count: int) -> Sequence[Device]:
        """So many devices; where there is only the processor, all workers share it."""
        devices = probe().devices
        return devices[:count] if devices[0].pool == "gpu" else (devices[0],) * count

    def _gateway_options(self) -> tuple[str, ...]:
        listen = self.gateway.removeprefix("http://")
        state = str(self.folder / "gateway")
        first = min(free_port(), _LAST_PORT - _RELAYS)
        relays = () if self.alone else ("--relays", f"127.0.0.1:{first}-{first + _RELAYS - 1}")
        return ("--listen", listen, "--state", state, "--rpc", self.url, "--metrics", "", *relays)

    def _make_orchestrator(self, speed: int) -> None:
        from ionet.orchestrator._config import CONFIG_FILE, OrchestratorConfig

        state = self.seat
        OrchestratorConfig(
            path=state / CONFIG_FILE,
            rpc=(self.url,),
            gateways=(self.gateway,),
            keypair=self.key_files["attester"].absolute(),
            policy={
                "interval_ms": 1_000,
                "challenge_m": 512,
                "challenge_k": 1_024,
                # The chain's clock runs faster, this machine does not.
                "max_gap": _MAX_GAP * speed,
                # Its windows of minutes would be missed by such a clock.
                "hour_most": 0,
            },
        ).save()
        self._add("orchestrator", "orchestrator", "run", "--state", str(state))

    def _make_worker(self, client: Client, owner: str, number: int, count: int, device: Device) -> None:
        state = self.folder / f"worker-{number}"
        key_folder(state)
        key = DeviceKey.load_or_create(state / "device.json")
        kind = _class_of(device)
        # The local network's name for it: two workers may share this machine's processor.
        node = NodeConfig(
            device.uuid,
            device.index,
            kind.name,
            key.path or state / "device.json",
            COMMISSION_BPS,
            network=client.address,
            machine=f"localnet-{number}",
        )
        parts = max(1, count)
        memory = max(1, _memory() // (2 * GIB * parts))
        disk = max(4, shutil.disk_usage(self.folder).free // (4 * GIB * parts))
        config = WorkerConfig(
            path=state / "config.toml",
            owner=self.keys[owner].pubkey(),
            rpc=(self.url,),
            gateways=(self.gateway,),
            nodes=(node,),
            # Both may use all cores: it is one machine, and often only one of them has a lease.
            limits=Limits(os.cpu_count() or 1, memory, disk),
            boxes=BOXES,
        )
        config.save()
        self.nodes[owner] = self._register(client, owner, node, key, kind, device)
        plain = ("--unsafe-plain",) if self.unboxed else ()
        self._add(f"worker-{number}", "worker", "run", "--state", str(state), *plain)

    def _register(
        self,
        client: Client,
        owner: str,
        node: NodeConfig,
        key: DeviceKey,
        kind: HardwareClass,
        device: Device,
    ) -> Pubkey:
        return offer_node(
            client,
            self.keys[owner],
            self.keys["attester"],
            kind,
            node.fingerprint,
            key.keypair,
            max(1, device.memory >> 30),
        )

    def _add(self, name: str, *arguments: str) -> None:
        self._parts.append(_Part(name, (*_RUN, *arguments), self.folder / f"{name}.log"))

    # -- its life

    def start(self) -> None:
        """Starts the processes.

        Raises:
            NetworkError: the gateway does not come up.
            StoreError: it does not take the evidence of the first reports.
        """
        for part in self._parts:
            self._spawn(part)
            if part.name == "gateway":
                self._await_gateway(part)
                self._publish()
        self._tell()

    def _publish(self) -> None:
        """Gives the gateway the evidence of the reports before the orchestrator's."""
        from ionet.store import HttpStore
        from ionet.store.manifest import FileStore

        kept = FileStore(self.seat / "store")
        with HttpStore(self.gateway, load_keypair(self.key_files["attester"])) as gateway:
            for digest in self.published:
                gateway.put(kept.path(digest))

    def _tell(self) -> None:
        """Writes the processes' ids, for tools that look at them or end them."""
        part = self.folder / ".processes.json"
        part.write_text(json.dumps(self.processes()))
        part.replace(self.folder / PROCESSES)

    def _spawn(self, part: _Part) -> None:
        log: IO[bytes]
        with part.log.open("ab") as log:
            part.process = subprocess.Popen(
                part.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )

    def _await_gateway(self, part: _Part) -> None:
        deadline = time.monotonic() + _COMING_UP
        while time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(f"{self.gateway}/health", timeout=2) as answer:  # noqa: S310
                json.load(answer)
                return
            if part.process is not None and part.process.poll() is not None:
                break
            time.sleep(0.1)
        tail = part.log.read_text(errors="replace").strip().splitlines()[-1:] or ["it says nothing"]
        raise NetworkError(f"the gateway does not come up: {tail[0]}; its log is {part.log}")

    def watch(self) -> list[str]:
        """Starts again what has ended; returns the names."""
        again = []
        for part in self._parts:
            if part.process is None or part.process.poll() is None:
                continue
            if not part.ended_at:
                part.ended_at = time.monotonic()
            elif time.monotonic() - part.ended_at > _AGAIN:
                part.ended_at, part.restarts = 0.0, part.restarts + 1
                self._spawn(part)
                again.append(part.name)
        if again:
            self._tell()
        return again

    def processes(self) -> dict[str, int]:
        """Process ids by name."""
        return {part.name: part.process.pid for part in self._parts if part.process is not None}

    def stop(self) -> None:
        """Ends the processes, and the boxes of their leases: the chain that they were of is gone."""
        running = [part.process for part in reversed(self._parts) if part.process is not None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _GRACE
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            if process.poll() is None:
                process.kill()
                process.wait()
        if self.alone is None:
            reap_overlays(self.folder / "gateway" / "relays")
        if self.unboxed is None:
            for work in self.folder.glob("worker-*/leases"):
                lease_boxes(work, BOXES)


def _class_of(device: Device) -> HardwareClass:
    if device.hardware_class is not None:
        return device.hardware_class
    return next(kind for kind in hardware_classes() if kind.vendor == "any" and kind.pool == device.pool)


def _memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """Returns a port of this machine that nobody uses now."""
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])
