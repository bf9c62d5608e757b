"""`ionet watch`: lines that come as things happen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Final

import pytest
from solders.keypair import Keypair
from tests.cli.conftest import Shell, key
from tests.ws_faults import SocketProxy

from ionet import SOL, events
from ionet.chain.rpc.sockets import websocket_url

IONET: Final = [sys.executable, "-c", "from ionet.cli import main; main()"]


class Running:
    """A command that runs on, and its lines."""

    def __init__(self, *line: object) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [*IONET, *map(str, line)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        try:
            for line in self.process.stdout:
                self._lines.put(line.rstrip("\n"))
        except ValueError:  # closed
            pass

    def line(self) -> str:
        try:
            return self._lines.get(timeout=15)
        except Empty:
            self.process.kill()
            raise AssertionError(self.process.communicate()[1]) from None

    def json(self) -> Any:
        return json.loads(self.line())

    def interrupted(self) -> int:
        """The exit status after Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=10)


@pytest.fixture
def running() -> Iterator[list[Running]]:
    found: list[Running] = []
    yield found
    for one in found:
        one.process.kill()
        one.process.communicate()


def test_an_account_is_followed_until_it_is_interrupted(shell: Shell, running: list[Running]) -> None:
    address = Keypair().pubkey()
    watch = Running("-u", shell.url, "watch", "account", address, "--output", "json")
    running.append(watch)
    first = watch.json()
    assert first == {"slot": first["slot"], "address": str(address), "kind": None, "account": None}
    for number in (1, 2):
        shell.client.airdrop(address, SOL(1))
        told = watch.json()
        assert told["kind"] == "account"
        assert told["account"]["lamports"] == number * 10**9
    assert watch.interrupted() == 0
    assert watch.process.stderr is not None
    assert watch.process.stderr.read() == ""


def test_nodes_are_followed_by_owner_in_words(shell: Shell, running: list[Running]) -> None:
    mine = shell.register("GPU-watched")
    shell.register("GPU-other", who="bob")
    line = ("-u", shell.url, "watch", "nodes", "--owner", shell.address("alice"), "--count", 2)
    watch = Running(*line)
    running.append(watch)
    first = watch.line()
    assert f"{mine}  Node  state=live" in first
    assert f"owner={shell.address('alice')}" in first
    shell.text("stake", "add", mine, "200", who="alice")
    assert "own.active: 0 → 20000000000" in watch.line()
    assert watch.process.wait(timeout=10) == 0


def test_an_account_of_a_program_is_decoded(shell: Shell, running: list[Running]) -> None:
    node = shell.register("GPU-decoded")
    watch = Running("-u", shell.url, "watch", "account", node, "--output", "json", "--count", 1)
    running.append(watch)
    told = watch.json()
    assert told["kind"] == "Node"
    assert told["account"]["owner"] == shell.address("alice")


def test_events_are_followed_from_a_transaction_on(shell: Shell, running: list[Running]) -> None:
    nodes = [shell.register(f"GPU-{number}") for number in range(4)]

    def stake(node: str) -> str:
        signature: str = shell.json("stake", "add", node, "200", who="alice")["signature"]
        return signature

    since, *sent = (stake(node) for node in nodes[:3])
    line = ("-u", shell.url, "watch", "events", "--program", "staking", "--kind", "Staked", "--since", since)
    watch = Running(*line, "--output", "json")
    running.append(watch)
    told = [watch.json(), watch.json()]
    sent.append(stake(nodes[3]))
    told.append(watch.json())
    assert [one["signature"] for one in told] == sent
    assert [one["data"]["node"] for one in told] == nodes[1:]
    assert {(one["program"], one["event"]) for one in told} == {("staking", "Staked")}
    assert watch.interrupted() == 0
    text = Running(*line, "--count", 3)
    running.append(text)
    for signature, node in zip(sent, nodes[1:], strict=True):
        assert f"{signature}  staking.Staked  node={node}" in text.line()
    assert text.process.wait(timeout=10) == 0


