"""Members of a lease on machines behind NATs, a gateway that must learn nothing, and strangers."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.network.lab import Lab, eventually, in_memory, lab, needed, send_plainly
from tests.network.overlays import NOW, Joined, OfLease, leases, nebula
from tests.sandbox.support import prepared_image

from ionet.overlay import Authority, NotAdmitted, Process, Request, member
from ionet.overlay._homes import keeper
from ionet.sandbox import Box, Internet, Limits, machine_time
from ionet.sandbox import reap as reap_boxes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def behind() -> Iterator[Lab]:
    """Two suppliers behind two symmetric NATs."""
    needed()
    with lab(A=True, B=True) as made:
        yield made


@pytest.fixture(scope="module")
def state(behind: Lab) -> Iterator[Path]:
    with leases(behind) as place:
        yield place


@pytest.fixture(scope="module")
def pair(behind: Lab, state: Path) -> tuple[Joined, Joined]:
    """A lease of two nodes, one at each supplier."""
    of = OfLease(behind, state, 4300)
    of.start_relay()
    return of.join("A", behind.add("boxA")), of.join("B", behind.add("boxB"))


def test_members_behind_symmetric_nats_reach_each_other_and_the_gateway_learns_nothing(
    behind: Lab, pair: tuple[Joined, Joined]
) -> None:
    head, other = pair
    assert head.address == str(head.of.authority.subnet.network[1])
    secret, plain = secrets.token_bytes(48), secrets.token_bytes(48)
    with behind.echo("boxB", other.address) as got, behind.capture("gateway") as seen:
        assert behind.reaches("boxA", other.address, secret * 500, wait=30)
        assert behind.reaches("boxA", other.address, secret)
        send_plainly(behind, "A", plain)
        # What the test could see, it would have seen.
        assert eventually(lambda: seen.has(plain), 5)
        assert secret * 2 in b"".join(got)
        # All of it went through the gateway, twice: there is no other way.
        assert seen.octets > 2 * 500 * 48
        assert not seen.has(secret)
        assert not in_memory(nebula(head.of.relay), secret)
        assert in_memory(os.getpid(), secret)


def test_a_member_is_reached_by_members_of_its_lease_only(
    behind: Lab, pair: tuple[Joined, Joined], state: Path
) -> None:
    head, other = pair
    stranger = OfLease(behind, state, 4300)
    box = behind.add("boxX")
    try:
        # Somebody else's authority, the same addresses, the same relay.
        forged = Authority(head.of.lease, "forged", state)
        process = Process("stranger", state)
        request = Request.sign(head.of.head, head.of.lease, head.job, process.public(), head.of.sealed.public)
        stranger.members.extend(head.of.members)
        stranger.lease = head.of.lease
        grant = forged.admit(request, stranger.facts, NOW, head.of.place, stranger.head)
        settings = member(forged.subnet, head.of.place)
        behind.at(
            "A",
            lambda: process.start(settings, grant.authority, grant.certificate, head.of.ends, box),
        )
        assert eventually(lambda: b"is active" in process.log())
        with behind.echo("boxB", other.address):
            assert not behind.reaches("boxX", other.address, wait=4)
            assert behind.reaches("boxA", other.address, wait=30)
    finally:
        Process("stranger", state).end()
        behind.remove("boxX")


def test_the_gateway_reaches_no_port_of_a_member_with_the_relays_own_key(behind: Lab, state: Path) -> None:
    of = OfLease(behind, state, 4305)
    thief, box = Process("thief", state), behind.add("gatewaybox")
    anything = [{"port": "any", "proto": "any", "host": "any"}]
    # What an operator could make of his gateway: nebula with an interface, and a firewall that lets all out.
    settings = member(of.authority.subnet, of.place)
    settings |= {
        "lighthouse": {"am_lighthouse": True},
        "static_host_map": {},
        "listen": {"host": "0.0.0.0", "port": of.port},
        "relay": {"am_relay": True},
        "firewall": {"outbound": anything, "inbound": anything},
    }
    certificate, authority = of.authority.certify_relay(thief.public(), 3600), of.authority.open()
    behind.at("gateway", lambda: thief.start(settings, authority, certificate, of.ends, box))
    head, other = of.join("A", behind.add("boxE")), of.join("B", behind.add("boxF"))
    with behind.echo("boxE", head.address), behind.echo("boxF", other.address):
        # It does its work, and has a connection to each.
        assert behind.reaches("boxE", other.address, wait=60)
        for address in (head.address, other.address):
            assert not behind.reaches("gatewaybox", address, wait=3)
        # A member in the same place does.
        third = of.join("gateway", behind.add("boxG"))
        for address in (head.address, other.address):
            assert behind.reaches("boxG", address, wait=30)
        third.process.end()
    thief.end()
    for process in (head.process, other.process):
        process.end()
    for name in ("boxE", "boxF", "boxG", "gatewaybox"):
        behind.remove(name)


def test_members_find_each_other_again_after_the_relay_and_a_members_process_was_killed(
    behind: Lab, pair: tuple[Joined, Joined]
) -> None:
    head, other = pair
    with behind.echo("boxB", other.address):
        assert behind.reaches("boxA", other.address, wait=60)
        with behind.tcp("boxA") as stream:
            stream.settimeout(60)
            stream.connect((other.address, 7000))
            former = nebula(other.process)
            os.kill(former, signal.SIGKILL)
            assert eventually(lambda: nebula(other.process) != former)
            stream.sendall(b"still here")
            assert stream.recv(100) == b"still here"
        former = nebula(head.of.relay)
        os.kill(former, signal.SIGKILL)
        assert not behind.reaches("boxA", other.address, wait=1)
        assert eventually(lambda: nebula(head.of.relay) != former)
        assert behind.reaches("boxA", other.address, wait=120)


def test_a_certificates_end_ends_connections_and_a_new_one_goes_on(behind: Lab, state: Path) -> None:
    of = OfLease(behind, state, 4306, seconds=10)
    began = time.monotonic()
    of.start_relay()
    head, other = of.join("A", behind.add("boxE")), of.join("B", behind.add("boxF"))
    with behind.echo("boxF", other.address):
        assert behind.reaches("boxE", other.address, wait=8)
        with behind.tcp("boxE") as stream:
            stream.connect((other.address, 7000))
            time.sleep(max(0.0, 11 - (time.monotonic() - began)))

            def stands() -> bool:
                stream.settimeout(1)
                try:
                    stream.sendall(b"x")
                    return bool(stream.recv(100))
                except TimeoutError:
                    return False

            assert eventually(lambda: not stands())
            assert not behind.reaches("boxE", other.address, wait=4)
        # The lease is over: nothing is certified.
        of.seconds = 0
        with pytest.raises(NotAdmitted, match="over"):
            other.start()
        # It was extended.
        of.seconds = 3600
        of.start_relay()
        head.start()
        other.start()
        assert behind.reaches("boxE", other.address, wait=90)
    for process in (head.process, other.process, of.relay):
        process.end()
    for name in ("boxE", "boxF"):
        behind.remove(name)


_SERVE = """
import socket, sys
server = socket.socket()
while True:
    try:
        server.bind((sys.argv[1], 7000))
        break
    except OSError:
        pass
