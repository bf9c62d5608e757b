"""How the first process of a box starts Ray, without Ray."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from ionet.workloads import driver

NODE = {"node": "ab" * 32, "cpus": 1, "gpus": 0, "memory": 1 << 30}
CLUSTER = {"address": "100.64.0.2", "head": "100.64.0.1"}
#: Where Linux begins to look for ports of connections, in a network of its own.
FIRST = 32_768


@pytest.mark.parametrize("cluster", [None, CLUSTER], ids=["one node", "several nodes"])
def test_ray_looks_for_no_port_that_a_connection_could_take_before_it(cluster: Any) -> None:
    run = {"nodes": [NODE], "cluster": cluster, "object_store": 80 << 20}
    given = dict(
        word[2:].split("=", 1) for word in driver.ray_start(run) if word.startswith("--") and "=" in word
    )
    ports = {name: int(value) for name, value in given.items() if name.endswith("port")}
    # All that `ray start` would choose by itself, or has a default for that lies among those of connections.
    assert ports.keys() == {
        "node-manager-port",
        "object-manager-port",
        "runtime-env-agent-port",
        "dashboard-agent-grpc-port",
        "dashboard-agent-listen-port",
        "metrics-export-port",
        "min-worker-port",
        "max-worker-port",
    }
    assert len(set(ports.values())) == len(ports)
    assert all(1_024 <= port < FIRST for port in ports.values())


@pytest.mark.parametrize(("works", "starts"), [(1, 1), (2, 2), (3, 2)])
def test_a_head_that_does_not_come_up_is_started_once_more(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    works: int,
    starts: int,
) -> None:
    count, ended = tmp_path / "count", list[None]()
    code = (
        "import pathlib, sys; count = pathlib.Path(sys.argv[1]); number = len(count.read_text()) + 1;"
        "count.write_text('x' * number); print('start', number); sys.exit(number < int(sys.argv[2]))"
    )
    count.write_text("")
    monkeypatch.setattr(driver, "_SAID", tmp_path / "ray.log")
    monkeypatch.setattr(driver, "end_ray", lambda: ended.append(None))
    command = [sys.executable, "-c", code, str(count), str(works)]
    monkeypatch.setattr(driver, "ray_start", lambda *more, **options: command)
    assert driver.start_head({"cluster": None}) is (works <= starts)
    assert len(count.read_text()) == starts
    # What is left of each that failed is ended, and what it said is in the job's log.
    failed = starts - (works <= starts)
    assert len(ended) == failed
    assert capfd.readouterr().out.count("Ray's head has not started") == failed


def test_a_head_that_hangs_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(driver, "_SAID", tmp_path / "ray.log")
    monkeypatch.setattr(driver, "_START_SECONDS", 0.2)
    monkeypatch.setattr(driver, "end_ray", lambda: None)
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(driver, "ray_start", lambda *more, **options: command)
    assert not driver.start_head({"cluster": None})
    assert "timed out" in capfd.readouterr().out
