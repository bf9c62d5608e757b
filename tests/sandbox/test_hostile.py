"""A hostile program: each try succeeds as a plain process of this machine, and fails in a box."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from tests.sandbox.hostile import TRIES

from ionet.sandbox import JOB_IMAGE, Box, Ending, Limits, Podman, PodmanBox

MIB = 1 << 20
HOSTILE = Path(__file__).with_name("hostile.py")
#: What this kernel does not have cannot be tried as a plain process; in a box it must fail all the same.
ABSENT = (
    "FileNotFoundError",
    *(f"OSError: [Errno {number}]" for number in (38, 92, 93, 95, 97)),
)
MAY_BE_ABSENT = frozenset(
    {
        "handle_page_faults",
        "listen_to_all_frames",
        "load_another_protocol",
        "open_sysrq",
        "reserve_asynchronous_requests",
        "reserve_message_queues",
        "load_a_filter_into_the_kernel",
        "set_up_a_ring",
        "speak_to_the_firewall",
        "speak_to_the_hypervisor",
        "use_the_kernels_cipher_sockets",
        "watch_with_performance_counters",
        "write_the_kernels_log",
    }
)
#: Nor can what this user may not do: the number of the capability.
NEEDS: Final = {
    "never_be_killed_for_memory": 24,
    "open_many_files": 24,
    "set_the_clock": 25,
    "restart_the_machine": 22,
}

VICTIM = """
import ctypes, os, socket, sys, time
kept = ctypes.create_string_buffer(os.environ["IONET_SECRET"].encode())
door = socket.socket(socket.AF_UNIX); door.bind("\\0" + sys.argv[1]); door.listen()
print(ctypes.addressof(kept), flush=True)
time.sleep(600)
"""


def answer_all(listener: socket.socket, secret: str) -> None:
    while True:
        try:
            stream, _ = listener.accept()
        except OSError:
            return
        with stream, suppress(OSError):
            stream.sendall(secret.encode())


def knock(address: tuple[str, int], secret: str, over: threading.Event) -> None:
    """Gives a secret to whoever listens there."""
    while not over.wait(0.1):
        with suppress(OSError), socket.create_connection(address, timeout=1) as stream:
            stream.sendall(secret.encode())


@contextmanager
def free_door(secret: str) -> Iterator[int]:
    """A port at which somebody on this machine's network knocks meanwhile."""
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port: int = taken.getsockname()[1]
    over = threading.Event()
    knocking = threading.Thread(target=knock, args=((lan_address(), port), secret, over))
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
        ["losetup", "--find", "--show", place], check=True, capture_output=True, text=True
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
    threading.Thread(target=answer_all, args=(listener, secret), daemon=True).start()
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
        free_door(secret) as door,
        block_device(place / "disk", secret) as block,
    ):
        yield {
            "secret": secret,
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
def plain(facts: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What comes of the tries in a plain process of this user, which is what a box replaces."""
    place = tmp_path_factory.mktemp("plain") / "facts.json"
    place.write_text(json.dumps(facts))
    with open(facts["key"]) as key:
        os.set_inheritable(key.fileno(), True)
        done = subprocess.run(
            [sys.executable, HOSTILE, place],
            env={**os.environ, facts["variable"]: "1"},
            close_fds=False,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert Path(facts["planted"]).exists(), "it must have been possible"
    Path(facts["planted"]).unlink()
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module")
def boxed(facts: dict[str, Any], image: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What comes of them in a box, with scratch space of its own."""
    place = tmp_path_factory.mktemp("boxed")
    for folder in (place, *place.parents):
        if folder == Path("/tmp"):
            break
        folder.chmod(0o711)
    box = Box(secrets.token_hex(8), place / "boxes")
    wanted = json.dumps({**facts, "scratch": "/job/work", "patience": 3}).encode()
    given = {"hostile.py": HOSTILE.read_bytes(), "facts.json": wanted}
    command = ["/usr/bin/python3", "/in/hostile.py", "/in/facts.json"]
    limits = Limits(disk=64 * MIB, shared_memory=16 * MIB, processes=128, memory=512 * MIB)
    with open(facts["key"]) as key:
        os.set_inheritable(key.fileno(), True)
        os.environ[facts["variable"]] = "1"
        try:
            box.start(image, command, given=given, limits=limits)
        finally:
            del os.environ[facts["variable"]]
    try:
        ended = box.wait(120)
        assert ended is not None
        assert ended.ending is Ending.EXIT, box.log()
        report: dict[str, Any] = json.loads(box.log().splitlines()[-1])
        return report
    finally:
        box.destroy()


@pytest.fixture(scope="module")
def under_podman(facts: dict[str, Any], podman: Podman) -> dict[str, Any]:
    """What comes of them in a container of podman's, with the same limits."""
    box = PodmanBox(secrets.token_hex(8), podman, "tests")
    wanted = json.dumps({**facts, "scratch": "/job/work", "patience": 3}).encode()
    given = {"hostile.py": HOSTILE.read_bytes(), "facts.json": wanted}
    command = ["/usr/bin/python3", "/in/hostile.py", "/in/facts.json"]
    limits = Limits(disk=64 * MIB, shared_memory=16 * MIB, processes=128, memory=512 * MIB)
    with open(facts["key"]) as key:
        os.set_inheritable(key.fileno(), True)
        os.environ[facts["variable"]] = "1"
        try:
            box.start(JOB_IMAGE, command, given=given, limits=limits)
        finally:
            del os.environ[facts["variable"]]
    try:
        ended = box.wait(120)
        assert ended is not None
        assert ended.ending is Ending.EXIT, box.log()
        report: dict[str, Any] = json.loads(box.log().splitlines()[-1])
        return report
    finally:
        box.destroy()


def check(name: str, plain: dict[str, Any], contained: dict[str, Any], facts: dict[str, Any]) -> None:
    is_absent = name in MAY_BE_ABSENT and str(plain[name]).startswith(ABSENT)
    if not is_absent and (name not in NEEDS or may(NEEDS[name])):
        assert plain[name] is True, f"as a plain process: {plain[name]}"
    assert contained[name] is not True
    assert not str(contained[name]).startswith(("TypeError", "KeyError", "NameError", "AttributeError"))
    assert not Path(facts["planted"]).exists()
    assert Path(f"/proc/{facts['victim']}").exists()


@pytest.mark.parametrize("name", sorted(TRIES))
def test_try(name: str, plain: dict[str, Any], boxed: dict[str, Any], facts: dict[str, Any]) -> None:
    check(name, plain, boxed, facts)


@pytest.mark.parametrize("name", sorted(TRIES))
def test_try_under_podman(
    name: str, plain: dict[str, Any], under_podman: dict[str, Any], facts: dict[str, Any]
) -> None:
    check(name, plain, under_podman, facts)


def test_there_are_enough_tries() -> None:
    assert len(TRIES) >= 40