server.listen()
while True:
    stream, _ = server.accept()
    stream.sendall(stream.recv(100))
    stream.close()
"""
_ASK = """
import socket, sys, time
deadline = time.monotonic() + 60
while True:
    try:
        stream = socket.create_connection((sys.argv[1], 7000), 3)
        stream.sendall(b"from a box")
        print("got", stream.recv(100).decode(), flush=True)
        break
    except OSError:
        assert time.monotonic() < deadline
for host in sys.argv[2:]:
    try:
        socket.create_connection((host, 7000), 2)
        print("REACHED", host, flush=True)
    except OSError:
        print("closed", host, flush=True)
"""


@pytest.mark.parametrize("internet", [None, Internet()], ids=["no internet", "internet"])
def test_boxes_reach_each_other_and_neither_their_machines_nor_the_networks_around(
    behind: Lab, state: Path, internet: Internet | None, tmp_path: Path
) -> None:
    image = prepared_image()
    of = OfLease(behind, state, 4307)
    of.start_relay()
    boxes = Path(tempfile.mkdtemp(prefix="ionet-boxes-"))
    boxes.chmod(0o711)
    asker, server = (Box(f"{of.name}m{number}", boxes) for number in (1, 2))
    own = [of.authority.subnet.address(number) for number in (1, 2)]
    around = ["10.1.0.2", "10.1.0.1", "127.0.0.1"]
    if internet is None:
        around.append("198.51.100.1")
    python = ["/usr/bin/python3", "-c"]
    try:
        with behind.echo("A", "10.1.0.2"), behind.echo("gateway", "198.51.100.1"):
            assert behind.reaches("A", "198.51.100.1")
            given = [*python, _ASK, own[1], *around]
            asker.start(image, given, limits=Limits(seconds=100), internet=internet)
            server.start(image, [*python, _SERVE, own[1]], limits=Limits(seconds=100), internet=internet)
            ends = [of.join("A", Path(f"/run/netns/io-{asker.name}"))]
            ends.append(of.join("B", Path(f"/run/netns/io-{server.name}")))
            assert [joined.address for joined in ends] == own
            assert asker.wait(100) is not None
            said = asker.log().decode().splitlines()
            assert said == ["got from a box", *(f"closed {host}" for host in around)]
        # What ends the box ends its overlay.
        numbers = [nebula(joined.process) for joined in ends]
        for box in (asker, server):
            box.destroy()
        assert eventually(lambda: not any(Path(f"/proc/{number}").exists() for number in numbers))
    finally:
        list(reap_boxes(boxes))
        shutil.rmtree(boxes)
        for name in (f"{of.name}m1", f"{of.name}m2", f"{of.name}relay"):
            Process(name, state).end()


def test_an_overlay_ends_with_its_keeper_its_box_or_its_time_and_leaves_nothing(
    behind: Lab, state: Path
) -> None:
    of = OfLease(behind, state, 4310)

    def gone(joined: Joined, pid: int) -> bool:
        return not joined.process.exists() and not Path(f"/proc/{pid}").exists()

    # The box goes, and its network with it.
    joined = of.join("A", behind.add("boxC"))
    pid = nebula(joined.process)
    behind.remove("boxC")
    assert eventually(lambda: gone(joined, pid))
    # The keeper is killed: no nebula without one; the next look ends all of it.
    box = behind.add("boxC")
    joined = of.join("A", box)
    pid = nebula(joined.process)
    again = Process(joined.process.name, state)
    assert again.running()
    number = keeper(again._home)
    assert number is not None
    os.kill(number, signal.SIGKILL)
    assert eventually(lambda: not Path(f"/proc/{pid}").exists())
    assert "io0" not in behind.run("boxC", "ip", "link")
    again.end()
    assert gone(joined, pid)
    # Its time is over.
    joined = of.join("A", box)
    pid = nebula(joined.process)
    joined.start(ends=machine_time() + 1)
    assert eventually(lambda: gone(joined, pid))
    # Whoever started it is killed, which ends nothing.
    joined = of.join("A", box)
    assert joined.process.running()
    joined.process.end()
    joined.process.end()
    assert not joined.process.exists()
    behind.remove("boxC")
    groups = list(Path("/sys/fs/cgroup").glob(f"*/ionet/{joined.process.name}*"))
    assert not groups


def test_a_direct_path_is_taken_where_the_nats_allow_it() -> None:
    needed()
    with lab(A=False, B=False) as open_nats, leases(open_nats) as state:
        of = OfLease(open_nats, state, 4320)
        of.start_relay()
        of.join("A", open_nats.add("boxA"))
        other = of.join("B", open_nats.add("boxB"))
        with open_nats.echo("boxB", other.address):
            assert open_nats.reaches("boxA", other.address, wait=30)

            def direct() -> bool:
                with open_nats.capture("gateway") as seen:
                    assert open_nats.reaches("boxA", other.address, bytes(200_000), wait=10)
                    return seen.octets < 100_000

            assert eventually(direct)
            # The gateway is off; they do not notice.
            of.relay.end()
            assert open_nats.reaches("boxA", other.address, wait=5)
