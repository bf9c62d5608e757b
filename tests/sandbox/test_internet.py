"""A box with internet: it reaches what is public, and nothing that is nearer."""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.hostile import TRIES
from tests.sandbox.test_box import PYTHON, SMALL, wait_for
from tests.sandbox.test_hostile import HOSTILE, metadata_service
from tests.sandbox.world import PORT, World, world

from ionet.sandbox import Box, BoxError, Internet, Limits, _network, missing
from ionet.sandbox._network import _of_addresses, _of_routes, rules
from soaking.traces import traces

MIB = 1 << 20

#: Says the token to every address, by TCP and UDP, and prints by what it was answered.
REACH = """
import json, socket, sys, time
token, port, addresses = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
answers = []
for address in addresses:
    for kind, name in ((socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp")):
        try:
            info = socket.getaddrinfo(address, port, type=kind)[0]
            with socket.socket(info[0], kind) as peer:
                peer.settimeout(2)
                peer.connect(info[4])
                peer.send(token.encode())
                if peer.recv(100) == token.encode(): answers.append(f"{name} {address}")
        except OSError as error: print(address, name, error, file=sys.stderr)
print(json.dumps(answers))
"""


@pytest.fixture(scope="module", autouse=True)
def _possible() -> None:
    if (why := missing(internet=True)) is not None:
        if os.environ.get("CI") and missing() is None:
            pytest.fail(why)
        pytest.skip(why)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world beyond the router."""
    with world(tmp_path_factory.mktemp("world")) as made:
        yield made


def online(box: Box, image: Path, there: World, code: str, *arguments: str, limits: Limits = SMALL) -> None:
    internet = Internet(resolvers=(there.public,))
    box.start(image, [PYTHON, "-c", code, *arguments], limits=limits, internet=internet)


def answers(box: Box) -> list[str]:
    box.wait(120)
    told: list[str] = json.loads(box.log().splitlines()[-1])
    return told


def plainly(code: str, *arguments: str) -> list[str]:
    """What comes of it in a plain process of this machine."""
    command = [sys.executable, "-c", code, *arguments]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    told: list[str] = json.loads(out)
    return told


def both(addresses: object) -> set[str]:
    return {f"{kind} {address}" for address in addresses for kind in ("tcp", "udp")}  # type: ignore[attr-defined]


class Host:
    """A server on all addresses of this machine, which notes what reaches it."""

    def __init__(self) -> None:
        self.tokens: set[str] = set()
        self.tcp = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.udp.bind(("::", self.port))
        for target in (self._streams, self._datagrams):
            threading.Thread(target=target, daemon=True).start()

    def _streams(self) -> None:
        while True:
            stream, _ = self.tcp.accept()
            with stream:
                token = stream.recv(100)
                self.tokens.add(token.decode())
                stream.sendall(token)

    def _datagrams(self) -> None:
        while True:
            token, peer = self.udp.recvfrom(100)
            self.tokens.add(token.decode())
            self.udp.sendto(token, peer)


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


def own_addresses() -> list[str]:
    """All addresses of this machine, those of links with their interface."""
    links = json.loads(subprocess.run(["ip", "-j", "address"], check=True, capture_output=True).stdout)
    return [
        address["local"] + (f"%{link['ifname']}" if address["local"].startswith("fe80") else "")
        for link in links
        for address in link["addr_info"]
        if "UP" in link["flags"] and not address.get("tentative")
    ]


def test_a_box_reaches_what_is_public_only_if_it_may(
    box: Box, image: Path, state: Path, there: World
) -> None:
    token, other = secrets.token_hex(8), secrets.token_hex(8)
    online(box, image, there, REACH, token, str(PORT), there.public, "public.test")
    assert set(answers(box)) == both([there.public, "public.test"])
    assert there.reached(token) == both([there.public])
    box.destroy()
    assert not traces(box.name)
    box.start(image, [PYTHON, "-c", REACH, other, str(PORT), there.public, "public.test"], limits=SMALL)
    assert answers(box) == []
    assert not there.reached(other)


def test_nothing_nearer_is_reached(box: Box, image: Path, there: World, host: Host) -> None:
    """Each address is first reached by a plain process; the servers note what comes, whatever a box says."""
    far = [*there.lan.values(), there.near, "lan.test"]
    plain, boxed = secrets.token_hex(8), secrets.token_hex(8)
    with metadata_service():
        here = own_addresses()
        assert {"127.0.0.1", "::1", there.own, "169.254.169.254"} <= set(here)
        assert any(address.startswith("fe80") for address in here)
        assert set(plainly(REACH, plain, str(PORT), *far[:-1])) == both(far[:-1])
        assert set(plainly(REACH, plain, str(host.port), *here)) == both(here)
        assert there.reached(plain) == both(far[:-1])
        assert plain in host.tokens
        # Behind slirp4netns itself are the host's loopback and its name server.
        sides = ["10.0.2.2", "10.0.2.3", "255.255.255.255", "224.0.0.1"]
        bare = [address.split("%")[0] for address in here]
        code = REACH.replace("settimeout(2)", "settimeout(0.5)")
        online(box, image, there, code, boxed, str(PORT), *far, *sides)
        assert answers(box) == []
        box.destroy()
        online(box, image, there, code, boxed, str(host.port), *bare, *sides)
        assert answers(box) == []
    assert not there.reached(boxed)
    assert boxed not in host.tokens
    box.destroy()
    # The same box reaches what is public: the names are known, and all else works.
    online(box, image, there, REACH, boxed, str(PORT), "public.test", "lan.test")
    assert set(answers(box)) == both(["public.test"])


def test_a_supplier_closes_more(box: Box, image: Path, there: World) -> None:
    internet = Internet(resolvers=(there.public,), closed=(f"{there.public}/32",))
    token = secrets.token_hex(8)
    box.start(image, [PYTHON, "-c", REACH, token, str(PORT), there.public], limits=SMALL, internet=internet)
    assert answers(box) == []
    assert not there.reached(token)


def test_boxes_with_internet_do_not_reach_each_other(image: Path, state: Path, there: World) -> None:
    first, second = Box(secrets.token_hex(8), state), Box(secrets.token_hex(8), state)
    serve = """
