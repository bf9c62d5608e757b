"""Connections from the host into a box's network, which nothing outside reaches otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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


async def test_a_port_of_a_boxs_loopback_is_reached_and_this_process_stays_where_it_is(
    inside: tuple[Path, int],
) -> None:
    namespace, port = inside
    own = namespaces()
    for _ in range(2):
        with await _network.connect(namespace, port, 5.0) as connection:
            connection.settimeout(5.0)
            assert connection.recv(100).decode() == str(namespace.readlink())
    # The kernel takes a moment to end the thread that was there.
    deadline = time.monotonic() + 5
    while namespaces() != own:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5.0)


async def test_a_box_that_is_gone_is_not_taken_for_the_host(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(FileNotFoundError):
        await _network.connect(tmp_path / "gone", server.getsockname()[1], 5.0)


async def test_a_box_that_has_connections_wait_holds_up_nothing_else(tmp_path: Path) -> None:
    """Proofs wait for the same few threads as streams do."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    own, full = Path("/proc/self/ns/net"), socket.create_server(("127.0.0.1", 0), backlog=0)
    port = full.getsockname()[1]
    with full, contextlib.ExitStack() as waiting:
        # The kernel lets one more wait than it was told.
        for _ in range(2):
            connection = waiting.enter_context(socket.socket())
            connection.setblocking(False)
            connection.connect_ex(("127.0.0.1", port))
        stuck = [asyncio.create_task(_network.connect(own, port, 1.0)) for _ in range(3)]
        await asyncio.sleep(0.3)
        assert not any(task.done() for task in stuck)
        async with asyncio.timeout(0.3):
            await asyncio.to_thread(lambda: None)
        ends = await asyncio.gather(*stuck, return_exceptions=True)
    assert [type(end) for end in ends] == [TimeoutError] * 3
