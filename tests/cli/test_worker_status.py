"""`ionet worker status`: the worker's own word, the chain's, and which of them is missing."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from solders.pubkey import Pubkey
from tests.cli.conftest import HOUR, Shell, key

from ionet import types
from ionet.localnet.dollars import write_prices
from ionet.worker import Activity, Limits, NodeConfig, NodeStatus, WorkerConfig, WorkerStatus

MANIFEST: Final = "07" * 32


class Desk:
    """A worker's state directory, with what a daemon would write."""

    def __init__(self, shell: Shell, folder: Path, uuid: str) -> None:
        self.shell, self.uuid = shell, uuid
        node = NodeConfig(uuid, 0, "L4", folder / "key.json")
        self.node = str(node.address)
        self.config = WorkerConfig(
            path=folder / "config.toml",
            owner=key(shell.address("alice")),
            rpc=(shell.url,),
            gateways=("ws://127.0.0.1:1",),
            nodes=(node,),
            limits=Limits(1, 1, 1),
        )
        self.config.save()

    def say(self, *problems: str, **of_node: Any) -> WorkerStatus:
        status = WorkerStatus.of_this_process(
            started_at=int(time.time()) - 90,
            gateway="wss://gateway.example",
            connected_since=int(time.time()) - 60,
            nodes=(NodeStatus(key(self.node), self.uuid, **of_node),),
            problems=problems,
        )
        status.save(self.config.state)
        return status

    @property
    def line(self) -> tuple[str, ...]:
        return "worker", "status", "--state", str(self.config.state)

    def text(self, status: int = 0) -> str:
        done = self.shell.run(*self.line, "--once")
        assert done.exit_code == status, done.output
        return done.stdout


@pytest.fixture
def desk(shell: Shell, tmp_path: Path, request: pytest.FixtureRequest) -> Desk:
    return Desk(shell, tmp_path / "worker", request.node.name)


def test_a_worker_that_never_ran_is_said_first(desk: Desk) -> None:
    lines = desk.text(1).splitlines()
    assert lines[1] == "THE WORKER DOES NOT RUN: it has never run here. Start it: ionet worker run"
    assert "  not registered: ionet worker register" in lines


def test_a_worker_that_has_ended_is_said_with_the_age_of_its_word(desk: Desk) -> None:
    status = desk.say()
    replace(status, pid=2**22 + 5, written_at=int(time.time()) - 3_700).save(desk.config.state)
    lines = desk.text(1).splitlines()
    assert lines[1].startswith("THE WORKER DOES NOT RUN: its process 4194309 has ended.")
    assert lines[2].startswith("What follows of it is 1 h 1 min")


def test_a_damaged_file_is_a_worker_that_does_not_run(desk: Desk) -> None:
    (desk.config.state / "status.json").write_text("{")
    assert "status.json is not JSON" in desk.text(1)


def test_what_the_worker_says_is_shown(desk: Desk) -> None:
    desk.say(
        "the disk is nearly full",
        state=Activity.LEASED,
        since=1_800_000_000,
        job=Pubkey(bytes([5]) * 32),
        samples=1_200,
        good_samples=1_190,
        last_sample_at=1_800_000_600,
        last_challenge_at=1_800_000_300,
        last_challenge_ms=1_234,
        log_bytes=4_096,
        problems=("a stranger (miner\x1b[2J) is on the device",),
    )
    text = desk.text()
    assert "DOES NOT RUN" not in text
    assert "Connected to wss://gateway.example for 1 min" in text
    for line in (
        "  ! the disk is nearly full",
        "  leased since 2027-01-15 08:00 UTC, job LbUiWL3xVV8hTFYBVdbTNrpDo41NKS6o3LHHuDzjfcY",
        "  samples: 1,190 good of 1,200, the last at 2027-01-15 08:10 UTC",
        "  log: 4,096 bytes",
        "  challenge answered 2027-01-15 08:05 UTC, in 1,234 ms",
        "  ! a stranger (miner�[2J) is on the device",
    ):
        assert line in text.splitlines()


def test_what_the_chain_has_is_shown_step_by_step(desk: Desk) -> None:
    shell = desk.shell
    desk.say()
    shell.register(desk.uuid, class_="L4")
    assert "  live; stake 0 IO of 200 IO needed; rewards to claim 0 IO" in desk.text()
    assert "  no offer: ionet worker offer" in desk.text()
    shell.stake(desk.node, "200")
    shell.show_verdict(desk.node)
    shell.text("worker", "offer", desk.node, "--rate", "0.5", who="alice")
    assert "  offer: 0.5 USD per processor and hour" in desk.text()
    write_prices(shell.client)
    booked = shell.json("job", "book", desk.node, "--for", "2h", "--manifest-hash", MANIFEST, who="renter")
    shell.text("job", "start", booked["job"], who="alice")
    shell.advance(HOUR)
    attested = types.jobs.AttestArgs(
        good=HOUR, upto=HOUR, reason=0, proof_digest=bytes(32), timelock=b"\1" * 32, result_hash=bytes(32)
    )
    attester = shell.client.as_(shell.people["attester"])
    attester.jobs.attest(key(booked["job"]), attested).send()
    text = desk.text()
    assert f"by job {booked['job']}" in text
    assert "; 1 h good of 1 h judged" in text
    (view,) = shell.json(*desk.line)["nodes"]
    assert view["lease"]["job"] == booked["job"]
    assert view["lease"]["earned"] == view["lease"]["payable"] != {"ui": "0", "raw": "0"}
    assert (view["rate"]["ui"], view["open"], view["proof_passed"]) == ("0.5", True, True)


def test_json_says_whether_it_runs(desk: Desk) -> None:
    said = desk.say()
    document = desk.shell.json(*desk.line)
    assert (document["running"], document["trouble"]) == (True, None)
    assert document["worker"]["pid"] == said.pid
    assert document["worker"]["nodes"][0]["node"] == desk.node


def test_a_chain_that_cannot_be_read_leaves_the_workers_word(desk: Desk) -> None:
    desk.say()
    replace(desk.config, rpc=("http://127.0.0.1:1",)).save()
    text = desk.text()
    assert "! the chain cannot be read: " in text
    assert "Connected to wss://gateway.example" in text


def test_the_page_refreshes_until_it_is_stopped(desk: Desk) -> None:
    desk.say()
    ours, theirs = pty.openpty()
    line = [sys.executable, "-c", "from ionet.cli import main; main()", *desk.line]
    process = subprocess.Popen(
        line,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    seen = b""

    def until(text: bytes) -> None:
        nonlocal seen
        deadline = time.monotonic() + 30
        while text not in seen:
            assert time.monotonic() < deadline, seen
            if select.select([ours], [], [], 1)[0]:
                seen += os.read(ours, 65_536)

    try:
        until(b"not registered: ionet worker register")
        assert b"fan is loud" not in seen
        desk.say("the fan is loud")
        until(b"the fan is loud")
        process.send_signal(signal.SIGINT)
        until(b"\x1b[?1049l")  # the screen as it was
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert b"Traceback" not in seen
