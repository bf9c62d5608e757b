#!/usr/bin/env python3
"""Tells what the files of a folder hold by Magika's neural network, on all nodes at once.

    ionet cluster up examples/batch/cluster.yaml
    ionet cluster exec batch -- python3 classify.py /usr/lib/python3.11

The folder has to be on each node: in the image, as here, or in what was sent. Each node loads the model once
and takes batches of files. kinds.json says what each file is, how sure that is, and which node has told it.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import ray
from magika import Magika


class Classifier:
    """The model, as a node has it in memory."""

    def __init__(self) -> None:
        self._model = Magika()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """What Ray Data asks for: a batch of files, each with its bytes."""
        told = [self._model.identify_bytes(data) for data in batch["bytes"]]
        return {
            "path": batch["path"],
            "kind": np.array([str(item.output.label) for item in told]),
            "score": np.array([item.score for item in told]),
            "node": np.array([ray.util.get_node_ip_address()] * len(told)),
        }


def main() -> None:
    """Classifies, and leaves the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", help="with the files, also in folders below it")
    parser.add_argument("--suffix", action="append", help="only such files, as .py")
    parser.add_argument("--nodes", type=int, default=2)
    given = parser.parse_args()
    ray.init(log_to_driver=False)
    files = ray.data.read_binary_files(
        given.folder,
        include_paths=True,
        file_extensions=given.suffix,
        override_num_blocks=8 * given.nodes,
    )
    # One copy of the model on each node.
    done = files.map_batches(
        Classifier,
        batch_size=16,
        compute=ray.data.ActorPoolStrategy(size=given.nodes, max_tasks_in_flight_per_actor=1),
        num_cpus=1,
        ray_remote_args_fn=lambda: {"scheduling_strategy": "SPREAD"},
    )
    rows = sorted(done.take_all(), key=lambda row: row["path"])
    table = [{**row, "score": round(float(row["score"]), 6)} for row in rows]
    output = Path(os.environ.get("IONET_OUTPUT", "output"))
    output.mkdir(exist_ok=True)
    (output / "kinds.json").write_text(json.dumps(table))
    kinds, nodes = (Counter(row[key] for row in table) for key in ("kind", "node"))
    print(*(f"{count} {kind}" for kind, count in kinds.most_common(5)), sep=", ")
    print(*(f"{count} on {node}" for node, count in nodes.items()), sep=", ")


if __name__ == "__main__":
    main()
