"""What every executor does the same way with a run, inside the renter's processes and out."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ionet.workloads._context import Context

#: Characters of a failure's detail.
#: Where the SSH server of a box listens, on its loopback.
ACCESS_PORT: Final = 2200
MAX_DETAIL: Final = 2_000
_TASK_RETRIES: Final = 2

#: Environment of a lease's Ray cluster.
RAY_SETTINGS: Final[Mapping[str, str]] = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_COLOR_PREFIX": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # Workers at the lowest priority would measure the machine's other load instead of the lease.
    "RAY_worker_niceness": "0",
    # Block-buffered, what a job prints would reach the log in kilobytes, or after the run.
    "PYTHONUNBUFFERED": "1",
}


class NoEntrypoint(Exception):
    """There is no such function; the message says why."""


def load_entrypoint(path: str) -> Callable[[Context], object]:
    """Imports ``package.module:function``.

    Raises:
        NoEntrypoint: there is no such function.
    """
    module, _, name = path.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise NoEntrypoint(f"{path}: {error}") from error
    if not callable(function):
        raise NoEntrypoint(f"{path} is not a function")
    return function  # type: ignore[no-any-return]


def node_resource(node: str) -> str:
    """Returns the Ray resource that stands for a leased node, by its address in hex."""
    return f"ionet_node:{node}"


def ray_map(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """Runs one Ray task with one core per item; Ray repeats tasks whose worker or node is lost."""
    import ray

    task: Any = ray.remote(function).options(num_cpus=1, max_retries=_TASK_RETRIES)
    results: list[Any] = ray.get([task.remote(item) for item in items])
    return results


def classify(error: Exception) -> tuple[str, str]:
    """Returns a value of `ionet.orchestrator.FailureReason` for what Ray or a job raised, and the detail."""
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
    if isinstance(error, exceptions.TaskCancelledError):
        return "stopped", detail
    if isinstance(error, lost):
        return "node-lost", detail
    if isinstance(error, exceptions.RuntimeEnvSetupError):
        return "input-missing", detail
    if isinstance(error, exceptions.RayTaskError) and isinstance(error.cause, MemoryError):
        return "out-of-memory", detail
    return "workload", detail
