"""The workloads of examples/, each on the two nodes of one held cluster, by the line that its file runs."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import magika
import numpy as np
import pytest
import xgboost
from solders.pubkey import Pubkey
from tests.network.lab import needed
from tests.network.terminal import Renter
from tests.sandbox.support import prepared_image

from ionet.cloud import ClusterFile
from ionet.sandbox import _cgroups
from soaking import Net, localnet, wait

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEED = 20
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FILE = """\
name: examples
nodes: 2
class: other cpu
hours: 8
gpus: 0
workdir: examples
"""


def example(name: str) -> ModuleType:
    """A program of an example, here; only what it needs no cluster for can be called."""
    path = EXAMPLES / name
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Cluster:
    """Two nodes that hold all examples."""

    net: Net
    renter: Renter

    @staticmethod
    def line(name: str, result: str, more: str = "") -> str:
        """The line that an example's file runs, and then its result as the last line."""
        run = ClusterFile.load(EXAMPLES / name / "cluster.yaml").spec.run
        return f"cd {name} && {run} {more}; echo; cat $IONET_OUTPUT/{result}"

    def run(self, name: str, result: str) -> str:
        """Runs an example; returns what it prints, and then what it leaves."""
        printed = self.renter.run("exec", "examples", "--", self.line(name, result)).stdout
        print(printed[-3_000:])
        return printed

    def result(self, name: str, result: str) -> Any:
        """Runs an example; returns what it leaves."""
        return json.loads(self.run(name, result).splitlines()[-1])

    def result_though_killed(self, name: str, result: str, more: str, mark: str, log: Path) -> Any:
        """Runs an example, and kills its second node once it has printed so; returns what it leaves."""
        second = self.second_box()
        with log.open("w") as out:
            process = self.renter.start(
                "exec", "examples", "--", self.line(name, result, more), stdout=out, stderr=out
            )
        try:
            wait(180, f"{name} does not get on", lambda: re.search(mark, log.read_text()))
            # Its worker makes it anew, and the new one joins.
            for pid in _cgroups.processes(second):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            assert process.wait(240) == 0
        finally:
            process.kill()
            print(log.read_text()[-6_000:])
        return json.loads(log.read_text().splitlines()[-1])

    def second_box(self) -> str:
        """The box of the node that is not the head."""
        client = self.net.client
        (cluster,) = (status.address for status in client.jobs.clusters())
        head = client.jobs.cluster_jobs(cluster)[0].account.node
        nodes = [Pubkey.from_string(node) for node in self.net.told["nodes"].values()]
        number = 2 - nodes.index(head)
        (box,) = (path.name for path in self.net.folder.glob(f"network/worker-{number}/leases/*"))
        return box


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    needed()
    prepared_image()
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(EXAMPLES, folder / "examples")
    (source,) = importlib.util.find_spec("magika").submodule_search_locations  # type: ignore[union-attr,misc]
    shutil.copytree(source, folder / "examples/batch/magika", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "cluster.yaml").write_text(FILE)
    with localnet(folder, SPEED) as net:
        renter = Renter(net, folder)
        began = time.monotonic()
        renter.run("up")
        print(f"up after {time.monotonic() - began:.0f} s")
        yield Cluster(net, renter)
        renter.run("down", "examples", "-o", "out")
    assert not net.left_over()


def test_a_sweep_runs_each_line_once_and_keeps_what_it_prints(cluster: Cluster) -> None:
    printed = cluster.run("sweep", "?.txt $IONET_OUTPUT/sweep.json")
    ends = json.loads(printed.splitlines()[-1])
    lines = (EXAMPLES / "sweep/commands.txt").read_text().splitlines()
    here = [
        subprocess.run(["sh", "-c", line], cwd=EXAMPLES / "sweep", capture_output=True, check=False)
        for line in lines
    ]
    assert [end["command"] for end in ends] == lines
    assert [end["status"] for end in ends] == [done.returncode for done in here]
    assert len({end["node"] for end in ends}) == 2
    assert b"".join(done.stdout for done in here).decode() in printed


def test_batch_inference_tells_of_each_file_what_one_process_does(cluster: Cluster) -> None:
    table = cluster.result("batch", "kinds.json")
    library, model = prepared_image() / "usr/lib/python3.11", magika.Magika()
    # Ray leaves out what begins so.
    names = [str(path.relative_to(library)) for path in library.rglob("*") if not path.is_dir()]
    names = sorted(name for name in names if not name.startswith(("_", ".")))
    assert len(names) > 500
    assert [row["path"] for row in table] == [f"/usr/lib/python3.11/{name}" for name in names]
    for name, row in zip(names, table, strict=True):
        if (library / name).is_symlink():
            continue
        told = model.identify_bytes((library / name).read_bytes())
        assert row["kind"] == str(told.output.label)
        assert row["score"] == pytest.approx(told.score, abs=1e-4)
    nodes = Counter(row["node"] for row in table)
    assert len(nodes) == 2
    assert min(nodes.values()) > len(table) // 10


