"""A laboratory on one machine: suppliers with the same private subnet behind NATs, and a public gateway.

Needs root, iproute2 and iptables. Each machine is a network namespace; `Lab.at` runs a function in one, and
what it starts stays there.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest

from ionet import overlay

T = TypeVar("T")
NETWORKS: Final = Path("/run/netns")
GATEWAY: Final = "198.51.100.1"
_CLONE_NEWNET: Final = 0x40000000
_ETH_P_ALL: Final = 3
#: On a busy machine.
PATIENCE: Final = 30.0


def why_not() -> str | None:
    """Why this machine cannot have a laboratory."""
    if os.geteuid() != 0:
        return "a laboratory of network namespaces needs root"
    for program in ("ip", "iptables"):
        if shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin") is None:
            return f"a laboratory needs {program}"
    return overlay.missing() or _refused()


def _refused() -> str | None:
    """What this kernel refuses of what a laboratory is made of, in a network that is gone at once."""
    made = "ip link add near type veth peer name far; iptables -w 30 -t nat -A POSTROUTING -j MASQUERADE"
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-ec", made],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": "/usr/sbin:/sbin:/usr/bin:/bin"},
    )
    said = " ".join(done.stderr.split())
    return f"this machine lets root make no networks: {said}" if done.returncode else None


def needed() -> None:
    """Skips where there can be no laboratory. In continuous integration that is a failure."""
    if (why := why_not()) is not None:
        if os.environ.get("CI"):
            pytest.fail(f"there can be no laboratory here: {why}")
        pytest.skip(why)


class Lab:
    """Machines `gateway`, `A` and `B`, and the boxes that are made at them.

    Args:
        symmetric: by the supplier: whether its NAT gives each connection a port of its own choice.
    """

    def __init__(self, symmetric: dict[str, bool]) -> None:
        self._token = secrets.token_hex(3)
        self._symmetric = symmetric
        self._made: list[str] = []

    def network(self, name: str) -> Path:
        """The network namespace of a machine or a box."""
        return NETWORKS / f"lab{self._token}-{name}"

    def ip(self, name: str, words: str) -> None:
        run("ip", "-n", self.network(name).name, *words.split())

    def add(self, name: str) -> Path:
        """Makes a namespace with its loopback, such as a box's."""
        run("ip", "netns", "add", self.network(name).name)
        self._made.append(name)
        self.ip(name, "link set lo up")
        return self.network(name)

    def remove(self, name: str) -> None:
        self._made.remove(name)
        run("ip", "netns", "delete", self.network(name).name)

    def build(self) -> None:
        self.add("inet")
        self.ip("inet", "link add br0 type bridge")
        self.ip("inet", "link set br0 up")
        self._plug("gateway", GATEWAY)
        for number, (name, symmetric) in enumerate(self._symmetric.items()):
            nat = f"nat{name}"
            self._plug(nat, f"198.51.100.{11 + number}")
            self.add(name)
            run(
                *("ip", "link", "add", "lan", "netns", self.network(name).name, "type", "veth"),
                *("peer", "name", "lan", "netns", self.network(nat).name),
            )
            for place, address in ((name, "10.1.0.2/24"), (nat, "10.1.0.1/24")):
                self.ip(place, f"address add {address} dev lan")
                self.ip(place, "link set lan up")
            self.ip(name, "route add default via 10.1.0.1")
            random = ["--random"] if symmetric else []
            self.at(nat, lambda: Path("/proc/sys/net/ipv4/ip_forward").write_text("1"))
            for rule in (
                ["-t", "nat", "-A", "POSTROUTING", "-o", "out", "-j", "MASQUERADE", *random],
                ["-P", "FORWARD", "DROP"],
                ["-P", "INPUT", "DROP"],
                ["-A", "FORWARD", "-i", "lan", "-o", "out", "-j", "ACCEPT"],
                ["-A", "FORWARD", "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT"],
            ):
                self.run(nat, "iptables", *rule)

    def _plug(self, name: str, address: str) -> None:
        self.add(name)
        run(
            *("ip", "link", "add", "out", "netns", self.network(name).name, "type", "veth"),
            *("peer", "name", f"p{name}", "netns", self.network("inet").name),
        )
        self.ip("inet", f"link set p{name} master br0 up")
        self.ip(name, f"address add {address}/24 dev out")
        self.ip(name, "link set out up")

    def destroy(self) -> None:
        for name in list(self._made):
            for pid in self._pids(name):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.remove(name)

    def _pids(self, name: str) -> list[int]:
        return [int(pid) for pid in run("ip", "netns", "pids", self.network(name).name).split()]

    def at(self, name: str, work: Callable[[], T]) -> T:
        """Runs a function at a machine: its sockets, and the programs that it starts, are of that network."""
        result: list[Any] = []

        def enter() -> None:
            try:
                with self.network(name).open() as file:
                    if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), _CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns")
                result.append((True, work()))
            except BaseException as bad:
                result.append((False, bad))

        # A thread has its own network namespace, which ends with it.
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        good, value = result[0]
        if not good:
            raise value
        return value  # type: ignore[no-any-return]

    def run(self, name: str, *command: str) -> str:
        """Runs a program at a machine and returns what it prints."""
        return run("nsenter", f"--net={self.network(name)}", *command)

    def tcp(self, name: str) -> socket.socket:
        """A TCP socket of a machine."""
        return self.at(name, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))

    @contextmanager
    def echo(self, name: str, address: str, port: int = 7000) -> Iterator[list[bytes]]:
        """A TCP server that returns what it gets; yields what it got."""
        got: list[bytes] = []
        server = self.tcp(name)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen()
        streams: list[socket.socket] = []

        def serve(stream: socket.socket) -> None:
            with suppress(OSError):
                while data := stream.recv(1 << 16):
                    got.append(data)
                    stream.sendall(data)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    streams.append(server.accept()[0])
                    threading.Thread(target=serve, args=(streams[-1],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield got
        finally:
            # Closing alone does not wake a thread that waits.
            for each in (server, *streams):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def reaches(
        self, name: str, address: str, data: bytes = b"hello", *, port: int = 7000, wait: float = 2
    ) -> bool:
        """Whether an echo server can be reached within some seconds."""
        deadline = time.monotonic() + wait
        while (left := deadline - time.monotonic()) > 0:
            with self.tcp(name) as client:
                client.settimeout(min(left, 3.0))
                try:
                    client.connect((address, port))
                    client.sendall(data)
                    back = b""
                    while len(back) < len(data) and (more := client.recv(1 << 16)):
                        back += more
                    if back == data:
                        return True
                except OSError:
                    time.sleep(0.1)
        return False

    @contextmanager
    def capture(self, name: str) -> Iterator[Capture]:
        """All packets at a machine's interface to the internet."""
        tap = self.at(
            name,
            lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)),
        )
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
        tap.bind(("out", _ETH_P_ALL))
        capture = Capture(tap)
        try:
            yield capture
        finally:
            capture.stop()


