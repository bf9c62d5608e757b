"""The bytes of relays are bounded by rules that root loads: each relay's, and those of all together."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from ionet.cli.app import app
from ionet.gateway._config import GatewayConfig
from ionet.gateway._relays import firewall

RATE: Final = 400_000
PORTS: Final = range(4300, 4304)
#: Stands for relays: gives back what comes to each port, to where it came from.
_RELAYS: Final = """
import select, socket, sys
ports = []
for port in range(4300, 4304):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("", port))
    ports.append(made)
print("ready", flush=True)
while True:
    for ready in select.select(ports, [], [])[0]:
        data, peer = ready.recvfrom(2000)
        ready.sendto(data, peer)
"""
#: Sends to ports at three times a relay's rate each, until so many bytes have come back; prints the seconds.
_SENDER: Final = """
import select, socket, sys, time
address, rate, wanted, *ports = sys.argv[1], *map(int, sys.argv[2:])
made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
made.setblocking(False)
begun, sent, came = time.monotonic(), 0, 0
while came < wanted:
    seconds = time.monotonic() - begun
    assert seconds < 30, came
    while sent < 3 * rate * seconds:
        for port in ports:
            try: made.sendto(bytes(1000), (address, port))
            except BlockingIOError: pass
        sent += 1000
    if select.select([made], [], [], 0.002)[0]:
        try:
            while True: came += len(made.recv(2000))
        except BlockingIOError: pass
print(time.monotonic() - begun)
"""


@pytest.fixture
def gateway() -> Iterator[str]:
    """A network namespace with relays at 198.51.100.1; the name of the one that it is joined to."""
    path = "/usr/sbin:/sbin:/usr/bin:/bin"
    if os.geteuid() != 0 or shutil.which("nft", path=path) is None:
        why = "network namespaces with rules take root and nft"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    here, there = (f"rl{secrets.token_hex(3)}" for _ in range(2))
    lines = [
        f"netns add {here}",
        f"netns add {there}",
        f"-n {here} link add near type veth peer name far netns {there}",
        f"-n {here} address add 198.51.100.1/24 dev near",
        f"-n {there} address add 198.51.100.2/24 dev far",
        f"-n {here} link set near up",
        f"-n {there} link set far up",
    ]
    try:
        for line in lines:
            subprocess.run(["ip", *line.split()], check=True)
        rules = firewall(PORTS, RATE, 2 * RATE)
        for _ in range(2):
            # As at each start of the gateway.
            subprocess.run(
                ["ip", "netns", "exec", here, "nft", "-f", "-"], input=rules, text=True, check=True
            )
        command = ["ip", "netns", "exec", here, sys.executable, "-c", _RELAYS]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as relays:
            assert relays.stdout is not None
            assert relays.stdout.readline() == "ready\n"
            yield there
            relays.kill()
    finally:
        for name in (here, there):
            subprocess.run(["ip", "netns", "delete", name], check=False)


def seconds(gateway: str, wanted: int, *ports: int) -> float:
    """How long it takes until so many bytes have come back through relays."""
    arguments = ["198.51.100.1", str(RATE), str(wanted), *map(str, ports)]
    command = ["ip", "netns", "exec", gateway, sys.executable, "-c", _SENDER, *arguments]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)


def test_one_relay_has_its_bytes_a_second(gateway: str) -> None:
    # Those of one second may come at once.
    assert seconds(gateway, 3 * RATE, PORTS[0]) >= 2


def test_all_relays_together_have_theirs(gateway: str) -> None:
    # Four relays could carry four times as much by their own bounds.
    assert seconds(gateway, 6 * RATE, *PORTS) >= 2


def test_the_rules_follow_from_the_settings(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('relays = "198.51.100.1:4300-4301"\nrelays_mbps = 8\n')
    done = CliRunner().invoke(app, ["gateway", "firewall", "--state", str(tmp_path)])
    assert done.exit_code == 0, done.output
    # 100 Mbit/s are 12,500,000 bytes a second, 8 are 1,000,000.
    assert done.stdout == firewall(range(4300, 4302), 12_500_000, 1_000_000)
    config = GatewayConfig.load(tmp_path, environment={"IONET_GATEWAY_RELAY_MBPS": "3"})
    assert (config.relay_mbps, config.relays_mbps) == (3, 8)
    (tmp_path / "config.toml").write_text("")
    refused = CliRunner().invoke(app, ["gateway", "firewall", "--state", str(tmp_path)])
    assert refused.exit_code == 2
    assert "this gateway has no relays" in refused.stderr
