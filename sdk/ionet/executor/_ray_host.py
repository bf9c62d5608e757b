"""The child process that owns one lease's Ray cluster.

`RayExecutor` starts it with an environment of its own. It reads one JSON object per line from standard input
and answers on the descriptor that was its standard output; all other output goes to the log. When its input
ends, because the lease is over or the orchestrator died, it shuts the cluster down and exits. It holds no key
and sees no other lease.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from ionet.executor._base import FailureReason, RunFailure, Workspace, remove_tree
from ionet.executor._inline import load_entrypoint, python_first
from ionet.formats import canonical
from ionet.store.manifest import Command, Manifest
from ionet.workloads import Context
from ionet.workloads._run import MAX_DETAIL, classify, node_resource, ray_map


def drive(
    entrypoint: str, arguments: Mapping[str, Any], cwd: str, output: str, nodes: int
) -> tuple[str, str]:
    """Runs a function entrypoint in the cluster; returns ``("ok", JSON)`` or a reason and detail."""
    # JSON instead of the object: nothing that a renter's code made is unpickled outside its own worker.
    os.chdir(cwd)
    try:
        function = load_entrypoint(entrypoint)
        value = function(Context(arguments, Path(cwd), Path(output), nodes, ray_map))
        return "ok", canonical.encode(value).decode()  # type: ignore[arg-type]
    except RunFailure as failure:
        return failure.reason.value, failure.detail
    except canonical.CanonicalError as error:
        return FailureReason.BAD_VALUE.value, str(error)
    except MemoryError as error:
        return FailureReason.OUT_OF_MEMORY.value, str(error)
    except Exception as error:
        traceback.print_exc()
        return classify(error)


def command(argv: Sequence[str], env: Mapping[str, str], cwd: str) -> tuple[str, str]:
    """Runs a command entrypoint inside the cluster; its children end with the Ray worker that runs this."""
    try:
        code = subprocess.run(
            python_first(argv), cwd=cwd, env={**os.environ, **env}, stdin=subprocess.DEVNULL, check=False
        ).returncode
    except OSError as error:
        return FailureReason.BAD_ENTRYPOINT.value, f"{argv[0]}: {error.strerror}"
    if code != 0:
        return FailureReason.WORKLOAD.value, f"exit code {code}"
    return "ok", '{"exit_code":0}'


class Host:
    """The cluster and its placement group.

    Args:
        config: ``nodes`` (list of ``{"node", "cpus", "gpus", "memory"}``), ``namespace``, ``temp``,
            ``object_store``.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._group: Any = None
        self._run: Any = None
        self._stopping = False
        self._lock = threading.Lock()

    def start(self) -> dict[str, Any]:
        """Starts Ray with exactly the leased nodes' resources."""
        import ray

        nodes = self._config["nodes"]
        begin = time.perf_counter()
        ray.init(
            address="local",
            num_cpus=sum(node["cpus"] for node in nodes),
            num_gpus=sum(node["gpus"] for node in nodes),
            resources={node_resource(node["node"]): 1 for node in nodes},
            _memory=sum(node["memory"] for node in nodes),
            object_store_memory=self._config["object_store"],
            include_dashboard=False,
            namespace=self._config["namespace"],
            log_to_driver=True,
            _temp_dir=self._config["temp"],
            _node_ip_address="127.0.0.1",
        )
        return {"seconds": round(time.perf_counter() - begin, 3), "pid": os.getpid()}

    def place(self, resources: Mapping[str, int], timeout: float) -> dict[str, Any]:
        """Reserves one bundle per node; repeated, it does nothing."""
        from ray.util.placement_group import placement_group

        with self._lock:
            if self._group is None:
                bundles = [self._bundle(node["node"], resources) for node in self._config["nodes"]]
                # Each bundle names its node, so packing decides nothing but the order of reservation.
                self._group = placement_group(bundles, strategy="PACK")
            if not self._group.wait(timeout):
                raise RunFailure(
                    FailureReason.PLACEMENT, f"no placement group for {len(self._config['nodes'])} nodes"
                )
        return {}

    @staticmethod
    def _bundle(node: str, resources: Mapping[str, int]) -> dict[str, float]:
        need = {"CPU": resources["cpus"], "GPU": resources["gpus"], "memory": resources["memory"]}
        return {node_resource(node): 1.0} | {name: float(value) for name, value in need.items() if value}

    def run(self, manifest: str, workspace: str) -> dict[str, Any]:
        """Runs a manifest in the placement group and records its outcome in the workspace."""
        import ray
        from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

        work, job = Workspace(Path(workspace)), Manifest.from_bytes(manifest.encode())
        _print_to(work.log)
        strategy = PlacementGroupSchedulingStrategy(
            placement_group=self._group,
            placement_group_bundle_index=0,
            placement_group_capture_child_tasks=True,
        )
        options: dict[str, Any] = {"num_cpus": 0, "max_retries": 0, "scheduling_strategy": strategy}
        environment = self._environment(job, work)
        if environment:
            options["runtime_env"] = environment
        entry = job.entrypoint
        if isinstance(entry, Command):
            task: Any = ray.remote(command).options(**options)
            extra = {
                **job.runtime_env.env_vars,
                "IONET_OUTPUT": str(work.output),
                "RAY_ADDRESS": ray.get_runtime_context().gcs_address,
                "RAY_NAMESPACE": self._config["namespace"],
            }
            self._run = task.remote(list(entry.argv), extra, str(work.cwd))
        else:
            task = ray.remote(drive).options(**options)
            nodes = len(self._config["nodes"])
            self._run = task.remote(entry.path, dict(entry.arguments), str(work.cwd), str(work.output), nodes)
        status, text = self._await_run(job.max_duration)
        if status != "ok":
            raise RunFailure(FailureReason(status), text)
        work.finish(json.loads(text))
        return {}

    def _await_run(self, seconds: int) -> tuple[str, str]:
        import ray

        self._stopping = False
        try:
            status, text = ray.get(self._run, timeout=seconds)
        except ray.exceptions.GetTimeoutError:
            ray.cancel(self._run, force=True, recursive=True)
            return FailureReason.OUT_OF_TIME.value, f"longer than {seconds} s"
        except Exception as error:
            if self._stopping:
                return FailureReason.STOPPED.value, "stopped by the orchestrator"
            return classify(error)
        finally:
            self._run = None
        return str(status), str(text)

    def stop(self) -> dict[str, Any]:
        """Ends a run in progress, by force."""
        import ray

        run = self._run
        if run is not None:
            self._stopping = True
            ray.cancel(run, force=True, recursive=True)
        return {}

    @staticmethod
    def _environment(job: Manifest, work: Workspace) -> dict[str, Any]:
        env = job.runtime_env
        out: dict[str, Any] = {}
        variables = dict(env.env_vars)
        if env.working_dir is not None:
            variables["PYTHONPATH"] = os.pathsep.join(
                filter(None, (str(work.cwd), os.environ.get("PYTHONPATH")))
            )
        if variables:
            out["env_vars"] = variables
        if env.pip:
            out["pip"] = list(env.pip)
        return out


