"""Starts real nodes with the programs on them: surfpool's by scripts/localnet, and solana-test-validator."""

from __future__ import annotations

import json
import lzma
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from tests.nodes.enclosed import NO_NAMESPACE

import ionet
from ionet.chain.rpc.local import shipped_programs

ROOT: Final = Path(__file__).resolve().parents[2]
#: What the nodes that run now have written.
LOGS: Final[list[Path]] = []
_ENCLOSED: Final = Path(__file__).with_name("enclosed.py")
_PACKED: Final = ROOT.parent / "shared" / "bin" / "solana-test-validator.xz"
#: An eighth of the usual: slots of 50 ms, and tests wait less.
_TICKS_PER_SLOT: Final = 8
_PATIENCE: Final = 60


@contextmanager
def validator_program(folder: Path) -> Iterator[Path]:
    """The test validator; skips the test where there is none.

    Args:
        folder: where it may be unpacked.
    """
    if named := os.environ.get("IONET_TEST_VALIDATOR"):
        found = Path(named)
        assert os.access(found, os.X_OK), f"IONET_TEST_VALIDATOR={named} is no program"
        yield found
    elif installed := shutil.which("solana-test-validator"):
        yield Path(installed)
    elif _PACKED.exists():
        unpacked = folder / "solana-test-validator"
        with lzma.open(_PACKED) as packed, unpacked.open("wb") as target:
            shutil.copyfileobj(packed, target, 1 << 20)
        unpacked.chmod(0o755)
        yield unpacked
        unpacked.unlink()
    else:
        pytest.skip(
            "no solana-test-validator: put the Solana CLI's on the PATH, or name it in IONET_TEST_VALIDATOR"
        )


@contextmanager
def running_validator(program: Path, folder: Path, authority: Pubkey, *options: str) -> Iterator[str]:
    """The URL of a test validator that runs meanwhile; skips the test where it cannot be kept to itself.

    Args:
        program: the validator.
        folder: where its ledger and log go.
        authority: upgrade authority of the programs; has SOL in plenty.
        options: more of the validator's.
    """
    ledger, log = folder / "ledger", folder / "validator.log"
    command = [
        *(str(program), "--ledger", str(ledger), "--log", "--rpc-port", "8899", "--mint", str(authority)),
        *("--ticks-per-slot", str(_TICKS_PER_SLOT), "--limit-ledger-size", "10000", *options),
    ]
    for program_id, path in shipped_programs().values():
        command += ["--upgradeable-program", str(program_id), str(path), str(authority)]
    environment = {"RUST_LOG": "warn"} | os.environ
    with (
        log.open("w") as output,
        subprocess.Popen(
            [sys.executable, str(_ENCLOSED), "8899", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            env=environment,
        ) as process,
        _shown(log),
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            told = process.stdout.readline()
            if not told and process.wait(10) == NO_NAMESPACE:
                pytest.skip(f"solana-test-validator listens on every address, and here is {log.read_text()}")
            url = f"http://127.0.0.1:{json.loads(told)['rpc']}"
            _until_it_works(url, process, log)
            yield url
        finally:
            process.stdin.close()
            process.wait(10)
            shutil.rmtree(ledger, ignore_errors=True)


@contextmanager
def running_surfpool(folder: Path, authority: Pubkey | None = None, *options: str) -> Iterator[str]:
    """The URL of surfpool's node that runs meanwhile, a slot for each transaction; skips where there is none.

    Args:
        folder: where its log goes.
        authority: upgrade authority of the programs; has SOL in plenty. None: nobody's key.
        options: more of scripts/localnet.
    """
    home = Path(os.environ.get("LOCALNET_HOME", Path.home() / ".cache" / "ionet-localnet"))
    if not (home / "stamp").exists():
        pytest.skip("no surfpool: run scripts/localnet --setup")
    log, port = folder / "surfpool.log", free_port()
    programs = next(iter(shipped_programs().values()))[1].parent
    command = [str(ROOT / "scripts" / "localnet"), "--rpc-port", str(port), "--programs", str(programs)]
    if authority is not None:
        command += ["--authority", str(authority), "--airdrop", str(authority)]
    with (
        log.open("w") as output,
        subprocess.Popen(
            [*command, "--mode", "transaction", *options], stdout=output, stderr=output
        ) as process,
        _shown(log),
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            _until_it_works(url, process, log)
            yield url
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def _shown(log: Path) -> Iterator[None]:
    """Keeps a log among those that failing tests show."""
    LOGS.append(log)
    try:
        yield
    finally:
        LOGS.remove(log)


def free_port() -> int:
    """A port that is free together with the next one, at least for the moment."""
    for port in range(20_000 + os.getpid() % 5_000 * 2, 32_000, 2):
        try:
            with socket.create_server(("127.0.0.1", port)), socket.create_server(("127.0.0.1", port + 1)):
                return port
        except OSError:
            continue
    raise OSError("no two neighbouring ports are free")


def _until_it_works(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Waits until a transaction lands: a validator answers before it takes any, and loses the first ones."""
    until, signer = time.monotonic() + _PATIENCE, Keypair()
    nothing = transfer(TransferParams(from_pubkey=signer.pubkey(), to_pubkey=signer.pubkey(), lamports=0))
    with ionet.Client(ionet.HttpTransport(url, retries=0), signer=signer) as client:
        while time.monotonic() < until:
            assert process.poll() is None, f"the node ended with {process.returncode}: {tail(log)}"
            try:
                client.airdrop(signer.pubkey(), ionet.SOL(1))
                client.send(nothing)
            except ionet.IonetError:
                time.sleep(0.05)
            else:
                return
    pytest.fail(f"the node takes no transaction for {_PATIENCE} s: {tail(log)}")


def tail(log: Path, lines: int = 60) -> str:
    """The end of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def account_files(client: ionet.Client, folder: Path, addresses: Sequence[Pubkey]) -> Path:
    """Writes accounts as a validator takes them at genesis (--account-dir); returns the folder."""
    folder.mkdir()
    for address in addresses:
        found = client.request("getAccountInfo", str(address), {"encoding": "base64"})["value"]
        (folder / f"{address}.json").write_text(json.dumps({"pubkey": str(address), "account": found}))
    return folder
