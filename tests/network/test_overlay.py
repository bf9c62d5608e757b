"""Who is admitted to a lease's overlay, by what certificate; and what its process cannot do."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.keypair import Keypair
from tests.network.lab import Lab, lab, needed
from tests.network.overlays import NOW

from ionet.overlay import (
    Authority,
    DocumentError,
    Grant,
    LeaseFacts,
    Member,
    NotAdmitted,
    OverlayError,
    Place,
    Process,
    Request,
    Subnet,
    member,
    objection,
    reap,
    relay,
)
from ionet.overlay._certificates import PROGRAM, checked, public_text, raw
from ionet.overlay._homes import LOCK, hold
from ionet.overlay._jail import Jail, Jailed, program
from ionet.overlay._plan import next_number

LEASE, OTHER = b"L" * 32, b"M" * 32
HEAD, SECOND, RENTER, STRANGER = (Keypair.from_seed(bytes([number]) * 32) for number in range(1, 5))
PLACE, OTHER_PLACE = Place("198.51.100.1", 4300), Place("192.0.2.1", 4300)
FACTS = LeaseFacts(
    LEASE,
    frozenset({bytes(RENTER.pubkey())}),
    (
        Member(b"1" * 32, b"a" * 32, bytes(HEAD.pubkey())),
        Member(b"2" * 32, b"b" * 32, bytes(SECOND.pubkey())),
    ),
    NOW + 3600,
)


def asked(key: Keypair = SECOND, job: bytes = b"2" * 32, lease: bytes = LEASE) -> Request:
    return Request.sign(key, lease, job, b"p" * 32, b"s" * 32)


# -- addresses and settings


@given(st.binary(min_size=32, max_size=32))
def test_a_lease_has_its_own_addresses_and_a_renumbering_never_moves_them(lease: bytes) -> None:
    subnet = Subnet.of(lease)
    assert subnet == Subnet.of(lease)
    assert str(subnet.network).endswith("/22")
    assert str(subnet.network).startswith("100.")
    assert len({subnet.address(number) for number in range(1, 1023)}) == 1022
    for number in (0, 1023):
        with pytest.raises(ValueError, match="1 to 1022"):
            subnet.address(number)


def test_the_lowest_free_number_is_next() -> None:
    assert next_number([], range(1, 3)) == 1
    assert next_number([1, 1000], range(1, 3)) == 2
    assert next_number([2, 1], range(1, 3)) is None


def test_a_member_talks_to_members_and_sends_to_no_private_address_but_the_gateways() -> None:
    settings = member(Subnet.of(LEASE), Place("10.0.0.5", 4300))
    rule = [{"port": "any", "proto": "any", "group": "lease"}]
    assert settings["firewall"] == {"outbound": rule, "inbound": rule}
    allowed = settings["lighthouse"]["remote_allow_list"]
    assert allowed["10.0.0.5/32"]
    assert not any(allowed[net] for net in ("10.0.0.0/8", "127.0.0.0/8", "192.168.0.0/16", "169.254.0.0/16"))
    assert relay(4300)["firewall"] == {"outbound": [], "inbound": []}
    assert relay(4300)["tun"] == {"disabled": True}


@pytest.mark.parametrize(
    "text", ["", "1.2.3.4", "host:1", "1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:1:2", "::1:5"]
)
def test_a_place_is_an_address_and_a_port(text: str) -> None:
    with pytest.raises(ValueError, match=r"\d|ADDRESS|port"):
        Place.parse(text)
    assert Place.parse(str(PLACE)) == PLACE


# -- documents


def test_a_request_is_signed_and_names_its_lease() -> None:
    request = asked()
    assert Request.from_dict(json.loads(json.dumps(request.to_dict()))) == request
    assert request.text.startswith(b"ionet:overlay join\nlease ")
    for name in ("lease", "job", "key", "public", "seal", "signature"):
        changed = request.to_dict()
        changed[name] = ("0" if changed[name][0] != "0" else "1") + changed[name][1:]
        with pytest.raises(DocumentError):
            Request.from_dict(changed)
    for value in (None, 5, "zz" * 32, "00"):
        with pytest.raises(DocumentError, match="hex"):
            Request.from_dict({**request.to_dict(), "job": value})


def test_a_grant_answers_one_request_and_comes_from_the_head() -> None:
    request, head = asked(), bytes(HEAD.pubkey())
    grant = Grant.sign(HEAD, request, "authority", "certificate", PLACE)
    assert Grant.from_dict(json.loads(json.dumps(grant.to_dict()))) == grant
    grant.verify(request, head)
    with pytest.raises(DocumentError, match="another request"):
        grant.verify(asked(HEAD, b"1" * 32), head)
    # A gateway that puts its own authority, certificate, relay or secret in between.
    for name, value in (("authority", "x"), ("certificate", "x"), ("relay", OTHER_PLACE), ("secret", b"x")):
        changed = dataclasses.replace(grant, **{name: value})  # type: ignore[arg-type]
        with pytest.raises(DocumentError, match="the device of the lease's head"):
            changed.verify(request, head)
    forged = Grant.sign(STRANGER, request, "authority", "certificate", PLACE)
    with pytest.raises(DocumentError, match="the device of the lease's head"):
        forged.verify(request, head)
    with pytest.raises(DocumentError, match="relay"):
        Grant.from_dict({**grant.to_dict(), "relay": "example.org:1"})


@pytest.mark.parametrize(
    ("request_", "facts", "now", "why"),
    [
        (asked(), FACTS, NOW, None),
        (asked(HEAD, b"1" * 32), FACTS, NOW, None),
        (asked(RENTER), FACTS, NOW, None),
        (asked(STRANGER), FACTS, NOW, "neither the device's"),
        # A member's device, for another member's job.
        (asked(HEAD), FACTS, NOW, "neither the device's"),
        (asked(SECOND, b"3" * 32), FACTS, NOW, "not of this lease"),
        (asked(lease=OTHER), FACTS, NOW, "another lease"),
        (asked(), None, NOW, "another lease"),
        (asked(), FACTS, NOW + 3600, "over"),
        (asked(), dataclasses.replace(FACTS, members=()), NOW, "over"),
        # The second node's job has ended, the lease goes on.
        (asked(), dataclasses.replace(FACTS, members=FACTS.members[:1]), NOW, "has ended"),
    ],
)
def test_only_the_lease_s_devices_and_its_renter_are_admitted(
    request_: Request, facts: LeaseFacts | None, now: int, why: str | None
) -> None:
    said = objection(request_, facts, now)
    assert said == why if why is None else why in str(said)


# -- certificates


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    if not Path(PROGRAM).exists():
        needed()
        pytest.skip("no nebula-cert here")
    return Authority(LEASE, "lease", tmp_path / "state")


def shown(text: str, folder: Path) -> dict[str, object]:
    """What nebula-cert says of a certificate."""
    (folder / "shown.crt").write_text(text)
    command = [PROGRAM, "print", "-json", "-path", str(folder / "shown.crt")]
    details = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["details"]
    assert isinstance(details, dict)
    return details


def test_certificates_name_the_group_the_address_and_the_end_of_the_lease(
    authority: Authority, tmp_path: Path
) -> None:
    # Whoever asks first, the head has the first address, and everybody keeps their own.
    second = authority.admit(asked(), FACTS, NOW, PLACE, HEAD)
    head = authority.admit(asked(HEAD, b"1" * 32), FACTS, NOW, PLACE, HEAD)
    renter = authority.admit(asked(RENTER), FACTS, NOW, PLACE, HEAD)
    again = authority.admit(asked(), dataclasses.replace(FACTS, ends_at=NOW + 7200), NOW, PLACE, HEAD)
    network = authority.subnet.network
    numbers = [1, 2, 1000, 2]
    for grant, number, seconds in zip(
        (head, second, renter, again), numbers, [3600] * 3 + [7200], strict=True
    ):
        details = shown(grant.certificate, tmp_path)
        assert details["ips"] == [f"{network[number]}/22"]
        assert details["groups"] == ["lease"]
        assert details["publicKey"] == (b"p" * 32).hex()
        assert details["isCa"] is False
        end = time.mktime(time.strptime(str(details["notAfter"])[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
        assert abs(end - time.time() - seconds) < 60
        assert grant.authority == authority.open()
    details = shown(authority.certify_relay(b"r" * 32, 3600), tmp_path)
    assert details["groups"] == ["relay"]
    assert details["ips"] == [f"{network[1022]}/22"]
    with pytest.raises(NotAdmitted, match="neither"):
        authority.admit(asked(STRANGER), FACTS, NOW, PLACE, HEAD)


def test_an_authority_is_found_again_and_its_key_is_nobody_elses(
    authority: Authority, tmp_path: Path
) -> None:
    text = authority.open()
    assert Authority(LEASE, "lease", tmp_path / "state").open() == text
    assert Authority(LEASE, "another", tmp_path / "state").open() != text
    home = tmp_path / "state/lease.authority"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "ca.key").stat().st_mode) == 0o600
    authority.close()
    assert not home.exists()
    assert authority.open() != text
    reap(tmp_path / "state", ["lease"])
    assert home.exists()
    reap(tmp_path / "state")
    assert not any((tmp_path / "state").iterdir())


def test_members_that_ask_at_the_same_time_get_addresses_of_their_own(authority: Authority) -> None:
    keys = [Keypair() for _ in range(12)]
    jobs = [bytes([number]) * 32 for number in range(1, 13)]
    members = tuple(Member(job, job, bytes(key.pubkey())) for key, job in zip(keys, jobs, strict=True))
    facts = dataclasses.replace(FACTS, members=members)

    def admitted(key: Keypair, job: bytes) -> str:
        return authority.admit(asked(key, job), facts, NOW, PLACE, HEAD).authority

    with ThreadPoolExecutor(len(keys)) as pool:
        authorities = set(pool.map(admitted, keys, jobs))
    assert authorities == {authority.open()}
    assert len({authority.address(job) for job in jobs}) == len(jobs)


def test_what_is_no_certificate_or_key_is_not_taken(authority: Authority) -> None:
    assert checked(authority.open())
    assert raw(public_text(b"k" * 32)) == b"k" * 32
    for text in (
        "",
        "x",
        public_text(b"k" * 32),
        authority.open() + authority.open(),
        authority.open()[:-40],
    ):
        with pytest.raises(OverlayError):
            checked(text)
    with pytest.raises(OverlayError):
        raw(public_text(b"k" * 31))


@pytest.mark.parametrize("name", ["", "A", "../x", "x" * 33, "x.authority"])
def test_names_are_no_paths(name: str, tmp_path: Path) -> None:
    with pytest.raises(OverlayError, match="a-z"):
        Process(name, tmp_path)
    with pytest.raises(OverlayError, match="a-z"):
        Authority(LEASE, name, tmp_path)


# -- the process


def test_the_filter_of_calls_has_no_way_past_its_end() -> None:
    for machine in ("x86_64", "aarch64"):
        code = program(machine, 5)
        assert len(code) % 8 == 0
        count = len(code) // 8
        for index in range(count):
            operation, true, false = code[8 * index], code[8 * index + 2], code[8 * index + 3]
            assert index + 1 + max(true, false) < count or operation == 0x06
    with pytest.raises(KeyError):
        program("riscv64", 5)


#: What a nebula that somebody has taken over could try. Each line: a name, and what must fail.
_TRIES = """
import ctypes, os, signal, socket, sys
def tries(name, what):
    try:
        what()
    except OSError as bad:
        print("refused", name, flush=True)
    else:
        print("DONE", name, flush=True)
