"""`ionet localnet start`: what is booked there runs, on processes of this machine that may be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.sandbox.support import prepared_image

from ionet import Client, load_keypair
from ionet.store import HttpStore
from ionet.store.manifest import Function, Manifest, Resources
from ionet.workloads import digits

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEED = 20
HOUR = 3_600
RUN = (sys.executable, "-c", "from ionet.cli import main; main()")


@contextmanager
def localnet(folder: Path) -> Iterator[dict[str, Any]]:
    """A running local network, and what it says of itself."""
    command = [*RUN, "localnet", "start", "--port", "0", "--gateway", "0", "--speed", str(SPEED)]
    command += ["--keys", str(folder / "keys"), "--output", "json"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            shown = ""
            while not shown.endswith("}\n"):
                line = process.stdout.readline()
                assert line, "the local network ended"
                shown += line
            yield json.loads(shown)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def wait(seconds: float, what: str, there: Any) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := there():
            return value
        time.sleep(0.5)
    raise AssertionError(f"{what}, after {seconds:.0f} s")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_what_is_booked_runs_and_is_paid_though_the_orchestrator_is_killed(tmp_path: Path) -> None:
    prepared_image()
    with localnet(tmp_path) as told:
        renter = load_keypair(tmp_path / "keys/renter.json")
        manifest = Manifest(
            Function(digits.ENTRYPOINT, {"c_milli": [1_000], "gamma_micro": [300]}),
            resources=Resources(cpus=1),
            max_duration=HOUR,
        )
        store, client = HttpStore(told["gateway"], renter), Client.connect(told["url"], signer=renter)
        digest = store.put(manifest.to_bytes())
        node = Pubkey.from_string(told["nodes"]["bob"])
        job = client.jobs.book(node, 2 * HOUR, digest).send().result
        wait(60, "the job has not started", lambda: client.jobs.get_job(job).started_at)
        os.kill(told["processes"]["orchestrator"], signal.SIGKILL)
        attested = wait(
            200, "no result is attested", lambda: result if any(result := last(client, job)) else None
        )
        document = json.loads(store.get_bytes(attested))
        assert document["reason"] is None
        model = next(item for item in document["outputs"] if item["name"] == digits.MODEL_NAME)
        assert len(store.get_bytes(model["sha256"])) == model["size"]
        assert b"attempt 1" in store.get_bytes(document["log"])
        processes = list(told["processes"].values())
        boxes = [path.name for path in (tmp_path / "keys/network/worker-2/leases").iterdir()]
        assert len(boxes) == 1
    assert not [pid for pid in processes if alive(pid)]
    assert not (Path("/var/lib/ionet/boxes") / boxes[0]).exists()


def last(client: Client, job: Pubkey) -> bytes:
    return client.jobs.get_job(job).result_hash