import socket
server = socket.create_server(("::", 7001), family=socket.AF_INET6, dualstack_ipv6=True)
print("ready", flush=True)
while True: print("reached", server.accept()[1], flush=True)
"""
    online(first, image, there, serve)
    wait_for(first, b"ready")
    with (state / first.name / "firewall").open() as file:
        assert "10.0.2.100" not in file.read()
    online(second, image, there, REACH, "token", "7001", "10.0.2.100", "10.0.2.15", "10.0.2.101")
    # The first of these is its own.
    assert answers(second) == []
    # Nor does the machine itself.
    assert plainly(REACH, "token", "7001", "10.0.2.100") == []
    assert first.log() == b"ready\n"


NETWORKING = (
    "change_the_routes",
    "close_an_interface",
    "forge_packets",
    "join_a_namespace",
    "listen_to_all_frames",
    "load_another_protocol",
    "make_a_user_namespace",
    "reach_the_hosts_loopback",
    "reach_the_local_network",
    "see_other_interfaces",
    "speak_to_the_firewall",
    "speak_to_the_hypervisor",
)


def test_what_the_network_rests_on_cannot_be_changed(box: Box, image: Path, there: World) -> None:
    """Each of these tries succeeds as a plain process: see `test_try`."""
    assert set(NETWORKING) <= set(TRIES)
    facts = {"digest": "none", "lan": there.own, "port": PORT, "victim": os.getpid(), "planted": "/tmp/p"}
    given = {"hostile.py": HOSTILE.read_bytes(), "facts.json": json.dumps(facts).encode()}
    command = [PYTHON, "/in/hostile.py", "/in/facts.json", *NETWORKING]
    box.start(image, command, limits=SMALL, given=given, internet=Internet())
    box.wait(30)
    report = json.loads(box.log().splitlines()[-1])
    assert report.pop("loot") == {}
    assert set(report) == set(NETWORKING)
    assert not [name for name, came in report.items() if came is True]
    assert not [name for name, came in report.items() if str(came).startswith(("KeyError", "TypeError"))]


def test_what_connects_a_box_has_no_power_here(box: Box, image: Path, there: World) -> None:
    online(box, image, there, "import time; time.sleep(60)")
    pid = uplink(box)
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    users = {int(user) for user in (status["Uid"] + "\t" + status["Gid"]).split()}
    assert len(users) == 1
    assert users.pop() % 65536 == 1_000_000 % 65536 + 1001
    # It may listen below 1024 in a user namespace of its own, which is nothing in this machine's network.
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 1 << 10
    assert Path(f"/proc/{pid}/ns/user").readlink() != Path("/proc/self/ns/user").readlink()
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert status["Groups"].strip() == ""
    assert {path.name for path in Path(f"/proc/{pid}/root").iterdir()} == {"etc", "run"}
    assert not [path for path in Path(f"/proc/{pid}/root/run").rglob("*") if not path.is_dir()]
    # Nobody dials in.
    listening = subprocess.run(["ss", "-Htulpn"], check=True, capture_output=True, text=True).stdout
    assert f"pid={pid}," not in listening


def uplink(box: Box) -> int:
    """The process that connects a box."""
    return next(
        pid for pid in box.processes() if Path(f"/proc/{pid}/comm").read_text().strip() == "slirp4netns"
    )


ALWAYS = """
import socket, sys, time
while True:
    try:
        with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=1) as peer:
            peer.sendall(b"token"); peer.recv(5); print("on", flush=True)
    except OSError as error: print("off", flush=True)
    time.sleep(0.1)
