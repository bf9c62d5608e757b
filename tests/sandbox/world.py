"""A world that a box with internet is to reach, and one that it must not, for tests.

A network namespace stands for all that lies beyond this machine's router: it has a public address, some of a
LAN, and a server that notes who has reached it by which of its addresses. This machine is joined to it by a
pair of interfaces with public addresses, as in a data centre.

usage: python world.py serve PORT DNS_NAME=ADDRESS...    inside the namespace; prints what reaches it
"""

from __future__ import annotations

import http.server
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PORT: Final = 7001
WEB: Final = 7002


@dataclass(frozen=True, slots=True)
class World:
    """What is there, and what has been reached of it.

    Attributes:
        public: an address of the internet.
        lan: addresses beyond the router that are not, by a name.
        near: the address of a neighbour on this machine's own network, which is a public one.
        own: this machine's own address in that network.
        log: the tokens that reached the server: one line "token protocol address".
        web: the directory that the public address serves by HTTP on port `WEB`.
        name: of the network namespace.
    """

    public: str
    lan: dict[str, str]
    near: str
    own: str
    log: Path
    web: Path
    name: str

    def reached(self, token: str) -> set[str]:
        """Returns by which protocols and addresses something with the token has come."""
        lines = (line.split() for line in self.log.read_text().splitlines())
        return {f"{words[1]} {words[2]}" for words in lines if len(words) == 3 and words[0] == token}


@contextmanager
def world(place: Path) -> Iterator[World]:
    """Makes it, and removes it."""
    number = secrets.randbelow(60)
    name, host = f"world{secrets.token_hex(3)}", 4 * number + 1
    public = f"198.51.100.{10 + number}"
    lan = {
        "ten": f"10.77.{number}.1",
        "home": f"192.168.77.{number + 1}",
        "seventeen": f"172.20.77.{number + 1}",
        "shared": f"100.99.77.{number + 1}",
        "link": f"169.254.77.{number + 1}",
        "unique": f"fd77:{number:x}::1",
        "six": f"2001:db8:77:{number:x}::1",
    }
    near, own = f"203.0.113.{host + 1}", f"203.0.113.{host}"
    log, web = place / "log", place / "web"
    web.mkdir()
    try:
        for line in _setup(name, public, lan, near, own, number):
            subprocess.run(["ip", *line.split()], check=True, capture_output=True)
        names = [f"public.test={public}", f"lan.test={lan['ten']}"]
        command = ["ip", "netns", "exec", name, sys.executable, __file__, "serve", str(PORT), str(web)]
        with (
            log.open("wb") as out,
            subprocess.Popen([*command, *names], stdout=out, stdin=subprocess.PIPE) as server,
        ):
            while "ready" not in log.read_text():
                assert server.poll() is None
            yield World(public, lan, near, own, log, web, name)
            server.kill()
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False)
        subprocess.run(["ip", "link", "delete", name], check=False, capture_output=True)


def _setup(name: str, public: str, lan: dict[str, str], near: str, own: str, number: int) -> Iterator[str]:
    yield f"netns add {name}"
    yield f"link add {name} type veth peer name beyond netns {name}"
    yield f"address add {own}/30 dev {name}"
    yield f"address add fd78:{number:x}::1/126 dev {name} nodad"
    yield f"link set {name} up"
    yield f"-n {name} link set lo up"
    yield f"-n {name} address add {near}/30 dev beyond"
    yield f"-n {name} address add fd78:{number:x}::2/126 dev beyond nodad"
    yield f"-n {name} link set beyond up"
    yield f"-n {name} route add default via {own}"
    yield f"-n {name} -6 route add default via fd78:{number:x}::1"
    for address in (public, *lan.values()):
        six = ":" in address
        yield f"-n {name} address add {address}/{128 if six else 32} dev lo" + (" nodad" if six else "")
        yield f"route add {address} via {f'fd78:{number:x}::2' if six else near}"


# -- inside


def _note(token: bytes, protocol: str, address: str) -> None:
    print(token.decode(errors="replace").strip(), protocol, address.removeprefix("::ffff:"), flush=True)


def _tcp(server: socket.socket) -> None:
    while True:
        stream, _ = server.accept()
        threading.Thread(target=_one, args=(stream,), daemon=True).start()


def _one(stream: socket.socket) -> None:
    with stream:
        token = stream.recv(100)
        if token:
            _note(token, "tcp", stream.getsockname()[0])
            stream.sendall(token)
            # Those who want to hold a connection do.
            stream.recv(1)


def _udp(server: socket.socket) -> None:
    # To see which address it came to, and to answer from that one.
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    while True:
        token, extra, _, peer = server.recvmsg(100, 200)
        _note(token, "udp", socket.inet_ntop(socket.AF_INET6, extra[0][2][:16]))
        server.sendmsg([token], [(level, kind, data[:16] + bytes(4)) for level, kind, data in extra], 0, peer)


def _dns(server: socket.socket, names: dict[str, str]) -> None:
    while True:
        query, peer = server.recvfrom(512)
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        address = names.get(".".join(labels).lower())
        wants_four = query[at + 1 : at + 3] == b"\0\x01"
        answer = b""
        if address and wants_four:
            answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\x01\0\x04" + socket.inet_aton(address)
        code = b"\x81\x80" if address else b"\x81\x83"
        counts = b"\0\x01" + (b"\0\x01" if answer else b"\0\0") + b"\0\0\0\0"
        server.sendto(query[:2] + code + counts + query[12 : at + 5] + answer, peer)


def serve(port: int, web: str, names: dict[str, str]) -> None:
    """Serves until its standard input ends."""
    tcp = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=4096)
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    udp.bind(("::", port))
    dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    dns.bind((names["public.test"], 53))

    class Files(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=web)

        def log_message(self, *_: Any) -> None:
            pass

    files = http.server.ThreadingHTTPServer(("0.0.0.0", WEB), Files)
    for target, arguments in ((_tcp, (tcp,)), (_udp, (udp,)), (_dns, (dns, names))):
        threading.Thread(target=target, args=arguments, daemon=True).start()
    threading.Thread(target=files.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(int(sys.argv[2]), sys.argv[3], dict(pair.split("=") for pair in sys.argv[4:]))
