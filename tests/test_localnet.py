"""scripts/localnet: a JSON-RPC node in a process of its own, with the programs at their ids."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair
from tests.nodes.starting import free_port

from workspace.tree import ROOT, Tree

pytestmark = [pytest.mark.node]

SCRIPT = ROOT / "scripts/localnet"
LAMPORTS = 1_000_000_000
# Starting takes half a second; the first start on a machine fetches the engine too.
PATIENCE = 120


@dataclass(frozen=True, slots=True)
class Node:
    """A running node, and what it said of itself when it was ready."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]
    authority: Keypair
    funded: Keypair

    def call(self, method: str, *params: object) -> Any:
        """The whole JSON-RPC response."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return httpx.post(self.ready["rpc"], json=request, timeout=10).json()

    def result(self, method: str, *params: object) -> Any:
        """The result; an error fails the test."""
        response = self.call(method, *params)
        assert "error" not in response, response
        return response["result"]


def start(ready_file: Path, *options: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start a node and wait for its file."""
    process = subprocess.Popen(
        [SCRIPT, "--rpc-port", str(free_port()), "--ready-file", str(ready_file), *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + PATIENCE
    while not ready_file.exists():
        assert process.poll() is None, f"the node ended with status {process.returncode}"
        assert time.monotonic() < deadline, "the node is not ready"
        time.sleep(0.02)
    return process, json.loads(ready_file.read_text())


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with short slots, a given upgrade authority and one funded address."""
    authority, funded = Keypair(), Keypair()
    process, ready = start(
        tmp_path_factory.mktemp("localnet") / "ready.json",
        *("--slot-ms", "40", "--authority", str(authority.pubkey()), "--airdrop", str(funded.pubkey())),
    )
    yield Node(process, ready, authority, funded)
    process.terminate()
    process.wait(10)


def test_every_program_is_deployed_at_its_id_under_the_given_authority(node: Node) -> None:
    assert node.ready["programs"] == {program.name: program.id for program in Tree().programs()}
    for address in node.ready["programs"].values():
        account = node.result("getAccountInfo", address, {"encoding": "jsonParsed"})["value"]
        assert account["executable"]
        data = account["data"]["parsed"]["info"]["programData"]
        info = node.result("getAccountInfo", data, {"encoding": "jsonParsed"})["value"]["data"]["parsed"][
            "info"
        ]
        assert info["authority"] == str(node.authority.pubkey())


def test_the_address_to_fund_is_funded_and_the_payer_has_its_key(node: Node) -> None:
    assert node.result("getBalance", str(node.funded.pubkey()))["value"] == 100_000 * LAMPORTS
    assert str(Keypair.from_bytes(node.ready["payerSecretKey"]).pubkey()) == node.ready["payer"]


def test_times_of_transactions_and_blocks_are_seconds(node: Node) -> None:
    began = int(time.time())
    signature = node.result("requestAirdrop", str(Keypair().pubkey()), LAMPORTS)
    transaction = None
    while transaction is None:
        transaction = node.result("getTransaction", signature, {"encoding": "json"})
    assert began - 2 <= transaction["blockTime"] <= time.time() + 2
    deadline = time.monotonic() + 10
    while (block := node.result("getBlock", transaction["slot"])) is None:
        assert time.monotonic() < deadline, "the block never became final"
        time.sleep(0.05)
    assert block["blockTime"] == transaction["blockTime"]
    assert [sent["transaction"]["signatures"][0] for sent in block["transactions"]] == [signature]


def test_a_slot_that_must_be_reached_hides_no_earlier_transaction(node: Node) -> None:
    address = str(Keypair().pubkey())
    signature = node.result("requestAirdrop", address, LAMPORTS)
    deadline = time.monotonic() + 10
    while (landed := node.result("getSignatureStatuses", [signature])["value"][0]) is None:
        assert time.monotonic() < deadline, "the airdrop does not land"
    config = {"commitment": "confirmed", "minContextSlot": landed["slot"] + 2}
    while "error" in (answer := node.call("getSignaturesForAddress", address, config)):
        assert answer["error"]["code"] == -32016
        assert time.monotonic() < deadline, "the slot is never reached"
    assert [one["signature"] for one in answer["result"]] == [signature]
    beyond = node.call("getSignaturesForAddress", address, {"minContextSlot": 10**9})["error"]
    assert (beyond["code"], list(beyond["data"])) == (-32016, ["contextSlot"])


def test_an_airdrop_above_the_faucet_says_the_limit(node: Node) -> None:
    error = node.call("requestAirdrop", str(Keypair().pubkey()), 10**6 * LAMPORTS)["error"]
    assert error["code"] == -32602
    assert "the faucet has 900000 SOL in all" in error["message"]


def test_a_batch_is_answered_in_its_order(node: Node) -> None:
    batch = [
        {"jsonrpc": "2.0", "id": 7, "method": "getHealth"},
        {"jsonrpc": "2.0", "id": 8, "method": "requestAirdrop", "params": ["x", 10**6 * LAMPORTS]},
        {"jsonrpc": "2.0", "id": 9, "method": "getBlock", "params": [10**9]},
    ]
    answers = httpx.post(node.ready["rpc"], json=batch, timeout=10).json()
    assert [answer["id"] for answer in answers] == [7, 8, 9]
    assert answers[0]["result"] == "ok"


def test_health_is_a_page(node: Node) -> None:
    assert httpx.get(f"{node.ready['rpc']}/health", timeout=10).text == "ok"


def test_it_listens_on_loopback_only(node: Node) -> None:
    sockets = set()
    for link in Path(f"/proc/{node.process.pid}/fd").iterdir():
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink()))
        except FileNotFoundError:  # closed in between
            continue
        if found:
            sockets.add(found[1])
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and columns[9] in sockets:
                listening.append(columns[1].split(":")[0])
    assert len(listening) >= 2
    assert set(listening) == {"0100007F"}


def test_only_the_owner_reads_the_file_with_the_key(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    process, _ = start(file)
    mode = file.stat().st_mode & 0o777
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert mode == 0o600
    assert not file.exists()


@pytest.mark.parametrize(
    ("options", "says", "status"),
    [
        (["--mode", "fast"], "--mode is clock or transaction", 2),
        (["--rpc-port", "0"], "--rpc-port is 1 to 65534", 2),
        (["--bogus"], "Unknown option '--bogus'", 2),
        (["--programs", "/nowhere"], "no programs in /nowhere; run scripts/build", 1),
    ],
)
def test_a_wrong_option_is_told(options: list[str], says: str, status: int) -> None:
    result = subprocess.run([SCRIPT, *options], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert says in result.stderr
    assert result.returncode == status


def test_a_port_in_use_is_told() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        result = subprocess.run(
            [SCRIPT, "--rpc-port", str(port)], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert f"port {port} is in use; choose another with --rpc-port" in result.stderr
    assert result.returncode == 1


def test_the_programs_are_those_of_the_environment(tmp_path: Path) -> None:
    environment = os.environ | {"IONET_PROGRAMS": str(tmp_path)}
    result = subprocess.run(
        [SCRIPT], capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment
    )
    assert f"no programs in {tmp_path}" in result.stderr
