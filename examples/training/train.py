#!/usr/bin/env python3
"""Trains one gradient-boosted classifier on all nodes, each with its own part of the data.

    ionet cluster up examples/training/cluster.yaml
    ionet cluster exec training -- python3 train.py --rounds 40

After every few rounds the first node keeps a checkpoint. When a node is lost, training goes on from the last
one as soon as the node, or another in its place, is there. The model and the accuracy come back in run/.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np
import ray
import ray.train
import xgboost
from ray.train.xgboost import RayTrainReportCallback, XGBoostTrainer
from sklearn.datasets import load_digits

from ionet.workloads import shared

#: Every fifth digit is kept for the accuracy.
TESTED = 5
PARAMETERS = {
    "objective": "multi:softprob",
    "num_class": 10,
    "tree_method": "hist",
    "max_depth": 4,
    "eta": 0.2,
    "nthread": 1,
}


def digits(part: int, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """A node's part of the digits to train on."""
    data = load_digits()
    rows = np.array([row for row in range(len(data.target)) if row % TESTED])[part::parts]
    return data.data[rows], data.target[rows]


def accuracy(model: xgboost.Booster) -> float:
    """The share of the kept digits that a model recognises."""
    data = load_digits()
    told = model.predict(xgboost.DMatrix(data.data[::TESTED])).argmax(axis=1)
    return float((told == data.target[::TESTED]).mean())


class Told(xgboost.callback.TrainingCallback):
    """Prints each round from the first node."""

    def after_iteration(self, model: xgboost.Booster, epoch: int, evals_log: object) -> bool:
        """Goes on."""
        context = ray.train.get_context()
        if context.get_world_rank() == 0:
            print(f"round {model.num_boosted_rounds()} on {context.get_world_size()} nodes", flush=True)
        return False


def train(config: dict[str, Any]) -> None:
    """What each node runs: from the last checkpoint on, if there is one."""
    context = ray.train.get_context()
    rank, size = context.get_world_rank(), context.get_world_size()
    print(f"part {rank} of {size} on {ray.util.get_node_ip_address()}", flush=True)
    checkpoint, model, done = ray.train.get_checkpoint(), None, 0
    if checkpoint is not None:
        model = RayTrainReportCallback.get_model(checkpoint)
        done = model.num_boosted_rounds()
        print(f"goes on after round {done}", flush=True)
    features, labels = digits(rank, size)
    xgboost.train(
        PARAMETERS,
        xgboost.DMatrix(features, labels),
        num_boost_round=config["rounds"] - done,
        xgb_model=model,
        callbacks=[Told(), RayTrainReportCallback(frequency=config["every"])],
    )


def main() -> None:
    """Trains, and leaves the model and its accuracy."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--every", type=int, default=5, help="rounds from one checkpoint to the next")
    parser.add_argument("--nodes", type=int, default=2)
    given = parser.parse_args()
    ray.init(log_to_driver=True)
    filesystem, path = shared.folder("run")
    trainer = XGBoostTrainer(
        train,
        train_loop_config={"rounds": given.rounds, "every": given.every},
        scaling_config=ray.train.ScalingConfig(
            num_workers=given.nodes, resources_per_worker={"CPU": 1}, placement_strategy="STRICT_SPREAD"
        ),
        run_config=ray.train.RunConfig(
            name="training",
            storage_path=path,
            storage_filesystem=filesystem,
            checkpoint_config=ray.train.CheckpointConfig(num_to_keep=2),
            failure_config=ray.train.FailureConfig(max_failures=3),
        ),
    )
    result = trainer.fit()
    assert result.checkpoint is not None
    model = RayTrainReportCallback.get_model(result.checkpoint)
    summary = {"accuracy": round(accuracy(model), 4), "rounds": model.num_boosted_rounds()}
    with filesystem.open_output_stream("run/model.ubj") as file:
        file.write(bytes(model.save_raw("ubj")))
    with filesystem.open_output_stream("run/metrics.json") as file:
        file.write(json.dumps(summary).encode())
    print(f"accuracy {summary['accuracy']:.2%} after {summary['rounds']} rounds")


if __name__ == "__main__":
    main()
