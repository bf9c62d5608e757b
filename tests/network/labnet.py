"""A local network on machines of a laboratory: suppliers behind NATs, gateways, seats; and what breaks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from solders.keypair import Keypair
from tests.network.lab import GATEWAY, Lab, eventually, lab, run

from ionet import SOL, Client, load_keypair
from ionet.cli.localnet import PEOPLE
from ionet.localnet.network import _RUN, LocalNetwork, _Part, free_port
from ionet.localnet.verdicts import write_verdict
from ionet.orchestrator._config import OrchestratorConfig
from ionet.overlay import forget, reap
from ionet.sandbox import Box
from ionet.worker import WorkerConfig
from soaking import BOXES, Net, localnet, wait

#: Machines of the laboratory by the processes that run there, and the interface that is their line.
_MACHINES: Final = {
    "gateway": "gateway",
    "gateway-2": "gateway2",
    "orchestrator": "gateway",
    "orchestrator-2": "gateway2",
    "orchestrator-3": "gateway2",
    "worker-1": "A",
    "worker-2": "B",
    "worker-3": "A",
}
_LINES: Final = {"gateway": "pgateway", "gateway2": "pgateway2", "A": "pnatA", "B": "pnatB"}
SECOND_GATEWAY: Final = "198.51.100.2"
#: Where the chain is, and the renter.
HERE: Final = "here"
#: Seconds for all processes to come up, on a busy machine.
_UP: Final = 120.0
#: Megabytes of a disk whose power is cut, and seconds after which a file system writes by itself.
_DISK: Final = 768
_COMMIT: Final = 300
#: The program of an orchestrator whose seat lies.
_LYING: Final = (
    f"import sys; sys.path[:0] = {[str(Path(__file__).resolve().parents[2]), *sys.path]!r};"
    f"from tests.network import lying_seat; {_RUN[2]}"
)


@dataclass
class Wires:
    """What passes by TCP between the machines; while one is cut off, what is on its way waits."""

    _up: dict[str, threading.Event] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def up(self, machine: str) -> threading.Event:
        """Set while the machine is not cut off."""
        if machine not in self._up:
            self._up[machine] = threading.Event()
            self._up[machine].set()
        return self._up[machine]

    def join(self, made: Lab, near: str, port: int, far: str) -> None:
        """Passes on what connects to a port of one machine's loopback to that of another's."""
        ends = [self.up(near), self.up(far)]
        self._stack.enter_context(_passed_on(_at(made, near), port, _at(made, far), ends))

    def close(self) -> None:
        for event in self._up.values():
            event.set()
        self._stack.close()


@dataclass
class LabNet(Net):
    """A running local network in a laboratory."""

    lab: Lab = None  # type: ignore[assignment]
    wires: Wires = field(default_factory=Wires)
    parts: LocalNetwork = None  # type: ignore[assignment]
    disks: Mapping[str, Path] = field(default_factory=dict)
    _starting: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def outage(self, what: str) -> Iterator[None]:
        """Cuts off a machine: its TCP waits, its packets are lost. The chain's is `here`."""
        self.wires.up(what).clear()
        line = _LINES.get(what)
        if line:
            self.lab.ip("inet", f"link set {line} down")
        try:
            yield
        finally:
            if line:
                self.lab.ip("inet", f"link set {line} up")
            self.wires.up(what).set()

    def until_at_work(self) -> None:
        """Waits until each seat has reached a node."""
        logs = list(self.folder.glob("network/orchestrator*.log"))
        wait(
            _UP,
            "a seat has reached no node",
            lambda: all(b"idle challenge: passed" in log.read_bytes() for log in logs),
        )

    def until_up(self) -> None:
        """Waits until every process has begun to serve since it was last started."""
        wait(
            _UP,
            "a process is not up",
            lambda: all(_begun(part.log) for part in self.parts._parts if part.process is not None),
        )

    def watch(self, stop: threading.Event) -> None:
        """Starts again what has ended, until it is told to stop."""
        while not stop.wait(0.3):
            with self._starting:
                self.parts.watch()

    def cut_power(self, name: str) -> None:
        """Ends all that runs at a supplier's machine at once, and what was not on its disk is lost."""
        disk = self.disks[name]
        with self._starting:
            part = self._part(name)
            assert part.process is not None
            state = self.folder / "network" / name
            self.processes()
            boxes = [Box(path.name, BOXES) for path in (state / "leases").iterdir()]
            pids = [part.process.pid]
            while pids:
                for pid in pids:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                time.sleep(0.01)
                pids = [pid for box in boxes for pid in box.processes()]
            part.process.wait()
            for box in boxes:
                # In memory, as a machine's part in the network of a lease is.
                forget(box.name)
            # The file system has not been told: its image is what a disk has after that.
            left = disk.with_suffix(".left")
            run("cp", "--sparse=always", str(disk), str(left))
            run("umount", str(state))
            left.replace(disk)
            run("mount", "-o", f"loop,commit={_COMMIT}", str(disk), str(state))

    @contextmanager
    def stopped(self, *names: str) -> Iterator[None]:
        """Has processes do nothing, and keep their connections."""
        pids = [self.processes()[name] for name in names]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def _part(self, name: str) -> _Part:
        return next(part for part in self.parts._parts if part.name == name)


