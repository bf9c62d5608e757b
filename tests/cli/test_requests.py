"""How often a command asks the node: whoever rents at a public endpoint has few requests a second."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from solders.keypair import Keypair
from tests.cli.conftest import Shell
from tests.faults import PASS, SEND, STATUS, Asked, FaultProxy
from tests.programs.support import make_hireable

from ionet import USD
from ionet.chain.rpc.server import LocalServer
from ionet.cli.app import app
from ionet.localnet.dollars import write_prices


@pytest.fixture
def counting(shell: Shell) -> Iterator[tuple[Shell, Counter[str]]]:
    """The same network behind a server that counts what it is asked, by method."""
    asked: Counter[str] = Counter()
    network = shell.client.network

    def answer(request: Any) -> Any:
        asked.update(one["method"] for one in (request if isinstance(request, list) else [request]))
        return network.handle(request)

    with LocalServer(answer, 0) as server:
        yield replace(shell, url=server.url), asked


def test_a_node_is_booked_with_twelve_requests(counting: tuple[Shell, Counter[str]]) -> None:
    shell, asked = counting
    people, client = shell.people, shell.client
    write_prices(client)
    alice = client.as_(people["alice"])
    made = alice.staking.register(
        class_id=20, fingerprint=b"\x77" * 32, device=Keypair(), attester=people["attester"]
    )
    node = made.send().result
    make_hireable(client, node)
    alice.jobs.offer(node, rate=USD("2.5")).send()
    asked.clear()
    line = ["job", "book", node, "--for", "1h", "--manifest-hash", "07" * 32]
    assert shell.json(*line, who="renter")["node"] == str(node)
    assert asked.total() <= 12, dict(asked)


def test_who_interrupts_the_waiting_is_told_what_may_still_land(shell: Shell) -> None:
    account = shell.json("nonce", "create", "--name", "stopped", who="alice")["account"]
    shell.advance(1)
    running: list[subprocess.Popen[str]] = []

    def mode(asked: Asked) -> Any:
        if asked.method == STATUS:
            running[0].send_signal(signal.SIGINT)
            return asked.result({"context": {"slot": 1}, "value": [None]})
        return PASS

    with FaultProxy(shell.client.network, mode) as proxy:
        line = ["-u", proxy.url, "-k", shell.key("alice"), "nonce", "advance", account]
        command = [sys.executable, "-c", "from ionet.cli import main; main()", *line]
        running.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        said = running[0].communicate(timeout=60)[1]
    assert running[0].returncode == 130
    signature, _, rest = said.removeprefix("interrupted: transaction ").partition(" ")
    assert rest.startswith("may have landed, or may still land\n")
    assert shell.client.network.transaction(signature) is not None


def test_an_error_after_a_transaction_has_landed_names_it(shell: Shell) -> None:
    account = shell.json("nonce", "create", who="alice")["account"]
    shell.advance(1)
    old = shell.json("nonce", "show", account)["nonce"]

    def mode(asked: Asked) -> Any:
        gone = asked.method == "getAccountInfo" and proxy.calls[SEND]
        return asked.error(-32603, "Internal error") if gone else PASS

    with FaultProxy(shell.client.network, mode) as proxy:
        line = ["-u", proxy.url, "-k", shell.key("alice"), "nonce", "advance", account]
        done = shell.runner.invoke(app, line)
    assert done.exit_code == 5
    signature = done.stderr.strip().rpartition("; landed before that: ")[2]
    assert shell.client.network.transaction(signature) is not None
    assert shell.json("nonce", "show", account)["nonce"] != old