def _print_to(log: Path) -> None:
    """Redirects this process's output, including the workers', to a run's log."""
    sys.stdout.flush()
    sys.stderr.flush()
    with open(log, "ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def serve(host: Host, requests: TextIO, answer: Callable[[dict[str, Any]], None]) -> None:
    """Reads requests until the input ends; each is answered from its own thread."""

    def handle(request: Mapping[str, Any]) -> None:
        try:
            result = getattr(host, request["method"])(**request["params"])
        except RunFailure as failure:
            answer({"id": request["id"], "reason": failure.reason.value, "detail": failure.detail})
        except Exception as error:
            traceback.print_exc()
            detail = f"{type(error).__name__}: {error}"[:MAX_DETAIL]
            answer({"id": request["id"], "reason": FailureReason.EXECUTOR.value, "detail": detail})
        else:
            answer({"id": request["id"], "result": result})

    for line in requests:
        request = json.loads(line)
        if request["method"] == "start":
            handle(request)  # Ray wants its driver initialised in the main thread
        else:
            threading.Thread(target=handle, args=(request,), daemon=True).start()


def main() -> None:
    """Runs the child."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    lock = threading.Lock()

    def answer(message: dict[str, Any]) -> None:
        with lock:
            channel.write(json.dumps(message) + "\n")
            channel.flush()

    config = json.loads(sys.stdin.readline())
    try:
        serve(Host(config), sys.stdin, answer)
    finally:
        import ray

        ray.shutdown()
        # The orchestrator may be gone and cannot do it.
        remove_tree(Path(config["temp"]).parent)


if __name__ == "__main__":
    main()
