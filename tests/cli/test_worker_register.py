"""`ionet worker register`: an attester at the gateway challenges the devices, and the owner signs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.network.site import Plenty, free_port
from tests.orchestrator.support import policy

from ionet import AsyncClient
from ionet.gateway._config import GatewayConfig
from ionet.gateway._service import Gateway
from ionet.orchestrator import ProgramChain
from ionet.orchestrator._registrar import Registrar
from ionet.wire import Peer, Role
from ionet.wire._link import gateway_urls
from ionet.worker import WorkerConfig


@pytest.fixture
def gateway(shell: Shell, tmp_path: Path) -> Iterator[str]:
    """A gateway with the attester at it."""
    url, over, there = f"http://127.0.0.1:{free_port()}", threading.Event(), threading.Event()

    async def serve() -> None:
        config = GatewayConfig(state=tmp_path / "gateway", host="127.0.0.1", port=int(url.rpartition(":")[2]))
        stop, ready = asyncio.Event(), asyncio.Event()
        async with AsyncExitStack() as stack:
            reader = await stack.enter_async_context(AsyncClient.connect(shell.url))
            task = asyncio.create_task(
                Gateway(config, clients=(reader,), quota=Plenty()).run(stop, lambda _: ready.set())
            )
            await ready.wait()
            seat = shell.people["attester"]
            client = await stack.enter_async_context(AsyncClient.connect(shell.url, signer=seat))
            registrar = Registrar(client, seat, ProgramChain(client), policy())
            links = [[gateway_urls(url)[0]]]
            async with Peer(seat, Role.SEAT, links, handler=registrar.handle) as registrar.peer:
                await registrar.peer.wait_connected(5)
                there.set()
                while not over.is_set():
                    # Rows are drawn from a slot after the commitment.
                    shell.client.network.clock.advance(slots=1)
                    await asyncio.sleep(0.2)
            stop.set()
            await task

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert there.wait(20)
    yield url
    over.set()
    thread.join()


def set_up(shell: Shell, gateway: str, state: Path, who: str) -> str:
    """A machine whose nodes somebody will own; returns its node's address."""
    shell.text(
        "worker", "init", "--state", state, "--owner", shell.address(who), "--gateway", gateway, who=who
    )
    (node,) = shell.json("worker", "init", "--state", state)["nodes"]
    return str(node["node"])


def test_nobody_registers_without_a_gateway(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ionet.worker._enlist._CONNECTING", 1.0)
    nowhere = f"http://127.0.0.1:{free_port()}"
    set_up(shell, nowhere, tmp_path / "worker", "alice")
    done = shell.run("worker", "register", "--state", tmp_path / "worker", who="alice")
    assert (done.exit_code, done.stdout) == (5, "")
    assert "error: no connection to ws://127.0.0.1" in done.stderr


def test_a_processor_is_not_registered_as_a_gpu(shell: Shell, tmp_path: Path) -> None:
    state = tmp_path / "worker"
    set_up(shell, f"http://127.0.0.1:{free_port()}", state, "alice")
    config = WorkerConfig.load(state / "config.toml")
    replace(config, nodes=(replace(config.nodes[0], hardware_class="RTX 4090"),)).save()
    said = shell.fails(3, "worker", "register", "--state", state, who="alice")
    assert "cannot be a RTX 4090: the class on the chain is of GPUs, and this device is a processor" in said


def test_a_machine_is_registered_by_its_owners_key_elsewhere(
    shell: Shell, gateway: str, tmp_path: Path
) -> None:
    node = set_up(shell, gateway, tmp_path / "worker", "alice")
    said = shell.fails(2, "worker", "register", "--state", tmp_path / "worker", who="bob")
    assert f"the settings name the owner {shell.address('alice')}" in said
    shell.cold("worker", "register", "--state", tmp_path / "worker", who="alice")
    assert shell.json("node", "show", node)["owner"] == shell.address("alice")
    again = shell.text("worker", "register", "--state", tmp_path / "worker", who="alice")
    assert "registered already" in again