"""


def test_a_box_goes_on_without_its_network_when_that_is_killed(box: Box, image: Path, there: World) -> None:
    online(box, image, there, ALWAYS, there.public, str(PORT))
    wait_for(box, b"on")
    os.kill(uplink(box), signal.SIGKILL)
    wait_for(box, b"off\noff\n")
    assert box.ended() is None
    box.stop()
    ended = box.wait(10)
    assert ended is not None
    assert ended.status == -signal.SIGKILL
    box.destroy()
    assert not traces(box.name)


def test_a_network_ends_with_its_box(box: Box, image: Path, there: World) -> None:
    """When the program has ended, when the supervisor is killed, and when it is removed meanwhile."""
    for end in ("program", "supervisor", "removed"):
        online(box, image, there, ALWAYS, there.public, str(PORT))
        wait_for(box, b"on")
        pid = uplink(box)
        if end == "program":
            box.stop()
            box.wait(10)
        elif end == "supervisor":
            os.kill(box.roots()[0], signal.SIGKILL)
        else:
            box.destroy()
        deadline = time.monotonic() + 5
        while Path(f"/proc/{pid}/root/etc").exists():
            assert time.monotonic() < deadline, end
            time.sleep(0.02)
        box.destroy()
        assert not traces(box.name)


FLOOD = """
import socket, sys, time
kept, begin = [], time.monotonic()
while time.monotonic() - begin < float(sys.argv[3]) and len(kept) < 900:
    peer = socket.socket()
    peer.settimeout(0.3)
    try: peer.connect((sys.argv[1], int(sys.argv[2]))); kept.append(peer)
    except OSError: pass
print(len(kept))
"""


def test_connections_are_limited(
    box: Box, image: Path, there: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a second, and at one time; so the machine's router keeps few of them in mind."""
    command = [sys.executable, "-c", FLOOD, there.public, str(PORT), "1"]
    plain = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert int(plain) > 2 * _network.BURST
    online(box, image, there, FLOOD, there.public, str(PORT), "2")
    box.wait(30)
    most = _network.BURST + 4 * _network.RATE
    assert _network.BURST / 2 < int(box.log()) <= most
    box.destroy()
    monkeypatch.setattr(_network, "RATE", 100_000)
    monkeypatch.setattr(_network, "BURST", 100_000)
    monkeypatch.setattr(_network, "OPEN", 300)
    online(box, image, there, FLOOD, there.public, str(PORT), "2")
    box.wait(30)
    assert 250 < int(box.log()) <= 300


