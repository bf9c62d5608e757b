"""A hostile program: each try succeeds as a plain process of this machine, and fails in a box.

What it says of itself is not all: whoever says that they got the secret has to show it, for they know its
hash only; listeners of the host count who comes, and what the machine is like before and after a box is
compared. Of all else the host looks at the program that has tried it, while it still runs: which rights,
namespaces, limits and mounts its kernel gives it, and what the filter answers that this kernel runs at each
of its system calls (`tests.sandbox.seen`). The same look at the plain process sees what is missing there.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest import mock

import pytest
from tests.sandbox.hostile import TRIES
from tests.sandbox.seen import SHOWN, look

from ionet.sandbox import JOB_IMAGE, Box, Limits, Podman, PodmanBox

MIB = 1 << 20
HOSTILE = Path(__file__).with_name("hostile.py")
#: What this kernel does not have cannot be tried as a plain process; in a box it must fail all the same.
ABSENT = (
    "FileNotFoundError",
    *(f"OSError: [Errno {number}]" for number in (38, 92, 93, 95, 97)),
)
MAY_BE_ABSENT: Final = {
    "handle_page_faults": "a kernel without userfaultfd",
    "listen_to_all_frames": "a kernel without packet sockets",
    "load_another_protocol": "a kernel without MPTCP",
    "open_sysrq": "a kernel without sysrq, or a /proc without it",
    "reserve_asynchronous_requests": "a kernel without asynchronous requests",
    "reserve_message_queues": "a kernel without POSIX queues",
    "load_a_filter_into_the_kernel": "a kernel without BPF",
    "set_up_a_ring": "a kernel without io_uring",
    "speak_to_the_firewall": "a kernel without netfilter's sockets",
    "speak_to_the_hypervisor": "a machine that is none of a hypervisor's",
    "use_the_kernels_cipher_sockets": "a kernel without cipher sockets",
    "watch_with_performance_counters": "a kernel without performance events",
    "write_the_kernels_log": "a /dev without the kernel's log",
}
#: Nor can what this user may not do, as in a container: the number of the capability.
NEEDS: Final = {
    "never_be_killed_for_memory": 24,
    "open_many_files": 24,
    "set_the_clock": 25,
    "restart_the_machine": 22,
}

#: Tries for the secret, which show it where they succeed.
LOOTING: Final = frozenset(
    {
        "be_reached_from_outside",
        "find_a_secret_in_environments",
        "make_a_device",
        "open_a_disk",
        "reach_the_hosts_loopback",
        "reach_the_local_network",
        "reach_the_metadata_service",
        "read_a_key",
        "read_memory_by_call",
        "read_memory_by_proc",
    }
)
#: What the host counts of a try, by its name: at least one as a plain process, and none of a box.
COUNTED: Final = {
    "be_reached_from_outside": "knocked",
    "reach_the_hosts_loopback": "accepted",
    "reach_the_local_network": "accepted",
    "reach_the_metadata_service": "accepted",
    "scan_the_local_network": "datagrams",
    "write_into_the_host": "planted",
}

VICTIM = """
import ctypes, os, socket, sys, time
kept = ctypes.create_string_buffer(os.environ["IONET_SECRET"].encode())
door = socket.socket(socket.AF_UNIX); door.bind("\\0" + sys.argv[1]); door.listen()
print(ctypes.addressof(kept), flush=True)
time.sleep(600)
"""


@dataclass
class Tried:
    """What has come of all tries.

    Attributes:
        said: by the program.
        seen: by the host: numbers by `COUNTED`'s names.
        text: all that the program has printed.
        stopped: whether the host's kernel says so, by the tries' names; None: it shows that to nobody here.
    """

    said: dict[str, Any]
    seen: Counter[str]
    text: str
    stopped: Mapping[str, bool] | None

    @classmethod
    def of(cls, text: str, seen: Counter[str], stopped: Mapping[str, bool] | None) -> Tried:
        return cls(json.loads(text.splitlines()[-1]), seen, text, stopped)


@contextmanager
def watching(facts: dict[str, Any]) -> Iterator[Counter[str]]:
    """Counts what comes to the host meanwhile; what else it is like has to stay the same."""
    came, before = facts["came"], machine()
    came.clear()
    seen: Counter[str] = Counter()
    yield seen
    seen.update(came)
    seen["planted"] = int(Path(facts["planted"]).exists())
    assert Path(f"/proc/{facts['victim']}").exists()
    assert machine() == before


def machine() -> dict[str, str]:
    """What a hostile program would change of the machine."""
    files = ("hostname", "core_pattern", "printk", "randomize_va_space", "tainted")
    kernel = {name: Path("/proc/sys/kernel", name).read_text() for name in files}
    return {**kernel, "routes": Path("/proc/net/route").read_text()}


def answer_all(listener: socket.socket, secret: str, came: Counter[str]) -> None:
    while True:
        try:
            stream, _ = listener.accept()
        except OSError:
            return
        came["accepted"] += 1
        with stream, suppress(OSError):
            stream.sendall(secret.encode())


def hear_all(ear: socket.socket, came: Counter[str]) -> None:
    while True:
        try:
            ear.recv(100)
        except OSError:
            return
        came["datagrams"] += 1


def knock(address: tuple[str, int], secret: str, over: threading.Event, came: Counter[str]) -> None:
    """Gives a secret to whoever listens there."""
    while not over.wait(0.1):
        with suppress(OSError), socket.create_connection(address, timeout=1) as stream:
            came["knocked"] += 1
            stream.sendall(secret.encode())


@contextmanager
def free_door(secret: str, came: Counter[str]) -> Iterator[int]:
    """A port at which somebody on this machine's network knocks meanwhile."""
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port: int = taken.getsockname()[1]
    over = threading.Event()
    knocking = threading.Thread(target=knock, args=((lan_address(), port), secret, over, came))
    knocking.start()
    try:
        yield port
    finally:
        over.set()
        knocking.join()


