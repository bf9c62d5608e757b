"""Entrypoints of test manifests."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from ionet.workloads import Context


def square(value: int) -> int:
    return value * value


def squares(context: Context) -> dict[str, Any]:
    """Squares numbers on the lease's nodes, leaves a file, and counts its completed runs in `counter`."""
    numbers = context.map(square, context.arguments["numbers"])
    (context.output / "squares.txt").write_text("\n".join(map(str, numbers)))
    print("squared", len(numbers), flush=True)
    counter = context.arguments.get("counter")
    if counter:
        with open(counter, "a") as file:
            file.write("done\n")
    return {"sum": sum(numbers)}


def reads_input(context: Context) -> dict[str, Any]:
    return {"text": (context.inputs / "data" / "words.txt").read_text()}


def fails(context: Context) -> dict[str, Any]:
    with open(context.arguments["counter"], "a") as file:
        file.write("tried\n")
    raise ValueError("the data is wrong")


def fails_once(context: Context) -> dict[str, Any]:
    counter = Path(context.arguments["counter"])
    tried = counter.exists()
    counter.touch()
    if not tried:
        raise OSError("a passing trouble")
    return {"tried": 2}


def sleeps(context: Context) -> dict[str, Any]:
    Path(context.arguments["started"]).touch()
    time.sleep(context.arguments["seconds"])
    return {}


def returns_a_float(context: Context) -> dict[str, Any]:
    return {"accuracy": 0.5}


def dies(context: Context) -> dict[str, Any]:
    os._exit(3)


def dies_once(flag: str) -> int:
    """A task that kills its worker the first time."""
    if not Path(flag).exists():
        Path(flag).touch()
        os._exit(1)
    return 1


def survives_a_dead_task(context: Context) -> dict[str, Any]:
    return {"done": sum(context.map(dies_once, [context.arguments["flag"]]))}


def task_fails(value: int) -> int:
    raise KeyError(value)


def map_fails(context: Context) -> dict[str, Any]:
    return {"values": context.map(task_fails, [1])}


def environment(context: Context) -> dict[str, Any]:
    """What a renter's code can see of the host's environment and of its cluster."""
    import ray

    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return {
        "home": os.environ["HOME"],
        "names": sorted(os.environ),
        "mode": os.environ.get("RAY_AUTH_MODE", ""),
        "cpus": int(resources["CPU"]),
        "nodes": sorted(name for name in resources if name.startswith("ionet_node:")),
        "namespace": ray.get_runtime_context().namespace,
    }
