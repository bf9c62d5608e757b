"""Networks for the SDK's tests: in this process, behind HTTP, and a real node where one is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.nodes.starting import running_surfpool, running_validator
from tests.sdk.networks import CHEATING, NETWORKS

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


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real node: the one that IO_RPC_URL names, or surfpool's."""
    if url := os.environ.get("IO_RPC_URL"):
        yield url
        return
    with running_surfpool(tmp_path_factory.mktemp("surfpool")) as url:
        yield url


@pytest.fixture(scope="module")
def validator(validator_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a test validator; for one module, since it keeps a processor busy."""
    folder = tmp_path_factory.mktemp("validator")
    with running_validator(validator_program, folder, Keypair().pubkey()) as url:
        yield url


def client_of(kind: str, local: str, request: pytest.FixtureRequest) -> Iterator[ionet.Client]:
    """A client with a funded signer of its own on this kind of network."""
    if kind in ("node", "validator"):
        signer = Keypair()
        with ionet.connect(request.getfixturevalue(kind), signer=signer) as client:
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


@pytest.fixture(params=CHEATING)
def deployed(request: pytest.FixtureRequest) -> Iterator[ionet.Client]:
    """Each kind of network that lets tests turn the clock, with io.net's programs."""
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
