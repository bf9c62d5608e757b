#!/usr/bin/env python3
"""Runs the lines of a file by the shell, as many at a time as the cluster has cores, on all nodes.

    ionet cluster up examples/sweep/cluster.yaml
    ionet cluster exec sweep -- python3 sweep.py commands.txt

What line 1 prints comes back as 1.txt, and so on; sweep.json says how each ended, and where. A line whose
node is lost is run again elsewhere. It ends with 1 if a line has failed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import ray


@ray.remote(num_cpus=1, max_retries=3, scheduling_strategy="SPREAD")
def run(command: str, folder: str) -> tuple[int, bytes, str]:
    """Runs one line; returns its exit status, what it printed, and the node's address."""
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return done.returncode, done.stdout, str(ray.util.get_node_ip_address())


def main() -> None:
    """Runs all lines, and leaves what they printed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("commands", type=Path, help="a file, a command a line")
    given = parser.parse_args()
    commands = [line for line in given.commands.read_text().splitlines() if line.strip()]
    output = Path(os.environ.get("IONET_OUTPUT", "output"))
    output.mkdir(exist_ok=True)
    ray.init()
    # The folder is in the same place on each node.
    waiting: list[Any] = [run.remote(command, str(Path.cwd())) for command in commands]
    ends = []
    for number, (command, done) in enumerate(zip(commands, waiting, strict=True), 1):
        status, printed, node = ray.get(done)
        (output / f"{number}.txt").write_bytes(printed)
        ends.append({"command": command, "node": node, "status": status})
        print(f"{status:3} {node} {command}", flush=True)
    (output / "sweep.json").write_text(json.dumps(ends))
    sys.exit(any(end["status"] for end in ends))


if __name__ == "__main__":
    main()
