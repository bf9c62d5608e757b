"""`ionet localnet start`: what is booked there runs, on processes of this machine that may be killed."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from tests.sandbox.support import prepared_image

from ionet import Client, events
from ionet.store import HttpStore
from ionet.workloads import digits
from soaking import book, localnet, of_job, paid, result_of, right_model, shuffled

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEED = 30
#: `test_broken_lines` has the rest, where there can be a laboratory.
HOURS = 1
SEED = 20
NAMES = ["gateway", "orchestrator", "worker-1", "worker-2"]


def tick(client: Client) -> tuple[float, int, float]:
    """The chain's time when it goes on next, and this machine's shortly before and after that."""
    old = client.time()
    while True:
        before = time.monotonic()
        if (now := client.time()) != old:
            return before, now, time.monotonic()


def test_its_time_runs_as_fast_as_asked_for(tmp_path: Path) -> None:
    with localnet(tmp_path, 60, "--no-network", "--no-seat") as net:
        first = tick(net.client)
        time.sleep(3)
        second = tick(net.client)
    passed = second[1] - first[1]
    # However long this machine takes to answer; a process may stand still for half a second besides.
    least, most = second[0] - first[2] - 0.5, second[2] - first[0] + 0.5
    assert 60 * least < passed < 60 * most, (least, passed, most)


def test_each_process_is_killed_three_times_and_nothing_is_lost(tmp_path: Path) -> None:
    prepared_image()
    dice, right = random.Random(SEED), right_model()
    with localnet(tmp_path, SPEED) as net:
        booked = book(net, "alice", HOURS)
        for name in shuffled(NAMES, 3, SEED):
            time.sleep(dice.uniform(1.0, 3.0))
            net.kill_surely(name)
        document = result_of(net, booked, 240)
        assert document["reason"] is None, document
        assert document["value"]["model_sha256"] == right
        store = HttpStore(net.told["gateway"])
        model = next(item for item in document["outputs"] if item["name"] == digits.MODEL_NAME)
        assert model["sha256"] == document["value"]["model_sha256"]
        assert len(store.get_bytes(model["sha256"])) == model["size"]
        log = store.get_bytes(document["log"]).decode()
        assert log.count("--- attempt") == 1, log
        # On a busy machine its time is over by now.
        (started,) = of_job(net, booked.job, events.jobs.Started)
        net.skip_to(started.ends_at)
        got, full = paid(net, booked, 300)
        assert got == full
        assert len(of_job(net, booked.job, events.jobs.Started)) == 1
        assert net.boxes
    assert not net.left_over()