@contextmanager
def metadata_service() -> Iterator[None]:
    """The address at which clouds hand out their machines' credentials."""
    address = ["169.254.169.254/32", "dev", "lo"]
    subprocess.run(["ip", "address", "add", *address], check=False, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "address", "delete", *address], check=False, capture_output=True)


def lan_address() -> str:
    """This machine's address in its own network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address: str = probe.getsockname()[0]
        return address


@contextmanager
def block_device(place: Path, secret: str) -> Iterator[Path]:
    """A disk of the host, with the secret on it."""
    place.write_bytes(secret.encode().ljust(MIB, b"\0"))
    attach = subprocess.run(
        ["losetup", "--find", "--show", place],
        check=True,
        capture_output=True,
        text=True,
    )
    device = Path(attach.stdout.strip())
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


def may(capability: int) -> bool:
    """Whether this process has a capability."""
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff")
    )
    return bool(int(line.split()[1], 16) >> capability & 1)


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What a hostile program wants: a key, another process's memory, ports of the host and of its network."""
    place = tmp_path_factory.mktemp("host")
    secret, abstract = secrets.token_hex(16), f"ionet-{secrets.token_hex(8)}"
    (place / "device.json").write_text(secret)
    (place / "scratch").mkdir()
    listener = socket.create_server(("0.0.0.0", 0))
    came: Counter[str] = Counter()
    threading.Thread(target=answer_all, args=(listener, secret, came), daemon=True).start()
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.bind(("0.0.0.0", listener.getsockname()[1]))
    threading.Thread(target=hear_all, args=(ear, came), daemon=True).start()
    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, abstract],
        stdout=subprocess.PIPE,
        env={**os.environ, "IONET_SECRET": secret},
    )
    assert victim.stdout is not None
    cgroup = next(Path("/sys/fs/cgroup").rglob("cgroup.procs"))
    with (
        victim,
        listener,
        metadata_service(),
        free_door(secret, came) as door,
        block_device(place / "disk", secret) as block,
    ):
        yield {
            "secret": secret,
            "came": came,
            "digest": hashlib.sha256(secret.encode()).hexdigest(),
            "key": str(place / "device.json"),
            "planted": str(place / "planted"),
            "scratch": str(place / "scratch"),
            "victim": victim.pid,
            "address": int(victim.stdout.readline()),
            "variable": "IONET_TRIED",
            "abstract": abstract,
            "port": listener.getsockname()[1],
            "lan": lan_address(),
            "door": door,
            "patience": 60,
            "block": str(block),
            "numbers": (os.major(block.stat().st_rdev), os.minor(block.stat().st_rdev)),
            "cgroup": str(cgroup),
            "processes": 400,
            "signals": 8000,
            "bytes": 160 * MIB,
        }
        victim.kill()


