"""`ionet localnet start`: what is booked there runs, on processes of this machine that may be killed."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from tests.sandbox.support import prepared_image

from ionet.store import HttpStore
from ionet.workloads import digits
from soaking import HOUR, book, localnet, paid, result_of, shuffled

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEED = 30
#: `test_broken_lines` has the rest, where there can be a laboratory.
HOURS = 1
SEED = 20
NAMES = ["gateway", "orchestrator", "worker-1", "worker-2"]


def test_each_process_is_killed_three_times_and_nothing_is_lost(tmp_path: Path) -> None:
    prepared_image()
    dice = random.Random(SEED)
    with localnet(tmp_path, SPEED) as net:
        booked = book(net, "alice", HOURS)
        for name in shuffled(NAMES, 3, SEED):
            time.sleep(dice.uniform(1.0, 3.0))
            net.kill_surely(name)
        document = result_of(net, booked, 240)
        assert document["reason"] is None, document
        store = HttpStore(net.told["gateway"])
        model = next(item for item in document["outputs"] if item["name"] == digits.MODEL_NAME)
        assert len(store.get_bytes(model["sha256"])) == model["size"]
        log = store.get_bytes(document["log"]).decode()
        assert log.count("--- attempt") == 1, log
        net.skip_to(net.client.jobs.get_job(booked.job).started_at + HOURS * HOUR)
        got, full = paid(net, booked, 300)
        assert got == full
        assert net.boxes
    assert not net.left_over()
