"""A local network whose workers stand behind two NATs of a laboratory, and its gateway between them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.network.lab import GATEWAY, Lab, lab

from ionet import Client, load_keypair
from ionet.cli.localnet import PEOPLE
from ionet.localnet.network import LocalNetwork, free_port
from soaking import Net, localnet

_MACHINES: Final = {"gateway": "gateway", "orchestrator": "gateway", "worker-1": "A", "worker-2": "B"}


@contextmanager
def behind_nats(folder: Path, speed: int) -> Iterator[Net]:
    """As `soaking.localnet`, on machines of a laboratory. Their loopback has the chain, and the gateway.

    Leases' networks have nothing of that: they go through the NATs, to the gateway's public address.
    """
    with localnet(folder, speed, "--no-network") as net, lab(A=True, B=True) as made, ExitStack() as stack:
        files = {name: net.folder / f"{name}.json" for name in PEOPLE}
        keys = {name: load_keypair(path) for name, path in files.items()}
        client = Client.connect(net.told["url"], signer=keys["deployer"])
        port, place = free_port(), net.folder.absolute() / "network"
        parts = LocalNetwork.make(client, place, net.told["url"], keys, files, port, speed)
        chain = int(net.told["url"].rpartition(":")[2])
        for machine in ("gateway", "A", "B"):
            stack.enter_context(_passed_on(_at(made, machine), chain, _here))
        for listens in (_at(made, "A"), _at(made, "B"), _here):
            stack.enter_context(_passed_on(listens, port, _at(made, "gateway")))
        for part in parts._parts:
            words = list(part.command)
            if "--relays" in words:
                words[words.index("--relays") + 1] = f"{GATEWAY}:4300-4303"
            part.command = ("nsenter", f"--net={made.network(_MACHINES[part.name])}", *words)
        try:
            parts.start()
            told = {
                "gateway": parts.gateway,
                "nodes": {name: str(node) for name, node in parts.nodes.items()},
            }
            yield Net(net.folder, {**net.told, **told}, speed)
        finally:
            parts.stop()


_Place = Callable[[], socket.socket]


def _here() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def _at(made: Lab, machine: str) -> _Place:
    return lambda: made.tcp(machine)


@contextmanager
def _passed_on(listens: _Place, port: int, to: _Place) -> Iterator[None]:
    """Passes on what connects to a port of one machine's loopback to that of another's."""
    server = listens()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(64)

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def serve(stream: socket.socket) -> None:
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
