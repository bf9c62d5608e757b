"""What a lease's network costs: a stream between two nodes behind symmetric NATs, relayed by a gateway.

Run with `sudo .venv/bin/python bench/relay.py [MIB]`. It builds a laboratory of network namespaces (root,
iproute2, iptables, nebula) and sends MIB of data from one node's box to the other's: through the relay,
directly where the NATs allow it, and beside both over plain TCP from a machine behind a NAT to the gateway.
Printed are rates, round trips, and what relay and members take of a core. All of them share this machine's
cores, so that rates are lower bounds; the seconds of a core for each GiB are what carries over.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.network.lab import GATEWAY, Lab, lab, why_not
from tests.network.overlays import OfLease, leases, nebula

_MIB = 1 << 20
_PIECE = bytes(64 << 10)
_ROUNDS = 200
_PORT = 7100


@dataclass
class Measured:
    """What a way between two machines does.

    Attributes:
        rate: MiB a second.
        trip: median round trip of one byte, milliseconds.
        cores: seconds of a core for each GiB, by whose process it is.
    """

    rate: float
    trip: float
    cores: dict[str, float]


def processor(pid: int) -> float:
    """Seconds of a core that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """MiB of memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MIB


@contextmanager
def sink(made: Lab, name: str, address: str) -> Iterator[None]:
    """A server that answers single bytes, and counts what comes after the first connection's."""
    server = made.tcp(name)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, _PORT))
    server.listen()

    def serve(stream: socket.socket) -> None:
        with stream:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if stream.recv(1) == b"p":
                while data := stream.recv(1):
                    stream.sendall(data)
                return
            while stream.recv(1 << 20):
                pass
            stream.sendall(b".")

    def accept() -> None:
        while True:
            try:
                stream, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(stream,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def connected(made: Lab, name: str, address: str) -> socket.socket:
    """A connection to the sink, once there is a way."""
    deadline = time.monotonic() + 90
    while True:
        stream = made.tcp(name)
        stream.settimeout(5)
        try:
            stream.connect((address, _PORT))
        except OSError:
            stream.close()
            if time.monotonic() > deadline:
                raise
            continue
        stream.settimeout(None)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return stream


def measure(made: Lab, source: str, target: str, address: str, mib: int, pids: dict[str, int]) -> Measured:
    """Sends data from one place to another and measures it."""
    with sink(made, target, address):
        trips = []
        with connected(made, source, address) as stream:
            stream.sendall(b"p")
            for _ in range(_ROUNDS):
                began = time.perf_counter()
                stream.sendall(b".")
                stream.recv(1)
                trips.append(time.perf_counter() - began)
        with connected(made, source, address) as stream:
            before = {name: processor(pid) for name, pid in pids.items()}
            began = time.perf_counter()
            for _ in range(mib * _MIB // len(_PIECE)):
                stream.sendall(_PIECE)
            stream.shutdown(socket.SHUT_WR)
            stream.recv(1)
            seconds = time.perf_counter() - began
    taken = {name: (processor(pid) - before[name]) * 1024 / mib for name, pid in pids.items()}
    return Measured(mib / seconds, statistics.median(trips) * 1_000, taken)


def overlay(mib: int, *, symmetric: bool) -> tuple[Measured, float]:
    """A lease of two nodes behind NATs; symmetric ones leave only the relay. Also the relay's memory, MiB."""
    with lab(A=symmetric, B=symmetric) as made, leases(made) as state:
        of = OfLease(made, state, 4300)
        of.start_relay()
        head, other = of.join("A", made.add("boxA")), of.join("B", made.add("boxB"))
        relay = nebula(of.relay)
        pids = {"relay": relay, "sender": nebula(head.process), "receiver": nebula(other.process)}
        if not symmetric:
            # A direct way is found after some first packets.
            measure(made, "boxA", "boxB", other.address, 1, pids)
            time.sleep(15)
        return measure(made, "boxA", "boxB", other.address, mib, pids), resident(relay)


def plain(mib: int) -> Measured:
    """The same machines without an overlay: from behind a NAT to the gateway, as nothing else is open."""
    with lab(A=True) as made:
        return measure(made, "A", "gateway", GATEWAY, mib, {})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("mib", nargs="?", type=int, default=512, help="MiB to send each time; default: 512")
    mib = parser.parse_args().mib
    if (why := why_not()) is not None:
        raise SystemExit(why)
    bare = plain(mib)
    print(f"{'way':12}{'MiB/s':>9}{'of plain':>10}{'trip, ms':>10}  seconds of a core for each GiB")
    print(f"{'plain':12}{bare.rate:9.0f}{'':>10}{bare.trip:10.2f}")
    for name, symmetric in (("direct", False), ("relayed", True)):
        way, memory = overlay(mib, symmetric=symmetric)
        cores = ", ".join(f"{whose} {seconds:.1f}" for whose, seconds in way.cores.items())
        print(f"{name:12}{way.rate:9.0f}{way.rate / bare.rate:10.3f}{way.trip:10.2f}  {cores}")
    print(f"the relay has {memory:.0f} MiB of memory")


if __name__ == "__main__":
    main()