udp = lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 17)
first = udp()
first.sendto(b"from the jail", ("198.51.100.1", 9))
print("socket", flush=True)
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)
tries("second socket", udp)
tries("unix socket", lambda: socket.socket(socket.AF_UNIX))
tries("packets", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
tries("firewall", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12))
tries("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
tries("tcp to the internet", lambda: socket.create_connection(("198.51.100.1", 7000), 2))
tries("namespace", lambda: call("unshare", 0x20000))
tries("user namespace", lambda: call("unshare", 0x10000000))
tries("mount", lambda: call("mount", b"none", b"/config", b"tmpfs", 0, None))
tries("chroot", lambda: os.chroot("/config"))
tries("user", lambda: os.setuid(1))
tries("trace", lambda: call("ptrace", 16, int(sys.argv[1]), 0, 0))
tries("signal", lambda: os.kill(int(sys.argv[1]), 0))
tries("change its files", lambda: open("/config/own.key", "w"))
tries("a file anywhere", lambda: open("/x", "w"))
for path in ("/run", "/etc", "/proc", "/sys", "/home", "/root", "/var", "/dev/kmsg"):
    tries(path, lambda: os.stat(path))
print("end", flush=True)
"""


@pytest.fixture(scope="module")
def net() -> Iterator[Lab]:
    needed()
    with lab() as made:
        made.add("box")
        yield made


@pytest.mark.parametrize("kind", ["member", "relay", "relay of a gateway that is not root"])
def test_a_process_has_one_socket_and_nothing_else(kind: str, net: Lab, tmp_path: Path) -> None:
    if not Path("/usr/bin/python3").exists():
        pytest.skip("the tries need the system's Python, which the jail sees")
    files, root = tmp_path / "files", tmp_path / "root"
    for folder in (files, root):
        folder.mkdir()
    (files / "own.key").write_text("key")
    network = net.network("box") if kind == "member" else None
    unprivileged = "not root" in kind
    jail = Jail(root, files, "/config", None if unprivileged else 912_345, network)
    command = ("/usr/bin/python3", "-I", "-S", "-c", _TRIES, str(os.getpid()))

    def tried() -> str:
        jailed = Jailed(jail, command)
        said = b""
        deadline = time.monotonic() + 20
        asked_again = False
        try:
            while not jailed.ended() and time.monotonic() < deadline:
                # The kernel asks twice: for the socket, and for the second one.
                if b"socket" not in said or not asked_again:
                    asked_again = b"socket" in said
                    jailed.answer()
                time.sleep(0.05)
                with suppress(BlockingIOError):
                    said += os.read(jailed.output, 1 << 16)
            with suppress(BlockingIOError):
                said += os.read(jailed.output, 1 << 16)
        finally:
            jailed.signal(9)
            jailed.close()
        return said.decode()

    with (
        net.at("gateway", lambda: socket.create_server(("198.51.100.1", 7000))),
        net.at("gateway", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as heard,
    ):
        heard.bind(("198.51.100.1", 9))
        heard.settimeout(5)
        text = net.at("gateway", tried)
        # The socket is of the network that the parent is in.
        assert heard.recv(100) == b"from the jail", text
    lines = text.splitlines()
    assert lines[0] == "socket", text
    assert lines[-1] == "end", text
    assert [line for line in lines if line.startswith("DONE")] == [], text
    assert len([line for line in lines if line.startswith("refused")]) == 23, text


def test_a_home_in_which_a_keeper_cannot_write_its_number_stays_free(tmp_path: Path) -> None:
    (tmp_path / LOCK).symlink_to("/dev/full")
    with pytest.raises(OSError, match=r"Invalid argument|No space left"):
        hold(tmp_path)
    with (tmp_path / LOCK).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
