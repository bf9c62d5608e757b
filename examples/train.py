#!/usr/bin/env python3
"""Trains a classifier of handwritten digits, one configuration a Ray task, and keeps the best.

On this machine: `python3 examples/train.py`. On a rented one, where Ray is at hand:

    ionet job run examples/train.py --class "RTX 4090" --for 1h -- --folds 5

What a program writes below $IONET_OUTPUT comes back to its renter. numpy, scikit-learn and Ray are there;
other packages are sent along, in the folder of the program.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np
import ray
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.svm import SVC

COSTS = (1.0, 10.0, 100.0)
GAMMAS = (0.0003, 0.001, 0.003)


@ray.remote
def accuracy(cost: float, gamma: float, folds: int) -> float:
    """The share of digits that a configuration recognises, by cross-validation."""
    digits = load_digits()
    scores = cross_val_score(SVC(C=cost, gamma=gamma), digits.data, digits.target, cv=folds)
    return float(np.mean(scores))


def main() -> None:
    """Tries every configuration, fits the best on all digits, and leaves it with its accuracy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--folds", type=int, default=3, help="parts of the cross-validation")
    folds = parser.parse_args().folds
    output = Path(os.environ.get("IONET_OUTPUT", "output"))
    output.mkdir(exist_ok=True)

    # Inside a job this finds the job's own cluster, on this machine it starts one.
    ray.init(log_to_driver=False)
    tries = [(cost, gamma) for cost in COSTS for gamma in GAMMAS]
    waiting = [accuracy.remote(cost, gamma, folds) for cost, gamma in tries]
    best, reached = (0.0, 0.0), 0.0
    for (cost, gamma), result in zip(tries, waiting, strict=True):
        found = ray.get(result)
        print(f"C={cost:g} gamma={gamma:g}: {found:.2%}")
        if found > reached:
            best, reached = (cost, gamma), found

    digits = load_digits()
    model = SVC(C=best[0], gamma=best[1]).fit(digits.data, digits.target)
    np.savez_compressed(output / "model.npz", vectors=model.support_vectors_, weights=model.dual_coef_)
    summary = {"C": best[0], "accuracy": round(reached, 4), "gamma": best[1], "configurations": len(tries)}
    (output / "metrics.json").write_text(json.dumps(summary) + "\n")
    print(f"best: C={best[0]:g} gamma={best[1]:g}, {reached:.2%}")


if __name__ == "__main__":
    main()