def test_a_controller_learns_the_same_on_two_nodes_as_in_one_process(cluster: Cluster) -> None:
    learned = cluster.result("reinforcement", "learned.json")
    module = example("reinforcement/learn.py")
    player = module.Player()
    weights, means = module.learn(lambda tries: [player.play(*given) for given in tries], 30)
    assert learned["means"] == means
    # A processor may add in another order.
    assert learned["weights"] == pytest.approx(weights.tolist(), rel=1e-9)
    assert means[-1] >= 475
    assert len(learned["nodes"]) == 2


def test_a_served_model_answers_from_both_nodes_as_it_does_here(cluster: Cluster) -> None:
    from sklearn.datasets import load_digits
    from sklearn.svm import SVC

    answers = cluster.result("serving", "answers.json")
    data = load_digits()
    model = SVC(gamma=0.001).fit(data.data[:1_000], data.target[:1_000])
    assert [answer["digit"] for answer in answers] == model.predict(data.data[-40:]).tolist()
    assert len({answer["node"] for answer in answers}) == 2
    end = "import ray; from ray import serve; ray.init(); serve.shutdown()"
    cluster.renter.run("exec", "examples", "--", "python3", "-c", end)


def test_training_goes_on_from_its_checkpoint_when_a_node_is_killed(cluster: Cluster, tmp_path: Path) -> None:
    log = tmp_path / "log"
    metrics = cluster.result_though_killed("training", "run/metrics.json", "", "round 12 on 2 nodes", log)
    printed = log.read_text()
    assert int(re.findall(r"goes on after round (\d+)", printed)[0]) in (10, 15, 20, 25)
    assert "round 1 on 2 nodes" in printed.partition("goes on after")[0]
    assert "round 1 on 2 nodes" not in printed.partition("goes on after")[2]
    assert len(set(re.findall(r"part \d of 2 on (\S+)", printed))) == 2
    # In one process, on all of the data: the features are whole numbers, so that no cut differs.
    data = example_data()
    model = xgboost.train(
        {"objective": "multi:softprob", "num_class": 10, "tree_method": "hist", "max_depth": 4, "eta": 0.2},
        xgboost.DMatrix(*data["train"]),
        num_boost_round=40,
    )
    told = model.predict(xgboost.DMatrix(data["test"][0])).argmax(axis=1)
    assert metrics["rounds"] == 40
    assert metrics["accuracy"] == pytest.approx((told == data["test"][1]).mean(), abs=0.006)
    assert metrics["accuracy"] > 0.94


def test_tuning_resumes_trials_of_a_killed_node_and_stops_bad_ones_early(
    cluster: Cluster, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    on_second = r"ip=\S+\) epoch 2"
    trials = cluster.result_though_killed("tuning", "tuning/trials.json", "--pause 0.5", on_second, log)
    assert len(trials) == 6
    assert any(trial["resumed_after"] > 0 for trial in trials)
    assert min(trial["epoch"] for trial in trials) < 15 == max(trial["epoch"] for trial in trials)
    assert len({node for trial in trials for node in trial["nodes"]}) == 2
    assert max(trial["accuracy"] for trial in trials) > 0.9
    # Each without an interruption in one process: the same network after the same epoch.
    from sklearn.neural_network import MLPClassifier

    data = example_data()
    for trial in trials:
        model = MLPClassifier((trial["width"],), learning_rate_init=trial["rate"], random_state=1)
        for _ in range(trial["epoch"]):
            model.partial_fit(data["train"][0] / 16, data["train"][1], classes=range(10))
        told = model.score(data["test"][0] / 16, data["test"][1])
        assert trial["accuracy"] == pytest.approx(told, abs=0.01), trial


def test_a_cluster_that_is_made_smaller_goes_on_with_its_first_node(cluster: Cluster) -> None:
    assert len(cluster.renter.json("resize", "examples", "1")["ended"]) == 1
    wait(60, "Ray does not notice", lambda: "is lost" in cluster.renter.run("logs", "examples").stdout)
    look = "import ray; ray.init(); print(sum(node['Alive'] for node in ray.nodes()))"
    done = cluster.renter.run("exec", "examples", "--", "python3", "-c", look)
    assert done.stdout.splitlines()[-1] == "1"


def example_data() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The digits: every fifth is kept for the accuracy."""
    from sklearn.datasets import load_digits

    data = load_digits()
    kept = np.arange(len(data.target)) % 5 > 0
    return {"train": (data.data[kept], data.target[kept]), "test": (data.data[~kept], data.target[~kept])}
