"""What a validator runs in: nobody else sees it, and it ends with whoever started it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from tests.nodes.enclosed import NO_NAMESPACE

ENCLOSED = Path(__file__).with_name("enclosed.py")
#: Serves the process's own id on every address, at a port that it is given, and none at the next.
SERVER = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(str(os.getpid()).encode())
HTTPServer(("0.0.0.0", int(sys.argv[1])), Handler).serve_forever()
"""
PORT = 8899


@pytest.fixture
def enclosed() -> Iterator[subprocess.Popen[bytes]]:
    """A server on every address of its namespace."""
    command = [sys.executable, str(ENCLOSED), str(PORT), sys.executable, "-c", SERVER, str(PORT)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        yield process
        process.kill()


def rpc_port(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    told = process.stdout.readline()
    if not told and process.wait(10) == NO_NAMESPACE:
        pytest.skip("this system allows no network namespace")
    ports = json.loads(told)
    assert ports["ws"] == ports["rpc"] + 1
    found: int = ports["rpc"]
    return found


def served_by(port: int) -> int:
    """Process that answers at a port, once it does."""
    for _ in range(100):
        try:
            with urlopen(f"http://127.0.0.1:{port}", timeout=5) as answer:
                return int(answer.read())
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nobody answers")


def is_gone(process: int) -> bool:
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_what_listens_on_every_address_is_reached_by_the_relay_alone(
    enclosed: subprocess.Popen[bytes],
) -> None:
    port = rpc_port(enclosed)
    inside = served_by(port)
    here = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    listening = {line.split()[1] for line in here if line.split()[3] == "0A"}
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{PORT:04X}" in Path(f"/proc/{inside}/net/tcp").read_text()
    assert Path(f"/proc/{inside}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    with socket.create_connection(("127.0.0.1", port + 1), 5) as nobody:
        assert nobody.recv(1) == b""


def end_input(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(end_input, id="its starter is gone"),
        pytest.param(lambda process: process.terminate(), id="told to end"),
        pytest.param(lambda process: process.send_signal(signal.SIGKILL), id="killed"),
    ],
)
def test_it_ends_with_what_started_it(
    enclosed: subprocess.Popen[bytes], end: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    inside = served_by(rpc_port(enclosed))
    end(enclosed)
    enclosed.wait(10)
    assert is_gone(inside)
