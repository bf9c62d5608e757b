"""Connections from the host into a box's network, which nothing outside reaches otherwise."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ionet.sandbox import _network

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None, reason="network namespaces need root"
)
#: Answers one connection after the other in a network of its own, on the port that it prints.
SERVER = """
import os, socket, subprocess
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    while True:
        with server.accept()[0] as connection:
            connection.sendall(os.readlink("/proc/self/ns/net").encode())
"""


@pytest.fixture
def inside() -> Iterator[tuple[Path, int]]:
    """A network namespace, and a port of its loopback."""
    command = ["unshare", "--net", sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Path(f"/proc/{process.pid}/ns/net"), int(process.stdout.readline())
        process.kill()


def namespaces() -> set[Path]:
    """The networks that threads of this process are in."""
    found = set()
    for path in Path("/proc/self/task").glob("*/ns/net"):
        # It may have ended meanwhile.
        with contextlib.suppress(OSError):
            found.add(path.readlink())
    return found


def test_a_port_of_a_boxs_loopback_is_reached_and_this_process_stays_where_it_is(
    inside: tuple[Path, int],
) -> None:
    namespace, port = inside
    own = Path("/proc/self/ns/net").readlink()
    for _ in range(2):
        with _network.connect(namespace, port, 5.0) as connection:
            assert connection.recv(100).decode() == str(namespace.readlink())
    # The kernel takes a moment to end the thread that was there.
    deadline = time.monotonic() + 5
    while namespaces() != {own}:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5.0)


def test_a_box_that_is_gone_is_not_taken_for_the_host(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(FileNotFoundError):
        _network.connect(tmp_path / "gone", server.getsockname()[1], 5.0)
