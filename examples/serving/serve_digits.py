#!/usr/bin/env python3
"""Serves a classifier of handwritten digits over HTTP, a replica on each node.

    ionet cluster up examples/serving/cluster.yaml
    ionet cluster exec serving -- python3 serve_digits.py
    ionet cluster exec serving -- python3 ask.py

It serves on port 8000 of each node until the cluster is ended.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np
import ray
from ray import serve
from sklearn.datasets import load_digits
from sklearn.svm import SVC

if TYPE_CHECKING:
    from starlette.requests import Request


def model() -> SVC:
    """The classifier, trained on the first 1,000 digits."""
    data = load_digits()
    return SVC(gamma=0.001).fit(data.data[:1_000], data.target[:1_000])


# A node answers one question at a time, so that others are asked, too.
@serve.deployment(max_replicas_per_node=1, max_ongoing_requests=1, ray_actor_options={"num_cpus": 0.5})
class Digits:
    """Answers with the digit in an image of 8 × 8 values from 0 to 16."""

    def __init__(self) -> None:
        self._model = model()

    async def __call__(self, request: Request) -> dict[str, Any]:
        """Answers one question."""
        image = np.array((await request.json())["image"], dtype=float).reshape(1, 64)
        return {"digit": int(self._model.predict(image)[0]), "node": ray.util.get_node_ip_address()}


def main() -> None:
    """Starts it, and leaves it running."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nodes", type=int, default=2)
    given = parser.parse_args()
    ray.init(log_to_driver=False)
    deployment: Any = Digits
    serve.run(deployment.options(num_replicas=given.nodes).bind(), name="digits")
    print("serves on port 8000")


if __name__ == "__main__":
    main()