CARRY = """
import json, socket, sys, time
address, size, seconds = (sys.argv[1], int(sys.argv[2])), int(sys.argv[3]), []
for way in (b"get", b"put"):
    with socket.create_connection(address, 60) as peer:
        peer.settimeout(60)
        begun = time.monotonic()
        peer.sendall(way + b" %012d" % size)
        left = size
        if way == b"put": peer.sendall(bytes(size)); peer.shutdown(socket.SHUT_WR)
        while way == b"get" and left: left -= len(peer.recv(min(left, 65536)))
        assert peer.recv(4) == b"done"
        seconds.append(round(1000 * (time.monotonic() - begun)))
print(json.dumps(seconds))
"""


@pytest.fixture
def carrier(there: World) -> Iterator[int]:
    """A server beyond the router that gives and takes as many bytes as it is asked for; its port."""
    code = """
import socket
with socket.create_server(("", 0)) as server:
    print(server.getsockname()[1], flush=True)
    while True:
        peer, _ = server.accept()
        with peer:
            way, size = peer.recv(16, socket.MSG_WAITALL).split()
            left = int(size)
            if way == b"get": peer.sendall(bytes(left))
            while way == b"put" and left: left -= len(peer.recv(min(left, 65536)))
            peer.sendall(b"done")
"""
    command = ["ip", "netns", "exec", there.name, sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.kill()


def test_bytes_a_second_are_limited_both_ways(box: Box, image: Path, there: World, carrier: int) -> None:
    rate, size = 1_000_000, 4_000_000
    line = (there.public, str(carrier), str(size))
    # Those of the first second may come at once.
    least = 1000 * (size - rate) // rate
    internet = Internet(resolvers=(there.public,), rate=rate)
    box.start(image, [PYTHON, "-c", CARRY, *line], limits=SMALL, internet=internet)
    taken, given = map(int, answers(box))
    assert (taken >= least, given >= least) == (True, True), (taken, given)


def test_a_network_that_cannot_start_says_why(box: Box, image: Path) -> None:
    with pytest.raises(BoxError, match="cannot be made"):
        box.start(image, [PYTHON], limits=SMALL, internet=Internet(closed=("nonsense",)))
    assert not traces(box.name)


def test_what_is_around_a_machine_is_closed() -> None:
    links: list[dict[str, Any]] = [
        {"addr_info": [{"local": "203.0.113.5", "prefixlen": 24}]},
        {"addr_info": [{"local": "198.51.100.1", "address": "198.51.100.9", "prefixlen": 32}]},
        {"addr_info": []},
    ]
    assert set(_of_addresses(links)) == {
        "203.0.113.5/32",
        "203.0.113.0/24",
        "198.51.100.1/32",
        "198.51.100.9/32",
    }
    routes: list[dict[str, Any]] = [
        {"dst": "default", "gateway": "192.0.2.1"},
        {"dst": "default", "scope": "link"},
        {"dst": "0.0.0.0/1", "scope": "link"},
        {"dst": "192.0.2.0/24", "scope": "link"},
        {"dst": "192.0.2.77", "scope": "link"},
        {"dst": "10.0.0.0/8", "nexthops": [{"gateway": "192.0.2.2"}, {"gateway": "192.0.2.3"}]},
    ]
    wanted = {"192.0.2.1/32", "192.0.2.0/24", "192.0.2.77/32", "192.0.2.2/32", "192.0.2.3/32"}
    assert set(_of_routes(routes)) == wanted


def test_all_that_is_not_the_internet_is_closed() -> None:
    """By the registries, as Python knows them; those for documentation are nobody's."""
    text = rules([])
    nets = [ipaddress.IPv4Network(word) for word in text.split("elements = { ")[1].split(" }")[0].split(", ")]
    nobodys = [ipaddress.IPv4Network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
    assert ipaddress.IPv4Network("168.63.129.16/32") in nets
    for number in range(0, 1 << 32, 1 << 18):
        address = ipaddress.IPv4Address(number + 1)
        if not address.is_global and not any(address in net for net in nobodys):
            assert any(address in net for net in nets), address
