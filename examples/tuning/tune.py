#!/usr/bin/env python3
"""Tries configurations of a small network on all nodes, and stops those early that fall behind.

    ionet cluster up examples/tuning/cluster.yaml
    ionet cluster exec tuning -- python3 tune.py

Each trial keeps a checkpoint after each epoch on the first node: one whose node is lost goes on from it
elsewhere. What each trial came to is in tuning/trials.json.
"""

from __future__ import annotations

import argparse
import json
import pickle
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from ionet.workloads import shared

TESTED = 5
RATES = (0.0003, 0.003, 0.03)
WIDTHS = (4, 32)


def network(config: dict[str, Any]) -> MLPClassifier:
    """A network before its first epoch."""
    return MLPClassifier((config["width"],), learning_rate_init=config["rate"], random_state=1)


def epoch(model: MLPClassifier) -> float:
    """Trains for one epoch; returns the share of the kept digits that are recognised."""
    data = load_digits()
    features, kept = data.data / 16, [row for row in range(len(data.target)) if row % TESTED]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.partial_fit(features[kept], data.target[kept], classes=range(10))
    return float(model.score(features[::TESTED], data.target[::TESTED]))


def trial(config: dict[str, Any]) -> None:
    """One configuration: from its last checkpoint on, if there is one."""
    model, done, nodes = network(config), 0, list[str]()
    checkpoint = tune.get_checkpoint()
    if checkpoint is not None:
        with checkpoint.as_directory() as folder:
            model, done, nodes = pickle.loads(Path(folder, "model").read_bytes())  # noqa: S301 (its own)
        print(f"goes on after epoch {done}", flush=True)
    nodes.append(str(ray.util.get_node_ip_address()))
    for number in range(done + 1, config["epochs"] + 1):
        reached = epoch(model)
        print(f"epoch {number}: {reached:.2%}", flush=True)
        time.sleep(config["pause"])
        with TemporaryDirectory() as folder:
            Path(folder, "model").write_bytes(pickle.dumps((model, number, nodes)))
            tune.report(
                {"accuracy": reached, "epoch": number, "nodes": nodes, "resumed_after": done},
                checkpoint=tune.Checkpoint.from_directory(folder),
            )


def main() -> None:
    """Tries all, and says which is best."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds to wait after each epoch")
    given = parser.parse_args()
    ray.init()
    filesystem, path = shared.folder("tuning")
    space = {
        "rate": tune.grid_search(list(RATES)),
        "width": tune.grid_search(list(WIDTHS)),
        "epochs": given.epochs,
        "pause": given.pause,
    }
    early = ASHAScheduler(time_attr="epoch", max_t=given.epochs, grace_period=2, reduction_factor=2)
    spread = tune.PlacementGroupFactory([{"CPU": 1}], strategy="SPREAD")
    results: Any = tune.Tuner(
        tune.with_resources(trial, spread),
        param_space=space,
        tune_config=tune.TuneConfig(
            metric="accuracy",
            mode="max",
            scheduler=early,
        ),
        run_config=tune.RunConfig(
            name="trials",
            storage_path=path,
            storage_filesystem=filesystem,
            checkpoint_config=tune.CheckpointConfig(num_to_keep=1),
            failure_config=tune.FailureConfig(max_failures=3),
        ),
    ).fit()
    keys = ("accuracy", "epoch", "nodes", "resumed_after")
    trials = [
        {"rate": result.config["rate"], "width": result.config["width"]}
        | {key: result.metrics[key] for key in keys}
        for result in results
        if result.config is not None and result.metrics is not None
    ]
    with filesystem.open_output_stream("tuning/trials.json") as file:
        file.write(json.dumps(trials).encode())
    best = max(trials, key=lambda item: item["accuracy"])
    print(f"best of {len(trials)}: rate {best['rate']:g}, width {best['width']}: {best['accuracy']:.2%}")


if __name__ == "__main__":
    main()