@contextmanager
def behind_nats(
    folder: Path,
    speed: int,
    *,
    gateways: int = 1,
    seats: int = 1,
    workers: int = 2,
    disks: Sequence[str] = (),
    symmetric: bool = False,
    lying: str | None = None,
) -> Iterator[LabNet]:
    """As `soaking.localnet`, on machines of a laboratory. Their loopback has the chain, and the gateways.

    Leases' networks have nothing of that: they go through the NATs, to the gateway's public address. The NAT
    of `A` gives each connection a port of its own choice.

    Args:
        folder: for keys and states.
        speed: seconds of the chain in one of this machine.
        gateways: one or two.
        seats: one, or three of which two have to agree on each job.
        symmetric: whether the NAT of `B` does so, too; else it keeps ports.
        workers: two, one at each supplier, or three, of which the last is at the first one.
        disks: the workers whose states are on disks of their own, so that their power can be cut.
        lying: the orchestrator that attests something else than it has seen.
    """
    with (
        localnet(folder, speed, "--no-network", "--no-seat") as net,
        lab(A=True, B=symmetric) as made,
        ExitStack() as stack,
    ):
        files = {name: net.folder / f"{name}.json" for name in PEOPLE}
        keys = {name: load_keypair(path) for name, path in files.items()}
        client = Client.connect(net.told["url"], signer=keys["deployer"])
        port, place = free_port(), net.folder.absolute() / "network"
        parts = LocalNetwork.make(client, place, net.told["url"], keys, files, port, speed, workers)
        for node in parts.nodes.values():
            # The first proof; from then on the orchestrators ask for one every hour.
            write_verdict(client, node)
        wires = Wires()
        stack.callback(wires.close)
        chain = int(net.told["url"].rpartition(":")[2])
        ports = {"gateway": port}
        if gateways == 2:
            made._plug("gateway2", SECOND_GATEWAY)
            ports["gateway2"] = free_port()
            _add_gateway(parts, ports["gateway2"])
        if seats == 3:
            _add_seats(client, parts, keys["attester"], net.folder)
        _let_know(parts, [f"http://127.0.0.1:{ports[name]}" for name in ports])
        machines = [*ports, "A", "B"]
        for machine in machines:
            wires.join(made, machine, chain, HERE)
        for gateway, number in ports.items():
            for machine in (HERE, *machines):
                if machine != gateway:
                    wires.join(made, machine, number, gateway)
        for part in parts._parts:
            words = list(part.command)
            machine = _MACHINES[part.name]
            machine = machine if machine in machines else "gateway"
            if "--relays" in words:
                address = GATEWAY if part.name == "gateway" else SECOND_GATEWAY
                words[words.index("--relays") + 1] = f"{address}:4300-4303"
            if part.name == lying:
                words[words.index("-c") + 1] = _LYING
            part.command = ("nsenter", f"--net={made.network(machine)}", *words)
        images = {name: _own_disk(folder, place / name, stack) for name in disks}
        told = {"gateway": parts.gateway, "nodes": {name: str(node) for name, node in parts.nodes.items()}}
        found = LabNet(
            net.folder, {**net.told, **told}, speed, lab=made, wires=wires, parts=parts, disks=images
        )
        stop = threading.Event()
        watching = threading.Thread(target=found.watch, args=(stop,), daemon=True)
        try:
            parts.start()
            watching.start()
            yield found
        finally:
            stop.set()
            if watching.is_alive():
                watching.join()
            parts.stop()
            reap(parts.folder / "gateway-2" / "relays")