class Capture:
    """Packets, from a raw socket."""

    def __init__(self, tap: socket.socket) -> None:
        self._tap, self._packets, self._stop = tap, bytearray(), False
        self.count = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        tap.settimeout(0.1)
        self._thread.start()

    def _read(self) -> None:
        while not self._stop:
            with suppress(TimeoutError):
                self._packets += self._tap.recv(1 << 16)
                self.count += 1

    def stop(self) -> None:
        self._stop = True
        self._thread.join()
        self._tap.close()

    @property
    def octets(self) -> int:
        return len(self._packets)

    def has(self, what: bytes) -> bool:
        return what in self._packets


@contextmanager
def lab(**symmetric: bool) -> Iterator[Lab]:
    """Builds a laboratory, and removes it.

    Args:
        symmetric: suppliers' names, and whether their NATs are symmetric.
    """
    made = Lab(symmetric)
    try:
        made.build()
        yield made
    finally:
        made.destroy()


def run(*command: str) -> str:
    """Runs a program of the system."""
    path = "/usr/sbin:/sbin:/usr/bin:/bin"
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": path})
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def in_memory(pid: int, what: bytes) -> bool:
    """Whether a process has bytes anywhere in its memory."""
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            place, rights, *_ = line.split()
            if not rights.startswith("r") or "[vv" in line:
                continue
            start, end = (int(part, 16) for part in place.split("-"))
            with suppress(OSError, OverflowError, ValueError):
                memory.seek(start)
                if what in memory.read(end - start):
                    return True
    return False


def children(pid: int) -> Sequence[int]:
    """The processes that a process has started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def eventually(holds: Callable[[], object], wait: float = PATIENCE) -> bool:
    """Whether something holds within some seconds."""
    deadline = time.monotonic() + wait
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


def send_plainly(lab: Lab, name: str, data: bytes) -> None:
    """Sends a datagram in plain text to the gateway."""
    with lab.at(name, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as plain:
        plain.sendto(data, (GATEWAY, 9))