def test_a_ledger_is_followed_from_now_or_from_a_time_on(
    shell: Shell, running: list[Running], tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.db"
    node = shell.register("GPU-ledger")
    shell.stake(node, "200")
    shell.text("ledger", "run", "--once", "--database", ledger)
    names = ("--type", "Staked", "--account", node, "--ledger", ledger, "--output", "json")
    (past,) = map(json.loads, shell.text("events", *names).splitlines())
    assert past["data"]["node"] == node
    line = ("-u", shell.url, "events", *names, "--follow")
    now, since = Running(*line), Running(*line, "--since", shell.client.network.clock.now())
    running += [now, since]
    # With a time, the past is shown first: so it has begun, and the other one, begun before, as well.
    assert since.json() == past
    time.sleep(1)
    shell.text("stake", "add", node, "1", who="alice")
    shell.text("ledger", "run", "--once", "--database", ledger)
    told = now.json()
    assert told["signature"] != past["signature"]
    assert (told, told["data"]["amount"]) == (since.json(), 10**8)
    assert now.interrupted() == since.interrupted() == 0


def test_all_programs_are_followed_without_a_ledger_from_now_or_from_a_time_on(
    shell: Shell, running: list[Running]
) -> None:
    node = shell.register("GPU-all")
    shell.stake(node, "300")
    line = ("-u", shell.url, "events", "--follow", "--output", "json")
    now = Running(*line)
    since = Running(*line, "--since", "1h", "--type", "Staked", "--type", "jobs.OfferSet")
    running += [now, since]
    while (past := since.json())["data"]["node"] != node:
        continue
    time.sleep(1)
    shell.text("stake", "add", node, "1", who="alice")
    shell.text("job", "offer", node, "--rate", "0.5", who="alice")
    assert [since.json()["event"], since.json()["event"]] == ["Staked", "OfferSet"]
    told = [now.json()]
    while told[-1]["program"] != "jobs":
        told.append(now.json())
    assert [told[0]["event"], told[-1]["event"]] == ["Staked", "OfferSet"]
    assert past["signature"] not in [each["signature"] for each in told]
    assert now.interrupted() == since.interrupted() == 0


def test_who_has_seen_enough_may_leave(shell: Shell, running: list[Running]) -> None:
    address = Keypair().pubkey()
    command = (
        f"{sys.executable} -c 'from ionet.cli import main; main()' -u {shell.url} watch account {address}"
    )
    pipe = ["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"]
    process = subprocess.Popen(pipe, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "not there" in process.stdout.readline()
    for _ in range(200):
        shell.client.airdrop(address, SOL(1))
        try:
            assert process.wait(timeout=0.1) == 0
            break
        except subprocess.TimeoutExpired:
            continue
    assert process.communicate()[1] == ""


def test_the_websocket_is_that_of_the_configuration(
    shell: Shell, running: list[Running], tmp_path: Path
) -> None:
    address, config = Keypair().pubkey(), tmp_path / "config.yml"
    next_port = websocket_url(shell.url)
    assert next_port is not None
    with SocketProxy(next_port) as proxy:
        config.write_text(f"json_rpc_url: {shell.url}\nwebsocket_url: {proxy.url}\n")
        for line, opened in (((), 1), (("-u", shell.url), 1)):
            watch = Running("-C", config, *line, "watch", "account", address, "--count", 1)
            running.append(watch)
            assert str(address) in watch.line()
            assert watch.process.wait(timeout=10) == 0
            assert proxy.happened["opened"] == opened


def test_what_cannot_be_followed_is_said(shell: Shell) -> None:
    assert "--program" in shell.fails(2, "watch", "events")
    assert "is no program; name one of" in shell.fails(2, "watch", "events", "--program", "moon")
    assert "is no event" in shell.fails(2, "watch", "events", "--program", "mint", "--kind", "Moon")
    unknown = ("--since", "1" * 64)
    assert "knows no transaction" in shell.fails(4, "watch", "events", "--program", "mint", *unknown)


def test_every_event_of_a_name_is_meant(shell: Shell) -> None:
    from ionet.cli.watch import _kinds

    assert set(_kinds(None, ["PausedSet"])) >= {events.mint.PausedSet, events.jobs.PausedSet}
    assert list(_kinds(key(str(events.mint.PausedSet.PROGRAM_ID)), ["PausedSet"])) == [events.mint.PausedSet]
