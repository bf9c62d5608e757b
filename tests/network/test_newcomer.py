"""A supplier at home and a stranger, who know the commands alone: a device is set up, and runs a program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.sandbox.support import prepared_image

from soaking import HOUR, RUN, Net, localnet, wait

pytestmark = [pytest.mark.ray, pytest.mark.slow]

PROGRAM = """
import os
print("forty-two is", 6 * 7, "for user", os.getuid())
open(os.path.join(os.environ["IONET_OUTPUT"], "answer"), "w").write("42")
"""


def ran(net: Net, who: str, *words: object, seconds: float = 120) -> str:
    """What a command says to a person of the market."""
    line = [*RUN, "-u", net.told["url"], "-k", str(net.folder / f"{who}.json"), *map(str, words)]
    done = subprocess.run(line, cwd=net.folder, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def proven(net: Net, node: str) -> bool:
    """Whether a node is proven; skips an hour where it is not yet."""
    shown = json.loads(ran(net, "renter", "node", "show", node, "--output", "json"))
    if not (passed := bool(shown["last_proof"]["passed"])):
        net.skip_to(net.client.time() // HOUR * HOUR + HOUR + 60)
        # Devices are challenged meanwhile.
        time.sleep(15)
    return passed


@contextmanager
def serving(state: Path) -> Iterator[None]:
    """`ionet worker run`, as a supplier's machine runs it."""
    with subprocess.Popen([*RUN, "worker", "run", "--state", state], stdout=subprocess.DEVNULL) as worker:
        try:
            yield
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(90)


def test_a_device_at_home_runs_a_strangers_program_by_the_documented_commands(tmp_path: Path) -> None:
    prepared_image()
    state, script, results = tmp_path / "home", tmp_path / "train.py", tmp_path / "results"
    script.write_text(PROGRAM)
    with localnet(tmp_path, 1, "--workers", "1") as net:
        carol, gateway = str(net.key("carol").pubkey()), net.told["gateway"]
        ran(net, "carol", "worker", "init", "--state", state, "--owner", carol, "--gateway", gateway)
        told = json.loads(ran(net, "carol", "worker", "init", "--state", state, "--output", "json"))
        node = told["nodes"][0]["node"]
        ran(net, "carol", "worker", "register", "--state", state)
        ran(net, "carol", "stake", "add", node, "200")
        ran(net, "carol", "worker", "offer", "--state", state, "--rate", "0.3")
        with serving(state):
            # An hour's challenge proves what the device is, and that hour's report says so.
            wait(240, "the device is not proven", lambda: proven(net, node))
            words = ("--node", node, "--for", "1h", "--gateway", gateway, "--out", results, "--yes")
            said = ran(net, "renter", "job", "run", script, *words, seconds=300)
    assert "forty-two is 42" in said
    assert f"for user {os.getuid()}" not in said
    assert (results / "answer").read_text() == "42"
    assert not net.left_over()
