"""Networks for the SDK's tests: in this process, behind HTTP, and a real node where one is installed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

import ionet
from ionet.chain.rpc.local import shipped_programs

ROOT = Path(__file__).resolve().parents[2]


def built_programs() -> dict[str, tuple[Pubkey, Path]]:
    """The programs of the package, or those just built."""
    from ionet._generated import PROGRAMS

    if found := shipped_programs():
        return found
    ids = {name: Pubkey.from_string(program_id) for program_id, name in PROGRAMS.items()}
    places = {name: ROOT / "target" / "deploy" / f"{name}.so" for name in ids}
    return {name: (ids[name], path) for name, path in places.items() if path.exists()}


@pytest.fixture(scope="session")
def programs() -> dict[Pubkey, Path]:
    """Id and ELF of the built programs."""
    found = dict(built_programs().values())
    if not found:
        pytest.skip(
            "no built programs: neither in sdk/ionet/_programs nor in target/deploy; run scripts/build"
        )
    return found


@pytest.fixture
def bare() -> ionet.Client:
    """A client of a local network without io.net's programs."""
    return ionet.local(shipped=False)


@pytest.fixture
def local(programs: dict[Pubkey, Path]) -> ionet.Client:
    """A client of a local network with the programs."""
    return ionet.local(programs=programs, shipped=False)


def node_url() -> Iterator[str]:
    """A real node: the one that IO_RPC_URL names, or the one that scripts/localnet installed."""
    if url := os.environ.get("IO_RPC_URL"):
        yield url
        return
    home = Path(os.environ.get("LOCALNET_HOME", Path.home() / ".cache" / "ionet-localnet"))
    if not (home / "stamp").exists() or shutil.which("bash") is None:
        pytest.skip("no JSON-RPC node: set IO_RPC_URL, or run scripts/localnet --setup")
    found = built_programs()
    if not found:
        pytest.skip("the node has no programs to load; run scripts/build")
    folder = next(iter(found.values()))[1].parent
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(ROOT / "scripts" / "localnet"), "--rpc-port", str(port), "--mode", "transaction"]
    log = Path(os.environ.get("TMPDIR", "/tmp")) / f"ionet-node-{port}.log"
    with log.open("w") as output:
        process = subprocess.Popen([*command, "--programs", str(folder)], stdout=output, stderr=output)
        try:
            url = f"http://127.0.0.1:{port}"
            _until_healthy(url, process, log)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=10)
            log.unlink()


def _until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    with ionet.HttpTransport(url, retries=0) as transport:
        for _ in range(100):
            if process.poll() is not None:
                pytest.fail(f"the node ended with {process.returncode}: {log.read_text()}")
            try:
                transport.request("getHealth")
            except ionet.IonetError:
                time.sleep(0.1)
            else:
                return
    pytest.fail(f"the node does not answer after 10 s: {log.read_text()}")


@pytest.fixture(scope="session")
def node() -> Iterator[str]:
    """The URL of a real node."""
    yield from node_url()


NETWORKS = ["local", "served", pytest.param("node", marks=pytest.mark.node)]


def client_of(kind: str, local: str, request: pytest.FixtureRequest) -> Iterator[ionet.Client]:
    """A client with a funded signer of its own on this kind of network."""
    if kind == "node":
        signer = Keypair()
        with ionet.connect(request.getfixturevalue("node"), signer=signer) as client:
            client.airdrop(signer.pubkey(), ionet.SOL(1000))
            yield client
        return
    client = request.getfixturevalue(local)
    if kind == "local":
        yield client
        return
    with client.network.serve() as server, ionet.connect(server.url, signer=client.signer) as remote:
        yield remote


@pytest.fixture(params=NETWORKS)
def chain(request: pytest.FixtureRequest) -> Iterator[ionet.Client]:
    """Each kind of network: the same tests hold on all."""
    yield from client_of(request.param, "bare", request)


@pytest.fixture(params=NETWORKS)
def deployed(request: pytest.FixtureRequest) -> Iterator[ionet.Client]:
    """Each kind of network, with io.net's programs."""
    yield from client_of(request.param, "local", request)


@pytest.fixture(scope="session")
def vaults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package that scripts/codegen writes for the IDL in tests/sdk/idl."""
    folder = tmp_path_factory.mktemp("generated")
    command = [sys.executable, str(ROOT / "scripts" / "codegen")]
    idl = Path(__file__).parent / "idl"
    subprocess.run([*command, "--idl", str(idl), "--out", str(folder / "fixture_sdk")], check=True)
    sys.path.insert(0, str(folder))
    try:
        package = __import__("fixture_sdk.vaults", fromlist=["vaults"])
        for name in ("ix", "pda", "types", "accounts", "events", "errors", "constants"):
            __import__(f"fixture_sdk.vaults.{name}")
        ionet.register_program(str(package.PROGRAM_ID), "fixture_sdk.vaults")
        yield package
    finally:
        sys.path.remove(str(folder))


@pytest.fixture(scope="session")
def vaults_idl() -> dict[str, object]:
    """The IDL that `vaults` is made from."""
    loaded: dict[str, object] = json.loads((Path(__file__).parent / "idl" / "vaults.json").read_text())
    return loaded