#: What a process says last before it serves, by the beginning of its name.
_SERVES: Final = {"gateway": b"Listening;", "orchestrator": b"serves as seat", "worker": b"Gateways:"}
_STARTS: Final = {"gateway": b"runs as root", "orchestrator": b"the seat's key is", "worker": b"Serving "}


def _begun(log: Path) -> bool:
    """Whether a process serves; what it says is said anew each time that it is started."""
    kind, text = log.name.split("-")[0].removesuffix(".log"), log.read_bytes()
    return text.rfind(_SERVES[kind]) > text.rfind(_STARTS[kind])


def _add_gateway(parts: LocalNetwork, port: int) -> None:
    """A second gateway, with a state of its own."""
    first = next(part for part in parts._parts if part.name == "gateway")
    words = list(first.command)
    words[words.index("--listen") + 1] = f"127.0.0.1:{port}"
    words[words.index("--state") + 1] = str(parts.folder / "gateway-2")
    parts._parts.insert(1, _Part("gateway-2", tuple(words), parts.folder / "gateway-2.log"))


def _add_seats(client: Client, parts: LocalNetwork, first: Keypair, folder: Path) -> None:
    """Two more seats, each with its orchestrator; each job needs two of the three."""
    config = OrchestratorConfig.load(parts.folder / "orchestrator", {})
    part = next(part for part in parts._parts if part.name == "orchestrator")
    seats = [first]
    for number in (2, 3):
        key, file = Keypair(), folder / f"attester-{number}.json"
        file.write_text(json.dumps(list(bytes(key))))
        file.chmod(0o600)
        client.airdrop(key.pubkey(), SOL(10))
        seats.append(key)
        state = parts.folder / f"orchestrator-{number}"
        replace(config, path=state / config.path.name, keypair=file.absolute()).save()
        words = list(part.command)
        words[words.index("--state") + 1] = str(state)
        name = f"orchestrator-{number}"
        parts._parts.append(_Part(name, tuple(words), parts.folder / f"{name}.log"))
    client.proofs.set_attesters({key.pubkey(): 1 for key in seats}, threshold=2).send()
    client.jobs.set_params(attesters=2, attesters_large=2).send()


def _let_know(parts: LocalNetwork, gateways: list[str]) -> None:
    """Writes into everybody's settings where the gateways are."""
    for state in parts.folder.glob("orchestrator*"):
        if state.is_dir():
            replace(OrchestratorConfig.load(state, {}), gateways=tuple(gateways)).save()
    for state in parts.folder.glob("worker-*"):
        if state.is_dir():
            replace(WorkerConfig.load(state), gateways=tuple(gateways)).save()


def _own_disk(folder: Path, state: Path, stack: ExitStack) -> Path:
    """Moves a directory to a file system of its own, that writes when it is told to and seldom besides."""
    image, there = folder.absolute() / f"{state.name}.img", state.with_suffix(".there")
    with image.open("wb") as file:
        file.truncate(_DISK << 20)
    run("/usr/sbin/mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1", str(image))
    state.rename(there)
    state.mkdir(mode=0o700)
    run("mount", "-o", f"loop,commit={_COMMIT}", str(image), str(state))
    stack.callback(lambda: eventually(lambda: _unmounted(state)))
    state.chmod(0o700)
    shutil.copytree(there, state, dirs_exist_ok=True)
    shutil.rmtree(there)
    os.sync()
    return image


def _unmounted(place: Path) -> bool:
    return subprocess.run(["umount", str(place)], capture_output=True, check=False).returncode == 0


_Place = Callable[[], socket.socket]


def _at(made: Lab, machine: str) -> _Place:
    if machine == HERE:
        return lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    return lambda: made.tcp(machine)


@contextmanager
def _passed_on(listens: _Place, port: int, to: _Place, ends: list[threading.Event]) -> Iterator[None]:
    server = listens()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(64)

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                for end in ends:
                    end.wait()
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def serve(stream: socket.socket) -> None:
        for end in ends:
            end.wait()
        with stream, to() as other:
            try:
                other.connect(("127.0.0.1", port))
            except OSError:
                return
            back = threading.Thread(target=pump, args=(other, stream), daemon=True)
            back.start()
            pump(stream, other)
            back.join()

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