@pytest.fixture(scope="module")
def plain(facts: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """What comes of the tries in a plain process of this user, which is what a box replaces."""
    place = tmp_path_factory.mktemp("plain") / "facts.json"
    place.write_text(told(facts))
    with watching(facts) as seen, open(facts["key"]) as key:
        os.set_inheritable(key.fileno(), True)
        with subprocess.Popen(
            [sys.executable, HOSTILE, place],
            env={**os.environ, facts["variable"]: "1"},
            close_fds=False,
            stdout=subprocess.PIPE,
            text=True,
        ) as program:
            assert program.stdout is not None
            said = program.stdout.readline()
            stopped = look(program.pid, facts)
            program.kill()
    Path(facts["planted"]).unlink()
    return Tried.of(said, seen, stopped)


def told(facts: dict[str, Any], **others: object) -> str:
    """What a hostile program is told: not the secret."""
    kept = {key: facts[key] for key in facts.keys() - {"came", "secret"}}
    return json.dumps({**kept, "stays": 120, **others})


@pytest.fixture(scope="module")
def boxed(facts: dict[str, Any], image: Path, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """What comes of them in a box, with scratch space of its own."""
    place = tmp_path_factory.mktemp("boxed")
    for folder in (place, *place.parents):
        if folder == Path("/tmp"):
            break
        folder.chmod(0o711)
    box = Box(secrets.token_hex(8), place / "boxes")
    wanted = told(facts, scratch="/job/work", patience=3).encode()
    given = {"hostile.py": HOSTILE.read_bytes(), "facts.json": wanted}
    command = ["/usr/bin/python3", "/in/hostile.py", "/in/facts.json"]
    limits = Limits(disk=64 * MIB, shared_memory=16 * MIB, processes=128, memory=512 * MIB)
    return tried_in(box, facts, lambda: box.start(image, command, given=given, limits=limits))


@pytest.fixture(scope="module")
def under_podman(facts: dict[str, Any], podman: Podman) -> Tried:
    """What comes of them in a container of podman's, with the same limits."""
    box = PodmanBox(secrets.token_hex(8), podman, "tests")
    wanted = told(facts, scratch="/job/work", patience=3).encode()
    given = {"hostile.py": HOSTILE.read_bytes(), "facts.json": wanted}
    command = ["/usr/bin/python3", "/in/hostile.py", "/in/facts.json"]
    limits = Limits(disk=64 * MIB, shared_memory=16 * MIB, processes=128, memory=512 * MIB)
    return tried_in(box, facts, lambda: box.start(JOB_IMAGE, command, given=given, limits=limits))


def tried_in(box: Box | PodmanBox, facts: dict[str, Any], start: Callable[[], None]) -> Tried:
    """Starts a box, waits for what comes of it, and removes the box."""
    try:
        with watching(facts) as seen:
            with open(facts["key"]) as key, mock.patch.dict(os.environ, {facts["variable"]: "1"}):
                os.set_inheritable(key.fileno(), True)
                start()
            deadline = time.monotonic() + 120
            while not box.log().endswith(b"}\n"):
                assert time.monotonic() < deadline, box.log()
                time.sleep(0.1)
            stopped = look(program_of(box), {**facts, "scratch": "/job/work"})
            box.stop()
            assert box.wait(60) is not None
        return Tried.of(box.log().decode(), seen, stopped)
    finally:
        box.destroy()


def program_of(box: Box | PodmanBox) -> int:
    """The process of a hostile program, by its number on this machine."""
    if isinstance(box, PodmanBox):
        return box.roots()[0]
    # There are those beside it that begin it, and keep its output.
    (pid,) = (
        pid
        for pid in box.processes()
        if b"/in/hostile.py" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:2]
    )
    return pid


def cannot(name: str, plain: Tried) -> str | None:
    """Why a try cannot succeed on this machine, whatever runs it; None: it can."""
    if name in MAY_BE_ABSENT and str(plain.said[name]).startswith(ABSENT):
        return MAY_BE_ABSENT[name]
    if name in NEEDS and not may(NEEDS[name]):
        return f"a user without the capability {NEEDS[name]}"
    return None


def check(name: str, plain: Tried, contained: Tried, facts: dict[str, Any]) -> None:
    if cannot(name, plain) is None:
        assert plain.said[name] is True, f"as a plain process: {plain.said[name]}"
    assert contained.said[name] is not True
    assert not str(contained.said[name]).startswith(("TypeError", "KeyError", "NameError", "AttributeError"))
    if name in SHOWN and plain.stopped is not None and contained.stopped is not None:
        assert contained.stopped[name], "the host does not see what stops it"
        if cannot(name, plain) is None:
            assert not plain.stopped[name], "the host sees the same of a plain process"
    if name in LOOTING:
        assert plain.said["loot"][name] == facts["secret"]
        assert facts["secret"] not in contained.text
    if name in COUNTED:
        assert plain.seen[COUNTED[name]] > 0
        assert contained.seen[COUNTED[name]] == 0


@pytest.mark.parametrize("name", sorted(TRIES))
def test_try(name: str, plain: Tried, boxed: Tried, facts: dict[str, Any]) -> None:
    check(name, plain, boxed, facts)


@pytest.mark.parametrize("name", sorted(TRIES))
def test_try_under_podman(name: str, plain: Tried, under_podman: Tried, facts: dict[str, Any]) -> None:
    check(name, plain, under_podman, facts)


def test_there_are_enough_tries_and_the_host_sees_what_comes_of_each() -> None:
    assert len(TRIES) >= 40
    assert TRIES.keys() == SHOWN.keys() | LOOTING | COUNTED.keys()


def test_the_kernel_shows_the_host_what_stops_a_program(plain: Tried, boxed: Tried) -> None:
    if None in (plain.stopped, boxed.stopped):
        if os.environ.get("CI"):
            pytest.fail("which system calls a box's filter refuses cannot be seen here")
        pytest.skip("this kernel shows filters of system calls to nobody")


def test_tries_that_this_machine_makes_impossible_are_few_and_each_says_why(
    plain: Tried,
) -> None:
    assert (len(MAY_BE_ABSENT), len(NEEDS)) == (13, 4)
    without = {name: why for name in TRIES if (why := cannot(name, plain)) is not None}
    for name, why in without.items():
        warnings.warn(f"{name} cannot succeed here: {why}", stacklevel=1)
    # Of a try that is listed and that succeeds nothing is left out.
    assert all(plain.said[name] is True for name in TRIES.keys() - without.keys())
    assert without.keys() <= MAY_BE_ABSENT.keys() | NEEDS.keys()
