"""Ray's driver of a function entrypoint, inside the box: calls the function and reports its result."""

from __future__ import annotations

import importlib
import json
import traceback
from collections.abc import Callable, Sequence
from typing import Any, Final

from ionet.workloads._context import Context
from ionet.workloads.driver import FILES, MAX_DETAIL, RUN, WORK, tell

_TASK_RETRIES: Final = 2


def ray_map(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """Runs one Ray task with one core per item; Ray repeats tasks whose worker or node is lost."""
    import ray

    task: Any = ray.remote(function).options(num_cpus=1, max_retries=_TASK_RETRIES)
    results: list[Any] = ray.get([task.remote(item) for item in items])
    return results


def load(path: str) -> Callable[[Context], object]:
    """Imports ``package.module:function``; ends the run if there is no such function."""
    module, _, name = path.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        tell("bad-entrypoint", f"{path}: {error}")
        raise SystemExit(1) from error
    if not callable(function):
        tell("bad-entrypoint", f"{path} is not a function")
        raise SystemExit(1)
    return function  # type: ignore[no-any-return]


def classify(error: Exception) -> tuple[str, str]:
    """Returns the reason and detail of what Ray or the workload raised."""
    from ray import exceptions

    detail = f"{type(error).__name__}: {error}"[:MAX_DETAIL]
    lost = (
        exceptions.WorkerCrashedError,
        exceptions.NodeDiedError,
        exceptions.ObjectLostError,
        exceptions.RayActorError,
    )
    if isinstance(error, (exceptions.OutOfMemoryError, MemoryError)):
        return "out-of-memory", detail
    if isinstance(error, lost):
        return "node-lost", detail
    if isinstance(error, exceptions.RayTaskError) and isinstance(error.cause, MemoryError):
        return "out-of-memory", detail
    return "workload", detail


def main() -> None:
    """Runs the function."""
    run = json.loads(RUN.read_text())
    function = load(run["function"])
    context = Context(run["arguments"], WORK, FILES, len(run["nodes"]), ray_map)
    try:
        value = function(context)
    except Exception as error:
        traceback.print_exc()
        tell(*classify(error))
        raise SystemExit(1) from error
    try:
        tell(None, value=value)
    except (TypeError, ValueError, RecursionError) as error:
        tell("bad-value", f"the entrypoint's value: {error}")
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
